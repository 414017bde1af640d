package letterbox_test

import (
	"strings"
	"testing"

	"gatepost/letterbox"
	"gatepost/letterbox/screening"
)

// A worker's own words name no guess of the letter, wrong or right: else to be named
// would mean to be wrong. In whatever letters it is written, with a slip, in what was written down
// of a recording, and about what is only to be seen or heard.
func TestToWriter_NoGuess(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.agreed("permitted")
	p.mayRecord("permitted")
	must(t, p.Desk.ChangeProtected(ctx, p.Worker, p.exchange, p.listVersion(), []letterbox.ProtectedWord{
		{Kind: screening.Town, Value: "Marazion", Of: p.toSide, Told: true}, {Kind: screening.Name, Value: "Ivy", Of: p.toSide, Told: true},
		{Kind: screening.Town, Value: "Zennor", Of: p.fromSide, Told: true},
	}, nil))
	fill := func(text, town string) string { return strings.ReplaceAll(text, "%s", town) }
	say := func(text, words string) error {
		t.Helper()
		p.untriggered(`update letter set submitted_on = submitted_on - 1`)
		letter := p.claimed(text)
		defer p.Exec(t, `delete from claim`)
		return p.Desk.Return(ctx, p.Worker, letter, "identifying", words, "")
	}
	for _, tt := range []struct{ text, words string }{
		{"Do you live in %s?", "Please leave out %s."},
		{"do you live in %s?", "%s has to go."},
		{"%s is lovely. Do you see the sea?", "No, not %s!"},
	} {
		for _, town := range []string{"Marazion", "Ilfracombe"} {
			wantAt(t, town+" in "+tt.words, say(fill(tt.text, town), fill(tt.words, town)), "fault.words.closed", "words")
			wantAt(t, town+" in small letters", say(fill(tt.text, town), fill(tt.words, strings.ToLower(town))), "fault.words.closed", "words")
			wantAt(t, town+" with a slip", say(fill(tt.text, town), fill(tt.words, town[:4]+town[5:])), "fault.words.closed", "words")
		}
	}
	for _, name := range []string{"Ivy", "Tristan", "Will", "June"} {
		wantAt(t, name, say("Is the little one called "+name+" now?", "Please leave "+name+" out."), "fault.words.closed", "words")
	}
	const text = "Dear Wren, we went from Zennor to Ilfracombe on Monday, and Mum sang. Will you write at Christmas, or in May? See you in June. Love, Nan"
	for _, words := range []string{
		"Please leave out Zennor. Wren will like the rest.", "Dear all, we read it on Monday. Ring us before Christmas, or in June, or on 4 May.", "Mum and Nan will know why.",
		"Will you call us on 01632 960123? Please leave out the name of the other place, and tell us about the sea.",
	} {
		if err := say(text, words); err != nil {
			t.Errorf("%q: %v", words, err)
		}
	}

	draft := p.draftWith(1)
	must(t, p.record(draft, said(2)))
	letter := p.sendDraft(draft)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	photo := p.photosOf(letter)[0].ID
	p.look(letter, photo)
	p.hear(letter)
	for _, town := range []string{"Marazion", "Ilfracombe"} {
		words := "The sign says " + town + "."
		wantAt(t, "photo: "+town, p.Desk.AnswerPhoto(ctx, p.Worker, letter, photo, letterbox.PhotoAnswer{Seen: nothing(0).Seen, PhotoReason: letterbox.PhotoReason{Reason: "other", Words: words}}), "fault.words.closed", "words")
		wantAt(t, "recording: "+town, p.Desk.AnswerRecording(ctx, p.Worker, letter, letterbox.RecordingAnswer{Heard: true, RecordingReason: letterbox.RecordingReason{Reason: "other", Words: words}}), "fault.words.closed", "words")
	}
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, letter, letterbox.RecordingAnswer{Heard: true, Goes: true, Transcript: "Do you live in Ilfracombe?"}))
	wantAt(t, "what was said", p.Desk.Return(ctx, p.Worker, letter, "identifying", "Please leave out Ilfracombe.", ""), "fault.words.closed", "words")
	p.logWhole()
}

// Nor do they hold how the other side calls somebody, in a letter that could carry it to that side.
func TestToWriter_NamesOfTheOtherSide(t *testing.T) {
	h, ctx := newHomes(t), t.Context()
	id := h.opens(letterbox.NewPerson{ID: letterbox.PersonID(h.birthID)}, sarah, ruby)
	h.birth = h.SignInPerson(t, &h.birthLogin)
	letter := h.sendIn(id, h.birth, "Dear Ruby, the sea was calm.")
	must(t, h.Desk.Claim(ctx, h.Worker, letter))
	wantAt(t, "what her new family calls her", h.Desk.Return(ctx, h.Worker, letter, "unclear", "Isla cannot read this.", ""), "fault.words.closed", "words")
	must(t, h.Desk.Return(ctx, h.Worker, letter, "unclear", "Ruby cannot read this. Sarah would like to.", ""))
}
