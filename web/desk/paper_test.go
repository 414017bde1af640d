package desk_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/letterbox"
	"gatepost/web/webtest"
)

// scanned posts a form with a file as a browser would, the file last.
func scanned(t *testing.T, b *webtest.Browser, path string, form url.Values, file string) webtest.Answer {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range form {
		if name == "scan" { // the empty field of the page
			continue
		}
		for _, v := range values {
			must(t, w.WriteField(name, v))
		}
	}
	part, err := w.CreateFormFile("scan", "Tamsin Vale's letter.jpg")
	must(t, err)
	_, err = part.Write([]byte(file))
	must(t, err)
	must(t, w.Close())
	return b.PostRaw(path, w.FormDataContentType(), body.String())
}

func TestPaper(t *testing.T) {
	d := openDesk(t)
	exchange := "/exchange/" + string(d.exchange)
	path := exchange + "/paper"
	d.Get(exchange).Want(http.StatusOK).Doc().One("a[href=" + path + "]")
	ask := d.Get(path).Want(http.StatusOK)
	if ask.Doc().One("form[action="+path+"]").Attr("enctype") != "multipart/form-data" {
		t.Fatal("the form sends no file")
	}
	authors := ask.Doc().All("input[type=radio][name=author]")
	if len(authors) != 2 {
		t.Fatalf("the page offers %d authors, want 2", len(authors))
	}
	form := ask.Form(path)
	form.Set("text", "Dear Wren, I write by hand.")
	empty := scanned(t, d.Browser, path, form, "")
	contains(t, empty.Want(http.StatusUnprocessableEntity).Doc().One("main").Text(), "Choose who wrote the letter.")
	form.Set("author", authors[0].Attr("value"))
	wrong := scanned(t, d.Browser, path, form, "MZ a program").Want(http.StatusUnprocessableEntity)
	contains(t, wrong.Doc().One("main").Text(), "Use JPEG, PNG or PDF.", "Enter the day on which the letter came.", "Choose the picture again.")
	wrong.Doc().One(".govuk-error-summary a[href='#came-day']")
	if got := wrong.Form(path); got.Get("text") != form.Get("text") || got.Get("author") != form.Get("author") || got.Get("letter") != form.Get("letter") {
		t.Errorf("a refused form lost what was typed: %v", got)
	}
	came := calendar.Today(d.Clock.Now()).AddDate(0, 0, -1)
	form.Set("came-day", strconv.Itoa(came.Day()))
	form.Set("came-month", strconv.Itoa(int(came.Month())))
	form.Set("came-year", strconv.Itoa(came.Year()))
	const picture = "\xff\xd8\xff\xe0 a picture"
	kept := scanned(t, d.Browser, path, form, picture).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, kept.Doc().One(".govuk-notification-banner--success").Text(), "A colleague of yours decides about it.")
	scanned(t, d.Browser, path, form, picture).Want(http.StatusSeeOther)
	if n := d.count(t, `select count(*) from letter where paper`); n != 1 {
		t.Fatalf("two presses made %d letters", n)
	}
	// The session's end, an old page and too large a file: nothing is stored.
	old := url.Values{"form-token": {"old"}, "text": form["text"], "letter": form["letter"]}
	contains(t, scanned(t, d.Browser, path, old, picture).Want(http.StatusForbidden).Doc().One("main").Text(), "I write by hand.")
	scanned(t, d.Site.Worker(t), path, form, picture).Want(http.StatusUnauthorized)
	form.Set("letter", string(letterbox.NewLetterID()))
	scanned(t, d.Browser, path, form, "\xff\xd8\xff"+strings.Repeat("x", letterbox.MaxScan)).Want(http.StatusUnprocessableEntity)
	scanned(t, d.Browser, path, form, strings.Repeat("x", letterbox.MaxScan+1<<20)).Want(http.StatusRequestEntityTooLarge)

	var letter string
	must(t, d.Database.Admin().QueryRow(t.Context(), `select id from letter where paper`).Scan(&letter))
	read := d.read(t, letter)
	contains(t, read.Doc().One("main").Text(), "I write by hand.", "You helped to write this letter")
	read.Doc().None("[data-act=pass]")
	// What is typed beside a letter stays: its scan and its exchange open in tabs of their own.
	for _, href := range []string{"/letter/" + letter + "/scan", "/exchange/" + string(d.exchange)} {
		if link := read.Doc().One("a[href=" + href + "]"); link.Attr("target") != "_blank" || !strings.Contains(link.Text(), "new tab") {
			t.Errorf("%s opens in place of the letter", href)
		}
	}
	scan := d.Get("/letter/" + letter + "/scan").Want(http.StatusOK)
	if scan.Body != picture || scan.Header.Get("Content-Type") != "image/jpeg" || scan.Header.Get("X-Content-Type-Options") != "nosniff" ||
		scan.Header.Get("Cache-Control") != "no-store" || scan.Header.Get("Content-Disposition") != "inline" {
		t.Errorf("the scan is %d bytes with %v", len(scan.Body), scan.Header)
	}
	login, _ := d.NewWorker(t, "Sam Okafor", authz.LetterboxWorker)
	other := d.as(t, &login)
	other.Get("/letter/" + letter + "/scan").Want(http.StatusConflict) // somebody else is reading it
	online := d.send(t, "Typed on a phone.")
	d.read(t, online).Doc().None("a[href=/letter/" + online + "/scan]")
	d.Get("/letter/" + online + "/scan").Want(http.StatusNotFound)
}

// A worker who knows the family types nothing in.
func TestPaper_Connected(t *testing.T) {
	d := openDesk(t)
	d.Exec(t, `insert into connection (agency_id, exchange_id, worker_id) values ($1, $2, $3)`, d.Home.ID, string(d.exchange), d.WorkerLogin.ID)
	exchange := "/exchange/" + string(d.exchange)
	d.Get(exchange).Want(http.StatusOK).Doc().None("a[href=" + exchange + "/paper]")
	d.Get(exchange + "/paper").Want(http.StatusForbidden)
}

func TestPrint(t *testing.T) {
	d := openDesk(t)
	id := d.send(t, "Dear Wren, for the post.")
	path := "/letter/" + id + "/print"
	d.Get(path).Want(http.StatusConflict)
	d.read(t, id).Submit("/letter/" + id + "/pass").Want(http.StatusSeeOther)
	d.Get("/exchange/" + string(d.exchange)).Want(http.StatusOK).Doc().One("a[href=" + path + "]")
	page := d.Get(path).Want(http.StatusOK)
	sheet, address := page.Doc().One("[data-sheet=letter]"), page.Doc().One("[data-sheet=address]")
	contains(t, sheet.Text(), "Dear Wren, for the post.")
	contains(t, address.Text(), "Look at the exchange.") // the file has no address
	if strings.Contains(sheet.Text(), "Hale") || strings.Contains(sheet.Text(), "Vale") {
		t.Error("a name from a directory stands on the sheet for the envelope")
	}
	if n := d.count(t, `select count(*) from delivery where posted_on is not null`); n != 0 {
		t.Error("looking at it posted it")
	}
	page.Submit("/letter/" + id + "/posted").Want(http.StatusSeeOther)
	done := page.Submit("/letter/" + id + "/posted").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One("main").Text(), "Posted on")
	done.Doc().None("form[action=/letter/" + id + "/posted]")
	aloud := done.Submit("/letter/" + id + "/aloud").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, aloud.Doc().One("main").Text(), "read it aloud to them on")
}

// A colleague who wrote it with them is ticked on the form, and decides about it no
// more than who types it in.
func TestPaper_Helpers(t *testing.T) {
	d := openDesk(t)
	login, _ := d.NewWorker(t, "Imogen Farr", authz.LetterboxWorker)
	d.Browser = d.as(t, &d.WorkerLogin)
	path := "/exchange/" + string(d.exchange) + "/paper"
	ask := d.Get(path).Want(http.StatusOK)
	ask.Doc().None("input[name=helpers][value=" + d.WorkerLogin.ID + "]")
	ask.Doc().One("input[name=helpers][value=" + login.ID + "]")
	form := ask.Form(path)
	form.Set("author", ask.Doc().All("input[type=radio][name=author]")[0].Attr("value"))
	form.Set("text", "Dear Wren, we write this together.")
	form["helpers"] = []string{login.ID}
	again := scanned(t, d.Browser, path, form, "MZ a program").Want(http.StatusUnprocessableEntity)
	if got := again.Form(path)["helpers"]; len(got) != 1 || got[0] != login.ID {
		t.Errorf("who was ticked is lost: %v", got)
	}
	today := calendar.Today(d.Clock.Now())
	form.Set("came-day", strconv.Itoa(today.Day()))
	form.Set("came-month", strconv.Itoa(int(today.Month())))
	form.Set("came-year", strconv.Itoa(today.Year()))
	form.Set("helping", "")
	few := scanned(t, d.Browser, path, form, "%PDF-1.4 x").Want(http.StatusUnprocessableEntity)
	few.Doc().One(".govuk-error-summary a[href='#helping']")
	form.Set("helping", "She sat with us on Monday.")
	scanned(t, d.Browser, path, form, "%PDF-1.4 x").Want(http.StatusSeeOther)
	colleague := d.as(t, &login)
	id := form.Get("letter")
	read := colleague.Get("/desk").Submit("/letter/" + id + "/claim").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, read.Doc().One("main").Text(), "You helped")
	post(t, colleague, "/letter/"+id+"/pass").Want(http.StatusForbidden)
}
