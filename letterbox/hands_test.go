package letterbox_test

import (
	"fmt"
	"testing"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// anotherExchange is another exchange between the same two people, about a child of other names.
func (p *pair) anotherExchange() letterbox.NewExchange {
	side := func(book, id, relation string) letterbox.NewSide {
		return letterbox.NewSide{Book: book, People: []letterbox.NewPerson{{ID: letterbox.PersonID(id), Relation: relation}},
			Names: letterbox.Names{Children: []string{"Wren"}, Other: "the other family", Self: "us"}, MaySend: []string{"letter"}, TimesAYear: 2}
	}
	return letterbox.NewExchange{ID: letterbox.NewExchangeID(), Sides: [2]letterbox.NewSide{side("birth", p.birthID, "birth mother"), side("adoptive", p.adopterID, "adopter")},
		Children: []letterbox.NewChild{{BirthName: "Jay Vale", AdoptiveName: "Jay Hale", Born: p.Clock.Now().AddDate(-5, 0, 0)}}}
}

// What a court forbids between two people is not opened anew for them, by any worker; an
// exchange of theirs that goes on beside it stands before the managers.
func TestContactOrder_AnotherExchange(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.Manager = p.SignInWorker(t, &p.ManagerLogin)
	p.Worker = p.SignInWorker(t, &p.WorkerLogin)
	before, err := p.Desk.OpenExchange(ctx, p.Worker, p.anotherExchange())
	must(t, err)
	x, err := p.Desk.Exchange(ctx, p.Worker, before)
	must(t, err)
	p.wantOrders("nothing is forbidden")
	must(t, p.Desk.SetContactOrder(ctx, p.Manager, p.exchange, letterbox.OrderProhibits, "Weldbridge family court."))
	p.wantOrders("the same people go on elsewhere", x.Reference)
	_, err = p.Desk.OpenExchange(ctx, p.Worker, p.anotherExchange())
	wantAt(t, "opened anew", err, "fault.exchange.meets", "")
	must(t, p.Desk.SetState(ctx, p.Worker, before, "paused", ""))
	p.wantOrders("it rests")
	must(t, p.Desk.SetContactOrder(ctx, p.Manager, p.exchange, letterbox.OrderNone, "It ran out."))
	_, err = p.Desk.OpenExchange(ctx, p.Worker, p.anotherExchange())
	must(t, err)

	// An order and an exchange in the same moment: the order is waited for.
	p = newPair(t)
	p.Worker = p.SignInWorker(t, &p.WorkerLogin)
	opened, ordered := overtaken(t, p.Desk, "openExchange", func() error { return second(p.Desk.OpenExchange(ctx, p.Worker, p.anotherExchange())) }, func() error {
		return p.Desk.SetContactOrder(ctx, p.Worker, p.exchange, letterbox.OrderProhibits, "")
	})
	must(t, ordered)
	wantAt(t, "forbidden meanwhile", opened, "fault.exchange.meets", "")
	p.logWhole()
}

// That a court forbids a contact a worker writes down alone, and a manager reads the
// order after them: until then it stands before every manager.
func TestContactOrder_Seen(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.Manager = p.SignInWorker(t, &p.ManagerLogin)
	p.Worker = p.SignInWorker(t, &p.WorkerLogin)
	x, err := p.Desk.Exchange(ctx, p.Worker, p.exchange)
	must(t, err)
	forbid := func(order string) error { return p.Desk.SetContactOrder(ctx, p.Worker, p.exchange, order, "") }
	must(t, forbid(letterbox.OrderPermits))
	must(t, forbid(letterbox.OrderProhibits))
	p.wantOrders("a worker's word", x.Reference)
	must(t, forbid(letterbox.OrderProhibits))
	p.wantOrders("the same worker again", x.Reference)
	wantAt(t, "taken back by a worker", forbid(letterbox.OrderNone), "fault.exchange.forbids", "")
	_, constraint := broke(p.asStaff(p.Worker.Account(), `update exchange set contact_order = 'none' where id = $1`, string(p.exchange)))
	if constraint != "exchange_order" {
		t.Errorf("by hand: %q", constraint)
	}
	if code, _ := broke(p.asStaff(p.Manager.Account(), `update exchange set order_unseen = false where id = $1`, string(p.exchange))); code != "42501" {
		t.Errorf("seen by hand: %q", code)
	}
	must(t, p.Desk.SetContactOrder(ctx, p.Manager, p.exchange, letterbox.OrderProhibits, "I have read it."))
	p.wantOrders("a manager's word")
	must(t, p.Desk.SetContactOrder(ctx, p.Manager, p.exchange, letterbox.OrderNone, ""))
	must(t, p.Desk.SetContactOrder(ctx, p.Manager, p.exchange, letterbox.OrderProhibits, ""))
	p.wantOrders("a manager's alone")
	p.logWhole()
}

// A photo that is put to a letter which came with none is an alarm as any other is.
func TestPass_AnothersPhoto(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.agreed("permitted")
	with, photos := p.onDesk(1)
	must(t, p.Families.Withdraw(ctx, p.birth, with))
	letter := p.claimed("No photo came with this.")
	put := func(from, to letterbox.LetterID) {
		p.untriggered(`update letter_photo set letter_id = '` + string(to) + `' where letter_id = '` + string(from) + `'`)
	}
	put(with, letter)
	reading, err := p.Desk.Read(ctx, p.Worker, letter)
	if must(t, err); !reading.Incomplete {
		t.Error("nothing seems to be wrong")
	}
	p.look(letter, photos[0].ID)
	must(t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, photos[0].ID, nothing(0)))
	wantKind(t, "passed on", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Sealed)
	put(letter, with)
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
}

// A case that is restricted in the moment in which somebody takes back what its writer
// was asked is theirs no more, in the database too.
func TestRace_RestrictTakeBack(t *testing.T) {
	m, ctx := newTeam(t), t.Context()
	letter := m.proposed("I promise you a dog. The sea was calm.", "I promise")
	took, named := overtaken(t, m.Desk, "unask", func() error { return m.Desk.TakeBackProposal(ctx, m.owen, letter, "") }, func() error {
		m.restrict()
		return nil
	})
	must(t, named)
	wantAt(t, "taken back by who is not named", took, "fault.exchange.restricted", "")
	_, constraint := broke(m.asStaff(m.owen.Account(), `update letter set state = 'received', taken_back = 1, decided_on = null where id = $1`, string(letter)))
	if constraint != "letter_restricted" {
		t.Errorf("by hand: %q", constraint)
	}
	m.Manager = m.anew(&m.ManagerLogin)
	must(t, m.Desk.TakeBackProposal(ctx, m.Manager, letter, ""))
}

// After a proposal was taken back, the writer's timeline has no day of what becomes of
// the letter on the desk.
func TestTakeBackProposal_Days(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	days := func(id letterbox.LetterID) (list []string) {
		timeline, err := p.Families.Timeline(ctx, p.birth, p.fromSide)
		must(t, err)
		for _, e := range timeline.Events {
			if e.Letter == id {
				list = append(list, fmt.Sprint(e.On.Format("01-02 "), e.What))
			}
		}
		return list
	}
	for what, act := range map[string]func(letterbox.LetterID) error{
		"held":     func(id letterbox.LetterID) error { return p.Desk.Hold(ctx, p.Worker, id, p.inAWeek(), "") },
		"referred": func(id letterbox.LetterID) error { return p.Desk.Escalate(ctx, p.Worker, id, "x") },
	} {
		letter := p.proposed("I promise you a dog. The sea was calm.", "I promise")
		must(t, p.Desk.TakeBackProposal(ctx, p.Worker, letter, ""))
		p.untriggered(`update letter_day set on_day = on_day - 4`)
		must(t, p.Desk.Claim(ctx, p.Worker, letter))
		before := days(letter)
		must(t, act(letter))
		if after := days(letter); len(before) == 0 || fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("%s: the writer reads %v, and before %v", what, after, before)
		}
	}
}

// A worry reaches the safeguarding lead from whoever reads the letter, also from one who
// may not decide about it.
func TestEscalate_WhoMayNotDecide(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := p.secondWorker()
	p.reads(other.Account(), true)
	translated := p.inWelsh()
	must(t, p.Desk.Release(ctx, p.Worker, translated))
	must(t, p.Desk.Claim(ctx, other, translated))
	must(t, p.Desk.TranslateMyself(ctx, other, translated, "I know where you are."))
	refused := p.claimed("I am coming.")
	must(t, p.Desk.Refuse(ctx, p.Worker, refused, "upsetting", "No.", ""))
	must(t, p.Families.SecondOpinion(ctx, p.birth, refused))
	for id, worker := range map[letterbox.LetterID]authz.Actor{translated: other, refused: p.Worker} {
		must(t, p.Desk.Claim(ctx, worker, id))
		wantKind(t, "passed on", p.Desk.Pass(ctx, worker, id, ""), fault.Forbidden)
		must(t, p.Desk.Escalate(ctx, worker, id, "They may be in danger."))
		p.wantState(id, letterbox.Escalated, letterbox.WithUs)
	}
	p.logWhole()
}
