package account_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/ring"
	"gatepost/crypto/statement"
	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// holding makes a world with one person on hold, signed in.
func holding(t *testing.T) (*accounttest.World, accounttest.Login) {
	t.Helper()
	w := accounttest.NewWorld(t)
	_, birth, _ := w.OpenExchange(t)
	return w, w.EnrolPerson(t, birth)
}

// After the call the session that waits gets its side, without a new sign-in.
func TestConfirmPerson(t *testing.T) {
	w, l := holding(t)
	load := func() authz.Actor {
		actor, err := w.Public.Load(t.Context(), w.Home.ID, l.Token, account.Short)
		must(t, err)
		return actor
	}
	if !load().OnHold() {
		t.Fatal("not on hold")
	}
	w.ConfirmPerson(t, l.ID)
	side := ask[string](t, w, "select child || '/' || child_epoch from ring_grant_person")
	for range 2 { // the second time it stands in the box
		if actor := load(); actor.OnHold() || !actor.Keys().Has(side) {
			t.Errorf("on hold %v, holds the side %v", actor.OnHold(), actor.Keys().Has(side))
		}
	}
	var rows []agency.NodeRow
	must(t, w.PublicDB.Read(t.Context(), postgres.Scope{Agency: w.Home.ID, Account: l.ID}, func(b *pgx.Batch) {
		agency.QueueNodes(b, &rows, "person/"+l.ID)
	}))
	if _, err := w.Door.Trusted(rows, "person/"+l.ID); err != nil {
		t.Errorf("the registrar's word: %v", err)
	}
	want(t, "once more", w.Staff.ConfirmPerson(t.Context(), w.Worker, l.ID, w.Code(t, &w.WorkerLogin)), fault.Conflict, "fault.confirm.notWaiting")
	if list, err := w.Staff.OnHold(t.Context(), w.Worker); err != nil || len(list) != 0 {
		t.Errorf("who waits: %v, %v", list, err)
	}
}

func TestConfirmPersonRefused(t *testing.T) {
	w, l := holding(t)
	confirm := func(actor authz.Actor, id, code string) error {
		return w.Staff.ConfirmPerson(t.Context(), actor, id, code)
	}
	used := w.Code(t, &w.WorkerLogin)
	must(t, w.Staff.StepUp(t.Context(), w.Worker, w.WorkerLogin.Token, used))

	want(t, "no code", confirm(w.Worker, l.ID, ""), fault.Invalid, "fault.stepUp.wrong")
	want(t, "a used code", confirm(w.Worker, l.ID, used), fault.Invalid, "fault.stepUp.wrong")
	want(t, "nobody", confirm(w.Worker, agency.NewID("pe"), w.Code(t, &w.WorkerLogin)), fault.NotFound, "fault.notFound")
	want(t, "not an id", confirm(w.Worker, "x", ""), fault.NotFound, "fault.notFound")
	want(t, "a manager only", confirm(w.Manager, l.ID, w.Code(t, &w.ManagerLogin)), fault.Forbidden, "fault.forbidden")
	want(t, "the person", confirm(w.SignInPerson(t, &l), l.ID, ""), fault.Forbidden, "fault.forbidden")
	w.Exec(t, "update worker set person_id = $1 where id = $2", l.ID, w.WorkerLogin.ID)
	want(t, "oneself", confirm(w.Worker, l.ID, w.Code(t, &w.WorkerLogin)), fault.Forbidden, "fault.confirm.self")
	w.Exec(t, "update worker set person_id = null")
	if state := ask[string](t, w, "select state from person where id = $1", l.ID); state != "hold" {
		t.Errorf("the person is %s", state)
	}
	if n := ask[int64](t, w, "select count(*) from ring_grant_person"); n != 0 {
		t.Errorf("%d grants", n)
	}
}

// Whoever can write the database puts their own key in the person's place: the
// desk shows no words for it, and nothing is confirmed.
func TestKeyChangedBeforeConfirm(t *testing.T) {
	stranger, err := age.GenerateHybridIdentity()
	must(t, err)
	tests := []struct {
		name, sql string
		args      func(w *accounttest.World, id string) []any
	}{
		{"another key", "update node set recipient = $2 where id = 'person/' || $1",
			func(_ *accounttest.World, id string) []any { return []any{id, stranger.Recipient().String()} }},
		{"another key with a request that they signed themselves", "with b as (insert into audit_body (agency_id, idx, body) values ('oak', 1000, $3) returning leaf) " +
			"update node set recipient = $2, request_leaf = (select leaf from b) where id = 'person/' || $1",
			func(w *accounttest.World, id string) []any {
				door, _, _ := accounttest.NewAgency(t, "oak")
				node, err := ring.ParseNode(ring.Person(id), 1, stranger.Recipient().String())
				must(t, err)
				st := node.KeyStatement("oak")
				st.Event, st.At = statement.EventKeyRequest, w.Clock.Now()
				body, err := door.State(st, "door")
				must(t, err)
				return []any{id, stranger.Recipient().String(), body}
			}},
		{"key and request of an accomplice who enrolled",
			"update node n set recipient = o.recipient, request_leaf = o.request_leaf from node o where n.id = 'person/' || $1 and o.id = 'person/' || $2",
			func(w *accounttest.World, id string) []any {
				other := ask[string](t, w, "select person_id from side_member where person_id <> $1", id)
				w.EnrolPerson(t, other)
				return []any{id, other}
			}},
		{"no request at all", "update node set request_leaf = (select leaf from audit_body limit 1) where id = 'person/' || $1",
			func(_ *accounttest.World, id string) []any { return []any{id} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, l := holding(t)
			w.Exec(t, tt.sql, tt.args(w, l.ID)...)
			list, err := w.Staff.OnHold(t.Context(), w.Worker)
			must(t, err)
			for _, h := range list {
				if h.ID == l.ID && h.Words != [4]string{} {
					t.Error("the desk shows words for it")
				}
			}
			want(t, "confirm", w.Staff.ConfirmPerson(t.Context(), w.Worker, l.ID, w.Code(t, &w.WorkerLogin)), fault.Sealed, "fault.confirm.key")
			if n := ask[int64](t, w, "select count(*) from node where id = 'person/' || $1 and key_leaf is not null", l.ID); n != 0 {
				t.Error("the registrar vouched for it")
			}
			if n := ask[int64](t, w, "select count(*) from ring_grant_person"); n != 0 {
				t.Errorf("%d grants", n)
			}
		})
	}
}

// sqlJoin puts a person on a side with a statement.
const sqlJoin = `with b as (insert into audit_body (agency_id, idx, body) values ('oak', 1000, $3) returning leaf)
	insert into side_member (agency_id, side_id, person_id, leaf) select 'oak', $1, $2, leaf from b`

// member is the statement that a person is on a side, as a worker makes it.
func member(t *testing.T, w *accounttest.World, side, person string) statement.Statement {
	t.Helper()
	exchange := ask[string](t, w, "select exchange_id from side where id = $1", side)
	return statement.Statement{Event: statement.EventRecord, Object: side, Part: "member", Version: 1, Exchange: exchange,
		From: "case/" + exchange, To: "person/" + person, At: w.Clock.Now()}
}

// signed is st in the name of the world's worker.
func signed(t *testing.T, w *accounttest.World, st statement.Statement) []byte {
	t.Helper()
	by, err := w.Worker.Keys().Signer()
	must(t, err)
	body, err := w.Home.State(st, "", by)
	must(t, err)
	return body
}

// forged is st under the name of the world's worker and a key that nobody
// vouched for.
func forged(t *testing.T, w *accounttest.World, st statement.Statement) []byte {
	t.Helper()
	skey, _, err := statement.NewKey(statement.WorkerKeyName("oak", w.WorkerLogin.ID))
	must(t, err)
	by, err := note.NewSigner(skey)
	must(t, err)
	body, err := w.Home.State(st, "", by)
	must(t, err)
	return body
}

// Whoever can write the database puts a person on another family's side. The
// worker's honest confirmation of that person grants nothing at all.
func TestSideNobodyStated(t *testing.T) {
	const insert = "insert into side_member (agency_id, side_id, person_id, leaf) select 'oak', $1::text, $2::text, "
	type signer func(*testing.T, *accounttest.World, statement.Statement) []byte
	tests := []struct {
		name, sql string
		sign      signer // nil: no statement is made for it
		change    func(*statement.Statement)
	}{
		{"with some other leaf of the log", insert + "leaf from audit_body limit 1", nil, nil},
		{"with the leaf of the family's own membership", insert + "leaf from side_member where side_id = $1::text limit 1", nil, nil},
		{"with the leaf of the person's own membership", insert + "leaf from side_member where person_id = $2::text limit 1", nil, nil},
		{"the person's own side moved below another case", "with x as (insert into exchange (agency_id, id, reference, opened_by) " +
			"select agency_id, 'ex' || repeat('a', 20), 'LB-ZZZZZ', opened_by from exchange limit 1 returning id) update side set exchange_id = x.id " +
			"from x where side.id in (select side_id from side_member where person_id = $2) and $1 <> ''", nil, nil},
		{"a statement of another kind", sqlJoin, signed, func(st *statement.Statement) { st.Event = statement.EventCasework }},
		{"a statement of another part", sqlJoin, signed, func(st *statement.Statement) { st.Part = "names" }},
		{"a statement about another exchange", sqlJoin, signed, func(st *statement.Statement) { st.Exchange = agency.NewID("ex") }},
		{"a statement from another case", sqlJoin, signed, func(st *statement.Statement) { st.From = "case/" + agency.NewID("ex") }},
		{"a statement about another person", sqlJoin, signed, func(st *statement.Statement) { st.To = "person/" + agency.NewID("pe") }},
		{"a statement about another side", sqlJoin, signed, func(st *statement.Statement) { st.Object = agency.NewID("sd") }},
		{"a statement by a key that nobody vouched for", sqlJoin, forged, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, l := holding(t)
			w.OpenExchange(t)
			other := ask[string](t, w, "select side_id from side_member where person_id <> $1 limit 1", l.ID)
			args := []any{other, l.ID}
			if tt.sign != nil {
				st := member(t, w, other, l.ID)
				if tt.change != nil {
					tt.change(&st)
				}
				args = append(args, tt.sign(t, w, st))
			}
			w.Exec(t, tt.sql, args...)
			c := w.StaffConfig
			var alarms bytes.Buffer
			c.Log = slog.New(slog.NewTextHandler(&alarms, nil))
			err := accounttest.MustService(t, c).ConfirmPerson(t.Context(), w.Worker, l.ID, w.Code(t, &w.WorkerLogin))
			want(t, "confirm", err, fault.Sealed, "fault.confirm.member")
			if !strings.Contains(alarms.String(), "alarm: a person is on a side") {
				t.Errorf("the operator was told: %s", alarms.String())
			}
			if n := ask[int64](t, w, "select count(*) from ring_grant_person"); n != 0 {
				t.Errorf("%d grants", n)
			}
			if state := ask[string](t, w, "select state from person where id = $1", l.ID); state != "hold" {
				t.Errorf("the person is %s", state)
			}
		})
	}
}

// A side that the person joins in the moment of confirming is not forgotten:
// the act is refused, and the next one grants both.
func TestSideDuringConfirm(t *testing.T) {
	w, l := holding(t)
	other := ask[string](t, w, "select side_id from side_member where person_id <> $1", l.ID)
	digits := w.Code(t, &w.WorkerLogin)
	admin, watch := w.Database.Admin(), w.Database.Admin()
	tx, err := admin.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), "select from person where id = $1 for update", l.ID)
	must(t, err)
	done := make(chan error)
	go func() { done <- w.Staff.ConfirmPerson(t.Context(), w.Worker, l.ID, digits) }()
	for waiting := 0; waiting == 0; {
		must(t, watch.QueryRow(t.Context(), "select count(*) from pg_locks where not granted").Scan(&waiting))
	}
	_, err = tx.Exec(t.Context(), sqlJoin, other, l.ID, signed(t, w, member(t, w, other, l.ID)))
	must(t, err)
	must(t, tx.Commit(t.Context()))
	want(t, "confirm", <-done, fault.Conflict, "fault.confirm.notWaiting")
	w.ConfirmPerson(t, l.ID)
	if n := ask[int64](t, w, "select count(*) from ring_grant_person"); n != 2 {
		t.Errorf("%d grants, want 2", n)
	}
}

// Two clicks confirm once.
func TestConfirmPersonAtOnce(t *testing.T) {
	w, l := holding(t)
	other, second := w.NewWorker(t, "Ines Tregear", authz.LetterboxWorker)
	codes := []string{w.Code(t, &w.WorkerLogin), w.Code(t, &other)}
	errs := make([]error, 2)
	var wait sync.WaitGroup
	for i, actor := range []authz.Actor{w.Worker, second} {
		wait.Go(func() { errs[i] = w.Staff.ConfirmPerson(t.Context(), actor, l.ID, codes[i]) })
	}
	wait.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || fault.KindOf(errs[0]) == fault.Internal || fault.KindOf(errs[1]) == fault.Internal {
		t.Errorf("got %v and %v, want one to succeed", errs[0], errs[1])
	}
	if n := ask[int64](t, w, "select count(*) from ring_grant_person"); n != 1 {
		t.Errorf("%d grants, want 1", n)
	}
}

func TestConfirmWorker(t *testing.T) {
	keys := map[authz.Role][]string{
		authz.LetterboxWorker:    {"team/letterbox", "directory/birth", "directory/adoptive", "directory/staff"},
		authz.IntermediaryWorker: {"team/intermediary", "intake", "directory/birth", "directory/adoptive", "directory/staff"},
		authz.SafeguardingLead:   {"safeguarding", "directory/birth", "directory/adoptive", "directory/staff"},
		authz.RecordsOfficer:     {"directory/birth", "directory/adoptive", "directory/staff"},
		authz.Manager: {"team/letterbox", "team/intermediary", "safeguarding", "intake", "directory/birth", "directory/adoptive",
			"directory/staff"},
		authz.Auditor:    nil,
		authz.Translator: nil,
	}
	all := keys[authz.Manager]
	w := accounttest.NewWorld(t)
	for role, wanted := range keys {
		_, actor := w.NewWorker(t, "Ines Tregear", role)
		if !actor.Has(role) || actor.OnHold() {
			t.Errorf("%s: has the role %v, on hold %v", role, actor.Has(role), actor.OnHold())
		}
		for _, key := range all {
			if got := actor.Keys().Has(key + "/1"); got != contains(wanted, key) {
				t.Errorf("%s holds %s: %v", role, key, got)
			}
		}
	}
}

func contains(list []string, one string) bool {
	for _, s := range list {
		if s == one {
			return true
		}
	}
	return false
}

func TestConfirmWorkerRefused(t *testing.T) {
	w := accounttest.NewWorld(t)
	paper, err := w.Staff.InviteWorker(t.Context(), w.Manager, "Ines Tregear", accounttest.Fact)
	must(t, err)
	l := w.Enrol(t, w.Home.ID, true, paper)
	actor, err := w.Staff.Load(t.Context(), w.Home.ID, l.Token, account.Short)
	must(t, err)
	if !actor.OnHold() || !w.Staff.NeedsTOTP(actor) || actor.Can(authz.SeeDesk) {
		t.Errorf("a new worker: on hold %v, needs a second step %v", actor.OnHold(), w.Staff.NeedsTOTP(actor))
	}
	list, err := w.Staff.OnHold(t.Context(), w.Manager)
	must(t, err)
	words, err := w.Staff.OwnWords(t.Context(), actor)
	must(t, err)
	if len(list) != 1 || list[0].Kind != "worker" || list[0].Name != "Ines Tregear" || list[0].HasTOTP || list[0].Words != words || words[3] == "" {
		t.Errorf("who waits: %+v, own words %v", list, words)
	}
	confirm := func(actor authz.Actor, roles ...authz.Role) error {
		login := &w.ManagerLogin
		if actor.Account() == w.WorkerLogin.ID {
			login = &w.WorkerLogin
		}
		return w.Staff.ConfirmWorker(t.Context(), actor, l.ID, roles, w.Code(t, login))
	}
	want(t, "no role", confirm(w.Manager), fault.Invalid, "fault.confirm.roles")
	want(t, "a family's role", confirm(w.Manager, authz.Correspondent), fault.Invalid, "fault.confirm.roles")
	want(t, "a made-up role", confirm(w.Manager, "owner"), fault.Invalid, "fault.confirm.roles")
	want(t, "a role twice", confirm(w.Manager, authz.Auditor, authz.Auditor), fault.Invalid, "fault.confirm.roles")
	want(t, "two roles as one", confirm(w.Manager, "auditor.manager"), fault.Invalid, "fault.confirm.roles")
	want(t, "an auditor for ever", confirm(w.Manager, authz.Auditor), fault.Invalid, "fault.manage.until")
	want(t, "a worker who is no manager", confirm(w.Worker, authz.RecordsOfficer), fault.Forbidden, "fault.forbidden")

	// The signing key is vouched for as well.
	_, other, err := statement.NewKey(statement.WorkerKeyName("oak", l.ID))
	must(t, err)
	verifier := ask[string](t, w, "select verifier from node where id = 'worker/' || $1", l.ID)
	w.Exec(t, "update node set verifier = $2 where id = 'worker/' || $1", l.ID, other)
	want(t, "another signing key", confirm(w.Manager, authz.RecordsOfficer), fault.Sealed, "fault.confirm.key")
	w.Exec(t, "update node set verifier = $2 where id = 'worker/' || $1", l.ID, verifier)
	must(t, confirm(w.Manager, authz.LetterboxWorker))
	want(t, "once more", confirm(w.Manager, authz.RecordsOfficer), fault.Conflict, "fault.confirm.notWaiting")

	// Confirmed, but without a second step: nothing yet. With it, in the same session: all.
	load := func() authz.Actor {
		actor, err := w.Staff.Load(t.Context(), w.Home.ID, l.Token, account.Short)
		must(t, err)
		return actor
	}
	if actor := load(); !w.Staff.NeedsTOTP(actor) || actor.May(authz.SeeDesk) == nil || actor.Keys().Has("team/letterbox/1") {
		t.Error("a worker without a second step may work")
	}
	w.SetTOTP(t, w.Home.ID, true, &l)
	if actor := load(); w.Staff.NeedsTOTP(actor) || actor.May(authz.SeeDesk) != nil || !actor.Keys().Has("team/letterbox/1") {
		t.Errorf("with it: needs %v, may %v", w.Staff.NeedsTOTP(actor), actor.May(authz.SeeDesk))
	}
}

// A role counts as manager and registrar signed it, whatever the row says.
func TestRolesInDatabase(t *testing.T) {
	tests := []struct{ name, sql string }{
		{"roles that nobody signed", "update worker set roles = '{letterboxWorker,manager}' where id = $1"},
		{"roles taken away by hand", "update worker set roles = '{}' where id = $1"},
		{"another worker's statement", "update worker set role_leaf = (select role_leaf from worker where 'manager' = any (roles)), roles = '{manager}' where id = $1"},
		{"a statement about something else", "update worker set role_leaf = (select key_leaf from node where id = 'worker/' || $1) where id = $1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := accounttest.NewWorld(t)
			l := w.WorkerLogin
			w.Exec(t, tt.sql, l.ID)
			if actor, err := w.Staff.Load(t.Context(), w.Home.ID, l.Token, account.Short); err == nil && actor.Has(authz.Manager) {
				t.Error("the session that is there became a manager's")
			}
			actor := w.SignInWorker(t, &l)
			for _, role := range authz.Roles() {
				if actor.Has(role) {
					t.Errorf("signed in as %s", role)
				}
			}
			if !actor.OnHold() || actor.Keys().Has("team/letterbox/1") || actor.May(authz.SeeDesk) == nil {
				t.Error("may work")
			}
		})
	}
}

// A role that is stated anew ends the sessions that hold the old one.
func TestRolesOutgrown(t *testing.T) {
	w := accounttest.NewWorld(t)
	w.Exec(t, "update worker set role_leaf = (select key_leaf from node where id = 'worker/' || $1) where id = $1", w.WorkerLogin.ID)
	_, err := w.Staff.Load(t.Context(), w.Home.ID, w.WorkerLogin.Token, account.Short)
	want(t, "the old session", err, fault.SignIn, "fault.signIn")
	w.Exec(t, "update worker set state = 'left' where id = $1", w.ManagerLogin.ID)
	_, err = w.Staff.Load(t.Context(), w.Home.ID, w.ManagerLogin.Token, account.Short)
	want(t, "somebody who left", err, fault.SignIn, "fault.signIn")
}

// One-time codes: each once, none older than the last, five wrong ones.
func TestStepUp(t *testing.T) {
	w := accounttest.NewWorld(t)
	l := &w.WorkerLogin
	step := func(code string) error { return w.Staff.StepUp(t.Context(), w.Worker, l.Token, code) }
	older := w.Code(t, l)
	newer := w.Code(t, l)
	must(t, step(newer))
	want(t, "the same again", step(newer), fault.Invalid, "fault.stepUp.wrong")
	want(t, "the one before", step(older), fault.Invalid, "fault.stepUp.wrong")
	actor, err := w.Staff.Load(t.Context(), w.Home.ID, l.Token, account.Short)
	must(t, err)
	if err := actor.StepUp(w.Clock.Now(), 0); err != nil {
		t.Errorf("the session does not know of the code: %v", err)
	}
	for _, code := range []string{"", "abcdef", strings.Repeat("1", 1000)} {
		want(t, "no code at all", step(code), fault.Invalid, "fault.stepUp.wrong")
	}
	want(t, "the sixth wrong one", step(w.Code(t, l)), fault.Busy, "fault.stepUp.wait")
	w.Clock.Advance(15 * 60e9)
	w.Code(t, l)
	must(t, step(w.Code(t, l)))

	// The same code at once counts once.
	digits, errs := w.Code(t, l), make([]error, 3)
	var wait sync.WaitGroup
	for i := range errs {
		wait.Go(func() { errs[i] = step(digits) })
	}
	wait.Wait()
	taken := 0
	for _, err := range errs {
		if err == nil {
			taken++
		}
	}
	if taken != 1 {
		t.Errorf("one code was taken %d times", taken)
	}
}

func TestTOTP(t *testing.T) {
	w, l := person(t)
	actor := w.SignInPerson(t, &l)
	if has, err := w.Public.HasTOTP(t.Context(), actor); has || err != nil || w.Public.NeedsTOTP(actor) {
		t.Errorf("at first: has %v, needs %v, %v", has, w.Public.NeedsTOTP(actor), err)
	}
	want(t, "nothing on offer", w.Public.KeepTOTP(t.Context(), actor, l.Token, "123456"), fault.Gone, "fault.totp.gone")
	first, err := w.Public.OfferTOTP(t.Context(), actor, l.Token)
	must(t, err)
	load := func() authz.Actor {
		actor, err := w.Public.Load(t.Context(), w.Home.ID, l.Token, account.Short)
		must(t, err)
		return actor
	}
	second, err := w.Public.OfferTOTP(t.Context(), load(), l.Token)
	must(t, err)
	svg, err := first.SVG()
	must(t, err)
	if first != second || !strings.HasPrefix(first.URI, "otpauth://totp/") || !strings.HasPrefix(svg, "<svg") {
		t.Error("the offer changes when the page is loaded again")
	}
	want(t, "a wrong code", w.Public.KeepTOTP(t.Context(), load(), l.Token, "12345"), fault.Invalid, "fault.stepUp.wrong")
	w.SetTOTP(t, w.Home.ID, false, &l)
	if has, err := w.Public.HasTOTP(t.Context(), load()); !has || err != nil {
		t.Errorf("kept: %v, %v", has, err)
	}
	if load().Keys().Has("account/totp") {
		t.Error("the secret stays in the session")
	}
	// Another session, or an old code, may not put another app in its place.
	w.Clock.Advance(11 * 60e9)
	_, err = w.Public.OfferTOTP(t.Context(), load(), l.Token)
	want(t, "replacing it later", err, fault.StepUp, "fault.stepUp")
	must(t, w.Public.StepUp(t.Context(), load(), l.Token, w.Code(t, &l)))
	_, err = w.Public.OfferTOTP(t.Context(), load(), l.Token)
	want(t, "with a fresh code", err, "", "")
}
