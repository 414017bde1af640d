package casework

import "gatepost/web/page"

// caseRoutes is the table of the pages about cases.
func (room Room) caseRoutes() []page.Route {
	return []page.Route{
		get("/case/new", "casework/new", room.newCase),
		post("/case/new", room.openCase, "so-far"),
	}
}
