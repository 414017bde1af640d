package arch_test

import (
	"go/ast"
	"slices"
	"testing"
)

// A clock of an agency counts in its registry's days, which know the holidays
// that were proclaimed for one year. The functions that know none are for tests
// and for the made-up people of the demo.
func TestClocksKnowWhatWasProclaimed(t *testing.T) {
	seen := 0
	for _, s := range sources(t) {
		if s.test || within(s.folder, "internal/calendar", "internal/demo") || helper.MatchString(s.folder) {
			continue
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if of, ok := call.X.(*ast.Ident); ok && of.Name == "calendar" && slices.Contains([]string{"WorkingDay", "AddWorkingDays", "WorkingDaysBetween"}, call.Sel.Name) {
				t.Errorf("%s counts working days without the holidays that were proclaimed; ask the registry's Days", s.path)
			}
			if call.Sel.Name == "Days" {
				seen++
			}
			return true
		})
	}
	if seen < 10 {
		t.Errorf("only %d clocks ask the registry's days", seen)
	}
}
