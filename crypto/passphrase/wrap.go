package passphrase

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"

	"filippo.io/age"

	"gatepost/crypto/passphrase/internal/cost"
)

var (
	// ErrPassphrase says that the passphrase is not the one of this wrap, or
	// that the wrap is another account's, another role's or another pepper's:
	// by design the four cannot be told apart.
	ErrPassphrase = errors.New("the passphrase does not open this account")

	// ErrWrap says that a wrap is damaged or is not one of ours: an alarm for
	// the operator, for people cannot bring it about. To the person signing in
	// it must look like ErrPassphrase.
	ErrWrap = errors.New("not a usable passphrase wrap")
)

const (
	// standardLogN is scrypt's cost: N = 2^17, r = 8, p = 1, the least that the
	// OWASP Password Storage Cheat Sheet allows for scrypt; half a second.
	standardLogN = 17

	// maxLogN is the highest cost that is run for a wrap from the database. One
	// above the standard leaves room to raise it; 19 would already let whoever
	// can write a row make each sign-in take 512 MiB.
	maxLogN = 18

	maxWrap = 4096 // bytes; a worker's wrap has about 500

	wrapMagic = "gatepost/wrap/v1 "
)

// Work wraps and opens bundles and counts what it costs. Standard makes one.
// Its methods may be called from many goroutines; each call at the standard
// cost holds 128 MiB, so callers go through a Gate. The zero Work is ready and
// works at the standard cost.
type Work struct {
	logN int          // 0 means standardLogN
	runs atomic.Int64 // scrypt runs begun

	// spoil damages a new wrap before it is opened again; only a test sets it.
	spoil func(wrap []byte) []byte
}

// Standard is the work that protects real accounts.
func Standard() *Work { return new(Work) }

// At is for package passphrasetest: nobody else can make a cost.Cost.
func At(c cost.Cost) *Work { return &Work{logN: c.LogN()} }

// Runs is how many times scrypt has been run so far, whether or not it opened
// anything. Tests compare it, since equal work is what hides an account.
func (w *Work) Runs() int64 { return w.runs.Load() }

func (w *Work) cost() int {
	if w.logN == 0 {
		return standardLogN
	}
	return w.logN
}

// release gives the memory of a run back to the system before another one may
// begin: 128 MiB each, of which the collector would let as much again pile up. Only
// collected, it would stay the process's, and what is put into a corner of it would
// send the next run elsewhere. It takes some milliseconds beside half a second.
func (w *Work) release() {
	if w.cost() >= standardLogN {
		debug.FreeOSMemory()
	}
}

// Wrap puts b under the passphrase for one account. It opens what it has made
// before it returns it: a wrap that was stored broken would be found at the
// next sign-in, when the old one is gone and the keys with it. That costs a
// second scrypt run, one second in all; wraps are made at enrolment and at a
// change of passphrase only.
//
// Role and account are 1 to 128 of the characters A-Z a-z 0-9 . _ / and -.
// Wrap does not judge the passphrase: that is Check.
func (w *Work) Wrap(p Pepper, role, account, passphrase string, b Bundle) ([]byte, error) {
	peppers, err := NewPeppers(p)
	if err != nil {
		return nil, fmt.Errorf("wrap keys: %w", err)
	}
	if err := checkOwner(role, account); err != nil {
		return nil, fmt.Errorf("wrap keys: %w", err)
	}
	wrap, err := w.seal(p, p.password(role, account, passphrase), b.Text())
	if err != nil {
		return nil, fmt.Errorf("wrap keys: %w", err)
	}
	if w.spoil != nil {
		wrap = w.spoil(wrap)
	}
	opened, _, err := w.Unwrap(peppers, role, account, passphrase, wrap)
	if err != nil {
		return nil, fmt.Errorf("open a new wrap again: %w", err)
	}
	if subtle.ConstantTimeCompare(opened.Text(), b.Text()) != 1 {
		return nil, errors.New("open a new wrap again: it holds other keys")
	}
	return wrap, nil
}

// seal writes the version line and the age file.
func (w *Work) seal(p Pepper, password string, text []byte) ([]byte, error) {
	recipient, err := age.NewScryptRecipient(password)
	if err != nil {
		return nil, fmt.Errorf("make the scrypt recipient: %w", err)
	}
	recipient.SetWorkFactor(w.cost())
	var out bytes.Buffer
	out.WriteString(wrapMagic + strconv.Itoa(int(p.version)) + "\n")
	w.runs.Add(1)
	file, err := age.Encrypt(&out, recipient)
	w.release()
	if err != nil {
		return nil, fmt.Errorf("begin the age file: %w", err)
	}
	if _, err := file.Write(text); err != nil {
		return nil, fmt.Errorf("write the age file: %w", err)
	}
	// Close writes the last chunk; the bytes may be taken only after it.
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("end the age file: %w", err)
	}
	return out.Bytes(), nil
}

// Unwrap opens a wrap. The second result says that the wrap should be made anew
// while the passphrase is at hand, because it was made under an older pepper or
// at another cost.
//
// It returns ErrPassphrase or ErrWrap, and for a well-formed wrap it runs scrypt
// exactly once in either case. A wrap that asks for more work than 2^18 is
// refused before any is done.
func (w *Work) Unwrap(ps Peppers, role, account, passphrase string, wrap []byte) (Bundle, bool, error) {
	if err := checkOwner(role, account); err != nil {
		return Bundle{}, false, fmt.Errorf("unwrap keys: %w", err)
	}
	version, file, err := cutVersion(wrap)
	if err != nil {
		return Bundle{}, false, err
	}
	p, ok := ps.find(version)
	if !ok {
		return Bundle{}, false, fmt.Errorf("%w: its pepper, version %d, is not at hand", ErrWrap, version)
	}
	opener := &opener{work: w, password: p.password(role, account, passphrase)}
	text, err := opener.open(file)
	w.release()
	if err != nil {
		return Bundle{}, false, err
	}
	b, err := ParseBundle(text)
	if err != nil {
		return Bundle{}, false, fmt.Errorf("%w: %w", ErrWrap, err)
	}
	stale := version != ps.current.version || opener.logN != w.cost()
	return b, stale, nil
}

// PepperVersion tells under which pepper a wrap was made, without opening it, so
// that an operator can see when an old pepper is no longer needed. It returns
// ErrWrap when the wrap is not one of ours.
func PepperVersion(wrap []byte) (uint16, error) {
	version, _, err := cutVersion(wrap)
	return version, err
}

// Dummy does for an account that does not exist what Unwrap does for a wrong
// passphrase: the same HMAC, one scrypt run, ErrPassphrase.
func (w *Work) Dummy(ps Peppers, role, account, passphrase string) error {
	// Well formed up to the stanza, whose body is under no key; the MAC of the
	// header is not reached.
	zeros := strings.Repeat("A", 43) // base64 of 32 zero bytes; the salt is 16 of them
	wrap := fmt.Appendf(nil, "%s%d\nage-encryption.org/v1\n-> scrypt %s %d\n%s\n--- %s\n",
		wrapMagic, ps.current.version, zeros[:22], w.cost(), zeros, zeros)
	if _, _, err := w.Unwrap(ps, role, account, passphrase, wrap); err != nil {
		return err
	}
	return ErrPassphrase // not reached: nothing opens it
}

// opener is the age identity that Unwrap decrypts with. It stands before age's
// own so that the cost is judged, and the run counted, before scrypt starts.
type opener struct {
	work     *Work
	password string
	logN     int // the cost that the wrap asks for, once judged
}

// open decrypts the whole age file or nothing.
func (o *opener) open(file []byte) ([]byte, error) {
	reader, err := age.Decrypt(bytes.NewReader(file), o)
	if errors.Is(err, age.ErrIncorrectIdentity) {
		return nil, ErrPassphrase
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWrap, err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWrap, err)
	}
	return text, nil
}

var logNText = regexp.MustCompile(`^[1-9][0-9]?$`)

// Unwrap is age's: it turns the header's stanzas into the file key.
func (o *opener) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if len(stanzas) != 1 || stanzas[0].Type != "scrypt" || len(stanzas[0].Args) != 2 {
		return nil, errors.New("the header is not one scrypt stanza")
	}
	logN, err := strconv.Atoi(stanzas[0].Args[1])
	if err != nil || !logNText.MatchString(stanzas[0].Args[1]) || logN > maxLogN {
		return nil, fmt.Errorf("the header asks for more scrypt work than 2^%d", maxLogN)
	}
	identity, err := age.NewScryptIdentity(o.password)
	if err != nil {
		return nil, fmt.Errorf("make the scrypt identity: %w", err)
	}
	identity.SetMaxWorkFactor(maxLogN)
	o.logN = logN
	o.work.runs.Add(1)
	return identity.Unwrap(stanzas)
}

// cutVersion takes the line with the pepper's version off a wrap.
func cutVersion(wrap []byte) (version uint16, file []byte, err error) {
	if len(wrap) > maxWrap {
		return 0, nil, fmt.Errorf("%w: too long", ErrWrap)
	}
	line, file, found := bytes.Cut(wrap, []byte("\n"))
	digits, ours := bytes.CutPrefix(line, []byte(wrapMagic))
	n, err := strconv.ParseUint(string(digits), 10, 16)
	if !found || !ours || err != nil || n == 0 || strconv.FormatUint(n, 10) != string(digits) {
		return 0, nil, fmt.Errorf("%w: its first line is not ours", ErrWrap)
	}
	return uint16(n), file, nil
}

var ownerText = regexp.MustCompile(`^[A-Za-z0-9._/-]{1,128}$`)

// checkOwner keeps line ends out of what is hashed line by line.
func checkOwner(role, account string) error {
	if !ownerText.MatchString(role) || !ownerText.MatchString(account) {
		return errors.New("the role or the account has characters that an id cannot have")
	}
	return nil
}
