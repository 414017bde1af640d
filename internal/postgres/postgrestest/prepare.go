package postgrestest

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Prepare reads the Go files of the package in folder and has the database
// prepare every statement that they hold: each constant whose name begins with
// sql and that begins with a verb of SQL. A column that a migration dropped, or
// a typing mistake, is found without a test that runs the statement. It needs
// at least one statement, so that a moved folder is noticed.
func Prepare(t testing.TB, conn *pgx.Conn, folder string) {
	t.Helper()
	statements := constants(t, folder)
	if len(statements) == 0 {
		t.Fatalf("no statement found in %s", folder)
	}
	for name, sql := range statements {
		if !verb.MatchString(sql) {
			continue // a list of columns: part of another statement
		}
		if _, err := conn.Prepare(context.Background(), "", numbered(sql)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

var (
	verb  = regexp.MustCompile(`^\s*(select|insert|update|delete|with)\b`)
	named = regexp.MustCompile(`@[a-zA-Z]+`)
)

// numbered turns @name into $1, $2, … as pgx does.
func numbered(sql string) string {
	seen := map[string]string{}
	return named.ReplaceAllStringFunc(sql, func(name string) string {
		if _, ok := seen[name]; !ok {
			seen[name] = "$" + strconv.Itoa(len(seen)+1)
		}
		return seen[name]
	})
}

// constants gives the values of the package's string constants named sql….
func constants(t testing.TB, folder string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	exprs := map[string]ast.Expr{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Names) == len(spec.Values) {
				for i, name := range spec.Names {
					exprs[name.Name] = spec.Values[i]
				}
			}
			return true
		})
	}
	values := map[string]string{}
	for name, expr := range exprs {
		if value, err := text(expr, exprs); err == nil && strings.HasPrefix(name, "sql") {
			values[name] = value
		}
	}
	return values
}

// text evaluates an expression of string literals, constants of the package and +.
func text(expr ast.Expr, known map[string]ast.Expr) (string, error) {
	switch e := expr.(type) {
	case *ast.BasicLit:
		return strconv.Unquote(e.Value)
	case *ast.Ident:
		if value, ok := known[e.Name]; ok {
			return text(value, known)
		}
	case *ast.BinaryExpr:
		left, err := text(e.X, known)
		if err != nil {
			return "", err
		}
		right, err := text(e.Y, known)
		return left + right, err
	}
	return "", fmt.Errorf("not a string constant")
}
