package register

import (
	"context"
	"slices"
)

// enough is how many entries each part has to have before anything is learnt
// from them: EM on a handful of rows finds what it likes.
const enough = 500

const (
	randomPairs = 400_000 // that u is counted on
	probes      = 20_000  // entries of Part 2 that pairs to learn m from are looked up for
	priorProbes = 3_000   // and that the expected number of links is found with
	oneRow      = 1 << 8  // entries between two looks whether to stop
)

// session is one run of EM, on pairs that agree in some fields so that many of
// them are links. What a pair was chosen by cannot be learnt from it and is left
// out. Several sessions know every field from some side; one on everything that
// any rule finds would take "the same year" for a link.
type session struct {
	rule   int // position in rules
	holds  func(l *levels) bool
	leaves []int
}

func sessions() []session {
	date, byChild, byMother, place := 0, 1, 3, 4
	dated := func(l *levels) bool { return l[fieldBorn] == bornExact }
	named := func(l *levels) bool { return l[fieldForename] == nameExact }
	mothered := func(l *levels) bool { return l[fieldMother] == nameExact }
	placed := func(l *levels) bool { return l[fieldPlace] == textExact }
	return []session{
		{date, func(l *levels) bool { return dated(l) && placed(l) }, []int{fieldBorn, fieldPlace}},
		{date, func(l *levels) bool { return dated(l) && mothered(l) }, []int{fieldBorn, fieldMother}},
		{date, func(l *levels) bool { return dated(l) && childAgrees(l) }, []int{fieldBorn, fieldSurnames}},
		{date, func(l *levels) bool { return dated(l) && named(l) }, []int{fieldBorn, fieldForename}},
		{byChild, func(l *levels) bool { return named(l) && childAgrees(l) && mothered(l) }, []int{fieldForename, fieldSurnames, fieldMother}},
		{byMother, func(l *levels) bool { return named(l) && motherAgrees(l) && mothered(l) }, []int{fieldForename, fieldSurnames, fieldMother}},
		{place, func(l *levels) bool { return named(l) && childAgrees(l) && placed(l) }, []int{fieldForename, fieldSurnames, fieldPlace}},
	}
}

func childAgrees(l *levels) bool {
	return slices.Contains([]uint8{both, bothOne, childAndLike, childOnly, child}, l[fieldSurnames])
}

func motherAgrees(l *levels) bool {
	return slices.Contains([]uint8{both, bothOne, motherAndLike, motherOnly, mother}, l[fieldSurnames])
}

// pattern is one outcome of a comparison and how many pairs had it.
type pattern struct {
	levels levels
	pairs  float64
}

// learn makes a model from the two parts of a run: u from pairs drawn at chance,
// m from a session of EM for each way to choose pairs, the number of links from
// what that makes of a sample.
func (r *run) learn(ctx context.Context) (*Model, error) {
	prior := Shipped()
	if min(len(r.index.rows), len(r.part2)) < enough {
		return prior, nil
	}
	model := &Model{links: prior.links}
	all := r.chanceTable(prior)
	model.u = all
	m, err := r.linkTable(ctx, prior, &model.u)
	if err != nil {
		return nil, err
	}
	model.m = m
	// Some of the pairs drawn at chance are links: in a small register they are
	// many enough to be taken off again.
	for range 2 {
		r.index.weigh(model)
		if model.links, err = r.expected(ctx, model); err != nil {
			return nil, err
		}
		share := model.links / float64(len(r.index.rows))
		if r.index.within {
			share *= 2
		}
		for f := range fields {
			for l := 1; l < maxLevels; l++ {
				model.u[f][l] = max((all[f][l]-share*model.m[f][l])/(1-share), all[f][l]/10)
			}
		}
		model.u.normalise()
	}
	model.signed()
	return model, nil
}

// chanceTable counts levels between entries that are put together at chance.
func (r *run) chanceTable(prior *Model) table {
	var t table
	c := newComparer(r.index.values)
	draw := chance{state: 6}
	for range randomPairs {
		i, j := draw.below(len(r.index.rows)), draw.below(len(r.part2))
		if r.index.within && i == j {
			continue
		}
		var l levels
		c.compare(&r.index.rows[i], &r.part2[j], &l)
		for f, level := range l {
			t[f][level]++
		}
	}
	for f := range t {
		t[f][missing] = 0
	}
	// For what is too rare to be drawn there is a better count: how often two
	// values agree follows from how often each is there.
	t.mixed(&prior.u, 20)
	q := r.index.terms
	set := func(field, level int, chance float64) {
		if chance > 0 {
			t[field][level] = chance
		}
	}
	set(fieldForename, nameExact, q.agree[termForename])
	set(fieldMother, nameExact, q.agree[termMother])
	set(fieldSurnames, child, q.agree[termSurname])
	set(fieldSurnames, mother, q.agree[termMaiden])
	set(fieldSurnames, both, max(t[fieldSurnames][both], q.agree[termSurname]*q.agree[termMaiden]))
	set(fieldPlace, textExact, q.agree[termPlace])
	set(fieldAgency, textExact, q.agree[termAgency])
	for i := range maxAlso {
		set(fieldAlso+i, textExact, q.agree[termAlso+i])
	}
	t.normalise()
	return t
}

// linkTable learns m: the sessions' counts together, each field from those that
// do not leave it out.
func (r *run) linkTable(ctx context.Context, prior *Model, u *table) (table, error) {
	var sum table
	all := sessions()
	pairs, err := r.chosen(ctx, all)
	if err != nil {
		return sum, err
	}
	for i, s := range all {
		counts, links := maximise(patternsOf(pairs[i]), prior.m, u, s.leaves)
		if links < 30 {
			continue
		}
		for f := range fields {
			if slices.Contains(s.leaves, f) {
				continue
			}
			for l := 1; l < maxLevels; l++ {
				sum[f][l] += counts[f][l]
			}
		}
	}
	sum.mixed(&prior.m, 30)
	return sum, nil
}

// chosen compares the pairs of each session; those that one rule finds, once.
func (r *run) chosen(ctx context.Context, all []session) ([][]levels, error) {
	search := r.index.newSearcher()
	pairs := make([][]levels, len(all))
	for rule := range r.index.rules {
		if !slices.ContainsFunc(all, func(s session) bool { return s.rule == rule }) {
			continue
		}
		for j := range min(len(r.part2), probes) {
			if j%oneRow == 0 && ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			r.chosenBy(search, rule, j, func(l *levels) {
				for i := range all {
					if all[i].rule == rule && all[i].holds(l) {
						pairs[i] = append(pairs[i], *l)
					}
				}
			})
		}
	}
	return pairs, nil
}

// chosenBy compares an entry of Part 2 with what one rule finds for it.
func (r *run) chosenBy(search *searcher, rule, j int, each func(*levels)) {
	search.see(&r.part2[j])
	found := r.index.blocks[rule].find(key(r.index.rules[rule].parts(&search.view)))
	if len(found) > r.index.rules[rule].most {
		return
	}
	for _, i := range found {
		if r.index.within && int(i) >= j {
			continue
		}
		var l levels
		search.compare(&r.index.rows[i], &r.part2[j], &l)
		each(&l)
	}
}

// patternsOf counts equal outcomes. It sorts them.
func patternsOf(all []levels) []pattern {
	slices.SortFunc(all, func(a, b levels) int { return slices.Compare(a[:], b[:]) })
	var patterns []pattern
	for _, l := range all {
		if n := len(patterns); n > 0 && patterns[n-1].levels == l {
			patterns[n-1].pairs++
		} else {
			patterns = append(patterns, pattern{l, 1})
		}
	}
	return patterns
}

// maximise is expectation and maximisation over patterns (Fellegi and Sunter
// 1969; Winkler 1988) with u held fixed. It gives what it counts of each level
// among the links, and how many those are.
func maximise(patterns []pattern, m table, u *table, leaves []int) (counts table, links float64) {
	const most = 60
	share, total := 0.3, 0.0
	for _, p := range patterns {
		total += p.pairs
	}
	if total == 0 {
		return counts, 0
	}
	start := m
	for range most {
		counts, links = table{}, 0
		for _, p := range patterns {
			yes, no := share, 1-share
			for f, l := range p.levels {
				if l != missing && !slices.Contains(leaves, f) {
					yes *= m[f][l]
					no *= u[f][l]
				}
			}
			n := p.pairs * yes / (yes + no)
			links += n
			for f, l := range p.levels {
				if l != missing {
					counts[f][l] += n
				}
			}
		}
		before := share
		share = min(max(links/total, 1e-6), 1-1e-6)
		m = counts
		m.mixed(&start, 10)
		if d := share - before; d < 1e-7 && d > -1e-7 {
			break
		}
	}
	return counts, links
}

// expected finds how many links an entry of Part 2 has: the number that gives
// itself back when a sample is weighed with it.
func (r *run) expected(ctx context.Context, model *Model) (float64, error) {
	search := r.index.newSearcher()
	n, most := min(len(r.part2), priorProbes), 0.98
	if r.index.within { // entries look for those before them only: no sample is fair
		n, most = len(r.part2), 4
	}
	found := make([][]scored, n)
	for j := range n {
		if j%oneRow == 0 && ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		found[j] = slices.Clone(search.weighed(&r.part2[j], r.limit(j), r.index.floor(1)))
	}
	links := model.links
	for range 25 {
		odds := r.index.odds(links)
		sum := 0.0
		for _, list := range found {
			judge(list, odds, r.index.within)
			for _, s := range list {
				sum += s.probability
			}
		}
		// No fewer than one in a thousand, so that a first link can be seen at all.
		links = min(max(sum/float64(n), 0.001), most)
	}
	return links, nil
}
