package law_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gatepost/intermediary/law"
)

// docs/law.md is the law that decides.
func TestDocument(t *testing.T) {
	page, err := os.ReadFile("../../docs/law.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != law.Document() {
		t.Error("docs/law.md is not what the rules say: gatepost law print > docs/law.md, and read what changed")
	}
	for _, table := range law.Tables() {
		for _, row := range table.Rows() {
			if !strings.Contains(string(page), "| "+string(row.ID)+" | `"+row.When+"` |") {
				t.Errorf("row %s is not on the page", row.ID)
			}
		}
	}
}

// Every row says whence it comes, in words that the index knows, and tells the
// worker in short sentences what stands in the way.
func TestRows(t *testing.T) {
	marks := regexp.MustCompile(`\[[SK]|\[D\]|\[P\]`)
	for _, table := range law.Tables() {
		for _, row := range table.Rows() {
			if row.Meaning == "" || row.Citation == "" || row.Reason == "" {
				t.Errorf("row %s is not told in full", row.ID)
			}
			for _, p := range row.Citations() {
				if p.Instrument == "" {
					t.Errorf("row %s cites %q, which is no instrument of the list", row.ID, row.Citation)
				}
			}
			if marks.MatchString(row.Meaning + row.Citation + row.Reason) {
				t.Errorf("row %s has a mark of a study", row.ID)
			}
			if !strings.HasSuffix(row.Reason, ".") {
				t.Errorf("row %s: the reason has no end", row.ID)
			}
			for sentence := range strings.SplitSeq(row.Reason, ". ") {
				if n := len(strings.Fields(sentence)); n > 32 {
					t.Errorf("row %s: a sentence of %d words", row.ID, n)
				}
			}
			if regexp.MustCompile(`\b(reg|regulation|ISR|DAIR|ACA|s\.\d+|OQ\d+|[a-i]\d\d)\b`).MatchString(row.Reason) {
				t.Errorf("row %s: the reason talks like a statute: %s", row.ID, row.Reason)
			}
		}
	}
}

// An open question names the rows that cite it, and each that is cited is there.
func TestOpenQuestions(t *testing.T) {
	cited := map[string][]string{}
	for _, e := range law.IndexByInstrument("OQ") {
		for _, id := range e.Rows {
			cited["OQ"+e.Of] = append(cited["OQ"+e.Of], string(id))
		}
	}
	for i, q := range law.OpenQuestions() {
		if q.Question == "" || q.Default == "" {
			t.Errorf("%s is not told in full", q.ID)
		}
		if want := "OQ" + string("0123456789"[(i+1)/10]) + string("0123456789"[(i+1)%10]); strings.Replace(want, "OQ0", "OQ", 1) != q.ID {
			t.Errorf("%s stands in place %d", q.ID, i+1)
		}
		var rows []string
		for _, id := range q.Rows {
			rows = append(rows, string(id))
		}
		slices.Sort(rows)
		slices.Sort(cited[q.ID])
		if !slices.Equal(rows, cited[q.ID]) {
			t.Errorf("%s names %v and is cited by %v", q.ID, rows, cited[q.ID])
		}
		delete(cited, q.ID)
	}
	if len(cited) > 0 {
		t.Errorf("rows cite questions that nobody asked: %v", cited)
	}
}

// Each question of a table is in exactly one topic of the index.
func TestIndexByTopic(t *testing.T) {
	named := map[string]bool{}
	for _, e := range law.IndexByTopic() {
		if len(e.Rows) == 0 {
			t.Errorf("no row is about %s", e.Of)
		}
		for _, id := range e.Rows {
			named[string(id)] = true
		}
	}
	for _, table := range law.Tables() {
		for _, row := range table.Rows() {
			if row.When != "anything else" && !named[string(row.ID)] {
				t.Errorf("row %s is in no topic", row.ID)
			}
		}
	}
}

func TestIndexByInstrument(t *testing.T) {
	find := func(instrument, place string) []law.RowID {
		for _, e := range law.IndexByInstrument(instrument) {
			if e.Of == place {
				return e.Rows
			}
		}
		return nil
	}
	for _, test := range []struct {
		instrument, place string
		row               law.RowID
	}{
		{"ISR", "5A(3)", "a17"}, {"ISR", "5A(3)", "a27"}, {"ISR", "13", "a24"}, {"ISR(W)", "8(3)", "a14"}, {"AAR83", "15(3)", "c08"}, {"OQ", "1", "a19"}, {"R", "5", "c00"},
		{"SI 2005/1514", "reg 13", "d02a"}, {"ISR", "11", "d03"}, {"DAIR", "15(3)", "f25"}, {"design", "", "a26a"}, {"ACA", "Sch 2 para 2", "i13"}, {"ACA", "Sch 2 para 4", "i13"}, {"R v Registrar General ex p Smith", "[1991] 1 FLR 255", "i05"},
	} {
		if !slices.Contains(find(test.instrument, test.place), test.row) {
			t.Errorf("%s %s: %v, want %s among them", test.instrument, test.place, find(test.instrument, test.place), test.row)
		}
	}
	for _, nation := range []struct {
		of   string
		only []law.RowID
	}{
		{"E", []law.RowID{"f16", "f23", "f25", "f25a", "f26a", "f26"}},
		{"W", []law.RowID{"a14", "a14a"}},
	} {
		if got := law.IndexByNation(nation.of)[0].Rows; !slices.Equal(got, nation.only) {
			t.Errorf("only in %s: %v, want %v", nation.of, got, nation.only)
		}
	}
}
