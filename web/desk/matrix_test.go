package desk_test

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	service "gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/nudge"
	"gatepost/internal/postgres"
	"gatepost/letterbox"
	"gatepost/web"
	"gatepost/web/account"
	"gatepost/web/casework"
	desks "gatepost/web/desk"
	"gatepost/web/live"
	"gatepost/web/page"
	"gatepost/web/page/pagetest"
	"gatepost/web/webtest"
)

// visit is one line of the matrix: what a worker gets for a route, by their
// role and by whose object it is about. A stranger and somebody with another
// cookie get 401 for every one, a worker on hold 403, and so does a worker of no
// role that may do the act. 0 stands for 403.
type visit struct {
	pattern    string // of the route table
	act        authz.Act
	or         authz.Act          // another act that is enough, or ""
	own        int                // a worker who may: an object of their agency that is theirs to see
	abroad     int                // a worker of another agency, with every role and this agency's ids
	restricted int                // a letterbox worker whom nobody named for the case
	connected  int                // a worker who may, and who said that they know the family; of what is about a family
	without    int                // a worker who may not, where that is another page and no refusal
	but        map[authz.Role]int // of own, for one role
	knowing    map[authz.Role]int // of connected, for one role
}

// matrix is in an order that lets a worker come as far as possible: a letter is
// claimed before it is read. Its forms are empty, so that 422 is as far as most
// of them come.
var matrix = []visit{
	{pattern: "GET /desk", act: authz.SeeDesk, own: 200, abroad: 200, restricted: 200, connected: 200, without: 303},
	{pattern: "POST /desk", act: authz.SeeDesk, own: 303, abroad: 303, restricted: 303, connected: 303}, // no name is sent: to the address of a tray
	// A line for the desk. Nothing here asks for a WebSocket; who gets one is TestWhoHears' of web/live.
	{pattern: "GET /live", act: authz.SeeDesk, own: 422, abroad: 422, restricted: 422, connected: 422},
	{pattern: "POST /letter/{id}/claim", act: authz.Claim, own: 303, abroad: 404},
	{pattern: "GET /letter/{id}", act: authz.Claim, own: 200, abroad: 404, restricted: 409},
	{pattern: "GET /letter/{id}/language", act: authz.Claim, own: 200, abroad: 404, restricted: 409},
	{pattern: "POST /letter/{id}/language", act: authz.Decide, own: 422, abroad: 404},
	{pattern: "GET /letter/{id}/translate", act: authz.Claim, own: 200, abroad: 404, restricted: 409},
	{pattern: "POST /letter/{id}/translate", act: authz.Decide, own: 422, abroad: 404},           // it is in English
	{pattern: "GET /letter/{id}/unask", act: authz.TakeBackProposal, own: 404, abroad: 404},      // nobody was asked
	{pattern: "POST /letter/{id}/unask", act: authz.TakeBackProposal, own: 409, abroad: 404},     // nobody was asked
	{pattern: "POST /letter/{id}/take-back", act: authz.Decide, own: 409, abroad: 404},           // it is with no translator
	{pattern: "GET /letter/{id}/scan", act: authz.Claim, own: 404, abroad: 404, restricted: 409}, // it did not come on paper
	{pattern: "GET /letter/{id}/photo/{photo}", act: authz.Claim, own: 200, abroad: 404},
	{pattern: "POST /letter/{id}/photo/{photo}", act: authz.Claim, own: 200, abroad: 404},
	{pattern: "GET /letter/{id}/photo/{photo}/picture", act: authz.Claim, own: 200, abroad: 404},
	{pattern: "GET /letter/{id}/recording", act: authz.Claim, own: 200, abroad: 404},
	{pattern: "GET /letter/{id}/recording/sound", act: authz.Claim, own: 200, abroad: 404},
	{pattern: "POST /letter/{id}/recording", act: authz.Claim, own: 422, abroad: 404},
	{pattern: "POST /letter/{id}/photo/{photo}/cut", act: authz.Claim, own: 422, abroad: 404},
	{pattern: "POST /letter/{id}/photo/{photo}/answer", act: authz.Claim, own: 422, abroad: 404},
	{pattern: "GET /letter/{id}/print", act: authz.PrintLetter, own: 409, abroad: 404, restricted: 409}, // it is not passed on
	{pattern: "POST /letter/{id}/posted", act: authz.PrintLetter, own: 409, abroad: 404, restricted: 409},
	{pattern: "POST /letter/{id}/aloud", act: authz.PrintLetter, own: 409, abroad: 404, restricted: 409},
	{pattern: "GET /letter/{id}/return", act: authz.Claim, own: 200, abroad: 404, restricted: 409},
	{pattern: "POST /letter/{id}/return", act: authz.Claim, own: 422, abroad: 404, restricted: 409},
	{pattern: "GET /letter/{id}/refuse", act: authz.Claim, own: 200, abroad: 404, restricted: 409},
	{pattern: "POST /letter/{id}/refuse", act: authz.Claim, own: 422, abroad: 404, restricted: 409},
	{pattern: "GET /letter/{id}/keep", act: authz.Claim, own: 200, abroad: 404, restricted: 409},
	{pattern: "GET /letter/{id}/hold", act: authz.Claim, own: 200, abroad: 404, restricted: 409},
	{pattern: "POST /letter/{id}/hold", act: authz.Claim, own: 422, abroad: 404, restricted: 409},
	{pattern: "GET /letter/{id}/escalate", act: authz.Claim, own: 200, abroad: 404, restricted: 409},
	{pattern: "POST /letter/{id}/escalate", act: authz.Decide, own: 422, abroad: 404},
	{pattern: "GET /letter/{id}/propose", act: authz.Claim, own: 200, abroad: 404, restricted: 409},
	{pattern: "POST /letter/{id}/propose", act: authz.Decide, own: 422, abroad: 404},
	{pattern: "GET /letter/{id}/cut", act: authz.Claim, own: 200, abroad: 404, restricted: 409},
	{pattern: "POST /letter/{id}/cut", act: authz.Decide, own: 422, abroad: 404},
	{pattern: "GET /letter/{id}/uncut", act: authz.Claim, own: 200, abroad: 404, restricted: 409},
	{pattern: "POST /letter/{id}/uncut", act: authz.Decide, own: 409, abroad: 404},                                       // nothing was left out
	{pattern: "GET /letter/{id}/original", act: authz.Decide, own: 200, abroad: 200, restricted: 200, connected: 200},    // a form that asks why
	{pattern: "POST /letter/{id}/original", act: authz.Decide, own: 404, abroad: 404},                                    // it is as it came
	{pattern: "GET /letter/{id}/recall", act: authz.SeeExchange, own: 409, abroad: 404, restricted: 404, connected: 404}, // it is on the desk, not on its way
	{pattern: "POST /letter/{id}/recall", act: authz.Decide, own: 409, abroad: 404},
	{pattern: "GET /letter/{id}/undeliverable", act: authz.SeeExchange, own: 409, abroad: 404, restricted: 404, connected: 404},
	{pattern: "POST /letter/{id}/undeliverable", act: authz.Decide, own: 409, abroad: 404},
	{pattern: "GET /letter/{id}/restore", act: authz.SeeExchange, own: 409, abroad: 404, restricted: 404, connected: 404},
	{pattern: "POST /letter/{id}/restore", act: authz.Decide, own: 409, abroad: 404},
	{pattern: "GET /letter/{id}/lift", act: authz.SeeExchange, own: 409, abroad: 404, restricted: 404, connected: 404},
	{pattern: "POST /letter/{id}/lift", act: authz.Decide, own: 409, abroad: 404},
	{pattern: "GET /letter/{id}/done", act: authz.SeeExchange, own: 404, abroad: 404, restricted: 404, connected: 404}, // nothing is decided yet
	{pattern: "POST /letter/{id}/release", act: authz.Claim, own: 303, abroad: 303, restricted: 303, connected: 303},
	{pattern: "POST /letter/{id}/keep", act: authz.Decide, own: 409, abroad: 404}, // put back before
	{pattern: "POST /letter/{id}/pass", act: authz.Decide, own: 409, abroad: 404},
	{pattern: "POST /letter/{id}/first", act: authz.Decide, own: 409, abroad: 404},

	{pattern: "GET /safeguarding", act: authz.Safeguard, own: 200, abroad: 200},
	{pattern: "GET /referral/{id}", act: authz.Safeguard, own: 200, abroad: 404},
	{pattern: "GET /referral/{id}/photo/{photo}", act: authz.Safeguard, own: 200, abroad: 404},
	{pattern: "GET /referral/{id}/connect", act: authz.Safeguard, own: 200, abroad: 404, connected: 200}, // what is declared there: TestReferral_Connected
	{pattern: "GET /referral/{id}/hand-back", act: authz.Safeguard, own: 200, abroad: 404},
	{pattern: "GET /referral/{id}/keep", act: authz.Safeguard, own: 200, abroad: 404},
	{pattern: "GET /referral/{id}/refuse", act: authz.Safeguard, own: 200, abroad: 404},
	{pattern: "POST /referral/{id}/refuse", act: authz.Safeguard, own: 422, abroad: 404},
	{pattern: "POST /referral/{id}/hand-back", act: authz.Safeguard, own: 303, abroad: 404},
	{pattern: "POST /referral/{id}/keep", act: authz.Safeguard, own: 404, abroad: 404},                    // given back before
	{pattern: "POST /referral/{id}/connect", act: authz.Safeguard, own: 404, abroad: 404, connected: 303}, // declaring twice is once

	// A translator sees what was given to them; nothing was.
	{pattern: "GET /translations", act: authz.Translate, own: 200, abroad: 200},
	{pattern: "GET /translation/{id}", act: authz.Translate, own: 404, abroad: 404, connected: 404},
	{pattern: "POST /translation/{id}", act: authz.Translate, own: 404, abroad: 404, connected: 404},

	{pattern: "GET /exchanges", act: authz.SetExchange, own: 200, abroad: 200, restricted: 200, connected: 200},
	{pattern: "GET /exchange/new", act: authz.OpenExchange, own: 200, abroad: 200, restricted: 200, connected: 200},
	{pattern: "POST /exchange/new", act: authz.OpenExchange, own: 422, abroad: 422, restricted: 422, connected: 422},
	{pattern: "GET /exchange/{id}", act: authz.SeeExchange, own: 200, abroad: 404, restricted: 200, connected: 200},
	{pattern: "GET /exchange/{id}/connect", act: authz.Connect, own: 200, abroad: 404, restricted: 200, connected: 200},
	{pattern: "GET /exchange/{id}/colleague", act: authz.ConnectColleague, own: 200, abroad: 404, connected: 200}, // without a form
	{pattern: "POST /exchange/{id}/colleague", act: authz.ConnectColleague, own: 422, abroad: 404},                // who is declared: TestColleague
	// How an exchange stands is shown without names, and to those whom it is closed to without a form.
	{pattern: "GET /exchange/{id}/state", act: authz.SetExchange, own: 200, abroad: 404, restricted: 200, connected: 200},
	{pattern: "POST /exchange/{id}/state", act: authz.SetExchange, own: 422, abroad: 404},
	{pattern: "GET /exchange/{id}/delay", act: authz.SetExchange, own: 200, abroad: 404, restricted: 200, connected: 200},
	{pattern: "POST /exchange/{id}/delay", act: authz.SetExchange, own: 422, abroad: 404},
	{pattern: "GET /exchange/{id}/order", act: authz.SetExchange, own: 200, abroad: 404, restricted: 200, connected: 200},
	{pattern: "POST /exchange/{id}/order", act: authz.SetExchange, own: 422, abroad: 404},
	{pattern: "GET /exchange/{id}/readers", act: authz.SetExchange, own: 200, abroad: 404, restricted: 200, connected: 200},
	{pattern: "POST /exchange/{id}/readers", act: authz.SetExchange, own: 422, abroad: 404},
	{pattern: "GET /side/{id}/state", act: authz.SetExchange, own: 200, abroad: 404, restricted: 200, connected: 200},
	{pattern: "POST /side/{id}/state", act: authz.SetExchange, own: 422, abroad: 404},
	{pattern: "GET /side/{id}/photos", act: authz.SetExchange, own: 200, abroad: 404, restricted: 200, connected: 200},
	{pattern: "POST /side/{id}/photos", act: authz.SetExchange, own: 422, abroad: 404},
	{pattern: "GET /side/{id}/recordings", act: authz.SetExchange, own: 200, abroad: 404, restricted: 200, connected: 200},
	{pattern: "POST /side/{id}/recordings", act: authz.SetExchange, own: 422, abroad: 404},
	{pattern: "GET /side/{id}/language", act: authz.SetExchange, own: 200, abroad: 404, restricted: 200, connected: 200},
	{pattern: "POST /side/{id}/language", act: authz.SetExchange, own: 422, abroad: 404},
	{pattern: "GET /exchange/{id}/named", act: authz.SetExchange, own: 200, abroad: 404, restricted: 200, connected: 200},
	{pattern: "POST /exchange/{id}/restrict", act: authz.Restrict, own: 422, abroad: 404},
	{pattern: "POST /exchange/{id}/name", act: authz.Restrict, own: 409, abroad: 404}, // it is the whole team's
	{pattern: "POST /exchange/{id}/unname", act: authz.Restrict, own: 409, abroad: 404},

	{pattern: "GET /exchange/{id}/list", act: authz.ProtectWords, own: 200, abroad: 404},
	{pattern: "POST /exchange/{id}/list", act: authz.ProtectWords, own: 422, abroad: 404},
	{pattern: "GET /exchange/{id}/list/new", act: authz.ProtectWords, own: 200, abroad: 404},
	{pattern: "POST /exchange/{id}/list/new", act: authz.ProtectWords, own: 422, abroad: 404},
	{pattern: "GET /exchange/{id}/paper", act: authz.RecordPaper, own: 200, abroad: 404},
	{pattern: "POST /exchange/{id}/paper", act: authz.RecordPaper, own: 422, abroad: 404},
	{pattern: "GET /messages", act: authz.Answer, own: 200, abroad: 200, restricted: 200, connected: 200},
	{pattern: "GET /message/{id}", act: authz.Answer, own: 200, abroad: 404},
	{pattern: "POST /message/{id}/answer", act: authz.Answer, own: 422, abroad: 404},

	{pattern: "GET /people", act: authz.ConfirmPerson, or: authz.ConfirmWorker, own: 200, abroad: 200, restricted: 200, connected: 200},
	{pattern: "GET /person/{id}/invite", act: authz.InvitePerson, own: 200, abroad: 404, restricted: 404, connected: 404, but: searching(403)},
	{pattern: "POST /person/{id}/invite", act: authz.InvitePerson, own: 422, abroad: 404, restricted: 404, connected: 404, but: searching(403)},
	{pattern: "GET /person/{id}/confirm", act: authz.ConfirmPerson, own: 200, abroad: 404, restricted: 404, connected: 404, but: searching(404)},
	{pattern: "POST /person/{id}/confirm", act: authz.ConfirmPerson, own: 422, abroad: 404, restricted: 404, connected: 404, but: searching(404)},
	{pattern: "GET /worker/new", act: authz.InviteWorker, own: 200, abroad: 200},
	{pattern: "POST /worker/new", act: authz.InviteWorker, own: 422, abroad: 422},
	{pattern: "GET /worker/{id}/confirm", act: authz.ConfirmWorker, own: 200, abroad: 404},
	{pattern: "POST /worker/{id}/confirm", act: authz.ConfirmWorker, own: 422, abroad: 404},

	{pattern: "GET /recoveries", act: authz.Recover, own: 200, abroad: 200, restricted: 200, connected: 200},
	{pattern: "GET /person/{id}/recover", act: authz.Recover, own: 200, abroad: 404, restricted: 404, connected: 404, knowing: managing(200)},
	{pattern: "POST /person/{id}/recover", act: authz.Recover, own: 422, abroad: 404, restricted: 404, connected: 404, but: map[authz.Role]int{authz.IntermediaryWorker: 404}, knowing: managing(403)},
	{pattern: "GET /worker/{id}/recover", act: authz.RecoverWorker, own: 200, abroad: 200}, // a form that names nobody
	{pattern: "POST /worker/{id}/recover", act: authz.RecoverWorker, own: 422, abroad: 422},
	// A letterbox worker began it, so a manager agrees; it is not agreed yet, and is its beginner's or a manager's to stop.
	{pattern: "GET /recovery/{id}/agree", act: authz.Recover, own: 200, abroad: 404, restricted: 404, connected: 404, but: searching(404)},
	{pattern: "POST /recovery/{id}/agree", act: authz.Recover, own: 422, abroad: 404, restricted: 404, connected: 404, but: map[authz.Role]int{authz.IntermediaryWorker: 404, authz.LetterboxWorker: 403}},
	{pattern: "GET /recovery/{id}/notice", act: authz.Recover, own: 404, abroad: 404, restricted: 404, connected: 404},
	{pattern: "POST /recovery/{id}/notice", act: authz.Recover, own: 404, abroad: 404, restricted: 404, connected: 404},
	{pattern: "GET /recovery/{id}/print", act: authz.Recover, own: 404, abroad: 404, restricted: 404, connected: 404},
	{pattern: "POST /recovery/{id}/print", act: authz.Recover, own: 404, abroad: 404, restricted: 404, connected: 404},
	{pattern: "GET /recovery/{id}/reset", act: authz.Recover, own: 404, abroad: 404, restricted: 404, connected: 404},
	{pattern: "POST /recovery/{id}/reset", act: authz.Recover, own: 404, abroad: 404, restricted: 404, connected: 404},
	{pattern: "GET /recovery/{id}/stop", act: authz.Recover, own: 200, abroad: 404, restricted: 404, connected: 404, but: map[authz.Role]int{authz.IntermediaryWorker: 404, authz.LetterboxWorker: 404}, knowing: managing(200)},
	{pattern: "POST /recovery/{id}/stop", act: authz.Recover, own: 303, abroad: 404, restricted: 404, connected: 404, but: map[authz.Role]int{authz.IntermediaryWorker: 404, authz.LetterboxWorker: 404}, knowing: managing(303)},

	// The worker of the matrix waits for the call; a worker of another agency is not there. Every form lacks a code.
	{pattern: "GET /workers", act: authz.SeeWorkers, own: 200, abroad: 200},
	{pattern: "GET /worker/{id}/suspend", act: authz.SuspendWorker, own: 200, abroad: 404},
	{pattern: "POST /worker/{id}/suspend", act: authz.SuspendWorker, own: 422, abroad: 404},
	{pattern: "GET /worker/{id}/lift", act: authz.SuspendWorker, own: 200, abroad: 404},
	{pattern: "POST /worker/{id}/lift", act: authz.SuspendWorker, own: 422, abroad: 404},
	{pattern: "GET /worker/{id}/leave", act: authz.EndWorker, own: 200, abroad: 404},
	{pattern: "POST /worker/{id}/leave", act: authz.EndWorker, own: 422, abroad: 404},
	{pattern: "GET /worker/{id}/prolong", act: authz.EndWorker, own: 404, abroad: 404}, // they are no auditor
	{pattern: "POST /worker/{id}/prolong", act: authz.EndWorker, own: 404, abroad: 404},
	{pattern: "GET /worker/{id}/roles", act: authz.EndWorker, own: 200, abroad: 404},
	{pattern: "POST /worker/{id}/roles", act: authz.EndWorker, own: 422, abroad: 404},
	{pattern: "GET /worker/{id}/reads", act: authz.SetReads, own: 200, abroad: 404},
	{pattern: "POST /worker/{id}/reads", act: authz.SetReads, own: 422, abroad: 404},
	{pattern: "GET /person/{id}/suspend", act: authz.SuspendPerson, own: 200, abroad: 404, restricted: 404, connected: 404, knowing: managing(200)},
	{pattern: "POST /person/{id}/suspend", act: authz.SuspendPerson, own: 422, abroad: 404, restricted: 404, connected: 404, but: searching(404), knowing: managing(403)},
	{pattern: "GET /person/{id}/lift", act: authz.SuspendPerson, own: 200, abroad: 404, restricted: 404, connected: 404, knowing: managing(200)},
	{pattern: "POST /person/{id}/lift", act: authz.SuspendPerson, own: 422, abroad: 404, restricted: 404, connected: 404, but: searching(404), knowing: managing(403)},
	{pattern: "GET /keys", act: authz.Rotate, own: 200, abroad: 200},
	{pattern: "POST /rotation/{id}/go-on", act: authz.Rotate, own: 404, abroad: 404}, // there is none
	{pattern: "POST /rotation/{id}/stop", act: authz.Rotate, own: 404, abroad: 404},
	{pattern: "GET /breaches", act: authz.SeeBreaches, own: 200, abroad: 200},
	{pattern: "GET /pace", act: authz.SeeBreaches, own: 200, abroad: 200},
	{pattern: "GET /reasons", act: authz.SetReasons, own: 200, abroad: 200},
	{pattern: "POST /reasons", act: authz.SetReasons, own: 409, abroad: 409}, // no version is sent
	{pattern: "GET /reasons/edit", act: authz.SetReasons, own: 404, abroad: 404},
	{pattern: "POST /reasons/edit", act: authz.SetReasons, own: 404, abroad: 404},
	{pattern: "POST /letter/{id}/take-away", act: authz.TakeOver, own: 409, abroad: 404}, // nobody holds it
	{pattern: "GET /letter/{id}/give", act: authz.TakeOver, own: 200, abroad: 404},
	{pattern: "POST /letter/{id}/give", act: authz.TakeOver, own: 422, abroad: 404},

	// No reference is sent.
	{pattern: "GET /inspection", act: authz.Inspect, own: 200, abroad: 200},
	{pattern: "GET /inspection/case", act: authz.Inspect, own: 200, abroad: 200},
	{pattern: "POST /inspection/case", act: authz.Inspect, own: 422, abroad: 422},
	{pattern: "POST /inspection/proof", act: authz.Inspect, own: 422, abroad: 422},

	// Nothing is ordered. (What is: TestRecords.)
	{pattern: "GET /records", act: authz.SeeRecords, own: 200, abroad: 200},
	{pattern: "GET /records/new", act: authz.OrderDestruction, own: 200, abroad: 200},
	{pattern: "POST /records/new", act: authz.OrderDestruction, own: 422, abroad: 422},
	{pattern: "GET /records/{id}/agree", act: authz.SeeRecords, own: 404, abroad: 404},
	{pattern: "POST /records/{id}/agree", act: authz.SeeRecords, own: 404, abroad: 404},
	{pattern: "GET /records/{id}/stop", act: authz.SeeRecords, own: 404, abroad: 404},
	{pattern: "POST /records/{id}/stop", act: authz.SeeRecords, own: 404, abroad: 404},

	{pattern: "GET /search", act: authz.SearchDirectory, own: 200, abroad: 200, restricted: 200, connected: 200},
	{pattern: "POST /search", act: authz.SearchDirectory, own: 422, abroad: 422, restricted: 422, connected: 422},
	{pattern: "POST /exchange/{id}/connect", act: authz.Connect, own: 303, abroad: 404, restricted: 303, connected: 303},
}

// may tells whether a role alone is enough for the act of a line.
func (v visit) may(role authz.Role) bool {
	return authz.Allows(role, v.act) || authz.Allows(role, v.or)
}

// by is what somebody who may gets, and somebody who may not.
func (v visit) by(may bool, status int) int {
	if !may {
		status = v.without
	}
	return cmp.Or(status, http.StatusForbidden)
}

// pathOf fills a pattern with an id of the kind that it asks for.
func pathOf(t *testing.T, pattern string, ids map[string]string) (method, path string) {
	t.Helper()
	method, path, _ = strings.Cut(pattern, " ")
	if !strings.Contains(path, "{id}") {
		return method, path
	}
	id := ids[strings.Split(path, "/")[1]]
	if id == "" {
		t.Fatalf("there is no id for %s", pattern)
	}
	photo := ids["photo"]
	if strings.HasPrefix(path, "/referral/") {
		photo = ids["referred"]
	}
	return method, strings.Replace(strings.Replace(path, "{id}", id, 1), "{photo}", photo, 1)
}

// searching is what an intermediary worker gets for a person who is on a side of
// an exchange and looks for nobody.
func searching(status int) map[authz.Role]int {
	return map[authz.Role]int{authz.IntermediaryWorker: status}
}

// managing is what a manager gets who knows the family: a form that names nobody,
// and somebody who asks to get in again, whom they can stop and not let in.
func managing(status int) map[authz.Role]int {
	return map[authz.Role]int{authz.Manager: status}
}

// theirs is what a worker of a role that may gets for what is their agency's.
func (v visit) theirs(role authz.Role) int { return cmp.Or(v.but[role], v.own) }

// known is the same of a family that they said they know. What is about no family
// goes on as before, and so does what an intermediary worker has to do with
// somebody on a side, which is nothing.
func (v visit) known(role authz.Role) int {
	_, path, _ := strings.Cut(v.pattern, " ")
	of := strings.Split(path, "/")[1]
	family := slices.Contains([]string{"letter", "translation", "referral", "exchange", "side", "message", "person", "recovery"}, of) && strings.Contains(path, "{id}")
	if !family || role == authz.IntermediaryWorker {
		return v.theirs(role)
	}
	return cmp.Or(v.knowing[role], v.connected)
}

// nobodys are ids of the same kinds that nothing has: what is another agency's is
// to a worker what is not there.
func nobodys(ids map[string]string) map[string]string {
	list := map[string]string{}
	for kind, id := range ids {
		list[kind] = id[:2] + strings.Repeat("a", len(id)-2)
	}
	return list
}

// ask sends what a line of the matrix asks, with the form token where there is
// a session.
func ask(t *testing.T, b *webtest.Browser, token, pattern string, ids map[string]string) webtest.Answer {
	t.Helper()
	method, path := pathOf(t, pattern, ids)
	if path == live.Path {
		page := *b
		page.Origin = "https://" + b.Host
		return page.Get(path)
	}
	if method == http.MethodGet {
		return b.Get(path + "?exchange=" + ids["exchange"]) // which only the pages of what was decided read
	}
	return b.Post(path, url.Values{"form-token": {token}, "exchange": {ids["exchange"]}})
}

// staffRoutes lists the routes of the workers' tier that ask for a session.
func staffRoutes(d *desk) (routes []string) {
	for _, r := range d.Site.Staff.Routes() {
		if r.Who != page.Anyone {
			routes = append(routes, r.Method+" "+r.Pattern)
		}
	}
	return routes
}

// matter is an exchange of its own with everything that a route can be about.
type matter struct {
	exchange letterbox.ExchangeID
	ids      map[string]string
}

const sealedWords = "The heron stood in the rain"

// matter makes one between families of these names: a letter on the desk, one
// in the safeguarding tray, and a person on hold.
func (d *desk) matter(t *testing.T, birth, adoptive string) matter {
	t.Helper()
	side := func(book, name string) letterbox.NewSide {
		return letterbox.NewSide{Book: book, People: []letterbox.NewPerson{{Name: name, Relation: "family"}},
			Names: letterbox.Names{Children: []string{"Wren"}, Other: "the other family", Self: "us"}, MaySend: []string{"letter"}, TimesAYear: 2}
	}
	x, err := d.Desk.OpenExchange(t.Context(), d.World.Worker, letterbox.NewExchange{
		Sides:    [2]letterbox.NewSide{side("birth", birth), side("adoptive", adoptive)},
		Children: []letterbox.NewChild{{BirthName: "Wren Vale", AdoptiveName: "Wren Hale", Born: d.Clock.Now().AddDate(-7, 0, 0)}},
	})
	must(t, err)
	seen, err := d.Desk.Exchange(t.Context(), d.World.Worker, x)
	must(t, err)
	_, writer := d.NewPerson(t, string(seen.Sides[0].People[0].ID))
	must(t, d.Desk.SetPhotos(t.Context(), d.World.Worker, seen.Sides[0].ID, "permitted"))
	must(t, d.Desk.SetRecordings(t.Context(), d.World.Worker, seen.Sides[0].ID, "permitted"))
	send := func() letterbox.LetterID {
		inbox, err := d.Families.Inbox(t.Context(), writer)
		must(t, err)
		draft, err := d.Families.NewDraft(t.Context(), writer, inbox.Sides[0].Side, sealedWords)
		must(t, err)
		d.addPhoto(t, writer, draft)
		d.addRecording(t, writer, draft)
		id, err := d.Families.Send(t.Context(), writer, draft, 3)
		must(t, err)
		return id
	}
	letter, referral := send(), send()
	inbox, err := d.Families.Inbox(t.Context(), writer)
	must(t, err)
	message, err := d.Families.Tell(t.Context(), writer, inbox.Sides[0].Side, sealedWords)
	must(t, err)
	must(t, d.Desk.Claim(t.Context(), d.World.Worker, referral))
	must(t, d.Desk.Escalate(t.Context(), d.World.Worker, referral, "A worry."))
	person := string(seen.Sides[1].People[0].ID)
	d.EnrolPerson(t, person)
	recovery, err := d.World.Staff.StartRecovery(t.Context(), d.SignInWorker(t, &d.WorkerLogin),
		service.NewRecovery{Kind: "person", Account: person, What: "passphrase", Identity: "inPerson"}, d.Code(t, &d.WorkerLogin))
	must(t, err)
	var photo, referred string
	must(t, d.Database.Admin().QueryRow(t.Context(), `select id from letter_photo where letter_id = $1`, string(referral)).Scan(&referred))
	must(t, d.Database.Admin().QueryRow(t.Context(), `select id from letter_photo where letter_id = $1`, string(letter)).Scan(&photo))
	return matter{x, map[string]string{"letter": string(letter), "translation": string(letter), "photo": photo, "referred": referred, "referral": string(referral), "exchange": string(x), "person": person, "recovery": recovery, "side": string(seen.Sides[0].ID),
		"message": string(message), "rotation": "rtaaaaaaaaaaaaaaaaaaaa", "records": "dsaaaaaaaaaaaaaaaaaaaa"}}
}

func TestMatrix(t *testing.T) {
	d, elm := twoAgencies(t)
	covered := map[string]bool{}
	for _, v := range matrix {
		covered[v.pattern] = true
	}
	own := map[string]bool{} // the account pages, which are about nobody else, and those that have a matrix of their own
	for _, route := range slices.Concat(account.Routes(&account.Sessions{Site: &page.Site{Tier: page.Staff}}), casework.Routes(casework.Room{})) {
		own[route.Method+" "+route.Pattern] = true
	}
	for _, route := range staffRoutes(d) {
		if !covered[route] && !own[route] {
			t.Errorf("%s is not in the matrix", route)
		}
		delete(covered, route)
	}
	for pattern := range covered {
		t.Errorf("%s is in the matrix and no route", pattern)
	}

	named1, _ := d.NewWorker(t, "Sam Okafor", authz.LetterboxWorker)
	named2, _ := d.NewWorker(t, "Bethan Rees", authz.LetterboxWorker)
	hold := d.onHold(t, "Iolo Parry")
	open, closed, known := d.matter(t, "Gwenllian Frost", "Idris Quill"), d.matter(t, "Tegan Marsh", "Cai Holloway"), d.matter(t, "Nia Thorne", "Emyr Locke")
	for _, m := range []matter{open, closed, known} {
		m.ids["worker"] = hold.ID
	}
	must(t, d.Desk.Restrict(t.Context(), d.SignInWorker(t, &d.ManagerLogin), closed.exchange, []string{named1.ID, named2.ID}, d.Code(t, &d.ManagerLogin)))
	_, another, _ := d.OpenExchange(t)
	person := d.EnrolPerson(t, another)

	// Each signs in just before, for a session that has ended gets 401 for everything.
	// Nothing tells the hidden words, whatever it gives: but to a manager who asks to get in again.
	visits := func(name string, b *webtest.Browser, token string, ids map[string]string, want func(visit) int, hidden ...string) {
		t.Helper()
		for _, v := range matrix {
			got := ask(t, b, token, v.pattern, ids)
			if got.Status != want(v) {
				t.Errorf("%s: %s gives %d, want %d", name, v.pattern, got.Status, want(v))
			}
			if want(v) >= 400 && want(v) != 422 && tells(got.Body, append(names(), sealedWords)...) {
				t.Errorf("%s: %s tells a name or a letter", name, v.pattern)
			}
			if tells(got.Body, hidden...) && (v.act != authz.Recover || !strings.HasPrefix(name, string(authz.Manager))) {
				t.Errorf("%s: %s tells a name or a letter of a case that is closed to them", name, v.pattern)
			}
		}
	}
	visits("signed out", d.Site.Worker(t), "", open.ids, func(visit) int { return 401 })
	family := d.SignInPerson(t, &person)
	visits("a person's cookie", staffBrowser(t, d, person), person.Token.FormToken(), open.ids, func(visit) int { return 401 })
	if _, err := d.Families.Inbox(t.Context(), family); err != nil {
		t.Errorf("the person's session has ended: %v", err)
	}
	d.World.SignIn(t, "elm", true, &elm)
	visits("a cookie of another agency", staffBrowser(t, d, elm), elm.Token.FormToken(), open.ids, func(visit) int { return 401 })
	abroad := append(names(), sealedWords)
	visits("another agency's worker", elmBrowser(t, d, elm), elm.Token.FormToken(), open.ids, func(v visit) int { return v.by(true, v.abroad) }, abroad...)
	for _, role := range authz.Roles()[1:] {
		one := d.newElm(t, &elm, role)
		b, form := elmBrowser(t, d, one), one.Token.FormToken()
		visits("another agency's "+string(role), b, form, open.ids, func(v visit) int {
			nothing := ask(t, b, form, v.pattern, nobodys(open.ids)).Status
			if refused := []int{v.by(false, 0), http.StatusNotFound}; !v.may(role) && !slices.Contains(refused, nothing) {
				t.Errorf("another agency's %s: %s of nothing gives %d, want one of %d", role, v.pattern, nothing, refused)
			}
			return nothing
		}, abroad...)
	}
	d.World.SignIn(t, d.Home.ID, true, &hold)
	visits("a worker on hold", staffBrowser(t, d, hold), hold.Token.FormToken(), open.ids, func(visit) int { return 403 })

	unnamed, _ := d.NewWorker(t, "Hefin Moss", authz.LetterboxWorker)
	b := d.as(t, &unnamed)
	visits("unnamed", b, token(t, b), closed.ids, func(v visit) int { return v.by(v.may(authz.LetterboxWorker), v.restricted) }, "Tegan Marsh", "Cai Holloway")
	for _, role := range authz.Roles()[1:] {
		login, _ := d.NewWorker(t, "Worker of one role", role)
		matter := open
		if authz.Allows(role, authz.Connect) { // which closes the exchange to everybody who comes after
			matter = d.matter(t, "Gwenllian Frost", "Idris Quill")
			matter.ids["worker"] = hold.ID
		}
		b := d.as(t, &login)
		visits(string(role), b, token(t, b), matter.ids, func(v visit) int { return v.by(v.may(role), v.theirs(role)) })
		d.shut(t, b, role, closed.ids)
	}
	friends := d.friends(t, known.exchange)
	for _, role := range authz.Roles()[1:] {
		b := d.as(t, friends[role])
		visits(string(role)+", connected", b, token(t, b), known.ids, func(v visit) int { return v.by(v.may(role), v.known(role)) }, "Nia Thorne", "Emyr Locke", sealedWords)
	}
}

// friends gives a worker of each role who said that they know the families of an
// exchange: when they were a letterbox worker, for not every role can say so.
func (d *desk) friends(t *testing.T, id letterbox.ExchangeID) map[authz.Role]*accounttest.Login {
	t.Helper()
	list := map[authz.Role]*accounttest.Login{}
	for _, role := range authz.Roles()[1:] {
		login, actor := d.NewWorker(t, "Worker who knows them", authz.LetterboxWorker)
		must(t, d.Desk.Connect(t.Context(), actor, id))
		list[role] = &login
	}
	for role, l := range list {
		if role == authz.LetterboxWorker {
			continue
		}
		manager, code := d.SignInWorker(t, &d.ManagerLogin), d.Code(t, &d.ManagerLogin)
		var err error
		if role == authz.Auditor {
			_, err = d.World.Staff.MakeAuditor(t.Context(), manager, l.ID, calendar.Today(d.Clock.Now()).AddDate(0, 0, service.LongestVisit), code)
		} else {
			_, err = d.World.Staff.ChangeRoles(t.Context(), manager, l.ID, []authz.Role{role}, code)
		}
		must(t, err)
	}
	return list
}

// shut holds every line of the matrix to a restricted case for which nobody named this
// worker: who may not hears so as of any other case, and whoever may is told neither a
// name nor a letter. A safeguarding lead reads what was referred to them all the same,
// and a manager sees who asks to get in again, since one of the two has to be one.
func (d *desk) shut(t *testing.T, b *webtest.Browser, role authz.Role, ids map[string]string) {
	t.Helper()
	form := token(t, b)
	for _, v := range matrix {
		got := ask(t, b, form, v.pattern, ids)
		if want := v.by(false, 0); !v.may(role) && got.Status != want {
			t.Errorf("%s, restricted: %s gives %d, want %d", role, v.pattern, got.Status, want)
		}
		if v.may(role) && got.Status/100 == 5 {
			t.Errorf("%s, restricted: %s gives %d", role, v.pattern, got.Status)
		}
		if v.act != authz.Safeguard && (v.act != authz.Recover || role != authz.Manager) && tells(got.Body, "Tegan Marsh", "Cai Holloway", sealedWords) {
			t.Errorf("%s, restricted: %s tells a name or a letter", role, v.pattern)
		}
	}
}

// names are those of the families of the matters.
func names() []string {
	return []string{"Gwenllian Frost", "Idris Quill", "Tegan Marsh", "Cai Holloway", "Nia Thorne", "Emyr Locke"}
}

func tells(body string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(body, w) })
}

// TestOwnPages: the account pages of this tier show a stranger, somebody with a
// family's cookie and somebody of another agency nothing.
func TestOwnPages(t *testing.T) {
	d, elm := twoAgencies(t)
	_, birth, _ := d.OpenExchange(t)
	person := d.EnrolPerson(t, birth)
	for _, route := range account.Routes(&account.Sessions{Site: &page.Site{Tier: page.Staff}}) {
		if route.Who == page.Anyone {
			continue
		}
		for name, who := range map[string]struct {
			browser *webtest.Browser
			token   string
		}{
			"signed out":                 {d.Site.Worker(t), ""},
			"a person's cookie":          {staffBrowser(t, d, person), person.Token.FormToken()},
			"a cookie of another agency": {staffBrowser(t, d, elm), elm.Token.FormToken()},
		} {
			got := ask(t, who.browser, who.token, route.Method+" "+route.Pattern, nil)
			if got.Status != http.StatusUnauthorized {
				t.Errorf("%s: %s %s gives %d, want 401", name, route.Method, route.Pattern, got.Status)
			}
		}
	}
}

// twoAgencies makes a desk of the agency oak, and a worker of elm who has every role.
func twoAgencies(t *testing.T) (*desk, accounttest.Login) {
	t.Helper()
	d := &desk{Site: &webtest.Site{World: accounttest.NewTwoAgencies(t)}}
	var err error
	d.Site.Staff, err = web.Staff(web.Config{Secure: true, Assets: pagetest.Assets(t), Now: d.Clock.Now, Log: accounttest.Log(t),
		Live:     live.New(nudge.New(d.StaffDB, d.Database.DSN(postgres.RoleStaff), accounttest.Log(t))),
		Accounts: d.World.Staff, Letters: d.Desk, Agencies: d.StaffAgencies, Address: func(string, authz.Tier) string { return "" }})
	must(t, err)
	d.exchange, d.birth, d.adoptive = d.OpenExchange(t)
	_, d.writer = d.NewPerson(t, d.birth)
	d.Browser = d.as(t, &d.WorkerLogin)

	managerLogin, manager := d.Open(t, "elm")
	paper, err := d.World.Staff.InviteWorker(t.Context(), manager, "Elowen Pask", accounttest.Fact)
	must(t, err)
	l := d.Enrol(t, "elm", true, paper)
	d.SetTOTP(t, "elm", true, &l)
	must(t, d.World.Staff.ConfirmWorker(t.Context(), manager, l.ID, authz.Roles()[1:], d.Code(t, &managerLogin)))
	d.World.SignIn(t, "elm", true, &l)
	return d, l
}

// newElm makes a worker of elm with one role, by somebody there who manages.
func (d *desk) newElm(t *testing.T, by *accounttest.Login, role authz.Role) accounttest.Login {
	t.Helper()
	manager := d.World.SignIn(t, "elm", true, by)
	paper, err := d.World.Staff.InviteWorker(t.Context(), manager, "Worker of one role", accounttest.Fact)
	must(t, err)
	l := d.Enrol(t, "elm", true, paper)
	d.SetTOTP(t, "elm", true, &l)
	if code := d.Code(t, by); role == authz.Auditor {
		must(t, d.World.Staff.ConfirmAuditor(t.Context(), manager, l.ID, calendar.Today(d.Clock.Now()).AddDate(0, 0, service.LongestVisit), code))
	} else {
		must(t, d.World.Staff.ConfirmWorker(t.Context(), manager, l.ID, []authz.Role{role}, code))
	}
	d.World.SignIn(t, "elm", true, &l)
	return l
}

// staffBrowser is a browser at the workers' tier with somebody's cookie.
func staffBrowser(t *testing.T, d *desk, l accounttest.Login) *webtest.Browser {
	t.Helper()
	b := d.Site.Worker(t)
	b.Cookies = map[string]string{"__Host-gps": l.Token.Cookie()}
	return b
}

func elmBrowser(t *testing.T, d *desk, l accounttest.Login) *webtest.Browser {
	t.Helper()
	b := staffBrowser(t, d, l)
	elm, _ := d.StaffAgencies.Get("elm")
	b.Host = elm.StaffHost
	return b
}

func TestBadInput(t *testing.T) {
	d := openDesk(t)
	login, _ := d.NewWorker(t, "Mair Every", authz.Roles()[1:]...)
	d.Browser = d.as(t, &login)
	letter := d.send(t, "Dear Wren")
	d.read(t, letter)
	token := token(t, d.Browser)
	all := func(id string) map[string]string {
		return map[string]string{"photo": "phaaaaaaaaaaaaaaaaaaaa", "letter": id, "translation": id, "referral": id, "exchange": id, "person": id, "worker": id, "recovery": id, "message": id, "side": id, "rotation": id, "records": id}
	}
	ids := map[string]string{"photo": "phaaaaaaaaaaaaaaaaaaaa", "letter": letter, "translation": letter, "referral": letter, "exchange": string(d.exchange), "person": d.birth, "worker": d.WorkerLogin.ID,
		"recovery": "rcaaaaaaaaaaaaaaaaaaaa", "message": "msaaaaaaaaaaaaaaaaaaaa", "side": d.sideOf(t, d.exchange, 1), "rotation": "rtaaaaaaaaaaaaaaaaaaaa", "records": "dsaaaaaaaaaaaaaaaaaaaa"}
	const form = "application/x-www-form-urlencoded"
	for _, route := range desks.Routes(desks.Room{}) {
		_, path := pathOf(t, route.Method+" "+route.Pattern, ids)
		if strings.Contains(route.Pattern, "{id}") {
			for _, id := range []string{"x", letter + "a", strings.ToUpper(letter), "lt%00aaaaaaaaaaaaaaaaaaaa", "zzaaaaaaaaaaaaaaaaaaaa"} {
				_, bad := pathOf(t, route.Method+" "+route.Pattern, all(id))
				got := d.Get(bad)
				if route.Method == http.MethodPost {
					got = d.Post(bad, url.Values{"form-token": {token}})
				}
				if got.Status != http.StatusNotFound && got.Status != http.StatusForbidden && got.Status != http.StatusMethodNotAllowed {
					t.Errorf("%s %s gives %d for the id %q", route.Method, route.Pattern, got.Status, id)
				}
			}
		}
		if route.Method != http.MethodPost {
			continue
		}
		for name, c := range map[string]struct {
			kind, body string
			want       int
		}{
			"too large":       {form, "form-token=" + token + "&x=" + strings.Repeat("x", int(route.Body)), http.StatusRequestEntityTooLarge},
			"not UTF-8":       {form, "form-token=" + token + "&note=%ff", http.StatusBadRequest},
			"a NUL":           {form, "form-token=" + token + "&note=a%00", http.StatusBadRequest},
			"a field twice":   {form, "form-token=" + token + "&note=a&note=b", http.StatusBadRequest},
			"too many fields": {form, "form-token=" + token + strings.Repeat("&a=b", 200), http.StatusBadRequest},
			"another kind":    {"application/json", "{}", http.StatusUnsupportedMediaType},
			"no token":        {form, "note=a", http.StatusForbidden},
			"a wrong token":   {form, "form-token=" + token[1:], http.StatusForbidden},
		} {
			if got := d.PostRaw(path, c.kind, c.body); got.Status != c.want {
				t.Errorf("POST %s: %s gives %d, want %d", route.Pattern, name, got.Status, c.want)
			}
		}
	}
	if n := d.count(t, `select (select count(*) from decision) + (select count(*) from connection)`); n != 0 {
		t.Error("bad input changed something")
	}
	kept := d.PostRaw("/letter/"+letter+"/return", form, "form-token=old&words=My+own+words").Want(http.StatusForbidden)
	contains(t, kept.Doc().One("main").Text(), "My own words")
}
