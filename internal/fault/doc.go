// Package fault is the one kind of error that crosses from a service to a page.
//
// A fault carries a sentence for the person and, apart from it, a cause for
// the operator's log. The two never mix: a page shows Message only, and a
// cause is written to the log only. Any error that is not a fault is Internal,
// and the person is told nothing but that it was our mistake.
//
// Messages are keys of the word catalogues, not English: a fault made in a
// service does not know in which language its reader reads.
package fault
