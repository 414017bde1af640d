// Package web puts the pages of each tier together: which rooms it has, who is
// behind a request, and where a request comes from.
//
// The two tiers share no route, no cookie and no host name. The families' tier
// has the rooms account, family and apply; the workers' tier has account, desk
// and casework. A process that runs one tier never makes the other's router, so a
// page that is not its own is not there.
//
// # Trust
//
// Where a request comes from is the connection's address, and only behind a
// proxy that the configuration names is it what the proxy says: anybody can
// write the header. Everything else is said in the rooms and in web/page.
package web
