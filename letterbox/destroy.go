package letterbox

import (
	"context"
	"encoding/base64"
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
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// DestructionWaits is how long an order to destroy waits at least: everybody
// who may call it off has that time.
const DestructionWaits = 24 * time.Hour

// newOfficer is for how long a records officer's order is not agreed to by the
// manager who gave them that work: one manager could be both people.
const newOfficer = 30 * 24 * time.Hour

// DestructionGrounds lists why a record may be destroyed. openedInError: the
// exchange should never have been, and nothing went from one side to the other.
// retentionEnded: its hundred years are over; nobody can order on that ground,
// because the dates of adoption orders are not recorded.
func DestructionGrounds() []string { return []string{groundError, groundEnded} }

const (
	groundError = "openedInError"
	groundEnded = "retentionEnded"
)

// The parts of what is stated of a destruction. The order's part is its ground.
const (
	partAgree = "agree"
	partStop  = "stop"
)

const (
	sqlDestroyable = `select x.id, x.state, exists (select from destruction d where d.agency_id = x.agency_id and d.exchange_id = x.id and d.state = 'ordered') as ordered
		from exchange x where x.agency_id = agency() and x.reference = $1`
	sqlOrderDestruction = `insert into destruction (agency_id, id, exchange_id, reference, ground, reason, reason_commit, state, ordered_by, ordered_at, order_leaf)
		values (agency(), @id, @exchange, @reference, @ground, @reason, @commit, 'ordered', account(), @at, @leaf)`
	sqlDestructionColumns = `d.id, d.exchange_id, d.reference, d.ground, d.state, d.reason_commit, d.ordered_by, d.ordered_at, leaf_body(d.order_leaf) as body,
		coalesce(d.agreed_by, '') as agreed_by, coalesce(d.stopped_by, '') as stopped_by, d.ended_at, d.end_leaf,
		-- What was taken out of an exchange just before it was destroyed may have been this one's.
		(select count(*) from part_gone g where g.agency_id = d.agency_id and d.state = 'destroyed' and (g.destruction_id = d.id or g.gone_at <= d.ended_at))::int as parts_left`
	sqlDestruction  = `select ` + sqlDestructionColumns + ` from destruction d where d.agency_id = agency() and d.id = $1`
	sqlDestructions = `select ` + sqlDestructionColumns + ` from destruction d where d.agency_id = agency() order by (d.state = 'ordered') desc, d.ordered_at desc limit 500`
	sqlRecordPeople = `select distinct r.id, r.book, r.epoch, r.name from directory r join destruction d on d.agency_id = r.agency_id and r.id in (d.ordered_by, d.agreed_by, d.stopped_by)
		where r.agency_id = agency() and r.book = 'staff' order by r.id`
	// Everything about the exchange waits for the end of this act.
	sqlDestructionLock = `select id from exchange where agency_id = agency() and id = $1 for update`
	sqlDestroy         = `select destroy_exchange($1, $2, $3, $4)`
	// Who gave a worker their roles, and when the agency began.
	sqlOfficerRole = `select coalesce(leaf_body(w.role_leaf), '') as body from worker w where w.agency_id = agency() and w.id = $1`
	sqlFirstKey    = `select coalesce(leaf_body(n.key_leaf), '') as body from node n where n.agency_id = agency() and n.id = 'team/letterbox' and n.epoch = 1`
)

var guardedStopDestruction = postgres.Guarded(`update destruction set state = 'stopped', stopped_by = account(), ended_at = $2, end_leaf = $3
	where agency_id = agency() and id = $1 and state = 'ordered' returning 1`)

// NewDestruction is an order to destroy everything about one exchange.
type NewDestruction struct {
	Reference string // of the exchange, as on the paper file
	Ground    string // one of DestructionGrounds
	Reason    string // for the archive, who alone can read it; up to MaxReason
}

// Destruction is one order and what became of it. It holds no family's name.
type Destruction struct {
	ID        string
	Reference string
	Ground    string
	State     string // "ordered", "removing" (gone from the database, and Left is not 0), "destroyed" or "stopped"

	OrderedBy, AgreedBy, StoppedBy string    // names of workers; "" for nobody, or where the name does not open
	Ordered                        time.Time // when it was ordered
	Ready                          time.Time // from when it may be agreed to
	Ended                          time.Time // destroyed or stopped; zero until then
	// Left is how many photos, recordings and other large parts that were deleted until then, its
	// own and others', are in the store of those still. It is destroyed when there is none.
	Left int
	// Entry is the SHA-256, in base64, of the log's statement that it was
	// destroyed or stopped; "" until then.
	Entry string

	CanAgree, CanStop bool // what the actor may do now
}

// destructionRow is a destruction as the database has it.
type destructionRow struct {
	ID, ExchangeID, Reference string
	Ground, State             string
	ReasonCommit              []byte
	OrderedBy                 string
	OrderedAt                 time.Time
	Body                      []byte // the order, as it was signed
	AgreedBy, StoppedBy       string
	EndedAt                   *time.Time
	EndLeaf                   []byte
	PartsLeft                 int
}

// states begins the statement of a part of a destruction: all but the event.
func (d *destructionRow) states(part string, at time.Time, refs ...[32]byte) statement.Statement {
	return statement.Statement{Object: d.ID, Part: part, Version: 1, Exchange: d.ExchangeID, Refs: refs, At: at}
}

// OrderDestruction orders that everything about one exchange be destroyed.
// Nothing happens until a manager agrees, DestructionWaits later or more. It
// needs a fresh one-time code, and gives the order's id.
//
// Invalid: fields "reference" (there is no such exchange), "ground", "reason"
// and "code". Conflict: the exchange has not ended, it is ordered already, a
// letter is undecided or is to be kept, or the ground cannot be shown today.
// Forbidden: the actor is connected to the family.
func (s *Service) OrderDestruction(ctx context.Context, actor authz.Actor, n NewDestruction, code string) (string, error) {
	ag, err := s.begin(ctx, actor, authz.OrderDestruction, "-")
	if err != nil {
		return "", err
	}
	d, err := s.mayOrder(ctx, actor, &n)
	if err != nil {
		return "", err
	}
	keep, err := s.freshCode(ctx, actor, code)
	if err != nil {
		return "", err
	}
	signer, err := actor.Keys().Signer()
	if err != nil {
		return "", fmt.Errorf("order a destruction: %w", err)
	}
	place := seal.Context{Kind: seal.KindWorknote, Agency: ag.ID, Exchange: d.ExchangeID, Object: d.ID, Part: d.Ground,
		From: "worker/" + actor.Account(), To: "archive", Version: 1}
	sealed, err := seal.Seal(place, []byte(n.Reason), ag.Archive())
	if err != nil {
		return "", fmt.Errorf("seal a reason: %w", err)
	}
	st := statementOf(place, sealed.Commit)
	st.Event, st.At = statement.EventCasework, s.signedNow()
	body, err := ag.State(st, "", signer)
	if err != nil {
		return "", err
	}
	leaf := statement.Leaf(body)
	err = s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlOrderDestruction, pgx.StrictNamedArgs{"id": d.ID, "exchange": d.ExchangeID, "reference": d.Reference, "ground": d.Ground,
			"reason": sealed.Bytes, "commit": sealed.Commit[:], "at": st.At, "leaf": leaf[:]})
		keep(b)
		audit.Append(b, body)
		return nil
	})
	return d.ID, s.db.Fault(err)
}

// mayOrder checks an order, as far as it can be checked before a code is used
// up, and gives the row that it begins.
func (s *Service) mayOrder(ctx context.Context, actor authz.Actor, n *NewDestruction) (*destructionRow, error) {
	reference, err := prose.Line("reference", n.Reference)
	if err != nil {
		return nil, err
	}
	n.Reference = strings.ToUpper(reference)
	if !slices.Contains(DestructionGrounds(), n.Ground) {
		return nil, fault.Field("ground", "fault.records.ground")
	}
	reason, err := prose.Clean("reason", n.Reason, MaxReason)
	if err != nil {
		return nil, err
	}
	if prose.Blank(reason) {
		return nil, fault.Field("reason", "fault.records.reason")
	}
	n.Reason = reason
	var rows []struct {
		ID, State string
		Ordered   bool
	}
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlDestroyable, n.Reference) })
	switch {
	case err != nil:
		return nil, s.db.Fault(fmt.Errorf("find an exchange: %w", err))
	case len(rows) == 0:
		return nil, fault.Field("reference", "fault.records.unknown")
	case rows[0].State != "ended":
		return nil, fault.New(fault.Conflict, "fault.records.notEnded")
	case rows[0].Ordered:
		return nil, fault.New(fault.Conflict, "fault.records.open")
	case n.Ground == groundEnded:
		return nil, fault.New(fault.Conflict, "fault.records.notOver")
	}
	return &destructionRow{ID: agency.NewID("ds"), ExchangeID: rows[0].ID, Reference: n.Reference, Ground: n.Ground}, nil
}

// signedNow is the time as a statement carries it, for a row to carry as well.
func (s *Service) signedNow() time.Time { return s.now().UTC().Truncate(time.Second) }

// destruction loads one order.
func (s *Service) destruction(ctx context.Context, actor authz.Actor, id string) (*destructionRow, error) {
	if !agency.ValidID("ds", id) {
		return nil, notFound()
	}
	var d destructionRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &d, sqlDestruction, id) })
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load an order to destroy: %w", err))
	}
	return &d, nil
}

// ordered checks that an order is what its records officer signed.
func (s *Service) ordered(ctx context.Context, ag *agency.Agency, d *destructionRow) error {
	st, err := ag.Verify(ctx, s.db, d.Body)
	if err == nil && (st.Event != statement.EventCasework || st.Object != d.ID || st.Part != d.Ground || st.Exchange != d.ExchangeID ||
		!st.At.Equal(d.OrderedAt) || st.Commit != [32]byte(d.ReasonCommit) || !slices.Contains(st.Signers(), statement.WorkerKeyName(ag.ID, d.OrderedBy))) {
		err = fmt.Errorf("%w: an order is not the one that was stated", seal.ErrUnsigned)
	}
	if err != nil {
		return s.unstated(ctx, ag, d.ID, err)
	}
	return nil
}

// AgreeDestruction is the second person's word, and destroys: with it every
// letter, message, draft and note of the exchange, both sides, all of their keys
// and grants, and the children who are in no other exchange are gone from the
// database. The people stay, and so does the log; the registrar's statement
// says what was done and on whose word. It needs a fresh one-time code.
//
// Forbidden: by whoever ordered it, by whoever gave them that work within 30
// days, or by somebody connected to the family. Conflict: less than a day has
// passed, the exchange goes on, or it is called off. Sealed: the order is not
// as it was signed.
func (s *Service) AgreeDestruction(ctx context.Context, actor authz.Actor, id, code string) error {
	ag, err := s.begin(ctx, actor, authz.AgreeDestruction, id)
	if err != nil {
		return err
	}
	d, err := s.destruction(ctx, actor, id)
	if err != nil {
		return err
	}
	if err := s.mayAgree(ctx, ag, actor, d); err != nil {
		return err
	}
	keep, err := s.freshCode(ctx, actor, code)
	if err != nil {
		return err
	}
	at, order := s.signedNow(), statement.Leaf(d.Body)
	agree, err := s.stateOf(ag, actor, d.states(partAgree, at, order))
	if err != nil {
		return err
	}
	last := d.states(d.Ground, at, order, statement.Leaf(agree))
	last.Event, last.Object = statement.EventDestroy, d.ExchangeID
	destroyed, err := ag.State(last, "registrar")
	if err != nil {
		return err
	}
	s.at("destroy")
	agreeLeaf, lastLeaf := statement.Leaf(agree), statement.Leaf(destroyed)
	err = s.db.Act(ctx, scope(actor), func(b *pgx.Batch) { b.Queue(sqlDestructionLock, d.ExchangeID) }, func(b *pgx.Batch) error {
		s.at("destroy locked")
		b.Queue(sqlDestroy, d.ID, at, agreeLeaf[:], lastLeaf[:])
		keep(b)
		b.Queue(sqlNudge)
		audit.Append(b, agree, destroyed)
		return nil
	})
	return s.db.Fault(err)
}

// stateOf signs a worker's word about an order.
func (s *Service) stateOf(ag *agency.Agency, actor authz.Actor, st statement.Statement) ([]byte, error) {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return nil, fmt.Errorf("sign about an order: %w", err)
	}
	st.Event = statement.EventCasework
	return ag.State(st, "", signer)
}

// mayAgree checks what the second person must be, that the day is over, and
// that the first one's word is really theirs.
func (s *Service) mayAgree(ctx context.Context, ag *agency.Agency, actor authz.Actor, d *destructionRow) error {
	if d.OrderedBy == actor.Account() {
		audit.Refused(ctx, s.db, actor, authz.AgreeDestruction, d.ID)
		return fault.New(fault.Forbidden, "fault.records.second")
	}
	if d.State != "ordered" {
		return fault.New(fault.Conflict, "fault.records.moved")
	}
	if err := s.ordered(ctx, ag, d); err != nil {
		return err
	}
	if s.now().Before(d.OrderedAt.Add(DestructionWaits)) {
		return fault.New(fault.Conflict, "fault.records.early")
	}
	return s.notTheirOfficer(ctx, ag, actor, d)
}

// notTheirOfficer refuses the manager who gave the records officer that work a
// short time ago. An agency that is itself as young has perhaps nobody else.
func (s *Service) notTheirOfficer(ctx context.Context, ag *agency.Agency, actor authz.Actor, d *destructionRow) error {
	var role, key struct{ Body []byte }
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &role, sqlOfficerRole, d.OrderedBy)
		postgres.One(b, &key, sqlFirstKey)
	})
	if err != nil {
		return s.db.Fault(fmt.Errorf("read who gave an officer their work: %w", err))
	}
	since := s.now().Add(-newOfficer)
	if st, err := ag.Verify(ctx, s.db, key.Body); err == nil && st.Event == statement.EventKey && st.Object == "team/letterbox" && st.At.After(since) {
		return nil
	}
	st, err := ag.Verify(ctx, s.db, role.Body)
	if err != nil {
		return s.unstated(ctx, ag, d.ID, err)
	}
	if st.At.After(since) && slices.Contains(st.Signers(), statement.WorkerKeyName(ag.ID, actor.Account())) {
		return fault.New(fault.Forbidden, "fault.records.newOfficer")
	}
	return nil
}

// StopDestruction calls an order off, by any records officer or manager.
// Conflict: it is done, or called off already.
func (s *Service) StopDestruction(ctx context.Context, actor authz.Actor, id string) error {
	ag, err := s.begin(ctx, actor, authz.SeeRecords, id)
	if err != nil {
		return err
	}
	d, err := s.destruction(ctx, actor, id)
	if err != nil {
		return err
	}
	if d.State != "ordered" {
		return fault.New(fault.Conflict, "fault.records.moved")
	}
	at := s.signedNow()
	body, err := s.stateOf(ag, actor, d.states(partStop, at, statement.Leaf(d.Body)))
	if err != nil {
		return err
	}
	leaf := statement.Leaf(body)
	err = s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(guardedStopDestruction, d.ID, at, leaf[:])
		audit.Append(b, body)
		return nil
	})
	return s.db.Fault(err)
}

// Destructions lists what was ordered and what became of it, what waits first,
// then the newest; at most 500.
func (s *Service) Destructions(ctx context.Context, actor authz.Actor) ([]Destruction, error) {
	if _, err := s.begin(ctx, actor, authz.SeeRecords, "-"); err != nil {
		return nil, err
	}
	var rows []destructionRow
	var people []namedRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlDestructions)
		postgres.Many(b, &people, sqlRecordPeople)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("list what was ordered to be destroyed: %w", err))
	}
	names := map[string]string{}
	for _, p := range people {
		names[p.ID] = namedLine(actor, p).Name
	}
	list := make([]Destruction, len(rows))
	for i, d := range rows {
		list[i] = Destruction{ID: d.ID, Reference: d.Reference, Ground: d.Ground, State: d.State, OrderedBy: names[d.OrderedBy],
			AgreedBy: names[d.AgreedBy], StoppedBy: names[d.StoppedBy], Ordered: d.OrderedAt, Ready: d.OrderedAt.Add(DestructionWaits)}
		if d.EndedAt != nil {
			list[i].Ended, list[i].Entry = *d.EndedAt, base64.StdEncoding.EncodeToString(d.EndLeaf)
		}
		if list[i].Left = d.PartsLeft; d.State == "destroyed" && d.PartsLeft > 0 {
			list[i].State = "removing"
		}
		open := d.State == "ordered"
		list[i].CanStop = open
		list[i].CanAgree = open && actor.Can(authz.AgreeDestruction) && d.OrderedBy != actor.Account() && !s.now().Before(list[i].Ready)
	}
	return list, nil
}
