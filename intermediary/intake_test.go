package intermediary_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/crypto/session"
	"gatepost/intermediary"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// information is a version of what people are shown.
const information = "2026-11-22.en"

// intakes is a world with an intermediary worker, and the service on both tiers.
type intakes struct {
	*accounttest.World
	t       *testing.T
	public  *intermediary.Service
	desk    *intermediary.Service
	worker  authz.Actor
	visitor netip.Addr
}

func newIntakes(t *testing.T) *intakes {
	t.Helper()
	w := &intakes{World: accounttest.NewWorld(t), t: t, visitor: accounttest.From()}
	w.public = intermediary.New(w.PublicDB, w.PublicAgencies, nil, w.Clock.Now, accounttest.Log(t)).WithStrangers(w.Public)
	w.desk = intermediary.New(w.StaffDB, w.StaffAgencies, w.StaffConfig.Index, w.Clock.Now, accounttest.Log(t)).WithCodes(w.Staff)
	_, w.worker = w.NewWorker(t, "Elowen Pask", authz.IntermediaryWorker)
	return w
}

func (w *intakes) begin() session.Token {
	w.t.Helper()
	token, err := w.public.BeginIntake(w.t.Context(), w.Home.ID, w.visitor)
	must(w.t, err)
	return token
}

func (w *intakes) load(token session.Token) intermediary.Intake {
	w.t.Helper()
	in, err := w.public.LoadIntake(w.t.Context(), w.Home.ID, token)
	must(w.t, err)
	return in
}

func (w *intakes) save(token session.Token, a intermediary.Answers) {
	w.t.Helper()
	in := w.load(token)
	in.Answers, in.Shown = a, information
	must(w.t, w.public.SaveIntake(w.t.Context(), w.Home.ID, token, in))
}

func (w *intakes) send(token session.Token) error {
	_, err := w.public.SendIntake(w.t.Context(), w.Home.ID, token, w.load(token).Version, information)
	return err
}

// sent is an enquiry that waits in the tray.
func (w *intakes) sent(a intermediary.Answers) (session.Token, intermediary.IntakeID) {
	w.t.Helper()
	token := w.begin()
	w.save(token, a)
	before := w.tray()
	must(w.t, w.send(token))
	for _, line := range w.tray() {
		if !contains(before, line.ID) {
			return token, line.ID
		}
	}
	w.t.Fatal("what was sent is not in the tray")
	return token, ""
}

func contains(list []intermediary.IntakeLine, id intermediary.IntakeID) bool {
	for _, l := range list {
		if l.ID == id {
			return true
		}
	}
	return false
}

func (w *intakes) tray() []intermediary.IntakeLine {
	w.t.Helper()
	list, err := w.desk.Intakes(w.t.Context(), w.worker)
	must(w.t, err)
	return list
}

// nerys is an adopted adult with answers to everything.
func nerys() intermediary.Answers {
	return intermediary.Answers{Who: "adopted", When: "pre", Where: "england", Seeks: []string{"contact", "birthRecord"}, Hopes: "To know why.",
		Name: "Nerys Holloway", Others: "Nerys Vane", Born: "1990-02", Address: "4 Heron Lane\nWeirbridge", Reach: []string{"email", "post"},
		Email: "nerys@mail.example.org", Safe: "Not by telephone.", BirthName: "Nerys Vane", AdoptedName: "Nerys Holloway", AdoptedWhere: "Weirbridge court",
		Sought: "My birth mother, Tamsin Vane.", Helper: "My friend Ossian.", Needs: []string{"largePrint"}, More: "Fourteen point."}
}

func wantKind(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	if got := fault.KindOf(err); got != want {
		t.Errorf("%s gives %q (%v), want %q", what, got, err, want)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// An enquiry is begun, saved, left, found again by its code, sent, and read by a
// worker with what they were told and shown.
func TestIntake(t *testing.T) {
	w, ctx := newIntakes(t), t.Context()
	token := w.begin()
	code := w.load(token).Code
	w.save(token, nerys())

	again, err := w.public.ResumeIntake(ctx, w.Home.ID, w.visitor, " "+strings.ToLower(code)+" ")
	must(t, err)
	in := w.load(again)
	if in.Sent || in.Code != code || fmt.Sprint(in.Answers) != fmt.Sprint(nerys()) {
		t.Errorf("the code opens %+v", in)
	}
	must(t, w.send(again))
	in = w.load(token)
	want := calendar.AddWorkingDays(calendar.Today(w.Clock.Now()), intermediary.Promise)
	if !in.Sent || !in.HearBy.Equal(want) || in.Code != "" || in.Answers.Name != "" {
		t.Errorf("after sending the code tells %+v", in)
	}

	tray := w.tray()
	if len(tray) != 1 || tray[0].Typed || !tray[0].HearBy.Equal(want) {
		t.Fatalf("the tray holds %+v", tray)
	}
	before := w.entries()
	read, err := w.desk.ReadIntake(ctx, w.worker, tray[0].ID)
	must(t, err)
	if read.Unread || fmt.Sprint(read.Answers) != fmt.Sprint(nerys()) || read.Shown != information || read.Row != "i01" ||
		read.Route != (intermediary.Route{Way: "service", Birth: "registrar"}) {
		t.Errorf("the worker reads %+v", read)
	}
	if n := w.entries() - before; n != 1 {
		t.Errorf("a reading makes %d entries of the log", n)
	}
}

func (w *intakes) entries() (n int) {
	w.t.Helper()
	must(w.t, w.Database.Admin().QueryRow(w.t.Context(), `select count(*) from audit_body`).Scan(&n))
	return n
}

// Nothing that somebody types stands in the database, as a draft or sent.
func TestIntake_Sealed(t *testing.T) {
	w := newIntakes(t)
	token := w.begin()
	w.save(token, nerys())
	code := strings.ReplaceAll(w.load(token).Code, "-", "")
	look := func(when string) {
		t.Helper()
		var row string
		must(t, w.Database.Admin().QueryRow(t.Context(), `select encode(convert_to(row(i.*)::text, 'utf8'), 'escape') || encode(i.sealed, 'escape') from intake i`).Scan(&row))
		for _, word := range []string{"Nerys", "Heron", "example.org", "Tamsin", code, "adopted"} {
			if strings.Contains(row, word) {
				t.Errorf("%s: the row says %q", when, word)
			}
		}
	}
	look("saved")
	must(t, w.send(token))
	look("sent")
}

// A code that nobody has, one that has run out and one that is mistyped tell
// nothing; what was declined tells what everything tells that was sent.
func TestIntake_Codes(t *testing.T) {
	w, ctx := newIntakes(t), t.Context()
	_, err := w.public.ResumeIntake(ctx, w.Home.ID, w.visitor, "7K3M-9Q2X-W4TB-8NDS")
	wantField(t, "a code that nobody has", err, "code", "fault.intake.unknown")
	_, err = w.public.ResumeIntake(ctx, w.Home.ID, w.visitor, "7K3M-9Q2X-W4TB-8NDT")
	wantField(t, "a mistyped code", err, "code", "fault.code.typing")

	first, id := w.sent(nerys())
	second, _ := w.sent(nerys())
	must(t, w.desk.DeclineIntake(ctx, w.worker, id, "Another agency holds this record."))
	if a, b := w.load(first), w.load(second); fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("declined tells %+v, waiting %+v", a, b)
	}
	if _, err := w.public.LoadIntake(ctx, w.Home.ID, session.NewToken()); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a cookie of nothing gives %v", err)
	}
	for range 20 {
		_, err = w.public.ResumeIntake(ctx, w.Home.ID, w.visitor, "7K3M-9Q2X-W4TB-8NDS")
	}
	wantKind(t, "the twenty-first wrong code of a network", err, fault.Busy)
}

func wantField(t *testing.T, what string, err error, field, message string) {
	t.Helper()
	f, ok := err.(*fault.Error)
	if !ok || f.Field != field || f.Message != message {
		t.Errorf("%s gives %v, want %s on %q", what, err, message, field)
	}
}

// What nobody came back for goes, and its code finds nothing.
func TestIntake_RunsOut(t *testing.T) {
	w, ctx := newIntakes(t), t.Context()
	token := w.begin()
	code := w.load(token).Code
	_, err := w.Database.Admin().Exec(ctx, `update intake set expires_on = current_date - 1`)
	must(t, err)
	for _, when := range []string{"a code that has run out", "the same after others have begun"} {
		_, err = w.public.ResumeIntake(ctx, w.Home.ID, w.visitor, code)
		wantField(t, when, err, "code", "fault.intake.unknown")
		w.begin() // sweeps
	}
	var n int
	must(t, w.Database.Admin().QueryRow(ctx, `select count(*) from intake`).Scan(&n))
	if n != 2 {
		t.Errorf("there are %d enquiries: what has run out was not swept", n)
	}
}

func TestIntake_Refused(t *testing.T) {
	w, ctx := newIntakes(t), t.Context()
	token := w.begin()
	save := func(change func(*intermediary.Intake)) error {
		in := w.load(token)
		in.Answers, in.Shown = nerys(), information
		change(&in)
		return w.public.SaveIntake(ctx, w.Home.ID, token, in)
	}
	for field, change := range map[string]func(*intermediary.Intake){
		"who":           func(in *intermediary.Intake) { in.Answers.Who = "judge" },
		"purpose":       func(in *intermediary.Intake) { in.Answers.Purpose = "revenge" },
		"kind":          func(in *intermediary.Intake) { in.Answers.Kind = "relative" },
		"wish":          func(in *intermediary.Intake) { in.Answers.Wish = string(intermediary.WishNoContact) }, // a relative's
		"circumstances": func(in *intermediary.Intake) { in.Answers.Circumstances = strings.Repeat("x", intermediary.MaxLong+1) },
		"seeks":         func(in *intermediary.Intake) { in.Answers.Seeks = []string{"contact", "contact"} },
		"born":          func(in *intermediary.Intake) { in.Answers.Born = "1990-02-30" },
		"name":          func(in *intermediary.Intake) { in.Answers.Name = strings.Repeat("x", 401) },
		"sought":        func(in *intermediary.Intake) { in.Answers.Sought = strings.Repeat("x", intermediary.MaxLong+1) },
	} {
		if err := save(change); fault.KindOf(err) != fault.Invalid || !strings.Contains(fmt.Sprint(fields(err)), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	wantKind(t, "an older version", save(func(in *intermediary.Intake) { in.Version-- }), fault.Conflict)

	for name, change := range map[string]func(*intermediary.Intake){
		"no name":           func(in *intermediary.Intake) { in.Answers.Name = " " },
		"no way":            func(in *intermediary.Intake) { in.Answers.Reach = nil },
		"mail without mail": func(in *intermediary.Intake) { in.Answers.Email = "nerys" },
		"post without one":  func(in *intermediary.Intake) { in.Answers.Address = "" },
		"a veto of family": func(in *intermediary.Intake) {
			in.Answers.Purpose, in.Answers.Who = intermediary.PurposeVeto, intermediary.WhoRelative
		},
		"a wish of nothing": func(in *intermediary.Intake) { in.Answers.Purpose = intermediary.PurposeWish },
		"not informed":      func(in *intermediary.Intake) { in.Shown = "" },
		"informed long ago": func(in *intermediary.Intake) { in.Shown = "2020-01-01.en" },
	} {
		must(t, save(change))
		wantKind(t, name, w.send(token), fault.Invalid)
	}
	must(t, save(func(*intermediary.Intake) {}))
	version := w.load(token).Version
	_, err := w.public.SendIntake(ctx, w.Home.ID, token, version-1, information)
	wantKind(t, "what was not checked", err, fault.Conflict)
	must(t, w.send(token))
	_, err = w.public.SendIntake(ctx, w.Home.ID, token, version, information)
	wantKind(t, "sent again", err, fault.Conflict)
	wantKind(t, "saved after sending", save(func(*intermediary.Intake) {}), fault.Conflict)
}

func fields(err error) (list []string) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			list = append(list, fields(one)...)
		}
		return list
	}
	if f, ok := err.(*fault.Error); ok {
		list = append(list, f.Field)
	}
	return list
}

// Two windows save at once, or one saves while the other sends: one of them is
// told to look again, and nothing is lost without a word.
func TestIntake_Race(t *testing.T) {
	w, ctx := newIntakes(t), t.Context()
	token := w.begin()
	w.save(token, nerys())
	in := w.load(token)
	late := w.public.Stalled(func(at string) {
		if at == "keep intake" || at == "send intake" {
			other := in
			other.Answers.Hopes = "The other window."
			must(t, w.public.SaveIntake(ctx, w.Home.ID, token, other))
		}
	})
	wantKind(t, "the later saving", late.SaveIntake(ctx, w.Home.ID, token, in), fault.Conflict)
	in = w.load(token)
	_, err := late.SendIntake(ctx, w.Home.ID, token, in.Version, information)
	wantKind(t, "sending what was changed", err, fault.Conflict)
	if got := w.load(token); got.Sent || got.Answers.Hopes != "The other window." {
		t.Errorf("what is kept is %+v", got)
	}
}

// Who writes rows opens no enquiry, passes none off as another, and takes
// nothing back from the intake.
func TestIntake_RowWriter(t *testing.T) {
	w := newIntakes(t)
	for name, change := range map[string]string{
		"another's text":    `update intake i set sealed = o.sealed from intake o where i.id = '%[1]s' and o.id = '%[2]s'`,
		"another version":   `update intake set version = version + 1 where id = '%[1]s'`,
		"another id":        `update intake set id = 'in' || translate(substr(id, 3), '234567abcdef', '765432fedcba') where id = '%[1]s'`,
		"a text of nothing": `update intake set sealed = 'x' where id = '%[1]s'`,
	} {
		token, other := w.begin(), w.begin()
		w.save(token, nerys())
		w.save(other, nerys())
		w.untriggered(fmt.Sprintf(change, w.idOf(token), w.idOf(other)))
		_, err := w.public.LoadIntake(t.Context(), w.Home.ID, token)
		wantKind(t, name, err, fault.Sealed)
	}
	for name, change := range map[string]string{
		"another's text":           `update intake i set sealed = o.sealed from intake o where i.id = '%[1]s' and o.id = '%[2]s'`,
		"another's statement":      `update intake i set leaf = o.leaf from intake o where i.id = '%[1]s' and o.id = '%[2]s'`,
		"another's row":            `update intake i set sealed = o.sealed, leaf = o.leaf, commit = o.commit from intake o where i.id = '%[1]s' and o.id = '%[2]s'`,
		"as if a worker had typed": `update intake set by_worker = (select id from worker where 'intermediaryWorker' = any(roles)) where id = '%[1]s'`,
	} {
		_, id := w.sent(nerys())
		_, other := w.sent(nerys())
		w.untriggered(fmt.Sprintf(change, id, other))
		read, err := w.desk.ReadIntake(t.Context(), w.worker, id)
		must(t, err)
		if !read.Unread || read.Answers.Name != "" {
			t.Errorf("sent, %s: the worker reads %+v", name, read)
		}
	}
}

// idOf is the id of an enquiry that was begun.
func (w *intakes) idOf(token session.Token) (id string) {
	w.t.Helper()
	of := token.RowID()
	must(w.t, w.Database.Admin().QueryRow(w.t.Context(), `select id from intake where code = $1`, of[:]).Scan(&id))
	return id
}

func (w *intakes) untriggered(sql string) {
	w.t.Helper()
	_, err := w.Database.Admin().Exec(w.t.Context(), `set session_replication_role = replica; `+sql+`; set session_replication_role = origin`)
	must(w.t, err)
}

// An intake's key that the registrar did not vouch for gets nothing.
func TestIntake_KeyOfSomebodyElse(t *testing.T) {
	w := newIntakes(t)
	token := w.begin()
	w.save(token, nerys())
	w.untriggered(`update node set recipient = (select recipient from node where id = 'safeguarding') where id = 'intake'`)
	wantKind(t, "sending", w.send(token), fault.Sealed)
	if w.load(token).Sent {
		t.Error("it was sent all the same")
	}
}

// Only intermediary workers see the tray.
func TestIntakes_Who(t *testing.T) {
	w, ctx := newIntakes(t), t.Context()
	_, id := w.sent(nerys())
	for name, actor := range map[string]authz.Actor{"a letterbox worker": w.Worker, "a manager": w.Manager} {
		_, err := w.desk.Intakes(ctx, actor)
		wantKind(t, name+" lists", err, fault.Forbidden)
		_, err = w.desk.ReadIntake(ctx, actor, id)
		wantKind(t, name+" reads", err, fault.Forbidden)
		wantKind(t, name+" declines", w.desk.DeclineIntake(ctx, actor, id, "No."), fault.Forbidden)
		wantKind(t, name+" types in", w.desk.EnterIntake(ctx, actor, intermediary.EnteredIntake{ID: intermediary.NewIntakeID(), Came: w.Clock.Now(), Answers: nerys()}), fault.Forbidden)
	}
	_, err := w.desk.ReadIntake(ctx, w.worker, intermediary.NewIntakeID())
	wantKind(t, "one that is not there", err, fault.NotFound)
	_, err = w.desk.ReadIntake(ctx, w.worker, intermediary.IntakeID(w.idOf(w.begin())))
	wantKind(t, "one that was not sent", err, fault.NotFound)
}

// A worker declines once, with reasons that colleagues read.
func TestDeclineIntake(t *testing.T) {
	w, ctx := newIntakes(t), t.Context()
	_, id := w.sent(nerys())
	wantKind(t, "without reasons", w.desk.DeclineIntake(ctx, w.worker, id, " "), fault.Invalid)
	must(t, w.desk.DeclineIntake(ctx, w.worker, id, "Another agency holds this record."))
	wantKind(t, "again", w.desk.DeclineIntake(ctx, w.worker, id, "Once more."), fault.Conflict)
	if len(w.tray()) != 0 {
		t.Error("it is in the tray still")
	}
	read, err := w.desk.ReadIntake(ctx, w.worker, id)
	must(t, err)
	if read.State != "declined" || read.Reasons != "Another agency holds this record." || read.Answers.Name != "Nerys Holloway" {
		t.Errorf("it reads %+v", read)
	}
	wantKind(t, "one that is not there", w.desk.DeclineIntake(ctx, w.worker, intermediary.NewIntakeID(), "No."), fault.NotFound)
}

// What came by telephone or on paper is typed in once and stands in the tray by
// the day on which it came.
func TestEnterIntake(t *testing.T) {
	w, ctx := newIntakes(t), t.Context()
	e := intermediary.EnteredIntake{ID: intermediary.NewIntakeID(), Came: calendar.Today(w.Clock.Now()).AddDate(0, 0, -7), Shown: information, Answers: nerys()}
	must(t, w.desk.EnterIntake(ctx, w.worker, e))
	must(t, w.desk.EnterIntake(ctx, w.worker, e)) // the other one of two clicks
	tray := w.tray()
	if len(tray) != 1 || !tray[0].Typed || tray[0].ID != e.ID || !tray[0].HearBy.Equal(calendar.AddWorkingDays(e.Came, intermediary.Promise)) || !tray[0].Amber {
		t.Fatalf("the tray holds %+v", tray)
	}
	read, err := w.desk.ReadIntake(ctx, w.worker, e.ID)
	must(t, err)
	if fmt.Sprint(read.Answers) != fmt.Sprint(nerys()) || read.Shown != information || read.Row != "i01" {
		t.Errorf("it reads %+v", read)
	}
	for name, change := range map[string]func(*intermediary.EnteredIntake){
		"tomorrow":      func(e *intermediary.EnteredIntake) { e.Came = e.Came.AddDate(0, 0, 8) },
		"long ago":      func(e *intermediary.EnteredIntake) { e.Came = e.Came.AddDate(-2, 0, 0) },
		"without a way": func(e *intermediary.EnteredIntake) { e.Answers.Reach = nil },
		"a veto":        func(e *intermediary.EnteredIntake) { e.Answers.Purpose = intermediary.PurposeVeto },
		"a wish": func(e *intermediary.EnteredIntake) {
			e.Answers.Purpose, e.Answers.Wish = intermediary.PurposeWish, string(intermediary.WishContactAll)
		},
	} {
		other := e
		other.ID = intermediary.NewIntakeID()
		change(&other)
		wantKind(t, name, w.desk.EnterIntake(ctx, w.worker, other), fault.Invalid)
	}
	w.Clock.Advance(30 * 24 * time.Hour)
	if tray = w.tray(); !tray[0].Late {
		t.Error("it is not late")
	}
}

// The families' role reaches no enquiry but through the code.
func TestIntake_PublicRole(t *testing.T) {
	w, ctx := newIntakes(t), t.Context()
	w.sent(nerys())
	conn := w.Database.Conn(postgres.RolePublic)
	_, err := conn.Exec(ctx, `select set_config('gatepost.agency', 'oak', false)`)
	must(t, err)
	for _, sql := range []string{`select id from intake`, `update intake set state = 'draft'`, `delete from intake`,
		`insert into intake (agency_id, id, code, state, sealed, expires_on) values ('oak', 'inx', sha256('x'), 'draft', 'x', current_date)`} {
		if _, err := conn.Exec(ctx, sql); sqlState(err) != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func sqlState(err error) string {
	if pg, ok := err.(*pgconn.PgError); ok {
		return pg.Code
	}
	return fmt.Sprint(err)
}
