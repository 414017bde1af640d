package intermediary_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/intermediary/intermediarytest"
)

// handStep is an approach that somebody makes with the staff tier's own
// password, whatever the program thinks, in a case that is ready for one.
type handStep struct {
	pair   string // "" for REL>AP
	change string // SQL before it, in the same transaction, with the triggers off
	tbl    string // "" for 8a
	by     string // "" for the case's worker
	none   bool   // the law was not asked in this transaction
	want   string // the constraint that refuses
}

// fact is SQL that states a fact anew, by as many as it needs.
func handFact(of, name, value string) string {
	return `insert into fact (agency_id, on_id, about, name, version, value, confirms, worker_id, at, leaf)
		select 'oak', '` + of + `', v.about, v.name, (select coalesce(max(version), 0) + 1 from fact where on_id = '` + of + `' and name = v.name), v.value,
			case when v.two then 0 end, '@w', now(), sha256('x') from fact_value v where v.name = '` + name + `' and v.value = '` + value + `'
			and v.about = case left('` + of + `', 2) when 'ad' then 'adopted' when 'ap' then 'application' else 'subject' end;`
}

// handTheirWish is a relative's entry of our register, on a record of its own, and
// handOwnWish the adopted person's.
func handTheirWish(wish string) string {
	return `insert into adopted (agency_id, id, opened_by) values ('oak', 'adaaaaaaaaaaaaaaaaaaaa', '@w');` + handWishOn("adaaaaaaaaaaaaaaaaaaaa", 2, wish)
}

func handOwnWish(wish string) string { return handWishOn("@ad", 1, wish) }

func handWishOn(record string, part int, wish string) string {
	return fmt.Sprintf(`insert into preference (agency_id, id, version, adopted_id, part, wish, verified, adult, related, living, form, worker_id, at, leaf)
		select 'oak', 'cpaaaaaaaaaaaaaaaaaaaa', 1, '%s', %d, '%s', true, true, true, true, 'phone', '@w', now(), leaf from audit_body order by idx desc limit 1;`, record, part, wish)
}

// handLooked is a look through the register, so many statements before the end of
// the log, where the wish stands.
func handLooked(before int) string {
	return fmt.Sprintf(`insert into register_look select 'oak', 'loaaaaaaaaaaaaaaaaaaaa', '@sb', '@w', now(), leaf from audit_body order by idx desc offset %d limit 1;`, before)
}

// handSays is a word about the entry.
func handSays(version int, says string, seen int, by string) string {
	return fmt.Sprintf(`insert into wish_word values ('oak', 'wiaaaaaaaaaaaaaaaaaaaa', %d, '@sb', 'cpaaaaaaaaaaaaaaaaaaaa', %d, '%s', '%s', now(), sha256('x'));`, version, seen, says, by)
}

// Each approach that table 8a refuses is refused by the database too, to
// somebody who writes the rows by hand and says that the law permitted it.
func TestApproach_ByHand(t *testing.T) {
	w := intermediarytest.New(t)
	cases := map[string]intermediarytest.Case{}
	for _, pair := range []string{"AP>REL", "REL>AP", "REL>PR"} {
		cases[pair] = w.Ready(t, pair)
	}
	other := func(name, value string) string {
		return handFact("@ap", "aaa", "answered") + handFact("@ap", name, value)
	}
	for name, tt := range map[string]handStep{
		"all in order":                   {},
		"all in order, her own search":   {pair: "AP>REL"},
		"all in order, with her consent": {pair: "REL>PR"},
		"the law was not asked":          {none: true, want: "gate_asked"},
		"another table answered":         {tbl: "8b", want: "gate_asked"},
		"somebody else's name":           {by: "colleague", want: "casework_worker"},
		"a manager":                      {by: "manager", want: "casework_worker"},
		"a letterbox worker":             {by: "letters", want: "casework_worker"},
		"ISR 2, after commencement":      {change: handFact("@ad", "order", "post"), want: "gate_age"},
		"R5, the country is not known":   {change: handFact("@ad", "juris", "unknown"), want: "gate_age"},
		"ISR 5(1), another pair":         {change: `update application set pair = 'other' where id = '@ap';`, want: "gate_age"},
		"ISR 5(3), the applicant":        {change: handFact("@ap", "appAge", "lt18"), want: "gate_age"},
		"ISR 5(3), the subject":          {change: handFact("@sb", "subjAge", "lt18"), want: "gate_age"},
		"ISR 5(3), nobody knows":         {change: handFact("@sb", "subjAge", "unknown"), want: "gate_age"},
		"ISR 2, the adopted person":      {change: handFact("@ad", "apAge", "unknown"), want: "gate_age"},
		"ISR 11, pending":                {change: handFact("@ap", "reg11", "pending"), want: "gate_met"},
		"ISR 11, the link":               {pair: "AP>REL", change: handFact("@ap", "linkProven", "no"), want: "gate_met"},
		"NMS 16.2, not met":              {change: handFact("@ap", "met", "no"), want: "gate_met"},
		"ISR 6, not decided":             {change: handFact("@sb", "approp", "undecided"), want: "gate_decided"},
		"ISR 6(1), decided against":      {change: handFact("@sb", "approp", "no"), want: "gate_decided"},
		"ISR 13, the register":           {change: handFact("@sb", "acr", "notChecked"), want: "gate_decided"},
		"ISR 6(2)(c), a wish":            {change: handFact("@sb", "acrNoContact", "yes"), want: "gate_decided"},
		"ISR 6(2)(c), a wish in our register that nobody looked for": {change: handTheirWish("noContact"), want: "gate_decided"},
		"ISR 6(2)(c), a wish for contact":                            {change: handTheirWish("contact")},
		"ISR 6(2)(c), looked, and it is another's":                   {change: handTheirWish("noContact") + handLooked(0)},
		"ISR 6(2)(c), a newer wish than the look":                    {change: handLooked(1) + handTheirWish("noContact"), want: "gate_decided"},
		"ISR 6(2)(c), a wish that a look found":                      {change: handTheirWish("noContact") + handLooked(0) + handSays(1, "found", 1, "@w"), want: "gate_decided"},
		"ISR 6(2)(c), one says that it is another's":                 {change: handTheirWish("noContact") + handSays(1, "found", 1, "@w") + handSays(2, "other", 1, "@w"), want: "gate_decided"},
		"ISR 6(2)(c), the same one twice":                            {change: handTheirWish("noContact") + handSays(1, "other", 1, "@w") + handSays(2, "other", 1, "@w"), want: "gate_decided"},
		"ISR 6(2)(c), two say it":                                    {change: handTheirWish("noContact") + handSays(1, "other", 1, "@w") + handSays(2, "other", 1, "wkbbbbbbbbbbbbbbbbbbbb")},
		"ISR 6(2)(c), one of them of the wish before":                {change: handTheirWish("noContact") + handSays(1, "other", 2, "@w") + handSays(2, "other", 1, "wkbbbbbbbbbbbbbbbbbbbb"), want: "gate_decided"},
		"ISR 6(2)(c), and then somebody says that it concerns them":  {change: handTheirWish("noContact") + handSays(1, "other", 1, "@w") + handSays(2, "other", 1, "wkbbbbbbbbbbbbbbbbbbbb") + handSays(3, "concerns", 1, "@w"), want: "gate_decided"},
		"ISR 6(2)(c), their own wish":                                {change: handOwnWish("noContactAll"), want: "gate_decided"},
		"ISR 5A(1), a veto":                                          {change: `insert into veto values ('oak', '@ad', 1, 'absolute', true, '@w', now(), sha256('v'));`, want: "gate_blocked"},
		"ISR 5A(1), her own":                                         {pair: "AP>REL", change: `insert into veto values ('oak', '@ad', 1, 'absolute', true, '@w', now(), sha256('v'));`},
		"ISR 8(1)(b)(ii), nobody judged":                             {change: `insert into veto values ('oak', '@ad', 1, 'qualified', true, '@w', now(), sha256('v'));`, want: "gate_blocked"},
		"NMS 16.2, a stop":                                           {change: `insert into stop values ('oak', 'spaaaaaaaaaaaaaaaaaaaa', '@ad', null, '@w', now(), sha256('s'));`, want: "gate_blocked"},
		"ISR 12, nobody answered":                                    {change: handFact("@ap", "aaa", "pending"), want: "gate_blocked"},
		"ISR 12, the answer is not known":                            {change: other("vetoAnswer", "unknown"), want: "gate_fresh"},
		"ISR 12, the answer is absolute":                             {change: other("vetoAnswer", "absolute"), want: "gate_blocked"},
		"ISR 8, the answer is old":                                   {change: handFact("@ap", "aaa", "answered") + `update audit_body set at = now() - interval '17 days' where leaf in (select leaf from fact where name = 'vetoAnswer' and on_id = '@ap');`, want: "gate_fresh"},
		"ISR 8, not asked since the last act": {change: handFact("@ap", "aaa", "answered") + `insert into step
			select 'oak', 'stbbbbbbbbbbbbbbbbbbbb', '@sb', 'approach', 'sent', 'evbbbbbbbbbbbbbbbbbbbb', '@w', now(), leaf from audit_body order by idx desc limit 1;`, want: "gate_fresh"},
		"ISR 5A(2)(b), not asked":     {pair: "REL>PR", change: handFact("@ap", "apConsent", "notSought"), want: "gate_blocked"},
		"ISR 5A(2)(b), refused":       {pair: "REL>PR", change: handFact("@ap", "apConsent", "refused"), want: "gate_blocked"},
		"ISR 7(1), they said no":      {change: `insert into consent values ('oak', '@sb', 1, 'no', '{}', '@w', now(), sha256('c'));`, want: "gate_answered"},
		"ISR 7(1), they took it back": {change: `insert into consent values ('oak', '@sb', 1, 'withdrawn', '{}', '@w', now(), sha256('c'));`, want: "gate_answered"},
		"the dead":                    {change: handFact("@sb", "subjectVital", "died"), want: "gate_answered"},
		"the subject was stopped":     {change: `update subject set state = 'stopped' where id = '@sb';`, want: "gate_open"},
		"the application was stopped": {change: `update application set state = 'stopped', ended_on = current_date where id = '@ap';`, want: "gate_open"},
	} {
		if tt.pair == "" {
			tt.pair = "REL>AP"
		}
		if got := tt.try(t, w, cases[tt.pair]); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// try makes the approach and takes everything back. It gives the constraint that
// was broken, "" for none.
func (s handStep) try(t *testing.T, w *intermediarytest.World, c intermediarytest.Case) string {
	t.Helper()
	ctx := context.Background()
	tx, err := w.Rows.Begin(ctx)
	need(t, err)
	defer tx.Rollback(ctx)
	as, by := w.CaseWorker.Account(), w.CaseWorker.Account()
	switch s.by {
	case "colleague":
		by = w.Colleague.Account()
	case "manager":
		as, by = w.Manager.Account(), w.Manager.Account()
	case "letters":
		as, by = w.Worker.Account(), w.Worker.Account()
	}
	tbl := "8a"
	if s.tbl != "" {
		tbl = s.tbl
	}
	in := strings.NewReplacer("@ad", string(c.Adopted), "@ap", string(c.ID), "@sb", string(c.Subject), "@w", by)
	_, err = tx.Exec(ctx, `set local session_replication_role = replica; set local gatepost.agency = 'oak';`+in.Replace(s.change)+
		`; set local session_replication_role = origin; set local gatepost.account = '`+as+`'; set local session authorization gatepost_staff`)
	need(t, err)
	const body = `convert_to(E'gatepost/statement/v1\nagency oak\nevent casework\n' || repeat('by hand ', 20), 'UTF8')`
	sql := `select log_append(` + body + `);`
	if !s.none {
		sql += `insert into evaluation (agency_id, id, application_id, subject_id, tbl, row_id, outcome, effects, digest, at, act, worker_id, leaf)
			values ('oak', 'evaaaaaaaaaaaaaaaaaaaa', '@ap', '@sb', '` + tbl + `', 'a32', '+PROCEED', '{}', sha256('f'), now(), 'approach', '@w', sha256(` + body + `));`
	}
	_, err = tx.Exec(ctx, in.Replace(sql+`insert into step (agency_id, id, subject_id, kind, outcome, evaluation_id, worker_id, at, leaf)
		values ('oak', 'staaaaaaaaaaaaaaaaaaaa', '@sb', 'approach', 'sent', 'evaaaaaaaaaaaaaaaaaaaa', '@w', now(), sha256(`+body+`)); set constraints all immediate`))
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case err == nil:
		return ""
	case !ok:
		t.Fatal(err)
	case pg.ConstraintName == "":
		return pg.Message
	}
	return pg.ConstraintName
}
