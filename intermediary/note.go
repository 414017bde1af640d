package intermediary

import (
	"context"
	"strings"
	"time"

	"gatepost/crypto/seal"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/prose"
)

// NewNote is something that a worker writes down in a case that changes nothing
// else: what they saw, what they think, or what somebody told them (NMS 27).
type NewNote struct {
	On    string    // whom it is about: ap… or sb…
	Was   int       // the newest version of the notes on the page, so that two clicks are one
	Said  Said      // fact, opinion or thirdParty: they are never mixed in one note
	Day   time.Time // when it was seen, thought or told; never to come
	From  string    // who told it; only of what somebody told
	Words string
}

const partNote = "note"

type noteText struct {
	Said  Said   `json:"said"`
	On    string `json:"on"`
	From  string `json:"from,omitempty"`
	Words string `json:"words"`
}

// WriteNote writes something down about an applicant or a subject, signed and
// dated. It never changes; the next note is the next version. It is allowed in a
// case that has ended, too: a record is put right by adding to it.
//
// Invalid on "said", "day", "from" or "words". NotFound: nobody of that id.
// Conflict: somebody wrote a note in this moment.
func (s *Service) WriteNote(ctx context.Context, actor authz.Actor, n NewNote) error {
	ag, err := s.begin(ctx, actor, authz.StateFact, n.On)
	if err != nil {
		return err
	}
	if about := prefixAbout(n.On); about != "application" && about != "subject" {
		return notFound()
	}
	text, err := s.noteText(n)
	if err != nil {
		return err
	}
	p, err := s.loadPlace(ctx, actor, n.On)
	if err != nil {
		return err
	}
	a, f, err := s.actsAt(ctx, ag, actor, p)
	if err != nil {
		return err
	}
	if _, err := a.seal(f, paper{id: n.On, part: partNote, version: uint64(n.Was) + 1, kind: seal.KindNote}, text); err != nil {
		return err
	}
	return a.commit(ctx, "writeNote", p.held())
}

// noteText checks a note.
func (s *Service) noteText(n NewNote) (noteText, error) {
	t := noteText{Said: n.Said}
	var err error
	if t.Words, err = prose.Clean("words", n.Words, MaxWhy); err != nil {
		return t, err
	}
	if t.From, err = prose.Line("from", n.From); err != nil {
		return t, err
	}
	told := n.Said == SaidThirdParty
	switch {
	case n.Said != SaidFact && n.Said != SaidOpinion && !told:
		return t, fault.Field("said", "fault.casework.said")
	case n.Was < 0:
		return t, fault.New(fault.Conflict, "fault.casework.newerFact")
	case n.Day.IsZero() || calendar.Today(n.Day).After(calendar.Today(s.now())):
		return t, fault.Field("day", "fault.agreement.on")
	case told && prose.Blank(t.From):
		return t, fault.Field("from", "fault.note.from")
	case !told && strings.TrimSpace(t.From) != "":
		return t, fault.Field("from", "fault.note.notFrom")
	case prose.Blank(t.Words):
		return t, fault.Field("words", "fault.note.words")
	}
	t.On = calendar.Today(n.Day).Format(time.DateOnly)
	return t, nil
}

// saidOf says what kind of statement a record is: a fact of the case, a worker's
// judgement, or what somebody told. Facts and notes say it themselves.
func saidOf(what string) Said {
	switch what {
	case "proceed", "first", "second", "resume", "stopEnd", "ending", "refusal":
		return SaidOpinion
	case "consent", "veto", "notice", "view", "word":
		return SaidThirdParty
	}
	return SaidFact
}
