package page_test

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatepost/web/page"
	"gatepost/web/page/pagetest"
)

const uploadBody = page.TextBody + 1000

// uploads is a tier with one form that takes a file.
func uploads(t testing.TB, door pagetest.Door, seen func(page.Form, []byte)) http.Handler {
	t.Helper()
	router, err := page.NewRouter(pagetest.Site(page.Staff, pagetest.Renderer(t), door), []page.Route{{
		Method: "POST", Pattern: "/scan", Who: page.SignedIn, Body: uploadBody, Upload: "scan", Keep: []string{"text"},
		Handler: func(w http.ResponseWriter, r *http.Request) error {
			form, err := page.FormOf(r)
			if err != nil {
				return err
			}
			seen(form, page.FileOf(r))
			return page.SeeOther(w, r, "/done")
		}}})
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// part is one part of a form: a field, or a file where it has a file's name.
type part struct{ name, file, content string }

func multipartOf(t testing.TB, parts ...part) (body, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		create := w.CreateFormField
		if p.file != "" {
			create = func(name string) (io.Writer, error) { return w.CreateFormFile(name, p.file) }
		}
		to, err := create(p.name)
		if err == nil {
			_, err = to.Write([]byte(p.content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func TestUpload(t *testing.T) {
	token, text, scan := part{name: page.TokenField, content: pagetest.Token}, part{name: "text", content: "Dear\r\nWren"}, part{"scan", "a.jpg", "\xff\xd8\xff\x00"}
	many := make([]part, 200)
	for i := range many {
		many[i] = part{name: "a", content: "b"}
	}
	for name, c := range map[string]struct {
		parts []part
		want  int
		file  string
	}{
		"a file":                 {[]part{token, text, scan}, 303, scan.content},
		"no file":                {[]part{token, text}, 303, ""},
		"an empty file":          {[]part{token, text, {"scan", "", ""}}, 303, ""},
		"no token":               {[]part{text, scan}, 403, ""},
		"a wrong token":          {[]part{{name: page.TokenField, content: "old"}, text, scan}, 403, ""},
		"a token after the file": {[]part{text, scan, token}, 403, ""},
		"a field after the file": {[]part{token, scan, text}, 415, ""},
		"two files":              {[]part{token, scan, scan}, 415, ""},
		"a file in a field":      {[]part{token, {"text", "a.txt", "x"}, scan}, 415, ""},
		"a field twice":          {[]part{token, text, text, scan}, 400, ""},
		"a NUL":                  {[]part{token, {name: "text", content: "a\x00"}, scan}, 400, ""},
		"not UTF-8":              {[]part{token, {name: "text", content: "\xff"}, scan}, 400, ""},
		"too many fields":        {append([]part{token}, many...), 400, ""},
		"too much text":          {[]part{token, {name: "text", content: strings.Repeat("x", int(page.TextBody)+1)}}, 413, ""},
		"too large a file":       {[]part{token, {"scan", "a.jpg", strings.Repeat("x", int(uploadBody))}}, 413, ""},
	} {
		calls := 0
		h := uploads(t, pagetest.Door{SignedIn: true}, func(form page.Form, file []byte) {
			calls++
			if string(file) != c.file {
				t.Errorf("%s: the file is %q", name, file)
			}
			if form.Has(page.TokenField) || form.Get("text") != "Dear\nWren" {
				t.Errorf("%s: the form is %v, %q", name, form.Names(), form.Get("text"))
			}
		})
		body, kind := multipartOf(t, c.parts...)
		w := post(h, "/scan", body, "Content-Type", kind)
		if w.Code != c.want || calls != 0 && c.want != 303 || calls != 1 && c.want == 303 {
			t.Errorf("%s: status %d, %d calls; want %d", name, w.Code, calls, c.want)
		}
		if c.want == 403 && !strings.Contains(w.Body.String(), "Wren") {
			t.Errorf("%s: the page lost the words", name)
		}
	}
}

// A form without a file comes as others do, with their limit; broken ones are refused.
func TestUpload_OtherForms(t *testing.T) {
	h := uploads(t, pagetest.Door{SignedIn: true}, func(page.Form, []byte) {})
	for name, c := range map[string]struct {
		body, kind string
		want       int
	}{
		"url-encoded":     {"form-token=" + pagetest.Token + "&text=a", "application/x-www-form-urlencoded", 303},
		"as long as text": {strings.Repeat("x", int(page.TextBody)+1), "application/x-www-form-urlencoded", 413},
		"another kind":    {"{}", "application/json", 415},
		"no boundary":     {"x", "multipart/form-data", 400},
		"ends early":      {"--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nDe", "multipart/form-data; boundary=b", 400},
		"nothing":         {"", "multipart/form-data; boundary=b", 403},
	} {
		if w := post(h, "/scan", c.body, "Content-Type", c.kind); w.Code != c.want {
			t.Errorf("%s: status %d, want %d", name, w.Code, c.want)
		}
	}
}

// watched counts how much of a body was read.
type watched struct {
	*strings.Reader
	read *int
}

func (w watched) Read(b []byte) (int, error) {
	n, err := w.Reader.Read(b)
	*w.read += n
	return n, err
}

// Whoever is not signed in has their file thrown away, and their words kept
// nowhere but on the page: the handler is not called.
func TestUpload_Stranger(t *testing.T) {
	h := uploads(t, pagetest.Door{}, func(page.Form, []byte) { t.Error("a stranger's file reached the handler") })
	body, kind := multipartOf(t, part{name: page.TokenField, content: pagetest.Token}, part{"scan", "a.jpg", strings.Repeat("x", 5000)})
	read := 0
	r := httptest.NewRequest(http.MethodPost, "/scan", watched{strings.NewReader(body), &read})
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized || read != len(body) {
		t.Errorf("status %d after %d of %d bytes", w.Code, read, len(body))
	}
}

// deadlines is an answer that notes by when the next bytes are to be here.
type deadlines struct {
	*httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error {
	d.set = append(d.set, at)
	return nil
}

func (d *deadlines) SetWriteDeadline(time.Time) error { return nil }

// A file comes in at a pace: each part of it has a deadline of its own, which is
// sooner than that of all; and once it is here, nothing that is done with it has that.
func TestUpload_Pace(t *testing.T) {
	done := 0
	w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	h := uploads(t, pagetest.Door{SignedIn: true}, func(page.Form, []byte) { done = len(w.set) })
	body, kind := multipartOf(t, part{name: page.TokenField, content: pagetest.Token}, part{"scan", "a.jpg", strings.Repeat("x", 300<<10)})
	r := httptest.NewRequest(http.MethodPost, "/scan", strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	h.ServeHTTP(w, r)
	if w.Code != http.StatusSeeOther || done != 6 {
		t.Fatalf("status %d, with %d deadlines for five parts and what follows", w.Code, done)
	}
	last := w.set[len(w.set)-1]
	for i, at := range w.set[:5] {
		if last.Sub(at) < time.Minute {
			t.Errorf("part %d may take as long as all", i)
		}
	}
}

func TestUpload_Route(t *testing.T) {
	handler := func(http.ResponseWriter, *http.Request) error { return errors.New("not called") }
	_, err := page.NewRouter(pagetest.Site(page.Staff, pagetest.Renderer(t), pagetest.Door{}), []page.Route{
		{Method: "POST", Pattern: "/scan", Who: page.SignedIn, Body: page.TextBody, Upload: "scan", Handler: handler}})
	if err == nil {
		t.Error("a route for files without room for one is taken")
	}
}

// FuzzUpload: whatever body comes, the answer is one of ours, and a file reaches
// the handler only with the right token before it.
func FuzzUpload(f *testing.F) {
	good, _ := multipartOf(f, part{name: page.TokenField, content: pagetest.Token}, part{"scan", "a.jpg", "x"})
	boundary := good[2:strings.Index(good, "\r\n")]
	good = strings.ReplaceAll(good, boundary, "b")
	for _, seed := range []string{good, "", "--b--", "--b\r\n\r\n\r\n--b--", strings.Replace(good, "name=", "nam=", 1), good[:len(good)-3], "--b\r\nContent-Disposition: form-data; name=\"scan\"\r\n\r\nx\r\n--b--"} {
		f.Add(seed)
	}
	var got []byte
	h := uploads(f, pagetest.Door{SignedIn: true}, func(_ page.Form, file []byte) { got = file })
	f.Fuzz(func(t *testing.T, body string) {
		got = nil
		w := post(h, "/scan", body, "Content-Type", "multipart/form-data; boundary=b")
		switch w.Code {
		case 303, 400, 403, 413, 415:
		default:
			t.Errorf("status %d", w.Code)
		}
		if len(got) > 0 && (w.Code != 303 || !strings.Contains(body, pagetest.Token)) {
			t.Errorf("a file came through with status %d", w.Code)
		}
	})
}
