package letterbox

import (
	"context"
	"slices"

	"gatepost/internal/agency"
	"gatepost/internal/fault"
	"gatepost/internal/prose"
	"gatepost/letterbox/screening"
)

// inOwnWords tells whether what a reason says is somebody's words here, and not the
// program's: the worker's, or those of the agency's own list.
func (r ReturnReason) inOwnWords() bool { return r == "other" || agency.ValidID("rs", string(r)) }

// toWriter looks at a worker's own words to a letter's writer before they are sealed:
// they hold nothing that is protected only because of what the other side told us,
// or for another adoption, or the writer would learn it, and which guess was right.
// Invalid: field "words"; it names nothing. Sealed as for Pass, where there are words.
//
// A safeguarding lead opens no list of the case, so their words are not looked at.
func (d *deciding) toWriter(ctx context.Context, words string) error {
	if prose.Blank(words) || len(d.keys) == 0 {
		return nil
	}
	screen, err := d.screenOf(ctx, d.ag, d.actor, d.rows, &d.rows.protected, d.keys)
	if err != nil {
		return err
	}
	may, err := d.pointing(ctx, d.ag, d.rows, d.keys, words)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(findings(screen, words), func(f Finding) bool { return f.Severity != screening.Soft && !may.at(f) }) {
		return fault.Field("words", "fault.words.closed")
	}
	return nil
}
