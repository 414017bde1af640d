package casework

import (
	"net/http"
	"slices"
	"time"

	"gatepost/intermediary"
	"gatepost/web/page"
)

// recordRoutes is the table of the pages that show what was written down.
func (room Room) recordRoutes() []page.Route {
	return []page.Route{
		get("/case/{id}/subject/{of}", "casework/subject", room.subject),
		get("/case/{id}/protection", "casework/protection", room.protection),
		get("/case/{id}/history", "casework/history", room.history),
	}
}

// recordView is a record with its words.
type recordView struct {
	intermediary.Record
	Title  string
	Says   string // what was said, in one line
	Day    string // as typed
	Texts  []lineView
	Scopes []string
	Links  []linkView // what can be done about it
}

// recordsOf keeps the records of some kinds about somebody; nobody is everybody.
func recordsOf(all []intermediary.Record, on string, what ...string) (list []intermediary.Record) {
	for _, r := range all {
		if (on == "" || r.On == on) && slices.Contains(what, r.What) {
			list = append(list, r)
		}
	}
	return list
}

// newestRecord is the newest version of a record of a kind; 0 for none.
func newestRecord(all []intermediary.Record, on, what string) (version int) {
	for _, r := range recordsOf(all, on, what) {
		version = max(version, r.Version)
	}
	return version
}

// recordViews gives records their words.
func recordViews(b *base, c *intermediary.Case, list []intermediary.Record) []recordView {
	views := make([]recordView, len(list))
	for i, r := range list {
		v := recordView{Record: r, Day: dayText(&b.Base, r.Day)}
		v.Title = known(b, "casework.record."+r.What, r.What)
		switch r.What {
		case "fact":
			v.Title = known(b, "casework.fact."+r.Name, r.Name)
			v.Says = known(b, "casework.value."+r.Name+"."+r.Answer, r.Answer)
		case "trace", "approach":
			v.Says = known(b, "casework.step."+r.Answer, r.Answer)
			if r.Way != "" {
				v.Says += ". " + known(b, "casework.way."+r.Way, r.Way)
			}
			v.Links = append(v.Links, linkView{"/case/" + string(c.ID) + "/note/" + r.ID, b.Words.T("casework.do.note.title")})
		case "asked":
			v.Title = known(b, "casework.asked."+r.Name, r.Name)
			v.Says = known(b, "casework.step."+r.Answer, r.Answer)
			if r.Way != "" {
				v.Says += ". " + known(b, "casework.way."+r.Way, r.Way)
			}
			answer := "adoptedAnswer"
			if r.Name == "views" {
				answer = "viewsAnswer"
			}
			v.Links = append(v.Links, linkView{"/case/" + string(c.ID) + "/" + answer + "/" + r.ID, b.Words.T("casework.do." + answer + ".title")})
		case "consent":
			v.Says = known(b, "casework.consent."+r.Answer, r.Answer)
		case "veto", "notice":
			v.Says = known(b, "casework.veto."+r.Answer, r.Answer)
			if !r.InForce {
				v.Says += ". " + b.Words.T("casework.veto.withdrawn")
			}
		case "proceed":
			v.Says = known(b, "casework.value.approp."+r.Answer, r.Answer)
		case "stop":
			v.Says = b.Words.T("casework.stop.open")
			if r.Ended {
				v.Says = b.Words.T("casework.stop.ended")
			} else {
				v.Links = append(v.Links, linkView{rootOf(c) + "/stopEnd/" + r.ID, b.Words.T("casework.do.stopEnd.title")})
			}
		case "first":
			v.Says = r.Row
			if !r.Ended {
				v.Links = append(v.Links, linkView{"/case/" + string(c.ID) + "/second/" + r.ID, b.Words.T("casework.do.second.title")})
			}
		case "wish":
			v.Says = known(b, "casework.wishSays."+r.Answer, r.Answer)
		case "ending":
			v.Says = known(b, "casework.state."+r.Answer, r.Answer)
		}
		for _, t := range r.Texts {
			v.Texts = append(v.Texts, lineView{Label: known(b, "casework.text."+t.Name, t.Name), Text: t.Text})
		}
		for _, kind := range r.Scope {
			v.Scopes = append(v.Scopes, known(b, "casework.kind."+kind, kind))
		}
		views[i] = v
	}
	return views
}

// dayText is a date that may be known in part, in words where it is whole.
func dayText(b *page.Base, text string) string {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return b.Words.Date(day.Add(12 * time.Hour)) // the same day in the agency's time
	}
	return text
}

// known is the words of a key, or plain where the catalogue has none: what was
// sealed may be of a version that had others.
func known(b *base, key, plain string) string {
	if b.Words.Has(key) {
		return b.Words.T(key)
	}
	return plain
}

// subjectPage is what is done about somebody who is looked for.
type subjectPage struct {
	*casePage
	Who        whoView
	Signatures []recordView
	Decisions  []recordView
	Steps      []recordView
	Consents   []recordView
	Notes      []recordView
	Agrees     bool // their newest answer agrees to letters with the applicant
}

func (room Room) subject(w http.ResponseWriter, r *http.Request) error {
	base, err := room.casePage(r, "casework.is.subject")
	if err != nil {
		return err
	}
	i := slices.IndexFunc(base.Subjects, func(v whoView) bool { return v.ID == r.PathValue("of") })
	if i < 0 {
		return notThere()
	}
	p := &subjectPage{casePage: base, Who: base.Subjects[i]}
	all, err := room.Cases.Records(r.Context(), room.Actor(r), base.Case.ID)
	if err != nil {
		return err
	}
	view := func(what ...string) []recordView {
		return recordViews(&p.base, base.Case, recordsOf(all, p.Who.ID, what...))
	}
	p.Signatures, p.Decisions, p.Steps, p.Consents = view("first", "second"), view("proceed", "view", "resume"), view("trace", "approach", "asked", "after"), view("consent")
	p.Notes = view("note")
	newest := newestRecord(all, p.Who.ID, "consent")
	p.Agrees = slices.ContainsFunc(all, func(r intermediary.Record) bool {
		return r.On == p.Who.ID && r.Version == newest && r.AgreesToLetters()
	})
	if base.Case.State == "open" && p.Who.State == "open" {
		if p.Who.Law, err = room.askLaw(r, &p.base, base.Case, p.Who.ID); err != nil {
			return err
		}
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/subject", p)
}

// protectionPage is who is protected in a case, and from what.
type protectionPage struct {
	*casePage
	Vetoes  []recordView
	Stops   []recordView
	InForce bool // a veto stands
	Any     bool // there ever was one
	Wishes  []entryView
}

func (room Room) protection(w http.ResponseWriter, r *http.Request) error {
	base, err := room.casePage(r, "casework.protection.title")
	if err != nil {
		return err
	}
	all, err := room.Cases.Records(r.Context(), room.Actor(r), base.Case.ID)
	if err != nil {
		return err
	}
	p := &protectionPage{casePage: base}
	p.Vetoes = recordViews(&p.base, base.Case, recordsOf(all, base.Case.Adopted.ID, "veto", "notice"))
	p.Stops = recordViews(&p.base, base.Case, recordsOf(all, "", "stop", "stopEnd"))
	newest := newestRecord(all, base.Case.Adopted.ID, "veto")
	for _, v := range p.Vetoes {
		if v.What == "veto" && v.Version == newest {
			p.Any, p.InForce = true, v.InForce || v.Unread
		}
	}
	if p.Wishes, err = room.wishesAbout(r, &p.base, intermediary.AdoptedID(base.Case.Adopted.ID)); err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/protection", p)
}

// historyPage is everything that was written down, of one kind of statement or
// of all.
type historyPage struct {
	*casePage
	Said    string
	Records []recordView
	Letters []letterView
	Views   []viewView // of the case as a whole
}

func (room Room) history(w http.ResponseWriter, r *http.Request) error {
	base, err := room.casePage(r, "casework.history.title")
	if err != nil {
		return err
	}
	all, err := room.Cases.Records(r.Context(), room.Actor(r), base.Case.ID)
	if err != nil {
		return err
	}
	p := &historyPage{casePage: base}
	views, err := room.views(r, base)
	if err != nil {
		return err
	}
	p.Letters = letterViews(base, views)
	p.Views = slices.DeleteFunc(views, func(v viewView) bool { return v.Letter != nil })
	if said := page.Query(r).Get("show"); slices.Contains([]string{"fact", "opinion", "thirdParty"}, said) {
		p.Said = said
		all = slices.DeleteFunc(all, func(r intermediary.Record) bool { return string(r.Said) != said })
	}
	p.Records = recordViews(&p.base, base.Case, all)
	return room.Site.Render(w, r, http.StatusOK, "casework/history", p)
}

// withRecords loads what was written down in the case as well.
func withRecords(load func(Room, *http.Request, *actPage) error) func(Room, *http.Request, *actPage) error {
	return func(room Room, r *http.Request, p *actPage) error {
		if err := load(room, r, p); err != nil {
			return err
		}
		var err error
		p.Records, err = room.Cases.Records(r.Context(), room.Actor(r), p.Case.ID)
		return err
	}
}

// ofRecord loads the case and one record of it that has an id of its own.
func ofRecord(back, prefix, what string) func(Room, *http.Request, *actPage) error {
	return oneRecord(withRecords(ofCase(back)), prefix, what)
}

// oneRecord loads what the path is about, and one record of it that has an id of
// its own; what "subject" goes back to whom that is about.
func oneRecord(load func(Room, *http.Request, *actPage) error, prefix, what string) func(Room, *http.Request, *actPage) error {
	return func(room Room, r *http.Request, p *actPage) error {
		if err := load(room, r, p); err != nil {
			return err
		}
		i := slices.IndexFunc(p.Records, func(r intermediary.Record) bool { return r.ID == p.Of && r.ID[:2] == prefix })
		if i < 0 {
			return notThere()
		}
		list := slices.DeleteFunc(slices.Clone(p.Records), func(r intermediary.Record) bool { return r.ID != p.Of })
		sheet := recordViews(&p.base, p.Case, list)
		for i := range sheet {
			sheet[i].Links = nil // they lead to this page
		}
		p.Sheet = sheet
		if what == "subject" {
			p.Back += "/subject/" + p.Records[i].On
		}
		return nil
	}
}
