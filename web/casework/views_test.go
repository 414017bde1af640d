package casework_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/intermediary"
)

// TestViews: what somebody thinks of a decision stands under the letter that
// told it to them, and nowhere among what workers wrote.
func TestViews(t *testing.T) {
	r := newRoom(t)
	c := r.Open(t, "AP>REL")
	kase, file := "/case/"+string(c.ID), intermediary.FileID(c.ID)
	_, applicant := r.Join(t, string(c.ID), "applicant")
	letters := []string{intermediary.NewLetterID(), intermediary.NewLetterID()}
	must(t, r.World.Cases.SendLetter(t.Context(), r.CaseWorker, file, letters[0], "We go on with your case."))
	must(t, r.World.Cases.SendLetter(t.Context(), r.CaseWorker, file, letters[1], "We cannot give you this."))
	must(t, r.Files.SayView(t.Context(), applicant, file, letters[1], "I think you could have."))
	must(t, r.Files.SayView(t.Context(), applicant, file, "", "Somebody always answered."))
	for _, at := range []string{kase + "/messages", kase + "/history"} {
		page := r.Get(at).Want(http.StatusOK).Doc()
		for _, v := range page.All("[data-view]") {
			switch {
			case strings.Contains(v.Text(), "I think you could have."):
				contains(t, v.Text(), "Jory Tregear", "About our letter of 23 November 2026")
			default:
				contains(t, v.Text(), "Somebody always answered.", "About the case as a whole")
			}
		}
	}
	history := r.Get(kase + "/history").Want(http.StatusOK).Doc()
	for _, l := range history.All("[data-letter]") {
		said := strings.Contains(l.Text(), "I think you could have.")
		if said != strings.Contains(l.Text(), "We cannot give you this.") {
			t.Errorf("a view stands under another letter: %s", l.Text())
		}
		if !said {
			contains(t, l.Text(), "Has not told us what they think of this letter", "Jory Tregear")
		}
	}
	if n := len(history.All("[data-record=view]")) + len(history.All("[data-record=said]")); n != 0 {
		t.Errorf("%d views stand among what workers wrote", n)
	}
}

// TestWrite: fact, opinion and what somebody told are different notes, each
// signed and dated, and each is found by its kind alone.
func TestWrite(t *testing.T) {
	r := newRoom(t)
	c := r.Open(t, "AP>REL")
	kase := "/case/" + string(c.ID)
	path := kase + "/write/" + string(c.Subject)
	day := []string{"day-day", "22", "day-month", "11", "day-year", "2026"}
	for said, words := range map[string]string{"fact": "He wore a hearing aid.", "opinion": "I think he is ready.", "thirdParty": "He has moved to Truro."} {
		from := ""
		if said == "thirdParty" {
			from = "his sister"
		}
		do(t, r.Browser, path, append(day, "said", said, "from", from, "words", words)...)
	}
	for said, want := range map[string]string{"fact": "He wore a hearing aid.", "opinion": "I think he is ready.", "thirdParty": "He has moved to Truro."} {
		notes := r.Get(kase + "/history?show=" + said).Want(http.StatusOK).Doc().All("[data-record=note]")
		if len(notes) != 1 {
			t.Fatalf("%d notes are shown as %s", len(notes), said)
		}
		contains(t, notes[0].Text(), want, "Elowen Trease", "22 November 2026")
	}
	contains(t, r.Get(kase+"/subject/"+string(c.Subject)).Want(http.StatusOK).Doc().One("main").Text(), "He has moved to Truro.", "Who told us his sister")
	ask := r.Get(path).Want(http.StatusOK)
	for field, with := range map[string][]string{
		"said":    {"words", "He sings."},
		"from":    {"said", "thirdParty", "words", "He sings."},
		"words":   {"said", "opinion"},
		"day-day": {"said", "fact", "words", "He sings.", "day-year", "2027"},
	} {
		bad := ask.Submit(path, append(append([]string{}, day...), with...)...).Want(http.StatusUnprocessableEntity)
		bad.Doc().One(".govuk-error-summary a[href='#" + field + "']")
	}
	ask.Submit(path, append(day, "said", "fact", "from", "his sister", "words", "He sings.")...).Want(http.StatusUnprocessableEntity)
	ask.Submit(path, append(day, "said", "fact", "words", "He sings.")...).Want(http.StatusSeeOther)
	ask.Submit(path, append(day, "said", "fact", "words", "He sings.")...).Want(http.StatusConflict) // two clicks are one
}

// TestOpinions: what people said of the service is a manager's page, without
// names, and says nothing where fewer than five have.
func TestOpinions(t *testing.T) {
	r := newRoom(t)
	r.Get("/opinions").Want(http.StatusForbidden)
	r.Get("/cases").Want(http.StatusOK).Doc().None("a[href=/opinions]")
	manager := r.Site.Worker(t)
	manager.SignIn(r.Site, &r.ManagerLogin)
	give := func(words string, marks intermediary.Marks) {
		c := r.Open(t, "AP>REL")
		_, applicant := r.Join(t, string(c.ID), "applicant")
		must(t, r.World.Cases.EndCase(t.Context(), r.CaseWorker, c.ID, intermediary.Ending{State: "closed", Reasons: "all was done", Letter: "We have ended."}))
		must(t, r.Files.GiveFeedback(t.Context(), applicant, intermediary.FileID(c.ID), marks, words))
	}
	for i, words := range []string{"Kind people.", "Slow.", "I was heard.", "Thank you."} {
		give(words, intermediary.Marks{Listened: i + 1, Explained: 5})
	}
	page := manager.Get("/opinions").Want(http.StatusOK)
	contains(t, page.Doc().One("main").Text(), "Fewer than five people have told us something")
	if strings.Contains(page.Body, "Kind people.") {
		t.Error("words of four people are told")
	}
	if n := r.entries(t, "feedback"); n != 0 {
		t.Errorf("words of four people were opened: %d", n)
	}
	give("Good.", intermediary.Marks{Listened: 5})
	page = manager.Get(manager.Get("/cases").Want(http.StatusOK).Doc().One("a[href=/opinions]").Attr("href")).Want(http.StatusOK)
	marks := page.Doc().One("[data-list=marks]").Text()
	contains(t, marks, "We listened to them 3.0 of 5", "We explained things so that they could understand Fewer than five people")
	contains(t, page.Doc().One("[data-list=said]").Text(), "Kind people.", "Slow.", "I was heard.", "Thank you.", "Good.")
	if strings.Contains(page.Body, "Tregear") || strings.Contains(page.Body, "IS-") {
		t.Error("it tells who wrote it")
	}
	logged := r.entries(t, "feedback")
	if logged != 5 {
		t.Errorf("%d readings are in the log, want one for each case", logged)
	}
}

// entries counts the readings of a part in the log.
func (r *room) entries(t *testing.T, part string) (n int) {
	t.Helper()
	must(t, r.Rows.QueryRow(t.Context(), `select count(*) from audit_body where convert_from(body, 'UTF8') like '%event access%part ' || $1 || '%'`, part).Scan(&n))
	return n
}
