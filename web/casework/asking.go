package casework

import (
	"net/http"
	"strings"

	"gatepost/intermediary"
	"gatepost/internal/authz"
	"gatepost/web/page"
)

// askedOutcomes is what may come of asking somebody; the last is that nobody had to.
func askedOutcomes() []string {
	return []string{"sent", "spoke", "noAnswer", "returned", intermediary.AskedTheirs}
}

func askingFields(*actPage) ([]field, error) {
	return []field{hidden("asking", intermediary.NewAskingID()), hidden("script", intermediary.ScriptVersion),
		{kind: "choice", name: "outcome", key: "casework.approach.outcome", options: askedOutcomes(), of: "casework.step."},
		{kind: "choice", name: "way", key: "casework.asking.way", options: intermediary.Ways(), of: "casework.way."},
		{kind: "text", name: "words", key: "casework.approach.words"}}, nil
}

func askingOf(p *actPage, form page.Form) intermediary.NewAsking {
	return intermediary.NewAsking{ID: form.Get("asking"), Of: p.Of, Outcome: form.Get("outcome"), Way: form.Get("way"), Script: form.Get("script"), Words: form.Get("words")}
}

// askingActs are the forms by which somebody is asked for their own word, and those
// by which it is written down: the adopted person's about an application (ISR 5A),
// and what whoever an item is about thinks of it (ACA 61(3), 62(3)).
func (room Room) askingActs() []act {
	answered := func(name string, answers []string, of string, do func(r *http.Request, p *actPage, form page.Form) error) act {
		return act{path: "/case/{id}/" + name + "/{of}", name: name, may: authz.Approach, load: ofRecord("", "ak", "subject"), sheet: "records-act", many: []string{"written"},
			keep: []string{"words", "evidence"}, dates: []string{"on"}, do: do,
			fields: func(p *actPage) ([]field, error) {
				return []field{{kind: "choice", name: "answer", key: "casework.consent.answer", options: answers, of: of},
					{kind: "line", name: "explainedBy", key: "casework.consent.explainedBy"}, {kind: "date", name: "on", key: "casework.consent.on"},
					yesNo("written", "casework.consent.written"), {kind: "text", name: "words", key: "casework.consent.words"}, evidence(),
					hidden("was", itoa(wordsOf(p, name))), hidden("views", itoa(newestOf(p.Case, askedSubject(p), "views")))}, nil
			}}
	}
	return []act{
		{path: "/case/{id}/askAdopted/{of}", name: "askAdopted", may: authz.Approach, load: ofAdoptedNamed, sheet: "asking", keep: []string{"words"}, fields: askingFields,
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.AskAdopted(r.Context(), p.actor, askingOf(p, form))
			}},
		answered("adoptedAnswer", intermediary.AdoptedAnswers(), "casework.value.apConsent.", func(r *http.Request, p *actPage, form page.Form) error {
			return room.Cases.RecordAdoptedConsent(r.Context(), p.actor, intermediary.AdoptedAnswer{Application: p.Case.ID, Answer: form.Get("answer"), Asked: p.Of,
				Was: number(form, "was"), Talk: talkOf(form)})
		}),
		{path: "/case/{id}/askViews/{of}", name: "askViews", may: authz.Approach, load: ofItemNamed, sheet: "asking", keep: []string{"words"}, fields: askingFields,
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.AskViews(r.Context(), p.actor, askingOf(p, form))
			}},
		answered("viewsAnswer", intermediary.ViewAnswers(), "casework.value.expressed.", func(r *http.Request, p *actPage, form page.Form) error {
			return room.Cases.RecordViews(r.Context(), p.actor, intermediary.ViewAnswer{Subject: askedSubject(p), Answer: form.Get("answer"), Asked: p.Of,
				Was: number(form, "was"), WasViews: number(form, "views"), Talk: talkOf(form)})
		}),
	}
}

// talkOf reads how an answer came about.
func talkOf(form page.Form) intermediary.ConsentTalk {
	on, _ := dayOf(form, "on")
	return intermediary.ConsentTalk{ExplainedBy: form.Get("explainedBy"), On: on, Written: form.Get("written") == "yes", Words: form.Get("words"),
		Evidence: linesOf(form.Get("evidence"))}
}

// askedSubject is the subject of the question of the path.
func askedSubject(p *actPage) string { return p.Back[strings.LastIndex(p.Back, "/")+1:] }

// wordsOf is the newest version of the fact that an answer states.
func wordsOf(p *actPage, name string) int {
	if name == "adoptedAnswer" {
		return newestOf(p.Case, string(p.Case.ID), "apConsent")
	}
	return newestOf(p.Case, askedSubject(p), "expressed")
}

// ofAdoptedNamed loads a subject of the case, and how the adopted person is called.
func ofAdoptedNamed(room Room, r *http.Request, p *actPage) error {
	if err := ofCase("subject", "sb")(room, r, p); err != nil {
		return err
	}
	p.Name = nameOf(p.Case.Adopted.Particulars)
	return nil
}

// ofItemNamed loads an item, and how the person is called whom it is about.
func ofItemNamed(room Room, r *http.Request, p *actPage) error {
	if err := ofItem(room, r, p); err != nil {
		return err
	}
	who, _ := personOf(p.Case, subjectOf(p.Case, p.Of))
	if p.Item != nil {
		who, _ = personOf(p.Case, p.Item.Subject)
	}
	p.Name = nameOf(who.Particulars)
	return nil
}
