package letterbox

import (
	"context"

	"gatepost/internal/agency"
)

// Unstated is what comes of a check of rows that failed with err.
func (s *Service) Unstated(ctx context.Context, ag *agency.Agency, err error) error {
	return s.unstated(ctx, ag, "lt00000000000000000000", err)
}

// Stall makes acts call stall at their named places, so that a test can let
// another act overtake them there; nil lets them pass.
func (s *Service) Stall(stall func(at string)) { s.stall = stall }
