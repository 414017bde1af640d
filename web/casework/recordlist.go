package casework

import (
	"net/http"
	"strconv"

	"gatepost/intermediary"
	"gatepost/web/page"
)

// recordsPage is the list of records without a case.
type recordsPage struct {
	base
	Lines  []recordLine
	Before string
	After  string
	Found  bool   // it is what a search for a name found
	Older  bool   // and there are older records that it did not look at
	Writer string // the worker's account
}

// recordLine is a record in the list, with what stands on it.
type recordLine struct {
	intermediary.RecordLine
	Tags []page.Tag
}

// records lists the records about which there is no case, those first that somebody
// has to look into.
func (room Room) records(w http.ResponseWriter, r *http.Request) error {
	at, err := strconv.Atoi(page.Query(r).Get("page"))
	if err != nil || at < 0 || at > 1000 {
		at = 0
	}
	list, err := room.Cases.RecordsWithoutCase(r.Context(), room.Actor(r), at)
	if err != nil {
		return err
	}
	p := room.recordsPage(r, list)
	if at > 0 {
		p.Before = "/record?page=" + strconv.Itoa(at-1)
	}
	if list.More {
		p.After = "/record?page=" + strconv.Itoa(at+1)
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/record-list", p)
}

// findRecords looks for a name. It is in the form, for an address is kept by more
// than one machine.
func (room Room) findRecords(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	list, err := room.Cases.FindRecords(r.Context(), room.Actor(r), form.Get("name"))
	p := room.recordsPage(r, list)
	p.Found, p.Older, p.Form, p.Back = true, list.More, form, "/record"
	if err != nil {
		if !p.Refused(form, err) {
			return err
		}
		return room.Site.Render(w, r, statusOf(err), "casework/record-list", p)
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/record-list", p)
}

func (room Room) recordsPage(r *http.Request, list intermediary.ListedRecords) *recordsPage {
	p := &recordsPage{base: room.base(r, "onrecord.list.title"), Writer: room.Actor(r).Account()}
	p.Back, p.Wide = "/cases", true
	for _, l := range list.Records {
		line := recordLine{RecordLine: l}
		if l.Stopped {
			line.Tags = append(line.Tags, page.Tag{Text: p.Words.T("casework.tag.protected"), Classes: "govuk-tag--purple"})
		}
		if l.Veto != "" {
			line.Tags = append(line.Tags, page.Tag{Text: p.Words.T("casework.veto." + l.Veto), Classes: "govuk-tag--blue"})
		}
		p.Lines = append(p.Lines, line)
	}
	return p
}
