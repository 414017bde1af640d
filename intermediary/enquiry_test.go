package intermediary_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// enquiries is a deployment of two agencies: oak asks, elm is the appropriate
// adoption agency and answers.
type enquiries struct {
	*intermediarytest.World
	t *testing.T

	elmManagerLogin     accounttest.Login
	elmManager          authz.Actor
	elmWorker, elmOther authz.Actor // intermediary workers of elm

	admin *pgx.Conn // who can write the database
	staff *pgx.Conn // the staff tier's own user
}

// sql changes the database behind everybody's back, in one session. What a
// statement has no use for is a parameter that is left out.
func (w *enquiries) sql(sql string, args ...any) {
	w.t.Helper()
	n := 0
	for n < len(args) && strings.Contains(sql, "$"+strconv.Itoa(n+1)) {
		n++
	}
	_, err := w.admin.Exec(w.t.Context(), sql, args[:n]...)
	must(w.t, err)
}

func newEnquiries(t *testing.T) *enquiries {
	t.Helper()
	return enquiriesIn(t, accounttest.NewTwoAgencies(t))
}

func enquiriesIn(t *testing.T, two *accounttest.World) *enquiries {
	t.Helper()
	for _, ag := range two.StaffAgencies.All() {
		ag.Country = "E"
	}
	w := &enquiries{World: intermediarytest.In(t, two), t: t}
	w.admin = w.Database.Admin()
	w.elmManagerLogin, w.elmManager = w.Open(t, "elm")
	w.elmWorker, w.elmOther = w.elm("Bryony Tuck"), w.elm("Silas Nott")
	return w
}

// Open shadows the opening of a case: here it opens an agency.
func (w *enquiries) Open(t *testing.T, agencyID string) (accounttest.Login, authz.Actor) {
	t.Helper()
	return w.World.World.Open(t, agencyID)
}

func (w *enquiries) elm(name string) authz.Actor {
	w.t.Helper()
	ctx := w.t.Context()
	paper, err := w.Staff.InviteWorker(ctx, w.elmManager, name, accounttest.Fact)
	must(w.t, err)
	l := w.Enrol(w.t, "elm", true, paper)
	w.SetTOTP(w.t, "elm", true, &l)
	must(w.t, w.Staff.ConfirmWorker(ctx, w.elmManager, l.ID, []authz.Role{authz.IntermediaryWorker}, w.Code(w.t, &w.elmManagerLogin)))
	return w.SignIn(w.t, "elm", true, &l)
}

func (w *enquiries) today() time.Time { return calendar.Today(w.Clock.Now()) }

// ask puts an enquiry of a case to elm.
func (w *enquiries) ask(c intermediarytest.Case) intermediary.EnquiryID {
	w.t.Helper()
	n := toElm(c)
	must(w.t, w.Cases.Enquire(w.t.Context(), w.CaseWorker, n))
	return n.ID
}

func toElm(c intermediarytest.Case) intermediary.NewEnquiry {
	return intermediary.NewEnquiry{ID: intermediary.NewEnquiryID(), Application: c.ID, Whom: intermediary.AskAgency, ToAgency: "elm",
		About: "Piran Nance, born 14 June 1979", Text: "His mother by birth asks."}
}

// says is an answer of elm's about a veto; terms only of a qualified one.
func says(veto, terms string) intermediary.EnquiryAnswer {
	return intermediary.EnquiryAnswer{Held: "yes", Veto: veto, VetoTerms: terms, Views: "no", Appropriate: "yes"}
}

// answer is elm's next word.
func (w *enquiries) answer(id intermediary.EnquiryID, was int, veto, terms string) {
	w.t.Helper()
	must(w.t, w.Cases.AnswerEnquiryIn(w.t.Context(), w.elmWorker, id, was, "", says(veto, terms)))
}

func (w *enquiries) line(c intermediarytest.Case) intermediary.Enquiry {
	w.t.Helper()
	list, err := w.Cases.Enquiries(w.t.Context(), w.CaseWorker, c.ID)
	must(w.t, err)
	if len(list) != 1 {
		w.t.Fatalf("%d enquiries", len(list))
	}
	return list[0]
}

// fact is what counts of a fact, as the database finds it.
func (w *enquiries) fact(on, name string) (value string) {
	w.t.Helper()
	must(w.t, w.admin.QueryRow(w.t.Context(), `select coalesce((select f.value from fact f join fact_value v using (about, name, value)
		where f.on_id = $1 and f.name = $2 and (not v.two or f.confirms is not null) order by f.version desc limit 1), '')`, on, name).Scan(&value))
	return value
}

// leaves counts the statements of an agency's log about an object.
func (w *enquiries) leaves(agencyID, object string) (n int) {
	w.t.Helper()
	must(w.t, w.admin.QueryRow(w.t.Context(), `select count(*) from audit_body where agency_id = $1 and convert_from(body, 'UTF8') like '%' || chr(10) || 'object ' || $2 || chr(10) || '%'`,
		agencyID, object).Scan(&n))
	return n
}

func kind(err error) fault.Kind { return fault.KindOf(err) }

// Two agencies that have one archive between them ask and answer like any other.
func TestEnquiry_SharedArchive(t *testing.T) {
	w := enquiriesIn(t, accounttest.NewSharedArchive(t))
	ctx := t.Context()
	c := w.World.Open(t, "REL>AP")
	id := w.ask(c)
	in, err := w.Cases.ReadEnquiryIn(ctx, w.elmWorker, id)
	must(t, err)
	w.answer(id, 0, "none", "")
	must(t, w.Cases.PullReply(ctx, w.CaseWorker, id))
	if line := w.line(c); in.About == "" || line.State != "answered" || line.Unheard != 0 {
		t.Errorf("elm reads %q, oak has %+v", in.About, line)
	}
}

// From the question to the answer, through progress and another day, with a leaf
// of both agencies for what each of them did.
func TestEnquiry_AgencyToAgency(t *testing.T) {
	w := newEnquiries(t)
	ctx := t.Context()
	c := w.World.Open(t, "REL>AP")
	n := toElm(c)
	must(t, w.Cases.Enquire(ctx, w.CaseWorker, n))
	must(t, w.Cases.Enquire(ctx, w.CaseWorker, n)) // the second of two clicks
	line := w.line(c)
	if line.State != "asked" || !line.DueOn.Equal(calendar.AddWorkingDays(w.today(), intermediary.DefaultDue)) || line.ToName != "The elm agency" {
		t.Errorf("asked: %+v", line)
	}
	list, err := w.Cases.EnquiriesIn(ctx, w.elmWorker)
	must(t, err)
	if len(list) != 1 || list[0].ID != n.ID || list[0].FromName != "The oak agency" || list[0].About != "" {
		t.Fatalf("elm has %+v", list)
	}
	before := w.leaves("elm", string(n.ID))
	in, err := w.Cases.ReadEnquiryIn(ctx, w.elmWorker, n.ID)
	must(t, err)
	if in.About != n.About || in.Text != n.Text || in.Questions[0] != intermediary.AskVeto || in.Juris != "E" || w.leaves("elm", string(n.ID)) != before+1 { // the reading
		t.Errorf("elm reads %+v", in)
	}
	later := calendar.AddWorkingDays(w.today(), 30)
	must(t, w.Cases.TellProgress(ctx, w.elmWorker, n.ID, 0, "The file is in the archive.", later))
	must(t, w.Cases.PullReply(ctx, w.CaseWorker, n.ID))
	w.Clock.Advance(time.Minute)
	must(t, w.Cases.AgreeDue(ctx, w.CaseWorker, n.ID, later, "as they offered"))
	w.Clock.Advance(time.Minute)
	must(t, w.Cases.Chase(ctx, w.CaseWorker, n.ID, "called them"))
	w.Clock.Advance(time.Minute)
	in, err = w.Cases.ReadEnquiryIn(ctx, w.elmWorker, n.ID)
	must(t, err)
	if !in.DueOn.Equal(later) || in.ChasedOn == nil || in.Version != 1 || in.Words[0].Text != "The file is in the archive." || in.Words[0].ByName != "Bryony Tuck" {
		t.Errorf("elm reads after a reminder %+v", in)
	}
	w.answer(n.ID, 1, "none", "")
	w.answer(n.ID, 1, "none", "") // the second of two clicks
	if line := w.line(c); line.State != "asked" || line.Unheard != 1 {
		t.Errorf("an answer that nobody has read: %+v", line)
	}
	must(t, w.Cases.PullReply(ctx, w.Colleague, n.ID))
	must(t, w.Cases.PullReply(ctx, w.CaseWorker, n.ID)) // there is nothing new
	if line := w.line(c); line.State != "answered" || line.Unheard != 0 || line.AnsweredOn == nil || !line.AnsweredOn.Equal(w.today()) {
		t.Errorf("answered: %+v", line)
	}
	if w.fact(string(c.ID), "aaa") != "answered" || w.fact(string(c.ID), "vetoAnswer") != "none" {
		t.Errorf("the facts are %q and %q", w.fact(string(c.ID), "aaa"), w.fact(string(c.ID), "vetoAnswer"))
	}
	e, err := w.Cases.ReadEnquiry(ctx, w.CaseWorker, n.ID)
	must(t, err)
	var what []string
	for _, entry := range e.Entries {
		what = append(what, entry.What)
		if entry.Unread || entry.ByName == "" {
			t.Errorf("an entry is %+v", entry)
		}
	}
	if got := strings.Join(what, " "); got != "theirProgress due chased answer" || e.About != n.About || e.Entries[3].Answer.Veto != "none" {
		t.Errorf("oak reads %s: %+v", got, e)
	}
}

// Silence, and what nobody has read: no fact changes, and what a veto would stop
// is stopped as soon as the other agency has spoken.
func TestEnquiry_UnheardStops(t *testing.T) {
	w := newEnquiries(t)
	ctx := t.Context()
	c := w.Ready(t, "REL>AP")
	id := w.ask(c)
	blocked := func() (yes bool) {
		t.Helper()
		conn := w.Database.Conn(postgres.RoleStaff)
		must(t, conn.QueryRow(ctx, `with s as materialized (select set_config('gatepost.agency', 'oak', false)) select blocked($1, $2) from s`, string(c.ID), string(c.Subject)).Scan(&yes))
		return yes
	}
	w.answer(id, 0, "none", "")
	must(t, w.Cases.PullReply(ctx, w.CaseWorker, id))
	ask := func() intermediary.Answer {
		t.Helper()
		a, err := w.Cases.Ask(ctx, w.CaseWorker, string(c.Subject))
		must(t, err)
		return a
	}
	if a := ask(); blocked() || !a.Permits {
		t.Fatalf("no veto at all, and the law says %s: %s", a.Row, a.Reason)
	}
	w.answer(id, 1, "absolute", "")
	if a := ask(); a.Permits || a.Row != "a26" {
		t.Errorf("an answer that nobody has read, and the law says %s", a.Row)
	}
	if !blocked() || w.fact(string(c.ID), "vetoAnswer") != "none" {
		t.Error("a veto that nobody has read yet stops nothing")
	}
	must(t, w.Cases.PullReply(ctx, w.CaseWorker, id))
	var state string
	must(t, w.admin.QueryRow(ctx, `select state from subject where id = $1`, string(c.Subject)).Scan(&state))
	if !blocked() || w.fact(string(c.ID), "vetoAnswer") != "absolute" || state != "stopped" {
		t.Errorf("a veto that was read: subject %s, answer %s", state, w.fact(string(c.ID), "vetoAnswer"))
	}
}

// Who has no business with an enquiry finds none.
func TestEnquiry_Strangers(t *testing.T) {
	w := newEnquiries(t)
	ctx := t.Context()
	c := w.World.Open(t, "REL>AP")
	id := w.ask(c)
	for name, tt := range map[string]struct {
		err  error
		want fault.Kind
	}{
		"elm reads oak's enquiry as its own":   {second(w.Cases.ReadEnquiry(ctx, w.elmWorker, id)), fault.NotFound},
		"elm writes oak's answer down":         {w.Cases.RecordAnswer(ctx, w.elmWorker, id, 0, says("none", "")), fault.NotFound},
		"elm asks in oak's case":               {w.Cases.Enquire(ctx, w.elmWorker, intermediary.NewEnquiry{ID: intermediary.NewEnquiryID(), Application: c.ID, Whom: intermediary.AskCourt, By: "letter", Addressee: "the court", About: "x"}), fault.NotFound},
		"oak reads it where it arrives":        {second(w.Cases.ReadEnquiryIn(ctx, w.CaseWorker, id)), fault.NotFound},
		"oak answers itself":                   {w.Cases.AnswerEnquiryIn(ctx, w.CaseWorker, id, 0, "", says("none", "")), fault.NotFound},
		"elm's manager answers":                {w.Cases.AnswerEnquiryIn(ctx, w.elmManager, id, 0, "", says("none", "")), fault.Forbidden},
		"a letterbox worker asks":              {w.Cases.Enquire(ctx, w.Worker, toElm(c)), fault.Forbidden},
		"a letterbox worker reads":             {second(w.Cases.ReadEnquiry(ctx, w.Worker, id)), fault.Forbidden},
		"an id that is none":                   {second(w.Cases.ReadEnquiryIn(ctx, w.elmWorker, "en'; drop")), fault.NotFound},
		"an answer to nothing":                 {w.Cases.AnswerEnquiryIn(ctx, w.elmWorker, intermediary.NewEnquiryID(), 0, "", says("none", "")), fault.NotFound},
		"a record that elm does not have":      {w.Cases.AnswerEnquiryIn(ctx, w.elmWorker, id, 0, c.Adopted, says("none", "")), fault.NotFound},
		"an answer without the veto question":  {w.Cases.AnswerEnquiryIn(ctx, w.elmWorker, id, 0, "", says("", "")), fault.Invalid},
		"an answer to words that nobody spoke": {w.Cases.AnswerEnquiryIn(ctx, w.elmWorker, id, 3, "", says("none", "")), fault.Conflict},
	} {
		if kind(tt.err) != tt.want {
			t.Errorf("%s: %v, want %s", name, tt.err, tt.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// Whoever can write the database changes rows, swaps what was sealed, or says
// something in another's name: it is found out, nothing of it is shown or stated,
// and the operator is told.
func TestEnquiry_ChangedRows(t *testing.T) {
	w := newEnquiries(t)
	ctx := t.Context()
	c, other := w.World.Open(t, "REL>AP"), w.World.Open(t, "REL>AP")
	first, second := w.ask(c), w.ask(other)
	w.answer(first, 0, "none", "")
	w.answer(first, 1, "absolute", "")
	w.answer(second, 0, "none", "")
	readIn := func() error { _, err := w.Cases.ReadEnquiryIn(ctx, w.elmWorker, first); return err }
	answer := func() error { return w.Cases.AnswerEnquiryIn(ctx, w.elmWorker, first, 2, "", says("none", "")) }
	pull := func() error { return w.Cases.PullReply(ctx, w.CaseWorker, first) }
	read := func() error {
		e, err := w.Cases.ReadEnquiry(ctx, w.CaseWorker, first)
		if err == nil && e.Unread {
			return fault.New(fault.Sealed, "fault.sealed")
		}
		return err
	}
	for name, tt := range map[string]struct {
		table, set, where string
		act               func() error
	}{
		"another enquiry's text":            {"enquiry_in", "sealed = (select sealed from enquiry_in where id = $2)", "id = $1", readIn},
		"another enquiry's statement":       {"enquiry_in", "statement = (select statement from enquiry_in where id = $2)", "id = $1", readIn},
		"a changed statement":               {"enquiry_in", "statement = set_byte(statement, 199, get_byte(statement, 199) # 1)", "id = $1", readIn},
		"no statement":                      {"enquiry_in", "statement = ''", "id = $1", answer},
		"an enquiry of an agency unknown":   {"enquiry_in", "from_agency = 'elm'", "id = $1", answer},
		"a word about another enquiry":      {"enquiry_word", "(sealed, statement) = (select sealed, statement from enquiry_word where id = $2 and version = 1)", "id = $1 and version = 1", pull},
		"only the text of another word":     {"enquiry_word", "sealed = (select sealed from enquiry_word where id = $2 and version = 1)", "id = $1 and version = 2", pull},
		"progress in the place of a veto":   {"enquiry_word", "kind = 'progress'", "id = $1 and version = 2", pull},
		"a word without a true signature":   {"enquiry_word", "statement = set_byte(statement, 299, get_byte(statement, 299) # 1)", "id = $1 and version = 2", pull},
		"the newest word is the older one":  {"enquiry_word", "(sealed, statement) = (select sealed, statement from enquiry_word where id = $1 and version = 1)", "id = $1 and version = 2", pull},
		"another is asked":                  {"enquiry", "whom = 'court'", "id = $1", read},
		"it is another case's":              {"enquiry", "application_id = (select application_id from enquiry where id = $2)", "id = $1", read},
		"another statement of the same day": {"enquiry", "leaf = (select leaf from enquiry where id = $2)", "id = $1", read},
	} {
		t.Run(name, func(t *testing.T) {
			w.sql("create temp table keep as select * from "+tt.table+" where id in ($1, $2)", string(first), string(second))
			w.sql("set session_replication_role = replica")
			w.sql("update "+tt.table+" set "+tt.set+" where "+tt.where, string(first), string(second))
			facts := w.Version(t, string(c.ID), "vetoAnswer")
			if err := tt.act(); kind(err) != fault.Sealed && kind(err) != fault.NotFound {
				t.Errorf("%v", err)
			}
			if w.Version(t, string(c.ID), "vetoAnswer") != facts {
				t.Error("a fact was stated from it")
			}
			w.sql("delete from "+tt.table+" where id in ($1, $2)", string(first), string(second))
			w.sql("insert into " + tt.table + " select * from keep")
			w.sql("drop table keep")
			w.sql("set session_replication_role = origin")
		})
	}
	// A veto is taken away as if nobody had said it: the log knows it.
	w.sql("delete from enquiry_word where id = $1 and version = 2", string(first))
	if err := pull(); kind(err) != fault.Sealed || w.fact(string(c.ID), "vetoAnswer") != "" {
		t.Errorf("without the newest word: %v, and the answer is %q", err, w.fact(string(c.ID), "vetoAnswer"))
	}
}
