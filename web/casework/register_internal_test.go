package casework

import (
	"strings"
	"testing"

	matcher "gatepost/intermediary/register"
)

// Every level that the matcher knows has a word of its own kind: what differs says
// so, and nothing else does.
func TestLevels(t *testing.T) {
	against := []string{"other", "neither", "not as remembered"}
	for _, l := range matcher.Shipped().Levels() {
		differs := strings.Contains(l.Name, "differs")
		for _, name := range against {
			differs = differs || l.Name == name
		}
		if got := levelKey(l.Name); (got == "differs") != differs {
			t.Errorf("%s, %q: %s", l.Field, l.Name, got)
		}
	}
}

// A bar is drawn to the right for one child and to the left against, and never
// beyond its picture.
func TestBar(t *testing.T) {
	for bits, want := range map[float64]string{0: `x="60" y="2" width="0"`, 10: `x="60" y="2" width="30"`, -10: `x="30" y="2" width="30"`, 900: `x="60" y="2" width="60"`, -900: `x="0" y="2" width="60"`} {
		if got := string(bar(bits)); !strings.Contains(got, want) {
			t.Errorf("%v bits: %s", bits, got)
		}
	}
}
