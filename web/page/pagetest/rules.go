package pagetest

import (
	"regexp"
	"strings"
	"testing"
)

// telling are words that a title must not have: whoever looks over the
// shoulder, or at the list of windows, reads titles.
var telling = regexp.MustCompile(`(?i)adopt|birth|mother|father|parent|child|contact order|veto`)

// Check holds one page to the rules that every page must keep: one h1 and one
// main, a language, a neutral title, a label for each field, no id twice, a
// token in each form that posts, nothing inline that our policy forbids, no
// address of another site but in links. It reports every fault.
func Check(t testing.TB, body string) {
	t.Helper()
	d := Parse(t, body)
	if n := len(d.All("h1")); n != 1 {
		t.Errorf("the page has %d h1, want 1", n)
	}
	if n := len(d.All("main")); n != 1 {
		t.Errorf("the page has %d main, want 1", n)
	}
	if d.One("html").Attr("lang") == "" {
		t.Error("the page has no language")
	}
	title := d.One("head title").Text()
	if title == "" || telling.MatchString(title) {
		t.Errorf("the title %q is empty or tells too much", title)
	}
	checkIDs(t, d)
	checkFields(t, d)
	checkForms(t, d)
	checkPolicy(t, d)
	for _, found := range key.FindAllString(d.One("main").Text(), -1) {
		if !strings.HasSuffix(found, ".example") { // the name of a host
			t.Errorf("the page shows the name of a text and not its words: %s", found)
		}
	}
}

// key is the name of a text in the catalogues, of three parts at least.
var key = regexp.MustCompile(`\b(account|apply|casework|common|desk|family|fault|file|inspection|letters|manage|message|onrecord|paper|photo|print|proposal|protect|protected|reason|reasons|recording|records|recovery|static|timeline|translate)(\.[a-z][A-Za-z0-9]*){2,}\b`)

func checkIDs(t testing.TB, d Document) {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range d.All("[id]") {
		if id := e.Attr("id"); seen[id] {
			t.Errorf("the id %q is there twice", id)
		} else {
			seen[id] = true
		}
	}
	for _, e := range d.All("a[href]") {
		if id, ok := strings.CutPrefix(e.Attr("href"), "#"); ok && !seen[id] {
			t.Errorf("a link goes to #%s, which is not there", id)
		}
	}
	for _, e := range d.All("[aria-describedby]") {
		for id := range strings.FieldsSeq(e.Attr("aria-describedby")) {
			if !seen[id] {
				t.Errorf("an element is described by #%s, which is not there", id)
			}
		}
	}
}

func checkFields(t testing.TB, d Document) {
	t.Helper()
	labelled := map[string]bool{}
	for _, l := range d.All("label[for]") {
		labelled[l.Attr("for")] = l.Text() != ""
	}
	for _, tag := range []string{"input", "select", "textarea"} {
		for _, e := range d.All(tag) {
			kind := e.Attr("type")
			if kind == "hidden" || kind == "submit" || e.Attr("aria-label") != "" {
				continue
			}
			if !labelled[e.Attr("id")] {
				t.Errorf("the %s %q has no label", tag, e.Attr("name"))
			}
		}
	}
}

func checkForms(t testing.TB, d Document) {
	t.Helper()
	for _, f := range d.All("form") {
		if !strings.EqualFold(f.Attr("method"), "post") {
			continue
		}
		if len(f.All("input[type=hidden][name=form-token]")) != 1 {
			t.Errorf("the form to %q has no token", f.Attr("action"))
		}
		if len(f.All("button[type=submit]")) == 0 {
			t.Errorf("the form to %q has no button", f.Attr("action"))
		}
	}
}

func checkPolicy(t testing.TB, d Document) {
	t.Helper()
	d.None("style")
	for _, e := range d.All("script") {
		if e.Attr("src") == "" || e.Text() != "" {
			t.Error("there is a script inside the page")
		}
	}
	for n := range d.Node().Descendants() {
		for _, a := range n.Attr {
			switch {
			case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
				t.Errorf("<%s %s> does not work under our policy", n.Data, a.Key)
			case a.Key == "src" || n.Data == "link" && a.Key == "href":
				if !strings.HasPrefix(a.Val, "/") || strings.HasPrefix(a.Val, "//") {
					t.Errorf("<%s> asks another site: %s", n.Data, a.Val)
				}
			}
		}
	}
}
