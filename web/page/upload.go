package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"
)

// uploadTime is how long a file of a known visitor may take to come in: some
// twenty megabytes over a slow line.
const uploadTime = 5 * time.Minute

// So much of a file comes in so long, or no more of it is read: whoever sends less
// keeps a place that somebody else needs.
const (
	paceBytes = 64 << 10
	paceTime  = 20 * time.Second
)

// errFormFile is a form whose file is not where the route says.
var errFormFile = errors.New("the form has a file where none belongs")

// upload is a form with a file that has not been read yet. It lives while the
// router checks who sent it: nobody makes the program hold twenty megabytes
// who is not signed in with a token of theirs.
type upload struct {
	parts *multipart.Reader
	file  *multipart.Part // nil where the form ended without one
	body  io.Reader
}

// FileOf is the file that was posted with r, of a route with an Upload; empty
// where none was chosen. Its name is not kept, and its type is for the service
// to find out.
func FileOf(r *http.Request) []byte {
	content, _ := r.Context().Value(fileKey{}).([]byte)
	return content
}

type fileKey struct{}

// isMultipart tells whether a form was sent as one with files is.
func isMultipart(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "multipart/form-data"
}

// readFields reads the fields of a multipart form, which stand before its file,
// and returns r with the form in its context. The fields may be as long as a
// form without a file.
func readFields(w http.ResponseWriter, r *http.Request, route Route) (*http.Request, *upload, error) {
	if r.ContentLength > route.Body {
		return r, nil, &http.MaxBytesError{Limit: route.Body}
	}
	r.Body = http.MaxBytesReader(w, r.Body, route.Body)
	parts, err := r.MultipartReader()
	if err != nil {
		return r, nil, errFormEncoding
	}
	u := &upload{parts: parts, body: r.Body}
	values, err := u.fields(route.Upload)
	if err != nil {
		return r, u, err
	}
	form, err := formOf(values, route.Many...)
	if err != nil {
		return r, u, err
	}
	p := posted{form: form, token: form.Get(TokenField)}
	delete(p.form.fields, TokenField)
	return r.WithContext(context.WithValue(r.Context(), postedKey{}, p)), u, nil
}

// fields reads the parts before the file.
func (u *upload) fields(file string) (url.Values, error) {
	values, left := url.Values{}, TextBody
	for n := 0; ; n++ {
		part, err := u.parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return values, nil
		case err != nil:
			return nil, readError(err)
		case part.FormName() == file:
			u.file = part
			return values, nil
		case part.FileName() != "":
			return nil, errFormFile
		case n >= maxFields:
			return nil, errFormFields
		}
		content, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return nil, readError(err)
		}
		if left -= int64(len(content)); left < 0 {
			return nil, &http.MaxBytesError{Limit: TextBody}
		}
		values.Add(part.FormName(), string(content))
	}
}

// readFile reads the file, which is the last part, and returns r with it.
func (u *upload) readFile(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	if u.file == nil {
		return r, nil
	}
	// The server's own limit is for forms; a recorder in a test has none.
	answer := http.NewResponseController(w)
	_ = answer.SetWriteDeadline(time.Now().Add(uploadTime + time.Minute))
	content, err := io.ReadAll(&paced{Reader: u.file, answer: answer, until: time.Now().Add(uploadTime)})
	if err != nil {
		return r, readError(err)
	}
	if _, err := u.parts.NextPart(); !errors.Is(err, io.EOF) {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return r, err
		}
		return r, errFormFile
	}
	// All is here: what is done with it takes its own time.
	_ = answer.SetReadDeadline(time.Now().Add(uploadTime))
	_ = answer.SetWriteDeadline(time.Now().Add(uploadTime))
	return r.WithContext(context.WithValue(r.Context(), fileKey{}, content)), nil
}

// paced is a file as it comes in, at a pace.
type paced struct {
	io.Reader
	answer *http.ResponseController
	until  time.Time // all of it
	left   int       // bytes until the next deadline
}

func (p *paced) Read(b []byte) (int, error) {
	if p.left <= 0 {
		p.left += paceBytes
		next := time.Now().Add(paceTime)
		if next.After(p.until) {
			next = p.until
		}
		_ = p.answer.SetReadDeadline(next)
	}
	n, err := p.Reader.Read(b)
	p.left -= n
	return n, err
}

// drop reads what is left of a form that is refused, and keeps nothing of it: a
// browser shows no answer before it has sent all.
func (u *upload) drop() {
	if u != nil {
		_, _ = io.Copy(io.Discard, u.body)
	}
}

// readError keeps what readForm would say: too long is too long, everything
// else is a body that is broken or ends early.
func readError(err error) error {
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return large
	}
	return fmt.Errorf("%w: %w", errFormEncoding, err)
}
