package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/field"
	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/session"
	"gatepost/crypto/statement"
	"gatepost/internal/account"
	"gatepost/internal/postgres"
	"gatepost/letterbox"
)

// earlierShown is how many earlier letters the floor opens beside one: as many
// as a worker's page shows of an exchange that has them.
const earlierShown = letterbox.EarlierShown

// floor does what a letter cannot do without: seal, open, sign, verify, touch
// the session, commit the bytes. It has one key of each kind, checks nothing,
// decides nothing and finds nothing.
type floor struct {
	*world
	pool, public, staff         *pgxpool.Pool // as administrator, and in the tiers' roles
	person, side, case_, other  *age.HybridIdentity
	texts                       map[*age.HybridIdentity]string // identities as a session box holds them
	skey, vkey                  string
	content, names              []byte
	grant                       ring.Grant
	team                        *age.HybridIdentity
	caseNode                    ring.Node
	submission, delivery, named seal.Sealed
	draft                       seal.Sealed
	body                        []byte
	directory                   field.DirectoryKey
	cell                        []byte // a name of the directory, sealed
}

func (f *floor) context(k seal.Kind) seal.Context {
	return seal.Context{Kind: k, Agency: home, Exchange: "exaaaaaaaaaaaaaaaaaaaa", Object: "ltaaaaaaaaaaaaaaaaaaaa", Part: "text",
		From: "side/sdaaaaaaaaaaaaaaaaaaaa", To: "case/exaaaaaaaaaaaaaaaaaaaa", Version: 1}
}

func (w *world) newFloor(ctx context.Context, size int) (*floor, error) {
	f := &floor{world: w, content: make([]byte, size), names: make([]byte, 60), texts: map[*age.HybridIdentity]string{}}
	rand.Read(f.content) // never errs (crypto/rand)
	for _, id := range []**age.HybridIdentity{&f.person, &f.side, &f.other} {
		var err error
		if *id, err = age.GenerateHybridIdentity(); err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
	}
	if err := f.keys(); err != nil {
		return nil, err
	}
	for _, id := range []*age.HybridIdentity{f.person, f.side, f.other, f.team} {
		f.texts[id] = id.String()
	}
	var err error
	f.directory = field.NewDirectoryKey()
	if f.cell, err = f.directory.SealField("directory/birth", "name", w.couples[0].writerID, []byte("Tamsin Vale")); err != nil {
		return nil, err
	}
	for role, pool := range map[string]**pgxpool.Pool{postgres.RoleAdmin: &f.pool, postgres.RolePublic: &f.public, postgres.RoleStaff: &f.staff} {
		if *pool, err = pgxpool.New(ctx, w.server.DSN(role, database)); err != nil {
			return nil, fmt.Errorf("open the floor's pool: %w", err)
		}
	}
	w.pools = append(w.pools, f.pool, f.public, f.staff)
	_, err = f.pool.Exec(ctx, `create table bench_floor (id bigint generated always as identity primary key, sealed bytea, body bytea);
		alter table bench_floor alter column sealed set storage external`)
	return f, err
}

// keys makes the climb from team to case, and what lies sealed to be opened.
func (f *floor) keys() error {
	team, teamNode, err := ring.NewNode(ring.TeamLetterbox, 1)
	if err != nil {
		return err
	}
	secret, caseNode, err := ring.NewNode(ring.Case("exaaaaaaaaaaaaaaaaaaaa"), 1)
	if err != nil {
		return err
	}
	f.team, f.case_, f.caseNode = team.Identity(), secret.Identity(), caseNode
	if f.grant, err = ring.GrantTo(home, secret, caseNode, teamNode); err != nil {
		return err
	}
	if f.skey, f.vkey, err = statement.NewKey(home + "/door"); err != nil {
		return err
	}
	for _, o := range []struct {
		into    *seal.Sealed
		kind    seal.Kind
		content []byte
		to      []*age.HybridRecipient
	}{
		{&f.draft, seal.KindDraft, f.content, recipients(f.side, f.person)},
		{&f.submission, seal.KindSubmission, f.content, recipients(f.case_, f.side, f.archive)},
		{&f.delivery, seal.KindDelivery, f.content, recipients(f.other, f.case_, f.archive)},
		{&f.named, seal.KindNames, f.names, recipients(f.side, f.case_, f.archive)},
	} {
		if *o.into, err = seal.Seal(f.context(o.kind), o.content, o.to...); err != nil {
			return err
		}
	}
	f.body, err = f.sign(f.submission.Commit)
	return err
}

func recipients(ids ...*age.HybridIdentity) []*age.HybridRecipient {
	list := make([]*age.HybridRecipient, len(ids))
	for i, id := range ids {
		list[i] = id.Recipient()
	}
	return list
}

func (f *floor) sign(commit seal.Commitment) ([]byte, error) {
	signer, err := note.NewSigner(f.skey)
	if err != nil {
		return nil, err
	}
	return statement.Sign(statement.Statement{Agency: home, Event: statement.EventReceipt, Object: "ltaaaaaaaaaaaaaaaaaaaa", Part: "text", Version: 1,
		From: "side/sdaaaaaaaaaaaaaaaaaaaa", To: "case/exaaaaaaaaaaaaaaaaaaaa", Commit: commit, At: f.now()}, signer)
}

// parse is what a session does with a key before it is used.
func (f *floor) parse(ids ...*age.HybridIdentity) error {
	for _, id := range ids {
		if _, err := age.ParseHybridIdentity(f.texts[id]); err != nil {
			return err
		}
	}
	return nil
}

func (f *floor) open(s seal.Sealed, kind seal.Kind, id *age.HybridIdentity, times int) error {
	for range times {
		if _, err := seal.OpenSigned(s.Bytes, f.context(kind), id, s.Commit); err != nil {
			return err
		}
	}
	return nil
}

// verify checks a statement, as for every object that is opened for the first time.
func (f *floor) verify() error {
	known, err := statement.NewVerifiers(f.vkey)
	if err != nil {
		return err
	}
	_, err = statement.Parse(f.body, known)
	return err
}

// sealed seals content to n readers and signs for it.
func (f *floor) sealed(kind seal.Kind, content []byte, signed bool, to ...*age.HybridIdentity) (seal.Sealed, error) {
	s, err := seal.Seal(f.context(kind), content, recipients(to...)...)
	if err == nil && signed {
		_, err = f.sign(s.Commit)
	}
	return s, err
}

// commit stores bytes in one row of one transaction.
func (f *floor) commit(ctx context.Context, objects ...[]byte) error {
	batch := &pgx.Batch{}
	batch.Queue("begin")
	if len(objects) == 0 {
		objects = [][]byte{nil}
	}
	for _, o := range objects {
		batch.Queue(`insert into bench_floor (sealed, body) values ($1, $2)`, o, f.body)
	}
	batch.Queue("commit")
	return f.pool.SendBatch(ctx, batch).Close()
}

// climb opens the case's key with the team's.
func (f *floor) climb() error {
	if err := f.parse(f.team); err != nil {
		return err
	}
	_, err := ring.Open(home, f.grant, ring.SecretIdentity(f.team), f.caseNode)
	return err
}

// letter of the floor: step by step what relaying.letter must do.
func (r *relaying) floor(ctx context.Context) error {
	f := r.base
	touch := func(door *account.Service, token session.Token) func() error {
		return func() error { _, err := f.load(ctx, door, token); return err }
	}
	families, staff := f.doors.Accounts, f.desk.Accounts
	pair := r.couples[int(r.turn.Load())%len(r.couples)]
	steps := []func() error{
		touch(families, pair.writer), func() error { return f.parse(f.person, f.side) },
		func() error {
			s, err := f.sealed(seal.KindDraft, f.content, false, f.person, f.side)
			return errors.Join(err, f.commit(ctx, s.Bytes))
		},
		touch(families, pair.writer), func() error { return f.parse(f.side) },
		func() error { return f.open(f.draft, seal.KindDraft, f.side, 1) },
		func() error {
			s, err := f.sealed(seal.KindSubmission, f.content, true, f.case_, f.side, f.archive)
			return errors.Join(err, f.commit(ctx, s.Bytes))
		},
		touch(staff, f.worker), func() error { return f.commit(ctx) },
		touch(staff, f.worker), f.signAccess, func() error { return f.commit(ctx) }, f.climb, f.verify,
		func() error { return f.open(f.submission, seal.KindSubmission, f.case_, 1+r.beside()) },
		func() error { return f.open(f.named, seal.KindNames, f.case_, 2) },
		touch(staff, f.worker), f.climb, func() error { return f.open(f.submission, seal.KindSubmission, f.case_, 1) },
		func() error {
			note, err := f.sealed(seal.KindDecision, f.names, true, f.case_, f.archive)
			s, err2 := f.sealed(seal.KindDelivery, f.content, true, f.other, f.case_, f.archive)
			return errors.Join(err, err2, f.commit(ctx, note.Bytes, s.Bytes))
		},
		touch(families, pair.reader), func() error { return f.parse(f.side) }, func() error { return f.open(f.named, seal.KindNames, f.side, 1) },
		touch(families, pair.reader), f.signAccess, func() error { return f.commit(ctx) }, func() error { return f.parse(f.other, f.side) }, f.verify,
		func() error { return f.open(f.named, seal.KindNames, f.side, 1) },
		func() error { return f.open(f.delivery, seal.KindDelivery, f.other, 1) },
	}
	for i, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("floor's step %d: %w", i+1, err)
		}
	}
	return nil
}

// signAccess is a reading's statement.
func (f *floor) signAccess() error {
	_, err := f.sign(seal.Commitment{})
	return err
}

// beside is how many earlier letters the exchange of the latest letter shows.
func (r *relaying) beside() int { return min(int(r.turn.Load())/(couples*exchanges), earlierShown) }
