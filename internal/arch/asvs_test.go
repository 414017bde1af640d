package arch_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// asvsIDs are the requirements of OWASP ASVS 5.0.0 that docs/asvs.md answers:
// all of level 1 and 2 but those about WebRTC, and the level 3 ones that the
// project aims at.
const asvsIDs = `
	1.1.1 1.1.2 1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.2.6 1.2.7 1.2.8 1.2.9 1.2.10 1.3.1 1.3.2 1.3.3 1.3.4 1.3.5 1.3.6 1.3.7 1.3.8 1.3.9 1.3.10 1.3.11 1.3.12 1.4.1 1.4.2 1.4.3 1.5.1 1.5.2
	2.1.1 2.1.2 2.1.3 2.2.1 2.2.2 2.2.3 2.3.1 2.3.2 2.3.3 2.3.4 2.3.5 2.4.1 2.4.2
	3.2.1 3.2.2 3.3.1 3.3.2 3.3.3 3.3.4 3.3.5 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 3.4.7 3.4.8 3.5.1 3.5.2 3.5.3 3.5.4 3.5.5 3.5.6 3.5.7 3.5.8 3.6.1 3.7.1 3.7.2
	4.1.1 4.1.2 4.1.3 4.1.4 4.2.1 4.2.5 4.3.1 4.3.2 4.4.1 4.4.2 4.4.3 4.4.4
	5.1.1 5.2.1 5.2.2 5.2.3 5.2.4 5.2.5 5.2.6 5.3.1 5.3.2 5.3.3 5.4.1 5.4.2 5.4.3
	6.1.1 6.1.2 6.1.3 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.2.9 6.2.10 6.2.11 6.2.12 6.3.1 6.3.2 6.3.3 6.3.4 6.3.5 6.3.6 6.3.7 6.3.8 6.4.1 6.4.2 6.4.3 6.4.4 6.4.5 6.4.6 6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.5.6 6.5.7 6.5.8 6.6.1 6.6.2 6.6.3 6.7.1 6.7.2 6.8.1 6.8.2 6.8.3 6.8.4
	7.1.1 7.1.2 7.1.3 7.2.1 7.2.2 7.2.3 7.2.4 7.3.1 7.3.2 7.4.1 7.4.2 7.4.3 7.4.4 7.4.5 7.5.1 7.5.2 7.5.3 7.6.1 7.6.2
	8.1.1 8.1.2 8.1.3 8.1.4 8.2.1 8.2.2 8.2.3 8.2.4 8.3.1 8.3.2 8.3.3 8.4.1 8.4.2
	9.1.1 9.1.2 9.1.3 9.2.1 9.2.2 9.2.3 9.2.4
	10.1.1 10.1.2 10.2.1 10.2.2 10.2.3 10.5.1 10.5.2 10.5.3 10.5.4 10.5.5 10.3.1 10.3.2 10.3.3 10.3.4 10.4.1 10.4.2 10.4.3 10.4.4 10.4.5 10.4.6 10.4.7 10.4.8 10.4.9 10.4.10 10.4.11 10.6.1 10.6.2 10.7.1 10.7.2 10.7.3
	11.1.1 11.1.2 11.1.3 11.1.4 11.2.1 11.2.2 11.2.3 11.2.4 11.2.5 11.3.1 11.3.2 11.3.3 11.3.4 11.4.1 11.4.2 11.4.3 11.4.4 11.5.1 11.5.2 11.6.1 11.6.2 11.7.2
	12.1.1 12.1.2 12.1.3 12.2.1 12.2.2 12.3.1 12.3.2 12.3.3 12.3.4
	13.1.1 13.1.2 13.1.3 13.1.4 13.2.1 13.2.2 13.2.3 13.2.4 13.2.5 13.2.6 13.3.1 13.3.2 13.3.3 13.3.4 13.4.1 13.4.2 13.4.3 13.4.4 13.4.5 13.4.6 13.4.7
	14.1.1 14.1.2 14.2.1 14.2.2 14.2.3 14.2.4 14.2.5 14.2.6 14.2.7 14.2.8 14.3.1 14.3.2 14.3.3
	15.1.1 15.1.2 15.1.3 15.1.4 15.1.5 15.2.1 15.2.2 15.2.3 15.2.4 15.2.5 15.3.1 15.3.2 15.3.3 15.3.4 15.3.5 15.3.6 15.3.7 15.4.1 15.4.2 15.4.3 15.4.4
	16.1.1 16.2.1 16.2.2 16.2.3 16.2.4 16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.4.2 16.4.3 16.5.1 16.5.2 16.5.3 16.5.4
`

var (
	asvsRow    = regexp.MustCompile(`(?m)^\| ([0-9]+\.[0-9]+\.[0-9]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$`)
	asvsQuoted = regexp.MustCompile("`([^`]+)`")
	asvsFile   = regexp.MustCompile(`^[a-zA-Z0-9._/-]+(\.(go|md|mod|sum|json|html|mjs|js)|/[a-z]+)$|^Makefile$`)
)

// Each requirement has one line, with something that holds it or a reason, and
// what it leans on is there.
func TestASVS(t *testing.T) {
	text, err := os.ReadFile(root + "/docs/asvs.md")
	if err != nil {
		t.Fatal(err)
	}
	there := testsOf(t)
	rows, states := map[string]int{}, map[string]int{}
	for _, row := range asvsRow.FindAllStringSubmatch(string(text), -1) {
		id, state, by := row[1], row[3], row[4]
		rows[id]++
		states[state]++
		leans := 0
		for _, q := range asvsQuoted.FindAllStringSubmatch(by, -1) {
			name := q[1]
			switch {
			case strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz"):
				leans++
				if !there[name] {
					t.Errorf("%s leans on %s, which is not there", id, name)
				}
			case asvsFile.MatchString(name):
				leans++
				if _, err := os.Stat(root + "/" + name); err != nil {
					t.Errorf("%s leans on %s, which is not there", id, name)
				}
			}
		}
		switch state {
		case "met":
			if leans == 0 && len(by) < 3 {
				t.Errorf("%s is met by nothing", id)
			}
		case "**not met**", "not applicable":
			if len(by) < 6 {
				t.Errorf("%s gives no reason", id)
			}
		default:
			t.Errorf("%s is %q", id, state)
		}
	}
	for _, id := range strings.Fields(asvsIDs) {
		if rows[id] != 1 {
			t.Errorf("%s has %d lines", id, rows[id])
		}
		delete(rows, id)
	}
	counts := fmt.Sprintf("Of %d lines %d are met, %d not met and %d not applicable.",
		states["met"]+states["**not met**"]+states["not applicable"], states["met"], states["**not met**"], states["not applicable"])
	if !strings.Contains(string(text), counts) {
		t.Errorf("the document counts wrongly: %s", counts)
	}
	for id := range rows {
		t.Errorf("%s is in the document and not in the list", id)
	}
}

// testsOf names every test and fuzz target of the module.
func testsOf(t *testing.T) map[string]bool {
	t.Helper()
	there := map[string]bool{}
	name := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9_]+)\(`)
	for _, s := range sources(t) {
		if s.test {
			for _, f := range name.FindAllStringSubmatch(s.text, -1) {
				there[f[1]] = true
			}
		}
	}
	return there
}
