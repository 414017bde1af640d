package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/letterbox"
	"gatepost/letterbox/photo"
	"gatepost/letterbox/photo/phototest"
	"gatepost/web/webtest"
)

// photographed sends a letter with a photo, claims it and gives the photo's page.
func (d *desk) photographed(t *testing.T) (letter, path string) {
	t.Helper()
	inbox, err := d.Families.Inbox(t.Context(), d.writer)
	must(t, err)
	side := inbox.Sides[0].Side
	set := d.Get("/side/" + string(side) + "/photos").Want(http.StatusOK)
	set.Submit("/side/"+string(side)+"/photos", "photos", "permitted").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	draft, err := d.Families.NewDraft(t.Context(), d.writer, side, "Here we are.")
	must(t, err)
	d.addPhoto(t, d.writer, draft)
	id, err := d.Families.Send(t.Context(), d.writer, draft, 2)
	must(t, err)
	page := d.read(t, string(id))
	href := page.Doc().One("[data-list=photos] button").Attr("formaction")
	if !strings.HasPrefix(href, "/letter/"+string(id)+"/photo/ph") {
		t.Fatalf("the photo is at %q", href)
	}
	return string(id), href
}

// A worker looks at a photo, is told what its file told, tries a cut, keeps it,
// answers and passes on; each refusal says what is wrong on its own field.
func TestPhoto(t *testing.T) {
	d := openDesk(t)
	letter, path := d.photographed(t)
	d.Get("/letter/" + letter).Submit("/letter/" + letter + "/pass").Want(http.StatusConflict).Doc().One(".govuk-error-summary")
	page := d.Get(path).Want(http.StatusOK)
	if marks := page.Doc().All("[data-list=marks] li"); len(marks) != 5 {
		t.Errorf("%d marks of the original", len(marks))
	}
	if strings.Contains(page.Body, phototest.Word) {
		t.Error("the page tells what the original told")
	}
	src := page.Doc().One("figure img").Attr("src")
	width := func(src string) int {
		t.Helper()
		got := d.Get(src).Want(http.StatusOK)
		for name, want := range map[string]string{"Content-Type": "image/jpeg", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Disposition": "inline"} {
			if got.Header.Get(name) != want {
				t.Errorf("%s: %q", name, got.Header.Get(name))
			}
		}
		if !strings.HasSuffix(got.Header.Get("Content-Security-Policy"), "; sandbox") {
			t.Error("a picture is somebody's origin")
		}
		wide, _, err := photo.Check([]byte(got.Body))
		must(t, err)
		return wide
	}
	if width(src) != 320 {
		t.Error("another picture than came")
	}
	page.Submit(path + "/answer").Want(http.StatusUnprocessableEntity).Doc().One("#goes-error")
	page.Submit(path+"/cut", "do", "try").Want(http.StatusUnprocessableEntity).Doc().One("#left-error")
	page.Submit(path+"/cut", "do", "try", "act", "crop", "left", "0", "top", "0", "width", "200", "height", "10").Want(http.StatusUnprocessableEntity).Doc().One("#left-error")
	tried := page.Submit(path+"/cut", "do", "try", "act", "crop", "left", "0", "top", "0", "width", "50", "height", "100").Want(http.StatusOK)
	if width(tried.Doc().One("figure img").Attr("src")) != 160 || width(src) != 320 {
		t.Error("the cut is not tried, or kept")
	}
	kept := tried.Submit(path + "/cut").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if width(kept.Doc().One("figure img").Attr("src")) != 160 {
		t.Error("the cut is not kept")
	}
	yes := []string{"uniform", "no", "badge", "no", "plate", "no", "sign", "yes", "goes", "yes"}
	page.Submit(path+"/answer", yes...).Want(http.StatusConflict) // its picture is another one now
	kept.Submit(path+"/answer", yes...).Want(http.StatusUnprocessableEntity).Doc().One("#sign-error")
	yes[7] = "no"
	kept.Submit(path+"/answer", yes...).Want(http.StatusSeeOther).Follow().Want(http.StatusOK).Submit("/letter/" + letter + "/pass").Want(http.StatusSeeOther)
	d.Get("/letter/" + letter + "/print").Want(http.StatusOK).Doc().One("a[href=" + path + "]")
	d.Get(path).Want(http.StatusOK).Doc().None("form[action=" + path + "/answer]")
	if n := d.count(t, `select count(*) from delivery_photo`); n != 1 {
		t.Errorf("%d photos came", n)
	}
}

// What is agreed on stands on the page of the exchange, and is chosen, not guessed.
func TestPhotoPolicy(t *testing.T) {
	d := openDesk(t)
	inbox, err := d.Families.Inbox(t.Context(), d.writer)
	must(t, err)
	path := "/side/" + string(inbox.Sides[0].Side) + "/photos"
	form := d.Get("/exchange/" + string(d.exchange)).Want(http.StatusOK).Doc()
	form.One("a[href=" + path + "]")
	page := d.Get(path).Want(http.StatusOK)
	if got := page.Form(path).Get("photos"); got != "none" {
		t.Errorf("by default %q", got)
	}
	for _, policy := range letterbox.PhotoPolicies() {
		page.Submit(path, "photos", policy).Want(http.StatusSeeOther)
		if got := d.Get(path).Form(path).Get("photos"); got != policy {
			t.Errorf("%s was set, it is %q", policy, got)
		}
	}
	page.Submit(path, "photos", "everything").Want(http.StatusUnprocessableEntity).Doc().One("#photos-error")
}

// What a worker typed about a letter goes past its photos and is there again: note,
// answers, and what was begun on the pages of other acts. It is kept nowhere.
func TestPhoto_KeepsWhatWasTyped(t *testing.T) {
	d := openDesk(t)
	letter, path := d.photographed(t)
	home := "/letter/" + letter
	begun := d.Get(home+"/return").Want(http.StatusOK).Submit(home+"/return", "do", "back", "reason", "money", "words", "No vouchers.", "note", "mine").Want(http.StatusOK)
	want := func(what string, a webtest.Answer) {
		t.Helper()
		form := a.Form(home + "/pass")
		for name, value := range map[string]string{"note": "mine", "reason": "money", "words": "No vouchers."} {
			if form.Get(name) != value {
				t.Errorf("%s: %s is %q", what, name, form.Get(name))
			}
		}
	}
	want("from another act", begun)
	form := begun.Form(home + "/pass")
	form.Set("do", "look")
	photo := d.Browser.Post(path, form).Want(http.StatusOK)
	want("back at once", photo.Submit(path, "do", "back").Want(http.StatusOK))
	refused := photo.Submit(path + "/answer").Want(http.StatusUnprocessableEntity)
	tried := refused.Submit(path+"/cut", "do", "try", "act", "crop", "left", "0", "top", "0", "width", "50", "height", "100").Want(http.StatusOK)
	cut := tried.Submit(path + "/cut").Want(http.StatusOK)
	answered := cut.Submit(path+"/answer", "uniform", "no", "badge", "no", "plate", "no", "sign", "no", "goes", "no", "reason", "unclear", "words", "Too dark.").Want(http.StatusOK)
	want("after the answer", answered)
	contains(t, answered.Doc().One("[data-list=photos]").Text(), "You said that it is left out.")
	answered.Submit(home + "/pass").Want(http.StatusSeeOther)
	sent, err := d.Families.OpenSent(t.Context(), d.writer, letterbox.LetterID(letter))
	must(t, err)
	if got := sent.Photos[0].Reason; got.Reason != "unclear" || got.Words != "Too dark." {
		t.Errorf("of the photo its writer is told %+v", got)
	}
}
