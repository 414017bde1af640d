package intermediary_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatepost/crypto/seal"
	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/account"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

func TestOpenCase(t *testing.T) {
	w := intermediarytest.New(t)
	n := intermediarytest.NewCase("AP>REL")
	n.Subjects = append(n.Subjects, intermediary.Particulars{BirthName: "Lamorna Nance", Born: "1982"})
	c := w.OpenCase(t, n)
	again, err := w.Cases.OpenCase(t.Context(), w.CaseWorker, n)
	if err != nil || again != c.ID {
		t.Errorf("the same click again: %v, %v", again, err)
	}
	_, err = w.Cases.OpenCase(t.Context(), w.Colleague, n)
	if err == nil {
		t.Error("a colleague opened a case under the same id")
	}
	got, err := w.Cases.Case(t.Context(), w.CaseWorker, c.ID)
	need(t, err)
	if len(got.Subjects) != 2 {
		t.Fatalf("%d subjects", len(got.Subjects))
	}
	second := intermediarytest.NewCase("REL>PR")
	second.Adopted = c.Adopted
	other := w.OpenCase(t, second)
	if other.Adopted != c.Adopted {
		t.Error("another application about the same person has another record")
	}
	_, err = w.Cases.OpenCase(t.Context(), w.CaseWorker, func() intermediary.NewCase {
		n := intermediarytest.NewCase("REL>PR")
		n.Adopted = intermediary.AdoptedID(agency.NewID("ad"))
		return n
	}())
	wants(t, "a record that is not there", err, fault.NotFound)
	// What was sealed opens to the archive alone, and to no file.
	var sealed []byte
	need(t, w.Rows.QueryRow(t.Context(), `select sealed from casework where id = $1 and part = 'particulars'`, string(c.ID)).Scan(&sealed))
	content, _, err := seal.Open(sealed, seal.Context{Kind: seal.KindParticulars, Agency: "oak", Exchange: string(c.ID), Object: string(c.ID), Part: "particulars",
		From: "worker/" + w.CaseLogin.ID, To: "case/" + string(c.ID), Version: 1}, w.Archive)
	if err != nil || !strings.Contains(string(content), "Jory Tregear") {
		t.Errorf("the archive opens %q, %v", content, err)
	}
	for _, name := range []string{"Jory", "Tregear", "Nance", "Demelza", "Lamorna"} {
		if n := tally(t, w, `select count(*) from (select a::text as row from application a union all select s::text from subject s union all select d::text from adopted d
			union all select f::text from fact f union all select encode(b.body, 'escape') from audit_body b union all select p::text from party p) x where x.row like '%' || $1 || '%'`, name); n != 0 {
			t.Errorf("%s stands in clear in %d rows", name, n)
		}
	}
}

func TestOpenCase_Refuses(t *testing.T) {
	w := intermediarytest.New(t)
	for name, change := range map[string]func(n *intermediary.NewCase){
		"no such pair":                    func(n *intermediary.NewCase) { n.Pair = "AP>AP" },
		"nobody to look for":              func(n *intermediary.NewCase) { n.Subjects = nil },
		"too many to look for":            func(n *intermediary.NewCase) { n.Subjects = make([]intermediary.Particulars, 21) },
		"a nameless applicant":            func(n *intermediary.NewCase) { n.Applicant.Name, n.Applicant.BirthName = " ", "" },
		"a subject without a name":        func(n *intermediary.NewCase) { n.Subjects[0] = intermediary.Particulars{Born: "1970"} },
		"a date that no calendar has":     func(n *intermediary.NewCase) { n.Applicant.Born = "1979-02-29" },
		"a date in words":                 func(n *intermediary.NewCase) { n.AdoptedPerson.OrderDate = "spring of 1980" },
		"a country that is none":          func(n *intermediary.NewCase) { n.AdoptedPerson.CourtCountry = "Wales" },
		"two births of one person":        func(n *intermediary.NewCase) { n.AdoptedPerson.Born = "1979-06-15" },
		"a name of two lines":             func(n *intermediary.NewCase) { n.Applicant.Name = "Jory\nTregear" },
		"two adopted people to look for":  func(n *intermediary.NewCase) { n.Pair = "REL>AP"; n.Subjects = append(n.Subjects, n.Subjects[0]) },
		"an address longer than anything": func(n *intermediary.NewCase) { n.Applicant.Address = strings.Repeat("a", 5000) },
	} {
		n := intermediarytest.NewCase("AP>REL")
		change(&n)
		_, err := w.Cases.OpenCase(t.Context(), w.CaseWorker, n)
		wants(t, name, err, fault.Invalid)
	}
	_, err := w.Cases.OpenCase(t.Context(), w.World.Worker, intermediarytest.NewCase("AP>REL"))
	wants(t, "a letterbox worker", err, fault.Forbidden)
	_, err = w.Cases.OpenCase(t.Context(), w.Manager, intermediarytest.NewCase("AP>REL"))
	wants(t, "a manager", err, fault.Forbidden)
	if n := tally(t, w, `select (select count(*) from application) + (select count(*) from adopted) + (select count(*) from casework) + (select count(*) from node where id like 'case/%')`); n != 0 {
		t.Errorf("%d rows of cases that were refused", n)
	}
}

// What follows from the particulars is stated with them, and anew when they, or
// what is known of a death, change; nobody types it.
func TestAmendParticulars(t *testing.T) {
	w := intermediarytest.New(t)
	n := intermediarytest.NewCase("AP>REL")
	n.AdoptedPerson = intermediary.Particulars{BirthName: "Piran Nance", Born: n.Applicant.Born}
	c := w.OpenCase(t, n)
	adopted := func() []intermediary.Fact {
		got, err := w.Cases.Case(t.Context(), w.CaseWorker, c.ID)
		need(t, err)
		return got.Adopted.Facts
	}
	check := func(want ...string) {
		t.Helper()
		list := adopted()
		for i, name := range []string{"order", "juris", "interviewRequired", "apAge"} {
			if got := counts(list, name); got != want[i] {
				t.Errorf("%s is %q, want %q", name, got, want[i])
			}
		}
	}
	check("unknown", "unknown", "yes", "ge18")
	p := n.AdoptedPerson
	p.OrderDate, p.CourtCountry = "2005-12-30", "W"
	need(t, w.Cases.AmendParticulars(t.Context(), w.CaseWorker, string(c.Adopted), 1, p))
	check("boundaryW", "W", "no", "ge18")
	wants(t, "an older page", w.Cases.AmendParticulars(t.Context(), w.Colleague, string(c.Adopted), 1, p), fault.Conflict)
	p.CourtCountry, p.Died = "E", "1990-01-01"
	need(t, w.Cases.AmendParticulars(t.Context(), w.Manager, string(c.Adopted), 2, p))
	check("post", "E", "no", "lt18")
	wants(t, "nobody's", w.Cases.AmendParticulars(t.Context(), w.CaseWorker, agency.NewID("sb"), 1, p), fault.NotFound)
	wants(t, "no name", w.Cases.AmendParticulars(t.Context(), w.CaseWorker, string(c.Adopted), 3, intermediary.Particulars{}), fault.Invalid)
	wants(t, "a letterbox worker", w.Cases.AmendParticulars(t.Context(), w.World.Worker, string(c.Adopted), 3, p), fault.Forbidden)
	if got := adopted(); len(got) == 0 || got[0].Derived != true {
		t.Error("what follows is not marked")
	}
}

// A case ends with reasons for us and words for them, in one act; only a manager
// opens a stopped one again, and a closed one nobody.
func TestEndCase(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	_, party := w.Join(t, string(c.ID), "applicant")
	e := intermediary.Ending{State: "stopped", Reasons: "A veto stands.", Letter: "We have ended our work for you. Call us if you want to ask about it."}
	for name, change := range map[string]func(e *intermediary.Ending){
		"no such state": func(e *intermediary.Ending) { e.State = "open" },
		"no reasons":    func(e *intermediary.Ending) { e.Reasons = "" },
		"no letter":     func(e *intermediary.Ending) { e.Letter = " " },
	} {
		bad := e
		change(&bad)
		wants(t, name, w.Cases.EndCase(t.Context(), w.CaseWorker, c.ID, bad), fault.Invalid)
	}
	wants(t, "not stopped", w.Cases.ReopenCase(t.Context(), w.Manager, c.ID, "A mistake."), fault.Conflict)
	need(t, w.Cases.EndCase(t.Context(), w.CaseWorker, c.ID, e))
	need(t, w.Cases.EndCase(t.Context(), w.CaseWorker, c.ID, e)) // the second of two clicks
	wants(t, "a colleague", w.Cases.EndCase(t.Context(), w.Colleague, c.ID, e), fault.Conflict)
	got, err := w.Cases.Case(t.Context(), w.CaseWorker, c.ID)
	need(t, err)
	if got.State != "stopped" || got.Told != "ended" || len(got.Endings) != 1 || got.Endings[0].Reasons != e.Reasons || got.Endings[0].By != "Elowen Trease" ||
		len(got.Letters) != 1 || got.Letters[0].Text != e.Letter || got.Letters[0].File != string(c.ID) {
		t.Errorf("the case shows %+v", got)
	}
	// The letter opens with the key of the file, the reasons do not.
	file, ok := party.Keys().Identity("side/" + string(c.ID) + "/1")
	if !ok {
		t.Fatal("no key of the file")
	}
	open := func(kind seal.Kind, sql string) error {
		var id, part, to string
		var sealed []byte
		need(t, w.Rows.QueryRow(t.Context(), `select id, part, to_node, sealed from casework where `+sql, string(c.ID)).Scan(&id, &part, &to, &sealed))
		_, _, err := seal.Open(sealed, seal.Context{Kind: kind, Agency: "oak", Exchange: string(c.ID), Object: id, Part: part, From: "worker/" + w.CaseLogin.ID, To: to, Version: 1}, file)
		return err
	}
	if err := open(seal.KindLetter, `application_id = $1 and kind = 'letter'`); err != nil {
		t.Errorf("the letter does not open to the applicant: %v", err)
	}
	if err := open(seal.KindDecision, `id = $1 and part = 'ending'`); err == nil {
		t.Error("the reasons open to the applicant")
	}
	wants(t, "opened again by a worker", w.Cases.ReopenCase(t.Context(), w.CaseWorker, c.ID, "A mistake."), fault.Forbidden)
	need(t, w.Cases.ReopenCase(t.Context(), w.Manager, c.ID, "A mistake."))
	e.State = "closed"
	need(t, w.Cases.EndCase(t.Context(), w.CaseWorker, c.ID, e))
	wants(t, "a closed case", w.Cases.ReopenCase(t.Context(), w.Manager, c.ID, "A mistake."), fault.Conflict)
	wants(t, "a closed case stopped", w.Cases.EndCase(t.Context(), w.Colleague, c.ID, intermediary.Ending{State: "stopped", Reasons: "x", Letter: "y"}), fault.Conflict)
	_, err = w.Cases.AddSubject(t.Context(), w.CaseWorker, c.ID, intermediarytest.Relative())
	wants(t, "a subject of a closed case", err, fault.Conflict)
}

func TestAddSubject(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	id, err := w.Cases.AddSubject(t.Context(), w.Colleague, c.ID, intermediary.Particulars{Name: "Kerensa Pascoe", Born: "2010-02-28"})
	need(t, err)
	got, err := w.Cases.Case(t.Context(), w.CaseWorker, c.ID)
	need(t, err)
	for _, p := range got.Subjects {
		if p.ID == string(id) && (p.Particulars.Name != "Kerensa Pascoe" || counts(p.Facts, "subjAge") != "lt18") {
			t.Errorf("the subject is %+v", p)
		}
	}
	if len(got.Subjects) != 2 {
		t.Errorf("%d subjects", len(got.Subjects))
	}
	_, err = w.Cases.AddSubject(t.Context(), w.CaseWorker, c.ID, intermediary.Particulars{})
	wants(t, "nobody", err, fault.Invalid)
	_, err = w.Cases.AddSubject(t.Context(), w.CaseWorker, intermediary.NewApplicationID(), intermediarytest.Relative())
	wants(t, "no case", err, fault.NotFound)
}

func TestSetHearBy(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	day := w.Clock.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 20)
	need(t, w.Cases.SetHearBy(t.Context(), w.CaseWorker, c.ID, day))
	need(t, w.Cases.SetHearBy(t.Context(), w.Colleague, c.ID, day.AddDate(0, 0, 1)))
	got, err := w.Cases.Case(t.Context(), w.CaseWorker, c.ID)
	need(t, err)
	if !got.HearBy.Equal(day.AddDate(0, 0, 1)) || got.Late {
		t.Errorf("to hear by %v", got.HearBy)
	}
	wants(t, "yesterday", w.Cases.SetHearBy(t.Context(), w.CaseWorker, c.ID, w.Clock.Now().AddDate(0, 0, -1)), fault.Invalid)
	wants(t, "in two years", w.Cases.SetHearBy(t.Context(), w.CaseWorker, c.ID, day.AddDate(2, 0, 0)), fault.Invalid)
	wants(t, "no case", w.Cases.SetHearBy(t.Context(), w.CaseWorker, intermediary.NewApplicationID(), day), fault.NotFound)
}

// After its team's key was replaced a case opens with the new one.
func TestCase_TeamKeyReplaced(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	rotations, err := w.Staff.Leave(t.Context(), w.Manager, w.ColleagueLogin.ID, w.Code(t, &w.ManagerLogin))
	need(t, err)
	manager := w.SignInWorker(t, &w.ManagerLogin)
	for _, id := range rotations {
		p := account.Progress{State: "running"}
		for i := 0; p.State == "running" && i < 5; i++ {
			p, err = w.Staff.RotateNext(t.Context(), manager, id, account.MaxRotate)
			need(t, err)
		}
		if p.State != "done" || p.Stuck != 0 {
			t.Errorf("the rotation is %+v", p)
		}
	}
	got, err := w.Cases.Case(t.Context(), w.SignInWorker(t, &w.CaseLogin), c.ID)
	need(t, err)
	if len(rotations) == 0 || got.Unread || got.Applicant.Particulars.Name != "Jory Tregear" {
		t.Errorf("after %d rotations the case shows %+v", len(rotations), got)
	}
	later := w.Open(t, "REL>AP")
	_, err = w.Cases.Case(t.Context(), manager, later.ID)
	need(t, err)
}

// What decides the law is not changed by one worker: not by who wrote what was
// last known, not by way of "unknown", and not by a worker who is no manager. What
// was unknown anybody may find out, and what is in doubt anybody may say.
func TestAmendParticulars_OtherLaw(t *testing.T) {
	w := intermediarytest.New(t)
	n := intermediarytest.NewCase("AP>REL")
	n.AdoptedPerson = intermediary.Particulars{BirthName: "Piran Nance", Born: n.Applicant.Born}
	c := w.OpenCase(t, n)
	version, p := 1, n.AdoptedPerson
	amend := func(actor authz.Actor, change func(p *intermediary.Particulars)) error {
		next := p
		change(&next)
		err := w.Cases.AmendParticulars(t.Context(), actor, string(c.Adopted), version, next)
		if err == nil {
			version, p = version+1, next
		}
		return err
	}
	order := func(day string) func(p *intermediary.Particulars) {
		return func(p *intermediary.Particulars) { p.OrderDate = day }
	}
	court := func(country string) func(p *intermediary.Particulars) {
		return func(p *intermediary.Particulars) { p.CourtCountry = country }
	}
	refused := func(what, field string, err error) {
		t.Helper()
		wants(t, what, err, fault.Invalid)
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Field != field {
			t.Errorf("%s: %v, want it beside %s", what, err, field)
		}
	}
	need(t, amend(w.CaseWorker, court("E")))
	need(t, amend(w.CaseWorker, order("1980-05-05")))
	refused("the worker's own, from before to after", "particulars.orderDate", amend(w.CaseWorker, order("2006-05-05")))
	refused("a colleague's, from before to after", "particulars.orderDate", amend(w.Colleague, order("2006-05-05")))
	need(t, amend(w.Colleague, order("1981-05-05"))) // the same law
	need(t, amend(w.Colleague, order("")))
	refused("by way of unknown", "particulars.orderDate", amend(w.CaseWorker, order("2006-05-05")))
	need(t, amend(w.Manager, order("2006-05-05")))
	refused("back by the same manager", "particulars.orderDate", amend(w.Manager, order("1980-05-05")))
	refused("from England to Wales", "particulars.courtCountry", amend(w.Colleague, court("W")))

	young := intermediarytest.Relative()
	young.Born = time.Now().AddDate(-10, 0, 0).Format(time.DateOnly)
	id, err := w.Cases.AddSubject(t.Context(), w.CaseWorker, c.ID, young)
	need(t, err)
	older := young
	older.Born = "1950-01-01"
	refused("older by one worker's word", "particulars.born", w.Cases.AmendParticulars(t.Context(), w.CaseWorker, string(id), 1, older))
	need(t, w.Cases.AmendParticulars(t.Context(), w.Manager, string(id), 1, older))
	need(t, w.Cases.AmendParticulars(t.Context(), w.CaseWorker, string(id), 2, young))
}
