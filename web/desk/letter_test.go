package desk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/words"
)

func TestCrossing(t *testing.T) {
	d := openDesk(t)
	first := d.send(t, "Dear Wren,\n\nthe garden is full of snails.")
	second := d.send(t, "One more thing.")

	page := d.Get("/desk").Want(http.StatusOK)
	cards := page.Doc().All("[data-letter]")
	if len(cards) != 2 || cards[0].Attr("data-letter") != first {
		t.Fatalf("the desk has %d letters, want 2, the oldest first", len(cards))
	}
	contains(t, cards[0].Text(), "Tamsin Vale", "Wren Vale", "The writer hears by", "Read")
	if strings.Contains(page.Body, "snails") {
		t.Error("the desk shows the text of a letter")
	}

	read := d.read(t, first)
	doc := read.Doc()
	letter := doc.One("main .gp-letter")
	if letter.Attr("translate") != "no" || letter.Attr("spellcheck") != "false" {
		t.Error("a browser may send the letter to its translation or spelling service")
	}
	contains(t, letter.Text(), "Dear Wren,", "the garden is full of snails.")
	contains(t, doc.One("main").Text(), "Tamsin Vale", "Morwenna Hale", "Names that the readers use", "There are no earlier letters.")
	doc.One("form[action=/letter/" + first + "/pass] button[data-act=pass]")

	passed := read.Submit("/letter/"+first+"/pass", "note", "no names in it").Want(http.StatusSeeOther)
	again := read.Submit("/letter/"+first+"/pass", "note", "no names in it").Want(http.StatusSeeOther)
	if a, b := passed.Header.Get("Location"), again.Header.Get("Location"); a != b {
		t.Errorf("the second press goes to %s, the first went to %s", b, a)
	}
	if n := d.count(t, `select count(*) from delivery`); n != 1 {
		t.Errorf("two presses made %d deliveries, want 1", n)
	}
	done := again.Follow().Want(http.StatusOK)
	contains(t, done.Doc().One("main").Text(), "The letter is passed on", "1 more letter waits.")

	next := done.Submit("/letter/" + second + "/claim").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	earlier := next.Doc().One("main details.govuk-details .gp-letter")
	contains(t, earlier.Text(), "snails")
	next.Doc().None("main details[open]")
	long := strings.Repeat("n", 20000)
	refused := next.Submit("/letter/"+second+"/pass", "note", long).Want(http.StatusUnprocessableEntity)
	if got := refused.Form("/letter/" + second + "/pass").Get("note"); got != long {
		t.Errorf("of a refused note of %d characters %d come back", len(long), len(got))
	}
	d.Get("/letter/" + second).Want(http.StatusOK)
	post(t, d.Browser, next.Doc().One("button[formaction=/letter/"+second+"/release]").Attr("formaction")).Want(http.StatusSeeOther)
	d.Get("/letter/" + second).Want(http.StatusConflict)
}

func TestDoneTellsOnlyWhatIsSo(t *testing.T) {
	d := openDesk(t)
	id := d.send(t, "Dear Wren")
	other, _, _ := d.OpenExchange(t)
	for _, query := range []string{"", "?exchange=" + string(d.exchange), "?exchange=" + string(other), "?exchange=ex", "?exchange=" + id} {
		d.Get("/letter/" + id + "/done" + query).Want(http.StatusNotFound)
	}
}

func TestPassAsksForACodeAfterAnHour(t *testing.T) {
	d := openDesk(t)
	id := d.send(t, "Dear Wren")
	read := d.read(t, id)
	for range 5 { // the session lives, the code gets old
		d.Clock.Advance(15 * time.Minute)
		read = d.Get("/letter/" + id).Want(http.StatusOK)
	}
	asked := read.Submit("/letter/"+id+"/pass", "note", "for the file").Want(http.StatusUnauthorized)
	if n := d.count(t, `select count(*) from decision`); n != 0 {
		t.Fatal("a letter was passed on without a fresh code")
	}
	form := asked.Form("/letter/" + id + "/pass")
	if form.Get("note") != "for the file" || form.Get("exchange") != string(d.exchange) {
		t.Errorf("the page for the code lost what was typed: %v", form)
	}
	done := asked.Submit("/letter/"+id+"/pass", "step-up-code", d.Code(t, &d.WorkerLogin)).Want(http.StatusSeeOther).Follow()
	contains(t, done.Want(http.StatusOK).Doc().One("main").Text(), "The letter is passed on")
}

func TestReturn(t *testing.T) {
	d := openDesk(t)
	id := d.send(t, "Dear Wren, I saw your street.")
	path := "/letter/" + id + "/return"
	d.read(t, id)
	ask := d.Get(path).Want(http.StatusOK)
	if got := len(ask.Doc().All("input[type=radio][name=reason]")); got != 7 {
		t.Fatalf("the page offers %d reasons, want 7", got)
	}

	refused := ask.Submit(path, "do", "preview", "words", "Please leave out the street.", "note", "mine").Want(http.StatusUnprocessableEntity)
	refused.Doc().One(".govuk-error-summary a[href='#reason']")
	if form := refused.Form(path); form.Get("words") != "Please leave out the street." || form.Get("note") != "mine" {
		t.Errorf("a refused form lost what was typed: %v", form)
	}
	long := strings.Repeat("ü", 2001)
	if got := ask.Submit(path, "do", "preview", "reason", "money", "words", long).Want(http.StatusUnprocessableEntity).Form(path).Get("words"); got != long {
		t.Error("words that are too long are lost")
	}
	ask.Submit(path, "do", "preview", "reason", "none of these").Want(http.StatusUnprocessableEntity)
	ask.Submit(path, "do", "send", "reason", "other").Want(http.StatusUnprocessableEntity)

	// A kinder wording comes below what was typed, once, and nothing is lost.
	none := ask.Submit(path, "do", "kinder", "words", "My words.", "note", "mine").Want(http.StatusUnprocessableEntity)
	none.Doc().One(".govuk-error-summary a[href='#reason']")
	if form := none.Form(path); form.Get("words") != "My words." || form.Get("note") != "mine" {
		t.Errorf("without a reason the form lost what was typed: %v", form)
	}
	c, err := words.Load()
	must(t, err)
	w := c.In("en")
	for _, reason := range letterbox.ReturnReasons() {
		suggested := w.T("reason.kinder." + string(reason))
		filled := none.Submit(path, "do", "kinder", "reason", string(reason)).Want(http.StatusOK)
		form := filled.Submit(path, "do", "kinder").Want(http.StatusOK).Form(path)
		if got := form.Get("words"); got != "My words.\n\n"+suggested || form.Get("note") != "mine" || form.Get("reason") != string(reason) {
			t.Errorf("a kinder wording for %s fills the form with %v", reason, form)
		}
		if got := ask.Submit(path, "do", "kinder", "reason", string(reason), "words", " ").Form(path).Get("words"); got != suggested {
			t.Errorf("into nothing it puts %q", got)
		}
	}

	preview := ask.Submit(path, "do", "preview", "reason", "identifying", "words", "Please leave out the street.", "note", "mine").Want(http.StatusOK)
	view := preview.Doc().One("[data-view=writer]").Text()
	contains(t, view, "Letters cannot carry family names, places", "whether right or wrong", "Please leave out the street.")
	if strings.Contains(view, "mine") {
		t.Error("the writer would see the note for the file")
	}
	if n := d.count(t, `select count(*) from decision`); n != 0 {
		t.Fatal("looking at it returned the letter")
	}
	changed := preview.Submit(path, "do", "change").Want(http.StatusOK)
	if form := changed.Form(path); form.Get("reason") != "identifying" || form.Get("words") != "Please leave out the street." {
		t.Errorf("going back lost what was typed: %v", form)
	}
	sent := preview.Submit(path, "do", "send").Want(http.StatusSeeOther)
	contains(t, sent.Follow().Want(http.StatusOK).Doc().One("main").Text(), "The letter went back to its writer", "No other letter waits.")
	again := preview.Submit(path, "do", "send").Want(http.StatusSeeOther)
	if again.Header.Get("Location") != sent.Header.Get("Location") || d.count(t, `select count(*) from decision`) != 1 {
		t.Error("two presses do not return once")
	}
	post(t, d.Browser, "/letter/"+id+"/pass").Want(http.StatusConflict)
}

func TestAnotherWorkerReadsIt(t *testing.T) {
	d := openDesk(t)
	id := d.send(t, "Dear Wren")
	d.read(t, id)
	login, _ := d.NewWorker(t, "Sam Okafor", authz.LetterboxWorker)
	other := d.as(t, &login)
	card := other.Get("/desk?show=claimed").Doc().One("[data-letter]")
	contains(t, card.Text(), "Being read by Rhys Penhaligon")
	card.None("form")
	post(t, other, "/letter/"+id+"/claim").Want(http.StatusConflict)
	other.Get("/letter/" + id).Want(http.StatusConflict)
	post(t, other, "/letter/"+id+"/pass").Want(http.StatusConflict)
	post(t, other, "/letter/"+id+"/release").Want(http.StatusSeeOther)
	d.Get("/letter/" + id).Want(http.StatusOK) // still the first worker's
}

// To say that one knows a family takes its keys away for good: the page asks for
// a code when the last is more than ten minutes old.
func TestConnectAsksForACode(t *testing.T) {
	d := openDesk(t)
	d.NewWorker(t, "Imogen Farr", authz.LetterboxWorker)
	path := "/exchange/" + string(d.exchange) + "/connect"
	d.Clock.Advance(11 * time.Minute)
	asked := d.Get(path).Want(http.StatusOK).Submit(path).Want(http.StatusUnauthorized)
	if n := d.count(t, `select count(*) from connection`); n != 0 {
		t.Fatal("declared without a fresh code")
	}
	asked.Submit(path, "step-up-code", d.Code(t, &d.WorkerLogin)).Want(http.StatusSeeOther)
	if n := d.count(t, `select count(*) from connection`); n != 1 {
		t.Error("not declared with a fresh code")
	}
}

func TestConnected(t *testing.T) {
	d := openDesk(t)
	d.NewWorker(t, "Imogen Farr", authz.LetterboxWorker)
	id := d.send(t, "Dear Wren")
	path := "/exchange/" + string(d.exchange)
	d.read(t, id)
	d.Get(path).Want(http.StatusOK).Doc().One("a[href=" + path + "/connect]")
	ask := d.Get(path + "/connect").Want(http.StatusOK)
	if n := d.count(t, `select count(*) from connection`); n != 0 {
		t.Fatal("asking declared it")
	}
	ask.Submit(path + "/connect").Want(http.StatusSeeOther)
	ask.Submit(path + "/connect").Want(http.StatusSeeOther)
	contains(t, d.Get(path).Doc().One("main").Text(), "It is written down that you know this family.")

	// A letter that was open when they said so is closed to them, and can be put back.
	for _, address := range []string{"", "/return"} {
		contains(t, d.Get("/letter/"+id+address).Want(http.StatusForbidden).Doc().One("main").Text(), "connected with this family")
	}
	post(t, d.Browser, "/letter/"+id+"/pass").Want(http.StatusForbidden)
	post(t, d.Browser, "/letter/"+id+"/claim").Want(http.StatusForbidden)
	if n := d.count(t, `select count(*) from decision`); n != 0 {
		t.Error("a connected worker decided")
	}
	post(t, d.Browser, "/letter/"+id+"/release").Want(http.StatusSeeOther)
	card := d.Get("/desk").Doc().One("[data-letter]")
	contains(t, card.Text(), "You know this family.")
	card.None("form")
}

// Who helped to write may read the letter, and sees why somebody else decides.
func TestHelper(t *testing.T) {
	d := openDesk(t)
	id := d.send(t, "We wrote this together.")
	d.Exec(t, `insert into letter_helper (agency_id, letter_id, worker_id) values ($1, $2, $3)`, d.Home.ID, id, d.WorkerLogin.ID)
	read := d.read(t, id)
	contains(t, read.Doc().One("main").Text(), "You helped to write this letter")
	read.Doc().None("[data-act=pass]")
	d.Get("/letter/" + id + "/return").Want(http.StatusOK).Doc().None("input[name=reason]")
	post(t, d.Browser, "/letter/"+id+"/pass").Want(http.StatusForbidden)
}

func TestSealedRowThatDoesNotOpen(t *testing.T) {
	d := openDesk(t)
	first, second := d.send(t, "The first."), d.send(t, "The second.")
	d.Exec(t, `alter table object disable trigger all`)
	d.Exec(t, `update object set sealed = (select sealed from object where id = $2 and part = 'text') where id = $1 and part = 'text'`, first, second)
	read := d.read(t, first)
	contains(t, read.Doc().One("main").Text(), "This letter cannot be shown.", "Tamsin Vale", "Put back")
	read.Doc().None("[data-act=pass]")
	if strings.Contains(read.Body, "The second.") {
		t.Error("the text of another letter is shown")
	}
	later := d.read(t, second)
	contains(t, later.Doc().One("main").Text(), "The second.", "This letter cannot be shown.")
	later.Submit("/letter/" + second + "/pass").Want(http.StatusSeeOther)
}
