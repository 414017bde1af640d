package prose_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"gatepost/internal/fault"
	"gatepost/internal/prose"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, text, want, fault string }{
		{"as it is", "Dear Rosie,\n\tit rained.\n", "Dear Rosie,\n\tit rained.\n", ""},
		{"every line end", "a\r\nb\rc\vd\fe\u0085f\u2028g\u2029h", "a\nb\nc\nd\ne\nf\ng\nh", ""},
		{"nothing that is not seen", "a\x00b\x1bc\x7fd\u0080e", "abcde", ""},
		{"no other order", "a\u202db\u202ec\u2066d\u2069e\u202af", "abcdef", ""},
		{"Welsh, one way", "Si\u0302n a Thŷ", "Sîn a Thŷ", ""},
		{"marks that people use", "\u200fשלום\u200e, a\u00adb", "\u200fשלום\u200e, a\u00adb", ""},
		{"full", strings.Repeat("x", 30), strings.Repeat("x", 30), ""},
		{"full when cleaned", strings.Repeat("\r\n", 30), strings.Repeat("\n", 30), ""},
		{"one too many", strings.Repeat("x", 31), "", "fault.text.tooLong"},
		{"longer than anything is read", strings.Repeat("\x00", 61), "", "fault.text.tooLong"},
		{"not text", "caf\xe9", "", "fault.text.notText"},
		{"half a character", "\xc3", "", "fault.text.notText"},
		{"nothing", "", "", ""},
	} {
		got, err := prose.Clean("text", c.text, 30)
		refusal(t, c.name, err, c.fault)
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestLine(t *testing.T) {
	for _, c := range []struct{ name, text, want, fault string }{
		{"a name", "  Siân  Ap Rhys ", "Siân  Ap Rhys", ""},
		{"a line end around it", "\nRosie\r\n", "Rosie", ""},
		{"space behind nothing", "\x00 Rosie \x00", "Rosie", ""},
		{"two lines", "Rosie\n9 Well Lane", "", "fault.text.oneLine"},
		{"two lines, hidden", "Rosie\u20289 Well Lane", "", "fault.text.oneLine"},
		{"a tab", "Rosie\tMarsh", "", "fault.text.oneLine"},
		{"full", strings.Repeat("x", prose.MaxLine), strings.Repeat("x", prose.MaxLine), ""},
		{"too long", strings.Repeat("x", prose.MaxLine+1), "", "fault.text.tooLong"},
		{"not text", "\xff", "", "fault.text.notText"},
	} {
		got, err := prose.Line("text", c.text)
		refusal(t, c.name, err, c.fault)
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestBlank(t *testing.T) {
	for text, want := range map[string]bool{"": true, " \n\t": true, "\u00a0\u2003": true, "\u200b\u200f\u00ad": true, "\x00": true, "x": false, " . ": false, "ŵ": false} {
		if prose.Blank(text) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}

// refusal checks that an error is the fault of this field, or is none.
func refusal(t *testing.T, name string, err error, message string) {
	t.Helper()
	f, _ := errors.AsType[*fault.Error](err)
	switch {
	case message == "" && err != nil, message != "" && f == nil:
		t.Errorf("%s: %v, want %q", name, err, message)
	case f != nil && (f.Kind != fault.Invalid || f.Message != message || f.Field != "text"):
		t.Errorf("%s: %s %s in %s, want %s", name, f.Kind, f.Message, f.Field, message)
	}
}

// What was cleaned is text, within its limit, and stays as it is.
func FuzzClean(f *testing.F) {
	for _, text := range []string{"Dear Rosie,\r\nlove", "Si\u0302n", "a\u202eb", "\xff", "\x00\u0344\u0958"} {
		f.Add(text, 30)
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = max(0, min(limit, 1<<10))
		once, err := prose.Clean("text", text, limit)
		if err != nil {
			return
		}
		if len(once) > limit || !utf8.ValidString(once) || strings.ContainsAny(once, "\r\x00\u202e\u2028") {
			t.Errorf("%q is cleaned to %q", text, once)
		}
		if again, err := prose.Clean("text", once, limit); err != nil || again != once {
			t.Errorf("%q is cleaned to %q and that to %q (%v)", text, once, again, err)
		}
		line, err := prose.Line("text", text)
		if again, err2 := prose.Line("text", line); err == nil && (err2 != nil || again != line) {
			t.Errorf("%q is a line %q and that %q (%v)", text, line, again, err2)
		}
	})
}
