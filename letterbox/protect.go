package letterbox

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
	"gatepost/letterbox/screening"
)

// MaxProtected is how many words a list may have, and how many may be left out:
// less than a screen takes, for what the records say comes on top.
const MaxProtected = 400

// Protected is the protected words of an exchange as a worker sees them.
type Protected struct {
	Exchange  ExchangeID
	Reference string
	Sides     [2]ProtectedSide
	Version   int // what ChangeProtected must name; 0 where no list was stated yet
	Words     []ProtectedWord
	Suggested []SuggestedWord
	LeftOut   []ProtectedWord
	Unread    bool // the list, or a record, did not open: a notice in its place
}

// ProtectedSide is whose words they may be.
type ProtectedSide struct {
	ID    SideID
	Book  string
	Names string // of its people, from the directory
}

// SuggestedWord is what the records say, and is neither on the list nor left
// out. Letters are screened for it as if it were on the list.
type SuggestedWord struct {
	ProtectedWord
	From Source
	Name string // whose record it is from
}

const (
	sqlIsParty         = `select is_party($1)`
	sqlProtectedGrants = `select child, child_epoch, parent, parent_epoch, sealed from ring_grant_staff
		where agency_id = agency() and child = 'case/' || $1 and parent <> 'archive'`
	sqlProtectedNodes = `select n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from node n where n.agency_id = agency() and n.key_leaf is not null and (n.id = 'case/' || $1
			or n.id in (select 'side/' || s.id from side s where s.agency_id = agency() and s.exchange_id = $1)) order by n.epoch desc`
)

// listFile is what the list of an exchange is shown and changed with.
type listFile struct {
	protectedRows
	exchange exchangeRow
	was      stateRow
	party    bool // the actor is one of its people, or declared a connection
	names    []objectRow
	grants   []agency.GrantRow
	nodes    []agency.NodeRow
}

// listChange is where the list stands among what is known of an exchange.
func listChange(id ExchangeID) change { return change{object: string(id), part: "list"} }

func (s *Service) loadList(ctx context.Context, actor authz.Actor, id ExchangeID) (*listFile, error) {
	if !agency.ValidID("ex", string(id)) {
		return nil, notFound()
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, err
	}
	r := &listFile{}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &r.exchange, sqlExchange, string(id))
		listChange(id).queueNow(b, &r.was, sqlExchangeNow)
		b.Queue(sqlIsParty, string(id)).QueryRow(func(row pgx.Row) error { return row.Scan(&r.party) })
		r.queue(b, string(id))
		queueObjects(b, &r.names, sqlExchangeNames, string(id))
		postgres.Many(b, &r.grants, sqlProtectedGrants, string(id))
		postgres.Many(b, &r.nodes, sqlProtectedNodes, string(id))
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load the list of %s: %w", id, err))
	}
	r.was.Connected = r.was.Connected || r.party
	return r, r.was.may()
}

func (s *Service) listKeys(ctx context.Context, ag *agency.Agency, actor authz.Actor, r *listFile) ([]*age.HybridIdentity, agency.Node, error) {
	return s.caseKeys(ctx, ag, actor, &caseRows{grants: r.grants, nodes: r.nodes,
		deskRows: deskRows{letters: []deskRow{{ExchangeID: r.exchange.ID, Restricted: r.exchange.Restricted}}}})
}

// Protected opens the protected words of an exchange, and what the records say
// besides. That reading is in the log before anything is opened. Forbidden: the
// actor is connected to the family, or the case is restricted to others. What
// does not open is marked Unread.
func (s *Service) Protected(ctx context.Context, actor authz.Actor, id ExchangeID) (Protected, error) {
	ag, err := s.begin(ctx, actor, authz.ProtectWords, string(id))
	if err != nil {
		return Protected{}, err
	}
	r, err := s.loadList(ctx, actor, id)
	if err != nil {
		return Protected{}, err
	}
	if err := s.logAccess(ctx, ag, actor, statement.Statement{Object: string(id), Part: "list", Exchange: string(id)}, string(id)); err != nil {
		return Protected{}, err
	}
	p := Protected{Exchange: id, Reference: r.exchange.Reference, Version: int(r.was.Version)}
	for i, side := range r.sides {
		if i < len(p.Sides) {
			p.Sides[i] = ProtectedSide{ID: SideID(side.ID), Book: side.Book, Names: names(actor, r.people, side.ID)}
		}
	}
	keys, _, err := s.listKeys(ctx, ag, actor, r)
	var list protectedList
	if err == nil {
		list, err = s.openList(ctx, ag, &r.protectedRows, r.exchange.ID, keys)
	}
	var records []sourced
	if err == nil {
		records, err = s.recordWords(ctx, actor, &r.protectedRows)
	}
	if unread(err) {
		p.Unread = true
		return p, nil
	}
	if err != nil {
		return Protected{}, err
	}
	list = r.but(list)
	p.Words, p.LeftOut = list.Words, list.LeftOut
	for _, w := range list.suggested(records) {
		p.Suggested = append(p.Suggested, SuggestedWord{w.word, w.source, w.name})
	}
	return p, nil
}

// ChangeProtected puts words on the list of an exchange, and leaves others out: what is
// left out is neither on the list nor suggested again, and what is put on is no
// longer left out. Each side's own list follows in the same act. Changing
// nothing writes nothing.
//
// Invalid: field "value", "kind" or "of". Forbidden: the actor is connected to
// the family, or the case is restricted to others. Conflict: somebody saved the
// list since version; nothing is changed and the page keeps what was typed.
// Sealed: the list is not the one that was stated, and cannot be built on.
func (s *Service) ChangeProtected(ctx context.Context, actor authz.Actor, id ExchangeID, version int, add, out []ProtectedWord) error {
	ag, err := s.begin(ctx, actor, authz.ProtectWords, string(id))
	if err != nil {
		return err
	}
	r, err := s.loadList(ctx, actor, id)
	if err != nil {
		return err
	}
	add, out = slices.Clone(add), slices.Clone(out)
	for _, words := range [][]ProtectedWord{add, out} {
		for i := range words {
			if err := r.check(&words[i]); err != nil {
				return err
			}
		}
	}
	if r.was.Version != int64(version) {
		return fault.New(fault.Conflict, "fault.protected.changed")
	}
	keys, node, err := s.listKeys(ctx, ag, actor, r)
	if err != nil {
		return err
	}
	list, err := s.openList(ctx, ag, &r.protectedRows, r.exchange.ID, keys)
	if err != nil {
		return err
	}
	words, leftOut := len(list.Words), len(list.LeftOut)
	if !list.change(add, out) {
		return nil
	}
	// One that is too long already, as it was opened, can be made shorter.
	if len(list.Words) > max(MaxProtected, words) || len(list.LeftOut) > max(MaxProtected, leftOut) {
		return fault.Field("value", "fault.protected.tooMany")
	}
	l, err := s.listTo(ctx, ag, actor, r, node)
	if err != nil {
		return err
	}
	objects, err := l.seal(list)
	if err != nil {
		return err
	}
	s.at("changeProtected")
	var now stateRow
	err = s.db.Act(ctx, scope(actor), func(b *pgx.Batch) { listChange(id).queueNow(b, &now, sqlExchangeNowLock) }, func(b *pgx.Batch) error {
		if err := now.may(); err != nil {
			return err
		}
		if now.Version != r.was.Version {
			return fault.New(fault.Conflict, "fault.protected.changed")
		}
		for _, o := range objects {
			o.queue(b)
		}
		for _, o := range objects {
			audit.Append(b, o.body)
		}
		return nil
	})
	return s.db.Fault(err)
}

// check cleans one word and refuses what no list may hold.
func (r *listFile) check(w *ProtectedWord) (err error) {
	if w.Value, err = prose.Line("value", w.Value); err != nil {
		return err
	}
	w.Value = strings.Join(strings.Fields(w.Value), " ")
	switch {
	case len([]rune(w.Value)) < 2 || len(w.Value) > screening.MaxValue:
		return fault.Field("value", "fault.protected.value")
	case !slices.Contains(screening.Kinds(), w.Kind):
		return fault.Field("kind", "fault.protected.kind")
	case w.Of != "" && !slices.ContainsFunc(r.sides, func(side protectedSide) bool { return side.ID == string(w.Of) }),
		w.Told && w.Of == "", w.Elsewhere && w.Of != "":
		return fault.Field("of", "fault.protected.of")
	}
	return nil
}

// change puts words on the list and leaves others out; it tells whether that
// changed anything.
func (l *protectedList) change(add, out []ProtectedWord) (changed bool) {
	drop := func(list []ProtectedWord, w ProtectedWord) []ProtectedWord { return slices.DeleteFunc(list, w.same) }
	for _, w := range add {
		if slices.Contains(l.Words, w) {
			continue
		}
		l.Words, l.LeftOut, changed = append(drop(l.Words, w), w), drop(l.LeftOut, w), true
	}
	for _, w := range out {
		if slices.ContainsFunc(l.LeftOut, w.same) {
			continue
		}
		l.Words, l.LeftOut, changed = drop(l.Words, w), append(l.LeftOut, w), true
	}
	return changed
}

// listing is a list about to be sealed: to whom, by whom and as which version.
type listing struct {
	ag       *agency.Agency
	worker   string
	signer   note.Signer
	at       time.Time
	exchange string
	version  uint64
	caseNode agency.Node
	sides    [2]string
	nodes    [2]agency.Node
}

// listTo prepares the next version of a list. Whose a side is, its signed
// statement says: else a changed row would have one family's words sealed to
// the other.
func (s *Service) listTo(ctx context.Context, ag *agency.Agency, actor authz.Actor, r *listFile, caseNode agency.Node) (l listing, err error) {
	l = listing{ag: ag, worker: actor.Account(), at: s.now(), exchange: r.exchange.ID, version: uint64(r.was.Version) + 1, caseNode: caseNode}
	if l.signer, err = actor.Keys().Signer(); err != nil {
		return l, fmt.Errorf("sign a list: %w", err)
	}
	if len(r.sides) != len(l.sides) {
		return l, s.unstated(ctx, ag, l.exchange, fmt.Errorf("%w: an exchange of %d sides", seal.ErrUnsigned, len(r.sides)))
	}
	for i, side := range r.sides {
		l.sides[i] = side.ID
		err := s.statedSide(ctx, ag, r.names, side.ID, l.exchange)
		if err == nil {
			l.nodes[i], err = ag.Trusted(r.nodes, "side/"+side.ID)
		}
		if err != nil {
			return l, s.unstated(ctx, ag, l.exchange, err)
		}
	}
	return l, s.newestKeys(ctx, ag, l.nodes[:]...)
}

// seal seals the list to the case, and to each side what it told us itself.
// They are one version.
func (l listing) seal(list protectedList) ([]sealedObject, error) {
	whole, err := l.object(seal.Context{Kind: seal.KindList, Object: l.exchange, Part: "list", To: "case/" + l.exchange}, "", list, l.caseNode.Recipient())
	objects := []sealedObject{whole}
	for i, side := range l.sides {
		if err != nil {
			break
		}
		var own sealedObject
		own, err = l.object(seal.Context{Kind: seal.KindOwnList, Object: side, Part: "ownlist", To: "side/" + side}, side, list.told(side),
			l.nodes[i].Recipient(), l.caseNode.Recipient())
		objects = append(objects, own)
	}
	return objects, err
}

func (l listing) object(c seal.Context, side string, content any, to ...*age.HybridRecipient) (sealedObject, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return sealedObject{}, fmt.Errorf("write a list: %w", err)
	}
	c.Agency, c.Exchange, c.From, c.Version = l.ag.ID, l.exchange, "worker/"+l.worker, l.version
	sealed, err := seal.Seal(c, text, append(to, l.ag.Archive())...)
	if err != nil {
		return sealedObject{}, fmt.Errorf("seal %s: %w", c.Kind, err)
	}
	st := statementOf(c, sealed.Commit)
	st.Event, st.At = statement.EventCasework, l.at
	body, err := l.ag.State(st, "", l.signer)
	return sealedObject{at: c, side: side, sealed: sealed, body: body}, err
}

// protect seals the first list of an exchange that is being opened, from what
// was typed or is in the directories: it is protected before its first letter.
func (o *opening) protect(n NewExchange) error {
	sides := make([]protectedSide, len(o.sides))
	var records []sourced
	for i, side := range n.Sides {
		sides[i] = protectedSide{o.sides[i], side.Book}
		for _, p := range side.People {
			records = append(records, personWords(SideID(o.sides[i]), agency.Record{Name: p.Name, Address: p.Address, Phone: p.Phone})...)
		}
	}
	for _, c := range n.Children {
		records = append(records, childWords(sides, string(agency.Birth), c.BirthName)...)
		records = append(records, childWords(sides, string(agency.Adoptive), c.AdoptiveName)...)
	}
	list := protectedList{LeftOut: []ProtectedWord{}}
	list.Words = append([]ProtectedWord{}, list.with(records)...)
	return o.list(list)
}

func (o *opening) list(list protectedList) error {
	objects, err := listing{o.ag, o.actor.Account(), o.signer, o.at, o.id, 1, o.caseNode, o.sides, o.sideNodes}.seal(list)
	for _, object := range objects {
		if err != nil {
			break
		}
		o.bodies = append(o.bodies, object.body)
		o.then(object.queue)
	}
	return err
}
