package arch_test

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
)

// Whatever is named a parser reads what others wrote, so it has a fuzz target that
// calls it, in its own folder.
func TestParsers_Fuzzed(t *testing.T) {
	fuzzed := map[string]string{} // by folder: the bodies of its fuzz targets
	type parser struct{ folder, name string }
	var parsers []parser
	for _, s := range sources(t) {
		for _, decl := range s.tree.Decls {
			f, ok := decl.(*ast.FuncDecl)
			switch {
			case !ok:
			case s.test && strings.HasPrefix(f.Name.Name, "Fuzz"):
				fuzzed[s.folder] += s.text[f.Pos()-s.tree.FileStart : f.End()-s.tree.FileStart]
			case !s.test && !helper.MatchString(s.folder) && strings.HasPrefix(f.Name.Name, "Parse"):
				parsers = append(parsers, parser{s.folder, f.Name.Name})
			}
		}
	}
	if len(parsers) < 10 {
		t.Fatalf("found %d parsers only", len(parsers))
	}
	for _, p := range parsers {
		// A longer name is its inner half, handed out to the tests.
		if called := regexp.MustCompile(`\b` + p.name + `[A-Za-z]*\(`); !called.MatchString(fuzzed[p.folder]) {
			t.Errorf("%s of %s has no fuzz target", p.name, p.folder)
		}
	}
}
