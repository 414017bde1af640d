package screening_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatepost/letterbox/screening"
)

// The letters of the demo are in English, and the one in Welsh is noticed; so is
// other writing. A short text is never.
func TestMayBeForeign(t *testing.T) {
	files, err := filepath.Glob("../../internal/demo/letters/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d letters, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := screening.MayBeForeign(string(text)), strings.Contains(file, "welsh"); got != want {
			t.Errorf("%s may be in another language: %v", filepath.Base(file), got)
		}
	}
	for text, want := range map[string]bool{
		strings.Repeat("kocham cię bardzo i myślę o tobie codziennie. ", 8):    true,
		strings.Repeat("люблю тебя и думаю о тебе каждый день. ", 8):           true,
		strings.Repeat("i think of you each day, and i hope you do well. ", 8): false,
		"kocham cię bardzo i myślę o tobie codziennie":                         false,
		strings.Repeat("Wren Cefin Bryn Aber ", 30):                            false, // names
		"": false,
	} {
		if got := screening.MayBeForeign(text); got != want {
			t.Errorf("%.40q may be in another language: %v", text, got)
		}
	}
}
