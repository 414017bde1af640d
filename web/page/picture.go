package page

import (
	"fmt"
	"mime"
	"net/http"
	"strconv"
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
