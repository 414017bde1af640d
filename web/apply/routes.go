package apply

import (
	"embed"
	"net/http"

	"gatepost/intermediary"
	"gatepost/web/account"
	"gatepost/web/page"
)

//go:embed templates
var files embed.FS

// Source is the templates of these pages, for page.NewRenderer.
func Source() page.Source { return page.Source{Room: "apply", Files: files} }

// Room is what the pages work with. The composer fills every field before
// Routes; they are then only read.
type Room struct {
	Site  *page.Site
	Cases *intermediary.Service // of the families' tier
	// Sessions are the tier's door: its forms for strangers, its cookies, and
	// where a request comes from.
	Sessions *account.Sessions
}

// Home is where somebody begins.
const Home = "/apply"

// answerBody is the limit of a form with answers: two texts of which a byte takes
// up to six in a form, and room for one that is too long to come back.
const answerBody int64 = 160 << 10

// Routes is the table of these pages. All are for strangers: the code is what
// opens anything.
func Routes(room Room) []page.Route {
	get := func(pattern, name string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Who: page.Anyone, Page: name, Handler: h}
	}
	post := func(pattern string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Who: page.Anyone, Body: page.SmallBody, Handler: h}
	}
	answer := post("/apply/ask/{question}", room.answer)
	answer.Body, answer.Many, answer.Keep = answerBody, many(), texts()
	return []page.Route{
		get(Home, "apply/start", room.start),
		post(Home, room.begin),
		get("/apply/code", "apply/code", room.code),
		get("/apply/return", "apply/return", room.askReturn),
		post("/apply/return", room.comeBack),
		post("/apply/stop", room.stop),
		get("/apply/left", "apply/left", room.left),
		get("/apply/ask/{question}", "apply/question", room.ask),
		answer,
		get("/apply/about", "apply/veto", room.about),
		get("/apply/family", "apply/family", room.family),
		get("/apply/what", "apply/what", room.what),
		get("/apply/information", "apply/information", room.information),
		post("/apply/information", room.informed),
		get("/apply/check", "apply/check", room.check),
		post("/apply/send", room.send),
		get("/apply/sent", "apply/sent", room.sent),
	}
}
