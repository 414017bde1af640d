package letterbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/darkroom/darkroomtest"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/studio/studiotest"
	"gatepost/letterbox"
)

func TestMain(m *testing.M) {
	darkroomtest.Child()
	studiotest.Child()
	postgrestest.Main(m)
}

// schema is a small world made with the triggers off: rows in any state, right
// or wrong, to try the database itself without our services.
type schema struct {
	t                                   *testing.T
	db                                  *postgrestest.Database
	admin                               *pgx.Conn
	worker, person, other               string
	lead, manager, colleague            string
	exchange, from, to, child, personTo string
	conns                               map[string]*pgx.Conn // by role
	now                                 string               // the letter that a test is about
}

func newSchema(t *testing.T) *schema {
	t.Helper()
	db := postgrestest.New(t)
	s := &schema{t: t, db: db, admin: db.Admin(), conns: map[string]*pgx.Conn{},
		worker: agency.NewID("wk"), person: agency.NewID("pe"), personTo: agency.NewID("pe"), other: agency.NewID("wk"),
		lead: agency.NewID("wk"), manager: agency.NewID("wk"), colleague: agency.NewID("wk"),
		exchange: agency.NewID("ex"), from: agency.NewID("sd"), to: agency.NewID("sd"), child: agency.NewID("ch")}
	s.untriggered(fmt.Sprintf(`
		insert into agency (id, stanza) values ('ag1', sha256('x')), ('ag2', sha256('y'));
		insert into audit_gate (agency_id) values ('ag1'), ('ag2');
		insert into worker (agency_id, id, state, roles, role_leaf) values ('ag1', '%[1]s', 'active', '{letterboxWorker}', sha256('r'));
		insert into worker (agency_id, id, state, roles, role_leaf) values ('ag1', '%[9]s', 'active', '{safeguardingLead}', sha256('r')),
			('ag1', '%[10]s', 'active', '{manager}', sha256('r')), ('ag1', '%[11]s', 'active', '{letterboxWorker}', sha256('r'));
		insert into worker (agency_id, id, state, roles, role_leaf) values ('ag2', '%[2]s', 'active', '{letterboxWorker}', sha256('r'));
		insert into person (agency_id, id, state) values ('ag1', '%[3]s', 'active'), ('ag1', '%[4]s', 'active');
		insert into exchange (agency_id, id, reference, opened_by) values ('ag1', '%[5]s', 'LB-AAAAA', '%[1]s');
		insert into side (agency_id, id, exchange_id, place, book, may_send) values
			('ag1', '%[6]s', '%[5]s', 1, 'birth', '{letter}'), ('ag1', '%[7]s', '%[5]s', 2, 'adoptive', '{letter}');
		insert into side_member (agency_id, side_id, person_id, leaf) values ('ag1', '%[6]s', '%[3]s', sha256('m')), ('ag1', '%[7]s', '%[4]s', sha256('m'));
		insert into ring_grant_person (agency_id, child, child_epoch, parent, parent_epoch, sealed, leaf) values
			('ag1', 'side/%[6]s', 1, 'person/%[3]s', 1, 'x', sha256('g')), ('ag1', 'side/%[7]s', 1, 'person/%[4]s', 1, 'x', sha256('g'));
		insert into child (agency_id, id) values ('ag1', '%[8]s');
		insert into exchange_child (agency_id, exchange_id, child_id, relays_end_on) values ('ag1', '%[5]s', '%[8]s', '2099-01-01');`,
		s.worker, s.other, s.person, s.personTo, s.exchange, s.from, s.to, s.child, s.lead, s.manager, s.colleague))
	return s
}

// untriggered runs SQL as the administrator with triggers and foreign keys off.
func (s *schema) untriggered(sql string) {
	s.t.Helper()
	ctx := context.Background()
	if _, err := s.admin.Exec(ctx, "set session_replication_role = replica; "+sql+"; set session_replication_role = origin"); err != nil {
		s.t.Fatalf("set up: %v", err)
	}
}

// letter makes a letter in a state, with a decision if act is not "", and a delivery.
func (s *schema) letter(state letterbox.State, act string) (letter, delivery string) {
	s.t.Helper()
	letter, delivery = agency.NewID("lt"), agency.NewID("dl")
	sql := fmt.Sprintf(`insert into letter (agency_id, id, exchange_id, from_side, to_side, author, state, hear_by, visible_on, held_until)
		values ('ag1', '%s', '%s', '%s', '%s', '%s', '%s', current_date, current_date, case when '%s' = 'held' then current_date + 7 end)`,
		letter, s.exchange, s.from, s.to, s.person, state, state)
	if act != "" {
		sql += fmt.Sprintf(`; insert into decision (agency_id, letter_id, worker_id, act, leaf) values ('ag1', '%s', '%s', '%s', sha256('d'));
			insert into delivery (agency_id, id, letter_id, side_id) values ('ag1', '%s', '%s', '%s')`, letter, s.worker, act, delivery, letter, s.to)
	}
	s.untriggered(sql)
	return letter, delivery
}

// as runs SQL in one transaction as a role and an account of ag1, commits, and gives the error.
func (s *schema) as(role, account, sql string, args ...any) error {
	s.t.Helper()
	ctx := context.Background()
	if s.conns[role] == nil {
		s.conns[role] = s.db.Conn(role)
	}
	return pgx.BeginFunc(ctx, s.conns[role], func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select set_config('gatepost.agency', 'ag1', true), set_config('gatepost.account', $1, true)`, account); err != nil {
			s.t.Fatal(err)
		}
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
}

// broke tells which SQLSTATE and constraint an error is, "" for none.
func broke(err error) (code, constraint string) {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code, pg.ConstraintName
	}
	if err != nil {
		return err.Error(), ""
	}
	return "", ""
}

// decided makes the newest decision about a letter one that allows a state.
func (s *schema) decided(letter string, to letterbox.State) {
	if to == letterbox.ToTranslate {
		s.untriggered(fmt.Sprintf(`insert into translation (agency_id, letter_id, n, worker_id, given_by, language, into_language, text_version, state, leaf)
			values ('ag1', '%s', 1, '%s', '%s', 'cy', 'en', 1, 'given', sha256('t'))`, letter, s.colleague, s.worker))
	}
	act := map[letterbox.State]string{letterbox.ReturnedToWriter: "return", letterbox.RefusedByWorker: "refuse", letterbox.KeptForChild: "keepOnFile", letterbox.ProposedToWriter: "propose"}[to]
	if to == letterbox.ProposedToWriter {
		s.untriggered(fmt.Sprintf(`insert into object (agency_id, id, part, version, kind, from_node, to_node, sealed, commit, leaf)
			values ('ag1', '%s', 'proposal', 2, 'proposal', 'case/x', 'side/y', 'x', sha256('c'), sha256('l'))`, letter))
	}
	if act != "" {
		s.untriggered(fmt.Sprintf(`insert into decision (agency_id, letter_id, worker_id, act, turn, leaf) values ('ag1', '%s', '%s', '%s', 2, sha256('e'))`,
			letter, s.worker, act))
	}
}

// toState is what a worker's tier does to a letter's row to move it, with whatever
// else its new state needs.
const toState = `update letter set state = $2::text, held_until = case when $2::text = 'held' then current_date + 7 end,
	taken_back = case when state = 'proposed' and $2::text = 'received' then (select count(*) from decision d where d.letter_id = letter.id) else taken_back end,
	hear_by = case when $2::text in ('recalled', 'undeliverable') then current_date + 14 else hear_by end where id = $1`

// movers are the workers of TestMoves_EveryPair: one of each role, one with every
// role in each state in which a worker is not at work, and those who are none here.
func (s *schema) movers() map[string]struct {
	id   string
	role authz.Role // "" for nobody at work
} {
	type mover = struct {
		id   string
		role authz.Role
	}
	list := map[string]mover{"another agency's worker": {s.other, ""}, "a person": {s.person, ""}, "nobody": {"", ""}}
	var all []string
	worker := func(name, state string, role authz.Role, roles ...string) {
		id := agency.NewID("wk")
		s.untriggered(fmt.Sprintf(`insert into worker (agency_id, id, state, roles, role_leaf) values ('ag1', '%s', '%s', '{%s}', sha256('r'))`,
			id, state, strings.Join(roles, ",")))
		list[name] = mover{id, role}
	}
	for _, role := range authz.Roles() {
		if role != authz.Correspondent {
			all = append(all, string(role))
			worker(string(role), "active", role, string(role))
		}
	}
	for _, state := range []string{"invited", "hold", "suspended", "left"} {
		worker(state, state, "", all...)
	}
	return list
}

// Every pair of states for everybody who has UPDATE on letters, every role and
// none, with whatever else the move needs in place: the database lets through
// what the Go table lists for them and nothing else. A family has no UPDATE, and
// the clock's own role neither: see TestMoves_Family and TestClock.
func TestMoves_EveryPair(t *testing.T) {
	s := newSchema(t)
	tried, movers := 0, s.movers()
	for name, who := range movers {
		for _, from := range letterbox.States() {
			for _, to := range letterbox.States() {
				if from == to {
					continue
				}
				letter, _ := s.letter(from, "pass")
				s.decided(letter, to)
				err := s.as("gatepost_staff", who.id, toState, letter, string(to))
				want := who.role != "" && letterbox.Permitted(from, to, who.role)
				if who.role == authz.LetterboxWorker && to == letterbox.Waiting { // the act that passes a letter on shows it, on its day
					want = want || letterbox.Permitted(from, to, letterbox.Clock)
				}
				_, constraint := broke(err)
				early := constraint == "letter_early" && who.role == authz.LetterboxWorker && letterbox.Permitted(from, to, letterbox.Clock)
				if (err == nil) != want || err != nil && constraint != "letter_move" && !early {
					t.Errorf("%s, %s to %s: %v, want permitted %v", name, from, to, err, want)
				}
				tried++
			}
		}
	}
	if n := len(letterbox.States()); len(movers) != len(authz.Roles())-1+7 || tried != len(movers)*n*(n-1) {
		t.Errorf("%d movers tried %d pairs", len(movers), tried)
	}
}

// What the clock does is done on its day alone, and to end a letter for good is no
// worker's, whatever day it is. Nobody moves the day, or the day on which a writer hears.
func TestMoves_OnTheirDay(t *testing.T) {
	s := newSchema(t)
	try := func(what string, state letterbox.State, setUp, sql, constraint string) {
		t.Helper()
		letter, _ := s.letter(state, "pass")
		s.untriggered(fmt.Sprintf(setUp, letter))
		err := s.as("gatepost_staff", s.worker, sql, letter)
		if constraint == "" && err != nil {
			t.Errorf("%s: %v", what, err)
		} else if constraint != "" {
			wantBroken(t, err, "23514", constraint)
		}
	}
	const nothing = `select '%s'`
	show, end := `update letter set state = 'waiting' where id = $1`, `update letter set state = 'stoppedAt18' where id = $1`
	try("shown on its day", letterbox.Passed, nothing, show, "")
	try("shown the day before", letterbox.Passed, `update letter set visible_on = current_date + 1 where id = '%s'`, show, "letter_early")
	try("shown on no day", letterbox.Passed, `update letter set visible_on = null where id = '%s'`, show, "letter_early")
	try("shown while stopped", letterbox.Passed, `update letter set stop = true where id = '%s'`, show, "letter_early")
	for _, state := range []letterbox.State{letterbox.Passed, letterbox.Waiting, letterbox.KeptForLater, letterbox.Recalled, letterbox.Undeliverable} {
		try("ended years before", state, nothing, end, "letter_early")
		try("ended by a worker", state, `update exchange_child set relays_end_on = '2020-01-01'; select '%s'`, end, "letter_early")
		s.untriggered(`update exchange_child set relays_end_on = '2099-01-01'`)
	}
	pass := `update letter set state = 'passed', visible_on = current_date + %d where id = $1`
	delay := `update exchange set delay_days = 3; select '%s'`
	try("passed with the delay", letterbox.Received, delay, fmt.Sprintf(pass, 3), "")
	try("passed without it", letterbox.Received, delay, fmt.Sprintf(pass, 0), "letter_early")
	try("passed with a longer one", letterbox.Received, delay, fmt.Sprintf(pass, 4), "letter_early")
	s.untriggered(`update exchange set delay_days = 0`)
	try("another day of display", letterbox.Passed, nothing, `update letter set visible_on = visible_on - 1 where id = $1`, "letter_early")
	back := `update letter set state = 'recalled', hear_by = current_date + %d where id = $1`
	try("back, to be heard of today", letterbox.Waiting, nothing, fmt.Sprintf(back, 0), "letter_hear_by")
	try("back, to be heard of never", letterbox.Waiting, nothing, fmt.Sprintf(back, 41), "letter_hear_by")
	try("another day to hear by", letterbox.Received, nothing, `update letter set hear_by = hear_by + 1 where id = $1`, "letter_hear_by")
	try("another day in a move", letterbox.Recalled, nothing, `update letter set state = 'passed', hear_by = hear_by + 1 where id = $1`, "letter_hear_by")
}

// The day on which a letter was stopped stands beside the flag, whoever set it.
func TestStoppedOn(t *testing.T) {
	s := newSchema(t)
	letter, _ := s.letter(letterbox.Waiting, "pass")
	on := func(want string) {
		t.Helper()
		if s.counts(`select count(*) from letter where id = $1 and stop = (stopped_on is not null) and stopped_on is not distinct from `+want, letter) != 1 {
			t.Errorf("not stopped on %s", want)
		}
	}
	on("null")
	if err := s.as("gatepost_staff", s.worker, `update exchange set state = 'paused'`); err != nil {
		t.Fatal(err)
	}
	on("current_date")
	if code, _ := broke(s.as("gatepost_staff", s.worker, `update letter set stopped_on = current_date - 1`)); code != "42501" {
		t.Errorf("the staff tier moves the day: %q", code)
	}
	if err := s.as("gatepost_staff", s.worker, `update exchange set state = 'active'`); err != nil {
		t.Fatal(err)
	}
	on("current_date")
	if err := s.as("gatepost_staff", s.worker, `update letter set stop = false where id = $1`, letter); err != nil {
		t.Fatal(err)
	}
	on("null")
}

// A state that rests on a decision is not entered without one of its kind, and
// the newest counts.
func TestMoves_Decided(t *testing.T) {
	s := newSchema(t)
	for _, to := range []letterbox.State{letterbox.Passed, letterbox.ReturnedToWriter, letterbox.RefusedByWorker, letterbox.KeptForChild} {
		letter, _ := s.letter(letterbox.Received, "")
		wantBroken(t, s.as("gatepost_staff", s.worker, `update letter set state = $2 where id = $1`, letter, string(to)), "23514", "letter_decided")
		if to == letterbox.Passed {
			continue
		}
		letter, _ = s.letter(letterbox.Recalled, "pass") // the newest decision is another
		code, constraint := broke(s.as("gatepost_staff", s.worker, `update letter set state = $2 where id = $1`, letter, string(to)))
		if want := map[bool]string{true: "letter_decided", false: "letter_move"}[to != letterbox.RefusedByWorker]; code != "23514" || constraint != want {
			t.Errorf("recalled to %s on a pass: %s %s, want %s", to, code, constraint, want)
		}
	}
}

// A held letter has its day, and no other letter has one.
func TestHeld_HasADay(t *testing.T) {
	s := newSchema(t)
	letter, _ := s.letter(letterbox.Received, "")
	wantBroken(t, s.as("gatepost_staff", s.worker, `update letter set state = 'held' where id = $1`, letter), "23514", "letter_held")
	wantBroken(t, s.as("gatepost_staff", s.worker, `update letter set held_until = current_date where id = $1`, letter), "23514", "letter_held")
	letter, _ = s.letter(letterbox.Held, "pass")
	wantBroken(t, s.as("gatepost_staff", s.worker, `update letter set state = 'passed' where id = $1`, letter), "23514", "letter_held")
}

// A letter begins received and in no other state, whoever writes it.
func TestMoves_EveryBeginning(t *testing.T) {
	s := newSchema(t)
	for _, state := range letterbox.States() {
		for _, role := range []string{"gatepost_public", "gatepost_staff"} {
			id, account := agency.NewID("lt"), s.person
			sql := `insert into letter (agency_id, id, exchange_id, from_side, to_side, author, state, hear_by)
				values ('ag1', $1, $2, $3, $4, $5, $6, current_date)`
			if role == "gatepost_staff" { // it came on paper, and this worker typed it in
				account = s.worker
				sql = `with h as (insert into letter_helper (agency_id, letter_id, worker_id) values ('ag1', '` + id + `', account()))
					insert into letter (agency_id, id, exchange_id, from_side, to_side, author, state, hear_by, paper)
					values ('ag1', $1, $2, $3, $4, $5, $6, current_date, true)`
			}
			err := s.as(role, account, sql, id, s.exchange, s.from, s.to, s.person, string(state))
			want := role == "gatepost_public" && letterbox.Permitted("", state, authz.Correspondent) ||
				role == "gatepost_staff" && letterbox.Permitted("", state, authz.LetterboxWorker)
			if (err == nil) != want {
				t.Errorf("%s begins a letter as %s: %v, want permitted %v", role, state, err, want)
			}
		}
	}
}

// What a family may do to a letter, from every state, through the only five
// functions that it has; and nothing by UPDATE. Each function is called by the
// writer, the recipient, and a person of another agency's or nobody's side.
func TestMoves_Family(t *testing.T) {
	s := newSchema(t)
	stranger := agency.NewID("pe")
	s.untriggered(fmt.Sprintf(`insert into person (agency_id, id, state) values ('ag1', '%s', 'active')`, stranger))
	for _, from := range letterbox.States() {
		letter, _ := s.letter(from, "pass")
		for _, person := range []string{s.person, s.personTo} {
			if code, _ := broke(s.as("gatepost_public", person, `update letter set state = 'passed' where id = $1`, letter)); code != "42501" {
				t.Errorf("a family updates a %s letter: %q", from, code)
			}
		}
		for call, f := range map[string]struct {
			by   string
			to   letterbox.State
			none string // SQLSTATE for whoever is not on the side
			late string // and for the wrong state
		}{
			`select withdraw_letter($1)`:    {s.person, letterbox.WithdrawnByWriter, "GP404", "GP409"},
			`select replace_letter($1)`:     {s.person, letterbox.ReplacedByRewrite, "GP409", "GP409"},
			`select second_opinion($1, 14)`: {s.person, letterbox.Received, "GP404", "GP409"},
			`select keep_for_later($1)`:     {s.personTo, letterbox.KeptForLater, "GP404", "GP404 GP409"},
			`select open_delivery($1)`:      {s.personTo, letterbox.Opened, "GP404", "GP404"},
		} {
			for _, who := range []string{s.person, s.personTo, stranger} {
				letter, delivery := s.letter(from, "pass")
				id := letter
				if f.by == s.personTo {
					id = delivery
				}
				code, _ := broke(s.as("gatepost_public", who, call, id))
				can := letterbox.Permitted(from, f.to, authz.Correspondent)
				// To do again what is done is no mistake of a recipient.
				can = can || f.by == s.personTo && from == f.to
				want := ""
				switch {
				case who != f.by:
					want = f.none
				case !can:
					want = f.late
				}
				if code != want && !(want != "" && strings.Contains(want, code) && code != "") {
					t.Errorf("%s of a %s letter: %q, want %q", call, from, code, want)
				}
			}
		}
	}
}

// The clock: the one role that may call its two functions does the clock's
// moves, from every state, and no other; and it has no UPDATE.
func TestClock(t *testing.T) {
	s := newSchema(t)
	state := func(letter string) (state letterbox.State) {
		if err := s.admin.QueryRow(context.Background(), `select state from letter where id = $1`, letter).Scan(&state); err != nil {
			t.Fatal(err)
		}
		return state
	}
	for _, from := range letterbox.States() {
		for call, f := range map[string]struct {
			setUp string
			to    letterbox.State
		}{
			`select show_due()`:   {`update exchange_child set relays_end_on = '2099-01-01'`, letterbox.Waiting},
			`select stop_at_18()`: {`update exchange_child set relays_end_on = '2020-01-01'`, letterbox.StoppedAt18},
		} {
			s.untriggered(`delete from letter; ` + f.setUp)
			letter, _ := s.letter(from, "pass")
			if err := s.as("gatepost_notify", "", call); err != nil {
				t.Fatalf("%s: %v", call, err)
			}
			want := from
			if letterbox.Permitted(from, f.to, letterbox.Clock) {
				want = f.to
			}
			if got := state(letter); got != want {
				t.Errorf("%s makes a %s letter %s, want %s", call, from, got, want)
			}
			for _, role := range []string{"gatepost_public", "gatepost_staff"} {
				if code, _ := broke(s.as(role, s.worker, call)); code != "42501" {
					t.Errorf("%s calls %s: %q", role, call, code)
				}
			}
			if code, _ := broke(s.as("gatepost_notify", "", `update letter set state = 'waiting' where id = $1`, letter)); code != "42501" {
				t.Errorf("the clock's role updates a %s letter: %q", from, code)
			}
		}
	}
	s.untriggered(`update exchange_child set relays_end_on = '2099-01-01'`)
	for name, sql := range map[string]string{"not its day": `update letter set visible_on = current_date + 1 where id = '%s'`, "stopped": `update letter set stop = true where id = '%s'`} {
		letter, _ := s.letter(letterbox.Passed, "pass")
		s.untriggered(fmt.Sprintf(sql, letter))
		if err := s.as("gatepost_notify", "", `select show_due()`); err != nil || state(letter) != letterbox.Passed {
			t.Errorf("%s: shown, %v", name, err)
		}
	}
}

// What makes an exchange rest or a recipient unsure stops, in its own
// transaction, what was passed on and is not opened; nothing lifts the stop or
// shows the letter again while it is so.
func TestStopFlag(t *testing.T) {
	s := newSchema(t)
	stopped := map[letterbox.State]bool{letterbox.Passed: true, letterbox.Waiting: true, letterbox.KeptForLater: true,
		letterbox.Recalled: true, letterbox.Undeliverable: true}
	for stop, back := range map[string]string{
		`update exchange set state = 'paused'`:                         `update exchange set state = 'active'`,
		`update exchange set state = 'ended'`:                          `update exchange set state = 'active'`,
		`update side set state = 'declined' where place = 2`:           `update side set state = 'ready'`,
		`update side set state = 'addressUnconfirmed' where place = 2`: `update side set state = 'ready'`,
		`update side set state = 'deceased' where place = 2`:           `update side set state = 'ready'`,
	} {
		letters := map[letterbox.State]string{}
		for _, state := range letterbox.States() {
			letters[state], _ = s.letter(state, "pass")
		}
		if err := s.as("gatepost_staff", s.worker, stop); err != nil {
			t.Fatal(err)
		}
		for state, letter := range letters {
			if got := s.counts(`select count(*) from letter where id = $1 and stop`, letter) == 1; got != stopped[state] {
				t.Errorf("%s: a %s letter is stopped: %v", stop, state, got)
			}
		}
		lift := `update letter set stop = false where id = $1`
		show := `update letter set state = 'passed', stop = false where id = $1`
		wantBroken(t, s.as("gatepost_staff", s.worker, lift, letters[letterbox.Waiting]), "23514", "letter_stop")
		wantBroken(t, s.as("gatepost_staff", s.worker, show, letters[letterbox.Recalled]), "23514", "letter_stop")
		if err := s.as("gatepost_staff", s.worker, back); err != nil {
			t.Fatal(err)
		}
		if n := s.counts(`select count(*) from letter where stop`); n != len(stopped) {
			t.Errorf("%s: after it is over %d letters are stopped", stop, n)
		}
		wantBroken(t, s.as("gatepost_staff", s.manager, lift, letters[letterbox.Waiting]), "23514", "letter_stop")
		wantBroken(t, s.as("gatepost_staff", s.worker, `update letter set state = 'passed' where id = $1`, letters[letterbox.Recalled]), "23514", "letter_stop")
		for sql, state := range map[string]letterbox.State{lift: letterbox.Waiting, show: letterbox.Recalled} {
			if err := s.as("gatepost_staff", s.worker, sql, letters[state]); err != nil {
				t.Errorf("%s of a %s letter: %v", sql, state, err)
			}
		}
		s.untriggered(`update exchange_child set relays_end_on = '2020-01-01'`)
		wantBroken(t, s.as("gatepost_staff", s.worker, lift, letters[letterbox.Passed]), "23514", "delivery_age")
		s.untriggered(`update exchange_child set relays_end_on = '2099-01-01'; delete from letter`)
	}
	// The writer's own side does not stop what it has sent.
	letter, _ := s.letter(letterbox.Waiting, "pass")
	if err := s.as("gatepost_staff", s.worker, `update side set state = 'declined' where place = 1`); err != nil {
		t.Fatal(err)
	}
	if n := s.counts(`select count(*) from letter where id = $1 and stop`, letter); n != 0 {
		t.Error("the writer's side stops what the other side has")
	}
}

func (s *schema) counts(sql string, args ...any) (n int) {
	s.t.Helper()
	if err := s.admin.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// A second opinion is asked for once and given by somebody else, and what the
// safeguarding lead has is decided by a lead, who passes nothing on.
func TestDecision_Turns(t *testing.T) {
	decide := `insert into decision (agency_id, letter_id, worker_id, act, turn, leaf) values ('ag1', $1, $2, $3, $4, sha256('e'))`
	for name, tt := range map[string]struct {
		from       letterbox.State
		decided    string // the act of turn 1, by the worker; "" for none
		second     bool
		by         func(*schema) string
		act        string
		turn       int
		constraint string // "" for allowed
	}{
		"a second opinion by a colleague":     {letterbox.Received, "refuse", true, colleague, "pass", 2, ""},
		"by the one who refused":              {letterbox.Received, "refuse", true, worker, "pass", 2, "decision_second"},
		"from hold too":                       {letterbox.Held, "refuse", true, worker, "return", 2, "decision_second"},
		"without being asked":                 {letterbox.Received, "refuse", false, colleague, "pass", 2, "decision_pkey"},
		"in the place of the first":           {letterbox.Received, "refuse", true, colleague, "pass", 1, "decision_pkey"},
		"two turns later":                     {letterbox.Received, "refuse", true, colleague, "pass", 3, "decision_pkey"},
		"a recalled letter is returned":       {letterbox.Recalled, "pass", false, worker, "return", 2, ""},
		"a recalled letter is kept":           {letterbox.Undeliverable, "pass", false, worker, "keepOnFile", 2, ""},
		"and not passed on again":             {letterbox.Recalled, "pass", false, worker, "pass", 2, "decision_pkey"},
		"nor refused":                         {letterbox.Recalled, "pass", false, worker, "refuse", 2, "decision_pkey"},
		"a waiting letter is not decided":     {letterbox.Waiting, "pass", false, worker, "return", 2, "decision_pkey"},
		"a withdrawn letter is not decided":   {letterbox.WithdrawnByWriter, "", false, worker, "pass", 1, "decision_pkey"},
		"the lead keeps":                      {letterbox.Escalated, "", false, lead, "keepOnFile", 1, ""},
		"the lead refuses":                    {letterbox.Escalated, "", false, lead, "refuse", 1, ""},
		"the lead does not pass on":           {letterbox.Escalated, "", false, lead, "pass", 1, "decision_worker"},
		"nor return":                          {letterbox.Escalated, "", false, lead, "return", 1, "decision_worker"},
		"a worker not what the lead has":      {letterbox.Escalated, "", false, worker, "refuse", 1, "decision_worker"},
		"the lead not what the desk has":      {letterbox.Received, "", false, lead, "refuse", 1, "decision_worker"},
		"a manager decides nothing":           {letterbox.Received, "", false, func(s *schema) string { return s.manager }, "keepOnFile", 1, "decision_worker"},
		"another agency's worker":             {letterbox.Received, "", false, func(s *schema) string { return s.other }, "keepOnFile", 1, "decision_worker"},
		"in the tray, by the one who refused": {letterbox.Escalated, "refuse", true, bothRoles, "refuse", 2, "decision_second"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSchema(t)
			letter, _ := s.letter(tt.from, tt.decided)
			s.untriggered(fmt.Sprintf(`update letter set second = %v where id = '%s'`, tt.second, letter))
			by := tt.by(s)
			want := tt.constraint
			if want == "" {
				want = "decision_agency_id_leaf_fkey" // allowed, but for the statement, which this test has not
			}
			if _, got := broke(s.as("gatepost_staff", by, decide, letter, by, tt.act, tt.turn)); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func colleague(s *schema) string { return s.colleague }
func lead(s *schema) string      { return s.lead }

// bothRoles gives the worker the lead's role as well.
func bothRoles(s *schema) string {
	s.untriggered(fmt.Sprintf(`update worker set roles = '{letterboxWorker,safeguardingLead}' where id = '%s'`, s.worker))
	return s.worker
}

// A connected worker moves nothing by hand either.
func TestConnected_MovesNothing(t *testing.T) {
	s := newSchema(t)
	s.untriggered(fmt.Sprintf(`insert into connection values ('ag1', '%s', '%s')`, s.exchange, s.worker))
	for sql, from := range map[string]letterbox.State{
		`update letter set state = 'held', held_until = current_date + 7 where id = $1`:        letterbox.Received,
		`update letter set state = 'escalated' where id = $1`:                                  letterbox.Received,
		`update letter set state = 'recalled', hear_by = current_date + 14 where id = $1`:      letterbox.Waiting,
		`update letter set state = 'undeliverable', hear_by = current_date + 14 where id = $1`: letterbox.Passed,
		`update letter set state = 'passed' where id = $1`:                                     letterbox.Recalled,
	} {
		letter, _ := s.letter(from, "pass")
		wantBroken(t, s.as("gatepost_staff", s.worker, sql, letter), "23514", "letter_connected")
		if err := s.as("gatepost_staff", s.colleague, sql, letter); err != nil {
			t.Errorf("a colleague: %v", err)
		}
	}
}

// The one table stands three times: in Go, in the database, and as the diagram.
func TestMoves_OneTable(t *testing.T) {
	s := newSchema(t)
	rows, err := s.admin.Query(context.Background(), `select from_state, act, to_state, role from letter_move`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ From, Act, To, By string }])
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(letterbox.Moves()) {
		t.Errorf("the database has %d moves, Go has %d", len(got), len(letterbox.Moves()))
	}
	for _, m := range got {
		want := letterbox.Move{From: letterbox.State(m.From), Act: m.Act, To: letterbox.State(m.To), By: authz.Role(m.By)}
		if !slices.Contains(letterbox.Moves(), want) {
			t.Errorf("the database has %v, Go has not", want)
		}
	}
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(letterbox.Diagram()) {
		if !strings.Contains(string(source), "//\t"+line) {
			t.Errorf("doc.go lacks the line\n//\t%s", line)
		}
	}
	if n := strings.Count(string(source), "-->"); n != len(letterbox.Moves()) {
		t.Errorf("doc.go draws %d moves, the table has %d", n, len(letterbox.Moves()))
	}
}

// A delivery without exactly one pass decision by a worker of that agency who
// is no party and no helper is refused by the database, each time by name.
func TestDelivery_Refused(t *testing.T) {
	deliver := `insert into delivery (agency_id, id, letter_id, side_id) values ('ag1', $1, $2, $3)`
	decide := `insert into decision (agency_id, letter_id, worker_id, act, leaf) values ('ag1', $1, $2, 'pass', sha256('d'))`
	t.Run("no decision", func(t *testing.T) {
		s := newSchema(t)
		letter, _ := s.letter(letterbox.Received, "")
		wantBroken(t, s.as("gatepost_staff", s.worker, deliver, agency.NewID("dl"), letter, s.to), "23514", "delivery_decision")
	})
	for name, set := range map[string]struct{ sql, constraint string }{
		"a return is no pass":  {`update decision set act = 'return'`, "delivery_decision"},
		"the exchange rests":   {`update exchange set state = 'paused'`, "delivery_open"},
		"the exchange ended":   {`update exchange set state = 'ended'`, "delivery_open"},
		"the recipient is not": {`update side set state = 'deceased' where place = 2`, "delivery_open"},
		"a stop flag":          {`update letter set stop = true`, "delivery_open"},
		"a child comes of age": {`update exchange_child set relays_end_on = '2020-01-01'`, "delivery_age"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSchema(t)
			letter, _ := s.letter(letterbox.Received, "pass")
			s.untriggered(`delete from delivery; ` + set.sql)
			wantBroken(t, s.as("gatepost_staff", s.worker, deliver, agency.NewID("dl"), letter, s.to), "23514", set.constraint)
		})
	}
	t.Run("back to the writer", func(t *testing.T) {
		s := newSchema(t)
		letter, _ := s.letter(letterbox.Received, "pass")
		s.untriggered(`delete from delivery`)
		wantBroken(t, s.as("gatepost_staff", s.worker, deliver, agency.NewID("dl"), letter, s.from), "23514", "delivery_side")
	})
	t.Run("twice", func(t *testing.T) {
		s := newSchema(t)
		letter, _ := s.letter(letterbox.Received, "pass")
		wantBroken(t, s.as("gatepost_staff", s.worker, deliver, agency.NewID("dl"), letter, s.to), "23505", "delivery_once")
	})
	t.Run("passed without a delivery", func(t *testing.T) {
		s := newSchema(t)
		letter, _ := s.letter(letterbox.Received, "pass")
		s.untriggered(`delete from delivery`)
		wantBroken(t, s.as("gatepost_staff", s.worker, `update letter set state = 'passed' where id = $1`, letter), "23514", "letter_delivery")
	})
	t.Run("passed without a decision", func(t *testing.T) {
		s := newSchema(t)
		letter, _ := s.letter(letterbox.Received, "")
		wantBroken(t, s.as("gatepost_staff", s.worker, `update letter set state = 'passed' where id = $1`, letter), "23514", "letter_decided")
	})
	for name, tt := range map[string]struct {
		setUp      func(s *schema, letter string) string // SQL without triggers
		as, by     func(s *schema) string
		code, name string
	}{
		"in another's name":          {nil, func(s *schema) string { return s.person }, func(s *schema) string { return s.worker }, "23514", "decision_worker"},
		"by another agency's worker": {nil, func(s *schema) string { return s.other }, func(s *schema) string { return s.other }, "23514", "decision_worker"},
		"suspended":                  {func(s *schema, _ string) string { return `update worker set state = 'suspended'` }, worker, worker, "23514", "decision_worker"},
		"without the role":           {func(s *schema, _ string) string { return `update worker set roles = '{manager}'` }, worker, worker, "23514", "decision_worker"},
		"connected": {func(s *schema, _ string) string {
			return fmt.Sprintf(`insert into connection values ('ag1', '%s', '%s')`, s.exchange, s.worker)
		}, worker, worker, "23514", "decision_party"},
		"a party as the writer": {func(s *schema, _ string) string {
			return fmt.Sprintf(`update worker set person_id = '%s' where agency_id = 'ag1'`, s.person)
		}, worker, worker, "23514", "decision_party"},
		"a party as the recipient": {func(s *schema, _ string) string {
			return fmt.Sprintf(`update worker set person_id = '%s' where agency_id = 'ag1'`, s.personTo)
		}, worker, worker, "23514", "decision_party"},
		"helped to write": {func(s *schema, letter string) string {
			return fmt.Sprintf(`insert into letter_helper values ('ag1', '%s', '%s')`, letter, s.worker)
		}, worker, worker, "23514", "decision_helper"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSchema(t)
			letter, _ := s.letter(letterbox.Received, "")
			if tt.setUp != nil {
				s.untriggered(tt.setUp(s, letter))
			}
			wantBroken(t, s.as("gatepost_staff", tt.as(s), decide, letter, tt.by(s)), tt.code, tt.name)
		})
	}
	t.Run("decided twice", func(t *testing.T) {
		s := newSchema(t)
		letter, _ := s.letter(letterbox.Received, "pass")
		wantBroken(t, s.as("gatepost_staff", s.worker, decide, letter, s.worker), "23505", "decision_pkey")
	})
}

func worker(s *schema) string { return s.worker }

func wantBroken(t *testing.T, err error, code, constraint string) {
	t.Helper()
	if c, n := broke(err); c != code || n != constraint {
		t.Errorf("got %q %q (%v), want %q %q", c, n, err, code, constraint)
	}
}

// What the public tier's role cannot do, whatever program runs as it (Part C 12).
func TestPublicRole_Denied(t *testing.T) {
	s := newSchema(t)
	for _, sql := range []string{
		`select sealed from ring_grant_staff`, `insert into ring_grant_staff select * from ring_grant_staff`,
		`insert into ring_grant_person select * from ring_grant_person`, `delete from ring_grant_person`,
		`select name from directory`, `select roles from worker`, `select wrap from credential_worker`,
		`select body from audit_body`, `insert into audit_body (agency_id, idx, body) values ('ag1', 0, 'x')`,
		`update audit_body set body = 'x'`, `delete from audit_body`, `select next from audit_gate`, `update audit_gate set next = 0`,
		`update object set sealed = 'x'`, `delete from object`,
		`select state from letter`, `select stop from letter`, `select visible_on from letter`, `update letter set state = 'waiting'`, `delete from letter`,
		`insert into delivery (agency_id, id, letter_id, side_id) values ('ag1', 'dl', 'lt', 'sd')`, `select letter_id from delivery`, `update delivery set side_id = 'x'`,
		`select act from decision`, `insert into decision select * from decision`, `select worker_id from claim`, `select worker_id from connection`,
		`select reference from exchange`, `select relays_end_on from exchange_child`, `update side set may_send = '{letter}'`, `select state from side`,
		`insert into side_member values ('ag1', 'x', 'y')`, `update letter_move set act = 'x'`, `select act from refusal`,
		`update node set key_leaf = sha256('x')`, `update node set recipient = 'x'`, `insert into letter_move values ('', 'x', 'opened', 'clock')`,
	} {
		if code, _ := broke(s.as("gatepost_public", s.person, sql)); code != "42501" {
			t.Errorf("%s: %q, want permission denied", sql, code)
		}
	}
	for _, kind := range []string{"delivery", "reason", "names", "decision", "parties"} {
		err := s.as("gatepost_public", s.person, `insert into object (agency_id, id, part, version, kind, exchange_id, side_id, from_node, to_node, sealed, commit, leaf)
			values ('ag1', $1, 'text', 1, $2, $3, $4, 'x', 'y', 'z', sha256('c'), sha256('l'))`, agency.NewID("dl"), kind, s.exchange, s.from)
		if code, _ := broke(err); code != "42501" {
			t.Errorf("the public role inserts a %s: %v", kind, err)
		}
	}
	for _, event := range []string{"approve", "deliver", "grant", "key", "role", "record", "return", "void"} {
		err := s.as("gatepost_public", s.person, `select log_append($1)`, []byte("gatepost/statement/v1\nagency ag1\nevent "+event+"\n"+strings.Repeat("x", 100)))
		if code, _ := broke(err); code != "42501" {
			t.Errorf("the public role logs %s: %v", event, err)
		}
	}
}

// A letter's sealed text reaches the families' role when it is opened and not
// before; nothing of a side reaches somebody who has not been granted it.
func TestPublicRole_Opened(t *testing.T) {
	s := newSchema(t)
	for _, state := range letterbox.States() {
		letter, delivery := s.letter(state, "pass")
		s.untriggered(fmt.Sprintf(`insert into object (agency_id, id, part, version, kind, exchange_id, side_id, from_node, to_node, sealed, commit, leaf) values
			('ag1', '%[1]s', 'text', 1, 'delivery', '%[3]s', '%[4]s', 'x', 'y', 'sealed', sha256('c'), sha256('l')),
			('ag1', '%[2]s', 'text', 1, 'submission', '%[3]s', '%[5]s', 'x', 'y', 'sealed', sha256('c'), sha256('l'))`, delivery, letter, s.exchange, s.to, s.from))
		want := 0
		if state == letterbox.Opened {
			want = 1
		}
		if n := s.sees(s.personTo, `select count(*) from object where id = $1`, delivery); n != want {
			t.Errorf("the recipient's role reads %d texts of a %s letter", n, state)
		}
		if n := s.sees(s.person, `select count(*) from object where id = $1`, delivery); n != 0 {
			t.Errorf("the writer's role reads the delivery of a %s letter", state)
		}
		if n := s.sees(s.personTo, `select count(*) from object where id = $1`, letter); n != 0 {
			t.Errorf("the recipient's role reads the submission of a %s letter", state)
		}
	}
	s.untriggered(`delete from ring_grant_person`)
	for _, table := range []string{"letter", "delivery", "object"} {
		for _, person := range []string{s.person, s.personTo} {
			if n := s.sees(person, `select count(*) from `+table); n != 0 {
				t.Errorf("somebody on hold sees %d rows of %s", n, table)
			}
		}
	}
	_, delivery := s.letter(letterbox.Waiting, "pass")
	wantBroken(t, s.as("gatepost_public", s.personTo, `select open_delivery($1)`, delivery), "GP404", "")
	err := s.as("gatepost_public", s.person, `insert into letter (agency_id, id, exchange_id, from_side, to_side, author, state, hear_by)
		values ('ag1', $1, $2, $3, $4, $5, 'received', current_date)`, agency.NewID("lt"), s.exchange, s.from, s.to, s.person)
	wantBroken(t, err, "42501", "")
}

// sees counts as the families' role for an account.
func (s *schema) sees(account, sql string, args ...any) (n int) {
	s.t.Helper()
	if s.conns["gatepost_public"] == nil {
		s.conns["gatepost_public"] = s.db.Conn("gatepost_public")
	}
	err := pgx.BeginFunc(context.Background(), s.conns["gatepost_public"], func(tx pgx.Tx) error {
		if _, err := tx.Exec(context.Background(), `select set_config('gatepost.agency', 'ag1', true), set_config('gatepost.account', $1, true)`, account); err != nil {
			return err
		}
		return tx.QueryRow(context.Background(), sql, args...).Scan(&n)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// Neither role can rewrite what is written once.
func TestStaffRole_Denied(t *testing.T) {
	s := newSchema(t)
	for _, sql := range []string{
		`update object set sealed = 'x'`, `delete from object`, `update audit_body set body = 'x'`, `delete from audit_body`,
		`insert into audit_body (agency_id, idx, body) values ('ag1', 0, 'x')`, `update audit_gate set next = 0`,
		`update decision set act = 'pass'`, `delete from decision`, `update delivery set side_id = 'x'`, `delete from delivery`, `delete from letter`,
		`update letter set to_side = 'x'`, `update letter set author = 'x'`, `update node set recipient = 'x'`, `select sealed from draft`,
		`delete from connection`, `delete from letter_helper`, `update letter_move set act = 'x'`, `select open_delivery('x')`, `drop table letter`,
		`update refusal set act = 'x'`, `delete from refusal`,
	} {
		if code, _ := broke(s.as("gatepost_staff", s.worker, sql)); code != "42501" {
			t.Errorf("%s: %q, want permission denied", sql, code)
		}
	}
}

// The archive's key has no place in the database (Part C 3): it comes from the
// configuration, and a row that pretends to be it is refused.
func TestSchema_NoArchive(t *testing.T) {
	s := newSchema(t)
	err := s.as("gatepost_staff", s.worker, `insert into node (agency_id, id, epoch, recipient, key_leaf) values ('ag1', 'archive', 1, 'age1pq1' || repeat('a', 1952), sha256('k'))`)
	wantBroken(t, err, "23514", "node_id_check")
}

// Row-level security of the whole schema, so that a table added later is not forgotten.
func TestSchema_RowLevelSecurity(t *testing.T) {
	s := newSchema(t)
	for name, sql := range map[string]string{
		"every table with an agency forces row-level security": `select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'agency_id'
			where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and not (c.relrowsecurity and c.relforcerowsecurity)`,
		"every view runs as its reader": `select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
			and not coalesce(c.reloptions::text like '%security_invoker=true%', false)`,
		"no immutable function reads a setting": `select p.proname from pg_proc p where p.pronamespace = 'public'::regnamespace and p.provolatile = 'i'
			and (p.prosrc like '%current_setting%' or p.prosrc like '%agency()%' or p.prosrc like '%account()%')`,
		"every definer function fixes its search path": `select p.proname from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prosecdef
			and not coalesce(array_to_string(p.proconfig, ',') like '%search_path=public, pg_temp%', false)`,
		"no definer function but a trigger's is open to everybody": `select p.proname from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prosecdef
			and p.prorettype <> 'trigger'::regtype and has_function_privilege('public', p.oid, 'execute')`,
		"every foreign key between agencies' rows holds the agency": `select conname from pg_constraint c where contype = 'f' and connamespace = 'public'::regnamespace
			and array_length(conkey, 1) = 1 and confrelid <> 'agency'::regclass`,
		"the tables belong to the owner": `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relowner <> 'gatepost_owner'::regrole`,
	} {
		rows, err := s.admin.Query(context.Background(), sql)
		if err != nil {
			t.Fatal(err)
		}
		bad, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || len(bad) > 0 {
			t.Errorf("%s: not so for %v (%v)", name, bad, err)
		}
	}
}

// Each agency sees its own rows only, on one connection after another's.
func TestSchema_AgenciesApart(t *testing.T) {
	s := newSchema(t)
	conn := s.db.Conn("gatepost_staff")
	ctx := context.Background()
	for _, tt := range []struct {
		agency string
		want   int
	}{{"ag1", 1}, {"ag2", 0}, {"", 0}, {"ag1", 1}, {"ag2", 0}} {
		for range 7 { // past the custom plans: the cached one must not keep an agency
			err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
				var n int
				if _, err := tx.Exec(ctx, `select set_config('gatepost.agency', $1, true)`, tt.agency); err != nil {
					return err
				}
				if err := tx.QueryRow(ctx, `select count(*) from exchange`).Scan(&n); err != nil {
					return err
				}
				if n != tt.want {
					t.Errorf("agency %q sees %d exchanges, want %d", tt.agency, n, tt.want)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestStatements_Prepare(t *testing.T) {
	s := newSchema(t)
	postgrestest.Prepare(t, s.admin, ".")
	postgrestest.Prepare(t, s.admin, "../internal/parts")
}

// The lists of protected words: a family reads its own side's and no other, and
// writes none; a worker writes them in their own name, in their place and in order.
func TestLists(t *testing.T) {
	s := newSchema(t)
	insert := func(id, part string, version int, kind, side, from, to string) string {
		return fmt.Sprintf(`insert into object (agency_id, id, part, version, kind, exchange_id, side_id, from_node, to_node, sealed, commit, leaf)
			values ('ag1', '%s', '%s', %d, '%s', '%s', nullif('%s', ''), '%s', '%s', 'x', sha256('c'), sha256('l'))`, id, part, version, kind, s.exchange, side, from, to)
	}
	by, toCase, toSide := "worker/"+s.worker, "case/"+s.exchange, "side/"+s.from
	s.untriggered(insert(s.exchange, "list", 1, "list", "", by, toCase) + ";" + insert(s.from, "ownlist", 1, "ownlist", s.from, by, toSide) + ";" +
		insert(s.to, "ownlist", 1, "ownlist", s.to, by, "side/"+s.to))
	for person, want := range map[string]string{s.person: s.from, s.personTo: s.to} {
		if n := s.sees(person, `select count(*) from object where kind in ('list', 'ownlist') or part in ('list', 'ownlist')`); n != 1 {
			t.Errorf("a family sees %d lists", n)
		}
		if n := s.sees(person, `select count(*) from object where kind = 'ownlist' and id = $1`, want); n != 1 {
			t.Error("a family does not see its own list")
		}
		wantBroken(t, s.as("gatepost_public", person, insert(want, "ownlist", 2, "ownlist", want, "side/"+want, "side/"+want)), "23514", "list_worker")
		wantBroken(t, s.as("gatepost_public", person, insert(s.exchange, "list", 2, "list", "", "side/"+want, toCase)), "23514", "list_worker")
	}
	good := insert(s.exchange, "list", 2, "list", "", by, toCase)
	for name, tt := range map[string]struct{ account, sql, constraint string }{
		"in another's name":     {s.colleague, good, "list_worker"},
		"a manager":             {s.manager, insert(s.exchange, "list", 2, "list", "", "worker/"+s.manager, toCase), "list_worker"},
		"a version left out":    {s.worker, insert(s.exchange, "list", 3, "list", "", by, toCase), "list_place"},
		"of another part":       {s.worker, insert(s.exchange, "names", 2, "list", "", by, toCase), "list_place"},
		"another kind":          {s.worker, insert(s.exchange, "list", 2, "parties", "", by, toCase), "list_place"},
		"a side's":              {s.worker, insert(s.exchange, "list", 2, "list", s.from, by, toCase), "list_place"},
		"sealed to a side":      {s.worker, insert(s.exchange, "list", 2, "list", "", by, toSide), "list_place"},
		"one side's to another": {s.worker, insert(s.from, "ownlist", 2, "ownlist", s.to, by, toSide), "list_place"},
		"to the other side":     {s.worker, insert(s.from, "ownlist", 2, "ownlist", s.from, by, "side/"+s.to), "list_place"},
	} {
		t.Run(name, func(t *testing.T) { wantBroken(t, s.as("gatepost_staff", tt.account, tt.sql), "23514", tt.constraint) })
	}
	s.untriggered(`insert into connection (agency_id, exchange_id, worker_id) values ('ag1', '` + s.exchange + `', '` + s.colleague + `')`)
	wantBroken(t, s.as("gatepost_staff", s.colleague, insert(s.exchange, "list", 2, "list", "", "worker/"+s.colleague, toCase)), "23514", "list_worker")
	wantBroken(t, s.as("gatepost_staff", s.worker, good), "23503", "object_leaf") // nothing else is wrong with it
}
