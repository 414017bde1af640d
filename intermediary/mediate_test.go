package intermediary_test

import (
	"testing"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

// A subject agrees to letters: the two write to each other through the agency,
// and nothing is opened any more once the consent is taken back.
func TestOpenContact(t *testing.T) {
	w := intermediarytest.New(t)
	w.Cases = w.Cases.WithExchanges(w.Desk)
	c := w.Ready(t, "AP>REL")
	w.State(t, string(c.Subject), "cnsl=yes")
	login, both := w.NewWorker(t, "Senara Roskilly", authz.IntermediaryWorker, authz.LetterboxWorker)
	n := intermediary.NewContact{Exchange: intermediary.NewContactID(), Subject: string(c.Subject), Called: [2]string{"Jory", "Demelza"}, Named: []string{both.Account(), w.World.Worker.Account()}}
	open := func() error {
		n.Code = w.Code(t, &login)
		return w.Cases.OpenContact(t.Context(), both, n)
	}
	wants(t, "before anybody agreed", open(), fault.Conflict)
	w.Consent(t, c, intermediary.ConsentYes, "name")
	wants(t, "who agreed to the name only", open(), fault.Conflict)
	w.Consent(t, c, intermediary.ConsentLettersOnly, "letters")
	wants(t, "without accounts", open(), fault.Conflict)
	applicantLogin, _ := w.Join(t, string(c.ID), "applicant")
	subjectLogin, _ := w.Join(t, string(c.Subject), "subject")
	wants(t, "a worker who is not of the letterbox", func() error {
		n := n
		n.Code = w.Code(t, &w.CaseLogin)
		return w.Cases.OpenContact(t.Context(), w.CaseWorker, n)
	}(), fault.Forbidden)
	n.Named = []string{both.Account(), w.Manager.Account()}
	w.Exec(t, `update worker set person_id = (select person_id from party where file = $1) where id = $2`, string(c.Subject), w.Manager.Account())
	wants(t, "named: somebody of the family", open(), fault.Invalid)
	w.Exec(t, `update worker set person_id = null`)
	n.Named = []string{both.Account(), w.World.Worker.Account()}
	need(t, open())
	need(t, open())
	seen := func() *intermediary.Contact {
		kase, err := w.Cases.Case(t.Context(), w.CaseWorker, c.ID)
		need(t, err)
		return kase.Subjects[0].Contact
	}
	if got := seen(); got == nil || got.Exchange != n.Exchange || got.Closed || got.State != "active" || got.Unread || got.By != "Senara Roskilly" || len(got.Named) != 2 {
		t.Errorf("the case shows the contact as %+v", got)
	}

	applicant := w.SignInPerson(t, &applicantLogin) // the new key is in the next session
	inbox, err := w.Families.Inbox(t.Context(), applicant)
	need(t, err)
	if len(inbox.Sides) != 1 || !inbox.Sides[0].MayWrite {
		t.Fatalf("the applicant sees %+v", inbox)
	}
	draft, err := w.Families.NewDraft(t.Context(), applicant, inbox.Sides[0].Side, "Dear Demelza, thank you.")
	need(t, err)
	letter, err := w.Families.Send(t.Context(), applicant, draft, 1)
	need(t, err)
	both = w.SignInWorker(t, &login)
	need(t, w.Desk.Claim(t.Context(), both, letter))
	_, err = w.Desk.Read(t.Context(), both, letter)
	need(t, err)
	need(t, w.Desk.Pass(t.Context(), both, letter, ""))
	subject := w.SignInPerson(t, &subjectLogin)
	came, err := w.Families.Inbox(t.Context(), subject)
	need(t, err)
	if len(came.Sides) != 1 || len(came.Sides[0].Came) != 1 {
		t.Fatalf("what came is %+v", came)
	}
	// A wish for no contact that comes after the letters began holds them, until it is taken back.
	wish := motherEntry(intermediary.WishNoContact)
	wish.ID = enter(t, w, wish)
	if got := seen(); got == nil || got.Closed {
		t.Errorf("a wish that nobody has looked at closes the letters: %+v", got)
	}
	need(t, w.Cases.LookThroughRegister(t.Context(), w.CaseWorker, c.Subject))
	if got := seen(); got == nil || !got.Closed {
		t.Errorf("with a newer wish the case shows %+v", got)
	}
	if _, err := w.Families.Open(t.Context(), subject, came.Sides[0].Came[0].ID); err == nil {
		t.Error("a letter is opened under a newer wish")
	}
	if stopped := count(t, w, `select count(*) from letter where id = $1 and stop`, string(letter)); stopped != 1 {
		t.Error("what was passed on is not stopped")
	}
	wish.Was, wish.Wish, wish.Verified = 1, intermediary.WishWithdrawn, true
	enter(t, w, wish)
	if got := seen(); got == nil || got.Closed {
		t.Errorf("after the wish was taken back the case shows %+v", got)
	}
	w.Consent(t, c, intermediary.ConsentWithdrawn)
	if _, err := w.Families.Open(t.Context(), subject, came.Sides[0].Came[0].ID); err == nil {
		t.Error("a letter is opened after the consent was taken back")
	}
	if inbox, err = w.Families.Inbox(t.Context(), applicant); err != nil || inbox.Sides[0].MayWrite {
		t.Errorf("the applicant may write after the consent was taken back: %v", err)
	}
	if got := seen(); got == nil || !got.Closed {
		t.Errorf("after the consent was taken back the case shows %+v", got)
	}
	w.Exec(t, `alter table mediated disable trigger user`)
	w.Exec(t, `update mediated set exchange_id = 'ex' || repeat('a', 20)`)
	if got := seen(); got == nil || !got.Unread || got.Exchange != "" {
		t.Errorf("an exchange that nobody stated is shown as %+v", got)
	}
}
