package desk_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatepost/internal/authz"
	"gatepost/letterbox"
)

// What the screen finds is marked in the letter and asked about; what was typed
// comes back with what is missing, travels to the page of another act and back,
// and a letter with its answers goes on.
func TestFindings(t *testing.T) {
	d := openDesk(t)
	id := d.send(t, "Dear Wren,\n\nring me on 07700 900987 & ask for Hale.\nSad news: your grandad died.")
	path := "/letter/" + id
	read := d.read(t, id)
	doc := read.Doc()
	if marks := doc.All("main .gp-letter mark"); len(marks) < 3 || !strings.Contains(doc.One("main .gp-letter").Text(), "07700 900987") {
		t.Errorf("%d places are marked", len(marks))
	}
	asked := map[string]bool{}
	for _, radio := range doc.All("input[type=radio]") {
		asked[radio.Attr("name")] = true
	}
	var high, news []string
	for name := range asked {
		switch {
		case strings.HasSuffix(name, "-PHONE"), strings.HasSuffix(name, "-NAME"):
			high = append(high, name)
		case strings.HasSuffix(name, "-CARE"):
			news = append(news, name)
		}
	}
	if len(high) != 2 || len(news) == 0 {
		t.Fatalf("asked about %v", asked)
	}
	contains(t, doc.One("main").Text(), "What to look at", "Found by: telephone number", "Families want to know this")

	word := "word-" + strings.TrimPrefix(high[0], "finding-")
	refused := read.Submit(path+"/pass", high[0], "no", word, "a shop", "note", "mine").Want(http.StatusUnprocessableEntity)
	refused.Doc().One(".govuk-error-summary a[href='#" + high[1] + "']")
	if form := refused.Form(path + "/pass"); form.Get(high[0]) != "no" || form.Get(word) != "a shop" || form.Get("note") != "mine" {
		t.Errorf("what was typed is lost: %v", form)
	}
	away := post(t, d.Browser, path+"/return", "do", "ask", "exchange", string(d.exchange), high[0], "yes", word, "hers").Want(http.StatusOK)
	back := away.Submit(path+"/return", "do", "back").Want(http.StatusOK)
	if form := back.Form(path + "/pass"); form.Get(high[0]) != "yes" || form.Get(word) != "hers" {
		t.Errorf("between two pages answers are lost: %v", form)
	}
	contains(t, back.Submit(path+"/pass", high[1], "yes").Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary").Text(), "Return the letter to its writer")
	other := "word-" + strings.TrimPrefix(high[1], "finding-")
	answers := []string{high[0], "no", word, "a shop", high[1], "no", other, "a weather word", news[0], "news"}
	contains(t, read.Submit(path+"/pass", answers...).Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary").Text(), "Tell the adopters first")
	answers[len(answers)-1] = "warned"
	read.Submit(path+"/pass", answers...).Want(http.StatusSeeOther)

	clean := d.read(t, d.send(t, "The garden is full of snails."))
	contains(t, clean.Doc().One("main").Text(), "The screen found nothing", "your reading decides")
	if strings.Contains(strings.ToLower(clean.Body), "safe to") {
		t.Error("the page says that a letter is safe")
	}
}

// A letter that is full of numbers can be returned from its page.
func TestFindings_Many(t *testing.T) {
	d := openDesk(t)
	var numbers strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&numbers, "Ring 0770 0%06d.\n\n", 900000+i)
	}
	id := d.send(t, numbers.String())
	read := d.read(t, id)
	contains(t, read.Doc().One("main").Text(), "more places are marked in the letter")
	if n := len(read.Doc().All("main .gp-letter mark")); n < 3000 {
		t.Errorf("%d places are marked", n)
	}
	read.Submit("/letter/" + id + "/pass").Want(http.StatusUnprocessableEntity)
	page := "/letter/" + id + "/return"
	fields := []string{"do", "ask"}
	for name, values := range read.Form("/letter/" + id + "/pass") {
		if name != "form-token" {
			fields = append(fields, name, values[0])
		}
	}
	ask := post(t, d.Browser, page, fields...).Want(http.StatusOK)
	ask.Submit(page, "do", "send", "reason", "identifying").Want(http.StatusSeeOther)
}

// Somebody who writes HTML into a letter finds it as text, marks or not.
func TestFindings_Escaped(t *testing.T) {
	d := openDesk(t)
	read := d.read(t, d.send(t, "<b>07700 900987</b><script>x</script>"))
	read.Doc().None("main .gp-letter b")
	contains(t, read.Doc().One("main .gp-letter").Text(), "<b>", "<script>x</script>")
}

// The first of two readers leaves the letter to the second, who sees what the
// first said; the first finds it closed.
func TestSecondReader(t *testing.T) {
	d := openDesk(t)
	colleague, _ := d.NewWorker(t, "Imogen Farr", authz.LetterboxWorker)
	page := "/exchange/" + string(d.exchange) + "/readers"
	ask := d.Get(page).Want(http.StatusOK)
	contains(t, ask.Doc().One("main").Text(), "Every letter", "The first letter of each family too")
	if ask.Form(page).Get("readers") != letterbox.ReadTwiceRisk {
		t.Error("the page does not show what is set")
	}
	contains(t, ask.Submit(page, "readers", letterbox.ReadTwiceAlways).Want(http.StatusSeeOther).Follow().Want(http.StatusOK).Doc().One("main").Text(), "Two workers read each letter.")

	id := d.send(t, "Ring 07700 900987.")
	path := "/letter/" + id
	read := d.read(t, id)
	contains(t, read.Doc().One("main").Text(), "You are the first.", "Ready for a second reader")
	read.Doc().None("form[action=" + path + "/pass]")
	key := ""
	for _, radio := range read.Doc().All("input[type=radio]") {
		key = strings.TrimPrefix(radio.Attr("name"), "finding-")
	}
	read.Submit(path + "/first").Want(http.StatusUnprocessableEntity)
	done := read.Submit(path+"/first", "finding-"+key, "no", "word-"+key, "a song", "note", "read with care").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One("main").Text(), "The letter waits for a second reader")
	contains(t, d.Get("/desk").Want(http.StatusOK).Doc().One("[data-letter="+id+"]").Text(), "Second reader", "You read this letter first.")
	contains(t, d.read(t, id).Doc().One("main").Text(), "Somebody else decides now")
	post(t, d.Browser, path+"/release").Want(http.StatusSeeOther)

	d.Browser = d.as(t, &colleague)
	second := d.read(t, id)
	contains(t, second.Doc().One("main").Text(), "Two workers read this letter", "read with care", "a song", "Pass on")
	second.Submit(path+"/pass", "finding-"+key, "no", "word-"+key, "a song").Want(http.StatusSeeOther)
}
