package account

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"time"

	"gatepost/crypto/session"
	"gatepost/web/page"
)

// What the cookies are for; the letters stand at the end of their names.
const (
	sessionCookie = ""
	formCookie    = "f"
	deviceCookie  = "d"
)

// deviceAge is how long a remembered device stays known. The service keeps the
// same time by its own clock.
const deviceAge = 180 * 24 * time.Hour

// cookieName is the name of a cookie on this tier. The prefix makes a browser
// refuse the cookie from any other host of the domain (RFC 6265bis, 4.1.3.2).
func (s *Sessions) cookieName(kind string) string {
	name := "gp" + kind
	if s.Site.Tier == page.Staff {
		name += "s"
	}
	if s.Site.Secure {
		name = "__Host-" + name
	}
	return name
}

// cookie makes a cookie of this tier. A negative age expires it; zero lets it
// end with the browser.
func (s *Sessions) cookie(kind, value string, age time.Duration) *http.Cookie {
	c := &http.Cookie{Name: s.cookieName(kind), Value: value, Path: "/", Secure: s.Site.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if s.Site.Tier == page.Staff {
		c.SameSite = http.SameSiteStrictMode
	}
	if age < 0 {
		c.MaxAge = -1
	} else {
		c.MaxAge = int(age.Seconds())
	}
	return c
}

// read gives the value of a cookie, or "". Of two cookies of one name neither
// is believed: on loopback, where every port shares them, one may be planted.
func (s *Sessions) read(r *http.Request, kind string) string {
	found := r.CookiesNamed(s.cookieName(kind))
	if len(found) != 1 {
		return ""
	}
	return found[0].Value
}

// token is the session's token in the request's cookie, if it has the form of one.
func (s *Sessions) token(r *http.Request) (session.Token, bool) {
	value := s.read(r, sessionCookie)
	if value == "" {
		return session.Token{}, false
	}
	token, err := session.ParseToken(value)
	return token, err == nil
}

// setToken gives the browser a session.
func (s *Sessions) setToken(w http.ResponseWriter, token session.Token) {
	http.SetCookie(w, s.cookie(sessionCookie, token.Cookie(), 0))
}

// expire takes session and form cookie from the browser, and an enquiry that is open. The remembered device
// stays: its owner asked for it, and it opens nothing.
func (s *Sessions) expire(w http.ResponseWriter) {
	http.SetCookie(w, s.cookie(sessionCookie, "", -1))
	http.SetCookie(w, s.cookie(formCookie, "", -1))
	if s.Site.Tier == page.Public {
		s.CloseIntake(w)
	}
}

// chance is the random part of a stranger's forms, 128 bits as 26 characters.
const chanceLength = 26

// chanceOf is the stranger's chance, new where the browser has none yet.
func (s *Sessions) chanceOf(r *http.Request) (chance string, fresh bool) {
	if value := s.read(r, formCookie); len(value) == chanceLength {
		return value, false
	}
	return rand.Text(), true
}

// formToken is the token for the forms of a stranger with that chance. It is a
// hash, so that a page that is saved or printed does not hold the cookie.
func formToken(chance string) string {
	sum := sha256.Sum256([]byte("gatepost/form/v1\n" + chance))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// sameToken compares in constant time; an empty token is never right.
func sameToken(want, got string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(got)) == 1
}
