package account

import (
	"net/http"
	"net/netip"

	"gatepost/crypto/session"
	"gatepost/web/page"
)

// intakeCookie holds the token of a first enquiry, which somebody without an
// account fills in. It ends with the browser, and with everything that ends a
// session: whoever presses "Exit this page" leaves nothing open.
const intakeCookie = "i"

// Intake is the token of the first enquiry that the browser has open, and false
// for none.
func (s *Sessions) Intake(r *http.Request) (session.Token, bool) {
	value := s.read(r, intakeCookie)
	if value == "" {
		return session.Token{}, false
	}
	token, err := session.ParseToken(value)
	return token, err == nil
}

// OpenIntake lets the browser open a first enquiry until it ends.
func (s *Sessions) OpenIntake(w http.ResponseWriter, token session.Token) {
	http.SetCookie(w, s.cookie(intakeCookie, token.Cookie(), 0))
}

// CloseIntake takes a first enquiry from the browser.
func (s *Sessions) CloseIntake(w http.ResponseWriter) {
	http.SetCookie(w, s.cookie(intakeCookie, "", -1))
}

// Show renders a page for strangers that may hold a form, and gives the browser
// the cookie that belongs to the form.
func (s *Sessions) Show(w http.ResponseWriter, r *http.Request, status int, name string, p page.Page) error {
	return s.show(w, r, status, name, p)
}

// From is where a request comes from.
func (s *Sessions) From(r *http.Request) netip.Addr { return s.Address(r) }
