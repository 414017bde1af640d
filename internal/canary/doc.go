// Package canary proves that what is stored reads as nothing.
//
// The test makes the demo's world, with every name, address, number, letter,
// reason, passphrase and code that is planted in it, on a private PostgreSQL.
// Then it searches everything that lies anywhere afterwards: a dump of the
// database, its files and its write-ahead log byte by byte, PostgreSQL's own
// log, what the program logged at its most talkative, the mails that went out,
// and the folder for temporary files. Each planted word is looked for as it is,
// in base64 at each of its three alignments, and in hexadecimal.
//
// TestCanaryRequests then serves both tiers and types words of its own into
// requests: what goes well, and what is refused, is too much, is not there, fails
// by our own mistake, or comes while the database is away. It searches the same places.
//
// # Trust
//
// A search that finds nothing proves nothing unless it would have found
// something. So the test first writes one more word in each of these places in
// each of these forms, and must find that one everywhere.
//
// There is nothing here but tests.
package canary
