package register

// An Entry is one person's entry in a part of the register. Every field but ID
// may be empty, which says that it is not known; nothing is asked of its form.
type Entry struct {
	ID string // as the register knows it; given back, never compared

	Forename string // given at birth
	Surname  string // at birth
	Sex      string // by its first letter
	Born     string // YYYYMMDD, YYYY-MM-DD or DD/MM/YYYY; anything else is not known
	BornText string // what is remembered where the day is not: "about 1971", "June 1970", "early 1960s"
	Place    string // of birth

	MotherForename     string
	MotherSurname      string
	MotherOtherSurname string // by marriage, or before it

	Agency string // that placed the child

	// What else both parts were asked for, in the same order in every entry:
	// the number of an order, a postcode. Those after the sixth are not read.
	Also []string
}

// maxAlso is how many of Entry.Also are read.
const maxAlso = 6

// Band says what is to be done with a pair.
type Band string

// The bands. What is in neither is not given back.
const (
	// Proposed is a likely link whose forename agrees. A worker has to confirm it.
	Proposed Band = "proposed"
	// Review is a pair that a worker should look at and that nothing is proposed of.
	Review Band = "review"
)

// Finding says whom the two entries may be about.
type Finding string

// The findings.
const (
	// SameChild: both entries are about one child.
	SameChild Finding = "sameChild"
	// Sibling: they are about two children of one mother, twins perhaps. The
	// forename speaks against one child; a worker decides.
	Sibling Finding = "sibling"
)

// Field is what is compared.
type Field string

// Evidence is what one field says. Bits are the logarithm to base 2 of how much
// more often its level is seen when both entries are about one child than when
// they are about two who have nothing to do with each other. A field that one
// entry lacks has level "missing" and no bits.
type Evidence struct {
	Field Field
	Level string
	Bits  float64
}

// A Proposal is a pair that a worker should see. It decides nothing.
type Proposal struct {
	Part1, Part2 string // the entries' IDs

	Bits        float64    // the sum of the evidence
	Probability float64    // that both are about the same child, whatever the finding
	Band        Band       //
	Finding     Finding    //
	Evidence    []Evidence // a line for each field, always in the same order
	Model       string     // version of the model that weighed them
}
