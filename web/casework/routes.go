package casework

import (
	"embed"
	"net/http"
	"slices"

	"gatepost/intermediary"
	"gatepost/internal/account"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

//go:embed templates
var files embed.FS

// Source is the templates of these pages, for page.NewRenderer.
func Source() page.Source { return page.Source{Room: "casework", Files: files} }

// Room is what the pages work with. The composer fills every field before
// Routes; they are then only read.
type Room struct {
	Site     *page.Site
	Cases    *intermediary.Service
	Letters  *letterbox.Service
	Accounts *account.Service
	Agencies *agency.Registry
	// Actor gives who asks, as the site's Door found them.
	Actor func(*http.Request) authz.Actor
	// Address is where people of that tier sign in to that agency, as it is
	// printed on an invitation: with the scheme, without a path.
	Address func(agencyID string, tier authz.Tier) string
}

// Routes is the table of these pages. All are for a signed-in worker of the
// agency; which worker, the service decides for each act.
func Routes(room Room) []page.Route {
	tables := [][]page.Route{room.caseRoutes(), room.enquiryRoutes(), room.letterRoutes(), room.connectionRoutes(), room.recordRoutes(), room.itemRoutes(), room.packRoutes(), room.messageRoutes(), room.opinionRoutes(), room.intakeRoutes(), room.identityRoutes(), room.flagRoutes(), room.adoptedRoutes(), room.registerRoutes()}
	for _, a := range room.acts() {
		tables = append(tables, room.actRoutes(a))
	}
	return slices.Concat(tables...)
}

// get is a line of the table for a page.
func get(pattern, name string, h page.HandlerFunc) page.Route {
	return page.Route{Method: http.MethodGet, Pattern: pattern, Who: page.SignedIn, Page: name, Handler: h}
}

// post is a line of the table for a form; keep names its fields of free text.
func post(pattern string, h page.HandlerFunc, keep ...string) page.Route {
	return page.Route{Method: http.MethodPost, Pattern: pattern, Who: page.SignedIn, Body: formBody, Keep: keep, Handler: h}
}

// formBody is the limit of a form with a worker's own words: a text in it is at
// most 20 KiB, and a byte takes up to six in a form.
const formBody int64 = 256 << 10

// idOf reads an id in the path. Anything that has not the form of one is not
// there, and the database is not asked.
func idOf(r *http.Request, name, prefix string) (string, error) {
	id := r.PathValue(name)
	if !agency.ValidID(prefix, id) {
		return "", notThere()
	}
	return id, nil
}

func notThere() error { return fault.New(fault.NotFound, "fault.notFound") }

// statusOf is the status of a page that shows err beside what was typed.
func statusOf(err error) int {
	if fault.KindOf(err) == fault.Conflict {
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}
