// Package arch holds the shape of the program by reading its source.
//
// The rules are one table in rules_test.go: who may import whom, which
// names may be used where. The test reads the files itself with go/parser; a
// child process would let the test cache answer for a source that has changed.
package arch
