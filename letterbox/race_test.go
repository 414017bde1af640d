package letterbox_test

import (
	"context"
	"sync/atomic"
	"testing"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// halt stops the acts of a service at one place: reached is told when one is
// there, and it goes on when release is called. Only the first is stopped.
func halt(t *testing.T, s *letterbox.Service, place string) (reached <-chan struct{}, release func()) {
	t.Helper()
	at, on := make(chan struct{}), make(chan struct{})
	var taken, released atomic.Bool
	s.Stall(func(where string) {
		if where == place && taken.CompareAndSwap(false, true) {
			close(at)
			<-on
		}
	})
	release = func() {
		if released.CompareAndSwap(false, true) {
			close(on)
		}
	}
	t.Cleanup(release)
	return at, release
}

// overtaken runs slow until it is at a place, then fast to its end, then slow
// to its end, and gives both errors.
func overtaken(t *testing.T, s *letterbox.Service, place string, slow, fast func() error) (slowErr, fastErr error) {
	t.Helper()
	reached, release := halt(t, s, place)
	done := make(chan error, 1)
	go func() { done <- slow() }()
	select {
	case <-reached:
	case err := <-done:
		t.Fatalf("%s was not reached: %v", place, err)
	}
	fastErr = fast()
	release()
	return <-done, fastErr
}

// blocked runs slow until it holds its locks, starts fast, waits until the
// database says that fast waits for them, and lets slow go on.
func (p *pair) blocked(s *letterbox.Service, place string, slow, fast func() error) (slowErr, fastErr error) {
	p.t.Helper()
	reached, release := halt(p.t, s, place)
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- slow() }()
	select {
	case <-reached:
	case err := <-first:
		p.t.Fatalf("%s was not reached: %v", place, err)
	}
	go func() { second <- fast() }()
	admin := p.Database.Admin()
	for waits := 0; waits == 0; {
		must(p.t, admin.QueryRow(context.Background(), `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).Scan(&waits))
		select {
		case err := <-second:
			p.t.Fatalf("the other act did not wait: %v", err)
		default:
		}
	}
	release()
	return <-first, <-second
}

func succeeded(errs ...error) (n int) {
	for _, err := range errs {
		if err == nil {
			n++
		}
	}
	return n
}

func TestRace_ClaimClaim(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := p.secondWorker()
	letter := p.send("Whose?")
	slow, fast := overtaken(t, p.Desk, "claim", func() error { return p.Desk.Claim(ctx, p.Worker, letter) }, func() error { return p.Desk.Claim(ctx, other, letter) })
	if fast != nil {
		t.Errorf("the faster claim: %v", fast)
	}
	wantKind(t, "the slower claim", slow, fault.Conflict)
	if n := p.count(`select count(*) from claim`); n != 1 {
		t.Errorf("%d claims", n)
	}
}

func TestRace_WithdrawPass(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	withdraw := func(id letterbox.LetterID) func() error {
		return func() error { return p.Families.Withdraw(ctx, p.birth, id) }
	}
	pass := func(id letterbox.LetterID) func() error {
		return func() error { return p.Desk.Pass(ctx, p.Worker, id, "") }
	}
	letter := p.claimed("Or not?")
	passErr, withdrawErr := overtaken(t, p.Desk, "pass", pass(letter), withdraw(letter))
	if withdrawErr != nil || p.state(letter) != letterbox.WithdrawnByWriter {
		t.Errorf("withdrawn before the pass: %v, %s", withdrawErr, p.state(letter))
	}
	wantKind(t, "passing on what was withdrawn", passErr, fault.Conflict)
	if n := p.count(`select count(*) from delivery`) + p.count(`select count(*) from decision`) + p.count(`select count(*) from object where kind in ('delivery', 'decision')`); n != 0 {
		t.Errorf("%d traces of the pass", n)
	}
	letter = p.claimed("Too late.")
	passErr, withdrawErr = p.blocked(p.Desk, "pass locked", pass(letter), withdraw(letter))
	if passErr != nil || p.state(letter) != letterbox.Waiting {
		t.Errorf("passed before the withdrawal: %v, %s", passErr, p.state(letter))
	}
	wantKind(t, "withdrawing what is passed on", withdrawErr, fault.Conflict)
	letter = p.claimed("And the other way.")
	withdrawErr, passErr = overtaken(t, p.Families, "ask", withdraw(letter), pass(letter))
	if passErr != nil {
		t.Errorf("passed on first: %v", passErr)
	}
	wantKind(t, "withdrawing after it", withdrawErr, fault.Conflict)
	p.logWhole()
}

func TestRace_RecallOpen(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter, delivery := p.waiting("First come.")
	open := func() error { return second(p.Families.Open(ctx, p.adoptive, delivery)) }
	recall := func() error { return p.Desk.Recall(ctx, p.Worker, letter, "") }
	recallErr, openErr := overtaken(t, p.Desk, "recall", recall, open)
	if openErr != nil || p.state(letter) != letterbox.Opened {
		t.Errorf("opened first: %v, %s", openErr, p.state(letter))
	}
	wantKind(t, "recalling what is opened", recallErr, fault.Conflict)
	letter, delivery = p.waiting("Second come.")
	recallErr, openErr = p.blocked(p.Desk, "recall locked", recall, open)
	if recallErr != nil || p.state(letter) != letterbox.Recalled {
		t.Errorf("recalled first: %v, %s", recallErr, p.state(letter))
	}
	if openErr == nil {
		t.Error("opened what was recalled")
	}
	if n := p.count(`select count(*) from audit_body where convert_from(body, 'UTF8') like '%event access%' || $1 || '%'`, string(delivery)); n != 0 {
		t.Errorf("%d readings of the recalled letter in the log", n)
	}
}

func TestRace_StopOpen(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter, delivery := p.waiting("Before the pause?")
	openErr, _ := overtaken(t, p.Families, "open", func() error { return second(p.Families.Open(ctx, p.adoptive, delivery)) },
		func() error { p.set(`update side set state = 'addressUnconfirmed' where place = 2`); return nil })
	if openErr == nil || p.state(letter) != letterbox.Waiting {
		t.Errorf("opened after the stop: %v, %s", openErr, p.state(letter))
	}
}

// A stop that comes while a letter is opened waits for it, and finds it opened.
func TestRace_OpenStop(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter, delivery := p.waiting("In the last moment.")
	// The door's statement is the last of an opening: it has the letter by then, and waits there for us.
	gate, err := p.Database.Admin().Begin(ctx)
	must(t, err)
	_, err = gate.Exec(ctx, `select from audit_gate where agency_id = $1 for update`, p.Home.ID)
	must(t, err)
	opened, stopped := make(chan error, 1), make(chan struct{})
	go func() { opened <- second(p.Families.Open(ctx, p.adoptive, delivery)) }()
	p.waitsFor(1)
	go func() {
		p.set(`update side set state = 'addressUnconfirmed' where place = 2`)
		close(stopped)
	}()
	p.waitsFor(2)
	must(t, gate.Rollback(ctx))
	must(t, <-opened)
	<-stopped
	if p.state(letter) != letterbox.Opened || p.count(`select count(*) from letter where stop`) != 0 {
		t.Errorf("what was opened first is %s, stopped %d", p.state(letter), p.count(`select count(*) from letter where stop`))
	}
	if came, err := p.Families.Open(ctx, p.adoptive, delivery); err != nil || came.Text != "In the last moment." {
		t.Errorf("what was opened reads %q, %v", string(came.Text), err)
	}
}

// waitsFor waits until so many sessions wait for a lock.
func (p *pair) waitsFor(n int) {
	p.t.Helper()
	admin := p.Database.Admin()
	for waits := 0; waits < n; {
		must(p.t, admin.QueryRow(p.t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).Scan(&waits))
	}
	must(p.t, admin.Close(context.Background()))
}

// Somebody claims what is passed on in the same moment: by then there is nothing to
// claim. And a claim that comes first is asked for by the pass.
func TestRace_ClaimPass(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := p.secondWorker()
	claim := func(id letterbox.LetterID) func() error {
		return func() error { return p.Desk.Claim(ctx, other, id) }
	}
	pass := func(id letterbox.LetterID) func() error {
		return func() error { return p.Desk.Pass(ctx, p.Worker, id, "") }
	}
	letter := p.claimed("Whose?")
	claimErr, passErr := overtaken(t, p.Desk, "claim", claim(letter), pass(letter))
	must(t, passErr)
	wantFault(t, "claiming what was passed on meanwhile", claimErr, "fault.letter.decided")
	letter = p.claimed("Whose now?")
	passErr, claimErr = p.blocked(p.Desk, "pass locked", pass(letter), claim(letter))
	must(t, passErr)
	wantFault(t, "claiming what is passed on", claimErr, "fault.letter.decided")
	// The first claim has lapsed, and another takes it before the pass has the letter.
	letter = p.claimed("And now?")
	p.Exec(t, `update claim set until = now() - interval '1 second'`)
	claimErr, passErr = p.blocked(p.Desk, "claim locked", claim(letter), pass(letter))
	must(t, claimErr)
	wantFault(t, "passing on what another has claimed", passErr, "fault.letter.claimed")
	if p.state(letter) != letterbox.Received || p.count(`select count(*) from delivery where letter_id = $1`, string(letter)) != 0 {
		t.Errorf("it is %s", p.state(letter))
	}
	p.logWhole()
}

// A letter is taken back in the moment in which it is passed on: the one waits for
// the other, and it is back, or there is nothing yet to take back.
func TestRace_RecallPass(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := p.secondWorker()
	recall := func(id letterbox.LetterID) func() error {
		return func() error { return p.Desk.Recall(ctx, other, id, "the wrong child") }
	}
	pass := func(id letterbox.LetterID) func() error {
		return func() error { return p.Desk.Pass(ctx, p.Worker, id, "") }
	}
	letter := p.claimed("In one moment.")
	passErr, recallErr := p.blocked(p.Desk, "pass locked", pass(letter), recall(letter))
	must(t, passErr)
	must(t, recallErr)
	p.wantState(letter, letterbox.Recalled, letterbox.BackWithUs)
	wantKind(t, "opening it", second(p.Families.Open(ctx, p.adoptive, p.delivery(letter))), fault.Gone)
	letter = p.claimed("In another.")
	passErr, recallErr = overtaken(t, p.Desk, "pass", pass(letter), recall(letter))
	must(t, passErr)
	wantFault(t, "taking back what is not passed on", recallErr, "fault.letter.moved")
	p.wantState(letter, letterbox.Waiting, letterbox.PassedOn)
	letter = p.claimed("And the other way.")
	recallErr, passErr = overtaken(t, p.Desk, "recall", recall(letter), pass(letter))
	must(t, passErr)
	must(t, recallErr)
	p.wantState(letter, letterbox.Recalled, letterbox.BackWithUs)
	p.logWhole()
}

// A pause that begins while a letter is passed on stops it all the same: the
// one waits for the other, and the flag is there.
func TestRace_StopPass(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	for pause, back := range map[string]string{
		`update exchange set state = 'paused'`:               `update exchange set state = 'active'`,
		`update side set state = 'declined' where place = 2`: `update side set state = 'ready'`,
	} {
		letter := p.claimed("In the same moment.")
		passErr, pauseErr := p.blocked(p.Desk, "pass locked", func() error { return p.Desk.Pass(ctx, p.Worker, letter, "") },
			func() error { p.set(pause); return nil })
		must(t, passErr)
		must(t, pauseErr)
		wantKind(t, "opening after the pause", second(p.Families.Open(ctx, p.adoptive, p.delivery(letter))), fault.Gone)
		p.set(back)
		must(t, p.Desk.LiftStop(ctx, p.Worker, letter))
		must(t, p.Desk.Recall(ctx, p.Worker, letter, ""))
		restoreErr, pauseErr := p.blocked(p.Desk, "restore locked", func() error { return p.Desk.Restore(ctx, p.Worker, letter) },
			func() error { p.set(pause); return nil })
		must(t, restoreErr)
		must(t, pauseErr)
		wantKind(t, "opening what was restored into the pause", second(p.Families.Open(ctx, p.adoptive, p.delivery(letter))), fault.Gone)
		p.set(back)
	}
}

// The writer rewrites a letter that came back while another session of the
// worker still passes it on: the old one goes nowhere.
func TestRace_RewritePass(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.claimed("The old words.")
	var rewritten letterbox.LetterID
	passErr, err := overtaken(t, p.Desk, "pass", func() error { return p.Desk.Pass(ctx, p.Worker, letter, "") }, func() error {
		must(t, p.Desk.Return(ctx, p.Worker, letter, "unclear", "", ""))
		draft, err := p.Families.Rewrite(ctx, p.birth, letter)
		must(t, err)
		rewritten, err = p.Families.Send(ctx, p.birth, draft, 1)
		return err
	})
	must(t, err)
	wantKind(t, "passing on the old one", passErr, fault.Conflict)
	if p.state(letter) != letterbox.ReplacedByRewrite || p.state(rewritten) != letterbox.Received || p.count(`select count(*) from delivery`) != 0 {
		t.Errorf("the old one is %s, the new one %s", p.state(letter), p.state(rewritten))
	}
	must(t, p.Desk.Claim(ctx, p.Worker, rewritten))
	must(t, p.Desk.Pass(ctx, p.Worker, rewritten, ""))
	// And twice at once: the rewrite of one letter is sent once.
	letter = p.claimed("More old words.")
	must(t, p.Desk.Return(ctx, p.Worker, letter, "unclear", "", ""))
	draft, err := p.Families.Rewrite(ctx, p.birth, letter)
	must(t, err)
	errs := make([]error, 8)
	together(len(errs), func(i int) {
		if i%2 == 0 {
			errs[i] = second(p.Families.Send(ctx, p.birth, draft, 1))
		} else {
			errs[i] = p.Families.Withdraw(ctx, p.birth, letter)
		}
	})
	if n := p.count(`select count(*) from letter where replaces = $1`, string(letter)); n > 1 || n == 1 && p.state(letter) != letterbox.ReplacedByRewrite || n == 0 && p.state(letter) != letterbox.WithdrawnByWriter {
		t.Errorf("%d rewrites, the old one is %s: %v", n, p.state(letter), errs)
	}
}

// Fifty decisions of every kind about one letter, by several workers and
// sessions at once: exactly one counts, and the letter stands where it says.
func TestFiftyDecisions(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	lead := p.newStaff("Imogen Farr", authz.SafeguardingLead)
	others := []authz.Actor{p.Worker, p.SignInWorker(t, &p.WorkerLogin), p.newStaff("Dilys Rowe", authz.LetterboxWorker), lead}
	p.Worker = others[1]
	letter := p.claimed("One answer.")
	names := []string{"pass", "return", "refuse", "keepOnFile", "withdraw"}
	errs := make([]error, 50)
	together(len(errs), func(i int) {
		who := others[i%len(others)]
		switch names[i%len(names)] {
		case "pass":
			errs[i] = p.Desk.Pass(ctx, who, letter, "")
		case "return":
			errs[i] = p.Desk.Return(ctx, who, letter, "unclear", "", "")
		case "refuse":
			errs[i] = p.Desk.Refuse(ctx, who, letter, "unclear", "", "")
		case "keepOnFile":
			errs[i] = p.Desk.KeepOnFile(ctx, who, letter, "")
		case "withdraw":
			errs[i] = p.Families.Withdraw(ctx, p.birth, letter)
		}
	})
	state := p.state(letter)
	did := map[letterbox.State]string{letterbox.Waiting: "pass", letterbox.ReturnedToWriter: "return", letterbox.RefusedByWorker: "refuse",
		letterbox.KeptForChild: "keepOnFile", letterbox.WithdrawnByWriter: "withdraw"}[state]
	for i, err := range errs {
		// Whoever did the same once more is told that it is done; a returned letter can still be withdrawn.
		same := names[i%len(names)] == did || p.count(`select count(*) from decision where act = $1`, names[i%len(names)]) == 1
		if err == nil && !same {
			t.Errorf("%s %d is no error, and the letter is %s", names[i%len(names)], i, state)
		}
	}
	decisions := p.count(`select count(*) from decision`)
	if want := map[bool]int{true: 0, false: 1}[did == "withdraw"]; did == "" || decisions != want && !(did == "withdraw" && decisions == 1 && p.count(`select count(*) from decision where act = 'return'`) == 1) {
		t.Errorf("%d decisions, and the letter is %s", decisions, state)
	}
	if p.count(`select count(*) from object where kind = 'decision'`) != decisions || succeeded(errs...) == 0 {
		t.Error("objects of decisions that do not count, or nobody decided")
	}
	p.logWhole()
}

// A photo is cut, in another session of the same worker, while its letter is
// passed on as it was looked at: what goes is what somebody answered for.
func TestRace_CutPass(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.agreed("permitted")
	letter, photos := p.onDesk(1)
	id := photos[0].ID
	half := letterbox.Cut{Act: "crop", Width: 50, Height: 100}
	cut := func(picture int) func() error {
		return func() error { return p.Desk.CutPhoto(ctx, p.Worker, letter, id, picture, half) }
	}
	pass := func() error { return p.Desk.Pass(ctx, p.Worker, letter, "") }
	p.look(letter, id)
	must(t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, id, nothing(0)))
	passErr, cutErr := overtaken(t, p.Desk, "pass", pass, cut(0))
	must(t, cutErr)
	wantKind(t, "passing on what was cut since", passErr, fault.Conflict)
	if n := p.count(`select count(*) from delivery`) + p.count(`select count(*) from object where kind in ('delivery', 'decision')`); n != 0 {
		t.Errorf("%d traces of the pass", n)
	}
	p.look(letter, id)
	must(t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, id, nothing(1)))
	passErr, cutErr = p.blocked(p.Desk, "pass locked", pass, cut(1))
	must(t, passErr)
	wantKind(t, "cutting what is passed on", cutErr, fault.Conflict)
	if n := p.count(`select count(*) from object where part = 'edit'`); n != 1 {
		t.Errorf("%d cuts", n)
	}
	p.logWhole()
}

// Two workers read a letter first at the same time, since the claim of one has
// lapsed: one of them is the first reader, and the other may still be the second.
func TestRace_FirstFirst(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := p.secondWorker()
	must(t, p.Desk.SetSecondReader(ctx, p.Worker, p.exchange, letterbox.ReadTwiceAlways))
	letter := p.claimed("Whose word is first?")
	slow, fast := overtaken(t, p.Desk, "first", func() error { return p.Desk.ReadFirst(ctx, p.Worker, letter, "") }, func() error {
		p.Exec(t, `update claim set until = now() - interval '1 second'`)
		must(t, p.Desk.Claim(ctx, other, letter))
		return p.Desk.ReadFirst(ctx, other, letter, "")
	})
	must(t, fast)
	wantKind(t, "the slower one", slow, fault.Conflict)
	if n := p.count(`select count(*) from first_reading`); n != 1 {
		t.Errorf("%d first readings", n)
	}
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	p.wantState(letter, letterbox.Waiting, letterbox.PassedOn)
	p.logWhole()
}
