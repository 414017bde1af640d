package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/authz"
	"gatepost/internal/config"
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
	conn, store, err := storeOf(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if err := store.Versions(ctx); err != nil {
		return err
	}
	n, err := parts.Move{Conn: conn, Store: store, Into: words[0] == "store", Moved: func() {}}.Run(ctx)
	fmt.Fprintf(c.stdout, "%d parts were moved into the %s.\n", n, words[0])
	if err == nil && words[0] == "database" {
		fmt.Fprint(c.stdout, "Leave [parts] with read_only = true for a day: the staff tier deletes what is left in the store. gatepost doctor says when it may go.\n")
	}
	return err
}

// storeOf opens the store and connects as database.owner.
func storeOf(ctx context.Context, cfg *config.Config) (*pgx.Conn, *parts.Store, error) {
	if err := cfg.Connects("owner"); err != nil {
		return nil, nil, err
	}
	store, err := cfg.Parts.Store(authz.Staff)
	if err != nil {
		return nil, nil, err
	}
	if store == nil {
		return nil, nil, errors.New("the configuration has no [parts]; name the store there")
	}
	conn, err := owned(ctx, cfg)
	return conn, store, err
}

func owned(ctx context.Context, cfg *config.Config) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, cfg.Database.Owner)
	if err != nil {
		// The driver's own words hold the whole address.
		return nil, errors.New("the database cannot be reached; check database.owner and that it runs")
	}
	return conn, nil
}

// partsTake makes the bucket this deployment's, whosever it was.
func partsTake(ctx context.Context, c *call) (err error) {
	cfg, _, err := c.configured(noFlags)
	if err != nil {
		return err
	}
	conn, store, err := storeOf(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if store, err = parts.Own(ctx, conn, store); err != nil {
		return err
	}
	if err := store.Take(ctx); err != nil {
		return err
	}
	fmt.Fprint(c.stdout, "The bucket is this deployment's. What no row of its database names is deleted there after a day; another deployment that used it puts and deletes nothing there any more.\n")
	return nil
}

// partsWriteOff says of a lost part that nobody looks for it any more.
func partsWriteOff(ctx context.Context, c *call) (err error) {
	cfg, words, err := c.configured(noFlags, "KEY")
	if err != nil {
		return err
	}
	if err := cfg.Connects("owner"); err != nil {
		return err
	}
	conn, err := owned(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if err := parts.WriteOff(ctx, conn, parts.Key(words[0])); err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%s is written off: nobody is told of it any more. If it is put back all the same, it is shown again.\n", words[0])
	return nil
}
