package account_test

import (
	"net/netip"
	"strings"
	"sync"
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

// invited makes a world with a person who has their paper.
func invited(t *testing.T) (*accounttest.World, string, account.Paper) {
	t.Helper()
	w := accounttest.NewWorld(t)
	_, birth, _ := w.OpenExchange(t)
	paper, err := w.Staff.InvitePerson(t.Context(), w.Worker, birth, accounttest.Fact)
	must(t, err)
	return w, birth, paper
}

// attempts is how many tries the only unused invitation has lost.
func attempts(t *testing.T, w *accounttest.World, account string) int16 {
	t.Helper()
	return ask[int16](t, w, "select attempts from invitation where account_id = $1", account)
}

func TestRedeem(t *testing.T) {
	w, id, paper := invited(t)
	redeem := func(code, fact string) error {
		_, err := w.Public.Redeem(t.Context(), w.Home.ID, accounttest.From(), code, fact)
		return err
	}
	// A slip of the hand costs nothing, however often.
	wrong := "2"
	if strings.HasSuffix(paper.Code, wrong) {
		wrong = "3"
	}
	slip := paper.Code[:len(paper.Code)-1] + wrong
	for _, typed := range []string{slip, "", "U", strings.Repeat("A", 1000), "\xff"} {
		for range 30 {
			err := redeem(typed, accounttest.Fact)
			want(t, "a slip", err, fault.Invalid, "fault.code.typing")
		}
	}
	want(t, "no fact", redeem(paper.Code, " "), fault.Invalid, "fault.fact.missing")
	want(t, "a huge fact", redeem(paper.Code, strings.Repeat("x", 1<<20)), fault.Invalid, "fault.fact.long")
	if got := attempts(t, w, id); got != 0 {
		t.Errorf("slips cost %d attempts", got)
	}
	w.Exec(t, "update agency set staff_seen = null")
	want(t, "an agency that is not active", redeem(paper.Code, accounttest.Fact), fault.Forbidden, "fault.agency.inactive")
	w.Exec(t, "update agency set staff_seen = stanza")
	// Typed as people type it.
	must(t, redeem(strings.ToLower(strings.ReplaceAll(paper.Code, "-", " ")), "  The BLUE gate. "))
	// The code stays good until a passphrase is chosen.
	must(t, redeem(paper.Code, accounttest.Fact))
	for range 5 {
		want(t, "a wrong fact", redeem(paper.Code, "the green gate"), fault.Invalid, "fault.invitation.wrong")
	}
	want(t, "the sixth, with the right fact", redeem(paper.Code, accounttest.Fact), fault.Invalid, "fault.invitation.wrong")
	if got := attempts(t, w, id); got != 5 {
		t.Errorf("the code lost %d attempts, want 5", got)
	}
}

// Wrong facts that come all at once are five as well.
func TestRedeemAtOnce(t *testing.T) {
	w, id, paper := invited(t)
	var wait sync.WaitGroup
	for range 12 {
		wait.Go(func() {
			_, err := w.Public.Redeem(t.Context(), w.Home.ID, accounttest.From(), paper.Code, "the green gate")
			want(t, "a wrong fact", err, fault.Invalid, "fault.invitation.wrong")
		})
	}
	wait.Wait()
	if got := attempts(t, w, id); got != 5 {
		t.Errorf("the code lost %d attempts, want 5", got)
	}
}

func TestInvitationTime(t *testing.T) {
	w, _, paper := invited(t)
	if got := paper.Expires.Sub(w.Clock.Now()); got != 28*24*time.Hour {
		t.Errorf("the paper is good for %v", got)
	}
	w.Clock.Advance(28*24*time.Hour - time.Second)
	token, err := w.Public.Redeem(t.Context(), w.Home.ID, accounttest.From(), paper.Code, accounttest.Fact)
	must(t, err)
	w.Clock.Advance(2 * time.Second)
	_, err = w.Public.Redeem(t.Context(), w.Home.ID, accounttest.From(), paper.Code, accounttest.Fact)
	want(t, "on day 29", err, fault.Invalid, "fault.invitation.wrong")
	_, _, err = w.Public.Choose(t.Context(), w.Home.ID, token, accounttest.Passphrase, "")
	want(t, "begun in time, ended late", err, fault.Gone, "fault.invitation.gone")
}

// A code works once, at its own agency and its own door; a new one ends the old.
func TestInvitationOnce(t *testing.T) {
	w := accounttest.NewTwoAgencies(t)
	_, birth, _ := w.OpenExchange(t)
	old, err := w.Staff.InvitePerson(t.Context(), w.Worker, birth, accounttest.Fact)
	must(t, err)
	paper, err := w.Staff.InvitePerson(t.Context(), w.Worker, birth, accounttest.Fact)
	must(t, err)
	redeem := func(s *account.Service, agencyID, code string) (session.Token, error) {
		return s.Redeem(t.Context(), agencyID, accounttest.From(), code, accounttest.Fact)
	}
	_, err = redeem(w.Public, "oak", old.Code)
	want(t, "the old paper", err, fault.Invalid, "fault.invitation.wrong")
	_, err = redeem(w.Public, "elm", paper.Code)
	want(t, "at another agency", err, fault.Invalid, "fault.invitation.wrong")
	_, err = redeem(w.Staff, "oak", paper.Code)
	want(t, "at the workers' door", err, fault.Invalid, "fault.invitation.wrong")

	first, err := redeem(w.Public, "oak", paper.Code)
	must(t, err)
	second, err := redeem(w.Public, "oak", paper.Code)
	must(t, err)
	_, err = w.Public.Load(t.Context(), "oak", first, account.Short)
	want(t, "an enrolment is no session", err, fault.SignIn, "fault.signIn")
	_, err = w.Public.Enrolling(t.Context(), "elm", first)
	want(t, "an enrolment elsewhere", err, fault.SignIn, "fault.signIn")
	_, _, err = w.Public.Choose(t.Context(), "oak", first, accounttest.Passphrase, "")
	must(t, err)
	_, _, err = w.Public.Choose(t.Context(), "oak", first, accounttest.Passphrase, "")
	want(t, "the same click twice", err, fault.SignIn, "fault.signIn")
	_, _, err = w.Public.Choose(t.Context(), "oak", second, accounttest.Passphrase, "")
	want(t, "whoever comes second", err, fault.Gone, "fault.invitation.gone")
	_, err = redeem(w.Public, "oak", paper.Code)
	want(t, "the used paper", err, fault.Invalid, "fault.invitation.wrong")
	_, err = w.Staff.InvitePerson(t.Context(), w.Worker, birth, accounttest.Fact)
	want(t, "inviting somebody with an account", err, fault.Conflict, "fault.invitation.hasAccount")
}

func TestCodeAddressLimit(t *testing.T) {
	w, _, paper := invited(t)
	// A code of another world fits its check character and is nobody's here.
	_, _, foreign := invited(t)
	try := func(code, address string) error {
		_, err := w.Public.Redeem(t.Context(), w.Home.ID, netip.MustParseAddr(address), code, accounttest.Fact)
		return err
	}
	for range 20 {
		want(t, "an unknown code", try(foreign.Code, "2001:db8:0:1::1"), fault.Invalid, "fault.invitation.wrong")
	}
	want(t, "the same /56", try(paper.Code, "2001:db8:0:ff::2"), fault.Busy, "fault.signIn.waitHour")
	want(t, "another network", try(paper.Code, "2001:db8:0:100::2"), "", "")
	w.Clock.Advance(time.Hour + time.Second)
	want(t, "an hour later", try(paper.Code, "2001:db8:0:1::1"), "", "")
}

func TestChoose(t *testing.T) {
	w, id, paper := invited(t)
	token, err := w.Public.Redeem(t.Context(), w.Home.ID, accounttest.From(), paper.Code, accounttest.Fact)
	must(t, err)
	offered, err := w.Public.Enrolling(t.Context(), w.Home.ID, token)
	must(t, err)
	again, err := w.Public.Enrolling(t.Context(), w.Home.ID, token)
	must(t, err)
	five := strings.FieldsFunc(offered, func(r rune) bool { return r < 'a' || r > 'z' })
	if len(five) != 5 || offered != again {
		t.Errorf("offered %d words, and the same again: %v", len(five), offered == again)
	}
	for phrase, message := range map[string]string{
		"too short":                   "fault.passphrase.short",
		strings.Repeat("long ", 100):  "fault.passphrase.long",
		"passwordpassword":            "fault.passphrase.common",
		"marmalade\x00on a wet day":   "fault.passphrase.text",
		"marmalade \xff on a wet day": "fault.passphrase.text",
	} {
		_, _, err := w.Public.Choose(t.Context(), w.Home.ID, token, phrase, "")
		want(t, message, err, fault.Invalid, message)
	}
	next, welcome, err := w.Public.Choose(t.Context(), w.Home.ID, token, offered, "Safari on iPad")
	must(t, err)
	if next.RowID() == token.RowID() {
		t.Error("the session of the enrolment goes on")
	}
	actor, err := w.Public.Load(t.Context(), w.Home.ID, next, account.Short)
	must(t, err)
	if !actor.OnHold() || actor.Account() != id || actor.Keys().Has("side/x") {
		t.Errorf("on hold: %v", actor.OnHold())
	}
	words, err := w.Public.OwnWords(t.Context(), actor)
	must(t, err)
	list, err := w.Staff.OnHold(t.Context(), w.Worker)
	must(t, err)
	if len(list) != 1 || list[0].ID != id || list[0].Kind != "person" || list[0].Name != "Tamsin Vale" || len(list[0].Exchanges) != 1 ||
		!list[0].Since.Equal(w.Clock.Now()) {
		t.Fatalf("who waits: %+v", list)
	}
	if words != welcome.Words || words != list[0].Words || words[0] == "" {
		t.Errorf("words: own page %v, after choosing %v, desk %v", words, welcome.Words, list[0].Words)
	}
	// Five offered words sign in.
	must(t, w.Public.SignOut(t.Context(), w.Home.ID, next))
	_, err = w.Public.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: strings.ToLower(paper.Reference), Passphrase: offered, From: accounttest.From()})
	must(t, err)
}

// The holder of a stolen letter gets an empty letterbox.
func TestOnHoldIsEmpty(t *testing.T) {
	w, l := person(t)
	mother := w.SignInPerson(t, &l)
	if !mother.OnHold() {
		t.Fatal("nobody has rung yet")
	}
	for _, line := range strings.Split(string(mother.Keys().Marshal()), "\n") {
		if name, _, _ := strings.Cut(line, " "); name != "" && name != "person/"+l.ID+"/1" && name != "account/until" && name != "own" {
			t.Errorf("the session holds %s", name)
		}
	}
	if n := ask[int64](t, w, "select count(*) from ring_grant_person"); n != 0 {
		t.Errorf("%d grants", n)
	}
}

func TestInvitePerson(t *testing.T) {
	w, id, _ := invited(t)
	for _, tt := range []struct{ name, id, fact, kind, message string }{
		{"not an id", "pe'; --", accounttest.Fact, "notFound", "fault.notFound"},
		{"a worker's id", w.WorkerLogin.ID, accounttest.Fact, "notFound", "fault.notFound"},
		{"nobody", agency.NewID("pe"), accounttest.Fact, "notFound", "fault.notFound"},
		{"a fact that is none", id, " - ", "invalid", "fault.fact.short"},
		{"a fact too long", id, strings.Repeat("x", 1000), "invalid", "fault.fact.long"},
	} {
		_, err := w.Staff.InvitePerson(t.Context(), w.Worker, tt.id, tt.fact)
		want(t, tt.name, err, fault.Kind(tt.kind), tt.message)
	}
	_, err := w.Staff.InvitePerson(t.Context(), w.Manager, id, accounttest.Fact)
	want(t, "a manager who is no letterbox worker", err, fault.Forbidden, "fault.forbidden")
	_, err = w.Staff.InviteWorker(t.Context(), w.Worker, "Somebody Else", accounttest.Fact)
	want(t, "a worker who is no manager", err, fault.Forbidden, "fault.forbidden")
	_, err = w.Staff.InviteWorker(t.Context(), w.Manager, "", accounttest.Fact)
	want(t, "a worker without a name", err, fault.Invalid, "fault.name.missing")
}

// The first manager, once.
func TestOpenAgency(t *testing.T) {
	w := accounttest.NewClosed(t)
	paper, _, err := w.Staff.InviteFirst(t.Context(), w.Home.ID, accounttest.Fact)
	must(t, err)
	l := w.Enrol(t, w.Home.ID, true, paper)
	open := func(code string) error {
		return w.Staff.OpenAgency(t.Context(), w.Home.ID, account.Opening{Name: l.Name, Passphrase: l.Passphrase, Code: code, Display: "Carys Marlowe"})
	}
	want(t, "without a second step", open(""), fault.StepUp, "fault.agency.needsTOTP")
	w.SetTOTP(t, w.Home.ID, true, &l)
	want(t, "without a code", open(""), fault.Invalid, "fault.signIn.wrong")
	want(t, "without a name", w.Staff.OpenAgency(t.Context(), w.Home.ID, account.Opening{Name: l.Name, Passphrase: l.Passphrase, Code: w.Code(t, &l)}),
		fault.Invalid, "fault.name.missing")
	must(t, open(w.Code(t, &l)))
	want(t, "twice", open(w.Code(t, &l)), fault.Conflict, "fault.agency.open")
	_, _, err = w.Staff.InviteFirst(t.Context(), w.Home.ID, accounttest.Fact)
	want(t, "another first manager", err, fault.Conflict, "fault.agency.hasManager")
	_, _, err = w.Public.InviteFirst(t.Context(), w.Home.ID, accounttest.Fact)
	want(t, "at the families' door", err, fault.Forbidden, "fault.forbidden")

	manager := w.SignInWorker(t, &l)
	if !manager.Has(authz.Manager) || manager.Has(authz.LetterboxWorker) || manager.OnHold() {
		t.Errorf("the first manager is on hold: %v", manager.OnHold())
	}
	// Every key is granted to the manager and the archive, and to nobody else.
	for _, parent := range []string{"archive", "worker/" + l.ID} {
		if n := ask[int64](t, w, "select count(*) from ring_grant_staff where parent = $1", parent); n != 7 {
			t.Errorf("%s holds %d keys, want 7", parent, n)
		}
	}
	var nodes []agency.NodeRow
	var grants []agency.GrantRow
	must(t, w.StaffDB.Read(t.Context(), postgres.Scope{Agency: w.Home.ID}, func(b *pgx.Batch) {
		agency.QueueNodes(b, &nodes, "team/letterbox")
		agency.QueueStaffGrants(b, &grants, []string{"team/letterbox"}, []string{"archive"})
	}))
	team, err := w.Home.Trusted(nodes, "team/letterbox")
	must(t, err)
	keys := authz.NewKeyring()
	keys.PutIdentity("archive/1", w.Archive)
	if _, err := w.Home.Climb(keys, grants, team); err != nil {
		t.Errorf("the archive opens the team's key: %v", err)
	}
	if n := ask[int64](t, w, "select count(*) from ring_grant_staff"); n != 14 {
		t.Errorf("%d grants, want 14", n)
	}
}
