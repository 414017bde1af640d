package letterbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"gatepost/crypto/seal"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/letterbox/screening"
)

// found are the findings of a claimed letter, as its worker sees them.
func (p *pair) found(id letterbox.LetterID) []letterbox.Finding {
	p.t.Helper()
	reading, err := p.Desk.Read(p.t.Context(), p.Worker, id)
	must(p.t, err)
	return reading.Findings
}

// wantAt tells one fault by its key and its field, among those that were joined.
func wantAt(t *testing.T, what string, err error, message, field string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Message != message || !strings.HasPrefix(f.Field, field) || field == "" && f.Field != "" {
		t.Errorf("%s: %v, want %s on %q", what, err, message, field)
	}
}

// kept opens the newest object of a part of a letter with the archive's key.
func (p *pair) kept(id letterbox.LetterID, part string) (n struct {
	Act      string
	Note     string
	Findings []letterbox.Answered
}) {
	p.t.Helper()
	var sealed []byte
	must(p.t, p.Database.Admin().QueryRow(context.Background(), `select sealed from object where id = $1 and part = $2 and version = 1`, string(id), part).Scan(&sealed))
	content, _, err := seal.Open(sealed, p.context(string(id), part), p.Archive)
	must(p.t, err)
	must(p.t, json.Unmarshal(content, &n))
	return n
}

// A telephone number has to be answered before the letter goes on: with a yes it
// does not go on, with a no and a word it does, and the answer is kept.
func TestPass_FindingsAnswered(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.claimed("Dear Wren,\nring me on 07700 900987, or look me up.")
	key := ""
	for _, f := range p.found(letter) {
		if f.Asked() && f.Category == screening.CatPhone {
			key = f.Key
		} else if f.Asked() {
			t.Errorf("asked about %+v", f)
		}
	}
	say := func(confirmed bool, word string) []letterbox.Answer {
		return []letterbox.Answer{{Finding: key, Confirmed: confirmed, Word: word}}
	}
	wantAt(t, "without an answer", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.finding.answer", "finding-"+key)
	wantAt(t, "with the answer to another", p.Desk.Pass(ctx, p.Worker, letter, "", letterbox.Answer{Finding: "0-4-NAME", Word: "no"}), "fault.finding.answer", "finding-"+key)
	wantAt(t, "without a word", p.Desk.Pass(ctx, p.Worker, letter, "", say(false, " ")...), "fault.finding.word", "word-"+key)
	wantAt(t, "with a long word", p.Desk.Pass(ctx, p.Worker, letter, "", say(false, strings.Repeat("x", letterbox.MaxWord+1))...), "fault.finding.wordLong", "word-"+key)
	wantAt(t, "confirmed", p.Desk.Pass(ctx, p.Worker, letter, "", say(true, "")...), "fault.relay.change", "")
	if n := p.count(`select count(*) from decision`) + p.count(`select count(*) from delivery`); n != 0 {
		t.Errorf("%d decisions and deliveries", n)
	}
	must(t, p.Desk.Pass(ctx, p.Worker, letter, "", say(false, "the number of a shop that closed")...))
	kept := p.kept(letter, "decision")
	if len(kept.Findings) != 1 || kept.Findings[0].Confirmed || kept.Findings[0].Word != "the number of a shop that closed" ||
		kept.Findings[0].Category != screening.CatPhone || kept.Findings[0].Code != "M02" {
		t.Errorf("kept with the decision: %+v", kept)
	}

	back := p.claimed("My number is 07700 900987.")
	key = p.found(back)[0].Key
	must(t, p.Desk.Return(ctx, p.Worker, back, "identifying", "", "", say(true, "her own")...))
	if kept := p.kept(back, "decision"); len(kept.Findings) != 1 || !kept.Findings[0].Confirmed {
		t.Errorf("kept with a return: %+v", kept)
	}
	again := p.claimed(strings.Repeat("Ring 07700 900987.\n\n", letterbox.MaxAsked+1))
	must(t, p.Desk.Pass(ctx, p.Worker, again, "", letterbox.Answer{Finding: p.found(again)[0].Key, Word: "a song"}))
	if kept := p.kept(again, "decision"); len(kept.Findings) != letterbox.MaxAsked+1 {
		t.Errorf("one answer to the same words is kept for %d places", len(kept.Findings))
	}
	var numbers strings.Builder
	for i := range letterbox.MaxAsked + 1 {
		fmt.Fprintf(&numbers, "Ring 07700 900%03d.\n\n", i)
	}
	full := p.claimed(numbers.String())
	var all []letterbox.Answer
	for _, f := range p.found(full) {
		all = append(all, letterbox.Answer{Finding: f.Key, Word: "no"})
	}
	wantAt(t, "with more than can be answered", p.Desk.Pass(ctx, p.Worker, full, "", all...), "fault.finding.tooMany", "")
	must(t, p.Desk.Return(ctx, p.Worker, full, "identifying", "", "", all...))
	plain := p.claimed("Nothing at all.")
	must(t, p.Desk.Pass(ctx, p.Worker, plain, ""))
}

// What a worker confirms is judged by the table of relay.
func TestPass_Judged(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	answer := func(category screening.Category, a letterbox.Answer) func([]letterbox.Finding) []letterbox.Answer {
		return func(all []letterbox.Finding) []letterbox.Answer {
			for _, f := range all {
				if f.Category == category {
					a.Finding = f.Key
					return []letterbox.Answer{a}
				}
			}
			t.Fatalf("no %s among %+v", category, all)
			return nil
		}
	}
	for name, tt := range map[string]struct {
		text   string
		answer func([]letterbox.Finding) []letterbox.Answer
		want   string
	}{
		"news that nobody was told":  {"Sad news: your grandad died in March.", answer(screening.CatCare, letterbox.Answer{Confirmed: true}), "fault.relay.warn"},
		"news, and they were":        {"Sad news: your grandad died in May.", answer(screening.CatCare, letterbox.Answer{Confirmed: true, Warned: true}), ""},
		"no news":                    {"The hamster died in June.", answer(screening.CatCare, letterbox.Answer{}), ""},
		"grave, by the birth family": {"Your grandad died in July.", answer(screening.CatCare, letterbox.Answer{Confirmed: true, Warned: true, Grave: true}), ""},
		"somebody wants to meet":     {"Meet me outside the school gates.", answer(screening.CatCue, letterbox.Answer{Confirmed: true}), "fault.relay.safeguarding"},
	} {
		id := p.claimed(tt.text)
		err := p.Desk.Pass(ctx, p.Worker, id, "", tt.answer(p.found(id))...)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		wantAt(t, name, err, tt.want, "")
		p.Exec(t, `delete from claim`)
	}
	// The other way: the news of adopters is about the child.
	draft, err := p.Families.NewDraft(ctx, p.adoptive, p.toSide, "We have sad news: cancer was found.")
	must(t, err)
	id, err := p.Families.Send(ctx, p.adoptive, draft, 1)
	must(t, err)
	must(t, p.Desk.Claim(ctx, p.Worker, id))
	answers := answer(screening.CatCare, letterbox.Answer{Confirmed: true, Grave: true})(p.found(id))
	wantAt(t, "adopters' grave news", p.Desk.Pass(ctx, p.Worker, id, "", answers...), "fault.relay.plan", "")
}

// A letterbox to which nobody gave the table passes nothing on.
func TestPass_NoTable(t *testing.T) {
	p := newPair(t)
	letter := p.claimed("Dear Wren")
	if err := p.Desk.WithRelay(nil).Pass(t.Context(), p.Worker, letter, ""); err == nil || p.state(letter) != letterbox.Received {
		t.Errorf("passed on: %v, %s", err, p.state(letter))
	}
}

// Two readers: the first cannot pass it on, by themselves or twice; the second
// sees what the first said.
func TestSecondReader(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	second := p.secondWorker()
	plain := p.claimed("One reader.")
	wantKind(t, "first of one", p.Desk.ReadFirst(ctx, p.Worker, plain, ""), fault.Conflict)
	must(t, p.Desk.SetSecondReader(ctx, p.Worker, p.exchange, letterbox.ReadTwiceAlways))
	must(t, p.Desk.SetSecondReader(ctx, p.Worker, p.exchange, letterbox.ReadTwiceAlways))
	wantAt(t, "nothing of the list", p.Desk.SetSecondReader(ctx, p.Worker, p.exchange, "never"), "fault.exchange.readers", "readers")
	wantAt(t, "by one alone", p.Desk.Pass(ctx, p.Worker, plain, ""), "fault.relay.readers", "")

	letter := p.claimed("Ring 07700 900987, or meet me outside the school gates.")
	wantAt(t, "without an answer", p.Desk.ReadFirst(ctx, p.Worker, letter, ""), "fault.finding.answer", "finding-")
	var answers []letterbox.Answer
	for _, f := range p.found(letter) {
		answers = append(answers, letterbox.Answer{Finding: f.Key, Word: "a song"})
	}
	wantAt(t, "confirmed", p.Desk.ReadFirst(ctx, p.Worker, letter, "", letterbox.Answer{Finding: answers[0].Finding, Confirmed: true}), "fault.relay.change", "")
	must(t, p.Desk.ReadFirst(ctx, p.Worker, letter, "read with care", answers...))
	must(t, p.Desk.ReadFirst(ctx, p.Worker, letter, "two clicks", answers...))
	if n := p.count(`select count(*) from first_reading`); n != 1 {
		t.Errorf("%d first readings", n)
	}
	p.wantState(letter, letterbox.Received, letterbox.WithUs)
	if line, ok := p.line(p.Worker, letter); !ok || !line.ReadFirst || !line.FirstByMe || line.Mine {
		t.Errorf("on the first reader's desk it is %+v", line)
	}
	if line, ok := p.line(second, letter); !ok || !line.ReadFirst || line.FirstByMe {
		t.Errorf("on the second's it is %+v", line)
	}
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	if reading, err := p.Desk.Read(ctx, p.Worker, letter); err != nil || reading.MayDecide || reading.WhyNot != "readFirst" {
		t.Errorf("the first reads %v %q, %v", reading.MayDecide, reading.WhyNot, err)
	}
	wantAt(t, "the first again", p.Desk.Pass(ctx, p.Worker, letter, "", answers...), "fault.letter.readFirst", "")
	must(t, p.Desk.Release(ctx, p.Worker, letter))

	must(t, p.Desk.Claim(ctx, second, letter))
	reading, err := p.Desk.Read(ctx, second, letter)
	must(t, err)
	if !reading.TwoReaders || reading.FirstReader == "" || len(reading.Notes) != 1 || reading.Notes[0].What != "first" ||
		reading.Notes[0].Text != "read with care" || len(reading.Notes[0].Answers) != len(answers) || reading.Notes[0].Answers[0].Word != "a song" {
		t.Errorf("the second sees %+v of %q", reading.Notes, reading.FirstReader)
	}
	wantKind(t, "a second first", p.Desk.ReadFirst(ctx, second, letter, "", answers...), fault.Conflict)
	wantAt(t, "the second without an answer", p.Desk.Pass(ctx, second, letter, ""), "fault.finding.answer", "finding-")
	must(t, p.Desk.Pass(ctx, second, letter, "", answers...))
	p.wantState(letter, letterbox.Waiting, letterbox.PassedOn)
	p.logWhole()
}

// Whose letters two workers read: by the exchange, by the first letter of a
// side, and by a worry that the safeguarding lead did not give back.
func TestSecondReader_Whose(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	second, lead := p.secondWorker(), p.newStaff("Rowan Tye", "safeguardingLead")
	needs := func(what string, id letterbox.LetterID, want bool) {
		t.Helper()
		if reading, err := p.Desk.Read(ctx, p.Worker, id); err != nil || reading.TwoReaders != want {
			t.Errorf("%s: two readers %v, want %v (%v)", what, reading.TwoReaders, want, err)
		}
		p.Exec(t, `delete from claim`)
	}
	p.Worker = p.SignInWorker(t, &p.WorkerLogin)
	first := p.claimed("Our first letter.")
	needs("as it begins", first, false)
	must(t, p.Desk.SetSecondReader(ctx, p.Worker, p.exchange, letterbox.ReadTwiceNew))
	must(t, p.Desk.Claim(ctx, p.Worker, first))
	needs("the first letter of a side", first, true)
	p.readFirst(second, first)
	must(t, p.Desk.Claim(ctx, p.Worker, first))
	must(t, p.Desk.Pass(ctx, p.Worker, first, ""))
	needs("the next one", p.claimed("Our second letter."), false)

	worry := p.claimed("A worry.")
	must(t, p.Desk.Escalate(ctx, p.Worker, worry, "odd"))
	needs("while the lead has one", p.claimed("Our third letter."), true)
	must(t, p.Desk.HandBack(ctx, lead, worry, ""))
	must(t, p.Desk.Claim(ctx, p.Worker, worry))
	needs("given back", worry, false)
	must(t, p.Desk.Claim(ctx, p.Worker, worry))
	must(t, p.Desk.Escalate(ctx, p.Worker, worry, "odd after all"))
	must(t, p.Desk.KeepReferred(ctx, lead, worry, ""))
	needs("after a worry", p.claimed("Our fourth letter."), true)
}

// A first reading that nobody signed, or that another one signed, counts for
// nobody: the letter does not go on.
func TestSecondReader_ChangedRows(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	second := p.secondWorker()
	must(t, p.Desk.SetSecondReader(ctx, p.Worker, p.exchange, letterbox.ReadTwiceAlways))
	forged := p.claimed("Nobody read this first.")
	p.untriggered(fmt.Sprintf(`insert into first_reading (agency_id, letter_id, turn, worker_id, leaf) values ('%s', '%s', 1, '%s', sha256('x'))`, p.Home.ID, forged, second.Account()))
	wantKind(t, "a reading that nobody signed", p.Desk.Pass(ctx, p.Worker, forged, ""), fault.Sealed)

	letter := p.send("Read first by somebody else.")
	p.readFirst(p.Worker, letter)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	p.untriggered(fmt.Sprintf(`update first_reading set worker_id = '%s' where letter_id = '%s'`, second.Account(), letter))
	wantKind(t, "one's own under another name", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Sealed)
	if n := p.count(`select count(*) from delivery`); n != 0 {
		t.Errorf("%d deliveries", n)
	}

	// Somebody who can write the database asks for one reader, and takes the note away, too.
	for _, changes := range [][]string{{`update exchange set second_reader = 'risk'`}, {`delete from object where part = 'readers'`}} {
		p.untriggered(changes...)
		alone := p.claimed("By one alone.")
		wantKind(t, "with fewer readers than were asked for", p.Desk.Pass(ctx, p.Worker, alone, ""), fault.Sealed)
	}
}

// Whose word counted, and who is found to know the family or has left, has no word
// any more: somebody else reads first, and the letter is not stuck.
func TestSecondReader_NoLonger(t *testing.T) {
	for name, gone := range map[string]func(p *pair, first string) string{
		"knows the family": func(p *pair, first string) string {
			return fmt.Sprintf(`insert into connection (agency_id, exchange_id, worker_id) values ('%s', '%s', '%s')`, p.Home.ID, p.exchange, first)
		},
		"suspended": func(_ *pair, first string) string {
			return fmt.Sprintf(`update worker set state = 'suspended' where id = '%s'`, first)
		},
		"another role": func(_ *pair, first string) string {
			return fmt.Sprintf(`update worker set roles = '{manager}' where id = '%s'`, first)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, ctx := newPair(t), t.Context()
			first := p.secondWorker()
			third := p.newStaff("Rowan Tye", "letterboxWorker")
			p.Worker = p.SignInWorker(t, &p.WorkerLogin)
			must(t, p.Desk.SetSecondReader(ctx, p.Worker, p.exchange, letterbox.ReadTwiceAlways))
			letter := p.send("Who has read this?")
			p.readFirst(first, letter)
			p.untriggered(gone(p, first.Account()))
			must(t, p.Desk.Claim(ctx, p.Worker, letter))
			wantAt(t, "with the word of one who has none", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.relay.readers", "")
			must(t, p.Desk.ReadFirst(ctx, p.Worker, letter, "read anew"))
			must(t, p.Desk.Claim(ctx, third, letter))
			must(t, p.Desk.Pass(ctx, third, letter, ""))
		})
	}
}

// Two who read first at the same moment: one. Somebody asks for two readers while
// a letter is passed on: it is not, or the asking waits.
func TestRace_SecondReader(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	second := p.secondWorker()
	pass := func(id letterbox.LetterID) func() error {
		return func() error { return p.Desk.Pass(ctx, p.Worker, id, "") }
	}
	always := func() error {
		return p.Desk.SetSecondReader(ctx, second, p.exchange, letterbox.ReadTwiceAlways)
	}
	letter := p.claimed("In between.")
	passErr, setErr := overtaken(t, p.Desk, "pass", pass(letter), always)
	must(t, setErr)
	wantAt(t, "passed on by one", passErr, "fault.relay.readers", "")
	wantAt(t, "a worker asks for fewer", p.Desk.SetSecondReader(ctx, second, p.exchange, letterbox.ReadTwiceRisk), "fault.exchange.fewerReaders", "")
	must(t, p.Desk.SetSecondReader(ctx, p.Manager, p.exchange, letterbox.ReadTwiceRisk))
	passErr, setErr = p.blocked(p.Desk, "pass locked", pass(letter), always)
	if passErr != nil || setErr != nil || p.state(letter) != letterbox.Waiting {
		t.Errorf("passed on first: %v, then %v, %s", passErr, setErr, p.state(letter))
	}

	two := p.claimed("Two at once.")
	errs := make([]error, 8)
	together(len(errs), func(i int) { errs[i] = p.Desk.ReadFirst(ctx, p.Worker, two, "") })
	for _, err := range errs {
		if err != nil && fault.KindOf(err) != fault.Conflict {
			t.Errorf("one of eight: %v", err)
		}
	}
	if n := p.count(`select count(*) from first_reading`); n != 1 {
		t.Errorf("%d first readings", n)
	}
	p.logWhole()
}

// The database holds the second reader, whatever the program thinks.
func TestSecondReader_Schema(t *testing.T) {
	first := `insert into first_reading (agency_id, letter_id, turn, worker_id, leaf) values ('ag1', $1, $2, $3, sha256('e'))`
	for name, tt := range map[string]struct {
		set   string
		state letterbox.State
		by    func(*schema) string
		turn  int
		want  string
	}{
		"as it should be":            {"", letterbox.Received, worker, 1, "first_reading_agency_id_leaf_fkey"},
		"of one on hold":             {"", letterbox.Held, worker, 1, "first_reading_agency_id_leaf_fkey"},
		"that needs no second":       {"update exchange set second_reader = 'risk'", letterbox.Received, worker, 1, "first_reading_letter"},
		"by a manager":               {"", letterbox.Received, func(s *schema) string { return s.manager }, 1, "first_reading_worker"},
		"by a lead":                  {"", letterbox.Received, lead, 1, "first_reading_worker"},
		"by another agency's":        {"", letterbox.Received, func(s *schema) string { return s.other }, 1, "first_reading_worker"},
		"in a later turn":            {"", letterbox.Received, worker, 2, "first_reading_letter"},
		"of one with the lead":       {"", letterbox.Escalated, worker, 1, "first_reading_letter"},
		"of one that went on":        {"", letterbox.Waiting, worker, 1, "first_reading_letter"},
		"by somebody who knows them": {"insert into connection (agency_id, exchange_id, worker_id) values ('ag1', '%[1]s', '%[2]s')", letterbox.Received, worker, 1, "decision_party"},
		"by a helper":                {"insert into letter_helper (agency_id, letter_id, worker_id) values ('ag1', '%[3]s', '%[2]s')", letterbox.Received, worker, 1, "decision_helper"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSchema(t)
			letter, _ := s.letter(tt.state, "")
			s.untriggered(`update exchange set second_reader = 'always'`)
			if strings.Contains(tt.set, "%") {
				s.untriggered(fmt.Sprintf(tt.set, s.exchange, s.worker, letter))
			} else if tt.set != "" {
				s.untriggered(tt.set)
			}
			by := tt.by(s)
			if _, got := broke(s.as("gatepost_staff", by, first, letter, tt.turn, by)); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}

	s := newSchema(t)
	letter, _ := s.letter(letterbox.Received, "")
	s.untriggered(`update exchange set second_reader = 'always'`)
	decide := `insert into decision (agency_id, letter_id, worker_id, act, turn, leaf) values ('ag1', $1, $2, $3, 1, sha256('e'))`
	pass := func(by, want string) {
		t.Helper()
		if _, got := broke(s.as("gatepost_staff", by, decide, letter, by, "pass")); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	const allowed = "decision_agency_id_leaf_fkey" // but for the statement
	pass(s.worker, "decision_readers")
	if _, got := broke(s.as("gatepost_staff", s.worker, decide, letter, s.worker, "return")); got != allowed {
		t.Errorf("one reader returns it: %q", got)
	}
	s.untriggered(fmt.Sprintf(`insert into first_reading (agency_id, letter_id, turn, worker_id, leaf) values ('ag1', '%s', 1, '%s', sha256('e'))`, letter, s.worker))
	pass(s.worker, "decision_readers")
	pass(s.colleague, allowed)
	s.untriggered(fmt.Sprintf(`update worker set state = 'suspended' where id = '%s'`, s.worker))
	pass(s.colleague, "decision_readers")
	if _, got := broke(s.as("gatepost_staff", s.colleague, `update exchange set second_reader = 'new'`)); got != "exchange_readers" {
		t.Errorf("a worker asks for fewer: %q", got)
	}
	if _, got := broke(s.as("gatepost_staff", s.manager, `update exchange set second_reader = 'new'`)); got != "" {
		t.Errorf("a manager asks for fewer: %q", got)
	}
	for _, sql := range []string{`update first_reading set worker_id = account()`, `delete from first_reading`} {
		if code, _ := broke(s.as("gatepost_staff", s.worker, sql)); code != "42501" {
			t.Errorf("%s: %q", sql, code)
		}
	}
	if code, _ := broke(s.as("gatepost_public", s.person, `select 1 from first_reading`)); code != "42501" {
		t.Errorf("families read it: %q", code)
	}
}
