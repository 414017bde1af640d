package ceremony

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"filippo.io/age/armor"

	"gatepost/crypto/seal"
)

// ErrPair: the two sheets are not the two of this file.
var ErrPair = errors.New("these two sheets do not open this file; look whether they are the two officers of its name, and of this archive")

// maxPair is more than a pair file or a canary has.
const maxPair = 64 << 10

// order puts two officers in the order of their letters.
func order(one, two string) (string, string) {
	if two < one {
		return two, one
	}
	return one, two
}

// pairName is the file of two officers.
func pairName(one, two string) string {
	first, second := order(one, two)
	return "archive-" + first + second + ".age"
}

// SealPair seals the archive's key to the first officer, and that to the second:
// an age file in an age file, the outer one as text (age's armor), so that it can
// be printed. It takes both to open it.
//
// Stock programs: age -d -i SECOND FILE | age -d -i FIRST
func SealPair(archive *age.HybridIdentity, first, second *age.HybridRecipient) ([]byte, error) {
	inner, err := sealTo(first, []byte(archive.String()+"\n"))
	if err != nil {
		return nil, err
	}
	outer, err := sealTo(second, inner)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	w := armor.NewWriter(&text)
	if _, err := w.Write(outer); err != nil {
		return nil, fmt.Errorf("write a pair: %w", err)
	}
	// Closing writes the last line.
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("write a pair: %w", err)
	}
	return text.Bytes(), nil
}

// OpenPair gives the archive's key. ErrPair: one of the two is the wrong key, or
// they are in the wrong order.
func OpenPair(file []byte, first, second *age.HybridIdentity) (*age.HybridIdentity, error) {
	outer, err := io.ReadAll(io.LimitReader(armor.NewReader(bytes.NewReader(file)), maxPair))
	if err != nil {
		return nil, fmt.Errorf("this is no pair file, or a damaged one; take another copy: %w", err)
	}
	inner, err := openWith(second, outer)
	if err != nil {
		return nil, err
	}
	text, err := openWith(first, inner)
	if err != nil {
		return nil, err
	}
	archive, err := age.ParseHybridIdentity(string(bytes.TrimSpace(text)))
	if err != nil {
		// Not age's own words: they may hold what was read.
		return nil, errors.New("this file opens and holds no key; it was not made by a ceremony")
	}
	return archive, nil
}

func sealTo(to *age.HybridRecipient, plain []byte) ([]byte, error) {
	var sealed bytes.Buffer
	w, err := seal.Stream(&sealed, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed.Bytes(), nil
}

func openWith(key *age.HybridIdentity, sealed []byte) ([]byte, error) {
	plain, err := seal.OpenStream(bytes.NewReader(sealed), key)
	if errors.Is(err, seal.ErrKey) {
		return nil, ErrPair
	}
	if err != nil {
		return nil, fmt.Errorf("this file is damaged; take another copy: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(plain, maxPair))
	if err != nil {
		return nil, fmt.Errorf("this file is damaged; take another copy: %w", err)
	}
	return text, nil
}
