package assets

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"time"
)

//go:embed all:dist
var dist embed.FS

// Prefix is the path under which ServeHTTP expects to be asked.
const Prefix = "/assets/"

// needed are the files without which no page is right.
func needed() []string { return []string{"app.css", "app.js", "favicon.svg"} }

// FS is the built files at its root: app.css, app.js, favicon.svg, or nothing
// where they were not built before the program was.
func FS() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		// Only an invalid path is refused, and this one is a constant.
		panic(err)
	}
	return sub
}

// Check returns an error that says what to do where the program was built
// without its page assets. A server must not start then.
func Check() error {
	_, err := Load(FS())
	return err
}

// Set is the files of one build, each with the hash of its content. It does
// not change and may be used by many goroutines at once.
type Set struct {
	files map[string]file
}

type file struct {
	body    []byte
	version string
	kind    string
}

// Load reads the files of files into a Set. It returns an error that says what
// to do where one is missing.
func Load(files fs.FS) (*Set, error) {
	s := &Set{files: map[string]file{}}
	for _, name := range needed() {
		body, err := fs.ReadFile(files, name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the page assets are missing (%s): run make build, then build the program again", name)
		}
		if err != nil {
			return nil, fmt.Errorf("read the page asset %s: %w", name, err)
		}
		sum := sha256.Sum256(body)
		s.files[name] = file{body: body, version: hex.EncodeToString(sum[:8]), kind: kindOf(name)}
	}
	return s, nil
}

// kindOf is the media type of a file; the machine's own table may lack it or
// say something else, so the three that we ship are fixed.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(path.Ext(name))
}

// URL is the address of the file name with the hash of its content, such as
// "/assets/app.css?v=0123456789abcdef". It returns an error for a file that is
// not in the set.
func (s *Set) URL(name string) (string, error) {
	f, ok := s.files[name]
	if !ok {
		return "", fmt.Errorf("find the page asset %q: no such file", name)
	}
	return Prefix + name + "?v=" + f.version, nil
}

// Serve answers GET and HEAD for the file name and tells whether there is one;
// where there is none it has written nothing. Only an address with the current
// hash may be kept by the browser; any other is asked for again each time.
func (s *Set) Serve(w http.ResponseWriter, r *http.Request, name string) bool {
	f, ok := s.files[name]
	if !ok {
		return false
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", `"`+f.version+`"`)
	h.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == f.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(f.body))
	return true
}
