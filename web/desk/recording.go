package desk

import (
	"errors"
	"net/http"

	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// soundPage is the recording of a letter, to be listened to and judged.
type soundPage struct {
	page.Base
	letterbox.RecordingView
	Goes    []page.Choice
	Why     []page.Choice
	Max     int
	MaxText int
	Office  bool // the letter was passed on: there is nothing to decide
}

func (room Room) openRecording(w http.ResponseWriter, r *http.Request) error {
	return room.showRecording(w, r, page.Form{}, nil)
}

// showRecording shows a recording with what was typed about it and why it was refused.
// The service has the reading in the log before.
func (room Room) showRecording(w http.ResponseWriter, r *http.Request, form page.Form, refused error) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	view, err := room.Letters.OpenRecording(r.Context(), room.Actor(r), letterbox.LetterID(id))
	if err != nil {
		return errors.Join(err, refused)
	}
	p := &soundPage{Base: room.Site.Base(r, "recording.desk.title"), RecordingView: view, Max: letterbox.MaxReason, MaxText: letterbox.MaxText / 4, Office: !view.MayDecide}
	p.Wide, p.Back = true, "/letter/"+id
	if p.Office {
		p.Back = "/exchange/" + string(view.Exchange)
	}
	choice := func(value, key string) page.Choice { return page.Choice{Value: value, Text: p.Words.T(key)} }
	if p.Goes = []page.Choice{choice("yes", "recording.desk.goes.yes"), choice("no", "recording.desk.goes.no")}; view.Foreign {
		p.Goes = p.Goes[1:]
	}
	reasons, err := room.Letters.Reasons(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	p.Why = reasonsOf(reasons, letterbox.RecordingLeftOut)
	p.Form = form
	if refused == nil {
		p.Form = heard(view)
	}
	status := http.StatusOK
	if refused != nil {
		if !p.Refused(form, refused) {
			return refused
		}
		status = statusOf(refused)
	}
	page.Sounds(w)
	return room.Site.Render(w, r, status, "desk/recording", p)
}

// heard is the form as it was answered: by this worker, all of it; by a colleague,
// what they wrote down.
func heard(v letterbox.RecordingView) (form page.Form) {
	a := v.Answer
	if a == nil {
		return form
	}
	form = form.With("transcript", a.Transcript)
	if !v.Mine {
		return form
	}
	yes := map[bool]string{true: "yes", false: "no"}
	return form.With("heard", yes[a.Heard]).With("goes", yes[a.Goes]).With("reason", a.Reason).With("words", a.Words)
}

// playRecording sends the sound. The service has the listening in the log before.
func (room Room) playRecording(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	content, err := room.Letters.HearRecording(r.Context(), room.Actor(r), letterbox.LetterID(id))
	if err != nil {
		return err
	}
	return page.SendSound(w, r, content)
}

// answerRecording keeps what a worker says of a recording.
func (room Room) answerRecording(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	a := letterbox.RecordingAnswer{Heard: form.Get("heard") == "yes", Goes: form.Get("goes") == "yes", Transcript: form.Get("transcript"),
		RecordingReason: letterbox.RecordingReason{Reason: form.Get("reason"), Words: form.Get("words")}}
	if said := form.Get("goes"); said != "yes" && said != "no" {
		err = fault.Field("goes", "fault.recording.goes")
	} else {
		err = room.Letters.AnswerRecording(r.Context(), room.Actor(r), letterbox.LetterID(id), a)
	}
	if err != nil {
		return room.showRecording(w, r, form, err)
	}
	return page.SeeOther(w, r, "/letter/"+id)
}

// recordingForm asks what is agreed about the recordings of a side.
func (room Room) recordingForm() standingForm {
	return standingForm{room, "side-recordings", "recording.policy.title", func(r *http.Request, p *standingPage, form page.Form) error {
		return room.Letters.SetRecordings(r.Context(), room.Actor(r), p.Place.ID, form.Get("recordings"))
	}}
}

// soundRoutes are the pages of recordings.
func (room Room) soundRoutes() []page.Route {
	get := func(pattern, name string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Who: page.SignedIn, Page: name, Handler: h}
	}
	post := func(pattern string, body int64, h page.HandlerFunc, keep ...string) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Who: page.SignedIn, Body: body, Keep: keep, Handler: h}
	}
	return []page.Route{
		get("/letter/{id}/recording", "desk/recording", room.openRecording),
		get("/letter/{id}/recording/sound", "", room.playRecording),
		post("/letter/{id}/recording", page.TextBody, room.answerRecording, "transcript", "words"),
		get("/side/{id}/recordings", "desk/side-recordings", room.recordingForm().ask),
		post("/side/{id}/recordings", page.SmallBody, room.recordingForm().post),
	}
}
