package letterbox

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/darkroom"
	"gatepost/internal/fault"
	"gatepost/internal/parts"
	"gatepost/internal/postgres"
	"gatepost/internal/studio"
)

// A worker may hold MaxClaims letters, each until ClaimFor after their last
// request about it.
const (
	MaxClaims = 5
	ClaimFor  = 30 * time.Minute
)

// StepUpFor is how long after a one-time code a worker may decide about letters.
const StepUpFor = 60 * time.Minute

// ConnectFor is how long after a one-time code a worker may declare a
// connection, which changes keys for good.
const ConnectFor = 10 * time.Minute

// MaxDrafts is how many drafts a side may keep at a time.
const MaxDrafts = 30

// MaxLettersADay is how many letters one person may send in a day: far more
// than anybody needs, and few enough that a stolen session cannot flood a desk.
const MaxLettersADay = 10

// Service is the letterbox on one tier. It is safe for use by many goroutines.
type Service struct {
	db       *postgres.DB
	agencies *agency.Registry
	index    *audit.Index // staff tier only: the newest statement of each object
	codes    Codes        // staff tier only: who checks a code given for one act
	relay    Relay        // staff tier only: what is asked before a letter is passed on
	darkroom *darkroom.Room
	reasons  Reasons        // the program's own, with their words
	studio   *studio.Studio // families' tier only
	parts    *parts.Store   // nil: large parts stand in their rows
	limits   Limits
	now      func() time.Time
	log      *slog.Logger
	// stall runs at the named places of an act, so that a test can let
	// another act overtake it there; nil otherwise.
	stall func(at string)
}

// Limits bound what one person can make the desk read.
type Limits struct {
	Text        int // bytes of a letter
	LettersADay int // letters of one person in a day
}

// WithLimits is the same letterbox with other limits, for the bench: its large
// letters stand for pictures, and its two people write all day. A test of the
// source holds that nothing else calls it.
func (s *Service) WithLimits(l Limits) *Service {
	other := *s
	other.limits = l
	return &other
}

// New makes the letterbox of a tier. index is nil on the public tier, whose
// database role cannot read the log.
func New(db *postgres.DB, agencies *agency.Registry, index *audit.Index, now func() time.Time, log *slog.Logger) *Service {
	return &Service{db: db, agencies: agencies, index: index, limits: Limits{MaxText, MaxLettersADay}, now: now, log: log}
}

// Constraints says what to tell somebody whose act the schema refuses.
func Constraints() postgres.Constraints {
	all := postgres.Constraints{
		"letter_agreed":          fault.New(fault.Conflict, "fault.letter.notNow"),
		"letter_author":          fault.New(fault.NotFound, "fault.notFound"),
		"letter_pkey":            fault.New(fault.Conflict, "fault.conflict"),
		"letter_move":            fault.New(fault.Conflict, "fault.letter.moved"),
		"letter_decided":         fault.New(fault.Conflict, "fault.letter.moved"),
		"letter_held":            fault.New(fault.Conflict, "fault.letter.moved"),
		"letter_early":           fault.New(fault.Conflict, "fault.letter.moved"),
		"letter_hear_by":         fault.New(fault.Conflict, "fault.letter.moved"),
		"letter_second":          fault.New(fault.Conflict, "fault.letter.askedAlready"),
		"letter_stop":            fault.New(fault.Conflict, "fault.letter.stillStopped"),
		"letter_connected":       fault.New(fault.Forbidden, "fault.letter.connected"),
		"decision_reads_neither": fault.New(fault.Invalid, "fault.relay.readsNeither"),
		"letter_helper_left":     fault.Field("helping", "fault.paper.helping"),
		"letter_helper_late":     fault.New(fault.Conflict, "fault.letter.moved"),
		"letter_replaces_once":   fault.New(fault.Conflict, "fault.letter.replaced"),
		"decision_pkey":          fault.New(fault.Conflict, "fault.letter.decided"),
		"decision_worker":        fault.New(fault.Forbidden, "fault.forbidden"),
		"decision_party":         fault.New(fault.Forbidden, "fault.letter.connected"),
		"decision_helper":        fault.New(fault.Forbidden, "fault.letter.helped"),
		"decision_second":        fault.New(fault.Forbidden, "fault.letter.refusedBefore"),
		"decision_proposals":     fault.New(fault.Conflict, "fault.proposal.often"),
		"letter_proposal":        fault.New(fault.Conflict, "fault.letter.moved"),
		"letter_cut_worker":      fault.New(fault.Conflict, "fault.letter.lapsed"),
		"letter_cut_letter":      fault.New(fault.Conflict, "fault.letter.moved"),
		"letter_cut_pkey":        fault.New(fault.Conflict, "fault.letter.moved"),
		"decision_readers":       fault.New(fault.Invalid, "fault.relay.readers"),
		"first_reading_worker":   fault.New(fault.Forbidden, "fault.forbidden"),
		"first_reading_letter":   fault.New(fault.Conflict, "fault.letter.moved"),
		"first_reading_pkey":     fault.New(fault.Conflict, "fault.letter.moved"),
		"first_reading_once":     fault.New(fault.Conflict, "fault.letter.moved"),
		"exchange_order":         fault.New(fault.Forbidden, "fault.exchange.orderManager"),
		"side_member_forbidden":  fault.New(fault.Conflict, "fault.exchange.meets"),
		"letter_restricted":      fault.New(fault.Forbidden, "fault.exchange.restricted"),
		"exchange_prohibited":    fault.New(fault.Conflict, "fault.exchange.prohibited"),
		"exchange_readers":       fault.New(fault.Forbidden, "fault.exchange.fewerReaders"),
		"decision_passes_once":   fault.New(fault.Conflict, "fault.letter.decided"),
		"object_pkey":            fault.New(fault.Conflict, "fault.letter.moved"),
		"delivery_decision":      fault.New(fault.Conflict, "fault.letter.moved"),
		"delivery_once":          fault.New(fault.Conflict, "fault.letter.decided"),
		"delivery_open":          fault.New(fault.Conflict, "fault.letter.stopped"),
		"delivery_age":           fault.New(fault.Conflict, "fault.letter.ofAge"),
		"delivery_side":          fault.New(fault.Conflict, "fault.letter.moved"),
		"photo_agreed":           fault.New(fault.Conflict, "fault.photo.notAgreed"),
		"photo_original":         fault.New(fault.NotFound, "fault.notFound"),
		"photo_late":             fault.New(fault.Conflict, "fault.letter.moved"),
		"photo_worker":           fault.New(fault.Conflict, "fault.letter.lapsed"),
		"photo_decided":          fault.New(fault.Conflict, "fault.letter.decided"),
		"photo_looked":           fault.New(fault.Conflict, "fault.photo.look"),
		"photo_answered":         fault.New(fault.Conflict, "fault.photo.answerFirst"),
		"photo_word_pkey":        fault.New(fault.Conflict, "fault.conflict"),
		"draft_photo_place":      fault.New(fault.Conflict, "fault.conflict"),
		"letter_photo_place":     fault.New(fault.Conflict, "fault.conflict"),
		"delivery_photo_once":    fault.New(fault.Conflict, "fault.letter.decided"),
		"delivery_photo_place":   fault.New(fault.Conflict, "fault.letter.decided"),
		"draft_replaces":         fault.New(fault.Conflict, "fault.conflict"),
		"worker_stands":          fault.New(fault.Forbidden, "fault.forbidden"),
		"worker_manager":         fault.New(fault.Forbidden, "fault.forbidden"),
		"worker_self":            fault.New(fault.Forbidden, "fault.manage.self"),
		"worker_left":            fault.New(fault.Conflict, "fault.manage.notActive"),
		"worker_ends":            fault.Field("until", "fault.manage.until"),
		"session_ends":           fault.New(fault.SignIn, "fault.signIn.over"),
		"worker_last_manager":    fault.New(fault.Conflict, "fault.manage.lastManager"),
		"grant_superseded":       fault.New(fault.Conflict, "fault.conflict"),
		"grant_worker":           fault.New(fault.Conflict, "fault.conflict"),
		"exchange_reference":     fault.New(fault.Busy, "fault.busy"),
		"connection_worker":      fault.New(fault.Forbidden, "fault.forbidden"),
		"connection_lead":        fault.New(fault.Conflict, "fault.exchange.noOtherLead"),
		"connection_pkey":        fault.New(fault.Conflict, "fault.conflict"),
		"message_person":         fault.New(fault.NotFound, "fault.notFound"),
		"message_worker":         fault.New(fault.Forbidden, "fault.letter.connected"),
		"message_answered_once":  fault.New(fault.Conflict, "fault.message.answered"),
		"decision_restricted":    fault.New(fault.Forbidden, "fault.exchange.restricted"),
		"claim_restricted":       fault.New(fault.Forbidden, "fault.exchange.restricted"),
		"grant_restricted":       fault.New(fault.Conflict, "fault.exchange.isRestricted"),
		"grant_connected":        fault.New(fault.Conflict, "fault.exchange.notToName"),
		"exchange_restricted":    fault.New(fault.Conflict, "fault.exchange.noOther"),
		"state_worker":           fault.New(fault.Forbidden, "fault.exchange.restricted"),
		"list_worker":            fault.New(fault.Forbidden, "fault.exchange.restricted"),
		"list_place":             fault.New(fault.Conflict, "fault.conflict"),
		"reason_list_manager":    fault.New(fault.Forbidden, "fault.forbidden"),
		"reason_list_fixed":      fault.New(fault.Forbidden, "fault.reason.fixed"),
		"reason_list_next":       fault.New(fault.Conflict, "fault.reason.changed"),
		"reason_list_pkey":       fault.New(fault.Conflict, "fault.reason.changed"),
		"destruction_worker":     fault.New(fault.Forbidden, "fault.forbidden"),
		"destruction_party":      fault.New(fault.Forbidden, "fault.letter.connected"),
		"destruction_two":        fault.New(fault.Forbidden, "fault.records.second"),
		"destruction_day":        fault.New(fault.Conflict, "fault.records.early"),
		"destruction_exchange":   fault.New(fault.Conflict, "fault.records.notEnded"),
		"destruction_retention":  fault.New(fault.Conflict, "fault.records.notOver"),
		"destruction_kept":       fault.New(fault.Conflict, "fault.records.kept"),
		"destruction_open":       fault.New(fault.Conflict, "fault.records.open"),
		"destruction_move":       fault.New(fault.Conflict, "fault.records.moved"),
		"destruction_once":       fault.New(fault.Conflict, "fault.records.moved"),
		"draft_rewrites":         fault.New(fault.Conflict, "fault.letter.notReturned"),
	}
	maps.Copy(all, recordingConstraints())
	maps.Copy(all, translationConstraints())
	return all
}

func scope(a authz.Actor) postgres.Scope {
	return postgres.Scope{Agency: a.Agency(), Account: a.Account()}
}

// begin is the first line of every method: the gate, then the actor's agency.
func (s *Service) begin(ctx context.Context, a authz.Actor, act authz.Act, object string) (*agency.Agency, error) {
	if err := audit.Check(ctx, s.db, a, act, object); err != nil {
		return nil, err
	}
	ag, ok := s.agencies.Get(a.Agency())
	if !ok {
		return nil, fault.New(fault.Forbidden, "fault.forbidden")
	}
	return ag, nil
}

// at lets a test stop an act at a place.
func (s *Service) at(place string) {
	if s.stall != nil {
		s.stall(place)
	}
}

// notFound is the one answer to an id that is not there, not yours, or no id.
func notFound() error { return fault.New(fault.NotFound, "fault.notFound") }

// hour is the clock of a reading: the log tells no finer.
func hour(t time.Time) time.Time { return t.UTC().Truncate(time.Hour) }
