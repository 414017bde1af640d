package letterbox

import (
	"log/slog"
	"time"
)

// Ids. Each is two letters and 96 bits of chance; a family's page holds only
// ids of its own side.
type (
	// ExchangeID names an exchange ("ex…"). Staff pages only.
	ExchangeID string
	// SideID names one household's end of one exchange ("sd…").
	SideID string
	// LetterID names a letter ("lt…"), for its writer's side and for staff.
	LetterID string
	// DeliveryID names a letter that came ("dl…"), for its recipient's side.
	DeliveryID string
	// DraftID names a draft ("dr…").
	DraftID string
	// PersonID names a person of a family ("pe…").
	PersonID string
	// ChildID names a child ("ch…").
	ChildID string
)

// Text is the text of a letter or of a draft. It never prints.
type Text string

// String keeps letters out of logs.
func (Text) String() string { return "[sealed]" }

// GoString keeps letters out of logs.
func (Text) GoString() string { return "[sealed]" }

// LogValue keeps letters out of logs.
func (Text) LogValue() slog.Value { return slog.StringValue("[sealed]") }

// Limits of what a person may send, in bytes and runes.
const (
	// MaxText is the longest letter, in bytes of UTF-8.
	MaxText = 64 << 10
	// MaxReason is the longest note to a writer, in runes.
	MaxReason = 2000
)

// Names is what one side calls everybody. Each side has its own, sealed to
// that side: the other side's words never stand on its pages.
type Names struct {
	Children []string `json:"children"` // what this side calls the children
	Other    string   `json:"other"`    // what this side calls the other side
	Self     string   `json:"self"`     // how this side signs
}

// Told is what a writer is told about a letter. The words for each stand in
// the catalogues as "told.<value>".
type Told string

// The values of Told. None says that a letter was opened.
const (
	WithUs     Told = "withUs"     // a worker has it or will; HearBy says by when
	Proposed   Told = "proposed"   // the writer is asked to leave parts out
	Returned   Told = "returned"   // back with the writer, with a reason
	Replaced   Told = "replaced"   // a later letter took its place
	Refused    Told = "refused"    // will not be passed on; a second opinion is offered
	KeptOnFile Told = "keptOnFile" // kept for the child
	Withdrawn  Told = "withdrawn"  // taken back by the writer
	PassedOn   Told = "passedOn"   // on its way or there
	BackWithUs Told = "backWithUs" // something changed; the agency has it again; HearBy says by when
)

// Inbox is a person's front page.
type Inbox struct {
	OnHold bool // nobody has confirmed this person by a call yet: drafts only
	Sides  []InboxSide
}

// InboxSide is one exchange as one side sees it.
type InboxSide struct {
	Side     SideID
	Names    Names
	Unread   bool // the sealed names did not open: show a notice in their place
	New      bool // they did not, because the side was granted in this moment: the next page opens them
	MayWrite bool
	// MayPhotos: photos are agreed on, and this person may add one.
	MayPhotos bool
	// MayRecord: recordings are agreed on, and this person may send one.
	MayRecord bool
	Waiting   int  // letters that came and are not opened
	Late      bool // the agency owes this person an answer, about a letter or to what they told it, and its day is past
	Drafts    []DraftLine
	Sent      []SentLine // newest first
	Came      []CameLine // newest first
}

// DraftLine is a draft in a list.
type DraftLine struct {
	ID      DraftID
	Updated time.Time
}

// SentLine is a letter that this side sent.
type SentLine struct {
	ID     LetterID
	SentOn time.Time
	Told   Told
	HearBy time.Time // the day by which the writer hears; for WithUs and BackWithUs
	// MayWithdraw: the writer can still take it back. It says nothing of which
	// worker has the letter.
	MayWithdraw bool
	MayAsk      bool // refused or proposed, and nobody has asked for a second opinion yet
	Late        bool // WithUs or BackWithUs, and the day has gone by
	PaperCopy   bool // it came on paper, and a worker typed it in
	OfDay       int  // in a list, where this side sent several on that day: 1 for the first; 0 for the only one
}

// CameLine is a letter that came to this side.
type CameLine struct {
	ID       DeliveryID
	PassedOn time.Time
	Opened   bool
	Kept     bool // the recipient wants to read it another day
	OfDay    int  // as of a SentLine
}

// Draft is a draft opened for its writer.
type Draft struct {
	ID       DraftID
	Side     SideID
	Names    Names
	Text     Text
	Version  int          // optimistic: what SaveDraft must name
	Shared   bool         // others on this side can read it too
	Replaces LetterID     // the letter that this one rewrites, or ""
	Reason   WriterReason // why that one came back
	// Proposal is what its writer was asked to leave out of that one, where it is
	// written again for that; nil for nothing.
	Proposal *Proposal
	// Overtaken is what became of that one, where somebody was first: it takes no rewrite
	// any more, and this one is sent once it is free of it (FreeDraft).
	Overtaken Told
	// TakenBack: it was the agency that was first, and took back what it had asked about
	// that one. Nobody of this side had answered.
	TakenBack bool
	Unread    bool // the draft did not open: a notice in its place
	Photos    []PhotoLine
	// MayPhotos: photos are agreed on, and this person may add one.
	MayPhotos bool
	Recording bool // there is one
	// MayRecord: recordings are agreed on, and this person may send one.
	MayRecord bool
	Records   bool   // a recording can be made anew here now
	Lost      bool   // our store has lost a photo or the recording of the letter that this one rewrites
	Language  string // what its writer says that it is in, of Languages
}

// Sent is a letter as its writer sees it.
type Sent struct {
	SentLine
	Side   SideID
	Names  Names
	Text   Text
	Reason WriterReason // why it came back, or was refused; kept while somebody else looks at it
	Asked  bool         // a second opinion was asked for
	// Translated: it was not in English and went on, translated where that was needed.
	// Whether it was would tell what those who got it read.
	Translated bool
	// TakenBack: they were asked to leave parts out, and we took it back since.
	TakenBack bool
	Unread    bool    // the letter did not open: a notice in its place
	Rewrite   DraftID // the draft of its rewrite, once begun
	MayWrite  bool    // this side may write now, so also write it again
	Rests     bool    // the exchange rests: nobody agrees to anything now
	Photos    []SentPhoto
	// Proposal is what they are asked, or have agreed, to leave out; nil for nothing.
	Proposal *Proposal
	// Recording is nil where there is none.
	Recording *SentRecording
}

// Came is a letter as its recipient sees it. Text is empty until it is opened.
type Came struct {
	CameLine
	Side     SideID
	Names    Names
	Text     Text
	Unread   bool // the letter did not open: a notice in its place
	MayWrite bool
	Photos   []CamePhoto // of one that is open
	// Recording is nil where none came.
	Recording *CameRecording
	// Translation stands before the letter where its recipients do not read what it was written in.
	Translation Translation
}

// Translation is a letter in the recipients' own language; none where Text is empty.
type Translation struct {
	Text           Text
	Language, Into string // what the letter was written in, and what this is, of Languages
}

// Desk is a worker's front page: what waits, oldest first, and what this worker has claimed.
type Desk struct {
	Letters []DeskLine
}

// DeskLine is one letter on the desk. It has no text.
type DeskLine struct {
	ID          LetterID
	Exchange    ExchangeID
	Reference   string // LB-XXXXX
	From        string // names of the writer's side, from the directory; "" if they did not open
	Children    string // the children's names in the writer's book
	Rewrite     bool   // replaces a returned letter
	SentOn      time.Time
	HearBy      time.Time
	WorkDays    int  // working days since it came
	Amber       bool // it waits long; of one that was stopped, neither is told
	Late        bool
	ClaimedBy   string // a worker's name, "" if free
	Mine        bool
	ClaimUntil  time.Time
	RefusedByMe bool // a second opinion about what this worker refused: somebody else's
	ReadFirst   bool // the first of two readers would let it go on
	FirstByMe   bool // and that was this worker: somebody else decides
	Connected   bool // this worker knows the family: somebody else reads it
	State       State
	HeldUntil   time.Time // for a held one: the day on which it is looked at again
	Second      bool      // a second opinion was asked for
	Paper       bool      // it came on paper
	Stopped     bool      // passed on, then stopped before it was opened
	StoppedOn   time.Time // the day of that; zero for any other
	Restricted  bool      // this worker holds no key of its case: it has no names and is not claimed
	Language    string    // of Languages
	Translator  string    // who has it to translate, "" if nobody
	GivenOn     time.Time // the day since when; zero for nobody
	// AskedOn is the day since when its writer is asked to leave parts out; zero for one who is not.
	AskedOn time.Time
	Slow    bool // that was longer ago than TranslatePromise
}

// TranslationRead is a letter's translation, for the worker who reads the letter;
// none where Text is empty.
type TranslationRead struct {
	Text     Text
	Into     string // its language
	By       string // a worker's name, "" if it did not open
	Unread   bool   // it did not open: the letter waits
	Findings []Finding
}

// Reading is a claimed letter open on the desk, with the earlier letters of its exchange.
type Reading struct {
	DeskLine
	Text    Text
	Unread  bool
	To      string    // names of the other side
	Forms   Names     // what the recipient's side calls everybody: what a letter to them may say
	Writer  Names     // what the writer's side calls everybody
	Earlier []Earlier // newest first
	// Language is what the letter is in, of Languages, and Recipient what its recipients read, of SideLanguages.
	Language, Recipient string
	Untranslated        bool // it has to be translated before this worker lets it go on
	Foreign             bool // its recipients or this worker do not read it as it was written: no recording goes with it
	MayBeForeign        bool // the screen would have somebody say which language it is in
	ReadsWelsh          bool // this worker, by a manager's word
	// ReadsNeither: this worker reads neither what the letter was written in nor Into. They do not pass it on,
	// read it first or cut it; who reads Welsh does where one of the two is Welsh, and else nobody.
	ReadsNeither bool
	Into         string
	Translation  TranslationRead
	// MayDecide is false for a worker who helped to write, in a second opinion
	// for the one who refused, and for the first of two readers once they have
	// read, and for who translated it; WhyNot is then "helped", "refusedBefore", "readFirst" or "translated".
	MayDecide bool
	WhyNot    string
	// StandsStill is why it could not go on today, whatever is in it, as a text of the
	// catalogues: the exchange rests, or a court forbids it. "" for nothing.
	StandsStill string
	First       WriterReason // in a second opinion: what the writer was told before
	Notes       []WorkNote   // what colleagues wrote down about it, newest first
	Photos      []DeskPhoto
	Recording   *DeskRecording // nil where there is none
	// Transcript is what the actor wrote down of a recording that they let go on. It is
	// screened with the text: the findings are about Screened.
	Transcript Text
	Findings   []Finding // what the screen would have the worker look at, in the order of the text
	// MayReadFirst: two workers read it, nobody has, and it is to go on whole.
	MayReadFirst bool
	// CutAlone: it is to go on without parts, and whoever cut it reads it no more: it
	// goes on once it is made whole again, and cut by somebody else perhaps.
	CutAlone bool
	// Incomplete: a photo or a recording that came with it is gone, or is another
	// letter's. The operator was told, and the letter does not go on.
	Incomplete bool
	// Unscreened: the protected list did not open, so nothing was looked for, and
	// the letter is not passed on.
	Unscreened bool
	Adopters   bool // the letter is from an adoptive family
	// TwoReaders: a second worker reads it before it goes on. FirstReader is then
	// the name of the one who has, "" while nobody has.
	TwoReaders  bool
	FirstReader string
	// Proposal is what the writer was asked before: where they asked another worker
	// about it, or agreed to it and this is the text as agreed. Nil for nothing.
	Proposal *Proposal
	// Cut is with what left out the letter would go on, unasked; nil for nothing.
	// Text is then the text as it would go.
	Cut []Piece
	// Changed is a rewrite beside the letter that it replaces; nil where that is not shown.
	Changed []Change
	// MayOriginal: the text is not the letter as it came, which Original opens.
	MayOriginal bool
}

// WorkNote is what a worker wrote for colleagues. No family can select it.
type WorkNote struct {
	On      time.Time
	By      string // a worker's name, "" if it did not open
	What    string // what it was written with: "hold", "recall", "decision", "first" and so on
	Text    Text
	Back    string     // of BackReasons, where a translator gave the letter back
	Answers []Answered // what was said of the screen's findings
}

// Referral is a letter in the safeguarding tray, without text and names.
type Referral struct {
	Letter     LetterID
	Reference  string // LB-XXXXX
	ReferredOn time.Time
	WorkDays   int  // working days since then
	Connected  bool // the actor declared a connection: it is another lead's
}

// ReferralText is a referral opened for the safeguarding lead.
type ReferralText struct {
	Referral
	Concern Text
	Text    Text // the letter as it came
	// Goes is the letter as it would go on, where that is not the same; "" where it is.
	Goes Text
	// Translation is what that says in another language; "" where it has none.
	Translation Text
	// Agreed: it did not open as it came, and Text is what its writer agreed to since.
	Agreed bool
	// Incomplete: a photo or a recording that came with it is gone, or could not be
	// referred with it. The operator was told.
	Incomplete bool
	By         string       // the name of the worker who referred it; "" if it did not open
	People     []PersonLine // on the side that wrote: whom to call; none where nobody stated it
	Photos     []ReferredPhoto
	Unread     bool // the referral did not open: a notice in its place
}

// Earlier is an earlier letter of the exchange, beside the one being read.
type Earlier struct {
	SentOn time.Time
	FromMe bool // from the same side as the letter being read
	Told   Told
	Text   Text
	Reason WriterReason
	Unread bool
}

// ReturnReason is an entry of the list of reasons in plain words (Reason.ID).
type ReturnReason string

// ReturnReasons lists those that every agency begins with; their words stand in
// the catalogues as "reason.<value>". "identifying" is one neutral sentence for names,
// places, contact details and other children, the same for a right and a wrong
// guess: moderation confirms no guess.
func ReturnReasons() []ReturnReason {
	return []ReturnReason{"identifying", "upsetting", "promises", "others", "money", "unclear", "other"}
}

// NewPerson is somebody of a family when an exchange is opened: either one
// already in the directory (ID), or a new one.
type NewPerson struct {
	ID       PersonID
	Name     string
	Relation string // "birth mother", "adopter", "grandmother"
	Address  string
	Phone    string
}

// NewSide is one side of a new exchange.
type NewSide struct {
	Book       string // "birth" or "adoptive"
	People     []NewPerson
	Names      Names
	MaySend    []string // of letter, card, photo, audio
	TimesAYear int
	Months     []int // 1..12: when they usually write
}

// NewChild is a child of a new exchange: an existing one (ID) or a new one.
type NewChild struct {
	ID           ChildID
	BirthName    string
	AdoptiveName string
	Born         time.Time // local date; stored sealed, never in clear
}

// NewExchange is what a worker writes down to open an exchange.
type NewExchange struct {
	// ID is chosen before the page is shown (NewExchangeID), so that two clicks
	// open one exchange; "" lets the service choose.
	ID       ExchangeID
	Sides    [2]NewSide
	Children []NewChild
}

// Exchange is an exchange as a worker sees it.
type Exchange struct {
	ID        ExchangeID
	Reference string
	State     string // active, paused, ended
	OpenedAt  time.Time
	Children  []ChildLine
	Sides     [2]ExchangeSide
	Letters   []ExchangeLetter // newest first, no text
	Connected bool             // this worker declared a connection

	Restricted   bool          // named workers alone hold the case
	Closed       bool          // restricted, and this worker is not named: nobody's names are shown
	Named        []NamedWorker // who holds a restricted case
	DelayDays    int           // how many days a letter that was passed on waits before it is shown
	SecondReader string        // whose letters two workers read: one of SecondReaders
	ContactOrder string        // what a court has said: one of ContactOrders
	Notes        []ExchangeNote
}

// ExchangeNote is what a worker noted when they let an exchange rest, said how a
// side stands, or wrote down what a court said. Newest first.
type ExchangeNote struct {
	Side   int  // 0 or 1; -1 for the whole exchange
	Order  bool // it is about a court's order, and State is one of ContactOrders
	State  string
	On     time.Time
	By     string // the worker's name
	Note   string
	Unread bool // it did not open
}

// ChildLine is a child under both names. Staff only.
type ChildLine struct {
	ID           ChildID
	BirthName    string
	AdoptiveName string
}

// ExchangeSide is one side as a worker sees it.
type ExchangeSide struct {
	ID         SideID
	Book       string
	State      string
	People     []PersonLine
	Names      Names
	Unread     bool
	MaySend    []string
	TimesAYear int
	Months     []int
	Photos     string // of PhotoPolicies: what is agreed about the photos that they send
	Recordings string // of RecordingPolicies: the same about their voice
	Language   string // of SideLanguages: what they read
}

// PersonLine is a person on a side as a worker sees them.
type PersonLine struct {
	ID       PersonID
	Name     string
	Relation string
	Address  string
	Phone    string
	State    string // known, invited, hold, active, suspended
}

// ExchangeLetter is a letter in an exchange's history.
type ExchangeLetter struct {
	ID     LetterID
	SentOn time.Time
	From   int // 0 or 1: index of the side
	State  State
	// Stopped: passed on, then stopped before it was opened.
	Stopped bool
	// ReadFirst: the first of two readers would let it go on.
	ReadFirst bool
}

// ExchangeLine is an exchange in the workers' list.
type ExchangeLine struct {
	ID        ExchangeID
	Reference string
	State     string
	Sides     [2]string // names from the directories

	ContactOrder string // what a court has said: one of ContactOrders
	OrderUnseen  bool   // a worker wrote down that it forbids this, and no manager since

	Restricted bool // named workers alone hold the case
	Closed     bool // restricted, and this worker is not named: no names
}

// Found is a person found by a search of the directories.
type Found struct {
	PersonLine
	Book      string
	Exchanges []ExchangeLine
}
