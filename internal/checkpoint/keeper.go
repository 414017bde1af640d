package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/fault"
	"gatepost/internal/highwater"
	"gatepost/internal/logbook"
	"gatepost/internal/nudge"
	"gatepost/internal/postgres"
)

const (
	sqlNoWait       = `select set_config('synchronous_commit', 'off', true)`
	sqlInsertHashes = `insert into audit_hash (agency_id, idx, hashes)
		select agency(), n.idx, n.hashes from unnest($1::bigint[], $2::bytea[]) as n (idx, hashes) on conflict do nothing`
	sqlSameHashes = `select 1 where not exists (select from unnest($1::bigint[], $2::bytea[]) as n (idx, hashes)
		join audit_hash h on h.agency_id = agency() and h.idx = n.idx where h.hashes <> n.hashes)` // for postgres.Guarded
	sqlInsertCheckpoint = `insert into audit_checkpoint (agency_id, size, note) values (agency(), $1, $2) on conflict do nothing`
	sqlSameCheckpoint   = `select 1 from audit_checkpoint where agency_id = agency() and size = $1 and note = $2` // for postgres.Guarded

	// unsignedAlarm is of both tiers.
	unsignedAlarm = "ALARM: checkpoints in the database are not signed by the log's key; they are passed over, and somebody other than this program wrote them"

	// Every is how often a log is looked at where no desk was nudged. With a
	// pass that takes as long, no entry is without a checkpoint for a minute.
	Every = 30 * time.Second

	// again is how soon a pass is tried anew that the database refused.
	again = 5 * time.Second

	hashesAtOnce = 5000 // rows a transaction
	voidsAtOnce  = 100  // statements a transaction, which holds the agency's gate
)

// Config is what a Keeper or a Watcher is made of. Every field is needed.
type Config struct {
	DB       *postgres.DB // in the role of the tier
	Agencies []*agency.Agency
	Folder   string // of state, of this tier
	Now      func() time.Time
	Log      *slog.Logger
}

// Keeper makes the checkpoints of the staff tier. Any number may run, in any
// number of processes. It is safe for use by many goroutines.
type Keeper struct {
	config Config
	folder highwater.Folder
	stall  func(point string) // for tests: called between two steps

	logs []*keptLog
}

// keptLog is one agency's log.
type keptLog struct {
	high     highWater
	agency   *agency.Agency
	standing atomic.Pointer[Standing] // after each pass that worked

	mu     sync.Mutex
	ledger *ledger            // guarded by mu: nil before the first pass and after one that failed
	signed logbook.Checkpoint // guarded by mu: what the latest pass signed
}

// NewKeeper opens the folder of state. It reads nothing of the database yet.
func NewKeeper(c Config) (*Keeper, error) {
	folder, err := highwater.Open(c.Folder)
	if err != nil {
		return nil, err
	}
	k := &Keeper{config: c, folder: folder, stall: func(string) {}}
	for _, a := range c.Agencies {
		l := &keptLog{agency: a, high: highWater{folder, a.ID, a.Verifiers()}}
		l.standing.Store(&Standing{Agency: a.ID})
		k.logs = append(k.logs, l)
	}
	return k, nil
}

// Start computes the tree of each agency from its bodies, compares it with what
// is stored and with what this tier has seen, and signs what has grown. A
// database that was rolled back or changed is a Refusal; the tier must not serve
// it.
func (k *Keeper) Start(ctx context.Context) error {
	for _, l := range k.logs {
		if err := k.pass(ctx, l); err != nil {
			return fmt.Errorf("look through the log: %w", err)
		}
	}
	return nil
}

// ErrNoAgency: it is not one of the Keeper's or the Watcher's.
var ErrNoAgency = errors.New("no such agency")

// Checkpoint brings an agency's log under a signed checkpoint as far as it
// goes. An entry that is no statement of who should have signed it is followed
// by the registrar's void and an ALARM in the process's log; it stops nobody. A
// Refusal means that the database is not the one of before: the process must end.
func (k *Keeper) Checkpoint(ctx context.Context, agencyID string) error {
	for _, l := range k.logs {
		if l.agency.ID == agencyID {
			return k.pass(ctx, l)
		}
	}
	return ErrNoAgency
}

// pass is one look at a log. After any error the next one begins at the first
// entry: what of the rows was stored is not known then.
func (k *Keeper) pass(ctx context.Context, l *keptLog) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	began := k.config.Now()
	if err := k.cover(ctx, l); err != nil {
		l.ledger = nil
		return err
	}
	l.standing.Store(&Standing{l.agency.ID, l.signed.Size, began})
	return nil
}

// cover follows the log and signs it. The caller holds l.mu.
func (k *Keeper) cover(ctx context.Context, l *keptLog) error {
	// Before the database is asked: what another instance has seen by now, the
	// database has to have afterwards.
	s, err := l.high.load()
	if err != nil {
		return err
	}
	first := l.ledger == nil
	if err := k.begin(ctx, l, s); err != nil {
		return err
	}
	if err := k.settle(ctx, l, s); err != nil {
		return err
	}
	if first && s.Size == 0 && l.ledger.tree.Size() > 0 {
		k.config.Log.WarnContext(ctx, "this tier has seen nothing of the log yet and believes the database as it is", "agency", l.agency.ID, "entries", l.ledger.tree.Size())
	}
	return k.sign(ctx, l, s)
}

// begin reads what is stored. A ledger that is ahead of it, or of the files, is
// made anew: rows that waited for no disk may be gone with a server that fell.
func (k *Keeper) begin(ctx context.Context, l *keptLog, s seen) error {
	if l.ledger == nil {
		l.ledger = newLedger(k.config.DB, l.agency)
	}
	n, err := l.ledger.readNewest(ctx)
	if err != nil {
		return err
	}
	if size := l.ledger.tree.Size(); n.hashes < size || n.Size < l.signed.Size || s.Size < l.signed.Size {
		l.ledger = newLedger(k.config.DB, l.agency)
	}
	l.ledger.newest = n
	if n.unsigned > 0 {
		k.config.Log.ErrorContext(ctx, unsignedAlarm, "agency", l.agency.ID, "checkpoints", n.unsigned)
	}
	return nil
}

// settle follows the log to its end, has bad entries followed by their voids,
// and compares the whole with what this tier has seen.
func (k *Keeper) settle(ctx context.Context, l *keptLog, s seen) error {
	held := false
	for {
		holds, err := l.ledger.follow(ctx, s)
		if err != nil {
			return err
		}
		// The size that was seen is passed once.
		if held = held || holds; !held {
			if err := k.giveUp(ctx, l, s); err != nil {
				return err
			}
		}
		if len(l.ledger.bad) == 0 {
			return nil
		}
		if err := k.void(ctx, l); err != nil {
			return err
		}
	}
}

// giveUp: the log does not hold what was seen. That is a Refusal unless the
// registrar has stated a restore that gives it up.
func (k *Keeper) giveUp(ctx context.Context, l *keptLog, s seen) error {
	for _, r := range l.ledger.restored {
		if r.gives(s) {
			k.config.Log.WarnContext(ctx, "the log was restored from a backup, as the registrar stated", "agency", l.agency.ID, "kept", r.Kept, "seen", s.Size)
			return nil
		}
	}
	cause := logbook.ErrForked
	if l.ledger.tree.Size() < s.Size {
		cause = logbook.ErrRolledBack
	}
	return &Refusal{Agency: l.agency.ID, Seen: s.Size, Now: l.ledger.tree.Size(), Index: -1, Cause: cause}
}

// void states of each bad entry that it is no statement. Its time is the
// entry's own, so two instances state the same, which stands in the log once.
func (k *Keeper) void(ctx context.Context, l *keptLog) error {
	bad := l.ledger.bad
	k.config.Log.ErrorContext(ctx, "ALARM: entries of the log are not signed by who should have signed them; they are voided, and somebody other than this program wrote them",
		"agency", l.agency.ID, "entries", len(bad), "first", bad[0].idx)
	for len(bad) > 0 {
		n := min(len(bad), voidsAtOnce)
		bodies := make([][]byte, n)
		for i, b := range bad[:n] {
			var err error
			bodies[i], err = l.agency.State(statement.Statement{Event: statement.EventVoid, Object: "log", Refs: [][32]byte{b.leaf}, At: b.at}, "registrar")
			if err != nil {
				return err
			}
		}
		err := k.config.DB.Act(ctx, l.ledger.scope(), nil, func(b *pgx.Batch) error {
			audit.Append(b, bodies...)
			return nil
		})
		if err != nil {
			return fmt.Errorf("void entries of the log: %w", err)
		}
		bad = bad[n:]
	}
	l.ledger.bad = nil
	return nil
}

// sign stores the hashes, signs, writes the file, and stores the checkpoint.
func (k *Keeper) sign(ctx context.Context, l *keptLog, s seen) error {
	if err := k.storeHashes(ctx, l.ledger); err != nil {
		return err
	}
	now := l.ledger.tree.Checkpoint()
	if now.Size == 0 {
		return nil
	}
	if now == l.signed && now == l.ledger.newest.Checkpoint && now == s.Checkpoint {
		return nil
	}
	signer, err := l.agency.LogSigner()
	if err != nil {
		return err
	}
	text, err := now.Sign(l.agency.ID, signer)
	if err != nil {
		return fmt.Errorf("sign a checkpoint: %w", err)
	}
	k.stall("signed")
	if err := l.high.raise(s, now, text, l.ledger.leaves()); err != nil {
		return err
	}
	k.stall("written")
	if l.ledger.newest.Size < now.Size {
		err := k.config.DB.Act(ctx, l.ledger.scope(), nil, func(b *pgx.Batch) error {
			b.Queue(sqlNoWait)
			b.Queue(sqlInsertCheckpoint, now.Size, text)
			b.Queue(postgres.Guarded(sqlSameCheckpoint), now.Size, text)
			return nil
		})
		if fault.KindOf(k.config.DB.Fault(err)) == fault.Conflict {
			k.config.Log.ErrorContext(ctx, "ALARM: another row has the place of the newest checkpoint; the log has the next one when it grows", "agency", l.agency.ID, "entries", now.Size)
			return nil // and l.signed stays what is stored
		}
		if err != nil {
			return fmt.Errorf("store a checkpoint: %w", err)
		}
	}
	l.signed = now
	return nil
}

// storeHashes stores the hashes of new entries. One that is there and differs
// refuses the act; the next pass finds which.
func (k *Keeper) storeHashes(ctx context.Context, l *ledger) error {
	for len(l.pending) > 0 {
		n := min(len(l.pending), hashesAtOnce)
		idx, hashes := make([]int64, n), make([][]byte, n)
		for i, r := range l.pending[:n] {
			idx[i], hashes[i] = r.idx, r.hashes
		}
		err := k.config.DB.Act(ctx, l.scope(), nil, func(b *pgx.Batch) error {
			b.Queue(sqlNoWait)
			b.Queue(sqlInsertHashes, idx, hashes)
			b.Queue(postgres.Guarded(sqlSameHashes), idx, hashes)
			return nil
		})
		if err != nil {
			return fmt.Errorf("store the hashes of the log: %w", err)
		}
		l.pending = l.pending[n:]
	}
	l.pending = nil
	return nil
}

// Run makes checkpoints until ctx ends: after each nudge of an agency's desk, at
// most once a second, and every half minute. It returns an error only where a
// database is not the one of before; the process must end then, and its next
// start refuses.
func (k *Keeper) Run(ctx context.Context, hub *nudge.Hub) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for _, l := range k.logs {
		all.Go(func() {
			if err := k.keep(ctx, hub, l); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	if err := context.Cause(ctx); refused(err) {
		return err
	}
	return nil
}

func refused(err error) bool {
	_, ok := errors.AsType[*Refusal](err)
	return ok
}

// keep is Run for one log.
func (k *Keeper) keep(ctx context.Context, hub *nudge.Hub, l *keptLog) error {
	var open *nudge.Page
	defer func() {
		if open != nil {
			open.Close()
		}
	}()
	for wait := Every; ; {
		if open == nil {
			open, _ = hub.Open(ctx, l.agency.ID, "") // without it the clock is enough
		}
		if !k.rest(ctx, open, wait) {
			return nil
		}
		wait = Every
		if err := k.pass(ctx, l); err != nil && ctx.Err() == nil {
			if refused(err) {
				k.config.Log.ErrorContext(ctx, "ALARM: this database is not the one of before", "agency", l.agency.ID, "error", err)
				return err
			}
			wait = again
			k.config.Log.WarnContext(ctx, "the log has no new checkpoint; trying again", "agency", l.agency.ID, "error", err)
			k.late(ctx, l)
		}
	}
}

// rest waits for a nudge or for the clock; false means that ctx has ended.
func (k *Keeper) rest(ctx context.Context, open *nudge.Page, wait time.Duration) bool {
	clock := time.NewTimer(wait)
	defer clock.Stop()
	var nudged <-chan struct{}
	if open != nil {
		nudged = open.C()
	}
	select {
	case <-ctx.Done():
		return false
	case <-clock.C:
		return true
	case <-nudged:
	}
	rest := time.NewTimer(open.Rest(time.Now()))
	defer rest.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-rest.C:
	}
	open.Took(time.Now())
	return true
}

// late raises an alarm where entries may be without a checkpoint for a minute.
func (k *Keeper) late(ctx context.Context, l *keptLog) {
	behind := k.config.Now().Sub(l.standing.Load().Covered)
	if behind > time.Minute {
		k.config.Log.ErrorContext(ctx, "ALARM: the log has had no checkpoint for over a minute", "agency", l.agency.ID, "seconds", int(behind.Seconds()))
	}
}

// Standing is how far the checkpoints of an agency are.
type Standing struct {
	Agency  string
	Size    int64     // entries under the newest checkpoint
	Covered time.Time // every entry that was there then is under it; zero before the first pass
}

// Standings tells how far each agency is, for a metric or a probe.
func (k *Keeper) Standings() []Standing {
	list := make([]Standing, len(k.logs))
	for i, l := range k.logs {
		list[i] = *l.standing.Load()
	}
	return list
}
