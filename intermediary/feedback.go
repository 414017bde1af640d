package intermediary

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
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

// MaxView is the longest text of what somebody thinks, in bytes of UTF-8.
const MaxView = 8 << 10

// OwnView is what a person of a case wrote of a decision, or of the service, on
// their own record (NMS 16.5, 15.6).
type OwnView struct {
	File   FileID
	Of     string // the letter that told them the decision ("cm…"); "" for the case as a whole
	On     time.Time
	Words  string
	Marks  Marks // with what they think of the service
	Closed bool  // it is what they think of the service, once their case had ended
	Unread bool  // it did not open: a notice in its place
}

// Marks are what somebody thinks of the service, from 1 (not at all) to 5
// (very); 0 for a question that they left out.
type Marks struct {
	Listened  int `json:"listened,omitempty"`  // were you listened to?
	Explained int `json:"explained,omitempty"` // was it explained so that you could understand?
	Respected int `json:"respected,omitempty"` // were you treated with respect?
}

// saidText is what is sealed of a view.
type saidText struct {
	Of    string `json:"of,omitempty"`
	Words string `json:"words,omitempty"`
	Marks Marks  `json:"marks,omitzero"`
}

const (
	partSaid     = "said"
	partFeedback = "feedback"

	sqlInsertFeedback = `insert into feedback (agency_id, id, who, listened, explained, respected) values (agency(), $1, $2, $3, $4, $5)`
	sqlViewThere      = `select w.id from casework w where w.agency_id = agency() and w.id = $1 and w.file = $2 and w.kind = 'view'`
	sqlCaseViews      = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.application_id = $1 and w.file is not null and w.kind = 'view'
		order by w.created desc, w.id limit 500`
	sqlFeedbackCounts = `select count(*)::int as count, coalesce(avg(f.listened), 0)::float8 as listened, coalesce(avg(f.explained), 0)::float8 as explained,
			coalesce(avg(f.respected), 0)::float8 as respected, count(f.listened)::int as listened_count, count(f.explained)::int as explained_count,
			count(f.respected)::int as respected_count
		from feedback f where f.agency_id = agency() and f.month > (current_date - interval '1 year')`
)

// SayView writes down what the actor thinks of a decision, on their own record:
// of is the letter that told it to them, "" for the case as a whole. The same
// words twice are one. NotFound: the file or the letter is not theirs. Invalid
// on "text". Conflict: MaxMessagesADay were written today.
func (s *Service) SayView(ctx context.Context, actor authz.Actor, id FileID, of, text string) error {
	ag, err := s.begin(ctx, actor, authz.WriteFile, string(id))
	if err != nil {
		return err
	}
	if !id.valid() || of != "" && !agency.ValidID("cm", of) {
		return notFound()
	}
	if text, err = prose.Clean("text", text, MaxView); err != nil {
		return err
	}
	if prose.Blank(text) {
		return fault.Field("text", "fault.message.empty")
	}
	return s.say(ctx, ag, actor, id, partSaid, saidText{Of: of, Words: text})
}

// GiveFeedback tells the agency what the actor thinks of the service, once their
// case has ended: the words on their own record, the marks there and among those
// of everybody. It is told once; telling it again changes nothing. NotFound: the
// file is not theirs. Invalid on "text" (nothing at all was said, or too much),
// "listened", "explained" or "respected". Conflict: their case goes on.
func (s *Service) GiveFeedback(ctx context.Context, actor authz.Actor, id FileID, marks Marks, text string) error {
	ag, err := s.begin(ctx, actor, authz.WriteFile, string(id))
	if err != nil {
		return err
	}
	if !id.valid() {
		return notFound()
	}
	if text, err = prose.Clean("text", text, MaxView); err != nil {
		return err
	}
	for _, m := range []struct {
		field string
		value int
	}{{"listened", marks.Listened}, {"explained", marks.Explained}, {"respected", marks.Respected}} {
		if m.value < 0 || m.value > 5 {
			return fault.Field(m.field, "fault.invalid")
		}
	}
	if prose.Blank(text) && marks == (Marks{}) {
		return fault.Field("text", "fault.message.empty")
	}
	return s.say(ctx, ag, actor, id, partFeedback, saidText{Words: text, Marks: marks})
}

// say seals, states and stores a view.
func (s *Service) say(ctx context.Context, ag *agency.Agency, actor authz.Actor, id FileID, part string, t saidText) error {
	var kase []agency.NodeRow
	var letters, views []workRow
	rows, err := s.loadOwn(ctx, actor, id, func(b *pgx.Batch) {
		postgres.Many(b, &kase, sqlTellingCase, string(id))
		postgres.Many(b, &letters, sqlOwnLetter, t.Of)
		postgres.Many(b, &views, sqlOwnViews, string(id))
	})
	if err != nil {
		return fmt.Errorf("load a file to write in: %w", err)
	}
	p, _, err := s.file(ctx, ag, actor, rows, id)
	if err != nil {
		return err
	}
	today := slices.DeleteFunc(slices.Clone(views), func(w workRow) bool { return !w.Created.Equal(calendar.Today(s.now())) })
	told := s.fileOf(p, rows.applications).Told
	switch {
	case t.Of != "" && (len(letters) != 1 || letters[0].File != string(id)):
		return notFound()
	case part == partFeedback && told == ToldInProgress:
		return fault.New(fault.Conflict, "fault.file.goesOn")
	}
	content, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("write a view: %w", err)
	}
	view, err := s.viewID(ag, actor, p, part, content)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(views, func(w workRow) bool { return w.ID == view }) {
		return nil
	}
	if len(today) >= MaxMessagesADay {
		return fault.New(fault.Conflict, "fault.message.tooMany")
	}
	sealed, err := s.byDoor(ctx, ag, actor, p, kase, seal.Context{Kind: seal.KindView, Object: view, Part: part}, content)
	if err != nil {
		return err
	}
	return s.storeView(ctx, actor, p, sealed, t.Marks)
}

func (s *Service) storeView(ctx context.Context, actor authz.Actor, p partyRow, sealed doorSeals, m Marks) error {
	s.at("say")
	err := s.storeByDoor(ctx, actor, sealed, func(b *pgx.Batch) {
		if sealed.at.Part == partFeedback {
			who := "applicant"
			if p.Kind == "subject" {
				who = "subject"
			}
			b.Queue(sqlInsertFeedback, sealed.at.Object, who, mark(m.Listened), mark(m.Explained), mark(m.Respected))
		}
		b.Queue(sqlNudge)
	})
	if err == nil {
		return nil
	}
	var there []struct{ ID string }
	lost := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &there, sqlViewThere, sealed.at.Object, p.File) })
	if lost == nil && len(there) == 1 {
		return nil // the other one of two clicks
	}
	return s.db.Fault(fmt.Errorf("store a view: %w", err))
}

func mark(m int) *int {
	if m == 0 {
		return nil
	}
	return &m
}

// viewID names a view: the same words once, and feedback once whatever it says.
func (s *Service) viewID(ag *agency.Agency, actor authz.Actor, p partyRow, part string, content []byte) (string, error) {
	if part == partFeedback {
		content = nil
	}
	c := seal.Context{Kind: seal.KindView, Agency: ag.ID, Exchange: p.ApplicationID, Object: p.File, Part: part,
		From: "person/" + actor.Account(), To: "case/" + p.ApplicationID, Version: 1}
	return onceID("vw", actor, c, string(content))
}

// storeByDoor stores a text of the families' tier with whatever goes with it.
func (s *Service) storeByDoor(ctx context.Context, actor authz.Actor, sealed doorSeals, more func(*pgx.Batch)) error {
	return s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		sealed.queue(b)
		more(b)
		audit.Append(b, sealed.body)
		return nil
	})
}

// openViews opens what one person, or everybody of a file, wrote of decisions,
// and tells whether any of it is what they think of the service.
func (s *Service) openViews(ctx context.Context, ag *agency.Agency, p partyRow, rows []workRow, keys []*age.HybridIdentity) (said []OwnView, gave bool, err error) {
	for _, r := range rows {
		v := OwnView{File: FileID(p.File), On: r.Created, Closed: r.Part == partFeedback}
		var t saidText
		err := s.openView(ctx, ag, p, r, keys, &t)
		if err != nil && !unread(err) {
			return nil, false, err
		}
		v.Of, v.Words, v.Marks, v.Unread = t.Of, t.Words, t.Marks, err != nil
		gave = gave || v.Closed && strings.HasPrefix(r.FromNode, "person/")
		said = append(said, v)
	}
	return said, gave, nil
}

// openView opens a view that a person of this file wrote, by the door's word.
func (s *Service) openView(ctx context.Context, ag *agency.Agency, p partyRow, r workRow, keys []*age.HybridIdentity, t *saidText) error {
	if r.File != p.File || r.ApplicationID != p.ApplicationID || r.FromNode != "person/"+p.PersonID || r.ToNode != "case/"+p.ApplicationID {
		return s.unstated(ctx, ag, r.ID, errMessage)
	}
	if st, err := s.stated(ctx, ag, r); err != nil || st.Event != statement.EventReceipt {
		return s.unstated(ctx, ag, r.ID, errors.Join(errMessage, err))
	}
	return s.openAs(ctx, ag, r, t, keys...)
}

// Views is what everybody of a case wrote of decisions and of the service,
// newest first, 500 at most. The reading is in the log before anything is
// opened. NotFound: no such case. Forbidden: the actor is a party of it, or holds
// no key of it.
func (s *Service) Views(ctx context.Context, actor authz.Actor, id ApplicationID) ([]OwnView, error) {
	ag, err := s.begin(ctx, actor, authz.SeeCase, string(id))
	if err != nil {
		return nil, err
	}
	var rows []workRow
	var parties []partyRow
	keys, _, err := s.loadWritten(ctx, ag, actor, id, func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlCaseViews, string(id))
		postgres.Many(b, &parties, sqlParties, string(id))
	})
	if err != nil {
		return nil, err
	}
	if err := s.logAccess(ctx, ag, actor, string(id), "views", string(id)); err != nil {
		return nil, err
	}
	var list []OwnView
	for _, r := range rows {
		i := slices.IndexFunc(parties, func(p partyRow) bool { return p.File == r.File && "person/"+p.PersonID == r.FromNode })
		if i < 0 || s.checkParty(ctx, ag, parties[i]) != nil {
			if err := s.unstated(ctx, ag, r.ID, errParty); !unread(err) {
				return nil, err
			}
			list = append(list, OwnView{File: FileID(r.File), On: r.Created, Unread: true})
			continue
		}
		said, _, err := s.openViews(ctx, ag, parties[i], []workRow{r}, keys)
		if err != nil {
			return nil, err
		}
		list = append(list, said...)
	}
	return list, nil
}

// Opinion is what people thought of the service in the last year, taken
// together: means from 1 to 5.
type Opinion struct {
	Few                            bool // fewer than five answered: nothing is told
	Count                          int
	Listened, Explained, Respected float64 // 0 where fewer than five marked it
}

// FeedbackShown is how many people's words are shown together.
const FeedbackShown = 200

const (
	sqlFeedbackWork = `select ` + sqlWorkColumns + ` from feedback f join casework w on w.agency_id = f.agency_id and w.id = f.id and w.part = f.part and w.version = f.version
		join application a on a.agency_id = w.agency_id and a.id = w.application_id and not connected(a.adopted_id)
		where f.agency_id = agency() and f.month > (current_date - interval '1 year') order by f.id limit $1`
	feedbackCases      = `(select 'case/' || w.application_id from feedback f join casework w on w.agency_id = f.agency_id and w.id = f.id where f.agency_id = agency())`
	sqlFeedbackParties = `select ` + sqlPartyColumns + ` where p.agency_id = agency() and 'case/' || p.application_id in ` + feedbackCases
	sqlFeedbackNodes   = `select ` + sqlNodeColumns + ` from node n where n.agency_id = agency() and n.key_leaf is not null and n.id in ` + feedbackCases + ` order by n.id, n.epoch desc`
	sqlFeedbackGrants  = `select g.child, g.child_epoch, g.parent, g.parent_epoch, g.sealed from ring_grant_staff g where g.agency_id = agency() and g.parent <> 'archive' and g.child in ` + feedbackCases
)

// OpinionWords is what people of the last year wrote of the service when their
// case had ended, FeedbackShown at most, without who wrote it and when, in an
// order that tells neither. Nothing is opened where fewer than five answered.
// That each was opened is in the log of its case before. What does not open, or
// has no words, is left out; the operator was told of what does not open. Of a
// case whose key the session does not hold, or of one's own, nothing is shown.
func (s *Service) OpinionWords(ctx context.Context, actor authz.Actor) ([]string, error) {
	ag, err := s.begin(ctx, actor, authz.SeeOpinions, "feedback")
	if err != nil {
		return nil, err
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, err
	}
	var work []workRow
	var parties []partyRow
	keys := &keyRows{}
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &work, sqlFeedbackWork, FeedbackShown)
		postgres.Many(b, &parties, sqlFeedbackParties)
		postgres.Many(b, &keys.nodes, sqlFeedbackNodes)
		postgres.Many(b, &keys.grants, sqlFeedbackGrants)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load what people wrote: %w", err))
	}
	if len(work) < fewest {
		return nil, nil
	}
	opened := map[string][]*age.HybridIdentity{}
	for _, w := range work {
		if _, ok := opened[w.ApplicationID]; ok {
			continue
		}
		k, err := s.climb(ctx, ag, actor.Keys(), keys, ring.Case(w.ApplicationID))
		if err != nil && fault.KindOf(err) != fault.Forbidden && !unread(err) {
			return nil, err
		}
		opened[w.ApplicationID] = k.keys
	}
	if err := s.logOpinions(ctx, ag, actor, opened); err != nil {
		return nil, err
	}
	return s.opinionWords(ctx, ag, work, parties, opened)
}

// logOpinions states that the views of these cases are opened.
func (s *Service) logOpinions(ctx context.Context, ag *agency.Agency, actor authz.Actor, opened map[string][]*age.HybridIdentity) error {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("sign a reading: %w", err)
	}
	var bodies [][]byte
	for _, id := range slices.Sorted(maps.Keys(opened)) {
		if len(opened[id]) == 0 {
			continue
		}
		body, err := ag.State(statement.Statement{Event: statement.EventAccess, Object: id, Part: "feedback", Version: 1, Exchange: id,
			From: "worker/" + actor.Account(), At: hour(s.now())}, "", signer)
		if err != nil {
			return err
		}
		bodies = append(bodies, body)
	}
	return s.db.Fault(s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		audit.Append(b, bodies...)
		return nil
	}))
}

func (s *Service) opinionWords(ctx context.Context, ag *agency.Agency, work []workRow, parties []partyRow, opened map[string][]*age.HybridIdentity) (words []string, err error) {
	for _, w := range work {
		i := slices.IndexFunc(parties, func(p partyRow) bool { return p.File == w.File && "person/"+p.PersonID == w.FromNode })
		if len(opened[w.ApplicationID]) == 0 || i < 0 || s.checkParty(ctx, ag, parties[i]) != nil {
			continue
		}
		said, _, err := s.openViews(ctx, ag, parties[i], []workRow{w}, opened[w.ApplicationID])
		if err != nil {
			return nil, err
		}
		if !said[0].Unread && !prose.Blank(said[0].Words) {
			words = append(words, said[0].Words)
		}
	}
	if len(words) < fewest {
		return nil, nil
	}
	return words, nil
}

// fewest is from how many answers on a figure is told: fewer would tell what one
// person thinks.
const fewest = 5

// Opinions tells what people thought of the service, kept together and apart
// from their cases.
func (s *Service) Opinions(ctx context.Context, actor authz.Actor) (Opinion, error) {
	if _, err := s.begin(ctx, actor, authz.SeeCases, "feedback"); err != nil {
		return Opinion{}, err
	}
	var row struct {
		Count                                         int
		Listened, Explained, Respected                float64
		ListenedCount, ExplainedCount, RespectedCount int
	}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &row, sqlFeedbackCounts) })
	if err != nil {
		return Opinion{}, s.db.Fault(fmt.Errorf("load what people thought: %w", err))
	}
	if row.Count < fewest {
		return Opinion{Few: true}, nil
	}
	o := Opinion{Count: row.Count}
	for _, m := range []struct {
		count int
		mean  float64
		into  *float64
	}{{row.ListenedCount, row.Listened, &o.Listened}, {row.ExplainedCount, row.Explained, &o.Explained}, {row.RespectedCount, row.Respected, &o.Respected}} {
		if m.count >= fewest {
			*m.into = m.mean
		}
	}
	return o, nil
}
