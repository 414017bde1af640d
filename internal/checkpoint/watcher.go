package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/highwater"
	"gatepost/internal/logbook"
	"gatepost/internal/postgres"
)

const (
	sqlWatched  = `select log_checkpoint()`
	sqlRestored = `select idx, body from log_restored()`

	// Look is how often a running families' tier looks.
	Look = time.Minute

	// settled is how long a checkpoint has to have been there before it is
	// written down. Its row waited for no disk; PostgreSQL writes such rows
	// within three times its wal_writer_delay, which is 0.2 s.
	settled = 5 * time.Second
)

// Watcher holds the families' tier to the logs that it has seen. Any number may
// run. It is safe for use by many goroutines.
type Watcher struct {
	config Config
	logs   []*watchedLog
}

// watchedLog is one agency's log.
type watchedLog struct {
	high   highWater
	agency *agency.Agency

	mu   sync.Mutex
	last glimpse // guarded by mu: at the latest look
}

// glimpse is a checkpoint that was there at a moment.
type glimpse struct {
	logbook.Checkpoint
	text     []byte
	restored []restored
	unsigned int // checkpoints among the newest that the log's key did not sign
	at       time.Time
}

// NewWatcher opens the folder of state. It reads nothing of the database yet.
func NewWatcher(c Config) (*Watcher, error) {
	folder, err := highwater.Open(c.Folder)
	if err != nil {
		return nil, err
	}
	w := &Watcher{config: c}
	for _, a := range c.Agencies {
		w.logs = append(w.logs, &watchedLog{agency: a, high: highWater{folder, a.ID, a.Verifiers()}})
	}
	return w, nil
}

// Start compares the newest checkpoint of each agency with what this tier has
// seen. A database that does not prove that its log goes on from there is a
// Refusal; the tier must not serve it.
func (w *Watcher) Start(ctx context.Context) error {
	for _, l := range w.logs {
		if err := w.look(ctx, l); err != nil {
			return fmt.Errorf("look at the log's checkpoint: %w", err)
		}
	}
	return nil
}

// Look is Start for one agency. What it finds is written down when it is found
// again, at least five seconds later.
func (w *Watcher) Look(ctx context.Context, agencyID string) error {
	for _, l := range w.logs {
		if l.agency.ID == agencyID {
			return w.look(ctx, l)
		}
	}
	return ErrNoAgency
}

// Run looks each minute until ctx ends. It returns an error only where a
// database is not the one of before; the process must end then, and its next
// start refuses.
func (w *Watcher) Run(ctx context.Context) error {
	// The second look comes soon: a tier that is often started anew has to write
	// down what it saw as well.
	for wait := settled; ; wait = Look {
		clock := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			clock.Stop()
			return nil
		case <-clock.C:
		}
		for _, l := range w.logs {
			err := w.look(ctx, l)
			switch {
			case err == nil, ctx.Err() != nil:
			case refused(err):
				w.config.Log.ErrorContext(ctx, "ALARM: this database is not the one of before", "agency", l.agency.ID, "error", err)
				return err
			default:
				w.config.Log.WarnContext(ctx, "the log's checkpoint could not be looked at", "agency", l.agency.ID, "error", err)
			}
		}
	}
}

func (w *Watcher) look(ctx context.Context, l *watchedLog) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, err := l.high.load()
	if err != nil {
		return err
	}
	now, err := w.glimpse(ctx, l)
	if err != nil {
		return err
	}
	if now.unsigned > 0 {
		w.config.Log.ErrorContext(ctx, unsignedAlarm, "agency", l.agency.ID, "checkpoints", now.unsigned)
	}
	if now.Size == 0 {
		return l.nothing(s, now)
	}
	if err := follows(audit.Hashes(ctx, w.config.DB, l.agency.ID), s, now); err != nil {
		return l.refusal(err, s, now)
	}
	if s.Size == 0 && l.last.Size == 0 {
		w.config.Log.WarnContext(ctx, "this tier has seen nothing of the log yet and believes the database as it is", "agency", l.agency.ID, "entries", now.Size)
	}
	return w.settle(ctx, l, s, now)
}

// settle writes down what was there at the latest look and still is. The caller
// holds l.mu.
func (w *Watcher) settle(ctx context.Context, l *watchedLog, s seen, now glimpse) error {
	last := l.last
	if last.Size == 0 || now.at.Sub(last.at) < settled {
		if last.Size == 0 {
			l.last = now
		}
		return nil
	}
	l.last = now
	err := follows(audit.Hashes(ctx, w.config.DB, l.agency.ID), seen{Checkpoint: last.Checkpoint}, now)
	switch {
	case err == nil:
	case temporary(err):
		return err
	default:
		// It was not there for long enough to be held against anybody: rows that
		// waited for no disk are gone when PostgreSQL falls.
		w.config.Log.WarnContext(ctx, "a checkpoint that was seen once is gone", "agency", l.agency.ID, "entries", last.Size)
		return nil
	}
	if s.Checkpoint == last.Checkpoint && len(s.taken) == len(last.restored) {
		return nil
	}
	taken := make([][32]byte, len(last.restored))
	for i, r := range last.restored {
		taken[i] = r.leaf
	}
	return l.high.raise(s, last.Checkpoint, last.text, taken)
}

// follows tells whether the log goes on from what was seen.
func follows(reader tlog.HashReader, s seen, now glimpse) error {
	var given []logbook.Restored
	for _, r := range now.restored {
		if r.gives(s) {
			given = append(given, r.Restored)
		}
	}
	return logbook.Follows(s.Checkpoint, now.Checkpoint, reader, given)
}

// temporary tells whether err says nothing about the log.
func temporary(err error) bool {
	return !errors.Is(err, logbook.ErrRolledBack) && !errors.Is(err, logbook.ErrForked) && !errors.Is(err, audit.ErrNoHash)
}

// nothing: there is no checkpoint.
func (l *watchedLog) nothing(s seen, now glimpse) error {
	switch {
	case s.Size == 0:
		return nil
	case now.unsigned > 0:
		return &Refusal{Agency: l.agency.ID, Index: -1, Cause: ErrUnsigned}
	}
	return &Refusal{Agency: l.agency.ID, Seen: s.Size, Index: -1, Cause: logbook.ErrRolledBack}
}

func (l *watchedLog) refusal(err error, s seen, now glimpse) error {
	if temporary(err) {
		return err
	}
	cause := ErrUnproved
	for _, known := range []error{logbook.ErrRolledBack, logbook.ErrForked} {
		if errors.Is(err, known) && !errors.Is(err, audit.ErrNoHash) {
			cause = known
		}
	}
	return &Refusal{Agency: l.agency.ID, Seen: s.Size, Now: now.Size, Index: -1, Cause: cause}
}

// glimpse reads the newest checkpoint and what was stated about restores, as
// far as that checkpoint covers it.
func (w *Watcher) glimpse(ctx context.Context, l *watchedLog) (g glimpse, err error) {
	g.at = w.config.Now()
	var texts [][]byte
	var stated []bodyAt
	err = w.config.DB.Read(ctx, postgres.Scope{Agency: l.agency.ID}, func(b *pgx.Batch) {
		b.Queue(sqlWatched).Query(func(r pgx.Rows) (err error) {
			texts, err = pgx.CollectRows(r, pgx.RowTo[[]byte])
			return err
		})
		b.Queue(sqlRestored).Query(func(r pgx.Rows) (err error) {
			stated, err = pgx.CollectRows(r, pgx.RowToStructByName[bodyAt])
			return err
		})
	})
	if err != nil {
		return g, err
	}
	g.Checkpoint, g.text, g.unsigned = logbook.Newest(texts, l.agency.ID, l.high.verify)
	for _, one := range stated {
		st, err := statement.Parse(one.Body, l.high.verify)
		if err != nil || st.Agency != l.agency.ID {
			continue // anybody's words; the staff tier voids them
		}
		if r, err := logbook.RestoredOf(st); err == nil && r.Kept == one.Idx && one.Idx < g.Size {
			g.restored = append(g.restored, restored{r, statement.Leaf(one.Body)})
		}
	}
	return g, nil
}

type bodyAt struct {
	Idx  int64
	Body []byte
}
