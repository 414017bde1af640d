package intermediary_test

import (
	"testing"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/fault"
)

// motherEntry is what the mother of the adopted person of intermediarytest wishes.
func motherEntry(wish intermediary.ContactWish) intermediary.NewPreference {
	return intermediary.NewPreference{Part: 2, Wish: wish, Registrant: intermediary.Registrant{Name: "Demelza Nance", Relation: "birth mother"}, Form: "phone",
		Birth: intermediary.BirthKnown{Forename: "Piran", Surname: "Nance", Born: "1979-06-14"}}
}

// strangerEntry is another mother's, about another child.
func strangerEntry(wish intermediary.ContactWish) intermediary.NewPreference {
	n := motherEntry(wish)
	n.Name, n.Birth = "Jenifer Kitto", intermediary.BirthKnown{Forename: "Clemo", Surname: "Kitto", Born: "1984-11-30"}
	return n
}

func rowOf(t *testing.T, w *intermediarytest.World, c intermediarytest.Case) string {
	t.Helper()
	a, err := w.Cases.Ask(t.Context(), w.CaseWorker, string(c.Subject))
	need(t, err)
	return a.Row
}

func wishWord(c intermediarytest.Case, entry intermediary.PreferenceID, was int, says string) intermediary.NewWishWord {
	return intermediary.NewWishWord{Subject: c.Subject, Entry: entry, Seen: 1, Was: was, Says: says, Why: "It is the other Demelza of that street."}
}

func registerFor(t *testing.T, w *intermediarytest.World, c intermediarytest.Case) *intermediary.SubjectRegister {
	t.Helper()
	r, err := w.Cases.RegisterFor(t.Context(), w.CaseWorker, c.Subject)
	need(t, err)
	return r
}

// TestISR6_OurRegister: a relative's wish for no contact in our own register is
// asked about before anybody is approached: the register is looked through, and
// what is found stands until two have signed, or two say that it is another's.
func TestISR6_OurRegister(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "AP>REL")
	if row := rowOf(t, w, c); row != "a31" {
		t.Fatalf("before: %s", row)
	}
	mother := enter(t, w, motherEntry(intermediary.WishNoContact))
	other := enter(t, w, strangerEntry(intermediary.WishContact))
	if row := rowOf(t, w, c); row != "a28" {
		t.Errorf("nobody has looked through our register: %s", row)
	}
	wants(t, "an approach", w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)
	if r := registerFor(t, w, c); r.Looked || len(r.Found) != 0 || !r.On.IsZero() {
		t.Errorf("before a look: %+v", r)
	}

	need(t, w.Cases.LookThroughRegister(ctx, w.CaseWorker, c.Subject))
	r := registerFor(t, w, c)
	if !r.Looked || r.ByName == "" || len(r.Found) != 1 || r.Found[0].ID != mother || !r.Found[0].Against || r.Found[0].Own || r.Found[0].Per < 50 || r.Found[0].Name != "Demelza Nance" ||
		len(r.Found[0].Words) != 1 || r.Found[0].Words[0].Says != intermediary.WishFound {
		t.Fatalf("found: %+v", r)
	}
	if row := rowOf(t, w, c); row != "a30" {
		t.Errorf("with a wish that was found: %s", row)
	}
	wants(t, "an approach", w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)

	wants(t, "an entry that was not found", w.Cases.SayWish(ctx, w.CaseWorker, wishWord(c, other, 0, intermediary.WishOther)), fault.NotFound)
	need(t, w.Cases.SayWish(ctx, w.CaseWorker, wishWord(c, mother, 1, intermediary.WishOther)))
	need(t, w.Cases.SayWish(ctx, w.CaseWorker, wishWord(c, mother, 1, intermediary.WishOther))) // the second click
	wants(t, "the same worker again", w.Cases.SayWish(ctx, w.CaseWorker, wishWord(c, mother, 2, intermediary.WishOther)), fault.Forbidden)
	wants(t, "a word that they have not seen", w.Cases.SayWish(ctx, w.Colleague, wishWord(c, mother, 1, intermediary.WishOther)), fault.Conflict)
	if row := rowOf(t, w, c); row != "a30" {
		t.Errorf("after one word: %s", row)
	}
	need(t, w.Cases.SayWish(ctx, w.Colleague, wishWord(c, mother, 2, intermediary.WishOther)))
	if row := rowOf(t, w, c); row != "a31" {
		t.Errorf("after two words: %s", row)
	}
	need(t, w.Cases.LookThroughRegister(ctx, w.CaseWorker, c.Subject)) // says nothing anew of what was settled
	if row := rowOf(t, w, c); row != "a31" {
		t.Errorf("after another look: %s", row)
	}

	n := motherEntry(intermediary.WishNoContact)
	n.ID, n.Was, n.Words = mother, 1, "She rang again. She is afraid."
	enter(t, w, n)
	if row := rowOf(t, w, c); row != "a30" {
		t.Errorf("they say it again: %s", row)
	}
	said := wishWord(c, mother, 3, intermediary.WishConcerns)
	wants(t, "on what stood before", w.Cases.SayWish(ctx, w.CaseWorker, said), fault.Conflict)
	said.Seen = 2
	need(t, w.Cases.SayWish(ctx, w.CaseWorker, said))
	said.Was, said.Says = 4, intermediary.WishOther
	need(t, w.Cases.SayWish(ctx, w.Colleague, said))
	if row := rowOf(t, w, c); row != "a30" {
		t.Errorf("one says that it concerns them, one that it does not: %s", row)
	}
	if r = registerFor(t, w, c); len(r.Found[0].Words) != 5 || r.Found[0].Words[0].Says != intermediary.WishOther || r.Found[0].Words[0].Why == "" || !r.Found[0].Against {
		t.Errorf("words: %+v", r.Found[0].Words)
	}
	wants(t, "an approach", w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)
}

// Two who sign row a30 let the case go on, and a newer wish ends that.
func TestISR6_OurRegisterSigned(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "AP>REL")
	mother := enter(t, w, motherEntry(intermediary.WishNoContact))
	need(t, w.Cases.LookThroughRegister(ctx, w.CaseWorker, c.Subject))
	id, err := w.Cases.SignReferral(ctx, w.Colleague, signing(w, c.Subject, "a30"))
	need(t, err)
	need(t, w.Cases.SignSecond(ctx, w.Manager, id, "seen it myself"))
	if row := rowOf(t, w, c); row != "a31" {
		t.Errorf("signed: %s", row)
	}
	n := motherEntry(intermediary.WishNoContact)
	n.ID, n.Was = mother, 1
	enter(t, w, n)
	if row := rowOf(t, w, c); row != "a30" {
		t.Errorf("signed, and then the wish was stated again: %s", row)
	}
	n.Was, n.Wish, n.Verified = 2, intermediary.WishWithdrawn, true
	enter(t, w, n)
	if row := rowOf(t, w, c); row != "a31" {
		t.Errorf("the wish was taken back: %s", row)
	}
	need(t, w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)))
}

// The adopted person's own wish stands at once, in the act that writes it down.
func TestISR6_OurRegisterOwn(t *testing.T) {
	w := intermediarytest.New(t)
	for wish, want := range map[intermediary.ContactWish]string{intermediary.WishNoContactAll: "a30", intermediary.WishNoContactNamed: "a30", intermediary.WishContactAllExcept: "a30",
		intermediary.WishContactAll: "a32", intermediary.WishContactNamed: "a32"} {
		c := w.Ready(t, "REL>AP")
		n := intermediary.NewPreference{Part: 1, Adopted: c.Adopted, Wish: wish, Named: "my uncle", Registrant: intermediary.Registrant{Name: "Jory Tregear"}, Form: "paper",
			Birth: intermediary.BirthKnown{Forename: "Piran", Surname: "Nance", Born: "1979-06-14"}}
		id := enter(t, w, n)
		if got := text(t, w, `select row_id from evaluation where subject_id = $1 order by (select b.idx from audit_body b where b.leaf = evaluation.leaf) desc limit 1`, string(c.Subject)); got != want {
			t.Errorf("%s: in its act the law says %s", wish, got)
		}
		if row := rowOf(t, w, c); row != want {
			t.Errorf("%s: %s, want %s", wish, row, want)
		}
		if r := registerFor(t, w, c); !r.Looked || len(r.Found) != 1 || !r.Found[0].Own || r.Found[0].ID != id || r.Found[0].Against != (want == "a30") {
			t.Errorf("%s: %+v", wish, r)
		}
		n.ID, n.Was, n.Wish, n.Verified = id, 1, intermediary.WishWithdrawn, true
		enter(t, w, n)
	}
}

// What is not known of a birth hides nobody, and what was found out since asks for
// another look.
func TestISR6_OurRegisterPartlyKnown(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "AP>REL")
	births := map[string]intermediary.BirthKnown{
		"the month":   {Forename: "Piran", Surname: "Nance", Born: "1979-06"},
		"the year":    {Forename: "Piran", Surname: "Nance", Born: "1979"},
		"about":       {Forename: "Piran", Surname: "Nance", About: "about 1979"},
		"no day":      {Forename: "Piran", Surname: "Nance", MotherForename: "Demelza", MotherSurname: "Nance"},
		"no forename": {Surname: "Nance", Born: "1979-06-14"},
		"the surname": {Surname: "Nance"},
	}
	ids := map[intermediary.PreferenceID]string{}
	for name, birth := range births {
		n := motherEntry(intermediary.WishNoContact)
		n.Birth = birth
		ids[enter(t, w, n)] = name
	}
	stranger := enter(t, w, strangerEntry(intermediary.WishNoContact))
	need(t, w.Cases.LookThroughRegister(ctx, w.CaseWorker, c.Subject))
	for _, f := range registerFor(t, w, c).Found {
		if f.ID == stranger {
			t.Error("another child's mother is found")
		}
		delete(ids, f.ID)
	}
	for _, name := range ids {
		t.Errorf("not found: %s", name)
	}

	other := w.Ready(t, "REL>AP")
	n := intermediarytest.Adopted()
	n.BirthName, n.Born = "Clemo Kitto", "1984-11-30"
	need(t, w.Cases.LookThroughRegister(ctx, w.CaseWorker, other.Subject))
	need(t, w.Cases.AmendParticulars(ctx, w.CaseWorker, string(other.Adopted), 1, n))
	if r := registerFor(t, w, other); r.Looked {
		t.Error("a look from before the name was found out counts")
	}
	need(t, w.Cases.LookThroughRegister(ctx, w.CaseWorker, other.Subject))
	if r := registerFor(t, w, other); !r.Looked || len(r.Found) != len(births)+1 || r.Found[0].ID != stranger && !r.Found[0].Against {
		t.Errorf("after another look: %v, %d found", r.Looked, len(r.Found))
	}
}

// Their own wish, and one that two workers put beside it, is set aside by nobody;
// and who wants no contact with anybody is not asked to consent to it.
func TestISR6_OurRegisterTheirs(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := prescribed(t, w, "REL>PR")
	own := intermediary.NewPreference{Part: 1, Adopted: c.Adopted, Wish: intermediary.WishNoContactAll, Registrant: intermediary.Registrant{Name: "Jory Tregear"}, Form: "paper",
		Birth: intermediary.BirthKnown{Forename: "Piran", Surname: "Nance", Born: "1979-06-14"}}
	one, two := enter(t, w, own), enter(t, w, motherEntry(intermediary.WishNoContact))
	need(t, w.Cases.LookThroughRegister(ctx, w.CaseWorker, c.Subject))
	wants(t, "their own is another's", w.Cases.SayWish(ctx, w.CaseWorker, wishWord(c, one, 0, intermediary.WishOther)), fault.Conflict)
	need(t, w.Cases.SayPair(ctx, w.CaseWorker, pairWord(one, two, 0, intermediary.PairSame)))
	need(t, w.Cases.SayPair(ctx, w.Colleague, pairWord(one, two, 1, intermediary.PairSame)))
	err := w.Cases.SayWish(ctx, w.CaseWorker, wishWord(c, two, 1, intermediary.WishOther))
	if wants(t, "their mother's is another's", err, fault.Conflict); messageOf(err) != "fault.wish.own" {
		t.Errorf("their mother's is another's: %v", err)
	}
	err = w.Cases.AskAdopted(ctx, w.CaseWorker, byLetter(string(c.Subject)))
	if wants(t, "they are asked", err, fault.Conflict); messageOf(err) != "fault.wish.asking" {
		t.Errorf("they are asked: %v", err)
	}
	came := intermediary.NewAsking{ID: intermediary.NewAskingID(), Of: string(c.Subject), Outcome: intermediary.AskedTheirs, Words: "he rang us"}
	need(t, w.Cases.AskAdopted(ctx, w.CaseWorker, came))
}

// Nobody looks through a register in which they know somebody who wishes for no
// contact: a colleague does.
func TestISR6_OurRegisterConnected(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "AP>REL")
	mother := enter(t, w, motherEntry(intermediary.WishNoContact))
	record := text(t, w, `select adopted_id from preference where id = $1`, string(mother))
	need(t, w.Cases.StateConnection(ctx, w.Colleague, intermediary.NewConnection{Adopted: intermediary.AdoptedID(record), Worker: w.CaseLogin.ID, Why: "She is his aunt."}))
	wants(t, "who knows the mother looks", w.Cases.LookThroughRegister(ctx, w.CaseWorker, c.Subject), fault.Forbidden)
	need(t, w.Cases.LookThroughRegister(ctx, w.Colleague, c.Subject))
	if row := rowOf(t, w, c); row != "a30" {
		t.Errorf("asked by who knows her: %s", row)
	}
	if r := registerFor(t, w, c); len(r.Found) != 0 {
		t.Errorf("who knows her sees %+v", r.Found)
	}
	wants(t, "a word of who knows her", w.Cases.SayWish(ctx, w.CaseWorker, wishWord(c, mother, 1, intermediary.WishOther)), fault.Forbidden)
	wants(t, "a manager looks", w.Cases.LookThroughRegister(ctx, w.Manager, c.Subject), fault.Forbidden)
}

// Rows that were changed or taken away weaken nothing.
func TestISR6_OurRegisterChanged(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	for name, tt := range map[string]struct{ sql, want string }{
		"a wish made weaker":     {`update preference set wish = 'contact' where id = $1`, "a30"},
		"a wish taken back":      {`update preference set wish = 'withdrawn' where id = $1`, "a30"},
		"the words are gone":     {`delete from wish_word where preference_id = $1`, "a30"},
		"a word says otherwise":  {`update wish_word set says = 'other' where preference_id = $1 and version = 1`, "a30"},
		"both words are one's":   {`update wish_word set says = 'other', worker_id = (select w.id from worker w where w.agency_id = 'oak' order by w.id limit 1 offset version) where preference_id = $1`, "a30"},
		"the look is gone":       {`delete from register_look where $1 <> ''`, "a30"},
		"the look is another's":  {`update casework set version = 2 where part = 'look' and $1 <> ''`, "a28"},
		"nothing":                {`select $1::text`, "a30"},
		"an entry of no subject": {`update preference set adopted_id = (select id from adopted where id <> adopted_id limit 1) where id = $1`, "a30"},
	} {
		t.Run(name, func(t *testing.T) {
			c := w.Ready(t, "AP>REL")
			mother := enter(t, w, motherEntry(intermediary.WishNoContact))
			need(t, w.Cases.LookThroughRegister(ctx, w.CaseWorker, c.Subject))
			need(t, w.Cases.SayWish(ctx, w.CaseWorker, wishWord(c, mother, 1, intermediary.WishConcerns)))
			w.Exec(t, `set session_replication_role = replica`)
			w.Exec(t, tt.sql, string(mother))
			w.Exec(t, `set session_replication_role = origin`)
			if row := rowOf(t, w, c); row != tt.want {
				t.Errorf("%s, want %s", row, tt.want)
			}
			wants(t, "an approach", w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)
			w.Exec(t, `set session_replication_role = replica`)
			w.Exec(t, `delete from wish_word`)
			w.Exec(t, `delete from register_look`)
			w.Exec(t, `delete from preference`)
			w.Exec(t, `set session_replication_role = origin`)
		})
	}
}

// A wish that comes while somebody looks, or approaches: either it was seen, or
// it stands later in the log.
func TestRace_OurRegister(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	wish := func() error {
		_, err := w.Cases.EnterPreference(ctx, w.Colleague, motherEntry(intermediary.WishNoContact))
		return err
	}
	c := w.Ready(t, "AP>REL")
	enter(t, w, strangerEntry(intermediary.WishNoContact))
	look := func(s *intermediary.Service) error { return s.LookThroughRegister(ctx, w.CaseWorker, c.Subject) }
	slow, fast := overtake(t, w, "look", look, wish)
	if fast != nil || fault.KindOf(slow) != fault.Conflict {
		t.Errorf("a wish before the look is stored: %v, and the look: %v", fast, slow)
	}
	slow, fast = hold(t, w, "look locked", look, wish)
	if slow != nil || fast != nil || rowOf(t, w, c) != "a28" {
		t.Errorf("a wish while a look holds the register: %v, and the look: %v", fast, slow)
	}
	need(t, w.Cases.LookThroughRegister(ctx, w.CaseWorker, c.Subject))
	if r := registerFor(t, w, c); len(r.Found) != 2 {
		t.Errorf("found %d", len(r.Found))
	}

	of := w.Ready(t, "REL>PR")
	need(t, w.Cases.LookThroughRegister(ctx, w.CaseWorker, of.Subject))
	for _, e := range registerFor(t, w, of).Found {
		need(t, w.Cases.SayWish(ctx, w.CaseWorker, wishWord(of, e.ID, 1, intermediary.WishOther)))
		need(t, w.Cases.SayWish(ctx, w.Colleague, wishWord(of, e.ID, 2, intermediary.WishOther)))
	}
	if row := rowOf(t, w, of); row != "a34" {
		t.Fatalf("ready: %s", row)
	}
	approaching := func(s *intermediary.Service) error { return s.Approach(ctx, w.CaseWorker, approach(of.Subject)) }
	slow, fast = overtake(t, w, "approach", approaching, wish)
	if fast != nil || fault.KindOf(slow) != fault.Conflict {
		t.Errorf("a wish before the approach is stored: %v, and the approach: %v", fast, slow)
	}
}
