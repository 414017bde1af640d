package intermediary_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

func reading() intermediary.NewReading {
	return intermediary.NewReading{Text: "regulation 5A as it stood on 1 June 2026, read that day", Why: "paragraph (5) says that consent is not needed then"}
}

// setFlag sets a flag: a worker, and the manager as second.
func setFlag(t *testing.T, w *intermediarytest.World, flag string) string {
	t.Helper()
	id, err := w.Cases.SetFlag(t.Context(), w.Colleague, flag, reading())
	need(t, err)
	need(t, w.Cases.ConfirmFlag(t.Context(), w.Manager, id, reading()))
	return id
}

func flagOf(t *testing.T, w *intermediarytest.World, actor authz.Actor, question string) intermediary.Flag {
	t.Helper()
	list, err := w.Cases.Flags(t.Context(), actor)
	need(t, err)
	i := slices.IndexFunc(list, func(f intermediary.Flag) bool { return f.Question == question })
	if i < 0 || len(list) != 2 {
		t.Fatalf("%d flags, without %s", len(list), question)
	}
	return list[i]
}

func signing(w *intermediarytest.World, of intermediary.SubjectID, row string) intermediary.NewSignature {
	return intermediary.NewSignature{Of: string(of), Row: row, Until: w.Clock.Now().AddDate(0, 0, 30), Reasons: "weighed, with counsel's advice"}
}

// Six cases, each at one of the six rows that rest on law which nobody has read:
// nobody signs without the flag, nor by hand; under it two do, and the approach
// is made, in the program and in the database; after its end nothing of it counts.
func TestOQ_Rows(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	welsh := func(pair string) intermediarytest.Case {
		n := intermediarytest.NewCase(pair)
		n.AdoptedPerson.CourtCountry = "W"
		c := w.OpenCase(t, n)
		w.Prepare(t, c, pair)
		return c
	}
	cases := map[string]intermediarytest.Case{}
	open := map[string]func() intermediarytest.Case{
		"a14": func() intermediarytest.Case {
			c := welsh("REL>AP")
			register(t, w, c.Adopted, intermediary.VetoQualified, "only her mother by birth")
			w.State(t, string(c.ID), "qualified=met")
			need(t, w.Cases.Resume(ctx, w.Manager, string(c.Subject), "the condition is met")) // the veto stopped it
			return c
		},
		"a14a": func() intermediarytest.Case { return welsh("REL>PR") },
		"a15": func() intermediarytest.Case {
			c := w.Ready(t, "PR>REL")
			register(t, w, c.Adopted, intermediary.VetoAbsolute)
			return c
		},
		"a16": func() intermediarytest.Case {
			c := w.Ready(t, "PR>REL")
			register(t, w, c.Adopted, intermediary.VetoQualified, "only her mother by birth")
			return c
		},
		"a18": func() intermediarytest.Case {
			c := w.Ready(t, "REL>PR")
			w.State(t, string(c.ID), "apConsent=untraced")
			return c
		},
		"a19": func() intermediarytest.Case {
			c := w.Ready(t, "PR>REL")
			w.State(t, string(c.ID), "apConsent=incapable")
			return c
		},
	}
	stands := func(when string, row string, want string, flag string) {
		t.Helper()
		a := asked(t, w, string(cases[row].Subject))
		if a.Row != want && want != "" || want == "" && !a.Permits || a.Flag != flag {
			t.Errorf("%s: the case of %s stands at %s, flag %q", when, row, a.Row, a.Flag)
		}
	}
	for row, of := range open {
		cases[row] = of()
		flag := "OQ1"
		if row == "a14" || row == "a14a" {
			flag = "OQ9"
		}
		stands("before", row, row, flag)
		_, err := w.Cases.SignReferral(ctx, w.Colleague, signing(w, cases[row].Subject, row))
		wants(t, "signing "+row+" without its flag", err, fault.Conflict)
		wants(t, "approaching at "+row, w.Cases.Approach(ctx, w.CaseWorker, approach(cases[row].Subject)), fault.Conflict)
	}
	first, second := setFlag(t, w, "OQ1"), setFlag(t, w, "OQ9")
	for row, c := range cases {
		stands("set", row, row, "")
		id, err := w.Cases.SignReferral(ctx, w.Colleague, signing(w, c.Subject, row))
		need(t, err)
		need(t, w.Cases.SignSecond(ctx, w.Manager, id, "seen it myself"))
		stands("signed", row, "", "")
		if err := w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)); err != nil {
			t.Errorf("approaching at %s: %v", row, err)
		}
	}
	for _, id := range []string{first, second} {
		need(t, w.Cases.EndFlag(ctx, w.Manager, id, "counsel reads it otherwise"))
	}
	for row, c := range cases {
		a := asked(t, w, string(c.Subject))
		if a.Permits || a.Row != row || a.Flag == "" {
			t.Errorf("ended: the case of %s stands at %s", row, a.Row)
		}
		wants(t, "approaching at "+row+" after its flag has ended", w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)
	}
	setFlag(t, w, "OQ1")
	setFlag(t, w, "OQ9")
	for row := range cases {
		stands("set anew", row, row, "")
	}
}

// Who sets a flag: two people in their own names, one of them a manager.
func TestOQ_TwoRead(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	for name, n := range map[string]intermediary.NewReading{"no text": {Why: "so"}, "no reasons": {Text: "regulation 5A"}, "two lines": {Text: "one\ntwo", Why: "so"}} {
		_, err := w.Cases.SetFlag(ctx, w.Colleague, "OQ1", n)
		wants(t, name, err, fault.Invalid)
	}
	for _, flag := range []string{"OQ2", "", "oq1"} {
		_, err := w.Cases.SetFlag(ctx, w.Colleague, flag, reading())
		wants(t, "flag "+flag, err, fault.NotFound)
	}
	id, err := w.Cases.SetFlag(ctx, w.Colleague, "OQ1", reading())
	need(t, err)
	if f := flagOf(t, w, w.CaseWorker, "OQ1"); f.Now == nil || f.Now.Set || f.Now.Unread || f.Now.First.Text != reading().Text || f.Now.First.ByName != "Idris Quayle" || len(f.Rows) != 4 {
		t.Errorf("read by one: %+v", f.Now)
	}
	_, err = w.Cases.SetFlag(ctx, w.Manager, "OQ1", reading())
	wants(t, "a second first", err, fault.Conflict)
	wants(t, "one person twice", w.Cases.ConfirmFlag(ctx, w.Colleague, id, reading()), fault.Forbidden)
	wants(t, "two workers, no manager", w.Cases.ConfirmFlag(ctx, w.CaseWorker, id, reading()), fault.Forbidden)
	wants(t, "no such setting", w.Cases.ConfirmFlag(ctx, w.Manager, "lfaaaaaaaaaaaaaaaaaaaa", reading()), fault.NotFound)
	wants(t, "ended by a worker", w.Cases.EndFlag(ctx, w.CaseWorker, id, "no"), fault.Forbidden)
	need(t, w.Cases.ConfirmFlag(ctx, w.Manager, id, reading()))
	wants(t, "confirmed twice", w.Cases.ConfirmFlag(ctx, w.Manager, id, reading()), fault.Conflict)
	if f := flagOf(t, w, w.Manager, "OQ1"); f.Now == nil || !f.Now.Set || f.Now.Second.Why != reading().Why || len(f.Before) != 0 {
		t.Errorf("read by two: %+v", f.Now)
	}
	wants(t, "ended without reasons", w.Cases.EndFlag(ctx, w.Manager, id, " "), fault.Invalid)
	need(t, w.Cases.EndFlag(ctx, w.Manager, id, "counsel reads it otherwise"))
	wants(t, "ended twice", w.Cases.EndFlag(ctx, w.Manager, id, "again"), fault.Conflict)
	if f := flagOf(t, w, w.CaseWorker, "OQ1"); f.Now != nil || len(f.Before) != 1 || f.Before[0].Set || f.Before[0].Ended.Why != "counsel reads it otherwise" {
		t.Errorf("ended: %+v", f)
	}
	// What one has begun is ended as well, so that another may begin.
	id, err = w.Cases.SetFlag(ctx, w.Manager, "OQ1", reading())
	need(t, err)
	need(t, w.Cases.EndFlag(ctx, w.Manager, id, "the wrong text"))
	wants(t, "confirming what has ended", w.Cases.ConfirmFlag(ctx, w.Colleague, id, reading()), fault.Conflict)
	// A manager may be the first, and any colleague the second.
	id, err = w.Cases.SetFlag(ctx, w.Manager, "OQ1", reading())
	need(t, err)
	need(t, w.Cases.ConfirmFlag(ctx, w.CaseWorker, id, reading()))
	_, letterbox := w.NewWorker(t, "Loveday Hicks", authz.LetterboxWorker)
	_, err = w.Cases.Flags(ctx, letterbox)
	wants(t, "a letterbox worker", err, fault.Forbidden)
}

// asStaff runs one statement as the staff tier's own role, for a worker, and gives
// what the database says of it: a code and a constraint. It is undone.
func asStaff(t *testing.T, w *intermediarytest.World, account, sql string) (code, constraint string) {
	t.Helper()
	ctx := t.Context()
	conn := w.Database.Conn("gatepost_staff")
	tx, err := conn.Begin(ctx)
	need(t, err)
	defer func() { _ = tx.Rollback(ctx) }()
	_, err = tx.Exec(ctx, `select set_config('gatepost.agency', 'oak', true), set_config('gatepost.account', $1, true)`, account)
	need(t, err)
	_, err = tx.Exec(ctx, sql)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code, pg.ConstraintName
	}
	need(t, err)
	return "", ""
}

// The database refuses by hand what the program refuses.
func TestOQ_ByHand(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	id, err := w.Cases.SetFlag(ctx, w.Colleague, "OQ1", reading())
	need(t, err)
	leaf := `(select first_leaf from law_flag where id = '` + id + `')`
	try := func(name, account, sql, constraint string) {
		t.Helper()
		if code, got := asStaff(t, w, account, sql); got != constraint && code != constraint {
			t.Errorf("%s: %s %s, want %s", name, code, got, constraint)
		}
	}
	second := `update law_flag set second_id = '%', second_at = now(), second_leaf = ` + leaf + ` where id = '` + id + `'`
	end := `update law_flag set ended_by = '%', ended_at = now(), end_leaf = ` + leaf + ` where id = '` + id + `'`
	as := func(sql, account string) string { return strings.ReplaceAll(sql, "%", account) }
	first, worker, manager := w.Colleague.Account(), w.CaseWorker.Account(), w.Manager.Account()
	try("one person twice", first, as(second, first), "signature_manager")
	try("no manager", worker, as(second, worker), "signature_manager")
	try("in another's name", worker, as(second, manager), "casework_worker")
	try("ended by a worker", worker, as(end, worker), "law_flag_manager")
	try("ended in another's name", worker, as(end, manager), "law_flag_manager")
	try("another flag", manager, `update law_flag set flag = 'OQ9'`, "42501")
	try("taken away", manager, `delete from law_flag`, "42501")
	try("begun in another's name", worker, `insert into law_flag (agency_id, id, flag, first_id, first_at, first_leaf) values ('oak', 'lfaaaaaaaaaaaaaaaaaaaa', 'OQ9', '`+manager+`', now(), `+leaf+`)`, "casework_worker")
	try("set at once", manager, `insert into law_flag (agency_id, id, flag, first_id, first_at, first_leaf, second_id, second_at, second_leaf)
		values ('oak', 'lfaaaaaaaaaaaaaaaaaaaa', 'OQ9', '`+manager+`', now(), `+leaf+`, '`+first+`', now(), `+leaf+`)`, "casework_worker")
	c := w.Ready(t, "PR>REL")
	register(t, w, c.Adopted, intermediary.VetoAbsolute)
	try("a signature without the flag", first, `insert into signature (agency_id, id, subject_id, row_id, digest, first_id, at, expires_on, leaf)
		values ('oak', 'sgaaaaaaaaaaaaaaaaaaaa', '`+string(c.Subject)+`', 'a15', `+leaf+`, '`+first+`', now(), current_date, `+leaf+`)`, "signature_flag")
}

// A flag counts only as two people signed it: whoever holds the database makes
// none of one half, none of another flag's, and none of one that has ended.
func TestOQ_ChangedRows(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "PR>REL")
	register(t, w, c.Adopted, intermediary.VetoAbsolute)
	signed := func() string {
		id := setFlag(t, w, "OQ1")
		sg, err := w.Cases.SignReferral(ctx, w.Colleague, signing(w, c.Subject, "a15"))
		need(t, err)
		need(t, w.Cases.SignSecond(ctx, w.Manager, sg, "seen it myself"))
		if a := asked(t, w, string(c.Subject)); !a.Permits {
			t.Fatalf("signed: %s", a.Row)
		}
		return id
	}
	refused := func(name string) {
		t.Helper()
		if a := asked(t, w, string(c.Subject)); a.Permits || a.Row != "a15" {
			t.Errorf("%s: %s", name, a.Row)
		}
		if f := flagOf(t, w, w.Manager, "OQ1"); f.Now != nil && (f.Now.Set || !f.Now.Unread) {
			t.Errorf("%s: the page says that it is set", name)
		}
	}
	id := signed()
	need(t, w.Cases.EndFlag(ctx, w.Manager, id, "counsel reads it otherwise"))
	tamper(t, w, `update law_flag set ended_by = null, ended_at = null, end_leaf = null where id = $1`, id)
	refused("its end taken away")
	tamper(t, w, `delete from law_flag`)

	id = signed()
	tamper(t, w, `update law_flag set second_id = $2 where id = $1`, id, w.CaseWorker.Account())
	refused("another second")
	tamper(t, w, `update law_flag set second_id = $2, second_leaf = first_leaf where id = $1`, id, w.Manager.Account())
	refused("one word for both")
	tamper(t, w, `delete from law_flag`)

	other := setFlag(t, w, "OQ9")
	tamper(t, w, `update law_flag set flag = 'OQ1' where id = $1`, other)
	refused("another flag's")
}

// A flag that ends while an approach under it is being made: the approach comes
// first and is in the log first, or it is refused.
func TestRace_EndFlag(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "PR>REL")
	w.State(t, string(c.ID), "apConsent=incapable")
	for name, place := range map[string]string{"before the transaction": "approach", "before the writes": "approach locked"} {
		id := setFlag(t, w, "OQ1")
		sg, err := w.Cases.SignReferral(ctx, w.Colleague, signing(w, c.Subject, "a19"))
		need(t, err)
		need(t, w.Cases.SignSecond(ctx, w.Manager, sg, "seen it myself"))
		slow := func(s *intermediary.Service) error { return s.Approach(ctx, w.CaseWorker, approach(c.Subject)) }
		slowErr, fastErr := overtake(t, w, place, slow, func() error { return w.Cases.EndFlag(ctx, w.Manager, id, "counsel reads it otherwise") })
		need(t, fastErr)
		wants(t, name, slowErr, fault.Conflict)
	}
	if n := count(t, w, `select count(*) from step`); n != 0 {
		t.Errorf("%d approaches under a flag that had ended", n)
	}
}
