package intermediary_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

// openRecord opens the record of somebody without a case.
func openRecord(t *testing.T, w *intermediarytest.World, who intermediary.Particulars) intermediary.AdoptedID {
	t.Helper()
	id, err := w.Cases.OpenRecord(t.Context(), w.CaseWorker, intermediary.NewRecord{Person: who, Distinct: true})
	need(t, err)
	return id
}

// enquires has an enquiry come in, which says in clear what it is for.
func enquires(t *testing.T, w *intermediarytest.World, purpose, sealed string) string {
	t.Helper()
	ctx := t.Context()
	token, err := w.Files.BeginIntake(ctx, w.Home.ID, accounttest.From())
	need(t, err)
	in, err := w.Files.LoadIntake(ctx, w.Home.ID, token)
	need(t, err)
	in.Answers = nerys()
	if in.Answers.Purpose = sealed; sealed == "wish" {
		in.Answers.Wish = "noContactAll"
	}
	in.Shown = "2026-11-22.en"
	need(t, w.Files.SaveIntake(ctx, w.Home.ID, token, in))
	_, err = w.Files.SendIntake(ctx, w.Home.ID, token, in.Version+1, in.Shown)
	need(t, err)
	id := text(t, w, `select id from intake i where state = 'received' order by (select b.idx from audit_body b where b.agency_id = i.agency_id and b.leaf = i.leaf) desc limit 1`)
	behind(t, w.Rows, `update intake set purpose = $1 where id = $2`, purpose, id)
	return id
}

func standingStops(t *testing.T, w *intermediarytest.World, of intermediary.AdoptedID) int {
	t.Helper()
	return count(t, w, `select count(*) from stop where adopted_id = $1 and ended_by is null`, string(of))
}

// A record stands without an application, with what follows from who it is about;
// the same click again is the same record, and a second record of somebody who is
// known is opened only by who has looked.
func TestOpenRecord(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	n := intermediary.NewRecord{ID: intermediary.NewAdoptedID(), Person: intermediarytest.Adopted()}
	for range 2 {
		id, err := w.Cases.OpenRecord(ctx, w.CaseWorker, n)
		need(t, err)
		if id != n.ID {
			t.Fatalf("opened as %s", id)
		}
	}
	if got := count(t, w, `select count(*) from adopted`); got != 1 {
		t.Errorf("%d records by two clicks", got)
	}
	r, err := w.Cases.Record(ctx, w.Colleague, n.ID)
	need(t, err)
	if r.Adopted.Particulars.Name != "Jory Tregear" || len(r.Cases) != 0 || r.Veto != nil || r.Relative {
		t.Errorf("the record: %+v", r)
	}
	for name, want := range map[string]string{"order": "pre", "juris": "E", "apAge": "ge18", "interviewRequired": "no"} {
		if got := counts(r.Adopted.Facts, name); got != want {
			t.Errorf("%s is %q, want %s", name, got, want)
		}
	}
	again := intermediary.NewRecord{Person: intermediarytest.Adopted()}
	_, err = w.Cases.OpenRecord(ctx, w.CaseWorker, again)
	wants(t, "a second record", err, fault.Conflict)
	again.Distinct = true
	if id, err := w.Cases.OpenRecord(ctx, w.CaseWorker, again); err != nil || id == n.ID {
		t.Errorf("somebody else: %s, %v", id, err)
	}
	list, err := w.Cases.RecordsWithoutCase(ctx, w.Manager, 0)
	if need(t, err); len(list.Records) != 2 || list.More || list.Records[0].Name != "Jory Tregear" || list.Records[0].Stopped || list.Records[0].Veto != "" {
		t.Errorf("the list: %+v", list)
	}
	found, err := w.Cases.RecordsLike(ctx, w.CaseWorker, intermediarytest.Adopted())
	if need(t, err); len(found) != 2 {
		t.Errorf("%d records are like it", len(found))
	}
	for what, bad := range map[string]intermediary.NewRecord{
		"nobody's name":                {Person: intermediary.Particulars{Born: "1979"}},
		"a day that no calendar has":   {Person: intermediary.Particulars{Name: "Jory", Born: "1979-02-31"}},
		"a record without an enquiry":  {Adopted: n.ID},
		"an id of something else":      {ID: "ap" + n.ID[2:], Person: intermediarytest.Adopted()},
		"an enquiry that is none":      {Person: intermediarytest.Adopted(), Distinct: true, Intake: "inaaaaaaaaaaaaaaaaaaaa"},
		"a record that is none":        {Adopted: "adaaaaaaaaaaaaaaaaaaaa", Intake: enquires(t, w, "wish", "wish")},
		"an enquiry of another prefix": {Person: intermediarytest.Adopted(), Distinct: true, Intake: "x"},
	} {
		if _, err := w.Cases.OpenRecord(ctx, w.CaseWorker, bad); fault.KindOf(err) != fault.Invalid && fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: %v", what, err)
		}
	}
	for who, actor := range map[string]authz.Actor{"a manager": w.Manager, "a letterbox worker": w.World.Worker} {
		_, err := w.Cases.OpenRecord(ctx, actor, again)
		wants(t, who, err, fault.Forbidden)
	}
}

// What an enquiry became is sealed to the record, and it is taken with that and no
// other way; who asked for a veto goes on being protected, by a stop.
func TestOpenRecord_Intake(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	tests := map[string]struct {
		row, sealed string
		stops       int
	}{
		"a veto":                       {"veto", "veto", 1},
		"a wish":                       {"wish", "wish", 0},
		"a veto by the row alone":      {"veto", "wish", 1},
		"a veto by its words alone":    {"search", "veto", 1},
		"a wish, a search in clear":    {"search", "wish", 0},
		"a wish, from before purposes": {"wish", "", 0},
	}
	for name, tt := range tests {
		in := enquires(t, w, tt.row, tt.sealed)
		n := intermediary.NewRecord{ID: intermediary.NewAdoptedID(), Person: intermediary.Particulars{Name: "Nerys Holloway", Born: "1990-02", OrderDate: "1991-05-06", CourtCountry: "E"}, Distinct: true, Intake: in}
		for range 2 {
			_, err := w.Cases.OpenRecord(ctx, w.CaseWorker, n)
			need(t, err)
		}
		if tt.stops > 0 {
			if got := text(t, w, `select state from intake where id = $1`, in); got != "received" {
				t.Errorf("%s: nobody else has looked, and it is %s", name, got)
			}
			wants(t, name+": the same worker says that it is right", w.Cases.ConfirmRecord(ctx, w.CaseWorker, intermediary.IntakeID(in), n.ID), fault.Forbidden)
			for range 2 {
				need(t, w.Cases.ConfirmRecord(ctx, w.Colleague, intermediary.IntakeID(in), n.ID))
			}
		}
		if got := text(t, w, `select state from intake where id = $1`, in); got != "taken" || standingStops(t, w, n.ID) != tt.stops {
			t.Errorf("%s: %s, with %d stops", name, got, standingStops(t, w, n.ID))
		}
		if got := text(t, w, `select to_node || ' ' || kind from casework where id = $1 and part = 'became'`, in); got != "case/"+string(n.ID)+" note" {
			t.Errorf("%s: it became %s", name, got)
		}
		_, err := w.Cases.OpenRecord(ctx, w.Colleague, intermediary.NewRecord{Person: n.Person, Distinct: true, Intake: in})
		wants(t, name+", taken already", err, fault.Conflict)
		r, err := w.Cases.Record(ctx, w.Colleague, n.ID)
		need(t, err)
		if !slices.ContainsFunc(r.Written, func(r intermediary.Record) bool { return r.What == "became" && r.ID == in && !r.Unread }) {
			t.Errorf("%s: the record does not say where it came from", name)
		}
	}
}

// An enquiry about somebody whose record is there: a stop begins on it, also where a
// veto stands, since it may be another person's, and open cases and agencies that
// have asked are under it in the same act.
func TestOpenRecord_There(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	take := func(of intermediary.AdoptedID, purpose string) error {
		_, err := w.Cases.OpenRecord(ctx, w.CaseWorker, intermediary.NewRecord{Adopted: of, Intake: enquires(t, w, purpose, purpose)})
		return err
	}
	c := w.Ready(t, "REL>AP")
	need(t, take(c.Adopted, "wish"))
	if standingStops(t, w, c.Adopted) != 0 {
		t.Error("a wish has stopped something")
	}
	need(t, take(c.Adopted, "veto"))
	if standingStops(t, w, c.Adopted) != 1 || count(t, w, `select count(*) from evaluation where subject_id = $1 and row_id = 'a26a' and act = 'changed'`, string(c.Subject)) != 1 {
		t.Error("nobody was protected by it, or no case was asked anew")
	}
	wants(t, "an approach", w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)

	under := w.Open(t, "REL>AP")
	register(t, w, under.Adopted, intermediary.VetoAbsolute)
	need(t, take(under.Adopted, "veto"))
	if standingStops(t, w, under.Adopted) != 1 {
		t.Error("no stop under an absolute veto: nobody says yet that it is theirs")
	}
	some := openRecord(t, w, intermediarytest.Adopted())
	register(t, w, some, intermediary.VetoQualified, "only her sister")
	need(t, take(some, "veto"))
	if standingStops(t, w, some) != 1 {
		t.Error("no stop under a qualified veto")
	}

	list, err := w.Cases.RecordsWithoutCase(ctx, w.Colleague, 0)
	if need(t, err); len(list.Records) != 1 || list.Records[0].ID != some || !list.Records[0].Stopped || list.Records[0].Veto != intermediary.VetoQualified {
		t.Errorf("the list: %+v", list)
	}
	theirs := openRecord(t, w, intermediarytest.Adopted())
	behind(t, w.Rows, `insert into preference values ('`+w.Home.ID+`', 'pfaaaaaaaaaaaaaaaaaaaa', 1, $1, 2, 'contact', true, true, true, true, null, 'paper', $2, now(), sha256('x'))`, string(theirs), w.CaseLogin.ID)
	wants(t, "a veto on what a relative said", take(theirs, "veto"), fault.Conflict)
	need(t, take(theirs, "wish"))
	if list, err = w.Cases.RecordsWithoutCase(ctx, w.Colleague, 0); err != nil || len(list.Records) != 1 {
		t.Errorf("what a relative said is in the list: %+v, %v", list, err)
	}
	if r, err := w.Cases.Record(ctx, w.CaseWorker, theirs); err != nil || !r.Relative {
		t.Errorf("the record of a relative's entry: %+v, %v", r, err)
	}
}

// Nobody opens or sees the record of somebody whom they know, or of another agency.
func TestRecord_KeptOut(t *testing.T) {
	w := newEnquiries(t)
	ctx := t.Context()
	c := w.World.Open(t, "AP>REL")
	need(t, w.Cases.StateConnection(ctx, w.CaseWorker, intermediary.NewConnection{Application: c.ID, Worker: w.ColleagueLogin.ID, Why: "her cousin"}))
	in := enquires(t, w.World, "veto", "veto")
	for what, err := range map[string]error{
		"seeing it":              errOf(w.Cases.Record(ctx, w.Colleague, c.Adopted)),
		"writing an enquiry":     errOf(w.Cases.OpenRecord(ctx, w.Colleague, intermediary.NewRecord{Adopted: c.Adopted, Intake: in})),
		"opening another":        errOf(w.Cases.OpenRecord(ctx, w.Colleague, intermediary.NewRecord{Person: intermediarytest.Adopted()})),
		"looking for it":         errOf(w.Cases.RecordsLike(ctx, w.Colleague, intermediarytest.Adopted())),
		"seeing it as no worker": errOf(w.Cases.Record(ctx, w.World.World.Worker, c.Adopted)),
	} {
		wants(t, what, err, fault.Forbidden)
	}
	_, err := w.Cases.Record(ctx, w.elmWorker, c.Adopted)
	wants(t, "another agency", err, fault.NotFound)
	_, err = w.Cases.OpenRecord(ctx, w.elmWorker, intermediary.NewRecord{Adopted: c.Adopted, Intake: in})
	wants(t, "another agency's enquiry", err, fault.NotFound)
	if state := text(t, w.World, `select state from intake where id = $1`, in); state != "received" || standingStops(t, w.World, c.Adopted) != 0 {
		t.Errorf("the enquiry is %s", state)
	}
}

func errOf[T any](_ T, err error) error { return err }

// A worker who knows somebody whose record has no case says so there, and is kept
// out of it from then on; in the list it has no name for them.
func TestConnection_OnARecord(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	id := openRecord(t, w, intermediarytest.Adopted())
	wants(t, "of a colleague, without a reason", w.Cases.StateConnection(ctx, w.CaseWorker, intermediary.NewConnection{Adopted: id, Worker: w.ColleagueLogin.ID}), fault.Invalid)
	wants(t, "of nobody", w.Cases.StateConnection(ctx, w.CaseWorker, intermediary.NewConnection{Adopted: "adaaaaaaaaaaaaaaaaaaaa", Worker: w.ColleagueLogin.ID, Why: "her cousin"}), fault.NotFound)
	need(t, w.Cases.StateConnection(ctx, w.CaseWorker, intermediary.NewConnection{Adopted: id, Worker: w.ColleagueLogin.ID, Why: "her cousin"}))
	list, err := w.Cases.RecordConnections(ctx, w.CaseWorker, id)
	if need(t, err); len(list.List) != 1 || list.List[0].Worker != w.ColleagueLogin.ID || list.List[0].Why != "her cousin" || list.List[0].Unread {
		t.Errorf("who is kept out: %+v", list.List)
	}
	n := notice(id, intermediary.VetoAbsolute)
	for what, err := range map[string]error{
		"seeing it": errOf(w.Cases.Record(ctx, w.Colleague, id)), "a veto": errOf(w.Cases.RegisterVeto(ctx, w.Colleague, n)), "a stop": errOf(w.Cases.AskForStop(ctx, w.Colleague, string(id), "afraid")),
		"who she is": w.Cases.AmendParticulars(ctx, w.Colleague, string(id), 1, intermediarytest.Adopted()), "a fact": w.Cases.StateFact(ctx, w.Colleague, newFact(string(id), "apVital", "living")),
		"who is kept out": errOf(w.Cases.RecordConnections(ctx, w.Colleague, id)),
	} {
		wants(t, what, err, fault.Forbidden)
	}
	records, err := w.Cases.RecordsWithoutCase(ctx, w.Colleague, 0)
	if need(t, err); len(records.Records) != 1 || !records.Records[0].Connected || records.Records[0].Name != "" {
		t.Errorf("the list: %+v", records)
	}
	register(t, w, id, intermediary.VetoAbsolute)
}

// Somebody changed a row: what it became is not believed, and what does not open is marked.
func TestRecord_ChangedRows(t *testing.T) {
	w := intermediarytest.New(t)
	id := openRecord(t, w, intermediarytest.Adopted())
	register(t, w, id, intermediary.VetoAbsolute)
	in := enquires(t, w, "veto", "veto")
	behind(t, w.Rows, `update intake set sealed = sealed || 'x' where id = $1`, in)
	_, err := w.Cases.OpenRecord(t.Context(), w.CaseWorker, intermediary.NewRecord{Adopted: id, Intake: in})
	wants(t, "an enquiry that does not open", err, fault.Sealed)
	behind(t, w.Rows, `update casework set sealed = 'x' where id = $1 and part = 'veto'`, string(id))
	behind(t, w.Rows, `update fact set value = 'post' where on_id = $1 and name = 'order'`, string(id))
	r, err := w.Cases.Record(t.Context(), w.CaseWorker, id)
	need(t, err)
	if r.Veto == nil || !r.Veto.Unread || counts(r.Adopted.Facts, "order") != "" {
		t.Errorf("believed: %+v, order %q", r.Veto, counts(r.Adopted.Facts, "order"))
	}
}

// Two workers with one enquiry: one of them takes it, whichever comes first, and
// nothing of the other is left.
func TestRace_OpenRecord(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	tests := map[string]func(in string, of intermediary.AdoptedID) func(context.Context, *intermediary.Service) error{
		"the same enquiry on another record": func(in string, _ intermediary.AdoptedID) func(context.Context, *intermediary.Service) error {
			return func(ctx context.Context, s *intermediary.Service) error {
				return errOf(s.OpenRecord(ctx, w.Colleague, intermediary.NewRecord{Person: intermediarytest.Adopted(), Distinct: true, Intake: in}))
			}
		},
		"a colleague declines it, a wish": func(in string, _ intermediary.AdoptedID) func(context.Context, *intermediary.Service) error {
			return func(ctx context.Context, s *intermediary.Service) error {
				return s.DeclineIntake(ctx, w.Colleague, intermediary.IntakeID(in), "sent twice")
			}
		},
	}
	for name, rival := range tests {
		c := w.Open(t, "REL>AP")
		purpose := "veto"
		if strings.HasSuffix(name, "wish") { // a veto is a manager's to decline
			purpose = "wish"
		}
		in := enquires(t, w, purpose, purpose)
		cases := count(t, w, `select count(*) from adopted`)
		slow := func(s *intermediary.Service) error {
			return errOf(s.OpenRecord(ctx, w.CaseWorker, intermediary.NewRecord{Adopted: c.Adopted, Intake: in}))
		}
		slowErr, fastErr := overtake(t, w, "openRecord", slow, func() error { return rival(in, c.Adopted)(ctx, w.Cases) })
		need(t, fastErr)
		if f, ok := errors.AsType[*fault.Error](slowErr); !ok || f.Message != "fault.intake.moved" {
			t.Errorf("%s: the slower one: %v", name, slowErr)
		}
		if standingStops(t, w, c.Adopted) != 0 || count(t, w, `select count(*) from casework where id = $1`, in) != 1 || count(t, w, `select count(*) from adopted`) > cases+1 {
			t.Errorf("%s: something of the slower one is left", name)
		}
	}

	// A veto withdrawn in this moment protects nobody any more: the enquiry is read again.
	id := openRecord(t, w, intermediarytest.Adopted())
	register(t, w, id, intermediary.VetoAbsolute)
	in := enquires(t, w, "veto", "veto")
	n := notice(id, intermediary.VetoAbsolute)
	n.Was = 1
	slowErr, fastErr := overtake(t, w, "openRecord", func(s *intermediary.Service) error {
		return errOf(s.OpenRecord(ctx, w.CaseWorker, intermediary.NewRecord{Adopted: id, Intake: in}))
	}, func() error { return errOf(w.Cases.WithdrawVeto(ctx, w.Manager, n)) })
	need(t, fastErr)
	wants(t, "under a veto that has just ended", slowErr, fault.Conflict)
	need(t, errOf(w.Cases.OpenRecord(ctx, w.CaseWorker, intermediary.NewRecord{Adopted: id, Intake: in})))
	if standingStops(t, w, id) != 1 {
		t.Error("read again, and nobody is protected")
	}
}

// What OpenRecord does not do the database refuses, to whoever has the staff tier's
// role and writes the rows by hand.
func TestRecord_ByHand(t *testing.T) {
	w := newEnquiries(t)
	ctx := t.Context()
	c := w.World.Open(t, "AP>REL")
	need(t, w.Cases.StateConnection(ctx, w.CaseWorker, intermediary.NewConnection{Application: c.ID, Worker: w.ColleagueLogin.ID, Why: "her cousin"}))
	in := enquires(t, w.World, "veto", "veto")
	me, connected, letters, manager, elm := w.CaseWorker.Account(), w.Colleague.Account(), w.World.World.Worker.Account(), w.Manager.Account(), w.elmWorker.Account()
	const (
		open   = `insert into adopted (agency_id, id, opened_by) values ($1, 'adbbbbbbbbbbbbbbbbbbbb', $2)`
		became = `insert into casework (agency_id, id, part, version, kind, from_node, to_node, sealed, commit, leaf)
			select agency(), $1, 'became', 1, 'note', 'worker/' || account(), 'case/' || $2, 'x', leaf, leaf from audit_body where agency_id = agency() limit 1`
		stop = `insert into stop (agency_id, id, adopted_id, worker_id, at, leaf) select agency(), 'spaaaaaaaaaaaaaaaaaaaa', $1, account(), now(), leaf from audit_body where agency_id = agency() limit 1`
		veto = `insert into veto (agency_id, adopted_id, version, kind, in_force, worker_id, at, leaf)
			select agency(), $1, 1, 'absolute', true, account(), now(), leaf from audit_body where agency_id = agency() limit 1`
		take = `update intake set state = 'taken' where id = $1`
	)
	ad := string(c.Adopted)
	for name, tt := range map[string]struct {
		agency, account, sql string
		args                 []any
		want                 string // constraint or code
	}{
		"a record by a letterbox worker":                   {"oak", letters, open, []any{"oak", letters}, "casework_worker"},
		"a record by nobody":                               {"oak", "", open, []any{"oak", me}, "casework_worker"},
		"a record in a colleague's name":                   {"oak", me, open, []any{"oak", connected}, "casework_worker"},
		"a record of another agency":                       {"oak", me, open, []any{"elm", me}, "42501"},
		"a record by another agency's worker":              {"oak", elm, open, []any{"oak", elm}, "casework_worker"},
		"what it became, by a letterbox worker":            {"oak", letters, became, []any{in, ad}, "casework_worker"},
		"what it became, by a connected worker":            {"oak", connected, became, []any{in, ad}, "casework_connected"},
		"a stop by a letterbox worker":                     {"oak", letters, stop, []any{ad}, "casework_worker"},
		"a stop by a connected worker":                     {"oak", connected, stop, []any{ad}, "casework_connected"},
		"a stop on another agency's record":                {"elm", elm, stop, []any{ad}, "gate_adopted"},
		"a veto by a letterbox worker":                     {"oak", letters, veto, []any{ad}, "casework_worker"},
		"a veto by a connected worker":                     {"oak", connected, veto, []any{ad}, "casework_connected"},
		"a veto on another agency's record":                {"elm", elm, veto, []any{ad}, "gate_adopted"},
		"taken without a word of what it became":           {"oak", me, take, []any{in}, "intake_became"},
		"taken by a letterbox worker":                      {"oak", letters, take, []any{in}, "casework_worker"},
		"declined by a worker who is no manager":           {"oak", me, `update intake set state = 'declined' where id = $1`, []any{in}, "intake_manager"},
		"declined by a manager without reasons":            {"oak", manager, `update intake set state = 'declined' where id = $1`, []any{in}, "intake_became"},
		"called a search, so that it holds nothing back":   {"oak", me, `update intake set purpose = 'search' where id = $1`, []any{in}, "42501"},
		"no adopted person's any more":                     {"oak", me, `delete from adopted where id = $1`, []any{ad}, "42501"},
		"another agency takes it, and it is not there":     {"elm", elm, take, []any{in}, "none"},
		"a record with the stop, and nobody is refused it": {"oak", me, stop, []any{ad}, "none"},
	} {
		if got := w.refusal(tt.agency, tt.account, tt.sql, tt.args...); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	if state := text(t, w.World, `select state from intake where id = $1`, in); state != "received" {
		t.Errorf("the enquiry is %s", state)
	}
	need(t, errOf(w.Cases.OpenRecord(ctx, w.CaseWorker, intermediary.NewRecord{Adopted: c.Adopted, Intake: in})))
	for name, sql := range map[string]string{"what it became is changed": `update casework set to_node = 'case/adbbbbbbbbbbbbbbbbbbbb' where id = $1`, "what it became is gone": `delete from casework where id = $1`,
		"it waits again": `update intake set state = 'received' where id = $1`} {
		if got := w.refusal("oak", me, sql, in); got == "none" {
			t.Errorf("%s: nobody refuses it", name)
		}
	}
}
