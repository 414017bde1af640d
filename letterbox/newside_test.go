package letterbox_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/letterbox"
)

// Somebody has a page open while a worker puts them into a second exchange: they
// are told to open it again, which is enough, and nobody is alarmed. A row that puts
// somebody on a side whose key nobody granted them is an alarm, as before.
func TestInbox_NewSide(t *testing.T) {
	w := accounttest.NewWorld(t)
	ctx := t.Context()
	_, birth, _ := w.OpenExchange(t)
	login, before := w.NewPerson(t, birth)
	second, err := w.Desk.OpenExchange(ctx, w.Worker, letterbox.NewExchange{
		Sides: [2]letterbox.NewSide{
			{Book: "birth", People: []letterbox.NewPerson{{ID: letterbox.PersonID(birth)}},
				Names: letterbox.Names{Children: []string{"Piran"}, Other: "Anna", Self: "Tamsin"}, MaySend: []string{"letter"}, TimesAYear: 2},
			{Book: "adoptive", People: []letterbox.NewPerson{{Name: "Anna Pask", Relation: "adopter", Phone: "07700 900124"}},
				Names: letterbox.Names{Children: []string{"Piran"}, Other: "Tamsin", Self: "Anna"}, MaySend: []string{"letter"}, TimesAYear: 2}},
		Children: []letterbox.NewChild{{BirthName: "Piran Vale", AdoptiveName: "Piran Pask", Born: w.Clock.Now().AddDate(-5, 0, 0)}},
	})
	must(t, err)
	var told bytes.Buffer
	families := letterbox.New(w.PublicDB, w.PublicAgencies, nil, w.Clock.Now, slog.New(slog.NewTextHandler(&told, nil)))

	sides := func(inbox letterbox.Inbox, err error) (open, fresh, closed []letterbox.SideID) {
		t.Helper()
		must(t, err)
		for _, side := range inbox.Sides {
			switch {
			case !side.Unread && !side.New && side.Names.Other != "":
				open = append(open, side.Side)
			case side.New && side.Unread && side.Names.Other == "":
				fresh = append(fresh, side.Side)
			default:
				closed = append(closed, side.Side)
			}
		}
		return open, fresh, closed
	}
	open, fresh, closed := sides(families.Inbox(ctx, before))
	if len(open) != 1 || len(fresh) != 1 || len(closed) != 0 || told.Len() > 0 {
		t.Fatalf("while the page was open: %v open, %v new, %v closed; the operator was told %q", open, fresh, closed, told.String())
	}
	if timeline, err := families.Timeline(ctx, before, fresh[0]); err != nil || !timeline.Unread || told.Len() > 0 {
		t.Errorf("the new side's page: %v; the operator was told %q", err, told.String())
	}
	after, err := w.Public.Load(ctx, w.Home.ID, login.Token, account.Short)
	must(t, err)
	if open, fresh, closed := sides(families.Inbox(ctx, after)); len(open) != 2 || len(fresh)+len(closed) != 0 || told.Len() > 0 {
		t.Errorf("the next page: %v open, %v new, %v closed; the operator was told %q", open, fresh, closed, told.String())
	}

	w.Exec(t, `insert into side_member (agency_id, side_id, person_id, leaf) select s.agency_id, s.id, $1, m.leaf
		from side s join side_member m on m.agency_id = s.agency_id and m.side_id = s.id where s.exchange_id = $2 and s.book = 'adoptive' limit 1`, birth, string(second))
	w.Clock.Advance(time.Second)
	after, err = w.Public.Load(ctx, w.Home.ID, login.Token, account.Short)
	must(t, err)
	if open, fresh, closed := sides(families.Inbox(ctx, after)); len(open) != 2 || len(fresh) != 0 || len(closed) != 1 || !strings.Contains(told.String(), "ALARM: somebody is on a side without its key") {
		t.Errorf("put on a side by a row: %v open, %v new, %v closed; the operator was told %q", open, fresh, closed, told.String())
	}
}
