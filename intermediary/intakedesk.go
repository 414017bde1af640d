package intermediary

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"filippo.io/age"
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
	sqlIntakes = `select i.id, i.by_worker is not null as typed, i.sent_on, i.hear_by, i.purpose,
			exists (select from casework w where w.agency_id = i.agency_id and w.id = i.id and w.part = 'became') as placed from intake i
		where i.agency_id = agency() and i.state = 'received' order by i.purpose <> 'veto', i.hear_by, i.sent_on, i.id limit 500`
	sqlIntake = `select i.id, i.state, coalesce(i.by_worker, '') as by_worker, i.sent_on, i.hear_by, i.purpose, i.sealed, i.leaf, leaf_body(i.leaf) as body,
			coalesce(a.id, '') as application_id
		from intake i left join application a on a.agency_id = i.agency_id and a.intake_id = i.id
		where i.agency_id = agency() and i.id = $1 and i.state <> 'draft'`
	sqlIntakeNodes = `select ` + sqlNodeColumns + ` from node n
		where n.agency_id = agency() and n.id = 'intake' and n.key_leaf is not null order by n.epoch desc`
	sqlIntakeDeclined = `select ` + sqlWorkColumns + ` from casework w
		where w.agency_id = agency() and w.id = $1 and w.part = 'declined' order by w.version desc limit 1`
	sqlIntakeAside  = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = $1 and w.part = 'aside' order by w.version`
	sqlInsertIntake = `insert into intake (agency_id, id, code, state, information, sealed, commit, leaf, by_worker, sent_on, hear_by)
		values (agency(), @id, @code, 'received', @information, @sealed, @commit, @leaf, account(), @came, @hearBy)`
	sqlNudgeTray     = `select nudge_desk()`
	sqlTypedIntake   = `select id from intake where agency_id = agency() and id = $1 and by_worker = account()`
	sqlDeclineIntake = `update intake set state = 'declined' where agency_id = agency() and id = $1 and state = 'received' returning 1`
)

// IntakeAmber is after how many working days the tray says that an enquiry has
// waited long.
const IntakeAmber = 5

// oldestIntake is how many days ago an enquiry may have come by telephone or on
// paper before it is typed in.
const oldestIntake = 366

// IntakeLine is an enquiry in the tray: no name and no word of it.
type IntakeLine struct {
	ID       IntakeID
	Typed    bool   // a worker typed it in
	Purpose  string // search, veto or wish, as the row says
	SentOn   time.Time
	HearBy   time.Time
	WorkDays int // since it came
	Amber    bool
	Late     bool
	Placed   bool // a worker has put it on a record, and a colleague has to look whether that is right
}

// ReadIntake is an enquiry as a worker reads it. Its Purpose is the stricter one
// of the row's and of what was sealed.
type ReadIntake struct {
	IntakeLine
	Differs     bool   // the row and what was sealed do not say the same purpose, and the operator was told
	State       string // received, taken, declined
	Application string // the case that it became; "" for none
	Shown       string // the version of the information that they were given; "" for none
	Row         string // the row of the law that lets it be given
	Answers     Answers
	Route       Route  // what they were told that we can do
	Reasons     string // why it was declined
	Unread      bool   // it does not open, and the operator was told

	Record   AdoptedID // the record that it became; "" for none
	PlacedBy string    // "wk…", who put it there
	Aside    []string  // who said that it does not open and is to be set aside: "wk…"
}

// intakeLineRow is a row of the tray.
type intakeLineRow struct {
	ID      string
	Typed   bool
	SentOn  time.Time
	HearBy  time.Time
	Purpose string
	Placed  bool
}

// sentRow is an enquiry that was sent, as the database has it.
type sentRow struct {
	ID            string
	State         string
	ByWorker      string
	SentOn        time.Time
	HearBy        time.Time
	Purpose       string
	Sealed        []byte
	Leaf          []byte
	Body          []byte // its statement
	ApplicationID string
}

func (r sentRow) context(agencyID string) seal.Context {
	from := ""
	if r.ByWorker != "" {
		from = "worker/" + r.ByWorker
	}
	return intakeContext(agencyID, r.ID, from)
}

// NewIntakeID is for a form in which an enquiry is typed in.
func NewIntakeID() IntakeID { return IntakeID(agency.NewID("in")) }

// Intakes is the tray of first enquiries that nobody has taken or declined, 500 at
// most: who asks for a veto at the top, for until then nobody is approached, and
// then the one that must hear first. It has no names. TakeIntake.
func (s *Service) Intakes(ctx context.Context, actor authz.Actor) ([]IntakeLine, error) {
	if _, err := s.begin(ctx, actor, authz.TakeIntake, "intakes"); err != nil {
		return nil, err
	}
	var rows []intakeLineRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlIntakes) }); err != nil {
		return nil, s.db.Fault(fmt.Errorf("load enquiries: %w", err))
	}
	list := make([]IntakeLine, len(rows))
	for i, r := range rows {
		list[i] = s.intakeLine(r)
	}
	return list, nil
}

func (s *Service) intakeLine(r intakeLineRow) IntakeLine {
	today := calendar.Today(s.now())
	l := IntakeLine{ID: IntakeID(r.ID), Typed: r.Typed, Purpose: r.Purpose, Placed: r.Placed, SentOn: r.SentOn, HearBy: r.HearBy, WorkDays: s.agencies.Days().Between(r.SentOn, today)}
	l.Late = today.After(r.HearBy)
	l.Amber = !l.Late && l.WorkDays >= IntakeAmber
	return l
}

// ReadIntake opens an enquiry. The reading is in the log before it is opened.
// What does not open is marked Unread. NotFound: there is none, or it was not
// sent yet.
func (s *Service) ReadIntake(ctx context.Context, actor authz.Actor, id IntakeID) (ReadIntake, error) {
	ag, err := s.begin(ctx, actor, authz.TakeIntake, string(id))
	if err != nil {
		return ReadIntake{}, err
	}
	rows, err := s.loadSent(ctx, actor, id)
	if err != nil {
		return ReadIntake{}, err
	}
	if err := s.readingIntake(ctx, ag, actor, rows.sent.ID); err != nil {
		return ReadIntake{}, err
	}
	in, err := s.readIntake(ctx, ag, actor, rows)
	if err != nil {
		return in, err
	}
	was, err := s.becameRecord(ctx, ag, actor, id)
	in.Record, in.PlacedBy = was.record, was.by
	return in, err
}

// readingIntake writes down that the actor reads an enquiry.
func (s *Service) readingIntake(ctx context.Context, ag *agency.Agency, actor authz.Actor, id string) error {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("sign a reading: %w", err)
	}
	body, err := ag.State(statement.Statement{Event: statement.EventAccess, Object: id, Part: intakePart, Version: 1,
		From: "worker/" + actor.Account(), To: string(ring.Intake), At: hour(s.now())}, "", signer)
	if err != nil {
		return err
	}
	return s.db.Fault(s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		audit.Append(b, body)
		return nil
	}))
}

// sentRows is an enquiry with what it is opened with.
type sentRows struct {
	sent     sentRow
	nodes    []agency.NodeRow
	declined []workRow
	aside    []workRow // that it does not open and is to be set aside
}

func (s *Service) loadSent(ctx context.Context, actor authz.Actor, id IntakeID) (*sentRows, error) {
	if !agency.ValidID("in", string(id)) {
		return nil, notFound()
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, err
	}
	r := &sentRows{}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &r.sent, sqlIntake, string(id))
		postgres.Many(b, &r.nodes, sqlIntakeNodes)
		postgres.Many(b, &r.declined, sqlIntakeDeclined, string(id))
		postgres.Many(b, &r.aside, sqlIntakeAside, string(id))
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load enquiry %s: %w", id, err))
	}
	return r, nil
}

// keys are the epochs of the intake's key that the session holds.
func (r *sentRows) keys(actor authz.Actor) (keys []*age.HybridIdentity) {
	for _, n := range r.nodes {
		if key, ok := actor.Keys().Identity(agency.NodeName(n.ID, n.Epoch)); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

func (s *Service) readIntake(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *sentRows) (ReadIntake, error) {
	r := rows.sent
	in := ReadIntake{IntakeLine: s.intakeLine(intakeLineRow{ID: r.ID, Typed: r.ByWorker != "", SentOn: r.SentOn, HearBy: r.HearBy, Purpose: r.Purpose}),
		State: r.State, Application: r.ApplicationID}
	if in.State != "received" {
		in.Amber, in.Late = false, false
	}
	for _, w := range rows.aside {
		in.Aside = append(in.Aside, strings.TrimPrefix(w.FromNode, "worker/"))
	}
	content, err := s.openSent(ctx, ag, r, rows.keys(actor))
	if err != nil {
		in.Unread = true
		return in, ignored(err)
	}
	in.Shown, in.Row, in.Answers = content.Shown, content.Row, content.Answers
	in.Purpose, in.Differs = s.purposeOf(ctx, ag, r, content)
	if in.Route, err = RouteOf(content.Answers); err != nil {
		return ReadIntake{}, err
	}
	if len(rows.declined) == 1 {
		var why declinedIntake
		if err := s.openAs(ctx, ag, rows.declined[0], &why, rows.keys(actor)...); err != nil {
			return in, ignored(err)
		}
		in.Reasons = why.Reasons
	}
	return in, nil
}

// purposeOf is what an enquiry is for: the stricter one of what its row and what
// its sealed text say. The row is nobody's word, and where it says something else
// the operator is told.
func (s *Service) purposeOf(ctx context.Context, ag *agency.Agency, r sentRow, content sentIntake) (purpose string, differs bool) {
	if purpose = content.Answers.For(); purpose == r.Purpose {
		return purpose, false
	}
	s.log.ErrorContext(ctx, "ALARM: what an enquiry is for was changed in its row", "agency", ag.ID, "object", r.ID)
	for _, strictest := range []string{PurposeVeto, PurposeWish} {
		if purpose == strictest || r.Purpose == strictest {
			return strictest, true
		}
	}
	return PurposeSearch, true
}

// intakeFor opens an enquiry for nobody to read, and gives what it is for. Sealed:
// it does not open, and so nothing becomes of it.
func (s *Service) intakeFor(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *sentRows) (string, error) {
	content, err := s.openSent(ctx, ag, rows.sent, rows.keys(actor))
	if err != nil {
		return "", err
	}
	purpose, _ := s.purposeOf(ctx, ag, rows.sent, content)
	return purpose, nil
}

// ignored is nil for what does not open, which the page says by itself.
func ignored(err error) error {
	if unread(err) {
		return nil
	}
	return err
}

// openSent opens an enquiry: the door, or the worker who typed it in, has
// stated exactly this one, and its text is the one that was stated.
func (s *Service) openSent(ctx context.Context, ag *agency.Agency, r sentRow, keys []*age.HybridIdentity) (content sentIntake, err error) {
	c := r.context(ag.ID)
	st, err := s.statedIntake(ctx, ag, r)
	if err == nil {
		err = s.index.Newest(ctx, ag.ID, r.ID, intakePart, [32]byte(r.Leaf))
	}
	var text []byte
	if err == nil {
		err = fmt.Errorf("open %s: %w", c.Kind, seal.ErrKey)
		for _, key := range keys {
			if text, err = seal.OpenSigned(r.Sealed, c, key, st.Commit); !errors.Is(err, seal.ErrKey) {
				break
			}
		}
	}
	if err == nil && json.Unmarshal(text, &content) != nil { // its error would repeat the text
		err = errContent
	}
	if err != nil {
		return sentIntake{}, s.alarmed(ctx, "an enquiry does not open", err, "agency", ag.ID, "object", r.ID)
	}
	return content, nil
}

// statedIntake gives the verified statement of an enquiry.
func (s *Service) statedIntake(ctx context.Context, ag *agency.Agency, r sentRow) (*statement.Statement, error) {
	leaf := statement.Leaf(r.Body)
	if !bytes.Equal(leaf[:], r.Leaf) {
		return nil, fmt.Errorf("%w: not the row's statement", seal.ErrUnsigned)
	}
	st, err := ag.Verify(ctx, s.db, r.Body)
	if err != nil {
		return nil, err
	}
	event := statement.EventReceipt
	if r.ByWorker != "" {
		event = statement.EventRecord
	}
	return st, speaksOf(st, r.context(ag.ID), []statement.Event{event})
}

// declinedIntake is why an enquiry was declined.
type declinedIntake struct {
	Reasons string `json:"reasons"`
}

// DeclineIntake declines an enquiry, with reasons for colleagues that are sealed
// to the intake. Whoever sent it is told nothing by the program, whatever code
// they ask with: a worker writes or calls, in the way that they said is safe.
// Forbidden: they ask for a veto, and the actor is no manager as well; or it does
// not open, and no colleague has said that it is to be set aside (SetIntakeAside).
// Invalid on "reasons". Conflict: somebody has taken or declined it. NotFound: there
// is none.
func (s *Service) DeclineIntake(ctx context.Context, actor authz.Actor, id IntakeID, reasons string) error {
	ag, err := s.begin(ctx, actor, authz.TakeIntake, string(id))
	if err != nil {
		return err
	}
	rows, err := s.loadSent(ctx, actor, id)
	if err != nil {
		return err
	}
	purpose, err := s.intakeFor(ctx, ag, actor, rows)
	refused := ""
	switch {
	case unread(err) && (!actor.Has(authz.Manager) || !s.setAside(ctx, ag, actor, rows)):
		refused = "fault.intake.aside"
	case err != nil && !unread(err):
		return err
	case purpose == PurposeVeto && !actor.Has(authz.Manager):
		refused = "fault.intake.manager"
	}
	if refused != "" {
		audit.Refused(ctx, s.db, actor, authz.TakeIntake, string(id))
		return fault.New(fault.Forbidden, refused)
	}
	a, err := s.sayOfIntake(ctx, ag, actor, paper{id: string(id), part: "declined", version: 1, kind: seal.KindDecision}, reasons)
	if err != nil {
		return err
	}
	a.write(postgres.Guarded(sqlDeclineIntake), string(id))
	a.write(sqlNudgeTray)
	return s.movedIntake(a.commit(ctx, "decline intake", held{}))
}

// SetIntakeAside says of an enquiry that does not open that it is to be set aside,
// with what was done to find out whose it is. It changes nothing by itself: what
// may be somebody's request for a veto is declined by a second person, a manager,
// and holds everything back until then. The same worker says it once.
//
// Invalid on "reasons". Conflict: it opens, or somebody has declined it. NotFound:
// there is none.
func (s *Service) SetIntakeAside(ctx context.Context, actor authz.Actor, id IntakeID, reasons string) error {
	ag, err := s.begin(ctx, actor, authz.TakeIntake, string(id))
	if err != nil {
		return err
	}
	rows, err := s.loadSent(ctx, actor, id)
	if err != nil {
		return err
	}
	switch _, err := s.intakeFor(ctx, ag, actor, rows); {
	case err != nil && !unread(err):
		return err
	case err == nil || rows.sent.State != "received":
		return fault.New(fault.Conflict, "fault.intake.opens")
	}
	for _, w := range rows.aside {
		if w.FromNode == "worker/"+actor.Account() {
			return nil
		}
	}
	a, err := s.sayOfIntake(ctx, ag, actor, paper{id: string(id), part: "aside", version: uint64(len(rows.aside) + 1), kind: seal.KindDecision}, reasons)
	if err != nil {
		return err
	}
	return a.commit(ctx, "set aside", held{})
}

// setAside tells whether somebody else has said, under their signature, that an
// enquiry is to be set aside.
func (s *Service) setAside(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *sentRows) bool {
	for _, w := range rows.aside {
		if _, err := s.stated(ctx, ag, w); err == nil && w.FromNode != "worker/"+actor.Account() {
			return true
		}
	}
	return false
}

// sayOfIntake begins an act that says something of an enquiry, sealed to the intake.
func (s *Service) sayOfIntake(ctx context.Context, ag *agency.Agency, actor authz.Actor, p paper, reasons string) (*acting, error) {
	reasons, err := prose.Clean("reasons", strings.TrimSpace(reasons), MaxLong)
	if err != nil {
		return nil, err
	}
	if prose.Blank(reasons) {
		return nil, fault.Field("reasons", "fault.intake.reasons")
	}
	node, err := s.intakeNode(ctx, ag, scope(actor))
	if err == nil {
		err = s.newestKeys(ctx, ag, node)
	}
	if err != nil {
		return nil, err
	}
	a, err := s.acts(ag, actor)
	if err == nil {
		_, err = a.seal(folder{of: string(ring.Intake), node: node}, p, declinedIntake{reasons})
	}
	return a, err
}

// movedIntake says in the words of this tray that somebody was first.
func (s *Service) movedIntake(err error) error {
	if fault.KindOf(err) == fault.Conflict {
		return fault.Wrap(fault.Conflict, "fault.intake.moved", err)
	}
	return err
}

// EnteredIntake is an enquiry that came by telephone or on paper.
type EnteredIntake struct {
	ID      IntakeID // chosen once by the form, so that two clicks make one
	Came    time.Time
	Shown   string // the version of the information that they were given; "" for none yet
	Answers Answers
}

// versionForm is a version of the information.
var versionForm = regexp.MustCompile(`^[a-z0-9.-]{0,40}$`)

// EnterIntake types in an enquiry that is a search, under the worker's own signature. The promise
// counts from the day on which it came. Called again with the same ID by the
// same worker it does nothing. Invalid with the field: as for SaveIntake and
// Answers.Missing, "came", and "purpose" for a veto or a wish, which are written on
// a record at once.
func (s *Service) EnterIntake(ctx context.Context, actor authz.Actor, e EnteredIntake) error {
	ag, err := s.begin(ctx, actor, authz.TakeIntake, string(e.ID))
	if err != nil {
		return err
	}
	if !agency.ValidID("in", string(e.ID)) || !versionForm.MatchString(e.Shown) {
		return notFound()
	}
	answers, err := e.Answers.clean()
	if answers.For() != PurposeSearch {
		err = errors.Join(err, fault.Field("purpose", "fault.intake.choose"))
	}
	if err := errors.Join(err, answers.Missing(), s.cameOn(e.Came)); err != nil {
		return err
	}
	e.Answers = answers
	var typed []string
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlTypedIntake, string(e.ID)).Query(func(r pgx.Rows) (err error) {
			typed, err = pgx.CollectRows(r, pgx.RowTo[string])
			return err
		})
	})
	if err != nil {
		return s.db.Fault(fmt.Errorf("look for an enquiry: %w", err))
	}
	if len(typed) == 1 {
		return nil
	}
	return s.storeEntered(ctx, ag, actor, e)
}

// cameOn checks the day on which an enquiry came.
func (s *Service) cameOn(day time.Time) error {
	today := calendar.Today(s.now())
	if day.IsZero() || day.After(today) || day.Before(today.AddDate(0, 0, -oldestIntake)) {
		return fault.Field("came", "fault.intake.came")
	}
	return nil
}

func (s *Service) storeEntered(ctx context.Context, ag *agency.Agency, actor authz.Actor, e EnteredIntake) error {
	row, err := informed()
	if err != nil {
		return err
	}
	content := sentIntake{Shown: e.Shown, Answers: e.Answers}
	if e.Shown != "" {
		content.Row = string(row)
	}
	text, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("write an enquiry: %w", err)
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return err
	}
	node, err := s.intakeNode(ctx, ag, scope(actor))
	if err == nil {
		err = s.newestKeys(ctx, ag, node)
	}
	if err != nil {
		return err
	}
	c := intakeContext(ag.ID, string(e.ID), "worker/"+actor.Account())
	sealed, err := seal.Seal(c, text, node.Recipient(), ag.Archive())
	if err != nil {
		return fmt.Errorf("seal an enquiry: %w", err)
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return err
	}
	leaf, err := a.state(statement.Statement{Event: statement.EventRecord, Object: c.Object, Part: c.Part, Version: c.Version,
		From: c.From, To: c.To, Commit: sealed.Commit})
	if err != nil {
		return err
	}
	var code [32]byte // nobody has it: who called is answered by a worker
	_, _ = rand.Read(code[:])
	a.write(sqlInsertIntake, pgx.StrictNamedArgs{"id": c.Object, "code": code[:], "information": e.Shown, "sealed": sealed.Bytes, "commit": sealed.Commit[:],
		"leaf": leaf[:], "came": e.Came, "hearBy": s.agencies.Days().Add(e.Came, Promise)})
	a.write(sqlNudgeTray)
	return a.commit(ctx, "enter intake", held{})
}
