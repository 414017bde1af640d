// Package passphrasetest makes passphrase work cheap enough for tests.
//
// It may be imported by _test files and by other packages whose name ends in
// "test", and by nothing else; the architecture test reads the imports and
// refuses the rest. A server that used it would keep its people's keys behind a
// lock that opens in microseconds.
package passphrasetest

import (
	"gatepost/crypto/passphrase"
	"gatepost/crypto/passphrase/internal/cost"
)

// fastLogN makes a run cost about 40 microseconds and 16 KiB.
const fastLogN = 4

// Fast is work as passphrase.Standard does it, of the same format, with the
// same checks and the same counting, at almost no cost. Standard can open what
// Fast has wrapped, and then asks for it to be wrapped anew.
func Fast() *passphrase.Work { return passphrase.At(cost.New(fastLogN)) }
