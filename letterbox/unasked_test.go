package letterbox_test

import (
	"slices"
	"testing"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// What a writer was asked is taken back by a colleague of who asked, or by a manager, who
// holds no key of the case: the letter is whole and on the desk with the day that it had, its
// writer reads that they need not answer, and the next worker goes on as with any other.
func TestTakeBackProposal(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := p.secondWorker()
	p.Manager = p.SignInWorker(t, &p.ManagerLogin)
	p.Worker = p.SignInWorker(t, &p.WorkerLogin)
	letter := p.proposed("I promise you a dog. The sea was calm.", "I promise")
	p.untriggered(`update letter set hear_by = current_date + 3`)
	line, err := p.Desk.AskedWriter(ctx, p.Manager, letter)
	must(t, err)
	if line.AskedOn.IsZero() || line.State != letterbox.ProposedToWriter || line.From == "" {
		t.Errorf("what is taken back is %+v", line)
	}
	for name, actor := range map[string]authz.Actor{"a lead": p.newStaff("Ines Calder", authz.SafeguardingLead), "its writer": p.birth} {
		wantKind(t, name, p.Desk.TakeBackProposal(ctx, actor, letter, ""), fault.Forbidden)
	}
	must(t, p.Desk.TakeBackProposal(ctx, p.Manager, letter, "No word for weeks."))
	wantAt(t, "twice", p.Desk.TakeBackProposal(ctx, other, letter, ""), "fault.letter.moved", "")
	wantKind(t, "of one that nobody is asked about", second(p.Desk.AskedWriter(ctx, p.Manager, letter)), fault.NotFound)
	p.wantState(letter, letterbox.Received, letterbox.WithUs)
	if n := p.count(`select count(*) from letter where hear_by = current_date + 3 and decided_on is null and not second and agreed is null`); n != 1 {
		t.Error("its clock is another")
	}
	wantKind(t, "a yes after it", p.Families.Agree(ctx, p.birth, letter, 1), fault.Conflict)
	wantKind(t, "another opinion after it", p.Families.SecondOpinion(ctx, p.birth, letter), fault.Conflict)
	sent := p.sent(p.birth, letter)
	if !sent.TakenBack || sent.Proposal != nil || sent.Asked || sent.Text != "I promise you a dog. The sea was calm." {
		t.Errorf("the writer sees %+v", sent)
	}
	p.sees("taken back", letter, "withUs takenBack proposed youSent")

	// Whoever asked may go on with it, too; and ask something else.
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	reading, err := p.Desk.Read(ctx, p.Worker, letter)
	must(t, err)
	if !reading.MayDecide || reading.Text != sent.Text || reading.Proposal != nil || reading.MayOriginal ||
		!slices.ContainsFunc(reading.Notes, func(n letterbox.WorkNote) bool { return n.What == "unask" && n.Text == "No word for weeks." }) {
		t.Errorf("the desk has %q, %+v", string(reading.Text), reading.Notes)
	}
	must(t, p.Desk.Hold(ctx, p.Worker, letter, p.inAWeek(), ""))
	p.sees("held after it", letter, "withUs takenBack proposed youSent")
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.Propose(ctx, p.Worker, letter, out("a dog"), "", ""))
	if sent := p.sent(p.birth, letter); sent.TakenBack || sent.Proposal == nil || sent.Proposal.Turn != 2 {
		t.Errorf("asked something else, the writer sees %+v", sent)
	}
	wantKind(t, "a yes to what was taken back", p.Families.Agree(ctx, p.birth, letter, 1), fault.Conflict)
	must(t, p.Families.Agree(ctx, p.birth, letter, 2))
	p.sees("a yes to the second", letter, "withUs youAnswered proposed takenBack proposed youSent")

	// A worry about what its writer is asked goes to the lead by the desk.
	worry := p.proposed("I promise to come to your school.", "I promise")
	must(t, p.Desk.TakeBackProposal(ctx, other, worry, ""))
	must(t, p.Desk.Claim(ctx, other, worry))
	must(t, p.Desk.Escalate(ctx, other, worry, "a threat"))
	p.logWhole()
}

// Who knows the family, or is not named for its case, takes nothing back: by the program and in the database.
func TestTakeBackProposal_Who(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	third := p.newStaff("Rowan Tye", authz.LetterboxWorker)
	p.secondWorker()
	letter := p.proposed("I promise you a dog.", "I promise")
	take := `update letter set state = 'received', taken_back = 1, decided_on = null where id = $1`
	must(t, p.Desk.Connect(ctx, third, p.exchange))
	wantKind(t, "who knows the family", p.Desk.TakeBackProposal(ctx, third, letter, ""), fault.Forbidden)
	wantKind(t, "who knows the family looks", second(p.Desk.AskedWriter(ctx, third, letter)), fault.Forbidden)
	_, constraint := broke(p.asStaff(third.Account(), take, string(letter)))
	if constraint != "letter_connected" {
		t.Errorf("who knows the family, by hand: %q", constraint)
	}
	for what, tt := range map[string]struct{ sql, want string }{
		"another turn":   {`update letter set state = 'received', taken_back = 2 where id = $1`, "letter_proposal"},
		"no turn":        {`update letter set state = 'received' where id = $1`, "letter_proposal"},
		"no move":        {`update letter set taken_back = 1 where id = $1`, "letter_proposal"},
		"agreed instead": {`update letter set state = 'received', taken_back = 1, agreed = 1 where id = $1`, ""},
	} {
		code, constraint := broke(p.asStaff(p.Worker.Account(), tt.sql, string(letter)))
		if constraint != tt.want || tt.want == "" && code != "42501" {
			t.Errorf("%s: %q, %q, want %q", what, code, constraint, tt.want)
		}
	}
	if n, err := p.asFamily(p.birthID, `with u as (update letter set taken_back = 1 returning 1) select count(*) from u`); err == nil {
		t.Errorf("a family writes it: %d", n)
	}
}

// A yes and the taking back in the same moment: one of them counts, whichever is first.
func TestRace_TakeBackAgree(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	agree := func(id letterbox.LetterID) func() error {
		return func() error { return p.Families.Agree(ctx, p.birth, id, 1) }
	}
	takeBack := func(id letterbox.LetterID) func() error {
		return func() error { return p.Desk.TakeBackProposal(ctx, p.Worker, id, "") }
	}
	letter := p.proposed("I promise you a dog.", "I promise")
	late, yes := overtaken(t, p.Desk, "unask", takeBack(letter), agree(letter))
	must(t, yes)
	wantAt(t, "taken back after the yes", late, "fault.letter.moved", "")

	letter = p.proposed("I promise you a cat.", "I promise")
	yes, taken := overtaken(t, p.Families, "agree", agree(letter), takeBack(letter))
	must(t, taken)
	wantKind(t, "a yes after it was taken back", yes, fault.Conflict)
	if text := p.sent(p.birth, letter).Text; text != "I promise you a cat." {
		t.Errorf("the letter is %q", string(text))
	}

	letter = p.proposed("I promise you a pony.", "I promise")
	taken, yes = p.blocked(p.Desk, "unask locked", takeBack(letter), agree(letter))
	must(t, taken)
	wantKind(t, "a yes that waited", yes, fault.Conflict)
	p.logWhole()
}

// A writer who has not answered for as long as makes a letter amber stands before the
// managers, until what they were asked is taken back.
func TestBreaches_Asked(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.Manager = p.SignInWorker(t, &p.ManagerLogin)
	letter := p.proposed("I promise you a dog.", "I promise")
	asked := func(want int) {
		t.Helper()
		list, err := p.Desk.Breaches(ctx, p.Manager)
		must(t, err)
		if len(list.Asked) != want || len(list.Late)+len(list.Amber) != 0 || want > 0 && list.Asked[0].ID != letter {
			t.Errorf("the manager has %+v before them", list)
		}
	}
	asked(0)
	p.untriggered(`update letter set decided_on = current_date - 3, submitted_on = current_date - 30`)
	asked(0)
	p.untriggered(`update letter set decided_on = current_date - 12`)
	asked(1)
	must(t, p.Desk.TakeBackProposal(ctx, p.Manager, letter, ""))
	asked(0)
}
