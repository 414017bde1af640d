package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/logbook"
	"gatepost/internal/postgres"
)

const (
	sqlNewest = `select
		array(select c.note from audit_checkpoint c where c.agency_id = agency() order by c.size desc limit 16),
		(select coalesce(max(h.idx) + 1, 0) from audit_hash h where h.agency_id = agency())`
	sqlBodies = `select b.idx, b.at, b.body, h.hashes from audit_body b
		left join audit_hash h on h.agency_id = b.agency_id and h.idx = b.idx
		where b.agency_id = agency() and b.idx >= $1 order by b.idx limit $2`

	page = 2000 // bodies a trip: 16 MB at most, and a megabyte as they are
)

// ledger is an agency's log as the staff tier has followed it: the tree of all
// bodies, and what it learnt on the way. Its owner locks it.
type ledger struct {
	db     *postgres.DB
	agency *agency.Agency

	tree  logbook.Tree
	last  tlog.Hash           // of the last entry: the tree's newest leaf
	known statement.Verifiers // whose signatures count: the stanza's and, as the log vouches for them, workers'

	restored []restored
	pending  []hashRow // of entries whose hashes the database does not have
	bad      []badRow  // entries that are no statement, since the newest checkpoint
	newest   newest    // what the database had when this began to follow

	voided map[[32]byte]bool // leaves that the registrar voided; nil: signatures below a checkpoint are not looked at
}

// newest is what the database has of the tree.
type newest struct {
	logbook.Checkpoint
	hashes   int64 // how many entries have their hashes stored
	unsigned int   // checkpoints among the newest that the log's key did not sign
}

// restored is a statement of a restore in the log.
type restored struct {
	logbook.Restored
	leaf [32]byte
}

// gives tells whether the statement gives up what a tier has seen, and the tier
// has not gone along with it before: a statement counts once, or it would give
// up as well what came after it.
func (r restored) gives(s seen) bool {
	return s.Size > r.Kept && s.Size <= r.Lost.Size && !slices.Contains(s.taken, r.leaf)
}

type hashRow struct {
	idx    int64
	hashes []byte
}

type badRow struct {
	idx  int64
	at   time.Time
	leaf [32]byte
}

type bodyRow struct {
	Idx    int64
	At     time.Time
	Body   []byte
	Hashes []byte // nil where the database has none
}

func newLedger(db *postgres.DB, a *agency.Agency) *ledger {
	return &ledger{db: db, agency: a, known: a.Verifiers()}
}

func (l *ledger) scope() postgres.Scope { return postgres.Scope{Agency: l.agency.ID} }

// leaves are those of all statements of a restore.
func (l *ledger) leaves() (list [][32]byte) {
	for _, r := range l.restored {
		list = append(list, r.leaf)
	}
	return list
}

// readNewest reads what the database has of the tree.
func (l *ledger) readNewest(ctx context.Context) (n newest, err error) {
	var texts [][]byte
	err = l.db.Read(ctx, l.scope(), func(b *pgx.Batch) {
		b.Queue(sqlNewest).QueryRow(func(row pgx.Row) error { return row.Scan(&texts, &n.hashes) })
	})
	if err != nil {
		return n, err
	}
	n.Checkpoint, _, n.unsigned = logbook.Newest(texts, l.agency.ID, l.known)
	return n, nil
}

func (l *ledger) refuse(index int64, cause error) error {
	return &Refusal{Agency: l.agency.ID, Now: l.tree.Size(), Index: index, Cause: cause}
}

// follow reads the log from where the ledger is to its end, and checks it
// against itself: the entry that it read last, the hashes and the checkpoint
// that are stored. s is what the tier has seen before; follow tells whether the
// log has it (holds). It writes nothing. Any error but that of a database that
// does not answer is a Refusal. After an error the ledger is of no more use.
func (l *ledger) follow(ctx context.Context, s seen) (holds bool, err error) {
	holds = s.Size == 0
	mark := func() error {
		if l.tree.Size() == l.newest.Size && l.newest.Size > 0 && l.tree.Root() != l.newest.Root {
			return l.refuse(-1, logbook.ErrForked)
		}
		if s.Size > 0 && l.tree.Size() == s.Size {
			holds = l.tree.Root() == s.Root
		}
		return nil
	}
	if err := mark(); err != nil {
		return false, err
	}
	for {
		rows, err := l.read(ctx, s)
		if err != nil {
			return false, err
		}
		for _, r := range rows {
			if err := l.add(ctx, r); err != nil {
				return false, err
			}
			if err := mark(); err != nil {
				return false, err
			}
		}
		if len(rows) < page-1 {
			break
		}
	}
	if l.tree.Size() < l.newest.Size {
		return false, l.refuse(l.tree.Size(), ErrMissing)
	}
	return holds, nil
}

// read gives the next bodies. It asks for the last one once more: a log that
// was rolled back has another there, or none.
func (l *ledger) read(ctx context.Context, s seen) (rows []bodyRow, err error) {
	from := max(l.tree.Size()-1, 0)
	err = l.db.Read(ctx, l.scope(), func(b *pgx.Batch) {
		b.Queue(sqlBodies, from, page).Query(func(r pgx.Rows) (err error) {
			rows, err = pgx.CollectRows(r, pgx.RowToStructByName[bodyRow])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	if l.tree.Size() == 0 {
		return rows, nil
	}
	if len(rows) == 0 {
		return nil, &Refusal{Agency: l.agency.ID, Seen: max(l.tree.Size(), s.Size), Now: l.counted(ctx), Index: -1, Cause: logbook.ErrRolledBack}
	}
	if rows[0].Idx != from || tlog.RecordHash(rows[0].Body) != l.last {
		return nil, &Refusal{Agency: l.agency.ID, Seen: l.tree.Size(), Now: l.tree.Size(), Index: -1, Cause: logbook.ErrForked}
	}
	return rows[1:], nil
}

const sqlCount = `select coalesce(max(idx) + 1, 0) from audit_body where agency_id = agency()`

// counted is how many entries there are, for the operator's eyes.
func (l *ledger) counted(ctx context.Context) (n int64) {
	err := l.db.Read(ctx, l.scope(), func(b *pgx.Batch) {
		b.Queue(sqlCount).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
	})
	if err != nil {
		return 0
	}
	return n
}

// add takes the next entry into the tree.
func (l *ledger) add(ctx context.Context, r bodyRow) error {
	idx := l.tree.Size()
	if r.Idx != idx {
		return l.refuse(idx, ErrMissing)
	}
	completed := l.tree.Append(r.Body)
	l.last = completed[0]
	hashes := make([]byte, 0, len(completed)*tlog.HashSize)
	for _, h := range completed {
		hashes = append(hashes, h[:]...)
	}
	switch {
	case r.Hashes == nil:
		l.pending = append(l.pending, hashRow{idx, hashes})
	case !bytes.Equal(r.Hashes, hashes):
		return l.refuse(idx, ErrEdited)
	}
	l.learn(idx, r.Body)
	if idx < l.newest.Size && l.voided == nil {
		return nil // its signer was verified before that checkpoint was signed
	}
	ok, err := l.signed(ctx, r.Body)
	if err != nil {
		return err
	}
	if !ok {
		l.bad = append(l.bad, badRow{idx, r.At, statement.Leaf(r.Body)})
	}
	return nil
}

// learn takes from the registrar's statements which keys workers sign with, and
// what was given up by a restore.
func (l *ledger) learn(idx int64, body []byte) {
	head := body[:min(len(body), 256)] // the event is the third line
	key := bytes.Contains(head, []byte("\nevent key\n")) && bytes.Contains(body, []byte("\nverifier "))
	void := l.voided != nil && bytes.Contains(head, []byte("\nevent void\n"))
	if !key && !void && !bytes.Contains(head, []byte("\nevent restored\n")) {
		return
	}
	st, err := statement.Parse(body, l.known)
	if err != nil || st.Agency != l.agency.ID {
		return // it is found to be bad, or its signer is asked for in the rows
	}
	if void {
		for _, leaf := range st.Refs {
			l.voided[leaf] = true
		}
		return
	}
	if key {
		// Two keys of one name and hash are somebody's work: the first counts.
		_ = l.known.Add(st.Verifier)
		return
	}
	if r, err := logbook.RestoredOf(st); err == nil && r.Kept == idx {
		l.restored = append(l.restored, restored{r, statement.Leaf(body)})
	}
}

// signed tells whether a body is a statement of the agency, signed by whom its
// event asks for. What the log has vouched for so far mostly says so; else the
// rows are asked, for two statements of one act may stand in either order.
func (l *ledger) signed(ctx context.Context, body []byte) (bool, error) {
	if st, err := statement.Parse(body, l.known); err == nil {
		return st.Agency == l.agency.ID, nil
	}
	_, err := l.agency.Verify(ctx, l.db, body)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, seal.ErrUnsigned), errors.Is(err, agency.ErrUntrusted):
		return false, nil
	}
	return false, fmt.Errorf("verify an entry of the log: %w", err)
}
