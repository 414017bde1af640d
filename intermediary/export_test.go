package intermediary

// Stalled is the same service, whose acts call stall at their named places, so
// that a test can let another act overtake them there.
func (s *Service) Stalled(stall func(at string)) *Service {
	other := *s
	other.stall = stall
	return &other
}

// CleanAnswers is what is kept of answers.
func CleanAnswers(a Answers) (Answers, error) { return a.clean() }
