//go:build browser

package journey_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"filippo.io/age"

	"gatepost/crypto/session"
	"gatepost/intermediary"
	"gatepost/internal/account"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/demo"
	"gatepost/internal/keyfile"
	"gatepost/internal/tier"
)

// elm is the id of the other agency of this deployment.
const elm = "elm"

// neighbour is an agency that shares the deployment. It asks ours and answers
// it; its workers use the services, and nobody looks at their pages.
type neighbour struct {
	w     *world
	staff tier.Services
	// login and the others are of its one intermediary worker.
	login, passphrase, secret string
}

// addNeighbour gives the deployment another agency.
func (w *world) addNeighbour(folder demo.Folder) agency.Stanza {
	w.t.Helper()
	archive, err := age.GenerateHybridIdentity()
	w.must(err)
	s, err := keyfile.AddAgency(folder.Path("keys"), agency.Stanza{ID: elm, Name: "Elm Row Adoption", Phone: "01632 960240", Hours: "Monday to Friday, 9am to 5pm",
		PublicHost: "letters.elm.localhost", StaffHost: "desk.elm.localhost", Archive: archive.Recipient().String(), Country: "E"})
	w.must(err)
	return s
}

// openNeighbour opens it: a manager, and one intermediary worker.
func (w *world) openNeighbour(staff *tier.Tier) {
	w.t.Helper()
	n := &neighbour{w: w}
	var err error
	n.staff, err = staff.At(w.clock.now)
	w.must(err)
	ctx, door := w.t.Context(), n.staff.Accounts
	paper, _, err := door.InviteFirst(ctx, elm, "the green gate")
	w.must(err)
	boss, bossPassphrase := n.enrol(paper)
	bossSecret := n.useCodes(boss)
	w.must(door.OpenAgency(ctx, elm, account.Opening{Name: paper.Reference, Passphrase: bossPassphrase, Code: n.code(bossSecret), Display: "Una Garrick"}))
	manager := n.load(boss)
	paper, err = door.InviteWorker(ctx, manager, "Silas Nott", "the green gate")
	w.must(err)
	token, passphrase := n.enrol(paper)
	n.login, n.passphrase, n.secret = paper.Reference, passphrase, n.useCodes(token)
	w.must(door.ConfirmWorker(ctx, manager, n.load(token).Account(), []authz.Role{authz.IntermediaryWorker}, n.code(bossSecret)))
	w.neighbour = n
}

// enrol takes somebody from the paper to their first page.
func (n *neighbour) enrol(paper account.Paper) (token session.Token, passphrase string) {
	n.w.t.Helper()
	ctx, door := n.w.t.Context(), n.staff.Accounts
	token, err := door.Redeem(ctx, elm, netip.IPv6Loopback(), paper.Code, "the green gate")
	n.w.must(err)
	passphrase, err = door.Enrolling(ctx, elm, token)
	n.w.must(err)
	token, _, err = door.Choose(ctx, elm, token, passphrase, "Elm")
	n.w.must(err)
	return token, passphrase
}

func (n *neighbour) load(token session.Token) authz.Actor {
	n.w.t.Helper()
	actor, err := n.staff.Accounts.Load(n.w.t.Context(), elm, token, account.Writing)
	n.w.must(err)
	return actor
}

// useCodes gives somebody a second step, and us its secret.
func (n *neighbour) useCodes(token session.Token) string {
	n.w.t.Helper()
	offer, err := n.staff.Accounts.OfferTOTP(n.w.t.Context(), n.load(token), token)
	n.w.must(err)
	secret := strings.ReplaceAll(offer.Secret, " ", "")
	n.w.must(n.staff.Accounts.KeepTOTP(n.w.t.Context(), n.load(token), token, n.code(secret)))
	return secret
}

func (n *neighbour) code(secret string) string {
	n.w.t.Helper()
	digits, err := n.w.code(secret)
	n.w.must(err)
	return digits
}

// worker signs its worker in: sessions do not outlive the walker's hours.
func (n *neighbour) worker(ctx context.Context) (actor authz.Actor, err error) {
	digits, err := n.w.code(n.secret)
	if err != nil {
		return actor, err
	}
	token, err := n.staff.Accounts.SignIn(ctx, elm, account.SignIn{Name: n.login, Passphrase: n.passphrase, Code: digits, From: netip.IPv6Loopback(), Browser: "Elm"})
	if err != nil {
		return actor, err
	}
	return n.staff.Accounts.Load(ctx, elm, token, account.Writing)
}

// asks opens a case there, of which our agency is asked.
func (n *neighbour) asks(string) (string, error) {
	ctx := context.Background()
	actor, err := n.worker(ctx)
	if err != nil {
		return "", err
	}
	id, err := n.staff.Cases.OpenCase(ctx, actor, intermediary.NewCase{ID: intermediary.NewApplicationID(), Pair: "AP>REL",
		AdoptedPerson: intermediary.Particulars{OrderDate: "1971-05", CourtCountry: "E", Agency: "Fernleigh", AgencyCountry: "E"},
		Applicant:     intermediary.Particulars{Name: "Corin Ash", BirthName: "Corin Reed", Born: "1970-02-11"},
		Subjects:      []intermediary.Particulars{{Name: "Sylvia Reed"}}})
	if err != nil {
		return "", err
	}
	return "", n.staff.Cases.Enquire(ctx, actor, intermediary.NewEnquiry{ID: intermediary.NewEnquiryID(), Application: id, Whom: intermediary.AskAgency,
		ToAgency: demo.AgencyID, About: "Corin Reed, born 11 February 1970", Text: "He asks about his mother."})
}

// answers answers what our agency asked.
func (n *neighbour) answers(string) (string, error) {
	ctx := context.Background()
	actor, err := n.worker(ctx)
	if err != nil {
		return "", err
	}
	list, err := n.staff.Cases.EnquiriesIn(ctx, actor)
	if err != nil {
		return "", err
	}
	for _, in := range list {
		if in.State == "received" {
			return "", n.staff.Cases.AnswerEnquiryIn(ctx, actor, in.ID, 0, "", intermediary.EnquiryAnswer{Held: "yes", Veto: "none", Views: "no", Appropriate: "yes"})
		}
	}
	return "", errors.New("nobody has asked")
}
