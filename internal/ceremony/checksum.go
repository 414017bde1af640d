package ceremony

import "strings"

// Bech32 (BIP 173) as age uses it for its private keys. Its checksum finds every
// slip in up to four characters, and says where up to two are. age reads and
// checks the key itself; what is here only finds the place of a slip.
const (
	alphabet = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" // no 1, B, I or O
	prefix   = "AGE-SECRET-KEY-PQ-1"
	keySize  = 77
	dataSize = keySize - len(prefix)
)

// step is one round of the checksum, with the five generators that BIP 173 prints.
func step(sum uint32, value byte) uint32 {
	top := sum >> 25
	sum = (sum&0x1ffffff)<<5 ^ uint32(value)
	for i, generator := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
		if top>>i&1 == 1 {
			sum ^= generator
		}
	}
	return sum
}

// syndrome is 0 for a key without a slip. For one with slips it is the exclusive
// or of what each slip does by itself. text is prefix and 58 of the alphabet.
func syndrome(text string) uint32 {
	human := strings.ToLower(strings.TrimSuffix(prefix, "1"))
	sum := uint32(1)
	for i := range len(human) {
		sum = step(sum, human[i]>>5)
	}
	sum = step(sum, 0)
	for i := range len(human) {
		sum = step(sum, human[i]&31)
	}
	for _, c := range []byte(text[len(prefix):]) {
		sum = step(sum, byte(strings.IndexByte(alphabet, c)))
	}
	return sum ^ 1
}

// slips gives the places, counted from 0 in the whole key, of the one or two
// wrong characters that explain a syndrome; none if there are more.
func slips(sum uint32) []int {
	place := map[uint32]int{} // what a slip does, and where it is
	for value := byte(1); value < 32; value++ {
		effect := step(0, value)
		for at := keySize - 1; at >= len(prefix); at-- {
			place[effect] = at
			effect = step(effect, 0)
		}
	}
	if at, ok := place[sum]; ok {
		return []int{at}
	}
	for effect, first := range place {
		if second, ok := place[sum^effect]; ok && first < second {
			return []int{first, second}
		}
	}
	return nil
}

// whole tells whether a text is a key without a slip.
func whole(text string) bool {
	return len(text) == keySize && strings.HasPrefix(text, prefix) &&
		strings.Trim(text[len(prefix):], alphabet) == "" && syndrome(text) == 0
}
