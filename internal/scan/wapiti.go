package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gatepost/web/page"
)

const wapitiModules = "backup,blindsql,cookieflags,crlf,csp,exec,file,htaccess,http_headers,methods,permanentxss,redirect,shellshock,sql,ssrf,xss"

// wapitiMain starts wapiti as its own command does. Before, it mends one function
// in memory: Debian 12 has wapiti 3.0.4 with Python 3.11, which refuses the flags
// at the end of the expression that --exclude makes. An exclusion with
// linesMark is of another kind: a list of lines of the table, as expressions, each with the path
// that stands for it or "". Of a line the crawler takes that path, or the first one
// that it finds, and no other: it would try each letter and each case anew. Of forms
// with the same fields at one path it attacks the first, for their hidden values are
// all that differs. What makes a database wait it says in PostgreSQL's words alone:
// there is no other, and in those of three more a manager's pages take a day.
const wapitiMain = `
import json, re
from urllib.parse import urlparse
from wapitiCore.net import crawler

class Lines:
    def __init__(self, text):
        self.lines = [(re.compile(line), path) for line, path in json.loads(text)]
        self.kept = {}

    def match(self, url):
        at = urlparse(url).path
        for line, path in self.lines:
            if line.fullmatch(at):
                return self.kept.setdefault(line, path or at) != at
        return False

mark = "` + linesMark + `"
crawler.wildcard_translate = lambda p: Lines(p[p.index(mark) + len(mark):]) if mark in p else \
    re.compile("(?ms)" + ".*".join(re.escape(s) for s in p.split("*")) + r"\Z")
from wapitiCore.net.sqlite_persister import SqlitePersister
every_path = SqlitePersister._get_paths

def once(self, *args, attack_module="", **named):
    seen = set()
    for request in every_path(self, *args, attack_module=attack_module, **named):
        fields = request.get_params + request.post_params + request.file_params if isinstance(request.post_params, list) else [[request.url, ""]]
        form = request.method, request.path, tuple(sorted(field[0] for field in fields))
        if not attack_module or form not in seen:
            yield request
        seen.add(form)

SqlitePersister._get_paths = once
from wapitiCore.attack.attack import PayloadReader
every_payload = PayloadReader.read_payloads
PayloadReader.read_payloads = lambda self, name: [one for one in every_payload(self, name) if "blindSQL" not in name or "pg_sleep" in one[0]]
from wapitiCore.main.wapiti import wapiti_main
wapiti_main()
`

const linesMark = "/lines:"

// lines are those of the table, the more exact one first, each with the path of a
// target of that person.
func lines(t *table, targets []target, who *person) (string, error) {
	list, seen := [][2]string{}, map[string]bool{}
	for _, r := range t.routes {
		if seen[r.Pattern] {
			continue
		}
		seen[r.Pattern] = true
		line := [2]string{r.Pattern}
		for _, t := range targets {
			if _, pattern, _ := strings.Cut(t.pattern, " "); pattern == r.Pattern && t.who == who && line[1] == "" {
				line[1], _, _ = strings.Cut(t.path, "?")
			}
		}
		list = append(list, line)
	}
	slices.SortStableFunc(list, func(a, b [2]string) int { return strings.Count(a[0], "{") - strings.Count(b[0], "{") })
	for i := range list {
		parts := differs.Split(strings.TrimSuffix(list[i][0], "{$}"), -1)
		for j := range parts {
			parts[j] = regexp.QuoteMeta(parts[j])
		}
		list[i][0] = strings.Join(parts, "[^/]+")
	}
	text, err := json.Marshal(list)
	return linesMark + string(text), err
}

// differs is what differs in the path of a line of the table.
var differs = regexp.MustCompile(`\{[^}]*\}`)

// wapitiRun is one run: as whom, on what.
type wapitiRun struct {
	name, base string
	who        *person // nil: a stranger
	ear        *ear
	leave      []string // paths that are left alone
	lines      string   // of the table, of which it tries one path each
	table      *table
}

func wapiti(dir string) scanner {
	return scanner{
		name: "wapiti",
		must: []string{"Cross Site Scripting", "SQL Injection", "Open Redirect", "Path Traversal", "Server Side Request Forgery",
			"Content Security Policy", "HttpOnly Flag", "Secure Flag", "X-Frame-Options"},
		weak: func(ctx context.Context, w *weakServer) ([]finding, error) {
			return wapitiRun{name: "weak", base: w.plain, ear: w.ear}.run(ctx, dir)
		},
		scan: func(ctx context.Context, w *world) ([]finding, error) {
			var found []finding
			for _, s := range w.sites {
				for _, key := range append(visitors(s.tier), "") {
					more, err := wapitiTier(ctx, w, s, key)
					found = append(found, more...)
					if err != nil {
						return found, err
					}
				}
			}
			return found, nil
		},
	}
}

// visitors are those as whom wapiti goes round.
func visitors(tier page.Tier) []string {
	if tier == page.Staff {
		return []string{"owen", "judith"}
	}
	return []string{"rachel"}
}

// wapitiTier goes round a tier over TLS as one person, or as a stranger, and
// looks into the server's log whether it was let in.
func wapitiTier(ctx context.Context, w *world, s *site, key string) ([]finding, error) {
	r := wapitiRun{name: string(s.tier) + "-" + key, base: s.tls, ear: w.ear, table: s.table}
	for _, pattern := range spared() {
		if path := pattern[strings.Index(pattern, "/"):]; path != "/sign-in" || key != "" {
			r.leave = append(r.leave, path)
		}
	}
	if key == "" {
		r.name = string(s.tier) + "-stranger"
	} else {
		r.who = s.people[slices.IndexFunc(s.people, func(p *person) bool { return p.key == key })]
	}
	var err error
	if r.lines, err = lines(s.table, s.targets, r.who); err != nil {
		return nil, err
	}
	log := filepath.Join(w.dir, "tls.log")
	from, err := mark(log)
	if err != nil {
		return nil, err
	}
	found, err := r.run(ctx, w.dir)
	if err != nil {
		return found, err
	}
	routes, err := reached(log, from, s.tier)
	if err != nil {
		return found, err
	}
	if err := keep(filepath.Join(w.dir, "reached-wapiti-"+r.name+".json"), routes); err != nil {
		return found, err
	}
	found = append(found, fallen(r.name, routes, "wapiti")...)
	ok := 0
	for _, statuses := range routes {
		if statuses[200] > 0 {
			ok++
		}
	}
	fmt.Printf("         wapiti as %s: %d lines of the table, %d of them with a page\n", r.name, len(routes), ok)
	if r.who == nil {
		return found, nil
	}
	if least := 12; ok < least {
		return found, fmt.Errorf("as %s it saw %d pages of the table, fewer than %d", r.name, ok, least)
	}
	return found, r.who.stillIn(ctx)
}

func (r wapitiRun) run(ctx context.Context, dir string) ([]finding, error) {
	report := filepath.Join(dir, "wapiti-"+r.name+".json")
	session := filepath.Join(dir, "wapiti-"+r.name)
	args := []string{"-u", r.base + "/", "-m", wapitiModules, "--scope", "domain", "-f", "json", "-o", report, "--flush-session",
		"--store-session", session, "--store-config", filepath.Join(dir, "wapiti-config"), "--no-bugreport", "--verify-ssl", "0", "-v", "1",
		"--external-endpoint", r.ear.base, "--internal-endpoint", r.ear.base,
		// The token of a form is not attacked: without it no other field is read.
		"--skip", page.TokenField, "--max-links-per-page", "60", "--max-files-per-dir", "40", "-S", "normal"}
	if r.who != nil {
		args = append(args, "-c", filepath.Join(dir, "cookies-"+r.who.key+".json"), "-s", r.base+"/account")
	}
	for _, path := range r.leave {
		args = append(args, "-x", r.base+path)
	}
	if r.lines != "" {
		args = append(args, "-x", r.base+r.lines)
	}
	out, err := runTool(ctx, "/usr/bin/python3", append([]string{"-c", wapitiMain}, args...)...)
	if keepErr := os.WriteFile(filepath.Join(dir, "wapiti-"+r.name+".txt"), []byte(out), 0o600); keepErr != nil && err == nil {
		err = fmt.Errorf("keep the report: %w", keepErr)
	}
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(report)
	if err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	return readWapiti(r.name, text, r.table)
}

// readWapiti gives vulnerabilities and anomalies, each place once.
func readWapiti(where string, text []byte, t *table) ([]finding, error) {
	type line struct {
		Method    string `json:"method"`
		Path      string `json:"path"`
		Info      string `json:"info"`
		Parameter string `json:"parameter"`
	}
	var report struct {
		Vulnerabilities map[string][]line `json:"vulnerabilities"`
		Anomalies       map[string][]line `json:"anomalies"`
		Infos           struct {
			Version string `json:"version"`
		} `json:"infos"`
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	if report.Infos.Version == "" {
		return nil, fmt.Errorf("the report about %s is not wapiti's", where)
	}
	var found []finding
	for _, kinds := range []map[string][]line{report.Vulnerabilities, report.Anomalies} {
		for kind, lines := range kinds {
			for _, l := range lines {
				place := l.Method + " " + l.Path
				if t != nil && t.pattern(l.Method, l.Path) != "" {
					place = t.pattern(l.Method, l.Path)
				}
				info, _, _ := strings.Cut(l.Info, "\n")
				f := finding{"wapiti", fmt.Sprintf("%s: %s: %s: %s", where, kind, place, info)}
				if !slices.Contains(found, f) {
					found = append(found, f)
				}
			}
		}
	}
	return found, nil
}
