package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatepost/crypto/code"
	"gatepost/crypto/seal"
	"gatepost/crypto/session"
	"gatepost/intermediary"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/tier"
)

const (
	// giftCases is how many applicants are given something in a turn, and
	// giftTurns how many turns make a round.
	giftCases = serial
	giftTurns = 2
)

// giving measures a disclosure through the whole gate: a worker's session, a
// one-time code, everything that the law rests on opened and held to its
// statements, the law asked under the gate rows' lock, the pack sealed, and all
// of it committed. What is given is prepared, checked and judged outside of the
// time. The floor is what giving cannot do without: the same session, the same
// openings, the pack sealed and signed, and its bytes in as many rows and flushes.
func giving(ctx context.Context, print func(Result) error) (err error) {
	w, err := newWorld(ctx, 1, 1)
	if err != nil {
		return fmt.Errorf("make the bench's world: %w", err)
	}
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	g, err := w.newGifts(ctx, workers, giftCases)
	if err != nil {
		return err
	}
	r, err := g.beside(ctx)
	if err != nil {
		return err
	}
	if err := g.prepare(ctx); err != nil {
		return err
	}
	if r.Commits, err = w.commits(ctx, g.give); err != nil {
		return err
	}
	return print(r)
}

// hand is a worker of the intermediary service with a clock of their own, which
// goes on for each one-time code: so that nobody waits for another's.
type hand struct {
	*login
	world *world
	token session.Token
	ahead time.Duration
	staff *tier.Tier // whose services these are
	desk  tier.Services
}

func (h *hand) now() time.Time { return time.Now().Add(h.ahead) }

// code is a one-time code that was not used before.
func (h *hand) code() (string, error) {
	h.ahead += 30 * time.Second
	return code.Current(h.secret, h.now())
}

// actor begins a request.
func (h *hand) actor(ctx context.Context) (a authz.Actor, err error) {
	if h.staff != h.world.staff { // the tier was opened anew
		if h.desk, err = h.world.staff.At(h.now); err != nil {
			return a, err
		}
		h.staff = h.world.staff
	}
	return h.world.load(ctx, h.desk.Accounts, h.token)
}

// gifts are cases whose applicants may be given something.
type gifts struct {
	*world
	hands   chan *hand // who has nothing to do
	manager *hand
	cases   []giftCase
	ready   chan string // items, one of each case
	base    *floor
	opened  int // how much casework is opened for one disclosure
}

type giftCase struct{ application, adopted, subject string }

func (w *world) newGifts(ctx context.Context, hands, cases int) (*gifts, error) {
	g := &gifts{world: w, hands: make(chan *hand, hands), ready: make(chan string, cases)}
	var err error
	if g.base, err = w.newFloor(ctx, 150); err != nil { // bytes, as a name in a pack
		return nil, err
	}
	if g.manager, err = w.newHand(ctx, w.manager); err != nil {
		return nil, err
	}
	for range hands {
		l, err := w.newWorker(ctx, w.manager, authz.IntermediaryWorker)
		if err != nil {
			return nil, err
		}
		h, err := w.newHand(ctx, l)
		if err != nil {
			return nil, err
		}
		g.hands <- h
	}
	for range cases {
		if err := g.open(ctx); err != nil {
			return nil, fmt.Errorf("open a case: %w", err)
		}
	}
	const behind = `select count(*) from casework where part = 'case' and id = $1 or part = 'agreement' and id = $1
		or kind in ('fact', 'consent') and id in ($1, $2, $3)`
	if err := g.base.pool.QueryRow(ctx, behind, g.cases[0].application, g.cases[0].adopted, g.cases[0].subject).Scan(&g.opened); err != nil {
		return nil, fmt.Errorf("count what is opened: %w", err)
	}
	g.opened += 3 // the item's words, and what two said of them
	return g, nil
}

// newHand signs a worker in.
func (w *world) newHand(ctx context.Context, l *login) (*hand, error) {
	token, err := w.signIn(ctx, w.desk.Accounts, l)
	return &hand{login: l, world: w, token: token, ahead: time.Duration(w.ahead.Load())}, err
}

// stated is what two people have to say of a case before anything is given: a
// letter for whom it is said of, the name and the value of a fact.
func stated() [][3]string {
	return [][3]string{{"r", "apVital", "living"}, {"a", "met", "inPerson"}, {"a", "idVerified", "yes"}, {"a", "reg11", "passed"}, {"a", "linkProven", "yes"},
		{"a", "aaa", "self"}, {"a", "cnsl", "yes"}, {"s", "subjectVital", "living"}, {"s", "acr", "checked"}, {"s", "acrNoContact", "no"}, {"s", "cnsl", "yes"}}
}

// open opens a case up to where something can be prepared: an adopted adult
// looks for their mother, who lives and agrees.
func (g *gifts) open(ctx context.Context) error {
	h := <-g.hands
	defer func() { g.hands <- h }()
	actor, err := h.actor(ctx)
	if err != nil {
		return err
	}
	adult := intermediary.Particulars{Name: "Jory Tregear", BirthName: "Piran Nance", Born: "1979-06-14", OrderDate: "1980-03-02", Court: "Bodmin County Court",
		CourtCountry: "E", Agency: "The bench", AgencyCountry: "E", Address: "4 Chapel Row"}
	id, err := h.desk.Cases.OpenCase(ctx, actor, intermediary.NewCase{ID: intermediary.NewApplicationID(), Pair: "AP>REL", Distinct: true, AdoptedPerson: adult, Applicant: adult,
		Subjects: []intermediary.Particulars{{Name: "Demelza Nance", Born: "1958-01-20", Relation: "birth mother"}}})
	if err != nil {
		return err
	}
	c := giftCase{application: string(id)}
	if err := g.base.pool.QueryRow(ctx, `select a.adopted_id, s.id from application a join subject s on s.application_id = a.id where a.id = $1`, c.application).Scan(&c.adopted, &c.subject); err != nil {
		return err
	}
	of := map[string]string{"r": c.adopted, "a": c.application, "s": c.subject}
	for _, f := range stated() {
		if err := g.state(ctx, h, of[f[0]], f[1], f[2], 0); err != nil {
			return err
		}
	}
	if err := h.agreed(ctx, actor, c); err != nil {
		return err
	}
	g.cases = append(g.cases, c)
	return nil
}

// agreed records that it is right to go on, that the subject agrees, and that the
// applicant keeps what they learn to themselves.
func (h *hand) agreed(ctx context.Context, actor authz.Actor, c giftCase) error {
	const word = "nothing against it"
	today := calendar.Today(time.Now())
	err := h.desk.Cases.DecideProceed(ctx, actor, intermediary.NewProceed{Subject: c.subject, Appropriate: true, View: intermediary.View{Words: "asked when they were met"},
		Reasons: intermediary.ProceedReasons{Applicant: word, Subject: word, Others: word, Children: word, Agency: word, Register: word, Circumstances: word, Conclusion: word}})
	if err != nil {
		return err
	}
	err = h.desk.Cases.RecordConsent(ctx, actor, intermediary.NewConsent{Subject: c.subject, Answer: intermediary.ConsentYes, Scope: []string{"name"},
		Talk: intermediary.ConsentTalk{ExplainedBy: "Elowen Trease", On: today, Written: true, Words: "as she said it"}})
	if err != nil {
		return err
	}
	return h.desk.Cases.RecordAgreement(ctx, actor, intermediary.NewAgreement{Application: intermediary.ApplicationID(c.application), On: today, Words: "form C"})
}

// state states a fact, and has the manager agree where two are asked for.
func (g *gifts) state(ctx context.Context, h *hand, on, name, value string, was int) error {
	actor, err := h.actor(ctx)
	if err != nil {
		return err
	}
	err = h.desk.Cases.StateFact(ctx, actor, intermediary.NewFact{On: on, Name: name, Value: value, Was: was, Why: "seen in the papers", Evidence: []string{"the agency's file"}, Said: intermediary.SaidFact})
	if err != nil {
		return fmt.Errorf("state %s: %w", name, err)
	}
	if !slices.ContainsFunc(intermediary.FactValues(), func(v intermediary.FactValue) bool { return v.Two && v.Name == name && v.Value == value }) {
		return nil
	}
	manager, err := g.manager.actor(ctx)
	if err != nil {
		return err
	}
	return g.manager.desk.Cases.ConfirmFact(ctx, manager, on, name, was+1)
}

// prepare makes one thing of each case ready to be given. What was made ready
// before has been given, and counts in how this one is judged.
func (g *gifts) prepare(ctx context.Context) error {
	for _, c := range g.cases {
		id, err := g.item(ctx, c)
		if err != nil {
			return fmt.Errorf("prepare what is given: %w", err)
		}
		g.ready <- id
	}
	return nil
}

func (g *gifts) item(ctx context.Context, c giftCase) (string, error) {
	h := <-g.hands
	defer func() { g.hands <- h }()
	actor, err := h.actor(ctx)
	if err != nil {
		return "", err
	}
	id, err := h.desk.Cases.PrepareItem(ctx, actor, intermediary.NewItem{Subject: c.subject, Kind: "name", About: "subject", Identifying: true, Words: "Her name is Demelza Nance.",
		Ground: "she agreed to it", From: "the agency's file, page 12"})
	if err != nil {
		return "", err
	}
	manager, err := g.manager.actor(ctx)
	if err != nil {
		return "", err
	}
	if err := g.manager.desk.Cases.CheckItem(ctx, manager, id, 1); err != nil {
		return "", err
	}
	return id, g.state(ctx, h, id, "jigsaw", "safe", 0)
}

// give gives one thing that is ready, with a session and a code as a page does.
func (g *gifts) give(ctx context.Context) error {
	h := <-g.hands
	defer func() { g.hands <- h }()
	digits, err := h.code()
	if err != nil {
		return err
	}
	actor, err := h.actor(ctx)
	if err != nil {
		return err
	}
	_, err = h.desk.Cases.Disclose(ctx, actor, []string{<-g.ready}, digits)
	return err
}

// floor does what giving cannot do without.
func (g *gifts) floor(ctx context.Context) error {
	h := <-g.hands
	defer func() { g.hands <- h }()
	f := g.base
	if _, err := h.actor(ctx); err != nil {
		return err
	}
	// The keys of the case and of the adopted person's record; the secret of the codes; what the law rests on.
	if err := errors.Join(f.climb(), f.climb(), f.open(f.named, seal.KindNames, f.case_, 1), f.open(f.submission, seal.KindSubmission, f.case_, g.opened)); err != nil {
		return err
	}
	s, err := f.sealed(seal.KindDelivery, f.content, true, f.other, f.case_, f.archive)
	if err != nil {
		return err
	}
	// The law's answer is signed too, and stands in a row as the disclosure does.
	return errors.Join(f.signAccess(), f.commit(ctx, s.Bytes, nil, nil))
}

// beside runs the real thing and its floor by turns. What a turn gives is
// prepared before it.
func (g *gifts) beside(ctx context.Context) (Result, error) {
	var ours, theirs sample
	for turn := range rounds*giftTurns + 1 {
		if err := g.prepare(ctx); err != nil {
			return Result{}, err
		}
		r, err := g.measure(ctx, len(g.cases), g.give)
		if err != nil {
			return Result{}, fmt.Errorf("give: %w", err)
		}
		f, err := g.measure(ctx, len(g.cases), g.floor)
		if err != nil {
			return Result{}, fmt.Errorf("floor of giving: %w", err)
		}
		if turn > 0 { // the first warms both
			ours.add(r)
			theirs.add(f)
		}
	}
	return resultOf("law disclose", ours, theirs), nil
}
