package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/postgres"
)

const (
	sqlBodies = `select idx, body, leaf from audit_body where agency_id = agency() and idx >= $1 order by idx limit $2`
	sqlBody   = `select leaf_body($1)`

	page = 10000 // bodies a trip
)

// Index follows the logs and knows, for each object and part, the statements
// that carry a commitment; for each node the keys that were vouched for; and
// for each worker what was stated of their roles. It lives in the staff tier's memory and follows them
// by Follow, so any number of instances agree. It is safe for use by many
// goroutines.
//
// What it reads it does not believe: the families' tier can append anything
// that looks like a statement. A later one makes an object, a key or a role stale only once
// its signature has been verified, which is done when it matters.
type Index struct {
	db     *postgres.DB
	verify Verify

	mu   sync.Mutex
	logs map[string]*logIndex // guarded by mu: by agency
}

// Verify checks a body of an agency's log; nil if it is signed as it must be.
type Verify func(ctx context.Context, agencyID string, body []byte) error

type logIndex struct {
	next   int64
	stated map[string][]version // by object and part, in the order of the log

	keys    map[string][]version // by node; the number is the epoch
	workers map[string][]worded  // by worker, in the order of the log
	about   map[string][]int64   // by what they say that they are about: the places of entries
}

type version struct {
	number uint64
	leaf   [32]byte
}

// NewIndex makes an index over the staff tier's database. It reads nothing yet.
func NewIndex(db *postgres.DB, verify Verify) *Index {
	return &Index{db: db, verify: verify, logs: map[string]*logIndex{}}
}

// Follow brings the index up to the end of the agency's log. A page calls it
// before it reads objects: what it then finds older than the index is stale.
func (x *Index) Follow(ctx context.Context, agencyID string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.follow(ctx, agencyID)
}

// Newest checks that leaf is the newest statement of that object and part in
// the agency's log. seal.ErrStale: there is a later one that verifies, and an
// older version was put back in its place. seal.ErrUnsigned: the log has no
// such statement. An object newer than the index makes it follow once more.
func (x *Index) Newest(ctx context.Context, agencyID, object, part string, leaf [32]byte) error {
	later, known, err := x.later(ctx, agencyID, object+"\n"+part, leaf)
	if err != nil {
		return err
	}
	if !known {
		return fmt.Errorf("%w: the log does not know it", seal.ErrUnsigned)
	}
	for _, other := range later {
		body, err := x.body(ctx, agencyID, other)
		if err != nil {
			return fmt.Errorf("read a later statement: %w", err)
		}
		if x.verify(ctx, agencyID, body) == nil {
			return seal.ErrStale
		}
		x.forget(agencyID, object+"\n"+part, other)
	}
	return nil
}

// later gives the statements that would make leaf an old version, if they are
// true, and whether the log knows leaf at all.
func (x *Index) later(ctx context.Context, agencyID, key string, leaf [32]byte) (later [][32]byte, known bool, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for range 2 {
		if log, ok := x.logs[agencyID]; ok {
			if later, known = log.later(key, leaf); known {
				return later, true, nil
			}
		}
		if err := x.follow(ctx, agencyID); err != nil {
			return nil, false, err
		}
	}
	later, known = x.logs[agencyID].later(key, leaf)
	return later, known, nil
}

func (l *logIndex) later(key string, leaf [32]byte) (later [][32]byte, known bool) {
	all := l.stated[key]
	at := slices.IndexFunc(all, func(v version) bool { return v.leaf == leaf })
	if at < 0 {
		return nil, false
	}
	for i, v := range all {
		if v.number > all[at].number || v.number == all[at].number && i > at {
			later = append(later, v.leaf)
		}
	}
	return later, true
}

// forget drops a statement that does not verify.
func (x *Index) forget(agencyID, key string, leaf [32]byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	log := x.logs[agencyID]
	log.stated[key] = slices.DeleteFunc(log.stated[key], func(v version) bool { return v.leaf == leaf })
}

// follow reads what the log has grown by. The caller holds mu.
func (x *Index) follow(ctx context.Context, agencyID string) error {
	log, ok := x.logs[agencyID]
	if !ok {
		log = &logIndex{stated: map[string][]version{}, keys: map[string][]version{}, workers: map[string][]worded{}, about: map[string][]int64{}}
		x.logs[agencyID] = log
	}
	for {
		rows, err := x.bodies(ctx, agencyID, log.next)
		if err != nil {
			return fmt.Errorf("follow the log: %w", err)
		}
		for _, r := range rows {
			log.add(r)
			log.next = r.Idx + 1
		}
		if len(rows) < page {
			return nil
		}
	}
}

type bodyRow struct {
	Idx  int64
	Body []byte
	Leaf []byte
}

func (x *Index) bodies(ctx context.Context, agencyID string, from int64) (rows []bodyRow, err error) {
	err = x.db.Read(ctx, postgres.Scope{Agency: agencyID}, func(b *pgx.Batch) {
		b.Queue(sqlBodies, from, page).Query(func(r pgx.Rows) (err error) {
			rows, err = pgx.CollectRows(r, pgx.RowToStructByName[bodyRow])
			return err
		})
	})
	return rows, err
}

func (x *Index) body(ctx context.Context, agencyID string, leaf [32]byte) (body []byte, err error) {
	err = x.db.Read(ctx, postgres.Scope{Agency: agencyID}, func(b *pgx.Batch) {
		b.Queue(sqlBody, leaf[:]).QueryRow(func(row pgx.Row) error { return row.Scan(&body) })
	})
	return body, err
}

// add takes a body in. What does not parse is no statement.
func (l *logIndex) add(r bodyRow) {
	st, err := statement.ParseUnverified(r.Body)
	if err != nil {
		return
	}
	leaf := [32]byte(r.Leaf)
	if about := aboutOf(st); about != "" {
		l.about[strings.Clone(about)] = append(l.about[about], r.Idx)
	}
	switch st.Event {
	case statement.EventKey:
		l.addKey(st, leaf)
	case statement.EventRole, statement.EventLapse:
		l.addWorker(st, leaf)
	}
	if st.Commit == [32]byte{} {
		return
	}
	key := st.Object + "\n" + st.Part
	l.stated[key] = append(l.stated[key], version{st.Version, leaf})
}

// aboutOf is under what an inspector finds a statement: its exchange, which the
// key of a case is of, or else the side or the delivery that it names alone.
func aboutOf(st *statement.Statement) string {
	if st.Exchange != "" {
		return st.Exchange
	}
	if exchange, ok := strings.CutPrefix(st.Object, "case/"); ok {
		return exchange
	}
	if strings.HasPrefix(st.Object, "side/") || strings.HasPrefix(st.Object, "dl") {
		return st.Object
	}
	return ""
}

// About gives the places of the entries that say they are about one of these:
// an exchange, with its case's keys; a node such as "side/sd…"; a delivery. It
// follows the log first. Whether such an entry is true, the caller verifies.
func (x *Index) About(ctx context.Context, agencyID string, whats ...string) (places []int64, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.follow(ctx, agencyID); err != nil {
		return nil, err
	}
	for _, what := range whats {
		places = append(places, x.logs[agencyID].about[what]...)
	}
	slices.Sort(places)
	return slices.Compact(places), nil
}

// Worker gives the leaves of what is stated of a worker: their keys, and their
// roles with what ended them, both in the order of the log. Whether they are
// true, the caller verifies.
func (x *Index) Worker(agencyID, worker string) (keys, roles [][32]byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	log, ok := x.logs[agencyID]
	if !ok {
		return nil, nil
	}
	for _, v := range log.keys["worker/"+worker] {
		keys = append(keys, v.leaf)
	}
	for _, w := range log.workers[worker] {
		roles = append(roles, w.leaf)
	}
	return keys, roles
}

// Stated tells whether the log has a true statement that a part of an object
// was written: what has no row then was taken away.
func (x *Index) Stated(ctx context.Context, agencyID, object, part string) (bool, error) {
	for _, v := range x.statedOf(agencyID, object+"\n"+part) {
		body, err := x.body(ctx, agencyID, v.leaf)
		if err != nil {
			return false, fmt.Errorf("read a statement: %w", err)
		}
		if x.verify(ctx, agencyID, body) == nil {
			return true, nil
		}
		x.forget(agencyID, object+"\n"+part, v.leaf)
	}
	return false, nil
}

// Statements gives the true statements of the log about a part of an object, in
// its order.
func (x *Index) Statements(ctx context.Context, agencyID, object, part string) (list []*statement.Statement, err error) {
	for _, v := range x.statedOf(agencyID, object+"\n"+part) {
		body, err := x.body(ctx, agencyID, v.leaf)
		if err != nil {
			return nil, fmt.Errorf("read a statement: %w", err)
		}
		if x.verify(ctx, agencyID, body) != nil {
			x.forget(agencyID, object+"\n"+part, v.leaf)
			continue
		}
		st, err := statement.ParseUnverified(body)
		if err != nil {
			return nil, err
		}
		list = append(list, st)
	}
	return list, nil
}

func (x *Index) statedOf(agencyID, key string) []version {
	x.mu.Lock()
	defer x.mu.Unlock()
	if log, ok := x.logs[agencyID]; ok {
		return slices.Clone(log.stated[key])
	}
	return nil
}
