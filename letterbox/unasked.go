package letterbox

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

var guardedUnasked = postgres.Guarded(`update letter set state = 'received', taken_back = $2, decided_on = null
	where agency_id = agency() and id = $1 and state = 'proposed' returning 1`)

// AskedWriter is a letter whose writer was asked to leave parts out, as a line of the
// desk, for who may take that back. NotFound where there is none; Forbidden if the
// actor is connected to the family, or not named for a restricted case.
func (s *Service) AskedWriter(ctx context.Context, actor authz.Actor, id LetterID) (DeskLine, error) {
	ag, err := s.begin(ctx, actor, authz.TakeBackProposal, string(id))
	if err != nil {
		return DeskLine{}, err
	}
	if !agency.ValidID("lt", string(id)) {
		return DeskLine{}, notFound()
	}
	var rows deskRows
	var holder holderRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &holder, sqlHolder, string(id))
		rows.queueLetter(b, id)
	})
	if err != nil {
		return DeskLine{}, s.db.Fault(fmt.Errorf("load letter %s: %w", id, err))
	}
	if err := holder.may(); err != nil {
		return DeskLine{}, err
	}
	switch {
	case len(rows.letters) == 0:
		return DeskLine{}, notFound()
	case rows.letters[0].Restricted:
		return DeskLine{}, fault.New(fault.Forbidden, "fault.exchange.restricted")
	case State(rows.letters[0].State) != ProposedToWriter:
		return DeskLine{}, notFound()
	}
	return s.line(ag, actor, rows.letters[0], &rows), nil
}

// TakeBackProposal takes back what the writer of a letter was asked to leave out: the
// letter is on the desk again, whole, with the day that its writer was told before
// they were asked, and they read that they need not answer. Any letterbox worker may
// do it and any manager, whoever asked; nobody is barred by it. A letter that worries
// somebody meanwhile goes to the safeguarding lead so, from the desk. note is for
// colleagues. It opens nothing.
//
// Conflict: its writer has answered, or is not asked. Forbidden: connected to the
// family, or not named for a restricted case. StepUp: no code in the last hour.
func (s *Service) TakeBackProposal(ctx context.Context, actor authz.Actor, id LetterID, note string) error {
	d, err := s.beginAct(ctx, actor, authz.TakeBackProposal, id)
	if err != nil {
		return err
	}
	if d.rows.letter().Restricted {
		return fault.New(fault.Forbidden, "fault.exchange.restricted")
	}
	if d.node, err = d.ag.Trusted(d.rows.nodes, "case/"+d.rows.letter().ExchangeID); err != nil {
		return s.unstated(ctx, d.ag, string(id), err)
	}
	if err := s.newestKeys(ctx, d.ag, d.node); err != nil {
		return err
	}
	if err := s.relations(ctx, d.ag, actor, d.rows); err != nil {
		return err
	}
	written, err := d.note("unask", note, statement.EventCasework)
	if err != nil {
		return err
	}
	return d.commit(ctx, step{act: "unask", from: whence("unask", authz.LetterboxWorker), bodies: [][]byte{written.body},
		write: func(b *pgx.Batch, _ State) {
			written.queue(b)
			b.Queue(guardedUnasked, d.rows.letter().ID, len(d.rows.decided))
			b.Queue(sqlNotifyWriter, d.rows.letter().ID)
		}})
}
