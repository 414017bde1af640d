package page

import "net/http"

// staticPage is a page that only tells something.
type staticPage struct{ Base }

// staticRoutes are the pages that every tier has. They answer strangers too,
// and look the same for everyone of an agency.
func (s *Site) staticRoutes() []Route {
	routes := []Route{
		s.static("/help", "page/help", "static.help.title"),
		s.static("/cookies", "page/cookies", "static.cookies.title"),
		s.static("/accessibility", "page/accessibility", "static.accessibility.title"),
	}
	if s.Tier == Public {
		routes = append(routes, s.static("/safety", "page/safety", "static.safety.title"))
	}
	return routes
}

func (s *Site) static(pattern, name, title string) Route {
	return Route{Method: http.MethodGet, Pattern: pattern, Who: Anyone, Page: name,
		Handler: func(w http.ResponseWriter, r *http.Request) error {
			return s.Render(w, r, http.StatusOK, name, &staticPage{s.Base(r, title)})
		}}
}

// LeavePlace is where the quick exit goes: a page that anybody may have open.
const LeavePlace = "https://www.bbc.co.uk/weather"

// LeaveField is the name of the button that leaves in a hurry inside a form that
// does something else. Whatever is wrong with such a form, its person leaves.
const LeaveField = "leave"

// Leave sends the browser away from the site at once and asks it to forget what
// it keeps of ours. The caller has ended the session and expired its cookie
// before; other cookies of the host's domain are not ours to clear.
//
// A GET is redirected. A form that posts cannot be: browsers hold a redirect
// after a form to the policy's form-action, which names only ourselves and must
// not name a place that itself redirects elsewhere. It gets an empty page that
// goes on at once, without a script.
func Leave(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("Clear-Site-Data", `"cache", "storage"`)
	if readOnly(r) {
		h.Set("Location", LeavePlace)
		w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	h.Set("Refresh", "0; url="+LeavePlace)
	return write(w, http.StatusOK, []byte(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Weather</title></head>`+
		`<body><main><h1><a href="`+LeavePlace+`" rel="nofollow noreferrer">Weather</a></h1></main></body></html>`))
}
