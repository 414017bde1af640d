package desk

import (
	"net/http"
	"strings"
	"time"

	"gatepost/internal/account"
	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// invitePage asks for the fact that was agreed with a person by phone.
type invitePage struct {
	page.Base
	Person letterbox.Found
}

// invitationPage is an invitation to print. Its code is nowhere else: what the
// database keeps of it is a keyed hash.
type invitationPage struct {
	page.Base
	Name      string // of whom it is for
	Address   string // where they sign in
	Reference string
	Code      string // in groups of four
	Expires   time.Time
	Worker    bool
}

// askInvite asks for the agreed fact.
func (room Room) askInvite(w http.ResponseWriter, r *http.Request) error {
	p, err := room.invitePage(r)
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/invite", p)
}

// invite makes an invitation and shows it, once, to be printed.
func (room Room) invite(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	p, err := room.invitePage(r)
	if err != nil {
		return err
	}
	actor := room.Actor(r)
	paper, err := room.Accounts.InvitePerson(r.Context(), actor, string(p.Person.ID), form.Get("fact"))
	if p.Refused(form, err) {
		return room.Site.Render(w, r, statusOf(err), "desk/invite", p)
	}
	if err != nil {
		return err
	}
	return room.showInvitation(w, r, paper, &invitationPage{Name: p.Person.Name, Address: room.Address(actor.Agency(), authz.Public)})
}

// invitePage loads the person who is to be invited.
func (room Room) invitePage(r *http.Request) (*invitePage, error) {
	id, err := idOf(r, "pe")
	if err != nil {
		return nil, err
	}
	actor := room.Actor(r)
	if err := actor.May(authz.InvitePerson); err != nil {
		return nil, err
	}
	person, err := room.Letters.Person(r.Context(), actor, letterbox.PersonID(id))
	if err != nil {
		return nil, err
	}
	return &invitePage{Base: room.Site.Base(r, "desk.invite.title"), Person: person}, nil
}

// newWorkerPage asks for a worker's name and the agreed fact.
type newWorkerPage struct{ page.Base }

// newWorker shows the form for inviting a worker.
func (room Room) newWorker(w http.ResponseWriter, r *http.Request) error {
	if err := room.Actor(r).May(authz.InviteWorker); err != nil {
		return err
	}
	p := &newWorkerPage{room.Site.Base(r, "desk.newWorker.title")}
	return room.Site.Render(w, r, http.StatusOK, "desk/worker-new", p)
}

// inviteWorker makes an invitation for a worker and shows it, once.
func (room Room) inviteWorker(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	actor := room.Actor(r)
	p := &newWorkerPage{room.Site.Base(r, "desk.newWorker.title")}
	paper, err := room.Accounts.InviteWorker(r.Context(), actor, form.Get("name"), form.Get("fact"))
	if p.Refused(form, err) {
		return room.Site.Render(w, r, statusOf(err), "desk/worker-new", p)
	}
	if err != nil {
		return err
	}
	return room.showInvitation(w, r, paper, &invitationPage{
		Name: form.Get("name"), Address: room.Address(actor.Agency(), authz.Staff), Worker: true})
}

// showInvitation shows the paper. It answers the POST itself, so that the code
// is kept nowhere: a reload asks the browser's user first and makes a new code.
func (room Room) showInvitation(w http.ResponseWriter, r *http.Request, paper account.Paper, p *invitationPage) error {
	p.Base = room.Site.Base(r, "desk.invitation.title")
	p.Reference, p.Code, p.Expires = paper.Reference, grouped(paper.Code), paper.Expires
	return room.Site.Render(w, r, http.StatusOK, "desk/invitation", p)
}

// grouped writes a code in groups of four, as it is easiest to copy from paper.
func grouped(code string) string {
	plain := strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, code)
	var b strings.Builder
	for i, r := range plain {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
