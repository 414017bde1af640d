package letterbox_test

import (
	"fmt"
	"strings"
	"testing"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

const (
	welshPromise = "Annwyl Wren, welwn ni ti dros y Pasg. Cariad mawr."
	promiseInto  = "Dear Wren, we will see you at Easter. Much love."
	welshLeft    = "Annwyl Wren, welwn ni ti […]. Cariad mawr."
	leftInto     = "Dear Wren, we will see you […]. Much love."
)

// promised sends a letter in Welsh that came back from its translator, and claims it.
func (p *pair) promised(ifan authz.Actor) letterbox.LetterID {
	p.t.Helper()
	id := p.claimed(welshPromise)
	must(p.t, p.Desk.SayLanguage(p.t.Context(), p.Worker, id, letterbox.Welsh))
	p.translatedBy(ifan, p.Worker, id, promiseInto)
	return id
}

// translatedBy has a translator hand in a translation of a letter that a worker gives
// them, who claims it again.
func (p *pair) translatedBy(ifan, worker authz.Actor, id letterbox.LetterID, text string) {
	p.t.Helper()
	ctx := p.t.Context()
	must(p.t, p.Desk.GiveToTranslator(ctx, worker, id, ifan.Account(), polish))
	task, err := p.Desk.Task(ctx, ifan, id)
	if must(p.t, err); text == leftInto && task.Text != welshLeft {
		p.t.Errorf("the translator reads %q", string(task.Text))
	}
	must(p.t, p.Desk.HandIn(ctx, ifan, id, text))
	must(p.t, p.Desk.Claim(ctx, worker, id))
}

// stale fails unless a letter is to be translated anew before a worker passes it on:
// by the words, whatever the rows say (changed and put back), and by the rows alone.
func (p *pair) stale(worker authz.Actor, id letterbox.LetterID, turn int, changed, back string) {
	p.t.Helper()
	ctx := p.t.Context()
	reading, err := p.Desk.Read(ctx, worker, id)
	must(p.t, err)
	if reading.Text != welshLeft || reading.Translation.Text != "" || !reading.Untranslated || !reading.MayDecide {
		p.t.Errorf("the worker reads %q and %q", string(reading.Text), string(reading.Translation.Text))
	}
	wantAt(p.t, "with a translation of other words", p.Desk.Pass(ctx, worker, id, ""), translateWord, "")
	decide := `insert into decision (agency_id, letter_id, worker_id, act, turn, leaf) values (agency(), $1, account(), 'pass', $2, sha256('x'))`
	wantBroken(p.t, p.asStaff(worker.Account(), decide, string(id), turn), "23514", "decision_translation")
	p.untriggered(changed)
	wantAt(p.t, "as the rows say, with a translation of these words", p.Desk.Pass(ctx, worker, id, ""), translateWord, "")
	p.untriggered(back)
	if n := p.count(`select count(*) from delivery where letter_id = '` + string(id) + `'`); n != 0 {
		p.t.Fatal("it is delivered")
	}
}

// goesWithout fails unless what goes on has nothing of what was left out.
func (p *pair) goesWithout(worker authz.Actor, id letterbox.LetterID) {
	p.t.Helper()
	ctx := p.t.Context()
	must(p.t, p.Desk.Pass(ctx, worker, id, ""))
	came, err := p.Families.Open(ctx, p.adoptive, p.delivery(id))
	must(p.t, err)
	printed, err := p.Desk.PrintPassed(ctx, worker, id)
	must(p.t, err)
	if came.Text != welshLeft || came.Translation.Text != leftInto || printed.Text != welshLeft || printed.Translation.Text != leftInto {
		p.t.Errorf("the recipient reads %q and %q", string(came.Text), string(came.Translation.Text))
	}
	for _, text := range []letterbox.Text{came.Text, came.Translation.Text, printed.Text, printed.Translation.Text} {
		if s := string(text); strings.Contains(s, "Pasg") || strings.Contains(s, "Easter") {
			p.t.Errorf("what was left out goes on: %q", s)
		}
	}
}

// Words that were left out are in no translation that goes on: one that was made of
// them counts no more, in the program and in the database, and another is made of what
// is left.
func TestTranslation_LeftOut(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := p.secondWorker()
	ifan := p.newStaff("Ifan Trefor", authz.Translator)
	out := out("dros y Pasg")

	// Nobody leaves anything out while a translator has the letter, or of what they do not read.
	letter := p.claimed(welshPromise)
	must(t, p.Desk.SayLanguage(ctx, p.Worker, letter, letterbox.Welsh))
	wantAt(t, "cut by who does not read it", p.Desk.Cut(ctx, p.Worker, letter, out, "why"), translateWord, "")
	cutRow := func(constraint string) {
		t.Helper()
		p.untriggered(fmt.Sprintf(`insert into object (agency_id, id, part, version, kind, exchange_id, from_node, to_node, sealed, commit, leaf)
			values ('%s', '%s', 'cut', 1, 'worknote', '%[3]s', 'worker/x', 'case/%[3]s', 'x', sha256('c'), sha256('l'))`, p.Home.ID, letter, p.exchange))
		err := p.asStaff(p.Worker.Account(), `insert into letter_cut (agency_id, letter_id, n, turn, worker_id, whole, leaf) values (agency(), $1, 1, 1, account(), false, sha256('l'))`, string(letter))
		wantBroken(t, err, "23514", constraint)
		p.untriggered(`delete from object where part = 'cut'`)
	}
	cutRow("decision_translation")
	p.reads(p.Worker.Account(), true)
	must(t, p.Desk.GiveToTranslator(ctx, p.Worker, letter, ifan.Account(), ""))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	cutRow("letter_cut_letter")
	wantKind(t, "cut while a translator has it", p.Desk.Cut(ctx, p.Worker, letter, out, "why"), fault.Conflict)
	wantKind(t, "proposed while a translator has it", p.Desk.Propose(ctx, p.Worker, letter, out, "", "", p.no(letter)...), fault.Conflict)
	p.wantState(letter, letterbox.ToTranslate, letterbox.WithUs)
	p.reads(p.Worker.Account(), false)
	must(t, p.Desk.Release(ctx, p.Worker, letter))
	must(t, p.Desk.HandIn(ctx, ifan, letter, promiseInto))

	// Cut after it was translated.
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.Cut(ctx, p.Worker, letter, out, "why"))
	must(t, p.Desk.Claim(ctx, other, letter))
	p.stale(other, letter, 1, `update translation set cut = (select leaf from letter_cut)`, `update translation set cut = null`)
	p.translatedBy(ifan, other, letter, leftInto)
	p.goesWithout(other, letter)

	// Agreed to after it was translated.
	asked := p.promised(ifan)
	must(t, p.Desk.Propose(ctx, p.Worker, asked, out, "", "", p.no(asked)...))
	must(t, p.Families.Agree(ctx, p.birth, asked, 1))
	must(t, p.Desk.Claim(ctx, p.Worker, asked))
	p.stale(p.Worker, asked, 2, `update translation set text_version = 2 where letter_id = '`+string(asked)+`'`, `update translation set text_version = 1 where letter_id = '`+string(asked)+`'`)
	p.translatedBy(ifan, p.Worker, asked, leftInto)
	p.goesWithout(p.Worker, asked)

	// Made whole again, what was translated first counts again.
	whole := p.promised(ifan)
	must(t, p.Desk.Cut(ctx, p.Worker, whole, out, "why"))
	must(t, p.Desk.Claim(ctx, other, whole))
	must(t, p.Desk.UndoCut(ctx, other, whole, "it may stay"))
	must(t, p.Desk.Claim(ctx, p.Worker, whole))
	must(t, p.Desk.Pass(ctx, p.Worker, whole, "", p.no(whole)...))
	if came, err := p.Families.Open(ctx, p.adoptive, p.delivery(whole)); err != nil || came.Text != welshPromise || came.Translation.Text != promiseInto {
		t.Errorf("whole, it goes on as %q and %q, %v", string(came.Text), string(came.Translation.Text), err)
	}
	p.logWhole()
}

// A translation says which words it is of, and nobody says otherwise.
func TestTranslation_WhichWords(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.inWelsh()
	ifan := p.newStaff("Ifan Trefor", authz.Translator)
	give := `insert into translation (agency_id, letter_id, n, worker_id, given_by, language, into_language, text_version, cut, state, leaf)
		values (agency(), $1, 1, $2, account(), 'cy', 'en', $3, $4, 'given', sha256('x'))`
	wantBroken(t, p.asStaff(p.Worker.Account(), give, string(letter), ifan.Account(), 2, nil), "23514", "translation_letter")
	wantBroken(t, p.asStaff(p.Worker.Account(), give, string(letter), ifan.Account(), 1, make([]byte, 32)), "23514", "translation_letter")
	must(t, p.Desk.GiveToTranslator(ctx, p.Worker, letter, ifan.Account(), ""))
	for _, change := range []string{`text_version = 2`, `cut = sha256('x')`} {
		if code, _ := broke(p.asStaff(ifan.Account(), `update translation set `+change)); code != "42501" {
			t.Errorf("a translator says %s: %q", change, code)
		}
	}
}

// Nobody translates a recording: where a letter needs a translation its recording is
// left out, or the letter waits. Whoever reads it as it is may have it.
func TestTranslation_Recording(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.mayRecord("permitted")
	ifan := p.newStaff("Ifan Trefor", authz.Translator)
	const word = "fault.recording.language"
	letter := p.recorded(welshLetter)
	p.hear(letter)
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("Helo Wren"))) // before somebody said what it is in
	must(t, p.Desk.SayLanguage(ctx, p.Worker, letter, letterbox.Welsh))
	wantFault(t, "untranslated", p.Desk.Pass(ctx, p.Worker, letter, ""), word)
	wantFault(t, "answered so", p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("")), word)
	if view, err := p.Desk.OpenRecording(ctx, p.Worker, letter); err != nil || !view.Foreign {
		t.Errorf("its page: %+v, %v", view, err)
	}
	p.translatedBy(ifan, p.Worker, letter, welshInto)
	if reading, err := p.Desk.Read(ctx, p.Worker, letter); err != nil || reading.Untranslated || !reading.Foreign || reading.Translation.Text != welshInto {
		t.Errorf("the worker reads %+v, %v", reading.Translation, err)
	}
	wantFault(t, "translated", p.Desk.Pass(ctx, p.Worker, letter, ""), word)
	err := p.asStaff(p.Worker.Account(), `insert into decision (agency_id, letter_id, worker_id, act, turn, leaf) values (agency(), $1, account(), 'pass', 1, sha256('x'))`, string(letter))
	wantBroken(t, err, "23514", "decision_translation")
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, letter, letterbox.RecordingAnswer{Heard: true, RecordingReason: letterbox.RecordingReason{Reason: "other", Words: "Please write it."}}))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	came, err := p.Families.Open(ctx, p.adoptive, p.delivery(letter))
	if must(t, err); came.Recording != nil || came.Translation.Text != welshInto {
		t.Errorf("it came with %+v and %q", came.Recording, string(came.Translation.Text))
	}
	err = p.asStaff(p.Worker.Account(), `insert into delivery_recording (agency_id, id, delivery_id, recording_id)
		select agency(), $1, d.id, p.id from delivery d join letter_recording p on p.letter_id = d.letter_id where d.letter_id = $2`, agency.NewID("ac"), string(letter))
	wantBroken(t, err, "23514", "recording_language")

	// Of a letter that is said and not written, nothing could be translated.
	said := p.recorded("")
	must(t, p.Desk.SayLanguage(ctx, p.Worker, said, letterbox.Welsh))
	wantKind(t, "nothing to a translator", p.Desk.GiveToTranslator(ctx, p.Worker, said, ifan.Account(), ""), fault.Invalid)
	must(t, p.Desk.Release(ctx, p.Worker, said))

	must(t, p.Desk.SetSideLanguage(ctx, p.Worker, p.toSide, "both"))
	p.reads(p.Worker.Account(), true)
	must(t, p.Desk.Claim(ctx, p.Worker, said))
	p.hear(said)
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, said, goes("Helo Wren")))
	must(t, p.Desk.Pass(ctx, p.Worker, said, ""))
	if came, err := p.Families.Open(ctx, p.adoptive, p.delivery(said)); err != nil || came.Recording == nil || came.Recording.Transcript != "Helo Wren" {
		t.Errorf("to who reads Welsh it came with %+v, %v", came.Recording, err)
	}
	p.logWhole()
}

// What the screen finds in a translation, or in what was written down of a recording, is
// no part of the letter: nobody leaves it out of that.
func TestCut_FoundElsewhere(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	ifan := p.newStaff("Ifan Trefor", authz.Translator)
	letter := p.inWelsh()
	p.translatedBy(ifan, p.Worker, letter, "Ring me on 07700 900 123.")
	reading, err := p.Desk.Read(ctx, p.Worker, letter)
	must(t, err)
	p.mayRecord("permitted")
	heard := p.recorded("Hello.")
	p.hear(heard)
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, heard, goes("Ring me on 07700 900 123, or on 07700 900 124.")))
	told, err := p.Desk.Read(ctx, p.Worker, heard)
	must(t, err)
	for id, found := range map[letterbox.LetterID][]letterbox.Finding{letter: reading.Translation.Findings, heard: told.Findings} {
		if len(found) == 0 {
			t.Fatal("nothing is found")
		}
		part := letterbox.Part{Finding: found[0].Key, Reason: "promises"}
		wantAt(t, "cut", p.Desk.Cut(ctx, p.Worker, id, []letterbox.Part{part}, "why"), "fault.proposal.where", "part-"+part.Finding)
		wantAt(t, "proposed", p.Desk.Propose(ctx, p.Worker, id, []letterbox.Part{part}, "", "", letterbox.Answer{Finding: part.Finding, Word: "why"}), "fault.proposal.where", "part-"+part.Finding)
	}
}
