// Package private runs a PostgreSQL of the program's own, for whoever has set
// up no database: the same engine, roles and SQL as a real one, in one folder,
// on a Unix socket, from the binaries on the machine. Linux only.
//
// A folder belongs to one process at a time, by a lock that falls with the
// process. That process is the server's parent: it starts it, sees it end
// (Done), and stops it. Commands that run beside it (Attach) connect and never
// start anything.
//
//	DIR/          0711, ours
//	DIR/lock      locked while a process has the folder; holds its pid
//	DIR/conf/     the server's configuration, written anew at each start
//	DIR/run/      the socket, unless the path would be too long for one
//	DIR/socket    where the socket is, if not in DIR/run
//	DIR/pg/       the cluster, 0700, owned by the user the server runs as
//	DIR/pg.new/   a cluster being made; thrown away if that did not finish
//	DIR/pg.log    the server's log, without values
//
// # When we die first
//
// The server is told by the kernel when its parent dies (PDEATHSIG) and shuts
// down by itself. Should it live on all the same, the next start finds it,
// stops it and starts its own. A survivor is never adopted: nobody could wait
// for it, and nobody knows how it was started.
//
// # Trust
//
// There is no TCP port and no password: the kernel says who connects (peer),
// and only our own OS user is let in, in any role. So the roles guard against
// mistakes of the program, not against root or whoever runs as our user.
//
// The server's log holds no statement, no parameter and no value: errors of
// statements are not logged there at all, because their text quotes values.
// The program logs them by SQLSTATE.
package private
