package letterbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// MaxWhich is how many bytes may tell a translator which language is meant.
const MaxWhich = 120

// TranslatePromise is after how many working days managers are told that a
// translator still has a letter.
const TranslatePromise = 3

// sourceContent is what a translator opens: a letter's text and nothing else of it.
// Which names a language that the program has no name for.
type sourceContent struct {
	Language string `json:"language"`
	Into     string `json:"into"`
	Which    string `json:"which,omitempty"`
	Text     string `json:"text"`
}

// translationContent is a translation with what it is of: kept together.
type translationContent struct {
	Language string `json:"language"`
	Into     string `json:"into"`
	Original string `json:"original"`
	Text     string `json:"text"`
}

// deliveredTranslation is what the recipients open beside the letter.
type deliveredTranslation struct {
	Language string `json:"language"`
	Into     string `json:"into"`
	Text     string `json:"text"`
}

const (
	// Who could translate a letter: no letter is given to whoever knows the family, helped to write it, or decided about it.
	sqlTranslators = `select w.id, w.roles, coalesce(leaf_body(w.role_leaf), '') as role, r.book, r.epoch, r.name,
			n.epoch as node_epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from letter l join worker w on w.agency_id = l.agency_id
		join lateral (select k.epoch, k.recipient, k.verifier, k.key_leaf from node k where k.agency_id = w.agency_id and k.id = 'worker/' || w.id and k.key_leaf is not null
			order by k.epoch desc limit 1) n on true
		join directory r on r.agency_id = w.agency_id and r.book = 'staff' and r.id = w.id
		where l.agency_id = agency() and l.id = $1 and w.state = 'active' and 'translator' = any (w.roles) and not knows_family(w.id, l.exchange_id)
			and not exists (select from letter_helper h where h.agency_id = l.agency_id and h.letter_id = l.id and h.worker_id = w.id)
			and not exists (select from decision d where d.agency_id = l.agency_id and d.letter_id = l.id and d.worker_id = w.id)
			and not exists (select from letter_cut c where c.agency_id = l.agency_id and c.letter_id = l.id and c.leaf = cut_leaf(l.id) and c.worker_id = w.id)
		order by w.id`
	sqlInsertTranslation = `insert into translation (agency_id, letter_id, n, worker_id, given_by, language, into_language, text_version, cut, state, leaf, done_leaf)
		values (agency(), @letter, @n, @worker, account(), @language, @into, @version, @cut, @state, @leaf, @done)`
)

var (
	guardedTakenBack = postgres.Guarded(`update translation set state = 'takenBack', draft = null, draft_mac = null
		where agency_id = agency() and letter_id = $1 and n = $2 and state = 'given' returning 1`)
	guardedToTranslator = postgres.Guarded(`update letter set state = 'toTranslate', held_until = null where agency_id = agency() and id = $1 and state = $2 returning 1`)
)

// translationConstraints says the same as Constraints of what is refused because of a
// letter's language.
func translationConstraints() postgres.Constraints {
	return postgres.Constraints{
		"decision_translation":   fault.New(fault.Invalid, "fault.relay.translate"),
		"decision_translator":    fault.New(fault.Forbidden, "fault.letter.translated"),
		"delivery_translation":   fault.New(fault.Invalid, "fault.relay.translate"),
		"language_worker":        fault.New(fault.Conflict, "fault.letter.lapsed"),
		"language_decided":       fault.New(fault.Conflict, "fault.letter.moved"),
		"letter_translator":      fault.New(fault.Conflict, "fault.letter.moved"),
		"reads_manager":          fault.New(fault.Forbidden, "fault.forbidden"),
		"worker_reads_pkey":      fault.New(fault.Conflict, "fault.conflict"),
		"translation_worker":     fault.New(fault.Forbidden, "fault.translate.notTheirs"),
		"translation_letter":     fault.New(fault.Conflict, "fault.letter.moved"),
		"translation_moved":      fault.New(fault.Conflict, "fault.letter.moved"),
		"translation_translator": fault.New(fault.Conflict, "fault.translate.nobody"),
		"translation_once":       fault.New(fault.Conflict, "fault.letter.moved"),
		"translation_pkey":       fault.New(fault.Conflict, "fault.letter.moved"),
		"letter_language_shown":  fault.New(fault.Conflict, "fault.relay.readsAnother"),
		"recording_language":     fault.New(fault.Conflict, "fault.recording.language"),
	}
}

// Translators lists who could be given a letter to translate, for a worker who may
// decide about letters. It opens workers' names and no other.
func (s *Service) Translators(ctx context.Context, actor authz.Actor, id LetterID) ([]NamedWorker, error) {
	if _, err := s.begin(ctx, actor, authz.Decide, string(id)); err != nil {
		return nil, err
	}
	rows, err := s.translators(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	var list []NamedWorker
	for _, r := range rows {
		list = append(list, namedLine(actor, namedRow{ID: r.ID, Book: r.Book, Epoch: r.Epoch, Name: r.Name}))
	}
	return list, nil
}

func (s *Service) translators(ctx context.Context, actor authz.Actor, id LetterID) (rows []colleagueRow, err error) {
	if !agency.ValidID("lt", string(id)) {
		return nil, notFound()
	}
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlTranslators, string(id)) })
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load the translators: %w", err))
	}
	return rows, nil
}

// readable checks that the actor may let the letter go on as far as its language
// goes: by signed words, by the rule, and by a translation that another worker
// signed. What only the rows say is asked of the table.
func (d *deciding) readable(ctx context.Context) error {
	if err := d.statedLanguages(ctx); err != nil {
		return err
	}
	row := &d.rows.language
	switch {
	case d.mayBeForeign():
		return fault.New(fault.Invalid, "fault.relay.sayLanguage")
	case !needsTranslation(row.Language, row.Side, row.Welsh):
		return nil
	case d.translation.Text == "":
		d.rows.relay.Untranslated = true
	case !d.rows.language.readsOne():
		return fault.New(fault.Invalid, "fault.relay.readsNeither")
	}
	return d.heardAsItIs()
}

// heardAsItIs checks that no recording is to go with a letter that needs a translation:
// what is said in it is in the letter's language, and so is what was written down of it.
func (d *deciding) heardAsItIs() error {
	recording, err := d.rows.recording.row()
	if err == nil && recording.Goes && d.rows.needsTranslation() {
		return fault.New(fault.Conflict, "fault.recording.language")
	}
	return nil
}

// needsTranslation is the one rule about a letter's case, for the actor.
func (r *caseRows) needsTranslation() bool {
	return needsTranslation(r.language.Language, r.language.Side, r.language.Welsh)
}

// understood checks that the actor has read what they leave out of the open letter: as
// it was written, or in its translation.
func (d *deciding) understood(ctx context.Context) error {
	if err := d.statedLanguages(ctx); err != nil {
		return err
	}
	row := &d.rows.language
	switch {
	case row.Language == English || row.Language == Welsh && row.Welsh || d.translation.Text != "" && row.readsOne():
		return nil
	case d.translation.Text != "":
		return fault.New(fault.Invalid, "fault.relay.readsNeither")
	}
	return fault.New(fault.Invalid, "fault.relay.translate")
}

// openTranslation opens the translation that counts for the open letter.
func (d *deciding) openTranslation(ctx context.Context) (err error) {
	d.translation, d.translator, err = d.translationOf(ctx, d.ag, d.rows, d.text, d.keys)
	return err
}

// withTranslation is what goes beside a letter because of its language: none, or one
// object.
type withTranslation []sealedObject

func (p withTranslation) bodies() (list [][]byte) {
	for _, o := range p {
		list = append(list, o.body)
	}
	return list
}

func (p withTranslation) queue(b *pgx.Batch) {
	for _, o := range p {
		o.queue(b)
	}
}

// passTranslation seals the translation to the recipients' side, where they do not
// read the letter itself.
func (d *deciding) passTranslation(delivery string, to agency.Node, refs [][32]byte) (withTranslation, error) {
	l, row := d.rows.letter(), &d.rows.language
	if sideReads(row.Side, row.Language) || d.translation.Text == "" {
		return nil, nil
	}
	content, err := json.Marshal(deliveredTranslation{d.translation.Language, d.translation.Into, d.translation.Text})
	if err != nil {
		return nil, fmt.Errorf("write a translation: %w", err)
	}
	c := seal.Context{Kind: seal.KindDelivery, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: delivery, Part: "translation",
		From: "case/" + l.ExchangeID, To: "side/" + l.ToSide, Version: 1}
	o, err := d.seal(c, l.ToSide, content, statement.EventDeliver, refs, to, d.node)
	return withTranslation{o}, err
}

// readTranslation puts what is known of the letter's language on the worker's page,
// with its translation.
func (s *Service) readTranslation(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *caseRows, reading *Reading, keys []*age.HybridIdentity) error {
	row := &rows.language
	d := &deciding{Service: s, ag: ag, actor: actor, rows: rows, keys: keys, text: string(reading.Text)}
	err := d.statedLanguages(ctx)
	if err == nil {
		err = d.openTranslation(ctx)
	}
	if err != nil && !unread(err) {
		return err
	}
	reading.Language, reading.Recipient, reading.ReadsWelsh, reading.Into = row.Language, row.Side, row.Welsh, translatedInto(row.Language, row.Side)
	reading.ReadsNeither = !row.readsOne()
	reading.MayBeForeign = d.mayBeForeign()
	reading.Translation = TranslationRead{Text: Text(d.translation.Text), Into: d.translation.Into, By: names(actor, row.names, d.translator), Unread: err != nil}
	// With a recording that goes the row says no, whatever was translated.
	recording, none := rows.recording.row()
	reading.Foreign = rows.needsTranslation()
	reading.Untranslated = err != nil || reading.Foreign && (d.translation.Text == "" || row.Untranslated && (none != nil || !recording.Goes))
	return nil
}

// mayTranslate checks that the open letter is to be translated, and gives into what.
func (d *deciding) mayTranslate(ctx context.Context) (into string, err error) {
	if !d.waits() {
		return "", fault.New(fault.Conflict, "fault.letter.moved")
	}
	if err := d.statedLanguages(ctx); err != nil {
		return "", err
	}
	if prose.Blank(d.text) {
		return "", fault.New(fault.Invalid, "fault.translate.notNeeded")
	}
	row := &d.rows.language
	if into = translatedInto(row.Language, row.Side); into == row.Language && into != OtherTongue {
		return "", fault.New(fault.Invalid, "fault.translate.notNeeded")
	}
	return into, nil
}

// GiveToTranslator gives a claimed letter to a translator, who is Translators' one,
// and the claim back: its text alone is sealed to them, with no name and no other
// letter. The writer is told what they were told before, and the day by which they
// hear does not move. It is on the desk again once it is handed in, given back, or
// taken back. Where one of the two languages is OtherTongue, which tells the translator
// from what into what, in at most MaxWhich bytes; else it is ignored.
//
// Invalid: field "translator" or "which", or nothing is to be translated. Sealed: a
// key, or what was said of the language, is not as it was signed. Otherwise as for Hold.
func (s *Service) GiveToTranslator(ctx context.Context, actor authz.Actor, id LetterID, translator, which string) error {
	d, err := s.beginDecision(ctx, actor, id)
	if err != nil {
		return err
	}
	into, err := d.mayTranslate(ctx)
	if err != nil {
		return err
	}
	to, err := d.translatorNode(ctx, translator)
	if err != nil {
		return err
	}
	l, row := d.rows.letter(), &d.rows.language
	source := sourceContent{Language: row.Language, Into: into, Text: d.text}
	if row.Language == OtherTongue || into == OtherTongue {
		if source.Which, err = prose.Clean("which", which, MaxWhich); err != nil {
			return err
		}
		if prose.Blank(source.Which) {
			return fault.Field("which", "fault.translate.which")
		}
	}
	content, err := json.Marshal(source)
	if err != nil {
		return fmt.Errorf("write for a translator: %w", err)
	}
	c := seal.Context{Kind: seal.KindTranslation, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: l.ID, Part: "source",
		From: "worker/" + actor.Account(), To: "worker/" + translator, Version: d.rows.next("source")}
	sealed, err := d.seal(c, "", content, statement.EventCasework, d.receipt(), to, d.node)
	if err != nil {
		return err
	}
	leaf := statement.Leaf(sealed.body)
	return d.commit(ctx, step{act: "translate", from: whence("translate", authz.LetterboxWorker), claimed: true, bodies: [][]byte{sealed.body},
		write: func(b *pgx.Batch, from State) {
			sealed.queue(b)
			b.Queue(sqlInsertTranslation, d.turnOf(translator, into, "given", leaf[:], nil))
			b.Queue(guardedToTranslator, l.ID, string(from))
		}})
}

// translatorNode gives a translator's own node, whose row lists the roles that manager
// and registrar signed: else whoever can write the database could have the text
// sealed to somebody who has left.
func (d *deciding) translatorNode(ctx context.Context, id string) (node agency.Node, err error) {
	rows, err := d.translators(ctx, d.actor, LetterID(d.rows.letter().ID))
	if err != nil {
		return node, err
	}
	i := slices.IndexFunc(rows, func(r colleagueRow) bool { return r.ID == id })
	if i < 0 {
		return node, fault.Field("translator", "fault.translate.choose")
	}
	r := rows[i]
	st, err := d.ag.Verify(ctx, d.db, r.Role)
	if err == nil && (st.Event != statement.EventRole || st.Object != "worker/"+id || st.Part != strings.Join(r.Roles, ".")) {
		err = fmt.Errorf("%w: roles of worker %s", agency.ErrUntrusted, id)
	}
	if err == nil {
		err = d.stands(ctx, d.ag, id, r.Role)
	}
	if err == nil {
		node, err = d.ag.Trusted([]agency.NodeRow{r.node()}, "worker/"+id)
	}
	if err != nil {
		return node, d.unstated(ctx, d.ag, id, err)
	}
	return node, d.newestKeys(ctx, d.ag, node)
}

// TranslateMyself hands in a translation of a claimed letter by the worker who reads
// it in both languages, and gives the claim back: another worker decides about it,
// for nobody lets go on alone what they translated. Invalid: field "text", which is not
// the letter itself, or nothing is to be translated. Forbidden: no manager said that
// they read Welsh, or the letter is in another language. Otherwise as for Hold.
func (s *Service) TranslateMyself(ctx context.Context, actor authz.Actor, id LetterID, text string) error {
	d, err := s.beginDecision(ctx, actor, id)
	if err != nil {
		return err
	}
	into, err := d.mayTranslate(ctx)
	if err != nil {
		return err
	}
	row := &d.rows.language
	if !row.Welsh || into == OtherTongue || row.Language == OtherTongue {
		return fault.New(fault.Forbidden, "fault.translate.cannotRead")
	}
	if text, err = translated(text, d.text); err != nil {
		return err
	}
	done, err := d.sealTranslation(translationContent{row.Language, into, d.text, text}, d.receipt())
	if err != nil {
		return err
	}
	leaf := statement.Leaf(done.body)
	return d.commit(ctx, step{act: "translation", from: whence("translate", authz.LetterboxWorker), claimed: true, bodies: [][]byte{done.body},
		write: func(b *pgx.Batch, _ State) {
			done.queue(b)
			b.Queue(sqlInsertTranslation, d.turnOf(actor.Account(), into, "handedIn", leaf[:], leaf[:]))
		}})
}

// turnOf is the row of a translator's turn, with which words it is about: the letter's
// text as it stands, without what it is to go without. A translation of any other
// counts for nothing.
func (d *deciding) turnOf(translator, into, state string, leaf, done []byte) pgx.StrictNamedArgs {
	l, row := d.rows.letter(), &d.rows.language
	return pgx.StrictNamedArgs{"letter": l.ID, "n": row.Turn + 1, "worker": translator, "language": row.Language, "into": into,
		"version": int(d.rows.text(l.ID).Version), "cut": d.rows.relay.CutLeaf, "state": state, "leaf": leaf, "done": done}
}

// translated checks what was typed as a translation of the original.
func translated(text, original string) (string, error) {
	text, err := prose.Clean("text", text, MaxText)
	switch {
	case err != nil:
		return "", err
	case prose.Blank(text):
		return "", fault.Field("text", "fault.translate.empty")
	case slices.Equal(strings.Fields(text), strings.Fields(original)): // the wrong text pasted
		return "", fault.Field("text", "fault.translate.same")
	}
	return text, nil
}

// sealTranslation seals a translation, with what it is of, to case and archive.
func (d *deciding) sealTranslation(content translationContent, refs [][32]byte) (sealedObject, error) {
	body, err := json.Marshal(content)
	if err != nil {
		return sealedObject{}, fmt.Errorf("write a translation: %w", err)
	}
	l := d.rows.letter()
	c := seal.Context{Kind: seal.KindTranslation, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: l.ID, Part: "translation",
		From: "worker/" + d.actor.Account(), To: "case/" + l.ExchangeID, Version: d.rows.next("translation")}
	return d.seal(c, "", body, statement.EventCasework, refs, d.node)
}

// TakeBack takes a letter back from its translator, who reads it no more, to the
// desk. Whoever may decide about letters may do that; nobody else's claim is asked.
// Conflict: it is not with a translator. Otherwise as for Hold.
func (s *Service) TakeBack(ctx context.Context, actor authz.Actor, id LetterID) error {
	d, err := s.beginWork(ctx, actor, id)
	if err != nil {
		return err
	}
	written, err := d.note("takeBack", "", statement.EventCasework)
	if err != nil {
		return err
	}
	return d.commit(ctx, step{act: "takeBack", from: whence("takeBack", authz.LetterboxWorker), bodies: [][]byte{written.body},
		write: func(b *pgx.Batch, from State) {
			written.queue(b)
			b.Queue(guardedTakenBack, d.rows.letter().ID, d.rows.language.Turn)
			b.Queue(guardedMove, d.rows.letter().ID, string(Received), string(from))
		}})
}

var errNoSource = errors.New("no text for the translator")
