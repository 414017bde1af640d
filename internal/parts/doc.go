// Package parts keeps large sealed parts beside the database.
//
// # The story
//
// A photo is far larger than a letter. Without a [Store] its sealed bytes stand in
// a column of their row, as those of everything else do. With one, what is [Large]
// goes into a bucket of an S3 store and the column holds where it lies, in the
// size of a line: a random key, how long it is, and the SHA-256 of its bytes.
//
//	seal ──► Put ──► bucket/q7k2…   then, in the act's transaction, the row
//	row  ──► Get ──► the bytes, checked ──► opened
//
// The object is there before its row. An act that ends in between, or whose
// transaction fails, leaves an object that no row names; [Store.Sweep] removes those
// that are older than [Orphan]. A row that goes leaves its key in the table
// part_gone, by a trigger, in the same transaction, and the staff tier removes the
// object; a row is never without its object but by somebody else's hand.
//
// # Trust
//
// The bucket is not trusted. What goes there is sealed (package seal) before it
// leaves this process, and its key names nothing: not the agency, the case, the
// kind or the day. Who has the bucket knows how many parts there are, how large
// and when they came. What comes back is compared with its row before it is
// opened, and opens only in its own place, so that two objects that change places
// are as good as none. Who has the bucket can delete; a part that is lost is an
// alarm, noted in the database, and in the backup.
//
// A bucket is one deployment's: its [Mark] is there from the first use on, and with
// another's nothing is put, swept or moved.
//
// The families' tier puts and gets; only the staff tier's key may delete and list.
package parts
