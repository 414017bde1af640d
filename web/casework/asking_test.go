package casework_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/intermediary"
)

// TestAskingPages: the adopted person is asked with words that reveal nothing, and
// the answer is written on the page of that question; a yes waits for a colleague.
func TestAskingPages(t *testing.T) {
	r := newRoom(t)
	c := r.Open(t, "REL>PR")
	r.State(t, string(c.Adopted), "apVital=living")
	r.State(t, string(c.ID), "met=inPerson", "idVerified=yes", "reg11=passed", "aaa=self", "cnsl=yes")
	r.State(t, string(c.Subject), "subjectVital=living", "acr=checked", "acrNoContact=no", "approp=yes")
	kase := "/case/" + string(c.ID)
	path := kase + "/askAdopted/" + string(c.Subject)
	r.Get(kase).Want(http.StatusOK).Doc().One("[data-law=a27] a[href=" + path + "]")
	ask := r.Get(path).Want(http.StatusOK)
	for _, word := range []string{"adoption", "veto", "court", "birth mother"} {
		for _, inset := range ask.Doc().All(".govuk-inset-text") {
			if strings.Contains(strings.ToLower(inset.Text()), word) {
				t.Errorf("the words to use reveal %q", word)
			}
		}
	}
	ask.Submit(path, "outcome", "sent").Want(http.StatusUnprocessableEntity)
	after := ask.Submit(path, "outcome", "sent", "way", "letter").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	link := after.Doc().One("[data-record=asked] a").Attr("href")
	if !strings.HasPrefix(link, kase+"/adoptedAnswer/ak") {
		t.Fatalf("the question leads to %s", link)
	}
	answer := r.Get(link).Want(http.StatusOK)
	answer.Submit(link, "answer", "given", "words", "she may", "on-day", "20", "on-month", "11", "on-year", "2026").Want(http.StatusUnprocessableEntity)
	answer.Submit(link, "answer", "given", "explainedBy", "Elowen Trease", "written", "yes", "words", "she may", "on-day", "20", "on-month", "11", "on-year", "2026").Want(http.StatusSeeOther)
	agree := kase + "/agree/" + string(c.ID) + "/apConsent"
	colleague := r.colleague(t)
	colleague.Get(agree).Want(http.StatusOK).Submit(agree).Want(http.StatusSeeOther)
	colleague.Get(kase).Want(http.StatusOK).Doc().One("[data-law=a34]")
	typed := r.Get(kase + "/fact/" + string(c.ID) + "/apConsent").Want(http.StatusOK)
	typed.Doc().None("input[value=given]")
}

// TestConnectionPage: who knows somebody says so, comes back to the list without
// the case's names, and colleagues see why.
func TestConnectionPage(t *testing.T) {
	r := newRoom(t)
	c := r.Open(t, "REL>AP")
	kase := "/case/" + string(c.ID)
	r.Get(kase).Want(http.StatusOK).Doc().One("a[href=" + kase + "/connections]")
	form := r.Get(kase + "/connected").Want(http.StatusOK)
	form.Submit(kase + "/connected").Want(http.StatusUnprocessableEntity)
	list := form.Submit(kase+"/connected", "worker", r.CaseLogin.ID, "why", "a neighbour").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, list.Doc().One("[data-case="+string(c.ID)+"]").Text(), "You know somebody in this case")
	r.Get(kase).Want(http.StatusForbidden)
	contains(t, r.colleague(t).Get(kase+"/connections").Want(http.StatusOK).Doc().One("[data-connection="+r.CaseLogin.ID+"]").Text(), "Elowen Trease", "a neighbour")
}

// TestEnquiryLetter: an enquiry by post is printed with the four questions of
// regulation 12, the veto first; one to a register asks what it is asked.
func TestEnquiryLetter(t *testing.T) {
	r := newRoom(t)
	c := r.Open(t, "REL>AP")
	ask := func(whom intermediary.Whom) string {
		n := intermediary.NewEnquiry{ID: intermediary.NewEnquiryID(), Application: c.ID, Whom: whom, By: "letter", Addressee: "The ash agency\n1 Mill Lane", About: "Piran Nance, born 14 June 1979"}
		must(t, r.World.Cases.Enquire(t.Context(), r.CaseWorker, n))
		return "/enquiry/" + string(n.ID)
	}
	path := ask(intermediary.AskAgency)
	r.Get(path).Want(http.StatusOK).Doc().One("a[href=" + path + "/letter]")
	letter := r.Get(path + "/letter").Want(http.StatusOK)
	questions := letter.Doc().All("[data-question]")
	if len(questions) != 4 || questions[0].Attr("data-question") != string(intermediary.AskVeto) {
		t.Errorf("%d questions", len(questions))
	}
	golden(t, "enquiry-letter.golden", letter.Doc().One("[data-sheet=letter]").HTML(), letter)
	contains(t, r.Get(ask(intermediary.AskContactRegister)+"/letter").Want(http.StatusOK).Doc().One("[data-sheet=letter]").Text(), "Adoption Contact Register")
	r.Get("/enquiry/enaaaaaaaaaaaaaaaaaaaa/letter").Want(http.StatusNotFound)
}
