package letterbox_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/tier"
	"gatepost/letterbox"
)

// officer makes a records officer.
func (p *pair) officer() (accounttest.Login, authz.Actor) {
	p.t.Helper()
	return p.NewWorker(p.t, "Gwen Tresco", authz.RecordsOfficer)
}

func (p *pair) reference() (reference string) {
	p.t.Helper()
	must(p.t, p.Database.Admin().QueryRow(context.Background(), `select reference from exchange where id = $1`, string(p.exchange)).Scan(&reference))
	return reference
}

func (p *pair) setState(state string) {
	p.t.Helper()
	must(p.t, p.Desk.SetState(p.t.Context(), p.Worker, p.exchange, state, ""))
}

const whyDestroyed = "The wrong Wren: two files were mixed up."

// order ends the exchange and orders its destruction.
func (p *pair) order(login accounttest.Login, officer authz.Actor) string {
	p.t.Helper()
	p.setState("ended")
	id, err := p.Desk.OrderDestruction(p.t.Context(), officer, letterbox.NewDestruction{Reference: p.reference(), Ground: "openedInError", Reason: whyDestroyed}, p.Code(p.t, &login))
	must(p.t, err)
	return id
}

func (p *pair) agree(id string) error {
	return p.Desk.AgreeDestruction(p.t.Context(), p.Manager, id, p.Code(p.t, &p.ManagerLogin))
}

// filled leaves in the exchange what a destruction has to take along: a
// returned letter and its rewrite, withdrawn, each with a photo and a recording, one that
// was with two translators, a message with its answer, a draft with both, a connection. It
// gives the text of a letter.
func (p *pair) filled() string {
	p.t.Helper()
	ctx := p.t.Context()
	const text = "Dear Wren, the swallows are back in the barn."
	p.agreed("permitted")
	p.mayRecord("permitted")
	first, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, text)
	must(p.t, err)
	must(p.t, p.add(first, snapshot()))
	must(p.t, p.record(first, said(2)))
	letter := p.sendDraft(first)
	must(p.t, p.Desk.Claim(ctx, p.Worker, letter))
	photo := p.photosOf(letter)[0].ID
	must(p.t, p.Desk.CutPhoto(ctx, p.Worker, letter, photo, 0, letterbox.Cut{Act: "blur", Width: 50, Height: 50}))
	p.look(letter, photo)
	must(p.t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, photo, nothing(1)))
	p.hear(letter)
	must(p.t, p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("The swallows are back.")))
	must(p.t, p.Desk.Return(ctx, p.Worker, letter, "identifying", "please leave the surname out", "a surname"))
	rewrite, err := p.Families.Rewrite(ctx, p.birth, letter)
	must(p.t, err)
	second, err := p.Families.Send(ctx, p.birth, rewrite, 1)
	must(p.t, err)
	must(p.t, p.Families.Withdraw(ctx, p.birth, second))
	welsh, ifan := p.withTranslator()
	must(p.t, p.Desk.GiveBack(ctx, ifan, welsh, letterbox.BackKnows, ""))
	other := p.newStaff("Gwen Tresco", authz.Translator)
	must(p.t, p.Desk.Claim(ctx, p.Worker, welsh))
	must(p.t, p.Desk.GiveToTranslator(ctx, p.Worker, welsh, other.Account(), ""))
	must(p.t, p.Desk.HandIn(ctx, other, welsh, welshInto))
	must(p.t, p.Families.Withdraw(ctx, p.birth, welsh))
	message := p.tell("We have moved.")
	must(p.t, p.Desk.Answer(ctx, p.Worker, message, "Thank you."))
	draft, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, "not yet")
	must(p.t, err)
	must(p.t, p.add(draft, snapshot()))
	must(p.t, p.record(draft, said(2)))
	return text
}

// dump is every row of every table, as text.
func (p *pair) dump() string {
	p.t.Helper()
	ctx, admin := context.Background(), p.Database.Admin()
	rows, err := admin.Query(ctx, `select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables where schemaname in ('public', 'jobs') order by 1`)
	must(p.t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(p.t, err)
	var all strings.Builder
	for _, table := range tables {
		rows, err := admin.Query(ctx, `select t::text from `+table+` t`)
		must(p.t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		must(p.t, err)
		for _, line := range lines {
			all.WriteString(table + " " + line + "\n")
		}
	}
	return all.String()
}

// sealedOf is what is sealed about the exchange: objects, drafts, and the
// grants of its case and sides, in hex.
func (p *pair) sealedOf() []string {
	p.t.Helper()
	rows, err := p.Database.Admin().Query(context.Background(), `select encode(sealed, 'hex') from object where exchange_id = $1 or side_id in (select id from side where exchange_id = $1)
		union all select encode(sealed, 'hex') from draft where exchange_id = $1
		union all select encode(p.sealed, 'hex') from draft_photo p join draft d on d.id = p.draft_id where d.exchange_id = $1
		union all select encode(p.original, 'hex') from draft_photo p join draft d on d.id = p.draft_id where d.exchange_id = $1 and p.original is not null
		union all select encode(p.sealed, 'hex') from draft_recording p join draft d on d.id = p.draft_id where d.exchange_id = $1
		union all select encode(p.original, 'hex') from draft_recording p join draft d on d.id = p.draft_id where d.exchange_id = $1 and p.original is not null
		union all select encode(sealed, 'hex') from ring_grant_person where child in (select 'side/' || id from side where exchange_id = $1)
		union all select encode(sealed, 'hex') from ring_grant_staff where child = 'case/' || $1 or parent = 'case/' || $1
			or child in (select 'side/' || id from side where exchange_id = $1)`, string(p.exchange))
	must(p.t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(p.t, err)
	return list
}

// TestDestroyed: after an order, a day and a second person nothing sealed and no
// key of the exchange is in the database, the people are, and the log is whole.
func TestDestroyed(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	text := p.filled()
	login, officer := p.officer()
	sealed, before := p.sealedOf(), p.dump()
	commits := p.commits()
	id := p.order(login, officer)
	sealed = append(sealed, p.sealedOf()...)
	if len(sealed) < 20 {
		t.Fatalf("%d things are sealed about the exchange", len(sealed))
	}
	for _, hex := range sealed[:len(sealed)/2] {
		if !strings.Contains(before, hex) {
			t.Fatal("the dump does not show what is there")
		}
	}
	wantFault(t, "within the day", p.agree(id), "fault.records.early")
	p.Clock.Advance(letterbox.DestructionWaits)
	must(t, p.agree(id))
	after := p.dump()
	for _, hex := range sealed {
		if strings.Contains(after, hex) {
			t.Fatal("something sealed is still there")
		}
	}
	// Ids of the exchange stand in the log and in the order's own row, and nowhere else.
	for _, id := range []string{string(p.exchange), string(p.fromSide), string(p.toSide)} {
		for line := range strings.Lines(after) {
			if table, row, _ := strings.Cut(line, " "); strings.Contains(row, id) && table != "public.destruction" {
				t.Errorf("%s still has a row of the exchange", table)
			}
		}
	}
	if n := p.count(`select count(*) from person`); n != 2 {
		t.Errorf("%d people, want both", n)
	}
	if n := p.count(`select count(*) from child`) + p.count(`select count(*) from session where tier = 'public'`); n != 0 {
		t.Errorf("%d children and sessions of families", n)
	}
	p.logWhole()
	p.vouched(id)
	p.salted(commits, text)
	list, err := p.Desk.Destructions(ctx, officer)
	must(t, err)
	if len(list) != 1 || list[0].State != "destroyed" || list[0].OrderedBy != "Gwen Tresco" || list[0].AgreedBy != "Carys Marlowe" || list[0].Entry == "" || list[0].CanStop {
		t.Errorf("the list says %+v", list)
	}
	if inbox, err := p.Families.Inbox(ctx, p.SignInPerson(t, &p.birthLogin)); err != nil || len(inbox.Sides) != 0 {
		t.Errorf("the writer sees %d sides: %v", len(inbox.Sides), err)
	}
	if list, err := p.Desk.Exchanges(ctx, p.Worker); err != nil || len(list) != 0 {
		t.Errorf("the desk sees %d exchanges: %v", len(list), err)
	}
	wantFault(t, "agreed to twice", p.agree(id), "fault.records.moved")
}

// commits are the commitments that the log holds about the exchange.
func (p *pair) commits() (list []seal.Commitment) {
	p.t.Helper()
	rows, err := p.Database.Admin().Query(context.Background(), `select commit from object where kind = 'submission'`)
	must(p.t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	must(p.t, err)
	for _, c := range all {
		list = append(list, seal.Commitment(c))
	}
	return list
}

// vouched: the last statements are the manager's and the registrar's, and each
// rests on what came before; the archive reads why.
func (p *pair) vouched(id string) {
	t, ctx := p.t, context.Background()
	t.Helper()
	var order, agreed, done, reason []byte
	must(t, p.Database.Admin().QueryRow(ctx, `select o.body, a.body, e.body, d.reason from destruction d join audit_body o on o.leaf = d.order_leaf
		join audit_body a on a.leaf = d.agree_leaf join audit_body e on e.leaf = d.end_leaf where d.id = $1`, id).Scan(&order, &agreed, &done, &reason))
	st, err := p.Home.Verify(t.Context(), p.StaffDB, done)
	must(t, err)
	if st.Event != statement.EventDestroy || st.Object != string(p.exchange) || st.Part != "openedInError" ||
		len(st.Refs) != 2 || st.Refs[0] != statement.Leaf(order) || st.Refs[1] != statement.Leaf(agreed) {
		t.Errorf("the registrar stated %+v", st)
	}
	first, err := p.Home.Verify(t.Context(), p.StaffDB, order)
	must(t, err)
	place := seal.Context{Kind: seal.KindWorknote, Agency: "oak", Exchange: string(p.exchange), Object: id, Part: "openedInError", From: first.From, To: "archive", Version: 1}
	if text, err := seal.OpenSigned(reason, place, p.Archive, first.Commit); err != nil || string(text) != whyDestroyed {
		t.Errorf("the archive reads %q: %v", text, err)
	}
}

// salted: who knows the text, and everything else that is not secret, does not
// get the commitment that the log keeps; with the salt they would.
func (p *pair) salted(commits []seal.Commitment, text string) {
	t := p.t
	t.Helper()
	if len(commits) < 2 {
		t.Fatalf("%d commitments", len(commits))
	}
	log := p.dump()
	rows, err := p.Database.Admin().Query(context.Background(), `select body from audit_body order by idx`)
	must(t, err)
	bodies, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	must(t, err)
	found := 0
	for _, body := range bodies {
		st, err := statement.ParseUnverified(body)
		must(t, err)
		for _, c := range commits {
			if st.Commit != [32]byte(c) {
				continue
			}
			found++
			place := seal.Context{Kind: seal.KindSubmission, Agency: st.Agency, Exchange: st.Exchange, Object: st.Object, Part: st.Part, From: st.From, To: st.To, Version: st.Version}
			for _, guess := range []string{text, text + "\n"} {
				for _, salt := range [][]byte{make([]byte, 32), nil, c[:]} {
					if committed(salt, place, guess) == c {
						t.Error("the commitment is matched without its salt")
					}
				}
				if strings.Contains(log, hex.EncodeToString([]byte(guess))) {
					t.Error("the text stands in the database")
				}
			}
		}
	}
	if found < len(commits) {
		t.Errorf("the log has %d of %d commitments", found, len(commits))
	}
}

// committed is the formula of crypto/seal, written here once more.
func committed(salt []byte, c seal.Context, content string) seal.Commitment {
	var context bytes.Buffer
	for _, line := range [][2]string{{"kind", string(c.Kind)}, {"agency", c.Agency}, {"exchange", c.Exchange}, {"object", c.Object}, {"part", c.Part}, {"from", c.From}, {"to", c.To}, {"version", "1"}} {
		context.WriteString(line[0] + " " + line[1] + "\n")
	}
	b := append([]byte("gatepost/commit/v1\n"), salt...)
	b = binary.BigEndian.AppendUint64(b, uint64(context.Len()))
	b = append(b, context.Bytes()...)
	b = binary.BigEndian.AppendUint64(b, uint64(len(content)))
	b = append(b, content...)
	return sha256.Sum256(b)
}

// TestDestruction_Refused: the ways in which nothing is ordered or destroyed.
func TestDestruction_Refused(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	login, officer := p.officer()
	order := func(reference, ground, reason string) error {
		_, err := p.Desk.OrderDestruction(ctx, officer, letterbox.NewDestruction{Reference: reference, Ground: ground, Reason: reason}, p.Code(t, &login))
		return err
	}
	ref := p.reference()
	wantFault(t, "while it goes on", order(ref, "openedInError", "x"), "fault.records.notEnded")
	wantFault(t, "no such exchange", order("LB-ZZZZZ", "openedInError", "x"), "fault.records.unknown")
	undecided := p.send("Still with you?")
	p.setState("ended")
	wantFault(t, "no ground", order(ref, "tooMuch", "x"), "fault.records.ground")
	wantFault(t, "no reason", order(ref, "openedInError", " "), "fault.records.reason")
	wantFault(t, "the hundred years", order(ref, "retentionEnded", "x"), "fault.records.notOver")
	wantFault(t, "a letter is undecided", order(ref, "openedInError", "x"), "fault.records.kept")
	must(t, p.Families.Withdraw(ctx, p.birth, undecided))
	for _, actor := range []authz.Actor{p.Worker, p.Manager, p.birth} {
		_, err := p.Desk.OrderDestruction(ctx, actor, letterbox.NewDestruction{Reference: ref, Ground: "openedInError", Reason: "x"}, "000000")
		wantKind(t, "by somebody else", err, fault.Forbidden)
	}
	_, err := p.Desk.OrderDestruction(ctx, officer, letterbox.NewDestruction{Reference: ref, Ground: "openedInError", Reason: "x"}, "000000")
	wantKind(t, "without a code", err, fault.Invalid)
	must(t, order(strings.ToLower(ref)+" ", "openedInError", "x"))
	wantFault(t, "twice", order(ref, "openedInError", "x"), "fault.records.open")
	list, err := p.Desk.Destructions(ctx, p.Manager)
	must(t, err)
	id := list[0].ID
	p.Clock.Advance(letterbox.DestructionWaits)
	wantKind(t, "by the one who ordered it", p.Desk.AgreeDestruction(ctx, officer, id, p.Code(t, &login)), fault.Forbidden)
	wantKind(t, "by a letterbox worker", p.Desk.AgreeDestruction(ctx, p.Worker, id, p.Code(t, &p.WorkerLogin)), fault.Forbidden)
	wantKind(t, "with no code", p.Desk.AgreeDestruction(ctx, p.Manager, id, "000000"), fault.Invalid)
	wantKind(t, "what there is not", p.Desk.AgreeDestruction(ctx, p.Manager, agency.NewID("ds"), p.Code(t, &p.ManagerLogin)), fault.NotFound)
	must(t, p.Desk.StopDestruction(ctx, officer, id))
	wantFault(t, "what was called off", p.agree(id), "fault.records.moved")
	wantFault(t, "called off twice", p.Desk.StopDestruction(ctx, p.Manager, id), "fault.records.moved")
	if n := p.count(`select count(*) from exchange`); n != 1 {
		t.Errorf("%d exchanges", n)
	}
	p.logWhole()
}

// TestDestruction_OneManagerIsNotTwo: who gave the officer their work is not the
// second person for a month, once the agency is older than that.
func TestDestruction_OneManagerIsNotTwo(t *testing.T) {
	p := newPair(t)
	p.Clock.Advance(40 * 24 * time.Hour)
	p.Manager, p.Worker = p.SignInWorker(t, &p.ManagerLogin), p.SignInWorker(t, &p.WorkerLogin)
	login, officer := p.officer()
	id := p.order(login, officer)
	p.Clock.Advance(letterbox.DestructionWaits)
	p.Manager = p.SignInWorker(t, &p.ManagerLogin)
	wantFault(t, "by their own manager", p.agree(id), "fault.records.newOfficer")
	p.Clock.Advance(30 * 24 * time.Hour)
	p.Manager = p.SignInWorker(t, &p.ManagerLogin)
	must(t, p.agree(id))
}

// TestRace_Destroy: what happens to the exchange in the moment before counts;
// what comes while it is destroyed finds nothing.
func TestRace_Destroy(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	login, officer := p.officer()
	id := p.order(login, officer)
	p.Clock.Advance(letterbox.DestructionWaits)
	var letter letterbox.LetterID
	destroyErr, sendErr := overtaken(t, p.Desk, "destroy", func() error { return p.agree(id) }, func() error {
		p.setState("active")
		letter = p.send("In time.")
		return nil
	})
	wantFault(t, "re-opened, and a letter came", destroyErr, "fault.records.notEnded")
	if sendErr != nil || p.state(letter) != letterbox.Received {
		t.Errorf("the letter: %v", sendErr)
	}
	destroyErr, _ = overtaken(t, p.Desk, "destroy", func() error {
		p.setState("ended")
		return p.agree(id)
	}, func() error { return nil })
	wantFault(t, "ended again, and the letter is there", destroyErr, "fault.records.kept")
	must(t, p.Families.Withdraw(ctx, p.birth, letter))
	destroyErr, openErr := p.blocked(p.Desk, "destroy locked", func() error { return p.agree(id) },
		func() error { return p.Desk.SetState(ctx, p.Worker, p.exchange, "active", "") })
	if destroyErr != nil {
		t.Errorf("destroyed: %v", destroyErr)
	}
	wantKind(t, "re-opened while it is destroyed", openErr, fault.NotFound)
	_, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, "and now?")
	if err == nil {
		t.Error("a draft for what is gone")
	}
	if n := p.count(`select count(*) from exchange`) + p.count(`select count(*) from letter`) + p.count(`select count(*) from draft`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	p.logWhole()
}

// TestDestruction_Database: what the program must not do the database refuses:
// each row is a wrong program, in the role that it runs in.
func TestDestruction_Database(t *testing.T) {
	p := newPair(t)
	login, officer := p.officer()
	id := p.order(login, officer)
	p.Clock.Advance(letterbox.DestructionWaits)
	both, _ := p.NewWorker(t, "Piran Nance", authz.RecordsOfficer, authz.Manager)
	d := p.spoken(id)
	boss := p.ManagerLogin.ID
	good := d.destroy(d.agree, d.done, d.at)
	tests := []struct {
		name, role, account, sql, want string
	}{
		{"by the officer", postgres.RoleStaff, login.ID, good, "destruction_worker"},
		{"by a letterbox worker", postgres.RoleStaff, p.WorkerLogin.ID, good, "destruction_worker"},
		{"by a family", postgres.RolePublic, p.birthID, good, "42501"},
		{"within the day", postgres.RoleStaff, boss, d.destroy(d.agree, d.done, "'"+p.Clock.Now().Add(-2*time.Hour).Format(time.RFC3339)+"'"), "destruction_day"},
		{"without a word", postgres.RoleStaff, boss, d.destroy("sha256('x')", "sha256('y')", d.at), "destruction_agency_id_agree_leaf_fkey"},
		{"without the registrar", postgres.RoleStaff, boss, d.destroy(d.agree, d.stop, d.at), "destruction_stated"},
		{"on another's word", postgres.RoleStaff, both.ID, good, "destruction_stated"},
		{"at another time", postgres.RoleStaff, boss, d.destroy(d.agree, d.done, d.at+"::timestamptz + interval '1 hour'"), "destruction_stated"},
		{"by hand", postgres.RoleStaff, boss, "delete from exchange", "42501"},
		{"letters by hand", postgres.RoleStaff, boss, "delete from letter", "42501"},
		{"said to be done", postgres.RoleStaff, boss, "update destruction set state = 'destroyed', ended_at = now(), end_leaf = sha256('x')", "destruction_agreed"},
		{"an earlier order", postgres.RoleStaff, boss, "update destruction set ordered_at = ordered_at - interval '1 day'", "42501"},
		{"stopped in another's name", postgres.RoleStaff, boss, "update destruction set state = 'stopped', stopped_by = '" + login.ID + "', ended_at = now(), end_leaf = " + d.stop, "destruction_worker"},
		{"stopped without a word", postgres.RoleStaff, boss, "update destruction set state = 'stopped', stopped_by = account(), ended_at = now(), end_leaf = sha256('x')", "destruction_agency_id_end_leaf_fkey"},
		{"taken away", postgres.RoleStaff, boss, "delete from destruction", "42501"},
	}
	for _, tt := range tests {
		if got := p.byHand(tt.role, "oak", tt.account, tt.sql); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := p.byHand(postgres.RoleStaff, "elm", boss, good); got != "destruction_move" {
		t.Errorf("from another agency: %q", got)
	}
	p.Exec(t, "set session_replication_role = replica; update worker set roles = '{recordsOfficer,manager}' where id = '"+login.ID+"'; set session_replication_role = origin")
	if got := p.byHand(postgres.RoleStaff, "oak", login.ID, good); got != "destruction_two" {
		t.Errorf("one person twice: %q", got)
	}
	for _, state := range []string{"active", "paused"} {
		p.Exec(t, "set session_replication_role = replica; update exchange set state = '"+state+"'; set session_replication_role = origin")
		if got := p.byHand(postgres.RoleStaff, "oak", boss, good); got != "destruction_exchange" {
			t.Errorf("an exchange that is %s: %q", state, got)
		}
	}
	p.Exec(t, "set session_replication_role = replica; update exchange set state = 'ended'; update destruction set ground = 'retentionEnded'; set session_replication_role = origin")
	if got := p.byHand(postgres.RoleStaff, "oak", boss, good); got != "destruction_retention" {
		t.Errorf("the hundred years: %q", got)
	}
	p.Exec(t, "set session_replication_role = replica; update destruction set ground = 'openedInError'; set session_replication_role = origin")
	if got := p.byHand(postgres.RoleStaff, "oak", boss, good); got != "" {
		t.Errorf("the right way: %q", got)
	}
}

// TestDestroyed_Whole: a process that dies between order and agreement loses
// nothing, and one whose database connections are cut in the middle of
// destroying destroys all or nothing.
func TestDestroyed_Whole(t *testing.T) {
	p := newPair(t)
	p.filled()
	login, officer := p.officer()
	id := p.order(login, officer)
	p.Clock.Advance(letterbox.DestructionWaits)
	index := audit.NewIndex(p.StaffDB, p.StaffAgencies.VerifyIn(p.StaffDB))
	p.Desk = letterbox.New(p.StaffDB, p.StaffAgencies, index, p.Clock.Now, accounttest.Log(t)).WithCodes(p.Staff).WithRelay(tier.Relay) // begun anew
	all := func() int {
		return p.count(`select (select count(*) from exchange) + (select count(*) from letter) + (select count(*) from message) + (select count(*) from ring_grant_person)
			+ (select count(*) from object where exchange_id is not null) + (select count(*) from destruction where state = 'ordered')`)
	}
	before := all()
	reached, release := halt(t, p.Desk, "destroy locked")
	done := make(chan error, 1)
	go func() { done <- p.agree(id) }()
	select {
	case <-reached:
	case err := <-done:
		t.Fatal(err)
	}
	p.Exec(t, `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gatepost_staff' and datname = current_database() and state = 'idle in transaction'`)
	release()
	if err := <-done; err != nil {
		if after := all(); after != before {
			t.Errorf("cut in the middle: %d rows of %d are left", after, before)
		}
		must(t, p.agree(id))
	}
	if n := all(); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	p.logWhole()
}

// spoken are the words that a right destruction of an order rests on, put into
// the log, as SQL.
type spoken struct{ id, agree, done, stop, at string }

func (s spoken) destroy(agree, done, at string) string {
	return "select destroy_exchange('" + s.id + "', " + at + ", " + agree + ", " + done + ")"
}

func (p *pair) spoken(id string) spoken {
	t := p.t
	t.Helper()
	at := p.Clock.Now().UTC().Truncate(time.Second)
	var order []byte
	must(t, p.Database.Admin().QueryRow(context.Background(), `select order_leaf from destruction`).Scan(&order))
	by, err := p.Manager.Keys().Signer()
	must(t, err)
	st := statement.Statement{Event: statement.EventCasework, Object: id, Part: "agree", Version: 1, Exchange: string(p.exchange), Refs: [][32]byte{[32]byte(order)}, At: at}
	agree, err := p.Home.State(st, "", by)
	must(t, err)
	st.Part = "stop"
	stop, err := p.Home.State(st, "", by)
	must(t, err)
	st.Event, st.Object, st.Part, st.Refs = statement.EventDestroy, string(p.exchange), "openedInError", [][32]byte{[32]byte(order), statement.Leaf(agree)}
	done, err := p.Home.State(st, "registrar")
	must(t, err)
	leaf := func(body []byte) string {
		must(t, p.StaffDB.Act(t.Context(), postgres.Scope{Agency: "oak"}, nil, func(b *pgx.Batch) error {
			b.Queue("select log_append($1)", body)
			return nil
		}))
		hash := statement.Leaf(body)
		return "decode('" + hex.EncodeToString(hash[:]) + "', 'hex')"
	}
	return spoken{id, leaf(agree), leaf(done), leaf(stop), "'" + at.Format(time.RFC3339) + "'"}
}

// byHand runs SQL as a role, as a wrong program would, rolls back what went
// through, and gives the constraint or code with which the database refuses.
func (p *pair) byHand(role, agencyID, account, sql string) string {
	t, ctx := p.t, context.Background()
	t.Helper()
	tx, err := p.Database.Conn(role).Begin(ctx)
	must(t, err)
	defer func() { _ = tx.Rollback(ctx) }() // whatever became of it
	_, err = tx.Exec(ctx, "select set_config('gatepost.agency', $1, true), set_config('gatepost.account', $2, true)", agencyID, account)
	must(t, err)
	if _, err = tx.Exec(ctx, sql); err == nil {
		_, err = tx.Exec(ctx, "set constraints all immediate")
	}
	if err == nil {
		return ""
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok:
		t.Fatal(err)
	case pg.ConstraintName != "":
		return pg.ConstraintName
	}
	return pg.Code
}

// TestDestruction_Kept: a letter that was ever passed on keeps its exchange.
func TestDestruction_Proposed(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	login, officer := p.officer()
	p.proposed("I promise you a dog.", "I promise") // a writer who is asked is owed what becomes of it
	p.setState("ended")
	_, err := p.Desk.OrderDestruction(ctx, officer, letterbox.NewDestruction{Reference: p.reference(), Ground: "openedInError", Reason: "x"}, p.Code(t, &login))
	wantFault(t, "its writer is asked about a letter", err, "fault.records.kept")
}

func TestDestruction_Kept(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	login, officer := p.officer()
	letter, _ := p.waiting("Passed on.")
	must(t, p.Desk.Recall(ctx, p.Worker, letter, ""))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.Return(ctx, p.Worker, letter, "identifying", "please write again", ""))
	p.setState("ended")
	_, err := p.Desk.OrderDestruction(ctx, officer, letterbox.NewDestruction{Reference: p.reference(), Ground: "openedInError", Reason: "x"}, p.Code(t, &login))
	wantFault(t, "a letter was passed on, and taken back", err, "fault.records.kept")
	if n := p.count(`select count(*) from destruction`); n != 0 {
		t.Errorf("%d orders", n)
	}
}
