// Package migrations holds the schema: numbered SQL files, which only go
// forward. The database itself keeps what the program promises (states and
// their moves, row-level security, what each role may do), so a wrong program
// cannot break it.
//
// A file that has landed is never changed: databases have run it. sums.txt
// holds the SHA-256 of each, and a test compares.
package migrations

import "embed"

// Files are the numbered SQL files, as postgres.Migrate wants them.
//
//go:embed *.sql
var Files embed.FS
