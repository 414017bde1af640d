package letterbox

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// What a court has said about contact between two families (ACA 2002 s.51A).
const (
	OrderNone      = "none"      // there is no order in force that is known here
	OrderPermits   = "permits"   // one that permits the contact
	OrderProhibits = "prohibits" // one that prohibits it
)

// ContactOrders lists them.
func ContactOrders() []string { return []string{OrderNone, OrderPermits, OrderProhibits} }

// The notes about an exchange by which its letters are judged, each the newest: whose
// letters two workers read, and what a court said.
const sqlSettings = `select distinct on (o.part) ` + sqlObjectColumns + ` from letter l
	join object o on o.agency_id = l.agency_id and o.id = l.exchange_id and o.part in ('readers', 'order')
	where l.agency_id = agency() and l.id = $1 order by o.part, o.version desc`

// The newest note about a court's order on an exchange.
const sqlOrderNote = `select ` + sqlObjectColumns + ` from object o where o.agency_id = agency() and o.id = $1 and o.part = 'order' order by o.version desc limit 1`

// An exchange that a court has forbidden rests from that moment.
var guardedOrder = postgres.Guarded(`update exchange set contact_order = $2, state = case when $2 = 'prohibits' and state = 'active' then 'paused' else state end
	where agency_id = agency() and id = $1 and (contact_order <> $2 or order_unseen) returning 1`)

// SetContactOrder writes down what a court has said about contact between the
// families of an exchange, one of ContactOrders, with a note for colleagues: which
// court, and of which day. Where it prohibits contact the exchange rests in the same
// act, as by SetState, and nothing of it goes on (table 8g, g01) until a manager says
// that the order is no longer in force; it goes on resting then, until somebody lets
// it go on. One that permits contact while the exchange rests is a manager's matter
// the same day (g04a): it stands in Breaches. So does a prohibition, until a manager
// writes it down as well, and another exchange of the same people that goes on; a new
// one between them is not opened (OpenExchange).
//
// Any worker writes an order down where none stands, and at any time that contact is
// forbidden now. Else one that stands only a manager changes: Forbidden for others, in
// the database too. Invalid: field "order" or
// "note". Otherwise as SetState.
func (s *Service) SetContactOrder(ctx context.Context, actor authz.Actor, id ExchangeID, order, note string) error {
	if !slices.Contains(ContactOrders(), order) {
		return s.refuse(ctx, actor, string(id), fault.Field("order", "fault.exchange.order"))
	}
	return s.set(ctx, actor, "ex", change{object: string(id), part: "order", read: sqlExchangeNow, lock: sqlExchangeNowLock, nodes: sqlCaseNode,
		write: guardedOrder, to: order, note: note})
}

// settingNote opens what a worker said last, in a signed note about the exchange,
// of one of the parts of sqlSettings: the newest note has to have the version that
// the letter's row was read with. least is what stands where nobody ever said anything.
// Sealed, and an alarm, where a note was said and is gone, or is none of this exchange.
func (d *deciding) settingNote(ctx context.Context, part string, version uint64, least string) (string, error) {
	return d.setting(ctx, d.ag, d.rows.letter().ExchangeID, d.rows.settings, d.keys, part, version, least)
}

// setting is settingNote for an exchange whose notes are there.
func (s *Service) setting(ctx context.Context, ag *agency.Agency, exchange string, notes []objectRow, keys []*age.HybridIdentity, part string, version uint64, least string) (string, error) {
	i := slices.IndexFunc(notes, func(o objectRow) bool { return o.Part == part })
	if i < 0 {
		stated, err := s.index.Stated(ctx, ag.ID, exchange, part)
		if err == nil && stated {
			err = fmt.Errorf("%w: %s of %s", seal.ErrStale, part, exchange)
		}
		if err != nil {
			return "", s.unstated(ctx, ag, exchange, err)
		}
		return least, nil
	}
	note := notes[i]
	if note.Version != version {
		return "", fault.New(fault.Conflict, "fault.conflict") // said in this moment
	}
	if seal.Kind(note.Kind) != seal.KindWorknote || note.ExchangeID != exchange {
		return "", s.unstated(ctx, ag, exchange, fmt.Errorf("%w: not a note of this exchange", seal.ErrUnsigned))
	}
	content, err := s.open(ctx, ag, note, keys...)
	if err != nil {
		return "", err
	}
	var said stateNote
	if err := json.Unmarshal(content, &said); err != nil {
		return "", fmt.Errorf("read a note about %s: %w", part, err)
	}
	return said.State, nil
}

// statedOrder checks that the row of the exchange says of a court's order what a
// worker said last, in their signed note.
func (d *deciding) statedOrder(ctx context.Context) error {
	said, err := d.settingNote(ctx, "order", d.rows.relay.OrderVersion, OrderNone)
	if err != nil {
		return err
	}
	return d.sameOrder(ctx, d.ag, d.rows.letter().ExchangeID, d.rows.relay.ContactOrder, said)
}

func (s *Service) sameOrder(ctx context.Context, ag *agency.Agency, exchange, row, said string) error {
	if said != row {
		return s.unstated(ctx, ag, exchange, fmt.Errorf("%w: another order than was written down", seal.ErrUnsigned))
	}
	return nil
}

// orderRows is what a court's order on an exchange is opened with.
type orderRows struct {
	notes  []objectRow
	grants []agency.GrantRow
	nodes  []agency.NodeRow
}

func (r *orderRows) queue(b *pgx.Batch, exchange string) {
	queueObjects(b, &r.notes, sqlOrderNote, exchange)
	postgres.Many(b, &r.grants, sqlExchangeGrants, exchange)
	postgres.Many(b, &r.nodes, sqlExchangeNodes, exchange)
}

// orderStands is statedOrder for who lets an exchange go on, or writes another order
// down: the row alone is nobody's word. It asks for a key of the case.
func (s *Service) orderStands(ctx context.Context, ag *agency.Agency, actor authz.Actor, was stateRow, r *orderRows) error {
	keys, _, err := s.caseKeys(ctx, ag, actor, &caseRows{grants: r.grants, nodes: r.nodes, deskRows: deskRows{letters: []deskRow{{ExchangeID: was.ID, Restricted: was.Restricted}}}})
	if err != nil {
		return err
	}
	said, err := s.setting(ctx, ag, was.ID, r.notes, keys, "order", uint64(was.OrderVersion), OrderNone)
	if err != nil {
		return err
	}
	return s.sameOrder(ctx, ag, was.ID, was.ContactOrder, said)
}
