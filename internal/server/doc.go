// Package server listens: it serves one or both tiers until it is told to stop,
// and then lets every page that was begun be finished.
//
// # Trust
//
// Whoever connects is a stranger. Headers are limited in size, requests and
// answers in time, and connections in number, so that a slow or greedy client
// costs a little and not the server. When there are too many, whoever has waited
// longest without asking for anything makes room, and one address never has more
// than its share. A header that says where a request came from is believed from a
// trusted proxy only, and plain HTTP behind proxies is answered to no one else.
// What net/http has to say about broken connections is logged by its kind: its
// own words hold addresses.
package server
