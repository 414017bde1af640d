//go:build browser

package journey_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"gatepost/intermediary"
	"gatepost/internal/account"
	"gatepost/internal/authz"
	"gatepost/internal/demo"
	"gatepost/internal/tier"
)

// neighbour is the agency that shares the deployment. It asks ours and answers
// it; its worker uses the services, and nobody looks at its pages.
type neighbour struct {
	w     *world
	staff tier.Services
	silas demo.Person // its one intermediary worker
}

// openNeighbour finds its worker among the people of the demo.
func (w *world) openNeighbour(staff *tier.Tier) {
	w.t.Helper()
	n := &neighbour{w: w}
	var err error
	n.staff, err = staff.At(w.clock.now)
	w.must(err)
	i := slices.IndexFunc(w.people, func(p demo.Person) bool { return p.Key == "silas" })
	if i < 0 {
		w.t.Fatal("the other agency has no worker")
	}
	n.silas = w.people[i]
	w.neighbour = n
}

// worker signs its worker in: sessions do not outlive the walker's hours.
func (n *neighbour) worker(ctx context.Context) (actor authz.Actor, err error) {
	digits, err := n.w.code(n.silas.TOTP)
	if err != nil {
		return actor, err
	}
	token, err := n.staff.Accounts.SignIn(ctx, demo.ElmID, account.SignIn{Name: n.silas.Login, Passphrase: n.silas.Passphrase, Code: digits,
		From: netip.IPv6Loopback(), Browser: "Elm"})
	if err != nil {
		return actor, err
	}
	return n.staff.Accounts.Load(ctx, demo.ElmID, token, account.Writing)
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

// answers answers what our agency asked; veto is what it says of one, "" for none.
func (n *neighbour) answers(veto string) (string, error) {
	ctx := context.Background()
	actor, err := n.worker(ctx)
	if err != nil {
		return "", err
	}
	list, err := n.staff.Cases.EnquiriesIn(ctx, actor)
	if err != nil {
		return "", err
	}
	a := intermediary.EnquiryAnswer{Held: "yes", Veto: "none", Views: "no", Appropriate: "yes"}
	if veto != "" {
		a.Veto, a.VetoTerms = veto, "As in our first letter."
	}
	for _, in := range list {
		if in.State == "received" {
			return "", n.staff.Cases.AnswerEnquiryIn(ctx, actor, in.ID, 0, "", a)
		}
	}
	return "", errors.New("nobody has asked")
}
