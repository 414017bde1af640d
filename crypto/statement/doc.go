// Package statement is what the log holds: short signed sentences about what
// was done to which object, by whom, and when.
//
// # The story
//
// Sealing proves nothing about who sealed: anybody can seal to public keys.
// What makes an object count is a statement that carries its commitment and is
// signed by whoever may say so. A statement is a signed note
// (golang.org/x/mod/sumdb/note, C2SP signed-note.md), and the whole note, text
// and signatures, is one leaf of the agency's log:
//
//	gatepost/statement/v1
//	agency ag1
//	event deliver
//	object lt42
//	part text
//	version 1
//	exchange ex9
//	from side/7
//	to side/8
//	commit 9sXk…=
//	refs 47DE…=,8d96…=
//	at 2026-11-21T19:00:00Z
//
//	— ag1/worker/w3 5mfK…
//
// The lines come in this order and in one form only, so there is exactly one
// body for a statement and its signatures. An empty value is "-". Statements
// about keys have one or two lines more: "recipient", the hash of the public
// key, and for a worker "verifier", the key with which the worker signs, so that
// the registrar's one signature vouches for both.
//
// # refs
//
// A statement may name those it rests on: a delivery names the receipt and the
// approval. It names them by [Leaf], the hash of the whole signed note, and not
// by their place in the log: the hash is known before the transaction begins,
// in which alone the place is given out, and it binds what was said and not
// only where.
//
// # Who may say what
//
// [Required] is the table. The public tier holds the door key only: it can say
// that a letter came in, never that one was approved or passed on. The clock of
// the staff tier (system) can neither approve, deliver nor grant. Whatever
// changes a person's power over others takes two: the manager and the registrar.
//
// A trap of the note package: note.Open succeeds if any one known key has
// signed, and puts the others aside. Here every signature must verify, and they
// must be those the table asks for, of the statement's own agency, each once.
//
// # What it guards, and what it leaves to others
//
// Nobody without the right private key can make a statement, change one, or
// have two bodies taken for one statement. A statement holds identifiers,
// hashes and times, never free text, a name or an address; it can be published.
// Readings carry no time finer than the hour.
//
// The package does not know whether a worker was a manager or had left when
// they signed, whether the statement is in the log, or whether it is the latest
// about its object: the caller asks the log and gives only keys that counted at
// the time.
package statement
