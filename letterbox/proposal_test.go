package letterbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/crypto/seal"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/letterbox/screening"
)

// out names words to be left out.
func out(words ...string) (parts []letterbox.Part) {
	for i, w := range words {
		parts = append(parts, letterbox.Part{Words: letterbox.Text(w), Row: i + 1, Reason: "promises"})
	}
	return parts
}

// proposed sends a letter and has its writer asked to leave words out of it.
func (p *pair) proposed(text string, words ...string) letterbox.LetterID {
	p.t.Helper()
	id := p.claimed(text)
	must(p.t, p.Desk.Propose(p.t.Context(), p.Worker, id, out(words...), "We are sorry to ask.", "promises", p.no(id)...))
	return id
}

// no answers every finding of a letter that the worker has claimed: it is none.
func (p *pair) no(id letterbox.LetterID) (answers []letterbox.Answer) {
	p.t.Helper()
	for _, f := range p.found(id) {
		answers = append(answers, letterbox.Answer{Finding: f.Key, Word: "it is none"})
	}
	return answers
}

func (p *pair) sent(actor authz.Actor, id letterbox.LetterID) letterbox.Sent {
	p.t.Helper()
	sent, err := p.Families.OpenSent(p.t.Context(), actor, id)
	must(p.t, err)
	return sent
}

// cutWords are the pieces that are left out.
func cutWords(pieces []letterbox.Piece) (words []string) {
	for _, p := range pieces {
		if p.Reason != "" {
			words = append(words, string(p.Text))
		}
	}
	return words
}

// A worker asks, the writer is shown exactly what would go and why, and agrees: the text as
// agreed is what a worker reads and what is passed on, and what they wrote is kept.
func TestPropose_Agreed(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.proposed("Dear Wren, we will see you at Easter. I promise. Love, T", "at Easter", "I promise")
	p.wantState(letter, letterbox.ProposedToWriter, letterbox.Proposed)
	if _, ok := p.line(p.Worker, letter); ok {
		t.Error("it is still on the desk")
	}
	must(t, p.Desk.Propose(ctx, p.Worker, letter, out("Love"), "", "")) // a second press
	sent := p.sent(p.birth, letter)
	if sent.Proposal == nil || sent.Proposal.Turn != 1 || sent.Proposal.Agreed || sent.Proposal.Words != "We are sorry to ask." ||
		!slices.Equal(cutWords(sent.Proposal.Pieces), []string{"at Easter. I promise"}) || sent.Proposal.Text() != "Dear Wren, we will see you […]. Love, T" {
		t.Fatalf("the writer is shown %+v", sent.Proposal)
	}
	if !sent.MayAsk || !sent.MayWithdraw || sent.Late || sent.Text != "Dear Wren, we will see you at Easter. I promise. Love, T" {
		t.Errorf("the writer may %+v of %q", sent.SentLine, string(sent.Text))
	}
	wantKind(t, "the other side agrees", p.Families.Agree(ctx, p.adoptive, letter, 1), fault.NotFound)
	wantKind(t, "to another proposal", p.Families.Agree(ctx, p.birth, letter, 2), fault.Conflict)
	wantKind(t, "a worker claims it meanwhile", p.Desk.Claim(ctx, p.Worker, letter), fault.Conflict)
	p.Clock.Advance(48 * 3600e9)
	p.birth = p.SignInPerson(t, &p.birthLogin)
	p.Worker = p.SignInWorker(t, &p.WorkerLogin)
	must(t, p.Families.Agree(ctx, p.birth, letter, 1))
	must(t, p.Families.Agree(ctx, p.birth, letter, 1))
	p.wantState(letter, letterbox.Received, letterbox.WithUs)
	sent = p.sent(p.birth, letter)
	if sent.Proposal == nil || !sent.Proposal.Agreed || sent.Text != "Dear Wren, we will see you […]. Love, T" || sent.Asked ||
		!slices.Equal(cutWords(sent.Proposal.Pieces), []string{"at Easter. I promise"}) {
		t.Errorf("after they agreed the writer sees %q of %+v", string(sent.Text), sent.Proposal)
	}
	if n := p.count(`select count(*) from letter where hear_by > current_date and agreed = 1 and decided_on is null`); n != 1 {
		t.Error("the promise does not begin anew")
	}
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	reading, err := p.Desk.Read(ctx, p.Worker, letter)
	must(t, err)
	if reading.Text != sent.Text || !reading.MayDecide || !reading.MayOriginal || reading.Proposal == nil || !reading.Proposal.Agreed {
		t.Errorf("the desk has %q, %+v", string(reading.Text), reading.Proposal)
	}
	// The letter as it came is a reading of its own, with a reason, and logged before it.
	leaves := p.count(`select count(*) from audit_body`)
	_, err = p.Desk.Original(ctx, p.Worker, letter, " ")
	wantAt(t, "without a reason", err, "fault.original.why", "why")
	original, err := p.Desk.Original(ctx, p.Worker, letter, "the writer asked us")
	must(t, err)
	if original.Unread || original.Text != "Dear Wren, we will see you at Easter. I promise. Love, T" || p.count(`select count(*) from audit_body`) != leaves+2 {
		t.Errorf("as it came it is %q, with %d leaves", string(original.Text), p.count(`select count(*) from audit_body`)-leaves)
	}
	p.Exec(t, `alter table audit_body add constraint full_disk check (idx < 0) not valid`)
	if original, err := p.Desk.Original(ctx, p.Worker, letter, "again"); err == nil || original.Text != "" {
		t.Errorf("without a leaf: %q", string(original.Text))
	}
	p.Exec(t, `alter table audit_body drop constraint full_disk`)
	must(t, p.Desk.Pass(ctx, p.Worker, letter, "")) // who asked may pass on what was agreed
	came, err := p.Families.Open(ctx, p.adoptive, p.delivery(letter))
	must(t, err)
	if came.Text != "Dear Wren, we will see you […]. Love, T" {
		t.Errorf("the recipient reads %q", string(came.Text))
	}
	p.archiveOpens(letter, "Dear Wren, we will see you at Easter. I promise. Love, T")
	p.untriggered(`update object set leaf = (select leaf from object o where o.id = object.id and o.part = 'decision' limit 1) where part = 'text' and version = 1 and id = '` + string(letter) + `'`)
	if original, err := p.Desk.Original(ctx, p.Worker, letter, "again"); err != nil || !original.Unread || original.Text != "" {
		t.Errorf("another text in the first one's place: %q, %v", string(original.Text), err)
	}
	plain := p.claimed("Nothing was left out.")
	wantKind(t, "the original of what is as it came", second(p.Desk.Original(ctx, p.Worker, plain, "why not")), fault.NotFound)
	p.logWhole()
}

// The writer asks another worker: the text is whole again, whoever asked is barred, and the
// outcome is told whichever it is.
func TestPropose_Appealed(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := p.secondWorker()
	third := p.newStaff("Rowan Tye", authz.LetterboxWorker)
	letter := p.proposed("I promise you a dog.", "I promise")
	must(t, p.Families.SecondOpinion(ctx, p.birth, letter))
	p.wantState(letter, letterbox.Received, letterbox.WithUs)
	if sent := p.sent(p.birth, letter); !sent.Asked || sent.Proposal == nil || sent.Proposal.Agreed || sent.MayAsk || sent.Text != "I promise you a dog." {
		t.Errorf("meanwhile the writer sees %+v", sent)
	}
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	if line, _ := p.line(p.Worker, letter); !line.RefusedByMe {
		t.Error("the desk of whoever asked does not say so")
	}
	for name, err := range map[string]error{
		"pass": p.Desk.Pass(ctx, p.Worker, letter, ""), "propose": p.Desk.Propose(ctx, p.Worker, letter, out("dog"), "", ""),
		"cut": p.Desk.Cut(ctx, p.Worker, letter, out("dog"), "why"), "return": p.Desk.Return(ctx, p.Worker, letter, "other", "x", ""),
	} {
		wantKind(t, "whoever asked: "+name, err, fault.Forbidden)
	}
	must(t, p.Desk.Release(ctx, p.Worker, letter))
	must(t, p.Desk.Claim(ctx, other, letter))
	reading, err := p.Desk.Read(ctx, other, letter)
	must(t, err)
	if reading.Proposal == nil || reading.Proposal.Agreed || reading.Text != "I promise you a dog." || !reading.MayDecide || reading.MayOriginal {
		t.Errorf("the second worker reads %+v", reading.Proposal)
	}
	// The second worker asks for less, and is who goes on with it.
	must(t, p.Desk.Propose(ctx, other, letter, out("a dog"), "Only this.", ""))
	sent := p.sent(p.birth, letter)
	if sent.MayAsk || sent.Proposal.Turn != 2 || sent.Proposal.Text() != "I promise you […]." {
		t.Errorf("asked again, the writer sees %+v", sent.Proposal)
	}
	wantKind(t, "asking a second time", p.Families.SecondOpinion(ctx, p.birth, letter), fault.Conflict)
	wantKind(t, "agreeing to the first", p.Families.Agree(ctx, p.birth, letter, 1), fault.Conflict)
	must(t, p.Families.Agree(ctx, p.birth, letter, 2))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	for name, err := range map[string]error{
		"pass": p.Desk.Pass(ctx, p.Worker, letter, ""), "refuse": p.Desk.Refuse(ctx, p.Worker, letter, "other", "x", ""),
		"cut": p.Desk.Cut(ctx, p.Worker, letter, out("promise"), "why"), "keep": p.Desk.KeepOnFile(ctx, p.Worker, letter, ""),
	} {
		wantKind(t, "whoever asked first, after the yes: "+name, err, fault.Forbidden)
	}
	_, constraint := broke(p.asStaff(p.Worker.Account(), `insert into decision (agency_id, letter_id, worker_id, act, turn, leaf) values (agency(), $1, account(), 'refuse', 3, sha256('e'))`, string(letter)))
	if constraint != "decision_second" {
		t.Errorf("by hand: %q", constraint)
	}
	must(t, p.Desk.Release(ctx, p.Worker, letter))
	must(t, p.Desk.Claim(ctx, other, letter))
	must(t, p.Desk.Pass(ctx, other, letter, ""))

	// And of a letter that was refused, proposed by the second worker, and agreed to.
	twice := p.claimed("I promise you a pony.")
	must(t, p.Desk.Refuse(ctx, p.Worker, twice, "promises", "No ponies.", ""))
	must(t, p.Families.SecondOpinion(ctx, p.birth, twice))
	must(t, p.Desk.Claim(ctx, other, twice))
	must(t, p.Desk.Propose(ctx, other, twice, out("a pony"), "", ""))
	must(t, p.Families.Agree(ctx, p.birth, twice, 2))
	must(t, p.Desk.Claim(ctx, p.Worker, twice))
	wantKind(t, "refused again by whoever refused", p.Desk.Refuse(ctx, p.Worker, twice, "promises", "No.", ""), fault.Forbidden)
	must(t, p.Desk.Release(ctx, p.Worker, twice))
	must(t, p.Desk.Claim(ctx, other, twice))
	must(t, p.Desk.Pass(ctx, other, twice, ""))

	passed := p.proposed("I promise you a cat.", "I promise")
	must(t, p.Families.SecondOpinion(ctx, p.birth, passed))
	must(t, p.Desk.Claim(ctx, third, passed))
	must(t, p.Desk.Pass(ctx, third, passed, ""))
	if sent := p.sent(p.birth, passed); sent.Told != letterbox.PassedOn || sent.Text != "I promise you a cat." || sent.Reason != (letterbox.WriterReason{}) || sent.Proposal != nil {
		t.Errorf("passed on as it was written, the writer sees %+v", sent)
	}
	refused := p.proposed("I promise you a goat.", "I promise")
	must(t, p.Families.SecondOpinion(ctx, p.birth, refused))
	must(t, p.Desk.Claim(ctx, other, refused))
	must(t, p.Desk.Refuse(ctx, other, refused, "promises", "No goats.", ""))
	if sent := p.sent(p.birth, refused); sent.Told != letterbox.Refused || sent.Reason.Words != "No goats." || sent.MayAsk {
		t.Errorf("refused, the writer sees %+v", sent)
	}
	p.logWhole()
}

// The writer writes the letter again, or takes it back.
func TestPropose_OtherWays(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.proposed("I promise to write. The rain is back.", "I promise to write")
	draft, err := p.Families.Rewrite(ctx, p.birth, letter)
	must(t, err)
	d, err := p.Families.OpenDraft(ctx, p.birth, draft)
	must(t, err)
	if d.Text != "I promise to write. The rain is back." || d.Proposal == nil || d.Proposal.Words != "We are sorry to ask." || d.Reason != (letterbox.WriterReason{}) ||
		!slices.Equal(cutWords(d.Proposal.Pieces), []string{"I promise to write"}) {
		t.Errorf("written again from %q, %+v", string(d.Text), d.Proposal)
	}
	_, err = p.Families.SaveDraft(ctx, p.birth, draft, 1, "I hope to write. The rain is back.")
	must(t, err)
	again, err := p.Families.Send(ctx, p.birth, draft, 2)
	must(t, err)
	p.wantState(letter, letterbox.ReplacedByRewrite, letterbox.Replaced)
	wantKind(t, "agreeing after it", p.Families.Agree(ctx, p.birth, letter, 1), fault.Conflict)
	must(t, p.Desk.Claim(ctx, p.Worker, again))
	reading, err := p.Desk.Read(ctx, p.Worker, again)
	must(t, err)
	var shown []string
	for _, c := range reading.Changed {
		shown = append(shown, fmt.Sprintf("%v%v %s", c.Removed, c.Added, string(c.Text)))
	}
	if want := []string{"falsefalse I ", "truefalse promise ", "falsetrue hope ", "falsefalse to write. The rain is back."}; !slices.Equal(shown, want) {
		t.Errorf("beside the first it is %q", shown)
	}
	if len(reading.Earlier) != 1 || reading.Earlier[0].Unread {
		t.Errorf("beside it: %+v", reading.Earlier)
	}
	gone := p.proposed("I promise to ring.", "ring")
	must(t, p.Families.Withdraw(ctx, p.birth, gone))
	p.wantState(gone, letterbox.WithdrawnByWriter, letterbox.Withdrawn)
	wantKind(t, "agreeing after it", p.Families.Agree(ctx, p.birth, gone, 1), fault.Conflict)
	p.logWhole()
}

// What may be pointed at: what is general and what the writer's own side told us; never what is
// found only because of the other side's words or those of another adoption, right or wrong.
func TestPropose_NoOracle(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	must(t, p.Desk.ChangeProtected(ctx, p.Worker, p.exchange, p.listVersion(), []letterbox.ProtectedWord{
		{Kind: screening.Town, Value: "Marazion", Of: p.toSide, Told: true}, {Kind: screening.School, Value: "Gwithian Academy", Of: p.toSide},
		{Kind: screening.Town, Value: "Porth Navas", Of: p.toSide},
		{Kind: screening.Surname, Value: "Penhallow", Elsewhere: true},
		{Kind: screening.Town, Value: "Zennor", Of: p.fromSide, Told: true}, {Kind: screening.Town, Value: "Lelant", Of: p.fromSide},
		{Kind: screening.Town, Value: "Crantock", Of: p.fromSide, Told: true}, {Kind: screening.Town, Value: "Crantock", Of: p.toSide, Told: true},
	}, nil))
	for _, tt := range []struct {
		text, words string
		want        string // "" where it may be pointed at
	}{
		{"I live in Zennor now.", "Zennor", ""},                                       // the writer's side told us
		{"I live in Crantock now.", "Crantock", ""},                                   // both did
		{"Ring me on 07700 900987.", "07700 900987", ""},                              // a pattern
		{"I promise you a dog.", "I promise", ""},                                     // a general matter
		{"Are you in Marazion?", "Marazion", "fault.proposal.closed"},                 // the other side told us
		{"Are you in Marazion?", "in Marazion", "fault.proposal.closed"},              // as part of more
		{"Are you in Marazionn?", "Marazionn", "fault.proposal.closed"},               // nearly
		{"Do you go to Gwithian Academy?", "Gwithian", ""},                            // a school by its looks, whichever it is
		{"We went by Porth Navas.", "Navas", "fault.proposal.closed"},                 // a part of it
		{"How is little Penhallow?", "Penhallow", "fault.proposal.closed"},            // another adoption
		{"I used to live in Lelant.", "Lelant", "fault.proposal.closed"},              // known of the writer's side, from somebody else
		{"We went to Zennor. Marazion is far.", "far", ""},                            // beside what may not be
		{"We left Zennor. Are you in Marazion?", "Marazion", "fault.proposal.closed"}, // beside what may be
		{"We went to Zennor. Marazion is far.", "Zennor", ""},                         // one of two
		{"Is it Ilfracombe? We wondered.", "Ilfracombe", "identifying"},               // a wrong guess, as a right one
	} {
		letter := p.claimed(tt.text)
		parts := out(tt.words)
		if tt.want == "identifying" {
			parts[0].Reason, tt.want = "identifying", "fault.proposal.closed"
		}
		err := p.Desk.Propose(ctx, p.Worker, letter, parts, "", "")
		if tt.want == "" && err != nil {
			t.Errorf("%q of %q: %v", tt.words, tt.text, err)
		} else if tt.want != "" {
			wantAt(t, tt.words+" of "+tt.text, err, tt.want, "words-1")
		}
		for _, f := range p.foundOf(letter, tt.want != "") {
			if tick := p.Desk.Propose(ctx, p.Worker, letter, []letterbox.Part{{Finding: f.Key, Reason: "identifying"}}, "", ""); f.Closed {
				wantAt(t, "ticking what is closed in "+tt.text, tick, "fault.proposal.closed", "part-"+f.Key)
			} else if tick != nil {
				t.Errorf("ticking what is open in %q: %v", tt.text, tick)
			}
			break
		}
		p.Exec(t, `delete from claim`)
		p.untriggered(`update letter set submitted_on = submitted_on - 1`) // as many as one may send in a day are too few here
	}
	if n := p.count(`select count(*) from object o join letter l on l.id = o.id where o.kind = 'proposal' and l.state <> 'proposed'`); n != 0 {
		t.Errorf("%d proposals of what was refused", n)
	}
}

// foundOf are the findings of a letter that waits; none of one that does not.
func (p *pair) foundOf(id letterbox.LetterID, waits bool) []letterbox.Finding {
	p.t.Helper()
	if !waits {
		return nil
	}
	return p.found(id)
}

func (p *pair) listVersion() int {
	p.t.Helper()
	list, err := p.Desk.Protected(p.t.Context(), p.Worker, p.exchange)
	must(p.t, err)
	return list.Version
}

// Whose words a reason is makes no way around it: the worker's own and the agency's say of
// nothing but what the writer could be pointed at that it goes.
func TestPropose_NoOracleInOwnWords(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	id := letterbox.NewReasonID()
	must(t, p.reason(letterbox.ReasonChange{List: letterbox.LetterReasons, Do: letterbox.ReasonNew, ID: id, Words: "We leave this out."}))
	for _, reason := range []letterbox.ReturnReason{"other", "others", letterbox.ReturnReason(id)} {
		letter := p.claimed("Is it Ilfracombe? Ring me on 07700 900987.")
		part := func(words letterbox.Text) []letterbox.Part {
			return []letterbox.Part{{Words: words, Row: 1, Reason: reason}}
		}
		wantAt(t, "a wrong guess", p.Desk.Propose(ctx, p.Worker, letter, part("Ilfracombe"), "", "", p.no(letter)...), "fault.proposal.closed", "words-1")
		must(t, p.Desk.Propose(ctx, p.Worker, letter, part("07700 900987"), "", "")) // a pattern
	}
	letter := p.claimed("Is it Ilfracombe? We wonder.")
	must(t, p.Desk.Cut(ctx, p.Worker, letter, []letterbox.Part{{Words: "Ilfracombe", Row: 1, Reason: "other"}}, "nobody is asked"))
}

// A worker's own words to a writer tell nothing that only the other side told us, or that is of
// another adoption, whichever way they would go; what the writer's side told us, and patterns, may.
func TestToWriter(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.agreed("permitted")
	p.mayRecord("permitted")
	must(t, p.Desk.ChangeProtected(ctx, p.Worker, p.exchange, p.listVersion(), []letterbox.ProtectedWord{
		{Kind: screening.Town, Value: "Marazion", Of: p.toSide, Told: true}, {Kind: screening.Surname, Value: "Penhallow", Elsewhere: true},
		{Kind: screening.Town, Value: "Zennor", Of: p.fromSide, Told: true},
	}, nil))
	draft := p.draftWith(1)
	must(t, p.record(draft, said(2)))
	letter := p.sendDraft(draft)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	photo := p.photosOf(letter)[0].ID
	p.look(letter, photo)
	p.hear(letter)
	out := []letterbox.Part{{Words: "water", Row: 1, Reason: "promises"}}
	ways := map[string]func(words string) error{
		"return":  func(words string) error { return p.Desk.Return(ctx, p.Worker, letter, "other", words, "") },
		"refuse":  func(words string) error { return p.Desk.Refuse(ctx, p.Worker, letter, "upsetting", words, "") },
		"propose": func(words string) error { return p.Desk.Propose(ctx, p.Worker, letter, out, words, "") },
		"photo": func(words string) error {
			return p.Desk.AnswerPhoto(ctx, p.Worker, letter, photo, letterbox.PhotoAnswer{Seen: nothing(0).Seen, PhotoReason: letterbox.PhotoReason{Reason: "other", Words: words}})
		},
		"recording": func(words string) error {
			return p.Desk.AnswerRecording(ctx, p.Worker, letter, letterbox.RecordingAnswer{Heard: true, RecordingReason: letterbox.RecordingReason{Reason: "other", Words: words}})
		},
	}
	for name, way := range ways {
		for _, words := range []string{"You may not write Marazion.", "No, not marazion!", "Leave the Penhallows out."} {
			wantAt(t, name+": "+words, way(words), "fault.words.closed", "words")
		}
	}
	const may = "Please leave Zennor out, and ring us on 01632 960123. Wren is well."
	for _, name := range []string{"photo", "recording", "return"} {
		if err := ways[name](may); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.wantState(letter, letterbox.ReturnedToWriter, letterbox.Returned)
	if n := p.count(`select count(*) from object where kind = 'proposal'`); n != 0 {
		t.Errorf("%d proposals of what was refused", n)
	}
}

func TestPropose_Refused(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.claimed("I promise. Ring 07700 900987. Love, Tamsin")
	for name, tt := range map[string]struct {
		parts      []letterbox.Part
		key, field string
	}{
		"nothing":           {nil, "fault.proposal.none", ""},
		"what is not there": {out("a dog"), "fault.proposal.where", "words-1"},
		"half a word":       {out("prom"), "fault.proposal.where", "words-1"},
		"an old finding":    {[]letterbox.Part{{Finding: "0-3-NAME", Reason: "unclear"}}, "fault.proposal.where", "part-0-3-NAME"},
		"without a reason":  {[]letterbox.Part{{Words: "promise", Row: 3}}, "fault.reason.choose", "words-3"},
		"the whole letter":  {out("I promise.", "Ring 07700 900987", "Love, Tamsin"), "fault.proposal.nothingLeft", ""},
		"too many":          {slices.Repeat(out("promise"), letterbox.MaxParts+1), "fault.proposal.tooMany", ""},
	} {
		wantAt(t, name, p.Desk.Propose(ctx, p.Worker, letter, tt.parts, "", ""), tt.key, tt.field)
		wantAt(t, name, p.Desk.Cut(ctx, p.Worker, letter, tt.parts, "why"), tt.key, tt.field)
	}
	wantAt(t, "a cut without a reason", p.Desk.Cut(ctx, p.Worker, letter, out("promise"), " \n"), "fault.cut.why", "note")
	wantAt(t, "with long words", p.Desk.Propose(ctx, p.Worker, letter, out("promise"), strings.Repeat("x", letterbox.MaxReason+1), ""), "fault.text.tooLong", "words")
	if n := p.count(`select count(*) from object where part in ('proposal', 'cut')`) + p.count(`select count(*) from decision`) + p.count(`select count(*) from letter_cut`); n != 0 {
		t.Errorf("%d traces", n)
	}
	// Not for ever: four times, and then it is ended otherwise.
	for turn := 1; turn <= 4; turn++ {
		if turn > 1 {
			must(t, p.Desk.Claim(ctx, p.Worker, letter))
		}
		must(t, p.Desk.Propose(ctx, p.Worker, letter, out([]string{"", "promise", "I", "Ring", "07700"}[turn]), "", ""))
		must(t, p.Families.Agree(ctx, p.birth, letter, turn))
	}
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	wantAt(t, "a fifth time", p.Desk.Propose(ctx, p.Worker, letter, out("900987"), "", ""), "fault.proposal.often", "")
	must(t, p.Desk.Return(ctx, p.Worker, letter, "unclear", "", ""))
}

// What is left out unasked takes a second worker, and may be anything.
func TestCut(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := p.secondWorker()
	must(t, p.Desk.ChangeProtected(ctx, p.Worker, p.exchange, p.listVersion(), []letterbox.ProtectedWord{{Kind: screening.Town, Value: "Marazion", Of: p.toSide, Told: true}}, nil))
	letter := p.claimed("Are you in Marazion? We went to the fair.")
	before := p.families()
	must(t, p.Desk.Cut(ctx, p.Worker, letter, out("Are you in Marazion"), "he must not know, and cannot be asked"))
	if after := p.families(); after != before {
		t.Errorf("a cut changed what families can select:\n%s\n%s", before, after)
	}
	must(t, p.Desk.Cut(ctx, p.Worker, letter, out("fair"), "two clicks"))
	p.wantState(letter, letterbox.Received, letterbox.WithUs)
	if line, ok := p.line(p.Worker, letter); !ok || !line.FirstByMe || !line.ReadFirst {
		t.Errorf("on the desk of who cut it is %+v", line)
	}
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	wantAt(t, "who cut passes it on", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.letter.readFirst", "")
	must(t, p.Desk.Release(ctx, p.Worker, letter))
	must(t, p.Desk.Claim(ctx, other, letter))
	reading, err := p.Desk.Read(ctx, other, letter)
	must(t, err)
	if reading.Text != "[…]? We went to the fair." || !slices.Equal(cutWords(reading.Cut), []string{"Are you in Marazion"}) || !reading.TwoReaders || reading.FirstReader == "" ||
		len(reading.Notes) != 1 || reading.Notes[0].Text != "he must not know, and cannot be asked" || len(reading.Findings) != 0 {
		t.Errorf("the second worker reads %q, %+v, %+v", string(reading.Text), reading.Cut, reading.Notes)
	}
	wantKind(t, "asking the writer now", p.Desk.Propose(ctx, other, letter, out("fair"), "", ""), fault.Conflict)
	wantKind(t, "cutting more now", p.Desk.Cut(ctx, other, letter, out("fair"), "more"), fault.Conflict)
	wantKind(t, "reading it first", p.Desk.ReadFirst(ctx, other, letter, ""), fault.Conflict)
	must(t, p.Desk.Pass(ctx, other, letter, ""))
	came, err := p.Families.Open(ctx, p.adoptive, p.delivery(letter))
	must(t, err)
	sent := p.sent(p.birth, letter)
	if came.Text != "[…]? We went to the fair." || sent.Text != "Are you in Marazion? We went to the fair." || sent.Reason != (letterbox.WriterReason{Reason: "leftOut"}) || sent.Proposal != nil {
		t.Errorf("the recipient reads %q; its writer %q and %+v", string(came.Text), string(sent.Text), sent.Reason)
	}

	// Taken back, it is whole, and nobody has read it first.
	whole := p.claimed("I promise you a dog.")
	wantKind(t, "taking back nothing", p.Desk.UndoCut(ctx, p.Worker, whole, "why"), fault.Conflict)
	must(t, p.Desk.Cut(ctx, p.Worker, whole, out("I promise"), "why"))
	must(t, p.Desk.Claim(ctx, other, whole))
	wantAt(t, "without a reason", p.Desk.UndoCut(ctx, other, whole, ""), "fault.cut.why", "note")
	must(t, p.Desk.UndoCut(ctx, other, whole, "it may stay"))
	must(t, p.Desk.Claim(ctx, p.Worker, whole))
	must(t, p.Desk.Cut(ctx, p.Worker, whole, out("dog"), "why"))
	must(t, p.Desk.Claim(ctx, p.Worker, whole))
	must(t, p.Desk.UndoCut(ctx, p.Worker, whole, "on second thoughts"))
	must(t, p.Desk.Claim(ctx, p.Worker, whole))
	must(t, p.Desk.Pass(ctx, p.Worker, whole, ""))
	if came, err := p.Families.Open(ctx, p.adoptive, p.delivery(whole)); err != nil || came.Text != "I promise you a dog." {
		t.Errorf("taken back, the recipient reads %q, %v", string(came.Text), err)
	}
	if sent := p.sent(p.birth, whole); sent.Reason != (letterbox.WriterReason{}) {
		t.Errorf("and its writer %+v", sent.Reason)
	}
	// A cut is for the turn in which it was made.
	asked := p.claimed("I promise you a cat.")
	must(t, p.Desk.Cut(ctx, p.Worker, asked, out("cat"), "why"))
	must(t, p.Desk.Claim(ctx, other, asked))
	must(t, p.Desk.Refuse(ctx, other, asked, "promises", "", ""))
	must(t, p.Families.SecondOpinion(ctx, p.birth, asked))
	must(t, p.Desk.Claim(ctx, p.Worker, asked))
	must(t, p.Desk.Pass(ctx, p.Worker, asked, ""))
	if came, err := p.Families.Open(ctx, p.adoptive, p.delivery(asked)); err != nil || came.Text != "I promise you a cat." {
		t.Errorf("in a later turn the recipient reads %q, %v", string(came.Text), err)
	}
	p.logWhole()
}

// What the rows say of a cut and nobody signed, and the other way round, is an alarm, and
// nothing goes on. So is an older text in the place of the one that was agreed.
func TestProposal_ChangedRows(t *testing.T) {
	for name, tt := range map[string]struct {
		cut    bool
		change string
	}{
		"the cut's row is gone":             {true, `delete from letter_cut`},
		"the cut's words are gone":          {true, `delete from object where part = 'cut'`},
		"both are gone":                     {true, `delete from object where part = 'cut'; delete from letter_cut`},
		"the cut is somebody else's":        {true, `update letter_cut set worker_id = '%s'`},
		"taken back by a row":               {true, `update letter_cut set whole = true`},
		"a cut that nobody stated":          {false, `insert into letter_cut (agency_id, letter_id, n, turn, worker_id, whole, leaf) select agency_id, id, 1, 2, '%s', false, sha256('x') from letter`},
		"the agreed text is gone":           {false, `delete from object where part = 'text' and version = 2`},
		"the first one in its place":        {false, `delete from object where part = 'text' and version = 2; update letter set agreed = null`},
		"the agreed text is under a number": {false, `update object set version = 3 where part = 'text' and version = 2`},
	} {
		t.Run(name, func(t *testing.T) {
			p, ctx := newPair(t), t.Context()
			other := p.secondWorker()
			third := p.newStaff("Rowan Tye", authz.LetterboxWorker)
			letter := p.proposed("I promise you a dog.", "I promise")
			must(t, p.Families.Agree(ctx, p.birth, letter, 1))
			must(t, p.Desk.Claim(ctx, p.Worker, letter))
			if tt.cut {
				must(t, p.Desk.Cut(ctx, p.Worker, letter, out("dog"), "why"))
				must(t, p.Desk.Claim(ctx, other, letter))
			} else {
				must(t, p.Desk.Release(ctx, p.Worker, letter))
				must(t, p.Desk.Claim(ctx, other, letter))
			}
			change := tt.change
			if strings.Contains(change, "%s") {
				change = fmt.Sprintf(change, third.Account())
			}
			p.untriggered(change)
			wantKind(t, "pass", p.Desk.Pass(ctx, other, letter, ""), fault.Sealed)
			if reading, err := p.Desk.Read(ctx, other, letter); err == nil && !reading.Unread {
				t.Errorf("the desk shows %q", string(reading.Text))
			}
			if n := p.count(`select count(*) from delivery`); n != 0 {
				t.Errorf("%d deliveries", n)
			}
		})
	}
}

// What was proposed is the archive's and the case's too, and nobody's else.
func TestProposal_Sealed(t *testing.T) {
	p := newPair(t)
	letter := p.proposed("I promise you a dog.", "I promise")
	var sealed []byte
	must(t, p.Database.Admin().QueryRow(context.Background(), `select sealed from object where id = $1 and part = 'proposal'`, string(letter)).Scan(&sealed))
	content, _, err := seal.Open(sealed, p.context(string(letter), "proposal"), p.Archive)
	must(t, err)
	var got struct{ Pieces []letterbox.Piece }
	must(t, json.Unmarshal(content, &got))
	if len(got.Pieces) != 2 || got.Pieces[0].Text != "I promise" || got.Pieces[0].Reason != "promises" {
		t.Errorf("the archive reads %+v", len(got.Pieces))
	}
	for line := range strings.Lines(string(p.adoptive.Keys().Marshal())) {
		name, _, _ := strings.Cut(line, " ")
		if key, ok := p.adoptive.Keys().Identity(name); ok {
			if _, _, err := seal.Open(sealed, p.context(string(letter), "proposal"), key); err == nil {
				t.Errorf("the other side opens it with %s", name)
			}
		}
	}
}

// What was left out is nowhere that the other family or a list of the desk can see,
// whatever the letter and the words: with the writer's word, or by two workers.
func TestLeftOut_Nowhere(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := p.secondWorker()
	p.contact(p.adopterID)
	r := rand.New(rand.NewPCG(7, 8))
	var gone []string
	for n := range 8 {
		words := make([]string, 12+r.IntN(20))
		for i := range words {
			words[i] = fmt.Sprintf("vq%dz%dk", n, i)
		}
		var parts []letterbox.Part
		for range 1 + r.IntN(3) {
			i := r.IntN(len(words) - 4)
			parts = append(parts, out(strings.Join(words[i:i+1+r.IntN(3)], " "))...)
		}
		letter := p.claimed("Dear Wren, " + strings.Join(words, " ") + ". Love")
		must(t, p.Desk.SayLanguage(ctx, p.Worker, letter, letterbox.English)) // the screen would ask
		if n%2 == 0 {
			must(t, p.Desk.Propose(ctx, p.Worker, letter, parts, "", ""))
			must(t, p.Families.Agree(ctx, p.birth, letter, 1))
			must(t, p.Desk.Claim(ctx, p.Worker, letter))
			must(t, p.Desk.Pass(ctx, p.Worker, letter, "", p.no(letter)...))
		} else {
			must(t, p.Desk.Cut(ctx, p.Worker, letter, parts, "why"))
			must(t, p.Desk.Claim(ctx, other, letter))
			must(t, p.Desk.Pass(ctx, other, letter, ""))
		}
		for _, part := range parts {
			gone = append(gone, strings.Fields(string(part.Words))...)
		}
		p.untriggered(`update letter set submitted_on = submitted_on - 1`)
		// A letter that comes after it, and an earlier one beside: the desk's lists.
		seen := map[string]string{}
		note := func(where string, content any, err error) {
			t.Helper()
			must(t, err)
			seen[where] = fmt.Sprintf("%#v", content)
		}
		delivery := p.delivery(letter)
		came, err := p.Families.Open(ctx, p.adoptive, delivery)
		note("the letter that came", came, err)
		seen["its text"] = string(came.Text)
		cover, err := p.Families.Came(ctx, p.adoptive, delivery)
		note("its cover", cover, err)
		inbox, err := p.Families.Inbox(ctx, p.adoptive)
		note("the inbox", inbox, err)
		line, err := p.Families.Timeline(ctx, p.adoptive, p.toSide)
		note("the timeline", line, err)
		copies, err := p.Families.Copies(ctx, p.adoptive, p.toSide, time.Time{}, time.Time{})
		must(t, err)
		for i, c := range copies {
			seen[fmt.Sprintf("copy %d", i)] = string(c.Text)
		}
		printed, err := p.Desk.PrintPassed(ctx, p.Worker, letter)
		must(t, err)
		seen["on paper"] = string(printed.Text)
		exchange, err := p.Desk.Exchange(ctx, p.Worker, p.exchange)
		note("the exchange", exchange, err)
		desk, err := p.Desk.Desk(ctx, p.Worker)
		note("the desk", desk, err)
		found, err := p.Desk.Search(ctx, p.Worker, gone[0])
		note("a search", found, err)
		seen["all that the families' role selects as the other side"] = p.selects(p.adopterID)
		var notices string
		must(t, p.Database.Admin().QueryRow(ctx, `select coalesce(string_agg(x::text, ' '), '') from (select n::text as x from notice n union all select b::text from (select convert_from(body, 'UTF8') as b from audit_body) b) t`).Scan(&notices))
		seen["notices and the log"] = notices
		sealed, c := []byte(nil), p.context(string(delivery), "text")
		must(t, p.Database.Admin().QueryRow(ctx, `select sealed from object where id = $1 and part = 'text'`, string(delivery)).Scan(&sealed))
		content, _, err := seal.Open(sealed, c, p.Archive)
		must(t, err)
		seen["what is sealed to them"] = string(content)
		for where, content := range seen {
			for _, w := range gone {
				if strings.Contains(content, w) {
					t.Errorf("%q is in %s", w, where)
				}
			}
		}
		if !strings.Contains(seen["its text"], letterbox.LeftOut) || !strings.Contains(seen["on paper"], letterbox.LeftOut) {
			t.Errorf("nothing was left out of %q", seen["its text"])
		}
	}
}

// A yes and something that is faster: the letter goes one way, and of the other there is no trace.
func TestRace_Agree(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	agree := func(id letterbox.LetterID) func() error {
		return func() error { return p.Families.Agree(ctx, p.birth, id, 1) }
	}
	again := func(id letterbox.LetterID) func() error {
		return func() error { return p.Families.SecondOpinion(ctx, p.birth, id) }
	}
	withdraw := func(id letterbox.LetterID) func() error {
		return func() error { return p.Families.Withdraw(ctx, p.birth, id) }
	}
	traces := func(id letterbox.LetterID) int {
		return p.count(`select count(*) from object where id = $1 and part = 'text' and version > 1`, string(id)) +
			p.count(`select count(*) from letter where id = $1 and agreed is not null`, string(id))
	}
	letter := p.proposed("I promise a dog.", "I promise")
	yes, no := overtaken(t, p.Families, "agree", agree(letter), withdraw(letter))
	must(t, no)
	wantKind(t, "a yes after the letter was taken back", yes, fault.Conflict)
	if p.state(letter) != letterbox.WithdrawnByWriter || traces(letter) != 0 {
		t.Errorf("it is %s, with %d traces of the yes", p.state(letter), traces(letter))
	}
	letter = p.proposed("I promise a cat.", "I promise")
	no, yes = overtaken(t, p.Families, "ask", withdraw(letter), agree(letter))
	if yes != nil || no != nil || p.state(letter) != letterbox.WithdrawnByWriter {
		t.Errorf("agreed, and then taken back: %v, %v, %s", yes, no, p.state(letter))
	}
	letter = p.proposed("I promise a goat.", "I promise")
	yes, no = overtaken(t, p.Families, "agree", agree(letter), again(letter))
	must(t, no)
	wantKind(t, "a yes after another worker was asked", yes, fault.Conflict)
	if p.state(letter) != letterbox.Received || traces(letter) != 0 {
		t.Errorf("it is %s, with %d traces of the yes", p.state(letter), traces(letter))
	}
	letter = p.proposed("I promise a hen.", "I promise")
	again1, no := overtaken(t, p.Families, "ask", again(letter), withdraw(letter))
	must(t, no)
	wantKind(t, "another worker is asked about what was taken back", again1, fault.Conflict)
	letter = p.proposed("I promise an owl.", "I promise")
	yes, no = overtaken(t, p.Families, "agree", agree(letter), func() error { return p.Desk.SetState(ctx, p.Worker, p.exchange, "paused", "") })
	must(t, no)
	wantAt(t, "a yes while the exchange rests", yes, "fault.letter.notNow", "")
	if p.state(letter) != letterbox.ProposedToWriter || traces(letter) != 0 {
		t.Errorf("it is %s, with %d traces of the yes", p.state(letter), traces(letter))
	}
	must(t, p.Desk.SetState(ctx, p.Worker, p.exchange, "active", ""))
	done := make(chan error, 8)
	for range 8 {
		go func() { done <- p.Families.Agree(ctx, p.birth, letter, 1) }()
	}
	for range 8 {
		if err := <-done; err != nil && fault.KindOf(err) != fault.Conflict {
			t.Errorf("one of eight: %v", err)
		}
	}
	if p.state(letter) != letterbox.Received || traces(letter) != 2 {
		t.Errorf("eight times yes: %s, %d traces", p.state(letter), traces(letter))
	}
	p.logWhole()
}

// What came of age, or ended, while its writer was asked, waits for nobody: no yes, and
// nothing is passed on.
func TestPropose_Overtaken(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.proposed("I promise a dog.", "I promise")
	p.untriggered(`update exchange_child set relays_end_on = date_trunc('month', current_date)`)
	wantAt(t, "a yes at eighteen", p.Families.Agree(ctx, p.birth, letter, 1), "fault.letter.notNow", "")
	p.untriggered(`update exchange_child set relays_end_on = '2099-01-01'`)
	must(t, p.Desk.SetState(ctx, p.Worker, p.exchange, "ended", ""))
	wantAt(t, "a yes at the end", p.Families.Agree(ctx, p.birth, letter, 1), "fault.letter.notNow", "")
	must(t, p.Families.Withdraw(ctx, p.birth, letter))
}

// The safeguarding lead reads the whole letter, and whom to call, also of one that was agreed or is to go on cut.
func TestProposal_Referred(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	lead := p.newStaff("Imogen Farr", authz.SafeguardingLead)
	other := p.secondWorker()
	letter := p.proposed("I promise you a dog. I know your school.", "I promise")
	must(t, p.Families.Agree(ctx, p.birth, letter, 1))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.Cut(ctx, p.Worker, letter, out("I know your school"), "why"))
	must(t, p.Desk.Claim(ctx, other, letter))
	must(t, p.Desk.Escalate(ctx, other, letter, "a threat"))
	text, err := p.Desk.Referred(ctx, lead, letter)
	must(t, err)
	if text.Text != "I promise you a dog. I know your school." || text.Goes != "[…] you a dog. […]." || text.Agreed || len(text.People) != 1 {
		t.Errorf("the lead reads %q, and as it would go %q, and may call %d people", string(text.Text), string(text.Goes), len(text.People))
	}
	_, err = p.Desk.Original(ctx, p.Worker, letter, "why not")
	wantKind(t, "the first text of what the lead has", err, fault.Conflict)
	must(t, p.Desk.HandBack(ctx, lead, letter, ""))
	must(t, p.Desk.Claim(ctx, other, letter))
	if reading, err := p.Desk.Read(ctx, other, letter); err != nil || reading.Text != "[…] you a dog. […]." {
		t.Errorf("given back, the desk has %q, %v", string(reading.Text), err)
	}

	// A first text that does not open holds no worry up, and is not passed off as the first.
	p.untriggered(`update object set sealed = 'x' where id = '` + string(letter) + `' and part = 'text' and version = 1`)
	must(t, p.Desk.Escalate(ctx, other, letter, "a threat"))
	text, err = p.Desk.Referred(ctx, lead, letter)
	must(t, err)
	if text.Text != "[…] you a dog. I know your school." || text.Goes != "[…] you a dog. […]." || !text.Agreed {
		t.Errorf("without its first text, the lead reads %q, and as it would go %q", string(text.Text), string(text.Goes))
	}

	// As it came is as it would go for every other letter, and stands there once.
	plain := p.claimed("I know where you live.")
	must(t, p.Desk.Escalate(ctx, p.Worker, plain, "a threat"))
	if text, err = p.Desk.Referred(ctx, lead, plain); err != nil || text.Text != "I know where you live." || text.Goes != "" {
		t.Errorf("the lead reads %q and %q, %v", string(text.Text), string(text.Goes), err)
	}
}

// A letter on paper has nobody on a page to ask.
func TestPropose_Paper(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	id, err := p.Desk.RecordPaper(ctx, p.Worker, p.paper())
	must(t, err)
	other := p.secondWorker()
	must(t, p.Desk.Claim(ctx, other, id))
	reading, err := p.Desk.Read(ctx, other, id)
	must(t, err)
	word := strings.Fields(string(reading.Text))[0]
	wantAt(t, "asking", p.Desk.Propose(ctx, other, id, out(word), "", ""), "fault.proposal.paper", "")
	must(t, p.Desk.Cut(ctx, other, id, out(word), "cannot be asked"))
}

// The database holds who agrees, to what, and who passes on what was cut, whatever the program thinks.
func TestProposal_Schema(t *testing.T) {
	text := `insert into object (agency_id, id, part, version, kind, exchange_id, side_id, from_node, to_node, sealed, commit, leaf)
		values ('ag1', $1, 'text', %d, 'submission', '%s', '%s', 'side/%[3]s', 'case/%[2]s', 'x', sha256('c'), sha256('l'))`
	for name, tt := range map[string]struct {
		state letterbox.State
		as    func(*schema) string
		sql   func(*schema) string
		code  string
		want  string
	}{
		"a yes without a text":          {letterbox.ProposedToWriter, person, func(*schema) string { return `select agree_proposal($1, 1, 14)` }, "23514", "letter_proposal"},
		"a yes to another":              {letterbox.ProposedToWriter, person, func(*schema) string { return `select agree_proposal($1, 2, 14)` }, "GP409", ""},
		"a yes nobody asked for":        {letterbox.Received, person, func(*schema) string { return `select agree_proposal($1, 1, 14)` }, "GP409", ""},
		"a yes by the other side":       {letterbox.ProposedToWriter, reader, func(*schema) string { return `select agree_proposal($1, 1, 14)` }, "GP404", ""},
		"a promise of years":            {letterbox.ProposedToWriter, person, func(*schema) string { return `select agree_proposal($1, 1, 400)` }, "GP404", ""},
		"a text without a yes":          {letterbox.ProposedToWriter, person, func(s *schema) string { return fmt.Sprintf(text, 2, s.exchange, s.from) }, "23514", "letter_proposal"},
		"a text of another turn":        {letterbox.ProposedToWriter, person, func(s *schema) string { return fmt.Sprintf(text, 3, s.exchange, s.from) }, "42501", ""},
		"a text nobody asked for":       {letterbox.Received, person, func(s *schema) string { return fmt.Sprintf(text, 2, s.exchange, s.from) }, "42501", ""},
		"a text by the other side":      {letterbox.ProposedToWriter, reader, func(s *schema) string { return fmt.Sprintf(text, 2, s.exchange, s.to) }, "42501", ""},
		"a worker says yes":             {letterbox.ProposedToWriter, worker, func(*schema) string { return `update letter set agreed = 1 where id = $1` }, "42501", ""},
		"a worker takes the no back":    {letterbox.ProposedToWriter, worker, func(*schema) string { return `update letter set state = 'received' where id = $1` }, "23514", "letter_proposal"},
		"asked without what":            {letterbox.Received, worker, func(*schema) string { return `update letter set state = 'proposed' where id = $1` }, "23514", "letter_proposal"},
		"a fifth proposal":              {letterbox.Received, worker, func(s *schema) string { return s.turns(4, "propose") }, "23514", "decision_proposals"},
		"a fourth":                      {letterbox.Received, worker, func(s *schema) string { return s.turns(3, "propose") }, "23503", "decision_agency_id_leaf_fkey"},
		"a fifth after one taken back":  {letterbox.Received, worker, func(s *schema) string { return s.takenBack(1) + s.turns(4, "propose") }, "23503", "decision_agency_id_leaf_fkey"},
		"a sixth after one taken back":  {letterbox.Received, worker, func(s *schema) string { return s.takenBack(1) + s.turns(5, "propose") }, "23514", "decision_proposals"},
		"asked and taken back for ever": {letterbox.Received, worker, func(s *schema) string { return s.takenBack(28) + s.turns(28, "propose") }, "23514", "decision_proposals"},
		"a cut by the lead":             {letterbox.Received, lead, func(s *schema) string { return s.cuts(s.lead, 1, 1, false) }, "23514", "letter_cut_worker"},
		"a cut in another's name":       {letterbox.Received, worker, func(s *schema) string { return s.cuts(s.colleague, 1, 1, false) }, "23514", "letter_cut_worker"},
		"a cut in a later turn":         {letterbox.Received, worker, func(s *schema) string { return s.cuts(s.worker, 1, 2, false) }, "23514", "letter_cut_letter"},
		"a cut out of its order":        {letterbox.Received, worker, func(s *schema) string { return s.cuts(s.worker, 2, 1, false) }, "23514", "letter_cut_letter"},
		"taken back before it is":       {letterbox.Received, worker, func(s *schema) string { return s.cuts(s.worker, 1, 1, true) }, "23514", "letter_cut_letter"},
		"a cut without its words":       {letterbox.Received, worker, func(s *schema) string { return s.cuts(s.worker, 1, 1, false) }, "23514", "letter_cut_letter"},
		"a cut of one that went on":     {letterbox.Waiting, worker, func(s *schema) string { return s.cuts(s.worker, 1, 1, false) }, "23514", "letter_cut_letter"},
		"a cut is changed":              {letterbox.Received, worker, func(*schema) string { return `update letter_cut set whole = true where letter_id = $1` }, "42501", ""},
		"a cut is deleted":              {letterbox.Received, worker, func(*schema) string { return `delete from letter_cut where letter_id = $1` }, "42501", ""},
		"families read cuts":            {letterbox.Received, person, func(*schema) string { return `select from letter_cut where letter_id = $1` }, "42501", ""},
		"families read who agreed":      {letterbox.Received, person, func(*schema) string { return `select agreed from letter where id = $1` }, "42501", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSchema(t)
			act := ""
			if tt.state == letterbox.ProposedToWriter {
				act = "propose"
			}
			letter, _ := s.letter(tt.state, act)
			s.untriggered(fmt.Sprintf(`alter table object drop constraint object_leaf; delete from delivery; insert into claim (agency_id, letter_id, worker_id, until) values ('ag1', '%s', '%s', now() + interval '20 minutes')`, letter, s.worker))
			s.now = letter
			by, role := tt.as(s), "gatepost_staff"
			if by == s.person || by == s.personTo {
				role = "gatepost_public"
			}
			if code, got := broke(s.as(role, by, tt.sql(s), letter)); code != tt.code || got != tt.want {
				t.Errorf("%q %q, want %q %q", code, got, tt.code, tt.want)
			}
		})
	}

	s := newSchema(t)
	letter, _ := s.letter(letterbox.Received, "")
	s.untriggered(fmt.Sprintf(`insert into letter_cut (agency_id, letter_id, n, turn, worker_id, whole, leaf) values ('ag1', '%s', 1, 1, '%s', false, sha256('e'))`, letter, s.worker))
	decide := `insert into decision (agency_id, letter_id, worker_id, act, turn, leaf) values ('ag1', $1, $2, 'pass', 1, sha256('e'))`
	pass := func(by, want string) {
		t.Helper()
		if _, got := broke(s.as("gatepost_staff", by, decide, letter, by)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	const allowed = "decision_agency_id_leaf_fkey" // but for the statement
	pass(s.worker, "decision_readers")
	pass(s.colleague, allowed)
	if _, got := broke(s.as("gatepost_staff", s.colleague, `insert into first_reading (agency_id, letter_id, turn, worker_id, leaf) values ('ag1', $1, 1, $2, sha256('e'))`, letter, s.colleague)); got != "first_reading_letter" {
		t.Errorf("a first reading beside it: %q", got)
	}
	s.untriggered(fmt.Sprintf(`update worker set state = 'suspended' where id = '%s'`, s.worker))
	pass(s.colleague, "decision_readers")
	s.untriggered(`update letter_cut set whole = true`)
	pass(s.colleague, allowed)
}

func person(s *schema) string { return s.person }
func reader(s *schema) string { return s.personTo }

// turns puts decisions before one more of an act.
func (s *schema) turns(n int, act string) string {
	for turn := 1; turn <= n; turn++ {
		s.untriggered(fmt.Sprintf(`insert into decision (agency_id, letter_id, worker_id, act, turn, leaf) values ('ag1', '%s', '%s', 'propose', %d, sha256('e'))`, s.now, s.worker, turn))
	}
	return fmt.Sprintf(`insert into decision (agency_id, letter_id, worker_id, act, turn, leaf) values ('ag1', $1, '%s', '%s', %d, sha256('e'))`, s.worker, act, n+1)
}

// takenBack has what the writer was asked taken back, as often.
func (s *schema) takenBack(n int) string {
	s.untriggered(fmt.Sprintf(`insert into letter_day (agency_id, letter_id, n, state, told, on_day) select 'ag1', '%s', 100 + i, 'received', 'takenBack', current_date from generate_series(1, %d) i`, s.now, n))
	return ""
}

// cuts is a row about a cut.
func (s *schema) cuts(by string, n, turn int, whole bool) string {
	return fmt.Sprintf(`insert into letter_cut (agency_id, letter_id, n, turn, worker_id, whole, leaf) values ('ag1', $1, %d, %d, '%s', %v, sha256('e'))`, n, turn, by, whole)
}
