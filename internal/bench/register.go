package bench

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"gatepost/intermediary/register"
)

// registerRows is how many entries Part 1 of the bench has; Part 2 has a tenth.
const registerRows = 1_000_000

// Matching is what only the bench of the register has: how long a batch takes,
// and how good what it finds is, of people who were made up.
type Matching struct {
	Rows         int     `json:"rows"`              // of Part 1
	BatchSeconds float64 `json:"batch_seconds"`     // of all of Part 2, the index and the model included
	BatchCPU     float64 `json:"batch_cpu_seconds"` // that this process computed meanwhile; on a busy machine the better measure
	Compared     int     `json:"pairs_compared"`
	PairsBatch   float64 `json:"pairs_per_second_batch"` // of the batch, both workers
	Heap         float64 `json:"heap_mb"`                // of the index and both parts, after the batch
	Links        int     `json:"links"`                  // that there are
	Precision    float64 `json:"precision"`              // at a probability of a half or more
	Recall       float64 `json:"recall"`
	F1           float64 `json:"f1"`

	ProposedPrecision float64 `json:"proposed_precision"`
	ProposedRecall    float64 `json:"proposed_recall"`
	SeenPrecision     float64 `json:"proposed_or_review_precision"`
	SeenRecall        float64 `json:"proposed_or_review_recall"`
	SiblingsProposed  int     `json:"siblings_proposed"` // of those that another child was registered for
	Blocked           float64 `json:"blocking_recall"`   // links that are compared at all, of those searched

	// Of the pairs in each tenth of probability, the share that are links.
	Calibration []Tenth `json:"calibration"`
}

// Tenth is the pairs whose probability is in one tenth.
type Tenth struct {
	From  float64 `json:"from"`
	Pairs int     `json:"pairs"`
	Links int     `json:"links"`
}

// RunRegister runs the bench of the register with a Part 1 of another size.
func RunRegister(ctx context.Context, rows int, asJSON bool, out io.Writer) error {
	return matching(ctx, rows, func(r Result) error { return write(out, asJSON, r) })
}

// matching measures a batch, then searches for one entry after the other on one
// core, and a naive scorer on the pairs that those compare.
func matching(ctx context.Context, rows int, print func(Result) error) error {
	people := makeRegister(rows)
	runtime.GC()
	// Twice as much collecting, for a third less memory: who holds a register that
	// large should ask for the same.
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	cpu, began := ownCPU(), time.Now()
	result, err := register.Match(ctx, people.part1, people.part2, register.Options{})
	if err != nil {
		return fmt.Errorf("match: %w", err)
	}
	took, computed := time.Since(began), ownCPU()-cpu
	m := people.judge(result)
	m.BatchSeconds, m.BatchCPU = took.Seconds(), computed.Seconds()
	m.Rows, m.Compared, m.PairsBatch = rows, result.Compared, float64(result.Compared)/m.BatchSeconds
	runtime.GC() // the batch's own index is not needed beside the next one
	index, err := register.NewIndex(ctx, people.part1, register.Options{Model: result.Model})
	if err != nil {
		return fmt.Errorf("make an index: %w", err)
	}
	r, err := people.searches(ctx, index, &m)
	if err != nil {
		return err
	}
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	m.Heap = float64(memory.HeapInuse) / (1 << 20)
	runtime.KeepAlive(index)
	r.Matching = &m
	return print(r)
}

// searches looks up entries of Part 2, each alone, and has the naive scorer
// compare the same pairs.
func (p *registerParts) searches(ctx context.Context, index *register.Index, m *Matching) (Result, error) {
	const searches = 2000
	at := map[string]int{}
	for i := range p.part1 {
		at[p.part1[i].ID] = i
	}
	var times []time.Duration
	var wall, naive time.Duration
	pairs, links, found, sum := 0, 0, 0, 0.0
	cpu := time.Duration(0)
	for i := range min(searches, len(p.part2)) {
		if err := ctx.Err(); err != nil {
			return Result{}, err
		}
		e := p.part2[len(p.part2)-1-i]
		candidates := index.Candidates(e)
		startCPU, start := ownCPU(), time.Now()
		index.Search(e)
		took := time.Since(start)
		cpu += ownCPU() - startCPU
		times, wall = append(times, took), wall+took
		start = time.Now()
		for _, c := range candidates {
			sum += naiveScore(&p.part1[c], &e)
		}
		naive += time.Since(start)
		pairs += len(candidates)
		if id, ok := p.link[e.ID]; ok {
			links++
			if slices.Contains(candidates, at[id]) {
				found++
			}
		}
	}
	if sum == 0 {
		return Result{}, fmt.Errorf("the naive scorer found nothing alike in %d pairs", pairs)
	}
	m.Blocked = float64(found) / float64(max(1, links))
	slices.Sort(times)
	ms := func(share float64) float64 {
		return float64(times[min(int(share*float64(len(times))), len(times)-1)].Microseconds()) / 1000
	}
	r := Result{Bench: "register", N: len(times), PerSecond: float64(pairs) / wall.Seconds(), FloorPerSecond: float64(pairs) / naive.Seconds(), P50: ms(0.5), P99: ms(0.99),
		CPU: float64(cpu.Microseconds()) / 1000 / float64(len(times)), RSS: highWater()}
	r.Ratio = r.PerSecond / r.FloorPerSecond
	return r, nil
}

// judge counts what was found against what is true.
func (p *registerParts) judge(result register.Result) Matching {
	m := Matching{Links: len(p.link), Calibration: make([]Tenth, 10)}
	for i := range m.Calibration {
		m.Calibration[i].From = float64(i) / 10
	}
	var half, proposed, seen tally
	for _, x := range result.Proposals {
		yes := p.link[x.Part2] == x.Part1
		tenth := &m.Calibration[min(int(x.Probability*10), 9)]
		tenth.Pairs++
		if yes {
			tenth.Links++
		}
		seen.add(yes)
		if x.Probability >= 0.5 {
			half.add(yes)
		}
		if x.Band == register.Proposed {
			proposed.add(yes)
			if other, ok := p.sibling[x.Part1]; ok && p.link[x.Part2] == other {
				m.SiblingsProposed++
			}
		}
	}
	m.Precision, m.Recall = half.of(m.Links)
	m.F1 = 2 * m.Precision * m.Recall / max(m.Precision+m.Recall, 1e-9)
	m.ProposedPrecision, m.ProposedRecall = proposed.of(m.Links)
	m.SeenPrecision, m.SeenRecall = seen.of(m.Links)
	return m
}

// tally counts pairs that are links and pairs that are not.
type tally struct{ right, wrong int }

func (t *tally) add(right bool) {
	if right {
		t.right++
	} else {
		t.wrong++
	}
}

func (t *tally) of(links int) (precision, recall float64) {
	return float64(t.right) / float64(max(1, t.right+t.wrong)), float64(t.right) / float64(max(1, links))
}

// naiveScore is how one would compare two entries without thinking of time:
// each field as text, each time anew.
func naiveScore(a, b *register.Entry) float64 {
	sum := 0.0
	for _, pair := range [][2]string{{a.Forename, b.Forename}, {a.Surname, b.Surname}, {a.MotherForename, b.MotherForename}, {a.MotherSurname, b.MotherSurname}, {a.Place, b.Place}} {
		switch s := naiveLikeness(strings.ToLower(pair[0]), strings.ToLower(pair[1])); {
		case s == 1:
			sum += 8
		case s > 0.92:
			sum += 5
		case s > 0.7:
			sum++
		default:
			sum -= 3
		}
	}
	if a.Born == b.Born {
		return sum + 13
	}
	return sum + 10*naiveLikeness(a.Born, b.Born) - 8
}

// naiveLikeness is that of Jaro and Winkler, as a textbook has it.
func naiveLikeness(first, second string) float64 {
	a, b := []rune(first), []rune(second)
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	inA, inB := make([]bool, len(a)), make([]bool, len(b))
	reach := max(0, max(len(a), len(b))/2-1)
	same := 0.0
	for i := range a {
		for j := max(0, i-reach); j < min(len(b), i+reach+1); j++ {
			if !inB[j] && a[i] == b[j] {
				inA[i], inB[j] = true, true
				same++
				break
			}
		}
	}
	if same == 0 {
		return 0
	}
	moved, j := 0, 0
	for i := range a {
		if !inA[i] {
			continue
		}
		for !inB[j] {
			j++
		}
		if a[i] != b[j] {
			moved++
		}
		j++
	}
	jaro := (same/float64(len(a)) + same/float64(len(b)) + (same-float64(moved/2))/same) / 3
	begin := 0
	for begin < min(4, len(a), len(b)) && a[begin] == b[begin] {
		begin++
	}
	return jaro + float64(begin)*0.1*(1-jaro)
}
