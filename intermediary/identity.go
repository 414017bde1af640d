package intermediary

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/picture"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// How long the copy of an identity document is kept, in days. The law asks that
// it was seen, and not that a copy is kept; UK GDPR article 5(1)(c) and (e) asks
// that it is not kept for longer than somebody needs it. It is needed until two
// workers have settled who the applicant is, and then for four weeks, in which
// the second one's question or a complaint can still be answered by looking.
// The four weeks and the half year are this program's choice: no rule names a
// number. The database holds the same numbers (scan_goes_on).
const (
	ScanSettled = 28  // after idVerified counts, and after the case has ended
	ScanMost    = 180 // after it was added, whatever else is so
	// MaxScans is how many pages are taken in one case.
	MaxScans = 40
)

// The parts of a copy: the picture, which is destroyed, and what it shows, which
// stays.
const (
	scanPart    = "scan"
	scannedPart = "scanned"
)

const (
	// Everything of the copies of a case but the pictures.
	sqlScans = `select w.id, w.part, w.version, w.kind, coalesce(w.application_id, '') as application_id, coalesce(w.file, '') as file,
			w.from_node, w.to_node, ''::bytea as sealed, w.commit, w.leaf, w.created, leaf_body(w.leaf) as body,
			scan_goes_on(w.application_id, w.created, w.shed_on) as goes_on, w.destroyed_on,
			coalesce(w.destroyed_leaf, '') as destroyed_leaf, coalesce(leaf_body(w.destroyed_leaf), '') as destroyed
		from casework w where w.agency_id = agency() and w.id = $1 and w.part = 'scan' order by w.version`
	sqlScanned  = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = $1 and w.part = 'scanned' order by w.version`
	sqlScan     = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = $1 and w.part = 'scan' and w.version = $2`
	sqlScansDue = `select w.id, w.version, w.leaf from casework w where w.agency_id = agency() and w.shed_on is not null and w.destroyed_on is null
			and scan_goes_on(w.application_id, w.created, w.shed_on) <= current_date order by w.id, w.version limit 200`
	sqlShedScan = `select shed_scan($1, $2, $3)`
)

// NewScan is a page or a photograph of a document that shows who the applicant
// is.
type NewScan struct {
	Application ApplicationID
	What        string // what it shows: "passport, the page with the photograph"
	Picture     []byte // JPEG, PNG or PDF, picture.Most at most
	Was         int    // how many the page showed, so that two clicks are one copy
}

// Scan is the copy of an identity document, or what is left of it.
type Scan struct {
	Version     int
	What        string // "" where it does not open
	By          string // whose worker's id added it
	ByName      string // "" where the directory does not open
	At          time.Time
	GoesOn      time.Time // the day on which the clock destroys it, as things stand
	DestroyedOn time.Time // zero while it is there
	// Unread: the row is not what was signed, or what it shows does not open, and
	// the operator was told.
	Unread bool
}

// Scans are the copies of a case.
type Scans struct {
	List []Scan // the oldest first
	// Missing: the log has one that no row has, and nobody destroyed it by rule.
	Missing bool
}

// scannedText is what a copy shows, in the worker's words.
type scannedText struct {
	What string `json:"what"`
}

type scanRow struct {
	workRow
	GoesOn        time.Time
	DestroyedOn   *time.Time
	DestroyedLeaf []byte
	Destroyed     []byte // the statement
}

// AddScan keeps a page of a document that shows who the applicant is, sealed to
// the case and the archive alone: no applicant and nobody in their file can ask
// for it. It is destroyed by the clock (ShedScans); what it showed stays.
//
// Invalid on "what" or "scan". Conflict: somebody has added one since the page
// was shown, there are MaxScans, or the case has ended.
func (s *Service) AddScan(ctx context.Context, actor authz.Actor, n NewScan) error {
	ag, err := s.begin(ctx, actor, authz.StateFact, string(n.Application))
	if err != nil {
		return err
	}
	if n, err = checkScan(n); err != nil {
		return err
	}
	p, err := s.loadApplication(ctx, actor, n.Application)
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
	of := paper{id: string(n.Application), part: scanPart, version: uint64(n.Was) + 1, kind: seal.KindIdentity, shed: ScanMost}
	leaf, err := a.seal(f, of, n.Picture)
	if err != nil {
		return err
	}
	of.part, of.shed, of.refs = scannedPart, 0, [][32]byte{leaf}
	if _, err := a.seal(f, of, scannedText{What: n.What}); err != nil {
		return err
	}
	return a.commit(ctx, "addScan", p.held())
}

// checkScan cleans and checks a copy. All that is wrong comes at once.
func checkScan(n NewScan) (NewScan, error) {
	what, err := prose.Line("what", n.What)
	faults := []error{err}
	if err == nil && prose.Blank(what) {
		faults = append(faults, fault.Field("what", "fault.scan.what"))
	}
	n.What = what
	_, known := picture.Type(n.Picture)
	switch {
	case len(n.Picture) == 0:
		faults = append(faults, fault.Field("scan", "fault.scan.none"))
	case len(n.Picture) > picture.Most:
		faults = append(faults, fault.Field("scan", "fault.paper.large"))
	case !known:
		faults = append(faults, fault.Field("scan", "fault.paper.kind"))
	}
	if n.Was < 0 || n.Was > 1<<20 {
		faults = append(faults, fault.New(fault.Conflict, "fault.casework.newerFact"))
	}
	return n, errors.Join(faults...)
}

// loadApplication is loadPlace of an application and nothing else.
func (s *Service) loadApplication(ctx context.Context, actor authz.Actor, id ApplicationID) (*place, error) {
	if !agency.ValidID("ap", string(id)) {
		return nil, notFound()
	}
	return s.loadPlace(ctx, actor, string(id))
}

// Scans lists the copies of a case and what has become of them, without opening
// a picture. The reading is in the log before what they show is opened. NotFound:
// no such case. Forbidden: the actor is connected to it, or holds no key of it.
func (s *Service) Scans(ctx context.Context, actor authz.Actor, id ApplicationID) (Scans, error) {
	ag, err := s.begin(ctx, actor, authz.SeeCase, string(id))
	if err != nil {
		return Scans{}, err
	}
	p, err := s.loadApplication(ctx, actor, id)
	if err != nil {
		return Scans{}, err
	}
	var rows []scanRow
	var texts []workRow
	var workers []agency.RecordRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlScans, string(id))
		postgres.Many(b, &texts, sqlScanned, string(id))
		postgres.Many(b, &workers, sqlRecordWorkers)
	})
	if err != nil {
		return Scans{}, s.db.Fault(fmt.Errorf("load copies of case %s: %w", id, err))
	}
	kase, err := s.climb(ctx, ag, actor.Keys(), &p.keyRows, p.nodeID())
	if err != nil {
		return Scans{}, err
	}
	if len(rows) > 0 {
		if err := s.logAccess(ctx, ag, actor, string(id), "scans", string(id)); err != nil {
			return Scans{}, err
		}
	}
	r := &factReader{Service: s, ag: ag, work: texts, keys: kase.keys}
	var all Scans
	for _, row := range rows {
		one, err := r.scan(ctx, row)
		if err != nil {
			return Scans{}, err
		}
		one.ByName = nameOfWorker(actor, workers, one.By)
		all.List = append(all.List, one)
	}
	all.Missing, err = s.missing(ctx, ag, string(id), rows)
	return all, err
}

// scan holds the row of one copy to what was signed, and opens what it shows.
func (r *factReader) scan(ctx context.Context, row scanRow) (Scan, error) {
	one := Scan{Version: int(row.Version), By: strings.TrimPrefix(row.FromNode, "worker/"), At: row.Created, GoesOn: row.GoesOn}
	if row.DestroyedOn != nil {
		one.DestroyedOn = *row.DestroyedOn
	}
	st, err := r.stated(ctx, r.ag, row.workRow)
	if err == nil {
		one.At = st.At
		err = r.destroyed(ctx, row)
	}
	var text scannedText
	i := slices.IndexFunc(r.work, func(w workRow) bool { return w.Version == row.Version })
	switch {
	case err != nil:
	case i < 0:
		err = errRow
	default:
		var content []byte
		var of *statement.Statement
		if content, of, err = r.tryOpen(ctx, r.ag, r.work[i], r.keys); err == nil {
			err = parse(content, &text)
		}
		if err == nil && !slices.Contains(of.Refs, [32]byte(row.Leaf)) {
			err = errRow
		}
	}
	one.What, one.Unread = text.What, err != nil
	return one, r.told(ctx, r.ag, row.ID, err)
}

// destroyed holds the end of a copy to the registrar's statement, which the
// clock made: a picture that somebody else emptied was not destroyed by rule.
func (r *factReader) destroyed(ctx context.Context, row scanRow) error {
	if row.DestroyedOn == nil {
		return nil
	}
	leaf := statement.Leaf(row.Destroyed)
	if string(leaf[:]) != string(row.DestroyedLeaf) {
		return errRow
	}
	st, err := r.ag.Verify(ctx, r.db, row.Destroyed)
	if err != nil {
		return err
	}
	if st.Event != statement.EventDestroy || st.Object != row.ID || st.Part != scanPart || st.Version != row.Version || !slices.Contains(st.Refs, [32]byte(row.Leaf)) {
		return errRow
	}
	return nil
}

// missing tells whether the log has a copy that no row has. The rows of those
// that were destroyed stay.
func (s *Service) missing(ctx context.Context, ag *agency.Agency, id string, rows []scanRow) (bool, error) {
	newest, stated, err := s.index.Latest(ctx, ag.ID, id, scanPart)
	if err != nil {
		return false, err
	}
	gone := stated && (len(rows) == 0 || string(rows[len(rows)-1].Leaf) != string(newest[:]))
	for i, row := range rows {
		gone = gone || row.Version != uint64(i)+1
	}
	if !gone {
		return false, nil
	}
	return true, s.told(ctx, ag, id, errTaken)
}

// Scan is the picture of one copy, with its type as picture.Type tells it. The
// reading is in the log before it is opened. NotFound: there is none. Conflict:
// it was destroyed. Forbidden and Sealed as for Case.
func (s *Service) Scan(ctx context.Context, actor authz.Actor, id ApplicationID, version int) (content []byte, mediaType string, err error) {
	ag, err := s.begin(ctx, actor, authz.SeeCase, string(id))
	if err != nil {
		return nil, "", err
	}
	p, err := s.loadApplication(ctx, actor, id)
	if err != nil {
		return nil, "", err
	}
	var row workRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &row, sqlScan, string(id), version) }); err != nil {
		return nil, "", s.db.Fault(fmt.Errorf("load a copy of case %s: %w", id, err))
	}
	if len(row.Sealed) == 0 {
		return nil, "", fault.New(fault.Conflict, "fault.scan.destroyed")
	}
	kase, err := s.climb(ctx, ag, actor.Keys(), &p.keyRows, p.nodeID())
	if err != nil {
		return nil, "", err
	}
	if err := s.logScan(ctx, ag, actor, row); err != nil {
		return nil, "", err
	}
	if content, _, err = s.tryOpen(ctx, ag, row, kase.keys); err != nil {
		return nil, "", s.unopened(ctx, ag, row, err)
	}
	mediaType, ok := picture.Type(content)
	if !ok {
		return nil, "", fault.New(fault.Sealed, "fault.sealed")
	}
	return content, mediaType, nil
}

// logScan states that a worker looks at one copy.
func (s *Service) logScan(ctx context.Context, ag *agency.Agency, actor authz.Actor, row workRow) error {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("sign a reading: %w", err)
	}
	body, err := ag.State(statement.Statement{Event: statement.EventAccess, Object: row.ID, Part: scanPart, Version: row.Version, Exchange: row.ApplicationID,
		From: "worker/" + actor.Account(), At: hour(s.now())}, "", signer)
	if err != nil {
		return err
	}
	return s.db.Fault(s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		audit.Append(b, body)
		return nil
	}))
}

// ShedScans is the clock's work for one agency: every copy of an identity
// document whose day has come is emptied. The row, its commitment and its entry
// of the log stay, and so does what it showed; that it was destroyed is stated by
// the registrar's key, as every destruction is. The database decides again
// whether the day has come. Staff tier only. Any number of instances may do it
// at once: one of them does.
func (s *Service) ShedScans(ctx context.Context, agencyID string) error {
	ag, ok := s.agencies.Get(agencyID)
	if !ok {
		return fault.New(fault.NotFound, "fault.notFound")
	}
	var rows []struct {
		ID      string
		Version uint64
		Leaf    []byte
	}
	err := s.db.Read(ctx, postgres.Scope{Agency: agencyID}, func(b *pgx.Batch) { postgres.Many(b, &rows, sqlScansDue) })
	if err != nil {
		return s.db.Fault(fmt.Errorf("load copies that are to be destroyed: %w", err))
	}
	for _, r := range rows {
		body, err := ag.State(statement.Statement{Event: statement.EventDestroy, Object: r.ID, Part: scanPart, Version: r.Version, Exchange: r.ID,
			Refs: [][32]byte{[32]byte(r.Leaf)}, At: s.now()}, "registrar")
		if err != nil {
			return err
		}
		s.at("shed")
		leaf := statement.Leaf(body)
		err = s.db.Act(ctx, postgres.Scope{Agency: agencyID}, nil, func(b *pgx.Batch) error {
			b.Queue(sqlShedScan, r.ID, r.Version, leaf[:])
			audit.Append(b, body)
			return nil
		})
		if err = s.db.Fault(err); err != nil && fault.KindOf(err) != fault.Conflict { // another instance was first
			return fmt.Errorf("destroy a copy of case %s: %w", r.ID, err)
		}
	}
	return nil
}
