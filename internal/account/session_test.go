package account_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/session"
	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

func TestIdle(t *testing.T) {
	w, l := person(t)
	worker := w.WorkerLogin
	tests := []struct {
		name    string
		service *account.Service
		login   *accounttest.Login
		worker  bool
		idle    account.Idle
		limit   time.Duration
	}{
		{"a person's page", w.Public, &l, false, account.Short, 15 * time.Minute},
		{"a page to write on", w.Public, &l, false, account.Writing, 60 * time.Minute},
		{"a worker's page", w.Staff, &worker, true, account.Short, 20 * time.Minute},
		{"a worker's page to write on", w.Staff, &worker, true, account.Writing, 20 * time.Minute},
	}
	for _, tt := range tests {
		w.SignIn(t, w.Home.ID, tt.worker, tt.login)
		for range 2 { // a touch begins the time anew
			_, err := tt.service.Load(t.Context(), w.Home.ID, tt.login.Token, tt.idle)
			want(t, tt.name, err, "", "")
			w.Clock.Advance(tt.limit - time.Second)
		}
		_, err := tt.service.Load(t.Context(), w.Home.ID, tt.login.Token, tt.idle)
		want(t, tt.name+", a second before", err, "", "")
		w.Clock.Advance(tt.limit)
		_, err = tt.service.Load(t.Context(), w.Home.ID, tt.login.Token, tt.idle)
		want(t, tt.name+", out of time", err, fault.SignIn, "fault.signIn")
	}
}

// However busy somebody is, a session ends.
func TestAbsolute(t *testing.T) {
	w, l := person(t)
	worker := w.WorkerLogin
	for _, tt := range []struct {
		service *account.Service
		login   *accounttest.Login
		worker  bool
		limit   time.Duration
	}{{w.Public, &l, false, 2 * time.Hour}, {w.Staff, &worker, true, 10 * time.Hour}} {
		w.SignIn(t, w.Home.ID, tt.worker, tt.login)
		began := w.Clock.Now()
		for w.Clock.Now().Add(10 * time.Minute).Before(began.Add(tt.limit)) {
			w.Clock.Advance(10 * time.Minute)
			_, err := tt.service.Load(t.Context(), w.Home.ID, tt.login.Token, account.Writing)
			must(t, err)
		}
		w.Clock.Advance(10 * time.Minute)
		_, err := tt.service.Load(t.Context(), w.Home.ID, tt.login.Token, account.Writing)
		want(t, "after the last minute", err, fault.SignIn, "fault.signIn")
	}
}

// A token is nothing elsewhere: not at another agency, not on the other tier.
func TestTokenElsewhere(t *testing.T) {
	w := accounttest.NewTwoAgencies(t)
	_, birth, _ := w.OpenExchange(t)
	l := w.EnrolPerson(t, birth)
	refused := func(what string, s *account.Service, agencyID string, token session.Token) {
		t.Helper()
		_, err := s.Load(t.Context(), agencyID, token, account.Short)
		want(t, what, err, fault.SignIn, "fault.signIn")
	}
	refused("a person's cookie at another agency", w.Public, "elm", l.Token)
	refused("a worker's cookie at another agency", w.Staff, "elm", w.WorkerLogin.Token)
	refused("a person's cookie on the staff tier", w.Staff, "oak", l.Token)
	refused("a worker's cookie on the public tier", w.Public, "oak", w.WorkerLogin.Token)
	refused("nobody's cookie", w.Public, "oak", session.NewToken())
	_, err := w.Public.Enrolling(t.Context(), "oak", l.Token)
	want(t, "a session of somebody who has enrolled", err, fault.SignIn, "fault.signIn")

	// Not even with the row moved there by somebody who can write the database.
	row := l.Token.RowID()
	w.Exec(t, "update session set agency_id = 'elm' where row_id = $1", row[:])
	refused("a row moved to another agency", w.Public, "elm", l.Token)
	w.Exec(t, "update session set agency_id = 'oak', tier = 'staff' where row_id = $1", row[:])
	refused("a row moved to the other tier", w.Staff, "oak", l.Token)
	w.Exec(t, "update session set tier = 'public', account_id = $2 where row_id = $1", row[:], agency.NewID("pe"))
	refused("a row moved to another account", w.Public, "oak", l.Token)
	_, err = w.Public.Load(t.Context(), "ash", l.Token, account.Short)
	want(t, "an agency that is not there", err, fault.NotFound, "fault.notFound")
}

// The database roles keep the tiers apart by themselves.
func TestTiersInDatabase(t *testing.T) {
	w, l := person(t)
	w.SignInPerson(t, &l)
	count := func(db *postgres.DB) (n int) {
		t.Helper()
		must(t, db.Read(t.Context(), postgres.Scope{Agency: w.Home.ID, Account: l.ID}, func(b *pgx.Batch) {
			b.Queue("select count(*) from session where account_id = $1", l.ID).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
		}))
		return n
	}
	if staff, public := count(w.StaffDB), count(w.PublicDB); staff != 0 || public != 1 {
		t.Errorf("of the person's session staff see %d rows and the public tier %d, want 0 and 1", staff, public)
	}
}

func TestSignOut(t *testing.T) {
	w, l := person(t)
	w.SignInPerson(t, &l)
	for range 2 {
		must(t, w.Public.SignOut(t.Context(), w.Home.ID, l.Token))
		_, err := w.Public.Load(t.Context(), w.Home.ID, l.Token, account.Short)
		want(t, "after sign-out", err, fault.SignIn, "fault.signIn")
	}
}

// A request that is slow, and writes to its session at its end, does not bring
// back a session that was signed out in the meantime.
func TestSlowRequest(t *testing.T) {
	w, l := person(t)
	w.SignInPerson(t, &l)
	// Confirmed now: the next request of the session will write to it.
	w.ConfirmPerson(t, l.ID)

	slow := accounttest.MustService(t, w.PublicConfig)
	reached, released, done := make(chan struct{}), make(chan struct{}), make(chan error)
	slow.Stall(func() { close(reached); <-released })
	go func() {
		_, err := slow.Load(t.Context(), w.Home.ID, l.Token, account.Writing)
		done <- err
	}()
	<-reached
	must(t, w.Public.SignOut(t.Context(), w.Home.ID, l.Token))
	close(released)
	want(t, "the slow request", <-done, fault.SignIn, "fault.signIn")

	_, err := w.Public.Load(t.Context(), w.Home.ID, l.Token, account.Short)
	want(t, "after it", err, fault.SignIn, "fault.signIn")
	if n := ask[int64](t, w, "select count(*) from session where account_id = $1", l.ID); n != 0 {
		t.Errorf("%d sessions came back", n)
	}
}

// The same for the other requests that write to a session.
func TestWriteAfterSignOut(t *testing.T) {
	w, l := person(t)
	w.SignInPerson(t, &l)
	w.SetTOTP(t, w.Home.ID, false, &l)
	actor := w.SignInPerson(t, &l)
	must(t, w.Public.SignOutEverywhere(t.Context(), actor))
	_, err := w.Public.OfferTOTP(t.Context(), actor, l.Token)
	want(t, "OfferTOTP", err, fault.SignIn, "fault.signIn")
	if err := w.Public.StepUp(t.Context(), actor, l.Token, w.Code(t, &l)); err != nil && fault.KindOf(err) == fault.Internal {
		t.Errorf("StepUp: %v", err)
	}
	if n := ask[int64](t, w, "select count(*) from session where account_id = $1", l.ID); n != 0 {
		t.Errorf("%d sessions came back", n)
	}
}

func TestSessions(t *testing.T) {
	w, l := person(t)
	_, _, adoptive := w.OpenExchange(t)
	other := w.EnrolPerson(t, adoptive)
	otherActor := w.SignInPerson(t, &other)

	in := account.SignIn{Name: l.Name, Passphrase: l.Passphrase, From: accounttest.From(), Browser: strings.Repeat("é", 100) + "\x00\n"}
	first, err := w.Public.SignIn(t.Context(), w.Home.ID, in)
	must(t, err)
	w.Clock.Advance(time.Minute)
	actor := w.SignInPerson(t, &l)
	w.Clock.Advance(time.Minute)
	list, err := w.Public.Sessions(t.Context(), actor)
	must(t, err)
	if len(list) != 2 || !list[0].Current || list[1].Current || list[0].Label != "Chrome on Android" || list[1].Label != strings.Repeat("é", 60) {
		t.Fatalf("the list is %+v", list)
	}
	if got := list[0].LastSeen; !got.Equal(w.Clock.Now().Add(-time.Minute)) {
		t.Errorf("last seen %v", got)
	}
	want(t, "somebody else's session", w.Public.EndSession(t.Context(), otherActor, list[1].ID), fault.NotFound, "fault.notFound")
	want(t, "no session at all", w.Public.EndSession(t.Context(), actor, "x' or true --"), fault.NotFound, "fault.notFound")
	must(t, w.Public.EndSession(t.Context(), actor, list[1].ID))
	want(t, "twice", w.Public.EndSession(t.Context(), actor, list[1].ID), fault.NotFound, "fault.notFound")
	_, err = w.Public.Load(t.Context(), w.Home.ID, first, account.Short)
	want(t, "the ended one", err, fault.SignIn, "fault.signIn")
	_, err = w.Public.Load(t.Context(), w.Home.ID, l.Token, account.Short)
	want(t, "the other one", err, "", "")

	device, err := w.Public.RememberDevice(t.Context(), actor)
	must(t, err)
	if len(device) < 40 {
		t.Errorf("a device token of %d characters", len(device))
	}
	must(t, w.Public.SignOutEverywhere(t.Context(), actor))
	_, err = w.Public.Load(t.Context(), w.Home.ID, l.Token, account.Short)
	want(t, "after everywhere", err, fault.SignIn, "fault.signIn")
	if n := ask[int64](t, w, "select count(*) from device where account_id = $1", l.ID); n != 0 {
		t.Errorf("%d devices are still remembered", n)
	}
	_, err = w.Public.Load(t.Context(), w.Home.ID, other.Token, account.Short)
	want(t, "somebody else", err, "", "")
}

// Nobody acts through the wrong door or without an account.
func TestOwnAccountOnly(t *testing.T) {
	w, l := person(t)
	mother := w.SignInPerson(t, &l)
	for name, actor := range map[string]authz.Actor{"nobody": {}, "a person at the staff door": mother} {
		_, err := w.Staff.Sessions(t.Context(), actor)
		want(t, name+", sessions", err, fault.Forbidden, "fault.forbidden")
		want(t, name+", everywhere", w.Staff.SignOutEverywhere(t.Context(), actor), fault.Forbidden, "fault.forbidden")
		_, err = w.Staff.OwnWords(t.Context(), actor)
		want(t, name+", words", err, fault.Forbidden, "fault.forbidden")
		_, err = w.Staff.OnHold(t.Context(), actor)
		want(t, name+", list", err, fault.Forbidden, "fault.forbidden")
		_, err = w.Staff.InvitePerson(t.Context(), actor, l.ID, accounttest.Fact)
		want(t, name+", invite", err, fault.Forbidden, "fault.forbidden")
	}
	if n := ask[int64](t, w, "select count(*) from refusal where account_id = $1", l.ID); n == 0 {
		t.Error("no refusal was written down")
	}
}

// What has run out is swept, and nothing else.
func TestSweep(t *testing.T) {
	w, l := person(t)
	actor := w.SignInPerson(t, &l)
	_, err := w.Public.RememberDevice(t.Context(), actor)
	must(t, err)
	_, err = w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: "NOBODY22", Passphrase: "x", From: accounttest.From()})
	want(t, "a failure", err, fault.Invalid, "fault.signIn.wrong")
	rows := func() (n [3]int64) {
		for i, table := range []string{"session", "device", "rate"} {
			n[i] = ask[int64](t, w, "select count(*) from "+table+" where tier = 'public'")
		}
		return n
	}
	before := rows()
	must(t, w.Public.Sweep(t.Context(), w.Home.ID))
	if rows() != before || before[0] == 0 || before[2] == 0 {
		t.Errorf("before: %v, swept: %v", before, rows())
	}
	w.Clock.Advance(181 * 24 * time.Hour)
	must(t, w.Public.Sweep(t.Context(), w.Home.ID))
	if got := rows(); got != [3]int64{} {
		t.Errorf("after half a year: %v", got)
	}
}

// A service with a part missing is not made.
func TestNew(t *testing.T) {
	w := accounttest.NewClosed(t)
	for name, spoil := range map[string]func(*account.Config){
		"no database":   func(c *account.Config) { c.DB = nil },
		"no agencies":   func(c *account.Config) { c.Agencies = nil },
		"no gate":       func(c *account.Config) { c.Gate = nil },
		"no work":       func(c *account.Config) { c.Work = nil },
		"no clock":      func(c *account.Config) { c.Now = nil },
		"no log":        func(c *account.Config) { c.Log = nil },
		"no tier":       func(c *account.Config) { c.Tier = "" },
		"no log-in key": func(c *account.Config) { c.LoginKey = [32]byte{} },
		"no code key":   func(c *account.Config) { c.CodeKey = [32]byte{} },
		"one key twice": func(c *account.Config) { c.CodeKey = c.LoginKey },
	} {
		c := w.PublicConfig
		spoil(&c)
		if _, err := account.New(c); err == nil {
			t.Errorf("%s: a door was made", name)
		}
	}
}
