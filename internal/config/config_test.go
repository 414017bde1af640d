package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/config"
)

func stanza(t testing.TB, id string) agency.Stanza {
	t.Helper()
	archive, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	s := agency.Stanza{ID: id, Name: "The " + id + " \"agency\" £", Phone: "01632 960111", Hours: "Monday",
		PublicHost: "letters." + id + ".example", StaffHost: "desk." + id + ".example", Archive: archive.Recipient().String()}
	for role, vkey := range map[statement.Role]*string{statement.RoleDoor: &s.Door, statement.RoleRegistrar: &s.Registrar,
		statement.RoleLog: &s.Log, statement.RoleSystem: &s.System} {
		if _, *vkey, err = statement.NewKey(statement.KeyName(id, role)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func stanzaText(t testing.TB, id string) string {
	t.Helper()
	text, err := config.Stanza(stanza(t, id))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// promising is a stanza with more lines.
func promising(t testing.TB, lines string) string {
	t.Helper()
	return strings.Replace(stanzaText(t, "oak"), "[[agency]]\n", "[[agency]]\n"+lines+"\n", 1)
}

const good = `
one_process = true
[database]
owner = "host=/run/postgresql user=gatepost_owner"
public = "host=db user=gatepost_public passfile=/etc/gatepost/pgpass sslmode=verify-full"
staff = "host=db.localhost user=gatepost_staff"
notify = "host=127.0.0.1,::1 user=gatepost_notify"
[public]
listen = ":443"
certificate = "tls/letters.pem"
certificate_key = "tls/letters.key"
keys = "keys/public"
state = "state/public"
ops = "127.0.0.1:9101"
[staff]
listen = ":8443"
trusted_proxies = ["10.1.0.0/16", "fd00::/8"]
keys = "/elsewhere/staff"
state = "/var/lib/gatepost/staff"
[mail]
host = "mail.example"
from = "post@mail.example"
`

func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gatepost.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var both = []authz.Tier{authz.Public, authz.Staff}

// A stanza as agency add prints it, pasted below a good configuration.
func TestGood(t *testing.T) {
	want := stanza(t, "oak")
	text, err := config.Stanza(want)
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, good+text)
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Serves(both...); err != nil {
		t.Fatal(err)
	}
	if got := c.Stanzas(); len(got) != 1 || got[0] != want {
		t.Errorf("the stanza came back as %+v", got)
	}
	if got, want := c.Public.Keys, filepath.Join(filepath.Dir(path), "keys/public"); got != want {
		t.Errorf("keys at %s, want %s", got, want)
	}
	if c.Staff.Keys != "/elsewhere/staff" || !c.Public.Secure() || len(c.Staff.Proxies()) != 2 {
		t.Errorf("read as %+v", c)
	}
	again, err := c.Text()
	if err != nil {
		t.Fatal(err)
	}
	if c2, err := config.Load(write(t, again)); err != nil || c2.Staff.Listen != ":8443" || c2.Stanzas()[0] != want {
		t.Errorf("what Text prints does not load: %v", err)
	}
}

// What an agency promises is its own, and no other key of the stanza: the same
// fingerprint. Where it says nothing it is the default.
func TestPromise(t *testing.T) {
	for lines, want := range map[string][2]int{"": {10, 5}, "promise = 15": {15, 5}, "promise = 20\namber = 19": {20, 19}, "amber = 9": {10, 9}, "promise = 2\namber = 1": {2, 1}} {
		c, err := config.Parse("gatepost.toml", []byte(promising(t, lines)))
		if err != nil {
			t.Errorf("%q: %v", lines, err)
			continue
		}
		s := c.Stanzas()[0]
		a, err := agency.New(s)
		if err != nil || a.Promise != want[0] || a.Amber != want[1] {
			t.Errorf("%q: %+v, %v", lines, a, err)
		}
		s.Promise, s.Amber, s.SecondReader = 0, 0, "always"
		if a.Fingerprint() != s.Fingerprint() {
			t.Errorf("%q: another fingerprint", lines)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"no TOML", "listen = \n", []string{"line 1 is not what the setting takes"}},
		{"a value that is a secret", "[database]\nowner = 12s3cret\n", []string{"line 2"}},
		{"unknown settings, all of them", "colour = 1\n[public]\ntrusted_proxy = []\n", []string{"colour is not a setting", "public.trusted_proxy is not a setting"}},
		{"wrong kind", "[public]\nlisten = 443\n", []string{"wrong kind"}},
		{"an empty stanza", "[[agency]]\nid = \"oak\"\n", []string{"agency oak: name is missing", "agency oak: system is missing"}},
		{"two of one id", stanzaText(t, "oak") + stanzaText(t, "oak"), []string{"another agency has this id", "another agency has this public_host", "another agency has this staff_host"}},
		{"one host for both", strings.Replace(stanzaText(t, "oak"), "letters.oak.example", "desk.oak.example", 1), []string{"public_host and staff_host are the same"}},
		{"a port", strings.Replace(stanzaText(t, "oak"), "letters.oak.example", "letters.oak.example:8443", 1), []string{"public_host is a host name alone"}},
		{"another agency's verifier", strings.Replace(stanzaText(t, "oak"), "oak/door", "elm/door", 1), []string{"invalid verifier hash"}},
		{"amber after the promise", promising(t, "promise = 5"), []string{"agency oak: promise and amber are working days, 10 and 5 where they are left out; amber is at least 1 and less than promise, and promise is at most 20"}},
		{"a promise that is too long", promising(t, "promise = 21"), []string{"agency oak: promise and amber"}},
		{"a promise of no day", promising(t, "promise = -1\namber = -2"), []string{"agency oak: promise and amber"}},
		{"a second reader that is none", promising(t, "second_reader = \"never\""), []string{"agency oak: second_reader is one of risk, new, always, and risk where it is left out"}},
		{"a holiday that is no day", "holidays = [\"3 May 2027\"]\n", []string{"holidays: every bank holiday is written as"}},
		{"a holiday at a weekend", "holidays = [\"2027-05-03\", \"2027-05-08\"]\n", []string{"holidays: 2027-05-08 is a Saturday"}},
		{"an archive that is none", strings.Replace(stanzaText(t, "oak"), "age1pq1", "age1", 1), []string{"not an age1pq1 string"}},
	} {
		_, err := config.Load(write(t, c.text))
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", c.name, err, want)
			}
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error quotes the file", c.name)
		}
	}
	if _, err := config.Load("/nonexistent"); err == nil {
		t.Error("a file that is not there was read")
	}
}

// The day that was proclaimed for one year is no working day; the days beside it are.
func TestHolidays(t *testing.T) {
	c, err := config.Parse("gatepost.toml", []byte("holidays = [\"2027-06-01\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string]bool{"2027-05-28": true, "2027-05-31": false, "2027-06-01": false, "2027-06-02": true} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Days().Working(at); got != want {
			t.Errorf("%s: a working day %t, want %t", day, got, want)
		}
	}
}

func TestServesRefuses(t *testing.T) {
	tail := stanzaText(t, "oak")
	change := func(pairs ...string) string {
		text := good
		for pair := range slices.Chunk(pairs, 2) {
			if !strings.Contains(text, pair[0]) {
				t.Fatalf("no %q to change", pair[0])
			}
			text = strings.Replace(text, pair[0], pair[1], 1)
		}
		return text + tail
	}
	const parts = "[parts]\nendpoint = \"https://s3.example\"\nbucket = \"oak-letters\"\nregion = \"eu-west-2\"\npublic_key_file = \"p\"\nstaff_key_file = \"s\"\n"
	store := func(from, to string) string { return good + strings.Replace(parts, from, to, 1) + tail }
	for _, c := range []struct {
		name, text, want string
		tiers            []authz.Tier
	}{
		{"no agency", good, "there is no [[agency]]", both},
		{"both unasked", change("one_process = true", ""), "set one_process = true", both},
		{"one address for both", change(":8443", ":443"), "two addresses", both},
		{"no database", change(`public = "host=db user=gatepost_public passfile=/etc/gatepost/pgpass sslmode=verify-full"`, ""), "database.public is missing", both},
		{"a password", change("user=gatepost_staff", "user=gatepost_staff password=x"), "database.staff holds a password", both},
		{"a password in a URL", change("host=db.localhost user=gatepost_staff", "postgres://gatepost_staff:x@db/gatepost"), "database.staff holds a password", both},
		{"a password as a parameter", change("host=db.localhost user=gatepost_staff", "postgres://db/gatepost?sslpassword=x"), "database.staff holds a password", both},
		{"no connection string", change("user=gatepost_staff", "user"), "database.staff cannot be read", both},
		{"a certificate that is not there", change("sslmode=verify-full", "sslmode=verify-full sslrootcert=/nonexistent.pem"), "database.public cannot be read", both},
		{"a database over a network", change(" sslmode=verify-full", ""), "database.public crosses a network", both},
		{"a database without TLS", change("verify-full", "disable"), "database.public crosses a network", both},
		{"a database with TLS if it likes", change("verify-full", "prefer"), "database.public crosses a network", both},
		{"a database with anybody's certificate", change("verify-full", "require"), "database.public crosses a network", both},
		{"a database of another name", change("verify-full", "verify-ca"), "database.public crosses a network", both},
		{"a second server over a network", change("host=127.0.0.1,::1", "host=127.0.0.1,192.0.2.7"), "database.notify crosses a network", both},
		{"a database over a network in a URL", change("host=db.localhost user=gatepost_staff", "postgres://db/gatepost"), "database.staff crosses a network", both},
		{"no listen", change(`listen = ":443"`, ""), "public.listen is missing", both},
		{"no port", change(`":443"`, `"here"`), "public.listen is no address", both},
		{"half a certificate", change(`certificate_key = "tls/letters.key"`, ""), "go together", both},
		{"plain HTTP to the world", change(`trusted_proxies = ["10.1.0.0/16", "fd00::/8"]`, ""), "can be reached from other machines without TLS", both},
		{"TLS twice", change(`certificate_key = "tls/letters.key"`, "certificate_key = \"k\"\ntrusted_proxies = [\"10.0.0.0/8\"]"), "remove certificate or trusted_proxies", both},
		{"too few connections", change(`trusted_proxies = ["10.1.0.0/16", "fd00::/8"]`, "connections = 8\ntrusted_proxies = [\"10.1.0.0/16\"]"), "connections is no number", both},
		{"no network", change("10.1.0.0/16", "10.1.0.1"), "no network", both},
		{"the whole world", change("10.1.0.0/16", "0.0.0.0/0"), "trusts everybody", both},
		{"no notifier", change("notify = \"host=127.0.0.1,::1 user=gatepost_notify\"", ""), "database.notify is missing", both},
		{"mail without a host", change("host = \"mail.example\"", ""), "mail.host is missing", both},
		{"mail with a port in its host", change("\"mail.example\"", "\"mail.example:25\""), "mail.host is a host name alone", both},
		{"mail by no port", change("host = \"mail.example\"", "host = \"mail.example\"\nport = 70000"), "mail.port is no port", both},
		{"mail from somebody", change("post@mail.example", "Oak Adoption <post@mail.example>"), "mail.from is no bare address", both},
		{"mail with a user alone", change("host = \"mail.example\"", "host = \"mail.example\"\nuser = \"u\""), "go together", both},
		{"metrics for everybody", change("127.0.0.1:9101", ":9101"), "public.ops is no loopback address", both},
		{"metrics on the families' address", change("ops = \"127.0.0.1:9101\"", "ops = \"127.0.0.1:443\"", `listen = ":443"`, `listen = "127.0.0.1:443"`), "public.ops is the address of public.listen", both},
		{"a drain without end", change("ops = ", "drain_delay = 3600\nops = "), "public.drain_delay is seconds, at most 60", both},
		{"no keys", change(`keys = "keys/public"`, ""), "public.keys is missing", both},
		{"a store without TLS", store("https://s3.example", "http://s3.example"), "parts.endpoint is reached without TLS", both},
		{"a store that is no address", store("https://s3.example", "s3.example"), "parts.endpoint is no address", both},
		{"a store with a key in its address", store("https://s3.example", "https://key:secret@s3.example"), "parts.endpoint is no address", both},
		{"a store without a bucket", store("oak-letters", "Oak/letters"), "parts.bucket is no name", both},
		{"a store without a region", store("region = \"eu-west-2\"", ""), "parts.region is missing", both},
		{"a store without a key for families", store("public_key_file = \"p\"", ""), "parts.public_key_file is missing", both},
		{"a store without a key for staff", store("staff_key_file = \"s\"", ""), "parts.staff_key_file is missing", both},
	} {
		loaded, err := config.Load(write(t, c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		err = loaded.Serves(c.tiers...)
		if err == nil || !strings.Contains(err.Error(), c.want) || len(err.(config.Problems)) != 1 {
			t.Errorf("%s: got %v, want %q alone", c.name, err, c.want)
		}
	}
}

// What systemd hands over is found where systemd laid it; outside a service the
// setting stays as it is, so that other commands can still read the file.
func TestCredentials(t *testing.T) {
	text := strings.NewReplacer(`"keys/public"`, `"credential:keys"`, `"tls/letters.key"`, `"credential:tls.key"`, `"/elsewhere/staff"`, `"credential:../shadow"`).Replace(good)
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	c, err := config.Load(write(t, text))
	if err != nil || c.Public.Keys != "credential:keys" || c.Public.CertificateKey != "credential:tls.key" {
		t.Errorf("outside a service: %+v, %v", c, err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "/run/credentials/gatepost-public.service")
	c, err = config.Load(write(t, text))
	if err != nil || c.Public.Keys != "/run/credentials/gatepost-public.service/keys" ||
		c.Public.CertificateKey != "/run/credentials/gatepost-public.service/tls.key" || c.Staff.Keys != "credential:../shadow" {
		t.Errorf("in a service: %+v, %v", c, err)
	}
}

// Every setting stands on the page of settings, and everything on it is a setting.
func TestPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	names := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if !strings.HasPrefix(line, "| `") || len(cells) < 3 {
			continue
		}
		first := names.FindAllStringSubmatch(cells[1], -1)
		if first[0][1] == "[[agency]]" {
			for _, m := range names.FindAllStringSubmatch(strings.SplitN(cells[2], ";", 2)[0], -1) {
				if !strings.HasPrefix(m[1], "gatepost ") {
					told = append(told, "agency."+m[1])
				}
			}
			continue
		}
		for _, m := range first {
			told = append(told, m[1])
		}
	}
	has := settingsOf(reflect.TypeFor[config.Config](), "")
	for _, name := range has {
		if !slices.Contains(told, name) {
			t.Errorf("docs/configuration.md does not tell of %s", name)
		}
	}
	for _, name := range told {
		if !slices.Contains(has, name) {
			t.Errorf("docs/configuration.md tells of %s, which is no setting", name)
		}
	}
	if len(has) < 30 {
		t.Errorf("%d settings: %v", len(has), has)
	}
}

// settingsOf lists the names of a section's settings, those of sections in it too.
func settingsOf(section reflect.Type, before string) []string {
	var list []string
	for field := range section.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("toml"), ",")
		kind := field.Type
		if kind.Kind() == reflect.Slice && kind.Elem().Kind() == reflect.Struct {
			kind = kind.Elem()
		}
		if kind.Kind() == reflect.Struct {
			list = append(list, settingsOf(kind, before+name+".")...)
		} else {
			list = append(list, before+name)
		}
	}
	return list
}

// A tier's host needs nothing of the other tier, and all problems come at once.
func TestServesOneTier(t *testing.T) {
	c, err := config.Load(write(t, "[database]\npublic = \"host=/run\"\n[public]\nlisten = \"127.0.0.1:80\"\nkeys = \"k\"\nstate = \"s\"\n"+stanzaText(t, "oak")))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Serves(authz.Public); err != nil {
		t.Errorf("the public tier alone: %v", err)
	}
	err = c.Serves(authz.Staff)
	problems, _ := err.(config.Problems)
	if want := []string{"database.staff", "staff.listen", "staff.keys", "staff.state", "database.notify"}; len(problems) != len(want) ||
		!slices.ContainsFunc(problems, func(p string) bool { return strings.HasPrefix(p, want[2]) }) {
		t.Errorf("got %v, want one problem each of %v", problems, want)
	}
	for role, ok := range map[string]bool{"public": true, "staff": false, "owner": false} {
		if err := c.Connects(role); (err == nil) != ok {
			t.Errorf("%s: %v", role, err)
		}
	}
}

// A mail server's password stands in a file of its own; mail that is off, or not
// there, is no mistake.
func TestMail(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "password")
	if err := os.WriteFile(path, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := config.Mail{Host: "mail.example", From: "post@mail.example", User: "post", PasswordFile: path}
	s, err := m.Server()
	if err != nil || s.Password != "s3cret" || s.Port != 587 || s.User != "post" {
		t.Errorf("the mail server came as port %d, user %q, %v", s.Port, s.User, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Server(); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a password that everybody reads: %v", err)
	}
	for _, c := range []struct {
		mail config.Mail
		set  bool
	}{{config.Mail{}, false}, {m, true}, {config.Mail{Host: "mail.example", From: "post@mail.example", Off: true}, false}} {
		if c.mail.Set() != c.set {
			t.Errorf("%+v: set %v", c.mail, !c.set)
		}
	}
}

// A tier's key of the store is read from its own file, and its secret is told nobody.
func TestParts(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	if err := os.WriteFile(path, []byte("families\ns3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := config.Parts{Endpoint: "http://127.0.0.1:7070", Bucket: "letters", Region: "any", PublicKey: path}
	if s, err := p.Store(authz.Public); err != nil || !s.Keeps() {
		t.Errorf("the store: %v", err)
	}
	if s, err := p.Store(authz.Staff); err == nil || s != nil {
		t.Error("the staff tier took the families' key")
	}
	p.ReadOnly = true
	if s, err := p.Store(authz.Public); err != nil || s == nil || s.Keeps() {
		t.Errorf("one that is only read: %v", err)
	}
	if s, err := (config.Parts{}).Store(authz.Public); err != nil || s != nil {
		t.Errorf("none: %v", err)
	}
	for _, c := range []struct {
		name string
		do   func() error
	}{{"everybody reads it", func() error { return os.Chmod(path, 0o644) }},
		{"one line", func() error { return errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("s3cret"), 0o600)) }},
		{"not there", func() error { return os.Remove(path) }}} {
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Store(authz.Public); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Addresses that only this machine can reach need no TLS.
func TestLoopback(t *testing.T) {
	for listen, ok := range map[string]bool{"127.0.0.1:8080": true, "[::1]:8080": true, "localhost:8080": true,
		":8080": false, "0.0.0.0:8080": false, "[::]:8080": false, "192.0.2.7:8080": false, "host.example:8080": false} {
		c := &config.Config{Database: config.Database{Public: "host=/run"}, Public: config.Door{Listen: listen, Keys: "k", State: "s"}, Agencies: []config.Agency{{}}}
		if err := c.Serves(authz.Public); (err == nil) != ok {
			t.Errorf("%s: %v", listen, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add(stanzaText(f, "oak"))
	f.Add("a = ''\n[[agency]]\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := config.Parse("gatepost.toml", []byte(text))
		if err != nil {
			return
		}
		_ = c.Serves(both...) // refuses or not, but does not fall over
		again, err := c.Text()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := config.Parse("gatepost.toml", []byte(again)); err != nil {
			t.Fatalf("%q loads, and what Text makes of it does not: %v", text, err)
		}
	})
}
