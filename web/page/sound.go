package page

import (
	"bytes"
	"net/http"
	"time"
)

// Sounds lets the page that a handler is about to show play sounds of ours. No other
// page may.
func Sounds(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", policy+"; media-src 'self'")
}

// Microphone lets the page ask its person for their microphone, and play what was
// said into it before it is sent. No other page may.
func Microphone(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", policy+"; media-src 'self' blob:")
	w.Header().Set("Permissions-Policy", hearing)
}

// SendSound answers with an M4A, or with the part of it that is asked for: a player
// that is moved to another place asks so. No cache keeps it, as with every answer.
func SendSound(w http.ResponseWriter, r *http.Request, content []byte) error {
	h := w.Header()
	h.Set("Content-Security-Policy", picturePolicy)
	h.Set("Content-Type", "audio/mp4")
	h.Set("Content-Disposition", "inline")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	return nil
}
