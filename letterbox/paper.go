package letterbox

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	"gatepost/internal/picture"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// MaxScan is the largest scan of a letter, in bytes.
const MaxScan = picture.Most

// oldestPaper is how long ago a letter may have come that is typed in today, in days.
const oldestPaper = 366

// PaperLetter is a letter that came on paper, as a worker typed it in.
type PaperLetter struct {
	// ID is chosen before the page is shown (NewLetterID), so that two clicks
	// make one letter.
	ID     LetterID
	Side   SideID
	Author PersonID // who wrote it, of that side
	Text   string
	Scan   []byte    // a picture of the paper: JPEG, PNG or PDF, MaxScan at most
	CameOn time.Time // the local day on which it came; the promise counts from here
	// Helpers are the workers who helped to write it, beside who types it in: none
	// of them decides about it.
	Helpers []string
	// Helping says who helped and how, to colleagues: asked for where the helpers leave
	// fewer than two of the team who could decide.
	Helping string
}

// NewLetterID chooses the id of a letter that is about to be typed in.
func NewLetterID() LetterID { return LetterID(agency.NewID("lt")) }

// ScanType tells by the first bytes what a scan is: "image/jpeg", "image/png"
// or "application/pdf". Nothing is decoded. false for anything else.
func ScanType(b []byte) (mediaType string, ok bool) { return picture.Type(b) }

const (
	sqlPaper = `select s.id, s.exchange_id, (select o.id from side o where o.agency_id = s.agency_id and o.exchange_id = s.exchange_id and o.id <> s.id) as other,
			'letter' = any(s.may_send) and exchange_open(s.exchange_id) as may_write, x.restricted, leaf_body(m.leaf) as body,
			exists (select from connection k where k.agency_id = s.agency_id and k.exchange_id = s.exchange_id and k.worker_id = account())
				or exists (select from worker w join side_member n on n.agency_id = w.agency_id and n.person_id = w.person_id
					join side t on t.agency_id = n.agency_id and t.id = n.side_id
					where w.agency_id = s.agency_id and w.id = account() and t.exchange_id = s.exchange_id) as connected
		from side_member m join side s on s.agency_id = m.agency_id and s.id = m.side_id join exchange x on x.agency_id = s.agency_id and x.id = s.exchange_id
		where m.agency_id = agency() and m.side_id = $1 and m.person_id = $2`
	sqlPaperNames = `select ` + sqlObjectColumns + ` from side s join object o on o.agency_id = s.agency_id and o.exchange_id = s.exchange_id and o.part = 'names'
		where s.agency_id = agency() and s.id = $1 order by o.version desc`
	sqlPaperGrants = `select g.child, g.child_epoch, g.parent, g.parent_epoch, g.sealed from side s
		join ring_grant_staff g on g.agency_id = s.agency_id and g.child = 'case/' || s.exchange_id and g.parent <> 'archive'
		where s.agency_id = agency() and s.id = $1`
	sqlPaperNodes = `select n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from side s join node n on n.agency_id = s.agency_id and n.id in ('case/' || s.exchange_id, 'side/' || s.id)
		where s.agency_id = agency() and s.id = $1 and n.key_leaf is not null order by n.epoch desc`
	sqlTypedByMe = `select l.id from letter l join letter_helper h on h.agency_id = l.agency_id and h.letter_id = l.id and h.worker_id = account()
		where l.agency_id = agency() and l.id = $1 and l.paper`
	sqlInsertPaper = `insert into letter (agency_id, id, exchange_id, from_side, to_side, author, state, submitted_on, hear_by, paper)
		values (agency(), @id, @exchange, @from, @to, @author, 'received', @came, @hearBy, true)`
	sqlInsertHelper = `insert into letter_helper (agency_id, letter_id, worker_id) values (agency(), $1, $2)`
	sqlHelpers      = `select id from worker where agency_id = agency() and state = 'active' and id <> account() order by id`
	// Who of the team could decide about a letter of a side, if nobody but the typist and these helped.
	sqlLeft = `select count(*)::int from side s join exchange x on x.agency_id = s.agency_id and x.id = s.exchange_id join worker w on w.agency_id = s.agency_id
		where s.agency_id = agency() and s.id = $1 and w.state = 'active' and 'letterboxWorker' = any (w.roles) and w.id <> account() and w.id <> all ($2)
			and not (x.restricted and not holds_case(w.id, x.id)) and not knows_family(w.id, x.id)`
	sqlScan = `select ` + sqlObjectColumns + ` from object o where o.agency_id = agency() and o.id = $1 and o.part = 'scan' order by o.version desc`
)

type paperRow struct {
	ID         string
	ExchangeID string
	Other      string
	MayWrite   bool
	Restricted bool
	Body       []byte // the statement that the author is on the side
	Connected  bool
}

// paperRows is what a letter on paper is typed in with.
type paperRows struct {
	side   paperRow
	names  []objectRow
	grants []agency.GrantRow
	nodes  []agency.NodeRow
	typed  []string // the letter, if the same click has made it already
	others []string // who works here, but for the typist
	left   int      // how many of the team could decide
}

// MaxHelpers is how many workers can be named who helped to write one letter.
const MaxHelpers = 5

// Helpers lists whom a worker can name who helped to write a letter with somebody:
// everybody else who works here, whatever they do.
func (s *Service) Helpers(ctx context.Context, actor authz.Actor) ([]NamedWorker, error) {
	if _, err := s.begin(ctx, actor, authz.RecordPaper, "helpers"); err != nil {
		return nil, err
	}
	var rows []struct{ ID string }
	var staff []nameRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlHelpers)
		postgres.Many(b, &staff, sqlReaderName)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load who works here: %w", err))
	}
	list := make([]NamedWorker, len(rows))
	for i, r := range rows {
		list[i] = NamedWorker{ID: r.ID, Name: names(actor, staff, r.ID)}
	}
	return list, nil
}

// RecordPaper types in a letter that came on paper, with its scan. The typist, and
// whoever is named beside them, has helped to write it: another worker decides about it. The text is sealed as
// any letter is; the scan to the case and the archive only, so no family can
// ask for it. The promise to the writer counts from the day it came. Called
// again with the same ID by the same worker, it gives the same letter.
//
// NotFound: the author is not on that side. Invalid on "text", "scan", "came",
// "helpers" or "helping". Conflict: this side may not write now. Forbidden: the actor is
// connected to the family, or holds no key of a restricted case.
func (s *Service) RecordPaper(ctx context.Context, actor authz.Actor, p PaperLetter) (LetterID, error) {
	ag, err := s.begin(ctx, actor, authz.RecordPaper, string(p.Side))
	if err != nil {
		return "", err
	}
	if !agency.ValidID("lt", string(p.ID)) || !agency.ValidID("sd", string(p.Side)) || !agency.ValidID("pe", string(p.Author)) {
		return "", notFound()
	}
	if p, err = s.checkPaper(p); err != nil {
		return "", err
	}
	rows, err := s.loadPaper(ctx, actor, p)
	if err != nil {
		return "", err
	}
	if len(rows.typed) == 1 {
		return p.ID, nil
	}
	if len(p.Helpers) > MaxHelpers || slices.ContainsFunc(p.Helpers, func(id string) bool { return !slices.Contains(rows.others, id) }) {
		return "", fault.Field("helpers", "fault.paper.helpers")
	}
	if len(p.Helpers) > 0 && rows.left < 2 && p.Helping == "" {
		return "", fault.Field("helping", "fault.paper.helping")
	}
	objects, err := s.sealPaper(ctx, ag, actor, p, rows)
	if err != nil {
		return "", err
	}
	helped, err := s.stateHelpers(ag, actor, p, rows.side.ExchangeID)
	if err != nil {
		return "", err
	}
	if err := s.storePaper(ctx, ag, actor, p, rows.side, objects, helped); err != nil {
		if again, lost := s.loadPaper(ctx, actor, p); lost == nil && len(again.typed) == 1 {
			return p.ID, nil // the other one of two clicks
		}
		return "", s.db.Fault(fmt.Errorf("type in letter %s: %w", p.ID, err))
	}
	return p.ID, nil
}

// checkPaper cleans and checks what was typed. All that is wrong comes at once.
func (s *Service) checkPaper(p PaperLetter) (PaperLetter, error) {
	text, err := prose.Clean("text", p.Text, s.limits.Text)
	faults := []error{err}
	p.Text = text
	if err == nil && prose.Blank(text) {
		faults = append(faults, fault.Field("text", "fault.paper.text"))
	}
	_, known := ScanType(p.Scan)
	switch {
	case len(p.Scan) == 0:
		faults = append(faults, fault.Field("scan", "fault.paper.noScan"))
	case len(p.Scan) > MaxScan:
		faults = append(faults, fault.Field("scan", "fault.paper.large"))
	case !known:
		faults = append(faults, fault.Field("scan", "fault.paper.kind"))
	}
	helping, err := prose.Clean("helping", p.Helping, MaxReason*4)
	if p.Helping = helping; prose.Blank(helping) {
		p.Helping = ""
	}
	faults = append(faults, err)
	p.Helpers = slices.Compact(slices.Sorted(slices.Values(p.Helpers)))
	today := calendar.Today(s.now())
	if p.CameOn.IsZero() || p.CameOn.After(today) || p.CameOn.Before(today.AddDate(0, 0, -oldestPaper)) {
		faults = append(faults, fault.Field("came", "fault.paper.came"))
	}
	return p, errors.Join(faults...)
}

func (s *Service) loadPaper(ctx context.Context, actor authz.Actor, p PaperLetter) (*paperRows, error) {
	r := &paperRows{}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &r.side, sqlPaper, string(p.Side), string(p.Author))
		queueObjects(b, &r.names, sqlPaperNames, string(p.Side))
		postgres.Many(b, &r.grants, sqlPaperGrants, string(p.Side))
		postgres.Many(b, &r.nodes, sqlPaperNodes, string(p.Side))
		b.Queue(sqlHelpers).Query(func(rows pgx.Rows) (err error) {
			r.others, err = pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		})
		b.Queue(sqlLeft, string(p.Side), p.Helpers).QueryRow(func(row pgx.Row) error { return row.Scan(&r.left) })
		b.Queue(sqlTypedByMe, string(p.ID)).Query(func(rows pgx.Rows) (err error) {
			r.typed, err = pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		})
	})
	switch {
	case err != nil:
		return nil, s.db.Fault(fmt.Errorf("load side %s: %w", p.Side, err))
	case r.side.Connected:
		return nil, fault.New(fault.Forbidden, "fault.letter.connected")
	case !r.side.MayWrite && len(r.typed) == 0:
		return nil, fault.New(fault.Conflict, "fault.paper.notNow")
	}
	return r, nil
}

// statedOn checks by a worker's signed statement that a person is on a side of
// an exchange.
func (s *Service) statedOn(ctx context.Context, ag *agency.Agency, body []byte, side, exchange, person string) error {
	st, err := ag.Verify(ctx, s.db, body)
	if err != nil {
		return err
	}
	if st.Event != statement.EventRecord || st.Object != side || st.Part != "member" || st.Exchange != exchange || st.To != string(ring.Person(person)) {
		return fmt.Errorf("%w: a statement about another place", seal.ErrUnsigned)
	}
	return nil
}

// sealPaper seals text and scan, after the signed statements have said that
// author, side and exchange belong together.
func (s *Service) sealPaper(ctx context.Context, ag *agency.Agency, actor authz.Actor, p PaperLetter, rows *paperRows) ([]sealedObject, error) {
	side := rows.side
	err := s.statedOn(ctx, ag, side.Body, side.ID, side.ExchangeID, string(p.Author))
	for _, id := range []string{side.ID, side.Other} {
		if err == nil {
			err = s.statedSide(ctx, ag, rows.names, id, side.ExchangeID)
		}
	}
	if err != nil {
		return nil, s.unstated(ctx, ag, side.ID, err)
	}
	_, caseNode, err := s.caseKeys(ctx, ag, actor, &caseRows{grants: rows.grants, nodes: rows.nodes,
		deskRows: deskRows{letters: []deskRow{{ExchangeID: side.ExchangeID, Restricted: side.Restricted}}}})
	if err != nil {
		return nil, err
	}
	own, err := ag.Trusted(rows.nodes, string(ring.Side(side.ID)))
	if err != nil {
		s.log.ErrorContext(ctx, "ALARM: a side's key is not the one vouched for", "agency", ag.ID, "side", side.ID, "error", err)
		return nil, fault.Wrap(fault.Sealed, "fault.sealing", err)
	}
	signer, err := actor.Keys().Signer()
	if err != nil {
		return nil, fmt.Errorf("sign a letter on paper: %w", err)
	}
	text := seal.Context{Kind: seal.KindSubmission, Agency: ag.ID, Exchange: side.ExchangeID, Object: string(p.ID), Part: "text",
		From: "side/" + side.ID, To: "case/" + side.ExchangeID, Version: 1}
	scan := text
	scan.Part = "scan"
	written, err := s.sealRecord(ctx, ag, text, []byte(p.Text), signer, caseNode.Recipient(), own.Recipient(), ag.Archive())
	if err != nil {
		return nil, err
	}
	written.side = side.ID
	pictured, err := s.sealRecord(ctx, ag, scan, p.Scan, signer, caseNode.Recipient(), ag.Archive())
	if err != nil || len(p.Helpers) == 0 || p.Helping == "" {
		return []sealedObject{written, pictured}, err
	}
	helping, err := s.sealHelping(ag, actor, text, p.Helping, signer, caseNode)
	return []sealedObject{written, pictured, helping}, err
}

// sealHelping seals what the typist says of who helped and how, to colleagues.
func (s *Service) sealHelping(ag *agency.Agency, actor authz.Actor, c seal.Context, words string, by note.Signer, caseNode agency.Node) (sealedObject, error) {
	content, err := json.Marshal(decisionNote{Act: "helping", Note: words})
	if err != nil {
		return sealedObject{}, fmt.Errorf("write who helped: %w", err)
	}
	c.Kind, c.Part, c.From = seal.KindWorknote, "helping", workerNode(actor.Account())
	sealed, err := seal.Seal(c, content, caseNode.Recipient(), ag.Archive())
	if err != nil {
		return sealedObject{}, fmt.Errorf("seal who helped: %w", err)
	}
	st := statementOf(c, sealed.Commit)
	st.Event, st.At = statement.EventCasework, s.now()
	body, err := ag.State(st, "", by)
	return sealedObject{at: c, sealed: sealed, body: body}, err
}

// sealRecord seals something that a worker writes down, and states it.
func (s *Service) sealRecord(ctx context.Context, ag *agency.Agency, c seal.Context, content []byte, by note.Signer, to ...*age.HybridRecipient) (sealedObject, error) {
	sealed, err := s.sealLarge(ctx, c, content, to...)
	if err != nil {
		return sealedObject{}, err
	}
	st := statementOf(c, sealed.Commit)
	st.Event, st.At = statement.EventRecord, s.now()
	body, err := ag.State(st, "", by)
	return sealedObject{at: c, sealed: sealed, body: body}, err
}

func (s *Service) storePaper(ctx context.Context, ag *agency.Agency, actor authz.Actor, p PaperLetter, side paperRow, objects []sealedObject, helped [][]byte) error {
	return s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlInsertPaper, pgx.StrictNamedArgs{"id": string(p.ID), "exchange": side.ExchangeID, "from": side.ID, "to": side.Other,
			"author": string(p.Author), "came": p.CameOn, "hearBy": s.hearBy(ag, p.CameOn)})
		for _, worker := range append([]string{actor.Account()}, p.Helpers...) {
			b.Queue(sqlInsertHelper, string(p.ID), worker)
		}
		for _, o := range objects {
			o.queue(b)
		}
		b.Queue(sqlNudge)
		for _, o := range objects {
			audit.Append(b, o.body)
		}
		audit.Append(b, helped...)
		return nil
	})
}

// stateHelpers states who else helped to write a letter, one after the other. That
// it is in the log makes it count, whatever becomes of the rows; the index of the
// log knows what has a commitment, so each has one to the name.
func (s *Service) stateHelpers(ag *agency.Agency, actor authz.Actor, p PaperLetter, exchange string) (bodies [][]byte, err error) {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return nil, fmt.Errorf("sign who helped: %w", err)
	}
	for i, worker := range p.Helpers {
		body, err := ag.State(statement.Statement{Event: statement.EventCasework, Object: string(p.ID), Part: helperPart, Version: uint64(i) + 1, Exchange: exchange,
			From: workerNode(actor.Account()), To: workerNode(worker), Commit: sha256.Sum256([]byte(worker)), At: s.now()}, "", signer)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, body)
	}
	return bodies, nil
}

// helperPart is the part of a letter under which a helper is stated.
const helperPart = "helper"

// statedHelper tells whether a worker was named as one who helped to write a letter.
func (s *Service) statedHelper(ctx context.Context, ag *agency.Agency, letter, worker string) (bool, error) {
	list, err := s.index.Statements(ctx, ag.ID, letter, helperPart)
	return slices.ContainsFunc(list, func(st *statement.Statement) bool {
		return st.Event == statement.EventCasework && st.To == workerNode(worker)
	}), err
}

// Scan is the picture of a letter that came on paper, with its type as ScanType
// tells it: of a letter that the actor has claimed, or of one that was passed
// on. The reading is in the log before it is opened. NotFound where there is
// none, Conflict for a letter that is neither, Forbidden and Sealed as for Read.
func (s *Service) Scan(ctx context.Context, actor authz.Actor, id LetterID) (scan []byte, mediaType string, err error) {
	ag, err := s.begin(ctx, actor, authz.Claim, string(id))
	if err != nil {
		return nil, "", err
	}
	rows, err := s.loadCase(ctx, actor, id)
	if err != nil {
		return nil, "", err
	}
	l := rows.letter()
	if l.ClaimedBy != actor.Account() && !passedOn(State(l.State)) && State(l.State) != Opened {
		return nil, "", fault.New(fault.Conflict, "fault.letter.lapsed")
	}
	keys, _, err := s.caseKeys(ctx, ag, actor, rows)
	if err != nil {
		return nil, "", err
	}
	if err := s.relations(ctx, ag, actor, rows); err != nil {
		return nil, "", err
	}
	var objects []objectRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { queueObjects(b, &objects, sqlScan, l.ID) }); err != nil {
		return nil, "", s.db.Fault(fmt.Errorf("load scan of letter %s: %w", id, err))
	}
	if len(objects) == 0 {
		return nil, "", notFound()
	}
	if err := s.logAccess(ctx, ag, actor, statement.Statement{Object: l.ID, Part: "scan", Version: 1, Exchange: l.ExchangeID}, l.ExchangeID); err != nil {
		return nil, "", err
	}
	if o := objects[0]; o.FromNode != "side/"+l.FromSide || o.ExchangeID != l.ExchangeID {
		return nil, "", s.unstated(ctx, ag, l.ID, fmt.Errorf("%w: the scan of another letter", seal.ErrUnsigned))
	}
	if scan, err = s.open(ctx, ag, objects[0], keys...); err != nil {
		return nil, "", err
	}
	mediaType, ok := ScanType(scan)
	if !ok {
		return nil, "", fault.New(fault.Sealed, "fault.sealed")
	}
	return scan, mediaType, nil
}
