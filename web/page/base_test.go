package page_test

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"gatepost/internal/fault"
	"gatepost/web/page"
	"gatepost/web/page/pagetest"
	"gatepost/web/words"
)

var update = flag.Bool("update", false, "write the golden files anew")

// writePage is a page with every field that a person can type into.
type writePage struct {
	page.Base
	At time.Time
}

const writeTemplate = `<h1 class="govuk-heading-l">{{.Title}}</h1>
<form method="post" action="/write" novalidate>{{template "form-token" $}}
{{template "govuk-input" (input "Name" "code" "Label.Text" (t "common.help") "Hint.Text" (t "common.important") "Inputmode" "numeric" "Autocomplete" "one-time-code" "Classes" "govuk-input--width-10" | fill $)}}
{{template "govuk-password-input" (passwordInput "Name" "passphrase" "Label.Text" (t "common.signOut") | fill $)}}
{{template "govuk-character-count" (characterCount "Name" "text" "Label.Text" (t "common.cookies") "Rows" 12 "MaxLength" 2000 "Classes" "gp-letter-box" | fill $)}}
{{template "govuk-radios" (radios "Name" "way" "Fieldset.Legend.Text" (t "common.safety") "Items" (list (choice "Value" "paper" "Text" (t "common.back")) (choice "Value" "screen" "Text" (t "common.next"))) | fill $)}}
{{template "govuk-checkboxes" (checkboxes "Name" "to" "Fieldset.Legend.Text" (t "common.menu") "Items" (list (choice "Value" "a" "Text" (t "common.back")) (choice "Value" "b" "Text" (t "common.next"))) | fill $)}}
{{template "govuk-date-input" (dateInput "ID" "when" "NamePrefix" "when" "Fieldset.Legend.Text" (t "common.success") | fill $)}}
{{template "govuk-button" (button "Text" (t "common.next") "PreventDoubleClick" true)}}
</form>
<p class="govuk-body">{{date .At}}, {{day .At}}, {{moment .At}}, {{month .At}}</p>
{{template "gp-letter" "Dear all,\n\nOne <b>line</b>\nand another."}}
`

func writeSite(t *testing.T, door pagetest.Door) *page.Site {
	t.Helper()
	files := fstest.MapFS{"templates/write.html": {Data: []byte(writeTemplate)}}
	return pagetest.Site(page.Public, pagetest.Renderer(t, page.Source{Room: "try", Files: files}), door)
}

// show makes the page after a refused form.
func show(t *testing.T, site *page.Site, encoded string, refusal error) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/letters/write", nil)
	p := &writePage{Base: site.Base(r, "static.help.title"), At: time.Date(2026, 5, 3, 23, 30, 0, 0, time.UTC)}
	p.Back = "/letters"
	if encoded != "" {
		form, err := page.ParseForm(encoded, "to")
		if err != nil {
			t.Fatal(err)
		}
		if !p.Refused(form, refusal) {
			t.Fatalf("%v is not something to put right on the page", refusal)
		}
	}
	w := httptest.NewRecorder()
	if err := site.Render(w, r, http.StatusOK, "try/write", p); err != nil {
		t.Fatal(err)
	}
	pagetest.Check(t, w.Body.String())
	return w.Body.String()
}

func TestRefusedFormKeepsWhatWasTyped(t *testing.T) {
	site := writeSite(t, pagetest.Door{SignedIn: true})
	refusal := errors.Join(fault.Field("text", "fault.large"), fault.Field("code", "fault.invalid"), fault.New(fault.Conflict, "fault.conflict"))
	body := show(t, site, "code=123&passphrase=do+not+show&text=%0AHello&way=screen&to=a&to=b&when-day=31&when-month=2", refusal)
	doc := pagetest.Parse(t, body)
	if got := doc.One("title").Text(); got != "Error: Help - Letters" {
		t.Errorf("the title is %q", got)
	}
	var links []string
	for _, a := range doc.All(".govuk-error-summary a") {
		links = append(links, a.Attr("href"))
	}
	if got := strings.Join(links, " "); got != "#text #code" {
		t.Errorf("the summary links to %q", got)
	}
	if n := len(doc.All(".govuk-error-summary li")); n != 3 {
		t.Errorf("the summary has %d lines, want 3", n)
	}
	if got := doc.One("input#code").Attr("value"); got != "123" {
		t.Errorf("the code is %q", got)
	}
	if got := doc.One("textarea#text").Raw(); got != "\nHello" {
		t.Errorf("the text is %q", got)
	}
	if doc.One("input#passphrase").HasAttr("value") || strings.Contains(body, "do not show") {
		t.Error("the passphrase is shown again")
	}
	if !doc.One("input#way-2").HasAttr("checked") || doc.One("input#way").HasAttr("checked") {
		t.Error("the choice is lost")
	}
	if n := len(doc.All("input[name=to][checked]")); n != 2 {
		t.Errorf("%d boxes are checked, want 2", n)
	}
	if got := doc.One("input#when-day").Attr("value") + "/" + doc.One("input#when-month").Attr("value"); got != "31/2" {
		t.Errorf("the date is %q", got)
	}
	if got := doc.One("#code-error").Text(); got != "Error: Go back, look at what you wrote and try again." {
		t.Errorf("the fault beside the code is %q", got)
	}
}

func TestRefusedTakesOnlyWhatCanBePutRight(t *testing.T) {
	site := writeSite(t, pagetest.Door{})
	tests := []struct {
		name string
		err  error
		want bool
	}{
		{"nil", nil, false},
		{"a field", fault.Field("a", "fault.invalid"), true},
		{"a wrapped field", fmt.Errorf("send: %w", fault.Field("a", "fault.invalid")), true},
		{"conflict", fault.New(fault.Conflict, "fault.conflict"), true},
		{"gone", fault.New(fault.Gone, "fault.gone"), false},
		{"our mistake", errors.New("x"), false},
		{"a field and our mistake", errors.Join(fault.Field("a", "fault.invalid"), errors.New("x")), false},
		{"two fields", errors.Join(fault.Field("a", "fault.invalid"), fault.Field("b", "fault.invalid")), true},
	}
	for _, tt := range tests {
		b := site.Base(httptest.NewRequest(http.MethodGet, "/", nil), "static.help.title")
		if got := b.Refused(page.Form{}, tt.err); got != tt.want || got != (len(b.Summary) > 0) {
			t.Errorf("%s: got %v with %d lines, want %v", tt.name, got, len(b.Summary), tt.want)
		}
	}
}

// TestLayout compares the whole layout with a file, so that a change of any
// page's frame is seen in review. Hashes of assets are taken out.
func TestLayout(t *testing.T) {
	door := pagetest.Door{SignedIn: true, Exit: true, Nav: []page.NavItem{{Key: "common.help", Href: "/letters"}, {Key: "common.cookies", Href: "/settings"}}}
	body := show(t, writeSite(t, door), "", nil)
	if strings.Contains(body, "<b>line</b>") {
		t.Error("a letter became HTML")
	}
	var lines []string
	for line := range strings.SplitSeq(body, "\n") {
		if before, after, ok := strings.Cut(line, "?v="); ok {
			line = before + "?v=HASH" + after[16:]
		}
		if strings.TrimSpace(line) != "" {
			lines = append(lines, strings.TrimRight(line, " "))
		}
	}
	got := strings.Join(lines, "\n") + "\n"
	file := filepath.Join("testdata", "layout.html")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the layout differs from %s; go test -update writes it anew:\n%s", file, got)
	}
}

// The menu is kept between pages and people; what is one session's, or one
// page's, is not.
func TestMenuIsKeptWithoutItsToken(t *testing.T) {
	site := writeSite(t, pagetest.Door{})
	see := func(token, path string, hrefs ...string) string {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		p := &writePage{Base: site.Base(r, "static.help.title")}
		p.SignedIn, p.FormToken = token != "", token
		for _, href := range hrefs {
			p.Nav = append(p.Nav, page.NavItem{Key: "common.help", Href: href})
		}
		w := httptest.NewRecorder()
		if err := site.Render(w, r, http.StatusOK, "try/write", p); err != nil {
			t.Fatal(err)
		}
		return w.Body.String()
	}
	first := see("one", "/letters", "/letters", "/settings")
	if again := see("one", "/letters", "/letters", "/settings"); again != first {
		t.Error("the same page twice is another")
	}
	if other := see("two", "/letters", "/letters", "/settings"); strings.ReplaceAll(other, `"two"`, `"one"`) != first {
		t.Error("another session's page differs by more than its token, or has the first one's")
	}
	for _, path := range []string{"/settings", "/letters/write"} {
		if see("one", path, "/letters", "/settings") == first {
			t.Errorf("%s has the place of another page in its menu", path)
		}
	}
	if strings.Contains(see("one", "/letters", "/letters"), `"/settings"`) {
		t.Error("somebody with one link has another's")
	}
	if strings.Contains(see("", "/letters", "/letters"), "sign-out") {
		t.Error("nobody is signed in, and they can sign out")
	}
}

func TestLeavingButtonOnlyWhereAskedFor(t *testing.T) {
	if doc := pagetest.Parse(t, show(t, writeSite(t, pagetest.Door{Exit: true}), "", nil)); doc.One(".govuk-exit-this-page a").Attr("href") != "/leave" {
		t.Error("the button goes elsewhere")
	}
	pagetest.Parse(t, show(t, writeSite(t, pagetest.Door{}), "", nil)).None(".govuk-exit-this-page")
}

func TestTemplatesThatAskForWhatIsNotThere(t *testing.T) {
	bad := map[string]string{
		"a key that nobody wrote":    `{{t "common.noSuchKey"}}`,
		"a field that is not there":  `{{.NoSuchField}}`,
		"an option that is not":      `{{template "govuk-button" (button "Texts" "x")}}`,
		"text as HTML":               `{{template "govuk-button" (button "HTML" "<b>x</b>")}}`,
		"an attribute that runs":     `{{template "govuk-button" (button "Text" "x" "Attributes" (attributes "onclick" "x"))}}`,
		"an attribute that styles":   `{{template "govuk-button" (button "Text" "x" "Attributes" (attributes "style" "x"))}}`,
		"an attribute that fetches":  `{{template "govuk-button" (button "Text" "x" "Attributes" (attributes "SRC" "x"))}}`,
		"an attribute that breaks":   `{{template "govuk-button" (button "Text" "x" "Attributes" (attributes "a\"b" "x"))}}`,
		"an asset that is not there": `{{asset "other.css"}}`,
		"pairs that do not pair":     `{{template "govuk-button" (button "Text")}}`,
		"filling what takes nothing": `{{template "govuk-tag" (tag "Text" "x" | fill $)}}`,
	}
	files := fstest.MapFS{}
	names := map[string]string{}
	for what, text := range bad {
		name := strings.ReplaceAll(what, " ", "-")
		names[what] = "bad/" + name
		files["templates/"+name+".html"] = &fstest.MapFile{Data: []byte(text)}
	}
	renderer := pagetest.Renderer(t, page.Source{Room: "bad", Files: files})
	for what, name := range names {
		if body, err := renderer.HTML(name, &writePage{}); err == nil {
			t.Errorf("%s: it was shown: %s", what, body)
		}
	}
	if _, err := renderer.HTML("bad/none", &writePage{}); err == nil {
		t.Error("a page that is not there was shown")
	}
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	broken := fstest.MapFS{"templates/x.html": {Data: []byte("{{if}}")}}
	if _, err := page.NewRenderer(catalogue, pagetest.Assets(t), page.Source{Room: "bad", Files: broken}); err == nil {
		t.Error("a broken template was taken")
	}
}

func TestPersonsTextIsEscapedEverywhere(t *testing.T) {
	site := writeSite(t, pagetest.Door{})
	evil := "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
	body := show(t, site, "code="+evil+"&text=%3C/textarea%3E"+evil+"&when-day="+evil, fault.Field("code", "fault.invalid"))
	for _, script := range pagetest.Parse(t, body).All("script") {
		if !strings.HasPrefix(script.Attr("src"), "/assets/") {
			t.Errorf("what was typed became a script: %s", script.HTML())
		}
	}
}
