package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/postgres"
)

const sqlNewestEpoch = `select coalesce(max(epoch), 0)::bigint from node where agency_id = agency() and id = $1 and key_leaf is not null`

// What a role statement of a worker names as its part where it lists no roles.
const (
	Suspended = "suspended"
	Lifted    = "lifted" // a suspension
	Left      = "left"
)

// ErrMoved: a new key was made while the older one was being read. Nothing is
// wrong; the act can be tried again.
var ErrMoved = errors.New("a newer key was made in this moment")

// worded is what the log says of a worker at one place: roles, or one of
// Suspended, Lifted and Left.
type worded struct {
	part string
	leaf [32]byte
}

// addKey takes in that a node's key was vouched for.
func (l *logIndex) addKey(st *statement.Statement, leaf [32]byte) {
	l.keys[st.Object] = append(l.keys[st.Object], version{st.Version, leaf})
}

// addWorker takes in what was stated of a worker. The operator's suspension is
// a lapse, for no manager signs it.
func (l *logIndex) addWorker(st *statement.Statement, leaf [32]byte) {
	worker, ok := strings.CutPrefix(st.Object, "worker/")
	if ok && (st.Event == statement.EventRole || st.Part == Suspended) {
		l.workers[worker] = append(l.workers[worker], worded{st.Part, leaf})
	}
}

// Keys checks that these epochs of nodes are the newest that the agency's log
// vouches for: with rows alone an older key, and who held it, can be put back
// in the place of a newer one. It follows the log first. seal.ErrStale: the
// database has lost a newer key. ErrMoved: it has one, the caller has not read
// it yet.
func (x *Index) Keys(ctx context.Context, agencyID string, held map[string]uint32) error {
	if err := x.Follow(ctx, agencyID); err != nil {
		return err
	}
	for node, epoch := range held {
		newest, err := x.newestKey(ctx, agencyID, node, uint64(epoch))
		if err != nil {
			return err
		}
		if newest == uint64(epoch) {
			continue
		}
		var stored uint64
		err = x.db.Read(ctx, postgres.Scope{Agency: agencyID}, func(b *pgx.Batch) {
			b.Queue(sqlNewestEpoch, node).QueryRow(func(row pgx.Row) error { return row.Scan(&stored) })
		})
		switch {
		case err != nil:
			return fmt.Errorf("read the newest key: %w", err)
		case stored >= newest:
			return ErrMoved
		}
		return fmt.Errorf("%w: key %d of %s, the log has %d", seal.ErrStale, epoch, node, newest)
	}
	return nil
}

// newestKey gives the highest epoch from this one on that a true statement
// vouches for.
func (x *Index) newestKey(ctx context.Context, agencyID, node string, epoch uint64) (uint64, error) {
	newest := epoch
	for _, v := range x.above(agencyID, node, epoch) {
		ok, err := x.holds(ctx, agencyID, v.leaf)
		switch {
		case err != nil:
			return 0, err
		case ok:
			newest = max(newest, v.number)
		default:
			x.drop(agencyID, func(l *logIndex) {
				l.keys[node] = slices.DeleteFunc(l.keys[node], func(o version) bool { return o.leaf == v.leaf })
			})
		}
	}
	return newest, nil
}

func (x *Index) above(agencyID, node string, epoch uint64) (above []version) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, v := range x.logs[agencyID].keys[node] {
		if v.number > epoch {
			above = append(above, v)
		}
	}
	return above
}

// Stands checks that leaf is the newest list of roles that was stated for a
// worker, and tells whether they were kept out since: suspended and not let in
// again, or left. It follows the log first. seal.ErrStale: there is a later
// list. seal.ErrUnsigned: the log has no such statement of theirs.
func (x *Index) Stands(ctx context.Context, agencyID, worker string, leaf [32]byte) (in bool, err error) {
	if err := x.Follow(ctx, agencyID); err != nil {
		return false, err
	}
	later, known := x.laterWords(agencyID, worker, leaf)
	if !known {
		return false, fmt.Errorf("%w: the log does not know it", seal.ErrUnsigned)
	}
	in = true
	for _, w := range later {
		ok, err := x.holds(ctx, agencyID, w.leaf)
		if err != nil {
			return false, err
		}
		if !ok {
			x.drop(agencyID, func(l *logIndex) {
				l.workers[worker] = slices.DeleteFunc(l.workers[worker], func(o worded) bool { return o.leaf == w.leaf })
			})
			continue
		}
		switch w.part {
		case Left:
			return false, nil
		case Suspended, Lifted:
			in = w.part == Lifted
		default:
			return false, seal.ErrStale
		}
	}
	return in, nil
}

func (x *Index) laterWords(agencyID, worker string, leaf [32]byte) (later []worded, known bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	all := x.logs[agencyID].workers[worker]
	at := slices.IndexFunc(all, func(w worded) bool { return w.leaf == leaf })
	if at < 0 {
		return nil, false
	}
	return slices.Clone(all[at+1:]), true
}

// holds tells whether a statement of the log is signed as it must be.
func (x *Index) holds(ctx context.Context, agencyID string, leaf [32]byte) (bool, error) {
	body, err := x.body(ctx, agencyID, leaf)
	if err != nil {
		return false, fmt.Errorf("read a later statement: %w", err)
	}
	err = x.verify(ctx, agencyID, body)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return err == nil, nil
}

// drop forgets what does not verify.
func (x *Index) drop(agencyID string, what func(*logIndex)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	what(x.logs[agencyID])
}
