package account

import (
	"errors"
	"net/http"
	"strconv"

	"gatepost/internal/fault"
	"gatepost/internal/notice"
	"gatepost/web/page"
)

// contactPage asks how somebody may be told that something waits.
type contactPage struct {
	page.Base
	notice.Details
	Choices []page.Choice // the mails, each with its words
	Unread  bool          // what is kept does not open
}

// contactPage makes the page with what is kept. Details that do not open have a
// notice in their place, and mail can still be switched off.
func (s *Sessions) contactPage(r *http.Request) (*contactPage, error) {
	d, err := s.Notices.Details(r.Context(), s.Actor(r))
	p := &contactPage{Base: s.Site.Base(r, "account.contact.title"), Details: d, Unread: fault.KindOf(err) == fault.Sealed}
	p.Back = "/account"
	for _, words := range notice.AllWords() {
		p.Choices = append(p.Choices, page.Choice{Value: string(words), Text: words.Subject(), Hint: &page.Hint{Text: words.Text()}})
	}
	if p.Unread {
		return p, nil
	}
	return p, err
}

func (s *Sessions) contact(w http.ResponseWriter, r *http.Request) error {
	p, err := s.contactPage(r)
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "account/contact", p)
}

func (s *Sessions) saveContact(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(form.Get("version"))
	if err != nil {
		version = -1 // that of no details
	}
	d := notice.Details{On: form.Get("on") == "yes", Mail: form.Get("mail"), QuietFrom: form.Get("quiet-from"), QuietTo: form.Get("quiet-to"),
		Words: notice.Words(form.Get("words")), Version: version}
	err = s.Notices.SaveDetails(r.Context(), s.Actor(r), d)
	if err == nil {
		return page.SeeOther(w, r, "/account?said=contact")
	}
	p, shown := s.contactPage(r)
	if shown != nil {
		return errors.Join(err, shown)
	}
	// A button pressed twice: what is kept is what was asked for.
	if d.Version = p.Version; fault.KindOf(err) == fault.Conflict && d == p.Details {
		return page.SeeOther(w, r, "/account?said=contact")
	}
	if !p.Refused(form, err) {
		return err
	}
	return s.show(w, r, http.StatusUnprocessableEntity, "account/contact", p)
}

// mailOff switches mail off and leaves the rest as it is.
func (s *Sessions) mailOff(w http.ResponseWriter, r *http.Request) error {
	if err := s.Notices.Switch(r.Context(), s.Actor(r), false); err != nil {
		return err
	}
	return page.SeeOther(w, r, "/account?said=contact")
}
