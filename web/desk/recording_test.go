package desk_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"gatepost/letterbox"
	"gatepost/letterbox/voice"
)

// recorded sends a letter with a recording, claims it and gives the recording's page.
func (d *desk) recorded(t *testing.T, text string) (letter, path string) {
	t.Helper()
	inbox, err := d.Families.Inbox(t.Context(), d.writer)
	must(t, err)
	side := string(inbox.Sides[0].Side)
	d.Get("/side/"+side+"/recordings").Want(http.StatusOK).Submit("/side/"+side+"/recordings", "recordings", "permitted").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	draft, err := d.Families.NewDraft(t.Context(), d.writer, letterbox.SideID(side), text)
	must(t, err)
	d.addRecording(t, d.writer, draft)
	id, err := d.Families.Send(t.Context(), d.writer, draft, 2)
	must(t, err)
	page := d.read(t, string(id))
	path = "/letter/" + string(id) + "/recording"
	page.Doc().One("[data-list=recording] a[href=" + path + "]")
	return string(id), path
}

// A worker plays a recording, from any place in it, writes it down, answers what the
// screen finds in that and passes the letter on; each refusal says what is wrong on
// its own field.
func TestRecording(t *testing.T) {
	d := openDesk(t)
	letter, path := d.recorded(t, "")
	d.Get("/letter/" + letter).Submit("/letter/" + letter + "/pass").Want(http.StatusConflict).Doc().One(".govuk-error-summary")
	page := d.Get(path).Want(http.StatusOK)
	if got := page.Header.Get("Content-Security-Policy"); !strings.HasSuffix(got, "; media-src 'self'") {
		t.Errorf("the page may not play it: %s", got)
	}
	if got := page.Header.Get("Permissions-Policy"); !strings.Contains(got, "microphone=()") {
		t.Errorf("a worker's page may listen: %s", got)
	}
	audio := page.Doc().One("audio")
	if audio.Attr("preload") != "none" || audio.HasAttr("autoplay") {
		t.Error("it is played, or logged, before anybody asks for it")
	}
	page.Submit(path, "heard", "yes", "goes", "yes").Want(http.StatusConflict) // nobody played it
	sound := d.Get(audio.Attr("src")).Want(http.StatusOK)
	if _, err := voice.Check([]byte(sound.Body)); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"Content-Type": "audio/mp4", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Disposition": "inline", "Accept-Ranges": "bytes"} {
		if got := sound.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	d.Range = "bytes=100-199"
	part := d.Get(audio.Attr("src")).Want(http.StatusPartialContent)
	if part.Body != sound.Body[100:200] || part.Header.Get("Content-Range") != "bytes 100-199/"+strconv.Itoa(len(sound.Body)) {
		t.Errorf("a part is %d bytes, %s", len(part.Body), part.Header.Get("Content-Range"))
	}
	d.Range = ""
	page.Submit(path).Want(http.StatusUnprocessableEntity).Doc().One("#goes-error")
	page.Submit(path, "goes", "yes").Want(http.StatusUnprocessableEntity).Doc().One("#heard-error")
	page.Submit(path, "heard", "yes", "goes", "no").Want(http.StatusUnprocessableEntity).Doc().One("#reason-error")
	again := page.Submit(path, "heard", "yes", "goes", "yes", "transcript", "Hello. Ring 07700 900123.").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if mark := again.Doc().One("mark.gp-mark--high"); mark.Text() != "07700 900123" {
		t.Errorf("marked is %q", mark.Text())
	}
	again.Submit("/letter/" + letter + "/pass").Want(http.StatusUnprocessableEntity)
	if got := d.Get(path).Form(path); got.Get("transcript") != "Hello. Ring 07700 900123." || got.Get("heard") != "yes" || got.Get("goes") != "yes" {
		t.Errorf("its page forgot %v", got)
	}
	d.Get(path).Submit(path, "heard", "yes", "goes", "yes", "transcript", "Hello. The swallows are back.").Want(http.StatusSeeOther)
	d.Get("/letter/" + letter).Submit("/letter/" + letter + "/pass").Want(http.StatusSeeOther)
	printed := d.Get("/letter/" + letter + "/print").Want(http.StatusOK)
	printed.Doc().One("a[href=" + path + "]")
	if sheet := printed.Doc().One("[data-sheet=letter]").Text(); !strings.Contains(sheet, "The swallows are back.") {
		t.Errorf("the sheet says %q", sheet)
	}
	d.Get(path).Want(http.StatusOK).Doc().None("form[action=" + path + "]")
	if n := d.count(t, `select count(*) from delivery_recording`); n != 1 {
		t.Errorf("%d recordings came", n)
	}
}

// What is agreed on stands on the page of the exchange, and is chosen, not guessed.
func TestRecordingPolicy(t *testing.T) {
	d := openDesk(t)
	inbox, err := d.Families.Inbox(t.Context(), d.writer)
	must(t, err)
	path := "/side/" + string(inbox.Sides[0].Side) + "/recordings"
	d.Get("/exchange/" + string(d.exchange)).Want(http.StatusOK).Doc().One("a[href=" + path + "]")
	page := d.Get(path).Want(http.StatusOK)
	if got := page.Form(path).Get("recordings"); got != "none" {
		t.Errorf("by default %q", got)
	}
	for _, policy := range []string{"permitted", "none"} {
		page.Submit(path, "recordings", policy).Want(http.StatusSeeOther)
		if got := d.Get(path).Form(path).Get("recordings"); got != policy {
			t.Errorf("%s was set, it is %q", policy, got)
		}
	}
	page.Submit(path, "recordings", "shown").Want(http.StatusUnprocessableEntity).Doc().One("#recordings-error")
}
