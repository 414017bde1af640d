// Package agency is a tenant: whose word counts there, which keys it has, and
// what it calls its people.
//
// # Trust
//
// What may be believed about an agency stands in its stanza, in the
// configuration of both tiers and never in the database: the archive's
// recipient and the verifiers of door, registrar, log and system. From there
// trust goes down by signatures only. A node's recipient counts for sealing
// only while a registrar-signed key statement names it (Trusted); a worker's
// statement counts only under a signing key that such a statement vouches for
// (Verify). Whoever can write the database can therefore put nobody's key in
// anybody's place; they can only make things stop working, and be seen.
//
// An Agency value holds the signing keys of its own tier: the door's on the
// public tier; registrar, log and system on the staff tier.
//
// # Directories
//
// Names, addresses and birth dates stand in three books, each under its own
// symmetric key that only staff sessions hold: birth families, adoptive
// families, staff. A child stands in both family books under the name used
// there; nothing in the database joins the two but the child's id.
package agency
