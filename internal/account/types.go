package account

import (
	"fmt"
	"net/netip"
	"time"

	"gatepost/crypto/code"
)

// Paper is an invitation as it is printed. It is shown once: only keyed hashes
// of it are kept.
type Paper struct {
	Reference string    // what the person signs in with, eight characters
	Code      string    // opens the door once, together with the agreed fact
	Expires   time.Time // the code dies then, used or not
}

// Welcome is what a person sees after choosing a passphrase.
type Welcome struct {
	Words [4]string // made from their new key, to be read to the worker who rings
}

// SignIn is what the sign-in form carries.
type SignIn struct {
	Name       string // the reference on the invitation, or what it was changed to
	Passphrase string
	Code       string     // one-time code; "" for who uses none
	Device     string     // token of a remembered device; "" for none
	From       netip.Addr // where the request comes from; kept only as a keyed hash of its network
	Browser    string     // coarse label such as "Chrome on Android"; cut at 60 characters
}

// Session is one place where an account is signed in, as its owner sees it.
type Session struct {
	ID    string // for EndSession; it opens nothing
	Label string // the coarse name of the browser
	Began time.Time
	// LastSeen is when the session last asked for a page.
	LastSeen time.Time
	Current  bool // the session that asks
}

// Holding is an account that waits for a call.
type Holding struct {
	ID        string
	Kind      string    // "person" or "worker"
	Name      string    // as in the directory; "" where the record does not open
	Words     [4]string // of the key that the signed request names; all "" if the database shows another key
	Why       string    // "new": a first key; "changed": by themself, the old one still works; "recovered"
	HasTOTP   bool      // workers only: a person's second step is not for staff to see
	Roles     []string  // workers only: what they were until now
	Since     time.Time // when they chose their passphrase
	Exchanges []string  // references of the exchanges of a person's sides
}

// TOTPOffer is a new secret for an authenticator app, not in force until
// KeepTOTP has seen a code made from it.
type TOTPOffer struct {
	Secret string // grouped base32, for typing
	URI    string // otpauth://
}

// SVG draws the URI as a QR code: a whole svg element made of constant markup and
// digits.
func (o TOTPOffer) SVG() (string, error) {
	svg, err := code.QR(o.URI, code.OnScreen)
	if err != nil {
		return "", fmt.Errorf("draw one-time codes: %w", err)
	}
	return svg, nil
}

// Idle says how long a page may lie untouched before its session ends.
type Idle int

const (
	// Short is 15 minutes.
	Short Idle = iota
	// Writing is 60 minutes, for pages on which a letter is written. Staff
	// sessions end after 20 minutes on every page.
	Writing
)

// How long sessions last. The page says so before.
const (
	idleShort     = 15 * time.Minute
	idleWriting   = 60 * time.Minute
	idleStaff     = 20 * time.Minute
	absPublic     = 2 * time.Hour
	absStaff      = 10 * time.Hour
	enrolWithin   = 60 * time.Minute
	inviteLasts   = 28 * 24 * time.Hour
	deviceLasts   = 180 * 24 * time.Hour
	changeTOTPFor = 10 * time.Minute
)
