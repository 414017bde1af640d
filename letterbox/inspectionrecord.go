package letterbox

import (
	"slices"
	"strings"
	"time"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
)

// CaseRecord is what the log states about a case: no name, no text, and of
// workers a letter that means the same one within this case only. By when a
// letter's writer was told that they hear is the only thing that stands in no
// statement.
type CaseRecord struct {
	Reference string
	OpenedAt  time.Time
	Letters   []LetterRecord
	Entries   []CaseEntry // in the order of the log
	Size      int64       // how many entries the newest checkpoint covers; 0: there is none
	Root      string      // of that checkpoint
	Waiting   int         // entries that no checkpoint covers yet
	Bad       int         // entries that do not count, those that are not shown among them
	More      bool        // there are entries older than the MaxInspected that are shown
}

// LetterRecord is a letter of a case, numbered in the order in which they came.
type LetterRecord struct {
	Number   int
	OnPaper  bool // typed in by a worker
	Turns    []Turn
	PassedOn time.Time // zero: not passed on
	Opened   time.Time // the hour of a person's first opening; zero: none is stated
}

// Turn is one decision about a letter, held against the day that its writer
// was told. After a second opinion was asked for there is another.
type Turn struct {
	From     time.Time // the day on which it came, or was asked for; zero where nothing was promised
	On       time.Time // zero: not decided yet
	Decision string    // approve, return, refuse, keep or withdraw; "" for none yet
	By       Party
	Days     int       // working days until On, or until today
	HearBy   time.Time // the day that the writer was told; zero where From is
	Late     bool
}

// Party is who did something, or to whom it was done.
type Party struct {
	// Kind is worker, person, door (the families' tier), registrar, system (the
	// program's clock), team, case, side, safeguarding or archive.
	Kind   string
	Worker string       // "A", "B" …, for a worker
	Roles  []authz.Role // of a worker, as they were stated before
}

// CaseEntry is one entry of the log about a case.
type CaseEntry struct {
	Index  int64
	At     time.Time // as it was signed
	Hour   bool      // a reading, which is timed to the hour
	What   string    // one of Stated, "" where the entry does not count
	Letter int       // the letter's number; 0: it is about none
	By     []Party
	To     *Party  // of keys, and of letters that change hands
	Rests  []int64 // the entries on which it rests
	// Wrong is "" or why the entry does not count: unsigned (not signed by whom it has to be),
	// moved (not the one that the checkpoint covers) or baseless (a delivery without receipt and approval).
	Wrong   string
	Covered bool // proved to stand under the newest checkpoint
}

// Stated lists every value of CaseEntry.What, for the catalogues' tests.
func Stated() []string {
	list := []string{"opened", "agreed", "other"}
	for _, w := range statedAs {
		if !slices.Contains(list, w.what) {
			list = append(list, w.what)
		}
	}
	return list
}

// statedAs says what a statement means, by its event, the kind of its object
// and its part; an empty one fits all. The first line that fits counts.
var statedAs = []struct {
	event              statement.Event
	object, part, what string
}{
	{statement.EventReceipt, "lt", "second", "askedAgain"},
	{statement.EventReceipt, "lt", "language", "saidLanguage"},
	{statement.EventReceipt, "lt", "", "received"},
	{statement.EventReceipt, "ms", "", "told"},
	{statement.EventReceipt, "ph", "", "photoReceived"},
	{statement.EventReceipt, "au", "", "recordingReceived"},
	{statement.EventWithdraw, "", "", "withdrawn"},
	{statement.EventAccess, "dl", "", "printed"},
	{statement.EventAccess, "lt", "text", "read"},
	{statement.EventAccess, "lt", "scan", "sawScan"},
	{statement.EventAccess, "lt", "original", "sawOriginal"},
	{statement.EventAccess, "lt", "source", "readToTranslate"},
	{statement.EventAccess, "lt", "referral", "readReferral"},
	{statement.EventAccess, "ms", "", "readMessage"},
	{statement.EventAccess, "ph", "", "sawPhoto"},
	{statement.EventAccess, "au", "", "heardRecording"},
	{statement.EventAccess, "ex", "names", "sawNames"},
	{statement.EventAccess, "ex", "list", "sawList"},
	{statement.EventAccess, "ex", "inspection", "inspected"},
	{statement.EventAccess, "ex", "proof", "tookProof"},
	{statement.EventApprove, "", "", "approved"},
	{statement.EventDeliver, "pd", "", "photoPassedOn"},
	{statement.EventDeliver, "ac", "transcript", "transcriptPassedOn"},
	{statement.EventDeliver, "ac", "", "recordingPassedOn"},
	{statement.EventDeliver, "dl", "translation", "translationPassedOn"},
	{statement.EventDeliver, "", "", "passedOn"},
	{statement.EventReturn, "ph", "", "photoLeftOut"},
	{statement.EventReturn, "au", "transcript", "transcriptShown"},
	{statement.EventReturn, "au", "", "recordingLeftOut"},
	{statement.EventReturn, "", "reason", "toldWhy"},
	{statement.EventReturn, "", "proposal", "proposed"},
	{statement.EventReturn, "", "", "returned"},
	{statement.EventRefuse, "", "reason", "toldWhy"},
	{statement.EventRefuse, "", "", "refused"},
	{statement.EventKeep, "", "", "kept"},
	{statement.EventRecall, "", "", "recalled"},
	{statement.EventRecord, "lt", "scan", "scanned"},
	{statement.EventRecord, "lt", "", "typedIn"},
	{statement.EventRecord, "", "names", "wroteNames"},
	{statement.EventRecord, "", "member", "putOnSide"},
	{statement.EventRecord, "", "parties", "openedCase"},
	{statement.EventCasework, "lt", "hold", "onHold"},
	{statement.EventCasework, "lt", "undeliverable", "undeliverable"},
	{statement.EventCasework, "lt", "restore", "restored"},
	{statement.EventCasework, "lt", "liftstop", "stopLifted"},
	{statement.EventCasework, "lt", "referral", "referred"},
	{statement.EventCasework, "lt", "handback", "handedBack"},
	{statement.EventCasework, "lt", "helper", "helped"},
	{statement.EventCasework, "lt", "language", "saidLanguage"},
	{statement.EventCasework, "lt", "source", "gaveToTranslator"},
	{statement.EventCasework, "lt", "translation", "translated"},
	{statement.EventCasework, "lt", "giveback", "translatorGaveBack"},
	{statement.EventCasework, "lt", "takeback", "takenFromTranslator"},
	{statement.EventCasework, "lt", "unask", "proposalTakenBack"},
	{statement.EventCasework, "lt", "claim", "changedHands"},
	{statement.EventCasework, "lt", "cut", "partsCut"},
	{statement.EventCasework, "dl", "posted", "posted"},
	{statement.EventCasework, "dl", partAloud, "readAloud"},
	{statement.EventCasework, "ms", "", "answered"},
	{statement.EventCasework, "ph", "referral", "photoReferred"},
	{statement.EventCasework, "ph", "edit", "photoCut"},
	{statement.EventCasework, "ph", "", "photoAnswered"},
	{statement.EventCasework, "au", "", "recordingAnswered"},
	{statement.EventCasework, "ex", "delay", "delaySet"},
	{statement.EventCasework, "ex", "connection", "connected"},
	{statement.EventCasework, "sd", "photos", "photosSet"},
	{statement.EventCasework, "sd", "recordings", "recordingsSet"},
	{statement.EventCasework, "sd", "language", "sideReads"},
	{statement.EventCasework, "", "state", "stateSet"},
	{statement.EventCasework, "ex", "list", "wroteList"},
	{statement.EventCasework, "sd", "ownlist", "wroteOwnList"},
	{statement.EventCasework, "", "", "casework"},
	{statement.EventGrant, "case/", "", "caseKeyGiven"},
	{statement.EventGrant, "side/", "", "sideKeyGiven"},
	{statement.EventRevoke, "case/", "", "caseKeyTaken"},
	{statement.EventRevoke, "side/", "", "sideKeyTaken"},
	{statement.EventKey, "", "", "newKey"},
	{statement.EventEpoch, "", "", "newKey"},
	{statement.EventDestroy, "", "", "destroyed"},
}

// statedBy gives the meaning of a statement that was verified.
func statedBy(st *statement.Statement) string {
	if st.Event == statement.EventAccess && strings.HasPrefix(st.From, "person/") {
		if strings.HasPrefix(st.Object, "dl") {
			return "opened"
		}
		if strings.HasPrefix(st.Object, "pd") {
			return "sawPhoto"
		}
		if strings.HasPrefix(st.Object, "ac") {
			return "heardRecording"
		}
		return "other"
	}
	if st.Event == statement.EventReceipt && st.Part == "text" && st.Version > 1 {
		return "agreed"
	}
	for _, w := range statedAs {
		if st.Event == w.event && strings.HasPrefix(st.Object, w.object) && (w.part == "" || st.Part == w.part) {
			return w.what
		}
	}
	return "other"
}

// recording makes the record of a case from its entries.
type recording struct {
	*collected
	ag      *agency.Agency
	proven  audit.Proven
	told    []promisedRow // by when each letter's writer was told that they hear
	today   time.Time
	days    calendar.Days     // in which the agency counts
	names   map[string]string // of workers within this case
	letters map[string]*LetterRecord
	order   []*LetterRecord
	stated  map[[32]byte]stated
	of      map[string]string // by delivery: the letter
}

// stated is an entry that counts, as others refer to it.
type stated struct {
	index int64
	st    *statement.Statement
}

func newRecording(ag *agency.Agency, c *collected, proven audit.Proven, told []promisedRow, today time.Time, days calendar.Days) *recording {
	return &recording{collected: c, ag: ag, proven: proven, told: told, today: today, days: days, names: map[string]string{}, letters: map[string]*LetterRecord{},
		stated: map[[32]byte]stated{}, of: map[string]string{}}
}

func (r *recording) record(reference string, opened time.Time) CaseRecord {
	out := CaseRecord{Reference: reference, OpenedAt: opened, Size: r.proven.Under.Size, Bad: r.hidden, More: r.more}
	if out.Size > 0 {
		out.Root = r.proven.Under.Root.String()
	}
	for _, e := range r.entries {
		line := CaseEntry{Index: e.Index}
		_, line.Covered = r.proven.Proofs[e.Index]
		st := r.verified[e.Index]
		switch {
		case st == nil:
			line.Wrong = "unsigned"
		case !line.Covered && e.Index < out.Size:
			line.Wrong = "moved"
		default:
			r.take(&line, st, e.Body)
		}
		if line.Wrong != "" {
			out.Bad++
		}
		if e.Index >= out.Size {
			out.Waiting++
		}
		out.Entries = append(out.Entries, line)
	}
	for _, l := range r.order {
		r.waitsOn(l)
		out.Letters = append(out.Letters, *l)
	}
	return out
}

// take fills the line of an entry that counts, and what it does to its letter.
func (r *recording) take(line *CaseEntry, st *statement.Statement, body []byte) {
	line.At, line.Hour = st.At, st.Event == statement.EventAccess
	for _, ref := range st.Refs {
		if on, ok := r.stated[ref]; ok {
			line.Rests = append(line.Rests, on.index)
		}
	}
	if st.Event == statement.EventDeliver && !r.delivers(st) {
		line.Wrong = "baseless"
		return
	}
	line.What = statedBy(st)
	r.stated[statement.Leaf(body)] = stated{line.Index, st}
	for _, name := range st.Signers() {
		line.By = append(line.By, r.signer(strings.TrimPrefix(name, r.ag.ID+"/"), line.Index))
	}
	if st.Event == statement.EventGrant || st.Event == statement.EventRevoke || line.What == "changedHands" || line.What == "connected" || line.What == "gaveToTranslator" {
		line.To = r.party(st.To, line.Index)
	}
	if l := r.letter(st); l != nil {
		line.Letter = l.Number
		r.step(l, line, st)
	}
}

// delivers tells whether a delivery rests on the receipt of a letter and on an
// approval of that letter, and notes which letter it is.
func (r *recording) delivers(st *statement.Statement) bool {
	var letter string
	approved := map[string]bool{}
	for _, ref := range st.Refs {
		switch on := r.stated[ref].st; {
		case on == nil:
		case on.Event == statement.EventApprove:
			approved[on.Object] = true
		case (on.Event == statement.EventReceipt || on.Event == statement.EventRecord) && on.Part == "text":
			letter = on.Object
		}
	}
	if letter == "" || !approved[letter] {
		return false
	}
	r.of[st.Object] = letter
	return true
}

// letter finds the letter that a statement is about; nil for none.
func (r *recording) letter(st *statement.Statement) *LetterRecord {
	id := st.Object
	if of, ok := r.of[id]; ok {
		id = of
	}
	comes := (st.Event == statement.EventReceipt || st.Event == statement.EventRecord) && st.Part == "text" && strings.HasPrefix(id, "lt")
	if l := r.letters[id]; l != nil || !comes {
		return l
	}
	l := &LetterRecord{Number: len(r.order) + 1, OnPaper: st.Event == statement.EventRecord}
	r.letters[id], r.order = l, append(r.order, l)
	return l
}

// step takes in what an entry does to its letter.
func (r *recording) step(l *LetterRecord, line *CaseEntry, st *statement.Statement) {
	switch line.What {
	case "received", "typedIn", "askedAgain", "agreed":
		from := calendar.Today(st.At)
		l.Turns = append(l.Turns, Turn{From: from, HearBy: r.toldBy(st.Object, line.What == "askedAgain" || line.What == "agreed", from)})
	case "approved", "returned", "refused", "kept", "withdrawn":
		if n := len(l.Turns); n == 0 || !l.Turns[n-1].On.IsZero() {
			l.Turns = append(l.Turns, Turn{})
		}
		turn := &l.Turns[len(l.Turns)-1]
		turn.On, turn.Decision, turn.By = calendar.Today(st.At), string(st.Event), line.By[0]
		turn.count(turn.On, r.days)
	case "proposalTakenBack":
		if n := len(l.Turns); n > 0 { // it waits again, with the day that it had
			l.Turns = append(l.Turns, Turn{From: l.Turns[n-1].From, HearBy: l.Turns[n-1].HearBy})
		}
	case "passedOn":
		l.PassedOn = calendar.Today(st.At)
	case "opened":
		if l.Opened.IsZero() {
			l.Opened = st.At
		}
	}
}

// waitsOn counts how long a letter has waited that nobody decided about.
func (r *recording) waitsOn(l *LetterRecord) {
	if n := len(l.Turns); n > 0 && l.Turns[n-1].On.IsZero() {
		l.Turns[n-1].count(r.today, r.days)
	}
}

func (t *Turn) count(until time.Time, days calendar.Days) {
	if !t.From.IsZero() {
		t.Days = days.Between(t.From, until)
		t.Late = until.After(t.HearBy)
	}
}

// toldBy is the day that the writer was told whose letter came, or was asked
// about again, on that day. Before the database kept it all agencies promised
// the same.
func (r *recording) toldBy(letter string, again bool, from time.Time) time.Time {
	is := func(t promisedRow) bool { return t.Letter == letter && t.Again == again }
	i := slices.IndexFunc(r.told, func(t promisedRow) bool { return is(t) && t.OnDay.Equal(from) })
	if i < 0 {
		i = slices.IndexFunc(r.told, is)
	}
	if i >= 0 {
		return r.told[i].HearBy
	}
	return r.days.Add(from, agency.DefaultPromise)
}

// signer is who signed, by the name of the key without its agency.
func (r *recording) signer(name string, index int64) Party {
	if p := r.party(name, index); p != nil {
		return *p
	}
	return Party{Kind: name} // door, registrar, system
}

// party is a node without what would say whose it is; nil for none.
func (r *recording) party(node string, index int64) *Party {
	kind, id, ok := strings.Cut(node, "/")
	if !ok {
		return nil
	}
	id, _, _ = strings.Cut(id, "/") // without the key's epoch
	switch kind {
	case "worker":
		return &Party{Kind: kind, Worker: r.named(id), Roles: r.rolesAt(id, index)}
	case "archive", "safeguarding", "team", "case", "side", "person":
		return &Party{Kind: kind}
	}
	return nil
}

// named gives a worker's letter within this case: A for the first whom the log names.
func (r *recording) named(id string) string {
	name, ok := r.names[id]
	if !ok {
		n := len(r.names)
		for name = string(rune('A' + n%26)); n >= 26; {
			n = n/26 - 1
			name = string(rune('A'+n%26)) + name
		}
		r.names[id] = name
	}
	return name
}
