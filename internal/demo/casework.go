package demo

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"gatepost/intermediary"
	"gatepost/internal/account"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
)

// caseDesk is where the cases are worked on: one worker does the work, another
// agrees to what takes two. After the first error it does nothing more.
type caseDesk struct {
	*seeding
	ctx               context.Context
	worker, colleague authz.Actor
	manager           authz.Actor
	versions          map[string]int // of each fact that was stated
	invited           []joiner
	err               error
}

// joiner is somebody with a paper in their hands.
type joiner struct {
	m     *member
	paper account.Paper
}

// ground is why something is believed, and what shows it.
type ground struct{ fact, why, evidence string }

// grounds is what the workers write beside the facts of every case.
func grounds() []ground {
	return []ground{
		{"met", "We talked for an hour in the small room at the office.", "note of the meeting"},
		{"idVerified", "The photograph is theirs, and the address is on the bill.", "passport, seen by me\nelectricity bill, seen by me"},
		{"reg11", "Identity, age and relationship are shown by what they brought.", "certificates in the paper file"},
		{"linkProven", "The names and the day in our record are those on the certificate.", "our adoption record\ncertificate of adoption"},
		{"interviewHeld", "The counsellor wrote to us that the talk has taken place.", "letter of the counsellor"},
		{"acr", "The Registrar General answered that nothing is entered.", "letter of the Registrar General"},
		{"cnsl", "The leaflet about counselling was given and talked through.", "leaflet of 2026"},
		{"apVital", "They are on the electoral roll of this year.", "electoral roll"},
		{"subjectVital", "They are on the electoral roll of this year.", "electoral roll"},
		{"qualified", "Two of us read the wish and the letter side by side.", "the wish, as it was written down"},
	}
}

// openCases opens every case and tells its story, and brings in those who have
// an account for theirs.
func (s *seeding) openCases(ctx context.Context) error {
	d := &caseDesk{seeding: s, ctx: ctx, versions: map[string]int{}}
	for _, k := range cases() {
		for who, actor := range map[string]*authz.Actor{"bronwen": &d.worker, "idris": &d.colleague, "judith": &d.manager} {
			if *actor, d.err = s.actor(ctx, who); d.err != nil {
				return d.err
			}
		}
		if err := d.open(k); err != nil {
			return fmt.Errorf("%s: %w", k.what, err)
		}
	}
	return d.bringIn()
}

// do does one act more, unless something has failed.
func (d *caseDesk) do(act func() error) {
	if d.err == nil {
		d.err = act()
	}
}

func (d *caseDesk) open(k kase) error {
	id, err := d.staff.Cases.OpenCase(d.ctx, d.worker, intermediary.NewCase{ID: intermediary.NewApplicationID(), Pair: k.pair, Distinct: true,
		AdoptedPerson: k.adopted, Applicant: k.applicant, Subjects: []intermediary.Particulars{k.subject}})
	if err != nil {
		return err
	}
	c, err := d.staff.Cases.Case(d.ctx, d.worker, id)
	if err != nil {
		return err
	}
	t := &taken{kase: k, app: string(id), adopted: c.Adopted.ID, subject: c.Subjects[0].ID}
	if d.err = k.tell(d, t); d.err == nil {
		d.join(t, "applicant")
	}
	return d.err
}

// join invites whoever has an account for this file, once it may be read.
func (d *caseDesk) join(t *taken, kind string) {
	i := slices.IndexFunc(applicants(), func(c cast) bool { return c.file == kind && (c.key == t.key || c.of == t.key) })
	if i < 0 || d.folk[applicants()[i].key] != nil {
		return
	}
	c, file := applicants()[i], t.app
	if kind == "subject" {
		file = t.subject
	}
	d.do(func() error {
		digits, err := d.code(d.folk["bronwen"])
		if err != nil {
			return err
		}
		person, err := d.staff.Cases.AddParty(d.ctx, d.worker, intermediary.NewParty{File: file, Kind: kind, Code: digits})
		if err != nil {
			return err
		}
		paper, err := d.staff.Accounts.InvitePerson(d.ctx, d.worker, person, fact)
		if err == nil {
			d.invited = append(d.invited, joiner{d.add(c, authz.Public), paper})
		}
		return err
	})
}

// bringIn has everybody who was invited enrol, and a worker confirm them.
func (d *caseDesk) bringIn() error {
	var enrol []func() error
	for _, j := range d.invited {
		enrol = append(enrol, func() error { return d.enrol(d.ctx, j.m, j.paper) })
	}
	if err := inTurns(runtime.NumCPU(), enrol); err != nil {
		return err
	}
	for _, j := range d.invited {
		worker, err := d.actor(d.ctx, "bronwen")
		if err != nil {
			return err
		}
		digits, err := d.code(d.folk["bronwen"])
		if err != nil {
			return err
		}
		if err := d.staff.Accounts.ConfirmPerson(d.ctx, worker, j.m.id, digits); err != nil {
			return err
		}
	}
	return nil
}

// state states facts about something, "name=value" each; a colleague agrees to
// those that take two.
func (d *caseDesk) state(on string, facts ...string) {
	for _, f := range facts {
		name, value, _ := strings.Cut(f, "=")
		of := ground{name, "It is so by what we have in the file.", "our file"}
		if i := slices.IndexFunc(grounds(), func(g ground) bool { return g.fact == name }); i >= 0 {
			of = grounds()[i]
		}
		d.because(on, name, value, of.why, of.evidence)
	}
}

// because is state for one fact, with reasons of its own.
func (d *caseDesk) because(on, name, value, why, evidence string) {
	key := on + "/" + name
	n := intermediary.NewFact{On: on, Name: name, Value: value, Was: d.versions[key], Why: why, Evidence: strings.Split(evidence, "\n"), Said: intermediary.SaidFact}
	d.do(func() error { return d.staff.Cases.StateFact(d.ctx, d.worker, n) })
	d.versions[key]++
	two := slices.ContainsFunc(intermediary.FactValues(), func(v intermediary.FactValue) bool {
		return v.Two && v.Name == name && v.Value == value && strings.HasPrefix(on, about(v))
	})
	if two {
		d.do(func() error { return d.staff.Cases.ConfirmFact(d.ctx, d.colleague, on, name, n.Was+1) })
		d.versions[key]++
	}
}

// about is how the id of whatever a fact is about begins.
func about(v intermediary.FactValue) string {
	return map[string]string{"adopted": "ad", "application": "ap", "subject": "sb", "item": "it"}[v.About]
}

// verified: the applicant was met, and is who they say; talk is what the worker
// writes of it.
func (d *caseDesk) verified(t *taken, talk string) {
	d.because(t.app, "met", "inPerson", talk, "note of the meeting")
	d.state(t.app, "idVerified=yes", "reg11=passed", "cnsl=yes")
	if t.pair == "AP>REL" {
		d.state(t.app, "linkProven=yes")
	}
	d.state(t.adopted, "apVital=living")
}

// ourOwn: this agency made the adoption, and nothing in the register speaks
// against going on, which is decided.
func (d *caseDesk) ourOwn(t *taken) {
	d.state(t.app, "aaa=self")
	d.decided8a(t)
}

func (d *caseDesk) decided8a(t *taken) {
	d.state(t.subject, "subjectVital=living", "acr=checked", "acrNoContact=no")
	r := intermediary.ProceedReasons{Applicant: caseFactors, Subject: caseFactors, Others: caseFactors, Children: caseFactors, Agency: caseFactors,
		Register: caseFactors, Circumstances: caseFactors, Conclusion: caseFactors}
	d.do(func() error {
		return d.staff.Cases.DecideProceed(d.ctx, d.worker, intermediary.NewProceed{Subject: t.subject, Appropriate: true, Reasons: r,
			View: intermediary.View{Asked: true, On: d.today(), Words: caseView}})
	})
}

func (d *caseDesk) today() time.Time { return calendar.Today(d.clock.now()) }

// found: the subject was traced, and approached.
func (d *caseDesk) found(t *taken, where, words string) {
	d.do(func() error {
		return d.staff.Cases.Trace(d.ctx, d.worker, intermediary.NewTrace{Subject: t.subject, Outcome: intermediary.TraceFound, Where: "electoral roll", Words: where,
			Evidence: []string{"copy of the page"}})
	})
	d.do(func() error {
		return d.staff.Cases.Approach(d.ctx, d.worker, intermediary.NewApproach{Subject: t.subject, Outcome: intermediary.ApproachSent, Way: "letter",
			Script: intermediary.ScriptVersion, Words: words})
	})
}

func (d *caseDesk) agrees(t *taken, answer, words string, scope ...string) {
	d.state(t.subject, "cnsl=yes")
	d.do(func() error {
		return d.staff.Cases.RecordConsent(d.ctx, d.worker, intermediary.NewConsent{Subject: t.subject, Answer: answer, Scope: scope,
			Talk: intermediary.ConsentTalk{ExplainedBy: "Bronwen Sayer", On: d.today(), Written: true, Words: words, Evidence: []string{"the signed form"}}})
	})
}

// give prepares an item, has it checked and judged, and gives it. It answers
// with the disclosure.
func (d *caseDesk) give(t *taken, n intermediary.NewItem) (given string) {
	n.Subject, n.About = t.subject, "subject"
	d.do(func() error {
		return d.staff.Cases.RecordAgreement(d.ctx, d.worker, intermediary.NewAgreement{Application: intermediary.ApplicationID(t.app), On: d.today(),
			Words: "Form C of 2026, in the paper file."})
	})
	var item string
	d.do(func() (err error) {
		item, err = d.staff.Cases.PrepareItem(d.ctx, d.worker, n)
		return err
	})
	d.do(func() error { return d.staff.Cases.CheckItem(d.ctx, d.colleague, item, 1) })
	d.because(item, "jigsaw", "safe", "Nothing else was given yet, and these words name nobody else.", "the words themselves")
	d.do(func() error {
		digits, err := d.code(d.folk["bronwen"])
		if err != nil {
			return err
		}
		list, err := d.staff.Cases.Disclose(d.ctx, d.worker, []string{item}, digits)
		if err == nil && len(list) != 1 {
			err = errors.New("nothing was given")
		}
		if err == nil {
			given = list[0]
		}
		return err
	})
	return given
}

// veto registers the adopted person's veto, as it was found on the file.
func (d *caseDesk) veto(t *taken, kind, wishes string, circumstances ...intermediary.Circumstance) {
	d.do(func() error {
		_, err := d.staff.Cases.RegisterVeto(d.ctx, d.worker, intermediary.VetoNotice{Adopted: t.adopted, Registrant: "adoptedPerson", MetVerified: true, LinkProven: true,
			Form: "writing", Addressee: "AAA", Information: "given", Kind: kind, Circumstances: circumstances, ReceivedOn: time.Date(2019, time.May, 14, 0, 0, 0, 0, time.UTC),
			Wishes: wishes, Why: vetoWhy, Evidence: []string{"the signed form"}})
		return err
	})
}

// lets: two judge that the circumstances of a qualified veto are met, and a
// manager lets the case go on that it had stopped.
func (d *caseDesk) lets(t *taken, why, evidence string) {
	d.because(t.app, "qualified", "met", why, evidence)
	d.do(func() error { return d.staff.Cases.Resume(d.ctx, d.manager, t.subject, why) })
}

// The stories.

func interviewed(d *caseDesk, t *taken) error {
	d.state(t.app, "interviewHeld=yes", "residence=uk")
	d.verified(t, maureenTalk)
	d.ourOwn(t)
	d.found(t, maureenFound, "In a plain envelope.")
	d.agrees(t, intermediary.ConsentYes, maureenYes, "name", "relationship", "letters")
	d.give(t, intermediary.NewItem{Kind: "name", Identifying: true, Words: maureenItem, Ground: maureenGround, From: "Raymond himself, on the signed form."})
	d.wishes(t)
	return d.err
}

// wishes: Maureen and somebody who says that she is her sister are in the contact
// register, and nobody has looked yet whether they belong together.
func (d *caseDesk) wishes(t *taken) {
	entry := func(n intermediary.NewPreference) {
		n.Verified, n.Adult, n.Form, n.AddressOn = true, true, "paper", d.today()
		d.do(func() error {
			_, err := d.staff.Cases.EnterPreference(d.ctx, d.worker, n)
			return err
		})
	}
	entry(intermediary.NewPreference{Part: 1, Adopted: intermediary.AdoptedID(t.adopted), Wish: intermediary.WishContactNamed, Named: maureenNamed,
		Registrant: intermediary.Registrant{Name: t.applicant.Name, Address: "5 Lock Cottages\nWeldbridge"},
		Birth:      intermediary.BirthKnown{Forename: "Jean", Surname: "Skerry", Born: t.applicant.Born, Place: "Saltreach", MotherForename: "Edith", MotherSurname: "Skerry"}})
	entry(intermediary.NewPreference{Part: 2, Wish: intermediary.WishContact, Related: true, Words: adasWords,
		Registrant: intermediary.Registrant{Name: adaName, Relation: "sister", Address: adaAddress},
		Birth:      intermediary.BirthKnown{Forename: "Jeannie", Surname: "Skerry", About: "May 1952", Place: "Saltreach", MotherForename: "Edie", MotherSurname: "Skerry", MotherOtherSurname: "Fennimore"}})
}

func lettersOnly(d *caseDesk, t *taken) error {
	d.verified(t, callanTalk)
	d.ourOwn(t)
	d.found(t, callanFound, yvonneBeside)
	d.agrees(t, intermediary.ConsentLettersOnly, yvonneLetters, "letters")
	d.join(t, "subject")
	return d.err
}

func vetoed(d *caseDesk, t *taken) error {
	d.verified(t, sheilaTalk)
	d.ourOwn(t)
	d.veto(t, intermediary.VetoAbsolute, vetoWishes)
	return d.err
}

// medicalNews: another agency holds the record, and says what the veto lets
// through. Where it does not share the deployment it answers by post.
func medicalNews(d *caseDesk, t *taken) error {
	d.verified(t, bernardTalk)
	n := intermediary.NewEnquiry{ID: intermediary.NewEnquiryID(), Application: intermediary.ApplicationID(t.app), Whom: intermediary.AskAgency,
		About: bernardAbout, Text: bernardAsks}
	answer := intermediary.EnquiryAnswer{Held: "yes", Veto: "qualified", VetoTerms: elmTerms, Views: "no", Appropriate: "yes", Information: elmFile}
	if d.elm {
		n.ToAgency = ElmID
		d.do(func() error { return d.staff.Cases.Enquire(d.ctx, d.worker, n) })
		d.do(func() error { return d.elmAnswers(d.ctx, n.ID, answer) })
		d.do(func() error { return d.staff.Cases.PullReply(d.ctx, d.worker, n.ID) })
	} else {
		n.By, n.Addressee = "letter", "The Elm Row society"
		answer.CameBy, answer.On = "letter", d.today()
		d.do(func() error { return d.staff.Cases.Enquire(d.ctx, d.worker, n) })
		d.do(func() error { return d.staff.Cases.RecordAnswer(d.ctx, d.worker, n.ID, 0, answer) })
	}
	d.versions[t.app+"/qualified"]++ // the answer said that nobody has judged it
	d.lets(t, bernardMet, "letter of the cardiologist\nthe answer of Elm Row")
	d.decided8a(t)
	d.found(t, bernardFound, bernardPost)
	return d.err
}

func grandchild(d *caseDesk, t *taken) error {
	d.verified(t, imogenTalk)
	d.ourOwn(t)
	return d.err
}

// agencysDuty: no account; what she has a right to goes by post.
func agencysDuty(d *caseDesk, t *taken) error {
	d.verified(t, jodieTalk)
	d.state(t.app, "aaa=self", "req=s60_2b")
	pack := d.give(t, intermediary.NewItem{Kind: "background", Words: jodieItem, Ground: jodieGround, From: "Our letter to her parents of August 2005."})
	d.do(func() error {
		_, err := d.staff.Cases.PrintPack(d.ctx, d.worker, pack)
		return err
	})
	d.do(func() error { return d.staff.Cases.MarkPosted(d.ctx, d.worker, pack) })
	d.do(func() error {
		return d.staff.Cases.EndCase(d.ctx, d.worker, intermediary.ApplicationID(t.app), intermediary.Ending{State: "closed", Reasons: jodieEnd, Letter: jodieLetter})
	})
	return d.err
}

func inWales(d *caseDesk, t *taken) error {
	d.verified(t, gethinTalk)
	d.state(t.app, "aaa=self")
	d.veto(t, intermediary.VetoQualified, walesWishes, intermediary.Circumstance{What: walesWhat, Persons: "her brother by birth"})
	d.lets(t, gethinMet, "letter of the hospital")
	d.decided8a(t)
	return d.err
}
