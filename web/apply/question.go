package apply

import (
	"slices"
	"strings"

	"gatepost/intermediary"
	"gatepost/web/page"
	"gatepost/web/words"
)

// kind is how a field is asked.
type kind string

const (
	radios kind = "radios"
	boxes  kind = "boxes"
	ways   kind = "ways" // boxes, below two of which a field opens
	line   kind = "line"
	text   kind = "text"
	date   kind = "date"
)

// field is one thing that a page asks for. Its words are those of its question,
// and where there is only one field, the question's heading is its label.
type field struct {
	kind kind
	name string
}

// question is one page.
type question struct {
	name   string
	asked  func(a intermediary.Answers) bool // nil: of everybody
	fields []field
	needs  []string // fields that have to be answered before an enquiry is sent
}

// behalf is the answer to "Who are you?" of somebody who asks for another.
const behalf = "behalf"

// questions is every page, in order.
func questions() []question {
	of := func(who ...string) func(intermediary.Answers) bool {
		return func(a intermediary.Answers) bool { return slices.Contains(who, a.Who) }
	}
	forA := func(purpose string) func(intermediary.Answers) bool {
		return func(a intermediary.Answers) bool { return a.For() == purpose }
	}
	const adopted, relative, prescribed, unsure = intermediary.WhoAdopted, intermediary.WhoRelative, intermediary.WhoPrescribed, intermediary.WhoUnsure
	search, veto, wish := forA(intermediary.PurposeSearch), forA(intermediary.PurposeVeto), forA(intermediary.PurposeWish)
	return []question{
		{name: "purpose", fields: []field{{radios, "purpose"}}},
		{name: "who", fields: []field{{radios, "who"}}},
		{name: "behalf", asked: func(a intermediary.Answers) bool { return a.Behalf }, fields: []field{{radios, "for"}, {text, "speaker"}}},
		{name: "relation", asked: of(relative, prescribed, unsure), fields: []field{{text, "relation"}}},
		{name: "looks", asked: both(search, of(relative, prescribed)), fields: []field{{radios, "looks"}}},
		{name: "kind", asked: veto, fields: []field{{radios, "kind"}}},
		{name: "circumstances", asked: both(veto, func(a intermediary.Answers) bool { return a.Kind == intermediary.VetoQualified }), fields: []field{{text, "circumstances"}}},
		{name: "wish", asked: wish, fields: []field{{radios, "wish"}}, needs: []string{"wish"}},
		{name: "named", asked: both(wish, intermediary.Answers.Names), fields: []field{{text, "named"}}},
		{name: "when", fields: []field{{radios, "when"}}},
		{name: lastFirst, fields: []field{{radios, "where"}}},
		{name: "seeks", asked: search, fields: []field{{boxes, "seeks"}, {text, "hopes"}}},
		{name: "name", fields: []field{{line, "name"}, {line, "others"}}, needs: []string{"name"}},
		{name: "born", fields: []field{{date, "born"}}},
		{name: "reach", fields: []field{{ways, "reach"}, {text, "safe"}}, needs: []string{"reach", "email", "phone"}},
		{name: "address", fields: []field{{text, "address"}}, needs: []string{"address"}},
		{name: "adoption", asked: of(adopted), fields: []field{{line, "birthName"}, {line, "adoptedName"}, {text, "adoptedWhere"}}},
		{name: "adoption", asked: of("", relative, prescribed, unsure),
			fields: []field{{line, "birthName"}, {line, "adoptedName"}, {date, "adoptedBorn"}, {text, "adoptedWhere"}}},
		{name: "sought", asked: search, fields: []field{{text, "sought"}}},
		{name: "helper", fields: []field{{text, "helper"}}},
		{name: "needs", fields: []field{{boxes, "needs"}, {text, "more"}}},
	}
}

// both asks what both ask.
func both(one, other func(intermediary.Answers) bool) func(intermediary.Answers) bool {
	return func(a intermediary.Answers) bool { return one(a) && other(a) }
}

// lastFirst is the last of the first questions, after which a page tells what
// the law has.
const lastFirst = "where"

// asked lists the questions for somebody, from what they said so far.
func asked(a intermediary.Answers) []question {
	return slices.DeleteFunc(questions(), func(q question) bool { return q.asked != nil && !q.asked(a) })
}

// many names the fields that may come several times in a form.
func many() []string { return []string{"seeks", "reach", "needs"} }

// texts names the fields that hold somebody's own words.
func texts() (names []string) {
	for _, q := range questions() {
		for _, f := range q.fields {
			if f.kind == text && !slices.Contains(names, f.name) {
				names = append(names, f.name)
			}
		}
	}
	return names
}

// of is the answer to a field that takes one value. It is nil for a field that
// takes several, and for "who" and "for", which have rules of their own.
func of(a *intermediary.Answers, name string) *string {
	return map[string]*string{
		"purpose": &a.Purpose, "kind": &a.Kind, "circumstances": &a.Circumstances, "wish": &a.Wish, "named": &a.Named,
		"speaker": &a.Speaker, "relation": &a.Relation, "looks": &a.Looks, "when": &a.When, "where": &a.Where, "hopes": &a.Hopes,
		"name": &a.Name, "others": &a.Others, "born": &a.Born, "email": &a.Email, "phone": &a.Phone, "safe": &a.Safe, "address": &a.Address,
		"birthName": &a.BirthName, "adoptedName": &a.AdoptedName, "adoptedBorn": &a.AdoptedBorn, "adoptedWhere": &a.AdoptedWhere,
		"sought": &a.Sought, "helper": &a.Helper, "more": &a.More,
	}[name]
}

// severalOf is the answer to a field that takes several values.
func severalOf(a *intermediary.Answers, name string) *[]string {
	return map[string]*[]string{"seeks": &a.Seeks, "reach": &a.Reach, "needs": &a.Needs}[name]
}

// value is what was answered to a field of one value.
func value(a intermediary.Answers, name string) string {
	switch {
	case name == "who" && a.Behalf:
		return behalf
	case name == "who", name == "for":
		return a.Who
	case name == "purpose" && a.Purpose == "" && begun(a): // before this was asked
		return a.For()
	}
	return *of(&a, name)
}

// begun tells whether somebody has answered the first questions.
func begun(a intermediary.Answers) bool { return a.Purpose != "" || a.Who != "" || a.Behalf }

// take puts what was typed on a question's page into the answers. An answer that
// makes another question needless takes its answers away.
func (q question) take(a *intermediary.Answers, form page.Form) {
	for _, f := range q.fields {
		typed := form.Get(f.name)
		switch {
		case f.kind == date:
			*of(a, f.name) = dateOf(form, f.name)
		case f.kind == boxes || f.kind == ways:
			*severalOf(a, f.name) = form.All(f.name)
			if f.kind == ways {
				a.Email, a.Phone = form.Get("email"), form.Get("phone")
			}
		case f.name == "who" && typed == behalf:
			a.Behalf = true
		case f.name == "who":
			a.Who, a.Behalf, a.Speaker = typed, false, ""
		case f.name == "for":
			a.Who = typed
		default:
			*of(a, f.name) = typed
		}
	}
	if a.Who == intermediary.WhoAdopted {
		a.AdoptedBorn = "" // their own day of birth is asked for anyway
	}
	if !slices.Contains(intermediary.WishesOf(a.Who), a.Wish) {
		a.Wish = "" // it was chosen as somebody else
	}
	still := asked(*a)
	for _, other := range questions() {
		if !slices.ContainsFunc(still, func(s question) bool { return s.name == other.name }) {
			other.forget(a)
		}
	}
}

// forget takes the answers to a question away.
func (q question) forget(a *intermediary.Answers) {
	for _, f := range q.fields {
		if one := of(a, f.name); one != nil {
			*one = ""
		}
		if several := severalOf(a, f.name); several != nil {
			*several = nil
		}
	}
}

// dateOf reads the three fields of a date, of which the day, or the day and the
// month, may be empty, as 1990-02-03, 1990-02 or 1990. What is no date comes
// back as something that is none, for the service to refuse.
func dateOf(form page.Form, name string) string {
	part := func(which string, width int) string {
		typed := strings.TrimSpace(form.Get(name + "-" + which))
		for typed != "" && len(typed) < width {
			typed = "0" + typed
		}
		return typed
	}
	day, month, year := part("day", 2), part("month", 2), part("year", 4)
	switch {
	case day != "":
		return year + "-" + month + "-" + day
	case month != "":
		return year + "-" + month
	}
	return year
}

// fieldView is a field as the template shows it.
type fieldView struct {
	Kind, Name   string
	Label        string
	Hint         *page.Hint
	Heading      bool // the label is the page's heading
	Value        string
	Values       []string
	Items        []page.Choice
	Dates        map[string]string
	Autocomplete string
	Email, Phone string
}

// views gives the fields of a question their words and values.
func (q question) views(w *words.Words, a intermediary.Answers) []fieldView {
	var list []fieldView
	for _, f := range q.fields {
		v := fieldView{Kind: string(f.kind), Name: f.name, Autocomplete: autocomplete(f.name)}
		if v.Heading = len(q.fields) == 1; v.Heading {
			v.Label, v.Hint = w.T("apply.ask."+q.name+".heading"), hint(w, "apply.ask."+q.name+".hint")
		} else {
			v.Label, v.Hint = w.T("apply.ask."+q.name+"."+f.name), hint(w, "apply.ask."+q.name+"."+f.name+"Hint")
		}
		switch f.kind {
		case boxes, ways:
			v.Values, v.Items = *severalOf(&a, f.name), items(w, f.name, intermediary.Choices(f.name))
			v.Email, v.Phone = a.Email, a.Phone
		case radios:
			v.Value, v.Items = value(a, f.name), items(w, f.name, choices(f.name, a))
		case date:
			v.Dates = datesOf(f.name, value(a, f.name))
		default:
			v.Value = value(a, f.name)
		}
		list = append(list, v)
	}
	return list
}

// choices are what radios offer somebody.
func choices(name string, a intermediary.Answers) []string {
	switch name {
	case "wish":
		return intermediary.WishesOf(a.Who)
	case "who":
		return append(intermediary.Choices("who"), behalf)
	case "for":
		return intermediary.Choices("who")
	}
	return intermediary.Choices(name)
}

func items(w *words.Words, name string, values []string) (list []page.Choice) {
	for _, value := range values {
		key := "apply.choice." + name + "." + value
		list = append(list, page.Choice{Value: value, Text: w.T(key), Hint: hint(w, key+"Hint")})
	}
	return list
}

// hint is a text that not every field has.
func hint(w *words.Words, key string) *page.Hint {
	if !w.Has(key) {
		return nil
	}
	return &page.Hint{Text: w.T(key)}
}

// datesOf are the three fields of a date.
func datesOf(name, value string) map[string]string {
	dates := map[string]string{}
	for i, part := range strings.SplitN(value, "-", 3) {
		dates[name+"-"+[]string{"year", "month", "day"}[i]] = strings.TrimLeft(part, "0")
	}
	return dates
}

// autocomplete says what a browser may fill in: nothing but what is the
// visitor's own (WCAG 2.2, 1.3.5).
func autocomplete(name string) string {
	switch name {
	case "name":
		return "name"
	case "address":
		return "street-address"
	}
	return "off"
}

// Answer is a question with what was said to it, a line each; none where nothing
// was said.
type Answer struct {
	Name, Question string
	Lines          []string
}

// Said is every question that somebody is asked, with what they said, in the
// words of the pages. The worker reads the same.
func Said(w *words.Words, a intermediary.Answers) (list []Answer) {
	for _, q := range asked(a) {
		answer := Answer{Name: q.name, Question: w.T("apply.ask." + q.name + ".heading")}
		for _, f := range q.fields {
			answer.Lines = append(answer.Lines, f.said(w, a)...)
		}
		list = append(list, answer)
	}
	return list
}

// said is the answer to a field in words, for the page on which they are
// checked, one line each.
func (f field) said(w *words.Words, a intermediary.Answers) []string {
	var lines []string
	switch f.kind {
	case boxes, ways:
		for _, v := range *severalOf(&a, f.name) {
			lines = append(lines, w.T("apply.choice."+f.name+"."+v))
		}
		if f.kind == ways {
			lines = append(lines, a.Email, a.Phone)
		}
	case radios:
		if v := value(a, f.name); v != "" {
			lines = append(lines, w.T("apply.choice."+f.name+"."+v))
		}
	case date:
		lines = append(lines, spoken(value(a, f.name)))
	default:
		lines = strings.Split(value(a, f.name), "\n")
	}
	return slices.DeleteFunc(lines, func(s string) bool { return s == "" })
}

// spoken is a date as it was typed: 3 2 1990, 2 1990 or 1990.
func spoken(value string) string {
	parts := strings.Split(value, "-")
	slices.Reverse(parts)
	for i := range parts {
		parts[i] = strings.TrimLeft(parts[i], "0")
	}
	return strings.Join(parts, " ")
}
