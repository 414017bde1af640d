package casework

import (
	"net/http"

	"gatepost/intermediary"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/web/page"
)

// wishesView is what our register says about a subject's case.
type wishesView struct {
	*intermediary.SubjectRegister
	Case  string
	Found []foundView
}

// foundView is an entry that may concern the case.
type foundView struct {
	intermediary.FoundEntry
	View entryView
	Tag  page.Tag
}

// wishActs are the forms about the register in a case: a look through it, and
// whether a wish concerns the case.
func (room Room) wishActs() []act {
	return []act{
		{path: "/case/{id}/register/{of}", name: "lookThrough", may: authz.KeepRegister, load: ofWishes, sheet: "case-register",
			do: func(r *http.Request, p *actPage, _ page.Form) error {
				p.After = p.Action
				return room.Cases.LookThroughRegister(r.Context(), p.actor, intermediary.SubjectID(p.Of))
			}},
		{path: "/case/{id}/register/{of}/{name}", name: "wish", may: authz.KeepRegister, load: ofWish, sheet: "case-wish", keep: []string{"why"}, fields: wishFields,
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.SayWish(r.Context(), p.actor, intermediary.NewWishWord{Subject: intermediary.SubjectID(p.Of), Entry: intermediary.PreferenceID(p.Name),
					Seen: number(form, "seen"), Was: number(form, "was"), Says: form.Get("says"), Why: form.Get("why")})
			}},
		{path: "/intake/{id}/right", name: "intakeRight", may: authz.OpenCase, load: ofPlaced, sheet: "intake-right",
			fields: func(p *actPage) ([]field, error) { return []field{hidden("record", string(p.Asked.Record))}, nil },
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.ConfirmRecord(r.Context(), p.actor, intermediary.IntakeID(p.Of), intermediary.AdoptedID(form.Get("record")))
			}},
		{path: "/intake/{id}/aside", name: "intakeAside", may: authz.TakeIntake, load: ofIntake, keep: []string{"reasons"},
			fields: fields(field{kind: "text", name: "reasons", key: "apply.decline.reasons"}),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				return room.Cases.SetIntakeAside(r.Context(), p.actor, intermediary.IntakeID(p.Of), form.Get("reasons"))
			}},
	}
}

// ofWishes loads the register of the subject of the path.
func ofWishes(room Room, r *http.Request, p *actPage) error {
	if err := ofCase("subject", "sb")(room, r, p); err != nil {
		return err
	}
	of, err := room.Cases.RegisterFor(r.Context(), p.actor, intermediary.SubjectID(p.Of))
	if err != nil {
		return err
	}
	v := wishesView{SubjectRegister: of, Case: string(p.Case.ID)}
	for _, f := range of.Found {
		tag := page.Tag{Text: p.Words.T("casework.looked.not"), Classes: "govuk-tag--grey"}
		if f.Against {
			tag = page.Tag{Text: p.Words.T("casework.looked.counts"), Classes: "govuk-tag--yellow"}
		}
		v.Found = append(v.Found, foundView{FoundEntry: f, View: entryOf(&p.base, f.Preference), Tag: tag})
	}
	p.Sheet = v
	if done := page.Query(r).Get("done"); done == "lookThrough" || done == "wish" {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("casework.do." + done + ".done")}
	}
	return nil
}

// ofWish loads one entry of it.
func ofWish(room Room, r *http.Request, p *actPage) error {
	if !agency.ValidID("cp", r.PathValue("name")) {
		return notThere()
	}
	if err := ofWishes(room, r, p); err != nil {
		return err
	}
	all, _ := p.Sheet.(wishesView)
	p.Back = "/case/" + all.Case + "/register/" + p.Of
	for _, f := range all.Found {
		if string(f.ID) == p.Name && f.Wish.NoContact() && !f.Own {
			p.Sheet = f
			return nil
		}
	}
	return notThere()
}

func wishFields(p *actPage) ([]field, error) {
	f, _ := p.Sheet.(foundView)
	return []field{hidden("seen", itoa(f.Version)), hidden("was", itoa(len(f.Words))),
		{kind: "choice", name: "says", key: "casework.looked.says", options: []string{intermediary.WishConcerns, intermediary.WishOther}, of: "casework.wishSays."}, why("casework.reasons")}, nil
}

// ofPlaced loads the enquiry of the path with the record on which it was put.
func ofPlaced(room Room, r *http.Request, p *actPage) error {
	if err := ofIntake(room, r, p); err != nil || p.Asked.Record == "" {
		return err
	}
	var err error
	p.Record, err = room.Cases.Record(r.Context(), p.actor, p.Asked.Record)
	return err
}

// ofIntake loads the enquiry of the path.
func ofIntake(room Room, r *http.Request, p *actPage) error {
	id, err := idOf(r, "id", "in")
	if err != nil {
		return err
	}
	in, err := room.Cases.ReadIntake(r.Context(), p.actor, intermediary.IntakeID(id))
	if err != nil {
		return err
	}
	p.Of, p.Asked, p.Back, p.After = id, &in, "/intake/"+id, "/intakes"
	return nil
}
