package letterbox

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/postgres"
	"gatepost/letterbox/screening"
)

// Hint is a place in a letter that its writer may want to look at before
// sending it: help, and never a refusal. It never prints.
type Hint struct {
	Category screening.Category
	Text     string // the writer's own words
}

// String keeps letters out of logs.
func (Hint) String() string { return "[sealed]" }

// GoString keeps letters out of logs.
func (Hint) GoString() string { return "[sealed]" }

// LogValue keeps letters out of logs.
func (Hint) LogValue() slog.Value { return slog.StringValue("[sealed]") }

const sqlHintObjects = `select ` + sqlObjectColumns + ` from object o where o.agency_id = agency() and o.id = $1 and o.part in ('names', 'ownlist') order by o.version desc`

// MaxHints is how many hints a writer is given about a letter, the first ones:
// whoever changes those finds the rest the next time.
const MaxHints = 20

// Hints looks through the text of a letter as its writer may be helped: by what
// is general, and by what their own side told us. Nothing of the other side is
// read, so that no hint confirms a guess. Soft findings are left out, but for
// news that a worker will tell with care. Where the side's own list does not
// open, what is general is looked for all the same. NotFound for a side that
// is not the actor's.
func (s *Service) Hints(ctx context.Context, actor authz.Actor, side SideID, text Text) ([]Hint, error) {
	ag, err := s.begin(ctx, actor, authz.Write, string(side))
	if err != nil {
		return nil, err
	}
	if !agency.ValidID("sd", string(side)) {
		return nil, notFound()
	}
	var sides []sideRow
	var objects []objectRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &sides, sqlMySides, string(side))
		queueObjects(b, &objects, sqlHintObjects, string(side))
	})
	switch {
	case err != nil:
		return nil, s.db.Fault(fmt.Errorf("load the own list of side %s: %w", side, err))
	case len(sides) != 1:
		return nil, notFound()
	}
	screen, err := s.ownScreen(ctx, ag, actor, objects, string(side))
	if err != nil {
		return nil, err
	}
	var hints []Hint
	seen := map[Hint]bool{}
	for _, f := range screen.Scan(string(text)) {
		if f.Severity == screening.Soft && f.Category != screening.CatCare {
			continue
		}
		h := Hint{f.Category, string(text)[f.Start:f.End]}
		if seen[h] {
			continue
		}
		if seen[h] = true; len(seen) > MaxHints {
			break
		}
		hints = append(hints, h)
	}
	return hints, nil
}

// ownScreen is the screen of a side's own list, without the forenames that the
// side uses in its letters.
func (s *Service) ownScreen(ctx context.Context, ag *agency.Agency, actor authz.Actor, objects []objectRow, side string) (*screening.Screen, error) {
	var words []ProtectedWord
	var names Names
	_, holds := sideKey(actor, side)
	if has := slices.ContainsFunc(objects, func(o objectRow) bool { return o.is(side, "ownlist") }); has && holds {
		content, err := s.openSideObject(ctx, ag, actor, objects, side, side, "ownlist")
		if err == nil {
			err = json.Unmarshal([]byte(content), &words)
		}
		if err == nil {
			names, err = s.openNames(ctx, ag, actor, objects, side)
		}
		if err != nil && !unread(err) {
			return nil, err
		}
		if err != nil {
			words = nil
		}
	}
	screen, err := compileOwn(words, names)
	if err != nil {
		return nil, s.unstated(ctx, ag, side, err)
	}
	return screen, nil
}

// compileOwn makes ready what is general with the words that a side told us
// itself, without the forenames that it uses in its letters.
func compileOwn(words []ProtectedWord, names Names) (*screening.Screen, error) {
	known := wordsOf(append(slices.Clone(names.Children), names.Other, names.Self)...)
	var list []screening.Entry
	for _, w := range words {
		if (w.Kind == screening.Name || w.Kind == screening.Nickname) && within(w.Value, known) {
			continue
		}
		list = append(list, screening.Entry{Kind: w.Kind, Value: w.Value})
	}
	return screening.Compile(list)
}
