package letterbox_test

import (
	"testing"

	"gatepost/internal/account/accounttest"
)

// A letter that comes in nudges the desks of its agency, with nothing but their word.
func TestSend_NudgesDesk(t *testing.T) {
	w := accounttest.NewWorld(t)
	_, birth, _ := w.OpenExchange(t)
	_, writer := w.NewPerson(t, birth)
	inbox, err := w.Families.Inbox(t.Context(), writer)
	must(t, err)
	draft, err := w.Families.NewDraft(t.Context(), writer, inbox.Sides[0].Side, "Dear Wren")
	must(t, err)
	conn := w.Database.Admin()
	_, err = conn.Exec(t.Context(), "listen gatepost")
	must(t, err)
	_, err = w.Families.Send(t.Context(), writer, draft, 1)
	must(t, err)
	heard, err := conn.WaitForNotification(t.Context())
	must(t, err)
	var topic string
	must(t, conn.QueryRow(t.Context(), "select topic from desk_topic where agency_id = $1", w.Home.ID).Scan(&topic))
	if heard.Payload != topic {
		t.Errorf("the nudge says %q, the word is %q", heard.Payload, topic)
	}
}
