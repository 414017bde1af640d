// Package demo makes a world to try the program in: an agency, its workers, three
// birth families with the homes that adopted their children, and the letters
// between them.
//
// Everybody in it is made up, and everything goes through the services that
// real people use: each person redeems an invitation, chooses a passphrase and
// is confirmed by a worker; each letter is written, sent, claimed, read and
// decided. Nothing is put into the database behind their back, so a demo shows
// what a deployment does. (One day is moved by the command, not here: that on
// which a letter is stopped because a child comes of age.)
//
// Letters that came on paper came some days ago, so that one is late and one
// waits long on the first day.
//
// The seeding has a clock of its own, which starts a quarter of an hour ago and
// goes on by half a minute whenever somebody needs a new one-time code: a code
// counts once, and nobody wants to wait for the next one twenty times.
//
// # Trust
//
// None. The folder of a demo holds, beside the database, what must never lie
// together in a real deployment: every passphrase, every secret for one-time
// codes, the keys of both tiers, and the private key of the archive.
package demo
