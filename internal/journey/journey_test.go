//go:build browser

package journey_test

import (
	"bufio"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"gatepost/internal/authz"
	"gatepost/web/account"
	"gatepost/web/apply"
	"gatepost/web/assets"
	"gatepost/web/casework"
	"gatepost/web/desk"
	"gatepost/web/family"
	"gatepost/web/file"
	"gatepost/web/page"
	"gatepost/web/words"
)

const root = "../.."

// visit is one document that the walker's browser asked for, and one page that
// it stopped at and looked at.
type visit struct {
	Tier   authz.Tier `json:"tier"`
	Method string     `json:"method"`
	Path   string     `json:"path"`
	Status int        `json:"status"`
}

// report is what the walker says in the end.
type report struct {
	Asked  []visit `json:"asked"`
	Looked []visit `json:"looked"`
}

// The journey, three times. With scripts and without, it looks at every page of
// both tiers; where scripts are cut off, it is a letter and its answer. Its parts are
// walked side by side, each in a world of its own. With JOURNEY_ONLY=chapter,chapter
// only those are walked, and nothing is held against the route tables: for who
// works on a chapter.
func TestJourney(t *testing.T) {
	for _, mode := range []struct {
		name   string
		secure bool
		parts  []string
	}{{"on", false, []string{"letters", "cases", "desk"}}, {"off", false, []string{"letters", "cases", "desk"}}, {"cut", true, []string{"first"}}} {
		t.Run(mode.name, func(t *testing.T) {
			t.Parallel()
			var whole journeyed
			t.Run("part", func(t *testing.T) {
				for _, part := range mode.parts {
					t.Run(part, func(t *testing.T) {
						t.Parallel()
						w := newWorld(t, mode.secure)
						whole.add(w, walk(t, w, "journey.mjs", mode.name, map[string]string{"part": part, "only": os.Getenv("JOURNEY_ONLY")}))
					})
				}
			})
			if os.Getenv("JOURNEY_ONLY") != "" || len(mode.parts) == 1 || whole.parts < len(mode.parts) {
				return
			}
			for of, router := range whole.routers {
				everyPage(t, of, router, whole.report)
			}
			everyTemplate(t, whole.routers, whole.report)
		})
	}
}

// journeyed is what the parts of one journey report.
type journeyed struct {
	mu sync.Mutex // guards all below
	report
	routers map[authz.Tier]*page.Router
	parts   int
}

func (j *journeyed) add(w *world, r report) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.Asked, j.Looked = append(j.Asked, r.Asked...), append(j.Looked, r.Looked...)
	j.routers = w.routers
	j.parts++
}

// walk runs a program of this folder and gives what it reports. What it says
// goes to the test's output; when it fails, so does the test.
// more is told to the program beside what every one is told.
func walk(t *testing.T, w *world, program, mode string, more map[string]string) report {
	t.Helper()
	said := filepath.Join(t.TempDir(), "report.json")
	told := map[string]string{"report": said, "shots": os.Getenv("JOURNEY_SHOTS")}
	maps.Copy(told, more)
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join("internal/journey", program))
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "JOURNEY="+w.brief(mode, told))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v; scripts/install node installs what it needs", program, err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		t.Log(lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	text, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// everyPage holds what was looked at against a tier's route table: each page of
// a GET was looked at as it is when all is well, and each other route was asked.
func everyPage(t *testing.T, of authz.Tier, router *page.Router, r report) {
	t.Helper()
	which := patterns(router)
	looked, asked := map[string]bool{}, map[string]bool{}
	for _, v := range r.Looked {
		if v.Tier == of && v.Status == http.StatusOK {
			looked[which(v)] = true
		}
	}
	for _, v := range r.Asked {
		if v.Tier == of {
			asked[which(v)] = true
		}
	}
	for _, route := range router.Routes() {
		pattern := route.Method + " " + route.Pattern
		switch {
		case route.Page != "" && !looked[pattern]:
			t.Errorf("%s: nobody looked at the page of %s", of, pattern)
		case !asked[pattern]:
			t.Errorf("%s: nobody asked for %s", of, pattern)
		}
	}
}

// patterns gives the route of a visit, by the same rules as the router.
func patterns(router *page.Router) func(visit) string {
	mux := http.NewServeMux()
	for _, route := range router.Routes() {
		mux.Handle(route.Method+" "+route.Pattern, http.NotFoundHandler())
	}
	return func(v visit) string {
		_, pattern := mux.Handler(httptest.NewRequest(v.Method, v.Path, nil))
		return pattern
	}
}

// answered are the pages that no GET of their own has: where they come from,
// and with what status.
func answered() map[string]visit {
	get := func(of authz.Tier, status int) visit { return visit{of, http.MethodGet, "", status} }
	post := func(of authz.Tier, pattern string, status int) visit {
		return visit{of, http.MethodPost, "POST " + pattern, status}
	}
	return map[string]visit{
		"apply/wish":          {authz.Public, http.MethodGet, "GET /apply/about", http.StatusOK},
		"account/codes-new":   post(authz.Public, "/account/codes", http.StatusOK),
		"account/start-fact":  post(authz.Public, "/start", http.StatusOK),
		"account/step-up":     post(authz.Staff, "/letter/{id}/pass", http.StatusUnauthorized),
		"casework/carried":    post(authz.Staff, "/sign-in", http.StatusOK),
		"casework/invitation": post(authz.Staff, "/case/{id}/invite/{of}", http.StatusOK),
		"desk/invitation":     post(authz.Staff, "/person/{id}/invite", http.StatusOK),
		"desk/opening-side":   post(authz.Staff, "/exchange/new", http.StatusOK),
		"desk/opening-check":  post(authz.Staff, "/exchange/new", http.StatusOK),
		"desk/reasons-check":  post(authz.Staff, "/reasons/edit", http.StatusOK),
		"desk/return-check":   post(authz.Staff, "/letter/{id}/return", http.StatusOK),
		"page/refused":        get(authz.Public, http.StatusNotFound),
	}
}

// everyName lists the pages of all rooms.
func everyName(t *testing.T) []string {
	t.Helper()
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	set, err := assets.Load(assets.FS())
	if err != nil {
		t.Fatal(err)
	}
	r, err := page.NewRenderer(catalogue, set, account.Source(), family.Source(), apply.Source(), desk.Source(), casework.Source(), file.Source())
	if err != nil {
		t.Fatal(err)
	}
	return r.Names()
}

// everyTemplate: a page that stands in no route table has its line in answered,
// and was looked at as it says there; so were the pages of what goes wrong.
func everyTemplate(t *testing.T, routers map[authz.Tier]*page.Router, r report) {
	t.Helper()
	listed := answered()
	var known []string
	for _, router := range routers {
		for _, route := range router.Routes() {
			known = append(known, route.Page)
		}
	}
	for _, name := range everyName(t) {
		if _, ok := listed[name]; !ok && !slices.Contains(known, name) {
			t.Errorf("the page %s is in no route table and not in the list of this test", name)
		}
	}
	seen := map[visit]bool{}
	for _, v := range r.Looked {
		which := patterns(routers[v.Tier])
		seen[visit{v.Tier, v.Method, which(v), v.Status}] = true
	}
	for name, want := range listed {
		if !seen[want] {
			t.Errorf("nobody looked at the page %s: no %v", name, want)
		}
	}
	for _, status := range []int{400, 401, 403, 404, 405, 409, 413, 415, 422, 500, 503} {
		if !slices.ContainsFunc(r.Looked, func(v visit) bool { return v.Status == status }) {
			t.Errorf("nobody looked at a page with the status %d", status)
		}
	}
}
