package family

import (
	"context"
	"net/http"

	"gatepost/internal/agency"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
	"gatepost/web/words"
)

// photoField is the file of the form in which a photo is added.
const photoField = "photo"

// photoBody is the limit of that form: the largest photo that the service takes, and
// a little, so that one slightly too large is told so.
const photoBody = letterbox.MaxPhoto + page.TextBody + 1<<18

// photosPage is the photos of a draft.
type photosPage struct {
	page.Base
	ID     letterbox.DraftID
	With   string
	Photos []letterbox.PhotoLine
	May    bool // photos are agreed on
	Most   int
}

// sentPhoto is a photo of a letter that was sent, with why it was left out in words.
type sentPhoto struct {
	letterbox.SentPhoto
	Why []string
}

// leftOut is what a writer is told about a "photo" or a "recording" that was left out.
func leftOut(w *words.Words, what string, reason letterbox.PhotoReason) []string {
	var paragraphs []string
	if reason.Told != "" {
		paragraphs = append(paragraphs, reason.Told)
	} else if key := what + ".reason." + reason.Reason; w.Has(key) {
		paragraphs = append(paragraphs, w.T(key))
	}
	return append(paragraphs, reasonOf(w, letterbox.WriterReason{Words: reason.Words})...)
}

func (room Room) photos(w http.ResponseWriter, r *http.Request) error {
	return room.showPhotos(w, r, nil)
}

// showPhotos shows the photos of a draft, with why one was not taken.
func (room Room) showPhotos(w http.ResponseWriter, r *http.Request, refused error) error {
	id, err := idOf(r, "dr")
	if err != nil {
		return err
	}
	d, err := room.Letters.OpenDraft(r.Context(), room.Actor(r), letterbox.DraftID(id))
	if err != nil {
		return room.becameLetter(w, r, id, err)
	}
	p := &photosPage{Base: room.Site.Base(r, "photo.title"), ID: d.ID, Photos: d.Photos, May: d.MayPhotos && !d.Unread, Most: letterbox.MaxPhotos}
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
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("photo.added")}
	}
	return room.Site.Render(w, r, status, "family/photos", p)
}

type placeKey struct{}

// photoGate takes a place for a photo before it is read.
func (room Room) photoGate(r *http.Request) (*http.Request, func(), error) {
	id, err := idOf(r, "dr")
	if err != nil {
		return r, nil, err
	}
	place, err := room.Letters.PhotoPlace(r.Context(), room.Actor(r), letterbox.DraftID(id))
	if err != nil {
		return r, nil, err
	}
	return r.WithContext(context.WithValue(r.Context(), placeKey{}, place)), place.Leave, nil
}

// addPhoto puts a photo into a draft. The text of the letter was saved before, and
// nothing that is wrong with a photo touches it.
func (room Room) addPhoto(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "dr")
	if err != nil {
		return err
	}
	place, _ := r.Context().Value(placeKey{}).(*letterbox.PhotoPlace) // none without a file
	if err := room.Letters.AddPhoto(r.Context(), room.Actor(r), letterbox.DraftID(id), place, page.FileOf(r)); err != nil {
		return room.showPhotos(w, r, err)
	}
	return page.SeeOther(w, r, "/draft/"+id+"/photos?said=added")
}

func (room Room) removePhoto(w http.ResponseWriter, r *http.Request) error {
	id, photo, err := photoOf(r, "dr", "ph")
	if err != nil {
		return err
	}
	err = room.Letters.RemovePhoto(r.Context(), room.Actor(r), letterbox.DraftID(id), letterbox.PhotoID(photo))
	if fault.KindOf(err) == fault.Conflict {
		return room.showPhotos(w, r, err)
	}
	if err != nil {
		return err
	}
	return page.SeeOther(w, r, "/draft/"+id+"/photos")
}

// photoOf reads the two ids in a photo's path.
func photoOf(r *http.Request, prefix, photo string) (id, of string, err error) {
	if id, err = idOf(r, prefix); err != nil {
		return "", "", err
	}
	if of = r.PathValue("photo"); !agency.ValidID(photo, of) {
		return "", "", fault.New(fault.NotFound, "fault.notFound")
	}
	return id, of, nil
}

func (room Room) draftPhoto(w http.ResponseWriter, r *http.Request) error {
	id, photo, err := photoOf(r, "dr", "ph")
	if err != nil {
		return err
	}
	content, err := room.Letters.DraftPhoto(r.Context(), room.Actor(r), letterbox.DraftID(id), letterbox.PhotoID(photo))
	if err != nil {
		return err
	}
	return page.SendPicture(w, content, "")
}

func (room Room) sentPhoto(w http.ResponseWriter, r *http.Request) error {
	id, photo, err := photoOf(r, "lt", "ph")
	if err != nil {
		return err
	}
	content, err := room.Letters.SentPhoto(r.Context(), room.Actor(r), letterbox.LetterID(id), letterbox.PhotoID(photo))
	if err != nil {
		return err
	}
	return page.SendPicture(w, content, "")
}

// camePhoto shows a photo that came, or lets it be kept. The name of the file is the
// same for every letter.
func (room Room) camePhoto(keep bool) page.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, photo, err := photoOf(r, "dl", "pd")
		if err != nil {
			return err
		}
		content, err := room.Letters.CamePhoto(r.Context(), room.Actor(r), letterbox.DeliveryID(id), letterbox.CamePhotoID(photo), keep)
		if err != nil {
			return err
		}
		name := ""
		if keep {
			name = "picture.jpg"
		}
		return page.SendPicture(w, content, name)
	}
}
