package authz

import (
	"slices"
	"time"

	"gatepost/internal/fault"
)

// Role is what a person is to the agency. The names are those of the
// database's worker.roles; Correspondent is everyone of a family.
type Role string

const (
	// Correspondent writes and receives letters on a side of an exchange.
	Correspondent Role = "correspondent"
	// LetterboxWorker reads letters and decides about them.
	LetterboxWorker Role = "letterboxWorker"
	// IntermediaryWorker serves adopted adults and relatives who search.
	IntermediaryWorker Role = "intermediaryWorker"
	// SafeguardingLead has the sealed tray; may not pass letters on.
	SafeguardingLead Role = "safeguardingLead"
	// Manager invites and confirms people; reads letters only by a claim, as a letterbox worker.
	Manager Role = "manager"
	// RecordsOfficer keeps the records and their retention.
	RecordsOfficer Role = "recordsOfficer"
	// Auditor sees the log and counts, never a letter.
	Auditor Role = "auditor"
	// Translator translates letters that are given to them, and sees nothing else.
	Translator Role = "translator"
)

// Roles lists every role, in the order of docs/roles.md.
func Roles() []Role {
	return []Role{Correspondent, LetterboxWorker, IntermediaryWorker, SafeguardingLead, Manager, RecordsOfficer, Auditor, Translator}
}

// Act is something that a service method does on somebody's behalf. None
// implies another.
type Act string

const (
	// Write: keep a draft, send a letter, replace one that came back.
	Write Act = "write"
	// ReadOwn: see one's own side: names, letters sent, letters that came.
	ReadOwn Act = "readOwn"
	// SeeDesk: see which letters wait, from whom, and since when; no text.
	SeeDesk Act = "seeDesk"
	// Claim: take a letter to decide about it, and read it and earlier ones.
	Claim Act = "claim"
	// Decide: pass on or return a claimed letter.
	Decide Act = "decide"
	// OpenExchange: open an exchange, its sides, names and agreement.
	OpenExchange Act = "openExchange"
	// SeeExchange: see an exchange with the names of both sides.
	SeeExchange Act = "seeExchange"
	// Connect: declare that one is connected to a family.
	Connect Act = "connect"
	// ConnectColleague: declare that a colleague is, who may be away; see of whom it is declared.
	ConnectColleague Act = "connectColleague"
	// InvitePerson: print an invitation for a person of a family, or a party of a case.
	InvitePerson Act = "invitePerson"
	// ConfirmPerson: after a call, grant a person their sides, or a party their file.
	ConfirmPerson Act = "confirmPerson"
	// InviteWorker: print an invitation for a worker.
	InviteWorker Act = "inviteWorker"
	// ConfirmWorker: after a call, give a worker role and team.
	ConfirmWorker Act = "confirmWorker"
	// SearchDirectory: look people up by name, in both directories.
	SearchDirectory Act = "searchDirectory"
	// Safeguard: see the safeguarding tray, open what was referred, hand it back or keep it.
	Safeguard Act = "safeguard"
	// ProtectWords: see and change which words letters of an exchange may not carry.
	ProtectWords Act = "protectWords"
	// SetExchange: let an exchange rest, go on or end; say how a side stands; set its display delay.
	SetExchange Act = "setExchange"
	// Restrict: grant a case to named workers instead of the team.
	Restrict Act = "restrict"
	// Tell: tell the agency something, apart from a letter, and read its answer.
	Tell Act = "tell"
	// Answer: read what a person told the agency, and answer.
	Answer Act = "answer"
	// RecordPaper: type in a letter that came on paper, with its scan.
	RecordPaper Act = "recordPaper"
	// PrintLetter: print a passed letter for posting.
	PrintLetter Act = "printLetter"
	// SeeWorkers: see who works here, what they may do and how many letters they hold.
	SeeWorkers Act = "seeWorkers"
	// SuspendWorker: keep a worker out, and let them in again.
	SuspendWorker Act = "suspendWorker"
	// SuspendPerson: keep a person of a family out, and let them in again.
	SuspendPerson Act = "suspendPerson"
	// EndWorker: end a worker's account, or change their roles: their keys are replaced.
	EndWorker Act = "endWorker"
	// Rotate: grant every case to the new key of a team.
	Rotate Act = "rotate"
	// TakeOver: take a letter from whoever holds it, or give it to somebody.
	TakeOver Act = "takeOver"
	// SeeBreaches: see which letters wait longer than promised, and with whom.
	SeeBreaches Act = "seeBreaches"
	// SeeReasons: see the agency's list of reasons that writers are told.
	SeeReasons Act = "seeReasons"
	// SetReasons: change that list.
	SetReasons Act = "setReasons"
	// Recover: with a second worker, let a person choose a new passphrase; agree
	// to the same for a worker.
	Recover Act = "recover"
	// RecoverWorker: with a second worker, let a worker choose a new passphrase
	// or set up a new second step.
	RecoverWorker Act = "recoverWorker"
	// Inspect: see counts, and of a case named by its reference the entries of
	// the log: times, roles and decisions; no name and no letter.
	Inspect Act = "inspect"
	// SeeRecords: see which records are ordered to be destroyed or were, and
	// call an order off.
	SeeRecords Act = "seeRecords"
	// OrderDestruction: order that an ended exchange be destroyed.
	OrderDestruction Act = "orderDestruction"
	// AgreeDestruction: a day later, as somebody else, destroy what was ordered.
	AgreeDestruction Act = "agreeDestruction"
	// SeeCases: see which intermediary cases there are and what waits in them.
	SeeCases Act = "seeCases"
	// TakeIntake: see first enquiries, read one, decline it, or type one in.
	TakeIntake Act = "takeIntake"
	// OpenCase: open an intermediary case, its subjects and its parties.
	OpenCase Act = "openCase"
	// SeeCase: see an intermediary case with everything known in it.
	SeeCase Act = "seeCase"
	// StateFact: state a fact of a case, agree to a colleague's, decide about it.
	StateFact Act = "stateFact"
	// EndCase: stop or close a case, with reasons and a neutral letter.
	EndCase Act = "endCase"
	// Ask: ask what the law says about a subject or an item.
	Ask Act = "ask"
	// Approach: look for a subject, and approach them.
	Approach Act = "approach"
	// StateVeto: register or change a veto for an adopted person. Whoever has EndVeto
	// may make it weaker, or withdraw it.
	StateVeto Act = "stateVeto"
	// ConnectCase: say who knows somebody in an intermediary case, oneself or a
	// colleague, and see who does.
	ConnectCase Act = "connectCase"
	// EndVeto: withdraw a veto that somebody else wrote down, or make it weaker.
	EndVeto Act = "endVeto"
	// KeepRegister: write down what somebody wishes in the agency's contact register,
	// look for pairs in it, and be one of two who say that a pair belongs together.
	KeepRegister Act = "keepRegister"
	// Stop: ask for protection at once.
	Stop Act = "stop"
	// EndStop: end a provisional stop, with reasons.
	EndStop Act = "endStop"
	// SignReferral: be one of the two who sign what the law refers to people.
	SignReferral Act = "signReferral"
	// ReadLaw: see which open questions of the law wait, and be one of the two who
	// say that they have read the text.
	ReadLaw Act = "readLaw"
	// EndFlag: end what two people have opened by reading it, at once.
	EndFlag Act = "endFlag"
	// PrepareItem: write down what might be given to an applicant.
	PrepareItem Act = "prepareItem"
	// CheckItem: be the second person who checks it.
	CheckItem Act = "checkItem"
	// Disclose: give an item to the applicant.
	Disclose Act = "disclose"
	// Enquire: ask the appropriate adoption agency, a court or a register.
	Enquire Act = "enquire"
	// AnswerEnquiry: answer what another agency asks.
	AnswerEnquiry Act = "answerEnquiry"
	// CaseMessage: read what a party of a case wrote, and answer.
	CaseMessage Act = "caseMessage"
	// SeeOpinions: read what people wrote of the service, without who wrote it.
	SeeOpinions Act = "seeOpinions"
	// ReadFile: see one's own file of an intermediary case.
	ReadFile Act = "readFile"
	// WriteFile: write to the worker of one's own case.
	WriteFile Act = "writeFile"
	// Translate: read a letter that was given to oneself, and hand its translation in.
	Translate Act = "translate"
	// SetReads: say which languages a worker reads.
	SetReads Act = "setReads"
	// TakeBackProposal: take back what the writer of a letter was asked.
	TakeBackProposal Act = "takeBackProposal"
	// OwnAccount: see and end one's own sessions, change one's second step.
	OwnAccount Act = "ownAccount"
)

// table is the whole policy: who may do what.
var table = []struct {
	act   Act
	roles []Role
}{
	{Write, []Role{Correspondent}},
	{ReadOwn, []Role{Correspondent}},
	{SeeDesk, []Role{LetterboxWorker, Manager}},
	{Claim, []Role{LetterboxWorker}},
	{Decide, []Role{LetterboxWorker}},
	{OpenExchange, []Role{LetterboxWorker}},
	{SeeExchange, []Role{LetterboxWorker}},
	{Connect, []Role{LetterboxWorker, Manager}},
	{ConnectColleague, []Role{Manager}},
	{InvitePerson, []Role{LetterboxWorker, IntermediaryWorker}},
	{ConfirmPerson, []Role{LetterboxWorker, IntermediaryWorker}},
	{InviteWorker, []Role{Manager}},
	{ConfirmWorker, []Role{Manager}},
	{SearchDirectory, []Role{LetterboxWorker}},
	{Safeguard, []Role{SafeguardingLead}},
	{ProtectWords, []Role{LetterboxWorker}},
	{SetExchange, []Role{LetterboxWorker, Manager}},
	{Restrict, []Role{Manager}},
	{Tell, []Role{Correspondent}},
	{Answer, []Role{LetterboxWorker}},
	{RecordPaper, []Role{LetterboxWorker}},
	{PrintLetter, []Role{LetterboxWorker}},
	{SeeWorkers, []Role{Manager}},
	{SuspendWorker, []Role{Manager}},
	{SuspendPerson, []Role{LetterboxWorker, IntermediaryWorker, Manager}},
	{EndWorker, []Role{Manager}},
	{Rotate, []Role{Manager}},
	{TakeOver, []Role{Manager}},
	{SeeBreaches, []Role{Manager}},
	{SeeReasons, []Role{LetterboxWorker, SafeguardingLead, Manager}},
	{SetReasons, []Role{Manager}},
	{Recover, []Role{LetterboxWorker, IntermediaryWorker, Manager}},
	{RecoverWorker, []Role{Manager}},
	{Inspect, []Role{Manager, Auditor}},
	{SeeRecords, []Role{Manager, RecordsOfficer}},
	{OrderDestruction, []Role{RecordsOfficer}},
	{AgreeDestruction, []Role{Manager}},
	{SeeCases, []Role{IntermediaryWorker, Manager}},
	{TakeIntake, []Role{IntermediaryWorker}},
	{OpenCase, []Role{IntermediaryWorker}},
	{SeeCase, []Role{IntermediaryWorker, Manager}},
	{StateFact, []Role{IntermediaryWorker, Manager}},
	{EndCase, []Role{IntermediaryWorker, Manager}},
	{Ask, []Role{IntermediaryWorker, Manager}},
	{Approach, []Role{IntermediaryWorker}},
	{StateVeto, []Role{IntermediaryWorker, Manager}},
	{ConnectCase, []Role{IntermediaryWorker, Manager}},
	{EndVeto, []Role{Manager}},
	{KeepRegister, []Role{IntermediaryWorker}},
	{Stop, []Role{IntermediaryWorker, Manager}},
	{EndStop, []Role{Manager}},
	{SignReferral, []Role{IntermediaryWorker, Manager}},
	{ReadLaw, []Role{IntermediaryWorker, Manager}},
	{EndFlag, []Role{Manager}},
	{PrepareItem, []Role{IntermediaryWorker}},
	{CheckItem, []Role{IntermediaryWorker, Manager}},
	{Disclose, []Role{IntermediaryWorker}},
	{Enquire, []Role{IntermediaryWorker}},
	{AnswerEnquiry, []Role{IntermediaryWorker}},
	{CaseMessage, []Role{IntermediaryWorker}},
	{SeeOpinions, []Role{Manager}},
	{ReadFile, []Role{Correspondent}},
	{WriteFile, []Role{Correspondent}},
	{Translate, []Role{Translator}},
	{SetReads, []Role{Manager}},
	{TakeBackProposal, []Role{LetterboxWorker, Manager}},
	{OwnAccount, Roles()},
}

// Acts lists every act, in the order of the table.
func Acts() []Act {
	acts := make([]Act, len(table))
	for i, row := range table {
		acts[i] = row.act
	}
	return acts
}

// Allows tells whether a role may do an act. An unknown act is allowed to nobody.
func Allows(role Role, act Act) bool {
	for _, row := range table {
		if row.act == act {
			return slices.Contains(row.roles, role)
		}
	}
	return false
}

// Tier is one of the two doors of the program. A session of one is nothing on the other.
type Tier string

const (
	// Public is the families' tier.
	Public Tier = "public"
	// Staff is the workers' tier.
	Staff Tier = "staff"
)

// Who is what an Actor is made of. Only internal/account fills it.
type Who struct {
	Tier    Tier
	Agency  string
	Account string // the id of a person or a worker
	Roles   []Role
	Keys    *Keyring
	OnHold  bool // known, but nobody has confirmed by a call yet
	// SecondFactorAt is when this session last gave a one-time code; zero for never.
	SecondFactorAt time.Time
	// Session is the id of the session in the person's own list; it opens nothing.
	Session string
}

// Actor is who asks. The zero Actor may do nothing.
type Actor struct{ who Who }

// NewActor makes an Actor. Only internal/account may call it (and test packages).
func NewActor(w Who) Actor { return Actor{w} }

// Agency is the tenant that the actor belongs to.
func (a Actor) Agency() string { return a.who.Agency }

// Account is the id of the person or worker.
func (a Actor) Account() string { return a.who.Account }

// Tier is the door through which the actor came.
func (a Actor) Tier() Tier { return a.who.Tier }

// Session is the id of this session in the actor's own list.
func (a Actor) Session() string { return a.who.Session }

// OnHold tells that nobody has confirmed this account by a call yet.
func (a Actor) OnHold() bool { return a.who.OnHold }

// Keys are the keys climbed at log-in. Services use them; pages must not.
func (a Actor) Keys() *Keyring { return a.who.Keys }

// Has tells whether the actor holds a role.
func (a Actor) Has(role Role) bool { return slices.Contains(a.who.Roles, role) }

// Can tells whether a page should offer an act. Services call May.
// Everybody with an account may look after it, before any role is theirs.
func (a Actor) Can(act Act) bool {
	return a.who.Account != "" && act == OwnAccount || a.who.Account != "" && slices.ContainsFunc(a.who.Roles, func(r Role) bool { return Allows(r, act) })
}

// May is the gate of every service method: nil, or a Forbidden fault. The
// caller writes the refusal down (audit.Refused) and goes no further.
// A worker on hold may do nothing but look after their own account.
func (a Actor) May(act Act) error {
	if !a.Can(act) || a.who.OnHold && a.who.Tier == Staff && act != OwnAccount {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	return nil
}

// StepUp asks that a one-time code was given within the last window; a zero
// window asks for one given for this very act, which the caller checks by
// itself. It returns a StepUp fault.
func (a Actor) StepUp(now time.Time, window time.Duration) error {
	if a.who.SecondFactorAt.IsZero() || now.Sub(a.who.SecondFactorAt) > window {
		return fault.New(fault.StepUp, "fault.stepUp")
	}
	return nil
}
