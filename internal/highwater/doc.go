// Package highwater is a folder in which somebody keeps how far they have seen a
// log: small files, each put in its place whole and on the disk before a call is
// back, and a lock for those who change several.
//
// # Trust
//
// What stands in a file is believed only as far as its owner checks it; here it
// is only held that nobody else could write it. A folder or a file that others
// may write is refused. The package knows no log, no key and no clock.
package highwater
