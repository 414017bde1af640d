package casework

import (
	"net/http"
	"slices"
	"strings"

	"gatepost/intermediary"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// ofRecordItself are the particulars of a record without a case: how to reach the
// adopted person too, for there is nobody else whom to write to.
const ofRecordItself = "record"

// adoptedRoutes is the table of the pages about the record of an adopted person.
func (room Room) adoptedRoutes() []page.Route {
	return []page.Route{
		get("/record", "casework/record-list", room.records),
		post("/record", room.findRecords, "name"),
		get("/record/new", "casework/record-new", room.newRecord),
		post("/record/new", room.openRecord, "adopted.known", "adopted.reach", "adopted.address", "adopted.other"),
		get("/record/{id}", "casework/record", room.record),
		get("/record/{id}/said", "casework/record-said", room.recordSaid),
		get("/record/{id}/letter", "casework/record-letter", room.recordLetter),
	}
}

// recordActs are those acts of a case that are about the adopted person alone, on
// their record: the same forms, and they go back to it. No fact about them asks for
// a second worker.
func (room Room) recordActs() []act {
	on := onRecord()
	loads := map[string]func(Room, *http.Request, *actPage) error{"veto": room.fromEnquiry(on), "vetoChange": on, "vetoEnd": on, "stop": ofItself(on), "particulars": ofItself(on),
		"fact": room.ofFactIn(ofItself(on)), "stopEnd": oneRecord(on, "sp", ""), "connected": room.ofItsColleagues}
	var list []act
	for _, a := range slices.Concat(room.caseActs(), room.factActs(), room.protectionActs(), room.connectionActs()) {
		if load, ok := loads[a.name]; ok {
			a.path, a.load = strings.Replace(a.path, "/case/", "/record/", 1), load
			list = append(list, a)
		}
	}
	return list
}

// onRecord loads the record of the path.
func onRecord() func(Room, *http.Request, *actPage) error {
	return func(room Room, r *http.Request, p *actPage) error {
		rec, err := room.loadRecord(r)
		if err != nil {
			return err
		}
		if rec.Adopted.Unread {
			return fault.New(fault.Sealed, "fault.sealed")
		}
		p.Of, p.Name, p.Back = r.PathValue("of"), r.PathValue("name"), "/record/"+string(rec.ID)
		p.Case, p.Records, p.Record = alone(rec), rec.Written, rec
		return nil
	}
}

// ofItself holds {of} to the adopted person of the record.
func ofItself(load func(Room, *http.Request, *actPage) error) func(Room, *http.Request, *actPage) error {
	return func(room Room, r *http.Request, p *actPage) error {
		if err := load(room, r, p); err != nil {
			return err
		}
		if p.Of != p.Case.Adopted.ID {
			return notThere()
		}
		return nil
	}
}

// loadRecord loads the record of the path; the service has written the look down.
func (room Room) loadRecord(r *http.Request) (*intermediary.AdoptedRecord, error) {
	id, err := idOf(r, "id", "ad")
	if err != nil {
		return nil, err
	}
	return room.Cases.Record(r.Context(), room.Actor(r), intermediary.AdoptedID(id))
}

// alone is a record as the pages of a case have it: a case of nobody else.
func alone(r *intermediary.AdoptedRecord) *intermediary.Case {
	return &intermediary.Case{Adopted: r.Adopted, State: "open"}
}

// rootOf is the page of a case, or of a record without one.
func rootOf(c *intermediary.Case) string {
	if c.ID == "" {
		return "/record/" + c.Adopted.ID
	}
	return "/case/" + string(c.ID)
}

// recordPage is the record of an adopted person: who, what the law says of them,
// what protects them, and their cases.
type recordPage struct {
	base
	Record  *intermediary.AdoptedRecord
	Name    string
	Lines   []lineView
	Facts   []factLine
	Vetoes  []recordView
	Stops   []recordView
	Came    []intermediary.Record // the enquiries that it came from
	InForce bool                  // a veto stands
	Wishes  []entryView
	Letter  string // which letter can be printed; "" for none
}

func (room Room) recordPage(r *http.Request, title string) (*recordPage, error) {
	rec, err := room.loadRecord(r)
	if err != nil {
		return nil, err
	}
	p := &recordPage{base: room.base(r, title), Record: rec, Name: nameOf(rec.Adopted.Particulars), Letter: letterOf(rec.Veto)}
	if p.Wishes, err = room.wishesAbout(r, &p.base, rec.ID); err != nil {
		return nil, err
	}
	p.Back, p.Wide = "/cases", true
	if rec.Adopted.Unread {
		p.Notice = &page.NotificationBanner{Text: p.Words.T("casework.unread")}
	}
	p.Lines = particularsView(&p.Base, ofRecordItself, rec.Adopted.Particulars)
	c := alone(rec)
	for _, name := range factNames(ofAdopted) {
		p.Facts = append(p.Facts, lineOf(c, rec.Adopted.ID, name, room.Actor(r).Account()))
	}
	p.Vetoes = recordViews(&p.base, c, recordsOf(rec.Written, rec.Adopted.ID, "veto", "notice"))
	p.Stops = recordViews(&p.base, c, recordsOf(rec.Written, "", "stop", "stopEnd"))
	p.Came = recordsOf(rec.Written, "", "became")
	newest := newestRecord(rec.Written, rec.Adopted.ID, "veto")
	p.InForce = slices.ContainsFunc(p.Vetoes, func(v recordView) bool { return v.What == "veto" && v.Version == newest && (v.InForce || v.Unread) })
	return p, nil
}

func (room Room) record(w http.ResponseWriter, r *http.Request) error {
	p, err := room.recordPage(r, "onrecord.title")
	if err != nil {
		return err
	}
	if page.Query(r).Get("done") == "new" {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("onrecord.new.done")}
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/record", p)
}

// recordSaid shows what the law answered to the newest word about a veto, what was
// done by that, and what is missing.
func (room Room) recordSaid(w http.ResponseWriter, r *http.Request) error {
	p, err := room.recordPage(r, "onrecord.said.title")
	if err != nil {
		return err
	}
	if p.Record.Veto == nil {
		return notThere()
	}
	p.Back, p.Wide = "/record/"+string(p.Record.ID), false
	return room.Site.Render(w, r, http.StatusOK, "casework/record-said", p)
}

// letterOf says which letter tells an adopted person what became of the newest word
// about a veto: registered, changed, ended, wish, or waits and stays for what is not
// in force yet. "" where there is none to print: what somebody else asked for in
// their own name is not told to them.
func letterOf(v *intermediary.VetoWord) string {
	switch {
	case v == nil || v.Unread || v.Registrant != "adoptedPerson" && v.Registrant != "rep":
		return ""
	case v.Row == "d01":
		return "wish"
	case v.Permits:
		return map[string]string{"register": "registered", "amend": "changed", "withdraw": "ended"}[v.Op]
	case v.Stops:
		return "waits"
	}
	return "stays"
}

// recordLetter is the letter to be printed. That it was is not stated.
func (room Room) recordLetter(w http.ResponseWriter, r *http.Request) error {
	p, err := room.recordPage(r, "onrecord.letter.title")
	if err != nil {
		return err
	}
	if p.Letter == "" || p.Record.Adopted.Unread {
		return notThere()
	}
	p.Back = "/record/" + string(p.Record.ID)
	return room.Site.Render(w, r, http.StatusOK, "casework/record-letter", p)
}

// fromEnquiry fills in the form of a veto from the enquiry that the record came
// from, as long as nothing was written down of one. What nobody has checked is left
// open: how they asked, who was met, and what they were told.
func (room Room) fromEnquiry(load func(Room, *http.Request, *actPage) error) func(Room, *http.Request, *actPage) error {
	return func(_ Room, r *http.Request, p *actPage) error {
		if err := load(room, r, p); err != nil {
			return err
		}
		came := recordsOf(p.Records, "", "became")
		if p.Record.Veto != nil || len(came) == 0 || !p.actor.Can(authz.TakeIntake) {
			return nil
		}
		in, err := room.Cases.ReadIntake(r.Context(), p.actor, intermediary.IntakeID(came[0].ID))
		if fault.KindOf(err) == fault.NotFound || in.Unread {
			return nil
		}
		p.Asked = &in
		return err
	}
}
