package backup

// For the fuzz targets.

func ParseManifestText(text []byte) (Manifest, error) { return parseManifest(text) }

func ParseList(text string) (lines []string, err error) {
	list, err := parseList(text)
	for _, l := range list {
		lines = append(lines, l.String())
	}
	return lines, err
}
