package intermediary

import (
	"errors"
	"slices"
	"strings"

	"gatepost/internal/fault"
	"gatepost/internal/prose"
)

// Limits of what somebody types in a first enquiry, in bytes.
const (
	MaxShort = 400  // a name, a number, an e-mail address
	MaxLong  = 4000 // what they tell in their own words; it has to fit into the Particulars of a case
)

// Answers are what somebody says in a first enquiry. Nothing in it is proved,
// and everything may be empty but a name and one way to reach them. The choices
// are closed lists, see Choices; dates are as IsDate takes them, so that
// only a year, or a year and a month, may be known.
type Answers struct {
	Purpose string `json:"purpose,omitempty"` // what they would like to do; "" reads as a search, see For

	Who      string `json:"who"`                // who they are, or the person for whom they ask, to the adopted person
	Behalf   bool   `json:"behalf,omitempty"`   // they ask for somebody else
	Speaker  string `json:"speaker,omitempty"`  // and say who they are themselves, and what lets them
	Relation string `json:"relation,omitempty"` // in their own words
	Looks    string `json:"looks,omitempty"`    // whom they look for
	When     string `json:"when,omitempty"`     // when the adoption order was made
	Where    string `json:"where,omitempty"`    // and where

	Kind          string `json:"kind,omitempty"`          // of a veto: VetoAbsolute or VetoQualified; "" is held as absolute
	Circumstances string `json:"circumstances,omitempty"` // of a qualified one, in their own words
	Wish          string `json:"wish,omitempty"`          // about contact, of WishesOf
	Named         string `json:"named,omitempty"`         // whom the wish names, in their own words

	Seeks []string `json:"seeks,omitempty"` // what they hope for
	Hopes string   `json:"hopes,omitempty"` // in their own words

	Name    string   `json:"name,omitempty"`
	Others  string   `json:"others,omitempty"` // other names that they have had
	Born    string   `json:"born,omitempty"`
	Address string   `json:"address,omitempty"`
	Reach   []string `json:"reach,omitempty"` // the ways that are safe
	Email   string   `json:"email,omitempty"`
	Phone   string   `json:"phone,omitempty"`
	Safe    string   `json:"safe,omitempty"` // what to do and not to do when we reach them

	BirthName    string `json:"birthName,omitempty"` // of the adopted person
	AdoptedName  string `json:"adoptedName,omitempty"`
	AdoptedBorn  string `json:"adoptedBorn,omitempty"`
	AdoptedWhere string `json:"adoptedWhere,omitempty"` // court, agency, place, as far as known

	Sought string   `json:"sought,omitempty"` // whom they look for, and what they know
	Helper string   `json:"helper,omitempty"` // somebody who helps them
	Needs  []string `json:"needs,omitempty"`  // of language and form
	More   string   `json:"more,omitempty"`   // of needs, in their own words
}

// The values of Purpose. The row of an enquiry that was sent says it in clear.
const (
	PurposeSearch = "search" // to look for somebody, or to know more
	PurposeVeto   = "veto"   // that nobody asks an adopted person for contact (ISR 8)
	PurposeWish   = "wish"   // a wish about contact, which is weighed and does not bind
)

// For is the purpose: a search where nothing was chosen, as in an enquiry that
// was begun before this was asked.
func (a Answers) For() string {
	if a.Purpose == "" {
		return PurposeSearch
	}
	return a.Purpose
}

// OfFamily tells whether they say that they are somebody else than the adopted
// person.
func (a Answers) OfFamily() bool { return a.Who == WhoRelative || a.Who == WhoPrescribed }

// MayVeto tells whether a veto may be theirs: only the adopted person's word, or
// that of somebody who acts for them, is one (ISR 8(1)). Whoever is not sure, or
// has not said who they are, may be. So may a relative who says that the adoption
// was in Wales, or does not know where: what the law of Wales says of that is for
// people to find out, and meanwhile it protects (table 8d, rows d01a and d02a).
func (a Answers) MayVeto() bool {
	return !a.OfFamily() || a.Who == WhoRelative && a.Where != "" && a.Where != WhereEngland
}

// WishesOf lists the wishes that somebody can choose from, by who they are, as
// the contact register has them.
func WishesOf(who string) (list []string) {
	part := 2
	if who == WhoAdopted {
		part = 1
	}
	for _, w := range Wishes(part) {
		list = append(list, string(w))
	}
	return list
}

// Names tells whether the wish is about people whom it names.
func (a Answers) Names() bool { return ContactWish(a.Wish).naming() }

// The values of Who.
const (
	WhoAdopted    = "adopted"    // the adopted person
	WhoRelative   = "relative"   // a relative by birth (ACA 2002 s.98(7))
	WhoPrescribed = "prescribed" // a prescribed relationship (ISR 2A)
	WhoUnsure     = "unsure"
)

// The values of Looks, beside WhoAdopted, WhoRelative and WhoPrescribed.
const LooksOther = "other"

// The values of When, by the days on which the law changed.
const (
	WhenInterview = "interview" // on or before 12 November 1975
	WhenPre       = "pre"       // after it, and before 30 December 2005
	WhenPost      = "post"      // on or after 30 December 2005
	Unknown       = "unknown"   // also of Where
)

// The values of Where.
const (
	WhereEngland = "england"
	WhereWales   = "wales"
	WhereElse    = "elsewhere"
)

// Choices lists what can be chosen for a question, in the order in which it is
// offered, by the name of the field; nil for a question without choices.
func Choices(question string) []string {
	switch question {
	case "purpose":
		return []string{PurposeSearch, PurposeVeto, PurposeWish}
	case "kind":
		return []string{VetoAbsolute, VetoQualified}
	case "wish":
		return slices.Concat(WishesOf(WhoAdopted), WishesOf(WhoRelative))
	case "who":
		return []string{WhoAdopted, WhoRelative, WhoPrescribed, WhoUnsure}
	case "looks":
		return []string{WhoAdopted, WhoRelative, WhoPrescribed, LooksOther, Unknown}
	case "when":
		return []string{WhenInterview, WhenPre, WhenPost, Unknown}
	case "where":
		return []string{WhereEngland, WhereWales, WhereElse, Unknown}
	case "seeks":
		return []string{"contact", "news", "background", "birthRecord", "medical", "something"}
	case "reach":
		return []string{"email", "phone", "post"}
	case "needs":
		return []string{"welsh", "largePrint", "easyRead", "audio", "signing", "interpreter", "something"}
	}
	return nil
}

// clean checks answers that may not be complete, and makes their texts as they
// are sealed. Invalid, with the name of the field: a choice that is not offered,
// a date that no calendar has, a text that is too long. All that is wrong comes
// at once.
func (a Answers) clean() (Answers, error) {
	var faults []error
	for name, value := range map[string]string{"purpose": a.Purpose, "kind": a.Kind, "who": a.Who, "looks": a.Looks, "when": a.When, "where": a.Where} {
		if value != "" && !slices.Contains(Choices(name), value) {
			faults = append(faults, fault.Field(name, "fault.intake.choose"))
		}
	}
	if a.Wish != "" && !slices.Contains(WishesOf(a.Who), a.Wish) {
		faults = append(faults, fault.Field("wish", "fault.intake.choose"))
	}
	for name, values := range map[string][]string{"seeks": a.Seeks, "reach": a.Reach, "needs": a.Needs} {
		for i, value := range values {
			if !slices.Contains(Choices(name), value) || slices.Contains(values[:i], value) {
				faults = append(faults, fault.Field(name, "fault.intake.choose"))
				break
			}
		}
	}
	for name, value := range map[string]string{"born": a.Born, "adoptedBorn": a.AdoptedBorn} {
		if !IsDate(value) {
			faults = append(faults, fault.Field(name, "fault.intake.date"))
		}
	}
	for name, line := range map[string]*string{"name": &a.Name, "others": &a.Others, "email": &a.Email, "phone": &a.Phone,
		"birthName": &a.BirthName, "adoptedName": &a.AdoptedName} {
		text, err := prose.Line(name, *line)
		*line, faults = text, append(faults, err)
	}
	for name, words := range map[string]*string{"speaker": &a.Speaker, "circumstances": &a.Circumstances, "named": &a.Named, "relation": &a.Relation, "hopes": &a.Hopes, "address": &a.Address, "safe": &a.Safe,
		"adoptedWhere": &a.AdoptedWhere, "sought": &a.Sought, "helper": &a.Helper, "more": &a.More} {
		text, err := prose.Clean(name, *words, MaxLong)
		*words, faults = strings.TrimSpace(text), append(faults, err)
	}
	return a, errors.Join(faults...)
}

// Missing tells what has to be said before an enquiry can be sent, each an
// Invalid fault with its field: a name, and one way to answer; of the ways that
// were chosen, how; of a wish, which. A veto is only refused to whoever says that
// they are somebody else ("who"): what else is not known of it is asked later,
// while it protects. nil if nothing is missing.
func (a Answers) Missing() error {
	var faults []error
	switch {
	case a.For() == PurposeVeto && !a.MayVeto():
		faults = append(faults, fault.Field("who", "fault.intake.veto"))
	case a.For() == PurposeWish && a.Wish == "":
		faults = append(faults, fault.Field("wish", "fault.intake.wish"))
	}
	if prose.Blank(a.Name) {
		faults = append(faults, fault.Field("name", "fault.intake.name"))
	}
	if len(a.Reach) == 0 {
		faults = append(faults, fault.Field("reach", "fault.intake.reach"))
	}
	for _, way := range a.Reach {
		switch {
		case way == "email" && (prose.Blank(a.Email) || !strings.Contains(a.Email, "@")):
			faults = append(faults, fault.Field("email", "fault.intake.email"))
		case way == "phone" && prose.Blank(a.Phone):
			faults = append(faults, fault.Field("phone", "fault.intake.phone"))
		case way == "post" && prose.Blank(a.Address):
			faults = append(faults, fault.Field("address", "fault.intake.address"))
		}
	}
	return errors.Join(faults...)
}
