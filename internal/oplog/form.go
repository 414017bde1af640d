package oplog

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// form is what the value of a key looks like.
type form int

const (
	number  form = iota // a number or a truth value
	prose               // the text of an error: blotted
	id                  // of a row, or of a request
	tenant              // an agency's short name
	word                // one of the program's own words
	key                 // of the word catalogues
	route               // method and pattern, never a path
	caller              // made by Callers
	elapsed             // a duration in words
	place               // what we listen on
)

// formOf is the list of what a line may say. A key that is not here is left out.
func formOf(name string) (form, bool) {
	switch name {
	case "status", "ms", "last", "index", "size", "epoch", "entries", "first", "kept", "seen", "seconds", "checkpoints", "entry", "pid", "job_id", "attempt", "days", "dropped",
		"num_jobs_running", "num_jobs_stuck", "num_completed_jobs", "error_count": // the queue's

		return number, true
	case "error", "err":
		return prose, true
	case "id", "exchange", "side", "account", "object", "notice":
		return id, true
	case "agency":
		return tenant, true
	case "tier", "kind", "part", "code", "act", "job_kind", "queue", "check":
		return word, true
	case "message":
		return key, true
	case "route":
		return route, true
	case "caller":
		return caller, true
	case "in":
		return elapsed, true
	case "address": // our own, when a tier begins to listen; nobody else's
		return place, true
	}
	return 0, false
}

// Known tells whether a line may have an attribute of that name.
func Known(name string) bool {
	_, ok := formOf(name)
	return ok
}

// hidden: on the families' tier this would join what is to stay apart.
func hidden(name string) bool { return name == "exchange" || name == "side" }

// patterns are the forms that are looked at letter by letter.
var patterns = sync.OnceValue(func() map[form]*regexp.Regexp {
	return map[form]*regexp.Regexp{
		id:      regexp.MustCompile(`^([a-z]{2}[a-z2-7]{20}|[A-Z2-7]{12}|canary|log|[a-z]{2}[a-z2-7]{20}/[a-z]{1,20})$`),
		tenant:  regexp.MustCompile(`^[a-z0-9]{2,20}$`),
		word:    regexp.MustCompile(`^[a-zA-Z_]{1,40}$`),
		key:     regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9]{0,40}(\.[a-zA-Z][a-zA-Z0-9]{0,40}){1,4}$`),
		route:   regexp.MustCompile(`^(none|[A-Z]{3,7} /[A-Za-z0-9_./{}$-]{0,150})$`),
		caller:  regexp.MustCompile(`^[a-z2-7]{10}$`),
		elapsed: regexp.MustCompile(`^([0-9.]{1,20}(ns|µs|ms|s|m|h)){1,4}$`),
		place:   regexp.MustCompile(`^[0-9a-fA-F.:\[\]]{1,60}$`),
	}
})

// longest is the most that is kept of a text, in bytes.
const longest = 400

// stains are the shapes that are blotted out of texts: what stands in quotes,
// mail addresses, network addresses, long strings that could be keys or sealed
// text, postcodes, and numbers as long as a telephone's or a code's.
var stains = sync.OnceValue(func() []*regexp.Regexp {
	return []*regexp.Regexp{
		regexp.MustCompile(`"(\\.|[^"\\])*"|“[^”]*”`),
		regexp.MustCompile(`[^\s<>"]+@[^\s<>"]+`),
		regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b`),
		regexp.MustCompile(`\[?\b[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}(%\w+)?\]?(:\d+)?`),
		regexp.MustCompile(`[A-Za-z0-9+/=_-]{40,}`),
		regexp.MustCompile(`(?i)\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b`),
		regexp.MustCompile(`\+?\d[\d ()-]{4,}\d`),
	}
})

var rowID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b[a-z]{2}[a-z2-7]{20}\b`) })

// blot gives a text on one line without what looks like somebody's.
func blot(text string, public bool) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
	for _, stain := range stains() {
		text = stain.ReplaceAllString(text, "…")
	}
	if public {
		text = rowID().ReplaceAllString(text, "…")
	}
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return text
}
