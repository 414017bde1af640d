package intermediary_test

import (
	"context"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/fault"
)

func need(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if got := fault.KindOf(err); got != kind {
		t.Errorf("%s: %v, want %q", what, err, kind)
	}
}

// The database's list of what a fact may say and Go's are one.
func TestFactValues(t *testing.T) {
	w := intermediarytest.New(t)
	rows, err := w.Database.Admin().Query(context.Background(), `select about, name, value, two from fact_value`)
	need(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[intermediary.FactValue])
	need(t, err)
	ours := intermediary.FactValues()
	if len(list) != len(ours) || len(ours) < 80 {
		t.Errorf("%d values in the database, %d in Go", len(list), len(ours))
	}
	for _, v := range ours {
		if !slices.Contains(list, v) {
			t.Errorf("%+v is not the database's", v)
		}
	}
}

func TestOpenCase(t *testing.T) {
	w := intermediarytest.New(t)
	n := intermediarytest.NewCase("AP>REL")
	c := w.OpenCase(t, n)
	again, err := w.Cases.OpenCase(t.Context(), w.CaseWorker, n)
	if err != nil || again != c.ID {
		t.Errorf("the same click again: %v, %v", again, err)
	}
	w.Prepare(t, c, "AP>REL")
}
