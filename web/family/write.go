package family

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"gatepost/internal/agency"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/account"
	"gatepost/web/page"
	"gatepost/web/words"
)

// Fields of the form in which a letter is written.
const (
	textField    = "text"
	sideField    = "side"
	draftField   = "draft"
	versionField = "version"
	writerField  = "writer" // the account that the page was made for
	doField      = "do"

	languageField = "language" // what the letter is in
)

// Texts names the fields that hold a person's own words.
func Texts() []string { return []string{textField, messageField} }

// Carried names the fields that travel beside them through the sign-in page, for
// Carry.
func Carried() []string {
	return []string{sideField, draftField, versionField, writerField, languageField}
}

// shownLimit is the room that the page speaks of, in characters. It is what
// always fits into letterbox.MaxText, which counts bytes: no character has more
// than four. What is longer and still fits is taken all the same.
const shownLimit = letterbox.MaxText / 4

// writePage is a letter being written.
type writePage struct {
	page.Base
	Action  string
	Draft   letterbox.DraftID // "" for one that was not saved yet
	Side    letterbox.SideID
	Version int
	Writer  string
	With    string
	About   string
	Names   letterbox.Names
	Text    string   // saved before
	Other   string   // saved in another window, while this one was open
	Reason  []string // why the letter that this one rewrites came back, by paragraphs
	Unread  bool     // the draft does not open
	Shared  bool
	OnHold  bool
	Closed  bool // this side may not write now
	Limit   int
	Lost    bool // something of the letter that this one rewrites is lost
	Photos  bool // photos are agreed on
	Count   int  // photos in the draft
	Record  bool // recordings are agreed on
	Said    bool // there is one in the draft
	Tongues []page.Choice
	hints            // of what was just saved
	Parts   proposed // what its writer was asked to leave out of the letter that this one rewrites
	// Overtaken says what became of that one, where it does not wait for this one any
	// more; First is its page.
	Overtaken, First string
}

func (room Room) write(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "sd")
	if err != nil {
		return err
	}
	p, err := room.newPage(r, letterbox.SideID(id))
	if err != nil {
		return err
	}
	if p.Closed {
		return fault.New(fault.Conflict, "fault.letter.notNow")
	}
	return room.Site.Render(w, r, http.StatusOK, "family/write", p)
}

// newPage is the page for a letter that was not saved yet.
func (room Room) newPage(r *http.Request, side letterbox.SideID) (*writePage, error) {
	s, err := room.Letters.Side(r.Context(), room.Actor(r), side)
	if err != nil {
		return nil, err
	}
	p := room.pageFor(r, s.Side, s.Names)
	p.Action, p.Closed, p.Photos, p.Record = "/write/"+string(side), !s.MayWrite, s.MayPhotos, s.MayRecord
	p.Form = p.Form.With(languageField, letterbox.English)
	return p, nil
}

func (room Room) pageFor(r *http.Request, side letterbox.SideID, names letterbox.Names) *writePage {
	p := &writePage{Base: room.Site.Base(r, "family.write.title"), Side: side, Names: names, Limit: shownLimit}
	// The form has a button of its own to leave, which saves first; the button to
	// sign out would not.
	p.Exit, p.SignedIn, p.Wide = false, false, true
	p.Writer, p.OnHold = room.Actor(r).Account(), room.Actor(r).OnHold()
	p.With, p.About = with(p.Words, names), and(p.Words, names.Children)
	for _, language := range letterbox.Languages() {
		p.Tongues = append(p.Tongues, page.Choice{Value: language, Text: p.Words.T("translate.language." + language)})
	}
	return p
}

func (room Room) draft(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "dr")
	if err != nil {
		return err
	}
	p, err := room.draftPage(r, letterbox.DraftID(id))
	if err != nil {
		return room.becameLetter(w, r, id, err)
	}
	switch page.Query(r).Get("said") {
	case "saved":
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("family.write.saved")}
		if !p.Unread {
			if p.hints, err = room.hints(r, &p.Base, p.Side, p.Text); err != nil {
				return err
			}
		}
	case "free":
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("family.overtaken.free")}
	case "kept":
		p.Notice = &page.NotificationBanner{Text: p.Words.T("family.write.kept")}
	}
	return room.Site.Render(w, r, http.StatusOK, "family/write", p)
}

// draftPage is the page for a draft that was saved.
func (room Room) draftPage(r *http.Request, id letterbox.DraftID) (*writePage, error) {
	d, err := room.Letters.OpenDraft(r.Context(), room.Actor(r), id)
	if err != nil {
		return nil, err
	}
	p := room.pageFor(r, d.Side, d.Names)
	p.Action, p.Draft, p.Version = "/draft/"+string(id), d.ID, d.Version
	p.Text, p.Reason, p.Unread, p.Shared = string(d.Text), reasonOf(p.Words, d.Reason), d.Unread, d.Shared
	p.Parts = proposedOf(p.Words, letterbox.Proposed, d.Proposal)
	if d.Overtaken != "" {
		p.Overtaken, p.First = overtaken(p.Words, d), "/sent/"+string(d.Replaces)
		p.Reason, p.Parts = nil, proposed{}
	}
	p.Photos, p.Count, p.Record, p.Said = d.MayPhotos, len(d.Photos), d.MayRecord, d.Recording
	p.Lost = d.Lost
	p.Form = p.Form.With(languageField, d.Language)
	return p, nil
}

// overtaken says what somebody of a side, or we, have done with a letter while it was
// written again.
func overtaken(w *words.Words, d letterbox.Draft) string {
	switch {
	case d.Overtaken == letterbox.Withdrawn:
		return w.T("family.overtaken.withdrawn")
	case d.TakenBack:
		return w.T("family.overtaken.takenBack")
	}
	return w.T("family.overtaken.answered")
}

// typed is the form of a letter.
type typed struct {
	form    page.Form
	side    letterbox.SideID
	draft   letterbox.DraftID
	version int
	text    letterbox.Text
}

func typedIn(form page.Form) typed {
	// A version that is no number is that of no draft.
	version, err := strconv.Atoi(form.Get(versionField))
	if err != nil {
		version = -1
	}
	return typed{form: form, side: letterbox.SideID(form.Get(sideField)), draft: letterbox.DraftID(form.Get(draftField)),
		version: version, text: letterbox.Text(form.Get(textField))}
}

func (room Room) saveNew(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "sd")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	t := typedIn(form)
	t.side, t.draft = letterbox.SideID(id), ""
	return room.take(w, r, t, "saved")
}

func (room Room) saveDraft(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "dr")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	t := typedIn(form)
	t.draft = letterbox.DraftID(id)
	return room.take(w, r, t, "saved")
}

// Carry gives back what was posted after its session had ended, once its writer
// has signed in again: a letter is kept as a draft, and what was for the agency
// only is shown again. Somebody else's is dropped, and that is said.
func (room Room) Carry(w http.ResponseWriter, r *http.Request, form page.Form) error {
	if form.Get(writerField) != room.Actor(r).Account() {
		return page.SeeOther(w, r, Home+"?said=dropped")
	}
	if form.Has(messageField) {
		return room.toldAgain(w, r, form)
	}
	return room.take(w, r, typedIn(form), "kept")
}

// take saves what was typed and goes where the button said. said is what the
// next page tells.
func (room Room) take(w http.ResponseWriter, r *http.Request, t typed, said string) error {
	switch {
	case t.form.Has(account.LeaveField):
		return room.saveAndLeave(w, r, t)
	case !t.form.Has(textField): // no page of ours; a draft must not be emptied by it
		return fault.New(fault.Invalid, "fault.invalid")
	}
	if t.form.Get(doField) == "help" {
		return room.saveAndAsk(w, r, t)
	}
	id, err := room.store(r, t)
	if err == nil && t.form.Get(doField) == "check" {
		if !t.blank() || room.recorded(r, id) {
			return page.SeeOther(w, r, "/draft/"+string(id)+"/check")
		}
		t.draft, err = id, fault.Field(textField, "family.write.empty")
	}
	if err != nil {
		return room.again(w, r, t, err)
	}
	if t.form.Get(doField) == "free" {
		return room.free(w, r, id)
	}
	if t.form.Get(doField) == "record" {
		return page.SeeOther(w, r, "/draft/"+string(id)+"/recording")
	}
	if t.form.Get(doField) == "photos" {
		return page.SeeOther(w, r, "/draft/"+string(id)+"/photos")
	}
	return page.SeeOther(w, r, "/draft/"+string(id)+"?said="+said)
}

// free makes of a rewrite a letter of its own. Where its letter has come back
// meanwhile, it is a rewrite, and its page says so.
func (room Room) free(w http.ResponseWriter, r *http.Request, id letterbox.DraftID) error {
	err := room.Letters.FreeDraft(r.Context(), room.Actor(r), id)
	switch {
	case fault.KindOf(err) == fault.Conflict:
		return page.SeeOther(w, r, "/draft/"+string(id)+"?said=saved")
	case err != nil:
		return err
	}
	return page.SeeOther(w, r, "/draft/"+string(id)+"?said=free")
}

// saveAndAsk saves what was typed, if anything was, and goes to where a worker
// is asked to write the letter with its writer.
func (room Room) saveAndAsk(w http.ResponseWriter, r *http.Request, t typed) error {
	if !agency.ValidID("sd", string(t.side)) {
		return fault.New(fault.Invalid, "fault.invalid")
	}
	if t.draft != "" || !t.blank() {
		if _, err := room.store(r, t); err != nil {
			return room.again(w, r, t, err)
		}
	}
	return page.SeeOther(w, r, "/side/"+string(t.side)+writeWithMe)
}

// recorded tells whether something is said in a draft, which needs no words then.
func (room Room) recorded(r *http.Request, id letterbox.DraftID) bool {
	d, err := room.Letters.OpenDraft(r.Context(), room.Actor(r), id)
	return err == nil && d.Recording
}

func (t typed) blank() bool { return strings.TrimSpace(string(t.text)) == "" }

// store saves a draft, and what its writer says that it is in.
func (room Room) store(r *http.Request, t typed) (letterbox.DraftID, error) {
	id, err := room.storeText(r, t)
	if err == nil && t.form.Has(languageField) {
		err = room.Letters.SayDraftLanguage(r.Context(), room.Actor(r), id, t.form.Get(languageField))
	}
	return id, err
}

// storeText saves the text. The same text saved twice, as by a button pressed twice,
// is saved.
func (room Room) storeText(r *http.Request, t typed) (letterbox.DraftID, error) {
	ctx, actor := r.Context(), room.Actor(r)
	if t.draft == "" {
		return room.Letters.NewDraft(ctx, actor, t.side, string(t.text))
	}
	_, err := room.Letters.SaveDraft(ctx, actor, t.draft, t.version, string(t.text))
	if fault.KindOf(err) == fault.Conflict {
		if d, opened := room.Letters.OpenDraft(ctx, actor, t.draft); opened == nil && !d.Unread && d.Text == t.text {
			return t.draft, nil
		}
	}
	return t.draft, err
}

// again shows the page with what was typed and what stood in its way.
func (room Room) again(w http.ResponseWriter, r *http.Request, t typed, cause error) error {
	p, err := room.pageOf(r, t)
	if err != nil {
		return errors.Join(cause, err)
	}
	status := http.StatusUnprocessableEntity
	switch kind := fault.KindOf(cause); {
	case kind == fault.Conflict && t.draft == "":
		status = http.StatusConflict // this side may not write now; the text stays on the page
	case kind == fault.Conflict:
		// Both texts are on the page, and saving now is a choice.
		status, p.Other, p.Text = http.StatusConflict, p.Text, ""
		cause = fault.New(fault.Conflict, "family.write.conflict")
	case kind == fault.NotFound || kind == fault.Gone:
		status, cause = http.StatusNotFound, fault.New(fault.Conflict, "family.write.gone")
	}
	if !p.Refused(t.form, cause) {
		return cause
	}
	return room.Site.Render(w, r, status, "family/write", p)
}

// pageOf is the page that a form came from: that of its draft, or where that is
// no longer there, that of a new letter on the same side.
func (room Room) pageOf(r *http.Request, t typed) (*writePage, error) {
	if t.draft == "" {
		return room.newPage(r, t.side)
	}
	p, err := room.draftPage(r, t.draft)
	if kind := fault.KindOf(err); kind == fault.NotFound || kind == fault.Gone {
		return room.newPage(r, t.side)
	}
	return p, err
}

// saveAndLeave saves what was typed and leaves, also where it cannot be saved.
// A text that came second to another becomes a draft of its own. The page of a
// draft that does not open has no text, and leaves the draft as it is.
func (room Room) saveAndLeave(w http.ResponseWriter, r *http.Request, t typed) error {
	var err error
	if t.form.Has(textField) && (t.draft != "" || !t.blank()) {
		_, err = room.store(r, t)
	}
	if kind := fault.KindOf(err); kind == fault.Conflict || kind == fault.NotFound && t.draft != "" {
		t.draft = ""
		_, err = room.store(r, t)
	}
	return errors.Join(room.Leave(w, r), err)
}
