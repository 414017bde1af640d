package intermediary_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// overtaken does an act that stops at a place until another has been done.
func (w *enquiries) overtaken(place string, by func(), act func(*intermediary.Service) error) error {
	var once atomic.Bool
	return act(w.Cases.Stalled(func(at string) {
		if at == place && once.CompareAndSwap(false, true) {
			by()
		}
	}))
}

func (w *enquiries) words(id intermediary.EnquiryID) (n int) {
	w.t.Helper()
	must(w.t, w.admin.QueryRow(w.t.Context(), `select count(*) from enquiry_word where id = $1`, string(id)).Scan(&n))
	return n
}

func (w *enquiries) stateIn(id intermediary.EnquiryID) (state string) {
	w.t.Helper()
	must(w.t, w.admin.QueryRow(w.t.Context(), `select state from enquiry_in where id = $1`, string(id)).Scan(&state))
	return state
}

// Called off and answered in one moment: one of them wins, never both. So do one
// of two answers, and one of two who read an answer into the case.
func TestEnquiry_Races(t *testing.T) {
	w := newEnquiries(t)
	ctx := t.Context()
	ask := func() (intermediarytest.Case, intermediary.EnquiryID) {
		c := w.World.Open(t, "REL>AP")
		return c, w.ask(c)
	}
	callOff := func(id intermediary.EnquiryID) func(*intermediary.Service) error {
		return func(s *intermediary.Service) error {
			return s.CallOff(ctx, w.CaseWorker, id, "the applicant wants no more")
		}
	}
	answer := func(by authz.Actor, id intermediary.EnquiryID) func(*intermediary.Service) error {
		return func(s *intermediary.Service) error {
			return s.AnswerEnquiryIn(ctx, by, id, 0, "", says("none", ""))
		}
	}
	_, id := ask()
	err := w.overtaken("callOff", func() { must(t, answer(w.elmWorker, id)(w.Cases)) }, callOff(id))
	if kind(err) != fault.Conflict || w.stateIn(id) != "answered" {
		t.Errorf("called off behind an answer: %v, %s", err, w.stateIn(id))
	}
	must(t, w.Cases.PullReply(ctx, w.CaseWorker, id))

	_, id = ask()
	err = w.overtaken("answerEnquiry", func() { must(t, callOff(id)(w.Cases)) }, answer(w.elmWorker, id))
	if kind(err) != fault.Conflict || w.stateIn(id) != "called off" || w.words(id) != 0 {
		t.Errorf("answered behind a call-off: %v, %s", err, w.stateIn(id))
	}
	if err := w.Cases.TellProgress(ctx, w.elmWorker, id, 0, "still looking", time.Time{}); kind(err) != fault.Conflict {
		t.Errorf("progress of what nobody asks: %v", err)
	}
	if err := w.Cases.PullReply(ctx, w.CaseWorker, id); err != nil {
		t.Errorf("nothing to read: %v", err)
	}

	c, id := ask()
	err = w.overtaken("answerEnquiry", func() { must(t, answer(w.elmOther, id)(w.Cases)) }, answer(w.elmWorker, id))
	if kind(err) != fault.Conflict || w.words(id) != 1 {
		t.Errorf("two answers at once: %v, %d words", err, w.words(id))
	}
	pull := func(by authz.Actor) func(*intermediary.Service) error {
		return func(s *intermediary.Service) error { return s.PullReply(ctx, by, id) }
	}
	err = w.overtaken("pullReply", func() { must(t, pull(w.Colleague)(w.Cases)) }, pull(w.CaseWorker))
	if kind(err) != fault.Conflict || w.Version(t, string(c.ID), "vetoAnswer") != 1 {
		t.Errorf("two read one answer: %v, %d facts", err, w.Version(t, string(c.ID), "vetoAnswer"))
	}
}

// A veto that is registered while the same agency answers that there is none: no
// answer goes that the record does not give, and the veto finds its way to whoever
// asked (ISR 8(2); law.md d12).
func TestEnquiry_VetoIsPushed(t *testing.T) {
	w := newEnquiries(t)
	ctx := t.Context()
	c := w.Ready(t, "REL>AP")
	id := w.ask(c)
	n := intermediarytest.NewCase("AP>REL")
	_, err := w.Cases.OpenCase(ctx, w.elmWorker, n)
	must(t, err)
	var of string
	must(t, w.admin.QueryRow(ctx, `select adopted_id from application where id = $1`, string(n.ID)).Scan(&of))
	record := intermediary.AdoptedID(of)
	w.elmFact(of, "apVital", "living")
	was := 0
	register := func(kind string) error {
		_, err := w.Cases.RegisterVeto(ctx, w.elmWorker, w.notice(record, kind, was))
		return err
	}
	none := func(s *intermediary.Service) error {
		return s.AnswerEnquiryIn(ctx, w.elmWorker, id, 0, record, says("none", ""))
	}
	err = w.overtaken("answerEnquiry", func() { must(t, register("absolute")) }, none)
	if kind(err) != fault.Invalid || w.words(id) != 0 {
		t.Fatalf("an answer that the record does not give: %v, %d words", err, w.words(id))
	}
	was++
	_, err = w.Cases.WithdrawVeto(ctx, w.elmManager, w.notice(record, "absolute", was))
	must(t, err)
	was++
	_, err = w.Cases.Stalled(w.once("veto", func() { must(t, none(w.Cases)) })).RegisterVeto(ctx, w.elmWorker, w.notice(record, "absolute", was))
	if kind(err) != fault.Conflict {
		t.Fatalf("a veto that tells nobody: %v", err)
	}
	must(t, register("absolute"))
	if w.words(id) != 2 {
		t.Fatalf("%d words", w.words(id))
	}
	must(t, w.Cases.PullReply(ctx, w.CaseWorker, id))
	if w.fact(string(c.ID), "vetoAnswer") != "absolute" {
		t.Errorf("oak knows %q", w.fact(string(c.ID), "vetoAnswer"))
	}
}

// A stop that is asked for, or that a trace makes, tells whoever asked about that
// adopted person that nothing is known now, before they go on with an older answer.
// Nobody is told less than they know of an absolute veto, and a veto that is taken
// back while the stop stands gives no way on.
func TestEnquiry_StopIsPushed(t *testing.T) {
	w := newEnquiries(t)
	ctx := t.Context()
	c := w.Ready(t, "REL>AP")
	id := w.ask(c)
	n := intermediarytest.NewCase("AP>REL")
	_, err := w.Cases.OpenCase(ctx, w.elmWorker, n)
	must(t, err)
	var of, subject string
	must(t, w.admin.QueryRow(ctx, `select a.adopted_id, s.id from application a join subject s on s.application_id = a.id where a.id = $1`, string(n.ID)).Scan(&of, &subject))
	record := intermediary.AdoptedID(of)
	w.elmFact(of, "apVital", "living")
	none := func(s *intermediary.Service, was int) error {
		return s.AnswerEnquiryIn(ctx, w.elmWorker, id, was, record, says("none", ""))
	}
	row := func() string {
		t.Helper()
		a, err := w.Cases.Ask(ctx, w.CaseWorker, string(c.Subject))
		must(t, err)
		return a.Row
	}
	must(t, none(w.Cases, 0))
	must(t, w.Cases.PullReply(ctx, w.CaseWorker, id))
	if got := row(); got != "a32" {
		t.Fatalf("no veto, and the law says %s", got)
	}
	words := func(want int, after string) {
		t.Helper()
		if got := w.words(id); got != want {
			t.Fatalf("%s: %d words, want %d", after, got, want)
		}
	}
	// Answered in the moment of the stop: the stop waits for nobody, it is asked again.
	_, err = w.Cases.Stalled(w.once("stop", func() { must(t, none(w.Cases, 1)) })).AskForStop(ctx, w.elmWorker, of, "They are afraid.")
	if kind(err) != fault.Conflict {
		t.Fatalf("a stop that tells nobody: %v", err)
	}
	words(2, "a second answer")
	stop, err := w.Cases.AskForStop(ctx, w.elmWorker, of, "They are afraid.")
	must(t, err)
	words(3, "a stop")
	if got := row(); got == "a32" {
		t.Error("who asked goes on with an older answer before they read the new one")
	}
	must(t, w.Cases.PullReply(ctx, w.CaseWorker, id))
	if got := w.fact(string(c.ID), "vetoAnswer"); got != "unknown" {
		t.Errorf("oak knows %q", got)
	}
	must(t, w.Cases.EndStop(ctx, w.elmManager, stop, "They are safe."))
	must(t, none(w.Cases, 3))
	must(t, w.Cases.PullReply(ctx, w.CaseWorker, id))
	words(4, "an answer anew")

	must(t, w.Cases.Trace(ctx, w.elmWorker, intermediary.NewTrace{Subject: subject, Where: "register", Words: "A grave of that name.", Outcome: intermediary.TraceStopPoint}))
	words(5, "a trace that stops")
	_, err = w.Cases.RegisterVeto(ctx, w.elmWorker, w.notice(record, "absolute", 0))
	must(t, err)
	words(6, "a veto")
	_, err = w.Cases.AskForStop(ctx, w.elmOther, of, "They are afraid again.")
	must(t, err)
	words(6, "a stop beside an absolute veto")
	_, err = w.Cases.WithdrawVeto(ctx, w.elmManager, w.notice(record, "absolute", 1))
	must(t, err)
	words(7, "a veto taken back")
	must(t, w.Cases.PullReply(ctx, w.CaseWorker, id))
	if got := w.fact(string(c.ID), "vetoAnswer"); got != "unknown" {
		t.Errorf("a veto was taken back beside a stop, and oak knows %q", got)
	}
}

// A veto that was said and is taken away again before anybody reads it, or rows
// that say it was read: the other agency's log still has it, nothing goes on, and
// whoever reads the answers is told.
func TestEnquiry_TakenAway(t *testing.T) {
	w := newEnquiries(t)
	ctx := t.Context()
	c := w.Ready(t, "REL>AP")
	id := w.ask(c)
	w.answer(id, 0, "none", "")
	must(t, w.Cases.PullReply(ctx, w.CaseWorker, id))
	law := func() string {
		t.Helper()
		a, err := w.Cases.Ask(ctx, w.CaseWorker, string(c.Subject))
		must(t, err)
		return a.Row
	}
	heard := func(n int) {
		t.Helper()
		w.sql("set session_replication_role = replica")
		w.sql("update enquiry set heard = $2 where id = $1", string(id), n)
		w.sql("set session_replication_role = origin")
	}
	if row := law(); row != "a32" {
		t.Fatalf("no veto, and the law says %s", row)
	}
	w.answer(id, 1, "absolute", "")
	heard(2)
	if row := law(); row != "a26" {
		t.Errorf("a row says that a veto was read, and the law says %s", row)
	}
	heard(1)
	w.sql("delete from enquiry_word where id = $1 and version = 2", string(id))
	if row := law(); row != "a26" {
		t.Errorf("a veto was taken away, and the law says %s", row)
	}
	if err := w.Cases.PullReply(ctx, w.CaseWorker, id); kind(err) != fault.Sealed {
		t.Errorf("a veto was taken away: %v", err)
	}
	w.sql("delete from enquiry_word where id = $1", string(id))
	if err := w.Cases.PullReply(ctx, w.CaseWorker, id); kind(err) != fault.Sealed {
		t.Errorf("everything was taken away: %v", err)
	}
}

func (w *enquiries) once(place string, do func()) func(string) {
	var once atomic.Bool
	return func(at string) {
		if at == place && once.CompareAndSwap(false, true) {
			do()
		}
	}
}

func (w *enquiries) notice(of intermediary.AdoptedID, kind string, was int) intermediary.VetoNotice {
	return intermediary.VetoNotice{Adopted: string(of), Was: was, Registrant: "adoptedPerson", Capacity: true, PersonMet: true, MetVerified: true, LinkProven: true, Form: "writing",
		Addressee: "AAA", Information: "given", Kind: kind, Direction: "strengthen", ReceivedOn: w.today(), Why: "came by post"}
}

func (w *enquiries) elmFact(on, name, value string) {
	w.t.Helper()
	must(w.t, w.Cases.StateFact(w.t.Context(), w.elmWorker, intermediary.NewFact{On: on, Name: name, Value: value, Why: "seen in the papers", Said: intermediary.SaidFact}))
}

// An enquiry that went by post, and those to the Registrar General, the court and
// the register: what comes back is written down and states what follows.
func TestEnquiry_ByHand(t *testing.T) {
	w := newEnquiries(t)
	ctx := t.Context()
	c := w.Ready(t, "REL>AP")
	post := func(whom intermediary.Whom) intermediary.EnquiryID {
		t.Helper()
		n := intermediary.NewEnquiry{ID: intermediary.NewEnquiryID(), Application: c.ID, Whom: whom, By: "letter", Addressee: "The office", About: "Piran Nance"}
		must(t, w.Cases.Enquire(ctx, w.CaseWorker, n))
		return n.ID
	}
	came := func(held string) intermediary.EnquiryAnswer {
		return intermediary.EnquiryAnswer{CameBy: "letter", On: w.today(), Held: held}
	}
	record := func(id intermediary.EnquiryID, was int, a intermediary.EnquiryAnswer) {
		t.Helper()
		must(t, w.Cases.RecordAnswer(ctx, w.CaseWorker, id, was, a))
	}
	veto := came("yes")
	veto.Veto, veto.Views, veto.Appropriate = "none", "unknown", "noView"
	agency := post(intermediary.AskAgency)
	record(agency, 0, came("no"))
	if got := w.fact(string(c.ID), "aaa"); got != "notFound" {
		t.Errorf("the wrong agency: %s", got)
	}
	record(post(intermediary.AskRegistrar), 0, came("no"))
	record(post(intermediary.AskCourt), 0, came("no"))
	version := w.Version(t, string(c.ID), "aaa")
	if got := w.fact(string(c.ID), "aaa"); got != "notFound" {
		t.Errorf("nobody has agreed that the search is at its end, and it is %s", got)
	}
	must(t, w.Cases.ConfirmFact(ctx, w.Colleague, string(c.ID), "aaa", version))
	if got := w.fact(string(c.ID), "aaa"); got != "exhausted" {
		t.Errorf("the search is at its end: %s", got)
	}
	register := came("yes")
	register.NoContact = map[string]bool{string(c.Subject): true}
	record(post(intermediary.AskContactRegister), 0, register)
	if w.fact(string(c.Subject), "acr") != "checked" || w.fact(string(c.Subject), "acrNoContact") != "yes" {
		t.Error("a wish in the register is not on record")
	}
	second := post(intermediary.AskAgency)
	if got := w.fact(string(c.ID), "aaa"); got != "pending" {
		t.Errorf("an agency was found: %s", got)
	}
	record(second, 0, veto)
	veto.Veto, veto.VetoTerms = "qualified", "only for medical news"
	record(second, 1, veto)
	record(second, 1, veto) // the second of two clicks
	veto.Information = "something else"
	if err := w.Cases.RecordAnswer(ctx, w.CaseWorker, second, 1, veto); kind(err) != fault.Conflict {
		t.Errorf("an answer behind a newer one: %v", err)
	}
	if w.fact(string(c.ID), "vetoAnswer") != "qualified" || w.fact(string(c.ID), "qualified") != "unclear" {
		t.Errorf("%s and %s", w.fact(string(c.ID), "vetoAnswer"), w.fact(string(c.ID), "qualified"))
	}
	after := intermediary.NewEnquiry{ID: intermediary.NewEnquiryID(), Application: c.ID, Whom: intermediary.AskCourt, By: "letter", Addressee: "The office", About: "Piran Nance"}
	if err := w.Cases.Enquire(ctx, w.CaseWorker, after); kind(err) != fault.Conflict {
		t.Errorf("asked on when a veto has stopped it: %v", err)
	}
	var hear time.Time
	must(t, w.admin.QueryRow(ctx, `select hear_by from application where id = $1`, string(c.ID)).Scan(&hear))
	if e, err := w.Cases.ReadEnquiry(ctx, w.CaseWorker, second); err != nil || len(e.Entries) != 2 || e.Version != 2 || !hear.After(e.DueOn) {
		t.Errorf("%+v, heard by %s (%v)", e, hear, err)
	}
}

// The clock reminds once a working day, at both ends, and does nothing else.
func TestEnquiry_RemindOverdue(t *testing.T) {
	w := newEnquiries(t)
	ctx := t.Context()
	c := w.World.Open(t, "REL>AP")
	id := w.ask(c)
	remind := func(want int) {
		t.Helper()
		before := w.leaves("oak", string(id))
		must(t, w.Cases.RemindOverdue(ctx, "oak"))
		must(t, w.Cases.RemindOverdue(ctx, "oak"))
		if got := w.leaves("oak", string(id)) - before; got != want {
			t.Errorf("%d reminders on %s, want %d", got, w.today().Format(time.DateOnly), want)
		}
	}
	remind(0)
	w.Clock.Advance(w.line(c).DueOn.Sub(w.today()))
	remind(0)
	w.Clock.Advance(24 * time.Hour)
	remind(1)
	must(t, w.overtaken("remind", func() { w.sql("update enquiry set chased_on = null where id = $1", string(id)) }, func(s *intermediary.Service) error { return s.RemindOverdue(ctx, "oak") }))
	var marked time.Time
	must(t, w.admin.QueryRow(ctx, `select chased_on from enquiry_in where id = $1`, string(id)).Scan(&marked))
	if !marked.Equal(w.today()) {
		t.Errorf("elm sees a reminder of %s", marked)
	}
	w.Clock.Advance(4 * 24 * time.Hour) // a Saturday
	remind(0)
	if w.stateIn(id) != "received" || w.fact(string(c.ID), "aaa") != "" {
		t.Error("the clock has answered")
	}
}

// What the program does not do the database refuses, as its own user.
func TestEnquiry_ByTheDatabase(t *testing.T) {
	w := newEnquiries(t)
	c := w.World.Open(t, "REL>AP")
	id := w.ask(c)
	elm, other, elmManager := w.elmWorker.Account(), w.elmOther.Account(), w.elmManager.Account()
	oak := w.CaseWorker.Account()
	const word = `insert into enquiry_word (agency_id, id, version, kind, sealed, statement, worker_id, leaf) select agency(), $1, $2, $3, 'x', 'x', $4, leaf
		from audit_body where agency_id = agency() limit 1`
	for name, tt := range map[string]struct {
		agency, account, sql string
		args                 []any
		want                 string // constraint or code
	}{
		"a manager in a worker's name":       {"elm", elmManager, word, []any{string(id), 1, "answer", elm}, "casework_worker"},
		"a worker in another's name":         {"elm", elm, word, []any{string(id), 1, "answer", other}, "casework_worker"},
		"the clock answers":                  {"elm", "", word, []any{string(id), 1, "answer", elm}, "casework_worker"},
		"a word is left out":                 {"elm", elm, word, []any{string(id), 2, "answer", elm}, "enquiry_word_version"},
		"oak answers for elm":                {"oak", oak, word, []any{string(id), 1, "answer", oak}, "enquiry_road"},
		"elm changes the enquiry":            {"elm", elm, `update enquiry_in set sealed = 'x' where id = $1`, []any{string(id)}, "42501"},
		"elm calls it answered":              {"elm", elm, `update enquiry_in set state = 'answered' where id = $1`, []any{string(id)}, "42501"},
		"elm changes what it said":           {"elm", elm, `update enquiry_word set sealed = 'x' where id = $1`, []any{string(id)}, "42501"},
		"elm deletes what it said":           {"elm", elm, `delete from enquiry_word where id = $1`, []any{string(id)}, "42501"},
		"oak sends what nobody asked":        {"oak", oak, `select enquiry_arrives('enaaaaaaaaaaaaaaaaaaaa', 'elm', current_date, 'x', 'x')`, nil, "enquiry_road"},
		"a colleague sends it once more":     {"oak", w.Colleague.Account(), `select enquiry_arrives($1, 'elm', current_date, 'x', 'x')`, []any{string(id)}, "enquiry_road"},
		"elm moves oak's enquiry":            {"elm", elm, `select enquiry_follows($1)`, []any{string(id)}, "none"},
		"the clock gives more time":          {"oak", "", `update enquiry set due_on = due_on + 1 where id = $1`, []any{string(id)}, "casework_worker"},
		"a letterbox worker calls it off":    {"oak", w.Worker.Account(), `update enquiry set state = 'called off' where id = $1`, []any{string(id)}, "casework_worker"},
		"an enquiry that begins as answered": {"oak", oak, `insert into enquiry (agency_id, id, application_id, whom, state, asked_by, due_on, answered_on, leaf) select agency(), 'enaaaaaaaaaaaaaaaaaaaa', $1, 'AAA', 'answered', account(), current_date, current_date, leaf from audit_body where agency_id = agency() limit 1`, []any{string(c.ID)}, "enquiry_move"},
	} {
		if got := w.refusal(tt.agency, tt.account, tt.sql, tt.args...); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	var seen int
	conn := w.Database.Conn(postgres.RoleStaff)
	must(t, conn.QueryRow(t.Context(), `with s as materialized (select set_config('gatepost.agency', 'oak', false)) select (select count(*) from enquiry_in) + (select count(*) from enquiry_word) from s`).Scan(&seen))
	if seen != 0 {
		t.Errorf("oak sees %d rows of elm's", seen)
	}
}

// refusal runs a statement as the staff tier's own user and gives the constraint
// or code by which it was refused; none where it was not.
func (w *enquiries) refusal(agencyID, account, sql string, args ...any) string {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	if w.staff == nil {
		w.staff = w.Database.Conn(postgres.RoleStaff)
	}
	tx, err := w.staff.Begin(ctx)
	must(w.t, err)
	defer tx.Rollback(ctx)
	_, err = tx.Exec(ctx, `select set_config('gatepost.agency', $1, true), set_config('gatepost.account', $2, true)`, agencyID, account)
	must(w.t, err)
	_, err = tx.Exec(ctx, sql, args...)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		if pg.ConstraintName != "" {
			return pg.ConstraintName
		}
		return pg.Code
	}
	must(w.t, err)
	return "none"
}
