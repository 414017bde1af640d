package letterbox_test

import (
	"fmt"
	"strings"
	"testing"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// A first reading is of the letter with the translation that it had: with another one
// it is read first again, and no row says otherwise.
func TestTranslation_ReadAgain(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := p.secondWorker()
	must(t, p.Desk.SetSecondReader(ctx, p.Worker, p.exchange, letterbox.ReadTwiceAlways))
	letter, ifan := p.withTranslator()
	must(t, p.Desk.HandIn(ctx, ifan, letter, "Dear Wren, I never think of you."))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.ReadFirst(ctx, p.Worker, letter, ""))
	must(t, p.Desk.Claim(ctx, other, letter))
	must(t, p.Desk.GiveToTranslator(ctx, other, letter, ifan.Account(), ""))
	must(t, p.Desk.HandIn(ctx, ifan, letter, welshInto))
	must(t, p.Desk.Claim(ctx, other, letter))
	wantAt(t, "by one who read it", p.Desk.Pass(ctx, other, letter, ""), "fault.relay.readers", "")
	err := p.asStaff(other.Account(), `insert into decision (agency_id, letter_id, worker_id, act, turn, leaf) values (agency(), $1, account(), 'pass', 1, sha256('x'))`, string(letter))
	wantBroken(t, err, "23514", "decision_readers")
	p.untriggered(`update first_reading set translated = 2`)
	wantKind(t, "by a changed row", p.Desk.Pass(ctx, other, letter, ""), fault.Sealed)
	p.untriggered(`update first_reading set translated = 1`)
	must(t, p.Desk.Release(ctx, other, letter))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.ReadFirst(ctx, p.Worker, letter, "")) // a second time, with the one that goes
	must(t, p.Desk.Claim(ctx, other, letter))
	must(t, p.Desk.Pass(ctx, other, letter, ""))
	if came, err := p.Families.Open(ctx, p.adoptive, p.delivery(letter)); err != nil || came.Translation.Text != welshInto {
		t.Errorf("the recipient reads %q, %v", string(came.Translation.Text), err)
	}
	p.logWhole()
}

// Who translated a letter after they read it first is none of its two readers.
func TestTranslation_ByTheFirstReader(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	other := p.secondWorker()
	both := p.newStaff("Ifan Trefor", authz.Translator, authz.LetterboxWorker)
	must(t, p.Desk.SetSecondReader(ctx, p.Worker, p.exchange, letterbox.ReadTwiceAlways))
	letter := p.inWelsh()
	must(t, p.Desk.GiveToTranslator(ctx, p.Worker, letter, both.Account(), ""))
	must(t, p.Desk.TakeBack(ctx, p.Worker, letter))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.SayLanguage(ctx, p.Worker, letter, letterbox.English))
	must(t, p.Desk.Release(ctx, p.Worker, letter))
	must(t, p.Desk.Claim(ctx, both, letter))
	must(t, p.Desk.ReadFirst(ctx, both, letter, ""))
	must(t, p.Desk.Claim(ctx, other, letter))
	must(t, p.Desk.SayLanguage(ctx, other, letter, letterbox.Welsh))
	must(t, p.Desk.GiveToTranslator(ctx, other, letter, both.Account(), ""))
	must(t, p.Desk.HandIn(ctx, both, letter, welshInto))
	must(t, p.Desk.Claim(ctx, other, letter))
	wantAt(t, "read by one", p.Desk.Pass(ctx, other, letter, ""), "fault.relay.readers", "")
	p.logWhole()
}

// What came back goes on again to who reads it, and to nobody else.
func TestTranslation_ShownAgain(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.claimed(welshInto)
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	must(t, p.Desk.Recall(ctx, p.Worker, letter, "They read Welsh alone."))
	must(t, p.Desk.SetSideLanguage(ctx, p.Worker, p.toSide, "cy"))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	wantAt(t, "to who does not read it", p.Desk.Restore(ctx, p.Worker, letter), "fault.relay.readsAnother", "")
	p.untriggered(`update side set language = 'en'`)
	wantKind(t, "by a changed row", p.Desk.Restore(ctx, p.Worker, letter), fault.Sealed)
	p.untriggered(fmt.Sprintf(`update side set language = 'cy' where id = '%s'`, p.toSide))
	must(t, p.Desk.SetSideLanguage(ctx, p.Worker, p.toSide, "both"))
	must(t, p.Desk.Restore(ctx, p.Worker, letter))

	// The same of what was stopped on its way.
	stopped := p.claimed(welshInto)
	must(t, p.Desk.Pass(ctx, p.Worker, stopped, ""))
	must(t, p.Desk.SetSide(ctx, p.Worker, p.toSide, "addressUnconfirmed", ""))
	must(t, p.Desk.SetSide(ctx, p.Worker, p.toSide, "ready", ""))
	must(t, p.Desk.SetSideLanguage(ctx, p.Worker, p.toSide, "cy"))
	wantAt(t, "stopped, to who does not read it", p.Desk.LiftStop(ctx, p.Worker, stopped), "fault.relay.readsAnother", "")
	must(t, p.Desk.SetSideLanguage(ctx, p.Worker, p.toSide, "en"))
	must(t, p.Desk.LiftStop(ctx, p.Worker, stopped))
	p.logWhole()
}

// No letter stays with a translator who may not go on with it.
func TestTranslation_MayNot(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter, ifan := p.withTranslator()
	second := p.inWelsh()
	must(t, p.Desk.GiveToTranslator(ctx, p.Worker, second, ifan.Account(), ""))
	must(t, p.Desk.GiveBack(ctx, ifan, letter, letterbox.BackKnows, ""))
	p.wantState(letter, letterbox.Received, letterbox.WithUs)
	p.wantState(second, letterbox.Received, letterbox.WithUs)

	bryn := p.newStaff("Bryn Lloyd", authz.Translator)
	must(t, p.Desk.Claim(ctx, p.Worker, second))
	must(t, p.Desk.GiveToTranslator(ctx, p.Worker, second, bryn.Account(), ""))
	p.Manager = p.SignInWorker(t, &p.ManagerLogin)
	must(t, p.World.Staff.SuspendWorker(ctx, p.Manager, bryn.Account(), p.Code(t, &p.ManagerLogin)))
	p.wantState(second, letterbox.Received, letterbox.WithUs)
	if n := p.count(`select count(*) from translation where state = 'given' or draft is not null`); n != 0 {
		t.Errorf("%d turns stay", n)
	}
	// At the command line nobody acts for whom a letter moves: the person is kept out all the same.
	carys := p.newStaff("Carys Bowen", authz.Translator)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.GiveToTranslator(ctx, p.Worker, letter, carys.Account(), ""))
	must(t, p.World.Staff.SuspendByOperator(ctx, p.Home.ID, carys.Account()))
	must(t, p.Desk.TakeBack(ctx, p.Worker, letter))
	p.logWhole()
}

// The safeguarding lead reads the translation of what worries a worker.
func TestTranslation_Referred(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	lead := p.newStaff("Ruth Calder", authz.SafeguardingLead)
	letter, ifan := p.withTranslator()
	must(t, p.Desk.HandIn(ctx, ifan, letter, welshInto))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.Escalate(ctx, p.Worker, letter, "A worry."))
	read, err := p.Desk.Referred(ctx, lead, letter)
	if err != nil || read.Text != welshLetter || read.Translation != welshInto {
		t.Errorf("the lead reads %q and %q, %v", string(read.Text), string(read.Translation), err)
	}
}

// A language without a name of ours is named to the translator alone, beside the letter.
func TestTranslation_Which(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	ifan := p.newStaff("Ifan Trefor", authz.Translator)
	letter := p.claimed("Kochana Wren, pozdrawiam.")
	must(t, p.Desk.SayLanguage(ctx, p.Worker, letter, letterbox.OtherTongue))
	give := func(which string) error { return p.Desk.GiveToTranslator(ctx, p.Worker, letter, ifan.Account(), which) }
	wantAt(t, "no language named", give(" \n"), "fault.translate.which", "which")
	wantAt(t, "a letter in its place", give(strings.Repeat("x", letterbox.MaxWhich+1)), "fault.text.tooLong", "which")
	must(t, give(polish))
	task, err := p.Desk.Task(ctx, ifan, letter)
	must(t, err)
	if task.Which != polish || task.Text != "Kochana Wren, pozdrawiam." {
		t.Errorf("the translator reads %q and %q", task.Which, string(task.Text))
	}
	if n := p.count(`select count(*) from object where position('Polish'::bytea in sealed) > 0`); n != 0 {
		t.Error("the language lies open")
	}

	welsh := p.inWelsh()
	must(t, p.Desk.GiveToTranslator(ctx, p.Worker, welsh, ifan.Account(), "typed all the same"))
	if task, err = p.Desk.Task(ctx, ifan, welsh); err != nil || task.Which != "" {
		t.Errorf("of a letter in Welsh the translator reads %q, %v", task.Which, err)
	}
}
