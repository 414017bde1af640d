package letterbox

// Stall makes acts call stall at their named places, so that a test can let
// another act overtake them there; nil lets them pass.
func (s *Service) Stall(stall func(at string)) { s.stall = stall }
