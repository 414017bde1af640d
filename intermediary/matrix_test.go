package intermediary_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
)

// asking is how one method is asked in the matrix: which act of docs/roles.md it
// is, and what it is asked about after context and actor.
type asking struct {
	act    authz.Act
	also   authz.Act // of another service, which asks for it once this one has looked; "" for none
	about  []any
	lists  bool // it names nothing and gives a list of the actor's own
	begins bool // it names nothing and begins something of the actor's own agency
}

// matter is one of everything, in a case of the first agency.
type matter struct {
	intermediarytest.Case
	item, pack, message, letter, step, stop, signature, intake, enquiry, flag, worker, person string
	one, two                                                                                  intermediary.PreferenceID
}

// nothing is ids that nobody has.
func nothing() matter {
	id := func(prefix string) string { return prefix + strings.Repeat("a", 20) }
	return matter{intermediarytest.Case{ID: intermediary.ApplicationID(id("ap")), Adopted: intermediary.AdoptedID(id("ad")), Subject: intermediary.SubjectID(id("sb"))},
		id("it"), id("dc"), id("cm"), id("cm"), id("st"), id("sp"), id("sg"), id("in"), id("en"), id("fl"), id("wk"), id("pe"), intermediary.PreferenceID(id("cp")), intermediary.PreferenceID(id("cp"))}
}

func anItem(m matter) intermediary.NewItem {
	return intermediary.NewItem{Subject: string(m.Subject), Kind: "name", About: "subject", Identifying: true, Words: "w", Ground: "g", From: "f"}
}

// askings has every method of the service that an actor asks. A method that is
// not here fails the test: give it a line.
func askings(m matter, now time.Time) map[string]asking {
	app, subject, adopted, file := m.ID, string(m.Subject), string(m.Adopted), intermediary.FileID(m.ID)
	again := intermediarytest.NewCase("AP>REL")
	again.Adopted, again.AdoptedPerson = m.Adopted, intermediary.Particulars{}
	answer := intermediary.EnquiryAnswer{CameBy: "letter", On: now, Held: "yes", Veto: "none", Views: "unknown", Appropriate: "noView"}
	return map[string]asking{
		"OpenCase":           {act: authz.OpenCase, about: []any{again}},
		"OpenRecord":         {act: authz.OpenCase, about: []any{intermediary.NewRecord{Adopted: m.Adopted, Intake: m.intake}}},
		"Record":             {act: authz.SeeCase, about: []any{m.Adopted}},
		"RecordsWithoutCase": {act: authz.SeeCases, about: []any{0}, lists: true},
		"RecordsLike":        {act: authz.OpenCase, about: []any{intermediarytest.Adopted()}, lists: true},
		"AddSubject":         {act: authz.OpenCase, about: []any{app, intermediarytest.Relative()}},
		"AmendParticulars":   {act: authz.StateFact, about: []any{subject, 1, intermediarytest.Relative()}},
		"AddParty":           {act: authz.OpenCase, about: []any{intermediary.NewParty{File: string(app), Kind: "applicant"}}},
		"SetHearBy":          {act: authz.StateFact, about: []any{app, now.AddDate(0, 0, 5)}},
		"EndCase":            {act: authz.EndCase, about: []any{app, intermediary.Ending{State: "stopped", Reasons: "r", Letter: "l"}}},
		"ReopenCase":         {act: authz.EndStop, about: []any{app, "r"}},
		"RecordConsent":      {act: authz.Approach, about: []any{consent(m.Subject, intermediary.ConsentNo, 1)}},
		"RecordAgreement":    {act: authz.PrepareItem, about: []any{intermediary.NewAgreement{Application: app, On: now, Words: "w"}}},
		"Disclose":           {act: authz.Disclose, about: []any{[]string{m.item}, "000000"}},
		"Refuse":             {act: authz.Disclose, about: []any{intermediary.Refusal{Of: m.item, Reasons: "r", Letter: "l"}}},
		"PrintPack":          {act: authz.Disclose, about: []any{m.pack}},
		"MarkPosted":         {act: authz.Disclose, about: []any{m.pack}},
		"MarkReceived":       {act: authz.Disclose, about: []any{m.pack, now}},
		"Enquiries":          {act: authz.SeeCase, about: []any{app}},
		"Enquire":            {act: authz.Enquire, about: []any{intermediary.NewEnquiry{ID: intermediary.NewEnquiryID(), Application: app, Whom: intermediary.AskAgency, By: "letter", Addressee: "a", About: "b"}}},
		"ReadEnquiry":        {act: authz.Enquire, about: []any{m.enquiry}},
		"NoteProgress":       {act: authz.Enquire, about: []any{m.enquiry, "they rang"}},
		"Chase":              {act: authz.Enquire, about: []any{m.enquiry, "asked again"}},
		"AgreeDue":           {act: authz.Enquire, about: []any{m.enquiry, now.AddDate(0, 0, 30), "as they asked"}},
		"CallOff":            {act: authz.Enquire, about: []any{m.enquiry, "no use"}},
		"RecordAnswer":       {act: authz.Enquire, about: []any{m.enquiry, 0, answer}},
		"PullReply":          {act: authz.Enquire, about: []any{m.enquiry}},
		"EnquiriesIn":        {act: authz.AnswerEnquiry, lists: true},
		"ReadEnquiryIn":      {act: authz.AnswerEnquiry, about: []any{m.enquiry}},
		"TellProgress":       {act: authz.AnswerEnquiry, about: []any{m.enquiry, 0, "soon", now.AddDate(0, 0, 30)}},
		"AnswerEnquiryIn":    {act: authz.AnswerEnquiry, about: []any{m.enquiry, 0, m.Adopted, answer}},
		"Flags":              {act: authz.ReadLaw, lists: true},
		"SetFlag":            {act: authz.ReadLaw, about: []any{"OQ1", reading()}, begins: true},
		"ConfirmFlag":        {act: authz.ReadLaw, about: []any{m.flag, reading()}},
		"EndFlag":            {act: authz.EndFlag, about: []any{m.flag, "it was read wrongly"}},
		"Connections":        {act: authz.ConnectCase, about: []any{app}},
		"RecordConnections":  {act: authz.ConnectCase, about: []any{m.Adopted}},
		"StateConnection":    {act: authz.ConnectCase, about: []any{intermediary.NewConnection{Application: app, Worker: m.worker, Why: "her cousin"}}},
		"PartyNames":         {act: authz.SeeCases, about: []any{[]string{m.person}}, lists: true},
		"AddScan":            {act: authz.StateFact, about: []any{scanOf(m.Case, 1)}},
		"Scans":              {act: authz.SeeCase, about: []any{app}},
		"Scan":               {act: authz.SeeCase, about: []any{app, 1}},
		"WriteNote":          {act: authz.StateFact, about: []any{intermediary.NewNote{On: subject, Said: intermediary.SaidFact, Day: calendar.Today(now), Words: "w"}}},
		"OpinionWords":       {act: authz.SeeOpinions, lists: true},
		"Ask":                {act: authz.Ask, about: []any{subject}},
		"StateFact":          {act: authz.StateFact, about: []any{newFact(string(app), "cnsl", "yes")}},
		"ConfirmFact":        {act: authz.StateFact, about: []any{string(app), "idVerified", 1}},
		"DecideProceed": {act: authz.StateFact, about: []any{intermediary.NewProceed{Subject: subject, Was: 1, Reasons: intermediary.ProceedReasons{Applicant: "r", Subject: "r", Others: "r", Children: "r", Agency: "r", Register: "r", Circumstances: "r", Conclusion: "r"},
			View: intermediary.View{Words: "v"}}}},
		"Views":         {act: authz.SeeCase, about: []any{app}},
		"Opinions":      {act: authz.SeeCases, lists: true},
		"Intakes":       {act: authz.TakeIntake, lists: true},
		"ReadIntake":    {act: authz.TakeIntake, about: []any{m.intake}},
		"DeclineIntake": {act: authz.TakeIntake, about: []any{m.intake, "r"}},
		"EnterIntake":   {act: authz.TakeIntake, about: []any{intermediary.EnteredIntake{ID: intermediary.NewIntakeID(), Came: calendar.Today(now).AddDate(0, 0, -1), Answers: nerys()}}, begins: true},
		"PrepareItem":   {act: authz.PrepareItem, about: []any{anItem(m)}},
		"AmendItem":     {act: authz.PrepareItem, about: []any{intermediary.Amendment{Item: m.item, Was: 1, Words: "w", Ground: "g", From: "f"}}},
		"CheckItem":     {act: authz.CheckItem, about: []any{m.item, 1}},
		"Items":         {act: authz.SeeCase, about: []any{app}},
		"KnownRecords":  {act: authz.OpenCase, about: []any{intermediarytest.NewCase("AP>REL")}, lists: true},
		"OpenContact":   {act: authz.Approach, also: authz.OpenExchange, about: []any{intermediary.NewContact{Exchange: intermediary.NewContactID(), Subject: subject, Called: [2]string{"A", "B"}, Named: []string{"x", "y"}}}},
		"Tell":          {act: authz.WriteFile, about: []any{file, "May I call?"}},
		"SayView":       {act: authz.WriteFile, about: []any{file, "", "It is taking long."}},
		"GiveFeedback":  {act: authz.WriteFile, about: []any{file, intermediary.Marks{Listened: 3}, "Kind."}},
		"Messages":      {act: authz.CaseMessage, about: []any{app}},
		"Answer":        {act: authz.CaseMessage, about: []any{m.message, "Yes."}},
		"SendLetter":    {act: authz.CaseMessage, about: []any{file, intermediary.NewLetterID(), "A letter."}},
		"Packs":         {act: authz.ReadFile, lists: true},
		"OpenPack":      {act: authz.ReadFile, about: []any{m.pack}},
		"Files":         {act: authz.ReadFile, lists: true},
		"File":          {act: authz.ReadFile, about: []any{file}},
		"Letter":        {act: authz.ReadFile, about: []any{file, m.letter}},
		"Records":       {act: authz.SeeCase, about: []any{app}},
		"Resume":        {act: authz.EndStop, about: []any{subject, "r"}},
		"SignReferral":  {act: authz.SignReferral, about: []any{intermediary.NewSignature{Of: subject, Row: "a30", Until: now.AddDate(0, 0, 5), Reasons: "r"}}},
		"SignSecond":    {act: authz.SignReferral, about: []any{m.signature, "I agree"}},
		"Trace":         {act: authz.Approach, about: []any{trace(m.Subject, intermediary.TraceTried)}},
		"Approach":      {act: authz.Approach, about: []any{approach(m.Subject)}},
		"NoteStep":      {act: authz.Approach, about: []any{m.step, "more"}},
		"AskForStop":    {act: authz.Stop, about: []any{subject, "afraid"}},
		"EndStop":       {act: authz.EndStop, about: []any{m.stop, "looked into"}},
		"RegisterVeto":  {act: authz.StateVeto, about: []any{notice(m.Adopted, intermediary.VetoAbsolute)}},
		"AmendVeto":     {act: authz.StateVeto, about: []any{notice(m.Adopted, intermediary.VetoAbsolute)}},
		"WithdrawVeto":  {act: authz.EndVeto, about: []any{notice(intermediary.AdoptedID(adopted), intermediary.VetoAbsolute)}},
		"EnterPreference": {act: authz.KeepRegister, about: []any{intermediary.NewPreference{Part: 1, Adopted: m.Adopted, Wish: intermediary.WishContactAll, Form: "phone",
			Registrant: intermediary.Registrant{Name: "n"}, Birth: intermediary.BirthKnown{Surname: "s"}}}},
		"Preferences":         {act: authz.KeepRegister, lists: true},
		"PreferencesAbout":    {act: authz.SeeCase, about: []any{m.Adopted}},
		"PreferenceHistory":   {act: authz.KeepRegister, about: []any{m.one}},
		"PromptAddress":       {act: authz.KeepRegister, about: []any{m.one, 1}},
		"ConfirmRecord":       {act: authz.OpenCase, about: []any{intermediary.IntakeID(m.intake), m.Adopted}},
		"SetIntakeAside":      {act: authz.TakeIntake, about: []any{intermediary.IntakeID(m.intake), "w"}},
		"FindRecords":         {act: authz.SeeCases, about: []any{"Nance"}, lists: true},
		"LookThroughRegister": {act: authz.KeepRegister, about: []any{m.Subject}},
		"RegisterFor":         {act: authz.KeepRegister, about: []any{m.Subject}},
		"SayWish":             {act: authz.KeepRegister, about: []any{intermediary.NewWishWord{Subject: m.Subject, Entry: m.two, Seen: 1, Says: "other", Why: "w"}}},
		"SearchRegister":      {act: authz.KeepRegister, about: []any{intermediary.PreferenceID("")}, lists: true},
		"RegisterPair":        {act: authz.KeepRegister, about: []any{m.one, m.two}},
		"SayPair":             {act: authz.KeepRegister, about: []any{pairWord(m.one, m.two, 0, intermediary.PairAsk)}},
		"Case":                {act: authz.SeeCase, about: []any{app}},
		"Cases":               {act: authz.SeeCases, about: []any{intermediary.CasesAsked{}}, lists: true},
		"AskAdopted":          {act: authz.Approach, about: []any{intermediary.NewAsking{Of: subject, Outcome: intermediary.AskedTheirs, Words: "w"}}},
		"AskViews":            {act: authz.Approach, about: []any{intermediary.NewAsking{Of: m.item, Outcome: intermediary.AskedTheirs, Words: "w"}}},
		"RecordAdoptedConsent": {act: authz.Approach, about: []any{intermediary.AdoptedAnswer{Application: app, Answer: "refused", Asked: "akaaaaaaaaaaaaaaaaaaaa",
			Talk: intermediary.ConsentTalk{On: now.AddDate(0, 0, -1), Words: "w"}}}},
		"RecordViews": {act: authz.Approach, about: []any{intermediary.ViewAnswer{Subject: subject, Answer: "object", Asked: "akaaaaaaaaaaaaaaaaaaaa",
			Talk: intermediary.ConsentTalk{On: now.AddDate(0, 0, -1), Words: "w"}}}},
	}
}

// nobodys are the methods that no actor asks, with the reason.
func nobodys() map[string]string {
	return map[string]string{
		"BeginIntake": "a stranger, by network", "ResumeIntake": "a stranger, by code", "LoadIntake": "by the token of a code",
		"ShedScans": "the clock, for an agency", "SaveIntake": "by the token of a code", "SendIntake": "by the token of a code", "RemindOverdue": "the clock, for an agency",
		"WithStrangers": "composition", "WithExchanges": "composition", "WithCodes": "composition", "Stalled": "tests",
	}
}

// wholeMatter makes one of everything.
func wholeMatter(t *testing.T, w *enquiries) (matter, authz.Actor, authz.Actor) {
	t.Helper()
	ctx := t.Context()
	c, item := w.ReadyToGive(t, "REL>AP", "name")
	m := matter{Case: c, item: w.Item(t, c, "name"), letter: intermediary.NewLetterID()}
	_, applicant := w.Join(t, string(c.ID), "applicant")
	_, subject := w.Join(t, string(c.Subject), "subject")
	w.State(t, item, "jigsaw=safe")
	w.Clock.Advance(10 * time.Minute)
	packs, err := w.Cases.Disclose(ctx, w.CaseWorker, []string{item}, w.Code(t, &w.CaseLogin))
	need(t, err)
	m.pack = packs[0]
	need(t, w.Cases.SendLetter(ctx, w.CaseWorker, intermediary.FileID(c.ID), m.letter, "A heron stood there."))
	message, err := w.Files.Tell(ctx, applicant, intermediary.FileID(c.ID), "How long will it take?")
	need(t, err)
	m.message = string(message)
	n := trace(c.Subject, intermediary.TraceTried)
	need(t, w.Cases.Trace(ctx, w.CaseWorker, n))
	m.step = text(t, w.World, `select id from step where subject_id = $1`, string(c.Subject))
	w.State(t, string(c.Subject), "acrNoContact=yes")
	m.signature, err = w.Cases.SignReferral(ctx, w.Colleague, intermediary.NewSignature{Of: string(c.Subject), Row: "a30", Until: w.Clock.Now().AddDate(0, 0, 9), Reasons: "an old wish"})
	need(t, err)
	m.stop = askForStop(t, w.World, string(c.Subject))
	e := intermediary.NewEnquiry{ID: intermediary.NewEnquiryID(), Application: c.ID, Whom: intermediary.AskAgency, By: "letter", Addressee: "The ash agency", About: "Piran Nance"}
	need(t, w.Cases.Enquire(ctx, w.CaseWorker, e))
	m.worker, m.person = w.CaseLogin.ID, applicant.Account()
	need(t, w.Cases.AddScan(ctx, w.CaseWorker, scanOf(c, 0)))
	m.flag, err = w.Cases.SetFlag(ctx, w.Colleague, "OQ1", reading())
	need(t, err)
	m.one, m.two = paired(t, w.World, adoptedEntry(t, w.World, intermediary.WishContactAll), relativeEntry(w.World, intermediary.WishContact))
	m.enquiry, m.intake = string(e.ID), string(intermediary.NewIntakeID())
	need(t, w.Cases.EnterIntake(ctx, w.CaseWorker, intermediary.EnteredIntake{ID: intermediary.IntakeID(m.intake), Came: calendar.Today(w.Clock.Now()).AddDate(0, 0, -1), Answers: nerys()}))
	return m, applicant, subject
}

// call calls a method as somebody.
func call(ctx context.Context, s *intermediary.Service, name string, by authz.Actor, about []any) (results []any, err error) {
	method := reflect.ValueOf(s).MethodByName(name)
	in := []reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(by)}
	for i, a := range about {
		in = append(in, reflect.ValueOf(a).Convert(method.Type().In(i+2)))
	}
	for _, out := range method.Call(in) {
		if e, ok := out.Interface().(error); ok {
			err = e
			continue
		}
		results = append(results, out.Interface())
	}
	return results, err
}

// allowed reads the table of docs/roles.md: who may do an act.
func allowed(t *testing.T) func(role, act string) bool {
	t.Helper()
	page, err := os.ReadFile("../docs/roles.md")
	need(t, err)
	table := map[string][]string{}
	for line := range strings.Lines(string(page)) {
		if cells := strings.Split(strings.TrimSpace(line), " | "); strings.HasPrefix(line, "| ") {
			table[strings.TrimPrefix(cells[0], "| ")] = cells[1:]
		}
	}
	return func(role, act string) bool {
		i := slices.IndexFunc(table["act"], func(c string) bool { return strings.Trim(c, " |") == role })
		if i < 0 || i >= len(table[act]) {
			t.Fatalf("docs/roles.md has no %s, or no %s", role, act)
		}
		return strings.Contains(table[act][i], "yes")
	}
}

// plain is what an error says, without the ids of what was asked about.
func plain(err error) string {
	return regexp.MustCompile(`[a-z]{2}[a-z2-7]{20}`).ReplaceAllString(fmt.Sprint(err), "…")
}

// barred tells whether somebody was refused for who they are, and nothing was
// looked at.
func barred(err error) bool {
	f, ok := errors.AsType[*fault.Error](err)
	return ok && f.Kind == fault.Forbidden && f.Message == "fault.forbidden"
}

// TestMatrix: every method of the service, asked by everybody: who may not do its
// act by docs/roles.md is refused before anything is looked at, and the refusal is
// written down as that act; who may is not refused for who they are. A worker of
// another agency, and somebody of a family who is no party, find nothing of the
// case, whatever they name, and change nothing.
func TestMatrix(t *testing.T) {
	w := newEnquiries(t)
	m, party, subject := wholeMatter(t, w)
	_, far, _ := w.OpenExchange(t)
	_, stranger := w.NewPerson(t, far)
	_, lead := w.NewWorker(t, "Loveday Angove", authz.SafeguardingLead)
	_, officer := w.NewWorker(t, "Tamsyn Keast", authz.RecordsOfficer)
	_, auditor := w.NewWorker(t, "Merryn Odgers", authz.Auditor)
	w.elmManager = w.SignIn(t, "elm", true, &w.elmManagerLogin)
	w.Manager = w.SignInWorker(t, &w.ManagerLogin)
	may, list, none := allowed(t), askings(m, w.Clock.Now()), askings(nothing(), w.Clock.Now())
	everyMethod(t, list)
	if t.Failed() {
		return
	}
	serves := func(a asking) *intermediary.Service {
		if a.act == authz.ReadFile || a.act == authz.WriteFile {
			return w.Files
		}
		return w.Cases.WithExchanges(w.Desk)
	}

	const rows = `select (select count(*) from casework) + (select count(*) from fact) + (select count(*) from item) + (select count(*) from disclosure) + (select count(*) from step)
		+ (select count(*) from consent) + (select count(*) from veto) + (select count(*) from stop) + (select count(*) from party) + (select count(*) from case_message) + (select count(*) from enquiry)
		+ (select count(*) from signature) + (select count(*) from application) + (select count(*) from subject) + (select count(*) from adopted) + (select count(*) from intake) + (select count(*) from evaluation)
		+ (select count(*) from preference) + (select count(*) from register_word) + (select count(*) from preference_prompt)`
	before := count(t, w.World, rows)
	for name, a := range list {
		if a.begins {
			continue
		}
		elsewhere := map[string]authz.Actor{"a worker of another agency": w.elmWorker}
		switch {
		case a.act == authz.ReadFile || a.act == authz.WriteFile:
			elsewhere = map[string]authz.Actor{"somebody of another family": stranger, "the subject": subject}
		case !may("intermediaryWorker", string(a.act)):
			elsewhere = map[string]authz.Actor{"a manager of another agency": w.elmManager}
		}
		for who, actor := range elsewhere {
			got, err := call(t.Context(), serves(a), name, actor, a.about)
			if a.lists {
				if err != nil || m.toldIn(got, who == "the subject") {
					t.Errorf("%s by %s: %v, %v", name, who, got, err)
				}
				continue
			}
			if _, want := call(t.Context(), serves(a), name, actor, none[name].about); barred(err) || plain(err) != plain(want) || m.toldIn(got, who == "the subject") {
				t.Errorf("%s by %s: %v, and of what is not there: %v", name, who, err, want)
			}
		}
	}
	if after := count(t, w.World, rows); after != before {
		t.Errorf("strangers have left %d rows", after-before)
	}

	for name, a := range list {
		for role, actor := range map[string]authz.Actor{"letterboxWorker": w.Worker, "intermediaryWorker": w.Colleague, "manager": w.Manager, "auditor": auditor,
			"safeguardingLead": lead, "recordsOfficer": officer, "correspondent": party, "": {}} {
			refusals := count(t, w.World, `select count(*) from refusal where act = $1 and account_id = $2`, string(a.act), actor.Account())
			_, err := call(t.Context(), serves(a), name, actor, a.about)
			if a.also != "" && role != "" && may(role, string(a.act)) && !may(role, string(a.also)) {
				continue
			}
			if want := role != "" && may(role, string(a.act)); barred(err) == want {
				t.Errorf("%s by %q: %v, want it refused: %v", name, role, err, !want)
			} else if !want && role != "" && count(t, w.World, `select count(*) from refusal where act = $1 and account_id = $2`, string(a.act), actor.Account()) != refusals+1 {
				t.Errorf("%s by %q: not written down as refused to %s", name, role, a.act)
			}
		}
	}
}

// toldIn tells whether anything of the case stands in what was given. own leaves
// out what is the asker's own.
func (m matter) toldIn(got []any, own bool) bool {
	said := fmt.Sprintf("%+v", got)
	ids := []string{string(m.ID), string(m.Adopted), m.item, m.pack, m.message, m.letter, m.step, m.stop, m.signature, m.intake, m.enquiry, m.flag, string(m.one), string(m.two), "Tregear", "Nance"}
	if !own {
		ids = append(ids, string(m.Subject))
	}
	return slices.ContainsFunc(ids, func(id string) bool { return strings.Contains(said, id) })
}

// everyMethod: no exported method is missing, and none is there that is not.
func everyMethod(t *testing.T, list map[string]asking) {
	t.Helper()
	service, actor := reflect.TypeFor[*intermediary.Service](), reflect.TypeFor[authz.Actor]()
	left := nobodys()
	known := map[string]bool{}
	for i := range service.NumMethod() {
		method := service.Method(i)
		asks := method.Type.NumIn() > 2 && method.Type.In(2) == actor
		_, listed := list[method.Name]
		if known[method.Name] = true; asks != listed || !asks && left[method.Name] == "" {
			t.Errorf("%s: asked by an actor: %v, in the matrix: %v, among those that nobody asks: %q", method.Name, asks, listed, left[method.Name])
		}
		if want := 2 + len(list[method.Name].about); asks && listed && method.Type.NumIn()-1 != want {
			t.Fatalf("%s takes %d things, and the matrix gives %d", method.Name, method.Type.NumIn()-1, want)
		}
	}
	for name := range list {
		if !known[name] {
			t.Errorf("the service has no method %s", name)
		}
	}
	for name := range left {
		if !known[name] {
			t.Errorf("the service has no method %s", name)
		}
	}
}
