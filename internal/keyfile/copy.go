package keyfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"gatepost/crypto/seal"
)

// maxKeyFile is more than any key file has.
const maxKeyFile = 64 << 10

// Copy seals every key file below DIR, those of both tiers and of every agency,
// into out, one file after another as text, so that `age -d` alone gives them
// back. It is the copy that is kept apart from the backups: with a backup and
// with it somebody can guess at passphrases. out is not overwritten. It gives how
// many files are in it.
func Copy(dir, out string, to *age.HybridRecipient) (files int, err error) {
	var text strings.Builder
	fmt.Fprint(&text, "Gatepost: the keys of a deployment, one file after another: its name, then its line.\n")
	for _, tier := range tiers() {
		if _, err := Load(filepath.Join(dir, string(tier)), tier); err != nil {
			return 0, err // half a set would be missed when it is needed
		}
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, keyEnd) {
			return err
		}
		info, err := entry.Info()
		if err != nil || info.Size() > maxKeyFile {
			return errors.Join(fmt.Errorf("%s is no key file; move it elsewhere", path), err)
		}
		content, err := read(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files++
		fmt.Fprintf(&text, "\n%s\n%s\n", filepath.ToSlash(name), content)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("copy the keys: %w", err)
	}
	var sealed strings.Builder
	w, err := seal.Stream(&sealed, to)
	if err != nil {
		return 0, err
	}
	if _, err := w.Write([]byte(text.String())); err != nil {
		return 0, fmt.Errorf("seal the keys: %w", err)
	}
	// Closing writes the last block.
	if err := w.Close(); err != nil {
		return 0, fmt.Errorf("seal the keys: %w", err)
	}
	if _, err := os.Lstat(out); err == nil {
		return 0, fmt.Errorf("%s is there already and is not overwritten; name another file", out)
	}
	return files, write(out, sealed.String())
}
