package letterbox_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"gatepost/letterbox"
)

func TestCompare(t *testing.T) {
	for _, tt := range []struct{ before, after, want string }{
		{"", "", ""},
		{"one two", "one two", "=one two"},
		{"", "new", "+new"},
		{"old", "", "-old"},
		{"one two three", "one three", "=one |-two |=three"},
		{"one three", "one two three", "=one |+two |=three"},
		{"I promise to come", "I hope to come", "=I |-promise |+hope |=to come"},
		{"all of it", "nothing at hand", "-all of it|+nothing at hand"},
		{"a b c d e f", "b c x e f g", "-a |=b c |-d |+x |=e f |+g"},
		{"two  spaces", "two spaces", "=two spaces"},
	} {
		var got []string
		for _, c := range letterbox.Compare(letterbox.Text(tt.before), letterbox.Text(tt.after)) {
			sign := map[[2]bool]string{{true, false}: "+", {false, true}: "-"}[[2]bool{c.Added, c.Removed}]
			if sign == "" {
				sign = "="
			}
			got = append(got, sign+string(c.Text))
		}
		if said := strings.Join(got, "|"); said != tt.want {
			t.Errorf("%q to %q: %s, want %s", tt.before, tt.after, said, tt.want)
		}
	}
}

// Both texts can be read from what is shown, whatever they are, and what is shown as
// the same is as long as it can be, on small ones.
func TestCompare_Whole(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 4000 {
		some := func() []string {
			list := make([]string, r.IntN(14))
			for i := range list {
				list[i] = string(rune('a' + r.IntN(4)))
			}
			return list
		}
		before, after := some(), some()
		var was, is []string
		same := 0
		for _, c := range letterbox.Compare(letterbox.Text(strings.Join(before, " ")), letterbox.Text(strings.Join(after, " "))) {
			words := strings.Fields(string(c.Text))
			if !c.Added {
				was = append(was, words...)
			}
			if !c.Removed {
				is = append(is, words...)
			}
			if !c.Added && !c.Removed {
				same += len(words)
			}
		}
		if fmt.Sprint(was) != fmt.Sprint(before) || fmt.Sprint(is) != fmt.Sprint(after) {
			t.Fatalf("%v to %v shows %v to %v", before, after, was, is)
		}
		if most := common(before, after); same != most {
			t.Fatalf("%v to %v: %d words the same, there are %d", before, after, same, most)
		}
	}
	// Two long letters that have nothing in common are shown one after the other.
	list := letterbox.Compare(letterbox.Text(strings.Repeat("a ", 30000)), letterbox.Text(strings.Repeat("b ", 30000)))
	if len(list) != 2 || !list[0].Removed || !list[1].Added {
		t.Errorf("%d changes", len(list))
	}
}

// common is the length of the longest common subsequence, by its definition.
func common(a, b []string) int {
	row := make([]int, len(b)+1)
	for i := range a {
		before := 0
		for j := range b {
			here := row[j+1]
			if a[i] == b[j] {
				row[j+1] = before + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			before = here
		}
	}
	return row[len(b)]
}
