package tier

import (
	"gatepost/intermediary"
	"gatepost/letterbox"
)

// Relay asks table 8g whether a letter may go on. What it does not ask of the
// letterbox is so by then: a letter is taken in from a named party alone, and
// whoever decides is a named worker.
func Relay(facts letterbox.RelayFacts) (letterbox.Ruling, error) {
	findings := make([]string, len(facts.Findings))
	for i, code := range facts.Findings {
		findings[i] = string(code)
	}
	row, permits, err := intermediary.Relay(map[string][]string{
		"order51A":         {facts.ContactOrder},
		"agreement":        {facts.Agreement},
		"sender":           {"namedParty"},
		"directionAllowed": {yes(facts.MaySend)},
		"childAge18":       {yes(facts.OfAge)},
		"recipient":        {facts.Recipient},
		"findings":         findings,
		"translation":      {translation(facts.Untranslated)},
		"reviewersNeeded":  {readers(facts.ReadersNeeded)},
		"reviewers":        {readers(facts.Readers)},
		"approver":         {"named"},
		"approverIsHelper": {yes(facts.Helped)},
		"warned":           {yes(facts.Warned)},
	})
	return letterbox.Ruling{Row: row, Relay: permits}, err
}

func translation(missing bool) string {
	if missing {
		return "needed"
	}
	return "done"
}

func yes(so bool) string {
	if so {
		return "yes"
	}
	return "no"
}

func readers(n int) string {
	switch {
	case n >= 2:
		return "two"
	case n == 1:
		return "one"
	}
	return "none"
}
