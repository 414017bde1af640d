package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gatepost/internal/demo"
	"gatepost/web/page"
)

// testssl tries the handshakes of both tiers.
func testssl(dir string) scanner {
	one := func(ctx context.Context, where, base, host, authority string) ([]finding, error) {
		u, err := url.Parse(base)
		if err != nil {
			return nil, fmt.Errorf("read an address: %w", err)
		}
		report := filepath.Join(dir, "testssl-"+where+".json")
		out, err := runTool(ctx, "testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--openssl-timeout", "20", "--connect-timeout", "20", "--ip", "127.0.0.1", "--add-ca", authority,
			"--jsonfile", report, host+":"+u.Port())
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, "testssl-"+where+".txt"), []byte(out), 0o600); err != nil {
			return nil, fmt.Errorf("keep the report: %w", err)
		}
		text, err := os.ReadFile(report)
		if err != nil {
			return nil, fmt.Errorf("read the report: %w", err)
		}
		return readTestssl(where, text)
	}
	return scanner{
		name: "testssl",
		must: []string{"TLS1 ", "RC4 ", "HSTS "},
		weak: func(ctx context.Context, w *weakServer) ([]finding, error) {
			return one(ctx, "weak", w.tls, "weak.localhost", w.authority)
		},
		scan: func(ctx context.Context, w *world) ([]finding, error) {
			var found []finding
			for _, s := range w.sites {
				host := demo.PublicHost
				if s.tier == page.Staff {
					host = demo.StaffHost
				}
				more, err := one(ctx, string(s.tier), s.tls, host, w.authority)
				if err != nil {
					return found, err
				}
				found = append(found, more...)
			}
			return found, nil
		},
	}
}

// readTestssl gives all that is worse than information. A report that stops
// before the simulated browsers, which come last, is an error.
func readTestssl(where string, text []byte) ([]finding, error) {
	var lines []struct {
		ID       string `json:"id"`
		Severity string `json:"severity"`
		Finding  string `json:"finding"`
	}
	if err := json.Unmarshal(text, &lines); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	var found []finding
	ended := false
	for _, l := range lines {
		ended = ended || strings.HasPrefix(l.ID, "clientsimulation-")
		switch l.Severity {
		case "OK", "INFO", "DEBUG":
		default:
			found = append(found, finding{"testssl", fmt.Sprintf("%s: %s %s: %s", where, l.ID, l.Severity, l.Finding)})
		}
	}
	if !ended {
		return found, fmt.Errorf("the report about %s is not complete", where)
	}
	return found, nil
}
