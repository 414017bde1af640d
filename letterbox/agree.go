package letterbox

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

const (
	// The node of a letter's case, in the columns of agency.NodeRow.
	sqlLetterNodes = `select n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from letter l join node n on n.agency_id = l.agency_id and n.id = 'case/' || l.exchange_id
		where l.agency_id = agency() and l.id = $1 and n.key_leaf is not null order by n.epoch desc limit 1`
	sqlFirstText = `select ` + sqlObjectColumns + ` from letter l join object o on o.agency_id = l.agency_id and o.id = l.id and o.part = 'text' and o.version = 1
		where l.agency_id = agency() and l.id = $1`
	sqlLetterLanguage = `select language from letter where agency_id = agency() and id = $1`
	sqlHoldProposal   = `select hold_proposal($1, $2)`
	sqlAgree          = `select agree_proposal($1, $2, $3)`
)

// Agree says for the writer that their letter goes without the parts that they were
// shown, as the proposal of that turn has it: the text as agreed is its newest
// version, with the agency again, and whoever passes it on reads that text. What
// they wrote first is kept. Agreed twice, it is agreed once. Conflict: they are not asked, or
// are asked something else by now, or the exchange rests. NotFound: not of the
// actor's side. Sealed: the letter or the proposal does not open.
func (s *Service) Agree(ctx context.Context, actor authz.Actor, id LetterID, turn int) error {
	ag, err := s.begin(ctx, actor, authz.Write, string(id))
	if err != nil {
		return err
	}
	if !agency.ValidID("lt", string(id)) {
		return notFound()
	}
	var rows []mineRow
	var objects []objectRow
	var nodes []agency.NodeRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlOneSent, string(id)).Query(collectMine(&rows, scanSent))
		queueObjects(b, &objects, sqlSentObjects, string(id))
		postgres.Many(b, &nodes, sqlLetterNodes, string(id))
	})
	switch {
	case err != nil:
		return s.db.Fault(fmt.Errorf("load letter %s: %w", id, err))
	case len(rows) == 0:
		return notFound()
	}
	proposal, err := s.openProposal(ctx, ag, actor, objects, rows[0])
	switch {
	case err != nil:
		return err
	case proposal != nil && proposal.Agreed && proposal.Turn == turn:
		return nil
	case Told(rows[0].Told) != Proposed || proposal == nil || proposal.Turn != turn:
		return fault.New(fault.Conflict, "fault.letter.tooLate")
	}
	text, err := s.sealAgreed(ctx, ag, actor, objects, nodes, rows[0], proposal)
	if err != nil {
		return err
	}
	s.at("agree")
	return s.db.Fault(s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlHoldProposal, string(id), turn)
		text.queue(b)
		b.Queue(sqlAgree, string(id), turn, s.promise(ag))
		b.Queue(sqlNudge)
		audit.Append(b, text.body)
		return nil
	}))
}

// sealAgreed seals the text as agreed, as the next version of the letter, and states
// for the door that it rests on the letter as it came and on the proposal.
func (s *Service) sealAgreed(ctx context.Context, ag *agency.Agency, actor authz.Actor, objects []objectRow, nodes []agency.NodeRow, row mineRow, p *Proposal) (sealedObject, error) {
	first := slices.IndexFunc(objects, func(o objectRow) bool { return o.is(row.ID, "text") && o.Version == 1 })
	asked := slices.IndexFunc(objects, func(o objectRow) bool { return o.is(row.ID, "proposal") })
	side, ok := sideKey(actor, row.SideID)
	if first < 0 || asked < 0 || !ok {
		return sealedObject{}, s.unstated(ctx, ag, row.ID, fmt.Errorf("%w: a proposal without its letter", seal.ErrUnsigned))
	}
	was := objects[first]
	caseNode, err := ag.Trusted(nodes, "case/"+was.ExchangeID)
	if err != nil {
		s.log.ErrorContext(ctx, "ALARM: a case key is not the one vouched for", "agency", ag.ID, "exchange", was.ExchangeID, "error", err)
		return sealedObject{}, fault.Wrap(fault.Sealed, "fault.sealing", err)
	}
	c := was.context(ag.ID)
	c.Version = uint64(p.Turn) + 1
	sealed, err := seal.Seal(c, []byte(p.Text()), caseNode.Recipient(), side.Recipient(), ag.Archive())
	if err != nil {
		return sealedObject{}, fmt.Errorf("seal a letter as agreed: %w", err)
	}
	st := statementOf(c, sealed.Commit)
	st.Event, st.At, st.Refs = statement.EventReceipt, s.now(), [][32]byte{[32]byte(was.Leaf), [32]byte(objects[asked].Leaf)}
	body, err := ag.State(st, "door")
	if err != nil {
		return sealedObject{}, err
	}
	return sealedObject{at: c, side: row.SideID, sealed: sealed, body: body}, nil
}

// openProposal opens what the writer of a letter is asked, or asked somebody else
// about, or has agreed to; nil for nothing, and after its alarm for what does not open.
func (s *Service) openProposal(ctx context.Context, ag *agency.Agency, actor authz.Actor, objects []objectRow, row mineRow) (*Proposal, error) {
	var turn uint64 // of what is no yes of theirs
	switch told := Told(row.Told); {
	case told == Proposed:
		turn = newestVersion(objects, row.ID, "proposal")
	case told == WithUs && row.Second:
		turn = row.Appealed
	}
	asked, agreed := proposalOf(objects, row.ID, turn)
	if asked == nil {
		return nil, nil
	}
	content, err := s.openSideObject(ctx, ag, actor, []objectRow{*asked}, row.SideID, row.ID, "proposal")
	if unread(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseProposal([]byte(content), asked.Version, agreed), nil
}

// proposalOf is the proposal of a letter that matters: the one of a turn, or the one
// that its writer agreed to, whichever came later; nil for neither. So one that was
// taken back is never taken for one that was answered. Of objects, the newest come first.
func proposalOf(objects []objectRow, letter string, turn uint64) (_ *objectRow, agreed bool) {
	text := newestVersion(objects, letter, "text")
	for i, o := range objects {
		if o.is(letter, "proposal") && (o.Version == turn || o.Version+1 == text) {
			return &objects[i], o.Version+1 == text
		}
	}
	return nil, false
}

// hasReason tells whether a letter's writer was ever told a reason. One who was
// asked to leave parts out, and answered, may never have been.
func hasReason(objects []objectRow, id LetterID) bool {
	has := func(part string) bool {
		return slices.ContainsFunc(objects, func(o objectRow) bool { return o.is(string(id), part) })
	}
	return has("reason") || !has("proposal")
}

// toldLeftOut tells whether the newest reason may be that something was left out
// unasked: of a letter that went on, no other is shown.
func toldLeftOut(objects []objectRow, id LetterID, told Told) bool {
	return (told == PassedOn || told == BackWithUs) && slices.ContainsFunc(objects, func(o objectRow) bool { return o.is(string(id), "reason") })
}

// newestVersion is the newest version of a part of a letter among objects; 0 for none.
func newestVersion(objects []objectRow, letter, part string) (version uint64) {
	for _, o := range objects {
		if o.is(letter, part) {
			version = max(version, o.Version)
		}
	}
	return version
}

// whyAgain is why a letter is written again: the reason why it came back, or what
// its writer was asked, whichever came last.
func (s *Service) whyAgain(ctx context.Context, ag *agency.Agency, actor authz.Actor, objects []objectRow, row draftRow) (WriterReason, *Proposal, error) {
	if newestVersion(objects, row.Replaces, "proposal") <= newestVersion(objects, row.Replaces, "reason") {
		reason, err := s.openSideObject(ctx, ag, actor, objects, row.SideID, row.Replaces, "reason")
		return parseReason(reason), nil, err
	}
	content, err := s.openSideObject(ctx, ag, actor, objects, row.SideID, row.Replaces, "proposal")
	if err != nil {
		return WriterReason{}, nil, err
	}
	return WriterReason{}, parseProposal([]byte(content), newestVersion(objects, row.Replaces, "proposal"), false), nil
}

// written opens a letter of the actor's side as its writer wrote it, also where they
// agreed since to leave parts out, and tells what language it was in.
func (s *Service) written(ctx context.Context, actor authz.Actor, side SideID, id LetterID) (text, language string, err error) {
	ag, err := s.begin(ctx, actor, authz.ReadOwn, string(id))
	if err != nil {
		return "", "", err
	}
	var first []objectRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		queueObjects(b, &first, sqlFirstText, string(id))
		b.Queue(sqlLetterLanguage, string(id)).QueryRow(func(r pgx.Row) error { return r.Scan(&language) })
	})
	if err != nil {
		return "", "", s.db.Fault(fmt.Errorf("load letter %s as it came: %w", id, err))
	}
	text, err = s.openSideObject(ctx, ag, actor, first, string(side), string(id), "text")
	return text, language, err
}
