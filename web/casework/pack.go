package casework

import (
	"net/http"
	"slices"
	"time"

	"gatepost/intermediary"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// packPage is what was given to an applicant who reads on paper: the letter, a
// sheet with their address, and how it stands with the post.
type packPage struct {
	*casePage
	intermediary.Pack
	Reads     bool // they have an account, and can read it there
	Protected bool // somebody of this case is protected
}

// packRoutes is the table of the page that is printed.
func (room Room) packRoutes() []page.Route {
	return []page.Route{
		get("/case/{id}/print/{of}", "casework/pack", room.printPack),
		post("/case/{id}/posted/{of}", room.posted),
	}
}

// packOf opens what was given in the case of the path. The service has written
// the reading down before.
func (room Room) packOf(r *http.Request, c *intermediary.Case) (intermediary.Pack, error) {
	id := r.PathValue("of")
	if !agency.ValidID("dc", id) {
		return intermediary.Pack{}, notThere()
	}
	given, err := room.Cases.PrintPack(r.Context(), room.Actor(r), id)
	if err == nil && given.File != string(c.ID) {
		return intermediary.Pack{}, notThere()
	}
	return given, err
}

func (room Room) printPack(w http.ResponseWriter, r *http.Request) error {
	if err := room.Actor(r).May(authz.Disclose); err != nil {
		return err
	}
	base, err := room.casePage(r, "casework.pack.title")
	if err != nil {
		return err
	}
	if base.Case.Unread {
		return fault.New(fault.Sealed, "fault.sealed")
	}
	p := &packPage{casePage: base}
	p.Back, p.Wide = "/case/"+string(base.Case.ID)+"/items", false
	if p.Pack, err = room.packOf(r, base.Case); err != nil {
		return err
	}
	p.Reads = slices.ContainsFunc(base.Case.Applicant.Parties, func(party intermediary.Party) bool { return party.State == "active" && party.Open })
	all, err := room.Cases.Records(r.Context(), room.Actor(r), base.Case.ID)
	if err != nil {
		return err
	}
	p.Protected = protected(base.Case, all)
	return room.Site.Render(w, r, http.StatusOK, "casework/pack", p)
}

// protected tells whether somebody of a case is protected now: a request that no
// manager has ended, a veto in force, or work that was stopped.
func protected(c *intermediary.Case, all []intermediary.Record) bool {
	newest := newestRecord(all, c.Adopted.ID, "veto")
	return slices.ContainsFunc(c.Subjects, func(s intermediary.Person) bool { return s.State == "stopped" }) ||
		slices.ContainsFunc(all, func(r intermediary.Record) bool {
			return r.What == "stop" && !r.Ended || r.What == "veto" && r.Version == newest && (r.InForce || r.Unread)
		})
}

// posted writes down that it was posted today. A second press finds it done.
func (room Room) posted(w http.ResponseWriter, r *http.Request) error {
	if err := room.Actor(r).May(authz.Disclose); err != nil {
		return err
	}
	base, err := room.casePage(r, "casework.pack.title")
	if err != nil {
		return err
	}
	given, err := room.packOf(r, base.Case)
	if err != nil {
		return err
	}
	if err := room.Cases.MarkPosted(r.Context(), room.Actor(r), given.ID); err != nil {
		return err
	}
	return page.SeeOther(w, r, "/case/"+given.File+"/print/"+given.ID)
}

// packActs is the form for the receipt that came back.
func (room Room) packActs() []act {
	return []act{
		{path: "/case/{id}/receipt/{of}", name: "receipt", may: authz.Disclose, load: room.ofPack, dates: []string{"on"},
			fields: fields(field{kind: "date", name: "on", key: "casework.receipt.on"}),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				on, _ := dayOf(form, "on")
				return room.Cases.MarkReceived(r.Context(), p.actor, p.Of, noon(on))
			}},
	}
}

// ofPack loads the case and what was given in it.
func (room Room) ofPack(_ Room, r *http.Request, p *actPage) error {
	if err := ofCase("items")(room, r, p); err != nil {
		return err
	}
	if _, err := room.packOf(r, p.Case); err != nil {
		return err
	}
	p.Back = "/case/" + string(p.Case.ID) + "/print/" + p.Of
	return nil
}

// noon is the same day in the agency's time; zero stays zero.
func noon(day time.Time) time.Time {
	if day.IsZero() {
		return day
	}
	return day.Add(12 * time.Hour)
}
