package code_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatepost/crypto/code"
)

// rfcSecret is the key of the test vectors in RFC 6238, appendix B.
const rfcSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

// The last six of the eight digits that RFC 6238 prints for SHA-1.
func TestRFC6238Vectors(t *testing.T) {
	for _, c := range []struct {
		at   int64
		want string
	}{
		{59, "287082"}, {1111111109, "081804"}, {1111111111, "050471"}, {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
	} {
		now := time.Unix(c.at, 0)
		if got, err := code.Current(rfcSecret, now); err != nil || got != c.want {
			t.Errorf("at %d: %s, %v; want %s", c.at, got, err, c.want)
		}
		if step, err := code.Verify(rfcSecret, c.want, 0, now); err != nil || step != c.at/30 {
			t.Errorf("at %d: step %d, %v; want %d", c.at, step, err, c.at/30)
		}
	}
}

func mustCurrent(t testing.TB, secret string, now time.Time) string {
	t.Helper()
	c, err := code.Current(secret, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// At this moment the codes of the nine steps around it are all different.
var noon = time.Date(2026, 11, 21, 12, 0, 15, 0, time.UTC)

func TestVerifyTakesThisStepAndTheOneBefore(t *testing.T) {
	step := noon.Unix() / 30
	for _, c := range []struct {
		name string
		off  int64 // steps from now, of the code that is typed
		want error
	}{
		{"four back", -4, code.ErrCode},
		{"three back", -3, code.ErrCode},
		{"two back", -2, code.ErrCode},
		{"one back", -1, nil},
		{"now", 0, nil},
		{"one ahead", 1, code.ErrCode},
		{"two ahead", 2, code.ErrCode},
		{"three ahead", 3, code.ErrCode},
	} {
		typed := mustCurrent(t, rfcSecret, noon.Add(time.Duration(c.off)*30*time.Second))
		got, err := code.Verify(rfcSecret, typed, 0, noon)
		if err != c.want {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if c.want == nil && got != step+c.off || c.want != nil && got != 0 {
			t.Errorf("%s: step %d, now is %d", c.name, got, step)
		}
	}
	// The edges of a step.
	start := time.Unix(step*30, 0)
	typed := mustCurrent(t, rfcSecret, start)
	for _, c := range []struct {
		at   time.Time
		want error
	}{
		{start.Add(-time.Nanosecond), code.ErrCode}, {start, nil}, {start.Add(60*time.Second - time.Nanosecond), nil}, {start.Add(60 * time.Second), code.ErrCode},
	} {
		if _, err := code.Verify(rfcSecret, typed, 0, c.at); err != c.want {
			t.Errorf("at %v of its step: got %v, want %v", c.at.Sub(start), err, c.want)
		}
	}
}

func TestVerifyTakesNoCodeTwice(t *testing.T) {
	now, before := mustCurrent(t, rfcSecret, noon), mustCurrent(t, rfcSecret, noon.Add(-30*time.Second))
	step, err := code.Verify(rfcSecret, now, 0, noon)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := code.Verify(rfcSecret, now, step, noon); err != code.ErrUsed || got != 0 {
		t.Errorf("the same code again: step %d, %v; want ErrUsed", got, err)
	}
	if _, err := code.Verify(rfcSecret, now, step, noon.Add(20*time.Second)); err != code.ErrUsed {
		t.Errorf("the same code in the next step: got %v, want ErrUsed", err)
	}
	if _, err := code.Verify(rfcSecret, before, step, noon); err != code.ErrUsed {
		t.Errorf("the previous code after the newer: got %v, want ErrUsed", err)
	}
	earlier, err := code.Verify(rfcSecret, before, 0, noon)
	if err != nil || earlier != step-1 {
		t.Fatalf("the previous code first: step %d, %v", earlier, err)
	}
	if got, err := code.Verify(rfcSecret, now, earlier, noon); err != nil || got != step {
		t.Errorf("the newer code after the previous: step %d, %v", got, err)
	}
	next := noon.Add(30 * time.Second)
	if got, err := code.Verify(rfcSecret, mustCurrent(t, rfcSecret, next), step, next); err != nil || got != step+1 {
		t.Errorf("the next code: step %d, %v", got, err)
	}
}

func TestVerifyReadsSixDigits(t *testing.T) {
	good := mustCurrent(t, rfcSecret, noon)
	for _, typed := range []string{good, good[:3] + " " + good[3:], " " + good + "\n", good[:3] + "\u00a0" + good[3:]} {
		if _, err := code.Verify(rfcSecret, typed, 0, noon); err != nil {
			t.Errorf("%q: %v", typed, err)
		}
	}
	for _, typed := range []string{"", good[:5], good + "0", "0" + good, "-" + good, good[:3] + "-" + good[3:], "+" + good[1:], "abcdef", strings.Repeat(good, 100000)} {
		if _, err := code.Verify(rfcSecret, typed, 0, noon); err != code.ErrCode {
			t.Errorf("%.20q: got %v, want ErrCode", typed, err)
		}
	}
	for _, secret := range []string{"", "GEZDGNBV", rfcSecret + "GEZDGNBV", strings.ToLower(rfcSecret), rfcSecret[:31] + "1", rfcSecret + "\n", rfcSecret[:31] + "\n", " " + rfcSecret[1:]} {
		if _, err := code.Verify(secret, good, 0, noon); err != code.ErrSecret {
			t.Errorf("secret %q: got %v, want ErrSecret", secret, err)
		}
		if _, err := code.Current(secret, noon); err != code.ErrSecret {
			t.Errorf("secret %q: got %v, want ErrSecret", secret, err)
		}
		if _, err := code.RestoreTOTP(secret, "Letters", "7K3M9Q2X"); err != code.ErrSecret {
			t.Errorf("secret %q: got %v, want ErrSecret", secret, err)
		}
	}
}

func mustTOTP(t testing.TB) code.TOTP {
	t.Helper()
	secret, err := code.NewTOTP("Letters & co", "34679 CDF")
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestNewTOTP(t *testing.T) {
	one, two := mustTOTP(t), mustTOTP(t)
	if one.Secret() == two.Secret() {
		t.Error("two new secrets are the same")
	}
	if !regexp.MustCompile(`^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$`).MatchString(one.Grouped()) || strings.ReplaceAll(one.Grouped(), " ", "") != one.Secret() {
		t.Errorf("grouped as %q", one.Grouped())
	}
	if _, err := code.Verify(one.Secret(), mustCurrent(t, one.Secret(), noon), 0, noon); err != nil {
		t.Errorf("its own code: %v", err)
	}
	if _, err := code.Verify(two.Secret(), mustCurrent(t, one.Secret(), noon), 0, noon); !errors.Is(err, code.ErrCode) {
		t.Errorf("another secret's code: %v", err)
	}
	again, err := code.RestoreTOTP(one.Secret(), "Letters & co", "34679 CDF")
	if err != nil || again.URI() != one.URI() || again.Secret() != one.Secret() {
		t.Errorf("restored, it is another: %v", err)
	}
	for _, c := range [][2]string{{"", "x"}, {"x", ""}, {"a:b", "x"}, {"x", "a:b"}, {"x", "\xff"}, {strings.Repeat("x", 65), "x"}} {
		if _, err := code.NewTOTP(c[0], c[1]); err == nil {
			t.Errorf("made for %q", c)
		}
	}
}

func TestTOTPURI(t *testing.T) {
	secret, err := code.RestoreTOTP(rfcSecret, "Letters & co", "34679 CDF")
	if err != nil {
		t.Fatal(err)
	}
	const want = "otpauth://totp/Letters%20%26%20co:34679%20CDF?secret=" + rfcSecret + "&issuer=Letters%20%26%20co&algorithm=SHA1&digits=6&period=30"
	if secret.URI() != want {
		t.Errorf("got %s", secret.URI())
	}
	u, err := url.Parse(secret.URI())
	if err != nil {
		t.Fatal(err)
	}
	if u.Path != "/Letters & co:34679 CDF" || u.Query().Get("issuer") != "Letters & co" {
		t.Errorf("an app reads %q and %q", u.Path, u.Query().Get("issuer"))
	}
}

// The drawing must be safe to put into a page as it is, and be a QR code: three
// finder patterns, timing lines, a white border.
func TestTOTPSVG(t *testing.T) {
	svg, err := code.QR(mustTOTP(t).URI(), code.OnScreen)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="0 0 \d+ \d+" shape-rendering="crispEdges"><path fill="#fff" d="[MhvHz\d -]+"/><path fill="#000" d="[Mhvz\d -]+"/></svg>$`).MatchString(svg) {
		t.Fatalf("more in it than a page should carry: %.200s", svg)
	}
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	black, size := draw(t, svg)
	if (size-8-17)%4 != 0 {
		t.Errorf("%d modules are no QR code", size-8)
	}
	for i := range size {
		for _, edge := range []int{0, 1, 2, 3, size - 4, size - 3, size - 2, size - 1} {
			if black[[2]int{i, edge}] || black[[2]int{edge, i}] {
				t.Fatal("the white border is not clear")
			}
		}
	}
	for _, corner := range [][2]int{{4, 4}, {size - 11, 4}, {4, size - 11}} {
		for x := range 7 {
			for y := range 7 {
				ring := max(max(x, 6-x), max(y, 6-y)) // 6 outside, 5 white, 4 and 3 inside
				if black[[2]int{corner[0] + x, corner[1] + y}] != (ring != 5) {
					t.Fatalf("no finder pattern at %v", corner)
				}
			}
		}
	}
	for i := 12; i < size-12; i++ {
		if black[[2]int{i, 10}] != (i%2 == 0) || black[[2]int{10, i}] != (i%2 == 0) {
			t.Fatal("the timing lines are broken")
		}
	}
}

// draw reads the black path back into modules.
func draw(t *testing.T, svg string) (black map[[2]int]bool, size int) {
	t.Helper()
	if _, err := fmt.Sscanf(svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d`, &size); err != nil {
		t.Fatal(err)
	}
	black = make(map[[2]int]bool)
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(svg, -1) {
		var x, y, run, back int
		if _, err := fmt.Sscan(strings.Join(m[1:], " "), &x, &y, &run, &back); err != nil || run != back {
			t.Fatalf("%s: %v", m[0], err)
		}
		for i := range run {
			black[[2]int{x + i, y}] = true
		}
	}
	return black, size
}

func TestCodesPrintAsSecret(t *testing.T) {
	secret := mustTOTP(t)
	outer := struct {
		T code.TOTP
		I code.Invite
		R code.Recovery
	}{secret, code.NewInvite(), code.NewRecoveryCodes(1)[0]}
	inner := struct {
		t code.TOTP
		p *code.TOTP
		i code.Invite
		r code.Recovery
	}{secret, &secret, outer.I, outer.R}
	var out bytes.Buffer
	for _, verb := range []string{"%v ", "%+v ", "%#v ", "%s ", "%q ", "%x ", "%d "} {
		for _, v := range []any{outer.T, outer.I, outer.R, &outer.T, outer, inner, []any{outer.I}} {
			fmt.Fprintf(&out, verb, v)
		}
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "t", outer.T, "outer", outer, "inner", inner)
	if err := template.Must(template.New("").Parse(`<i title="{{.T}}">{{.I}} {{.R}} {{.}}</i>`)).Execute(&out, outer); err != nil {
		t.Fatal(err)
	}
	coded, err := json.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(coded)
	if n := strings.Count(out.String(), "[secret]"); n < 50 {
		t.Errorf("[secret] comes only %d times", n)
	}
	for name, leak := range map[string]string{
		"TOTP secret": secret.Secret()[:12], "its hex": fmt.Sprintf("%x", secret.Secret()[:6]), "address": "otpauth",
		"invitation": outer.I.Text()[:9], "invitation without hyphens": strings.ReplaceAll(outer.I.Text(), "-", "")[:8],
		"recovery code": outer.R.Text()[:5] + outer.R.Text()[6:],
	} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("the %s is shown", name)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(rfcSecret, "123456", int64(0), int64(1111111111))
	f.Add("", "", int64(-1), int64(-1))
	f.Fuzz(func(t *testing.T, secret, typed string, lastStep, at int64) {
		step, err := code.Verify(secret, typed, lastStep, time.Unix(at, 0))
		switch {
		case err == nil && step <= lastStep:
			t.Fatal("an old step was taken")
		case err != nil && (step != 0 || !errors.Is(err, code.ErrCode) && !errors.Is(err, code.ErrUsed) && !errors.Is(err, code.ErrSecret)):
			t.Fatalf("step %d, %v", step, err)
		}
	})
}
