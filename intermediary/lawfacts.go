package intermediary

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"gatepost/intermediary/law"
	"gatepost/internal/calendar"
)

// AnswerLasts is how many days an agency's answer about vetoes is good for. It
// has to be newer than the last act as well; ISR 6 and 8 are a continuing duty.
const AnswerLasts = 14

// The rows that a decision rests on, as the database has them. place is where
// the row's statement stands in the agency's log: the log is written last in
// every act, so its order is the order in which acts took effect. The times in
// the rows are what the workers' clocks said, and order nothing.
type (
	gateFact struct {
		OnID     string
		About    string
		Name     string
		Version  uint64
		Value    string
		Two      bool // counts only once a second worker has agreed
		Confirms *int64
		WorkerID string
		At       time.Time
		Leaf     []byte
		Place    int64
	}
	gateVeto struct {
		Version  uint64
		Kind     string
		InForce  bool
		WorkerID string
		At       time.Time
		Leaf     []byte
		Place    int64
	}
	gateStop struct {
		ID        string
		SubjectID *string
		WorkerID  string
		Leaf      []byte
	}
	gateConsent struct {
		Version uint64
		Answer  string
		Scope   []string
		At      time.Time
		Leaf    []byte
		Place   int64
	}
	gateEnquiry struct {
		ID         string
		Whom       string
		State      string
		AnsweredOn *time.Time
		Place      int64 // of the newest answer, as it was written into the case
		Unheard    bool  // the other agency has answered, and nobody has read it into the case
	}
	gateSignature struct {
		ID        string
		ItemID    *string
		RowID     string
		Digest    []byte
		FirstID   string
		SecondID  *string
		ExpiresOn time.Time
		Leaf      []byte
		Second    []byte
	}
	gateItem struct {
		ID          string
		Kind        string
		About       string
		Identifying bool
		PreparedBy  string
		CheckedBy   *string
		Version     uint64
		Place       int64 // of its newest words
		Given       bool
	}
	// gateFlag is a policy flag that is set: two people have said that they read
	// the text of an open question.
	gateFlag struct{ ID, Flag string }
	// gateAct is the last approach or disclosure of the application.
	gateAct struct {
		Place int64
		On    *time.Time
	}
	// gateGiven is the last disclosure to anybody who reads the applicant's
	// file, in whatever case.
	gateGiven struct{ Place int64 }
	gateHead  struct {
		ApplicationID string
		AdoptedID     string
		Pair          string
		State         string
		SubjectID     string
		SubjectState  string
		Represented   bool // somebody reads the applicant's file on their behalf
		Approached    bool // the subject has been approached, by the law's leave
		Looked        bool // our own register was looked through since the newest wish for no contact came into it
	}
)

// grounds is everything that one decision about one subject, and perhaps one item,
// rests on, read at one moment. In an act it is read with the gate rows held.
type grounds struct {
	head       gateHead
	facts      []gateFact // by what they are about, name and version
	vetoes     []gateVeto // oldest first
	stops      []gateStop // those in force, of the adopted person or this subject
	consents   []gateConsent
	enquiries  []gateEnquiry
	unheard    bool            // an answer to another application about the adopted person was read by nobody
	signatures []gateSignature // with both names
	flags      []gateFlag      // that are set, and that nothing is in doubt of
	last       gateAct
	given      gateGiven
	item       *gateItem

	registered bool              // the acting agency may do this work (ISR 3)
	doubted    map[[32]byte]bool // leaves of rows that do not say what was sealed
	now        time.Time         // of the decision
	days       calendar.Days     // in which the agency's clocks count
	used       map[string]law.Version

	vetoTaken, consentsTaken bool // the log has them, and no row is left

	wishes             []standingWish // entries of our register that may stand against the case
	words              []standingWord // what was said of them, oldest first
	wishLost, unlooked bool           // a look found a wish that has no row; the newest look does not open
}

// history gives the versions of a fact that count, oldest first: those that
// need no second worker, and those that a second one has agreed to. If the
// newest that counts is doubted the fact was not given: nothing before it is
// taken in its stead.
func (g *grounds) history(on, name string) []gateFact {
	var list []gateFact
	for _, f := range g.facts {
		if f.OnID == on && f.Name == name && (!f.Two || f.Confirms != nil) {
			list = append(list, f)
		}
	}
	if n := len(list); n > 0 {
		g.use(on+"/"+name, list[n-1].Version)
		if g.doubts(list[n-1].Leaf) {
			return nil
		}
	}
	return list
}

func (g *grounds) doubts(leaf []byte) bool { return len(leaf) == 32 && g.doubted[[32]byte(leaf)] }

// use writes down that a row was looked at.
func (g *grounds) use(of string, version uint64) {
	if g.used == nil {
		g.used = map[string]law.Version{}
	}
	g.used[of] = law.Version{Of: of, Version: version}
}

// versions lists the rows that were looked at, in order.
func (g *grounds) versions() []law.Version {
	list := make([]law.Version, 0, len(g.used))
	for _, v := range g.used {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b law.Version) int { return cmp.Compare(a.Of, b.Of) })
	return list
}

// counted is the version of a fact that counts now.
func (g *grounds) counted(on, name string) (gateFact, bool) {
	list := g.history(on, name)
	if len(list) == 0 {
		return gateFact{}, false
	}
	return list[len(list)-1], true
}

// fact is the value that counts now, or star where nobody has said anything.
func (g *grounds) fact(on, name, star string) string {
	if f, ok := g.counted(on, name); ok {
		return f.Value
	}
	return star
}

// judgedSince tells whether a fact that counts was judged after a place of the
// log: where two judge, the first of them too, so that what the one looked at is
// what the other agreed to.
func (g *grounds) judgedSince(on, name string, place int64) bool {
	f, ok := g.counted(on, name)
	if !ok {
		return false
	}
	if f.Confirms != nil {
		i := slices.IndexFunc(g.facts, func(o gateFact) bool {
			return o.OnID == on && o.Name == name && o.Version == uint64(*f.Confirms)
		})
		if i < 0 {
			return false
		}
		f = g.facts[i]
	}
	return f.Place > place
}

// today is the date of the decision in London.
func (g *grounds) today() time.Time { return calendar.Today(g.now) }

// answers sets the inputs of a table, in the order in which they are given.
func answers(t *law.Table, pairs ...string) (law.Facts, error) {
	f := t.Facts()
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := f.Set(pairs[i], pairs[i+1]); err != nil {
			return f, fmt.Errorf("gather the facts of table %s: %w", t.ID(), err)
		}
	}
	return f, nil
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

// The inputs, each with its rule. What is not known gives the value that the
// table marks with a star.

func (g *grounds) order() string { return g.fact(g.head.AdoptedID, "order", "unknown") }
func (g *grounds) juris() string { return g.fact(g.head.AdoptedID, "juris", "unknown") }

// regime is the order's law for the tables that do not ask for the country:
// known only where that is England or Wales (8.0 rule 12).
func (g *grounds) regime() string {
	if j := g.juris(); j != "E" && j != "W" {
		return "unknown"
	}
	return g.order()
}

func (g *grounds) pair() string { return g.head.Pair }

// prescribed tells whether the adopted person is neither applicant nor subject
// (ISR 5A(2), (3)).
func (g *grounds) prescribed() bool { return g.pair() == "REL>PR" || g.pair() == "PR>REL" }

func (g *grounds) agency() string {
	if g.registered {
		return "registered"
	}
	return "not"
}

// reg11 is passed only with the authority of whoever acts for the applicant.
func (g *grounds) reg11() string {
	v := g.fact(g.head.ApplicationID, "reg11", "pending")
	if v == "passed" && g.head.Represented && g.repAuthority() != "yes" {
		return "pending"
	}
	return v
}

func (g *grounds) repAuthority() string { return g.fact(g.head.ApplicationID, "repAuthority", "no") }

// linkProven arises only where the applicant says they are the adopted person.
func (g *grounds) linkProven() string {
	if g.pair() != "AP>REL" {
		return "no"
	}
	return g.fact(g.head.ApplicationID, "linkProven", "no")
}

// met is a live meeting; by video only as a manager accepted it (OQ7).
func (g *grounds) met() string {
	switch g.fact(g.head.ApplicationID, "met", "no") {
	case "inPerson", "liveVideo":
		return "yes"
	}
	return "no"
}

// idVerified is of no use without the authority of whoever acts for the applicant.
func (g *grounds) idVerified() string {
	if g.head.Represented && g.repAuthority() != "yes" {
		return "no"
	}
	return g.fact(g.head.ApplicationID, "idVerified", "no")
}

func (g *grounds) aaa() string { return g.fact(g.head.ApplicationID, "aaa", "pending") }

// vetoRanks orders what is known of a veto: where the agency's own record and
// the answer of the appropriate agency differ, the one that stops more counts.
func vetoRank(v string) int {
	return slices.Index([]string{"none", "qualifiedMet", "unknown", "qualifiedUnclear", "qualifiedNotMet", "absolute"}, v)
}

// veto is the adopted person's veto: the agency's own record, which is the whole
// truth only where it is the appropriate agency itself, and the other's answer.
func (g *grounds) veto() string {
	own, stated := g.ownVeto(), g.vetoAnswer()
	if g.aaa() == "self" && stated == "unknown" {
		stated = own // its own record answers
	}
	if vetoRank(own) > vetoRank(stated) {
		return own
	}
	return stated
}

// ownVeto is what the agency's own record says: the newest version. A doubted
// one was somebody's protection, and is taken as absolute.
func (g *grounds) ownVeto() string {
	switch {
	case g.vetoTaken:
		return "absolute"
	case len(g.vetoes) == 0:
		return "none"
	}
	v := g.vetoes[len(g.vetoes)-1]
	g.use(g.head.AdoptedID+"/veto", v.Version)
	switch {
	case g.doubts(v.Leaf):
		return "absolute"
	case !v.InForce:
		return "none"
	case v.Kind == "qualified":
		return g.qualified(v.Place)
	}
	return "absolute"
}

// vetoAnswer is what the appropriate agency said. A veto is the adopted person's:
// what was answered to another application about them stands against this one,
// and that it is not known any more, if that was said later.
func (g *grounds) vetoAnswer() string {
	own, ok := g.counted(g.head.ApplicationID, "vetoAnswer")
	answer := "unknown"
	if ok {
		answer = g.answered(own)
	}
	for _, f := range g.otherAnswers() {
		said := g.answered(f)
		if (said != "unknown" || f.Place > own.Place) && vetoRank(said) > vetoRank(answer) {
			answer = said
		}
	}
	return answer
}

// answered is an answer about a veto with a person's judgement of it.
func (g *grounds) answered(f gateFact) string {
	if f.Value == "qualified" {
		return g.qualified(f.Place)
	}
	return f.Value
}

// otherAnswers are the newest that count of every other application about the
// adopted person.
func (g *grounds) otherAnswers() (list []gateFact) {
	var seen []string
	for _, f := range g.facts {
		if f.Name != "vetoAnswer" || f.OnID == g.head.ApplicationID || slices.Contains(seen, f.OnID) {
			continue
		}
		seen = append(seen, f.OnID)
		if newest, ok := g.counted(f.OnID, f.Name); ok {
			list = append(list, newest)
		}
	}
	return list
}

// qualified is a person's judgement of whether the circumstances are met. One
// that is older than the veto is of another veto; nobody guesses (OQ4).
func (g *grounds) qualified(since int64) string {
	v := g.fact(g.head.ApplicationID, "qualified", "unclear")
	if !g.judgedSince(g.head.ApplicationID, "qualified", since) {
		return "qualifiedUnclear"
	}
	switch v {
	case "met":
		return "qualifiedMet"
	case "notMet":
		return "qualifiedNotMet"
	}
	return "qualifiedUnclear"
}

// unread tells whether another agency has said something about this adopted
// person that no worker has read into the case: it may be a veto.
func (g *grounds) unread() bool {
	return g.unheard || slices.ContainsFunc(g.enquiries, func(e gateEnquiry) bool { return e.Unheard })
}

// vetoFresh is 8.0 rule 9. The agency that is itself the appropriate one reads
// its record in the act. Another's answer counts while it is newer than the
// last act and no older than AnswerLasts, and the question that it answered was
// answered after that act too: to read an old answer again asks nobody. An answer that nobody has read yet may be a veto: no older one is
// fresh beside it (the database's unheard).
func (g *grounds) vetoFresh() string {
	if g.unread() {
		return "no"
	}
	if g.aaa() == "self" {
		return "yes"
	}
	f, ok := g.counted(g.head.ApplicationID, "vetoAnswer")
	if !ok || f.Place <= g.last.Place || f.Place == 0 {
		return "no"
	}
	oldest := g.today().AddDate(0, 0, -AnswerLasts)
	if calendar.Today(f.At).Before(oldest) {
		return "no"
	}
	for _, e := range g.enquiries {
		if e.Whom != "AAA" || e.State != "answered" || e.AnsweredOn == nil || e.AnsweredOn.Before(oldest) {
			continue
		}
		if e.Place > g.last.Place {
			return "yes"
		}
	}
	return "no"
}

// provisionalStop is a stop in force about the adopted person or this subject.
// The stop of an adopted person who searches herself is counted too: the row
// does not say whose word it was, and the database counts it.
func (g *grounds) provisionalStop() string { return yesNo(len(g.stops) > 0) }

// apConsent is the adopted person's consent to the application proceeding. A
// refusal or withdrawal in life stays: only a consent ends it. A consent before
// death or incapacity is that no more (OQ1, OQ11).
func (g *grounds) apConsent() string {
	if !g.prescribed() {
		return "notSought"
	}
	v := "notSought"
	for _, f := range g.history(g.head.ApplicationID, "apConsent") {
		if (v == "refused" || v == "withdrawn") && f.Value != "given" && f.Value != "refused" && f.Value != "withdrawn" {
			continue
		}
		v = f.Value
	}
	if vital := g.fact(g.head.AdoptedID, "apVital", "unknown"); v == "given" && (vital == "died" || vital == "incapable") {
		return vital
	}
	if w := g.waits(g.head.ApplicationID, "apConsent"); v == "given" && w != "" && w != "given" {
		return "notSought"
	}
	return v
}

// waits is the newest value of a fact that one worker has stated and no second
// one has agreed to; "" for none. It loosens nothing; but where it says that
// somebody cannot consent, what they said before is not built on until two have
// settled it.
func (g *grounds) waits(on, name string) (value string) {
	var newest gateFact
	for _, f := range g.facts {
		if f.OnID == on && f.Name == name && f.Version > newest.Version {
			newest = f
		}
	}
	if newest.Two && newest.Confirms == nil {
		g.use(on+"/"+name+"/waits", newest.Version)
		return newest.Value
	}
	return ""
}

// subjectVital is whether the subject lives and can decide. In REL>AP the subject
// is the adopted person: living counts only while nothing else is known of either.
func (g *grounds) subjectVital(star string) string {
	v := g.aboutSubject("subjectVital", star)
	if v != "living" {
		return v
	}
	if w := g.waits(g.head.SubjectID, "subjectVital"); w != "" {
		return "untraced"
	}
	if ap := g.fact(g.head.AdoptedID, "apVital", "unknown"); g.pair() == "REL>AP" && (ap == "died" || ap == "incapable") {
		return "untraced"
	}
	return v
}

// ages is a fact of somebody's age that was worked out after it became known that
// they died: an older one says how old they would be (8.0 rule 10).
func (g *grounds) ages(on, name string) string {
	age, ok := g.counted(on, name)
	if !ok {
		return "unknown"
	}
	deaths := [][2]string{}
	switch {
	case name == "apAge":
		deaths = append(deaths, [2]string{g.head.AdoptedID, "apVital"})
	case name == "subjAge":
		deaths = append(deaths, [2]string{g.head.SubjectID, "subjectVital"})
	}
	if name == "subjAge" && g.pair() == "REL>AP" || name == "appAge" && g.pair() == "AP>REL" {
		deaths = append(deaths, [2]string{g.head.AdoptedID, "apVital"})
	}
	for _, d := range deaths {
		if f, ok := g.counted(d[0], d[1]); ok && f.Value == "died" && f.Place > age.Place {
			return "unknown"
		}
	}
	return age.Value
}

// aboutSubject is a fact about the subject.
func (g *grounds) aboutSubject(name, star string) string { return g.fact(g.head.SubjectID, name, star) }

// proceedAnswers are the inputs of 8a, nothing signed.
func (g *grounds) proceedAnswers() (law.Facts, error) {
	return answers(law.Proceed(),
		"order", g.order(), "juris", g.juris(), "agency", g.agency(), "pair", g.pair(),
		"appAge", g.ages(g.head.ApplicationID, "appAge"),
		"subjAge", g.ages(g.head.SubjectID, "subjAge"),
		"apAge", g.ages(g.head.AdoptedID, "apAge"),
		"reg11", g.reg11(), "linkProven", g.linkProven(), "met", g.met(),
		"aaa", g.aaa(), "veto", g.veto(), "vetoFresh", g.vetoFresh(), "provisionalStop", g.provisionalStop(),
		"apConsent", g.apConsent(), "acr", g.acr(),
		"acrNoContact", g.acrNoContact(), "approp", g.aboutSubject("approp", "undecided"))
}

// proceedFacts are the facts of table 8a for this subject, with what is signed.
func (g *grounds) proceedFacts() (law.Facts, error) {
	f, err := g.proceedAnswers()
	if err != nil {
		return f, err
	}
	return g.signed(f, "")
}

// consentTo is the subject's own consent to one kind of information. What was
// said in life stays: a letter that nobody answers takes back neither a refusal
// nor a limit. Without any answer, or with none but silence, it is unknown until
// somebody has looked for one on the file and asked the agency (reg 12).
func (g *grounds) consentTo(kind string) string {
	if g.consentsTaken {
		return "unknown"
	}
	var said *gateConsent
	vital, _ := g.counted(g.head.SubjectID, "subjectVital")
	for i, c := range g.consents {
		late := agrees(c.Answer) && (vital.Value == "died" || vital.Value == "incapable") && c.Place > vital.Place
		if c.Answer != "noReply" && !late { // nobody agrees to anything after they died
			said = &g.consents[i]
		}
	}
	n := len(g.consents)
	if n > 0 {
		g.use(g.head.SubjectID+"/consent", g.consents[n-1].Version)
		if g.doubts(g.consents[n-1].Leaf) || said != nil && g.doubts(said.Leaf) {
			return "unknown"
		}
	}
	silent := n > 0 && g.consents[n-1].Answer == "noReply"
	switch {
	case said == nil && g.aboutSubject("asked", "unknown") != "searched":
		return "unknown"
	case said == nil && silent:
		return "noReply"
	case said == nil:
		return "notAsked"
	case said.Answer == "withdrawn":
		return "withdrawn"
	case said.Answer == "no" || said.Answer == "notNow":
		return "refused"
	case !slices.Contains(said.Scope, kind):
		return "short"
	case silent:
		return "noReply" // they agreed once, were asked again, and are silent now
	}
	return "current"
}

// vetoNow is the veto as table 8b asks for it. An answer that is not fresh is
// no answer; an adopted person's own veto is no bar to her own application.
func (g *grounds) vetoNow() string {
	if g.pair() == "AP>REL" {
		return "notApplicable"
	}
	if len(g.stops) > 0 {
		return "blocking"
	}
	switch v := g.veto(); {
	case v != "none" && v != "qualifiedMet" && v != "unknown":
		return "blocking"
	case g.vetoFresh() != "yes" || v == "unknown":
		return "unknown"
	default:
		return v
	}
}

// informed tells whether the applicant, and a subject who lives, have been
// given written information about counselling (ISR 10).
func (g *grounds) informed() string {
	if g.fact(g.head.ApplicationID, "cnsl", "no") != "yes" {
		return "no"
	}
	if g.subjectVital("untraced") == "living" {
		return g.aboutSubject("cnsl", "no")
	}
	return "yes"
}

// jigsaw is what the item gives away together with everything that the
// applicant was given before, in whatever case. That nobody is found out by it
// counts only for these words, and only until something more is given.
func (g *grounds) jigsaw() string {
	v := g.fact(g.item.ID, "jigsaw", "unsure")
	if v == "safe" && !g.judgedSince(g.item.ID, "jigsaw", max(g.given.Place, g.item.Place)) {
		return "unsure"
	}
	return v
}

// thirdConsent is written consent to these words.
func (g *grounds) thirdConsent() string {
	if !g.judgedSince(g.item.ID, "thirdConsent", g.item.Place) {
		return "no"
	}
	return g.fact(g.item.ID, "thirdConsent", "no")
}

func (g *grounds) twoPerson() string { return yesNo(g.item.CheckedBy != nil) }

func (g *grounds) recipient() string {
	if g.head.Represented {
		return "applicantRep"
	}
	return "applicant"
}

// caseNow is the row that 8a gives now and whether it lets the case go on.
func (g *grounds) caseNow() (row, gate string, err error) {
	f, err := g.proceedFacts()
	if err != nil {
		return "", "", err
	}
	finding, err := law.Proceed().Decide(f)
	if err != nil {
		return "", "", fmt.Errorf("ask table 8a: %w", err)
	}
	gate = "other"
	if finding.Outcome() == law.OutcomeProceed {
		gate = string(law.OutcomeProceed)
	}
	return string(finding.Row()), gate, nil
}

// identifyingFacts are the facts of table 8b for this subject and item.
func (g *grounds) identifyingFacts() (law.Facts, error) {
	row, gate, err := g.caseNow()
	if err != nil {
		return law.Facts{}, err
	}
	f, err := answers(law.Identifying(),
		"regime", g.regime(), "pair", g.pair(), "caseRow", row, "gate", gate,
		"recipient", g.recipient(), "repAuthority", g.repAuthority(), "purpose", "none", "about", g.item.About,
		"met", g.met(), "idVerified", g.idVerified(), "subjectVital", g.subjectVital("untraced"),
		"consent", g.consentTo(g.item.Kind), "evidence", g.aboutSubject("evidence", "no"),
		"sixDecision", g.aboutSubject("sixDecision", "no"), "vetoNow", g.vetoNow(), "cnsl", g.informed(),
		"jigsaw", g.jigsaw(), "thirdConsent", g.thirdConsent(), "twoPerson", g.twoPerson())
	if err != nil {
		return f, err
	}
	return g.signed(f, g.item.ID)
}

// own tells whether the acting agency is the appropriate adoption agency.
func (g *grounds) own() bool { return g.aaa() == "self" }

// notYet is why the subject's consent is not what the applicant waits for: an
// answer, a silence, a death, a veto; until then first contact could suffer.
func (g *grounds) notYet() string {
	switch c := g.consentTo(g.item.Kind); c {
	case "refused", "withdrawn":
		return c
	case "current", "short":
		return "consented"
	}
	switch v := g.subjectVital(""); v {
	case "died", "incapable":
		return v
	}
	if g.vetoNow() == "blocking" && len(g.stops) == 0 {
		return "veto"
	}
	if g.consentTo(g.item.Kind) == "noReply" || g.subjectVital("") == "untraced" {
		return "cannotObtain"
	}
	return "notYetAsked"
}

// backgroundFacts are the facts of table 8c for this subject and item. While
// somebody's protection is not settled nothing is decided to be appropriate
// (8.0 rule 5). redirected: table 8f sent here.
func (g *grounds) backgroundFacts(redirected bool) (law.Facts, error) {
	row, _, err := g.caseNow()
	if err != nil {
		return law.Facts{}, err
	}
	who, reason, purpose, approp := "IA", "notYetAsked", "other", g.aboutSubject("approp", "undecided")
	if g.regime() == "post" && g.own() {
		who, purpose = "AAA", "functions"
	}
	if g.regime() == "pre" {
		reason = g.notYet()
	}
	if len(g.stops) > 0 {
		approp = "undecided"
	}
	f, err := answers(law.Background(),
		"regime", g.regime(), "who", who, "initiatedBy", "applicant", "to", g.adoptedAdult(),
		"metVerified", yesNo(g.met() == "yes" && g.idVerified() == "yes"), "addresseeConfirmed", "no", "caseRow", row,
		"jigsaw", plainJigsaw(g.jigsaw()), "approp", approp, "reason", reason, "purpose", purpose,
		"agreementWritten", "no", "twoPerson", g.twoPerson(), "redirected", yesNo(redirected))
	if err != nil {
		return f, err
	}
	return g.signed(f, g.item.ID)
}

// plainJigsaw is jigsaw as table 8c asks for it: identifies, whomever.
func plainJigsaw(v string) string {
	switch v {
	case "beyondScope", "identifiesOther":
		return "identifies"
	}
	return v
}

func (g *grounds) adoptedAdult() string {
	if g.linkProven() == "yes" && g.ages(g.head.ApplicationID, "appAge") == "ge18" {
		return "adoptedAdult"
	}
	return "other"
}

// applicant is who asks, as tables 8f and 8i name them: somebody whose age is
// not known is a child.
func (g *grounds) applicant() string {
	switch g.pair() {
	case "AP>REL":
		if g.ages(g.head.ApplicationID, "appAge") == "ge18" {
			return "adoptedAdult"
		}
		return "adoptedChild"
	case "REL>AP", "REL>PR":
		return "birthRelative"
	}
	return "other"
}

// postCommencementFacts are the facts of table 8f for this item. What nobody
// has stated withholds. redirected: table 8c sent here, and the item is
// protected whatever it was taken for.
func (g *grounds) postCommencementFacts(redirected bool) (law.Facts, error) {
	app, sub := g.head.ApplicationID, g.head.SubjectID
	decision, maker := g.decision()
	views, expressed := g.fact(sub, "views", "no"), g.expressed()
	if g.item.About != "subject" { // the subject does not speak for anybody else
		views, expressed = "no", "notAsked"
	}
	f, err := answers(law.PostCommencement(),
		"regime", g.order(), "juris", g.juris(), "req", g.req(), "applicant", g.applicant(),
		"item", protected(g.item.Identifying || redirected), "redirected", yesNo(redirected),
		"idVerified", g.idVerified(), "met", g.met(), "linkProven", g.linkProven(),
		"order60_3", g.fact(app, "orderSixty", "applied"), "agreement", "notCovers", "powerVerified", "no",
		"researchAuthority", "no", "counsellorVerified", "no", "writtenReasons", g.fact(app, "writtenReasons", "no"),
		"proceed", g.aboutSubject("approp", "undecided"), "views", views,
		"expressed", expressed, "childViews", g.fact(sub, "childViews", "no"),
		"childWelfare", g.fact(sub, "childWelfare", "undecided"), "regard", g.fact(sub, "regard", "no"),
		"decision", decision, "decisionMaker", maker, "cnsl", g.informed(),
		"standstill", g.standstill(), "panel", g.fact(g.item.ID, "panel", "pending"), "signoff", g.twoPerson())
	if err != nil {
		return f, err
	}
	if err := f.Set("anyChild", g.anyChild()...); err != nil {
		return f, fmt.Errorf("gather the facts of table 8f: %w", err)
	}
	return g.signed(f, g.item.ID)
}

// req is what the applicant asks for. Section 60 opens the adopted adult's own
// record and nothing by which somebody else could be found: what identifies
// another is asked for under section 61.
func (g *grounds) req() string {
	v := g.fact(g.head.ApplicationID, "req", "other")
	if (v == "s60_2a" || v == "s60_2b") && (g.item.About != "subject" || slices.Contains([]string{"address", "phone", "email", "photo"}, g.item.Kind)) {
		return "other"
	}
	return v
}

// expressed is what the subject thinks of it. An objection in life stays: only
// their own agreement ends it. What one worker says of their capacity now is
// settled by two, and until then they have agreed to nothing.
func (g *grounds) expressed() string {
	v := "notAsked"
	for _, f := range g.history(g.head.SubjectID, "expressed") {
		if v == "object" && f.Value != "agree" {
			continue
		}
		v = f.Value
	}
	if v == "agree" && g.waits(g.head.SubjectID, "expressed") != "" {
		return "notAsked"
	}
	return v
}

// decision is what was decided about these words, and whether somebody put
// their name to it. To give other words is another decision.
func (g *grounds) decision() (decision, maker string) {
	f, ok := g.counted(g.item.ID, "decision")
	if !ok || f.Value == "undecided" || f.Value == "disclose" && !g.judgedSince(g.item.ID, "decision", g.item.Place) {
		return "undecided", "none"
	}
	return f.Value, "named"
}

// standstill is how the clock of an objector's notice stands (DAIR 15). The day
// of the notice is that of the newest word that it runs.
func (g *grounds) standstill() string {
	f, ok := g.counted(g.item.ID, "standstill")
	if !ok || f.Value != "running" {
		return g.fact(g.item.ID, "standstill", "notStarted")
	}
	clock, err := law.StartClock(law.DayOf(f.At), 0, g.days)
	if err != nil {
		return "notStarted"
	}
	return string(clock.Standstill(g.now))
}

// anyChild is who was under 18 among those whom the item is about. What the births
// say counts beside what was typed, and the stricter of the two.
func (g *grounds) anyChild() (list []string) {
	switch v := g.aboutSubject("anyChild", "notKnown"); v {
	case "none":
	case "both":
		list = []string{"adoptedChild", "otherChild"}
	default:
		list = []string{v}
	}
	child := "otherChild"
	if g.pair() == "REL>AP" {
		child = "adoptedChild"
	}
	switch g.ages(g.head.SubjectID, "subjAge") {
	case "ge18":
	case "lt18":
		list = append(list, child)
	default:
		list = append(list, "notKnown")
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func protected(is bool) string {
	if is {
		return "protected"
	}
	return "notProtected"
}

// birthRecordFacts are the facts of table 8i for this application.
func (g *grounds) birthRecordFacts() (law.Facts, error) {
	app := g.head.ApplicationID
	who := g.applicant()
	if who == "birthRelative" {
		who = "other"
	}
	return answers(law.BirthRecord(),
		"req", "birthRecord", "regime", g.regime(), "applicant", who,
		"metVerified", yesNo(g.met() == "yes" && g.idVerified() == "yes"), "linkProven", g.linkProven(),
		"publicPolicy", g.fact(app, "publicPolicy", "risk"),
		"interviewRequired", g.fact(g.head.AdoptedID, "interviewRequired", "yes"),
		"interviewHeld", g.fact(app, "interviewHeld", "no"), "residence", g.fact(app, "residence", "uk"),
		"counsellingTold", g.fact(app, "cnsl", "no"), "rgSent", g.fact(app, "rgSent", "no"))
}

// behind lists the wishes, vetoes, answers and consents, and the words, on which a
// signature rests beside the facts themselves (8.0 rule 6).
func (g *grounds) behind() []law.Version { return g.restsOn(g.item) }

// restsOn is the same for a signature of an item, or of none.
func (g *grounds) restsOn(item *gateItem) []law.Version {
	var list []law.Version
	app, sub := g.head.ApplicationID, g.head.SubjectID
	facts := [][2]string{{sub, "acrNoContact"}, {app, "apConsent"}, {app, "qualified"}, {app, "vetoAnswer"}, {app, "aaa"}}
	for _, f := range g.otherAnswers() {
		facts = append(facts, [2]string{f.OnID, f.Name})
	}
	if item != nil { // two people sign for these words
		list = append(list, law.Version{Of: item.ID + "/item", Version: item.Version})
		facts = append(facts, [2]string{item.ID, "thirdConsent"}, [2]string{item.ID, "decision"}, [2]string{sub, "expressed"})
	}
	for _, of := range facts {
		if f, ok := g.counted(of[0], of[1]); ok {
			list = append(list, law.Version{Of: of[0] + "/" + of[1], Version: f.Version})
		}
	}
	list = append(list, g.wishVersions()...)
	if n := len(g.vetoes); n > 0 {
		list = append(list, law.Version{Of: g.head.AdoptedID + "/veto", Version: g.vetoes[n-1].Version})
	}
	if n := len(g.consents); n > 0 {
		list = append(list, law.Version{Of: g.head.SubjectID + "/consent", Version: g.consents[n-1].Version})
	}
	return list
}

// flagsSet are the policy flags that are set now.
func (g *grounds) flagsSet() (set law.Flags) {
	for _, f := range g.flags {
		switch f.Flag {
		case "OQ1":
			set.OQ1 = true
		case "OQ9":
			set.OQ9 = true
		}
	}
	return set
}

// under is the setting of the flag under which a row is signed: a signature from
// before the flag ended is none after it is set anew. Nothing for a row that
// needs no flag.
func (g *grounds) under(row law.RowID) []law.Version {
	need := law.FlagOf(row)
	for _, f := range g.flags {
		if need != "" && f.Flag == need {
			return []law.Version{{Of: "flag/" + f.ID, Version: 1}}
		}
	}
	return nil
}

// digestFor is what two people sign for a row, for this item or for none.
func (g *grounds) digestFor(f law.Facts, row law.RowID, item *gateItem) ([32]byte, error) {
	digest, err := f.Digest(append(g.restsOn(item), g.under(row)...)...)
	if err != nil {
		return digest, fmt.Errorf("gather the facts for a signature: %w", err)
	}
	return digest, nil
}

// signed adds what two people signed for exactly these facts, for this item or
// for none. A row that needs a policy flag counts only while that flag is set
// (8.0 rule 6), and only as it was signed under this setting of it.
func (g *grounds) signed(f law.Facts, item string) (law.Facts, error) {
	var about *gateItem
	if item != "" {
		about = g.item
	}
	for _, s := range g.signatures {
		of := ""
		if s.ItemID != nil {
			of = *s.ItemID
		}
		if of != item || s.SecondID == nil || s.ExpiresOn.Before(g.today()) || g.doubts(s.Leaf) || g.doubts(s.Second) {
			continue
		}
		row := law.RowID(s.RowID)
		digest, err := g.digestFor(f, row, about)
		if err != nil {
			return f, err
		}
		if string(s.Digest) != string(digest[:]) || f.Sign(row, g.flagsSet()) != nil { // of another table, or its flag is not set: it signs nothing
			continue
		}
		g.use("signature/"+s.ID, 1)
		for _, v := range g.under(row) {
			g.use(v.Of, v.Version)
		}
	}
	return f, nil
}
