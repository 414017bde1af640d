package intermediary_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

// Who asks for a veto goes on holding everything back until a second worker has
// looked on whose record a colleague put it; if it was the wrong one it is put on
// another, and both stay stopped.
func TestISR8_SecondLook(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	right, wrong, other := w.Ready(t, "REL>AP"), w.Ready(t, "REL>AP"), w.Ready(t, "REL>AP")
	in := sends(w, t, wanting(intermediary.PurposeVeto))
	put := func(by authz.Actor, on intermediarytest.Case) error {
		_, err := w.Cases.OpenRecord(ctx, by, intermediary.NewRecord{Adopted: on.Adopted, Intake: string(in)})
		return err
	}
	approaching := func() error { return w.Cases.Approach(ctx, w.CaseWorker, approach(other.Subject)) }
	wants(t, "nobody has put it anywhere", w.Cases.ConfirmRecord(ctx, w.Colleague, in, right.Adopted), fault.Conflict)
	need(t, put(w.CaseWorker, wrong))
	if tray, err := w.Cases.Intakes(ctx, w.Colleague); err != nil || len(tray) != 1 || !tray[0].Placed {
		t.Errorf("the tray: %+v (%v)", tray, err)
	}
	if read, err := w.Cases.ReadIntake(ctx, w.Colleague, in); err != nil || read.State != "received" || read.Record != wrong.Adopted || read.PlacedBy != w.CaseLogin.ID {
		t.Errorf("it reads %+v (%v)", read, err)
	}
	protected(t, "an approach after the first look", approaching())
	wants(t, "it is said of another record", w.Cases.ConfirmRecord(ctx, w.Colleague, in, right.Adopted), fault.Conflict)
	need(t, put(w.Colleague, right))
	wants(t, "the first says that the first was right", w.Cases.ConfirmRecord(ctx, w.CaseWorker, in, wrong.Adopted), fault.Conflict)
	wants(t, "who put it there says that it is right", w.Cases.ConfirmRecord(ctx, w.Colleague, in, right.Adopted), fault.Forbidden)
	wants(t, "a manager who does not do this work", w.Cases.ConfirmRecord(ctx, w.Manager, in, right.Adopted), fault.Forbidden)
	protected(t, "an approach after a second place", approaching())
	need(t, w.Cases.ConfirmRecord(ctx, w.CaseWorker, in, right.Adopted))
	if standingStops(t, w, right.Adopted) != 1 || standingStops(t, w, wrong.Adopted) != 1 || standingStops(t, w, other.Adopted) != 0 {
		t.Error("not both records are stopped, or a third")
	}
	need(t, approaching())
	wants(t, "an approach of whom it was put on", w.Cases.Approach(ctx, w.CaseWorker, approach(right.Subject)), fault.Conflict)
}

// A stop that ended before the second look begins anew with it, and who puts it back
// where it was puts it there.
func TestISR8_SecondLookAfterAll(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	one, two := w.Ready(t, "REL>AP"), w.Ready(t, "REL>AP")
	in := sends(w, t, wanting(intermediary.PurposeVeto))
	put := func(by authz.Actor, on intermediarytest.Case) {
		t.Helper()
		_, err := w.Cases.OpenRecord(ctx, by, intermediary.NewRecord{Adopted: on.Adopted, Intake: string(in)})
		need(t, err)
	}
	put(w.CaseWorker, one)
	put(w.Colleague, two)
	put(w.CaseWorker, one)
	if read, err := w.Cases.ReadIntake(ctx, w.Colleague, in); err != nil || read.Record != one.Adopted || read.PlacedBy != w.CaseLogin.ID {
		t.Errorf("put back, it stands on %s (%v)", read.Record, err)
	}
	for record, want := range map[intermediary.AdoptedID]int{one.Adopted: 1, two.Adopted: 0} {
		if r, err := w.Cases.Record(ctx, w.Colleague, record); err != nil || len(r.Waiting) != want {
			t.Errorf("%d requests wait there, want %d (%v)", len(r.Waiting), want, err)
		}
	}
	for _, stop := range stopsOn(t, w, one.Adopted) {
		need(t, w.Cases.EndStop(ctx, w.Manager, stop, "I know her."))
	}
	need(t, w.Cases.ConfirmRecord(ctx, w.Colleague, in, one.Adopted))
	if standingStops(t, w, one.Adopted) != 1 {
		t.Error("nothing protects who asked for it")
	}
}

func stopsOn(t *testing.T, w *intermediarytest.World, record intermediary.AdoptedID) (list []string) {
	t.Helper()
	rows, err := w.Rows.Query(t.Context(), `select id from stop where adopted_id = $1 and ended_by is null`, string(record))
	need(t, err)
	list, err = pgx.CollectRows(rows, pgx.RowTo[string])
	need(t, err)
	return list
}

// Two at once: who puts it on another record while somebody says that it is right.
func TestRace_SecondLook(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	for name, place := range map[string]string{"before": "confirmRecord", "while": "confirmRecord locked"} {
		one, two := w.Ready(t, "REL>AP"), w.Ready(t, "REL>AP")
		in := sends(w, t, wanting(intermediary.PurposeVeto))
		_, err := w.Cases.OpenRecord(ctx, w.CaseWorker, intermediary.NewRecord{Adopted: one.Adopted, Intake: string(in)})
		need(t, err)
		slow, fast := overtake(t, w, place, func(s *intermediary.Service) error { return s.ConfirmRecord(ctx, w.Colleague, in, one.Adopted) }, func() error {
			_, err := w.Cases.OpenRecord(ctx, w.CaseWorker, intermediary.NewRecord{Adopted: two.Adopted, Intake: string(in)})
			return err
		})
		if state := text(t, w, `select state from intake where id = $1`, string(in)); name == "before" && (fast != nil || fault.KindOf(slow) != fault.Conflict || state != "received") {
			t.Errorf("%s: %v and %v, and it is %s", name, slow, fast, state)
		} else if name == "while" && (slow != nil || fast != nil && fault.KindOf(fast) != fault.Conflict || state != "taken") {
			t.Errorf("%s: %v and %v, and it is %s", name, slow, fast, state)
		}
	}
}

// What does not open may be anybody's request for a veto: one says that it is to be
// set aside, and a second person, a manager who does this work, sends it away.
func TestIntake_SetAside(t *testing.T) {
	w, ctx := newIntakes(t), t.Context()
	_, both := w.NewWorker(t, "Senara Roskilly", authz.IntermediaryWorker, authz.Manager)
	_, id := w.sent(wanting(intermediary.PurposeVeto))
	wantKind(t, "one that opens", w.desk.SetIntakeAside(ctx, w.worker, id, "It is broken."), fault.Conflict)
	w.untriggered(`update intake set sealed = sealed || '\x00' where id = '` + string(id) + `'`)
	wantKind(t, "a manager alone", w.desk.DeclineIntake(ctx, both, id, "It is broken."), fault.Forbidden)
	wantKind(t, "without reasons", w.desk.SetIntakeAside(ctx, w.worker, id, " "), fault.Invalid)
	must(t, w.desk.SetIntakeAside(ctx, w.worker, id, "The operator has looked. Nobody knows whose it is."))
	must(t, w.desk.SetIntakeAside(ctx, w.worker, id, "Once more."))
	wantKind(t, "the same worker", w.desk.DeclineIntake(ctx, w.worker, id, "It is broken."), fault.Forbidden)
	read, err := w.desk.ReadIntake(ctx, both, id)
	must(t, err)
	if !read.Unread || len(read.Aside) != 1 || read.Aside[0] != w.worker.Account() || read.State != "received" {
		t.Errorf("it reads %+v", read)
	}
	must(t, w.desk.DeclineIntake(ctx, both, id, "Two of us have looked."))
	if len(w.tray()) != 0 {
		t.Error("it still waits")
	}

	_, mine := w.sent(wanting(intermediary.PurposeVeto))
	w.untriggered(`update intake set sealed = sealed || '\x00' where id = '` + string(mine) + `'`)
	must(t, w.desk.SetIntakeAside(ctx, both, mine, "It is broken."))
	wantKind(t, "a manager with their own word", w.desk.DeclineIntake(ctx, both, mine, "It is broken."), fault.Forbidden)
}
