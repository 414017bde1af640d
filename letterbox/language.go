package letterbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/letterbox/screening"
)

// What language a letter is in, or its translation.
const (
	English      = "en"
	Welsh        = "cy"
	OtherTongue  = "other" // no one language: who reads it is asked each time
	bothTongues  = "both"  // of a side: English and Welsh
	partLanguage = "language"
	partReads    = "reads"
)

// Languages lists what a letter can be in.
func Languages() []string { return []string{English, Welsh, OtherTongue} }

// SideLanguages lists what a side can read: English, Welsh, both, or neither.
func SideLanguages() []string { return []string{English, Welsh, bothTongues, OtherTongue} }

// sideReads tells whether a side reads a letter as it was written.
func sideReads(side, letter string) bool {
	return letter != OtherTongue && (side == letter || side == bothTongues)
}

// needsTranslation is the one rule: a letter goes on as it is where its
// recipients and the worker who lets it go on read it. English every worker reads.
func needsTranslation(letter, side string, welsh bool) bool {
	return !sideReads(side, letter) || letter == Welsh && !welsh
}

// readsOne tells whether the actor reads the letter as it was written or what it is
// translated into. English every worker reads.
func (r *languageRow) readsOne() bool {
	into := translatedInto(r.Language, r.Side)
	return r.Language == English || into == English || r.Welsh && (r.Language == Welsh || into == Welsh)
}

// translatedInto is the language into which a letter is translated for a side: one
// that they read; where they read it as it is, English, for the workers.
func translatedInto(letter, side string) string {
	switch {
	case side == English || side == bothTongues:
		return English
	case side == OtherTongue:
		return OtherTongue
	case letter == Welsh:
		return English
	}
	return Welsh
}

const (
	sqlDraftLanguage = `update draft set language = $2 where agency_id = agency() and id = $1`
	sqlLanguages     = `select l.language, s.language as side, reads_welsh(account()) as welsh, untranslated(l.id, account()) as untranslated, coalesce(t.worker_id, '') as translator, coalesce(t.state, '') as state,
			coalesce(t.given_on, 'epoch') as given_on, coalesce(t.n, 0) as turn, coalesce(translated_by(l.id), '') as translated_by,
			coalesce(r.n, 0) as reads, coalesce(r.by_worker, '') as reads_by, r.leaf as reads_leaf, leaf_body(r.leaf) as reads_body
		from letter l join side s on s.agency_id = l.agency_id and s.id = l.to_side
		left join lateral (select worker_id, state, given_on, n from translation where agency_id = l.agency_id and letter_id = l.id order by n desc limit 1) t on true
		left join lateral (select n, by_worker, leaf from worker_reads where agency_id = l.agency_id and worker_id = account() order by n desc limit 1) r on true
		where l.agency_id = agency() and l.id = $1`
	// What was said last of the letter's language, and of what its recipients read; and its newest translation.
	sqlLanguageNotes = `select ` + sqlObjectColumns + ` from letter l join object o on o.agency_id = l.agency_id and (o.id in (l.id, l.to_side) and o.part = 'language' and o.kind in ('worknote', 'submission')
			or o.id = l.id and o.part = 'translation' and o.kind = 'translation')
		where l.agency_id = agency() and l.id = $1 order by o.version desc`
	sqlTranslatorNames = `select t.worker_id as of, r.book, r.id, r.epoch, r.name, ''::bytea as details from translation t
		join directory r on r.agency_id = t.agency_id and r.book = 'staff' and r.id = t.worker_id where t.agency_id = agency() and t.letter_id = $1`
	sqlWorkerReads = `select w.id, w.state, reads_welsh(w.id) as welsh, (select coalesce(max(r.n), 0) from worker_reads r where r.agency_id = w.agency_id and r.worker_id = w.id)::int as n
		from worker w where w.agency_id = agency() and w.id = $1`
	sqlWorkerReadsLock = sqlWorkerReads + ` for no key update of w`
	sqlInsertReads     = `insert into worker_reads (agency_id, worker_id, n, welsh, by_worker, leaf) values (agency(), $1, $2, $3, account(), $4)`
)

var (
	guardedSideLanguage = postgres.Guarded(`update side set language = $2 where agency_id = agency() and id = $1 and language <> $2 returning 1`)
	sqlSetLanguage      = `update letter set language = $2 where agency_id = agency() and id = $1`
)

// languageRow is what the rows say of a letter's language, and who reads it.
type languageRow struct {
	Language     string
	Side         string // what its recipients read
	Welsh        bool   // the actor reads Welsh
	Untranslated bool   // by the rows, for the actor
	Translator   string // who has the text, or had it last
	State        string // of their turn
	GivenOn      time.Time
	Turn         int
	TranslatedBy string // whose translation was handed in last
	Reads        int    // the newest word of the actor's languages, by whom and its statement
	ReadsBy      string
	ReadsLeaf    []byte
	ReadsBody    []byte
}

// languageRows is languageRow with the notes that it has to agree with.
type languageRows struct {
	languageRow
	notes []objectRow
	names []nameRow // of translators
}

func (r *languageRows) queue(b *pgx.Batch, letter string) {
	postgres.One(b, &r.languageRow, sqlLanguages, letter)
	queueObjects(b, &r.notes, sqlLanguageNotes, letter)
	postgres.Many(b, &r.names, sqlTranslatorNames, letter)
}

// newest is the newest object of a part; nil for none.
func (r *languageRows) newest(id, part string) *objectRow {
	i := slices.IndexFunc(r.notes, func(o objectRow) bool { return o.ID == id && o.Part == part })
	if i < 0 {
		return nil
	}
	return &r.notes[i]
}

// translated tells whether a worker wrote the letter's translation, by the row or
// by their own statement.
func (r *languageRows) translated(letter, worker string) bool {
	o := r.newest(letter, "translation")
	return r.TranslatedBy == worker || o != nil && o.FromNode == "worker/"+worker
}

// said tells whether a worker has said what language the letter is in.
func (r *languageRows) said(letter string) bool { return r.newest(letter, partLanguage) != nil }

// languageNote is the content of a note of a letter's language.
type languageNote struct {
	State string `json:"state"`
}

// SayDraftLanguage keeps what a draft's writer says that it is in, one of Languages;
// its letter is in it until a worker says another one. NotFound for a draft that is
// not the actor's; Invalid: field "language".
func (s *Service) SayDraftLanguage(ctx context.Context, actor authz.Actor, id DraftID, language string) error {
	if _, err := s.begin(ctx, actor, authz.Write, string(id)); err != nil {
		return err
	}
	row, _, err := s.loadDraft(ctx, actor, id)
	if err != nil {
		return err
	}
	if !slices.Contains(Languages(), language) {
		return fault.Field("language", "fault.language.choose")
	}
	if row.Language == language {
		return nil
	}
	return s.db.Fault(s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlDraftLanguage, row.ID, language)
		return nil
	}))
}

// sealLanguage seals what a letter's writer says that it is in, as its text is sealed,
// for the door to state; nothing of a letter in English.
func (s *Service) sealLanguage(ag *agency.Agency, actor authz.Actor, row sendRow, nodes []agency.NodeRow, letter LetterID) (withTranslation, error) {
	if row.Language == English {
		return nil, nil
	}
	content, err := json.Marshal(languageNote{row.Language})
	if err != nil {
		return nil, fmt.Errorf("write a language: %w", err)
	}
	note, err := s.sealSubmission(ag, actor, row, nodes, letter, partLanguage, string(content))
	return withTranslation{note}, err
}

// SayLanguage says what language a claimed letter is in, one of Languages, as a
// worker who reads it found; the claim stays. A translation that was made of
// another language counts no more. Said twice, it is said once.
//
// Invalid: field "language". Conflict: not claimed, or not waiting to be decided
// about. Otherwise as for Hold.
func (s *Service) SayLanguage(ctx context.Context, actor authz.Actor, id LetterID, language string) error {
	d, err := s.beginWork(ctx, actor, id)
	if err != nil {
		return err
	}
	if !slices.Contains(Languages(), language) {
		return fault.Field("language", "fault.language.choose")
	}
	l := d.rows.letter()
	if d.rows.language.Language == language && d.rows.language.said(l.ID) {
		return nil
	}
	content, err := json.Marshal(languageNote{language})
	if err != nil {
		return fmt.Errorf("write a language: %w", err)
	}
	c := seal.Context{Kind: seal.KindWorknote, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: l.ID, Part: partLanguage,
		From: "worker/" + actor.Account(), To: "case/" + l.ExchangeID, Version: d.rows.next(partLanguage)}
	note, err := d.seal(c, "", content, statement.EventCasework, d.receipt(), d.node)
	if err != nil {
		return err
	}
	var lock lockRow
	return s.db.Fault(s.db.Act(ctx, scope(actor), func(b *pgx.Batch) { lockLetter(b, &lock, l.ID) }, func(b *pgx.Batch) error {
		if err := holds(lock, actor); err != nil {
			return err
		}
		if !slices.Contains(whence("translate", authz.LetterboxWorker), lock.State) {
			return fault.New(fault.Conflict, "fault.letter.moved")
		}
		note.queue(b)
		b.Queue(sqlSetLanguage, l.ID, language)
		b.Queue(guardedLook, l.ID)
		b.Queue(sqlNudge)
		audit.Append(b, note.body)
		return nil
	}))
}

// SetSideLanguage says what a side reads, one of SideLanguages: for letters that
// are not passed on yet, too. Invalid: field "language". Otherwise as SetState.
func (s *Service) SetSideLanguage(ctx context.Context, actor authz.Actor, id SideID, language string) error {
	if !slices.Contains(SideLanguages(), language) {
		return s.refuse(ctx, actor, string(id), fault.Field("language", "fault.language.choose"))
	}
	return s.set(ctx, actor, "sd", change{object: string(id), part: partLanguage, read: sqlSideNow, lock: sqlSideNowLock, nodes: sqlSideNodes,
		write: guardedSideLanguage, to: language})
}

type readsRow struct {
	ID    string
	State string
	Welsh bool
	N     int
}

// WorkerReads tells whether a worker reads Welsh, by a manager's last word.
// Managers only. NotFound if there is no such worker.
func (s *Service) WorkerReads(ctx context.Context, actor authz.Actor, worker string) (welsh bool, err error) {
	if _, err := s.begin(ctx, actor, authz.SetReads, worker); err != nil {
		return false, err
	}
	row, err := s.workerReads(ctx, actor, worker)
	return row.Welsh, err
}

func (s *Service) workerReads(ctx context.Context, actor authz.Actor, worker string) (row readsRow, err error) {
	if !agency.ValidID("wk", worker) {
		return row, notFound()
	}
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &row, sqlWorkerReads, worker) })
	if err != nil {
		return row, s.db.Fault(fmt.Errorf("load what worker %s reads: %w", worker, err))
	}
	return row, nil
}

// SetReads says whether a worker reads Welsh, in the manager's own name and in the
// log. Saying what is so changes nothing. NotFound if there is no such worker.
func (s *Service) SetReads(ctx context.Context, actor authz.Actor, worker string, welsh bool) error {
	ag, err := s.begin(ctx, actor, authz.SetReads, worker)
	if err != nil {
		return err
	}
	was, err := s.workerReads(ctx, actor, worker)
	if err != nil || was.Welsh == welsh {
		return err
	}
	signer, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("sign what a worker reads: %w", err)
	}
	st := readsStatement(actor.Account(), worker, was.N+1, welsh)
	st.At = s.now()
	body, err := ag.State(st, "", signer)
	if err != nil {
		return err
	}
	var now readsRow
	return s.db.Fault(s.db.Act(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &now, sqlWorkerReadsLock, worker) }, func(b *pgx.Batch) error {
		if now.N != was.N {
			return fault.New(fault.Conflict, "fault.conflict")
		}
		leaf := statement.Leaf(body)
		b.Queue(sqlInsertReads, worker, now.N+1, welsh, leaf[:])
		b.Queue(sqlNudge)
		audit.Append(b, body)
		return nil
	}))
}

// readsStatement is what is stated of a worker's languages. What stands there in
// clear is its content, so its commitment is the hash of that.
func readsStatement(by, worker string, n int, welsh bool) statement.Statement {
	reads := English
	if welsh {
		reads = English + "." + Welsh
	}
	return statement.Statement{Event: statement.EventCasework, Object: worker, Part: partReads, Version: uint64(n), From: "worker/" + by, To: reads,
		Commit: sha256.Sum256([]byte(reads))}
}

// statedLanguages checks what the rows say of the letter's language, of what its
// recipients read, and that the actor reads Welsh, by what was signed: a changed row
// would else let a letter go on that nobody has translated.
func (d *deciding) statedLanguages(ctx context.Context) error {
	l, row := d.rows.letter(), &d.rows.language
	for _, of := range []struct{ id, says string }{{l.ID, row.Language}, {l.ToSide, row.Side}} {
		if err := d.statedLanguage(ctx, of.id, of.says); err != nil {
			return err
		}
	}
	if !row.Welsh {
		return nil
	}
	err := d.statedReads(ctx)
	if err != nil {
		return d.unstated(ctx, d.ag, d.actor.Account(), err)
	}
	return nil
}

// statedLanguage checks one row by the newest note about it. English is the
// beginning, and needs none.
func (d *deciding) statedLanguage(ctx context.Context, id, says string) error {
	note := d.rows.language.newest(id, partLanguage)
	if note == nil {
		stated, err := d.index.Stated(ctx, d.ag.ID, id, partLanguage)
		if err == nil && (stated || says != English) {
			err = fmt.Errorf("%w: the language of %s", seal.ErrStale, id)
		}
		if err != nil {
			return d.unstated(ctx, d.ag, id, err)
		}
		return nil
	}
	if note.ExchangeID != d.rows.letter().ExchangeID {
		return d.unstated(ctx, d.ag, id, fmt.Errorf("%w: not a note of this exchange", seal.ErrUnsigned))
	}
	var said languageNote
	content, err := d.open(ctx, d.ag, *note, d.keys...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, &said); err != nil || said.State != says {
		return d.unstated(ctx, d.ag, id, errors.Join(err, fmt.Errorf("%w: another language than was said", seal.ErrUnsigned)))
	}
	return nil
}

// statedReads checks that a manager said that the actor reads Welsh, and nobody
// anything else since.
func (d *deciding) statedReads(ctx context.Context) error {
	row := d.rows.language
	leaf := statement.Leaf(row.ReadsBody)
	if !bytes.Equal(leaf[:], row.ReadsLeaf) {
		return fmt.Errorf("%w: not the row's statement", seal.ErrUnsigned)
	}
	st, err := d.ag.Verify(ctx, d.db, row.ReadsBody)
	if err != nil {
		return err
	}
	want := readsStatement(row.ReadsBy, d.actor.Account(), row.Reads, true)
	if st.Event != want.Event || st.Object != want.Object || st.Part != want.Part || st.Version != want.Version || st.From != want.From || st.To != want.To ||
		st.Commit != want.Commit || !slices.Contains(st.Signers(), statement.WorkerKeyName(d.ag.ID, row.ReadsBy)) || row.ReadsBy == "" {
		return fmt.Errorf("%w: nobody said that they read it", seal.ErrUnsigned)
	}
	return d.index.Newest(ctx, d.ag.ID, st.Object, st.Part, leaf)
}

// mayBeForeign tells whether the screen's hint waits for a worker's word: the
// letter may be in another language, and nobody has said which.
func (d *deciding) mayBeForeign() bool {
	return !d.rows.language.said(d.rows.letter().ID) && screening.MayBeForeign(d.text)
}

// translationOf opens the letter's translation, if it has one that counts: of this
// text, from and into the languages that are asked for now. keys are the case's.
func (s *Service) translationOf(ctx context.Context, ag *agency.Agency, rows *caseRows, text string, keys []*age.HybridIdentity) (translationContent, string, error) {
	l, lang := rows.letter(), &rows.language
	object := lang.newest(l.ID, "translation")
	if object == nil || object.Kind != string(seal.KindTranslation) {
		return translationContent{}, "", nil
	}
	var c translationContent
	content, err := s.open(ctx, ag, *object, keys...)
	if err != nil {
		return c, "", err
	}
	if err := json.Unmarshal(content, &c); err != nil {
		return c, "", s.unstated(ctx, ag, l.ID, err)
	}
	st, err := s.stated(ctx, ag, *object)
	if err != nil {
		return c, "", s.unstated(ctx, ag, l.ID, err)
	}
	by, worker := strings.CutPrefix(object.FromNode, "worker/")
	if !worker || !slices.Contains(st.Signers(), statement.WorkerKeyName(ag.ID, by)) {
		return c, "", s.unstated(ctx, ag, l.ID, fmt.Errorf("%w: not the translator's word", seal.ErrUnsigned))
	}
	if c.Original != text || c.Language != lang.Language || c.Into != translatedInto(lang.Language, lang.Side) {
		return translationContent{}, "", nil // of other words, or before somebody said another language
	}
	return c, by, nil
}
