package seal_test

import (
	"encoding/hex"
	"errors"
	"testing"

	"filippo.io/age"

	"gatepost/crypto/seal"
)

func TestOwn(t *testing.T) {
	id, other := newIdentity(t), newIdentity(t)
	c := seal.Context{Kind: seal.KindDraft, Agency: "ag1", Exchange: "ex1", Object: "dr1", Part: "text", From: "person/p1", To: "side/s1", Version: 3}
	commit := seal.Commitment{1, 2, 3}
	mac, err := seal.Own(id, c, commit)
	if err != nil {
		t.Fatal(err)
	}
	if err := seal.Owned(id, c, commit, mac[:]); err != nil {
		t.Errorf("its own: %v", err)
	}
	later, moved := c, c
	later.Version, moved.Object = 4, "dr2"
	for name, err := range map[string]error{
		"another key":        seal.Owned(other, c, commit, mac[:]),
		"another version":    seal.Owned(id, later, commit, mac[:]),
		"another object":     seal.Owned(id, moved, commit, mac[:]),
		"another commitment": seal.Owned(id, c, seal.Commitment{1, 2, 4}, mac[:]),
		"cut short":          seal.Owned(id, c, commit, mac[:31]),
		"nothing":            seal.Owned(id, c, commit, nil),
	} {
		if !errors.Is(err, seal.ErrUnsigned) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := seal.Own(id, seal.Context{}, commit); !errors.Is(err, seal.ErrContext) {
		t.Errorf("no context: %v", err)
	}
}

// The value is stored, so it must never change.
func TestOwnKnownAnswer(t *testing.T) {
	id, err := age.ParseHybridIdentity("AGE-SECRET-KEY-PQ-1K2C0XZ497WYU4VF3KULN5ZZJEHUUFRMS3UEK9TMV3UD6222HJPKSH7HDHL")
	if err != nil {
		t.Fatal(err)
	}
	mac, err := seal.Own(id, seal.Context{Kind: seal.KindDraft, Agency: "ag1", Object: "dr1", Version: 1}, seal.Commitment{})
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(mac[:]); got != "3b98f75b2c8bc5e4c0aafd5e40711a2a87b8ffcf6669781def42f6f73788638c" {
		t.Errorf("the value is now %s", got)
	}
}
