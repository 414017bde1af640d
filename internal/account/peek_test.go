package account_test

import (
	"testing"
	"time"

	"gatepost/crypto/session"
	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/fault"
)

// Looking at a session keeps it neither alive nor finds one that is not there.
func TestPeek(t *testing.T) {
	w := accounttest.NewTwoAgencies(t)
	token := w.WorkerLogin.Token
	looks := func(s *account.Service, agencyID string, token session.Token) fault.Kind {
		_, err := s.Peek(t.Context(), agencyID, token)
		return fault.KindOf(err)
	}
	peek := func() fault.Kind { return looks(w.Staff, "oak", token) }
	for range 3 { // 18 minutes in three looks; the twentieth ends it
		if got := peek(); got != "" {
			t.Fatalf("a live session: %s", got)
		}
		w.Clock.Advance(6 * time.Minute)
	}
	if got := looks(w.Staff, "elm", token); got != fault.SignIn {
		t.Errorf("another agency: %s", got)
	}
	if got := looks(w.Public, "oak", token); got != fault.SignIn {
		t.Errorf("the other tier: %s", got)
	}
	if got := looks(w.Staff, "oak", session.NewToken()); got != fault.SignIn {
		t.Errorf("a token of nobody's: %s", got)
	}
	w.Clock.Advance(6 * time.Minute)
	if got := peek(); got != fault.SignIn {
		t.Errorf("a session that lay idle for longer than it may: %q", got)
	}
}
