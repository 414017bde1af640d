package account_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
)

// Every statement fits the schema, also those that no test happens to run.
func TestStatementsPrepare(t *testing.T) {
	conn := postgrestest.New(t).Admin()
	file, err := parser.ParseFile(token.NewFileSet(), "store.go", nil, 0)
	must(t, err)
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "sql") {
			return true
		}
		sql, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		must(t, err)
		found++
		if _, err := conn.Prepare(t.Context(), spec.Names[0].Name, sql); err != nil {
			t.Errorf("%s: %v", spec.Names[0].Name, err)
		}
		return true
	})
	if found < 50 {
		t.Errorf("%d statements found", found)
	}
}

// All that the door writes into the log is signed by whom it must be.
func TestLogVerifies(t *testing.T) {
	w := accounttest.NewWorld(t)
	_, birth, _ := w.OpenExchange(t)
	w.NewPerson(t, birth)
	var bodies [][]byte
	must(t, w.StaffDB.Read(t.Context(), postgres.Scope{Agency: w.Home.ID}, func(b *pgx.Batch) {
		b.Queue("select body from audit_body order by idx").Query(func(rows pgx.Rows) (err error) {
			bodies, err = pgx.CollectRows(rows, pgx.RowTo[[]byte])
			return err
		})
	}))
	events := map[string]int{}
	for i, body := range bodies {
		st, err := w.Home.Verify(t.Context(), w.StaffDB, body)
		if err != nil {
			t.Errorf("entry %d: %v", i, err)
			continue
		}
		events[string(st.Event)]++
	}
	// Three accounts; the opening's 7 keys, the exchange's 3 and theirs; the
	// opening's 14 grants, the worker's 4, the exchange's 4 and the side's.
	for event, n := range map[string]int{"keyrequest": 3, "key": 7 + 3 + 3, "grant": 14 + 4 + 4 + 1, "role": 2} {
		if events[event] != n {
			t.Errorf("%d statements of %s, want %d", events[event], event, n)
		}
	}
}
