package page

import "strings"

// Run is a piece of a letter that is shown beside another one: in both, only in
// the one before, or only in the one after.
type Run struct {
	Text string
	Gone bool
	New  bool
}

// Runs takes runs apart into paragraphs and lines, for gp-runs. What is in one
// paragraph stays there: an empty line ends one wherever it stands.
func Runs(list []Run) (paragraphs [][][]Run) {
	var lines [][]Run
	var line []Run
	end := func() {
		if len(line) > 0 {
			lines, line = append(lines, line), nil
		} else if len(lines) > 0 {
			paragraphs, lines = append(paragraphs, lines), nil
		}
	}
	for _, r := range list {
		for i, text := range strings.Split(r.Text, "\n") {
			if i > 0 {
				end()
			}
			if strings.TrimSpace(text) != "" || len(line) > 0 && text != "" {
				line = append(line, Run{text, r.Gone, r.New})
			}
		}
	}
	end()
	end()
	return paragraphs
}
