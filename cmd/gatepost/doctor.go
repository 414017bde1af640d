package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"gatepost/internal/authz"
	"gatepost/internal/config"
	"gatepost/internal/doctor"
)

// errUnsound: something is wrong, and it is said above.
var errUnsound = errors.New("something is wrong; do what the lines above say, from the first one down, and run gatepost doctor again")

// examine tells how a deployment is, a line for each thing.
func examine(ctx context.Context, c *call) error {
	name, whole := "", false
	cfg, _, err := c.configured(func(fs *flag.FlagSet) {
		fs.StringVar(&name, "tier", "", "")
		fs.BoolVar(&whole, "whole", false, "")
	})
	if err != nil {
		return err
	}
	say := func(f doctor.Finding) { fmt.Fprintln(c.stdout, f) }
	var tiers []authz.Tier
	switch name {
	case "public", "staff":
		tiers = []authz.Tier{authz.Tier(name)}
	case "":
		tiers = tiersHere(cfg, say)
	default:
		return wrong("--tier is public or staff, or left out.")
	}
	if !doctor.Examine(ctx, doctor.Config{Config: cfg, Tiers: tiers, Whole: whole, Now: time.Now, Space: doctor.Space, Say: say}) {
		return errUnsound
	}
	return nil
}

// tiersHere are those whose keys are on this host: both hosts may have the same
// configuration.
func tiersHere(cfg *config.Config, say func(doctor.Finding)) (here []authz.Tier) {
	var away []authz.Tier
	for _, t := range []authz.Tier{authz.Public, authz.Staff} {
		if _, err := os.Stat(cfg.Door(t).Keys); err != nil {
			away = append(away, t)
			continue
		}
		here = append(here, t)
	}
	if len(here) == 0 {
		return away // what is missing is said of both
	}
	for _, t := range away {
		say(doctor.Finding{Verdict: doctor.Look, About: "tiers of this host", Text: fmt.Sprintf("the keys of the %s tier are not here, so it is not looked at; where they should be, say --tier %s", t, t)})
	}
	return here
}
