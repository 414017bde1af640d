// Package accounttest makes a small agency with everything real but the cost
// of scrypt: a migrated database, keys of both tiers, an archive, a first
// manager who opened the agency, a letterbox worker whom they confirmed, and
// people of families on demand. Tests of other packages stand on it.
//
// For tests only. All people are made up.
package accounttest
