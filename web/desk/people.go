package desk

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"gatepost/internal/account"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// peoplePage is who waits for a call.
type peoplePage struct {
	page.Base
	Waiting         []holdingView
	MayInviteWorker bool
}

// holdingView is one who waits, with whether this worker may confirm them.
type holdingView struct {
	account.Holding
	MayConfirm bool
}

// people lists who waits for a call, with the four words that their screen
// shows.
func (room Room) people(w http.ResponseWriter, r *http.Request) error {
	actor := room.Actor(r)
	waiting, err := room.onHold(r)
	if err != nil {
		return err
	}
	p := &peoplePage{Base: room.Site.Base(r, "desk.people.title"), MayInviteWorker: actor.Can(authz.InviteWorker)}
	for _, holding := range waiting {
		p.Waiting = append(p.Waiting, holdingView{holding, actor.Can(confirms(holding.Kind))})
	}
	if page.Query(r).Get("confirmed") != "" {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("desk.people.confirmed")}
	}
	if did := page.Query(r).Get("done"); did == "suspend" || did == "lift" {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("manage.did." + did)}
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/people", p)
}

// onHold lists who waits for a call. Who is in no directory has the name that
// their intermediary case has for them, where the worker may see it.
func (room Room) onHold(r *http.Request) ([]account.Holding, error) {
	actor := room.Actor(r)
	waiting, err := room.Accounts.OnHold(r.Context(), actor)
	if err != nil || !actor.Can(authz.SeeCases) {
		return waiting, err
	}
	var nameless []string
	for _, h := range waiting {
		if h.Kind == "person" && h.Name == "" {
			nameless = append(nameless, h.ID)
		}
	}
	if len(nameless) == 0 {
		return waiting, nil
	}
	names, err := room.Cases.PartyNames(r.Context(), actor, nameless)
	if err != nil {
		return nil, err
	}
	for i := range waiting {
		h := &waiting[i]
		switch {
		case h.Name != "":
		case names[h.ID] != "":
			h.Name = names[h.ID]
		case len(h.Exchanges) > 0:
			h.Name = h.Exchanges[0]
		}
	}
	return waiting, nil
}

// confirms is the act of confirming somebody of a kind.
func confirms(kind string) authz.Act {
	if kind == "worker" {
		return authz.ConfirmWorker
	}
	return authz.ConfirmPerson
}

// confirmPage asks whether the four words were the same on the phone.
type confirmPage struct {
	page.Base
	Holding account.Holding
	Roles   []page.Choice // for a worker who has none yet
	Until   bool          // an auditor's last day can be given
}

// askConfirmPerson asks about a person of a family.
func (room Room) askConfirmPerson(w http.ResponseWriter, r *http.Request) error {
	p, err := room.confirmPage(r, "person")
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/confirm-person", p)
}

// confirmPerson gives a person their side, after the call.
func (room Room) confirmPerson(w http.ResponseWriter, r *http.Request) error {
	return room.confirm(w, r, "person", func(h account.Holding, form page.Form) error {
		return room.Accounts.ConfirmPerson(r.Context(), room.Actor(r), h.ID, form.Get("code"))
	})
}

// askConfirmWorker asks about a worker.
func (room Room) askConfirmWorker(w http.ResponseWriter, r *http.Request) error {
	p, err := room.confirmPage(r, "worker")
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/confirm-worker", p)
}

// confirmWorker gives a worker their roles, after the call.
func (room Room) confirmWorker(w http.ResponseWriter, r *http.Request) error {
	return room.confirm(w, r, "worker", func(h account.Holding, form page.Form) error {
		roles := rolesIn(form)
		if !auditor(roles) && !(auditor(h.Roles) && typedDay(form)) {
			return room.Accounts.ConfirmWorker(r.Context(), room.Actor(r), h.ID, roles, form.Get("code"))
		}
		until, err := untilIn(form)
		if err != nil {
			return err
		}
		return onDay(room.Accounts.ConfirmAuditor(r.Context(), room.Actor(r), h.ID, until, form.Get("code")))
	})
}

func rolesIn(form page.Form) (roles []authz.Role) {
	for _, role := range form.All("role") {
		roles = append(roles, authz.Role(role))
	}
	return roles
}

// auditor tells whether these are the roles of somebody who comes to look and
// nothing else: their account has a last day.
func auditor[T ~string](roles []T) bool {
	return len(roles) == 1 && string(roles[0]) == string(authz.Auditor)
}

// typedDay tells whether anything was typed as an auditor's last day.
func typedDay(form page.Form) bool {
	return form.Get("until-day")+form.Get("until-month")+form.Get("until-year") != ""
}

// untilIn reads an auditor's last day.
func untilIn(form page.Form) (time.Time, error) {
	until, ok := dateOf(form.Get("until-day"), form.Get("until-month"), form.Get("until-year"))
	if !ok {
		return time.Time{}, fault.Field("until-day", "fault.manage.until")
	}
	return until, nil
}

// confirm does what both have in common. The worker's own word that the call
// was made comes first: without it no code is used up.
func (room Room) confirm(w http.ResponseWriter, r *http.Request, kind string, act func(h account.Holding, form page.Form) error) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	p, err := room.confirmPage(r, kind)
	if err != nil {
		return err
	}
	err = calledOf(form, len(p.Roles) > 0)
	if err == nil {
		err = act(p.Holding, form)
	}
	if err == nil {
		return page.SeeOther(w, r, "/people?confirmed=yes")
	}
	if !p.Refused(form.With("code", ""), err) {
		return err
	}
	return room.Site.Render(w, r, statusOf(err), "desk/confirm-"+kind, p)
}

// calledOf checks what must be ticked before anything is asked of the service.
func calledOf(form page.Form, needsRole bool) error {
	var faults []error
	if form.Get("called") != "yes" {
		faults = append(faults, fault.Field("called", "desk.confirm.calledNeeded"))
	}
	if needsRole && len(form.All("role")) == 0 {
		faults = append(faults, fault.Field("role", "desk.confirm.roleNeeded"))
	}
	return errors.Join(faults...)
}

// confirmPage finds somebody who waits. Whoever does not is not there.
func (room Room) confirmPage(r *http.Request, kind string) (*confirmPage, error) {
	id, err := idOf(r, map[string]string{"person": "pe", "worker": "wk"}[kind])
	if err != nil {
		return nil, err
	}
	actor := room.Actor(r)
	if err := actor.May(confirms(kind)); err != nil {
		return nil, err
	}
	waiting, err := room.onHold(r)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(waiting, func(h account.Holding) bool { return h.ID == id && h.Kind == kind })
	if i < 0 {
		return nil, notThere()
	}
	p := &confirmPage{Base: room.Site.Base(r, "desk.confirm.title"), Holding: waiting[i]}
	// Whoever has a new key in the place of an earlier one keeps their roles.
	if kind == "worker" && len(p.Holding.Roles) == 0 {
		p.Roles = roleChoices(&p.Base)
	}
	p.Until = len(p.Roles) > 0 || auditor(p.Holding.Roles)
	return p, nil
}

// roleChoices lists the roles that a worker can have, with what each may do.
func roleChoices(b *page.Base) []page.Choice {
	var all []page.Choice
	for _, role := range authz.Roles() {
		if role == authz.Correspondent {
			continue
		}
		all = append(all, page.Choice{
			Value: string(role), Text: b.Words.T("desk.role." + string(role)),
			Hint: &page.Hint{Text: b.Words.T("desk.role." + string(role) + ".hint")},
		})
	}
	return all
}
