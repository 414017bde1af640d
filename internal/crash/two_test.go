package crash_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"gatepost/crypto/session"
	"gatepost/internal/authz"
	"gatepost/internal/demo"
	"gatepost/web/live"
	"gatepost/web/page/pagetest"
)

// signIn signs somebody in by the form, as a browser does.
func (s *running) signIn(t *testing.T, p demo.Person) (visitor, page) {
	t.Helper()
	stranger := visitor{tier: p.Tier}
	asked, err := s.get(stranger, "/sign-in")
	must(t, err)
	token := pagetest.Parse(t, asked.body).One("form[action=/sign-in] input[name=form-token]").Attr("value")
	fields := []string{"form-token", token, "name", p.Login, "passphrase", p.Passphrase}
	if p.TOTP != "" {
		digits, _, err := p.Code(time.Now())
		must(t, err)
		fields = append(fields, "code", digits)
	}
	answer, err := s.ask(stranger, http.MethodPost, "/sign-in", form(fields), asked.cookie)
	must(t, err)
	name := map[authz.Tier]string{authz.Public: "gp", authz.Staff: "gps"}[p.Tier]
	if answer.cookie[name] == "" {
		return stranger, answer
	}
	known, err := session.ParseToken(answer.cookie[name])
	must(t, err)
	return visitorOf(p.Tier, known), answer
}

// wantPage asks for a page that has to have this status.
func (s *running) wantPage(t *testing.T, what string, v visitor, path string, status int) {
	t.Helper()
	p, err := s.get(v, path)
	if err != nil || p.status != status {
		t.Errorf("%s: %v, %d %s, want %d", what, err, p.status, said(p), status)
	}
}

// A session is one to both servers: begun on one, used on the other, ended on
// the one, refused on the other. A one-time code counts once for both.
func TestTwoServers_Session(t *testing.T) {
	w := theWorld(t)
	w.usedCodesCount(t)
	one, two := w.start(t), w.start(t)
	for _, tt := range []struct{ key, home string }{{"tom", "/letters"}, {"helen", "/letters"}, {"judith", "/people"}} {
		p := w.person(tt.key)
		v, answer := one.signIn(t, p)
		if v.cookie == "" {
			t.Errorf("%s: not signed in: %d %s", tt.key, answer.status, said(answer))
			continue
		}
		if p.TOTP != "" {
			if again, _ := two.signIn(t, p); again.cookie != "" {
				t.Errorf("%s: the same code a second time, on the other server: signed in", tt.key)
			}
		}
		for range 2 {
			two.wantPage(t, tt.key+" reads on the other server", v, tt.home, http.StatusOK)
			one.wantPage(t, tt.key+" reads on the first server", v, tt.home, http.StatusOK)
		}
		if _, err := sees(one.post(v, "/sign-out")); err != nil {
			t.Errorf("%s: sign out: %v", tt.key, err)
		}
		two.wantPage(t, tt.key+" after signing out on the other server", v, tt.home, http.StatusUnauthorized)
		one.wantPage(t, tt.key+" after signing out", v, tt.home, http.StatusUnauthorized)
	}
}

// A claim is one to both servers, and so are a decision and what comes of it.
func TestTwoServers_Claim(t *testing.T) {
	w := theWorld(t)
	one, two := w.start(t), w.start(t)
	l := w.newLetter()
	l.advance(t, one, sent)
	must(t, l.press(t, two, claimed))
	p, err := one.post(w.colleague, "/letter/"+l.id+"/claim")
	if err != nil || p.status != http.StatusConflict {
		t.Errorf("a colleague claims it on the other server: %v, %d", err, p.status)
	}
	one.wantPage(t, "a colleague reads it on the other server", w.colleague, "/letter/"+l.id, http.StatusConflict)
	must(t, l.press(t, one, read))
	must(t, l.press(t, two, read))
	must(t, l.press(t, one, passed))
	must(t, l.press(t, two, passed))
	two.wantPage(t, "a decided letter on the other server", w.worker, "/letter/"+l.id, http.StatusConflict)
	must(t, l.press(t, two, opened))
	must(t, l.press(t, one, opened))
	l.opens(t, one)
	l.opens(t, two)
	w.intact(t)
}

// Failures to sign in are counted for both servers together: five wrong
// passphrases shut a name out on either, whichever saw them.
func TestTwoServers_Limits(t *testing.T) {
	w := theWorld(t)
	servers := []*running{w.start(t), w.start(t)}
	right := w.person("mark") // nobody else signs in by it
	wrong := right
	wrong.Passphrase = "not the one that was chosen"
	for i := range 5 {
		if v, p := servers[i%2].signIn(t, wrong); v.cookie != "" || p.status != http.StatusUnprocessableEntity {
			t.Errorf("wrong passphrase %d: %d %s", i+1, p.status, said(p))
		}
	}
	for i, s := range servers {
		if v, p := s.signIn(t, right); v.cookie != "" || p.status != http.StatusServiceUnavailable {
			t.Errorf("the right one after five wrong ones, on server %d: %d %s", i+1, p.status, said(p))
		}
	}
}

// A desk that is open on one server hears of a letter that was sent on the other.
func TestTwoServers_Nudge(t *testing.T) {
	w := theWorld(t)
	one := w.startAs(t, settings{Tiers: []authz.Tier{authz.Public, authz.Staff}, Beside: true})
	two := w.startAs(t, settings{Tiers: []authz.Tier{authz.Public, authz.Staff}, Beside: true})
	d := websocket.Dialer{NetDialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, two.addresses[authz.Staff])
	}}
	line, answer, err := d.DialContext(t.Context(), "ws://"+demo.StaffHost+live.Path,
		http.Header{"Origin": {"http://" + demo.StaffHost}, "Cookie": {"gps=" + w.worker.cookie}})
	must(t, err)
	must(t, answer.Body.Close())
	defer line.Close()
	must(t, line.SetReadDeadline(time.Now().Add(patience)))
	l := w.newLetter()
	l.advance(t, one, sent)
	if _, word, err := line.ReadMessage(); err != nil || string(word) != "reload" {
		t.Errorf("the desk on the other server hears %q, %v", word, err)
	}
	l.advance(t, two, opened)
	l.opens(t, one)
}
