package desk

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"gatepost/internal/account"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// managing is the table of what managers do about people and keys. (To keep a
// person of a family out is a letterbox worker's act too.)
func (room Room) managing() []page.Route {
	get := func(pattern, name string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Who: page.SignedIn, Page: name, Handler: h}
	}
	post := func(pattern string, h page.HandlerFunc, many ...string) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Who: page.SignedIn, Body: page.SmallBody, Many: many, Handler: h}
	}
	routes := []page.Route{
		get("/workers", "desk/manage-workers", room.workers),
		get("/keys", "desk/manage-keys", room.keys),
		post("/rotation/{id}/go-on", room.goOnRotation),
		post("/rotation/{id}/stop", room.stopRotation),
		get("/breaches", "desk/manage-breaches", room.breaches),
		get("/pace", "desk/manage-pace", room.pace),
		post("/letter/{id}/take-away", room.takeAway),
		get("/letter/{id}/give", "desk/manage-give", room.askGive),
		post("/letter/{id}/give", room.give),
	}
	for _, a := range managed(room.Accounts) {
		pattern := "/" + a.kind + "/{id}/" + a.name
		routes = append(routes, get(pattern, "desk/manage-act", room.askManaged(a)), post(pattern, room.doManaged(a), "role"))
	}
	return routes
}

// managedAct is an act about one account, with a page that asks for a code.
type managedAct struct {
	kind, name string // in the path: /worker/{id}/suspend
	act        authz.Act
	do         func(ctx context.Context, actor authz.Actor, id string, form page.Form) ([]string, error)
}

// managed lists the acts. Those that replace keys give the rotations that begin.
func managed(s *account.Service) []managedAct {
	plain := func(do func(ctx context.Context, actor authz.Actor, id, code string) error) func(context.Context, authz.Actor, string, page.Form) ([]string, error) {
		return func(ctx context.Context, actor authz.Actor, id string, form page.Form) ([]string, error) {
			return nil, do(ctx, actor, id, form.Get("code"))
		}
	}
	return []managedAct{
		{"worker", "suspend", authz.SuspendWorker, plain(s.SuspendWorker)},
		{"worker", "lift", authz.SuspendWorker, plain(s.LiftWorker)},
		{"worker", "leave", authz.EndWorker, func(ctx context.Context, actor authz.Actor, id string, form page.Form) ([]string, error) {
			return s.Leave(ctx, actor, id, form.Get("code"))
		}},
		{"worker", "roles", authz.EndWorker, func(ctx context.Context, actor authz.Actor, id string, form page.Form) ([]string, error) {
			if roles := rolesIn(form); !auditor(roles) {
				return s.ChangeRoles(ctx, actor, id, roles, form.Get("code"))
			}
			return makeAuditor(ctx, s, actor, id, form)
		}},
		{"worker", "prolong", authz.EndWorker, func(ctx context.Context, actor authz.Actor, id string, form page.Form) ([]string, error) {
			return makeAuditor(ctx, s, actor, id, form)
		}},
		{"person", "suspend", authz.SuspendPerson, plain(s.SuspendPerson)},
		{"person", "lift", authz.SuspendPerson, plain(s.LiftPerson)},
	}
}

func makeAuditor(ctx context.Context, s *account.Service, actor authz.Actor, id string, form page.Form) ([]string, error) {
	until, err := untilIn(form)
	if err != nil {
		return nil, err
	}
	rotations, err := s.MakeAuditor(ctx, actor, id, until, form.Get("code"))
	return rotations, onDay(err)
}

// managePage asks for an act about one account.
type managePage struct {
	page.Base
	Kind, Act string
	ID, Name  string
	Left      int           // letters about which nobody could decide without this worker
	Roles     []page.Choice // to choose from
	Until     bool          // an auditor's last day is asked for
	has       []authz.Role  // what a worker does now
}

func (room Room) managePage(r *http.Request, a managedAct) (*managePage, error) {
	actor := room.Actor(r)
	if err := actor.May(a.act); err != nil {
		return nil, err
	}
	p := &managePage{Base: room.Site.Base(r, "manage."+a.kind+"."+a.name+".title"), Kind: a.kind, Act: a.name}
	var err error
	if a.kind == "person" {
		p.Back = "/people"
		p.ID, p.Name, err = room.managedPerson(r)
		return p, err
	}
	p.Back = "/workers"
	w, err := room.worker(r)
	if err != nil {
		return nil, err
	}
	p.ID, p.Name, p.Until = w.ID, w.Name, a.name == "roles" || a.name == "prolong"
	if a.name == "prolong" && !auditor(w.Roles) {
		return nil, notThere()
	}
	if a.name != "lift" && a.name != "prolong" {
		if p.Left, err = room.Letters.LeftBehind(r.Context(), actor, w.ID); err != nil {
			return nil, err
		}
	}
	if a.name == "roles" {
		p.Roles = roleChoices(&p.Base)
		p.has = w.Roles
	}
	return p, nil
}

// worker finds the worker of the path in the manager's list.
func (room Room) worker(r *http.Request) (account.Worker, error) {
	id, err := idOf(r, "wk")
	if err != nil {
		return account.Worker{}, err
	}
	list, err := room.Accounts.Workers(r.Context(), room.Actor(r))
	if err != nil {
		return account.Worker{}, err
	}
	i := slices.IndexFunc(list, func(w account.Worker) bool { return w.ID == id })
	if i < 0 {
		return account.Worker{}, notThere()
	}
	return list[i], nil
}

// managedPerson finds the person of the path, by name where the worker may read
// names; a manager who may not goes by the paper file.
func (room Room) managedPerson(r *http.Request) (id, name string, err error) {
	if id, err = idOf(r, "pe"); err != nil {
		return "", "", err
	}
	actor := room.Actor(r)
	if actor.May(authz.SearchDirectory) != nil {
		return id, "", nil
	}
	person, err := room.Letters.Person(r.Context(), actor, letterbox.PersonID(id))
	return id, person.Name, err
}

func (room Room) askManaged(a managedAct) page.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		p, err := room.managePage(r, a)
		if err != nil {
			return err
		}
		for i := range p.Roles {
			has := slices.Contains(p.has, authz.Role(p.Roles[i].Value))
			p.Roles[i].Checked = &has
		}
		return room.Site.Render(w, r, http.StatusOK, "desk/manage-act", p)
	}
}

func (room Room) doManaged(a managedAct) page.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		form, err := page.FormOf(r)
		if err != nil {
			return err
		}
		p, err := room.managePage(r, a)
		if err != nil {
			return err
		}
		rotations, err := a.do(r.Context(), room.Actor(r), p.ID, form)
		if p.Refused(form.With("code", ""), err) {
			return room.Site.Render(w, r, statusOf(err), "desk/manage-act", p)
		}
		if err != nil {
			return err
		}
		if len(rotations) > 0 {
			room.begin(r, rotations)
			return page.SeeOther(w, r, "/keys?done="+a.name)
		}
		if a.kind == "person" {
			return page.SeeOther(w, r, "/people?done="+a.name)
		}
		return page.SeeOther(w, r, "/workers?done="+a.name)
	}
}

// begin does the first part of rotations right away. What goes wrong in it is no
// fault of the act that is done: the page about keys shows how far it is.
func (room Room) begin(r *http.Request, rotations []string) {
	for _, id := range rotations {
		if err := room.rotateSome(r, id); err != nil {
			slog.ErrorContext(r.Context(), "the first part of a rotation was not done", "id", id, "error", err)
		}
	}
}

// A press of the button grants so many cases at most; a few seconds' work.
const pressesOf = 10

// rotateSome goes on with a rotation for one request.
func (room Room) rotateSome(r *http.Request, id string) error {
	for range pressesOf {
		p, err := room.Accounts.RotateNext(r.Context(), room.Actor(r), id, account.MaxRotate)
		if err != nil || p.State != "running" || p.Stuck > 0 {
			return err
		}
	}
	return nil
}

// workersPage is who works here.
type workersPage struct {
	page.Base
	Workers []account.Worker
}

func (room Room) workers(w http.ResponseWriter, r *http.Request) error {
	list, err := room.Accounts.Workers(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	p := &workersPage{Base: room.Site.Base(r, "manage.workers.title"), Workers: list}
	p.did(r, "suspend", "lift", "roles", "prolong", "leave")
	return room.Site.Render(w, r, http.StatusOK, "desk/manage-workers", p)
}

// did says at the top of the list what was done a moment before.
func (p *workersPage) did(r *http.Request, known ...string) {
	if did := page.Query(r).Get("done"); slices.Contains(known, did) {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("manage.did." + did)}
	}
}

// keysPage is the work of replacing keys, and the cases that too few hold.
type keysPage struct {
	page.Base
	Rotations []rotationView
	Thin      []account.Thin
	Running   bool
	Every     int    // seconds between two looks
	Minutes   int    // for how long it goes on looking by itself; 0: it does not
	Looks     int    // how often it looks when it is asked to
	Mark      string // of when it was read, while it looks; "" where no line can be opened
}

// Whoever asks for it has the page about keys look again by itself: calmly, with
// a link that stops it, and never for a chair that nobody sits on, since each
// look keeps the session alive.
const (
	lookEvery = 20
	maxLooks  = 30
)

type rotationView struct {
	account.Rotation
	Team string // as its words are called
	Open bool   // it can go on
}

func (room Room) keys(w http.ResponseWriter, r *http.Request) error {
	actor, mark := room.Actor(r), ""
	if room.Mark != nil {
		mark = room.Mark() // before anything is read
	}
	list, err := room.Accounts.Rotations(r.Context(), actor)
	if err != nil {
		return err
	}
	thin, err := room.Accounts.ThinlyHeld(r.Context(), actor)
	if err != nil {
		return err
	}
	p := &keysPage{Base: room.Site.Base(r, "manage.keys.title"), Thin: thin, Every: lookEvery, Looks: maxLooks}
	for _, one := range list {
		v := rotationView{Rotation: one, Team: one.Team[strings.LastIndex(one.Team, "/")+1:], Open: one.State == "running" || one.State == "stopped"}
		p.Rotations = append(p.Rotations, v)
		p.Running = p.Running || one.State == "running"
	}
	if looks, err := strconv.Atoi(page.Query(r).Get("looks")); err == nil && p.Running && looks > 0 && looks <= maxLooks {
		p.Minutes, p.Mark = (looks*lookEvery+59)/60, mark
		w.Header().Set("Refresh", fmt.Sprintf("%d; url=/keys?looks=%d", lookEvery, looks-1))
	}
	if did := page.Query(r).Get("done"); slices.Contains([]string{"leave", "roles"}, did) {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("manage.did." + did)}
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/manage-keys", p)
}

// goOnRotation goes on for one request; a stopped one is let go on first.
func (room Room) goOnRotation(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "rt")
	if err != nil {
		return err
	}
	err = room.Accounts.GoOn(r.Context(), room.Actor(r), id)
	if err != nil && fault.KindOf(err) != fault.Conflict { // it was not stopped
		return err
	}
	if err := room.rotateSome(r, id); err != nil {
		return err
	}
	return page.SeeOther(w, r, fmt.Sprintf("/keys?looks=%d", maxLooks))
}

func (room Room) stopRotation(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "rt")
	if err != nil {
		return err
	}
	if err := room.Accounts.Stop(r.Context(), room.Actor(r), id); err != nil {
		return err
	}
	return page.SeeOther(w, r, "/keys")
}

// breachesPage is what waits longer than it should.
type breachesPage struct {
	page.Base
	Orders   []letterbox.ExchangeLine
	Lost     []letterbox.ExchangeLine // the store has lost something of theirs
	Groups   []breachGroup
	Referred int
	Messages int // not answered by their day
}

// breachGroup is one list of it: nobody may decide, late, amber, long with its writer or a translator, or stopped.
type breachGroup struct {
	Name  string
	Lines []letterbox.DeskLine
}

func (room Room) breaches(w http.ResponseWriter, r *http.Request) error {
	list, err := room.Letters.Breaches(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	p := &breachesPage{Base: room.Site.Base(r, "manage.breaches.title"), Orders: list.Orders, Lost: list.Lost, Referred: list.Referred, Messages: list.Messages,
		Groups: []breachGroup{{"alone", list.Nobody}, {"late", list.Late}, {"amber", list.Amber}, {"asked", list.Asked}, {"translating", list.Slow}, {"stopped", list.Stopped}}}
	// That no letter is late is worth a line; of what seldom happens, none is.
	p.Groups = slices.DeleteFunc(p.Groups, func(g breachGroup) bool {
		return len(g.Lines) == 0 && !slices.Contains([]string{"late", "amber", "stopped"}, g.Name)
	})
	if did := page.Query(r).Get("done"); slices.Contains([]string{"taken", "given", "unasked"}, did) {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("manage.did." + did)}
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/manage-breaches", p)
}

// takeAway takes a letter from whoever holds it.
func (room Room) takeAway(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	if err := room.Letters.TakeAway(r.Context(), room.Actor(r), letterbox.LetterID(id)); err != nil {
		return err
	}
	return page.SeeOther(w, r, "/breaches?done=taken")
}

// givePage asks who gets a letter.
type givePage struct {
	page.Base
	Letter  letterbox.DeskLine
	Readers []page.Choice
}

func (room Room) givePage(r *http.Request) (*givePage, error) {
	id, err := idOf(r, "lt")
	if err != nil {
		return nil, err
	}
	actor := room.Actor(r)
	line, err := room.Letters.Held(r.Context(), actor, letterbox.LetterID(id))
	if err != nil {
		return nil, err
	}
	readers, err := room.Letters.Readers(r.Context(), actor, letterbox.LetterID(id))
	if err != nil {
		return nil, err
	}
	p := &givePage{Base: room.Site.Base(r, "manage.give.title"), Letter: line}
	p.Back = "/breaches"
	for _, one := range readers {
		name := one.Name
		if name == "" {
			name = p.Words.T("desk.noName")
		}
		p.Readers = append(p.Readers, page.Choice{Value: one.ID, Text: name, Hint: &page.Hint{Text: p.Words.T("manage.holds", "Count", one.Holds)}})
	}
	return p, nil
}

func (room Room) askGive(w http.ResponseWriter, r *http.Request) error {
	p, err := room.givePage(r)
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/manage-give", p)
}

// give gives a letter to the worker who was chosen.
func (room Room) give(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	p, err := room.givePage(r)
	if err != nil {
		return err
	}
	err = room.Letters.Give(r.Context(), room.Actor(r), p.Letter.ID, form.Get("worker"))
	if p.Refused(form, err) {
		return room.Site.Render(w, r, statusOf(err), "desk/manage-give", p)
	}
	if err != nil {
		return err
	}
	return page.SeeOther(w, r, "/breaches?done=given")
}
