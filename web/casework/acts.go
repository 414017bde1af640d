package casework

import (
	"net/http"
	"strings"
	"time"

	"gatepost/intermediary"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// why is the field of an act's reasons.
func why(key string) field { return field{kind: "text", name: "why", key: key, rows: 5} }

// evidence is the field of what a thing rests on, a line each.
func evidence() field {
	return field{kind: "text", name: "evidence", key: "casework.evidence"}
}

// fields gives an act the same fields whoever sees it.
func fields(list ...field) func(*actPage) ([]field, error) {
	return func(*actPage) ([]field, error) { return list, nil }
}

// caseActs are the forms about a case as a whole.
func (room Room) caseActs() []act {
	return []act{
		{path: "/case/{id}/add", name: "add", may: authz.OpenCase, load: ofCase("people"), dates: dates(ofSubject), keep: []string{"subject.known"},
			fields: fields(particularsFields(ofSubject, asks(ofSubject, false), intermediary.Particulars{})...),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				var who intermediary.Particulars
				typeParticulars(form, ofSubject, asks(ofSubject, false), &who)
				_, err := room.Cases.AddSubject(r.Context(), p.actor, p.Case.ID, who)
				return err
			}},
		{path: "/case/{id}/particulars/{of}", name: "particulars", may: authz.StateFact, load: ofCase("people", "ad", "ap", "sb"), dates: dates("particulars"),
			keep: []string{"particulars.known", "particulars.reach"}, fields: amendFields,
			do: func(r *http.Request, p *actPage, form page.Form) error {
				at, _ := personOf(p.Case, p.Of)
				who := at.Particulars
				typeParticulars(form, "particulars", amended(p), &who)
				return room.Cases.AmendParticulars(r.Context(), p.actor, p.Of, number(form, "was"), who)
			}},
		{path: "/case/{id}/hear", name: "hear", may: authz.StateFact, load: ofCase(""), dates: []string{"day"},
			fields: func(p *actPage) ([]field, error) {
				return []field{{kind: "date", name: "day", key: "casework.hear.day", value: p.Case.HearBy.Format(time.DateOnly)}}, nil
			},
			do: func(r *http.Request, p *actPage, form page.Form) error {
				day, ok := dayOf(form, "day")
				if !ok {
					return fault.Field("day", "fault.casework.day")
				}
				return room.Cases.SetHearBy(r.Context(), p.actor, p.Case.ID, day)
			}},
		{path: "/case/{id}/end", name: "end", may: authz.EndCase, load: ofCase(""), keep: []string{"reasons", "letter"},
			fields: func(p *actPage) ([]field, error) {
				states := []string{"stopped", "closed"}
				if p.Case.State == "stopped" {
					states = states[1:]
				}
				return []field{{kind: "choice", name: "state", key: "casework.end.state", options: states, of: "casework.end."},
					{kind: "text", name: "reasons", key: "casework.end.reasons", rows: 5},
					{kind: "text", name: "letter", key: "casework.end.letter", rows: 10, value: p.Words.T("casework.end.words")}}, nil
			},
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.EndCase(r.Context(), p.actor, p.Case.ID, intermediary.Ending{State: form.Get("state"), Reasons: form.Get("reasons"), Letter: form.Get("letter")})
			}},
		{path: "/case/{id}/reopen", name: "reopen", may: authz.EndStop, load: ofCase(""), keep: []string{"reasons"},
			fields: fields(field{kind: "text", name: "reasons", key: "casework.reasons", rows: 5}),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.ReopenCase(r.Context(), p.actor, p.Case.ID, form.Get("reasons"))
			}},
	}
}

// kindOf says whose particulars an id's are.
func kindOf(id string) string {
	switch {
	case strings.HasPrefix(id, "ad"):
		return ofAdopted
	case strings.HasPrefix(id, "ap"):
		return ofApplicant
	}
	return ofSubject
}

// amended lists what is asked when somebody's particulars are written down anew.
func amended(p *actPage) []string {
	if p.Record != nil {
		return asks(ofRecordItself, false)
	}
	return asks(kindOf(p.Of), false)
}

// amendFields shows somebody's particulars as they stand.
func amendFields(p *actPage) ([]field, error) {
	who, _ := personOf(p.Case, p.Of)
	list := particularsFields("particulars", amended(p), who.Particulars)
	return append(list, hidden("was", itoa(who.Version))), nil
}

// factActs are the forms in which a fact is stated and agreed to.
func (room Room) factActs() []act {
	return []act{
		{path: "/case/{id}/fact/{of}/{name}", name: "fact", may: authz.StateFact, load: room.ofFact, sheet: "fact", keep: []string{"why", "evidence"}, fields: factFields,
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.StateFact(r.Context(), p.actor, intermediary.NewFact{On: p.Of, Name: p.Name, Value: form.Get("value"), Was: number(form, "was"),
					Why: form.Get("why"), Evidence: linesOf(form.Get("evidence")), Said: intermediary.Said(form.Get("said"))})
			}},
		{path: "/case/{id}/agree/{of}/{name}", name: "agree", may: authz.StateFact, load: room.ofFact, sheet: "fact",
			fields: func(p *actPage) ([]field, error) {
				return []field{hidden("version", itoa(newestOf(p.Case, p.Of, p.Name)))}, nil
			},
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.ConfirmFact(r.Context(), p.actor, p.Of, p.Name, number(form, "version"))
			}},
	}
}

// ofFact loads the case and the history of one fact. One that follows from the
// particulars is stated there and nowhere else.
func (room Room) ofFact(_ Room, r *http.Request, p *actPage) error {
	load := ofCase("facts", "ad", "ap", "sb")
	if strings.HasPrefix(r.PathValue("of"), "it") {
		load = ofItem
	}
	return room.ofFactIn(load)(room, r, p)
}

// ofFactIn loads what a fact is about, and its history.
func (room Room) ofFactIn(load func(Room, *http.Request, *actPage) error) func(Room, *http.Request, *actPage) error {
	return func(_ Room, r *http.Request, p *actPage) error {
		if err := load(room, r, p); err != nil {
			return err
		}
		return factSheet(p)
	}
}

func factSheet(p *actPage) error {
	if len(valuesOf(aboutOf(p.Of), p.Name)) == 0 || p.Name == "approp" {
		return notThere() // approp has a page of its own, with the factors
	}
	p.Sheet = factsNamed(p.Case, p.Of, p.Name)
	return nil
}

// aboutOf says what an id names, as the list of facts does.
func aboutOf(id string) string {
	switch id[:2] {
	case "ad":
		return "adopted"
	case "ap":
		return "application"
	case "sb":
		return "subject"
	}
	return "item"
}

// valuesOf lists what a worker may state of a fact.
func valuesOf(about, name string) (values []string) {
	for _, v := range intermediary.FactValues() {
		if v.About == about && v.Name == name && intermediary.Typed(name, v.Value) {
			values = append(values, v.Value)
		}
	}
	return values
}

func factFields(p *actPage) ([]field, error) {
	return []field{hidden("was", itoa(newestOf(p.Case, p.Of, p.Name))),
		{kind: "choice", name: "value", key: "casework.fact." + p.Name, options: valuesOf(aboutOf(p.Of), p.Name), of: "casework.value." + p.Name + "."},
		{kind: "choice", name: "said", key: "casework.said.which", options: []string{"fact", "opinion", "thirdParty"}, of: "casework.said."},
		why("casework.why"), evidence()}, nil
}

// subjectActs are the forms about somebody who is looked for.
func (room Room) subjectActs() []act {
	of := ofCase("subject", "sb")
	return []act{
		{path: "/case/{id}/proceed/{of}", name: "proceed", may: authz.StateFact, load: of, sheet: "proceed", keep: append(factors(), "view"), dates: []string{"viewOn"},
			fields: proceedFields, do: room.proceed},
		{path: "/case/{id}/trace/{of}", name: "trace", may: authz.Approach, load: of, keep: []string{"where", "words", "evidence"},
			fields: func(*actPage) ([]field, error) {
				return []field{hidden("step", agency.NewID("st")),
					{kind: "choice", name: "outcome", key: "casework.trace.outcome", options: []string{"tried", "traced", "notTraced", "stopPoint"}, of: "casework.step."},
					{kind: "line", name: "where", key: "casework.trace.where"}, {kind: "text", name: "words", key: "casework.trace.words"}, evidence()}, nil
			},
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.Trace(r.Context(), p.actor, intermediary.NewTrace{ID: form.Get("step"), Subject: p.Of, Outcome: form.Get("outcome"),
					Where: form.Get("where"), Words: form.Get("words"), Evidence: linesOf(form.Get("evidence"))})
			}},
		{path: "/case/{id}/approach/{of}", name: "approach", may: authz.Approach, load: ofSubjectNamed, sheet: "approach", keep: []string{"words"},
			fields: func(*actPage) ([]field, error) {
				return []field{hidden("step", agency.NewID("st")), hidden("script", intermediary.ScriptVersion),
					{kind: "choice", name: "way", key: "casework.approach.way", options: intermediary.Ways(), of: "casework.way."},
					{kind: "choice", name: "outcome", key: "casework.approach.outcome", options: []string{"sent", "spoke", "noAnswer", "returned"}, of: "casework.step."},
					{kind: "text", name: "words", key: "casework.approach.words"}}, nil
			},
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.Approach(r.Context(), p.actor, intermediary.NewApproach{ID: form.Get("step"), Subject: p.Of, Outcome: form.Get("outcome"),
					Way: form.Get("way"), Script: form.Get("script"), Words: form.Get("words")})
			}},
		{path: "/case/{id}/consent/{of}", name: "consent", may: authz.Approach, load: withRecords(of), sheet: "consent", many: []string{"scope", "written"},
			keep: []string{"words", "evidence"}, dates: []string{"on"}, fields: consentFields, do: room.consent},
		{path: "/case/{id}/sign/{of}", name: "sign", may: authz.SignReferral, load: room.ofReferral, sheet: "sign", keep: []string{"why"}, dates: []string{"until"},
			fields: func(p *actPage) ([]field, error) {
				return []field{hidden("row", p.Name), {kind: "date", name: "until", key: "casework.sign.until"}, why("casework.reasons")}, nil
			},
			do: func(r *http.Request, p *actPage, form page.Form) error {
				until, ok := dayOf(form, "until")
				if !ok {
					return fault.Field("until", "fault.signature.until")
				}
				_, err := room.Cases.SignReferral(r.Context(), p.actor, intermediary.NewSignature{Of: p.Of, Row: form.Get("row"), Until: until, Reasons: form.Get("why")})
				return err
			}},
		{path: "/case/{id}/note/{of}", name: "note", may: authz.Approach, load: ofRecord("", "st", "subject"), sheet: "records-act", keep: []string{"why"}, fields: fields(why("casework.enquiry.note")),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.NoteStep(r.Context(), p.actor, p.Of, form.Get("why"))
			}},
		{path: "/case/{id}/resume/{of}", name: "resume", may: authz.EndStop, load: of, keep: []string{"why"}, fields: fields(why("casework.reasons")),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.Resume(r.Context(), p.actor, p.Of, form.Get("why"))
			}},
	}
}

// ofSubjectNamed loads somebody who is looked for, by the name of today.
func ofSubjectNamed(room Room, r *http.Request, p *actPage) error {
	if err := ofCase("subject", "sb")(room, r, p); err != nil {
		return err
	}
	who, _ := personOf(p.Case, p.Of)
	p.Name = nameOf(who.Particulars)
	return nil
}

// ofReferral loads the case and asks the law: what it refers to people is what
// can be signed, and nothing else.
func (room Room) ofReferral(_ Room, r *http.Request, p *actPage) error {
	if err := ofRefusal(room, r, p); err != nil {
		return err
	}
	a, err := room.Cases.Ask(r.Context(), room.Actor(r), p.Of)
	if err != nil {
		return err
	}
	if !a.Signable {
		return fault.New(fault.Conflict, "fault.signature.row")
	}
	v := room.answerView(&p.base, p.Case, p.Of, a)
	p.Name, p.Sheet = a.Row, &v
	return nil
}

// factors lists what is weighed before an agency goes on (ISR 6).
func factors() []string {
	return []string{"applicant", "subject", "others", "children", "agency", "register", "circumstances", "conclusion"}
}

func proceedFields(p *actPage) ([]field, error) {
	list := []field{hidden("was", itoa(newestOf(p.Case, p.Of, "approp")))}
	for _, name := range factors()[:7] {
		list = append(list, field{kind: "text", name: name, key: "casework.factor." + name})
	}
	return append(list,
		field{kind: "choice", name: "right", key: "casework.proceed.right", options: []string{"yes", "no"}, of: "casework.value.approp."},
		field{kind: "text", name: "conclusion", key: "casework.factor.conclusion"},
		field{kind: "choice", name: "asked", key: "casework.proceed.asked", options: []string{"yes", "no"}, of: "casework.proceed.asked."},
		field{kind: "date", name: "viewOn", key: "casework.proceed.viewOn"},
		field{kind: "text", name: "view", key: "casework.proceed.view"}), nil
}

func (room Room) proceed(r *http.Request, p *actPage, form page.Form) error {
	right := form.Get("right")
	if right != "yes" && right != "no" {
		return fault.Field("right", "fault.casework.value")
	}
	on, _ := dayOf(form, "viewOn")
	return room.Cases.DecideProceed(r.Context(), p.actor, intermediary.NewProceed{Subject: p.Of, Appropriate: right == "yes", Was: number(form, "was"),
		Reasons: intermediary.ProceedReasons{Applicant: form.Get("applicant"), Subject: form.Get("subject"), Others: form.Get("others"), Children: form.Get("children"),
			Agency: form.Get("agency"), Register: form.Get("register"), Circumstances: form.Get("circumstances"), Conclusion: form.Get("conclusion")},
		View: intermediary.View{Asked: form.Get("asked") == "yes", On: on, Words: form.Get("view")}})
}

func consentFields(p *actPage) ([]field, error) {
	return []field{hidden("was", itoa(newestRecord(p.Records, p.Of, "consent"))),
		{kind: "choice", name: "answer", key: "casework.consent.answer", options: intermediary.ConsentAnswers(), of: "casework.consent."},
		{kind: "many", name: "scope", key: "casework.consent.scope", options: intermediary.ConsentScope(), of: "casework.kind."},
		{kind: "line", name: "explainedBy", key: "casework.consent.explainedBy"},
		{kind: "date", name: "on", key: "casework.consent.on"},
		yesNo("written", "casework.consent.written"),
		{kind: "text", name: "words", key: "casework.consent.words"}, evidence()}, nil
}

func (room Room) consent(r *http.Request, p *actPage, form page.Form) error {
	on, _ := dayOf(form, "on")
	return room.Cases.RecordConsent(r.Context(), p.actor, intermediary.NewConsent{Subject: p.Of, Answer: form.Get("answer"), Scope: form.All("scope"), Was: number(form, "was"),
		Talk: intermediary.ConsentTalk{ExplainedBy: form.Get("explainedBy"), On: on, Written: form.Get("written") == "yes", Words: form.Get("words"),
			Evidence: linesOf(form.Get("evidence"))}})
}

// protectionActs are the forms of vetoes and stops.
func (room Room) protectionActs() []act {
	veto := func(name, op string, may authz.Act, do func(r *http.Request, p *actPage, n intermediary.VetoNotice) error) act {
		return act{path: "/case/{id}/" + name, name: name, may: may, load: withRecords(ofCase("protection")), many: vetoTicks(), keep: []string{"circumstances", "wishes", "why", "evidence"},
			dates: []string{"receivedOn"}, fields: vetoFields(op), do: func(r *http.Request, p *actPage, form page.Form) error {
				p.After = "/record/" + p.Case.Adopted.ID + "/said"
				return do(r, p, noticeOf(p, form))
			}}
	}
	return []act{
		veto("veto", "register", authz.StateVeto, func(r *http.Request, p *actPage, n intermediary.VetoNotice) error {
			_, err := room.Cases.RegisterVeto(r.Context(), p.actor, n)
			return err
		}),
		veto("vetoChange", "amend", authz.StateVeto, func(r *http.Request, p *actPage, n intermediary.VetoNotice) error {
			_, err := room.Cases.AmendVeto(r.Context(), p.actor, n)
			return err
		}),
		veto("vetoEnd", "withdraw", authz.EndVeto, func(r *http.Request, p *actPage, n intermediary.VetoNotice) error {
			_, err := room.Cases.WithdrawVeto(r.Context(), p.actor, n)
			return err
		}),
		{path: "/case/{id}/stop/{of}", name: "stop", may: authz.Stop, load: ofCase("protection", "ad", "sb"), keep: []string{"why"}, fields: fields(why("casework.stop.why")),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				_, err := room.Cases.AskForStop(r.Context(), p.actor, p.Of, form.Get("why"))
				return err
			}},
		{path: "/case/{id}/stopEnd/{of}", name: "stopEnd", may: authz.EndStop, load: ofRecord("protection", "sp", ""), sheet: "records-act", keep: []string{"why"}, fields: fields(why("casework.reasons")),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.EndStop(r.Context(), p.actor, p.Of, form.Get("why"))
			}},
		{path: "/case/{id}/second/{of}", name: "second", may: authz.SignReferral, load: ofRecord("", "sg", ""), sheet: "records-act", keep: []string{"why"}, fields: fields(why("casework.reasons")),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.SignSecond(r.Context(), p.actor, p.Of, form.Get("why"))
			}},
	}
}

// vetoTicks are the things that a worker says they saw. What is not ticked never
// weakens anybody's protection.
func vetoTicks() []string {
	return []string{"metVerified", "linkProven", "personMet", "authority", "capacity"}
}

func vetoFields(op string) func(*actPage) ([]field, error) {
	return func(p *actPage) ([]field, error) {
		kind, circumstances, on := asked(p)
		list := []field{hidden("was", itoa(newestRecord(p.Records, p.Case.Adopted.ID, "veto"))),
			{kind: "choice", name: "registrant", key: "casework.veto.registrant", options: []string{"adoptedPerson", "rep", "relative", "adopter", "other"}, of: "casework.registrant."}}
		for _, tick := range vetoTicks() {
			list = append(list, yesNo(tick, "casework.veto."+tick))
		}
		list = append(list,
			field{kind: "choice", name: "form", key: "casework.veto.form", options: []string{"writing", "electronicVerified", "oral"}, of: "casework.form."},
			field{kind: "choice", name: "addressee", key: "casework.veto.addressee", options: []string{"AAA", "otherAgency", "IA"}, of: "casework.addressee."},
			field{kind: "choice", name: "information", key: "casework.veto.information", options: []string{"given", "offeredRefused", "no"}, of: "casework.information."})
		if op != "withdraw" {
			list = append(list, field{kind: "choice", name: "kind", key: "casework.veto.kind", options: []string{intermediary.VetoAbsolute, intermediary.VetoQualified}, of: "casework.veto.", value: kind},
				field{kind: "text", name: "circumstances", key: "casework.veto.circumstances", rows: 5, value: circumstances})
		}
		if op == "amend" {
			list = append(list, field{kind: "choice", name: "direction", key: "casework.veto.direction", options: []string{"strengthen", "weaken", "unclear"}, of: "casework.direction."})
		}
		return append(list, field{kind: "date", name: "receivedOn", key: "casework.veto.receivedOn", value: on},
			field{kind: "text", name: "wishes", key: "casework.veto.wishes"}, why("casework.veto.why"), evidence()), nil
	}
}

// asked is what an enquiry asked for, where the record came from one: the kind of
// veto, in which cases they may be approached, and the day on which it came.
func asked(p *actPage) (kind, circumstances, on string) {
	if p.Asked == nil {
		return "", "", ""
	}
	a := p.Asked.Answers
	return a.Kind, a.Circumstances, p.Asked.SentOn.Format(time.DateOnly)
}

// noticeOf reads what was asked about a veto. Circumstances are typed a line each.
func noticeOf(p *actPage, form page.Form) intermediary.VetoNotice {
	ticked := func(name string) bool { return form.Get(name) == "yes" }
	on, _ := dayOf(form, "receivedOn")
	n := intermediary.VetoNotice{Adopted: p.Case.Adopted.ID, Was: number(form, "was"), Registrant: form.Get("registrant"), Authority: ticked("authority"),
		Capacity: ticked("capacity"), PersonMet: ticked("personMet"), MetVerified: ticked("metVerified"), LinkProven: ticked("linkProven"), Form: form.Get("form"),
		Addressee: form.Get("addressee"), Information: form.Get("information"), Kind: form.Get("kind"), Direction: form.Get("direction"), ReceivedOn: on,
		Wishes: form.Get("wishes"), Why: form.Get("why"), Evidence: linesOf(form.Get("evidence"))}
	for _, line := range linesOf(form.Get("circumstances")) {
		n.Circumstances = append(n.Circumstances, intermediary.Circumstance{What: line})
	}
	return n
}
