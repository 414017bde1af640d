package bench

// In the package: the bench's own facts are not exported.

import (
	"testing"

	"gatepost/intermediary/law"
)

// The facts of the bench permit in every table, gathered and as text, and a
// decision of them allocates nothing.
func TestLaw(t *testing.T) {
	cases, err := permitted()
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) != 9 {
		t.Errorf("%d tables", len(cases))
	}
	act := law.Begin()
	defer act.End()
	for i := range cases {
		c := &cases[i]
		if err := c.permit(act, c.facts); err != nil {
			t.Errorf("table %s: %v", c.table.ID(), err)
		}
		if f, err := c.gather(); err != nil || f != c.facts {
			t.Errorf("table %s: gathered otherwise (%v)", c.table.ID(), err)
		}
		if f, err := c.table.ParseFacts(c.text); err != nil {
			t.Errorf("table %s: %v", c.table.ID(), err)
		} else if finding, err := c.table.Decide(f); err != nil || !finding.Permits() {
			t.Errorf("table %s: %s as text (%v)", c.table.ID(), finding.Row(), err)
		}
		if n := testing.AllocsPerRun(100, func() {
			if c.permit(act, c.facts) != nil {
				t.Fatal("refused")
			}
		}); n != 0 {
			t.Errorf("table %s: %v allocations a decision", c.table.ID(), n)
		}
	}
	r, err := inTurn(t.Context(), cases, 5, func(c *permittedCase) error { return c.permit(act, c.facts) }, func(c *permittedCase) error { return c.facts.Complete() })
	if err != nil {
		t.Fatal(err)
	}
	if r.N != 5*batch || r.PerSecond <= 0 || r.FloorPerSecond <= 0 || r.Ratio <= 0 || r.P99 < r.P50 {
		t.Errorf("%+v", r)
	}
}
