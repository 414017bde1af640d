package family_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/letterbox"
)

// Somebody of the side says yes while a letter is written again: its page says what
// happened, keeps every word, and makes a new letter of it.
func TestRewrite_Overtaken(t *testing.T) {
	h := newHome(t)
	id := h.asked(t, "We hope for a dog. The sea was calm.", "We hope for a dog")
	path := "/sent/" + string(id)
	ask := h.birth.Get(path + "/agree").Want(http.StatusOK)
	draft := ask.Submit(path + "/rewrite").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	check := draft.Submit(draft.Path, "text", "The heron is back.", "do", "check").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	ask.Submit(path + "/agree").Want(http.StatusSeeOther)

	// Whichever page is open, and whichever button is pressed, it says so.
	late := check.Submit(draft.Path + "/send").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	says(t, late, "You, or somebody in your home, sent the first letter back to us while you wrote it again.")
	if to := h.birth.Get(draft.Path + "/check").Want(http.StatusSeeOther).Header.Get("Location"); to != draft.Path {
		t.Errorf("it is checked at %s", to)
	}
	link(t, late, path)
	late.Doc().One("a[href=" + draft.Path + "/delete]")
	late.Doc().None("button[value=check]")
	if got := late.Doc().One("textarea").Text(); got != "The heron is back." {
		t.Errorf("it keeps %q", got)
	}
	own := late.Submit(draft.Path, "text", "The heron is back again.", "do", "free").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	says(t, own, "This is a new letter now.")
	if strings.Contains(main(own), "while you wrote it again") {
		t.Error("it still says what happened")
	}
	sent := own.Submit(draft.Path, "do", "check").Want(http.StatusSeeOther).Follow().Want(http.StatusOK).Submit(draft.Path + "/send").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	says(t, sent, "Your letter is with us.")
	says(t, sent, "The heron is back again.")
	says(t, h.birth.Get(path).Want(http.StatusOK), "You agreed to leave these words out.")
}

// A letter that was taken back meanwhile is said so, and the draft can go.
func TestRewrite_TakenBack(t *testing.T) {
	h := newHome(t)
	id := h.asked(t, "We hope for a dog. The sea was calm.", "We hope for a dog")
	path := "/sent/" + string(id)
	draft := h.birth.Get(path + "/agree").Submit(path + "/rewrite").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	h.birth.Get(path + "/withdraw").Submit(path + "/withdraw").Want(http.StatusSeeOther)
	late := h.birth.Get(draft.Path).Want(http.StatusOK)
	says(t, late, "You, or somebody in your home, took the first letter back while you wrote it again.")
	h.birth.Get(draft.Path + "/delete").Want(http.StatusOK).Submit(draft.Path + "/delete").Want(http.StatusSeeOther)
	h.birth.Get(draft.Path).Want(http.StatusNotFound)
}

// Where we took back what we had asked, the page of the rewrite does not say that
// somebody at home has done something.
func TestRewrite_WeTookBack(t *testing.T) {
	h := newHome(t)
	id := h.asked(t, "We hope for a dog. The sea was calm.", "We hope for a dog")
	path := "/sent/" + string(id)
	draft := h.birth.Get(path + "/agree").Submit(path + "/rewrite").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if err := h.Desk.TakeBackProposal(t.Context(), h.World.Worker, id, ""); err != nil {
		t.Fatal(err)
	}
	late := h.birth.Get(draft.Path).Want(http.StatusOK)
	says(t, late, "You need not answer us any more: we took that back while you wrote the letter again.")
	says(t, late, "Your words here are safe.")
	if strings.Contains(main(late), "in your home") {
		t.Error("it says that somebody at home did it")
	}
	h.birth.Get(path + "/withdraw").Submit(path + "/withdraw").Want(http.StatusSeeOther)
	says(t, h.birth.Get(draft.Path).Want(http.StatusOK), "took the first letter back")
}

// Beside a letter that is written again stands each part that its writer was asked
// about, with its reason; and the letter begins as they wrote it.
func TestRewrite_Beside(t *testing.T) {
	h := newHome(t)
	const text = "We hope for a dog. The sea was calm. See you soon."
	id := h.asked(t, text, "We hope for a dog", "See you soon")
	path := "/sent/" + string(id)
	draft := h.birth.Get(path + "/agree").Submit(path + "/rewrite").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	doc := draft.Doc()
	var gone []string
	for _, e := range doc.All(".gp-letter del") {
		gone = append(gone, e.Text())
	}
	if all := strings.Join(gone, "|"); len(gone) != 2 || !strings.Contains(all, "We hope for a dog") || !strings.Contains(all, "See you soon") {
		t.Errorf("crossed out beside it: %q", all)
	}
	if n := strings.Count(main(draft), "The letter makes promises that may not come true."); n != 2 {
		t.Errorf("%d reasons beside it", n)
	}
	says(t, draft, "Please ask us.")
	if got := doc.One("textarea").Text(); got != text {
		t.Errorf("it begins from %q", got)
	}
}

// returned sends a letter that comes back.
func (h *home) returned(t *testing.T, text string) letterbox.LetterID {
	t.Helper()
	send(t, h.birth, text)
	id := h.claimed(t)
	if err := h.Desk.Return(t.Context(), h.World.Worker, id, "unclear", "", ""); err != nil {
		t.Fatal(err)
	}
	return id
}
