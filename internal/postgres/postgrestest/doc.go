// Package postgrestest gives each test a real, migrated database of its own.
//
// One private PostgreSQL runs for a test binary; the migrations run once in a
// template, and each database is a copy of it, made in some ten milliseconds.
// The server does not wait for the disk, so a test that pulls the plug needs
// private.Start with a folder of its own instead.
//
// For tests only. A package that uses it has
//
//	func TestMain(m *testing.M) { postgrestest.Main(m) }
package postgrestest
