package intermediary

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/intermediary/law"
	"gatepost/intermediary/register"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// What a worker may say of a pair of entries.
const (
	PairSame  = "same"  // both are about one child; it counts once another worker says so too
	PairOther = "other" // they are not
	PairAsk   = "ask"   // more has to be asked first
)

// How a pair stands.
const (
	PairProposed  = ""          // nobody has said anything of these versions
	PairFirst     = "first"     // one worker says that they are the same
	PairConfirmed = "confirmed" // two do
	PairRejected  = "rejected"
	PairAsking    = "asking"
)

// RegisterPair is an entry of Part 1 and one of Part 2 that may be about the same
// child, with what speaks for it. It decides nothing, and nothing is sent.
type RegisterPair struct {
	One, Two Preference
	register.Proposal
	State string
	Words []PairWord // newest first
	// Law is what table 8e says of the pair as it stands; the agency's own list never
	// sends anything by itself.
	Law Answer
}

// PairWord is what a worker said of a pair.
type PairWord struct {
	Says      string
	By        string // "wk…"
	ByName    string
	At        time.Time
	Why       string
	Names     string // yes, no or unclear: whether the adopted person's named people include this relative
	OneSeen   int    // the versions that it was said of
	TwoSeen   int
	Unread    bool
	Stale     bool // an entry has a newer version since
	Evidence  []register.Evidence
	Band      register.Band
	Finding   register.Finding
	Per       int // the probability in percent
	Model     string
	LawRow    string
	LawResult string
}

// NewPairWord is what a worker says of a pair, on the versions that they saw.
type NewPairWord struct {
	One, Two       PreferenceID
	OneSeen, Twice int // the versions of One and of Two
	Was            int // how many words there were
	Says           string
	Names          string // yes, no, unclear
	Why            string
}

// pairText is what is sealed of a word. The row repeats ids, versions, what is
// said, and the model.
type pairText struct {
	One       string              `json:"one"`
	OneSeen   int                 `json:"oneSeen"`
	Two       string              `json:"two"`
	TwoSeen   int                 `json:"twoSeen"`
	Says      string              `json:"says"`
	Names     string              `json:"names"`
	Why       string              `json:"why"`
	Model     string              `json:"model"`
	Band      register.Band       `json:"band"`
	Finding   register.Finding    `json:"finding"`
	Per       int                 `json:"percent"`
	Evidence  []register.Evidence `json:"evidence"`
	LawRow    string              `json:"lawRow"`
	LawResult string              `json:"lawResult"`
}

// pairPart is the part of casework that holds words about a pair.
const pairPart = "pair"

const (
	sqlWords = `select w.id, w.version, w.part1_id, w.part1_version, w.part2_id, w.part2_version, w.says, w.model, w.worker_id, w.at, w.leaf
		from register_word w where w.agency_id = agency() order by w.id, w.version desc`
	sqlWordWork       = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = $1 and w.part = 'pair' order by w.version desc`
	sqlInsertPairWord = `insert into register_word (agency_id, id, version, part1_id, part1_version, part2_id, part2_version, says, model, worker_id, at, leaf)
		values (agency(), @id, @version, @one, @oneSeen, @two, @twoSeen, @says, @model, account(), @at, @leaf)`
	sqlLivingFact = `select f.value from fact f where f.agency_id = agency() and f.on_id = $1 and f.name = 'apVital' order by f.version desc limit 1`
)

// pairRow is a word as the database has it.
type pairRow struct {
	ID           string
	Version      int
	Part1ID      string
	Part1Version int
	Part2ID      string
	Part2Version int
	Says         string
	Model        string
	WorkerID     string
	At           time.Time
	Leaf         []byte
}

// pairID names what is said of two entries.
func pairID(one, two PreferenceID) string {
	sum := sha256.Sum256([]byte("gatepost pair\n" + string(one) + "\n" + string(two)))
	return "lk" + connectionEncoding.EncodeToString(sum[:13])[:20]
}

// stateOf is how a pair stands by its words, newest first, for these versions: a
// word about an earlier version counts no more, and one that does not open has to be
// said anew.
func stateOf(words []PairWord, one, two int) string {
	first := ""
	for _, w := range words {
		if w.OneSeen != one || w.TwoSeen != two {
			break
		}
		switch {
		case w.Says == PairOther && first == "" && !w.Unread:
			return PairRejected
		case (w.Says == PairAsk || w.Unread) && first == "":
			return PairAsking
		case w.Says != PairSame || w.Unread:
			return PairFirst
		case first != "" && w.By != first:
			return PairConfirmed
		}
		first = w.By
	}
	if first != "" {
		return PairFirst
	}
	return PairProposed
}

// RegisterSearch is what a search of the register found.
type RegisterSearch struct {
	Pairs   []RegisterPair // what was rejected for these versions comes last
	LeftOut int            // entries that were not looked at: they do not open, or this worker has no key of them
}

// SearchRegister looks for pairs among all entries that the worker may see: those
// of an entry, or, for "", all. Entries are opened in memory for as long as the
// search lasts and forgotten; that somebody searched is in the log before. Of an
// entry or a word that does not open the operator is told; it counts for nothing.
func (s *Service) SearchRegister(ctx context.Context, actor authz.Actor, of PreferenceID) (RegisterSearch, error) {
	r := RegisterSearch{}
	ag, err := s.begin(ctx, actor, authz.KeepRegister, cmp.Or(string(of), "register"))
	if err != nil {
		return r, err
	}
	if of != "" && !agency.ValidID("cp", string(of)) {
		return r, notFound()
	}
	list, err := s.readRegister(ctx, ag, actor, "register", "search")
	if err != nil {
		return r, err
	}
	if r.LeftOut, err = s.leftOut(ctx, actor, list); err != nil {
		return r, err
	}
	words, err := s.loadWords(ctx, actor)
	if err != nil {
		return r, err
	}
	found, err := propose(ctx, list)
	if err != nil {
		return r, err
	}
	for _, p := range found {
		if of != "" && p.One.ID != of && p.Two.ID != of {
			continue
		}
		if p.Words, err = s.pairWords(ctx, ag, actor, p, words[pairID(p.One.ID, p.Two.ID)]); err != nil {
			return r, err
		}
		p.State = stateOf(p.Words, p.One.Version, p.Two.Version)
		r.Pairs = append(r.Pairs, p)
	}
	slices.SortStableFunc(r.Pairs, func(a, b RegisterPair) int {
		return cmp.Compare(rank(a.State != PairRejected), rank(b.State != PairRejected))
	})
	return r, nil
}

// leftOut counts the entries of a register that a search does not look at.
func (s *Service) leftOut(ctx context.Context, actor authz.Actor, list []Preference) (n int, err error) {
	var all []preferenceRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &all, sqlPreferences, []string(nil)) }); err != nil {
		return 0, s.db.Fault(fmt.Errorf("count the register: %w", err))
	}
	n = max(0, len(all)-len(list))
	for _, p := range list {
		if p.Unread {
			n++
		}
	}
	return n, nil
}

// propose runs the matcher over opened entries. One that was taken back is left
// out; one whose owner has died is looked for like others: a worker decides.
func propose(ctx context.Context, list []Preference) ([]RegisterPair, error) {
	var parts [2][]register.Entry
	of := map[string]Preference{}
	for _, p := range list {
		if p.Unread || p.Wish == WishWithdrawn {
			continue
		}
		of[string(p.ID)] = p
		parts[p.Part-1] = append(parts[p.Part-1], p.Birth.entry(string(p.ID)))
	}
	result, err := register.Match(ctx, parts[0], parts[1], register.Options{})
	if err != nil {
		return nil, fmt.Errorf("search the register: %w", err)
	}
	pairs := make([]RegisterPair, len(result.Proposals))
	for i, p := range result.Proposals {
		pairs[i] = RegisterPair{One: of[p.Part1], Two: of[p.Part2], Proposal: p}
	}
	return pairs, nil
}

// loadWords reads every word about pairs, by the pair, newest first.
func (s *Service) loadWords(ctx context.Context, actor authz.Actor) (map[string][]pairRow, error) {
	var rows []pairRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlWords) }); err != nil {
		return nil, s.db.Fault(fmt.Errorf("load words about pairs: %w", err))
	}
	by := map[string][]pairRow{}
	for _, r := range rows {
		by[r.ID] = append(by[r.ID], r)
	}
	return by, nil
}

// RegisterPair opens a pair for its page: both entries, what the matcher says of
// them now, what colleagues said, and what the law says. The reading is in the log
// first. NotFound: there are no such entries of Part 1 and Part 2, or the matcher
// does not propose them and nobody has said anything of them. Forbidden: the
// worker knows somebody there.
func (s *Service) RegisterPair(ctx context.Context, actor authz.Actor, one, two PreferenceID) (RegisterPair, error) {
	ag, err := s.begin(ctx, actor, authz.KeepRegister, string(one))
	if err != nil {
		return RegisterPair{}, err
	}
	if err := s.keptOut(ctx, actor, string(two)); err != nil {
		return RegisterPair{}, err
	}
	if !agency.ValidID("cp", string(one)) || !agency.ValidID("cp", string(two)) {
		return RegisterPair{}, notFound()
	}
	return s.pair(ctx, ag, actor, one, two)
}

func (s *Service) pair(ctx context.Context, ag *agency.Agency, actor authz.Actor, one, two PreferenceID) (RegisterPair, error) {
	list, err := s.readRegister(ctx, ag, actor, pairID(one, two), "pair")
	if err != nil {
		return RegisterPair{}, err
	}
	p, err := pairIn(ctx, list, one, two)
	if err != nil {
		return p, err
	}
	words, err := s.loadWords(ctx, actor)
	if err != nil {
		return p, err
	}
	said := words[pairID(one, two)]
	if p.Band == "" && len(said) == 0 {
		return p, notFound()
	}
	if p.Words, err = s.pairWords(ctx, ag, actor, p, said); err != nil {
		return p, err
	}
	p.State = stateOf(p.Words, p.One.Version, p.Two.Version)
	p.Law, err = s.transmits(ctx, actor, p, namesThis(p.Words))
	return p, err
}

// namesThis is whether the people whom the adopted person names include this
// relative, as workers said of these versions: what they do not agree about is not
// clear.
func namesThis(words []PairWord) string {
	names := ""
	for _, w := range words {
		switch {
		case w.Stale || w.Unread:
		case names == "" || names == w.Names:
			names = w.Names
		default:
			return "unclear"
		}
	}
	return names
}

// pairIn finds two entries of a register and what the matcher says of them.
func pairIn(ctx context.Context, list []Preference, one, two PreferenceID) (RegisterPair, error) {
	find := func(id PreferenceID, part int) (Preference, bool) {
		i := slices.IndexFunc(list, func(p Preference) bool { return p.ID == id && p.Part == part })
		if i < 0 {
			return Preference{}, false
		}
		return list[i], true
	}
	p := RegisterPair{}
	var ok1, ok2 bool
	p.One, ok1 = find(one, 1)
	p.Two, ok2 = find(two, 2)
	if !ok1 || !ok2 {
		return p, notFound()
	}
	found, err := propose(ctx, list)
	if err != nil {
		return p, err
	}
	for _, f := range found {
		if f.One.ID == one && f.Two.ID == two {
			p.Proposal = f.Proposal
		}
	}
	return p, nil
}

// pairWords opens what was said of a pair, newest first.
func (s *Service) pairWords(ctx context.Context, ag *agency.Agency, actor authz.Actor, p RegisterPair, said []pairRow) ([]PairWord, error) {
	var work []workRow
	var keys keyRows
	var workers []agency.RecordRow
	id := pairID(p.One.ID, p.Two.ID)
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &work, sqlWordWork, id)
		postgres.Many(b, &workers, sqlRecordWorkers)
		postgres.Many(b, &keys.nodes, sqlPreferenceNodes, []string{string(p.One.ID)})
		postgres.Many(b, &keys.grants, sqlPreferenceGrants, []string{string(p.One.ID)})
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load words about a pair: %w", err))
	}
	if len(said) == 0 && len(work) == 0 {
		return nil, nil
	}
	u, err := s.climb(ctx, ag, actor.Keys(), &keys, ring.Case(string(p.One.Adopted)))
	if err != nil {
		return nil, err
	}
	list := make([]PairWord, len(said))
	for i, row := range said {
		w := PairWord{Says: row.Says, By: row.WorkerID, ByName: nameOfWorker(actor, workers, row.WorkerID), At: row.At, OneSeen: row.Part1Version, TwoSeen: row.Part2Version, Model: row.Model,
			Stale: row.Part1Version != p.One.Version || row.Part2Version != p.Two.Version}
		t, err := pairText{}, errRow
		if i < len(work) {
			t, err = s.wordOf(ctx, ag, row, work[i], u.keys)
		}
		if w.Unread = err != nil; w.Unread {
			if err := s.told(ctx, ag, id, err); err != nil {
				return nil, err
			}
		}
		w.Why, w.Names, w.Evidence, w.Band, w.Finding, w.Per, w.LawRow, w.LawResult = t.Why, t.Names, t.Evidence, t.Band, t.Finding, t.Per, t.LawRow, t.LawResult
		list[i] = w
	}
	return list, nil
}

// wordOf opens a word and holds its row to it.
func (s *Service) wordOf(ctx context.Context, ag *agency.Agency, row pairRow, work workRow, keys []*age.HybridIdentity) (t pairText, err error) {
	content, _, err := s.tryOpen(ctx, ag, work, keys)
	if err == nil {
		err = parse(content, &t)
	}
	if err == nil && !row.repeats(t, work) {
		err = errRow
	}
	if err != nil {
		return pairText{}, err
	}
	return t, nil
}

// repeats tells whether a sealed word says what its row says.
func (r pairRow) repeats(t pairText, w workRow) bool {
	return w.Version == uint64(r.Version) && string(w.Leaf) == string(r.Leaf) && w.FromNode == "worker/"+r.WorkerID &&
		t.One == r.Part1ID && t.OneSeen == r.Part1Version && t.Two == r.Part2ID && t.TwoSeen == r.Part2Version && t.Says == r.Says && t.Model == r.Model
}

// transmits asks table 8e about a pair, as an agency: of its own list nothing is
// ever sent. names says whether the people named in the adopted person's wish
// include this relative; what is not known protects.
func (s *Service) transmits(ctx context.Context, actor authz.Actor, p RegisterPair, names string) (Answer, error) {
	var vital []struct{ Value string }
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &vital, sqlLivingFact, string(p.One.Adopted)) }); err != nil {
		return Answer{}, s.db.Fault(fmt.Errorf("load whether somebody lives: %w", err))
	}
	died := p.One.Died || len(vital) > 0 && vital[0].Value == "died"
	f, err := answers(law.ContactRegister(), "actor", "agency", "p1", p.One.towards(names), "p2", p.Two.towards(""), "link", yesNo(p.State == PairConfirmed),
		"rel", yesNo(p.Two.Related && !p.Two.Unread), "addressConfirmed", yesNo(p.Two.Current(calendar.Today(s.now()))), "deceased", deceased(died, p))
	if err != nil {
		return Answer{}, err
	}
	finding, err := law.ContactRegister().Decide(f)
	if err != nil {
		return Answer{}, err
	}
	return ruling{grounds: &grounds{}, finding: finding, facts: f}.answer(), nil
}

// deceased is the input of that name.
func deceased(oneDied bool, p RegisterPair) string {
	switch {
	case p.One.Unread || p.Two.Unread:
		return "unknown"
	case oneDied:
		return "p1"
	case p.Two.Died:
		return "p2"
	}
	return "none"
}

// towards is an entry's wish as table 8e asks for it, seen from the other entry.
// A wish for contact counts of somebody who was verified, and one for none from
// anybody.
func (p Preference) towards(names string) string {
	none := p.Wish == WishNoContactAll || p.Wish == WishNoContact
	switch {
	case p.Unread:
		return "absent"
	case p.Wish == WishWithdrawn:
		return "withdrawn"
	case none:
		return string(p.Wish)
	case p.Wish == WishNoContactNamed && names != "no":
		return "noContactThis"
	case p.Wish == WishContactAllExcept && names != "no":
		return "contactAllExceptThis"
	case !p.Verified:
		return "absent"
	case !p.Adult:
		return "under18"
	}
	switch p.Wish {
	case WishNoContactNamed:
		return "noContactOther"
	case WishContactAllExcept:
		return "contactAllExceptOther"
	case WishContactNamed:
		if names == "yes" {
			return "contactNamedThis"
		}
		return "contactNamedOther"
	}
	return string(p.Wish)
}

// SayPair writes down what a worker says of a pair: that both entries are about
// one child, that they are not, or that more has to be asked. That they are counts
// once a second worker has said so too, and even then nothing is sent: both
// people are asked in a case, and the law about it. What the matcher said, with its
// model, and what table 8e said, are kept with the word. The same by the same
// worker again is one.
//
// Invalid on "says", "names" or "why". NotFound as for RegisterPair. Conflict: an
// entry or a word is newer than what the worker saw. Forbidden: the first of the
// two says it again.
func (s *Service) SayPair(ctx context.Context, actor authz.Actor, n NewPairWord) error {
	ag, err := s.begin(ctx, actor, authz.KeepRegister, string(n.One))
	if err != nil {
		return err
	}
	if err := s.keptOut(ctx, actor, string(n.Two)); err != nil {
		return err
	}
	if n, err = checkPairWord(n); err != nil {
		return err
	}
	p, err := s.pair(ctx, ag, actor, n.One, n.Two)
	if err != nil {
		return err
	}
	if len(p.Words) == n.Was+1 && p.Words[0].By == actor.Account() && p.Words[0].Says == n.Says {
		return nil // the second of two clicks
	}
	if len(p.Words) != n.Was || p.One.Version != n.OneSeen || p.Two.Version != n.Twice || p.One.Unread || p.Two.Unread {
		return fault.New(fault.Conflict, "fault.casework.newerFact")
	}
	// What the law says is kept as it is with this word, and not as it was before it.
	with := append([]PairWord{{Says: n.Says, By: actor.Account(), Names: n.Names, OneSeen: n.OneSeen, TwoSeen: n.Twice}}, p.Words...)
	p.State = stateOf(with, p.One.Version, p.Two.Version)
	if p.Law, err = s.transmits(ctx, actor, p, namesThis(with)); err != nil {
		return err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return err
	}
	return a.sayPair(ctx, p, n)
}

// sayPair seals the word to the record of the adopted person's own entry.
func (a *acting) sayPair(ctx context.Context, p RegisterPair, n NewPairWord) error {
	at, err := a.loadPlace(ctx, a.actor, string(p.One.Adopted))
	if err != nil {
		return err
	}
	f, err := a.folder(ctx, a.ag, at)
	if err != nil {
		return err
	}
	model := cmp.Or(p.Model, register.Shipped().Version())
	text := pairText{One: string(n.One), OneSeen: n.OneSeen, Two: string(n.Two), TwoSeen: n.Twice, Says: n.Says, Names: n.Names, Why: n.Why, Model: model,
		Band: p.Band, Finding: p.Finding, Per: int(p.Probability*100 + 0.5), Evidence: p.Evidence, LawRow: p.Law.Row, LawResult: p.Law.Outcome}
	id, version := pairID(n.One, n.Two), uint64(n.Was+1)
	leaf, err := a.seal(f, paper{id: id, part: pairPart, version: version, kind: seal.KindDecision}, text)
	if err != nil {
		return err
	}
	a.write(sqlInsertPairWord, pgx.StrictNamedArgs{"id": id, "version": version, "one": text.One, "oneSeen": n.OneSeen, "two": text.Two, "twoSeen": n.Twice,
		"says": n.Says, "model": model, "at": a.moment, "leaf": leaf[:]})
	return a.commit(ctx, "pair", held{}) // the trigger takes both records' gates, in their order
}

// checkPairWord cleans what a form sent.
func checkPairWord(n NewPairWord) (NewPairWord, error) {
	if !agency.ValidID("cp", string(n.One)) || !agency.ValidID("cp", string(n.Two)) || n.Was < 0 {
		return n, notFound()
	}
	if !slices.Contains([]string{PairSame, PairOther, PairAsk}, n.Says) {
		return n, fault.Field("says", "fault.intake.choose")
	}
	if !slices.Contains([]string{"", "yes", "no", "unclear"}, n.Names) {
		return n, fault.Field("names", "fault.intake.choose")
	}
	var err error
	n.Why, err = reasons(n.Why)
	return n, err
}
