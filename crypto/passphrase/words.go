package passphrase

import (
	"crypto/rand"
	_ "embed"
	"encoding/binary"
	"strings"
	"sync"
)

// wordText is 2,048 words, one a line, sorted. They are three to seven letters,
// plain, British in spelling and written for this service. Left out is what
// could hurt its readers or the trade's own words (family, home, match, panel,
// order, gift), names, and words that sound like another one in the list.
// The order is part of Spoken: the list is never changed, only followed by
// another for a later version.
//
//go:embed words.txt
var wordText string

// wordList cuts wordText once.
var wordList = sync.OnceValue(func() []string { return strings.Fields(wordText) })

// wordBits is what one word of 2,048 is worth.
const wordBits = 11

// offeredWords gives 55 bits: at one guess in half a second of one processor,
// with database and pepper both stolen, 570 million processor-years.
const offeredWords = 5

// Offer proposes a passphrase: five random words joined by hyphens, 19 to 39
// characters, which passes Check. It is not kept anywhere.
func Offer() string {
	for {
		var random [2 * offeredWords]byte
		_, _ = rand.Read(random[:]) // never fails: the program ends first
		words := make([]string, offeredWords)
		for i := range words {
			words[i] = wordList()[binary.BigEndian.Uint16(random[2*i:])>>(16-wordBits)]
		}
		offer := strings.Join(words, "-")
		if Check(offer) == nil { // not "oak-oak-oak-oak-oak"
			return offer
		}
	}
}

// Spoken makes four words from the first 44 bits of a hash, for a worker and a
// person to compare on a call that the worker makes to a number on file. To
// have another key accepted, somebody would have to find one whose hash gives
// the same words, 2^44 tries, within the time of one enrolment.
func Spoken(hash [32]byte) [4]string {
	bits := binary.BigEndian.Uint64(hash[:8])
	var words [4]string
	for i := range words {
		words[i] = wordList()[bits>>(64-wordBits)]
		bits <<= wordBits
	}
	return words
}
