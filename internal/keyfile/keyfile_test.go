package keyfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/keyfile"
)

type world struct {
	dir     string
	archive *age.HybridIdentity
	stanza  agency.Stanza
}

func newWorld(t *testing.T) world {
	t.Helper()
	w := world{dir: filepath.Join(t.TempDir(), "keys")}
	if err := keyfile.Init(w.dir); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.archive, err = age.GenerateHybridIdentity(); err != nil {
		t.Fatal(err)
	}
	w.stanza, err = keyfile.AddAgency(w.dir, agency.Stanza{ID: "oak", Name: "Oak", Archive: w.archive.Recipient().String()})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w world) path(name string) string { return filepath.Join(w.dir, name) }

func (w world) load(tier authz.Tier) (*keyfile.Keys, error) {
	return keyfile.Load(w.path(string(tier)), tier)
}

// What systemd hands over lies in one folder, each file named after the
// credential: the tier reads it as it reads its own folder.
func TestCredentials(t *testing.T) {
	w := newWorld(t)
	handed := t.TempDir()
	for _, tier := range []authz.Tier{authz.Public, authz.Staff} {
		entries, err := os.ReadDir(w.path(string(tier)))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			text, err := os.ReadFile(w.path(string(tier) + "/" + e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			// systemd lets the service's user in by an access list, which shows as the group's right.
			if err := os.WriteFile(filepath.Join(handed, string(tier)+"_"+e.Name()), text, 0o440); err != nil {
				t.Fatal(err)
			}
		}
		keys, err := keyfile.Load(filepath.Join(handed, string(tier)), tier)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Agency(w.stanza); err != nil {
			t.Error(err)
		}
	}
	if err := os.Remove(filepath.Join(handed, "staff_code.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := keyfile.Load(filepath.Join(handed, "staff"), authz.Staff); err == nil || !strings.Contains(err.Error(), "staff_code.key is missing") {
		t.Errorf("a missing key: %v", err)
	}
	if _, err := keyfile.Load("credential:staff", authz.Staff); err == nil || !strings.Contains(err.Error(), "systemd") {
		t.Errorf("outside a service: %v", err)
	}
}

// Each tier signs with its own keys, as the stanza says, and with no other's.
func TestTiers(t *testing.T) {
	w := newWorld(t)
	events := map[authz.Tier]string{authz.Public: "door", authz.Staff: "registrar"}
	for tier := range events {
		keys, err := w.load(tier)
		if err != nil {
			t.Fatal(err)
		}
		a, err := keys.Agency(w.stanza)
		if err != nil {
			t.Fatal(err)
		}
		_, node, err := ring.NewNode(ring.Person("peabcdefghijklmnopqrst"), 1)
		if err != nil {
			t.Fatal(err)
		}
		st := node.KeyStatement("oak")
		st.Event, st.At = statement.EventKeyRequest, time.Unix(1700000000, 0)
		if _, err := a.State(st, "door"); (err == nil) != (tier == authz.Public) {
			t.Errorf("%s: signing as the door: %v", tier, err)
		}
		st.Event = statement.EventKey
		if _, err := a.State(st, "registrar"); (err == nil) != (tier == authz.Staff) {
			t.Errorf("%s: signing as the registrar: %v", tier, err)
		}
	}
	public, err := w.load(authz.Public)
	if err != nil {
		t.Fatal(err)
	}
	staff, err := w.load(authz.Staff)
	if err != nil {
		t.Fatal(err)
	}
	if public.LoginKey != staff.LoginKey || public.CodeKey != staff.CodeKey || public.LoginKey == public.CodeKey {
		t.Error("log-in and code keys must be the same on both tiers, and two")
	}
	if public.Notify != nil || staff.Notify == nil {
		t.Error("the notifier's key is the staff tier's alone")
	}
	if public.Peppers.Current().Key() == staff.Peppers.Current().Key() {
		t.Error("both tiers have one pepper")
	}
}

// Nothing is overwritten, and nobody else can read a key.
func TestFiles(t *testing.T) {
	w := newWorld(t)
	if err := keyfile.Init(w.dir); err == nil {
		t.Error("keys were made twice in one folder")
	}
	if _, err := keyfile.AddAgency(w.dir, w.stanza); !errors.Is(err, os.ErrExist) {
		t.Errorf("an agency was added twice: %v", err)
	}
	count := 0
	err := filepath.Walk(w.dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			count++
		}
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return err
	})
	if err != nil || count != 12 {
		t.Errorf("%d files, %v", count, err)
	}
	for name, id := range map[string]string{"short": "o", "long": strings.Repeat("o", 21), "capital": "Oak", "path": "../oak"} {
		if _, err := keyfile.AddAgency(w.dir, agency.Stanza{ID: id, Archive: w.stanza.Archive}); err == nil {
			t.Errorf("%s: %q was taken as an id", name, id)
		}
	}
	if _, err := keyfile.AddAgency(w.dir, agency.Stanza{ID: "elm", Archive: "age1abc"}); err == nil {
		t.Error("an archive without post-quantum key was taken")
	}
}

// The archive's key alone brings the lost keys of a deployment back.
func TestSealedCopy(t *testing.T) {
	w := newWorld(t)
	text := w.secrets(t, "oak", w.archive)
	for _, name := range []string{"public/login.key", "public/pepper-1.key", "public/oak-door.key", "staff/code.key", "staff/pepper-1.key", "staff/notify.key", "staff/oak-registrar.key", "staff/oak-log.key", "staff/oak-system.key"} {
		content, err := os.ReadFile(w.path(name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), name+"\n"+string(content)) {
			t.Errorf("the copy lacks %s", name)
		}
	}
	// Another agency's archive gets none of this one's signing keys.
	other, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyfile.AddAgency(w.dir, agency.Stanza{ID: "elm", Archive: other.Recipient().String()}); err != nil {
		t.Fatal(err)
	}
	if text = w.secrets(t, "elm", other); strings.Contains(text, "oak-") {
		t.Error("elm's archive holds oak's keys")
	}
}

// secrets opens an agency's copy as any age program does, and skips the frame's
// head.
func (w world) secrets(t *testing.T, id string, archive *age.HybridIdentity) string {
	t.Helper()
	f, err := os.Open(w.path(id + "-secrets.age"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := age.Decrypt(f, archive)
	if err != nil {
		t.Fatal(err)
	}
	frame, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	_, text, _, err := seal.ParseFrame(frame)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, w world) error
		want  string
	}{
		"missing":        {func(t *testing.T, w world) error { return os.Remove(w.path("staff/login.key")) }, "login.key is missing; copy it"},
		"no pepper":      {func(t *testing.T, w world) error { return os.Remove(w.path("staff/pepper-1.key")) }, "pepper-1.key is missing"},
		"world-readable": {func(t *testing.T, w world) error { return os.Chmod(w.path("staff/login.key"), 0o644) }, "chmod 600"},
		"group-writable": {func(t *testing.T, w world) error { return os.Chmod(w.path("staff/login.key"), 0o620) }, "chmod 600"},
		"cut short": {func(t *testing.T, w world) error {
			return os.WriteFile(w.path("staff/code.key"), []byte("AAAA\n"), 0o600)
		}, "not a key of 32 bytes"},
		"all zeros": {func(t *testing.T, w world) error {
			return os.WriteFile(w.path("staff/code.key"), []byte(strings.Repeat("A", 43)+"=\n"), 0o600)
		}, "not a key of 32 bytes"},
		"a pepper without number": {func(t *testing.T, w world) error {
			return os.Rename(w.path("staff/pepper-1.key"), w.path("staff/pepper-old.key"))
		}, "no number of a pepper"},
		"no registrar": {func(t *testing.T, w world) error { return os.Remove(w.path("staff/oak-registrar.key")) }, "oak-registrar.key is missing"},
		"a key of other days": {func(t *testing.T, w world) error {
			return os.WriteFile(w.path("staff/oak-log.key"), otherKey(t), 0o600)
		}, "is not the stanza's"},
		"a key that is none": {func(t *testing.T, w world) error {
			return os.WriteFile(w.path("staff/oak-log.key"), []byte("x\n"), 0o600)
		}, "does not parse"},
	} {
		w := newWorld(t)
		if err := c.spoil(t, w); err != nil {
			t.Fatal(err)
		}
		keys, err := w.load(authz.Staff)
		if err == nil {
			_, err = keys.Agency(w.stanza)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	// All at once.
	w := newWorld(t)
	for _, name := range []string{"staff/login.key", "staff/code.key"} {
		if err := os.Remove(w.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.load(authz.Staff)
	if problems, _ := err.(keyfile.Problems); len(problems) != 2 {
		t.Errorf("got %v, want two problems", err)
	}
}

func otherKey(t *testing.T) []byte {
	t.Helper()
	skey, _, err := statement.NewKey(statement.KeyName("oak", statement.RoleLog))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(skey + "\n")
}

// A newer pepper is for new wraps, and the older one still opens.
func TestPeppers(t *testing.T) {
	w := newWorld(t)
	newer := strings.Repeat("B", 43) + "=\n"
	if err := os.WriteFile(w.path("staff/pepper-10.key"), []byte(newer), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := w.load(authz.Staff)
	if err != nil {
		t.Fatal(err)
	}
	if v := keys.Peppers.Current().Version(); v != 10 {
		t.Errorf("pepper %d is in use", v)
	}
}
