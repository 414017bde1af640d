package account_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/crypto/code"
	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

func TestChangePassphrase(t *testing.T) {
	w, l := person(t)
	first := l
	w.SignInPerson(t, &first)
	device, err := w.Public.RememberDevice(t.Context(), w.SignInPerson(t, &l))
	must(t, err)
	actor := w.SignInPerson(t, &l)
	change := func(old, phrase string) error {
		_, err := w.Public.ChangePassphrase(t.Context(), actor, l.Token, account.Change{Old: old, New: phrase})
		return err
	}
	want(t, "a wrong old one", change("a wholly other passphrase", newPassphrase), fault.Invalid, "fault.passphrase.wrong")
	want(t, "a short new one", change(l.Passphrase, "short"), fault.Invalid, "fault.passphrase.short")
	must(t, change(l.Passphrase, newPassphrase))
	_, err = w.Public.Load(t.Context(), w.Home.ID, first.Token, account.Short)
	want(t, "another session", err, fault.SignIn, "fault.signIn")
	_, err = w.Public.Load(t.Context(), w.Home.ID, l.Token, account.Short)
	want(t, "this session", err, "", "")
	if n := ask[int64](t, w, "select count(*) from device"); n != 0 || device == "" {
		t.Errorf("%d devices are remembered", n)
	}
	_, err = w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, From: accounttest.From()})
	want(t, "the old one at sign-in", err, fault.Invalid, "fault.signIn.wrong")
	l.Passphrase = newPassphrase
	w.SignInPerson(t, &l)
	if n := ask[int64](t, w, "select count(*) from node where id = 'person/' || $1", l.ID); n != 1 {
		t.Errorf("%d keys", n)
	}
}

// Wrong ones are counted, for themselves and not against signing in.
func TestChangePassphraseLimit(t *testing.T) {
	w, l := person(t)
	actor := w.SignInPerson(t, &l)
	change := func(old string) error {
		_, err := w.Public.ChangePassphrase(t.Context(), actor, l.Token, account.Change{Old: old, New: newPassphrase})
		return err
	}
	for range 5 {
		want(t, "first five", change("a wholly other passphrase"), fault.Invalid, "fault.passphrase.wrong")
	}
	runs := w.PublicWork.Runs()
	want(t, "the sixth", change(l.Passphrase), fault.Busy, "fault.signIn.wait")
	if w.PublicWork.Runs() != runs {
		t.Error("scrypt ran for somebody who must wait")
	}
	w.SignInPerson(t, &l)
}

// A sign-in that began with the old passphrase does not end in a session, and
// neither does one with the new one undo the change.
func TestOldPassphraseWhileChanged(t *testing.T) {
	w, l := person(t)
	actor := w.SignInPerson(t, &l)
	slow := accounttest.MustService(t, w.PublicConfig)
	reached, released, done := make(chan struct{}), make(chan struct{}), make(chan error)
	slow.Stall(func() { close(reached); <-released })
	go func() {
		_, err := slow.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, From: accounttest.From()})
		done <- err
	}()
	<-reached
	_, err := w.Public.ChangePassphrase(t.Context(), actor, l.Token, account.Change{Old: l.Passphrase, New: newPassphrase})
	must(t, err)
	close(released)
	want(t, "the old passphrase", <-done, fault.Invalid, "fault.signIn.wrong")
}

// Somebody may know it: the key is replaced, on hold until the call; everything
// works as before meanwhile, and what the old key had ends with the call.
func TestChangeKey(t *testing.T) {
	l, ctx := newLost(t), t.Context()
	l.SetTOTP(t, l.Home.ID, false, &l.adopter)
	stolen := l.SignInPerson(t, &l.adopter).Keys() // what a thief of the passphrase would hold
	actor := l.SignInPerson(t, &l.adopter)
	changed, err := l.Public.ChangePassphrase(ctx, actor, l.adopter.Token, account.Change{Old: l.adopter.Passphrase, New: newPassphrase, Known: true})
	must(t, err)
	if !changed.Waits || changed.Words == [4]string{} {
		t.Fatalf("the page says %+v", changed)
	}
	l.adopter.Passphrase = newPassphrase
	here, err := l.Public.Load(ctx, l.Home.ID, l.adopter.Token, account.Short)
	must(t, err)
	for what, actor := range map[string]authz.Actor{"in this session": here, "signed in anew": l.SignInPerson(t, &l.adopter)} {
		if _, err := l.Families.Open(ctx, actor, l.delivery); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if waits, err := l.Public.Waiting(ctx, actor); !waits || err != nil {
			t.Errorf("%s: waits %v, %v", what, waits, err)
		}
		if words, err := l.Public.OwnWords(ctx, actor); err != nil || words != changed.Words {
			t.Errorf("%s: the words are %v, %v", what, words, err)
		}
	}
	actor = l.SignInPerson(t, &l.adopter)
	_, err = l.Public.ChangePassphrase(ctx, actor, l.adopter.Token, account.Change{Old: newPassphrase, New: newPassphrase + "!", Known: true})
	want(t, "while it waits", err, fault.Conflict, "fault.passphrase.pending")
	_, err = l.Public.ChangePassphrase(ctx, actor, l.adopter.Token, account.Change{Old: newPassphrase, New: newPassphrase + "!"})
	must(t, err)
	l.adopter.Passphrase = newPassphrase + "!"

	list, err := l.Staff.OnHold(ctx, l.Worker)
	must(t, err)
	if len(list) != 1 || list[0].Why != "changed" || list[0].Words != changed.Words || list[0].Since.IsZero() {
		t.Fatalf("who waits: %+v", list)
	}
	l.ConfirmPerson(t, l.adopter.ID)
	_, err = l.Public.Load(ctx, l.Home.ID, l.adopter.Token, account.Short)
	want(t, "the session before the call", err, fault.SignIn, "fault.signIn")
	for range 2 { // at the first time the earlier key is forgotten
		actor = l.SignInPerson(t, &l.adopter)
		if _, err := l.Families.Open(ctx, actor, l.delivery); err != nil {
			t.Errorf("after the call: %v", err)
		}
		if actor.Keys().Has("person/" + l.adopter.ID + "/1") {
			t.Error("the session holds the earlier key")
		}
	}
	if n := ask[int64](t, l.World, "select count(*) from credential_person where previous is not null"); n != 0 {
		t.Error("the earlier key is still kept")
	}
	if n := ask[int64](t, l.World, "select count(*) from ring_grant_person where parent = 'person/' || $1 and parent_epoch = 1", l.adopter.ID); n != 0 {
		t.Error("the earlier key still opens the side")
	}
	if !stolen.Has("person/" + l.adopter.ID + "/1") {
		t.Error("the test proves nothing")
	}
	if list, err := l.Staff.OnHold(ctx, l.Worker); err != nil || len(list) != 0 {
		t.Errorf("who waits after the call: %+v, %v", list, err)
	}
	l.log()
}

// An earlier key that somebody else sealed there is not taken.
func TestPreviousForged(t *testing.T) {
	l, ctx := newLost(t), t.Context()
	actor := l.SignInPerson(t, &l.adopter)
	_, err := l.Public.ChangePassphrase(ctx, actor, l.adopter.Token, account.Change{Old: l.adopter.Passphrase, New: newPassphrase, Known: true})
	must(t, err)
	l.adopter.Passphrase = newPassphrase
	l.Exec(t, "update credential_person set previous = set_byte(previous, 3, get_byte(previous, 3) # 1) where account_id = $1", l.adopter.ID)
	if l.SignInPerson(t, &l.adopter).Keys().Has("person/" + l.adopter.ID + "/1") {
		t.Error("it was taken")
	}
}

// A worker's key: the old one signs until a manager has rung.
func TestChangeWorkerKey(t *testing.T) {
	l, ctx := newLost(t), t.Context()
	actor := l.SignInWorker(t, &l.WorkerLogin)
	changed, err := l.Staff.ChangePassphrase(ctx, actor, l.WorkerLogin.Token, account.Change{Old: l.WorkerLogin.Passphrase, New: newPassphrase, Known: true})
	must(t, err)
	l.WorkerLogin.Passphrase = newPassphrase
	adopter := l.SignInPerson(t, &l.adopter)
	l.cross(adopter, l.side) // signed in anew, signs with the old key
	if words, err := l.Staff.OwnWords(ctx, l.Worker); err != nil || words != changed.Words {
		t.Errorf("the words are %v, %v", words, err)
	}
	list, err := l.Staff.OnHold(ctx, l.Manager)
	must(t, err)
	i := slices.IndexFunc(list, func(h account.Holding) bool { return h.ID == l.WorkerLogin.ID })
	if i < 0 || list[i].Why != "changed" || list[i].Words != changed.Words || !slices.Equal(list[i].Roles, []string{"letterboxWorker"}) {
		t.Fatalf("who waits: %+v", list)
	}
	must(t, l.Staff.ConfirmWorker(ctx, l.Manager, l.WorkerLogin.ID, nil, l.Code(t, &l.ManagerLogin)))
	l.cross(adopter, l.side)
	if l.Worker.Keys().Has("worker/" + l.WorkerLogin.ID + "/1") {
		t.Error("the session holds the earlier key")
	}
	l.log()

	manager := l.SignInWorker(t, &l.ManagerLogin)
	_, err = l.Staff.ChangePassphrase(ctx, manager, l.ManagerLogin.Token, account.Change{Old: l.ManagerLogin.Passphrase, New: newPassphrase, Known: true})
	must(t, err)
	l.ManagerLogin.Passphrase = newPassphrase
	manager = l.SignInWorker(t, &l.ManagerLogin)
	want(t, "by themself", l.Staff.ConfirmWorker(ctx, manager, l.ManagerLogin.ID, nil, l.Code(t, &l.ManagerLogin)), fault.Forbidden, "fault.confirm.self")
}

// Codes for a lost second step: each lets in once.
func TestRecoveryCodes(t *testing.T) {
	w, l := person(t)
	actor := w.SignInPerson(t, &l)
	_, err := w.Public.NewRecoveryCodes(t.Context(), actor)
	want(t, "without a second step", err, fault.Conflict, "fault.stepUp.none")
	w.SetTOTP(t, w.Home.ID, false, &l)
	_, err = w.Public.NewRecoveryCodes(t.Context(), actor)
	want(t, "without a code given", err, fault.StepUp, "fault.stepUp")
	load := func() authz.Actor {
		t.Helper()
		actor, err := w.Public.Load(t.Context(), w.Home.ID, l.Token, account.Short)
		must(t, err)
		return actor
	}
	first, err := w.Public.NewRecoveryCodes(t.Context(), load())
	must(t, err)
	codes, err := w.Public.NewRecoveryCodes(t.Context(), load())
	must(t, err)
	try := func(given string) error {
		_, err := w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, Code: given, From: accounttest.From()})
		return err
	}
	if len(codes) != 10 {
		t.Fatalf("%d codes", len(codes))
	}
	want(t, "one of the list before", try(first[0]), fault.Invalid, "fault.signIn.wrong")
	want(t, "one that nobody made", try(code.NewRecoveryCodes(1)[0].Text()), fault.Invalid, "fault.signIn.wrong")
	must(t, try(strings.ToLower(codes[0])))
	want(t, "twice", try(codes[0]), fault.Invalid, "fault.signIn.wrong")
	if left, err := w.Public.RecoveryCodesLeft(t.Context(), load()); left != 9 || err != nil {
		t.Errorf("%d codes are left, %v", left, err)
	}
	// Two at once, both found good before either is used: one is in.
	both, arrived, released := accounttest.MustService(t, w.PublicConfig), make(chan struct{}, 2), make(chan struct{})
	both.Stall(func() { arrived <- struct{}{}; <-released })
	errs := make(chan error)
	for range 2 {
		go func() {
			_, err := both.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, Code: codes[1], From: accounttest.From()})
			errs <- err
		}()
	}
	<-arrived
	<-arrived
	close(released)
	if a, b := <-errs, <-errs; (a == nil) == (b == nil) {
		t.Errorf("one code at once: %v and %v", a, b)
	}
	if hash := ask[int64](t, w, "select count(*) from recovery_code where encode(hash, 'escape') like '%' || $1 || '%'", codes[2]); hash != 0 {
		t.Error("a code is stored")
	}
	// A new second step: the codes for the loss of the old one are gone.
	w.SetTOTP(t, w.Home.ID, false, &l)
	want(t, "a code of the step before", try(codes[3]), fault.Invalid, "fault.signIn.wrong")
}

// The owner sees who was at their door; nobody's name leaves no row.
func TestHistory(t *testing.T) {
	w, l := person(t)
	try := func(name, phrase string) {
		_, _ = w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: name, Passphrase: phrase, From: accounttest.From(), Browser: "Edge on Windows"})
		w.Clock.Advance(time.Minute)
	}
	rows := ask[int64](t, w, "select count(*) from sign_in where tier = 'public'")
	try("NOBODY22", l.Passphrase)
	if n := ask[int64](t, w, "select count(*) from sign_in where tier = 'public'"); n != rows {
		t.Error("nobody's name has a history")
	}
	for range 7 { // two of them must wait, and were never made
		try(l.Name, "a wholly other passphrase")
	}
	w.Clock.Advance(16 * time.Minute)
	list, err := w.Public.History(t.Context(), w.SignInPerson(t, &l))
	must(t, err)
	if len(list) != 6 || !list[0].In || list[0].Label != "Chrome on Android" || !list[0].At.Equal(w.Clock.Now()) {
		t.Fatalf("the history is %+v", list)
	}
	for _, e := range list[1:] {
		if e.In || e.Label != "Edge on Windows" {
			t.Errorf("an attempt that failed: %+v", e)
		}
	}
	other := authz.NewActor(authz.Who{Tier: authz.Public, Agency: w.Home.ID, Account: agency.NewID("pe")})
	if list, err := w.Public.History(t.Context(), other); err != nil || len(list) != 0 {
		t.Errorf("somebody else sees %+v, %v", list, err)
	}
	w.Clock.Advance(366 * 24 * time.Hour)
	must(t, w.Public.Sweep(t.Context(), w.Home.ID))
	if n := ask[int64](t, w, "select count(*) from sign_in where tier = 'public'"); n != 0 {
		t.Errorf("%d sign-ins are kept for longer than a year", n)
	}
}
