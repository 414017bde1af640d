package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

// BackupKey gives the recipient that backups of this demo are sealed to, and
// makes its key, backup.key, and the folder for backups if they are not there. A
// real one is made where the hosts are not.
func (f Folder) BackupKey() (recipient, folder string, err error) {
	folder = filepath.Join(f.dir, "backups")
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", "", fmt.Errorf("make the folder of backups: %w", err)
	}
	text, err := os.ReadFile(f.Path("backup.key"))
	if err == nil {
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		id, err := age.ParseHybridIdentity(lines[len(lines)-1])
		if err != nil {
			return "", "", fmt.Errorf("%s is damaged; remove it, and the backups that it opened", f.Path("backup.key"))
		}
		return id.Recipient().String(), folder, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", "", fmt.Errorf("read the key of backups: %w", err)
	}
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return "", "", fmt.Errorf("make the key of backups: %w", err)
	}
	return id.Recipient().String(), folder, f.Write("backup.key", "# The key of backups of a DEMO. A real one is made off line and stays there.\n"+id.String()+"\n")
}
