package accounttest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/code"
	"gatepost/crypto/passphrase"
	"gatepost/crypto/passphrase/passphrasetest"
	"gatepost/crypto/session"
	"gatepost/crypto/statement"
	"gatepost/intermediary"
	"gatepost/internal/account"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/darkroom"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/studio"
	"gatepost/internal/tier"
	"gatepost/letterbox"
)

// Passphrase is everybody's passphrase, and Fact everybody's agreed fact.
const (
	Passphrase = "marmalade on a wet tuesday"
	Fact       = "the blue gate"
)

// Clock is the time of a world. It moves only when a test moves it.
type Clock struct {
	mu  sync.Mutex
	now time.Time // guarded by mu
}

// Now is the world's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the world's time.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// World is one database with an opened agency, and the services of both tiers.
type World struct {
	Database *postgrestest.Database
	PublicDB *postgres.DB
	StaffDB  *postgres.DB
	Clock    *Clock

	Public, Staff         *account.Service // the doors
	Families, Desk        *letterbox.Service
	PublicWork, StaffWork *passphrase.Work // count scrypt runs

	// What the doors were made of, for tests that make another.
	PublicConfig, StaffConfig account.Config

	// Statements that the doors' databases were sent.
	PublicSent, StaffSent *Sent

	PublicAgencies, StaffAgencies *agency.Registry
	// Home is the agency of the world, as the staff tier has it; Door is the
	// same as the public tier has it.
	Home, Door *agency.Agency
	Archive    *age.HybridIdentity // of Home

	ManagerLogin, WorkerLogin Login
	Manager, Worker           authz.Actor
}

// Login is how somebody made by a world signs in.
type Login struct {
	ID         string // account
	Name       string // reference
	Passphrase string
	Secret     string        // for one-time codes; "" for none
	Token      session.Token // of the latest session made for them
}

// From is the address of every request that the world makes by itself.
func From() netip.Addr { return netip.MustParseAddr("203.0.113.7") }

// NewWorld makes a world around the agency "oak". The letterbox team has one
// worker; nobody of a family is known yet.
func NewWorld(t testing.TB) *World {
	t.Helper()
	return openHome(t, newWorld(t, "oak"))
}

// NewTwoAgencies makes a world in which a second agency, "elm", shares both
// tiers. Only "oak" is open.
func NewTwoAgencies(t testing.TB) *World {
	t.Helper()
	return openHome(t, newWorld(t, "oak", "elm"))
}

// NewSharedArchive is NewTwoAgencies for two that have one archive between them.
func NewSharedArchive(t testing.TB) *World {
	t.Helper()
	w := newTiers(t)
	archive, err := age.GenerateHybridIdentity()
	must(t, err)
	w.addAgencies(t, archive, "oak", "elm")
	return openHome(t, w)
}

// openHome opens the first agency and gives its letterbox team one worker.
func openHome(t testing.TB, w *World) *World {
	t.Helper()
	w.Home, w.Door = w.StaffAgencies.All()[0], w.PublicAgencies.All()[0]
	w.ManagerLogin, w.Manager = w.Open(t, w.Home.ID)
	w.WorkerLogin, w.Worker = w.NewWorker(t, "Rhys Penhaligon", authz.LetterboxWorker)
	// The manager's session is as old as the confirmation; they are signed in anew.
	w.Manager = w.SignInWorker(t, &w.ManagerLogin)
	return w
}

// NewClosed makes a world whose agency nobody has opened: no keys, no workers.
func NewClosed(t testing.TB) *World {
	t.Helper()
	w := newWorld(t, "oak")
	w.Home, w.Door = w.StaffAgencies.All()[0], w.PublicAgencies.All()[0]
	return w
}

func newWorld(t testing.TB, ids ...string) *World {
	t.Helper()
	w := newTiers(t)
	w.addAgencies(t, nil, ids...)
	return w
}

// newTiers makes a world without agencies.
func newTiers(t testing.TB) *World {
	t.Helper()
	db := postgrestest.New(t)
	w := &World{Database: db, PublicSent: &Sent{}, StaffSent: &Sent{}, Clock: &Clock{now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}}
	w.PublicDB = db.DB(postgres.RolePublic, postgres.WithConnections(8), postgres.WithConstraints(letterbox.Constraints()), postgres.WithConstraints(intermediary.Constraints()), w.PublicSent.watch)
	w.StaffDB = db.DB(postgres.RoleStaff, postgres.WithConnections(8), postgres.WithConstraints(letterbox.Constraints()), postgres.WithConstraints(intermediary.Constraints()), w.StaffSent.watch)
	return w
}

// addAgencies gives each agency an archive of its own, or all of them this one.
func (w *World) addAgencies(t testing.TB, shared *age.HybridIdentity, ids ...string) {
	t.Helper()
	var public, staff []*agency.Agency
	for _, id := range ids {
		archive := shared
		if archive == nil {
			var err error
			archive, err = age.GenerateHybridIdentity()
			must(t, err)
		}
		door, desk := agencyOf(t, id, archive)
		if w.Archive == nil {
			w.Archive = archive
		}
		public, staff = append(public, door), append(staff, desk)
		w.addAgency(t, door)
	}
	w.PublicAgencies, w.StaffAgencies = agency.NewRegistry(public...), agency.NewRegistry(staff...)
	w.services(t)
}

// NewAgency makes an agency's keys and gives it as either tier has it.
func NewAgency(t testing.TB, id string) (public, staff *agency.Agency, archive *age.HybridIdentity) {
	t.Helper()
	archive, err := age.GenerateHybridIdentity()
	must(t, err)
	public, staff = agencyOf(t, id, archive)
	return public, staff, archive
}

func agencyOf(t testing.TB, id string, archive *age.HybridIdentity) (public, staff *agency.Agency) {
	t.Helper()
	secret, verifier := map[string]string{}, map[string]string{}
	for _, role := range []statement.Role{statement.RoleDoor, statement.RoleRegistrar, statement.RoleLog, statement.RoleSystem} {
		skey, vkey, err := statement.NewKey(statement.KeyName(id, role))
		must(t, err)
		secret[string(role)], verifier[string(role)] = skey, vkey
	}
	stanza := agency.Stanza{
		ID: id, Name: "The " + id + " agency", Phone: "01632 960123", Hours: "Monday to Friday, 9 to 5",
		PublicHost: "letters." + id + ".example", StaffHost: "desk." + id + ".example", Archive: archive.Recipient().String(),
		Door: verifier["door"], Registrar: verifier["registrar"], Log: verifier["log"], System: verifier["system"],
	}
	public, err := agency.New(stanza, secret["door"])
	must(t, err)
	staff, err = agency.New(stanza, secret["registrar"], secret["log"], secret["system"])
	must(t, err)
	return public, staff
}

// addAgency does what the operator's command and the start of both tiers do.
func (w *World) addAgency(t testing.TB, a *agency.Agency) {
	t.Helper()
	scope, stanza := postgres.Scope{Agency: a.ID}, a.Fingerprint()
	must(t, w.StaffDB.Act(t.Context(), scope, nil, func(b *pgx.Batch) error {
		b.Queue(`insert into agency (id, stanza) values ($1, $2)`, a.ID, stanza[:])
		b.Queue(`insert into audit_gate (agency_id) values ($1)`, a.ID)
		b.Queue(`update agency set staff_seen = $1 where id = agency()`, stanza[:])
		return nil
	}))
	must(t, w.PublicDB.Act(t.Context(), scope, nil, func(b *pgx.Batch) error {
		b.Queue(`update agency set public_seen = $1 where id = agency()`, stanza[:])
		return nil
	}))
}

func (w *World) services(t testing.TB) {
	t.Helper()
	w.PublicWork, w.StaffWork = passphrasetest.Fast(), passphrasetest.Fast()
	login, codes := random(), random()
	config := func(tier authz.Tier, db *postgres.DB, agencies *agency.Registry, work *passphrase.Work) account.Config {
		pepper, err := passphrase.NewPepper(1, random())
		must(t, err)
		peppers, err := passphrase.NewPeppers(pepper)
		must(t, err)
		return account.Config{DB: db, Agencies: agencies, Tier: tier, Peppers: peppers, LoginKey: login, CodeKey: codes,
			Gate: passphrase.NewGate(), Work: work, Now: w.Clock.Now, Log: Log(t)}
	}
	w.PublicConfig = config(authz.Public, w.PublicDB, w.PublicAgencies, w.PublicWork)
	w.StaffConfig = config(authz.Staff, w.StaffDB, w.StaffAgencies, w.StaffWork)
	index := audit.NewIndex(w.StaffDB, w.StaffAgencies.VerifyIn(w.StaffDB))
	w.StaffConfig.Index = index
	w.Public, w.Staff = MustService(t, w.PublicConfig), MustService(t, w.StaffConfig)
	photos, err := darkroom.New(2, darkroom.Standard())
	must(t, err)
	voices, err := studio.New(3, 2, studio.Standard())
	must(t, err)
	reasons, err := tier.Reasons()
	must(t, err)
	w.Families = letterbox.New(w.PublicDB, w.PublicAgencies, nil, w.Clock.Now, Log(t)).WithDarkroom(photos).WithStudio(voices)
	w.Desk = letterbox.New(w.StaffDB, w.StaffAgencies, index, w.Clock.Now, Log(t)).WithCodes(w.Staff).WithRelay(tier.Relay).WithDarkroom(photos).WithReasons(reasons)
}

// MustService makes a door.
func MustService(t testing.TB, c account.Config) *account.Service {
	t.Helper()
	s, err := account.New(c)
	must(t, err)
	return s
}

// Log writes to the test's own output.
func Log(t testing.TB) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

func random() (key [32]byte) {
	rand.Read(key[:])
	return key
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Code is a one-time code of somebody that was not used before: the world's
// time goes on by half a minute for it.
func (w *World) Code(t testing.TB, l *Login) string {
	t.Helper()
	w.Clock.Advance(30 * time.Second)
	digits, err := code.Current(l.Secret, w.Clock.Now())
	must(t, err)
	return digits
}

// door gives the door and the agency through which a kind of account comes.
func (w *World) door(worker bool) *account.Service {
	if worker {
		return w.Staff
	}
	return w.Public
}

// Enrol takes somebody from the paper to the page with the four words.
func (w *World) Enrol(t testing.TB, agencyID string, worker bool, paper account.Paper) Login {
	t.Helper()
	s := w.door(worker)
	token, err := s.Redeem(t.Context(), agencyID, From(), paper.Code, Fact)
	must(t, err)
	token, _, err = s.Choose(t.Context(), agencyID, token, Passphrase, "Firefox on Linux")
	must(t, err)
	actor, err := s.Load(t.Context(), agencyID, token, account.Short)
	must(t, err)
	return Login{ID: actor.Account(), Name: paper.Reference, Passphrase: Passphrase, Token: token}
}

// SetTOTP gives somebody who is signed in a second step.
func (w *World) SetTOTP(t testing.TB, agencyID string, worker bool, l *Login) {
	t.Helper()
	s := w.door(worker)
	offer, err := s.OfferTOTP(t.Context(), w.load(t, s, agencyID, l.Token), l.Token)
	must(t, err)
	l.Secret = ungroup(offer.Secret)
	must(t, s.KeepTOTP(t.Context(), w.load(t, s, agencyID, l.Token), l.Token, w.Code(t, l)))
}

func ungroup(s string) string {
	var out []rune
	for _, r := range s {
		if r != ' ' {
			out = append(out, r)
		}
	}
	return string(out)
}

func (w *World) load(t testing.TB, s *account.Service, agencyID string, token session.Token) authz.Actor {
	t.Helper()
	actor, err := s.Load(t.Context(), agencyID, token, account.Short)
	must(t, err)
	return actor
}

// SignIn signs somebody in with a code if they use one, and notes the token.
func (w *World) SignIn(t testing.TB, agencyID string, worker bool, l *Login) authz.Actor {
	t.Helper()
	in := account.SignIn{Name: l.Name, Passphrase: l.Passphrase, From: From(), Browser: "Chrome on Android"}
	if l.Secret != "" {
		in.Code = w.Code(t, l)
	}
	s := w.door(worker)
	token, err := s.SignIn(t.Context(), agencyID, in)
	must(t, err)
	l.Token = token
	return w.load(t, s, agencyID, token)
}

// SignInWorker signs a worker of the world's agency in.
func (w *World) SignInWorker(t testing.TB, l *Login) authz.Actor {
	t.Helper()
	return w.SignIn(t, w.Home.ID, true, l)
}

// SignInPerson signs a person of the world's agency in.
func (w *World) SignInPerson(t testing.TB, l *Login) authz.Actor {
	t.Helper()
	return w.SignIn(t, w.Home.ID, false, l)
}

// Open opens an agency with its first manager, Carys Marlowe.
func (w *World) Open(t testing.TB, agencyID string) (Login, authz.Actor) {
	t.Helper()
	paper, _, err := w.Staff.InviteFirst(t.Context(), agencyID, Fact)
	must(t, err)
	l := w.Enrol(t, agencyID, true, paper)
	w.SetTOTP(t, agencyID, true, &l)
	must(t, w.Staff.OpenAgency(t.Context(), agencyID, account.Opening{Name: l.Name, Passphrase: l.Passphrase,
		Code: w.Code(t, &l), Display: "Carys Marlowe"}))
	return l, w.SignIn(t, agencyID, true, &l)
}

// NewWorker invites, enrols and confirms a worker of the world's agency; an
// auditor for as long as can be.
func (w *World) NewWorker(t testing.TB, name string, roles ...authz.Role) (Login, authz.Actor) {
	t.Helper()
	paper, err := w.Staff.InviteWorker(t.Context(), w.Manager, name, Fact)
	must(t, err)
	l := w.Enrol(t, w.Home.ID, true, paper)
	w.SetTOTP(t, w.Home.ID, true, &l)
	if code := w.Code(t, &w.ManagerLogin); len(roles) == 1 && roles[0] == authz.Auditor {
		must(t, w.Staff.ConfirmAuditor(t.Context(), w.Manager, l.ID, calendar.Today(w.Clock.Now()).AddDate(0, 0, account.LongestVisit), code))
	} else {
		must(t, w.Staff.ConfirmWorker(t.Context(), w.Manager, l.ID, roles, code))
	}
	return l, w.SignInWorker(t, &l)
}

// OpenExchange opens an exchange about one child between a birth mother and an
// adopter, neither of whom has been invited yet, and gives their ids.
func (w *World) OpenExchange(t testing.TB) (id letterbox.ExchangeID, birth, adoptive string) {
	t.Helper()
	side := func(book, name, relation string) letterbox.NewSide {
		return letterbox.NewSide{Book: book, People: []letterbox.NewPerson{{Name: name, Relation: relation, Phone: "07700 900123"}},
			Names: letterbox.Names{Children: []string{"Wren"}, Other: "the other family", Self: "us"}, MaySend: []string{"letter", "card"}, TimesAYear: 2}
	}
	id, err := w.Desk.OpenExchange(t.Context(), w.Worker, letterbox.NewExchange{
		Sides:    [2]letterbox.NewSide{side("birth", "Tamsin Vale", "birth mother"), side("adoptive", "Morwenna Hale", "adopter")},
		Children: []letterbox.NewChild{{BirthName: "Wren Vale", AdoptiveName: "Wren Hale", Born: w.Clock.Now().AddDate(-7, 0, 0)}},
	})
	must(t, err)
	x, err := w.Desk.Exchange(t.Context(), w.Worker, id)
	must(t, err)
	return id, string(x.Sides[0].People[0].ID), string(x.Sides[1].People[0].ID)
}

// EnrolPerson invites a person and takes them to the page with the four words:
// they are on hold, and signed in.
func (w *World) EnrolPerson(t testing.TB, personID string) Login {
	t.Helper()
	paper, err := w.Staff.InvitePerson(t.Context(), w.Worker, personID, Fact)
	must(t, err)
	return w.Enrol(t, w.Home.ID, false, paper)
}

// ConfirmPerson ends a person's hold.
func (w *World) ConfirmPerson(t testing.TB, personID string) {
	t.Helper()
	must(t, w.Staff.ConfirmPerson(t.Context(), w.Worker, personID, w.Code(t, &w.WorkerLogin)))
}

// NewPerson enrols and confirms a person and signs them in.
func (w *World) NewPerson(t testing.TB, personID string) (Login, authz.Actor) {
	t.Helper()
	l := w.EnrolPerson(t, personID)
	w.ConfirmPerson(t, personID)
	return l, w.SignInPerson(t, &l)
}

// Exec changes the database behind everybody's back, as its administrator.
func (w *World) Exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	_, err := w.Database.Admin().Exec(context.Background(), sql, args...)
	must(t, err)
}
