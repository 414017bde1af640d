package letterbox

import (
	"fmt"
	"slices"
	"strings"

	"gatepost/internal/authz"
)

// State is where a letter stands, and so who has the next action.
type State string

const (
	// Received: the desk has it; a worker passes it on or returns it.
	Received State = "received"
	// Held: a worker has it, with a date.
	Held State = "held"
	// Escalated: the safeguarding lead has it; the writer is told "with us".
	Escalated State = "escalated"
	// ProposedToWriter: the writer has it, and is asked to leave parts of it out.
	ProposedToWriter State = "proposed"
	// ToTranslate: a translator has its text; the writer is told "with us".
	ToTranslate State = "toTranslate"
	// ReturnedToWriter: the writer has it, with a reason; a rewrite replaces it.
	ReturnedToWriter State = "returned"
	// ReplacedByRewrite is an end.
	ReplacedByRewrite State = "replaced"
	// RefusedByWorker is an end; a second opinion is offered.
	RefusedByWorker State = "refused"
	// KeptForChild is an end: kept on the child's file.
	KeptForChild State = "keptOnFile"
	// WithdrawnByWriter is an end.
	WithdrawnByWriter State = "withdrawn"
	// Passed: a worker passed it on; the clock shows it on its day.
	Passed State = "passed"
	// Waiting: the recipient has it, unopened.
	Waiting State = "waiting"
	// KeptForLater: the recipient has it and wants to read it another day.
	KeptForLater State = "keptForLater"
	// Opened is an end.
	Opened State = "opened"
	// Recalled: a worker took it back before it was opened.
	Recalled State = "recalled"
	// Undeliverable: a worker has it; it cannot reach its side.
	Undeliverable State = "undeliverable"
	// StoppedAt18 is an end: a child came of age first.
	StoppedAt18 State = "stoppedAt18"
)

// States lists every state, in the order of the schema.
func States() []State {
	return []State{Received, Held, Escalated, ProposedToWriter, ToTranslate, ReturnedToWriter, ReplacedByRewrite, RefusedByWorker, KeptForChild,
		WithdrawnByWriter, Passed, Waiting, KeptForLater, Opened, Recalled, Undeliverable, StoppedAt18}
}

// Clock is the one mover that is nobody: it shows what a worker has passed.
const Clock authz.Role = "clock"

// Move is one permitted step of a letter. From is "" for a letter that begins.
type Move struct {
	From State
	Act  string
	To   State
	By   authz.Role
}

// Moves is the one table; the database's letter_move and the diagram in the
// package's documentation are compared with it by tests.
func Moves() []Move {
	return []Move{
		{"", "submit", Received, authz.Correspondent},
		{"", "record", Received, authz.LetterboxWorker},
		{Received, "pass", Passed, authz.LetterboxWorker},
		{Received, "propose", ProposedToWriter, authz.LetterboxWorker},
		{Received, "return", ReturnedToWriter, authz.LetterboxWorker},
		{Received, "refuse", RefusedByWorker, authz.LetterboxWorker},
		{Received, "keepOnFile", KeptForChild, authz.LetterboxWorker},
		{Received, "hold", Held, authz.LetterboxWorker},
		{Received, "escalate", Escalated, authz.LetterboxWorker},
		{Received, "withdraw", WithdrawnByWriter, authz.Correspondent},
		{Held, "pass", Passed, authz.LetterboxWorker},
		{Held, "propose", ProposedToWriter, authz.LetterboxWorker},
		{Held, "return", ReturnedToWriter, authz.LetterboxWorker},
		{Held, "refuse", RefusedByWorker, authz.LetterboxWorker},
		{Held, "keepOnFile", KeptForChild, authz.LetterboxWorker},
		{Held, "escalate", Escalated, authz.LetterboxWorker},
		{Held, "withdraw", WithdrawnByWriter, authz.Correspondent},
		{Escalated, "handBack", Received, authz.SafeguardingLead},
		{Escalated, "keepOnFile", KeptForChild, authz.SafeguardingLead},
		{Escalated, "refuse", RefusedByWorker, authz.SafeguardingLead},
		{Escalated, "withdraw", WithdrawnByWriter, authz.Correspondent},
		{ProposedToWriter, "agree", Received, authz.Correspondent},
		{ProposedToWriter, "secondOpinion", Received, authz.Correspondent},
		{ProposedToWriter, "replace", ReplacedByRewrite, authz.Correspondent},
		{ProposedToWriter, "withdraw", WithdrawnByWriter, authz.Correspondent},
		{ProposedToWriter, "unask", Received, authz.LetterboxWorker},
		{ProposedToWriter, "unask", Received, authz.Manager},
		{Received, "translate", ToTranslate, authz.LetterboxWorker},
		{Held, "translate", ToTranslate, authz.LetterboxWorker},
		{ToTranslate, "handIn", Received, authz.Translator},
		{ToTranslate, "giveBack", Received, authz.Translator},
		{ToTranslate, "takeBack", Received, authz.LetterboxWorker},
		{ToTranslate, "takeBack", Received, authz.Manager},
		{ToTranslate, "withdraw", WithdrawnByWriter, authz.Correspondent},
		{ReturnedToWriter, "replace", ReplacedByRewrite, authz.Correspondent},
		{ReturnedToWriter, "withdraw", WithdrawnByWriter, authz.Correspondent},
		{RefusedByWorker, "secondOpinion", Received, authz.Correspondent},
		{Passed, "show", Waiting, Clock},
		{Passed, "recall", Recalled, authz.LetterboxWorker},
		{Passed, "undeliverable", Undeliverable, authz.LetterboxWorker},
		{Passed, "stopAt18", StoppedAt18, Clock},
		{Waiting, "open", Opened, authz.Correspondent},
		{Waiting, "keepForLater", KeptForLater, authz.Correspondent},
		{Waiting, "recall", Recalled, authz.LetterboxWorker},
		{Waiting, "undeliverable", Undeliverable, authz.LetterboxWorker},
		{Waiting, "stopAt18", StoppedAt18, Clock},
		{KeptForLater, "open", Opened, authz.Correspondent},
		{KeptForLater, "recall", Recalled, authz.LetterboxWorker},
		{KeptForLater, "undeliverable", Undeliverable, authz.LetterboxWorker},
		{KeptForLater, "stopAt18", StoppedAt18, Clock},
		{Recalled, "restore", Passed, authz.LetterboxWorker},
		{Recalled, "return", ReturnedToWriter, authz.LetterboxWorker},
		{Recalled, "keepOnFile", KeptForChild, authz.LetterboxWorker},
		{Recalled, "stopAt18", StoppedAt18, Clock},
		{Undeliverable, "restore", Passed, authz.LetterboxWorker},
		{Undeliverable, "return", ReturnedToWriter, authz.LetterboxWorker},
		{Undeliverable, "keepOnFile", KeptForChild, authz.LetterboxWorker},
		{Undeliverable, "stopAt18", StoppedAt18, Clock},
	}
}

// Permitted tells whether a move is in the table.
func Permitted(from State, to State, by authz.Role) bool {
	return slices.ContainsFunc(Moves(), func(m Move) bool { return m.From == from && m.To == to && m.By == by })
}

// whence lists the states from which an act moves a letter, for that role: what
// the services ask before the database does.
func whence(act string, by authz.Role) (from []State) {
	for _, m := range Moves() {
		if m.Act == act && m.By == by {
			from = append(from, m.From)
		}
	}
	return from
}

// Diagram prints the table as it stands in the package's documentation.
func Diagram() string {
	var b strings.Builder
	for _, m := range Moves() {
		from := string(m.From)
		if from == "" {
			from = "(new)"
		}
		arrow := fmt.Sprintf("--%s: %s-->", m.Act, m.By)
		fmt.Fprintf(&b, "%-13s %-37s %s\n", from, arrow, m.To)
	}
	return b.String()
}
