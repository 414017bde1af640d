package family

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// messageField is what somebody tells the agency.
const messageField = "message"

// tellPage takes what somebody wants to tell the agency.
type tellPage struct {
	page.Base
	Side   letterbox.SideID
	With   string
	Writer string
	HearBy time.Time // for what is told today
}

// messagesPage is what somebody told the agency, and its answers.
type messagesPage struct {
	page.Base
	Side     letterbox.SideID
	Messages []message // newest first
	Late     bool
}

// message is one turn of a conversation, with its text to be shown.
type message struct {
	letterbox.Message
	Text string
}

func (room Room) messages(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "sd")
	if err != nil {
		return err
	}
	list, err := room.Letters.Messages(r.Context(), room.Actor(r), letterbox.SideID(id))
	if err != nil {
		return err
	}
	p := &messagesPage{Base: room.Site.Base(r, "family.messages.title"), Side: letterbox.SideID(id)}
	p.Back = "/side/" + id
	for _, m := range slices.Backward(list) {
		p.Messages = append(p.Messages, message{m, string(m.Text)})
		p.Late = p.Late || m.Late
	}
	if page.Query(r).Get("said") == "told" && len(list) > 0 {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("family.messages.told")}
	}
	return room.Site.Render(w, r, http.StatusOK, "family/messages", p)
}

func (room Room) askTell(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "sd")
	if err != nil {
		return err
	}
	p, err := room.tellPage(r, letterbox.SideID(id))
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "family/tell", p)
}

func (room Room) tellPage(r *http.Request, side letterbox.SideID) (*tellPage, error) {
	actor := room.Actor(r)
	s, err := room.Letters.Side(r.Context(), actor, side)
	if err != nil {
		return nil, err
	}
	p := &tellPage{Base: room.Site.Base(r, "family.tell.title"), Side: side, Writer: actor.Account()}
	p.HearBy = room.Site.Promised(letterbox.MessagePromise)
	p.With, p.Back, p.Exit = with(p.Words, s.Names), "/side/"+string(side), true
	return p, nil
}

func (room Room) tell(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "sd")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	if _, err = room.Letters.Tell(r.Context(), room.Actor(r), letterbox.SideID(id), form.Get(messageField)); err == nil {
		return page.SeeOther(w, r, "/side/"+id+"/messages?said=told")
	}
	p, shown := room.tellPage(r, letterbox.SideID(id))
	if shown != nil {
		return errors.Join(err, shown)
	}
	if !p.Refused(form, besideMessage(err)) {
		return err
	}
	return room.Site.Render(w, r, http.StatusUnprocessableEntity, "family/tell", p)
}

// besideMessage puts what the service says of a text beside the field of this
// form. It has a name of its own, so that no message is taken for a letter.
func besideMessage(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.Invalid {
		return fault.Field(messageField, f.Message)
	}
	return err
}

// toldAgain shows what somebody wanted to tell when their session ended. It was
// not sent, and nothing of it is kept here.
func (room Room) toldAgain(w http.ResponseWriter, r *http.Request, form page.Form) error {
	p, err := room.tellPage(r, letterbox.SideID(form.Get(sideField)))
	if err != nil {
		return err
	}
	p.Form, p.Notice = form, &page.NotificationBanner{Text: p.Words.T("family.tell.kept")}
	return room.Site.Render(w, r, http.StatusOK, "family/tell", p)
}
