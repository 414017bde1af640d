package page_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"gatepost/web/page"
	"gatepost/web/page/pagetest"
)

// get asks a router for a page as a browser would.
func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestStaticPages(t *testing.T) {
	renderer := pagetest.Renderer(t)
	for _, tier := range []page.Tier{page.Public, page.Staff} {
		for _, signedIn := range []bool{false, true} {
			router, err := page.NewRouter(pagetest.Site(tier, renderer, pagetest.Door{SignedIn: signedIn, Exit: signedIn}), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, route := range router.Routes() {
				w := get(router, route.Pattern)
				if w.Code != http.StatusOK {
					t.Errorf("%s %s: status %d, want 200", tier, route.Pattern, w.Code)
				}
				pagetest.Check(t, w.Body.String())
			}
		}
	}
}
