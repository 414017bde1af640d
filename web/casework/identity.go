package casework

import (
	"fmt"
	"net/http"
	"strconv"

	"gatepost/intermediary"
	"gatepost/internal/authz"
	"gatepost/web/page"
)

// scanBody is the limit of a form with a picture: the largest that the service
// takes, the rest of the form, and a little, so that one slightly too large is
// told so.
const scanBody = 20<<20 + page.TextBody + 1<<18

// identityPage is who the applicant is, how that was shown, and what is left of
// the copies of their documents.
type identityPage struct {
	*factsPage
	Scans intermediary.Scans
	Days  int // for how long a copy is kept after it was settled
}

func (room Room) identityRoutes() []page.Route {
	return []page.Route{
		get("/case/{id}/identity", "casework/identity", room.identity),
		get("/case/{id}/scan/{version}", "", room.scan),
	}
}

// identity shows the facts of who the applicant is and how that was shown, and
// the copies.
func (room Room) identity(w http.ResponseWriter, r *http.Request) error {
	facts, err := room.factsPage(r, "casework.identity.title", func(name string) bool {
		switch name {
		case "met", "idVerified", "reg11", "linkProven", "repAuthority", "appAge":
			return true
		}
		return false
	})
	if err != nil {
		return err
	}
	p := &identityPage{factsPage: facts, Days: intermediary.ScanSettled}
	if p.Scans, err = room.Cases.Scans(r.Context(), room.Actor(r), facts.Case.ID); err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/identity", p)
}

// identityActs is the form in which a copy is added.
func (room Room) identityActs() []act {
	return []act{{path: "/case/{id}/scan", name: "scan", may: authz.StateFact, load: room.ofScans, sheet: "scan", keep: []string{"what"}, upload: "scan", body: scanBody,
		fields: func(p *actPage) ([]field, error) {
			return []field{{kind: "line", name: "what", key: "casework.scan.what"}}, nil
		},
		do: func(r *http.Request, p *actPage, form page.Form) error {
			return room.Cases.AddScan(r.Context(), p.actor, intermediary.NewScan{Application: p.Case.ID, What: form.Get("what"), Picture: page.FileOf(r), Was: number(form, "was")})
		}}}
}

// scansView is what the form of a copy carries of those that are there.
type scansView struct {
	Was   int
	Again bool // the form came back, and a browser does not keep the file
}

// ofScans loads the case and counts its copies, as the page shows them.
func (room Room) ofScans(_ Room, r *http.Request, p *actPage) error {
	if err := ofCase("identity")(room, r, p); err != nil {
		return err
	}
	scans, err := room.Cases.Scans(r.Context(), room.Actor(r), p.Case.ID)
	if err != nil {
		return err
	}
	v := scansView{Again: r.Method == http.MethodPost}
	if n := len(scans.List); n > 0 {
		v.Was = scans.List[n-1].Version
	}
	p.Sheet = v
	return nil
}

// scan sends the picture of a copy: of one of the three kinds that the service
// knows, which no browser takes for a page.
func (room Room) scan(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "id", "ap")
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(r.PathValue("version"))
	if err != nil || version < 1 || version > intermediary.MaxScans {
		return notThere()
	}
	content, kind, err := room.Cases.Scan(r.Context(), room.Actor(r), intermediary.ApplicationID(id), version)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", "inline")
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	if _, err := w.Write(content); err != nil {
		return fmt.Errorf("send a copy: %w", err)
	}
	return nil
}
