package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/notice"
)

// Config is a whole configuration file, read and checked as far as it can be
// without a database.
type Config struct {
	OneProcess bool     `toml:"one_process"` // both tiers in one process are wanted
	Database   Database `toml:"database"`
	Public     Door     `toml:"public"`
	Staff      Door     `toml:"staff"`
	Mail       Mail     `toml:"mail"`   // staff tier only
	Backup     Backup   `toml:"backup"` // where backups are made only
	Parts      Parts    `toml:"parts"`  // none: large parts are in the database
	Agencies   []Agency `toml:"agency"`
	// Holidays are bank holidays of England and Wales that were proclaimed for
	// one year only, as 2006-01-02. Every clock of every agency knows them.
	Holidays []string `toml:"holidays,omitempty"`
}

// Database is where each role connects to.
type Database struct {
	Owner  string `toml:"owner"`  // may create roles the first time; migrate only
	Public string `toml:"public"` // gatepost_public
	Staff  string `toml:"staff"`  // gatepost_staff
	Notify string `toml:"notify"` // gatepost_notify; the staff tier's process
	Backup string `toml:"backup"` // gatepost_backup; backup and doctor only
}

// Backup is how backups are sealed and where they lie.
type Backup struct {
	Recipient string `toml:"recipient,omitempty"` // age1pq1…; its private half is with the operator, off line
	Folder    string `toml:"folder,omitempty"`    // where the newest is looked for
}

// Mail is the server that takes notices. Without it, or with Off, they wait.
type Mail struct {
	Host         string `toml:"host,omitempty"`
	Port         int    `toml:"port,omitzero"`  // 0 means 587; 465 is TLS from the first byte
	From         string `toml:"from,omitempty"` // bare address
	User         string `toml:"user,omitempty"`
	PasswordFile string `toml:"password_file,omitempty"` // one line, readable by this program only
	Off          bool   `toml:"off,omitempty"`
}

// Set tells whether notices are sent.
func (m Mail) Set() bool { return m.Host != "" && !m.Off }

// Door is how one tier is reached.
type Door struct {
	Listen         string   `toml:"listen"`          // "host:port"; no host means every address
	Certificate    string   `toml:"certificate"`     // PEM file
	CertificateKey string   `toml:"certificate_key"` // PEM file, read by nobody else
	TrustedProxies []string `toml:"trusted_proxies"` // networks in CIDR form
	Keys           string   `toml:"keys"`            // the tier's folder of key files, or "credential:NAME"
	State          string   `toml:"state"`           // folder in which the tier writes down what it has seen of each log
	Ops            string   `toml:"ops,omitempty"`   // loopback "host:port" for health and metrics; empty for none
	// DrainDelay is for how many seconds the tier, once told to stop, goes on
	// serving while /readyz says no, so that a load balancer turns away first.
	DrainDelay int `toml:"drain_delay,omitzero"`
	// Connections is how many the tier holds open at once; 0 means 4096.
	Connections int `toml:"connections,omitzero"`
}

// MaxDrainDelay is the longest drain_delay, in seconds.
const MaxDrainDelay = 60

// Agency is a stanza: the same on both tiers.
type Agency struct {
	ID         string `toml:"id"`
	Name       string `toml:"name"`
	Phone      string `toml:"phone"`
	Hours      string `toml:"hours"`
	PublicHost string `toml:"public_host"`
	StaffHost  string `toml:"staff_host"`
	Archive    string `toml:"archive"`
	Door       string `toml:"door"`
	Registrar  string `toml:"registrar"`
	Log        string `toml:"log"`
	System     string `toml:"system"`
	// Country is E or W: the country under whose rules the agency is registered.
	Country string `toml:"country,omitempty"`
	// Promise is within how many working days a writer hears, Amber after how
	// many the desk says that a letter waits long. 0 means agency.Default….
	Promise int `toml:"promise,omitzero"`
	Amber   int `toml:"amber,omitzero"`
	// SecondReader says whose letters two workers read in a new exchange.
	SecondReader string `toml:"second_reader,omitempty"`
}

// Problems is everything that is wrong with a configuration, each one sentence
// that says what to do.
type Problems []string

// Error lists them, one a line.
func (p Problems) Error() string { return strings.Join(p, "\n") }

// Load reads the file at path, as Parse does.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	return Parse(path, text)
}

// Parse refuses what is no TOML, what it does not know, and an agency whose
// stanza cannot be used. Relative paths are made to begin at the folder of
// path, so that it does not matter where the program is started. The error is a
// Problems.
func Parse(path string, text []byte) (*Config, error) {
	c := &Config{}
	known, err := toml.Decode(string(text), c)
	if err != nil {
		return nil, Problems{parseProblem(path, err)}
	}
	var found Problems
	for _, key := range known.Undecoded() {
		found.add("%s: %s is not a setting of this program; correct or remove it", path, key)
	}
	c.anchor(filepath.Dir(path))
	c.checkAgencies(&found)
	c.checkHolidays(&found)
	if len(found) > 0 {
		return nil, found
	}
	return c, nil
}

// parseProblem says the place and the rule, and never quotes the file: a line
// that does not parse may hold what should have been elsewhere.
func parseProblem(path string, err error) string {
	if p, ok := errors.AsType[toml.ParseError](err); ok {
		return fmt.Sprintf("%s: line %d is not what the setting takes; correct it", path, p.Position.Line)
	}
	return fmt.Sprintf("%s: a setting has a value of the wrong kind; correct it (%v)", path, err)
}

func (p *Problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

// Credential is how a path begins that names what systemd has handed to the
// service (LoadCredential=): a file, or for keys the folder of that name.
const Credential = "credential:"

// credentialsFolder is where systemd lays a service's credentials (systemd.exec(5)).
const credentialsFolder = "CREDENTIALS_DIRECTORY"

// anchor makes relative paths begin at dir, and those of credentials at the
// folder of the service. Outside a service the latter stay as they are, and
// whoever reads them says what is missing.
func (c *Config) anchor(dir string) {
	for _, path := range []*string{&c.Public.Certificate, &c.Public.CertificateKey, &c.Public.Keys, &c.Public.State,
		&c.Staff.Certificate, &c.Staff.CertificateKey, &c.Staff.Keys, &c.Staff.State, &c.Mail.PasswordFile, &c.Backup.Folder,
		&c.Parts.PublicKey, &c.Parts.StaffKey} {
		if name, is := strings.CutPrefix(*path, Credential); is {
			if here := os.Getenv(credentialsFolder); here != "" && filepath.IsLocal(name) {
				*path = filepath.Join(here, name)
			}
			continue
		}
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
}

// Door gives the section of a tier.
func (c *Config) Door(tier authz.Tier) Door {
	if tier == authz.Staff {
		return c.Staff
	}
	return c.Public
}

// DSN gives the connection string of a tier's role.
func (c *Config) DSN(tier authz.Tier) string {
	if tier == authz.Staff {
		return c.Database.Staff
	}
	return c.Database.Public
}

// Stanzas gives the agencies in the form that the rest of the program takes.
func (c *Config) Stanzas() []agency.Stanza {
	list := make([]agency.Stanza, len(c.Agencies))
	for i, a := range c.Agencies {
		list[i] = agency.Stanza(a)
	}
	return list
}

// Serves checks what the given tiers need to serve, and nothing of the others:
// the public tier's host has no key of the staff tier. It returns nil or a
// Problems.
func (c *Config) Serves(tiers ...authz.Tier) error {
	var found Problems
	for _, tier := range tiers {
		c.needsDSN(&found, string(tier), c.DSN(tier))
		c.Door(tier).check(&found, string(tier))
		if tier == authz.Staff {
			c.needsDSN(&found, "notify", c.Database.Notify)
			c.Mail.check(&found)
		}
	}
	c.Parts.check(&found, tiers...)
	if len(tiers) > 1 {
		if !c.OneProcess {
			found.add("both tiers in one process are less safe than two: set one_process = true if that is meant, or start one tier")
		}
		if c.Public.Listen != "" && c.Public.Listen == c.Staff.Listen && !strings.HasSuffix(c.Public.Listen, ":0") {
			found.add("staff.listen is the address of public.listen; give the tiers two addresses")
		}
	}
	if len(c.Agencies) == 0 {
		found.add("there is no [[agency]]; run gatepost agency add, and put the stanza that it prints into the configuration")
	}
	return found.orNil()
}

// Connects checks that a role's connection string is there, holds no password, and
// reaches servers on this machine or such as prove who they are. role is "owner", "public", "staff", "notify" or "backup". It
// returns nil or a Problems.
func (c *Config) Connects(role string) error {
	var found Problems
	c.needsDSN(&found, role, map[string]string{"owner": c.Database.Owner, "public": c.Database.Public, "staff": c.Database.Staff,
		"notify": c.Database.Notify, "backup": c.Database.Backup}[role])
	return found.orNil()
}

func (p Problems) orNil() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

var passwordPattern = regexp.MustCompile(`(?i)(^|[\s?&])(ssl)?password\s*=|^[a-z]+://[^/?#]*:[^/?#@]*@`)

func (c *Config) needsDSN(found *Problems, role, dsn string) {
	switch {
	case dsn == "":
		found.add("database.%s is missing; name the database that this role connects to", role)
	case passwordPattern.MatchString(dsn):
		found.add("database.%s holds a password; put it into a file that only this program may read and name it with passfile=", role)
	default:
		// The error of a string that cannot be read would repeat it.
		c, err := pgconn.ParseConfig(dsn)
		if err != nil {
			found.add("database.%s cannot be read; correct it, or the files that it names", role)
		} else if !private(c) {
			found.add("database.%s crosses a network, and anybody there could answer in PostgreSQL's place; add sslmode=verify-full and sslrootcert=, or name its socket", role)
		}
	}
}

// private tells whether every server that a connection string names is on this machine,
// or has to prove that it is the one named (ASVS 12.3.1 and 12.3.2).
func private(c *pgconn.Config) bool {
	safe := func(host string, t *tls.Config) bool {
		return strings.HasPrefix(host, "/") || agency.Loopback(host) || t != nil && !t.InsecureSkipVerify
	}
	return safe(c.Host, c.TLSConfig) && !slices.ContainsFunc(c.Fallbacks, func(f *pgconn.FallbackConfig) bool { return !safe(f.Host, f.TLSConfig) })
}

func (d Door) check(found *Problems, tier string) {
	host, port, err := net.SplitHostPort(d.Listen)
	switch {
	case d.Listen == "":
		found.add("%s.listen is missing; name the address to listen on, such as \":443\"", tier)
	case err != nil || port == "":
		found.add("%s.listen is no address; write it as \"host:port\"", tier)
	case d.Certificate == "" && len(d.TrustedProxies) == 0 && !agency.Loopback(host):
		found.add("%s.listen can be reached from other machines without TLS; name certificate and certificate_key, or trusted_proxies", tier)
	}
	if (d.Certificate == "") != (d.CertificateKey == "") {
		found.add("%s: certificate and certificate_key go together; name both or neither", tier)
	}
	if d.Certificate != "" && len(d.TrustedProxies) > 0 {
		found.add("%s: TLS ends here or at the trusted proxies; remove certificate or trusted_proxies", tier)
	}
	for _, text := range d.TrustedProxies {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			found.add("%s.trusted_proxies: %q is no network; write it as \"10.1.0.0/16\"", tier, text)
		} else if network.Bits() == 0 {
			found.add("%s.trusted_proxies: %q trusts everybody; name the network of the proxy", tier, text)
		}
	}
	if d.Keys == "" {
		found.add("%s.keys is missing; name the folder %s that gatepost keys init made", tier, tier)
	}
	if d.Connections != 0 && (d.Connections < 64 || d.Connections > 1<<20) {
		found.add("%s.connections is no number from 64 to 1048576; correct it, or remove it for 4096", tier)
	}
	if d.State == "" {
		found.add("%s.state is missing; name a folder that only this program writes, such as \"/var/lib/gatepost\"", tier)
	}
	if host, port, err := net.SplitHostPort(d.Ops); d.Ops != "" && (err != nil || port == "" || !agency.Loopback(host)) {
		found.add("%s.ops is no loopback address; write it as \"127.0.0.1:9101\"", tier)
	}
	if d.Ops != "" && d.Ops == d.Listen && !strings.HasSuffix(d.Ops, ":0") {
		found.add("%s.ops is the address of %s.listen; give it another port", tier, tier)
	}
	if d.DrainDelay < 0 || d.DrainDelay > MaxDrainDelay {
		found.add("%s.drain_delay is seconds, at most %d; correct it", tier, MaxDrainDelay)
	}
}

// check looks at the mail server's settings, also while it is off.
func (m Mail) check(found *Problems) {
	if m.Host == "" {
		if m != (Mail{Off: m.Off}) {
			found.add("mail.host is missing; name the server that takes our mail, or remove [mail]")
		}
		return
	}
	if strings.ContainsAny(m.Host, ":/ @") {
		found.add("mail.host is a host name alone; correct it, and put the port into mail.port")
	}
	if m.Port < 0 || m.Port > 65535 {
		found.add("mail.port is no port; 587 and 465 are the usual ones")
	}
	if a, err := mail.ParseAddress(m.From); err != nil || a.Address != m.From {
		found.add("mail.from is no bare address; write one such as post@mail.example, with nothing of the agency in it")
	}
	if (m.User == "") != (m.PasswordFile == "") {
		found.add("mail.user and mail.password_file go together; name both or neither")
	}
}

// submission is the usual port of a server that takes mail from its users (RFC 6409).
const submission = 587

// Server reads the password and gives the mail server in the form that the rest
// of the program takes. It is for a Mail that is Set and was checked.
func (m Mail) Server() (notice.Server, error) {
	s := notice.Server{Host: m.Host, Port: m.Port, From: m.From, User: m.User}
	if s.Port == 0 {
		s.Port = submission
	}
	if m.PasswordFile == "" {
		return s, nil
	}
	info, err := os.Stat(m.PasswordFile)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o037 != 0 {
		return s, Problems{"mail.password_file is missing or can be read by others; make it and chmod 600 it"}
	}
	text, err := os.ReadFile(m.PasswordFile)
	if err != nil {
		return s, Problems{"mail.password_file cannot be read; check whose it is"}
	}
	s.Password = strings.TrimRight(string(text), "\r\n")
	return s, nil
}

// Proxies gives the networks of trusted proxies. Those that do not parse are
// left out: Serves has refused them.
func (d Door) Proxies() []netip.Prefix {
	var list []netip.Prefix
	for _, text := range d.TrustedProxies {
		if network, err := netip.ParsePrefix(text); err == nil {
			list = append(list, network.Masked())
		}
	}
	return list
}

// Secure tells whether browsers reach this tier by TLS.
func (d Door) Secure() bool { return d.Certificate != "" || len(d.TrustedProxies) > 0 }

func (c *Config) checkAgencies(found *Problems) {
	var ids, publicHosts, staffHosts []string
	for i, a := range c.Agencies {
		where := fmt.Sprintf("agency %d", i+1)
		if a.ID != "" {
			where = "agency " + a.ID
		}
		for _, need := range []struct{ name, value string }{{"id", a.ID}, {"name", a.Name}, {"phone", a.Phone},
			{"public_host", a.PublicHost}, {"staff_host", a.StaffHost}, {"archive", a.Archive},
			{"door", a.Door}, {"registrar", a.Registrar}, {"log", a.Log}, {"system", a.System}} {
			if need.value == "" {
				found.add("%s: %s is missing; take it from the stanza that gatepost agency add printed", where, need.name)
			}
		}
		if a.Country != "" && a.Country != "E" && a.Country != "W" {
			found.add("%s: country is E for an agency registered in England and W for one in Wales", where)
		}
		if _, ok := agency.Stanza(a).Promised(); !ok {
			found.add("%s: promise and amber are working days, %d and %d where they are left out; amber is at least 1 and less than promise, and promise is at most %d",
				where, agency.DefaultPromise, agency.DefaultAmber, agency.MaxPromise)
			a.Promise, a.Amber = 0, 0 // said once
		}
		if a.SecondReader != "" && !slices.Contains(agency.SecondReaders(), a.SecondReader) {
			found.add("%s: second_reader is one of %s, and %s where it is left out", where, strings.Join(agency.SecondReaders(), ", "), agency.DefaultSecondReader)
			a.SecondReader = "" // said once
		}
		twice(found, where, "id", a.ID, &ids)
		twice(found, where, "public_host", a.PublicHost, &publicHosts)
		twice(found, where, "staff_host", a.StaffHost, &staffHosts)
		a.checkHosts(found, where)
		if a.Archive == "" || a.Door == "" || a.Registrar == "" || a.Log == "" || a.System == "" {
			continue
		}
		if _, err := agency.New(agency.Stanza(a)); err != nil {
			found.add("%v; take the stanza that gatepost agency add printed", err)
		}
	}
}

// checkHolidays refuses what is no date, and a date at a weekend, which is most
// likely a slip of the hand: a holiday there is taken on another day.
func (c *Config) checkHolidays(found *Problems) {
	for _, text := range c.Holidays {
		day, err := time.Parse(time.DateOnly, text)
		switch {
		case err != nil:
			found.add("holidays: every bank holiday is written as \"2027-05-03\"; correct the one that is not")
		case day.Weekday() == time.Saturday || day.Weekday() == time.Sunday:
			found.add("holidays: %s is a %s, which is no working day anyway; name the day on which the holiday is kept", text, day.Weekday())
		}
	}
}

// Days are the working days that the agencies count in. Parse has checked what
// the file says of them.
func (c *Config) Days() calendar.Days {
	var dates []time.Time
	for _, text := range c.Holidays {
		if day, err := time.Parse(time.DateOnly, text); err == nil {
			dates = append(dates, day)
		}
	}
	return calendar.Proclaimed(dates...)
}

func twice(found *Problems, where, name, value string, seen *[]string) {
	if value == "" {
		return
	}
	if slices.Contains(*seen, value) {
		found.add("%s: another agency has this %s; give each its own", where, name)
	}
	*seen = append(*seen, value)
}

// checkHosts keeps the tiers apart: a cookie knows hosts and no ports.
func (a Agency) checkHosts(found *Problems, where string) {
	for _, host := range []struct{ name, value string }{{"public_host", a.PublicHost}, {"staff_host", a.StaffHost}} {
		if strings.ContainsAny(host.value, ":/ ") || host.value != strings.ToLower(host.value) {
			found.add("%s: %s is a host name alone, in lower case, without scheme and port; correct it", where, host.name)
		}
	}
	if a.PublicHost != "" && a.PublicHost == a.StaffHost {
		found.add("%s: public_host and staff_host are the same; cookies would cross between the tiers, so give them two names", where)
	}
}

// Stanza prints an agency as it goes into the configuration.
func Stanza(s agency.Stanza) (string, error) {
	var b strings.Builder
	encoder := toml.NewEncoder(&b)
	encoder.Indent = ""
	if err := encoder.Encode(struct {
		Agencies []Agency `toml:"agency"`
	}{[]Agency{Agency(s)}}); err != nil {
		return "", fmt.Errorf("print a stanza: %w", err)
	}
	return strings.TrimSpace(b.String()) + "\n", nil
}

// Text prints the configuration as a file that Load reads.
func (c *Config) Text() (string, error) {
	var b strings.Builder
	encoder := toml.NewEncoder(&b)
	encoder.Indent = ""
	if err := encoder.Encode(c); err != nil {
		return "", fmt.Errorf("print a configuration: %w", err)
	}
	return b.String(), nil
}
