package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/statement"
	"gatepost/internal/logbook"
	"gatepost/internal/postgres"
)

// Stored letters that the cost of one more is compared over.
const (
	fewStored  = 1_000
	manyStored = 1_000_000
)

// lettersEach is how many stored letters an exchange has: ten years of two each way.
const lettersEach = 20

// storedBytes is how much of each stored object is kept. A real one of 2 KB is
// 9 KB sealed; a million of those, twice, would fill the disk. What makes a
// letter dear as others pile up are rows and indexes, and those are true.
const storedBytes = 600

// growth measures a letter of 2 KB in two worlds by turns: one with a thousand
// stored letters and one with a million.
func growth(ctx context.Context, print func(Result) error) (err error) {
	var worlds []*relaying
	defer func() {
		for _, r := range worlds {
			err = errors.Join(err, r.close(ctx))
		}
	}()
	for _, stored := range []int{fewStored, manyStored} {
		w, err := newWorld(ctx, couples, exchanges)
		if err != nil {
			return fmt.Errorf("make the bench's world: %w", err)
		}
		r, err := w.newRelay(ctx, 2<<10)
		if err != nil {
			return errors.Join(err, w.close(ctx))
		}
		worlds = append(worlds, r)
		if err := r.stock(ctx, stored); err != nil {
			return fmt.Errorf("store %d letters: %w", stored, err)
		}
	}
	for i, stored := range []int{fewStored, manyStored} {
		// Storing took longer than a session lives, and the staff tier follows the
		// log before its first letter.
		if err := worlds[i].signInAgain(ctx); err != nil {
			return fmt.Errorf("sign in again: %w", err)
		}
		if err := worlds[i].letter(ctx); err != nil {
			return fmt.Errorf("the first letter beside %d: %w", stored, err)
		}
	}
	results, err := byTurns(ctx, worlds)
	if err != nil {
		return err
	}
	for i, stored := range []int{fewStored, manyStored} {
		results[i].Stored = stored
		if i > 0 {
			results[i].Growth = results[i].CPU / results[0].CPU
		}
		if err := print(results[i]); err != nil {
			return err
		}
	}
	return nil
}

// byTurns measures every world beside its floor, in turns of a few seconds, so
// that a slow minute of the machine is everybody's. Flushes are bench relay's to
// count: here they would drown in what a tier writes that opens a million entries.
func byTurns(ctx context.Context, worlds []*relaying) ([]Result, error) {
	const turns, letters = 4, 200
	sums := make([]Result, len(worlds))
	for range turns {
		for i, r := range worlds {
			one, err := r.world.beside(ctx, "relay growth", letters/turns, r.letter, r.floor)
			if err != nil {
				return nil, err
			}
			sums[i].add(one)
		}
	}
	for i := range sums {
		sums[i].share(turns)
	}
	return sums, nil
}

// add and share make the mean of several results of one bench.
func (r *Result) add(o Result) {
	r.Bench, r.RSS = o.Bench, o.RSS
	r.N += o.N
	for _, f := range []struct {
		to   *float64
		from float64
	}{{&r.PerSecond, o.PerSecond}, {&r.P50, o.P50}, {&r.P99, o.P99}, {&r.CPU, o.CPU}, {&r.CPUDatabase, o.CPUDatabase},
		{&r.FloorCPU, o.FloorCPU}, {&r.FloorPerSecond, o.FloorPerSecond}} {
		*f.to += f.from
	}
}

func (r *Result) share(n int) {
	for _, f := range []*float64{&r.PerSecond, &r.P50, &r.P99, &r.CPU, &r.CPUDatabase, &r.FloorCPU, &r.FloorPerSecond} {
		*f /= float64(n)
	}
	r.Ratio = r.PerSecond / r.FloorPerSecond
}

// stock writes letters that have crossed long ago: by copies of what one real
// letter left, past all triggers, with the log's entries, hashes and a
// checkpoint. Their signatures do not verify; nobody asks about them.
func (r *relaying) stock(ctx context.Context, n int) (err error) {
	if err := r.letter(ctx); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, r.server.DSN(postgres.RoleAdmin, database))
	if err != nil {
		return fmt.Errorf("connect to store: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if _, err := conn.Exec(ctx, "set session_replication_role = replica"); err != nil {
		return err
	}
	s, err := newStore(ctx, conn, n)
	if err != nil {
		return err
	}
	for _, t := range s.tables() {
		if _, err := conn.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromSlice(t.n, t.row)); err != nil {
			return fmt.Errorf("store %s: %w", t.name, err)
		}
	}
	of := r.staff.Agencies.All()[0]
	signer, err := of.LogSigner()
	if err != nil {
		return err
	}
	// Both tiers anew, as after years: the staff tier has to follow the whole log.
	r.closePools()
	if err := s.finish(ctx, conn, signer); err != nil {
		return err
	}
	return r.open(ctx, of.Stanza)
}

// store is what stock writes.
type store struct {
	letters   int
	first     int64 // the log's first free place
	edge      *logbook.Tree
	leafHash  [][]byte // of the entries before
	templates [][]byte // what a letter leaves in the log, in order
	ids       struct{ letter, delivery, exchange, from, to, author, worker string }
	sealed    []byte
	day       time.Time
}

const (
	sqlCrossed = `select l.id, d.id, l.exchange_id, l.from_side, l.to_side, l.author, c.worker_id from letter l
		join delivery d on d.agency_id = l.agency_id and d.letter_id = l.id join decision c on c.agency_id = l.agency_id and c.letter_id = l.id
		where l.state = 'opened' order by l.submitted_at limit 1`
	sqlLogged = `select body from audit_body order by idx`
)

func newStore(ctx context.Context, conn *pgx.Conn, n int) (*store, error) {
	s := &store{letters: n, edge: &logbook.Tree{}, sealed: make([]byte, storedBytes), day: time.Now().AddDate(-1, 0, 0)}
	err := conn.QueryRow(ctx, sqlCrossed).Scan(&s.ids.letter, &s.ids.delivery, &s.ids.exchange, &s.ids.from, &s.ids.to, &s.ids.author, &s.ids.worker)
	if err != nil {
		return nil, fmt.Errorf("find what one letter left: %w", err)
	}
	rows, err := conn.Query(ctx, sqlLogged)
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	bodies, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	for _, body := range bodies {
		s.leafHash = append(s.leafHash, joined(s.edge.Append(body)))
		if bytes.Contains(body, []byte(s.ids.letter)) || bytes.Contains(body, []byte(s.ids.delivery)) {
			s.templates = append(s.templates, body)
		}
	}
	if len(s.templates) < 4 {
		return nil, fmt.Errorf("one letter left %d entries only", len(s.templates))
	}
	s.first = int64(len(bodies))
	return s, nil
}

// table is rows that are copied into one table.
type table struct {
	name    string
	columns []string
	n       int
	row     func(i int) ([]any, error)
}

// made is the id of something stored: chance enough for an index, and the same for the same number.
func made(prefix string, i int) string {
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], uint64(i))
	sum := sha256.Sum256(append([]byte(prefix), number[:]...))
	return prefix + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:20])
}

func (s *store) tables() []table {
	homes, each := (s.letters+lettersEach-1)/lettersEach, len(s.templates)
	of := func(letter int) int { return letter / lettersEach }
	return []table{
		{"exchange", []string{"agency_id", "id", "reference", "opened_by"}, homes, func(i int) ([]any, error) {
			return []any{home, made("ex", i), reference(i), s.ids.worker}, nil
		}},
		{"side", []string{"agency_id", "id", "exchange_id", "place", "book"}, 2 * homes, func(i int) ([]any, error) {
			return []any{home, made("sd", i), made("ex", i/2), i%2 + 1, []string{"birth", "adoptive"}[i%2]}, nil
		}},
		{"audit_body", []string{"agency_id", "idx", "body"}, each * s.letters, func(i int) ([]any, error) {
			return []any{home, s.first + int64(i), s.body(i)}, nil
		}},
		{"letter", []string{"agency_id", "id", "exchange_id", "from_side", "to_side", "author", "state", "submitted_at", "submitted_on", "hear_by", "decided_on"}, s.letters,
			func(i int) ([]any, error) {
				x := of(i)
				return []any{home, made("lt", i), made("ex", x), made("sd", 2*x), made("sd", 2*x+1), s.ids.author, "opened", s.day, s.day, s.day, s.day}, nil
			}},
		{"object", []string{"agency_id", "id", "part", "version", "kind", "exchange_id", "from_node", "to_node", "sealed", "commit", "leaf"}, 2 * s.letters,
			func(i int) ([]any, error) {
				prefix, kind := "lt", "submission"
				if i%2 == 1 {
					prefix, kind = "dl", "delivery"
				}
				x := of(i / 2)
				leaf := statement.Leaf(s.body(i / 2 * each))
				return []any{home, made(prefix, i/2), "text", 1, kind, made("ex", x), "side/" + made("sd", 2*x), "case/" + made("ex", x), s.sealed, leaf[:], leaf[:]}, nil
			}},
		{"decision", []string{"agency_id", "letter_id", "worker_id", "act", "leaf"}, s.letters, func(i int) ([]any, error) {
			leaf := statement.Leaf(s.body(i*each + 1))
			return []any{home, made("lt", i), s.ids.worker, "pass", leaf[:]}, nil
		}},
		{"delivery", []string{"agency_id", "id", "letter_id", "side_id", "passed_on"}, s.letters, func(i int) ([]any, error) {
			return []any{home, made("dl", i), made("lt", i), made("sd", 2*of(i)+1), s.day}, nil
		}},
		{"letter_day", []string{"agency_id", "letter_id", "n", "state", "told", "on_day", "at"}, 3 * s.letters, func(i int) ([]any, error) {
			state := []string{"received", "waiting", "opened"}[i%3]
			told := []string{"withUs", "passedOn", "passedOn"}[i%3]
			return []any{home, made("lt", i/3), i%3 + 1, state, told, s.day, s.day}, nil
		}},
	}
}

// reference is one of those that a bench's own exchanges do not have.
func reference(i int) string {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var b [5]byte
	for at := len(b) - 1; at >= 0; at-- {
		b[at] = digits[i%len(digits)]
		i /= len(digits)
	}
	return "LB-" + string(b[:])
}

// body is entry i of the stored letters: the statement of the real letter under other ids.
func (s *store) body(i int) []byte {
	letter := i / len(s.templates)
	x := letter / lettersEach
	return []byte(strings.NewReplacer(s.ids.letter, made("lt", letter), s.ids.delivery, made("dl", letter), s.ids.exchange, made("ex", x),
		s.ids.from, made("sd", 2*x), s.ids.to, made("sd", 2*x+1)).Replace(string(s.templates[i%len(s.templates)])))
}

// finish writes the tree over the whole log, closes the gate behind it and lets the planner look.
func (s *store) finish(ctx context.Context, conn *pgx.Conn, signer note.Signer) error {
	total := int(s.first) + len(s.templates)*s.letters
	for _, sql := range []string{"delete from audit_hash", "delete from audit_checkpoint"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("before storing the tree: %w", err)
		}
	}
	_, err := conn.CopyFrom(ctx, pgx.Identifier{"audit_hash"}, []string{"agency_id", "idx", "hashes"}, pgx.CopyFromSlice(total, func(i int) ([]any, error) {
		if i < len(s.leafHash) {
			return []any{home, i, s.leafHash[i]}, nil
		}
		return []any{home, i, joined(s.edge.Append(s.body(i - int(s.first))))}, nil
	}))
	if err != nil {
		return fmt.Errorf("store the tree: %w", err)
	}
	signed, err := s.edge.Checkpoint().Sign(home, signer)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "insert into audit_checkpoint (agency_id, size, note) values ($1, $2, $3)", home, total, signed)
	if err != nil {
		return fmt.Errorf("store the checkpoint: %w", err)
	}
	for _, sql := range []string{"set session_replication_role = origin", "vacuum analyze"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("after storing: %w", err)
		}
	}
	_, err = conn.Exec(ctx, "update audit_gate set next = $1 where agency_id = $2", total, home)
	return err
}

func joined[H ~[32]byte](hashes []H) []byte {
	var b []byte
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}
