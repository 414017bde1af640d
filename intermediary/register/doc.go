// Package register finds which entries of an Adoption Contact Register may be
// about the same child: those of adopted persons (Part 1) and those of their
// relatives (Part 2).
//
// # How it works
//
// Two people write down one birth many years apart. One knows the day and the
// other the month, one the name on the certificate and the other "Peggy"; the
// mother has married since. So nothing has to agree:
//
//	entries -> rows (clean.go, value.go)      names are folded, every value is numbered once
//	rows -> candidates (block.go)             those that agree in what any of many rules looks at
//	candidates -> levels (compare.go)         each field exact, alike, different or not known
//	levels -> bits (model.go, frequency.go)   how much each says; a rare name more than a common one
//	bits -> probability (search.go)           against the odds of any two, and against the other candidates
//	probability -> band, finding              what a worker sees, and as what
//
// The weights are those of Fellegi and Sunter (1969). How often links and others
// have a level is learnt from the two parts themselves (learn.go), or taken from
// [Shipped] where they are small; every [Proposal] carries the version of its
// model and the bits of each field. docs/matching.md says how good it is, on
// people who were made up, and where it is not.
//
// # What it promises
//
// The same entries give the same result to the byte, in whatever order they
// come and with any number of workers. Any text may be given: ten kilobytes of
// it, a year 0 and bytes that are no text cost no more than a name.
//
// A pair whose forename is missing or disagrees is never [Proposed], whatever
// else agrees: a twin shares all of it. If the forename disagrees and the mother
// agrees, the finding is [Sibling], another child of this mother.
//
// # What it guards, and whom it trusts
//
// It is pure: no clock, no database, no file, no randomness, and it keeps
// nothing but the [Index] that its caller holds. A proposal is no decision, and
// nothing follows from it by itself: a worker looks, and consent and the law's
// leave come after (intermediary/law). It trusts its caller to ask only for what
// that worker may see, to hold opened entries no longer than the search lasts,
// and to log what was asked: names are in its results.
package register
