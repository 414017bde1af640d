package bench

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// The bench says how long a letter takes, and what was found of each set.
func TestScreen(t *testing.T) {
	var out bytes.Buffer
	if err := Run(t.Context(), "screen", true, &out); err != nil {
		t.Fatal(err)
	}
	var r Result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	s := r.Screening
	if s == nil || r.Bench != "screen" || r.N != 1000 || r.PerSecond <= 0 || r.FloorPerSecond <= 0 || s.LetterBytes < 2000 || s.Protected != 50 {
		t.Fatalf("%.300s", out.String())
	}
	techniques := 0
	for _, f := range s.Found {
		if f.By == "technique" {
			techniques++
		}
		if f.By == "set" && (f.Spans < 70 || f.Found*100 < f.Spans*90) {
			t.Errorf("%s: %d of %d", f.Set, f.Found, f.Spans)
		}
	}
	if techniques < 200 || len(s.Innocent) != 4 {
		t.Errorf("%d techniques, %v", techniques, s.Innocent)
	}
	if text := s.table(); strings.Count(text, "\n") != 1+len(s.Found)+len(s.Innocent) {
		t.Error(text)
	}
}
