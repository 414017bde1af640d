package letterbox

import "testing"

// The one rule: what recipients and worker read goes on as it is; into which
// language anything else is translated.
func TestNeedsTranslation(t *testing.T) {
	for _, tt := range []struct {
		letter, side string
		welsh        bool
		needed       bool
		into         string
	}{
		{"en", "en", false, false, "en"}, {"en", "en", true, false, "en"},
		{"en", "both", false, false, "en"}, {"en", "both", true, false, "en"},
		{"en", "cy", false, true, "cy"}, {"en", "cy", true, true, "cy"},
		{"en", "other", false, true, "other"}, {"en", "other", true, true, "other"},
		{"cy", "en", false, true, "en"}, {"cy", "en", true, true, "en"},
		{"cy", "both", false, true, "en"}, {"cy", "both", true, false, "en"},
		{"cy", "cy", false, true, "en"}, {"cy", "cy", true, false, "en"},
		{"cy", "other", false, true, "other"}, {"cy", "other", true, true, "other"},
		{"other", "en", false, true, "en"}, {"other", "en", true, true, "en"},
		{"other", "both", false, true, "en"}, {"other", "both", true, true, "en"},
		{"other", "cy", false, true, "cy"}, {"other", "cy", true, true, "cy"},
		// Two other languages are not the same one.
		{"other", "other", false, true, "other"}, {"other", "other", true, true, "other"},
	} {
		if got, into := needsTranslation(tt.letter, tt.side, tt.welsh), translatedInto(tt.letter, tt.side); got != tt.needed || into != tt.into {
			t.Errorf("a letter in %s for who reads %s, the worker reads Welsh %v: needed %v, into %s; want %v, %s", tt.letter, tt.side, tt.welsh, got, into, tt.needed, tt.into)
		}
	}
}
