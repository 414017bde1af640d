package main

import (
	"strings"
	"testing"

	"gatepost/internal/parts/partstest"
)

// An operator moves parts, with a store that is configured and lets them.
func TestPartsMove(t *testing.T) {
	d := newDeployment(t)
	must(t, "", "migrate", "--config", d.config)
	if _, errs, code := gatepost(t, "", "parts", "move", "elsewhere", "--config", d.config); code != wrongUse || !strings.Contains(errs, "into the store or the database") {
		t.Errorf("elsewhere: code %d, %s", code, errs)
	}
	d.refuses(t, "the configuration has no [parts]", "", "parts", "move", "store")
	store := func(g *partstest.Gateway) {
		key := d.write(t, "parts.key", g.Staff.Access+"\n"+g.Staff.Secret+"\n")
		d.write(t, "gatepost.toml", d.text+"[parts]\nendpoint = \""+g.Staff.Endpoint.String()+"\"\nbucket = \""+g.Staff.Bucket+"\"\nregion = \""+g.Staff.Region+"\"\nstaff_key_file = \""+key+"\"\n")
	}
	store(partstest.Versioned(t))
	d.refuses(t, "the bucket keeps versions", "", "parts", "move", "store")
	g := partstest.New(t)
	store(g)
	if out := must(t, "", "parts", "move", "store", "--config", d.config); !strings.Contains(out, "0 parts were moved into the store.") {
		t.Errorf("it says %s", out)
	}
	if out := must(t, "", "parts", "move", "database", "--config", d.config); !strings.Contains(out, "0 parts were moved into the database.") || !strings.Contains(out, "read_only = true") {
		t.Errorf("it says %s", out)
	}
	g.Stop()
	d.refuses(t, "does not answer", "", "parts", "move", "store")
}
