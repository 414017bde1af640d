package backup

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"gatepost/internal/logbook"
)

const sqlBodies = `select b.idx, b.body from audit_body b where b.agency_id = $1 order by b.idx`

// log computes the tree of an agency's log from its entries and compares it
// with the checkpoint that the log's key has signed.
func (w *restoring) log(ctx context.Context, s *snapshot, l Log) error {
	signed := logbook.Checkpoint{}
	if l.Checkpoint != "" {
		v, err := note.NewVerifier(w.Verifiers[l.Agency])
		if err != nil {
			return fmt.Errorf("the stanza of the agency %s has no verifier of its log; correct it", l.Agency)
		}
		if signed, err = logbook.ParseCheckpoint([]byte(l.Checkpoint), l.Agency, note.VerifierList(v)); err != nil {
			return fmt.Errorf("the newest checkpoint of the agency %s is not signed by the log key of its stanza; check the stanza, or take another backup: %w", l.Agency, err)
		}
	}
	size, err := w.tree(ctx, s, l.Agency, signed)
	if err != nil {
		return err
	}
	if size != l.Size || size < signed.Size {
		return fmt.Errorf("the log of the agency %s has %d entries, had %d when the backup was written, and %d are signed for; take another backup", l.Agency, size, l.Size, signed.Size)
	}
	if l.Checkpoint == "" {
		w.proved("the log of %s has its %d entries; no checkpoint that its key signed was there", l.Agency, size)
		return nil
	}
	w.proved("the log of %s has its %d entries, and the first %d are the ones that its key has signed", l.Agency, size, signed.Size)
	return nil
}

// tree computes the tree entry by entry.
func (w *restoring) tree(ctx context.Context, s *snapshot, agency string, signed logbook.Checkpoint) (int64, error) {
	rows, err := s.tx.Query(ctx, sqlBodies, agency)
	if err != nil {
		return 0, fmt.Errorf("read the log of %s: %w", agency, err)
	}
	defer rows.Close()
	var tree logbook.Tree
	for rows.Next() {
		var at int64
		var body []byte
		if err := rows.Scan(&at, &body); err != nil {
			return 0, fmt.Errorf("read the log of %s: %w", agency, err)
		}
		if at != tree.Size() {
			return 0, fmt.Errorf("entry %d of the log of %s is missing; take another backup", tree.Size(), agency)
		}
		tree.Append(body)
		if tree.Size() == signed.Size && tree.Root() != signed.Root {
			return 0, fmt.Errorf("the log of %s is not the one that its key has signed; take another backup", agency)
		}
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("read the log of %s: %w", agency, err)
	}
	return tree.Size(), nil
}
