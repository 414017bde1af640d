package intermediary_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

// wanting is Nerys with another purpose.
func wanting(purpose string) intermediary.Answers {
	a := nerys()
	a.Purpose = purpose
	switch purpose {
	case intermediary.PurposeVeto:
		a.Kind, a.Circumstances = intermediary.VetoQualified, "If my sister is very ill."
	case intermediary.PurposeWish:
		a.Wish, a.Named = string(intermediary.WishContactNamed), "My sister Wren."
	}
	return a
}

// sendsAt has somebody send an enquiry to an agency, by the service of the
// families' tier.
func sendsAt(w *intermediarytest.World, t *testing.T, agencyID string, a intermediary.Answers) (send func(*intermediary.Service) error, id intermediary.IntakeID) {
	t.Helper()
	ctx := t.Context()
	token, err := w.Files.BeginIntake(ctx, agencyID, accounttest.From())
	need(t, err)
	in, err := w.Files.LoadIntake(ctx, agencyID, token)
	need(t, err)
	in.Answers, in.Shown = a, information
	need(t, w.Files.SaveIntake(ctx, agencyID, token, in))
	of := token.RowID()
	id = intermediary.IntakeID(text(t, w, `select id from intake where code = $1`, of[:]))
	return func(s *intermediary.Service) error {
		_, err := s.SendIntake(ctx, agencyID, token, in.Version+1, information)
		return err
	}, id
}

func sends(w *intermediarytest.World, t *testing.T, a intermediary.Answers) intermediary.IntakeID {
	t.Helper()
	send, id := sendsAt(w, t, w.Home.ID, a)
	need(t, send(w.Files))
	return id
}

// messageOf is the key of what a person is told; "" for no fault.
func messageOf(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Message
	}
	return ""
}

// protected checks that an act was held back because of a veto that nobody has
// dealt with.
func protected(t *testing.T, what string, err error) {
	t.Helper()
	if message := messageOf(err); fault.KindOf(err) != fault.Conflict || message != "fault.intake.protects" {
		t.Errorf("%s: %v", what, err)
	}
}

// What an enquiry is for stands in its row and in its seal, and who asks for a
// veto is read first.
func TestIntake_Purpose(t *testing.T) {
	w, ctx := newIntakes(t), t.Context()
	ids := map[string]intermediary.IntakeID{}
	for _, purpose := range []string{"", intermediary.PurposeSearch, intermediary.PurposeWish, intermediary.PurposeVeto} {
		_, ids[purpose] = w.sent(wanting(purpose))
	}
	for purpose, id := range ids {
		read, err := w.desk.ReadIntake(ctx, w.worker, id)
		must(t, err)
		want := purpose
		if want == "" {
			want = intermediary.PurposeSearch // as of one that was begun before this was asked
		}
		if read.Purpose != want || read.Differs || read.Unread || fmt.Sprint(read.Answers) != fmt.Sprint(wanting(purpose)) {
			t.Errorf("%q reads as %+v", purpose, read)
		}
		for _, line := range w.tray() {
			if line.ID == id && line.Purpose != want {
				t.Errorf("%q stands in the tray as %+v", purpose, line)
			}
		}
	}
	if tray := w.tray(); tray[0].ID != ids[intermediary.PurposeVeto] || len(tray) != 4 {
		t.Errorf("the tray begins with %+v", tray[0])
	}
}

// A row that says another purpose than the seal shows, and the stricter one
// counts: no case is made of it, and no worker alone sends a veto away.
func TestIntake_PurposeChanged(t *testing.T) {
	w, ctx := newIntakes(t), t.Context()
	for _, tt := range []struct{ sent, row, counts string }{
		{"veto", "search", "veto"}, {"search", "veto", "veto"}, {"veto", "wish", "veto"}, {"wish", "veto", "veto"}, {"wish", "search", "wish"}, {"search", "wish", "wish"},
	} {
		_, id := w.sent(wanting(tt.sent))
		w.untriggered(fmt.Sprintf(`update intake set purpose = '%s' where id = '%s'`, tt.row, id))
		read, err := w.desk.ReadIntake(ctx, w.worker, id)
		must(t, err)
		if read.Purpose != tt.counts || !read.Differs || read.Answers.Name == "" {
			t.Errorf("%s made %s reads as %+v", tt.sent, tt.row, read)
		}
		n := intermediarytest.NewCase("AP>REL")
		n.Intake = string(id)
		_, err = w.desk.OpenCase(ctx, w.worker, n)
		wantKind(t, tt.sent+" made "+tt.row+": a case", err, fault.Conflict)
		want := fault.Forbidden
		if tt.counts != "veto" {
			want = ""
		}
		wantKind(t, tt.sent+" made "+tt.row+": declined", w.desk.DeclineIntake(ctx, w.worker, id, "It came twice."), want)
	}
}

// Who asks for protection is sent away by a manager who does this work, and gets no
// case; who may not is refused before anything else is looked at, and nothing is
// stored.
func TestIntake_VetoDeclined(t *testing.T) {
	w, ctx := newIntakes(t), t.Context()
	_, both := w.NewWorker(t, "Senara Roskilly", authz.IntermediaryWorker, authz.Manager)
	_, veto := w.sent(wanting(intermediary.PurposeVeto))
	_, wish := w.sent(wanting(intermediary.PurposeWish))
	for name, actor := range map[string]authz.Actor{"a worker": w.worker, "a manager": w.Manager, "a letterbox worker": w.Worker} {
		wantKind(t, name, w.desk.DeclineIntake(ctx, actor, veto, "It came twice."), fault.Forbidden)
		wantKind(t, name+" without reasons", w.desk.DeclineIntake(ctx, actor, veto, ""), fault.Forbidden)
	}
	before := w.entries()
	for name, id := range map[string]intermediary.IntakeID{"a veto": veto, "a wish": wish} {
		n := intermediarytest.NewCase("AP>REL")
		n.Intake = string(id)
		_, err := w.desk.OpenCase(ctx, w.worker, n)
		wantKind(t, "a case of "+name, err, fault.Conflict)
		if got := messageOf(err); got != "fault.intake.record" {
			t.Errorf("a case of %s: %s", name, got)
		}
		n.Pair = "nobody's"
		_, err = w.desk.OpenCase(ctx, w.Manager, n)
		wantKind(t, "a case by a manager", err, fault.Forbidden)
	}
	var cases int
	must(t, w.Database.Admin().QueryRow(ctx, `select count(*) from adopted`).Scan(&cases))
	if cases != 0 || w.entries() != before || len(w.tray()) != 2 {
		t.Errorf("%d records, %d entries more, %d in the tray", cases, w.entries()-before, len(w.tray()))
	}
	must(t, w.desk.DeclineIntake(ctx, w.worker, wish, "It came twice."))
	must(t, w.desk.DeclineIntake(ctx, both, veto, "Another agency holds this record, and has it."))
	wantKind(t, "again", w.desk.DeclineIntake(ctx, both, veto, "Once more."), fault.Conflict)
	read, err := w.desk.ReadIntake(ctx, w.worker, veto)
	must(t, err)
	if read.State != "declined" || read.Reasons == "" || len(w.tray()) != 0 {
		t.Errorf("it reads %+v", read)
	}
}

// While somebody's veto waits, nobody is approached or asked, nothing is given and
// no letters are opened, and nothing of it is stored; a search and a wish hold
// nothing, nor does what somebody says who comes by themselves. Afterwards all of
// it may be done.
func TestISR8_UnreadVetoProtects(t *testing.T) {
	w := intermediarytest.New(t)
	w.Cases = w.Cases.WithExchanges(w.Desk)
	ctx := t.Context()
	login, both := w.NewWorker(t, "Senara Roskilly", authz.IntermediaryWorker, authz.LetterboxWorker, authz.Manager)
	toApproach, toAsk := w.Ready(t, "REL>AP"), prescribed(t, w, "REL>PR")
	toGive, item := w.ReadyToGive(t, "REL>AP", "name")
	toOpen := w.Ready(t, "AP>REL")
	w.State(t, string(toOpen.Subject), "cnsl=yes")
	w.Consent(t, toOpen, intermediary.ConsentLettersOnly, "letters")
	w.Join(t, string(toOpen.ID), "applicant")
	w.Join(t, string(toOpen.Subject), "subject")
	contact := intermediary.NewContact{Exchange: intermediary.NewContactID(), Subject: string(toOpen.Subject), Called: [2]string{"Jory", "Demelza"},
		Named: []string{both.Account(), w.World.Worker.Account()}}
	acts := []struct {
		name string
		act  func() error
	}{
		{"an approach", func() error { return w.Cases.Approach(ctx, w.CaseWorker, approach(toApproach.Subject)) }},
		{"a letter to whoever is looked for", func() error {
			return w.Cases.SendLetter(ctx, w.CaseWorker, intermediary.FileID(toOpen.Subject), intermediary.NewLetterID(), "Would you write to them?")
		}},
		{"asking the adopted person", func() error { return w.Cases.AskAdopted(ctx, w.CaseWorker, byLetter(string(toAsk.Subject))) }},
		{"a disclosure", func() error { _, err := disclose(t, w, item); return err }},
		{"letters", func() error {
			w.Clock.Advance(10 * time.Minute)
			contact.Code = w.Code(t, &login)
			return w.Cases.OpenContact(ctx, both, contact)
		}},
	}
	stored := func() int {
		return count(t, w, `select (select count(*) from casework) + (select count(*) from step) + (select count(*) from asking) + (select count(*) from disclosure)
			+ (select count(*) from mediated) + (select count(*) from evaluation) + (select count(*) from exchange)`)
	}
	sends(w, t, wanting(intermediary.PurposeSearch))
	sends(w, t, wanting(intermediary.PurposeWish))
	veto := sends(w, t, wanting(intermediary.PurposeVeto))
	before := stored()
	for _, a := range acts {
		protected(t, a.name, a.act())
	}
	if n := stored() - before; n != 0 || wasGiven(t, w, toGive) != 0 {
		t.Errorf("%d rows of what was held back", n)
	}
	came := intermediary.NewAsking{ID: intermediary.NewAskingID(), Of: string(toAsk.Subject), Outcome: intermediary.AskedTheirs, Words: "he rang us"}
	need(t, w.Cases.AskAdopted(ctx, w.CaseWorker, came))
	need(t, w.Cases.DeclineIntake(ctx, both, veto, "It came twice."))
	for _, a := range acts {
		if err := a.act(); err != nil {
			t.Errorf("afterwards, %s: %v", a.name, err)
		}
	}
}

// What is sent to another agency holds nothing here.
func TestISR8_UnreadVetoOfAnotherAgency(t *testing.T) {
	w := newEnquiries(t)
	c := w.Ready(t, "REL>AP")
	send, _ := sendsAt(w.World, t, "elm", wanting(intermediary.PurposeVeto))
	need(t, send(w.Files))
	need(t, w.Cases.Approach(t.Context(), w.CaseWorker, approach(c.Subject)))
}

// While one waits unread at an agency, it does not answer another that there is no
// veto: it may be theirs. That there is one it may say.
func TestISR12_UnreadVetoIsNotAnsweredNone(t *testing.T) {
	w := newEnquiries(t)
	none, veto := w.ask(w.World.Open(t, "REL>AP")), w.ask(w.World.Open(t, "REL>AP"))
	send, _ := sendsAt(w.World, t, "elm", wanting(intermediary.PurposeVeto))
	need(t, send(w.Files))
	protected(t, "that there is none", w.Cases.AnswerEnquiryIn(t.Context(), w.elmWorker, none, 0, "", says("none", "")))
	need(t, w.Cases.AnswerEnquiryIn(t.Context(), w.elmWorker, veto, 0, "", says("absolute", "")))
	if w.words(none) != 0 || w.words(veto) != 1 {
		t.Errorf("said %d and %d words", w.words(none), w.words(veto))
	}
}

// A veto that is sent in the moment of an approach or a disclosure: it comes first
// and holds it back, or it comes after one that was made already. What begins after
// it was sent is never made.
func TestRace_UnreadVeto(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	_, both := w.NewWorker(t, "Senara Roskilly", authz.IntermediaryWorker, authz.Manager)
	approaches := func(c intermediarytest.Case) int {
		return count(t, w, `select count(*) from step where subject_id = $1`, string(c.Subject))
	}
	for _, place := range []string{"approach", "approach locked"} {
		c := w.Ready(t, "REL>AP")
		send, id := sendsAt(w, t, w.Home.ID, wanting(intermediary.PurposeVeto))
		slow, fast := overtake(t, w, place, func(s *intermediary.Service) error { return s.Approach(ctx, w.CaseWorker, approach(c.Subject)) },
			func() error { return send(w.Files) })
		need(t, fast)
		protected(t, "overtaken at "+place, slow)
		if approaches(c) != 0 {
			t.Errorf("%s: an approach that a veto overtook", place)
		}
		need(t, w.Cases.DeclineIntake(ctx, both, id, "It came twice."))
	}
	_, item := w.ReadyToGive(t, "REL>AP", "name")
	send, id := sendsAt(w, t, w.Home.ID, wanting(intermediary.PurposeVeto))
	w.Clock.Advance(10 * time.Minute)
	code := w.Code(t, &w.CaseLogin)
	slow, fast := overtake(t, w, "disclose locked", func(s *intermediary.Service) error {
		_, err := s.Disclose(ctx, w.CaseWorker, []string{item}, code)
		return err
	}, func() error { return send(w.Files) })
	need(t, fast)
	protected(t, "a disclosure that is overtaken", slow)
	need(t, w.Cases.DeclineIntake(ctx, both, id, "It came twice."))

	c, other := w.Ready(t, "REL>AP"), w.Ready(t, "REL>AP")
	send, _ = sendsAt(w, t, w.Home.ID, wanting(intermediary.PurposeVeto))
	files, reached, release := halted(t, w.Files, "send intake")
	done := make(chan error, 1)
	go func() { done <- send(files) }()
	<-reached
	need(t, w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject))) // it is not sent yet
	release()
	need(t, <-done)
	protected(t, "after it was sent", w.Cases.Approach(ctx, w.CaseWorker, approach(other.Subject)))
	if approaches(c) != 1 || approaches(other) != 0 {
		t.Errorf("%d approaches before it, %d after", approaches(c), approaches(other))
	}
}
