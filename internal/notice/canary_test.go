package notice_test

import (
	"errors"
	"testing"

	"filippo.io/age"

	"gatepost/crypto/seal"
	"gatepost/internal/notice"
	"gatepost/internal/postgres"
)

// The canary opens for the notifier and for the archive, and for nobody else;
// one that is good stays, and another key or a damaged row brings a new one.
func TestCanary(t *testing.T) {
	w := newWorld(t)
	open := func(key *age.HybridIdentity) (uint32, error) {
		return notice.OpenCanary(t.Context(), w.StaffDB, "oak", key)
	}
	if _, err := open(w.key); !errors.Is(err, notice.ErrNoCanary) {
		t.Errorf("before the first start: %v", err)
	}
	renew := func(key *age.HybridIdentity) (sealed string) {
		t.Helper()
		must(t, notice.RenewCanary(t.Context(), w.StaffDB, w.Home, key, w.Clock.Now()))
		must(t, w.Database.Admin().QueryRow(t.Context(), `select encode(sealed, 'hex') from canary`).Scan(&sealed))
		return sealed
	}
	first := renew(w.key)
	if renew(w.key) != first {
		t.Error("a good canary was made anew")
	}
	for name, key := range map[string]*age.HybridIdentity{"the notifier": w.key, "the archive": w.Archive} {
		if epoch, err := open(key); err != nil || epoch != 1 {
			t.Errorf("%s: epoch %d, %v", name, epoch, err)
		}
	}
	if epoch, err := notice.OpenCanary(t.Context(), w.Database.DB(postgres.RoleBackup), "oak", w.key); err != nil || epoch != 1 {
		t.Errorf("as the backup's role: epoch %d, %v", epoch, err)
	}
	other, err := age.GenerateHybridIdentity()
	must(t, err)
	if _, err := open(other); !errors.Is(err, seal.ErrKey) {
		t.Errorf("another key: %v", err)
	}
	second := renew(other)
	if epoch, err := open(other); second == first || err != nil || epoch != 2 {
		t.Errorf("after another key: epoch %d, %v", epoch, err)
	}
	w.Exec(t, `update canary set sealed = '\x00'`)
	if _, err := open(other); !errors.Is(err, seal.ErrHeader) {
		t.Errorf("damaged: %v", err)
	}
	renew(other)
	if _, err := open(other); err != nil {
		t.Errorf("made anew: %v", err)
	}
}
