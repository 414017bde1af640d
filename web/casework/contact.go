package casework

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"gatepost/intermediary"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// contactSheet is what a worker sees before two people may write to each other.
type contactSheet struct {
	Sides   []sideView // the applicant, and the person they look for
	Workers []page.Choice
	Ready   bool // both have an account that is confirmed
}

// sideView is one of the two.
type sideView struct {
	Name    string
	Account bool // somebody of this side has an account that is confirmed
}

// contactActs is the form by which letters between two people are opened.
func (room Room) contactActs() []act {
	return []act{
		{path: "/case/{id}/contact/{of}", name: "contact", may: authz.Approach, load: room.ofContact, sheet: "contact", code: true, many: []string{"named"},
			fields: contactFields, do: room.openContact},
	}
}

// ofContact loads the case and the two who would write. Whoever does not work
// for the letterbox as well opens nothing there.
func (room Room) ofContact(_ Room, r *http.Request, p *actPage) error {
	if err := ofSubjectNamed(room, r, p); err != nil {
		return err
	}
	workers, err := room.Letters.Nameable(r.Context(), p.actor)
	if err != nil {
		return err
	}
	who, _ := personOf(p.Case, p.Of)
	if who.Contact != nil {
		return fault.New(fault.Conflict, "fault.contact.there")
	}
	sheet := &contactSheet{Sides: []sideView{sideOf(p.Case.Applicant), sideOf(who)}}
	sheet.Ready = sheet.Sides[0].Account && sheet.Sides[1].Account
	for _, w := range workers {
		sheet.Workers = append(sheet.Workers, page.Choice{Value: w.ID, Text: cmp.Or(w.Name, p.Words.T("casework.noName"))})
	}
	p.Sheet = sheet
	return nil
}

func sideOf(who intermediary.Person) sideView {
	return sideView{Name: nameOf(who.Particulars), Account: slices.ContainsFunc(who.Parties, func(p intermediary.Party) bool { return p.State == "active" && p.Open })}
}

// contactFields asks what each side calls the other, and who reads the letters.
// The first names are the least that the two can write with.
func contactFields(p *actPage) ([]field, error) {
	sheet := p.Sheet.(*contactSheet)
	return []field{hidden("exchange", intermediary.NewContactID()),
		{kind: "line", name: "applicant", key: "casework.contact.applicant", value: firstName(sheet.Sides[0].Name)},
		{kind: "line", name: "subject", key: "casework.contact.subject", value: firstName(sheet.Sides[1].Name)},
		{kind: "many", name: "named", key: "casework.contact.named", choices: sheet.Workers, values: []string{p.actor.Account()}}}, nil
}

func firstName(name string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(name), " ")
	return first
}

func (room Room) openContact(r *http.Request, p *actPage, form page.Form) error {
	for _, name := range []string{"applicant", "subject"} {
		if strings.TrimSpace(form.Get(name)) == "" {
			return fault.Field(name, "fault.casework.name")
		}
	}
	err := room.Cases.OpenContact(r.Context(), p.actor, intermediary.NewContact{Exchange: form.Get("exchange"), Subject: p.Of,
		Called: [2]string{form.Get("applicant"), form.Get("subject")}, Named: form.All("named"), Code: form.Get("code")})
	return onField(err, "called", "applicant")
}
