package casework

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"gatepost/intermediary"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// base is what every page of this package has beside the layout's own.
type base struct {
	page.Base
	may func(authz.Act) bool
}

// May tells whether this worker may do an act, so that a page does not offer what
// would be refused.
func (b *base) May(act string) bool { return b.may(authz.Act(act)) }

// base begins a page, with a word about the act that was just done.
func (room Room) base(r *http.Request, title string) base {
	b := base{Base: room.Site.Base(r, title), may: room.Actor(r).Can}
	if did := page.Query(r).Get("done"); slices.ContainsFunc(room.acts(), func(a act) bool { return a.name == did }) {
		b.Notice = &page.NotificationBanner{Type: "success", Text: b.Words.T("casework.do." + did + ".done")}
	}
	return b
}

// act is a form about something: one page that asks, and what is done.
type act struct {
	path   string // of the route table
	name   string // of its words: casework.do.NAME.title, what, button, done
	may    authz.Act
	load   func(room Room, r *http.Request, p *actPage) error // what it is about, and where it goes back
	fields func(p *actPage) ([]field, error)
	do     func(r *http.Request, p *actPage, form page.Form) error
	code   bool     // it takes a fresh one-time code
	many   []string // fields that may come several times
	keep   []string // fields with a worker's own words
	dates  []string // as the service calls them in its faults
	sheet  string   // the page's template; the plain form where empty
	upload string   // the field of a file, which its own template has
	body   int64    // the limit of the form, where it has a file
}

// actPage is the page of an act.
type actPage struct {
	base
	Act      string
	Action   string // the path of the form
	What     string // what happens, in words
	Button   string
	Fields   []fieldView
	Case     *intermediary.Case
	Enquiry  *intermediary.Enquiry
	In       *intermediary.EnquiryIn
	Item     *intermediary.Item
	Released []intermediary.Release
	Records  []intermediary.Record
	Record   *intermediary.AdoptedRecord // of an act on a record without a case
	Asked    *intermediary.ReadIntake    // the enquiry that the record came from
	Of       string                      // whom or what it is about: sb…, it…; "" for the case
	Name     string                      // of the fact
	Sheet    any                         // what the page shows beside the form
	Writer   string                      // the worker's account
	After    string                      // where it goes when it is done; "" for back

	actor authz.Actor
}

// template is the page's name.
func (a act) template() string {
	if a.sheet == "" {
		return "casework/act"
	}
	return "casework/" + a.sheet
}

// actRoutes are the two lines of an act.
func (room Room) actRoutes(a act) []page.Route {
	p := post(a.path, room.doAct(a), a.keep...)
	p.Many, p.Upload = a.many, a.upload
	if a.body > 0 {
		p.Body = a.body
	}
	return []page.Route{get(a.path, a.template(), room.askAct(a)), p}
}

// actPage makes the page of an act.
func (room Room) actPage(r *http.Request, a act) (*actPage, error) {
	actor := room.Actor(r)
	if err := actor.May(a.may); err != nil {
		return nil, err
	}
	p := &actPage{base: room.base(r, "casework.do."+a.name+".title"), Act: a.name, Action: r.URL.Path, Writer: actor.Account(), actor: actor}
	p.Notice = nil
	if err := a.load(room, r, p); err != nil {
		return nil, err
	}
	p.What, p.Button = p.Words.T("casework.do."+a.name+".what"), p.Words.T("casework.do."+a.name+".button")
	var fields []field
	if a.fields != nil {
		var err error
		if fields, err = a.fields(p); err != nil {
			return nil, err
		}
	}
	if a.code {
		fields = append(fields, field{kind: "code", name: "code", key: "casework.code"})
	}
	p.Fields = viewsOf(p.Words, fields)
	return p, nil
}

// ofCase loads the case of the path, and what of it the act is about: {of} has to
// be one of its own, with one of the prefixes. back is the page of the case to
// which it goes back; "subject" and "item" are that of what it is about.
func ofCase(back string, prefixes ...string) func(Room, *http.Request, *actPage) error {
	return func(room Room, r *http.Request, p *actPage) error {
		id, err := idOf(r, "id", "ap")
		if err != nil {
			return err
		}
		p.Of, p.Name = r.PathValue("of"), r.PathValue("name")
		valid := slices.ContainsFunc(prefixes, func(prefix string) bool { return agency.ValidID(prefix, p.Of) })
		if len(prefixes) > 0 && !valid {
			return notThere()
		}
		if p.Case, err = room.Cases.Case(r.Context(), room.Actor(r), intermediary.ApplicationID(id)); err != nil {
			return err
		}
		if len(prefixes) > 0 && !belongs(p.Case, p.Of) {
			return notThere()
		}
		if p.Case.Unread {
			return fault.New(fault.Sealed, "fault.sealed")
		}
		p.Back = "/case/" + id
		switch back {
		case "":
		case "subject", "item":
			p.Back += "/" + back + "/" + p.Of
		default:
			p.Back += "/" + back
		}
		return nil
	}
}

func (room Room) askAct(a act) page.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		p, err := room.actPage(r, a)
		if err != nil {
			return err
		}
		return room.Site.Render(w, r, http.StatusOK, a.template(), p)
	}
}

// doAct does it and goes back, or shows the page again with what was typed.
func (room Room) doAct(a act) page.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		form, err := page.FormOf(r)
		if err != nil {
			return err
		}
		p, err := room.actPage(r, a)
		if err != nil {
			return err
		}
		if err = onDays(a.do(r, p, form), a.dates...); err == nil {
			if p.After == "" {
				p.After = p.Back
			}
			return page.SeeOther(w, r, p.After+"?done="+a.name)
		}
		if !p.Refused(form.With("code", ""), err) {
			return err
		}
		p.keepSeen(form, err)
		return room.Site.Render(w, r, statusOf(err), a.template(), p)
	}
}

// keepSeen puts back what the page that was sent had seen, where a colleague has
// written something since: pressing once more on this page, which does not show
// it, must not put the worker's words in its place.
func (p *actPage) keepSeen(form page.Form, err error) {
	if fault.KindOf(err) != fault.Conflict {
		return
	}
	for i, f := range p.Fields {
		if f.Kind == "hidden" {
			p.Fields[i].Value = form.Get(f.Name)
		}
	}
}

// acts lists every act of this package.
func (room Room) acts() []act {
	return slices.Concat(room.enquiryActs(), room.enquiryInActs(), room.caseActs(), room.factActs(), room.partyActs(), room.subjectActs(), room.askingActs(), room.connectionActs(), room.contactActs(), room.protectionActs(), room.itemActs(), room.packActs(), room.noteActs(), room.messageActs(), room.identityActs(), room.flagActs(), room.recordActs(), room.registerActs(), room.wishActs())
}

// hidden is a field that the page chose and the form sends back.
func hidden(name, value string) field { return field{kind: "hidden", name: name, value: value} }

// yesNo asks one thing that is true or not; an empty form says no.
func yesNo(name, key string) field {
	return field{kind: "many", name: name, key: key, options: []string{"yes"}, of: "casework.tick." + name + "."}
}

// itoa is a version as a form carries it.
func itoa(n int) string { return strconv.Itoa(n) }

// number reads a version that the page chose.
func number(form page.Form, name string) int {
	n := 0
	for _, c := range strings.TrimSpace(form.Get(name)) {
		if c < '0' || c > '9' || n > 1<<20 {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}
