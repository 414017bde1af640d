package oplog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatepost/internal/oplog"
)

// planted is what no line may hold, with the shapes that it comes in.
var planted = []string{"Rosalind Quillfeather", "rosalind@example.org", "01632 960471", "+44 7700 900123", "203.0.113.77", "2001:db8::17",
	"ZZ9 9ZX", "otter heron marble kettle", "AGE-SECRET-KEY-PQ-1QYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQS", "/exchanges/exabcdefghijklmnopqrst"}

type secret struct{ Name string }

func (s secret) LogValue() slog.Value { return slog.StringValue(s.Name) }

// Whatever is handed to the log by mistake, none of it is written, and that is counted.
func TestPlanted(t *testing.T) {
	for _, text := range planted {
		var out bytes.Buffer
		log := oplog.New(slog.NewJSONHandler(&out, nil))
		l := log.Tier("public")
		l.Info("request", "name", text, "id", text, "route", "GET "+text, "agency", text, "object", text, "kind", text, "message", text,
			"caller", text, "address", text, "in", text, "exchange", text, "side", text, "status", text, "code", text)
		l.Info("request", "names", []string{text}, "kind", secret{text}, "error", fmt.Errorf("parse %q: from %s", text, "x"), slog.Group("form", "text", text), "body", []byte(text))
		l.With("name", text, "object", text).WithGroup(text).Warn("a group", "text", text)
		l.Info("began", "address", text, "error", struct{ Text string }{text})
		if strings.Contains(out.String(), text) {
			t.Errorf("the log says %s", out.String())
		}
		if n := log.Dropped(); n < 20 {
			t.Errorf("%s: %d were counted as left out\n%s", text, n, out.String())
		}
		if !strings.Contains(out.String(), `"dropped":14`) {
			t.Errorf("the line does not say that it lacks something: %s", out.String())
		}
	}
}

// What has a shape is blotted out of the text of an error too, and of the message.
func TestPlanted_InErrors(t *testing.T) {
	for _, text := range planted[1:] {
		if text == "otter heron marble kettle" {
			continue // no shape: only in quotes
		}
		var out bytes.Buffer
		l := oplog.New(slog.NewJSONHandler(&out, nil)).Tier("public")
		l.Error("ALARM: "+text, "error", errors.New("dial "+text+": refused\nby "+text+"."))
		secret := strings.TrimPrefix(text, "/exchanges/")
		if strings.Contains(out.String(), secret) || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("%s: the log says %s", text, out.String())
		}
		if !strings.Contains(out.String(), "refused") {
			t.Errorf("nothing is left of the error: %s", out.String())
		}
	}
}

const (
	exchange = "exabcdefghijklmnopqrst"
	object   = "lt22222222222222222222"
)

// The families' tier does not join letters, the workers' tier may.
func TestTiers(t *testing.T) {
	var out bytes.Buffer
	log := oplog.New(slog.NewJSONHandler(&out, nil))
	for tier, want := range map[string]bool{"public": false, "staff": true} {
		out.Reset()
		log.Tier(tier).Error("ALARM: a case key is not the one vouched for", "agency", "oak", "exchange", exchange, "object", object,
			"error", errors.New("open "+exchange))
		if got := strings.Contains(out.String(), exchange); got != want {
			t.Errorf("%s: %s", tier, out.String())
		}
		if !strings.Contains(out.String(), `"object":"`+object+`"`) || !strings.Contains(out.String(), `"agency":"oak"`) {
			t.Errorf("%s lost what an alarm is about: %s", tier, out.String())
		}
	}
	if log.Alarms() != 2 {
		t.Errorf("%d alarms were counted", log.Alarms())
	}
}

// A line as the pages write it passes whole.
func TestRequestLine(t *testing.T) {
	var out bytes.Buffer
	log := oplog.New(slog.NewJSONHandler(&out, nil))
	log.Tier("public").Info("request", "id", "ABCDEFGHIJ23", "tier", "public", "route", "POST /letters/{draft}/send", "status", 303, "ms", 12.5,
		"kind", "conflict", "message", "fault.taken", "caller", oplog.NewCallers(time.Now).Name(netip.MustParseAddr("192.0.2.1")))
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if len(line) != 11 || log.Dropped() != 0 {
		t.Errorf("%d of 11 fields: %s", len(line), out.String())
	}
}

// One caller is one name for a day in one process, and nowhere else.
func TestCallers(t *testing.T) {
	now := time.Date(2030, 5, 1, 23, 59, 0, 0, time.UTC)
	c := oplog.NewCallers(func() time.Time { return now })
	name := func(s string) string { return c.Name(netip.MustParseAddr(s)) }
	one := name("192.0.2.1")
	if one == name("192.0.2.2") || one != name("::ffff:192.0.2.1") {
		t.Error("addresses are mixed up")
	}
	if name("2001:db8::1") != name("2001:db8::2") || name("2001:db8::1") == name("2001:db8:0:1::1") {
		t.Error("a /64 is not one caller")
	}
	if other := oplog.NewCallers(func() time.Time { return now }); other.Name(netip.MustParseAddr("192.0.2.1")) == one {
		t.Error("two processes give the same name")
	}
	if again := name("192.0.2.1"); again != one {
		t.Error("the name changed within the day")
	}
	now = now.Add(time.Minute)
	if name("192.0.2.1") == one {
		t.Error("the name is the same on the next day")
	}
	if got := c.Name(netip.Addr{}); got != "" {
		t.Errorf("no address is called %q", got)
	}
}

// Every name of an attribute in the program is one that the log lets through:
// otherwise a line would quietly lack it.
func TestKeysOfTheProgram(t *testing.T) {
	found := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && (name == "node_modules" || name == "testdata" || name == "private" || strings.HasSuffix(name, "test")) {
			return filepath.SkipDir // private writes to the person at the keyboard only
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		tree, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, name := range keysIn(tree) {
			found++
			if !oplog.Known(name) {
				t.Errorf("%s logs %q, which the log leaves out; add it to formOf, or say it by a name that is there", path, name)
			}
		}
		return nil
	})
	if err != nil || found < 40 {
		t.Errorf("%d names found, %v", found, err)
	}
}

// keysIn lists the literal names of attributes in calls of a logger.
func keysIn(tree *ast.File) []string {
	first := map[string]int{"Debug": 1, "Info": 1, "Warn": 1, "Error": 1, "With": 0, "DebugContext": 2, "InfoContext": 2, "WarnContext": 2, "ErrorContext": 2, "Log": 3}
	attrs := []string{"String", "Int", "Int64", "Uint64", "Float64", "Bool", "Duration", "Time", "Any"}
	var names []string
	add := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if name, err := strconv.Unquote(lit.Value); err == nil {
				names = append(names, name)
			}
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		on := ""
		switch x := sel.X.(type) {
		case *ast.Ident:
			on = x.Name
		case *ast.SelectorExpr:
			on = x.Sel.Name
		}
		if on == "slog" && slices.Contains(attrs, sel.Sel.Name) && len(call.Args) == 2 {
			add(call.Args[0])
		}
		if at, is := first[sel.Sel.Name]; is && slices.Contains([]string{"log", "Log", "slog", "logger", "Logger"}, on) {
			for i := at; i < len(call.Args); i += 2 {
				add(call.Args[i])
			}
		}
		return true
	})
	return names
}
