package register

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed surnames.txt
var surnamesText string

// variants knows the forms of names. A form has the numbers of the lines that it
// stands in; two forms of one line may be one person's.
type variants struct {
	lines map[string][]uint16
	roots map[string]string // the first word of a form's first line
}

func readVariants(text string) variants {
	v := variants{lines: map[string][]uint16{}, roots: map[string]string{}}
	number := uint16(0)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		number++
		forms := strings.Fields(line)
		for i, form := range forms {
			if !slices.Contains(v.lines[form], number) {
				v.lines[form] = append(v.lines[form], number)
			}
			// A line's own first word is its own root, wherever else it stands.
			if _, there := v.roots[form]; i == 0 || !there {
				v.roots[form] = forms[0]
			}
		}
	}
	return v
}

// root is the form that a name is looked up by; itself where it has no other.
func (v variants) root(name string) string {
	if root, ok := v.roots[name]; ok {
		return root
	}
	return name
}

// share tells whether two sorted lists have a number in common.
func share(a, b []uint16) bool {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			return true
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return false
}
