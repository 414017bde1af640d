package page_test

import (
	"fmt"
	"testing"

	"gatepost/web/page"
)

func TestRuns(t *testing.T) {
	for _, tt := range []struct {
		list []page.Run
		want string
	}{
		{nil, "[]"},
		{[]page.Run{{Text: "one"}}, "[[[{one false false}]]]"},
		{[]page.Run{{Text: "one "}, {Text: "two", Gone: true}, {Text: "\n\nthree\nfour\n\n\n"}}, "[[[{one  false false} {two true false}]] [[{three false false}] [{four false false}]]]"},
		{[]page.Run{{Text: "a\n"}, {Text: "\nb", New: true}}, "[[[{a false false}]] [[{b false true}]]]"},
		{[]page.Run{{Text: "\n \n"}}, "[]"},
	} {
		if got := fmt.Sprint(page.Runs(tt.list)); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.list, got, tt.want)
		}
	}
}
