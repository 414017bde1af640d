package letterbox_test

import (
	"slices"
	"testing"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
)

// leads is a team with two safeguarding leads and a letter that was referred.
type leads struct {
	*team
	lead, other           authz.Actor
	leadLogin, otherLogin accounttest.Login
	letter                letterbox.LetterID
}

func newLeads(t *testing.T) *leads {
	t.Helper()
	m := &leads{team: newTeam(t)}
	m.leadLogin, m.lead = m.NewWorker(t, "Ines Calder", authz.SafeguardingLead)
	m.otherLogin, m.other = m.NewWorker(t, "Hefin Moss", authz.SafeguardingLead)
	m.Worker, m.Manager = m.anew(&m.WorkerLogin), m.anew(&m.ManagerLogin)
	m.letter = m.refer("I saw you at the fair.")
	return m
}

func (m *leads) refer(text string) letterbox.LetterID {
	m.t.Helper()
	id := m.claimed(text)
	must(m.t, m.Desk.Escalate(m.t.Context(), m.Worker, id, "odd"))
	return id
}

// says has the manager say that a worker knows the family.
func (m *leads) says(worker string) error {
	return m.saysWith(worker, m.Code(m.t, &m.ManagerLogin))
}

func (m *leads) saysWith(worker, code string) error {
	return m.Desk.ConnectColleague(m.t.Context(), m.Manager, m.exchange, worker, code)
}

// left counts what an act about a connection leaves.
func (m *leads) left() int {
	return m.count(`select count(*) from connection`) + m.count(`select count(*) from audit_body`) + m.count(`select count(*) from node`)
}

// A manager says that a safeguarding lead knows the family, who is away: what was
// referred is closed to them by the program and the database, and open to another.
func TestConnectColleague_Lead(t *testing.T) {
	m, ctx := newLeads(t), t.Context()
	before := m.left()
	for who, a := range map[string]authz.Actor{"a letterbox worker": m.Worker, "a lead": m.other, "the lead": m.lead} {
		wantKind(t, "by "+who, m.Desk.ConnectColleague(ctx, a, m.exchange, m.lead.Account(), "123456"), fault.Forbidden)
		wantKind(t, "seen by "+who, second(m.Desk.Acquainted(ctx, a, m.exchange)), fault.Forbidden)
	}
	for what, worker := range map[string]string{"nobody": "", "themself": m.Manager.Account(), "a person": m.birthID, "no worker": agency.NewID("wk")} {
		wantKind(t, "of "+what, m.says(worker), fault.Invalid)
	}
	wantKind(t, "with a wrong code", m.saysWith(m.lead.Account(), "000000"), fault.Invalid)
	wantKind(t, "of no exchange", m.Desk.ConnectColleague(ctx, m.Manager, letterbox.ExchangeID(agency.NewID("ex")), m.lead.Account(), ""), fault.NotFound)
	if m.left() != before {
		t.Error("a refused act left something")
	}
	m.lead = m.anew(&m.leadLogin)
	must(t, second(m.Desk.Referred(ctx, m.lead, m.letter)))
	for range 2 { // twice is once
		must(t, m.says(m.lead.Account()))
	}
	if n := m.count(`select count(*) from connection where worker_id = $1 and by_worker = $2`, m.lead.Account(), m.Manager.Account()); n != 1 {
		t.Errorf("%d connections", n)
	}
	m.lead, m.other = m.anew(&m.leadLogin), m.anew(&m.otherLogin)
	for name, err := range map[string]error{
		"opens": second(m.Desk.Referred(ctx, m.lead, m.letter)), "hands back": m.Desk.HandBack(ctx, m.lead, m.letter, ""),
		"keeps": m.Desk.KeepReferred(ctx, m.lead, m.letter, ""), "refuses": m.Desk.RefuseReferred(ctx, m.lead, m.letter, "upsetting", "", ""),
	} {
		wantKind(t, "a lead of whom it was said "+name, err, fault.Forbidden)
	}
	later := m.refer("And at the market.")
	wantKind(t, "what is referred later", second(m.Desk.Referred(ctx, m.lead, later)), fault.Forbidden)
	wantBroken(t, m.asStaff(m.lead.Account(), `update letter set state = 'received' where id = $1`, string(m.letter)), "23514", "letter_connected")
	if text, err := m.Desk.Referred(ctx, m.other, m.letter); err != nil || text.Text != "I saw you at the fair." {
		t.Errorf("another lead reads %q, %v", string(text.Text), err)
	}
	list, err := m.Desk.Acquainted(ctx, m.Manager, m.exchange)
	must(t, err)
	isOther := func(id string) bool {
		return slices.ContainsFunc(list.Others, func(w letterbox.NamedWorker) bool { return w.ID == id })
	}
	if len(list.Known) != 1 || list.Known[0].Name != "Ines Calder" || !isOther(m.other.Account()) || isOther(m.lead.Account()) || isOther(m.Manager.Account()) {
		t.Errorf("the manager sees %+v", list)
	}
	// Another lead who knows the family is none for it.
	before = m.left()
	wantFault(t, "of the last lead", m.says(m.other.Account()), "fault.exchange.noOtherLead")
	m.Exec(t, `update worker set state = 'suspended' where id = $1`, m.lead.Account())
	wantFault(t, "of the last lead who is there", m.says(m.other.Account()), "fault.exchange.noOtherLead")
	if m.left() != before {
		t.Error("a refused act left something")
	}
	m.logWhole()
}

// Of a letterbox worker it takes the case, as their own word does; a restricted
// one only by a manager who is named for it.
func TestConnectColleague_Worker(t *testing.T) {
	m, ctx := newLeads(t), t.Context()
	first := m.send("Before.")
	must(t, m.says(m.WorkerLogin.ID))
	must(t, m.says(m.WorkerLogin.ID))
	if n := m.count(`select count(*) from node where id like 'case/%'`); n != 2 {
		t.Errorf("%d epochs: twice is not once", n)
	}
	if got := m.opens(m.anew(&m.WorkerLogin)); len(got) != 0 {
		t.Errorf("epochs %v open to who is connected", got)
	}
	wantKind(t, "a claim", m.Desk.Claim(ctx, m.anew(&m.WorkerLogin), first), fault.Forbidden)
	m.owen = m.anew(&m.owenLogin)
	m.openTo(m.owen, m.send("After."), "After.", "Before.")
	must(t, m.says(m.owen.Account()))
	before := m.left()
	wantFault(t, "fewer than two remain", m.says(m.imogen.Account()), "fault.exchange.fewOthers")
	if m.left() != before {
		t.Error("a refused act left something")
	}
	// A lead holds no key of it, and so any manager may say it of them.
	deputyLogin, _ := m.NewWorker(t, "Judith Sand", authz.Manager)
	deputy := m.anew(&deputyLogin)
	wantFault(t, "a manager who is not named", m.Desk.ConnectColleague(ctx, deputy, m.exchange, m.imogen.Account(), m.Code(t, &deputyLogin)), "fault.exchange.fewOthers")
	must(t, m.Desk.ConnectColleague(ctx, deputy, m.exchange, m.lead.Account(), m.Code(t, &deputyLogin)))
	must(t, m.Desk.Name(ctx, m.Manager, m.exchange, deputy.Account(), m.Code(t, &m.ManagerLogin)))
	another, _ := m.NewWorker(t, "Wyn Marlow", authz.Manager)
	outside := m.anew(&another)
	wantFault(t, "a manager who is not named", m.Desk.ConnectColleague(ctx, outside, m.exchange, m.imogen.Account(), m.Code(t, &another)), "fault.exchange.restricted")
	must(t, m.Desk.Connect(ctx, m.anew(&deputyLogin), m.exchange))
	m.logWhole()
}

// The database takes the word of a manager about somebody else and nobody's
// else, with its statement, and never the last lead's.
func TestConnection_Schema(t *testing.T) {
	m := newLeads(t)
	const insert = `insert into connection (agency_id, exchange_id, worker_id, by_worker, leaf) values (agency(), $1, $2, $3, $4)`
	leaf := make([]byte, 32)
	try := func(account, worker string, by any, leaf any) error {
		return m.asStaff(account, insert, string(m.exchange), worker, by, leaf)
	}
	manager, lead := m.Manager.Account(), m.lead.Account()
	for what, account := range map[string]string{"a letterbox worker": m.Worker.Account(), "another lead": m.other.Account()} {
		wantBroken(t, try(account, lead, account, leaf), "23514", "connection_worker")
		wantBroken(t, try(account, lead, manager, leaf), "23514", "connection_worker")
		if err := try(account, lead, nil, nil); err == nil {
			t.Errorf("%s says it in the lead's name", what)
		}
	}
	wantBroken(t, try(manager, lead, nil, nil), "23514", "connection_worker")
	wantBroken(t, try(manager, lead, manager, nil), "23514", "connection_stated")
	wantBroken(t, try(manager, lead, manager, leaf), "23503", "connection_agency_id_leaf_fkey")
	m.Exec(t, `update worker set state = 'suspended' where id = $1`, m.other.Account())
	wantBroken(t, try(manager, lead, manager, leaf), "23514", "connection_lead")
	m.Exec(t, `update worker set state = 'active' where id = $1`, m.other.Account())
	m.Exec(t, `insert into connection (agency_id, exchange_id, worker_id) values ($1, $2, $3)`, m.Home.ID, string(m.exchange), m.other.Account())
	wantBroken(t, try(manager, lead, manager, leaf), "23514", "connection_lead")
	m.Exec(t, `delete from connection`)
	m.Exec(t, `insert into connection (agency_id, exchange_id, worker_id) values ($1, $2, $3)`, m.Home.ID, string(m.exchange), manager)
	wantBroken(t, try(manager, lead, manager, leaf), "23514", "connection_worker")
}

// A lead opens or gives back what was referred while a manager says that they
// know the family: before it, and the log has it before, or not at all.
func TestConnectColleague_Races(t *testing.T) {
	m, ctx := newLeads(t), t.Context()
	var text letterbox.ReferralText
	opens := func() (err error) { text, err = m.Desk.Referred(ctx, m.lead, m.letter); return err }
	handsBack := func() error { return m.Desk.HandBack(ctx, m.lead, m.letter, "") }
	forget := func() {
		m.untriggered(`delete from connection`, `update letter set state = 'escalated' where id = '`+string(m.letter)+`'`)
		m.lead, m.Manager = m.anew(&m.leadLogin), m.anew(&m.ManagerLogin)
		text = letterbox.ReferralText{}
	}
	says := func() func() error {
		code := m.Code(t, &m.ManagerLogin)
		return func() error { return m.saysWith(m.lead.Account(), code) }
	}
	for _, place := range []string{"referred", "handBack"} {
		forget()
		slow := map[string]func() error{"referred": opens, "handBack": handsBack}[place]
		read := m.count(`select count(*) from audit_body where convert_from(body, 'UTF8') like '%referral%' and convert_from(body, 'UTF8') like '%access%'`)
		err, saysErr := overtaken(t, m.Desk, place, slow, says())
		wantFault(t, "who was overtaken at "+place, err, "fault.letter.connected")
		must(t, saysErr)
		if text.Text != "" || m.count(`select count(*) from audit_body where convert_from(body, 'UTF8') like '%referral%' and convert_from(body, 'UTF8') like '%access%'`) != read {
			t.Errorf("at %s: they read %q", place, string(text.Text))
		}
	}
	for _, place := range []string{"referred locked", "handBack locked"} {
		forget()
		slow := map[string]func() error{"referred locked": opens, "handBack locked": handsBack}[place]
		err, saysErr := m.blocked(m.Desk, place, slow, says())
		if err != nil || saysErr != nil {
			t.Errorf("who came first at %s: %v, and then %v", place, err, saysErr)
		}
		// The manager's word is the newest of the log: what the lead did stands before it.
		if n := m.count(`select count(*) from connection c join audit_body b on b.agency_id = c.agency_id and b.leaf = c.leaf
			where b.idx = (select max(idx) from audit_body)`); n != 1 {
			t.Errorf("at %s: what the lead did stands behind it", place)
		}
	}
	// Two managers' words about the two leads: one.
	forget()
	code, next := m.Code(t, &m.ManagerLogin), m.Code(t, &m.ManagerLogin)
	err, fast := overtaken(t, m.Desk, "connect", func() error { return m.saysWith(m.lead.Account(), next) },
		func() error { return m.saysWith(m.other.Account(), code) })
	wantFault(t, "the second of the two last leads", err, "fault.exchange.noOtherLead")
	must(t, fast)
}
