// Package ceremony makes the one key that opens everything an agency keeps, so
// that nobody holds it.
//
// # The story
//
// Every letter is sealed to the agency's archive as well, because an adopted
// child may ask for it in sixty years, when every worker and every passphrase of
// today is gone. The archive's key must therefore exist and must not be anywhere.
// Three officers each have a key of their own, on one sheet of paper in one sealed
// bag. The archive's key is sealed to each pair of them: to one, and that again to
// the other. Two sheets and one of the three pair files give it back:
//
//	age -d -i b.key archive-AB.age | age -d -i a.key > archive.key
//
// That is all the mathematics there is. A scheme that shares a secret (Shamir's)
// would need a program of ours in a century; nested files need any age program
// (age-encryption.org, C2SP age.md) and one sentence.
//
// # A ceremony
//
// [Make] leads a room of people through it on a machine without a network. The
// archive's fingerprint is read aloud. Each officer prints a [Sheet] and types it
// in again from the paper ([ParseSheet]), for paper that was never read is no
// proof; a slip is named by its group, from the lengths of the groups and from
// what the key's own checksum tells. Then each two of the three typed keys open a
// canary letter with the files as they lie on the disk, and only then does the
// folder get its name. [Drill] repeats the proof each year with a pair of sheets;
// [ChangeOfficer] gives one officer's place to another and leaves the archive's
// key as it is.
//
// # Trust
//
// Guarded against: one officer, or whoever opens one safe, who can open nothing; a
// sheet that was printed badly or typed wrongly; a run that stops half-way, which
// leaves no pair file and so sheets that open nothing; a public line that was
// exchanged on its way to the configuration (`gatepost agency add` shows the
// fingerprint again).
//
// Officers' keys are on paper alone. They are in a file only while one sheet is
// printed, in a folder that is in memory; no copy on a stick, because a stick can
// be copied unseen and is unreadable in thirty years, and the square on the sheet
// saves the typing. The sticks carry the pair files, which are not secret.
//
// Not guarded: a machine or printer that keeps what passes through it (hence the
// live system, the cable, and the switch at the end); this process's memory, which
// Go does not wipe; two officers who act together, which is what they are for; an
// officer who left, kept a copy of the sheet, and finds one other officer and an
// old pair file.
package ceremony
