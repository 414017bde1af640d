// Package checkpoint keeps an agency's log from being rolled back unseen.
//
//	bodies ──► Keeper (staff tier): tree, hashes ──► signs a checkpoint
//	                │ computes all of it anew at start     │
//	                ▼                                      ▼
//	           its own folder: high water            database ──► Watcher (families' tier)
//	                                                                │ asks for a consistency proof
//	                                                                ▼
//	                                                           its own folder: high water
//
// Each tier writes down the newest checkpoint that it saw, in a folder away from
// the database. A database whose log is smaller than that, or is not that log
// gone on, is refused: when a tier starts, and by a tier that is running, which
// ends so that its next start refuses. Who restores an older backup on purpose
// says so by a statement of the registrar's (Restored); each tier takes each
// such statement once.
//
// # What is written when
//
// The Keeper reads the bodies in order, verifies who signed each, and has a bad
// one followed by the registrar's void. Then it stores the hashes, signs,
// writes the file, and stores the checkpoint last: a file may be ahead of the
// rows, for the bodies that it covers were on the disk before they could be read.
// The rows wait for no disk. When PostgreSQL falls they may be gone, and are
// written again; so the Watcher writes down a checkpoint only when it finds it
// there a second time.
//
// Any number of instances may run. They sign the same tree with the same words,
// so whose row is first does not matter; those on one host share a folder, whose
// files only go forwards under a lock.
//
// # Trust
//
// The Keeper holds the log's key and the registrar's and believes no row: the
// tree is made from the bodies, whose signatures are verified by keys that the
// log vouches for. The Watcher reads no body but the registrar's statements of a
// restore; it believes a checkpoint that the log's key signed, and a proof.
//
// Not held: what was written since the newest checkpoint, which is less than a
// minute and usually a second. A tier that starts with an empty folder believes
// the database that it finds, and says so. Who has the log's key and the
// database can show two tiers two logs; checkpoints on paper and a witness
// (internal/witness) are against that.
package checkpoint
