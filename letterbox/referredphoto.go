package letterbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// ReferredPhoto is a photo of a letter in the safeguarding tray.
type ReferredPhoto struct {
	PhotoLine
	// Sealed: it is there for the safeguarding lead. One that did not open for who
	// referred the letter is not, nor is one that was referred before photos were.
	Sealed bool
}

const (
	sqlReferredPhotos = `select p.id, p.place, exists (select from object o where o.agency_id = p.agency_id and o.id = p.id and o.part = 'referral') as sealed
		from letter_photo p where p.agency_id = agency() and p.letter_id = $1 order by p.place`
	sqlReferredPhoto = `select ` + sqlObjectColumns + ` from letter_photo p join object o on o.agency_id = p.agency_id and o.id = p.id and o.part = 'referral'
		where p.agency_id = agency() and p.letter_id = $1 and p.id = $2 order by o.version desc limit 1`
)

type referredPhotoRow struct {
	ID     string
	Place  int
	Sealed bool
}

// toLeadWithin is how long the store of large parts may take to give one photo of a
// letter that is referred.
const toLeadWithin = 10 * time.Second

// referredPhotos seals each photo of a letter to the safeguarding lead and the
// archive, as it came and not as it was cut: what was cut away may be the worry.
// One that does not open has raised its alarm, and one that the store does not give
// now is waited for no longer: a worry is held up by neither.
func (d *deciding) referredPhotos(ctx context.Context, lead agency.Node, version uint64) (list []sealedObject, err error) {
	for _, row := range d.rows.photos {
		row.Now = 0
		within, done := context.WithTimeout(ctx, toLeadWithin)
		p, _, err := d.openPhoto(within, d.ag, d.actor, d.rows.letter(), row, d.keys)
		late := within.Err() != nil && ctx.Err() == nil
		done()
		switch {
		case err != nil && late, notNow(err):
			d.log.ErrorContext(ctx, "the store of large parts does not give a photo of a letter that is referred; it is referred without", "agency", d.ag.ID, "object", row.ID)
			continue
		case unread(err):
			continue
		case err != nil:
			return nil, err
		}
		c := seal.Context{Kind: seal.KindReferral, Agency: d.ag.ID, Exchange: d.rows.letter().ExchangeID, Object: row.ID, Part: "referral",
			From: workerNode(d.actor.Account()), To: string(ring.Safeguarding), Version: version}
		object, err := d.seal(c, "", p.marshal(), statement.EventCasework, d.receipt(), lead)
		if err != nil {
			return nil, err
		}
		list = append(list, object)
	}
	return list, nil
}

// LookAtReferred gives a photo of a referred letter, as a JPEG, as it came. The
// reading is in the log before it is opened. NotFound where there is none, or the
// letter is not with the lead now; Forbidden and Sealed as for Referred.
func (s *Service) LookAtReferred(ctx context.Context, actor authz.Actor, id LetterID, photo PhotoID) ([]byte, error) {
	ag, err := s.begin(ctx, actor, authz.Safeguard, string(id))
	if err != nil {
		return nil, err
	}
	if !agency.ValidID("ph", string(photo)) {
		return nil, notFound()
	}
	r, err := s.loadReferred(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	var objects []objectRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { queueObjects(b, &objects, sqlReferredPhoto, string(id), string(photo)) })
	switch {
	case err != nil:
		return nil, s.db.Fault(fmt.Errorf("load photo %s: %w", photo, err))
	case len(objects) == 0:
		return nil, notFound()
	}
	if err := s.logReferred(ctx, ag, actor, r, objects[0]); err != nil {
		return nil, err
	}
	if err := s.photoOfLetter(ctx, ag, r, objects[0]); err != nil {
		return nil, s.unstated(ctx, ag, string(photo), err)
	}
	content, err := s.open(ctx, ag, objects[0], r.keys(actor)...)
	if err != nil {
		return nil, err
	}
	p, _, _, err := parsePicture(content)
	return p.jpeg, err
}

// photoOfLetter holds a photo of the tray to the letter that its statement rests
// on: a row alone could show another letter's.
func (s *Service) photoOfLetter(ctx context.Context, ag *agency.Agency, r *referred, o objectRow) error {
	st, err := s.stated(ctx, ag, o)
	if err != nil {
		return err
	}
	if seal.Kind(o.Kind) != seal.KindReferral || len(r.texts) != 1 || !slices.Contains(st.Refs, [32]byte(r.texts[0].Leaf)) {
		return fmt.Errorf("%w: the photo of another letter", seal.ErrUnsigned)
	}
	return nil
}

// keys are whichever epochs of the safeguarding key the session holds.
func (r *referred) keys(actor authz.Actor) (keys []*age.HybridIdentity) {
	for _, n := range r.nodes {
		if key, ok := actor.Keys().Identity(agency.NodeName(n.ID, n.Epoch)); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

// safeguardNode is the key of the safeguarding lead, to which a referral is sealed.
func (d *deciding) safeguardNode(ctx context.Context) (agency.Node, error) {
	var nodes []agency.NodeRow
	err := d.db.Read(ctx, scope(d.actor), func(b *pgx.Batch) { postgres.Many(b, &nodes, sqlSafeguardNodes) })
	if err != nil {
		return agency.Node{}, d.db.Fault(fmt.Errorf("read the safeguarding key: %w", err))
	}
	lead, err := d.ag.Trusted(nodes, string(ring.Safeguarding))
	if err != nil {
		d.log.ErrorContext(ctx, "ALARM: the safeguarding key is not the one vouched for", "agency", d.ag.ID, "error", err)
		return lead, fault.Wrap(fault.Sealed, "fault.sealing", err)
	}
	return lead, d.newestKeys(ctx, d.ag, lead)
}
