package desk

import (
	"context"

	"gatepost/internal/authz"
	"gatepost/letterbox"
)

// refusal is the pages that say that a letter is not passed on. They are those
// of a return, with other words: the writer cannot write it again and is
// offered a second opinion.
func (room Room) refusal() answering {
	return answering{room, "refuse", "desk.refuse.reasonNeeded", func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, a answer) error {
		return room.Letters.Refuse(ctx, actor, id, a.Reason, a.Words, a.Note, a.Said...)
	}}
}
