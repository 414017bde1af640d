package letterbox_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/crypto/seal"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

const jpeg = "\xff\xd8\xff\xe0 a picture of a page"

// paper is a letter of the birth mother's that came by post two days ago.
func (p *pair) paper() letterbox.PaperLetter {
	return letterbox.PaperLetter{ID: letterbox.NewLetterID(), Side: p.fromSide, Author: letterbox.PersonID(p.birthID),
		Text: "Dear Wren, I write by hand.", Scan: []byte(jpeg), CameOn: calendar.Today(p.Clock.Now()).AddDate(0, 0, -2)}
}

// A letter on paper goes the way of any other, but not by the hand of who typed
// it in; its scan is the workers' alone.
func TestPaper(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.paper()
	id, err := p.Desk.RecordPaper(ctx, p.Worker, letter)
	must(t, err)
	if id != letter.ID {
		t.Errorf("the letter is %s, not the one that was chosen", id)
	}
	if again, err := p.Desk.RecordPaper(ctx, p.Worker, letter); err != nil || again != id {
		t.Errorf("a second click: %s, %v", again, err)
	}
	sent, err := p.Families.OpenSent(ctx, p.birth, id)
	must(t, err)
	if string(sent.Text) != letter.Text || !sent.PaperCopy || !sent.SentOn.Equal(letter.CameOn) ||
		!sent.HearBy.Equal(calendar.AddWorkingDays(letter.CameOn, agency.DefaultPromise)) {
		t.Errorf("its writer sees %+v, %q", sent, string(sent.Text))
	}
	if got := p.whats(p.birth, p.fromSide); got != "withUs youSent" {
		t.Errorf("its writer's timeline is %q", got)
	}
	must(t, p.Desk.Claim(ctx, p.Worker, id))
	reading, err := p.Desk.Read(ctx, p.Worker, id)
	must(t, err)
	if string(reading.Text) != letter.Text || reading.MayDecide || reading.WhyNot != "helped" || !reading.Paper {
		t.Errorf("the typist reads %+v", reading)
	}
	wantKind(t, "the typist decides", p.Desk.Pass(ctx, p.Worker, id, ""), fault.Forbidden)
	must(t, p.Desk.Release(ctx, p.Worker, id))
	other := p.secondWorker()
	must(t, p.Desk.Claim(ctx, other, id))
	scan, kind, err := p.Desk.Scan(ctx, other, id)
	if err != nil || kind != "image/jpeg" || !bytes.Equal(scan, letter.Scan) {
		t.Errorf("the scan is %d bytes of %q, %v", len(scan), kind, err)
	}
	if n := p.count(`select count(*) from audit_body where convert_from(body, 'UTF8') like E'%event access%object ' || $1 || E'\npart scan%'`, string(id)); n != 1 {
		t.Errorf("%d readings of the scan are in the log", n)
	}
	_, _, err = p.Desk.Scan(ctx, p.Worker, id)
	wantKind(t, "the scan without a claim", err, fault.Conflict)
	must(t, p.Desk.Pass(ctx, other, id, ""))
	came, err := p.Families.Open(ctx, p.adoptive, p.came())
	if err != nil || string(came.Text) != letter.Text {
		t.Errorf("its recipient reads %q, %v", string(came.Text), err)
	}
	if _, _, err = p.Desk.Scan(ctx, p.Worker, id); err != nil {
		t.Errorf("the scan of a passed letter: %v", err)
	}
	for name, account := range map[string]string{"its writer": p.birthID, "its recipient": p.adopterID} {
		if n := p.seesAs(account, `select count(*) from object where part = 'scan'`); n != 0 {
			t.Errorf("%s can select %d scans", name, n)
		}
	}
	object, err := p.sealedScan(id)
	must(t, err)
	c := seal.Context{Kind: seal.KindSubmission, Agency: p.Home.ID, Exchange: string(p.exchange), Object: string(id), Part: "scan",
		From: "side/" + string(p.fromSide), To: "case/" + string(p.exchange), Version: 1}
	if content, _, err := seal.Open(object, c, p.Archive); err != nil || !bytes.Equal(content, letter.Scan) {
		t.Errorf("the archive opens the scan: %v", err)
	}
	for _, a := range []struct {
		side  letterbox.SideID
		actor authz.Actor
	}{{p.fromSide, p.birth}, {p.toSide, p.adoptive}} {
		key, ok := a.actor.Keys().Identity(agency.NodeName("side/"+string(a.side), 1))
		if _, _, err := seal.Open(object, c, key); !ok || !errors.Is(err, seal.ErrKey) {
			t.Errorf("a side's key opens the scan: %v", err)
		}
	}
	p.logWhole()
}

func (p *pair) sealedScan(id letterbox.LetterID) (sealed []byte, err error) {
	err = p.Database.Admin().QueryRow(context.Background(), `select sealed from object where id = $1 and part = 'scan'`, string(id)).Scan(&sealed)
	return sealed, err
}

// seesAs counts as the public role for somebody.
func (p *pair) seesAs(account, sql string) (n int) {
	p.t.Helper()
	conn := p.Database.Conn("gatepost_public")
	tx, err := conn.Begin(context.Background())
	must(p.t, err)
	_, err = tx.Exec(context.Background(), `select set_config('gatepost.agency', $1, true), set_config('gatepost.account', $2, true)`, p.Home.ID, account)
	must(p.t, err)
	must(p.t, tx.QueryRow(context.Background(), sql).Scan(&n))
	must(p.t, tx.Rollback(context.Background()))
	return n
}

func TestPaper_Refused(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	today := calendar.Today(p.Clock.Now())
	for name, c := range map[string]struct {
		change func(*letterbox.PaperLetter)
		actor  authz.Actor
		kind   fault.Kind
	}{
		"no text":            {func(l *letterbox.PaperLetter) { l.Text = " " }, p.Worker, fault.Invalid},
		"too long":           {func(l *letterbox.PaperLetter) { l.Text = strings.Repeat("x", letterbox.MaxText+1) }, p.Worker, fault.Invalid},
		"no scan":            {func(l *letterbox.PaperLetter) { l.Scan = nil }, p.Worker, fault.Invalid},
		"a scan too large":   {func(l *letterbox.PaperLetter) { l.Scan = append([]byte(jpeg), make([]byte, letterbox.MaxScan)...) }, p.Worker, fault.Invalid},
		"a program":          {func(l *letterbox.PaperLetter) { l.Scan = []byte("MZ\x90") }, p.Worker, fault.Invalid},
		"a page":             {func(l *letterbox.PaperLetter) { l.Scan = []byte("<html>") }, p.Worker, fault.Invalid},
		"tomorrow":           {func(l *letterbox.PaperLetter) { l.CameOn = today.AddDate(0, 0, 1) }, p.Worker, fault.Invalid},
		"years ago":          {func(l *letterbox.PaperLetter) { l.CameOn = today.AddDate(-2, 0, 0) }, p.Worker, fault.Invalid},
		"no day":             {func(l *letterbox.PaperLetter) { l.CameOn = time.Time{} }, p.Worker, fault.Invalid},
		"of the other side":  {func(l *letterbox.PaperLetter) { l.Author = letterbox.PersonID(p.adopterID) }, p.Worker, fault.NotFound},
		"no id":              {func(l *letterbox.PaperLetter) { l.ID = "lt" }, p.Worker, fault.NotFound},
		"a manager":          {func(*letterbox.PaperLetter) {}, p.Manager, fault.Forbidden},
		"a person":           {func(*letterbox.PaperLetter) {}, p.birth, fault.Forbidden},
		"somebody of nobody": {func(*letterbox.PaperLetter) {}, authz.Actor{}, fault.Forbidden},
	} {
		letter := p.paper()
		c.change(&letter)
		if _, err := p.Desk.RecordPaper(ctx, c.actor, letter); fault.KindOf(err) != c.kind && !(c.kind == fault.Invalid && strings.Contains(err.Error(), "fault.")) {
			t.Errorf("%s: %v, want %q", name, err, c.kind)
		}
	}
	letter := p.paper()
	letter.ID = p.send("Sent already.")
	wantKind(t, "the id of another letter", second(p.Desk.RecordPaper(ctx, p.Worker, letter)), fault.Conflict)
	p.Exec(t, `update exchange set state = 'paused'`)
	wantKind(t, "while the exchange rests", second(p.Desk.RecordPaper(ctx, p.Worker, p.paper())), fault.Conflict)
	p.Exec(t, `update exchange set state = 'active'`)
	p.Exec(t, `insert into connection (agency_id, exchange_id, worker_id) values ($1, $2, $3)`, p.Home.ID, string(p.exchange), p.WorkerLogin.ID)
	wantKind(t, "by a connected worker", second(p.Desk.RecordPaper(ctx, p.Worker, p.paper())), fault.Forbidden)
	if n := p.count(`select count(*) from letter where paper`); n != 0 {
		t.Errorf("%d letters on paper", n)
	}
	// The database refuses one that nobody typed in.
	p.untriggered(`delete from connection`)
	conn := p.Database.Conn("gatepost_staff")
	tx, err := conn.Begin(ctx)
	must(t, err)
	_, err = tx.Exec(ctx, `select set_config('gatepost.agency', $1, true), set_config('gatepost.account', $2, true)`, p.Home.ID, p.WorkerLogin.ID)
	must(t, err)
	_, err = tx.Exec(ctx, `insert into letter (agency_id, id, exchange_id, from_side, to_side, author, state, hear_by, paper)
		values ($1, $2, $3, $4, $5, $6, 'received', current_date, true)`, p.Home.ID, string(p.paper().ID), string(p.exchange), string(p.fromSide), string(p.toSide), p.birthID)
	must(t, err)
	if code, constraint := broke(tx.Commit(ctx)); code != "23514" || constraint != "letter_paper" {
		t.Errorf("a letter that nobody typed in: %s %s", code, constraint)
	}
}

// Rows that nobody signed seal no letter: an author moved to the side.
func TestPaper_ChangedRows(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.untriggered(`update side_member set side_id = '` + string(p.fromSide) + `' where person_id = '` + p.adopterID + `'`)
	letter := p.paper()
	letter.Author = letterbox.PersonID(p.adopterID)
	wantKind(t, "an author whom nobody stated on the side", second(p.Desk.RecordPaper(ctx, p.Worker, letter)), fault.Sealed)
}

func TestScan_OfNothing(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	id := p.send("Typed on a phone.")
	must(t, p.Desk.Claim(ctx, p.Worker, id))
	_, _, err := p.Desk.Scan(ctx, p.Worker, id)
	wantKind(t, "the scan of a letter without one", err, fault.NotFound)
}

func TestScanType(t *testing.T) {
	for content, want := range map[string]string{
		"\xff\xd8\xff": "image/jpeg", "\x89PNG\r\n\x1a\n": "image/png", "%PDF-1.7": "application/pdf",
		"": "", "\xff\xd8": "", "\x89PNG\n": "", "%PDF": "", " %PDF-": "", "<svg>": "", "GIF89a": "", "PK\x03\x04": "",
	} {
		if got, ok := letterbox.ScanType([]byte(content)); got != want || ok != (want != "") {
			t.Errorf("%q is %q, %v; want %q", content, got, ok, want)
		}
	}
}

// FuzzScanType: whatever comes in, only the three kinds come out, and each only
// with its own first bytes; what follows them changes nothing.
func FuzzScanType(f *testing.F) {
	for _, seed := range []string{jpeg, "\x89PNG\r\n\x1a\n", "%PDF-1.7", "", "<html>", "\xff\xd8"} {
		f.Add([]byte(seed))
	}
	magic := map[string]string{"image/jpeg": "\xff\xd8\xff", "image/png": "\x89PNG\r\n\x1a\n", "application/pdf": "%PDF-"}
	f.Fuzz(func(t *testing.T, content []byte) {
		kind, ok := letterbox.ScanType(content)
		if ok != (kind != "") || ok && (magic[kind] == "" || !bytes.HasPrefix(content, []byte(magic[kind]))) {
			t.Errorf("%q is %q, %v", content, kind, ok)
		}
		if again, _ := letterbox.ScanType(append(bytes.Clone(content), "<script>"...)); ok && again != kind {
			t.Errorf("with more behind it %q is %q", content, again)
		}
	})
}

// A letter that was passed on is printed for posting, with the address apart,
// and marked once.
func TestPrint(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	id := p.send("Dear Wren, for the post.")
	wantKind(t, "before it is passed on", second(p.Desk.PrintPassed(ctx, p.Worker, id)), fault.Conflict)
	wantKind(t, "posting it before", p.Desk.MarkPosted(ctx, p.Worker, id), fault.Conflict)
	p.pass(id)
	printed, err := p.Desk.PrintPassed(ctx, p.Worker, id)
	must(t, err)
	if string(printed.Text) != "Dear Wren, for the post." || printed.To.Self != "us" || !printed.PostedOn.IsZero() || printed.Unread ||
		!strings.HasPrefix(printed.Reference, "LB-") || printed.PassedOn.IsZero() {
		t.Errorf("printed %+v, %q", printed, string(printed.Text))
	}
	if n := p.count(`select count(*) from audit_body where convert_from(body, 'UTF8') like '%event access%' || (select id from delivery) || '%worker/' || $1 || '%'`, p.WorkerLogin.ID); n != 1 {
		t.Errorf("%d readings are in the log", n)
	}
	must(t, p.Desk.MarkPosted(ctx, p.Worker, id))
	before := p.count(`select count(*) from audit_body`)
	must(t, p.Desk.MarkPosted(ctx, p.Worker, id))
	if n := p.count(`select count(*) from audit_body`); n != before {
		t.Error("posted twice in the log")
	}
	if printed, err = p.Desk.PrintPassed(ctx, p.Worker, id); err != nil || !printed.PostedOn.Equal(p.today()) {
		t.Errorf("posted on %s, %v", printed.PostedOn, err)
	}
	for name, actor := range map[string]authz.Actor{"a manager": p.Manager, "a person": p.adoptive} {
		wantKind(t, name+" prints", second(p.Desk.PrintPassed(ctx, actor, id)), fault.Forbidden)
		wantKind(t, name+" posts", p.Desk.MarkPosted(ctx, actor, id), fault.Forbidden)
		wantKind(t, name+" reads aloud", p.Desk.MarkReadAloud(ctx, actor, id), fault.Forbidden)
	}
	p.Exec(t, `update letter set stop = true`)
	wantKind(t, "a stopped letter", second(p.Desk.PrintPassed(ctx, p.Worker, id)), fault.Conflict)
	p.untriggered(`update letter set stop = false`)
	must(t, p.Desk.Recall(ctx, p.Worker, id, "a court order"))
	wantKind(t, "a recalled letter", second(p.Desk.PrintPassed(ctx, p.Worker, id)), fault.Conflict)
	p.Exec(t, `insert into connection (agency_id, exchange_id, worker_id) values ($1, $2, $3)`, p.Home.ID, string(p.exchange), p.WorkerLogin.ID)
	wantKind(t, "a connected worker", second(p.Desk.PrintPassed(ctx, p.Worker, id)), fault.Forbidden)
	p.logWhole()
}

// That a worker read a letter to somebody is in the log under their name, and changes
// nothing that a family can see.
func TestReadAloud(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	id := p.send("Dear Wren, read this to them.")
	wantKind(t, "before it is passed on", p.Desk.MarkReadAloud(ctx, p.Worker, id), fault.Conflict)
	p.pass(id)
	printed, err := p.Desk.PrintPassed(ctx, p.Worker, id)
	if must(t, err); len(printed.Aloud) != 0 {
		t.Error("nobody has read it aloud")
	}
	aloud := func(by string) int {
		return p.count(`select count(*) from audit_body where convert_from(body, 'UTF8') like '%event casework%object ' || (select id from delivery) || '%part aloud%worker/' || $1 || '%side/' || $2 || '%'`, by, string(p.toSide))
	}
	before := p.families()
	must(t, p.Desk.MarkReadAloud(ctx, p.Worker, id))
	p.Clock.Advance(10 * time.Minute)
	must(t, p.Desk.MarkReadAloud(ctx, p.Worker, id)) // a second press
	if after := p.families(); after != before {
		t.Errorf("it changed what families can select:\n%s\n%s", before, after)
	}
	if printed, err = p.Desk.PrintPassed(ctx, p.Worker, id); err != nil || len(printed.Aloud) != 1 || printed.Aloud[0].By != "Rhys Penhaligon" || !printed.Aloud[0].On.Equal(p.today()) || !printed.PostedOn.IsZero() {
		t.Errorf("it was read aloud: %+v, %v", printed.Aloud, err)
	}
	if n := aloud(p.Worker.Account()); n != 1 {
		t.Errorf("%d entries of one reading", n)
	}
	p.wantState(id, letterbox.Waiting, letterbox.PassedOn) // they may still open it themselves
	other := p.secondWorker()
	must(t, p.Desk.MarkReadAloud(ctx, other, id))
	if n := aloud(other.Account()); n != 1 {
		t.Errorf("%d entries of another one's", n)
	}
	p.Exec(t, `update letter set stop = true`)
	wantKind(t, "a stopped letter", p.Desk.MarkReadAloud(ctx, p.Worker, id), fault.Conflict)
	p.Exec(t, `insert into connection (agency_id, exchange_id, worker_id) values ($1, $2, $3)`, p.Home.ID, string(p.exchange), other.Account())
	p.untriggered(`update letter set stop = false`)
	wantKind(t, "a connected worker", p.Desk.MarkReadAloud(ctx, other, id), fault.Forbidden)
	p.logWhole()
}

// Everybody at the address is on the envelope, and nobody who lives elsewhere.
func TestPrint_Address(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	names := letterbox.Names{Children: []string{"Ash"}, Other: "them", Self: "us"}
	person := func(name, address string) letterbox.NewPerson {
		return letterbox.NewPerson{Name: name, Relation: "adopter", Address: address}
	}
	const home = "1 Mill Lane\nTrelawn"
	side := func(book string, people ...letterbox.NewPerson) letterbox.NewSide {
		return letterbox.NewSide{Book: book, People: people, Names: names, MaySend: []string{"letter"}, TimesAYear: 1}
	}
	x, err := p.Desk.OpenExchange(ctx, p.Worker, letterbox.NewExchange{
		Children: []letterbox.NewChild{{BirthName: "Ash", AdoptiveName: "Ash", Born: p.Clock.Now().AddDate(-3, 0, 0)}},
		Sides: [2]letterbox.NewSide{side("birth", letterbox.NewPerson{ID: letterbox.PersonID(p.birthID)}),
			side("adoptive", person("Kerra Tregear", home), person("Jory Tregear", home))}})
	must(t, err)
	file, err := p.Desk.Exchange(ctx, p.Worker, x)
	must(t, err)
	draft, err := p.Families.NewDraft(ctx, p.SignInPerson(t, &p.birthLogin), file.Sides[0].ID, "Dear Ash.")
	must(t, err)
	id, err := p.Families.Send(ctx, p.SignInPerson(t, &p.birthLogin), draft, 1)
	must(t, err)
	p.pass(id)
	printed, err := p.Desk.PrintPassed(ctx, p.Worker, id)
	must(t, err)
	if got := strings.Split(printed.AddressTo, "\n"); len(got) != 4 || got[2] != "1 Mill Lane" || got[3] != "Trelawn" ||
		!strings.Contains(printed.AddressTo, "Kerra Tregear\n") || !strings.Contains(printed.AddressTo, "Jory Tregear\n") {
		t.Errorf("the envelope says %q", printed.AddressTo)
	}
	// A person whom nobody stated on the side stops the printing: it could be anybody's address.
	p.untriggered(`update side_member set side_id = '` + string(file.Sides[1].ID) + `' where person_id = '` + p.adopterID + `'`)
	wantKind(t, "with a changed row", second(p.Desk.PrintPassed(ctx, p.Worker, id)), fault.Sealed)
}

// The delivery of another letter does not get into the envelope.
func TestPrint_ChangedRows(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	first, other := p.send("The first."), p.send("The second.")
	p.pass(first)
	p.pass(other)
	p.untriggered(`alter table delivery drop constraint delivery_once`,
		`update delivery set letter_id = case letter_id when '`+string(first)+`' then '`+string(other)+`' else '`+string(first)+`' end`)
	wantKind(t, "two deliveries exchanged", second(p.Desk.PrintPassed(ctx, p.Worker, first)), fault.Sealed)
}

// Who wrote a letter down with somebody is neither the first of its two readers
// nor the second, by their own signed word, whatever the rows say.
func TestPaper_HelperOfTwoReaders(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	must(t, p.Desk.SetSecondReader(ctx, p.Worker, p.exchange, letterbox.ReadTwiceAlways))
	id, err := p.Desk.RecordPaper(ctx, p.Worker, p.paper())
	must(t, err)
	if n := p.count(`select count(*) from letter_helper where letter_id = $1 and worker_id = $2`, string(id), p.Worker.Account()); n != 1 {
		t.Errorf("%d times kept as helper", n)
	}
	must(t, p.Desk.Claim(ctx, p.Worker, id))
	wantFault(t, "the helper reads first", p.Desk.ReadFirst(ctx, p.Worker, id, ""), "fault.letter.helped")
	p.untriggered(`delete from letter_helper`)
	wantFault(t, "the helper reads first, without a row", p.Desk.ReadFirst(ctx, p.Worker, id, ""), "fault.letter.helped")
	must(t, p.Desk.Release(ctx, p.Worker, id))
	first, second := p.newStaff("Imogen Farr", authz.LetterboxWorker), p.secondWorker()
	must(t, p.Desk.Claim(ctx, first, id))
	must(t, p.Desk.ReadFirst(ctx, first, id, ""))
	must(t, p.Desk.Claim(ctx, p.Worker, id))
	wantFault(t, "the helper passes on after the first", p.Desk.Pass(ctx, p.Worker, id, ""), "fault.letter.helped")
	must(t, p.Desk.Release(ctx, p.Worker, id))
	must(t, p.Desk.Claim(ctx, second, id))
	must(t, p.Desk.Pass(ctx, second, id, ""))
}

// Whoever is named as a helper neither decides nor reads first, by the typist's
// signed word and in the database; nobody is named later.
func TestPaper_Helpers(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	helper, lead := p.newStaff("Imogen Farr", authz.LetterboxWorker), p.newStaff("Ines Calder", authz.SafeguardingLead)
	third := p.newStaff("Piers Lowe", authz.LetterboxWorker)
	list, err := p.Desk.Helpers(ctx, p.Worker)
	must(t, err)
	if len(list) != 4 || list[0].Name == "" { // with the manager
		t.Errorf("can be named: %+v", list)
	}
	for name, who := range map[string][]string{"oneself": {p.Worker.Account()}, "nobody": {"wk"}, "a person": {p.birthID},
		"too many": {helper.Account(), lead.Account(), third.Account(), p.Manager.Account(), agency.NewID("wk"), agency.NewID("wk")}} {
		letter := p.paper()
		letter.Helpers = who
		_, err := p.Desk.RecordPaper(ctx, p.Worker, letter)
		wantAt(t, name, err, "fault.paper.helpers", "helpers")
	}
	// With the helper named, one is left who could decide: it is said who helped and how, to who reads it.
	letter := p.paper()
	letter.Helpers = []string{helper.Account(), lead.Account(), helper.Account()}
	_, err = p.Desk.RecordPaper(ctx, p.Worker, letter)
	wantAt(t, "one is left", err, "fault.paper.helping", "helping")
	letter.Helping = " \n"
	_, err = p.Desk.RecordPaper(ctx, p.Worker, letter)
	wantAt(t, "one is left, and nothing said", err, "fault.paper.helping", "helping")
	byHand := func(helpers ...string) string {
		sql := ""
		for _, h := range helpers {
			sql += `; insert into letter_helper (agency_id, letter_id, worker_id) values (agency(), '` + string(letter.ID) + `', '` + h + `')`
		}
		_, constraint := broke(p.asStaff(p.Worker.Account(), `insert into letter (agency_id, id, exchange_id, from_side, to_side, author, state, hear_by, paper)
			select agency(), '`+string(letter.ID)+`', exchange_id, from_side, to_side, author, 'received', current_date + 9, true from letter limit 1`+sql))
		return constraint
	}
	p.send("One to copy.")
	if got := byHand(p.Worker.Account(), helper.Account()); got != "letter_helper_left" {
		t.Errorf("one is left, by hand: %q", got)
	}
	letter.Helping = "We both sat with her."
	id, err := p.Desk.RecordPaper(ctx, p.Worker, letter)
	must(t, err)
	if again, err := p.Desk.RecordPaper(ctx, p.Worker, letter); err != nil || again != id {
		t.Errorf("a second click: %s, %v", again, err)
	}
	if n := p.count(`select count(*) from letter_helper where letter_id = $1`, string(id)); n != 3 {
		t.Errorf("%d helpers are kept", n)
	}
	refused := func(what string) {
		t.Helper()
		must(t, p.Desk.Claim(ctx, helper, id))
		if reading, err := p.Desk.Read(ctx, helper, id); err != nil || reading.MayDecide || reading.WhyNot != "helped" {
			t.Errorf("%s: may decide %v, %q, %v", what, reading.MayDecide, reading.WhyNot, err)
		}
		wantFault(t, what+", passes on", p.Desk.Pass(ctx, helper, id, ""), "fault.letter.helped")
		wantFault(t, what+", returns", p.Desk.Return(ctx, helper, id, "unclear", "", ""), "fault.letter.helped")
		must(t, p.Desk.Release(ctx, helper, id))
	}
	refused("the helper")
	_, constraint := broke(p.asStaff(helper.Account(), `insert into decision (agency_id, letter_id, worker_id, act, turn, leaf) values (agency(), $1, account(), 'return', 1, sha256('e'))`, string(id)))
	if constraint != "decision_helper" {
		t.Errorf("by hand: %q", constraint)
	}
	if _, constraint := broke(p.asStaff(p.Worker.Account(), `insert into letter_helper (agency_id, letter_id, worker_id) values (agency(), $1, $2)`, string(id), third.Account())); constraint != "letter_helper_late" {
		t.Errorf("named later: %q", constraint)
	}
	p.untriggered(`delete from letter_helper`)
	refused("the helper without a row")
	must(t, p.Desk.Claim(ctx, third, id))
	reading, err := p.Desk.Read(ctx, third, id)
	must(t, err)
	if !slices.ContainsFunc(reading.Notes, func(n letterbox.WorkNote) bool {
		return n.What == "helping" && n.Text == "We both sat with her." && n.By != ""
	}) {
		t.Errorf("who decides reads %+v", reading.Notes)
	}
	must(t, p.Desk.Release(ctx, third, id))

	// Where two are left nothing is asked; where nobody is named, nothing either, however few there are.
	p.newStaff("Rowan Tye", authz.LetterboxWorker)
	enough := p.paper()
	enough.Helpers = []string{helper.Account()}
	must(t, second(p.Desk.RecordPaper(ctx, p.Worker, enough)))

	// A lead who helped says nothing final about it, either.
	must(t, p.Desk.Claim(ctx, third, id))
	must(t, p.Desk.Escalate(ctx, third, id, "a worry"))
	wantFault(t, "the lead who helped refuses", p.Desk.RefuseReferred(ctx, lead, id, "unclear", "", ""), "fault.letter.helped")
	must(t, p.Desk.HandBack(ctx, lead, id, "no worry"))
	must(t, p.Desk.Claim(ctx, third, id))
	must(t, p.Desk.Pass(ctx, third, id, ""))
	p.logWhole()
}
