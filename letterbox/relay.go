package letterbox

import (
	"errors"
	"fmt"

	"gatepost/internal/fault"
)

// RelayFacts is what is asked before a letter is passed on, as it stands in that
// moment: the questions of table 8g of the law.
type RelayFacts struct {
	Agreement     string // how the exchange stands: one of ExchangeStates
	ContactOrder  string // what a court has said: one of ContactOrders
	MaySend       bool   // the agreement lets the writer's side send letters
	OfAge         bool   // a child of the exchange comes of age this month, or has
	Recipient     string // how the other side stands: one of SideStates
	Findings      []Code // what the workers who read it confirmed; empty: checked, and nothing found
	ReadersNeeded int    // 1 or 2
	Readers       int    // how many have read it, whoever decides now among them
	Helped        bool   // whoever decides helped to write it
	Untranslated  bool   // its recipients, or a worker who lets it go on, do not read it, and nobody translated it
	Warned        bool   // the adopters were warned of the news among the findings
}

// Ruling is what the table says: the row that decided, and whether the letter
// may go on by it.
type Ruling struct {
	Row   string
	Relay bool
}

// Relay is table 8g. The composer gives it: this package knows no law.
type Relay func(RelayFacts) (Ruling, error)

// WithRelay is the same letterbox with the table that is asked before a letter
// is passed on. One without it passes nothing on.
func (s *Service) WithRelay(relay Relay) *Service {
	other := *s
	other.relay = relay
	return &other
}

var errNoRelay = errors.New("no table to ask before a letter is passed on")

// relayRow is how everything stands that the table asks about and the database knows.
type relayRow struct {
	Agreement  string
	MaySend    bool
	OfAge      bool
	Recipient  string
	Book       string // of the writer's side
	TwoReaders bool
	// Whose letters two workers read, by the row, and the version of the note that said so last.
	SecondReader   string
	ReadersVersion uint64
	ContactOrder   string // what a court has said, by the row
	OrderVersion   uint64
	FirstReader    string // "" for nobody yet
	FirstLeaf      []byte
	CutLeaf        []byte // of the cut with which it would go on; nil for none
	Untranslated   bool
}

// A first reading counts for the decision that comes next, with the translation that
// there was, and for no other; somebody else's before the actor's own. While a cut stands, it is its author's.
const sqlRelay = `select x.state as agreement, 'letter' = any (w.may_send) as may_send, r.state as recipient, w.book, two_readers(l.id) as two_readers, x.second_reader,
		(select coalesce(max(o.version), 0) from object o where o.agency_id = x.agency_id and o.id = x.id and o.part = 'readers')::bigint as readers_version,
		x.contact_order, (select coalesce(max(o.version), 0) from object o where o.agency_id = x.agency_id and o.id = x.id and o.part = 'order')::bigint as order_version,
		exists (select from exchange_child c where c.agency_id = l.agency_id and c.exchange_id = l.exchange_id and c.relays_end_on <= current_date) as of_age,
		untranslated(l.id, account()) or coalesce(untranslated(l.id, first_reader(l.id, account())), false) as untranslated,
		coalesce(f.worker_id, '') as first_reader, f.leaf as first_leaf, cut_leaf(l.id) as cut_leaf
	from letter l join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id
		join side w on w.agency_id = l.agency_id and w.id = l.from_side join side r on r.agency_id = l.agency_id and r.id = l.to_side
		left join lateral (select r.worker_id, r.leaf from first_reading r where r.agency_id = l.agency_id and r.letter_id = l.id and cut_leaf(l.id) is null
				and r.turn = 1 + (select count(*) from decision d where d.agency_id = l.agency_id and d.letter_id = l.id)
				and r.translated = (select count(*) from translation t where t.agency_id = l.agency_id and t.letter_id = l.id and t.state = 'handedIn')
			union all
			select c.worker_id, c.leaf from letter_cut c where c.agency_id = l.agency_id and c.letter_id = l.id and c.leaf = cut_leaf(l.id)) f
			on f.worker_id = coalesce(first_reader(l.id, account()), first_reader(l.id, ''))
	where l.agency_id = agency() and l.id = $1`

// rule asks the table. readers is how many have read the letter with the actor,
// needed how many it takes.
func (s *Service) rule(row relayRow, found []Answered, helped bool, readers, needed int) error {
	if s.relay == nil {
		return errNoRelay
	}
	codes, warned := confirmed(found)
	ruling, err := s.relay(RelayFacts{Agreement: row.Agreement, ContactOrder: row.ContactOrder, MaySend: row.MaySend, OfAge: row.OfAge, Recipient: row.Recipient,
		Untranslated: row.Untranslated, Findings: codes, ReadersNeeded: needed, Readers: readers, Helped: helped, Warned: warned})
	if err != nil {
		return fmt.Errorf("ask the table of passing on: %w", err)
	}
	if ruling.Relay {
		return nil
	}
	return notPassed(ruling.Row)
}

// standsStill is why a letter could not go on today whatever is in it: a text of the
// catalogues, "" where nothing is in its way. It shows a worker before they read what
// the table says again when they decide.
func (s *Service) standsStill(row relayRow) string {
	row.Untranslated = false
	var why *fault.Error
	if errors.As(s.rule(row, nil, false, 2, 1), &why) {
		return why.Message
	}
	return ""
}

// notPassed says why a letter is not passed on, by the row of the table.
func notPassed(row string) error {
	switch row {
	case "g01":
		return fault.New(fault.Conflict, "fault.relay.prohibited")
	case "g04a":
		return fault.New(fault.Conflict, "fault.relay.permitted")
	case "g02":
		return fault.New(fault.Invalid, "fault.relay.safeguarding")
	case "g03":
		return fault.New(fault.Conflict, "fault.relay.notAgreed")
	case "g04", "g05", "g07", "g12", "g13":
		return fault.New(fault.Conflict, "fault.relay.rests")
	case "g06":
		return fault.New(fault.Conflict, "fault.letter.ofAge")
	case "g08a":
		return fault.New(fault.Invalid, "fault.relay.otherChild")
	case "g08":
		return fault.New(fault.Invalid, "fault.relay.plan")
	case "g09":
		return fault.New(fault.Invalid, "fault.relay.translate")
	case "g10":
		return fault.New(fault.Invalid, "fault.relay.change")
	case "g11":
		return fault.New(fault.Invalid, "fault.relay.readers")
	case "g14a":
		return fault.New(fault.Invalid, "fault.relay.warn")
	}
	return fault.New(fault.Conflict, "fault.relay.manager")
}
