package account

import (
	"embed"
	"net/http"

	"gatepost/web/page"
)

//go:embed templates
var files embed.FS

// Source is the templates of these pages, for page.NewRenderer.
func Source() page.Source { return page.Source{Room: "account", Files: files} }

// Routes is the table of the pages at the door of the tier that s belongs to.
func Routes(s *Sessions) []page.Route {
	get := func(pattern string, who page.Who, name string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Who: who, Page: name, Handler: h}
	}
	post := func(pattern string, who page.Who, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Who: who, Body: page.SmallBody, Handler: h}
	}
	signIn := post("/sign-in", page.Anyone, s.signIn)
	if s.Carry != nil {
		// A letter may be in it, and is given back where the form is refused.
		signIn.Body, signIn.Keep, signIn.Many = page.TextBody, s.Texts, s.Several
	}
	routes := []page.Route{
		get("/{$}", page.Anyone, frontPage(s), s.front),

		get("/start", page.Anyone, "account/start-code", s.askPaperCode),
		post("/start", page.Anyone, s.takeCode),
		post("/start/fact", page.Anyone, s.takeFact),
		get("/start/passphrase", Enrolling, "account/passphrase", s.askPassphrase),
		post("/start/passphrase", Enrolling, s.choosePassphrase),
		get("/start/done", page.SignedIn, "account/done", s.startDone),

		get("/forgot", page.Anyone, "account/forgot", s.forgot),
		get("/sign-in", page.Anyone, "account/sign-in", s.askSignIn),
		signIn,
		post("/sign-out", page.Anyone, s.signOut),
		get("/signed-out", page.Anyone, "account/signed-out", s.saySignedOut),
		post("/sign-out-everywhere", SettlingIn, s.signOutEverywhere),

		get("/account", page.SignedIn, "account/own", s.own),
		post("/account/end", page.SignedIn, s.endSession),
		get("/account/passphrase", page.SignedIn, "account/change", s.askChange),
		post("/account/passphrase", page.SignedIn, s.change),
		get("/account/words", page.SignedIn, "account/words", s.words),
		get("/account/codes", page.SignedIn, "account/codes", s.askCodes),
		post("/account/codes", page.SignedIn, s.makeCodes),
		get("/account/history", page.SignedIn, "account/history", s.history),
		get("/account/recovery", page.SignedIn, "account/recovery", s.recovery),
		post("/account/recovery", page.SignedIn, s.stopRecovery),
		get("/second-step", SettlingIn, "account/second-step", s.askSecondStep),
		post("/second-step", SettlingIn, s.keepSecondStep),
		post("/step-up", page.SignedIn, s.stepUpThere),
	}
	if s.Site.Tier == page.Staff {
		return routes
	}
	return append(routes,
		get("/account/contact", page.SignedIn, "account/contact", s.contact),
		post("/account/contact", page.SignedIn, s.saveContact),
		post("/account/contact/off", page.SignedIn, s.mailOff),
		get("/leave", page.Anyone, "", s.leave),
		get("/leaving", page.SignedIn, "account/leaving", s.leaving),
	)
}

// frontPage is the page of "/": workers have none, they go on to their desk.
func frontPage(s *Sessions) string {
	if s.Site.Tier == page.Staff {
		return ""
	}
	return "account/front"
}
