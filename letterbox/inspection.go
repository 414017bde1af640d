package letterbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/logbook"
	"gatepost/internal/postgres"
)

const (
	sqlInspectedStates  = `select state, count(*)::int as n from letter where agency_id = agency() group by state`
	sqlInspectedLate    = `select count(*)::int from letter where agency_id = agency() and state in ('received', 'held', 'escalated', 'toTranslate', 'recalled', 'undeliverable') and hear_by < $1`
	sqlInspectedDecided = `select l.submitted_on, d.decided_at::date as decided_on, count(*)::int as n
		from decision d join letter l on l.agency_id = d.agency_id and l.id = d.letter_id
		where d.agency_id = agency() and d.turn = 1 and d.decided_at >= $1 group by 1, 2`
	sqlInspectedRefused = `select count(*)::int from decision where agency_id = agency() and act = 'refuse' and decided_at >= $1`
	sqlInspectedLog     = `select (select coalesce(max(idx) + 1, 0) from audit_body where agency_id = agency())::bigint as entries,
			(select count(*) from audit_checkpoint where agency_id = agency())::bigint as checkpoints`
	sqlInspectedCases = `select x.reference, x.opened_at
		from exchange x where x.agency_id = agency() order by x.reference limit $1`
	sqlInspected = `select x.id, x.opened_at, exists (select from connection c where c.agency_id = x.agency_id and c.exchange_id = x.id and c.worker_id = account()) as connected
		from exchange x where x.agency_id = agency() and x.reference = $1`
	sqlInspectedTold = `select letter, again, on_day, hear_by from told_by($1)`
)

const (
	// Few is the count below which a figure is not told: three letters that wait
	// may be three families.
	Few = 5
	// MaxInspected is how many entries of a case that verify are shown and proved,
	// the newest; of those that do not, as many again are shown.
	MaxInspected = 5000
	// maxCases is how many cases are listed to choose from.
	maxCases = 500
)

// Inspection is what an agency's letterbox looks like in numbers, by the rows
// of its database. Counts below Few are -1.
type Inspection struct {
	Letters     []Counted // by state
	Decided     int       // letters that were first decided about since Since
	Median      int       // of those: working days until then; -1 where Decided is
	Ninetieth   int       // the same for nine of ten
	Overdue     int       // letters whose writers should have heard
	Refusals    int       // since Since
	Since       time.Time // a year ago
	Entries     int64     // of the log
	Checkpoints int64
	Cases       []InspectedCase // in the order of their references, 500 at most
}

// Counted is how many letters stand somewhere; -1 for fewer than Few.
type Counted struct {
	State State
	N     int
}

// InspectedCase is a case to choose as a sample. How many letters it has is told
// to whoever looks at it, which the log has.
type InspectedCase struct {
	Reference string
	OpenedAt  time.Time
}

type stateCountRow struct {
	State string
	N     int
}

type waitedRow struct {
	SubmittedOn time.Time
	DecidedOn   time.Time
	N           int
}

type logCountRow struct {
	Entries     int64
	Checkpoints int64
}

// Inspection gives the numbers, and the references of the cases. Auditors and
// managers only. It tells nobody's name and nothing of any letter, so it is
// not in the log; whoever looks at a case is.
func (s *Service) Inspection(ctx context.Context, actor authz.Actor) (Inspection, error) {
	if _, err := s.begin(ctx, actor, authz.Inspect, "inspection"); err != nil {
		return Inspection{}, err
	}
	today := calendar.Today(s.now())
	in := Inspection{Since: today.AddDate(-1, 0, 0)}
	var states []stateCountRow
	var decided []waitedRow
	var log logCountRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &states, sqlInspectedStates)
		postgres.Many(b, &decided, sqlInspectedDecided, in.Since)
		postgres.Many(b, &in.Cases, sqlInspectedCases, maxCases)
		postgres.One(b, &log, sqlInspectedLog)
		b.Queue(sqlInspectedLate, today).QueryRow(func(row pgx.Row) error { return row.Scan(&in.Overdue) })
		b.Queue(sqlInspectedRefused, in.Since).QueryRow(func(row pgx.Row) error { return row.Scan(&in.Refusals) })
	})
	if err != nil {
		return Inspection{}, s.db.Fault(fmt.Errorf("count for an inspection: %w", err))
	}
	for _, state := range States() {
		n := 0
		if i := slices.IndexFunc(states, func(r stateCountRow) bool { return r.State == string(state) }); i >= 0 {
			n = states[i].N
		}
		in.Letters = append(in.Letters, Counted{state, atLeastFew(n)})
	}
	in.Decided, in.Median, in.Ninetieth = waited(decided, s.agencies.Days())
	in.Overdue, in.Refusals = atLeastFew(in.Overdue), atLeastFew(in.Refusals)
	in.Entries, in.Checkpoints = log.Entries, log.Checkpoints
	return in, nil
}

func atLeastFew(n int) int {
	if n < Few {
		return -1
	}
	return n
}

// waited gives how many letters were decided about, and within how many working
// days half and nine tenths of them.
func waited(rows []waitedRow, working calendar.Days) (count, median, ninetieth int) {
	var days []int
	for _, r := range rows {
		for range r.N {
			days = append(days, working.Between(r.SubmittedOn, r.DecidedOn))
		}
	}
	if len(days) < Few {
		return -1, -1, -1
	}
	slices.Sort(days)
	at := func(tenths int) int { return days[(len(days)*tenths+9)/10-1] }
	return len(days), at(5), at(9)
}

var referenceForm = regexp.MustCompile(`^LB-[0-9A-Z]{5}$`)

// promisedRow is by when a letter's writer was told that they hear: when it came, or
// when they asked for a second opinion or agreed to leave parts out.
type promisedRow struct {
	Letter string
	Again  bool
	OnDay  time.Time
	HearBy time.Time
}

type inspectedRow struct {
	ID        string
	OpenedAt  time.Time
	Connected bool
}

// inspected finds a case by its reference and has the look at it in the log.
func (s *Service) inspected(ctx context.Context, actor authz.Actor, reference, part string) (*agency.Agency, inspectedRow, error) {
	var row inspectedRow
	ag, err := s.begin(ctx, actor, authz.Inspect, "case")
	if err != nil {
		return nil, row, err
	}
	reference = strings.ToUpper(strings.TrimSpace(reference))
	if !referenceForm.MatchString(reference) {
		return nil, row, fault.Field("reference", "inspection.reference.form")
	}
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &row, sqlInspected, reference) }); err != nil {
		return nil, row, s.db.Fault(fmt.Errorf("find a case by its reference: %w", err))
	}
	if row.Connected {
		audit.Refused(ctx, s.db, actor, authz.Inspect, row.ID)
		return nil, row, fault.New(fault.Forbidden, "fault.letter.connected")
	}
	st := statement.Statement{Object: row.ID, Part: part, Exchange: row.ID}
	return ag, row, s.logAccess(ctx, ag, actor, st, row.ID)
}

// InspectCase gives what the log states about a case, named by its reference:
// times, roles and decisions. Everything comes from statements whose signatures
// were verified just now, and of each it says whether it is proved to stand
// under the newest checkpoint; but the day that a writer was told, against which
// a decision is held, is a row of the database. No key is climbed to and nothing is opened, so a
// restricted case looks like any other. The look itself is in the log before
// anything is given.
//
// Invalid on "reference": it has not the form of one. NotFound: this agency has
// no such case. Forbidden: the actor is connected to the family. Sealed: the
// newest checkpoint is not signed by the log's key.
func (s *Service) InspectCase(ctx context.Context, actor authz.Actor, reference string) (CaseRecord, error) {
	ag, row, err := s.inspected(ctx, actor, reference, "inspection")
	if err != nil {
		return CaseRecord{}, err
	}
	c, err := s.collect(ctx, ag, row.ID)
	if err != nil {
		return CaseRecord{}, err
	}
	proven, err := s.prove(ctx, ag, c.entries)
	if err != nil {
		return CaseRecord{}, err
	}
	var told []promisedRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &told, sqlInspectedTold, row.ID) }); err != nil {
		return CaseRecord{}, s.db.Fault(fmt.Errorf("read what writers were told: %w", err))
	}
	return newRecording(ag, c, proven, told, calendar.Today(s.now()), s.agencies.Days()).record(strings.ToUpper(strings.TrimSpace(reference)), row.OpenedAt), nil
}

// ProveCase gives the proofs of a case's entries that the newest checkpoint
// covers, one after the other (c2sp.org/tlog-proof), for gatepost-verify. With
// them come the entries about the workers who signed: the registrar's words for
// their keys, and their roles. It is a look at the case as InspectCase is, with
// its errors; Conflict: no checkpoint covers any of it yet.
func (s *Service) ProveCase(ctx context.Context, actor authz.Actor, reference string) ([]byte, error) {
	ag, row, err := s.inspected(ctx, actor, reference, "proof")
	if err != nil {
		return nil, err
	}
	c, err := s.collect(ctx, ag, row.ID)
	if err != nil {
		return nil, err
	}
	entries := slices.Concat(c.entries, c.people)
	slices.SortFunc(entries, func(a, b logbook.Entry) int { return cmp.Compare(a.Index, b.Index) })
	proven, err := s.prove(ctx, ag, entries)
	if err != nil {
		return nil, err
	}
	var file []byte
	for i, e := range entries {
		if p, ok := proven.Proofs[e.Index]; ok && (i == 0 || entries[i-1].Index != e.Index) {
			file = append(file, p.Text()...)
		}
	}
	if len(file) == 0 {
		return nil, fault.New(fault.Conflict, "inspection.proof.none")
	}
	return file, nil
}

// prove makes the proofs under the newest checkpoint, and raises the alarm for
// an entry that the checkpoint covers and that is not the one of then.
func (s *Service) prove(ctx context.Context, ag *agency.Agency, entries []logbook.Entry) (audit.Proven, error) {
	log, err := statement.NewVerifiers(ag.Log)
	if err != nil {
		return audit.Proven{}, fmt.Errorf("read the log's key: %w", err)
	}
	proven, err := audit.ProveAll(ctx, s.db, logbook.Keys{Agency: ag.ID, Log: log}, entries)
	if errors.Is(err, logbook.ErrCheckpoint) {
		s.log.ErrorContext(ctx, "ALARM: the newest checkpoint is not signed by the log's key", "agency", ag.ID, "error", err)
		return proven, fault.Wrap(fault.Sealed, "fault.sealed", err)
	}
	if err != nil {
		return proven, s.db.Fault(err)
	}
	for _, e := range entries {
		if _, ok := proven.Proofs[e.Index]; !ok && e.Index < proven.Under.Size {
			s.log.ErrorContext(ctx, "ALARM: an entry is not the one that the log had there", "agency", ag.ID, "entry", e.Index)
		}
	}
	return proven, nil
}

// collected is what the log has about a case.
type collected struct {
	entries  []logbook.Entry                // about it, in the order of the log
	verified map[int64]*statement.Statement // those whose signatures verify
	people   []logbook.Entry                // the keys and roles of the workers who signed, and of who gave them those
	roles    map[string][]roleSince         // by worker
	more     bool                           // there are older entries than MaxInspected
	hidden   int                            // entries that do not verify and are left out
}

// roleSince is a worker's list of roles from an entry on.
type roleSince struct {
	index int64
	roles []authz.Role
}

// collect reads and verifies the entries about a case: those that name it, what
// was done with its keys, and then what names only a side or a delivery of it.
func (s *Service) collect(ctx context.Context, ag *agency.Agency, exchange string) (*collected, error) {
	c := &collected{verified: map[int64]*statement.Statement{}, roles: map[string][]roleSince{}}
	if err := s.collectAbout(ctx, ag, c, exchange); err != nil {
		return nil, err
	}
	var parts []string
	for _, st := range c.verified {
		switch {
		case st.Event == statement.EventRecord && st.Part == "names" && strings.HasPrefix(st.Object, "sd"):
			parts = append(parts, "side/"+st.Object)
		case st.Event == statement.EventDeliver:
			parts = append(parts, st.Object)
		}
	}
	if err := s.collectAbout(ctx, ag, c, parts...); err != nil {
		return nil, err
	}
	slices.SortFunc(c.entries, func(a, b logbook.Entry) int { return cmp.Compare(a.Index, b.Index) })
	if err := s.collectWorkers(ctx, ag, c, true, c.signers(ag, c.entries)); err != nil {
		return nil, err
	}
	return c, s.collectWorkers(ctx, ag, c, false, c.signers(ag, c.people))
}

// collectAbout reads and verifies what names these, from the newest on. Anybody
// whom the families' tier lets write can append what looks like it: entries that
// do not verify have a limit of their own and take no true one's place.
func (s *Service) collectAbout(ctx context.Context, ag *agency.Agency, c *collected, whats ...string) error {
	places, err := s.index.About(ctx, ag.ID, whats...)
	if err != nil {
		return s.db.Fault(err)
	}
	good, bad := 0, 0
	for len(places) > 0 && good < MaxInspected {
		from := max(0, len(places)-MaxInspected)
		entries, err := audit.Entries(ctx, s.db, ag.ID, places[from:])
		if err != nil {
			return s.db.Fault(err)
		}
		if err := c.verify(ctx, ag, s.db, entries); err != nil {
			return err
		}
		places = places[:from]
		for _, e := range slices.Backward(entries) {
			switch signed := c.verified[e.Index] != nil; {
			case signed && good < MaxInspected:
				good++
				c.entries = append(c.entries, e)
			case signed:
				delete(c.verified, e.Index)
				c.more = true
			case bad < MaxInspected:
				bad++
				c.entries = append(c.entries, e)
			default:
				c.hidden++
			}
		}
	}
	c.more = c.more || len(places) > 0
	return nil
}

// verify checks who signed. An entry that does not verify is nothing but its place.
func (c *collected) verify(ctx context.Context, ag *agency.Agency, db *postgres.DB, entries []logbook.Entry) error {
	for _, e := range entries {
		if st, err := ag.Verify(ctx, db, e.Body); err == nil && st.Agency == ag.ID {
			c.verified[e.Index] = st
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// signers lists the workers who signed these entries, each once, in the order of the log.
func (c *collected) signers(ag *agency.Agency, entries []logbook.Entry) (workers []string) {
	for _, e := range entries {
		st := c.verified[e.Index]
		if st == nil {
			continue
		}
		for _, name := range st.Signers() {
			if id, ok := strings.CutPrefix(name, statement.WorkerKeyName(ag.ID, "")); ok && !slices.Contains(workers, id) {
				workers = append(workers, id)
			}
		}
	}
	return workers
}

// collectWorkers reads what the log says of workers: their keys and, where
// roles are wanted, their roles.
func (s *Service) collectWorkers(ctx context.Context, ag *agency.Agency, c *collected, wantRoles bool, workers []string) error {
	var leaves [][32]byte
	for _, id := range workers {
		keys, roles := s.index.Worker(ag.ID, id)
		leaves = append(leaves, keys...)
		if wantRoles {
			leaves = append(leaves, roles...)
		}
	}
	entries, err := audit.EntriesOf(ctx, s.db, ag.ID, leaves)
	if err != nil {
		return s.db.Fault(err)
	}
	if err := c.verify(ctx, ag, s.db, entries); err != nil {
		return err
	}
	for _, e := range entries {
		st := c.verified[e.Index]
		if st == nil || slices.ContainsFunc(c.people, func(p logbook.Entry) bool { return p.Index == e.Index }) {
			continue
		}
		c.people = append(c.people, e)
		if st.Event == statement.EventRole {
			c.hasRoles(e.Index, st)
		}
	}
	return nil
}

func (c *collected) hasRoles(index int64, st *statement.Statement) {
	if st.Part == audit.Suspended || st.Part == audit.Lifted || st.Part == audit.Left {
		return
	}
	worker := strings.TrimPrefix(st.Object, "worker/")
	since := roleSince{index: index}
	for role := range strings.SplitSeq(st.Part, ".") {
		since.roles = append(since.roles, authz.Role(role))
	}
	c.roles[worker] = append(c.roles[worker], since)
}

// rolesAt are the roles that a worker had when an entry was made.
func (c *collected) rolesAt(worker string, index int64) (roles []authz.Role) {
	for _, r := range c.roles[worker] {
		if r.index < index {
			roles = r.roles
		}
	}
	return roles
}
