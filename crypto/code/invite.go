package code

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"gatepost/crypto/internal/secret"
)

const (
	inviteData   = 15 // random characters, five bits each
	inviteLength = inviteData + 1
)

// Invite is an invitation code. It prints as "[secret]"; Text shows it. The zero
// Invite panics when used.
type Invite struct {
	hidden
	text secret.Value[string] // sixteen characters of the alphabet
}

// NewInvite makes a code of 15 random characters, 75 bits less one and a half: a
// code is thrown away when one of its printed groups of four is letters only,
// for what comes with the post to these people must not spell a word.
func NewInvite() Invite {
	for {
		symbols := randomSymbols(inviteData)
		text := write(append(symbols, checkSymbol(symbols)))
		if everyGroupHasDigit(text) {
			return Invite{text: secret.Of(text)}
		}
	}
}

func everyGroupHasDigit(text string) bool {
	for ; text != ""; text = text[4:] {
		if !strings.ContainsAny(text[:4], "0123456789") {
			return false
		}
	}
	return true
}

// ParseInvite reads what somebody typed from the letter. Case, spaces and
// hyphens do not matter; O is taken for 0, and I and L for 1. It returns
// ErrCharacter, ErrLength or ErrCheck, in this order.
//
// ErrCheck is certain when one character is wrong or two have changed places;
// of other mistakes it finds 31 in 32.
func ParseInvite(typed string) (Invite, error) {
	symbols, err := read(typed, inviteLength)
	if err != nil {
		return Invite{}, err
	}
	if fingerprint(symbols) != 0 {
		return Invite{}, ErrCheck
	}
	return Invite{text: secret.Of(write(symbols))}, nil
}

// Text is the code as it is printed: XXXX-XXXX-XXXX-XXXX.
func (c Invite) Text() string { return group(c.text.Reveal(), 4, "-") }

// InviteHash is what is stored of a code, and what it is found by: HMAC-SHA256
// under a key that is kept apart from the database.
func InviteHash(key [32]byte, c Invite) [32]byte {
	return keyed(key, "gatepost/invite/v1\n"+c.text.Reveal())
}

// The check character.
//
// A code is a polynomial over GF(32), its characters the coefficients and the
// check character the last of them, chosen so that the value at α, a generator
// of the field, is zero. So the character at position i counts α^(15-i) times.
// The factors are all non-zero: one wrong character always changes the sum.
// They are all different, since α has 31 powers: any two unequal characters that
// change places, neighbours or not, change it too. Weights modulo 32 could not
// do that. They would have to be odd to find every wrong character, and then any
// two differ by an even number and miss a swap of characters 16 apart.

// fingerprint is the value at α, by Horner's rule.
func fingerprint(symbols []byte) byte {
	var sum byte
	for _, s := range symbols {
		sum = timesAlpha(sum) ^ s
	}
	return sum
}

// checkSymbol makes the fingerprint of data and itself zero.
func checkSymbol(data []byte) byte { return timesAlpha(fingerprint(data)) }

// timesAlpha multiplies in GF(32) modulo x⁵+x²+1, which is primitive: α = x has
// all 31 powers.
func timesAlpha(s byte) byte {
	s <<= 1
	if s&32 != 0 {
		s ^= 0b100101
	}
	return s
}

// ErrFact says that a fact has too little in it to be asked for.
var ErrFact = errors.New("the agreed fact needs at least three letters or digits")

// minFact is how many letters and digits an agreed fact must have.
const minFact = 3

// CheckFact refuses a fact of which less than three letters or digits remain
// when it is compared; an empty one would be answered by anything. It is for the
// worker who writes the fact down.
func CheckFact(fact string) error {
	if len([]rune(bare(fact))) < minFact {
		return ErrFact
	}
	return nil
}

// FactHash is what is stored of the fact that goes with an invitation, and what
// an answer is compared by: HMAC-SHA256 over the invitation's hash and the
// letters and digits of the fact, in lower case and without accents, so that
// "Tŷ Gwyn, no. 3" is "ty gwyn no 3". Facts are short and can be guessed by
// whoever has the key; the few attempts that a code allows are what guards them.
func FactHash(key, inviteHash [32]byte, fact string) [32]byte {
	return keyed(key, "gatepost/fact/v1\n"+string(inviteHash[:])+bare(fact))
}

// bare keeps letters and digits. NFKD takes accents off their letters, and then
// they are neither.
func bare(fact string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, norm.NFKD.String(strings.ToLower(norm.NFKD.String(fact))))
}

// keyed is HMAC-SHA256.
func keyed(key [32]byte, text string) [32]byte {
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte(text))
	return [32]byte(mac.Sum(nil))
}
