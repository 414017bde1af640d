package intermediary

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// ItemKinds lists what kind of information an item may be, in the order of the
// page. The subject consents to kinds.
func ItemKinds() []string {
	return []string{"name", "address", "phone", "email", "photo", "occupation", "relationship", "medical", "background"}
}

// ItemAbouts lists whom an item may be about besides, in the order of the page.
func ItemAbouts() []string { return []string{"subject", "adoptedPersonNotSubject", "thirdParty"} }

// names tells whether a kind of item tells who somebody is, or how to find them,
// whoever says otherwise.
func names(kind string) bool {
	return slices.Contains([]string{"name", "address", "phone", "email", "photo"}, kind)
}

// MaxItem is the longest text of an item, in bytes of UTF-8.
const MaxItem = 16 << 10

// NewItem is one piece of information that might be given to the applicant.
type NewItem struct {
	ID          string // it…, made with the page, so that two clicks are one; "" for a new one
	Subject     string
	Kind        string // of ItemKinds
	About       string // of ItemAbouts
	Identifying bool   // it tells who somebody is, or is protected information; a name, address, phone, email or photo always
	Words       string // what the applicant would read, and nothing else
	Ground      string // why the law lets it be given, in words
	From        string // the document it comes from, and who told it
}

// Amendment is new words for an item. What kind of item it is does not change:
// for that, prepare another.
type Amendment struct {
	Item                string
	Was                 int // the version that the worker saw
	Words, Ground, From string
}

// Item is an item as a worker's page shows it.
type Item struct {
	ID, Subject, Kind, About string
	Identifying              bool
	Version                  int
	Words, Ground, From      string
	By                       string // who wrote its newest words
	Second                   string // who checked them; "" for nobody yet
	Given                    bool
	Unread                   bool // row and statement differ: it cannot be given
}

// Release is something that the applicant was given before, in whatever case.
type Release struct {
	Disclosure  string
	Application string
	Kind        string
	Words       string
	On          time.Time
	Unread      bool
}

// itemText is what is sealed of an item. The row repeats whom it is about, and
// what kind of thing it is; both must agree, or it cannot be given.
type itemText struct {
	Subject     string `json:"subject"`
	Kind        string `json:"kind"`
	About       string `json:"about"`
	Identifying bool   `json:"identifying"`
	Words       string `json:"words"`
	Ground      string `json:"ground"`
	From        string `json:"from"`
}

const (
	sqlInsertItem = `insert into item (agency_id, id, application_id, subject_id, kind, about, identifying, prepared_by)
		values (agency(), @id, @application, @subject, @kind, @about, @identifying, account())`
	sqlItemColumns = `i.id, i.application_id, i.subject_id, i.kind, i.about, i.identifying, i.prepared_by, coalesce(i.checked_by, '') as checked_by,
		coalesce(i.check_leaf, '') as check_leaf, coalesce(leaf_body(i.check_leaf), '') as check, i.version,
		exists (select from disclosure d where d.agency_id = i.agency_id and d.item_id = i.id) as given`
	sqlItems     = `select ` + sqlItemColumns + ` from item i where i.agency_id = agency() and i.id = any($1::text[]) order by i.id`
	sqlItemsOf   = `select ` + sqlItemColumns + ` from item i where i.agency_id = agency() and i.application_id = $1 order by i.subject_id, i.id`
	sqlItemWork  = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = any($1::text[]) and w.kind = 'item' order by w.version desc`
	sqlItemsWork = `select ` + sqlWorkColumns + ` from item i join casework w on w.agency_id = i.agency_id and w.id = i.id and w.kind = 'item'
		where i.agency_id = agency() and i.application_id = $1 order by w.version desc`
	// The applications of whoever reads the applicant's file, and this one.
	linked = `select $1::text union select o.application_id from party p join party o on o.agency_id = p.agency_id and o.person_id = p.person_id and o.kind <> 'subject'
		where p.agency_id = agency() and p.file = $1 and p.kind <> 'subject'`
	sqlReleased = `select d.id, d.application_id, d.item_id, (d.at at time zone 'Europe/London')::date as on, d.leaf
		from disclosure d where d.agency_id = agency() and d.application_id in (` + linked + `) order by d.at, d.id`
	sqlReleasedWork = `select ` + sqlWorkColumns + ` from disclosure d join casework w on w.agency_id = d.agency_id and w.id = d.id and w.part = 'pack'
		where d.agency_id = agency() and d.application_id in (` + linked + `)`
	sqlLinkedNodes = `select ` + sqlNodeColumns + ` from node n where n.agency_id = agency() and n.key_leaf is not null
		and n.id in (select 'case/' || l from (` + linked + `) x (l)) order by n.id, n.epoch desc`
	sqlLinkedGrants = `select g.child, g.child_epoch, g.parent, g.parent_epoch, g.sealed from ring_grant_staff g
		where g.agency_id = agency() and g.parent <> 'archive' and g.child in (select 'case/' || l from (` + linked + `) x (l))`
)

var (
	guardedAmendItem = postgres.Guarded(`update item set version = $2, prepared_by = account(), checked_by = null, check_leaf = null
		where agency_id = agency() and id = $1 and version = $3 returning 1`)
	guardedCheckItem = postgres.Guarded(`update item set checked_by = account(), check_leaf = $3
		where agency_id = agency() and id = $1 and version = $2 and checked_by is null returning 1`)
)

// itemRow is an item as the database has it: a claim, not yet believed.
type itemRow struct {
	ID            string
	ApplicationID string
	SubjectID     string
	Kind          string
	About         string
	Identifying   bool
	PreparedBy    string
	CheckedBy     string
	CheckLeaf     []byte
	Check         []byte // the second person's statement
	Version       int
	Given         bool
}

// same tells whether a row is as it was when it was believed.
func (r itemRow) same(o itemRow) bool {
	r.Given, o.Given = false, false
	equal := bytes.Equal(r.CheckLeaf, o.CheckLeaf) && bytes.Equal(r.Check, o.Check)
	r.CheckLeaf, r.Check, o.CheckLeaf, o.Check = nil, nil, nil, nil
	return equal && fmt.Sprint(r) == fmt.Sprint(o)
}

// PrepareItem writes down what might be given to the applicant: the words, the
// legal ground, the document and who told it. Nothing of it is given by that. A
// second person checks it (CheckItem), two judge what it gives away together with
// everything that the applicant has already (the fact jigsaw), and the law is
// asked in the transaction that gives it (Disclose). It gives the item's id. The
// same id by the same worker again is one.
//
// Invalid on "kind", "about", "identifying", "words", "ground" or "from". Conflict: the case
// has ended.
func (s *Service) PrepareItem(ctx context.Context, actor authz.Actor, n NewItem) (string, error) {
	ag, err := s.begin(ctx, actor, authz.PrepareItem, n.Subject)
	if err != nil {
		return "", err
	}
	if n, err = checkItem(n); err != nil {
		return "", err
	}
	p, err := s.loadPlace(ctx, actor, n.Subject)
	if err != nil {
		return "", err
	}
	var there []itemRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &there, sqlItems, []string{n.ID}) }); err != nil {
		return "", s.db.Fault(err)
	}
	switch {
	case len(there) > 0 && there[0].PreparedBy == actor.Account() && there[0].SubjectID == n.Subject:
		return n.ID, nil // the second of two clicks
	case len(there) > 0:
		return "", notFound()
	case p.row.Over:
		return "", fault.New(fault.Conflict, "fault.casework.ended")
	}
	a, f, err := s.actsAt(ctx, ag, actor, p)
	if err != nil {
		return "", err
	}
	text := itemText{n.Subject, n.Kind, n.About, n.Identifying, n.Words, n.Ground, n.From}
	if _, err := a.seal(f, paper{id: n.ID, part: "item", version: 1, kind: seal.KindItem}, text); err != nil {
		return "", err
	}
	a.write(sqlInsertItem, pgx.StrictNamedArgs{"id": n.ID, "application": p.row.ApplicationID, "subject": n.Subject, "kind": n.Kind,
		"about": n.About, "identifying": n.Identifying})
	return n.ID, a.commit(ctx, "prepareItem", p.held(), stillThere(n.Subject))
}

// stillThere asks under the lock that a subject's case has not ended.
func stillThere(subject string) look {
	var now stateRow
	return look{
		read:  func(b *pgx.Batch) { postgres.One(b, &now, sqlStates, subject) },
		check: func(*pgx.Batch) error { return now.open() },
	}
}

func checkItem(n NewItem) (NewItem, error) {
	if n.ID == "" {
		n.ID = agency.NewID("it")
	}
	switch {
	case prefixAbout(n.ID) != "item" || prefixAbout(n.Subject) != "subject":
		return n, notFound()
	case !slices.Contains(ItemKinds(), n.Kind):
		return n, fault.Field("kind", "fault.item.kind")
	case !slices.Contains(ItemAbouts(), n.About):
		return n, fault.Field("about", "fault.item.about")
	case !n.Identifying && names(n.Kind):
		return n, fault.Field("identifying", "fault.item.identifying")
	}
	var err error
	n.Words, n.Ground, n.From, err = checkWords(n.Words, n.Ground, n.From)
	return n, err
}

func checkWords(words, ground, from string) (w, g, f string, err error) {
	for _, text := range []struct {
		field string
		text  *string
		limit int
		fault string
	}{{"words", &words, MaxItem, "fault.item.words"}, {"ground", &ground, MaxWhy, "fault.item.ground"}, {"from", &from, MaxWhy, "fault.item.from"}} {
		if *text.text, err = prose.Clean(text.field, *text.text, text.limit); err != nil {
			return "", "", "", err
		}
		if prose.Blank(*text.text) {
			return "", "", "", fault.Field(text.field, text.fault)
		}
	}
	return words, ground, from, nil
}

// AmendItem gives an item new words. Whoever writes them has prepared it; the
// second person's check is gone, and what was judged of the older words (jigsaw,
// the consent of whom it is about, a decision) counts no more.
//
// Invalid on "words", "ground" or "from". Conflict: a colleague was first, it
// was given, or the case has ended. Sealed: row and statement differ.
func (s *Service) AmendItem(ctx context.Context, actor authz.Actor, n Amendment) error {
	ag, err := s.begin(ctx, actor, authz.PrepareItem, n.Item)
	if err != nil {
		return err
	}
	if n.Words, n.Ground, n.From, err = checkWords(n.Words, n.Ground, n.From); err != nil {
		return err
	}
	in, err := s.loadItem(ctx, ag, actor, n.Item)
	if err != nil {
		return err
	}
	old := in.text
	next := itemText{old.Subject, old.Kind, old.About, old.Identifying, n.Words, n.Ground, n.From}
	switch {
	case in.row.Version == n.Was+1 && in.row.PreparedBy == actor.Account() && next == old:
		return nil // the second of two clicks
	case in.row.Version != n.Was:
		return fault.New(fault.Conflict, "fault.casework.newerFact")
	case in.row.Given:
		return fault.New(fault.Conflict, "fault.casework.given")
	}
	a, f, err := s.actsAt(ctx, ag, actor, in.place)
	if err != nil {
		return err
	}
	version := n.Was + 1
	if _, err := a.seal(f, paper{id: n.Item, part: "item", version: uint64(version), kind: seal.KindItem}, next); err != nil {
		return err
	}
	a.write(guardedAmendItem, n.Item, version, n.Was)
	return a.commit(ctx, "amendItem", in.place.held(), stillThere(in.row.SubjectID))
}

// CheckItem is the second person's word for an item's newest words: they have
// read them, with the ground and the source, and find them right to give if the
// law permits. It is never whoever wrote them. Again by the same person is one.
//
// Forbidden: the actor wrote them. Conflict: there are newer words, a colleague
// has checked them, or the case has ended. Sealed: row and statement differ.
func (s *Service) CheckItem(ctx context.Context, actor authz.Actor, item string, version int) error {
	ag, err := s.begin(ctx, actor, authz.CheckItem, item)
	if err != nil {
		return err
	}
	in, err := s.loadItem(ctx, ag, actor, item)
	if err != nil {
		return err
	}
	switch {
	case in.row.Version == version && in.row.CheckedBy == actor.Account():
		return nil // the second of two clicks
	case in.row.Version != version || in.row.CheckedBy != "":
		return fault.New(fault.Conflict, "fault.casework.newerFact")
	case in.row.PreparedBy == actor.Account():
		return fault.New(fault.Forbidden, "fault.casework.another")
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return err
	}
	leaf, err := a.state(statement.Statement{Event: statement.EventCasework, Object: item, Part: "check", Version: uint64(version),
		Exchange: in.row.ApplicationID, From: "worker/" + actor.Account(), To: string(ring.Case(in.row.ApplicationID)), Refs: [][32]byte{in.words}})
	if err != nil {
		return err
	}
	a.write(guardedCheckItem, item, version, leaf[:])
	return a.commit(ctx, "checkItem", in.place.held(), stillThere(in.row.SubjectID))
}

// itemIn is an item that was opened, with its place.
type itemIn struct {
	row   itemRow
	text  itemText
	words [32]byte // the statement of its newest words
	place *place
}

// loadItem opens one item with the actor's keys.
func (s *Service) loadItem(ctx context.Context, ag *agency.Agency, actor authz.Actor, id string) (*itemIn, error) {
	if prefixAbout(id) != "item" {
		return nil, notFound()
	}
	p, err := s.loadPlace(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	in := &itemIn{place: p}
	var work []workRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &in.row, sqlItems, []string{id})
		postgres.Many(b, &work, sqlItemWork, []string{id})
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load item %s: %w", id, err))
	}
	u, err := s.climb(ctx, ag, actor.Keys(), &p.keyRows, p.nodeID())
	if err != nil {
		return nil, err
	}
	if in.text, in.words, err = s.believeItem(ctx, ag, in.row, work, u.keys); err != nil {
		return nil, s.unstated(ctx, ag, id, err)
	}
	return in, nil
}

// believeItem holds an item's row to what was signed: its newest words are sealed
// by whoever prepared it and say what kind of thing it is and of whose case, and
// the second person has signed for exactly these words. It gives the words and
// their statement.
func (s *Service) believeItem(ctx context.Context, ag *agency.Agency, row itemRow, work []workRow, keys []*age.HybridIdentity) (text itemText, words [32]byte, err error) {
	i := slices.IndexFunc(work, func(w workRow) bool {
		return w.ID == row.ID && w.Part == "item" && w.Version == uint64(row.Version) && w.ApplicationID == row.ApplicationID
	})
	if i < 0 {
		return text, words, errRow
	}
	w := work[i]
	if err := s.newest(ctx, ag, w); err != nil {
		return text, words, err
	}
	content, st, err := s.tryOpen(ctx, ag, w, keys)
	if err != nil {
		return text, words, err
	}
	if err := parse(content, &text); err != nil {
		return text, words, err
	}
	if text.Subject != row.SubjectID || text.Kind != row.Kind || text.About != row.About || text.Identifying != row.Identifying ||
		!slices.Equal(st.Signers(), []string{statement.WorkerKeyName(ag.ID, row.PreparedBy)}) {
		return text, words, errRow
	}
	words = [32]byte(w.Leaf)
	if row.CheckedBy == "" {
		return text, words, nil
	}
	return text, words, s.checked(ctx, ag, row, words)
}

// checked holds the second person's check to their statement.
func (s *Service) checked(ctx context.Context, ag *agency.Agency, row itemRow, words [32]byte) error {
	leaf := statement.Leaf(row.Check)
	if !bytes.Equal(leaf[:], row.CheckLeaf) || row.CheckedBy == row.PreparedBy {
		return errRow
	}
	st, err := ag.Verify(ctx, s.db, row.Check)
	if err != nil {
		return err
	}
	if st.Event != statement.EventCasework || st.Object != row.ID || st.Part != "check" || st.Version != uint64(row.Version) || st.Exchange != row.ApplicationID ||
		!slices.Contains(st.Refs, words) || !slices.Equal(st.Signers(), []string{statement.WorkerKeyName(ag.ID, row.CheckedBy)}) {
		return errRow
	}
	return nil
}

// Items opens the items of a case, and beside them everything that the applicant
// was given before, in whatever case of theirs: what an item gives away is judged
// together with it. The reading is in the log before anything is shown. An
// applicant whom no party names, because they have no account and were never
// invited, is known by this one case alone.
//
// NotFound: no such case. Forbidden: the session holds no key of it.
func (s *Service) Items(ctx context.Context, actor authz.Actor, id ApplicationID) ([]Item, []Release, error) {
	ag, err := s.begin(ctx, actor, authz.SeeCase, string(id))
	if err != nil {
		return nil, nil, err
	}
	if !agency.ValidID("ap", string(id)) {
		return nil, nil, notFound()
	}
	p, err := s.loadPlace(ctx, actor, string(id))
	if err != nil {
		return nil, nil, err
	}
	var rows []itemRow
	var work []workRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlItemsOf, string(id))
		postgres.Many(b, &work, sqlItemsWork, string(id))
	})
	if err != nil {
		return nil, nil, s.db.Fault(fmt.Errorf("load items of %s: %w", id, err))
	}
	u, err := s.climb(ctx, ag, actor.Keys(), &p.keyRows, p.nodeID())
	if err != nil {
		return nil, nil, err
	}
	if err := s.logReading(ctx, ag, actor, string(id), "items"); err != nil {
		return nil, nil, err
	}
	var items []Item
	for _, r := range rows {
		text, _, err := s.believeItem(ctx, ag, r, work, u.keys)
		if err := s.told(ctx, ag, r.ID, err); err != nil {
			return nil, nil, err
		}
		items = append(items, r.item(text, err != nil))
	}
	released, err := s.released(ctx, ag, actor, string(id))
	return items, released, err
}

func (r itemRow) item(t itemText, doubted bool) Item {
	i := Item{ID: r.ID, Subject: r.SubjectID, Kind: r.Kind, About: r.About, Identifying: r.Identifying, Version: r.Version, By: r.PreparedBy,
		Second: r.CheckedBy, Given: r.Given, Unread: doubted}
	if !doubted {
		i.Words, i.Ground, i.From = t.Words, t.Ground, t.From
	}
	return i
}

// logReading commits, before anything is shown, that a worker reads a part of a case.
func (s *Service) logReading(ctx context.Context, ag *agency.Agency, actor authz.Actor, application, part string) error {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("sign a reading: %w", err)
	}
	body, err := ag.State(statement.Statement{Event: statement.EventAccess, Object: application, Part: part, Version: 1, Exchange: application,
		From: "worker/" + actor.Account(), At: hour(s.now())}, "", signer)
	if err != nil {
		return err
	}
	err = s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		audit.Append(b, body)
		return nil
	})
	return s.db.Fault(err)
}

// releasedRow is a disclosure of one of the applicant's cases.
type releasedRow struct {
	ID            string
	ApplicationID string
	ItemID        string
	On            time.Time
	Leaf          []byte
}

// released opens everything that the applicant of a case was given, in order.
func (s *Service) released(ctx context.Context, ag *agency.Agency, actor authz.Actor, application string) ([]Release, error) {
	var rows []releasedRow
	var work []workRow
	var keys keyRows
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlReleased, application)
		postgres.Many(b, &work, sqlReleasedWork, application)
		postgres.Many(b, &keys.nodes, sqlLinkedNodes, application)
		postgres.Many(b, &keys.grants, sqlLinkedGrants, application)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load what was given: %w", err))
	}
	opened := map[string][]*age.HybridIdentity{}
	var list []Release
	for _, r := range rows {
		if _, ok := opened[r.ApplicationID]; !ok {
			u, err := s.climb(ctx, ag, actor.Keys(), &keys, ring.Case(r.ApplicationID))
			if err != nil {
				return nil, err
			}
			opened[r.ApplicationID] = u.keys
		}
		release := Release{Disclosure: r.ID, Application: r.ApplicationID, On: r.On}
		text, err := s.openPack(ctx, ag, r, work, opened[r.ApplicationID])
		if err := s.told(ctx, ag, r.ID, err); err != nil {
			return nil, err
		}
		release.Kind, release.Words, release.Unread = text.Kind, text.Words, err != nil
		list = append(list, release)
	}
	return list, nil
}

// openPack opens what was given with the key of its case.
func (s *Service) openPack(ctx context.Context, ag *agency.Agency, r releasedRow, work []workRow, keys []*age.HybridIdentity) (text packText, err error) {
	i := slices.IndexFunc(work, func(w workRow) bool {
		return w.ID == r.ID && bytes.Equal(w.Leaf, r.Leaf) && w.Kind == string(seal.KindPack)
	})
	if i < 0 {
		return text, errRow
	}
	if err := s.newest(ctx, ag, work[i]); err != nil {
		return text, err
	}
	content, _, err := s.tryOpen(ctx, ag, work[i], keys)
	if err != nil {
		return text, err
	}
	if err := parse(content, &text); err != nil {
		return packText{}, err
	}
	if text.Item != r.ItemID {
		return packText{}, errRow
	}
	return text, nil
}
