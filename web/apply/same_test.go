package apply_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatepost/intermediary"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/webtest"
)

// TestCodes_SameCost: a code of an enquiry that waits, was declined, became a
// case, asks for a veto or states a wish shows the same bytes and asks the same of the database, on each page that
// follows; and so do a code that nobody has, one that has run out, and another
// agency's.
func TestCodes_SameCost(t *testing.T) {
	s := webtest.New(t)
	_, worker := s.NewWorker(t, "Elowen Pask", authz.IntermediaryWorker)
	// back comes back by a code on another phone, and looks at every page.
	back := func(code string) (bodies, sent []string) {
		b := s.Family(t)
		asked := b.Get("/apply/return")
		s.PublicSent.Take()
		a := asked.Submit("/apply/return", "code", code)
		bodies = append(bodies, http.StatusText(a.Status)+" "+a.Header.Get("Location")+hidden.ReplaceAllString(a.Body, "…"))
		for _, path := range []string{"/apply/code", "/apply/sent", "/apply/check", "/apply/what", "/apply/ask/name", "/apply/return", "/apply"} {
			a := b.Get(path)
			bodies = append(bodies, http.StatusText(a.Status)+" "+a.Header.Get("Location")+hidden.ReplaceAllString(a.Body, "…"))
		}
		return bodies, s.PublicSent.Take()
	}
	var codes []string
	for _, said := range [][]said{adult(), adult(), adult(), vetoed(), wished()} {
		b, code := begun(t, s)
		answers(t, b, said)
		b.Get("/apply/check").Submit("/apply/send").Want(303)
		codes = append(codes, code)
	}
	want, asked := back(codes[0])
	tray, err := s.Cases.Intakes(t.Context(), worker)
	must(t, err)
	tray = slices.DeleteFunc(tray, func(l intermediary.IntakeLine) bool { return l.Purpose != "search" })
	if err := s.Cases.DeclineIntake(t.Context(), worker, tray[1].ID, "Another agency."); fault.KindOf(err) != "" {
		t.Fatal(err)
	}
	_, err = s.Cases.OpenCase(t.Context(), worker, intermediary.NewCase{ID: intermediary.NewApplicationID(), Pair: "AP>REL", Distinct: true, Intake: string(tray[2].ID),
		AdoptedPerson: intermediary.Particulars{OrderDate: "1980-03-02", CourtCountry: "E"}, Applicant: intermediary.Particulars{Name: "Nerys Holloway", Born: "1960-02-01"},
		Subjects: []intermediary.Particulars{{Name: "Tamsin Vane", Relation: "birth mother"}}})
	must(t, err)
	states := map[string]int{}
	rows, err := s.Database.Admin().Query(t.Context(), `select state from intake`)
	must(t, err)
	for rows.Next() {
		var state string
		must(t, rows.Scan(&state))
		states[state]++
	}
	must(t, rows.Err())
	if len(states) != 3 {
		t.Fatalf("the enquiries are %v", states)
	}
	for _, code := range codes {
		got, sent := back(code)
		compare(t, "a code that was sent", got, want, sent, asked)
	}

	want, asked = back("7K3M-9Q2X-W4TB-8NDS")
	_, old := begun(t, s)
	_, err = s.Database.Admin().Exec(t.Context(), `update intake set expires_on = current_date - 1 where state = 'draft'`)
	must(t, err)
	got, sent := back(old)
	compare(t, "a code that has run out", got, want, sent, asked)
	if !strings.Contains(got[0], english(t).T("fault.intake.unknown")) {
		t.Errorf("it says %s", got[0])
	}
}

func compare(t *testing.T, what string, got, want, sent, asked []string) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: page %d differs:\n%s\nwant\n%s", what, i, got[i], want[i])
		}
	}
	if !slices.Equal(sent, asked) {
		t.Errorf("%s: %d statements, want %d:\n%s\nwant\n%s", what, len(sent), len(asked), strings.Join(sent, "\n"), strings.Join(asked, "\n"))
	}
}
