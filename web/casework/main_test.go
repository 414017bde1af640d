package casework_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"gatepost/internal/postgres/postgrestest"
	"gatepost/web/webtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { postgrestest.Main(m) }

// another is what is another on each run: ids, tokens, references.
var another = regexp.MustCompile(`\b(ad|ap|cp|sb|it|dc|st|sp|sg|en|cm|in|pe|wk|ex|vw)[a-z0-9]{20}\b|[A-Za-z0-9_-]{43}|\bIS-[0-9A-Z]{5}\b`)

// days are dates: some are of the database, which has no clock of the test's.
var days = regexp.MustCompile(`\b\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December)( \d{4})?\b`)

// empty are lines that only a template sees.
var empty = regexp.MustCompile(`\n\s*\n`)

// golden compares a page, or a part of it, with how it was looked at.
func golden(t *testing.T, name, part string, a webtest.Answer) {
	t.Helper()
	got := empty.ReplaceAllString(days.ReplaceAllString(another.ReplaceAllString(part, "OTHER"), "DAY"), "\n") + "\n"
	file := filepath.Join("testdata", name)
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if got != string(want) {
		t.Errorf("%s: %s is different; look at it and run with -update:\n%s", a.Path, file, got)
	}
}
