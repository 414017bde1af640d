package letterbox_test

import (
	"fmt"
	"testing"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// What a court forbids stops in the same act, goes no further until a manager says
// that it is no longer forbidden, and is not the same as a pause.
func TestContactOrder_Prohibits(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.Manager = p.SignInWorker(t, &p.ManagerLogin)
	p.Worker = p.SignInWorker(t, &p.WorkerLogin)
	_, delivery := p.waiting("Not opened yet.")
	letter := p.claimed("On the desk already.")
	wantAt(t, "nothing of the list", p.Desk.SetContactOrder(ctx, p.Worker, p.exchange, "maybe", ""), "fault.exchange.order", "order")

	must(t, p.Desk.SetContactOrder(ctx, p.Worker, p.exchange, letterbox.OrderProhibits, "Weldbridge family court, 9 November."))
	must(t, p.Desk.SetContactOrder(ctx, p.Worker, p.exchange, letterbox.OrderProhibits, "Twice."))
	wantKind(t, "what waited is opened", second(p.Families.Open(ctx, p.adoptive, delivery)), fault.Gone)
	wantKind(t, "a new draft", second(p.Families.NewDraft(ctx, p.birth, p.fromSide, "x")), fault.Conflict)
	wantAt(t, "passed on", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.relay.prohibited", "")
	x, err := p.Desk.Exchange(ctx, p.Worker, p.exchange)
	must(t, err)
	if x.State != "paused" || x.ContactOrder != letterbox.OrderProhibits || len(x.Notes) != 1 || !x.Notes[0].Order ||
		x.Notes[0].State != letterbox.OrderProhibits || x.Notes[0].Note != "Weldbridge family court, 9 November." {
		t.Errorf("the exchange is %s, %s, %+v", x.State, x.ContactOrder, x.Notes)
	}
	p.wantOrders("letters wait", x.Reference)

	wantAt(t, "let go on", p.Desk.SetState(ctx, p.Worker, p.exchange, "active", ""), "fault.exchange.prohibited", "")
	wantAt(t, "let go on by a manager", p.Desk.SetState(ctx, p.Manager, p.exchange, "active", ""), "fault.exchange.prohibited", "")
	for _, order := range []string{letterbox.OrderNone, letterbox.OrderPermits} {
		wantAt(t, "taken back by a worker", p.Desk.SetContactOrder(ctx, p.Worker, p.exchange, order, ""), "fault.exchange.forbids", "")
	}
	must(t, p.Desk.SetContactOrder(ctx, p.Manager, p.exchange, letterbox.OrderNone, "It ran out."))
	wantAt(t, "still resting", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.relay.rests", "")
	must(t, p.Desk.SetState(ctx, p.Worker, p.exchange, "active", ""))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	p.wantOrders("all is well")
	p.logWhole()
}

// wantOrders: these exchanges stand before the manager, by their references.
func (p *pair) wantOrders(what string, references ...string) {
	p.t.Helper()
	list, err := p.Desk.Breaches(p.t.Context(), p.Manager)
	must(p.t, err)
	if fmt.Sprint(references) != fmt.Sprint(orderRefs(list)) {
		p.t.Errorf("%s: the manager has %v before them, want %v", what, orderRefs(list), references)
	}
}

func orderRefs(list letterbox.Breaches) []string {
	refs := []string{}
	for _, one := range list.Orders {
		refs = append(refs, one.Reference)
	}
	return refs
}

// What a court permits goes on as agreed; where the agreement rests or is over, it
// is a manager's matter, and no pause of ours.
func TestContactOrder_Permits(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.Manager = p.SignInWorker(t, &p.ManagerLogin)
	p.Worker = p.SignInWorker(t, &p.WorkerLogin)
	must(t, p.Desk.SetContactOrder(ctx, p.Worker, p.exchange, letterbox.OrderPermits, ""))
	p.wantOrders("it goes on")
	must(t, p.Desk.Pass(ctx, p.Worker, p.claimed("As a court allows."), ""))
	letter := p.claimed("As it allows still.")
	for _, state := range []string{"paused", "ended"} {
		must(t, p.Desk.SetState(ctx, p.Worker, p.exchange, state, ""))
		wantAt(t, state, p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.relay.permitted", "")
		x, err := p.Desk.Exchange(ctx, p.Worker, p.exchange)
		must(t, err)
		p.wantOrders(state, x.Reference)
	}
	wantAt(t, "taken back by a worker", p.Desk.SetContactOrder(ctx, p.Worker, p.exchange, letterbox.OrderNone, ""), "fault.exchange.orderManager", "")
	must(t, p.Desk.SetContactOrder(ctx, p.Manager, p.exchange, letterbox.OrderNone, ""))
	p.wantOrders("no order")
	must(t, p.Desk.SetContactOrder(ctx, p.Worker, p.exchange, letterbox.OrderPermits, ""))
	must(t, p.Desk.SetContactOrder(ctx, p.Worker, p.exchange, letterbox.OrderProhibits, "forbidden since"))
	p.logWhole()
}

// A pass and an order at the same moment: what was passed on first is stopped, and
// what was forbidden first does not go.
func TestRace_OrderPass(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	forbid := func() error {
		return p.Desk.SetContactOrder(ctx, p.Worker, p.exchange, letterbox.OrderProhibits, "")
	}
	letter := p.claimed("In the same moment.")
	passErr, orderErr := p.blocked(p.Desk, "pass locked", func() error { return p.Desk.Pass(ctx, p.Worker, letter, "") }, forbid)
	must(t, passErr)
	must(t, orderErr)
	if came, stopped := p.seen(); came != 0 || stopped != 1 {
		t.Errorf("%d letters are shown, %d stopped", came, stopped)
	}
	p = newPair(t)
	letter = p.claimed("A moment later.")
	passErr, orderErr = overtaken(t, p.Desk, "pass", func() error { return p.Desk.Pass(ctx, p.Worker, letter, "") }, forbid)
	must(t, orderErr)
	wantAt(t, "forbidden meanwhile", passErr, "fault.relay.prohibited", "")
}

// Somebody who can write the database takes the order off the row, or its note away.
func TestContactOrder_ChangedRows(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	must(t, p.Desk.SetContactOrder(ctx, p.Worker, p.exchange, letterbox.OrderPermits, ""))
	letter := p.claimed("Whose word is it?")
	for _, changes := range []string{`update exchange set contact_order = 'none'`, `delete from object where part = 'order'`} {
		p.untriggered(changes)
		wantKind(t, changes, p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Sealed)
	}
}

// An exchange that a court has forbidden is not let go on because of a row, and no
// order is written over one that somebody took off it.
func TestContactOrder_ChangedState(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.Manager = p.SignInWorker(t, &p.ManagerLogin)
	p.Worker = p.SignInWorker(t, &p.WorkerLogin)
	must(t, p.Desk.SetContactOrder(ctx, p.Worker, p.exchange, letterbox.OrderProhibits, ""))
	goesOn := func(what string, kind fault.Kind) {
		t.Helper()
		for _, actor := range []authz.Actor{p.Worker, p.Manager} {
			wantKind(t, what+": let go on", p.Desk.SetState(ctx, actor, p.exchange, "active", ""), kind)
		}
		wantKind(t, what+": an order over it", p.Desk.SetContactOrder(ctx, p.Worker, p.exchange, letterbox.OrderPermits, ""), kind)
		if n := p.count(`select count(*) from exchange where state = 'active'`); n != 0 {
			t.Fatal(what + ": it goes on")
		}
	}
	p.untriggered(`update exchange set contact_order = 'none'`)
	goesOn("the row", fault.Sealed)
	p.untriggered(`update object set id = 'exaaaaaaaaaaaaaaaaaaaa' where part = 'order'`)
	goesOn("the row and its note", fault.Sealed)
	p.untriggered(`update object set id = exchange_id where part = 'order'`, `update exchange set contact_order = 'prohibits'`)
	must(t, p.Desk.SetContactOrder(ctx, p.Manager, p.exchange, letterbox.OrderNone, ""))
	// The prohibition that is over comes back as the newest note.
	p.untriggered(`delete from object where part = 'order' and version = 2`, `update exchange set contact_order = 'prohibits'`)
	goesOn("an older note", fault.Sealed)
	p.untriggered(`update exchange set contact_order = 'none'`)
	goesOn("an older note, and no order", fault.Sealed)
	must(t, p.Desk.SetState(ctx, p.Worker, p.exchange, "ended", "")) // what stops asks nothing
}

// An order that overtakes whoever lets the exchange go on, in the act itself.
func TestRace_OrderState(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	must(t, p.Desk.SetState(ctx, p.Worker, p.exchange, "paused", ""))
	stateErr, orderErr := overtaken(t, p.Desk, "set", func() error { return p.Desk.SetState(ctx, p.Worker, p.exchange, "active", "") }, func() error {
		return p.Desk.SetContactOrder(ctx, p.Worker, p.exchange, letterbox.OrderProhibits, "")
	})
	must(t, orderErr)
	wantKind(t, "forbidden meanwhile", stateErr, fault.Conflict)
	if n := p.count(`select count(*) from exchange where contact_order = 'prohibits' and state = 'paused'`); n != 1 {
		t.Error("what is forbidden goes on")
	}
}

// The database holds it, too: a prohibition rests, and a manager alone takes it back.
func TestContactOrder_Schema(t *testing.T) {
	s := newSchema(t)
	for _, tt := range []struct{ by, sql, want string }{
		{s.worker, `update exchange set contact_order = 'prohibits'`, "exchange_prohibited"},
		{s.worker, `update exchange set contact_order = 'prohibits', state = 'paused'`, ""},
		{s.worker, `update exchange set state = 'active'`, "exchange_prohibited"},
		{s.manager, `update exchange set state = 'active'`, "exchange_prohibited"},
		{s.worker, `update exchange set contact_order = 'none'`, "exchange_order"},
		{s.worker, `update exchange set contact_order = 'permits'`, "exchange_order"},
		{s.manager, `update exchange set contact_order = 'none'`, ""},
		{s.worker, `update exchange set contact_order = 'permits'`, ""},
		{s.worker, `update exchange set contact_order = 'none'`, "exchange_order"},
		{s.worker, `update exchange set contact_order = 'prohibits', state = 'paused'`, ""},
		{s.manager, `update exchange set contact_order = 'none'`, ""},
		{s.worker, `update exchange set contact_order = 'later'`, "exchange_contact_order"},
	} {
		if _, got := broke(s.as("gatepost_staff", tt.by, tt.sql)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.sql, got, tt.want)
		}
	}
	if code, _ := broke(s.as("gatepost_public", s.person, `update exchange set contact_order = 'none'`)); code != "42501" {
		t.Errorf("families write it: %q", code)
	}
}

// Who reads nothing, writes down no order, either.
func TestContactOrder_Who(t *testing.T) {
	p := newPair(t)
	lead, _ := p.newStaff("Rowan Tye", authz.SafeguardingLead), p.secondWorker()
	wantKind(t, "the safeguarding lead", p.Desk.SetContactOrder(t.Context(), lead, p.exchange, letterbox.OrderPermits, ""), fault.Forbidden)
	must(t, p.Desk.Connect(t.Context(), p.Worker, p.exchange))
	wantKind(t, "who knows the family", p.Desk.SetContactOrder(t.Context(), p.Worker, p.exchange, letterbox.OrderPermits, ""), fault.Forbidden)
}
