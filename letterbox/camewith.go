package letterbox

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/postgres"
)

const (
	// The statements of the photos and the recording that the rows have with a letter.
	sqlCameWith = `select o.leaf from letter_photo p join object o on o.agency_id = p.agency_id and o.id = p.id and o.part = 'picture' and o.kind = 'submission'
		where p.agency_id = agency() and p.letter_id = $1
	union all
	select o.leaf from letter_recording p join object o on o.agency_id = p.agency_id and o.id = p.id and o.part = 'sound' and o.kind = 'submission'
		where p.agency_id = agency() and p.letter_id = $1`
	// The door's statements of the other letters of an exchange.
	sqlTextStatements = `select coalesce(leaf_body(o.leaf), '') as body from letter l join object o on o.agency_id = l.agency_id and o.id = l.id and o.part = 'text' and o.kind = 'submission' and o.version = 1
		where l.agency_id = agency() and l.exchange_id = $1 and l.id <> $2`
)

type cameWithRow struct{ Leaf []byte }

// cameWith are the leaves of what comes in with a letter: on these rests the door's
// statement of its text, so that nothing of it can be gone unseen.
func cameWith(photos sentPhotos, recorded *sentRecording) (leaves [][32]byte) {
	for _, p := range photos {
		leaves = append(leaves, statement.Leaf(p.picture.body))
	}
	if recorded != nil {
		leaves = append(leaves, statement.Leaf(recorded.sound.body))
	}
	return leaves
}

// statedParts checks that the photos and the recording of a letter are those with
// which it came in, by the door's statement of its text: Sealed, and an alarm, where
// one is gone, or one of another letter is among them. Of what came in before it was
// named there, nothing is known but that no other letter's statement names it.
func (s *Service) statedParts(ctx context.Context, ag *agency.Agency, rows *caseRows) error {
	letter := rows.letter().ID
	st, err := s.firstStated(ctx, ag, rows)
	if err != nil {
		return s.unstated(ctx, ag, letter, err)
	}
	for _, ref := range st.Refs {
		if !slices.ContainsFunc(rows.came, func(r cameWithRow) bool { return bytes.Equal(r.Leaf, ref[:]) }) {
			return s.unstated(ctx, ag, letter, fmt.Errorf("%w: what came with it is gone", seal.ErrStale))
		}
	}
	var unnamed [][32]byte
	for _, r := range rows.came {
		if leaf := [32]byte(r.Leaf); !slices.Contains(st.Refs, leaf) {
			unnamed = append(unnamed, leaf)
		}
	}
	switch {
	case len(unnamed) == 0:
		return nil
	case len(st.Refs) > 0:
		return s.unstated(ctx, ag, letter, fmt.Errorf("%w: something that did not come with it", seal.ErrUnsigned))
	}
	return s.notAnothers(ctx, ag, rows, unnamed)
}

// notAnothers looks whether another letter of the exchange came in with one of these.
func (s *Service) notAnothers(ctx context.Context, ag *agency.Agency, rows *caseRows, leaves [][32]byte) error {
	letter := rows.letter()
	var bodies []struct{ Body []byte }
	err := s.db.Read(ctx, postgres.Scope{Agency: ag.ID}, func(b *pgx.Batch) {
		postgres.Many(b, &bodies, sqlTextStatements, letter.ExchangeID, letter.ID)
	})
	if err != nil {
		return s.db.Fault(fmt.Errorf("load what other letters came in with: %w", err))
	}
	for _, r := range bodies {
		st, err := ag.Verify(ctx, s.db, r.Body)
		if err != nil {
			continue // not this letter's matter
		}
		if slices.ContainsFunc(leaves, func(leaf [32]byte) bool { return slices.Contains(st.Refs, leaf) }) {
			return s.unstated(ctx, ag, letter.ID, fmt.Errorf("%w: what came with another letter", seal.ErrUnsigned))
		}
	}
	return nil
}

// firstStated is the statement of a letter's text as it came. Where its writer agreed
// to another since, that one names it.
func (s *Service) firstStated(ctx context.Context, ag *agency.Agency, rows *caseRows) (*statement.Statement, error) {
	letter := rows.letter().ID
	now, first := rows.text(letter), rows.firstText(letter)
	if now == nil || first == nil {
		return nil, fmt.Errorf("%w: the letter as it came is gone", seal.ErrStale)
	}
	if now.Version > first.Version {
		agreed, err := s.stated(ctx, ag, *now)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(agreed.Refs, [32]byte(first.Leaf)) {
			return nil, fmt.Errorf("%w: not the letter that was agreed about", seal.ErrUnsigned)
		}
	}
	return s.stated(ctx, ag, *first)
}

// asItCame is the open letter as its writer sent it, also where they have agreed to
// leave parts out since, or it is to go on without some.
func (d *deciding) asItCame(ctx context.Context) (string, error) {
	letter := d.rows.letter().ID
	now, first := d.rows.text(letter), d.rows.firstText(letter)
	switch {
	case now == nil || first == nil:
		return "", d.unstated(ctx, d.ag, letter, fmt.Errorf("%w: the letter as it came is gone", seal.ErrStale))
	case now.Version == first.Version:
		return d.whole(), nil
	}
	return d.openFirst(ctx, *now, *first)
}
