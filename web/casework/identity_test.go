package casework_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"testing"

	"gatepost/intermediary"
	"gatepost/web/webtest"
)

// pictured posts a form with a picture as a browser would, the file last.
func pictured(t *testing.T, b *webtest.Browser, path string, form url.Values, file string) webtest.Answer {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range form {
		for _, v := range values {
			if name != "scan" { // the empty field of the page
				must(t, w.WriteField(name, v))
			}
		}
	}
	part, err := w.CreateFormFile("scan", "Jory Tregear's passport.jpg")
	must(t, err)
	_, err = part.Write([]byte(file))
	must(t, err)
	must(t, w.Close())
	return b.PostRaw(path, w.FormDataContentType(), body.String())
}

// TestScan: a copy is added by the form, shown to the case's workers, and after
// its day the page says who saw what and that the copy is gone.
func TestScan(t *testing.T) {
	r := newRoom(t)
	c := r.Open(t, "AP>REL")
	kase := "/case/" + string(c.ID)
	path := kase + "/scan"
	none := r.Get(kase + "/identity").Want(http.StatusOK)
	contains(t, none.Doc().One("[data-part=scans]").Text(), "There is none.", "28 days after")
	none.Doc().One("a[href=" + path + "]")
	ask := r.Get(path).Want(http.StatusOK)
	if ask.Doc().One("form[action="+path+"]").Attr("enctype") != "multipart/form-data" {
		t.Fatal("the form sends no file")
	}
	form := ask.Form(path)
	empty := pictured(t, r.Browser, path, form, "").Want(http.StatusUnprocessableEntity)
	contains(t, empty.Doc().One("main").Text(), "Choose the picture of the document.", "Say what the picture shows.")
	form.Set("what", "passport, page 3")
	wrong := pictured(t, r.Browser, path, form, "MZ a program").Want(http.StatusUnprocessableEntity)
	contains(t, wrong.Doc().One("main").Text(), "Use JPEG, PNG or PDF.", "Choose the file again")
	if wrong.Form(path).Get("what") != "passport, page 3" {
		t.Error("a refused form lost what was typed")
	}
	picture := "\x89PNG\r\n\x1a\n made up"
	done := pictured(t, r.Browser, path, form, picture).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	done.Doc().One(".govuk-notification-banner--success")
	contains(t, done.Doc().One("[data-scan='1']").Text(), "passport, page 3", "Elowen Trease", "The copy is kept until")
	pictured(t, r.Browser, path, form, picture).Want(http.StatusConflict) // the second click

	look := r.colleague(t).Get(path + "/1").Want(http.StatusOK)
	if look.Body != picture || look.Header.Get("Content-Type") != "image/png" || look.Header.Get("X-Content-Type-Options") != "nosniff" || look.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the picture comes as %q", look.Header)
	}
	for _, version := range []string{"2", "0", "-1", "41", "x"} {
		r.Get(path + "/" + version).Want(http.StatusNotFound)
	}

	must(t, r.Cases.EndCase(t.Context(), r.CaseWorker, c.ID, intermediary.Ending{State: "closed", Reasons: "done", Letter: "It has ended."}))
	_, err := r.Rows.Exec(t.Context(), `set session_replication_role = replica; update application set ended_on = current_date - 28;
		update casework set created = created - 60, shed_on = shed_on - 60 where part = 'scan'; set session_replication_role = origin`)
	must(t, err)
	must(t, r.Cases.ShedScans(t.Context(), "oak"))
	gone := r.Get(kase + "/identity").Want(http.StatusOK)
	contains(t, gone.Doc().One("[data-scan='1']").Text(), "passport, page 3", "Elowen Trease", "The copy was destroyed on")
	if len(gone.Doc().All("[data-scan='1'] a")) != 0 || len(gone.Doc().All("a[href="+path+"]")) != 0 {
		t.Error("the page leads to what is not there any more")
	}
	contains(t, r.Get(path+"/1").Want(http.StatusConflict).Doc().One("main").Text(), "This copy was destroyed")
}
