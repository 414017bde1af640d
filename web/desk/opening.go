package desk

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatepost/internal/agency"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// Limits of an exchange that is being typed. The page of a side has the most
// fields, and a form of ours has at most a hundred.
const (
	maxChildren = 10
	maxPeople   = 8
	maxShort    = 100 // runes of a name, a relation, a telephone number
	maxLong     = 500 // runes of an address
)

// books are the directories that a family can stand in.
func books() []string { return []string{"birth", "adoptive"} }

// kinds are what can be agreed to be sent.
func kinds() []string { return []string{"letter", "card", "photo", "audio"} }

// opening is an exchange as far as it has been typed, as text. Between the
// pages it travels in a hidden field of the form.
type opening struct {
	ID       string         `json:"id"` // chosen once, so that two clicks open one exchange
	Children []openingChild `json:"children"`
	Sides    [2]openingSide `json:"sides"`
}

// openingChild is a child: one that another exchange is about already (ID),
// whose names are known, or a new one.
type openingChild struct {
	ID       string `json:"id,omitempty"`
	Birth    string `json:"birth"`
	Adoptive string `json:"adoptive"`
	Day      string `json:"day,omitempty"`
	Month    string `json:"month,omitempty"`
	Year     string `json:"year,omitempty"`
}

// openingSide is one household.
type openingSide struct {
	Book     string          `json:"book"`
	People   []openingPerson `json:"people"`
	Children []string        `json:"children"` // what they call each child, in the order of the children
	Other    string          `json:"other"`
	Self     string          `json:"self"`
	Send     []string        `json:"send"`
	Times    string          `json:"times"`
	Months   []string        `json:"months"`
}

// openingPerson is one of the people of a side: one found in the directory of
// their book (ID, Book), or a new one.
type openingPerson struct {
	ID       string `json:"id,omitempty"`
	Book     string `json:"book,omitempty"`
	Name     string `json:"name"`
	Relation string `json:"relation"`
	Address  string `json:"address,omitempty"`
	Phone    string `json:"phone,omitempty"`
}

// newOpening is an exchange of which nothing has been typed.
func newOpening() opening {
	o := opening{ID: string(letterbox.NewExchangeID()), Children: make([]openingChild, 1)}
	for i, book := range books() {
		o.Sides[i] = openingSide{Book: book, People: make([]openingPerson, 1), Children: make([]string, 1), Send: kinds()[:1], Times: "1"}
	}
	return o
}

// parseOpening reads what a form carried. It comes from a browser and may be
// anything: what we would not have written is an Invalid fault.
func parseOpening(carried string) (opening, error) {
	broken := fault.New(fault.Invalid, "desk.opening.broken")
	var o opening
	dec := json.NewDecoder(strings.NewReader(carried))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		return opening{}, broken
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return opening{}, broken
	}
	if n := len(o.Children); n < 1 || n > maxChildren || !agency.ValidID("ex", o.ID) {
		return opening{}, broken
	}
	for _, c := range o.Children {
		if c.ID != "" && !agency.ValidID("ch", c.ID) {
			return opening{}, broken
		}
	}
	for _, s := range o.Sides {
		if n := len(s.People); n < 1 || n > maxPeople || len(s.Children) != len(o.Children) || !s.known() {
			return opening{}, broken
		}
		for _, p := range s.People {
			if p.ID != "" && !agency.ValidID("pe", p.ID) {
				return opening{}, broken
			}
		}
	}
	return o, nil
}

// known tells whether what can only be chosen is one of the choices, or nothing.
func (s openingSide) known() bool {
	if s.Book != "" && !slices.Contains(books(), s.Book) || len(s.Send) > len(kinds()) || len(s.Months) > 12 {
		return false
	}
	for _, kind := range s.Send {
		if !slices.Contains(kinds(), kind) {
			return false
		}
	}
	for _, month := range s.Months {
		if n, ok := numberOf(month, 1, 12); !ok || strconv.Itoa(n) != month {
			return false
		}
	}
	return true
}

// carry is what the form carries to the next page.
func (o opening) carry() (string, error) {
	text, err := json.Marshal(o)
	return string(text), err
}

// typed takes what was typed on the page of a step. Choices that the page does
// not offer are an Invalid fault.
func (o *opening) typed(step string, form page.Form) error {
	switch step {
	case stepChildren:
		for i := range o.Children {
			o.Children[i].typed(form, "child-"+strconv.Itoa(i)+"-")
		}
	case stepFirst:
		o.Sides[0].typed(form)
	case stepSecond:
		o.Sides[1].typed(form)
	}
	if !o.Sides[0].known() || !o.Sides[1].known() {
		return fault.New(fault.Invalid, "desk.opening.broken")
	}
	return nil
}

func (c *openingChild) typed(form page.Form, prefix string) {
	if c.ID != "" {
		return
	}
	c.Birth, c.Adoptive = form.Get(prefix+"birth"), form.Get(prefix+"adoptive")
	c.Day, c.Month, c.Year = form.Get(prefix+"born-day"), form.Get(prefix+"born-month"), form.Get(prefix+"born-year")
}

func (s *openingSide) typed(form page.Form) {
	s.Book = form.Get("book")
	for i := range s.People {
		p, prefix := &s.People[i], "person-"+strconv.Itoa(i)+"-"
		if p.ID == "" {
			*p = openingPerson{Name: form.Get(prefix + "name"), Relation: form.Get(prefix + "relation"),
				Address: form.Get(prefix + "address"), Phone: form.Get(prefix + "phone")}
		}
	}
	for i := range s.Children {
		s.Children[i] = form.Get("calls-" + strconv.Itoa(i))
	}
	s.Other, s.Self = form.Get("other"), form.Get("self")
	s.Send, s.Times, s.Months = form.All("send"), form.Get("times"), form.All("months")
}

// askChildren turns the children into what the service takes. Its faults name the
// fields of the page on which they were typed.
func (o opening) askChildren() ([]letterbox.NewChild, error) {
	var children []letterbox.NewChild
	var faults []error
	for i, c := range o.Children {
		if c.ID != "" {
			children = append(children, letterbox.NewChild{ID: letterbox.ChildID(c.ID)})
			continue
		}
		prefix := "child-" + strconv.Itoa(i) + "-"
		faults = append(faults, needed(prefix+"birth", c.Birth, maxShort, "desk.opening.birthNeeded"),
			needed(prefix+"adoptive", c.Adoptive, maxShort, "desk.opening.adoptiveNeeded"))
		born, ok := dateOf(c.Day, c.Month, c.Year)
		if !ok {
			faults = append(faults, fault.Field(prefix+"born-day", "desk.opening.bornNeeded"))
		}
		children = append(children, letterbox.NewChild{BirthName: clean(c.Birth), AdoptiveName: clean(c.Adoptive), Born: born})
	}
	return children, errors.Join(faults...)
}

// ask turns a side into what the service takes; see askChildren.
func (s openingSide) ask() (letterbox.NewSide, error) {
	var faults []error
	side := letterbox.NewSide{Book: s.Book, MaySend: s.Send,
		Names: letterbox.Names{Other: clean(s.Other), Self: clean(s.Self)}}
	if s.Book == "" {
		faults = append(faults, fault.Field("book", "desk.opening.bookNeeded"))
	}
	for i, p := range s.People {
		person, err := p.ask("person-" + strconv.Itoa(i) + "-")
		if p.ID != "" && p.Book != s.Book {
			err = fault.Field("book", "desk.opening.bookOther")
		}
		side.People, faults = append(side.People, person), append(faults, err)
	}
	for i, name := range s.Children {
		faults = append(faults, needed("calls-"+strconv.Itoa(i), name, maxShort, "desk.opening.callsNeeded"))
		side.Names.Children = append(side.Names.Children, clean(name))
	}
	faults = append(faults, needed("other", s.Other, maxShort, "desk.opening.otherNeeded"), needed("self", s.Self, maxShort, "desk.opening.selfNeeded"))
	var ok bool
	if side.TimesAYear, ok = numberOf(s.Times, 0, 12); !ok {
		faults = append(faults, fault.Field("times", "desk.opening.timesNeeded"))
	}
	for _, m := range s.Months {
		month, _ := numberOf(m, 1, 12) // known saw to it
		side.Months = append(side.Months, month)
	}
	return side, errors.Join(faults...)
}

func (p openingPerson) ask(prefix string) (letterbox.NewPerson, error) {
	if p.ID != "" {
		return letterbox.NewPerson{ID: letterbox.PersonID(p.ID)}, nil
	}
	return letterbox.NewPerson{Name: clean(p.Name), Relation: clean(p.Relation), Address: strings.TrimSpace(p.Address), Phone: clean(p.Phone)},
		errors.Join(
			needed(prefix+"name", p.Name, maxShort, "desk.opening.nameNeeded"),
			needed(prefix+"relation", p.Relation, maxShort, "desk.opening.relationNeeded"),
			atMost(prefix+"address", p.Address, maxLong), atMost(prefix+"phone", p.Phone, maxShort))
}

// ask turns the whole into what the service takes, and names the first step
// that has a fault.
func (o opening) ask() (x letterbox.NewExchange, step string, err error) {
	x.ID = letterbox.ExchangeID(o.ID)
	if x.Children, err = o.askChildren(); err != nil {
		return x, stepChildren, err
	}
	for i, step := range []string{stepFirst, stepSecond} {
		if x.Sides[i], err = o.Sides[i].ask(); err != nil {
			return x, step, err
		}
	}
	return x, stepCheck, nil
}

// fault tells what is wrong with one step alone.
func (o opening) fault(step string) (err error) {
	switch step {
	case stepChildren:
		_, err = o.askChildren()
	case stepFirst:
		_, err = o.Sides[0].ask()
	case stepSecond:
		_, err = o.Sides[1].ask()
	}
	return err
}

// needed is a fault where a field is empty or too long.
func needed(field, text string, limit int, message string) error {
	if strings.TrimSpace(text) == "" {
		return fault.Field(field, message)
	}
	return atMost(field, text, limit)
}

// atMost is a fault where a field has more runes than the limit.
func atMost(field, text string, limit int) error {
	if len([]rune(text)) > limit {
		return fault.Field(field, "desk.opening.long")
	}
	return nil
}

// clean takes the white space off a line that was typed.
func clean(text string) string { return strings.Join(strings.Fields(text), " ") }

// numberOf reads a whole number between two bounds.
func numberOf(text string, least, most int) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	return n, err == nil && least <= n && n <= most
}

// dateOf reads a date that exists. Time of day and zone are not said by it.
func dateOf(day, month, year string) (time.Time, bool) {
	d, okDay := numberOf(day, 1, 31)
	m, okMonth := numberOf(month, 1, 12)
	y, okYear := numberOf(year, 1900, 2999)
	at := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return at, okDay && okMonth && okYear && at.Day() == d
}

// Born is a date of birth as it was typed, and the zero time where there is none
// that exists. It is noon, so that it is the same day in the agency's time.
func (c openingChild) Born() time.Time {
	at, ok := dateOf(c.Day, c.Month, c.Year)
	if !ok {
		return time.Time{}
	}
	return at.Add(12 * time.Hour)
}

// placed finds the step on which a fault of the service can be put right, and
// gives the fault the name that the field has there. The service names fields
// by the struct that it was given, such as "sides.0.people.1.name". A fault of
// nothing that was typed stays on the last page, and one of somebody known
// already has no field.
func (o opening) placed(err error) (step string, at error) {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Field == "" {
		return stepCheck, err
	}
	parts := strings.Split(f.Field+"....", ".")
	step, field := stepChildren, ""
	switch {
	case parts[0] == "children" && parts[1] == "":
	case parts[0] == "children" && parts[2] == "born":
		field = "child-" + parts[1] + "-born-day"
	case parts[0] == "children":
		field = "child-" + parts[1] + "-birth"
	case parts[0] == "sides":
		step = map[string]string{"0": stepFirst, "1": stepSecond}[parts[1]]
		field = sideField(parts[2], parts[3], parts[4])
	}
	if o.known(parts) {
		field = ""
	}
	return step, fault.Field(field, f.Message)
}

// known tells whether a field of the service is about a child or a person who
// was not typed but known already. parts are the parts of the field's name.
func (o opening) known(parts []string) bool {
	if parts[0] == "children" {
		i, ok := numberOf(parts[1], 0, len(o.Children)-1)
		return ok && o.Children[i].ID != ""
	}
	side, okSide := numberOf(parts[1], 0, 1)
	if !okSide || parts[2] != "people" {
		return false
	}
	i, ok := numberOf(parts[3], 0, len(o.Sides[side].People)-1)
	return ok && o.Sides[side].People[i].ID != ""
}

// sideField is the name on our page of a field of a side.
func sideField(what, which, part string) string {
	switch what {
	case "people":
		if part == "" {
			part = "name"
		}
		if which == "" {
			which = "0"
		}
		return "person-" + which + "-" + part
	case "names":
		if which == "children" {
			return "calls-0"
		}
		return "self"
	case "maySend":
		return "send"
	case "timesAYear":
		return "times"
	}
	return what // book, months
}
