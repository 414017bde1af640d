package screening

import (
	"errors"
	"fmt"
)

// Kind says what a protected value is.
type Kind string

// The kinds of a protected list.
const (
	Name        Kind = "name" // a forename, or several
	Surname     Kind = "surname"
	Nickname    Kind = "nickname"
	Address     Kind = "address"
	Town        Kind = "town"
	Postcode    Kind = "postcode"
	School      Kind = "school"
	Workplace   Kind = "workplace"
	Club        Kind = "club"
	Surgery     Kind = "surgery"
	Phone       Kind = "phone"
	Email       Kind = "email"
	Vehicle     Kind = "vehicle"
	DateOfBirth Kind = "date of birth"
	Other       Kind = "other"
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{Name, Surname, Nickname, Address, Town, Postcode, School, Workplace, Club, Surgery, Phone, Email, Vehicle, DateOfBirth, Other}
}

// Entry is one value that letters of an exchange may not carry.
type Entry struct {
	Kind  Kind
	Value string
}

// Category is what kind of thing was found.
type Category string

// The categories of findings.
const (
	CatName      Category = "NAME"
	CatAddress   Category = "ADDRESS"
	CatLocation  Category = "LOCATION" // a town, a road, a bus: where somebody is about
	CatPostcode  Category = "POSTCODE"
	CatPhone     Category = "PHONE"
	CatEmail     Category = "EMAIL"
	CatSocial    Category = "SOCIAL"
	CatURL       Category = "URL"
	CatSchool    Category = "SCHOOL"
	CatWorkplace Category = "WORKPLACE"
	CatClub      Category = "CLUB"
	CatPlace     Category = "PLACE" // a hospital, a surgery, a church
	CatGPS       Category = "GPS"
	CatWords     Category = "W3W"
	CatBirth     Category = "DOB"
	CatNHS       Category = "NHS"
	CatNINO      Category = "NINO"
	CatVehicle   Category = "CARREG"
	CatBank      Category = "BANK"
	CatPassport  Category = "PASSPORT"
	CatDriving   Category = "DRIVING"
	CatPupil     Category = "SCHOOLID"
	CatCode      Category = "CODE" // a text that was encoded
	CatCue       Category = "CUE"  // a phrase that asks to be read twice
	CatCare      Category = "CARE" // illness that runs in a family, a death: wanted, and to be told with care
	CatOther     Category = "OTHER"
)

// Code is that of law.md 5.3 which a finding suggests; empty where none fits.
// The worker who confirms a finding says which it is.
type Code string

// Severity says how much a finding asks of the worker.
type Severity string

// The severities.
const (
	High   Severity = "high"   // must be answered before the letter goes on
	Medium Severity = "medium" // must be looked at
	Soft   Severity = "soft"   // is shown
)

func (s Severity) rank() int {
	switch s {
	case High:
		return 3
	case Medium:
		return 2
	case Soft:
		return 1
	}
	return 0
}

// Finding is a candidate: a place in a letter that a worker should look at.
type Finding struct {
	// Start and End are bytes of the text as it was given, on the borders of runes.
	Start, End int
	Category   Category
	Code       Code
	Severity   Severity
	Rule       string // how it was found, in a few words
	// Because is what it was found by: the protected value, or what the pattern
	// is called. It is for workers; a value of the other side is never shown to a writer.
	Because string
}

// What a list may be. Longer ones are refused: a list that is cut off in silence
// would leave somebody without protection.
const (
	MaxEntries = 1000
	MaxValue   = 200 // bytes of one value
)

// ErrList is what is wrong with a list that is refused.
var ErrList = errors.New("the protected list cannot be used")

// Screen is a protected list made ready. It holds no letter, and many
// goroutines may use it at once.
type Screen struct {
	entries []Entry
	own     int // how many of them are of this exchange; the rest is of other adoptions
	forms   []form
	index   index
	lore    *lore
}

// Compile makes a list ready. An empty list is good: then only what is general
// is looked for. others are of children of other adoptions: what is found of
// them carries M13. An error tells the number of an entry and never its value.
func Compile(list []Entry, others ...Entry) (*Screen, error) {
	own := len(list)
	list = append(list[:own:own], others...)
	if len(list) > MaxEntries {
		return nil, fmt.Errorf("%w: it has %d entries, and %d are allowed", ErrList, len(list), MaxEntries)
	}
	for i, e := range list {
		if len(e.Value) > MaxValue {
			return nil, fmt.Errorf("%w: entry %d is longer than %d bytes", ErrList, i+1, MaxValue)
		}
		if !known(e.Kind) {
			return nil, fmt.Errorf("%w: entry %d is of no kind that there is", ErrList, i+1)
		}
	}
	s := &Screen{entries: append([]Entry(nil), list...), own: own, lore: ourLore()}
	s.compile()
	return s, nil
}

func known(k Kind) bool {
	for _, kind := range Kinds() {
		if k == kind {
			return true
		}
	}
	return false
}

// Scan gives what was found in a letter, in the order of the text; the same for
// the same text. An empty result means that this screen found nothing. It does
// not mean that there is nothing.
func (s *Screen) Scan(text string) []Finding {
	found, _ := s.scan(text)
	return found
}

// scan also tells how many steps it took: what a test counts instead of time.
func (s *Screen) scan(text string) ([]Finding, int) {
	x := s.read(text, 0)
	return x.settled(), x.steps
}

// letter is one text while it is scanned.
type letter struct {
	*stream
	screen *Screen
	steps  int
	depth  int // of a text that was encoded within another
	found  []Finding

	hits     []hit          // by token: what of the list it is
	memo     map[string]hit // of words that were looked up
	list     []chunk
	runs     []digitRun
	taken    []bool // tokens of a number that is something else than a telephone's
	shouting bool   // nearly all in capitals, so that a capital says nothing
	quiet    bool   // hardly any capital, so that its absence says nothing
}

// read runs every search over one text.
func (s *Screen) read(text string, depth int) *letter {
	x := &letter{stream: newStream(text), screen: s, depth: depth, memo: make(map[string]hit, 64)}
	x.steps = len(x.b)
	x.temper()
	x.findCues()
	x.findNames()
	x.findCompact()
	x.findSpelt()
	x.findAcrostics()
	x.findIdentifiers()
	x.findDigits()
	x.findNumbers()
	x.findDates()
	x.findPostcodes()
	x.findNet()
	x.findSocial()
	x.findPlaces()
	x.findPositions()
	if depth < deepest {
		x.findCodes()
	}
	return x
}

// temper sees how the writer uses capitals.
func (x *letter) temper() {
	words, upper, capital := 0, 0, 0
	for i := range x.tokens {
		t := &x.tokens[i]
		if t.digits || len(t.key) < 2 {
			continue
		}
		words++
		if t.upper {
			upper++
		}
		if t.capital {
			capital++
		}
	}
	x.shouting = words >= 4 && upper*10 >= words*7
	x.quiet = capital*25 < words || words > 0 && capital == 0
}

// add notes a finding over bytes of the folded text.
func (x *letter) add(start, end int, f Finding) {
	if start >= end || end > len(x.b) {
		return
	}
	f.Start, f.End = int(x.from[start]), int(x.to[end-1])
	if f.Start < f.End {
		x.found = append(x.found, f)
	}
}

// addTokens notes a finding over tokens, the last one included.
func (x *letter) addTokens(first, last int, f Finding) {
	x.add(x.tokens[first].start, x.tokens[last].end, f)
}
