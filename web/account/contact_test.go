package account_test

import (
	"net/http"
	"strings"
	"testing"

	"filippo.io/age"

	"gatepost/internal/notice"
	"gatepost/web/webtest"
)

func TestContact(t *testing.T) {
	s := webtest.New(t)
	key, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	if err := notice.Vouch(t.Context(), s.StaffDB, s.Home, key.Recipient(), s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	l := family(t, s)
	b := s.Family(t)
	b.SignIn(s, l)
	first := b.Get(b.Get("/account").Doc().One("main a[href=/account/contact]").Attr("href")).Want(http.StatusOK)
	if got := first.Form("/account/contact"); got.Get("on") != "no" || got.Get("words") == "" || got.Get("quiet-from") == "" {
		t.Errorf("the form begins with %v", got)
	}
	fields := []string{"on", "yes", "mail", "not an address", "quiet-from", "21:30", "quiet-to", "07:15", "words", "update"}
	refused := first.Submit("/account/contact", fields...).Want(http.StatusUnprocessableEntity)
	refused.Doc().One(".govuk-error-summary a[href=#mail]")
	fields[3] = "tamsin@post.example"
	refused.Submit("/account/contact", fields...).Want(http.StatusSeeOther).Follow().Want(http.StatusOK).Doc().One(".govuk-notification-banner--success")

	kept := b.Get("/account/contact").Want(http.StatusOK)
	form := kept.Form("/account/contact")
	for i := 0; i < len(fields); i += 2 {
		if form.Get(fields[i]) != fields[i+1] {
			t.Errorf("%s is %q, want %q", fields[i], form.Get(fields[i]), fields[i+1])
		}
	}
	t.Run("pressed twice", func(t *testing.T) {
		first.Submit("/account/contact", fields...).Want(http.StatusSeeOther)
	})
	t.Run("changed in another window", func(t *testing.T) {
		a := first.Submit("/account/contact", "on", "yes", "mail", "other@post.example", "quiet-from", "20:00", "quiet-to", "08:00", "words", "waiting")
		if got := a.Want(http.StatusUnprocessableEntity).Form("/account/contact").Get("mail"); got != "other@post.example" {
			t.Errorf("the address typed is now %q", got)
		}
	})
	t.Run("off loses nothing", func(t *testing.T) {
		kept.Submit("/account/contact", "on", "no").Want(http.StatusSeeOther)
		got := b.Get("/account/contact").Form("/account/contact")
		if got.Get("on") != "no" || got.Get("mail") != "tamsin@post.example" {
			t.Errorf("switched off, the form has %v", got)
		}
	})
	t.Run("the details do not open", func(t *testing.T) {
		s.Exec(t, "update object set sealed = set_byte(sealed, length(sealed) - 1, get_byte(sealed, length(sealed) - 1) # 1) where kind = 'contact'")
		a := b.Get("/account/contact").Want(http.StatusOK)
		if !strings.Contains(a.Doc().One("main").Text(), s.Home.Phone) {
			t.Error("the page does not say whom to call")
		}
		a.Submit("/account/contact/off").Want(http.StatusSeeOther)
	})
	s.Worker(t).Get("/account/contact").Want(http.StatusNotFound)
}
