package intermediary

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/intermediary/law"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

const (
	// The columns of workRow; every query of casework selects them, from w.
	sqlWorkColumns = `w.id, w.part, w.version, w.kind, coalesce(w.application_id, '') as application_id, coalesce(w.file, '') as file,
		w.from_node, w.to_node, w.sealed, w.commit, w.leaf, w.created, leaf_body(w.leaf) as body`
	sqlInsertWork = `insert into casework (agency_id, id, part, version, kind, application_id, file, from_node, to_node, sealed, commit, leaf, shed_on)
		values (agency(), @id, @part, @version, @kind, @application, @file, @from, @to, @sealed, @commit, @leaf, current_date + @shed::int)`
	sqlHoldGate = `select hold_gate($1, $2)`
)

// workRow is sealed casework as the database has it: a claim, not yet believed.
type workRow struct {
	ID            string
	Part          string
	Version       uint64
	Kind          string
	ApplicationID string // "" for what is about the adopted person, whoever applies
	File          string // whose file it is in; "" for the agency alone
	FromNode      string
	ToNode        string
	Sealed        []byte
	Commit        []byte
	Leaf          []byte
	Created       time.Time
	Body          []byte // its signed statement
}

// context is the place that the row says it has. What belongs to no application
// belongs to the adopted person's record, to whose key it is sealed.
func (r workRow) context(agencyID string) seal.Context {
	exchange := r.ApplicationID
	if exchange == "" {
		exchange = strings.TrimPrefix(r.ToNode, "case/")
	}
	return seal.Context{Kind: seal.Kind(r.Kind), Agency: agencyID, Exchange: exchange, Object: r.ID, Part: r.Part,
		From: r.FromNode, To: r.ToNode, Version: r.Version}
}

// events says which statement may vouch for casework of each kind.
func events(kind string) []statement.Event {
	switch seal.Kind(kind) {
	case seal.KindMessage, seal.KindView:
		return []statement.Event{statement.EventReceipt, statement.EventCasework} // a party's own; a worker's answer, or note of what they said
	case seal.KindParticulars, seal.KindIdentity, seal.KindEnquiry, seal.KindFact, seal.KindVeto, seal.KindConsent, seal.KindItem, seal.KindNote,
		seal.KindTrace, seal.KindApproach, seal.KindDecision, seal.KindLetter, seal.KindPack, seal.KindPreference:
		return []statement.Event{statement.EventCasework}
	}
	return nil
}

// stated gives the verified statement of casework, which speaks of exactly this
// row. It opens nothing.
func (s *Service) stated(ctx context.Context, ag *agency.Agency, row workRow) (*statement.Statement, error) {
	leaf := statement.Leaf(row.Body)
	if !bytes.Equal(leaf[:], row.Leaf) {
		return nil, fmt.Errorf("%w: not the row's statement", seal.ErrUnsigned)
	}
	st, err := ag.Verify(ctx, s.db, row.Body)
	if err != nil {
		return nil, err
	}
	return st, speaksOf(st, row.context(ag.ID), events(row.Kind))
}

// speaksOf checks that a verified statement is about this object and no other.
func speaksOf(st *statement.Statement, c seal.Context, allowed []statement.Event) error {
	for _, e := range allowed {
		if st.Event == e && st.Object == c.Object && st.Part == c.Part && st.Version == c.Version &&
			st.Exchange == c.Exchange && st.From == c.From && st.To == c.To {
			return nil
		}
	}
	return fmt.Errorf("%w: its statement speaks of something else", seal.ErrUnsigned)
}

// newest checks (on the staff tier) that the log has no later version of a row.
func (s *Service) newest(ctx context.Context, ag *agency.Agency, row workRow) error {
	if s.index == nil {
		return nil
	}
	if len(row.Leaf) != len([32]byte{}) {
		return seal.ErrUnsigned
	}
	return s.index.Newest(ctx, ag.ID, row.ID, row.Part, [32]byte(row.Leaf))
}

// open opens the newest version of casework with the first of the keys that it
// is sealed to. Its statement is signed by whom its kind requires and speaks of
// exactly this object, its text is the one that was stated, and no later version
// is in the log. Everything else is a Sealed fault and an alarm.
func (s *Service) open(ctx context.Context, ag *agency.Agency, row workRow, keys ...*age.HybridIdentity) ([]byte, error) {
	err := s.newest(ctx, ag, row)
	if err != nil {
		return nil, s.unopened(ctx, ag, row, err)
	}
	content, _, err := s.tryOpen(ctx, ag, row, keys)
	if err != nil {
		return nil, s.unopened(ctx, ag, row, err)
	}
	return content, nil
}

// openAs is open into a value, from JSON.
func (s *Service) openAs(ctx context.Context, ag *agency.Agency, row workRow, into any, keys ...*age.HybridIdentity) error {
	content, err := s.open(ctx, ag, row, keys...)
	if err != nil {
		return err
	}
	if json.Unmarshal(content, into) != nil { // its error would repeat the text
		return s.unopened(ctx, ag, row, errContent)
	}
	return nil
}

// errContent: what was sealed is not what a text of this kind holds.
var errContent = errors.New("the content is not that of its kind")

// tryOpen opens a version of casework, whether it is the newest or not, and
// gives its statement. It alarms nobody.
func (s *Service) tryOpen(ctx context.Context, ag *agency.Agency, row workRow, keys []*age.HybridIdentity) ([]byte, *statement.Statement, error) {
	st, err := s.stated(ctx, ag, row)
	if err != nil {
		return nil, nil, err
	}
	for _, key := range keys {
		content, err := seal.OpenSigned(row.Sealed, row.context(ag.ID), key, st.Commit)
		if !errors.Is(err, seal.ErrKey) {
			return content, st, err
		}
	}
	return nil, nil, fmt.Errorf("open %s: %w", row.Kind, seal.ErrKey)
}

// unopened is the fault for casework that does not open, after its alarm.
func (s *Service) unopened(ctx context.Context, ag *agency.Agency, row workRow, err error) error {
	return s.alarmed(ctx, "casework does not open", err, "agency", ag.ID, "object", row.ID, "part", row.Part, "kind", row.Kind)
}

// unstated is the fault for rows that say what nobody signed.
func (s *Service) unstated(ctx context.Context, ag *agency.Agency, id string, err error) error {
	return s.alarmed(ctx, "rows say what nobody signed", err, "agency", ag.ID, "object", id)
}

// alarmed tells the operator and gives the Sealed fault, unless err says only
// that nobody waits any more or that the database was not there for a moment: a
// false alarm at each failover would hide a true one.
func (s *Service) alarmed(ctx context.Context, what string, err error, about ...any) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if away := s.db.Fault(err); fault.KindOf(away) == fault.Busy {
		return away
	}
	s.log.ErrorContext(ctx, "ALARM: "+what, append(about, "error", err)...)
	return fault.Wrap(fault.Sealed, "fault.sealed", err)
}

// unread tells whether an error is casework that does not open: its place shows
// a notice, and the page goes on.
func unread(err error) bool { return fault.KindOf(err) == fault.Sealed }

// acting is one act of a worker: what it seals, signs and will write is
// collected before its transaction, and committed in one.
type acting struct {
	*Service
	ag     *agency.Agency
	actor  authz.Actor
	signer note.Signer
	moment time.Time // of every statement of the act, to the second as they say it

	writes []func(*pgx.Batch) // what the transaction writes, in order
	bodies [][]byte           // the statements, appended last

	changed  []change   // of what the law is asked with; the law is asked anew
	hearings []*law.Act // of this run of the transaction
	late     [][]byte   // statements of what this run of the transaction was answered
}

// acts begins an act of a worker.
func (s *Service) acts(ag *agency.Agency, actor authz.Actor) (*acting, error) {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return nil, fmt.Errorf("sign casework: %w", err)
	}
	return &acting{Service: s, ag: ag, actor: actor, signer: signer, moment: s.now().UTC().Truncate(time.Second)}, nil
}

// then queues writes behind those that there are.
func (a *acting) then(write func(*pgx.Batch)) { a.writes = append(a.writes, write) }

// write queues one statement of SQL.
func (a *acting) write(sql string, args ...any) {
	a.then(func(b *pgx.Batch) { b.Queue(sql, args...) })
}

// state signs a statement as the worker, with the act's time, and gives its leaf.
func (a *acting) state(st statement.Statement) ([32]byte, error) {
	st.At = a.moment
	body, err := a.ag.State(st, "", a.signer)
	if err != nil {
		return [32]byte{}, err
	}
	a.bodies = append(a.bodies, body)
	return statement.Leaf(body), nil
}

// folder is where casework belongs: an application, or the adopted person's
// record, with the key that it is sealed to.
type folder struct {
	of          string      // ap… or ad…
	application string      // ap…, or "" for the record
	node        agency.Node // case/ap… or case/ad…
}

// paper is a piece of casework to be sealed.
type paper struct {
	id, part string
	version  uint64
	kind     seal.Kind
	file     agency.Node // also for this file; the zero Node for the agency alone
	refs     [][32]byte  // statements that it rests on
	shed     int         // after how many days it goes at the latest; 0 for never
}

// seal seals a paper's content (JSON of it, or a []byte as it is) to the folder's
// key, its file if it has one, and the archive, states it and queues it. It gives
// the statement's leaf, for the rows that rest on it.
func (a *acting) seal(f folder, p paper, content any) ([32]byte, error) {
	text, ok := content.([]byte)
	if !ok {
		var err error
		if text, err = json.Marshal(content); err != nil {
			return [32]byte{}, fmt.Errorf("write %s: %w", p.kind, err)
		}
	}
	c := seal.Context{Kind: p.kind, Agency: a.ag.ID, Exchange: f.of, Object: p.id, Part: p.part,
		From: "worker/" + a.actor.Account(), To: string(f.node.ID()), Version: p.version}
	to := []*age.HybridRecipient{f.node.Recipient(), a.ag.Archive()}
	file := ""
	if p.file.ID() != "" {
		c.To = string(p.file.ID())
		file = strings.TrimPrefix(c.To, "side/")
		to = append(to, p.file.Recipient())
	}
	sealed, err := seal.Seal(c, text, to...)
	if err != nil {
		return [32]byte{}, fmt.Errorf("seal %s: %w", p.kind, err)
	}
	leaf, err := a.state(statement.Statement{Event: statement.EventCasework, Object: c.Object, Part: c.Part, Version: c.Version,
		Exchange: c.Exchange, From: c.From, To: c.To, Commit: sealed.Commit, Refs: p.refs})
	if err != nil {
		return [32]byte{}, err
	}
	var shed *int
	if p.shed > 0 {
		shed = &p.shed
	}
	a.write(sqlInsertWork, pgx.StrictNamedArgs{"id": c.Object, "part": c.Part, "version": c.Version, "kind": string(c.Kind),
		"application": null(f.application), "file": null(file), "from": c.From, "to": c.To,
		"sealed": sealed.Bytes, "commit": sealed.Commit[:], "leaf": leaf[:], "shed": shed})
	return leaf, nil
}

func null(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// held is the gate rows that an act holds from its first look to its commit: the
// adopted person, then the subject. Without an adopted person it holds none.
type held struct{ adopted, subject string }

// queue takes the gate rows.
func (g held) queue(b *pgx.Batch) {
	if g.adopted != "" {
		b.Queue(sqlHoldGate, g.adopted, null(g.subject))
	}
}

// look is what an act reads under its gate rows' lock, and what it asks of it.
type look struct {
	read  func(*pgx.Batch)
	check func(b *pgx.Batch) error // may queue writes; an error stores nothing
}

// commit runs the act's transaction: the gate rows, what was read under their
// lock and asked of it, the writes, what the law says anew if the act changes
// what it is asked with, and the statements last. name is the place
// where a test may stop it, before the transaction, and with " locked" in it.
func (a *acting) commit(ctx context.Context, name string, g held, looks ...look) error {
	a.at(name)
	defer a.adjourn()
	if len(a.changed) > 0 && g.adopted != "" {
		looks = append(looks, a.continuing(g.adopted))
	}
	err := a.db.Act(ctx, scope(a.actor), func(b *pgx.Batch) {
		g.queue(b)
		for _, l := range looks {
			l.read(b)
		}
	}, func(b *pgx.Batch) error {
		a.at(name + " locked")
		a.adjourn() // it may be run again
		a.late = nil
		for _, w := range a.writes {
			w(b)
		}
		for _, l := range looks {
			if err := l.check(b); err != nil {
				return err
			}
		}
		audit.Append(b, a.bodies...)
		audit.Append(b, a.late...)
		return nil
	})
	return a.db.Fault(err)
}

// parse reads sealed JSON. Its error repeats nothing of it.
func parse(content []byte, into any) error {
	if json.Unmarshal(content, into) != nil {
		return errContent
	}
	return nil
}
