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
	"gatepost/internal/postgres/postgrestest"
	"gatepost/letterbox"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// schema is a small world made with the triggers off: rows in any state, right
// or wrong, to try the database itself without our services.
type schema struct {
	t                                   *testing.T
	db                                  *postgrestest.Database
	admin                               *pgx.Conn
	worker, person, other               string
	exchange, from, to, child, personTo string
	conns                               map[string]*pgx.Conn // by role
}

func newSchema(t *testing.T) *schema {
	t.Helper()
	db := postgrestest.New(t)
	s := &schema{t: t, db: db, admin: db.Admin(), conns: map[string]*pgx.Conn{},
		worker: agency.NewID("wk"), person: agency.NewID("pe"), personTo: agency.NewID("pe"), other: agency.NewID("wk"),
		exchange: agency.NewID("ex"), from: agency.NewID("sd"), to: agency.NewID("sd"), child: agency.NewID("ch")}
	s.untriggered(fmt.Sprintf(`
		insert into agency (id, stanza) values ('ag1', sha256('x')), ('ag2', sha256('y'));
		insert into audit_gate (agency_id) values ('ag1'), ('ag2');
		insert into worker (agency_id, id, state, roles, role_leaf) values ('ag1', '%[1]s', 'active', '{letterboxWorker}', sha256('r'));
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
		s.worker, s.other, s.person, s.personTo, s.exchange, s.from, s.to, s.child))
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
	sql := fmt.Sprintf(`insert into letter (agency_id, id, exchange_id, from_side, to_side, author, state, hear_by, visible_on)
		values ('ag1', '%s', '%s', '%s', '%s', '%s', '%s', current_date, current_date)`, letter, s.exchange, s.from, s.to, s.person, state)
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

// Every pair of states, by the role that has UPDATE on letters: the database
// lets through what the Go table lists and nothing else.
func TestMoves_EveryPair(t *testing.T) {
	s := newSchema(t)
	tried := 0
	for _, from := range letterbox.States() {
		for _, to := range letterbox.States() {
			if from == to {
				continue
			}
			act := "pass"
			if to == letterbox.ReturnedToWriter {
				act = "return"
			}
			letter, _ := s.letter(from, act)
			err := s.as("gatepost_staff", s.worker, `update letter set state = $2 where id = $1`, letter, string(to))
			want := letterbox.Permitted(from, to, authz.LetterboxWorker) || letterbox.Permitted(from, to, letterbox.Clock)
			if _, constraint := broke(err); (err == nil) != want || err != nil && constraint != "letter_move" {
				t.Errorf("%s to %s: %v, want permitted %v", from, to, err, want)
			}
			tried++
		}
	}
	if n := len(letterbox.States()); tried != n*(n-1) {
		t.Errorf("tried %d pairs", tried)
	}
}

// A letter begins received and in no other state, whoever writes it.
func TestMoves_EveryBeginning(t *testing.T) {
	s := newSchema(t)
	for _, state := range letterbox.States() {
		for _, role := range []string{"gatepost_public", "gatepost_staff"} {
			account := s.person
			if role == "gatepost_staff" {
				account = s.worker
			}
			err := s.as(role, account, `insert into letter (agency_id, id, exchange_id, from_side, to_side, author, state, hear_by)
				values ('ag1', $1, $2, $3, $4, $5, $6, current_date)`, agency.NewID("lt"), s.exchange, s.from, s.to, s.person, string(state))
			want := role == "gatepost_public" && letterbox.Permitted("", state, authz.Correspondent)
			if (err == nil) != want {
				t.Errorf("%s begins a letter as %s: %v, want permitted %v", role, state, err, want)
			}
		}
	}
}

// What a family may do to a letter, from every state, through the only two
// functions that it has; and nothing by UPDATE.
func TestMoves_Family(t *testing.T) {
	s := newSchema(t)
	for _, from := range letterbox.States() {
		letter, delivery := s.letter(from, "pass")
		if code, _ := broke(s.as("gatepost_public", s.person, `update letter set state = 'passed' where id = $1`, letter)); code != "42501" {
			t.Errorf("a writer updates a %s letter: %q", from, code)
		}
		err := s.as("gatepost_public", s.person, `select open_delivery($1)`, delivery)
		if code, _ := broke(err); code != "GP404" {
			t.Errorf("a writer opens their own %s letter: %v", from, err)
		}
		err = s.as("gatepost_public", s.personTo, `select open_delivery($1)`, delivery)
		// KeptForLater opens by a move that is not made today; the table has no row for it.
		want := letterbox.Permitted(from, letterbox.Opened, authz.Correspondent) || from == letterbox.Opened
		if (err == nil) != want {
			t.Errorf("a recipient opens a %s letter: %v, want %v", from, err, want)
		}
		letter, _ = s.letter(from, "")
		err = s.as("gatepost_public", s.personTo, `select replace_letter($1)`, letter)
		if code, _ := broke(err); code != "GP409" {
			t.Errorf("a recipient replaces a %s letter: %v", from, err)
		}
		err = s.as("gatepost_public", s.person, `select replace_letter($1)`, letter)
		if want := letterbox.Permitted(from, letterbox.ReplacedByRewrite, authz.Correspondent); (err == nil) != want {
			t.Errorf("a writer replaces a %s letter: %v, want %v", from, err, want)
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
	postgrestest.Prepare(t, newSchema(t).admin, ".")
}
