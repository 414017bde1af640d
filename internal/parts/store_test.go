package parts_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"gatepost/internal/parts"
	"gatepost/internal/parts/partstest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func noise(size int) []byte {
	b := make([]byte, size)
	_, _ = rand.Read(b)
	return b
}

func put(t *testing.T, s *parts.Store, part []byte) []byte {
	t.Helper()
	column, err := s.Put(t.Context(), len(part), func(w io.Writer) error {
		_, err := w.Write(part)
		return err
	})
	must(t, err)
	return column
}

func place(t *testing.T, column []byte) parts.Place {
	t.Helper()
	p, placed, err := parts.ParsePlace(column)
	if !placed || err != nil {
		t.Fatalf("no place: %v", err)
	}
	return p
}

// Without a store, and for what is small, the column is the part.
func TestStore_Database(t *testing.T) {
	small, large := noise(parts.Large-1), noise(parts.Large)
	var none *parts.Store
	if !bytes.Equal(put(t, none, large), large) {
		t.Error("without a store, the column holds something else")
	}
	g := partstest.New(t)
	if !bytes.Equal(put(t, g.Open(g.Families), small), small) || len(g.Objects()) != 0 {
		t.Error("a small part left its row")
	}
	only := g.Families
	only.ReadOnly = true
	if !bytes.Equal(put(t, g.Open(only), large), large) || len(g.Objects()) != 0 {
		t.Error("a store that is only read took a part")
	}
	column := put(t, g.Open(g.Families), large)
	if got, err := none.Get(t.Context(), column); !errors.Is(err, parts.ErrNone) {
		t.Errorf("without a store: %d bytes, %v", len(got), err)
	}
}

// What is put comes back, and nothing else does.
func TestStore_Get(t *testing.T) {
	g := partstest.New(t)
	s := g.Open(g.Families)
	part := noise(parts.Large + 3)
	column := put(t, s, part)
	if len(column) != parts.PlaceSize {
		t.Errorf("a place of %d bytes", len(column))
	}
	got, err := s.Get(t.Context(), column)
	if err != nil || !bytes.Equal(got, part) {
		t.Fatalf("%d bytes came back, %v", len(got), err)
	}
	path := g.Path(place(t, column).Key)
	for name, change := range map[string][]byte{"one byte": append([]byte{part[0] ^ 1}, part[1:]...), "shorter": part[:len(part)-1],
		"longer": append(slices.Clone(part), 0), "another": noise(len(part))} {
		must(t, os.WriteFile(path, change, 0o600))
		got, err := s.Get(t.Context(), column)
		if name == "longer" && err == nil && bytes.Equal(got, part) {
			continue // what is behind its end is not read
		}
		if !errors.Is(err, parts.ErrLost) || got != nil {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	must(t, os.Remove(path))
	if _, err := s.Get(t.Context(), column); !errors.Is(err, parts.ErrLost) {
		t.Errorf("deleted: %v", err)
	}
	g.Stop()
	if _, err := s.Get(t.Context(), column); !errors.Is(err, parts.ErrAway) {
		t.Errorf("away: %v", err)
	}
	if _, err := s.Put(t.Context(), len(part), func(w io.Writer) error { _, err := w.Write(part); return err }); !errors.Is(err, parts.ErrAway) {
		t.Errorf("put away: %v", err)
	}
	if err := s.Reach(t.Context()); !errors.Is(err, parts.ErrAway) {
		t.Errorf("reach away: %v", err)
	}
}

// A column that says what no place says is not asked for.
func TestParsePlace(t *testing.T) {
	good := parts.Place{Key: "abcdefghijklmnopqrstuvwxyz", Size: 5}.Column()
	if p, placed, err := parts.ParsePlace(good); !placed || err != nil || p.Size != 5 || !bytes.Equal(p.Column(), good) {
		t.Errorf("%+v, %v, %v", p, placed, err)
	}
	for name, column := range map[string][]byte{"cut": good[:len(good)-1], "longer": append(slices.Clone(good), 0),
		"a path": bytes.Replace(good, []byte("abc"), []byte("../"), 1), "no size": parts.Place{Key: "abcdefghijklmnopqrstuvwxyz"}.Column(),
		"too large": parts.Place{Key: "abcdefghijklmnopqrstuvwxyz", Size: parts.Max + 1}.Column(), "far too large": parts.Place{Key: "abcdefghijklmnopqrstuvwxyz", Size: -1}.Column()} {
		if p, placed, err := parts.ParsePlace(column); !placed || err == nil {
			t.Errorf("%s: %+v, %v, %v", name, p, placed, err)
		}
	}
	for _, column := range [][]byte{nil, []byte("age-encryption.org/v1\n-> "), []byte("gatepost-part/1")} {
		if _, placed, err := parts.ParsePlace(column); placed || err != nil {
			t.Errorf("%q: %v, %v", column, placed, err)
		}
	}
}

// What fails while it is written leaves nothing.
func TestStore_PutFails(t *testing.T) {
	g := partstest.New(t)
	s := g.Open(g.Families)
	broken := errors.New("broken")
	if _, err := s.Put(t.Context(), parts.Large, func(w io.Writer) error {
		_, err := w.Write(noise(parts.Large - 1))
		return errors.Join(err, broken)
	}); !errors.Is(err, broken) {
		t.Errorf("a writer that fails: %v", err)
	}
	if _, err := s.Put(t.Context(), parts.Large+1, func(w io.Writer) error {
		_, err := w.Write(noise(parts.Large))
		return err
	}); err == nil {
		t.Error("a part that is shorter than it said was taken")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := s.Put(ended, parts.Large, func(w io.Writer) error { _, err := w.Write(noise(parts.Large)); return err }); !errors.Is(err, context.Canceled) {
		t.Errorf("a request that ended: %v", err)
	}
	if n := len(g.Objects()); n != 0 {
		t.Errorf("%d objects", n)
	}
}

// The families' tier puts and gets; the staff tier alone deletes and lists.
func TestStore_Rights(t *testing.T) {
	g := partstest.New(t)
	families, staff := g.Open(g.Families), g.Open(g.Staff)
	key := place(t, put(t, families, noise(parts.Large))).Key
	if err := families.Delete(t.Context(), key); !errors.Is(err, parts.ErrAway) {
		t.Errorf("the families' tier deletes: %v", err)
	}
	if _, err := families.Sweep(t.Context(), time.Now(), nil); !errors.Is(err, parts.ErrAway) {
		t.Errorf("the families' tier lists: %v", err)
	}
	for _, s := range []*parts.Store{families, staff} {
		must(t, s.Reach(t.Context()))
	}
	stranger := g.Staff
	stranger.Secret = "guessed"
	if err := g.Open(stranger).Reach(t.Context()); !errors.Is(err, parts.ErrAway) {
		t.Errorf("a wrong key: %v", err)
	}
	must(t, staff.Versions(t.Context()))
	must(t, staff.Delete(t.Context(), key))
	must(t, staff.Delete(t.Context(), key)) // not there is as good
	if len(g.Objects()) != 0 {
		t.Error("it is there still")
	}
	if err := staff.Delete(t.Context(), "../other"); err == nil {
		t.Error("a key that is none was deleted")
	}
}

// A bucket that keeps what is deleted is found out.
func TestStore_Versions(t *testing.T) {
	g := partstest.Versioned(t)
	if err := g.Open(g.Staff).Versions(t.Context()); !errors.Is(err, parts.ErrVersions) {
		t.Errorf("%v", err)
	}
}

// What no row names goes once it is old, and nothing else does.
func TestStore_Sweep(t *testing.T) {
	g := partstest.New(t)
	s := g.Open(g.Staff)
	var keys []parts.Key
	for range 3 {
		keys = append(keys, place(t, put(t, s, noise(parts.Large))).Key)
	}
	named, orphan, young := keys[0], keys[1], keys[2]
	for _, k := range []parts.Key{named, orphan} {
		g.Date(k, time.Now().Add(-parts.Orphan-time.Minute))
	}
	must(t, os.WriteFile(g.Path("not-ours"), []byte("x"), 0o600))
	var asked []parts.Key
	n, err := s.Sweep(t.Context(), time.Now(), func(_ context.Context, some []parts.Key) ([]parts.Key, error) {
		asked = append(asked, some...)
		return []parts.Key{orphan}, nil
	})
	if err != nil || n != 1 || slices.Contains(asked, young) || len(asked) != 2 {
		t.Errorf("%d went, asked about %v, %v", n, asked, err)
	}
	left := g.Objects()
	if _, there := left[orphan]; there || len(left) != 2 {
		t.Errorf("%d objects are left", len(left))
	}
	// One that does not go holds up no other.
	var orphans []parts.Key
	for range 3 {
		k := place(t, put(t, s, noise(parts.Large))).Key
		g.Date(k, time.Now().Add(-parts.Orphan-time.Minute))
		orphans = append(orphans, k)
	}
	slices.Sort(orphans)
	g.Forbid("s3:DeleteObject", orphans[0])
	n, err = s.Sweep(t.Context(), time.Now(), func(context.Context, []parts.Key) ([]parts.Key, error) { return orphans, nil })
	if _, there := g.Objects()[orphans[0]]; n != 2 || !errors.Is(err, parts.ErrAway) || !there || len(g.Objects()) != 3 {
		t.Errorf("%d went, %d are left, %v", n, len(g.Objects()), err)
	}
	g.Forbid("")
	failed := errors.New("no answer")
	if _, err := s.Sweep(t.Context(), time.Now().Add(48*time.Hour), func(context.Context, []parts.Key) ([]parts.Key, error) { return nil, failed }); !errors.Is(err, failed) {
		t.Errorf("who is asked does not answer: %v", err)
	}
}

// Whatever a column holds, it is a place that is written so again, or none.
func FuzzParsePlace(f *testing.F) {
	f.Add(parts.Place{Key: "abcdefghijklmnopqrstuvwxyz", Size: parts.Large}.Column())
	f.Add([]byte("gatepost-part/1\n"))
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Fuzz(func(t *testing.T, column []byte) {
		p, placed, err := parts.ParsePlace(column)
		if err != nil || !placed {
			return
		}
		if !p.Key.Valid() || p.Size < 1 || p.Size > parts.Max || !bytes.Equal(p.Column(), column) {
			t.Errorf("%q is %+v", column, p)
		}
	})
}
