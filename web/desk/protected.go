package desk

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"gatepost/letterbox"
	"gatepost/letterbox/screening"
	"gatepost/web/page"
)

// protectedPage is the words that letters of an exchange may not carry, or the
// form for one more.
type protectedPage struct {
	page.Base
	List   letterbox.Protected
	Groups []wordGroup
	Kinds  []page.Choice
	Whose  []page.Choice
	Told   []page.Choice
	Action string
}

// wordGroup is the words of one side, or of neither.
type wordGroup struct {
	Heading                   string
	Words, Suggested, LeftOut []wordLine
}

// wordLine is a word with the form of what can be done about it.
type wordLine struct {
	letterbox.ProtectedWord
	Label     string // what it is
	From      string // of a suggestion: where it is from
	Action    string
	Version   int
	FormToken string
}

// protected shows the words of an exchange. The service has the reading in the
// log before it gives them.
func (room Room) protected(w http.ResponseWriter, r *http.Request) error {
	p, err := room.protectedPage(r, "protected.title")
	if err != nil {
		return err
	}
	switch page.Query(r).Get("said") {
	case "on":
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("protected.saidOn")}
	case "out":
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("protected.saidOut")}
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/protected", p)
}

// newProtected shows the form for a word that the records do not say.
func (room Room) newProtected(w http.ResponseWriter, r *http.Request) error {
	p, err := room.protectedPage(r, "protected.new.title")
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/protected-new", p)
}

// protect puts a word on the list or leaves it out. What is refused comes back
// on the page that it came from, with what was typed.
func (room Room) protect(title, name string) page.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := idOf(r, "ex")
		if err != nil {
			return err
		}
		form, err := page.FormOf(r)
		if err != nil {
			return err
		}
		version, err := strconv.Atoi(form.Get("version"))
		if err != nil {
			version = -1 // that of no list
		}
		word := []letterbox.ProtectedWord{{Kind: screening.Kind(form.Get("kind")), Value: form.Get("value"), Of: letterbox.SideID(form.Get("of")),
			Told: form.Has("told"), Elsewhere: form.Has("elsewhere")}}
		on, out, said := word, []letterbox.ProtectedWord(nil), "on"
		if form.Get("do") == "out" {
			on, out, said = out, on, "out"
		}
		err = room.Letters.ChangeProtected(r.Context(), room.Actor(r), letterbox.ExchangeID(id), version, on, out)
		if err == nil {
			return page.SeeOther(w, r, "/exchange/"+id+"/list?said="+said)
		}
		p, opened := room.protectedPage(r, title)
		if opened != nil {
			return opened
		}
		if !p.Refused(form, err) {
			return err
		}
		if name == "desk/protected" {
			for i := range p.Summary {
				p.Summary[i].Field = "" // the list has buttons and no field to go to
			}
		}
		return room.Site.Render(w, r, statusOf(err), name, p)
	}
}

// protectedPage loads the words of an exchange for a page with the title.
func (room Room) protectedPage(r *http.Request, title string) (*protectedPage, error) {
	id, err := idOf(r, "ex")
	if err != nil {
		return nil, err
	}
	list, err := room.Letters.Protected(r.Context(), room.Actor(r), letterbox.ExchangeID(id))
	if err != nil {
		return nil, err
	}
	p := &protectedPage{Base: room.Site.Base(r, title), List: list, Action: "/exchange/" + id + "/list"}
	p.Back = "/exchange/" + id
	if title != "protected.title" {
		p.Back = p.Action
	}
	p.Told = []page.Choice{{Value: "yes", Text: p.Words.T("protected.new.told")}}
	for _, kind := range screening.Kinds() {
		p.Kinds = append(p.Kinds, page.Choice{Value: string(kind), Text: p.kind(kind)})
	}
	for _, side := range list.Sides {
		heading := p.Words.T("desk.book." + cmp.Or(side.Book, "birth"))
		if side.Names != "" {
			heading += ": " + side.Names
		}
		p.Whose = append(p.Whose, page.Choice{Value: string(side.ID), Text: heading})
		p.Groups = append(p.Groups, p.group(heading, side.ID))
	}
	p.Whose = append(p.Whose, page.Choice{Value: "", Text: p.Words.T("protected.neither")})
	p.Groups = append(p.Groups, p.group(p.Words.T("protected.neither"), ""))
	return p, nil
}

// kind is the words for what a protected word is.
func (p *protectedPage) kind(kind screening.Kind) string {
	return p.Words.T("protected.kind." + strings.ReplaceAll(string(kind), " ", ""))
}

// group gathers the words of a side.
func (p *protectedPage) group(heading string, of letterbox.SideID) wordGroup {
	g := wordGroup{Heading: heading}
	for _, w := range p.List.Words {
		if w.Of == of {
			g.Words = append(g.Words, p.line(w))
		}
	}
	for _, w := range p.List.Suggested {
		if w.Of == of {
			line := p.line(w.ProtectedWord)
			line.From = p.Words.T("protected.from."+string(w.From), "Name", w.Name)
			g.Suggested = append(g.Suggested, line)
		}
	}
	for _, w := range p.List.LeftOut {
		if w.Of == of {
			g.LeftOut = append(g.LeftOut, p.line(w))
		}
	}
	return g
}

func (p *protectedPage) line(w letterbox.ProtectedWord) wordLine {
	return wordLine{ProtectedWord: w, Label: p.kind(w.Kind), Action: p.Action, Version: p.List.Version, FormToken: p.FormToken}
}

// protectedRoutes are the pages of the words that letters may not carry.
func (room Room) protectedRoutes() []page.Route {
	return []page.Route{
		{Method: http.MethodGet, Pattern: "/exchange/{id}/list", Who: page.SignedIn, Page: "desk/protected", Handler: room.protected},
		{Method: http.MethodPost, Pattern: "/exchange/{id}/list", Who: page.SignedIn, Body: page.SmallBody, Handler: room.protect("protected.title", "desk/protected")},
		{Method: http.MethodGet, Pattern: "/exchange/{id}/list/new", Who: page.SignedIn, Page: "desk/protected-new", Handler: room.newProtected},
		{Method: http.MethodPost, Pattern: "/exchange/{id}/list/new", Who: page.SignedIn, Body: page.SmallBody, Handler: room.protect("protected.new.title", "desk/protected-new")},
	}
}
