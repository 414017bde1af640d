// Package tier puts one tier together: its pool of connections, its keys, the
// agencies as it may speak for them, and the services on top.
//
// # Trust
//
// A Tier is made in the database role of its own side and with the signing keys
// of its own side. At its start it writes down, for each agency, which stanza
// it believes. People are let in only where both tiers believe the same one, so
// a configuration that was changed on one host closes the door instead of
// sealing letters to somebody else's archive.
//
// Before that it holds the agencies' logs against what it has seen of them
// (package checkpoint), and opens for no database that was rolled back.
package tier
