package intermediary_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// The database refuses of an enquiry what the service refuses, to whoever has
// the staff tier's role and writes the rows by hand.
func TestIntake_ByHand(t *testing.T) {
	w, ctx := newIntakes(t), t.Context()
	_, waiting := w.sent(nerys())
	_, declined := w.sent(nerys())
	must(t, w.desk.DeclineIntake(ctx, w.worker, declined, "It came twice."))
	draft := w.idOf(w.begin())
	veto := nerys()
	veto.Purpose = intermediary.PurposeVeto
	_, protects := w.sent(veto)
	// Reasons are there for sending it away, so that only the role is wanting.
	w.untriggered(fmt.Sprintf(`insert into casework select (jsonb_populate_record(w, jsonb_build_object('id', '%s'))).* from casework w where w.id = '%s' and w.part = 'declined'`, protects, declined))
	_, both := w.NewWorker(t, "Senara Roskilly", authz.IntermediaryWorker, authz.Manager)
	conn := w.Database.Conn(postgres.RoleStaff)
	insert := func(state, by string) string {
		return fmt.Sprintf(`insert into intake (agency_id, id, code, state, sealed, commit, leaf, by_worker, sent_on, hear_by)
			select agency_id, '%s', sha256('x'), '%s', sealed, commit, leaf, %s, sent_on, hear_by from intake where id = '%s'`, agency.NewID("in"), state, by, waiting)
	}
	move := func(id intermediary.IntakeID, state string) string {
		return fmt.Sprintf(`update intake set state = '%s' where id = '%s'`, state, id)
	}
	me, manager, letters := w.worker.Account(), w.Manager.Account(), w.Worker.Account()
	for name, tt := range map[string]struct{ as, sql, want string }{
		"typed in by a letterbox worker":        {letters, insert("received", "'"+letters+"'"), "casework_worker"},
		"typed in by a manager":                 {manager, insert("received", "'"+manager+"'"), "casework_worker"},
		"typed in in a colleague's name":        {letters, insert("received", "'"+me+"'"), "casework_worker"},
		"typed in as taken":                     {me, insert("taken", "'"+me+"'"), "intake_move"},
		"as if it had come online":              {me, insert("received", "null"), "intake_move"},
		"taken without a case":                  {me, move(waiting, "taken"), "intake_became"},
		"declined without reasons":              {me, move(waiting, "declined"), "intake_became"},
		"taken by a letterbox worker":           {letters, move(waiting, "taken"), "casework_worker"},
		"declined by a manager":                 {manager, move(waiting, "declined"), "casework_worker"},
		"who asks for protection, by a worker":  {me, move(protects, "declined"), "intake_manager"},
		"who asks for protection, by letters":   {letters, move(protects, "declined"), "casework_worker"},
		"who asks for protection, by both":      {both.Account(), move(protects, "declined"), ""},
		"a veto that became nothing":            {me, move(protects, "taken"), "intake_became"},
		"a veto that is made a search":          {me, fmt.Sprintf(`update intake set purpose = 'search' where id = '%s'`, protects), "42501"},
		"made a draft again":                    {me, move(waiting, "draft"), "intake_move"},
		"declined, and then waiting again":      {me, move(declined, "received"), "intake_move"},
		"declined, and then taken":              {me, move(declined, "taken"), "intake_move"},
		"a draft that is declined":              {me, move(intermediary.IntakeID(draft), "declined"), "intake_move"},
		"other words in the place of theirs":    {me, fmt.Sprintf(`update intake set sealed = 'x' where id = '%s'`, waiting), "42501"},
		"another day by which they are to hear": {me, fmt.Sprintf(`update intake set hear_by = '2099-01-01' where id = '%s'`, waiting), "42501"},
		"deleted":                               {me, fmt.Sprintf(`delete from intake where id = '%s'`, waiting), "42501"},
	} {
		tx, err := conn.Begin(ctx)
		must(t, err)
		_, err = tx.Exec(ctx, `select set_config('gatepost.agency', 'oak', true), set_config('gatepost.account', $1, true)`, tt.as)
		must(t, err)
		_, err = tx.Exec(ctx, tt.sql)
		if err == nil && tt.want == "" {
			must(t, tx.Rollback(ctx))
			continue
		}
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.ConstraintName != tt.want && pg.Code != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
		must(t, tx.Rollback(ctx))
	}
}

// An enquiry becomes a case once, and what is opened from it and what is
// declined never both win.
func TestIntake_Taken(t *testing.T) {
	w := newIntakes(t)
	open := func(s *intermediary.Service, id intermediary.IntakeID) error {
		n := intermediarytest.NewCase("AP>REL")
		n.Intake = string(id)
		_, err := s.OpenCase(t.Context(), w.worker, n)
		return err
	}
	decline := func(s *intermediary.Service, id intermediary.IntakeID) error {
		return s.DeclineIntake(t.Context(), w.worker, id, "It came twice.")
	}
	for _, tt := range []struct {
		name, state string
		late, first func(*intermediary.Service, intermediary.IntakeID) error
	}{
		{"opened while it is declined", "taken", decline, open},
		{"declined while it is opened", "declined", open, decline},
		{"opened twice", "taken", open, open},
		{"declined twice", "declined", decline, decline},
	} {
		_, id := w.sent(nerys())
		overtaken := false
		late := w.desk.Stalled(func(at string) {
			if !overtaken && !strings.HasSuffix(at, " locked") {
				overtaken = true
				must(t, tt.first(w.desk, id))
			}
		})
		err := tt.late(late, id)
		if fault.KindOf(err) != fault.Conflict || !overtaken {
			t.Errorf("%s: the later one gets %v", tt.name, err)
		}
		read, err := w.desk.ReadIntake(t.Context(), w.worker, id)
		must(t, err)
		if read.State != tt.state || (read.Application != "") != (tt.state == "taken") || (read.Reasons != "") != (tt.state == "declined") || read.Unread {
			t.Errorf("%s: it reads %+v", tt.name, read)
		}
		if contains(w.tray(), id) {
			t.Errorf("%s: it waits still", tt.name)
		}
	}
}
