package notice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/internal/agency"
	"gatepost/internal/postgres"
)

const (
	sqlCanary    = `select notify_epoch, sealed from canary where agency_id = agency()`
	sqlPutCanary = `insert into canary (agency_id, notify_epoch, sealed) values (agency(), $1, $2)
		on conflict (agency_id) do update set made_at = now(), notify_epoch = excluded.notify_epoch, sealed = excluded.sealed`
)

// ErrNoCanary: the database has none, for no staff tier has been started with it.
var ErrNoCanary = errors.New("the database has no canary")

// canaryText is what a canary says to who opens it with a bare tool.
const canaryText = "This is no letter. That it opens shows that the key belongs to this database.\n"

func canaryAt(agencyID string, epoch uint32) seal.Context {
	return seal.Context{Kind: seal.KindCanary, Agency: agencyID, Object: "canary", Version: uint64(epoch)}
}

// PutCanary writes the canary of an agency: an object that holds nothing,
// sealed to the notifier and the archive. A good one that is there stays. Staff
// tier only, at its start and after Vouch; two processes may do it at once.
func PutCanary(ctx context.Context, db *postgres.DB, ag *agency.Agency, key *age.HybridIdentity) error {
	var rows []agency.NodeRow
	scope := postgres.Scope{Agency: ag.ID}
	if err := db.Read(ctx, scope, func(b *pgx.Batch) { agency.QueueNodes(b, &rows, string(ring.Notify)) }); err != nil {
		return fmt.Errorf("read the notifier's key: %w", err)
	}
	node, err := ag.Trusted(rows, string(ring.Notify))
	if err != nil {
		return err
	}
	epoch, err := OpenCanary(ctx, db, ag.ID, key)
	if err == nil && epoch == uint32(node.Epoch()) {
		return nil
	}
	if err != nil && !errors.Is(err, ErrNoCanary) && !SealedElsewhere(err) {
		return err
	}
	sealed, err := seal.Seal(canaryAt(ag.ID, uint32(node.Epoch())), []byte(canaryText), key.Recipient(), ag.Archive())
	if err != nil {
		return fmt.Errorf("seal the canary: %w", err)
	}
	err = db.Act(ctx, scope, nil, func(b *pgx.Batch) error {
		b.Queue(sqlPutCanary, uint32(node.Epoch()), sealed.Bytes)
		return nil
	})
	if err != nil {
		return fmt.Errorf("store the canary: %w", err)
	}
	return nil
}

// SealedElsewhere tells whether err, of OpenCanary, is of a canary that this key does not open,
// and not of a database that does not answer.
func SealedElsewhere(err error) bool {
	for _, known := range []error{seal.ErrHeader, seal.ErrKey, seal.ErrFrame, seal.ErrContext} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// OpenCanary opens an agency's canary with the notifier's key, or with the
// archive's, and gives the notifier's epoch that it was made for. That it opens
// proves that the keys at hand are those of this database. The role of db has to
// read the table: the staff tier's or the backup's. ErrNoCanary where there is
// none; errors of crypto/seal where the key is another one's.
func OpenCanary(ctx context.Context, db *postgres.DB, agencyID string, key *age.HybridIdentity) (epoch uint32, err error) {
	var sealed []byte
	err = db.Read(ctx, postgres.Scope{Agency: agencyID}, func(b *pgx.Batch) {
		b.Queue(sqlCanary).QueryRow(func(row pgx.Row) error { return row.Scan(&epoch, &sealed) })
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrNoCanary
	}
	if err != nil {
		return 0, fmt.Errorf("read the canary: %w", err)
	}
	if _, _, err := seal.Open(sealed, canaryAt(agencyID, epoch), key); err != nil {
		return 0, fmt.Errorf("open the canary: %w", err)
	}
	return epoch, nil
}

// RenewCanary is Vouch and then PutCanary: all that a staff tier does with the
// notifier's key when it starts.
func RenewCanary(ctx context.Context, db *postgres.DB, ag *agency.Agency, key *age.HybridIdentity, now time.Time) error {
	if err := Vouch(ctx, db, ag, key.Recipient(), now); err != nil {
		return err
	}
	return PutCanary(ctx, db, ag, key)
}
