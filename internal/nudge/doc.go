// Package nudge tells open desks to look again, whichever process changed
// something.
//
//	act ── nudge_desk() ──► NOTIFY at its commit ──► Hub of each process ──► pages
//
// A nudge says nothing: it is a random word that stands for an agency. Each
// process has one connection that listens; when it was lost and is back, every
// page is nudged, since something may have been missed. A page has room for one
// nudge and takes one a second at most, so a busy desk costs no more than a
// reload a second and a slow page keeps nobody waiting.
//
// A page says when it was read (Mark), and is nudged as soon as it opens if its
// agency was since: between a page's reading and its line nothing is lost.
//
// # Trust
//
// Any role of the database's cluster can overhear a NOTIFY and send one. So it
// names no object and no state, and all that it can do is have a page ask
// again, with its own session, for what it shows anyway.
//
// A NOTIFY serialises commits; only acts that append to the log send one, which
// are serial for each agency as it is.
package nudge
