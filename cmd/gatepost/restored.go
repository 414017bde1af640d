package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/checkpoint"
	"gatepost/internal/config"
	"gatepost/internal/keyfile"
	"gatepost/internal/postgres"
	"gatepost/internal/tier"
)

// list is a flag that may be given more than once.
type list []string

// String is flag.Value's.
func (l *list) String() string { return strings.Join(*l, " ") }

// Set is flag.Value's.
func (l *list) Set(s string) error {
	*l = append(*l, s)
	return nil
}

// auditRestored states that an older backup was restored on purpose, so that
// both tiers start with it.
func auditRestored(ctx context.Context, c *call) error {
	id, paths := "", list{}
	cfg, _, err := c.configured(func(fs *flag.FlagSet) {
		fs.StringVar(&id, "agency", "", "")
		fs.Var(&paths, "seen", "")
	})
	if err != nil {
		return err
	}
	agencies, err := staffAgencies(cfg, id)
	if err != nil {
		return err
	}
	if len(paths) > 0 && len(agencies) > 1 {
		return wrong("--seen is a file of one agency: name it with --agency ID.")
	}
	handed := make([][]byte, len(paths))
	for i, path := range paths {
		if handed[i], err = os.ReadFile(path); err != nil {
			return fmt.Errorf("the checkpoint cannot be read; name a file such as ID.checkpoint of a tier's folder of state: %w", err)
		}
	}
	if err := cfg.Connects("staff"); err != nil {
		return err
	}
	if err := tier.CheckVersion(ctx, cfg.Database.Staff); err != nil {
		return err
	}
	db, err := postgres.Open(ctx, cfg.Database.Staff, postgres.WithConnections(2))
	if err != nil {
		return err
	}
	defer db.Close()
	for _, a := range agencies {
		given, err := checkpoint.Restored(ctx, checkpoint.Config{DB: db, Folder: cfg.Staff.State, Now: time.Now, Log: jsonLog(c.stderr)}, a, handed...)
		if err != nil {
			return err
		}
		if given.Lost == 0 {
			fmt.Fprintf(c.stdout, "The log of %s has %d entries and holds everything that was seen: nothing had to be given up.\n", a.ID, given.Kept)
			continue
		}
		fmt.Fprintf(c.stdout, "It is stated in the log of %s that it was restored with %d entries, and that the rest of %d is given up. Both tiers can be started.\n", a.ID, given.Kept, given.Lost)
	}
	return nil
}

// staffAgencies gives one agency of the configuration, or all of them without an
// id, with the staff tier's keys.
func staffAgencies(cfg *config.Config, id string) ([]*agency.Agency, error) {
	keys, err := keyfile.Load(cfg.Staff.Keys, authz.Staff)
	if err != nil {
		return nil, err
	}
	var found []*agency.Agency
	for _, s := range cfg.Stanzas() {
		if id != "" && s.ID != id {
			continue
		}
		a, err := keys.Agency(s)
		if err != nil {
			return nil, err
		}
		found = append(found, a)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("the configuration has no agency %s; run gatepost agency add, and put the stanza that it prints there", id)
	}
	return found, nil
}
