// Package account is the door: how a person or a worker comes in, stays in and
// goes out, and the one place that makes an authz.Actor.
//
// The story. An agency invites on paper: a reference to sign in with, and a
// code that works once. With the code and a fact agreed by telephone a person
// begins; they choose a passphrase, a key is made for them, and the door
// (for workers: the staff tier's clock key) signs a request that names it.
// Now they are on hold: their screen shows four words made from the key, a
// worker rings the number in the paper file and hears the same words, and only
// then does the registrar sign the key and the worker grant what the person
// may open. A code that was stolen from the post opens an empty letterbox.
//
// Keys end too. Who thinks that somebody knows their passphrase makes a new key
// beside the old one, which works on until a worker has rung and granted anew.
// Who forgot it asks: two workers, one of them a manager, state that they made
// sure of them, and a day goes by in which the holder of the old key is told
// and can say no; then a paper like the first one leads to a new key, a call,
// and the same letters. Who lost the second step has codes on paper; a worker
// without any is helped by two others, and keeps the passphrase.
//
// Who goes. A manager keeps a worker out for a time, or ends their account: in
// one act sessions, claims, grants and credential are gone and the team has a
// new key, to which every case is then granted in steps that a manager's
// session drives (RotateNext). Keys live in sessions, so it is no job; it can be
// stopped, cut off and done by two at once, and a case is always open to the old
// key or the new one.
//
// Trust. The database is not believed: a key counts only as the signed request
// names it, a worker's roles only as manager and registrar signed them, a
// person's side only as a worker stated it, a secret for one-time codes only
// with a code of authentication under the account's own key, and what a session
// holds, its end and its last one-time code included, is sealed under the
// cookie, which the database never sees. (It can still take a second step away,
// or put an earlier one of the same account back.) The cookie is not believed
// either: without the row it opens nothing. A passphrase is checked behind a
// gate that bounds memory, and an unknown name costs the same queries and the
// same work as a wrong passphrase.
//
// What it leaves to others: names and letters (internal/agency, letterbox),
// headers, cookies and form tokens (the web tier), and the operator's word
// that the first manager is who they say.
package account
