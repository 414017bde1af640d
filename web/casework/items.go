package casework

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"gatepost/intermediary"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// itemRoutes is the table of the pages about what might be given.
func (room Room) itemRoutes() []page.Route {
	return []page.Route{
		get("/case/{id}/items", "casework/items", room.items),
		get("/case/{id}/item/{of}", "casework/item", room.item),
	}
}

// itemsPage is everything that might be given in a case, and what was given.
type itemsPage struct {
	*casePage
	Items    []intermediary.Item
	Released []intermediary.Release
}

func (room Room) items(w http.ResponseWriter, r *http.Request) error {
	base, err := room.casePage(r, "casework.items.title")
	if err != nil {
		return err
	}
	p := &itemsPage{casePage: base}
	if p.Items, p.Released, err = room.Cases.Items(r.Context(), room.Actor(r), base.Case.ID); err != nil {
		return err
	}
	// What waits comes first.
	given := slices.DeleteFunc(slices.Clone(p.Items), func(i intermediary.Item) bool { return !i.Given })
	p.Items = append(slices.DeleteFunc(p.Items, func(i intermediary.Item) bool { return i.Given }), given...)
	return room.Site.Render(w, r, http.StatusOK, "casework/items", p)
}

// itemPage is one thing that might be given, beside everything that was given
// before, with what stands in the way.
type itemPage struct {
	*casePage
	Item     intermediary.Item
	Released []intermediary.Release
	Facts    []factLine
	Law      *lawView
}

func (room Room) item(w http.ResponseWriter, r *http.Request) error {
	base, err := room.casePage(r, "casework.item.title")
	if err != nil {
		return err
	}
	p := &itemPage{casePage: base}
	p.Back += "/items"
	actor := room.Actor(r)
	list, released, err := room.Cases.Items(r.Context(), actor, base.Case.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(i intermediary.Item) bool { return i.ID == r.PathValue("of") })
	if i < 0 {
		return notThere()
	}
	p.Item, p.Released = list[i], released
	for _, name := range factNames("item") {
		p.Facts = append(p.Facts, lineOf(base.Case, p.Item.ID, name, actor.Account()))
	}
	if !p.Item.Given && !p.Item.Unread && base.Case.State == "open" {
		if p.Law, err = room.askLaw(r, &p.base, base.Case, p.Item.ID); err != nil {
			return err
		}
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/item", p)
}

// ofItem loads the case and one thing of it that might be given.
func ofItem(room Room, r *http.Request, p *actPage) error {
	if err := ofCase("")(room, r, p); err != nil {
		return err
	}
	list, released, err := room.Cases.Items(r.Context(), room.Actor(r), p.Case.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(i intermediary.Item) bool { return i.ID == p.Of })
	if i < 0 {
		return notThere()
	}
	p.Item, p.Released = &list[i], released
	p.Back += "/item/" + p.Of
	return nil
}

// itemActs are the forms about what might be given.
func (room Room) itemActs() []act {
	return []act{
		{path: "/case/{id}/prepare/{of}", name: "prepare", may: authz.PrepareItem, load: ofCase("items", "sb"), keep: []string{"words", "ground", "from"}, many: []string{"identifying"},
			fields: func(*actPage) ([]field, error) {
				return append([]field{hidden("item", agency.NewID("it")),
					{kind: "choice", name: "kind", key: "casework.item.kind", options: intermediary.ItemKinds(), of: "casework.kind."},
					{kind: "choice", name: "about", key: "casework.item.about", options: intermediary.ItemAbouts(), of: "casework.itemAbout."},
					yesNo("identifying", "casework.item.identifying")}, itemWords(intermediary.Item{})...), nil
			},
			do: func(r *http.Request, p *actPage, form page.Form) error {
				_, err := room.Cases.PrepareItem(r.Context(), p.actor, intermediary.NewItem{ID: form.Get("item"), Subject: p.Of, Kind: form.Get("kind"), About: form.Get("about"),
					Identifying: form.Get("identifying") == "yes", Words: form.Get("words"), Ground: form.Get("ground"), From: form.Get("from")})
				return err
			}},
		{path: "/case/{id}/amend/{of}", name: "amend", may: authz.PrepareItem, load: ofItem, keep: []string{"words", "ground", "from"},
			fields: func(p *actPage) ([]field, error) {
				return append(itemWords(*p.Item), hidden("was", itoa(p.Item.Version))), nil
			},
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.AmendItem(r.Context(), p.actor, intermediary.Amendment{Item: p.Of, Was: number(form, "was"), Words: form.Get("words"),
					Ground: form.Get("ground"), From: form.Get("from")})
			}},
		{path: "/case/{id}/check/{of}", name: "check", may: authz.CheckItem, load: ofItem, sheet: "item-act",
			fields: func(p *actPage) ([]field, error) { return []field{hidden("version", itoa(p.Item.Version))}, nil },
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.CheckItem(r.Context(), p.actor, p.Of, number(form, "version"))
			}},
		{path: "/case/{id}/agreement", name: "agreement", may: authz.PrepareItem, load: ofCase("items"), keep: []string{"words"}, dates: []string{"on"},
			fields: fields(field{kind: "date", name: "on", key: "casework.agreement.on"}, field{kind: "text", name: "words", key: "casework.agreement.words"}),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				on, _ := dayOf(form, "on")
				return room.Cases.RecordAgreement(r.Context(), p.actor, intermediary.NewAgreement{Application: p.Case.ID, On: on, Words: form.Get("words")})
			}},
		{path: "/case/{id}/disclose/{of}", name: "disclose", may: authz.Disclose, load: ofItem, sheet: "item-act", code: true, do: room.disclose},
		{path: "/case/{id}/refuse/{of}", name: "refuse", may: authz.Disclose, load: ofRefusal, keep: []string{"reasons", "letter"},
			fields: func(p *actPage) ([]field, error) {
				return []field{{kind: "text", name: "reasons", key: "casework.end.reasons", rows: 5},
					{kind: "text", name: "letter", key: "casework.end.letter", rows: 10, value: p.Words.T("casework.refuse.words")}}, nil
			},
			do: func(r *http.Request, p *actPage, form page.Form) error {
				_, _, err := room.Cases.Refuse(r.Context(), p.actor, intermediary.Refusal{Of: p.Of, Reasons: form.Get("reasons"), Letter: form.Get("letter")})
				return err
			}},
	}
}

// itemWords are the fields of an item's words.
func itemWords(i intermediary.Item) []field {
	return []field{{kind: "text", name: "words", key: "casework.item.words", value: i.Words, rows: 6}, {kind: "text", name: "ground", key: "casework.item.ground", value: i.Ground},
		{kind: "text", name: "from", key: "casework.item.from", value: i.From}}
}

// ofRefusal loads what is refused: one thing, or everything about somebody.
func ofRefusal(room Room, r *http.Request, p *actPage) error {
	if strings.HasPrefix(r.PathValue("of"), "it") {
		return ofItem(room, r, p)
	}
	return ofCase("subject", "sb")(room, r, p)
}

// disclose gives one thing. Where the law does not let it be given the page says
// which row that is, and shows what it rests on.
func (room Room) disclose(r *http.Request, p *actPage, form page.Form) error {
	_, err := room.Cases.Disclose(r.Context(), p.actor, []string{p.Of}, form.Get("code"))
	if refused, ok := errors.AsType[*intermediary.Refused](err); ok {
		v := room.answerView(&p.base, p.Case, p.Of, refused.Answer)
		p.Sheet = &v
		return fault.New(fault.Conflict, "fault.casework.askAgain")
	}
	return err
}
