package migrations_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"gatepost/migrations"
)

// A migration that has landed has run on somebody's database: changing it makes
// two databases of the same version that differ.
func TestSums(t *testing.T) {
	list, err := os.ReadFile("sums.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, complaint := range compare(migrations.Files, string(list)) {
		t.Error(complaint)
	}
}

func TestCompare(t *testing.T) {
	one := sum([]byte("select 1;\n"))
	tests := []struct {
		name, list string
		files      fstest.MapFS
		want       int // complaints
	}{
		{"nothing at all", "", fstest.MapFS{}, 0},
		{"listed", one + "  001_a.sql\n", fstest.MapFS{"001_a.sql": {Data: []byte("select 1;\n")}}, 0},
		{"not listed", "", fstest.MapFS{"001_a.sql": {Data: []byte("select 1;\n")}}, 1},
		{"changed", one + "  001_a.sql\n", fstest.MapFS{"001_a.sql": {Data: []byte("select 2;\n")}}, 1},
		{"gone", one + "  001_a.sql\n", fstest.MapFS{}, 1},
		{"listed twice", one + "  001_a.sql\n" + one + "  001_a.sql\n", fstest.MapFS{"001_a.sql": {Data: []byte("select 1;\n")}}, 1},
		{"not a list", "001_a.sql\n", fstest.MapFS{}, 1},
		{"a way down", sum([]byte(down)) + "  001_a.sql\n", fstest.MapFS{"001_a.sql": {Data: []byte(down)}}, 1},
	}
	for _, tt := range tests {
		if got := compare(tt.files, tt.list); len(got) != tt.want {
			t.Errorf("%s: got %q, want %d complaints", tt.name, got, tt.want)
		}
	}
}

const down = "select 1;\n---- create above / drop below ----\nselect 2;\n"

// compare gives a complaint for each file that is not as sums.txt says. The
// list has the form of sha256sum.
func compare(files fs.FS, list string) []string {
	var complaints []string
	listed := map[string]string{}
	for line := range strings.Lines(list) {
		want, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if _, twice := listed[name]; !ok || twice {
			complaints = append(complaints, fmt.Sprintf("sums.txt: not a line of its own: %q", line))
			continue
		}
		listed[name] = want
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return append(complaints, err.Error())
	}
	for _, name := range names {
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return append(complaints, err.Error())
		}
		switch got, want := sum(body), listed[name]; {
		case want == "":
			complaints = append(complaints, "not in sums.txt; once it is to land, add the line:\n"+got+"  "+name)
		case got != want:
			complaints = append(complaints, name+" was changed after it landed; write a new migration instead")
		}
		if strings.Contains(string(body), "drop below") {
			complaints = append(complaints, name+" has a way down; migrations only go forward")
		}
		delete(listed, name)
	}
	for name := range listed {
		complaints = append(complaints, name+" is in sums.txt and not here")
	}
	return complaints
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
