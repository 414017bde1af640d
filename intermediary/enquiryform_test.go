package intermediary

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/internal/agency"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
)

// These tests are inside the package: what is typed goes in, and what follows
// from it comes out.

var monday = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

func fromMonday(due time.Time) (time.Time, error) { return dueDay(due, monday, calendar.Days{}) }

func field(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		if f.Field != "" {
			return f.Field
		}
		return string(f.Kind)
	}
	return ""
}

func TestQuestions_VetoFirst(t *testing.T) {
	for _, whom := range Whoms() {
		q := Questions(whom)
		if len(q) == 0 || (whom == AskAgency) != (q[0] == AskVeto) || len(q) > 1 && len(q) != 4 {
			t.Errorf("%s is asked %v", whom, q)
		}
	}
	if Questions("anybody") != nil {
		t.Error("anybody is asked something")
	}
}

func TestCheckEnquiry(t *testing.T) {
	good := NewEnquiry{ID: NewEnquiryID(), Application: ApplicationID(agency.NewID("ap")), Whom: AskAgency, ToAgency: "elm", About: "Wren Vale, born 1961"}
	known := func(id string) bool { return id == "oak" || id == "elm" }
	for name, tt := range map[string]struct {
		change func(n *NewEnquiry)
		want   string
	}{
		"from agency to agency":           {func(*NewEnquiry) {}, ""},
		"by letter":                       {func(n *NewEnquiry) { n.ToAgency, n.By, n.Addressee = "", "letter", "The registrar" }, ""},
		"no id":                           {func(n *NewEnquiry) { n.ID = "x" }, "notFound"},
		"no case":                         {func(n *NewEnquiry) { n.Application = "x" }, "notFound"},
		"nobody is asked":                 {func(n *NewEnquiry) { n.Whom = "" }, "whom"},
		"ourselves":                       {func(n *NewEnquiry) { n.ToAgency = "oak" }, "toAgency"},
		"an agency that is not here":      {func(n *NewEnquiry) { n.ToAgency = "ash" }, "toAgency"},
		"a court as an agency":            {func(n *NewEnquiry) { n.Whom = AskCourt }, "toAgency"},
		"no way":                          {func(n *NewEnquiry) { n.ToAgency = "" }, "by"},
		"nobody to send it to":            {func(n *NewEnquiry) { n.ToAgency, n.By, n.Addressee = "", "email", " \n" }, "addressee"},
		"nobody it is about":              {func(n *NewEnquiry) { n.About = "\u200b " }, "about"},
		"more than anybody reads":         {func(n *NewEnquiry) { n.Text = strings.Repeat("x", maxEnquiry+1) }, "text"},
		"due today":                       {func(n *NewEnquiry) { n.Due = monday }, "due"},
		"due in a year":                   {func(n *NewEnquiry) { n.Due = monday.AddDate(1, 0, 0) }, "due"},
		"due tomorrow, as was agreed":     {func(n *NewEnquiry) { n.Due = monday.AddDate(0, 0, 1) }, ""},
		"due on the last day that is one": {func(n *NewEnquiry) { n.Due = time.Date(2027, 6, 2, 0, 0, 0, 0, time.UTC) }, ""},
	} {
		n := good
		tt.change(&n)
		if _, err := checkEnquiry(n, "oak", known, fromMonday); field(err) != tt.want {
			t.Errorf("%s: %q, want %q", name, field(err), tt.want)
		}
	}
	n, err := checkEnquiry(good, "oak", known, fromMonday)
	if err != nil || n.Due.Format(time.DateOnly) != "2026-12-21" {
		t.Errorf("20 working days from %s are %s (%v)", monday, n.Due, err)
	}
}

// Each question has its answer, and none is answered that was not asked. In
// Wales a veto ends the questions (ISR(W) 12).
func TestCheckAnswer(t *testing.T) {
	four := EnquiryAnswer{CameBy: "letter", On: monday, Held: "yes", Veto: "none", Views: "no", Appropriate: "yes"}
	toAgency := asked{whom: AskAgency, juris: "E", since: monday}
	wales := asked{whom: AskAgency, juris: "W", since: monday}
	nowhere := asked{whom: AskAgency, juris: "unknown", since: monday}
	register := asked{whom: AskContactRegister, since: monday, subjects: []string{"sb1", "sb2"}}
	court := asked{whom: AskCourt, since: monday}
	vetoOnly := func(a *EnquiryAnswer) { a.Veto, a.Views, a.Appropriate = "absolute", "", "" }
	other := func(a *EnquiryAnswer) { a.Veto, a.Views, a.Appropriate = "", "", "" }
	for name, tt := range map[string]struct {
		of     asked
		change func(a *EnquiryAnswer)
		want   string
	}{
		"all four":                           {toAgency, func(*EnquiryAnswer) {}, ""},
		"no veto question":                   {toAgency, func(a *EnquiryAnswer) { a.Veto = "" }, "veto"},
		"a veto of no kind":                  {toAgency, func(a *EnquiryAnswer) { a.Veto = "qualifiedMet" }, "veto"},
		"a qualified veto without its words": {toAgency, func(a *EnquiryAnswer) { a.Veto = "qualified" }, "vetoTerms"},
		"the words of a veto that is none":   {toAgency, func(a *EnquiryAnswer) { a.VetoTerms = "only by letter" }, "vetoTerms"},
		"in England a veto and nothing else": {toAgency, vetoOnly, "views"},
		"in Wales a veto and nothing else":   {wales, vetoOnly, ""},
		"in Wales a veto and more":           {wales, func(a *EnquiryAnswer) { a.Veto = "absolute" }, "views"},
		"in Wales a veto and information":    {wales, func(a *EnquiryAnswer) { vetoOnly(a); a.Information = "lives in Bath" }, "views"},
		"somewhere a veto and nothing else":  {nowhere, vetoOnly, ""},
		"somewhere a veto and more":          {nowhere, func(a *EnquiryAnswer) { a.Veto = "absolute" }, ""},
		"in Wales no veto and nothing else":  {wales, func(a *EnquiryAnswer) { a.Views, a.Appropriate = "", "" }, "views"},
		"views that nobody wrote down":       {toAgency, func(a *EnquiryAnswer) { a.Views = "yes" }, "viewsText"},
		"not appropriate, and no reason":     {toAgency, func(a *EnquiryAnswer) { a.Appropriate = "no" }, "why"},
		"no view of it":                      {toAgency, func(a *EnquiryAnswer) { a.Appropriate = "noView" }, ""},
		"it is not known whether they know":  {toAgency, func(a *EnquiryAnswer) { a.Held = "" }, "held"},
		"before it was asked":                {toAgency, func(a *EnquiryAnswer) { a.On = monday.AddDate(0, 0, -1) }, "on"},
		"after today":                        {toAgency, func(a *EnquiryAnswer) { a.On = monday.AddDate(0, 0, 1) }, "on"},
		"by pigeon":                          {toAgency, func(a *EnquiryAnswer) { a.CameBy = "pigeon" }, "cameBy"},
		"by nothing":                         {toAgency, func(a *EnquiryAnswer) { a.CameBy = "" }, "cameBy"},
		"typed by hand, but from the road":   {asked{whom: AskAgency, since: monday, online: true}, func(*EnquiryAnswer) {}, "cameBy"},
		"a court on vetoes":                  {court, func(*EnquiryAnswer) {}, "veto"},
		"a court":                            {court, func(a *EnquiryAnswer) { other(a); a.Held = "no" }, ""},
		"a court on a wish":                  {court, func(a *EnquiryAnswer) { other(a); a.NoContact = map[string]bool{"sb1": true} }, "noContact"},
		"a register that says nothing":       {register, other, "noContact"},
		"a register on somebody else":        {register, func(a *EnquiryAnswer) { other(a); a.NoContact = map[string]bool{"sb9": true} }, "noContact"},
		"a register":                         {register, func(a *EnquiryAnswer) { other(a); a.NoContact = map[string]bool{"sb1": true} }, ""},
	} {
		a := four
		tt.change(&a)
		if _, err := checkAnswer(a, tt.of, monday); field(err) != tt.want {
			t.Errorf("%s: %q, want %q", name, field(err), tt.want)
		}
	}
	no := four
	no.Held = "no"
	if a, err := checkAnswer(no, toAgency, monday); err != nil || a.Veto != "" || a.Views != "" {
		t.Errorf("an agency that has no record says of a veto %q (%v)", a.Veto, err)
	}
}

func TestCheckHeard(t *testing.T) {
	good := EnquiryAnswer{On: monday, Held: "yes", Veto: "qualified", VetoTerms: "only for medical news"}
	if _, err := checkHeard(good, monday); err != nil {
		t.Errorf("a true answer: %v", err)
	}
	for name, change := range map[string]func(a *EnquiryAnswer){
		"another day than it was signed on":  func(a *EnquiryAnswer) { a.On = monday.AddDate(0, 0, 1) },
		"a veto that was judged already":     func(a *EnquiryAnswer) { a.Veto = "qualifiedMet" },
		"a qualified veto without its words": func(a *EnquiryAnswer) { a.VetoTerms = "" },
		"no record, and yet a veto":          func(a *EnquiryAnswer) { a.Held = "no" },
		"nothing":                            func(a *EnquiryAnswer) { *a = EnquiryAnswer{} },
		"a letter":                           func(a *EnquiryAnswer) { a.CameBy = "letter" },
		"a wish in the register":             func(a *EnquiryAnswer) { a.NoContact = map[string]bool{"sb1": false} },
	} {
		a := good
		change(&a)
		if _, err := checkHeard(a, monday); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// What follows from an answer, in the order in which one asks (ISR 12 to 15;
// law.md 8a, a23 to a26).
func TestAnswerFacts(t *testing.T) {
	toAgency := asked{whom: AskAgency, juris: "E"}
	england, wales, unknown := asked{whom: AskCourt, juris: "E"}, asked{whom: AskCourt, juris: "W"}, asked{whom: AskCourt, juris: "unknown"}
	both := searched{registrar: true, court: true}
	all := searched{registrar: true, court: true, authority: true}
	for name, tt := range map[string]struct {
		of     asked
		a      EnquiryAnswer
		known  string
		others searched
		want   string
	}{
		"no veto":                         {toAgency, EnquiryAnswer{Held: "yes", Veto: "none"}, "pending", searched{}, "aaa=answered vetoAnswer=none"},
		"an absolute one":                 {toAgency, EnquiryAnswer{Held: "yes", Veto: "absolute"}, "", searched{}, "aaa=answered vetoAnswer=absolute"},
		"a qualified one is read anew":    {toAgency, EnquiryAnswer{Held: "yes", Veto: "qualified"}, "answered", searched{}, "aaa=answered vetoAnswer=qualified qualified=unclear"},
		"it is not their adoption":        {toAgency, EnquiryAnswer{Held: "no"}, "answered", searched{}, "aaa=notFound vetoAnswer=unknown"},
		"the court does not know":         {england, EnquiryAnswer{Held: "no"}, "notFound", searched{court: true}, "aaa=notFound"},
		"nobody knows in England":         {england, EnquiryAnswer{Held: "no"}, "notFound", both, "aaa=exhausted"},
		"in Wales an authority is left":   {wales, EnquiryAnswer{Held: "no"}, "notFound", both, "aaa=notFound"},
		"where is not known: as in Wales": {unknown, EnquiryAnswer{Held: "no"}, "notFound", both, "aaa=notFound"},
		"nobody knows in Wales":           {wales, EnquiryAnswer{Held: "no"}, "notFound", all, "aaa=exhausted"},
		"the court names one":             {england, EnquiryAnswer{Held: "yes", Named: "Elm"}, "notFound", searched{registrar: true}, "aaa=pending"},
		"an agency that answered stays":   {england, EnquiryAnswer{Held: "no"}, "answered", both, ""},
		"so does the agency itself":       {england, EnquiryAnswer{Held: "yes"}, "self", both, ""},
		"a register on two":               {asked{whom: AskContactRegister, subjects: []string{"sb1", "sb2", "sb3"}}, EnquiryAnswer{Held: "yes", NoContact: map[string]bool{"sb1": true, "sb3": false}}, "", searched{}, "acr=checked acrNoContact=yes acr=checked acrNoContact=no"},
	} {
		var got []string
		for _, f := range answerFacts("ap1", tt.of, tt.a, tt.known, tt.others) {
			if v, ok := factValue(f.about, f.name, f.value); !ok || v.Two != (f.value == "exhausted") {
				t.Errorf("%s: %s=%s is not in the list as it should be", name, f.name, f.value)
			}
			got = append(got, f.name+"="+f.value)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, want %s", name, got, tt.want)
		}
	}
}

func TestOverdue(t *testing.T) {
	friday := monday.AddDate(0, 0, -3)
	for _, tt := range []struct {
		state string
		due   time.Time
		want  int
	}{{"asked", monday, 0}, {"asked", friday, 1}, {"received", friday, 1}, {"answered", friday, 0}, {"called off", friday, 0}, {"asked", monday.AddDate(0, 0, 1), 0}} {
		if got := overdue(tt.state, tt.due, monday, calendar.Days{}); got != tt.want {
			t.Errorf("%s, due on %s: %d, want %d", tt.state, tt.due.Format(time.DateOnly), got, tt.want)
		}
	}
}

// What a worker of the answering agency may say is what its own record says.
func TestOwnVeto(t *testing.T) {
	says := func(veto string) EnquiryAnswer { return EnquiryAnswer{Held: "yes", Veto: veto} }
	for _, tt := range []struct {
		own  ownVeto
		a    EnquiryAnswer
		want string
	}{
		{ownVeto{}, says("none"), ""}, {ownVeto{}, says("unknown"), ""}, {ownVeto{}, says("absolute"), "veto"}, {ownVeto{}, EnquiryAnswer{Held: "no"}, "held"},
		{ownVeto{Kind: "absolute"}, says("absolute"), ""}, {ownVeto{Kind: "absolute"}, says("none"), "veto"}, {ownVeto{Kind: "qualified"}, says("absolute"), "veto"},
		{ownVeto{Stopped: true}, says("none"), "veto"}, {ownVeto{Stopped: true}, says("unknown"), ""}, {ownVeto{Kind: "absolute", Stopped: true}, says("absolute"), ""},
	} {
		if got := field(tt.own.agrees(tt.a)); got != tt.want {
			t.Errorf("%+v says %s of a veto: %q, want %q", tt.own, tt.a.Veto, got, tt.want)
		}
	}
}

func TestWhoms(t *testing.T) {
	if !slices.Equal(Whoms(), []Whom{"AAA", "registrarGeneral", "court", "localAuthority", "contactRegister"}) {
		t.Errorf("%v can be asked", Whoms())
	}
}
