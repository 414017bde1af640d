package letterbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/crypto/seal"
	"gatepost/internal/account"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// A database that went away in the middle of a check says nothing about its
// rows: the person may try again, and nobody is alarmed.
func TestOutageIsNoAlarm(t *testing.T) {
	p := newPair(t)
	ag, ok := p.StaffAgencies.Get(p.Worker.Agency())
	if !ok {
		t.Fatal("no agency")
	}
	for kind, err := range map[fault.Kind]error{
		fault.Busy:   fmt.Errorf("read signers: %w", &pgconn.PgError{Code: "57P01"}),
		fault.Sealed: seal.ErrUnsigned,
	} {
		wantKind(t, "what comes of it", p.Desk.Unstated(t.Context(), ag, err), kind)
	}
}

// What follows is about somebody who can write rows and cannot sign: signed
// statements are believed, and rows are not.

// An answer goes to who asked, and to nobody whom a row names in their place.
func TestAnswer_NotTheAsker(t *testing.T) {
	for name, change := range map[string]func(p *pair, id letterbox.MessageID) []string{
		"another person": func(p *pair, id letterbox.MessageID) []string {
			return []string{`update message set person_id = '` + p.adopterID + `' where id = '` + string(id) + `'`}
		},
		"another person, in the object too": func(p *pair, id letterbox.MessageID) []string {
			return []string{`update message set person_id = '` + p.adopterID + `' where id = '` + string(id) + `'`,
				`update object set from_node = 'person/` + p.adopterID + `' where id = '` + string(id) + `'`}
		},
		"a question that nobody stated": func(_ *pair, id letterbox.MessageID) []string {
			return []string{`delete from object where id = '` + string(id) + `'`}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, ctx := newPair(t), t.Context()
			id := p.tell("My new address is 5 Gull Row.")
			_, err := p.Desk.ReadMessage(ctx, p.Worker, id)
			must(t, err)
			p.untriggered(change(p, id)...)
			wantKind(t, "answer", p.Desk.Answer(ctx, p.Worker, id, "We have noted 5 Gull Row."), fault.Sealed)
			if n := p.count(`select count(*) from message where by_worker is not null`); n != 0 {
				t.Errorf("%d answers stored", n)
			}
		})
	}
}

// The lead opens nothing of the case; their refusal goes back to the side that
// the letter's statement names, or nowhere.
func TestReferred_SidesExchanged(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	lead := p.newStaff("Imogen Farr", authz.SafeguardingLead)
	id := p.claimed("I know where you live.")
	must(t, p.Desk.Escalate(ctx, p.Worker, id, "threat"))
	p.untriggered(`update letter set from_side = to_side, to_side = from_side, author = '`+p.adopterID+`' where id = '`+string(id)+`'`,
		`update object set from_node = 'side/`+string(p.toSide)+`' where id = '`+string(id)+`' and part = 'text'`)
	if text, err := p.Desk.Referred(ctx, lead, id); err != nil || len(text.People) != 0 {
		t.Errorf("the lead is told to call %+v, %v", text.People, err)
	}
	wantKind(t, "refuse", p.Desk.RefuseReferred(ctx, lead, id, "upsetting", "We cannot send this to Looe.", "threat"), fault.Sealed)
	wantKind(t, "keep", p.Desk.KeepReferred(ctx, lead, id, "threat"), fault.Sealed)
	if n := p.count(`select count(*) from object where part = 'reason'`); n != 0 {
		t.Errorf("%d reasons stored", n)
	}
}

// Who typed a letter in is known from its statement: rows that say nothing of
// it let nobody decide alone.
func TestPaper_TypistByStatement(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	id, err := p.Desk.RecordPaper(ctx, p.Worker, letterbox.PaperLetter{ID: letterbox.NewLetterID(), Side: p.fromSide, Author: letterbox.PersonID(p.birthID),
		Text: "Nobody wrote this.", Scan: []byte("%PDF-1.4 x"), CameOn: calendar.Today(p.Clock.Now())})
	must(t, err)
	must(t, p.Desk.Claim(ctx, p.Worker, id))
	p.untriggered(`delete from letter_helper`, `update letter set paper = false`)
	reading, err := p.Desk.Read(ctx, p.Worker, id)
	must(t, err)
	if reading.MayDecide || reading.WhyNot != "helped" {
		t.Errorf("the typist reads that they may decide: %v, %q", reading.MayDecide, reading.WhyNot)
	}
	wantFault(t, "the typist passes on", p.Desk.Pass(ctx, p.Worker, id, ""), "fault.letter.helped")
	other := p.newStaff("Imogen Farr", authz.LetterboxWorker)
	must(t, p.Desk.Release(ctx, p.Worker, id))
	must(t, p.Desk.Claim(ctx, other, id))
	must(t, p.Desk.Pass(ctx, other, id, ""))
}

// The staff's own role writes a letter in only as typed in by the worker.
func TestPaper_ByRow(t *testing.T) {
	p := newPair(t)
	p.newStaff("Imogen Farr", authz.LetterboxWorker)
	for name, tt := range map[string]struct {
		paper  bool
		helper string
	}{
		"not on paper":            {false, ""},
		"not on paper, helped":    {false, p.WorkerLogin.ID},
		"typed in by nobody":      {true, ""},
		"typed in by a colleague": {true, p.newLogin.ID},
	} {
		id := string(letterbox.NewLetterID())
		helper := ""
		if tt.helper != "" {
			helper = `, h as (insert into letter_helper (agency_id, letter_id, worker_id) values (agency(), '` + id + `', '` + tt.helper + `'))`
		}
		err := p.asStaff(p.WorkerLogin.ID, `with l as (insert into letter (agency_id, id, exchange_id, from_side, to_side, author, state, hear_by, paper)
			values (agency(), '`+id+`', $1, $2, $3, $4, 'received', current_date, $5))`+helper+` select 1`,
			string(p.exchange), string(p.fromSide), string(p.toSide), p.birthID, tt.paper)
		if code, constraint := broke(err); code != "23514" || constraint != "letter_paper" {
			t.Errorf("%s: %v, want letter_paper", name, err)
		}
	}
}

// A manager who said that they know the family has nothing to do with who
// reads its letters.
func TestTakeOver_Connected(t *testing.T) {
	m := newTeam(t)
	ctx := t.Context()
	id := m.send("hello")
	must(t, m.Desk.Claim(ctx, m.imogen, id))
	m.Manager = m.anew(&m.ManagerLogin)
	must(t, m.Desk.Connect(ctx, m.Manager, m.exchange))
	for what, err := range map[string]error{
		"held":      second(m.Desk.Held(ctx, m.Manager, id)),
		"readers":   second(m.Desk.Readers(ctx, m.Manager, id)),
		"take away": m.Desk.TakeAway(ctx, m.Manager, id),
		"give":      m.Desk.Give(ctx, m.Manager, id, m.owen.Account()),
	} {
		wantFault(t, what, err, "fault.letter.connected")
	}
	if n := m.count(`select count(*) from claim where worker_id = $1`, m.imogen.Account()); n != 1 {
		t.Error("the claim is not who it was's")
	}
}

// Whoever may not give letters hears only that, and it is written down.
func TestGive_RefusedFirst(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	id := p.send("hello")
	p.Manager = p.SignInWorker(t, &p.ManagerLogin)
	wantKind(t, "by a worker", p.Desk.Give(ctx, p.Worker, id, "nonsense"), fault.Forbidden)
	wantKind(t, "by a family", p.Desk.Give(ctx, p.birth, id, "nonsense"), fault.Forbidden)
	if n := p.count(`select count(*) from refusal where act = 'takeOver'`); n != 2 {
		t.Errorf("%d refusals written down, want 2", n)
	}
	wantFault(t, "by a manager", p.Desk.Give(ctx, p.Manager, id, "nonsense"), "fault.manage.mayNot")
}

// A declaration changes keys for good: it needs a code of the last minutes.
func TestConnect_StepUp(t *testing.T) {
	m := newTeam(t)
	m.Clock.Advance(letterbox.ConnectFor + 1)
	wantKind(t, "with an older code", m.Desk.Connect(t.Context(), m.owen, m.exchange), fault.StepUp)
	if n := m.count(`select count(*) from connection`) + m.count(`select count(*) from exchange where restricted`); n != 0 {
		t.Error("something was changed")
	}
	must(t, m.Desk.Connect(t.Context(), m.anew(&m.owenLogin), m.exchange))
}

// What a recipient sees of a letter that was taken back and shown again is the
// day of that, everywhere: no date tells what went on in between.
func TestCame_ShownAgain(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	id, delivery := p.waiting("hello")
	must(t, p.Desk.Recall(ctx, p.Worker, id, ""))
	p.untriggered(`update letter_day set on_day = on_day - 5`, `update delivery set passed_on = passed_on - 5`, `update letter set visible_on = visible_on - 5`)
	must(t, p.Desk.Restore(ctx, p.Worker, id))
	side, err := p.Families.Side(ctx, p.adoptive, p.toSide)
	must(t, err)
	timeline, err := p.Families.Timeline(ctx, p.adoptive, p.toSide)
	must(t, err)
	cover, err := p.Families.Came(ctx, p.adoptive, delivery)
	must(t, err)
	_, err = p.Families.Open(ctx, p.adoptive, delivery)
	must(t, err)
	copies, err := p.Families.Copies(ctx, p.adoptive, p.toSide, time.Time{}, time.Time{})
	must(t, err)
	if len(side.Came) != 1 || len(timeline.Events) != 1 || len(copies) != 1 {
		t.Fatalf("%d came, %d events, %d copies", len(side.Came), len(timeline.Events), len(copies))
	}
	today := p.today()
	for what, day := range map[string]time.Time{"the inbox": side.Came[0].PassedOn, "the timeline": timeline.Events[0].On, "the cover": cover.PassedOn, "the copy": copies[0].On} {
		if !day.Equal(today) {
			t.Errorf("%s says %s, want %s", what, day.Format(time.DateOnly), today.Format(time.DateOnly))
		}
	}
	err = p.asSide(p.adopterID, `select passed_on from delivery`)
	wantBroken(t, err, "42501", "")
}

// recovery is begun for a person, who hears of it.
func (p *pair) recovery(person string) {
	p.t.Helper()
	_, err := p.Staff.StartRecovery(p.t.Context(), p.Worker, account.NewRecovery{Kind: "person", Account: person, What: "passphrase", Identity: "callBack"}, p.Code(p.t, &p.WorkerLogin))
	must(p.t, err)
}

// A mail about a letter that is not there any more tells that it was: the
// notice goes with the letter, unless something else is new.
func TestNotice_GoesWithLetter(t *testing.T) {
	for name, back := range map[string]func(p *pair, id letterbox.LetterID){
		"recalled":      func(p *pair, id letterbox.LetterID) { must(p.t, p.Desk.Recall(p.t.Context(), p.Worker, id, "")) },
		"undeliverable": func(p *pair, id letterbox.LetterID) { must(p.t, p.Desk.Undeliverable(p.t.Context(), p.Worker, id, "")) },
		"stopped": func(p *pair, _ letterbox.LetterID) {
			must(p.t, p.Desk.SetState(p.t.Context(), p.Worker, p.exchange, "paused", ""))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			p.contact(p.adopterID)
			id, _ := p.waiting("hello")
			if n := p.notices(p.adopterID); n != 1 {
				t.Fatalf("%d notices of a letter that waits", n)
			}
			back(p, id)
			if n := p.notices(p.adopterID); n != 0 {
				t.Errorf("%d notices of a letter that is not there", n)
			}
		})
	}
}

func TestNotice_Stays(t *testing.T) {
	for name, also := range map[string]func(p *pair){
		"another letter waits": func(p *pair) { p.waiting("another") },
		"an answer came": func(p *pair) {
			id, err := p.Families.Tell(p.t.Context(), p.adoptive, p.toSide, "We are moving.")
			must(p.t, err)
			must(p.t, p.Desk.Answer(p.t.Context(), p.Worker, id, "Thank you."))
		},
		"a letter of theirs came back": func(p *pair) {
			ctx := p.t.Context()
			draft, err := p.Families.NewDraft(ctx, p.adoptive, p.toSide, "Our street is Marlow Street.")
			must(p.t, err)
			id, err := p.Families.Send(ctx, p.adoptive, draft, 1)
			must(p.t, err)
			must(p.t, p.Desk.Claim(ctx, p.Worker, id))
			must(p.t, p.Desk.Return(ctx, p.Worker, id, "identifying", "", ""))
		},
		"somebody asks for a new key of theirs": func(p *pair) { p.recovery(p.adopterID) },
	} {
		for _, first := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				p := newPair(t)
				p.contact(p.adopterID)
				if first {
					also(p)
				}
				id, _ := p.waiting("hello")
				if !first {
					also(p)
				}
				must(t, p.Desk.Recall(t.Context(), p.Worker, id, ""))
				if n := p.notices(p.adopterID); n != 1 {
					t.Errorf("%d notices, want the one (first: %v)", n, first)
				}
			})
		}
	}
}

// Somebody who was on hold and is active with another key since their keys were
// read is not granted a new side on the old one.
func TestOpenExchange_KeyChanged(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	names := letterbox.Names{Children: []string{"Linnet"}, Other: "the other home", Self: "Tamsin"}
	n := letterbox.NewExchange{Children: []letterbox.NewChild{{BirthName: "Linnet Vale", AdoptiveName: "Linnet Moss", Born: p.Clock.Now().AddDate(-4, 0, 0)}},
		Sides: [2]letterbox.NewSide{
			{Book: "birth", People: []letterbox.NewPerson{{ID: letterbox.PersonID(p.birthID)}}, Names: names, MaySend: []string{"letter"}, TimesAYear: 1},
			{Book: "adoptive", People: []letterbox.NewPerson{{Name: "Perran Moss"}}, Names: names, MaySend: []string{"letter"}, TimesAYear: 1},
		}}
	p.Desk.Stall(func(at string) {
		if at == "openExchange" {
			p.untriggered(`insert into node (agency_id, id, epoch, recipient, verifier, key_leaf)
				select agency_id, id, epoch + 1, recipient, verifier, key_leaf from node where id = 'person/` + p.birthID + `'`)
		}
	})
	defer p.Desk.Stall(nil)
	_, err := p.Desk.OpenExchange(ctx, p.Worker, n)
	wantKind(t, "open", err, fault.Conflict)
	if n := p.count(`select count(*) from exchange`); n != 1 {
		t.Errorf("%d exchanges", n)
	}
}
