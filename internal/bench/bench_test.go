package bench

// Inside the package: what is tried here is one item of each bench, which the
// printed figures hide.

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"gatepost/web/assets"
)

// One letter crosses for real and one as the floor; both leave what they say.
func TestItems(t *testing.T) {
	ctx := context.Background()
	w, err := newWorld(ctx, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.close(ctx); err != nil {
			t.Error(err)
		}
	}()
	r, err := w.newRelay(ctx, 2<<10)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.letter(ctx); err != nil {
			t.Fatal(err)
		}
		if err := r.floor(ctx); err != nil {
			t.Fatal(err)
		}
	}
	var opened, rows int
	if err := r.base.pool.QueryRow(ctx, `select (select count(*) from letter where state = 'opened'), (select count(*) from bench_floor)`).Scan(&opened, &rows); err != nil {
		t.Fatal(err)
	}
	// The floor commits six times a letter, once with two objects.
	if opened != 2 || rows != 2*7 {
		t.Errorf("%d letters opened and %d rows of the floor", opened, rows)
	}
	n, err := w.commits(ctx, r.letter)
	if err != nil {
		t.Fatal(err)
	}
	if n < 5 || n > 6.5 {
		t.Errorf("%.2f flushes a letter", n)
	}
}

// Every desk of both instances hears of an act, and so does every line of the floor.
func TestLive(t *testing.T) {
	ctx := context.Background()
	w, err := newWorld(ctx, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.close(ctx); err != nil {
			t.Error(err)
		}
	}()
	files, err := assets.Load(fstest.MapFS{"app.css": {}, "app.js": {}, "favicon.svg": {}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := w.live(ctx, files, 20, 1)
	if err != nil {
		t.Fatal(err)
	}
	if r.N != 20 || r.P99 <= 0 || r.FloorPerSecond <= 0 {
		t.Errorf("20 desks, told once: %+v", r)
	}
}

// Both pages answer, and their floors: a page that lacks a part of the program
// answers 500, and no figure comes of it.
func TestPages(t *testing.T) {
	files, err := assets.Load(fstest.MapFS{"app.css": {}, "app.js": {}, "favicon.svg": {}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	if err := pages(context.Background(), files, 60, func(r Result) error {
		names = append(names, r.Bench)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if strings.Join(names, ", ") != "pages inbox, pages desk" {
		t.Errorf("measured %q", names)
	}
}

// The names of a result are a contract with other programs.
func TestResultNames(t *testing.T) {
	var out bytes.Buffer
	if err := write(&out, true, Result{Bench: "relay 2 KB", PerConnection: 1}); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields("bench n per_second p50_ms p99_ms cpu_ms_per_item commits_per_item floor_per_second ratio_to_floor rss_mb kib_per_connection") {
		if _, ok := got[name]; !ok {
			t.Errorf("no %s", name)
		}
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Error("a result is not one line")
	}
}

func TestPercentile(t *testing.T) {
	s := sample{}
	for i := range 100 {
		s.items = append(s.items, time.Duration(100-i)*time.Millisecond)
	}
	if p := s.percentile(0.5); p != 51 {
		t.Errorf("the median of 1 to 100 is %v", p)
	}
	if p := s.percentile(0.99); p != 100 {
		t.Errorf("the 99th percentile is %v", p)
	}
	if !slices.IsSorted(s.items) {
		t.Error("not sorted")
	}
}

func TestRun_Unknown(t *testing.T) {
	if err := Run(t.Context(), "speed", false, &bytes.Buffer{}); err == nil {
		t.Error("an unknown bench ran")
	}
}
