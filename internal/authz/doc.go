// Package authz says who asks and what they may do.
//
// An Actor is the first argument of every service method. It is made in one
// place, internal/account, from a session that the database knows and the
// person's cookie opens; a test reads the source to hold that. The Actor
// carries the keys that were climbed at log-in as an opaque Keyring: a page
// hands the Actor on and sees no key.
//
// May is the whole policy of roles: a table of acts, printed in
// docs/roles.md, enumerated in a test. What May allows, the database checks
// once more by its own tables (has_role, row-level security): a worker's role
// is read there from the worker's row.
package authz
