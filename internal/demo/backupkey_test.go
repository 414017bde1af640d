package demo_test

import (
	"os"
	"path/filepath"
	"testing"

	"gatepost/internal/demo"
)

// The key of backups is made once.
func TestBackupKey(t *testing.T) {
	dir := t.TempDir()
	first, folder, err := demo.At(dir).BackupKey()
	if err != nil || folder != filepath.Join(dir, "backups") {
		t.Fatal(folder, err)
	}
	if again, _, err := demo.At(dir).BackupKey(); err != nil || again != first {
		t.Errorf("another key: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "backup.key"), []byte("a letter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, _, err := demo.At(dir).BackupKey(); err == nil {
		t.Errorf("a damaged key gives %s", again)
	}
}
