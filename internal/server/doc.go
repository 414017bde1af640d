// Package server listens: it serves one or both tiers until it is told to stop,
// and then lets every page that was begun be finished.
//
// # Trust
//
// Whoever connects is a stranger. Headers are limited in size, and requests and
// answers in time, so that a slow or greedy client costs a little and not the
// server. A header that says where a request came from is believed from a
// trusted proxy only, and plain HTTP behind proxies is answered to no one else.
// What net/http has to say about broken connections is logged by its kind: its
// own words hold addresses.
package server
