package family_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"gatepost/letterbox"
	"gatepost/letterbox/photo"
	"gatepost/letterbox/photo/phototest"
	"gatepost/web/page"
	"gatepost/web/webtest"
)

// upload posts a photo as a browser does.
func upload(t *testing.T, b *webtest.Browser, path, token string, file []byte) webtest.Answer {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	must(t, form.WriteField(page.TokenField, token))
	part, err := form.CreateFormFile("photo", "isla_at_school.jpg")
	must(t, err)
	_, err = part.Write(file)
	must(t, err)
	must(t, form.Close())
	return b.PostRaw(path, form.FormDataContentType(), body.String())
}

// A person saves what they wrote, adds a photo, sees it and sends it; whatever is
// wrong with a photo, the letter stays.
func TestPhotos(t *testing.T) {
	h := newHousehold(t)
	worker := h.SignInWorker(t, &h.WorkerLogin)
	b, token := h.browser(t, h.Home.ID, &h.own, false)
	page := b.Get("/write/" + string(h.side)).Want(http.StatusOK)
	page.Doc().None("button[value=photos]") // nothing is agreed on
	must(t, h.Desk.SetPhotos(t.Context(), worker, h.side, "digitalViewNoDownload"))
	photos := b.Get("/write/"+string(h.side)).Submit("/write/"+string(h.side), "text", "Here is the heron.", "do", "photos").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	draft := h.id(t, `select id from draft`)
	path := "/draft/" + draft + "/photos"
	accept := photos.Doc().One("input[type=file]").Attr("accept")
	if accept != "image/jpeg,image/png,image/webp" {
		t.Errorf("a browser offers %q", accept)
	}
	upload(t, b, path, token, nil).Want(http.StatusUnprocessableEntity).Doc().One("#photo-error")
	upload(t, b, path, token, []byte("%PDF-1.7 isla")).Want(http.StatusUnprocessableEntity).Doc().One("#photo-error")
	upload(t, b, path, token, phototest.BombPNG(60000, 60000)).Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary")
	upload(t, b, path, token, make([]byte, letterbox.MaxPhoto+1)).Want(http.StatusUnprocessableEntity).Doc().One("#photo-error")
	upload(t, b, path, token, make([]byte, 24<<20)).Want(http.StatusRequestEntityTooLarge)
	upload(t, b, path, "not ours", phototest.JPEG(phototest.Scene(64, 48))).Want(http.StatusForbidden)
	added := upload(t, b, path, token, phototest.JPEG(phototest.Scene(64, 48), phototest.Comment(phototest.Word))).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	got := b.Get(added.Doc().One("figure img").Attr("src")).Want(http.StatusOK)
	if _, _, err := photo.Check([]byte(got.Body)); err != nil || !strings.HasSuffix(got.Header.Get("Content-Security-Policy"), "; sandbox") {
		t.Errorf("shown: %v, %q", err, got.Header.Get("Content-Security-Policy"))
	}
	if strings.Contains(added.Body, "isla") {
		t.Error("the page knows the file's name")
	}
	b.Get("/draft/" + draft + "/check").Want(http.StatusOK).Doc().One("figure img")
	if text := b.Get("/draft/" + draft).Form("/draft/" + draft).Get("text"); text != "Here is the heron." {
		t.Errorf("the letter says %q", text)
	}

	// Where every place is taken, the photo waits; the letter is kept.
	actor := h.SignInPerson(t, &h.member)
	for range 2 {
		place, err := h.Families.PhotoPlace(t.Context(), actor, letterbox.DraftID(draft))
		must(t, err)
		defer place.Leave()
	}
	upload(t, b, path, token, phototest.JPEG(phototest.Scene(64, 48))).Want(http.StatusServiceUnavailable)
	if text := b.Get("/draft/" + draft).Form("/draft/" + draft).Get("text"); text != "Here is the heron." {
		t.Errorf("the letter says %q", text)
	}
	sent := b.Get("/draft/" + draft + "/check").Submit("/draft/" + draft + "/send").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	b.Get(sent.Doc().One("figure img").Attr("src")).Want(http.StatusOK)
	if n := h.id(t, `select count(*)::text from object where sealed like '%isla%' or from_node like '%isla%'`); n != "0" {
		t.Error("a file's name was kept")
	}
}

// What came is shown as it is agreed on: at the office, without a button, or with
// one and a name that says nothing.
func TestCamePhotos(t *testing.T) {
	h := newHousehold(t)
	h.fill(t)
	b, _ := h.browser(t, h.Home.ID, &h.own, false)
	path := "/letter/" + h.ids["letter"]
	read := b.Get(path).Submit(path + "/open").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	src := path + "/photo/" + h.ids["letter photo"]
	keep := b.Get(read.Doc().One("a[href=" + src + "/keep]").Attr("href")).Want(http.StatusOK)
	if got := keep.Header.Get("Content-Disposition"); got != "attachment; filename=picture.jpg" {
		t.Errorf("kept as %q", got)
	}
	reader := h.SignInPerson(t, &h.other)
	inbox, err := h.Families.Inbox(t.Context(), reader)
	must(t, err)
	for policy, want := range map[string]struct{ shown, kept int }{"viewOnlyInOffice": {404, 404}, "digitalViewNoDownload": {200, 404}, "none": {404, 404}} {
		must(t, h.Desk.SetPhotos(t.Context(), h.SignInWorker(t, &h.WorkerLogin), inbox.Sides[0].Side, policy))
		b.Get(src).Want(want.shown)
		b.Get(src + "/keep").Want(want.kept)
		doc := b.Get(path + "/read").Want(http.StatusOK).Doc()
		doc.None("a[href=" + src + "/keep]")
		if n := len(doc.All("figure img")); (n == 1) != (want.shown == 200) {
			t.Errorf("%s: %d photos on the page", policy, n)
		}
	}
	b.Get("/side/" + string(h.side) + "/copies/print").Want(http.StatusOK)
}
