package intermediarytest

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/intermediary"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
)

// World is an agency with an intermediary team.
type World struct {
	*accounttest.World

	Cases *intermediary.Service // the staff tier's
	Files *intermediary.Service // the families' tier's

	Rows *pgx.Conn // as the database's administrator, to look at rows and to tamper with them

	CaseLogin, ColleagueLogin accounttest.Login
	CaseWorker, Colleague     authz.Actor // two intermediary workers
}

// New makes a world with two intermediary workers; the manager is the agency's.
func New(t testing.TB) *World {
	t.Helper()
	return In(t, accounttest.NewWorld(t))
}

// In gives a world that is there an intermediary team.
func In(t testing.TB, of *accounttest.World) *World {
	t.Helper()
	w := &World{World: of, Rows: of.Database.Admin()}
	w.Home.Country, w.Door.Country = "E", "E" // registered for this work, under the rules of England
	w.Cases = intermediary.New(w.StaffDB, w.StaffAgencies, w.StaffConfig.Index, w.Clock.Now, accounttest.Log(t)).WithCodes(w.Staff)
	w.Files = intermediary.New(w.PublicDB, w.PublicAgencies, nil, w.Clock.Now, accounttest.Log(t)).WithStrangers(w.Public)
	w.CaseLogin, w.CaseWorker = w.NewWorker(t, "Elowen Trease", authz.IntermediaryWorker)
	w.ColleagueLogin, w.Colleague = w.NewWorker(t, "Idris Quayle", authz.IntermediaryWorker)
	w.Manager = w.SignInWorker(t, &w.ManagerLogin)
	return w
}

// Case is a case of the world.
type Case struct {
	ID      intermediary.ApplicationID
	Adopted intermediary.AdoptedID
	Subject intermediary.SubjectID
}

// Adopted, Relative and Birth are people for a NewCase: somebody adopted before
// 30 December 2005 in England, their relative, and the adopted person under the
// name of their birth.
func Adopted() intermediary.Particulars {
	return intermediary.Particulars{Name: "Jory Tregear", BirthName: "Piran Nance", Born: "1979-06-14", OrderDate: "1980-03-02", Court: "Bodmin County Court",
		CourtCountry: "E", Agency: "The oak agency", AgencyCountry: "E", Address: "4 Chapel Row", Phone: "07700 900201", Email: "jory@example.org"}
}

// Relative is the birth mother of Adopted.
func Relative() intermediary.Particulars {
	return intermediary.Particulars{Name: "Demelza Nance", Born: "1958-01-20", Relation: "birth mother", Address: "9 Well Lane", Phone: "01632 960311"}
}

// NewCase is a case as a worker writes it down: the adopted person looks for the
// relative in AP>REL, and the other way round in REL>AP. Of any other pair the
// applicant is the relative and the subject somebody else.
func NewCase(pair string) intermediary.NewCase {
	n := intermediary.NewCase{ID: intermediary.NewApplicationID(), Pair: pair, Distinct: true, AdoptedPerson: Adopted(), Applicant: Relative()}
	subject := intermediary.Particulars{Name: "Kerensa Pascoe", Born: "1990-02-28", Relation: "child"}
	switch pair {
	case "AP>REL":
		n.Applicant, subject = Adopted(), Relative()
	case "REL>AP":
		subject = Adopted()
	}
	n.Subjects = []intermediary.Particulars{subject}
	return n
}

// Open opens a case of a pair with one subject.
func (w *World) Open(t testing.TB, pair string) Case {
	t.Helper()
	return w.OpenCase(t, NewCase(pair))
}

// OpenCase opens a case as it was written down.
func (w *World) OpenCase(t testing.TB, n intermediary.NewCase) Case {
	t.Helper()
	id, err := w.Cases.OpenCase(t.Context(), w.CaseWorker, n)
	must(t, err)
	c := Case{ID: id}
	must(t, w.Rows.QueryRow(t.Context(), `select a.adopted_id, s.id from application a join subject s on s.application_id = a.id
		where a.id = $1 order by s.id limit 1`, string(id)).Scan(&c.Adopted, &c.Subject))
	return c
}

// State states facts about something, "name=value" each: by the worker, and
// where two are asked for agreed to by the manager, who may agree to all of them.
func (w *World) State(t testing.TB, on string, facts ...string) {
	t.Helper()
	for _, f := range facts {
		w.state(t, on, f)
	}
}

func (w *World) state(t testing.TB, on, fact string) {
	t.Helper()
	if fact == "approp=yes" {
		w.decide(t, on)
		return
	}
	if !intermediary.Typed(name(fact), fact[len(name(fact))+1:]) {
		w.say(t, on, name(fact), fact[len(name(fact))+1:])
		return
	}
	n := intermediary.NewFact{On: on, Why: "seen in the papers", Evidence: []string{"the agency's file"}, Said: intermediary.SaidFact, Was: w.Version(t, on, name(fact))}
	n.Name, n.Value = name(fact), fact[len(name(fact))+1:]
	must(t, w.Cases.StateFact(t.Context(), w.CaseWorker, n))
	for _, v := range intermediary.FactValues() {
		if v.Two && v.Name == n.Name && v.Value == n.Value && v.About == about(on) {
			must(t, w.Cases.ConfirmFact(t.Context(), w.Manager, on, n.Name, n.Was+1))
		}
	}
}

// say records somebody's own word, of somebody who came to the agency by themself:
// apConsent on an application, expressed on a subject. A yes that asks for two
// workers has them.
func (w *World) say(t testing.TB, on, name, value string) {
	t.Helper()
	talk := intermediary.ConsentTalk{ExplainedBy: "Elowen Trease", On: time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC), Written: true, Words: "as they said it"}
	subject, asked := on, intermediary.NewAskingID()
	ask := intermediary.NewAsking{ID: asked, Outcome: intermediary.AskedTheirs, Words: "they rang us"}
	if name == "apConsent" {
		must(t, w.Rows.QueryRow(t.Context(), `select id from subject where application_id = $1 order by id limit 1`, on).Scan(&subject))
		ask.Of = subject
		silent(&ask, value)
		must(t, w.Cases.AskAdopted(t.Context(), w.CaseWorker, ask))
		n := intermediary.AdoptedAnswer{Application: intermediary.ApplicationID(on), Answer: value, Asked: asked, Was: w.Version(t, on, name), Talk: talk}
		must(t, w.Cases.RecordAdoptedConsent(t.Context(), w.CaseWorker, n))
		if value == "given" {
			must(t, w.Cases.ConfirmFact(t.Context(), w.Manager, on, name, n.Was+1))
		}
		return
	}
	item, err := w.Cases.PrepareItem(t.Context(), w.CaseWorker, intermediary.NewItem{Subject: subject, Kind: "background", About: "subject", Words: "what they are asked about",
		Ground: "their view", From: "the agency's file, page 3"})
	must(t, err)
	ask.Of = item
	silent(&ask, value)
	must(t, w.Cases.AskViews(t.Context(), w.CaseWorker, ask))
	must(t, w.Cases.RecordViews(t.Context(), w.CaseWorker, intermediary.ViewAnswer{Subject: subject, Answer: value, Asked: asked, Was: w.Version(t, on, name),
		WasViews: w.Version(t, on, "views"), Talk: talk}))
}

// silent: nobody came by themselves who does not answer.
func silent(n *intermediary.NewAsking, value string) {
	if value == "noReply" || value == "none" {
		n.Outcome, n.Way, n.Script = intermediary.ApproachSent, "letter", intermediary.ScriptVersion
	}
}

// decide decides that it is appropriate to go on, which is stated in no other way.
func (w *World) decide(t testing.TB, subject string) {
	t.Helper()
	must(t, w.Cases.DecideProceed(t.Context(), w.CaseWorker, intermediary.NewProceed{Subject: subject, Appropriate: true, Was: w.Version(t, subject, "approp"),
		Reasons: intermediary.ProceedReasons{Applicant: "settled", Subject: "nothing known against it", Others: "nobody", Children: "nobody under 18", Agency: "in favour",
			Register: "looked at", Circumstances: "none", Conclusion: "it is right to go on"},
		View: intermediary.View{Words: "asked when they were met"}}))
}

// Version is the newest version of a fact; 0 for none.
func (w *World) Version(t testing.TB, on, name string) (version int) {
	t.Helper()
	must(t, w.Rows.QueryRow(t.Context(), `select coalesce(max(version), 0) from fact where on_id = $1 and name = $2`, on, name).Scan(&version))
	return version
}

func name(fact string) string {
	for i := range fact {
		if fact[i] == '=' {
			return fact[:i]
		}
	}
	return fact
}

func about(on string) string {
	return map[string]string{"ad": "adopted", "ap": "application", "sb": "subject", "it": "item"}[on[:2]]
}

// Prepare states what table 8a asks for before an approach: the applicant was
// met and verified, this agency made the adoption itself, everybody is alive, the register was looked at, and an approach is right. What
// a test wants otherwise it states afterwards.
func (w *World) Prepare(t testing.TB, c Case, pair string) {
	t.Helper()
	w.State(t, string(c.Adopted), "apVital=living")
	w.State(t, string(c.ID), "met=inPerson", "idVerified=yes", "reg11=passed", "linkProven=yes", "aaa=self", "cnsl=yes")
	if pair == "REL>PR" || pair == "PR>REL" {
		w.State(t, string(c.ID), "apConsent=given")
	}
	w.State(t, string(c.Subject), "subjectVital=living", "acr=checked", "acrNoContact=no", "approp=yes")
}

// Answered asks the agency of the adoption by letter and writes down what it
// said of a veto: none, absolute, qualified or unknown.
func (w *World) Answered(t testing.TB, c Case, veto string) {
	t.Helper()
	n := intermediary.NewEnquiry{ID: intermediary.NewEnquiryID(), Application: c.ID, Whom: intermediary.AskAgency, By: "letter", Addressee: "The elm agency", About: "Piran Nance"}
	must(t, w.Cases.Enquire(t.Context(), w.CaseWorker, n))
	a := intermediary.EnquiryAnswer{CameBy: "letter", On: calendar.Today(w.Clock.Now()), Held: "yes", Veto: veto, Views: "unknown", Appropriate: "noView"}
	if veto == "qualified" {
		a.VetoTerms = "only her mother by birth"
	}
	must(t, w.Cases.RecordAnswer(t.Context(), w.CaseWorker, n.ID, 0, a))
}

// Ready opens a case of a pair and prepares it.
func (w *World) Ready(t testing.TB, pair string) Case {
	t.Helper()
	c := w.Open(t, pair)
	w.Prepare(t, c, pair)
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mayInvite prepares the case of a subject whom the law would not yet let be
// invited.
func (w *World) mayInvite(t testing.TB, subject string) {
	t.Helper()
	c, pair := Case{Subject: intermediary.SubjectID(subject)}, ""
	must(t, w.Rows.QueryRow(t.Context(), `select a.id, a.adopted_id, a.pair from application a join subject s on s.application_id = a.id where s.id = $1`, subject).Scan(&c.ID, &c.Adopted, &pair))
	if w.Version(t, subject, "approp") == 0 {
		w.Prepare(t, c, pair)
	}
}

// Join makes somebody new a party of a file, with an account that a call has
// confirmed, and signs them in.
func (w *World) Join(t testing.TB, file, kind string) (accounttest.Login, authz.Actor) {
	t.Helper()
	if kind == "subject" {
		w.mayInvite(t, file)
	}
	person, err := w.Cases.AddParty(t.Context(), w.CaseWorker, intermediary.NewParty{File: file, Kind: kind, Code: w.Code(t, &w.CaseLogin)})
	must(t, err)
	paper, err := w.Staff.InvitePerson(t.Context(), w.CaseWorker, person, accounttest.Fact)
	must(t, err)
	l := w.Enrol(t, w.Home.ID, false, paper)
	must(t, w.Staff.ConfirmPerson(t.Context(), w.CaseWorker, person, w.Code(t, &w.CaseLogin)))
	return l, w.SignInPerson(t, &l)
}
