// Package witness is the second administrator's look at a log: somebody who is
// no part of the agency's service remembers how far they have seen its log, and
// refuses one that does not go on from there.
//
//	export ──► checked whole (logbook) ──► contains what was seen? ──► remembered, on the disk
//	                                          │ no: which entries          │
//	                                          ▼                            ▼
//	                                       refused                  cosigned, if asked for
//
// Both tiers of a service remember as well. A witness is for the case in which
// somebody has all of the service: its database, its log's key and the folders of
// both tiers, and shows two people two logs. A checkpoint that a witness has
// cosigned (crypto/cosign) can be shown to belong to the one log that the witness
// knows.
//
// # Trust
//
// The witness believes the keys on paper and its own folder, and nothing of the
// export. The first log that it sees it believes as it is. That a service was
// restored from a backup is the registrar's word, who is part of the service: so
// the log may begin anew only where the witness says that it heard of it by
// another way, and what was seen before is kept beside. What is cosigned is on
// the disk before. The package opens no network and no database.
package witness
