package intermediary_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// mutant is a function of the gate in which one condition always, or never, holds.
type mutant struct {
	function  string
	condition string // as it stood
	with      string // what stands there instead
	body      string // the whole function
	constrain string // what the statement after it would have said
}

// spans gives the smallest conditions of a text of SQL: what stands between and,
// or, brackets, and the words that begin and end a condition.
func spans(sql string) (list [][2]int) {
	for _, r := range regions(sql, 0, len(sql)) {
		list = append(list, leaves(sql, r[0], r[1])...)
	}
	return list
}

// regions finds the conditions of if, elsif, where, on and return between two places.
func regions(sql string, from, to int) (list [][2]int) {
	ends := map[string][]string{"if ": {" then"}, "elsif ": {" then"}, "where ": {" order by ", " for update", ";", "\n\t\tjoin", " limit"}, "return ": {";"}}
	for i := from; i < to; i++ {
		for word, stops := range ends {
			if !strings.HasPrefix(sql[i:to], word) || i > 0 && !strings.ContainsRune(" \t\n(", rune(sql[i-1])) {
				continue
			}
			end := stop(sql, i+len(word), to, stops)
			list = append(list, [2]int{i + len(word), end})
			i = end - 1
			break
		}
	}
	return list
}

// stop is the first of the stops outside brackets and quotes, or the bracket that
// closes around from, or to.
func stop(sql string, from, to int, stops []string) int {
	depth, quoted := 0, false
	for i := from; i < to; i++ {
		switch c := sql[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return i
			}
		case depth == 0:
			for _, s := range stops {
				if strings.HasPrefix(sql[i:to], s) {
					return i
				}
			}
		}
	}
	return to
}

// leaves splits a condition at and and or.
func leaves(sql string, from, to int) (list [][2]int) {
	if strings.HasPrefix(strings.TrimSpace(sql[from:to]), "select ") {
		for _, r := range regions(sql, from, to) {
			list = append(list, leaves(sql, r[0], r[1])...)
		}
		return list
	}
	for at := from; at < to; {
		end := stop(sql, at, to, []string{" and ", " or ", "\n\t\tand ", "\n\t\tor ", "\n\t\t\tor ", "\n\t\t\tand "})
		list = append(list, leaf(sql, at, end)...)
		rest := sql[end:to]
		skip := len(rest) - len(strings.TrimLeft(rest, " \t\n"))
		for _, word := range []string{"and ", "or "} {
			if strings.HasPrefix(rest[skip:], word) {
				skip += len(word)
			}
		}
		if at = end + skip; skip == 0 {
			break
		}
	}
	return list
}

// leaf is a condition without and and or outside its brackets. What stands in
// them is looked at too.
func leaf(sql string, from, to int) (list [][2]int) {
	text := sql[from:to]
	trimmed := strings.TrimSpace(text)
	from += strings.Index(text, trimmed)
	to = from + len(trimmed)
	if trimmed == "" {
		return nil
	}
	if trimmed[0] == '(' && stop(sql, from+1, to, nil) == to-1 {
		return leaves(sql, from+1, to-1)
	}
	list = append(list, [2]int{from, to})
	for _, r := range regions(sql, from, to) {
		list = append(list, leaves(sql, r[0], r[1])...)
	}
	return list
}

// gate is the functions that refuse a disclosure, and from where. That a stop
// blocks is asked by the first of them, and so is what may_go_on begins with: what
// blocked and may_go_on say of these is tried with approaches.
func gate() map[string]string {
	return map[string]string{"disclosure_by_right": "begin", "post_given": "begin", "agreed_to": "begin", "judged": "begin", "worded": "begin", "given": "begin",
		"blocked": "if a.pair", "answered": "begin", "fact_of": "begin", "by_intermediary": "begin", "may_go_on": "if fact_of(s.id, 'acr')", "signed_off": "begin", "flag_set": "begin", "vetoed": "begin", "approached": "begin"}
}

// mutants breaks every condition of the gate in two ways, and leaves out every
// refusal. Conditions on agency_id are left alone: row-level security holds in
// these functions too, and shows them no other agency's rows.
func mutants(t *testing.T, admin *pgx.Conn) (list []mutant) {
	t.Helper()
	for name, from := range gate() {
		var body string
		if err := admin.QueryRow(t.Context(), `select pg_get_functiondef($1::regproc)`, name).Scan(&body); err != nil {
			t.Fatal(err)
		}
		begin := strings.Index(body, from)
		if begin < 0 {
			t.Fatalf("%s has no %q", name, from)
		}
		for _, s := range spans(body[begin:]) {
			from, to := begin+s[0], begin+s[1]
			was := body[from:to]
			if was == "new" || strings.Contains(was, "agency_id = ") && !strings.Contains(was, "select") {
				continue
			}
			for _, with := range []string{"false", "true"} {
				if body[from:to] == with {
					continue
				}
				list = append(list, mutant{name, body[from:to], with, body[:from] + with + body[to:], constraintAfter(body[to:])})
			}
		}
		for from := begin; ; {
			i := strings.Index(body[from:], "raise exception")
			if i < 0 {
				break
			}
			i += from
			end := i + strings.Index(body[i:], ";")
			list = append(list, mutant{name, body[i:end], "null", body[:i] + "null" + body[end:], constraintAfter(body[i:])})
			from = end
		}
	}
	return list
}

func constraintAfter(sql string) string {
	_, after, _ := strings.Cut(sql, "constraint = '")
	name, _, _ := strings.Cut(after, "'")
	return name
}

// mutantWords are what a condition speaks of: names and values of facts, and tables.
var mutantWords = regexp.MustCompile(`'[A-Za-z0-9_]+'|\b(?:consent|stop|party|signature|evaluation|enquiry|veto|casework|disclosure|worker|pair|state)\b`)

// spokenOf says which word of a case a function, or an alias in a condition, stands for.
func spokenOf() map[string]string {
	return map[string]string{"post_given": "'8f'", "given": "hand.given", "judged": "hand.words", "worded": "hand.words", "agreed_to": "consent",
		"w.part = 'agreement'": "agreement", "signed_off": "signature", "flag_set": "hand.flag", "vetoed": "veto", "approached": "hand.step", "b.at": "audit_body", "blocked": "veto", "g.": "signature", "w.": "casework", "p.": "party", "c.": "consent", "v.": "veto", "d.": "hand.given",
		"new.second": "second", "new.id": "pack", "identifying": "@it3", "regime": "order", "young": "anyChild", "said": "expressed",
		"w.leaf": "leaf:", "w.kind": "kind:", "w.application_id": "case:", "w.file": "file:", "w.state": "@gone", "repAuthority": "representative", "unheard": "enquiry_word",
		"e.act": "act:", "e.tbl": "tbl:", "right_of_60": "s60_2a"}
}

// near is how likely a case is to notice: those that speak of the same come first.
func (m mutant) near(c handCase) (n int) {
	text := fmt.Sprint(c.change, c.swap)
	for _, word := range mutantWords.FindAllString(m.condition, -1) {
		if strings.Contains(text, word) {
			n += 2
		}
	}
	for word, of := range spokenOf() {
		if (m.function == word || strings.Contains(m.condition, word)) && strings.Contains(text, of) {
			n += 2
		}
	}
	if c.want == m.constrain && m.with != "true" || c.want == "" && m.with == "true" {
		n++
	}
	return n
}

// killed tells whether a case ends otherwise with the mutant than it should.
func (h *hand) killed(m mutant, cases []handCase) (by string) {
	h.t.Helper()
	ctx := context.Background()
	tx, err := h.admin.Begin(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	defer tx.Rollback(ctx)
	if _, err := tx.Exec(ctx, m.body); err != nil {
		h.t.Fatalf("%s, %s for %s: %v", m.function, m.with, m.condition, err)
	}
	sorted := slices.Clone(cases)
	slices.SortStableFunc(sorted, func(a, b handCase) int { return m.near(b) - m.near(a) })
	for _, c := range sorted {
		if h.tried(tx, c) != c.want {
			return c.name
		}
	}
	return ""
}

// TestDisclosure_EachConditionOfTheGateIsNeeded breaks every condition of the
// gate's functions in turn; a disclosure by hand then ends otherwise than it should.
func TestDisclosure_EachConditionOfTheGateIsNeeded(t *testing.T) {
	h := newHand(t)
	cases := handCases()
	known := equivalent()
	killed := 0
	for _, m := range mutants(t, h.admin) {
		what := fmt.Sprintf("%s: %s for %s", m.function, m.with, m.condition)
		if known[what] != "" {
			delete(known, what)
			continue
		}
		if h.killed(m, cases) == "" {
			t.Errorf("nobody notices in %s", what)
			continue
		}
		killed++
	}
	for what := range known {
		t.Errorf("there is no such change any more: %s", what)
	}
	t.Logf("%d mutants killed", killed)
}

// equivalent are changes that change nothing, each with its reason.
func equivalent() map[string]string {
	return map[string]string{
		"disclosure_by_right: true for w.part = 'pack'":                                     "the foreign key disclosure_pack asks for it too",
		"disclosure_by_right: true for p.file = new.application_id":                         "which accounts one case waits for: TestDisclosureRace tries it",
		"disclosure_by_right: false for p.file = new.application_id":                        "which accounts one case waits for",
		"disclosure_by_right: true for p.kind <> 'subject'":                                 "which accounts one case waits for",
		"disclosure_by_right: false for p.kind <> 'subject'":                                "which accounts one case waits for",
		"post_given: true for f.name = 'expressed'":                                         "no other fact has the value object",
		"post_given: true for o.name = f.name":                                              "no other fact has the value agree",
		"may_go_on: true for f.name = 'apConsent'":                                          "no other fact has the values refused and withdrawn",
		"may_go_on: true for o.name = f.name":                                               "no other fact has the value given",
		"may_go_on: false for coalesce(fact_of(a.id, 'vetoAnswer'), 'unknown') = 'unknown'": "a disclosure with no answer is refused before; an approach may be signed for",
		"may_go_on: false for not signed_off(s.id, null, 'a25')":                            "a disclosure with no answer is refused before",
		"may_go_on: true for not signed_off(s.id, null, 'a25')":                             "a disclosure with no answer is refused before",
		"may_go_on: true for fact_of(a.id, 'vetoAnswer') is not null":                       "a disclosure with no answer is refused before",
		"post_given: false for fact_of(i.subject_id, 'approp') is distinct from 'yes'":      "asked before it, for every disclosure under section 61",
		"answered: false for not found":                                                     "an evaluation that there is not has no transaction",
		"agreed_to: true for said.answer is not null":                                       "a null answer is neither in a list nor out of it",
		"agreed_to: false for said.answer not in ('yes', 'lettersOnly', 'onlyThroughUs')":   "any other answer has no scope (consent_scope)",
	}
}
