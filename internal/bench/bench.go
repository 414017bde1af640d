package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// Result is one line of a bench.
type Result struct {
	Bench          string  `json:"bench"`
	N              int     `json:"n"`                // items measured
	PerSecond      float64 `json:"per_second"`       // items a second, all workers together
	P50            float64 `json:"p50_ms"`           // of one item, in milliseconds
	P99            float64 `json:"p99_ms"`           //
	CPU            float64 `json:"cpu_ms_per_item"`  // this process and PostgreSQL
	CPUDatabase    float64 `json:"cpu_ms_database"`  // PostgreSQL's part of it
	FloorCPU       float64 `json:"floor_cpu_ms"`     // the same of the floor
	Commits        float64 `json:"commits_per_item"` // flushes of the log, one item at a time
	FloorPerSecond float64 `json:"floor_per_second"`
	Ratio          float64 `json:"ratio_to_floor"`
	RSS            float64 `json:"rss_mb"` // this process at its highest so far

	// Memory of an open line in the server; live only.
	PerConnection      float64 `json:"kib_per_connection,omitempty"`
	FloorPerConnection float64 `json:"floor_kib_per_connection,omitempty"`

	// Letters that are stored already, and the CPU of one more to that beside the fewest; growth only.
	Stored int     `json:"stored,omitempty"`
	Growth float64 `json:"growth,omitempty"`

	// What one decision allocates, in pieces of memory; law only, but for its disclosures.
	Allocations *float64 `json:"allocations_per_item,omitempty"`

	// The check of a whole log, in seconds: its tree, and the signatures of its entries; audit only.
	VerifySeconds     float64 `json:"verify_seconds,omitempty"`
	SignaturesSeconds float64 `json:"signatures_seconds,omitempty"`

	// What the screen finds; screen only.
	*Screening

	// How good and how quick the matching of a register is; register only.
	*Matching
}

// allocations is what a decision allocates; one where that was not measured.
func (r Result) allocations() float64 {
	if r.Allocations == nil {
		return 1
	}
	return *r.Allocations
}

// Names lists the benches.
func Names() []string {
	return []string{"relay", "pages", "live", "audit", "law", "register", "screen", "growth"}
}

// Run runs a bench and prints its lines to out as it goes: JSON objects, or a
// table for people.
func Run(ctx context.Context, name string, asJSON bool, out io.Writer) error {
	print := func(r Result) error { return write(out, asJSON, r) }
	switch name {
	case "relay":
		return relay(ctx, print)
	case "pages":
		return measurePages(ctx, print)
	case "live":
		return measureLive(ctx, print)
	case "audit":
		return auditing(ctx, print)
	case "law":
		if err := deciding(ctx, print); err != nil {
			return err
		}
		return giving(ctx, print)
	case "register":
		return matching(ctx, registerRows, print)
	case "screen":
		return screeningLetters(ctx, print)
	case "growth":
		return growth(ctx, print)
	}
	return fmt.Errorf("no bench is called %q; there are %v", name, Names())
}

func write(out io.Writer, asJSON bool, r Result) error {
	if asJSON {
		return json.NewEncoder(out).Encode(r)
	}
	_, err := fmt.Fprintf(out, "%-14s n %d: %.1f/s (floor %.1f/s, ratio %.2f), p50 %.2f ms, p99 %.2f ms, cpu %.2f ms, commits %.2f, rss %.0f MB\n",
		r.Bench, r.N, r.PerSecond, r.FloorPerSecond, r.Ratio, r.P50, r.P99, r.CPU, r.Commits, r.RSS)
	if err == nil && r.PerConnection > 0 {
		_, err = fmt.Fprintf(out, "%-14s %.1f KiB a connection (floor %.1f)\n", "", r.PerConnection, r.FloorPerConnection)
	}
	if err == nil && r.Stored > 0 {
		_, err = fmt.Fprintf(out, "%-14s beside %d stored letters\n", "", r.Stored)
	}
	if err == nil && r.Growth > 0 {
		_, err = fmt.Fprintf(out, "%-14s %.2f times the CPU of one beside the fewest\n", "", r.Growth)
	}
	if err == nil && r.Allocations != nil {
		_, err = fmt.Fprintf(out, "%-14s %.2f allocations each\n", "", *r.Allocations)
	}
	if err == nil && r.Matching != nil {
		_, err = fmt.Fprintf(out, "%-14s %d x %d in %.1f s, heap %.0f MB; at p >= 0.5 precision %.4f, recall %.4f, F1 %.4f; proposed %.4f, %.4f; with review %.4f, %.4f\n", "", r.Rows, r.Rows/10,
			r.BatchSeconds, r.Heap, r.Precision, r.Recall, r.F1, r.ProposedPrecision, r.ProposedRecall, r.SeenPrecision, r.SeenRecall)
	}
	if err == nil && r.Screening != nil {
		_, err = io.WriteString(out, r.Screening.table())
	}
	if err == nil && r.VerifySeconds > 0 {
		_, err = fmt.Fprintf(out, "%-14s the tree in %.2f s, with every signature in %.1f s\n", "", r.VerifySeconds, r.SignaturesSeconds)
	}
	return err
}

// rounds is how often the real thing and the floor take turns.
const rounds = 5

// workers is how many do the work at once.
const workers = 4

// job does one item.
type job func(ctx context.Context) error

// sample is what a number of items took.
type sample struct {
	items []time.Duration
	wall  time.Duration
	cpu   cpuTime
}

func (s *sample) add(o sample) {
	s.items = append(s.items, o.items...)
	s.wall += o.wall
	s.cpu.own += o.cpu.own
	s.cpu.database += o.cpu.database
}

// perItem is a share of a time in milliseconds.
func (s *sample) perItem(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000 / float64(len(s.items))
}

func (s *sample) perSecond() float64 { return float64(len(s.items)) / s.wall.Seconds() }

// percentile of the items' durations in milliseconds.
func (s *sample) percentile(p float64) float64 {
	slices.Sort(s.items)
	i := min(int(p*float64(len(s.items))), len(s.items)-1)
	return float64(s.items[i].Microseconds()) / 1000
}

// measure runs n items of a job, workers at a time.
func (w *world) measure(ctx context.Context, n int, do job) (sample, error) {
	var mu sync.Mutex
	var s sample
	var failed error
	next := make(chan struct{}, n)
	for range n {
		next <- struct{}{}
	}
	close(next)
	cpu, start := w.cpu(), time.Now()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range next {
				began := time.Now()
				err := do(ctx)
				took := time.Since(began)
				mu.Lock()
				s.items = append(s.items, took)
				if err != nil && failed == nil {
					failed = err
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	s.wall, s.cpu = time.Since(start), w.cpu().since(cpu)
	return s, failed
}

// beside runs the real thing and its floor by turns, a small round of each
// first to warm both, and makes the result.
func (w *world) beside(ctx context.Context, name string, n int, real, floor job) (Result, error) {
	var ours, theirs sample
	for round := range rounds + 1 {
		size := n / rounds
		if round == 0 {
			size = max(workers, n/20)
		}
		r, err := w.measure(ctx, size, real)
		if err != nil {
			return Result{}, fmt.Errorf("%s: %w", name, err)
		}
		f, err := w.measure(ctx, size, floor)
		if err != nil {
			return Result{}, fmt.Errorf("floor of %s: %w", name, err)
		}
		if round > 0 {
			ours.add(r)
			theirs.add(f)
		}
	}
	return resultOf(name, ours, theirs), nil
}

// resultOf is the line of a bench, but for what only some have.
func resultOf(name string, ours, theirs sample) Result {
	return Result{Bench: name, N: len(ours.items), PerSecond: ours.perSecond(), P50: ours.percentile(0.5), P99: ours.percentile(0.99),
		CPU: ours.perItem(ours.cpu.own + ours.cpu.database), CPUDatabase: ours.perItem(ours.cpu.database),
		FloorCPU:       theirs.perItem(theirs.cpu.own + theirs.cpu.database),
		FloorPerSecond: theirs.perSecond(), Ratio: ours.perSecond() / theirs.perSecond(), RSS: highWater()}
}
