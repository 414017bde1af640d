package tier_test

import (
	"context"
	"log/slog"
	"testing"

	"gatepost/internal/keyfile"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/tier"
)

// The clock reminds of overdue enquiries at each agency.
func TestNotifier_Reminds(t *testing.T) {
	db := postgrestest.New(t)
	staff, _ := open(t, db)
	reminded := make(chan string, 100)
	n, err := tier.OpenNotifier(t.Context(), tier.NotifierConfig{DSN: db.DSN(postgres.RoleNotify), Agencies: staff.Agencies, Keys: &keyfile.Keys{},
		Remind: func(_ context.Context, agencyID string) error { reminded <- agencyID; return nil }, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx, 0) }()
	seen := map[string]bool{}
	for len(seen) < len(staff.Agencies.All()) { // within go test's own limit
		seen[<-reminded] = true
	}
	stop()
	if err := <-done; err != nil {
		t.Log(err) // cut off in the middle of its round
	}
}
