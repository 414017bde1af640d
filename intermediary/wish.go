package intermediary

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/intermediary/law"
	"gatepost/intermediary/register"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// What is said of a wish for no contact and a case.
const (
	WishFound    = "found"    // a look through the register found it; nobody has said anything else
	WishConcerns = "concerns" // a worker says that it concerns this case
	WishOther    = "other"    // it does not; it counts once a second worker says so too
)

// NoContact tells whether a wish is one for no contact, with everybody or with
// somebody. Such a wish is a factor in table 8a, and no bar (law.md 2.6).
func (w ContactWish) NoContact() bool {
	return w == WishNoContactAll || w == WishNoContactNamed || w == WishContactAllExcept || w == WishNoContact
}

// SubjectRegister is what our own contact register says about one subject's case.
type SubjectRegister struct {
	Subject SubjectID
	Looked  bool      // somebody has looked since the newest wish for no contact came in
	On      time.Time // of the newest look; the zero time for none
	ByName  string
	Found   []FoundEntry // the wishes that stand against the case first
}

// FoundEntry is an entry that may concern a subject's case.
type FoundEntry struct {
	Preference
	Own     bool       // it is the adopted person's, on this very record
	Against bool       // a wish for no contact that counts: table 8a is asked with it
	Per     int        // how likely the matcher held it to be about this child, in percent; 0 for what it did not find
	Words   []WishWord // newest first
}

// WishWord is what somebody said of an entry and a case.
type WishWord struct {
	Says   string
	By     string // "wk…"
	ByName string
	At     time.Time
	Why    string
	Seen   int // the version of the entry
	Unread bool
}

// NewWishWord is what a worker says of an entry and a subject's case, on the
// version that they saw.
type NewWishWord struct {
	Subject SubjectID
	Entry   PreferenceID
	Seen    int // the version of the entry
	Was     int // how many words there were
	Says    string
	Why     string
}

// wishText is what is sealed of a word, and lookText of a look. Rows repeat ids,
// versions and what is said.
type (
	wishText struct {
		Subject string `json:"subject"`
		Entry   string `json:"entry"`
		Seen    int    `json:"seen"`
		Says    string `json:"says"`
		Why     string `json:"why,omitempty"`
	}
	lookText struct {
		Subject string      `json:"subject"`
		Model   string      `json:"model"`
		Found   []lookFound `json:"found"`
	}
	lookFound struct {
		Entry string `json:"entry"`
		Seen  int    `json:"seen"`
		Per   int    `json:"percent"` // 0 for an entry that does not open, and so may be anybody's
		Word  bool   `json:"word"`    // its wish counts until two workers say otherwise
	}
)

// wishPart and lookPart are the parts of casework that hold them.
const (
	wishPart = "wish"
	lookPart = "look"
)

const (
	wishesOfAll = ` from subject s join application a on a.agency_id = s.agency_id and a.id = s.application_id, lateral wishes(s.id) p where s.agency_id = agency() and a.adopted_id = $1`
	sqlWishes   = `select s.id as subject_id, ` + preferenceColumns + wishesOfAll + ` order by s.id, p.id`
	wishKeys    = `(select 'case/' || p.adopted_id` + wishesOfAll + ` and p.adopted_id <> a.adopted_id)`

	sqlWishNodes  = `select ` + sqlNodeColumns + ` from node n where n.agency_id = agency() and n.key_leaf is not null and n.id = any(array` + wishKeys + `) order by n.id, n.epoch desc`
	sqlWishGrants = `select g.child, g.child_epoch, g.parent, g.parent_epoch, g.sealed from ring_grant_staff g where g.agency_id = agency() and g.parent <> 'archive'
		and g.child = any(array` + wishKeys + `)`
	sqlWishWords = `select w.subject_id, w.id, w.version, w.preference_id, w.preference_version, w.says, w.worker_id, w.at, w.leaf from wish_word w
		where w.agency_id = agency() and w.subject_id = any(array(` + theirSubjects + `)) order by w.subject_id, w.preference_id, w.version`
	sqlLooks = `select distinct on (l.subject_id) l.subject_id, l.id, l.worker_id, l.at, l.leaf, looked(l.subject_id) as fresh from register_look l join audit_body b on b.agency_id = l.agency_id and b.leaf = l.leaf
		where l.agency_id = agency() and l.subject_id = any(array(` + theirSubjects + `)) order by l.subject_id, b.idx desc`
	// What was sealed of them, beside the rest of a standing.
	sqlWishWork = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.part = 'preference' and (w.id, w.version) in (select p.id, p.version` + wishesOfAll + `)
		union all select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.part = 'wish'
			and w.id = any(array(select x.id::text from wish_word x where x.agency_id = agency() and x.subject_id = any(array(` + theirSubjects + `))))
		union all select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.part = 'look'
			and w.id = any(array(select x.id::text from register_look x where x.agency_id = agency() and x.subject_id = any(array(` + theirSubjects + `))))`

	sqlHoldRegister = `select hold_register(true)`
	// Every wish for no contact as it stands, those too that this worker may not see.
	sqlNoContact = `select p.id, p.version, p.wish, connected(p.adopted_id) as hidden from preference p where p.agency_id = agency() and no_contact(p.wish)
		and not exists (select from preference n where n.agency_id = p.agency_id and n.id = p.id and n.version > p.version) order by p.id`
	sqlInsertLook = `insert into register_look (agency_id, id, subject_id, worker_id, at, leaf) values (agency(), @id, @subject, account(), @at, @leaf)`
	sqlInsertWish = `insert into wish_word (agency_id, id, version, subject_id, preference_id, preference_version, says, worker_id, at, leaf)
		values (agency(), @id, @version, @subject, @entry, @seen, @says, account(), @at, @leaf)`
)

// rows of wishes, each with whose subject's case they may concern.
type (
	standingWish struct {
		SubjectID string
		preferenceRow
	}
	standingWord struct {
		SubjectID         string
		ID                string
		Version           int
		PreferenceID      string
		PreferenceVersion int
		Says              string
		WorkerID          string
		At                time.Time
		Leaf              []byte
	}
	standingLook struct {
		SubjectID string
		ID        string
		WorkerID  string
		At        time.Time
		Leaf      []byte
		Fresh     bool
	}
	noContactRow struct {
		ID      string
		Version int
		Wish    ContactWish
		Hidden  bool
	}
)

// wishID names what is said of an entry and a subject.
func wishID(subject SubjectID, entry PreferenceID) string {
	sum := sha256.Sum256([]byte("gatepost wish\n" + string(subject) + "\n" + string(entry)))
	return "wi" + connectionEncoding.EncodeToString(sum[:13])[:20]
}

// against tells whether a wish for no contact stands against the subject's case:
// until two workers, one after the other, have said of it as it stands that it does
// not concern it. What is in doubt stands.
func (g *grounds) against(w standingWish) bool {
	doubted := g.doubts(w.Leaf)
	if !w.Wish.NoContact() && !doubted {
		return false
	}
	g.use(w.ID+"/wish", uint64(w.Version))
	var said []string
	for _, word := range g.words {
		if word.PreferenceID != w.ID {
			continue
		}
		g.use(word.ID+"/"+wishPart, uint64(word.Version))
		if word.Says != WishOther || word.PreferenceVersion != w.Version || g.doubts(word.Leaf) {
			said = nil
		} else if !slices.Contains(said, word.WorkerID) {
			said = append(said, word.WorkerID)
		}
	}
	return doubted || len(said) < 2
}

// acr is checked once the Registrar General's register was, and our own looked
// through since the newest wish for no contact came in.
func (g *grounds) acr() string {
	if !g.head.Looked || g.unlooked {
		g.use(g.head.SubjectID+"/register", 1)
		return "notChecked"
	}
	return g.aboutSubject("acr", "notChecked")
}

// acrNoContact is the wish of anybody that covers this case, in the Registrar
// General's register or in ours.
func (g *grounds) acrNoContact() string {
	wished := g.wishLost
	for _, w := range g.wishes { // each is looked at, so that a signature rests on all
		wished = g.against(w) || wished
	}
	if wished {
		return "yes"
	}
	return g.aboutSubject("acrNoContact", "yes")
}

// wishVersions are the wishes for no contact on which a signature rests.
func (g *grounds) wishVersions() (list []law.Version) {
	for _, w := range g.wishes {
		if w.Wish.NoContact() || g.doubts(w.Leaf) {
			list = append(list, law.Version{Of: w.ID + "/wish", Version: uint64(w.Version)})
		}
	}
	return list
}

// doubtWishes holds each entry, word and look to what was signed; of an entry whose
// record this session has no key of, that it was stated and is the newest.
func (s *Service) doubtWishes(ctx context.Context, b *belief, r *factReader) error {
	for _, w := range b.wishes {
		if w.SubjectID != b.subject {
			continue
		}
		keys := append(slices.Clone(r.keys), b.wishKeys[w.AdoptedID]...)
		err := errRow
		if i := slices.IndexFunc(r.work, func(k workRow) bool { return k.ID == w.ID && k.Part == preferencePart }); i >= 0 {
			if w.AdoptedID != b.adopted && len(b.wishKeys[w.AdoptedID]) == 0 { // that it was stated is all that can be asked
				_, err = s.stated(ctx, r.ag, r.work[i])
			} else {
				err = s.fill(ctx, r.ag, w.preferenceRow, r.work[i], keys, &Preference{})
			}
		}
		if err == nil {
			err = r.last(ctx, w.ID, preferencePart, w.Leaf)
		}
		if err := b.doubt(s.told(ctx, r.ag, w.ID, err), err, w.Leaf); err != nil {
			return err
		}
	}
	for i, w := range b.words {
		if w.SubjectID != b.subject {
			continue
		}
		var t wishText
		err := r.opened(ctx, w.ID, wishPart, uint64(w.Version), w.Leaf, &t)
		if err == nil && (t != wishText{w.SubjectID, w.PreferenceID, w.PreferenceVersion, w.Says, t.Why} || !r.wrote(w)) {
			err = errRow
		}
		if last := i+1 == len(b.words) || b.words[i+1].ID != w.ID; err == nil && last {
			err = r.last(ctx, w.ID, wishPart, w.Leaf)
		}
		if err := b.doubt(s.told(ctx, r.ag, w.ID, err), err, w.Leaf); err != nil {
			return err
		}
	}
	return s.doubtLook(ctx, b, r)
}

// wrote tells whether the worker of a word's row sealed it.
func (r *factReader) wrote(w standingWord) bool {
	return slices.ContainsFunc(r.work, func(k workRow) bool {
		return k.ID == w.ID && k.Part == wishPart && k.Version == uint64(w.Version) && k.FromNode == "worker/"+w.WorkerID
	})
}

// doubt marks a leaf as doubted where there is an error, and gives that of telling.
func (b *belief) doubt(told, err error, leaf []byte) error {
	if err != nil {
		b.doubted.leaf(leaf)
	}
	return told
}

// doubtLook holds the newest look to what was sealed: of each wish that it found
// there is a word.
func (s *Service) doubtLook(ctx context.Context, b *belief, r *factReader) error {
	for _, l := range b.looks {
		if l.SubjectID != b.subject {
			continue
		}
		var t lookText
		err := r.opened(ctx, l.ID, lookPart, 1, l.Leaf, &t)
		if err == nil && t.Subject != b.subject {
			err = errRow
		}
		if err != nil {
			b.doubted.unlooked = true
			return s.told(ctx, r.ag, l.ID, err)
		}
		for _, f := range t.Found {
			if f.Word && !slices.ContainsFunc(b.words, func(w standingWord) bool { return w.SubjectID == b.subject && w.PreferenceID == f.Entry }) {
				b.doubted.wishLost = true
				err = errTaken
			}
		}
		if err := s.told(ctx, r.ag, l.ID, err); err != nil {
			return err
		}
	}
	return nil
}

// entryKeys opens the keys of the records on which wishes stand that were found
// for a case; those that the session has none of are left out.
func (s *Service) entryKeys(ctx context.Context, ag *agency.Agency, actor authz.Actor, b *standing, rows *keyRows) (map[string][]*age.HybridIdentity, error) {
	keys := map[string][]*age.HybridIdentity{}
	for _, w := range b.wishes {
		if _, done := keys[w.AdoptedID]; done || w.AdoptedID == b.adopted {
			continue
		}
		u, err := s.climb(ctx, ag, actor.Keys(), rows, ring.Case(w.AdoptedID))
		if err != nil && fault.KindOf(err) != fault.Forbidden && !unread(err) {
			return nil, err
		}
		keys[w.AdoptedID] = u.keys
	}
	return keys, nil
}

// LookThroughRegister looks through the agency's own contact register for one
// subject's case: entries of either part that are about the same child as the
// case, as the matcher finds them in memory. It is written down who looked and
// what was found. A wish for no contact that was found counts in table 8a from
// then on, until two workers have said that it does not concern the case (SayWish).
//
// NotFound: no such subject. Forbidden: the worker knows somebody in an entry with
// such a wish, or holds no key of it, and a colleague looks. Conflict: a new wish
// came in meanwhile, or the case has ended.
func (s *Service) LookThroughRegister(ctx context.Context, actor authz.Actor, subject SubjectID) error {
	ag, err := s.begin(ctx, actor, authz.KeepRegister, string(subject))
	if err != nil {
		return err
	}
	if prefixAbout(string(subject)) != "subject" {
		return notFound()
	}
	p, err := s.loadPlace(ctx, actor, string(subject))
	if err != nil {
		return err
	}
	if p.row.Over {
		return fault.New(fault.Conflict, "fault.casework.ended")
	}
	a, f, err := s.actsAt(ctx, ag, actor, p)
	if err != nil {
		return err
	}
	l := &lookThrough{acting: a, subject: subject, place: p, folder: f}
	if err := l.read(ctx); err != nil {
		return err
	}
	return l.write(ctx)
}

// lookThrough is one look through the register.
type lookThrough struct {
	*acting
	subject SubjectID
	place   *place
	folder  folder

	list []Preference   // every entry that this worker may see
	none []noContactRow // every wish for no contact as it stands
	was  standing
}

// read opens the register, after that was logged.
func (l *lookThrough) read(ctx context.Context) error {
	rows := &preferenceRows{}
	err := l.db.Read(ctx, scope(l.actor), func(b *pgx.Batch) {
		postgres.Many(b, &l.none, sqlNoContact)
		l.was.queue(b, l.place.row.AdoptedID, nil)
	})
	if err == nil {
		rows, err = l.loadPreferences(ctx, l.actor, nil)
	}
	if err != nil {
		return l.db.Fault(fmt.Errorf("look through the register: %w", err))
	}
	if err := l.logAccess(ctx, l.ag, l.actor, string(l.subject), lookPart, l.place.row.ApplicationID); err != nil {
		return err
	}
	if l.list, err = l.opened(ctx, l.ag, l.actor, rows); err != nil {
		return err
	}
	for _, n := range l.none { // one that this worker cannot see may be the one
		if n.Hidden || !slices.ContainsFunc(l.list, func(p Preference) bool { return string(p.ID) == n.ID }) {
			return fault.New(fault.Forbidden, "fault.register.colleague")
		}
	}
	return nil
}

// child is what the case knows about the birth of the adopted person: what they
// wrote into the register themselves, and else what their record says.
func (l *lookThrough) child(ctx context.Context) (b BirthKnown, err error) {
	p, err := l.loadPlace(ctx, l.actor, l.place.row.AdoptedID)
	if err != nil {
		return b, err
	}
	who, err := l.who(ctx, p)
	if err != nil {
		return b, err
	}
	if i := slices.IndexFunc(l.list, func(e Preference) bool { return e.Part == 1 && string(e.Adopted) == p.on && !e.Unread }); i >= 0 {
		b = l.list[i].Birth
	}
	name := strings.Fields(cmp.Or(who.BirthName, who.Name))
	if n := len(name); n > 0 {
		b.Surname = cmp.Or(b.Surname, name[n-1])
		b.Forename = cmp.Or(b.Forename, strings.Join(name[:n-1], " "))
	}
	if b.About == "" {
		b.Born = cmp.Or(b.Born, who.Born)
	}
	b.Agency = cmp.Or(b.Agency, who.Agency)
	return b, nil
}

// match finds the entries about the child. Of wishes for no contact it finds every
// one for which more speaks than against; of others those that the matcher would
// propose. One that does not open may be anybody's.
func (l *lookThrough) match(ctx context.Context) (lookText, error) {
	text := lookText{Subject: string(l.subject), Model: register.Shipped().Version()}
	birth, err := l.child(ctx)
	if err != nil {
		return text, err
	}
	var entries []register.Entry
	of := map[string]Preference{}
	wish := map[string]bool{}
	for _, n := range l.none {
		wish[n.ID] = true
	}
	for _, p := range l.list {
		switch {
		case string(p.Adopted) == l.place.row.AdoptedID:
		case p.Unread:
			text.Found = append(text.Found, lookFound{Entry: string(p.ID), Seen: p.Version, Word: true})
		case !p.Unread && p.Wish != WishWithdrawn:
			of[string(p.ID)] = p
			entries = append(entries, p.Birth.entry(string(p.ID)))
		}
	}
	index, err := register.NewIndex(ctx, entries, register.Options{Model: register.Shipped()})
	if err != nil {
		return text, fmt.Errorf("look through the register: %w", err)
	}
	for _, found := range index.Possible(birth.entry("case")) {
		if p := of[found.Part1]; wish[string(p.ID)] || found.Band != "" && found.Finding == register.SameChild {
			text.Found = append(text.Found, lookFound{Entry: string(p.ID), Seen: p.Version, Per: max(1, min(int(found.Probability*100+0.5), 99)), Word: wish[string(p.ID)]})
		}
	}
	return text, nil
}

// write writes the look down, and a word for each wish that has none.
func (l *lookThrough) write(ctx context.Context) error {
	text, err := l.match(ctx)
	if err != nil {
		return err
	}
	id := agency.NewID("lo")
	leaf, err := l.seal(l.folder, paper{id: id, part: lookPart, version: 1, kind: seal.KindNote}, text)
	if err != nil {
		return err
	}
	l.acting.write(sqlInsertLook, pgx.StrictNamedArgs{"id": id, "subject": string(l.subject), "at": l.moment, "leaf": leaf[:]})
	for _, f := range text.Found {
		said := func(w standingWord) bool { return w.SubjectID == string(l.subject) && w.PreferenceID == f.Entry }
		if !f.Word || slices.ContainsFunc(l.was.words, said) {
			continue
		}
		if err := l.sayWish(l.folder, 0, wishText{Subject: text.Subject, Entry: f.Entry, Seen: f.Seen, Says: WishFound}); err != nil {
			return err
		}
	}
	l.changes(func(st *standing) {
		for i := range st.heads {
			st.heads[i].Looked = st.heads[i].Looked || st.heads[i].SubjectID == text.Subject
		}
		for _, n := range l.none {
			if slices.ContainsFunc(text.Found, func(f lookFound) bool { return f.Entry == n.ID }) {
				st.wish(text.Subject, preferenceRow{ID: n.ID, Version: n.Version, Wish: n.Wish})
			}
		}
	})
	var now []noContactRow
	return l.commit(ctx, "look", l.place.held(), look{
		read: func(b *pgx.Batch) {
			b.Queue(sqlHoldRegister)
			postgres.Many(b, &now, sqlNoContact)
		},
		check: func(*pgx.Batch) error {
			if !slices.Equal(now, l.none) {
				return fault.New(fault.Conflict, "fault.casework.changed")
			}
			return nil
		},
	})
}

// sayWish seals and queues a word.
func (a *acting) sayWish(f folder, was int, text wishText) error {
	id, version := wishID(SubjectID(text.Subject), PreferenceID(text.Entry)), was+1
	leaf, err := a.seal(f, paper{id: id, part: wishPart, version: uint64(version), kind: seal.KindDecision}, text)
	if err != nil {
		return err
	}
	a.write(sqlInsertWish, pgx.StrictNamedArgs{"id": id, "version": version, "subject": text.Subject, "entry": text.Entry, "seen": text.Seen,
		"says": text.Says, "at": a.moment, "leaf": leaf[:]})
	word := standingWord{SubjectID: text.Subject, ID: id, Version: version, PreferenceID: text.Entry, PreferenceVersion: text.Seen, Says: text.Says, WorkerID: a.actor.Account(), Leaf: leaf[:]}
	a.changes(func(st *standing) { st.words = append(st.words, word) })
	return nil
}

// SayWish says whether an entry's wish for no contact concerns a subject's case.
// That it does not counts once a second worker has said so too. The same by the
// same worker again is one.
//
// Invalid on "says" or "why". NotFound: no such subject, or the entry was not found
// for it. Conflict: an entry or a word is newer than what the worker saw, the case
// has ended, or the wish is the adopted person's own or of a relative whom two
// workers put beside it, which is signed for and not set aside. Forbidden: the first of the two says it again, or the worker
// knows somebody there.
func (s *Service) SayWish(ctx context.Context, actor authz.Actor, n NewWishWord) error {
	ag, err := s.begin(ctx, actor, authz.KeepRegister, string(n.Subject))
	if err != nil {
		return err
	}
	if err := s.keptOut(ctx, actor, string(n.Entry)); err != nil {
		return err
	}
	if prefixAbout(string(n.Subject)) != "subject" || !agency.ValidID("cp", string(n.Entry)) || n.Was < 0 {
		return notFound()
	}
	if n.Says != WishConcerns && n.Says != WishOther {
		return fault.Field("says", "fault.intake.choose")
	}
	if n.Why, err = reasons(n.Why); err != nil {
		return err
	}
	p, err := s.loadPlace(ctx, actor, string(n.Subject))
	if err != nil {
		return err
	}
	var was standing
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { was.queue(b, p.row.AdoptedID, nil) }); err != nil {
		return s.db.Fault(fmt.Errorf("load wishes: %w", err))
	}
	version, words := was.wordsOf(string(n.Subject), string(n.Entry))
	switch {
	case version == 0:
		return notFound()
	case n.Says == WishOther && was.owns(string(n.Subject), string(n.Entry)):
		return fault.New(fault.Conflict, "fault.wish.own")
	case len(words) == n.Was+1 && words[n.Was].WorkerID == actor.Account() && words[n.Was].Says == n.Says:
		return nil // the second of two clicks
	case p.row.Over:
		return fault.New(fault.Conflict, "fault.casework.ended")
	case version != n.Seen || len(words) != n.Was:
		return fault.New(fault.Conflict, "fault.casework.newerFact")
	}
	a, f, err := s.actsAt(ctx, ag, actor, p)
	if err != nil {
		return err
	}
	if err := a.sayWish(f, n.Was, wishText{string(n.Subject), string(n.Entry), n.Seen, n.Says, n.Why}); err != nil {
		return err
	}
	return a.commit(ctx, "wish", p.held())
}

// wish puts an entry as it is being written into a standing.
func (st *standing) wish(subject string, row preferenceRow) {
	i := slices.IndexFunc(st.wishes, func(w standingWish) bool { return w.SubjectID == subject && w.ID == row.ID })
	if i < 0 {
		st.wishes = append(st.wishes, standingWish{SubjectID: subject})
		i = len(st.wishes) - 1
	}
	st.wishes[i].preferenceRow = row
}

// owns tells whether an entry stands on the record of the case's adopted person.
func (st *standing) owns(subject, entry string) bool {
	return slices.ContainsFunc(st.wishes, func(w standingWish) bool { return w.SubjectID == subject && w.ID == entry && w.AdoptedID == st.adopted })
}

// wordsOf gives the version of an entry that may concern a subject's case, 0 for
// one that does not, and what was said of it, oldest first.
func (st *standing) wordsOf(subject, entry string) (version int, words []standingWord) {
	for _, w := range st.wishes {
		if w.SubjectID == subject && w.ID == entry {
			version = w.Version
		}
	}
	for _, w := range st.words {
		if w.SubjectID == subject && w.PreferenceID == entry {
			words = append(words, w)
		}
	}
	return version, words
}

// RegisterFor opens what our contact register says about a subject's case: the
// newest look, what it found, and what workers said. The reading is in the log
// first. NotFound: no such subject. Forbidden: the worker knows somebody there, or
// holds no key of the case.
func (s *Service) RegisterFor(ctx context.Context, actor authz.Actor, subject SubjectID) (*SubjectRegister, error) {
	ag, err := s.begin(ctx, actor, authz.KeepRegister, string(subject))
	if err != nil {
		return nil, err
	}
	b, err := s.believe(ctx, ag, actor, string(subject))
	if err != nil {
		return nil, err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return nil, err
	}
	g, ok := a.grounds(&b.standing, b.doubted, b.subject, "")
	if !ok {
		return nil, notFound()
	}
	r := &registerFor{Service: s, ag: ag, actor: actor, b: b, grounds: g}
	return r.page(ctx)
}

// registerFor gathers the page of a subject's register.
type registerFor struct {
	*Service
	*grounds
	ag      *agency.Agency
	actor   authz.Actor
	b       *belief
	workers []agency.RecordRow
	work    []workRow
}

func (r *registerFor) page(ctx context.Context) (*SubjectRegister, error) {
	p := &SubjectRegister{Subject: SubjectID(r.b.subject), Looked: r.head.Looked && !r.unlooked}
	err := r.db.Read(ctx, scope(r.actor), func(b *pgx.Batch) {
		postgres.Many(b, &r.workers, sqlRecordWorkers)
		postgres.Many(b, &r.work, sqlWishWork, r.b.adopted)
	})
	if err != nil {
		return nil, r.db.Fault(fmt.Errorf("load wishes: %w", err))
	}
	ids := []string{} // none is not all
	for _, w := range r.wishes {
		ids = append(ids, w.ID)
	}
	newest := r.newestLook(ctx, p)
	for _, f := range newest.Found {
		ids = append(ids, f.Entry)
	}
	rows, err := r.loadPreferences(ctx, r.actor, ids)
	if err != nil {
		return nil, err
	}
	if err := r.logAccess(ctx, r.ag, r.actor, r.b.subject, "wishes", r.head.ApplicationID); err != nil {
		return nil, err
	}
	list, err := r.opened(ctx, r.ag, r.actor, rows)
	for _, e := range list {
		p.Found = append(p.Found, r.found(ctx, e, newest))
	}
	slices.SortStableFunc(p.Found, func(x, y FoundEntry) int {
		return cmp.Or(cmp.Compare(rank(x.Against), rank(y.Against)), cmpPreferences(x.Preference, y.Preference))
	})
	return p, err
}

// rank puts what is so first.
func rank(is bool) int {
	if is {
		return 0
	}
	return 1
}

// newestLook opens the newest look; believe has told of one that does not open.
func (r *registerFor) newestLook(ctx context.Context, p *SubjectRegister) (text lookText) {
	reader := &factReader{Service: r.Service, ag: r.ag, work: r.work, keys: r.b.keys}
	for _, l := range r.b.looks {
		if l.SubjectID == r.b.subject && reader.opened(ctx, l.ID, lookPart, 1, l.Leaf, &text) == nil {
			p.On, p.ByName = l.At, nameOfWorker(r.actor, r.workers, l.WorkerID)
		}
	}
	return text
}

// found puts an entry together with what was found and said of it.
func (r *registerFor) found(ctx context.Context, e Preference, newest lookText) FoundEntry {
	f := FoundEntry{Preference: e, Own: string(e.Adopted) == r.b.adopted}
	for _, n := range newest.Found {
		if n.Entry == string(e.ID) {
			f.Per = n.Per
		}
	}
	for _, w := range r.wishes {
		f.Against = f.Against || w.ID == string(e.ID) && r.against(w)
	}
	reader := &factReader{Service: r.Service, ag: r.ag, work: r.work, keys: r.b.keys}
	_, words := r.b.wordsOf(r.b.subject, string(e.ID))
	for _, w := range slices.Backward(words) {
		word := WishWord{Says: w.Says, By: w.WorkerID, ByName: nameOfWorker(r.actor, r.workers, w.WorkerID), At: w.At, Seen: w.PreferenceVersion}
		var t wishText
		word.Unread = r.doubts(w.Leaf) || reader.opened(ctx, w.ID, wishPart, uint64(w.Version), w.Leaf, &t) != nil
		word.Why = t.Why
		f.Words = append(f.Words, word)
	}
	return f
}

// wishMarks are what a standing rests on of wishes, for marks.
func (st *standing) wishMarks(subject string, b *bytes.Buffer) {
	for _, w := range st.wishes {
		if w.SubjectID == subject {
			fmt.Fprintf(b, "wish %x %s %d\n", w.Leaf, w.Wish, w.Version)
		}
	}
	for _, w := range st.words {
		if w.SubjectID == subject {
			fmt.Fprintf(b, "word %x %s %d\n", w.Leaf, w.Says, w.PreferenceVersion)
		}
	}
	for _, l := range st.looks {
		if l.SubjectID == subject {
			fmt.Fprintf(b, "look %x %t\n", l.Leaf, l.Fresh)
		}
	}
}
