package casework

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"gatepost/intermediary"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/web/page"
)

// partyActs are the forms by which somebody comes to a file.
func (room Room) partyActs() []act {
	return []act{
		{path: "/case/{id}/party/{of}", name: "party", may: authz.OpenCase, load: ofCase("people", "ap", "sb"), code: true,
			fields: func(p *actPage) ([]field, error) {
				if strings.HasPrefix(p.Of, "sb") {
					return []field{hidden("kind", "subject")}, nil
				}
				return []field{{kind: "choice", name: "kind", key: "casework.party.kind", options: []string{"applicant", "representative"}, of: "casework.party."}}, nil
			},
			do: func(r *http.Request, p *actPage, form page.Form) error {
				_, err := room.Cases.AddParty(r.Context(), p.actor, intermediary.NewParty{File: p.Of, Kind: form.Get("kind"), Code: form.Get("code")})
				return err
			}},
		{path: "/case/{id}/partyKey/{of}", name: "partyKey", may: authz.OpenCase, load: ofParty, code: true,
			do: func(r *http.Request, p *actPage, form page.Form) error {
				party, _ := partyOf(p.Case, p.Of)
				_, err := room.Cases.AddParty(r.Context(), p.actor, intermediary.NewParty{File: party.File, Person: party.Person, Kind: party.Kind, Code: form.Get("code")})
				return err
			}},
	}
}

// ofParty loads the case and somebody who is a party of it.
func ofParty(room Room, r *http.Request, p *actPage) error {
	if err := ofCase("people")(room, r, p); err != nil {
		return err
	}
	if _, ok := partyOf(p.Case, p.Of); !ok || !agency.ValidID("pe", p.Of) {
		return notThere()
	}
	return nil
}

// invitePage asks for the fact that was agreed on the telephone.
type invitePage struct {
	base
	Case   *intermediary.Case
	Person string
	State  string
	Name   string
}

// invitationPage is an invitation to print. Its code is nowhere else.
type invitationPage struct {
	base
	Place, Name, Address, Reference, Code string
	Expires                               time.Time
}

func (room Room) invitePage(r *http.Request) (*invitePage, error) {
	if err := room.Actor(r).May(authz.InvitePerson); err != nil {
		return nil, err
	}
	base, err := room.casePage(r, "casework.invite.title")
	if err != nil {
		return nil, err
	}
	person := r.PathValue("of")
	party, ok := partyOf(base.Case, person)
	if !ok {
		return nil, notThere()
	}
	who, _ := personOf(base.Case, party.File)
	p := &invitePage{base: base.base, Case: base.Case, Person: person, State: party.State, Name: nameOf(who.Particulars)}
	p.Back, p.Wide = "/case/"+string(p.Case.ID)+"/people", false
	return p, nil
}

func (room Room) askInvite(w http.ResponseWriter, r *http.Request) error {
	p, err := room.invitePage(r)
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/invite", p)
}

// invite makes an invitation and shows it once, to be printed. It answers the
// POST itself, so that the code is kept nowhere.
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
	paper, err := room.Accounts.InvitePerson(r.Context(), actor, p.Person, form.Get("fact"))
	if p.Refused(form, err) {
		return room.Site.Render(w, r, statusOf(err), "casework/invite", p)
	}
	if err != nil {
		return err
	}
	sheet := &invitationPage{base: room.base(r, "desk.invitation.title"), Place: p.Back, Name: p.Name, Address: room.Address(actor.Agency(), authz.Public),
		Reference: paper.Reference, Code: grouped(paper.Code), Expires: paper.Expires}
	return room.Site.Render(w, r, http.StatusOK, "casework/invitation", sheet)
}

// grouped writes a code in groups of four, as it is easiest to copy from paper.
func grouped(code string) string {
	plain := strings.NewReplacer("-", "", " ", "").Replace(code)
	var groups []string
	for part := range slices.Chunk([]byte(plain), 4) {
		groups = append(groups, string(part))
	}
	return strings.Join(groups, " ")
}
