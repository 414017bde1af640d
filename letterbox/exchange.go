package letterbox

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

const (
	sqlInsertExchange = `insert into exchange (agency_id, id, reference, opened_by, second_reader) values (agency(), $1, $2, account(), $3)`
	sqlOpenedByMe     = `select id from exchange where agency_id = agency() and id = $1 and opened_by = account()`
	sqlInsertSide     = `insert into side (agency_id, id, exchange_id, place, book, may_send, times_a_year, months)
		values (agency(), @id, @exchange, @place, @book, @maySend, @times, @months)`
	sqlInsertPerson  = `insert into person (agency_id, id) values (agency(), $1)`
	sqlInsertMember  = `insert into side_member (agency_id, side_id, person_id, leaf) values (agency(), $1, $2, $3)`
	sqlInsertChild   = `insert into child (agency_id, id) values (agency(), $1)`
	sqlExchangeChild = `insert into exchange_child (agency_id, exchange_id, child_id, relays_end_on) values (agency(), $1, $2, $3)`
	sqlPeople        = `select id, state from person where agency_id = agency() and id = any($1)`
	sqlStanding      = `select id, state from person where agency_id = agency() and id = any($1) order by id for update`
	// A query of its own, for it has to see what was done while the one before waited.
	sqlPersonKeys = `select p.id, (select coalesce(max(n.epoch), 0) from node n where n.agency_id = p.agency_id and n.id = 'person/' || p.id
		and n.key_leaf is not null)::int as epoch from person p where p.agency_id = agency() and p.id = any($1)`
	sqlKnown = `select ''::text as of, book, id, epoch, name, details from directory where agency_id = agency() and id = any($1) and not person_closed(id)`
)

// NewExchangeID chooses the id of an exchange that is about to be opened.
func NewExchangeID() ExchangeID { return ExchangeID(agency.NewID("ex")) }

// opening is an exchange being opened: everything sealed and signed before the
// transaction, and queued in it.
type opening struct {
	ag     *agency.Agency
	actor  authz.Actor
	signer note.Signer
	at     time.Time
	id     string
	sides  [2]string

	caseNode  agency.Node
	sideNodes [2]agency.Node
	active    map[string]agency.Node   // people who are on other sides already, with their own keys
	queue     []func(*pgx.Batch) error // what the transaction writes, in order
	bodies    [][]byte                 // the statements, appended last
}

// OpenExchange opens an exchange with its two sides, their names and what may
// be sent, about one or more children of one home. Names and addresses go into
// the directories; the keys of the case and of both sides are made here and
// vouched for by the registrar. Invalid names the first field that cannot be
// used ("sides.0.people", "children.0.born", …). Conflict: a court forbids contact
// between somebody of each side, in another exchange. The same ID by the same worker
// again is the exchange that is there.
func (s *Service) OpenExchange(ctx context.Context, actor authz.Actor, n NewExchange) (ExchangeID, error) {
	ag, err := s.begin(ctx, actor, authz.OpenExchange, "exchange")
	if err != nil {
		return "", err
	}
	if n.ID == "" {
		n.ID = NewExchangeID()
	}
	if !agency.ValidID("ex", string(n.ID)) {
		return "", notFound()
	}
	if err := s.fillKnown(ctx, actor, &n); err != nil {
		return "", err
	}
	if n, err = checkExchange(n, calendar.Today(s.now())); err != nil {
		return "", err
	}
	signer, err := actor.Keys().Signer()
	if err != nil {
		return "", fmt.Errorf("open exchange: %w", err)
	}
	o := &opening{ag: ag, actor: actor, signer: signer, at: s.now(), id: string(n.ID), sides: [2]string{agency.NewID("sd"), agency.NewID("sd")}}
	known := personIDs(&n)
	team, err := s.keysFor(ctx, o, known)
	if err != nil {
		return "", err
	}
	if err := o.keys(&n, team); err != nil {
		return "", err
	}
	if err := o.people(&n); err != nil {
		return "", err
	}
	if err := o.records(n); err != nil {
		return "", err
	}
	if err := o.protect(n); err != nil {
		return "", err
	}
	var now []standing
	var keys []newestKey
	s.at("openExchange")
	err = s.db.Act(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &now, sqlStanding, known)
		postgres.Many(b, &keys, sqlPersonKeys, known)
	}, func(b *pgx.Batch) error {
		if err := o.still(now, keys); err != nil {
			return err
		}
		for _, q := range o.queue {
			if err := q(b); err != nil {
				return err
			}
		}
		audit.Append(b, o.bodies...)
		return nil
	})
	if err != nil {
		return s.openedBefore(ctx, actor, n.ID, s.db.Fault(fmt.Errorf("open exchange: %w", err)))
	}
	return ExchangeID(o.id), nil
}

// openedBefore finds the exchange that the same click has opened: it is the
// answer to the second one. Anything else keeps its error.
func (s *Service) openedBefore(ctx context.Context, actor authz.Actor, id ExchangeID, failed error) (ExchangeID, error) {
	var mine []string
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlOpenedByMe, string(id)).Query(func(r pgx.Rows) (err error) {
			mine, err = pgx.CollectRows(r, pgx.RowTo[string])
			return err
		})
	})
	if err != nil || len(mine) == 0 {
		return "", failed
	}
	return id, nil
}

// fillKnown takes people and children that the directories know from there,
// whatever was typed beside their ids.
func (s *Service) fillKnown(ctx context.Context, actor authz.Actor, n *NewExchange) error {
	ids := knownIDs(n)
	if len(ids) == 0 {
		return nil
	}
	var rows []nameRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlKnown, ids) })
	if err != nil {
		return s.db.Fault(fmt.Errorf("load known people: %w", err))
	}
	known := map[string]agency.Record{}
	for _, r := range rows {
		record, err := agency.OpenRecord(actor.Keys(), r.RecordRow)
		if err != nil {
			return fault.Wrap(fault.Sealed, "fault.sealed", err)
		}
		known[r.Book+"/"+r.ID] = record
	}
	for i := range n.Sides {
		for j := range n.Sides[i].People {
			p := &n.Sides[i].People[j]
			r, ok := known[n.Sides[i].Book+"/"+string(p.ID)]
			if p.ID != "" && !ok {
				return fault.Field(fmt.Sprintf("sides.%d.people.%d", i, j), "fault.notFound")
			}
			if ok {
				p.Name, p.Relation, p.Address, p.Phone = r.Name, r.Relation, r.Address, r.Phone
			}
		}
	}
	for i := range n.Children {
		c := &n.Children[i]
		birth, ok := known["birth/"+string(c.ID)]
		born, err := time.Parse(time.DateOnly, birth.Born)
		if c.ID != "" && (!ok || err != nil) {
			return fault.Field(fmt.Sprintf("children.%d", i), "fault.notFound")
		}
		if ok {
			c.BirthName, c.AdoptiveName, c.Born = birth.Name, known["adoptive/"+string(c.ID)].Name, born
		}
	}
	return nil
}

// personIDs are those of people who were known before; never nil.
func personIDs(n *NewExchange) []string {
	ids := []string{}
	for _, side := range n.Sides {
		for _, p := range side.People {
			if p.ID != "" {
				ids = append(ids, string(p.ID))
			}
		}
	}
	return ids
}

func knownIDs(n *NewExchange) []string {
	ids := personIDs(n)
	for _, c := range n.Children {
		if c.ID != "" {
			ids = append(ids, string(c.ID))
		}
	}
	return ids
}

func (o *opening) then(q func(b *pgx.Batch)) {
	o.queue = append(o.queue, func(b *pgx.Batch) error { q(b); return nil })
}

// standing is how far somebody known is: a person who is active holds keys and
// is given the new side's at once; anybody else gets it with their confirmation.
type standing struct{ ID, State string }

// newestKey is the epoch of somebody's newest key; 0 for none.
type newestKey struct {
	ID    string
	Epoch uint32
}

// keysFor reads the team's key and the keys of those who are active.
func (s *Service) keysFor(ctx context.Context, o *opening, known []string) (team agency.Node, err error) {
	ids := []string{string(ring.TeamLetterbox)}
	for _, id := range known {
		ids = append(ids, string(ring.Person(id)))
	}
	var nodes []agency.NodeRow
	var people []standing
	err = s.db.Read(ctx, scope(o.actor), func(b *pgx.Batch) {
		agency.QueueNodes(b, &nodes, ids...)
		postgres.Many(b, &people, sqlPeople, known)
	})
	if err != nil {
		return agency.Node{}, s.db.Fault(err)
	}
	o.active = map[string]agency.Node{}
	for _, p := range people {
		if p.State != "active" || err != nil {
			continue
		}
		o.active[p.ID], err = o.ag.Trusted(nodes, string(ring.Person(p.ID)))
	}
	if err == nil {
		team, err = o.ag.Trusted(nodes, string(ring.TeamLetterbox))
	}
	if err != nil {
		s.log.ErrorContext(ctx, "ALARM: a key is not the one vouched for", "agency", o.ag.ID, "error", err)
		return agency.Node{}, fault.Wrap(fault.Sealed, "fault.sealing", err)
	}
	return team, s.newestKeys(ctx, o.ag, append(slices.Collect(maps.Values(o.active)), team)...)
}

// still checks, with the people's rows locked, that nobody was confirmed or
// suspended or has another key since their keys were read: else somebody would
// be left without the side, or given it against a suspension, or on a key that
// somebody else may hold.
func (o *opening) still(now []standing, keys []newestKey) error {
	for _, p := range now {
		if _, was := o.active[p.ID]; was != (p.State == "active") {
			return fault.New(fault.Conflict, "fault.conflict")
		}
	}
	for _, k := range keys {
		if node, was := o.active[k.ID]; was && uint32(node.Epoch()) != k.Epoch {
			return fault.New(fault.Conflict, "fault.conflict")
		}
	}
	return nil
}

// keys makes the case's and both sides' keys and grants them upwards: side to
// case and to the people who are active already, case to the archive and to the
// team, or to the workers who are named instead of it.
func (o *opening) keys(n *NewExchange, holders ...agency.Node) error {
	archive, err := o.ag.ArchiveNode()
	if err != nil {
		return err
	}
	caseSecret, err := o.node(ring.Case(o.id), &o.caseNode)
	if err != nil {
		return err
	}
	for _, parent := range append(holders, archive) {
		if err := o.grant(caseSecret, o.caseNode, parent); err != nil {
			return err
		}
	}
	for i, id := range o.sides {
		secret, err := o.node(ring.Side(id), &o.sideNodes[i])
		if err != nil {
			return err
		}
		if err := o.grant(secret, o.sideNodes[i], o.caseNode); err != nil {
			return err
		}
		for _, p := range n.Sides[i].People {
			person, ok := o.active[string(p.ID)]
			if !ok {
				continue
			}
			if err := o.grant(secret, o.sideNodes[i], person); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *opening) node(id ring.NodeID, node *agency.Node) (ring.Secret, error) {
	secret, n, body, err := o.ag.NewNode(id, o.at)
	if err != nil {
		return ring.Secret{}, err
	}
	*node = n
	o.bodies = append(o.bodies, body)
	o.then(func(b *pgx.Batch) { agency.QueueNode(b, n, body) })
	return secret, nil
}

func (o *opening) grant(secret ring.Secret, child, parent agency.Node) error {
	g, err := o.ag.NewGrant(secret, child, parent, o.at, o.signer)
	if err != nil {
		return err
	}
	o.bodies = append(o.bodies, g.Body)
	o.then(func(b *pgx.Batch) { agency.QueueGrant(b, g) })
	return nil
}

// people queues the exchange, its sides, people and children, and gives new
// people and children their ids.
func (o *opening) people(n *NewExchange) error {
	o.then(func(b *pgx.Batch) { b.Queue(sqlInsertExchange, o.id, newReference(), o.ag.SecondReader) })
	for i := range n.Sides {
		side := &n.Sides[i]
		o.then(func(b *pgx.Batch) {
			b.Queue(sqlInsertSide, pgx.StrictNamedArgs{"id": o.sides[i], "exchange": o.id, "place": i + 1, "book": side.Book,
				"maySend": side.MaySend, "times": side.TimesAYear, "months": side.Months})
		})
		for j := range side.People {
			if err := o.person(o.sides[i], agency.Book(side.Book), &side.People[j]); err != nil {
				return err
			}
		}
	}
	for i := range n.Children {
		o.child(&n.Children[i])
	}
	return nil
}

// person queues somebody and their place on a side. That place is stated and
// signed: a row alone would let whoever can write the database have the side's
// key granted to a person of theirs.
func (o *opening) person(side string, book agency.Book, p *NewPerson) error {
	if p.ID == "" {
		p.ID = PersonID(agency.NewID("pe"))
		record := agency.Record{Name: p.Name, Relation: p.Relation, Address: p.Address, Phone: p.Phone}
		id := string(p.ID)
		o.then(func(b *pgx.Batch) { b.Queue(sqlInsertPerson, id) })
		o.queue = append(o.queue, func(b *pgx.Batch) error { return agency.QueueRecord(b, o.actor.Keys(), book, id, record) })
	}
	id := string(p.ID)
	body, err := o.ag.State(statement.Statement{Event: statement.EventRecord, Object: side, Part: "member", Version: 1, Exchange: o.id,
		From: "case/" + o.id, To: string(ring.Person(id)), At: o.at}, "", o.signer)
	if err != nil {
		return err
	}
	leaf := statement.Leaf(body)
	o.bodies = append(o.bodies, body)
	o.then(func(b *pgx.Batch) { b.Queue(sqlInsertMember, side, id, leaf[:]) })
	return nil
}

func (o *opening) child(c *NewChild) {
	if c.ID == "" {
		c.ID = ChildID(agency.NewID("ch"))
		id, born := string(c.ID), c.Born.Format(time.DateOnly)
		names := map[agency.Book]string{agency.Birth: c.BirthName, agency.Adoptive: c.AdoptiveName}
		o.then(func(b *pgx.Batch) { b.Queue(sqlInsertChild, id) })
		for _, book := range []agency.Book{agency.Birth, agency.Adoptive} {
			o.queue = append(o.queue, func(b *pgx.Batch) error {
				return agency.QueueRecord(b, o.actor.Keys(), book, id, agency.Record{Name: names[book], Born: born})
			})
		}
	}
	id, ends := string(c.ID), relaysEndOn(c.Born)
	o.then(func(b *pgx.Batch) { b.Queue(sqlExchangeChild, o.id, id, ends) })
}

// records seals the names of each side and the parties, and states them.
func (o *opening) records(n NewExchange) error {
	for i, side := range n.Sides {
		content, err := json.Marshal(side.Names)
		if err != nil {
			return fmt.Errorf("write names: %w", err)
		}
		c := seal.Context{Kind: seal.KindNames, Object: o.sides[i], Part: "names", To: "side/" + o.sides[i]}
		if err := o.record(c, o.sides[i], content, o.sideNodes[i].Recipient(), o.caseNode.Recipient()); err != nil {
			return err
		}
	}
	if err := o.readers(); err != nil {
		return err
	}
	c := seal.Context{Kind: seal.KindParties, Object: o.id, Part: "parties", To: "case/" + o.id}
	return o.record(c, "", []byte(partiesText(o.id, n, o.at)), o.caseNode.Recipient())
}

func (o *opening) record(c seal.Context, side string, content []byte, to ...*age.HybridRecipient) error {
	c.Agency, c.Exchange, c.From, c.Version = o.ag.ID, o.id, "case/"+o.id, 1
	sealed, err := seal.Seal(c, content, append(to, o.ag.Archive())...)
	if err != nil {
		return fmt.Errorf("seal %s: %w", c.Kind, err)
	}
	st := statementOf(c, sealed.Commit)
	st.Event, st.At = statement.EventRecord, o.at
	body, err := o.ag.State(st, "", o.signer)
	if err != nil {
		return err
	}
	o.bodies = append(o.bodies, body)
	o.then(sealedObject{at: c, side: side, sealed: sealed, body: body}.queue)
	return nil
}

// partiesText says who is who in plain words: with the archive key alone,
// somebody in a century reads this first.
func partiesText(id string, n NewExchange, at time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Gatepost: who is who in the exchange %s, written on %s.\n\n", id, at.In(calendar.London()).Format("2 January 2006"))
	for _, c := range n.Children {
		fmt.Fprintf(&b, "Child %s, born %s. Birth name: %s. Adoptive name: %s.\n", c.ID, c.Born.Format("2 January 2006"), c.BirthName, c.AdoptiveName)
	}
	for i, side := range n.Sides {
		fmt.Fprintf(&b, "\nSide %d (%s family).\n", i+1, side.Book)
		for _, p := range side.People {
			fmt.Fprintf(&b, "Person %s: %s, %s. Address: %s. Telephone: %s.\n", p.ID, p.Name, p.Relation,
				strings.ReplaceAll(p.Address, "\n", ", "), p.Phone)
		}
		fmt.Fprintf(&b, "They call the children %s, the other side %s, themselves %s.\n",
			strings.Join(side.Names.Children, " and "), side.Names.Other, side.Names.Self)
		fmt.Fprintf(&b, "They may send: %s, %d a year.\n", strings.Join(side.MaySend, ", "), side.TimesAYear)
	}
	return b.String()
}

const referenceAlphabet = "23456789BCDFGHJKLMNPQRSTVWXYZ" // no vowels, no 0 and 1

// newReference makes the short name by which workers speak of an exchange.
func newReference() string {
	var b [5]byte
	for i := range b {
		b[i] = referenceAlphabet[randomBelow(len(referenceAlphabet))]
	}
	return "LB-" + string(b[:])
}

// randomBelow is uniform: bytes past the last whole multiple are thrown away.
func randomBelow(n int) int {
	var b [1]byte
	for {
		rand.Read(b[:])
		if int(b[0]) < 256/n*n {
			return int(b[0]) % n
		}
	}
}

// checkExchange cleans and checks what a worker wrote down.
func checkExchange(n NewExchange, today time.Time) (NewExchange, error) {
	if n.Sides[0].Book != string(agency.Birth) && n.Sides[1].Book != string(agency.Birth) &&
		(n.Sides[0].Book != string(agency.Adoptive) || n.Sides[1].Book != string(agency.Adoptive)) {
		return n, fault.Field("sides.0.book", "fault.exchange.book")
	}
	for i := range n.Sides {
		if err := checkSide(fmt.Sprintf("sides.%d", i), &n.Sides[i], len(n.Children)); err != nil {
			return n, err
		}
	}
	if len(n.Children) == 0 || len(n.Children) > 10 {
		return n, fault.Field("children", "fault.exchange.children")
	}
	for i := range n.Children {
		if err := checkChild(fmt.Sprintf("children.%d", i), &n.Children[i], today); err != nil {
			return n, err
		}
	}
	return n, nil
}

func checkSide(field string, s *NewSide, children int) (err error) {
	if s.Book != string(agency.Birth) && s.Book != string(agency.Adoptive) {
		return fault.Field(field+".book", "fault.exchange.book")
	}
	if len(s.People) == 0 || len(s.People) > 10 {
		return fault.Field(field+".people", "fault.exchange.people")
	}
	for i := range s.People {
		if err := checkPerson(fmt.Sprintf("%s.people.%d", field, i), &s.People[i]); err != nil {
			return err
		}
	}
	if len(s.Names.Children) != children {
		return fault.Field(field+".names.children", "fault.exchange.names")
	}
	lines := []*string{&s.Names.Other, &s.Names.Self}
	for i := range s.Names.Children {
		lines = append(lines, &s.Names.Children[i])
	}
	for _, line := range lines {
		if *line, err = prose.Line(field+".names", *line); err != nil {
			return err
		}
		if prose.Blank(*line) {
			return fault.Field(field+".names", "fault.exchange.names")
		}
	}
	for _, kind := range s.MaySend {
		if !slices.Contains([]string{"letter", "card", "photo", "audio"}, kind) {
			return fault.Field(field+".maySend", "fault.invalid")
		}
	}
	if s.TimesAYear < 0 || s.TimesAYear > 12 {
		return fault.Field(field+".timesAYear", "fault.exchange.times")
	}
	if s.MaySend == nil {
		s.MaySend = []string{}
	}
	if s.Months == nil {
		s.Months = []int{}
	}
	if slices.ContainsFunc(s.Months, func(m int) bool { return m < 1 || m > 12 }) {
		return fault.Field(field+".months", "fault.invalid")
	}
	return nil
}

func checkPerson(field string, p *NewPerson) (err error) {
	if p.ID != "" {
		if !agency.ValidID("pe", string(p.ID)) {
			return fault.Field(field, "fault.notFound")
		}
		return nil
	}
	for _, line := range []*string{&p.Name, &p.Relation, &p.Phone} {
		if *line, err = prose.Line(field, *line); err != nil {
			return err
		}
	}
	if prose.Blank(p.Name) {
		return fault.Field(field+".name", "fault.exchange.name")
	}
	p.Address, err = prose.Clean(field+".address", strings.TrimSpace(p.Address), 1000)
	return err
}

func checkChild(field string, c *NewChild, today time.Time) (err error) {
	if c.ID != "" && !agency.ValidID("ch", string(c.ID)) {
		return fault.Field(field, "fault.notFound")
	}
	for _, line := range []*string{&c.BirthName, &c.AdoptiveName} {
		if *line, err = prose.Line(field, *line); err != nil {
			return err
		}
		if prose.Blank(*line) {
			return fault.Field(field+".name", "fault.exchange.childName")
		}
	}
	if c.Born.IsZero() || c.Born.After(today) || c.Born.Before(today.AddDate(-18, 0, 0)) {
		return fault.Field(field+".born", "fault.exchange.born")
	}
	if !relaysEndOn(c.Born).After(today) {
		return fault.Field(field+".born", "fault.exchange.ofAge")
	}
	return nil
}

// relaysEndOn is the day from which nothing more is passed on about a child:
// the first of the month before the month of the eighteenth birthday. It is
// coarse so that it is no birth date. Somebody born on 29 February comes of
// age on 1 March, which makes it no later than for anybody born in February.
func relaysEndOn(born time.Time) time.Time {
	return time.Date(born.Year()+18, born.Month()-1, 1, 0, 0, 0, 0, time.UTC)
}
