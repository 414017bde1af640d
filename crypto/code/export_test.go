package code

// Fingerprint is the value that the check character makes zero.
func Fingerprint(symbols []byte) byte { return fingerprint(symbols) }

// Alphabets of codes and of references.
const (
	Alphabet          = alphabet
	ReferenceAlphabet = referenceAlphabet
)
