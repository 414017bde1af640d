// Package ring is who holds which key.
//
// # The story
//
// Letters are not sealed to workers or to families but to small keys in
// between: the key of a case, of one side of an exchange, and the archive's.
// Such a key is itself an age identity, and it is sealed upwards to whoever may
// use it: a side to its persons and its case, a case to its team and the archive,
// a team to its workers. So when somebody joins, leaves, or forgets a passphrase,
// a few small grants are made or deleted, and no letter is ever written again.
//
//	person ──▶ side ◀── case ◀── team ◀── worker
//	                     ▲         ▲
//	                  archive ─────┘
//
// A key has a name, its node ([NodeID]), and an epoch, which goes up when the
// key is replaced. The keys of the two directories are symmetric, 32 bytes, and
// are granted in the same way; in place of a public key they have a check value.
//
// A [Grant] is a sealed object (package seal) whose context names child and
// parent with their epochs, so a grant cannot be passed off as another's.
// [GrantTo] makes one, [Open] opens one, [Climb] opens several in a row.
//
// # What it guards, and what it leaves to others
//
// Somebody who can write to the database can put their own public key in the
// place of a side's. Three things stop them: a grant opens only to the secret
// that belongs to the node it was asked for; a node is used for sealing only if
// a statement signed by the registrar names its key ([Node.VouchedBy]); and the
// archive's key comes from the configuration, not from the database.
//
// [GrantTo] refuses a grant that no life event asks for, such as a side's key to
// a team, or a person's key to anybody. It does not know whether this worker
// belongs to this team: that is for the services and the log.
//
// The package neither reads nor writes a database and keeps nothing. Private
// keys travel as [Secret], which prints as "[secret]". Go cannot promise to
// erase memory, and this package does not claim to.
package ring
