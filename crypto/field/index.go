package field

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// LoginIndex is what an account is found by: HMAC-SHA256 under a key that is
// kept apart from the database, over the agency and the log-in name or reference
// as people type it, made alike: NFKC, lower case, no space at either end, one
// space for any number inside. It is the only keyed index of something that a
// person chose; it tells whoever has both database and key that a guessed name
// has an account, and nothing more.
func LoginIndex(key [32]byte, agency, name string) [32]byte {
	return keyed(key, "gatepost/login/v1", agency, alike(name))
}

// alike makes one text of the ways in which a name is typed. Lower case can
// undo NFKC ("İ" becomes two characters), hence twice.
func alike(name string) string {
	name = norm.NFKC.String(strings.ToLower(norm.NFKC.String(name)))
	return strings.Join(strings.Fields(name), " ")
}

// Bucket is what attempts are counted by: a hash of a value, such as an account
// or a code, for one purpose, the label. It is the same on every day.
func Bucket(key [32]byte, label, value string) [32]byte {
	return keyed(key, "gatepost/bucket/v1", label, value)
}

// AddressBucket is what attempts from a network are counted by, and what stands
// for it in a log: a hash of the /24 of an IPv4 address or the /56 of an IPv6
// address, which is about what one household has. The key is another one on
// each day of UTC, so that buckets of two days cannot be told to be the same
// network, even by whoever keeps the hashes. Any address that is not valid falls
// into one bucket of its own.
func AddressBucket(key [32]byte, day time.Time, address netip.Addr) [32]byte {
	date := day.UTC().Format(time.DateOnly)
	today, err := hkdf.Key(sha256.New, key[:], nil, "gatepost/bucket/day/v1\n"+date, 32)
	if err != nil {
		panic("field: " + err.Error()) // only for lengths over 8,160 bytes
	}
	return keyed([32]byte(today), "gatepost/bucket/v1", "address", network(address))
}

// network is the prefix that counts as one household, as text.
func network(address netip.Addr) string {
	address = address.Unmap() // ::ffff:192.0.2.1 is 192.0.2.1
	bits := 56
	if address.Is4() {
		bits = 24
	}
	if !address.IsValid() {
		return "unknown"
	}
	return netip.PrefixFrom(address, bits).Masked().String() // without the zone of an IPv6 address
}

// keyed is HMAC-SHA256 over a label and two parts. Lengths stand before the
// parts, so that no two pairs make the same text, whatever they contain.
func keyed(key [32]byte, label, first, second string) [32]byte {
	mac := hmac.New(sha256.New, key[:])
	fmt.Fprintf(mac, "%s\n%d %s\n%d %s\n", label, len(first), first, len(second), second)
	return [32]byte(mac.Sum(nil))
}
