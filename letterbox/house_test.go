package letterbox_test

import (
	"fmt"
	"testing"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// An agency says whose letters two workers read in the exchanges that are opened
// from then on: signed with the opening, so that a changed row is an alarm. A
// manager says fewer of one exchange, and never fewer than those of risk.
func TestSecondReader_House(t *testing.T) {
	w, ctx := accounttest.NewWorld(t), t.Context()
	w.Home.SecondReader = letterbox.ReadTwiceAlways
	p := pairIn(t, w)
	second := p.secondWorker()
	readers := func(want string) {
		t.Helper()
		x, err := p.Desk.Exchange(ctx, p.Worker, p.exchange)
		must(t, err)
		if x.SecondReader != want {
			t.Errorf("two workers read those of %q, want %q", x.SecondReader, want)
		}
	}
	readers(letterbox.ReadTwiceAlways)
	letter := p.claimed("Dear Wren.")
	wantAt(t, "by one alone", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.relay.readers", "")

	// Somebody who writes rows lets one be enough, or takes the note away as well.
	for _, change := range []string{`update exchange set second_reader = 'risk'`, `delete from object where part = 'readers'`} {
		p.untriggered(change)
		wantKind(t, change, p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Sealed)
	}
	if n := p.count(`select count(*) from delivery`); n != 0 {
		t.Fatalf("%d deliveries", n)
	}

	// A later word of the agency is about later exchanges.
	q := pairIn(t, w)
	w.Home.SecondReader = letterbox.ReadTwiceRisk
	q.Worker = q.SignInWorker(t, &q.WorkerLogin)
	letter = q.claimed("Dear Wren.")
	wantAt(t, "opened before", q.Desk.Pass(ctx, q.Worker, letter, ""), "fault.relay.readers", "")
	must(t, q.Desk.ReadFirst(ctx, q.Worker, letter, ""))
	must(t, q.Desk.Claim(ctx, second, letter))
	must(t, q.Desk.Pass(ctx, second, letter, ""))
	wantKind(t, "fewer, by a worker", q.Desk.SetSecondReader(ctx, q.Worker, q.exchange, letterbox.ReadTwiceRisk), fault.Forbidden)
	q.Manager = q.SignInWorker(t, &q.ManagerLogin)
	must(t, q.Desk.SetSecondReader(ctx, q.Manager, q.exchange, letterbox.ReadTwiceRisk))
	letter = q.claimed("Dear Wren, again.")
	must(t, q.Desk.Pass(ctx, q.Worker, letter, ""))

	// And one that is opened now begins with its own.
	r := pairIn(t, w)
	if n := r.count(`select count(*) from object where part = 'readers' and exchange_id = $1`, string(r.exchange)); n != 0 {
		t.Errorf("%d notes about an exchange of which nothing was said", n)
	}
	letter = r.claimed("Dear Wren.")
	must(t, r.Desk.Pass(ctx, r.Worker, letter, ""))
	r.logWhole()
}

// The stanza, the letterbox and the database know the same.
func TestSecondReaders_OneList(t *testing.T) {
	if got := fmt.Sprint(agency.SecondReaders(), agency.DefaultSecondReader); got != fmt.Sprint([]string{letterbox.ReadTwiceRisk, letterbox.ReadTwiceNew, letterbox.ReadTwiceAlways}, letterbox.ReadTwiceRisk) {
		t.Errorf("a stanza says %s", got)
	}
}

// The database opens no exchange with fewer readers than the agency asks for.
func TestSecondReader_HouseInDatabase(t *testing.T) {
	s := newSchema(t)
	insert := `insert into exchange (agency_id, id, reference, opened_by, second_reader) values ('ag1', $1, 'LB-BBBBB', $2, $3)`
	for _, tt := range []struct{ house, readers, want string }{
		{"", "risk", ""}, {"risk", "risk", ""}, {"new", "risk", "exchange_readers"}, {"new", "new", ""}, {"new", "always", ""},
		{"always", "new", "exchange_readers"}, {"always", "risk", "exchange_readers"}, {"always", "always", ""},
	} {
		s.untriggered(`update agency set staff_readers = nullif('` + tt.house + `', '') where id = 'ag1'; delete from exchange where reference = 'LB-BBBBB'`)
		if _, got := broke(s.as("gatepost_staff", s.worker, insert, agency.NewID("ex"), s.worker, tt.readers)); got != tt.want {
			t.Errorf("%q where the agency says %q: %q, want %q", tt.readers, tt.house, got, tt.want)
		}
	}
}
