package desk

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"gatepost/internal/agency"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// photoPage is one photo of a letter, to be looked at, judged and cut.
type photoPage struct {
	page.Base
	letterbox.PhotoView
	Src    string // where the picture is
	Tried  bool   // it is shown as it would be
	Seen   []seenQuestion
	Goes   []page.Choice
	Why    []page.Choice
	Cuts   []page.Choice
	Max    int
	Office bool // the letter was passed on: there is nothing to decide
	// Carried is what was typed about the letter: it goes through these pages and
	// back, and is kept nowhere.
	Carried []carried
}

// ofLetter begins the names of fields that are carried for the letter's page: the
// photo has a reason and words of its own.
const ofLetter = "letter-"

// takeAlong gives what was typed on the page of a letter as it is carried past a photo.
func takeAlong(form page.Form) (along page.Form) {
	for _, c := range carry(form) {
		along = along.With(ofLetter+c.Name, c.Value)
	}
	return along
}

// along lists what a form carries for the letter's page.
func along(form page.Form) (list []carried) {
	for _, name := range form.Names() {
		if strings.HasPrefix(name, ofLetter) {
			list = append(list, carried{name, form.Get(name)})
		}
	}
	return list
}

// toLetter shows the letter again, with what was typed there before.
func (room Room) toLetter(w http.ResponseWriter, r *http.Request, form page.Form) error {
	var typed page.Form
	for _, c := range along(form) {
		typed = typed.With(strings.TrimPrefix(c.Name, ofLetter), c.Value)
	}
	return room.showLetter(w, r, typed, nil)
}

// lookFromLetter shows a photo to whoever comes from its letter, with what they
// typed there in its forms; or goes back with it.
func (room Room) lookFromLetter(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	if form.Get("do") == doBack {
		return room.toLetter(w, r, form)
	}
	return room.showPhoto(w, r, takeAlong(form), "", nil)
}

// seenQuestion is one of the questions about what can be seen.
type seenQuestion struct {
	Name, Ask string
	Choices   []page.Choice
}

// photoOf reads the two ids in a photo's path.
func photoOf(r *http.Request) (letterbox.LetterID, letterbox.PhotoID, error) {
	id, err := idOf(r, "lt")
	if err != nil {
		return "", "", err
	}
	photo := r.PathValue("photo")
	if !agency.ValidID("ph", photo) {
		return "", "", notThere()
	}
	return letterbox.LetterID(id), letterbox.PhotoID(photo), nil
}

func (room Room) lookAtPhoto(w http.ResponseWriter, r *http.Request) error {
	return room.showPhoto(w, r, page.Form{}, "", nil)
}

// showPhoto shows a photo with what was typed about it and why it was refused, or as
// it would be after a cut. The service has the reading in the log before.
func (room Room) showPhoto(w http.ResponseWriter, r *http.Request, form page.Form, tried string, refused error) error {
	id, photo, err := photoOf(r)
	if err != nil {
		return err
	}
	view, err := room.Letters.LookAtPhoto(r.Context(), room.Actor(r), id, photo, nil)
	if err != nil {
		return errors.Join(err, refused)
	}
	p := &photoPage{Base: room.Site.Base(r, "photo.desk.title"), PhotoView: view, Tried: tried != "", Max: letterbox.MaxReason, Office: !view.MayDecide}
	p.Wide, p.Back = true, "/letter/"+string(id)
	if p.Office {
		p.Back = "/exchange/" + string(view.Exchange)
	}
	p.Src = fmt.Sprintf("/letter/%s/photo/%s/picture?of=%d%s", id, photo, view.Picture, tried)
	p.Form, p.Carried = form, along(form)
	if refused == nil && tried == "" {
		p.Form = answered(view.Answer)
	}
	reasons, err := room.Letters.Reasons(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	p.Why = reasonsOf(reasons, letterbox.PhotoLeftOut)
	p.choices()
	status := http.StatusOK
	if refused != nil {
		if !p.Refused(form, refused) {
			return refused
		}
		status = statusOf(refused)
	}
	return room.Site.Render(w, r, status, "desk/photo", p)
}

// choices fills the lists of the page.
func (p *photoPage) choices() {
	choice := func(value, key string) page.Choice { return page.Choice{Value: value, Text: p.Words.T(key)} }
	for _, name := range letterbox.PhotoSeen() {
		p.Seen = append(p.Seen, seenQuestion{name, p.Words.T("photo.desk.seen." + name), []page.Choice{choice("yes", "photo.desk.yes"), choice("no", "photo.desk.no")}})
	}
	p.Goes = []page.Choice{choice("yes", "photo.desk.goes.yes"), choice("no", "photo.desk.goes.no")}
	p.Cuts = []page.Choice{choice("crop", "photo.desk.act.crop"), choice("blur", "photo.desk.act.blur")}
}

// answered is the form as this worker has answered it.
func answered(a *letterbox.PhotoAnswer) page.Form {
	var form page.Form
	if a == nil {
		return form
	}
	yes := map[bool]string{true: "yes", false: "no"}
	for _, name := range letterbox.PhotoSeen() {
		form = form.With(name, yes[a.Seen[name]])
	}
	return form.With("goes", yes[a.Goes]).With("reason", a.Reason).With("words", a.Words)
}

// pictureOf sends the picture, as it is or, for a look, as it would be after a cut.
func (room Room) pictureOf(w http.ResponseWriter, r *http.Request) error {
	id, photo, err := photoOf(r)
	if err != nil {
		return err
	}
	var cut *letterbox.Cut
	if query := page.Query(r); query.Get("act") != "" {
		c, err := cutOf(query)
		if err != nil {
			return err
		}
		cut = &c
	}
	view, err := room.Letters.LookAtPhoto(r.Context(), room.Actor(r), id, photo, cut)
	if err != nil {
		return err
	}
	if view.Lost {
		return fault.New(fault.Sealed, "fault.part.lost")
	}
	return page.SendPicture(w, view.JPEG, "")
}

// cutOf reads a cut from a form or a query.
func cutOf(form page.Form) (letterbox.Cut, error) {
	c := letterbox.Cut{Act: form.Get("act")}
	if c.Act == "whole" {
		return c, nil
	}
	for name, into := range map[string]*int{"left": &c.Left, "top": &c.Top, "width": &c.Width, "height": &c.Height} {
		n, err := strconv.Atoi(form.Get(name))
		if err != nil {
			return c, fault.Field("left", "fault.photo.part")
		}
		*into = n
	}
	return c, nil
}

// cutPhoto shows how a photo would be after a cut, or keeps it so.
func (room Room) cutPhoto(w http.ResponseWriter, r *http.Request) error {
	id, photo, err := photoOf(r)
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	cut, err := cutOf(form)
	if err == nil && form.Get("do") == "try" {
		// The service says first whether it can be: a picture that fails says nothing.
		if _, err = room.Letters.LookAtPhoto(r.Context(), room.Actor(r), id, photo, &cut); err == nil {
			return room.showPhoto(w, r, form, fmt.Sprintf("&act=%s&left=%d&top=%d&width=%d&height=%d", url.QueryEscape(cut.Act), cut.Left, cut.Top, cut.Width, cut.Height), nil)
		}
	} else if err == nil {
		err = room.Letters.CutPhoto(r.Context(), room.Actor(r), id, photo, versionOf(form), cut)
	}
	if err != nil {
		return room.showPhoto(w, r, form, "", onLeft(err))
	}
	if len(along(form)) > 0 {
		return room.showPhoto(w, r, form, "", nil)
	}
	return page.SeeOther(w, r, "/letter/"+string(id)+"/photo/"+string(photo))
}

// onLeft puts a fault of the part on the first of its four numbers.
func onLeft(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Field == "part" {
		return fault.Field("left", f.Message)
	}
	return err
}

// versionOf is the version of the picture that a form was made for; that of none
// where it is no number.
func versionOf(form page.Form) int {
	version, err := strconv.Atoi(form.Get("picture"))
	if err != nil {
		return -1
	}
	return version
}

// answerPhoto keeps what a worker says of a photo.
func (room Room) answerPhoto(w http.ResponseWriter, r *http.Request) error {
	id, photo, err := photoOf(r)
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	a := letterbox.PhotoAnswer{Picture: versionOf(form), Seen: map[string]bool{}, Goes: form.Get("goes") == "yes",
		PhotoReason: letterbox.PhotoReason{Reason: form.Get("reason"), Words: form.Get("words")}}
	for _, name := range letterbox.PhotoSeen() {
		if said := form.Get(name); said == "yes" || said == "no" {
			a.Seen[name] = said == "yes"
		}
	}
	if said := form.Get("goes"); said != "yes" && said != "no" {
		err = fault.Field("goes", "fault.photo.goes")
	} else {
		err = room.Letters.AnswerPhoto(r.Context(), room.Actor(r), id, photo, a)
	}
	if err != nil {
		return room.showPhoto(w, r, form, "", err)
	}
	if len(along(form)) > 0 {
		return room.toLetter(w, r, form)
	}
	return page.SeeOther(w, r, "/letter/"+string(id))
}

// referredPhoto sends a photo of a referred letter, to be seen and not to be kept.
// The service has the reading in the log before it gives it.
func (room Room) referredPhoto(w http.ResponseWriter, r *http.Request) error {
	id, photo, err := photoOf(r)
	if err != nil {
		return err
	}
	picture, err := room.Letters.LookAtReferred(r.Context(), room.Actor(r), id, photo)
	if err != nil {
		return err
	}
	return page.SendPicture(w, picture, "")
}

// photoForm asks what is agreed about the photos of a side.
func (room Room) photoForm() standingForm {
	return standingForm{room, "side-photos", "photo.policy.title", func(r *http.Request, p *standingPage, form page.Form) error {
		return room.Letters.SetPhotos(r.Context(), room.Actor(r), p.Place.ID, form.Get("photos"))
	}}
}

// photoRoutes are the pages of photos.
func (room Room) photoRoutes() []page.Route {
	get := func(pattern, name string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Who: page.SignedIn, Page: name, Handler: h}
	}
	post := func(pattern string, body int64, h page.HandlerFunc, keep ...string) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Who: page.SignedIn, Body: body, Keep: keep, Handler: h}
	}
	return []page.Route{
		get("/letter/{id}/photo/{photo}", "desk/photo", room.lookAtPhoto),
		post("/letter/{id}/photo/{photo}", answersBody, room.lookFromLetter, "note", "words", "concern", wordField+"*"),
		get("/letter/{id}/photo/{photo}/picture", "", room.pictureOf),
		post("/letter/{id}/photo/{photo}/cut", answersBody, room.cutPhoto, ofLetter+"note", ofLetter+"words", ofLetter+"concern", ofLetter+wordField+"*"),
		post("/letter/{id}/photo/{photo}/answer", answersBody, room.answerPhoto, "words", ofLetter+"note", ofLetter+"words", ofLetter+"concern", ofLetter+wordField+"*"),
		get("/referral/{id}/photo/{photo}", "", room.referredPhoto),
		get("/side/{id}/photos", "desk/side-photos", room.photoForm().ask),
		post("/side/{id}/photos", page.SmallBody, room.photoForm().post),
	}
}
