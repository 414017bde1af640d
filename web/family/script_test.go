package family_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"gatepost/letterbox"
	"gatepost/web/page"
)

// TestEveryScript: as much as the service takes also fits into the form, in
// whatever script, and what does not comes back on the page. Line ends are what
// grows most on the way: a browser sends each as %0D%0A.
func TestEveryScript(t *testing.T) {
	h := newHome(t)
	const max = letterbox.MaxText
	fill := func(piece string) string { return strings.Repeat(piece, max/len(piece)) }
	for name, words := range map[string]string{
		"Cyrillic":    fill("Ж"),
		"Devanagari":  fill("न"),
		"emoji":       fill("🐌"),
		"empty lines": "Dear Wren" + strings.Repeat("\n", max-2*len("Dear Wren")) + "Love, Amy",
	} {
		t.Run(name, func(t *testing.T) {
			open := writing(t, h.birth)
			sent := strings.ReplaceAll(words, "\n", "\r\n")
			saved := open.Submit(action(t, open, "/write/"), "text", sent, "do", "save").Want(http.StatusSeeOther)
			draft := saved.Follow().Want(http.StatusOK)
			if text(draft) != words {
				t.Fatalf("of %d bytes the draft holds %d", len(words), len(text(draft)))
			}
			long := draft.Submit(draft.Path, "text", sent+sent[:len(sent)/4]+"жж", "do", "save").Want(http.StatusUnprocessableEntity)
			if len(text(long)) <= len(words) {
				t.Errorf("of a text that is too long %d bytes came back", len(text(long)))
			}
			long.Doc().One(".govuk-error-summary a[href=#text]")
			check := draft.Submit(draft.Path, "text", sent, "do", "check").Follow().Want(http.StatusOK)
			check.Submit(action(t, check, "/draft/")).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		})
	}
	t.Run("far too long", func(t *testing.T) {
		draft := func() string { // 600 KiB on the way
			return strings.Repeat("Ж", 600<<10/len("%D0%96"))
		}()
		open := writing(t, h.birth)
		a := open.Submit(action(t, open, "/write/"), "text", draft, "do", "save").Want(http.StatusUnprocessableEntity)
		if text(a) != draft {
			t.Errorf("of %d bytes %d came back", len(draft), len(text(a)))
		}
	})
	t.Run("the room that the page speaks of", func(t *testing.T) {
		shown := writing(t, h.birth).Doc().One("[data-maxlength]").Attr("data-maxlength")
		n, err := strconv.Atoi(shown)
		if err != nil || n*len("🐌") > max || n < 10000 {
			t.Errorf("the page speaks of %s characters, and %d bytes are taken", shown, max)
		}
	})
	if page.TextBody < 6*max {
		t.Error("a form with nothing but line ends would not fit")
	}
}
