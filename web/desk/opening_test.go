package desk_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"gatepost/letterbox"
	"gatepost/web/webtest"
)

const openingPath = "/exchange/new"

// children fills the first page for one child.
func children(a webtest.Answer, do string) webtest.Answer {
	return a.Submit(openingPath, "do", do, "child-0-birth", "Wren Vale", "child-0-adoptive", "Wren Hale",
		"child-0-born-day", "27", "child-0-born-month", "3", "child-0-born-year", "2019")
}

// side fills the page of a side for one new person.
func side(a webtest.Answer, name, do string) webtest.Answer {
	return a.Submit(openingPath, "do", do, "person-0-name", name, "person-0-relation", "somebody", "person-0-phone", "07700 900321",
		"person-0-address", "1 Example Street\nLarkfield", "calls-0", "Wren", "other", "the others", "self", "us", "times", "2", "months", "11")
}

func TestOpening(t *testing.T) {
	d := openDesk(t)
	before := d.count(t, `select count(*) from exchange`)
	first := d.Get(openingPath).Want(http.StatusOK)
	second := children(first, "next").Want(http.StatusOK)
	third := side(second, "Ann Vale", "next").Want(http.StatusOK)
	check := side(third, "Bo Hale", "next").Want(http.StatusOK)
	contains(t, check.Doc().One("main").Text(), "Wren Vale (birth name), Wren Hale (adoptive name)", "Born on 27 March 2019",
		"Ann Vale, somebody", "1 Example Street", "Bo Hale, somebody", "November", "Birth family", "Adoptive family")
	if n := d.count(t, `select count(*) from exchange`); n != before {
		t.Fatal("an exchange was opened before its button was pressed")
	}
	opened := check.Submit(openingPath, "do", "open").Want(http.StatusSeeOther)
	page := opened.Follow().Want(http.StatusOK)
	contains(t, page.Doc().One("main").Text(), "Ann Vale", "Bo Hale", "Wren Vale (birth name)", "Letters", "Invite")
	id := strings.TrimPrefix(opened.Header.Get("Location"), "/exchange/")
	x, err := d.Desk.Exchange(t.Context(), d.World.Worker, letterbox.ExchangeID(id))
	must(t, err)
	if s := x.Sides[0]; s.Book != "birth" || s.TimesAYear != 2 || len(s.Months) != 1 || s.Months[0] != 11 || s.Names.Children[0] != "Wren" || s.Names.Self != "us" {
		t.Errorf("the first side is %+v", s)
	}
	contains(t, d.Get("/exchanges").Want(http.StatusOK).Doc().One("[data-exchange="+id+"]").Text(), "Ann Vale", "Bo Hale")
}

func TestOpeningKeepsWhatWasTyped(t *testing.T) {
	d := openDesk(t)
	first := d.Get(openingPath)
	refused := first.Submit(openingPath, "do", "next", "child-0-birth", "Wren Vale", "child-0-born-day", "31", "child-0-born-month", "2",
		"child-0-born-year", "2019").Want(http.StatusUnprocessableEntity)
	refused.Doc().One(".govuk-error-summary a[href='#child-0-adoptive']")
	refused.Doc().One(".govuk-error-summary a[href='#child-0-born-day']")
	if form := refused.Form(openingPath); form.Get("child-0-birth") != "Wren Vale" || form.Get("child-0-born-day") != "31" {
		t.Errorf("a refused form lost what was typed: %v", form)
	}
	// One child more, and the first away: the other moves up with what was typed.
	more := children(first, "add").Want(http.StatusOK)
	more = more.Submit(openingPath, "do", "add", "child-1-birth", "Robin Vale", "child-1-adoptive", "Robin Hale")
	fewer := more.Want(http.StatusOK).Submit(openingPath, "do", "remove:0").Want(http.StatusOK)
	if form := fewer.Form(openingPath); form.Get("child-0-birth") != "Robin Vale" || len(fewer.Doc().All("fieldset[data-child]")) != 2 {
		t.Errorf("removing a child leaves %v", form)
	}

	second := children(first, "next").Want(http.StatusOK)
	bad := side(second, "Ann Vale", "next").Submit(openingPath, "do", "next", "times", "many", "self", "").Want(http.StatusUnprocessableEntity)
	bad.Doc().One(".govuk-error-summary a[href='#times']")
	bad.Doc().One(".govuk-error-summary a[href='#self']")
	if form := bad.Form(openingPath); form.Get("times") != "many" {
		t.Errorf("a number that is none is lost: %v", form)
	}
	back := side(second, "Ann Vale", "back").Want(http.StatusOK)
	if form := back.Form(openingPath); form.Get("child-0-birth") != "Wren Vale" {
		t.Errorf("going back lost the child: %v", form)
	}
	again := back.Submit(openingPath, "do", "next").Want(http.StatusOK).Form(openingPath)
	if again.Get("person-0-name") != "Ann Vale" || again.Get("months") != "11" || again.Get("self") != "us" {
		t.Errorf("going back and forth lost the side: %v", again)
	}
	// Enter in a field presses the first button of the form, which must go on and not remove.
	if b := second.Doc().All("form[action=" + openingPath + "] button")[0]; b.Attr("value") != "next" {
		t.Errorf("Enter presses %q", b.Attr("value"))
	}
}

func TestOpeningWithSomebodyKnown(t *testing.T) {
	d := openDesk(t)
	second := children(d.Get(openingPath), "next").Want(http.StatusOK)
	found := second.Submit(openingPath, "do", "find", "find", "Tamsin", "self", "typed before").Want(http.StatusOK)
	found.Doc().One("[data-found=" + d.birth + "]")
	if found.Form(openingPath).Get("self") != "typed before" {
		t.Error("a search lost what was typed")
	}
	found.Submit(openingPath, "do", "find", "find", "t").Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary a[href='#find']")
	other := found.Submit(openingPath, "do", "find", "find", "Morwenna").Want(http.StatusOK)
	other.Doc().None("[data-found]") // she stands in the other family's directory
	taken := found.Submit(openingPath, "do", "take:"+d.birth).Want(http.StatusOK)
	contains(t, taken.Doc().One("fieldset[data-person=0]").Text(), "Tamsin Vale", "birth mother")
	taken.Submit(openingPath, "do", "next", "book", "adoptive", "calls-0", "Wren", "other", "them").Want(http.StatusUnprocessableEntity).
		Doc().One(".govuk-error-summary a[href='#book']")
	third := taken.Submit(openingPath, "do", "next", "calls-0", "Wren", "other", "them").Want(http.StatusOK)
	check := side(third, "Bo Hale", "next").Want(http.StatusOK)
	opened := check.Submit(openingPath, "do", "open").Want(http.StatusSeeOther)
	contains(t, opened.Follow().Want(http.StatusOK).Doc().One("main").Text(), "Tamsin Vale", "Signed up")
	if n := d.count(t, `select count(distinct side_id) from side_member where person_id = $1`, d.birth); n != 2 {
		t.Errorf("the person known before is on %d sides, want 2", n)
	}
}

func TestOpeningAboutTheSameChildren(t *testing.T) {
	d := openDesk(t)
	first := d.Get(openingPath + "?about=" + string(d.exchange)).Want(http.StatusOK)
	contains(t, first.Doc().One("fieldset[data-child=0]").Text(), "Wren Vale (birth name), Wren Hale (adoptive name)")
	first.Doc().None("fieldset[data-child=0] input") // all of it is known
	second := first.Submit(openingPath, "do", "next")
	third := side(second.Want(http.StatusOK), "Gran Vale", "next")
	check := side(third.Want(http.StatusOK), "Bo Hale", "next")
	check.Want(http.StatusOK).Submit(openingPath, "do", "open").Want(http.StatusSeeOther)
	if n := d.count(t, `select count(*) from child`); n != 1 {
		t.Errorf("there are %d children, want the same one", n)
	}
	strange := regexp.MustCompile(`"ch[a-z2-7]{20}"`).ReplaceAllString(check.Form(openingPath).Get("so-far"), `"chaaaaaaaaaaaaaaaaaaaa"`)
	check.Submit(openingPath, "do", "open", "so-far", strange).Want(http.StatusUnprocessableEntity)
	d.Get(openingPath + "?about=exaaaaaaaaaaaaaaaaaaaa").Want(http.StatusNotFound)
	d.Get(openingPath + "?about=..").Want(http.StatusNotFound)
}

// What the service refuses sends the worker to the page where it was typed.
func TestOpeningRefusedByTheService(t *testing.T) {
	d := openDesk(t)
	first := d.Get(openingPath).Submit(openingPath, "do", "next", "child-0-birth", "Wren Vale", "child-0-adoptive", "Wren Hale",
		"child-0-born-day", "27", "child-0-born-month", "3", "child-0-born-year", "1990")
	check := side(side(first.Want(http.StatusOK), "Ann Vale", "next").Want(http.StatusOK), "Bo Hale", "next")
	refused := check.Want(http.StatusOK).Submit(openingPath, "do", "open").Want(http.StatusUnprocessableEntity)
	refused.Doc().One(".govuk-error-summary a[href='#child-0-born-day']")
	if refused.Form(openingPath).Get("child-0-born-year") != "1990" {
		t.Error("the year is lost")
	}
}

func TestOpeningTampered(t *testing.T) {
	d := openDesk(t)
	before := d.count(t, `select count(*) from exchange`)
	first := d.Get(openingPath)
	good := first.Form(openingPath).Get("so-far")
	for name, carried := range map[string]string{
		"nothing":         "",
		"cut off":         good[:len(good)-2],
		"more behind":     good + "{}",
		"unknown field":   strings.Replace(good, `"birth"`, `"Reference"`, 1),
		"no child":        `{"children":[],"sides":[]}`,
		"person id":       strings.Replace(good, `"people":[{`, `"people":[{"id":"`+string(d.exchange)+`",`, 1),
		"unknown to send": strings.Replace(good, `["letter"]`, `["parcel"]`, 1),
		"unknown month":   strings.Replace(good, `"months":null`, `"months":["13"]`, 1),
		"names for none":  strings.Replace(good, `"children":[""]`, `"children":["a","b"]`, 1),
	} {
		if carried == good {
			t.Fatalf("%s: the carried text was not changed: %s", name, good)
		}
		if got := first.Submit(openingPath, "do", "to:check", "so-far", carried).Status; got != http.StatusUnprocessableEntity {
			t.Errorf("%s: gives %d, want 422", name, got)
		}
	}
	first.Submit(openingPath, "do", "open", "step", "sideways").Want(http.StatusUnprocessableEntity)
	first.Submit(openingPath, "do", "open", "step", "check").Want(http.StatusUnprocessableEntity)
	first.Submit(openingPath, "do", "to:check").Want(http.StatusOK) // shown, and refused when it is opened
	first.Submit(openingPath, "do", "take:"+d.birth).Want(http.StatusUnprocessableEntity)
	second := children(first, "next")
	second.Submit(openingPath, "do", "take:peaaaaaaaaaaaaaaaaaaaa").Want(http.StatusNotFound)
	second.Submit(openingPath, "do", "take:"+string(d.exchange)).Want(http.StatusNotFound)
	second.Submit(openingPath, "do", "remove:99").Want(http.StatusOK)
	if n := d.count(t, `select count(*) from exchange`); n != before {
		t.Error("a form that was tampered with opened an exchange")
	}
}
