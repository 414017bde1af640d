package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/authz"
	"gatepost/internal/parts"
)

// partsMove moves large parts between the database and the store.
func partsMove(ctx context.Context, c *call) (err error) {
	cfg, words, err := c.configured(noFlags, "store or database")
	if err != nil {
		return err
	}
	if words[0] != "store" && words[0] != "database" {
		return wrong("parts are moved into the store or the database.")
	}
	if err := cfg.Connects("owner"); err != nil {
		return err
	}
	store, err := cfg.Parts.Store(authz.Staff)
	if err != nil {
		return err
	}
	if store == nil {
		return errors.New("the configuration has no [parts]; name the store there")
	}
	if err := store.Versions(ctx); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, cfg.Database.Owner)
	if err != nil {
		// The driver's own words hold the whole address.
		return errors.New("the database cannot be reached; check database.owner and that it runs")
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	n, err := parts.Move{Conn: conn, Store: store, Into: words[0] == "store", Moved: func() {}}.Run(ctx)
	fmt.Fprintf(c.stdout, "%d parts were moved into the %s.\n", n, words[0])
	if err == nil && words[0] == "database" {
		fmt.Fprint(c.stdout, "Leave [parts] with read_only = true for a day: the staff tier deletes what is left in the store. gatepost doctor says when it may go.\n")
	}
	return err
}
