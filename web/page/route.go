package page

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
)

// HandlerFunc answers one request. It parses, calls one service, and shows one
// page or redirects. An error that it returns is shown as the page of its
// kind, if nothing was written yet, and logged.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// TextBody is the body limit of a form with a letter in it, in bytes. Sixty-four
// KiB of text must fit in any script: url-encoding makes three bytes of each
// byte that is not plain ASCII, and six of a line end, which browsers send as
// two. That is 384 KiB at most. The rest is for the other fields, and for a text
// that is too long: it has to come in to come back on the page with the words
// what is wrong, while a body over the limit is refused unread and lost.
const TextBody int64 = 640 << 10

// SmallBody is the body limit of every other form, in bytes.
const SmallBody int64 = 16 << 10

// Route is one line of a tier's route table.
type Route struct {
	// Method is GET or POST. HEAD goes where GET goes. A GET changes nothing.
	Method string
	// Pattern is a path in the syntax of http.ServeMux, without method and host.
	// One that ends in a slash must end in "{$}".
	Pattern string
	// Who may ask for it; the Door knows what it means.
	Who Who
	// Body is the limit of a POST's body in bytes, and 0 for a GET.
	Body int64
	// Upload names the one field of the form that holds a file, and comes last;
	// empty where there is none. Body is then the limit of all, TextBody that of
	// the other fields, and a handler finds the file by FileOf. A form for it
	// says enctype="multipart/form-data"; one without a file may come as others do.
	Upload string
	// Gate is asked before the file of an Upload is read, once it is known who sends
	// it: it makes room for the file, or refuses. leave gives the room back, when the
	// request is answered. nil where any file finds room.
	Gate func(*http.Request) (entered *http.Request, leave func(), err error)
	// Many names the fields of the form that may come several times.
	Many []string
	// Keep names the fields that hold a person's own words; one that ends with a
	// star, all that begin so. Where a form is
	// refused, because its page is too old or the database is away or whatever
	// else, they are shown again to be copied.
	// It must not name a passphrase or a code.
	Keep []string
	// Handler answers.
	Handler HandlerFunc
	// Page is the name of the page that a GET shows, for the tests that look at
	// every page and for the printed table; empty where there is none.
	Page string
}

// check returns an error that says what is wrong with a line of the table.
func (rt Route) check(r *Renderer) error {
	switch {
	case rt.Method != http.MethodGet && rt.Method != http.MethodPost:
		return fmt.Errorf("the method %q is neither GET nor POST", rt.Method)
	case !strings.HasPrefix(rt.Pattern, "/"):
		return fmt.Errorf("the pattern %q is no path", rt.Pattern)
	case strings.HasSuffix(rt.Pattern, "/"):
		return fmt.Errorf("the pattern %q would match everything below it", rt.Pattern)
	case rt.Who == "":
		return fmt.Errorf("nobody is said to be allowed")
	case rt.Handler == nil:
		return fmt.Errorf("there is no handler")
	case rt.Method == http.MethodGet && rt.Body != 0:
		return fmt.Errorf("a GET has no body")
	case rt.Method == http.MethodPost && rt.Body <= 0:
		return fmt.Errorf("a POST needs a body limit")
	case rt.Upload != "" && rt.Body <= TextBody:
		return fmt.Errorf("a file needs room beside the text")
	case rt.Gate != nil && rt.Upload == "":
		return fmt.Errorf("a gate without a file")
	case rt.Page != "" && !slices.Contains(r.Names(), rt.Page):
		return fmt.Errorf("there is no page %q", rt.Page)
	}
	return nil
}

// WriteRoutes prints a route table as text, for the documentation and for the
// tests that go over all routes.
func WriteRoutes(w io.Writer, routes []Route) error {
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "method\tpath\twho\tbody\tpage")
	for _, rt := range routes {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%d\t%s\n", rt.Method, rt.Pattern, rt.Who, rt.Body, rt.Page)
	}
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("print the routes: %w", err)
	}
	return nil
}
