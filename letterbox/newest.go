package letterbox

import (
	"context"
	"errors"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/fault"
)

// newestKeys checks by the log that nodes are at their newest epoch, before
// anything is opened by them or sealed to them: rows that are put back to what
// they were must not give a case back to whoever it was taken from. The
// families' tier reads no log and checks nothing. Conflict: a newer key was made
// in this moment. Sealed, and an alarm: the database has lost one.
func (s *Service) newestKeys(ctx context.Context, ag *agency.Agency, nodes ...agency.Node) error {
	if s.index == nil {
		return nil
	}
	held := map[string]uint32{}
	for _, n := range nodes {
		held[string(n.ID())] = uint32(n.Epoch())
	}
	err := s.index.Keys(ctx, ag.ID, held)
	switch {
	case err == nil, ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, audit.ErrMoved):
		return fault.Wrap(fault.Conflict, "fault.conflict", err)
	case errors.Is(err, seal.ErrStale):
		s.log.ErrorContext(ctx, "ALARM: an older key stands in the place of a newer one", "agency", ag.ID, "error", err)
		return fault.Wrap(fault.Sealed, "fault.sealed", err)
	}
	return err
}

// stands checks by the log that a worker's signed roles are their newest and
// that they have not been kept out since.
func (s *Service) stands(ctx context.Context, ag *agency.Agency, worker string, role []byte) error {
	in, err := s.index.Stands(ctx, ag.ID, worker, statement.Leaf(role))
	if err == nil && !in {
		err = agency.ErrUntrusted
	}
	return err
}
