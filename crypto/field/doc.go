// Package field seals single cells of the database and makes the keyed hashes
// by which a few things are found again without being readable.
//
// # The story
//
// Names, addresses and dates of birth lie in the directories, cell by cell,
// sealed under a [DirectoryKey] that only signed-in workers hold. A page of names
// is opened and a search is made by opening them all and looking, which at fifty
// thousand names takes less time than a page does: so there is no index of
// names. Even a keyed one would show which rows share a surname, and how many,
// to anybody with a copy of the database.
//
// What must be looked up before anybody has signed in is hashed under a key that
// is kept apart from the database: the log-in name ([LoginIndex]), and what
// failed attempts are counted by ([Bucket], [AddressBucket]).
//
// # Trust
//
// A sealed cell is bound to its table, column and row. Moved to another place,
// it does not open. It is not bound to a version: whoever can write the database
// can put an older value of the same cell back. Lengths are hidden in steps of
// 64 bytes. The hashes hide their input from whoever lacks the key; who has the
// key can try guesses.
package field
