package audit

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/postgres"
)

const sqlBodies = `select idx, body, leaf from audit_body where agency_id = agency() and idx >= $1 order by idx limit 10000`

// Index follows the logs and knows, for each object and part, the newest
// statement that carries a commitment. It lives in the staff tier's memory and
// follows them by Follow, so any number of instances agree. It is safe for use
// by many goroutines.
type Index struct {
	db *postgres.DB

	mu   sync.Mutex
	logs map[string]*logIndex // guarded by mu: by agency
}

type logIndex struct {
	next   int64
	newest map[string]newest
}

type newest struct {
	version uint64
	leaf    [32]byte
}

// NewIndex makes an index over the staff tier's database. It reads nothing yet.
func NewIndex(db *postgres.DB) *Index { return &Index{db: db, logs: map[string]*logIndex{}} }

// Follow brings the index up to the end of the agency's log. A page calls it
// before it reads objects: what it then finds older than the index is stale.
func (x *Index) Follow(ctx context.Context, agencyID string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.follow(ctx, agencyID)
}

// Newest checks that leaf is the newest statement of that object and part in
// the agency's log. seal.ErrStale: there is a later one, and an older version
// was put back in its place. seal.ErrUnsigned: the log has no such statement.
// An object newer than the index makes it follow once more.
func (x *Index) Newest(ctx context.Context, agencyID, object, part string, leaf [32]byte) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.newest(agencyID, object, part).leaf == leaf {
		return nil
	}
	if err := x.follow(ctx, agencyID); err != nil {
		return err
	}
	switch n := x.newest(agencyID, object, part); n.leaf {
	case leaf:
		return nil
	case [32]byte{}:
		return fmt.Errorf("%w: the log does not know it", seal.ErrUnsigned)
	default:
		return seal.ErrStale
	}
}

// newest is what the index knows; the caller holds mu.
func (x *Index) newest(agencyID, object, part string) newest {
	log, ok := x.logs[agencyID]
	if !ok {
		return newest{}
	}
	return log.newest[object+"\n"+part]
}

// follow reads what the log has grown by. The caller holds mu.
func (x *Index) follow(ctx context.Context, agencyID string) error {
	log, ok := x.logs[agencyID]
	if !ok {
		log = &logIndex{newest: map[string]newest{}}
		x.logs[agencyID] = log
	}
	for {
		rows, err := x.bodies(ctx, agencyID, log.next)
		if err != nil {
			return fmt.Errorf("follow the log: %w", err)
		}
		for _, r := range rows {
			log.add(r.Body, [32]byte(r.Leaf))
			log.next = r.Idx + 1
		}
		if len(rows) < 10000 {
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
		b.Queue(sqlBodies, from).Query(func(r pgx.Rows) (err error) {
			rows, err = pgx.CollectRows(r, pgx.RowToStructByName[bodyRow])
			return err
		})
	})
	return rows, err
}

// add takes a body in. What does not parse is no statement: a void leaf says so later.
// Signatures are checked where an object is opened, not here.
func (l *logIndex) add(body []byte, leaf [32]byte) {
	st, err := statement.ParseUnverified(body)
	if err != nil || st.Commit == [32]byte{} {
		return
	}
	key := st.Object + "\n" + st.Part
	if have, ok := l.newest[key]; !ok || st.Version >= have.version {
		l.newest[key] = newest{st.Version, leaf}
	}
}
