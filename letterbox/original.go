package letterbox

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/prose"
)

// Original is a letter as it came, where what goes on is not that any more.
type Original struct {
	DeskLine
	Text   Text
	Unread bool // it did not open: a notice in its place
}

// Original opens a letter as it came, before its writer agreed to leave parts of it
// out. why is kept with the letter for colleagues, and the reading is in the log,
// before it is opened; it asks for no claim. Invalid: field "why". NotFound: the
// letter is as it came, or not there. StepUp, Forbidden and Sealed as for Pass;
// Conflict for a letter that the safeguarding lead has.
func (s *Service) Original(ctx context.Context, actor authz.Actor, id LetterID, why string) (Original, error) {
	d, err := s.beginWork(ctx, actor, id)
	if err != nil {
		return Original{}, err
	}
	l := d.rows.letter()
	now, first := d.rows.text(l.ID), d.rows.firstText(l.ID)
	switch {
	case State(l.State) == Escalated:
		return Original{}, fault.New(fault.Conflict, "fault.letter.moved")
	case now == nil || first == nil || now.Version == first.Version:
		return Original{}, notFound()
	}
	if err := whyOriginal(why); err != nil {
		return Original{}, err
	}
	written, err := d.note("original", why, statement.EventCasework)
	if err != nil {
		return Original{}, err
	}
	access, err := d.ag.State(statement.Statement{Event: statement.EventAccess, Object: l.ID, Part: "original", Version: 1, Exchange: l.ExchangeID,
		From: "worker/" + actor.Account(), At: hour(s.now())}, "", d.signer)
	if err != nil {
		return Original{}, err
	}
	var lock lockRow
	err = s.db.Act(ctx, scope(actor), func(b *pgx.Batch) { lockLetter(b, &lock, l.ID) }, func(b *pgx.Batch) error {
		if lock.State == Escalated {
			return fault.New(fault.Conflict, "fault.letter.moved")
		}
		written.queue(b)
		audit.Append(b, written.body, access)
		return nil
	})
	if err != nil {
		return Original{}, s.db.Fault(err)
	}
	out := Original{DeskLine: s.line(d.ag, actor, l, &d.rows.deskRows)}
	text, err := d.openFirst(ctx, *now, *first)
	if err != nil && !unread(err) {
		return Original{}, err
	}
	out.Text, out.Unread = Text(text), unread(err)
	return out, nil
}

func whyOriginal(why string) error {
	clean, err := prose.Clean("why", why, MaxReason*4)
	if err == nil && prose.Blank(clean) {
		err = fault.Field("why", "fault.original.why")
	}
	return err
}

// firstText is the object of a letter's text as it came; nil if there is none.
func (r *caseRows) firstText(letter string) *objectRow {
	i := slices.IndexFunc(r.objects, func(o objectRow) bool { return o.is(letter, "text") && o.Version == 1 })
	if i < 0 {
		return nil
	}
	return &r.objects[i]
}

// openFirst opens a letter as it came. The newest text names it in its statement,
// which is the newest in the log: so it is not one that somebody put in its place.
func (d *deciding) openFirst(ctx context.Context, now, first objectRow) (string, error) {
	if _, err := d.open(ctx, d.ag, now, d.keys...); err != nil {
		return "", err
	}
	agreed, err := d.stated(ctx, d.ag, now)
	var st *statement.Statement
	if err == nil {
		st, err = d.stated(ctx, d.ag, first)
	}
	if err == nil && !slices.Contains(agreed.Refs, [32]byte(first.Leaf)) {
		err = fmt.Errorf("%w: not the letter that was agreed about", seal.ErrUnsigned)
	}
	if err != nil {
		return "", d.unstated(ctx, d.ag, first.ID, err)
	}
	for _, key := range d.keys {
		if content, err := seal.OpenSigned(first.Sealed, first.context(d.ag.ID), key, st.Commit); err == nil {
			return string(content), nil
		}
	}
	return "", d.unstated(ctx, d.ag, first.ID, seal.ErrKey)
}
