package account

import (
	"time"

	"golang.org/x/mod/sumdb/note"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
)

// Stall makes requests wait in stall between reading a session and writing it,
// so that a test can end the session there; nil lets them pass.
func (s *Service) Stall(stall func()) { s.stall = stall }

// StateRole signs what becomes of a worker, for tests of what the database asks.
var StateRole = stateRole

// StateAuditor signs until when somebody is an auditor, for tests of what the
// database asks.
func StateAuditor(ag *agency.Agency, by note.Signer, workerID string, until, at time.Time) ([]byte, error) {
	return stateAppointment(ag, by, workerID, appointment{[]authz.Role{authz.Auditor}, until}, at)
}
