package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"

	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/config"
	"gatepost/internal/logbook"
	"gatepost/internal/postgres"
	"gatepost/internal/tier"
)

// verify is the inspector's check, which needs no configuration.
func verify(ctx context.Context, c *call) error {
	err := logbook.Inspect(ctx, c.args, c.stdout)
	if errors.Is(err, logbook.ErrUse) {
		return wrong("%v.", err)
	}
	return err
}

// auditOf reads --agency and gives that agency's stanza; without it the only one.
func (c *call) auditOf(names ...string) (cfg *config.Config, s agency.Stanza, words []string, err error) {
	id := ""
	cfg, words, err = c.configured(func(fs *flag.FlagSet) { fs.StringVar(&id, "agency", "", "") }, names...)
	if err != nil {
		return nil, s, nil, err
	}
	stanzas := cfg.Stanzas()
	if id == "" && len(stanzas) != 1 {
		return nil, s, nil, wrong("--agency ID is missing.")
	}
	for _, s := range stanzas {
		if id == "" || s.ID == id {
			return cfg, s, words, nil
		}
	}
	return nil, s, nil, fmt.Errorf("the configuration has no agency %s; run gatepost agency list to see their ids", id)
}

// auditKeys prints the keys that an inspector checks the log with.
func auditKeys(_ context.Context, c *call) error {
	_, s, _, err := c.auditOf()
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(c.stdout, logbook.Keys{Agency: s.ID}.Text(s.Log, s.Door, s.Registrar, s.System))
	return err
}

func keysOf(s agency.Stanza) (logbook.Keys, error) {
	return logbook.ParseKeys([]byte(logbook.Keys{Agency: s.ID}.Text(s.Log, s.Door, s.Registrar, s.System)))
}

// logOf connects as the staff tier's role, to read a log.
func logOf(ctx context.Context, cfg *config.Config) (*postgres.DB, error) {
	if err := cfg.Connects("staff"); err != nil {
		return nil, err
	}
	if err := tier.CheckVersion(ctx, cfg.Database.Staff); err != nil {
		return nil, err
	}
	return postgres.Open(ctx, cfg.Database.Staff, postgres.WithConnections(1))
}

// auditExport writes a log for an inspector to take away.
func auditExport(ctx context.Context, c *call) error {
	cfg, s, words, err := c.auditOf("the folder")
	if err != nil {
		return err
	}
	db, err := logOf(ctx, cfg)
	if err != nil {
		return err
	}
	defer db.Close()
	n, err := audit.Export(ctx, db, s.ID, words[0])
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%d entries are in %s. Hand it over with the page that gatepost audit keys prints, not in one envelope.\n", n, words[0])
	return nil
}

// auditExtend prints the proof that the log goes on from so many entries.
func auditExtend(ctx context.Context, c *call) error {
	cfg, s, words, err := c.auditOf("how many entries the witness has seen")
	if err != nil {
		return err
	}
	old, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil || old < 0 {
		return wrong("%q is no number of entries; 0 is for a witness who has seen nothing.", words[0])
	}
	keys, err := keysOf(s)
	if err != nil {
		return err
	}
	db, err := logOf(ctx, cfg)
	if err != nil {
		return err
	}
	defer db.Close()
	e, err := audit.Extend(ctx, db, keys, old)
	if errors.Is(err, logbook.ErrExtension) {
		return fmt.Errorf("the newest checkpoint does not cover %d entries; try again in a minute, and if it stays so, the log is shorter than it was: run gatepost doctor", old)
	}
	if err != nil {
		return err
	}
	_, err = c.stdout.Write(e.Text())
	return err
}

// auditProve prints one entry with the proof that the log has it.
func auditProve(ctx context.Context, c *call) error {
	cfg, s, words, err := c.auditOf("the entry's number")
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil || index < 0 {
		return wrong("%q is no entry's number.", words[0])
	}
	keys, err := keysOf(s)
	if err != nil {
		return err
	}
	db, err := logOf(ctx, cfg)
	if err != nil {
		return err
	}
	defer db.Close()
	list, err := audit.Prove(ctx, db, keys, index)
	if err != nil {
		return err
	}
	checked, err := logbook.CheckProofs(list, keys)
	if err != nil || slices.ContainsFunc(checked, func(c logbook.Checked) bool { return !c.Signed }) {
		return fmt.Errorf("entry %d cannot be proved: it is not what the log had there, or does not count; run gatepost audit export, and gatepost verify, which says what is wrong", index)
	}
	for _, p := range list {
		if _, err := c.stdout.Write(p.Text()); err != nil {
			return err
		}
	}
	return nil
}
