package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// finding is one thing that a scanner says. The text names the tier, the place
// and what is wrong, without ids.
type finding struct{ tool, text string }

// exception is a line of the accepted file.
type exception struct {
	tool    string
	pattern *regexp.Regexp
	reason  string
	used    int
}

// accepted is the whole file.
type accepted []exception

// readAccepted reads lines of the form "tool | expression | reason". The
// expression must match the whole finding. Empty lines and those that begin
// with # are notes.
func readAccepted(path string) (accepted, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the accepted findings: %w", err)
	}
	defer file.Close() // only read
	return parseAccepted(file)
}

func parseAccepted(r io.Reader) (accepted, error) {
	var list accepted
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.SplitN(line, " | ", 3)
		if len(parts) != 3 || len(strings.TrimSpace(parts[2])) < 20 {
			return nil, fmt.Errorf("line %d of the accepted findings is not: tool | expression | reason", n)
		}
		pattern, err := regexp.Compile("^(?:" + strings.TrimSpace(parts[1]) + ")$")
		if err != nil {
			return nil, fmt.Errorf("line %d of the accepted findings: %w", n, err)
		}
		list = append(list, exception{tool: strings.TrimSpace(parts[0]), pattern: pattern, reason: strings.TrimSpace(parts[2])})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the accepted findings: %w", err)
	}
	return list, nil
}

// judge prints what was found and fails for what has no reason, and for reasons
// that nothing needs any more. With only, that scanner's lines are looked at.
func (a accepted) judge(out io.Writer, found []finding, only string) error {
	var faults []error
	for _, f := range found {
		if !a.allows(f) {
			faults = append(faults, fmt.Errorf("found by %s: %s", f.tool, f.text))
		}
	}
	for _, e := range a {
		switch {
		case e.used > 0:
			fmt.Fprintf(out, "accepted %d of %s: %s\n         because: %s\n", e.used, e.tool, e.pattern, e.reason)
		case only == "" || only == e.tool:
			faults = append(faults, fmt.Errorf("nothing is found any more that this line accepts: %s | %s", e.tool, e.pattern))
		}
	}
	return errors.Join(faults...)
}

func (a accepted) allows(f finding) bool {
	for i := range a {
		if a[i].tool == f.tool && a[i].pattern.MatchString(f.text) {
			a[i].used++
			return true
		}
	}
	return false
}

// unseen fails when a scanner missed what is planted for it.
func unseen(s scanner, found []finding) error {
	var faults []error
	for _, must := range s.must {
		want, seen := regexp.MustCompile(must), false
		for _, f := range found {
			seen = seen || want.MatchString(f.text)
		}
		if !seen {
			faults = append(faults, fmt.Errorf("%s is blind: it does not see %q on the weak server", s.name, must))
		}
	}
	return errors.Join(faults...)
}
