package forename_test

import (
	"strings"
	"testing"

	"gatepost/internal/forename"
)

// The table has the form that its readers expect.
func TestText(t *testing.T) {
	n := 0
	for line := range strings.Lines(forename.Text()) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		n++
		forms := strings.Fields(line)
		if len(forms) == 0 {
			t.Fatalf("an empty line after %d names", n)
		}
		for _, form := range forms {
			if strings.Trim(form, "abcdefghijklmnopqrstuvwxyz") != "" {
				t.Errorf("%q is not cleaned", form)
			}
		}
	}
	if n < 500 {
		t.Errorf("%d names only", n)
	}
}
