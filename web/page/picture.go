package page

import (
	"fmt"
	"html"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// picturePolicy is that of a picture: as for every page, and it is nobody's origin,
// whatever a browser takes it for.
const picturePolicy = policy + "; sandbox"

// SendPicture answers with a JPEG, to be shown, or to be kept under a name that says
// nothing of whose it is. No cache keeps it, as with every answer.
func SendPicture(w http.ResponseWriter, content []byte, keepAs string) error {
	disposition := "inline"
	if keepAs != "" {
		disposition = mime.FormatMediaType("attachment", map[string]string{"filename": keepAs})
	}
	h := w.Header()
	h.Set("Content-Security-Policy", picturePolicy)
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Disposition", disposition)
	h.Set("Content-Length", strconv.Itoa(len(content)))
	if _, err := w.Write(content); err != nil {
		return fmt.Errorf("send a picture: %w", err)
	}
	return nil
}

// inPicture tells whether a page asks for a picture of its own, so that a page of
// words in answer would be shown as a torn one. Older browsers do not say.
func inPicture(r *http.Request) bool {
	return r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Dest") == "image"
}

// sentenceLine is how many letters of a sentence stand in a line of its picture.
const sentenceLine = 26

// sendSentence answers with a picture of one sentence, in the place of one that
// cannot be shown.
func sendSentence(w http.ResponseWriter, status int, sentence string) error {
	lines := []string{""}
	for word := range strings.FieldsSeq(sentence) {
		last := &lines[len(lines)-1]
		if *last != "" && len(*last)+len(word) >= sentenceLine {
			lines = append(lines, word)
			continue
		}
		*last = strings.TrimSpace(*last + " " + word)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 %d" width="320" font-family="sans-serif" font-size="19" fill="#0b0c0c">`, 24*len(lines)+24)
	for i, line := range lines {
		fmt.Fprintf(&b, `<text x="16" y="%d">%s</text>`, 24*i+32, html.EscapeString(line))
	}
	b.WriteString("</svg>")
	h := w.Header()
	h.Set("Content-Security-Policy", picturePolicy)
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if _, err := w.Write([]byte(b.String())); err != nil {
		return fmt.Errorf("send a sentence: %w", err)
	}
	return nil
}
