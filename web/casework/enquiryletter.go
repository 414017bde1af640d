package casework

import (
	"net/http"
	"slices"

	"gatepost/intermediary"
	"gatepost/web/page"
)

// letterPage is an enquiry to print, for an agency, a registrar or a court that is
// not on this deployment.
type letterPage struct {
	base
	*intermediary.Enquiry
	ToAgency12 bool // the questions of regulation 12 are asked, the veto first
}

// letterRoutes is the table of the page that is printed.
func (room Room) letterRoutes() []page.Route {
	return []page.Route{get("/enquiry/{id}/letter", "casework/enquiry-letter", room.enquiryLetter)}
}

// enquiryLetter is the letter of an enquiry that went by post or mail. One that went
// from agency to agency has none: what is asked there is sealed.
func (room Room) enquiryLetter(w http.ResponseWriter, r *http.Request) error {
	e, err := room.loadEnquiry(r)
	if err != nil {
		return err
	}
	if e.ToAgency != "" || e.Unread {
		return notThere()
	}
	p := &letterPage{base: room.base(r, "casework.enquiryLetter.title"), Enquiry: e, ToAgency12: slices.Contains(e.Questions, intermediary.AskVeto)}
	p.Back = "/enquiry/" + string(e.ID)
	return room.Site.Render(w, r, http.StatusOK, "casework/enquiry-letter", p)
}
