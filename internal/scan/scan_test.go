package main

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatepost/web/page"
)

func TestParseAccepted(t *testing.T) {
	for text, good := range map[string]bool{
		"":             true,
		"# a note\n\n": true,
		"wapiti | a.*b | said at length, with a reason": true,
		"wapiti | a.*b | short":                         false,
		"wapiti | a.*b":                                 false,
		"wapiti | a( | said at length, with a reason":   false,
	} {
		if _, err := parseAccepted(strings.NewReader(text)); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// What has no reason fails; so does a reason that nothing needs.
func TestJudge(t *testing.T) {
	read := func() accepted {
		a, err := parseAccepted(strings.NewReader("wapiti | staff: header .* | the header is not meant for us\n"))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, c := range []struct {
		name  string
		found []finding
		only  string
		want  string
	}{
		{"accepted", []finding{{"wapiti", "staff: header X"}}, "", ""},
		{"not accepted", []finding{{"wapiti", "staff: header X"}, {"wapiti", "public: header X"}}, "", "found by wapiti: public: header X"},
		{"another scanner", []finding{{"wapiti", "staff: header X"}, {"ffuf", "staff: header X"}}, "", "found by ffuf: staff: header X"},
		{"a part does not match", []finding{{"wapiti", "x staff: header X"}}, "ffuf", "found by wapiti"},
		{"stale", nil, "", "nothing is found any more"},
		{"stale, not run", nil, "ffuf", ""},
	} {
		err := read().judge(&bytes.Buffer{}, c.found, c.only)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestUnseen(t *testing.T) {
	s := scanner{name: "ffuf", must: []string{"admin", "x.z"}}
	if err := unseen(s, []finding{{"ffuf", "admin"}, {"ffuf", "xyz"}}); err != nil {
		t.Error(err)
	}
	if err := unseen(s, []finding{{"ffuf", "admin"}}); err == nil || !strings.Contains(err.Error(), "blind") {
		t.Errorf("a blind scanner gives %v", err)
	}
}

func TestReadSqlmap(t *testing.T) {
	for _, c := range []struct {
		out   string
		found int
		ended bool
	}{
		{"[CRITICAL] all tested parameters do not appear to be injectable. Try", 0, true},
		{"identified the following injection point(s):\n---\nParameter: id (GET)\n    Type: error\n", 1, true},
		{"[INFO] heuristic (XSS) test shows that GET parameter 'q' might be vulnerable to XSS\nall tested parameters do not appear to be injectable", 1, true},
		{"[INFO] heuristic (basic) test shows that GET parameter 'q' might not be injectable\nall tested parameters do not appear to be injectable", 0, true},
		{"[CRITICAL] unable to connect to the target URL", 0, false},
		{"", 0, false},
	} {
		found, err := readSqlmap("here", c.out)
		if len(found) != c.found || (err == nil) != c.ended {
			t.Errorf("%q: %v, %v", c.out, found, err)
		}
	}
}

func TestReadWapiti(t *testing.T) {
	text := `{"vulnerabilities":{"XSS":[{"method":"GET","path":"/letter/lt_1?x=1","info":"via x\nmore","parameter":"x"},{"method":"GET","path":"/letter/lt_2","info":"via x"}],"CSP":[]},
		"anomalies":{"Internal Server Error":[{"method":"GET","path":"/nowhere","info":"500"}]},"infos":{"version":"Wapiti"}}`
	table, err := newTable(page.Staff)
	if err != nil {
		t.Fatal(err)
	}
	found, err := readWapiti("staff", []byte(text), table)
	want := []finding{{"wapiti", "staff: XSS: GET /letter/{id}: via x"}, {"wapiti", "staff: Internal Server Error: GET /nowhere: 500"}}
	if err != nil || len(found) != 2 || !slices.Contains(found, want[0]) || !slices.Contains(found, want[1]) {
		t.Errorf("%v, %v", found, err)
	}
	for _, bad := range []string{"", "{}", "<html>"} {
		if _, err := readWapiti("staff", []byte(bad), nil); err == nil {
			t.Errorf("%q is taken for a report", bad)
		}
	}
}

func TestReadTestssl(t *testing.T) {
	whole := `[{"id":"TLS1","severity":"LOW","finding":"offered"},{"id":"BREACH","severity":"OK","finding":"none"},{"id":"clientsimulation-x","severity":"INFO","finding":"TLS 1.3"}]`
	found, err := readTestssl("staff", []byte(whole))
	if err != nil || len(found) != 1 || found[0].text != "staff: TLS1 LOW: offered" {
		t.Errorf("%v, %v", found, err)
	}
	if _, err := readTestssl("staff", []byte(`[{"id":"TLS1","severity":"OK","finding":""}]`)); err == nil {
		t.Error("half a report counts as one")
	}
}

func TestOpened(t *testing.T) {
	hits, err := readFfuf([]byte(`{"results":[{"input":{"FUZZ":"help"},"status":200},{"input":{"FUZZ":"admin"},"status":200}]}`))
	if err != nil {
		t.Fatal(err)
	}
	found := opened("public", http.MethodGet, hits, []string{"help", "sign-in"})
	want := []finding{{"ffuf", "public: GET /admin is open: 200"}, {"ffuf", "public: GET /sign-in is not found, which is public"}}
	if !slices.Equal(found, want) {
		t.Errorf("%v", found)
	}
}

// The server's log tells who came past the door.
func TestReadLog(t *testing.T) {
	log := `{"msg":"request","tier":"staff","route":"GET /desk","status":200}
{"msg":"request","tier":"staff","route":"GET /desk","status":500,"kind":"internal"}
{"msg":"request","tier":"staff","route":"GET /people","status":401,"kind":"signIn"}
{"msg":"request","tier":"public","route":"GET /letters","status":200}
no JSON
`
	routes, err := readLog(strings.NewReader(log), page.Staff)
	if err != nil || len(routes) != 1 || routes["GET /desk"][200] != 1 {
		t.Fatalf("%v, %v", routes, err)
	}
	if err := missing(routes, []string{"GET /desk"}); err != nil {
		t.Error(err)
	}
	if err := missing(routes, []string{"GET /desk", "GET /people"}); err == nil || !strings.Contains(err.Error(), "GET /people") {
		t.Errorf("a line that only a stranger asked for counts as reached: %v", err)
	}
	if found := fallen("staff", routes, "sqlmap"); len(found) != 1 {
		t.Errorf("a fault of the server is not told: %v", found)
	}
}

func TestReadPage(t *testing.T) {
	links, forms := readPage(`<a href="/a#b">a</a><a href="//elsewhere">b</a><a href="https://x">c</a>
		<form method="post" action="/b"><input type="hidden" name="form-token" value="t"><input name="code"><textarea name="note">some</textarea>
		<input type="radio" name="to" value="1"><input type="radio" name="to" value="2"><input type="file" name="scan">
		<select name="who"><option value=""><option value="w1"></select><button name="do" value="go">x</button><button name="leave" value="yes">x</button></form>`)
	if !slices.Equal(links, []string{"/a"}) || len(forms) != 1 {
		t.Fatalf("%v %v", links, forms)
	}
	if got, want := encode(forms[0].fields), "form-token=t&code=1&note=some&to=1&who=w1&do=go"; got != want || forms[0].method != http.MethodPost {
		t.Errorf("%s, want %s", got, want)
	}
}

// The star is where sqlmap puts its own words: in the id, and nowhere else.
func TestRequest(t *testing.T) {
	p := &person{cookies: []*http.Cookie{{Name: "gps", Value: "v"}}}
	get := target{pattern: "GET /letter/{id}/scan", who: p, path: "/letter/lt_1/scan?a=b"}.request("h")
	if want := "GET /letter/lt_1*/scan?a=b HTTP/1.1\r\nHost: h\r\nUser-Agent: scan\r\nCookie: gps=v\r\n\r\n"; get != want {
		t.Errorf("%q", get)
	}
	post := target{pattern: "POST /search", who: p, path: "/search", fields: []field{{"name", "a*"}}}.request("h")
	if !strings.HasSuffix(post, "\r\n\r\nname=a%2A") {
		t.Errorf("%q", post)
	}
}

// A page that is new in the table is not open to strangers unless it is written
// down here as well.
func TestOpenPages(t *testing.T) {
	for _, tier := range []page.Tier{page.Public, page.Staff} {
		table, err := newTable(tier)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range table.routes {
			word := strings.TrimSuffix(strings.TrimPrefix(r.Pattern, "/"), "{$}")
			if public := r.Who == page.Anyone && r.Method == http.MethodGet; public != (r.Method == http.MethodGet && anyOpen(open(tier, r.Method), word)) {
				t.Errorf("%s %s %s: open to strangers: %v; the scan expects otherwise", tier, r.Method, r.Pattern, public)
			}
		}
	}
}

// A crawler tries a line of the table once: at the path of that person's target,
// where there is one, and the more exact line is looked at first.
func TestLines(t *testing.T) {
	judith, owen := &person{key: "judith"}, &person{key: "owen"}
	table := &table{routes: []page.Route{{Method: "GET", Pattern: "/case/{id}"}, {Method: "GET", Pattern: "/case/{id}/fact/{of}/{name}"},
		{Method: "POST", Pattern: "/case/{id}"}, {Method: "GET", Pattern: "/case/new"}, {Method: "GET", Pattern: "/{$}"}}}
	targets := []target{{pattern: "GET /case/{id}", who: owen, path: "/case/a"}, {pattern: "POST /case/{id}", who: judith, path: "/case/b?x=1"}}
	got, err := lines(table, targets, judith)
	want := linesMark + `[["/case/new",""],["/case/[^/]+","/case/b"],["/",""],["/case/[^/]+/fact/[^/]+/[^/]+",""]]`
	if err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
