package parts_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gatepost/internal/parts"
	"gatepost/internal/parts/partstest"
)

// A bucket has the mark of who used it first; nobody else puts or sweeps there, until
// they take it.
func TestStore_Ours(t *testing.T) {
	g := partstest.New(t)
	mine, other := parts.Mark(bytes.Repeat([]byte{1}, 32)), parts.Mark(bytes.Repeat([]byte{2}, 32))
	only := g.Families
	only.ReadOnly = true
	must(t, g.Open(only).For(mine).Ours(t.Context()))
	mark := filepath.Join(g.Folder, "gatepost-mark")
	if _, err := os.Stat(mark); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a store that is only read is marked: %v", err)
	}
	families, staff := g.Open(g.Families).For(mine), g.Open(g.Staff).For(mine)
	must(t, staff.Another(t.Context()))
	column := put(t, families, noise(parts.Large)) // marks it
	if b, err := os.ReadFile(mark); err != nil || !bytes.Equal(b, mine) {
		t.Errorf("the mark is %x, %v", b, err)
	}
	must(t, staff.Ours(t.Context()))
	must(t, staff.Reach(t.Context()))
	for name, s := range map[string]*parts.Store{"families": g.Open(g.Families).For(other), "staff": g.Open(g.Staff).For(other)} {
		_, put := s.Put(t.Context(), parts.Large, nil)
		for what, err := range map[string]error{"ours": s.Ours(t.Context()), "another": s.Another(t.Context()), "put": put} {
			if !errors.Is(err, parts.ErrAnother) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
	far := g.Open(g.Staff).For(other)
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
