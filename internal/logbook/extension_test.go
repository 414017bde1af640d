package logbook_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"gatepost/internal/logbook"
)

// storedOf are the hashes of a log.
func storedOf(bodies [][]byte) (all stored) {
	var tree logbook.Tree
	for _, b := range bodies {
		all = append(all, tree.Append(b)...)
	}
	return all
}

func tipOf(bodies [][]byte) logbook.Checkpoint {
	var tree logbook.Tree
	for _, b := range bodies {
		tree.Append(b)
	}
	if tree.Size() == 0 {
		return logbook.Checkpoint{}
	}
	return tree.Checkpoint()
}

// From each size to each other one the proof holds, read back from its text; from
// another log's tree it does not.
func TestExtension(t *testing.T) {
	s := newSigners(t)
	keys, bodies := s.keys(t), s.history(t, 10)
	other := slices.Concat([][]byte{s.receipt(t, 99)}, bodies[1:])
	for size := 1; size <= len(bodies); size++ {
		now, signed := tipOf(bodies[:size]), s.signed(t, bodies[:size])
		for old := 0; old <= size; old++ {
			e, err := logbook.Extend(int64(old), now, signed, storedOf(bodies[:size]))
			if err != nil {
				t.Fatal(err)
			}
			read, err := logbook.ParseExtension(e.Text())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := read.Check(tipOf(bodies[:old]), keys); err != nil || got != now {
				t.Errorf("from %d to %d: %+v, %v", old, size, got, err)
			}
			if _, err := read.Check(tipOf(other[:old]), keys); old > 0 && !errors.Is(err, logbook.ErrForked) {
				t.Errorf("from %d of another log to %d: %v", old, size, err)
			}
		}
	}
}

// Whatever is not exactly that proof is refused.
func TestExtension_Refused(t *testing.T) {
	s := newSigners(t)
	keys, bodies := s.keys(t), s.history(t, 10)
	now, signed := tipOf(bodies), s.signed(t, bodies)
	e, err := logbook.Extend(13, now, signed, storedOf(bodies))
	if err != nil || len(e.Path) < 3 {
		t.Fatalf("%+v, %v", e, err)
	}
	seen := tipOf(bodies[:13])
	with := func(change func(*logbook.Extension)) logbook.Extension {
		c := logbook.Extension{Old: e.Old, Path: slices.Clone(e.Path), Checkpoint: e.Checkpoint}
		change(&c)
		return c
	}
	for _, c := range []struct {
		name string
		e    logbook.Extension
		seen logbook.Checkpoint
		want error
	}{
		{"a hash changed", with(func(e *logbook.Extension) { e.Path[1][0] ^= 1 }), seen, logbook.ErrForked},
		{"a hash less", with(func(e *logbook.Extension) { e.Path = e.Path[1:] }), seen, logbook.ErrForked},
		{"a hash more", with(func(e *logbook.Extension) { e.Path = append(e.Path, tlog.Hash{}) }), seen, logbook.ErrForked},
		{"no hash", with(func(e *logbook.Extension) { e.Path = nil }), seen, logbook.ErrForked},
		{"from elsewhere", e, tipOf(bodies[:12]), logbook.ErrExtension},
		{"to who has seen nothing", e, logbook.Checkpoint{}, logbook.ErrExtension},
		{"hashes that nobody needs", with(func(e *logbook.Extension) { e.Old = 0 }), logbook.Checkpoint{}, logbook.ErrExtension},
		{"hashes for the same log", with(func(e *logbook.Extension) { e.Old = 21 }), now, logbook.ErrExtension},
		{"another log of as many", with(func(e *logbook.Extension) { e.Old, e.Path = 21, nil }), logbook.Checkpoint{Size: 21, Root: tlog.Hash{1}}, logbook.ErrForked},
		{"fewer entries", e, logbook.Checkpoint{Size: 30, Root: tlog.Hash{1}}, logbook.ErrRolledBack},
		{"signed by another", with(func(e *logbook.Extension) { e.Checkpoint = newSigners(t).signed(t, bodies) }), seen, logbook.ErrCheckpoint},
		{"not signed", with(func(e *logbook.Extension) { e.Checkpoint = nil }), seen, logbook.ErrCheckpoint},
	} {
		if got, err := c.e.Check(c.seen, keys); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	if _, err := logbook.Extend(22, now, signed, storedOf(bodies)); !errors.Is(err, logbook.ErrExtension) {
		t.Errorf("from beyond: %v", err)
	}
	good := string(e.Text())
	for _, bad := range []string{"", "old 13\n", "old 13", strings.Replace(good, "old 13", "old 013", 1), strings.Replace(good, "old 13", "old -1", 1),
		strings.Replace(good, "old ", "new ", 1), strings.Replace(good, "=\n", "=\r\n", 1), strings.Replace(good, "\n", "\nno hash\n", 1),
		"old 1\n" + strings.Repeat(e.Path[0].String()+"\n", 64) + "\n" + string(signed), good + strings.Repeat("x", logbook.MaxExtension)} {
		if _, err := logbook.ParseExtension([]byte(bad)); !errors.Is(err, logbook.ErrExtension) {
			t.Errorf("%.40q is read: %v", bad, err)
		}
	}
}

// What is read is written as it was, and only the proof holds.
func FuzzParseExtension(f *testing.F) {
	s := newSigners(f)
	keys, bodies := s.keys(f), s.history(f, 5)
	e, err := logbook.Extend(6, tipOf(bodies), s.signed(f, bodies), storedOf(bodies))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{e.Text(), []byte("old 0\n\n"), nil, bytes.Replace(e.Text(), []byte("old 6"), []byte("old 7"), 1)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := logbook.ParseExtension(text)
		if err != nil {
			return
		}
		if !bytes.Equal(got.Text(), text) {
			t.Errorf("%q is read and written as %q", text, got.Text())
		}
		if now, err := got.Check(tipOf(bodies[:6]), keys); err == nil && now != tipOf(bodies) {
			t.Errorf("%+v holds", now)
		}
	})
}
