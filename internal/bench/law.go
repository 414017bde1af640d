package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"gatepost/intermediary/law"
)

const (
	// batch is how many decisions are timed at once: one alone is shorter than
	// reading the clock twice.
	batch = 1000
	// batches is how many are measured of decisions, divided by how much more the
	// longer ways take.
	batches = 5000
)

// deciding measures the law, on one core and without a database, three ways:
// facts that are at hand, as in the transaction of an act; facts that a service
// gathers by name; and facts as text, as law decide reads them. The floor does
// the same with no rule: it looks whether the facts are complete, gathers them,
// or reads their text.
func deciding(ctx context.Context, print func(Result) error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cases, err := permitted()
	if err != nil {
		return err
	}
	act := law.Begin(law.Version{Of: "bench", Version: 1})
	defer act.End()
	for _, way := range []struct {
		name        string
		slower      int
		real, floor func(*permittedCase) error
	}{
		{"law permit", 1, func(c *permittedCase) error { return c.permit(act, c.facts) }, func(c *permittedCase) error { return c.facts.Complete() }},
		{"law gather", 10, func(c *permittedCase) error {
			f, err := c.gather()
			if err != nil {
				return err
			}
			return c.permit(act, f)
		}, func(c *permittedCase) error {
			_, err := c.gather()
			return err
		}},
		{"law decide", 100, func(c *permittedCase) error {
			f, err := c.table.ParseFacts(c.text)
			if err != nil {
				return err
			}
			_, err = c.table.Decide(f)
			return err
		}, func(c *permittedCase) error {
			_, err := c.table.ParseFacts(c.text)
			return err
		}},
	} {
		r, err := inTurn(ctx, cases, batches/way.slower, way.real, way.floor)
		if err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
		r.Bench = way.name
		if err := print(r); err != nil {
			return err
		}
	}
	return nil
}

// permittedCase is facts of one table that permit, which is the longest way
// through it.
type permittedCase struct {
	table   *law.Table
	facts   law.Facts
	answers [][]string // name, values
	text    []byte
}

var errNotPermitted = errors.New("the bench's own facts are not permitted")

func (c *permittedCase) permit(act *law.Act, f law.Facts) error {
	_, permit, err := act.Decide(c.table, law.Evaluation{Applicant: "bench"}, f)
	if err == nil && !permit.For(c.table, law.Evaluation{Applicant: "bench"}) {
		return errNotPermitted
	}
	return err
}

func (c *permittedCase) gather() (law.Facts, error) {
	f := c.table.Facts()
	for _, a := range c.answers {
		if err := f.Set(a[0], a[1:]...); err != nil {
			return f, err
		}
	}
	return f, nil
}

// permitted makes one case for each table. What is not named here has the
// answer to give while it is not known.
func permitted() ([]permittedCase, error) {
	var cases []permittedCase
	for _, t := range law.Tables() {
		c := permittedCase{table: t}
		known := map[string]string{}
		for a := range strings.FieldsSeq(permittedAnswers(t.ID())) {
			name, value, _ := strings.Cut(a, "=")
			known[name] = value
		}
		for _, in := range t.Inputs() {
			if in.Name == "signed" {
				continue
			}
			value, named := known[in.Name]
			if !named {
				value = in.Star
			}
			answer := []string{in.Name}
			if value != "" || !in.Set {
				answer = append(answer, value)
			}
			c.answers = append(c.answers, answer)
		}
		var err error
		if c.facts, err = c.gather(); err != nil {
			return nil, fmt.Errorf("facts of table %s: %w", t.ID(), err)
		}
		if c.text, err = json.Marshal(c.facts); err != nil {
			return nil, fmt.Errorf("facts of table %s: %w", t.ID(), err)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func permittedAnswers(table string) string {
	switch table {
	case "8a":
		return "order=pre juris=E agency=registered pair=PR>REL appAge=ge18 subjAge=ge18 apAge=ge18 reg11=passed met=yes aaa=answered veto=none vetoFresh=yes" +
			" provisionalStop=no apConsent=given acr=checked acrNoContact=no approp=yes"
	case "8b":
		return "regime=pre pair=REL>AP caseRow=a32 gate=+PROCEED recipient=applicant about=subject met=yes idVerified=yes subjectVital=living consent=current" +
			" vetoNow=none cnsl=yes jigsaw=safe twoPerson=yes"
	case "8c":
		return "regime=pre who=AAA to=adoptedAdult metVerified=yes jigsaw=safe approp=yes redirected=no"
	case "8d":
		return "order=pre juris=E registrant=adoptedPerson metVerified=yes linkProven=yes age18=yes form=writing addressee=AAA info=given op=withdraw"
	case "8e":
		return "actor=RG p1=contactAll p2=contact link=yes rel=yes addressConfirmed=yes deceased=none"
	case "8f":
		return "regime=post juris=E req=s61_62 applicant=adoptedAdult idVerified=yes met=yes linkProven=yes writtenReasons=yes proceed=yes anyChild= views=yes" +
			" expressed=agree decision=disclose decisionMaker=named cnsl=yes"
	case "8g":
		return "order51A=none agreement=active sender=namedParty directionAllowed=yes childAge18=no recipient=ready findings= translation=done reviewersNeeded=one" +
			" reviewers=one approver=named approverIsHelper=no"
	case "8h":
		return "event=bothAskContinue order=post saidNo=no vetoOnFile=no met=yes idVerified=yes linkProven=yes otherVerified=yes"
	case "8i":
		return "req=birthRecord regime=pre applicant=adoptedAdult metVerified=yes linkProven=yes publicPolicy=none interviewRequired=no counsellingTold=yes rgSent=yes"
	}
	return ""
}

// turn is what a number of batches took.
type turn struct {
	each []float64 // milliseconds of one item, a batch at a time
	wall time.Duration
	cpu  time.Duration

	allocations uint64
}

// inTurn runs the real thing and its floor by turns, the tables one after the
// other, a small round of each first to warm both.
func inTurn(ctx context.Context, cases []permittedCase, n int, real, floor func(*permittedCase) error) (Result, error) {
	var ours, theirs turn
	for round := range rounds + 1 {
		size := max(1, n/rounds)
		if round == 0 {
			size = max(1, n/20)
		}
		for _, side := range []struct {
			of *turn
			do func(*permittedCase) error
		}{{&ours, real}, {&theirs, floor}} {
			t, err := runBatches(ctx, cases, size, side.do)
			if err != nil {
				return Result{}, err
			}
			if round > 0 {
				side.of.each = append(side.of.each, t.each...)
				side.of.wall += t.wall
				side.of.cpu += t.cpu
				side.of.allocations += t.allocations
			}
		}
	}
	items := float64(len(ours.each) * batch)
	slices.Sort(ours.each)
	at := func(p float64) float64 { return ours.each[min(int(p*float64(len(ours.each))), len(ours.each)-1)] }
	r := Result{N: int(items), PerSecond: items / ours.wall.Seconds(), FloorPerSecond: items / theirs.wall.Seconds(), P50: at(0.5), P99: at(0.99),
		CPU: ours.cpu.Seconds() * 1000 / items, FloorCPU: theirs.cpu.Seconds() * 1000 / items, RSS: highWater()}
	r.Ratio = r.PerSecond / r.FloorPerSecond
	each := float64(ours.allocations) / items
	r.Allocations = &each
	return r, nil
}

func runBatches(ctx context.Context, cases []permittedCase, n int, do func(*permittedCase) error) (turn, error) {
	t := turn{each: make([]float64, 0, n)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, start, next := ownCPU(), time.Now(), 0
	for range n {
		if err := ctx.Err(); err != nil {
			return t, err
		}
		began := time.Now()
		for range batch {
			if err := do(&cases[next]); err != nil {
				return t, err
			}
			if next++; next == len(cases) {
				next = 0
			}
		}
		t.each = append(t.each, time.Since(began).Seconds()*1000/batch)
	}
	t.wall, t.cpu = time.Since(start), ownCPU()-cpu
	runtime.ReadMemStats(&after)
	t.allocations = after.Mallocs - before.Mallocs
	return t, nil
}

// ownCPU is the time that this process has computed for.
func ownCPU() time.Duration {
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		return 0
	}
	return time.Duration(own.Utime.Nano() + own.Stime.Nano())
}
