package letterbox

import (
	"context"
	"encoding/json"
	"errors"
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
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// MaxDelay is for how many days at most a letter that was passed on may wait
// before it is shown.
const MaxDelay = 14

// ExchangeStates lists how an exchange can stand: open, at rest, or over. An
// exchange that rests or is over takes no letters in and shows none that was
// not opened; nothing is lost.
func ExchangeStates() []string { return []string{"active", "paused", "ended"} }

// SideStates lists how a side can stand. Only a side that is ready is sent letters.
func SideStates() []string { return []string{"ready", "declined", "addressUnconfirmed", "deceased"} }

const (
	// What a change of an exchange or a side rests on. $2 is the object that carries the note, $3 its part.
	sqlStateColumns = `x.id, case_closed(x.id) as closed, x.restricted, x.contact_order, x.order_unseen,
			(select coalesce(max(o.version), 0) from object o where o.agency_id = x.agency_id and o.id = x.id and o.part = 'order')::bigint as order_version,
			exists (select from connection c where c.agency_id = x.agency_id and c.exchange_id = x.id and c.worker_id = account()) as connected,
			(select coalesce(max(o.version), 0) from object o where o.agency_id = x.agency_id and o.id = $2 and o.part = $3)::bigint as version`
	sqlExchangeNow = `select ` + sqlStateColumns + `, case $3 when 'delay' then x.delay_days::text when 'readers' then x.second_reader when 'order' then x.contact_order else x.state end as state
		from exchange x where x.agency_id = agency() and x.id = $1`
	sqlExchangeNowLock = sqlExchangeNow + ` for no key update of x`
	sqlSideNow         = `select ` + sqlStateColumns + `, case $3 when 'photos' then s.photos when 'recordings' then s.recordings when 'language' then s.language else s.state end as state from side s join exchange x on x.agency_id = s.agency_id and x.id = s.exchange_id
		where s.agency_id = agency() and s.id = $1`
	sqlSideNowLock = sqlSideNow + ` for no key update of s`
	sqlSideNodes   = `select n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from side s join node n on n.agency_id = s.agency_id and n.id = 'case/' || s.exchange_id
		where s.agency_id = agency() and s.id = $1 and n.key_leaf is not null order by n.epoch desc limit 1`
	sqlCaseNode = `select n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from node n where n.agency_id = agency() and n.id = 'case/' || $1 and n.key_leaf is not null order by n.epoch desc limit 1`
	// The newest note about the exchange, about each of its sides, and about a court's order.
	sqlExchangeNotes = `select distinct on (o.id, o.part) ` + sqlObjectColumns + ` from object o where o.agency_id = agency() and o.exchange_id = $1
		and o.kind = 'worknote' and o.part in ('state', 'order') order by o.id, o.part, o.version desc`
	// Who wrote them, by their own book.
	sqlNoteWriters = `select distinct r.id, r.book, r.epoch, r.name from object o
		join directory r on r.agency_id = o.agency_id and r.book = 'staff' and 'worker/' || r.id = o.from_node
		where o.agency_id = agency() and o.exchange_id = $1 and o.kind = 'worknote' and o.part in ('state', 'order') order by r.id`
)

var (
	guardedState = postgres.Guarded(`update exchange set state = $2 where agency_id = agency() and id = $1 and state <> $2 returning 1`)
	guardedSide  = postgres.Guarded(`update side set state = $2 where agency_id = agency() and id = $1 and state <> $2 returning 1`)
	guardedDelay = postgres.Guarded(`update exchange set delay_days = $2::text::smallint where agency_id = agency() and id = $1 and delay_days <> $2::text::smallint returning 1`)
)

// stateRow is how an exchange or a side stands when it is about to change.
type stateRow struct {
	ID           string // of the exchange
	Closed       bool
	Connected    bool
	Restricted   bool
	ContactOrder string
	OrderUnseen  bool
	OrderVersion int64 // of the newest note about it
	Version      int64 // of the newest note
	State        string
}

// stateNote is the content of the note that goes with a change: case and
// archive only.
type stateNote struct {
	State string    `json:"state"`
	Note  string    `json:"note,omitempty"`
	At    time.Time `json:"at"`
}

// change is one change of how an exchange or a side stands.
type change struct {
	object, part      string // which note it writes
	read, lock, nodes string // SQL: how it stands, the same under a lock, and the case's newest key
	write             string // the guarded update
	to                string
	note              string
}

// SetState lets an exchange rest, go on, or end. In the same act every letter
// that was passed on and is not opened is stopped, if it is not to go on; a
// worker lifts each stop afterwards. Nobody is told why: the note is for
// colleagues. Setting what is set already changes nothing. What a court has
// forbidden does not go on (Conflict, in the database too); what the row says of that
// is believed only with the signed note (Sealed, and an alarm).
//
// Invalid: field "state" or "note". Forbidden: the actor is connected to the
// family, or the case is restricted to others. Conflict: somebody changed it in
// the same moment.
func (s *Service) SetState(ctx context.Context, actor authz.Actor, id ExchangeID, state, note string) error {
	if !slices.Contains(ExchangeStates(), state) {
		return s.refuse(ctx, actor, string(id), fault.Field("state", "fault.exchange.state"))
	}
	return s.set(ctx, actor, "ex", change{object: string(id), part: "state", read: sqlExchangeNow, lock: sqlExchangeNowLock, nodes: sqlCaseNode,
		write: guardedState, to: state, note: note})
}

// SetSide says how a side stands: ready for letters, or not and why. In the
// same act every letter to it that is not opened is stopped, if it is not ready.
// Errors as of SetState.
func (s *Service) SetSide(ctx context.Context, actor authz.Actor, id SideID, state, note string) error {
	if !slices.Contains(SideStates(), state) {
		return s.refuse(ctx, actor, string(id), fault.Field("state", "fault.exchange.state"))
	}
	return s.set(ctx, actor, "sd", change{object: string(id), part: "state", read: sqlSideNow, lock: sqlSideNowLock, nodes: sqlSideNodes,
		write: guardedSide, to: state, note: note})
}

// SetDelay sets for how many days, from 0 to MaxDelay, a letter that is passed
// on from now on waits before it is shown. Invalid: field "days". Otherwise as
// SetState.
func (s *Service) SetDelay(ctx context.Context, actor authz.Actor, id ExchangeID, days int) error {
	if days < 0 || days > MaxDelay {
		return s.refuse(ctx, actor, string(id), fault.Field("days", "fault.exchange.delay"))
	}
	return s.set(ctx, actor, "ex", change{object: string(id), part: "delay", read: sqlExchangeNow, lock: sqlExchangeNowLock, nodes: sqlCaseNode,
		write: guardedDelay, to: fmt.Sprint(days)})
}

// refuse is the answer to what cannot be set; who may not set anything hears
// only that.
func (s *Service) refuse(ctx context.Context, actor authz.Actor, object string, wrong error) error {
	if _, err := s.begin(ctx, actor, authz.SetExchange, object); err != nil {
		return err
	}
	return wrong
}

func (s *Service) set(ctx context.Context, actor authz.Actor, prefix string, c change) error {
	ag, err := s.begin(ctx, actor, authz.SetExchange, c.object)
	if err != nil {
		return err
	}
	if !agency.ValidID(prefix, c.object) {
		return notFound()
	}
	if c.note, err = prose.Clean("note", c.note, MaxReason*4); err != nil {
		return err
	}
	var was stateRow
	var nodes []agency.NodeRow
	var order orderRows
	asksOrder := prefix == "ex" && (c.part == "order" || c.part == "state" && c.to == "active")
	if asksOrder {
		if err := s.index.Follow(ctx, ag.ID); err != nil {
			return err
		}
	}
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		c.queueNow(b, &was, c.read)
		postgres.Many(b, &nodes, c.nodes, c.object)
		if asksOrder {
			order.queue(b, c.object)
		}
	})
	if err != nil {
		return s.db.Fault(fmt.Errorf("load %s: %w", c.object, err))
	}
	if err := was.may(); err != nil {
		return err
	}
	if asksOrder {
		if err := s.orderStands(ctx, ag, actor, was, &order); err != nil {
			return err
		}
	}
	sees := c.part == "order" && c.to == OrderProhibits && was.OrderUnseen && actor.Can(authz.Restrict)
	if was.State == c.to && !sees {
		return nil
	}
	if c.part == "readers" && slices.Index(SecondReaders(), c.to) < slices.Index(SecondReaders(), was.State) && !actor.Can(authz.Restrict) {
		return fault.New(fault.Forbidden, "fault.exchange.fewerReaders")
	}
	switch {
	case c.part == "order" && was.State == OrderProhibits && !actor.Can(authz.Restrict):
		return fault.New(fault.Forbidden, "fault.exchange.forbids")
	case c.part == "order" && was.State != OrderNone && c.to != OrderProhibits && !actor.Can(authz.Restrict):
		return fault.New(fault.Forbidden, "fault.exchange.orderManager")
	case prefix == "ex" && c.part == "state" && c.to == "active" && was.ContactOrder == OrderProhibits:
		return fault.New(fault.Conflict, "fault.exchange.prohibited")
	}
	object, err := s.sealNote(ctx, ag, actor, c, was, nodes)
	if err != nil {
		return err
	}
	var now stateRow
	s.at("set")
	err = s.db.Act(ctx, scope(actor), func(b *pgx.Batch) { c.queueNow(b, &now, c.lock) }, func(b *pgx.Batch) error {
		switch {
		case now.State == c.to && !sees:
			return errSame
		case now != was:
			return fault.New(fault.Conflict, "fault.conflict")
		}
		b.Queue(c.write, c.object, c.to)
		object.queue(b)
		b.Queue(sqlNudge)
		audit.Append(b, object.body)
		return nil
	})
	if errors.Is(err, errSame) {
		return nil
	}
	return s.db.Fault(err)
}

func (c change) queueNow(b *pgx.Batch, into *stateRow, sql string) {
	postgres.One(b, into, sql, c.object, c.object, c.part)
}

// may tells whether the actor may change how an exchange stands.
func (r stateRow) may() error {
	switch {
	case r.Connected:
		return fault.New(fault.Forbidden, "fault.letter.connected")
	case r.Closed:
		return fault.New(fault.Forbidden, "fault.exchange.restricted")
	}
	return nil
}

// sealNote seals what is changed and why to the case's newest key and the
// archive, and states it as case work.
func (s *Service) sealNote(ctx context.Context, ag *agency.Agency, actor authz.Actor, c change, was stateRow, nodes []agency.NodeRow) (sealedObject, error) {
	node, err := ag.Trusted(nodes, "case/"+was.ID)
	if err != nil {
		s.log.ErrorContext(ctx, "ALARM: a case key is not the one vouched for", "agency", ag.ID, "exchange", was.ID, "error", err)
		return sealedObject{}, fault.Wrap(fault.Sealed, "fault.sealing", err)
	}
	signer, err := actor.Keys().Signer()
	if err != nil {
		return sealedObject{}, fmt.Errorf("sign a change: %w", err)
	}
	at := s.now()
	content, err := json.Marshal(stateNote{c.to, c.note, at.UTC().Truncate(time.Second)})
	if err != nil {
		return sealedObject{}, fmt.Errorf("write a note: %w", err)
	}
	place := seal.Context{Kind: seal.KindWorknote, Agency: ag.ID, Exchange: was.ID, Object: c.object, Part: c.part,
		From: "worker/" + actor.Account(), To: "case/" + was.ID, Version: uint64(was.Version) + 1}
	sealed, err := seal.Seal(place, content, node.Recipient(), ag.Archive())
	if err != nil {
		return sealedObject{}, fmt.Errorf("seal a note: %w", err)
	}
	st := statementOf(place, sealed.Commit)
	st.Event, st.At = statement.EventCasework, at
	body, err := ag.State(st, "", signer)
	return sealedObject{at: place, sealed: sealed, body: body}, err
}

// openStateNotes opens the newest note about an exchange and about each side.
func (s *Service) openStateNotes(ctx context.Context, ag *agency.Agency, actor authz.Actor, r *exchangeFile, keys []*age.HybridIdentity) (list []ExchangeNote) {
	for _, row := range r.notes {
		n := ExchangeNote{Order: row.Part == "order", Side: slices.IndexFunc(r.sides, func(side exchangeSideRow) bool { return side.ID == row.ID })}
		var content stateNote
		text, err := s.open(ctx, ag, row, keys...)
		if err == nil {
			err = json.Unmarshal(text, &content)
		}
		n.State, n.Note, n.On, n.Unread = content.State, content.Note, content.At, err != nil
		for _, w := range r.writers {
			if "worker/"+w.ID == row.FromNode {
				n.By = namedLine(actor, w).Name
			}
		}
		list = append(list, n)
	}
	slices.SortStableFunc(list, func(a, b ExchangeNote) int { return b.On.Compare(a.On) })
	return list
}
