package pagetest

import (
	"log/slog"
	"net/http"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"gatepost/internal/fault"
	"gatepost/web/assets"
	"gatepost/web/page"
	"gatepost/web/words"
)

// Assets is the built assets, or empty ones where the program was built
// without: go test works on a fresh clone. GATEPOST_ASSETS=required forbids the
// latter.
func Assets(t testing.TB) *assets.Set {
	t.Helper()
	set, err := assets.Load(assets.FS())
	if err == nil {
		return set
	}
	if os.Getenv("GATEPOST_ASSETS") == "required" {
		t.Fatal(err)
	}
	set, err = assets.Load(fstest.MapFS{"app.css": {}, "app.js": {}, "favicon.svg": {}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Renderer makes the pages of the rooms given, with Assets.
func Renderer(t testing.TB, rooms ...page.Source) *page.Renderer {
	t.Helper()
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := page.NewRenderer(catalogue, Assets(t), rooms...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Agency is a made-up agency.
func Agency() page.Agency {
	return page.Agency{Name: "Larkfield Family Service", Phone: "01632 960001", Hours: "Monday to Friday, 9 to 5",
		Email: "letters@larkfield.example", Post: "1 Example Street, Larkfield, LF1 1AA"}
}

// Token is the form token that Door takes.
const Token = "the-form-token"

// Door is a door for tests of pages, without accounts: everyone who asks is
// SignedIn or not, as its field says.
type Door struct {
	SignedIn bool
	Enters   func(r *http.Request, who page.Who) (*http.Request, error) // nil: by SignedIn
	Nav      []page.NavItem
	Exit     bool
}

// Enter lets strangers in to what is for anyone, and the signed in to all.
func (d Door) Enter(r *http.Request, who page.Who) (*http.Request, error) {
	if d.Enters != nil {
		return d.Enters(r, who)
	}
	if who != page.Anyone && !d.SignedIn {
		return r, fault.New(fault.SignIn, "fault.signIn")
	}
	return r, nil
}

// Visit is of the made-up agency.
func (d Door) Visit(*http.Request) page.Visit {
	return page.Visit{Agency: Agency(), Lang: "en", Nav: d.Nav, SignedIn: d.SignedIn, FormToken: Token, Exit: d.Exit}
}

// CheckForm takes Token only.
func (d Door) CheckForm(_ *http.Request, token string) bool { return token == Token }

// Challenge gives the fault back, so that it is shown as its page.
func (d Door) Challenge(_ http.ResponseWriter, _ *http.Request, cause error) error { return cause }

// Site makes a tier from a renderer and a door. Its log is dropped.
func Site(tier page.Tier, r *page.Renderer, d page.Door) *page.Site {
	return &page.Site{Tier: tier, Renderer: r, Door: d, Log: slog.New(slog.DiscardHandler), Now: time.Now}
}
