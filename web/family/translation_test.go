package family_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/internal/authz"
	"gatepost/letterbox"
)

// A letter that its recipients do not read as it was written: the translation first,
// then the letter, each in its own language; its writer is told.
func TestTranslated_Pages(t *testing.T) {
	h := newHome(t)
	ctx := t.Context()
	_, ifan := h.NewWorker(t, "Ifan Trefor", authz.Translator)
	h.World.Worker = h.SignInWorker(t, &h.WorkerLogin)
	sent := send(t, h.birth, "Annwyl Wren, meddwl amdanat ti.")
	id := h.claimed(t)
	for _, err := range []error{
		h.Desk.SayLanguage(ctx, h.World.Worker, id, letterbox.Welsh),
		h.Desk.GiveToTranslator(ctx, h.World.Worker, id, ifan.Account(), ""),
		h.Desk.HandIn(ctx, ifan, id, "Dear Wren, I think of you."),
		h.Desk.Claim(ctx, h.World.Worker, id),
		h.Desk.Pass(ctx, h.World.Worker, id, ""),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	says(t, h.birth.Get(sent.Path).Want(http.StatusOK), "Your letter has gone on. It is not in English")
	came := h.adoptive.Get("/letters").Want(http.StatusOK)
	cover := h.adoptive.Get(link(t, came, "/letter/")).Want(http.StatusOK)
	read := cover.Submit(cover.Path + "/open").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	text := main(read)
	first, original, below := strings.Index(text, "Dear Wren, I think of you."), strings.Index(text, "This is how it was written"), strings.Index(text, "Annwyl Wren")
	if first < 0 || original < first || below < original {
		t.Errorf("the translation stands at %d, the letter at %d: %s", first, below, text)
	}
	read.Doc().One("[lang=cy][data-view=original]")
	read.Doc().One("[lang=en][data-view=translation]")
	side := link(t, h.adoptive.Get("/letters").Want(http.StatusOK), "/side/")
	printed := h.adoptive.Get(side + "/copies/print").Want(http.StatusOK)
	printed.Doc().One("[data-view=original]")
	says(t, printed, "Dear Wren, I think of you.")
}

// A writer says what their letter is in, on the page where they write; it is there
// when they come back.
func TestWrite_Language(t *testing.T) {
	h := newHome(t)
	page := h.birth.Get(link(t, h.birth.Get("/letters"), "/write/")).Want(http.StatusOK)
	saved := page.Submit(page.Path, "text", "Annwyl Wren", "language", "cy").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if got := saved.Form(action(t, saved, "/draft/")).Get("language"); got != "cy" {
		t.Errorf("the draft is in %q", got)
	}
	saved.Submit(action(t, saved, "/draft/"), "language", "klingon").Want(http.StatusUnprocessableEntity)
}
