package desk

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
func Source() page.Source { return page.Source{Room: "desk", Files: files} }

// Room is what the pages work with. The composer fills every field before
// Routes; they are then only read.
type Room struct {
	Site     *page.Site
	Letters  *letterbox.Service
	Accounts *account.Service
	Cases    *intermediary.Service // for the names of people of intermediary cases
	// Actor gives who asks, as the site's Door found them.
	Actor func(*http.Request) authz.Actor
	// Address is where people of that tier sign in to that agency, as it is
	// printed on an invitation: with the scheme, without a path.
	Address func(agencyID string, tier authz.Tier) string
	// Mark says when a page was read, for its line (live.Lines.Mark); nil for no lines.
	Mark func() string
}

// Routes is the table of the workers' pages. All are for a signed-in worker of
// the agency; which worker, the services decide for each act.
func Routes(room Room) []page.Route {
	const who = page.SignedIn
	get := func(pattern, name string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Who: who, Page: name, Handler: h}
	}
	post := func(pattern string, body int64, h page.HandlerFunc, keep ...string) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Who: who, Body: body, Keep: keep, Handler: h}
	}
	opening := post("/exchange/new", page.TextBody, room.openExchange)
	opening.Many = []string{"send", "months"}
	confirmWorker := post("/worker/{id}/confirm", page.SmallBody, room.confirmWorker)
	confirmWorker.Many = []string{"role"}
	paper := post("/exchange/{id}/paper", scanBody, room.recordPaper, "text")
	paper.Upload, paper.Many = "scan", Several()
	return slices.Concat(room.standingRoutes(), room.protectedRoutes(), room.photoRoutes(), room.soundRoutes(), room.proposalRoutes(), room.reasonRoutes(), room.translationRoutes(), room.managing(), room.inspecting(), room.recording(), []page.Route{
		get("/desk", "desk/desk", room.desk),
		post("/desk", page.SmallBody, room.narrowDesk, "find"),
		get("/letter/{id}", "desk/letter", room.readLetter),
		post("/letter/{id}/claim", page.SmallBody, room.claim),
		post("/letter/{id}/release", noteBody, room.release),
		post("/letter/{id}/pass", answersBody, room.pass, "note", wordField+"*"),
		post("/letter/{id}/first", answersBody, room.readFirst, "note", wordField+"*"),
		get("/letter/{id}/return", "desk/return", room.returning().ask),
		post("/letter/{id}/return", noteBody, room.returning().post, "words", "note"),
		get("/letter/{id}/refuse", "desk/return", room.refusal().ask),
		post("/letter/{id}/refuse", noteBody, room.refusal().post, "words", "note"),
		get("/letter/{id}/keep", "desk/keep", room.keep().ask),
		post("/letter/{id}/keep", noteBody, room.keep().post, "note"),
		get("/letter/{id}/hold", "desk/hold", room.hold().ask),
		post("/letter/{id}/hold", noteBody, room.hold().post, "note"),
		get("/letter/{id}/escalate", "desk/escalate", room.escalation().ask),
		post("/letter/{id}/escalate", noteBody, room.escalation().post, "concern", "note"),
		get("/letter/{id}/recall", "desk/back", room.recall().ask),
		post("/letter/{id}/recall", noteBody, room.recall().post, "note"),
		get("/letter/{id}/undeliverable", "desk/back", room.undeliverable().ask),
		post("/letter/{id}/undeliverable", noteBody, room.undeliverable().post, "note"),
		get("/letter/{id}/restore", "desk/back", room.restore().ask),
		post("/letter/{id}/restore", noteBody, room.restore().post, "note"),
		get("/letter/{id}/lift", "desk/back", room.liftStop().ask),
		post("/letter/{id}/lift", noteBody, room.liftStop().post, "note"),
		get("/letter/{id}/done", "desk/done", room.done),

		get("/safeguarding", "desk/safeguarding", room.referrals),
		get("/referral/{id}", "desk/referral", room.readReferral),
		get("/referral/{id}/connect", "desk/referral-connect", room.askReferralConnect),
		post("/referral/{id}/connect", page.SmallBody, room.connectReferral),
		get("/referral/{id}/hand-back", "desk/referral", room.handBack().ask),
		post("/referral/{id}/hand-back", noteBody, room.handBack().post, "note"),
		get("/referral/{id}/keep", "desk/referral", room.keepReferred().ask),
		post("/referral/{id}/keep", noteBody, room.keepReferred().post, "note"),
		get("/referral/{id}/refuse", "desk/referral", room.refuseReferred().ask),
		post("/referral/{id}/refuse", noteBody, room.refuseReferred().post, "words", "note"),

		get("/exchanges", "desk/exchanges", room.exchanges),
		get("/exchange/new", "desk/opening-children", room.newExchange),
		opening,
		get("/exchange/{id}", "desk/exchange", room.exchange),

		get("/messages", "desk/messages", room.messages),
		get("/message/{id}", "desk/message", room.readMessage),
		post("/message/{id}/answer", messageBody, room.answer, "text"),
		get("/exchange/{id}/paper", "desk/paper", room.askPaper),
		paper,
		get("/letter/{id}/scan", "", room.scan),
		get("/letter/{id}/print", "desk/print", room.printLetter),
		post("/letter/{id}/posted", page.SmallBody, room.posted),
		post("/letter/{id}/aloud", page.SmallBody, room.readAloud),

		get("/people", "desk/people", room.people),
		get("/person/{id}/invite", "desk/invite", room.askInvite),
		post("/person/{id}/invite", page.SmallBody, room.invite),
		get("/person/{id}/confirm", "desk/confirm-person", room.askConfirmPerson),
		post("/person/{id}/confirm", page.SmallBody, room.confirmPerson),
		get("/worker/new", "desk/worker-new", room.newWorker),
		post("/worker/new", page.SmallBody, room.inviteWorker),
		get("/worker/{id}/confirm", "desk/confirm-worker", room.askConfirmWorker),
		confirmWorker,

		get("/recoveries", "desk/recoveries", room.recoveries),
		get("/person/{id}/recover", "desk/recover", room.askRecoverPerson),
		post("/person/{id}/recover", page.SmallBody, room.recoverPerson),
		get("/worker/{id}/recover", "desk/recover", room.askRecoverWorker),
		post("/worker/{id}/recover", page.SmallBody, room.recoverWorker),
		get("/recovery/{id}/agree", "desk/recovery-agree", room.askRecovery("agree")),
		post("/recovery/{id}/agree", page.SmallBody, room.agreeRecovery),
		get("/recovery/{id}/notice", "desk/recovery-notice", room.askRecovery("notice")),
		post("/recovery/{id}/notice", page.SmallBody, room.postedNotice),
		get("/recovery/{id}/print", "desk/recovery-print", room.askRecovery("print")),
		post("/recovery/{id}/print", page.SmallBody, room.printRecovery),
		get("/recovery/{id}/reset", "desk/recovery-reset", room.askRecovery("reset")),
		post("/recovery/{id}/reset", page.SmallBody, room.resetSecondStep),
		get("/recovery/{id}/stop", "desk/recovery-stop", room.askRecovery("stop")),
		post("/recovery/{id}/stop", page.SmallBody, room.stopRecovery),

		get("/search", "desk/search", room.askSearch),
		post("/search", page.SmallBody, room.search),
	})
}

// noteBody is the limit of a form with a worker's own words about a letter: to
// its writer, for the file, to the safeguarding lead. All travel from page to
// page; each is at most letterbox.MaxReason runes, and a rune takes up to twelve
// bytes in a form.
const noteBody int64 = 96 << 10

// answersBody is noteBody with letterbox.MaxAsked words of letterbox.MaxWord runes
// about findings beside it.
const answersBody int64 = 256 << 10

// Nav is the navigation of the workers' pages for one worker: only what that
// worker may open.
func Nav(actor authz.Actor) []page.NavItem {
	var items []page.NavItem
	for _, line := range []struct {
		act authz.Act
		page.NavItem
	}{
		{authz.SeeDesk, page.NavItem{Key: "desk.nav.desk", Href: "/desk"}},
		{authz.Safeguard, page.NavItem{Key: "desk.nav.safeguarding", Href: "/safeguarding"}},
		{authz.Translate, page.NavItem{Key: "translate.nav", Href: "/translations"}},
		{authz.Answer, page.NavItem{Key: "message.nav", Href: "/messages"}},
		{authz.SetExchange, page.NavItem{Key: "desk.nav.exchanges", Href: "/exchanges"}},
		{authz.SearchDirectory, page.NavItem{Key: "desk.nav.search", Href: "/search"}},
		{authz.TakeIntake, page.NavItem{Key: "apply.tray.nav", Href: "/intakes"}},
		{authz.SeeCases, page.NavItem{Key: "casework.nav", Href: "/cases"}},
	} {
		if actor.May(line.act) == nil {
			items = append(items, line.NavItem)
		}
	}
	if actor.May(authz.ConfirmPerson) == nil || actor.May(authz.ConfirmWorker) == nil {
		items = append(items, page.NavItem{Key: "desk.nav.people", Href: "/people"})
	}
	if actor.May(authz.SeeWorkers) == nil {
		items = append(items, page.NavItem{Key: "manage.nav.workers", Href: "/workers"}, page.NavItem{Key: "manage.nav.breaches", Href: "/breaches"})
	}
	if actor.May(authz.Inspect) == nil {
		items = append(items, page.NavItem{Key: "inspection.nav", Href: "/inspection"})
	}
	if actor.May(authz.SeeRecords) == nil {
		items = append(items, page.NavItem{Key: "records.nav", Href: "/records"})
	}
	return append(items, page.NavItem{Key: "desk.nav.account", Href: "/account"})
}

// idOf reads the id in the path. Anything that has not the form of one is not
// there, and the database is not asked.
func idOf(r *http.Request, prefix string) (string, error) {
	id := r.PathValue("id")
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
