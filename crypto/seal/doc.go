// Package seal turns words into objects that only the meant readers can open,
// and opens them again only in the place they were made for.
//
// # The story
//
// age encrypts to a list of public keys, but it knows neither who wrote a file
// nor what the file is for: anyone who can write to the database can exchange
// two letters, put back an old one, or seal a forged one to the same public
// keys, and age opens all of them without a murmur. So a sealed object is an
// age file around a frame, and the frame begins with its own context: which
// kind of object, of which agency, exchange, object, part and version, from
// whom to whom. [Open] takes the context that the caller expects and gives
// nothing back unless every byte of it agrees. That stops the exchange.
//
// Against the forged letter there is the [Commitment]: a salted hash over
// context and content which a signed statement carries (package statement).
// [OpenSigned] gives nothing back unless the object is the one committed to.
// The salt lies inside the sealed object, so that the commitment in a public
// log tells nothing about the words, not even to somebody who guesses them,
// and nothing at all once the object is destroyed. The commitment is over the
// plaintext and not over the age file: it outlives any sealing again under
// newer keys.
//
// # The frame, version 1
//
//	"gatepost/frame/v1\n"
//	salt                  32 bytes
//	length of the context 4 bytes, big-endian
//	context               eight lines, see [Context]
//	length of the content 8 bytes, big-endian
//	content
//	zero bytes up to PaddedSize
//
//	commitment = SHA-256("gatepost/commit/v1\n" ‖ salt ‖
//	    length of the context (8 bytes, big-endian) ‖ context ‖
//	    length of the content (8 bytes, big-endian) ‖ content)
//
// A letter must be readable in a hundred years by somebody who has the key,
// any age program and this page: `age -d` gives the frame, and [ParseFrame]
// (or a text editor) the letter.
//
// # What it guards, and what it leaves to others
//
// Every stanza is age's hybrid of ML-KEM-768 and X25519, because what is stored
// today must stay secret for a century. There is no other kind and nothing is
// negotiated: age itself refuses a mix of hybrid and classic recipients only
// when it encrypts, other age programs do not, and every age program opens the
// mixed file; so the header is read here before age sees it.
//
// age hides neither the length of the content nor the number of readers.
// Padding ([PaddedSize]) makes letters of everyday lengths the same size.
//
// The package does not know whether a public key belongs to whom it should
// (package ring), who may read what (the services), or which version of an
// object is its latest (the log). Anybody may seal to public keys; only a
// signed statement says that an object counts.
package seal
