package account

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
)

// personOnHold and workerOnHold are who waits for a call.
type personOnHold struct {
	ID        string
	Since     *time.Time
	Why       string
	Exchanges []string
	Book      string
}

type workerOnHold struct {
	ID    string
	Since *time.Time
	TOTP  bool
	Roles []string
	Why   string
}

// OnHold lists who waits for a call, on hold or with a new key: persons for those who may confirm
// persons, workers for those who may confirm workers, the longest wait first.
// The words are made from the key that the signed request names; a key that it
// does not name has no words, and the operator is told.
func (s *Service) OnHold(ctx context.Context, actor authz.Actor) ([]Holding, error) {
	act := authz.ConfirmPerson
	if !actor.Can(act) {
		act = authz.ConfirmWorker
	}
	if err := audit.Check(ctx, s.db, actor, act, "-"); err != nil {
		return nil, err
	}
	ag, err := s.own(actor)
	if err != nil {
		return nil, err
	}
	var persons []personOnHold
	var workers []workerOnHold
	err = s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		if actor.Can(authz.ConfirmPerson) {
			b.Queue(sqlPersonsOnHold).Query(collect(&persons))
		}
		if actor.Can(authz.ConfirmWorker) {
			b.Queue(sqlWorkersOnHold).Query(collect(&workers))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list who waits: %w", s.db.Fault(err))
	}
	var list []Holding
	for _, p := range persons {
		list = append(list, Holding{ID: p.ID, Kind: "person", Why: p.Why, Since: timeOf(p.Since), Exchanges: p.Exchanges})
	}
	for _, w := range workers {
		list = append(list, Holding{ID: w.ID, Kind: "worker", Why: w.Why, Since: timeOf(w.Since), HasTOTP: w.TOTP, Roles: w.Roles})
	}
	if len(list) == 0 {
		return nil, nil
	}
	return list, s.describe(ctx, ag, actor, list)
}

// describe adds names and words to those who wait.
func (s *Service) describe(ctx context.Context, ag *agency.Agency, actor authz.Actor, list []Holding) error {
	var ids, nodes []string
	for _, h := range list {
		ids, nodes = append(ids, h.ID), append(nodes, nodeID(h.Kind, h.ID))
	}
	var records []agency.RecordRow
	var requests []requestRow
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sqlRecords, ids).Query(collect(&records))
		queueRequests(b, &requests, nodes...)
	})
	if err != nil {
		return fmt.Errorf("read who waits: %w", s.db.Fault(err))
	}
	for i := range list {
		h := &list[i]
		for _, r := range records {
			if r.ID != h.ID || h.Name != "" {
				continue
			}
			if h.Name, err = agency.OpenName(actor.Keys(), r); err != nil {
				s.alarm(ctx, "a directory record does not open", r.ID, err)
			}
		}
		node, request, err := s.requested(ctx, ag, requests, nodes[i])
		if err != nil {
			s.alarm(ctx, "a key to be confirmed is not the one that was asked for", h.ID, err)
			continue
		}
		h.Words = spoken(node.Public(), request.Verifier)
		if h.Why == "changed" {
			h.Since = request.At
		}
	}
	return nil
}

// collect reads rows by the names of their columns.
func collect[T any](into *[]T) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, pgx.RowToStructByName[T])
		return err
	}
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// without copies a keyring and leaves one line out.
func without(keys *authz.Keyring, name string) (*authz.Keyring, error) {
	return filtered(keys, func(line string) bool { return !strings.HasPrefix(line, name+" ") })
}

// ownKeys copies the keys of the account itself, of all epochs.
func (s *Service) ownKeys(keys *authz.Keyring, account string) (*authz.Keyring, error) {
	name, _, _ := keys.Own()
	own := nodeID(s.kind, account) + "/"
	return filtered(keys, func(line string) bool { return strings.HasPrefix(line, own) || strings.HasSuffix(line, " "+name) })
}

// filtered copies those lines of a keyring that keep says.
func filtered(keys *authz.Keyring, keep func(line string) bool) (*authz.Keyring, error) {
	var kept bytes.Buffer
	for line := range strings.Lines(string(keys.Marshal())) {
		if keep(strings.TrimSuffix(line, "\n")) {
			kept.WriteString(line)
		}
	}
	return authz.ParseKeyring(kept.Bytes())
}
