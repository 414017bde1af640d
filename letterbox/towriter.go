package letterbox

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
// or for another adoption, or the writer would learn it; and no name or place of the letter
// that the writer's side did not tell us of itself, for what may be said is a wrong
// guess where what may not be said is a right one.
// Invalid: field "words"; it names nothing. Sealed as for Pass, where there are words.
//
// A safeguarding lead opens no list of the case, so their words are not looked at.
func (d *deciding) toWriter(ctx context.Context, words string) error {
	return d.wordsTo(ctx, words, "")
}

// aboutUnwritten is toWriter for words about a photo or a recording, which may hold a
// guess that nobody has written down: any name in them may be one.
func (d *deciding) aboutUnwritten(ctx context.Context, words string) error {
	return d.wordsTo(ctx, words, words)
}

func (d *deciding) wordsTo(ctx context.Context, words, guesses string) error {
	if prose.Blank(words) || len(d.keys) == 0 {
		return nil
	}
	l := d.rows.letter()
	screen, err := d.screenTo(ctx, d.ag, d.actor, d.rows, &d.rows.protected, d.keys, l.FromSide, l.ToSide)
	if err != nil {
		return err
	}
	may, err := d.pointing(ctx, d.ag, d.rows, d.keys, words)
	if err != nil {
		return err
	}
	text, err := d.saidInAll(ctx)
	if err != nil {
		return err
	}
	own := d.openCaseNames(ctx, d.ag, d.rows.objects, l.FromSide, d.keys)
	found := findings(screen, words)
	for names := range slices.Chunk(screening.MayName(text+"\n"+guesses, append(slices.Clone(own.Children), own.Other, own.Self)...), screening.MaxEntries) {
		list := make([]screening.Entry, len(names))
		for i, name := range names {
			list[i] = screening.Entry{Kind: screening.Name, Value: name}
		}
		// As what is protected is looked for, or a wrong guess could be said with a slip and a right one not.
		named, err := screening.Compile(list)
		if err != nil {
			return fmt.Errorf("screen words to a writer: %w", err)
		}
		found = append(found, findings(named, words)...)
	}
	if slices.ContainsFunc(found, func(f Finding) bool { return f.Severity != screening.Soft && !may.at(f) }) {
		return fault.Field("words", "fault.words.closed")
	}
	return nil
}

// saidInAll is all that is known to be said in a letter: as it came, translated, and what was
// written down of its recording, as far as these open: without them a letter can be returned, too.
func (d *deciding) saidInAll(ctx context.Context) (string, error) {
	if d.text == "" {
		if err := d.openLetter(ctx); err != nil {
			return "", err
		}
	}
	if err := d.openTranslation(ctx); err != nil && !unread(err) {
		return "", err
	}
	transcript, err := d.transcript(ctx, d.ag, d.actor, d.rows, d.keys)
	if err != nil && !unread(err) {
		return "", err
	}
	return strings.Join([]string{d.whole(), d.translation.Text, transcript}, "\n"), nil
}
