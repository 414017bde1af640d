package register

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
)

// Options say how a run is done. The zero value is of use.
type Options struct {
	// Model weighs the evidence. nil: what can be learnt from the two parts, or
	// the shipped one if they are small.
	Model *Model
	// Workers is how many goroutines search; 0 means 2.
	Workers int
	// Piece, if set, gives what an earlier run of the same two parts and the same
	// model found in a piece of the work, which is then not done again. It may be
	// asked from several goroutines at once.
	Piece func(n int) (Piece, bool)
	// Keep, if set, is given each piece that was done now, from one goroutine at a
	// time. Its error ends the run.
	Keep func(n int, found Piece) error
	// Progress, if set, is told how many entries of how many were looked up, from
	// one goroutine at a time.
	Progress func(done, total int)
}

// A Piece is what was found in one piece of a run.
type Piece struct {
	Compared  int        `json:"compared"`
	Proposals []Proposal `json:"proposals"`
}

// An Index is Part 1 made ready to be searched. It keeps the entries that it was
// made of, which must not change, and may be searched by any number of goroutines.
type Index struct {
	entries []Entry
	order   []int32  // positions in entries, of each row
	hashes  []uint64 // of each row's content
	rows    []row
	values  *values
	rules   []rule
	blocks  []block // for each rule
	also    []block // for each of Entry.Also
	terms   *frequency
	model   *Model
	weights table
	within  bool // the part is searched for its own duplicates
	idle    sync.Pool
}

// NewIndex makes an index of a part of the register, weighed by opts.Model or the
// shipped model, with the frequencies of this part.
func NewIndex(ctx context.Context, part1 []Entry, opts Options) (*Index, error) {
	x, err := prepare(ctx, part1)
	if err != nil {
		return nil, err
	}
	model := opts.Model
	if model == nil {
		model = Shipped()
	}
	x.terms = countTerms(len(x.values.list), x.rows, x.rows, model)
	x.weigh(model)
	return x, nil
}

// prepare does what does not depend on a model.
func prepare(ctx context.Context, part1 []Entry) (*Index, error) {
	x := &Index{entries: part1, values: newValues(), rules: rules()}
	x.order, x.hashes = inOrder(part1)
	var err error
	if x.rows, err = x.read(ctx, part1, x.order); err != nil {
		return nil, err
	}
	return x, x.blocked(ctx)
}

// read makes rows of entries, in the order given.
func (x *Index) read(ctx context.Context, entries []Entry, order []int32) ([]row, error) {
	rows := make([]row, len(order))
	for i, at := range order {
		if i%oneRow == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		rows[i] = rowOf(x.values, &entries[at])
	}
	return rows, nil
}

// blocked puts the rows into the blocks of every rule, two at a time.
func (x *Index) blocked(ctx context.Context) error {
	x.blocks = make([]block, len(x.rules))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			keys := make([]uint64, len(x.rows))
			for i := int(next.Add(1)) - 1; i < len(x.rules) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				x.blocks[i] = x.blockOf(&x.rules[i], keys)
			}
		})
	}
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	x.blockAlso()
	return nil
}

func (x *Index) blockOf(rule *rule, keys []uint64) block {
	p := &probeValues{of: x.values}
	var v view
	for j := range x.rows {
		v.names(p, &x.rows[j])
		v.on(x.rows[j].born.date)
		keys[j] = key(rule.parts(&v))
	}
	return newBlock(keys)
}

// blockAlso does the same for each of Entry.Also, up to the first that nobody has.
func (x *Index) blockAlso() {
	for i := range maxAlso {
		keys := make([]uint64, len(x.rows))
		any := false
		for j := range x.rows {
			if id := x.rows[j].term(termAlso + i); id != 0 {
				keys[j], any = mix(uint64(id), 1), true
			}
		}
		if !any {
			return
		}
		x.also = append(x.also, newBlock(keys))
	}
}

func (x *Index) weigh(m *Model) {
	x.model, x.weights = m, m.weights()
}

// odds are the odds that a pair of entries is a link, before it is compared.
func (x *Index) odds(links float64) float64 {
	odds := links / float64(max(len(x.rows), 1))
	if x.within {
		odds *= 2 // an entry is compared with those before it: half of all
	}
	return odds
}

// floor is how many bits a pair must have to be of any interest.
func (x *Index) floor(links float64) float64 { return math.Log2(reviewFrom / 2 / x.odds(links)) }

// Search looks up one entry. What it gives is in order: the most probable first,
// then by ID. It is safe for concurrent use.
func (x *Index) Search(e Entry) []Proposal {
	s := x.borrow()
	defer x.idle.Put(s)
	r := rowOf(s.values, &e)
	list := s.weighed(&r, len(x.rows), x.floor(x.model.links))
	judge(list, x.odds(x.model.links), x.within)
	var proposals []Proposal
	for i := range list {
		if p, ok := x.proposal(&list[i], &r, e.ID); ok {
			proposals = append(proposals, p)
		}
	}
	sortProposals(proposals)
	return proposals
}

// Possible compares an entry with every one of the index, whatever its blocks
// say, and gives those for which more speaks than against, also where that is too
// little to be proposed (their Band is ""). It is for a few entries of which none may be
// missed: what is not known of a birth hides nobody. The order is that of Search. It
// is safe for concurrent use.
func (x *Index) Possible(e Entry) []Proposal {
	s := x.borrow()
	defer x.idle.Put(s)
	r := rowOf(s.values, &e)
	var list []scored
	for at := range x.rows {
		one := scored{row: uint32(at), hash: x.hashes[at]}
		s.compare(&x.rows[at], &r, &one.levels)
		if s.weigh(&x.rows[at], &r, &one); one.bits > 0 {
			list = append(list, one)
		}
	}
	judge(list, x.odds(x.model.links), x.within)
	proposals := make([]Proposal, len(list))
	for i := range list {
		band, finding := list[i].placed()
		proposals[i] = x.told(&list[i], &r, e.ID, band, finding)
	}
	sortProposals(proposals)
	return proposals
}

// borrow gives a searcher that nobody else has, without the values of the last search.
func (x *Index) borrow() *searcher {
	s, _ := x.idle.Get().(*searcher)
	if s == nil {
		s = x.newSearcher()
	}
	s.values.extra = s.values.extra[:0]
	return s
}

// Candidates gives the positions in Part 1 of the entries that an entry would be
// compared with: a link that is not among them cannot be found. It is for
// measuring.
func (x *Index) Candidates(e Entry) []int {
	s := x.borrow()
	defer x.idle.Put(s)
	r := rowOf(s.values, &e)
	var positions []int
	for _, at := range s.candidates(&r, len(x.rows)) {
		positions = append(positions, int(x.order[at]))
	}
	return positions
}

// Model is what the index weighs with.
func (x *Index) Model() *Model { return x.model }

// proposal makes a proposal of a scored row; not ok if nobody needs to see it.
func (x *Index) proposal(s *scored, r *row, id string) (Proposal, bool) {
	band, finding := s.placed()
	if band == "" {
		return Proposal{}, false
	}
	return x.told(s, r, id, band, finding), true
}

// told puts a scored row into the words of a proposal.
func (x *Index) told(s *scored, r *row, id string, band Band, finding Finding) Proposal {
	p := Proposal{Part1: x.entries[x.order[s.row]].ID, Part2: id, Bits: s.bits, Probability: s.probability, Band: band, Finding: finding, Model: x.model.version}
	for f, level := range s.levels {
		if f >= fieldAlso && level == missing {
			continue
		}
		e := Evidence{Field: fieldName(f), Level: levelName(f, int(level))}
		if level != missing {
			e.Bits = x.weights[f][level] + x.terms.rare(f, level, &x.rows[s.row], r)
		}
		p.Evidence = append(p.Evidence, e)
	}
	return p
}
