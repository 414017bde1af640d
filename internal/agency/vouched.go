package agency

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
)

const vouchedHeader = "gatepost/vouched/v1"

// Vouched is a worker's statement together with the registrar's word for the
// key that signed it. Another agency checks both with the verifiers of its own
// configuration and reads no table of ours: registrar, worker, statement.
//
// It proves that the worker's key was vouched for, not that they still work
// there: for that their agency's own log would be needed.
type Vouched struct {
	Key  []byte // the key statement
	Body []byte // what the worker stated
}

// Bytes writes the two behind each other: a line with the two lengths, then
// the notes.
func (v Vouched) Bytes() []byte {
	head := fmt.Sprintf("%s %d %d\n", vouchedHeader, len(v.Key), len(v.Body))
	return bytes.Join([][]byte{[]byte(head), v.Key, v.Body}, nil)
}

// ParseVouched splits what Bytes wrote and accepts no other form. It believes
// nothing: VerifyVouched does.
func ParseVouched(b []byte) (Vouched, error) {
	head, rest, ok := bytes.Cut(b, []byte("\n"))
	fields := strings.Split(string(head), " ")
	if !ok || len(fields) != 3 || fields[0] != vouchedHeader {
		return Vouched{}, errVouched
	}
	first, errFirst := strconv.ParseUint(fields[1], 10, 16)
	second, errSecond := strconv.ParseUint(fields[2], 10, 16)
	if errFirst != nil || errSecond != nil || uint64(len(rest)) != first+second {
		return Vouched{}, errVouched
	}
	v := Vouched{Key: rest[:first:first], Body: rest[first:]}
	if !bytes.Equal(v.Bytes(), b) {
		return Vouched{}, errVouched
	}
	return v, nil
}

var errVouched = errors.New("not a statement with the word for its key")

// VouchFor joins a statement with the word for the key of the worker who signed
// it, which is that of the node among rows that has the signer's key.
// ErrUntrusted: there is none.
func (a *Agency) VouchFor(rows []NodeRow, by note.Signer, body []byte) (Vouched, error) {
	for _, r := range rows {
		n, err := a.trust(r)
		if err != nil {
			continue
		}
		if v, err := note.NewVerifier(n.Verifier); err == nil && v.Name() == by.Name() && v.KeyHash() == by.KeyHash() {
			return Vouched{Key: r.Body, Body: body}, nil
		}
	}
	return Vouched{}, fmt.Errorf("the word for a signer's key: %w", ErrUntrusted)
}

// VerifyVouched checks a statement of this agency with nothing but the
// verifiers of the configuration: its registrar vouched for the worker's key,
// and that key alone signed the statement. It reads no database. Errors are
// seal.ErrUnsigned or say that the form is another.
func (a *Agency) VerifyVouched(b []byte) (*statement.Statement, error) {
	v, err := ParseVouched(b)
	if err != nil {
		return nil, err
	}
	key, err := statement.Parse(v.Key, a.fixed)
	if err != nil {
		return nil, fmt.Errorf("%w: the word for a key: %w", seal.ErrUnsigned, err)
	}
	if key.Event != statement.EventKey || key.Agency != a.ID || key.Verifier == "" {
		return nil, fmt.Errorf("%w: no word for a worker's key", seal.ErrUnsigned)
	}
	known := a.Verifiers()
	if err := known.Add(key.Verifier); err != nil {
		return nil, fmt.Errorf("%w: a worker's key", seal.ErrUnsigned)
	}
	st, err := statement.Parse(v.Body, known)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", seal.ErrUnsigned, err)
	}
	if signers := st.Signers(); st.Agency != a.ID || len(signers) != 1 || signers[0] != a.ID+"/"+key.Object {
		return nil, fmt.Errorf("%w: not by the worker whose key this is", seal.ErrUnsigned)
	}
	return st, nil
}
