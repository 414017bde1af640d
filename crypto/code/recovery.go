package code

import (
	"errors"
	"regexp"

	"gatepost/crypto/internal/secret"
)

const recoveryLength = 10 // characters, 50 bits

// Recovery is a code that stands in once for a lost authenticator. It prints as
// "[secret]"; Text shows it. The zero Recovery panics when used.
type Recovery struct {
	hidden
	text secret.Value[string]
}

// NewRecoveryCodes makes n codes of 50 random bits, all different. They are
// shown once, to be written down.
func NewRecoveryCodes(n int) []Recovery {
	seen := make(map[string]bool, n)
	codes := make([]Recovery, 0, n)
	for len(codes) < n {
		if text := write(randomSymbols(recoveryLength)); !seen[text] {
			seen[text] = true
			codes = append(codes, Recovery{text: secret.Of(text)})
		}
	}
	return codes
}

// ParseRecovery reads what somebody typed, as forgivingly as ParseInvite. It
// returns ErrCharacter or ErrLength. Six digits are never a recovery code, so
// one form field can take either.
func ParseRecovery(typed string) (Recovery, error) {
	symbols, err := read(typed, recoveryLength)
	if err != nil {
		return Recovery{}, err
	}
	return Recovery{text: secret.Of(write(symbols))}, nil
}

// Text is the code as it is shown: XXXXX-XXXXX.
func (c Recovery) Text() string { return group(c.text.Reveal(), 5, "-") }

var accountText = regexp.MustCompile(`^[A-Za-z0-9._/-]{1,128}$`)

// RecoveryHash is what is stored of a code and what it is found by among the
// account's: HMAC-SHA256 under a key that is kept apart from the database, which
// 50 bits need. The account is 1 to 128 of the characters A-Z a-z 0-9 . _ / and
// -; for any other it returns an error.
func RecoveryHash(key [32]byte, account string, c Recovery) ([32]byte, error) {
	if !accountText.MatchString(account) {
		return [32]byte{}, errors.New("hash a recovery code: the account has characters that an id cannot have")
	}
	return keyed(key, "gatepost/recovery/v1\n"+account+"\n"+c.text.Reveal()), nil
}
