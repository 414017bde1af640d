package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/jackc/pgx/v5"
	"golang.org/x/term"

	"gatepost/crypto/passphrase"
	"gatepost/internal/account"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/bench"
	"gatepost/internal/config"
	"gatepost/internal/keyfile"
	"gatepost/internal/postgres"
	"gatepost/internal/tier"
	"gatepost/migrations"
)

func migrate(ctx context.Context, c *call) error {
	cfg, _, err := c.configured(noFlags)
	if err != nil {
		return err
	}
	if err := cfg.Connects("owner"); err != nil {
		return err
	}
	if err := migrateTo(ctx, cfg.Database.Owner); err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, "The database is at this program's version.")
	return nil
}

func migrateTo(ctx context.Context, dsn string) (err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		// The driver's own words hold the whole address.
		return errors.New("the database cannot be reached; check database.owner and that it runs")
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	return postgres.Migrate(ctx, conn, migrations.Files)
}

func keysInit(_ context.Context, c *call) error {
	words, err := c.flags(noFlags, "DIR")
	if err != nil {
		return err
	}
	dir := words[0]
	if err := keyfile.Init(dir); err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "Keys are in %s.\nNext: gatepost agency add. Then copy %s to the public tier's host and %s to the staff tier's, and nothing else.\n",
		dir, filepath.Join(dir, "public"), filepath.Join(dir, "staff"))
	return nil
}

func agencyAdd(ctx context.Context, c *call) error {
	var s agency.Stanza
	var keys string
	cfg, words, err := c.configured(func(fs *flag.FlagSet) {
		fs.StringVar(&s.Name, "name", "", "")
		fs.StringVar(&s.Phone, "phone", "", "")
		fs.StringVar(&s.Hours, "hours", "", "")
		fs.StringVar(&s.PublicHost, "public-host", "", "")
		fs.StringVar(&s.StaffHost, "staff-host", "", "")
		fs.StringVar(&s.Archive, "archive", "", "")
		fs.StringVar(&keys, "keys", "", "")
	}, "the agency's ID")
	if err != nil {
		return err
	}
	s.ID = words[0]
	for _, need := range []struct{ flag, value string }{{"--name", s.Name}, {"--archive", s.Archive}, {"--keys", keys}} {
		if need.value == "" {
			return wrong("%s is missing.", need.flag)
		}
	}
	if err := cfg.Connects("staff"); err != nil {
		return err
	}
	switch _, err := tier.StandingOf(ctx, cfg.Database.Staff, s.ID); {
	case err == nil:
		return fmt.Errorf("the agency %s is there already; choose another id", s.ID)
	case !errors.Is(err, tier.ErrUnknown):
		return err
	}
	if s, err = keyfile.AddAgency(keys, s); err != nil {
		return err
	}
	if err := tier.Register(ctx, cfg.Database.Staff, s); err != nil {
		return fmt.Errorf("register the agency: %w", err)
	}
	stanza, err := config.Stanza(s)
	if err != nil {
		return err
	}
	fmt.Fprint(c.stdout, stanza)
	fmt.Fprintf(c.stderr, "Put this stanza into the configuration of both tiers, fill in what is empty, and start both; until then the agency is inactive.\n"+
		"A copy of its keys, sealed to the archive, is %s: keep it where the hosts are not.\n", filepath.Join(keys, s.ID+"-secrets.age"))
	return c.showArchive(s.Archive)
}

func agencyList(ctx context.Context, c *call) error {
	cfg, _, err := c.configured(noFlags)
	if err != nil {
		return err
	}
	if err := cfg.Connects("staff"); err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "id\tpublic tier\tstaff tier\topened\tname")
	for _, s := range cfg.Stanzas() {
		standing, err := tier.StandingOf(ctx, cfg.Database.Staff, s.ID)
		if err != nil && !errors.Is(err, tier.ErrUnknown) {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.ID, yes(standing.Public), yes(standing.Staff), yes(standing.Opened), s.Name)
	}
	return w.Flush()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// staffTier connects as the staff tier does, for an agency of the configuration.
func (c *call) staffTier(ctx context.Context, cfg *config.Config, id string) (*tier.Tier, error) {
	if err := cfg.Connects("staff"); err != nil {
		return nil, err
	}
	for _, s := range cfg.Stanzas() {
		if s.ID != id {
			continue
		}
		keys, err := keyfile.Load(cfg.Staff.Keys, authz.Staff)
		if err != nil {
			return nil, err
		}
		return tier.Open(ctx, tier.Config{Tier: authz.Staff, DSN: cfg.Database.Staff, Keys: keys, Stanzas: []agency.Stanza{s},
			State: cfg.Staff.State, Gate: passphrase.NewGate(), Work: c.work, Log: jsonLog(c.stderr), Days: cfg.Days()})
	}
	return nil, fmt.Errorf("the configuration has no agency %s; run gatepost agency add, and put the stanza that it prints there", id)
}

func workerInvite(ctx context.Context, c *call) error {
	id := ""
	cfg, _, err := c.configured(func(fs *flag.FlagSet) { fs.StringVar(&id, "agency", "", "") })
	if err != nil {
		return err
	}
	if id == "" {
		return wrong("--agency ID is missing.")
	}
	t, err := c.staffTier(ctx, cfg, id)
	if err != nil {
		return err
	}
	defer t.Close()
	answers, err := c.ask(question{"What you have agreed on with the first manager by telephone (a few words): ", false})
	if err != nil {
		return err
	}
	a, ok := t.Agencies.Get(id)
	if !ok {
		return fmt.Errorf("the configuration has no stanza of the agency %s; run gatepost agency add and put its stanza there", id)
	}
	paper, _, err := t.Accounts.InviteFirst(ctx, id, answers[0])
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "Invitation to %s, for its first manager. Print it and hand it over; it is shown once.\n\n"+
		"  Address         %s/start\n  Code            %s\n  Log-in name     %s\n  Good until      %s\n\n"+
		"The manager begins there with the code and with what you agreed on, chooses a passphrase and sets up one-time codes.\n"+
		"Then, with the manager at the keyboard: gatepost agency open %s --config FILE\n",
		a.Name, address(cfg.Staff, a.StaffHost), paper.Code, paper.Reference, paper.Expires.Format("2 January 2006"), id)
	return nil
}

func agencyOpen(ctx context.Context, c *call) error {
	cfg, words, err := c.configured(noFlags, "the agency's ID")
	if err != nil {
		return err
	}
	t, err := c.staffTier(ctx, cfg, words[0])
	if err != nil {
		return err
	}
	defer t.Close()
	answers, err := c.ask(question{"Manager's full name: ", false}, question{"Log-in name: ", false},
		question{"Passphrase (not shown): ", true}, question{"One-time code: ", false})
	if err != nil {
		return err
	}
	err = t.Accounts.OpenAgency(ctx, words[0], account.Opening{Display: answers[0], Name: answers[1], Passphrase: answers[2], Code: answers[3]})
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "The agency %s is open. Its manager can sign in and ask others in.\n", words[0])
	return nil
}

func runBench(ctx context.Context, c *call) error {
	asJSON, rows := false, 0
	words, err := c.flags(func(fs *flag.FlagSet) {
		fs.BoolVar(&asJSON, "json", false, "")
		fs.IntVar(&rows, "rows", 0, "")
	}, "the bench")
	if err != nil {
		return err
	}
	if words[0] == "performance" {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		return bench.Performance(ctx, self, c.stdout)
	}
	if !slices.Contains(bench.Names(), words[0]) {
		return wrong("there is no bench %q; there are %s.", words[0], strings.Join(bench.Names(), ", "))
	}
	if rows != 0 {
		if words[0] != "register" || rows < 1000 {
			return wrong("--rows is for the register only, and 1000 at least.")
		}
		return bench.RunRegister(ctx, rows, asJSON, c.stdout)
	}
	return bench.Run(ctx, words[0], asJSON, c.stdout)
}

// question is something to be typed in.
type question struct {
	text   string
	hidden bool
}

// ask reads one line for each question. At a terminal what is hidden is not
// echoed; from a pipe the lines come one after another, without questions.
func (c *call) ask(questions ...question) ([]string, error) {
	file, _ := c.stdin.(*os.File)
	terminal := file != nil && term.IsTerminal(int(file.Fd()))
	lines := bufio.NewReader(c.stdin)
	var answers []string
	for _, q := range questions {
		var text string
		var err error
		if terminal {
			fmt.Fprint(c.stderr, q.text)
		}
		if terminal && q.hidden {
			var secret []byte
			secret, err = term.ReadPassword(int(file.Fd()))
			text = string(secret)
			fmt.Fprintln(c.stderr)
		} else {
			text, err = lines.ReadString('\n')
		}
		if err != nil && !(errors.Is(err, io.EOF) && text != "") {
			return nil, wrong("Nothing was typed for \"%s\"; give one line for each question.", strings.TrimSuffix(q.text, ": "))
		}
		answers = append(answers, strings.TrimRight(text, "\r\n"))
	}
	return answers, nil
}
