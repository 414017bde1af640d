package intermediary

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// NewParty is somebody who is to read a file.
type NewParty struct {
	File   string // the application's id for the applicant's, a subject's for theirs
	Person string // "pe…" of somebody who is known already; "" for somebody new
	Kind   string // applicant, representative, subject
	Code   string // a fresh one-time code of the worker
}

// Party is somebody who may read a file, or may once they are confirmed.
type Party struct {
	File   string
	Person string
	Kind   string
	State  string // of their account: known, invited, hold, active, suspended
	Open   bool   // they hold the file's key
}

// partyRow is a party as the database has it, with what a worker signed of them.
type partyRow struct {
	File          string
	ApplicationID string
	PersonID      string
	Kind          string
	State         string
	Granted       bool
	Leaf          []byte
	Body          []byte
}

const (
	sqlPartyColumns = `p.file, p.application_id, p.person_id, p.kind, r.state, p.leaf, leaf_body(p.leaf) as body,
		exists (select from ring_grant_person g where g.agency_id = p.agency_id and g.child = 'side/' || p.file and g.parent = 'person/' || p.person_id
			and g.child_epoch = (select max(n.epoch) from node n where n.agency_id = p.agency_id and n.id = 'side/' || p.file and n.key_leaf is not null)
			and g.parent_epoch = (select max(n.epoch) from node n where n.agency_id = p.agency_id and n.id = 'person/' || p.person_id and n.key_leaf is not null)) as granted
		from party p join person r on r.agency_id = p.agency_id and r.id = p.person_id`
	sqlParties      = `select ` + sqlPartyColumns + ` where p.agency_id = agency() and p.application_id = $1 order by p.file, p.person_id`
	sqlPartiesOf    = `select ` + sqlPartyColumns + ` where p.agency_id = agency() and p.file = $1 order by p.person_id`
	sqlInsertPerson = `insert into person (agency_id, id) values (agency(), $1)`
	sqlInsertParty  = `insert into party (agency_id, file, application_id, person_id, kind, leaf) values (agency(), $1, $2, $3, $4, $5)`
	// Who the person is now, locked, and then their newest key, in a query of its own: it has to see what was done while the lock waited.
	sqlStanding  = `select r.id, r.state from person r where r.agency_id = agency() and r.id = $1 for update`
	sqlPersonKey = `select ` + sqlNodeColumns + ` from node n where n.agency_id = agency() and n.id = 'person/' || $1 and n.key_leaf is not null
		order by n.epoch desc limit 1`
	// Their file's keys, and those of its case.
	sqlFileNodes = `select ` + sqlNodeColumns + ` from node n where n.agency_id = agency() and n.key_leaf is not null and n.id in ('side/' || $1, 'case/' || $2)
		order by n.id, n.epoch desc`
	sqlFileGrants = `select g.child, g.child_epoch, g.parent, g.parent_epoch, g.sealed from ring_grant_staff g
		where g.agency_id = agency() and g.parent <> 'archive' and g.child in ('side/' || $1, 'case/' || $2)`
	sqlIsMe = `select exists (select from worker w where w.agency_id = agency() and w.id = account() and w.person_id = $1) as is`
)

// errParty: a row makes somebody a party and no worker has stated it.
var errParty = errors.New("the party is not the one that was stated")

// checkParty holds a party's row to what a worker signed of it: this person, this
// file, this application. Whoever can write the database can add rows; the key
// of a file must not go with them.
func (s *Service) checkParty(ctx context.Context, ag *agency.Agency, r partyRow) error {
	leaf := statement.Leaf(r.Body)
	if !bytes.Equal(leaf[:], r.Leaf) {
		return errParty
	}
	st, err := ag.Verify(ctx, s.db, r.Body)
	if err != nil {
		return fmt.Errorf("%w: %w", errParty, err)
	}
	if st.Event != statement.EventRecord || st.Part != "member" || st.Object != r.File || st.Exchange != r.ApplicationID ||
		st.From != string(ring.Case(r.ApplicationID)) || st.To != string(ring.Person(r.PersonID)) {
		return errParty
	}
	return nil
}

// joining is an act that makes somebody a party, or gives a party the key.
type joining struct {
	*acting
	n      NewParty
	at     *place
	there  *partyRow    // the party's row, if there is one
	person *agency.Node // their own key, where they are active
	new    bool
}

// AddParty makes somebody a party of a file: a worker's statement, without which
// nobody is given the file's key. Somebody new has no account yet: they are
// invited on paper and confirmed by a call like anybody of a family, and given
// the key then. Somebody who is active is given it in this act. Again for a party
// who is active and lacks the key, after a recovery for instance, it gives them
// the key. It needs a fresh one-time code, for it is who may read. It answers with
// the person's id ("pe…").
//
// To invite a subject is to approach them: the law is asked in the same act, and
// nobody is invited whom it forbids to go on about, or before it lets them be
// approached.
//
// Invalid on "kind" or "code". NotFound: no such file or person. Forbidden: the
// actor is that person. Conflict: their account or the case changed in this
// moment, the case has ended, or the law does not let the subject be invited.
func (s *Service) AddParty(ctx context.Context, actor authz.Actor, n NewParty) (string, error) {
	ag, err := s.begin(ctx, actor, authz.OpenCase, n.File)
	if err != nil {
		return "", err
	}
	of := prefixAbout(n.File)
	if of != "application" && of != "subject" || n.Person != "" && !agency.ValidID("pe", n.Person) {
		return "", notFound()
	}
	if of == "subject" != (n.Kind == "subject") || !slices.Contains([]string{"applicant", "representative", "subject"}, n.Kind) {
		return "", fault.Field("kind", "fault.casework.kind")
	}
	keep, err := s.freshCode(ctx, actor, n.Code)
	if err != nil {
		return "", err
	}
	j, err := s.join(ctx, ag, actor, n)
	if err != nil {
		return "", err
	}
	if err := j.write(ctx); err != nil {
		return "", err
	}
	j.then(keep)
	looks := []look{j.still(), stillOpen(j.at.row.ApplicationID)}
	if n.Kind == "subject" {
		b, err := s.believe(ctx, ag, actor, n.File)
		if err != nil {
			return "", err
		}
		looks = append(looks, j.touching(b))
	}
	return j.n.Person, j.commit(ctx, "addParty", j.at.held(), looks...)
}

// join reads where the file and the person stand.
func (s *Service) join(ctx context.Context, ag *agency.Agency, actor authz.Actor, n NewParty) (*joining, error) {
	at, err := s.loadPlace(ctx, actor, n.File)
	if err != nil {
		return nil, err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return nil, err
	}
	j := &joining{acting: a, n: n, at: at}
	if n.Person == "" {
		j.new, j.n.Person = true, agency.NewID("pe")
		return j, nil
	}
	var standing []personRow
	var parties []partyRow
	var keys keyRows
	var me struct{ Is bool }
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &standing, sqlPersonState, n.Person)
		postgres.Many(b, &parties, sqlPartiesOf, n.File)
		postgres.Many(b, &keys.nodes, sqlPersonKey, n.Person)
		postgres.One(b, &me, sqlIsMe, n.Person)
	})
	switch {
	case err != nil:
		return nil, s.db.Fault(fmt.Errorf("load a party: %w", err))
	case len(standing) == 0:
		return nil, notFound()
	case me.Is:
		audit.Refused(ctx, s.db, actor, authz.OpenCase, n.File)
		return nil, fault.New(fault.Forbidden, "fault.forbidden")
	}
	if i := slices.IndexFunc(parties, func(p partyRow) bool { return p.PersonID == n.Person }); i >= 0 {
		j.there = &parties[i]
		if err := s.checkParty(ctx, ag, *j.there); err != nil {
			return nil, s.unstated(ctx, ag, n.File, err)
		}
	}
	if standing[0].State == "active" {
		node, err := s.node(ctx, ag, &keys, ring.Person(n.Person))
		if err != nil {
			return nil, err
		}
		j.person = &node
	}
	return j, nil
}

type personRow struct{ ID, State string }

const sqlPersonState = `select r.id, r.state from person r where r.agency_id = agency() and r.id = $1`

// write states the party and grants the key, each where it is missing.
func (j *joining) write(ctx context.Context) error {
	application := j.at.row.ApplicationID
	if j.new {
		j.acting.write(sqlInsertPerson, j.n.Person)
	}
	if j.there == nil {
		leaf, err := j.state(statement.Statement{Event: statement.EventRecord, Object: j.n.File, Part: "member", Version: 1, Exchange: application,
			From: string(ring.Case(application)), To: string(ring.Person(j.n.Person))})
		if err != nil {
			return err
		}
		j.acting.write(sqlInsertParty, j.n.File, application, j.n.Person, j.n.Kind, leaf[:])
	}
	if j.person == nil || j.there != nil && j.there.Granted {
		return nil
	}
	rows := &keyRows{}
	err := j.db.Read(ctx, scope(j.actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows.nodes, sqlFileNodes, j.n.File, application)
		postgres.Many(b, &rows.grants, sqlFileGrants, j.n.File, application)
	})
	if err != nil {
		return j.db.Fault(fmt.Errorf("load a file's keys: %w", err))
	}
	file, err := j.climbFile(ctx, j.ag, j.actor, rows, application, j.n.File)
	if err != nil {
		return err
	}
	return j.grant(file.secret, file.node, *j.person)
}

// still asks, with the person's row locked, that they stand as they did: else
// somebody would be given a file against a suspension, or on a key that somebody
// else may hold, or be left without it.
func (j *joining) still() look {
	if j.new {
		return look{read: func(*pgx.Batch) {}, check: func(*pgx.Batch) error { return nil }}
	}
	var now []personRow
	var keys []agency.NodeRow
	return look{read: func(b *pgx.Batch) {
		postgres.Many(b, &now, sqlStanding, j.n.Person)
		postgres.Many(b, &keys, sqlPersonKey, j.n.Person)
	}, check: func(*pgx.Batch) error {
		active := len(now) == 1 && now[0].State == "active"
		if active != (j.person != nil) || active && (len(keys) != 1 || keys[0].Epoch != uint32(j.person.Epoch())) {
			return fault.New(fault.Conflict, "fault.conflict")
		}
		return nil
	}}
}
