// Command scan lets scanners that this project did not write try the pages and
// the TLS of a running demo: sqlmap, wapiti, ffuf and testssl.sh. It is run by
//
//	make scan
//
// and is no part of the program. It starts `gatepost demo` in a folder of its
// own, and beside it `gatepost serve --tier both` with a certificate on the same
// database; signs people of both tiers in; reads every page that they can reach;
// and writes one request for each line of both route tables, with the form token
// and the fields that the page has. Then each scanner works, signed in and
// signed out, its report is read, and what it says is held against
// scripts/scan.accepted. Whatever is not in there fails the run.
//
// # Why a clean report can be believed
//
// A scanner that sees nothing also says that all is well. So before each run a
// weak server, planted on purpose, is shown to every scanner: each must find what
// is wrong with it (scan --self-test does only this). After each run the
// server's own log must show that the scanner came through the door: a line of
// the route table that was asked for only as a stranger fails the run, and so
// does a session that did not outlive it. A run of sqlmap that does not say in
// its own words that no parameter is injectable counts as a fault.
//
// # Trust
//
// Everything is on loopback, in a scratch folder, with made-up people. The weak
// server is a danger to the machine that it runs on while it runs, so it listens
// on loopback, reads no real file but one that everybody may read, and its
// database is thrown away.
package main
