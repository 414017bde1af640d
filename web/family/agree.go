package family

import (
	"cmp"
	"net/http"
	"strconv"

	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
	"gatepost/web/words"
)

// proposed is what a writer is asked to leave out of a letter, or has agreed to.
type proposed struct {
	Asked   bool // they are asked now
	Agreed  bool // they said yes
	Waiting bool // they asked another worker, who has not answered
	Turn    int
	Runs    [][][]page.Run // the letter, with what goes crossed out
	Whys    []whyLine
	ToThem  string // the worker's own words
}

// whyLine is one part that is left out, and why.
type whyLine struct{ Text, Why string }

func proposedOf(w *words.Words, told letterbox.Told, asked *letterbox.Proposal) (p proposed) {
	if asked == nil {
		return p
	}
	p = proposed{Asked: told == letterbox.Proposed, Agreed: asked.Agreed, Turn: asked.Turn, ToThem: asked.Words}
	p.Waiting = !p.Asked && !p.Agreed
	var runs []page.Run
	for _, piece := range asked.Pieces {
		runs = append(runs, page.Run{Text: string(piece.Text), Gone: piece.Reason != ""})
		if piece.Reason != "" {
			p.Whys = append(p.Whys, whyLine{string(piece.Text), cmp.Or(piece.Told, w.T("reason."+string(piece.Reason)))})
		}
	}
	p.Runs = page.Runs(runs)
	return p
}

// askAgree shows a writer what would be left out of their letter, and why. A letter
// about which nobody asks them has its own page to say how it stands.
func (room Room) askAgree(w http.ResponseWriter, r *http.Request) error {
	return room.askSent(w, r, "family/agree", "family.parts.title", func(s letterbox.SentLine) bool { return s.Told == letterbox.Proposed })
}

// agree sends a letter on as they were shown it. The letter's page says how it stands.
func (room Room) agree(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	turn, err := strconv.Atoi(form.Get("turn"))
	if err != nil {
		turn = -1 // no proposal is that
	}
	if err := room.Letters.Agree(r.Context(), room.Actor(r), letterbox.LetterID(id), turn); err != nil && fault.KindOf(err) != fault.Conflict {
		return err
	}
	return page.SeeOther(w, r, "/sent/"+id+"?said=agreed")
}
