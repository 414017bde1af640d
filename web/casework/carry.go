package casework

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// Fields by which a form comes back whose session had ended.
const (
	writerField = "case-writer" // the account that the page was made for
	typedField  = "case-typed"  // the whole form, as it travels through the sign-in page
)

// Texts names the field that Pack makes, for account.Sessions.
func Texts() []string { return []string{typedField} }

// typed is a form that was posted after its session had ended.
type typed struct {
	Path   string              `json:"path"`
	Writer string              `json:"writer"`
	Fields map[string][]string `json:"fields"`
}

// Pack makes one field of a form of these pages, for the sign-in page to carry.
// It is false for a form of other pages. A one-time code is left out.
func Pack(r *http.Request, form page.Form) (name, value string, ok bool) {
	if !form.Has(writerField) {
		return "", "", false
	}
	t := typed{Path: r.URL.Path, Writer: form.Get(writerField), Fields: map[string][]string{}}
	for _, name := range form.Names() {
		if name != writerField && name != "code" {
			t.Fields[name] = form.All(name)
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // it is escaped where it is shown, and has to fit into a form
	if enc.Encode(t) != nil {
		return "", "", false
	}
	return typedField, strings.TrimSpace(b.String()), true
}

// parseTyped reads what Pack made. It comes from a browser and may be anything:
// what we would not have written is an Invalid fault.
func parseTyped(carried string) (typed, page.Form, error) {
	broken := fault.New(fault.Invalid, "casework.new.broken")
	var t typed
	dec := json.NewDecoder(strings.NewReader(carried))
	dec.DisallowUnknownFields()
	if dec.Decode(&t) != nil {
		return typed{}, page.Form{}, broken
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) || !strings.HasPrefix(t.Path, "/") || path.Clean(t.Path) != t.Path {
		return typed{}, page.Form{}, broken
	}
	form, err := page.ParseForm(url.Values(t.Fields).Encode(), slices.Collect(maps.Keys(t.Fields))...)
	if err != nil {
		return typed{}, page.Form{}, broken
	}
	return t, form, nil
}

// Carries tells whether a form that signed somebody in has one of these pages' in it.
func Carries(form page.Form) bool { return form.Has(typedField) }

// Carry shows a form again that was posted after the session of whoever typed it
// had ended, once they have signed in. Nothing is done or kept by it. Versions
// and ids stay those of the page that was typed on, so that what a colleague
// changed meanwhile is not overwritten. Where the page cannot be shown any more
// the words are, to be copied. Somebody else's are dropped, and that is said.
func (room Room) Carry(w http.ResponseWriter, r *http.Request, form page.Form) error {
	actor, home := room.Actor(r), "/desk"
	if actor.Can(authz.SeeCases) {
		home = "/cases"
	}
	t, form, err := parseTyped(form.Get(typedField))
	if err != nil || t.Writer != actor.Account() {
		return page.SeeOther(w, r, home+"?said=dropped")
	}
	again := r.Clone(r.Context())
	again.URL.Path, again.URL.RawPath, again.URL.RawQuery = t.Path, "", ""
	if err = fault.New(fault.NotFound, "fault.notFound"); room.again(w, again, form, &err) {
		return err
	}
	return room.copyAgain(w, r, home, form)
}

// again shows the page on which a form was typed. It is false where there is
// none that can be shown, and nothing was written then.
func (room Room) again(w http.ResponseWriter, r *http.Request, form page.Form, err *error) bool {
	mux := http.NewServeMux()
	for _, a := range room.acts() {
		mux.HandleFunc(a.path, func(w http.ResponseWriter, r *http.Request) { *err = room.actAgain(w, r, a, form) })
	}
	for pattern, show := range map[string]func(http.ResponseWriter, *http.Request, page.Form) error{
		"/case/new": room.openingAgain, "/record/new": room.recordFormAgain, "/intake/new": room.entryAgain, "/intake/{id}/decline": room.declineAgain} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { *err = show(w, r, form) })
	}
	if _, pattern := mux.Handler(r); pattern == "" {
		return false
	}
	mux.ServeHTTP(w, r)
	switch fault.KindOf(*err) {
	case fault.NotFound, fault.Forbidden, fault.Conflict, fault.Invalid, fault.Sealed:
		return *err == nil
	}
	return true
}

// actAgain shows the form of an act as it was typed.
func (room Room) actAgain(w http.ResponseWriter, r *http.Request, a act, form page.Form) error {
	p, err := room.actPage(r, a)
	if err != nil {
		return err
	}
	for i, f := range p.Fields {
		if f.Kind == "hidden" && form.Has(f.Name) {
			p.Fields[i].Value = form.Get(f.Name)
		}
	}
	p.Form, p.Notice = form, notYet(&p.Base)
	return room.Site.Render(w, r, http.StatusOK, a.template(), p)
}

func (room Room) openingAgain(w http.ResponseWriter, r *http.Request, form page.Form) error {
	if err := room.Actor(r).May(authz.OpenCase); err != nil {
		return err
	}
	p, _, err := typedOpening(form)
	if err != nil {
		return err
	}
	p.Again = true
	return room.showOpening(w, r, p, nil)
}

func (room Room) entryAgain(w http.ResponseWriter, r *http.Request, form page.Form) error {
	if err := room.Actor(r).May(authz.TakeIntake); err != nil {
		return err
	}
	p, err := room.enterPage(r, form.Get("id"))
	if err != nil {
		return err
	}
	p.Form, p.Notice = form, notYet(&p.Base)
	return room.Site.Render(w, r, http.StatusOK, "casework/intake-new", p)
}

func (room Room) declineAgain(w http.ResponseWriter, r *http.Request, form page.Form) error {
	id, err := idOf(r, "id", "in")
	if err != nil {
		return err
	}
	p, err := room.declinePage(r, id)
	if err != nil {
		return err
	}
	p.Form, p.Notice = form, notYet(&p.Base)
	return room.Site.Render(w, r, http.StatusOK, "casework/intake-decline", p)
}

// notYet says that what is on the page was only typed.
func notYet(b *page.Base) *page.NotificationBanner {
	return &page.NotificationBanner{Text: b.Words.T("casework.carried.notYet")}
}

// copyPage is what was typed on a page that cannot be shown any more.
type copyPage struct {
	page.Base
	Texts []string
}

// copyAgain shows it, to be copied: whatever has more than one word.
func (room Room) copyAgain(w http.ResponseWriter, r *http.Request, home string, form page.Form) error {
	p := &copyPage{Base: room.Site.Base(r, "casework.carried.title")}
	p.Back = home
	for _, name := range form.Names() {
		for _, text := range form.All(name) {
			if name != "so-far" && strings.ContainsAny(strings.TrimSpace(text), " \n") {
				p.Texts = append(p.Texts, text)
			}
		}
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/carried", p)
}
