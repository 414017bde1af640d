package code

import "crypto/rand"

const (
	// referenceAlphabet has no vowel and no Y, so that no word comes up, and of
	// characters that are taken for one another none: no 0 and O, 1, I and L,
	// 2 and Z, 5 and S, 8 and B, U and V.
	referenceAlphabet = "34679CDFGHJKMNPQRTWX"
	referenceLength   = 8
)

// Reference is a new reference to sign in with: eight characters, each one of
// 20, so 34 bits. It is not a secret and not a proof of anything; it stands for
// a name until the person chooses one. Two can be the same (among ten thousand
// people the odds against any such pair are 500 to 1): the database refuses the
// second.
func Reference() string {
	const n = len(referenceAlphabet)
	text := make([]byte, 0, referenceLength)
	for len(text) < referenceLength {
		var random [referenceLength]byte
		_, _ = rand.Read(random[:]) // never fails: the program ends first
		for _, b := range random {
			if int(b) < 256/n*n && len(text) < referenceLength { // else the first ones would come more often
				text = append(text, referenceAlphabet[int(b)%n])
			}
		}
	}
	return string(text)
}
