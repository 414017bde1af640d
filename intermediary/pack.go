package intermediary

import (
	"context"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// packText is what is sealed of a disclosure, for the applicant: what kind of
// thing it is and the words. Why it was given and where it comes from is the
// agency's.
type packText struct {
	Item  string `json:"item"`
	Kind  string `json:"kind"`
	Words string `json:"words"`
	On    string `json:"on"`
}

// PackLine is something that was given to this person, before it is opened.
type PackLine struct {
	ID     string
	File   string // the application
	On     time.Time
	Opened bool
}

// Pack is something that was given, opened.
type Pack struct {
	PackLine
	Kind   string // of ItemKinds
	Words  string
	Unread bool // it does not open: there is nothing to show
	// Of one that goes by post: when it went, and the day of the receipt that
	// came back; zero for not yet.
	PostedOn, ReceivedOn time.Time
}

const (
	sqlMyPacks  = `select id, file, on_day as on, opened from my_packs()`
	sqlOpenPack = `select open_pack($1)`
	sqlPackWork = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = $1 and w.part = 'pack'`
	// For whoever prints a pack: it, that it was posted, and its receipt.
	sqlPrintWork = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = $1 and w.part in ('pack', 'posted', 'received') order by w.part`
	sqlPack      = `select d.id, d.application_id, d.item_id, (d.at at time zone 'Europe/London')::date as on, d.leaf from disclosure d where d.agency_id = agency() and d.id = $1`
)

// Packs lists what was given to the actor, as an applicant or in their name, in
// the order in which it was. It opens nothing. Nobody on hold has any.
func (s *Service) Packs(ctx context.Context, actor authz.Actor) ([]PackLine, error) {
	if _, err := s.begin(ctx, actor, authz.ReadFile, "packs"); err != nil {
		return nil, err
	}
	var rows []PackLine
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlMyPacks) }); err != nil {
		return nil, s.db.Fault(fmt.Errorf("list what was given: %w", err))
	}
	return rows, nil
}

// OpenPack opens what was given, for the first time or again: that it was opened,
// and the reading, are in the log before it is shown. NotFound: nothing of that
// id was given to them. Conflict: they are on hold.
func (s *Service) OpenPack(ctx context.Context, actor authz.Actor, id string) (Pack, error) {
	ag, err := s.begin(ctx, actor, authz.ReadFile, id)
	if err != nil {
		return Pack{}, err
	}
	if !agency.ValidID("dc", id) {
		return Pack{}, notFound()
	}
	if actor.OnHold() {
		return Pack{}, fault.New(fault.Conflict, "fault.letter.onHold")
	}
	body, err := ag.State(statement.Statement{Event: statement.EventAccess, Object: id, Part: "pack", Version: 1,
		From: "person/" + actor.Account(), At: hour(s.now())}, "door")
	if err != nil {
		return Pack{}, err
	}
	s.at("openPack")
	err = s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlOpenPack, id)
		audit.Append(b, body)
		return nil
	})
	if err != nil {
		return Pack{}, s.db.Fault(fmt.Errorf("open %s: %w", id, err))
	}
	return s.readPack(ctx, ag, actor, id)
}

// readPack loads and opens a pack that is open.
func (s *Service) readPack(ctx context.Context, ag *agency.Agency, actor authz.Actor, id string) (Pack, error) {
	var lines []PackLine
	var row workRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &lines, sqlMyPacks)
		postgres.One(b, &row, sqlPackWork, id)
	})
	if err != nil {
		return Pack{}, s.db.Fault(fmt.Errorf("load %s: %w", id, err))
	}
	for _, l := range lines {
		if l.ID != id {
			continue
		}
		p := Pack{PackLine: l}
		text, err := s.openOwn(ctx, ag, actor, row, l.File)
		if err != nil && !unread(err) {
			return Pack{}, err
		}
		p.Kind, p.Words, p.Unread = text.Kind, text.Words, err != nil
		return p, nil
	}
	return Pack{}, notFound()
}

// openOwn opens a pack with the key of the actor's own file.
func (s *Service) openOwn(ctx context.Context, ag *agency.Agency, actor authz.Actor, row workRow, file string) (text packText, err error) {
	if row.Kind != string(seal.KindPack) || row.ToNode != "side/"+file || row.File != file {
		return text, s.unstated(ctx, ag, row.ID, errRow)
	}
	key, ok := actor.Keys().Identity(agency.NodeName("side/"+file, 1))
	if !ok {
		return text, s.unopened(ctx, ag, row, seal.ErrKey)
	}
	return text, s.openAs(ctx, ag, row, &text, []*age.HybridIdentity{key}...)
}

// PrintPack opens what was given to an applicant who reads on paper, for a worker
// to print and post. The reading is in the log before anything is opened.
//
// NotFound: no such disclosure. Forbidden: the session holds no key of the case.
// Sealed: what the rows say is not what was signed, and nothing is printed.
func (s *Service) PrintPack(ctx context.Context, actor authz.Actor, id string) (Pack, error) {
	ag, err := s.begin(ctx, actor, authz.Disclose, id)
	if err != nil {
		return Pack{}, err
	}
	if !agency.ValidID("dc", id) {
		return Pack{}, notFound()
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return Pack{}, err
	}
	var row releasedRow
	var work []workRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &row, sqlPack, id)
		postgres.Many(b, &work, sqlPrintWork, id)
	})
	if err != nil {
		return Pack{}, s.db.Fault(fmt.Errorf("load %s: %w", id, err))
	}
	p, err := s.loadPlace(ctx, actor, row.ApplicationID)
	if err != nil {
		return Pack{}, err
	}
	u, err := s.climb(ctx, ag, actor.Keys(), &p.keyRows, p.nodeID())
	if err != nil {
		return Pack{}, err
	}
	if err := s.logReading(ctx, ag, actor, row.ApplicationID, "print"); err != nil {
		return Pack{}, err
	}
	text, err := s.openPack(ctx, ag, row, work, u.keys)
	if err != nil {
		return Pack{}, s.unstated(ctx, ag, id, err)
	}
	given := Pack{PackLine: PackLine{ID: id, File: row.ApplicationID, On: row.On}, Kind: text.Kind, Words: text.Words}
	if given.PostedOn, err = s.postDay(ctx, ag, work, partPosted, u.keys); err != nil {
		return Pack{}, err
	}
	given.ReceivedOn, err = s.postDay(ctx, ag, work, partReceived, u.keys)
	return given, err
}

// The parts of what was written down of a pack that goes by post.
const (
	partPosted   = "posted"
	partReceived = "received"
)

type postedText struct {
	On string `json:"on"`
}

// postDay opens on which day a pack was posted or its receipt is dated; zero for
// neither.
func (s *Service) postDay(ctx context.Context, ag *agency.Agency, work []workRow, part string, keys []*age.HybridIdentity) (time.Time, error) {
	i := slices.IndexFunc(work, func(w workRow) bool { return w.Part == part && w.Kind == string(seal.KindNote) })
	if i < 0 {
		return time.Time{}, nil
	}
	var text postedText
	if err := s.openAs(ctx, ag, work[i], &text, keys...); err != nil {
		return time.Time{}, err
	}
	day, err := time.Parse(time.DateOnly, text.On)
	if err != nil {
		return time.Time{}, s.unopened(ctx, ag, work[i], errContent)
	}
	return day, nil
}

// MarkPosted records that a pack was posted today to an applicant who reads on
// paper. Twice is once. Errors as for PrintPack.
func (s *Service) MarkPosted(ctx context.Context, actor authz.Actor, id string) error {
	return s.markPost(ctx, actor, id, partPosted, calendar.Today(s.now()))
}

// MarkReceived records that the receipt of a posted pack came back, with the day
// that stands on it. Twice is once: the first day stays. Invalid on "on": no day,
// one to come, or one before it was posted. Conflict: nobody wrote down that it
// was posted. Errors otherwise as for PrintPack.
func (s *Service) MarkReceived(ctx context.Context, actor authz.Actor, id string, on time.Time) error {
	if on.IsZero() || calendar.Today(on).After(calendar.Today(s.now())) {
		return fault.Field("on", "fault.agreement.on")
	}
	return s.markPost(ctx, actor, id, partReceived, calendar.Today(on))
}

// markPost writes down a day of a pack that goes by post.
func (s *Service) markPost(ctx context.Context, actor authz.Actor, id, part string, on time.Time) error {
	ag, err := s.begin(ctx, actor, authz.Disclose, id)
	if err != nil {
		return err
	}
	if !agency.ValidID("dc", id) {
		return notFound()
	}
	var row releasedRow
	var work []workRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &row, sqlPack, id)
		postgres.Many(b, &work, sqlPrintWork, id)
	})
	if err != nil {
		return s.db.Fault(fmt.Errorf("load %s: %w", id, err))
	}
	p, err := s.loadPlace(ctx, actor, row.ApplicationID)
	if err != nil {
		return err
	}
	u, err := s.climb(ctx, ag, actor.Keys(), &p.keyRows, p.nodeID())
	if err != nil {
		return err
	}
	posted, err := s.postDay(ctx, ag, work, partPosted, u.keys)
	switch {
	case err != nil:
		return err
	case slices.ContainsFunc(work, func(w workRow) bool { return w.Part == part }):
		return nil
	case part == partReceived && posted.IsZero():
		return fault.New(fault.Conflict, "fault.pack.notPosted")
	case part == partReceived && on.Before(posted):
		return fault.Field("on", "fault.pack.before")
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return err
	}
	f := folder{of: row.ApplicationID, application: row.ApplicationID, node: u.node}
	text := postedText{on.Format(time.DateOnly)}
	if _, err := a.seal(f, paper{id: id, part: part, version: 1, kind: seal.KindNote, refs: [][32]byte{[32]byte(row.Leaf)}}, text); err != nil {
		return err
	}
	return a.commit(ctx, part, p.held())
}
