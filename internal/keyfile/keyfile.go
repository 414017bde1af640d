package keyfile

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"filippo.io/age"

	"gatepost/crypto/passphrase"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
)

const (
	loginFile   = "login.key"
	codeFile    = "code.key"
	notifyFile  = "notify.key" // staff tier only
	pepperStart = "pepper-"
	keyEnd      = ".key"
)

// roles are the signing keys of each tier.
func roles(tier authz.Tier) []statement.Role {
	if tier == authz.Staff {
		return []statement.Role{statement.RoleRegistrar, statement.RoleLog, statement.RoleSystem}
	}
	return []statement.Role{statement.RoleDoor}
}

func tiers() []authz.Tier { return []authz.Tier{authz.Public, authz.Staff} }

// Init makes DIR with the keys of a deployment that has no agency yet. DIR may
// exist if it is empty. Nothing is ever overwritten.
func Init(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of keys: %w", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		return errors.Join(fmt.Errorf("%s is not empty; name a new folder, so that no key is overwritten", dir), err)
	}
	login, code := random(), random()
	for _, tier := range tiers() {
		folder := filepath.Join(dir, string(tier))
		if err := os.Mkdir(folder, 0o700); err != nil {
			return fmt.Errorf("make the folder of keys: %w", err)
		}
		for name, text := range map[string]string{loginFile: login, codeFile: code, pepperStart + "1" + keyEnd: random()} {
			if err := write(filepath.Join(folder, name), text+"\n"); err != nil {
				return err
			}
		}
	}
	return EnsureNotify(dir)
}

// EnsureNotify makes the notifier's key in DIR/staff if it is not there. Two
// hosts of one tier need the same one: copy it, do not make it on each.
func EnsureNotify(dir string) error {
	path := filepath.Join(dir, string(authz.Staff), notifyFile)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	key, err := age.GenerateHybridIdentity()
	if err != nil {
		return fmt.Errorf("make the notifier's key: %w", err)
	}
	return write(path, key.String()+"\n")
}

// random is 32 random bytes as base64.
func random() string {
	var key [32]byte
	rand.Read(key[:]) // never errs (crypto/rand)
	return base64.StdEncoding.EncodeToString(key[:])
}

// write makes a file that only we may read and puts it on the disk; a file that
// is there is an error.
func write(path, text string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write a key: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.WriteString(text); err != nil {
		return fmt.Errorf("write a key: %w", err)
	}
	return f.Sync()
}

// AddAgency makes an agency's signing keys in the folders of DIR, and
// DIR/ID-secrets.age, a copy of every secret that the agency needs, sealed to
// its archive. It gives the stanza with the verifiers filled in. s.Archive and
// s.ID must be set. Keys that are there are an error and stay.
func AddAgency(dir string, s agency.Stanza) (agency.Stanza, error) {
	archive, err := age.ParseHybridRecipient(s.Archive)
	if err != nil {
		return s, errors.New("the archive's recipient is no age1pq1 string; take the public line of the archive's key")
	}
	if err := checkID(s.ID); err != nil {
		return s, err
	}
	secrets := map[string]string{} // by path below dir
	for _, tier := range tiers() {
		if _, err := Load(filepath.Join(dir, string(tier)), tier); err != nil {
			return s, err
		}
		for _, role := range roles(tier) {
			skey, vkey, err := statement.NewKey(statement.KeyName(s.ID, role))
			if err != nil {
				return s, fmt.Errorf("make the %s key: %w", role, err)
			}
			secrets[filepath.Join(string(tier), keyName(s.ID, role))] = skey + "\n"
			*map[statement.Role]*string{statement.RoleDoor: &s.Door, statement.RoleRegistrar: &s.Registrar,
				statement.RoleLog: &s.Log, statement.RoleSystem: &s.System}[role] = vkey
		}
	}
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		if err := write(filepath.Join(dir, name), secrets[name]); err != nil {
			return s, err
		}
	}
	return s, sealCopy(dir, s.ID, archive)
}

func checkID(id string) error {
	if len(id) < 2 || len(id) > 20 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return errors.New("an agency's id is two to twenty of a to z and 0 to 9; choose such a one")
	}
	return nil
}

func keyName(id string, role statement.Role) string { return id + "-" + string(role) + keyEnd }

// sealCopy writes DIR/ID-secrets.age: each file as its name, a line with its
// content. The deployment's own keys are in it, for without the peppers no
// passphrase opens anything.
func sealCopy(dir, id string, archive *age.HybridRecipient) (err error) {
	var text strings.Builder
	fmt.Fprintf(&text, "Gatepost: the secrets of the agency %s and of the deployment that it is on, one file after another.\n", id)
	for _, tier := range tiers() {
		folder := filepath.Join(dir, string(tier))
		entries, err := os.ReadDir(folder)
		if err != nil {
			return fmt.Errorf("read the keys: %w", err)
		}
		for _, e := range entries {
			shared := e.Name() == loginFile || e.Name() == codeFile || e.Name() == notifyFile || strings.HasPrefix(e.Name(), pepperStart)
			if !shared && !strings.HasPrefix(e.Name(), id+"-") {
				continue
			}
			content, err := read(filepath.Join(folder, e.Name()))
			if err != nil {
				return err
			}
			fmt.Fprintf(&text, "\n%s/%s\n%s\n", tier, e.Name(), content)
		}
	}
	at := seal.Context{Kind: seal.KindSecrets, Agency: id, Object: "secrets", To: "archive", Version: 1}
	sealed, err := seal.Seal(at, []byte(text.String()), archive)
	if err != nil {
		return fmt.Errorf("seal a copy of the keys: %w", err)
	}
	return write(filepath.Join(dir, id+"-secrets.age"), string(sealed.Bytes))
}

// Keys are a tier's secrets, read from its folder.
type Keys struct {
	LoginKey [32]byte
	CodeKey  [32]byte
	Peppers  passphrase.Peppers
	Notify   *age.HybridIdentity // the notifier's; nil on the public tier
	dir      string
	flat     bool // dir is the beginning of the files' names
	tier     authz.Tier
}

// Problems is everything that is wrong with a folder of keys, each one
// sentence that says what to do.
type Problems []string

// Error lists them, one a line.
func (p Problems) Error() string { return strings.Join(p, "\n") }

// Load reads a tier's folder, which may be one that systemd handed over. Of several peppers the one with the highest
// number is for new wraps, and the others open old ones. The error is a Problems.
func Load(dir string, tier authz.Tier) (*Keys, error) {
	k := &Keys{dir: dir, tier: tier}
	if strings.HasPrefix(dir, "credential:") {
		return nil, Problems{"the " + string(tier) + " tier's keys are credentials, which systemd hands to the service alone; run this as that service does, or name the folder of keys"}
	}
	if err := k.look(); err != nil {
		return nil, Problems{err.Error()}
	}
	var found Problems
	for name, key := range map[string]*[32]byte{loginFile: &k.LoginKey, codeFile: &k.CodeKey} {
		var err error
		if *key, err = read32(k.place(name)); err != nil {
			found = append(found, err.Error())
		}
	}
	if err := k.loadPeppers(); err != nil {
		found = append(found, err.Error())
	}
	if err := k.loadNotify(); err != nil {
		found = append(found, err.Error())
	}
	if len(found) > 0 {
		slices.Sort(found)
		return nil, found
	}
	return k, nil
}

// look finds how the files are named. A folder that systemd hands to a service
// is no folder there: its files lie beside each other, as "keys_login.key"
// (LoadCredential= in systemd.exec(5)).
func (k *Keys) look() error {
	if _, err := os.Stat(k.dir); !errors.Is(err, fs.ErrNotExist) {
		return nil // what is wrong with it shows when its files are read
	}
	flat, err := filepath.Glob(k.dir + "_*" + keyEnd)
	if err != nil {
		return fmt.Errorf("look for the keys: %w", err)
	}
	k.flat = len(flat) > 0
	return nil
}

// place is where the file of that name is.
func (k *Keys) place(name string) string {
	if k.flat {
		return k.dir + "_" + name
	}
	return filepath.Join(k.dir, name)
}

func (k *Keys) loadNotify() error {
	if k.tier != authz.Staff {
		return nil
	}
	path := k.place(notifyFile)
	text, err := read(path)
	if err != nil {
		return err
	}
	if k.Notify, err = age.ParseHybridIdentity(text); err != nil {
		return fmt.Errorf("%s is no key of the notifier; copy it again from where gatepost keys init made it", path)
	}
	return nil
}

func (k *Keys) loadPeppers() error {
	names, err := filepath.Glob(k.place(pepperStart + "*" + keyEnd))
	if err != nil {
		return fmt.Errorf("list the peppers: %w", err)
	}
	var list []passphrase.Pepper
	for _, name := range names {
		number := strings.TrimSuffix(strings.TrimPrefix(name, k.place(pepperStart)), keyEnd)
		version, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			return fmt.Errorf("%s has no number of a pepper in its name; rename or remove it", name)
		}
		key, err := read32(name)
		if err != nil {
			return err
		}
		p, err := passphrase.NewPepper(uint16(version), key)
		if err != nil {
			return fmt.Errorf("%s cannot be used: %w", name, err)
		}
		list = append(list, p)
	}
	if len(list) == 0 {
		return fmt.Errorf("%s is missing; copy it from where gatepost keys init made it", k.place(pepperStart+"1"+keyEnd))
	}
	slices.SortFunc(list, func(a, b passphrase.Pepper) int { return int(b.Version()) - int(a.Version()) })
	k.Peppers, err = passphrase.NewPeppers(list[0], list[1:]...)
	return err
}

// Agency reads the tier's signing keys of an agency and joins them with its
// stanza. The error is a Problems, or says that a key is not the stanza's.
func (k *Keys) Agency(s agency.Stanza) (*agency.Agency, error) {
	var found Problems
	var signers []string
	for _, role := range roles(k.tier) {
		skey, err := read(k.place(keyName(s.ID, role)))
		if err != nil {
			found = append(found, err.Error())
		}
		signers = append(signers, skey)
	}
	if len(found) > 0 {
		return nil, found
	}
	a, err := agency.New(s, signers...)
	if err != nil {
		return nil, fmt.Errorf("%w; take stanza and keys from the same gatepost agency add", err)
	}
	return a, nil
}

// read gives the one line of a key file that nobody else may read.
func read(path string) (string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s is missing; copy it from where gatepost keys init or agency add made it", path)
	}
	if err != nil {
		return "", fmt.Errorf("%s cannot be read: %w", path, err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o037 != 0 {
		return "", fmt.Errorf("%s can be read by others on this machine; chmod 600 it", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s cannot be read: %w", path, err)
	}
	return strings.TrimSuffix(string(text), "\n"), nil
}

func read32(path string) ([32]byte, error) {
	text, err := read(path)
	if err != nil {
		return [32]byte{}, err
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != 32 || [32]byte(key) == ([32]byte{}) {
		return [32]byte{}, fmt.Errorf("%s is not a key of 32 bytes; copy it again from where gatepost keys init made it", path)
	}
	return [32]byte(key), nil
}
