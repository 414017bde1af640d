package bench

// In the package: the bench's people are not exported.

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// The bench runs small, says what it found, and its people are the same each time.
func TestRegister(t *testing.T) {
	var out bytes.Buffer
	if err := RunRegister(t.Context(), 12_000, true, &out); err != nil {
		t.Fatal(err)
	}
	var r Result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	m := r.Matching
	if m == nil || r.Bench != "register" || r.N != 1200 || m.Links < 200 || r.PerSecond <= 0 || r.FloorPerSecond <= 0 || m.BatchSeconds <= 0 || m.Heap <= 0 {
		t.Fatalf("%s", out.String())
	}
	if m.F1 < 0.95 || m.SeenRecall < 0.95 || m.ProposedPrecision < 0.97 || m.Blocked < 0.95 || m.SiblingsProposed > 0 {
		t.Errorf("%s", out.String())
	}
	if a, b := makeRegister(500), makeRegister(500); !reflect.DeepEqual(a, b) || len(a.part1) != 500 || len(a.part2) != 50 {
		t.Error("other people the second time")
	}
}
