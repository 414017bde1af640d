package family

import (
	"embed"
	"net/http"
	"slices"

	"gatepost/intermediary"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/account"
	"gatepost/web/page"
)

//go:embed templates
var files embed.FS

// Source is the templates of these pages, for page.NewRenderer.
func Source() page.Source { return page.Source{Room: "family", Files: files} }

// Room is what the pages work with. The composer fills every field before
// Routes; they are then only read.
type Room struct {
	Site    *page.Site
	Letters *letterbox.Service
	Cases   *intermediary.Service // whose files stand beside the letters
	// Actor gives who asks, as the site's Door found them.
	Actor func(*http.Request) authz.Actor
	// Leave ends the session and sends the browser away.
	Leave func(http.ResponseWriter, *http.Request) error
}

// Home is the first page after signing in.
const Home = "/letters"

// Nav is the navigation of these pages.
func Nav(authz.Actor) []page.NavItem {
	return []page.NavItem{{Key: "family.nav.letters", Href: Home}, {Key: "family.nav.account", Href: "/account"}}
}

// Routes is the table of the families' pages. All are for somebody who is
// signed in; whose letter it is, the service decides.
func Routes(room Room) []page.Route {
	get := func(pattern string, who page.Who, name string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Who: who, Page: name, Handler: h}
	}
	post := func(pattern string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Who: page.SignedIn, Body: page.SmallBody, Handler: h}
	}
	text := func(pattern, field string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Who: account.Writing, Body: page.TextBody, Keep: []string{field}, Handler: h}
	}
	add := page.Route{Method: http.MethodPost, Pattern: "/draft/{id}/photos", Who: account.Writing, Body: photoBody, Upload: photoField,
		Gate: room.photoGate, Handler: room.addPhoto}
	return slices.Concat(room.recordingRoutes(), []page.Route{
		get("/letters", page.SignedIn, "family/letters", room.letters),
		get("/side/{id}", page.SignedIn, "family/side", room.side),
		get("/side/{id}/copies", page.SignedIn, "family/copies", room.askCopies),
		get("/side/{id}/copies/print", page.SignedIn, "family/copies-print", room.copies),
		get("/side/{id}/messages", page.SignedIn, "family/messages", room.messages),
		get("/side/{id}/tell", account.Writing, "family/tell", room.askTell),
		text("/side/{id}/tell", messageField, room.tell),
		get("/side/{id}"+writeWithMe, page.SignedIn, "family/help", room.writeWithMe().show),
		post("/side/{id}"+writeWithMe, room.writeWithMe().ask),
		get("/side/{id}"+readToMe, page.SignedIn, "family/help", room.readToMe().show),
		post("/side/{id}"+readToMe, room.readToMe().ask),

		get("/write/{id}", account.Writing, "family/write", room.write),
		text("/write/{id}", textField, room.saveNew),
		get("/draft/{id}", account.Writing, "family/write", room.draft),
		text("/draft/{id}", textField, room.saveDraft),
		get("/draft/{id}/check", account.Writing, "family/check", room.check),
		post("/draft/{id}/send", room.send),
		get("/draft/{id}/delete", page.SignedIn, "family/delete", room.askDelete),
		post("/draft/{id}/delete", room.deleteDraft),
		get("/draft/{id}/photos", account.Writing, "family/photos", room.photos),
		add,
		get("/draft/{id}/photo/{photo}", account.Writing, "", room.draftPhoto),
		post("/draft/{id}/photo/{photo}/remove", room.removePhoto),

		get("/sent/{id}", page.SignedIn, "family/sent", room.sent),
		post("/sent/{id}/rewrite", room.rewrite),
		get("/sent/{id}/photo/{photo}", page.SignedIn, "", room.sentPhoto),
		get("/sent/{id}/withdraw", page.SignedIn, "family/withdraw", room.askWithdraw),
		post("/sent/{id}/withdraw", room.withdraw),
		get("/sent/{id}/agree", page.SignedIn, "family/agree", room.askAgree),
		post("/sent/{id}/agree", room.agree),
		get("/sent/{id}/again", page.SignedIn, "family/again", room.askAgain),
		post("/sent/{id}/again", room.secondOpinion),

		get("/letter/{id}", page.SignedIn, "family/cover", room.cover),
		post("/letter/{id}/open", room.open),
		post("/letter/{id}/keep", room.keep),
		get("/letter/{id}/read", page.SignedIn, "family/read", room.read),
		get("/letter/{id}/photo/{photo}", page.SignedIn, "", room.camePhoto(false)),
		get("/letter/{id}/photo/{photo}/keep", page.SignedIn, "", room.camePhoto(true)),
	})
}

// idOf reads the id in the path. Anything that has not the form of one is not
// there, and the database is not asked.
func idOf(r *http.Request, prefix string) (string, error) {
	id := r.PathValue("id")
	if !agency.ValidID(prefix, id) {
		return "", fault.New(fault.NotFound, "fault.notFound")
	}
	return id, nil
}
