package desk

import (
	"context"

	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// escalation is the page that gives a letter to the safeguarding lead, with what
// the worker is worried about. A note that they had begun is where they begin.
func (room Room) escalation() actPage {
	return actPage{room: room, name: "escalate", title: "desk.escalate.title", own: []string{"concern"},
		do: func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) error {
			return room.Letters.Escalate(ctx, actor, id, form.Get("concern"))
		},
		ready: func(form page.Form) page.Form {
			if !form.Has("concern") {
				return form.With("concern", form.Get("note"))
			}
			return form
		}}
}
