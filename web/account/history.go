package account

import (
	"net/http"

	"gatepost/internal/account"
	"gatepost/web/page"
)

// historyPage is when somebody signed in with a person's name, or tried to.
type historyPage struct {
	page.Base
	Entries []account.Entry
}

func (s *Sessions) history(w http.ResponseWriter, r *http.Request) error {
	entries, err := s.Accounts.History(r.Context(), s.Actor(r))
	if err != nil {
		return err
	}
	p := &historyPage{Base: s.Site.Base(r, "account.history.title"), Entries: entries}
	p.Back = "/account"
	return s.show(w, r, http.StatusOK, "account/history", p)
}
