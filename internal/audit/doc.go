// Package audit writes an agency's log.
//
// A statement (crypto/statement) is signed before an act's transaction and
// appended by it, last: decision, act and statement commit together or not at
// all. What is read by a worker, or opened by a person, is stated and
// committed before it is shown. A refusal is noted on its own, since the act
// it stopped has no transaction.
//
// The log's bodies are the truth; the database role of the public tier can
// add only what the door may sign and can read no log. Index, on the staff
// tier, follows the bodies and knows the newest statement of each object, so
// that an older version put back in its place is seen (seal.ErrStale); the
// newest key of each node (Index.Keys) and the newest word about each worker
// (Index.Stands), so that no restriction, leaving or suspension is undone by
// rows alone.
package audit
