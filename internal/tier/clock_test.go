package tier_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"gatepost/internal/keyfile"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/tier"
)

// The whole clock, as a deployment runs it: a letter whose day has come is shown,
// one for a child who comes of age is stopped, and what is not due stays.
func TestNotifier_Clock(t *testing.T) {
	db := postgrestest.New(t)
	staff, _ := open(t, db)
	admin := db.Admin()
	const young, grown = "exaaaaaaaaaaaaaaaaaaaa", "exbbbbbbbbbbbbbbbbbbbb"
	child := func(exchange, ends string) func(string) string {
		return func(id string) string {
			return fmt.Sprintf(`insert into exchange_child (agency_id, exchange_id, child_id, relays_end_on) values ('oak', '%s', '%s', %s)`, exchange, id, ends)
		}
	}
	put(t, admin, "oak", "ch", 1, child(young, "date '2099-01-01'"))
	put(t, admin, "oak", "ch", 1, child(grown, "date_trunc('month', current_date)"))
	letters := map[string]struct{ exchange, state, visible, stop, want string }{
		"ltdueaaaaaaaaaaaaaaaaa": {young, "passed", "current_date", "false", "waiting"},
		"ltsoonaaaaaaaaaaaaaaaa": {young, "passed", "current_date + 2", "false", "passed"},
		"ltstoppedaaaaaaaaaaaaa": {young, "passed", "current_date", "true", "passed"},
		"ltthereaaaaaaaaaaaaaaa": {young, "waiting", "current_date", "false", "waiting"},
		"ltgrownaaaaaaaaaaaaaaa": {grown, "waiting", "current_date", "false", "stoppedAt18"},
		"ltgrownduebbbbbbbbbbbb": {grown, "passed", "current_date", "false", "stoppedAt18"},
		"ltreadaaaaaaaaaaaaaaaa": {grown, "opened", "current_date", "false", "opened"},
	}
	sql := "set session_replication_role = replica;"
	for id, l := range letters {
		sql += fmt.Sprintf(`insert into letter (agency_id, id, exchange_id, from_side, to_side, author, state, hear_by, visible_on, stop)
			values ('oak', '%s', '%s', 'sdaaaaaaaaaaaaaaaaaaaa', 'sdbbbbbbbbbbbbbbbbbbbb', 'peaaaaaaaaaaaaaaaaaaaa', '%s', current_date, %s, %s);`, id, l.exchange, l.state, l.visible, l.stop) +
			fmt.Sprintf(`insert into delivery (agency_id, id, letter_id, side_id) values ('oak', 'dl' || right('%[1]s', 20), '%[1]s', 'sdbbbbbbbbbbbbbbbbbbbb');`, id)
	}
	sql += `create function told() returns trigger language plpgsql as $$ begin perform pg_notify('told', new.args ->> 'agency'); return null; end $$;
		create trigger told after update of state on jobs.river_job for each row when (new.kind = 'clock' and new.finalized_at is not null) execute function told(); listen told; set session_replication_role = origin`
	if _, err := admin.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	n, err := tier.OpenNotifier(t.Context(), tier.NotifierConfig{DSN: db.DSN(postgres.RoleNotify), Agencies: staff.Agencies, Keys: &keyfile.Keys{},
		Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx, 0) }()
	for did := ""; did != "oak"; { // within go test's own limit
		told, err := admin.WaitForNotification(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		did = told.Payload
	}
	stop()
	if err := <-done; err != nil {
		t.Log(err) // cut off in the middle of its round
	}
	for id, l := range letters {
		var got string
		if err := admin.QueryRow(t.Context(), `select state from letter where id = $1`, id).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != l.want {
			t.Errorf("%s, which was %s, is %s, want %s", id, l.state, got, l.want)
		}
	}
}
