package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"gatepost/web/page"
)

// atOnce is how many runs of sqlmap go on at one time.
const atOnce = 2

// sqlmap tries every line of both tables with a session, each parameter of it
// and each id in its path; then what strangers may ask for, without one.
func sqlmap(dir string) scanner {
	return scanner{
		name: "sqlmap",
		must: []string{`weak: GET /sql: Parameter: id \(GET\)`},
		weak: func(ctx context.Context, w *weakServer) ([]finding, error) {
			u, err := url.Parse(w.plain)
			if err != nil {
				return nil, fmt.Errorf("read an address: %w", err)
			}
			return sqlmapRun{dir: dir, name: "weak", place: "weak: GET /sql", request: "GET /sql?id=1 HTTP/1.1\r\nHost: " + u.Host + "\r\n\r\n", level: "1"}.run(ctx)
		},
		scan: func(ctx context.Context, w *world) ([]finding, error) {
			var found []finding
			var faults []error
			for _, s := range w.sites {
				for _, signedIn := range []bool{true, false} {
					more, err := sqlmapTier(ctx, w, s, signedIn)
					found = append(found, more...)
					faults = append(faults, err)
				}
			}
			return found, errors.Join(faults...)
		},
	}
}

// sqlmapRun is one request that sqlmap changes.
type sqlmapRun struct{ dir, name, place, request, level string }

// sqlmapTier tries a tier and looks into its log whether it was let in.
func sqlmapTier(ctx context.Context, w *world, s *site, signedIn bool) ([]finding, error) {
	where := string(s.tier) + map[bool]string{true: " signed in", false: " stranger"}[signedIn]
	log := w.folder.Path("gatepost.log")
	from, err := mark(log)
	if err != nil {
		return nil, err
	}
	runs, patterns, err := s.runs(ctx, w.dir, where, signedIn)
	if err != nil {
		return nil, err
	}
	found, err := together(ctx, runs)
	routes, logErr := reached(log, from, s.tier)
	if logErr != nil {
		return found, errors.Join(err, logErr)
	}
	found = append(found, fallen(where, routes, "sqlmap")...)
	fmt.Printf("         sqlmap, %s: %d targets, %d lines of the table reached past the door\n", where, len(runs), len(routes))
	err = errors.Join(err, keep(filepath.Join(w.dir, "reached-sqlmap-"+strings.ReplaceAll(where, " ", "-")+".json"), routes))
	if !signedIn {
		return found, err
	}
	err = errors.Join(err, missing(routes, patterns))
	for _, p := range s.people {
		err = errors.Join(err, p.stillIn(ctx))
	}
	return found, err
}

// runs makes the runs of a tier. With a session it is every target; two of them
// are tried at level 3 too, which adds cookies, the browser's name and the
// referrer.
func (s *site) runs(ctx context.Context, dir, where string, signedIn bool) (list []sqlmapRun, patterns []string, err error) {
	u, err := url.Parse(s.plain)
	if err != nil {
		return nil, nil, fmt.Errorf("read an address: %w", err)
	}
	targets := s.targets
	if !signedIn {
		if targets, err = s.strangers(ctx); err != nil {
			return nil, nil, err
		}
	}
	for i, t := range targets {
		if t.pattern == "GET /{$}" {
			continue // it only leads on, and has nothing to change
		}
		level := "1"
		if t.pattern == "GET /account" || t.pattern == "GET /sign-in" {
			level = "3"
		}
		list = append(list, sqlmapRun{dir: dir, name: fmt.Sprintf("%s-%03d", strings.ReplaceAll(where, " ", "-"), i), place: where + ": " + t.pattern,
			request: t.request(u.Host), level: level})
		if !slices.Contains(enrolling(), t.pattern) {
			patterns = append(patterns, t.pattern)
		}
	}
	return list, patterns, nil
}

// strangers are the targets without a session: the pages and forms that are
// open, with a token of the stranger's own, and of what lies behind the door one
// line of each method for each first part of a path: all stop at one place.
func (s *site) strangers(ctx context.Context) ([]target, error) {
	p := &person{key: "stranger", base: s.plain, client: newClient()}
	v := newVisitor(s)
	for _, path := range []string{"/sign-in", "/start", "/forgot", "/signed-out", "/help"} {
		a, err := p.ask(ctx, http.MethodGet, path, "")
		if err != nil {
			return nil, err
		}
		v.note("GET "+path, target{who: p, path: path, form: true}, a.status)
		_, forms := readPage(a.body)
		for _, f := range forms {
			if pattern := s.table.pattern(f.method, f.action); pattern != "" {
				v.targets[pattern] = target{pattern: pattern, who: p, path: f.action, fields: f.fields, form: true}
			}
			v.noteForm(p, f)
		}
	}
	v.targets["POST /sign-out"] = target{pattern: "POST /sign-out", who: p, path: "/sign-out", fields: []field{{page.TokenField, p.token}}}
	var list []target
	behind := map[string]bool{}
	for _, r := range s.table.routes {
		t, ok := v.targets[r.Method+" "+r.Pattern]
		if !ok {
			at := slices.IndexFunc(s.targets, func(t target) bool { return t.pattern == r.Method+" "+r.Pattern })
			kind := r.Method + strings.Split(r.Pattern, "/")[1]
			if at < 0 || behind[kind] {
				continue
			}
			behind[kind] = true
			t = s.targets[at]
			t.who, t.fields = p, slices.Clone(t.fields)
			form{fields: t.fields}.set(page.TokenField, p.token)
		}
		list = append(list, t)
	}
	return list, nil
}

// together runs a few at a time, in their order.
func together(ctx context.Context, runs []sqlmapRun) ([]finding, error) {
	var mu sync.Mutex
	var found []finding
	var faults []error
	var working sync.WaitGroup
	queue := make(chan sqlmapRun)
	for range atOnce {
		working.Go(func() {
			for r := range queue {
				more, err := r.run(ctx)
				mu.Lock()
				found = append(found, more...)
				if err != nil {
					faults = append(faults, err)
				}
				mu.Unlock()
			}
		})
	}
	for _, r := range runs {
		queue <- r
	}
	close(queue)
	working.Wait()
	slices.SortFunc(found, func(a, b finding) int { return strings.Compare(a.text, b.text) })
	return found, errors.Join(faults...)
}

func (r sqlmapRun) run(ctx context.Context) ([]finding, error) {
	base := filepath.Join(r.dir, "sqlmap", r.name)
	if err := os.MkdirAll(base, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for sqlmap: %w", err)
	}
	request := filepath.Join(base, "request.txt")
	if err := os.WriteFile(request, []byte(r.request), 0o600); err != nil {
		return nil, fmt.Errorf("write a request for sqlmap: %w", err)
	}
	out, err := runTool(ctx, "sqlmap", "-r", request, "--batch", "--level", r.level, "--risk", "1", "--dbms", "postgresql", "--output-dir", base,
		"--disable-coloring", "--ignore-code", "*", "--ignore-redirects", "--keep-alive", "--ignore-stdin",
		// A refresh may lead off this machine.
		"--answers", "apply it from now on=N")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(base, "said.txt"), []byte(out), 0o600); err != nil {
		return nil, fmt.Errorf("keep the report: %w", err)
	}
	return readSqlmap(r.place, out)
}

var (
	injected = regexp.MustCompile(`(?m)^Parameter: .+$`)
	might    = regexp.MustCompile(`heuristic \(\w+\) test shows that (.+? might be .+?)( \(|$|\n)`)
)

// readSqlmap gives what can be injected and what sqlmap only suspects. It must
// say one of the two: that something can, or that nothing can.
func readSqlmap(place, out string) ([]finding, error) {
	var found []finding
	for _, line := range injected.FindAllString(out, -1) {
		found = append(found, finding{"sqlmap", place + ": " + strings.TrimSpace(line)})
	}
	for _, m := range might.FindAllStringSubmatch(out, -1) {
		found = append(found, finding{"sqlmap", place + ": " + m[1]})
	}
	clean := strings.Contains(out, "all tested parameters do not appear to be injectable")
	if !clean && !injected.MatchString(out) {
		return found, fmt.Errorf("%s: sqlmap came to no end", place)
	}
	return found, nil
}
