package code_test

import (
	"errors"
	"fmt"
	"testing"

	"gatepost/crypto/code"
)

// The value was computed apart from this program, with Python's hmac.
func TestIntakeKnownAnswer(t *testing.T) {
	c, err := code.ParseIntake("7k3m 9q2x w4tb 8nds")
	if err != nil {
		t.Fatal(err)
	}
	if c.Text() != "7K3M-9Q2X-W4TB-8NDS" {
		t.Errorf("shown as %s", c.Text())
	}
	const want = "3094629e6d4d81b7972d2519e5c35762ea5a63cc435585443615808113620702"
	if got := fmt.Sprintf("%x", code.IntakeKey(counted(), c)); got != want {
		t.Errorf("key %s", got)
	}
	if code.IntakeKey(counted(), c) == code.InviteHash(counted(), code.Invite(c)) {
		t.Error("an enquiry and an invitation of one code have one hash")
	}
	if s := fmt.Sprint(c); s != "[secret]" {
		t.Errorf("printed as %s", s)
	}
}

func TestNewIntake(t *testing.T) {
	c := code.NewIntake()
	again, err := code.ParseIntake(c.Text())
	if err != nil || again.Text() != c.Text() {
		t.Errorf("%s comes back as %s, %v", c.Text(), again.Text(), err)
	}
	if c.Text() == code.NewIntake().Text() {
		t.Error("the same code twice")
	}
	if _, err := code.ParseIntake(c.Text()[:18]); !errors.Is(err, code.ErrLength) {
		t.Errorf("a short code gives %v", err)
	}
}

// A code that is read comes out as it is shown, however it was typed, and is
// never one that an invitation's own reader would refuse.
func FuzzParseIntake(f *testing.F) {
	f.Add("7K3M-9Q2X-W4TB-8NDS")
	f.Add("7k3m 9q2x w4tb 8nds")
	f.Add("oooo-oooo-oooo-oooo")
	f.Add("\u2013")
	f.Fuzz(func(t *testing.T, typed string) {
		c, err := code.ParseIntake(typed)
		_, invite := code.ParseInvite(typed)
		if (err == nil) != (invite == nil) {
			t.Fatalf("as an enquiry %v, as an invitation %v", err, invite)
		}
		if err != nil {
			return
		}
		again, err := code.ParseIntake(c.Text())
		if err != nil || again.Text() != c.Text() || code.IntakeKey(counted(), again) != code.IntakeKey(counted(), c) {
			t.Errorf("%q is shown as %q, which reads as %v", typed, c.Text(), err)
		}
	})
}
