package letterbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
	"gatepost/letterbox/screening"
)

// Limits of an agency's list of reasons.
const (
	// MaxReasons is how many entries one list has, with those switched off.
	MaxReasons = 60
	// MaxReasonLine is the longest sentence of a reason, in runes.
	MaxReasonLine = 300
)

// The lists of reasons.
const (
	// LetterReasons: why a letter comes back or is refused.
	LetterReasons = "letter"
	// PhotoLeftOut: why a photo is left out of a letter that is passed on.
	PhotoLeftOut = "photo"
	// RecordingLeftOut: why a recording is left out of a letter that is passed on.
	RecordingLeftOut = "recording"
)

// ReasonLists lists the names of the lists.
func ReasonLists() []string { return []string{LetterReasons, PhotoLeftOut, RecordingLeftOut} }

// Reason is an entry of a list of reasons. Its words never change: another
// sentence is another entry, so that whoever chose one chose its words.
type Reason struct {
	ID     string `json:"id"`               // of the program's own list, or "rs…"
	Words  string `json:"words,omitempty"`  // what the writer reads
	Kinder string `json:"kinder,omitempty"` // what a worker may begin their own words with; "" for no suggestion
	Off    bool   `json:"off,omitempty"`    // kept, and offered no more
}

// Fixed tells whether no agency changes an entry: the one sentence about names,
// places, contact details and other children, which confirms no guess, and the
// one that leaves all words to the worker.
func (r Reason) Fixed() bool { return slices.Contains(fixedReasons(), r.ID) }

func fixedReasons() []string { return []string{"identifying", "other"} }

// Reasons are the lists of an agency, as a manager changed them last, or as the program has them.
type Reasons struct {
	Version   int // 0 while nobody has changed them
	Letter    []Reason
	Photo     []Reason
	Recording []Reason
	By        string    // who wrote this version; "" for nobody, or where the directory does not open
	On        time.Time // when; zero for version 0
	// Doubted: the agency's list is not what a manager signed. The operator was
	// told, and the lists are the program's own.
	Doubted bool
}

// Of is one list, with what is switched off; nil for a name of none.
func (r Reasons) Of(list string) []Reason {
	switch list {
	case LetterReasons:
		return r.Letter
	case PhotoLeftOut:
		return r.Photo
	case RecordingLeftOut:
		return r.Recording
	}
	return nil
}

// Offered is one list without what is switched off.
func (r Reasons) Offered(list string) []Reason {
	return slices.DeleteFunc(slices.Clone(r.Of(list)), func(one Reason) bool { return one.Off })
}

// Find gives an entry that is offered.
func (r Reasons) Find(list, id string) (Reason, bool) {
	offered := r.Offered(list)
	i := slices.IndexFunc(offered, func(one Reason) bool { return one.ID == id })
	if i < 0 {
		return Reason{}, false
	}
	return offered[i], true
}

// The acts of a ReasonChange.
const (
	ReasonNew  = "new"  // another sentence, at the end
	ReasonEdit = "edit" // another sentence in the place of one, which is switched off
	ReasonUp   = "up"
	ReasonDown = "down"
	ReasonOff  = "off"
	ReasonOn   = "on"
)

// ReasonChange is one change of a list of reasons.
type ReasonChange struct {
	List   string // of ReasonLists
	Do     string
	ID     string // of the entry; of a new one chosen before its page is shown (NewReasonID)
	Place  string // for ReasonEdit: the entry that it takes the place of
	Words  string
	Kinder string
}

// NewReasonID chooses the id of an entry that is about to be written.
func NewReasonID() string { return agency.NewID("rs") }

// reasonLists is the content of a version. An entry of the program's own list
// stands there by its id alone: its words are the program's.
type reasonLists struct {
	Letter    []Reason `json:"letter"`
	Photo     []Reason `json:"photo"`
	Recording []Reason `json:"recording"`
}

const (
	reasonObject = "reasons" // what the statements of an agency's lists are about
	reasonPart   = "list"

	sqlReasonList = `select r.version, r.worker_id, r.list, r.leaf, coalesce(leaf_body(r.leaf), '') as body
		from reason_list r where r.agency_id = agency() order by r.version desc limit 1`
	sqlInsertReasons = `insert into reason_list (agency_id, version, worker_id, list, leaf) values (agency(), $1, account(), $2, $3)`
)

type reasonRow struct {
	Version  int
	WorkerID string
	List     string
	Leaf     []byte
	Body     []byte
}

// WithReasons is the same letterbox with the words of the program's own reasons,
// which every agency begins with. The composer gives them: this package has no
// words for anybody to read. Without, no words are sealed with those, and the
// pages have them.
func (s *Service) WithReasons(own Reasons) *Service {
	other := *s
	other.reasons = own
	return &other
}

// shipped are the program's own lists.
func (s *Service) shipped() Reasons {
	if len(s.reasons.Letter) > 0 {
		return Reasons{Letter: slices.Clone(s.reasons.Letter), Photo: slices.Clone(s.reasons.Photo), Recording: slices.Clone(s.reasons.Recording)}
	}
	var own Reasons
	for _, id := range ReturnReasons() {
		own.Letter = append(own.Letter, Reason{ID: string(id)})
	}
	for _, id := range PhotoReasons() {
		own.Photo = append(own.Photo, Reason{ID: id})
	}
	for _, id := range RecordingReasons() {
		own.Recording = append(own.Recording, Reason{ID: id})
	}
	return own
}

// Reasons gives the agency's reasons, whoever may say one or change them. They
// name nobody, and reading them is written down nowhere.
func (s *Service) Reasons(ctx context.Context, actor authz.Actor) (Reasons, error) {
	ag, err := s.begin(ctx, actor, authz.SeeReasons, "reasons")
	if err != nil {
		return Reasons{}, err
	}
	return s.reasonsOf(ctx, ag, actor)
}

func (s *Service) reasonsOf(ctx context.Context, ag *agency.Agency, actor authz.Actor) (Reasons, error) {
	if err := s.index.Follow(ctx, ag.ID); err != nil {
		return Reasons{}, err
	}
	var rows []reasonRow
	var staff []nameRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlReasonList)
		postgres.Many(b, &staff, sqlReaderName)
	})
	if err != nil {
		return Reasons{}, s.db.Fault(fmt.Errorf("load the list of reasons: %w", err))
	}
	own := s.shipped()
	lists, at, err := s.statedReasons(ctx, ag, rows)
	switch {
	case err != nil:
		if err := s.unstated(ctx, ag, reasonObject, err); !unread(err) {
			return Reasons{}, err
		}
		own.Doubted = true
		return own, nil
	case len(rows) == 0:
		return own, nil
	}
	return Reasons{Version: rows[0].Version, Letter: merged(lists.Letter, own.Letter), Photo: merged(lists.Photo, own.Photo), Recording: merged(lists.Recording, own.Recording),
		By: names(actor, staff, rows[0].WorkerID), On: at}, nil
}

// statedReasons holds the newest row to what a worker signed, and to the log,
// which knows whether there is a newer one.
func (s *Service) statedReasons(ctx context.Context, ag *agency.Agency, rows []reasonRow) (lists reasonLists, at time.Time, err error) {
	if len(rows) == 0 {
		stated, err := s.index.Stated(ctx, ag.ID, reasonObject, reasonPart)
		if err == nil && stated {
			err = fmt.Errorf("%w: the list of reasons is gone", seal.ErrStale)
		}
		return lists, at, err
	}
	row := rows[0]
	leaf := statement.Leaf(row.Body)
	if !bytes.Equal(leaf[:], row.Leaf) {
		return lists, at, fmt.Errorf("%w: not the row's statement", seal.ErrUnsigned)
	}
	st, err := ag.Verify(ctx, s.db, row.Body)
	if err != nil {
		return lists, at, err
	}
	if st.Event != statement.EventRecord || st.Object != reasonObject || st.Part != reasonPart || st.Version != uint64(row.Version) ||
		st.From != workerNode(row.WorkerID) || st.Commit != sha256.Sum256([]byte(row.List)) {
		return lists, at, fmt.Errorf("%w: another list of reasons", seal.ErrUnsigned)
	}
	if err := s.index.Newest(ctx, ag.ID, reasonObject, reasonPart, leaf); err != nil {
		return lists, at, err
	}
	if err := json.Unmarshal([]byte(row.List), &lists); err != nil {
		return lists, at, fmt.Errorf("%w: a list of reasons that does not parse", seal.ErrUnsigned)
	}
	return lists, st.At, nil
}

// merged puts the program's words to a list. What the program has since, and no
// manager has seen yet, is there and switched off; what it has no more is gone.
func merged(list, own []Reason) (all []Reason) {
	for _, r := range list {
		i := slices.IndexFunc(own, func(o Reason) bool { return o.ID == r.ID })
		switch {
		case i >= 0:
			r.Words, r.Kinder = own[i].Words, own[i].Kinder
		case !agency.ValidID("rs", r.ID):
			continue
		}
		all = append(all, r)
	}
	for _, o := range own {
		if !slices.ContainsFunc(all, func(r Reason) bool { return r.ID == o.ID }) {
			o.Off = !o.Fixed()
			all = append(all, o)
		}
	}
	return all
}

// stored is a list as it is written down.
func stored(list []Reason) []Reason {
	list = slices.Clone(list)
	for i, r := range list {
		if !agency.ValidID("rs", r.ID) {
			list[i].Words, list[i].Kinder = "", ""
		}
	}
	return list
}

// ChangeReasons changes one of the lists, for every letter that is decided about
// from then on; what writers were told stays as it was said. version is that of
// the lists that were looked at. A manager's act, in the log with their name.
//
// Invalid, on "words" or "kinder": CheckReason refuses it, or the list is full.
// Conflict: somebody changed the lists since. NotFound: no such list or entry.
// Forbidden: a fixed entry. StepUp: no code within the last hour.
func (s *Service) ChangeReasons(ctx context.Context, actor authz.Actor, version int, c ReasonChange) error {
	ag, err := s.begin(ctx, actor, authz.SetReasons, "reasons")
	if err != nil {
		return err
	}
	if err := actor.StepUp(s.now(), StepUpFor); err != nil {
		return err
	}
	now, err := s.reasonsOf(ctx, ag, actor)
	if err != nil {
		return err
	}
	switch written := slices.ContainsFunc(now.Of(c.List), func(r Reason) bool { return r.ID == c.ID }); {
	case written && (c.Do == ReasonNew || c.Do == ReasonEdit):
		return nil // the button was pressed again, as after an answer that got lost
	case now.Doubted:
		return fault.New(fault.Conflict, "fault.reason.doubted")
	case now.Version != version:
		return fault.New(fault.Conflict, "fault.reason.changed")
	}
	list, err := changed(now.Of(c.List), c)
	if err != nil {
		return err
	}
	lists := reasonLists{stored(now.Letter), stored(now.Photo), stored(now.Recording)}
	switch c.List {
	case LetterReasons:
		lists.Letter = stored(list)
	case PhotoLeftOut:
		lists.Photo = stored(list)
	case RecordingLeftOut:
		lists.Recording = stored(list)
	}
	return s.storeReasons(ctx, ag, actor, version+1, lists)
}

func (s *Service) storeReasons(ctx context.Context, ag *agency.Agency, actor authz.Actor, version int, lists reasonLists) error {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("sign a list of reasons: %w", err)
	}
	content, err := json.Marshal(lists)
	if err != nil {
		return fmt.Errorf("write a list of reasons: %w", err)
	}
	body, err := ag.State(statement.Statement{Event: statement.EventRecord, Object: reasonObject, Part: reasonPart, Version: uint64(version),
		From: workerNode(actor.Account()), Commit: sha256.Sum256(content), At: s.now()}, "", signer)
	if err != nil {
		return err
	}
	leaf := statement.Leaf(body)
	s.at("reasons")
	err = s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlInsertReasons, version, string(content), leaf[:])
		audit.Append(b, body)
		return nil
	})
	return s.db.Fault(err)
}

// changed is a list after a change.
func changed(list []Reason, c ReasonChange) ([]Reason, error) {
	if !slices.Contains(ReasonLists(), c.List) {
		return nil, notFound()
	}
	list = slices.Clone(list)
	id := c.ID
	if c.Do == ReasonEdit {
		id = c.Place
	}
	i := slices.IndexFunc(list, func(r Reason) bool { return r.ID == id })
	switch {
	case c.Do == ReasonNew:
		return written(list, len(list), c)
	case i < 0:
		return nil, notFound()
	case (c.Do == ReasonEdit || c.Do == ReasonOff || c.Do == ReasonOn) && list[i].Fixed():
		return nil, fault.New(fault.Forbidden, "fault.reason.fixed")
	}
	switch c.Do {
	case ReasonEdit:
		list[i].Off = true
		return written(list, i, c)
	case ReasonOff, ReasonOn:
		list[i].Off = c.Do == ReasonOff
		return list, nil
	case ReasonUp, ReasonDown:
		if j := beside(list, i, c.Do == ReasonUp); j >= 0 {
			list[i], list[j] = list[j], list[i]
		}
		return list, nil
	}
	return nil, notFound()
}

// beside is the nearest entry in a direction that is switched on or off as this
// one is; -1 where there is none.
func beside(list []Reason, i int, up bool) int {
	step := 1
	if up {
		step = -1
	}
	for j := i + step; j >= 0 && j < len(list); j += step {
		if list[j].Off == list[i].Off {
			return j
		}
	}
	return -1
}

// written puts a new entry at a place.
func written(list []Reason, at int, c ReasonChange) ([]Reason, error) {
	if !agency.ValidID("rs", c.ID) {
		return nil, notFound()
	}
	words, kinder, err := CheckReason(c.Words, c.Kinder)
	if err != nil {
		return nil, err
	}
	if len(list) >= MaxReasons {
		return nil, fault.Field("words", "fault.reason.full")
	}
	return slices.Insert(list, at, Reason{ID: c.ID, Words: words, Kinder: kinder}), nil
}

// ofFixed are words about what only the fixed sentence speaks of: as they are called,
// and as somebody would write around them.
var ofFixed = regexp.MustCompile(`(?i)` + strings.Join([]string{
	`\b(sur|fore|nick)?nam(e[sd]?|ing)\b`,
	`\b(address|street|road|place|town|village|cit(y|ie)|count(y|ie)|area|region|neighbourhood|locat(e|ion)|postcode|house|home|school|nurser(y|ie)|college|club|church|hospital|shop|employer|workplace|uniform|badge|number plate|` +
		`phone|mobile|e-?mail|contact|website|profile|online|instagram|facebook|snapchat|tiktok|whatsapp|brother|sister|sibling|twin|cousin|identif\w*|recogni[sz]\w*|guess|initial)(e?s|d|ing|ed)?\b`,
	`\b(numbers?|live[sd]?|living|whereabouts|called|nearby|maiden)\b`,
	`\bwhere\b`,
	`\b(no|any) such\b|\b(no|not) (a |the |that |this )?(child(ren)?|boys?|girls?|bab(y|ies)|persons?|people|famil(y|ies)|adopt\w*)\b|\bnot (them|him|hers?|his|theirs?)\b`,
	`\b(wrong|right|different) (one|ones|child(ren)?|boys?|girls?|bab(y|ies)|persons?|people|man|woman|famil(y|ies)|adopt\w*)\b`,
	`\bwho\b[^.]{0,20}\b(they|he|she|somebody|someone|famil(y|ies)|adopted|cares?|look(s|ed|ing)? after)\b|\b(coast|part of the (country|world))\b`,
	`\b(their|his|her) new\b|\b(other|another) (child(ren)?|boys?|girls?|adoption)\b`,
	`\b(find|found|trac(e|ed|ing)|reach) (them|him|her|somebody|someone|the (other )?family)\b`,
	`\b((in)?correct(ly)?|mistaken|exists?|right or wrong|(are|were|is|was|not) (right|wrong|true))\b`,
	`\b(enw(au)?|cyfenw(au)?|cyfeiriad(au)?|[td]ref|[pb]entref|d?dinas|stryd|ysgol(ion)?|[bf]rawd|chwaer|[bf]yw|ff[oô]n|rhif(au)?|g?artref|cartref)\b`,
}, "|"))

// CheckReason cleans the words of an entry, and says what cannot stand there. A
// sentence of a list goes to many writers: it holds nothing that the screen
// finds high, and it does not speak of names, places, contact details or other
// children, for which there is one sentence that is the same for everybody and
// confirms no guess.
//
// Invalid, on "words" or "kinder": nothing, too long, or such a word.
func CheckReason(words, kinder string) (string, string, error) {
	words, wordsErr := prose.Line("words", words)
	if wordsErr == nil {
		wordsErr = reasonText("words", words, MaxReasonLine)
	}
	if wordsErr == nil && prose.Blank(words) {
		wordsErr = fault.Field("words", "fault.reason.sentence")
	}
	kinder, kinderErr := prose.Clean("kinder", kinder, MaxReason*4)
	if kinderErr == nil {
		kinderErr = reasonText("kinder", kinder, MaxReason/2)
	}
	return words, kinder, errors.Join(wordsErr, kinderErr)
}

func reasonText(field, text string, most int) error {
	if utf8.RuneCountInString(text) > most {
		return fault.Field(field, "fault.reason.long")
	}
	screen, err := screening.Compile(nil)
	if err != nil {
		return fmt.Errorf("screen a reason: %w", err)
	}
	if slices.ContainsFunc(screen.Scan(text), func(f screening.Finding) bool { return f.Severity == screening.High }) {
		return fault.Field(field, "fault.reason.screened")
	}
	if ofFixed.MatchString(text) {
		return fault.Field(field, "fault.reason.neutral")
	}
	return nil
}

// told is the sentence of a reason that is offered now, as its writer will read
// it. Invalid, on "reason", for any other.
func (d *deciding) told(ctx context.Context, list, id string) (string, error) {
	reasons, err := d.reasonsOf(ctx, d.ag, d.actor)
	if err != nil {
		return "", err
	}
	r, ok := reasons.Find(list, id)
	if !ok {
		return "", fault.Field("reason", "fault.reason.choose")
	}
	return r.Words, nil
}
