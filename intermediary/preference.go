package intermediary

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/intermediary/register"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// PreferenceID names an entry of the agency's own contact register ("cp…"). That
// register is not the Registrar General's, which is asked by enquiry.
type PreferenceID string

// NewPreferenceID is for a form in which an entry is written down.
func NewPreferenceID() PreferenceID { return PreferenceID(agency.NewID("cp")) }

// ContactWish is what somebody in the contact register wishes for.
type ContactWish string

// The wishes: of an adopted person (Part 1), of a relative (Part 2), and of
// either who takes their entry back.
const (
	WishContactAll       ContactWish = "contactAll"       // with every relative
	WishContactNamed     ContactWish = "contactNamed"     // with those named only
	WishContactAllExcept ContactWish = "contactAllExcept" // with every relative but those named
	WishNoContactNamed   ContactWish = "noContactNamed"   // not with those named
	WishNoContactAll     ContactWish = "noContactAll"     // with nobody
	WishContact          ContactWish = "contact"          // with the adopted person
	WishNoContact        ContactWish = "noContact"        // not with the adopted person
	WishWithdrawn        ContactWish = "withdrawn"
)

// Wishes lists what an entry of a part may wish for, in the order of its page.
func Wishes(part int) []ContactWish {
	if part == 1 {
		return []ContactWish{WishContactAll, WishContactNamed, WishContactAllExcept, WishNoContactNamed, WishNoContactAll}
	}
	return []ContactWish{WishContact, WishNoContact}
}

// naming tells whether a wish is about people whom it names.
func (w ContactWish) naming() bool {
	return w == WishContactNamed || w == WishContactAllExcept || w == WishNoContactNamed
}

// AddressKeeps is for how many days an address counts as current after it was
// confirmed; then its owner is asked.
const AddressKeeps = 365

// BirthKnown is what an entry says about the birth of the adopted person, as the
// matcher compares it. What is not known is empty.
type BirthKnown struct {
	Forename           string `json:"forename,omitempty"` // given at birth
	Surname            string `json:"surname,omitempty"`  // at birth
	Sex                string `json:"sex,omitempty"`      // f, m or ""
	Born               string `json:"born,omitempty"`     // as law.ParseDate reads it
	About              string `json:"about,omitempty"`    // "about 1971", where the day is not known
	Place              string `json:"place,omitempty"`
	MotherForename     string `json:"motherForename,omitempty"`
	MotherSurname      string `json:"motherSurname,omitempty"`
	MotherOtherSurname string `json:"motherOtherSurname,omitempty"`
	Agency             string `json:"agency,omitempty"` // that placed the child
}

// entry is a birth as the matcher reads it.
func (b BirthKnown) entry(id string) register.Entry {
	e := register.Entry{ID: id, Forename: b.Forename, Surname: b.Surname, Sex: b.Sex, Born: b.Born, BornText: b.About, Place: b.Place,
		MotherForename: b.MotherForename, MotherSurname: b.MotherSurname, MotherOtherSurname: b.MotherOtherSurname, Agency: b.Agency}
	if len(b.Born) < len(time.DateOnly) && b.About == "" {
		e.BornText = b.Born // a month or a year
	}
	return e
}

// particulars are the birth as a record of an adopted person has them.
func (b BirthKnown) particulars() Particulars {
	return Particulars{BirthName: joined(b.Forename, b.Surname), Born: b.Born, Agency: b.Agency}
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}

// Registrant is who wishes: the adopted person, or the relative.
type Registrant struct {
	Name     string `json:"name"`
	Relation string `json:"relation,omitempty"` // of a relative, in words
	Address  string `json:"address,omitempty"`
	Reach    string `json:"reach,omitempty"` // phone, e-mail, and how to reach them safely
}

// NewPreference is an entry, or a change of one, as a worker writes it down. What
// is not known is left at its zero value, which never weakens anything.
type NewPreference struct {
	ID      PreferenceID // chosen when the form was shown, so that two clicks are one; "" for a new one
	Was     int          // the version that the worker saw, 0 for a new entry
	Part    int          // 1 adopted person, 2 relative; of a new entry
	Adopted AdoptedID    // Part 1: the record of the adopted person. A new entry of Part 2 opens a record of its own

	Wish  ContactWish
	Named string // whom a wish names, in their words
	Registrant
	Birth BirthKnown

	Verified  bool      // they were met, or otherwise verified, and are who they say
	Adult     bool      // they are 18 or older
	Related   bool      // Part 2: that they are a relative was shown, and not only declared
	Died      bool      // they have died since
	AddressOn time.Time // when the address was confirmed last; the zero time for never

	Form     string // online, phone, paper
	Intake   string // "in…" of a relative's wish that came online, which is taken by this act; or ""
	Words    string // their own words
	Why      string // the worker's note
	Evidence []string
}

// preferenceText is what is sealed of an entry. The row repeats what stands in
// clear.
type preferenceText struct {
	Part      int         `json:"part"`
	Adopted   string      `json:"adopted"`
	Wish      ContactWish `json:"wish"`
	Named     string      `json:"named,omitempty"`
	Who       Registrant  `json:"who"`
	Birth     BirthKnown  `json:"birth"`
	Verified  bool        `json:"verified"`
	Adult     bool        `json:"adult"`
	Related   bool        `json:"related"`
	Living    bool        `json:"living"`
	AddressOn string      `json:"addressOn,omitempty"`
	Form      string      `json:"form"`
	Words     string      `json:"words,omitempty"`
	Why       string      `json:"why,omitempty"`
	Evidence  []string    `json:"evidence,omitempty"`
}

// preferencePart is the part of casework that holds an entry.
const preferencePart = "preference"

const (
	preferenceColumns = `p.id, p.version, p.adopted_id, p.part, p.wish, p.verified, p.adult, p.related, p.living, p.address_on, p.form, p.worker_id, p.at, p.leaf,
		(select max(t.asked_on) from preference_prompt t where t.agency_id = p.agency_id and t.preference_id = p.id and t.version = p.version) as asked_on`
	// The newest version of every entry that this worker may see, or of the one named, and what goes with it.
	seenPreferences = `from (select distinct on (p.id) p.* from preference p where p.agency_id = agency() and ($1::text[] is null or p.id = any($1))
			order by p.id, p.version desc) p where not connected(p.adopted_id)`
	sqlPreferences    = `select ` + preferenceColumns + ` ` + seenPreferences + ` order by p.id`
	sqlPreferenceWork = `select ` + sqlWorkColumns + ` from casework w join (select p.id, p.version ` + seenPreferences + `) e on e.id = w.id and e.version = w.version
		where w.agency_id = agency() and w.part = 'preference' order by w.id`
	sqlPreferenceNodes = `select ` + sqlNodeColumns + ` from node n where n.agency_id = agency() and n.key_leaf is not null
		and n.id = any(array(select 'case/' || p.adopted_id ` + seenPreferences + `)) order by n.id, n.epoch desc`
	sqlPreferenceGrants = `select g.child, g.child_epoch, g.parent, g.parent_epoch, g.sealed from ring_grant_staff g where g.agency_id = agency() and g.parent <> 'archive'
		and g.child = any(array(select 'case/' || p.adopted_id ` + seenPreferences + `))`
	// Entries about one adopted person: theirs, and a relative's that two workers put beside it, in whatever version: what somebody wishes now counts, and
	// nobody has said since that they belong to another.
	sqlPreferencesAbout = `select p.id from preference p where p.agency_id = agency() and p.adopted_id = $1
		union select w.part2_id from register_word w join preference p on p.agency_id = w.agency_id and p.id = w.part1_id
			where w.agency_id = agency() and p.adopted_id = $1 and linked(w.id, w.part1_version, w.part2_version)`
	sqlPreferenceHistory     = `select ` + preferenceColumns + ` from preference p where p.agency_id = agency() and p.id = $1 order by p.version desc`
	sqlPreferenceHistoryWork = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = $1 and w.part = 'preference' order by w.version desc`
	sqlInsertPreference      = `insert into preference (agency_id, id, version, adopted_id, part, wish, verified, adult, related, living, address_on, form, worker_id, at, leaf)
		values (agency(), @id, @version, @adopted, @part, @wish, @verified, @adult, @related, @living, @addressOn, @form, account(), @at, @leaf)`
	sqlInsertPrompt = `insert into preference_prompt (agency_id, preference_id, version, asked_on, worker_id, leaf) values (agency(), @id, @version, @on, account(), @leaf)`
	sqlPrompts      = `select count(*)::int as many, coalesce(max(t.asked_on) = $2, false) as today from preference_prompt t where t.agency_id = agency() and t.preference_id = $1`
)

// preferenceRow is an entry as the database has it.
type preferenceRow struct {
	ID        string
	Version   int
	AdoptedID string
	Part      int
	Wish      ContactWish
	Verified  bool
	Adult     bool
	Related   bool
	Living    bool
	AddressOn *time.Time
	Form      string
	WorkerID  string
	At        time.Time
	Leaf      []byte
	AskedOn   *time.Time
}

// repeats tells whether the sealed text says what the row says.
func (r preferenceRow) repeats(t preferenceText) bool {
	return t.Part == r.Part && t.Adopted == r.AdoptedID && t.Wish == r.Wish && t.Verified == r.Verified && t.Adult == r.Adult &&
		t.Related == r.Related && t.Living == r.Living && t.AddressOn == addressDay(r.AddressOn) && t.Form == r.Form
}

func addressDay(day *time.Time) string {
	if day == nil {
		return ""
	}
	return day.Format(time.DateOnly)
}

// Preference is an entry as it stands, or as one version of it stood.
type Preference struct {
	ID      PreferenceID
	Version int
	Adopted AdoptedID
	Part    int
	NewPreference
	By      string // "wk…", who wrote it down
	ByName  string // on the page of one entry
	At      time.Time
	AskedOn time.Time // when its owner was last asked about the address; the zero time for never
	AskNow  bool      // the address is to be asked about: its year is over, and nobody asked for a year
	Unread  bool      // it does not open, or differs from what was signed; nothing is filled in but ID, Version, Adopted, Part, By and At
}

// Current tells whether the address was confirmed within the year before a day.
func (p Preference) Current(today time.Time) bool {
	return !p.AddressOn.IsZero() && today.Before(p.AddressOn.AddDate(0, 0, AddressKeeps+1))
}

// EnterPreference writes an entry into the agency's contact register, or its next
// version. A new one of Part 2 opens a record of its own, which holds what the
// relative knows about the child. Nothing follows from an entry by itself: it is
// found by SearchRegister, and shown beside what is decided about its owner.
// A wish is taken back, or made weaker, only by somebody who was verified; no
// contact at all counts from the first word.
//
// Invalid on "wish", "named", "name", "address", "birth.…", "form", "addressOn",
// "verified", "words", "why" or "evidence". NotFound: no such record or entry.
// Conflict: a newer version, or the record has an entry.
func (s *Service) EnterPreference(ctx context.Context, actor authz.Actor, n NewPreference) (PreferenceID, error) {
	of := string(n.Adopted)
	if n.Was > 0 {
		of = string(n.ID)
	}
	ag, err := s.begin(ctx, actor, authz.KeepRegister, cmp.Or(of, "register"))
	if err != nil {
		return "", err
	}
	if n.ID == "" && n.Was == 0 {
		n.ID = NewPreferenceID()
	}
	if !agency.ValidID("cp", string(n.ID)) {
		return "", notFound()
	}
	if n, err = s.checkPreference(n); err != nil {
		return "", err
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return "", err
	}
	rows, err := s.loadPreferences(ctx, actor, []string{string(n.ID)})
	if err != nil {
		return "", err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return "", err
	}
	if len(rows.list) > 0 || n.Was > 0 {
		if n.Was > 0 && !n.Verified && !n.Wish.NoContact() { // of what does not open nobody knows whether this is weaker
			list, err := s.opened(ctx, ag, actor, rows)
			switch {
			case err != nil:
				return "", err
			case len(list) > 0 && list[0].Unread:
				return "", fault.Field("verified", "fault.preference.verified")
			}
		}
		return n.ID, a.amendPreference(ctx, rows, n)
	}
	return n.ID, a.newPreference(ctx, n)
}

// amendPreference writes the next version. The same again by the same worker is one.
func (a *acting) amendPreference(ctx context.Context, rows *preferenceRows, n NewPreference) error {
	if len(rows.list) == 0 {
		return notFound()
	}
	was := rows.list[0]
	n.Part, n.Adopted = was.Part, AdoptedID(was.AdoptedID)
	switch {
	case was.Version == n.Was+1 && was.WorkerID == a.actor.Account() && was.Wish == n.Wish:
		return nil // the second of two clicks
	case was.Version != n.Was:
		return fault.New(fault.Conflict, "fault.casework.newerFact")
	case !n.Verified && !stricterWish(was.Wish, n.Wish):
		return fault.Field("verified", "fault.preference.verified")
	case n.Wish != WishWithdrawn && !slices.Contains(Wishes(n.Part), n.Wish):
		return fault.Field("wish", "fault.preference.wish")
	}
	node, err := a.node(ctx, a.ag, &rows.keys, ring.Case(was.AdoptedID))
	if err != nil {
		return err
	}
	if err := a.writePreference(folder{of: was.AdoptedID, node: node}, n); err != nil {
		return err
	}
	return a.commit(ctx, "preference", held{adopted: was.AdoptedID})
}

// stricterWish tells whether a wish opens nothing that the one before did not:
// that may be written down from the first word.
func stricterWish(was, now ContactWish) bool {
	return now == WishNoContactAll || now == WishNoContact || was == WishContactAll && now != WishWithdrawn
}

// newPreference writes the first version: on the adopted person's record, or, of
// a relative, on one that is opened for it.
func (a *acting) newPreference(ctx context.Context, n NewPreference) error {
	if !slices.Contains(Wishes(n.Part), n.Wish) {
		return fault.Field("wish", "fault.preference.wish")
	}
	if n.Part == 1 {
		p, err := a.loadPlace(ctx, a.actor, string(n.Adopted))
		if err != nil {
			return err
		}
		f, err := a.folder(ctx, a.ag, p)
		if err != nil {
			return err
		}
		if err := a.writePreference(f, n); err != nil {
			return err
		}
		return a.commit(ctx, "preference", held{adopted: string(n.Adopted)})
	}
	team, archive, err := a.parents(ctx, a)
	if err != nil {
		return err
	}
	n.Adopted = AdoptedID(agency.NewID("ad"))
	f, err := a.openRecord(NewCase{Adopted: n.Adopted, AdoptedPerson: n.Birth.particulars()}, team, archive)
	if err != nil {
		return err
	}
	if err := a.writePreference(f, n); err != nil {
		return err
	}
	if n.Intake == "" {
		return a.commit(ctx, "preference", held{})
	}
	if err := a.takeWish(ctx, f, n.Intake); err != nil {
		return err
	}
	return a.movedIntake(a.commit(ctx, "preference", held{}))
}

// takeWish takes the enquiry in which a relative stated a wish: it became this entry.
func (a *acting) takeWish(ctx context.Context, f folder, intake string) error {
	r := &recording{acting: a, n: NewRecord{Intake: intake}, folder: f}
	if err := r.readIntake(ctx); err != nil {
		return err
	}
	if r.purpose != PurposeWish || r.own {
		return fault.New(fault.Conflict, "fault.intake.record")
	}
	return r.take(ctx)
}

// writePreference seals a version and queues its row.
func (a *acting) writePreference(f folder, n NewPreference) error {
	text := preferenceText{Part: n.Part, Adopted: string(n.Adopted), Wish: n.Wish, Named: n.Named, Who: n.Registrant, Birth: n.Birth, Verified: n.Verified,
		Adult: n.Adult, Related: n.Related, Living: !n.Died, Form: n.Form, Words: n.Words, Why: n.Why, Evidence: n.Evidence}
	var on *time.Time
	if !n.AddressOn.IsZero() {
		on, text.AddressOn = &n.AddressOn, n.AddressOn.Format(time.DateOnly)
	}
	version := uint64(n.Was + 1)
	leaf, err := a.seal(f, paper{id: string(n.ID), part: preferencePart, version: version, kind: seal.KindPreference}, text)
	if err != nil {
		return err
	}
	a.write(sqlInsertPreference, pgx.StrictNamedArgs{"id": string(n.ID), "version": version, "adopted": text.Adopted, "part": n.Part, "wish": string(n.Wish),
		"verified": n.Verified, "adult": n.Adult, "related": n.Related, "living": text.Living, "addressOn": on, "form": n.Form, "at": a.moment, "leaf": leaf[:]})
	row := preferenceRow{ID: string(n.ID), Version: int(version), AdoptedID: text.Adopted, Part: n.Part, Wish: n.Wish, Leaf: leaf[:]}
	a.changes(func(st *standing) {
		for _, h := range st.heads {
			st.wish(h.SubjectID, row)
		}
	})
	return nil
}

// checkPreference cleans what a form sent.
func (s *Service) checkPreference(n NewPreference) (NewPreference, error) {
	for _, line := range []struct {
		field string
		text  *string
	}{{"name", &n.Name}, {"relation", &n.Relation}, {"birth.forename", &n.Birth.Forename}, {"birth.surname", &n.Birth.Surname}, {"birth.sex", &n.Birth.Sex},
		{"birth.about", &n.Birth.About}, {"birth.place", &n.Birth.Place}, {"birth.motherForename", &n.Birth.MotherForename},
		{"birth.motherSurname", &n.Birth.MotherSurname}, {"birth.motherOtherSurname", &n.Birth.MotherOtherSurname}, {"birth.agency", &n.Birth.Agency}} {
		var err error
		if *line.text, err = prose.Line(line.field, *line.text); err != nil {
			return n, err
		}
	}
	for _, long := range []struct {
		field string
		text  *string
	}{{"named", &n.Named}, {"address", &n.Address}, {"reach", &n.Reach}, {"words", &n.Words}, {"why", &n.Why}} {
		var err error
		if *long.text, err = prose.Clean(long.field, *long.text, MaxWhy); err != nil {
			return n, err
		}
	}
	var err error
	if n.Evidence, err = cleanLines("evidence", n.Evidence); err != nil {
		return n, err
	}
	return n, s.completePreference(&n)
}

// completePreference says what is missing of a cleaned entry.
func (s *Service) completePreference(n *NewPreference) error {
	tomorrow := calendar.Today(s.now()).AddDate(0, 0, 1)
	switch {
	case n.Was < 0 || n.Was == 0 && n.Part != 1 && n.Part != 2 || n.Part == 1 && n.Was == 0 && prefixAbout(string(n.Adopted)) != "adopted":
		return notFound()
	case n.Intake != "" && (n.Part != 2 || n.Was != 0 || !agency.ValidID("in", n.Intake)):
		return notFound()
	case n.Part == 2 && n.Was == 0 && n.Adopted != "":
		return notFound() // it opens a record of its own
	case n.Wish != WishWithdrawn && !slices.Contains(slices.Concat(Wishes(1), Wishes(2)), n.Wish):
		return fault.Field("wish", "fault.preference.wish")
	case n.Wish.naming() && prose.Blank(n.Named):
		return fault.Field("named", "fault.preference.named")
	case prose.Blank(n.Name):
		return fault.Field("name", "fault.casework.name")
	case prose.Blank(n.Birth.Forename + n.Birth.Surname):
		return fault.Field("birth.surname", "fault.preference.birth")
	case !IsDate(n.Birth.Born):
		return fault.Field("birth.born", "fault.casework.date")
	case n.Birth.Sex != "" && n.Birth.Sex != "f" && n.Birth.Sex != "m":
		return fault.Field("birth.sex", "fault.intake.choose")
	case n.Form != "online" && n.Form != "phone" && n.Form != "paper":
		return fault.Field("form", "fault.intake.choose")
	case !n.AddressOn.IsZero() && !n.AddressOn.Before(tomorrow):
		return fault.Field("addressOn", "fault.consent.on")
	case !n.AddressOn.IsZero() && prose.Blank(n.Address):
		return fault.Field("address", "fault.intake.address")
	case n.Part == 1 && n.Was == 0:
		n.Related = false
	}
	if !n.Wish.naming() {
		n.Named = ""
	}
	return nil
}

// preferenceRows are the newest versions of entries with all that opens them.
type preferenceRows struct {
	list []preferenceRow
	work []workRow
	keys keyRows
}

// loadPreferences reads some entries, or, for nil, all that this worker may see.
func (s *Service) loadPreferences(ctx context.Context, actor authz.Actor, ids []string) (*preferenceRows, error) {
	r := &preferenceRows{}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &r.list, sqlPreferences, ids)
		postgres.Many(b, &r.work, sqlPreferenceWork, ids)
		postgres.Many(b, &r.keys.nodes, sqlPreferenceNodes, ids)
		postgres.Many(b, &r.keys.grants, sqlPreferenceGrants, ids)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load the register: %w", err))
	}
	return r, nil
}

// opened opens every entry. One that does not open, or differs from its
// statement, is Unread after its alarm; of one whose key this session does not
// hold nothing is given.
func (s *Service) opened(ctx context.Context, ag *agency.Agency, actor authz.Actor, r *preferenceRows) ([]Preference, error) {
	today := calendar.Today(s.now())
	by := r.keys.byNode()
	work := map[string]workRow{}
	for _, w := range r.work {
		work[w.ID] = w
	}
	var list []Preference
	for _, row := range r.list {
		keys := by["case/"+row.AdoptedID]
		if keys == nil { // one record that has lost its key ends no search
			keys = &keyRows{}
		}
		u, err := s.climb(ctx, ag, actor.Keys(), keys, ring.Case(row.AdoptedID))
		if fault.KindOf(err) == fault.Forbidden {
			continue
		}
		p := row.preference()
		if err == nil {
			err = s.newest(ctx, ag, work[row.ID])
			if err == nil {
				err = s.fill(ctx, ag, row, work[row.ID], u.keys, &p)
			}
		}
		if err != nil {
			p.Unread = true
			if err := s.told(ctx, ag, row.ID, err); err != nil {
				return nil, err
			}
		}
		p.AskNow = !p.Unread && p.Wish != WishWithdrawn && !p.Died && !p.Current(today) && (row.AskedOn == nil || !today.Before(row.AskedOn.AddDate(1, 0, 0)))
		list = append(list, p)
	}
	return list, nil
}

// preference is what of an entry stands in clear and names nobody.
func (r preferenceRow) preference() Preference {
	p := Preference{ID: PreferenceID(r.ID), Version: r.Version, Adopted: AdoptedID(r.AdoptedID), Part: r.Part, By: r.WorkerID, At: r.At}
	if r.AskedOn != nil {
		p.AskedOn = *r.AskedOn
	}
	return p
}

// fill opens a version and holds the row to it.
func (s *Service) fill(ctx context.Context, ag *agency.Agency, row preferenceRow, w workRow, keys []*age.HybridIdentity, into *Preference) error {
	content, _, err := s.tryOpen(ctx, ag, w, keys)
	if err != nil {
		return err
	}
	var t preferenceText
	if err := parse(content, &t); err != nil {
		return err
	}
	if w.Version != uint64(row.Version) || string(w.Leaf) != string(row.Leaf) || w.FromNode != "worker/"+row.WorkerID || !row.repeats(t) {
		return errRow
	}
	into.NewPreference = NewPreference{ID: into.ID, Was: row.Version, Part: t.Part, Adopted: into.Adopted, Wish: t.Wish, Named: t.Named, Registrant: t.Who, Birth: t.Birth,
		Verified: t.Verified, Adult: t.Adult, Related: t.Related, Died: !t.Living, Form: t.Form, Words: t.Words, Why: t.Why, Evidence: t.Evidence}
	if row.AddressOn != nil {
		into.AddressOn = *row.AddressOn
	}
	return nil
}

// Preferences lists the agency's contact register: every entry that the worker
// may see, Part 1 first, by name. Names are opened for whoever holds the records'
// keys; that somebody looked is in the log before.
func (s *Service) Preferences(ctx context.Context, actor authz.Actor) ([]Preference, error) {
	ag, err := s.begin(ctx, actor, authz.KeepRegister, "register")
	if err != nil {
		return nil, err
	}
	return s.readRegister(ctx, ag, actor, "register", "list")
}

// readRegister opens every entry, after the log has what it was for.
func (s *Service) readRegister(ctx context.Context, ag *agency.Agency, actor authz.Actor, object, what string) ([]Preference, error) {
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, err
	}
	rows, err := s.loadPreferences(ctx, actor, nil)
	if err != nil || len(rows.list) == 0 {
		return nil, err
	}
	if err := s.logAccess(ctx, ag, actor, object, what, ""); err != nil {
		return nil, err
	}
	list, err := s.opened(ctx, ag, actor, rows)
	slices.SortStableFunc(list, cmpPreferences)
	return list, err
}

// PreferencesAbout opens what is wished about contact with an adopted person: their
// own entry, and those of relatives that two workers have put beside it. Each is a
// factor in what is decided about them (ISR 6(2)(c), table 8e rows e03 and e04),
// and stops nothing by itself. The reading is in the log first.
func (s *Service) PreferencesAbout(ctx context.Context, actor authz.Actor, of AdoptedID) ([]Preference, error) {
	ag, err := s.begin(ctx, actor, authz.SeeCase, string(of))
	if err != nil {
		return nil, err
	}
	if prefixAbout(string(of)) != "adopted" {
		return nil, notFound()
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, err
	}
	var about []struct{ ID string }
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &about, sqlPreferencesAbout, string(of)) }); err != nil {
		return nil, s.db.Fault(fmt.Errorf("load who wishes for contact: %w", err))
	}
	if len(about) == 0 {
		return nil, nil
	}
	ids := make([]string, len(about))
	for i, a := range about {
		ids[i] = a.ID
	}
	rows, err := s.loadPreferences(ctx, actor, ids)
	if err != nil {
		return nil, err
	}
	if err := s.logAccess(ctx, ag, actor, string(of), "wishes", string(of)); err != nil {
		return nil, err
	}
	list, err := s.opened(ctx, ag, actor, rows)
	slices.SortStableFunc(list, cmpPreferences)
	return list, err
}

// PreferenceHistory opens an entry: its newest version first, then those before.
// The reading is in the log first. NotFound: no such entry. Forbidden: the worker
// knows somebody in a case about that adopted person.
func (s *Service) PreferenceHistory(ctx context.Context, actor authz.Actor, id PreferenceID) ([]Preference, error) {
	ag, err := s.begin(ctx, actor, authz.KeepRegister, string(id))
	if err != nil {
		return nil, err
	}
	if !agency.ValidID("cp", string(id)) {
		return nil, notFound()
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, err
	}
	rows, err := s.loadPreferences(ctx, actor, []string{string(id)})
	if err != nil {
		return nil, err
	}
	if len(rows.list) == 0 {
		return nil, notFound()
	}
	if err := s.logAccess(ctx, ag, actor, string(id), "page", rows.list[0].AdoptedID); err != nil {
		return nil, err
	}
	return s.versions(ctx, ag, actor, rows)
}

// versions opens the newest version, and those before it as they stood.
func (s *Service) versions(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *preferenceRows) ([]Preference, error) {
	list, err := s.opened(ctx, ag, actor, rows)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.New(fault.Forbidden, "fault.casework.notYours")
	}
	var history []preferenceRow
	var work []workRow
	var workers []agency.RecordRow
	id := string(list[0].ID)
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &history, sqlPreferenceHistory, id)
		postgres.Many(b, &work, sqlPreferenceHistoryWork, id)
		postgres.Many(b, &workers, sqlRecordWorkers)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load an entry: %w", err))
	}
	u, err := s.climb(ctx, ag, actor.Keys(), &rows.keys, ring.Case(rows.list[0].AdoptedID))
	if err != nil {
		return nil, err
	}
	for i, row := range history {
		if row.Version >= list[0].Version || i >= len(work) {
			continue
		}
		p := row.preference()
		if err := s.fill(ctx, ag, row, work[i], u.keys, &p); err != nil {
			p.Unread = true
			if err := s.told(ctx, ag, id, err); err != nil {
				return nil, err
			}
		}
		list = append(list, p)
	}
	for i, p := range list {
		list[i].ByName = nameOfWorker(actor, workers, p.By)
	}
	return list, nil
}

// PromptAddress notes that the owner of an entry is asked today, by a letter that
// says nothing else, whether their address is still right. It is written down
// once a day. NotFound: no such entry. Conflict: a newer version.
func (s *Service) PromptAddress(ctx context.Context, actor authz.Actor, id PreferenceID, version int) error {
	ag, err := s.begin(ctx, actor, authz.KeepRegister, string(id))
	if err != nil {
		return err
	}
	if !agency.ValidID("cp", string(id)) {
		return notFound()
	}
	rows, err := s.loadPreferences(ctx, actor, []string{string(id)})
	switch {
	case err != nil:
		return err
	case len(rows.list) == 0:
		return notFound()
	case rows.list[0].Version != version:
		return fault.New(fault.Conflict, "fault.casework.newerFact")
	}
	var asked struct {
		Many  int
		Today bool
	}
	today := calendar.Today(s.now())
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &asked, sqlPrompts, string(id), today) }); err != nil {
		return s.db.Fault(fmt.Errorf("load when somebody was asked: %w", err))
	}
	if asked.Today {
		return nil
	}
	p, err := s.loadPlace(ctx, actor, rows.list[0].AdoptedID)
	if err != nil {
		return err
	}
	a, f, err := s.actsAt(ctx, ag, actor, p)
	if err != nil {
		return err
	}
	leaf, err := a.seal(f, paper{id: string(id), part: "prompt", version: uint64(asked.Many + 1), kind: seal.KindNote}, promptText{On: today.Format(time.DateOnly), Version: version})
	if err != nil {
		return err
	}
	a.write(sqlInsertPrompt, pgx.StrictNamedArgs{"id": string(id), "version": version, "on": today, "leaf": leaf[:]})
	return a.commit(ctx, "prompt", p.held())
}

// promptText is what is sealed of asking for an address.
type promptText struct {
	On      string `json:"on"`
	Version int    `json:"version"` // of the entry
}

// cmpPreferences orders entries: Part 1 first, then by name, then by ID.
func cmpPreferences(a, b Preference) int {
	return cmp.Or(cmp.Compare(a.Part, b.Part), strings.Compare(a.Name, b.Name), strings.Compare(string(a.ID), string(b.ID)))
}
