package intermediary

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/code"
	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/session"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

const (
	sqlLoadIntake = `select id, state, sealed, version, hear_by from intake_load($1)`
	sqlSaveIntake = `select intake_save($1, $2, $3, $4, $5)`
	sqlSendIntake = `select intake_send($1, $2, $3, $4, $5, $6, $7, $8, $9)`
)

// How long an enquiry that was not sent is kept, in days: one in which nothing
// was written yet, and one that was saved. Each saving begins anew.
const (
	beginDays = 7
	saveDays  = 90
)

// intakePart is the part of an enquiry in its seal and its statement.
const intakePart = "intake"

// IntakeID is the id of a first enquiry.
type IntakeID string

// Strangers is the door as a first enquiry needs it, where nobody has an
// account: what a code opens, and what is counted by network. account.Service is
// one.
type Strangers interface {
	IntakeToken(agencyID string, c code.Intake) (session.Token, error)
	CountBegun(ctx context.Context, agencyID string, from netip.Addr) error
	CountWrongCode(ctx context.Context, agencyID string, from netip.Addr) error
}

// WithStrangers is the same service for people without an account. One without
// takes no enquiries.
func (s *Service) WithStrangers(door Strangers) *Service {
	other := *s
	other.strangers = door
	return &other
}

// Intake is a first enquiry as whoever has its code sees it. Once it was sent
// nothing of it is shown any more but that we have it, and by when they hear:
// the same for one that waits, that became a case, and that was declined.
type Intake struct {
	Sent    bool
	HearBy  time.Time // of one that was sent
	Code    string    // of one that was not, to be written down
	Version int       // counts the savings
	Shown   string    // the version of the information that was shown; "" for none
	Answers Answers
}

// intakeRow is an enquiry as the families' tier may have it.
type intakeRow struct {
	ID      string
	State   string
	Sealed  []byte
	Version int
	HearBy  *time.Time
}

// draftIntake is what is sealed under the code.
type draftIntake struct {
	Code    string  `json:"code"`
	Shown   string  `json:"shown,omitempty"`
	Answers Answers `json:"answers"`
}

// sentIntake is what is sealed to the intake.
type sentIntake struct {
	Shown   string  `json:"shown,omitempty"` // the version of the information that they were given
	Row     string  `json:"row,omitempty"`   // of the law, which lets it be given
	Answers Answers `json:"answers"`
}

// BeginIntake begins a first enquiry and gives the token of the browser's
// cookie; the code for coming back stands in the enquiry. Busy: too many were
// begun from this network, or at this agency. Forbidden: the agency is not open.
func (s *Service) BeginIntake(ctx context.Context, agencyID string, from netip.Addr) (session.Token, error) {
	if s.strangers == nil {
		return session.Token{}, notFound()
	}
	if err := s.strangers.CountBegun(ctx, agencyID, from); err != nil {
		return session.Token{}, err
	}
	c := code.NewIntake()
	token, err := s.strangers.IntakeToken(agencyID, c)
	if err != nil {
		return session.Token{}, err
	}
	row := intakeRow{ID: agency.NewID("in")}
	return token, s.keepIntake(ctx, agencyID, token, row, draftIntake{Code: c.Text()}, beginDays)
}

// ResumeIntake gives the token for the enquiry of a code that somebody typed.
// Invalid on "code": it is mistyped, or there is no such enquiry, or it has run
// out. Busy: too many wrong codes came from this network.
func (s *Service) ResumeIntake(ctx context.Context, agencyID string, from netip.Addr, typed string) (session.Token, error) {
	if s.strangers == nil {
		return session.Token{}, notFound()
	}
	c, err := code.ParseIntake(typed)
	if err != nil {
		return session.Token{}, fault.Field("code", "fault.code.typing")
	}
	token, err := s.strangers.IntakeToken(agencyID, c)
	if err != nil {
		return session.Token{}, err
	}
	_, err = s.loadIntake(ctx, agencyID, token)
	if fault.KindOf(err) != fault.NotFound {
		return token, err
	}
	if err := s.strangers.CountWrongCode(ctx, agencyID, from); err != nil {
		return session.Token{}, err
	}
	return session.Token{}, fault.Field("code", "fault.intake.unknown")
}

// LoadIntake opens the enquiry of a token. NotFound: there is none, or it has
// run out. Sealed: it was changed by somebody who has not the code.
func (s *Service) LoadIntake(ctx context.Context, agencyID string, token session.Token) (Intake, error) {
	row, err := s.loadIntake(ctx, agencyID, token)
	if err != nil {
		return Intake{}, err
	}
	if row.State != "draft" {
		in := Intake{Sent: true, Version: row.Version}
		if row.HearBy != nil {
			in.HearBy = *row.HearBy
		}
		return in, nil
	}
	d, err := s.openDraft(ctx, agencyID, token, row)
	return Intake{Code: d.Code, Version: row.Version, Shown: d.Shown, Answers: d.Answers}, err
}

// SaveIntake keeps the answers and the shown version of an enquiry that was
// loaded. Invalid, with the field: an answer cannot be kept so. Conflict: it was
// saved or sent in the meantime; load it again. NotFound as for LoadIntake.
func (s *Service) SaveIntake(ctx context.Context, agencyID string, token session.Token, in Intake) error {
	answers, err := in.Answers.clean()
	if err != nil {
		return err
	}
	row, d, err := s.draftOf(ctx, agencyID, token, in.Version)
	if err != nil {
		return err
	}
	d.Answers, d.Shown = answers, in.Shown
	return s.keepIntake(ctx, agencyID, token, row, d, saveDays)
}

// SendIntake hands an enquiry in: it is sealed to the intake, the door states
// its receipt, and what was sealed under the code is gone. It gives the day by
// which they hear. One whose purpose is a veto holds every approach, asking and
// disclosure of the agency from then on, until a worker has dealt with it. shown
// is the newest version of the information, which they have to have seen. Invalid with the field: what Answers.Missing tells, and
// without a field if the information was not shown. Conflict: as for SaveIntake.
func (s *Service) SendIntake(ctx context.Context, agencyID string, token session.Token, version int, shown string) (time.Time, error) {
	row, d, err := s.draftOf(ctx, agencyID, token, version)
	if err != nil {
		return time.Time{}, err
	}
	if err := d.Answers.Missing(); err != nil {
		return time.Time{}, err
	}
	if d.Shown == "" || d.Shown != shown {
		return time.Time{}, fault.New(fault.Invalid, "fault.intake.information")
	}
	ag, _ := s.agencies.Get(agencyID) // draftOf found it
	sealed, err := s.sealIntake(ctx, ag, row.ID, d)
	if err != nil {
		return time.Time{}, err
	}
	body, err := s.receivedIntake(ag, row.ID, sealed)
	if err != nil {
		return time.Time{}, err
	}
	of, leaf := token.RowID(), statement.Leaf(body)
	hearBy := s.agencies.Days().Add(calendar.Today(s.now()), Promise)
	s.at("send intake")
	err = s.db.Act(ctx, postgres.Scope{Agency: ag.ID}, nil, func(b *pgx.Batch) error {
		b.Queue(sqlSendIntake, of[:], row.ID, row.Version, sealed.Bytes, sealed.Commit[:], leaf[:], shown, hearBy, d.Answers.For())
		audit.Append(b, body)
		return nil
	})
	if err != nil {
		return time.Time{}, s.db.Fault(fmt.Errorf("send an enquiry: %w", err))
	}
	return hearBy, nil
}

// receivedIntake is the door's receipt for an enquiry.
func (s *Service) receivedIntake(ag *agency.Agency, id string, sealed seal.Sealed) ([]byte, error) {
	st := statement.Statement{Event: statement.EventReceipt, Object: id, Part: intakePart, Version: 1, To: string(ring.Intake),
		Commit: sealed.Commit, At: s.now()}
	return ag.State(st, "door")
}

// intakeContext is where an enquiry belongs. From is nobody for one that came
// online, for nobody has shown who they are, and else the worker who typed it in.
func intakeContext(agencyID, id, from string) seal.Context {
	return seal.Context{Kind: seal.KindIntake, Agency: agencyID, Object: id, Part: intakePart, From: from, To: string(ring.Intake), Version: 1}
}

// sealIntake seals an enquiry to the intake's newest key and the archive.
func (s *Service) sealIntake(ctx context.Context, ag *agency.Agency, id string, d draftIntake) (seal.Sealed, error) {
	row, err := informed()
	if err != nil {
		return seal.Sealed{}, err
	}
	text, err := json.Marshal(sentIntake{Shown: d.Shown, Row: string(row), Answers: d.Answers})
	if err != nil {
		return seal.Sealed{}, fmt.Errorf("write an enquiry: %w", err)
	}
	node, err := s.intakeNode(ctx, ag, postgres.Scope{Agency: ag.ID})
	if err != nil {
		return seal.Sealed{}, err
	}
	sealed, err := seal.Seal(intakeContext(ag.ID, id, ""), text, node.Recipient(), ag.Archive())
	if err != nil {
		return seal.Sealed{}, fmt.Errorf("seal an enquiry: %w", err)
	}
	return sealed, nil
}

// intakeNode is the newest key of the intake, which the registrar vouched for.
func (s *Service) intakeNode(ctx context.Context, ag *agency.Agency, in postgres.Scope) (agency.Node, error) {
	var rows []agency.NodeRow
	if err := s.db.Read(ctx, in, func(b *pgx.Batch) { agency.QueueNodes(b, &rows, string(ring.Intake)) }); err != nil {
		return agency.Node{}, s.db.Fault(fmt.Errorf("read the intake's key: %w", err))
	}
	node, err := ag.Trusted(rows, string(ring.Intake))
	if err != nil {
		s.log.ErrorContext(ctx, "ALARM: the intake's key is not the one vouched for", "agency", ag.ID, "error", err)
		return agency.Node{}, fault.Wrap(fault.Sealed, "fault.sealing", err)
	}
	return node, nil
}

// draftOf loads and opens the enquiry that is still at this version.
func (s *Service) draftOf(ctx context.Context, agencyID string, token session.Token, version int) (intakeRow, draftIntake, error) {
	row, err := s.loadIntake(ctx, agencyID, token)
	if err != nil {
		return intakeRow{}, draftIntake{}, err
	}
	if row.State != "draft" || row.Version != version {
		return intakeRow{}, draftIntake{}, fault.New(fault.Conflict, "fault.intake.changed")
	}
	d, err := s.openDraft(ctx, agencyID, token, row)
	return row, d, err
}

func (s *Service) loadIntake(ctx context.Context, agencyID string, token session.Token) (intakeRow, error) {
	if _, ok := s.agencies.Get(agencyID); !ok {
		return intakeRow{}, notFound()
	}
	var row intakeRow
	of := token.RowID()
	err := s.db.Read(ctx, postgres.Scope{Agency: agencyID}, func(b *pgx.Batch) { postgres.One(b, &row, sqlLoadIntake, of[:]) })
	if err != nil {
		return intakeRow{}, s.db.Fault(fmt.Errorf("load an enquiry: %w", err))
	}
	return row, nil
}

// boxOf names the box of an enquiry: whose it is, which, and which version.
func boxOf(agencyID, id string, version int) string {
	return fmt.Sprintf("%s/intake/%s/%d", agencyID, id, version)
}

// openDraft opens what was sealed under the code. The row cannot be another's,
// nor an earlier version's: the box is bound to both.
func (s *Service) openDraft(ctx context.Context, agencyID string, token session.Token, row intakeRow) (d draftIntake, err error) {
	text, err := token.Open(session.Public, boxOf(agencyID, row.ID, row.Version), row.Sealed)
	if err == nil && json.Unmarshal(text, &d) != nil { // its error would repeat the text
		err = errContent
	}
	if err != nil {
		return draftIntake{}, s.alarmed(ctx, "an enquiry does not open", err, "agency", agencyID, "object", row.ID)
	}
	return d, nil
}

// keepIntake seals an enquiry under its code as the version after the row's, and
// stores it if the row is still at that version. The version of a new one is 0.
func (s *Service) keepIntake(ctx context.Context, agencyID string, token session.Token, row intakeRow, d draftIntake, days int) error {
	text, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("write an enquiry: %w", err)
	}
	box, err := token.Seal(session.Public, boxOf(agencyID, row.ID, row.Version+1), text)
	if err != nil {
		return fmt.Errorf("seal an enquiry: %w", err)
	}
	of := token.RowID()
	s.at("keep intake")
	err = s.db.Act(ctx, postgres.Scope{Agency: agencyID}, nil, func(b *pgx.Batch) error {
		b.Queue(sqlSaveIntake, of[:], row.ID, box, row.Version, days)
		return nil
	})
	if err = s.db.Fault(err); fault.KindOf(err) == fault.Conflict {
		return fault.Wrap(fault.Conflict, "fault.intake.changed", errors.Unwrap(err))
	}
	if err != nil {
		return fmt.Errorf("keep an enquiry: %w", err)
	}
	return nil
}
