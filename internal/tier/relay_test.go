package tier_test

import (
	"testing"

	"gatepost/internal/tier"
	"gatepost/letterbox"
)

// Each fact that the letterbox states reaches the question of the table that it
// answers: changed alone, another row decides.
func TestRelay(t *testing.T) {
	good := letterbox.RelayFacts{Agreement: "active", ContactOrder: "none", MaySend: true, Recipient: "ready", ReadersNeeded: 1, Readers: 1, Warned: true}
	for name, tt := range map[string]struct {
		change func(*letterbox.RelayFacts)
		want   string
	}{
		"as it should be":        {func(*letterbox.RelayFacts) {}, "g14"},
		"two readers of two":     {func(f *letterbox.RelayFacts) { f.ReadersNeeded, f.Readers = 2, 2 }, "g14"},
		"one reader of two":      {func(f *letterbox.RelayFacts) { f.ReadersNeeded = 2 }, "g11"},
		"no reader":              {func(f *letterbox.RelayFacts) { f.Readers = 0 }, "g11"},
		"a helper":               {func(f *letterbox.RelayFacts) { f.Helped = true }, "g11"},
		"a court permits it":     {func(f *letterbox.RelayFacts) { f.ContactOrder = "permits" }, "g14"},
		"permits what rests":     {func(f *letterbox.RelayFacts) { f.ContactOrder, f.Agreement = "permits", "paused" }, "g04a"},
		"a court prohibits it":   {func(f *letterbox.RelayFacts) { f.ContactOrder, f.Agreement = "prohibits", "paused" }, "g01"},
		"paused":                 {func(f *letterbox.RelayFacts) { f.Agreement = "paused" }, "g05"},
		"ended":                  {func(f *letterbox.RelayFacts) { f.Agreement = "ended" }, "g04"},
		"not this way":           {func(f *letterbox.RelayFacts) { f.MaySend = false }, "g03"},
		"of age":                 {func(f *letterbox.RelayFacts) { f.OfAge = true }, "g06"},
		"declined":               {func(f *letterbox.RelayFacts) { f.Recipient = "declined" }, "g12"},
		"deceased":               {func(f *letterbox.RelayFacts) { f.Recipient = "deceased" }, "g07"},
		"no address":             {func(f *letterbox.RelayFacts) { f.Recipient = "addressUnconfirmed" }, "g13"},
		"a surname":              {func(f *letterbox.RelayFacts) { f.Findings = []letterbox.Code{"M01"} }, "g10"},
		"a threat":               {func(f *letterbox.RelayFacts) { f.Findings = []letterbox.Code{"M01", "M10"} }, "g02"},
		"another child":          {func(f *letterbox.RelayFacts) { f.Findings = []letterbox.Code{"M13"} }, "g08a"},
		"grave news":             {func(f *letterbox.RelayFacts) { f.Findings = []letterbox.Code{"M09a"} }, "g08"},
		"news":                   {func(f *letterbox.RelayFacts) { f.Findings = []letterbox.Code{"M09b"} }, "g14"},
		"news without a warning": {func(f *letterbox.RelayFacts) { f.Findings, f.Warned = []letterbox.Code{"M09b"}, false }, "g14a"},
	} {
		facts := good
		tt.change(&facts)
		ruling, err := tier.Relay(facts)
		if err != nil || ruling.Row != tt.want || ruling.Relay != (tt.want == "g14") {
			t.Errorf("%s: %+v, %v, want %s", name, ruling, err, tt.want)
		}
	}
	facts := good
	facts.Findings = []letterbox.Code{"M99"}
	if ruling, err := tier.Relay(facts); err == nil || ruling.Relay {
		t.Errorf("a code that the table does not know: %+v", ruling)
	}
}
