package letterbox_test

import (
	"log/slog"
	"strings"
	"testing"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

// A photo or a recording that is gone from a letter is an alarm, whether its row was
// taken or what it shows; one of another letter is one too. The letter is shown, said
// to be incomplete, and does not go on until all of it is back.
func TestPass_Incomplete(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.agreed("permitted")
	p.mayRecord("permitted")
	draft := p.draftWith(2)
	must(t, p.record(draft, said(2)))
	letter := p.sendDraft(draft)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	for _, photo := range p.photosOf(letter) {
		p.look(letter, photo.ID)
		must(t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, photo.ID, nothing(0)))
	}
	p.hear(letter)
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("")))
	others, _ := p.onDesk(1)
	var alarms strings.Builder
	p.Desk = p.Desk.WithLog(slog.New(slog.NewTextHandler(&alarms, nil)))
	incomplete := func(what string, want bool) {
		t.Helper()
		reading, err := p.Desk.Read(ctx, p.Worker, letter)
		must(t, err)
		if reading.Unread || reading.Text == "" || reading.Incomplete != want {
			t.Errorf("%s: the worker reads %q, incomplete %v", what, string(reading.Text), reading.Incomplete)
		}
	}
	incomplete("as it came", false)
	second := p.photosOf(letter)[1].ID
	moved := func(table, column, from, to string) string {
		return `update ` + table + ` set ` + column + ` = '` + to + `' where ` + column + ` = '` + from + `'`
	}
	const nowhere, noPhoto = "ltaaaaaaaaaaaaaaaaaaaa", "phaaaaaaaaaaaaaaaaaaaa"
	for what, sql := range map[string][2]string{
		"a photo's row":       {moved("letter_photo", "letter_id", string(letter), nowhere) + ` and place = 2`, moved("letter_photo", "letter_id", nowhere, string(letter))},
		"a photo":             {moved("object", "id", string(second), noPhoto) + ` and part = 'picture'`, moved("object", "id", noPhoto, string(second))},
		"the recording's row": {moved("letter_recording", "letter_id", string(letter), nowhere), moved("letter_recording", "letter_id", nowhere, string(letter))},
		"a photo too many": {`update letter_photo set letter_id = '` + string(letter) + `', place = 3 where letter_id = '` + string(others) + `'`,
			`update letter_photo set letter_id = '` + string(others) + `', place = 1 where place = 3`},
	} {
		p.untriggered(sql[0])
		alarms.Reset()
		incomplete(what, true)
		if !strings.Contains(alarms.String(), "ALARM: rows say what nobody signed") {
			t.Errorf("%s: nobody is told", what)
		}
		wantKind(t, what, p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Sealed)
		p.untriggered(sql[1])
		incomplete("put back", false)
	}
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))

	// What was recalled does not go on again without them, and can always be taken back.
	p.untriggered(`delete from letter_photo where id = '` + string(second) + `'`)
	must(t, p.Desk.Recall(ctx, p.Worker, letter, ""))
	wantKind(t, "restored without a photo", p.Desk.Restore(ctx, p.Worker, letter), fault.Sealed)
}

// The safeguarding lead is told of a photo that is gone: from the tray, or from the
// letter before it was referred.
func TestReferred_Incomplete(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.agreed("permitted")
	lead := p.newStaff("Ines Calder", authz.SafeguardingLead)
	letter, photos := p.onDesk(2)
	must(t, p.Desk.Escalate(ctx, p.Worker, letter, "a uniform"))
	incomplete := func(what string, want bool, shown int) {
		t.Helper()
		text, err := p.Desk.Referred(ctx, lead, letter)
		must(t, err)
		sealed := 0
		for _, photo := range text.Photos {
			if photo.Sealed {
				sealed++
			}
		}
		if text.Text == "" || text.Incomplete != want || sealed != shown {
			t.Errorf("%s: the lead reads %q, incomplete %v, %d photos", what, string(text.Text), text.Incomplete, sealed)
		}
	}
	incomplete("as it was referred", false, 2)
	of := ` where id = '` + string(photos[1].ID) + `'`
	p.untriggered(`update object set id = 'phaaaaaaaaaaaaaaaaaaaa'` + of + ` and part = 'referral'`)
	incomplete("a photo of the tray", true, 1)
	p.untriggered(`update object set id = '`+string(photos[1].ID)+`' where id = 'phaaaaaaaaaaaaaaaaaaaa'`, `update letter_photo set letter_id = 'ltaaaaaaaaaaaaaaaaaaaa'`+of)
	incomplete("a photo's row", true, 1)

	// Referred without it, it says so, too.
	must(t, p.Desk.HandBack(ctx, lead, letter, ""))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.Escalate(ctx, p.Worker, letter, "a uniform"))
	incomplete("gone before", true, 1)
	p.untriggered(`update letter_photo set letter_id = '` + string(letter) + `'` + of)
	must(t, p.Desk.HandBack(ctx, lead, letter, ""))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	p.untriggered(`delete from object` + of + ` and part = 'picture'`)
	must(t, p.Desk.Escalate(ctx, p.Worker, letter, "a uniform"))
	incomplete("what it shows is gone", true, 2) // from when it was referred before
}
