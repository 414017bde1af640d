package file

import (
	"net/http"
	"slices"

	"gatepost/intermediary"
	"gatepost/internal/agency"
	"gatepost/web/page"
)

// filePage is somebody's own file.
type filePage struct {
	page.Base
	intermediary.File
	Packs    []intermediary.PackLine // newest first
	Letters  []intermediary.FileLetter
	Messages int
	Late     bool // we owe an answer whose day is past
	Gave     bool
	Over     bool // the case has ended
}

// messagesPage is what somebody wrote to us, and our answers.
type messagesPage struct {
	page.Base
	File     intermediary.FileID
	Messages []intermediary.CaseMessage // newest first
	Late     bool
}

// letterPage is a letter of ours.
type letterPage struct {
	page.Base
	*intermediary.OpenedLetter
}

// packPage is something that was given, closed or opened.
type packPage struct {
	page.Base
	Pack intermediary.Pack // not embedded: both have Words
}

func (room Room) file(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r)
	if err != nil {
		return err
	}
	own, err := room.Cases.File(r.Context(), room.Actor(r), id)
	if err != nil {
		return err
	}
	packs, err := room.Cases.Packs(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	p := &filePage{Base: room.Site.Base(r, "file."+titleOf(own.File)+".title"), File: own.File, Letters: own.Letters, Messages: len(own.Messages), Gave: own.Gave}
	p.Back, p.Over, p.Late = Home, own.Told == intermediary.ToldEnded, own.File.Late
	for _, pack := range slices.Backward(packs) {
		if pack.File == string(id) {
			p.Packs = append(p.Packs, pack)
		}
	}
	for _, m := range own.Messages {
		p.Late = p.Late || m.Late
	}
	switch page.Query(r).Get("said") {
	case "view":
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("file.say.said")}
	case "service":
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("file.service.said")}
	}
	return room.Site.Render(w, r, http.StatusOK, "file/file", p)
}

// titleOf names the words for whose file it is.
func titleOf(f intermediary.File) string {
	if f.Kind == "subject" {
		return "subject"
	}
	return "case"
}

func (room Room) messages(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r)
	if err != nil {
		return err
	}
	own, err := room.Cases.File(r.Context(), room.Actor(r), id)
	if err != nil {
		return err
	}
	p := &messagesPage{Base: room.Site.Base(r, "file.messages.title"), File: id}
	p.Back = "/file/" + string(id)
	for _, m := range slices.Backward(own.Messages) {
		p.Messages, p.Late = append(p.Messages, m), p.Late || m.Late
	}
	if page.Query(r).Get("said") == "told" && len(p.Messages) > 0 {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("file.tell.said")}
	}
	return room.Site.Render(w, r, http.StatusOK, "file/messages", p)
}

func (room Room) letter(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r)
	if err != nil {
		return err
	}
	letter, err := room.Cases.Letter(r.Context(), room.Actor(r), id, r.PathValue("letter"))
	if err != nil {
		return err
	}
	p := &letterPage{Base: room.Site.Base(r, "file.letter.title"), OpenedLetter: letter}
	p.Back = "/file/" + string(id)
	if page.Query(r).Get("said") == "view" && len(letter.Said) > 0 {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("file.say.said")}
	}
	return room.Site.Render(w, r, http.StatusOK, "file/letter", p)
}

// packOf finds what was given, by the id in the path.
func (room Room) packOf(r *http.Request) (intermediary.PackLine, error) {
	id := r.PathValue("id")
	if !agency.ValidID("dc", id) {
		return intermediary.PackLine{}, notThere()
	}
	list, err := room.Cases.Packs(r.Context(), room.Actor(r))
	if err != nil {
		return intermediary.PackLine{}, err
	}
	i := slices.IndexFunc(list, func(p intermediary.PackLine) bool { return p.ID == id })
	if i < 0 {
		return intermediary.PackLine{}, notThere()
	}
	return list[i], nil
}

func (room Room) cover(w http.ResponseWriter, r *http.Request) error {
	line, err := room.packOf(r)
	if err != nil {
		return err
	}
	p := &packPage{Base: room.Site.Base(r, "file.cover.title"), Pack: intermediary.Pack{PackLine: line}}
	p.Back = "/file/" + line.File
	return room.Site.Render(w, r, http.StatusOK, "file/cover", p)
}

// open opens what was given: it is written down before the page that shows it.
func (room Room) open(w http.ResponseWriter, r *http.Request) error {
	line, err := room.packOf(r)
	if err != nil {
		return err
	}
	if !line.Opened {
		if _, err := room.Cases.OpenPack(r.Context(), room.Actor(r), line.ID); err != nil {
			return err
		}
	}
	return page.SeeOther(w, r, "/pack/"+line.ID+"/read")
}

func (room Room) pack(w http.ResponseWriter, r *http.Request) error {
	line, err := room.packOf(r)
	if err != nil {
		return err
	}
	if !line.Opened {
		return page.SeeOther(w, r, "/pack/"+line.ID)
	}
	pack, err := room.Cases.OpenPack(r.Context(), room.Actor(r), line.ID)
	if err != nil {
		return err
	}
	p := &packPage{Base: room.Site.Base(r, "file.pack.title"), Pack: pack}
	p.Back = "/file/" + line.File
	return room.Site.Render(w, r, http.StatusOK, "file/pack", p)
}
