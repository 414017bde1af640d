package page

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatepost/internal/fault"
	"gatepost/web/assets"
)

// Router is the handler of one tier. It is made once and does not change.
type Router struct {
	site   *Site
	mux    *http.ServeMux
	cross  *http.CrossOriginProtection
	routes []Route
}

// NewRouter makes the handler of a tier from its route table; the assets and
// the static pages (help, cookies, accessibility, and on the public tier staying
// safe) are added to it. It returns an error that names the line where the table
// is wrong: no one allowed, no body limit, no such page, two equal patterns.
func NewRouter(site *Site, routes []Route) (*Router, error) {
	if err := site.check(); err != nil {
		return nil, fmt.Errorf("make the router: %w", err)
	}
	rt := &Router{
		site:   site,
		mux:    http.NewServeMux(),
		cross:  http.NewCrossOriginProtection(),
		routes: slices.Concat(routes, site.staticRoutes()),
	}
	for _, route := range rt.routes {
		if err := route.check(site.Renderer); err != nil {
			return nil, fmt.Errorf("add the route %s %s: %w", route.Method, route.Pattern, err)
		}
		if err := rt.handle(route); err != nil {
			return nil, err
		}
	}
	return rt, nil
}

// handle adds one route. http.ServeMux panics on a pattern that is broken or in
// conflict with another; here it is an error like the others.
func (rt *Router) handle(route Route) (err error) {
	pattern := route.Method + " " + route.Pattern
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("add the route %s: %v", pattern, p)
		}
	}()
	rt.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		ev := eventOf(r)
		ev.route = pattern
		if err := rt.serve(w, r, route); err != nil {
			rt.site.refuse(w, ev.request(r), err)
		}
	})
	return nil
}

// Routes lists every route of the tier, the static pages included.
func (rt *Router) Routes() []Route { return slices.Clone(rt.routes) }

// ServeHTTP answers one request and writes one line about it to the log.
func (rt *Router) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	ev := &event{id: rand.Text()[:12], start: rt.site.Now(), route: "none"}
	w := &answer{ResponseWriter: rw}
	setHeaders(w.Header(), rt.site.Secure)
	r = r.WithContext(context.WithValue(r.Context(), eventKey{}, ev))
	ev.current = r
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			rt.site.refuse(w, ev.current, fmt.Errorf("panic: %v", p))
		}
		rt.log(r, w, ev)
	}()
	rt.dispatch(w, r)
}

// dispatch finds the route. The mux's own answers for what it does not know are
// plain English text, so they are asked for and replaced by our pages.
func (rt *Router) dispatch(w http.ResponseWriter, r *http.Request) {
	if name, ok := strings.CutPrefix(r.URL.Path, assets.Prefix); ok && readOnly(r) {
		if rt.site.Renderer.assets.Serve(w, r, name) {
			eventOf(r).route = "GET " + assets.Prefix
			return
		}
	}
	if err := readable(r); err != nil {
		rt.site.refuse(w, r, err)
		return
	}
	h, pattern := rt.mux.Handler(r)
	if pattern != "" {
		rt.mux.ServeHTTP(w, r)
		return
	}
	probe := &probe{header: http.Header{}}
	h.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", probe.header.Get("Allow"))
		rt.site.refuse(w, r, refusals().method)
		return
	}
	rt.site.refuse(w, r, fault.New(fault.NotFound, "fault.notFound"))
}

// serve runs the checks of a route in the order in which they cost least, and
// then its handler. The form is read before the Door is asked, so that the
// sign-in page can carry what was typed when a session has ended.
func (rt *Router) serve(w http.ResponseWriter, r *http.Request, route Route) error {
	ev := eventOf(r)
	ev.keep = route.Keep
	var file *upload
	if !readOnly(r) {
		if err := rt.cross.Check(r); err != nil {
			return refusals().cross
		}
		var err error
		switch {
		case route.Upload == "":
			r, err = readForm(w, r, route.Body, route.Many)
		case isMultipart(r):
			r, file, err = readFields(w, r, route)
		default:
			r, err = readForm(w, r, TextBody, route.Many)
		}
		defer file.drop()
		if err != nil {
			return formRefusal(err)
		}
		ev.current = r
	}
	entered, err := rt.site.Door.Enter(r, route.Who)
	if err != nil {
		return fmt.Errorf("enter: %w", err)
	}
	r = entered
	ev.current = r
	if p, ok := r.Context().Value(postedKey{}).(posted); ok && !rt.site.Door.CheckForm(r, p.token) {
		return &stale{}
	}
	if file != nil {
		if route.Gate != nil {
			entered, leave, err := route.Gate(r)
			if err != nil {
				return err
			}
			defer leave()
			r = entered
		}
		if r, err = file.readFile(w, r); err != nil {
			return formRefusal(err)
		}
		ev.current = r
	}
	return route.Handler(w, r)
}

// readOnly tells whether the method changes nothing (RFC 9110, 9.2.1).
func readOnly(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead
}

// readable refuses a path or a query that is not UTF-8 or holds a NUL, before
// any part of it can reach the database.
func readable(r *http.Request) error {
	if !clean(r.URL.Path) {
		return fault.New(fault.NotFound, "fault.notFound")
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return refusals().encoding
	}
	for name, list := range values {
		if !clean(name) || slices.ContainsFunc(list, func(v string) bool { return !clean(v) }) {
			return refusals().encoding
		}
	}
	return nil
}

// kept takes from a form what a person wrote in their own words.
func kept(form Form, names []string) []string {
	var texts []string
	for _, name := range names {
		if begins, many := strings.CutSuffix(name, "*"); many {
			var like []string
			for _, n := range form.Names() {
				if strings.HasPrefix(n, begins) {
					like = append(like, n)
				}
			}
			texts = append(texts, kept(form, like)...)
		} else if v := form.Get(name); v != "" {
			texts = append(texts, v)
		}
	}
	return texts
}

// SeeOther redirects a finished POST to a page of this site (303), so that a
// reload does not post again. The place is a path; anything that a browser
// could take for another host is an error.
func SeeOther(w http.ResponseWriter, r *http.Request, place string) error {
	u, err := url.Parse(place)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(place, "/") ||
		strings.HasPrefix(place, "//") || strings.Contains(place, `\`) {
		return errors.New("redirect: the place is no path of this site")
	}
	http.Redirect(w, r, place, http.StatusSeeOther)
	return nil
}

// answer remembers whether and with what status a request was answered.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader is called by net/http and handlers.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write is called by net/http and handlers.
func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection (for WebSockets).
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// probe takes the mux's answer for a request that it knows no route for.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
func (p *probe) WriteHeader(status int)      { p.status = status }

type eventKey struct{}

// event is what the log says about one request. Only the goroutine that serves
// the request touches it.
type event struct {
	id      string
	start   time.Time
	route   string
	kind    fault.Kind
	message string // key, never the words
	err     error
	keep    []string      // the fields of the form that a refusal shows again
	current *http.Request // the newest form of the request, with session and form
}

// request is the newest form of r: what the Door and the form reader added.
func (e *event) request(r *http.Request) *http.Request {
	if e.current != nil {
		return e.current
	}
	return r
}

// eventOf is the event of r, or a loose one outside a router.
func eventOf(r *http.Request) *event {
	if ev, ok := r.Context().Value(eventKey{}).(*event); ok {
		return ev
	}
	return &event{}
}

// log writes the one line about a request: the route's pattern, never its path,
// its query, its address or its form. The caller has a name for the day.
func (rt *Router) log(r *http.Request, w *answer, ev *event) {
	took := rt.site.Now().Sub(ev.start)
	if rt.site.Answered != nil {
		rt.site.Answered(Answered{Route: ev.route, Status: w.status, Kind: string(ev.kind), Took: took})
	}
	attrs := []slog.Attr{
		slog.String("id", ev.id),
		slog.String("tier", string(rt.site.Tier)),
		slog.String("route", ev.route),
		slog.Int("status", w.status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
	}
	if rt.site.Caller != nil {
		if name := rt.site.Caller(r); name != "" {
			attrs = append(attrs, slog.String("caller", name))
		}
	}
	if ev.kind != "" {
		attrs = append(attrs, slog.String("kind", string(ev.kind)))
	}
	if ev.message != "" {
		attrs = append(attrs, slog.String("message", ev.message))
	}
	level := slog.LevelInfo
	if w.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	if ev.err != nil {
		attrs = append(attrs, slog.String("error", rt.site.scrub(ev.err.Error())))
	}
	rt.site.Log.LogAttrs(r.Context(), level, "request", attrs...)
}
