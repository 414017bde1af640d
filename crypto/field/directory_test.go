package field_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"

	"gatepost/crypto/field"
)

// knownKey is the key with the bytes 0 to 31; knownCell was made with it apart
// from this program, in Python from RFC 8439 and the XChaCha draft.
const (
	knownKey  = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	knownCell = "404142434445464748494a4b4c4d4e4f5051525354555657d439056792921878f891e99eeaf009fbe197fdb67a2d30f20b43" +
		"99450904239016f9026e55928410ffb2f44c0adadaf19b6b7de86f85b49cb6fc08f413b24c548e57141c133b73b0f5c3f9fead1a55ce"
	knownRow  = "pe4k7q2m5x8r1t6w9z3c"
	knownName = "Branwen Ellis-Pritchard"
)

func mustKey(t testing.TB, text string) field.DirectoryKey {
	t.Helper()
	k, err := field.ParseDirectoryKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustSeal(t testing.TB, k field.DirectoryKey, value []byte) []byte {
	t.Helper()
	box, err := k.SealField("directory/birth", "name", knownRow, value)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func TestKnownCell(t *testing.T) {
	box, err := hex.DecodeString(knownCell)
	if err != nil {
		t.Fatal(err)
	}
	got, err := mustKey(t, knownKey).OpenField("directory/birth", "name", knownRow, box)
	if err != nil || string(got) != knownName {
		t.Errorf("opens to %q, %v", got, err)
	}
}

func TestDirectoryKeyText(t *testing.T) {
	k := field.NewDirectoryKey()
	if k.Text() == field.NewDirectoryKey().Text() {
		t.Error("two new keys are the same")
	}
	box := mustSeal(t, k, []byte(knownName))
	if got, err := mustKey(t, k.Text()).OpenField("directory/birth", "name", knownRow, box); err != nil || string(got) != knownName {
		t.Errorf("the key does not come back from its text: %v", err)
	}
	for _, bad := range []string{"", knownKey[:42], knownKey + "A", knownKey + "=", knownKey[:42] + "9", knownKey[:42] + "\n",
		knownKey[:21] + "\n" + knownKey[21:], strings.Repeat("A", 1<<20)} {
		if _, err := field.ParseDirectoryKey(bad); err != field.ErrKey {
			t.Errorf("a text of %d bytes: got %v, want ErrKey alone", len(bad), err)
		}
	}
}

// Only the step shows, never the length.
func TestSealedSizes(t *testing.T) {
	k := field.NewDirectoryKey()
	for _, c := range []struct{ value, sealed int }{
		{0, 104}, {1, 104}, {23, 104}, {60, 104}, {61, 168}, {124, 168}, {125, 232}, {1 << 16, 1<<16 + 64 + 40},
	} {
		value := bytes.Repeat([]byte("x"), c.value)
		box := mustSeal(t, k, value)
		if len(box) != c.sealed {
			t.Errorf("%d bytes are sealed to %d, want %d", c.value, len(box), c.sealed)
		}
		got, err := k.OpenField("directory/birth", "name", knownRow, box)
		if err != nil || !bytes.Equal(got, value) {
			t.Errorf("%d bytes do not come back: %v", c.value, err)
		}
	}
	if _, err := k.SealField("directory/birth", "name", knownRow, make([]byte, 1<<16+1)); err == nil {
		t.Error("sealed more than 65,536 bytes")
	}
	if bytes.Equal(mustSeal(t, k, nil)[:24], mustSeal(t, k, nil)[:24]) {
		t.Error("a nonce came twice")
	}
}

func TestCellOpensNowhereElse(t *testing.T) {
	k := field.NewDirectoryKey()
	box := mustSeal(t, k, []byte(knownName))
	for _, c := range []struct {
		name               string
		key                field.DirectoryKey
		table, column, row string
	}{
		{"another key", field.NewDirectoryKey(), "directory/birth", "name", knownRow},
		{"another table", k, "directory/adoptive", "name", knownRow},
		{"another column", k, "directory/birth", "details", knownRow},
		{"another row", k, "directory/birth", "name", "pe4k7q2m5x8r1t6w9z3d"},
		{"a shifted name", k, "directory/birth\nname", knownRow, ""},
		{"no table", k, "", "name", knownRow},
	} {
		if got, err := c.key.OpenField(c.table, c.column, c.row, box); !errors.Is(err, field.ErrField) || got != nil {
			t.Errorf("%s: got %d bytes, %v; want ErrField", c.name, len(got), err)
		}
	}
	for _, name := range []string{"", "a b", "a\nb", "ŵ", strings.Repeat("a", 129)} {
		for i := range 3 {
			at := []string{"t", "c", "r"}
			at[i] = name
			if _, err := k.SealField(at[0], at[1], at[2], nil); err == nil {
				t.Errorf("sealed at %q", at)
			}
		}
	}
}

func TestDamagedCell(t *testing.T) {
	k := field.NewDirectoryKey()
	box := mustSeal(t, k, []byte(knownName))
	open := func(name string, b []byte) {
		t.Helper()
		if got, err := k.OpenField("directory/birth", "name", knownRow, b); !errors.Is(err, field.ErrField) || got != nil {
			t.Errorf("%s: got %d bytes, %v; want ErrField", name, len(got), err)
		}
	}
	for n := range box {
		open(fmt.Sprintf("cut to %d", n), box[:n])
		bad := bytes.Clone(box)
		bad[n] ^= 1
		open(fmt.Sprintf("byte %d changed", n), bad)
	}
	open("a byte more", append(bytes.Clone(box), 0))
}

func TestDirectoryKeyPrintsAsSecret(t *testing.T) {
	k := mustKey(t, knownKey)
	outer := struct{ K field.DirectoryKey }{k}
	inner := struct {
		k field.DirectoryKey
		p *field.DirectoryKey
	}{k, &k}
	var out bytes.Buffer
	for _, verb := range []string{"%v ", "%+v ", "%#v ", "%s ", "%q ", "%x ", "%d "} {
		for _, v := range []any{k, &k, outer, inner, []any{k}} {
			fmt.Fprintf(&out, verb, v)
		}
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "key", k, "outer", outer, "inner", inner)
	if err := template.Must(template.New("").Parse(`<i title="{{.K}}">{{.}}</i>`)).Execute(&out, outer); err != nil {
		t.Fatal(err)
	}
	coded, err := json.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(coded)
	if n := strings.Count(out.String(), "[secret]"); n < 30 {
		t.Errorf("[secret] comes only %d times", n)
	}
	for _, leak := range []string{"AAECAwQF", "00010203", "0 1 2 3", "0x0, 0x1"} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("the key shows as %q", leak)
		}
	}
}

func FuzzOpenField(f *testing.F) {
	k := mustKey(f, knownKey)
	box, err := hex.DecodeString(knownCell)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(box)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := k.OpenField("directory/birth", "name", knownRow, b)
		if (err == nil) != bytes.Equal(b, box) || err != nil && (got != nil || !errors.Is(err, field.ErrField)) {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
	})
}

// A key has one written form: whatever is read writes itself the same.
func FuzzParseDirectoryKey(f *testing.F) {
	f.Add(knownKey)
	f.Add(knownKey[:42] + "9")
	f.Add(knownKey + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := field.ParseDirectoryKey(text)
		if err == nil && k.Text() != text {
			t.Fatal("a key was read that writes itself otherwise")
		}
		if err != nil && err != field.ErrKey {
			t.Fatalf("%v quotes what was read", err)
		}
	})
}
