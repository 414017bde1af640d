package account

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// Opening is what the operator's command for opening an agency asks the first
// manager for.
type Opening struct {
	Name       string // the reference on their invitation
	Passphrase string
	Code       string // one-time code
	Display    string // their name, for the staff directory
}

// made is a new key of an agency.
type made struct {
	node agency.Node
	body []byte // the registrar's word for it
}

// OpenAgency makes the keys of an agency: its teams, intake, safeguarding and
// the three directories. Each is granted to the first manager and the archive,
// and the first manager becomes one. It is the operator's command, done once,
// with the first manager at the keyboard after they have enrolled and set up
// their one-time codes.
//
// The notifier's key is not among them: its private half belongs to the program
// that sends notices and is made there.
//
// Errors as for SignIn; Conflict: the agency is open, or the account is not on
// hold.
func (s *Service) OpenAgency(ctx context.Context, agencyID string, o Opening) error {
	ag, err := s.agency(agencyID)
	if err != nil {
		return err
	}
	if s.tier != authz.Staff {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	if o.Display == "" || len(o.Display) > 200 || !utf8.ValidString(o.Display) {
		return fault.Field("name", "fault.name.missing")
	}
	a, err := s.attempt(ctx, ag, SignIn{Name: o.Name, Passphrase: o.Passphrase, Code: o.Code})
	if err != nil {
		return err
	}
	if !a.stepped {
		return fault.New(fault.StepUp, "fault.agency.needsTOTP")
	}
	w, err := s.firstManager(ctx, ag, a)
	if err != nil {
		return err
	}
	keys, err := w.makeKeys(a.keys)
	if err != nil {
		return err
	}
	return s.commitOpening(ctx, a, o.Display, w, keys)
}

// firstManager has registrar and manager sign the manager's own key and role.
func (s *Service) firstManager(ctx context.Context, ag *agency.Agency, a *attempted) (*newWorker, error) {
	var requests []requestRow
	err := s.db.Read(ctx, postgres.Scope{Agency: ag.ID, Account: a.account}, func(b *pgx.Batch) {
		queueRequests(b, &requests, nodeID("worker", a.account))
	})
	if err != nil {
		return nil, fmt.Errorf("read the first manager: %w", s.db.Fault(err))
	}
	if len(requests) == 0 {
		return nil, fault.New(fault.Conflict, "fault.agency.open")
	}
	by, err := a.keys.Signer()
	if err != nil {
		return nil, fmt.Errorf("open an agency: %w", err)
	}
	c, err := s.confirmingAs(ctx, ag, by, requests, a.account)
	if err != nil {
		return nil, err
	}
	return c.worker(appointment{roles: []authz.Role{authz.Manager}})
}

// makeKeys makes each key of an agency and grants it to manager and archive.
func (c *confirmation) makeKeys(keyring *authz.Keyring) ([]made, error) {
	archive, err := c.ag.ArchiveNode()
	if err != nil {
		return nil, fmt.Errorf("read the archive's key: %w", err)
	}
	var keys []made
	for _, id := range agencyKeys() {
		secret, node, body, err := c.ag.NewNode(id, c.at)
		if err != nil {
			return nil, err
		}
		c.bodies = append(c.bodies, body)
		for _, parent := range []agency.Node{c.node, archive} {
			if err := c.grant(secret, node, parent); err != nil {
				return nil, err
			}
		}
		putSecret(keyring, node, secret)
		keys = append(keys, made{node, body})
	}
	return keys, nil
}

func (s *Service) commitOpening(ctx context.Context, a *attempted, display string, w *newWorker, keys []made) error {
	var state string
	err := s.db.Act(ctx, postgres.Scope{Agency: w.ag.ID, Account: a.account}, func(b *pgx.Batch) {
		state = ""
		b.Queue(sqlWorkerForUpdate, a.account).QueryRow(func(row pgx.Row) error { return row.Scan(&state) })
	}, func(b *pgx.Batch) error {
		if state != "hold" {
			return fault.New(fault.Conflict, "fault.agency.open")
		}
		b.Queue(postgres.Guarded(sqlOpenAgency), w.at)
		for _, key := range keys {
			agency.QueueNode(b, key.node, key.body)
		}
		w.queue(b, a.account)
		a.queueSuccess(s, b)
		if err := agency.QueueRecord(b, a.keys, agency.StaffBook, a.account, agency.Record{Name: display}); err != nil {
			return err
		}
		audit.Append(b, w.bodies...)
		return nil
	})
	return s.guarded(err, fault.New(fault.Conflict, "fault.agency.open"))
}
