package casework

import (
	"net/http"
	"slices"

	"gatepost/intermediary"
	"gatepost/internal/authz"
	"gatepost/web/page"
)

// messageRoutes is the table of the pages of what people of a case wrote.
func (room Room) messageRoutes() []page.Route {
	return []page.Route{get("/case/{id}/messages", "casework/messages", room.messages)}
}

// messagesPage is what everybody of a case wrote, and what they think.
type messagesPage struct {
	*casePage
	Messages []messageView
	Views    []viewView
}

// messageView is a message with whose file it is in.
type messageView struct {
	intermediary.CaseMessage
	Whose whoView
}

func (room Room) messages(w http.ResponseWriter, r *http.Request) error {
	base, err := room.casePage(r, "casework.messages.title")
	if err != nil {
		return err
	}
	p := &messagesPage{casePage: base}
	list, err := room.Cases.Messages(r.Context(), room.Actor(r), base.Case.ID)
	if err != nil {
		return err
	}
	if p.Views, err = room.views(r, base); err != nil {
		return err
	}
	for _, m := range list {
		p.Messages = append(p.Messages, messageView{m, p.whose(string(m.File))})
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/messages", p)
}

// whose is the person of a file.
func (p *casePage) whose(file string) whoView {
	for _, v := range append([]whoView{p.Applicant}, p.Subjects...) {
		if v.ID == file {
			return v
		}
	}
	return whoView{Kind: ofApplicant}
}

// ofMessage loads the case and one message that somebody of it wrote.
func ofMessage(room Room, r *http.Request, p *actPage) error {
	if err := ofCase("messages")(room, r, p); err != nil {
		return err
	}
	list, err := room.Cases.Messages(r.Context(), room.Actor(r), p.Case.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(m intermediary.CaseMessage) bool { return string(m.ID) == p.Of && !m.FromAgency })
	if i < 0 {
		return notThere()
	}
	p.Sheet = list[i]
	return nil
}

// messageActs are the forms in which a worker writes to somebody of a case.
func (room Room) messageActs() []act {
	return []act{
		{path: "/case/{id}/respond/{of}", name: "respond", may: authz.CaseMessage, load: ofMessage, sheet: "message-act", keep: []string{"text"},
			fields: fields(field{kind: "text", name: "text", key: "casework.respond.text", rows: 8}),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.Answer(r.Context(), p.actor, intermediary.MessageID(p.Of), form.Get("text"))
			}},
		{path: "/case/{id}/letter/{of}", name: "letter", may: authz.CaseMessage, load: ofCase("messages", "ap", "sb"), keep: []string{"letter"},
			fields: func(*actPage) ([]field, error) {
				return []field{hidden("id", intermediary.NewLetterID()), {kind: "text", name: "letter", key: "casework.letter.text", rows: 10}}, nil
			},
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.SendLetter(r.Context(), p.actor, intermediary.FileID(p.Of), form.Get("id"), form.Get("letter"))
			}},
	}
}
