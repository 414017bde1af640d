package account_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatepost/crypto/code"
	"gatepost/crypto/passphrase"
	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/fault"
)

// person makes a world with one person on hold, signed out.
func person(t *testing.T) (*accounttest.World, accounttest.Login) {
	t.Helper()
	w := accounttest.NewWorld(t)
	_, birth, _ := w.OpenExchange(t)
	l := w.EnrolPerson(t, birth)
	must(t, w.Public.SignOut(t.Context(), w.Home.ID, l.Token))
	return w, l
}

// Every way of not getting in has the same answer, statements and scrypt runs.
func TestEqualAnswers(t *testing.T) {
	w, l := person(t)
	w.SignInPerson(t, &l)
	w.SetTOTP(t, w.Home.ID, false, &l)
	with, err := w.Public.Load(t.Context(), w.Home.ID, l.Token, account.Short)
	must(t, err)
	spare, err := w.Public.NewRecoveryCodes(t.Context(), with)
	must(t, err)
	_, err = w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, Code: spare[0], From: accounttest.From()})
	must(t, err)
	used := w.Code(t, &l)
	_, err = w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, Code: used, From: accounttest.From()})
	must(t, err)

	wrong := func(digits string) string {
		if digits[0] == '9' {
			return "0" + digits[1:]
		}
		return "9" + digits[1:]
	}
	tests := []struct {
		name string
		in   account.SignIn
	}{
		// Whoever is known has a history, and codes for a lost second step; nobody has neither.
		{"unknown name", account.SignIn{Name: "NOBODY22", Passphrase: l.Passphrase, Code: used}},
		{"no name", account.SignIn{Passphrase: l.Passphrase, Code: used}},
		{"wrong passphrase", account.SignIn{Name: l.Name, Passphrase: "a wholly other passphrase", Code: used}},
		{"wrong code", account.SignIn{Name: l.Name, Passphrase: l.Passphrase, Code: wrong(used)}},
		{"used code", account.SignIn{Name: l.Name, Passphrase: l.Passphrase, Code: used}},
		{"no code", account.SignIn{Name: l.Name, Passphrase: l.Passphrase}},
		{"used code for a lost second step", account.SignIn{Name: l.Name, Passphrase: l.Passphrase, Code: spare[0]}},
		{"wrong code for a lost second step", account.SignIn{Name: l.Name, Passphrase: l.Passphrase, Code: code.NewRecoveryCodes(1)[0].Text()}},
		{"a good one at nobody's name", account.SignIn{Name: "NOBODY22", Passphrase: l.Passphrase, Code: spare[1]}},
		{"a good one with a wrong passphrase", account.SignIn{Name: l.Name, Passphrase: "a wholly other passphrase", Code: spare[1]}},
		{"worker's name", account.SignIn{Name: w.WorkerLogin.Name, Passphrase: w.WorkerLogin.Passphrase}},
	}
	var first []string
	for _, tt := range tests {
		w.Clock.Advance(20 * time.Minute) // nobody has to wait
		tt.in.From = accounttest.From()
		runs := w.PublicWork.Runs()
		w.PublicSent.Take()
		_, err := w.Public.SignIn(t.Context(), w.Home.ID, tt.in)
		want(t, tt.name, err, fault.Invalid, "fault.signIn.wrong")
		if got := w.PublicWork.Runs() - runs; got != 1 {
			t.Errorf("%s: %d scrypt runs, want 1", tt.name, got)
		}
		sent := w.PublicSent.Take()
		if first == nil {
			first = sent
		}
		if len(sent) == 0 || !slices.Equal(sent, first) {
			t.Errorf("%s: other statements than the first:\n%s", tt.name, strings.Join(sent, "\n"))
		}
	}
}

// A code counts once; nothing but digits of this half minute and the last do.
func TestSignInCode(t *testing.T) {
	w, l := person(t)
	w.SignInPerson(t, &l)
	w.SetTOTP(t, w.Home.ID, false, &l)
	try := func(digits string) error {
		_, err := w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, Code: digits, From: accounttest.From()})
		return err
	}
	w.Clock.Advance(time.Hour)
	now := w.Clock.Now()
	at := func(d time.Duration) string {
		digits, err := code.Current(l.Secret, now.Add(d))
		must(t, err)
		return digits
	}
	want(t, "two steps old", try(at(-60*time.Second)), fault.Invalid, "fault.signIn.wrong")
	want(t, "two steps early", try(at(60*time.Second)), fault.Invalid, "fault.signIn.wrong")
	must(t, try(at(0)))
	want(t, "the same again", try(at(0)), fault.Invalid, "fault.signIn.wrong")
	want(t, "the step before it", try(at(-30*time.Second)), fault.Invalid, "fault.signIn.wrong")
}

// The same code from two browsers at once lets one of them in.
func TestSignInCodeAtOnce(t *testing.T) {
	w, l := person(t)
	w.SignInPerson(t, &l)
	w.SetTOTP(t, w.Home.ID, false, &l)
	digits := w.Code(t, &l)
	var wait sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wait.Go(func() {
			_, errs[i] = w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, Code: digits, From: accounttest.From()})
		})
	}
	wait.Wait()
	in := 0
	for _, err := range errs {
		if err == nil {
			in++
			continue
		}
		want(t, "the others", err, fault.Invalid, "fault.signIn.wrong")
	}
	if in != 1 {
		t.Errorf("%d came in with one code, want 1", in)
	}
}

func TestAccountLimit(t *testing.T) {
	w, l := person(t)
	_, _, adoptive := w.OpenExchange(t)
	other := w.EnrolPerson(t, adoptive)

	device := func(l *accounttest.Login) string {
		device, err := w.Public.RememberDevice(t.Context(), w.SignInPerson(t, l))
		must(t, err)
		return device
	}
	mine, theirs := device(&l), device(&other)
	try := func(name, phrase, device string) error {
		_, err := w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: name, Passphrase: phrase, Device: device, From: accounttest.From()})
		return err
	}
	for range 10 {
		must(t, try(l.Name, l.Passphrase, "")) // successes never count
	}
	for _, name := range []string{l.Name, "NOBODY22"} {
		for range 5 {
			want(t, "first five", try(name, "a wholly other passphrase", ""), fault.Invalid, "fault.signIn.wrong")
		}
		runs := w.PublicWork.Runs()
		want(t, "the sixth", try(name, l.Passphrase, ""), fault.Busy, "fault.signIn.wait")
		if w.PublicWork.Runs() != runs {
			t.Error("scrypt ran for somebody who must wait")
		}
	}
	want(t, "with somebody else's device", try(l.Name, l.Passphrase, theirs), fault.Busy, "fault.signIn.wait")
	want(t, "with a made-up device", try(l.Name, l.Passphrase, "made up"), fault.Busy, "fault.signIn.wait")
	if err := try(l.Name, l.Passphrase, mine); err != nil {
		t.Errorf("the remembered device: %v", err)
	}
	// That lane has a limit too, and it is its own.
	for range 5 {
		want(t, "on the device", try(l.Name, "a wholly other passphrase", mine), fault.Invalid, "fault.signIn.wrong")
	}
	want(t, "the sixth on the device", try(l.Name, l.Passphrase, mine), fault.Busy, "fault.signIn.wait")

	w.Clock.Advance(15*time.Minute + time.Second)
	if err := try(l.Name, l.Passphrase, ""); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	for range 4 {
		want(t, "after a success the count begins anew", try(l.Name, "a wholly other passphrase", ""), fault.Invalid, "fault.signIn.wrong")
	}
}

// Many at once do not slip through together.
func TestAccountLimitAtOnce(t *testing.T) {
	w, l := person(t)
	runs := w.PublicWork.Runs()
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			_, err := w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: "a wholly other passphrase", From: accounttest.From()})
			if err == nil {
				t.Error("a wrong passphrase was right")
			}
		})
	}
	wait.Wait()
	if got := w.PublicWork.Runs() - runs; got != 5 {
		t.Errorf("%d passphrases were tried, want 5", got)
	}
}

func TestAddressLimit(t *testing.T) {
	w, l := person(t)
	device, err := w.Public.RememberDevice(t.Context(), w.SignInPerson(t, &l))
	must(t, err)
	try := func(name, address, device string) error {
		_, err := w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: name, Passphrase: l.Passphrase, Device: device, From: netip.MustParseAddr(address)})
		return err
	}
	for i := range 300 {
		err := try(fmt.Sprint("NOBODY", i), "198.51.100.9", "")
		if fault.KindOf(err) != fault.Invalid {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	want(t, "the same network", try(l.Name, "198.51.100.200", ""), fault.Busy, "fault.signIn.waitHour")
	want(t, "written as IPv6", try(l.Name, "::ffff:198.51.100.3", ""), fault.Busy, "fault.signIn.waitHour")
	if err := try(l.Name, "198.51.100.9", device); err != nil {
		t.Errorf("the remembered device there: %v", err)
	}
	if err := try(l.Name, "198.51.101.9", ""); err != nil {
		t.Errorf("another network: %v", err)
	}
	w.Clock.Advance(time.Hour + time.Second)
	if err := try(l.Name, "198.51.100.9", ""); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

// A queue that is full is Busy, and costs nobody an attempt.
func TestGateBusy(t *testing.T) {
	w, l := person(t)
	c := w.PublicConfig
	c.Gate = &passphrase.Gate{} // always busy
	full := accounttest.MustService(t, c)
	in := account.SignIn{Name: l.Name, Passphrase: l.Passphrase, From: accounttest.From()}
	for range 8 {
		_, err := full.SignIn(t.Context(), w.Home.ID, in)
		want(t, "a full queue", err, fault.Busy, "fault.busy")
		if !errors.Is(err, passphrase.ErrBusy) {
			t.Errorf("the cause is lost: %v", err)
		}
	}
	if n := ask[int64](t, w, "select count(*) from sign_in where tier = 'public'"); n != 0 {
		t.Errorf("%d attempts that were not made stand in the history", n)
	}
	if _, err := w.Public.SignIn(t.Context(), w.Home.ID, in); err != nil {
		t.Errorf("once there is room: %v", err)
	}
}

// What cannot be a name or a passphrase is refused before any work.
func TestSignInInput(t *testing.T) {
	w, l := person(t)
	for name, in := range map[string]account.SignIn{
		"a huge passphrase":         {Name: l.Name, Passphrase: strings.Repeat("x", 1<<20)},
		"a huge name":               {Name: strings.Repeat("x", 1<<20), Passphrase: l.Passphrase},
		"a passphrase not in UTF-8": {Name: l.Name, Passphrase: "\xff\xfe"},
		"a name not in UTF-8":       {Name: "\xff", Passphrase: l.Passphrase},
	} {
		runs := w.PublicWork.Runs()
		_, err := w.Public.SignIn(t.Context(), w.Home.ID, in)
		want(t, name, err, fault.Invalid, "fault.signIn.wrong")
		if w.PublicWork.Runs() != runs {
			t.Errorf("%s: scrypt ran", name)
		}
	}
}

// An agency serves only while both tiers were started with the same stanza.
func TestInactiveAgency(t *testing.T) {
	w, l := person(t)
	for _, column := range []string{"public_seen", "staff_seen"} {
		w.Exec(t, "update agency set "+column+" = sha256('other')")
		_, err := w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, From: accounttest.From()})
		want(t, column, err, fault.Forbidden, "fault.agency.inactive")
		w.Exec(t, "update agency set "+column+" = null")
		_, err = w.Staff.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: w.WorkerLogin.Name, Passphrase: l.Passphrase, From: accounttest.From()})
		want(t, column, err, fault.Forbidden, "fault.agency.inactive")
		w.Exec(t, "update agency set "+column+" = stanza")
	}
	// What one tier promises the other has to keep.
	w.Exec(t, "update agency set public_promise = 15, staff_promise = 10")
	_, err := w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, From: accounttest.From()})
	want(t, "two promises", err, fault.Forbidden, "fault.agency.inactive")
	w.Exec(t, "update agency set staff_promise = 15")
	if _, err := w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, From: accounttest.From()}); err != nil {
		t.Errorf("active again: %v", err)
	}
	// So with whose letters two workers read.
	w.Exec(t, "update agency set public_readers = 'new', staff_readers = 'always'")
	_, err = w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, From: accounttest.From()})
	want(t, "two second readers", err, fault.Forbidden, "fault.agency.inactive")
	w.Exec(t, "update agency set public_readers = 'always'")
	if _, err := w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, From: accounttest.From()}); err != nil {
		t.Errorf("active once more: %v", err)
	}
}

// Whoever is suspended is out at the next request, and gets the common answer.
func TestSuspended(t *testing.T) {
	w, l := person(t)
	w.SignInPerson(t, &l)
	w.Exec(t, "update person set state = 'suspended' where id = $1", l.ID)
	_, err := w.Public.Load(t.Context(), w.Home.ID, l.Token, account.Short)
	want(t, "the session", err, fault.SignIn, "fault.signIn")
	_, err = w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, From: accounttest.From()})
	want(t, "signing in", err, fault.Invalid, "fault.signIn.wrong")
	if n := ask[int64](t, w, "select count(*) from session where account_id = $1", l.ID); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

// A wrap made under an older pepper is made anew at sign-in, and opens.
func TestRewrap(t *testing.T) {
	w, l := person(t)
	pepper, err := passphrase.NewPepper(2, [32]byte{2})
	must(t, err)
	c := w.PublicConfig
	c.Peppers, err = passphrase.NewPeppers(pepper, w.PublicConfig.Peppers.Current())
	must(t, err)
	next := accounttest.MustService(t, c)
	in := account.SignIn{Name: l.Name, Passphrase: l.Passphrase, From: accounttest.From()}
	for range 2 {
		_, err = next.SignIn(t.Context(), w.Home.ID, in)
		must(t, err)
	}
	if got := ask[int](t, w, "select pepper_version from credential_person where account_id = $1", l.ID); got != 2 {
		t.Errorf("the wrap is under pepper %d, want 2", got)
	}
	c.Peppers, err = passphrase.NewPeppers(pepper)
	must(t, err)
	if _, err := accounttest.MustService(t, c).SignIn(t.Context(), w.Home.ID, in); err != nil {
		t.Errorf("without the old pepper: %v", err)
	}
}
