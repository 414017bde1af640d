package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/authz"
	"gatepost/internal/parts"
)

const sqlPartsLost = `select key from part_lost where agency_id = agency() and written_off_at is null order by found_at, key`

const sqlParts = `select part_here() or exists (select from part_gone where agency_id = agency())`

// parts tries a tier's key of the store for large parts: each may do what it has to,
// and the families' no more. What it puts there is deleted by the staff tier, here
// or when it looks for what no row names.
func (e *examination) parts(ctx context.Context, t authz.Tier) {
	about := "store for large parts as the " + string(t) + " tier sees it"
	if !e.Config.Config.Parts.Set() {
		e.partsMissing(ctx, t, about)
		return
	}
	store, err := e.Config.Config.Parts.Store(t)
	if err != nil {
		if e.Config.Config.Serves(t) == nil { // else the configuration's finding
			e.problems(about, err)
		}
		return
	}
	sound := true
	wrong := func(format string, args ...any) {
		sound = false
		e.say(Wrong, about, format, args...)
	}
	if err := e.another(ctx, t, store); err != nil {
		wrong("%v", err)
	}
	if t == authz.Staff {
		e.partsLost(ctx)
		switch err := store.Versions(ctx); {
		case errors.Is(err, parts.ErrVersions):
			wrong("%v: move the parts into another one (gatepost parts move), and delete this one with all its versions", err)
		case err != nil:
			wrong("whether the bucket keeps versions cannot be asked; allow this tier's key s3:GetBucketVersioning")
		}
	}
	probe, err := tryPut(ctx, e.Config.Config.Parts.ReadOnly, store)
	switch {
	case err != nil:
		wrong("it does not answer, does not let this tier's key in, or takes nothing (%v); photos and recordings wait, letters go: check parts.endpoint, the key and the store", err)
	case probe == nil:
		if err := store.Reach(ctx); err != nil {
			wrong("it does not answer, or does not let this tier's key in (%v); photos are not shown and recordings not played: check parts.endpoint, the key and the store", err)
		}
	default:
		err := store.Delete(ctx, probe.Key)
		if t == authz.Public && err == nil {
			wrong("the families' key may delete; take that right away, so that who breaks into the families' tier cannot delete what families sent (docs/operations.md)")
		}
		if t == authz.Staff && err != nil {
			wrong("this tier's key may not delete (%v), so nothing that is destroyed leaves the store; allow it s3:DeleteObject", err)
		}
	}
	if sound {
		e.say(OK, about, "it answers, and its key may do what it has to and no more")
	}
}

// another tells whether the bucket is another deployment's, or may be made so with the
// families' key. One that cannot be asked is another finding.
func (e *examination) another(ctx context.Context, t authz.Tier, store *parts.Store) error {
	conn := e.conns[string(t)]
	if conn == nil {
		return nil
	}
	mark, err := parts.MarkOf(ctx, conn)
	if err != nil {
		return nil // an older schema, which is told
	}
	store = store.For(mark, parts.PlacesOf(conn))
	if err := store.Another(ctx); errors.Is(err, parts.ErrAnother) {
		return err
	}
	if t == authz.Public && store.MayMark(ctx) {
		return errors.New("the families' key may write the bucket's mark; deny it s3:PutObject on gatepost-mark, so that who breaks into the families' tier cannot take the bucket from this deployment (docs/operations.md)")
	}
	return nil
}

// partsLost tells what rows name and the store has lost, by key. The staff tier looks
// for each, so what was put back is told no more.
func (e *examination) partsLost(ctx context.Context) {
	const about = "large parts"
	conn := e.conns["staff"]
	if conn == nil {
		return
	}
	var keys []string
	for _, a := range e.agencies[authz.Staff] {
		err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, sqlScope, a.ID); err != nil {
				return err
			}
			rows, err := tx.Query(ctx, sqlPartsLost)
			if err != nil {
				return err
			}
			found, err := pgx.CollectRows(rows, pgx.RowTo[string])
			keys = append(keys, found...)
			return err
		})
		if err != nil {
			e.unanswered(about)
			return
		}
	}
	if len(keys) > 0 {
		e.say(Wrong, about, "the store has lost or changed %d of them (%s): find out who has its keys, and put them back from a backup; when no backup has one, tell a manager and write it off with gatepost parts write-off (docs/operations.md)",
			len(keys), strings.Join(keys[:min(len(keys), 20)], ", "))
	}
}

// tryPut puts a part and gets it back; nil where nothing new goes there.
func tryPut(ctx context.Context, readOnly bool, store *parts.Store) (*parts.Place, error) {
	if readOnly {
		return nil, nil
	}
	b := make([]byte, parts.Large)
	_, _ = rand.Read(b) // never fails
	column, err := store.Put(ctx, len(b), func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
	if err != nil {
		return nil, err
	}
	place, _, err := parts.ParsePlace(column)
	if err != nil {
		return nil, err
	}
	_, err = store.Fetch(ctx, place)
	return &place, err
}

// partsMissing looks whether parts lie in a store that the configuration has not.
func (e *examination) partsMissing(ctx context.Context, t authz.Tier, about string) {
	conn := e.conns["staff"]
	if t != authz.Staff || conn == nil {
		return
	}
	for _, a := range e.agencies[t] {
		there := false
		err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, sqlScope, a.ID); err != nil {
				return err
			}
			return tx.QueryRow(ctx, sqlParts).Scan(&there)
		})
		if err != nil {
			e.unanswered(about)
			return
		}
		if there {
			e.say(Wrong, about, "photos or recordings lie in a store, or wait to be deleted there, and the configuration has no [parts]; put it back")
			return
		}
	}
}
