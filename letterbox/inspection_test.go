package letterbox_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/checkpoint"
	"gatepost/internal/fault"
	"gatepost/internal/logbook"
	"gatepost/internal/postgres"
	"gatepost/letterbox"
)

// visit is a pair whose agency an inspector visits.
type visit struct {
	*team
	auditor   authz.Actor
	reference string
	keeper    *checkpoint.Keeper
}

func newVisit(t *testing.T) *visit {
	t.Helper()
	v := &visit{team: newTeam(t)}
	_, v.auditor = v.NewWorker(t, "Nia Bevan", authz.Auditor)
	list, err := v.Desk.Exchanges(t.Context(), v.Manager)
	must(t, err)
	v.reference = list[0].Reference
	v.keeper, err = checkpoint.NewKeeper(checkpoint.Config{DB: v.StaffDB, Agencies: v.StaffAgencies.All(), Folder: t.TempDir(), Now: v.Clock.Now, Log: accounttest.Log(t)})
	must(t, err)
	must(t, v.keeper.Start(t.Context()))
	return v
}

// inspects covers the log and gives what the auditor sees of the case.
func (v *visit) inspects() letterbox.CaseRecord {
	v.t.Helper()
	must(v.t, v.keeper.Checkpoint(v.t.Context(), v.Home.ID))
	r, err := v.Desk.InspectCase(v.t.Context(), v.auditor, " "+strings.ToLower(v.reference))
	must(v.t, err)
	return r
}

// entries are those that say what.
func entries(r letterbox.CaseRecord, what string) (list []letterbox.CaseEntry) {
	for _, e := range r.Entries {
		if e.What == what {
			list = append(list, e)
		}
	}
	return list
}

// One case in times, roles and decisions: when, what, by whom, on what it
// rests, within how many working days, and under which checkpoint.
func TestInspectCase(t *testing.T) {
	v := newVisit(t)
	letter := v.send("The heron stood in the rain.")
	must(t, v.Desk.Claim(t.Context(), v.owen, letter))
	_, err := v.Desk.Read(t.Context(), v.owen, letter)
	must(t, err)
	must(t, v.Desk.TakeAway(t.Context(), v.Manager, letter))
	v.pass(letter)
	_, err = v.Families.Open(t.Context(), v.adoptive, v.came())
	must(t, err)
	v.send("A second one.")
	r := v.inspects()

	if r.Reference != v.reference || r.Bad != 0 || r.Size == 0 || r.Root == "" || r.More {
		t.Errorf("the record is of %s, %d bad, %d covered, more %v", r.Reference, r.Bad, r.Size, r.More)
	}
	if len(r.Letters) != 2 || len(r.Letters[0].Turns) != 1 || r.Letters[1].Turns[0].Decision != "" {
		t.Fatalf("the letters are %+v", r.Letters)
	}
	first := r.Letters[0]
	if turn := first.Turns[0]; turn.Decision != "approve" || turn.Days != 0 || turn.Late || turn.By.Worker == "" ||
		!slices.Equal(turn.By.Roles, []authz.Role{authz.LetterboxWorker}) || first.PassedOn.IsZero() || first.Opened.IsZero() {
		t.Errorf("the first letter is %+v", first)
	}
	received, approved, passed := entries(r, "received"), entries(r, "approved"), entries(r, "passedOn")
	if len(received) != 2 || len(approved) != 1 || len(passed) != 1 {
		t.Fatalf("%d received, %d approved, %d passed on", len(received), len(approved), len(passed))
	}
	if !slices.Equal(passed[0].Rests, []int64{received[0].Index, approved[0].Index}) {
		t.Errorf("the delivery rests on %v, want %d and %d", passed[0].Rests, received[0].Index, approved[0].Index)
	}
	read, opened, changed := entries(r, "read"), entries(r, "opened"), entries(r, "changedHands")
	if len(read) != 2 || read[0].By[0].Worker == read[1].By[0].Worker || !read[0].Hour || read[0].At.Minute() != 0 {
		t.Errorf("the readings are %+v", read)
	}
	if approved[0].By[0].Worker != read[1].By[0].Worker {
		t.Error("who decided is not who read it last")
	}
	if len(opened) != 1 || opened[0].By[0].Kind != "door" || opened[0].Letter != 1 {
		t.Errorf("the opening is %+v", opened)
	}
	if len(changed) != 1 || !slices.Equal(changed[0].By[0].Roles, []authz.Role{authz.Manager}) {
		t.Errorf("the take-over is %+v", changed)
	}
	if side := entries(r, "sideKeyGiven"); len(side) == 0 || side[len(side)-1].To.Kind != "person" {
		t.Errorf("the sides' keys are %+v", side)
	}
	for _, e := range r.Entries {
		if e.What == "" || e.What == "other" || e.What == "casework" {
			t.Errorf("entry %d says %q", e.Index, e.What)
		}
		if !e.Covered && e.Index < r.Size {
			t.Errorf("entry %d is not proved", e.Index)
		}
	}
	// The look itself is the newest entry: no checkpoint covers it yet.
	if looked := entries(r, "inspected"); len(looked) != 1 || looked[0].Covered || r.Waiting != 1 || !slices.Equal(looked[0].By[0].Roles, []authz.Role{authz.Auditor}) {
		t.Errorf("the look is %+v, %d wait", looked, r.Waiting)
	}
}

func TestInspectCase_Late(t *testing.T) {
	v := newVisit(t)
	letter := v.send("The heron stood in the rain.")
	for day := calendar.AddWorkingDays(calendar.Today(v.Clock.Now()), agency.DefaultPromise+2); calendar.Today(v.Clock.Now()).Before(day); {
		v.Clock.Advance(24 * time.Hour)
	}
	if turn := v.inspects().Letters[0].Turns[0]; turn.Days < agency.DefaultPromise+1 || !turn.Late || !turn.On.IsZero() {
		t.Errorf("a letter that waits is %+v", turn)
	}
	v.Worker = v.anew(&v.WorkerLogin)
	v.pass(letter)
	if turn := v.inspects().Letters[0].Turns[0]; !turn.Late || turn.On.IsZero() {
		t.Errorf("a late decision is %+v", turn)
	}
}

// Who may look, at what, and that the look is in the log before anything is shown.
func TestInspectCase_Refused(t *testing.T) {
	v := newVisit(t)
	ctx := t.Context()
	looks := func() int {
		return v.count(`select count(*) from audit_body where position(convert_to(E'\npart inspection\n', 'UTF8') in body) > 0`)
	}
	see := func(a authz.Actor, reference string) error {
		_, err := v.Desk.InspectCase(ctx, a, reference)
		return err
	}
	wantKind(t, "a letterbox worker", see(v.Worker, v.reference), fault.Forbidden)
	wantKind(t, "no reference", see(v.auditor, "7K2QF"), fault.Invalid)
	wantKind(t, "no case of ours", see(v.auditor, "LB-00000"), fault.NotFound)
	if n := looks(); n != 0 {
		t.Errorf("%d looks were stated that were none", n)
	}
	must(t, see(v.Manager, v.reference))
	must(t, see(v.auditor, v.reference))
	if n := looks(); n != 2 {
		t.Errorf("%d looks are in the log, want 2", n)
	}
	// Without a place in the log nothing is shown. (A second look in one hour is the same statement.)
	v.Clock.Advance(time.Hour)
	v.Exec(t, `create function full_log() returns trigger language plpgsql as $$ begin raise exception 'full'; end $$`)
	v.Exec(t, `create trigger full_log before insert on audit_body for each row execute function full_log()`)
	if r, err := v.Desk.InspectCase(ctx, v.auditor, v.reference); err == nil || len(r.Entries) != 0 {
		t.Errorf("a look that is not in the log shows %d entries", len(r.Entries))
	}
	if file, err := v.Desk.ProveCase(ctx, v.auditor, v.reference); err == nil || file != nil {
		t.Error("a look that is not in the log gives proofs")
	}
	v.Exec(t, `drop trigger full_log on audit_body`)
	v.Manager = v.anew(&v.ManagerLogin)
	must(t, v.Desk.Connect(ctx, v.Manager, v.exchange))
	wantKind(t, "a manager who knows the family", see(v.anew(&v.ManagerLogin), v.reference), fault.Forbidden)
}

func TestInspectCase_OtherAgency(t *testing.T) {
	p := pairIn(t, accounttest.NewTwoAgencies(t))
	list, err := p.Desk.Exchanges(t.Context(), p.Manager)
	must(t, err)
	_, other := p.Open(t, "elm")
	wantKind(t, "another agency's manager", second(p.Desk.InspectCase(t.Context(), other, list[0].Reference)), fault.NotFound)
	wantKind(t, "and the proofs", second(p.Desk.ProveCase(t.Context(), other, list[0].Reference)), fault.NotFound)
	if in, err := p.Desk.Inspection(t.Context(), other); err != nil || len(in.Cases) != 0 {
		t.Errorf("their list shows %+v, %v", in.Cases, err)
	}
}

// A restricted case looks like any other, and an auditor holds no key of any.
func TestInspectCase_Restricted(t *testing.T) {
	v := newVisit(t)
	v.pass(v.send("The heron stood in the rain."))
	before := len(v.inspects().Entries)
	v.Manager = v.anew(&v.ManagerLogin)
	v.restrict()
	r := v.inspects()
	if len(r.Entries) <= before || r.Bad != 0 || len(r.Letters) != 1 || len(entries(r, "caseKeyTaken")) == 0 {
		t.Errorf("%d entries, %d bad, %d letters", len(r.Entries), r.Bad, len(r.Letters))
	}
	if epochs := v.opens(v.auditor); len(epochs) != 0 {
		t.Errorf("the auditor's keys open the case: %v", epochs)
	}
	for line := range strings.Lines(string(v.auditor.Keys().Marshal())) {
		name, _, _ := strings.Cut(line, " ")
		if strings.HasPrefix(name, "team/") || strings.HasPrefix(name, "case/") || strings.HasPrefix(name, "side/") || strings.HasPrefix(name, "directory") || strings.HasPrefix(name, "safeguarding") {
			t.Errorf("an auditor's session holds %s", name)
		}
	}
}

// An entry that nobody signed as its event asks for is marked and counts for
// nothing; so is one that was exchanged since it was covered, and a delivery
// that rests on no approval.
func TestInspectCase_Forged(t *testing.T) {
	v := newVisit(t)
	v.pass(v.send("The heron stood in the rain."))
	good := v.inspects()
	var real []byte
	must(t, v.Database.Admin().QueryRow(t.Context(), `select body from audit_body where idx = $1`, entries(good, "passedOn")[0].Index).Scan(&real))
	appendBodies := func(bodies ...[]byte) {
		must(t, v.StaffDB.Act(t.Context(), postgres.Scope{Agency: v.Home.ID}, nil, func(b *pgx.Batch) error {
			audit.Append(b, bodies...)
			return nil
		}))
	}
	appendBodies(bytes.Replace(real, []byte("version 1\n"), []byte("version 2\n"), 1))
	signer, err := v.Worker.Keys().Signer()
	must(t, err)
	baseless, err := v.Home.State(statement.Statement{Event: statement.EventDeliver, Object: agency.NewID("dl"), Part: "text", Version: 1,
		Exchange: string(v.exchange), At: v.Clock.Now()}, "", signer)
	must(t, err)
	appendBodies(baseless)
	r, err := v.Desk.InspectCase(t.Context(), v.auditor, v.reference)
	must(t, err)
	wrong := map[string]int{}
	for _, e := range r.Entries {
		if e.Wrong != "" {
			wrong[e.Wrong]++
			if e.What != "" || len(e.By) != 0 || e.Letter != 0 {
				t.Errorf("an entry that does not count says %+v", e)
			}
		}
	}
	if r.Bad != 2 || wrong["unsigned"] != 1 || wrong["baseless"] != 1 || len(entries(r, "passedOn")) != 1 {
		t.Errorf("%d bad: %v, %d passed on", r.Bad, wrong, len(entries(r, "passedOn")))
	}

	// What the checkpoint covers was something else, also if it is signed.
	other, err := v.Home.State(statement.Statement{Event: statement.EventRecall, Object: agency.NewID("lt"), Part: "recall", Version: 1,
		Exchange: string(v.exchange), At: v.Clock.Now()}, "", signer)
	must(t, err)
	at := entries(good, "received")[0].Index
	v.untriggered(fmt.Sprintf(`update audit_body set body = '\x%x' where idx = %d`, other, at))
	r, err = v.Desk.InspectCase(t.Context(), v.auditor, v.reference)
	must(t, err)
	i := slices.IndexFunc(r.Entries, func(e letterbox.CaseEntry) bool { return e.Index == at })
	if e := r.Entries[i]; e.Wrong != "moved" || e.Covered || e.What != "" {
		t.Errorf("an exchanged entry is %+v", e)
	}
}

// However many entries somebody makes up about a case, the true ones are shown.
func TestInspectCase_Flooded(t *testing.T) {
	v := newVisit(t)
	v.pass(v.send("The heron stood in the rain."))
	good := v.inspects()
	v.untriggered(fmt.Sprintf(`insert into audit_body (agency_id, idx, body)
		select agency_id, (select max(idx) from audit_body) + n, convert_to(replace(convert_from(body, 'UTF8'), 'version 1', 'version ' || (n + 1)), 'UTF8')
		from audit_body, generate_series(1, %d) n where idx = %d`, letterbox.MaxInspected+100, entries(good, "received")[0].Index),
		`update audit_gate set next = (select max(idx) + 1 from audit_body)`)
	r, err := v.Desk.InspectCase(t.Context(), v.auditor, v.reference)
	must(t, err)
	for _, e := range good.Entries {
		if e.Covered && !slices.ContainsFunc(r.Entries, func(now letterbox.CaseEntry) bool { return now.Index == e.Index && now.What == e.What && now.Covered }) {
			t.Fatalf("entry %d, %s, is not shown", e.Index, e.What)
		}
	}
	if r.Bad != letterbox.MaxInspected+100 || r.More || len(r.Entries) < letterbox.MaxInspected || len(r.Letters) != 1 {
		t.Errorf("%d bad, more %v, %d entries, %d letters", r.Bad, r.More, len(r.Entries), len(r.Letters))
	}
}

// The file of proofs is checked without us, signatures and all.
func TestProveCase(t *testing.T) {
	v := newVisit(t)
	v.pass(v.send("The heron stood in the rain."))
	if _, err := v.Desk.ProveCase(t.Context(), v.Worker, v.reference); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("a letterbox worker: %v", err)
	}
	_, err := v.Families.Open(t.Context(), v.adoptive, v.came())
	must(t, err)
	seen := v.inspects()
	file, err := v.Desk.ProveCase(t.Context(), v.auditor, v.reference)
	must(t, err)
	proofs, err := logbook.ParseProofs(file)
	must(t, err)
	keys, err := logbook.ParseKeys([]byte(logbook.Keys{Agency: v.Home.ID}.Text(v.Home.Log, v.Home.Door, v.Home.Registrar, v.Home.System)))
	must(t, err)
	list, err := logbook.CheckProofs(proofs, keys)
	must(t, err)
	for _, e := range list {
		if !e.Signed || e.Under.Size != seen.Size {
			t.Errorf("entry %d, %s: signed %v, under %d", e.Index, e.Event, e.Signed, e.Under.Size)
		}
	}
	for _, e := range seen.Entries {
		if e.Covered && !slices.ContainsFunc(list, func(c logbook.Checked) bool { return c.Index == e.Index }) {
			t.Errorf("entry %d is not in the file", e.Index)
		}
	}
	says := func(what string) bool {
		return slices.ContainsFunc(proofs, func(p logbook.Proof) bool { return bytes.Contains(p.Body, []byte(what)) })
	}
	if says("heron") {
		t.Error("the file has a letter in it")
	}
	// As SECURITY.md and docs/inspection.md say.
	for _, id := range []string{v.adoptive.Account(), v.Worker.Account()} {
		if !says(id) {
			t.Errorf("the file does not name %s", id)
		}
	}
}

// Numbers, and none below five.
func TestInspection(t *testing.T) {
	v := newVisit(t)
	see := func() letterbox.Inspection {
		t.Helper()
		in, err := v.Desk.Inspection(t.Context(), v.auditor)
		must(t, err)
		return in
	}
	wantKind(t, "a letterbox worker", second(v.Desk.Inspection(t.Context(), v.Worker)), fault.Forbidden)
	for range letterbox.Few - 1 {
		v.pass(v.send("The heron stood in the rain."))
	}
	in := see()
	if in.Decided != -1 || in.Median != -1 || in.Ninetieth != -1 || in.Overdue != -1 || in.Refusals != -1 {
		t.Errorf("few letters are told: %+v", in)
	}
	for _, c := range in.Letters {
		if c.N != -1 {
			t.Errorf("%d letters are told as %s", c.N, c.State)
		}
	}
	v.pass(v.send("The heron stood in the rain."))
	in = see()
	if in.Decided != letterbox.Few || in.Median != 0 || in.Ninetieth != 0 || in.Overdue != -1 || in.Entries == 0 {
		t.Errorf("five letters are %+v", in)
	}
	if i := slices.IndexFunc(in.Letters, func(c letterbox.Counted) bool { return c.State == letterbox.Waiting }); in.Letters[i].N != letterbox.Few {
		t.Errorf("%+v wait", in.Letters[i])
	}
	if len(in.Cases) != 1 || in.Cases[0].Reference != v.reference {
		t.Errorf("the cases are %+v", in.Cases)
	}
}

func TestStated(t *testing.T) {
	list := letterbox.Stated()
	slices.Sort(list)
	if len(slices.Compact(list)) != len(letterbox.Stated()) || slices.Contains(list, "") {
		t.Errorf("the words are %v", list)
	}
}
