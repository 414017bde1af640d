package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gatepost/web/page"
)

// cast are the people who sign in, so that together they see every kind of page.
func cast(tier page.Tier) []string {
	if tier == page.Staff {
		return []string{"owen", "judith", "ruth", "ifan"}
	}
	return []string{"kelly", "rachel", "margaret", "priya", "dean", "joanne"}
}

// target is one request that a scanner may change.
type target struct {
	pattern string // line of the table
	who     *person
	path    string
	fields  []field
	form    bool // a page had this form or link; else the fields are the usual ones
}

func (t target) real() bool { return t.form }

func (t target) method() string { m, _, _ := strings.Cut(t.pattern, " "); return m }

// enough is how many pages of one line of the table a person reads.
const enough = 4

// visit signs the people of a tier in and reads what they may see.
func (w *world) visit(ctx context.Context, s *site) error {
	story, err := w.folder.Load()
	if err != nil {
		return err
	}
	v := newVisitor(s)
	for _, key := range cast(s.tier) {
		who, ok := story.Person(key)
		if !ok {
			return fmt.Errorf("the demo has no %s", key)
		}
		p, err := signIn(ctx, s.plain, who)
		if err != nil {
			return err
		}
		s.people = append(s.people, p)
		if err := v.read(ctx, p); err != nil {
			return err
		}
		if err := v.claim(ctx, p); err != nil {
			return err
		}
	}
	v.addOthers()
	for _, r := range s.table.routes {
		if t, ok := v.targets[r.Method+" "+r.Pattern]; ok {
			s.targets = append(s.targets, t)
		}
	}
	slices.SortStableFunc(s.targets, func(a, b target) int { return rank(a) - rank(b) })
	return s.writeCookies(w.dir)
}

// rank puts what changes nothing first, and last what shuts the door to a letter
// or a case for whoever does it.
func rank(t target) int {
	switch {
	case t.method() == http.MethodGet:
		return 0
	case strings.HasSuffix(t.pattern, "/release") || strings.HasSuffix(t.pattern, "/connect"):
		return 2
	}
	return 1
}

// claim takes a letter, where the person may, and reads on: most pages of the
// desk are for who has one.
func (v *visitor) claim(ctx context.Context, p *person) error {
	t, ok := v.targets["POST /letter/{id}/claim"]
	if !ok || t.who != p {
		return nil
	}
	a, err := p.ask(ctx, http.MethodPost, t.path, encode(t.fields))
	if err != nil {
		return err
	}
	if a.status != http.StatusSeeOther {
		return fmt.Errorf("%s cannot take a letter: %d", p.key, a.status)
	}
	return v.read(ctx, p)
}

// spared are lines of the table at which a scan with a session would end the
// session that it works with, or leave the site. They are scanned signed out.
func spared() []string {
	return []string{"POST /sign-out", "POST /sign-out-everywhere", "POST /account/end", "GET /leave", "GET /live", "POST /sign-in"}
}

// enrolling are lines that only somebody with a paper of their own comes to. They
// are tried as whoever is signed in, which stops at the door.
func enrolling() []string {
	return []string{"GET /start/passphrase", "POST /start/passphrase"}
}

type visitor struct {
	site    *site
	targets map[string]target
	ids     map[string]string // from the first part of a path and the person to a whole path with an id
}

func newVisitor(s *site) *visitor {
	return &visitor{site: s, targets: map[string]target{}, ids: map[string]string{}}
}

// read follows every link that a person sees, and takes the forms.
func (v *visitor) read(ctx context.Context, p *person) error {
	todo, seen, times := []string{"/"}, map[string]bool{"/": true}, map[string]int{}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		pattern := v.site.table.pattern(http.MethodGet, path)
		if pattern == "" || slices.Contains(spared(), pattern) || times[pattern] >= enough {
			continue
		}
		times[pattern]++
		a, err := p.ask(ctx, http.MethodGet, path, "")
		if err != nil {
			return err
		}
		if a.location != "" {
			todo = append([]string{a.location}, todo...)
			continue
		}
		v.note(pattern, target{who: p, path: path, form: true}, a.status)
		links, forms := readPage(a.body)
		for _, link := range links {
			if !seen[link] {
				seen[link] = true
				todo = append(todo, link)
			}
		}
		for _, f := range forms {
			v.noteForm(p, f)
		}
	}
	return nil
}

func (v *visitor) noteForm(p *person, f form) {
	for _, one := range f.fields {
		if one.name == page.TokenField {
			p.token = one.value
		}
	}
	pattern := v.site.table.pattern(f.method, f.action)
	if pattern == "" {
		return
	}
	t := target{who: p, path: f.action, fields: f.fields, form: true}
	if f.method == http.MethodGet && len(f.fields) > 0 {
		t.path, t.fields = f.action+"?"+encode(f.fields), nil
	}
	v.note(pattern, t, http.StatusOK)
}

// note keeps the first of each line, one with a query before one without.
func (v *visitor) note(pattern string, t target, status int) {
	if path, _, _ := strings.Cut(t.path, "?"); strings.Count(path, "/") >= 2 {
		v.ids[t.who.key+" "+strings.Split(path, "/")[1]] = path
	}
	had, ok := v.targets[pattern]
	if status != http.StatusOK || slices.Contains(spared(), pattern) || ok && (strings.Contains(had.path, "?") || !strings.Contains(t.path, "?")) {
		return
	}
	t.pattern = pattern
	v.targets[pattern] = t
}

// usual are fields that forms of this program have. Where no page with the form
// was there to be read, as for what is only possible in a later state, they are
// sent to an id that is there.
func usual() []field {
	var list []field
	for _, name := range []string{"text", "note", "words", "reason", "code", "to", "name"} {
		list = append(list, field{name, "1"})
	}
	return list
}

var oneID = regexp.MustCompile(`\{id\}`)

// addOthers makes targets of the lines whose page or form nobody saw.
func (v *visitor) addOthers() {
	for _, r := range v.site.table.routes {
		pattern := r.Method + " " + r.Pattern
		if _, ok := v.targets[pattern]; ok || slices.Contains(spared(), pattern) {
			continue
		}
		t := target{pattern: pattern, who: v.site.people[0], path: strings.TrimSuffix(r.Pattern, "{$}")}
		if strings.Contains(r.Pattern, "{id}") {
			t.who, t.path = v.withID(r.Pattern)
		}
		if r.Method == http.MethodPost {
			t.fields = append([]field{{page.TokenField, t.who.token}}, usual()...)
		}
		v.targets[pattern] = t
	}
}

// withID puts an id that somebody saw under such a path.
func (v *visitor) withID(pattern string) (*person, string) {
	first := strings.Split(pattern, "/")[1]
	for _, p := range v.site.people {
		if path, ok := v.ids[p.key+" "+first]; ok {
			return p, oneID.ReplaceAllString(pattern, strings.Split(path, "/")[2])
		}
	}
	return v.site.people[0], oneID.ReplaceAllString(pattern, "unknown")
}

// request is the target as it goes over the wire. A star stands behind an id in
// the path: there sqlmap puts its own words too.
func (t target) request(host string) string {
	path, query, _ := strings.Cut(t.path, "?")
	if strings.Contains(t.pattern, "{id}") {
		parts := strings.Split(path, "/")
		parts[2] += "*"
		path = strings.Join(parts, "/")
	}
	if query != "" {
		path += "?" + query
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: scan\r\n", t.method(), path, host)
	if cookies := t.who.header(); cookies != "" {
		fmt.Fprintf(&b, "Cookie: %s\r\n", cookies)
	}
	if t.method() == http.MethodPost {
		fmt.Fprintf(&b, "Content-Type: application/x-www-form-urlencoded\r\n\r\n%s", encode(t.fields))
	} else {
		b.WriteString("\r\n")
	}
	return b.String()
}

// writeCookies writes each session as wapiti reads them.
func (s *site) writeCookies(dir string) error {
	for _, p := range s.people {
		jar := map[string]any{}
		for _, c := range p.cookies {
			jar["__Host-"+c.Name] = map[string]any{"value": c.Value, "expires": nil, "secure": true, "port": nil, "version": 0}
		}
		text, err := marshal(map[string]any{"127.0.0.1": map[string]any{"/": jar}})
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "cookies-"+p.key+".json"), text, 0o600); err != nil {
			return fmt.Errorf("write the cookies: %w", err)
		}
	}
	return nil
}
