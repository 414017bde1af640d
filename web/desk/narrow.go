package desk

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// narrow is how a worker narrows the desk. Its address carries age and kind; a
// name or a reference is posted, and is in no address, which browsers keep and
// proxies log.
type narrow struct{ age, kind, find string }

// letterAges and letterKinds are the choices, the first of each for every letter. Their
// words stand in the catalogue as "desk.narrow.<choice>".
func letterAges() []string { return []string{"anyAge", "long", "late"} }

func letterKinds() []string { return []string{"anyKind", "mine", "paper", "second", "rewrite"} }

// narrowOf reads the choices of a form or a query. What is no choice is none.
func narrowOf(form page.Form) narrow {
	n := narrow{form.Get("age"), form.Get("kind"), strings.ToLower(strings.Join(strings.Fields(form.Get("find")), " "))}
	if !slices.Contains(letterAges()[1:], n.age) {
		n.age = ""
	}
	if !slices.Contains(letterKinds()[1:], n.kind) {
		n.kind = ""
	}
	return n
}

// query is what the address of a narrowed desk says after the tray, or "".
func (n narrow) query() (query string) {
	if n.age != "" {
		query += "&age=" + n.age
	}
	if n.kind != "" {
		query += "&kind=" + n.kind
	}
	return query
}

// of gives the letters that are looked for.
func (n narrow) of(lines []letterbox.DeskLine) []letterbox.DeskLine {
	return slices.DeleteFunc(slices.Clone(lines), func(l letterbox.DeskLine) bool { return !n.holds(l) })
}

func (n narrow) holds(l letterbox.DeskLine) bool {
	if n.age == "late" && !l.Late || n.age == "long" && !l.Late && !l.Amber {
		return false
	}
	switch n.kind {
	case "mine":
		if !l.Mine {
			return false
		}
	case "paper":
		if !l.Paper {
			return false
		}
	case "second":
		if !undecided(l) || !l.Second && !l.ReadFirst {
			return false
		}
	case "rewrite":
		if !l.Rewrite {
			return false
		}
	}
	// A line of a restricted case has no names.
	return slices.ContainsFunc([]string{l.Reference, l.From, l.Children}, func(s string) bool { return strings.Contains(strings.ToLower(s), n.find) })
}

// options makes the choices of a field.
func (p *deskPage) options(choices []string) (list []page.Choice) {
	for _, c := range choices {
		list = append(list, page.Choice{Value: c, Text: p.Words.T("desk.narrow." + c)})
	}
	return list
}

// Ages and Kinds are the choices of the form.
func (p *deskPage) Ages() []page.Choice { return p.options(letterAges()) }

// Kinds are explained at Ages.
func (p *deskPage) Kinds() []page.Choice { return p.options(letterKinds()) }

// narrowDesk shows what was asked for. Where no name was, that is an address,
// which the page keeps when it loads itself again; with one it answers the POST
// itself, over all trays, and does not load itself again.
func (room Room) narrowDesk(w http.ResponseWriter, r *http.Request) error {
	if err := room.Actor(r).May(authz.SeeDesk); err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	n := narrowOf(form)
	if n.find == "" {
		return page.SeeOther(w, r, "/desk?show="+url.QueryEscape(form.Get("show"))+n.query())
	}
	return room.showDesk(w, r, form)
}
