package checkpoint

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/fault"
	"gatepost/internal/logbook"
	"gatepost/internal/postgres"
)

// sqlPlaced holds the act to the index that its statement names.
const sqlPlaced = `select 1 from audit_body where agency_id = agency() and leaf = sha256($1) and idx = $2`

// Given is what Restored did.
type Given struct {
	Kept int64 // entries that the restored log kept
	Lost int64 // entries of the newest log that was seen; zero: nothing had to be given up
}

// Restored states for one agency that its log was restored from a backup on
// purpose: the registrar signs that what was seen beyond the kept entries is
// given up, and the log gets a checkpoint. What was seen is the file in the
// staff tier's folder and the checkpoints that are handed over (of the families'
// tier, or on paper); each has to be signed by the log's key. Where the log holds
// all of them, nothing is stated.
//
// It is the operator's word, and undoes what the folder is for: call it only
// after a restore that was meant. c is of the staff tier. Tiers that run must be
// stopped.
func Restored(ctx context.Context, c Config, a *agency.Agency, handed ...[]byte) (Given, error) {
	k, err := NewKeeper(Config{c.DB, []*agency.Agency{a}, c.Folder, c.Now, c.Log})
	if err != nil {
		return Given{}, err
	}
	high := k.logs[0].high
	held, err := high.load()
	if err != nil {
		return Given{}, err
	}
	var papers []logbook.Checkpoint
	for i, text := range handed {
		one, err := logbook.ParseCheckpoint(text, a.ID, high.verify)
		if err != nil {
			return Given{}, fmt.Errorf("the checkpoint number %d that was handed over is not one of agency %s; take the file ID.checkpoint of a tier's folder of state", i+1, a.ID)
		}
		papers = append(papers, one)
	}
	given, err := k.giveUpAll(ctx, a, held, papers)
	if err != nil {
		return Given{}, err
	}
	return given, k.Start(ctx)
}

// giveUpAll states a restore if the log lacks one of those.
func (k *Keeper) giveUpAll(ctx context.Context, a *agency.Agency, held seen, handed []logbook.Checkpoint) (Given, error) {
	for range 5 {
		l, lost, err := k.lacking(ctx, a, held, handed)
		if err != nil {
			return Given{}, err
		}
		kept := l.tree.Size()
		if len(lost) == 0 {
			return Given{Kept: kept}, nil
		}
		newest := lost[0]
		for _, c := range lost {
			if c.Size <= kept {
				return Given{}, fmt.Errorf("the log of agency %s went on after it was restored, beyond the %d entries that were seen; where a tier refuses it, restore the backup once more, with both tiers stopped", a.ID, c.Size)
			}
			if c.Size > newest.Size {
				newest = c
			}
		}
		body, err := a.State(logbook.Restored{Kept: kept, Lost: newest}.Statement(a.ID, k.config.Now()), "registrar")
		if err != nil {
			return Given{}, err
		}
		err = k.config.DB.Act(ctx, l.scope(), nil, func(b *pgx.Batch) error {
			audit.Append(b, body)
			b.Queue(postgres.Guarded(sqlPlaced), body, kept)
			return nil
		})
		if err == nil {
			return Given{kept, newest.Size}, nil
		}
		if fault.KindOf(k.config.DB.Fault(err)) != fault.Conflict {
			return Given{}, fmt.Errorf("state the restore: %w", err)
		}
		// Somebody wrote meanwhile: the statement names its own place.
	}
	return Given{}, errors.New("the log goes on while it is to be given up; stop both tiers and try again")
}

// lacking follows the log from its beginning once for each of what was seen, and
// gives those that it does not hold. An earlier statement gives up what is in
// this tier's folder, which lists what it has gone along with. Of one that was
// handed over that list is elsewhere, so only the statement that names it counts:
// who has seen the log with that statement has seen it go on otherwise.
func (k *Keeper) lacking(ctx context.Context, a *agency.Agency, held seen, handed []logbook.Checkpoint) (l *ledger, lost []logbook.Checkpoint, err error) {
	all := []seen{held}
	for _, c := range handed {
		all = append(all, seen{Checkpoint: c})
	}
	for i, s := range all {
		l = newLedger(k.config.DB, a)
		if l.newest, err = l.readNewest(ctx); err != nil {
			return l, lost, err
		}
		holds, err := l.follow(ctx, s)
		if err != nil {
			return l, lost, err
		}
		for _, r := range l.restored {
			holds = holds || r.gives(s) && (i == 0 || r.Lost == s.Checkpoint)
		}
		if !holds {
			lost = append(lost, s.Checkpoint)
		}
	}
	return l, lost, nil
}
