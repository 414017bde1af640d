package account_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"gatepost/crypto/code"
	"gatepost/crypto/seal"
	"gatepost/crypto/session"
	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

// An offer that was made while there was no second step puts none in the place
// of the owner's, whatever the session that holds it does.
func TestKeepTOTPAfterAnother(t *testing.T) {
	w, l := person(t)
	w.SignInPerson(t, &l)
	thief := l // somebody who knows the passphrase, in a session of their own
	w.SignInPerson(t, &thief)
	thiefs := loaded(t, w, thief.Token)
	offer, err := w.Public.OfferTOTP(t.Context(), thiefs, thief.Token)
	must(t, err)
	thiefs = loaded(t, w, thief.Token)
	row := thief.Token.RowID()
	w.Exec(t, "create table kept as select * from session where row_id = $1", row[:])

	w.SetTOTP(t, w.Home.ID, false, &l)
	digits := func() string {
		w.Clock.Advance(30 * time.Second)
		digits, err := code.Current(strings.ReplaceAll(offer.Secret, " ", ""), w.Clock.Now())
		must(t, err)
		return digits
	}
	want(t, "the thief's session", w.Public.KeepTOTP(t.Context(), thiefs, thief.Token, digits()), fault.SignIn, "fault.signIn")
	_, err = w.Public.Load(t.Context(), w.Home.ID, thief.Token, account.Short)
	want(t, "the thief's session", err, fault.SignIn, "fault.signIn")

	// Nor where the session's row is put back, or had not been ended.
	w.Exec(t, "insert into session select * from kept")
	want(t, "put back", w.Public.KeepTOTP(t.Context(), thiefs, thief.Token, digits()), fault.Conflict, "fault.totp.changed")
	w.SignInPerson(t, &l)
}

// One session with two windows open: what was offered in the first of them
// before the second put its own in force is not put in its place.
func TestKeepTOTPTwice(t *testing.T) {
	w, l := person(t)
	w.SignInPerson(t, &l)
	_, err := w.Public.OfferTOTP(t.Context(), loaded(t, w, l.Token), l.Token)
	must(t, err)
	old := loaded(t, w, l.Token)
	w.SetTOTP(t, w.Home.ID, false, &l)
	want(t, "the first window", w.Public.KeepTOTP(t.Context(), old, l.Token, w.Code(t, &l)), fault.Conflict, "fault.totp.changed")

	// Replacing one takes a code of it at both ends.
	_, err = w.Public.OfferTOTP(t.Context(), loaded(t, w, l.Token), l.Token)
	must(t, err)
	w.Clock.Advance(11 * time.Minute)
	want(t, "much later", w.Public.KeepTOTP(t.Context(), loaded(t, w, l.Token), l.Token, "123456"), fault.StepUp, "fault.stepUp")
	must(t, w.Public.StepUp(t.Context(), loaded(t, w, l.Token), l.Token, w.Code(t, &l)))
	w.SetTOTP(t, w.Home.ID, false, &l)
	w.SignInPerson(t, &l)
}

// A new second step ends the account's other sessions, and nobody else's.
func TestKeepTOTPEndsOthers(t *testing.T) {
	w, l := person(t)
	first := l
	w.SignInPerson(t, &first)
	w.SignInPerson(t, &l)
	w.SetTOTP(t, w.Home.ID, false, &l)
	_, err := w.Public.Load(t.Context(), w.Home.ID, first.Token, account.Short)
	want(t, "the other session", err, fault.SignIn, "fault.signIn")
	loaded(t, w, l.Token)
	_, err = w.Staff.Load(t.Context(), w.Home.ID, w.WorkerLogin.Token, account.Short)
	want(t, "a worker's session", err, "", "")
}

func loaded(t *testing.T, w *accounttest.World, token session.Token) authz.Actor {
	t.Helper()
	actor, err := w.Public.Load(t.Context(), w.Home.ID, token, account.Short)
	must(t, err)
	return actor
}

// The account's node is public: whoever can write the database can seal a
// secret to it. It does not count, however it is made.
func TestForgedTOTP(t *testing.T) {
	w, l := person(t)
	w.SignInPerson(t, &l)
	w.SetTOTP(t, w.Home.ID, false, &l)
	mine := l
	other := w.EnrolPerson(t, ask[string](t, w, "select person_id from side_member where person_id <> $1", l.ID))
	w.SetTOTP(t, w.Home.ID, false, &other)

	totp, err := code.NewTOTP("Letters", "sign-in")
	must(t, err)
	mine.Secret = totp.Secret()
	recipient, err := age.ParseHybridRecipient(ask[string](t, w, "select recipient from node where id = 'person/' || $1", l.ID))
	must(t, err)
	forge := func(content string) []byte {
		node := "person/" + l.ID
		sealed, err := seal.Seal(seal.Context{Kind: seal.KindTOTP, Agency: "oak", Object: node, To: node, Version: 1}, []byte(content), recipient)
		must(t, err)
		return sealed.Bytes
	}
	genuine := ask[[]byte](t, w, "select totp_sealed from credential_person where account_id = $1", l.ID)

	var alarms bytes.Buffer
	c := w.PublicConfig
	c.Log = slog.New(slog.NewTextHandler(&alarms, nil))
	door := accounttest.MustService(t, c)
	signIn := func(l *accounttest.Login) error {
		_, err := door.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, Code: w.Code(t, l), From: accounttest.From()})
		return err
	}
	for name, sealed := range map[string][]byte{
		"a secret alone":                         forge(mine.Secret),
		"a secret with a code of zeros":          forge(strings.Repeat("\x00", 32) + mine.Secret),
		"a secret with a code of something":      forge(strings.Repeat("x", 32) + mine.Secret),
		"nothing":                                forge(""),
		"the secret of another account, genuine": ask[[]byte](t, w, "select totp_sealed from credential_person where account_id = $1", other.ID),
	} {
		alarms.Reset()
		w.Exec(t, "update credential_person set totp_sealed = $2 where account_id = $1", l.ID, sealed)
		use := &mine
		if strings.Contains(name, "another account") {
			use = &accounttest.Login{Name: l.Name, Passphrase: l.Passphrase, Secret: other.Secret}
		}
		want(t, name, signIn(use), fault.Invalid, "fault.signIn.wrong")
		if !strings.Contains(alarms.String(), "alarm: a secret for one-time codes") {
			t.Errorf("%s: the operator was told %q", name, alarms.String())
		}
		w.Exec(t, "delete from rate")
	}
	w.Exec(t, "update credential_person set totp_sealed = $2 where account_id = $1", l.ID, genuine)
	want(t, "the genuine one", signIn(&l), "", "")
}

// When a code was given, and when a session ends, is not for the database to
// say.
func TestTimesInDatabase(t *testing.T) {
	w := accounttest.NewWorld(t)
	l := &w.WorkerLogin
	write := func() {
		t.Helper()
		w.Exec(t, "update session set second_factor_at = now() + interval '9 years', absolute_at = now() + interval '9 years', idle_at = now() + interval '9 years'")
	}
	load := func() (authz.Actor, error) {
		return w.Staff.Load(t.Context(), w.Home.ID, l.Token, account.Short)
	}
	w.Clock.Advance(11 * time.Minute)
	write()
	actor, err := load()
	must(t, err)
	want(t, "a code within ten minutes", actor.StepUp(w.Clock.Now(), 10*time.Minute), fault.StepUp, "fault.stepUp")
	must(t, w.Staff.StepUp(t.Context(), actor, l.Token, w.Code(t, l)))
	actor, err = load()
	must(t, err)
	want(t, "after one was given", actor.StepUp(w.Clock.Now(), time.Minute), "", "")
	w.Exec(t, "update session set second_factor_at = null")
	actor, err = load()
	must(t, err)
	want(t, "with the row's time gone", actor.StepUp(w.Clock.Now(), time.Minute), "", "")

	w.Clock.Advance(10 * time.Hour)
	write()
	_, err = load()
	want(t, "after ten hours", err, fault.SignIn, "fault.signIn")

	// A worker without a second step gets none from the database.
	paper, err := w.Staff.InviteWorker(t.Context(), w.SignInWorker(t, &w.ManagerLogin), "Ines Tregear", accounttest.Fact)
	must(t, err)
	fresh := w.Enrol(t, w.Home.ID, true, paper)
	write()
	actor, err = w.Staff.Load(t.Context(), w.Home.ID, fresh.Token, account.Short)
	must(t, err)
	if !w.Staff.NeedsTOTP(actor) {
		t.Error("the row made a second step")
	}
}

// The hour of an enrolment ends, whatever the row says.
func TestEnrollingTimeInDatabase(t *testing.T) {
	w, _, paper := invited(t)
	token, err := w.Public.Redeem(t.Context(), w.Home.ID, accounttest.From(), paper.Code, accounttest.Fact)
	must(t, err)
	w.Clock.Advance(time.Hour)
	w.Exec(t, "update session set absolute_at = now() + interval '9 years', idle_at = now() + interval '9 years'")
	_, err = w.Public.Enrolling(t.Context(), w.Home.ID, token)
	want(t, "after an hour", err, fault.SignIn, "fault.signIn")
}

// A request that climbs again does not undo the code that another request of
// the same session has given in the meantime.
func TestCodeDuringCatchUp(t *testing.T) {
	w, l := person(t)
	w.SignInPerson(t, &l)
	w.SetTOTP(t, w.Home.ID, false, &l)
	w.Clock.Advance(11 * time.Minute)
	actor := loaded(t, w, l.Token)
	w.ConfirmPerson(t, l.ID)

	slow := accounttest.MustService(t, w.PublicConfig)
	reached, released, done := make(chan struct{}), make(chan struct{}), make(chan error)
	slow.Stall(func() { close(reached); <-released })
	go func() {
		_, err := slow.Load(t.Context(), w.Home.ID, l.Token, account.Short)
		done <- err
	}()
	<-reached
	must(t, w.Public.StepUp(t.Context(), actor, l.Token, w.Code(t, &l)))
	close(released)
	must(t, <-done)
	want(t, "afterwards", loaded(t, w, l.Token).StepUp(w.Clock.Now(), 10*time.Minute), "", "")
}
