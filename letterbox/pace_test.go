package letterbox_test

import (
	"fmt"
	"slices"
	"testing"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// counted is what the table of readings holds, past all policies.
func (p *pair) counted(act string, bucket int) int {
	return p.count(`select coalesce(sum(count), 0)::int from reading_time where act = $1 and bucket = $2`, act, bucket)
}

// looked makes the reading of a letter begin so many seconds ago.
func (p *pair) looked(id letterbox.LetterID, seconds int) {
	p.Exec(p.t, `update claim set read_at = now() - make_interval(secs => $2) where letter_id = $1`, string(id), seconds)
}

// A decision counts the time since its claim's first look, in its own transaction.
func TestPace(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	last := len(letterbox.PaceSteps())
	for i, seconds := range append(letterbox.PaceSteps(), 100_000) {
		for _, at := range []struct{ seconds, bucket int }{{seconds - 2, i}, {seconds, min(i+1, last)}} {
			before := p.counted("pass", at.bucket)
			id := p.claimed(fmt.Sprintf("The letter of %d seconds.", at.seconds))
			must(t, second(p.Desk.Read(ctx, p.Worker, id)))
			p.looked(id, at.seconds)
			must(t, second(p.Desk.Read(ctx, p.Worker, id))) // a later look begins nothing anew
			must(t, p.Desk.Pass(ctx, p.Worker, id, ""))
			must(t, p.Desk.Pass(ctx, p.Worker, id, "")) // and a second press counts nothing
			if got := p.counted("pass", at.bucket); got != before+1 {
				t.Errorf("%d seconds: bucket %d holds %d, and held %d", at.seconds, at.bucket, got, before)
			}
			p.Exec(t, `update letter set submitted_on = submitted_on - 2`)
		}
	}
	if n := p.count(`select count(*) from information_schema.columns where table_name = 'reading_time' and column_name not in ('agency_id', 'week', 'act', 'bucket', 'count')`); n != 0 {
		t.Errorf("a count of readings has %d columns more", n)
	}
}

// Each claim is a reading of its own: whoever put a letter back, lost it or
// never looked adds nothing to the next one's time.
func TestPace_EachClaim(t *testing.T) {
	for name, between := range map[string]func(p *pair, id letterbox.LetterID) authz.Actor{
		"put back": func(p *pair, id letterbox.LetterID) authz.Actor {
			must(p.t, p.Desk.Release(p.t.Context(), p.Worker, id))
			must(p.t, p.Desk.Claim(p.t.Context(), p.Worker, id))
			return p.Worker
		},
		"lapsed": func(p *pair, id letterbox.LetterID) authz.Actor {
			p.Exec(p.t, `update claim set until = now() - interval '1 second'`)
			must(p.t, p.Desk.Claim(p.t.Context(), p.Worker, id))
			return p.Worker
		},
		"given to a colleague": func(p *pair, id letterbox.LetterID) authz.Actor {
			to := p.newStaff("Imogen Farr", authz.LetterboxWorker)
			must(p.t, p.Desk.Give(p.t.Context(), p.Manager, id, to.Account()))
			return to
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, ctx := newPair(t), t.Context()
			p.t = t
			id := p.claimed("Biscuit has a kennel.")
			must(t, second(p.Desk.Read(ctx, p.Worker, id)))
			p.looked(id, 900)
			reader := between(p, id)
			must(t, second(p.Desk.Read(ctx, reader, id)))
			must(t, p.Desk.Return(ctx, reader, id, "unclear", "Please leave out the kennel.", ""))
			if n, all := p.counted("return", 0), p.count(`select coalesce(sum(count), 0)::int from reading_time`); n != 1 || all != 1 {
				t.Errorf("%d of %d readings counted as short ones, want the one", n, all)
			}
		})
	}
	t.Run("by two readers", func(t *testing.T) {
		p, ctx := newPair(t), t.Context()
		p.Exec(t, `update exchange set second_reader = 'always'`)
		id, other := p.claimed("Biscuit has a kennel."), p.secondWorker()
		look := func(reader authz.Actor) {
			must(t, second(p.Desk.Read(ctx, reader, id)))
			p.looked(id, 900)
		}
		look(p.Worker)
		must(t, p.Desk.ReadFirst(ctx, p.Worker, id, ""))
		must(t, p.Desk.Claim(ctx, other, id))
		look(other)
		must(t, p.Desk.Pass(ctx, other, id, ""))
		if first, passed := p.counted("first", 5), p.counted("pass", 5); first != 1 || passed != 1 {
			t.Errorf("%d first readings and %d decisions counted, want one of each", first, passed)
		}
	})
	t.Run("never looked at", func(t *testing.T) {
		p, ctx := newPair(t), t.Context()
		must(t, p.Desk.Pass(ctx, p.Worker, p.claimed("Biscuit has a kennel."), ""))
		if n := p.count(`select count(*) from reading_time`); n != 0 {
			t.Errorf("%d readings counted", n)
		}
	})
}

// A manager sees no count below five, and nobody else any.
func TestPace_Few(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.Exec(t, fmt.Sprintf(`insert into reading_time select '%s', date_trunc('week', current_date)::date - w * 7, a, b, n from (values
		(0, 'pass', 2, 3), (11, 'pass', 2, 2), (12, 'pass', 2, 50), (0, 'pass', 3, 4), (0, 'first', 7, 5), (0, 'refuse', 0, 1)) v (w, a, b, n)`, p.Home.ID))
	list, err := p.Desk.Pace(ctx, p.Manager)
	must(t, err)
	want := map[string][]int{"pass": {0, 0, 5, 0, 0, 0, 0, 0}, "first": {0, 0, 0, 0, 0, 0, 0, 5}}
	for i, act := range letterbox.PaceActs() {
		counts := want[act]
		if counts == nil {
			counts = make([]int, 8)
		}
		if list[i].Act != act || !slices.Equal(list[i].Counts, counts) {
			t.Errorf("%s: %+v, want %v", act, list[i], counts)
		}
	}
	wantKind(t, "for a letterbox worker", second(p.Desk.Pace(ctx, p.Worker)), fault.Forbidden)
	wantKind(t, "for a safeguarding lead", second(p.Desk.Pace(ctx, p.newStaff("Imogen Farr", authz.SafeguardingLead))), fault.Forbidden)

	// Whoever is no manager reads no row by hand, nobody adds one, and an old one goes with the next reading.
	id := p.claimed("Biscuit has a kennel.")
	must(t, second(p.Desk.Read(ctx, p.Worker, id)))
	must(t, p.Desk.Pass(ctx, p.Worker, id, ""))
	if n := p.count(`select count(*) from reading_time where count = 50`); n != 0 {
		t.Error("a count of thirteen weeks is kept")
	}
}

// By hand in the tiers' roles.
func TestReadingTime_Schema(t *testing.T) {
	s := newSchema(t)
	s.untriggered(`insert into reading_time values ('ag1', date_trunc('week', current_date)::date, 'pass', 1, 7)`)
	for who, want := range map[string]string{s.worker: "22012", s.manager: "", s.other: "22012"} {
		if code, _ := broke(s.as("gatepost_staff", who, `select 1 / (select count(*) from reading_time)`)); code != want {
			t.Errorf("%s reads counts: %q, want %q", who, code, want)
		}
	}
	for _, sql := range []string{`insert into reading_time values ('ag1', '2026-01-05', 'pass', 1, 7)`, `update reading_time set count = 1`, `delete from reading_time`, `select count_reading()`} {
		if code, _ := broke(s.as("gatepost_staff", s.manager, sql)); code != "42501" && code != "0A000" {
			t.Errorf("%s: %q", sql, code)
		}
	}
	if code, _ := broke(s.as("gatepost_public", s.person, `select 1 from reading_time`)); code != "42501" {
		t.Errorf("the families' role reads counts: %q", code)
	}
	for sql, want := range map[string]string{
		`insert into reading_time values ('ag1', '2026-01-06', 'pass', 1, 7)`: "reading_time_week",
		`insert into reading_time values ('ag1', '2026-01-05', 'pass', 8, 7)`: "reading_time_bucket",
		`insert into reading_time values ('ag1', '2026-01-05', 'hold', 1, 7)`: "reading_time_act_check",
	} {
		if _, name := broke(second(s.admin.Exec(t.Context(), sql))); name != want {
			t.Errorf("%s breaks %q, want %s", sql, name, want)
		}
	}
}
