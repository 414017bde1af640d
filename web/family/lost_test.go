package family_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/letterbox"
)

// A recording and a photo that are lost are one sentence each in their place, to who
// sent them and to whom they came; what was left out for it is told, and a letter that
// came back can be written again without.
func TestLost(t *testing.T) {
	h := newHousehold(t)
	worker := h.SignInWorker(t, &h.WorkerLogin)
	writer := h.SignInPerson(t, &h.own)
	must(t, h.Desk.SetRecordings(t.Context(), worker, h.side, "permitted"))
	must(t, h.Desk.SetPhotos(t.Context(), worker, h.side, "permitted"))
	send := func() letterbox.LetterID {
		t.Helper()
		draft, err := h.Families.NewDraft(t.Context(), writer, h.side, "Dear Wren")
		must(t, err)
		h.addRecording(t, writer, draft)
		h.addPhoto(t, writer, draft)
		letter, err := h.Families.Send(t.Context(), writer, draft, 3)
		must(t, err)
		must(t, h.Desk.Claim(t.Context(), worker, letter))
		return letter
	}
	lose := func() {
		t.Helper()
		for _, sql := range []string{"set session_replication_role = replica",
			`update object set sealed = convert_to(E'gatepost-part/1\n' || lpad(translate(substr(id, 3), '018', 'aaa'), 26, 'a'), 'UTF8') || decode(repeat('00', 40), 'hex') where part in ('sound', 'picture')`,
			`insert into part_lost (agency_id, key) select agency_id, sealed_part from object where sealed_part is not null on conflict do nothing`, "reset session_replication_role"} {
			h.Exec(t, sql)
		}
	}
	letter := send()
	reading, err := h.Desk.Read(t.Context(), worker, letter)
	must(t, err)
	photo := reading.Photos[0].ID
	_, err = h.Desk.LookAtPhoto(t.Context(), worker, letter, photo, nil)
	must(t, err)
	must(t, h.Desk.AnswerPhoto(t.Context(), worker, letter, photo, letterbox.PhotoAnswer{Goes: true, Seen: map[string]bool{"uniform": false, "badge": false, "plate": false, "sign": false}}))
	_, err = h.Desk.HearRecording(t.Context(), worker, letter)
	must(t, err)
	must(t, h.Desk.AnswerRecording(t.Context(), worker, letter, letterbox.RecordingAnswer{Heard: true, Goes: true}))
	must(t, h.Desk.Pass(t.Context(), worker, letter, ""))
	back, out := send(), send()
	must(t, h.Desk.Return(t.Context(), worker, back, "identifying", "please leave the surname out", "a surname"))
	lose()
	must(t, h.Desk.AnswerRecording(t.Context(), worker, out, letterbox.RecordingAnswer{RecordingReason: letterbox.RecordingReason{Reason: letterbox.PartLost}}))
	reading, err = h.Desk.Read(t.Context(), worker, out)
	must(t, err)
	_, err = h.Desk.LookAtPhoto(t.Context(), worker, out, reading.Photos[0].ID, nil)
	must(t, err)
	must(t, h.Desk.AnswerPhoto(t.Context(), worker, out, reading.Photos[0].ID, letterbox.PhotoAnswer{PhotoReason: letterbox.PhotoReason{Reason: letterbox.PartLost}}))
	must(t, h.Desk.Pass(t.Context(), worker, out, ""))

	told := func(body string, sentences ...string) {
		t.Helper()
		for _, s := range sentences {
			if strings.Count(body, s) != 1 {
				t.Errorf("the page does not say once: %s", s)
			}
		}
	}
	const notPlayed, notShown = "We cannot play this just now.", "We cannot show this photo just now."
	other, _ := h.browser(t, h.Home.ID, &h.other, false)
	came := "/letter/" + h.id(t, `select id from delivery where letter_id = '`+string(letter)+`'`)
	read := other.Get(came).Submit(came + "/open").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	told(read.Body, notPlayed, notShown, "Dear Wren")
	read.Doc().None("audio")
	own, _ := h.browser(t, h.Home.ID, &h.own, false)
	told(own.Get("/sent/"+string(letter)).Want(http.StatusOK).Body, notPlayed, notShown)
	sent := own.Get("/sent/" + string(out)).Want(http.StatusOK)
	told(sent.Body, "You can record it again and send it with another letter.", "You can send it again with another letter.")
	if strings.Contains(sent.Body, "We keep it safe.") {
		t.Error("what is lost is said to be kept")
	}
	returned := own.Get("/sent/" + string(back)).Want(http.StatusOK)
	told(returned.Submit("/sent/"+string(back)+"/rewrite").Want(http.StatusSeeOther).Follow().Want(http.StatusOK).Body, "We have lost a photo or the recording of the letter that came back.")
}
