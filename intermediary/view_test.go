package intermediary_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

// counts finds the value of a fact that counts; "" for none.
func counts(list []intermediary.Fact, name string) string {
	for _, f := range list {
		if f.Name == name && f.Counts {
			return f.Value
		}
	}
	return ""
}

func TestCase(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Ready(t, "AP>REL")
	_, _ = w.Join(t, string(c.ID), "applicant")
	before := tally(t, w, `select count(*) from audit_body`)
	got, err := w.Cases.Case(t.Context(), w.CaseWorker, c.ID)
	need(t, err)
	if n := tally(t, w, `select count(*) from audit_body`); n != before+1 {
		t.Errorf("a reading is %d entries of the log, want 1", n-before)
	}
	if got.Unread || got.Adopted.Particulars != intermediarytest.Adopted() || got.Applicant.Particulars.Name != "Jory Tregear" ||
		len(got.Subjects) != 1 || got.Subjects[0].Particulars.Name != "Demelza Nance" || got.Told != "inProgress" || !strings.HasPrefix(got.Reference, "IS-") {
		t.Errorf("the case shows %+v", got)
	}
	for of, want := range map[string]map[string]string{
		"adopted":   {"order": "pre", "juris": "E", "interviewRequired": "no", "apAge": "ge18", "apVital": "living"},
		"applicant": {"appAge": "ge18", "met": "inPerson", "idVerified": "yes", "linkProven": "yes", "aaa": "self"},
		"subject":   {"subjAge": "ge18", "subjectVital": "living", "acr": "checked"},
	} {
		list := map[string][]intermediary.Fact{"adopted": got.Adopted.Facts, "applicant": got.Applicant.Facts, "subject": got.Subjects[0].Facts}[of]
		for name, value := range want {
			if v := counts(list, name); v != value {
				t.Errorf("%s of the %s is %q, want %q", name, of, v, value)
			}
		}
	}
	i := slices.IndexFunc(got.Applicant.Facts, func(f intermediary.Fact) bool { return f.Name == "idVerified" })
	if f := got.Applicant.Facts[i]; f.ByName != "Elowen Trease" || f.SecondName != "Carys Marlowe" || f.Why != "seen in the papers" || len(f.Evidence) != 1 {
		t.Errorf("who said it: %+v", f)
	}
	if p := got.Applicant.Parties; len(p) != 1 || !p[0].Open || p[0].State != "active" {
		t.Errorf("parties %+v", p)
	}
	for name, tt := range map[string]struct {
		actor authz.Actor
		id    intermediary.ApplicationID
		kind  fault.Kind
	}{
		"a letterbox worker": {w.World.Worker, c.ID, fault.Forbidden},
		"no such case":       {w.CaseWorker, intermediary.NewApplicationID(), fault.NotFound},
		"no id":              {w.CaseWorker, "ap'", fault.NotFound},
	} {
		_, err := w.Cases.Case(t.Context(), tt.actor, tt.id)
		wants(t, name, err, tt.kind)
	}
}

func tally(t *testing.T, w *intermediarytest.World, sql string, args ...any) (n int) {
	t.Helper()
	need(t, w.Rows.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

// A worker who is a party of a case is kept away from it.
func TestCase_OwnCase(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	login, _ := w.Join(t, string(c.ID), "applicant")
	w.Exec(t, `update worker set person_id = $1 where id = $2`, login.ID, w.ColleagueLogin.ID)
	_, err := w.Cases.Case(t.Context(), w.Colleague, c.ID)
	wants(t, "one's own case", err, fault.Forbidden)
}

// Whatever is changed in the rows behind our back is found out before anything of
// it is believed: a fact counts as not given, a case shows nothing.
func TestCase_RowsChanged(t *testing.T) {
	w := intermediarytest.New(t)
	fact := func(c *intermediary.Case, name string) (f intermediary.Fact) {
		for _, list := range [][]intermediary.Fact{c.Adopted.Facts, c.Applicant.Facts, c.Subjects[0].Facts} {
			for _, one := range list {
				if one.Name == name && (f.Name == "" || one.Unread) {
					f = one
				}
			}
		}
		return f
	}
	doubted := func(name string) func(*intermediary.Case) bool {
		return func(c *intermediary.Case) bool { f := fact(c, name); return f.Unread && !f.Counts }
	}
	_, _, _ = w.OpenExchange(t) // for people who are no party
	whole := func(c *intermediary.Case) bool { return c.Unread }
	for name, tt := range map[string]struct {
		sql   string // $1 the application, $2 the subject, $3 the adopted person
		found func(*intermediary.Case) bool
	}{
		"a value":                   {`update fact set value = 'answered' where on_id = $1 and name = 'aaa'`, doubted("aaa")},
		"who said it":               {`update fact set worker_id = (select id from worker where roles = '{intermediaryWorker}' and id <> worker_id limit 1) where on_id = $1 and name = 'met'`, doubted("met")},
		"when":                      {`update fact set at = at - interval '1 day' where on_id = $1 and name = 'met'`, doubted("met")},
		"a second worker's":         {`update fact set confirms = null where on_id = $1 and name = 'idVerified' and confirms is not null`, doubted("idVerified")},
		"a version taken away":      {`delete from fact where on_id = $1 and name = 'reg11' and version = 2`, doubted("reg11")},
		"an old version put back":   {`delete from casework where id = $1 and part = 'freg' and version = 2`, doubted("reg11")},
		"the sealed text":           {`update casework set sealed = (select sealed from casework where id = $1 and part = 'fmet' limit 1) where id = $1 and part = 'fcnsl'`, doubted("cnsl")},
		"the pair":                  {`update application set pair = 'AP>REL' where id = $1`, whole},
		"the reference":             {`update application set reference = 'IS-BBBBB' where id = $1`, whole},
		"a case's own object":       {`delete from casework where id = $1 and part = 'case'`, whole},
		"a subject of another case": {`update casework set application_id = (select id from application where id <> $1 limit 1) where id = $2 and part = 'particulars'`, whole},
		"the subject's particulars": {`delete from casework where id = $2 and part = 'particulars'`, whole},
		"the adopted person's":      {`delete from casework where id = $3 and part = 'particulars'`, func(c *intermediary.Case) bool { return c.Adopted.Unread }},
		"the applicant's":           {`delete from casework where id = $1 and part = 'particulars'`, func(c *intermediary.Case) bool { return c.Applicant.Unread }},
		"somebody made a party":     {`insert into party (agency_id, file, application_id, person_id, kind, leaf) select agency_id, $1, $1, (select id from person limit 1), 'applicant', leaf from casework where id = $1 limit 1`, func(c *intermediary.Case) bool { return len(c.Applicant.Parties) == 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			c := w.Ready(t, "REL>AP")
			first, err := w.Cases.Case(t.Context(), w.CaseWorker, c.ID)
			need(t, err)
			if first.Unread || tt.found(first) && name != "somebody made a party" {
				t.Fatal("it is found before anything was changed")
			}
			behind(t, w.Rows, tt.sql, string(c.ID), string(c.Subject), string(c.Adopted))
			got, err := w.Cases.Case(t.Context(), w.CaseWorker, c.ID)
			need(t, err)
			if !tt.found(got) {
				t.Errorf("nobody noticed")
			}
			if got.Unread && (got.Applicant.Particulars.Name != "" || len(got.Subjects) != 0) {
				t.Error("a case in doubt is shown")
			}
		})
	}
}

// behind changes rows with the triggers off.
func behind(t *testing.T, admin *pgx.Conn, sql string, ids ...string) {
	t.Helper()
	for i, id := range ids {
		sql = strings.ReplaceAll(sql, "$"+string(rune('1'+i)), "'"+id+"'")
	}
	_, err := admin.Exec(context.Background(), "set session_replication_role = replica; "+sql+"; set session_replication_role = origin")
	need(t, err)
}

func TestCases(t *testing.T) {
	w := intermediarytest.New(t)
	one, two := w.Open(t, "AP>REL"), w.Open(t, "REL>AP")
	need(t, w.Cases.StateFact(t.Context(), w.CaseWorker, intermediary.NewFact{On: string(one.ID), Name: "idVerified", Value: "yes", Why: "passport", Said: intermediary.SaidFact}))
	list, err := w.Cases.Cases(t.Context(), w.CaseWorker, intermediary.CasesAsked{})
	need(t, err)
	if len(list.Cases) != 2 || list.More {
		t.Fatalf("%d cases", len(list.Cases))
	}
	for _, l := range list.Cases {
		want := map[intermediary.ApplicationID]string{one.ID: "Jory Tregear", two.ID: "Demelza Nance"}[l.ID]
		if l.Applicant != want || l.Late || (l.Second == 1) != (l.ID == one.ID) {
			t.Errorf("a line is %+v", l)
		}
	}
	found, err := w.Cases.Cases(t.Context(), w.Manager, intermediary.CasesAsked{Reference: strings.ToLower(list.Cases[1].Reference)})
	need(t, err)
	if len(found.Cases) != 1 || found.Cases[0].ID != list.Cases[1].ID || found.Cases[0].Applicant == "" {
		t.Errorf("by its reference: %+v", found)
	}
	need(t, w.Cases.EndCase(t.Context(), w.CaseWorker, one.ID, intermediary.Ending{State: "stopped", Reasons: "No answer.", Letter: "We have ended our work."}))
	ended, err := w.Cases.Cases(t.Context(), w.CaseWorker, intermediary.CasesAsked{Ended: true})
	need(t, err)
	if len(ended.Cases) != 1 || ended.Cases[0].ID != one.ID || ended.Cases[0].EndedOn.IsZero() {
		t.Errorf("ended: %+v", ended)
	}
	_, err = w.Cases.Cases(t.Context(), w.World.Worker, intermediary.CasesAsked{})
	wants(t, "a letterbox worker", err, fault.Forbidden)
	// A key that somebody else put in the case's place: no name is shown, nor anything else.
	w.Exec(t, `update node set recipient = (select recipient from node where id = $1) where id = $2`, "case/"+string(two.Adopted), "case/"+string(two.ID))
	list, err = w.Cases.Cases(t.Context(), w.CaseWorker, intermediary.CasesAsked{})
	need(t, err)
	if len(list.Cases) != 1 || list.Cases[0].Applicant != "" {
		t.Errorf("behind another key: %+v", list.Cases)
	}
}
