package notice

import (
	"encoding/json"
	"net/mail"
	"strings"
	"time"

	"gatepost/internal/fault"
)

// Words is which of our mails a person gets.
type Words string

const (
	// Waiting says that something is waiting.
	Waiting Words = "waiting"
	// Update says that there is an update.
	Update Words = "update"
	// Reminder is a reminder that the person asked for.
	Reminder Words = "reminder"
)

// AllWords lists the choices, the usual one first.
func AllWords() []Words { return []Words{Waiting, Update, Reminder} }

// Subject and Text are what the mail says, for the page on which somebody
// chooses. They hold no name, no agency and no link.
func (w Words) Subject() string { return w.both().subject }

// Text is the body of the mail.
func (w Words) Text() string { return w.both().text }

type sentences struct{ subject, text string }

func (w Words) both() sentences {
	switch w {
	case Update:
		return sentences{"There is an update", "There is an update for you. Look when it suits you.\n\nThis comes from a machine. Nobody reads answers to it.\n"}
	case Reminder:
		return sentences{"A reminder", "This is the reminder that you asked for.\n\nThis comes from a machine. Nobody reads answers to it.\n"}
	}
	return sentences{"Something is waiting", "Something is waiting for you. Look when it suits you.\n\nThis comes from a machine. Nobody reads answers to it.\n"}
}

// Details are how a person may be told.
type Details struct {
	On   bool   // mail is wanted; everything else stays when it is not
	Mail string // address; may be "" while On is false
	// QuietFrom and QuietTo are times of day in London, "20:00", between which
	// no mail comes; both "" for the usual ones.
	QuietFrom, QuietTo string
	Words              Words // "" for the usual one
	Version            int   // of what was read; 0 where nothing is there yet
}

// The usual quiet hours.
const (
	usualFrom = "20:00"
	usualTo   = "08:00"
)

const maxMail = 254 // bytes of an address (RFC 5321, 4.5.3.1.3)

// content is what is sealed.
type content struct {
	Mail      string `json:"mail"`
	QuietFrom string `json:"quietFrom"`
	QuietTo   string `json:"quietTo"`
	Words     Words  `json:"words"`
}

// clean checks details and gives them in the form that is kept: Invalid on the
// field "mail", "quiet-from", "quiet-to" or "words".
func (d Details) clean() (Details, error) {
	d.Mail, d.QuietFrom, d.QuietTo = strings.TrimSpace(d.Mail), strings.TrimSpace(d.QuietFrom), strings.TrimSpace(d.QuietTo)
	if d.QuietFrom == "" && d.QuietTo == "" {
		d.QuietFrom, d.QuietTo = usualFrom, usualTo
	}
	if d.Words == "" {
		d.Words = Waiting
	}
	if d.On && d.Mail == "" {
		return d, fault.Field("mail", "fault.contact.mailMissing")
	}
	if d.Mail != "" && !validMail(d.Mail) {
		return d, fault.Field("mail", "fault.contact.mail")
	}
	if _, ok := clock(d.QuietFrom); !ok {
		return d, fault.Field("quiet-from", "fault.contact.time")
	}
	if _, ok := clock(d.QuietTo); !ok || d.QuietFrom == d.QuietTo {
		return d, fault.Field("quiet-to", "fault.contact.time")
	}
	for _, w := range AllWords() {
		if d.Words == w {
			return d, nil
		}
	}
	return d, fault.Field("words", "fault.contact.words")
}

// validMail takes a bare address of plain ASCII: what every mail server takes,
// and no second header or recipient.
func validMail(s string) bool {
	if len(s) > maxMail || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>()[],;:\"`, r) }) {
		return false
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" {
		return false
	}
	host := s[strings.LastIndexByte(s, '@')+1:]
	return strings.Contains(host, ".") && !strings.HasSuffix(host, ".") && strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == ""
}

// clock reads "20:00" as minutes since midnight.
func clock(s string) (int, bool) {
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err == nil && len(s) == len("15:04")
}

// parse reads what was sealed. Its error says nothing of it.
func parse(text []byte) (content, error) {
	var c content
	if err := json.Unmarshal(text, &c); err != nil {
		return content{}, fault.New(fault.Sealed, "fault.sealed")
	}
	d, err := Details{Mail: c.Mail, QuietFrom: c.QuietFrom, QuietTo: c.QuietTo, Words: c.Words}.clean()
	if err != nil {
		return content{}, fault.New(fault.Sealed, "fault.sealed")
	}
	return d.content(), nil
}

func (d Details) content() content {
	return content{Mail: d.Mail, QuietFrom: d.QuietFrom, QuietTo: d.QuietTo, Words: d.Words}
}

// speaksAt is when a mail may go: at if that is no quiet hour, else the end of
// the quiet hours. London keeps the clock.
func (c content) speaksAt(at time.Time, london *time.Location) time.Time {
	from, okFrom := clock(c.QuietFrom)
	to, okTo := clock(c.QuietTo)
	if !okFrom || !okTo {
		from, to = 20*60, 8*60
	}
	local := at.In(london)
	minute := local.Hour()*60 + local.Minute()
	quiet := from <= minute && minute < to
	if from > to { // over midnight
		quiet = minute >= from || minute < to
	}
	if !quiet {
		return at
	}
	end := time.Date(local.Year(), local.Month(), local.Day(), to/60, to%60, 0, 0, london)
	if !end.After(local) {
		end = time.Date(local.Year(), local.Month(), local.Day()+1, to/60, to%60, 0, 0, london)
	}
	return end
}
