package account

import "strings"

// mark is a piece of a User-Agent header and what it means.
type mark struct{ piece, name string }

// browserOf is a coarse name such as "Chrome on Android", by which a person
// knows their own devices in a list. It keeps no version and no model, so it
// tells nobody apart. The order matters: most browsers name others as well.
func browserOf(userAgent string) string {
	browser := find(userAgent, "Browser", []mark{
		{"Edg", "Edge"}, {"SamsungBrowser/", "Samsung Internet"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	})
	system := find(userAgent, "", []mark{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "Chromebook"},
		{"Windows", "Windows"}, {"Mac OS X", "Mac"}, {"Linux", "Linux"},
	})
	if system == "" {
		return browser
	}
	return browser + " on " + system
}

// find is the name of the first mark whose piece is in text.
func find(text, otherwise string, marks []mark) string {
	for _, m := range marks {
		if strings.Contains(text, m.piece) {
			return m.name
		}
	}
	return otherwise
}
