package letterbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// tell has the birth mother tell the agency something.
func (p *pair) tell(text string) letterbox.MessageID {
	p.t.Helper()
	id, err := p.Families.Tell(p.t.Context(), p.birth, p.fromSide, text)
	must(p.t, err)
	return id
}

// said are the messages that somebody sees of a side.
func (p *pair) said(a authz.Actor, side letterbox.SideID) []letterbox.Message {
	p.t.Helper()
	list, err := p.Families.Messages(p.t.Context(), a, side)
	must(p.t, err)
	return list
}

// A person tells the agency something, a worker reads it and answers, and
// nobody else of a family sees any of it.
func TestMessage(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	first := p.tell("I am moving house in May.")
	if again := p.tell("I am moving house in May."); again != first {
		t.Errorf("two clicks make two messages, %s and %s", first, again)
	}
	told, err := p.Desk.Told(ctx, p.Worker)
	must(t, err)
	if len(told) != 1 || told[0].ID != first || told[0].Person != "Tamsin Vale" || told[0].Closed || told[0].Late ||
		!told[0].HearBy.Equal(calendar.AddWorkingDays(calendar.Today(p.Clock.Now()), letterbox.MessagePromise)) {
		t.Fatalf("the tray has %+v", told)
	}
	c, err := p.Desk.ReadMessage(ctx, p.Worker, first)
	must(t, err)
	if len(c.Messages) != 1 || string(c.Messages[0].Text) != "I am moving house in May." || !c.MayAnswer || c.Answered || c.Person != "Tamsin Vale" {
		t.Fatalf("the worker reads %+v: %q", c, string(c.Messages[0].Text))
	}
	if n := p.count(`select count(*) from audit_body where convert_from(body, 'UTF8') like '%event access%' || $1 || '%'`, string(first)); n != 1 {
		t.Errorf("%d readings are in the log", n)
	}
	must(t, p.Desk.Answer(ctx, p.Worker, first, "Thank you. Tell us the address when you have it."))
	must(t, p.Desk.Answer(ctx, p.Worker, first, "Thank you. Tell us the address when you have it."))
	wantKind(t, "another answer", p.Desk.Answer(ctx, p.Worker, first, "Something else."), fault.Conflict)
	list := p.said(p.birth, p.fromSide)
	if len(list) != 2 || list[0].FromAgency || !list[0].Answered || !list[1].FromAgency || list[1].Unread ||
		string(list[1].Text) != "Thank you. Tell us the address when you have it." || !list[1].HearBy.IsZero() {
		t.Errorf("the person sees %+v", list)
	}
	if told, err = p.Desk.Told(ctx, p.Worker); err != nil || len(told) != 0 {
		t.Errorf("after the answer the tray has %+v, %v", told, err)
	}
	if list := p.said(p.adoptive, p.toSide); len(list) != 0 {
		t.Errorf("the other side sees %d messages", len(list))
	}
	// The same words after an answer are a new question.
	if again := p.tell("I am moving house in May."); again == first {
		t.Error("a question that was answered cannot be asked again")
	}
	p.logWhole()
}

func TestMessage_Refused(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	for name, c := range map[string]struct {
		actor authz.Actor
		side  letterbox.SideID
		text  string
		kind  fault.Kind
	}{
		"nothing":            {p.birth, p.fromSide, " \n ", fault.Invalid},
		"too long":           {p.birth, p.fromSide, strings.Repeat("x", letterbox.MaxMessage+1), fault.Invalid},
		"another side":       {p.birth, p.toSide, "Hello.", fault.NotFound},
		"no id":              {p.birth, "sd", "Hello.", fault.NotFound},
		"a worker":           {p.Worker, p.fromSide, "Hello.", fault.Forbidden},
		"somebody of nobody": {authz.Actor{}, p.fromSide, "Hello.", fault.Forbidden},
	} {
		wantKind(t, name, second(p.Families.Tell(ctx, c.actor, c.side, c.text)), c.kind)
	}
	if _, err := p.Families.Messages(ctx, p.birth, p.toSide); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the other side's messages: %v", err)
	}
	for i := range letterbox.MaxMessagesADay {
		p.tell(strings.Repeat("again ", i+1))
	}
	wantKind(t, "one too many", second(p.Families.Tell(ctx, p.birth, p.fromSide, "And one more thing.")), fault.Conflict)
	if id := p.tell("again "); id == "" { // a second click on the last one is no sixth message
		t.Error("a message that is there is refused")
	}
	if n := p.count(`select count(*) from message`); n != letterbox.MaxMessagesADay {
		t.Errorf("%d messages are stored", n)
	}
}

// An answer to nobody's question, to another's, by somebody who knows the
// family, on hold, or of another role.
func TestAnswer_Refused(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	id := p.tell("Please ring me.")
	other := p.secondWorker()
	for name, c := range map[string]struct {
		actor authz.Actor
		id    letterbox.MessageID
		text  string
		kind  fault.Kind
	}{
		"nothing":         {p.Worker, id, "\t", fault.Invalid},
		"too long":        {p.Worker, id, strings.Repeat("x", letterbox.MaxMessage+1), fault.Invalid},
		"no such message": {p.Worker, "ms22222222222222222222", "Yes.", fault.NotFound},
		"no id":           {p.Worker, "ms", "Yes.", fault.NotFound},
		"a manager":       {p.Manager, id, "Yes.", fault.Forbidden},
	} {
		wantKind(t, name, p.Desk.Answer(ctx, c.actor, c.id, c.text), c.kind)
	}
	wantKind(t, "a manager reads", second(p.Desk.ReadMessage(ctx, p.Manager, id)), fault.Forbidden)
	wantKind(t, "a person reads", second(p.Desk.ReadMessage(ctx, p.birth, id)), fault.Forbidden)
	p.Exec(t, `insert into connection (agency_id, exchange_id, worker_id) values ($1, $2, $3)`, p.Home.ID, string(p.exchange), p.WorkerLogin.ID)
	wantKind(t, "a connected worker reads", second(p.Desk.ReadMessage(ctx, p.Worker, id)), fault.Forbidden)
	wantKind(t, "a connected worker answers", p.Desk.Answer(ctx, p.Worker, id, "Yes."), fault.Forbidden)
	told, err := p.Desk.Told(ctx, p.Worker)
	must(t, err)
	if len(told) != 1 || !told[0].Closed || told[0].Person != "" {
		t.Errorf("a connected worker's tray has %+v", told)
	}
	must(t, p.Desk.Answer(ctx, other, id, "We will."))
	answer := p.said(p.birth, p.fromSide)[1].ID
	wantKind(t, "an answer is no question", second(p.Desk.ReadMessage(ctx, other, answer)), fault.NotFound)
	wantKind(t, "a colleague has answered", p.Desk.Answer(ctx, other, id, "No."), fault.Conflict)
}

// Ten workers' clicks at once: one answer.
func TestAnswer_Once(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	id := p.tell("Please ring me.")
	other := p.secondWorker()
	errs := make([]error, 10)
	together(len(errs), func(i int) {
		actor, text := p.Worker, "Yes."
		if i%2 == 1 {
			actor, text = other, "No."
		}
		errs[i] = p.Desk.Answer(ctx, actor, id, text)
	})
	done, refused := 0, 0
	for _, err := range errs {
		switch fault.KindOf(err) {
		case "":
			done++
		case fault.Conflict:
			refused++
		default:
			t.Error(err)
		}
	}
	if done != 5 || refused != 5 {
		t.Errorf("%d say done, %d refused; want five each", done, refused)
	}
	if n := p.count(`select count(*) from message where by_worker is not null`); n != 1 {
		t.Errorf("%d answers", n)
	}
	p.logWhole()
}

// Ten clicks at once tell once.
func TestTell_Once(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	together(10, func(int) {
		if _, err := p.Families.Tell(ctx, p.birth, p.fromSide, "Please ring me."); err != nil {
			t.Error(err)
		}
	})
	if n := p.count(`select count(*) from message`); n != 1 {
		t.Errorf("%d messages", n)
	}
}

// Somebody on hold may tell; nobody answers before the call, for until then
// somebody else may hold their paper.
func TestMessage_OnHold(t *testing.T) {
	w, ctx := accounttest.NewWorld(t), t.Context()
	_, birth, _ := w.OpenExchange(t)
	l := w.EnrolPerson(t, birth)
	actor := w.SignInPerson(t, &l)
	inbox, err := w.Families.Inbox(ctx, actor)
	must(t, err)
	side := inbox.Sides[0].Side
	id, err := w.Families.Tell(ctx, actor, side, "When will you ring?")
	must(t, err)
	c, err := w.Desk.ReadMessage(ctx, w.Worker, id)
	must(t, err)
	if c.MayAnswer || string(c.Messages[0].Text) != "When will you ring?" {
		t.Errorf("of somebody on hold a worker sees %+v", c)
	}
	wantKind(t, "an answer before the call", w.Desk.Answer(ctx, w.Worker, id, "Tomorrow."), fault.Conflict)
	timeline, err := w.Families.Timeline(ctx, actor, side)
	must(t, err)
	if len(timeline.Events) != 1 || timeline.Events[0].What != letterbox.EventYouTold || !timeline.Unread {
		t.Errorf("on hold the timeline is %+v", timeline)
	}
	w.ConfirmPerson(t, birth)
	must(t, w.Desk.Answer(ctx, w.Worker, id, "We just did."))
	actor = w.SignInPerson(t, &l)
	list, err := w.Families.Messages(ctx, actor, side)
	must(t, err)
	if len(list) != 2 || string(list[1].Text) != "We just did." {
		t.Errorf("after the call: %+v", list)
	}
}

// The promise: amber after three working days, late after five, for both.
func TestMessage_Late(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.tell("Please ring me.")
	for _, tt := range []struct {
		days        int
		amber, late bool
	}{{2, false, false}, {3, true, false}, {5, true, false}, {6, false, true}} {
		day := calendar.AddWorkingDays(calendar.Today(p.Clock.Now()), tt.days)
		sent := p.backdate(tt.days)
		told, err := p.Desk.Told(ctx, p.Worker)
		must(t, err)
		list := p.said(p.birth, p.fromSide)
		if told[0].Amber != tt.amber || told[0].Late != tt.late || list[0].Late != tt.late || told[0].WorkDays != tt.days {
			t.Errorf("sent on %s, %d working days ago (next %s): %+v, person %v", sent, tt.days, day, told[0], list[0].Late)
		}
	}
}

// backdate moves the messages so many working days into the past.
func (p *pair) backdate(days int) string {
	p.t.Helper()
	today := calendar.Today(p.Clock.Now())
	sent := today
	for calendar.WorkingDaysBetween(sent, today) < days {
		sent = sent.AddDate(0, 0, -1)
	}
	p.Exec(p.t, `update message set sent_on = $1, hear_by = $2`, sent, calendar.AddWorkingDays(sent, letterbox.MessagePromise))
	return sent.Format(time.DateOnly)
}

// What rows say of a message is not believed: the text of another, another
// exchange, another person, or a worker's words as the person's.
func TestMessage_ChangedRows(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	mine := p.tell("Mine.")
	theirs, err := p.Families.Tell(ctx, p.adoptive, p.toSide, "Theirs.")
	must(t, err)
	p.Exec(t, `alter table object disable trigger all`)
	p.Exec(t, `update object o set sealed = x.sealed, leaf = x.leaf, commit = x.commit from object x where o.id = $1 and x.id = $2`, string(mine), string(theirs))
	c, err := p.Desk.ReadMessage(ctx, p.Worker, mine)
	must(t, err)
	if !c.Messages[0].Unread || c.Messages[0].Text != "" {
		t.Errorf("another family's message is shown: %q", string(c.Messages[0].Text))
	}
	if list := p.said(p.birth, p.fromSide); !list[0].Unread {
		t.Error("the person is shown a row that nobody stated")
	}
	// Made the answer to somebody's question by a changed row, a message is not shown as the agency's.
	p.untriggered(`update message set by_worker = '` + p.WorkerLogin.ID + `', hear_by = null, answers = '` + string(mine) + `' where id = '` + string(theirs) + `'`)
	if list := p.said(p.adoptive, p.toSide); !list[0].Unread {
		t.Errorf("a person's own words are shown as the agency's: %q", string(list[0].Text))
	}
}

// After a key was lost, what was said under the old one is a notice.
func TestMessage_OldKey(t *testing.T) {
	p := newPair(t)
	p.tell("Before.")
	// The session of somebody with a second key that lacks the first.
	fresh, err := authz.ParseKeyring([]byte(strings.NewReplacer("person/"+p.birthID+"/1 ", "person/"+p.birthID+"/2 ",
		"own person/"+p.birthID+"/1", "own person/"+p.birthID+"/2").Replace(string(otherKey(p)))))
	must(t, err)
	actor := authz.NewActor(authz.Who{Tier: authz.Public, Agency: p.Home.ID, Account: p.birthID, Roles: []authz.Role{authz.Correspondent}, Keys: fresh})
	list := p.said(actor, p.fromSide)
	if len(list) != 1 || !list[0].Unread || list[0].Text != "" {
		t.Errorf("with another key: %+v", list)
	}
}

// otherKey is the keyring of a session with a key that the birth mother never had.
func otherKey(p *pair) []byte {
	text := string(p.birth.Keys().Marshal())
	theirs := string(p.adoptive.Keys().Marshal())
	key := func(ring, of string) string {
		for line := range strings.Lines(ring) {
			if rest, ok := strings.CutPrefix(line, "person/"+of+"/1 "); ok {
				return rest
			}
		}
		p.t.Fatal("no key in the ring")
		return ""
	}
	return []byte(strings.Replace(text, key(text, p.birthID), key(theirs, p.adopterID), 1))
}

// What the database refuses, whatever the program says.
func TestMessage_Schema(t *testing.T) {
	p := newPair(t)
	id := string(p.tell("Please ring me."))
	answered, err := p.Families.Tell(t.Context(), p.adoptive, p.toSide, "And me.")
	must(t, err)
	must(t, p.Desk.Answer(t.Context(), p.Worker, answered, "Yes."))
	worker, agency := p.WorkerLogin.ID, p.Home.ID
	insert := `insert into message (agency_id, id, exchange_id, person_id, by_worker, answers) values ('` + agency + `', 'ms22222222222222222222', '` + string(p.exchange) + `', `
	try := func(role, account, sql, code, constraint string) {
		t.Helper()
		conn := p.Database.Conn(role)
		tx, err := conn.Begin(context.Background())
		must(t, err)
		defer func() { _ = tx.Rollback(context.Background()); _ = conn.Close(context.Background()) }()
		_, err = tx.Exec(context.Background(), `select set_config('gatepost.agency', $1, true), set_config('gatepost.account', $2, true)`, agency, account)
		must(t, err)
		if _, err = tx.Exec(context.Background(), sql); err == nil {
			err = tx.Commit(context.Background())
		}
		if gotCode, got := broke(err); gotCode != code || got != constraint {
			t.Errorf("%s: %v, want %s %s", sql, err, code, constraint)
		}
	}
	for _, c := range []struct{ account, sql, code, constraint string }{
		{worker, insert + `'` + p.birthID + `', '` + worker + `', null)`, "23514", "message_answers"},
		{worker, insert + `'` + p.birthID + `', '` + worker + `', '` + string(answered) + `')`, "23514", "message_answers"},
		{worker, insert + `'` + p.adopterID + `', '` + worker + `', '` + string(answered) + `')`, "23505", "message_answered_once"},
		{p.ManagerLogin.ID, insert + `'` + p.birthID + `', '` + p.ManagerLogin.ID + `', '` + id + `')`, "23514", "message_worker"},
		{p.ManagerLogin.ID, insert + `'` + p.birthID + `', '` + worker + `', '` + id + `')`, "23514", "message_worker"},
		{worker, insert + `'pe22222222222222222222', '` + worker + `', '` + id + `')`, "23514", "message_person"},
		{worker, insert + `'` + p.birthID + `', '` + worker + `', '` + id + `')`, "23503", "message_sealed"},
		{worker, `update message set person_id = 'pe22222222222222222222'`, "42501", ""},
		{worker, `delete from message`, "42501", ""},
		{worker, `select 1 from letter_day`, "42501", ""},
	} {
		try("gatepost_staff", c.account, c.sql, c.code, c.constraint)
	}
	for _, sql := range []string{
		`insert into message (agency_id, id, exchange_id, person_id, by_worker, answers) values ('` + agency + `', 'ms22222222222222222222', '` + string(p.exchange) + `', '` + p.birthID + `', '` + worker + `', '` + id + `')`,
		`update message set answered_on = current_date`, `delete from message`, `select 1 from letter_day`, `insert into letter (agency_id, paper) values ('` + agency + `', true)`,
	} {
		try("gatepost_public", p.birthID, sql, "42501", "")
	}
	try("gatepost_public", p.birthID, `insert into message (agency_id, id, exchange_id, person_id, hear_by) values ('`+agency+`', 'ms22222222222222222222', '`+string(p.exchange)+`', '`+p.adopterID+`', current_date)`, "42501", "")
}

// Of two in one household, neither sees what the other told the agency nor the
// answer: not by the service, the role of the database, or their keys.
func TestMessage_Household(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	names := letterbox.Names{Children: []string{"Ash"}, Other: "them", Self: "us"}
	x, err := p.Desk.OpenExchange(ctx, p.Worker, letterbox.NewExchange{
		Children: []letterbox.NewChild{{BirthName: "Ash", AdoptiveName: "Ash", Born: p.Clock.Now().AddDate(-3, 0, 0)}},
		Sides: [2]letterbox.NewSide{
			{Book: "birth", People: []letterbox.NewPerson{{Name: "Tamsin Vale"}}, Names: names, MaySend: []string{"letter"}, TimesAYear: 1},
			{Book: "adoptive", People: []letterbox.NewPerson{{Name: "Kerra Tregear"}, {Name: "Jory Tregear"}}, Names: names, MaySend: []string{"letter"}, TimesAYear: 1},
		}})
	must(t, err)
	file, err := p.Desk.Exchange(ctx, p.Worker, x)
	must(t, err)
	side := file.Sides[1].ID
	_, one := p.NewPerson(t, string(file.Sides[1].People[0].ID))
	_, two := p.NewPerson(t, string(file.Sides[1].People[1].ID))
	id, err := p.Families.Tell(ctx, one, side, "I do not feel safe at home.")
	must(t, err)
	must(t, p.Desk.Answer(ctx, p.Worker, id, "We will ring you at work."))
	if list := p.said(one, side); len(list) != 2 || string(list[1].Text) != "We will ring you at work." {
		t.Errorf("the one sees %+v", list)
	}
	if list := p.said(two, side); len(list) != 0 {
		t.Errorf("the other sees %d messages", len(list))
	}
	if got := p.whats(two, side); got != "" {
		t.Errorf("the other's timeline is %q", got)
	}
	for _, sql := range []string{`select count(*) from message`, `select count(*) from object where kind = 'message'`} {
		if n := p.seesAs(two.Account(), sql); n != 0 {
			t.Errorf("%s gives the other %d", sql, n)
		}
		if n := p.seesAs(one.Account(), sql); n != 2 {
			t.Errorf("%s gives the one %d", sql, n)
		}
	}
	_, own, _ := two.Keys().Own()
	shared, _ := two.Keys().Identity("side/" + string(side) + "/1")
	rows, err := p.Database.Admin().Query(ctx, `select sealed from object where kind = 'message'`)
	must(t, err)
	sealed, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	must(t, err)
	for _, b := range sealed {
		for _, key := range []*age.HybridIdentity{own, shared} {
			if _, _, err := seal.Open(b, seal.Context{Kind: seal.KindMessage, Agency: p.Home.ID, Object: string(id)}, key); !errors.Is(err, seal.ErrKey) {
				t.Errorf("a key of the other opens a message: %v", err)
			}
		}
	}
}
