package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"io"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/authz"
	"gatepost/internal/parts"
)

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
	if t == authz.Staff {
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
		wrong("it does not answer, does not let this tier's key in, or takes nothing (%v); photos wait, letters go: check parts.endpoint, the key and the store", err)
	case probe == nil:
		if err := store.Reach(ctx); err != nil {
			wrong("it does not answer, or does not let this tier's key in (%v); photos are not shown: check parts.endpoint, the key and the store", err)
		}
	default:
		err := store.Delete(ctx, probe.Key)
		if t == authz.Public && err == nil {
			wrong("the families' key may delete; take that right away, so that who breaks into the families' tier cannot delete photos (docs/operations.md)")
		}
		if t == authz.Staff && err != nil {
			wrong("this tier's key may not delete (%v), so nothing that is destroyed leaves the store; allow it s3:DeleteObject", err)
		}
	}
	if sound {
		e.say(OK, about, "it answers, and its key may do what it has to and no more")
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
			e.say(Wrong, about, "photos lie in a store, or wait to be deleted there, and the configuration has no [parts]; put it back")
			return
		}
	}
}
