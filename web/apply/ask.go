package apply

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"gatepost/intermediary"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// questionPage is one question.
type questionPage struct {
	applyPage
	Name    string
	Heading string // where no label is the heading
	Hint    *page.Hint
	Fields  []fieldView
	Check   bool // it was reached from the page on which answers are checked
}

func pathOf(q question) string { return "/apply/ask/" + q.name }

// find gives a question of somebody, and its number.
func find(a intermediary.Answers, name string) (question, int, bool) {
	list := asked(a)
	at := slices.IndexFunc(list, func(q question) bool { return q.name == name })
	if at < 0 {
		return question{}, 0, false
	}
	return list[at], at + 1, true
}

// after is the question that follows one.
func after(a intermediary.Answers, name string) question {
	list := asked(a)
	_, number, _ := find(a, name)
	return list[min(number, len(list)-1)]
}

// next is where somebody goes after a question: the next one, or the page that
// belongs between.
func next(in intermediary.Intake, name string, checking bool) string {
	a := in.Answers
	list := asked(a)
	_, number, _ := find(a, name)
	switch {
	case name == "purpose" && a.For() != intermediary.PurposeSearch:
		return "/apply/about"
	case (name == "who" && !a.Behalf || name == "behalf" || name == lastFirst) && a.For() == intermediary.PurposeVeto && !a.MayVeto():
		return "/apply/family"
	case name == lastFirst && a.For() == intermediary.PurposeVeto && a.OfFamily() && a.Kind == "": // family, asked where before anything else
		if a.Behalf {
			return pathOf(after(a, "behalf"))
		}
		return pathOf(after(a, "who"))
	case checking && leads(a, name):
		return pathOf(list[number])
	case checking, number == len(list):
		return "/apply/check"
	case name == lastFirst:
		return told(a)
	}
	return pathOf(list[number])
}

// leads tells whether what follows a question hangs on its answer, and so may
// never have been asked.
func leads(a intermediary.Answers, name string) bool {
	return name == "purpose" || name == "who" || name == "kind" && a.Kind == intermediary.VetoQualified || name == "wish" && a.Names()
}

// told is the page after the first questions. What the law has for a search is
// nothing to whoever wants none.
func told(a intermediary.Answers) string {
	if a.For() == intermediary.PurposeSearch {
		return "/apply/what"
	}
	return "/apply/information"
}

func (room Room) ask(w http.ResponseWriter, r *http.Request) error {
	in, _, done, err := room.draft(w, r)
	if done {
		return err
	}
	q, number, ok := find(in.Answers, r.PathValue("question"))
	if !ok {
		return fault.New(fault.NotFound, "fault.notFound")
	}
	p := room.questionPage(r, in, q, number)
	p.Check = page.Query(r).Get("from") == "check"
	p.Back = back(in, number, p.Check)
	return room.Sessions.Show(w, r, http.StatusOK, "apply/question", p)
}

func (room Room) questionPage(r *http.Request, in intermediary.Intake, q question, number int) *questionPage {
	p := &questionPage{applyPage: applyPage{room.base(r, "apply.ask.title", "Number", strconv.Itoa(number)), in.Code}, Name: q.name}
	p.Fields = q.views(p.Words, in.Answers)
	if len(q.fields) > 1 {
		p.Heading, p.Hint = p.Words.T("apply.ask."+q.name+".heading"), hint(p.Words, "apply.ask."+q.name+".hint")
	}
	return p
}

// back is the page before a question.
func back(in intermediary.Intake, number int, checking bool) string {
	list := asked(in.Answers)
	switch {
	case checking:
		return "/apply/check"
	case number == 1:
		return "/apply/code"
	case list[number-2].name == lastFirst:
		return "/apply/information"
	case number == 2 && in.Answers.For() != intermediary.PurposeSearch:
		return "/apply/about"
	}
	return pathOf(list[number-2])
}

// answer keeps what was answered to one question. Whoever stops for now may
// leave it half done.
func (room Room) answer(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	var kept intermediary.Intake
	var q question
	number, found := 0, true
	done, err := room.change(w, r, func(in *intermediary.Intake) {
		if q, number, found = find(in.Answers, r.PathValue("question")); found {
			q.take(&in.Answers, form)
		}
		kept = *in
	})
	later := form.Get("do") == "later"
	switch {
	case done:
		return err
	case !found:
		return fault.New(fault.NotFound, "fault.notFound")
	case err == nil && !later:
		err = missing(q, kept.Answers)
	}
	checking := form.Get("from") == "check"
	if err == nil {
		if later {
			return page.SeeOther(w, r, "/apply/code")
		}
		return page.SeeOther(w, r, next(kept, q.name, checking))
	}
	p := room.questionPage(r, kept, q, number)
	p.Check, p.Back = checking, back(kept, number, checking)
	if !p.Refused(form, beside(err)) {
		return err
	}
	return room.Sessions.Show(w, r, http.StatusUnprocessableEntity, "apply/question", p)
}

// missing is what an enquiry needs of one question before it can be sent.
func missing(q question, a intermediary.Answers) error {
	var faults []error
	for _, f := range faultsOf(a.Missing()) {
		if slices.Contains(q.needs, f.Field) {
			faults = append(faults, f)
		}
	}
	return errors.Join(faults...)
}

// faultsOf lists the faults that are joined in an error.
func faultsOf(err error) (list []*fault.Error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			list = append(list, faultsOf(one)...)
		}
		return list
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		list = append(list, f)
	}
	return list
}

// checkPage shows every answer before it is sent.
type checkPage struct {
	applyPage
	Rows     []Answer
	Purpose  string
	Post     bool // of an adoption for which the law has no veto
	Version  int
	Informed bool
	Next     string // the first question without an answer
}

func (room Room) check(w http.ResponseWriter, r *http.Request) error {
	in, _, done, err := room.draft(w, r)
	if done {
		return err
	}
	return room.Sessions.Show(w, r, http.StatusOK, "apply/check", room.checkPage(r, in))
}

func (room Room) checkPage(r *http.Request, in intermediary.Intake) *checkPage {
	p := &checkPage{applyPage: applyPage{room.base(r, "apply.check.title"), in.Code}, Version: in.Version, Purpose: in.Answers.For(), Post: in.Answers.When == intermediary.WhenPost}
	p.Informed = in.Shown == version(p.Base)
	p.Rows = Said(p.Words, in.Answers)
	if i := slices.IndexFunc(p.Rows, func(a Answer) bool { return len(a.Lines) == 0 }); i >= 0 {
		p.Next = "/apply/ask/" + p.Rows[i].Name
	}
	return p
}

// send hands in what was checked: the version that the page showed.
func (room Room) send(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	in, token, done, err := room.draft(w, r)
	if done {
		return err
	}
	checked, err := strconv.Atoi(form.Get("version"))
	if err != nil || checked != in.Version {
		err = fault.New(fault.Conflict, "fault.intake.changed")
	} else {
		_, err = room.Cases.SendIntake(r.Context(), room.Sessions.Agency(r).ID, token, checked, version(room.Site.Base(r, "apply.check.title")))
	}
	if err == nil {
		return page.SeeOther(w, r, "/apply/sent")
	}
	p := room.checkPage(r, in)
	if !p.Refused(form, placed(err)) {
		return err
	}
	status := http.StatusUnprocessableEntity
	if fault.KindOf(err) == fault.Conflict {
		status = http.StatusConflict
	}
	return room.Sessions.Show(w, r, status, "apply/check", p)
}

// placed gives a fault the name of the row on which it can be put right.
func placed(err error) error {
	var list []error
	for _, f := range faultsOf(err) {
		field := f.Field
		for _, q := range questions() {
			if slices.Contains(q.needs, f.Field) || q.name == f.Field {
				field = "change-" + q.name
			}
		}
		list = append(list, &fault.Error{Kind: f.Kind, Message: f.Message, Field: field})
	}
	if len(list) == 0 {
		return err
	}
	return errors.Join(list...)
}
