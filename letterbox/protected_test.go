package letterbox_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/letterbox/screening"
)

// homes is a pair with two more workers, and with a second desk that reads the
// log anew.
type homes struct {
	*team
	words *bytes.Buffer // what a second desk, desk, says to its log
	desk  *letterbox.Service
}

func newHomes(t *testing.T) *homes {
	t.Helper()
	h := &homes{team: newTeam(t), words: &bytes.Buffer{}}
	h.anotherDesk()
	return h
}

// anotherDesk is the staff tier of another process: it reads the log from its beginning.
func (h *homes) anotherDesk() {
	index := audit.NewIndex(h.StaffDB, h.StaffAgencies.VerifyIn(h.StaffDB))
	h.desk = letterbox.New(h.StaffDB, h.StaffAgencies, index, h.Clock.Now, slog.New(slog.NewTextHandler(h.words, nil)))
}

// opens an exchange about Isla between two homes.
func (h *homes) opens(birth, adoptive letterbox.NewPerson, child letterbox.NewChild) letterbox.ExchangeID {
	h.t.Helper()
	if child.ID == "" {
		child.Born = h.Clock.Now().AddDate(-7, 0, 0)
	}
	side := func(book string, p letterbox.NewPerson, called, other, self string) letterbox.NewSide {
		return letterbox.NewSide{Book: book, People: []letterbox.NewPerson{p}, Names: letterbox.Names{Children: []string{called}, Other: other, Self: self},
			MaySend: []string{"letter"}, TimesAYear: 2}
	}
	id, err := h.Desk.OpenExchange(h.t.Context(), h.Worker, letterbox.NewExchange{Children: []letterbox.NewChild{child},
		Sides: [2]letterbox.NewSide{side("birth", birth, "Ruby", "her mum and dad", "her first mum"), side("adoptive", adoptive, "Isla", "Tamsin’s family", "Sarah")}})
	must(h.t, err)
	return id
}

func (h *homes) protected(id letterbox.ExchangeID) letterbox.Protected {
	h.t.Helper()
	p, err := h.Desk.Protected(h.t.Context(), h.Worker, id)
	must(h.t, err)
	if p.Unread {
		h.t.Fatal("the list does not open")
	}
	return p
}

func has(list []letterbox.ProtectedWord, kind screening.Kind, value string, of letterbox.SideID) bool {
	return slices.ContainsFunc(list, func(w letterbox.ProtectedWord) bool { return w.Kind == kind && w.Value == value && w.Of == of })
}

var (
	sarah  = letterbox.NewPerson{Name: "Mrs Sarah Jane Whitfield", Relation: "adopter", Address: "Rose Cottage\n12 Mill Lane\nBromyard HR7 4AA", Phone: "07700 900456"}
	ruby   = letterbox.NewChild{BirthName: "Ruby Vale", AdoptiveName: "Isla Whitfield"}
	tamsin = letterbox.NewPerson{Name: "Tamsin Vale", Relation: "birth mother", Address: "4 Quay Street, Penryn, England"}
)

// An exchange is protected from its first letter on, by what was typed when it
// was opened; and each side's own list holds what that side told us, and no more.
func TestProtected_Opened(t *testing.T) {
	h := newHomes(t)
	id := h.opens(tamsin, sarah, ruby)
	p := h.protected(id)
	birth, adoptive := p.Sides[0].ID, p.Sides[1].ID
	if p.Version != 1 || len(p.Suggested) != 0 || len(p.LeftOut) != 0 || p.Sides[0].Names != "Tamsin Vale" || p.Sides[1].Book != "adoptive" {
		t.Errorf("version %d, %d suggested, %d left out, of %q and %q", p.Version, len(p.Suggested), len(p.LeftOut), p.Sides[0].Names, p.Sides[1].Book)
	}
	for _, want := range []struct {
		kind  screening.Kind
		value string
		of    letterbox.SideID
	}{
		{screening.Name, "Sarah", adoptive}, {screening.Name, "Jane", adoptive}, {screening.Surname, "Whitfield", adoptive},
		{screening.Address, "Rose Cottage", adoptive}, {screening.Address, "12 Mill Lane", adoptive}, {screening.Town, "Bromyard", adoptive},
		{screening.Postcode, "HR7 4AA", adoptive}, {screening.Phone, "07700 900456", adoptive}, {screening.Name, "Isla", adoptive},
		{screening.Name, "Ruby", birth}, {screening.Surname, "Vale", birth}, {screening.Address, "4 Quay Street", birth}, {screening.Town, "Penryn", birth},
	} {
		if !has(p.Words, want.kind, want.value, want.of) {
			t.Errorf("%s %q is not on the list", want.kind, want.value)
		}
	}
	for _, w := range p.Words {
		if !w.Told || strings.Contains(w.Value, "England") || strings.Contains(w.Value, "Mrs") {
			t.Errorf("on the list stands %s %q", w.Kind, w.Value)
		}
	}
	if n := h.count(`select count(*) from object where kind in ('list', 'ownlist') and exchange_id = $1 and version = 1`, string(id)); n != 3 {
		t.Errorf("%d objects", n)
	}
	h.logWhole()
}

// The worker's screen finds what the list says, leaves alone what both sides
// use, and knows where somebody's other child lives now.
func TestScreenOf(t *testing.T) {
	h, ctx := newHomes(t), t.Context()
	first := h.opens(letterbox.NewPerson{ID: letterbox.PersonID(h.birthID)}, sarah, ruby)
	h.birth = h.SignInPerson(t, &h.birthLogin)
	h.Worker = h.anew(&h.WorkerLogin)
	letter := h.writeIn(first, h.birth)
	found := func(what string, actor authz.Actor, text string) map[string]screening.Code {
		t.Helper()
		screen, err := h.Desk.ScreenOf(ctx, actor, letter)
		must(t, err)
		codes := map[string]screening.Code{}
		for _, f := range screen.Scan(text) {
			codes[f.Because] = f.Code
		}
		return codes
	}
	if got := found("the new name", h.Worker, "Isla and Sarah are well, says Tamsin to Ruby."); len(got) != 0 {
		t.Errorf("of what both sides use is found %v", got)
	}
	text := "Dear Ruby, is Mrs Whitfield in Bromyard still well? Does she know Wren and the Hales? Love, Tamsin"
	if got := found("all", h.Worker, text); len(got) != 4 || got["Whitfield"] != "M01" || got["Bromyard"] != "M03" ||
		got["Wren"] != "M13" || got["Hale"] != "M13" {
		t.Errorf("found %v", got)
	}

	// Somebody who is not named for the other case hears nothing of it.
	h.restrict()
	h.Worker = h.anew(&h.WorkerLogin)
	if got := found("closed", h.Worker, text); len(got) != 2 || got["Hale"] != "" || got["Wren"] != "" {
		t.Errorf("of a restricted case is found %v", got)
	}
}

// A child's new name in a letter to a side that does not use it is a finding,
// though the writer uses it.
func TestScreenOf_NewName(t *testing.T) {
	h, ctx := newHomes(t), t.Context()
	id := h.opens(tamsin, sarah, ruby)
	x, err := h.Desk.Exchange(ctx, h.Worker, id)
	must(t, err)
	_, writer := h.NewPerson(t, string(x.Sides[1].People[0].ID))
	h.Worker = h.anew(&h.WorkerLogin)
	draft, err := h.Families.NewDraft(ctx, writer, x.Sides[1].ID, "Hello.")
	must(t, err)
	letter, err := h.Families.Send(ctx, writer, draft, 1)
	must(t, err)
	must(t, h.Desk.Claim(ctx, h.Worker, letter))
	screen, err := h.Desk.ScreenOf(ctx, h.Worker, letter)
	must(t, err)
	if found := screen.Scan("Isla says hello, and so does Sarah."); len(found) != 1 || found[0].Because != "Isla" || found[0].Code != "M04" {
		t.Errorf("found %v", found)
	}
}

// writeIn sends a letter from the birth side of an exchange and claims it.
func (h *homes) writeIn(id letterbox.ExchangeID, writer authz.Actor) letterbox.LetterID {
	h.t.Helper()
	letter := h.sendIn(id, writer, "Hello.")
	must(h.t, h.Desk.Claim(h.t.Context(), h.Worker, letter))
	return letter
}

// sendIn has the first side of an exchange send a letter.
func (h *homes) sendIn(id letterbox.ExchangeID, writer authz.Actor, text string) letterbox.LetterID {
	h.t.Helper()
	x, err := h.Desk.Exchange(h.t.Context(), h.Worker, id)
	must(h.t, err)
	draft, err := h.Families.NewDraft(h.t.Context(), writer, x.Sides[0].ID, text)
	must(h.t, err)
	letter, err := h.Families.Send(h.t.Context(), writer, draft, 1)
	must(h.t, err)
	return letter
}

// An exchange that was opened before there were lists is protected by its
// records, and its first list is the next version.
func TestScreenOf_NoList(t *testing.T) {
	h, ctx := newHomes(t), t.Context()
	letter := h.writeIn(h.exchange, h.birth)
	admin := h.Database.Admin()
	for _, sql := range []string{`set session_replication_role = replica`,
		// A statement of a list that nobody signed: the families' tier can append one, and it is no word that there was a list.
		`insert into audit_body (agency_id, idx, body) select agency_id, (select max(idx) + 1 from audit_body),
			convert_to(replace(convert_from(body, 'UTF8'), 'refs -', 'refs ' || repeat('B', 42) || 'A='), 'UTF8') from audit_body
			where leaf = (select leaf from object where kind = 'list')`,
		`update audit_gate set next = next + 1 where agency_id = 'oak'`,
		`delete from audit_body where leaf in (select leaf from object where kind in ('list', 'ownlist'))`, `delete from object where kind in ('list', 'ownlist')`} {
		_, err := admin.Exec(ctx, sql)
		must(t, err)
	}
	must(t, admin.Close(context.Background()))
	screen, err := h.desk.ScreenOf(ctx, h.Worker, letter)
	must(t, err)
	if found := screen.Scan("How is Morwenna Hale?"); len(found) != 1 || found[0].Severity != screening.High {
		t.Errorf("found %v", found)
	}
	p, err := h.desk.Protected(ctx, h.Worker, h.exchange)
	must(t, err)
	if p.Version != 0 || len(p.Words) != 0 || len(p.Suggested) == 0 || p.Unread {
		t.Errorf("%d on the list, %d suggested", len(p.Words), len(p.Suggested))
	}
	must(t, h.desk.ChangeProtected(ctx, h.Worker, h.exchange, 0, []letterbox.ProtectedWord{p.Suggested[0].ProtectedWord}, nil))
	if p, err = h.desk.Protected(ctx, h.Worker, h.exchange); err != nil || p.Version != 1 || len(p.Words) != 1 {
		t.Errorf("version %d with %d words, %v", p.Version, len(p.Words), err)
	}
}

// A list that was replaced by an older one, by another case's, or taken away:
// an alarm, and nothing is screened without it.
func TestProtected_ChangedRows(t *testing.T) {
	h, ctx := newHomes(t), t.Context()
	other := h.opens(letterbox.NewPerson{Name: "Nia Pryce", Relation: "birth mother"}, sarah, ruby)
	letter := h.writeIn(h.exchange, h.birth)
	must(t, h.Desk.ChangeProtected(ctx, h.Worker, h.exchange, 1, []letterbox.ProtectedWord{{Kind: screening.School, Value: "Saltreach Primary"}}, nil))
	if _, err := h.desk.ScreenOf(ctx, h.Worker, letter); err != nil || h.words.Len() > 0 {
		t.Fatalf("%v, %s", err, h.words)
	}
	id := string(h.exchange)
	for name, change := range map[string]string{
		"older":       `delete from object where id = '` + id + `' and part = 'list' and version = 2`,
		"renumbered":  `delete from object where id = '` + id + `' and part = 'list' and version = 2; update object set version = 2 where id = '` + id + `' and part = 'list'`,
		"gone":        `delete from object where id = '` + id + `' and part = 'list'`,
		"of another":  `delete from object where id = '` + id + `' and part = 'list'; update object set id = '` + id + `', exchange_id = '` + id + `' where id = '` + string(other) + `' and part = 'list'`,
		"its content": `update object a set sealed = b.sealed, commit = b.commit from object b where a.id = '` + id + `' and a.part = 'list' and a.version = 2 and b.id = '` + string(other) + `' and b.part = 'list'`,
		"of a kind":   `update object set kind = 'parties' where id = '` + id + `' and part = 'list'`,
	} {
		t.Run(name, func(t *testing.T) {
			conn := h.Database.Admin()
			for _, sql := range []string{`create table kept as select * from object`, `set session_replication_role = replica`} {
				_, err := conn.Exec(ctx, sql)
				must(t, err)
			}
			_, err := conn.Exec(ctx, change)
			must(t, err)
			h.anotherDesk()
			h.words.Reset()
			wantKind(t, "the screen", second(h.desk.ScreenOf(ctx, h.Worker, letter)), fault.Sealed)
			if reading, err := h.desk.Read(ctx, h.Worker, letter); err != nil || !reading.Unscreened || reading.Unread || len(reading.Findings) > 0 {
				t.Errorf("the letter is shown with %d findings, unscreened %v, %v", len(reading.Findings), reading.Unscreened, err)
			}
			if !strings.Contains(h.words.String(), "ALARM") {
				t.Error("nobody is alarmed")
			}
			if p, err := h.desk.Protected(ctx, h.Worker, h.exchange); err != nil || !p.Unread || len(p.Words)+len(p.Suggested) != 0 {
				t.Errorf("the page shows %d words, unread %v, %v", len(p.Words), p.Unread, err)
			}
			if err := h.desk.ChangeProtected(ctx, h.Worker, h.exchange, 2, nil, []letterbox.ProtectedWord{{Kind: screening.Town, Value: "Penryn"}}); err == nil {
				t.Error("it is built on")
			}
			for _, sql := range []string{`delete from object`, `alter table kept drop column if exists told, drop column if exists sealed_part`, `insert into object select * from kept`, `drop table kept`} {
				_, err := conn.Exec(ctx, sql)
				must(t, err)
			}
			must(t, conn.Close(ctx))
		})
	}
}

// What workers left out once does not come back: not on the page, not in the
// screen, and whatever else is changed. What is put on again is on again.
func TestChangeProtected(t *testing.T) {
	h, ctx := newHomes(t), t.Context()
	letter := h.writeIn(h.exchange, h.birth)
	p := h.protected(h.exchange)
	birth, adoptive := p.Sides[0].ID, p.Sides[1].ID
	hale := letterbox.ProtectedWord{Kind: screening.Surname, Value: "Hale", Of: adoptive, Told: true}
	school := letterbox.ProtectedWord{Kind: screening.School, Value: " Saltreach  Primary School", Of: adoptive}
	finds := func(text string) (n int) {
		t.Helper()
		screen, err := h.Desk.ScreenOf(ctx, h.Worker, letter)
		must(t, err)
		return len(screen.Scan(text))
	}
	if finds("Is Hale nice?") != 1 {
		t.Error("the surname is not found to begin with")
	}
	must(t, h.Desk.ChangeProtected(ctx, h.Worker, h.exchange, 1, []letterbox.ProtectedWord{school}, []letterbox.ProtectedWord{hale}))
	must(t, h.Desk.ChangeProtected(ctx, h.Worker, h.exchange, 2, nil, []letterbox.ProtectedWord{{Kind: screening.Surname, Value: "HALE", Of: adoptive}}))
	p = h.protected(h.exchange)
	if p.Version != 2 || len(p.LeftOut) != 1 || len(p.Suggested) != 0 || has(p.Words, screening.Surname, "Hale", adoptive) || !has(p.Words, screening.School, "Saltreach Primary School", adoptive) {
		t.Errorf("version %d, %d left out, %d suggested", p.Version, len(p.LeftOut), len(p.Suggested))
	}
	if finds("Is Hale nice?") != 0 || finds("Is she at Saltreach Primary?") != 1 {
		t.Error("the screen does not follow")
	}
	must(t, h.Desk.ChangeProtected(ctx, h.Worker, h.exchange, 2, []letterbox.ProtectedWord{hale}, nil))
	if p = h.protected(h.exchange); p.Version != 3 || len(p.LeftOut) != 0 || !has(p.Words, screening.Surname, "Hale", adoptive) || finds("Is Hale nice?") != 1 {
		t.Errorf("put on again: version %d, %d left out", p.Version, len(p.LeftOut))
	}

	change := func(w letterbox.ProtectedWord) error {
		return h.Desk.ChangeProtected(ctx, h.Worker, h.exchange, 3, []letterbox.ProtectedWord{w}, nil)
	}
	for name, w := range map[string]letterbox.ProtectedWord{
		"value":                {Kind: screening.Town, Value: "x"},
		"value, long":          {Kind: screening.Town, Value: strings.Repeat("x", screening.MaxValue+1)},
		"kind":                 {Kind: "car", Value: "Fiesta"},
		"of":                   {Kind: screening.Town, Value: "Penryn", Of: "sd00000000000000000000"},
		"of, told":             {Kind: screening.Town, Value: "Penryn", Told: true},
		"of, and of elsewhere": {Kind: screening.Town, Value: "Penryn", Of: birth, Elsewhere: true},
	} {
		wantKind(t, name, change(w), fault.Invalid)
	}
	var many []letterbox.ProtectedWord
	for i := range letterbox.MaxProtected {
		many = append(many, letterbox.ProtectedWord{Kind: screening.Other, Value: "word " + strings.Repeat("n", i/20) + string(rune('a'+i%20))})
	}
	wantKind(t, "too many", h.Desk.ChangeProtected(ctx, h.Worker, h.exchange, 3, many, nil), fault.Invalid)
	if p = h.protected(h.exchange); p.Version != 3 {
		t.Errorf("what was refused is version %d", p.Version)
	}
	h.logWhole()
}

// Two workers save at once: the second is told so, and what the first saved stands.
func TestChangeProtected_AtOnce(t *testing.T) {
	h, ctx := newHomes(t), t.Context()
	save := func(actor authz.Actor, town string) error {
		return h.Desk.ChangeProtected(ctx, actor, h.exchange, 1, []letterbox.ProtectedWord{{Kind: screening.Town, Value: town}}, nil)
	}
	slow, fast := overtaken(t, h.Desk, "changeProtected", func() error { return save(h.Worker, "Penryn") }, func() error { return save(h.imogen, "Bromyard") })
	must(t, fast)
	wantKind(t, "the slower save", slow, fault.Conflict)
	if slow == nil || !strings.Contains(slow.Error(), "fault.protected.changed") {
		t.Errorf("the slower one hears %v", slow)
	}
	if p := h.protected(h.exchange); p.Version != 2 || !has(p.Words, screening.Town, "Bromyard", "") || has(p.Words, screening.Town, "Penryn", "") {
		t.Errorf("version %d", p.Version)
	}
	wantKind(t, "an old page", save(h.Worker, "Penryn"), fault.Conflict)
}

// The list is for the case's own workers, and a reading of it is in the log
// before it is shown.
func TestProtected_Refused(t *testing.T) {
	h, ctx := newHomes(t), t.Context()
	add := []letterbox.ProtectedWord{{Kind: screening.Town, Value: "Penryn"}}
	readings := func() int {
		return h.count(`select count(*) from audit_body where body like convert_to(E'%\npart list\n%', 'UTF8') and body like convert_to(E'%event access%', 'UTF8')`)
	}
	before := readings()
	h.protected(h.exchange)
	if n := readings() - before; n != 1 {
		t.Errorf("one reading is %d times in the log", n)
	}
	h.Exec(t, `insert into connection (agency_id, exchange_id, worker_id) values ('oak', $1, $2)`, string(h.exchange), h.owen.Account())
	hefinLogin, hefin := h.NewWorker(t, "Hefin Moss", authz.LetterboxWorker)
	h.Exec(t, `update worker set person_id = $1 where id = $2`, h.adopterID, hefinLogin.ID)
	for name, actor := range map[string]authz.Actor{"connected": h.owen, "one of its people": hefin, "a manager": h.Manager, "a person": h.birth} {
		wantKind(t, name+" reads", second(h.Desk.Protected(ctx, actor, h.exchange)), fault.Forbidden)
		wantKind(t, name+" changes", h.Desk.ChangeProtected(ctx, actor, h.exchange, 1, add, nil), fault.Forbidden)
	}
	wantKind(t, "no exchange", second(h.Desk.Protected(ctx, h.Worker, "ex00000000000000000000")), fault.NotFound)
	wantKind(t, "no id", second(h.Desk.Protected(ctx, h.Worker, "nothing")), fault.NotFound)
	wantKind(t, "changing no exchange", h.Desk.ChangeProtected(ctx, h.Worker, "ex00000000000000000000", 1, add, nil), fault.NotFound)
	h.restrict()
	h.Worker = h.anew(&h.WorkerLogin)
	wantKind(t, "closed reads", second(h.Desk.Protected(ctx, h.Worker, h.exchange)), fault.Forbidden)
	wantKind(t, "closed changes", h.Desk.ChangeProtected(ctx, h.Worker, h.exchange, 1, add, nil), fault.Forbidden)
	must(t, h.Desk.ChangeProtected(ctx, h.anew(&h.imogenLogin), h.exchange, 1, add, nil))
	if n := readings() - before; n != 1 {
		t.Errorf("what was refused is in the log as %d readings", n-1)
	}
}

// A changed row does not have one family's words sealed to the other, and
// sides that change places do not either.
func TestChangeProtected_ChangedSides(t *testing.T) {
	h, ctx := newHomes(t), t.Context()
	other := h.opens(letterbox.NewPerson{Name: "Nia Pryce", Relation: "birth mother"}, sarah, ruby)
	p := h.protected(h.exchange)
	secret := letterbox.ProtectedWord{Kind: screening.School, Value: "Saltreach", Of: p.Sides[1].ID, Told: true}
	h.untriggered(`alter table side drop constraint side_two`, `update side set place = 3 - place where exchange_id = '`+string(h.exchange)+`'`)
	must(t, h.Desk.ChangeProtected(ctx, h.Worker, h.exchange, 1, []letterbox.ProtectedWord{secret}, nil))
	if hints, err := h.Families.Hints(ctx, h.birth, p.Sides[0].ID, "Saltreach is here."); err != nil || len(hints) != 0 {
		t.Errorf("the other side is told %d hints, %v", len(hints), err)
	}
	q := h.protected(other)
	h.untriggered(`update side set exchange_id = '`+string(h.exchange)+`' where id = '`+string(q.Sides[0].ID)+`'`,
		`update side set exchange_id = '`+string(other)+`' where id = '`+string(p.Sides[0].ID)+`'`)
	wantKind(t, "a side of another exchange", h.Desk.ChangeProtected(ctx, h.Worker, h.exchange, 2, nil, []letterbox.ProtectedWord{secret}), fault.Sealed)
}

// A writer is helped by what is general and by what their own side told us. Of
// the other side's words they learn nothing: right, wrong or never heard of, a
// guess is answered alike.
func TestHints(t *testing.T) {
	h, ctx := newHomes(t), t.Context()
	id := h.opens(letterbox.NewPerson{ID: letterbox.PersonID(h.birthID)}, sarah, ruby)
	h.birth, h.Worker = h.SignInPerson(t, &h.birthLogin), h.anew(&h.WorkerLogin)
	p := h.protected(id)
	mine, theirs := p.Sides[0].ID, p.Sides[1].ID
	hints := func(text string) (said []string) {
		t.Helper()
		list, err := h.Families.Hints(ctx, h.birth, mine, letterbox.Text(text))
		must(t, err)
		for _, hint := range list {
			said = append(said, string(hint.Category)+" "+hint.Text)
		}
		return said
	}
	must(t, h.Desk.ChangeProtected(ctx, h.Worker, id, 1, []letterbox.ProtectedWord{
		{Kind: screening.Town, Value: "Penryn", Of: mine, Told: true}, // what she told us
		{Kind: screening.Town, Value: "Truro", Of: mine},              // what we know of her by others
		{Kind: screening.School, Value: "Larkfield", Of: theirs, Told: true},
	}, nil))
	if got := hints("Dear Ruby, ring me on 07700 900888. I am Tamsin Vale of Penryn. My granny died. Is it nice on 3 May?"); !slices.Equal(got, []string{
		"CUE ring me", "PHONE 07700 900888", "NAME Tamsin Vale", "LOCATION Penryn", "CARE died"}) {
		t.Errorf("the hints are %q", got)
	}
	for _, word := range []string{"Whitfield", "Bromyard", "Larkfield", "Truro", "Isla", "Jane"} {
		if got := hints("I think that " + word + " is lovely."); len(got) != 0 {
			t.Errorf("a guess that is right is answered %q", got)
		}
	}
	if n := h.count(`select count(*) from object where kind = 'ownlist' and id = $1 and version = 2`, string(theirs)); n != 1 {
		t.Error("the other side's own list is not there")
	}

	wantKind(t, "the other side", second(h.Families.Hints(ctx, h.birth, theirs, "Hello.")), fault.NotFound)
	wantKind(t, "no side", second(h.Families.Hints(ctx, h.birth, "nothing", "Hello.")), fault.NotFound)
	// A changed own list helps nobody, and stops nobody.
	h.untriggered(`update object set sealed = '' where kind = 'ownlist'`)
	if got := hints("Tamsin Vale, 07700 900888"); !slices.Equal(got, []string{"PHONE 07700 900888"}) {
		t.Errorf("without a list the hints are %q", got)
	}
}

// A letter full of numbers gives its writer so many hints, the first ones, and the
// same words once.
func TestHints_Most(t *testing.T) {
	p := newPair(t)
	var text strings.Builder
	for i := range letterbox.MaxHints + 30 {
		fmt.Fprintf(&text, "Ring 07700 900%03d, or 07700 900000.\n\n", i)
	}
	hints, err := p.Families.Hints(t.Context(), p.birth, p.fromSide, letterbox.Text(text.String()))
	must(t, err)
	if len(hints) != letterbox.MaxHints || hints[0].Text != "07700 900000" || hints[1].Text != "07700 900001" {
		t.Errorf("%d hints, which begin with %q", len(hints), hints[0].Text)
	}
}

// Whoever knows another family of the same people learns nothing of it by this
// case: not by its list, as a colleague wrote it, not by what the records say, not by
// a finding, and not by what a colleague answered. Their colleagues go on as before.
func TestScreenOf_KnowsAnother(t *testing.T) {
	h, ctx := newHomes(t), t.Context()
	first := h.opens(letterbox.NewPerson{ID: letterbox.PersonID(h.birthID)}, sarah, ruby)
	h.birth = h.SignInPerson(t, &h.birthLogin)
	h.Worker, h.owen = h.anew(&h.WorkerLogin), h.anew(&h.owenLogin)
	// A colleague takes up what the records suggest, and adds a school.
	p := h.protected(first)
	add := []letterbox.ProtectedWord{{Kind: screening.School, Value: "Larkfield", Elsewhere: true}, {Kind: screening.Town, Value: "Truro"}}
	for _, w := range p.Suggested {
		if w.Elsewhere {
			add = append(add, w.ProtectedWord)
		}
	}
	if len(add) < 4 {
		t.Fatalf("of the other adoption is suggested %v", p.Suggested)
	}
	must(t, h.Desk.ChangeProtected(ctx, h.Worker, first, p.Version, add, []letterbox.ProtectedWord{{Kind: screening.Town, Value: "Hayle", Elsewhere: true}}))
	letter := h.writeIn(first, h.birth)
	elsewhere := []string{"Hale", "Wren", "Larkfield", "Hayle"}
	in := func(list []string, word string) bool { return strings.Contains(strings.Join(list, ", "), word) }
	sees := func(who authz.Actor) (found, listed []string) {
		t.Helper()
		screen, err := h.Desk.ScreenOf(ctx, who, letter)
		must(t, err)
		for _, f := range screen.Scan("Is Wren Hale at Larkfield in Truro? Ask Mrs Whitfield.") {
			found = append(found, f.Because)
		}
		list, err := h.Desk.Protected(ctx, who, first)
		must(t, err)
		for _, w := range slices.Concat(list.Words, list.LeftOut) {
			listed = append(listed, w.Value)
		}
		for _, w := range list.Suggested {
			listed = append(listed, w.Value)
		}
		return found, listed
	}
	found, listed := sees(h.owen)
	for _, word := range elsewhere {
		if word != "Hayle" && !in(found, word) || !in(listed, word) {
			t.Errorf("a worker who knows nobody lacks %s: %q, %q", word, found, listed)
		}
	}
	h.Exec(t, `insert into connection (agency_id, exchange_id, worker_id) values ('oak', $1, $2)`, string(h.exchange), h.owen.Account())
	found, listed = sees(h.owen)
	for _, word := range elsewhere {
		if in(found, word) || in(listed, word) {
			t.Errorf("who knows the other family is told %s: %q, %q", word, found, listed)
		}
	}
	for _, word := range []string{"Truro", "Whitfield"} {
		if !in(found, word) || !in(listed, word) {
			t.Errorf("their own case's %s is gone: %q, %q", word, found, listed)
		}
	}
	if again, _ := sees(h.Worker); !in(again, "Hale") {
		t.Errorf("a colleague lacks it now, too: %q", again)
	}
	// What they change leaves the rest as it is.
	must(t, h.Desk.ChangeProtected(ctx, h.owen, first, 2, []letterbox.ProtectedWord{{Kind: screening.Town, Value: "Redruth"}}, nil))
	if _, listed := sees(h.Worker); !in(listed, "Larkfield") || !in(listed, "Redruth") {
		t.Errorf("after their change the list has %q", listed)
	}

	// A colleague's answers do not tell either.
	must(t, h.Desk.SetSecondReader(ctx, h.Worker, first, letterbox.ReadTwiceAlways))
	h.Exec(t, `delete from claim`)
	asked := h.sendIn(first, h.birth, "Is Wren Hale well, in Truro?")
	must(t, h.Desk.Claim(ctx, h.Worker, asked))
	var answers []letterbox.Answer
	reading, err := h.Desk.Read(ctx, h.Worker, asked)
	must(t, err)
	for _, f := range reading.Findings {
		answers = append(answers, letterbox.Answer{Finding: f.Key, Word: "another one"})
	}
	must(t, h.Desk.ReadFirst(ctx, h.Worker, asked, "", answers...))
	told := func(who authz.Actor) (because []string) {
		t.Helper()
		must(t, h.Desk.Claim(ctx, who, asked))
		reading, err := h.Desk.Read(ctx, who, asked)
		must(t, err)
		for _, n := range reading.Notes {
			for _, a := range n.Answers {
				because = append(because, a.Because)
			}
		}
		must(t, h.Desk.Release(ctx, who, asked))
		return because
	}
	if got := told(h.anew(&h.imogenLogin)); !in(got, "Hale") || !in(got, "Truro") {
		t.Errorf("a colleague reads the answers about %q", got)
	}
	if got := told(h.owen); in(got, "Hale") || in(got, "Wren") || !in(got, "Truro") {
		t.Errorf("who knows the other family reads the answers about %q", got)
	}
}
