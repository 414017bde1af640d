package letterbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
)

const (
	sqlWithdraw      = `select withdraw_letter($1)`
	sqlKeepForLater  = `select keep_for_later($1)`
	sqlSecondOpinion = `select second_opinion($1, $2)`
)

// Withdraw takes a letter back that is not passed on yet, whoever at the agency
// has it: a letter that was referred to the safeguarding lead is withdrawn like
// any other, and the referral stays. Withdrawn twice, the second time is a
// Conflict, as for a letter that went on. NotFound: not of the actor's side.
func (s *Service) Withdraw(ctx context.Context, actor authz.Actor, id LetterID) error {
	return s.ask(ctx, actor, id, statement.Statement{Event: statement.EventWithdraw, Part: "text"}, func(*agency.Agency) (string, []any) {
		return sqlWithdraw, []any{string(id)}
	})
}

// SecondOpinion asks that another worker look at a refused letter, or at one of
// which the writer is asked to leave parts out: it is with the agency again as it was, and the promise of a date begins anew. Once for a letter.
// Conflict: neither of these, or asked before. NotFound: not of the actor's side.
func (s *Service) SecondOpinion(ctx context.Context, actor authz.Actor, id LetterID) error {
	return s.ask(ctx, actor, id, statement.Statement{Event: statement.EventReceipt, Part: "second"}, func(ag *agency.Agency) (string, []any) {
		return sqlSecondOpinion, []any{string(id), s.promise(ag)}
	})
}

// promise is in how many days a writer hears whose letter comes to the agency today.
func (s *Service) promise(ag *agency.Agency) int {
	today := calendar.Today(s.now())
	return int(s.hearBy(ag, today).Sub(today).Hours()) / 24
}

// hearBy is the day by which a writer hears whose letter came on that day.
func (s *Service) hearBy(ag *agency.Agency, came time.Time) time.Time {
	return s.agencies.Days().Add(came, ag.Promise)
}

// ask is what a writer's side asks of its own letter: one call of a function
// of the database, stated by the door.
func (s *Service) ask(ctx context.Context, actor authz.Actor, id LetterID, st statement.Statement, call func(*agency.Agency) (sql string, args []any)) error {
	ag, err := s.begin(ctx, actor, authz.Write, string(id))
	if err != nil {
		return err
	}
	if !agency.ValidID("lt", string(id)) {
		return notFound()
	}
	st.Object, st.Version, st.At = string(id), 1, s.now()
	body, err := ag.State(st, "door")
	if err != nil {
		return err
	}
	s.at("ask")
	err = s.db.Fault(s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		sql, args := call(ag)
		b.Queue(sql, args...)
		b.Queue(sqlNudge)
		audit.Append(b, body)
		return nil
	}))
	if fault.KindOf(err) == fault.Conflict {
		return fault.Wrap(fault.Conflict, "fault.letter.tooLate", err)
	}
	return err
}

// KeepForLater puts a letter that waits aside unopened, to be read another day;
// it can be opened at any time. Nobody but the recipient's side learns of it,
// so no statement is made. Twice is once. NotFound: nothing there for the
// actor's side. Conflict: it is opened.
func (s *Service) KeepForLater(ctx context.Context, actor authz.Actor, id DeliveryID) error {
	ag, err := s.begin(ctx, actor, authz.ReadOwn, string(id))
	if err != nil {
		return err
	}
	if !agency.ValidID("dl", string(id)) {
		return notFound()
	}
	err = s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlKeepForLater, string(id))
		return nil
	})
	if err = s.db.Fault(err); fault.KindOf(err) == fault.Conflict {
		return fault.Wrap(fault.Conflict, "fault.letter.openedAlready", fmt.Errorf("keep delivery %s: %w", id, err))
	}
	return s.orBack(ctx, ag, actor, id, err)
}
