package family_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"gatepost/letterbox"
	"gatepost/letterbox/voice"
	"gatepost/letterbox/voice/voicetest"
	"gatepost/web/page"
	"gatepost/web/webtest"
)

// sendUp posts a recording as a browser does.
func sendUp(t *testing.T, b *webtest.Browser, path, token string, file []byte) webtest.Answer {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	must(t, form.WriteField(page.TokenField, token))
	part, err := form.CreateFormFile("recording", "isla_sings.wav")
	must(t, err)
	_, err = part.Write(file)
	must(t, err)
	must(t, form.Close())
	return b.PostRaw(path, form.FormDataContentType(), body.String())
}

// A person says a letter in place of writing it, listens to it and sends it; whatever
// is wrong with a recording, the letter stays.
func TestRecording(t *testing.T) {
	h := newHousehold(t)
	worker := h.SignInWorker(t, &h.WorkerLogin)
	b, token := h.browser(t, h.Home.ID, &h.own, false)
	write := "/write/" + string(h.side)
	b.Get(write).Want(http.StatusOK).Doc().None("button[value=record]") // nothing is agreed on
	must(t, h.Desk.SetRecordings(t.Context(), worker, h.side, "permitted"))
	recorder := b.Get(write).Submit(write, "text", "", "do", "record").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	draft := h.id(t, `select id from draft`)
	path := "/draft/" + draft + "/recording"
	if csp, may := recorder.Header.Get("Content-Security-Policy"), recorder.Header.Get("Permissions-Policy"); !strings.HasSuffix(csp, "; media-src 'self' blob:") || !strings.Contains(may, "microphone=(self)") {
		t.Errorf("the page that records may %s, %s", csp, may)
	}
	if csp, may := b.Get("/draft/"+draft).Header.Get("Content-Security-Policy"), b.Get("/draft/"+draft).Header.Get("Permissions-Policy"); strings.Contains(csp, "media-src") || !strings.Contains(may, "microphone=()") {
		t.Errorf("another page may %s, %s", csp, may)
	}
	input := recorder.Doc().One("input[type=file]")
	if input.Attr("accept") != "audio/*" || input.Attr("capture") != "user" {
		t.Errorf("a browser offers %q, %q", input.Attr("accept"), input.Attr("capture"))
	}
	// Nothing written and nothing said is no letter yet.
	b.Get("/draft/"+draft).Submit("/draft/"+draft, "text", "", "do", "check").Want(http.StatusUnprocessableEntity).Doc().One("#text-error")
	sendUp(t, b, path, token, nil).Want(http.StatusUnprocessableEntity).Doc().One("#recording-error")
	sendUp(t, b, path, token, []byte("%PDF-1.7 isla")).Want(http.StatusUnprocessableEntity).Doc().One("#recording-error")
	sendUp(t, b, path, token, []byte("#EXTM3U\n/etc/passwd\n")).Want(http.StatusUnprocessableEntity).Doc().One("#recording-error")
	sendUp(t, b, path, token, voicetest.Sine(1)[:44]).Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary")
	sendUp(t, b, path, token, make([]byte, letterbox.MaxRecording+1)).Want(http.StatusUnprocessableEntity).Doc().One("#recording-error")
	sendUp(t, b, path, token, make([]byte, 24<<20)).Want(http.StatusRequestEntityTooLarge)
	sendUp(t, b, path, "not ours", voicetest.Sine(1)).Want(http.StatusForbidden)
	added := sendUp(t, b, path, token, voicetest.Sine(1)).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if strings.Contains(added.Body, "isla") {
		t.Error("the page knows the file's name")
	}
	heard := func(a webtest.Answer) {
		t.Helper()
		got := b.Get(a.Doc().One("audio[src]").Attr("src")).Want(http.StatusOK)
		if _, err := voice.Check([]byte(got.Body)); err != nil || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("played: %v, %q", err, got.Header.Get("Cache-Control"))
		}
	}
	heard(added)
	check := b.Get("/draft/"+draft).Submit("/draft/"+draft, "text", "", "do", "check").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	heard(check)
	added.Submit(path + "/remove").Want(http.StatusSeeOther).Follow().Want(http.StatusOK).Doc().None("audio[src]")
	b.Get("/draft/" + draft + "/check").Want(http.StatusSeeOther)
	sendUp(t, b, path, token, voicetest.Sine(1)).Want(http.StatusSeeOther)
	sent := b.Get("/draft/" + draft + "/check").Want(http.StatusOK).Submit("/draft/" + draft + "/send").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	heard(sent)
}

// A machine without ffmpeg says that recordings cannot be sent now, and takes none.
func TestRecording_Away(t *testing.T) {
	h := newHousehold(t)
	must(t, h.Desk.SetRecordings(t.Context(), h.SignInWorker(t, &h.WorkerLogin), h.side, "permitted"))
	b, token := h.browser(t, h.Home.ID, &h.own, false)
	write := "/write/" + string(h.side)
	b.Get(write).Submit(write, "text", "Dear Wren", "do", "record").Want(http.StatusSeeOther)
	path := "/draft/" + h.id(t, `select id from draft`) + "/recording"
	t.Setenv("PATH", t.TempDir())
	b.Get(path).Want(http.StatusOK).Doc().None("input[type=file]")
	sendUp(t, b, path, token, voicetest.Sine(1)).Want(http.StatusServiceUnavailable)
}

// What came is played where it is agreed on today, without a button to keep it, and
// what a worker wrote down stands beside it; its writer is shown that, too.
func TestRecording_Came(t *testing.T) {
	h := newHousehold(t)
	worker := h.SignInWorker(t, &h.WorkerLogin)
	writer := h.SignInPerson(t, &h.own)
	must(t, h.Desk.SetRecordings(t.Context(), worker, h.side, "permitted"))
	draft, err := h.Families.NewDraft(t.Context(), writer, h.side, "")
	must(t, err)
	h.addRecording(t, writer, draft)
	letter, err := h.Families.Send(t.Context(), writer, draft, 2)
	must(t, err)
	must(t, h.Desk.Claim(t.Context(), worker, letter))
	_, err = h.Desk.HearRecording(t.Context(), worker, letter)
	must(t, err)
	must(t, h.Desk.AnswerRecording(t.Context(), worker, letter, letterbox.RecordingAnswer{Heard: true, Goes: true, Transcript: "The heron is back."}))
	must(t, h.Desk.Pass(t.Context(), worker, letter, ""))
	b, _ := h.browser(t, h.Home.ID, &h.other, false)
	came := "/letter/" + h.id(t, `select id from delivery`)
	b.Get(came + "/recording").Want(http.StatusNotFound) // it is not open
	read := b.Get(came).Submit(came + "/open").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	audio := read.Doc().One("audio")
	if audio.Attr("controlslist") != "nodownload" || audio.HasAttr("autoplay") || !strings.Contains(read.Body, "The heron is back.") || !strings.HasSuffix(read.Header.Get("Content-Security-Policy"), "; media-src 'self'") {
		t.Errorf("it is played so: %v", read.Header)
	}
	if _, err := voice.Check([]byte(b.Get(audio.Attr("src")).Want(http.StatusOK).Body)); err != nil {
		t.Error(err)
	}
	if copies := b.Get("/side/" + h.id(t, `select side_id from delivery`) + "/copies/print").Want(http.StatusOK); !strings.Contains(copies.Body, "A recording belongs to this letter") || !strings.Contains(copies.Body, "The heron is back.") {
		t.Error("the copies do not tell of it")
	}
	own, _ := h.browser(t, h.Home.ID, &h.own, false)
	if sent := own.Get("/sent/" + string(letter)).Want(http.StatusOK); !strings.Contains(sent.Body, "The heron is back.") {
		t.Error("its writer is not shown what was written down")
	}
	must(t, h.Desk.SetRecordings(t.Context(), h.SignInWorker(t, &h.WorkerLogin), h.side, "none"))
	b.Get(came + "/read").Want(http.StatusOK).Doc().None("audio")
	b.Get(came + "/recording").Want(http.StatusNotFound)
}
