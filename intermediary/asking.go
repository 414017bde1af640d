package intermediary

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/intermediary/law"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// AskedTheirs: they came to us by themselves, and nobody was approached.
const AskedTheirs = "theirs"

// What somebody was asked.
const (
	askedConsent = "consent" // the adopted person, whether an application may go on
	askedViews   = "views"   // whoever an item is about, what they think of giving it
)

// NewAskingID is for a form in which it is written down that somebody was asked.
func NewAskingID() string { return agency.NewID("ak") }

// NewAsking is that somebody is asked, or was just now, who is not approached for
// the applicant's sake.
type NewAsking struct {
	ID      string // ak…, made with the page, so that two clicks are one; "" for a new one
	Of      string // AskAdopted: a subject of the application; AskViews: an item
	Outcome string // sent, spoke, noAnswer, returned; theirs
	Way     string // of Ways; none where they came themselves
	Script  string // the ScriptVersion whose words are used
	Words   string // what was said and by whom, beside the script
}

// askingText is what is sealed of it; name is what they were asked.
type askingText struct {
	stepText
	Name string `json:"name"`
}

const (
	sqlInsertAsking = `insert into asking (agency_id, id, application_id, subject_id, item_id, what, outcome, evaluation_id, worker_id, at, leaf)
		values (agency(), @id, @application, @subject, @item, @what, @outcome, @evaluation, account(), @at, @leaf)`
	sqlAskingDone = `select exists (select from asking k where k.agency_id = agency() and k.id = $1 and k.worker_id = account()) as done`
	sqlAskings    = `select k.id, k.what, k.subject_id, k.outcome, k.leaf from asking k where k.agency_id = agency() and k.application_id = $1 order by k.id`
	sqlAskingWork = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.application_id = $1 and w.part = 'asked' order by w.id`
)

// asking is an act of asking under way.
type asking struct {
	NewAsking
	what    string
	subject string
	items   []string
}

func checkAsking(n NewAsking) (NewAsking, error) {
	if n.ID == "" {
		n.ID = NewAskingID()
	}
	theirs := n.Outcome == AskedTheirs
	switch {
	case !agency.ValidID("ak", n.ID):
		return n, notFound()
	case !theirs && !slices.Contains([]string{ApproachSent, ApproachSpoke, ApproachNobody, ApproachBack}, n.Outcome):
		return n, fault.Field("outcome", "fault.step.outcome")
	case !theirs && !slices.Contains(Ways(), n.Way):
		return n, fault.Field("way", "fault.step.how")
	case !theirs && n.Script != ScriptVersion:
		return n, fault.Field("script", "fault.step.script")
	}
	if theirs {
		n.Way, n.Script = "", ""
	}
	var err error
	if n.Words, err = prose.Clean("words", n.Words, MaxWhy); err != nil {
		return n, err
	}
	if theirs && prose.Blank(n.Words) {
		return n, fault.Field("words", "fault.casework.why")
	}
	return n, nil
}

// ask asks somebody, by leave of the law in its own transaction; that they came by
// themselves needs none.
func (s *Service) ask(ctx context.Context, ag *agency.Agency, actor authz.Actor, n asking) error {
	var same struct{ Done bool }
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &same, sqlAskingDone, n.ID) }); err != nil || same.Done {
		return s.db.Fault(err)
	}
	b, err := s.believe(ctx, ag, actor, n.subject, n.items...)
	if err != nil {
		return err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return err
	}
	err = a.ask(ctx, b, n)
	if errors.Is(err, errRefused) {
		return s.refused(ctx, ag, actor, b, "approach", err)
	}
	return err
}

func (a *acting) ask(ctx context.Context, b *belief, n asking) error {
	head, _ := b.head(n.subject)
	f := folder{of: head.ApplicationID, application: head.ApplicationID, node: b.node}
	text := askingText{stepText{Outcome: n.Outcome, Way: n.Way, Script: n.Script, Words: n.Words}, n.what}
	leaf, err := a.seal(f, paper{id: n.ID, part: "asked", version: 1, kind: seal.KindApproach}, text)
	if err != nil {
		return err
	}
	return a.commit(ctx, "ask "+n.what, held{b.adopted, n.subject}, b.again(func(batch *pgx.Batch, st *standing) error {
		evaluation, item := "", ""
		if n.Outcome != AskedTheirs {
			r, err := a.rule(b, st, n.items)
			if err != nil {
				return err
			}
			if err := r.mayAsk(n.what, st.closed(n.subject)); err != nil {
				return err
			}
			if evaluation, err = a.record(batch, r, "approach"); err != nil {
				return err
			}
			item = r.of.Item
		}
		batch.Queue(sqlInsertAsking, pgx.StrictNamedArgs{"id": n.ID, "application": head.ApplicationID, "subject": n.subject, "item": null(item), "what": n.what,
			"outcome": n.Outcome, "evaluation": null(evaluation), "at": a.moment, "leaf": leaf[:]})
		return nil
	}))
}

// mayAsk tells whether the law's answer lets somebody be asked: the one thing that
// is missing is their word. For the adopted person that is row a27, which stands
// below every veto and every stop; and what two people have signed about a veto lets
// nobody be asked who set it (ISR 5A, 8; OQ1). For views it is row f18.
func (r ruling) mayAsk(what string, closed bool) error {
	refused := fault.Wrap(fault.Conflict, "fault.casework.askAgain", errRefused)
	if closed || len(r.stops) > 0 {
		return refused
	}
	if what == askedViews {
		if v := r.aboutSubject("subjectVital", ""); v == "died" || v == "incapable" {
			return fault.New(fault.Conflict, "fault.asking.cannot")
		}
		if r.finding.Table() != law.PostCommencement() || r.finding.Row() != "f18" {
			return refused
		}
		return nil
	}
	if v := r.fact(r.head.AdoptedID, "apVital", ""); v == "died" || v == "incapable" {
		return fault.New(fault.Conflict, "fault.asking.cannot")
	}
	switch r.veto() {
	case "absolute", "qualifiedNotMet", "qualifiedUnclear":
		return refused
	}
	if slices.ContainsFunc(r.wishes, func(w standingWish) bool {
		return w.AdoptedID == r.head.AdoptedID && (w.Wish == WishNoContactAll || r.doubts(w.Leaf))
	}) {
		return fault.New(fault.Conflict, "fault.wish.asking")
	}
	if r.finding.Table() != law.Proceed() || r.finding.Row() != "a27" {
		return refused
	}
	return nil
}

// Asked is what the answer of a fact rests on: that somebody was asked, or came.
type Asked struct {
	ID      string
	Consent bool // the adopted person about the application; else somebody about an item
	Subject string
	Outcome string
	Theirs  bool // they came by themselves
	leaf    [32]byte
}

// rests finds what an answer rests on: asked in this application, about this, as a
// worker signed it. silence needs somebody who was asked.
func (s *Service) rests(ctx context.Context, ag *agency.Agency, actor authz.Actor, application, id string, fits func(Asked) bool) (Asked, error) {
	if !agency.ValidID("ak", id) {
		return Asked{}, fault.Field("asked", "fault.asking.asked")
	}
	var rows []struct {
		ID, What, SubjectID, Outcome string
		Leaf                         []byte
	}
	var work []workRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlAskings, application)
		postgres.Many(b, &work, sqlAskingWork, application)
	})
	if err != nil {
		return Asked{}, s.db.Fault(fmt.Errorf("look who was asked: %w", err))
	}
	for _, r := range rows {
		a := Asked{ID: r.ID, Consent: r.What == askedConsent, Subject: r.SubjectID, Outcome: r.Outcome, Theirs: r.Outcome == AskedTheirs}
		if r.ID != id || !fits(a) {
			continue
		}
		i := slices.IndexFunc(work, func(w workRow) bool { return w.ID == id && slices.Equal(w.Leaf, r.Leaf) })
		if i < 0 {
			return Asked{}, s.unstated(ctx, ag, id, errRow)
		}
		if _, err := s.stated(ctx, ag, work[i]); err != nil {
			return Asked{}, s.unstated(ctx, ag, id, err)
		}
		a.leaf = [32]byte(r.Leaf)
		return a, nil
	}
	return Asked{}, fault.Field("asked", "fault.asking.asked")
}

// restsOnAsking tells whether a value is somebody's own word, which is believed
// only where it says when they were asked, or came (the database's fact_asked).
func restsOnAsking(name, value string) bool {
	switch name {
	case "apConsent":
		return value == "given" || value == "refused" || value == "withdrawn" || value == "noReply"
	case "expressed":
		return value == "agree" || value == "object" || value == "none"
	}
	return false
}
