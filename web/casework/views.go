package casework

import (
	"net/http"
	"slices"
	"strconv"

	"gatepost/intermediary"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// viewView is what somebody thinks of a decision or of the service.
type viewView struct {
	intermediary.OwnView
	Whose  whoView
	Letter *intermediary.CaseLetter // that told them the decision; nil for the case as a whole
}

// views loads what everybody of a case thinks, each beside the letter that it is
// about (NMS 16.5).
func (room Room) views(r *http.Request, p *casePage) ([]viewView, error) {
	said, err := room.Cases.Views(r.Context(), room.Actor(r), p.Case.ID)
	if err != nil {
		return nil, err
	}
	list := make([]viewView, len(said))
	for i, v := range said {
		list[i] = viewView{OwnView: v, Whose: p.whose(string(v.File))}
		of := slices.IndexFunc(p.Case.Letters, func(l intermediary.CaseLetter) bool { return l.ID == v.Of && l.File == string(v.File) && v.Of != "" })
		if of >= 0 {
			list[i].Letter = &p.Case.Letters[of]
		}
	}
	return list, nil
}

// letterView is a letter of ours with what its reader thinks of it.
type letterView struct {
	intermediary.CaseLetter
	Whose whoView
	Views []viewView
}

// letterViews puts the views under the letters that they are about.
func letterViews(p *casePage, views []viewView) []letterView {
	list := make([]letterView, len(p.Case.Letters))
	for i, l := range p.Case.Letters {
		list[i] = letterView{CaseLetter: l, Whose: p.whose(l.File)}
		for _, v := range views {
			if v.Letter != nil && v.Letter.ID == l.ID {
				list[i].Views = append(list[i].Views, v)
			}
		}
	}
	return list
}

// opinionRoutes is the table of the page of what people said of the service.
func (room Room) opinionRoutes() []page.Route {
	return []page.Route{get("/opinions", "casework/opinions", room.opinions)}
}

// opinionsPage is what people said of the service in the last year, taken
// together: nothing where it would tell what one person thinks.
type opinionsPage struct {
	base
	intermediary.Opinion
	Marks []lineView
	Said  []string
}

func (room Room) opinions(w http.ResponseWriter, r *http.Request) error {
	actor := room.Actor(r)
	if err := actor.May(authz.SeeOpinions); err != nil {
		return err
	}
	p := &opinionsPage{base: room.base(r, "casework.opinions.title")}
	p.Back = "/cases"
	var err error
	if p.Opinion, err = room.Cases.Opinions(r.Context(), actor); err != nil {
		return err
	}
	if p.Said, err = room.Cases.OpinionWords(r.Context(), actor); err != nil {
		return err
	}
	for _, m := range []struct {
		key  string
		mean float64
	}{{"casework.opinions.listened", p.Listened}, {"casework.opinions.explained", p.Explained}, {"casework.opinions.respected", p.Respected}} {
		text := p.Words.T("casework.opinions.few")
		if m.mean > 0 {
			text = p.Words.T("casework.opinions.mean", "Mean", strconv.FormatFloat(m.mean, 'f', 1, 64))
		}
		p.Marks = append(p.Marks, lineView{Label: p.Words.T(m.key), Text: text})
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/opinions", p)
}

// noteActs is the form in which a worker writes down what changes nothing else:
// fact, opinion and what somebody told are three notes (NMS 27).
func (room Room) noteActs() []act {
	return []act{
		{path: "/case/{id}/write/{of}", name: "write", may: authz.StateFact, load: withRecords(ofCase("history", "ap", "sb")), keep: []string{"words", "from"}, dates: []string{"day"},
			fields: func(p *actPage) ([]field, error) {
				return []field{hidden("was", itoa(newestRecord(p.Records, p.Of, "note"))),
					{kind: "choice", name: "said", key: "casework.said.which", options: []string{"fact", "opinion", "thirdParty"}, of: "casework.said."},
					{kind: "line", name: "from", key: "casework.write.from"}, {kind: "date", name: "day", key: "casework.write.day"},
					{kind: "text", name: "words", key: "casework.write.words", rows: 6}}, nil
			},
			do: func(r *http.Request, p *actPage, form page.Form) error {
				day, ok := dayOf(form, "day")
				if !ok {
					return fault.Field("day", "fault.casework.day")
				}
				return room.Cases.WriteNote(r.Context(), p.actor, intermediary.NewNote{On: p.Of, Was: number(form, "was"), Said: intermediary.Said(form.Get("said")),
					Day: noon(day), From: form.Get("from"), Words: form.Get("words")})
			}},
	}
}
