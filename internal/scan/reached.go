package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"gatepost/web/page"
)

// mark is how far a log was written when a scanner began.
func mark(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("look at the log: %w", err)
	}
	return info.Size(), nil
}

// reached tells, by the server's own log, which lines of the table were asked
// for, and with what statuses. Requests that only a stranger's were, are left out.
func reached(path string, from int64, tier page.Tier) (map[string]map[int]int, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	defer file.Close() // only read
	if _, err := file.Seek(from, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	return readLog(file, tier)
}

func readLog(r io.Reader, tier page.Tier) (map[string]map[int]int, error) {
	routes := map[string]map[int]int{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l struct {
			Tier, Route, Kind string
			Status            int
		}
		if json.Unmarshal(lines.Bytes(), &l) != nil || l.Tier != string(tier) || l.Route == "" || l.Kind == "signIn" {
			continue
		}
		if routes[l.Route] == nil {
			routes[l.Route] = map[int]int{}
		}
		routes[l.Route][l.Status]++
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	return routes, nil
}

// fallen gives the lines of the table that answered with a fault of the server.
// 503 is none: it is the answer of the limits, which a scan does reach.
func fallen(where string, routes map[string]map[int]int, tool string) []finding {
	var found []finding
	for route, statuses := range routes {
		for status, n := range statuses {
			if status >= 500 && status != 503 {
				found = append(found, finding{tool, fmt.Sprintf("%s: %s answers %d (%d times)", where, route, status, n)})
			}
		}
	}
	return found
}

// keep writes which lines were reached beside the reports.
func keep(path string, routes map[string]map[int]int) error {
	text, err := marshal(routes)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write what was reached: %w", err)
	}
	return nil
}

// missing fails for lines that nobody reached past the door.
func missing(routes map[string]map[int]int, patterns []string) error {
	var list []string
	for _, p := range patterns {
		if routes[p] == nil {
			list = append(list, p)
		}
	}
	if len(list) > 0 {
		return errors.New("not reached past the door: " + strings.Join(list, "; "))
	}
	return nil
}
