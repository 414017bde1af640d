package page

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"

	"gatepost/internal/fault"
)

// retryAfter is what a busy server asks for, in seconds: twice the longest wait
// for the passphrase gate.
const retryAfter = 30

// idPattern is the shape of every id: a two-letter prefix and 20 characters.
var idPattern = regexp.MustCompile(`\b[a-z]{2}[-_]?[a-z0-9]{20}\b`)

// refusal is an error of the router itself: something that no service sees.
type refusal struct {
	status  int
	heading string
	text    string
}

func (f *refusal) Error() string { return f.text }

// stale is the refusal of a form whose token is not the session's.
type stale struct{}

func (*stale) Error() string { return "the form's token is not the session's" }

// refusalSet names the refusals that the router makes.
type refusalSet struct {
	method, cross, encoding, kind, twice, fields, large *refusal
}

func refusals() refusalSet {
	return refusalSet{
		method:   &refusal{http.StatusMethodNotAllowed, "fault.method.heading", "fault.method"},
		cross:    &refusal{http.StatusForbidden, "fault.crossOrigin.heading", "fault.crossOrigin"},
		encoding: &refusal{http.StatusBadRequest, "fault.form.heading", "fault.form.encoding"},
		kind:     &refusal{http.StatusUnsupportedMediaType, "fault.form.heading", "fault.form.kind"},
		twice:    &refusal{http.StatusBadRequest, "fault.form.heading", "fault.form.twice"},
		fields:   &refusal{http.StatusBadRequest, "fault.form.heading", "fault.form.fields"},
		large:    &refusal{http.StatusRequestEntityTooLarge, "fault.large.heading", "fault.large"},
	}
}

// formRefusal turns an error of reading a form into its page.
func formRefusal(err error) error {
	all := refusals()
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return all.large
	}
	switch {
	case errors.Is(err, errFormKind), errors.Is(err, errFormFile):
		return all.kind
	case errors.Is(err, errFormTwice):
		return all.twice
	case errors.Is(err, errFormFields):
		return all.fields
	default: // broken encoding, text that is not UTF-8, a body that ends early
		return all.encoding
	}
}

// refusedPage is the page for whatever went wrong.
type refusedPage struct {
	Base
	Heading   string
	Text      string
	Reference string   // names the log line, for our own mistakes only
	Kept      []string // the person's own words, to copy
}

// outcome is how an error is shown.
type outcome struct {
	status  int
	heading string // key
	text    string // key
}

// outcome maps an error to its page. It is the only place that does. On the
// public tier "not yours" and "not there" give the same bytes, whatever the
// fault says: the answer must not tell what exists.
func (s *Site) outcome(err error) outcome {
	if f, ok := errors.AsType[*refusal](err); ok {
		return outcome{f.status, f.heading, f.text}
	}
	if _, ok := errors.AsType[*stale](err); ok {
		return outcome{http.StatusForbidden, "fault.stale.heading", "fault.stale"}
	}
	kind := fault.KindOf(err)
	if kind == fault.Forbidden && s.Tier == Public {
		kind = fault.NotFound
	}
	status := statusOf(kind)
	heading, text := keysOf(kind)
	out := outcome{status, heading, text}
	if kind == fault.NotFound || text == "fault.internal" {
		return out // the fault's own message would tell what exists, or means nothing
	}
	if f, ok := errors.AsType[*fault.Error](err); ok && s.Renderer.catalogue.In("en").Has(f.Message) {
		out.text = f.Message
	}
	return out
}

// keysOf is the heading of a kind's page, and its text where the fault brings
// none of its own.
func keysOf(kind fault.Kind) (heading, text string) {
	switch kind {
	case fault.Invalid:
		return "fault.invalid.heading", "fault.invalid"
	case fault.Forbidden:
		return "fault.forbidden.heading", "fault.forbidden"
	case fault.NotFound:
		return "fault.notFound.heading", "fault.notFound"
	case fault.Conflict:
		return "fault.conflict.heading", "fault.conflict"
	case fault.Gone:
		return "fault.gone.heading", "fault.gone"
	case fault.Busy:
		return "fault.busy.heading", "fault.busy"
	case fault.SignIn:
		return "fault.signIn.heading", "fault.signIn"
	case fault.StepUp:
		return "fault.stepUp.heading", "fault.stepUp"
	case fault.Sealed:
		return "fault.sealed.heading", "fault.sealed"
	}
	return "fault.internal.heading", "fault.internal"
}

// statusOf is the status of a fault's kind.
func statusOf(kind fault.Kind) int {
	switch kind {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Gone:
		return http.StatusGone
	case fault.Busy:
		return http.StatusServiceUnavailable
	case fault.SignIn, fault.StepUp:
		return http.StatusUnauthorized
	}
	return http.StatusInternalServerError
}

// refuse answers a request with the page of err, and notes err for the log. The
// page has the person's own words, which must not be lost. A form of somebody
// who wants to leave gets no page at all, least of all one with their words.
func (s *Site) refuse(w http.ResponseWriter, r *http.Request, err error) {
	ev := eventOf(r)
	form, _ := FormOf(r) // none for a GET
	if form.Has(LeaveField) && !answered(w) {
		s.note(ev, s.outcome(err), err)
		ev.err = errors.Join(ev.err, s.Door.Challenge(w, r, err))
		if !answered(w) {
			ev.err = errors.Join(ev.err, Leave(w, r))
		}
		return
	}
	kind := fault.KindOf(err)
	if kind == fault.SignIn || kind == fault.StepUp {
		ev.kind = kind
		asked := s.Door.Challenge(w, r, err)
		if asked == nil {
			return
		}
		err = asked
	}
	out := s.outcome(err)
	s.note(ev, out, err)
	if answered(w) {
		return // too late for a page; the log has it
	}
	if out.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	if (kind == fault.Sealed || kind == fault.Busy) && inPicture(r) {
		_ = sendSentence(w, out.status, s.Renderer.catalogue.In(s.Door.Visit(r).Lang).T(out.text)) // as for a page
		return
	}
	p := &refusedPage{Base: s.Base(r, out.heading)}
	p.Heading, p.Text = p.Title, p.Words.T(out.text)
	if out.status == http.StatusInternalServerError {
		p.Reference = ev.id
	}
	p.Kept = kept(form, ev.keep)
	body, rendered := s.Renderer.HTML("page/refused", p)
	if rendered != nil {
		ev.err = errors.Join(ev.err, rendered)
		body = s.Renderer.lastResort
	}
	_ = write(w, out.status, body) // the connection is gone; there is nobody to tell
}

// answered tells whether w has a status already.
func answered(w http.ResponseWriter) bool {
	a, ok := w.(*answer)
	return ok && a.status != 0
}

// note keeps for the log what went wrong. A cause is kept for our own mistakes
// and for what a service refused; a refusal of the router says all by its key.
func (s *Site) note(ev *event, out outcome, err error) {
	if ev.kind == "" {
		ev.kind = fault.KindOf(err)
	}
	ev.message = out.text
	if _, ok := errors.AsType[*refusal](err); ok {
		ev.kind = "refused"
		return
	}
	if _, ok := errors.AsType[*stale](err); ok {
		ev.kind = "stale"
		return
	}
	ev.err = err
}

// scrub takes the ids out of a cause on the public tier: a log that held them
// would tell who looked at what, and when.
func (s *Site) scrub(cause string) string {
	if s.Tier != Public {
		return cause
	}
	return idPattern.ReplaceAllString(cause, "[id]")
}

// write sends a page that is made whole.
func write(w http.ResponseWriter, status int, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}
