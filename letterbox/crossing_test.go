package letterbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/letterbox"
)

// pair is an exchange with somebody signed in on each side.
type pair struct {
	*accounttest.World
	t                  *testing.T
	exchange           letterbox.ExchangeID
	birth, adoptive    authz.Actor
	fromSide, toSide   letterbox.SideID
	birthID, adopterID string
	birthLogin         accounttest.Login
	adoptiveLogin      accounttest.Login
	newLogin           accounttest.Login // of the worker that newStaff made last
}

func newPair(t *testing.T) *pair {
	t.Helper()
	return pairIn(t, accounttest.NewWorld(t))
}

func pairIn(t *testing.T, w *accounttest.World) *pair {
	t.Helper()
	p := &pair{World: w, t: t}
	p.exchange, p.birthID, p.adopterID = w.OpenExchange(t)
	p.birthLogin, p.birth = w.NewPerson(t, p.birthID)
	p.adoptiveLogin, p.adoptive = w.NewPerson(t, p.adopterID)
	p.Worker = w.SignInWorker(t, &w.WorkerLogin)
	p.fromSide, p.toSide = p.side(p.birth), p.side(p.adoptive)
	return p
}

func (p *pair) side(a authz.Actor) letterbox.SideID {
	p.t.Helper()
	inbox, err := p.Families.Inbox(p.t.Context(), a)
	must(p.t, err)
	if len(inbox.Sides) != 1 {
		p.t.Fatalf("%d sides", len(inbox.Sides))
	}
	return inbox.Sides[0].Side
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// send writes and sends a letter from the birth side.
func (p *pair) send(text string) letterbox.LetterID {
	p.t.Helper()
	draft, err := p.Families.NewDraft(p.t.Context(), p.birth, p.fromSide, text)
	must(p.t, err)
	id, err := p.Families.Send(p.t.Context(), p.birth, draft, 1)
	must(p.t, err)
	return id
}

// pass claims, reads and passes a letter on.
func (p *pair) pass(id letterbox.LetterID) {
	p.t.Helper()
	must(p.t, p.Desk.Claim(p.t.Context(), p.Worker, id))
	_, err := p.Desk.Read(p.t.Context(), p.Worker, id)
	must(p.t, err)
	must(p.t, p.Desk.Pass(p.t.Context(), p.Worker, id, "nothing to worry about"))
}

// came is the newest letter that came to the adoptive side.
func (p *pair) came() letterbox.DeliveryID {
	p.t.Helper()
	side, err := p.Families.Side(p.t.Context(), p.adoptive, p.toSide)
	must(p.t, err)
	if len(side.Came) == 0 {
		p.t.Fatal("nothing came")
	}
	return side.Came[0].ID
}

func (p *pair) told(id letterbox.LetterID) letterbox.Told {
	p.t.Helper()
	sent, err := p.Families.OpenSent(p.t.Context(), p.birth, id)
	must(p.t, err)
	return sent.Told
}

func (p *pair) count(sql string, args ...any) (n int) {
	p.t.Helper()
	must(p.t, p.Database.Admin().QueryRow(context.Background(), sql, args...).Scan(&n))
	return n
}

func wantKind(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if got := fault.KindOf(err); got != kind {
		t.Errorf("%s: %v, want %q", what, err, kind)
	}
}

// The main job: a birth mother writes, a worker reads and passes on, an
// adopter opens and answers.
func TestCrossing(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	const text = "Dear Wren,\n\nThe swallows are back. Siân says hello.\n\nwith love"
	letter := p.send(text)
	if got := p.told(letter); got != letterbox.WithUs {
		t.Errorf("after sending the writer is told %q", got)
	}
	desk, err := p.Desk.Desk(ctx, p.Worker)
	must(t, err)
	if len(desk.Letters) != 1 || desk.Letters[0].ID != letter || desk.Letters[0].From != "Tamsin Vale" || desk.Letters[0].Children != "Wren Vale" {
		t.Fatalf("the desk shows %+v", desk.Letters)
	}
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	p.Exec(t, `update claim set until = now() + interval '1 minute'`)
	reading, err := p.Desk.Read(ctx, p.Worker, letter)
	must(t, err)
	if n := p.count(`select count(*) from claim where until > now() + interval '29 minutes'`); n != 1 {
		t.Error("reading does not renew the claim")
	}
	if string(reading.Text) != text || reading.Unread || !reading.MayDecide || reading.Forms.Other != "the other family" {
		t.Errorf("the worker reads %q (unread %v, may decide %v)", string(reading.Text), reading.Unread, reading.MayDecide)
	}
	if side, err := p.Families.Side(ctx, p.adoptive, p.toSide); err != nil || len(side.Came) != 0 {
		t.Errorf("before the decision the recipient has %v, %v", side.Came, err)
	}
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	if got := p.told(letter); got != letterbox.PassedOn {
		t.Errorf("after passing on the writer is told %q", got)
	}
	delivery := p.came()
	if string(delivery)[2:] == string(letter)[2:] {
		t.Error("the two sides share an id")
	}
	cover, err := p.Families.Came(ctx, p.adoptive, delivery)
	must(t, err)
	if cover.Text != "" || cover.Opened {
		t.Error("the cover shows the letter")
	}
	came, err := p.Families.Open(ctx, p.adoptive, delivery)
	must(t, err)
	if string(came.Text) != text || !came.Opened || !came.MayWrite {
		t.Errorf("the adopter reads %q", string(came.Text))
	}
	if got := p.told(letter); got != letterbox.PassedOn {
		t.Errorf("after opening the writer is told %q: it must not tell", got)
	}
	again, err := p.Families.Open(ctx, p.adoptive, delivery)
	must(t, err)
	if string(again.Text) != text {
		t.Error("a second reading shows something else")
	}
	answer, err := p.Families.NewDraft(ctx, p.adoptive, p.toSide, "Thank you. Wren loves swallows.")
	must(t, err)
	id, err := p.Families.Send(ctx, p.adoptive, answer, 1)
	must(t, err)
	must(t, p.Desk.Claim(ctx, p.Worker, id))
	reading, err = p.Desk.Read(ctx, p.Worker, id)
	must(t, err)
	if len(reading.Earlier) != 1 || string(reading.Earlier[0].Text) != text || reading.Earlier[0].FromMe {
		t.Errorf("beside the answer stands %+v", reading.Earlier)
	}
	p.archiveOpens(letter, text)
}

// archiveOpens: the archive's key alone opens the letter and the parties.
func (p *pair) archiveOpens(letter letterbox.LetterID, text string) {
	p.t.Helper()
	admin := p.Database.Admin()
	for _, o := range []struct{ id, part, holds string }{{string(letter), "text", text}, {string(p.exchange), "parties", "Tamsin Vale, birth mother"}} {
		var sealed []byte
		must(p.t, admin.QueryRow(context.Background(), `select sealed from object where id = $1 and part = $2`, o.id, o.part).Scan(&sealed))
		c := p.context(o.id, o.part)
		content, _, err := seal.Open(sealed, c, p.Archive)
		if err != nil || !strings.Contains(string(content), o.holds) {
			p.t.Errorf("the archive opens %s: %q, %v", o.part, content, err)
		}
	}
}

// context reads an object's context from its row.
func (p *pair) context(id, part string) seal.Context {
	p.t.Helper()
	c := seal.Context{Agency: p.Home.ID, Object: id, Part: part, Version: 1}
	var kind string
	must(p.t, p.Database.Admin().QueryRow(context.Background(), `select kind, exchange_id, from_node, to_node from object where id = $1 and part = $2`, id, part).
		Scan(&kind, &c.Exchange, &c.From, &c.To))
	c.Kind = seal.Kind(kind)
	return c
}

func TestReturn_AndRewrite(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.send("We live in Marlow Street now.")
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.Return(ctx, p.Worker, letter, "identifying", "Please write it once more.", "street name"))
	must(t, p.Desk.Return(ctx, p.Worker, letter, "identifying", "Please write it once more.", "street name"))
	sent, err := p.Families.OpenSent(ctx, p.birth, letter)
	must(t, err)
	if sent.Told != letterbox.Returned || sent.Reason.Reason != "identifying" || sent.Reason.Words != "Please write it once more." {
		t.Errorf("the writer sees %+v", sent)
	}
	draft, err := p.Families.Rewrite(ctx, p.birth, letter)
	must(t, err)
	if again, err := p.Families.Rewrite(ctx, p.birth, letter); err != nil || again != draft {
		t.Errorf("a second rewrite: %v, %v", again, err)
	}
	d, err := p.Families.OpenDraft(ctx, p.birth, draft)
	must(t, err)
	if string(d.Text) != "We live in Marlow Street now." || d.Replaces != letter || d.Reason.Words == "" {
		t.Errorf("the rewrite begins as %+v", d)
	}
	version, err := p.Families.SaveDraft(ctx, p.birth, draft, d.Version, "We are well.")
	must(t, err)
	second, err := p.Families.Send(ctx, p.birth, draft, version)
	must(t, err)
	if got := p.told(letter); got != letterbox.Replaced {
		t.Errorf("the old letter is told %q", got)
	}
	must(t, p.Desk.Claim(ctx, p.Worker, second))
	reading, err := p.Desk.Read(ctx, p.Worker, second)
	must(t, err)
	if !reading.Rewrite || len(reading.Earlier) != 1 || reading.Earlier[0].Reason.Words == "" {
		t.Errorf("beside the rewrite: %+v", reading.Earlier)
	}
	if _, err := p.Families.Rewrite(ctx, p.birth, letter); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a replaced letter is written again: %v", err)
	}
}

// Two clicks, and fifty: one letter, one delivery.
func TestOnce(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	draft, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, "Once.")
	must(t, err)
	ids := make([]letterbox.LetterID, 20)
	together(len(ids), func(i int) {
		if ids[i], err = p.Families.Send(ctx, p.birth, draft, 1); err != nil {
			t.Errorf("send %d: %v", i, err)
		}
	})
	letter := ids[0]
	if slices.ContainsFunc(ids, func(id letterbox.LetterID) bool { return id != letter }) || p.count(`select count(*) from letter`) != 1 {
		t.Errorf("twenty clicks on send made %d letters", p.count(`select count(*) from letter`))
	}
	other := p.secondWorker()
	claims := make([]error, 20)
	workers := []authz.Actor{p.Worker, other}
	together(len(claims), func(i int) { claims[i] = p.Desk.Claim(ctx, workers[i%2], letter) })
	winner := workers[0]
	if claims[0] != nil {
		winner = workers[1]
	}
	for i, err := range claims {
		if (err == nil) != (workers[i%2].Account() == winner.Account()) {
			t.Errorf("claim %d by %s: %v", i, workers[i%2].Account(), err)
		}
	}
	passes := make([]error, 50)
	together(len(passes), func(i int) { passes[i] = p.Desk.Pass(ctx, workers[i%2], letter, "") })
	for i, err := range passes {
		if mine := workers[i%2].Account() == winner.Account(); mine && err != nil || !mine && fault.KindOf(err) != fault.Conflict {
			t.Errorf("pass %d (holder %v): %v", i, mine, err)
		}
	}
	if n := p.count(`select count(*) from delivery`); n != 1 {
		t.Errorf("%d deliveries", n)
	}
	if n := p.count(`select count(*) from decision`); n != 1 {
		t.Errorf("%d decisions", n)
	}
	if n := p.count(`select count(*) from object where kind = 'delivery'`); n != 1 {
		t.Errorf("%d sealed deliveries", n)
	}
	p.logWhole()
}

// readFirst lets a worker be the first of two readers.
func (p *pair) readFirst(worker authz.Actor, id letterbox.LetterID, answers ...letterbox.Answer) {
	p.t.Helper()
	must(p.t, p.Desk.Claim(p.t.Context(), worker, id))
	must(p.t, p.Desk.ReadFirst(p.t.Context(), worker, id, "fine by me", answers...))
}

// noWorry forgets what was with the safeguarding lead, for a test about something
// else: one worker passes a letter on again.
func (p *pair) noWorry() { p.untriggered(`delete from object where kind = 'referral'`) }

func (p *pair) secondWorker() authz.Actor {
	p.t.Helper()
	p.Manager = p.SignInWorker(p.t, &p.ManagerLogin)
	_, other := p.NewWorker(p.t, "Imogen Farr", authz.LetterboxWorker)
	p.Worker = p.SignInWorker(p.t, &p.WorkerLogin)
	return other
}

// together runs n calls at once and waits for them.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-start; f(i) })
	}
	close(start)
	wg.Wait()
}

// logWhole: the log has no gap, and every body in it verifies.
func (p *pair) logWhole() {
	p.t.Helper()
	rows, err := p.Database.Admin().Query(context.Background(), `select idx, body from audit_body where agency_id = $1 order by idx`, p.Home.ID)
	must(p.t, err)
	defer rows.Close()
	next := int64(0)
	for rows.Next() {
		var idx int64
		var body []byte
		must(p.t, rows.Scan(&idx, &body))
		if idx != next {
			p.t.Fatalf("leaf %d follows leaf %d", idx, next-1)
		}
		if _, err := p.Home.Verify(p.t.Context(), p.StaffDB, body); err != nil {
			p.t.Errorf("leaf %d: %v", idx, err)
		}
		next++
	}
	if next < 10 {
		p.t.Errorf("%d leaves only", next)
	}
}

// Nobody has a letter that is not theirs: the other side, a person of another
// exchange, a worker on hold, a manager without the role, another agency.
func TestStrangers(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.send("Ours.")
	draft, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, "Mine.")
	must(t, err)
	passed := p.send("Passed.")
	p.pass(passed)
	delivery := p.came()

	stranger := pairIn(t, p.World)
	for name, actor := range map[string]authz.Actor{"the other side": p.adoptive, "another exchange": stranger.birth, "nobody": {}} {
		kind := fault.NotFound
		if name == "nobody" {
			kind = fault.Forbidden
		}
		_, err := p.Families.OpenSent(ctx, actor, letter)
		wantKind(t, name+" opens what was sent", err, kind)
		_, err = p.Families.OpenDraft(ctx, actor, draft)
		wantKind(t, name+" opens a draft", err, kind)
		_, err = p.Families.SaveDraft(ctx, actor, draft, 1, "x")
		wantKind(t, name+" saves a draft", err, kind)
		wantKind(t, name+" frees a draft", p.Families.FreeDraft(ctx, actor, draft), kind)
		wantKind(t, name+" deletes a draft", p.Families.DeleteDraft(ctx, actor, draft), kind)
		_, err = p.Families.Send(ctx, actor, draft, 1)
		wantKind(t, name+" sends a draft", err, kind)
		_, err = p.Families.NewDraft(ctx, actor, p.fromSide, "x")
		wantKind(t, name+" writes on the side", err, kind)
		_, err = p.Families.Side(ctx, actor, p.fromSide)
		wantKind(t, name+" sees the side", err, kind)
		_, err = p.Families.Rewrite(ctx, actor, letter)
		wantKind(t, name+" rewrites", err, kind)
	}
	for name, actor := range map[string]authz.Actor{"the writer": p.birth, "another exchange": stranger.adoptive} {
		_, err := p.Families.Came(ctx, actor, delivery)
		wantKind(t, name+" sees the cover", err, fault.NotFound)
		_, err = p.Families.Open(ctx, actor, delivery)
		wantKind(t, name+" opens the delivery", err, fault.NotFound)
	}
	for name, actor := range map[string]authz.Actor{"a person": p.birth, "a manager": p.Manager, "nobody": {}} {
		wantKind(t, name+" claims", p.Desk.Claim(ctx, actor, letter), fault.Forbidden)
		_, err := p.Desk.Read(ctx, actor, letter)
		wantKind(t, name+" reads", err, fault.Forbidden)
		wantKind(t, name+" passes", p.Desk.Pass(ctx, actor, letter, ""), fault.Forbidden)
		wantKind(t, name+" returns", p.Desk.Return(ctx, actor, letter, "other", "x", ""), fault.Forbidden)
		_, err = p.Desk.Exchange(ctx, actor, p.exchange)
		wantKind(t, name+" sees the exchange", err, fault.Forbidden)
		_, err = p.Desk.Search(ctx, actor, "Vale")
		wantKind(t, name+" searches", err, fault.Forbidden)
	}
	// Every refusal by role was written down, with who and what.
	if n := p.count(`select count(*) from refusal where account_id in ($1, $2)`, p.birthID, p.ManagerLogin.ID); n != 12 {
		t.Errorf("%d refusals written down, want 12", n)
	}
}

// What a worker must do first: claim, and a one-time code in the last hour.
func TestDecide_Conditions(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.send("Wait for me.")
	wantKind(t, "read unclaimed", second(p.Desk.Read(ctx, p.Worker, letter)), fault.Conflict)
	wantKind(t, "pass unclaimed", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Conflict)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	p.Clock.Advance(letterbox.StepUpFor + 1)
	wantKind(t, "pass an hour after the code", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.StepUp)
	p.Worker = p.SignInWorker(t, &p.WorkerLogin)
	p.Exec(t, `update claim set until = now() - interval '1 second'`)
	wantKind(t, "pass after the claim lapsed", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Conflict)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.Release(ctx, p.Worker, letter))
	wantKind(t, "pass after putting back", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Conflict)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	p.secondWorker()
	must(t, p.Desk.Connect(ctx, p.Worker, p.exchange))
	wantKind(t, "read when connected", second(p.Desk.Read(ctx, p.Worker, letter)), fault.Forbidden)
	wantKind(t, "claim when connected", p.Desk.Claim(ctx, p.Worker, letter), fault.Forbidden)
	wantKind(t, "pass when connected", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Forbidden)
	wantKind(t, "return when connected", p.Desk.Return(ctx, p.Worker, letter, "other", "x", ""), fault.Forbidden)
	if n := p.count(`select count(*) from decision`) + p.count(`select count(*) from object where kind = 'decision'`); n != 0 {
		t.Errorf("%d traces of refused decisions", n)
	}
}

// Who helped to write may read a letter, and may not decide about it.
func TestDecide_Helper(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.send("We wrote it together.")
	p.Exec(t, `insert into letter_helper (agency_id, letter_id, worker_id) values ($1, $2, $3)`, p.Home.ID, string(letter), p.Worker.Account())
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	reading, err := p.Desk.Read(ctx, p.Worker, letter)
	must(t, err)
	if reading.MayDecide || reading.Text == "" {
		t.Errorf("the helper may decide: %v", reading.MayDecide)
	}
	wantKind(t, "the helper passes on", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Forbidden)
}

func second[T any](_ T, err error) error { return err }

func TestClaim_FiveAtMost(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	for range letterbox.MaxClaims {
		must(t, p.Desk.Claim(ctx, p.Worker, p.send("One of many.")))
	}
	wantKind(t, "a sixth claim", p.Desk.Claim(ctx, p.Worker, p.send("One too many.")), fault.Conflict)
}

func TestSend_ADay(t *testing.T) {
	p := newPair(t)
	for range letterbox.MaxLettersADay {
		p.send("Another.")
	}
	draft, err := p.Families.NewDraft(t.Context(), p.birth, p.fromSide, "One more.")
	must(t, err)
	wantKind(t, "too many letters a day", second(p.Families.Send(t.Context(), p.birth, draft, 1)), fault.Conflict)
}

// What cannot be written: nothing changes, and the fault says which field.
func TestText_Refused(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	for name, text := range map[string]string{
		"too long": strings.Repeat("a", letterbox.MaxText+1), "not UTF-8": "caf\xe9",
	} {
		_, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, text)
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != "text" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, id := range map[string]letterbox.SideID{"no id": "", "SQL": "sd' or '1'='1", "another kind": letterbox.SideID(p.exchange), "nobody's": letterbox.SideID(agency.NewID("sd"))} {
		_, err := p.Families.NewDraft(ctx, p.birth, id, "x")
		wantKind(t, name, err, fault.NotFound)
	}
	if n := p.count(`select count(*) from draft`); n != 0 {
		t.Errorf("%d drafts of refused texts", n)
	}
	// What cannot be seen is dropped, and every kind of line end is one.
	odd, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, "one\vtwo\r\nthree\u2028four\x1b[\x00 \u202efive e\u0301")
	must(t, err)
	if d, err := p.Families.OpenDraft(ctx, p.birth, odd); err != nil || string(d.Text) != "one\ntwo\nthree\nfour[ five \u00e9" {
		t.Errorf("the odd text is %q, %v", string(d.Text), err)
	}
	must(t, p.Families.DeleteDraft(ctx, p.birth, odd))
	draft, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, " \n\t\u200b ")
	must(t, err)
	wantKind(t, "an empty letter", second(p.Families.Send(ctx, p.birth, draft, 1)), fault.Invalid)
	whole := strings.Repeat("a", letterbox.MaxText)
	version, err := p.Families.SaveDraft(ctx, p.birth, draft, 1, whole)
	must(t, err)
	wantKind(t, "an old version saved", second(p.Families.SaveDraft(ctx, p.birth, draft, 1, "x")), fault.Conflict)
	wantKind(t, "an old version sent", second(p.Families.Send(ctx, p.birth, draft, 1)), fault.Conflict)
	letter, err := p.Families.Send(ctx, p.birth, draft, version)
	must(t, err)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	for name, r := range map[string]struct {
		reason letterbox.ReturnReason
		words  string
	}{"no reason": {"", "x"}, "an unknown reason": {"because", "x"}, "other without words": {"other", " "}, "too many words": {"other", strings.Repeat("ŵ", letterbox.MaxReason+1)}} {
		wantKind(t, name, p.Desk.Return(ctx, p.Worker, letter, r.reason, r.words, ""), fault.Invalid)
	}
}

// Letters of one word and of a page are stored in the same size (Part C 17).
func TestSizes(t *testing.T) {
	p := newPair(t)
	short, long := p.send("a"), p.send(strings.Repeat("a", 3500))
	size := func(id letterbox.LetterID) int {
		return p.count(`select octet_length(sealed) from object where id = $1`, string(id))
	}
	if size(short) != size(long) {
		t.Errorf("one byte is stored in %d, 3,500 in %d", size(short), size(long))
	}
	for _, table := range []string{"ring_grant_staff where child not like 'directory/%'", "ring_grant_person"} {
		if n := p.count(`select count(distinct octet_length(sealed)) from ` + table); n != 1 {
			t.Errorf("grants of %s have %d sizes", table, n)
		}
	}
}

// Somebody who can write the database swaps, replaces, truncates and rolls
// back sealed rows: a notice stands in their place, and the page goes on.
func TestChangedRows(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	first, other := p.send("The first."), p.send("The other.")
	swap := `update object a set sealed = b.sealed, commit = b.commit from object b where a.id = $1 and b.id = $2 and a.part = 'text' and b.part = 'text'`
	keep := map[letterbox.LetterID][]byte{}
	for _, id := range []letterbox.LetterID{first, other} {
		var sealed []byte
		must(t, p.Database.Admin().QueryRow(ctx, `select sealed from object where id = $1`, string(id)).Scan(&sealed))
		keep[id] = sealed
	}
	must(t, p.Desk.Claim(ctx, p.Worker, first))
	check := func(name string, sql string, args ...any) {
		t.Helper()
		p.Exec(t, sql, args...)
		sent, err := p.Families.OpenSent(ctx, p.birth, first)
		if err != nil || !sent.Unread || sent.Text != "" {
			t.Errorf("%s: the writer sees %q, unread %v, %v", name, string(sent.Text), sent.Unread, err)
		}
		reading, err := p.Desk.Read(ctx, p.Worker, first)
		if err != nil || !reading.Unread || reading.Text != "" || reading.Forms.Self == "" {
			t.Errorf("%s: the worker sees %q, unread %v, %v", name, string(reading.Text), reading.Unread, err)
		}
		wantKind(t, name+": passing it on", p.Desk.Pass(ctx, p.Worker, first, ""), fault.Sealed)
		if sent, err := p.Families.OpenSent(ctx, p.birth, other); err != nil || sent.Unread {
			t.Errorf("%s: the other letter: %v, %v", name, sent.Unread, err)
		}
		p.Exec(t, `update object set sealed = $2, commit = (select commit from object c where c.id = $1 and c.part = 'text') where id = $1 and part = 'text'`, string(first), keep[first])
	}
	check("swapped", swap, string(first), string(other))
	check("truncated", `update object set sealed = substring(sealed for octet_length(sealed) - 1) where id = $1`, string(first))
	check("lengthened", `update object set sealed = sealed || '\x00' where id = $1`, string(first))
	check("emptied", `update object set sealed = '' where id = $1`, string(first))
	check("forged", `update object set sealed = $2 where id = $1`, string(first), p.forge(first))
	if n := p.count(`select count(*) from delivery`); n != 0 {
		t.Errorf("%d deliveries of changed letters", n)
	}
}

// forge seals another text in the letter's own context to the public keys, as anybody can.
func (p *pair) forge(id letterbox.LetterID) []byte {
	p.t.Helper()
	var recipient string
	must(p.t, p.Database.Admin().QueryRow(context.Background(), `select recipient from node where id = $1`, "case/"+string(p.exchange)).Scan(&recipient))
	to, err := age.ParseHybridRecipient(recipient)
	must(p.t, err)
	must(p.t, p.Database.Admin().QueryRow(context.Background(), `select recipient from node where id = $1`, "side/"+string(p.fromSide)).Scan(&recipient))
	side, err := age.ParseHybridRecipient(recipient)
	must(p.t, err)
	sealed, err := seal.Seal(p.context(string(id), "text"), []byte("I wrote this, and nobody signed it."), to, side, p.Archive.Recipient())
	must(p.t, err)
	return sealed.Bytes
}

// A forged letter with the attacker's own statement beside it: the statement
// is not signed by whom it must be.
func TestForgedStatement(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.send("The true one.")
	p.Exec(t, `insert into audit_body (agency_id, idx, body) select agency_id, (select max(idx) + 1 from audit_body),
		convert_to(replace(convert_from(body, 'UTF8'), 'refs -', 'refs ' || repeat('A', 43) || '='), 'UTF8') from audit_body
		where leaf = (select leaf from object where id = $1)`, string(letter))
	p.Exec(t, `update object set leaf = (select leaf from audit_body order by idx desc limit 1) where id = $1`, string(letter))
	sent, err := p.Families.OpenSent(ctx, p.birth, letter)
	if err != nil || !sent.Unread {
		t.Errorf("the writer sees %q, %v", string(sent.Text), err)
	}
}

// The names of a side in an older version, put back with their own valid
// statement, are stale to staff (Part C 2).
func TestOldVersion(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	x, err := p.Desk.Exchange(ctx, p.Worker, p.exchange)
	must(t, err)
	if x.Sides[0].Unread {
		t.Fatal("the names do not open to begin with")
	}
	// A later version was stated, and its row taken away again: the older one is what the database shows.
	signer, err := p.Worker.Keys().Signer()
	must(t, err)
	body, err := p.Home.State(statement.Statement{Event: statement.EventRecord, Object: string(p.fromSide), Part: "names", Version: 2,
		Exchange: string(p.exchange), From: "case/" + string(p.exchange), To: "side/" + string(p.fromSide), Commit: [32]byte{2}, At: p.Clock.Now()}, "", signer)
	must(t, err)
	must(t, p.StaffDB.Act(ctx, postgres.Scope{Agency: p.Home.ID}, nil, func(b *pgx.Batch) error {
		audit.Append(b, body)
		return nil
	}))
	x, err = p.Desk.Exchange(ctx, p.Worker, p.exchange)
	must(t, err)
	if !x.Sides[0].Unread || x.Sides[1].Unread {
		t.Errorf("an old version opens: %v, %v", x.Sides[0].Unread, x.Sides[1].Unread)
	}
}

// A recipient changed in the database: nothing is sealed to it (Part C 3).
func TestChangedRecipient(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	attacker, err := age.GenerateHybridIdentity()
	must(t, err)
	letter := p.send("Before.")
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	draft, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, "After.")
	must(t, err)
	for _, node := range []string{"case/" + string(p.exchange), "side/" + string(p.toSide)} {
		var was string
		must(t, p.Database.Admin().QueryRow(ctx, `select recipient from node where id = $1`, node).Scan(&was))
		p.Exec(t, `update node set recipient = $2 where id = $1`, node, attacker.Recipient().String())
		if strings.HasPrefix(node, "case/") {
			wantKind(t, "sending to a changed case", second(p.Families.Send(ctx, p.birth, draft, 1)), fault.Sealed)
		}
		wantKind(t, "passing on with a changed "+node, p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Sealed)
		p.Exec(t, `update node set recipient = $2 where id = $1`, node, was)
	}
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	if n := p.count(`select count(*) from node where recipient = $1`, attacker.Recipient().String()); n != 0 {
		t.Error("the test left its own key")
	}
}

// If a reading cannot be written down, nothing is shown.
func TestLogBeforeShow(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.send("Unseen.")
	passed := p.send("Passed.")
	p.pass(passed)
	delivery := p.came()
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	p.Clock.Advance(time.Hour) // the same reading in the same hour is in the log already
	p.Exec(t, `alter table audit_body add constraint full_disk check (idx < 0) not valid`)
	if reading, err := p.Desk.Read(ctx, p.Worker, letter); err == nil || reading.Text != "" {
		t.Errorf("a worker reads %q without a leaf", string(reading.Text))
	}
	if came, err := p.Families.Open(ctx, p.adoptive, delivery); err == nil || came.Text != "" {
		t.Errorf("a person reads %q without a leaf", string(came.Text))
	}
	if _, err := p.Desk.Exchange(ctx, p.Worker, p.exchange); err == nil {
		t.Error("a worker sees an exchange without a leaf")
	}
	if _, err := p.Desk.Search(ctx, p.Worker, "Vale"); err == nil {
		t.Error("a worker searches without a leaf")
	}
	p.Exec(t, `alter table audit_body drop constraint full_disk`)
	came, err := p.Families.Came(ctx, p.adoptive, delivery)
	if err != nil || came.Opened {
		t.Errorf("the letter counts as opened: %v, %v", came.Opened, err)
	}
}

// Somebody on hold keeps drafts, for themselves alone, and nothing else.
func TestOnHold(t *testing.T) {
	w, ctx := accounttest.NewWorld(t), t.Context()
	_, birth, _ := w.OpenExchange(t)
	l := w.EnrolPerson(t, birth)
	actor := w.SignInPerson(t, &l)
	inbox, err := w.Families.Inbox(ctx, actor)
	must(t, err)
	if !inbox.OnHold || len(inbox.Sides) != 1 || !inbox.Sides[0].Unread || inbox.Sides[0].Names.Other != "" {
		t.Fatalf("on hold the inbox is %+v", inbox)
	}
	draft, err := w.Families.NewDraft(ctx, actor, inbox.Sides[0].Side, "While I wait.")
	must(t, err)
	d, err := w.Families.OpenDraft(ctx, actor, draft)
	must(t, err)
	if string(d.Text) != "While I wait." || d.Shared {
		t.Errorf("the draft is %q, shared %v", string(d.Text), d.Shared)
	}
	wantKind(t, "sending on hold", second(w.Families.Send(ctx, actor, draft, 1)), fault.Conflict)
	w.ConfirmPerson(t, birth)
	actor = w.SignInPerson(t, &l)
	d, err = w.Families.OpenDraft(ctx, actor, draft)
	must(t, err)
	version, err := w.Families.SaveDraft(ctx, actor, draft, d.Version, string(d.Text))
	must(t, err)
	if _, err := w.Families.Send(ctx, actor, draft, version); err != nil {
		t.Errorf("sending after the call: %v", err)
	}
}

// A letter that waits is not opened any more once it is stopped or a child
// comes of age; what was opened before stays readable.
func TestOpen_NotNow(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	read, unread := p.send("Read in time."), p.send("Too late.")
	p.pass(read)
	opened := p.came()
	must(t, second(p.Families.Open(ctx, p.adoptive, opened)))
	p.pass(unread)
	side, err := p.Families.Side(ctx, p.adoptive, p.toSide)
	must(t, err)
	var waiting letterbox.DeliveryID
	for _, c := range side.Came {
		if !c.Opened {
			waiting = c.ID
		}
	}
	p.Exec(t, `update exchange_child set relays_end_on = '2020-01-01'`)
	wantKind(t, "opening when a child is of age", second(p.Families.Open(ctx, p.adoptive, waiting)), fault.Gone)
	must(t, second(p.Families.Open(ctx, p.adoptive, opened)))
	p.Exec(t, `update exchange_child set relays_end_on = '2099-01-01'`)
	p.Exec(t, `update letter set stop = true`)
	wantKind(t, "opening what was stopped", second(p.Families.Open(ctx, p.adoptive, waiting)), fault.Gone)
	must(t, second(p.Families.Open(ctx, p.adoptive, opened)))
}

// The desk's work goes on beside an exchange that is paused or of age.
func TestSend_NotNow(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	draft, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, "In time?")
	must(t, err)
	for name, sql := range map[string]string{
		"paused": `update exchange set state = 'paused'`, "ended": `update exchange set state = 'ended'`,
		"of age": `update exchange_child set relays_end_on = '2020-01-01'`, "no letters agreed": `update side set may_send = '{card}'`,
	} {
		p.Exec(t, sql)
		wantKind(t, name, second(p.Families.Send(ctx, p.birth, draft, 1)), fault.Conflict)
		wantKind(t, name, second(p.Families.NewDraft(ctx, p.birth, p.fromSide, "x")), fault.Conflict)
		side, err := p.Families.Side(ctx, p.birth, p.fromSide)
		if err != nil || side.MayWrite {
			t.Errorf("%s: the page offers to write (%v)", name, err)
		}
		p.Exec(t, `update exchange set state = 'active'`)
		p.Exec(t, `update exchange_child set relays_end_on = '2099-01-01'`)
		p.Exec(t, `update side set may_send = '{letter}'`)
	}
	_, err = p.Families.Send(ctx, p.birth, draft, 1)
	must(t, err)
}

func TestOpenExchange_Refused(t *testing.T) {
	w, ctx := accounttest.NewWorld(t), t.Context()
	good := func() letterbox.NewExchange {
		side := func(book string) letterbox.NewSide {
			return letterbox.NewSide{Book: book, People: []letterbox.NewPerson{{Name: "Ffion Reed"}}, MaySend: []string{"letter"}, TimesAYear: 1,
				Names: letterbox.Names{Children: []string{"Ash"}, Other: "them", Self: "us"}}
		}
		return letterbox.NewExchange{Sides: [2]letterbox.NewSide{side("birth"), side("adoptive")},
			Children: []letterbox.NewChild{{BirthName: "Ash", AdoptiveName: "Ash", Born: w.Clock.Now().AddDate(-3, 0, 0)}}}
	}
	for field, change := range map[string]func(*letterbox.NewExchange){
		"sides.0.book":           func(n *letterbox.NewExchange) { n.Sides[0].Book = "staff" },
		"sides.1.people":         func(n *letterbox.NewExchange) { n.Sides[1].People = nil },
		"sides.0.people.0.name":  func(n *letterbox.NewExchange) { n.Sides[0].People[0].Name = " " },
		"sides.0.people.0":       func(n *letterbox.NewExchange) { n.Sides[0].People[0].ID = letterbox.PersonID(agency.NewID("pe")) },
		"sides.1.names":          func(n *letterbox.NewExchange) { n.Sides[1].Names.Self = "" },
		"sides.1.names.children": func(n *letterbox.NewExchange) { n.Sides[1].Names.Children = nil },
		"sides.1.maySend":        func(n *letterbox.NewExchange) { n.Sides[1].MaySend = []string{"parcel"} },
		"sides.0.timesAYear":     func(n *letterbox.NewExchange) { n.Sides[0].TimesAYear = 13 },
		"sides.0.months":         func(n *letterbox.NewExchange) { n.Sides[0].Months = []int{13} },
		"children": func(n *letterbox.NewExchange) {
			n.Children = nil
			n.Sides[0].Names.Children = nil
			n.Sides[1].Names.Children = nil
		},
		"children.0.name": func(n *letterbox.NewExchange) { n.Children[0].BirthName = "" },
		"children.0.born": func(n *letterbox.NewExchange) { n.Children[0].Born = w.Clock.Now().AddDate(-17, -11, -20) },
	} {
		n := good()
		change(&n)
		_, err := w.Desk.OpenExchange(ctx, w.Worker, n)
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	n := good()
	n.ID = letterbox.NewExchangeID()
	id, err := w.Desk.OpenExchange(ctx, w.Worker, n)
	must(t, err)
	if again, err := w.Desk.OpenExchange(ctx, w.Worker, n); err != nil || again != id {
		t.Errorf("a second click opens %s, %v", again, err)
	}
	if list, err := w.Desk.Exchanges(ctx, w.Worker); err != nil || len(list) != 1 {
		t.Errorf("two clicks opened %d exchanges, %v", len(list), err)
	}
	// A second exchange with the same people and child, known by their ids.
	x, err := w.Desk.Exchange(ctx, w.Worker, id)
	must(t, err)
	n = good()
	n.Sides[0].People[0] = letterbox.NewPerson{ID: x.Sides[0].People[0].ID}
	n.Children[0] = letterbox.NewChild{ID: x.Children[0].ID}
	again, err := w.Desk.OpenExchange(ctx, w.Worker, n)
	must(t, err)
	found, err := w.Desk.Search(ctx, w.Worker, "ffion")
	must(t, err)
	references := 0
	for _, f := range found {
		if f.ID == x.Sides[0].People[0].ID {
			references = len(f.Exchanges)
		}
	}
	if references != 2 {
		t.Errorf("the known person stands in %d exchanges: %+v %s", references, found, fmt.Sprint(again))
	}
}

// Somebody who has an account already is given the side of a new exchange at
// once, and may write there from the next page on.
func TestOpenExchange_ActivePerson(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	child := letterbox.NewChild{BirthName: "Linnet Vale", AdoptiveName: "Linnet Moss", Born: p.Clock.Now().AddDate(-4, 0, 0)}
	names := letterbox.Names{Children: []string{"Linnet"}, Other: "the other home", Self: "Tamsin"}
	_, err := p.Desk.OpenExchange(ctx, p.Worker, letterbox.NewExchange{Children: []letterbox.NewChild{child}, Sides: [2]letterbox.NewSide{
		{Book: "birth", People: []letterbox.NewPerson{{ID: letterbox.PersonID(p.birthID)}}, Names: names, MaySend: []string{"letter"}, TimesAYear: 1},
		{Book: "adoptive", People: []letterbox.NewPerson{{Name: "Perran Moss"}}, Names: names, MaySend: []string{"letter"}, TimesAYear: 1},
	}})
	must(t, err)
	l := accounttest.Login{ID: p.birthID, Name: p.birthLogin.Name, Passphrase: accounttest.Passphrase}
	actor := p.SignInPerson(t, &l)
	inbox, err := p.Families.Inbox(ctx, actor)
	must(t, err)
	if len(inbox.Sides) != 2 || inbox.Sides[0].Unread || inbox.Sides[1].Unread {
		t.Fatalf("the inbox is %+v", inbox)
	}
	for _, side := range inbox.Sides {
		draft, err := p.Families.NewDraft(ctx, actor, side.Side, "For each of you.")
		must(t, err)
		if _, err := p.Families.Send(ctx, actor, draft, 1); err != nil {
			t.Errorf("writing on side %s: %v", side.Side, err)
		}
	}
}

// Rows that carry relations, changed by somebody who can write the database: who
// is on which side, which side is of which exchange, whence and whither a letter
// goes. Nobody signed them so, and nothing is shown, sealed or passed on.
func TestChangedRelations(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := pairIn(t, p.World)
	p.Worker = other.Worker
	letter := p.send("For you only.")
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	refused := func(name string, change, back []string) {
		t.Helper()
		p.untriggered(change...)
		reading, err := p.Desk.Read(ctx, p.Worker, letter)
		if err != nil || !reading.Unread || reading.Text != "" || reading.Forms.Self != "" {
			t.Errorf("%s: the worker reads %q, unread %v, %v", name, string(reading.Text), reading.Unread, err)
		}
		wantKind(t, name+": passing on", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Sealed)
		wantKind(t, name+": returning", p.Desk.Return(ctx, p.Worker, letter, "other", "x", ""), fault.Sealed)
		p.untriggered(back...)
	}
	sendTo := func(side letterbox.SideID) string {
		return fmt.Sprintf(`update letter set to_side = '%s' where id = '%s'`, side, letter)
	}
	moveTo := func(side letterbox.SideID, exchange letterbox.ExchangeID) string {
		return fmt.Sprintf(`update side set exchange_id = '%s' where id = '%s'`, exchange, side)
	}
	nowhere := letterbox.NewExchangeID()
	swap := fmt.Sprintf(`update letter set from_side = to_side, to_side = from_side where id = '%s'`, letter)
	refused("sent to another family's side", []string{sendTo(other.toSide)}, []string{sendTo(p.toSide)})
	refused("and that side moved into the exchange",
		[]string{moveTo(p.toSide, nowhere), moveTo(other.toSide, p.exchange), sendTo(other.toSide)},
		[]string{moveTo(other.toSide, other.exchange), moveTo(p.toSide, p.exchange), sendTo(p.toSide)})
	refused("the two sides swapped", []string{swap}, []string{swap})
	if n := p.count(`select count(*) from decision`) + p.count(`select count(*) from delivery`); n != 0 {
		t.Errorf("%d decisions and deliveries", n)
	}
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))

	// A delivery put on another side of somebody: its own words say whose it is.
	delivery := p.came()
	p.untriggered(fmt.Sprintf(`update delivery set side_id = '%s' where id = '%s'`, other.toSide, delivery))
	if came, err := p.Families.Open(ctx, other.adoptive, delivery); err != nil || !came.Unread || came.Text != "" {
		t.Errorf("another family opens %q, unread %v, %v", string(came.Text), came.Unread, err)
	}

	// A side moved into another exchange: nothing is written there.
	p.untriggered(moveTo(other.fromSide, nowhere), moveTo(p.fromSide, other.exchange))
	wantKind(t, "writing into another exchange", second(p.Families.NewDraft(ctx, p.birth, p.fromSide, "x")), fault.Sealed)
}

// untriggered changes rows with triggers and foreign keys off.
func (p *pair) untriggered(statements ...string) {
	p.t.Helper()
	conn := p.Database.Admin()
	for _, sql := range append([]string{"set session_replication_role = replica"}, statements...) {
		_, err := conn.Exec(context.Background(), sql)
		must(p.t, err)
	}
	must(p.t, conn.Close(context.Background()))
}

// A draft is vouched for by its side's own key: one that somebody sealed to the
// public keys, an older one put back, or two exchanged, do not open.
func TestChangedDrafts(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	first, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, "The first.")
	must(t, err)
	other, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, "The other.")
	must(t, err)
	unread := func(name string) {
		t.Helper()
		d, err := p.Families.OpenDraft(ctx, p.birth, first)
		if err != nil || !d.Unread || d.Text != "" {
			t.Errorf("%s: the draft is %q, unread %v, %v", name, string(d.Text), d.Unread, err)
		}
		wantKind(t, name+": sending it", second(p.Families.Send(ctx, p.birth, first, d.Version)), fault.Sealed)
	}
	var sealed, mac []byte
	must(t, p.Database.Admin().QueryRow(ctx, `select sealed, mac from draft where id = $1`, string(first)).Scan(&sealed, &mac))
	back := func() {
		p.Exec(t, `update draft set sealed = $2, mac = $3, version = 1 where id = $1`, string(first), sealed, mac)
	}
	p.Exec(t, `update draft a set sealed = b.sealed, mac = b.mac from draft b where a.id = $1 and b.id = $2`, string(first), string(other))
	unread("exchanged")
	back()
	p.Exec(t, `update draft set mac = sha256(mac) where id = $1`, string(first))
	unread("not vouched for")
	back()
	p.Exec(t, `update draft set version = 2 where id = $1`, string(first))
	unread("as a later version")
	back()
	var recipient string
	must(t, p.Database.Admin().QueryRow(ctx, `select recipient from node where id = $1`, "side/"+string(p.fromSide)).Scan(&recipient))
	to, err := age.ParseHybridRecipient(recipient)
	must(t, err)
	c := seal.Context{Kind: seal.KindDraft, Agency: p.Home.ID, Exchange: string(p.exchange), Object: string(first), Part: "text",
		From: "person/" + p.birthID, To: "side/" + string(p.fromSide), Version: 1}
	forged, err := seal.Seal(c, []byte("In her name."), to)
	must(t, err)
	p.Exec(t, `update draft set sealed = $2 where id = $1`, string(first), forged.Bytes)
	unread("forged")
	back()
	if d, err := p.Families.OpenDraft(ctx, p.birth, first); err != nil || d.Unread {
		t.Errorf("the true draft: unread %v, %v", d.Unread, err)
	}
}

// Two of one household: what one shared the other can finish and send; somebody
// on hold sees and touches nothing of the household but their own drafts.
func TestHousehold(t *testing.T) {
	w, ctx := accounttest.NewWorld(t), t.Context()
	names := letterbox.Names{Children: []string{"Ash"}, Other: "them", Self: "us"}
	id, err := w.Desk.OpenExchange(ctx, w.Worker, letterbox.NewExchange{
		Children: []letterbox.NewChild{{BirthName: "Ash", AdoptiveName: "Ash", Born: w.Clock.Now().AddDate(-3, 0, 0)}},
		Sides: [2]letterbox.NewSide{
			{Book: "birth", People: []letterbox.NewPerson{{Name: "Tamsin Vale"}}, Names: names, MaySend: []string{"letter"}, TimesAYear: 1},
			{Book: "adoptive", People: []letterbox.NewPerson{{Name: "Morwenna Hale"}, {Name: "Perran Hale"}}, Names: names, MaySend: []string{"letter"}, TimesAYear: 1},
		}})
	must(t, err)
	x, err := w.Desk.Exchange(ctx, w.Worker, id)
	must(t, err)
	one, two := string(x.Sides[1].People[0].ID), string(x.Sides[1].People[1].ID)
	side := x.Sides[1].ID
	_, active := w.NewPerson(t, one)
	held := w.EnrolPerson(t, two)
	waits := w.SignInPerson(t, &held)
	draft, err := w.Families.NewDraft(ctx, active, side, "From both of us.")
	must(t, err)
	letter, err := w.Families.NewDraft(ctx, active, side, "Sent already.")
	must(t, err)
	sent, err := w.Families.Send(ctx, active, letter, 1)
	must(t, err)
	own, err := w.Families.NewDraft(ctx, waits, side, "While I wait.")
	must(t, err)
	seen, err := w.Families.Side(ctx, waits, side)
	must(t, err)
	if len(seen.Drafts) != 1 || seen.Drafts[0].ID != own || len(seen.Sent) != 0 || len(seen.Came) != 0 || seen.Names.Self != "" {
		t.Errorf("on hold the household shows %+v", seen)
	}
	_, err = w.Families.OpenDraft(ctx, waits, draft)
	wantKind(t, "on hold: opening the other's draft", err, fault.NotFound)
	wantKind(t, "on hold: deleting the other's draft", w.Families.DeleteDraft(ctx, waits, draft), fault.NotFound)
	wantKind(t, "on hold: the other's letter", second(w.Families.OpenSent(ctx, waits, sent)), fault.NotFound)
	w.ConfirmPerson(t, two)
	waits = w.SignInPerson(t, &held)
	d, err := w.Families.OpenDraft(ctx, waits, draft)
	if err != nil || string(d.Text) != "From both of us." {
		t.Fatalf("after the call the draft is %q, %v", string(d.Text), err)
	}
	if _, err := w.Families.Send(ctx, waits, draft, d.Version); err != nil {
		t.Errorf("sending what the other one began: %v", err)
	}
}
