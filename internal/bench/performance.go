package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// wanted are the figures that the program is held to, each as a question about
// the lines of one bench. A time says little on a shared machine: where the
// floor alone takes longer, the page shows that beside it.
var wanted = []struct {
	bench string // the line's name, or how it begins
	what  string
	limit string
	holds func(Result) bool
	have  func(Result) float64
}{
	{"relay 2 KB", "letters a second, to the floor", "0.4 or more", func(r Result) bool { return r.Ratio >= 0.4 }, func(r Result) float64 { return r.Ratio }},
	{"relay 2 KB", "flushes a letter", "6 at most, and whole log segments", func(r Result) bool { return r.Commits < 6.5 }, func(r Result) float64 { return r.Commits }},
	{"relay 2 KB", "ms of CPU a letter", "8 at most", func(r Result) bool { return r.CPU <= 8 }, func(r Result) float64 { return r.CPU }},
	{"pages inbox", "pages a second, to the floor", "0.6 or more", func(r Result) bool { return r.Ratio >= 0.6 }, func(r Result) float64 { return r.Ratio }},
	{"pages desk", "pages a second, to the floor", "0.6 or more", func(r Result) bool { return r.Ratio >= 0.6 }, func(r Result) float64 { return r.Ratio }},
	{"live", "ms until 99 of 100 desks heard", "150 at most", func(r Result) bool { return r.P99 < 150 }, func(r Result) float64 { return r.P99 }},
	{"live", "KiB a connection", "20 at most", func(r Result) bool { return r.PerConnection <= 20 }, func(r Result) float64 { return r.PerConnection }},
	{"audit append", "flushes an act with its entry", "1 at most", func(r Result) bool { return r.Commits <= 1 }, func(r Result) float64 { return r.Commits }},
	{"audit verify", "seconds for the tree of a million entries", "4 at most", func(r Result) bool { return r.VerifySeconds < 4 }, func(r Result) float64 { return r.VerifySeconds }},
	{"audit verify", "MB while verifying", "400 at most", func(r Result) bool { return r.RSS < 400 }, func(r Result) float64 { return r.RSS }},
	{"law permit", "decisions with a permit a second, on one core", "1,000,000 or more", func(r Result) bool { return r.PerSecond >= 1e6 }, func(r Result) float64 { return r.PerSecond }},
	{"law permit", "pieces of memory that a decision allocates", "none", func(r Result) bool { return r.allocations() < 0.01 }, Result.allocations},
	{"law disclose", "disclosures a second, to the floor", "0.4 or more", func(r Result) bool { return r.Ratio >= 0.4 }, func(r Result) float64 { return r.Ratio }},
	{"screen", "ms of CPU to screen a letter of 2 KB with fifty protected words", "1 at most", func(r Result) bool { return r.CPU < 1 }, func(r Result) float64 { return r.CPU }},
	{"relay growth", "CPU a letter beside a million stored, to that beside a thousand", "1.2 at most", func(r Result) bool { return r.Growth < 1.2 }, func(r Result) float64 { return r.Growth }},
}

// Performance runs every bench, each in a process of its own so that memory is
// its own too, and prints the page docs/performance.md. program is this program.
func Performance(ctx context.Context, program string, out io.Writer) error {
	var lines []Result
	for _, name := range Names() {
		cmd := exec.CommandContext(ctx, program, "bench", name, "--json")
		cmd.Stderr = os.Stderr
		text, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("bench %s: %w", name, err)
		}
		for line := range bytes.Lines(text) {
			var r Result
			if err := json.Unmarshal(line, &r); err != nil {
				return fmt.Errorf("read a line of bench %s: %w", name, err)
			}
			lines = append(lines, r)
		}
	}
	_, err := io.WriteString(out, performancePage(lines, machine(), time.Now()))
	return err
}

// machine says in a few words what the figures were taken on.
func machine() string {
	model := "a processor that does not say its name"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d cores of %s, %s", runtime.NumCPU(), model, runtime.Version())
}

const performanceTop = `# Performance

Printed by ` + "`gatepost bench performance`" + ` on %s: %s, and a private PostgreSQL beside the program on the same cores.

Machines are noisy, so an absolute time says little. Each bench runs the program and, turn by turn in the same minute, a **floor**: the same cryptography, the same openings, the same session touches and the same
commits, and nothing else. What counts is the ratio. CPU is that of the program and of PostgreSQL together; flushes are those of PostgreSQL's log, counted over items that come one after the other.

| bench | n | a second | floor | ratio | p50 ms | p99 ms | CPU ms | floor's | flushes | MB |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
`

func performancePage(lines []Result, where string, at time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, performanceTop, at.Format("2 January 2006"), where)
	for _, r := range lines {
		name := r.Bench
		if r.Stored > 0 {
			name = fmt.Sprintf("%s, %d stored", name, r.Stored)
		}
		flushes := "" // not counted
		if r.Commits > 0 {
			flushes = fmt.Sprintf("%.2f", r.Commits)
		}
		fmt.Fprintf(&b, "| %s | %d | %.1f | %.1f | %.2f | %.2f | %.2f | %.2f | %.2f | %s | %.0f |\n",
			name, r.N, r.PerSecond, r.FloorPerSecond, r.Ratio, r.P50, r.P99, r.CPU, r.FloorCPU, flushes, r.RSS)
	}
	b.WriteString("\n## What was wanted\n\n| bench | what | wanted | here | |\n|---|---|---|---:|---|\n")
	for _, want := range wanted {
		for _, r := range lines {
			if r.Bench != want.bench || want.bench == "relay growth" && r.Growth == 0 {
				continue
			}
			verdict := "met"
			if !want.holds(r) {
				verdict = "**not met**"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %.2f | %s |\n", r.Bench, want.what, want.limit, want.have(r), verdict)
		}
	}
	b.WriteString(performanceEnd)
	return b.String()
}

const performanceEnd = `
Stored objects of the growth bench are cut to 600 bytes so that a million letters fit a disk; rows, indexes and the log's entries are whole. Checking every signature of a million entries takes as long as Ed25519 takes,
on all cores: its time is on the verify line of ` + "`gatepost bench audit --json`" + ` beside the tree's.
`
