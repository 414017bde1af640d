package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"filippo.io/age"

	"gatepost/crypto/code"
	"gatepost/crypto/passphrase"
	"gatepost/internal/account"
	"gatepost/internal/authz"
	"gatepost/internal/ceremony"
	"gatepost/internal/config"
	"gatepost/internal/keyfile"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/private"
	"gatepost/internal/tier"
)

const elmHost, elmDesk, agreed = "letters.elm.example", "desk.elm.example", "the blue bicycle"

// deployment is a database, keys and a configuration, as an operator makes them.
type deployment struct {
	dir    string
	config string
	text   string // of the configuration
}

func newDeployment(t *testing.T) *deployment {
	t.Helper()
	database, err := private.Start(t.Context(), private.Options{Dir: folder(t), Roles: postgres.Roles(), Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := database.Stop(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	if err := database.EnsureDatabase(t.Context(), "gatepost"); err != nil {
		t.Fatal(err)
	}
	d := &deployment{dir: t.TempDir()}
	if err := os.Mkdir(filepath.Join(d.dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	dsn := func(role string) string { return database.DSN(role, "gatepost") }
	d.text = `[database]
owner = "` + dsn(postgres.RoleAdmin) + `"
public = "` + dsn(postgres.RolePublic) + `"
staff = "` + dsn(postgres.RoleStaff) + `"
notify = "` + dsn(postgres.RoleNotify) + `"
[public]
listen = "127.0.0.1:0"
keys = "keys/public"
state = "state/public"
[staff]
listen = "127.0.0.1:0"
keys = "keys/staff"
state = "state/staff"
`
	d.config = d.write(t, "gatepost.toml", d.text)
	return d
}

func (d *deployment) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(d.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// refuses runs a command that has to fail and say so.
func (d *deployment) refuses(t *testing.T, want string, stdin string, args ...string) {
	t.Helper()
	_, errs, code := gatepost(t, stdin, append(args, "--config", d.config)...)
	if code != failed || !strings.Contains(errs, want) {
		t.Errorf("gatepost %s: code %d, %s\nwant %q", strings.Join(args, " "), code, errs, want)
	}
}

func (d *deployment) addElm(t *testing.T) {
	t.Helper()
	archive, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	stanza, errs, code := gatepost(t, "", "agency", "add", "elm", "--name", "Elm Family Service", "--phone", "01632 960140", "--public-host", elmHost,
		"--staff-host", elmDesk, "--archive", archive.Recipient().String(), "--keys", filepath.Join(d.dir, "keys"), "--config", d.config)
	// It shows what the officers' sheets show, for the line may have been exchanged.
	if code != done || !strings.Contains(errs, ceremony.Words(archive.Recipient())) || !strings.Contains(errs, ceremony.Fingerprint(archive.Recipient())) {
		t.Fatalf("agency add: code %d\n%s", code, errs)
	}
	d.refuses(t, "is there already", "", "agency", "add", "elm", "--name", "Elm", "--archive", archive.Recipient().String(), "--keys", filepath.Join(d.dir, "keys"))
	d.text += stanza
	d.write(t, "gatepost.toml", d.text)
}

// listening reads the address on which a process of a tier listens.
func listening(t *testing.T, c *child) string {
	t.Helper()
	var line struct{ Address string }
	if err := json.Unmarshal([]byte(c.until(`"msg":"listening"`)), &line); err != nil {
		t.Fatal(err)
	}
	return "http://" + line.Address
}

// An agency from the first key to its first manager at the desk, with two
// processes of each tier on one database.
func TestServe(t *testing.T) {
	d := newDeployment(t)
	d.refuses(t, "run gatepost migrate", "", "agency", "add", "elm", "--name", "Elm", "--archive", "age1pq1", "--keys", "nowhere")
	must(t, "", "migrate", "--config", d.config)
	must(t, "", "migrate", "--config", d.config)
	must(t, "", "keys", "init", filepath.Join(d.dir, "keys"))
	d.refuses(t, "there is no [[agency]]", "", "serve", "--tier", "public")
	d.addElm(t)
	d.refuses(t, "one_process = true", "", "serve", "--tier", "both")
	d.refuses(t, "no agency oak", "", "agency", "open", "oak")
	list := func(want string) {
		t.Helper()
		if out := must(t, "", "agency", "list", "--config", d.config); !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("%s\nwant %s", out, want)
		}
	}
	list(`elm +no +no +no +Elm Family Service`)

	// The public tier's host has no key of the staff tier.
	alone := d.write(t, "public.toml", strings.Replace(d.text, `keys = "keys/staff"`, `keys = "not/here"`, 1))
	public := []*child{start(t, "serve", "--tier", "public", "--config", alone), start(t, "serve", "--tier", "public", "--config", alone)}
	for _, c := range public {
		if got := status(t, listening(t, c)+"/", elmHost); got != http.StatusOK {
			t.Errorf("front page: %d", got)
		}
	}
	list(`elm +yes +no +no`)
	staff := []*child{start(t, "serve", "--tier", "staff", "--config", d.config), start(t, "serve", "--tier", "staff", "--config", d.config)}
	desks := []string{listening(t, staff[0]), listening(t, staff[1])}
	list(`elm +yes +yes +no`)

	session := d.firstManager(t)
	list(`elm +yes +yes +yes`)
	d.refuses(t, "has a manager", agreed+"\n", "worker", "invite", "--agency", "elm")

	// A session that somebody else began is one to both processes.
	for _, desk := range desks {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, desk+"/people", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = elmDesk
		if code, _ := fetch(t, r); code != http.StatusUnauthorized {
			t.Errorf("a stranger: %d", code)
		}
		r.AddCookie(&http.Cookie{Name: "gps", Value: session})
		if code, body := fetch(t, r); code != http.StatusOK {
			t.Errorf("the manager: %d %s", code, body)
		}
	}
	d.inspect(t)
	for _, c := range append(public, staff...) {
		if code := c.stop(syscall.SIGTERM); code != done {
			t.Errorf("SIGTERM: code %d\n%s", code, c.text.String())
		}
	}
}

// firstManager invites, enrols, opens the agency and signs in, and gives the
// session's cookie. Each code counts once: the enrolment goes by a clock that is
// a minute behind, the sign-in by one that is a minute ahead.
func (d *deployment) firstManager(t *testing.T) string {
	t.Helper()
	paper := must(t, agreed+"\n", "worker", "invite", "--agency", "elm", "--config", d.config)
	read := func(label string) string {
		m := regexp.MustCompile(label + ` +(\S+)`).FindStringSubmatch(paper)
		if m == nil {
			t.Fatalf("no %s on the paper:\n%s", label, paper)
		}
		return m[1]
	}
	name, phrase := read("Log-in name"), "heron kettle marble otter"
	door := d.staffAt(t, time.Now().Add(-time.Minute))
	token, err := door.Redeem(t.Context(), "elm", netip.IPv6Loopback(), read("Code"), agreed)
	if err != nil {
		t.Fatal(err)
	}
	if token, _, err = door.Choose(t.Context(), "elm", token, phrase, "Test"); err != nil {
		t.Fatal(err)
	}
	actor, err := door.Load(t.Context(), "elm", token, account.Short)
	if err != nil {
		t.Fatal(err)
	}
	offer, err := door.OfferTOTP(t.Context(), actor, token)
	if err != nil {
		t.Fatal(err)
	}
	if actor, err = door.Load(t.Context(), "elm", token, account.Short); err != nil {
		t.Fatal(err)
	}
	digits := func(at time.Time) string {
		t.Helper()
		digits, err := code.Current(strings.ReplaceAll(offer.Secret, " ", ""), at)
		if err != nil {
			t.Fatal(err)
		}
		return digits
	}
	if err := door.KeepTOTP(t.Context(), actor, token, digits(door.at)); err != nil {
		t.Fatal(err)
	}
	open := func(phrase string) string {
		return strings.Join([]string{"Carys Marlowe", name, phrase, digits(time.Now())}, "\n") + "\n"
	}
	d.refuses(t, "not right", open("another passphrase altogether"), "agency", "open", "elm")
	if _, errs, code := gatepost(t, "Carys Marlowe\n", "agency", "open", "elm", "--config", d.config); code != wrongUse {
		t.Errorf("half an answer: code %d, %s", code, errs)
	}
	must(t, open(phrase), "agency", "open", "elm", "--config", d.config)

	door = d.staffAt(t, time.Now().Add(time.Minute))
	token, err = door.SignIn(t.Context(), "elm", account.SignIn{Name: name, Passphrase: phrase, Code: digits(door.at), From: netip.IPv6Loopback()})
	if err != nil {
		t.Fatal(err)
	}
	d.workers(t, name)
	return token.Cookie()
}

// workers asks what the operator can do about workers, of whom there is one.
func (d *deployment) workers(t *testing.T, name string) {
	t.Helper()
	list := must(t, "", "worker", "list", "--agency", "elm", "--config", d.config)
	one := regexp.MustCompile(`(wk[a-z2-7]{20}) +active +yes +0 +manager +-\n`).FindStringSubmatch(list)
	if one == nil {
		t.Fatalf("the list of workers:\n%s", list)
	}
	d.refuses(t, "the only manager", "", "worker", "suspend", one[1], "--agency", "elm")
	d.refuses(t, "no such worker", "", "worker", "suspend", "wkaaaaaaaaaaaaaaaaaaaa", "--agency", "elm")
	d.refuses(t, "not right", name+"\nanother passphrase altogether\n123456\n", "worker", "leave", one[1], "--agency", "elm")
	if _, errs, code := gatepost(t, "", "worker", "leave", one[1], "--agency", "elm", "--config", d.config); code != wrongUse || !strings.Contains(errs, "from a manager's session") {
		t.Errorf("leaving without a manager: code %d, %s", code, errs)
	}
	if _, errs, code := gatepost(t, "", "worker", "list", "--config", d.config); code != wrongUse {
		t.Errorf("a list of no agency: code %d, %s", code, errs)
	}
}

// doorAt is the workers' door at a moment.
type doorAt struct {
	*account.Service
	at time.Time
}

func (d *deployment) staffAt(t *testing.T, at time.Time) doorAt {
	t.Helper()
	cfg, err := config.Load(d.config)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keyfile.Load(cfg.Staff.Keys, authz.Staff)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := tier.Open(t.Context(), tier.Config{Tier: authz.Staff, DSN: cfg.Database.Staff, Keys: keys, Stanzas: cfg.Stanzas(),
		State: cfg.Staff.State, Gate: passphrase.NewGate(), Work: testProgram().work, Log: jsonLog(t.Output())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	services, err := opened.At(func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	return doorAt{services.Accounts, at}
}

func fetch(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true}}
	a, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(body)
}

// What keeps a tier from starting is said all at once, each in one sentence.
func TestServeRefuses(t *testing.T) {
	d := newDeployment(t)
	must(t, "", "keys", "init", filepath.Join(d.dir, "keys"))
	must(t, "", "migrate", "--config", d.config)
	d.addElm(t)
	key := func(name string) string { return filepath.Join(d.dir, "keys", name) }
	if err := os.Remove(key("staff/elm-log.key")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(key("staff/code.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	bare := program{assets: fstest.MapFS{}, work: testProgram().work}
	var errs strings.Builder
	code := bare.run(t.Context(), []string{"serve", "--tier", "staff", "--config", d.config}, os.Getenv, nil, io.Discard, &errs)
	for _, want := range []string{"make build", "code.key can be read by others on this machine; chmod 600 it"} {
		if code != failed || !strings.Contains(errs.String(), want) {
			t.Errorf("code %d, %s\nwant %q", code, errs.String(), want)
		}
	}
	if err := os.Chmod(key("staff/code.key"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.refuses(t, "elm-log.key is missing; copy it", "", "serve", "--tier", "staff")
	d.write(t, "gatepost.toml", d.text+"colour = \"red\"\n")
	d.refuses(t, "agency.colour is not a setting", "", "serve", "--tier", "staff")

	// A database without the schema, and one that is not there.
	d.write(t, "gatepost.toml", strings.ReplaceAll(d.text, "dbname='gatepost'", "dbname='postgres'"))
	d.refuses(t, "run gatepost migrate", "", "serve", "--tier", "public")
	d.write(t, "gatepost.toml", strings.ReplaceAll(d.text, "dbname='gatepost'", "dbname='nowhere'"))
	d.refuses(t, "the database cannot be reached", "", "serve", "--tier", "public")
}
