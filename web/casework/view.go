package casework

import (
	"slices"

	"gatepost/intermediary"
)

// persons lists everybody of a case: the adopted person, the applicant, and whom
// they look for.
func persons(c *intermediary.Case) []intermediary.Person {
	return append([]intermediary.Person{c.Adopted, c.Applicant}, c.Subjects...)
}

// personOf finds somebody of a case by their id.
func personOf(c *intermediary.Case, id string) (intermediary.Person, bool) {
	all := persons(c)
	i := slices.IndexFunc(all, func(p intermediary.Person) bool { return p.ID == id && id != "" })
	if i < 0 {
		return intermediary.Person{}, false
	}
	return all[i], true
}

// belongs tells whether an id is of somebody of the case.
func belongs(c *intermediary.Case, id string) bool {
	_, ok := personOf(c, id)
	return ok
}

// factsOf lists what is known about somebody or something of a case: of each fact
// what counts, and what waits for a second worker.
func factsOf(c *intermediary.Case, on string) []intermediary.Fact {
	if p, ok := personOf(c, on); ok {
		return p.Facts
	}
	return slices.DeleteFunc(slices.Clone(c.Items), func(f intermediary.Fact) bool { return f.On != on })
}

// factsNamed are the versions of one fact that the case shows.
func factsNamed(c *intermediary.Case, on, name string) []intermediary.Fact {
	return slices.DeleteFunc(slices.Clone(factsOf(c, on)), func(f intermediary.Fact) bool { return f.Name != name })
}

// newestOf is the newest version of a fact; 0 for none.
func newestOf(c *intermediary.Case, on, name string) (version int) {
	for _, f := range factsNamed(c, on, name) {
		version = max(version, f.Version)
	}
	return version
}

// partyOf finds a party of the case by their person's id.
func partyOf(c *intermediary.Case, person string) (intermediary.Party, bool) {
	for _, p := range persons(c) {
		for _, party := range p.Parties {
			if party.Person == person {
				return party, true
			}
		}
	}
	return intermediary.Party{}, false
}

// subjectOf is the person who is looked for and whom an id is about: themselves,
// or else the only one there is.
func subjectOf(c *intermediary.Case, of string) string {
	for _, s := range c.Subjects {
		if s.ID == of || len(c.Subjects) == 1 {
			return s.ID
		}
	}
	return of
}
