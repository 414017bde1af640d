// Package doctor tells an operator what is wrong with a deployment, and what to
// do about each thing.
//
// It looks at everything that this host can see: the configuration, the keys,
// each role's connection and what the server would write into its own log, the
// schema and who may do what in it, the agencies, their logs and canaries, the
// queue, the mail server, certificates, clocks, disks and backups. It never
// stops at the first thing, for at night the third may be the cause of the
// first. Each finding is one sentence:
//
//	ok      it is as it should be
//	look    not wrong today: somebody should know, or do something this week
//	wrong   do what the sentence says
//
// # Trust
//
// It attaches beside what serves, reads, and changes nothing: neither rows nor
// files. It has the rights of the roles that the configuration names, so on the
// families' host it sees what the families' tier sees. What it prints has no
// name, no id of a person or a case and no count of either.
//
// Who may do what is compared with rights.txt, which holds every grant that the
// migrations give. A new migration changes that file; a test says how.
package doctor
