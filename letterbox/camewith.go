package letterbox

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
)

// The statements of the photos and the recording that the rows have with a letter.
const sqlCameWith = `select o.leaf from letter_photo p join object o on o.agency_id = p.agency_id and o.id = p.id and o.part = 'picture' and o.kind = 'submission'
		where p.agency_id = agency() and p.letter_id = $1
	union all
	select o.leaf from letter_recording p join object o on o.agency_id = p.agency_id and o.id = p.id and o.part = 'sound' and o.kind = 'submission'
		where p.agency_id = agency() and p.letter_id = $1`

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
// one is gone, or one of another letter is among them. Of a letter that came in
// before they were named there, nothing is known.
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
	if len(st.Refs) > 0 && len(rows.came) > len(st.Refs) {
		return s.unstated(ctx, ag, letter, fmt.Errorf("%w: something that did not come with it", seal.ErrUnsigned))
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
