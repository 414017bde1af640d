package account_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
)

// Every statement of the package fits the schema, also those that no test
// happens to run, wherever they are written.
func TestStatementsPrepare(t *testing.T) {
	conn := postgrestest.New(t).Admin()
	names, err := filepath.Glob("*.go")
	must(t, err)
	consts := map[string]ast.Expr{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
				consts[spec.Names[0].Name] = spec.Values[0]
			}
			return true
		})
	}
	// A statement may be put together from parts that several share.
	var text func(ast.Expr) string
	text = func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.BasicLit:
			sql, err := strconv.Unquote(e.Value)
			must(t, err)
			return sql
		case *ast.BinaryExpr:
			return text(e.X) + text(e.Y)
		case *ast.Ident:
			return text(consts[e.Name])
		}
		t.Fatalf("a statement made of %T", e)
		return ""
	}
	found := 0
	for name, value := range consts {
		if !strings.HasPrefix(name, "sql") {
			continue
		}
		found++
		if _, err := conn.Prepare(t.Context(), name, text(value)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
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
