package letterbox

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/letterbox/screening"
)

// Unstated is what comes of a check of rows that failed with err.
func (s *Service) Unstated(ctx context.Context, ag *agency.Agency, err error) error {
	return s.unstated(ctx, ag, "lt00000000000000000000", err)
}

// Stall makes acts call stall at their named places, so that a test can let
// another act overtake them there; nil lets them pass.
func (s *Service) Stall(stall func(at string)) { s.stall = stall }

// ScreenOf is what a letter is screened with while a worker reads it.
func (s *Service) ScreenOf(ctx context.Context, actor authz.Actor, id LetterID) (*screening.Screen, error) {
	ag, err := s.begin(ctx, actor, authz.Claim, string(id))
	if err != nil {
		return nil, err
	}
	rows, err := s.loadCase(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	var protected protectedRows
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { protected.queue(b, string(id)) }); err != nil {
		return nil, err
	}
	keys, _, err := s.caseKeys(ctx, ag, actor, rows)
	if err != nil {
		return nil, err
	}
	return s.screenOf(ctx, ag, actor, rows, &protected, keys)
}

// WithLog is the same letterbox with another log.
func (s *Service) WithLog(log *slog.Logger) *Service {
	other := *s
	other.log = log
	return &other
}

// NeedsTranslation and TranslatedInto are the one rule of languages.
var (
	NeedsTranslation = needsTranslation
	TranslatedInto   = translatedInto
)
