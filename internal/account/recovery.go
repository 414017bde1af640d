package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// recoveryWaits is how long after two workers agreed a code may be printed: the
// owner of the old key has that time to say no.
const recoveryWaits = 24 * time.Hour

// recoveriesShown is how long an ended recovery stays in the list.
const recoveriesShown = 30 * 24 * time.Hour

// NewRecovery says who is to be recovered and how it was made sure that it is
// they who asked.
type NewRecovery struct {
	Kind    string // "person" or "worker"
	Account string
	// What is lost: "passphrase", or for a worker who still has it, "secondStep".
	What string
	// Identity is how it was checked again who asks: "inPerson", or "callBack"
	// on the number in the paper file.
	Identity string
}

// Recovery is one recovery as the workers see it.
type Recovery struct {
	ID, Kind, Account string
	Name              string // of the account, as in the directory; "" where the record does not open
	What, Identity    string
	State             string // "started", "agreed", "printed", "redeemed", "done" or "stopped"

	StartedBy, AgreedBy         string // ids of workers; AgreedBy "" until somebody has
	StartedByName, AgreedByName string
	Started, Agreed             time.Time
	Ready                       time.Time // when a code may be printed; zero until it is agreed and the person was told
	HeldBack                    string    // why the person had no notice; "" if they had one
	Posted                      time.Time // when the notice on paper was posted; zero if it was not, or none is needed
	StoppedBy                   string    // id of a worker, or "self"; "" unless stopped
	Ended                       time.Time // done or stopped

	CanAgree, CanPost, CanPrint, CanReset, CanStop bool // what the actor may do now
}

// HoldBackReasons are why a worker may hold back the notice to a person.
func HoldBackReasons() []string { return []string{"notSafe", "notTheirs", "othersRead"} }

// recoveryRow is a recovery as the database has it.
type recoveryRow struct {
	ID, Kind             string
	Account              string `db:"account_id"`
	What, Identity       string
	State                string
	StartedBy            string
	StartedAt            time.Time
	AgreedBy             string
	AgreedAt             *time.Time
	Barred               bool // the actor is to keep away from this person's account
	HeldBack             string
	StoppedBy            string
	EndedAt              *time.Time
	Notice               string // "mail" or "paper"; "" for neither
	PostedBy             string
	PostedAt             *time.Time
	StartBody, AgreeBody []byte
	NoticeBody           []byte
}

func (r *recoveryRow) node() string { return nodeID(r.Kind, r.Account) }

// onPaper tells whether the person has to be told by a letter: they want no mail,
// and nobody held the notice back.
func (r *recoveryRow) onPaper() bool {
	return r.Kind == "person" && r.HeldBack == "" && r.Notice != "mail"
}

// ready is when a code may be printed: a day after it was agreed, or after the
// letter that tells the person was posted. Zero until then.
func (r *recoveryRow) ready() time.Time {
	from := r.AgreedAt
	if r.onPaper() && from != nil {
		from = r.PostedAt
	}
	if from == nil {
		return time.Time{}
	}
	return from.Add(recoveryWaits)
}

// recoveryFaults are what the database says of a recovery that may not be.
func recoveryFaults() postgres.Constraints {
	return postgres.Constraints{
		"recovery_open":          fault.New(fault.Conflict, "fault.recovery.open"),
		"recovery_account_known": fault.New(fault.Conflict, "fault.recovery.account"),
		"recovery_two":           fault.New(fault.Forbidden, "fault.recovery.second"),
		"recovery_worker":        fault.New(fault.Forbidden, "fault.recovery.second"),
		"recovery_manager":       fault.New(fault.Forbidden, "fault.recovery.manager"),
		"recovery_stated":        fault.New(fault.Forbidden, "fault.recovery.manager"),
		"recovery_day":           fault.New(fault.Conflict, "fault.recovery.early"),
		"recovery_notice":        fault.New(fault.Conflict, "fault.recovery.notice"),
		"recovery_reset":         fault.New(fault.Conflict, "fault.recovery.early"),
		"recovery_move":          fault.New(fault.Conflict, "fault.recovery.moved"),
		"person_barred":          fault.New(fault.Forbidden, "fault.person.barred"),
		"invitation_by_recovery": fault.New(fault.Conflict, "fault.recovery.moved"),
	}
}

// beginRecovery is the gate of everything that a worker does with a recovery.
func (s *Service) beginRecovery(ctx context.Context, actor authz.Actor, act authz.Act, prefix, id string) (*agency.Agency, error) {
	if err := audit.Check(ctx, s.db, actor, act, id); err != nil {
		return nil, err
	}
	if !agency.ValidID(prefix, id) {
		return nil, fault.New(fault.NotFound, "fault.notFound")
	}
	return s.own(actor)
}

// StartRecovery begins to give somebody a new key (or a worker a new second
// step), after their identity was checked again. Nothing changes for them until
// a second worker agrees and a day has passed. A worker's recovery is started
// by a manager. It needs a fresh one-time code. It gives the recovery's id.
//
// Invalid: fields "what", "identity" and "code". Forbidden: for oneself.
// Conflict: one is going on already, or there is no account to recover.
func (s *Service) StartRecovery(ctx context.Context, actor authz.Actor, n NewRecovery, totpCode string) (string, error) {
	act, prefix := authz.Recover, "pe"
	if n.Kind == "worker" {
		act, prefix = authz.RecoverWorker, "wk"
	}
	ag, err := s.beginRecovery(ctx, actor, act, prefix, n.Account)
	if err != nil {
		return "", err
	}
	if err := s.notSelf(ctx, actor, act, n.Account); err != nil {
		return "", err
	}
	if err := s.notBarred(ctx, actor, act, sqlRecoveryBarred, n.Account); err != nil {
		return "", err
	}
	if err := n.check(); err != nil {
		return "", err
	}
	fresh, err := s.freshCode(ctx, ag, actor, totpCode)
	if err != nil {
		return "", err
	}
	r := &recoveryRow{ID: agency.NewID("rc"), Kind: n.Kind, Account: n.Account, What: n.What}
	at := s.signedNow()
	body, err := s.stateRecovery(ag, actor, statement.Statement{Object: r.node(), Part: r.part(wordStart), Version: 1, At: at})
	if err != nil {
		return "", err
	}
	id, leaf := r.ID, statement.Leaf(body)
	err = s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlStartRecovery, id, n.Kind, n.Account, n.What, n.Identity, actor.Account(), at, leaf[:])
		s.queueFresh(b, actor, fresh)
		audit.Append(b, body)
		return nil
	})
	return id, s.recoveryFault(err)
}

// check refuses a recovery that is not one of the closed list.
func (n NewRecovery) check() error {
	switch {
	case n.Kind != "person" && n.Kind != "worker", n.What != "passphrase" && n.What != "secondStep", n.What == "secondStep" && n.Kind != "worker":
		return fault.Field("what", "fault.recovery.what")
	case n.Identity != "inPerson" && n.Identity != "callBack":
		return fault.Field("identity", "fault.recovery.identity")
	}
	return nil
}

// notSelf refuses whoever is, or also is, the one to be recovered.
func (s *Service) notSelf(ctx context.Context, actor authz.Actor, act authz.Act, account string) error {
	self := actor.Account() == account
	if !self {
		err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
			b.Queue(sqlOwnPerson, actor.Account(), account).QueryRow(func(row pgx.Row) error { return row.Scan(&self) })
		})
		if err != nil {
			return fmt.Errorf("read whom to recover: %w", s.db.Fault(err))
		}
	}
	if self {
		audit.Refused(ctx, s.db, actor, act, account)
		return fault.New(fault.Forbidden, "fault.recovery.self")
	}
	return nil
}

// stateRecovery signs a worker's part of a recovery. A manager's is the
// statement that counts, and the registrar signs with them.
func (s *Service) stateRecovery(ag *agency.Agency, actor authz.Actor, st statement.Statement) ([]byte, error) {
	by, err := actor.Keys().Signer()
	if err != nil {
		return nil, fmt.Errorf("recover an account: %w", err)
	}
	st.Event = statement.EventCasework
	own := ""
	if actor.Has(authz.Manager) {
		st.Event, own = statement.EventRecover, "registrar"
	}
	return ag.State(st, own, by)
}

// recoveryFault turns what the database refuses into words.
func (s *Service) recoveryFault(err error) error {
	err = recoveryFaults().Fault(err)
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Message != "fault.conflict" {
		return err
	}
	return s.guarded(err, fault.New(fault.Conflict, "fault.recovery.moved"))
}

// recovery loads one recovery.
func (s *Service) recovery(ctx context.Context, actor authz.Actor, id string) (*recoveryRow, error) {
	var rows []recoveryRow
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) { b.Queue(sqlRecovery, id).Query(collect(&rows)) })
	if err != nil {
		return nil, fmt.Errorf("load recovery %s: %w", id, s.db.Fault(err))
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.NotFound, "fault.notFound")
	}
	return &rows[0], nil
}

// AgreeRecovery is the second worker's word: another one than who started it,
// and a manager unless that one was. From now the owner of the old key has a
// day to stop it, and a person is told by the channel that they named as safe,
// unless holdBack says why not (HoldBackReasons): by mail, or, where they want
// none, by a letter that a worker posts (PostedNotice) before the day begins. It
// needs a fresh one-time code.
//
// Forbidden: by the one who started it, by the one whom it is about, or no
// manager among the two. Invalid: fields "holdBack" and "code". Conflict: it is
// not waiting for that.
func (s *Service) AgreeRecovery(ctx context.Context, actor authz.Actor, id, holdBack, totpCode string) error {
	ag, err := s.beginRecovery(ctx, actor, authz.Recover, "rc", id)
	if err != nil {
		return err
	}
	if holdBack != "" && !slices.Contains(HoldBackReasons(), holdBack) {
		return fault.Field("holdBack", "fault.recovery.holdBack")
	}
	r, err := s.recovery(ctx, actor, id)
	if err != nil {
		return err
	}
	if err := s.mayAgree(ctx, ag, actor, r); err != nil {
		return err
	}
	fresh, err := s.freshCode(ctx, ag, actor, totpCode)
	if err != nil {
		return err
	}
	at := s.signedNow()
	body, err := s.stateRecovery(ag, actor, statement.Statement{Object: r.node(), Part: r.part(wordAgree), Version: 1, At: at,
		Refs: [][32]byte{statement.Leaf(r.StartBody)}})
	if err != nil {
		return err
	}
	if s.stall != nil {
		s.stall()
	}
	leaf := statement.Leaf(body)
	err = s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		b.Queue(postgres.Guarded(sqlAgreeRecovery), id, actor.Account(), at, leaf[:], holdBack)
		if r.Kind == "person" && holdBack == "" {
			b.Queue(sqlNotifyPerson, r.Account)
		}
		s.queueFresh(b, actor, fresh)
		audit.Append(b, body)
		return nil
	})
	return s.recoveryFault(err)
}

// mayAgree checks what the second worker must be, and that the first one's word
// is really theirs.
func (s *Service) mayAgree(ctx context.Context, ag *agency.Agency, actor authz.Actor, r *recoveryRow) error {
	if r.StartedBy == actor.Account() {
		audit.Refused(ctx, s.db, actor, authz.Recover, r.ID)
		return fault.New(fault.Forbidden, "fault.recovery.second")
	}
	if err := s.notSelf(ctx, actor, authz.Recover, r.Account); err != nil {
		return err
	}
	if err := s.notBarred(ctx, actor, authz.Recover, sqlRecoveryBarred, r.Account); err != nil {
		return err
	}
	if r.State != "started" {
		return fault.New(fault.Conflict, "fault.recovery.moved")
	}
	manager, err := s.statedRecovery(ctx, ag, r, r.first())
	if err != nil {
		return err
	}
	if err := s.notEnded(ctx, ag, r); err != nil {
		return err
	}
	if !manager && !actor.Has(authz.Manager) {
		return fault.New(fault.Forbidden, "fault.recovery.manager")
	}
	return s.mayAgreeWith(ctx, ag, actor, r.StartedBy)
}

// errRecovery: a recovery's row says what no worker has stated.
var errRecovery = errors.New("the recovery is not the one that was stated")

// What is stated of a recovery. The part of a statement is one of these, what is
// recovered, and the recovery's id: no word counts for another recovery.
const (
	wordStart = "start"
	wordAgree = "agree"
	wordStop  = "stop"
	wordDone  = "done"
	// That the notice on paper was posted.
	wordNotice = "notice"
)

func (r *recoveryRow) part(what string) string { return what + "." + r.What + "." + r.ID }

// signedNow is the time as a statement carries it, for the row to carry as well.
func (s *Service) signedNow() time.Time { return s.now().UTC().Truncate(time.Second) }

// word is one worker's part of a recovery.
type word struct {
	part, worker string
	at           time.Time
	rests        []byte // the statement that it names; nil for none
	body         []byte // what they signed
}

func (r *recoveryRow) first() word {
	return word{part: r.part(wordStart), worker: r.StartedBy, at: r.StartedAt, body: r.StartBody}
}

func (r *recoveryRow) second() word {
	return word{r.part(wordAgree), r.AgreedBy, timeOf(r.AgreedAt), r.StartBody, r.AgreeBody}
}

// third is the word of whoever posted the notice.
func (r *recoveryRow) third() word {
	return word{r.part(wordNotice), r.PostedBy, timeOf(r.PostedAt), r.AgreeBody, r.NoticeBody}
}

// says tells whether a statement is this word about that node.
func (w word) says(st *statement.Statement, agencyID, node string) bool {
	return st.Object == node && st.Part == w.part && st.At.Equal(w.at) &&
		(st.Event == statement.EventCasework || st.Event == statement.EventRecover) &&
		slices.Contains(st.Signers(), statement.WorkerKeyName(agencyID, w.worker)) &&
		(w.rests == nil || slices.Contains(st.Refs, statement.Leaf(w.rests)))
}

// statedRecovery checks one worker's statement of a recovery, and tells whether
// it is a manager's. Two rows in a table are nobody's word.
func (s *Service) statedRecovery(ctx context.Context, ag *agency.Agency, r *recoveryRow, w word) (manager bool, err error) {
	st, err := ag.Verify(ctx, s.db, w.body)
	if err == nil && !w.says(st, ag.ID, r.node()) {
		err = errRecovery
	}
	if err != nil {
		s.alarm(ctx, "a recovery is not as it was signed", r.ID, err)
		return false, fault.Wrap(fault.Sealed, "fault.sealed", err)
	}
	return st.Event == statement.EventRecover, nil
}

// checkStated checks both workers' words before anything rests on them, and
// that the log knows of no end of the recovery.
func (s *Service) checkStated(ctx context.Context, ag *agency.Agency, r *recoveryRow) error {
	first, err := s.statedRecovery(ctx, ag, r, r.first())
	if err != nil {
		return err
	}
	second, err := s.statedRecovery(ctx, ag, r, r.second())
	if err != nil {
		return err
	}
	if r.StartedBy == r.AgreedBy || !first && !second {
		return s.notAsSigned(ctx, r)
	}
	if r.onPaper() && r.PostedAt != nil {
		if _, err := s.statedRecovery(ctx, ag, r, r.third()); err != nil {
			return err
		}
	}
	return s.notEnded(ctx, ag, r)
}

func (s *Service) notAsSigned(ctx context.Context, r *recoveryRow) error {
	s.alarm(ctx, "a recovery is not as it was signed", r.ID, errRecovery)
	return fault.Wrap(fault.Sealed, "fault.sealed", errRecovery)
}

// due loads a recovery that two workers agreed on a day ago or longer.
func (s *Service) due(ctx context.Context, ag *agency.Agency, actor authz.Actor, id, what string) (*recoveryRow, error) {
	r, err := s.recovery(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if r.Kind == "worker" {
		if err := audit.Check(ctx, s.db, actor, authz.RecoverWorker, id); err != nil {
			return nil, err
		}
	}
	if err := s.notSelf(ctx, actor, authz.Recover, r.Account); err != nil {
		return nil, err
	}
	if err := s.notBarred(ctx, actor, authz.Recover, sqlRecoveryBarred, r.Account); err != nil {
		return nil, err
	}
	if r.What != what || r.State != "agreed" && (r.State != "printed" || what != "passphrase") {
		return nil, fault.New(fault.Conflict, "fault.recovery.moved")
	}
	// The day counts from the signed time, which the row's is only after this.
	if err := s.checkStated(ctx, ag, r); err != nil {
		return nil, err
	}
	if r.ready().IsZero() {
		return nil, fault.New(fault.Conflict, "fault.recovery.notice")
	}
	if s.now().Before(r.ready()) {
		return nil, fault.New(fault.Conflict, "fault.recovery.early")
	}
	return r, nil
}

// PrintRecovery makes the paper for a recovery, a day after it was agreed: a new
// reference and a code, good for 28 days with the fact that was agreed on by
// telephone. It may be printed again until it is used; then the paper before it
// is dead. A worker's is printed by a manager. It needs a fresh one-time code.
//
// Conflict: too early, the person was not told yet, or the recovery is not at that
// point. Invalid: fields "fact" and "code".
func (s *Service) PrintRecovery(ctx context.Context, actor authz.Actor, id, fact, totpCode string) (Paper, error) {
	ag, err := s.beginRecovery(ctx, actor, authz.Recover, "rc", id)
	if err != nil {
		return Paper{}, err
	}
	r, err := s.due(ctx, ag, actor, id, "passphrase")
	if err != nil {
		return Paper{}, err
	}
	inv, err := s.invite(ctx, ag, invitation{kind: r.Kind, account: r.Account, by: actor.Account(), recovery: id}, fact)
	if err != nil {
		return Paper{}, err
	}
	fresh, err := s.freshCode(ctx, ag, actor, totpCode)
	if err != nil {
		return Paper{}, err
	}
	err = s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		b.Queue(postgres.Guarded(sqlPrintRecovery), id, inv.at)
		inv.queue(b)
		s.queueFresh(b, actor, fresh)
		return nil
	})
	if err != nil {
		return Paper{}, s.recoveryFault(err)
	}
	return inv.paper, nil
}

// ResetSecondStep takes a worker's second step away, a day after it was agreed.
// Their passphrase stays. Their sessions end, and at the next sign-in they set
// up a new second step before anything else. It needs a fresh one-time code.
// Errors as of PrintRecovery.
func (s *Service) ResetSecondStep(ctx context.Context, actor authz.Actor, id, totpCode string) error {
	ag, err := s.beginRecovery(ctx, actor, authz.RecoverWorker, "rc", id)
	if err != nil {
		return err
	}
	r, err := s.due(ctx, ag, actor, id, "secondStep")
	if err != nil {
		return err
	}
	body, err := s.stateEnd(ag, actor, r, wordDone)
	if err != nil {
		return err
	}
	fresh, err := s.freshCode(ctx, ag, actor, totpCode)
	if err != nil {
		return err
	}
	err = s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlResetSecondStep, id, s.now())
		s.queueFresh(b, actor, fresh)
		audit.Append(b, body)
		return nil
	})
	return s.recoveryFault(err)
}

// StopRecovery ends a recovery that is not done: by one of its two workers, or
// a manager. Its paper is dead. Somebody who has used the paper already stays on
// hold and cannot be confirmed; they are recovered anew.
func (s *Service) StopRecovery(ctx context.Context, actor authz.Actor, id string) error {
	ag, err := s.beginRecovery(ctx, actor, authz.Recover, "rc", id)
	if err != nil {
		return err
	}
	r, err := s.recovery(ctx, actor, id)
	if err != nil {
		return err
	}
	if !r.mayStop(actor) {
		audit.Refused(ctx, s.db, actor, authz.Recover, id)
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	body, err := s.stateEnd(ag, actor, r, wordStop)
	if err != nil {
		return err
	}
	now := s.now()
	err = s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		b.Queue(postgres.Guarded(sqlStopRecovery), id, actor.Account(), now)
		b.Queue(sqlExpireInvitations, r.Kind, r.Account, now)
		audit.Append(b, body)
		return nil
	})
	return s.recoveryFault(err)
}

func (r *recoveryRow) mayStop(actor authz.Actor) bool {
	return r.StartedBy == actor.Account() || r.AgreedBy == actor.Account() || actor.Has(authz.Manager)
}

// Recoveries lists those that go on and those that ended in the last 30 days,
// the newest first, with the names of the people in the directory.
func (s *Service) Recoveries(ctx context.Context, actor authz.Actor) ([]Recovery, error) {
	if err := audit.Check(ctx, s.db, actor, authz.Recover, "-"); err != nil {
		return nil, err
	}
	if _, err := s.own(actor); err != nil {
		return nil, err
	}
	var rows []recoveryRow
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sqlRecoveries, s.now().Add(-recoveriesShown)).Query(collect(&rows))
	})
	if err != nil {
		return nil, fmt.Errorf("list recoveries: %w", s.db.Fault(err))
	}
	if len(rows) == 0 {
		return nil, nil
	}
	names, err := s.namesOf(ctx, actor, rows)
	if err != nil {
		return nil, err
	}
	list := make([]Recovery, len(rows))
	for i := range rows {
		list[i] = s.shownRecovery(actor, &rows[i], names)
	}
	return list, nil
}

// namesOf opens the directory's names of everybody in a list of recoveries.
func (s *Service) namesOf(ctx context.Context, actor authz.Actor, rows []recoveryRow) (map[string]string, error) {
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.Account, r.StartedBy, r.AgreedBy)
	}
	var records []agency.RecordRow
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) { b.Queue(sqlRecords, ids).Query(collect(&records)) })
	if err != nil {
		return nil, fmt.Errorf("read names: %w", s.db.Fault(err))
	}
	names := map[string]string{}
	for _, r := range records {
		if names[r.ID] != "" {
			continue
		}
		if names[r.ID], err = agency.OpenName(actor.Keys(), r); err != nil {
			s.alarm(ctx, "a directory record does not open", r.ID, err)
		}
	}
	return names, nil
}

func (s *Service) shownRecovery(actor authz.Actor, r *recoveryRow, names map[string]string) Recovery {
	other := r.Account != actor.Account() && !r.Barred
	may := other && (r.Kind == "person" || actor.Can(authz.RecoverWorker))
	due := !r.ready().IsZero() && !s.now().Before(r.ready())
	ended := r.State == "done" || r.State == "stopped"
	return Recovery{ID: r.ID, Kind: r.Kind, Account: r.Account, Name: names[r.Account], What: r.What, Identity: r.Identity, State: r.State,
		StartedBy: r.StartedBy, AgreedBy: r.AgreedBy, StartedByName: names[r.StartedBy], AgreedByName: names[r.AgreedBy],
		Started: r.StartedAt, Agreed: timeOf(r.AgreedAt), Ready: r.ready(), HeldBack: r.HeldBack, Posted: timeOf(r.PostedAt), StoppedBy: r.StoppedBy, Ended: timeOf(r.EndedAt),
		CanAgree: other && r.State == "started" && r.StartedBy != actor.Account(),
		CanPost:  other && r.onPaper() && r.PostedAt == nil && (r.State == "agreed" || r.State == "printed"),
		CanPrint: may && due && r.What == "passphrase" && (r.State == "agreed" || r.State == "printed"),
		CanReset: may && due && r.What == "secondStep" && r.State == "agreed",
		CanStop:  !ended && r.mayStop(actor)}
}

// OwnRecovery is what somebody has begun about the actor's own account.
type OwnRecovery struct {
	What    string // "passphrase" or "secondStep"
	Started time.Time
	Ready   time.Time // when it can happen; zero until two workers agree
}

// OwnRecovery tells whoever is signed in with the key that is to be replaced;
// false where there is nothing to tell.
func (s *Service) OwnRecovery(ctx context.Context, actor authz.Actor) (OwnRecovery, bool, error) {
	if _, err := s.own(actor); err != nil {
		return OwnRecovery{}, false, err
	}
	var rows []struct {
		What      string
		StartedAt time.Time
		AgreedAt  *time.Time
	}
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) { b.Queue(sqlOwnRecovery).Query(collect(&rows)) })
	if err != nil {
		return OwnRecovery{}, false, fmt.Errorf("look for a recovery: %w", s.db.Fault(err))
	}
	if len(rows) == 0 {
		return OwnRecovery{}, false, nil
	}
	own := OwnRecovery{What: rows[0].What, Started: rows[0].StartedAt}
	if rows[0].AgreedAt != nil {
		own.Ready = rows[0].AgreedAt.Add(recoveryWaits)
	}
	return own, true, nil
}

// StopOwnRecovery says no to it, and its paper is dead. Conflict: there is none,
// or it is too late.
func (s *Service) StopOwnRecovery(ctx context.Context, actor authz.Actor) error {
	ag, err := s.own(actor)
	if err != nil {
		return err
	}
	r, err := s.openRecovery(ctx, actor)
	if err != nil {
		return err
	}
	body, err := s.stateEnd(ag, actor, r, wordStop)
	if err != nil {
		return err
	}
	err = s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlStopOwnRecovery, r.ID, s.now())
		audit.Append(b, body)
		return nil
	})
	return s.recoveryFault(err)
}
