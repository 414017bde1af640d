package letterbox_test

import (
	"context"
	"testing"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// again begins to write a letter of the birth side again, and keeps these words.
func (p *pair) again(letter letterbox.LetterID, text string) letterbox.DraftID {
	p.t.Helper()
	draft, err := p.Families.Rewrite(p.t.Context(), p.birth, letter)
	must(p.t, err)
	_, err = p.Families.SaveDraft(p.t.Context(), p.birth, draft, 1, text)
	must(p.t, err)
	return draft
}

// returned sends a letter that comes back.
func (p *pair) returned(text string) letterbox.LetterID {
	p.t.Helper()
	letter := p.claimed(text)
	must(p.t, p.Desk.Return(p.t.Context(), p.Worker, letter, "unclear", "Please say it again.", ""))
	return letter
}

func (p *pair) opened(draft letterbox.DraftID) letterbox.Draft {
	p.t.Helper()
	d, err := p.Families.OpenDraft(p.t.Context(), p.birth, draft)
	must(p.t, err)
	return d
}

// alone wants a rewrite that was overtaken to be told so, to keep its words, and to go
// as a letter of its own.
func (p *pair) alone(draft letterbox.DraftID, first letterbox.LetterID, told letterbox.Told) {
	p.t.Helper()
	ctx, state := p.t.Context(), p.state(first)
	d := p.opened(draft)
	if d.Overtaken != told || d.Replaces != first || d.Text != "Other words." {
		p.t.Errorf("overtaken as %q, want %q; it says %q", d.Overtaken, told, string(d.Text))
	}
	_, err := p.Families.Send(ctx, p.birth, draft, d.Version)
	wantFault(p.t, "sent in the place of the first", err, "fault.draft.overtaken")
	if p.count(`select count(*) from draft where id = $1 and replaces is not null`, string(draft)) != 1 || p.count(`select count(*) from letter where replaces is not null`) != 0 {
		p.t.Error("refused, it left something")
	}
	must(p.t, p.Families.FreeDraft(ctx, p.birth, draft))
	must(p.t, p.Families.FreeDraft(ctx, p.birth, draft)) // a second press
	d = p.opened(draft)
	if d.Overtaken != "" || d.Replaces != "" || d.Text != "Other words." {
		p.t.Errorf("freed it is %q, in the place of %q", string(d.Text), d.Replaces)
	}
	letter, err := p.Families.Send(ctx, p.birth, draft, d.Version)
	must(p.t, err)
	if p.state(letter) != letterbox.Received || p.state(first) != state || p.count(`select count(*) from letter where replaces is not null`) != 0 {
		p.t.Errorf("sent alone it is %s, the first %s", p.state(letter), p.state(first))
	}
	p.pass(letter)
}

// Somebody of a side answers about a letter while it is written again: nothing of the
// new words is lost, and they go as a letter of their own.
func TestRewrite_Overtaken(t *testing.T) {
	for name, tt := range map[string]struct {
		proposed bool
		act      func(p *pair, first letterbox.LetterID) error
		told     letterbox.Told
	}{
		"agreed": {true, func(p *pair, first letterbox.LetterID) error {
			return p.Families.Agree(p.t.Context(), p.birth, first, 1)
		}, letterbox.WithUs},
		"agreed and passed on": {true, func(p *pair, first letterbox.LetterID) error {
			must(p.t, p.Families.Agree(p.t.Context(), p.birth, first, 1))
			p.pass(first)
			return nil
		}, letterbox.PassedOn},
		"another worker asked": {true, func(p *pair, first letterbox.LetterID) error {
			return p.Families.SecondOpinion(p.t.Context(), p.birth, first)
		}, letterbox.WithUs},
		"taken back while asked": {true, func(p *pair, first letterbox.LetterID) error {
			return p.Families.Withdraw(p.t.Context(), p.birth, first)
		}, letterbox.Withdrawn},
		"taken back": {false, func(p *pair, first letterbox.LetterID) error {
			return p.Families.Withdraw(p.t.Context(), p.birth, first)
		}, letterbox.Withdrawn},
	} {
		t.Run(name, func(t *testing.T) {
			p, ctx := newPair(t), t.Context()
			var first letterbox.LetterID
			if tt.proposed {
				first = p.proposed("I promise to ring you. The rain is back.", "I promise to ring you")
			} else {
				first = p.returned("I promise to ring you. The rain is back.")
			}
			draft := p.again(first, "Other words.")
			wantKind(t, "freed while its letter waits for it", p.Families.FreeDraft(ctx, p.birth, draft), fault.Conflict)
			if d := p.opened(draft); d.Overtaken != "" || d.Replaces != first {
				t.Errorf("before anybody answered it is %q", d.Overtaken)
			}
			must(t, tt.act(p, first))
			p.alone(draft, first, tt.told)
			p.logWhole()
		})
	}
}

// Where the agency takes back what it asked, a rewrite is overtaken by the agency and by
// nobody of the side, whatever becomes of the letter; until it is asked about anew.
func TestRewrite_OvertakenByUs(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	first := p.proposed("I promise to ring you. The rain is back.", "I promise")
	draft := p.again(first, "Other words.")
	if d := p.opened(draft); d.TakenBack || d.Overtaken != "" {
		t.Errorf("before anything happened it is %q, taken back %v", d.Overtaken, d.TakenBack)
	}
	ours := func(what string, want bool, told letterbox.Told) {
		t.Helper()
		if d := p.opened(draft); d.TakenBack != want || d.Overtaken != told {
			t.Errorf("%s: it is %q, taken back %v, want %q, %v", what, d.Overtaken, d.TakenBack, told, want)
		}
	}
	must(t, p.Desk.TakeBackProposal(ctx, p.Worker, first, ""))
	ours("taken back", true, letterbox.WithUs)
	must(t, p.Desk.Claim(ctx, p.Worker, first))
	must(t, p.Desk.Propose(ctx, p.Worker, first, out("to ring you"), "", "", p.no(first)...))
	ours("asked anew", false, "")
	must(t, p.Families.Agree(ctx, p.birth, first, 2))
	ours("agreed to", false, letterbox.WithUs)

	first = p.proposed("I promise you a dog. The sea was calm.", "I promise")
	draft = p.again(first, "Other words.")
	must(t, p.Desk.TakeBackProposal(ctx, p.Worker, first, ""))
	must(t, p.Desk.Claim(ctx, p.Worker, first))
	must(t, p.Desk.Refuse(ctx, p.Worker, first, "upsetting", "", "", p.no(first)...))
	ours("refused", true, letterbox.Refused)
	p.alone(draft, first, letterbox.Refused)

	first = p.proposed("I promise you a cat. The sea was wild.", "I promise")
	draft = p.again(first, "Other words.")
	must(t, p.Desk.TakeBackProposal(ctx, p.Worker, first, ""))
	must(t, p.Desk.Claim(ctx, p.Worker, first))
	must(t, p.Desk.Return(ctx, p.Worker, first, "unclear", "", "", p.no(first)...))
	ours("returned, it is waited for", false, "")
}

// A letter that comes back a second time is waited for by the rewrite that was begun.
func TestRewrite_BackAgain(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	first := p.proposed("I promise to ring you.", "I promise")
	draft := p.again(first, "Other words.")
	must(t, p.Families.Agree(ctx, p.birth, first, 1))
	must(t, p.Desk.Claim(ctx, p.Worker, first))
	must(t, p.Desk.Propose(ctx, p.Worker, first, out("ring"), "", ""))
	if again, err := p.Families.Rewrite(ctx, p.birth, first); err != nil || again != draft {
		t.Errorf("begun once more: %s, %v", again, err)
	}
	wantKind(t, "freed while its letter waits for it", p.Families.FreeDraft(ctx, p.birth, draft), fault.Conflict)
	_, err := p.Families.Send(ctx, p.birth, draft, 2)
	must(t, err)
	p.wantState(first, letterbox.ReplacedByRewrite, letterbox.Replaced)
}

// A rewrite that goes as a letter of its own has its recording, whose original stays
// with the first letter.
func TestRewrite_OvertakenRecording(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.mayRecord("permitted")
	first := p.recorded("Listen to this.")
	must(t, p.Desk.Return(ctx, p.Worker, first, "unclear", "", ""))
	draft, err := p.Families.Rewrite(ctx, p.birth, first)
	must(t, err)
	must(t, p.Families.Withdraw(ctx, p.birth, first))
	must(t, p.Families.FreeDraft(ctx, p.birth, draft))
	letter := p.sendDraft(draft)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	p.hear(letter)
	if n := p.count(`select count(*) from object where part = 'original'`); n != 1 {
		t.Errorf("%d originals", n)
	}
}

// Whoever is first, a letter is answered once: by the rewrite, or by a yes, or by being
// taken back.
func TestRace_RewriteAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(p *pair, first letterbox.LetterID) func() error
		at     string
		told   letterbox.Told
	}{
		"agree": {func(p *pair, first letterbox.LetterID) func() error {
			return func() error { return p.Families.Agree(context.Background(), p.birth, first, 1) }
		}, "agree", letterbox.WithUs},
		"withdraw": {func(p *pair, first letterbox.LetterID) func() error {
			return func() error { return p.Families.Withdraw(context.Background(), p.birth, first) }
		}, "ask", letterbox.Withdrawn},
	} {
		t.Run(name, func(t *testing.T) {
			p, ctx := newPair(t), t.Context()
			send := func(draft letterbox.DraftID) func() error {
				return func() error { return second(p.Families.Send(ctx, p.birth, draft, 2)) }
			}
			first := p.proposed("I promise to ring you.", "I promise")
			draft := p.again(first, "Other words.")
			slow, fast := overtaken(t, p.Families, "send", send(draft), tt.answer(p, first))
			must(t, fast)
			wantFault(t, "sending what was overtaken", slow, "fault.draft.overtaken")
			p.Families.Stall(nil)
			p.alone(draft, first, tt.told)

			other := p.proposed("I promise to write to you.", "I promise")
			draft = p.again(other, "Other words.")
			slow, fast = overtaken(t, p.Families, tt.at, tt.answer(p, other), send(draft))
			must(t, fast)
			wantKind(t, "answering about what was written again", slow, fault.Conflict)
			p.wantState(other, letterbox.ReplacedByRewrite, letterbox.Replaced)
			p.logWhole()
		})
	}
}

// Two of a side begin to write a letter again: it is one draft; and what was sent by
// then is not begun again.
func TestRace_RewriteRewrite(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	first := p.returned("Once more.")
	rewrite := func(draft *letterbox.DraftID) func() error {
		return func() (err error) { *draft, err = p.Families.Rewrite(ctx, p.birth, first); return err }
	}
	var one, two letterbox.DraftID
	slow, fast := overtaken(t, p.Families, "draft", rewrite(&one), rewrite(&two))
	must(t, slow)
	must(t, fast)
	if one != two || one == "" {
		t.Errorf("two drafts, %s and %s", one, two)
	}
	must(t, p.Families.DeleteDraft(ctx, p.birth, one))
	slow, fast = overtaken(t, p.Families, "draft", rewrite(&one), func() error {
		must(t, rewrite(&two)())
		return second(p.Families.Send(ctx, p.birth, two, 1))
	})
	must(t, fast)
	wantFault(t, "begun after it was sent", slow, "fault.letter.notReturned")
	if n := p.count(`select count(*) from draft`); n != 0 {
		t.Errorf("%d drafts", n)
	}
}

// What the database holds of it, whatever the program says.
func TestRewrite_ByHand(t *testing.T) {
	p := newPair(t)
	first := p.returned("Once more.")
	draft := p.again(first, "Other words.")
	free := func(who authz.Actor) string {
		code, _ := broke(p.asSide(who.Account(), `select free_draft($1)`, string(draft)))
		return code
	}
	if code := free(p.birth); code != "GP409" {
		t.Errorf("freed while its letter waits for it: %q", code)
	}
	p.untriggered(`update letter set state = 'withdrawn' where id = '` + string(first) + `'`)
	if code := free(p.adoptive); code != "GP404" {
		t.Errorf("freed by the other side: %q", code)
	}
	if code, _ := broke(p.asSide(p.birth.Account(), `update draft set replaces = null where id = $1`, string(draft))); code != "42501" {
		t.Errorf("by an update: %q", code)
	}
	begin := `insert into draft (agency_id, id, exchange_id, side_id, author, replaces, shared, sealed, mac, version, expires_on)
		select agency(), 'dr' || substr(id, 3), exchange_id, $2, account(), id, true, 'x', sha256('x'), 1, current_date from letter where id = $1`
	p.untriggered(`delete from draft`)
	for state, want := range map[letterbox.State]string{letterbox.Received: "draft_rewrites", letterbox.WithdrawnByWriter: "draft_rewrites", letterbox.ReplacedByRewrite: "draft_rewrites",
		letterbox.ReturnedToWriter: "", letterbox.ProposedToWriter: ""} {
		p.untriggered(`update letter set state = '` + string(state) + `'`)
		if _, constraint := broke(p.asSide(p.birth.Account(), begin, string(first), string(p.fromSide))); constraint != want {
			t.Errorf("begun of a letter that is %s: %q, want %q", state, constraint, want)
		}
		p.untriggered(`delete from draft`)
	}
	if code := free(p.birth); code != "GP404" {
		t.Errorf("freed where there is none: %q", code)
	}
}

// A letter is written again from what its writer wrote, in its language, beside each
// thing that they were asked about.
func TestRewrite_AsWritten(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	const text = "I promise to ring you. We will come at Easter. The rain is back."
	letter := p.proposed(text, "I promise to ring you", "at Easter")
	must(t, p.Families.Agree(ctx, p.birth, letter, 1))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.SayLanguage(ctx, p.Worker, letter, letterbox.OtherTongue))
	must(t, p.Desk.Propose(ctx, p.Worker, letter, out("The rain"), "One more.", ""))
	draft, err := p.Families.Rewrite(ctx, p.birth, letter)
	must(t, err)
	d := p.opened(draft)
	if d.Text != text || d.Language != letterbox.OtherTongue {
		t.Errorf("it begins from %q, in %q", string(d.Text), d.Language)
	}
	if d.Proposal == nil || d.Proposal.Words != "One more." || len(cutWords(d.Proposal.Pieces)) != 1 {
		t.Errorf("beside it: %+v", d.Proposal)
	}

	back := p.returned(text)
	draft, err = p.Families.Rewrite(ctx, p.birth, back)
	must(t, err)
	if d := p.opened(draft); d.Text != text || d.Language != letterbox.English || d.Proposal != nil || d.Reason.Words != "Please say it again." {
		t.Errorf("of what came back: %+v", d)
	}
	// Another text in the first one's place is an alarm, and nothing begins from it.
	other := p.proposed("I promise to write to you.", "I promise")
	must(t, p.Families.Agree(ctx, p.birth, other, 1))
	must(t, p.Desk.Claim(ctx, p.Worker, other))
	must(t, p.Desk.Return(ctx, p.Worker, other, "unclear", "", ""))
	p.untriggered(`update object set sealed = (select o.sealed from object o where o.id = object.id and o.part = 'text' and o.version = 2) where part = 'text' and version = 1 and id = '` + string(other) + `'`)
	wantKind(t, "from another text", second(p.Families.Rewrite(ctx, p.birth, other)), fault.Sealed)
}
