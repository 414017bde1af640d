package authz

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/note"
)

// Keyring holds the keys of one session: identities by node name and epoch
// ("side/sdab…/1"), symmetric directory keys, and a worker's signing key. Its
// text form lives only inside a sealed session box. It never prints.
//
// Identities are parsed when first used: parsing one costs as much as opening
// a letter, and most pages need one or none.
type Keyring struct {
	mu     sync.Mutex
	lines  map[string]string // node name with epoch → secret as text
	order  []string
	parsed map[string]*age.HybridIdentity // guarded by mu
}

// NewKeyring is an empty ring.
func NewKeyring() *Keyring {
	return &Keyring{lines: map[string]string{}, parsed: map[string]*age.HybridIdentity{}}
}

// ParseKeyring reads the text form: one "name secret" a line.
func ParseKeyring(text []byte) (*Keyring, error) {
	k := NewKeyring()
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		name, secret, ok := strings.Cut(lines.Text(), " ")
		if !ok || name == "" || secret == "" {
			return nil, fmt.Errorf("parse keyring: malformed line")
		}
		k.put(name, secret)
	}
	return k, lines.Err()
}

// Marshal is the text form, for the session box and nothing else.
func (k *Keyring) Marshal() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	var b bytes.Buffer
	for _, name := range k.order {
		fmt.Fprintf(&b, "%s %s\n", name, k.lines[name])
	}
	return b.Bytes()
}

func (k *Keyring) put(name, secret string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.lines[name]; !ok {
		k.order = append(k.order, name)
	}
	k.lines[name] = secret
	delete(k.parsed, name)
}

// PutIdentity adds the identity of a node at an epoch.
func (k *Keyring) PutIdentity(name string, id *age.HybridIdentity) {
	k.put(name, id.String())
	k.mu.Lock()
	k.parsed[name] = id
	k.mu.Unlock()
}

// ownLine names the key of the account itself, which no node is called.
const ownLine = "own"

// PutOwn adds the identity of the account itself at its newest epoch. Earlier
// ones may stand beside it under their own names.
func (k *Keyring) PutOwn(name string, id *age.HybridIdentity) {
	k.PutIdentity(name, id)
	k.put(ownLine, name)
}

// Own gives the newest identity of the account itself and its name; false if
// there is none.
func (k *Keyring) Own() (name string, id *age.HybridIdentity, ok bool) {
	name, ok = k.Secret(ownLine)
	if !ok {
		return "", nil, false
	}
	id, ok = k.Identity(name)
	return name, id, ok
}

// OwnKeys gives every identity of the account itself that the ring holds, the
// newest first. renewed: there was a key before the newest, which the ring
// may lack: what was sealed to it alone does not open any more.
func (k *Keyring) OwnKeys() (keys []*age.HybridIdentity, renewed bool) {
	name, newest, ok := k.Own()
	if !ok {
		return nil, false
	}
	keys = append(keys, newest)
	cut := strings.LastIndexByte(name, '/')
	epoch, err := strconv.Atoi(name[cut+1:])
	for e := epoch - 1; err == nil && e >= 1; e-- {
		if older, ok := k.Identity(name[:cut+1] + strconv.Itoa(e)); ok {
			keys = append(keys, older)
		}
	}
	return keys, epoch > 1
}

// PutSecret adds a secret kept as text: a directory key or a signing key.
func (k *Keyring) PutSecret(name, secret string) { k.put(name, secret) }

// Has tells whether the ring holds something under name.
func (k *Keyring) Has(name string) bool {
	if k == nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.lines[name]
	return ok
}

// Identity gives the identity of a node; false if the ring lacks it or it does not parse.
func (k *Keyring) Identity(name string) (*age.HybridIdentity, bool) {
	if k == nil {
		return nil, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if id, ok := k.parsed[name]; ok {
		return id, true
	}
	secret, ok := k.lines[name]
	if !ok {
		return nil, false
	}
	id, err := age.ParseHybridIdentity(secret)
	if err != nil {
		return nil, false
	}
	k.parsed[name] = id
	return id, true
}

// Secret gives a secret kept as text.
func (k *Keyring) Secret(name string) (string, bool) {
	if k == nil {
		return "", false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	secret, ok := k.lines[name]
	return secret, ok
}

// SignKey is the name under which a worker's signing key stands in the ring.
const SignKey = "sign"

// Signer is the worker's own signer. It errs for everyone else.
func (k *Keyring) Signer() (note.Signer, error) {
	secret, ok := k.Secret(SignKey)
	if !ok {
		return nil, fmt.Errorf("no signing key in this session")
	}
	return note.NewSigner(secret)
}

const sealed = "[secret]"

// String, GoString, Format and LogValue keep keys out of every log and page.
func (k *Keyring) String() string             { return sealed }
func (k *Keyring) GoString() string           { return sealed }
func (k *Keyring) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(sealed)) }
func (k *Keyring) LogValue() slog.Value       { return slog.StringValue(sealed) }
func (a Actor) String() string                { return "actor " + a.who.Account }
func (a Actor) GoString() string              { return a.String() }
func (a Actor) Format(f fmt.State, _ rune)    { _, _ = f.Write([]byte(a.String())) }
func (a Actor) LogValue() slog.Value          { return slog.StringValue(a.who.Account) }
