package notice_test

import (
	"testing"

	"gatepost/internal/account"
	"gatepost/internal/notice"
)

// Whoever has a new key instead of an earlier one writes their details anew;
// until then they still serve the notifier.
func TestRenewedKey(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	_, birth, _ := w.OpenExchange(t)
	l, actor := w.NewPerson(t, birth)
	must(t, w.service.SaveDetails(ctx, actor, notice.Details{On: true, Mail: address}))
	_, err := w.Public.ChangePassphrase(ctx, actor, l.Token, account.Change{Old: l.Passphrase, New: "a kettle in the long grass", Known: true})
	must(t, err)
	l.Passphrase = "a kettle in the long grass"
	if d, err := w.service.Details(ctx, w.SignInPerson(t, &l)); err != nil || d.Mail != address {
		t.Errorf("while the new key waits: %+v, %v", d, err)
	}
	w.Worker = w.SignInWorker(t, &w.WorkerLogin)
	w.ConfirmPerson(t, l.ID)
	actor = w.SignInPerson(t, &l)
	d, err := w.service.Details(ctx, actor)
	must(t, err)
	if d.Mail != "" || !d.On {
		t.Errorf("after the call: %+v", d)
	}
	d.Mail = address
	must(t, w.service.SaveDetails(ctx, actor, d))
	if d, err := w.service.Details(ctx, actor); err != nil || d.Mail != address {
		t.Errorf("written anew: %+v, %v", d, err)
	}
}
