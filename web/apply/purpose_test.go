package apply_test

import (
	"net/url"
	"strings"
	"testing"

	"gatepost/web/page"
	"gatepost/web/page/pagetest"
	"gatepost/web/webtest"
)

// vetoed is an adopted person who asks for a veto with a case in which they may be
// asked.
func vetoed() []said {
	return append([]said{
		{"purpose", []string{"purpose", "veto"}, "/apply/about"},
		{"who", []string{"who", "adopted"}, "/apply/ask/kind"},
		{"kind", []string{"kind", "qualified"}, "/apply/ask/circumstances"},
		{"circumstances", []string{"circumstances", "If my sister\nis very ill."}, "/apply/ask/when"},
	}, reached()...)
}

// wished is a birth mother who wishes for no contact.
func wished() []said {
	return append([]said{
		{"purpose", []string{"purpose", "wish"}, "/apply/about"},
		{"who", []string{"who", "relative"}, "/apply/ask/relation"},
		{"relation", []string{"relation", "I am her mother."}, "/apply/ask/wish"},
		{"wish", []string{"wish", "noContact"}, "/apply/ask/when"},
	}, reached()...)
}

// reached is what both are asked from the day of the adoption on.
func reached() []said {
	return []said{
		{"when", []string{"when", "pre"}, "/apply/ask/where"},
		{"where", []string{"where", "wales"}, "/apply/information"},
		{"name", []string{"name", "Nerys Holloway"}, "/apply/ask/born"},
		{"born", []string{"born-year", "1960"}, "/apply/ask/reach"},
		{"reach", []string{"reach", "phone", "phone", "01632 960123"}, "/apply/ask/address"},
		{"address", nil, "/apply/ask/adoption"},
		{"adoption", []string{"birthName", "Nerys Vane"}, "/apply/ask/helper"},
		{"helper", nil, "/apply/ask/needs"},
		{"needs", nil, "/apply/check"},
	}
}

// purposes are those that the rows of enquiries have that were sent.
func purposes(t *testing.T, s *webtest.Site) (list string) {
	t.Helper()
	must(t, s.Database.Admin().QueryRow(t.Context(), `select coalesce(string_agg(purpose, ' ' order by purpose), '') from intake where state = 'received'`).Scan(&list))
	return list
}

// tells checks that a page says the words of keys.
func tells(t *testing.T, a webtest.Answer, keys ...string) {
	t.Helper()
	text := a.Want(200).Doc().One("main").Text()
	for _, key := range keys {
		if !strings.Contains(text, english(t).T(key)) {
			t.Errorf("%s does not say %s", a.Path, key)
		}
	}
}

// An adopted person asks for a veto: what it does and does not is told first,
// nothing is asked of a search, and what they send says that it is one.
func TestVeto(t *testing.T) {
	s := webtest.New(t)
	b, code := begun(t, s)
	answers(t, b, vetoed()[:1])
	about := b.Get("/apply/about")
	pagetest.Check(t, about.Body)
	tells(t, about, "apply.about.veto.does1", "apply.about.veto.does3", "apply.about.veto.told", "apply.about.alone", "apply.about.veto.begins1", "apply.about.veto.begins2",
		"apply.about.veto.day", "apply.about.register1", "apply.about.register2")
	if got := about.Doc().One("main a.govuk-button").Attr("href"); got != "/apply/ask/who" {
		t.Errorf("it goes on at %s", got)
	}
	for _, s := range vetoed()[1:] {
		a := b.Get("/apply/ask/" + s.question).Want(200)
		pagetest.Check(t, a.Body)
		if location := a.Submit("/apply/ask/"+s.question, append(s.fields, "do", "next")...).Header.Get("Location"); strings.Contains(location, code) || strings.Contains(location, "veto") {
			t.Errorf("the address %s tells something", location)
		}
	}
	b.Get("/apply/information").Submit("/apply/information").Want(303)
	for _, question := range []string{"seeks", "sought", "looks", "wish", "named"} {
		b.Get("/apply/ask/" + question).Want(404)
	}
	if got := b.Get("/apply/what").Want(303).Header.Get("Location"); got != "/apply/about" {
		t.Errorf("what the law has for a search is at %s", got)
	}
	check := b.Get("/apply/check")
	tells(t, check, "apply.choice.purpose.veto", "apply.choice.kind.qualified", "apply.check.veto")
	if text := check.Doc().One("main").Text(); !strings.Contains(text, "is very ill.") {
		t.Errorf("the answers are %s", text)
	}
	if strings.Contains(check.Body, english(t).T("apply.about.veto.day")) {
		t.Error("of an older adoption it says that there is no veto")
	}
	b.Get("/apply/ask/when").Submit("/apply/ask/when", "when", "post", "do", "next").Want(303)
	check = b.Get("/apply/check")
	pagetest.Check(t, check.Body)
	tells(t, check, "apply.about.veto.day", "apply.check.veto")
	check.Submit("/apply/send").Want(303)
	sent := b.Get("/apply/sent")
	pagetest.Check(t, sent.Body)
	tells(t, sent, "apply.sent.veto")
	if got := purposes(t, s); got != "veto" {
		t.Errorf("there waits %q", got)
	}
}

// Family of an adopted person are told that a veto is not theirs, cannot send one,
// and choose to state a wish.
func TestVeto_Family(t *testing.T) {
	s := webtest.New(t)
	b, _ := begun(t, s)
	answers(t, b, append(vetoed()[:1], said{"who", []string{"who", "prescribed"}, "/apply/family"}))
	b.Get("/apply/ask/who").Submit("/apply/ask/who", "who", "behalf", "do", "next").Want(303)
	to := b.Get("/apply/ask/behalf").Submit("/apply/ask/behalf", "for", "relative", "do", "next").Want(303)
	if got := to.Header.Get("Location"); got != "/apply/family" {
		t.Errorf("whoever asks for a relative is sent to %s", got)
	}
	family := to.Follow()
	pagetest.Check(t, family.Body)
	tells(t, family, "apply.family.veto", "apply.family.wish", "apply.family.wales")
	// In Wales it may be theirs: where it was is asked first, and then the rest.
	where := family.Doc().One(`main a[href="/apply/ask/where"]`).Attr("href")
	answers(t, b, []said{{"where", []string{"where", "wales"}, "/apply/ask/relation"}, {"relation", nil, "/apply/ask/kind"}, {"kind", []string{"kind", "absolute"}, "/apply/ask/when"}})
	answers(t, b, []said{{"where", []string{"where", "unknown"}, "/apply/information"}, {"where", []string{"where", "england"}, "/apply/family"}})
	b.Get(where).Want(200)
	answers(t, b, append([]said{{"relation", nil, "/apply/ask/kind"}, {"kind", nil, "/apply/ask/when"}}, reached()...))
	answers(t, b, []said{{"where", []string{"where", "england"}, "/apply/family"}})
	refused := b.Get("/apply/check").Submit("/apply/send").Want(422)
	if text := refused.Doc().One("main").Text(); !strings.Contains(text, english(t).T("fault.intake.veto")) {
		t.Errorf("it says %s", text)
	}
	if len(refused.Doc().All("main #change-who")) != 1 || len(refused.Doc().All(`a[href="#change-who"]`)) != 1 {
		t.Error("the answer that stands in the way is not pointed at")
	}
	choose := b.Get("/apply/family").Doc().One("main a.govuk-button").Attr("href")
	b.Get(choose).Want(200).Submit(choose, "purpose", "wish", "do", "next").Want(303)
	for _, question := range []string{"kind", "circumstances"} {
		b.Get("/apply/ask/" + question).Want(404)
	}
	wishless := b.Get("/apply/check").Submit("/apply/send").Want(422)
	if text := wishless.Doc().One("main").Text(); !strings.Contains(text, english(t).T("fault.intake.wish")) || purposes(t, s) != "" {
		t.Errorf("without a wish it says %s", text)
	}
	b.Get("/apply/ask/wish").Submit("/apply/ask/wish", "do", "next").Want(422)
	b.Get("/apply/ask/wish").Submit("/apply/ask/wish", "wish", "contactAll", "do", "next").Want(422) // an adopted person's
	b.Get("/apply/ask/wish").Submit("/apply/ask/wish", "wish", "contact", "do", "next").Want(303)
	b.Get("/apply/check").Submit("/apply/send").Want(303)
	if got := purposes(t, s); got != "wish" {
		t.Errorf("there waits %q", got)
	}
}

// A wish is offered as somebody may have it, names people only where it is about
// some, and is asked again of whoever says that they are somebody else.
func TestWish(t *testing.T) {
	s := webtest.New(t)
	b, _ := begun(t, s)
	answers(t, b, wished()[:1])
	pagetest.Check(t, b.Get("/apply/about").Body)
	tells(t, b.Get("/apply/about"), "apply.about.wish.does1", "apply.about.wish.not1", "apply.about.wish.begins", "apply.about.wish.day", "apply.about.wish.veto", "apply.about.wish.told", "apply.about.register2")
	answers(t, b, []said{{"who", []string{"who", "adopted"}, "/apply/ask/wish"}})
	if n := len(b.Get("/apply/ask/wish").Doc().All("input[name=wish]")); n != 5 {
		t.Errorf("an adopted person chooses from %d wishes", n)
	}
	answers(t, b, []said{{"wish", []string{"wish", "contactAllExcept"}, "/apply/ask/named"}, {"named", []string{"named", "My uncle Col."}, "/apply/ask/when"}})
	if to := b.Get("/apply/ask/who?from=check").Submit("/apply/ask/who", "who", "relative", "do", "next").Header.Get("Location"); to != "/apply/ask/relation" {
		t.Errorf("who is somebody else is sent to %s", to)
	}
	b.Get("/apply/ask/named").Want(404)
	if text := b.Get("/apply/check").Doc().One("main").Text(); strings.Contains(text, "uncle") || strings.Contains(text, english(t).T("apply.choice.wish.contactAllExcept")) {
		t.Errorf("the wish of an adopted person stays: %s", text)
	}
	if n := len(b.Get("/apply/ask/wish").Doc().All("input[name=wish]")); n != 2 {
		t.Errorf("a relative chooses from %d wishes", n)
	}
	answers(t, b, append([]said{{"wish", []string{"wish", "noContact"}, "/apply/ask/when"}}, reached()...))
	tells(t, b.Get("/apply/check"), "apply.check.wish", "apply.choice.wish.noContact")
	b.Get("/apply/check").Submit("/apply/send").Want(303)
	if got := purposes(t, s); got != "wish" {
		t.Errorf("there waits %q", got)
	}
}

// Another purpose takes away what only the first one asks for; and an enquiry that
// was begun before there was the question is a search.
func TestPurpose_Changed(t *testing.T) {
	s := webtest.New(t)
	b, _ := begun(t, s)
	if b.Get("/apply/code").Doc().One("main a.govuk-button").Attr("href") != "/apply/ask/purpose" {
		t.Error("it does not begin with what somebody would like to do")
	}
	answers(t, b, adult())
	to := b.Get("/apply/ask/purpose?from=check").Submit("/apply/ask/purpose", "purpose", "veto", "do", "next").Want(303)
	if got := to.Header.Get("Location"); got != "/apply/about" {
		t.Errorf("another purpose leads to %s", got)
	}
	if got := b.Get("/apply/ask/who").Doc().One("a.govuk-back-link").Attr("href"); got != "/apply/about" {
		t.Errorf("the way back is %s", got)
	}
	check := b.Get("/apply/check")
	if text := check.Doc().One("main").Text(); strings.Contains(text, "To know") || strings.Contains(text, "Tamsin") || !strings.Contains(text, "Nerys Holloway") {
		t.Errorf("the answers are %s", text)
	}
	b.Get("/apply/ask/purpose").Submit("/apply/ask/purpose", "purpose", "search", "do", "next").Want(303)
	if text := b.Get("/apply/check").Doc().One("main").Text(); strings.Contains(text, "To know") || strings.Contains(text, "Tamsin") ||
		strings.Contains(text, english(t).T("apply.choice.seeks.birthRecord")) {
		t.Errorf("what was taken away has come back: %s", text)
	}
	b.Get("/apply/ask/purpose").Submit("/apply/ask/purpose", "purpose", "murder", "do", "next").Want(422)

	old, _ := begun(t, s)
	if lines := old.Get("/apply/check").Doc().All("dd.govuk-summary-list__value"); lines[0].Text() != english(t).T("apply.check.none") {
		t.Errorf("before anything was answered they want %s", lines[0].Text())
	}
	old.Get("/apply/ask/who").Submit("/apply/ask/who", "who", "adopted", "do", "next").Want(303)
	answers(t, old, adult()[2:])
	tells(t, old.Get("/apply/check"), "apply.choice.purpose.search")
	old.Get("/apply/check").Submit("/apply/send").Want(303)
	if got := purposes(t, s); got != "search" {
		t.Errorf("there waits %q", got)
	}
}

// The pages between are for whoever has an enquiry open, and for nobody who wants
// something else.
func TestAbout_Search(t *testing.T) {
	s := webtest.New(t)
	b, _ := begun(t, s)
	if got := b.Get("/apply/about").Want(303).Header.Get("Location"); got != "/apply/ask/purpose" {
		t.Errorf("before a choice it leads to %s", got)
	}
	if got := s.Family(t).Get("/apply/about").Want(303).Header.Get("Location"); got != "/apply/return" {
		t.Errorf("a stranger is sent to %s", got)
	}
	token := b.Get("/apply/ask/purpose").Form("/apply/ask/purpose").Get(page.TokenField)
	b.Post("/apply/ask/purpose", url.Values{page.TokenField: {token}, "purpose": {"veto", "wish"}, "do": {"next"}}).Want(400)
}
