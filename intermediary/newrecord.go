package intermediary

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// NewRecord is the record of an adopted person as a worker opens it without a
// case: somebody asks for a veto, or says what they wish, and nobody applies.
type NewRecord struct {
	ID       AdoptedID   // of a new record, chosen when the form was shown, so that two clicks are one; "" for any
	Adopted  AdoptedID   // a record that is there already, in the place of a new one; only with Intake
	Person   Particulars // of a new record
	Distinct bool        // the worker has looked at the records that may be the same person (RecordsLike) and says they are not
	Intake   string      // "in…" of the first enquiry that it came from, which is taken by this act; or ""
}

// NewAdoptedID chooses the id of a record that is about to be opened.
func NewAdoptedID() AdoptedID { return AdoptedID(agency.NewID("ad")) }

// becamePart is the part of an enquiry's casework that says which record it became.
// confirmedPart is the part in which a colleague says that it is the right one.
const (
	becamePart    = "became"
	confirmedPart = "confirmed"
)

// becameText is what is sealed of it. The statement names the record too.
type becameText struct {
	Adopted string `json:"adopted"`
	Purpose string `json:"purpose"`
	Stop    string `json:"stop,omitempty"` // that it began
}

const (
	sqlRecordedByMe = `select d.id from adopted d where d.agency_id = agency() and d.id = $1 and ($2 = '' and d.opened_by = account()
		or exists (select from casework w where w.agency_id = d.agency_id and w.id = $2 and w.part = 'became'
			and w.to_node = 'case/' || d.id and w.from_node = 'worker/' || account()
			and not exists (select from casework n where n.agency_id = w.agency_id and n.id = w.id and n.part = 'became' and n.version > w.version)))`
	sqlBecame     = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = $1 and w.part = 'became' order by w.version desc limit 1`
	sqlConfirmed  = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = $1 and w.part = 'confirmed' order by w.version desc limit 1`
	sqlOpenStops  = `select p.id from stop p where p.agency_id = agency() and p.adopted_id = $1 and p.ended_by is null order by p.id`
	sqlOfRelative = `select exists (select from preference p where p.agency_id = agency() and p.adopted_id = $1 and p.part = 2) as relative`
)

// OpenRecord opens the record of an adopted person without a case, with what
// follows from who they are (regime, country, age), so that the law can be asked
// about a veto. With an enquiry it is what that became, on a new record or on one
// that is there, and the enquiry is taken in the same act. If it asks for a veto a
// stop begins on the record with it, under a veto as well, for it may be another
// person's; and the enquiry waits, and goes on protecting everybody, until a
// colleague has said that it is the right record (ConfirmRecord) or has put it on
// another. The same again by the same worker is the record that is there.
//
// Invalid names the first field that cannot be used ("adopted.name"). NotFound: no
// such record or enquiry. Conflict: a colleague was first; a record may be of the
// same person and the worker has not said otherwise ("fault.casework.known"); or the
// record is one of the contact register's about a relative. Forbidden: the actor
// knows somebody there. Sealed: the enquiry does not open, and a manager looks.
func (s *Service) OpenRecord(ctx context.Context, actor authz.Actor, n NewRecord) (AdoptedID, error) {
	of := "record"
	if n.Adopted != "" {
		of = string(n.Adopted)
	}
	ag, err := s.begin(ctx, actor, authz.OpenCase, of)
	if err != nil {
		return "", err
	}
	if n, err = checkRecord(n); err != nil {
		return "", err
	}
	if again, err := s.recordedBefore(ctx, actor, n, nil); again != "" || err != nil {
		return again, err
	}
	if err := s.notKnown(ctx, ag, actor, NewCase{Adopted: n.Adopted, AdoptedPerson: n.Person, Distinct: n.Distinct}); err != nil {
		return "", err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return "", err
	}
	r := &recording{acting: a, n: n}
	if err := r.prepare(ctx); err != nil {
		return "", err
	}
	err = a.commit(ctx, "openRecord", held{adopted: string(n.Adopted)}, r.looks...) // a new record holds no veto or stop, and has no gate row yet
	if err != nil {
		if n.Intake != "" {
			err = s.movedIntake(err)
		}
		return s.recordedBefore(ctx, actor, n, fmt.Errorf("open a record: %w", err))
	}
	return r.id(), nil
}

// checkRecord cleans what a worker wrote down.
func checkRecord(n NewRecord) (NewRecord, error) {
	if n.ID == "" {
		n.ID = NewAdoptedID()
	}
	valid := agency.ValidID("ad", string(n.ID)) && (n.Adopted == "" || agency.ValidID("ad", string(n.Adopted)) && n.Intake != "")
	if !valid || n.Intake != "" && !agency.ValidID("in", n.Intake) {
		return n, notFound()
	}
	if n.Adopted != "" {
		n.Person = Particulars{}
		return n, nil
	}
	var err error
	n.Person, err = checkParticulars("adopted", n.Person)
	return n, err
}

// recordedBefore finds what the same click has done: it is the answer to the
// second one. Anything else keeps its error.
func (s *Service) recordedBefore(ctx context.Context, actor authz.Actor, n NewRecord, failed error) (AdoptedID, error) {
	id := n.ID
	if n.Adopted != "" {
		id = n.Adopted
	}
	var mine []struct{ ID string }
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &mine, sqlRecordedByMe, string(id), n.Intake) })
	if err != nil || len(mine) == 0 {
		return "", failed
	}
	return id, nil
}

// recording is a record that is being opened, or one that an enquiry becomes.
type recording struct {
	*acting
	n       NewRecord
	folder  folder
	purpose string // of the enquiry; "" without one
	own     bool   // it is of the adopted person, or may be
	leaf    []byte // the enquiry's own statement
	version uint64 // of what it became: a colleague may have put it on another record
	looks   []look
}

func (r *recording) id() AdoptedID { return AdoptedID(r.folder.of) }

// prepare seals and queues everything of the act.
func (r *recording) prepare(ctx context.Context) error {
	if r.n.Intake != "" {
		if err := r.readIntake(ctx); err != nil {
			return err
		}
		switch {
		case r.purpose == PurposeSearch:
			return fault.New(fault.Conflict, "fault.intake.case")
		case r.purpose == PurposeWish && !r.own:
			return fault.New(fault.Conflict, "fault.intake.relative")
		}
	}
	begin := r.anew
	if r.n.Adopted != "" {
		begin = r.there
	}
	if err := begin(ctx); err != nil || r.n.Intake == "" {
		return err
	}
	return r.take(ctx)
}

// readIntake opens the enquiry, after that was logged, to learn what it asks for.
func (r *recording) readIntake(ctx context.Context) error {
	rows, err := r.loadSent(ctx, r.actor, IntakeID(r.n.Intake))
	if err != nil {
		return err
	}
	if rows.sent.State != "received" {
		return fault.New(fault.Conflict, "fault.intake.moved")
	}
	if err := r.readingIntake(ctx, r.ag, r.actor, r.n.Intake); err != nil {
		return err
	}
	content, err := r.openSent(ctx, r.ag, rows.sent, rows.keys(r.actor))
	if err != nil {
		return err
	}
	r.purpose, _ = r.purposeOf(ctx, r.ag, rows.sent, content)
	r.leaf, r.own = rows.sent.Leaf, !content.Answers.OfFamily()
	was, err := r.becameRecord(ctx, r.ag, r.actor, IntakeID(r.n.Intake))
	r.version = was.version + 1
	return err
}

// anew makes a record.
func (r *recording) anew(ctx context.Context) error {
	team, archive, err := r.parents(ctx, r.acting)
	if err != nil {
		return err
	}
	r.folder, err = r.openRecord(NewCase{Adopted: r.n.ID, AdoptedPerson: r.n.Person}, team, archive)
	return err
}

// there takes the record that is there. Whether a veto stands on it is read again
// under its lock.
func (r *recording) there(ctx context.Context) error {
	p, err := r.loadPlace(ctx, r.actor, string(r.n.Adopted))
	if err != nil {
		return err
	}
	var was vetoRows
	var of struct{ Relative bool }
	err = r.db.Read(ctx, scope(r.actor), func(b *pgx.Batch) {
		was.queue(b, string(r.n.Adopted))
		postgres.One(b, &of, sqlOfRelative, string(r.n.Adopted))
	})
	if err != nil {
		return r.db.Fault(fmt.Errorf("load what protects somebody: %w", err))
	}
	if of.Relative && r.purpose == PurposeVeto {
		return fault.New(fault.Conflict, "fault.preference.record")
	}
	var now vetoRows
	r.looks = append(r.looks, look{
		read: func(b *pgx.Batch) { now = vetoRows{}; now.queue(b, string(r.n.Adopted)) },
		check: func(*pgx.Batch) error {
			if !bytes.Equal(now.marks(), was.marks()) {
				return fault.New(fault.Conflict, "fault.casework.newerFact")
			}
			return nil
		},
	})
	r.folder, err = r.acting.folder(ctx, r.ag, p)
	return err
}

// take takes the enquiry: what it became is sealed to the record and rests on what
// was sent, and who asked for a veto is protected from here on by a stop.
func (r *recording) take(ctx context.Context) error {
	text := becameText{Adopted: r.folder.of, Purpose: r.purpose}
	if r.purpose == PurposeVeto { // also under a veto: it may be another person's
		var err error
		if text.Stop, err = r.stop(r.folder, r.folder.of, "", reasonText{Of: "intake"}); err != nil {
			return err
		}
		if r.n.Adopted != "" {
			told, err := r.alert(ctx, r.folder.of)
			if err != nil {
				return err
			}
			r.looks = append(r.looks, told)
		}
	}
	p := paper{id: r.n.Intake, part: becamePart, version: r.version, kind: seal.KindNote, refs: [][32]byte{[32]byte(r.leaf)}}
	if _, err := r.seal(r.folder, p, text); err != nil {
		return err
	}
	if r.purpose != PurposeVeto {
		r.write(guardedTaken, r.n.Intake)
	}
	r.write(sqlNudgeTray)
	return nil
}

// ConfirmRecord says that the record on which a colleague put a request for a veto
// is the right person's. The request is taken with that, and what held everything
// back ends: the stop on the record goes on. The same by the same worker again is
// one.
//
// NotFound: no such enquiry or record. Forbidden: the actor put it there, or knows
// somebody there. Conflict: it stands on another record now, its stop has ended, or
// somebody was first.
func (s *Service) ConfirmRecord(ctx context.Context, actor authz.Actor, intake IntakeID, record AdoptedID) error {
	ag, err := s.begin(ctx, actor, authz.OpenCase, string(record))
	if err != nil {
		return err
	}
	if !agency.ValidID("ad", string(record)) {
		return notFound()
	}
	rows, err := s.loadSent(ctx, actor, intake)
	if err != nil {
		return err
	}
	was, err := s.becameRecord(ctx, ag, actor, intake)
	if err != nil {
		return err
	}
	switch {
	case rows.sent.State == "taken" && was.confirmedBy == actor.Account() && was.record == record:
		return nil // the second of two clicks
	case rows.sent.State != "received" || was.record != record:
		return fault.New(fault.Conflict, "fault.intake.moved")
	case was.by == actor.Account():
		return fault.New(fault.Forbidden, "fault.intake.second")
	}
	p, err := s.loadPlace(ctx, actor, string(record))
	if err != nil {
		return err
	}
	a, f, err := s.actsAt(ctx, ag, actor, p)
	if err != nil {
		return err
	}
	sealed := paper{id: string(intake), part: confirmedPart, version: was.version, kind: seal.KindNote, refs: [][32]byte{was.leaf}}
	if _, err := a.seal(f, sealed, becameText{Adopted: string(record), Purpose: PurposeVeto}); err != nil {
		return err
	}
	if err := a.stillStopped(ctx, f, string(record)); err != nil {
		return err
	}
	a.write(guardedTaken, string(intake))
	a.write(sqlNudgeTray)
	var now []workRow
	return s.movedIntake(a.commit(ctx, "confirmRecord", p.held(), look{
		read: func(b *pgx.Batch) { now = nil; postgres.Many(b, &now, sqlBecame, string(intake)) },
		check: func(*pgx.Batch) error {
			if len(now) != 1 || !bytes.Equal(now[0].Leaf, was.leaf[:]) {
				return fault.New(fault.Conflict, "fault.intake.moved")
			}
			return nil
		},
	}))
}

// stillStopped begins another stop where the one that began with a request for a
// veto has been ended before a second person had looked.
func (a *acting) stillStopped(ctx context.Context, f folder, record string) error {
	var open []struct{ ID string }
	if err := a.db.Read(ctx, scope(a.actor), func(b *pgx.Batch) { postgres.Many(b, &open, sqlOpenStops, record) }); err != nil {
		return a.db.Fault(fmt.Errorf("load what protects somebody: %w", err))
	}
	if len(open) > 0 {
		return nil
	}
	_, err := a.stop(f, record, "", reasonText{Of: "intake"})
	return err
}

// became is the record on which an enquiry was put, the newest.
type became struct {
	record      AdoptedID // "" for none
	by          string    // "wk…"
	version     uint64
	leaf        [32]byte
	confirmedBy string // "wk…", who said that it is right; "" for nobody
}

// becameRecord gives the record that an enquiry became, as the worker stated it;
// the zero value for none, and for what nobody stated, after its alarm.
func (s *Service) becameRecord(ctx context.Context, ag *agency.Agency, actor authz.Actor, id IntakeID) (was became, err error) {
	var rows, confirmed []workRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlBecame, string(id))
		postgres.Many(b, &confirmed, sqlConfirmed, string(id))
	})
	if err != nil {
		return was, s.db.Fault(fmt.Errorf("load what an enquiry became: %w", err))
	}
	if len(rows) == 0 {
		return was, nil
	}
	if _, err = s.stated(ctx, ag, rows[0]); err == nil {
		err = s.newest(ctx, ag, rows[0])
	}
	if err != nil {
		return was, notUnread(s.unstated(ctx, ag, string(id), err))
	}
	was = became{record: AdoptedID(strings.TrimPrefix(rows[0].ToNode, "case/")), by: strings.TrimPrefix(rows[0].FromNode, "worker/"), version: rows[0].Version,
		leaf: [32]byte(rows[0].Leaf)}
	if len(confirmed) == 1 && confirmed[0].Version == was.version {
		was.confirmedBy = strings.TrimPrefix(confirmed[0].FromNode, "worker/")
	}
	return was, nil
}

// RecordsLike finds the records of adopted persons who may be the one that a new
// record is about, as KnownRecords does for a case. Invalid under "adopted".
func (s *Service) RecordsLike(ctx context.Context, actor authz.Actor, who Particulars) ([]KnownRecord, error) {
	ag, err := s.begin(ctx, actor, authz.OpenCase, "records")
	if err != nil {
		return nil, err
	}
	if who, err = checkParticulars("adopted", who); err != nil {
		return nil, err
	}
	return s.knownRecords(ctx, ag, actor, who)
}
