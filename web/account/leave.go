package account

import (
	"net/http"

	"gatepost/web/page"
)

// plainPage is a page that only tells something.
type plainPage struct{ page.Base }

// toldCookie marks that the page about leaving in a hurry was shown in this
// browser. It says nothing else and ends with the browser.
const toldCookie = "t"

// leave is where the button "Exit this page" goes. It ends a session by GET,
// since the button is a link that works without scripts and without a form; to
// end it twice, or for a stranger, does nothing more.
func (s *Sessions) leave(w http.ResponseWriter, r *http.Request) error { return s.Leave(w, r) }

// leaving tells about that button before it first appears.
func (s *Sessions) leaving(w http.ResponseWriter, r *http.Request) error {
	p := &leavingPage{Base: s.Site.Base(r, "account.leaving.title"), Next: s.Home}
	http.SetCookie(w, s.cookie(toldCookie, "1", 0))
	return s.Site.Render(w, r, http.StatusOK, "account/leaving", p)
}

// leavingPage is the interruption before the first page with the button.
type leavingPage struct {
	page.Base
	Next string
}
