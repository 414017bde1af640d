package witness

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"gatepost/crypto/cosign"
)

// NewKey makes the key of a witness of that name in a new file, for its owner
// alone, and gives the public half, which is told to everybody who checks. A file
// that is there is an error and stays.
func NewKey(path, name string) (vkey string, err error) {
	skey, vkey, err := cosign.NewKey(name)
	if errors.Is(err, cosign.ErrKey) {
		return "", fmt.Errorf("%q cannot be a witness's name; take one without spaces and plus signs, such as witness.example/oak", name)
	}
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("%s is there already and is not overwritten; name a new file", path)
	}
	if err != nil {
		return "", fmt.Errorf("write the witness's key: %w", err)
	}
	_, err = f.WriteString(skey + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("write the witness's key: %w", err)
	}
	return vkey, nil
}

// ReadKey reads the file of a witness's key, which nobody else may read. now is
// the time that is signed.
func ReadKey(path string, now func() time.Time) (*cosign.Signer, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there; name the file that gatepost witness --new made", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the witness's key: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others on this machine; chmod 600 it", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the witness's key: %w", err)
	}
	s, err := cosign.ParseSigner(strings.TrimSpace(string(text)), now)
	if err != nil {
		return nil, fmt.Errorf("%s is not the key of a witness; name the file that gatepost witness --new made", path)
	}
	return s, nil
}
