package letterbox_test

import (
	"context"
	"slices"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/authz"
	"gatepost/internal/postgres"
	"gatepost/letterbox"
)

// hearing is a connection on which nudges are heard.
type hearing struct {
	p     *pair
	conn  *pgx.Conn
	other *pgx.Conn
	n     int
}

// hears listens to the world's agency.
func (p *pair) hears() *hearing {
	p.t.Helper()
	h := &hearing{p: p, conn: p.Database.Conn(postgres.RoleStaff), other: p.Database.Admin()}
	_, err := h.conn.Exec(p.t.Context(), `listen gatepost`)
	must(p.t, err)
	return h
}

// nudged tells whether open desks were told of what was done since the last call.
func (h *hearing) nudged() bool {
	h.p.t.Helper()
	h.n++
	end := "end " + strconv.Itoa(h.n)
	_, err := h.other.Exec(h.p.t.Context(), `select pg_notify('gatepost', $1)`, end) // everything before it has arrived when it arrives
	must(h.p.t, err)
	var heard []string
	for !slices.Contains(heard, end) {
		n, err := h.conn.WaitForNotification(h.p.t.Context())
		must(h.p.t, err)
		heard = append(heard, n.Payload)
	}
	return slices.Contains(heard, h.p.topic())
}

// topic is the word of the world's agency.
func (p *pair) topic() (topic string) {
	p.t.Helper()
	must(p.t, p.Database.Admin().QueryRow(context.WithoutCancel(p.t.Context()), `select coalesce(max(topic), '') from desk_topic where agency_id = $1`, p.Home.ID).Scan(&topic))
	return topic
}

// Each act that is in the log and changes what a desk shows tells the open desks, in
// its own transaction. A nudge holds commits up as the log does, so what is not in
// the log, such as a claim, and reading tell nobody.
func TestNudges(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	second, lead := p.secondWorker(), p.newStaff("Imogen Farr", authz.SafeguardingLead)
	var id letterbox.LetterID
	fresh := func(how func(string) letterbox.LetterID) func() { return func() { id = how("Dear Wren") } }
	sent, claimed := fresh(p.send), fresh(p.claimed)
	waiting := fresh(func(text string) letterbox.LetterID { letter, _ := p.waiting(text); return letter })
	after := func(before func(), acts ...func() error) func() {
		return func() {
			before()
			for _, act := range acts {
				must(t, act())
			}
		}
	}
	claim := func() error { return p.Desk.Claim(ctx, p.Worker, id) }
	hold := func() error { return p.Desk.Hold(ctx, p.Worker, id, p.inAWeek(), "") }
	escalate := func() error { return p.Desk.Escalate(ctx, p.Worker, id, "odd") }
	refuse := func() error { return p.Desk.Refuse(ctx, p.Worker, id, "upsetting", "", "") }
	recall := func() error { return p.Desk.Recall(ctx, p.Worker, id, "") }
	undeliverable := func() error { return p.Desk.Undeliverable(ctx, p.Worker, id, "") }
	tell := func() { p.tell("We have moved.") }
	var auditor authz.Actor
	var rotation string
	h := p.hears()
	for _, c := range []struct {
		name   string
		before func()
		act    func() error
		want   bool
	}{
		{"send", func() {}, func() error { p.send("Dear Wren"); return nil }, true},
		{"claim", sent, claim, false},
		{"read", claimed, func() error { _, err := p.Desk.Read(ctx, p.Worker, id); return err }, false},
		{"release", claimed, func() error { return p.Desk.Release(ctx, p.Worker, id) }, false},
		{"pass", claimed, func() error { return p.Desk.Pass(ctx, p.Worker, id, "") }, true},
		{"return", claimed, func() error { return p.Desk.Return(ctx, p.Worker, id, "upsetting", "", "") }, true},
		{"refuse", claimed, refuse, true},
		{"keep on file", claimed, func() error { return p.Desk.KeepOnFile(ctx, p.Worker, id, "") }, true},
		{"hold", claimed, hold, true},
		{"escalate", claimed, escalate, true},
		{"hand back", after(claimed, escalate), func() error { return p.Desk.HandBack(ctx, lead, id, "") }, true},
		{"keep a referred one", after(claimed, escalate), func() error { return p.Desk.KeepReferred(ctx, lead, id, "") }, true},
		{"refuse a referred one", after(claimed, escalate), func() error { return p.Desk.RefuseReferred(ctx, lead, id, "upsetting", "", "") }, true},
		{"withdraw", sent, func() error { return p.Families.Withdraw(ctx, p.birth, id) }, true},
		{"second opinion", after(claimed, refuse), func() error { return p.Families.SecondOpinion(ctx, p.birth, id) }, true},
		{"recall", waiting, recall, true},
		{"undeliverable", waiting, undeliverable, true},
		{"restore", after(waiting, recall), func() error { return p.Desk.Restore(ctx, p.Worker, id) }, true},
		{"take away", claimed, func() error { return p.Desk.TakeAway(ctx, p.Manager, id) }, true},
		{"give", claimed, func() error { return p.Desk.Give(ctx, p.Manager, id, second.Account()) }, true},
		{"tell", func() {}, func() error { tell(); return nil }, true},
		{"a colleague knows the family", func() { auditor = p.newStaff("Nia Bevan", authz.Auditor) }, func() error {
			return p.Desk.ConnectColleague(ctx, p.Manager, p.exchange, auditor.Account(), p.Code(t, &p.ManagerLogin))
		}, true},
		{"cases are locked anew", func() {
			ids, err := p.Staff.Leave(ctx, p.Manager, lead.Account(), p.Code(t, &p.ManagerLogin))
			must(t, err)
			rotation = ids[0]
		}, func() error { _, err := p.Staff.RotateNext(ctx, p.Manager, rotation, 1); return err }, true},
		{"rest", func() {}, func() error { return p.Desk.SetState(ctx, p.Worker, p.exchange, "paused", "") }, true},
	} {
		// A worker has five claims at most, and a writer ten letters a day.
		p.Exec(t, `set session_replication_role = replica; delete from claim; update letter set submitted_on = submitted_on - 1, submitted_at = submitted_at - interval '1 day'; set session_replication_role = origin`)
		p.noWorry()
		c.before()
		h.nudged()
		must(t, c.act())
		if got := h.nudged(); got != c.want {
			t.Errorf("%s: desks are nudged: %v, want %v", c.name, got, c.want)
		}
	}
}
