package seal_test

import (
	"testing"

	"filippo.io/age"

	"gatepost/crypto/seal"
)

// A key given twice is found however it came to be there twice: the same
// value, parsed again from its text, or taken from its identity.
func TestSealFindsAKeyGivenTwice(t *testing.T) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	again, err := age.ParseHybridIdentity(id.String())
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := age.ParseHybridRecipient(id.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	c := seal.Context{Kind: seal.KindCanary, Agency: "ag1", Object: "x"}
	ways := map[string]*age.HybridRecipient{"the identity's": id.Recipient(), "the identity's, parsed": again.Recipient(), "parsed": parsed}
	for first, a := range ways {
		for second, b := range ways {
			if _, err := seal.Seal(c, nil, a, other.Recipient(), b); err == nil {
				t.Errorf("%s and %s: sealed to one key twice", first, second)
			}
		}
		if _, err := seal.Seal(c, nil, a, other.Recipient()); err != nil {
			t.Errorf("%s beside another key: %v", first, err)
		}
	}
}
