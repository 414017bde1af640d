package demo

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"gatepost/crypto/code"
	"gatepost/crypto/session"
	"gatepost/internal/account"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/tier"
	"gatepost/letterbox"
)

// fact is what worker and person of the demo have agreed on by telephone.
const fact = "the green gate"

// codeStep is the life of a one-time code (RFC 6238, 5.2).
const codeStep = 30 * time.Second

// head is how far behind the seeding's clock starts: more than all the codes
// that it needs of any one person, and less than the half hour of a claim.
const head = 17 * time.Minute

// Person is somebody of the demo as the person who tries it needs them.
type Person struct {
	Key        string     `json:"key"`
	Name       string     `json:"name"`
	Role       string     `json:"role"`
	Tier       authz.Tier `json:"tier"`
	Login      string     `json:"login"`
	Passphrase string     `json:"passphrase"`
	TOTP       string     `json:"totp,omitempty"` // the secret; "" for who uses no codes
	OnHold     bool       `json:"onHold,omitempty"`
	Agency     string     `json:"agency,omitempty"` // "" for the demo's own
	Case       bool       `json:"case,omitempty"`   // they read a file of the intermediary service
}

// clock is the time of the seeding.
type clock struct {
	mu    sync.Mutex
	fixed time.Time // guarded by mu; zero once it goes with the real one
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fixed.IsZero() {
		return time.Now()
	}
	return c.fixed
}

// past is the first moment from now on that lies in a later step of one-time
// codes than this one: nobody may use two codes of one step.
func (c *clock) past(step int64) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fixed.IsZero() {
		return time.Now()
	}
	for stepOf(c.fixed) <= step {
		c.fixed = c.fixed.Add(codeStep)
	}
	return c.fixed
}

// stepOf is the step of one-time codes in which a moment lies (RFC 6238, 4.2).
func stepOf(at time.Time) int64 { return at.Unix() / int64(codeStep/time.Second) }

func (c *clock) catchUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fixed = time.Time{}
}

// member is somebody while the world is made.
type member struct {
	Person
	cast
	id    string
	token session.Token
	coded int64 // the step of their last one-time code
}

// home is the agency whose door somebody comes through.
func (m *member) home() string {
	if m.Agency == "" {
		return AgencyID
	}
	return m.Agency
}

// seeding is a world being made.
type seeding struct {
	clock         *clock
	public, staff tier.Services
	folk          map[string]*member
	exchanges     map[string]letterbox.Exchange // by key of the relation
	children      map[string]letterbox.ChildID
	ids           map[string]letterbox.PersonID
	elm           bool // another agency shares the deployment
}

// Seed makes the world through the services of both tiers, whose agency must
// have been registered and not opened. It takes some twenty seconds on two
// processors, nearly all for the passphrases, and gives everybody with what
// they sign in with. When it fails, the database has half a world: begin again
// with an empty one.
func Seed(ctx context.Context, public, staff *tier.Tier, now time.Time) ([]Person, error) {
	s := &seeding{clock: &clock{fixed: now.Add(-head)}, folk: map[string]*member{}, exchanges: map[string]letterbox.Exchange{},
		children: map[string]letterbox.ChildID{}, ids: map[string]letterbox.PersonID{}}
	var err error
	if s.public, err = public.At(s.clock.now); err != nil {
		return nil, err
	}
	if s.staff, err = staff.At(s.clock.now); err != nil {
		return nil, err
	}
	_, s.elm = staff.Agencies.Get(ElmID)
	for _, act := range []func(context.Context) error{s.openAgency, s.hire, s.openExchanges, s.invite, s.confirm, s.write, s.tellStories, s.openCases, s.read, s.signOut} {
		if err := act(ctx); err != nil {
			return nil, fmt.Errorf("make the demo's world: %w", err)
		}
	}
	var people []Person
	for _, key := range All() {
		if m := s.folk[key]; m != nil { // the other agency's people may not be there
			people = append(people, m.Person)
		}
	}
	return people, nil
}

// door is the services that somebody comes through.
func (s *seeding) door(m *member) tier.Services {
	if m.Tier == authz.Staff {
		return s.staff
	}
	return s.public
}

// actor is somebody with what they may open by now.
func (s *seeding) actor(ctx context.Context, key string) (authz.Actor, error) {
	m := s.folk[key]
	return s.door(m).Accounts.Load(ctx, m.home(), m.token, account.Writing)
}

// enrol takes somebody from the paper to their first page. They take the
// passphrase that is offered.
func (s *seeding) enrol(ctx context.Context, m *member, paper account.Paper) error {
	door := s.door(m).Accounts
	token, err := door.Redeem(ctx, m.home(), netip.IPv6Loopback(), paper.Code, fact)
	if err != nil {
		return err
	}
	if m.Passphrase, err = door.Enrolling(ctx, m.home(), token); err != nil {
		return err
	}
	err = patiently(ctx, func() (err error) {
		m.token, _, err = door.Choose(ctx, m.home(), token, m.Passphrase, "Demo")
		return err
	})
	if err != nil {
		return err
	}
	m.Login, m.OnHold = paper.Reference, m.hold
	actor, err := door.Load(ctx, m.home(), m.token, account.Short)
	m.id = actor.Account()
	return err
}

// useCodes gives somebody who is signed in their second step.
func (s *seeding) useCodes(ctx context.Context, m *member) error {
	door := s.door(m).Accounts
	actor, err := s.actor(ctx, m.key)
	if err != nil {
		return err
	}
	offer, err := door.OfferTOTP(ctx, actor, m.token)
	if err != nil {
		return err
	}
	m.TOTP = strings.ReplaceAll(offer.Secret, " ", "")
	digits, err := s.code(m)
	if err != nil {
		return err
	}
	if actor, err = s.actor(ctx, m.key); err != nil {
		return err
	}
	return door.KeepTOTP(ctx, actor, m.token, digits)
}

// code is a one-time code that was not used before.
func (s *seeding) code(m *member) (string, error) {
	at := s.clock.past(m.coded)
	m.coded = stepOf(at)
	return code.Current(m.TOTP, at)
}

func (s *seeding) add(c cast, t authz.Tier) *member {
	m := &member{cast: c, Person: Person{Key: c.key, Name: c.name, Role: c.relation, Tier: t, Case: c.file != ""}}
	s.folk[c.key] = m
	return m
}

// openAgency brings the first manager in and makes the agency's keys.
func (s *seeding) openAgency(ctx context.Context) error {
	m := s.add(workers()[0], authz.Staff)
	paper, _, err := s.staff.Accounts.InviteFirst(ctx, AgencyID, fact)
	if err != nil {
		return err
	}
	return s.firstManager(ctx, m, paper)
}

// hire brings the other workers in; the manager confirms them. The other agency
// of the deployment opens meanwhile.
func (s *seeding) hire(ctx context.Context) error {
	manager := s.folk[workers()[0].key]
	boss, err := s.actor(ctx, manager.key)
	if err != nil {
		return err
	}
	var enrol []func() error
	for _, c := range workers()[1:] {
		m := s.add(c, authz.Staff)
		paper, err := s.staff.Accounts.InviteWorker(ctx, boss, c.name, fact)
		if err != nil {
			return err
		}
		enrol = append(enrol, func() error { return s.enrol(ctx, m, paper) })
	}
	if s.elm {
		una, silas := s.add(neighbours()[0], authz.Staff), s.add(neighbours()[1], authz.Staff)
		una.Agency, silas.Agency = ElmID, ElmID
		enrol = append([]func() error{func() error { return s.openElm(ctx, una, silas) }}, enrol...)
	}
	if err := inTurns(runtime.NumCPU(), enrol); err != nil {
		return err
	}
	for _, c := range workers()[1:] {
		if err := s.takeOn(ctx, manager, s.folk[c.key]); err != nil {
			return err
		}
	}
	return nil
}

// hireOne invites somebody and takes them on.
func (s *seeding) hireOne(ctx context.Context, manager, m *member) error {
	boss, err := s.actor(ctx, manager.key)
	if err != nil {
		return err
	}
	paper, err := s.staff.Accounts.InviteWorker(ctx, boss, m.name, fact)
	if err != nil {
		return err
	}
	if err := s.enrol(ctx, m, paper); err != nil {
		return err
	}
	return s.takeOn(ctx, manager, m)
}

// takeOn gives a worker who has enrolled their codes, and has the manager
// confirm them.
func (s *seeding) takeOn(ctx context.Context, manager, m *member) error {
	if err := s.useCodes(ctx, m); err != nil {
		return err
	}
	boss, err := s.actor(ctx, manager.key)
	if err != nil {
		return err
	}
	digits, err := s.code(manager)
	if err != nil {
		return err
	}
	if slices.Equal(m.roles, []authz.Role{authz.Auditor}) {
		until := calendar.Today(s.clock.now()).AddDate(0, 0, account.LongestVisit)
		return s.staff.Accounts.ConfirmAuditor(ctx, boss, m.id, until, digits)
	}
	return s.staff.Accounts.ConfirmWorker(ctx, boss, m.id, m.roles, digits)
}

// readers are those who work for the letterbox alone, and share its work.
func readers() []string {
	var keys []string
	for _, c := range workers() {
		if slices.Equal(c.roles, []authz.Role{authz.LetterboxWorker}) {
			keys = append(keys, c.key)
		}
	}
	return keys
}

func (s *seeding) openExchanges(ctx context.Context) error {
	for i, r := range relations() {
		worker, err := s.actor(ctx, readers()[i%len(readers())])
		if err != nil {
			return err
		}
		id, err := s.staff.Letters.OpenExchange(ctx, worker, s.exchange(r))
		if err != nil {
			return err
		}
		x, err := s.staff.Letters.Exchange(ctx, worker, id)
		if err != nil {
			return err
		}
		s.exchanges[r.key] = x
		s.remember(x)
	}
	return nil
}

// exchange writes a relation down as a worker does, with people and children
// that are known already by their ids.
func (s *seeding) exchange(r relation) letterbox.NewExchange {
	var n letterbox.NewExchange
	for i, h := range r.sides {
		n.Sides[i] = letterbox.NewSide{Book: string(h.book), Names: h.names, MaySend: []string{"letter", "card"}, TimesAYear: h.times, Months: h.months}
		for _, key := range h.people {
			c := families()[slices.IndexFunc(families(), func(c cast) bool { return c.key == key })]
			n.Sides[i].People = append(n.Sides[i].People, letterbox.NewPerson{ID: s.ids[c.name], Name: c.name, Relation: c.relation, Address: c.address, Phone: c.phone})
		}
	}
	today := calendar.Today(s.clock.now())
	for _, key := range r.children {
		c := children()[slices.IndexFunc(children(), func(c child) bool { return c.key == key })]
		n.Children = append(n.Children, letterbox.NewChild{ID: s.children[c.birth], BirthName: c.birth, AdoptiveName: c.adoptive, Born: c.born(today)})
	}
	return n
}

// remember notes the ids that an exchange has made.
func (s *seeding) remember(x letterbox.Exchange) {
	for _, side := range x.Sides {
		for _, p := range side.People {
			s.ids[p.Name] = p.ID
		}
	}
	for _, c := range x.Children {
		s.children[c.BirthName] = c.ID
	}
}

// invite prints everybody's invitation, and they all enrol.
func (s *seeding) invite(ctx context.Context) error {
	worker, err := s.actor(ctx, readers()[0])
	if err != nil {
		return err
	}
	var enrol []func() error
	for _, c := range families() {
		paper, err := s.staff.Accounts.InvitePerson(ctx, worker, string(s.ids[c.name]), fact)
		if err != nil {
			return err
		}
		m := s.add(c, authz.Public)
		enrol = append(enrol, func() error { return s.enrol(ctx, m, paper) })
	}
	return inTurns(runtime.NumCPU(), enrol)
}

// inTurns does acts, at most so many at once: the gate of the passphrases lets
// no more through, and those who wait at it are sent away after a while.
func inTurns(width int, acts []func() error) error {
	var all sync.WaitGroup
	turns, errs := make(chan struct{}, width), make([]error, len(acts))
	for i, act := range acts {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			errs[i] = act()
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// tries is how often the demo asks for what the machine was too busy for. Each
// may take the quarter of a minute that the gate of the passphrases lets
// somebody wait.
const tries = 20

// patiently does an act again while it is refused because we are busy, which
// means that nothing was done.
func patiently(ctx context.Context, act func() error) (err error) {
	for range tries {
		if err = act(); fault.KindOf(err) != fault.Busy || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// confirm ends the hold of everybody but those who are to wait, and lets those
// who use codes set them up.
func (s *seeding) confirm(ctx context.Context) error {
	for i, c := range families() {
		m := s.folk[c.key]
		if c.totp {
			if err := s.useCodes(ctx, m); err != nil {
				return err
			}
		}
		if c.hold {
			continue
		}
		by := s.folk[readers()[i%len(readers())]]
		worker, err := s.actor(ctx, by.key)
		if err != nil {
			return err
		}
		digits, err := s.code(by)
		if err != nil {
			return err
		}
		if err := s.staff.Accounts.ConfirmPerson(ctx, worker, m.id, digits); err != nil {
			return err
		}
	}
	return nil
}

// write takes every letter as far as the script says, but for those that are
// being read: the half hour of their claim begins last of all.
func (s *seeding) write(ctx context.Context) error {
	return s.letters(ctx, func(ends stage) bool { return ends != claimed })
}

func (s *seeding) read(ctx context.Context) error {
	return s.letters(ctx, func(ends stage) bool { return ends == claimed })
}

func (s *seeding) letters(ctx context.Context, which func(stage) bool) error {
	for _, step := range script() {
		if !which(step.ends) {
			continue
		}
		if err := s.letter(ctx, step); err != nil {
			return fmt.Errorf("letter %s: %w", step.file, err)
		}
	}
	return nil
}

func (s *seeding) letter(ctx context.Context, step step) error {
	text, err := letters.ReadFile("letters/" + step.file)
	if err != nil {
		return err
	}
	id, err := s.send(ctx, step, strings.TrimSpace(string(text)))
	if err != nil || step.ends <= received {
		return err
	}
	if step.ends == claimed {
		s.clock.catchUp() // the half hour of the claim begins now
	}
	worker, err := s.actor(ctx, step.worker)
	if err != nil {
		return err
	}
	desk := s.staff.Letters
	if err := desk.Claim(ctx, worker, id); err != nil {
		return err
	}
	if _, err := desk.Read(ctx, worker, id); err != nil {
		return err
	}
	switch step.ends {
	case claimed:
		return nil
	case translating:
		return s.translate(ctx, worker, id)
	case returned:
		return desk.Return(ctx, worker, id, step.reason, step.words, step.note)
	}
	if err := desk.Pass(ctx, worker, id, step.note); err != nil || step.ends == waiting {
		return err
	}
	return s.open(ctx, step)
}

// translate gives a claimed letter in Welsh to the translator, who begins.
func (s *seeding) translate(ctx context.Context, worker authz.Actor, id letterbox.LetterID) error {
	begun, err := letters.ReadFile("letters/imelda-begun.txt")
	if err != nil {
		return err
	}
	if err := s.staff.Letters.SayLanguage(ctx, worker, id, letterbox.Welsh); err != nil {
		return err
	}
	if err := s.staff.Letters.GiveToTranslator(ctx, worker, id, s.folk["ifan"].id, ""); err != nil {
		return err
	}
	ifan, err := s.actor(ctx, "ifan")
	if err != nil {
		return err
	}
	_, err = s.staff.Letters.SaveTask(ctx, ifan, id, 0, strings.TrimSpace(string(begun)))
	return err
}

// sideOf is the author's own side of an exchange, and the other one.
func (s *seeding) sideOf(step step) (own, other letterbox.SideID) {
	x := s.exchanges[step.exchange]
	for i, side := range x.Sides {
		if slices.ContainsFunc(side.People, func(p letterbox.PersonLine) bool { return p.Name == s.folk[step.author].name }) {
			return side.ID, x.Sides[1-i].ID
		}
	}
	return "", ""
}

// send begins a draft and, unless it is to stay one, sends it.
func (s *seeding) send(ctx context.Context, step step, text string) (letterbox.LetterID, error) {
	author, err := s.actor(ctx, step.author)
	if err != nil {
		return "", err
	}
	own, _ := s.sideOf(step)
	var begun letterbox.DraftID
	if step.rewrite {
		begun, err = s.begunAgain(ctx, author, own)
	} else {
		begun, err = s.public.Letters.NewDraft(ctx, author, own, text)
	}
	if err != nil || step.ends == draft {
		return "", err
	}
	d, err := s.public.Letters.OpenDraft(ctx, author, begun)
	if err != nil {
		return "", err
	}
	if string(d.Text) != text {
		if d.Version, err = s.public.Letters.SaveDraft(ctx, author, begun, d.Version, text); err != nil {
			return "", err
		}
	}
	return s.public.Letters.Send(ctx, author, begun, d.Version)
}

// begunAgain is the draft that rewrites the returned letter of a side.
func (s *seeding) begunAgain(ctx context.Context, author authz.Actor, own letterbox.SideID) (letterbox.DraftID, error) {
	side, err := s.public.Letters.Side(ctx, author, own)
	if err != nil {
		return "", err
	}
	for _, sent := range side.Sent {
		if sent.Told == letterbox.Returned {
			return s.public.Letters.Rewrite(ctx, author, sent.ID)
		}
	}
	return "", errors.New("no letter has come back")
}

// open lets the reader open the letter that came last.
func (s *seeding) open(ctx context.Context, step step) error {
	reader, err := s.actor(ctx, step.reader)
	if err != nil {
		return err
	}
	_, other := s.sideOf(step)
	side, err := s.public.Letters.Side(ctx, reader, other)
	if err != nil {
		return err
	}
	for _, came := range side.Came {
		if !came.Opened {
			_, err := s.public.Letters.Open(ctx, reader, came.ID)
			return err
		}
	}
	return errors.New("no letter has come")
}

// signOut ends every session of the seeding: the lists of where people are
// signed in begin with whoever tries the demo.
func (s *seeding) signOut(ctx context.Context) error {
	for _, m := range s.folk {
		if err := s.door(m).Accounts.SignOut(ctx, m.home(), m.token); err != nil {
			return err
		}
	}
	return nil
}
