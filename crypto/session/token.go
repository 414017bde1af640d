package session

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"

	"gatepost/crypto/internal/secret"
)

// ErrToken says that a cookie's value is not a token. To the person it is the
// same as having no cookie.
var ErrToken = errors.New("not a session token")

// The labels under which the token's uses are kept apart. Part of the format:
// a change ends every session.
const (
	infoID   = "gatepost/session/id/v1"
	infoForm = "gatepost/session/form/v1"
	infoKey  = "gatepost/session/kek/v1\n" // and role, line end, account
)

// cookieLength is 32 bytes in base64url without padding.
const cookieLength = 43

type hidden = secret.Hidden

// Token is what a signed-in browser shows: 32 random bytes. It prints as
// "[secret]". The zero Token is no session, and its methods panic.
type Token struct {
	hidden
	key secret.Value[[32]byte]
}

// NewToken makes a token for a new session. Every sign-in gets its own; none is
// ever taken over from before it.
func NewToken() Token {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails: the program ends first
	return Token{key: secret.Of(key)}
}

// TokenOf is the token that follows from a secret which somebody holds: what a
// code opens has the same box as a session. The secret is 32 bytes that cannot
// be guessed, such as a keyed hash of the code; two uses of one code need two
// keys, for equal secrets give equal tokens.
func TokenOf(key [32]byte) Token { return Token{key: secret.Of(key)} }

// ParseToken reads the value of a cookie, exactly as Cookie wrote it. It returns
// ErrToken for anything else; whether there is a session is for the database.
func ParseToken(cookie string) (Token, error) {
	if len(cookie) != cookieLength {
		return Token{}, ErrToken
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cookie)
	if err != nil || len(b) != 32 {
		return Token{}, ErrToken // the cause would quote the cookie
	}
	return Token{key: secret.Of([32]byte(b))}, nil
}

// Cookie is the value for the cookie: 43 characters of base64url. It goes into
// Set-Cookie and nowhere else.
func (t Token) Cookie() string {
	key := t.key.Reveal()
	return base64.RawURLEncoding.EncodeToString(key[:])
}

// RowID is the id of the session's row. It tells nothing about the token.
func (t Token) RowID() [32]byte { return t.derive(infoID) }

// FormToken is the value of the hidden field that each form of the session
// carries, for browsers that send neither Sec-Fetch-Site nor Origin: 43
// characters of base64url. Another site cannot know it.
func (t Token) FormToken() string {
	form := t.derive(infoForm)
	return base64.RawURLEncoding.EncodeToString(form[:])
}

// CheckForm reports whether a form carried this session's FormToken. The time it
// takes does not depend on how much of it is right.
func (t Token) CheckForm(value string) bool {
	return subtle.ConstantTimeCompare([]byte(value), []byte(t.FormToken())) == 1
}

// derive makes 32 bytes for one use of the token.
func (t Token) derive(info string) [32]byte {
	key := t.key.Reveal()
	out, err := hkdf.Key(sha256.New, key[:], nil, info, 32)
	if err != nil {
		panic("session: " + err.Error()) // only for lengths over 8,160 bytes
	}
	return [32]byte(out)
}
