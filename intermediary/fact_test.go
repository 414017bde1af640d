package intermediary_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
)

func need(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if got := fault.KindOf(err); got != kind {
		t.Errorf("%s: %v, want %q", what, err, kind)
	}
}

// The database's list of what a fact may say and Go's are one.
func TestFactValues(t *testing.T) {
	w := intermediarytest.New(t)
	rows, err := w.Database.Admin().Query(context.Background(), `select about, name, value, two from fact_value`)
	need(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[intermediary.FactValue])
	need(t, err)
	ours := intermediary.FactValues()
	if len(list) != len(ours) || len(ours) < 80 {
		t.Errorf("%d values in the database, %d in Go", len(list), len(ours))
	}
	for _, v := range ours {
		if !slices.Contains(list, v) {
			t.Errorf("%+v is not the database's", v)
		}
	}
}

// Every statement of the package is one that the database takes.
func TestStatements_Prepare(t *testing.T) {
	postgrestest.Prepare(t, postgrestest.New(t).Admin(), ".")
}

func newFact(on, name, value string) intermediary.NewFact {
	return intermediary.NewFact{On: on, Name: name, Value: value, Why: "seen in the papers", Said: intermediary.SaidFact}
}

func TestStateFact_Refuses(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	met := newFact(string(c.ID), "met", "inPerson")
	for name, tt := range map[string]struct {
		change func(n *intermediary.NewFact)
		kind   fault.Kind
	}{
		"nobody's":                     {func(n *intermediary.NewFact) { n.On = agency.NewID("ap") }, fault.NotFound},
		"no id":                        {func(n *intermediary.NewFact) { n.On = "ap'" }, fault.NotFound},
		"an id of something else":      {func(n *intermediary.NewFact) { n.On = agency.NewID("lt") }, fault.NotFound},
		"no such fact":                 {func(n *intermediary.NewFact) { n.Name = "trusted" }, fault.Invalid},
		"a fact about somebody else":   {func(n *intermediary.NewFact) { n.Name, n.Value = "acr", "checked" }, fault.Invalid},
		"no such value":                {func(n *intermediary.NewFact) { n.Value = "yes" }, fault.Invalid},
		"what follows from the births": {func(n *intermediary.NewFact) { n.Name, n.Value = "appAge", "ge18" }, fault.Invalid},
		"what an agency answers":       {func(n *intermediary.NewFact) { n.Name, n.Value = "vetoAnswer", "none" }, fault.Invalid},
		"that it has answered":         {func(n *intermediary.NewFact) { n.Name, n.Value = "aaa", "answered" }, fault.Invalid},
		"that nobody is left to ask":   {func(n *intermediary.NewFact) { n.Name, n.Value = "aaa", "exhausted" }, fault.Invalid},
		"no reason":                    {func(n *intermediary.NewFact) { n.Why = " \u200b\n" }, fault.Invalid},
		"neither fact nor opinion":     {func(n *intermediary.NewFact) { n.Said = "" }, fault.Invalid},
		"too much evidence":            {func(n *intermediary.NewFact) { n.Evidence = make([]string, 21) }, fault.Invalid},
		"a version that is not there":  {func(n *intermediary.NewFact) { n.Was = 1 }, fault.Conflict},
		"no text":                      {func(n *intermediary.NewFact) { n.Why = "\xff" }, fault.Invalid},
	} {
		n := met
		tt.change(&n)
		wants(t, name, w.Cases.StateFact(t.Context(), w.CaseWorker, n), tt.kind)
	}
	wants(t, "a letterbox worker", w.Cases.StateFact(t.Context(), w.World.Worker, met), fault.Forbidden)
	need(t, w.Cases.StateFact(t.Context(), w.CaseWorker, met))
	need(t, w.Cases.StateFact(t.Context(), w.CaseWorker, met)) // the second of two clicks
	if v := w.Version(t, string(c.ID), "met"); v != 1 {
		t.Errorf("two clicks are %d versions", v)
	}
	wants(t, "a colleague who saw an older page", w.Cases.StateFact(t.Context(), w.Colleague, met), fault.Conflict)
	need(t, w.Cases.EndCase(t.Context(), w.CaseWorker, c.ID, intermediary.Ending{State: "closed", Reasons: "Done.", Letter: "We have ended our work."}))
	again := met
	again.Was = 1
	wants(t, "a case that has ended", w.Cases.StateFact(t.Context(), w.CaseWorker, again), fault.Conflict)
}

// applicant reads the facts about the applicant.
func applicant(t *testing.T, w *intermediarytest.World, c intermediarytest.Case) []intermediary.Fact {
	t.Helper()
	got, err := w.Cases.Case(t.Context(), w.CaseWorker, c.ID)
	need(t, err)
	return got.Applicant.Facts
}

// Where two are asked for, nothing changes before the second one agrees; what
// needs one counts at once, so a proposal to loosen loosens nothing and a word of
// caution is heard immediately.
func TestConfirmFact(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	on := string(c.ID)
	state := func(actor authz.Actor, value string, was int) {
		t.Helper()
		n := newFact(on, "idVerified", value)
		n.Was = was
		need(t, w.Cases.StateFact(t.Context(), actor, n))
	}
	confirm := func(actor authz.Actor, version int) error {
		return w.Cases.ConfirmFact(t.Context(), actor, on, "idVerified", version)
	}
	is := func(want string) {
		t.Helper()
		if got := counts(applicant(t, w, c), "idVerified"); got != want {
			t.Errorf("idVerified counts as %q, want %q", got, want)
		}
	}
	wants(t, "what nobody said", confirm(w.Colleague, 0), fault.Conflict)
	state(w.CaseWorker, "yes", 0)
	is("")
	wants(t, "oneself", confirm(w.CaseWorker, 1), fault.Forbidden)
	wants(t, "another version", confirm(w.Colleague, 2), fault.Conflict)
	wants(t, "a letterbox worker", confirm(w.World.Worker, 1), fault.Forbidden)
	need(t, confirm(w.Colleague, 1))
	need(t, confirm(w.Colleague, 1)) // the second of two clicks
	is("yes")
	wants(t, "a third", confirm(w.Manager, 2), fault.Conflict)
	state(w.CaseWorker, "no", 2)
	is("no")
	wants(t, "what needs one", confirm(w.Colleague, 3), fault.Conflict)
	state(w.CaseWorker, "yes", 3)
	is("no")
	wants(t, "nobody's", w.Cases.ConfirmFact(t.Context(), w.Colleague, agency.NewID("ap"), "idVerified", 1), fault.NotFound)

	need(t, w.Cases.StateFact(t.Context(), w.CaseWorker, newFact(on, "met", "liveVideo")))
	wants(t, "a meeting by video, by a colleague", w.Cases.ConfirmFact(t.Context(), w.Colleague, on, "met", 1), fault.Forbidden)
	need(t, w.Cases.ConfirmFact(t.Context(), w.Manager, on, "met", 1))
	if got := counts(applicant(t, w, c), "met"); got != "liveVideo" {
		t.Errorf("met counts as %q", got)
	}
}

// A second worker agrees to what the first one signed, and not to what a row says.
func TestConfirmFact_RowChanged(t *testing.T) {
	w := intermediarytest.New(t)
	for name, sql := range map[string]string{
		"the value":       `update fact set value = 'failed' where on_id = $1 and name = 'reg11'; update fact set value = 'passed' where on_id = $1 and name = 'reg11'; update fact set at = now() where on_id = $1 and name = 'reg11'`,
		"who said it":     `update fact set worker_id = '` + w.ManagerLogin.ID + `' where on_id = $1 and name = 'reg11'`,
		"the sealed text": `update casework set sealed = (select sealed from casework where id = $1 and part = 'particulars') where id = $1 and part = 'freg'`,
		"no sealed text":  `delete from casework where id = $1 and part = 'freg'`,
	} {
		c := w.Open(t, "AP>REL")
		need(t, w.Cases.StateFact(t.Context(), w.CaseWorker, newFact(string(c.ID), "reg11", "passed")))
		behind(t, w.Rows, sql, string(c.ID))
		wants(t, name, w.Cases.ConfirmFact(t.Context(), w.Colleague, string(c.ID), "reg11", 1), fault.Sealed)
	}
}

// Two colleagues state one fact at once: one version is there, and the other is
// told to look again.
func TestStateFact_AtOnce(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	n := newFact(string(c.ID), "met", "inPerson")
	first := true
	slow := w.Cases.Stalled(func(at string) {
		if at == "stateFact" && first {
			first = false
			other := n
			other.Value = "no"
			need(t, w.Cases.StateFact(t.Context(), w.Colleague, other))
		}
	})
	wants(t, "the slower one", slow.StateFact(t.Context(), w.CaseWorker, n), fault.Conflict)
	if got := counts(applicant(t, w, c), "met"); got != "no" {
		t.Errorf("met counts as %q", got)
	}
}

// byHand tries a fact as the staff tier's own database user, in the name of a
// worker, with a statement that is in the log.
func byHand(t *testing.T, conn *pgx.Conn, worker, on, values string) (code, constraint string) {
	t.Helper()
	ctx := context.Background()
	tx, err := conn.Begin(ctx)
	need(t, err)
	defer func() { _ = tx.Rollback(ctx) }()
	_, err = tx.Exec(ctx, `select set_config('gatepost.agency', 'oak', true), set_config('gatepost.account', $1, true)`, worker)
	need(t, err)
	_, err = tx.Exec(ctx, fmt.Sprintf(`insert into fact (agency_id, on_id, about, name, version, value, confirms, worker_id, at, leaf)
		select agency(), '%s', %s, now(), (select c.leaf from casework c where c.id = '%[1]s' limit 1)`, on, values))
	if err == nil {
		err = tx.Commit(ctx)
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code, pg.ConstraintName
	}
	need(t, err)
	return "", ""
}

// What StateFact and ConfirmFact refuse, the database refuses to its own user.
func TestFact_ByHand(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	conn := w.Database.Conn(postgres.RoleStaff)
	worker, colleague, manager, letters := w.CaseLogin.ID, w.ColleagueLogin.ID, w.ManagerLogin.ID, w.WorkerLogin.ID
	row := func(about, name string, version int, value, confirms, by string) string {
		return fmt.Sprintf(`'%s', '%s', %d, '%s', %s, '%s'`, about, name, version, value, confirms, by)
	}
	need(t, w.Cases.StateFact(t.Context(), w.CaseWorker, newFact(string(c.ID), "idVerified", "yes")))
	need(t, w.Cases.StateFact(t.Context(), w.CaseWorker, newFact(string(c.ID), "met", "liveVideo")))
	need(t, w.Cases.StateFact(t.Context(), w.CaseWorker, newFact(string(c.ID), "cnsl", "yes")))
	on := string(c.ID)
	for name, tt := range map[string]struct{ by, on, values, constraint string }{
		"by a letterbox worker":             {letters, on, row("application", "aaa", 1, "self", "null", letters), "casework_worker"},
		"in a colleague's name":             {worker, on, row("application", "aaa", 1, "self", "null", colleague), "casework_worker"},
		"by nobody":                         {"", on, row("application", "aaa", 1, "self", "null", worker), "casework_worker"},
		"a value that is not listed":        {worker, on, row("application", "aaa", 1, "yes", "null", worker), "fact_name_value_about_fkey"},
		"a name that is not listed":         {worker, on, row("application", "trusted", 1, "yes", "null", worker), "fact_name_value_about_fkey"},
		"about the wrong thing":             {worker, string(c.Subject), row("subject", "met", 1, "inPerson", "null", worker), "fact_name_value_about_fkey"},
		"about nobody":                      {worker, agency.NewID("ap"), row("application", "aaa", 1, "self", "null", worker), "gate_adopted"},
		"a version left out":                {worker, on, row("application", "aaa", 2, "self", "null", worker), "fact_version"},
		"a version again":                   {worker, on, row("application", "cnsl", 1, "no", "null", worker), "fact_version"},
		"agreeing with oneself":             {worker, on, row("application", "idVerified", 2, "yes", "1", worker), "fact_confirms"},
		"agreeing to another value":         {colleague, on, row("application", "idVerified", 2, "no", "1", colleague), "fact_confirms"},
		"agreeing to what is not there":     {colleague, on, row("application", "aaa", 1, "exhausted", "1", colleague), "fact_confirms"},
		"agreeing to an older version":      {colleague, on, row("application", "idVerified", 2, "yes", "0", colleague), "fact_confirms"},
		"agreeing where nobody has to":      {colleague, on, row("application", "cnsl", 2, "yes", "1", colleague), "fact_confirms"},
		"a meeting by video, by no manager": {colleague, on, row("application", "met", 2, "liveVideo", "1", colleague), "fact_manager"},
	} {
		if _, constraint := byHand(t, conn, tt.by, tt.on, tt.values); constraint != tt.constraint {
			t.Errorf("%s: %q, want %q", name, constraint, tt.constraint)
		}
	}
	if code, constraint := byHand(t, conn, manager, on, row("application", "met", 2, "liveVideo", "1", manager)); code != "" {
		t.Errorf("a manager's agreement: %s %s", code, constraint)
	}
	// Nothing that was stated is changed or taken away, by anybody of the program.
	for _, role := range []string{postgres.RoleStaff, postgres.RolePublic} {
		other := w.Database.Conn(role)
		for _, sql := range []string{`update fact set value = 'no'`, `delete from fact`, `update fact_value set two = false`, `insert into fact_value values ('application', 'met', 'yes', false)`,
			`update casework set sealed = 'x'`, `delete from casework`, `update party set person_id = person_id`, `delete from party`, `delete from application`, `update application set adopted_id = adopted_id`} {
			_, err := other.Exec(t.Context(), sql)
			if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "42501" {
				t.Errorf("%s: %s: %v, want a refusal", role, sql, err)
			}
		}
	}
}

// Every value of the list can be stated where it belongs, counts as the list says,
// and nothing else can: by the database's own user, one row each.
func TestFact_EveryValueByHand(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	conn := w.Database.Conn(postgres.RoleStaff)
	ids := map[string]string{"adopted": string(c.Adopted), "application": string(c.ID), "subject": string(c.Subject)}
	// Everybody was asked, and the Contact Register has answered.
	for _, what := range []string{"consent", "views"} {
		tamper(t, w, `insert into asking (agency_id, id, application_id, subject_id, item_id, what, outcome, evaluation_id, worker_id, at, leaf)
			values ('oak', $1, $2, $3, case $5 when 'views' then 'itaaaaaaaaaaaaaaaaaaaa' end, $5, 'sent', 'evaaaaaaaaaaaaaaaaaaaa', $4, now(), sha256('a'))`,
			agency.NewID("as"), string(c.ID), string(c.Subject), w.CaseLogin.ID, what)
	}
	tamper(t, w, `insert into enquiry (agency_id, id, application_id, whom, state, asked_by, due_on, answered_on, leaf)
		values ('oak', $1, $2, 'contactRegister', 'answered', $3, current_date, current_date, sha256('e'))`, agency.NewID("en"), string(c.ID), w.CaseLogin.ID)
	tried := 0
	for _, v := range intermediary.FactValues() {
		on, ok := ids[v.About]
		if !ok {
			continue // an item has to be there first; the list is the same
		}
		tried++
		if v.Name == "order" || v.Name == "juris" { // what was known is another's to change: TestRows_ByHand
			tamper(t, w, `delete from fact where on_id = $1 and name = $2`, on, v.Name)
		}
		version := w.Version(t, on, v.Name)
		values := func(about string, n int, confirms string) string {
			return fmt.Sprintf(`'%s', '%s', %d, '%s', %s, '%s'`, about, v.Name, n, v.Value, confirms, w.CaseLogin.ID)
		}
		for about, other := range ids {
			if about != v.About && !slices.ContainsFunc(intermediary.FactValues(), func(o intermediary.FactValue) bool {
				return o.About == about && o.Name == v.Name && o.Value == v.Value
			}) {
				if _, constraint := byHand(t, conn, w.CaseLogin.ID, other, values(about, w.Version(t, other, v.Name)+1, "null")); constraint != "fact_name_value_about_fkey" && constraint != "fact_asked" {
					t.Errorf("%s %s=%s: %q", about, v.Name, v.Value, constraint)
				}
			}
		}
		var before, after *string
		need(t, conn.QueryRow(t.Context(), `select set_config('gatepost.agency', 'oak', false)`).Scan(new(string)))
		need(t, conn.QueryRow(t.Context(), `select fact_of($1, $2)`, on, v.Name).Scan(&before))
		if code, constraint := byHand(t, conn, w.CaseLogin.ID, on, values(v.About, version+1, "null")); code != "" {
			t.Errorf("%s=%s: %s %s", v.Name, v.Value, code, constraint)
		}
		need(t, conn.QueryRow(t.Context(), `select fact_of($1, $2)`, on, v.Name).Scan(&after))
		if v.Two && given(after) != given(before) || !v.Two && given(after) != v.Value {
			t.Errorf("%s=%s by one worker: %q counts, before it %q", v.Name, v.Value, given(after), given(before))
		}
	}
	if tried < 75 {
		t.Errorf("%d values tried", tried)
	}
}

func given(s *string) string {
	if s == nil {
		return ""
	}
	return strings.TrimSpace(*s)
}

// A word of caution between an agreement and a new proposal cannot be taken away:
// what counted before it would count again.
func TestFact_CautionTakenAway(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	w.State(t, string(c.ID), "idVerified=yes", "idVerified=no")
	proposal := newFact(string(c.ID), "idVerified", "yes")
	proposal.Was = 3
	need(t, w.Cases.StateFact(t.Context(), w.CaseWorker, proposal))
	if got := counts(applicant(t, w, c), "idVerified"); got != "no" {
		t.Fatalf("idVerified counts as %q", got)
	}
	behind(t, w.Rows, `delete from fact where on_id = $1 and name = 'idVerified' and version = 3; delete from casework where id = $1 and part = 'fidverified' and version = 3`, string(c.ID))
	if got := counts(applicant(t, w, c), "idVerified"); got != "" {
		t.Errorf("idVerified counts as %q", got)
	}
	wants(t, "agreeing to it", w.Cases.ConfirmFact(t.Context(), w.Colleague, string(c.ID), "idVerified", 4), fault.Sealed)
}
