package letterbox_test

import (
	"slices"
	"testing"
	"time"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/letterbox"
)

// promises starts both tiers of the pair's agency with another promise.
func (p *pair) promises(promise, amber int) {
	for _, a := range []*agency.Agency{p.Home, p.Door} {
		a.Promise, a.Amber = promise, amber
	}
}

// days is so many working days after the day that the writers of a letter count from.
func (p *pair) days(from time.Time, promise int) time.Time {
	return calendar.AddWorkingDays(from, promise)
}

// hearBy is the day that a letter's writer reads.
func (p *pair) hearBy(id letterbox.LetterID) time.Time {
	p.t.Helper()
	sent, err := p.Families.OpenSent(p.t.Context(), p.birth, id)
	must(p.t, err)
	return sent.HearBy
}

// Two agencies of one deployment promise each their own, and each keeps it: to
// who writes, on paper too, to who asks again and to whose letter is back; on the
// desk, and before its manager.
func TestPromise_TwoAgencies(t *testing.T) {
	w, ctx := accounttest.NewTwoAgencies(t), t.Context()
	elm := *w
	elm.Home, elm.Door = w.StaffAgencies.All()[1], w.PublicAgencies.All()[1]
	elm.ManagerLogin, elm.Manager = elm.Open(t, "elm")
	elm.WorkerLogin, elm.Worker = elm.NewWorker(t, "Ines Calder", authz.LetterboxWorker)
	elm.Manager = elm.SignInWorker(t, &elm.ManagerLogin)
	for _, of := range []struct {
		*pair
		promise, amber int
	}{{pairIn(t, w), agency.DefaultPromise, agency.DefaultAmber}, {pairIn(t, &elm), 15, 3}} {
		p, name := of.pair, of.Home.ID
		if p.Home.ID == "elm" {
			p.promises(of.promise, of.amber)
		}
		today := calendar.Today(p.Clock.Now())
		want := p.days(today, of.promise)
		letter := p.send("Dear Wren.")
		if got := p.hearBy(letter); !got.Equal(want) {
			t.Errorf("%s: who writes hears by %s, want %s", name, got, want)
		}
		paper := p.paper()
		id, err := p.Desk.RecordPaper(ctx, p.Worker, paper)
		must(t, err)
		if got := p.hearBy(id); !got.Equal(p.days(paper.CameOn, of.promise)) {
			t.Errorf("%s: who wrote on paper hears by %s", name, got)
		}
		// What begins anew counts from the database's own today.
		anew := p.today().Add(want.Sub(today))
		must(t, p.Desk.Claim(ctx, p.Worker, letter))
		must(t, p.Desk.Refuse(ctx, p.Worker, letter, "upsetting", "", ""))
		must(t, p.Families.SecondOpinion(ctx, p.birth, letter))
		if got := p.hearBy(letter); !got.Equal(anew) {
			t.Errorf("%s: who asks again hears by %s, want %s", name, got, anew)
		}
		back, _ := p.waiting("Dear Wren, again.")
		must(t, p.Desk.Recall(ctx, p.Worker, back, ""))
		if got := p.hearBy(back); !got.Equal(anew) {
			t.Errorf("%s: whose letter is back hears by %s, want %s", name, got, anew)
		}
		for left, amber := range map[int]bool{of.promise - of.amber: true, of.promise - of.amber + 1: false} {
			p.Exec(t, `update letter set hear_by = $2 where id = $1`, string(back), p.days(today, left))
			line, ok := p.line(p.Worker, back)
			list, err := p.Desk.Breaches(ctx, p.Manager)
			must(t, err)
			listed := slices.ContainsFunc(list.Amber, func(l letterbox.DeskLine) bool { return l.ID == back })
			if !ok || line.Late || line.Amber != amber || listed != amber {
				t.Errorf("%s: with %d working days left the desk says amber %v and the manager's list %v", name, left, line.Amber, listed)
			}
		}
	}
}

// Another promise is for later letters: what a writer was told stays, and an
// inspector sees each decision held against it. Of a letter from before that was
// kept, it is what every agency promised.
func TestPromise_Changed(t *testing.T) {
	v := newVisit(t)
	late := func() (list []bool) {
		for _, l := range v.inspects().Letters {
			list = append(list, l.Turns[0].Late)
		}
		return list
	}
	old := v.send("The heron stood in the rain.")
	told := v.hearBy(old)
	v.promises(3, 1)
	newer := v.send("The heron is back.")
	if got := v.hearBy(old); !got.Equal(told) {
		t.Errorf("who wrote before hears by %s, and was told %s", got, told)
	}
	for day := v.days(calendar.Today(v.Clock.Now()), 5); calendar.Today(v.Clock.Now()).Before(day); {
		v.Clock.Advance(24 * time.Hour)
	}
	if got := late(); !slices.Equal(got, []bool{false, true}) {
		t.Errorf("waiting, late: %v", got)
	}
	v.Worker = v.anew(&v.WorkerLogin)
	v.pass(old)
	v.pass(newer)
	if got := late(); !slices.Equal(got, []bool{false, true}) {
		t.Errorf("decided, late: %v", got)
	}
	v.untriggered(`update letter_day set hear_by = null`)
	if got := late(); !slices.Equal(got, []bool{false, false}) {
		t.Errorf("from before it was kept, late: %v", got)
	}
}
