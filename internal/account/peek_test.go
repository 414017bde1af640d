package account_test

import (
	"testing"
	"time"

	"gatepost/crypto/session"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/fault"
)

// Looking at a session keeps it neither alive nor finds one that is not there.
func TestPeek(t *testing.T) {
	w := accounttest.NewTwoAgencies(t)
	token := w.WorkerLogin.Token
	peek := func() fault.Kind { return fault.KindOf(w.Staff.Peek(t.Context(), "oak", token)) }
	for range 3 { // 18 minutes in three looks; the twentieth ends it
		if got := peek(); got != "" {
			t.Fatalf("a live session: %s", got)
		}
		w.Clock.Advance(6 * time.Minute)
	}
	if got := fault.KindOf(w.Staff.Peek(t.Context(), "elm", token)); got != fault.SignIn {
		t.Errorf("another agency: %s", got)
	}
	if got := fault.KindOf(w.Public.Peek(t.Context(), "oak", token)); got != fault.SignIn {
		t.Errorf("the other tier: %s", got)
	}
	if got := fault.KindOf(w.Staff.Peek(t.Context(), "oak", session.NewToken())); got != fault.SignIn {
		t.Errorf("a token of nobody's: %s", got)
	}
	w.Clock.Advance(6 * time.Minute)
	if got := peek(); got != fault.SignIn {
		t.Errorf("a session that lay idle for longer than it may: %q", got)
	}
}
