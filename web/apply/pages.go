package apply

import (
	"errors"
	"net/http"
	"time"

	"gatepost/crypto/session"
	"gatepost/intermediary"
	"gatepost/internal/fault"
	"gatepost/web/page"
	"gatepost/web/words"
)

// base is what every page of an enquiry begins with. Exit takes the visitor
// away and the enquiry from the browser.
func (room Room) base(r *http.Request, title string, data ...any) page.Base {
	b := room.Site.Base(r, title, data...)
	b.Exit = true
	return b
}

// applyPage is a page with the code at its foot.
type applyPage struct {
	page.Base
	Code string
}

// open loads the enquiry of the browser's cookie. ok is false where there is
// none, or it has run out: whoever asks is sent to where a code is entered.
func (room Room) open(r *http.Request) (in intermediary.Intake, token session.Token, ok bool, err error) {
	token, ok = room.Sessions.Intake(r)
	if !ok {
		return in, token, false, nil
	}
	in, err = room.Cases.LoadIntake(r.Context(), room.Sessions.Agency(r).ID, token)
	if fault.KindOf(err) == fault.NotFound {
		return in, token, false, nil
	}
	return in, token, err == nil, err
}

// draft is open for the pages of an enquiry that was not sent. done tells that
// the request was answered: nothing is open, or it was sent.
func (room Room) draft(w http.ResponseWriter, r *http.Request) (in intermediary.Intake, token session.Token, done bool, err error) {
	in, token, ok, err := room.open(r)
	switch {
	case err != nil:
		return in, token, true, err
	case !ok:
		return in, token, true, page.SeeOther(w, r, "/apply/return")
	case in.Sent:
		return in, token, true, page.SeeOther(w, r, "/apply/sent")
	}
	return in, token, false, nil
}

// startPage is where somebody begins.
type startPage struct {
	applyPage
	Open bool // something is open in this browser
}

func (room Room) start(w http.ResponseWriter, r *http.Request) error {
	_, open := room.Sessions.Intake(r)
	return room.Sessions.Show(w, r, http.StatusOK, "apply/start", &startPage{applyPage{Base: room.base(r, "apply.start.title")}, open})
}

func (room Room) begin(w http.ResponseWriter, r *http.Request) error {
	token, err := room.Cases.BeginIntake(r.Context(), room.Sessions.Agency(r).ID, room.Sessions.From(r))
	if err != nil {
		return err
	}
	room.Sessions.OpenIntake(w, token)
	return page.SeeOther(w, r, "/apply/code")
}

// codePage shows the code to be written down.
type codePage struct {
	applyPage
	Begun bool // something was answered already
	First string
}

func (room Room) code(w http.ResponseWriter, r *http.Request) error {
	in, _, done, err := room.draft(w, r)
	if done {
		return err
	}
	p := &codePage{applyPage{room.base(r, "apply.code.title"), in.Code}, begun(in.Answers), pathOf(questions()[0])}
	return room.Sessions.Show(w, r, http.StatusOK, "apply/code", p)
}

// returnPage takes a code.
type returnPage struct{ page.Base }

func (room Room) askReturn(w http.ResponseWriter, r *http.Request) error {
	p := &returnPage{room.base(r, "apply.return.title")}
	p.Back = Home
	return room.Sessions.Show(w, r, http.StatusOK, "apply/return", p)
}

func (room Room) comeBack(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	token, err := room.Cases.ResumeIntake(r.Context(), room.Sessions.Agency(r).ID, room.Sessions.From(r), form.Get("code"))
	p := &returnPage{room.base(r, "apply.return.title")}
	p.Back = Home
	if p.Refused(form, err) {
		return room.Sessions.Show(w, r, http.StatusUnprocessableEntity, "apply/return", p)
	}
	if err != nil {
		return err
	}
	room.Sessions.OpenIntake(w, token)
	return page.SeeOther(w, r, "/apply/check")
}

func (room Room) stop(w http.ResponseWriter, r *http.Request) error {
	room.Sessions.CloseIntake(w)
	return page.SeeOther(w, r, "/apply/left")
}

// leftPage says that the browser knows nothing any more.
type leftPage struct{ page.Base }

func (room Room) left(w http.ResponseWriter, r *http.Request) error {
	return room.Sessions.Show(w, r, http.StatusOK, "apply/left", &leftPage{room.base(r, "apply.left.title")})
}

// aboutPage tells what a veto, or a wish, does and what it does not, before
// anything of it is asked (NMS 16.1).
type aboutPage struct {
	applyPage
	Next string
}

func (room Room) about(w http.ResponseWriter, r *http.Request) error {
	in, _, done, err := room.draft(w, r)
	if done {
		return err
	}
	first := pathOf(questions()[0])
	p := &aboutPage{applyPage{room.base(r, "apply.about.title"), in.Code}, pathOf(after(in.Answers, "purpose"))}
	p.Back = first
	switch in.Answers.For() {
	case intermediary.PurposeVeto:
		return room.Sessions.Show(w, r, http.StatusOK, "apply/veto", p)
	case intermediary.PurposeWish:
		return room.Sessions.Show(w, r, http.StatusOK, "apply/wish", p)
	}
	return page.SeeOther(w, r, first)
}

// familyPage tells family of an adopted person that a veto is not theirs to ask
// for, and what is.
type familyPage struct {
	applyPage
	Where bool // where it was has to be asked: in Wales it may be theirs
}

func (room Room) family(w http.ResponseWriter, r *http.Request) error {
	in, _, done, err := room.draft(w, r)
	if done {
		return err
	}
	p := &familyPage{applyPage{room.base(r, "apply.family.title"), in.Code}, in.Answers.Who == intermediary.WhoRelative}
	p.Back = "/apply/ask/who"
	return room.Sessions.Show(w, r, http.StatusOK, "apply/family", p)
}

// whatPage tells what the law has for somebody.
type whatPage struct {
	applyPage
	Way, Birth []string
}

func (room Room) what(w http.ResponseWriter, r *http.Request) error {
	in, _, done, err := room.draft(w, r)
	if done {
		return err
	}
	if in.Answers.For() != intermediary.PurposeSearch {
		return page.SeeOther(w, r, "/apply/about")
	}
	route, err := intermediary.RouteOf(in.Answers)
	if err != nil {
		return err
	}
	p := &whatPage{applyPage: applyPage{room.base(r, "apply.what.title"), in.Code}}
	p.Way, p.Birth = Told(p.Words, route, in.Answers)
	p.Back = "/apply/ask/" + lastFirst
	return room.Sessions.Show(w, r, http.StatusOK, "apply/what", p)
}

// Told is what somebody is told of their way, a paragraph each, and of how they
// come to the record of their birth; nothing of that for whoever was not
// adopted. The worker reads the same.
func Told(w *words.Words, route intermediary.Route, a intermediary.Answers) (way, birth []string) {
	about := said(route, a)
	way = []string{w.T(about + "1"), w.T(about + "2")}
	switch route.Way {
	case intermediary.WayService:
		way = append(way, w.T("apply.what.service.first"))
	case intermediary.WayDuty:
		way = append(way, w.T("apply.what.duty.send"))
	}
	if route.Wales {
		way = append(way, w.T("apply.what.wales"))
	}
	if route.Birth != "" {
		about = "apply.what.birth." + string(route.Birth) + "."
		birth = []string{w.T(about + "1"), w.T(about + "2")}
	}
	return way, birth
}

// said begins the keys of the two paragraphs about a way, for this kind of
// person.
func said(route intermediary.Route, a intermediary.Answers) string {
	switch {
	case route.Way == intermediary.WayDuty && a.Who == intermediary.WhoAdopted:
		return "apply.what.duty.adopted."
	case route.Way == intermediary.WayDuty:
		return "apply.what.duty.other."
	case route.Way == intermediary.WayPair:
		return "apply.what.pair."
	case route.Way != intermediary.WayService:
		return "apply.what.ask."
	case route.Consent:
		return "apply.what.service.consent."
	case a.Who == intermediary.WhoAdopted:
		return "apply.what.service.adopted."
	}
	return "apply.what.service.relative."
}

// informationPage is what everybody should know, for whoever asks and for
// everybody else.
type informationPage struct {
	applyPage
	Version string
	On      time.Time
}

// version is the version of the information, in the language of the visitor. It
// changes with the words; a test holds the two together.
func version(b page.Base) string { return b.Words.T("apply.info.version") }

func (room Room) information(w http.ResponseWriter, r *http.Request) error {
	in, _, ok, err := room.open(r)
	if err != nil && fault.KindOf(err) != fault.Sealed {
		return err
	}
	p := &informationPage{applyPage: applyPage{Base: room.base(r, "apply.info.title")}}
	p.Version = version(p.Base)
	if p.On, err = time.Parse(time.DateOnly, p.Version[:len(time.DateOnly)]); err != nil {
		return err
	}
	p.On = p.On.Add(12 * time.Hour) // the same day in the agency's time
	p.Back = Home
	if ok && !in.Sent {
		p.Code, p.Back = in.Code, "/apply/ask/"+lastFirst
		if told(in.Answers) == "/apply/what" {
			p.Back = "/apply/what"
		}
	}
	return room.Sessions.Show(w, r, http.StatusOK, "apply/information", p)
}

// informed keeps which version was shown.
func (room Room) informed(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	next := ""
	done, err := room.change(w, r, func(in *intermediary.Intake) {
		if next = "/apply/check"; in.Shown == "" {
			next = pathOf(after(in.Answers, lastFirst))
		}
		if shown := form.Get("version"); shown == version(room.Site.Base(r, "apply.info.title")) {
			in.Shown = shown
		} else {
			next = "/apply/information" // the page was older than the words
		}
	})
	if done || err != nil {
		return err
	}
	return page.SeeOther(w, r, next)
}

// change loads the enquiry that is open, changes it and saves it, again where
// another window was first. done tells that the request was answered.
func (room Room) change(w http.ResponseWriter, r *http.Request, to func(*intermediary.Intake)) (done bool, err error) {
	for range 3 {
		in, token, done, err := room.draft(w, r)
		if done {
			return true, err
		}
		to(&in)
		err = room.Cases.SaveIntake(r.Context(), room.Sessions.Agency(r).ID, token, in)
		if fault.KindOf(err) != fault.Conflict {
			return false, err
		}
	}
	return false, fault.New(fault.Conflict, "fault.intake.changed")
}

// sentPage is the receipt, and all that the code tells from then on.
type sentPage struct {
	page.Base
	HearBy time.Time
}

func (room Room) sent(w http.ResponseWriter, r *http.Request) error {
	in, _, ok, err := room.open(r)
	switch {
	case err != nil:
		return err
	case !ok:
		return page.SeeOther(w, r, "/apply/return")
	case !in.Sent:
		return page.SeeOther(w, r, "/apply/check")
	}
	return room.Sessions.Show(w, r, http.StatusOK, "apply/sent", &sentPage{room.base(r, "apply.sent.title"), in.HearBy})
}

// beside gives the faults of dates the name of their first field.
func beside(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var list []error
		for _, one := range joined.Unwrap() {
			list = append(list, beside(one))
		}
		return errors.Join(list...)
	}
	if f, ok := errors.AsType[*fault.Error](err); ok && (f.Field == "born" || f.Field == "adoptedBorn") {
		return fault.Field(f.Field+"-day", f.Message)
	}
	return err
}
