package passphrase_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/passphrase"
)

const (
	testAge  = "AGE-SECRET-KEY-PQ-1"
	testSkey = "PRIVATE+KEY+ag1/worker/w3+"
)

func mustBundle(t testing.TB, signs bool) passphrase.Bundle {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	skey := ""
	if signs {
		if skey, _, err = note.GenerateKey(rand.Reader, "ag1/worker/w3"); err != nil {
			t.Fatal(err)
		}
	}
	b, err := passphrase.NewBundle(id, skey)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBundleText(t *testing.T) {
	for _, signs := range []bool{false, true} {
		b := mustBundle(t, signs)
		text := string(b.Text())
		if !strings.HasPrefix(text, "age "+testAge) || strings.Contains(text, "\nsign "+testSkey) != signs {
			t.Fatalf("signs %v: the text has not the lines it should have", signs)
		}
		again, err := passphrase.ParseBundle([]byte(text))
		if err != nil {
			t.Fatalf("signs %v: parse its own text: %v", signs, err)
		}
		if string(again.Text()) != text {
			t.Errorf("signs %v: text changes on the way", signs)
		}
		if again.Identity().Recipient().String() != b.Identity().Recipient().String() {
			t.Errorf("signs %v: another identity comes back", signs)
		}
		if (again.Signer() != nil) != signs {
			t.Errorf("signs %v: signer is %v", signs, again.Signer())
		}
	}
}

func TestBundleSigns(t *testing.T) {
	skey, vkey, err := note.GenerateKey(rand.Reader, "ag1/worker/w3")
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	id := mustBundle(t, false).Identity()
	b, err := passphrase.NewBundle(id, skey)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: "passed on\n"}, b.Signer())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(signed, note.VerifierList(verifier)); err != nil {
		t.Errorf("what the bundle signed does not verify: %v", err)
	}
}

func TestParseBundleRefuses(t *testing.T) {
	b := mustBundle(t, true)
	text := string(b.Text())
	ageLine, signLine, _ := strings.Cut(text, "\n")
	ageLine += "\n"
	const classic = "AGE-SECRET-KEY-1S2CNYL980FRQMR5ZUTNW024JN80H4SSAQK2VR6P0Z90TAX6QPNPSSLH2TY" // X25519, which is not post-quantum
	for name, bad := range map[string]string{
		"empty":              "",
		"no age line":        signLine,
		"order":              signLine + ageLine,
		"no last line end":   strings.TrimSuffix(text, "\n"),
		"age only, no end":   strings.TrimSuffix(ageLine, "\n"),
		"extra line":         text + "\n",
		"extra words":        text + "age\n",
		"doubled age":        ageLine + ageLine,
		"doubled sign":       text + signLine,
		"CRLF":               strings.ReplaceAll(text, "\n", "\r\n"),
		"lower case":         strings.ToLower(ageLine),
		"no label":           strings.TrimPrefix(text, "age "),
		"sign without label": ageLine + strings.TrimPrefix(signLine, "sign "),
		"empty sign":         ageLine + "sign \n",
		"space":              " " + text,
		"one letter wrong":   strings.Replace(text, text[30:31], "!", 1),
		"long":               text + strings.Repeat("x", 2000),
		"classic age key":    "age " + classic + "\n",
		"a public key":       "age " + b.Identity().Recipient().String() + "\n",
	} {
		if _, err := passphrase.ParseBundle([]byte(bad)); !errors.Is(err, passphrase.ErrBundle) {
			t.Errorf("%s: got %v, want ErrBundle", name, err)
		} else if strings.Contains(err.Error(), "PQ-1") || strings.Contains(err.Error(), "KEY+") {
			t.Errorf("%s: the error quotes a key", name)
		}
	}
	if _, err := passphrase.NewBundle(nil, ""); !errors.Is(err, passphrase.ErrBundle) {
		t.Errorf("no identity: got %v, want ErrBundle", err)
	}
}

// Secrets must not reach a log or a page by being part of what is printed.
func TestSecretsPrintAsSecret(t *testing.T) {
	b, p := mustBundle(t, true), mustPepper(t, 7)
	all := struct {
		B  passphrase.Bundle
		P  passphrase.Pepper
		Ps passphrase.Peppers
	}{b, p, mustPeppers(t, p)}
	inner := struct {
		b  passphrase.Bundle
		p  *passphrase.Pepper
		ps passphrase.Peppers
	}{b, &p, mustPeppers(t, p)}

	var out bytes.Buffer
	for _, verb := range []string{"%v ", "%+v ", "%#v ", "%s ", "%q ", "%x ", "%d "} {
		for _, v := range []any{b, &b, p, all.Ps, all, inner, []any{b, p}, map[string]any{"b": b}} {
			fmt.Fprintf(&out, verb, v)
		}
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("m", "b", b, "p", p, "all", all, "inner", inner)
	}
	page := template.Must(template.New("").Parse(`<i title="{{.B}}">{{.B}} {{.P}} {{.Ps}} {{.}}</i><script>x={{.B}}</script>`))
	if err := page.Execute(&out, all); err != nil {
		t.Fatal(err)
	}
	coded, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(coded)
	func() {
		defer func() { fmt.Fprintf(&out, "%v", recover()) }()
		panic(all)
	}()

	got := out.String()
	if n := strings.Count(got, "[secret]"); n < 60 {
		t.Errorf("[secret] comes only %d times", n)
	}
	_, seed, _ := strings.Cut(string(b.Text()), "PQ-1")
	for name, leak := range map[string]string{
		"age key": seed[:20], "age key in lower case": strings.ToLower(seed[:20]), "signing key": "PRIVATE+KEY",
		"pepper": "7 7 7 7", "pepper in hex": "07070707", "pepper as Go": "0x7, 0x7",
	} {
		if strings.Contains(got, leak) {
			t.Errorf("the %s is shown", name)
		}
	}
}

func FuzzParseBundle(f *testing.F) {
	b := mustBundle(f, true)
	f.Add(b.Text())
	f.Add(mustBundle(f, false).Text())
	f.Add(bytes.ToLower(b.Text()))
	f.Add([]byte("age \nsign \n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := passphrase.ParseBundle(text)
		if err != nil {
			if !errors.Is(err, passphrase.ErrBundle) {
				t.Fatalf("an error that is not ErrBundle: %v", err)
			}
			return
		}
		if !bytes.Equal(got.Text(), text) {
			t.Fatal("two texts for one bundle")
		}
	})
}
