package session_test

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

	"gatepost/crypto/session"
)

// knownCookie is the token with the bytes 0 to 31. What follows from it was
// computed apart from this program, in Python from RFC 5869, RFC 8439 and the
// XChaCha draft.
const (
	knownCookie = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	knownRow    = "d7272baac6cf2cedb763e8883c47b1b987d13807f40aed3431036b81d2108be6"
	knownForm   = "G9CzEhcqAHl1TPatmS-3gNzreokFucziZOjv0m-UIAU"
	knownBox    = "404142434445464748494a4b4c4d4e4f5051525354555657c3b73aa57cc90bafb8e624698ad0210755ad0ec49f68d78ba481e464ee9cf24ddfbff88b"
	knownOwner  = "ag1/pe4k7q2m5x8r1t6w9z3c"
	knownSecret = "keys of the session\n"
)

func mustToken(t testing.TB, cookie string) session.Token {
	t.Helper()
	token, err := session.ParseToken(cookie)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func mustSeal(t testing.TB, token session.Token, role, account, secret string) []byte {
	t.Helper()
	box, err := token.Seal(role, account, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func TestKnownAnswers(t *testing.T) {
	token := mustToken(t, knownCookie)
	if got := token.Cookie(); got != knownCookie {
		t.Errorf("cookie %s", got)
	}
	if got := fmt.Sprintf("%x", token.RowID()); got != knownRow {
		t.Errorf("row id %s", got)
	}
	if got := token.FormToken(); got != knownForm {
		t.Errorf("form token %s", got)
	}
	box, err := hex.DecodeString(knownBox)
	if err != nil {
		t.Fatal(err)
	}
	got, err := token.Open(session.Public, knownOwner, box)
	if err != nil || string(got) != knownSecret {
		t.Errorf("the box opens to %q, %v", got, err)
	}
}

func TestParseTokenRefuses(t *testing.T) {
	for name, bad := range map[string]string{
		"empty":             "",
		"short":             knownCookie[:42],
		"long":              knownCookie + "A",
		"padded":            knownCookie + "=",
		"padding within":    knownCookie[:42] + "=",
		"standard alphabet": strings.Repeat("+", 43),
		"stray last bits":   knownCookie[:42] + "9",
		"line end":          knownCookie[:42] + "\n",
		"line ends inside":  knownCookie[:20] + "\r\n" + knownCookie[22:],
		"not ASCII":         knownCookie[:41] + "é",
		"very long":         strings.Repeat("A", 1<<20),
	} {
		if _, err := session.ParseToken(bad); err != session.ErrToken {
			t.Errorf("%s: got %v, want ErrToken alone", name, err)
		}
	}
}

func TestNewTokensDiffer(t *testing.T) {
	seen := make(map[string]bool)
	for range 100 {
		token := session.NewToken()
		row := token.RowID()
		for _, s := range []string{token.Cookie(), token.FormToken(), string(row[:])} {
			if seen[s] {
				t.Fatal("something comes twice")
			}
			seen[s] = true
		}
		if mustToken(t, token.Cookie()).RowID() != row {
			t.Fatal("the cookie is another token")
		}
	}
}

func TestCheckForm(t *testing.T) {
	token, other := mustToken(t, knownCookie), session.NewToken()
	if !token.CheckForm(token.FormToken()) {
		t.Error("its own form token is refused")
	}
	for _, bad := range []string{"", other.FormToken(), token.Cookie(), knownForm[:42], knownForm + "A", strings.ToLower(knownForm)} {
		if token.CheckForm(bad) {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestBoxOpensForNobodyElse(t *testing.T) {
	token := session.NewToken()
	box := mustSeal(t, token, session.Public, "ag1/p1", knownSecret)
	if len(box) != len(knownSecret)+40 {
		t.Errorf("a box of %d bytes, want %d", len(box), len(knownSecret)+40)
	}
	if got, err := token.Open(session.Public, "ag1/p1", box); err != nil || string(got) != knownSecret {
		t.Fatalf("opens to %q, %v", got, err)
	}
	for _, c := range []struct {
		name          string
		token         session.Token
		role, account string
	}{
		{"another session", session.NewToken(), session.Public, "ag1/p1"},
		{"the staff tier", token, session.Staff, "ag1/p1"},
		{"another account", token, session.Public, "ag1/p2"},
		{"another agency", token, session.Public, "ag2/p1"},
		{"no role", token, "", "ag1/p1"},
		{"a role that is not", token, "public\nag1", "p1"},
		{"no account", token, session.Public, ""},
	} {
		if got, err := c.token.Open(c.role, c.account, box); !errors.Is(err, session.ErrBox) || got != nil {
			t.Errorf("%s: got %d bytes, %v; want ErrBox", c.name, len(got), err)
		}
	}
}

func TestDamagedBox(t *testing.T) {
	token := session.NewToken()
	box := mustSeal(t, token, session.Staff, "ag1/w1", knownSecret)
	for n := range box {
		if _, err := token.Open(session.Staff, "ag1/w1", box[:n]); !errors.Is(err, session.ErrBox) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
		bad := bytes.Clone(box)
		bad[n] ^= 1
		if _, err := token.Open(session.Staff, "ag1/w1", bad); !errors.Is(err, session.ErrBox) {
			t.Errorf("byte %d changed: %v", n, err)
		}
	}
	if _, err := token.Open(session.Staff, "ag1/w1", append(box, 0)); !errors.Is(err, session.ErrBox) {
		t.Errorf("a byte more: %v", err)
	}
}

func TestSealingTwiceDiffers(t *testing.T) {
	token := session.NewToken()
	one := mustSeal(t, token, session.Staff, "ag1/w1", knownSecret)
	two := mustSeal(t, token, session.Staff, "ag1/w1", knownSecret)
	if bytes.Equal(one[:24], two[:24]) || bytes.Equal(one[24:], two[24:]) {
		t.Error("a nonce was used twice under one key")
	}
}

func TestSealRefuses(t *testing.T) {
	token := session.NewToken()
	for _, c := range [][2]string{{"manager", "p1"}, {"", "p1"}, {session.Public, ""}, {session.Public, "p\n1"}, {session.Public, strings.Repeat("p", 129)}} {
		if _, err := token.Seal(c[0], c[1], nil); err == nil {
			t.Errorf("sealed for %q %q", c[0], c[1])
		}
	}
	if _, err := token.Seal(session.Public, "p1", make([]byte, 1<<20+1)); err == nil {
		t.Error("sealed more than a megabyte")
	}
}

func TestTokenPrintsAsSecret(t *testing.T) {
	token := mustToken(t, knownCookie)
	outer := struct{ T session.Token }{token}
	inner := struct {
		t session.Token
		p *session.Token
	}{token, &token}
	var out bytes.Buffer
	for _, verb := range []string{"%v ", "%+v ", "%#v ", "%s ", "%q ", "%x ", "%d "} {
		for _, v := range []any{token, &token, outer, inner, []any{token}} {
			fmt.Fprintf(&out, verb, v)
		}
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("m", "token", token, "outer", outer, "inner", inner)
	}
	if err := template.Must(template.New("").Parse(`<a href="/?{{.T}}" title="{{.T}}">{{.}}</a><script>x={{.T}}</script>`)).Execute(&out, outer); err != nil {
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
			t.Errorf("the token shows as %q", leak)
		}
	}
}

func TestZeroTokenPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a token that was never made has a row")
		}
	}()
	session.Token{}.RowID()
}

func FuzzParseToken(f *testing.F) {
	f.Add(knownCookie)
	f.Add(knownCookie + "=")
	f.Add("AAEC\nAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
	f.Fuzz(func(t *testing.T, cookie string) {
		token, err := session.ParseToken(cookie)
		if err == nil && token.Cookie() != cookie {
			t.Fatalf("%q is a second text for one token", cookie)
		}
		if err != nil && err != session.ErrToken {
			t.Fatalf("got %v", err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	token := mustToken(f, knownCookie)
	box, err := hex.DecodeString(knownBox)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(box)
	f.Add(box[:24])
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := token.Open(session.Public, knownOwner, b)
		if (err == nil) != bytes.Equal(b, box) || err != nil && (got != nil || !errors.Is(err, session.ErrBox)) {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
	})
}

// A token that follows from a secret is the token whose cookie is that secret.
func TestTokenOf(t *testing.T) {
	var key [32]byte
	for i := range key {
		key[i] = byte(i)
	}
	token := session.TokenOf(key)
	if token.Cookie() != knownCookie {
		t.Errorf("the cookie is %s", token.Cookie())
	}
	if row := token.RowID(); hex.EncodeToString(row[:]) != knownRow {
		t.Errorf("the row is %x", row)
	}
	if s := fmt.Sprint(token); s != "[secret]" {
		t.Errorf("printed as %s", s)
	}
}
