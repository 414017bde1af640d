package account_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// want fails unless err is a fault of that kind and message; "" and "" for nil.
func want(t *testing.T, what string, err error, kind fault.Kind, message string) {
	t.Helper()
	got := ""
	if f, ok := errors.AsType[*fault.Error](err); ok {
		got = f.Message
	}
	if fault.KindOf(err) != kind || got != message {
		t.Errorf("%s: got %v, want %s %s", what, err, kind, message)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ask reads one value as the database's administrator.
func ask[T any](t *testing.T, w *accounttest.World, sql string, args ...any) T {
	t.Helper()
	rows, err := w.Database.Admin().Query(context.Background(), sql, args...)
	must(t, err)
	value, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	must(t, err)
	return value
}

// The whole story once: paper, call, letterbox.
func TestStory(t *testing.T) {
	w := accounttest.NewWorld(t)
	for _, role := range []authz.Role{authz.Manager, authz.LetterboxWorker} {
		if got := w.Manager.Has(role); got != (role == authz.Manager) {
			t.Errorf("manager has %s: %v", role, got)
		}
	}
	for _, key := range []string{"team/letterbox/1", "directory/birth/1", "directory/adoptive/1", "directory/staff/1", authz.SignKey} {
		if !w.Worker.Keys().Has(key) {
			t.Errorf("the worker lacks %s", key)
		}
	}
	for _, key := range []string{"safeguarding/1", "team/intermediary/1", "intake/1"} {
		if w.Worker.Keys().Has(key) || !w.Manager.Keys().Has(key) {
			t.Errorf("%s: want the manager to hold it and the worker not", key)
		}
	}
	_, birth, adoptive := w.OpenExchange(t)
	_, mother := w.NewPerson(t, birth)
	_, adopter := w.NewPerson(t, adoptive)
	if mother.OnHold() || !mother.Can(authz.Write) || mother.Can(authz.Claim) {
		t.Errorf("the mother: on hold %v", mother.OnHold())
	}
	inbox, err := w.Families.Inbox(t.Context(), mother)
	must(t, err)
	if len(inbox.Sides) != 1 {
		t.Fatalf("the mother sees %d sides, want 1", len(inbox.Sides))
	}
	own := "side/" + string(inbox.Sides[0].Side) + "/1"
	if !mother.Keys().Has(own) || adopter.Keys().Has(own) {
		t.Errorf("side of the mother: she holds it %v, the adopter %v", mother.Keys().Has(own), adopter.Keys().Has(own))
	}
}
