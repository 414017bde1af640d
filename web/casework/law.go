package casework

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"gatepost/intermediary"
	"gatepost/internal/fault"
)

// lawView is what the law answers, as a page shows it.
type lawView struct {
	intermediary.Answer
	Of      string // sb… or it…
	Grounds []groundView
}

// groundView is one question that the answer rests on, and where it is answered.
type groundView struct {
	Question string
	Answer   string
	Known    bool
	Links    []linkView
}

// linkView is a link with its words.
type linkView struct{ Href, Text string }

// answerView gives an answer its words and its links. The questions and the
// reason are the law's own, but for the words that we have of what is asked.
func (room Room) answerView(b *base, c *intermediary.Case, of string, a intermediary.Answer) lawView {
	v := lawView{Answer: a, Of: of}
	for _, g := range a.Why {
		if g.Input == "acr" && slices.ContainsFunc(g.Facts, func(f intermediary.GroundRow) bool { return f.Name == "register" }) {
			v.Reason = b.Words.T("casework.looked.first") // the law's own words are of the Registrar General's register
		}
		view := groundView{Question: known(b, "casework.fact."+g.Input, g.Question), Known: g.Known}
		view.Answer = known(b, "casework.value."+g.Input+"."+g.Answer, g.Answer)
		if g.Input == "pair" {
			view.Answer = known(b, "casework.pair."+strings.ReplaceAll(g.Answer, ">", "to"), g.Answer)
		}
		for _, f := range g.Facts {
			on := f.On
			if f.Name == "wish" {
				on = subjectOf(c, of)
			}
			view.Links = append(view.Links, linkView{factPlace(c, on, f.Name), b.Words.T("casework.law.look")})
		}
		if g.Input == "apConsent" { // that they live, which it is made of too, is no answer
			view.Links = nil
		}
		if place := inputPlace(c, of, g.Input); len(view.Links) == 0 && place != "" {
			view.Links = append(view.Links, linkView{place, b.Words.T("casework.law.say")})
		}
		if len(view.Links) > 1 {
			view.Links = view.Links[len(view.Links)-1:]
		}
		v.Grounds = append(v.Grounds, view)
	}
	return v
}

// factPlace is the page on which a row is looked at and said anew.
func factPlace(c *intermediary.Case, on, name string) string {
	path := rootOf(c)
	switch name {
	case "order", "juris", "interviewRequired", "apAge", "appAge", "subjAge":
		return path + "/particulars/" + on
	case "approp":
		return path + "/proceed/" + on
	case "consent":
		return path + "/consent/" + on
	case "veto", "stop":
		return path + "/protection"
	case "aaa", "vetoAnswer", "acr", "acrNoContact":
		return path + "/enquiries"
	case "register", "wish":
		return path + "/register/" + on
	}
	return path + "/fact/" + on + "/" + name
}

// inputPlace is the page on which a question of the law is answered that nobody
// has answered yet; "" for what nobody states.
func inputPlace(c *intermediary.Case, of, input string) string {
	path := "/case/" + string(c.ID)
	subject := subjectOf(c, of)
	switch input {
	case "order", "juris", "regime", "interviewRequired", "apAge", "adoptedAdult":
		return factPlace(c, c.Adopted.ID, "order")
	case "appAge":
		return factPlace(c, string(c.ID), "appAge")
	case "reg11", "linkProven", "met", "idVerified", "repAuthority", "metVerified", "qualified":
		if input == "metVerified" {
			input = "met"
		}
		return factPlace(c, string(c.ID), input)
	case "apConsent":
		return path + "/askAdopted/" + subject
	case "cnsl", "req", "residence":
		return path + "/facts"
	case "twoPerson", "signoff":
		return path + "/check/" + of
	case "aaa", "veto", "vetoNow", "vetoFresh", "acr", "acrNoContact":
		return path + "/enquiries"
	case "provisionalStop":
		return path + "/protection"
	case "subjAge", "subjectVital", "evidence", "sixDecision", "asked", "approp":
		return factPlace(c, subject, input)
	case "consent", "reason":
		return factPlace(c, subject, "consent")
	case "jigsaw", "thirdConsent":
		return factPlace(c, of, input)
	}
	return ""
}

// ask asks the law about a subject or an item. That it was asked is written
// down; the answer permits nothing, each act asks again. Where something changed
// in this moment the page says that instead of an answer.
func (room Room) askLaw(r *http.Request, b *base, c *intermediary.Case, of string) (*lawView, error) {
	a, err := room.Cases.Ask(r.Context(), room.Actor(r), of)
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.Conflict {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v := room.answerView(b, c, of, a)
	return &v, nil
}
