package letterbox_test

import (
	"slices"
	"testing"

	"gatepost/internal/authz"
	"gatepost/letterbox"
)

// asks has a worker claim a letter and ask its writer to leave words out.
func (p *pair) asks(worker authz.Actor, id letterbox.LetterID, words string) {
	p.t.Helper()
	must(p.t, p.Desk.Claim(p.t.Context(), worker, id))
	must(p.t, p.Desk.Propose(p.t.Context(), worker, id, out(words), "", ""))
}

// takesBack asks about words of a letter, and takes it back.
func (p *pair) takesBack(worker authz.Actor, id letterbox.LetterID, words string) {
	p.t.Helper()
	p.asks(worker, id, words)
	must(p.t, p.Desk.TakeBackProposal(p.t.Context(), worker, id, ""))
}

// both looks at what the writer of a letter and a worker have beside it: the words of the proposal that counts, "" for none.
func (p *pair) both(name string, worker authz.Actor, id letterbox.LetterID, words string, agreed bool) {
	p.t.Helper()
	must(p.t, p.Desk.Claim(p.t.Context(), worker, id))
	reading, err := p.Desk.Read(p.t.Context(), worker, id)
	must(p.t, err)
	if reading.Unread {
		p.t.Errorf("%s: the worker cannot read it", name)
	}
	p.shows(name+", to a worker", reading.Proposal, words, agreed)
	p.shows(name+", to the writer", p.sent(p.birth, id).Proposal, words, agreed)
	must(p.t, p.Desk.Release(p.t.Context(), worker, id))
}

func (p *pair) shows(name string, asked *letterbox.Proposal, words string, agreed bool) {
	p.t.Helper()
	switch {
	case words == "" && asked != nil:
		p.t.Errorf("%s: %q stands there", name, cutWords(asked.Pieces))
	case words != "" && (asked == nil || !slices.Equal(cutWords(asked.Pieces), []string{words}) || asked.Agreed != agreed):
		p.t.Errorf("%s: %+v, want %q", name, asked, words)
	}
}

// What was taken back is never shown as what the writer asked another worker about.
func TestTakeBackProposal_Appealed(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := p.secondWorker()
	refused := p.proposed("I promise you a dog. The sea was calm.", "I promise")
	must(t, p.Desk.TakeBackProposal(ctx, p.Worker, refused, ""))
	must(t, p.Desk.Claim(ctx, p.Worker, refused))
	must(t, p.Desk.Refuse(ctx, p.Worker, refused, "upsetting", "No.", ""))
	must(t, p.Families.SecondOpinion(ctx, p.birth, refused))
	p.both("refused after it", other, refused, "", false)
	p.takesBack(other, refused, "a dog")
	p.both("and asked again", other, refused, "", false)

	asked := p.proposed("I promise you a cat. The sea was calm.", "I promise")
	must(t, p.Families.SecondOpinion(ctx, p.birth, asked))
	p.both("asked another worker", other, asked, "I promise", false)
	p.takesBack(other, asked, "a cat")
	p.both("who asked and took it back", other, asked, "I promise", false)
	p.asks(other, asked, "calm")
	p.shows("asked again", p.sent(p.birth, asked).Proposal, "calm", false)
	must(t, p.Families.Agree(ctx, p.birth, asked, 3))
	p.both("and agreed", other, asked, "calm", true)
	p.logWhole()
}

// A yes stands on both pages beside what is left out by it, whatever was asked since and taken back.
func TestTakeBackProposal_Agreed(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := p.secondWorker()
	letter := p.proposed("I promise you a dog. The sea was calm.", "I promise")
	must(t, p.Families.Agree(ctx, p.birth, letter, 1))
	p.takesBack(p.Worker, letter, "a dog")
	p.both("taken back after a yes", p.Worker, letter, "I promise", true)
	if sent := p.sent(p.birth, letter); !sent.TakenBack || sent.Text != "[…] you a dog. The sea was calm." {
		t.Errorf("the writer reads %q, taken back %v", string(sent.Text), sent.TakenBack)
	}
	p.asks(p.Worker, letter, "calm")
	must(t, p.Families.SecondOpinion(ctx, p.birth, letter))
	p.both("asked another worker after a yes", other, letter, "calm", false)
	must(t, p.Desk.Claim(ctx, other, letter))
	must(t, p.Desk.Pass(ctx, other, letter, ""))
	p.shows("passed on", p.sent(p.birth, letter).Proposal, "I promise", true)
	p.logWhole()
}

// What was taken back is none of the four.
func TestTakeBackProposal_Often(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.send("I promise you a dog, a cat, a pony and a goat. The sea was calm.")
	for range 5 {
		p.takesBack(p.Worker, letter, "dog")
	}
	for i, words := range []string{"dog", "cat", "pony", "goat"} {
		p.asks(p.Worker, letter, words)
		must(t, p.Families.Agree(ctx, p.birth, letter, 6+i))
	}
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	wantAt(t, "a fifth that is answered", p.Desk.Propose(ctx, p.Worker, letter, out("sea"), "", ""), "fault.proposal.often", "")
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	p.logWhole()
}
