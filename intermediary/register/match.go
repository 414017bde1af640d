package register

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A Result is what a run found.
type Result struct {
	Proposals []Proposal // the most probable first, then by ID
	Model     *Model     // that weighed them
	Compared  int        // pairs
}

// run is one run of two parts, or of one within itself.
type run struct {
	index   *Index
	entries []Entry // of Part 2
	order   []int32
	part2   []row
}

// Match finds which entries of Part 2 may be about which of Part 1. The same
// entries give the same result, in whatever order they come. It ends early with
// ctx's cause.
func Match(ctx context.Context, part1, part2 []Entry, opts Options) (Result, error) {
	x, err := prepare(ctx, part1)
	if err != nil {
		return Result{}, err
	}
	r := &run{index: x, entries: part2}
	r.order, _ = inOrder(part2)
	if r.part2, err = x.read(ctx, part2, r.order); err != nil {
		return Result{}, err
	}
	return r.do(ctx, opts)
}

// Within finds which entries of one part may be about the same child: those that
// were entered twice. Of each pair one is Part1 and the other Part2, by nothing
// that means anything.
func Within(ctx context.Context, part []Entry, opts Options) (Result, error) {
	x, err := prepare(ctx, part)
	if err != nil {
		return Result{}, err
	}
	x.within = true
	return (&run{index: x, entries: part, order: x.order, part2: x.rows}).do(ctx, opts)
}

func (r *run) do(ctx context.Context, opts Options) (Result, error) {
	if len(r.index.rows) == 0 || len(r.part2) == 0 {
		return Result{Model: cmp.Or(opts.Model, Shipped())}, nil
	}
	r.index.terms = countTerms(len(r.index.values.list), r.index.rows, r.part2, Shipped())
	model := opts.Model
	if model == nil {
		var err error
		if model, err = r.learn(ctx); err != nil {
			return Result{}, err
		}
	}
	r.index.weigh(model)
	return r.search(ctx, opts)
}

// limit is before which row the candidates of an entry of Part 2 are.
func (r *run) limit(j int) int {
	if r.index.within {
		return j
	}
	return len(r.index.rows)
}

// chunk is how many entries a worker takes at a time.
const chunk = 128

// search looks all entries of Part 2 up, a piece at a time.
func (r *run) search(ctx context.Context, opts Options) (Result, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	chunks := (len(r.part2) + chunk - 1) / chunk
	parts := make([]Piece, chunks)
	var next atomic.Int64
	var told sync.Mutex
	done := 0 // guarded by told
	var workers sync.WaitGroup
	for range max(1, cmp.Or(opts.Workers, 2)) {
		workers.Go(func() {
			s := r.index.newSearcher()
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= chunks {
					break
				}
				from, to := i*chunk, min((i+1)*chunk, len(r.part2))
				kept := false
				if parts[i], kept = opts.piece(i); !kept {
					before := s.compared
					parts[i].Proposals = r.searchSome(s, from, to)
					parts[i].Compared = s.compared - before
				}
				told.Lock()
				if done += to - from; opts.Progress != nil {
					opts.Progress(done, len(r.part2))
				}
				if opts.Keep != nil && !kept {
					if err := opts.Keep(i, parts[i]); err != nil {
						stop(err)
					}
				}
				told.Unlock()
			}
		})
	}
	workers.Wait()
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	result := Result{Model: r.index.model}
	for _, p := range parts {
		result.Compared += p.Compared
		result.Proposals = append(result.Proposals, p.Proposals...)
	}
	sortProposals(result.Proposals)
	return result, nil
}

// piece is what an earlier run has of a piece.
func (o Options) piece(n int) (Piece, bool) {
	if o.Piece == nil {
		return Piece{}, false
	}
	return o.Piece(n)
}

func (r *run) searchSome(s *searcher, from, to int) []Proposal {
	var proposals []Proposal
	floor, odds := r.index.floor(r.index.model.links), r.index.odds(r.index.model.links)
	for j := from; j < to; j++ {
		list := s.weighed(&r.part2[j], r.limit(j), floor)
		judge(list, odds, r.index.within)
		for i := range list {
			if p, ok := r.index.proposal(&list[i], &r.part2[j], r.entries[r.order[j]].ID); ok {
				proposals = append(proposals, p)
			}
		}
	}
	return proposals
}

func sortProposals(list []Proposal) {
	slices.SortStableFunc(list, func(a, b Proposal) int {
		return cmp.Or(cmp.Compare(b.Probability, a.Probability), strings.Compare(a.Part1, b.Part1), strings.Compare(a.Part2, b.Part2))
	})
}
