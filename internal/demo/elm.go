package demo

import (
	"context"
	"errors"
	"fmt"

	"filippo.io/age"

	"gatepost/intermediary"
	"gatepost/internal/account"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/keyfile"
)

// ElmID is the other agency of a demo: one of another county, which holds the
// record of an adoption that ours is asked about.
const ElmID = "elm"

// neighbours are its manager and its intermediary worker. Nobody has to be them:
// they answered before the demo began.
func neighbours() []cast {
	return []cast{
		{key: "una", name: "Una Garrick", relation: "manager of Elm Row", roles: []authz.Role{authz.Manager}, totp: true},
		{key: "silas", name: "Silas Nott", relation: "intermediary worker of Elm Row", roles: []authz.Role{authz.IntermediaryWorker}, totp: true},
	}
}

// AddNeighbour gives the deployment of a world that has just begun another
// agency. Its stanza belongs to the configuration beside the first one; Seed
// opens the agency when its tiers have it.
func (f Folder) AddNeighbour(w World) (World, error) {
	archive, err := age.GenerateHybridIdentity()
	if err != nil {
		return w, fmt.Errorf("make another archive's key: %w", err)
	}
	w.Neighbour, err = keyfile.AddAgency(f.Path("keys"), agency.Stanza{ID: ElmID, Name: "Elm Row Adoption", Phone: "01632 960240", Hours: "Monday to Friday, 9am to 5pm",
		PublicHost: "letters.elm.localhost", StaffHost: "desk.elm.localhost", Archive: archive.Recipient().String(), Country: "E"})
	return w, errors.Join(err, f.Save(w))
}

// Stanzas are the agencies of the deployment, the demo's own first.
func (w World) Stanzas() []agency.Stanza {
	if w.Neighbour.ID == "" {
		return []agency.Stanza{w.Stanza}
	}
	return []agency.Stanza{w.Stanza, w.Neighbour}
}

// openElm opens the other agency: a manager, and one intermediary worker.
func (s *seeding) openElm(ctx context.Context, boss, worker *member) error {
	door := s.staff.Accounts
	paper, _, err := door.InviteFirst(ctx, ElmID, fact)
	if err != nil {
		return err
	}
	if err := s.firstManager(ctx, boss, paper); err != nil {
		return err
	}
	return s.hireOne(ctx, boss, worker)
}

// firstManager brings an agency's first manager in and makes the agency's keys.
func (s *seeding) firstManager(ctx context.Context, m *member, paper account.Paper) error {
	if err := s.enrol(ctx, m, paper); err != nil {
		return err
	}
	if err := s.useCodes(ctx, m); err != nil {
		return err
	}
	digits, err := s.code(m)
	if err != nil {
		return err
	}
	return patiently(ctx, func() error {
		return s.staff.Accounts.OpenAgency(ctx, m.home(), account.Opening{Name: m.Login, Passphrase: m.Passphrase, Code: digits, Display: m.name})
	})
}

// elmAnswers has its worker answer what ours asked.
func (s *seeding) elmAnswers(ctx context.Context, id intermediary.EnquiryID, answer intermediary.EnquiryAnswer) error {
	silas, err := s.actor(ctx, "silas")
	if err != nil {
		return err
	}
	return s.staff.Cases.AnswerEnquiryIn(ctx, silas, id, 0, "", answer)
}
