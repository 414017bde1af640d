// Package partstest runs an S3 store for tests: versitygw, on loopback, whose
// objects are files of a folder that a test can look at and change.
//
// Its source is pinned by the module in internal/parts/versitygw, and the go
// command builds it on the first use.
package partstest
