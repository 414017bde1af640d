// Package intermediarytest makes a small agency with an intermediary team: two
// workers, a manager, and cases on demand, each as far as a test needs it.
// Everything is real but the cost of scrypt (package accounttest).
//
// For tests only. All people are made up.
package intermediarytest
