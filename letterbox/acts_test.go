package letterbox_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/letterbox"
)

// newStaff signs a new worker in, and everybody else anew.
func (p *pair) newStaff(name string, roles ...authz.Role) (other authz.Actor) {
	p.t.Helper()
	p.Manager = p.SignInWorker(p.t, &p.ManagerLogin)
	p.newLogin, other = p.NewWorker(p.t, name, roles...)
	p.Worker = p.SignInWorker(p.t, &p.WorkerLogin)
	return other
}

// claimed sends a letter and claims it.
func (p *pair) claimed(text string) letterbox.LetterID {
	p.t.Helper()
	id := p.send(text)
	must(p.t, p.Desk.Claim(p.t.Context(), p.Worker, id))
	return id
}

// waiting sends a letter and passes it on.
func (p *pair) waiting(text string) (letterbox.LetterID, letterbox.DeliveryID) {
	p.t.Helper()
	id := p.send(text)
	p.pass(id)
	return id, p.delivery(id)
}

func (p *pair) delivery(id letterbox.LetterID) (d letterbox.DeliveryID) {
	p.t.Helper()
	must(p.t, p.Database.Admin().QueryRow(context.Background(), `select id from delivery where letter_id = $1`, string(id)).Scan(&d))
	return d
}

func (p *pair) state(id letterbox.LetterID) (s letterbox.State) {
	p.t.Helper()
	must(p.t, p.Database.Admin().QueryRow(context.Background(), `select state from letter where id = $1`, string(id)).Scan(&s))
	return s
}

// line is a letter's line on the desk; false if it has none.
func (p *pair) line(actor authz.Actor, id letterbox.LetterID) (letterbox.DeskLine, bool) {
	p.t.Helper()
	desk, err := p.Desk.Desk(p.t.Context(), actor)
	must(p.t, err)
	i := slices.IndexFunc(desk.Letters, func(l letterbox.DeskLine) bool { return l.ID == id })
	if i < 0 {
		return letterbox.DeskLine{}, false
	}
	return desk.Letters[i], true
}

func (p *pair) wantState(id letterbox.LetterID, state letterbox.State, told letterbox.Told) {
	p.t.Helper()
	if got, tells := p.state(id), p.told(id); got != state || tells != told {
		p.t.Errorf("the letter is %s and its writer is told %q, want %s and %q", got, tells, state, told)
	}
}

func (p *pair) inAWeek() time.Time {
	return calendar.AddWorkingDays(calendar.Today(p.Clock.Now()), 5)
}

func TestHold(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.claimed("We may move house.")
	today := calendar.Today(p.Clock.Now())
	for name, until := range map[string]time.Time{
		"today": today, "never": {}, "a Saturday": today.AddDate(0, 0, 5), "Christmas": time.Date(2026, 12, 25, 0, 0, 0, 0, time.UTC), "far off": today.AddDate(0, 0, letterbox.MaxHold+1),
	} {
		wantKind(t, "hold until "+name, p.Desk.Hold(ctx, p.Worker, letter, until, "why"), fault.Invalid)
	}
	before := p.families()
	must(t, p.Desk.Hold(ctx, p.Worker, letter, p.inAWeek(), "asked their worker about the house"))
	if after := p.families(); after != before {
		t.Errorf("a hold changed what families can select:\n%s\n%s", before, after)
	}
	p.wantState(letter, letterbox.Held, letterbox.WithUs)
	line, ok := p.line(p.Worker, letter)
	if !ok || line.State != letterbox.Held || !line.HeldUntil.Equal(p.inAWeek()) || line.Mine || line.ClaimedBy != "" {
		t.Errorf("on the desk it is %+v", line)
	}
	wantKind(t, "passing on what was given back", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Conflict)
	colleague := p.secondWorker()
	must(t, p.Desk.Claim(ctx, colleague, letter))
	reading, err := p.Desk.Read(ctx, colleague, letter)
	must(t, err)
	if len(reading.Notes) != 1 || reading.Notes[0].Text != "asked their worker about the house" || reading.Notes[0].What != "hold" || reading.Notes[0].By != "Rhys Penhaligon" {
		t.Errorf("a colleague reads the notes %+v", reading.Notes)
	}
	later := calendar.AddWorkingDays(p.inAWeek(), 1)
	must(t, p.Desk.Hold(ctx, colleague, letter, later, "still waiting"))
	if line, _ := p.line(colleague, letter); !line.HeldUntil.Equal(later) {
		t.Errorf("held again until %v", line.HeldUntil)
	}
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	p.wantState(letter, letterbox.Waiting, letterbox.PassedOn)
	p.logWhole()
}

// A refusal says why and offers a second opinion, once, by somebody else.
func TestRefuse_SecondOpinion(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.claimed("You will regret it.")
	wantKind(t, "asking before it is refused", p.Families.SecondOpinion(ctx, p.birth, letter), fault.Conflict)
	must(t, p.Desk.Refuse(ctx, p.Worker, letter, "upsetting", "Please call us.", "a threat"))
	must(t, p.Desk.Refuse(ctx, p.Worker, letter, "upsetting", "Please call us.", "a threat"))
	p.wantState(letter, letterbox.RefusedByWorker, letterbox.Refused)
	sent, err := p.Families.OpenSent(ctx, p.birth, letter)
	must(t, err)
	if !sent.MayAsk || sent.MayWithdraw || sent.Reason.Words != "Please call us." || sent.Unread {
		t.Errorf("the writer sees %+v", sent)
	}
	wantKind(t, "the other side asks", p.Families.SecondOpinion(ctx, p.adoptive, letter), fault.NotFound)
	must(t, p.Families.SecondOpinion(ctx, p.birth, letter))
	wantKind(t, "asking twice", p.Families.SecondOpinion(ctx, p.birth, letter), fault.Conflict)
	sent, err = p.Families.OpenSent(ctx, p.birth, letter)
	must(t, err)
	if sent.Told != letterbox.WithUs || !sent.Asked || sent.Reason.Words != "Please call us." {
		t.Errorf("while somebody else looks at it the writer sees %+v", sent)
	}
	p.wantState(letter, letterbox.Received, letterbox.WithUs)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	reading, err := p.Desk.Read(ctx, p.Worker, letter)
	must(t, err)
	if reading.MayDecide || reading.WhyNot != "refusedBefore" || !reading.Second {
		t.Errorf("whoever refused reads %v %q %v", reading.MayDecide, reading.WhyNot, reading.Second)
	}
	for name, err := range map[string]error{
		"pass": p.Desk.Pass(ctx, p.Worker, letter, ""), "return": p.Desk.Return(ctx, p.Worker, letter, "other", "x", ""),
		"refuse": p.Desk.Refuse(ctx, p.Worker, letter, "upsetting", "", ""), "keep": p.Desk.KeepOnFile(ctx, p.Worker, letter, ""),
		"hold": p.Desk.Hold(ctx, p.Worker, letter, p.inAWeek(), ""),
	} {
		wantKind(t, "whoever refused: "+name, err, fault.Forbidden)
	}
	must(t, p.Desk.Release(ctx, p.Worker, letter))
	colleague := p.secondWorker()
	must(t, p.Desk.Claim(ctx, colleague, letter))
	if reading, err = p.Desk.Read(ctx, colleague, letter); err != nil || !reading.MayDecide || len(reading.Notes) != 1 || reading.Notes[0].Text != "a threat" {
		t.Errorf("the second reader has %+v, %v", reading.Notes, err)
	}
	must(t, p.Desk.Refuse(ctx, colleague, letter, "upsetting", "We agree.", ""))
	sent, err = p.Families.OpenSent(ctx, p.birth, letter)
	must(t, err)
	if sent.Told != letterbox.Refused || sent.MayAsk || sent.Reason.Words != "We agree." {
		t.Errorf("after the second refusal the writer sees %+v", sent)
	}
	wantKind(t, "asking a third time", p.Families.SecondOpinion(ctx, p.birth, letter), fault.Conflict)
	p.logWhole()
}

// A second opinion may go the other way: the letter is passed on once.
func TestSecondOpinion_Passes(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.claimed("It was not meant so.")
	must(t, p.Desk.Refuse(ctx, p.Worker, letter, "upsetting", "", ""))
	must(t, p.Families.SecondOpinion(ctx, p.birth, letter))
	colleague := p.secondWorker()
	must(t, p.Desk.Claim(ctx, colleague, letter))
	must(t, p.Desk.Pass(ctx, colleague, letter, ""))
	must(t, p.Desk.Pass(ctx, colleague, letter, ""))
	if came, err := p.Families.Open(ctx, p.adoptive, p.delivery(letter)); err != nil || came.Text != "It was not meant so." {
		t.Errorf("the recipient reads %q, %v", string(came.Text), err)
	}
	if sent, err := p.Families.OpenSent(ctx, p.birth, letter); err != nil || sent.Reason != (letterbox.WriterReason{}) {
		t.Errorf("of a letter that went on after all the writer is told %+v, %v", sent.Reason, err)
	}
	if n := p.count(`select count(*) from decision`); n != 2 {
		t.Errorf("%d decisions", n)
	}
}

func TestKeepOnFile(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.claimed("For when Wren is grown.")
	must(t, p.Desk.KeepOnFile(ctx, p.Worker, letter, "for the file"))
	must(t, p.Desk.KeepOnFile(ctx, p.Worker, letter, "for the file"))
	p.wantState(letter, letterbox.KeptForChild, letterbox.KeptOnFile)
	if n := p.count(`select count(*) from decision`) + p.count(`select count(*) from delivery`); n != 1 {
		t.Errorf("%d decisions and deliveries", n)
	}
	wantKind(t, "withdrawing it", p.Families.Withdraw(ctx, p.birth, letter), fault.Conflict)
	p.archiveOpens(letter, "For when Wren is grown.")
}

// What is referred is the safeguarding lead's alone, and opens without a key of the team.
func TestEscalate(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	lead := p.newStaff("Imogen Farr", authz.SafeguardingLead)
	letter := p.claimed("I know where you live.")
	wantKind(t, "no concern", p.Desk.Escalate(ctx, p.Worker, letter, " \n"), fault.Invalid)
	before := p.families()
	must(t, p.Desk.Escalate(ctx, p.Worker, letter, "sounds like a threat"))
	if after := p.families(); after != before {
		t.Errorf("a referral changed what families can select:\n%s\n%s", before, after)
	}
	p.wantState(letter, letterbox.Escalated, letterbox.WithUs)
	if _, ok := p.line(p.Worker, letter); ok {
		t.Error("it is still on the desk")
	}
	wantKind(t, "the team claims it", p.Desk.Claim(ctx, p.Worker, letter), fault.Conflict)
	for name, err := range map[string]error{
		"sees the tray": second(p.Desk.Referrals(ctx, p.Worker)), "opens it": second(p.Desk.Referred(ctx, p.Worker, letter)),
		"hands it back": p.Desk.HandBack(ctx, p.Worker, letter, ""), "keeps it": p.Desk.KeepReferred(ctx, p.Worker, letter, ""),
		"refuses it": p.Desk.RefuseReferred(ctx, p.Worker, letter, "upsetting", "", ""),
	} {
		wantKind(t, "a letterbox worker "+name, err, fault.Forbidden)
	}
	tray, err := p.Desk.Referrals(ctx, lead)
	must(t, err)
	if len(tray) != 1 || tray[0].Letter != letter || tray[0].Reference == "" || tray[0].ReferredOn.IsZero() {
		t.Fatalf("the tray is %+v", tray)
	}
	if lead.Keys().Has(agency.NodeName("team/letterbox", 1)) {
		t.Error("the lead holds the team's key")
	}
	leaves := p.count(`select count(*) from audit_body`)
	text, err := p.Desk.Referred(ctx, lead, letter)
	// Whom to call is there at once.
	if len(text.People) != 1 || text.People[0].Name != "Tamsin Vale" || text.People[0].Phone == "" {
		t.Errorf("the lead is told to call %+v", text.People)
	}
	must(t, err)
	if text.Unread || text.Text != "I know where you live." || text.Concern != "sounds like a threat" || text.By != "Rhys Penhaligon" {
		t.Errorf("the lead reads %q, %q by %q, unread %v", string(text.Text), string(text.Concern), text.By, text.Unread)
	}
	if p.count(`select count(*) from audit_body`) != leaves+1 {
		t.Error("the lead's reading is not in the log")
	}
	p.Clock.Advance(time.Hour)
	lead = p.SignInWorker(t, &p.newLogin)
	p.Exec(t, `alter table audit_body add constraint full_disk check (idx < 0) not valid`)
	if text, err := p.Desk.Referred(ctx, lead, letter); err == nil || text.Text != "" {
		t.Errorf("the lead reads %q without a leaf", string(text.Text))
	}
	p.Exec(t, `alter table audit_body drop constraint full_disk`)
	p.teamCannotOpen(letter)
	p.logWhole()
}

// A safeguarding lead who knows the family says so, before or after they opened the
// letter, and another lead goes on. Neither the service nor the database lets them act.
func TestReferral_Connected(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	lead := p.newStaff("Imogen Farr", authz.SafeguardingLead)
	letter := p.claimed("I saw you at the fair.")
	wantKind(t, "before it is referred", p.Desk.ConnectReferred(ctx, lead, letter), fault.NotFound)
	must(t, p.Desk.Escalate(ctx, p.Worker, letter, "odd"))
	wantKind(t, "by a letterbox worker", p.Desk.ConnectReferred(ctx, p.Worker, letter), fault.Forbidden)
	p.Clock.Advance(letterbox.ConnectFor + 1)
	wantKind(t, "without a code", p.Desk.ConnectReferred(ctx, lead, letter), fault.StepUp)
	lead = p.SignInWorker(t, &p.newLogin)
	for range 2 { // twice is once
		must(t, p.Desk.ConnectReferred(ctx, lead, letter))
	}
	if n := p.count(`select count(*) from connection where worker_id = '` + lead.Account() + `'`); n != 1 {
		t.Errorf("%d connections", n)
	}
	tray, err := p.Desk.Referrals(ctx, lead)
	must(t, err)
	if len(tray) != 1 || !tray[0].Connected {
		t.Errorf("the tray is %+v", tray)
	}
	for name, err := range map[string]error{
		"opens": second(p.Desk.Referred(ctx, lead, letter)), "hands back": p.Desk.HandBack(ctx, lead, letter, ""),
		"keeps": p.Desk.KeepReferred(ctx, lead, letter, ""), "refuses": p.Desk.RefuseReferred(ctx, lead, letter, "upsetting", "", ""),
	} {
		wantKind(t, "a lead who knows the family "+name, err, fault.Forbidden)
	}
	err = p.asStaff(lead.Account(), `update letter set state = 'received' where id = $1`, string(letter))
	wantBroken(t, err, "23514", "letter_connected")
	other := p.newStaff("Owen Tresco", authz.SafeguardingLead)
	if text, err := p.Desk.Referred(ctx, other, letter); err != nil || text.Text != "I saw you at the fair." {
		t.Errorf("another lead reads %q, %v", string(text.Text), err)
	}
	must(t, p.Desk.HandBack(ctx, other, letter, "nothing in it"))
	p.wantState(letter, letterbox.Received, letterbox.WithUs)
	// Who is a letterbox worker as well loses the case with it.
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
}

func TestReferral_Ends(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	lead := p.newStaff("Imogen Farr", authz.SafeguardingLead)
	refer := func() letterbox.LetterID {
		p.t.Helper()
		id := p.claimed("Something odd.")
		must(t, p.Desk.Escalate(ctx, p.Worker, id, "odd"))
		return id
	}
	back, kept, refused, withdrawn := refer(), refer(), refer(), refer()

	must(t, p.Desk.HandBack(ctx, lead, back, "nothing in it"))
	p.wantState(back, letterbox.Received, letterbox.WithUs)
	must(t, p.Desk.Claim(ctx, p.Worker, back))
	if reading, err := p.Desk.Read(ctx, p.Worker, back); err != nil || len(reading.Notes) != 1 || reading.Notes[0].Text != "nothing in it" || reading.Notes[0].By != "Imogen Farr" {
		t.Errorf("the team reads %+v, %v", reading.Notes, err)
	}
	must(t, p.Desk.Escalate(ctx, p.Worker, back, "odd after all")) // a second referral
	if text, err := p.Desk.Referred(ctx, lead, back); err != nil || text.Concern != "odd after all" {
		t.Errorf("referred again, the lead reads %q, %v", string(text.Concern), err)
	}
	must(t, p.Desk.HandBack(ctx, lead, back, "again nothing"))
	p.readFirst(p.secondWorker(), back) // the lead has others of this family
	must(t, p.Desk.Claim(ctx, p.Worker, back))
	must(t, p.Desk.Pass(ctx, p.Worker, back, ""))

	must(t, p.Desk.KeepReferred(ctx, lead, kept, "for the file"))
	must(t, p.Desk.KeepReferred(ctx, lead, kept, "for the file"))
	p.wantState(kept, letterbox.KeptForChild, letterbox.KeptOnFile)

	wantKind(t, "refusing without a reason", p.Desk.RefuseReferred(ctx, lead, refused, "", "", ""), fault.Invalid)
	must(t, p.Desk.RefuseReferred(ctx, lead, refused, "upsetting", "Please call us.", "threat"))
	p.wantState(refused, letterbox.RefusedByWorker, letterbox.Refused)
	sent, err := p.Families.OpenSent(ctx, p.birth, refused)
	must(t, err)
	if sent.Reason.Words != "Please call us." || !sent.MayAsk {
		t.Errorf("the writer sees %+v", sent)
	}
	must(t, p.Families.SecondOpinion(ctx, p.birth, refused))
	must(t, p.Desk.Claim(ctx, p.Worker, refused))
	must(t, p.Desk.Escalate(ctx, p.Worker, refused, "asked again"))
	wantKind(t, "the lead refuses a second time", p.Desk.RefuseReferred(ctx, lead, refused, "upsetting", "", ""), fault.Forbidden)
	must(t, p.Desk.HandBack(ctx, lead, refused, ""))

	must(t, p.Families.Withdraw(ctx, p.birth, withdrawn))
	wantKind(t, "handing back what was withdrawn", p.Desk.HandBack(ctx, lead, withdrawn, ""), fault.Conflict)
	wantKind(t, "opening it", second(p.Desk.Referred(ctx, lead, withdrawn)), fault.NotFound)
	if n := p.count(`select count(*) from object where id = $1 and kind = 'referral'`, string(withdrawn)); n != 1 {
		t.Errorf("%d referrals of the withdrawn letter stay", n)
	}
	p.logWhole()
}

// teamCannotOpen tries every key of the team's worker, and of the case, on the referral.
func (p *pair) teamCannotOpen(letter letterbox.LetterID) {
	p.t.Helper()
	var sealed []byte
	must(p.t, p.Database.Admin().QueryRow(context.Background(), `select sealed from object where id = $1 and part = 'referral'`, string(letter)).Scan(&sealed))
	c := p.context(string(letter), "referral")
	if _, _, err := seal.Open(sealed, c, p.Archive); err != nil {
		p.t.Errorf("the archive does not open it: %v", err)
	}
	for line := range strings.Lines(string(p.Worker.Keys().Marshal())) {
		name, _, _ := strings.Cut(line, " ")
		if key, ok := p.Worker.Keys().Identity(name); ok {
			if _, _, err := seal.Open(sealed, c, key); err == nil {
				p.t.Errorf("the team's worker opens the referral with %s", name)
			}
		}
	}
}

// A letter is withdrawn alike whoever has it: the same answer and the same
// statements to the database, so that nobody learns of a referral.
func TestWithdraw_NoOracle(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letters := map[letterbox.State]letterbox.LetterID{}
	letters[letterbox.Received] = p.claimed("One.")
	letters[letterbox.Held] = p.claimed("Two.")
	must(t, p.Desk.Hold(ctx, p.Worker, letters[letterbox.Held], p.inAWeek(), ""))
	letters[letterbox.Escalated] = p.claimed("Three.")
	must(t, p.Desk.Escalate(ctx, p.Worker, letters[letterbox.Escalated], "odd"))
	wantSent := ""
	for state, letter := range letters {
		wantKind(t, "the other side withdraws", p.Families.Withdraw(ctx, p.adoptive, letter), fault.NotFound)
		side, err := p.Families.Side(ctx, p.birth, p.fromSide)
		must(t, err)
		for _, l := range side.Sent {
			if l.Told == letterbox.WithUs && (!l.MayWithdraw || l.MayAsk || l.Late) {
				t.Errorf("%s: the page offers %+v", state, l)
			}
		}
		p.PublicSent.Take()
		must(t, p.Families.Withdraw(ctx, p.birth, letter))
		if sent := strings.Join(p.PublicSent.Take(), ";"); wantSent == "" {
			wantSent = sent
		} else if sent != wantSent {
			t.Errorf("%s: withdrawing asks the database %s, another %s", state, sent, wantSent)
		}
		p.wantState(letter, letterbox.WithdrawnByWriter, letterbox.Withdrawn)
		wantKind(t, "twice", p.Families.Withdraw(ctx, p.birth, letter), fault.Conflict)
		wantKind(t, "passing it on", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Conflict)
	}
	if n := p.count(`select count(*) from claim`); n != 0 {
		t.Errorf("%d claims on withdrawn letters", n)
	}
	p.noWorry()
	returned := p.claimed("Four.")
	must(t, p.Desk.Return(ctx, p.Worker, returned, "unclear", "", ""))
	must(t, p.Families.Withdraw(ctx, p.birth, returned))
	passed, _ := p.waiting("Five.")
	wantKind(t, "withdrawing what is passed on", p.Families.Withdraw(ctx, p.birth, passed), fault.Conflict)
}

// Recall, undeliverable, restore: the recipient's side sees the letter no more,
// and again the same one, sealed and delivered once.
func TestRecall(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	for _, take := range []func(letterbox.LetterID) error{
		func(id letterbox.LetterID) error { return p.Desk.Recall(ctx, p.Worker, id, "the wrong child") },
		func(id letterbox.LetterID) error { return p.Desk.Undeliverable(ctx, p.Worker, id, "moved away") },
	} {
		letter, delivery := p.waiting("Come and see us.")
		must(t, p.Families.KeepForLater(ctx, p.adoptive, delivery))
		must(t, take(letter))
		if got := p.told(letter); got != letterbox.BackWithUs {
			t.Errorf("the writer is told %q", got)
		}
		wantKind(t, "twice", take(letter), fault.Conflict)
		wantFault(t, "the cover", second(p.Families.Came(ctx, p.adoptive, delivery)), "fault.letter.back")
		wantFault(t, "opening", second(p.Families.Open(ctx, p.adoptive, delivery)), "fault.letter.back")
		wantFault(t, "keeping", p.Families.KeepForLater(ctx, p.adoptive, delivery), "fault.letter.back")
		wantKind(t, "the cover, asked by its writer", second(p.Families.Came(ctx, p.birth, delivery)), fault.NotFound)
		wantKind(t, "withdrawing", p.Families.Withdraw(ctx, p.birth, letter), fault.Conflict)
		sealed := p.count(`select count(*) from object where kind = 'delivery'`)
		must(t, p.Desk.Restore(ctx, p.Worker, letter))
		p.wantState(letter, letterbox.Waiting, letterbox.PassedOn)
		if p.count(`select count(*) from object where kind = 'delivery'`) != sealed || p.count(`select count(*) from delivery where letter_id = $1`, string(letter)) != 1 {
			t.Error("restoring sealed or delivered it again")
		}
		wantKind(t, "restoring twice", p.Desk.Restore(ctx, p.Worker, letter), fault.Conflict)
		must(t, take(letter)) // a second note of the same kind
		line, ok := p.line(p.Worker, letter)
		if !ok || line.Stopped {
			t.Errorf("on the desk it is %+v", line)
		}
		must(t, p.Desk.Claim(ctx, p.Worker, letter))
		if reading, err := p.Desk.Read(ctx, p.Worker, letter); err != nil || reading.Unread || !reading.MayDecide {
			t.Errorf("reading it again: %+v, %v", reading.Unread, err)
		}
		must(t, p.Desk.Return(ctx, p.Worker, letter, "other", "The family moved.", ""))
		must(t, p.Desk.Return(ctx, p.Worker, letter, "other", "The family moved.", ""))
		sent, err := p.Families.OpenSent(ctx, p.birth, letter)
		must(t, err)
		if sent.Told != letterbox.Returned || sent.Reason.Words != "The family moved." || sent.Unread {
			t.Errorf("the writer sees %+v", sent)
		}
	}
	kept, _ := p.waiting("For the file then.")
	must(t, p.Desk.Recall(ctx, p.Worker, kept, ""))
	must(t, p.Desk.Claim(ctx, p.Worker, kept))
	must(t, p.Desk.KeepOnFile(ctx, p.Worker, kept, ""))
	p.wantState(kept, letterbox.KeptForChild, letterbox.KeptOnFile)

	opened, delivery := p.waiting("Too late.")
	must(t, second(p.Families.Open(ctx, p.adoptive, delivery)))
	err := p.Desk.Recall(ctx, p.Worker, opened, "")
	if f, ok := err.(*fault.Error); !ok || f.Message != "fault.letter.opened" {
		t.Errorf("recalling an opened letter: %v", err)
	}
	wantKind(t, "recalling what was not passed on", p.Desk.Recall(ctx, p.Worker, p.send("Not yet."), ""), fault.Conflict)
	p.Clock.Advance(letterbox.StepUpFor + 1)
	wantKind(t, "recalling an hour after the code", p.Desk.Recall(ctx, p.Worker, opened, ""), fault.StepUp)
	p.logWhole()
}

func TestKeepForLater(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter, delivery := p.waiting("When you are ready.")
	wantKind(t, "the writer keeps it", p.Families.KeepForLater(ctx, p.birth, delivery), fault.NotFound)
	wantKind(t, "no id", p.Families.KeepForLater(ctx, p.adoptive, "x"), fault.NotFound)
	leaves, before := p.count(`select count(*) from audit_body`), p.selects(p.birthID)
	must(t, p.Families.KeepForLater(ctx, p.adoptive, delivery))
	must(t, p.Families.KeepForLater(ctx, p.adoptive, delivery))
	if p.count(`select count(*) from audit_body`) != leaves || p.selects(p.birthID) != before {
		t.Error("somebody else can see that it was kept")
	}
	side, err := p.Families.Side(ctx, p.adoptive, p.toSide)
	must(t, err)
	if len(side.Came) != 1 || !side.Came[0].Kept || side.Came[0].Opened {
		t.Errorf("in the list it is %+v", side.Came)
	}
	if came, err := p.Families.Came(ctx, p.adoptive, delivery); err != nil || !came.Kept || came.Text != "" {
		t.Errorf("the cover is %+v, %v", came, err)
	}
	p.wantState(letter, letterbox.KeptForLater, letterbox.PassedOn)
	if came, err := p.Families.Open(ctx, p.adoptive, delivery); err != nil || came.Text != "When you are ready." || came.Kept {
		t.Errorf("opened it is %+v, %v", came, err)
	}
	wantKind(t, "keeping what is opened", p.Families.KeepForLater(ctx, p.adoptive, delivery), fault.Conflict)
}

// contact lets mail be sent to a person, without sealed details.
func (p *pair) contact(person string) {
	p.untriggered(fmt.Sprintf(`insert into contact (agency_id, person_id, mail, version) values ('%s', '%s', true, 1)`, p.Home.ID, person))
}

func (p *pair) notices(person string) int {
	p.t.Helper()
	return p.count(`select count(*) from notice where person_id = $1`, person)
}

// A letter with a display delay is not there before its day, for anybody of the
// side; on its day the clock shows it, and the notice goes then.
func TestDisplayDelay(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.contact(p.adopterID)
	p.Exec(t, `update exchange set delay_days = 3`)
	letter := p.send("Not before Thursday.")
	before := p.selects(p.adopterID)
	p.pass(letter)
	delivery := p.delivery(letter)
	p.wantState(letter, letterbox.Passed, letterbox.PassedOn)
	if got := p.selects(p.adopterID); got != before {
		t.Errorf("before its day the recipient can select\n%s\nand before the decision\n%s", got, before)
	}
	early := func(day string) {
		t.Helper()
		wantKind(t, day+": the cover", second(p.Families.Came(ctx, p.adoptive, delivery)), fault.NotFound)
		wantKind(t, day+": opening", second(p.Families.Open(ctx, p.adoptive, delivery)), fault.NotFound)
		wantKind(t, day+": keeping", p.Families.KeepForLater(ctx, p.adoptive, delivery), fault.NotFound)
		if side, err := p.Families.Side(ctx, p.adoptive, p.toSide); err != nil || len(side.Came) != 0 || p.notices(p.adopterID) != 0 {
			t.Errorf("%s: %v came, %d notices, %v", day, side.Came, p.notices(p.adopterID), err)
		}
	}
	early("on the day of the decision")
	p.showDue(0)
	p.Exec(t, `update letter set visible_on = current_date + 1`)
	p.showDue(0)
	early("on the day before")
	// A row of the state alone is not enough: the day is looked at again.
	p.untriggered(`update letter set state = 'waiting'`)
	early("waiting before its day")
	p.untriggered(`update letter set state = 'passed', visible_on = current_date`)
	early("on its day, before the clock")
	p.showDue(1)
	p.showDue(0)
	if n := p.notices(p.adopterID); n != 1 {
		t.Errorf("%d notices for the recipient", n)
	}
	if came, err := p.Families.Open(ctx, p.adoptive, delivery); err != nil || came.Text != "Not before Thursday." {
		t.Errorf("on its day it reads %q, %v", string(came.Text), err)
	}
}

// showDue runs the clock's function as its own role.
func (p *pair) showDue(want int) {
	p.t.Helper()
	if got := p.clock(`select show_due()`); got != want {
		p.t.Errorf("the clock shows %d letters, want %d", got, want)
	}
}

func (p *pair) clock(sql string) (n int) {
	p.t.Helper()
	ctx := context.Background()
	must(p.t, pgx.BeginFunc(ctx, p.Database.Conn("gatepost_notify"), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select set_config('gatepost.agency', $1, true)`, p.Home.ID); err != nil {
			return err
		}
		return tx.QueryRow(ctx, sql).Scan(&n)
	}))
	return n
}

// A birthday stops what is not opened, for good. Nothing that the writer is told
// says which letters were opened; only what was back with the agency by then
// is kept on file, and they hear of it.
func TestStopAt18(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.contact(p.birthID)
	letter, delivery := p.waiting("Happy birthday.")
	read, opened := p.waiting("Read before.")
	_, err := p.Families.Open(ctx, p.adoptive, opened)
	must(t, err)
	recalled, _ := p.waiting("And more.")
	must(t, p.Desk.Recall(ctx, p.Worker, recalled, ""))
	p.Exec(t, `delete from notice`)
	if n := p.clock(`select stop_at_18()`); n != 0 {
		t.Errorf("%d letters stopped too early", n)
	}
	p.Exec(t, `update exchange_child set relays_end_on = '2020-01-01'`)
	wantKind(t, "restoring after it", p.Desk.Restore(ctx, p.Worker, recalled), fault.Conflict)
	if n := p.clock(`select stop_at_18()`); n != 2 {
		t.Errorf("%d letters stopped", n)
	}
	p.wantState(letter, letterbox.StoppedAt18, letterbox.PassedOn)
	p.wantState(recalled, letterbox.StoppedAt18, letterbox.KeptOnFile)
	p.wantState(read, letterbox.Opened, letterbox.PassedOn)
	wantKind(t, "opening it", second(p.Families.Open(ctx, p.adoptive, delivery)), fault.Gone)
	wantKind(t, "recalling it", p.Desk.Recall(ctx, p.Worker, letter, ""), fault.Conflict)
	if n := p.notices(p.birthID); n != 1 {
		t.Errorf("%d notices for the writer of what was back", n)
	}
}

// Where nothing was back, the birthday is no news to the writer.
func TestStopAt18_NoNotice(t *testing.T) {
	p := newPair(t)
	p.contact(p.birthID)
	p.waiting("Happy birthday.")
	p.Exec(t, `delete from notice; update exchange_child set relays_end_on = '2020-01-01'`)
	if n := p.clock(`select stop_at_18()`); n != 1 {
		t.Errorf("%d letters stopped", n)
	}
	if n := p.notices(p.birthID); n != 0 {
		t.Errorf("%d notices tell the writer that it was not opened", n)
	}
	timeline, err := p.Families.Timeline(t.Context(), p.birth, p.fromSide)
	must(t, err)
	for _, e := range timeline.Events {
		if e.What == string(letterbox.KeptOnFile) {
			t.Error("the timeline says that it was not opened")
		}
	}
}

// Who gets a notice: the writer when something changed for them, the recipient
// when something is there; nobody for what is the agency's own.
func TestNotices(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.contact(p.birthID)
	p.contact(p.adopterID)
	lead := p.newStaff("Imogen Farr", authz.SafeguardingLead)
	for name, tt := range map[string]struct {
		act               func(letterbox.LetterID) error
		writer, recipient int
	}{
		"pass":     {func(id letterbox.LetterID) error { return p.Desk.Pass(ctx, p.Worker, id, "") }, 0, 1},
		"return":   {func(id letterbox.LetterID) error { return p.Desk.Return(ctx, p.Worker, id, "unclear", "", "") }, 1, 0},
		"refuse":   {func(id letterbox.LetterID) error { return p.Desk.Refuse(ctx, p.Worker, id, "unclear", "", "") }, 1, 0},
		"keep":     {func(id letterbox.LetterID) error { return p.Desk.KeepOnFile(ctx, p.Worker, id, "") }, 1, 0},
		"hold":     {func(id letterbox.LetterID) error { return p.Desk.Hold(ctx, p.Worker, id, p.inAWeek(), "") }, 0, 0},
		"escalate": {func(id letterbox.LetterID) error { return p.Desk.Escalate(ctx, p.Worker, id, "odd") }, 0, 0},
		"hand back": {func(id letterbox.LetterID) error {
			must(t, p.Desk.Escalate(ctx, p.Worker, id, "odd"))
			return p.Desk.HandBack(ctx, lead, id, "")
		}, 0, 0},
		"the lead keeps": {func(id letterbox.LetterID) error {
			must(t, p.Desk.Escalate(ctx, p.Worker, id, "odd"))
			return p.Desk.KeepReferred(ctx, lead, id, "")
		}, 1, 0},
		"withdraw": {func(id letterbox.LetterID) error { return p.Families.Withdraw(ctx, p.birth, id) }, 0, 0},
		"take back what they were asked": {func(id letterbox.LetterID) error {
			must(t, p.Desk.Propose(ctx, p.Worker, id, out("many"), "", ""))
			p.Exec(t, `delete from notice`)
			return p.Desk.TakeBackProposal(ctx, p.Worker, id, "")
		}, 1, 0},
		"recall": {func(id letterbox.LetterID) error {
			must(t, p.Desk.Pass(ctx, p.Worker, id, ""))
			p.Exec(t, `delete from notice`)
			return p.Desk.Recall(ctx, p.Worker, id, "")
		}, 1, 0},
		"restore": {func(id letterbox.LetterID) error {
			must(t, p.Desk.Pass(ctx, p.Worker, id, ""))
			must(t, p.Desk.Undeliverable(ctx, p.Worker, id, ""))
			p.Exec(t, `delete from notice`)
			return p.Desk.Restore(ctx, p.Worker, id)
		}, 1, 1},
	} {
		p.Exec(t, `update letter set submitted_on = submitted_on - 1`)
		p.noWorry()
		id := p.claimed("Of many.")
		p.Exec(t, `delete from notice`)
		must(t, tt.act(id))
		if w, r := p.notices(p.birthID), p.notices(p.adopterID); w != tt.writer || r != tt.recipient {
			t.Errorf("%s: %d notices for the writer and %d for the recipient, want %d and %d", name, w, r, tt.writer, tt.recipient)
		}
		p.Exec(t, `delete from claim`)
	}
}

// A pause stops what was passed on and not opened: the desk has it as stopped,
// and it is shown again when the pause is over and a worker says so.
func TestStopped_Lift(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter, delivery := p.waiting("Before the pause.")
	recalled, _ := p.waiting("Back already.")
	must(t, p.Desk.Recall(ctx, p.Worker, recalled, ""))
	wantKind(t, "lifting no stop", p.Desk.LiftStop(ctx, p.Worker, letter), fault.Conflict)
	p.set(`update exchange set state = 'paused'`)
	wantKind(t, "opening", second(p.Families.Open(ctx, p.adoptive, delivery)), fault.Gone)
	line, ok := p.line(p.Worker, letter)
	if !ok || !line.Stopped || line.State != letterbox.Waiting {
		t.Errorf("on the desk it is %+v", line)
	}
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	if reading, err := p.Desk.Read(ctx, p.Worker, letter); err != nil || reading.Text != "Before the pause." {
		t.Errorf("a worker reads %q, %v", string(reading.Text), err)
	}
	wantKind(t, "lifting in the pause", p.Desk.LiftStop(ctx, p.Worker, letter), fault.Conflict)
	wantKind(t, "restoring in the pause", p.Desk.Restore(ctx, p.Worker, recalled), fault.Conflict)
	p.set(`update exchange set state = 'active'`)
	wantKind(t, "after the pause, nobody lifted it", second(p.Families.Open(ctx, p.adoptive, delivery)), fault.Gone)
	must(t, p.Desk.LiftStop(ctx, p.Worker, letter))
	must(t, p.Desk.Restore(ctx, p.Worker, recalled))
	p.wantState(recalled, letterbox.Waiting, letterbox.PassedOn)
	if came, err := p.Families.Open(ctx, p.adoptive, delivery); err != nil || came.Text != "Before the pause." {
		t.Errorf("it reads %q, %v", string(came.Text), err)
	}
	if _, ok := p.line(p.Worker, letter); ok {
		t.Error("it is still on the desk")
	}
}

// set changes rows as the staff's role, as a service does.
func (p *pair) set(sql string) {
	p.t.Helper()
	must(p.t, p.StaffDB.Act(p.t.Context(), postgres.Scope{Agency: p.Home.ID, Account: p.Worker.Account()}, nil, func(b *pgx.Batch) error {
		b.Queue(sql)
		return nil
	}))
}

// families is everything that the families' role can select as either person.
func (p *pair) families() string { return p.selects(p.birthID) + p.selects(p.adopterID) }

// selects is every row of every table, in the columns that the families' role
// may select, as one person. A column added later is in it by itself.
func (p *pair) selects(person string) string {
	p.t.Helper()
	ctx := context.Background()
	var all strings.Builder
	must(p.t, pgx.BeginFunc(ctx, p.Database.Conn("gatepost_public"), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select set_config('gatepost.agency', $1, true), set_config('gatepost.account', $2, true)`, p.Home.ID, person); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select c.relname::text as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns from pg_class c
			join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
			where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v') and has_column_privilege(c.oid, a.attnum, 'select')
				and c.relname not like '%session%' and c.relname not like 'credential%'
			group by 1 order by 1`)
		if err != nil {
			return err
		}
		tables, err := pgx.CollectRows(rows, pgx.RowToStructByName[struct{ Name, Columns string }])
		if err != nil {
			return err
		}
		for _, table := range append(tables, struct{ Name, Columns string }{"my_deliveries('')", "*"}) {
			var content *string
			err := tx.QueryRow(ctx, `select string_agg(r.line, e'\n' order by r.line) from (select md5(x::text) || left(x::text, 300) as line from (select `+table.Columns+` from `+table.Name+`) x) r`).Scan(&content)
			if err != nil {
				return err
			}
			if content != nil {
				fmt.Fprintf(&all, "%s:\n%s\n", table.Name, *content)
			}
		}
		return nil
	}))
	if !strings.Contains(all.String(), "side_member") {
		p.t.Error("the families' role selects nothing: the comparison would be empty")
	}
	return all.String()
}
