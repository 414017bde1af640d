package letterbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// seen is how many letters the adoptive side sees of what came, and how many
// of its letters are stopped in the table.
func (p *pair) seen() (came, stopped int) {
	p.t.Helper()
	side, err := p.Families.Side(p.t.Context(), p.adoptive, p.toSide)
	must(p.t, err)
	return len(side.Came), p.count(`select count(*) from letter where stop`)
}

// An exchange that rests: nothing is sent, nothing that waits is shown, and
// nothing is lost.
func TestSetState(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.send("One.")
	p.pass(letter)
	delivery := p.came()
	draft, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, "Half a thought")
	must(t, err)
	statements := p.count(`select count(*) from audit_body`)

	must(t, p.Desk.SetState(ctx, p.Worker, p.exchange, "paused", "The court asked for time."))
	must(t, p.Desk.SetState(ctx, p.Worker, p.exchange, "paused", "Twice."))
	if n := p.count(`select count(*) from audit_body`) - statements; n != 1 {
		t.Errorf("%d statements of one pause", n)
	}
	if came, stopped := p.seen(); came != 0 || stopped != 1 {
		t.Errorf("%d letters are shown, %d stopped", came, stopped)
	}
	wantKind(t, "a stopped letter is opened", second(p.Families.Open(ctx, p.adoptive, delivery)), fault.Gone)
	wantKind(t, "a new draft", second(p.Families.NewDraft(ctx, p.birth, p.fromSide, "x")), fault.Conflict)
	wantKind(t, "the draft is sent", second(p.Families.Send(ctx, p.birth, draft, 1)), fault.Conflict)
	version, err := p.Families.SaveDraft(ctx, p.birth, draft, 1, "Half a thought, kept")
	must(t, err)
	inbox, err := p.Families.Inbox(ctx, p.birth)
	must(t, err)
	if s := inbox.Sides[0]; s.MayWrite || len(s.Drafts) != 1 || len(s.Sent) != 1 || s.Sent[0].Told != letterbox.PassedOn {
		t.Errorf("the writer sees %+v", s)
	}
	x, err := p.Desk.Exchange(ctx, p.Worker, p.exchange)
	must(t, err)
	if len(x.Notes) != 1 || x.State != "paused" || x.Notes[0].Note != "The court asked for time." || x.Notes[0].By != "Rhys Penhaligon" ||
		x.Notes[0].Side != -1 || x.Notes[0].State != "paused" || x.Notes[0].Unread || x.Notes[0].On.IsZero() {
		t.Errorf("the exchange shows %q and %+v", x.State, x.Notes)
	}

	// On it goes; what was stopped is lifted by a worker, each by itself.
	must(t, p.Desk.SetState(ctx, p.Worker, p.exchange, "active", "The court has answered."))
	if came, stopped := p.seen(); came != 0 || stopped != 1 {
		t.Errorf("after it goes on %d letters are shown, %d stopped", came, stopped)
	}
	must(t, p.Desk.LiftStop(ctx, p.Worker, letter))
	if came, _ := p.seen(); came != 1 {
		t.Error("a lifted letter is not shown")
	}
	if _, err := p.Families.Send(ctx, p.birth, draft, version); err != nil {
		t.Errorf("the draft is not sent: %v", err)
	}
	must(t, p.Desk.SetState(ctx, p.Worker, p.exchange, "ended", ""))
	if came, stopped := p.seen(); came != 0 || stopped != 1 {
		t.Errorf("after the end %d letters are shown, %d stopped", came, stopped)
	}
	p.logWhole()
}

// A side that is not ready: what goes to it stops, what comes from it does not.
func TestSetSide(t *testing.T) {
	for _, state := range []string{"declined", "addressUnconfirmed", "deceased"} {
		t.Run(state, func(t *testing.T) {
			p, ctx := newPair(t), t.Context()
			p.pass(p.send("One."))
			draft, err := p.Families.NewDraft(ctx, p.adoptive, p.toSide, "Two.")
			must(t, err)
			answer, err := p.Families.Send(ctx, p.adoptive, draft, 1)
			must(t, err)
			p.pass(answer)
			must(t, p.Desk.SetSide(ctx, p.Worker, p.toSide, state, "They rang."))
			if came, stopped := p.seen(); came != 0 || stopped != 1 {
				t.Errorf("%d letters are shown, %d stopped", came, stopped)
			}
			side, err := p.Families.Side(ctx, p.birth, p.fromSide)
			must(t, err)
			if len(side.Came) != 1 {
				t.Error("the other side's letter is stopped with it")
			}
			next := p.send("Three.")
			must(t, p.Desk.Claim(ctx, p.Worker, next))
			wantKind(t, "a letter is passed to it", p.Desk.Pass(ctx, p.Worker, next, ""), fault.Conflict)
			x, err := p.Desk.Exchange(ctx, p.Worker, p.exchange)
			must(t, err)
			if x.Sides[1].State != state || len(x.Notes) != 1 || x.Notes[0].Side != 1 || x.Notes[0].Note != "They rang." {
				t.Errorf("the exchange shows %q and %+v", x.Sides[1].State, x.Notes)
			}
			must(t, p.Desk.SetSide(ctx, p.Worker, p.toSide, "ready", ""))
			must(t, p.Desk.Pass(ctx, p.Worker, next, ""))
			p.logWhole()
		})
	}
}

func TestSetDelay(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	must(t, p.Desk.SetDelay(ctx, p.Worker, p.exchange, 3))
	must(t, p.Desk.SetDelay(ctx, p.Worker, p.exchange, 3))
	letter := p.send("One.")
	p.pass(letter)
	if came, _ := p.seen(); came != 0 {
		t.Error("a delayed letter is shown")
	}
	if n := p.count(`select visible_on - current_date from letter`); n != 3 {
		t.Errorf("it is shown in %d days", n)
	}
	x, err := p.Desk.Exchange(ctx, p.Worker, p.exchange)
	must(t, err)
	if x.DelayDays != 3 || len(x.Notes) != 0 {
		t.Errorf("the exchange shows %d days and %+v", x.DelayDays, x.Notes)
	}
	// What stops in the meantime was never shown.
	must(t, p.Desk.SetState(ctx, p.Worker, p.exchange, "paused", ""))
	if _, stopped := p.seen(); stopped != 1 {
		t.Error("a letter on its way is not stopped")
	}
	must(t, p.Desk.SetDelay(ctx, p.Worker, p.exchange, 0))
	if n := p.count(`select count(*) from object where kind = 'worknote' and part = 'delay'`); n != 2 {
		t.Errorf("%d notes of two changes", n)
	}
	p.logWhole()
}

func TestSet_Refused(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	_, auditor := p.NewWorker(t, "Nia Bevan", authz.Auditor)
	for name, tt := range map[string]struct {
		err   error
		kind  fault.Kind
		field string
	}{
		"no state":              {p.Desk.SetState(ctx, p.Worker, p.exchange, "", ""), fault.Invalid, "state"},
		"a state of a side":     {p.Desk.SetState(ctx, p.Worker, p.exchange, "declined", ""), fault.Invalid, "state"},
		"a state of a letter":   {p.Desk.SetSide(ctx, p.Worker, p.toSide, "held", ""), fault.Invalid, "state"},
		"a long note":           {p.Desk.SetState(ctx, p.Worker, p.exchange, "paused", strings.Repeat("a", letterbox.MaxReason*4+1)), fault.Invalid, "note"},
		"no text":               {p.Desk.SetSide(ctx, p.Worker, p.toSide, "declined", "caf\xe9"), fault.Invalid, "note"},
		"too many days":         {p.Desk.SetDelay(ctx, p.Worker, p.exchange, letterbox.MaxDelay+1), fault.Invalid, "days"},
		"fewer days than none":  {p.Desk.SetDelay(ctx, p.Worker, p.exchange, -1), fault.Invalid, "days"},
		"an auditor":            {p.Desk.SetState(ctx, auditor, p.exchange, "paused", ""), fault.Forbidden, ""},
		"an auditor, with days": {p.Desk.SetDelay(ctx, auditor, p.exchange, 99), fault.Forbidden, ""},
		"a writer":              {p.Desk.SetState(ctx, p.birth, p.exchange, "paused", ""), fault.Forbidden, ""},
		"no exchange":           {p.Desk.SetState(ctx, p.Worker, letterbox.ExchangeID(agency.NewID("ex")), "paused", ""), fault.NotFound, ""},
		"a side for one":        {p.Desk.SetState(ctx, p.Worker, letterbox.ExchangeID(p.toSide), "paused", ""), fault.NotFound, ""},
		"no side":               {p.Desk.SetSide(ctx, p.Worker, "sd' or '1'='1", "declined", ""), fault.NotFound, ""},
	} {
		var f *fault.Error
		if !errors.As(tt.err, &f) || f.Kind != tt.kind || f.Field != tt.field {
			t.Errorf("%s: %v", name, tt.err)
		}
	}
	p.Manager = p.SignInWorker(t, &p.ManagerLogin)
	must(t, p.Desk.SetState(ctx, p.Manager, p.exchange, "paused", "By a manager."))
	wantKind(t, "a declaration with nobody left", p.Desk.Connect(ctx, p.Worker, p.exchange), fault.Conflict)
	wantKind(t, "who is connected", p.Desk.SetState(ctx, p.Worker, p.exchange, "active", ""), fault.Forbidden)
	wantBroken(t, p.asStaff(p.Worker.Account(), `update exchange set state = 'active'`), "23514", "state_worker")
	if n := p.count(`select count(*) from object where kind = 'worknote'`); n != 1 {
		t.Errorf("%d notes of refused acts", n)
	}
}

// Several at once: each change is one, with one note, and nobody's is lost
// without a word.
func TestSetState_AtOnce(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.Manager = p.SignInWorker(t, &p.ManagerLogin)
	who, states := []authz.Actor{p.Worker, p.Manager}, []string{"paused", "ended"}
	errs := make([]error, 12)
	together(len(errs), func(i int) {
		errs[i] = p.Desk.SetState(ctx, who[i%2], p.exchange, states[i/2%2], fmt.Sprint("note ", i))
	})
	done := 0
	for i, err := range errs {
		if err == nil {
			done++
		} else if fault.KindOf(err) != fault.Conflict {
			t.Errorf("change %d: %v", i, err)
		}
	}
	notes := p.count(`select count(*) from object where kind = 'worknote'`)
	if done == 0 || notes == 0 || notes > done || notes != p.count(`select max(version) from object where kind = 'worknote'`) {
		t.Errorf("%d done, %d notes", done, notes)
	}
	x, err := p.Desk.Exchange(ctx, p.Worker, p.exchange)
	must(t, err)
	if len(x.Notes) != 1 || x.Notes[0].State != x.State || x.Notes[0].Unread {
		t.Errorf("%s, and the note says %+v", x.State, x.Notes)
	}
	p.logWhole()
}

// A note about why is for colleagues: no family's role selects it.
func TestSetState_ToldToNobody(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.pass(p.send("One."))
	must(t, p.Desk.SetState(ctx, p.Worker, p.exchange, "paused", "A reason."))
	must(t, p.Desk.SetSide(ctx, p.Worker, p.toSide, "declined", "Another."))
	for _, person := range []string{p.birthID, p.adopterID} {
		for _, sql := range []string{`select id from object where kind = 'worknote'`, `select state from exchange`, `select restricted from exchange`, `select state from side`, `select stop from letter`} {
			if rows, err := p.asFamily(person, sql); err == nil && rows > 0 {
				t.Errorf("%s: %d rows", sql, rows)
			}
		}
	}
}

// two is one birth mother who writes to two homes, each with one of her children.
type two struct {
	*team
	other                 letterbox.ExchangeID // about the sibling
	sibling               authz.Actor          // the adopter there
	otherFrom, otherThere letterbox.SideID
}

func newTwo(t *testing.T) *two {
	t.Helper()
	m := newTeam(t)
	h := &two{team: m}
	side := func(book string, p letterbox.NewPerson) letterbox.NewSide {
		return letterbox.NewSide{Book: book, People: []letterbox.NewPerson{p}, Names: letterbox.Names{Children: []string{"Robin"}, Other: "them", Self: "us"},
			MaySend: []string{"letter"}, TimesAYear: 1}
	}
	var err error
	h.other, err = m.Desk.OpenExchange(t.Context(), m.Worker, letterbox.NewExchange{
		Sides: [2]letterbox.NewSide{side("birth", letterbox.NewPerson{ID: letterbox.PersonID(m.birthID)}),
			side("adoptive", letterbox.NewPerson{Name: "Piran Rowe", Relation: "adopter"})},
		Children: []letterbox.NewChild{{BirthName: "Robin Vale", AdoptiveName: "Robin Rowe", Born: m.Clock.Now().AddDate(-5, 0, 0)}},
	})
	must(t, err)
	x, err := m.Desk.Exchange(t.Context(), m.Worker, h.other)
	must(t, err)
	h.otherFrom, h.otherThere = x.Sides[0].ID, x.Sides[1].ID
	_, h.sibling = m.NewPerson(t, string(x.Sides[1].People[0].ID))
	m.birth = m.SignInPerson(t, &m.birthLogin)
	m.Worker = m.anew(&m.WorkerLogin)
	return h
}

// pages is everything that the home of the first child can be shown, as it
// would stand on its pages: ids, dates, counts and texts.
func (h *two) pages() string {
	h.t.Helper()
	ctx := h.t.Context()
	var all []any
	add := func(v any, err error) {
		h.t.Helper()
		must(h.t, err)
		all = append(all, v)
	}
	add(h.Families.Inbox(ctx, h.adoptive))
	side, err := h.Families.Side(ctx, h.adoptive, h.toSide)
	add(side, err)
	for _, c := range side.Came {
		add(h.Families.Came(ctx, h.adoptive, c.ID))
	}
	for _, l := range side.Sent {
		add(h.Families.OpenSent(ctx, h.adoptive, l.ID))
	}
	for _, d := range side.Drafts {
		add(h.Families.OpenDraft(ctx, h.adoptive, d.ID))
	}
	add(h.Families.Timeline(ctx, h.adoptive, h.toSide))
	add(h.Families.Messages(ctx, h.adoptive, h.toSide))
	text, err := json.MarshalIndent(all, "", " ")
	must(h.t, err)
	return string(text)
}

// Nothing on one home's pages moves when the exchange of the other home does.
func TestSiblings_Apart(t *testing.T) {
	h, ctx := newTwo(t), t.Context()
	h.pass(h.send("For Wren."))
	h.pass(h.send("For Wren, again."))
	_, err := h.Families.Open(ctx, h.adoptive, h.came())
	must(t, err)
	draft, err := h.Families.NewDraft(ctx, h.adoptive, h.toSide, "Thank you.")
	must(t, err)
	_, err = h.Families.Send(ctx, h.adoptive, draft, 1)
	must(t, err)
	_, err = h.Families.NewDraft(ctx, h.adoptive, h.toSide, "And then")
	must(t, err)
	before := h.pages()
	if !strings.Contains(before, "Thank you.") || !strings.Contains(before, string(h.came())) {
		t.Fatal("the pages hold nothing to compare")
	}

	send := func(by authz.Actor, side letterbox.SideID, text string) letterbox.LetterID {
		t.Helper()
		draft, err := h.Families.NewDraft(ctx, by, side, text)
		must(t, err)
		id, err := h.Families.Send(ctx, by, draft, 1)
		must(t, err)
		return id
	}
	check := func(what string) {
		t.Helper()
		if after := h.pages(); after != before {
			t.Errorf("%s in the sibling's exchange moved the first home's pages:\n%s\n--- before:\n%s", what, after, before)
			before = after
		}
	}
	var one letterbox.LetterID
	for _, step := range []struct {
		what string
		do   func()
	}{
		{"a letter sent", func() { one = send(h.birth, h.otherFrom, "For Robin.") }},
		{"a letter passed on", func() { h.pass(one) }},
		{"a letter opened", func() {
			there, err := h.Families.Side(ctx, h.sibling, h.otherThere)
			must(t, err)
			_, err = h.Families.Open(ctx, h.sibling, there.Came[0].ID)
			must(t, err)
		}},
		{"an answer returned", func() {
			id := send(h.sibling, h.otherThere, "We live in Marlow Street.")
			must(t, h.Desk.Claim(ctx, h.Worker, id))
			must(t, h.Desk.Return(ctx, h.Worker, id, "identifying", "", ""))
		}},
		{"a letter refused", func() {
			id := send(h.birth, h.otherFrom, "Harsh words.")
			must(t, h.Desk.Claim(ctx, h.Worker, id))
			must(t, h.Desk.Refuse(ctx, h.Worker, id, "upsetting", "Please talk to us.", ""))
		}},
		{"a letter recalled", func() {
			id := send(h.birth, h.otherFrom, "Too soon.")
			h.pass(id)
			must(t, h.Desk.Recall(ctx, h.Worker, id, ""))
		}},
		{"a letter on its way", func() {
			must(t, h.Desk.SetDelay(ctx, h.Worker, h.other, 5))
			h.pass(send(h.birth, h.otherFrom, "In a while."))
		}},
		{"something told", func() {
			_, err := h.Families.Tell(ctx, h.sibling, h.otherThere, "We are moving house.")
			must(t, err)
		}},
		{"a pause", func() { must(t, h.Desk.SetState(ctx, h.Worker, h.other, "paused", "")) }},
		{"its end", func() { must(t, h.Desk.SetState(ctx, h.Worker, h.other, "ended", "")) }},
		{"a side that is not sure", func() { must(t, h.Desk.SetSide(ctx, h.Worker, h.otherThere, "addressUnconfirmed", "")) }},
		{"a death", func() { must(t, h.Desk.SetSide(ctx, h.Worker, h.otherFrom, "deceased", "")) }},
		{"a declared connection", func() { must(t, h.Desk.Connect(ctx, h.owen, h.other)) }},
	} {
		step.do()
		check(step.what)
	}
}
