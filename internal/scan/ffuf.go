package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"gatepost/web/page"
)

// commonWords is the list of Debian's dirb, of what is often forgotten on a server.
const commonWords = "/usr/share/dirb/wordlists/common.txt"

// open are the paths that answer strangers. They are written out here, not read
// from the table: a page that becomes public by mistake has to be seen. A star
// stands for one part of a path.
func open(tier page.Tier, method string) []string {
	if method == http.MethodPost {
		return nil // without the page's own token no form is taken
	}
	list := []string{"", "sign-in", "start", "forgot", "signed-out", "help", "cookies", "accessibility", "healthz", "readyz"}
	if tier == page.Public {
		return append(list, "safety", "leave",
			"apply", "apply/code", "apply/return", "apply/left", "apply/ask/*", "apply/about", "apply/family", "apply/what", "apply/information", "apply/check", "apply/sent")
	}
	return list
}

// hit is one path that a stranger was not refused.
type hit struct {
	Input  map[string]string `json:"input"`
	Status int               `json:"status"`
}

func ffuf(dir string) scanner {
	one := func(ctx context.Context, name, method, base, words string) ([]hit, error) {
		report := filepath.Join(dir, "ffuf-"+name+".json")
		if _, err := runTool(ctx, "ffuf", "-s", "-X", method, "-u", base+"/FUZZ", "-w", words, "-mc", "all", "-fc", "401,403,404,405", "-of", "json", "-o", report); err != nil {
			return nil, err
		}
		text, err := os.ReadFile(report)
		if err != nil {
			return nil, fmt.Errorf("read the report: %w", err)
		}
		return readFfuf(text)
	}
	return scanner{
		name: "ffuf",
		must: []string{"weak: GET /admin is open: 200"},
		weak: func(ctx context.Context, w *weakServer) ([]finding, error) {
			words, err := writeWords(filepath.Join(dir, "words-weak.txt"), nil)
			if err != nil {
				return nil, err
			}
			hits, err := one(ctx, "weak", http.MethodGet, w.plain, words)
			return opened("weak", http.MethodGet, hits, nil), err
		},
		scan: func(ctx context.Context, w *world) ([]finding, error) {
			var found []finding
			for _, s := range w.sites {
				words, err := writeWords(filepath.Join(dir, "words-"+string(s.tier)+".txt"), s.paths())
				if err != nil {
					return found, err
				}
				for _, method := range []string{http.MethodGet, http.MethodPost} {
					hits, err := one(ctx, string(s.tier)+"-"+method, method, s.plain, words)
					if err != nil {
						return found, err
					}
					found = append(found, opened(string(s.tier), method, hits, open(s.tier, method))...)
				}
			}
			return found, nil
		},
	}
}

func readFfuf(text []byte) ([]hit, error) {
	var report struct {
		Results []hit `json:"results"`
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	return report.Results, nil
}

// opened compares what answered with what may: more and less are both findings.
func opened(where, method string, hits []hit, public []string) []finding {
	var found []finding
	for _, h := range hits {
		if word := h.Input["FUZZ"]; !anyOpen(public, word) {
			found = append(found, finding{"ffuf", fmt.Sprintf("%s: %s /%s is open: %d", where, method, word, h.Status)})
		}
	}
	for _, p := range public {
		if !slices.ContainsFunc(hits, func(h hit) bool { return anyOpen([]string{p}, h.Input["FUZZ"]) }) {
			found = append(found, finding{"ffuf", fmt.Sprintf("%s: %s /%s is not found, which is public", where, method, p)})
		}
	}
	return found
}

// anyOpen tells whether a path is one of those of open.
func anyOpen(public []string, word string) bool {
	return slices.ContainsFunc(public, func(p string) bool {
		is, err := path.Match(p, word)
		return err == nil && is
	})
}

// paths are every place that the scan knows of: the lines of the table, with ids
// that are there, and what lies above them.
func (s *site) paths() []string {
	var list []string
	for _, t := range s.targets {
		place, _, _ := strings.Cut(t.path, "?")
		list = append(list, place)
	}
	for _, r := range s.table.routes {
		list = append(list, strings.NewReplacer("{$}", "", "{id}", "1", "{question}", "name").Replace(r.Pattern))
	}
	return list
}

// writeWords writes paths and common words, each once, without a slash in front.
func writeWords(path string, paths []string) (string, error) {
	common, err := os.Open(commonWords)
	if err != nil {
		return "", fmt.Errorf("read the common words: %w", err)
	}
	defer common.Close() // only read
	for lines := bufio.NewScanner(common); lines.Scan(); {
		paths = append(paths, lines.Text())
	}
	paths = append(paths, "healthz", "readyz", "metrics", "debug/pprof/", ".git/HEAD", ".env", "server-status", "actuator/health", "")
	seen := map[string]bool{}
	var b strings.Builder
	for _, p := range paths {
		p = strings.TrimPrefix(p, "/")
		if !seen[p] && !strings.HasPrefix(p, "#") {
			seen[p] = true
			b.WriteString(p + "\n")
		}
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return "", fmt.Errorf("write the words: %w", err)
	}
	return path, nil
}
