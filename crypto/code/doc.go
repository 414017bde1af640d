// Package code makes and reads what people copy by hand: the code in an
// invitation letter, the reference to sign in with, recovery codes, and the six
// digits of an authenticator app.
//
// # The story
//
// An [Invite] is printed and posted. Fifteen random characters carry it, and a
// sixteenth finds slips of the hand before they count as a wrong attempt. It is
// read back forgivingly: case, spaces and hyphens do not matter, O is 0 and I
// and L are 1. What is stored is a keyed hash ([InviteHash]) whose key lies apart
// from the database, and so it is with the fact that worker and person have
// agreed on by telephone ([FactHash]).
//
// An [Intake] is the same for a first enquiry, which has no account yet: what it
// opens is found by a keyed hash of it ([IntakeKey]).
//
// A [TOTP] is the second factor (RFC 6238). [Verify] takes the code of the current
// half minute or the one before, and none that is not newer than the last one
// taken: a code that somebody watched being typed is spent. Ten recovery codes
// ([NewRecoveryCodes]) stand in for a lost phone, each once.
//
// # Trust
//
// The codes are secrets: their types print as "[secret]", and errors never quote
// what was typed. Who may try, how often and until when is for the caller, as is
// marking a code used in the same transaction as what it was used for.
package code
