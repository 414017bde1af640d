package letterbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/letterbox"
)

const (
	welshLetter   = "Annwyl Wren, rydw i'n meddwl amdanat ti bob dydd."
	welshInto     = "Dear Wren, I think of you every day."
	asItWas       = "\nAnnwyl Wren,\n\nrydw i'n meddwl  amdanat ti bob dydd. " // but for space
	polish        = "from Polish into English"
	translateWord = "fault.relay.translate"
)

// inWelsh sends a letter in Welsh, claims it and says what it is in.
func (p *pair) inWelsh() letterbox.LetterID {
	p.t.Helper()
	id := p.claimed(welshLetter)
	must(p.t, p.Desk.SayLanguage(p.t.Context(), p.Worker, id, letterbox.Welsh))
	return id
}

// withTranslator gives a letter in Welsh to a translator.
func (p *pair) withTranslator() (letterbox.LetterID, authz.Actor) {
	p.t.Helper()
	ifan := p.newStaff("Ifan Trefor", authz.Translator)
	id := p.inWelsh()
	must(p.t, p.Desk.GiveToTranslator(p.t.Context(), p.Worker, id, ifan.Account(), ""))
	return id, ifan
}

// reads says that the worker reads Welsh, or no more.
func (p *pair) reads(worker string, welsh bool) {
	p.t.Helper()
	p.Manager = p.SignInWorker(p.t, &p.ManagerLogin)
	must(p.t, p.Desk.SetReads(p.t.Context(), p.Manager, worker, welsh))
}

// A letter in Welsh goes through a translator, who sees its text and nothing else,
// and only until they hand it in; it goes on with both texts.
func TestTranslation_ByTranslator(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	before := p.families
	ifan := p.newStaff("Ifan Trefor", authz.Translator)
	letter := p.inWelsh()
	reading, err := p.Desk.Read(ctx, p.Worker, letter)
	must(t, err)
	if reading.Language != letterbox.Welsh || !reading.Untranslated || reading.Into != letterbox.English || reading.ReadsWelsh {
		t.Errorf("the worker reads %+v", reading.Language)
	}
	wantAt(t, "untranslated", p.Desk.Pass(ctx, p.Worker, letter, ""), translateWord, "")
	wantKind(t, "to nobody", p.Desk.GiveToTranslator(ctx, p.Worker, letter, p.Worker.Account(), ""), fault.Invalid)
	wantKind(t, "before it was given to them", second(p.Desk.Task(ctx, ifan, letter)), fault.NotFound)
	said := before()
	must(t, p.Desk.GiveToTranslator(ctx, p.Worker, letter, ifan.Account(), ""))
	if before() != said {
		t.Error("a translator changes what families can select")
	}
	p.wantState(letter, letterbox.ToTranslate, letterbox.WithUs)
	line, ok := p.line(p.Worker, letter)
	if !ok || line.Translator != "Ifan Trefor" || line.GivenOn.IsZero() || line.Language != letterbox.Welsh {
		t.Errorf("on the desk it is %+v", line)
	}
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	wantKind(t, "passed on meanwhile", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Conflict)
	must(t, p.Desk.Release(ctx, p.Worker, letter))

	tasks, err := p.Desk.Tasks(ctx, ifan)
	must(t, err)
	if len(tasks) != 1 || tasks[0].Letter != letter || tasks[0].Into != letterbox.English {
		t.Fatalf("the translator has %+v", tasks)
	}
	leaves := p.count(`select count(*) from audit_body`)
	task, err := p.Desk.Task(ctx, ifan, letter)
	must(t, err)
	if task.Text != welshLetter || task.Unread || p.count(`select count(*) from audit_body`) != leaves+1 {
		t.Errorf("the translator reads %q, with %d leaves", string(task.Text), p.count(`select count(*) from audit_body`)-leaves)
	}
	version, err := p.Desk.SaveTask(ctx, ifan, letter, task.Version, "Dear Wren, I")
	must(t, err)
	wantKind(t, "an older page", second(p.Desk.SaveTask(ctx, ifan, letter, task.Version, "lost")), fault.Conflict)
	if task, err = p.Desk.Task(ctx, ifan, letter); err != nil || task.Draft != "Dear Wren, I" || task.Version != version {
		t.Errorf("the draft is %q, %v", string(task.Draft), err)
	}
	wantKind(t, "nothing", p.Desk.HandIn(ctx, ifan, letter, " \n"), fault.Invalid)
	wantAt(t, "the letter itself", p.Desk.HandIn(ctx, ifan, letter, asItWas), "fault.translate.same", "text")
	must(t, p.Desk.HandIn(ctx, ifan, letter, welshInto))
	for name, err := range map[string]error{
		"reads": second(p.Desk.Task(ctx, ifan, letter)), "saves": second(p.Desk.SaveTask(ctx, ifan, letter, version, "x")),
		"hands in": p.Desk.HandIn(ctx, ifan, letter, "x"), "gives back": p.Desk.GiveBack(ctx, ifan, letter, letterbox.BackCannot, ""),
	} {
		wantKind(t, "after their turn a translator "+name, err, fault.NotFound)
	}
	if n := p.count(`select count(*) from translation where draft is not null`); n != 0 {
		t.Error("a draft stays")
	}

	p.wantState(letter, letterbox.Received, letterbox.WithUs)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	reading, err = p.Desk.Read(ctx, p.Worker, letter)
	must(t, err)
	if reading.Untranslated || reading.Text != welshLetter || reading.Translation.Text != welshInto || reading.Translation.By != "Ifan Trefor" || !reading.MayDecide {
		t.Errorf("the worker reads %q by %q", string(reading.Translation.Text), reading.Translation.By)
	}
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	came, err := p.Families.Open(ctx, p.adoptive, p.delivery(letter))
	must(t, err)
	if came.Text != welshLetter || came.Translation != (letterbox.Translation{Text: welshInto, Language: letterbox.Welsh, Into: letterbox.English}) || came.Unread {
		t.Errorf("the recipient reads %q and %+v", string(came.Text), came.Translation)
	}
	if sent, err := p.Families.OpenSent(ctx, p.birth, letter); err != nil || !sent.Translated {
		t.Errorf("the writer is told translated %v, %v", sent.Translated, err)
	}
	copies, err := p.Families.Copies(ctx, p.adoptive, p.toSide, p.Clock.Now().AddDate(0, 0, -5), p.Clock.Now().AddDate(0, 0, 5))
	if err != nil || len(copies) != 1 || copies[0].Translation.Text != welshInto {
		t.Errorf("the copies are %d, %v", len(copies), err)
	}
	printed, err := p.Desk.PrintPassed(ctx, p.Worker, letter)
	if err != nil || printed.Translation.Text != welshInto || printed.Text != welshLetter {
		t.Errorf("it is printed %v", err)
	}
	p.untriggered(`delete from object where part = 'translation' and kind = 'delivery'`)
	wantKind(t, "printed without its translation", second(p.Desk.PrintPassed(ctx, p.Worker, letter)), fault.Sealed)
	p.logWhole()
}

// Recipients who read Welsh have the letter as it was written: a worker who reads it
// passes it on, and for any other a translation is made, which does not go along.
func TestTranslation_WelshSide(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	must(t, p.Desk.SetSideLanguage(ctx, p.Worker, p.toSide, "both"))
	letter := p.inWelsh()
	wantAt(t, "by who does not read it", p.Desk.Pass(ctx, p.Worker, letter, ""), translateWord, "")
	p.reads(p.Worker.Account(), true)
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	came, err := p.Families.Open(ctx, p.adoptive, p.delivery(letter))
	if err != nil || came.Text != welshLetter || came.Translation.Text != "" {
		t.Errorf("the recipient reads %q and %q, %v", string(came.Text), string(came.Translation.Text), err)
	}
	p.reads(p.Worker.Account(), false)
	again, ifan := p.withTranslator()
	must(t, p.Desk.HandIn(ctx, ifan, again, welshInto))
	must(t, p.Desk.Claim(ctx, p.Worker, again))
	must(t, p.Desk.Pass(ctx, p.Worker, again, ""))
	came, err = p.Families.Open(ctx, p.adoptive, p.delivery(again))
	if err != nil || came.Text != welshLetter || came.Translation.Text != "" {
		t.Errorf("made for the worker, it went along: %q, %v", string(came.Translation.Text), err)
	}
	// The same as of one that did not go as it was written, or it would tell what they read.
	for _, id := range []letterbox.LetterID{letter, again} {
		if sent, err := p.Families.OpenSent(ctx, p.birth, id); err != nil || !sent.Translated {
			t.Errorf("the writer is told translated %v, %v", sent.Translated, err)
		}
	}
}

// A letter in English to somebody who reads Welsh alone comes in Welsh, and nothing
// tells its writer what they read.
func TestTranslation_IntoWelsh(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	must(t, p.Desk.SetSideLanguage(ctx, p.Worker, p.toSide, "cy"))
	ifan := p.newStaff("Ifan Trefor", authz.Translator)
	letter := p.claimed(welshInto)
	wantAt(t, "untranslated", p.Desk.Pass(ctx, p.Worker, letter, ""), translateWord, "")
	must(t, p.Desk.GiveToTranslator(ctx, p.Worker, letter, ifan.Account(), ""))
	must(t, p.Desk.HandIn(ctx, ifan, letter, welshLetter))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	came, err := p.Families.Open(ctx, p.adoptive, p.delivery(letter))
	if err != nil || came.Text != welshInto || came.Translation != (letterbox.Translation{Text: welshLetter, Language: letterbox.English, Into: letterbox.Welsh}) {
		t.Errorf("the recipient reads %q and %+v, %v", string(came.Text), came.Translation, err)
	}
	sent, err := p.Families.OpenSent(ctx, p.birth, letter)
	if err != nil || sent.Told != letterbox.PassedOn || sent.Translated {
		t.Errorf("the writer is told translated %v, %v", sent.Translated, err)
	}
}

// Who translates a letter does not decide about it; another worker does.
func TestTranslation_Myself(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	colleague := p.secondWorker()
	letter := p.inWelsh()
	wantKind(t, "by who does not read it", p.Desk.TranslateMyself(ctx, p.Worker, letter, welshInto), fault.Forbidden)
	p.reads(p.Worker.Account(), true)
	wantKind(t, "nothing", p.Desk.TranslateMyself(ctx, p.Worker, letter, ""), fault.Invalid)
	wantAt(t, "the letter itself", p.Desk.TranslateMyself(ctx, p.Worker, letter, asItWas), "fault.translate.same", "text")
	must(t, p.Desk.TranslateMyself(ctx, p.Worker, letter, welshInto))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	if reading, err := p.Desk.Read(ctx, p.Worker, letter); err != nil || reading.MayDecide || reading.WhyNot != "translated" {
		t.Errorf("who translated it reads %q, %v", reading.WhyNot, err)
	}
	for name, err := range map[string]error{
		"pass": p.Desk.Pass(ctx, p.Worker, letter, ""), "return": p.Desk.Return(ctx, p.Worker, letter, "unclear", "", ""),
		"refuse": p.Desk.Refuse(ctx, p.Worker, letter, "unclear", "", ""), "keep": p.Desk.KeepOnFile(ctx, p.Worker, letter, ""),
	} {
		wantKind(t, "who translated it: "+name, err, fault.Forbidden)
	}
	// In the database as well, and where somebody takes the row away, by their own statement.
	err := p.asStaff(p.Worker.Account(), `insert into decision (agency_id, letter_id, worker_id, act, turn, leaf) values (agency(), $1, account(), 'pass', 1, sha256('x'))`, string(letter))
	wantBroken(t, err, "23514", "decision_translator")
	p.untriggered(fmt.Sprintf(`update translation set worker_id = '%s'`, colleague.Account()))
	wantKind(t, "under another name", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Forbidden)
	p.untriggered(fmt.Sprintf(`update translation set worker_id = '%s'`, p.Worker.Account()))
	must(t, p.Desk.Release(ctx, p.Worker, letter))
	must(t, p.Desk.Claim(ctx, colleague, letter))
	must(t, p.Desk.Pass(ctx, colleague, letter, ""))
	if came, err := p.Families.Open(ctx, p.adoptive, p.delivery(letter)); err != nil || came.Translation.Text != welshInto {
		t.Errorf("the recipient reads %q, %v", string(came.Translation.Text), err)
	}
	p.logWhole()
}

// A letter comes back from its translator: given back with a reason, taken back, with
// the translator's leaving, or to its writer; then they read it no more.
func TestTranslation_Back(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter, ifan := p.withTranslator()
	wantKind(t, "without a reason", p.Desk.GiveBack(ctx, ifan, letter, "", ""), fault.Invalid)
	wantKind(t, "another reason without words", p.Desk.GiveBack(ctx, ifan, letter, letterbox.BackOther, ""), fault.Invalid)
	must(t, p.Desk.GiveBack(ctx, ifan, letter, letterbox.BackCannot, "too small a hand"))
	p.wantState(letter, letterbox.Received, letterbox.WithUs)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	if reading, err := p.Desk.Read(ctx, p.Worker, letter); err != nil || len(reading.Notes) != 1 || reading.Notes[0].Text != "too small a hand" {
		t.Errorf("the team reads %+v, %v", reading.Notes, err)
	}
	must(t, p.Desk.GiveToTranslator(ctx, p.Worker, letter, ifan.Account(), ""))
	must(t, p.Desk.TakeBack(ctx, p.Worker, letter))
	wantKind(t, "taken back twice", p.Desk.TakeBack(ctx, p.Worker, letter), fault.Conflict)
	wantKind(t, "taken back", second(p.Desk.Task(ctx, ifan, letter)), fault.NotFound)

	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.GiveToTranslator(ctx, p.Worker, letter, ifan.Account(), ""))
	must(t, second(p.Desk.SaveTask(ctx, ifan, letter, 0, "Dear Wren")))
	must(t, p.Families.Withdraw(ctx, p.birth, letter))
	p.wantState(letter, letterbox.WithdrawnByWriter, letterbox.Withdrawn)
	wantKind(t, "withdrawn", second(p.Desk.Task(ctx, ifan, letter)), fault.NotFound)
	if n := p.count(`select count(*) from translation where state = 'given' or draft is not null`); n != 0 {
		t.Errorf("%d turns stay", n)
	}

	kept := p.inWelsh()
	must(t, p.Desk.GiveToTranslator(ctx, p.Worker, kept, ifan.Account(), ""))
	p.Manager = p.SignInWorker(t, &p.ManagerLogin)
	must(t, second(p.World.Staff.Leave(ctx, p.Manager, ifan.Account(), p.Code(t, &p.ManagerLogin))))
	p.wantState(kept, letterbox.Received, letterbox.WithUs)
	wantKind(t, "of one who left", func() error { _, err := p.Desk.Task(ctx, ifan, kept); return err }(), fault.NotFound)
	p.logWhole()
}

// A translator who knows these people says so, and no letter of theirs is given to
// them again.
func TestTranslation_Knows(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter, ifan := p.withTranslator()
	must(t, p.Desk.GiveBack(ctx, ifan, letter, letterbox.BackKnows, ""))
	if n := p.count(`select count(*) from connection where worker_id = '` + ifan.Account() + `'`); n != 1 {
		t.Errorf("%d connections", n)
	}
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	list, err := p.Desk.Translators(ctx, p.Worker, letter)
	if err != nil || len(list) != 0 {
		t.Errorf("it could be given to %+v, %v", list, err)
	}
	wantKind(t, "given again", p.Desk.GiveToTranslator(ctx, p.Worker, letter, ifan.Account(), ""), fault.Invalid)
	err = p.asStaff(p.Worker.Account(), fmt.Sprintf(`insert into translation (agency_id, letter_id, n, worker_id, given_by, language, into_language, text_version, state, leaf)
		values (agency(), '%s', 2, '%s', account(), 'cy', 'en', 1, 'given', sha256('x'))`, letter, ifan.Account()))
	wantBroken(t, err, "23514", "translation_worker")
	p.logWhole()
}

// One who works with letters as well loses the case by the same word.
func TestTranslation_KnowsAsAWorker(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	both := p.newStaff("Ifan Trefor", authz.Translator, authz.LetterboxWorker)
	letter := p.inWelsh()
	must(t, p.Desk.GiveToTranslator(ctx, p.Worker, letter, both.Account(), ""))
	p.Clock.Advance(letterbox.ConnectFor + 1)
	wantKind(t, "without a code", p.Desk.GiveBack(ctx, both, letter, letterbox.BackKnows, ""), fault.StepUp)
	p.wantState(letter, letterbox.ToTranslate, letterbox.WithUs)
	both = p.SignInWorker(t, &p.newLogin)
	must(t, p.Desk.GiveBack(ctx, both, letter, letterbox.BackKnows, ""))
	if n := p.count(`select count(*) from exchange where restricted`); n != 1 {
		t.Error("the case is the whole team's")
	}
	wantKind(t, "they claim it", p.Desk.Claim(ctx, both, letter), fault.Forbidden)
	p.Worker = p.SignInWorker(t, &p.WorkerLogin)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	p.logWhole()
}

// A letter is withdrawn while its translation is handed in: one of the two.
func TestRace_WithdrawHandIn(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter, ifan := p.withTranslator()
	hand := func(id letterbox.LetterID) func() error {
		return func() error { return p.Desk.HandIn(ctx, ifan, id, welshInto) }
	}
	withdraw := func(id letterbox.LetterID) func() error {
		return func() error { return p.Families.Withdraw(ctx, p.birth, id) }
	}
	handErr, withdrawErr := overtaken(t, p.Desk, "handIn", hand(letter), withdraw(letter))
	if withdrawErr != nil || p.state(letter) != letterbox.WithdrawnByWriter {
		t.Errorf("withdrawn first: %v, %s", withdrawErr, p.state(letter))
	}
	wantKind(t, "handed in after it", handErr, fault.Conflict)
	if n := p.count(`select count(*) from object where part = 'translation'`); n != 0 {
		t.Errorf("%d traces of it", n)
	}
	next := p.inWelsh()
	must(t, p.Desk.GiveToTranslator(ctx, p.Worker, next, ifan.Account(), ""))
	handErr, withdrawErr = p.blocked(p.Desk, "handIn locked", hand(next), withdraw(next))
	if handErr != nil || withdrawErr != nil || p.state(next) != letterbox.WithdrawnByWriter {
		t.Errorf("handed in first: %v, withdrawn after: %v, %s", handErr, withdrawErr, p.state(next))
	}
	reached := p.inWelsh()
	must(t, p.Desk.GiveToTranslator(ctx, p.Worker, reached, ifan.Account(), ""))
	readErr, takeErr := overtaken(t, p.Desk, "turn", func() error { return second(p.Desk.Task(ctx, ifan, reached)) }, func() error { return p.Desk.TakeBack(ctx, p.Worker, reached) })
	wantKind(t, "read after it was taken back", readErr, fault.NotFound)
	must(t, takeErr)
	p.logWhole()
}

// Somebody who can write the database gets no letter passed on untranslated.
func TestTranslation_ChangedRows(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	pass := func(letter letterbox.LetterID) error { return p.Desk.Pass(ctx, p.Worker, letter, "") }
	for name, changes := range map[string][]string{
		"it is in English":           {`update letter set language = 'en'`},
		"and nobody said otherwise":  {`update letter set language = 'en'`, `delete from object where part = 'language'`},
		"they read Welsh":            {`update side set language = 'both'`, fmt.Sprintf(`insert into worker_reads (agency_id, worker_id, n, welsh, by_worker, leaf) values ('%s', '%s', 1, true, '%s', sha256('x'))`, p.Home.ID, p.Worker.Account(), p.ManagerLogin.ID)},
		"a translation nobody wrote": {fmt.Sprintf(`insert into translation (agency_id, letter_id, n, worker_id, given_by, language, into_language, text_version, state, leaf, done_leaf) select agency_id, id, 1, '%[1]s', '%[1]s', 'cy', 'en', 1, 'handedIn', sha256('x'), sha256('x') from letter where state = 'received'`, p.ManagerLogin.ID)},
	} {
		letter := p.inWelsh()
		p.untriggered(changes...)
		if err := pass(letter); fault.KindOf(err) != fault.Sealed && !strings.Contains(fmt.Sprint(err), translateWord) {
			t.Errorf("%s: %v", name, err)
		}
		if n := p.count(`select count(*) from delivery`); n != 0 {
			t.Fatalf("%s: it is delivered", name)
		}
		p.untriggered(`update side set language = 'en'`, `delete from worker_reads`, `delete from translation`, `delete from letter`, `delete from claim`)
	}
	// What was true once and is no more.
	p.reads(p.Worker.Account(), true)
	must(t, p.Desk.SetSideLanguage(ctx, p.Worker, p.toSide, "cy"))
	p.reads(p.Worker.Account(), false)
	letter := p.inWelsh()
	p.untriggered(`delete from worker_reads where not welsh`)
	wantKind(t, "with a manager's older word", pass(letter), fault.Sealed)
	p.untriggered(`delete from worker_reads`)

	must(t, p.Desk.SetSideLanguage(ctx, p.Worker, p.toSide, "en"))
	p.untriggered(`delete from object where id = '`+string(p.toSide)+`' and part = 'language' and version = 2`, `update side set language = 'cy'`)
	wantKind(t, "with what was said of the side before", pass(letter), fault.Sealed)
}

// The database alone refuses what is not translated, and what is delivered without.
func TestTranslation_Schema(t *testing.T) {
	s := newSchema(t)
	translator := s.other
	s.untriggered(`update worker set agency_id = 'ag1', roles = '{translator}' where id = '` + translator + `'`)
	claimed := func(language string) string {
		letter, _ := s.letter(letterbox.Received, "")
		s.untriggered(fmt.Sprintf(`update letter set language = '%s' where id = '%s'; insert into claim (agency_id, letter_id, worker_id, until) values ('ag1', '%s', '%s', now() + interval '1 hour')`,
			language, letter, letter, s.worker))
		return letter
	}
	decide := `insert into decision (agency_id, letter_id, worker_id, act, turn, leaf) values ('ag1', $1, account(), $2, 1, sha256('d'))`
	give := func(letter string, n int, to, language, into, state, done string) string {
		return fmt.Sprintf(`insert into translation (agency_id, letter_id, n, worker_id, given_by, language, into_language, text_version, state, leaf, done_leaf)
			select 'ag1', '%[1]s', %[2]d, '%[3]s', account(), '%[4]s', '%[5]s', coalesce(max(version), 0), '%[6]s', sha256('t'), %[7]s from object where id = '%[1]s' and part = 'text'`, letter, n, to, language, into, state, done)
	}
	welsh := claimed("cy")
	wantBroken(t, s.as("gatepost_staff", s.worker, decide, welsh, "pass"), "23514", "decision_translation")
	if _, constraint := broke(s.as("gatepost_staff", s.worker, decide, welsh, "return")); constraint == "decision_translation" {
		t.Error("a letter that goes back has to be translated")
	}
	if _, constraint := broke(s.as("gatepost_staff", s.worker, decide, claimed("en"), "pass")); constraint == "decision_translation" {
		t.Error("a letter in English has to be translated")
	}
	for name, tt := range map[string]struct{ account, sql, constraint string }{
		"in another's name":       {s.colleague, give(welsh, 1, translator, "cy", "en", "given", "null"), "translation_worker"},
		"by a manager":            {s.manager, give(welsh, 1, translator, "cy", "en", "given", "null"), "translation_worker"},
		"to no translator":        {s.worker, give(welsh, 1, s.colleague, "cy", "en", "given", "null"), "translation_translator"},
		"of another language":     {s.worker, give(welsh, 1, translator, "other", "en", "given", "null"), "translation_letter"},
		"into another":            {s.worker, give(welsh, 1, translator, "cy", "cy", "given", "null"), "translation_letter"},
		"a turn left out":         {s.worker, give(welsh, 2, translator, "cy", "en", "given", "null"), "translation_letter"},
		"handed in for another":   {s.worker, give(welsh, 1, s.colleague, "cy", "en", "handedIn", "sha256('t')"), "translation_translator"},
		"by who does not read it": {s.worker, give(welsh, 1, s.worker, "cy", "en", "handedIn", "sha256('t')"), "translation_translator"},
		"to nobody":               {s.worker, `update letter set state = 'toTranslate' where id = '` + welsh + `'`, "letter_translator"},
		"the language by another": {s.colleague, `update letter set language = 'en' where id = '` + welsh + `'`, "language_worker"},
		"who reads by a worker":   {s.worker, `insert into worker_reads (agency_id, worker_id, n, welsh, by_worker, leaf) values ('ag1', account(), 1, true, account(), sha256('r'))`, "reads_manager"},
	} {
		t.Run(name, func(t *testing.T) { wantBroken(t, s.as("gatepost_staff", tt.account, tt.sql), "23514", tt.constraint) })
	}
	s.untriggered(strings.ReplaceAll(give(welsh, 1, translator, "cy", "en", "given", "null"), "account()", "'"+s.worker+"'") + `; update letter set state = 'toTranslate' where id = '` + welsh + `'`)
	for name, tt := range map[string]struct{ account, sql, constraint string }{
		"handed in by another":       {s.worker, `update translation set state = 'handedIn', done_leaf = sha256('t') where letter_id = '` + welsh + `'`, "translation_worker"},
		"taken back by a translator": {translator, `update translation set state = 'takenBack' where letter_id = '` + welsh + `'`, "translation_worker"},
		"ended by hand":              {s.worker, `update translation set state = 'over' where letter_id = '` + welsh + `'`, "translation_worker"},
		"decided meanwhile":          {s.worker, strings.NewReplacer("$1", "'"+welsh+"'", "$2", "'return'").Replace(decide), "decision_pkey"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, constraint := broke(s.as("gatepost_staff", tt.account, tt.sql)); constraint != tt.constraint {
				t.Errorf("got %s, want %s", constraint, tt.constraint)
			}
		})
	}
	// What goes to somebody who does not read it goes with its translation.
	goes, delivery := claimed("cy"), agency.NewID("dl")
	object := func(part string) string {
		return fmt.Sprintf(`insert into object (agency_id, id, part, version, kind, exchange_id, side_id, from_node, to_node, sealed, commit, leaf)
			values ('ag1', '%s', '%s', 1, 'delivery', '%s', '%s', 'case/%s', 'side/%s', 'x', sha256('c'), sha256('l'))`, delivery, part, s.exchange, s.to, s.exchange, s.to)
	}
	s.untriggered(fmt.Sprintf(`insert into decision (agency_id, letter_id, worker_id, act, leaf) values ('ag1', '%s', '%s', 'pass', sha256('d'))`, goes, s.worker) + ";" + object("text"))
	insert := fmt.Sprintf(`insert into delivery (agency_id, id, letter_id, side_id) values ('ag1', '%s', '%s', '%s')`, delivery, goes, s.to)
	wantBroken(t, s.as("gatepost_staff", s.worker, insert), "23514", "delivery_translation")
	s.untriggered(object("translation"))
	must(t, s.as("gatepost_staff", s.worker, insert))
	// A family selects nothing of it.
	for _, table := range []string{"translation", "worker_reads"} {
		if code, _ := broke(s.as("gatepost_public", s.person, `select count(*) from `+table)); code != "42501" {
			t.Errorf("a family selects %s: %s", table, code)
		}
	}
}

// A letter that looks like another language waits for a worker's word, in whichever
// language it then is; and findings of a translation are answered like its own.
func TestTranslation_HintAndFindings(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	long := strings.Repeat("rydw i yn meddwl amdanat ti bob dydd ac yn gobeithio dy fod yn hapus. ", 5)
	letter := p.claimed(long)
	reading, err := p.Desk.Read(ctx, p.Worker, letter)
	must(t, err)
	if !reading.MayBeForeign {
		t.Error("no hint")
	}
	wantAt(t, "nobody said what it is in", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.relay.sayLanguage", "")
	must(t, p.Desk.SayLanguage(ctx, p.Worker, letter, letterbox.English))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))

	again, ifan := p.withTranslator()
	must(t, p.Desk.HandIn(ctx, ifan, again, "Ring me on 07700 900 123."))
	must(t, p.Desk.Claim(ctx, p.Worker, again))
	reading, err = p.Desk.Read(ctx, p.Worker, again)
	must(t, err)
	i := slices.IndexFunc(reading.Translation.Findings, letterbox.Finding.Asked)
	if i < 0 || len(reading.Findings) != 0 {
		t.Fatalf("found %+v and %+v", reading.Findings, reading.Translation.Findings)
	}
	key := reading.Translation.Findings[i].Key
	wantAt(t, "not answered", p.Desk.Pass(ctx, p.Worker, again, ""), "fault.finding.answer", "finding-"+key)
	must(t, p.Desk.Pass(ctx, p.Worker, again, "", letterbox.Answer{Finding: key, Word: "a helpline"}))
	if kept := p.kept(again, "decision"); len(kept.Findings) != 1 || !kept.Findings[0].Translated {
		t.Errorf("kept with the decision: %+v", kept.Findings)
	}
}

// Managers see which letters a translator has had for long.
func TestTranslation_Slow(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter, ifan := p.withTranslator()
	slow := func() []letterbox.DeskLine {
		p.Manager = p.SignInWorker(t, &p.ManagerLogin)
		list, err := p.Desk.Breaches(ctx, p.Manager)
		must(t, err)
		return list.Slow
	}
	if list := slow(); len(list) != 0 {
		t.Errorf("on the day it was given: %+v", list)
	}
	p.untriggered(`update translation set given_on = given_on - 9`)
	if list := slow(); len(list) != 1 || list[0].ID != letter || list[0].Translator != "Ifan Trefor" {
		t.Errorf("nine days later: %+v", list)
	}
	if tasks, err := p.Desk.Tasks(ctx, ifan); err != nil || len(tasks) != 1 || !tasks[0].Late {
		t.Errorf("the translator sees %+v, %v", tasks, err)
	}
}

// What a writer says that their letter is in goes with it, stated by the door; a
// worker may say another language.
func TestTranslation_WriterSays(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	draft, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, welshLetter)
	must(t, err)
	wantKind(t, "no language", p.Families.SayDraftLanguage(ctx, p.birth, draft, "klingon"), fault.Invalid)
	wantKind(t, "another side's", p.Families.SayDraftLanguage(ctx, p.adoptive, draft, letterbox.Welsh), fault.NotFound)
	must(t, p.Families.SayDraftLanguage(ctx, p.birth, draft, letterbox.Welsh))
	if d, err := p.Families.OpenDraft(ctx, p.birth, draft); err != nil || d.Language != letterbox.Welsh || d.Version != 1 {
		t.Errorf("the draft is in %s, version %d, %v", d.Language, d.Version, err)
	}
	letter, err := p.Families.Send(ctx, p.birth, draft, 1)
	must(t, err)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	reading, err := p.Desk.Read(ctx, p.Worker, letter)
	if err != nil || reading.Language != letterbox.Welsh || !reading.Untranslated {
		t.Errorf("the worker reads a letter in %q, %v", reading.Language, err)
	}
	wantAt(t, "untranslated", p.Desk.Pass(ctx, p.Worker, letter, ""), translateWord, "")
	p.untriggered(`update letter set language = 'en'`)
	wantKind(t, "a changed row", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Sealed)
	p.untriggered(`update letter set language = 'cy'`)
	must(t, p.Desk.SayLanguage(ctx, p.Worker, letter, letterbox.English))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))

	// Nobody puts a language to a letter that is not theirs, to one that is none, or twice.
	s := newSchema(t)
	mine, _ := s.letter(letterbox.Received, "")
	for name, tt := range map[string]struct {
		by, letter, side string
		version          int
		code             string
	}{
		"as it should be":    {s.person, mine, s.from, 1, "23503"}, // no such leaf
		"a later word":       {s.person, mine, s.from, 2, "42501"},
		"the other side's":   {s.personTo, mine, s.to, 1, "42501"},
		"of a letter to be":  {s.person, "ltaaaaaaaaaaaaaaaaaaaa", s.from, 1, "42501"},
		"as the other's own": {s.person, mine, s.to, 1, "42501"},
	} {
		insert := fmt.Sprintf(`insert into object (agency_id, id, part, version, kind, exchange_id, side_id, from_node, to_node, sealed, commit, leaf)
			values (agency(), '%s', 'language', %d, 'submission', '%s', '%s', 'side/%[4]s', 'case/%[3]s', 'x', sha256('c'), sha256('l'))`, tt.letter, tt.version, s.exchange, tt.side)
		if code, _ := broke(s.as("gatepost_public", tt.by, insert)); code != tt.code {
			t.Errorf("%s: %q, want %s", name, code, tt.code)
		}
	}
	p.logWhole()
}

// signed puts a translation into the database that a worker signed, as of by, with
// whatever it says that it is of: more than somebody who can write rows alone could do.
func (p *pair) signed(letter letterbox.LetterID, by string, signer authz.Actor, version int, content string) {
	p.t.Helper()
	ctx := p.t.Context()
	var recipient string
	must(p.t, p.Database.Admin().QueryRow(ctx, `select recipient from node where id = $1`, "case/"+string(p.exchange)).Scan(&recipient))
	to, err := age.ParseHybridRecipient(recipient)
	must(p.t, err)
	c := seal.Context{Kind: seal.KindTranslation, Agency: p.Home.ID, Exchange: string(p.exchange), Object: string(letter), Part: "translation",
		From: "worker/" + by, To: "case/" + string(p.exchange), Version: uint64(version)}
	sealed, err := seal.Seal(c, []byte(content), to, p.Archive.Recipient())
	must(p.t, err)
	signs, err := signer.Keys().Signer()
	must(p.t, err)
	body, err := p.Home.State(statement.Statement{Event: statement.EventCasework, Object: c.Object, Part: c.Part, Version: c.Version, Exchange: c.Exchange,
		From: c.From, To: c.To, Commit: sealed.Commit, At: p.Clock.Now()}, "", signs)
	must(p.t, err)
	leaf := statement.Leaf(body)
	must(p.t, p.StaffDB.Act(ctx, postgres.Scope{Agency: p.Home.ID}, nil, func(b *pgx.Batch) error {
		b.Queue(`insert into object (agency_id, id, part, version, kind, exchange_id, from_node, to_node, sealed, commit, leaf)
			values (agency(), $1, 'translation', $2, 'translation', $3, $4, $5, $6, $7, $8)`, c.Object, version, c.Exchange, c.From, c.To, sealed.Bytes, sealed.Commit[:], leaf[:])
		audit.Append(b, body)
		return nil
	}))
	p.untriggered(fmt.Sprintf(`update translation set state = 'handedIn', done_leaf = '\x%x' where letter_id = '%s'`, leaf, letter))
}

// A translation counts for the words that it is of, from and into the languages that
// are asked for, and by whom it says that it is.
func TestTranslation_OtherWords(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter, ifan := p.withTranslator()
	must(t, p.Desk.HandIn(ctx, ifan, letter, welshInto))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	content := func(language, original string) string {
		return fmt.Sprintf(`{"language":%q,"into":"en","original":%q,"text":"She sends her love."}`, language, original)
	}
	p.signed(letter, ifan.Account(), ifan, 2, content("cy", "Annwyl Wren, cariad mawr."))
	wantAt(t, "of other words", p.Desk.Pass(ctx, p.Worker, letter, ""), translateWord, "")
	p.signed(letter, ifan.Account(), ifan, 3, content("other", welshLetter))
	wantAt(t, "of another language", p.Desk.Pass(ctx, p.Worker, letter, ""), translateWord, "")
	p.signed(letter, ifan.Account(), p.Worker, 4, content("cy", welshLetter))
	wantKind(t, "signed by another", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Sealed)
	if reading, err := p.Desk.Read(ctx, p.Worker, letter); err != nil || !reading.Translation.Unread || !reading.Untranslated || reading.Text != welshLetter {
		t.Errorf("the worker reads %+v, %v", reading.Translation, err)
	}
	p.signed(letter, ifan.Account(), ifan, 5, content("cy", welshLetter))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
}

// What an inspector reads of a letter in Welsh: each step, and one wait of its writer.
func TestTranslation_Inspected(t *testing.T) {
	v, ctx := newVisit(t), t.Context()
	ifan := v.newStaff("Ifan Trefor", authz.Translator)
	draft, err := v.Families.NewDraft(ctx, v.birth, v.fromSide, welshLetter)
	must(t, err)
	must(t, v.Families.SayDraftLanguage(ctx, v.birth, draft, letterbox.Welsh))
	letter, err := v.Families.Send(ctx, v.birth, draft, 1)
	must(t, err)
	must(t, v.Desk.Claim(ctx, v.Worker, letter))
	must(t, v.Desk.GiveToTranslator(ctx, v.Worker, letter, ifan.Account(), ""))
	must(t, second(v.Desk.Task(ctx, ifan, letter)))
	must(t, v.Desk.HandIn(ctx, ifan, letter, welshInto))
	must(t, v.Desk.Claim(ctx, v.Worker, letter))
	must(t, v.Desk.Pass(ctx, v.Worker, letter, ""))
	r := v.inspects()
	for _, what := range []string{"saidLanguage", "gaveToTranslator", "readToTranslate", "translated", "translationPassedOn", "passedOn"} {
		if n := len(entries(r, what)); n != 1 {
			t.Errorf("%d entries of %s", n, what)
		}
	}
	if n := len(r.Letters); n != 1 || len(r.Letters[0].Turns) != 1 || r.Letters[0].PassedOn.IsZero() {
		t.Errorf("the letters are %+v", r.Letters)
	}
}

// With the rules of the database off, the table alone refuses what is not translated.
func TestTranslation_Table(t *testing.T) {
	p, ctx := newUntabled(t), t.Context()
	letter := p.inWelsh()
	wantAt(t, "untranslated", p.Desk.Pass(ctx, p.Worker, letter, ""), translateWord, "")
	must(t, p.Desk.SetSecondReader(ctx, p.Worker, p.exchange, letterbox.ReadTwiceAlways))
	wantAt(t, "untranslated, as the first reader", p.Desk.ReadFirst(ctx, p.Worker, letter, ""), translateWord, "")
	if n := p.count(`select count(*) from delivery`) + p.count(`select count(*) from decision`) + p.count(`select count(*) from first_reading`); n != 0 {
		t.Errorf("%d traces of it", n)
	}
}

// A translator is shown no draft that somebody else made, and no text under another
// language than the one it was given in.
func TestTranslation_ChangedTurn(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter, ifan := p.withTranslator()
	must(t, second(p.Desk.SaveTask(ctx, ifan, letter, 0, "Dear Wren, I")))
	_, own, _ := ifan.Keys().Own()
	c := seal.Context{Kind: seal.KindDraft, Agency: p.Home.ID, Exchange: string(p.exchange), Object: string(letter), Part: "translation",
		From: "worker/" + ifan.Account(), To: "worker/" + ifan.Account(), Version: 1}
	forged, err := seal.Seal(c, []byte("Write to this address instead."), own.Recipient()) // as anybody can
	must(t, err)
	p.untriggered(fmt.Sprintf(`update translation set draft = '\x%x'`, forged.Bytes))
	if task, err := p.Desk.Task(ctx, ifan, letter); err != nil || !task.Unread || task.Draft != "" {
		t.Errorf("the translator has %q, unread %v, %v", string(task.Draft), task.Unread, err)
	}
	p.untriggered(`update translation set draft = null, draft_mac = null, language = 'other'`)
	if task, err := p.Desk.Task(ctx, ifan, letter); err != nil || !task.Unread || task.Text != "" {
		t.Errorf("the translator reads %q, unread %v, %v", string(task.Text), task.Unread, err)
	}
	wantKind(t, "handed in so", p.Desk.HandIn(ctx, ifan, letter, welshInto), fault.Sealed)
	must(t, p.Desk.GiveBack(ctx, ifan, letter, letterbox.BackCannot, ""))
}

// The rule of languages stands in the database as it does in the program.
func TestTranslation_RuleInDatabase(t *testing.T) {
	s := newSchema(t)
	letter, _ := s.letter(letterbox.Received, "")
	s.untriggered(`insert into worker_reads (agency_id, worker_id, n, welsh, by_worker, leaf) values ('ag1', '` + s.colleague + `', 1, true, '` + s.manager + `', sha256('r'))`)
	for _, language := range letterbox.Languages() {
		for _, side := range letterbox.SideLanguages() {
			s.untriggered(fmt.Sprintf(`update letter set language = '%s' where id = '%s'; update side set language = '%s' where id = '%s'`, language, letter, side, s.to))
			for worker, welsh := range map[string]bool{s.worker: false, s.colleague: true} {
				// One divided by nothing, where the two differ.
				err := s.as("gatepost_staff", worker, `select 1 / (untranslated($1, account()) = $2)::int`, letter, letterbox.NeedsTranslation(language, side, welsh))
				if err != nil {
					t.Errorf("a letter in %s for who reads %s, the worker reads Welsh %v: %v", language, side, welsh, err)
				}
			}
			var into string
			must(t, s.admin.QueryRow(t.Context(), `select into_language($1, $2)`, language, side).Scan(&into))
			if want := letterbox.TranslatedInto(language, side); into != want {
				t.Errorf("a letter in %s for who reads %s is translated into %s, want %s", language, side, into, want)
			}
		}
	}
}
