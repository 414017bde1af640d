package letterbox_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

// asSide runs a statement as the families' role for an account.
func (p *pair) asSide(account, sql string, args ...any) error {
	ctx := context.Background()
	return pgx.BeginFunc(ctx, p.Database.Conn("gatepost_public"), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select set_config('gatepost.agency', $1, true), set_config('gatepost.account', $2, true)`, p.Home.ID, account); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
}

// Somebody who is suspended has no side in the database, whatever was granted
// to them, and no mail tells them of anything; when that is lifted they have.
func TestSuspended_NoSide(t *testing.T) {
	p := newPair(t)
	p.contact(p.adopterID)
	_, delivery := p.waiting("One.")
	p.Exec(t, `delete from notice`)
	p.untriggered(`update person set state = 'suspended' where id = '` + p.adopterID + `'`)
	p.waiting("Two.")
	p.Exec(t, `select set_config('gatepost.agency', 'oak', false); select notify_person('`+p.adopterID+`')`)
	if n := p.notices(p.adopterID); n != 0 {
		t.Errorf("%d notices for somebody suspended", n)
	}
	const open = `select open_delivery($1)`
	if err := p.asSide(p.adopterID, open, string(delivery)); err == nil {
		t.Error("somebody suspended opens a letter")
	}
	p.untriggered(`update person set state = 'active' where id = '` + p.adopterID + `'`)
	must(t, p.asSide(p.adopterID, open, string(delivery)))
	p.waiting("Three.")
	if n := p.notices(p.adopterID); n != 1 {
		t.Errorf("%d notices after it was lifted", n)
	}
}

// With free SQL the families' role takes no place that a worker's act needs:
// it puts in texts of letters and messages, first versions, and nothing else.
func TestFamilyTakesNoPlace(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	letter := p.claimed("Hello.")
	names := `select $1::text, 'names', 99`
	for what, place := range map[string]string{
		"the decision":        `select $1::text, 'decision', 1`,
		"the reason":          `select $1::text, 'reason', 1`,
		"the names of a side": names,
		"a later text":        `select $1::text, 'text', 2`,
		"a referral":          `select $1::text, 'referral', 1`,
	} {
		for _, kind := range []string{"message", "submission"} {
			id, from, side := string(letter), "person/"+p.birthID, "null"
			if place == names {
				id = string(p.fromSide)
			}
			if kind == "submission" {
				side = "'" + string(p.fromSide) + "'"
			}
			err := p.asSide(p.birthID, `insert into object (agency_id, id, part, version, kind, side_id, from_node, to_node, sealed, commit, leaf)
				select agency(), v.id, v.part, v.version, '`+kind+`', `+side+`, '`+from+`', 'x', '\x00', sha256('x'), o.leaf
				from (`+place+`) v (id, part, version), object o where o.id = '`+string(letter)+`' and o.part = 'text'`, id)
			if code, _ := broke(err); code != "42501" {
				t.Errorf("%s as a %s: %v", what, kind, err)
			}
		}
	}
	reading, err := p.Desk.Read(ctx, p.Worker, letter)
	if err != nil || reading.Unread {
		t.Errorf("read: %v", err)
	}
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
}
