package letterbox

import (
	"context"
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
)

// EarlierShown is how many earlier letters stand beside the one being read.
const EarlierShown = 10

const (
	// The letter with the ten before it in its exchange, newest first. What lies
	// in the safeguarding lead's tray is not among them.
	sqlEarlier = `select e.id, e.from_side, e.submitted_on, e.told from letter l
		join letter e on e.agency_id = l.agency_id and e.exchange_id = l.exchange_id and e.id <> l.id and e.submitted_at <= l.submitted_at and e.state <> 'escalated'
		where l.agency_id = agency() and l.id = $1 order by e.submitted_at desc limit 10`
	sqlReadObjects = `select ` + sqlObjectColumns + ` from object o where o.agency_id = agency()
		and ((o.part, o.kind) in (('text', 'submission'), ('reason', 'reason'), ('proposal', 'proposal'), ('names', 'names')) or o.id = $1 and o.kind in ('decision', 'worknote'))
		and o.id = any(array(select unnest(array[l.id, l.from_side, l.to_side]::text[]) from letter l where l.agency_id = agency() and l.id = $1
			union all (select e.id from letter l join letter e on e.agency_id = l.agency_id and e.exchange_id = l.exchange_id and e.id <> l.id and e.submitted_at <= l.submitted_at and e.state <> 'escalated'
				where l.agency_id = agency() and l.id = $1 order by e.submitted_at desc limit 10)))
		order by o.version desc`
	// Who wrote the notes: names in the book of the staff.
	sqlNoteNames = `select distinct w.worker as of, r.book, r.id, r.epoch, r.name, ''::bytea as details
		from (select distinct substr(o.from_node, 8) as worker from object o where o.agency_id = agency() and o.id = $1 and o.kind in ('decision', 'worknote', 'referral')) w
		join directory r on r.agency_id = agency() and r.book = 'staff' and r.id = w.worker`
	// How many versions each part of a letter's file has: the next one is numbered by it.
	sqlVersions   = `select part, max(version) as version from object where agency_id = agency() and id = $1 group by part`
	sqlCaseGrants = `select g.child, g.child_epoch, g.parent, g.parent_epoch, g.sealed from letter l
		join ring_grant_staff g on g.agency_id = l.agency_id and g.child = 'case/' || l.exchange_id and g.parent <> 'archive'
		where l.agency_id = agency() and l.id = $1`
	sqlReadNodes = `select n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from letter l join node n on n.agency_id = l.agency_id and n.id in ('case/' || l.exchange_id, 'side/' || l.from_side, 'side/' || l.to_side)
		where l.agency_id = agency() and l.id = $1 and n.key_leaf is not null order by n.epoch desc`
	sqlIsConnected = `select exists (select from connection c join letter l on l.agency_id = c.agency_id and l.exchange_id = c.exchange_id
				where c.agency_id = agency() and l.id = $1 and c.worker_id = account())
			or exists (select from worker w join side_member m on m.agency_id = w.agency_id and m.person_id = w.person_id
				join side s on s.agency_id = m.agency_id and s.id = m.side_id join letter l on l.agency_id = s.agency_id and l.exchange_id = s.exchange_id
				where w.agency_id = agency() and w.id = account() and l.id = $1)`
	sqlHelped = `select exists (select from letter_helper where agency_id = agency() and letter_id = $1 and worker_id = account())`
)

type earlierRow struct {
	ID          string
	FromSide    string
	SubmittedOn time.Time
	Told        string
}

// caseRows is everything that a claimed letter is read and decided with.
type caseRows struct {
	deskRows
	earlier   []earlierRow
	objects   []objectRow
	grants    []agency.GrantRow
	nodes     []agency.NodeRow
	decided   []decidedRow
	versions  []versionRow
	authors   []nameRow // of notes
	photos    []photoRow
	came      []cameWithRow // the statements of what came with the letter, by the rows
	recording recordingRows
	connected bool // the worker is a party, or declared a connection
	helped    bool // the worker helped to write
	relay     relayRow
	settings  []objectRow // the newest note of each of sqlSettings
	protected protectedRows
	language  languageRows
}

func (r *caseRows) letter() deskRow { return r.letters[0] }

type versionRow struct {
	Part    string
	Version uint64
}

// next is the number of the next version of a part of the letter's file.
func (r *caseRows) next(part string) uint64 {
	for _, v := range r.versions {
		if v.Part == part {
			return v.Version + 1
		}
	}
	return 1
}

// whyNot says why a worker does not decide about this letter: "helped" to
// write it, or "refusedBefore" where a second opinion was asked for; "" for
// everybody else. Whoever was the first of two readers is "readFirst", and who
// translated it "translated".
func (r *caseRows) whyNot(worker string) string {
	switch {
	case r.helped:
		return "helped"
	case r.refusedBy(worker):
		return "refusedBefore"
	case r.relay.FirstReader == worker:
		return "readFirst"
	case r.language.translated(r.letter().ID, worker):
		return "translated"
	}
	return ""
}

// refusedBy tells whether this is a second opinion on what the worker decided. Who
// looked at the letter after them may go on doing so.
func (r *caseRows) refusedBy(worker string) bool {
	return slices.Contains([]State{Received, Held, Escalated, ToTranslate}, State(r.letter().State)) &&
		slices.ContainsFunc(r.decided, func(d decidedRow) bool { return d.Appealed && d.WorkerID == worker })
}

// loadCase reads a letter's case in one trip. It opens nothing.
func (s *Service) loadCase(ctx context.Context, actor authz.Actor, id LetterID) (*caseRows, error) {
	if !agency.ValidID("lt", string(id)) {
		return nil, notFound()
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, err
	}
	r := &caseRows{}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		r.queueLetter(b, id)
		postgres.Many(b, &r.earlier, sqlEarlier, string(id))
		queueObjects(b, &r.objects, sqlReadObjects, string(id))
		postgres.Many(b, &r.grants, sqlCaseGrants, string(id))
		postgres.Many(b, &r.nodes, sqlReadNodes, string(id))
		postgres.Many(b, &r.decided, sqlDecided, string(id))
		postgres.Many(b, &r.versions, sqlVersions, string(id))
		postgres.Many(b, &r.authors, sqlNoteNames, string(id))
		postgres.Many(b, &r.photos, sqlPhotos, string(id))
		r.recording.queue(b, string(id))
		postgres.Many(b, &r.came, sqlCameWith, string(id))
		b.Queue(sqlIsConnected, string(id)).QueryRow(func(row pgx.Row) error { return row.Scan(&r.connected) })
		b.Queue(sqlHelped, string(id)).QueryRow(func(row pgx.Row) error { return row.Scan(&r.helped) })
		postgres.One(b, &r.relay, sqlRelay, string(id))
		queueObjects(b, &r.settings, sqlSettings, string(id))
		r.protected.queue(b, string(id))
		r.language.queue(b, string(id))
	})
	switch {
	case err != nil:
		return nil, s.db.Fault(fmt.Errorf("load case of letter %s: %w", id, err))
	case len(r.letters) == 0:
		return nil, notFound()
	case r.connected:
		return nil, fault.New(fault.Forbidden, "fault.letter.connected")
	}
	return r, nil
}

// caseKeys climbs to every epoch of the letter's case that the worker has a
// key of, newest first, and gives the newest node, to which new objects are
// sealed. A worker without a key of the newest epoch opens nothing of the case,
// whatever older keys they are left with: for a restricted case that is
// Forbidden, for any other it is Sealed and an alarm. r needs the case's
// grants, its nodes and its first letter's exchange.
func (s *Service) caseKeys(ctx context.Context, ag *agency.Agency, actor authz.Actor, r *caseRows) (keys []*age.HybridIdentity, node agency.Node, err error) {
	id := "case/" + r.letter().ExchangeID
	node, err = ag.Trusted(r.nodes, id)
	if err == nil {
		if err := s.newestKeys(ctx, ag, node); err != nil {
			return nil, agency.Node{}, err
		}
	}
	for i := 0; err == nil && i < len(r.nodes); i++ {
		if r.nodes[i].ID != id {
			continue
		}
		key, older := s.epochKey(ag, actor, r, r.nodes[i])
		switch {
		case older == nil:
			keys = append(keys, key)
		case len(keys) == 0:
			err = older
		case !errors.Is(older, agency.ErrNoGrant):
			s.log.ErrorContext(ctx, "ALARM: an older key of a case does not open", "agency", ag.ID, "exchange", r.letter().ExchangeID, "error", older)
		}
	}
	if err == nil && len(keys) > 0 {
		return keys, node, nil
	}
	if errors.Is(err, agency.ErrNoGrant) && r.letter().Restricted {
		return nil, agency.Node{}, fault.Wrap(fault.Forbidden, "fault.exchange.restricted", err)
	}
	s.log.ErrorContext(ctx, "ALARM: a case does not open", "agency", ag.ID, "exchange", r.letter().ExchangeID, "error", err)
	return nil, agency.Node{}, fault.Wrap(fault.Sealed, "fault.sealed", err)
}

// epochKey climbs to one epoch of a case.
func (s *Service) epochKey(ag *agency.Agency, actor authz.Actor, r *caseRows, row agency.NodeRow) (*age.HybridIdentity, error) {
	node, err := ag.Trusted([]agency.NodeRow{row}, row.ID)
	if err != nil {
		return nil, err
	}
	secret, err := ag.Climb(actor.Keys(), r.grants, node)
	if err != nil {
		return nil, err
	}
	return secret.Identity(), nil
}

// Read opens a letter that the actor has claimed, beside the earlier letters
// of its exchange, but for what is with the safeguarding lead. The reading is in the log, and the claim renewed, before
// anything is opened. Conflict if the actor does not hold the claim or the
// letter is decided, Forbidden if the actor is connected to the family. What does not open is marked Unread; the rest is shown.
func (s *Service) Read(ctx context.Context, actor authz.Actor, id LetterID) (Reading, error) {
	ag, err := s.begin(ctx, actor, authz.Claim, string(id))
	if err != nil {
		return Reading{}, err
	}
	rows, err := s.loadCase(ctx, actor, id)
	if err != nil {
		return Reading{}, err
	}
	if err := s.logReading(ctx, ag, actor, rows.letter()); err != nil {
		return Reading{}, err
	}
	l := rows.letter()
	reading := Reading{DeskLine: s.line(ag, actor, l, &rows.deskRows), To: names(actor, rows.names, l.ToSide)}
	reading.Mine, reading.ClaimUntil = true, s.now().Add(ClaimFor)
	keys, _, err := s.caseKeys(ctx, ag, actor, rows)
	if err == nil {
		err = s.relations(ctx, ag, actor, rows)
	}
	reading.WhyNot = rows.whyNot(actor.Account())
	reading.MayDecide, reading.StandsStill = reading.WhyNot == "", s.standsStill(rows.relay)
	if err != nil {
		reading.Unread = true
		return reading, ctx.Err()
	}
	text, err := s.openText(ctx, ag, rows.objects, l.ID, "text", keys)
	if err != nil && !unread(err) {
		return Reading{}, err
	}
	reading.Text, reading.Unread = Text(text), unread(err)
	reading.Forms = s.openCaseNames(ctx, ag, rows.objects, l.ToSide, keys)
	reading.Writer = s.openCaseNames(ctx, ag, rows.objects, l.FromSide, keys)
	for _, e := range rows.earlier {
		reading.Earlier = append(reading.Earlier, s.openEarlier(ctx, ag, rows, e, keys))
	}
	if l.Second && slices.ContainsFunc(rows.decided, func(d decidedRow) bool { return d.Act == "refuse" }) {
		first, _ := s.openText(ctx, ag, rows.objects, l.ID, "reason", keys) // after its alarm, the letter can still be judged
		reading.First = parseReason(first)
	}
	reading.Notes = s.openNotes(ctx, ag, actor, rows, keys)
	reading.Photos, reading.Recording = rows.deskPhotos(actor.Account()), rows.recording.desk(actor.Account())
	reading.Adopters, reading.TwoReaders = rows.adopters(), rows.relay.TwoReaders
	reading.FirstReader = names(actor, rows.authors, rows.relay.FirstReader)
	reading.MayReadFirst = rows.relay.TwoReaders && rows.relay.FirstReader == "" && rows.relay.CutLeaf == nil
	reading.CutAlone = rows.relay.CutLeaf != nil && rows.relay.FirstReader == ""
	if reading.Unread {
		return reading, nil
	}
	if err := s.statedParts(ctx, ag, rows); unread(err) {
		reading.Incomplete = true
	} else if err != nil {
		return Reading{}, err
	}
	if err := s.readAround(ctx, ag, rows, keys, &reading); err != nil {
		return reading, ctx.Err()
	}
	if err := s.readTranslation(ctx, ag, actor, rows, &reading, keys); err != nil {
		return Reading{}, err
	}
	transcript, err := s.transcript(ctx, ag, actor, rows, keys)
	if err != nil {
		return Reading{}, err
	}
	reading.Transcript = Text(transcript)
	text = reading.Screened()
	screen, err := s.screenOf(ctx, ag, actor, rows, &rows.protected, keys)
	switch {
	case err == nil:
		reading.Findings = findings(screen, text)
		may, err := s.pointing(ctx, ag, rows, keys, text)
		if err != nil {
			return Reading{}, err
		}
		for i, f := range reading.Findings {
			reading.Findings[i].Closed = !may.at(f)
		}
		reading.Translation.Findings = translatedFindings(screen, string(reading.Translation.Text))
	case unread(err):
		reading.Unscreened = true
	default:
		return Reading{}, err
	}
	return reading, nil
}

// openNotes opens what colleagues wrote down with their acts about a letter:
// the newest note of each kind of act. One without words has nothing to show;
// one that does not open is left out, after its alarm.
func (s *Service) openNotes(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *caseRows, keys []*age.HybridIdentity) (notes []WorkNote) {
	seen := map[string]bool{}
	for _, o := range rows.objects {
		if o.Kind != string(seal.KindDecision) && o.Kind != string(seal.KindWorknote) || seen[o.Part] {
			continue
		}
		seen[o.Part] = true
		var n decisionNote
		content, err := s.open(ctx, ag, o, keys...)
		if err != nil || json.Unmarshal(content, &n) != nil || n.Note == "" && len(n.Findings) == 0 && o.Part != "giveback" {
			continue
		}
		st, err := s.stated(ctx, ag, o)
		if err != nil {
			continue
		}
		if rows.protected.knows { // what a colleague's screen knew of another adoption
			n.Findings = slices.DeleteFunc(n.Findings, func(a Answered) bool { return a.Code == "M13" })
		}
		back := ""
		if o.Part == "giveback" {
			back = string(n.Reason)
		}
		notes = append(notes, WorkNote{Back: back, On: st.At, By: names(actor, rows.authors, strings.TrimPrefix(o.FromNode, "worker/")), What: o.Part, Text: Text(n.Note), Answers: n.Findings})
	}
	slices.SortStableFunc(notes, func(a, b WorkNote) int { return b.On.Compare(a.On) })
	return notes
}

// logReading states the reading and renews the claim; only a committed
// statement lets the text be opened.
func (s *Service) logReading(ctx context.Context, ag *agency.Agency, actor authz.Actor, l deskRow) error {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("sign reading: %w", err)
	}
	body, err := ag.State(statement.Statement{Event: statement.EventAccess, Object: l.ID, Part: "text", Version: 1, Exchange: l.ExchangeID,
		From: "worker/" + actor.Account(), At: hour(s.now())}, "", signer)
	if err != nil {
		return err
	}
	var lock lockRow
	err = s.db.Act(ctx, scope(actor), func(b *pgx.Batch) { lockLetter(b, &lock, l.ID) }, func(b *pgx.Batch) error {
		if err := holds(lock, actor); err != nil {
			return err
		}
		b.Queue(guardedLook, l.ID)
		audit.Append(b, body)
		return nil
	})
	return s.db.Fault(err)
}

// holds checks that the actor holds the claim of a letter that is on the desk.
func holds(lock lockRow, actor authz.Actor) error {
	switch {
	case !lock.waiting():
		return fault.New(fault.Conflict, "fault.letter.decided")
	case lock.Taken:
		return fault.New(fault.Conflict, "fault.letter.taken")
	case !lock.Held:
		return fault.New(fault.Conflict, "fault.letter.lapsed")
	case lock.ClaimedBy != actor.Account():
		return fault.New(fault.Conflict, "fault.letter.claimed")
	}
	return nil
}

// relations checks by signed statements what the rows say of a letter: that it
// came from this side, that both sides are of its exchange, and that they are
// two. A worker sees nothing of a letter whose rows say otherwise, and cannot
// decide about it. A worker whose own statement the letter is has typed it in,
// and so helped, and so has whoever is named in one, whatever the rows say.
func (s *Service) relations(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *caseRows) error {
	l := rows.letter()
	err := s.statedSide(ctx, ag, rows.objects, l.FromSide, l.ExchangeID)
	if err == nil {
		err = s.statedSide(ctx, ag, rows.objects, l.ToSide, l.ExchangeID)
	}
	if err == nil && (l.FromSide == l.ToSide || !rows.sentBy(l.ID, l.FromSide)) {
		err = fmt.Errorf("%w: not the side that sent it", seal.ErrUnsigned)
	}
	var st *statement.Statement
	if err == nil {
		st, err = s.stated(ctx, ag, *rows.text(l.ID))
	}
	var named bool
	if err == nil {
		named, err = s.statedHelper(ctx, ag, l.ID, actor.Account())
	}
	if err != nil {
		return s.unstated(ctx, ag, l.ID, err)
	}
	rows.helped = rows.helped || named || st.Event == statement.EventRecord && slices.Contains(st.Signers(), statement.WorkerKeyName(ag.ID, actor.Account()))
	return nil
}

// text is the object of a letter's text, the newest; nil if there is none.
func (r *caseRows) text(letter string) *objectRow {
	i := slices.IndexFunc(r.objects, func(o objectRow) bool { return o.is(letter, "text") })
	if i < 0 {
		return nil
	}
	return &r.objects[i]
}

// sentBy tells whether a letter's object says that it came from a side of this
// exchange; relations, or opening it, checks that its statement says so too.
func (r *caseRows) sentBy(letter, side string) bool {
	o := r.text(letter)
	return o != nil && o.FromNode == "side/"+side && o.ExchangeID == r.letter().ExchangeID
}

// openText opens one object among rows with the case's keys.
func (s *Service) openText(ctx context.Context, ag *agency.Agency, rows []objectRow, id, part string, keys []*age.HybridIdentity) (string, error) {
	for _, r := range rows {
		if r.is(id, part) {
			content, err := s.open(ctx, ag, r, keys...)
			return string(content), err
		}
	}
	s.log.ErrorContext(ctx, "ALARM: a sealed object is missing", "agency", ag.ID, "object", id, "part", part)
	return "", fault.New(fault.Sealed, "fault.sealed")
}

func (s *Service) openCaseNames(ctx context.Context, ag *agency.Agency, rows []objectRow, side string, keys []*age.HybridIdentity) (n Names) {
	content, err := s.openText(ctx, ag, rows, side, "names", keys)
	if err == nil {
		err = json.Unmarshal([]byte(content), &n)
	}
	if err != nil {
		return Names{}
	}
	return n
}

func (s *Service) openEarlier(ctx context.Context, ag *agency.Agency, rows *caseRows, e earlierRow, keys []*age.HybridIdentity) Earlier {
	earlier := Earlier{SentOn: e.SubmittedOn, FromMe: e.FromSide == rows.letter().FromSide, Told: Told(e.Told)}
	text, err := s.openText(ctx, ag, rows.objects, e.ID, "text", keys)
	if err == nil && !rows.sentBy(e.ID, e.FromSide) {
		text, err = "", s.unstated(ctx, ag, e.ID, fmt.Errorf("%w: not the side that sent it", seal.ErrUnsigned))
	}
	earlier.Text, earlier.Unread = Text(text), err != nil
	asked := earlier.Told == Replaced && slices.ContainsFunc(rows.objects, func(o objectRow) bool { return o.is(e.ID, "proposal") }) &&
		!slices.ContainsFunc(rows.objects, func(o objectRow) bool { return o.is(e.ID, "reason") })
	if !asked && (earlier.Told == Returned || earlier.Told == Replaced || earlier.Told == Refused) {
		reason, err := s.openText(ctx, ag, rows.objects, e.ID, "reason", keys)
		earlier.Reason, earlier.Unread = parseReason(reason), earlier.Unread || err != nil
	}
	return earlier
}
