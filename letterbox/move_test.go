package letterbox_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// workActs are the acts of workers that move a letter, as the table of moves names
// them, by whom, and how they are called.
func (p *pair) workActs() map[letterbox.Move]func(authz.Actor, letterbox.LetterID) error {
	ctx := p.t.Context()
	worker := func(act string) letterbox.Move { return letterbox.Move{Act: act, By: authz.LetterboxWorker} }
	translator := func(act string) letterbox.Move { return letterbox.Move{Act: act, By: authz.Translator} }
	lead := func(act string) letterbox.Move { return letterbox.Move{Act: act, By: authz.SafeguardingLead} }
	return map[letterbox.Move]func(authz.Actor, letterbox.LetterID) error{
		worker("pass"): func(a authz.Actor, id letterbox.LetterID) error { return p.Desk.Pass(ctx, a, id, "") },
		worker("propose"): func(a authz.Actor, id letterbox.LetterID) error {
			return p.Desk.Propose(ctx, a, id, []letterbox.Part{{Words: "stand", Reason: "unclear"}}, "", "")
		},
		worker("return"): func(a authz.Actor, id letterbox.LetterID) error {
			return p.Desk.Return(ctx, a, id, "unclear", "", "")
		},
		worker("refuse"): func(a authz.Actor, id letterbox.LetterID) error {
			return p.Desk.Refuse(ctx, a, id, "unclear", "", "")
		},
		worker("keepOnFile"):    func(a authz.Actor, id letterbox.LetterID) error { return p.Desk.KeepOnFile(ctx, a, id, "") },
		worker("hold"):          func(a authz.Actor, id letterbox.LetterID) error { return p.Desk.Hold(ctx, a, id, p.inAWeek(), "") },
		worker("escalate"):      func(a authz.Actor, id letterbox.LetterID) error { return p.Desk.Escalate(ctx, a, id, "odd") },
		worker("recall"):        func(a authz.Actor, id letterbox.LetterID) error { return p.Desk.Recall(ctx, a, id, "") },
		worker("undeliverable"): func(a authz.Actor, id letterbox.LetterID) error { return p.Desk.Undeliverable(ctx, a, id, "") },
		worker("restore"):       func(a authz.Actor, id letterbox.LetterID) error { return p.Desk.Restore(ctx, a, id) },
		worker("translate"): func(a authz.Actor, id letterbox.LetterID) error {
			_ = p.Desk.SayLanguage(ctx, p.Worker, id, letterbox.Welsh) // refused where the letter does not wait
			return p.Desk.GiveToTranslator(ctx, a, id, p.translator(), "")
		},
		worker("takeBack"):   func(a authz.Actor, id letterbox.LetterID) error { return p.Desk.TakeBack(ctx, a, id) },
		translator("handIn"): func(a authz.Actor, id letterbox.LetterID) error { return p.Desk.HandIn(ctx, a, id, "Dear Wren") },
		translator("giveBack"): func(a authz.Actor, id letterbox.LetterID) error {
			return p.Desk.GiveBack(ctx, a, id, letterbox.BackCannot, "")
		},
		worker("unask"):                   func(a authz.Actor, id letterbox.LetterID) error { return p.Desk.TakeBackProposal(ctx, a, id, "") },
		{Act: "unask", By: authz.Manager}: func(a authz.Actor, id letterbox.LetterID) error { return p.Desk.TakeBackProposal(ctx, a, id, "") },
		lead("handBack"):                  func(a authz.Actor, id letterbox.LetterID) error { return p.Desk.HandBack(ctx, a, id, "") },
		lead("keepOnFile"):                func(a authz.Actor, id letterbox.LetterID) error { return p.Desk.KeepReferred(ctx, a, id, "") },
		lead("refuse"): func(a authz.Actor, id letterbox.LetterID) error {
			return p.Desk.RefuseReferred(ctx, a, id, "unclear", "", "")
		},
	}
}

// translator is the id of the translator of this world.
func (p *pair) translator() (id string) {
	p.t.Helper()
	conn := p.Database.Admin()
	must(p.t, conn.QueryRow(p.t.Context(), `select id from worker where 'translator' = any (roles)`).Scan(&id))
	must(p.t, conn.Close(p.t.Context()))
	return id
}

// untabled is a pair whose database holds nothing against a move, so that only the
// services are left to refuse one.
type untabled struct {
	*pair
	admin *pgx.Conn
}

func newUntabled(t *testing.T) *untabled {
	t.Helper()
	p := newPair(t)
	u := &untabled{p, p.Database.Admin()}
	u.exec(`alter table letter disable trigger user; alter table decision disable trigger user; alter table delivery disable trigger user`)
	return u
}

func (u *untabled) exec(sql string) {
	u.t.Helper()
	_, err := u.admin.Exec(u.t.Context(), sql)
	must(u.t, err)
}

func (u *untabled) stands(id letterbox.LetterID) (state letterbox.State) {
	u.t.Helper()
	must(u.t, u.admin.QueryRow(u.t.Context(), `select state from letter where id = $1`, string(id)).Scan(&state))
	return state
}

// put makes a letter stand in a state, claimed by a worker. One that is with a
// translator was given to one.
func (u *untabled) put(id letterbox.LetterID, state letterbox.State, claimant string) {
	u.t.Helper()
	if state == letterbox.ToTranslate {
		u.put(id, letterbox.Received, u.Worker.Account())
		must(u.t, u.Desk.SayLanguage(u.t.Context(), u.Worker, id, letterbox.Welsh))
		must(u.t, u.Desk.GiveToTranslator(u.t.Context(), u.Worker, id, u.translator(), ""))
	}
	u.exec(`delete from object where kind = 'referral' and id <> '` + string(id) + `'`) // no worry about another one: one reader
	u.exec(fmt.Sprintf(`update letter set state = '%[2]s', submitted_on = current_date - 1, visible_on = current_date,
			held_until = case when '%[2]s' = 'held' then current_date + 7 end where id = '%[1]s';
		delete from claim;
		insert into claim (agency_id, letter_id, worker_id, until) values ('%[3]s', '%[1]s', '%[4]s', now() + interval '20 minutes')`, id, state, u.Home.ID, claimant))
}

// Every act of a worker, every state and every role, in Go alone: with the rules of
// the database off the services let through what the table of moves has for that
// role and nothing else. What families do is decided in the database only: see
// TestMoves_Family.
func TestActs_EveryState(t *testing.T) {
	p := newUntabled(t)
	actors := map[authz.Role]authz.Actor{}
	for _, role := range authz.Roles() {
		if role != authz.Correspondent && role != authz.LetterboxWorker && role != authz.Manager {
			actors[role] = p.newStaff("Imogen Farr", role)
		}
	}
	actors[authz.LetterboxWorker], actors[authz.Manager], actors[authz.Correspondent] = p.Worker, p.SignInWorker(t, &p.ManagerLogin), p.birth
	acts, listed := p.workActs(), 0
	for _, m := range letterbox.Moves() {
		if _, ok := acts[letterbox.Move{Act: m.Act, By: m.By}]; ok {
			listed++
		}
	}
	letter, done := p.send("Where does it stand?"), 0
	for act, call := range acts {
		for _, from := range letterbox.States() {
			want := slices.ContainsFunc(letterbox.Moves(), func(m letterbox.Move) bool { return m.From == from && m.Act == act.Act && m.By == act.By })
			p.put(letter, from, actors[act.By].Account())
			for role, actor := range actors {
				if role == act.By || slices.ContainsFunc(letterbox.Moves(), func(m letterbox.Move) bool { return m.Act == act.Act && m.By == role && act.Act == "unask" }) {
					continue // theirs as well
				}
				wantKind(t, fmt.Sprintf("%s of a %s letter by a %s", act.Act, from, role), call(actor, letter), fault.Forbidden)
			}
			err := call(actors[act.By], letter)
			switch again := act.Act == "hold" && from == letterbox.Held; { // another day is no move
			case act.By == authz.Translator && !want && fault.KindOf(err) == fault.NotFound: // it is not theirs to know where it stands
			case (err == nil) != (want || again), err != nil && fault.KindOf(err) != fault.Conflict:
				t.Errorf("%s of a %s letter by a %s: %v, want permitted %v", act.Act, from, act.By, err, want)
			case err == nil && !again:
				done++
				if !slices.Contains(letterbox.Moves(), letterbox.Move{From: from, Act: act.Act, To: p.shownAs(act.Act, letter), By: act.By}) {
					t.Errorf("%s makes a %s letter %s", act.Act, from, p.stands(letter))
				}
				letter = p.send("Where does it stand?")
			case err == nil:
				letter = p.send("Where does it stand?")
			case p.stands(letter) != from:
				t.Errorf("%s is refused and makes a %s letter %s", act.Act, from, p.stands(letter))
			case from == letterbox.ToTranslate || act.Act == "translate": // it is in Welsh now
				letter = p.send("Where does it stand?")
			}
		}
	}
	if done != listed || listed < 20 {
		t.Errorf("%d acts were done, the table has %d", done, listed)
	}
}

// shownAs is the state of a letter; one that was passed on or restored is shown in the same act.
func (u *untabled) shownAs(act string, id letterbox.LetterID) letterbox.State {
	state := u.stands(id)
	if (act == "pass" || act == "restore") && state == letterbox.Waiting {
		return letterbox.Passed
	}
	return state
}

// What was stopped is let go on from the three states in which it can be stopped.
func TestLiftStop_EveryState(t *testing.T) {
	p, ctx := newUntabled(t), t.Context()
	letter := p.send("Where does it stand?")
	p.newStaff("Ifan Trefor", authz.Translator)
	for _, from := range letterbox.States() {
		p.put(letter, from, p.Worker.Account())
		p.exec(`update letter set stop = true`)
		err := p.Desk.LiftStop(ctx, p.Worker, letter)
		if want := slices.Contains([]letterbox.State{letterbox.Passed, letterbox.Waiting, letterbox.KeptForLater}, from); (err == nil) != want || err != nil && fault.KindOf(err) != fault.Conflict {
			t.Errorf("a stopped %s letter goes on: %v, want %v", from, err, want)
		}
	}
}
