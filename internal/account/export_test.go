package account

// Stall makes requests wait in stall between reading a session and writing it,
// so that a test can end the session there; nil lets them pass.
func (s *Service) Stall(stall func()) { s.stall = stall }

// StateRole signs what becomes of a worker, for tests of what the database asks.
var StateRole = stateRole
