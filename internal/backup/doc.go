// Package backup writes a sealed copy of the database and brings it back, with
// proofs.
//
// # The story
//
// [Write] takes one snapshot of the database, counts the rows of every table in
// it, and lets pg_dump write the same snapshot through age into a file. Nothing
// of it is on a disk in the clear and little of it is in memory. The file has
// its name only once it is whole and on the disk; before that it is called
// FILE.part. What is inside begins with a [Manifest] in a block of one MiB, so
// that the stock programs read the rest:
//
//	age -d -i backup.key FILE | tail -c +1048577 | pg_restore -l
//
// Large parts that lie in a store (package parts) stand between the two, each behind
// where it lay; the manifest says how many bytes they take, to be added to the
// number above. From before the snapshot until the file is whole, nothing is
// deleted in the store. A part that the store has lost, or gives otherwise than its
// row says, is counted in the manifest and named there, and the rest is written: the
// command ends with a code of its own, and [Written.Tell] notes it in the database, so
// that nobody finds it out when it is needed. A store that does not answer ends the
// backup. Parts are brought back before the rows that name them; a backup that lacks
// some is restored by who names how many.
//
// [Read] reads the file to its end once before it touches anything, for a file
// that is cut short shows it only there. Then it restores into an empty
// database in one transaction, counts every table again, computes the tree of
// every agency's log from its entries and compares it with the checkpoint that
// the log's key signed, and asks its caller to open the canary. If any of that
// fails, the database is empty again afterwards. With [Restore.Check] all of it
// happens in a database of its own beside, which is dropped: a drill.
//
// # Trust
//
// What is in the database is ciphertext, ids, states and times; the backup's own
// seal keeps also these from who finds the file, and its key opens no letter. A
// backup has no sessions, no remembered devices and no key files.
//
// Anybody can seal to a public key: a backup proves itself by the logs in it,
// whose checkpoints are signed, and by the canary, and not by its seal. A dump is
// SQL and runs as database.owner: restore only what lay where nobody but the
// operator writes, and as a role that is no superuser.
//
// A role that row-level security stops would write a thin backup, which is found
// when it is needed; so a role without BYPASSRLS is refused, row security is off
// while rows are counted, and a table that may not be read is an error.
//
// What an agency destroys stands in older backups until they are gone. So a
// backup is deleted after at most 35 days where this program keeps them, and an
// older one is not restored.
package backup
