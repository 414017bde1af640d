package parts_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatepost/internal/parts"
	"gatepost/internal/parts/partstest"
)

// A bucket has the mark of whose staff tier used it first; nobody else puts or sweeps there, until
// they take it.
func TestStore_Ours(t *testing.T) {
	g := partstest.New(t)
	mine, other := parts.Mark(bytes.Repeat([]byte{1}, 32)), parts.Mark(bytes.Repeat([]byte{2}, 32))
	only := g.Families
	only.ReadOnly = true
	must(t, g.Open(only).For(mine, nil).Ours(t.Context()))
	mark := filepath.Join(g.Folder, "gatepost-mark")
	if _, err := os.Stat(mark); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a store that is only read is marked: %v", err)
	}
	families, staff := g.Open(g.Families).For(mine, nil), g.Open(g.Staff).For(mine, nil)
	must(t, staff.Another(t.Context()))
	if _, err := families.Put(t.Context(), parts.Large, nil); !errors.Is(err, parts.ErrAway) {
		t.Errorf("the families' key marks it: %v", err)
	}
	must(t, staff.Ours(t.Context())) // marks it
	if families.MayMark(t.Context()) || !staff.MayMark(t.Context()) {
		t.Error("the families' key may write the mark, or the staff's may not")
	}
	column := put(t, families, noise(parts.Large))
	if b, err := os.ReadFile(mark); err != nil || !bytes.Equal(b, mine) {
		t.Errorf("the mark is %x, %v", b, err)
	}
	must(t, staff.Reach(t.Context()))
	for name, s := range map[string]*parts.Store{"families": g.Open(g.Families).For(other, nil), "staff": g.Open(g.Staff).For(other, nil)} {
		_, put := s.Put(t.Context(), parts.Large, nil)
		for what, err := range map[string]error{"ours": s.Ours(t.Context()), "another": s.Another(t.Context()), "put": put} {
			if !errors.Is(err, parts.ErrAnother) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
	far := g.Open(g.Staff).For(other, nil)
	if n, err := far.Sweep(t.Context(), time.Now().Add(48*time.Hour), nil); !errors.Is(err, parts.ErrAnother) || n != 0 {
		t.Errorf("another's sweep: %d, %v", n, err)
	}
	must(t, far.Take(t.Context()))
	must(t, far.Ours(t.Context()))
	if err := staff.Ours(t.Context()); !errors.Is(err, parts.ErrAnother) {
		t.Errorf("after it was taken: %v", err)
	}
	if _, err := families.Get(t.Context(), column); err != nil {
		t.Errorf("what lies there cannot be read any more: %v", err)
	}
	// What is no mark of ours is somebody's.
	must(t, os.WriteFile(mark, nil, 0o600))
	if err := far.Ours(t.Context()); !errors.Is(err, parts.ErrAnother) {
		t.Errorf("an empty mark: %v", err)
	}
	g.Stop()
	if err := far.Ours(t.Context()); !errors.Is(err, parts.ErrAway) {
		t.Errorf("away: %v", err)
	}
}

// A bucket without a mark is ours where no row names a part, or where it has one that a
// row names; in any other nothing is put, and nothing that is not there is lost.
func TestStore_Unmarked(t *testing.T) {
	g, ctx := partstest.New(t), t.Context()
	mine := parts.Mark(bytes.Repeat([]byte{1}, 32))
	mark := filepath.Join(g.Folder, "gatepost-mark")
	var places [][]byte
	var failed error
	ours := func(as parts.S3) *parts.Store {
		return g.Open(as).For(mine, func(context.Context) ([][]byte, error) { return places, failed })
	}
	must(t, ours(g.Staff).Ours(ctx)) // nothing is to be in it
	there := put(t, ours(g.Families), noise(parts.Large))
	gone := put(t, ours(g.Families), noise(parts.Large))
	must(t, os.Remove(g.Path(place(t, gone).Key)))
	if _, err := ours(g.Staff).Get(ctx, gone); !errors.Is(err, parts.ErrLost) {
		t.Errorf("not there, in ours: %v", err)
	}

	places = [][]byte{gone, there}
	must(t, os.Remove(mark))
	must(t, ours(g.Staff).Another(ctx))
	if _, err := os.Stat(mark); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("to be asked marks it: %v", err)
	}
	must(t, ours(g.Staff).Ours(ctx))
	if b, err := os.ReadFile(mark); err != nil || !bytes.Equal(b, mine) {
		t.Errorf("with a part of ours it is not marked again: %x, %v", b, err)
	}

	places = [][]byte{gone}
	must(t, os.Remove(mark))
	only := g.Staff
	only.ReadOnly = true
	for name, s := range map[string]*parts.Store{"read": ours(only), "staff": ours(g.Staff)} {
		_, swept := s.Sweep(ctx, time.Now().Add(48*time.Hour), nil)
		for what, err := range map[string]error{"ours": s.Ours(ctx), "another": s.Another(ctx), "sweep": swept} {
			if !errors.Is(err, parts.ErrUnmarked) || !errors.Is(err, parts.ErrAnother) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
		if _, err := s.Get(ctx, gone); !errors.Is(err, parts.ErrAway) || errors.Is(err, parts.ErrLost) {
			t.Errorf("%s, a part that is not there: %v", name, err)
		}
		if _, err := s.Get(ctx, there); err != nil {
			t.Errorf("%s, one that is there: %v", name, err)
		}
	}
	if _, err := ours(g.Staff).Put(ctx, parts.Large, nil); !errors.Is(err, parts.ErrUnmarked) {
		t.Errorf("put: %v", err)
	}
	if _, err := os.Stat(mark); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is marked all the same: %v", err)
	}
	failed = errors.New("no answer")
	if err := ours(g.Staff).Ours(ctx); !errors.Is(err, parts.ErrAway) || errors.Is(err, parts.ErrAnother) {
		t.Errorf("the database does not answer: %v", err)
	}
	failed = nil
	must(t, ours(g.Staff).Take(ctx))
	must(t, ours(g.Staff).Ours(ctx))
	if _, err := ours(g.Staff).Get(ctx, gone); !errors.Is(err, parts.ErrLost) {
		t.Errorf("after it was taken: %v", err)
	}
	must(t, os.WriteFile(mark, []byte("another's"), 0o600))
	if _, err := ours(g.Staff).Get(ctx, gone); !errors.Is(err, parts.ErrAway) {
		t.Errorf("not there, in another's: %v", err)
	}
}

// A part goes where nothing is, and in no other's place; a store that does not know
// that takes it all the same, and is asked once.
func TestStore_Overwrite(t *testing.T) {
	var asked []string
	var refuse string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("If-None-Match"))
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Header.Get("If-None-Match") != "" && refuse != "" {
			w.WriteHeader(http.StatusNotImplemented)
			_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", refuse)
			return
		}
		w.Header().Set("ETag", `"x"`)
	}))
	defer server.Close()
	at, err := url.Parse(server.URL)
	must(t, err)
	open := func() *parts.Store {
		s, err := parts.New(parts.S3{Endpoint: at, Bucket: "gatepost-parts", Region: "eu-west-2", Access: "families", Secret: "x"})
		must(t, err)
		return s
	}
	for code, want := range map[string]string{"": "* *", "NotImplemented": "*  ", "InvalidArgument": "*  "} {
		asked, refuse = nil, code
		s := open()
		part := noise(parts.Large)
		if !place(t, put(t, s, part)).Is(part) {
			t.Errorf("%q: the place of another part", code)
		}
		put(t, s, part)
		if got := strings.Join(asked, " "); got != want {
			t.Errorf("%q: asked with %q, want %q", code, got, want)
		}
	}
	asked, refuse = nil, "AccessDenied"
	if _, err := open().Put(t.Context(), parts.Large, func(w io.Writer) error { _, err := w.Write(noise(parts.Large)); return err }); !errors.Is(err, parts.ErrAway) || len(asked) != 1 {
		t.Errorf("forbidden: asked %q, %v", asked, err)
	}
	// What is put back from a backup replaces what is there.
	g := partstest.New(t)
	part := noise(parts.Large)
	p := place(t, put(t, g.Open(g.Families), part))
	must(t, os.WriteFile(g.Path(p.Key), []byte("something else"), 0o600))
	must(t, g.Open(g.Staff).Restore(t.Context(), p, part))
	if _, err := g.Open(g.Staff).Fetch(t.Context(), p); err != nil {
		t.Errorf("put back: %v", err)
	}
}

// A part is lost where the store says that it is not there, or gives all of something
// else, and nowhere else.
func TestStore_Lost(t *testing.T) {
	part := noise(parts.Large)
	fault := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
		}
	}
	body := func(said int, b []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(said))
			w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
			w.Header().Set("ETag", `"x"`)
			_, _ = w.Write(b)
		}
	}
	var answer http.HandlerFunc
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r) }))
	defer server.Close()
	at, err := url.Parse(server.URL)
	must(t, err)
	s, err := parts.New(parts.S3{Endpoint: at, Bucket: "gatepost-parts", Region: "eu-west-2", Access: "families", Secret: "x"})
	must(t, err)
	p := place(t, put(t, opened(t), part))
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"not there":           {fault(http.StatusNotFound, "NoSuchKey"), parts.ErrLost},
		"forbidden":           {fault(http.StatusForbidden, "AccessDenied"), parts.ErrAway},
		"a wrong key":         {fault(http.StatusForbidden, "InvalidAccessKeyId"), parts.ErrAway},
		"no bucket":           {fault(http.StatusNotFound, "NoSuchBucket"), parts.ErrAway},
		"not well":            {fault(http.StatusInternalServerError, "InternalError"), parts.ErrAway},
		"too much to do":      {fault(http.StatusServiceUnavailable, "SlowDown"), parts.ErrAway},
		"no store":            {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, parts.ErrAway},
		"another":             {body(len(part), noise(len(part))), parts.ErrLost},
		"shorter":             {body(len(part)-1, part[:len(part)-1]), parts.ErrLost},
		"cut off on its way":  {body(len(part), part[:len(part)-1]), parts.ErrAway},
		"cut off at its head": {body(len(part), part[:1]), parts.ErrAway},
		"as it should be":     {body(len(part), part), nil},
	} {
		answer = c.answer
		got, err := s.Fetch(t.Context(), p)
		if !errors.Is(err, c.want) || (err == nil) != bytes.Equal(got, part) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

func opened(t *testing.T) *parts.Store {
	g := partstest.New(t)
	return g.Open(g.Families)
}
