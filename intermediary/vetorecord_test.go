package intermediary_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/intermediary/law"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

// vetoTry is one statement about a veto, a row of table 8d by its id.
type vetoTry struct {
	row    law.RowID
	op     string
	who    func(*intermediary.Particulars) // of the record; nil for somebody adopted in England in 1980
	stands string                          // the kind of veto that stands before; "" for none
	notice func(*intermediary.VetoNotice)  // nil for everything in order
	stops  bool
}

// vetoTries is each row of table 8d at least once, and each input at a value that
// leads to it. d15 is the guard, which nothing reaches (law, TestISR8_VetoCounts).
func vetoTries() []vetoTry {
	type particulars = func(*intermediary.Particulars)
	type notice = func(*intermediary.VetoNotice)
	order := func(day string) particulars { return func(p *intermediary.Particulars) { p.OrderDate = day } }
	court := func(country string) particulars {
		return func(p *intermediary.Particulars) { p.CourtCountry = country }
	}
	born := func(day string) particulars { return func(p *intermediary.Particulars) { p.Born = day } }
	by := func(registrant string) notice { return func(n *intermediary.VetoNotice) { n.Registrant = registrant } }
	rep := func(change notice) notice {
		return func(n *intermediary.VetoNotice) {
			n.Registrant, n.Authority, n.PersonMet = "rep", true, true
			change(n)
		}
	}
	oral := func(n *intermediary.VetoNotice) { n.Form = "oral" }
	unmet := func(n *intermediary.VetoNotice) { n.MetVerified = false }
	lacks := rep(func(n *intermediary.VetoNotice) { n.Capacity = false })
	strengthen := func(n *intermediary.VetoNotice) { n.Direction = "strengthen" }
	qualified := func(n *intermediary.VetoNotice) {
		n.Kind, n.Circumstances = intermediary.VetoQualified, []intermediary.Circumstance{{What: "only her sister"}}
	}
	both := func(list ...notice) notice {
		return func(n *intermediary.VetoNotice) {
			for _, change := range list {
				change(n)
			}
		}
	}
	abs, some := intermediary.VetoAbsolute, intermediary.VetoQualified
	return []vetoTry{
		{"d01", "register", order("2006-05-06"), "", nil, false},
		{"d01", "register", order("2005-12-30"), "", nil, false},
		{"d01a", "register", order(""), "", nil, true},
		{"d01a", "register", order("2005"), "", oral, true},
		{"d01a", "register", func(p *intermediary.Particulars) { p.OrderDate, p.CourtCountry = "2005-12-30", "W" }, "", nil, true},
		{"d01a", "register", court("other"), "", nil, true},
		{"d01a", "register", court(""), "", nil, true},
		{"d02", "register", nil, "", by("adopter"), false},
		{"d02", "register", nil, "", by("other"), false},
		{"d02", "register", nil, "", by("somebody"), false},
		{"d02", "register", nil, "", by("relative"), false},
		{"d02", "withdraw", nil, abs, by("relative"), false},
		{"d02a", "register", court("W"), "", by("relative"), true},
		{"d03", "register", nil, "", rep(func(n *intermediary.VetoNotice) { n.Authority = false }), true},
		{"d03", "withdraw", nil, abs, rep(func(n *intermediary.VetoNotice) { n.Authority = false }), true},
		{"d04a", "withdraw", nil, abs, lacks, false},
		{"d04a", "amend", nil, abs, both(lacks, qualified), false},
		{"d04", "register", nil, "", lacks, true},
		{"d04", "amend", nil, abs, both(lacks, strengthen), true},
		{"d05", "register", born("2015-06-14"), "", nil, true},
		{"d05", "register", born(""), "", nil, true},
		{"d06", "register", nil, "", oral, true},
		{"d06", "register", court("W"), "", both(oral, unmet), true},
		{"d07", "register", nil, "", unmet, true},
		{"d07a", "register", nil, "", func(n *intermediary.VetoNotice) { n.LinkProven = false }, true},
		{"d07a", "withdraw", nil, abs, func(n *intermediary.VetoNotice) { n.LinkProven = false }, true},
		{"d08a", "amend", nil, abs, both(strengthen, oral), true},
		{"d08a", "amend", nil, abs, unmet, true},
		{"d08a", "amend", nil, some, oral, true},
		{"d08", "withdraw", nil, abs, oral, false},
		{"d08", "withdraw", nil, some, unmet, false},
		{"d08", "amend", nil, abs, both(qualified, unmet), false},
		{"d08b", "withdraw", nil, abs, rep(func(n *intermediary.VetoNotice) { n.PersonMet = false }), false},
		{"d08b", "amend", nil, abs, both(rep(func(n *intermediary.VetoNotice) { n.PersonMet = false }), qualified), false},
		{"d08c", "amend", nil, abs, nil, true},
		{"d08c", "amend", nil, some, qualified, true},
		{"d09", "register", nil, "", func(n *intermediary.VetoNotice) { n.Kind = some }, true},
		{"d09", "amend", nil, abs, func(n *intermediary.VetoNotice) { n.Kind = some }, true},
		{"d10", "register", nil, "", func(n *intermediary.VetoNotice) { n.Information = "" }, true},
		{"d11", "register", nil, "", func(n *intermediary.VetoNotice) { n.Addressee = "otherAgency" }, true},
		{"d11", "withdraw", nil, abs, func(n *intermediary.VetoNotice) { n.Addressee = "IA" }, true},
		{"d12", "register", nil, "", nil, false},
		{"d12", "register", court("W"), "", both(qualified, func(n *intermediary.VetoNotice) { n.Information, n.Form = "offeredRefused", "electronicVerified" }), false},
		{"d12", "register", nil, "", rep(func(*intermediary.VetoNotice) {}), false},
		{"d13", "amend", nil, abs, strengthen, false},
		{"d13", "amend", nil, some, nil, false},
		{"d13", "amend", nil, abs, qualified, false},
		{"d13", "amend", nil, some, both(qualified, func(n *intermediary.VetoNotice) { n.Direction = "weaken" }), false},
		{"d14", "withdraw", nil, abs, nil, false},
		{"d14", "withdraw", nil, some, rep(func(*intermediary.VetoNotice) {}), false},
	}
}

// held is what the database has of an adopted person, and of everything else.
type heldRows struct{ vetoes, notices, stops, casework, evaluations, stopped, rest int }

func (t vetoTry) rows(tt *testing.T, w *intermediarytest.World, of string) heldRows {
	tt.Helper()
	return heldRows{
		vetoes:      count(tt, w, `select count(*) from veto where adopted_id = $1`, of),
		notices:     count(tt, w, `select count(*) from casework where id = $1 and part = 'notice'`, of),
		stops:       count(tt, w, `select count(*) from stop where adopted_id = $1 and ended_by is null`, of),
		casework:    count(tt, w, `select count(*) from casework`),
		evaluations: count(tt, w, `select count(*) from evaluation e join application a on a.id = e.application_id where a.adopted_id = $1`, of),
		stopped:     count(tt, w, `select count(*) from subject where adopted_id = $1 and state = 'stopped'`, of),
		rest: count(tt, w, `select (select count(*) from fact) + (select count(*) from adopted) + (select count(*) from application) + (select count(*) from subject) + (select count(*) from consent)
			+ (select count(*) from step) + (select count(*) from disclosure) + (select count(*) from preference) + (select count(*) from enquiry_word)`),
	}
}

// say makes the statement, as somebody who may.
func (t vetoTry) say(ctx context.Context, w *intermediarytest.World, of intermediary.AdoptedID) (intermediary.Answer, error) {
	n := notice(of, intermediary.VetoAbsolute)
	if t.notice != nil {
		t.notice(&n)
	}
	if t.stands != "" {
		n.Was = 1
	}
	switch t.op {
	case "register":
		return w.Cases.RegisterVeto(ctx, w.CaseWorker, n)
	case "amend":
		actor := w.CaseWorker
		if n.Kind == intermediary.VetoQualified {
			actor = w.Manager
		}
		return w.Cases.AmendVeto(ctx, actor, n)
	}
	return w.Cases.WithdrawVeto(ctx, w.Manager, n)
}

// Every row of table 8d through the service: on a record without a case, and on one
// with two open cases, which are asked anew in the same transaction, and stopped by
// it where the law says so. The database holds what the row says, and nothing else.
func TestISR8_EveryRow(t *testing.T) {
	w := intermediarytest.New(t)
	tries := vetoTries()
	for _, row := range law.Veto().Rows() {
		if row.ID != "d15" && !slices.ContainsFunc(tries, func(try vetoTry) bool { return try.row == row.ID }) {
			t.Errorf("no try for %s", row.ID)
		}
	}
	for i, try := range tries {
		for _, cases := range []int{0, 2} {
			t.Run(fmt.Sprintf("%s %s %d of %d cases", try.row, try.op, i, cases), func(t *testing.T) { try.run(t, w, cases) })
		}
	}
}

func (t vetoTry) run(tt *testing.T, w *intermediarytest.World, cases int) {
	who := intermediarytest.Adopted()
	if t.who != nil {
		t.who(&who)
	}
	id := openRecord(tt, w, who)
	if t.stands != "" {
		register(tt, w, id, t.stands, map[string][]string{intermediary.VetoQualified: {"only by letter"}}[t.stands]...)
	}
	for range cases {
		n := intermediarytest.NewCase("REL>AP")
		n.Adopted, n.AdoptedPerson = id, intermediary.Particulars{}
		w.OpenCase(tt, n)
	}
	before := t.rows(tt, w, string(id))
	a, err := t.say(tt.Context(), w, id)
	need(tt, err)
	permits := slices.Contains([]law.RowID{"d12", "d13", "d14"}, t.row)
	if a.Row != string(t.row) || a.Permits != permits {
		tt.Fatalf("row %s, permits %v", a.Row, a.Permits)
	}
	after, want := t.rows(tt, w, string(id)), before
	want.casework++
	if permits {
		want.vetoes++
	} else {
		want.notices++
	}
	if t.stops {
		want.stops, want.casework = want.stops+1, want.casework+1
	}
	open := cases - before.stopped
	if t.stands == intermediary.VetoAbsolute && open != 0 { // under an absolute veto a case begins stopped, and nothing starts again
		tt.Fatalf("%d cases are open under an absolute veto", open)
	}
	if permits || t.stops {
		want.evaluations += open
	}
	want.stopped += t.bySame(tt, w, id, after.evaluations-before.evaluations)
	if after != want {
		tt.Errorf("it holds %+v, want %+v", after, want)
	}
	newest := `select kind || ' ' || in_force from veto where adopted_id = $1 order by version desc limit 1`
	if permits && t.op != "withdraw" && text(tt, w, newest, string(id)) == "absolute true" && after.stopped != cases {
		tt.Errorf("%d of %d cases are stopped by an absolute veto", after.stopped, cases)
	}
	if permits && t.op == "withdraw" && text(tt, w, newest, string(id))[len("absolute "):] != "false" {
		tt.Errorf("withdrawn, and it holds %q", text(tt, w, newest, string(id)))
	}
	r, err := w.Cases.Record(tt.Context(), w.Colleague, id)
	need(tt, err)
	if r.Veto == nil || r.Veto.Row != string(t.row) || r.Veto.Op != t.op || r.Veto.Permits != permits || r.Veto.Stops != t.stops || (len(r.Veto.Needs) == 0) == waits(t.row) {
		tt.Errorf("the record says %+v", r.Veto)
	}
}

// waits tells whether something can be brought that a row waits for.
func waits(row law.RowID) bool {
	return !slices.Contains([]law.RowID{"d01", "d02", "d02a", "d04a", "d12", "d13", "d14"}, row)
}

// bySame asks that every case was asked by the act's own transaction, that what the
// law bars was stopped in it, and that a stop began in it where one goes with the
// row. It gives how many were stopped.
func (t vetoTry) bySame(tt *testing.T, w *intermediarytest.World, id intermediary.AdoptedID, asked int) int {
	tt.Helper()
	const act = `(select w.xmin::text from casework w where w.id = $1 and w.part in ('veto', 'notice') order by w.xmin::text::bigint desc limit 1)`
	anew := `select count(*) from evaluation e join application a on a.id = e.application_id where a.adopted_id = $1 and e.act = 'changed' and e.xmin::text = ` + act
	stopped := count(tt, w, `select count(*) from subject where adopted_id = $1 and state = 'stopped' and xmin::text = `+act, string(id))
	stops := count(tt, w, `select count(*) from stop where adopted_id = $1 and xmin::text = `+act, string(id))
	if n, barred := count(tt, w, anew, string(id)), count(tt, w, anew+` and e.outcome in ('REJECT', 'BLOCK', 'STOP')`, string(id)); n != asked || barred != stopped || (stops == 1) != t.stops {
		tt.Errorf("by the same act %d of %d cases were asked, %d barred, %d stopped, and %d stops began", n, asked, barred, stopped, stops)
	}
	return stopped
}

// Two workers with statements about one veto at once: the second looks again, and
// nothing is there twice; a withdrawal in the same moment as a change is one of them.
func TestRace_VetoOnARecord(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	acts := map[string]func(s *intermediary.Service, actor authz.Actor, of intermediary.AdoptedID) error{
		"a change": func(s *intermediary.Service, actor authz.Actor, of intermediary.AdoptedID) error {
			n := notice(of, intermediary.VetoAbsolute)
			n.Was, n.Direction = 1, "strengthen"
			return errOf(s.AmendVeto(ctx, actor, n))
		},
		"a withdrawal": func(s *intermediary.Service, _ authz.Actor, of intermediary.AdoptedID) error {
			n := notice(of, intermediary.VetoAbsolute)
			n.Was = 1
			return errOf(s.WithdrawVeto(ctx, w.Manager, n))
		},
	}
	for first, slow := range acts {
		for then, fast := range acts {
			id := openRecord(t, w, intermediarytest.Adopted())
			register(t, w, id, intermediary.VetoAbsolute)
			slowErr, fastErr := overtake(t, w, "veto", func(s *intermediary.Service) error { return slow(s, w.Colleague, id) }, func() error { return fast(w.Cases, w.Colleague, id) })
			need(t, fastErr)
			wants(t, first+", overtaken by "+then, slowErr, fault.Conflict)
			held := openRecord(t, w, intermediarytest.Adopted())
			register(t, w, held, intermediary.VetoAbsolute)
			slowErr, fastErr = hold(t, w, "veto locked", func(s *intermediary.Service) error { return slow(s, w.Colleague, held) }, func() error { return fast(w.Cases, w.Colleague, held) })
			need(t, slowErr)
			wants(t, then+", behind "+first, fastErr, fault.Conflict)
			for _, of := range []intermediary.AdoptedID{id, held} {
				if n := count(t, w, `select count(*) from veto where adopted_id = $1`, string(of)); n != 2 {
					t.Errorf("%s and %s: %d versions", first, then, n)
				}
			}
		}
	}

	// A stop and an enquiry taken while somebody registers: both protect.
	c := w.Ready(t, "REL>AP")
	in := enquires(t, w, "veto", "veto")
	slowErr, fastErr := overtake(t, w, "openRecord", func(s *intermediary.Service) error {
		return errOf(s.OpenRecord(ctx, w.CaseWorker, intermediary.NewRecord{Adopted: c.Adopted, Intake: in}))
	}, func() error {
		return errOf(w.Cases.RegisterVeto(ctx, w.Colleague, notice(c.Adopted, intermediary.VetoAbsolute)))
	})
	need(t, fastErr)
	wants(t, "an enquiry under a veto that has just begun", slowErr, fault.Conflict)
	if state := text(t, w, `select state from intake where id = $1`, in); state != "received" || subjectState(t, w, c) != "stopped" {
		t.Errorf("the enquiry is %s, the case %s", state, subjectState(t, w, c))
	}
	need(t, errOf(w.Cases.OpenRecord(ctx, w.CaseWorker, intermediary.NewRecord{Adopted: c.Adopted, Intake: in})))
}

// An approach that is under way when the enquiry of the person whom it is to reach is
// written on their record: it comes before, or there is none.
func TestRace_AnEnquiryAndAnApproach(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	take := func(in string, c intermediarytest.Case) error {
		return errOf(w.Cases.OpenRecord(ctx, w.Colleague, intermediary.NewRecord{Adopted: c.Adopted, Intake: in}))
	}
	for place, late := range map[string]bool{"approach": false, "approach locked": true} {
		c := w.Ready(t, "REL>AP")
		in := enquires(t, w, "wish", "veto") // the row did not hold anything back until it was read
		slow := func(s *intermediary.Service) error { return s.Approach(ctx, w.CaseWorker, approach(c.Subject)) }
		run := overtake
		if late {
			run = hold
		}
		slowErr, fastErr := run(t, w, place, slow, func() error { return take(in, c) })
		need(t, fastErr)
		if made := count(t, w, `select count(*) from step where subject_id = $1`, string(c.Subject)); late != (slowErr == nil) || late != (made == 1) {
			t.Errorf("%s: %v, %d approaches", place, slowErr, made)
		}
		if late && placeInLog(t, w, `select leaf from step where subject_id = $1`, string(c.Subject)) >= placeInLog(t, w, `select leaf from stop where adopted_id = $1`, string(c.Adopted)) {
			t.Error("the approach is in the log behind the stop")
		}
		wants(t, "another approach", w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)
	}
}

// A change of a veto at the moment of an approach that it let through: a stricter one
// comes before the approach or after it, never with it.
func TestRace_AChangeAndAnApproach(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	for place, late := range map[string]bool{"approach": false, "approach locked": true} {
		id := openRecord(t, w, intermediarytest.Adopted())
		register(t, w, id, intermediary.VetoQualified, "only his mother")
		n := intermediarytest.NewCase("REL>AP")
		n.Adopted, n.AdoptedPerson = id, intermediary.Particulars{}
		c := w.OpenCase(t, n) // under a veto of which nobody has said that it is met
		w.Prepare(t, c, "REL>AP")
		w.State(t, string(c.ID), "qualified=met")
		need(t, w.Cases.Resume(ctx, w.Manager, string(c.Subject), "it is his mother"))
		w.State(t, string(c.Subject), "approp=yes")
		change := notice(id, intermediary.VetoAbsolute)
		change.Was, change.Direction = 1, "strengthen"
		run := overtake
		if late {
			run = hold
		}
		slowErr, fastErr := run(t, w, place, func(s *intermediary.Service) error { return s.Approach(ctx, w.CaseWorker, approach(c.Subject)) },
			func() error { return errOf(w.Cases.AmendVeto(ctx, w.Colleague, change)) })
		need(t, fastErr)
		made := count(t, w, `select count(*) from step where subject_id = $1`, string(c.Subject))
		if late != (slowErr == nil) || late != (made == 1) || subjectState(t, w, c) != "stopped" {
			t.Errorf("%s: %v, %d approaches, and the case is %s", place, slowErr, made, subjectState(t, w, c))
		}
		if late && placeInLog(t, w, `select leaf from step where subject_id = $1`, string(c.Subject)) >= placeInLog(t, w, `select leaf from veto where adopted_id = $1 and version = 2`, string(id)) {
			t.Error("the approach is in the log behind the stricter veto")
		}
	}
}
