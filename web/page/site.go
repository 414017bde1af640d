package page

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"gatepost/internal/calendar"
	"gatepost/web/words"
)

// Tier is one of the two servers. They have different routers, cookies, host
// names and database roles.
type Tier string

const (
	// Public is for families and applicants. What is not theirs and what is not
	// there look alike.
	Public Tier = "public"
	// Staff is for the agency's workers, who are told when they may not.
	Staff Tier = "staff"
)

// Agency is what every page says about the agency whose pages these are. All
// of it is public.
type Agency struct {
	Name  string
	Phone string // as it is read out, "01632 960001"
	Hours string // when somebody answers, in words; may be empty
	Email string // for the accessibility statement; may be empty
	Post  string // the postal address on one line; may be empty

	Promise int // within how many working days a writer hears
	Amber   int // after how many of them a letter waits long
}

// NavItem is one link of the navigation under the header.
type NavItem struct {
	Key  string // of the words
	Href string // a path of this tier; the item is current on it and below it
}

// Visit is what the layout needs to know of the request's visitor. The zero
// value is a stranger.
type Visit struct {
	Agency    Agency
	Lang      string // "en", "cy"; empty means English
	Nav       []NavItem
	SignedIn  bool   // shows the button that posts to /sign-out
	FormToken string // goes into every form; the Door checks it when it comes back
	Exit      bool   // shows the button that leaves by /leave; off while a letter is written
}

// Who says for whom a route is. The Door knows what each means; a room may
// define more of them, such as the name of a role.
type Who string

const (
	// Anyone is a route for strangers too.
	Anyone Who = "anyone"
	// SignedIn is a route for everyone with a live session on this tier.
	SignedIn Who = "signed in"
)

// Door knows who is behind a request. The composer makes one for each tier.
// Its methods may be called by many goroutines at once.
type Door interface {
	// Enter is called once for each request that matched a route, before its
	// handler, also for Anyone. It returns the request to go on with, which may
	// carry the session in its context. Its error is a fault: SignIn or StepUp
	// where the visitor must show something first, NotFound or Forbidden where
	// the route is not for them or no agency has this host name, Busy.
	Enter(r *http.Request, who Who) (*http.Request, error)
	// Visit says what the layout needs. It is called after Enter, and after
	// Enter refused, and with a request that never went through Enter; it does
	// not fail, but leaves empty what it cannot find.
	Visit(r *http.Request) Visit
	// CheckForm tells whether token is the form token of the visitor's session,
	// or of their visit where the route is for strangers. It must compare in
	// constant time. An empty token is never right.
	CheckForm(r *http.Request, token string) bool
	// Challenge shows the page that asks for what is missing, for a fault of
	// kind SignIn or StepUp (status 401). FormOf(r) still gives what was posted,
	// so that the page can carry it through. An error that it returns is shown
	// as any other, and never brings it back here. A form with LeaveField comes
	// here whatever was wrong with it, and is always answered by Leave.
	Challenge(w http.ResponseWriter, r *http.Request, cause error) error
}

// Site is one tier as the pages see it. Its fields are set once, before
// NewRouter, and are then only read.
type Site struct {
	Tier     Tier
	Renderer *Renderer
	Door     Door
	Log      *slog.Logger
	// Secure is set where the tier is reached by TLS, also where a trusted proxy
	// in front of it ends the TLS. It adds Strict-Transport-Security.
	Secure bool
	// Now is the clock for the time that a request took. It is needed.
	Now func() time.Time
	// Days are the working days in which the agencies promise.
	Days calendar.Days
	// Caller names whoever sends a request, for the log, in a way that tells
	// nobody who it is; nil for no name. It may be called by many goroutines.
	Caller func(*http.Request) string
	// Answered is told of each request after its answer; nil for nobody. It must
	// not wait, and may be called by many goroutines.
	Answered func(Answered)
}

// Promised is the day that is so many working days from today: for a page that
// tells it before anything is sent.
func (s *Site) Promised(days int) time.Time { return s.Days.Add(calendar.Today(s.Now()), days) }

// Answered is one request as counters know it: nothing of who asked and what for.
type Answered struct {
	Route  string // method and pattern, or "none"
	Status int    // 101 for a connection that was taken over
	Kind   string // of the fault; "" for none
	Took   time.Duration
}

// check returns an error that names the first field that is missing.
func (s *Site) check() error {
	switch {
	case s.Tier != Public && s.Tier != Staff:
		return errors.New("the site has no tier")
	case s.Renderer == nil:
		return errors.New("the site has no renderer")
	case s.Door == nil:
		return errors.New("the site has no door")
	case s.Log == nil:
		return errors.New("the site has no log")
	case s.Now == nil:
		return errors.New("the site has no clock")
	}
	return nil
}

// Words gives the texts in the language of r's visitor.
func (s *Site) Words(r *http.Request) *words.Words {
	return s.Renderer.catalogue.In(s.Door.Visit(r).Lang)
}

// Base makes the part that every page has, for r's visitor. titleKey is the
// key of the page's title, with the data that it takes; a title is read by
// whoever looks over the shoulder, so it is neutral ("Your letters").
func (s *Site) Base(r *http.Request, titleKey string, data ...any) Base {
	visit := s.Door.Visit(r)
	w := s.Renderer.catalogue.In(visit.Lang)
	return Base{Visit: visit, Tier: s.Tier, Words: w, Title: w.T(titleKey, data...), Path: r.URL.Path}
}

// Render shows the page name ("family/inbox") with status. The page is made
// whole before its first byte is sent: an error means that nothing was written.
func (s *Site) Render(w http.ResponseWriter, r *http.Request, status int, name string, p Page) error {
	body, err := s.Renderer.HTML(name, p)
	if err != nil {
		return err
	}
	return write(w, status, body)
}
