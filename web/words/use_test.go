package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gatepost/web/words"
)

var (
	// inTemplate is a key where a template asks for words.
	inTemplate = regexp.MustCompile(`\(?\bt "([^"]*)"`)
	quoted     = regexp.MustCompile(`"([a-z]+\.[A-Za-z0-9.]*)"`)
)

// use is what the sources say about keys.
type use struct {
	key, prefix *regexp.Regexp
	keys        map[string]string // key to the file that has it
	prefixes    []string          // keys that are put together, such as "family.state."
}

// newUse knows a key by its room: the first part of the keys that there are.
func newUse(known []string) use {
	var rooms []string
	for _, key := range known {
		room, _, _ := strings.Cut(key, ".")
		if !slices.Contains(rooms, room) {
			rooms = append(rooms, room)
		}
	}
	room := `^(` + strings.Join(rooms, "|") + `)`
	return use{
		key:    regexp.MustCompile(room + `(\.[A-Za-z0-9]+)+$`),
		prefix: regexp.MustCompile(room + `(\.[A-Za-z0-9]+)*\.$`),
		keys:   map[string]string{},
	}
}

// shaped tells whether s is a key or the beginning of one. The host names of
// the demo look like keys and are none.
func (u *use) shaped(s string) bool {
	return !strings.HasSuffix(s, ".localhost") && (u.key.MatchString(s) || u.prefix.MatchString(s))
}

// TestKeysAreThereAndUsed reads the sources of the whole program: a key that is
// asked for must be in the catalogue, and one that nobody asks for must not.
func TestKeysAreThereAndUsed(t *testing.T) {
	c, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	en := c.In("en")
	found := newUse(en.Keys())
	root := filepath.Join("..", "..")
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{"node_modules", ".git", "testdata", "pagetest", "bin"}, d.Name()) {
			return filepath.SkipDir
		}
		switch {
		case strings.HasSuffix(path, ".html"):
			return found.template(path)
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			return found.source(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for key, path := range found.keys {
		if !en.Has(key) {
			t.Errorf("%s asks for %q, which is in no catalogue", path, key)
		}
	}
	for _, key := range en.Keys() {
		_, used := found.keys[key]
		if !used && !slices.ContainsFunc(found.prefixes, func(p string) bool { return strings.HasPrefix(key, p) }) {
			t.Errorf("%q is in the catalogue, but nobody asks for it", key)
		}
	}
	t.Logf("%d keys are asked for, %d are in the catalogue", len(found.keys), len(en.Keys()))
	for _, lang := range c.Langs() {
		for _, key := range c.In(lang).Keys() {
			if !en.Has(key) {
				t.Errorf("%s has %q, which English lacks", lang, key)
			}
		}
	}
}

// template collects the keys of one template: those that t asks for, and those
// that are handed to it through something else.
func (u *use) template(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, m := range inTemplate.FindAllStringSubmatch(string(text), -1) {
		u.add(m[1], path)
	}
	for _, m := range quoted.FindAllStringSubmatch(string(text), -1) {
		if u.shaped(m[1]) {
			u.add(m[1], path)
		}
	}
	return nil
}

// source collects the keys of one Go file: every string in it that has the
// shape of a key. Comments and struct tags do not count.
func (u *use) source(path string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil // a file that does not parse is the compiler's to tell
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if _, ok := n.(*ast.ImportSpec); ok {
			return false
		}
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil && u.shaped(s) {
				u.add(s, path)
			}
		}
		return true
	})
	return nil
}

// add notes a key, or the beginning of keys that are put together.
func (u *use) add(key, path string) {
	if strings.HasSuffix(key, ".") {
		u.prefixes = append(u.prefixes, key)
		return
	}
	u.keys[key] = path
}
