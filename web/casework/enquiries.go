package casework

import (
	"net/http"
	"slices"
	"time"

	"gatepost/intermediary"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// enquiryRoutes is the table of the pages about what we ask and what we are
// asked; the forms among them are acts.
func (room Room) enquiryRoutes() []page.Route {
	return []page.Route{
		get("/case/{id}/enquiries", "casework/enquiries", room.enquiries),
		get("/enquiry/{id}", "casework/enquiry", room.enquiry),
		post("/enquiry/{id}/pull", room.pull),
		get("/asked", "casework/asked", room.asked),
		get("/asked/{id}", "casework/asked-one", room.askedOne),
	}
}

// enquiriesPage is what was asked in a case.
type enquiriesPage struct {
	*casePage
	Enquiries []intermediary.Enquiry
}

// enquiries lists them without a word of their texts.
func (room Room) enquiries(w http.ResponseWriter, r *http.Request) error {
	base, err := room.casePage(r, "casework.enquiries.title")
	if err != nil {
		return err
	}
	list, err := room.Cases.Enquiries(r.Context(), room.Actor(r), base.Case.ID)
	if err != nil {
		return err
	}
	p := &enquiriesPage{casePage: base, Enquiries: list}
	return room.Site.Render(w, r, http.StatusOK, "casework/enquiries", p)
}

// enquiryPage is one enquiry, with what was written down of it.
type enquiryPage struct {
	base
	*intermediary.Enquiry
}

func (room Room) loadEnquiry(r *http.Request) (*intermediary.Enquiry, error) {
	id, err := idOf(r, "id", "en")
	if err != nil {
		return nil, err
	}
	return room.Cases.ReadEnquiry(r.Context(), room.Actor(r), intermediary.EnquiryID(id))
}

func (room Room) enquiry(w http.ResponseWriter, r *http.Request) error {
	e, err := room.loadEnquiry(r)
	if err != nil {
		return err
	}
	p := &enquiryPage{base: room.base(r, "casework.enquiry.title"), Enquiry: e}
	p.Back = "/case/" + string(e.Application) + "/enquiries"
	return room.Site.Render(w, r, http.StatusOK, "casework/enquiry", p)
}

// pull reads into the case what the other agency has said.
func (room Room) pull(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "id", "en")
	if err != nil {
		return err
	}
	if err := room.Cases.PullReply(r.Context(), room.Actor(r), intermediary.EnquiryID(id)); err != nil {
		return err
	}
	return page.SeeOther(w, r, "/enquiry/"+id)
}

// ofEnquiry loads the enquiry of the path.
func ofEnquiry(room Room, r *http.Request, p *actPage) (err error) {
	if p.Enquiry, err = room.loadEnquiry(r); err != nil {
		return err
	}
	p.Back = "/enquiry/" + string(p.Enquiry.ID)
	return nil
}

// enquiryActs are the forms about what we ask.
func (room Room) enquiryActs() []act {
	about := func(name string, fields []field, do func(r *http.Request, p *actPage, form page.Form) error) act {
		return act{path: "/enquiry/{id}/" + name, name: name, may: authz.Enquire, load: ofEnquiry, keep: []string{"text"}, dates: []string{"due", "on"}, do: do,
			fields: func(*actPage) ([]field, error) { return fields, nil }}
	}
	text := field{kind: "text", name: "text", key: "casework.enquiry.note"}
	answer := about("answer", nil, room.recordAnswer)
	answer.fields, answer.keep = answerFields, append(answerWords(), "named")
	return []act{
		{path: "/case/{id}/ask", name: "ask", may: authz.Enquire, load: ofCase("enquiries"), fields: room.askFields, do: room.ask,
			keep: []string{"addressee", "about", "text"}, dates: []string{"due"}},
		about("progress", []field{text}, func(r *http.Request, p *actPage, form page.Form) error {
			return room.Cases.NoteProgress(r.Context(), p.actor, p.Enquiry.ID, form.Get("text"))
		}),
		about("chase", []field{text}, func(r *http.Request, p *actPage, form page.Form) error {
			return room.Cases.Chase(r.Context(), p.actor, p.Enquiry.ID, form.Get("text"))
		}),
		about("due", []field{{kind: "date", name: "due", key: "casework.enquiry.due"}, text}, func(r *http.Request, p *actPage, form page.Form) error {
			due, ok := dayOf(form, "due")
			if !ok {
				return fault.Field("due", "fault.enquiry.due")
			}
			return room.Cases.AgreeDue(r.Context(), p.actor, p.Enquiry.ID, due, form.Get("text"))
		}),
		about("callOff", []field{text}, func(r *http.Request, p *actPage, form page.Form) error {
			return room.Cases.CallOff(r.Context(), p.actor, p.Enquiry.ID, form.Get("text"))
		}),
		answer,
	}
}

// askFields asks whom, how, and what.
func (room Room) askFields(p *actPage) ([]field, error) {
	whoms := make([]string, 0, len(intermediary.Whoms()))
	for _, whom := range intermediary.Whoms() {
		whoms = append(whoms, string(whom))
	}
	fields := []field{hidden("enquiry", string(intermediary.NewEnquiryID())),
		{kind: "choice", name: "whom", key: "casework.ask.whom", options: whoms, of: "casework.whom."}}
	if others := room.others(p.actor.Agency()); len(others) > 0 {
		fields = append(fields, field{kind: "choice", name: "toAgency", key: "casework.ask.toAgency", choices: others})
	}
	return append(fields,
		field{kind: "choice", name: "by", key: "casework.ask.by", options: []string{"letter", "email"}, of: "casework.by."},
		field{kind: "text", name: "addressee", key: "casework.ask.addressee"},
		field{kind: "text", name: "about", key: "casework.ask.about"},
		field{kind: "text", name: "text", key: "casework.ask.text", rows: 6},
		field{kind: "date", name: "due", key: "casework.ask.due"}), nil
}

// others lists the other agencies of this deployment.
func (room Room) others(own string) (list []page.Choice) {
	if room.Agencies == nil {
		return nil
	}
	for _, a := range room.Agencies.All() {
		if a.ID != own {
			list = append(list, page.Choice{Value: a.ID, Text: a.Name})
		}
	}
	return list
}

func (room Room) ask(r *http.Request, p *actPage, form page.Form) error {
	id := form.Get("enquiry")
	if !agency.ValidID("en", id) {
		return notThere()
	}
	n := intermediary.NewEnquiry{ID: intermediary.EnquiryID(id), Application: p.Case.ID, Whom: intermediary.Whom(form.Get("whom")),
		ToAgency: form.Get("toAgency"), By: form.Get("by"), Addressee: form.Get("addressee"), About: form.Get("about"), Text: form.Get("text")}
	if partly(form, "due") != "" {
		due, ok := dayOf(form, "due")
		if !ok {
			return fault.Field("due", "fault.enquiry.due")
		}
		n.Due = due
	}
	return room.Cases.Enquire(r.Context(), p.actor, n)
}

// answerWords are the fields of an answer with somebody's own words.
func answerWords() []string { return []string{"vetoTerms", "viewsText", "why", "information"} }

// answerFields asks for the answer to what was asked, the veto first.
func answerFields(p *actPage) ([]field, error) {
	e := p.Enquiry
	fields := []field{hidden("was", itoa(e.Version)),
		{kind: "choice", name: "cameBy", key: "casework.answer.cameBy", options: []string{"letter", "email", "phone"}, of: "casework.by."},
		{kind: "date", name: "on", key: "casework.answer.on"}}
	fields = append(fields, questionFields(e.Questions)...)
	if e.Whom == intermediary.AskContactRegister {
		for i, id := range e.Subjects {
			fields = append(fields, field{kind: "choice", name: "noContact." + id, key: "casework.answer.noContact", number: i + 1,
				options: []string{"yes", "no", "notLooked"}, of: "casework.answer.noContact."})
		}
	}
	return fields, nil
}

// questionFields are the four questions of regulation 12, or the one. In Wales a
// veto is the whole answer: the page of the enquiry says so, and the service
// refuses anything beside it.
func questionFields(questions []intermediary.Question) []field {
	fields := []field{{kind: "choice", name: "held", key: "casework.answer.held", options: []string{"yes", "no"}, of: "casework.answer.held."}}
	if slices.Contains(questions, intermediary.AskVeto) {
		fields = append(fields,
			field{kind: "choice", name: "veto", key: "casework.question.veto", options: []string{"none", "absolute", "qualified", "unknown"}, of: "casework.value.vetoAnswer."},
			field{kind: "text", name: "vetoTerms", key: "casework.answer.vetoTerms"},
			field{kind: "choice", name: "views", key: "casework.question.views", options: []string{"yes", "no", "unknown"}, of: "casework.answer.views."},
			field{kind: "text", name: "viewsText", key: "casework.answer.viewsText"},
			field{kind: "choice", name: "appropriate", key: "casework.question.appropriate", options: []string{"yes", "no", "noView"}, of: "casework.answer.appropriate."},
			field{kind: "text", name: "why", key: "casework.answer.why"})
	}
	return append(fields,
		field{kind: "line", name: "named", key: "casework.answer.named"},
		field{kind: "text", name: "information", key: "casework.question.information"})
}

// answerOf reads an answer from a form.
func answerOf(form page.Form) intermediary.EnquiryAnswer {
	return intermediary.EnquiryAnswer{CameBy: form.Get("cameBy"), Held: form.Get("held"), Named: form.Get("named"), Veto: form.Get("veto"), VetoTerms: form.Get("vetoTerms"),
		Views: form.Get("views"), ViewsText: form.Get("viewsText"), Appropriate: form.Get("appropriate"), Why: form.Get("why"), Information: form.Get("information")}
}

func (room Room) recordAnswer(r *http.Request, p *actPage, form page.Form) error {
	a := answerOf(form)
	day, ok := dayOf(form, "on")
	if !ok {
		return fault.Field("on", "fault.enquiry.on")
	}
	a.On = day
	for _, id := range p.Enquiry.Subjects {
		if v := form.Get("noContact." + id); v == "yes" || v == "no" {
			if a.NoContact == nil {
				a.NoContact = map[string]bool{}
			}
			a.NoContact[id] = v == "yes"
		}
	}
	return room.Cases.RecordAnswer(r.Context(), p.actor, p.Enquiry.ID, number(form, "was"), a)
}

// askedPage is what other agencies ask us.
type askedPage struct {
	base
	Enquiries []intermediary.EnquiryIn
}

func (room Room) asked(w http.ResponseWriter, r *http.Request) error {
	list, err := room.Cases.EnquiriesIn(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/asked", &askedPage{base: room.base(r, "casework.asked.title"), Enquiries: list})
}

// askedOnePage is one of them.
type askedOnePage struct {
	base
	*intermediary.EnquiryIn
}

func (room Room) loadAsked(r *http.Request) (*intermediary.EnquiryIn, error) {
	id, err := idOf(r, "id", "en")
	if err != nil {
		return nil, err
	}
	return room.Cases.ReadEnquiryIn(r.Context(), room.Actor(r), intermediary.EnquiryID(id))
}

func (room Room) askedOne(w http.ResponseWriter, r *http.Request) error {
	in, err := room.loadAsked(r)
	if err != nil {
		return err
	}
	p := &askedOnePage{base: room.base(r, "casework.asked.one"), EnquiryIn: in}
	p.Back = "/asked"
	return room.Site.Render(w, r, http.StatusOK, "casework/asked-one", p)
}

// ofAsked loads the enquiry of another agency.
func ofAsked(room Room, r *http.Request, p *actPage) (err error) {
	if p.In, err = room.loadAsked(r); err != nil {
		return err
	}
	p.Back = "/asked/" + string(p.In.ID)
	return nil
}

// enquiryInActs are the forms about what other agencies ask us.
func (room Room) enquiryInActs() []act {
	return []act{
		{path: "/asked/{id}/tell", name: "tell", may: authz.AnswerEnquiry, load: ofAsked, keep: []string{"text"}, dates: []string{"due"},
			fields: func(p *actPage) ([]field, error) {
				return []field{hidden("was", itoa(p.In.Version)), {kind: "text", name: "text", key: "casework.enquiry.note"}, {kind: "date", name: "due", key: "casework.tell.due"}}, nil
			},
			do: func(r *http.Request, p *actPage, form page.Form) error {
				var due time.Time
				if partly(form, "due") != "" {
					var ok bool
					if due, ok = dayOf(form, "due"); !ok {
						return fault.Field("due", "fault.enquiry.due")
					}
				}
				return room.Cases.TellProgress(r.Context(), p.actor, p.In.ID, number(form, "was"), form.Get("text"), due)
			}},
		{path: "/asked/{id}/reply", name: "reply", may: authz.AnswerEnquiry, load: ofAsked, keep: append(answerWords(), "named"),
			fields: func(p *actPage) ([]field, error) {
				return append([]field{hidden("was", itoa(p.In.Version)), {kind: "line", name: "record", key: "casework.reply.record", value: string(p.In.Adopted)}},
					questionFields(p.In.Questions)...), nil
			},
			do: func(r *http.Request, p *actPage, form page.Form) error {
				of := form.Get("record")
				if of != "" && !agency.ValidID("ad", of) {
					return fault.Field("record", "casework.reply.noRecord")
				}
				return room.Cases.AnswerEnquiryIn(r.Context(), p.actor, p.In.ID, number(form, "was"), intermediary.AdoptedID(of), answerOf(form))
			}},
	}
}
