package intermediary

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// FileID names a file, which is all that a person of a case may read of it: an
// applicant's is named like their application ("ap…"), a subject's like the
// subject ("sb…").
type FileID string

func (id FileID) valid() bool {
	return agency.ValidID("ap", string(id)) || agency.ValidID("sb", string(id))
}

// What an applicant is told about their case: that it goes on, or that it has
// ended, and never why. A subject is told neither.
const (
	ToldInProgress = "inProgress"
	ToldEnded      = "ended"
)

// File is somebody's own file as they see it in a list. It has no word of what
// was found: it is the same whether or not there is a person, an entry in a
// register or a veto.
type File struct {
	ID       FileID
	Kind     string    // applicant, representative, subject
	Told     string    // ToldInProgress, ToldEnded; "" for a subject's file
	HearBy   time.Time // the day by which they hear from us; zero for none
	Late     bool      // that day is past
	OpenedOn time.Time // zero for a subject's file
	EndedOn  time.Time // zero unless it has ended
}

// OwnFile is a file opened by its reader.
type OwnFile struct {
	File
	Letters  []FileLetter  // from us, newest first
	Messages []CaseMessage // oldest first, the newest 200
	Said     []OwnView     // what they wrote of decisions, newest first
	Gave     bool          // they told us what they think of the service
}

// FileLetter is a letter of the agency in a file. On is the day it was put there.
type FileLetter struct {
	ID string // cm…
	On time.Time
}

// OpenedLetter is a letter of the agency, to be read.
type OpenedLetter struct {
	FileLetter
	File FileID
	Text string
	Said []OwnView // what its reader wrote of it, newest first
}

type ownApplicationRow struct {
	ID       string
	Told     string
	HearBy   time.Time
	OpenedOn time.Time
	EndedOn  *time.Time
}

const (
	// Only files that the reader was given the key of: a party waits for our call until then.
	sqlOwnParties = `select p.file, p.application_id, p.person_id, p.kind, '' as state, true as granted, p.leaf, leaf_body(p.leaf) as body
		from party p where p.agency_id = agency() and p.person_id = account() and ($1 = '' or p.file = $1)
			and exists (select from ring_grant_person g where g.agency_id = p.agency_id and g.child = 'side/' || p.file and g.parent = 'person/' || account())
		order by p.file`
	sqlOwnApplications = `select a.id, a.told, a.hear_by, a.opened_on, a.ended_on from application a where a.agency_id = agency()
		and a.id = any(array(select p.file from party p where p.agency_id = agency() and p.person_id = account() and ($1 = '' or p.file = $1))) order by a.id`
	sqlOwnLetters = `select w.id, w.created from casework w where w.agency_id = agency() and w.file = $1 and w.kind = 'letter'
		order by w.created desc, w.id limit 200`
	// What this person wrote in a file, and one letter of it. What others of the same file wrote is theirs.
	sqlOwnViews = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.file = $1 and w.kind = 'view'
		and w.from_node = 'person/' || account() order by w.created desc, w.id limit 200`
	sqlOwnLetter = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = $1 and w.kind = 'letter' and w.part = 'letter'`
)

// Files lists the actor's own files. It asks the same questions of the database
// whatever stands in them.
func (s *Service) Files(ctx context.Context, actor authz.Actor) ([]File, error) {
	ag, err := s.begin(ctx, actor, authz.ReadFile, "files")
	if err != nil {
		return nil, err
	}
	rows, err := s.loadOwn(ctx, actor, "", nil)
	if err != nil {
		return nil, err
	}
	var list []File
	for _, p := range rows.parties {
		if err := s.checkParty(ctx, ag, p); err != nil {
			if err := s.unstated(ctx, ag, p.File, err); !unread(err) {
				return nil, err
			}
			continue
		}
		list = append(list, s.fileOf(p, rows.applications))
	}
	return list, nil
}

// fileOf is a party's file in clear.
func (s *Service) fileOf(p partyRow, applications []ownApplicationRow) File {
	f := File{ID: FileID(p.File), Kind: p.Kind}
	for _, a := range applications {
		if a.ID != p.File {
			continue
		}
		f.Told, f.OpenedOn = a.Told, a.OpenedOn
		if a.EndedOn != nil {
			f.EndedOn = *a.EndedOn
		}
		if a.Told == ToldInProgress {
			f.HearBy, f.Late = a.HearBy, calendar.Today(s.now()).After(a.HearBy)
		}
	}
	return f
}

// ownRows are the actor's own files, or one of them.
type ownRows struct {
	parties      []partyRow
	applications []ownApplicationRow
}

// loadOwn reads them, and more of the same trip.
func (s *Service) loadOwn(ctx context.Context, actor authz.Actor, only FileID, more func(*pgx.Batch)) (ownRows, error) {
	var rows ownRows
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows.parties, sqlOwnParties, string(only))
		postgres.Many(b, &rows.applications, sqlOwnApplications, string(only))
		if more != nil {
			more(b)
		}
	})
	return rows, s.db.Fault(err)
}

// file gives the one file that was asked for, which a worker stated is the
// actor's, with its key in this session. NotFound: it is not theirs. Sealed: it
// is by a row that nobody signed.
func (s *Service) file(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows ownRows, id FileID) (partyRow, *age.HybridIdentity, error) {
	i := slices.IndexFunc(rows.parties, func(p partyRow) bool { return p.File == string(id) })
	if i < 0 {
		return partyRow{}, nil, notFound()
	}
	p := rows.parties[i]
	if err := s.checkParty(ctx, ag, p); err != nil {
		return p, nil, s.unstated(ctx, ag, p.File, err)
	}
	key, ok := actor.Keys().Identity(agency.NodeName("side/"+p.File, 1))
	if !ok { // it was given in this moment: the next sign-in has it
		return p, nil, fault.Wrap(fault.Sealed, "fault.sealed", errNoFileKey)
	}
	return p, key, nil
}

var errNoFileKey = errors.New("the session has no key of the file")

// File opens one of the actor's own files: what they are told, letters, messages
// and what they wrote of decisions. What does not open is marked Unread.
// NotFound: it is not theirs.
func (s *Service) File(ctx context.Context, actor authz.Actor, id FileID) (*OwnFile, error) {
	ag, err := s.begin(ctx, actor, authz.ReadFile, string(id))
	if err != nil {
		return nil, err
	}
	if !id.valid() {
		return nil, notFound()
	}
	var letters []struct {
		ID      string
		Created time.Time
	}
	var messages []messageRow
	var texts, views []workRow
	rows, err := s.loadOwn(ctx, actor, id, func(b *pgx.Batch) {
		postgres.Many(b, &letters, sqlOwnLetters, string(id))
		postgres.Many(b, &messages, sqlOwnMessages, string(id))
		postgres.Many(b, &texts, sqlOwnMessageWork, string(id))
		postgres.Many(b, &views, sqlOwnViews, string(id))
	})
	if err != nil {
		return nil, fmt.Errorf("load a file: %w", err)
	}
	p, key, err := s.file(ctx, ag, actor, rows, id)
	if err != nil {
		return nil, err
	}
	own := &OwnFile{File: s.fileOf(p, rows.applications)}
	for _, l := range letters {
		own.Letters = append(own.Letters, FileLetter{ID: l.ID, On: l.Created})
	}
	keys := []*age.HybridIdentity{key}
	if own.Messages, err = s.conversation(ctx, ag, messages, texts, keys); err != nil {
		return nil, err
	}
	own.Said, own.Gave, err = s.openViews(ctx, ag, p, views, keys)
	return own, err
}

// Letter opens a letter of the agency in one of the actor's own files. NotFound:
// it is in none. Sealed: it does not open; the operator was told.
func (s *Service) Letter(ctx context.Context, actor authz.Actor, id FileID, letter string) (*OpenedLetter, error) {
	ag, err := s.begin(ctx, actor, authz.ReadFile, string(id))
	if err != nil {
		return nil, err
	}
	if !id.valid() || !agency.ValidID("cm", letter) {
		return nil, notFound()
	}
	var texts, views []workRow
	rows, err := s.loadOwn(ctx, actor, id, func(b *pgx.Batch) {
		postgres.Many(b, &texts, sqlOwnLetter, letter)
		postgres.Many(b, &views, sqlOwnViews, string(id))
	})
	if err != nil {
		return nil, fmt.Errorf("load a letter: %w", err)
	}
	p, key, err := s.file(ctx, ag, actor, rows, id)
	if err != nil {
		return nil, err
	}
	if len(texts) != 1 || texts[0].File != string(id) {
		return nil, notFound()
	}
	keys := []*age.HybridIdentity{key}
	text, err := s.openOwnLetter(ctx, ag, p, texts[0], keys)
	if err != nil {
		return nil, err
	}
	said, _, err := s.openViews(ctx, ag, p, views, keys)
	l := &OpenedLetter{FileLetter: FileLetter{ID: letter, On: texts[0].Created}, File: id, Text: text}
	l.Said = slices.DeleteFunc(said, func(v OwnView) bool { return v.Of != letter })
	return l, err
}

// openOwnLetter opens a letter that was written to this file, in this case, by
// a worker: by its statement, whatever the rows say.
func (s *Service) openOwnLetter(ctx context.Context, ag *agency.Agency, p partyRow, row workRow, keys []*age.HybridIdentity) (string, error) {
	if row.ToNode != "side/"+p.File || row.ApplicationID != p.ApplicationID {
		return "", s.unstated(ctx, ag, row.ID, fmt.Errorf("%w: a letter to somebody else", seal.ErrUnsigned))
	}
	text, err := s.open(ctx, ag, row, keys...)
	return string(text), err
}

// doorSeals is a text of the families' tier, sealed and stated by the door.
type doorSeals struct {
	at   seal.Context
	file string
	seal.Sealed
	body []byte
}

// byDoor seals a text of the actor's to their file, the case and the archive.
// The door states it. Sealed: the case's key is not the one vouched for.
func (s *Service) byDoor(ctx context.Context, ag *agency.Agency, actor authz.Actor, p partyRow, kase []agency.NodeRow, c seal.Context, text []byte) (doorSeals, error) {
	c.Agency, c.Exchange, c.Version = ag.ID, p.ApplicationID, 1
	c.From, c.To = "person/"+actor.Account(), "case/"+p.ApplicationID
	node, err := ag.Trusted(kase, c.To)
	if err != nil {
		return doorSeals{}, s.alarmed(ctx, "a key is not the one vouched for", err, "agency", ag.ID, "node", c.To)
	}
	key, ok := actor.Keys().Identity(agency.NodeName("side/"+p.File, 1))
	if !ok {
		return doorSeals{}, fault.Wrap(fault.Sealed, "fault.sealed", errNoFileKey)
	}
	sealed, err := seal.Seal(c, text, node.Recipient(), key.Recipient(), ag.Archive())
	if err != nil {
		return doorSeals{}, fmt.Errorf("seal %s: %w", c.Kind, err)
	}
	body, err := ag.State(statement.Statement{Event: statement.EventReceipt, Object: c.Object, Part: c.Part, Version: c.Version, Exchange: c.Exchange,
		From: c.From, To: c.To, Commit: sealed.Commit, At: s.now().UTC().Truncate(time.Second)}, "door")
	return doorSeals{at: c, file: p.File, Sealed: sealed, body: body}, err
}

func (d doorSeals) queue(b *pgx.Batch) {
	leaf := statement.Leaf(d.body)
	b.Queue(sqlInsertWork, pgx.StrictNamedArgs{"id": d.at.Object, "part": d.at.Part, "version": d.at.Version, "kind": string(d.at.Kind),
		"application": d.at.Exchange, "file": d.file, "from": d.at.From, "to": d.at.To,
		"sealed": d.Bytes, "commit": d.Commit[:], "leaf": leaf[:], "shed": nil})
}
