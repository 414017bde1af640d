package statement

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

var (
	// ErrForm: not a statement in its one form, or one with a value that does
	// not belong into it.
	ErrForm = errors.New("statement is malformed")
	// ErrSigner: not signed by whom the event asks for, or signed wrongly, or
	// by a key that is not known.
	ErrSigner = errors.New("statement has wrong signers")
)

const (
	header = "gatepost/statement/v1"

	// MaxSize is the size in bytes of the largest statement, signatures
	// included. MaxRefs is how many others one can rest on.
	MaxSize = 8 << 10
	MaxRefs = 64

	timeForm = "2006-01-02T15:04:05Z"
)

// Statement is one event of the log. The zero value is not valid. Values are
// identifiers: 1 to 128 of A-Z a-z 0-9 . _ / - but not "-" alone; where a
// field may be empty its doc says so. Only [Parse] makes a statement whose
// Signers is not empty.
type Statement struct {
	Agency   string // whose log; without "/"
	Event    Event
	Object   string // what it is about; the node for events about keys
	Part     string // which part of the object, or empty
	Version  uint64 // which version of the object; the epoch for a node
	Exchange string // the exchange, or empty
	From, To string // nodes, or empty
	// Commit is the commitment of the sealed object; zero is none.
	Commit [32]byte
	// Refs are the leaves this rests on, by their hash (Leaf); at most
	// MaxRefs, none twice.
	Refs [][32]byte
	// At is when. It is written in UTC and without parts of a second; for
	// EventAccess it must be a whole hour.
	At time.Time
	// Recipient is SHA-256 of the public key's text (age1pq1…). Always given
	// for EventKey and EventKeyRequest, zero for all others.
	Recipient [32]byte
	// Verifier is the note key with which the worker of this node signs. Only
	// for EventKey and EventKeyRequest of a worker's node; may be empty.
	Verifier string

	signers []string
}

// Signers gives the names of the keys that signed, such as "ag1/worker/w3", in
// the order of [Required]. It is empty unless [Parse] made the statement: who
// finds a name here knows that the signature was verified.
func (s *Statement) Signers() []string { return slices.Clone(s.signers) }

// Leaf gives the hash by which other statements refer to this one: SHA-256 of
// the whole signed note. It is not the log's own leaf hash, which puts a zero
// byte before (RFC 6962, 2.1).
func Leaf(body []byte) [32]byte { return sha256.Sum256(body) }

// Sign makes the body of s, signed by the given keys in the order of
// [Required]. ErrForm if s has a value that cannot be written; ErrSigner if
// these are not exactly the keys that the event asks for.
func Sign(s Statement, by ...note.Signer) ([]byte, error) {
	text, err := s.encode()
	if err != nil {
		return nil, fmt.Errorf("sign statement: %w", err)
	}
	names := make([]string, len(by))
	for i, signer := range by {
		names[i] = signer.Name()
	}
	if err := s.checkSigners(names); err != nil {
		return nil, fmt.Errorf("sign statement: %w", err)
	}
	body, err := note.Sign(&note.Note{Text: text}, by...)
	if err != nil {
		return nil, fmt.Errorf("sign statement: %w", err)
	}
	if len(body) > MaxSize {
		return nil, fmt.Errorf("sign statement: %w: larger than %d bytes", ErrForm, MaxSize)
	}
	return body, nil
}

// Parse reads a body and checks it whole: its form, that every signature on it
// verifies with a key of v, and that they are exactly those [Required] for
// the event and of the statement's own agency. v decides which keys count; give
// it those that counted when the statement was made. On any error, ErrForm or
// ErrSigner, there is no statement.
func Parse(body []byte, v note.Verifiers) (*Statement, error) {
	if len(body) > MaxSize {
		return nil, fmt.Errorf("parse statement: %w: larger than %d bytes", ErrForm, MaxSize)
	}
	n, err := note.Open(body, v)
	if err != nil {
		return nil, fmt.Errorf("parse statement: %w", noteError(err))
	}
	if len(n.UnverifiedSigs) > 0 {
		return nil, fmt.Errorf("parse statement: %w: signature by an unknown key", ErrSigner)
	}
	s, err := read(body, n.Text, n.Sigs)
	if err != nil {
		return nil, fmt.Errorf("parse statement: %w", err)
	}
	names := make([]string, len(n.Sigs))
	for i, sig := range n.Sigs {
		names[i] = sig.Name
	}
	if err := s.checkSigners(names); err != nil {
		return nil, fmt.Errorf("parse statement: %w", err)
	}
	s.signers = names
	return s, nil
}

// ParseUnverified reads a body without looking at its signatures. It proves
// nothing: anybody can have written it. It is for finding a statement in an
// index or for telling an operator about a bad one; whoever acts on a statement
// calls [Parse]. The only error is ErrForm.
func ParseUnverified(body []byte) (*Statement, error) {
	if len(body) > MaxSize {
		return nil, fmt.Errorf("parse statement unverified: %w: larger than %d bytes", ErrForm, MaxSize)
	}
	_, err := note.Open(body, nil)
	unverified, ok := errors.AsType[*note.UnverifiedNoteError](err)
	if !ok {
		return nil, fmt.Errorf("parse statement unverified: %w", noteError(err))
	}
	s, err := read(body, unverified.Note.Text, unverified.Note.UnverifiedSigs)
	if err != nil {
		return nil, fmt.Errorf("parse statement unverified: %w", err)
	}
	return s, nil
}

// noteError sorts the errors of note.Open: bad form, or bad signatures.
func noteError(err error) error {
	_, invalid := errors.AsType[*note.InvalidSignatureError](err)
	_, none := errors.AsType[*note.UnverifiedNoteError](err)
	if invalid || none {
		return fmt.Errorf("%w: %w", ErrSigner, err)
	}
	return fmt.Errorf("%w: %w", ErrForm, err)
}

// read takes the statement from a note's text. It accepts only the one form:
// text and signatures written again must give the same bytes. Otherwise one
// statement could have several bodies, and so several leaves.
func read(body []byte, text string, sigs []note.Signature) (*Statement, error) {
	s, err := decode(text)
	if err != nil {
		return nil, err
	}
	again, err := s.encode()
	if err != nil {
		return nil, err
	}
	b := []byte(again + "\n")
	for _, sig := range sigs {
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return nil, fmt.Errorf("%w: signature is not in its one form", ErrForm)
		}
		b = append(b, "— "+sig.Name+" "+sig.Base64+"\n"...)
	}
	if !bytes.Equal(b, body) {
		return nil, fmt.Errorf("%w: not in its one form", ErrForm)
	}
	return s, nil
}

// check looks at the values that have rules of their own.
func (s *Statement) check() error {
	about := s.Event == EventKey || s.Event == EventKeyRequest
	switch {
	case !validID(s.Agency):
		return fmt.Errorf("%w: agency is not an identifier", ErrForm)
	case s.Object == "":
		return fmt.Errorf("%w: no object", ErrForm)
	case len(s.Refs) > MaxRefs:
		return fmt.Errorf("%w: more than %d refs", ErrForm, MaxRefs)
	case s.At.UTC().Year() < 2000 || s.At.UTC().Year() > 9999:
		return fmt.Errorf("%w: no time", ErrForm)
	case s.Event == EventAccess && !s.At.Equal(s.At.UTC().Truncate(time.Hour)):
		return fmt.Errorf("%w: an access is timed to the hour", ErrForm)
	case about != (s.Recipient != [32]byte{}):
		return fmt.Errorf("%w: a recipient belongs to statements about keys", ErrForm)
	case s.Verifier != "" && (!about || !strings.HasPrefix(s.Object, workerNode)):
		return fmt.Errorf("%w: a verifier belongs to statements about a worker's keys", ErrForm)
	}
	if s.Verifier != "" {
		v, err := parseVerifier(s.Verifier)
		if err != nil || v.Name() != s.Agency+"/"+s.Object {
			return fmt.Errorf("%w: verifier is not that of the node", ErrForm)
		}
	}
	for i, ref := range s.Refs {
		if ref == [32]byte{} || slices.Contains(s.Refs[:i], ref) {
			return fmt.Errorf("%w: ref %d is empty or repeated", ErrForm, i+1)
		}
	}
	if _, err := Required(s.Event, s.Object, s.From); err != nil {
		return fmt.Errorf("%w: unknown event, or not for this node", ErrForm)
	}
	return nil
}

// encode gives the text that is signed.
func (s *Statement) encode() (string, error) {
	if err := s.check(); err != nil {
		return "", err
	}
	lines := make([]string, 0, 14)
	lines = append(lines, header)
	for _, f := range []struct{ key, value string }{
		{"agency", s.Agency}, {"event", string(s.Event)}, {"object", s.Object}, {"part", s.Part},
		{"version", strconv.FormatUint(s.Version, 10)},
		{"exchange", s.Exchange}, {"from", s.From}, {"to", s.To},
	} {
		if f.value != "" && !validValue(f.value) {
			return "", fmt.Errorf("%w: %s is not an identifier", ErrForm, f.key)
		}
		lines = append(lines, f.key+" "+orDash(f.value))
	}
	refs := make([]string, len(s.Refs))
	for i, ref := range s.Refs {
		refs[i] = hashText(ref)
	}
	lines = append(lines,
		"commit "+orDash(hashText(s.Commit)),
		"refs "+orDash(strings.Join(refs, ",")),
		"at "+s.At.UTC().Format(timeForm))
	if s.Recipient != [32]byte{} {
		lines = append(lines, "recipient "+hashText(s.Recipient))
	}
	if s.Verifier != "" {
		lines = append(lines, "verifier "+s.Verifier)
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// decode reads text loosely; read compares what comes of it with the text.
func decode(text string) (*Statement, error) {
	lines := strings.Split(text, "\n")
	keys := [...]string{"agency", "event", "object", "part", "version", "exchange", "from", "to",
		"commit", "refs", "at", "recipient", "verifier"}
	const always = 11
	if lines[0] != header || len(lines) < 1+always+1 || len(lines) > 1+len(keys)+1 {
		return nil, fmt.Errorf("%w: no statement of version 1", ErrForm)
	}
	var values [len(keys)]string
	for i, line := range lines[1 : len(lines)-1] {
		value, ok := strings.CutPrefix(line, keys[i]+" ")
		if !ok {
			return nil, fmt.Errorf("%w: line %d is not %s", ErrForm, i+2, keys[i])
		}
		if value != "-" {
			values[i] = value
		}
	}
	s := &Statement{
		Agency: values[0], Event: Event(values[1]), Object: values[2], Part: values[3],
		Exchange: values[5], From: values[6], To: values[7], Verifier: values[12],
	}
	var errs [5]error
	s.Version, errs[0] = strconv.ParseUint(values[4], 10, 64)
	s.Commit, errs[1] = parseHash(values[8])
	s.Refs, errs[2] = parseRefs(values[9])
	s.At, errs[3] = time.Parse(timeForm, values[10])
	s.Recipient, errs[4] = parseHash(values[11])
	if errors.Join(errs[:]...) != nil {
		return nil, fmt.Errorf("%w: a number, hash or time cannot be read", ErrForm)
	}
	return s, nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// hashText gives the base64 of a hash, and nothing for no hash.
func hashText(h [32]byte) string {
	if h == [32]byte{} {
		return ""
	}
	return base64.StdEncoding.EncodeToString(h[:])
}

func parseHash(s string) (h [32]byte, err error) {
	if s == "" {
		return h, nil
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != len(h) {
		return h, ErrForm
	}
	return [32]byte(b), nil
}

func parseRefs(s string) ([][32]byte, error) {
	if s == "" {
		return nil, nil
	}
	var refs [][32]byte
	for part := range strings.SplitSeq(s, ",") {
		ref, err := parseHash(part)
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// validID reports whether s can be an agency or the last part of a node.
func validID(s string) bool { return validValue(s) && !strings.Contains(s, "/") }

// validValue has the rule of a sealed object's context, so that whatever can be
// sealed can be stated.
func validValue(s string) bool {
	if len(s) == 0 || len(s) > 128 || s == "-" {
		return false
	}
	return !slices.ContainsFunc([]byte(s), func(b byte) bool {
		letter := 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
		digit := '0' <= b && b <= '9'
		return !letter && !digit && strings.IndexByte("._/-", b) < 0
	})
}
