// Package logbook reads an agency's log as anybody can who has the keys that
// were printed: checkpoints, the tree over the entries, proofs, whole exports.
//
// The log is a Merkle tree (RFC 6962) over signed statements (crypto/statement),
// in the form of golang.org/x/mod/sumdb/tlog, with checkpoints of
// c2sp.org/tlog-checkpoint. Everything here can be done again with stock tools.
//
// # Trust
//
// Nothing that is read is believed. A checkpoint counts when the log's own key
// has signed it, an entry when it is signed as its event requires, and hashes
// when they lead to a root that a checkpoint names. The package knows no
// database and no clock, and needs no key that opens anything.
package logbook
