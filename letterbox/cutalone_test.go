package letterbox_test

import (
	"fmt"
	"strings"
	"testing"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// Whoever cut a letter may leave: nobody can read it first or pass it on then, and anybody
// of the team makes it whole again, also who may not decide about it, but nobody who knows
// the family.
func TestUndoCut_Anybody(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other, third := p.secondWorker(), p.newStaff("Rowan Tye", authz.LetterboxWorker)
	letter := p.claimed("I promise you a dog. The sea was calm.")
	must(t, p.Desk.Cut(ctx, p.Worker, letter, out("I promise you a dog"), "she must not hope"))
	p.untriggered(`update worker set state = 'left' where id = '` + p.Worker.Account() + `'`)
	must(t, p.Desk.Claim(ctx, other, letter))
	reading, err := p.Desk.Read(ctx, other, letter)
	must(t, err)
	if reading.MayReadFirst || !reading.CutAlone || !reading.MayDecide || reading.Cut == nil {
		t.Errorf("after they left: read first %v, alone %v, decide %v", reading.MayReadFirst, reading.CutAlone, reading.MayDecide)
	}
	wantKind(t, "read first", p.Desk.ReadFirst(ctx, other, letter, ""), fault.Conflict)
	wantAt(t, "passed on", p.Desk.Pass(ctx, other, letter, ""), "fault.relay.readers", "")
	must(t, p.Desk.UndoCut(ctx, other, letter, "they left"))
	must(t, p.Desk.Claim(ctx, other, letter))
	if reading, err = p.Desk.Read(ctx, other, letter); err != nil || reading.CutAlone || reading.Text != "I promise you a dog. The sea was calm." {
		t.Errorf("made whole: %q, %v, %v", string(reading.Text), reading.CutAlone, err)
	}
	must(t, p.Desk.Cut(ctx, other, letter, out("I promise you a dog"), "she must not hope"))

	// Who helped to write it may make it whole then, and nothing else; while who cut it reads it, not even that.
	p.untriggered(`insert into letter_helper (agency_id, letter_id, worker_id) values ('` + p.Home.ID + `', '` + string(letter) + `', '` + third.Account() + `')`)
	must(t, p.Desk.Claim(ctx, third, letter))
	wantKind(t, "a helper cuts", p.Desk.Cut(ctx, third, letter, out("The sea"), "x"), fault.Forbidden)
	wantAt(t, "a helper undoes a colleague's cut", p.Desk.UndoCut(ctx, third, letter, "it may stay"), "fault.letter.helped", "")
	p.undoneByHand(letter, third, "decision_helper")
	p.untriggered(`update worker set state = 'left' where id = '` + other.Account() + `'`)
	wantAt(t, "without a word", p.Desk.UndoCut(ctx, third, letter, " "), "fault.cut.why", "note")
	must(t, p.Desk.UndoCut(ctx, third, letter, "it may stay"))
	if n := p.count(`select count(*) from letter_cut where whole and worker_id = $1`, third.Account()); n != 1 {
		t.Error("a helper does not make it whole")
	}
	p.untriggered(`update worker set state = 'active' where id = '` + other.Account() + `'`)
	must(t, p.Desk.Claim(ctx, other, letter))
	must(t, p.Desk.Cut(ctx, other, letter, out("I promise you a dog"), "she must not hope"))
	must(t, p.Desk.Connect(ctx, third, p.exchange))
	wantKind(t, "who knows the family", p.Desk.UndoCut(ctx, third, letter, "why"), fault.Forbidden)
}

// undoneByHand has somebody who claimed a letter make it whole past the program: the database refuses it, and says why.
func (p *pair) undoneByHand(letter letterbox.LetterID, by authz.Actor, want string) {
	p.t.Helper()
	n := p.count(`select max(n) + 1 from letter_cut where letter_id = $1`, string(letter))
	p.untriggered(fmt.Sprintf(`insert into object (agency_id, id, part, version, kind, exchange_id, side_id, from_node, to_node, sealed, commit, leaf)
		select agency_id, id, part, %d, kind, exchange_id, side_id, from_node, to_node, sealed, commit, leaf from object where id = '%s' and part = 'cut' order by version desc limit 1`, n, letter))
	err := p.asStaff(by.Account(), fmt.Sprintf(`insert into letter_cut (agency_id, letter_id, n, turn, worker_id, whole, leaf)
		select agency_id, letter_id, %d, turn, account(), true, leaf from letter_cut where letter_id = $1 order by n desc limit 1`, n), string(letter))
	if _, got := broke(err); got != want {
		p.t.Errorf("undone by hand: %q, want %q", got, want)
	}
	p.untriggered(fmt.Sprintf(`delete from object where id = '%s' and part = 'cut' and version = %d`, letter, n))
}

// Nor does whoever's refusal is appealed undo what the second opinion cut, or who translated a letter: one
// other worker alone would pass it on whole then. Whoever may decide about it does.
func TestUndoCut_WhoMayNotDecide(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other, third := p.secondWorker(), p.newStaff("Rowan Tye", authz.LetterboxWorker)
	appealed := p.claimed("I promise you a dog. The sea was calm.")
	must(t, p.Desk.Refuse(ctx, p.Worker, appealed, "upsetting", "No.", ""))
	must(t, p.Families.SecondOpinion(ctx, p.birth, appealed))
	must(t, p.Desk.Claim(ctx, other, appealed))
	must(t, p.Desk.Cut(ctx, other, appealed, out("I promise you a dog"), "why"))
	must(t, p.Desk.Claim(ctx, p.Worker, appealed))
	wantAt(t, "who refused", p.Desk.UndoCut(ctx, p.Worker, appealed, "it stays"), "fault.letter.refusedBefore", "")
	p.undoneByHand(appealed, p.Worker, "decision_second")
	must(t, p.Desk.Release(ctx, p.Worker, appealed))
	must(t, p.Desk.Claim(ctx, third, appealed))
	must(t, p.Desk.UndoCut(ctx, third, appealed, "it may stay"))

	p.reads(p.Worker.Account(), true)
	p.reads(other.Account(), true)
	welsh := p.inWelsh()
	must(t, p.Desk.TranslateMyself(ctx, p.Worker, welsh, welshInto))
	must(t, p.Desk.Claim(ctx, other, welsh))
	must(t, p.Desk.Cut(ctx, other, welsh, out(strings.Fields(asItWas)[0]), "why"))
	must(t, p.Desk.Claim(ctx, p.Worker, welsh))
	wantAt(t, "who translated it", p.Desk.UndoCut(ctx, p.Worker, welsh, "it stays"), "fault.letter.translated", "")
	p.undoneByHand(welsh, p.Worker, "decision_translator")
	p.logWhole()
}

// Who asked for a second opinion hears why something was left out in the end, as far as it
// can be said; anybody else hears that something was.
func TestCut_Appealed(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other, third := p.secondWorker(), p.newStaff("Rowan Tye", authz.LetterboxWorker)
	goesCut := func(letter letterbox.LetterID, parts ...letterbox.Part) letterbox.WriterReason {
		t.Helper()
		must(t, p.Desk.Claim(ctx, other, letter))
		must(t, p.Desk.Cut(ctx, other, letter, parts, "why"))
		must(t, p.Desk.Claim(ctx, third, letter))
		must(t, p.Desk.Pass(ctx, third, letter, ""))
		sent, err := p.Families.OpenSent(ctx, p.birth, letter)
		must(t, err)
		return sent.Reason
	}
	parts := []letterbox.Part{{Words: "I promise you a dog", Row: 1, Reason: "promises"}, {Words: "He is in Ilfracombe", Row: 2, Reason: "identifying"}, {Words: "a cat", Row: 3, Reason: "other"}}
	const text = "I promise you a dog. It rained. He is in Ilfracombe. We saw a cat. The sea was calm."
	appealed := p.claimed(text)
	must(t, p.Desk.Refuse(ctx, p.Worker, appealed, "upsetting", "No.", ""))
	must(t, p.Families.SecondOpinion(ctx, p.birth, appealed))
	if got := goesCut(appealed, parts...); got.Words != "The letter makes promises that may not come true." || got.Reason != "leftOut" {
		t.Errorf("after a second opinion the writer reads %+v", got)
	}
	if got := goesCut(p.send(text), parts...); got.Words != "" || got.Told != "" {
		t.Errorf("of another letter the writer reads %+v", got)
	}
}

// A worker who reads neither a letter nor its translation does not let it go on, read it
// first or cut it, in the program and in the database; who reads one of them does.
func TestTranslation_ReadsNeither(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := p.secondWorker()
	ifan := p.newStaff("Ifan Trefor", authz.Translator)
	must(t, p.Desk.SetSideLanguage(ctx, p.Worker, p.toSide, letterbox.Welsh))
	letter := p.claimed("Kochana Wren, pozdrawiam.")
	must(t, p.Desk.SayLanguage(ctx, p.Worker, letter, letterbox.OtherTongue))
	p.translatedBy(ifan, p.Worker, letter, "Annwyl Wren, cofion.")
	wantAt(t, "passed on", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.relay.readsNeither", "")
	wantAt(t, "cut", p.Desk.Cut(ctx, p.Worker, letter, out("pozdrawiam"), "why"), "fault.relay.readsNeither", "")
	_, constraint := broke(p.asStaff(p.Worker.Account(), `insert into decision (agency_id, letter_id, worker_id, act, turn, leaf) values (agency(), $1, account(), 'pass', 1, sha256('e'))`, string(letter)))
	if constraint != "decision_reads_neither" {
		t.Errorf("by hand: %q", constraint)
	}
	must(t, p.Desk.SetSecondReader(ctx, p.Worker, p.exchange, letterbox.ReadTwiceAlways))
	wantAt(t, "read first", p.Desk.ReadFirst(ctx, p.Worker, letter, ""), "fault.relay.readsNeither", "")
	must(t, p.Desk.SetSecondReader(ctx, p.Manager, p.exchange, letterbox.ReadTwiceRisk))
	must(t, p.Desk.Release(ctx, p.Worker, letter))
	p.reads(other.Account(), true)
	must(t, p.Desk.Claim(ctx, other, letter))
	must(t, p.Desk.Pass(ctx, other, letter, ""))
}
