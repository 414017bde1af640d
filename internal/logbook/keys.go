package logbook

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/statement"
)

// MaxKeyFile is the size in bytes of the largest file of keys.
const MaxKeyFile = 64 << 10

// Keys are the fixed keys of one agency, as they were printed: those of its
// log, its door, its registrar and its system. Workers' keys are not among
// them; the registrar vouches for those in the log itself.
type Keys struct {
	Agency string
	Log    statement.Verifiers
	Others statement.Verifiers // door, registrar, system
}

// ParseKeys reads a file of keys: one verifier a line; empty lines and those
// that begin with # are let be. All are of one agency, and the log's is among
// them. With the log's alone the tree can be checked, and no signature.
func ParseKeys(text []byte) (Keys, error) {
	if len(text) > MaxKeyFile {
		return Keys{}, errors.New("the file of keys is too large; it has a few lines, as gatepost audit keys prints them")
	}
	k := Keys{Log: statement.Verifiers{}, Others: statement.Verifiers{}}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := k.add(line); err != nil {
			return Keys{}, fmt.Errorf("line %d of the file of keys: %w", number, err)
		}
	}
	if len(k.Log) == 0 {
		return Keys{}, errors.New("the file of keys has no key of a log; take it from what gatepost audit keys printed")
	}
	return k, nil
}

func (k *Keys) add(line string) error {
	v, err := note.NewVerifier(line)
	if err != nil {
		return errors.New("it is no key; copy it again, whole")
	}
	agency, role, _ := strings.Cut(v.Name(), "/")
	if k.Agency == "" {
		k.Agency = agency
	}
	if agency != k.Agency {
		return errors.New("it is another agency's key; a file has the keys of one")
	}
	switch statement.Role(role) {
	case statement.RoleLog:
		return k.Log.Add(line)
	case statement.RoleDoor, statement.RoleRegistrar, statement.RoleSystem:
		return k.Others.Add(line)
	}
	return errors.New("it is not the key of a log, a door, a registrar or a system; leave it out")
}

// Text is the file that ParseKeys reads, for an agency's verifiers.
func (k Keys) Text(verifiers ...string) string {
	return "# Keys of the log of " + k.Agency + ". Keep this apart from the log: printed, or signed for.\n" + strings.Join(verifiers, "\n") + "\n"
}
