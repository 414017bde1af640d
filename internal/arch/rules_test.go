package arch_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// source is one Go file of the module.
type source struct {
	path    string // from the module's root, with /
	folder  string
	test    bool
	imports []string
	text    string
	tree    *ast.File
}

const root = "../.."

// sources reads every Go file of the module but this folder's own.
func sources(t *testing.T) []source {
	t.Helper()
	var list []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "node_modules" || name == "testdata" || strings.HasPrefix(name, ".") && name != ".." {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		s, err := read(path)
		if err != nil {
			return err
		}
		list = append(list, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 50 {
		t.Fatalf("read %d files only: wrong folder", len(list))
	}
	return list
}

func read(path string) (source, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return source{}, err
	}
	tree, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
	if err != nil {
		return source{}, err
	}
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return source{}, err
	}
	s := source{path: filepath.ToSlash(rel), test: strings.HasSuffix(path, "_test.go"), text: string(text), tree: tree}
	s.folder = filepath.ToSlash(filepath.Dir(rel))
	for _, spec := range tree.Imports {
		s.imports = append(s.imports, strings.Trim(spec.Path.Value, "`\""))
	}
	return s, nil
}

// within tells whether a folder is one of those named or below it.
func within(folder string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(r string) bool { return folder == r || strings.HasPrefix(folder, r+"/") })
}

// testing helpers: packages that only tests may import.
var helper = regexp.MustCompile(`(^|/)[a-z]+test$`)

// rule says what the code of some folders may import of this module, and what it may not import at all.
type rule struct {
	of    []string // folders that the rule is about
	may   []string // folders of this module that it may import; nil: any
	never []string // import paths (with what is below) that it may not
}

var rules = []rule{
	{of: []string{"letterbox"},
		may:   []string{"letterbox", "internal/agency", "internal/audit", "internal/authz", "internal/calendar", "internal/darkroom", "internal/fault", "internal/forename", "internal/jobs", "internal/logbook", "internal/picture", "internal/postgres", "internal/notice", "internal/objectstore", "internal/parts", "internal/prose", "internal/studio", "crypto"},
		never: []string{"net/http", "html/template", "gatepost/intermediary", "gatepost/web", "gatepost/internal/account"}},
	// What reads a stranger's picture has nothing to reach: no file, no network, no clock.
	{of: []string{"letterbox/photo"}, may: []string{"letterbox/photo", "internal/fault"},
		never: []string{"os", "net", "io/fs", "log", "time", "context", "syscall", "unsafe", "database/sql", "golang.org/x/sys", "crypto"}},
	// What reads a stranger's recording has nothing to reach either.
	{of: []string{"letterbox/voice"}, may: []string{"letterbox/voice", "internal/fault"},
		never: []string{"net", "io/fs", "log", "time", "context", "syscall", "unsafe", "database/sql", "golang.org/x/sys", "crypto"}},
	{of: []string{"internal/studio"}, may: []string{"internal/enclosure", "internal/fault", "internal/studio", "letterbox/voice"},
		never: []string{"net", "log", "database/sql", "github.com", "filippo.io"}},
	// What it starts sees a stranger's picture and nothing else.
	{of: []string{"internal/darkroom"}, may: []string{"internal/enclosure", "internal/fault", "letterbox/photo"},
		never: []string{"net", "log", "database/sql", "github.com", "filippo.io"}},
	{of: []string{"intermediary"},
		may:   []string{"intermediary", "internal/agency", "internal/audit", "internal/authz", "internal/calendar", "internal/fault", "internal/forename", "internal/jobs", "internal/logbook", "internal/picture", "internal/postgres", "internal/notice", "internal/parts", "internal/prose", "crypto"},
		never: []string{"net/http", "html/template", "gatepost/letterbox", "gatepost/web", "gatepost/internal/account"}},
	{of: []string{"web"},
		may:   []string{"web", "letterbox", "intermediary", "internal/account", "internal/agency", "internal/authz", "internal/calendar", "internal/fault", "internal/notice", "internal/nudge", "internal/report", "crypto/session"},
		never: []string{"github.com/jackc/pgx", "filippo.io/age", "gatepost/crypto/seal", "gatepost/crypto/ring", "database/sql"}},
	{of: []string{"web/page", "web/words", "web/assets", "web/family", "web/desk", "web/casework", "web/file"}, never: []string{"gatepost/crypto"}},
	{of: []string{"crypto"}, may: []string{"crypto"},
		never: []string{"github.com/jackc/pgx", "net/http", "database/sql", "filippo.io/age/plugin", "filippo.io/age/agessh", "filippo.io/age/tag"}},
	{of: []string{"crypto/seal"}, may: []string{"crypto/seal", "crypto/internal"}},
	{of: []string{"crypto/statement"}, may: []string{"crypto/statement", "crypto/internal"}},
	{of: []string{"crypto/ring"}, may: []string{"crypto/ring", "crypto/seal", "crypto/statement", "crypto/internal"}},
	{of: []string{"internal/fault"}, may: []string{}},
	{of: []string{"internal/calendar"}, may: []string{}},
	{of: []string{"internal/prose"}, may: []string{"internal/fault"}},
	{of: []string{"internal/picture"}, may: []string{}, never: []string{"image", "net", "os"}},
	{of: []string{"internal/authz"}, may: []string{"internal/fault", "crypto"}},
	{of: []string{"internal/postgres"}, may: []string{"internal/postgres", "internal/fault", "migrations"}},
	{of: []string{"internal/audit"}, may: []string{"internal/authz", "internal/logbook", "internal/postgres", "internal/fault", "crypto"}},
	// What an inspector runs: no database, no server, no key that opens anything.
	{of: []string{"internal/logbook"}, may: []string{"crypto/cosign", "crypto/statement"}, never: []string{"github.com/jackc/pgx", "filippo.io/age", "net", "os/exec"}},
	{of: []string{"cmd/gatepost-verify"}, may: []string{"internal/logbook"}},
	{of: []string{"internal/agency"}, may: []string{"internal/authz", "internal/calendar", "internal/postgres", "internal/fault", "internal/audit", "crypto"}},
	{of: []string{"internal/checkpoint"},
		may:   []string{"internal/agency", "internal/audit", "internal/fault", "internal/highwater", "internal/logbook", "internal/nudge", "internal/postgres", "crypto"},
		never: []string{"net/http", "filippo.io/age"}},
	{of: []string{"crypto/cosign"}, may: []string{}, never: []string{"filippo.io/age"}},
	{of: []string{"internal/witness"}, may: []string{"crypto/cosign", "internal/highwater", "internal/logbook"},
		never: []string{"github.com/jackc/pgx", "filippo.io/age", "net", "os/exec"}},
	{of: []string{"internal/highwater"}, may: []string{}, never: []string{"net", "net/http"}},
	{of: []string{"internal/account"}, never: []string{"gatepost/letterbox", "gatepost/web", "net/http"}},
	// The law is pure: no clock, no chance, no machine, and nothing of the module that could bring them.
	{of: []string{"intermediary/law"}, may: []string{"internal/calendar"},
		never: []string{"github.com", "golang.org", "filippo.io", "net", "os", "io/fs", "log", "database/sql", "crypto/rand", "context", "unsafe"}},
	// So is the matcher of the register, which holds names: it has nowhere to put them.
	{of: []string{"intermediary/register"}, may: []string{"internal/forename"},
		never: []string{"github.com", "filippo.io", "net", "os", "io/fs", "log", "database/sql", "crypto/rand", "time", "unsafe"}},
	// So is the screen of letters: it reads them, and has nowhere to put them.
	{of: []string{"letterbox/screening"}, may: []string{"internal/forename", "letterbox/screening"},
		never: []string{"github.com", "filippo.io", "net", "os", "io/fs", "log", "database/sql", "crypto/rand", "time", "context", "unsafe"}},
	{of: []string{"internal/forename"}, may: []string{}, never: []string{"net", "os", "io/fs", "log", "time", "unsafe"}},
	{of: []string{"internal/ceremony"}, may: []string{"crypto"},
		never: []string{"github.com/jackc/pgx", "net/http"}},
	{of: []string{"internal/backup"}, may: []string{"internal/backup", "internal/logbook", "internal/parts", "internal/postgres", "crypto/seal", "migrations"}, never: []string{"net/http"}},
	{of: []string{"internal/doctor"}, may: []string{"internal/agency", "internal/authz", "internal/backup", "internal/checkpoint", "internal/config", "internal/jobs",
		"internal/keyfile", "internal/notice", "internal/parts", "internal/postgres", "internal/server", "internal/studio", "migrations"}, never: []string{"net/http"}},
	// It tries a demo from outside, as a stranger would: what it knows of the program are its routes and its people.
	{of: []string{"internal/scan"}, may: []string{"internal/agency", "internal/authz", "internal/config", "internal/demo", "internal/postgres/private", "web"},
		never: []string{"filippo.io/age", "golang.org/x/mod"}},
	// What it takes is sealed, and it has nothing that opens it.
	{of: []string{"internal/parts"}, may: []string{"internal/parts"}, never: []string{"filippo.io"}},
	{of: []string{"internal/oplog"}, may: []string{}, never: []string{"net/http"}},
	{of: []string{"internal/ops"}, may: []string{"internal/agency"}, never: []string{"github.com/jackc/pgx"}},
	{of: []string{"migrations"}, may: []string{}},
}

func TestImports(t *testing.T) {
	held := map[int]int{}
	for _, s := range sources(t) {
		if s.test || helper.MatchString(s.folder) {
			continue
		}
		for i, r := range rules {
			if !within(s.folder, r.of...) {
				continue
			}
			held[i]++
			for _, path := range s.imports {
				ours, isOurs := strings.CutPrefix(path, "gatepost/")
				if isOurs && r.may != nil && !within(ours, r.may...) {
					t.Errorf("%s imports %s: not in the rule of %v", s.path, path, r.of)
				}
				if within(path, r.never...) {
					t.Errorf("%s imports %s: never in %v", s.path, path, r.of)
				}
			}
		}
	}
	for i, r := range rules {
		if held[i] == 0 {
			t.Errorf("the rule of %v is about no file", r.of)
		}
	}
}

// Test helpers stay out of the program.
func TestImports_TestHelpers(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || helper.MatchString(s.folder) {
			continue
		}
		for _, path := range s.imports {
			if path == "testing" || helper.MatchString(path) && strings.HasPrefix(path, "gatepost/") {
				t.Errorf("%s imports %s: only tests may", s.path, path)
			}
		}
	}
}

// words that may stand only in some folders, with the reason.
var places = []struct {
	word    *regexp.Regexp
	allowed []string
	why     string
}{
	{regexp.MustCompile(`authz\.NewActor\(`), []string{"internal/account"}, "an Actor is made from a session only"},
	{regexp.MustCompile(`age\.Encrypt\(`), []string{"crypto"}, "sealing has one place"},
	{regexp.MustCompile(`age\.Decrypt\(`), []string{"crypto"}, "opening has one place"},
	{regexp.MustCompile(`GenerateX25519Identity|agessh|age/plugin`), nil, "post-quantum hybrid keys only"},
	{regexp.MustCompile(`return [a-zA-Z]+\.Bytes\(\), [a-zA-Z]+\.Close\(\)`), nil, "Bytes is taken before Close has written the end"},
	{regexp.MustCompile(`pgx\.NamedArgs\{`), nil, "a forgotten argument must be an error: StrictNamedArgs"},
	{regexp.MustCompile(`"math/rand`), nil, "randomness comes from crypto/rand"},
	{regexp.MustCompile(`"text/template"`), nil, "pages are escaped by html/template"},
	{regexp.MustCompile(`(?i)\bselect \*`), nil, "columns are listed"},
	{regexp.MustCompile(`\.Keys\(\)`), []string{"letterbox", "internal", "intermediary"}, "pages see no key"},
	{regexp.MustCompile(`filippo\.io/age"`), []string{"crypto", "letterbox", "intermediary", "internal", "cmd"}, "pages see no key"},
	{regexp.MustCompile(`\.WithLimits\(`), []string{"internal/bench"}, "the limits of real letters are fixed"},
	{regexp.MustCompile(`prometheus/`), []string{"internal/ops"}, "figures go through one place, which leaves small counts out"},
	{regexp.MustCompile(`\bphoto\.(Clean|Crop|Blur)\(`), []string{"internal/darkroom"}, "a decoder runs in a child that is shut in"},
	{regexp.MustCompile(`\bimage\.Decode(Config)?\(`), nil, "it takes every kind that is linked in; a picture is decoded in the darkroom"},
	{regexp.MustCompile(`net/http/pprof|expvar`), nil, "a profile holds letters"},
}

func TestPlaces(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || helper.MatchString(s.folder) {
			continue
		}
		code := withoutComments(s)
		for _, p := range places {
			if p.word.MatchString(code) && !within(s.folder, p.allowed...) {
				t.Errorf("%s has %s: %s", s.path, p.word, p.why)
			}
		}
	}
}

// lawPath is the package that gives the law's leave. Who imports it can ask it.
const lawPath = "gatepost/intermediary/law"

// The law is asked by the service and what measures or prints it; an act of it
// is begun where its transaction is.
func TestLaw_Places(t *testing.T) {
	began := 0
	for _, s := range sources(t) {
		if s.test || helper.MatchString(s.folder) {
			continue
		}
		for _, path := range s.imports {
			if within(path, lawPath) && !within(s.folder, "intermediary", "internal/bench", "cmd/gatepost") {
				t.Errorf("%s imports %s: what it has to say comes through the service", s.path, path)
			}
		}
		if n := named(s.tree, lawPath, "Begin"); n > 0 {
			began += n
			if !within(s.folder, "intermediary", "internal/bench") {
				t.Errorf("%s begins an act of the law: a permit is made where its transaction is", s.path)
			}
		}
	}
	if began < 2 {
		t.Errorf("%d acts begun: the rule is about nothing", began)
	}
}

// named counts how often a file names something of another package, whatever
// it calls the package. A dot import counts as naming it: what it uses cannot
// be told.
func named(file *ast.File, path, name string) (n int) {
	called := map[string]bool{}
	for _, spec := range file.Imports {
		switch {
		case strings.Trim(spec.Path.Value, "`\"") != path:
		case spec.Name == nil:
			called[path[strings.LastIndex(path, "/")+1:]] = true
		case spec.Name.Name == ".":
			n++
		default:
			called[spec.Name.Name] = true
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		if sel, ok := node.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
			if pkg, ok := ast.Unparen(sel.X).(*ast.Ident); ok && called[pkg.Name] {
				n++
			}
		}
		return true
	})
	return n
}

// The rule sees through another name, a line break and a comment, and is not
// misled by a text.
func TestLaw_Named(t *testing.T) {
	for text, want := range map[string]int{
		`import "gatepost/intermediary/law"; var a = law.Begin()`:                        1,
		`import l "gatepost/intermediary/law"; var a = l.Begin()`:                        1,
		"import l `gatepost/intermediary/law`; var a = l /* so */ .\n\tBegin()":          1,
		`import law "gatepost/intermediary/law"; var begin = law.Begin`:                  1,
		`import "gatepost/intermediary/law"; var a = (law).Begin()`:                      1,
		`import . "gatepost/intermediary/law"; var a = Begin()`:                          1,
		`import "gatepost/intermediary/law"; var a = law.Lookup`:                         0,
		`import "gatepost/other/law"; var a = law.Begin()`:                               0,
		`import "gatepost/intermediary/law"; var a = "law.Begin()"; var b = law.Proceed`: 0,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "a.go", "package a\n"+text, 0)
		if err != nil {
			t.Fatal(err)
		}
		if n := named(file, lawPath, "Begin"); n != want {
			t.Errorf("%s: seen %d times, want %d", text, n, want)
		}
	}
}

// withoutComments blanks the comments, so that a package may say what it does not do.
func withoutComments(s source) string {
	b := []byte(s.text)
	for _, group := range s.tree.Comments {
		for i := int(group.Pos()) - int(s.tree.FileStart); i < int(group.End())-int(s.tree.FileStart) && i < len(b); i++ {
			b[i] = ' '
		}
	}
	return string(b)
}

// withoutActor are the methods that nobody asks as somebody: those that make the
// service, those of a first enquiry, which a code opens and no account, and the clock's.
var withoutActor = []string{"WithLimits", "WithCodes", "WithRelay", "WithDarkroom", "WithReasons", "WithStudio", "WithParts", "WithStrangers", "WithExchanges", "BeginIntake", "ResumeIntake", "LoadIntake", "SaveIntake", "SendIntake", "RemindOverdue", "ShedScans", "DeleteParts", "FindParts", "SweepParts"}

// Every exported method of a Service takes the actor right after the context,
// but for those of the door, where nobody is known yet.
func TestServices_ActorFirst(t *testing.T) {
	checked := 0
	for _, s := range sources(t) {
		if s.test || !within(s.folder, "letterbox", "intermediary") {
			continue
		}
		for _, decl := range s.tree.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv == nil || !f.Name.IsExported() || receiver(f) != "Service" || slices.Contains(withoutActor, f.Name.Name) {
				continue
			}
			checked++
			var types []string
			for _, p := range f.Type.Params.List {
				types = append(types, fmt.Sprint(typeName(p.Type)))
			}
			if len(types) < 2 || types[0] != "context.Context" || types[1] != "authz.Actor" {
				t.Errorf("%s: %s takes %v: the actor comes right after the context", s.path, f.Name.Name, types)
			}
		}
	}
	if checked < 10 {
		t.Errorf("%d methods checked: the rule is about nothing", checked)
	}
}

func receiver(f *ast.FuncDecl) string {
	name := typeName(f.Recv.List[0].Type)
	return strings.TrimPrefix(name, "*")
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return "*" + typeName(e.X)
	case *ast.SelectorExpr:
		return typeName(e.X) + "." + e.Sel.Name
	}
	return "?"
}

// Domain code takes its time from a field.
func TestNoClock(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || helper.MatchString(s.folder) || !within(s.folder, "letterbox", "intermediary", "internal/account", "internal/agency", "internal/audit", "crypto") {
			continue
		}
		if strings.Contains(withoutComments(s), "time.Now()") {
			t.Errorf("%s reads the clock by itself", s.path)
		}
	}
}

// Every package tells its story, and no package is a drawer.
func TestPackages(t *testing.T) {
	docs, seen := map[string]string{}, map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		seen[s.folder] = true
		if s.tree.Doc != nil {
			docs[s.folder] += s.tree.Doc.Text()
		}
		if slices.Contains([]string{"util", "utils", "common", "helpers", "models", "types", "core", "manager", "misc"}, s.tree.Name.Name) {
			t.Errorf("%s: package %s says nothing", s.path, s.tree.Name.Name)
		}
		for _, decl := range s.tree.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function", s.path)
			}
		}
	}
	for folder := range seen {
		if len(docs[folder]) < 80 {
			t.Errorf("package %s has no story", folder)
		}
	}
}

// Each test that SECURITY.md leans on is there.
func TestSecurityNamesItsTests(t *testing.T) {
	page, err := os.ReadFile(root + "/SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, s := range sources(t) {
		for _, decl := range s.tree.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && s.test {
				there[f.Name.Name] = true
			}
		}
	}
	names := regexp.MustCompile("`(Test[A-Za-z0-9_]+)`").FindAllStringSubmatch(string(page), -1)
	if len(names) < 10 {
		t.Errorf("SECURITY.md names %d tests", len(names))
	}
	for _, name := range names {
		if !there[name[1]] {
			t.Errorf("SECURITY.md leans on %s, which is not there", name[1])
		}
	}
}
