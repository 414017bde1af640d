package keyfile_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"gatepost/crypto/seal"
	"gatepost/internal/keyfile"
)

// A copy holds every key file of both tiers, and of half a set there is none.
func TestCopy(t *testing.T) {
	w := newWorld(t)
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "keys.age")
	n, err := keyfile.Copy(w.dir, out, id.Recipient())
	if err != nil || n != 11 {
		t.Fatalf("%d files, %v", n, err)
	}
	sealed, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	r, err := seal.OpenStream(bytes.NewReader(sealed), id)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"public/login.key", "public/pepper-1.key", "public/oak-door.key", "staff/notify.key", "staff/pepper-1.key", "staff/oak-registrar.key"} {
		secret, err := os.ReadFile(w.path(name))
		if err != nil || !strings.Contains(string(text), "\n"+name+"\n"+string(secret)) {
			t.Errorf("%s is not in the copy: %v", name, err)
		}
	}
	if _, err := keyfile.Copy(w.dir, out, id.Recipient()); err == nil {
		t.Error("a copy was overwritten")
	}
	if err := os.Remove(w.path("staff/pepper-1.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := keyfile.Copy(w.dir, out+"2", id.Recipient()); err == nil || !strings.Contains(err.Error(), "pepper-1.key is missing") {
		t.Errorf("half a set: %v", err)
	}
}
