package letterbox

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

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

// Why a translator gives a letter back.
const (
	// BackCannot: they cannot read it.
	BackCannot = "cannot"
	// BackKnows: they know these people, which is written down as by Connect.
	BackKnows = "knows"
	// BackOther: something else, in words.
	BackOther = "other"
)

// BackReasons lists them.
func BackReasons() []string { return []string{BackCannot, BackKnows, BackOther} }

const (
	sqlTurnColumns = `select t.letter_id, l.exchange_id, t.n, t.language, t.into_language as into, t.given_on, t.draft, t.draft_mac, t.draft_version
		from translation t join letter l on l.agency_id = t.agency_id and l.id = t.letter_id
		where t.agency_id = agency() and t.worker_id = account() and t.state = 'given' and l.state = 'toTranslate'`
	sqlTurns      = sqlTurnColumns + ` order by t.given_on, t.letter_id limit 200`
	sqlTurn       = sqlTurnColumns + ` and t.letter_id = $1`
	sqlTurnLock   = sqlTurn + ` for update of t`
	sqlTurnSource = `select ` + sqlObjectColumns + ` from translation t join object o on o.agency_id = t.agency_id and o.id = t.letter_id and o.part = 'source' and o.leaf = t.leaf
		where t.agency_id = agency() and t.worker_id = account() and t.state = 'given' and t.letter_id = $1`
	// Before the letter, for a connection takes them in this order.
	sqlHoldExchange = `select 1 from exchange x join letter l on l.agency_id = x.agency_id and l.exchange_id = x.id
		where x.agency_id = agency() and l.id = $1 for no key update of x`
)

var (
	guardedSaveTask = postgres.Guarded(`update translation set draft = $3, draft_mac = $4, draft_version = draft_version + 1
		where agency_id = agency() and letter_id = $1 and worker_id = account() and state = 'given' and draft_version = $2 returning 1`)
	guardedHandIn = postgres.Guarded(`update translation set state = 'handedIn', done_leaf = $3, draft = null, draft_mac = null
		where agency_id = agency() and letter_id = $1 and n = $2 and worker_id = account() and state = 'given' returning 1`)
	guardedGiveBack = postgres.Guarded(`update translation set state = 'givenBack', draft = null, draft_mac = null
		where agency_id = agency() and letter_id = $1 and n = $2 and worker_id = account() and state = 'given' returning 1`)
)

// TaskLine is a letter that its translator has. It has no text, and nothing of the
// case that it belongs to.
type TaskLine struct {
	Letter         LetterID
	Language, Into string // of Languages
	GivenOn        time.Time
	WorkDays       int
	Late           bool // longer than TranslatePromise
}

// Task is a letter open for its translator: its text, and what they have so far.
type Task struct {
	TaskLine
	Which   string // from what into what, where one of them is OtherTongue
	Text    Text
	Draft   Text
	Version int  // of the draft: what SaveTask must name
	Unread  bool // the text did not open: a notice in its place
}

type turnRow struct {
	LetterID     string
	ExchangeID   string
	N            int
	Language     string
	Into         string
	GivenOn      time.Time
	Draft        []byte
	DraftMac     []byte
	DraftVersion int
}

func (s *Service) turnLine(r turnRow) TaskLine {
	days := s.agencies.Days().Between(r.GivenOn, calendar.Today(s.now()))
	return TaskLine{Letter: LetterID(r.LetterID), Language: r.Language, Into: r.Into, GivenOn: r.GivenOn, WorkDays: days, Late: days > TranslatePromise}
}

func (r turnRow) context(agencyID, worker string, version int) seal.Context {
	return seal.Context{Kind: seal.KindDraft, Agency: agencyID, Exchange: r.ExchangeID, Object: r.LetterID, Part: "translation",
		From: "worker/" + worker, To: "worker/" + worker, Version: uint64(version)}
}

// Tasks lists the letters that were given to the actor to translate, those given
// first first, 200 at most. Translators only.
func (s *Service) Tasks(ctx context.Context, actor authz.Actor) ([]TaskLine, error) {
	if _, err := s.begin(ctx, actor, authz.Translate, "translations"); err != nil {
		return nil, err
	}
	var rows []turnRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlTurns) }); err != nil {
		return nil, s.db.Fault(fmt.Errorf("load what is to be translated: %w", err))
	}
	list := make([]TaskLine, len(rows))
	for i, r := range rows {
		list[i] = s.turnLine(r)
	}
	return list, nil
}

// Task opens a letter for its translator, with their own key alone. The reading is
// in the log before anything is opened. NotFound unless the letter is with the actor
// now: not before it was given to them, and not after their task.
func (s *Service) Task(ctx context.Context, actor authz.Actor, id LetterID) (Task, error) {
	ag, err := s.begin(ctx, actor, authz.Translate, string(id))
	if err != nil {
		return Task{}, err
	}
	row, source, err := s.loadTurn(ctx, actor, id)
	if err != nil {
		return Task{}, err
	}
	if err := s.logTurn(ctx, ag, actor, row, source); err != nil {
		return Task{}, err
	}
	task := Task{TaskLine: s.turnLine(row), Version: row.DraftVersion}
	content, err := s.openSource(ctx, ag, actor, row, source)
	if err != nil && !unread(err) {
		return Task{}, err
	}
	if task.Unread = err != nil; task.Unread {
		return task, nil
	}
	task.Text, task.Which = Text(content.Text), content.Which
	if len(row.Draft) > 0 {
		draft, err := s.openTurnDraft(ctx, ag, actor, row)
		task.Draft, task.Unread = Text(draft), err != nil
	}
	return task, nil
}

func (s *Service) loadTurn(ctx context.Context, actor authz.Actor, id LetterID) (row turnRow, source objectRow, err error) {
	if !agency.ValidID("lt", string(id)) {
		return row, source, notFound()
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return row, source, err
	}
	var rows []turnRow
	var sources []objectRow
	var connected bool
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlTurn, string(id))
		queueObjects(b, &sources, sqlTurnSource, string(id))
		b.Queue(sqlIsConnected, string(id)).QueryRow(func(row pgx.Row) error { return row.Scan(&connected) })
	})
	switch {
	case err != nil:
		return row, source, s.db.Fault(fmt.Errorf("load letter %s for its translator: %w", id, err))
	case len(rows) != 1:
		return row, source, notFound()
	case connected:
		return row, source, fault.New(fault.Forbidden, "fault.letter.connected")
	case len(sources) == 1:
		source = sources[0]
	}
	return rows[0], source, nil
}

// logTurn states the reading, of a letter that is still with its translator.
func (s *Service) logTurn(ctx context.Context, ag *agency.Agency, actor authz.Actor, row turnRow, source objectRow) error {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("sign reading: %w", err)
	}
	body, err := ag.State(statement.Statement{Event: statement.EventAccess, Object: row.LetterID, Part: "source", Version: max(source.Version, 1),
		Exchange: row.ExchangeID, From: "worker/" + actor.Account(), At: hour(s.now())}, "", signer)
	if err != nil {
		return err
	}
	var lock lockRow
	var now []turnRow
	s.at("turn")
	err = s.db.Act(ctx, scope(actor), func(b *pgx.Batch) {
		lockLetter(b, &lock, row.LetterID)
		postgres.Many(b, &now, sqlTurn, row.LetterID)
	}, func(b *pgx.Batch) error {
		if len(now) != 1 || now[0].N != row.N {
			return notFound()
		}
		audit.Append(b, body)
		return nil
	})
	return s.db.Fault(err)
}

// openSource opens what was sealed to the translator, by whichever of their own keys.
func (s *Service) openSource(ctx context.Context, ag *agency.Agency, actor authz.Actor, row turnRow, source objectRow) (c sourceContent, err error) {
	if source.Kind != string(seal.KindTranslation) || source.ToNode != "worker/"+actor.Account() || source.ExchangeID != row.ExchangeID {
		return c, s.unstated(ctx, ag, row.LetterID, errNoSource)
	}
	keys, _ := actor.Keys().OwnKeys()
	content, err := s.open(ctx, ag, source, keys...)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(content, &c); err != nil {
		return c, s.unstated(ctx, ag, row.LetterID, err)
	}
	if c.Language != row.Language || c.Into != row.Into {
		return c, s.unstated(ctx, ag, row.LetterID, fmt.Errorf("%w: another language than was given", seal.ErrUnsigned))
	}
	return c, nil
}

func (s *Service) openTurnDraft(ctx context.Context, ag *agency.Agency, actor authz.Actor, row turnRow) (string, error) {
	c := row.context(ag.ID, actor.Account(), row.DraftVersion)
	keys, _ := actor.Keys().OwnKeys()
	var opened error
	for _, key := range keys {
		content, commit, err := seal.Open(row.Draft, c, key)
		if err == nil {
			err = seal.Owned(key, c, commit, row.DraftMac)
		}
		if err == nil {
			return string(content), nil
		}
		opened = err
	}
	s.log.ErrorContext(ctx, "ALARM: a draft does not open", "agency", ag.ID, "object", row.LetterID, "error", opened)
	return "", fault.Wrap(fault.Sealed, "fault.sealed", opened)
}

// SaveTask keeps what a translator has so far, sealed to them alone, if version is
// still the draft's, and gives the next version. Conflict: it was saved elsewhere
// meanwhile. NotFound as for Task; Invalid: field "text".
func (s *Service) SaveTask(ctx context.Context, actor authz.Actor, id LetterID, version int, text string) (int, error) {
	ag, err := s.begin(ctx, actor, authz.Translate, string(id))
	if err != nil {
		return 0, err
	}
	row, _, err := s.loadTurn(ctx, actor, id)
	if err != nil {
		return 0, err
	}
	if text, err = prose.Clean("text", text, MaxText); err != nil {
		return 0, err
	}
	if row.DraftVersion != version {
		return 0, fault.New(fault.Conflict, "fault.draft.changed")
	}
	_, own, ok := actor.Keys().Own()
	if !ok {
		return 0, fmt.Errorf("seal a translator's draft: %w", errNoKey)
	}
	c := row.context(ag.ID, actor.Account(), version+1)
	sealed, err := seal.Seal(c, []byte(text), own.Recipient())
	if err != nil {
		return 0, fmt.Errorf("seal a translator's draft: %w", err)
	}
	mac, err := seal.Own(own, c, sealed.Commit)
	if err != nil {
		return 0, fmt.Errorf("vouch for a translator's draft: %w", err)
	}
	err = s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(guardedSaveTask, row.LetterID, version, sealed.Bytes, mac[:])
		return nil
	})
	if err != nil {
		return 0, s.db.Fault(fmt.Errorf("save a translator's draft: %w", err))
	}
	return version + 1, nil
}

// beginTurn begins an act of the translator, who has no key of the case: they seal
// to it, and open nothing of it.
func (s *Service) beginTurn(ctx context.Context, actor authz.Actor, id LetterID) (*deciding, turnRow, objectRow, error) {
	var none objectRow
	if _, err := s.begin(ctx, actor, authz.Translate, string(id)); err != nil {
		return nil, turnRow{}, none, err
	}
	row, source, err := s.loadTurn(ctx, actor, id)
	if err != nil {
		return nil, row, none, err
	}
	d, err := s.beginAct(ctx, actor, authz.Translate, id)
	if err != nil {
		return nil, row, none, err
	}
	node, err := d.ag.Trusted(d.rows.nodes, "case/"+d.rows.letter().ExchangeID)
	if err != nil {
		return nil, row, none, s.unstated(ctx, d.ag, string(id), err)
	}
	if err := s.newestKeys(ctx, d.ag, node); err != nil {
		return nil, row, none, err
	}
	d.node = node
	return d, row, source, s.relations(ctx, d.ag, actor, d.rows)
}

// HandIn hands a translation in: it is kept with the letter, sealed to case and
// archive, and the letter is on the desk again. From then on the translator reads
// neither. Conflict: the letter went elsewhere in this moment. StepUp: no code in
// the last hour. NotFound as for Task; Invalid: field "text", which is not the
// original itself; Sealed: what was given to them does not open.
func (s *Service) HandIn(ctx context.Context, actor authz.Actor, id LetterID, text string) error {
	d, row, source, err := s.beginTurn(ctx, actor, id)
	if err != nil {
		return err
	}
	given, err := s.openSource(ctx, d.ag, actor, row, source)
	if err != nil {
		return err
	}
	if text, err = translated(text, given.Text); err != nil {
		return err
	}
	done, err := d.sealTranslation(translationContent{row.Language, row.Into, given.Text, text}, append(d.receipt(), [32]byte(source.Leaf)))
	if err != nil {
		return err
	}
	leaf := statement.Leaf(done.body)
	return d.commit(ctx, step{act: "handIn", from: whence("handIn", authz.Translator), bodies: [][]byte{done.body},
		write: func(b *pgx.Batch, from State) {
			done.queue(b)
			b.Queue(guardedHandIn, row.LetterID, row.N, leaf[:])
			b.Queue(guardedMove, row.LetterID, string(Received), string(from))
		}})
}

// GiveBack gives a letter back untranslated, with a reason of BackReasons; words are
// for the workers. Whoever knows the people is written down as connected with them,
// by their own word. Invalid: fields "reason" and "words". StepUp: no code in the last
// hour; for one who knows the people and works with letters as well, within
// ConnectFor. Otherwise as for HandIn.
func (s *Service) GiveBack(ctx context.Context, actor authz.Actor, id LetterID, reason, words string) error {
	d, row, _, err := s.beginTurn(ctx, actor, id)
	if err != nil {
		return err
	}
	if !slices.Contains(BackReasons(), reason) {
		return fault.Field("reason", "fault.reason.choose")
	}
	if words, err = prose.Clean("words", words, MaxReason*4); err != nil {
		return err
	}
	if reason == BackOther && prose.Blank(words) {
		return fault.Field("words", "fault.reason.words")
	}
	written, err := d.noteWith(decisionNote{Act: "giveBack", Reason: ReturnReason(reason), Note: words}, statement.EventCasework)
	if err != nil {
		return err
	}
	both := reason == BackKnows && actor.Can(authz.Connect)
	if both {
		if err := actor.StepUp(s.now(), ConnectFor); err != nil {
			return err
		}
	}
	a := step{act: "giveBack", from: whence("giveBack", authz.Translator), bodies: [][]byte{written.body}, holds: reason == BackKnows,
		write: func(b *pgx.Batch, from State) {
			written.queue(b)
			b.Queue(guardedGiveBack, row.LetterID, row.N)
			b.Queue(guardedMove, row.LetterID, string(Received), string(from))
			if reason == BackKnows && !both {
				b.Queue(sqlConnect, row.ExchangeID)
			}
		}}
	if err := d.commit(ctx, a); err != nil || !both {
		return err
	}
	return s.Connect(ctx, actor, ExchangeID(row.ExchangeID)) // who holds keys of the case loses them
}

// translationIn reads a translation that was delivered, once it is opened.
func translationIn(content string) (t Translation, err error) {
	var d deliveredTranslation
	if err := json.Unmarshal([]byte(content), &d); err != nil {
		return t, fault.Wrap(fault.Sealed, "fault.sealed", err)
	}
	return Translation{Text: Text(d.Text), Language: d.Language, Into: d.Into}, nil
}

// cameTranslation opens the translation that came with a letter, with the key of its
// recipients' side; none where none came.
func (s *Service) cameTranslation(ctx context.Context, ag *agency.Agency, actor authz.Actor, objects []objectRow, side, id string) (t Translation, err error) {
	if !slices.ContainsFunc(objects, func(o objectRow) bool { return o.ID == id && o.Part == "translation" }) {
		return t, nil
	}
	content, err := s.openSideObject(ctx, ag, actor, objects, side, id, "translation")
	if err != nil {
		return t, err
	}
	return translationIn(content)
}
