package family

import (
	"net/http"

	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// camePage is a letter that came: its cover, or the letter.
type camePage struct {
	page.Base
	letterbox.CameLine
	Side  letterbox.SideID
	With  string
	About string
	Self  string
	Text  string
	// In the recipients' own language, where they do not read what the letter was written in; with the lang of both.
	Translation    string
	Lang, IntoLang string
	Unread         bool
	MayWrite       bool
	OnHold         bool
	Photos         []letterbox.CamePhoto
	Office         int  // how many of them are seen at the office only
	Keep           bool // they may be kept
	Said           *saidPage
}

func (room Room) camePage(r *http.Request, c letterbox.Came, title string) *camePage {
	p := &camePage{Base: room.Site.Base(r, title), CameLine: c.CameLine, Side: c.Side, Text: string(c.Text),
		Unread: c.Unread, MayWrite: c.MayWrite, Said: cameSaid(c)}
	p.Translation, p.Lang, p.IntoLang = translationOf(c.Translation)
	p.With, p.About, p.Self = with(p.Words, c.Names), and(p.Words, c.Names.Children), c.Names.Self
	p.Back, p.OnHold = "/side/"+string(c.Side), room.Actor(r).OnHold()
	for _, photo := range c.Photos {
		if !photo.Shown {
			p.Office++
			continue
		}
		p.Photos, p.Keep = append(p.Photos, photo), photo.Keep
	}
	return p
}

func (room Room) cover(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "dl")
	if err != nil {
		return err
	}
	c, err := room.Letters.Came(r.Context(), room.Actor(r), letterbox.DeliveryID(id))
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "family/cover", room.camePage(r, c, "family.cover.title"))
}

// open opens a letter for the first time. The text is shown by read, so that a
// reload does not post again.
func (room Room) open(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "dl")
	if err != nil {
		return err
	}
	if _, err := room.Letters.Open(r.Context(), room.Actor(r), letterbox.DeliveryID(id)); err != nil {
		return err
	}
	return page.SeeOther(w, r, "/letter/"+id+"/read")
}

// keep puts a letter aside for another day. One that was opened meanwhile, or
// cannot be put aside now, has its cover to say how it stands.
func (room Room) keep(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "dl")
	if err != nil {
		return err
	}
	switch err := room.Letters.KeepForLater(r.Context(), room.Actor(r), letterbox.DeliveryID(id)); {
	case fault.KindOf(err) == fault.Conflict:
		return page.SeeOther(w, r, "/letter/"+id)
	case err != nil:
		return err
	}
	return page.SeeOther(w, r, Home+"?said=kept")
}

// read shows a letter that is open. It asks for the cover first, because a GET,
// which a browser may send by itself, must not open one.
func (room Room) read(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "dl")
	if err != nil {
		return err
	}
	ctx, actor := r.Context(), room.Actor(r)
	c, err := room.Letters.Came(ctx, actor, letterbox.DeliveryID(id))
	if err != nil {
		return err
	}
	if !c.Opened {
		return page.SeeOther(w, r, "/letter/"+id)
	}
	if c, err = room.Letters.Open(ctx, actor, letterbox.DeliveryID(id)); err != nil {
		return err
	}
	page.Sounds(w)
	return room.Site.Render(w, r, http.StatusOK, "family/read", room.camePage(r, c, "family.read.title"))
}

// translationOf is the translation of a letter that came, with the lang of the letter
// and of the translation; of a language that nobody named, none.
func translationOf(t letterbox.Translation) (text, lang, into string) {
	lang, into = t.Language, t.Into
	if lang == letterbox.OtherTongue {
		lang = ""
	}
	if into == letterbox.OtherTongue {
		into = ""
	}
	return string(t.Text), lang, into
}
