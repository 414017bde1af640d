// Package jobs works the queue: what an act leaves to be done after its commit,
// and what the clock does every five minutes.
//
// A job is a row of River's tables, inserted by the database's own enqueue in
// the act that wants it: it is there if the act is, and gone with it. It
// carries an agency and an id and nothing else; whoever works it looks
// everything up again. A job may run twice (a process can be killed between its
// work and the mark), so every kind of work has to bear that.
//
// Any number of processes may work one queue. One of them is the leader and
// makes the clock's jobs.
//
// # Trust
//
// The pool connects as gatepost_notify, the only role with rights on River's
// tables. Any role of the cluster can send a NOTIFY on any channel, and River
// would take one as an order to cancel jobs: so it polls and listens to
// nothing. River keeps the text of an error for good; errors are therefore
// codes of our own, for what a mail server answers can quote an address.
package jobs
