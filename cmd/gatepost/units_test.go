package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatepost/internal/authz"
	"gatepost/internal/config"
	"gatepost/internal/server"
)

const unitFolder = "../../packaging/systemd"

// unit is a file of systemd's, as settings in the order in which they stand.
type unit map[string][]string

func readUnit(t *testing.T, name string) unit {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(unitFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	u := unit{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "[") {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			t.Errorf("%s: %q is no setting", name, line)
		}
		u[key] = append(u[key], value)
	}
	return u
}

func (u unit) one(t *testing.T, key string) string {
	t.Helper()
	if len(u[key]) != 1 {
		t.Errorf("%s stands there %d times", key, len(u[key]))
		return ""
	}
	return u[key][0]
}

// seconds reads a number of seconds or hours.
func (u unit) seconds(t *testing.T, key string) time.Duration {
	t.Helper()
	text := u.one(t, key)
	if d, err := time.ParseDuration(text); err == nil {
		return d
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Errorf("%s=%s: %v", key, text, err)
	}
	return time.Duration(n) * time.Second
}

// command is what a unit starts, as the program sees it.
func (u unit) command(t *testing.T) []string {
	t.Helper()
	line := u.one(t, "ExecStart")
	if shell, is := strings.CutPrefix(line, "/bin/sh -c 'exec "); is {
		line = regexp.MustCompile(`\$\$\([^)]*\)`).ReplaceAllString(strings.TrimSuffix(shell, "'"), "today")
	}
	words := strings.Fields(line)
	if words[0] != "/usr/local/bin/gatepost" {
		t.Errorf("it starts %s", words[0])
	}
	return words[1:]
}

// Each unit starts a command of this program, with flags that it takes, as a user
// that the package makes, and keeps the promises that the program leans on.
func TestUnits(t *testing.T) {
	t.Setenv("CREDENTIALS_DIRECTORY", "/run/credentials/here")
	users, err := os.ReadFile(filepath.Join(unitFolder, "gatepost.sysusers"))
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../../docs/running.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(unitFolder, "*.service"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, path := range files {
		name := filepath.Base(path)
		u := readUnit(t, name)
		words := u.command(t)
		if at := slices.Index(words, "/etc/gatepost/gatepost.toml"); at < 1 || words[at-1] != "--config" {
			t.Errorf("%s: no configuration in %v", name, words)
		} else {
			words[at] = "/nonexistent/gatepost.toml"
		}
		// The flags are read before the file is: what is wrong with them is another answer.
		if _, errs, code := gatepost(t, "", words...); code != failed || !strings.Contains(errs, "the configuration cannot be read") {
			t.Errorf("%s: gatepost %v: code %d, %s", name, words, code, errs)
		}
		user := u.one(t, "User")
		if name != user+".service" || !strings.Contains(string(users), "\nu "+user+" - ") {
			t.Errorf("%s runs as %s", name, user)
		}
		for key, want := range map[string]string{"LimitCORE": "0", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "StateDirectoryMode": "0700", "UMask": "0077",
			"StateDirectory": strings.Replace(user, "-", "/", 1)} {
			if got := u.one(t, key); got != want {
				t.Errorf("%s: %s=%s, want %s", name, key, got, want)
			}
		}
		for _, told := range []string{name, `"/var/lib/` + u.one(t, "StateDirectory") + `"`} {
			if !strings.Contains(string(guide), told) {
				t.Errorf("docs/running.md does not tell of %s", told)
			}
		}
	}
}

func TestUnits_OfTiers(t *testing.T) {
	t.Setenv("CREDENTIALS_DIRECTORY", "/run/credentials/here")
	guide, err := os.ReadFile("../../docs/running.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tier := range []authz.Tier{authz.Public, authz.Staff} {
		u := readUnit(t, "gatepost-"+string(tier)+".service")
		if got := u.one(t, "Type"); got != "notify" {
			t.Errorf("Type=%s", got)
		}
		if w := u.seconds(t, "WatchdogSec"); w < 5*time.Second {
			t.Errorf("WatchdogSec=%v", w)
		}
		if got, least := u.seconds(t, "TimeoutStopSec"), config.MaxDrainDelay*time.Second+server.DrainTime; got <= least {
			t.Errorf("TimeoutStopSec=%v, and stopping takes up to %v", got, least)
		}
		if got := u.one(t, "CapabilityBoundingSet"); got != "CAP_NET_BIND_SERVICE" {
			t.Errorf("CapabilityBoundingSet=%s", got)
		}
		if n, err := strconv.Atoi(u.one(t, "LimitNOFILE")); err != nil || n < 2*server.MaxConnections {
			t.Errorf("LimitNOFILE=%d for %d connections", n, server.MaxConnections)
		}
		id, folder, _ := strings.Cut(u.one(t, "LoadCredential"), ":")
		if folder != "/etc/gatepost/keys/"+string(tier) {
			t.Errorf("the keys come from %s", folder)
		}
		setting := `keys            = "` + config.Credential + id + `"`
		if strings.Count(string(guide), setting) != 2 {
			t.Errorf("docs/running.md does not have %s", setting)
		}
		c, err := config.Parse("/etc/gatepost/gatepost.toml", []byte("["+string(tier)+"]\n"+setting+"\n"))
		if err != nil || c.Door(tier).Keys != "/run/credentials/here/"+id {
			t.Errorf("the keys are looked for in %s, %v", c.Door(tier).Keys, err)
		}
	}
	if u := readUnit(t, "gatepost-backup.timer"); u.one(t, "Persistent") != "yes" {
		t.Error("a night that was missed stays missed")
	}
}
