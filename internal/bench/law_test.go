package bench

// In the package: the bench's own facts are not exported.

import (
	"context"
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
	if r.N != 5*batch || r.PerSecond <= 0 || r.FloorPerSecond <= 0 || r.Ratio <= 0 || r.P99 < r.P50 || r.Allocations == nil || *r.Allocations > 0.01 {
		t.Errorf("%+v", r)
	}
}

// One thing is given for real and one as the floor, and both leave what they say.
func TestGive(t *testing.T) {
	ctx := context.Background()
	w, err := newWorld(ctx, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.close(ctx); err != nil {
			t.Error(err)
		}
	}()
	g, err := w.newGifts(ctx, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := g.prepare(ctx); err != nil {
			t.Fatal(err)
		}
		if err := g.give(ctx); err != nil {
			t.Fatal(err)
		}
		if err := g.floor(ctx); err != nil {
			t.Fatal(err)
		}
	}
	var given, rows int
	if err := g.base.pool.QueryRow(ctx, `select (select count(*) from disclosure), (select count(*) from bench_floor)`).Scan(&given, &rows); err != nil {
		t.Fatal(err)
	}
	// The floor commits once: the pack, and the rows beside it.
	if given != 2 || rows != 2*3 || g.opened < 20 {
		t.Errorf("%d given, %d rows of the floor, %d opened for each", given, rows, g.opened)
	}
}
