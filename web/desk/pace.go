package desk

import (
	"html/template"
	"net/http"
	"slices"
	"strconv"

	"gatepost/letterbox"
	"gatepost/web/page"
)

// pacePage is how long letters are read, as a manager sees it.
type pacePage struct {
	page.Base
	Few  int // no number below it is shown
	Acts []string
	Rows [][]paceCell // by time, then by act
}

// paceCell is a count with its bar; 0 for any that is too small to be shown.
type paceCell struct {
	Count int
	Bar   template.HTML
}

// pace shows how long letters are read.
func (room Room) pace(w http.ResponseWriter, r *http.Request) error {
	list, err := room.Letters.Pace(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	p := &pacePage{Base: room.Site.Base(r, "manage.pace.title"), Few: letterbox.PaceFew, Acts: letterbox.PaceActs()}
	p.Back, p.Wide = "/breaches", true
	for i := range len(letterbox.PaceSteps()) + 1 {
		var row []paceCell
		for _, act := range list {
			row = append(row, paceCell{act.Counts[i], paceBar(act.Counts[i], slices.Max(act.Counts))})
		}
		p.Rows = append(p.Rows, row)
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/manage-pace", p)
}

// paceBar draws a count beside the most that its act has. The number before it
// says the same; a screen reader hears that.
func paceBar(count, most int) template.HTML {
	const width, height = 100, 14
	if count == 0 {
		return ""
	}
	return template.HTML(`<svg width="` + strconv.Itoa(width) + `" height="` + strconv.Itoa(height) + `" aria-hidden="true" focusable="false">` +
		`<rect y="2" width="` + strconv.Itoa(max(1, count*width/most)) + `" height="10" fill="#2f4a45"></rect></svg>`)
}
