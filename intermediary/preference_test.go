package intermediary_test

import (
	"errors"
	"strings"
	"testing"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	matcher "gatepost/intermediary/register"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
)

// born is a birth as both sides may know it.
func born(forename string) intermediary.BirthKnown {
	return intermediary.BirthKnown{Forename: forename, Surname: "Trevanion", Born: "1971-03-09", Place: "Porthmellow", MotherForename: "Demelza", MotherSurname: "Trevanion"}
}

// adoptedEntry is what an adopted person wishes, on a record of their own.
func adoptedEntry(t *testing.T, w *intermediarytest.World, wish intermediary.ContactWish) intermediary.NewPreference {
	t.Helper()
	c := w.Open(t, "AP>REL")
	return intermediary.NewPreference{Part: 1, Adopted: c.Adopted, Wish: wish, Named: "my mother", Registrant: intermediary.Registrant{Name: "Morwenna Penrose", Address: "4 Quay Row"},
		Birth: born("Margaret"), Verified: true, Adult: true, AddressOn: calendar.Today(w.Clock.Now()), Form: "paper"}
}

// relativeEntry is what a relative wishes.
func relativeEntry(w *intermediarytest.World, wish intermediary.ContactWish) intermediary.NewPreference {
	return intermediary.NewPreference{Part: 2, Wish: wish, Registrant: intermediary.Registrant{Name: "Demelza Hocking", Relation: "birth mother", Address: "9 Hill Lane"},
		Birth: born("Peggy"), Verified: true, Adult: true, Related: true, AddressOn: calendar.Today(w.Clock.Now()), Form: "phone"}
}

func enter(t *testing.T, w *intermediarytest.World, n intermediary.NewPreference) intermediary.PreferenceID {
	t.Helper()
	id, err := w.Cases.EnterPreference(t.Context(), w.CaseWorker, n)
	need(t, err)
	return id
}

// paired is a register with one entry of each part.
func paired(t *testing.T, w *intermediarytest.World, one, two intermediary.NewPreference) (intermediary.PreferenceID, intermediary.PreferenceID) {
	t.Helper()
	return enter(t, w, one), enter(t, w, two)
}

func pairWord(one, two intermediary.PreferenceID, was int, says string) intermediary.NewPairWord {
	return intermediary.NewPairWord{One: one, Two: two, OneSeen: 1, Twice: 1, Was: was, Says: says, Names: "yes", Why: "The day, the place and the mother agree."}
}

// TestRegister_TwoPeopleAreFound: a pair is proposed with what speaks for it,
// counts once two workers have said so, and even then sends nothing.
func TestRegister_TwoPeopleAreFound(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	one, two := paired(t, w, adoptedEntry(t, w, intermediary.WishContactAll), relativeEntry(w, intermediary.WishContact))
	enter(t, w, intermediary.NewPreference{Part: 2, Wish: intermediary.WishContact, Registrant: intermediary.Registrant{Name: "Jory Kitto"}, Form: "phone",
		Birth: intermediary.BirthKnown{Forename: "Clemo", Surname: "Kitto", Born: "1984-11-30", Place: "Trewarn", MotherForename: "Jenifer", MotherSurname: "Kitto"}})
	found, err := w.Cases.SearchRegister(ctx, w.CaseWorker, "")
	need(t, err)
	if f := found.Pairs; len(f) != 1 || f[0].One.ID != one || f[0].Two.ID != two || f[0].Band != matcher.Proposed || f[0].Finding != matcher.SameChild || f[0].Two.Name != "Demelza Hocking" || found.LeftOut != 0 {
		t.Fatalf("found %+v", found)
	}
	p, err := w.Cases.RegisterPair(ctx, w.CaseWorker, one, two)
	need(t, err)
	if p.State != intermediary.PairProposed || p.Law.Row != "e02" || len(p.Evidence) == 0 || p.Model == "" {
		t.Errorf("before anybody has said anything: %q, %s, %v", p.State, p.Law.Row, p.Evidence)
	}

	need(t, w.Cases.SayPair(ctx, w.CaseWorker, pairWord(one, two, 0, intermediary.PairSame)))
	need(t, w.Cases.SayPair(ctx, w.CaseWorker, pairWord(one, two, 0, intermediary.PairSame))) // the second click
	wants(t, "the same worker again", w.Cases.SayPair(ctx, w.CaseWorker, pairWord(one, two, 1, intermediary.PairSame)), fault.Forbidden)
	wants(t, "a word that a colleague has not seen", w.Cases.SayPair(ctx, w.Colleague, pairWord(one, two, 0, intermediary.PairOther)), fault.Conflict)
	if p, err = w.Cases.RegisterPair(ctx, w.Colleague, one, two); err != nil || p.State != intermediary.PairFirst || p.Law.Row != "e02" {
		t.Errorf("after one word: %q, %s (%v)", p.State, p.Law.Row, err)
	}
	need(t, w.Cases.SayPair(ctx, w.Colleague, pairWord(one, two, 1, intermediary.PairSame)))
	p, err = w.Cases.RegisterPair(ctx, w.Colleague, one, two)
	need(t, err)
	if p.State != intermediary.PairConfirmed || p.Law.Row != "e06b" || p.Law.Permits || len(p.Words) != 2 {
		t.Errorf("after two words: %q, %s, permits %v, %d words", p.State, p.Law.Row, p.Law.Permits, len(p.Words))
	}
	if word := p.Words[1]; word.By != w.CaseLogin.ID || word.Model != p.Model || len(word.Evidence) != len(p.Evidence) || word.LawRow != "e02" || word.Why == "" {
		t.Errorf("the first word is kept as %+v", word)
	}
	if n := count(t, w, `select count(*) from application where adopted_id = $1`, string(p.Two.Adopted)); n != 0 {
		t.Errorf("%d cases on the relative's record", n)
	}

	about := func() (names []string) {
		t.Helper()
		list, err := w.Cases.PreferencesAbout(ctx, w.CaseWorker, p.One.Adopted)
		need(t, err)
		for _, e := range list {
			names = append(names, e.Name)
		}
		return names
	}
	if got := strings.Join(about(), ", "); got != "Morwenna Penrose, Demelza Hocking" {
		t.Errorf("on the record stand the wishes of %s", got)
	}

	// A newer version takes the link away until two have looked again.
	change := relativeEntry(w, intermediary.WishContact)
	change.ID, change.Was = two, 1
	enter(t, w, change)
	if p, err = w.Cases.RegisterPair(ctx, w.CaseWorker, one, two); err != nil || p.State != intermediary.PairProposed || p.Law.Row != "e02" || !p.Words[0].Stale {
		t.Errorf("after a change: %q, %s (%v)", p.State, p.Law.Row, err)
	}
	if got := strings.Join(about(), ", "); got != "Morwenna Penrose, Demelza Hocking" {
		t.Errorf("after a change, on the record stand the wishes of %s", got)
	}
	again := pairWord(one, two, 2, intermediary.PairOther)
	wants(t, "on what stood before", w.Cases.SayPair(ctx, w.CaseWorker, again), fault.Conflict)
	again.Twice = 2
	need(t, w.Cases.SayPair(ctx, w.CaseWorker, again))
	if found, err = w.Cases.SearchRegister(ctx, w.CaseWorker, one); err != nil || len(found.Pairs) != 1 || found.Pairs[0].State != intermediary.PairRejected {
		t.Errorf("what was rejected is not shown as that: %+v (%v)", found, err)
	}
	if got := strings.Join(about(), ", "); got != "Morwenna Penrose" {
		t.Errorf("after somebody said that they do not belong together, on the record stand the wishes of %s", got)
	}
	if p, err = w.Cases.RegisterPair(ctx, w.CaseWorker, one, two); err != nil || p.State != intermediary.PairRejected {
		t.Errorf("rejected: %q (%v)", p.State, err)
	}
}

// TestACCR8_EveryRow: every row of table 8e that an agency can meet, through the
// service.
func TestACCR8_EveryRow(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	for _, c := range []struct {
		name  string
		one   func(*intermediary.NewPreference)
		two   func(*intermediary.NewPreference)
		names string
		words int // how many workers say that they are the same
		want  string
	}{
		{name: "e03 no contact with anybody", one: func(n *intermediary.NewPreference) { n.Wish = intermediary.WishNoContactAll }, words: 2, want: "e03"},
		{name: "e03 an unverified wish for none", one: func(n *intermediary.NewPreference) { n.Wish, n.Verified = intermediary.WishNoContactAll, false }, words: 2, want: "e03"},
		{name: "e03 not with those named", one: func(n *intermediary.NewPreference) { n.Wish = intermediary.WishNoContactNamed }, names: "yes", words: 2, want: "e03"},
		{name: "e03 not with those named, and who that is nobody knows", one: func(n *intermediary.NewPreference) { n.Wish = intermediary.WishNoContactNamed }, names: "unclear", words: 2, want: "e03"},
		{name: "e03 all but those named", one: func(n *intermediary.NewPreference) { n.Wish = intermediary.WishContactAllExcept }, names: "yes", words: 2, want: "e03"},
		{name: "e04 the relative wishes none", two: func(n *intermediary.NewPreference) { n.Wish = intermediary.WishNoContact }, words: 2, want: "e04"},
		{name: "e01a the adopted person has died", one: func(n *intermediary.NewPreference) { n.Died = true }, words: 2, want: "e01a"},
		{name: "e01a the relative has died", two: func(n *intermediary.NewPreference) { n.Died = true }, words: 2, want: "e01a"},
		{name: "e01 a wish that nobody verified", one: func(n *intermediary.NewPreference) { n.Verified = false }, words: 2, want: "e01"},
		{name: "e01 under 18", two: func(n *intermediary.NewPreference) { n.Adult = false }, words: 2, want: "e01"},
		{name: "e02 one worker", words: 1, want: "e02"},
		{name: "e02 declared only", two: func(n *intermediary.NewPreference) { n.Related = false }, words: 2, want: "e02"},
		{name: "e05 others are named", one: func(n *intermediary.NewPreference) { n.Wish = intermediary.WishContactNamed }, names: "no", words: 2, want: "e05"},
		{name: "e05 who is named nobody knows", one: func(n *intermediary.NewPreference) { n.Wish = intermediary.WishContactNamed }, names: "unclear", words: 2, want: "e05"},
		{name: "e05 none with others", one: func(n *intermediary.NewPreference) { n.Wish = intermediary.WishNoContactNamed }, names: "no", words: 2, want: "e05"},
		{name: "e06a no address", two: func(n *intermediary.NewPreference) { n.AddressOn = calendar.Today(w.Clock.Now()).AddDate(-1, 0, -1) }, words: 2, want: "e06a"},
		{name: "e06b both wish it", words: 2, want: "e06b"},
		{name: "e06b who is named", one: func(n *intermediary.NewPreference) { n.Wish = intermediary.WishContactNamed }, names: "yes", words: 2, want: "e06b"},
		{name: "e06b all but others", one: func(n *intermediary.NewPreference) { n.Wish = intermediary.WishContactAllExcept }, names: "no", words: 2, want: "e06b"},
	} {
		n1, n2 := adoptedEntry(t, w, intermediary.WishContactAll), relativeEntry(w, intermediary.WishContact)
		if c.one != nil {
			c.one(&n1)
		}
		if c.two != nil {
			c.two(&n2)
		}
		one, two := paired(t, w, n1, n2)
		for i := range c.words {
			word := pairWord(one, two, i, intermediary.PairSame)
			word.Names = c.names
			by := w.CaseWorker
			if i == 1 {
				by = w.Colleague
			}
			if err := w.Cases.SayPair(ctx, by, word); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
		p, err := w.Cases.RegisterPair(ctx, w.CaseWorker, one, two)
		if err != nil || p.Law.Row != c.want || p.Law.Permits {
			t.Errorf("%s: row %s, permits %v (%v)", c.name, p.Law.Row, p.Law.Permits, err)
		}
	}
}

// TestRegister_TakenBack: a wish is made weaker, or taken back, on a verified word;
// stronger from the first. Every version stays.
func TestRegister_TakenBack(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	n := adoptedEntry(t, w, intermediary.WishNoContactAll)
	n.Verified = false
	id := enter(t, w, n)
	change := func(was int, wish intermediary.ContactWish, verified bool) error {
		c := n
		c.ID, c.Was, c.Wish, c.Verified = id, was, wish, verified
		_, err := w.Cases.EnterPreference(ctx, w.CaseWorker, c)
		return err
	}
	wants(t, "contact on an unverified word", change(1, intermediary.WishContactAll, false), fault.Invalid)
	wants(t, "taken back on an unverified word", change(1, intermediary.WishWithdrawn, false), fault.Invalid)
	wants(t, "a relative's wish", change(1, intermediary.WishContact, true), fault.Invalid)
	need(t, change(1, intermediary.WishContactAll, true))
	need(t, change(2, intermediary.WishNoContactAll, false))
	wants(t, "on an older version", change(2, intermediary.WishContactAll, true), fault.Conflict)
	need(t, change(3, intermediary.WishWithdrawn, true))
	versions, err := w.Cases.PreferenceHistory(ctx, w.CaseWorker, id)
	need(t, err)
	var wishes []string
	for _, v := range versions {
		wishes = append(wishes, string(v.Wish))
		if v.Unread || v.Name != "Morwenna Penrose" {
			t.Errorf("version %d: %+v", v.Version, v)
		}
	}
	if got := strings.Join(wishes, " "); got != "withdrawn noContactAll contactAll noContactAll" {
		t.Errorf("versions %s", got)
	}
	if found, err := w.Cases.SearchRegister(ctx, w.CaseWorker, ""); err != nil || len(found.Pairs) != 0 {
		t.Errorf("what was taken back is found: %v (%v)", found, err)
	}
}

// TestRegister_Narrower: what opens nothing is taken from the first word, and whom
// a wish names is what workers said of the wish as it stands, and agree about.
func TestRegister_Narrower(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	n := adoptedEntry(t, w, intermediary.WishContactAll)
	one, two := paired(t, w, n, relativeEntry(w, intermediary.WishContact))
	n.ID, n.Was, n.Wish, n.Verified, n.Named = one, 1, intermediary.WishNoContactNamed, false, "my brother"
	enter(t, w, n)
	n.Was, n.Wish = 2, intermediary.WishContactNamed
	_, err := w.Cases.EnterPreference(ctx, w.CaseWorker, n)
	wants(t, "from no contact with some to contact with some, unverified", err, fault.Invalid)
	law := func() string {
		t.Helper()
		p, err := w.Cases.RegisterPair(ctx, w.CaseWorker, one, two)
		need(t, err)
		return p.Law.Row
	}
	say := func(by int, names string) {
		t.Helper()
		word := pairWord(one, two, by, intermediary.PairSame)
		word.OneSeen, word.Names = 2, names
		actor := w.CaseWorker
		if by == 1 {
			actor = w.Colleague
		}
		need(t, w.Cases.SayPair(ctx, actor, word))
	}
	if say(0, "no"); law() == "e03" {
		t.Error("a worker says that she is not named, and it counts as no contact")
	}
	if say(1, "yes"); law() != "e03" {
		t.Errorf("two do not agree whether she is named: %s", law())
	}
	n.Was, n.Wish, n.Named = 2, intermediary.WishNoContactNamed, "my mother"
	n.Verified = true
	enter(t, w, n)
	if law() != "e03" {
		t.Errorf("nobody has said whom the newer wish names: %s", law())
	}
}

// TestRegister_Online: a relative's wish that came online becomes an entry, in the
// act that takes it, and no record of an adopted person; another's does not.
func TestRegister_Online(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	answers := wanting(intermediary.PurposeWish)
	answers.Who, answers.Wish, answers.Named = intermediary.WhoRelative, string(intermediary.WishContact), ""
	id := sends(w, t, answers)
	_, err := w.Cases.OpenRecord(ctx, w.CaseWorker, intermediary.NewRecord{Person: intermediary.Particulars{Name: "Wren"}, Intake: string(id), Distinct: true})
	wants(t, "a relative's wish as a record", err, fault.Conflict)
	n := relativeEntry(w, intermediary.WishContact)
	n.Intake = string(id)
	enter(t, w, n)
	if state := text(t, w, `select state from intake where id = $1`, string(id)); state != "taken" {
		t.Errorf("it is %s", state)
	}
	again := relativeEntry(w, intermediary.WishContact)
	again.Intake = string(id)
	_, err = w.Cases.EnterPreference(ctx, w.Colleague, again)
	wants(t, "a second time", err, fault.Conflict)
	own := relativeEntry(w, intermediary.WishContact)
	own.Intake = string(sends(w, t, wanting(intermediary.PurposeVeto)))
	_, err = w.Cases.EnterPreference(ctx, w.CaseWorker, own)
	wants(t, "a request for a veto", err, fault.Conflict)
	if got := count(t, w, `select count(*) from preference`); got != 1 {
		t.Errorf("%d entries", got)
	}
}

// TestRegister_Address: after a year its owner is asked, once a year.
func TestRegister_Address(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	id := enter(t, w, relativeEntry(w, intermediary.WishContact))
	asks := func() bool {
		t.Helper()
		list, err := w.Cases.Preferences(ctx, w.CaseWorker)
		need(t, err)
		return list[0].AskNow
	}
	later := func(days int) {
		t.Helper()
		w.Clock.Advance(calendar.Today(w.Clock.Now()).AddDate(0, 0, days).Sub(calendar.Today(w.Clock.Now())))
		w.CaseWorker = w.SignInWorker(t, &w.CaseLogin)
	}
	later(intermediary.AddressKeeps)
	if asks() {
		t.Error("asked within the year")
	}
	later(1)
	if !asks() {
		t.Error("not asked after a year")
	}
	need(t, w.Cases.PromptAddress(ctx, w.CaseWorker, id, 1))
	need(t, w.Cases.PromptAddress(ctx, w.CaseWorker, id, 1))
	if n := count(t, w, `select count(*) from preference_prompt`); n != 1 || asks() {
		t.Errorf("asked %d times, and again: %v", n, asks())
	}
	later(366)
	if !asks() {
		t.Error("not asked again after another year")
	}
	wants(t, "a version that is not there", w.Cases.PromptAddress(ctx, w.CaseWorker, id, 2), fault.Conflict)
}

// TestRegister_Records: an entry of Part 2 stands on a record that no case and no
// veto stands on, and nobody takes it for the adopted person's own.
func TestRegister_Records(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	id := enter(t, w, relativeEntry(w, intermediary.WishContact))
	record := intermediary.AdoptedID(text(t, w, `select adopted_id from preference where id = $1`, string(id)))
	of := intermediarytest.NewCase("REL>AP")
	of.Adopted, of.AdoptedPerson = record, intermediary.Particulars{}
	_, err := w.Cases.OpenCase(ctx, w.CaseWorker, of)
	wants(t, "a case on it", err, fault.Conflict)
	of = intermediarytest.NewCase("REL>AP")
	of.AdoptedPerson, of.Subjects = intermediary.Particulars{}, []intermediary.Particulars{{Name: "Peggy Trevanion", Born: "1971-03-09"}}
	if known, err := w.Cases.KnownRecords(ctx, w.CaseWorker, of); err != nil || len(known) != 0 {
		t.Errorf("taken for a record of an adopted person: %+v (%v)", known, err)
	}
	n := adoptedEntry(t, w, intermediary.WishContactAll)
	enter(t, w, n)
	_, err = w.Cases.EnterPreference(ctx, w.CaseWorker, n)
	wants(t, "a second entry of one person", err, fault.Conflict)
	n = relativeEntry(w, intermediary.WishContact)
	n.Adopted = record
	_, err = w.Cases.EnterPreference(ctx, w.CaseWorker, n)
	wants(t, "a relative's entry on a record that is there", err, fault.NotFound)
}

// TestRegister_Unread: a changed row is found out, and its entry counts for nothing.
func TestRegister_Unread(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	one, two := paired(t, w, adoptedEntry(t, w, intermediary.WishNoContactAll), relativeEntry(w, intermediary.WishContact))
	need(t, w.Cases.SayPair(ctx, w.CaseWorker, pairWord(one, two, 0, intermediary.PairSame)))
	w.Exec(t, `alter table preference disable trigger all`)
	w.Exec(t, `update preference set wish = 'contactAll' where id = $1`, string(one))
	p, err := w.Cases.RegisterPair(ctx, w.CaseWorker, one, two)
	if err != nil || !p.One.Unread || p.One.Name != "" || p.Law.Row != "e01a" {
		t.Errorf("a wish changed by hand: unread %v, row %s (%v)", p.One.Unread, p.Law.Row, err)
	}
	wants(t, "a word on it", w.Cases.SayPair(ctx, w.Colleague, pairWord(one, two, 1, intermediary.PairSame)), fault.Conflict)
	if found, err := w.Cases.SearchRegister(ctx, w.CaseWorker, ""); err != nil || len(found.Pairs) != 0 || found.LeftOut != 1 {
		t.Errorf("it is searched: %v (%v)", found, err)
	}
	n := adoptedEntry(t, w, intermediary.WishContactNamed)
	n.ID, n.Was, n.Verified = one, 1, false
	_, err = w.Cases.EnterPreference(ctx, w.CaseWorker, n)
	wants(t, "a change of it on an unverified word", err, fault.Invalid)
	n.Verified = true
	enter(t, w, n)
	if p, err = w.Cases.RegisterPair(ctx, w.CaseWorker, one, two); err != nil || p.One.Unread || p.One.Wish != intermediary.WishContactNamed {
		t.Errorf("after it was stated anew: %+v (%v)", p.One, err)
	}

	// A word that was changed by hand has to be said anew.
	said := pairWord(one, two, 1, intermediary.PairOther)
	said.OneSeen = 2
	need(t, w.Cases.SayPair(ctx, w.CaseWorker, said))
	w.Exec(t, `alter table register_word disable trigger all`)
	w.Exec(t, `update register_word set says = 'same' where part1_version = 2`)
	if found, err := w.Cases.SearchRegister(ctx, w.CaseWorker, ""); err != nil || len(found.Pairs) != 1 || found.Pairs[0].State != intermediary.PairAsking {
		t.Errorf("a changed word: %+v (%v)", found.Pairs, err)
	}

	// A record that has lost its key ends no search.
	w.Exec(t, `alter table node disable trigger all`)
	w.Exec(t, `delete from node where id = (select 'case/' || adopted_id from preference where id = $1)`, string(two))
	if found, err := w.Cases.SearchRegister(ctx, w.CaseWorker, ""); err != nil || len(found.Pairs) != 0 || found.LeftOut != 1 {
		t.Errorf("without a record's key: %+v (%v)", found, err)
	}
}

// TestRegister_Races: a change of an entry and a word about it; two words at once.
func TestRegister_Races(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	for name, fast := range map[string]func(one, two intermediary.PreferenceID) error{
		"the entry changes": func(_, two intermediary.PreferenceID) error {
			n := relativeEntry(w, intermediary.WishNoContact)
			n.ID, n.Was = two, 1
			_, err := w.Cases.EnterPreference(ctx, w.Colleague, n)
			return err
		},
		"a colleague says no": func(one, two intermediary.PreferenceID) error {
			return w.Cases.SayPair(ctx, w.Colleague, pairWord(one, two, 0, intermediary.PairOther))
		},
	} {
		one, two := paired(t, w, adoptedEntry(t, w, intermediary.WishContactAll), relativeEntry(w, intermediary.WishContact))
		slowErr, fastErr := overtake(t, w, "pair", func(s *intermediary.Service) error {
			return s.SayPair(ctx, w.CaseWorker, pairWord(one, two, 0, intermediary.PairSame))
		}, func() error { return fast(one, two) })
		if fastErr != nil || fault.KindOf(slowErr) != fault.Conflict {
			t.Errorf("%s: %v, and the word: %v", name, fastErr, slowErr)
		}
	}
}

// TestRegister_Invalid: what cannot be written down is said beside its field.
func TestRegister_Invalid(t *testing.T) {
	w := intermediarytest.New(t)
	for field, spoil := range map[string]func(*intermediary.NewPreference){
		"wish":          func(n *intermediary.NewPreference) { n.Wish = intermediary.WishContactAll },
		"name":          func(n *intermediary.NewPreference) { n.Name = " " },
		"birth.surname": func(n *intermediary.NewPreference) { n.Birth.Forename, n.Birth.Surname = "", "" },
		"birth.born":    func(n *intermediary.NewPreference) { n.Birth.Born = "1971-02-30" },
		"birth.sex":     func(n *intermediary.NewPreference) { n.Birth.Sex = "x" },
		"form":          func(n *intermediary.NewPreference) { n.Form = "dream" },
		"addressOn":     func(n *intermediary.NewPreference) { n.AddressOn = w.Clock.Now().AddDate(0, 0, 3) },
		"address":       func(n *intermediary.NewPreference) { n.Address = "" },
		"words":         func(n *intermediary.NewPreference) { n.Words = strings.Repeat("x", intermediary.MaxWhy+1) },
	} {
		n := relativeEntry(w, intermediary.WishContact)
		spoil(&n)
		_, err := w.Cases.EnterPreference(t.Context(), w.CaseWorker, n)
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(faultField(err), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	n := adoptedEntry(t, w, intermediary.WishContactNamed)
	n.Named = ""
	_, err := w.Cases.EnterPreference(t.Context(), w.CaseWorker, n)
	if faultField(err) != "named" {
		t.Errorf("a wish that names nobody: %v", err)
	}
	if got := count(t, w, `select count(*) from preference`); got != 0 {
		t.Errorf("%d were stored", got)
	}
}

// faultField names the field of a fault; "" for any other error.
func faultField(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Field
	}
	return ""
}
