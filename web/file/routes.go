package file

import (
	"embed"
	"net/http"

	"gatepost/intermediary"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/account"
	"gatepost/web/page"
)

//go:embed templates
var files embed.FS

// Source is the templates of these pages, for page.NewRenderer.
func Source() page.Source { return page.Source{Room: "file", Files: files} }

// Room is what the pages work with. The composer fills every field before
// Routes; they are then only read.
type Room struct {
	Site  *page.Site
	Cases *intermediary.Service
	// Actor gives who asks, as the site's Door found them.
	Actor func(*http.Request) authz.Actor
}

// Home is where somebody comes after signing in: the front page of the tier, on
// which their files stand beside their letters.
const Home = "/letters"

// Routes is the table of these pages. All are for somebody who is signed in;
// whose file it is, the service decides.
func Routes(room Room) []page.Route {
	get := func(pattern, name string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Who: page.SignedIn, Page: name, Handler: h}
	}
	text := func(pattern string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Who: account.Writing, Body: page.TextBody, Keep: []string{wordsField}, Handler: h}
	}
	writing := func(pattern, name string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Who: account.Writing, Page: name, Handler: h}
	}
	return []page.Route{
		get("/file/{id}", "file/file", room.file),
		get("/file/{id}/messages", "file/messages", room.messages),
		writing("/file/{id}/tell", "file/tell", room.askTell),
		text("/file/{id}/tell", room.tell),
		get("/file/{id}/letter/{letter}", "file/letter", room.letter),
		writing("/file/{id}/say", "file/say", room.askSay),
		text("/file/{id}/say", room.say),
		writing("/file/{id}/service", "file/service", room.askService),
		text("/file/{id}/service", room.service),
		get("/pack/{id}", "file/cover", room.cover),
		{Method: http.MethodPost, Pattern: "/pack/{id}/open", Who: page.SignedIn, Body: page.SmallBody, Handler: room.open},
		get("/pack/{id}/read", "file/pack", room.pack),
	}
}

// idOf reads the id of a file in the path. Anything that has not the form of one
// is not there, and the database is not asked.
func idOf(r *http.Request) (intermediary.FileID, error) {
	id := r.PathValue("id")
	if !agency.ValidID("ap", id) && !agency.ValidID("sb", id) {
		return "", notThere()
	}
	return intermediary.FileID(id), nil
}

func notThere() error { return fault.New(fault.NotFound, "fault.notFound") }
