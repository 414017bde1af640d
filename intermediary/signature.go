package intermediary

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/intermediary/law"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// MaxSigned is for how many days a signature may hold at most.
const MaxSigned = 90

const (
	sqlInsertSignature = `insert into signature (agency_id, id, subject_id, item_id, row_id, digest, first_id, at, expires_on, leaf)
		values (agency(), @id, @subject, @item, @row, @digest, account(), @at, @expires, @leaf)`
	sqlSecondSignature = `update signature set second_id = account(), second_leaf = $2 where agency_id = agency() and id = $1 and second_id is null returning 1`
	sqlSignature       = `select g.id, g.subject_id, coalesce(g.item_id, '') as item_id, g.row_id, g.digest, g.first_id, coalesce(g.second_id, '') as second_id,
			g.expires_on, g.leaf, coalesce((select 'manager' = any (w.roles) from worker w where w.agency_id = g.agency_id and w.id = g.first_id), false) as manager
		from signature g where g.agency_id = agency() and g.id = $1`
	sqlOpenedBy = `select a.opened_by from subject s join application a on a.agency_id = s.agency_id and a.id = s.application_id
		where s.agency_id = agency() and s.id = $1`
)

var guardedSecondSignature = postgres.Guarded(sqlSecondSignature)

// NewSignature is the first of two people's word on one row that the law refers
// to people.
type NewSignature struct {
	Of      string    // a subject (table 8a) or an item (8b, 8c, 8f)
	Row     string    // the row that answered
	Until   time.Time // the last day on which it counts, in London
	Reasons string
}

// signatureText is what each of the two seals. The row repeats all but the
// reasons.
type signatureText struct {
	Subject string `json:"subject"`
	Item    string `json:"item,omitempty"`
	Row     string `json:"row"`
	Digest  string `json:"digest"` // of the facts, and of the wishes, vetoes and consents behind them
	Until   string `json:"until"`
	Why     string `json:"why"`
}

type signatureRow struct {
	ID        string
	SubjectID string
	ItemID    string
	RowID     string
	Digest    []byte
	FirstID   string
	SecondID  string
	ExpiresOn time.Time
	Leaf      []byte
	Manager   bool // the first is one
}

// signature holds one half of a signature to what its worker sealed.
func (r *factReader) signature(ctx context.Context, g standingSignature, part string, leaf []byte) error {
	var t signatureText
	if err := r.opened(ctx, g.ID, part, 1, leaf, &t); err != nil {
		return err
	}
	item := ""
	if g.ItemID != nil {
		item = *g.ItemID
	}
	if t.Subject != g.SubjectID || t.Item != item || t.Row != g.RowID || t.Digest != hex.EncodeToString(g.Digest) || t.Until != g.ExpiresOn.Format(time.DateOnly) {
		return errRow
	}
	return nil
}

// SignReferral signs, as the first of two, the row to which the law refers this
// decision now, for exactly these facts, until a day. Signed by both it skips
// that row and nothing else; a change of the facts ends it. It gives the
// signature's id.
//
// Invalid on "until" or "why". Forbidden: the actor opened the case or prepared
// the item. Conflict: the law answers by another row now, or by one that nobody
// can sign, or for which the policy flag is not set (SetFlag).
func (s *Service) SignReferral(ctx context.Context, actor authz.Actor, n NewSignature) (string, error) {
	ag, err := s.begin(ctx, actor, authz.SignReferral, n.Of)
	if err != nil {
		return "", err
	}
	if n.Reasons, err = reasons(n.Reasons); err != nil {
		return "", err
	}
	until := calendar.Today(n.Until)
	if today := calendar.Today(s.now()); until.Before(today) || until.After(today.AddDate(0, 0, MaxSigned)) {
		return "", fault.Field("until", "fault.signature.until")
	}
	g, err := s.beginSigning(ctx, actor, n.Of, n.Row)
	if err != nil {
		return "", err
	}
	if g.acting, err = s.acts(ag, actor); err != nil {
		return "", err
	}
	if err := g.load(ctx, actor); err != nil {
		return "", err
	}
	id := agency.NewID("sg")
	leaf, err := g.sealed(id, "first", until, n.Reasons)
	if err != nil {
		return "", err
	}
	g.write(sqlInsertSignature, pgx.StrictNamedArgs{"id": id, "subject": g.subject, "item": null(g.item), "row": n.Row, "digest": g.digest[:],
		"at": g.moment, "expires": until, "leaf": leaf[:]})
	return id, g.commit(ctx, "sign", held{g.belief.adopted, g.subject}, g.still())
}

// signing is an act of one of the two people.
type signing struct {
	*acting
	belief  *belief
	subject string
	item    string
	row     law.RowID
	digest  [32]byte
}

func (s *Service) beginSigning(ctx context.Context, actor authz.Actor, of, row string) (*signing, error) {
	subject, items, err := s.askedAbout(ctx, actor, of)
	if err != nil {
		return nil, err
	}
	g := &signing{subject: subject, row: law.RowID(row)}
	if len(items) > 0 {
		g.item = items[0]
	}
	return g, nil
}

// load believes the case and asks the law.
func (g *signing) load(ctx context.Context, actor authz.Actor) error {
	var items []string
	if g.item != "" {
		items = []string{g.item}
	}
	var err error
	if g.belief, err = g.acting.believe(ctx, g.ag, actor, g.subject, items...); err != nil {
		return err
	}
	if err := g.mayBe(ctx, actor); err != nil {
		return err
	}
	g.digest, err = g.ask(&g.belief.standing)
	g.adjourn()
	return err
}

// mayBe: neither of the two opened the case or prepared the item.
func (g *signing) mayBe(ctx context.Context, actor authz.Actor) error {
	var by struct{ OpenedBy string }
	if err := g.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &by, sqlOpenedBy, g.subject) }); err != nil {
		return g.db.Fault(err)
	}
	if by.OpenedBy == actor.Account() {
		return fault.New(fault.Forbidden, "fault.signature.prepared")
	}
	for _, i := range g.belief.standing.items {
		if i.PreparedBy == actor.Account() {
			return fault.New(fault.Forbidden, "fault.signature.prepared")
		}
	}
	return nil
}

// ask gives the digest of the facts for which the row is signed, if the law
// refers to it now and it can be signed.
func (g *signing) ask(st *standing) ([32]byte, error) {
	r, err := g.rule(g.belief, st, g.belief.items)
	if err != nil {
		return [32]byte{}, err
	}
	switch a := r.answer(); {
	case r.finding.Row() == g.row && a.Flag != "":
		return [32]byte{}, fault.New(fault.Conflict, "fault.signature.flag")
	case r.finding.Row() != g.row || !a.Signable:
		return [32]byte{}, fault.New(fault.Conflict, "fault.signature.row")
	}
	return r.digestFor(r.facts, g.row, r.item)
}

// still holds, under the lock, that the facts are those that were read.
func (g *signing) still() look {
	return g.belief.again(func(_ *pgx.Batch, st *standing) error {
		digest, err := g.ask(st)
		if err != nil {
			return err
		}
		if digest != g.digest {
			return fault.New(fault.Conflict, "fault.casework.changed")
		}
		return nil
	})
}

func (g *signing) sealed(id, part string, until time.Time, why string) ([32]byte, error) {
	head, _ := g.belief.head(g.subject)
	f := folder{of: head.ApplicationID, application: head.ApplicationID, node: g.belief.node}
	return g.seal(f, paper{id: id, part: part, version: 1, kind: seal.KindDecision}, signatureText{Subject: g.subject, Item: g.item, Row: string(g.row),
		Digest: hex.EncodeToString(g.digest[:]), Until: until.Format(time.DateOnly), Why: why})
}

// SignSecond is the other person's word, with reasons of their own, for the same
// facts. One of the two is a manager.
//
// Invalid on "why". Forbidden: the actor signed first, opened the case, prepared
// the item, or neither of the two is a manager. Conflict: the facts are others
// by now, it has expired, or somebody was first.
func (s *Service) SignSecond(ctx context.Context, actor authz.Actor, id, why string) error {
	ag, err := s.begin(ctx, actor, authz.SignReferral, id)
	if err != nil {
		return err
	}
	if why, err = reasons(why); err != nil {
		return err
	}
	if !agency.ValidID("sg", id) {
		return notFound()
	}
	var row signatureRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &row, sqlSignature, id) }); err != nil {
		return s.db.Fault(fmt.Errorf("load a signature: %w", err))
	}
	switch {
	case row.SecondID != "" || row.ExpiresOn.Before(calendar.Today(s.now())):
		return fault.New(fault.Conflict, "fault.conflict")
	case row.FirstID == actor.Account():
		return fault.New(fault.Forbidden, "fault.casework.another")
	case !row.Manager && !actor.Has(authz.Manager):
		return fault.New(fault.Forbidden, "fault.casework.signManager")
	}
	g := &signing{subject: row.SubjectID, item: row.ItemID, row: law.RowID(row.RowID)}
	if g.acting, err = s.acts(ag, actor); err != nil {
		return err
	}
	if err := g.load(ctx, actor); err != nil {
		return err
	}
	if !bytes.Equal(g.digest[:], row.Digest) {
		return fault.New(fault.Conflict, "fault.signature.row")
	}
	leaf, err := g.sealed(id, "second", row.ExpiresOn, why)
	if err != nil {
		return err
	}
	g.write(guardedSecondSignature, id, leaf[:])
	return g.commit(ctx, "sign second", held{g.belief.adopted, g.subject}, g.still())
}
