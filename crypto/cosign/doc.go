// Package cosign is a witness's signature under a checkpoint of a log
// (c2sp.org/tlog-cosignature, the Ed25519 form "cosignature/v1").
//
// A cosignature says: at this time, of all trees of this log that I have seen
// and found to contain each other, this is the largest. It is a line of a signed
// note (c2sp.org/signed-note), so that it stands beside the log's own signature
// and any program that reads notes passes it over or checks it. Signer and
// Verifier are what golang.org/x/mod/sumdb/note asks of one.
//
// # Trust
//
// The package signs what it is given: that a tree contains the one before is for
// the caller to know. A key that cosigns has a type of its own (4), so it can
// never be taken for a log's or a worker's, nor theirs for it. The name of the
// witness is in the key's hash and not in what is signed: a key is used under
// one name. Ed25519 falls to a quantum computer; a cosignature is believed for
// what it was worth when it was made.
package cosign
