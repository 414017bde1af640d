package letterbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/fault"
)

const (
	// The columns of objectRow; every query of objects selects them.
	sqlObjectColumns = `o.id, o.part, o.version, o.kind, coalesce(o.exchange_id, '') as exchange_id, coalesce(o.side_id, '') as side_id,
		o.from_node, o.to_node, o.sealed, o.commit, o.leaf, leaf_body(o.leaf) as body`
	sqlInsertObject = `insert into object (agency_id, id, part, version, kind, exchange_id, side_id, from_node, to_node, sealed, commit, leaf)
		values (agency(), @id, @part, @version, @kind, @exchange, @side, @from, @to, @sealed, @commit, @leaf)`
)

// objectRow is a sealed object as the database has it: a claim, not yet believed.
type objectRow struct {
	ID         string
	Part       string
	Version    uint64
	Kind       string
	ExchangeID string
	SideID     string
	FromNode   string
	ToNode     string
	Sealed     []byte
	Commit     []byte
	Leaf       []byte
	Body       []byte // its signed statement
}

func (r objectRow) context(agencyID string) seal.Context {
	return seal.Context{Kind: seal.Kind(r.Kind), Agency: agencyID, Exchange: r.ExchangeID, Object: r.ID, Part: r.Part,
		From: r.FromNode, To: r.ToNode, Version: r.Version}
}

// is tells whether a row is that part of an object, and of a kind that belongs
// there: a row of another kind in its place is nobody's text.
func (r objectRow) is(id, part string) bool {
	if r.ID != id || r.Part != part {
		return false
	}
	kind := seal.Kind(r.Kind)
	if part == "text" {
		return kind == seal.KindSubmission || kind == seal.KindDelivery
	}
	if part == "translation" && kind == seal.KindDelivery {
		return true
	}
	return part == string(kind)
}

// queueObjects reads objects into rows.
func queueObjects(b *pgx.Batch, rows *[]objectRow, sql string, args ...any) {
	b.Queue(sql, args...).Query(func(r pgx.Rows) (err error) {
		*rows, err = pgx.CollectRows(r, pgx.RowToStructByName[objectRow])
		return err
	})
}

// sealedObject is an object sealed and stated, ready for the transaction.
type sealedObject struct {
	at     seal.Context
	side   string
	sealed seal.Sealed
	body   []byte // the signed statement
}

// queue inserts the object. Its statement is appended at the end of the act.
func (o sealedObject) queue(b *pgx.Batch) {
	leaf := statement.Leaf(o.body)
	b.Queue(sqlInsertObject, pgx.StrictNamedArgs{
		"id": o.at.Object, "part": o.at.Part, "version": o.at.Version, "kind": string(o.at.Kind),
		"exchange": null(o.at.Exchange), "side": null(o.side), "from": o.at.From, "to": o.at.To,
		"sealed": o.sealed.Bytes, "commit": o.sealed.Commit[:], "leaf": leaf[:],
	})
}

// bodiesOf are the statements of objects, in their order.
func bodiesOf(objects []sealedObject) (list [][]byte) {
	for _, o := range objects {
		list = append(list, o.body)
	}
	return list
}

func null(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// statementOf begins the statement about an object: everything but the event, time and refs.
func statementOf(c seal.Context, commit seal.Commitment) statement.Statement {
	return statement.Statement{Object: c.Object, Part: c.Part, Version: c.Version, Exchange: c.Exchange,
		From: c.From, To: c.To, Commit: commit}
}

// events says which statement may vouch for an object of each kind.
func events(kind string) []statement.Event {
	switch seal.Kind(kind) {
	case seal.KindSubmission:
		return []statement.Event{statement.EventReceipt, statement.EventRecord} // online, on paper
	case seal.KindMessage:
		return []statement.Event{statement.EventReceipt, statement.EventCasework} // a person's, an answer
	case seal.KindDelivery:
		return []statement.Event{statement.EventDeliver}
	case seal.KindProposal:
		return []statement.Event{statement.EventReturn}
	case seal.KindReason:
		return []statement.Event{statement.EventReturn, statement.EventRefuse}
	case seal.KindDecision:
		return []statement.Event{statement.EventApprove, statement.EventReturn, statement.EventRefuse, statement.EventKeep}
	case seal.KindWorknote:
		return []statement.Event{statement.EventCasework, statement.EventRecall}
	case seal.KindReferral, seal.KindList, seal.KindOwnList, seal.KindTranslation:
		return []statement.Event{statement.EventCasework}
	case seal.KindNames, seal.KindParties:
		return []statement.Event{statement.EventRecord}
	}
	return nil
}

// open opens an object with the first of the keys that it is sealed to: its statement is signed by whom its kind requires and
// speaks of exactly this object, its text is the one that was stated, and (on
// the staff tier) no later version is in the log. Everything else is a Sealed
// fault and an alarm: the row was changed by somebody who is not us.
func (s *Service) open(ctx context.Context, ag *agency.Agency, row objectRow, keys ...*age.HybridIdentity) ([]byte, error) {
	content, err := s.tryOpen(ctx, ag, row, keys)
	if err == nil {
		return content, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if away := s.away(err); away != nil {
		return nil, away
	}
	s.log.ErrorContext(ctx, "ALARM: a sealed object does not open", "agency", ag.ID, "object", row.ID, "part", row.Part, "kind", row.Kind, "error", err)
	return nil, unopened(err)
}

func (s *Service) tryOpen(ctx context.Context, ag *agency.Agency, row objectRow, keys []*age.HybridIdentity) ([]byte, error) {
	st, err := s.stated(ctx, ag, row)
	if err != nil {
		return nil, err
	}
	c := row.context(ag.ID)
	if s.index != nil {
		if err := s.index.Newest(ctx, ag.ID, c.Object, c.Part, [32]byte(row.Leaf)); err != nil {
			return nil, err
		}
	}
	sealed, err := s.whole(ctx, ag, row.Sealed)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		content, err := seal.OpenSigned(sealed, c, key, st.Commit)
		if !errors.Is(err, seal.ErrKey) {
			return content, err
		}
	}
	return nil, fmt.Errorf("open %s: %w", c.Kind, seal.ErrKey)
}

// stated gives the verified statement of an object, which speaks of exactly
// this row. It opens nothing.
func (s *Service) stated(ctx context.Context, ag *agency.Agency, row objectRow) (*statement.Statement, error) {
	leaf := statement.Leaf(row.Body)
	if !bytes.Equal(leaf[:], row.Leaf) {
		return nil, fmt.Errorf("%w: not the row's statement", seal.ErrUnsigned)
	}
	st, err := ag.Verify(ctx, s.db, row.Body)
	if err != nil {
		return nil, err
	}
	return st, speaksOf(st, row.context(ag.ID), events(row.Kind))
}

// statedSide checks that a side belongs to an exchange, by the signed statement
// of the side's names among rows. A row of the table side proves nothing: it
// is what somebody who can write the database would change to have a letter
// sealed to another family.
func (s *Service) statedSide(ctx context.Context, ag *agency.Agency, rows []objectRow, side, exchange string) error {
	for _, r := range rows {
		if !r.is(side, "names") {
			continue
		}
		if r.ExchangeID != exchange {
			return fmt.Errorf("%w: side %s is of another exchange", seal.ErrUnsigned, side)
		}
		_, err := s.stated(ctx, ag, r)
		return err
	}
	return fmt.Errorf("%w: nobody stated the side %s", seal.ErrUnsigned, side)
}

// away is a Busy fault where err says only that the database was not there for a
// moment, and nil for everything else. Nothing is known about the rows then, and
// nobody is alarmed: a false alarm at each failover would hide a true one.
func (s *Service) away(err error) error {
	if err = s.db.Fault(err); fault.KindOf(err) == fault.Busy {
		return err
	}
	return nil
}

// unstated is the fault for relations that nobody signed.
func (s *Service) unstated(ctx context.Context, ag *agency.Agency, id string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if away := s.away(err); away != nil {
		return away
	}
	s.log.ErrorContext(ctx, "ALARM: rows say what nobody signed", "agency", ag.ID, "object", id, "error", err)
	return fault.Wrap(fault.Sealed, "fault.sealed", err)
}

// speaksOf checks that a verified statement is about this object and no other.
func speaksOf(st *statement.Statement, c seal.Context, allowed []statement.Event) error {
	for _, e := range allowed {
		if st.Event == e && st.Object == c.Object && st.Part == c.Part && st.Version == c.Version &&
			st.Exchange == c.Exchange && st.From == c.From && st.To == c.To {
			return nil
		}
	}
	return fmt.Errorf("%w: its statement speaks of something else", seal.ErrUnsigned)
}

// unread tells whether an error is a sealed object that does not open: its
// place shows a notice, and the page goes on.
func unread(err error) bool { return fault.KindOf(err) == fault.Sealed }

var (
	// errNoKey: the session does not hold the key; a person who is still on hold, mostly.
	errNoKey = errors.New("no key for this side in the session")
	// errNewSide: it does not hold it yet.
	errNewSide = errors.New("the side was granted after the session was loaded")
)
