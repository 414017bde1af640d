package letterbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/letterbox"
)

// team is a pair whose letterbox has three workers and a manager: Rhys
// Penhaligon (Worker), Imogen Farr, Owen Tresco, and Carys Marlowe (Manager).
type team struct {
	*pair
	imogen, owen           authz.Actor
	imogenLogin, owenLogin accounttest.Login
}

func newTeam(t *testing.T) *team {
	t.Helper()
	m := &team{pair: newPair(t)}
	m.Manager = m.SignInWorker(t, &m.ManagerLogin)
	m.imogenLogin, m.imogen = m.NewWorker(t, "Imogen Farr", authz.LetterboxWorker)
	m.owenLogin, m.owen = m.NewWorker(t, "Owen Tresco", authz.LetterboxWorker)
	m.Worker = m.SignInWorker(t, &m.WorkerLogin)
	return m
}

// restrict gives the case to Imogen and the manager.
func (m *team) restrict() {
	m.t.Helper()
	must(m.t, m.Desk.Restrict(m.t.Context(), m.Manager, m.exchange, []string{m.imogen.Account(), m.Manager.Account()}, m.Code(m.t, &m.ManagerLogin)))
}

func (m *team) anew(l *accounttest.Login) authz.Actor {
	m.t.Helper()
	return m.SignInWorker(m.t, l)
}

// opens tells which epochs of the case a worker reaches with their keyring and
// all that is stored, by way of every grant there is.
func (m *team) opens(a authz.Actor) (epochs []uint32) {
	m.t.Helper()
	var rows []agency.NodeRow
	var grants []agency.GrantRow
	must(m.t, m.StaffDB.Read(m.t.Context(), postgres.Scope{Agency: a.Agency(), Account: a.Account()}, func(b *pgx.Batch) {
		b.Queue(`select n.id, n.epoch, n.recipient, '' as verifier, n.key_leaf, leaf_body(n.key_leaf) as body from node n where n.id = $1 order by epoch`,
			"case/"+string(m.exchange)).Query(func(r pgx.Rows) (err error) {
			rows, err = pgx.CollectRows(r, pgx.RowToStructByName[agency.NodeRow])
			return err
		})
		b.Queue(`select child, child_epoch, parent, parent_epoch, sealed from ring_grant_staff`).Query(func(r pgx.Rows) (err error) {
			grants, err = pgx.CollectRows(r, pgx.RowToStructByName[agency.GrantRow])
			return err
		})
	}))
	for _, row := range rows {
		node, err := m.Home.Trusted([]agency.NodeRow{row}, row.ID)
		must(m.t, err)
		switch _, err := m.Home.Climb(a.Keys(), grants, node); {
		case err == nil:
			epochs = append(epochs, row.Epoch)
		case !errors.Is(err, agency.ErrNoGrant):
			m.t.Errorf("climb to %s: %v", node, err)
		}
	}
	return epochs
}

// asStaff runs SQL past the service, as the staff tier's role for an account.
func (p *pair) asStaff(account, sql string, args ...any) error {
	p.t.Helper()
	conn := p.Database.Conn("gatepost_staff")
	return pgx.BeginFunc(context.Background(), conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(context.Background(), `select set_config('gatepost.agency', $1, true), set_config('gatepost.account', $2, true)`, p.Home.ID, account); err != nil {
			p.t.Fatal(err)
		}
		_, err := tx.Exec(context.Background(), sql, args...)
		return err
	})
}

// closedTo: the worker sees nothing of the case but that it is there, and can
// do nothing about its letters.
func (m *team) closedTo(a authz.Actor, letter letterbox.LetterID) {
	m.t.Helper()
	t, ctx := m.t, m.t.Context()
	if got := m.opens(a); len(got) != 0 {
		t.Errorf("epochs %v open to %s", got, a.Account())
	}
	x, err := m.Desk.Exchange(ctx, a, m.exchange)
	must(t, err)
	if !x.Restricted || !x.Closed || len(x.Children)+len(x.Letters)+len(x.Sides[0].People)+len(x.Sides[1].People) != 0 || x.Sides[0].Names.Self != "" {
		t.Errorf("the exchange shows %+v", x)
	}
	list, err := m.Desk.Exchanges(ctx, a)
	must(t, err)
	if len(list) != 1 || !list[0].Closed || list[0].Sides != [2]string{} {
		t.Errorf("the list shows %+v", list)
	}
	if found, err := m.Desk.Search(ctx, a, "Tamsin"); err != nil || len(found) != 0 {
		t.Errorf("the search finds %+v, %v", found, err)
	}
	wantKind(t, "a person of the case", second(m.Desk.Person(ctx, a, letterbox.PersonID(m.birthID))), fault.NotFound)
	wantKind(t, "another exchange with them", second(m.Desk.OpenExchange(ctx, a, letterbox.NewExchange{Sides: [2]letterbox.NewSide{
		{Book: "birth", People: []letterbox.NewPerson{{ID: letterbox.PersonID(m.birthID)}}}, {Book: "adoptive", People: []letterbox.NewPerson{{Name: "Piran Rowe"}}},
	}})), fault.Invalid)
	wantKind(t, "a claim", m.Desk.Claim(ctx, a, letter), fault.Forbidden)
	wantKind(t, "a pause", m.Desk.SetState(ctx, a, m.exchange, "paused", ""), fault.Forbidden)
	desk, err := m.Desk.Desk(ctx, a)
	must(t, err)
	for _, l := range desk.Letters {
		if l.Exchange == m.exchange && (!l.Restricted || l.From != "" || l.Children != "") {
			t.Errorf("the desk shows %+v", l)
		}
	}
	err = m.asStaff(a.Account(), `insert into claim (agency_id, letter_id, worker_id, until) values (agency(), $1, $2, now() + interval '1 hour')`, string(letter), a.Account())
	wantBroken(t, err, "23514", "claim_restricted")
}

// openTo: the worker reads a letter of now with the earlier ones beside it.
func (m *team) openTo(a authz.Actor, letter letterbox.LetterID, text string, earlier ...string) {
	m.t.Helper()
	t, ctx := m.t, m.t.Context()
	must(t, m.Desk.Claim(ctx, a, letter))
	reading, err := m.Desk.Read(ctx, a, letter)
	must(t, err)
	var beside []string
	for _, e := range reading.Earlier {
		beside = append(beside, string(e.Text))
	}
	if string(reading.Text) != text || reading.Unread || !slices.Equal(beside, earlier) || reading.From != "Tamsin Vale" || reading.Restricted {
		t.Errorf("%s reads %q (unread %v) from %q beside %q", a.Account(), string(reading.Text), reading.Unread, reading.From, beside)
	}
	must(t, m.Desk.Release(ctx, a, letter))
	x, err := m.Desk.Exchange(ctx, a, m.exchange)
	must(t, err)
	if x.Closed || x.Sides[0].Names.Self == "" || len(x.Sides[0].People) != 1 {
		t.Errorf("the exchange shows %+v", x)
	}
	if found, err := m.Desk.Search(ctx, a, "Tamsin"); err != nil || len(found) != 1 || len(found[0].Exchanges) != 1 {
		t.Errorf("the search finds %+v, %v", found, err)
	}
}

// A case is restricted by its keys: what the named read, before and after, and
// what nobody else does.
func TestRestrict_ByKeys(t *testing.T) {
	m, ctx := newTeam(t), t.Context()
	first := m.send("Before.")
	must(t, m.Desk.Claim(ctx, m.Worker, first))
	statements := m.count(`select count(*) from audit_body`)
	m.restrict()
	if n := m.count(`select count(*) from claim`); n != 0 {
		t.Error("somebody who is not named keeps their claim")
	}
	for sql, want := range map[string]int{
		`select count(*) from ring_grant_staff where child like 'case/%' and parent like 'team/%'`:   0,
		`select count(*) from ring_grant_staff where child like 'case/%' and parent like 'worker/%'`: 4,
		`select count(*) from ring_grant_staff where child like 'case/%' and parent = 'archive'`:     2,
		`select count(*) from ring_grant_staff where child like 'side/%' and parent_epoch = 2`:       2,
		`select count(*) from exchange where restricted`:                                             1,
	} {
		if n := m.count(sql); n != want {
			t.Errorf("%s: %d, want %d", sql, n, want)
		}
	}
	// One key, one revocation, and grants: to the archive, from two sides, to two workers twice.
	if n := m.count(`select count(*) from audit_body`) - statements; n != 1+1+1+2+4 {
		t.Errorf("%d statements", n)
	}
	m.logWhole()

	next := m.send("After.")
	m.imogen, m.Worker = m.anew(&m.imogenLogin), m.anew(&m.WorkerLogin)
	for _, other := range []authz.Actor{m.Worker, m.owen} {
		m.closedTo(other, next)
	}
	m.openTo(m.imogen, next, "After.", "Before.")
	m.Worker, m.owen = m.imogen, m.Worker
	m.pass(next)
	came, err := m.Families.Open(ctx, m.adoptive, m.came())
	must(t, err)
	if string(came.Text) != "After." {
		t.Errorf("the adopter reads %q", string(came.Text))
	}
	for _, key := range []string{"case/" + string(m.exchange) + "/1", "case/" + string(m.exchange) + "/2"} {
		if m.imogen.Keys().Has(key) {
			t.Errorf("%s lies in a session", key)
		}
	}
}

// Who is connected says so, and nothing of the case opens to them from then on.
func TestConnect_ClosesCase(t *testing.T) {
	m, ctx := newTeam(t), t.Context()
	first := m.send("Before.")
	if got := m.opens(m.Worker); !slices.Equal(got, []uint32{1}) {
		t.Fatalf("epochs %v before", got)
	}
	must(t, m.Desk.Connect(ctx, m.Worker, m.exchange))
	must(t, m.Desk.Connect(ctx, m.Worker, m.exchange))
	if n := m.count(`select count(*) from node where id like 'case/%'`); n != 2 {
		t.Errorf("%d epochs: twice is not once", n)
	}
	named, err := m.Desk.Named(ctx, m.Manager, m.exchange)
	must(t, err)
	var names []string
	for _, n := range named {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"Carys Marlowe", "Imogen Farr", "Owen Tresco"}) {
		t.Errorf("named are %q", names)
	}
	next := m.send("After.")
	for _, a := range []authz.Actor{m.Worker, m.anew(&m.WorkerLogin)} {
		if got := m.opens(a); len(got) != 0 {
			t.Errorf("epochs %v open to who is connected", got)
		}
		wantKind(t, "a claim", m.Desk.Claim(ctx, a, first), fault.Forbidden)
	}
	m.openTo(m.owen, next, "After.", "Before.")
	err = m.asStaff(m.Manager.Account(), `insert into ring_grant_staff (agency_id, child, child_epoch, parent, parent_epoch, sealed, leaf)
		values (agency(), $1, 2, $2, 1, 'x', sha256('l'))`, "case/"+string(m.exchange), "worker/"+m.Worker.Account())
	wantBroken(t, err, "23514", "grant_connected")

	// Each who leaves leaves fewer; two must remain.
	must(t, m.Desk.Connect(ctx, m.owen, m.exchange))
	m.openTo(m.imogen, m.send("Later."), "Later.", "After.", "Before.")
	wantKind(t, "one would remain", m.Desk.Connect(ctx, m.imogen, m.exchange), fault.Conflict)
	if n := m.count(`select count(*) from connection`); n != 3 {
		t.Errorf("%d connections", n)
	}
	wantKind(t, "a claim of who is connected", m.Desk.Claim(ctx, m.imogen, next), fault.Forbidden)
	m.logWhole()
}

// Everybody declares at once: each act sees the one before, and whoever
// declared holds nothing.
func TestConnect_AtOnce(t *testing.T) {
	m, ctx := newTeam(t), t.Context()
	all := []authz.Actor{m.Worker, m.imogen, m.Worker, m.imogen}
	errs := make([]error, len(all))
	together(len(all), func(i int) { errs[i] = m.Desk.Connect(ctx, all[i], m.exchange) })
	for i, err := range errs {
		if err != nil {
			t.Errorf("declaration %d: %v", i, err)
		}
	}
	for _, a := range all {
		if got := m.opens(a); len(got) != 0 {
			t.Errorf("epochs %v open to %s", got, a.Account())
		}
	}
	epochs := m.count(`select count(*) from node where id like 'case/%'`)
	if got := m.opens(m.owen); len(got) != epochs || epochs != 3 {
		t.Errorf("%v of %d epochs open to who is left", got, epochs)
	}
	m.logWhole()
}

// Two managers restrict one case at once: one of them does.
func TestRestrict_AtOnce(t *testing.T) {
	m, ctx := newTeam(t), t.Context()
	login, other := m.NewWorker(t, "Ffion Abel", authz.Manager)
	logins := []*accounttest.Login{&m.ManagerLogin, &login}
	actors := []authz.Actor{m.Manager, other}
	codes := []string{m.Code(t, logins[0]), m.Code(t, logins[1])}
	errs := make([]error, 2)
	together(2, func(i int) {
		errs[i] = m.Desk.Restrict(ctx, actors[i], m.exchange, []string{m.imogen.Account(), actors[i].Account()}, codes[i])
	})
	won := slices.Index(errs, nil)
	if won < 0 {
		t.Fatal(errs)
	}
	wantKind(t, "the second", errs[1-won], fault.Conflict)
	if n := m.count(`select count(*) from node where id like 'case/%'`); n != 2 {
		t.Errorf("%d epochs", n)
	}
	if got := m.opens(actors[1-won]); len(got) != 0 {
		t.Errorf("epochs %v open to who is not named", got)
	}
	m.logWhole()
}

func TestRestrict_Refused(t *testing.T) {
	m, ctx := newTeam(t), t.Context()
	two := []string{m.imogen.Account(), m.owen.Account()}
	_, auditor := m.NewWorker(t, "Nia Bevan", authz.Auditor)
	wantKind(t, "a letterbox worker restricts", m.Desk.Restrict(ctx, m.Worker, m.exchange, two, ""), fault.Forbidden)
	wantKind(t, "an auditor looks", second(m.Desk.Named(ctx, auditor, m.exchange)), fault.Forbidden)
	for name, workers := range map[string][]string{
		"one": two[:1], "one twice": {two[0], two[0]}, "nobody": nil, "an auditor": {two[0], auditor.Account()},
		"a person": {two[0], m.birthID}, "no id": {two[0], "x"},
	} {
		err := m.Desk.Restrict(ctx, m.Manager, m.exchange, workers, "")
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != "workers" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, code := range map[string]string{"no code": "", "a wrong code": "000000"} {
		err := m.Desk.Restrict(ctx, m.Manager, m.exchange, two, code)
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != "code" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, id := range []letterbox.ExchangeID{"", "ex' or '1'='1", letterbox.ExchangeID(agency.NewID("ex"))} {
		wantKind(t, "no exchange", m.Desk.Restrict(ctx, m.Manager, id, two, ""), fault.NotFound)
	}
	wantKind(t, "somebody is named for what is open", m.Desk.Name(ctx, m.Manager, m.exchange, two[0], ""), fault.Conflict)
	m.Exec(t, `update worker set state = 'suspended' where id = $1`, two[1])
	wantKind(t, "a suspended worker", m.Desk.Restrict(ctx, m.Manager, m.exchange, two, ""), fault.Invalid)
	if n := m.count(`select count(*) from node where id like 'case/%'`) + m.count(`select count(*) from exchange where restricted`); n != 1 {
		t.Error("a refused act left something")
	}
}

// A row that says that somebody is a letterbox worker is no reason to give them
// a key: manager and registrar must have signed it.
func TestRestrict_Unsigned(t *testing.T) {
	m, ctx := newTeam(t), t.Context()
	_, auditor := m.NewWorker(t, "Nia Bevan", authz.Auditor)
	m.Exec(t, `update worker set roles = '{letterboxWorker}', ends_on = null where id = $1`, auditor.Account())
	err := m.Desk.Restrict(ctx, m.Manager, m.exchange, []string{m.imogen.Account(), auditor.Account()}, m.Code(t, &m.ManagerLogin))
	wantKind(t, "roles that nobody signed", err, fault.Sealed)
	wantKind(t, "the same where nobody chose", m.Desk.Connect(ctx, m.Worker, m.exchange), fault.Sealed)
	if n := m.count(`select count(*) from connection`); n != 1 {
		t.Error("what was declared is forgotten")
	}
	if n := m.count(`select count(*) from ring_grant_staff where parent like 'worker/%' and child like 'case/%'`); n != 0 {
		t.Errorf("%d grants", n)
	}
}

func TestName_AndUnname(t *testing.T) {
	m, ctx := newTeam(t), t.Context()
	m.send("Before.")
	m.restrict()
	letter := m.send("After.")
	_, stranger := m.NewWorker(t, "Ffion Abel", authz.Manager)
	wantKind(t, "a manager who is not named names", m.Desk.Name(ctx, stranger, m.exchange, m.owen.Account(), ""), fault.Forbidden)
	wantKind(t, "a wrong code", m.Desk.Name(ctx, m.Manager, m.exchange, m.owen.Account(), "000000"), fault.Invalid)
	must(t, m.Desk.Name(ctx, m.Manager, m.exchange, m.owen.Account(), m.Code(t, &m.ManagerLogin)))
	must(t, m.Desk.Name(ctx, m.Manager, m.exchange, m.owen.Account(), ""))
	if n := m.count(`select count(*) from node where id like 'case/%'`); n != 2 {
		t.Errorf("naming somebody made epoch %d", n)
	}
	m.openTo(m.owen, letter, "After.", "Before.")

	must(t, m.Desk.Unname(ctx, m.Manager, m.exchange, m.owen.Account(), m.Code(t, &m.ManagerLogin)))
	must(t, m.Desk.Unname(ctx, m.Manager, m.exchange, m.owen.Account(), ""))
	later := m.send("Later.")
	m.closedTo(m.owen, later)
	m.openTo(m.imogen, later, "Later.", "After.", "Before.")
	wantKind(t, "one would remain", m.Desk.Unname(ctx, m.Manager, m.exchange, m.imogen.Account(), ""), fault.Conflict)
	wantKind(t, "who declared is named", func() error {
		if err := m.Desk.Connect(ctx, m.owen, m.exchange); err != nil {
			return err
		}
		return m.Desk.Name(ctx, m.Manager, m.exchange, m.owen.Account(), "")
	}(), fault.Invalid)
	m.logWhole()
}

// A person's side is granted by whoever holds the case, on two roads to it: the
// team's, and the worker's own.
func TestConfirmPerson_Restricted(t *testing.T) {
	m := &team{pair: &pair{World: accounttest.NewWorld(t), t: t}}
	m.imogenLogin, m.imogen = m.NewWorker(t, "Imogen Farr", authz.LetterboxWorker)
	m.Worker = m.anew(&m.WorkerLogin)
	m.exchange, m.birthID, m.adopterID = m.OpenExchange(t)
	login := m.EnrolPerson(t, m.birthID)
	m.restrict()
	hold, err := m.World.Staff.OnHold(t.Context(), m.Worker)
	must(t, err)
	if len(hold) != 0 {
		t.Errorf("somebody of a restricted case waits in the sight of %s: %+v", m.Worker.Account(), hold)
	}
	wantKind(t, "by who is not named", m.World.Staff.ConfirmPerson(t.Context(), m.Worker, m.birthID, m.Code(t, &m.WorkerLogin)), fault.Forbidden)
	if hold, err := m.World.Staff.OnHold(t.Context(), m.imogen); err != nil || len(hold) != 1 {
		t.Errorf("who is named sees %+v, %v", hold, err)
	}
	must(t, m.World.Staff.ConfirmPerson(t.Context(), m.imogen, m.birthID, m.Code(t, &m.imogenLogin)))
	m.birth = m.SignInPerson(t, &login)
	m.fromSide = m.side(m.birth)
	m.openTo(m.imogen, m.send("We are well."), "We are well.")
}

// The database by itself: what says that a case is restricted stays true.
func TestRestricted_Schema(t *testing.T) {
	m := newTeam(t)
	letter := m.send("Before.")
	wantBroken(t, m.asStaff(m.Worker.Account(), `update exchange set restricted = true`), "23514", "exchange_restricted")
	m.restrict()
	must(t, m.Desk.Claim(t.Context(), m.imogen, m.send("After.")))
	ours := string(m.exchange)
	for name, tt := range map[string]struct{ by, sql, constraint string }{
		"opened again":         {m.Manager.Account(), `update exchange set restricted = false`, "exchange_restricted"},
		"granted to the team":  {m.Manager.Account(), fmt.Sprintf(`insert into ring_grant_staff (agency_id, child, child_epoch, parent, parent_epoch, sealed, leaf) values (agency(), 'case/%s', 2, 'team/letterbox', 1, 'x', sha256('l'))`, ours), "grant_restricted"},
		"claimed for another":  {m.imogen.Account(), fmt.Sprintf(`insert into claim (agency_id, letter_id, worker_id, until) values (agency(), '%s', '%s', now())`, letter, m.owen.Account()), "claim_restricted"},
		"decided":              {m.owen.Account(), fmt.Sprintf(`insert into decision (agency_id, letter_id, worker_id, act, leaf) values (agency(), '%s', '%s', 'pass', sha256('d'))`, letter, m.owen.Account()), "decision_restricted"},
		"paused":               {m.owen.Account(), `update exchange set state = 'paused'`, "state_worker"},
		"delayed":              {m.owen.Account(), `update exchange set delay_days = 3`, "state_worker"},
		"a side is not ready":  {m.owen.Account(), `update side set state = 'declined' where place = 2`, "state_worker"},
		"given on to somebody": {m.imogen.Account(), fmt.Sprintf(`update claim set worker_id = '%s'`, m.owen.Account()), "claim_restricted"},
	} {
		t.Run(name, func(t *testing.T) {
			wantBroken(t, m.asStaff(tt.by, tt.sql), "23514", tt.constraint)
		})
	}
}

// asFamily counts the rows of a query of the families' tier's role.
func (p *pair) asFamily(account, sql string) (n int, err error) {
	p.t.Helper()
	conn := p.Database.Conn("gatepost_public")
	err = pgx.BeginFunc(context.Background(), conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(context.Background(), `select set_config('gatepost.agency', $1, true), set_config('gatepost.account', $2, true)`, p.Home.ID, account); err != nil {
			p.t.Fatal(err)
		}
		rows, err := tx.Query(context.Background(), sql)
		if err != nil {
			return err
		}
		for rows.Next() {
			n++
		}
		return rows.Err()
	})
	return n, err
}
