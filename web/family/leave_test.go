package family_test

import (
	"strings"
	"testing"
)

// TestLeaveIsToldAsItIs: the pages that tell about the button to leave in a
// hurry name it as it is named on the pages, also on those for writing.
func TestLeaveIsToldAsItIs(t *testing.T) {
	h := newHome(t)
	names := []string{
		h.birth.Get("/letters").Doc().One("a.govuk-exit-this-page__button").Text(),
		writing(t, h.birth).Doc().One("button[name=leave]").Text(),
	}
	for _, path := range []string{"/leaving", "/safety"} {
		told := h.birth.Get(path).Doc().One("main").Text()
		for _, name := range names {
			if !strings.Contains(told, name) {
				t.Errorf("%s does not say %q: %s", path, name, told)
			}
		}
	}
}
