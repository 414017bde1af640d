// Package postgres is the only road from the program to its database.
//
// It knows two shapes of work. Read runs a page's questions in one round trip,
// on one snapshot, and can change nothing. Act runs one act of a person in two
// round trips: the first takes the locks and reads the facts, the second
// writes and commits. Between the two the caller decides; sealing and mail
// happen before and after, never inside. Both set the agency and the account
// for row-level security in their first trip, so no query can forget to.
//
// Because the commit travels behind the writes in the same pipeline, a caller
// cannot look at row counts and change its mind. What must hold is said in SQL:
// by named constraints, by triggers, and by Guarded, which raises an error when
// an update did not find exactly one row. PostgreSQL skips everything up to the
// end of the pipeline after an error, the commit too, so an act is whole or
// not there.
//
// Transactions are READ COMMITTED: what has to be serial takes a row lock that
// is easy to name. Under SERIALIZABLE the snapshot is older than the lock, and
// an act could commit after the veto that forbids it.
//
// # Trust
//
// Row-level security holds against mistakes of this program. It does not hold
// against somebody who can run SQL of their own in the program's role: such a
// person can set the agency too.
//
// Messages of the server can quote a value ("invalid input syntax for type
// integer: ..."). Errors that leave this package say the SQLSTATE, the
// constraint and the table, and a message only where it cannot hold a value.
package postgres
