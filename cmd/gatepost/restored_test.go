package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// database runs a statement on the deployment's server, outside its database.
func (d *deployment) database(t *testing.T, sql string) {
	t.Helper()
	cfg, err := pgx.ParseConfig(regexp.MustCompile(`owner = "([^"]+)"`).FindStringSubmatch(d.text)[1])
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database = "postgres"
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), sql)
	if err := errors.Join(err, conn.Close(context.Background())); err != nil {
		t.Fatal(err)
	}
}

// A database that was put back from before is refused by the server and by each
// command of the staff tier, until the operator says that it was meant.
func TestAuditRestored(t *testing.T) {
	d := newDeployment(t)
	must(t, "", "migrate", "--config", d.config)
	must(t, "", "keys", "init", filepath.Join(d.dir, "keys"))
	d.addElm(t)
	d.database(t, "create database before template gatepost")
	list := []string{"worker", "list", "--agency", "elm"}
	for range 2 {
		must(t, "", append(list, "--config", d.config)...)
	}
	seen := filepath.Join(d.dir, "state", "staff", "elm.checkpoint")
	if text, err := os.ReadFile(seen); err != nil || !strings.HasPrefix(string(text), "elm/log\n1\n") {
		t.Fatalf("what was seen: %q, %v", text, err)
	}
	if out := must(t, "", "audit", "restored", "--config", d.config); !strings.Contains(out, "nothing had to be given up") {
		t.Errorf("before the restore: %s", out)
	}
	d.database(t, "drop database gatepost with (force)")
	d.database(t, "alter database before rename to gatepost")
	const sentence = "has 0 entries, and this tier has seen 1; restore a newer backup, or run gatepost audit restored"
	d.refuses(t, sentence, "", list...)
	d.refuses(t, sentence, "", "serve", "--tier", "staff")
	d.refuses(t, "no agency oak", "", "audit", "restored", "--agency", "oak")
	d.refuses(t, "cannot be read", "", "audit", "restored", "--seen", filepath.Join(d.dir, "nowhere"))
	d.refuses(t, "not one of agency elm", "", "audit", "restored", "--seen", d.config)
	if out := must(t, "", "audit", "restored", "--agency", "elm", "--seen", seen, "--config", d.config); !strings.Contains(out, "restored with 0 entries, and that the rest of 1 is given up") {
		t.Errorf("the restore: %s", out)
	}
	must(t, "", append(list, "--config", d.config)...)
	if out := must(t, "", "audit", "restored", "--config", d.config); !strings.Contains(out, "nothing had to be given up") {
		t.Errorf("after the restore: %s", out)
	}
}
