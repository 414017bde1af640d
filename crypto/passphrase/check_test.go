package passphrase_test

import (
	"errors"
	"strings"
	"testing"

	"gatepost/crypto/passphrase"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		passphrase string
		want       error
	}{
		// Length, in characters after NFKC.
		{"", passphrase.ErrShort},
		{"kettle oak7", passphrase.ErrShort},
		{"kettle oak 7", nil},
		{"tŷ bach glas", nil},                         // twelve characters, thirteen bytes
		{"ty\u0302 bach gla", passphrase.ErrShort},    // twelve runes as typed, eleven characters
		{"\ufb03ngers kett", nil},                     // a ligature that is three letters
		{"我家门前有一条小河流水", passphrase.ErrShort},          // eleven
		{"我家门前有一条小河流水哗", nil},                         // twelve
		{strings.Repeat("oak-kettle-plum ", 16), nil}, // 256
		{strings.Repeat("oak-kettle-plum ", 16) + "x", passphrase.ErrLong},
		{strings.Repeat("oak-kettle-plum ", 4000), passphrase.ErrLong},

		// Not text.
		{"oak-kettle-\xff-plum", passphrase.ErrText},
		{"oak-kettle\nplum-river", passphrase.ErrText},
		{"oak-kettle\x00plum-river", passphrase.ErrText},
		{"oak kettle\u00a0plum", nil}, // a space to NFKC

		// One character, one piece, over and over.
		{"aaaaaaaaaaaa", passphrase.ErrCommon},
		{"!!!!!!!!!!!!!!!", passphrase.ErrCommon},
		{"            ", passphrase.ErrCommon},
		{"-=-=-=-=-=-=-=", passphrase.ErrCommon},
		{"kettlekettle", passphrase.ErrCommon},
		{"Kettle-kettle-KETTLE", passphrase.ErrCommon},
		{"oakplumoakplumoak", passphrase.ErrCommon},
		{"aaaaaabbbbbbcccccc", passphrase.ErrCommon},

		// Runs.
		{"123456789012", passphrase.ErrCommon},
		{"987654321098", passphrase.ErrCommon},
		{"abcdefghijklmnop", passphrase.ErrCommon},
		{"zyxwvutsrqpo", passphrase.ErrCommon},
		{"qwertyuiop12", passphrase.ErrCommon},
		{"QWERTYUIOPasdf", passphrase.ErrCommon},
		{"1qaz2wsx3edc", passphrase.ErrCommon},
		{"q-w-e-r-t-y-u-i-o-p", passphrase.ErrCommon},
		{"abcd1234abcd1234", passphrase.ErrCommon},
		{"1234567890abcdef", passphrase.ErrCommon},
		{"112233445566", passphrase.ErrCommon},

		// The deny list, whatever is done to it.
		{"correcthorsebatterystaple", passphrase.ErrCommon},
		{"Correct Horse Battery Staple", passphrase.ErrCommon},
		{"C0rrect-H0rse-B4ttery-$taple", passphrase.ErrCommon},
		{"ManchesterUnited1", passphrase.ErrCommon},
		{"1878evertonFC", passphrase.ErrCommon},
		{"I love you forever!", passphrase.ErrCommon},
		{"q1w2e3r4t5y6", passphrase.ErrCommon},
		{"youll never walk alone", passphrase.ErrCommon},

		// This service's words.
		{"gatepost2026!", passphrase.ErrCommon},
		{"GatePost!2026?", passphrase.ErrCommon},
		{"adoption-letterbox", passphrase.ErrCommon},
		{"passwordpassword1", passphrase.ErrCommon},
		{"mypassword123", passphrase.ErrCommon},
		{"P4$$w0rd12345", passphrase.ErrCommon},
		{"letmeinletmein!!", passphrase.ErrCommon},
		{"Welcome12345", passphrase.ErrCommon},
		{"letterbox-kettle", passphrase.ErrCommon},
		{"letterbox-kettle-oak-7", nil},

		// What should pass.
		{"oak-river-candle-button-train", nil},
		{"the gate sticks when it rains", nil},
		{"g7#Kw!2pQz&x", nil},
		{"k3v9x2m8q4t7", nil},
		{"Mae'r gath ar y to", nil},
		{"my mother never liked peas", nil},
	} {
		if err := passphrase.Check(c.passphrase); !errors.Is(err, c.want) {
			shown := c.passphrase
			if len(shown) > 40 {
				shown = shown[:40] + "…"
			}
			t.Errorf("%q: got %v, want %v", shown, err, c.want)
		}
	}
}

func TestCheckMindsWhatIsKnown(t *testing.T) {
	const chosen = "marigold-Kestrel77"
	if err := passphrase.Check(chosen); err != nil {
		t.Errorf("on its own: %v", err)
	}
	if err := passphrase.Check(chosen, "Marigold", "Kestrel House Adoption"); !errors.Is(err, passphrase.ErrCommon) {
		t.Errorf("made of the log-in name and the agency's: got %v, want ErrCommon", err)
	}
	if err := passphrase.Check(chosen, "a e i", ""); err != nil {
		t.Errorf("single letters count as words: %v", err)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("oak-river-candle-button-train", "marigold")
	f.Add("!!!!!!!!!!!!", "")
	f.Fuzz(func(t *testing.T, chosen, about string) {
		err := passphrase.Check(chosen, about)
		if err != nil && !errors.Is(err, passphrase.ErrShort) && !errors.Is(err, passphrase.ErrLong) &&
			!errors.Is(err, passphrase.ErrText) && !errors.Is(err, passphrase.ErrCommon) {
			t.Fatalf("got %v", err)
		}
	})
}
