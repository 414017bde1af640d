package letterbox

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

const (
	sqlReferralColumns = `l.id as letter, x.reference,
		exists (select from connection c where c.agency_id = l.agency_id and c.exchange_id = l.exchange_id and c.worker_id = account()) as connected, (select max(o.created) from object o
			where o.agency_id = l.agency_id and o.id = l.id and o.part = 'referral') as referred_on
		from letter l join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id`
	sqlReferrals = `select ` + sqlReferralColumns + ` where l.agency_id = agency() and l.state = 'escalated' order by 3, l.submitted_at limit 500`
	sqlReferral  = `select ` + sqlReferralColumns + ` where l.agency_id = agency() and l.id = $1 and l.state = 'escalated'`
	// Whom to call about it: who is on the side that wrote.
	sqlReferredLetter = `select ` + sqlObjectColumns + ` from object o where o.agency_id = agency() and o.id = $1 and o.part = 'text' and o.kind = 'submission'
		order by o.version desc limit 1`
	sqlReferredPeople = `select m.side_id as of, p.state, r.book, r.id, r.epoch, r.name, r.details from letter l
		join side s on s.agency_id = l.agency_id and s.id = l.from_side
		join side_member m on m.agency_id = s.agency_id and m.side_id = s.id
		join person p on p.agency_id = m.agency_id and p.id = m.person_id
		join directory r on r.agency_id = m.agency_id and r.id = m.person_id and r.book = s.book
		where l.agency_id = agency() and l.id = $1 order by r.id`
	sqlReferralExchange = `select exchange_id as exchange from letter where agency_id = agency() and id = $1 and state = 'escalated'`
	sqlReferralObject   = `select ` + sqlObjectColumns + ` from object o where o.agency_id = agency() and o.id = $1 and o.part = 'referral' order by o.version desc limit 1`
	sqlSafeguardNodes   = `select n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from node n where n.agency_id = agency() and n.id = 'safeguarding' and n.key_leaf is not null order by n.epoch desc`
	sqlLockEscalated = `select state from letter where agency_id = agency() and id = $1 for update`
)

// referralContent is what the safeguarding lead reads: sealed to them and the
// archive, and to no team.
type referralContent struct {
	Concern string `json:"concern"`
	Text    string `json:"text"` // the letter as it came
	// As it would go on, where that is not the same: what its writer agreed to, or a
	// worker left out.
	Goes string `json:"goes,omitempty"`
	// The letter as it came did not open: Text is what its writer agreed to since.
	Agreed bool `json:"agreed,omitempty"`
	// What it says in another language, where a translation of these words counts.
	Translation string `json:"translation,omitempty"`
	// The photos that are sealed to the lead beside it; and that not all is here that came.
	Photos     []string `json:"photos,omitempty"`
	Incomplete bool     `json:"incomplete,omitempty"`
}

type referralRow struct {
	Letter     string
	Reference  string
	Connected  bool
	ReferredOn *time.Time
}

// Escalate refers a claimed letter to the safeguarding lead, with its text as it came
// and as it would go on, its translation, its photos and what the worker is concerned about, and gives
// the claim back. A photo that does not open, or that the store does not give now, does
// not go with it, and the lead is told that something is missing. The team sees
// the letter no more until the lead hands it back. The writer is told what
// they were told before, "with us", and can take it back as any other letter;
// the referral stays. Whoever reads the letter may do that, also one who may not
// decide about it, who helped to write it or translated it: it decides nothing.
//
// Invalid on "concern"; all else as for Pass.
func (s *Service) Escalate(ctx context.Context, actor authz.Actor, id LetterID, concern string) error {
	d, err := s.beginWork(ctx, actor, id)
	if err == nil {
		err = d.openIt(ctx)
	}
	if err != nil {
		return err
	}
	if concern, err = prose.Clean("concern", concern, MaxReason*4); err != nil {
		return err
	}
	if prose.Blank(concern) {
		return fault.Field("concern", "fault.escalate.concern")
	}
	lead, err := d.safeguardNode(ctx)
	if err != nil {
		return err
	}
	photos, err := d.referredPhotos(ctx, lead, d.rows.next("referral"))
	if err != nil {
		return err
	}
	referral, err := d.referral(ctx, concern, photos, lead)
	if err != nil {
		return err
	}
	bodies := [][]byte{referral.body}
	for _, p := range photos {
		bodies = append(bodies, p.body)
	}
	return d.commit(ctx, step{act: "escalate", from: whence("escalate", authz.LetterboxWorker), claimed: true, bodies: bodies,
		write: func(b *pgx.Batch, from State) {
			referral.queue(b)
			for _, p := range photos {
				p.queue(b)
			}
			b.Queue(guardedMove, d.rows.letter().ID, string(Escalated), string(from))
		}})
}

// referral seals the letter and the concern to the safeguarding lead. What does not
// open, or is gone, has raised its alarm and holds nothing up: the lead is told.
func (d *deciding) referral(ctx context.Context, concern string, photos []sealedObject, lead agency.Node) (sealedObject, error) {
	r := referralContent{Concern: concern}
	text, err := d.asItCame(ctx)
	switch {
	case err == nil:
		r.Text = text
	case unread(err):
		r.Text, r.Agreed = d.whole(), true
	default:
		return sealedObject{}, err
	}
	if d.text != r.Text {
		r.Goes = d.text
	}
	if err := d.openTranslation(ctx); err != nil && !unread(err) {
		return sealedObject{}, err
	}
	r.Translation = d.translation.Text
	for _, p := range photos {
		r.Photos = append(r.Photos, p.at.Object)
	}
	if err := d.statedParts(ctx, d.ag, d.rows); err != nil && !unread(err) {
		return sealedObject{}, err
	} else if err != nil || len(photos) < len(d.rows.photos) {
		r.Incomplete = true
	}
	content, err := json.Marshal(r)
	if err != nil {
		return sealedObject{}, fmt.Errorf("write referral: %w", err)
	}
	l := d.rows.letter()
	c := seal.Context{Kind: seal.KindReferral, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: l.ID, Part: "referral",
		From: "worker/" + d.actor.Account(), To: string(ring.Safeguarding), Version: d.rows.next("referral")}
	return d.seal(c, "", content, statement.EventCasework, d.receipt(), lead)
}

// Referrals is the safeguarding tray, oldest first, 500 at most. It has no
// text and no names. Safeguarding leads only.
func (s *Service) Referrals(ctx context.Context, actor authz.Actor) ([]Referral, error) {
	if _, err := s.begin(ctx, actor, authz.Safeguard, "referrals"); err != nil {
		return nil, err
	}
	var rows []referralRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlReferrals) }); err != nil {
		return nil, s.db.Fault(fmt.Errorf("load referrals: %w", err))
	}
	list := make([]Referral, len(rows))
	for i, r := range rows {
		list[i] = s.referralLine(r)
	}
	return list, nil
}

func (s *Service) referralLine(r referralRow) Referral {
	line := Referral{Letter: LetterID(r.Letter), Reference: r.Reference, Connected: r.Connected}
	if r.ReferredOn != nil {
		line.ReferredOn, line.WorkDays = *r.ReferredOn, s.agencies.Days().Between(*r.ReferredOn, calendar.Today(s.now()))
	}
	return line
}

// referred is what the lead's page of one letter is made of.
type referred struct {
	line      referralRow
	texts     []objectRow // the letter itself, which the lead does not open
	people    []personRow // of the side that wrote it
	object    objectRow
	nodes     []agency.NodeRow
	authors   []nameRow
	photos    []referredPhotoRow
	connected bool
}

// Referred opens a referral with the safeguarding key alone. The reading is in
// the log before anything is opened. NotFound unless the letter is with the
// lead now; Forbidden if the actor is connected to the family.
func (s *Service) Referred(ctx context.Context, actor authz.Actor, id LetterID) (ReferralText, error) {
	ag, err := s.begin(ctx, actor, authz.Safeguard, string(id))
	if err != nil {
		return ReferralText{}, err
	}
	r, err := s.loadReferred(ctx, actor, id)
	if err != nil {
		return ReferralText{}, err
	}
	if err := s.logReferred(ctx, ag, actor, r, r.object); err != nil {
		return ReferralText{}, err
	}
	text := ReferralText{Referral: s.referralLine(r.line), By: names(actor, r.authors, strings.TrimPrefix(r.object.FromNode, "worker/"))}
	text.People = s.whomToCall(ctx, ag, actor, r)
	for _, p := range r.photos {
		text.Photos = append(text.Photos, ReferredPhoto{PhotoLine{PhotoID(p.ID), p.Place}, p.Sealed})
	}
	content, err := s.openReferral(ctx, ag, actor, r)
	if err != nil && !unread(err) {
		return ReferralText{}, err
	}
	text.Concern, text.Text, text.Goes, text.Unread = Text(content.Concern), Text(content.Text), Text(content.Goes), err != nil
	text.Agreed, text.Incomplete, text.Translation = content.Agreed, content.Incomplete, Text(content.Translation)
	for _, id := range content.Photos {
		if slices.ContainsFunc(r.photos, func(p referredPhotoRow) bool { return p.ID == id && p.Sealed }) {
			continue
		}
		if err := s.unstated(ctx, ag, id, fmt.Errorf("%w: a photo that was referred", seal.ErrStale)); !unread(err) {
			return ReferralText{}, err
		}
		text.Incomplete = true
	}
	return text, nil
}

// ConnectReferred declares that the safeguarding lead is connected to a family of a
// referred letter's exchange: from then on neither the program nor the database lets
// them read its referrals or act on them; another lead does. Before it nothing of
// the letter has to be opened. Who holds the case as well, as a letterbox worker or a
// manager, loses it as by Connect, with its errors. Declaring twice is once.
//
// NotFound unless the letter is with the lead now. StepUp: no code within ConnectFor.
func (s *Service) ConnectReferred(ctx context.Context, actor authz.Actor, id LetterID) error {
	if _, err := s.begin(ctx, actor, authz.Safeguard, string(id)); err != nil {
		return err
	}
	if err := actor.StepUp(s.now(), ConnectFor); err != nil {
		return err
	}
	if !agency.ValidID("lt", string(id)) {
		return notFound()
	}
	var of struct{ Exchange string }
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &of, sqlReferralExchange, string(id)) }); err != nil {
		return s.db.Fault(fmt.Errorf("find the exchange of letter %s: %w", id, err))
	}
	if actor.Can(authz.Connect) {
		return s.Connect(ctx, actor, ExchangeID(of.Exchange))
	}
	return s.declare(ctx, actor, ExchangeID(of.Exchange))
}

// whomToCall is who is on the side that wrote, as the door stated it when the
// letter came in: a row alone could name another family. Nobody where it does
// not hold; the worker who referred the letter knows the paper file.
func (s *Service) whomToCall(ctx context.Context, ag *agency.Agency, actor authz.Actor, r *referred) (list []PersonLine) {
	for _, p := range r.people {
		if len(r.texts) != 1 || r.texts[0].FromNode != "side/"+p.Of {
			return nil
		}
	}
	if len(r.texts) != 1 {
		return nil
	}
	if _, err := s.stated(ctx, ag, r.texts[0]); err != nil {
		if s.away(err) != nil {
			return nil
		}
		s.log.ErrorContext(ctx, "ALARM: rows say what nobody signed", "agency", ag.ID, "object", r.line.Letter, "error", err)
		return nil
	}
	for _, p := range r.people {
		list = append(list, s.personLine(ctx, actor, p))
	}
	return list
}

func (s *Service) loadReferred(ctx context.Context, actor authz.Actor, id LetterID) (*referred, error) {
	if !agency.ValidID("lt", string(id)) {
		return nil, notFound()
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, err
	}
	r := &referred{}
	var objects []objectRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &r.line, sqlReferral, string(id))
		queueObjects(b, &objects, sqlReferralObject, string(id))
		queueObjects(b, &r.texts, sqlReferredLetter, string(id))
		postgres.Many(b, &r.people, sqlReferredPeople, string(id))
		postgres.Many(b, &r.nodes, sqlSafeguardNodes)
		postgres.Many(b, &r.authors, sqlNoteNames, string(id))
		postgres.Many(b, &r.photos, sqlReferredPhotos, string(id))
		b.Queue(sqlIsConnected, string(id)).QueryRow(func(row pgx.Row) error { return row.Scan(&r.connected) })
	})
	switch {
	case err != nil:
		return nil, s.db.Fault(fmt.Errorf("load referral %s: %w", id, err))
	case r.connected:
		return nil, fault.New(fault.Forbidden, "fault.letter.connected")
	case len(objects) == 1:
		r.object = objects[0]
	}
	return r, nil
}

// logReferred states the reading of a referral, or of a photo of it, of a letter that is still with the lead, who is
// still none of those who know the family.
func (s *Service) logReferred(ctx context.Context, ag *agency.Agency, actor authz.Actor, r *referred, o objectRow) error {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("sign reading: %w", err)
	}
	body, err := ag.State(statement.Statement{Event: statement.EventAccess, Object: cmp.Or(o.ID, r.line.Letter), Part: "referral", Version: max(o.Version, 1),
		Exchange: o.ExchangeID, From: "worker/" + actor.Account(), At: hour(s.now())}, "", signer)
	if err != nil {
		return err
	}
	var state struct{ State string }
	var connected bool
	s.at("referred")
	err = s.db.Act(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &state, sqlLockEscalated, r.line.Letter)
		b.Queue(sqlIsConnected, r.line.Letter).QueryRow(func(row pgx.Row) error { return row.Scan(&connected) })
	}, func(b *pgx.Batch) error {
		switch {
		case State(state.State) != Escalated:
			return notFound()
		case connected: // a manager has just said so
			return fault.New(fault.Forbidden, "fault.letter.connected")
		}
		s.at("referred locked")
		audit.Append(b, body)
		return nil
	})
	return s.db.Fault(err)
}

// openReferral opens a referral with whichever epochs of the safeguarding key
// the session holds.
func (s *Service) openReferral(ctx context.Context, ag *agency.Agency, actor authz.Actor, r *referred) (content referralContent, err error) {
	opened, err := s.open(ctx, ag, r.object, r.keys(actor)...)
	if err != nil {
		return content, err
	}
	if err := json.Unmarshal(opened, &content); err != nil {
		return content, fault.Wrap(fault.Sealed, "fault.sealed", err)
	}
	return content, nil
}

// beginReferred begins an act of the safeguarding lead, who has no key of the
// case: they seal to it, and open nothing of it.
func (s *Service) beginReferred(ctx context.Context, actor authz.Actor, id LetterID) (*deciding, error) {
	d, err := s.beginAct(ctx, actor, authz.Safeguard, id)
	if err != nil {
		return nil, err
	}
	node, err := d.ag.Trusted(d.rows.nodes, "case/"+d.rows.letter().ExchangeID)
	if err != nil {
		return nil, s.unstated(ctx, d.ag, string(id), err)
	}
	if err := s.newestKeys(ctx, d.ag, node); err != nil {
		return nil, err
	}
	d.node = node
	return d, s.relations(ctx, d.ag, actor, d.rows)
}

// beginReferredEnd is beginReferred for an act that ends the letter: a second
// opinion is not that of whoever refused before, lead or not.
func (s *Service) beginReferredEnd(ctx context.Context, actor authz.Actor, id LetterID) (*deciding, error) {
	d, err := s.beginReferred(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return d, d.mayDecide()
}

// HandBack gives a referred letter back to the team, to decide about it; the
// safeguarding lead passes nothing on. note is for the team. Conflict: the
// letter is no longer with the lead. StepUp and Forbidden as for Pass.
func (s *Service) HandBack(ctx context.Context, actor authz.Actor, id LetterID, note string) error {
	d, err := s.beginReferred(ctx, actor, id)
	if err != nil {
		return err
	}
	written, err := d.note("handBack", note, statement.EventCasework)
	if err != nil {
		return err
	}
	return d.commit(ctx, step{act: "handBack", from: whence("handBack", authz.SafeguardingLead), bodies: [][]byte{written.body},
		write: func(b *pgx.Batch, from State) {
			written.queue(b)
			b.Queue(guardedMove, d.rows.letter().ID, string(Received), string(from))
		}})
}

// KeepReferred keeps a referred letter on the child's file. Twice by the same
// lead is once. Errors as for HandBack.
func (s *Service) KeepReferred(ctx context.Context, actor authz.Actor, id LetterID, note string) error {
	d, err := s.beginReferredEnd(ctx, actor, id)
	if err != nil {
		return err
	}
	return d.keep(ctx, step{act: "keepOnFile", from: whence("keepOnFile", authz.SafeguardingLead)}, note, nil)
}

// RefuseReferred refuses a referred letter, as Refuse does: the writer's side
// cannot tell the one from the other. Errors as for HandBack, and Invalid on
// "reason" or "words".
func (s *Service) RefuseReferred(ctx context.Context, actor authz.Actor, id LetterID, reason ReturnReason, words, note string) error {
	d, err := s.beginReferredEnd(ctx, actor, id)
	if err != nil {
		return err
	}
	return d.sendBack(ctx, step{act: "refuse", from: whence("refuse", authz.SafeguardingLead)}, WriterReason{Reason: reason, Words: words}, note, nil)
}
