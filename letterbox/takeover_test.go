package letterbox_test

import (
	"errors"
	"slices"
	"testing"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// wantFault fails unless err is a fault with that message.
func wantFault(t *testing.T, what string, err error, message string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Message != message {
		t.Errorf("%s: %v, want %s", what, err, message)
	}
}

// shift is a pair with a second letterbox worker, and everybody signed in.
type shift struct {
	*pair
	colleague authz.Actor
	login     accounttest.Login
}

func newShift(t *testing.T) *shift {
	t.Helper()
	p := newPair(t)
	s := &shift{pair: p}
	s.login, s.colleague = p.NewWorker(t, "Nia Trevose", authz.LetterboxWorker)
	p.Manager = p.SignInWorker(t, &p.ManagerLogin)
	return s
}

func TestTakeAway(t *testing.T) {
	s, ctx := newShift(t), t.Context()
	letter := s.send("The swallows are back.")
	wantFault(t, "nobody holds it", s.Desk.TakeAway(ctx, s.Manager, letter), "fault.manage.letter")
	must(t, s.Desk.Claim(ctx, s.Worker, letter))
	must(t, s.Desk.TakeAway(ctx, s.Manager, letter))
	for what, err := range map[string]error{
		"reads":  second(s.Desk.Read(ctx, s.Worker, letter)),
		"passes": s.Desk.Pass(ctx, s.Worker, letter, ""),
	} {
		wantFault(t, "who lost it "+what, err, "fault.letter.taken")
	}
	must(t, s.Desk.Claim(ctx, s.colleague, letter))
	wantFault(t, "who lost it, after another has it", second(s.Desk.Read(ctx, s.Worker, letter)), "fault.letter.taken")
	must(t, s.Desk.Release(ctx, s.colleague, letter))
	must(t, s.Desk.Claim(ctx, s.Worker, letter)) // and later again: the sentence is over
	s.Exec(t, `update claim set until = now() - interval '1 second'`)
	wantFault(t, "after a lapse", second(s.Desk.Read(ctx, s.Worker, letter)), "fault.letter.lapsed")
	if n := s.count(`select count(*) from audit_body where convert_from(body, 'UTF8') like E'%\nevent casework\nobject ' || $1 || E'\npart claim\n%'`, string(letter)); n != 1 {
		t.Errorf("%d take-overs in the log, want 1", n)
	}
	wantKind(t, "no letter", s.Desk.TakeAway(ctx, s.Manager, letterbox.LetterID(agency.NewID("lt"))), fault.NotFound)
	wantKind(t, "by a letterbox worker", s.Desk.TakeAway(ctx, s.Worker, letter), fault.Forbidden)
}

func TestGive(t *testing.T) {
	s, ctx := newShift(t), t.Context()
	letter := s.send("The swallows are back.")
	must(t, s.Desk.Claim(ctx, s.Worker, letter))
	readers, err := s.Desk.Readers(ctx, s.Manager, letter)
	must(t, err)
	if len(readers) != 2 || readers[0].Name == "" {
		t.Fatalf("may be given to %+v, want the two letterbox workers", readers)
	}
	must(t, s.Desk.Give(ctx, s.Manager, letter, s.login.ID))
	given := s.count(`select count(*) from audit_body`)
	must(t, s.Desk.Give(ctx, s.Manager, letter, s.login.ID))
	if again := s.count(`select count(*) from audit_body`); again != given {
		t.Errorf("given to who holds it already: %d statements more", again-given)
	}
	wantFault(t, "who lost it", s.Desk.Pass(ctx, s.Worker, letter, ""), "fault.letter.taken")
	if _, err := s.Desk.Read(ctx, s.colleague, letter); err != nil {
		t.Errorf("who got it reads: %v", err)
	}
	line, err := s.Desk.Held(ctx, s.Manager, letter)
	must(t, err)
	if line.ClaimedBy != "Nia Trevose" {
		t.Errorf("held by %q", line.ClaimedBy)
	}
	wantFault(t, "to a manager", s.Desk.Give(ctx, s.Manager, letter, s.ManagerLogin.ID), "fault.manage.mayNot")
	must(t, s.Desk.Connect(ctx, s.Worker, s.exchange))
	wantFault(t, "to who is connected", s.Desk.Give(ctx, s.Manager, letter, s.WorkerLogin.ID), "fault.manage.mayNot")
	must(t, s.Desk.Pass(ctx, s.colleague, letter, ""))
	wantFault(t, "after the decision", s.Desk.Give(ctx, s.Manager, letter, s.login.ID), "fault.manage.letter")
	wantKind(t, "by a letterbox worker", s.Desk.Give(ctx, s.colleague, letter, s.login.ID), fault.Forbidden)
}

// A worker decides while a manager takes the letter away: one of the two, whoever
// comes first, and whether the other finds it so or waits for it.
func TestTakeAwayAgainstPass(t *testing.T) {
	s, ctx := newShift(t), t.Context()
	for _, tt := range []struct {
		place  string
		passes bool // the pass is the slow one
		wins   bool // the slow one
	}{{"pass", true, false}, {"takeAway", false, false}, {"pass locked", true, true}, {"takeAway locked", false, true}} {
		letter := s.claimed("The swallows are back.")
		pass := func() error { return s.Desk.Pass(ctx, s.Worker, letter, "") }
		take := func() error { return s.Desk.TakeAway(ctx, s.Manager, letter) }
		slow, fast := pass, take
		if !tt.passes {
			slow, fast = take, pass
		}
		var slowErr, fastErr error
		if tt.wins {
			slowErr, fastErr = s.blocked(s.Desk, tt.place, slow, fast)
		} else {
			slowErr, fastErr = overtaken(t, s.Desk, tt.place, slow, fast)
		}
		if (slowErr == nil) != tt.wins || (fastErr == nil) == tt.wins {
			t.Errorf("halted at %s: %v, the other: %v", tt.place, slowErr, fastErr)
		}
		wantKind(t, "whoever came second, halted at "+tt.place, errors.Join(slowErr, fastErr), fault.Conflict)
		passed := s.count(`select count(*) from decision where letter_id = $1`, string(letter)) == 1
		taken := s.count(`select count(*) from takeover where letter_id = $1`, string(letter)) == 1
		if want := tt.passes == tt.wins; passed != want || taken == want || s.count(`select count(*) from claim`) != 0 {
			t.Errorf("halted at %s: passed %v, taken away %v", tt.place, passed, taken)
		}
		s.Exec(t, `update letter set submitted_on = submitted_on - 1`)
	}
	s.logWhole()
}

func TestBreaches(t *testing.T) {
	s, ctx := newShift(t), t.Context()
	late, amber, fresh, tray := s.send("one"), s.send("two"), s.send("three"), s.send("four")
	today := calendar.Today(s.Clock.Now())
	back, again := s.send("five"), s.send("six")
	for id, days := range map[letterbox.LetterID]int{late: 30, amber: 11, tray: 40, back: 30, again: 30} {
		sent := today.AddDate(0, 0, -days)
		s.Exec(t, `update letter set submitted_on = $2, hear_by = $3, submitted_at = now() - make_interval(days => $4) where id = $1`, string(id), sent,
			calendar.AddWorkingDays(sent, agency.DefaultPromise), days)
	}
	// Back with us, and looked at again: neither writer waits for the first day any more.
	must(t, s.Desk.Claim(ctx, s.Worker, back))
	must(t, s.Desk.Pass(ctx, s.Worker, back, ""))
	must(t, s.Desk.Recall(ctx, s.Worker, back, ""))
	must(t, s.Desk.Claim(ctx, s.Worker, again))
	must(t, s.Desk.Refuse(ctx, s.Worker, again, "upsetting", "", ""))
	must(t, s.Families.SecondOpinion(ctx, s.birth, again))
	if l, ok := s.line(s.Worker, back); !ok || l.Late || l.Amber {
		t.Errorf("on the desk, back with us: %+v", l)
	}
	s.Exec(t, `update letter set submitted_on = $2 where id = $1`, string(fresh), today)
	must(t, s.Desk.Claim(ctx, s.Worker, amber))
	must(t, s.Desk.Claim(ctx, s.Worker, tray))
	must(t, s.Desk.Escalate(ctx, s.Worker, tray, "something in it"))
	b, err := s.Desk.Breaches(ctx, s.Manager)
	must(t, err)
	if len(b.Late) != 1 || b.Late[0].ID != late || b.Late[0].WorkDays <= agency.DefaultPromise || b.Late[0].From != "Tamsin Vale" || b.Late[0].ClaimedBy != "" {
		t.Errorf("late: %+v", b.Late)
	}
	if len(b.Amber) != 1 || b.Amber[0].ID != amber || b.Amber[0].ClaimedBy != "Rhys Penhaligon" {
		t.Errorf("amber: %+v", b.Amber)
	}
	if b.Referred != 1 || b.Messages != 0 {
		t.Errorf("%d referred and %d messages, want 1 and none", b.Referred, b.Messages)
	}
	message := s.tell("Please ring me.")
	s.tell("And write.")
	s.Exec(t, `update message set hear_by = $2 where id = $1`, string(message), today.AddDate(0, 0, -1))
	if b, err = s.Desk.Breaches(ctx, s.Manager); err != nil || b.Messages != 1 {
		t.Errorf("%d late messages, want 1: %v", b.Messages, err)
	}
	must(t, s.Desk.Answer(ctx, s.Worker, message, "We will."))
	if b, err = s.Desk.Breaches(ctx, s.Manager); err != nil || b.Messages != 0 {
		t.Errorf("%d late messages after the answer: %v", b.Messages, err)
	}
	wantKind(t, "for a letterbox worker", second(s.Desk.Breaches(ctx, s.Worker)), fault.Forbidden)
}

// What was stopped on its way is listed for the manager, the one that has been so
// the longest first, though its writer waits for no day.
func TestBreaches_Stopped(t *testing.T) {
	s, ctx := newShift(t), t.Context()
	first, _ := s.waiting("one")
	second, _ := s.waiting("two")
	s.waiting("three")
	listed := func(want ...letterbox.LetterID) letterbox.Breaches {
		t.Helper()
		b, err := s.Desk.Breaches(ctx, s.Manager)
		must(t, err)
		var got []letterbox.LetterID
		for _, l := range b.Stopped {
			got = append(got, l.ID)
		}
		if !slices.Equal(got, want) || len(b.Late)+len(b.Amber) != 0 {
			t.Errorf("stopped: %v, want %v; %d late, %d amber", got, want, len(b.Late), len(b.Amber))
		}
		return b
	}
	listed()
	s.untriggered(`update letter set stop = true, stopped_on = current_date - 9 where id = '`+string(second)+`'`,
		`update letter set stop = true, stopped_on = current_date - 3 where id = '`+string(first)+`'`)
	if b := listed(second, first); !b.Stopped[0].Stopped || !b.Stopped[0].StoppedOn.Equal(s.today().AddDate(0, 0, -9)) || b.Stopped[0].From != "Tamsin Vale" {
		t.Errorf("stopped: %+v", b.Stopped[0])
	}
	must(t, s.Desk.LiftStop(ctx, s.Worker, second))
	listed(first)
}

// A letter that only one worker may decide about is counted before they go, and
// listed once they are gone.
func TestBreaches_Nobody(t *testing.T) {
	s, ctx := newShift(t), t.Context()
	counts := func(what string, listed, worker, colleague int) {
		t.Helper()
		b, err := s.Desk.Breaches(ctx, s.Manager)
		must(t, err)
		alone, err := s.Desk.LeftBehind(ctx, s.Manager, s.WorkerLogin.ID)
		must(t, err)
		other, err := s.Desk.LeftBehind(ctx, s.Manager, s.login.ID)
		must(t, err)
		if len(b.Nobody) != listed || alone != worker || other != colleague {
			t.Errorf("%s: %d with nobody, %d without one, %d without the other; want %d, %d, %d", what, len(b.Nobody), alone, other, listed, worker, colleague)
		}
	}
	letter := s.send("The swallows are back.")
	counts("a letter for both", 0, 0, 0)
	must(t, s.Desk.Claim(ctx, s.Worker, letter))
	must(t, s.Desk.Refuse(ctx, s.Worker, letter, "upsetting", "", ""))
	counts("refused", 0, 0, 0)
	must(t, s.Families.SecondOpinion(ctx, s.birth, letter))
	counts("a second opinion", 0, 0, 1)
	paper, err := s.Desk.RecordPaper(ctx, s.colleague, s.paper())
	must(t, err)
	counts("typed in by the other", 0, 1, 1)
	s.Exec(t, `update worker set state = 'suspended' where id = $1`, s.login.ID)
	counts("the other is suspended", 1, 1, 0)
	b, err := s.Desk.Breaches(ctx, s.Manager)
	must(t, err)
	s.Exec(t, `update letter set hear_by = $2 where id = $1`, string(letter), calendar.Today(s.Clock.Now()).AddDate(0, 0, -1))
	if b, err := s.Desk.Breaches(ctx, s.Manager); err != nil || len(b.Nobody) != 1 || len(b.Late)+len(b.Amber) != 0 {
		t.Errorf("it is listed twice: %+v, %v", b, err)
	}
	if b.Nobody[0].ID != letter || b.Nobody[0].From != "Tamsin Vale" {
		t.Errorf("with nobody: %+v", b.Nobody)
	}
	must(t, s.Desk.Claim(ctx, s.Worker, paper))
	must(t, s.Desk.Pass(ctx, s.Worker, paper, ""))
	counts("the paper letter went on", 1, 0, 0)
	wantKind(t, "asked by a letterbox worker", second(s.Desk.LeftBehind(ctx, s.Worker, s.login.ID)), fault.Forbidden)
	wantKind(t, "of nobody", second(s.Desk.LeftBehind(ctx, s.Manager, "wk")), fault.NotFound)
}

// A letter of which nobody here reads either language is listed, and the only one who
// reads it is missed before they go: every language of a letter, for whatever its
// recipients read.
func TestBreaches_Languages(t *testing.T) {
	s, ctx := newShift(t), t.Context()
	s.send("The swallows are back.")
	// Who reads English alone reads neither text of these; who reads Welsh reads one of two of them.
	neither := map[[2]string]bool{{letterbox.Welsh, "other"}: true, {letterbox.OtherTongue, letterbox.Welsh}: true, {letterbox.OtherTongue, "other"}: true}
	counts := func(what string, listed, alone bool) {
		t.Helper()
		b, err := s.Desk.Breaches(ctx, s.Manager)
		must(t, err)
		n, err := s.Desk.LeftBehind(ctx, s.Manager, s.login.ID)
		must(t, err)
		if (len(b.Nobody) == 1) != listed || (n == 1) != alone {
			t.Errorf("%s: %d with nobody, %d without the colleague; want %v, %v", what, len(b.Nobody), n, listed, alone)
		}
	}
	for _, welsh := range []bool{false, true} {
		s.reads(s.login.ID, welsh)
		for _, language := range letterbox.Languages() {
			for _, side := range letterbox.SideLanguages() {
				s.untriggered(`update letter set language = '`+language+`'`, `update side set language = '`+side+`' where id = '`+string(s.toSide)+`'`)
				theirs := welsh && (language == letterbox.Welsh || side == letterbox.Welsh) // the colleague reads it
				counts("in "+language+" for who reads "+side, neither[[2]string{language, side}] && !theirs, neither[[2]string{language, side}] && theirs)
			}
		}
	}
	s.untriggered(`update letter set language = 'other'`, `update side set language = 'cy' where id = '`+string(s.toSide)+`'`)
	s.Exec(t, `update worker set state = 'suspended' where id = $1`, s.login.ID)
	counts("who read Welsh is suspended", true, false)
	s.Exec(t, `update worker set state = 'active' where id = $1`, s.login.ID)
	must(t, s.Desk.SetSecondReader(ctx, s.Worker, s.exchange, letterbox.ReadTwiceAlways))
	counts("two have to read it, and one reads Welsh", true, false)
	s.reads(s.WorkerLogin.ID, true)
	counts("two read Welsh", false, true)
}

// Where two workers have to read a letter, it is listed while only one here may;
// whoever was the first of the two is missed, too, before they go.
func TestBreaches_TwoReaders(t *testing.T) {
	s, ctx := newShift(t), t.Context()
	third := s.newStaff("Imogen Farr", authz.LetterboxWorker)
	counts := func(what string, listed int, left ...int) {
		t.Helper()
		b, err := s.Desk.Breaches(ctx, s.Manager)
		must(t, err)
		var got []int
		for _, id := range []string{s.WorkerLogin.ID, s.login.ID, third.Account()} {
			n, err := s.Desk.LeftBehind(ctx, s.Manager, id)
			must(t, err)
			got = append(got, n)
		}
		if len(b.Nobody) != listed || !slices.Equal(got, left) {
			t.Errorf("%s: %d with nobody, %v without each; want %d, %v", what, len(b.Nobody), got, listed, left)
		}
	}
	out := func(worker authz.Actor) {
		s.Exec(t, `update worker set state = 'suspended' where id = $1`, worker.Account())
	}
	back := func(worker authz.Actor) {
		s.Exec(t, `update worker set state = 'active' where id = $1`, worker.Account())
	}
	letter := s.send("The swallows are back.")
	must(t, s.Desk.SetSecondReader(ctx, s.Worker, s.exchange, letterbox.ReadTwiceAlways))
	counts("three for two", 0, 0, 0, 0)
	out(third)
	counts("two for two", 0, 1, 1, 0)
	out(s.colleague)
	counts("one for two", 1, 0, 0, 0)
	s.readFirst(s.Worker, letter)
	counts("one, who read it first", 1, 0, 0, 0)
	back(third)
	counts("the first, and another", 0, 1, 0, 1)
	back(s.colleague)
	counts("the first, and two others", 0, 0, 0, 0)
	out(s.Worker) // their word counts no more
	counts("the first is gone", 0, 0, 1, 1)
	out(third)
	counts("and one more", 1, 0, 0, 0)
	back(s.Worker)
	counts("the first is back", 0, 1, 1, 0)

	// One who typed it in, and one who refused it, are none of the two.
	paper, err := s.Desk.RecordPaper(ctx, s.colleague, s.paper())
	must(t, err)
	counts("typed in by one of two", 1, 1, 1, 0)
	must(t, s.Desk.Claim(ctx, s.colleague, letter))
	must(t, s.Desk.Pass(ctx, s.colleague, letter, ""))
	counts("the first letter went on", 1, 0, 0, 0)
	back(third)
	counts("the other letter has two", 0, 1, 0, 1)
	if b, err := s.Desk.Breaches(ctx, s.Manager); err != nil || len(b.Nobody) != 0 || s.state(paper) != letterbox.Received {
		t.Errorf("%+v, %v", b.Nobody, err)
	}
}
