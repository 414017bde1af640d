package file_test

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gatepost/intermediary"
	"gatepost/web/webtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// another is what is another on each run: ids and tokens.
var another = regexp.MustCompile(`\b(ap|sb|dc|cm|vw|pe)[a-z0-9]{20}\b|[A-Za-z0-9_-]{43}`)

// days are dates: some are of the database, which has no clock of the test's.
var days = regexp.MustCompile(`\b\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December)( \d{4})?\b`)

// empty are lines that only a template sees.
var empty = regexp.MustCompile(`\n\s*\n`)

// golden compares the main part of a page with how it was looked at.
func golden(t *testing.T, name string, a webtest.Answer) {
	t.Helper()
	main := strings.TrimSpace(a.Want(http.StatusOK).Doc().One("main").HTML())
	got := empty.ReplaceAllString(days.ReplaceAllString(another.ReplaceAllString(main, "OTHER"), "DAY"), "\n") + "\n"
	file := filepath.Join("testdata", name+".golden")
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

// TestGolden: an applicant's pages are as they were looked at, from their case
// to what they think of the service.
func TestGolden(t *testing.T) {
	h := newHome(t)
	path, file, ctx := "/file/"+string(h.kase.ID), intermediary.FileID(h.kase.ID), t.Context()
	golden(t, "letters", h.Get("/letters"))
	golden(t, "file", h.Get(path))
	golden(t, "tell", h.Get(path+"/tell"))
	golden(t, "told", h.Get(path+"/tell").Submit(path+"/tell", "words", "May I call on Thursday?").Want(http.StatusSeeOther).Follow())
	list, err := h.world.Cases.Messages(ctx, h.world.CaseWorker, h.kase.ID)
	must(t, err)
	must(t, h.world.Cases.Answer(ctx, h.world.CaseWorker, list[0].ID, "Yes, from ten."))
	golden(t, "messages", h.Get(path+"/messages"))
	letter := intermediary.NewLetterID()
	must(t, h.world.Cases.SendLetter(ctx, h.world.CaseWorker, file, letter, "We go on with your case."))
	golden(t, "letter", h.Get(path+"/letter/"+letter))
	golden(t, "say", h.Get(path+"/say?of="+letter))
	pack := h.give(t)
	golden(t, "given", h.Get(path))
	golden(t, "cover", h.Get("/pack/"+pack))
	golden(t, "pack", h.Get("/pack/"+pack).Submit("/pack/"+pack+"/open").Want(http.StatusSeeOther).Follow())
	must(t, h.world.Cases.EndCase(ctx, h.world.CaseWorker, h.kase.ID, intermediary.Ending{State: "closed", Reasons: "all was done", Letter: "We have ended our work."}))
	golden(t, "ended", h.Get(path))
	golden(t, "service", h.Get(path+"/service"))
}
