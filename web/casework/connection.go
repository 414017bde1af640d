package casework

import (
	"net/http"

	"gatepost/intermediary"
	"gatepost/internal/authz"
	"gatepost/web/page"
)

// connectionsPage is who may not work on a case.
type connectionsPage struct {
	*casePage
	List []intermediary.Connection
	Root string // of the case, or of the record without one
}

// connectionRoutes is the table of the page that shows it; the form is an act.
func (room Room) connectionRoutes() []page.Route {
	return []page.Route{get("/case/{id}/connections", "casework/connections", room.connections),
		get("/record/{id}/connections", "casework/connections", room.recordConnections)}
}

func (room Room) connections(w http.ResponseWriter, r *http.Request) error {
	base, err := room.casePage(r, "casework.connections.title")
	if err != nil {
		return err
	}
	list, err := room.Cases.Connections(r.Context(), room.Actor(r), base.Case.ID)
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/connections", &connectionsPage{casePage: base, List: list.List, Root: rootOf(base.Case)})
}

// recordConnections is the same of a record.
func (room Room) recordConnections(w http.ResponseWriter, r *http.Request) error {
	rec, err := room.loadRecord(r)
	if err != nil {
		return err
	}
	list, err := room.Cases.RecordConnections(r.Context(), room.Actor(r), rec.ID)
	if err != nil {
		return err
	}
	p := &connectionsPage{casePage: &casePage{base: room.base(r, "casework.connections.title"), Case: alone(rec)}, List: list.List}
	p.Root = rootOf(p.Case)
	p.Back = p.Root
	return room.Site.Render(w, r, http.StatusOK, "casework/connections", p)
}

// connectionActs is the form that says who knows somebody. Whoever says it of
// themself sees the case no more and comes back to the list.
func (room Room) connectionActs() []act {
	return []act{{path: "/case/{id}/connected", name: "connected", may: authz.ConnectCase, load: room.ofColleagues, keep: []string{"why"},
		fields: func(p *actPage) ([]field, error) {
			list, _ := p.Sheet.(intermediary.Connections)
			choices := []page.Choice{{Value: p.actor.Account(), Text: p.Words.T("casework.connected.me")}}
			for _, c := range list.Colleagues {
				if c.ID == p.actor.Account() {
					continue
				}
				name := c.Name
				if name == "" {
					name = p.Words.T("casework.noName")
				}
				choices = append(choices, page.Choice{Value: c.ID, Text: name})
			}
			return []field{{kind: "choice", name: "worker", key: "casework.connected.who", choices: choices}, why("casework.connected.why")}, nil
		},
		do: func(r *http.Request, p *actPage, form page.Form) error {
			worker := form.Get("worker")
			if worker == p.actor.Account() {
				p.Back = "/cases"
			}
			n := intermediary.NewConnection{Application: p.Case.ID, Worker: worker, Why: form.Get("why")}
			if p.Record != nil {
				n.Adopted = p.Record.ID
			}
			err := room.Cases.StateConnection(r.Context(), p.actor, n)
			if err != nil {
				p.Back = rootOf(p.Case) + "/connections"
			}
			return err
		}}}
}

// ofColleagues loads the case and of whom it can be said.
func (room Room) ofColleagues(_ Room, r *http.Request, p *actPage) error {
	if err := ofCase("connections")(room, r, p); err != nil {
		return err
	}
	list, err := room.Cases.Connections(r.Context(), p.actor, p.Case.ID)
	p.Sheet = list
	return err
}

// ofItsColleagues loads a record and of whom it can be said.
func (room Room) ofItsColleagues(_ Room, r *http.Request, p *actPage) error {
	if err := onRecord()(room, r, p); err != nil {
		return err
	}
	p.Back += "/connections"
	list, err := room.Cases.RecordConnections(r.Context(), p.actor, p.Record.ID)
	p.Sheet = list
	return err
}
