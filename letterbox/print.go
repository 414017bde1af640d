package letterbox

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
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// Printed is a letter that was passed on, to be printed and posted. The address
// belongs on a sheet of its own: what goes into the envelope has none.
type Printed struct {
	Letter    LetterID
	Exchange  ExchangeID
	Reference string // LB-XXXXX
	Text      Text
	// Translation goes before the letter, where its recipients do not read what it was written in.
	Translation Translation
	Unread      bool  // it did not open: there is nothing to print
	To          Names // what the recipient's side calls everybody
	PassedOn    time.Time
	PostedOn    time.Time   // zero until somebody has posted it
	Aloud       []ReadAloud // who stated that they read it to somebody
	AddressTo   string      // names and address of the recipients, a line each; "" where there is none
	Photos      []PhotoLine // those that were passed on with it
	Agreed      string      // of PhotoPolicies: what is agreed about them
	Recorded    bool        // a recording was passed on with it, which cannot be printed
	// Transcript is what was written down of it.
	Transcript Text
}

// ReadAloud is a worker who read a letter to somebody, as they stated.
type ReadAloud struct {
	By string // a name, "" if it did not open
	On time.Time
}

const (
	sqlPrintDelivery = `select d.id, d.side_id, d.passed_on, coalesce(d.posted_on, 'epoch') as posted_on, d.posted_on is not null as posted,
			l.exchange_id, l.state, l.stop, l.visible_on <= current_date as shown, x.contact_order = 'prohibits' as prohibited
		from letter l join delivery d on d.agency_id = l.agency_id and d.letter_id = l.id
		join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id where l.agency_id = agency() and l.id = $1`
	sqlPrintObjects = `select ` + sqlObjectColumns + ` from delivery d join object o on o.agency_id = d.agency_id and o.id = d.id and o.part in ('text', 'translation')
		where d.agency_id = agency() and d.letter_id = $1 order by o.part, o.version desc`
	sqlPrintPeople = `select leaf_body(m.leaf) as body, p.state, r.book, r.id, r.epoch, r.name, r.details
		from letter l join side s on s.agency_id = l.agency_id and s.id = l.to_side
		join side_member m on m.agency_id = s.agency_id and m.side_id = s.id
		join person p on p.agency_id = m.agency_id and p.id = m.person_id
		join directory r on r.agency_id = m.agency_id and r.id = m.person_id and r.book = s.book
		where l.agency_id = agency() and l.id = $1 order by m.since, r.id`
)

var guardedPosted = postgres.Guarded(`update delivery set posted_on = current_date where agency_id = agency() and id = $1 and posted_on is null returning 1`)

type printRow struct {
	ID         string
	SideID     string
	PassedOn   time.Time
	PostedOn   time.Time
	Posted     bool
	ExchangeID string
	State      string
	Stop       bool
	Shown      bool
	Prohibited bool // by a court, whoever has read it by now
}

// goes tells whether a letter may be posted today: its recipient may see it,
// and nothing has stopped it since.
func (r printRow) goes() bool {
	return r.Shown && !r.Prohibited && (State(r.State) == Opened || !r.Stop && (State(r.State) == Waiting || State(r.State) == KeptForLater))
}

type recipientRow struct {
	Body  []byte // the statement that they are on the side
	State string
	agency.RecordRow
}

// printing is a letter under way to paper.
type printing struct {
	*caseRows
	delivery printRow
	texts    []objectRow
	people   []recipientRow
}

// loadPrint reads a passed letter in two trips. It opens nothing.
func (s *Service) loadPrint(ctx context.Context, actor authz.Actor, id LetterID) (*printing, error) {
	rows, err := s.loadCase(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	p := &printing{caseRows: rows}
	var deliveries []printRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &deliveries, sqlPrintDelivery, string(id))
		queueObjects(b, &p.texts, sqlPrintObjects, string(id))
		postgres.Many(b, &p.people, sqlPrintPeople, string(id))
	})
	switch {
	case err != nil:
		return nil, s.db.Fault(fmt.Errorf("load letter %s for printing: %w", id, err))
	case len(deliveries) != 1 || !deliveries[0].goes():
		return nil, fault.New(fault.Conflict, "fault.print.notNow")
	}
	p.delivery = deliveries[0]
	return p, nil
}

// PrintPassed opens a letter that was passed on, as its recipients may read it,
// with their names and address for the envelope. The reading is in the log
// before anything is opened. Conflict: it has not been passed on, is not shown
// yet, or was stopped. Forbidden: the actor is connected to the family, or
// holds no key of a restricted case. Sealed: what the rows say of letter, side
// and people is not what was signed, and nothing is printed.
func (s *Service) PrintPassed(ctx context.Context, actor authz.Actor, id LetterID) (Printed, error) {
	ag, err := s.begin(ctx, actor, authz.PrintLetter, string(id))
	if err != nil {
		return Printed{}, err
	}
	p, err := s.loadPrint(ctx, actor, id)
	if err != nil {
		return Printed{}, err
	}
	keys, _, err := s.caseKeys(ctx, ag, actor, p.caseRows)
	if err != nil {
		return Printed{}, err
	}
	if err := s.relations(ctx, ag, actor, p.caseRows); err != nil {
		return Printed{}, err
	}
	if err := s.statedDelivery(ctx, ag, p); err != nil {
		return Printed{}, s.unstated(ctx, ag, p.delivery.ID, err)
	}
	l := p.letter()
	st := statement.Statement{Object: p.delivery.ID, Part: "text", Version: 1, Exchange: l.ExchangeID}
	if err := s.logAccess(ctx, ag, actor, st, l.ExchangeID); err != nil {
		return Printed{}, err
	}
	out := Printed{Letter: id, Exchange: ExchangeID(l.ExchangeID), Reference: l.Reference, PassedOn: p.delivery.PassedOn,
		To: s.openCaseNames(ctx, ag, p.objects, l.ToSide, keys)}
	if p.delivery.Posted {
		out.PostedOn = p.delivery.PostedOn
	}
	text, err := s.openText(ctx, ag, p.texts, p.delivery.ID, "text", keys)
	if err != nil && !unread(err) {
		return Printed{}, err
	}
	out.Text, out.Unread = Text(text), err != nil
	if out.Aloud, err = s.aloud(ctx, ag, actor, p.delivery.ID); err != nil {
		return Printed{}, err
	}
	went, err := s.index.Stated(ctx, ag.ID, p.delivery.ID, "translation")
	switch {
	case err != nil:
		return Printed{}, err
	case went && !p.has("translation"):
		return Printed{}, s.unstated(ctx, ag, p.delivery.ID, fmt.Errorf("%w: a translation that was delivered", seal.ErrStale))
	case went:
		content, err := s.openText(ctx, ag, p.texts, p.delivery.ID, "translation", keys)
		if err == nil {
			out.Translation, err = translationIn(content)
		}
		if err != nil && !unread(err) {
			return Printed{}, err
		}
		out.Unread = out.Unread || err != nil
	}
	for _, photo := range p.photos {
		if photo.Goes {
			out.Photos, out.Agreed = append(out.Photos, PhotoLine{PhotoID(photo.ID), photo.Place}), photo.Agreed
		}
	}
	if row, none := p.recording.row(); none == nil && row.Goes {
		answer, err := s.openRecordingAnswer(ctx, ag, p.caseRows, keys)
		if err != nil && !unread(err) {
			return Printed{}, err
		}
		if out.Recorded = true; err == nil {
			out.Transcript = Text(answer.Transcript)
		}
	}
	out.AddressTo, err = s.addressOf(ctx, ag, actor, p)
	return out, err
}

// has tells whether a part was delivered.
func (p *printing) has(part string) bool {
	return slices.ContainsFunc(p.texts, func(o objectRow) bool { return o.Part == part && o.Kind == string(seal.KindDelivery) })
}

// statedDelivery checks by the deliverer's signed statement that what came to
// this side is this letter: rows alone could put another family's letter into
// the envelope.
func (s *Service) statedDelivery(ctx context.Context, ag *agency.Agency, p *printing) error {
	l := p.letter()
	if p.delivery.SideID != l.ToSide || len(p.texts) == 0 {
		return fmt.Errorf("%w: a delivery to another side", seal.ErrUnsigned)
	}
	o := p.texts[0]
	st, err := s.stated(ctx, ag, o)
	if err != nil {
		return err
	}
	if o.ToNode != "side/"+l.ToSide || o.ExchangeID != l.ExchangeID {
		return fmt.Errorf("%w: a delivery to another side", seal.ErrUnsigned)
	}
	for _, sent := range p.objects {
		if sent.is(l.ID, "text") && slices.Contains(st.Refs, [32]byte(sent.Leaf)) {
			return nil
		}
	}
	return fmt.Errorf("%w: the delivery of another letter", seal.ErrUnsigned)
}

// addressOf is who a letter goes to and where: everybody of the side who lives
// at the first address that the directory has. Somebody whom nobody stated on
// this side stops the printing.
func (s *Service) addressOf(ctx context.Context, ag *agency.Agency, actor authz.Actor, p *printing) (string, error) {
	l := p.letter()
	var names []string
	var address string
	for _, r := range p.people {
		if err := s.statedOn(ctx, ag, r.Body, l.ToSide, l.ExchangeID, r.ID); err != nil {
			return "", s.unstated(ctx, ag, l.ToSide, err)
		}
		record, err := agency.OpenRecord(actor.Keys(), r.RecordRow)
		if err != nil {
			return "", s.unstated(ctx, ag, r.ID, err)
		}
		if r.State == "suspended" || strings.TrimSpace(record.Address) == "" || address != "" && record.Address != address {
			continue
		}
		names, address = append(names, record.Name), record.Address
	}
	return strings.Join(append(names, address), "\n"), nil
}

// errPosted ends an act that is done already: nothing is written, and it is no error.
var errPosted = errors.New("posted already")

// MarkPosted writes down, and into the log, that a letter was posted today.
// Twice is once. Errors as for PrintPassed.
func (s *Service) MarkPosted(ctx context.Context, actor authz.Actor, id LetterID) error {
	return s.mark(ctx, actor, id, statement.Statement{Part: "posted", At: s.now()}, func(now printRow, b *pgx.Batch) error {
		if now.Posted {
			return errPosted
		}
		b.Queue(guardedPosted, now.ID)
		return nil
	})
}

// MarkReadAloud writes into the log that the actor read a letter that was passed on to
// somebody of the side that it is for. Within an hour, twice is once. Errors as for
// PrintPassed.
func (s *Service) MarkReadAloud(ctx context.Context, actor authz.Actor, id LetterID) error {
	return s.mark(ctx, actor, id, statement.Statement{Part: partAloud, At: hour(s.now())}, func(printRow, *pgx.Batch) error { return nil })
}

const partAloud = "aloud"

// aloud tells who stated that they read a delivery to somebody, oldest first.
func (s *Service) aloud(ctx context.Context, ag *agency.Agency, actor authz.Actor, delivery string) ([]ReadAloud, error) {
	said, err := s.index.Statements(ctx, ag.ID, delivery, partAloud)
	if err != nil || len(said) == 0 {
		return nil, err
	}
	var staff []nameRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &staff, sqlReaderName) })
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load who works here: %w", err))
	}
	var list []ReadAloud
	for _, st := range said {
		list = append(list, ReadAloud{names(actor, staff, strings.TrimPrefix(st.From, "worker/")), calendar.Today(st.At)})
	}
	return list, nil
}

// mark states what a worker did with a letter that was passed on, as its part and time
// say, with what else is written in the same transaction.
func (s *Service) mark(ctx context.Context, actor authz.Actor, id LetterID, st statement.Statement, write func(printRow, *pgx.Batch) error) error {
	ag, err := s.begin(ctx, actor, authz.PrintLetter, string(id))
	if err != nil {
		return err
	}
	p, err := s.loadPrint(ctx, actor, id)
	if err != nil {
		return err
	}
	if _, _, err := s.caseKeys(ctx, ag, actor, p.caseRows); err != nil {
		return err
	}
	if st.Part == partAloud {
		// Which words were read is in the log too: those that were delivered.
		if err := s.statedDelivery(ctx, ag, p); err != nil {
			return s.unstated(ctx, ag, p.delivery.ID, err)
		}
		st.Commit = [32]byte(p.texts[0].Commit)
	}
	signer, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("sign what was done: %w", err)
	}
	st.Event, st.Object, st.Version, st.Exchange = statement.EventCasework, p.delivery.ID, 1, p.delivery.ExchangeID
	st.From, st.To = "worker/"+actor.Account(), "side/"+p.delivery.SideID
	body, err := ag.State(st, "", signer)
	if err != nil {
		return err
	}
	var now []printRow
	err = s.db.Act(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &now, sqlPrintDelivery+" for update of d", string(id)) }, func(b *pgx.Batch) error {
		if len(now) != 1 || !now[0].goes() {
			return fault.New(fault.Conflict, "fault.print.notNow")
		}
		if err := write(now[0], b); err != nil {
			return err
		}
		audit.Append(b, body)
		return nil
	})
	if errors.Is(err, errPosted) {
		return nil
	}
	return s.db.Fault(err)
}
