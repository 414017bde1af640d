package desk

import (
	"context"
	"errors"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// hold is the page that puts a letter aside until a day.
func (room Room) hold() actPage {
	return actPage{room: room, name: "hold", title: "desk.hold.title", own: []string{"note", "until-day", "until-month", "until-year"},
		do: func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) error {
			until, ok := dateOf(form.Get("until-day"), form.Get("until-month"), form.Get("until-year"))
			if !ok {
				return fault.Field("until-day", "desk.hold.untilNeeded")
			}
			return onDay(room.Letters.Hold(ctx, actor, id, until, form.Get("note")))
		}}
}

// onDay puts a fault of the date on the field of its day, where the page shows
// the faults of a date.
func onDay(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Field == "until" {
		return fault.Field("until-day", f.Message)
	}
	return err
}
