package code

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pquerna/otp/hotp"

	"gatepost/crypto/internal/secret"
)

var (
	// ErrCode says that six digits are not the code of this half minute or the
	// one before.
	ErrCode = errors.New("the one-time code is not right")

	// ErrUsed says that the code was right once, and that it or a newer one has
	// been used. The person has to wait for the next.
	ErrUsed = errors.New("the one-time code has been used")

	// ErrSecret says that a stored TOTP secret is damaged: an alarm.
	ErrSecret = errors.New("not a TOTP secret")
)

const (
	stepSeconds = 30
	digits      = 6

	// secretSize is 160 bits, what RFC 4226 section 4 recommends. SHA-1, six
	// digits and 30 seconds are the only settings that every authenticator app
	// takes; some ignore others and then show codes that never work.
	secretSize = 20
)

// TOTP is a new or kept secret for an authenticator app, with the names that the
// app shows beside it. It prints as "[secret]". The zero TOTP panics when used.
type TOTP struct {
	hidden
	secret secret.Value[[secretSize]byte]
	label  string // issuer and label as they stand in the address, escaped
	issuer string // the same for the issuer alone
}

// NewTOTP makes a secret of 160 random bits. Issuer and label are what the app
// shows on the person's phone, where others may see it: the caller chooses
// discreet ones. Each has 1 to 64 bytes of UTF-8, without a colon, which stands
// between them in the address.
func NewTOTP(issuer, label string) (TOTP, error) {
	var b [secretSize]byte
	_, _ = rand.Read(b[:]) // never fails: the program ends first
	return makeTOTP(issuer, label, b)
}

// RestoreTOTP makes the same from a secret that Secret gave, so that a page can
// be shown again. It returns ErrSecret when it is not one.
func RestoreTOTP(text, issuer, label string) (TOTP, error) {
	b, err := decodeSecret(text)
	if err != nil {
		return TOTP{}, err
	}
	return makeTOTP(issuer, label, b)
}

func makeTOTP(issuer, label string, b [secretSize]byte) (TOTP, error) {
	for _, name := range []string{issuer, label} {
		if name == "" || len(name) > 64 || !utf8.ValidString(name) || strings.Contains(name, ":") {
			return TOTP{}, errors.New("make a TOTP secret: an issuer or a label that an app could not show")
		}
	}
	// QueryEscape writes a space as "+", which apps show as a plus sign.
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	return TOTP{secret: secret.Of(b), issuer: escape(issuer), label: escape(issuer) + ":" + escape(label)}, nil
}

// Secret is the secret in base 32, 32 characters: what is sealed and stored, and
// what Verify takes.
func (t TOTP) Secret() string {
	b := t.secret.Reveal()
	return secretEncoding.EncodeToString(b[:])
}

// Grouped is the secret in groups of four, for typing into an app by hand.
func (t TOTP) Grouped() string { return group(t.Secret(), 4, " ") }

// URI is the otpauth address that the QR code holds and that opens an app on the
// same phone. The library's own does not escape "&" in an issuer.
// https://github.com/google/google-authenticator/wiki/Key-Uri-Format
func (t TOTP) URI() string {
	return "otpauth://totp/" + t.label + "?secret=" + t.Secret() + "&issuer=" + t.issuer +
		"&algorithm=SHA1&digits=" + strconv.Itoa(digits) + "&period=" + strconv.Itoa(stepSeconds)
}

// Verify takes the six digits that somebody typed; spaces, which some apps show
// in the middle, do not matter. lastStep is the step that was last taken for the
// account, 0 if none. It returns the step of this code, which the caller stores
// in place of lastStep, only where that is still smaller, before it lets the
// person in.
//
// Right is the code of the current 30 seconds or of the 30 before it: somebody
// slow begins to type a code just before it changes. No later one is taken, for
// which a phone's clock would have to be fast, and none before, so that a code
// lives a minute at most. RFC 6238 section 5.2 allows one step back and demands
// that no code be taken twice.
//
// It returns ErrCode, ErrUsed or ErrSecret. The time it takes does not depend on
// how much of the code is right.
func Verify(text, typed string, lastStep int64, now time.Time) (step int64, err error) {
	if _, err := decodeSecret(text); err != nil {
		return 0, err
	}
	typed = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, typed)
	current := stepAt(now)
	var right int64
	for _, s := range []int64{current - 1, current} { // the newer one wins, should both be the same digits
		want, err := at(text, s)
		if err != nil {
			return 0, err
		}
		if subtle.ConstantTimeCompare([]byte(typed), []byte(want)) == 1 {
			right = s
		}
	}
	switch {
	case right == 0:
		return 0, ErrCode
	case right <= lastStep:
		return 0, ErrUsed
	}
	return right, nil
}

// Current is the code that an app with this secret shows at a time. It is for
// the demonstration, where it stands in for a phone, and for tests.
func Current(text string, now time.Time) (string, error) {
	if _, err := decodeSecret(text); err != nil {
		return "", err
	}
	return at(text, stepAt(now))
}

// stepAt counts half minutes since 1970.
func stepAt(now time.Time) int64 { return now.Unix() / stepSeconds }

// at is the code of a step.
func at(text string, step int64) (string, error) {
	want, err := hotp.GenerateCode(text, uint64(step))
	if err != nil {
		return "", ErrSecret // the cause could quote the secret
	}
	if len(want) != digits {
		return "", ErrSecret
	}
	return want, nil
}

var secretEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// decodeSecret reads a TOTP secret in its one written form.
func decodeSecret(text string) ([secretSize]byte, error) {
	b, err := secretEncoding.DecodeString(text)
	if err != nil || len(b) != secretSize || secretEncoding.EncodeToString(b) != text {
		return [secretSize]byte{}, ErrSecret // the cause could quote the secret
	}
	return [secretSize]byte(b), nil
}
