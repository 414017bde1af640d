package casework

import (
	"net/http"
	"slices"

	"gatepost/intermediary"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/web/page"
)

// textsPage says which texts of the law wait to be read before two people may
// sign the rows that rest on them, and who has read them.
type textsPage struct {
	base
	Flags []flagView
}

// flagView is an open question with what was said about it.
type flagView struct {
	intermediary.Flag
	Address string // where the text is printed
	Me      string // the worker who looks
}

// textAddresses are where the texts stand that the open questions name. They are
// printed and no link: the page of a case leads nowhere else.
func textAddress(question string) string {
	switch question {
	case "OQ1":
		return "www.legislation.gov.uk/uksi/2005/890/regulation/5A"
	case "OQ9":
		return "www.legislation.gov.uk/wsi/2005/2701"
	}
	return ""
}

func (room Room) flagRoutes() []page.Route {
	return []page.Route{get("/texts", "casework/texts", room.texts)}
}

func (room Room) texts(w http.ResponseWriter, r *http.Request) error {
	flags, err := room.Cases.Flags(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	p := &textsPage{base: room.base(r, "casework.texts.title")}
	p.Back, p.Wide = "/cases", true
	for _, f := range flags {
		p.Flags = append(p.Flags, room.flagView(r, f))
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/texts", p)
}

func (room Room) flagView(r *http.Request, f intermediary.Flag) flagView {
	return flagView{Flag: f, Address: textAddress(f.Question), Me: room.Actor(r).Account()}
}

// flagActs are the forms in which somebody says that they have read a text, and
// in which a manager ends what was opened by it.
func (room Room) flagActs() []act {
	reading := func() []field {
		return []field{{kind: "line", name: "text", key: "casework.texts.which"}, {kind: "text", name: "why", key: "casework.texts.why", rows: 5}}
	}
	read := func(form page.Form) intermediary.NewReading {
		return intermediary.NewReading{Text: form.Get("text"), Why: form.Get("why")}
	}
	return []act{
		{path: "/texts/{of}/read", name: "textRead", may: authz.ReadLaw, load: ofQuestion, sheet: "text", keep: []string{"text", "why"}, fields: fields(reading()...),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				_, err := room.Cases.SetFlag(r.Context(), p.actor, p.Of, read(form))
				return err
			}},
		{path: "/texts/{of}/second", name: "textSecond", may: authz.ReadLaw, load: ofSetting, sheet: "text", keep: []string{"text", "why"}, fields: fields(reading()...),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.ConfirmFlag(r.Context(), p.actor, p.Of, read(form))
			}},
		{path: "/texts/{of}/end", name: "textEnd", may: authz.EndFlag, load: ofSetting, sheet: "text", keep: []string{"why"}, fields: fields(why("casework.reasons")),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.EndFlag(r.Context(), p.actor, p.Of, form.Get("why"))
			}},
	}
}

// ofQuestion loads an open question that has a flag.
func ofQuestion(room Room, r *http.Request, p *actPage) error {
	return room.ofFlag(r, p, func(f intermediary.Flag) bool { return f.Question == p.Of })
}

// ofSetting loads the open question of which somebody has read the text.
func ofSetting(room Room, r *http.Request, p *actPage) error {
	if !agency.ValidID("lf", r.PathValue("of")) {
		return notThere()
	}
	return room.ofFlag(r, p, func(f intermediary.Flag) bool { return f.Now != nil && f.Now.ID == p.Of })
}

func (room Room) ofFlag(r *http.Request, p *actPage, is func(intermediary.Flag) bool) error {
	p.Of, p.Back = r.PathValue("of"), "/texts"
	flags, err := room.Cases.Flags(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(flags, is)
	if i < 0 {
		return notThere()
	}
	p.Sheet = room.flagView(r, flags[i])
	return nil
}
