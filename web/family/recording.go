package family

import (
	"context"
	"net/http"

	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/account"
	"gatepost/web/page"
	"gatepost/web/words"
)

// recordingField is the file of the form in which a recording is sent up.
const recordingField = "recording"

// recordingBody is the limit of that form: the largest recording that the service
// takes, and a little, so that one slightly too large is told so.
const recordingBody = letterbox.MaxRecording + page.TextBody + 1<<18

// recordingPage is the recording of a draft.
type recordingPage struct {
	page.Base
	ID        letterbox.DraftID
	With      string
	Recording bool // there is one
	May       bool // recordings are agreed on
	Records   bool // one can be made anew now
	Most      int  // minutes
}

// saidPage is the recording of a letter beside it, for a page that shows one: its
// sound, why it was left out, or what was written down of it.
type saidPage struct {
	Src        string // "" where it is not played
	Why        []string
	Lost       bool // our store has lost it
	LeftOut    bool
	LeftLost   bool // for that reason
	Transcript string
}

// sentSaid is the recording of a letter that was sent; nil where there is none.
func sentSaid(w *words.Words, s letterbox.Sent) *saidPage {
	if s.Recording == nil {
		return nil
	}
	p := &saidPage{Src: "/sent/" + string(s.ID) + "/recording", Lost: s.Recording.Lost, LeftOut: s.Recording.LeftOut,
		LeftLost: s.Recording.Reason.Reason == letterbox.PartLost, Transcript: string(s.Recording.Transcript)}
	if p.LeftOut {
		p.Why = leftOut(w, "recording", s.Recording.Reason)
	}
	return p
}

// cameSaid is the recording that came with a letter; nil where none did.
func cameSaid(c letterbox.Came) *saidPage {
	if c.Recording == nil {
		return nil
	}
	p := &saidPage{Lost: c.Recording.Lost, Transcript: string(c.Recording.Transcript)}
	if c.Recording.Plays {
		p.Src = "/letter/" + string(c.ID) + "/recording"
	}
	return p
}

func (room Room) recording(w http.ResponseWriter, r *http.Request) error {
	return room.showRecording(w, r, nil)
}

// showRecording shows the recording of a draft, with why one was not taken.
func (room Room) showRecording(w http.ResponseWriter, r *http.Request, refused error) error {
	id, err := idOf(r, "dr")
	if err != nil {
		return err
	}
	d, err := room.Letters.OpenDraft(r.Context(), room.Actor(r), letterbox.DraftID(id))
	if err != nil {
		return room.becameLetter(w, r, id, err)
	}
	p := &recordingPage{Base: room.Site.Base(r, "recording.title"), ID: d.ID, Recording: d.Recording, May: d.MayRecord && !d.Unread,
		Records: d.Records, Most: letterbox.MaxSaid}
	p.With, p.Back, p.Exit = with(p.Words, d.Names), "/draft/"+id, true
	status := http.StatusOK
	if refused != nil {
		if !p.Refused(page.Form{}, refused) {
			return refused
		}
		status = http.StatusUnprocessableEntity
		if fault.KindOf(refused) == fault.Conflict {
			status = http.StatusConflict
		}
	}
	if page.Query(r).Get("said") == "added" {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("recording.added")}
	}
	page.Microphone(w)
	return room.Site.Render(w, r, status, "family/recording", p)
}

type recordingKey struct{}

// recordingGate takes a place for a recording before it is read.
func (room Room) recordingGate(r *http.Request) (*http.Request, func(), error) {
	id, err := idOf(r, "dr")
	if err != nil {
		return r, nil, err
	}
	place, err := room.Letters.RecordingPlace(r.Context(), room.Actor(r), letterbox.DraftID(id))
	if err != nil {
		return r, nil, err
	}
	return r.WithContext(context.WithValue(r.Context(), recordingKey{}, place)), place.Leave, nil
}

// addRecording puts a recording into a draft. The text of the letter was saved before,
// and nothing that is wrong with a recording touches it.
func (room Room) addRecording(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "dr")
	if err != nil {
		return err
	}
	place, _ := r.Context().Value(recordingKey{}).(*letterbox.RecordingPlace) // none without a file
	if err := room.Letters.AddRecording(r.Context(), room.Actor(r), letterbox.DraftID(id), place, page.FileOf(r)); err != nil {
		return room.showRecording(w, r, err)
	}
	return page.SeeOther(w, r, "/draft/"+id+"/recording?said=added")
}

func (room Room) removeRecording(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "dr")
	if err != nil {
		return err
	}
	err = room.Letters.RemoveRecording(r.Context(), room.Actor(r), letterbox.DraftID(id))
	if fault.KindOf(err) == fault.Conflict {
		return room.showRecording(w, r, err)
	}
	if err != nil {
		return err
	}
	return page.SeeOther(w, r, "/draft/"+id+"/recording")
}

// sound sends the sound of something whose id has this prefix.
func (room Room) sound(prefix string, of func(ctx context.Context, r *http.Request, id string) ([]byte, error)) page.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := idOf(r, prefix)
		if err != nil {
			return err
		}
		content, err := of(r.Context(), r, id)
		if err != nil {
			return err
		}
		return page.SendSound(w, r, content)
	}
}

// recordingRoutes are the pages of recordings.
func (room Room) recordingRoutes() []page.Route {
	get := func(pattern string, who page.Who, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Who: who, Handler: h}
	}
	shown := get("/draft/{id}/recording", account.Writing, room.recording)
	shown.Page = "family/recording"
	return []page.Route{
		shown,
		{Method: http.MethodPost, Pattern: "/draft/{id}/recording", Who: account.Writing, Body: recordingBody, Upload: recordingField,
			Gate: room.recordingGate, Handler: room.addRecording},
		{Method: http.MethodPost, Pattern: "/draft/{id}/recording/remove", Who: page.SignedIn, Body: page.SmallBody, Handler: room.removeRecording},
		get("/draft/{id}/recording/sound", account.Writing, room.sound("dr", func(ctx context.Context, r *http.Request, id string) ([]byte, error) {
			return room.Letters.DraftRecording(ctx, room.Actor(r), letterbox.DraftID(id))
		})),
		get("/sent/{id}/recording", page.SignedIn, room.sound("lt", func(ctx context.Context, r *http.Request, id string) ([]byte, error) {
			return room.Letters.SentRecording(ctx, room.Actor(r), letterbox.LetterID(id))
		})),
		get("/letter/{id}/recording", page.SignedIn, room.sound("dl", func(ctx context.Context, r *http.Request, id string) ([]byte, error) {
			return room.Letters.CameRecording(ctx, room.Actor(r), letterbox.DeliveryID(id))
		})),
	}
}
