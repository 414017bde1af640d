package seal_test

import (
	"errors"
	"testing"

	"filippo.io/age"

	"gatepost/crypto/seal"
)

func TestIdentify(t *testing.T) {
	var keys []*age.HybridIdentity
	for range 3 {
		id, err := age.GenerateHybridIdentity()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, id)
	}
	want := seal.Context{Kind: seal.KindCanary, Agency: "oak", Object: "canary", Version: 3}
	sealed := mustSeal(t, want, []byte("nothing"), keys[0].Recipient(), keys[1].Recipient())
	for _, id := range keys[:2] {
		if got, err := seal.Identify(sealed.Bytes, id); err != nil || got != want {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if got, err := seal.Identify(sealed.Bytes, keys[2]); !errors.Is(err, seal.ErrKey) || got != (seal.Context{}) {
		t.Errorf("another key: %+v, %v", got, err)
	}
	for _, cut := range []int{0, 10, len(sealed.Bytes) - 1} {
		if _, err := seal.Identify(sealed.Bytes[:cut], keys[0]); err == nil {
			t.Errorf("%d bytes of it were taken", cut)
		}
	}
}
