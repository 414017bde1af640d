package desk

import (
	"net/http"

	"gatepost/letterbox"
	"gatepost/web/page"
)

// messageBody is the limit of a form with an answer: its text, of which a byte
// takes up to six in a form, and room for one that is too long to come back.
const messageBody int64 = 160 << 10

// messagesPage is what people told the agency and nobody has answered.
type messagesPage struct {
	page.Base
	Messages []messageLine
}

// messageLine is a message in the tray.
type messageLine struct {
	letterbox.MessageLine
	Tags []page.Tag
}

// messages shows what waits for an answer, oldest first.
func (room Room) messages(w http.ResponseWriter, r *http.Request) error {
	list, err := room.Letters.Told(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	p := &messagesPage{Base: room.Site.Base(r, "message.tray.title")}
	p.Wide = true
	if page.Query(r).Get("done") == "answered" {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("message.done")}
	}
	for _, m := range list {
		line := messageLine{MessageLine: m}
		switch {
		case m.Late:
			line.Tags = append(line.Tags, page.Tag{Text: p.Words.T("desk.tag.late"), Classes: "govuk-tag--orange"})
		case m.Amber:
			line.Tags = append(line.Tags, page.Tag{Text: p.Words.T("desk.tag.amber"), Classes: "govuk-tag--yellow"})
		}
		p.Messages = append(p.Messages, line)
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/messages", p)
}

// messagePage is one message with what was said before.
type messagePage struct {
	page.Base
	letterbox.Conversation
	Said   []said
	Max    int
	Writer string // the account that the page was made for
}

// said is one turn of a conversation, with its text as text.
type said struct {
	letterbox.Message
	Letter string
}

// readMessage shows a message. The service has the reading in the log before
// it gives the text.
func (room Room) readMessage(w http.ResponseWriter, r *http.Request) error {
	return room.showMessage(w, r, page.Form{}, nil)
}

// answer answers a message. A second press of the button finds it done.
func (room Room) answer(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "ms")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	if err := room.Letters.Answer(r.Context(), room.Actor(r), letterbox.MessageID(id), form.Get(textField)); err != nil {
		return room.showMessage(w, r, form, err)
	}
	return page.SeeOther(w, r, "/messages?done=answered")
}

// showMessage shows a message with what was typed and why it was refused. An
// err that cannot be put right there is returned.
func (room Room) showMessage(w http.ResponseWriter, r *http.Request, form page.Form, err error) error {
	id, bad := idOf(r, "ms")
	if bad != nil {
		return bad
	}
	p := &messagePage{Base: room.Site.Base(r, "message.title"), Max: letterbox.MaxMessage, Writer: room.Actor(r).Account()}
	p.Form, p.Back = form, "/messages"
	if err == nil && form.Has(textField) {
		p.Notice = &page.NotificationBanner{Text: p.Words.T("message.kept")}
	}
	status := http.StatusOK
	if err != nil {
		if !p.Refused(form, err) {
			return err
		}
		status = statusOf(err)
	}
	c, gone := room.Letters.ReadMessage(r.Context(), room.Actor(r), letterbox.MessageID(id))
	if gone != nil {
		return gone
	}
	p.Conversation = c
	for _, m := range c.Messages {
		p.Said = append(p.Said, said{m, string(m.Text)})
	}
	return room.Site.Render(w, r, status, "desk/message", p)
}
