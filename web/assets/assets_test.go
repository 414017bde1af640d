package assets_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"gatepost/web/assets"
)

// built is the style sheet, or "" where this clone has not built its assets
// yet. GATEPOST_ASSETS=required makes that a fault.
func built(t *testing.T) string {
	t.Helper()
	css, err := fs.ReadFile(assets.FS(), "app.css")
	if err != nil && os.Getenv("GATEPOST_ASSETS") == "required" {
		t.Fatalf("the assets are not built: run make build")
	}
	return string(css)
}

func TestStyleIsOurOwn(t *testing.T) {
	css := built(t)
	for _, foreign := range []string{"GDS Transport", "@font-face", "crest", "crown", "#1d70b8"} {
		if strings.Contains(css, foreign) {
			t.Errorf("the style sheet has %q, which is for GOV.UK only", foreign)
		}
	}
	for _, m := range regexp.MustCompile(`url\(([^)]*)\)`).FindAllStringSubmatch(css, -1) {
		place := strings.Trim(m[1], `'"`)
		if strings.HasPrefix(place, "data:image/svg+xml") {
			t.Errorf("the style sheet holds a picture, which our policy forbids: %.60s", place)
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(place, assets.Prefix), "?")
		if _, err := fs.Stat(assets.FS(), name); err != nil {
			t.Errorf("the style sheet asks for %q, which is not there", place)
		}
	}
	for _, class := range []string{".govuk-button", ".govuk-radios", ".gp-letter", ".gp-thread"} {
		if css != "" && !strings.Contains(css, class) {
			t.Errorf("the style sheet lacks %s", class)
		}
	}
}

func TestScriptFitsThePolicy(t *testing.T) {
	script, err := fs.ReadFile(assets.FS(), "app.js")
	if err != nil && os.Getenv("GATEPOST_ASSETS") == "required" {
		t.Fatal("the assets are not built: run make build")
	}
	for _, word := range []string{"innerHTML", "outerHTML", "document.write", "eval(", "new Function", "http://", "fetch("} {
		if strings.Contains(string(script), word) {
			t.Errorf("the script has %q, which trusted types refuse or which asks another place", word)
		}
	}
}

func TestMissingAssetsSayWhatToDo(t *testing.T) {
	_, err := assets.Load(fstest.MapFS{"app.css": {}, "app.js": {}})
	if err == nil || !strings.Contains(err.Error(), "make build") || !strings.Contains(err.Error(), "favicon.svg") {
		t.Errorf("got %v, want an error that names the file and make build", err)
	}
	if err := assets.Check(); err != nil && built(t) != "" {
		t.Errorf("the assets are there, but Check says: %v", err)
	}
}

func TestCaching(t *testing.T) {
	set, err := assets.Load(fstest.MapFS{"app.css": {Data: []byte("a{}")}, "app.js": {}, "favicon.svg": {}})
	if err != nil {
		t.Fatal(err)
	}
	address, err := set.URL("app.css")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, address, cache string
		status               int
	}{
		{"the current hash is kept for a year", address, "public, max-age=31536000, immutable", 200},
		{"an old hash is asked for again", "/assets/app.css?v=0000000000000000", "no-cache", 200},
		{"no hash is asked for again", "/assets/app.css", "no-cache", 200},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		if !set.Serve(w, httptest.NewRequest(http.MethodGet, tt.address, nil), "app.css") {
			t.Fatalf("%s: nothing was served", tt.name)
		}
		if got := w.Header().Get("Cache-Control"); w.Code != tt.status || got != tt.cache {
			t.Errorf("%s: got %d %q, want %d %q", tt.name, w.Code, got, tt.status, tt.cache)
		}
		if got := w.Header().Get("Content-Type"); got != "text/css; charset=utf-8" {
			t.Errorf("%s: the type is %q", tt.name, got)
		}
	}
	w := httptest.NewRecorder()
	if set.Serve(w, httptest.NewRequest(http.MethodGet, "/assets/.gitkeep", nil), ".gitkeep") {
		t.Error("a file that is no asset was served")
	}
	if _, err := set.URL("other.css"); err == nil {
		t.Error("an unknown file got an address")
	}
}
