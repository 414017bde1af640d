// The package is tested from inside here, since which letter lies in which tray
// and how a row is written is nobody else's business.
package desk

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/letterbox"
	"gatepost/web/words"
)

func day(n int) time.Time { return time.Date(2026, time.May, n, 0, 0, 0, 0, time.UTC) }

// lines is a desk with a letter of every kind; today is 6 May.
func lines() []letterbox.DeskLine {
	return []letterbox.DeskLine{
		{ID: "received", State: letterbox.Received},
		{ID: "held", State: letterbox.Held, HeldUntil: day(7)},
		{ID: "second", State: letterbox.Received, Second: true},
		{ID: "due", State: letterbox.Held, HeldUntil: day(6)},
		{ID: "overdue", State: letterbox.Held, HeldUntil: day(4), Second: true},
		{ID: "recalled", State: letterbox.Recalled, Second: true},
		{ID: "undeliverable", State: letterbox.Undeliverable},
		{ID: "stopped", State: letterbox.Waiting, Stopped: true},
		{ID: "given", State: letterbox.Received, ClaimedBy: "Sam Okafor"},
		{ID: "welsh", State: letterbox.ToTranslate, Translator: "Ifan Trefor"},
	}
}

func ids(list []letterbox.DeskLine) (s []string) {
	for _, l := range list {
		s = append(s, string(l.ID))
	}
	return s
}

func TestTrays(t *testing.T) {
	for open, want := range map[string]string{
		"":             "overdue due received second recalled undeliverable stopped",
		"waits":        "overdue due received second recalled undeliverable stopped",
		"no such tray": "overdue due received second recalled undeliverable stopped",
		"claimed":      "given",
		"held":         "overdue due held",
		"translate":    "welsh",
		"back":         "recalled undeliverable",
		"stopped":      "stopped",
		"second":       "overdue second",
	} {
		views, shown := lay(sorted(lines(), day(6)), open, day(6))
		if got := strings.Join(ids(shown), " "); got != want {
			t.Errorf("the tray %q shows %s, want %s", open, got, want)
		}
		var counts []int
		for _, v := range views {
			counts = append(counts, v.Count)
			if v.Current != (v.Key == open || v.Key == "waits" && (open == "" || open == "no such tray")) {
				t.Errorf("with %q open the tray %q is current: %v", open, v.Key, v.Current)
			}
		}
		if !slices.Equal(counts, []int{7, 1, 3, 1, 2, 1, 2}) {
			t.Errorf("with %q open the trays hold %v", open, counts)
		}
	}
}

// TestNext: the next letter to read is one that this worker can take and that
// waits today.
func TestNext(t *testing.T) {
	list := append([]letterbox.DeskLine{
		{ID: "connected", State: letterbox.Received, Connected: true},
		{ID: "restricted", State: letterbox.Received, Restricted: true},
		{ID: "claimed", State: letterbox.Received, ClaimedBy: "Sam Okafor"},
		{ID: "refused", State: letterbox.Received, Second: true, RefusedByMe: true},
	}, lines()...)
	if first, count := next(list[:4], day(6)); first != nil || count != 0 {
		t.Errorf("the next letter is %v of %d, want none", first, count)
	}
	first, count := next(sorted(list, day(6)), day(6))
	// As many as the first tray of the desk has, but for those that are not this worker's.
	if first == nil || first.ID != "overdue" || count != 7 {
		t.Errorf("the next letter is %v of %d, want the one overdue of 7", first, count)
	}
}

// TestRows writes rows with names that would break a page that trusts them.
func TestRows(t *testing.T) {
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	const evil = `<script>"&'`
	r := row{words: catalogue.In("en"), today: day(6), mayRead: true, token: evil}
	l := letterbox.DeskLine{ID: evil, Reference: evil, From: evil, Children: evil, ClaimedBy: evil, Mine: true, State: letterbox.Held, HeldUntil: day(6), HearBy: day(8)}
	html := string(rowsOf(r, []letterbox.DeskLine{l}))
	if strings.Contains(html, "<script") || strings.Contains(html, evil) {
		t.Errorf("a row holds what was typed as it is: %s", html)
	}
	for _, part := range []string{"Look again today", "On hold until 6 May.", "hears by 8 May.", "Go on reading", "With you"} {
		if !strings.Contains(html, part) {
			t.Errorf("%q is not in the row", part)
		}
	}
	l = letterbox.DeskLine{ID: "lt", Reference: "LB-1", From: "Tamsin Vale", State: letterbox.Received, Restricted: true, Late: true, Amber: true}
	html = string(rowsOf(r, []letterbox.DeskLine{l}))
	if !strings.Contains(html, "should have heard by") {
		t.Error("a late row says that its writer will hear by a day that is over")
	}
	if strings.Contains(html, "<form") || strings.Contains(html, "Tamsin") || strings.Contains(html, "Waits long") {
		t.Errorf("the row of a restricted case has a name, a button or two ages: %s", html)
	}
	for state, say := range map[letterbox.State]string{letterbox.Recalled: "Taken back", letterbox.Undeliverable: "Could not be delivered"} {
		l := letterbox.DeskLine{ID: "lt", State: state, Late: true, Second: true}
		html := string(rowsOf(r, []letterbox.DeskLine{l}))
		if !strings.Contains(html, say) || !strings.Contains(html, "Look at it") || !strings.Contains(html, "should have heard by") || !strings.Contains(html, "Later than we said") {
			t.Errorf("the row of a letter that is %s: %s", state, html)
		}
		l.Late = false
		if html = string(rowsOf(r, []letterbox.DeskLine{l})); !strings.Contains(html, "hears by") {
			t.Errorf("the row of a letter that is %s and not late: %s", state, html)
		}
	}
	l = letterbox.DeskLine{ID: "lt", State: letterbox.Waiting, Stopped: true, StoppedOn: day(5)}
	if html = string(rowsOf(r, []letterbox.DeskLine{l})); !strings.Contains(html, "Stopped on 5 May") || strings.Contains(html, "hears by") {
		t.Errorf("the row of a letter that was stopped: %s", html)
	}
}

// TestOutcomes: every state but those in which nothing was decided has words.
func TestOutcomes(t *testing.T) {
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	w := catalogue.In("en")
	for _, state := range letterbox.States() {
		outcome := outcomeOf(state)
		nothing := slices.Contains([]letterbox.State{letterbox.Received, letterbox.WithdrawnByWriter, letterbox.StoppedAt18}, state)
		if (outcome == "") != nothing {
			t.Errorf("a letter that is %s has the outcome %q", state, outcome)
		}
		if outcome != "" && (!w.Has("desk.done."+outcome) || !w.Has("desk.doneText."+outcome)) {
			t.Errorf("there are no words for the outcome %q", outcome)
		}
		if !w.Has("desk.state." + string(state)) {
			t.Errorf("there are no words for the state %q", state)
		}
	}
}

// TestNarrowed: each choice shows its own letters, and two show what is both.
func TestNarrowed(t *testing.T) {
	list := []letterbox.DeskLine{
		{ID: "plain", State: letterbox.Received, Reference: "LB-AAAAA", From: "Tamsin Vale", Children: "Biscuit"},
		{ID: "amber", State: letterbox.Received, Amber: true, Paper: true},
		{ID: "late", State: letterbox.Held, Late: true, Second: true},
		{ID: "mine", State: letterbox.Received, Mine: true, Late: true, Rewrite: true},
		{ID: "first", State: letterbox.Received, ReadFirst: true},
		{ID: "back", State: letterbox.Recalled, Second: true},
	}
	for n, want := range map[narrow]string{
		{}:                           "plain amber late mine first back",
		{age: "late"}:                "late mine",
		{age: "long"}:                "amber late mine",
		{kind: "mine"}:               "mine",
		{kind: "paper"}:              "amber",
		{kind: "second"}:             "late first",
		{kind: "rewrite"}:            "mine",
		{age: "late", kind: "mine"}:  "mine",
		{age: "late", kind: "paper"}: "",
		{find: "vale"}:               "plain",
		{find: "biscuit"}:            "plain",
		{find: "lb-aaa"}:             "plain",
		{find: "nobody"}:             "",
	} {
		if got := strings.Join(ids(n.of(list)), " "); got != want {
			t.Errorf("%+v shows %q, want %q", n, got, want)
		}
	}
}
