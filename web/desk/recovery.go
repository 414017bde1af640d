package desk

import (
	"net/http"
	"slices"

	"gatepost/internal/account"
	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// recoveriesPage is who is getting a new key, and how far each is.
type recoveriesPage struct {
	page.Base
	Recoveries []account.Recovery
}

// recoveries lists them, with what this worker may do about each.
func (room Room) recoveries(w http.ResponseWriter, r *http.Request) error {
	list, err := room.Accounts.Recoveries(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	p := &recoveriesPage{Base: room.Site.Base(r, "recovery.list.title"), Recoveries: list}
	if did := page.Query(r).Get("done"); slices.Contains([]string{"started", "agreed", "posted", "stopped", "reset"}, did) {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("recovery.did." + did)}
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/recoveries", p)
}

// recoverPage asks how somebody who lost their passphrase was checked again.
type recoverPage struct {
	page.Base
	Kind, ID, Name string
	Choices        recoverChoices
}

// recoverChoices are what the form offers.
type recoverChoices struct{ What, Identity []page.Choice }

func (room Room) recoverPage(r *http.Request, kind string) (*recoverPage, error) {
	id, err := idOf(r, map[string]string{"person": "pe", "worker": "wk"}[kind])
	if err != nil {
		return nil, err
	}
	actor, act := room.Actor(r), authz.Recover
	if kind == "worker" {
		act = authz.RecoverWorker
	}
	if err := actor.May(act); err != nil {
		return nil, err
	}
	p := &recoverPage{Base: room.Site.Base(r, "recovery.start.title"), Kind: kind, ID: id}
	choice := func(group, value string) page.Choice {
		return page.Choice{Value: value, Text: p.Words.T("recovery." + group + "." + value)}
	}
	p.Choices.Identity = []page.Choice{choice("identity", "inPerson"), choice("identity", "callBack")}
	if kind == "worker" {
		p.Choices.What = []page.Choice{choice("what", "passphrase"), choice("what", "secondStep")}
		return p, nil
	}
	if actor.May(authz.SearchDirectory) == nil { // a manager who reads no names goes by the paper file
		person, err := room.Letters.Person(r.Context(), actor, letterbox.PersonID(id))
		if err != nil {
			return nil, err
		}
		p.Name = person.Name
	}
	return p, nil
}

func (room Room) askRecoverPerson(w http.ResponseWriter, r *http.Request) error {
	return room.askRecover(w, r, "person")
}

func (room Room) askRecoverWorker(w http.ResponseWriter, r *http.Request) error {
	return room.askRecover(w, r, "worker")
}

func (room Room) askRecover(w http.ResponseWriter, r *http.Request, kind string) error {
	p, err := room.recoverPage(r, kind)
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/recover", p)
}

// recoverPerson begins a recovery; another worker has to agree.
func (room Room) recoverPerson(w http.ResponseWriter, r *http.Request) error {
	return room.startRecovery(w, r, "person")
}

// recoverWorker is the same for a worker, by a manager.
func (room Room) recoverWorker(w http.ResponseWriter, r *http.Request) error {
	return room.startRecovery(w, r, "worker")
}

func (room Room) startRecovery(w http.ResponseWriter, r *http.Request, kind string) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	p, err := room.recoverPage(r, kind)
	if err != nil {
		return err
	}
	n := account.NewRecovery{Kind: kind, Account: p.ID, What: "passphrase", Identity: form.Get("identity")}
	if kind == "worker" {
		n.What = form.Get("what")
	}
	_, err = room.Accounts.StartRecovery(r.Context(), room.Actor(r), n, form.Get("code"))
	if err == nil {
		return page.SeeOther(w, r, "/recoveries?done=started")
	}
	if !p.Refused(form.With("code", ""), err) {
		return err
	}
	return room.Site.Render(w, r, statusOf(err), "desk/recover", p)
}

// recoveryPage is one step of one recovery.
type recoveryPage struct {
	page.Base
	Recovery account.Recovery
	HoldBack []page.Choice
}

// recoveryStep is one thing that can be done about a recovery.
type recoveryStep struct {
	page  string // template, and the last part of the path
	title string
	may   func(account.Recovery) bool
}

func (room Room) recoverySteps() map[string]recoveryStep {
	return map[string]recoveryStep{
		"agree":  {"desk/recovery-agree", "recovery.agree.title", func(r account.Recovery) bool { return r.CanAgree }},
		"notice": {"desk/recovery-notice", "recovery.notice.title", func(r account.Recovery) bool { return r.CanPost }},
		"print":  {"desk/recovery-print", "recovery.print.title", func(r account.Recovery) bool { return r.CanPrint }},
		"reset":  {"desk/recovery-reset", "recovery.reset.title", func(r account.Recovery) bool { return r.CanReset }},
		"stop":   {"desk/recovery-stop", "recovery.stop.title", func(r account.Recovery) bool { return r.CanStop }},
	}
}

// recoveryPage finds a recovery about which this worker may do that step now.
// Any other is not there.
func (room Room) recoveryPage(r *http.Request, step recoveryStep) (*recoveryPage, error) {
	id, err := idOf(r, "rc")
	if err != nil {
		return nil, err
	}
	list, err := room.Accounts.Recoveries(r.Context(), room.Actor(r))
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(one account.Recovery) bool { return one.ID == id && step.may(one) })
	if i < 0 {
		return nil, notThere()
	}
	p := &recoveryPage{Base: room.Site.Base(r, step.title), Recovery: list[i]}
	for _, reason := range account.HoldBackReasons() {
		p.HoldBack = append(p.HoldBack, page.Choice{Value: reason, Text: p.Words.T("recovery.holdBack." + reason)})
	}
	return p, nil
}

// askRecovery shows the page of a step.
func (room Room) askRecovery(name string) page.HandlerFunc {
	step := room.recoverySteps()[name]
	return func(w http.ResponseWriter, r *http.Request) error {
		p, err := room.recoveryPage(r, step)
		if err != nil {
			return err
		}
		return room.Site.Render(w, r, http.StatusOK, step.page, p)
	}
}

// takeStep does a step and goes back to the list, or shows the page again with
// what was typed, but for the code.
func (room Room) takeStep(w http.ResponseWriter, r *http.Request, name, done string, do func(p *recoveryPage, form page.Form) error) error {
	step := room.recoverySteps()[name]
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	p, err := room.recoveryPage(r, step)
	if err != nil {
		return err
	}
	if err = do(p, form); err == nil {
		return page.SeeOther(w, r, "/recoveries?done="+done)
	}
	if !p.Refused(form.With("code", ""), err) {
		return err
	}
	return room.Site.Render(w, r, statusOf(err), step.page, p)
}

// agreeRecovery is the second worker's word.
func (room Room) agreeRecovery(w http.ResponseWriter, r *http.Request) error {
	return room.takeStep(w, r, "agree", "agreed", func(p *recoveryPage, form page.Form) error {
		return room.Accounts.AgreeRecovery(r.Context(), room.Actor(r), p.Recovery.ID, form.Get("hold-back"), form.Get("code"))
	})
}

// postedNotice writes down that the letter was posted which tells a person.
func (room Room) postedNotice(w http.ResponseWriter, r *http.Request) error {
	return room.takeStep(w, r, "notice", "posted", func(p *recoveryPage, _ page.Form) error {
		return room.Accounts.PostedNotice(r.Context(), room.Actor(r), p.Recovery.ID)
	})
}

// resetSecondStep takes a worker's second step away, a day later.
func (room Room) resetSecondStep(w http.ResponseWriter, r *http.Request) error {
	return room.takeStep(w, r, "reset", "reset", func(p *recoveryPage, form page.Form) error {
		return room.Accounts.ResetSecondStep(r.Context(), room.Actor(r), p.Recovery.ID, form.Get("code"))
	})
}

// stopRecovery ends one that should not go on.
func (room Room) stopRecovery(w http.ResponseWriter, r *http.Request) error {
	return room.takeStep(w, r, "stop", "stopped", func(p *recoveryPage, _ page.Form) error {
		return room.Accounts.StopRecovery(r.Context(), room.Actor(r), p.Recovery.ID)
	})
}

// printRecovery makes the paper with the code and shows it, once.
func (room Room) printRecovery(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	p, err := room.recoveryPage(r, room.recoverySteps()["print"])
	if err != nil {
		return err
	}
	actor := room.Actor(r)
	paper, err := room.Accounts.PrintRecovery(r.Context(), actor, p.Recovery.ID, form.Get("fact"), form.Get("code"))
	if p.Refused(form.With("code", ""), err) {
		return room.Site.Render(w, r, statusOf(err), "desk/recovery-print", p)
	}
	if err != nil {
		return err
	}
	worker := p.Recovery.Kind == "worker"
	of := authz.Public
	if worker {
		of = authz.Staff
	}
	return room.showInvitation(w, r, paper, &invitationPage{Name: p.Recovery.Name, Address: room.Address(actor.Agency(), of), Worker: worker})
}
