// Package passphrase keeps a person's keys under what the person knows.
//
// # The story
//
// Whoever signs in brings a passphrase. It opens a [Bundle], the private keys
// of that account, which lies in the database as a wrap: an age file under a
// passphrase (scrypt, 2^17 rounds of 128 MiB). What age is given is not the
// passphrase itself but
//
//	base64(HMAC-SHA256(pepper, "gatepost/passphrase/v1\n" role "\n" account "\n" NFKC(passphrase)))
//
// The pepper is 32 random bytes which never lie beside the database. So a
// stolen database or backup allows no guessing at all, however weak the
// passphrase; with database and pepper together each guess costs half a second
// and 128 MiB and counts for one account only. Role and account are inside the
// HMAC, so that a wrap moved to another account's row opens nothing.
//
// There is no hash of the passphrase anywhere: to open the wrap is to be right.
//
// # Trust
//
// A [Work] does the wrapping and counts its scrypt runs. Its cost is fixed:
// only package passphrasetest can make a cheaper one, because the type that it
// needs lies in an internal folder. A [Gate] keeps many sign-ins at once from
// taking all the memory. [Work.Dummy] does for an account that does not exist
// exactly what a wrong passphrase does, so that the time taken tells nobody
// which accounts there are; the caller gives both the same answer.
//
// [Check] refuses passphrases that would be tried first. [Offer] proposes one
// of five words from a list of 2,048 short, plain words that was written for
// this service, and [Spoken] makes from a hash four words that two people can
// compare on the telephone.
//
// What is left to others: limits on failed attempts, and who may ask at all.
package passphrase
