package backup

// For the fuzz target of the list.
func ParseList(text string) (lines []string, err error) {
	list, err := parseList(text)
	for _, l := range list {
		lines = append(lines, l.String())
	}
	return lines, err
}
