package account_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/session"
	"gatepost/crypto/statement"
	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/letterbox"
)

// lost is a world in which an adopter has letters and no passphrase any more.
type lost struct {
	*accounttest.World
	t        *testing.T
	adopter  accounttest.Login
	side     letterbox.SideID
	delivery letterbox.DeliveryID
	draft    letterbox.DraftID
}

const letterText = "Dear Wren, the swallows are back."

func newLost(t *testing.T) *lost {
	t.Helper()
	w := accounttest.NewWorld(t)
	l := &lost{World: w, t: t}
	_, birth, adoptive := w.OpenExchange(t)
	_, mother := w.NewPerson(t, birth)
	var adopter authz.Actor
	l.adopter, adopter = w.NewPerson(t, adoptive)
	l.side = l.only(adopter)
	l.cross(mother, l.only(mother))
	came, err := w.Families.Side(t.Context(), adopter, l.side)
	must(t, err)
	if len(came.Came) != 1 {
		t.Fatalf("%d letters came", len(came.Came))
	}
	l.delivery = came.Came[0].ID
	l.draft, err = w.Families.NewDraft(t.Context(), adopter, l.side, "Thank you.")
	must(t, err)
	l.signInStaff()
	return l
}

// only is the one side of a person.
func (l *lost) only(a authz.Actor) letterbox.SideID {
	l.t.Helper()
	inbox, err := l.Families.Inbox(l.t.Context(), a)
	must(l.t, err)
	return inbox.Sides[0].Side
}

// cross takes a letter from its writer past a worker.
func (l *lost) cross(writer authz.Actor, from letterbox.SideID) {
	l.t.Helper()
	draft, err := l.Families.NewDraft(l.t.Context(), writer, from, letterText)
	must(l.t, err)
	id, err := l.Families.Send(l.t.Context(), writer, draft, 1)
	must(l.t, err)
	l.Worker = l.SignInWorker(l.t, &l.WorkerLogin)
	must(l.t, l.Desk.Claim(l.t.Context(), l.Worker, id))
	_, err = l.Desk.Read(l.t.Context(), l.Worker, id)
	must(l.t, err)
	must(l.t, l.Desk.Pass(l.t.Context(), l.Worker, id, ""))
}

// signInStaff: a day has passed, or nearly.
func (l *lost) signInStaff() {
	l.t.Helper()
	l.Worker = l.SignInWorker(l.t, &l.WorkerLogin)
	l.Manager = l.SignInWorker(l.t, &l.ManagerLogin)
}

func (l *lost) start() string {
	l.t.Helper()
	id, err := l.Staff.StartRecovery(l.t.Context(), l.Worker, asked(l.adopter.ID), l.Code(l.t, &l.WorkerLogin))
	must(l.t, err)
	return id
}

func asked(person string) account.NewRecovery {
	return account.NewRecovery{Kind: "person", Account: person, What: "passphrase", Identity: "callBack"}
}

func (l *lost) agree(id string) {
	l.t.Helper()
	must(l.t, l.Staff.AgreeRecovery(l.t.Context(), l.Manager, id, "", l.Code(l.t, &l.ManagerLogin)))
	if ask[string](l.t, l.World, "select notice from recovery where id = $1", id) == "paper" {
		must(l.t, l.Staff.PostedNotice(l.t.Context(), l.Worker, id))
	}
}

// paper takes a recovery to the paper, a day later.
func (l *lost) paper() account.Paper {
	l.t.Helper()
	id := l.start()
	l.agree(id)
	l.Clock.Advance(24 * time.Hour)
	l.signInStaff()
	return l.print(id)
}

func (l *lost) print(id string) account.Paper {
	l.t.Helper()
	paper, err := l.Staff.PrintRecovery(l.t.Context(), l.Worker, id, accounttest.Fact, l.Code(l.t, &l.WorkerLogin))
	must(l.t, err)
	return paper
}

// redeem uses a paper: the adopter is on hold, with a new passphrase.
func (l *lost) redeem(paper account.Paper) (session.Token, account.Welcome) {
	l.t.Helper()
	token, err := l.Public.Redeem(l.t.Context(), l.Home.ID, accounttest.From(), paper.Code, accounttest.Fact)
	must(l.t, err)
	token, welcome, err := l.Public.Choose(l.t.Context(), l.Home.ID, token, newPassphrase, "Safari on iPhone")
	must(l.t, err)
	l.adopter = accounttest.Login{ID: l.adopter.ID, Name: paper.Reference, Passphrase: newPassphrase, Token: token}
	return token, welcome
}

const newPassphrase = "a kettle in the long grass"

func (l *lost) state(id string) string {
	return ask[string](l.t, l.World, "select state from recovery where id = $1", id)
}

// Part by part: what nobody can open in between, and what the new key opens at
// the end.
func TestRecovery(t *testing.T) {
	l, ctx := newLost(t), t.Context()
	l.Exec(t, "set session_replication_role = replica; insert into contact (agency_id, person_id, mail, version) values ('oak', '"+l.adopter.ID+"', true, 1)")
	before := l.adopter
	l.SignInPerson(t, &before)
	id := l.start()
	l.agree(id)
	if n := ask[int64](t, l.World, "select count(*) from notice where person_id = $1", l.adopter.ID); n != 1 {
		t.Errorf("%d notices wait for the person, want 1", n)
	}
	l.Clock.Advance(24*time.Hour - time.Hour)
	l.signInStaff()
	_, err := l.Staff.PrintRecovery(ctx, l.Worker, id, accounttest.Fact, l.Code(t, &l.WorkerLogin))
	want(t, "an hour too early", err, fault.Conflict, "fault.recovery.early")
	l.Clock.Advance(time.Hour)
	l.signInStaff()
	paper := l.print(id)
	old := l.SignInPerson(t, &before) // the old passphrase works until the paper is used

	_, welcome := l.redeem(paper)
	_, err = l.Public.Load(ctx, l.Home.ID, before.Token, account.Short)
	want(t, "a session of the old key", err, fault.SignIn, "fault.signIn")
	_, err = l.Public.SignIn(ctx, l.Home.ID, account.SignIn{Name: before.Name, Passphrase: before.Passphrase, From: accounttest.From()})
	want(t, "the old passphrase", err, fault.Invalid, "fault.signIn.wrong")
	l.onHoldSeesNothing()
	if held, err := l.Families.Open(ctx, old, l.delivery); err == nil {
		t.Errorf("the old session's keys still read %q", held.Text)
	}

	list, err := l.Staff.OnHold(ctx, l.Worker)
	must(t, err)
	if len(list) != 1 || list[0].Why != "recovered" || list[0].Words != welcome.Words {
		t.Fatalf("who waits: %+v", list)
	}
	l.ConfirmPerson(t, l.adopter.ID)
	l.recovered(id, before)
}

// onHoldSeesNothing: the holder of the paper alone opens nothing, and the
// database shows them nothing either.
func (l *lost) onHoldSeesNothing() {
	l.t.Helper()
	actor := l.SignInPerson(l.t, &l.adopter)
	if !actor.OnHold() || actor.Keys().Has("side/"+string(l.side)+"/1") {
		l.t.Error("recovered without a call")
	}
	var rows int
	must(l.t, l.PublicDB.Read(l.t.Context(), postgres.Scope{Agency: l.Home.ID, Account: l.adopter.ID}, func(b *pgx.Batch) {
		b.Queue("select count(*) from delivery").QueryRow(func(row pgx.Row) error { return row.Scan(&rows) })
	}))
	if rows != 0 {
		l.t.Errorf("somebody on hold sees %d deliveries", rows)
	}
}

// recovered: the new key reads everything, the old one nothing.
func (l *lost) recovered(id string, before accounttest.Login) {
	t, ctx := l.t, l.t.Context()
	t.Helper()
	_, err := l.Public.Load(ctx, l.Home.ID, l.adopter.Token, account.Short)
	want(t, "the session that waited", err, fault.SignIn, "fault.signIn")
	actor := l.SignInPerson(t, &l.adopter)
	came, err := l.Families.Open(ctx, actor, l.delivery)
	must(t, err)
	if string(came.Text) != letterText {
		t.Errorf("the old letter reads %q", came.Text)
	}
	draft, err := l.Families.OpenDraft(ctx, actor, l.draft)
	must(t, err)
	if string(draft.Text) != "Thank you." {
		t.Errorf("the draft reads %q", draft.Text)
	}
	if _, err := l.Families.NewDraft(ctx, actor, l.side, "And more."); err != nil {
		t.Errorf("a new draft: %v", err)
	}
	node := "person/" + l.adopter.ID
	if got := ask[string](t, l.World, "select string_agg(parent_epoch::text, ',') from ring_grant_person where parent = $1", node); got != "2" {
		t.Errorf("grants to epochs %s, want 2 alone", got)
	}
	if got := ask[string](t, l.World, "select string_agg(epoch::text, ',') from node where id = $1 and retired_at is not null", node); got != "1" {
		t.Errorf("retired keys %s, want 1", got)
	}
	if l.state(id) != "done" {
		t.Errorf("the recovery is %s", l.state(id))
	}
	seen, err := l.Families.Timeline(ctx, actor, l.side)
	must(t, err)
	marked := 0
	for _, e := range seen.Events {
		if e.What == letterbox.EventNewKey && e.On.Format(time.DateOnly) == l.Clock.Now().Format(time.DateOnly) {
			marked++
		}
	}
	if marked != 1 {
		t.Errorf("the family's thread has %d marks of a new key: %+v", marked, seen.Events)
	}
	if _, err := l.Public.SignIn(ctx, l.Home.ID, account.SignIn{Name: before.Name, Passphrase: newPassphrase, From: accounttest.From()}); err == nil {
		t.Error("the old reference is still somebody's")
	}
	l.stated()
}

// log reads the whole log, as somebody does who has never seen it before.
func (l *lost) log() (list []*statement.Statement) {
	l.t.Helper()
	stranger, err := agency.New(l.Home.Stanza)
	must(l.t, err)
	var bodies [][]byte
	must(l.t, l.StaffDB.Read(l.t.Context(), postgres.Scope{Agency: l.Home.ID}, func(b *pgx.Batch) {
		b.Queue("select body from audit_body order by idx").Query(func(rows pgx.Rows) (err error) {
			bodies, err = pgx.CollectRows(rows, pgx.RowTo[[]byte])
			return err
		})
	}))
	for i, body := range bodies {
		st, err := stranger.Verify(l.t.Context(), l.StaffDB, body)
		if err != nil {
			l.t.Errorf("entry %d: %v", i, err)
			continue
		}
		list = append(list, st)
	}
	return list
}

// stated: the log says it all, and each line verifies.
func (l *lost) stated() {
	l.t.Helper()
	about := map[statement.Event]int{}
	for _, st := range l.log() {
		if st.Object == "person/"+l.adopter.ID || strings.HasPrefix(st.To, "person/"+l.adopter.ID) {
			about[st.Event]++
		}
	}
	for event, n := range map[statement.Event]int{statement.EventKeyRequest: 2, statement.EventKey: 2, statement.EventGrant: 2,
		statement.EventRevoke: 1, statement.EventRecover: 1, statement.EventCasework: 2} {
		if about[event] != n {
			l.t.Errorf("%d statements of %s, want %d", about[event], event, n)
		}
	}
}

func TestRecoveryRefused(t *testing.T) {
	l, ctx := newLost(t), t.Context()
	third, thirdActor := l.NewWorker(t, "Gwen Tresco", authz.LetterboxWorker)
	start := func(actor authz.Actor, login *accounttest.Login, n account.NewRecovery) error {
		_, err := l.Staff.StartRecovery(ctx, actor, n, l.Code(t, login))
		return err
	}
	person := asked(l.adopter.ID)
	bad := person
	bad.Identity = "letter"
	want(t, "no identity", start(l.Worker, &l.WorkerLogin, bad), fault.Invalid, "fault.recovery.identity")
	bad = person
	bad.What = "secondStep"
	want(t, "a person's second step", start(l.Worker, &l.WorkerLogin, bad), fault.Invalid, "fault.recovery.what")
	worker := account.NewRecovery{Kind: "worker", Account: third.ID, What: "passphrase", Identity: "inPerson"}
	want(t, "a worker's, by no manager", start(l.Worker, &l.WorkerLogin, worker), fault.Forbidden, "fault.forbidden")
	own := worker
	own.Account = l.ManagerLogin.ID
	want(t, "one's own", start(l.Manager, &l.ManagerLogin, own), fault.Forbidden, "fault.recovery.self")
	want(t, "nobody's", start(l.Worker, &l.WorkerLogin, asked(agency.NewID("pe"))), fault.NotFound, "fault.notFound")
	_, err := l.Staff.StartRecovery(ctx, l.Worker, person, "000000")
	want(t, "no code", err, fault.Invalid, "fault.stepUp.wrong")
	l.Exec(t, "update worker set person_id = $1 where id = $2", l.adopter.ID, third.ID)
	want(t, "as the person", start(thirdActor, &third, person), fault.Forbidden, "fault.recovery.self")
	l.Exec(t, "update worker set person_id = null")

	id := l.start()
	want(t, "twice", start(l.Manager, &l.ManagerLogin, person), fault.Conflict, "fault.recovery.open")
	agree := func(actor authz.Actor, login *accounttest.Login, holdBack string) error {
		return l.Staff.AgreeRecovery(ctx, actor, id, holdBack, l.Code(t, login))
	}
	want(t, "alone", agree(l.Worker, &l.WorkerLogin, ""), fault.Forbidden, "fault.recovery.second")
	want(t, "no manager of the two", agree(thirdActor, &third, ""), fault.Forbidden, "fault.recovery.manager")
	want(t, "an unknown reason", agree(l.Manager, &l.ManagerLogin, "because"), fault.Invalid, "fault.recovery.holdBack")
	want(t, "no code", l.Staff.AgreeRecovery(ctx, l.Manager, id, "", ""), fault.Invalid, "fault.stepUp.wrong")
	_, err = l.Staff.PrintRecovery(ctx, l.Worker, id, accounttest.Fact, l.Code(t, &l.WorkerLogin))
	want(t, "printed before it is agreed", err, fault.Conflict, "fault.recovery.moved")
	must(t, agree(l.Manager, &l.ManagerLogin, "othersRead"))
	if n := ask[int64](t, l.World, "select count(*) from notice"); n != 0 {
		t.Error("a notice was sent that was held back")
	}
	want(t, "agreed twice", agree(l.Manager, &l.ManagerLogin, ""), fault.Conflict, "fault.recovery.moved")
	want(t, "stopped by a third", l.Staff.StopRecovery(ctx, thirdActor, id), fault.Forbidden, "fault.forbidden")
	list, err := l.Staff.Recoveries(ctx, l.Worker)
	must(t, err)
	if len(list) != 1 || list[0].Name != "Morwenna Hale" || list[0].StartedByName != "Rhys Penhaligon" || list[0].HeldBack != "othersRead" ||
		list[0].CanPrint || list[0].CanAgree || !list[0].CanStop || !list[0].Ready.Equal(list[0].Agreed.Add(24*time.Hour)) {
		t.Errorf("the list is %+v", list)
	}
}

// Somebody who wants no mail is told by a letter, and the day begins when it was
// posted. Neither the service nor the database lets the paper out before.
func TestRecoveryNoticeOnPaper(t *testing.T) {
	l, ctx := newLost(t), t.Context()
	id := l.start()
	want(t, "posted before it is agreed", l.Staff.PostedNotice(ctx, l.Worker, id), fault.Conflict, "fault.recovery.moved")
	must(t, l.Staff.AgreeRecovery(ctx, l.Manager, id, "", l.Code(t, &l.ManagerLogin)))
	l.Clock.Advance(48 * time.Hour)
	l.signInStaff()
	want(t, "nobody was told", l.printed(id), fault.Conflict, "fault.recovery.notice")
	worker, at := l.WorkerLogin.ID, "'"+l.Clock.Now().Format(time.RFC3339)+"'::timestamptz"
	print := "update recovery set state = 'printed', printed_at = " + at
	if got := byHand(t, l.World, postgres.RoleStaff, "oak", worker, print); got != "recovery_notice" {
		t.Errorf("printed by hand: %q", got)
	}
	byRows := "update recovery set posted_by = '" + worker + "', posted_at = " + at + ", notice_leaf = agree_leaf"
	for sql, want := range map[string]string{byRows: "recovery_stated", "update recovery set notice = 'mail'": "42501",
		strings.Replace(byRows, worker, l.ManagerLogin.ID, 1): "recovery_worker", "update recovery set held_back = 'notSafe'": "recovery_once"} {
		if got := byHand(t, l.World, postgres.RoleStaff, "oak", worker, sql); got != want {
			t.Errorf("%s: got %q, want %q", sql, got, want)
		}
	}
	list, err := l.Staff.Recoveries(ctx, l.Worker)
	must(t, err)
	if len(list) != 1 || !list[0].CanPost || list[0].CanPrint || !list[0].Ready.IsZero() {
		t.Errorf("the list is %+v", list)
	}

	must(t, l.Staff.PostedNotice(ctx, l.Worker, id))
	want(t, "posted twice", l.Staff.PostedNotice(ctx, l.Manager, id), fault.Conflict, "fault.recovery.moved")
	if got := byHand(t, l.World, postgres.RoleStaff, "oak", worker, print+" + interval '23 hours'"); got != "recovery_notice" {
		t.Errorf("printed by hand within the day: %q", got)
	}
	l.Clock.Advance(23 * time.Hour)
	l.signInStaff()
	want(t, "within the day", l.printed(id), fault.Conflict, "fault.recovery.early")
	l.Clock.Advance(time.Hour)
	l.signInStaff()
	l.byRows("update recovery set posted_at = posted_at - interval '1 hour'")
	want(t, "a day that the row says", l.printed(id), fault.Sealed, "fault.sealed")
	l.byRows("update recovery set posted_at = posted_at + interval '1 hour'")
	l.print(id)
	l.log()
}

// Who wants mail is told by mail, and needs no letter.
func TestRecoveryNoticeByMail(t *testing.T) {
	l := newLost(t)
	l.byRows("insert into contact (agency_id, person_id, mail, version) values ('oak', '" + l.adopter.ID + "', true, 1)")
	id := l.start()
	l.agree(id)
	want(t, "a letter besides", l.Staff.PostedNotice(t.Context(), l.Worker, id), fault.Conflict, "fault.recovery.moved")
	l.Clock.Advance(24 * time.Hour)
	l.signInStaff()
	must(t, l.printed(id))
}

// Whoever still has the old passphrase is told, and says no.
func TestRecoveryStopped(t *testing.T) {
	l, ctx := newLost(t), t.Context()
	before := l.adopter
	if _, ok, err := l.Public.OwnRecovery(ctx, l.SignInPerson(t, &before)); ok || err != nil {
		t.Errorf("a recovery that nobody asked for: %v", err)
	}
	paper := l.paper()
	actor := l.SignInPerson(t, &before)
	own, ok, err := l.Public.OwnRecovery(ctx, actor)
	must(t, err)
	if !ok || own.What != "passphrase" || own.Ready.IsZero() {
		t.Errorf("the person is told %v %+v", ok, own)
	}
	must(t, l.Public.StopOwnRecovery(ctx, actor))
	want(t, "again", l.Public.StopOwnRecovery(ctx, actor), fault.Conflict, "fault.recovery.moved")
	_, err = l.Public.Redeem(ctx, l.Home.ID, accounttest.From(), paper.Code, accounttest.Fact)
	want(t, "its paper", err, fault.Invalid, "fault.invitation.wrong")
	id := ask[string](t, l.World, "select id from recovery")
	_, err = l.Staff.PrintRecovery(ctx, l.Worker, id, accounttest.Fact, l.Code(t, &l.WorkerLogin))
	want(t, "printed again", err, fault.Conflict, "fault.recovery.moved")
	list, err := l.Staff.Recoveries(ctx, l.Worker)
	must(t, err)
	if len(list) != 1 || list[0].State != "stopped" || list[0].StoppedBy != "self" {
		t.Errorf("the workers see %+v", list)
	}
	if _, err := l.Families.Open(ctx, actor, l.delivery); err != nil {
		t.Errorf("the old key: %v", err)
	}
}

// A recovery that a worker stops after the paper was used ends in nothing.
func TestRecoveryStoppedLate(t *testing.T) {
	l, ctx := newLost(t), t.Context()
	paper := l.paper()
	l.redeem(paper)
	must(t, l.Staff.StopRecovery(ctx, l.Worker, ask[string](t, l.World, "select id from recovery")))
	err := l.Staff.ConfirmPerson(ctx, l.Worker, l.adopter.ID, l.Code(t, &l.WorkerLogin))
	want(t, "the call after it", err, fault.Conflict, "fault.confirm.notWaiting")
	if n := ask[int64](t, l.World, "select count(*) from ring_grant_person where parent_epoch = 2"); n != 0 {
		t.Error("it was granted")
	}
	l.signInStaff()
	l.redeem(l.paper()) // and again, from the start
	l.ConfirmPerson(t, l.adopter.ID)
	if _, err := l.Families.Open(ctx, l.SignInPerson(t, &l.adopter), l.delivery); err != nil {
		t.Errorf("after the second one: %v", err)
	}
}

// Rows that say two workers agreed are nobody's word.
func TestRecoveryForged(t *testing.T) {
	for name, sql := range map[string]string{
		"agreed by a worker who did not":     "update recovery set agreed_by = (select id from worker where id not in (started_by, agreed_by) limit 1)",
		"a statement of something else":      "update recovery set agree_leaf = (select leaf from audit_body order by idx limit 1)",
		"the first one's word for both":      "update recovery set agree_leaf = start_leaf",
		"another account than was spoken of": "update recovery set account_id = (select id from person where id <> account_id limit 1)",
	} {
		t.Run(name, func(t *testing.T) {
			l := newLost(t)
			l.NewWorker(t, "Gwen Tresco", authz.LetterboxWorker)
			l.signInStaff()
			id := l.start()
			l.agree(id)
			l.Clock.Advance(24 * time.Hour)
			l.signInStaff()
			l.Exec(t, "set session_replication_role = replica; "+sql)
			_, err := l.Staff.PrintRecovery(t.Context(), l.Worker, id, accounttest.Fact, l.Code(t, &l.WorkerLogin))
			want(t, "the paper", err, fault.Sealed, "fault.sealed")
		})
	}
}

// A second paper kills the first.
func TestRecoveryPrintedAgain(t *testing.T) {
	l := newLost(t)
	first := l.paper()
	second := l.print(ask[string](t, l.World, "select id from recovery"))
	_, err := l.Public.Redeem(t.Context(), l.Home.ID, accounttest.From(), first.Code, accounttest.Fact)
	want(t, "the first paper", err, fault.Invalid, "fault.invitation.wrong")
	l.redeem(second)
	_, err = l.Public.Redeem(t.Context(), l.Home.ID, accounttest.From(), second.Code, accounttest.Fact)
	want(t, "the second paper twice", err, fault.Invalid, "fault.invitation.wrong")
}

// The old passphrase is right, and before the session begins the paper is used:
// whoever signs in so is not in.
func TestOldPassphraseWhileRedeemed(t *testing.T) {
	l := newLost(t)
	before, paper := l.adopter, l.paper()
	slow := accounttest.MustService(t, l.PublicConfig)
	reached, released, done := make(chan struct{}), make(chan struct{}), make(chan error)
	slow.Stall(func() { close(reached); <-released })
	go func() {
		_, err := slow.SignIn(context.WithoutCancel(t.Context()), l.Home.ID,
			account.SignIn{Name: before.Name, Passphrase: before.Passphrase, From: accounttest.From()})
		done <- err
	}()
	<-reached
	l.redeem(paper)
	close(released)
	want(t, "the old passphrase", <-done, fault.Invalid, "fault.signIn.wrong")
	if n := ask[int64](t, l.World, "select count(*) from session where account_id = $1", before.ID); n != 1 {
		t.Errorf("%d sessions, want the new one", n)
	}
}

// Two managers agree at the same moment: one does.
func TestAgreeAtOnce(t *testing.T) {
	l, ctx := newLost(t), t.Context()
	other, otherActor := l.NewWorker(t, "Gwen Tresco", authz.Manager)
	id := l.start()
	codes := []string{l.Code(t, &l.ManagerLogin), ""}
	codes[1] = l.Code(t, &other)
	both, arrived := accounttest.MustService(t, l.StaffConfig), make(chan struct{}, 2)
	released := make(chan struct{})
	both.Stall(func() { arrived <- struct{}{}; <-released })
	errs := make(chan error)
	for i, actor := range []authz.Actor{l.Manager, otherActor} {
		go func() { errs <- both.AgreeRecovery(ctx, actor, id, "", codes[i]) }()
	}
	<-arrived
	<-arrived
	close(released)
	got := []error{<-errs, <-errs}
	if i := slices.Index(got, nil); i < 0 {
		t.Fatalf("neither: %v", got)
	} else {
		want(t, "the other", got[1-i], fault.Conflict, "fault.recovery.moved")
	}
	if n := ask[int64](t, l.World, `select count(*) from audit_body where convert_from(body, 'UTF8') like E'%\nevent recover\n%'`); n != 1 {
		t.Errorf("%d statements, want 1", n)
	}
}

// A worker gets a new passphrase, and what they signed before stays signed.
func TestRecoverWorker(t *testing.T) {
	l, ctx := newLost(t), t.Context()
	id, err := l.Staff.StartRecovery(ctx, l.Manager, account.NewRecovery{Kind: "worker", Account: l.WorkerLogin.ID, What: "passphrase", Identity: "inPerson"},
		l.Code(t, &l.ManagerLogin))
	must(t, err)
	want(t, "by themself", l.Staff.AgreeRecovery(ctx, l.Worker, id, "", l.Code(t, &l.WorkerLogin)), fault.Forbidden, "fault.recovery.self")
	second, secondActor := l.NewWorker(t, "Gwen Tresco", authz.LetterboxWorker)
	must(t, l.Staff.AgreeRecovery(ctx, secondActor, id, "", l.Code(t, &second)))
	l.Clock.Advance(24 * time.Hour)
	l.Manager, secondActor = l.SignInWorker(t, &l.ManagerLogin), l.SignInWorker(t, &second)
	_, err = l.Staff.PrintRecovery(ctx, secondActor, id, accounttest.Fact, l.Code(t, &second))
	want(t, "printed by no manager", err, fault.Forbidden, "fault.forbidden")
	paper, err := l.Staff.PrintRecovery(ctx, l.Manager, id, accounttest.Fact, l.Code(t, &l.ManagerLogin))
	must(t, err)

	before := l.WorkerLogin.ID
	l.WorkerLogin = l.Enrol(t, l.Home.ID, true, paper)
	if l.WorkerLogin.ID != before {
		t.Fatal("another account")
	}
	l.SetTOTP(t, l.Home.ID, true, &l.WorkerLogin)
	if got := l.SignInWorker(t, &l.WorkerLogin); got.Keys().Has("team/letterbox/1") || got.Can(authz.Claim) {
		t.Error("recovered without a call")
	}
	must(t, l.Staff.ConfirmWorker(ctx, l.Manager, l.WorkerLogin.ID, nil, l.Code(t, &l.ManagerLogin)))
	l.Worker = l.SignInWorker(t, &l.WorkerLogin)
	if !l.Worker.Has(authz.LetterboxWorker) || !l.Worker.Keys().Has("team/letterbox/1") {
		t.Error("the worker has not got back what they had")
	}
	if got := ask[string](t, l.World, "select string_agg(distinct parent_epoch::text, ',') from ring_grant_staff where parent = 'worker/' || $1", before); got != "2" {
		t.Errorf("grants to epochs %s, want 2 alone", got)
	}
	_, err = l.Staff.Load(ctx, l.Home.ID, l.WorkerLogin.Token, account.Short)
	must(t, err)
	l.cross(l.SignInPerson(t, &l.adopter), l.side) // they sign with the new key
	l.log()
}

// A worker who lost the second step keeps the passphrase.
func TestResetSecondStep(t *testing.T) {
	l, ctx := newLost(t), t.Context()
	id, err := l.Staff.StartRecovery(ctx, l.Manager, account.NewRecovery{Kind: "worker", Account: l.WorkerLogin.ID, What: "secondStep", Identity: "callBack"},
		l.Code(t, &l.ManagerLogin))
	must(t, err)
	second, secondActor := l.NewWorker(t, "Gwen Tresco", authz.LetterboxWorker)
	must(t, l.Staff.AgreeRecovery(ctx, secondActor, id, "", l.Code(t, &second)))
	want(t, "too early", l.Staff.ResetSecondStep(ctx, l.Manager, id, l.Code(t, &l.ManagerLogin)), fault.Conflict, "fault.recovery.early")
	l.Clock.Advance(24 * time.Hour)
	l.Manager = l.SignInWorker(t, &l.ManagerLogin)
	before := l.SignInWorker(t, &l.WorkerLogin)
	if own, ok, err := l.Staff.OwnRecovery(ctx, before); !ok || err != nil || own.What != "secondStep" {
		t.Errorf("the worker is told %v %+v %v", ok, own, err)
	}
	_, err = l.Staff.PrintRecovery(ctx, l.Manager, id, accounttest.Fact, l.Code(t, &l.ManagerLogin))
	want(t, "a paper for it", err, fault.Conflict, "fault.recovery.moved")
	must(t, l.Staff.ResetSecondStep(ctx, l.Manager, id, l.Code(t, &l.ManagerLogin)))
	_, err = l.Staff.Load(ctx, l.Home.ID, l.WorkerLogin.Token, account.Short)
	want(t, "their session", err, fault.SignIn, "fault.signIn")
	l.WorkerLogin.Secret = ""
	actor := l.SignInWorker(t, &l.WorkerLogin)
	if !l.Staff.NeedsTOTP(actor) || actor.Can(authz.Claim) || actor.Keys().Has("team/letterbox/1") {
		t.Error("a session without a second step can do something")
	}
	l.SetTOTP(t, l.Home.ID, true, &l.WorkerLogin)
	if actor := l.SignInWorker(t, &l.WorkerLogin); !actor.Can(authz.Claim) {
		t.Error("not themself again")
	}
	want(t, "twice", l.Staff.ResetSecondStep(ctx, l.Manager, id, l.Code(t, &l.ManagerLogin)), fault.Conflict, "fault.recovery.moved")
}
