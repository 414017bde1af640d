package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"gatepost/crypto/code"
	"gatepost/internal/agency"
	"gatepost/internal/keyfile"
)

// Folder is the data folder of a demo, beside what the private database keeps
// in it:
//
//	world.json    people with passphrases and secrets of their one-time codes
//	archive.key   the private key of the archive, for `age -d -i`
//	backup.key    the private key of backups, for `gatepost restore --identity`
//	keys/         the keys of both tiers
//	state/        what each tier has seen of the log
//	gatepost.toml a configuration by which other commands find this demo
//	gatepost.log  what both tiers log
//	README.txt    that this is a demo, and what may be tried
//
// Whoever uses one holds the lock of the private database.
type Folder struct{ dir string }

// At names the folder; it need not exist.
func At(dir string) Folder { return Folder{dir} }

// Path is a file of the folder.
func (f Folder) Path(name string) string { return filepath.Join(f.dir, name) }

// World is what a demo's folder says of its world.
type World struct {
	Complete bool          `json:"complete"` // the seeding was finished
	Stanza   agency.Stanza `json:"stanza"`
	// Neighbour is the other agency of the deployment, which a demo of an
	// earlier program lacks.
	Neighbour agency.Stanza `json:"neighbour,omitzero"`
	People    []Person      `json:"people"`
}

// Load reads world.json. A folder without one gives a zero World: nothing was
// made there yet.
func (f Folder) Load() (World, error) {
	var w World
	text, err := os.ReadFile(f.Path("world.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err != nil {
		return w, fmt.Errorf("read the demo's world: %w", err)
	}
	if json.Unmarshal(text, &w) != nil {
		return World{}, fmt.Errorf("%s is damaged; remove the folder to begin with a new demo", f.Path("world.json"))
	}
	return w, nil
}

// Begin throws away what an unfinished seeding left and makes new keys. The
// database must be empty then. It gives a world that has an agency and nobody
// in it.
func (f Folder) Begin() (World, error) {
	for _, name := range []string{"world.json", "archive.key", "keys", "state", "gatepost.toml"} {
		if err := os.RemoveAll(f.Path(name)); err != nil {
			return World{}, fmt.Errorf("remove an unfinished demo: %w", err)
		}
	}
	archive, err := age.GenerateHybridIdentity()
	if err != nil {
		return World{}, fmt.Errorf("make the archive's key: %w", err)
	}
	text := "# The archive key of a DEMO. A real one is made offline and lies on paper in two safes.\n" +
		"# public key: " + archive.Recipient().String() + "\n" + archive.String() + "\n"
	if err := f.Write("archive.key", text); err != nil {
		return World{}, err
	}
	if err := f.EnsureState(); err != nil {
		return World{}, err
	}
	if err := keyfile.Init(f.Path("keys")); err != nil {
		return World{}, err
	}
	s := stanza()
	s.Archive = archive.Recipient().String()
	if s, err = keyfile.AddAgency(f.Path("keys"), s); err != nil {
		return World{}, err
	}
	w := World{Stanza: s}
	return w, errors.Join(f.Save(w), f.Write("README.txt", readme))
}

// EnsureState makes the folder that holds the tiers' folders of state, which a
// demo of an earlier program lacks.
func (f Folder) EnsureState() error {
	if err := os.MkdirAll(f.Path("state"), 0o700); err != nil {
		return fmt.Errorf("make the folder of state: %w", err)
	}
	return nil
}

// Save writes world.json whole or not at all.
func (f Folder) Save(w World) error {
	text, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return fmt.Errorf("write the demo's world: %w", err)
	}
	return f.Write("world.json", string(text)+"\n")
}

// Write puts a file in place whole, for our own eyes only.
func (f Folder) Write(name, text string) error {
	next := f.Path(name + ".new")
	if err := os.RemoveAll(next); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	file, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(next, f.Path(name)); err != nil {
		return fmt.Errorf("put %s in place: %w", name, err)
	}
	return nil
}

// Person finds somebody by key, log-in name or full name.
func (w World) Person(who string) (Person, bool) {
	for _, p := range w.People {
		if who == p.Key || who == p.Login || who == p.Name {
			return p, true
		}
	}
	return Person{}, false
}

// Code is a person's one-time code at a moment and how long it stays the
// current one.
func (p Person) Code(now time.Time) (digits string, left time.Duration, err error) {
	digits, err = code.Current(p.TOTP, now)
	return digits, codeStep - time.Duration(now.UnixNano()%int64(codeStep)), err
}

const readme = `This folder is a DEMO of Gatepost and holds nothing but made-up people.

It keeps together what must never lie together in a real deployment: the
database, everybody's passphrases and one-time code secrets (world.json), the
keys of both tiers (keys/), and the private keys of the archive (archive.key)
and of backups (backup.key).
Do not put a letter of a real person into it.

  gatepost demo --data .               goes on where it stopped
  gatepost demo code PERSON --data .   a person's current one-time code
  gatepost backup backups/one.age --config gatepost.toml     while it runs, and
  gatepost restore backups/one.age --check --identity backup.key --config gatepost.toml
  rm -r .                              ends the demo

archive.key opens everything that is kept, with the public program age:

  age -d -i archive.key FILE
`
