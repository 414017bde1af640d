package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A host without a database and with the keys of one tier: everything that is
// wrong is said at once, the other tier is left out, and the exit code tells.
// That a sound deployment gives 0, and what each illness is called, is in
// internal/doctor.
func TestDoctor(t *testing.T) {
	dir := t.TempDir()
	must(t, "", "keys", "init", filepath.Join(dir, "keys"))
	path := filepath.Join(dir, "gatepost.toml")
	text := `[database]
public = "host=/nonexistent user=gatepost_public"
staff = "host=/nonexistent user=gatepost_staff"
[public]
listen = "127.0.0.1:0"
keys = "keys/public"
state = "public"
[staff]
keys = "keys/elsewhere"
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs, code := gatepost(t, "", "doctor", "--config", path)
	for _, want := range []string{"look   tiers of this host: the keys of the staff tier are not here", "wrong  configuration: there is no [[agency]]",
		"ok     keys of the public tier", "wrong  database as gatepost_public: it does not let us in or does not answer", "wrong  folder of state of the public tier: it is not there"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if code != failed || !strings.Contains(errs, "from the first one down") || strings.Contains(out, "gatepost_staff") {
		t.Errorf("code %d, %s\n%s", code, errs, out)
	}
	if out, _, code := gatepost(t, "", "doctor", "--tier", "staff", "--config", path); code != failed || !strings.Contains(out, "login.key is missing") {
		t.Errorf("the staff tier: code %d\n%s", code, out)
	}
	if _, _, code := gatepost(t, "", "doctor", "--tier", "both", "--config", path); code != wrongUse {
		t.Errorf("a tier that there is not: code %d", code)
	}
}
