package casework_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatepost/intermediary"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/calendar"
	"gatepost/web/webtest"
	"gatepost/web/words"
)

// whole is a record as it is typed, with what is asked for.
var whole = []string{"adopted.name", "Jory Tregear", "adopted.birthName", "Piran Nance", "adopted.born-day", "14", "adopted.born-month", "6", "adopted.born-year", "1979",
	"adopted.address", "4 Chapel Row\nWeirbridge", "adopted.orderDate-day", "2", "adopted.orderDate-month", "3", "adopted.orderDate-year", "1980", "adopted.courtCountry", "E",
	"adopted.agencyCountry", "E", "do", "open"}

// asks is what is typed of a veto; more overwrites it.
func asks(day time.Time, more ...string) []string {
	return append([]string{"registrant", "adoptedPerson", "linkProven", "yes", "form", "oral", "addressee", "AAA", "information", "given", "kind", "absolute",
		"receivedOn-day", day.Format("2"), "receivedOn-month", day.Format("1"), "receivedOn-year", day.Format("2006"), "why", "He rang us."}, more...)
}

// veto fills in a form about a veto, and gives the page that says what came of it.
func veto(t *testing.T, b *webtest.Browser, path, row string, fields ...string) webtest.Answer {
	t.Helper()
	a := b.Get(path).Want(http.StatusOK).Submit(path, fields...)
	if a.Status != http.StatusSeeOther {
		t.Fatalf("%s gives %d: %s", path, a.Status, a.Doc().One("main").Text())
	}
	said := a.Follow().Want(http.StatusOK)
	said.Doc().One(".govuk-notification-banner--success")
	if got := rowOf(said); got != row {
		t.Fatalf("row %s answered, want %s", got, row)
	}
	return said
}

// TestRecordByHand: a record is opened without a case; a veto by telephone stops
// everything and is not in force, in writing and met it is registered, and a manager
// takes it back. Each step has its letter.
func TestRecordByHand(t *testing.T) {
	r := newRoom(t)
	day := calendar.Today(r.Clock.Now())
	form := r.Get("/cases").Want(http.StatusOK).Doc().One(`a[href="/record/new"]`)
	contains(t, form.Text(), "Open a record")
	bad := r.Get("/record/new").Want(http.StatusOK).Submit("/record/new", "adopted.born-month", "13", "adopted.known", "Said by telephone.", "do", "open").Want(http.StatusUnprocessableEntity)
	if got := bad.Form("/record/new").Get("adopted.known"); got != "Said by telephone." {
		t.Errorf("a refused page lost what was typed: %q", got)
	}
	first, second := bad.Submit("/record/new", append(whole, "adopted.known", "")...).Want(http.StatusSeeOther), bad.Submit("/record/new", whole...).Want(http.StatusSeeOther)
	if first.Header.Get("Location") != second.Header.Get("Location") {
		t.Error("two clicks opened two records")
	}
	at := strings.TrimSuffix(first.Header.Get("Location"), "?done=new")
	page := first.Follow().Want(http.StatusOK)
	contains(t, page.Doc().One("main").Text(), "Jory Tregear", "4 Chapel Row", "None is on our record", "Before 30 December 2005", "There is none. A veto stands all the same")
	golden(t, "record-empty.golden", strings.TrimSpace(page.Doc().One("main").HTML()), page)
	r.Get(at + "/letter").Want(http.StatusNotFound)
	r.Get(at + "/said").Want(http.StatusNotFound)

	said := veto(t, r.Browser, at+"/veto", "d06", asks(day)...)
	contains(t, said.Doc().One("main").Text(), "Waits", "A veto must be in writing", "Everything about them has stopped", "Their word in writing, signed.", "Whoever asks has to be met")
	contains(t, r.Get(at).Want(http.StatusOK).Doc().One("main").Text(), "What was asked about a veto", "In force", "He rang us.")
	letter := r.Get(at + "/letter").Want(http.StatusOK)
	golden(t, "record-letter-waits.golden", strings.TrimSpace(letter.Doc().One("article").HTML()), letter)

	said = veto(t, r.Browser, at+"/veto", "d12", asks(day, "form", "writing", "metVerified", "yes", "kind", "qualified", "circumstances", "Only my sister.\nOnly by letter.")...)
	golden(t, "record-said.golden", strings.TrimSpace(said.Doc().One("main").HTML()), said)
	letter = r.Get(at + "/letter").Want(http.StatusOK)
	golden(t, "record-letter-registered.golden", strings.TrimSpace(letter.Doc().One("article").HTML()), letter)
	r.Get(at + "/vetoEnd").Want(http.StatusForbidden)

	said = veto(t, r.Browser, at+"/vetoChange", "d13", asks(day, "form", "writing", "metVerified", "yes", "kind", "absolute")...)
	contains(t, said.Doc().One("main").Text(), "the earlier version is kept")
	contains(t, r.Get(at+"/letter").Want(http.StatusOK).Doc().One("article").Text(), "We have changed your veto", "No agency may get in touch")
	golden(t, "record.golden", strings.TrimSpace(r.Get(at).Doc().One("main").HTML()), r.Get(at))

	manager := r.Site.Worker(t)
	manager.SignIn(r.Site, &r.ManagerLogin)
	said = veto(t, manager, at+"/vetoEnd", "d08", asks(day, "kind", "")...)
	contains(t, said.Doc().One("main").Text(), "what stood before stands")
	letter = manager.Get(at + "/letter").Want(http.StatusOK)
	golden(t, "record-letter-stays.golden", strings.TrimSpace(letter.Doc().One("article").HTML()), letter)
	veto(t, manager, at+"/vetoEnd", "d14", asks(day, "form", "writing", "metVerified", "yes", "kind", "")...)
	letter = manager.Get(at + "/letter").Want(http.StatusOK)
	golden(t, "record-letter-ended.golden", strings.TrimSpace(letter.Doc().One("article").HTML()), letter)
	contains(t, manager.Get(at).Want(http.StatusOK).Doc().One("main").Text(), "Withdrawn", "Register what protects them")

	list := manager.Get("/record").Want(http.StatusOK)
	contains(t, list.Doc().One("[data-record]").Text(), "Jory Tregear", "Opened on", "Protected")
	list.Doc().One(`a[href="` + at + `"]`)
	r.Get("/cases").Doc().One(`a[href="/record"]`)
	for name, found := range map[string]int{"piran NANCE": 1, "tregear": 1, "Nobody": 0} {
		got := manager.Get("/record").Want(http.StatusOK).Submit("/record", "name", name).Want(http.StatusOK)
		if n := len(got.Doc().All("[data-list=records] li")); n != found {
			t.Errorf("%d records of %q, want %d", n, name, found)
		}
	}
	manager.Get("/record").Want(http.StatusOK).Submit("/record", "name", "7").Want(http.StatusUnprocessableEntity)
	var stop string
	must(t, r.Rows.QueryRow(t.Context(), `select id from stop`).Scan(&stop))
	manager.Get(at).Doc().One(`a[href="` + at + `/stopEnd/` + stop + `"]`)
	do(t, manager, at+"/stopEnd/"+stop, "why", "He has said what he wants.")
	do(t, r.Browser, at+"/stop/"+strings.TrimPrefix(at, "/record/"), "why", "He rang again.")
}

// TestRecord_Case: a case leads to its record and back, and what is said on the
// record is said of the case; another law takes a manager there too.
func TestRecord_Case(t *testing.T) {
	r := newRoom(t)
	c := r.Open(t, "REL>AP")
	at, ad := "/record/"+string(c.Adopted), string(c.Adopted)
	r.Get("/case/" + string(c.ID)).Want(http.StatusOK).Doc().One(`a[href="` + at + `"]`)
	r.Get("/case/" + string(c.ID) + "/protection").Want(http.StatusOK).Doc().One(`a[href="` + at + `"]`)
	r.Get(at).Want(http.StatusOK).Doc().One(`a[href="/case/` + string(c.ID) + `"]`)
	do(t, r.Browser, at+"/fact/"+ad+"/apVital", "value", "living", "said", "fact", "why", "He came by.", "evidence", "")
	contains(t, r.Get(at).Want(http.StatusOK).Doc().One(`.govuk-summary-list__row[data-fact="apVital"]`).Text(), "He came by.")
	path := at + "/particulars/" + ad
	do(t, r.Browser, path, "particulars.phone", "07700 900202")
	contains(t, r.Get(at).Want(http.StatusOK).Doc().One("main").Text(), "07700 900202", "4 Chapel Row")
	r.Get(path).Submit(path, "particulars.orderDate-year", "2006").Want(http.StatusUnprocessableEntity)
	r.Get(at + "/fact/" + string(c.ID) + "/met").Want(http.StatusNotFound)
	r.Get(at + "/stop/" + string(c.Subject)).Want(http.StatusNotFound)
	do(t, r.Browser, at+"/connected", "worker", r.ColleagueLogin.ID, "why", "His cousin.")
	contains(t, r.Get(at+"/connections").Want(http.StatusOK).Doc().One("[data-connection]").Text(), "Idris Quayle", "His cousin.")
	r.colleague(t).Get(at).Want(http.StatusForbidden)
	said := veto(t, r.Browser, "/case/"+string(c.ID)+"/veto", "d12", asks(calendar.Today(r.Clock.Now()), "form", "writing", "metVerified", "yes")...)
	if !strings.HasPrefix(said.Path, at+"/said") {
		t.Errorf("what a case's form did is said at %s", said.Path)
	}
	var state string
	must(t, r.Rows.QueryRow(t.Context(), `select state from subject where id = $1`, string(c.Subject)).Scan(&state))
	if state != "stopped" {
		t.Errorf("the case is %s", state)
	}
}

// TestRecord_Enquiry: an enquiry that asks for a veto is written on a new record, or
// on the one that is there. What is not proved stays open on the form of the veto.
func TestRecord_Enquiry(t *testing.T) {
	r := newRoom(t)
	known := r.Open(t, "AP>REL")
	enquiry := func() string {
		t.Helper()
		ctx := t.Context()
		token, err := r.Site.Asking.BeginIntake(ctx, r.Home.ID, accounttest.From())
		must(t, err)
		in, err := r.Site.Asking.LoadIntake(ctx, r.Home.ID, token)
		must(t, err)
		in.Answers = intermediary.Answers{Purpose: "veto", Kind: "qualified", Circumstances: "Only my sister.", Who: "adopted", Name: "Jory Tregear", Born: "1979-06-14",
			Address: "4 Chapel Row\nWeirbridge", Reach: []string{"post"}, Safe: "No calls.", AdoptedWhere: "Bodmin\nCounty Court"}
		in.Shown = "2026-11-22.en"
		must(t, r.Site.Asking.SaveIntake(ctx, r.Home.ID, token, in))
		_, err = r.Site.Asking.SendIntake(ctx, r.Home.ID, token, in.Version+1, in.Shown)
		must(t, err)
		var id string
		must(t, r.Rows.QueryRow(ctx, `select id from intake where state = 'received'`).Scan(&id))
		_, err = r.Rows.Exec(ctx, "set session_replication_role = replica; update intake set purpose = 'veto' where id = '"+id+"'; set session_replication_role = origin")
		must(t, err)
		return id
	}
	open := func(id string) webtest.Answer {
		t.Helper()
		a := r.Get("/record/new?intake=" + id).Want(http.StatusOK)
		contains(t, a.Doc().One("main").Text(), "Filled in from the enquiry")
		return a.Submit("/record/new", "adopted.orderDate-year", "1980", "adopted.courtCountry", "E", "do", "open").Want(http.StatusConflict)
	}
	id := enquiry()
	form := r.Get("/record/new?intake=" + id).Want(http.StatusOK).Form("/record/new")
	for name, want := range map[string]string{"adopted.name": "Jory Tregear", "adopted.born-year": "1979", "adopted.address": "4 Chapel Row\nWeirbridge", "adopted.reach": "No calls.", "adopted.agency": "Bodmin County Court"} {
		if got := form.Get(name); strings.ReplaceAll(got, "\r", "") != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	a := open(id)
	contains(t, a.Doc().One("main").Text(), "may be of the same person", "IS-", "Piran Nance")
	golden(t, "record-new-known.golden", strings.TrimSpace(a.Doc().One("main").HTML()), a)
	there := a.Submit("/record/new", "do", "known:"+string(known.Adopted)).Want(http.StatusSeeOther)
	if got := there.Header.Get("Location"); got != "/record/"+string(known.Adopted)+"?done=new" {
		t.Errorf("it became %s", got)
	}
	page := there.Follow().Want(http.StatusOK)
	contains(t, page.Doc().One("main").Text(), "In force", "Where it came from", "A colleague has to look whether this is the right person.")
	page.Doc().One(`[data-list=came] a[href="/intake/` + id + `"]`)

	// A colleague looks whether it is the right record; who put it there does not.
	mine := r.Get("/intake/" + id).Want(http.StatusOK)
	contains(t, mine.Doc().One("main").Text(), "You put it on a record.")
	if strings.Contains(mine.Body, "/intake/"+id+"/right") {
		t.Error("who put it there may say that it is right")
	}
	r.Get("/intake/" + id + "/right").Want(http.StatusOK).Submit("/intake/" + id + "/right").Want(http.StatusForbidden)
	colleague := r.colleague(t)
	contains(t, colleague.Get("/intakes").Want(http.StatusOK).Doc().One("main").Text(), "A second look", "Asks for protection")
	second := colleague.Get("/intake/" + id).Want(http.StatusOK)
	contains(t, second.Doc().One("main").Text(), "A colleague put it on a record.")
	colleague.Get(second.Doc().One(`a[href="/intake/` + id + `/right"]`).Attr("href")).Want(http.StatusOK).Submit("/intake/" + id + "/right").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if text := r.Get("/record/" + string(known.Adopted)).Want(http.StatusOK).Doc().One("main").Text(); strings.Contains(text, "A colleague has to look") {
		t.Error("it still waits")
	}

	seen := r.Get("/intake/" + id).Want(http.StatusOK)
	seen.Doc().One(`a[href="/record/` + string(known.Adopted) + `"]`)

	veto := r.Get("/record/" + string(known.Adopted) + "/veto").Want(http.StatusOK).Form("/record/" + string(known.Adopted) + "/veto")
	for name, want := range map[string]string{"kind": "qualified", "circumstances": "Only my sister.", "form": "", "metVerified": "", "information": ""} {
		if got := veto.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	other := open(enquiry()).Submit("/record/new", "do", "distinct").Want(http.StatusSeeOther)
	if strings.Contains(other.Header.Get("Location"), string(known.Adopted)) {
		t.Error("somebody else has the same record")
	}
	r.Get("/record/new?intake=inaaaaaaaaaaaaaaaaaaaa").Want(http.StatusNotFound)
	if r.Get("/record/new?intake=x").Status != http.StatusNotFound {
		t.Error("an enquiry that is none")
	}
}

// TestRecord_Letters: everything that may be missing has its words, for the worker
// and in the letter; what somebody else asked for in their own name has no letter to
// the adopted person; and a relative's entry of the contact register offers no veto.
func TestRecord_Letters(t *testing.T) {
	catalogue, err := words.Load()
	must(t, err)
	for _, need := range intermediary.Needs() {
		for _, room := range []string{"onrecord", "protect"} {
			if !catalogue.In("en").Has(room + ".need." + need) {
				t.Errorf("%s has no words for %s", room, need)
			}
		}
	}
	r := newRoom(t)
	day := calendar.Today(r.Clock.Now())
	record := func(more ...string) string {
		t.Helper()
		a := r.Get("/record/new").Want(http.StatusOK).Submit("/record/new", append(append([]string{}, whole...), more...)...)
		if a.Status == http.StatusConflict {
			a = a.Submit("/record/new", "do", "distinct")
		}
		return strings.TrimSuffix(a.Want(http.StatusSeeOther).Header.Get("Location"), "?done=new")
	}
	for name, tt := range map[string]struct {
		row  string
		who  []string
		more []string
		says []string // of the letter; nil for none
	}{
		"today's law":          {"d01", []string{"adopted.orderDate-year", "2006"}, nil, []string{"We have written down your wish", "on or after 30 December 2005", "But your wish counts"}},
		"nobody knows the law": {"d01a", []string{"adopted.orderDate-day", "", "adopted.orderDate-month", "", "adopted.orderDate-year", ""}, nil, []string{"Tell us when you were adopted", "we stop all our work"}},
		"a relative":           {"d02", nil, []string{"registrant", "relative"}, nil},
		"an adoptive parent":   {"d02", nil, []string{"registrant", "adopter"}, nil},
		"a relative in Wales":  {"d02a", []string{"adopted.courtCountry", "W"}, []string{"registrant", "relative"}, nil},
		"who acts for them":    {"d03", nil, []string{"registrant", "rep", "capacity", "yes"}, []string{"Show us the papers that say they may", "in writing", "Meet us"}},
		"who decides for them": {"d04", nil, []string{"registrant", "rep", "authority", "yes"}, []string{"Two of us have to look at it first"}},
		"everything is missing": {"d06", nil, []string{"kind", "qualified", "information", "no", "linkProven", "", "addressee", "otherAgency"},
			[]string{"sign it with your name", "who you are", "the person who was adopted", "in which cases", "Read our sheet", "Another agency keeps"}},
	} {
		at := record(tt.who...)
		veto(t, r.Browser, at+"/veto", tt.row, asks(day, tt.more...)...)
		if tt.says == nil {
			r.Get(at + "/letter").Want(http.StatusNotFound)
			if strings.Contains(r.Get(at).Body, at+"/letter") || strings.Contains(r.Get(at+"/said").Body, at+"/letter") {
				t.Errorf("%s: a page leads to a letter", name)
			}
			continue
		}
		letter := r.Get(at + "/letter").Want(http.StatusOK).Doc().One("article").Text()
		contains(t, letter, append(tt.says, "Jory Tregear", "Weirbridge", "01632 960123", "It does not mean that anyone has asked about you")...)
		for _, never := range []string{"IS-", "ad" + at[len("/record/ad"):], "Nance", "case", "search"} {
			if strings.Contains(strings.ReplaceAll(letter, "cases", ""), never) {
				t.Errorf("%s: the letter says %q", name, never)
			}
		}
	}

	at := record()
	id := strings.TrimPrefix(at, "/record/")
	_, err = r.Rows.Exec(t.Context(), `set session_replication_role = replica; insert into preference values ('`+r.Home.ID+`', 'pfaaaaaaaaaaaaaaaaaaaa', 1, '`+id+`', 2, 'contact', true, true, true, true, null, 'paper', '`+r.CaseLogin.ID+`', now(), sha256('x')); set session_replication_role = origin`)
	must(t, err)
	page := r.Get(at).Want(http.StatusOK)
	contains(t, page.Doc().One("main").Text(), "what a relative told the contact register")
	if strings.Contains(page.Body, at+"/veto") || strings.Contains(page.Body, "/case/new?adopted") {
		t.Error("a relative's entry offers a veto or a case")
	}
	path := at + "/veto"
	r.Get(path).Want(http.StatusOK).Submit(path, asks(day, "form", "writing", "metVerified", "yes")...).Want(http.StatusConflict)
}
