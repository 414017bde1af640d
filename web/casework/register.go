package casework

import (
	"cmp"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatepost/intermediary"
	matcher "gatepost/intermediary/register"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// registerPage is the agency's contact register.
type registerPage struct {
	base
	Parts [2][]entryView
	Ask   []entryView // whose address is to be asked about
}

// entryView is an entry as a page shows it.
type entryView struct {
	intermediary.Preference
	Wishes string // in words
	Lines  []lineView
}

// entryPage is one entry with what stood there before.
type entryPage struct {
	base
	Entry   entryView
	Earlier []entryView
	Today   time.Time
}

// searchPage is the pairs that may belong together.
type searchPage struct {
	base
	Pairs []pairView
	Of    string // the entry that was searched for; "" for all

	LeftOut int // entries that were not looked at
}

// pairView is a pair as a page shows it.
type pairView struct {
	intermediary.RegisterPair
	Tag      page.Tag
	Percent  int
	OneView  entryView
	TwoView  entryView
	Evidence []evidenceView
	Said     []wordView
	LawView  lawView
}

// evidenceView is what one field says, in words and as a bar.
type evidenceView struct {
	Field, OneSays, TwoSays, Words string
	Bar                            template.HTML
}

// wordView is what somebody said of a pair.
type wordView struct {
	intermediary.PairWord
	Text string
}

// registerRoutes is the table of the register's pages; its forms are acts.
func (room Room) registerRoutes() []page.Route {
	return []page.Route{
		get("/register", "casework/register", room.register),
		get("/register/search", "casework/register-search", room.registerSearch),
		get("/register/entry/{of}", "casework/register-entry", room.registerEntry),
		get("/register/entry/{of}/letter", "casework/register-letter", room.registerLetter),
		get("/register/entry/{of}/address", "casework/register-address", room.registerAddress),
	}
}

func (room Room) register(w http.ResponseWriter, r *http.Request) error {
	list, err := room.Cases.Preferences(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	p := &registerPage{base: room.base(r, "casework.register.title")}
	p.Back, p.Wide = "/cases", true
	for _, e := range list {
		v := entryOf(&p.base, e)
		p.Parts[e.Part-1] = append(p.Parts[e.Part-1], v)
		if e.AskNow {
			p.Ask = append(p.Ask, v)
		}
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/register", p)
}

// wishesAbout is what is wished about contact with an adopted person.
func (room Room) wishesAbout(r *http.Request, b *base, of intermediary.AdoptedID) (views []entryView, err error) {
	list, err := room.Cases.PreferencesAbout(r.Context(), room.Actor(r), of)
	for _, e := range list {
		views = append(views, entryOf(b, e))
	}
	return views, err
}

// entryOf gives an entry its words.
func entryOf(b *base, e intermediary.Preference) entryView {
	v := entryView{Preference: e}
	if e.Unread {
		return v
	}
	v.Wishes = b.Words.T("casework.wish." + string(e.Wish))
	tick := func(is bool, name string) string {
		if is {
			return b.Words.T("casework.tick." + name + ".yes")
		}
		return ""
	}
	address := ""
	if !e.AddressOn.IsZero() {
		address = b.Words.Date(e.AddressOn)
	}
	for _, line := range [][2]string{
		{"named", e.Named}, {"relation", e.Relation}, {"address", e.Address}, {"reach", e.Reach}, {"addressOn", address},
		{"childName", strings.TrimSpace(e.Birth.Forename + " " + e.Birth.Surname)}, {"born", cmp.Or(dayText(&b.Base, e.Birth.Born), e.Birth.About)}, {"place", e.Birth.Place},
		{"mother", strings.TrimSpace(e.Birth.MotherForename + " " + e.Birth.MotherSurname)}, {"motherOther", e.Birth.MotherOtherSurname}, {"agency", e.Birth.Agency},
		{"verified", tick(e.Verified, "verified")}, {"adult", tick(e.Adult, "adult")}, {"related", tick(e.Related, "related")}, {"died", tick(e.Died, "died")},
		{"form", b.Words.T("casework.entryForm." + e.Form)}, {"words", e.Words}, {"note", e.Why}, {"evidence", strings.Join(e.Evidence, "\n")}} {
		if line[1] != "" {
			v.Lines = append(v.Lines, lineView{b.Words.T("casework.entry.of." + line[0]), line[1]})
		}
	}
	return v
}

// entryVersions loads the entry of the path with its versions, the newest first.
func (room Room) entryVersions(r *http.Request) ([]intermediary.Preference, error) {
	id, err := idOf(r, "of", "cp")
	if err != nil {
		return nil, err
	}
	return room.Cases.PreferenceHistory(r.Context(), room.Actor(r), intermediary.PreferenceID(id))
}

func (room Room) entryPage(r *http.Request, title string) (*entryPage, error) {
	list, err := room.entryVersions(r)
	if err != nil {
		return nil, err
	}
	p := &entryPage{base: room.base(r, title), Today: room.Site.Now()}
	p.Back = "/register"
	p.Entry = entryOf(&p.base, list[0])
	for _, e := range list[1:] {
		p.Earlier = append(p.Earlier, entryOf(&p.base, e))
	}
	return p, nil
}

func (room Room) registerEntry(w http.ResponseWriter, r *http.Request) error {
	p, err := room.entryPage(r, "casework.register.entry")
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/register-entry", p)
}

// registerLetter is the letter that tells somebody what stands in their entry.
func (room Room) registerLetter(w http.ResponseWriter, r *http.Request) error {
	return room.entryLetter(w, r, "letter")
}

// registerAddress is the letter that asks for an address, and says nothing else.
func (room Room) registerAddress(w http.ResponseWriter, r *http.Request) error {
	return room.entryLetter(w, r, "address")
}

func (room Room) entryLetter(w http.ResponseWriter, r *http.Request, which string) error {
	p, err := room.entryPage(r, "casework.register."+which)
	if err != nil {
		return err
	}
	if p.Entry.Unread {
		return fault.New(fault.Sealed, "fault.sealed")
	}
	p.Back = "/register/entry/" + string(p.Entry.ID)
	return room.Site.Render(w, r, http.StatusOK, "casework/register-"+which, p)
}

func (room Room) registerSearch(w http.ResponseWriter, r *http.Request) error {
	of := page.Query(r).Get("of")
	if of != "" && !agency.ValidID("cp", of) {
		return notThere()
	}
	found, err := room.Cases.SearchRegister(r.Context(), room.Actor(r), intermediary.PreferenceID(of))
	if err != nil {
		return err
	}
	p := &searchPage{base: room.base(r, "casework.register.search"), Of: of}
	p.Back, p.Wide = "/register", true
	p.LeftOut = found.LeftOut
	for _, pair := range found.Pairs {
		p.Pairs = append(p.Pairs, pairOf(&p.base, pair))
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/register-search", p)
}

// pairOf gives a pair its words and pictures.
func pairOf(b *base, pair intermediary.RegisterPair) pairView {
	v := pairView{RegisterPair: pair, Percent: min(int(pair.Probability*100+0.5), 99), OneView: entryOf(b, pair.One), TwoView: entryOf(b, pair.Two)}
	state := cmp.Or(pair.State, string(pair.Band), "none")
	if pair.State == intermediary.PairProposed && pair.Finding == matcher.Sibling {
		state = "sibling"
	}
	colours := map[string]string{"proposed": "green", "review": "yellow", "sibling": "teal", "first": "yellow", "confirmed": "green", "rejected": "grey", "asking": "yellow", "none": "grey"}
	v.Tag = page.Tag{Text: b.Words.T("casework.pairState." + state), Classes: "govuk-tag--" + colours[state]}
	for _, e := range pair.Proposal.Evidence {
		if e.Level == "missing" && fieldOf(pair.One.Birth, e.Field)+fieldOf(pair.Two.Birth, e.Field) == "" {
			continue
		}
		v.Evidence = append(v.Evidence, evidenceView{Field: b.Words.T("casework.evidenceOf." + fieldKey(e.Field)), OneSays: says(b, pair.One.Birth, e.Field), TwoSays: says(b, pair.Two.Birth, e.Field),
			Words: b.Words.T("casework.evidence." + levelKey(e.Level)), Bar: bar(e.Bits)})
	}
	for _, said := range pair.Words {
		v.Said = append(v.Said, wordView{PairWord: said, Text: b.Words.T("casework.pairSays." + said.Says)})
	}
	v.LawView = lawView{Answer: pair.Law}
	for _, g := range pair.Law.Why {
		v.LawView.Grounds = append(v.LawView.Grounds, groundView{Question: g.Question, Answer: known(b, "casework.answerOf."+g.Input+"."+g.Answer, g.Answer), Known: true})
	}
	return v
}

// fieldKey is a field's name in the catalogue.
func fieldKey(f matcher.Field) string { return strings.ReplaceAll(string(f), " ", "") }

// says is what an entry says in a field, in words.
func says(b *base, of intermediary.BirthKnown, f matcher.Field) string {
	text := fieldOf(of, f)
	switch f {
	case "born":
		return dayText(&b.Base, text)
	case "sex":
		return known(b, "casework.sex."+text, text)
	}
	return text
}

// fieldOf is what an entry has in a field.
func fieldOf(b intermediary.BirthKnown, f matcher.Field) string {
	switch f {
	case "forename":
		return b.Forename
	case "surnames":
		var list []string
		for _, s := range []string{b.Surname, b.MotherSurname, b.MotherOtherSurname} {
			if s != "" && !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
		return strings.Join(list, ", ")
	case "born":
		return cmp.Or(b.Born, b.About)
	case "mother forename":
		return b.MotherForename
	case "place":
		return b.Place
	case "sex":
		return b.Sex
	case "agency":
		return b.Agency
	}
	return ""
}

// levelKey sorts what the matcher says of a field into the few words that a page
// has for it.
func levelKey(level string) string {
	switch level {
	case "missing":
		return "missing"
	case "exact", "both", "both, one name":
		return "same"
	case "variant":
		return "variant"
	case "day and month swapped":
		return "swapped"
	case "as remembered", "nearly as remembered":
		return "remembered"
	case "crossed", "crosswise", "child's crosswise", "mother's crosswise", "one's for the other's":
		return "crossed"
	case "close", "near", "loose", "alike", "child's, mother's alike", "mother's, child's alike", "child's close", "child's near", "mother's close", "mother's near",
		"one's close to the other's", "one digit", "two digits", "ten days":
		return "close"
	case "child's only", "mother's only", "child's alike only", "mother's alike only", "child's", "mother's", "same month", "same year", "same day, other year":
		return "part"
	}
	return "differs"
}

// Of a bar: its width to either side of its middle, and how many bits fill that.
const (
	barHalf   = 60
	barHeight = 14
	barBits   = 20.0
)

// bar draws what a field says: to the right for one child, to the left against.
// The words beside it say the same; a screen reader hears those.
func bar(bits float64) template.HTML {
	width := int(min(max(bits, -barBits), barBits) / barBits * barHalf)
	x, fill := barHalf, "#2f4a45"
	if width < 0 {
		x, width, fill = barHalf+width, -width, "#767676"
	}
	return template.HTML(`<svg width="` + itoa(2*barHalf) + `" height="` + itoa(barHeight) + `" viewBox="0 0 ` + itoa(2*barHalf) + ` ` + itoa(barHeight) + `" aria-hidden="true" focusable="false">` +
		`<rect x="` + itoa(x) + `" y="2" width="` + itoa(width) + `" height="10" fill="` + fill + `"></rect><rect x="` + itoa(barHalf) + `" y="0" width="1" height="` + itoa(barHeight) + `" fill="#0b0c0c"></rect></svg>`)
}

// registerActs are the forms of the register.
func (room Room) registerActs() []act {
	keep := []string{"named", "address", "reach", "words", "why", "evidence"}
	ticks := []string{"verified", "adult", "related", "died"}
	enter := func(r *http.Request, p *actPage, n intermediary.NewPreference) error {
		id, err := room.Cases.EnterPreference(r.Context(), p.actor, n)
		if err == nil {
			p.Back = "/register/entry/" + string(id)
		}
		return err
	}
	return []act{
		{path: "/register/new", name: "registerNew", may: authz.KeepRegister, load: ofNewEntry, many: ticks, keep: keep, dates: []string{"birth.born", "addressOn"}, fields: entryFields(2),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				n := entryForm(form)
				n.Part = 2
				return enter(r, p, n)
			}},
		{path: "/register/of/{of}", name: "registerOwn", may: authz.KeepRegister, load: ofOwnEntry, many: ticks, keep: keep, dates: []string{"birth.born", "addressOn"}, fields: entryFields(1),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				n := entryForm(form)
				n.Part, n.Adopted = 1, intermediary.AdoptedID(p.Of)
				return enter(r, p, n)
			}},
		{path: "/register/entry/{of}/change", name: "registerChange", may: authz.KeepRegister, load: room.ofEntry, many: ticks, keep: keep, dates: []string{"birth.born", "addressOn"}, fields: entryFields(0),
			do: func(r *http.Request, p *actPage, form page.Form) error {
				n := entryForm(form)
				n.ID, n.Was = intermediary.PreferenceID(p.Of), number(form, "was")
				return enter(r, p, n)
			}},
		{path: "/register/entry/{of}/asked", name: "registerAsked", may: authz.KeepRegister, load: room.ofEntry, fields: func(p *actPage) ([]field, error) {
			return []field{hidden("was", itoa(p.entry().Version))}, nil
		}, do: func(r *http.Request, p *actPage, form page.Form) error {
			return room.Cases.PromptAddress(r.Context(), p.actor, intermediary.PreferenceID(p.Of), number(form, "was"))
		}},
		{path: "/register/pair/{one}/{two}", name: "registerPair", may: authz.KeepRegister, load: room.ofPair, sheet: "register-pair", keep: []string{"why"}, fields: pairFields,
			do: func(r *http.Request, p *actPage, form page.Form) error {
				pair, _ := p.Sheet.(pairView)
				return room.Cases.SayPair(r.Context(), p.actor, intermediary.NewPairWord{One: pair.One.ID, Two: pair.Two.ID, OneSeen: number(form, "oneSeen"), Twice: number(form, "twoSeen"),
					Was: number(form, "was"), Says: form.Get("says"), Names: form.Get("names"), Why: form.Get("why")})
			}},
	}
}

// entry is the entry that a form is about; the zero one for a new one.
func (p *actPage) entry() intermediary.Preference {
	e, _ := p.Sheet.(intermediary.Preference)
	return e
}

func ofNewEntry(room Room, r *http.Request, p *actPage) error {
	p.Back = "/register"
	id := page.Query(r).Get("intake")
	if form, err := page.FormOf(r); err == nil {
		id = form.Get("intake")
	}
	if id == "" {
		return nil
	}
	if !agency.ValidID("in", id) {
		return notThere()
	}
	in, err := room.Cases.ReadIntake(r.Context(), p.actor, intermediary.IntakeID(id))
	if err != nil {
		return err
	}
	p.Sheet = wishFrom(id, in.Answers)
	return nil
}

// wishFrom takes over what a relative said online. Nothing of it is proved.
func wishFrom(id string, a intermediary.Answers) intermediary.Preference {
	forename, surname := a.BirthName, ""
	if i := strings.LastIndex(a.BirthName, " "); i >= 0 {
		forename, surname = a.BirthName[:i], a.BirthName[i+1:]
	}
	return intermediary.Preference{NewPreference: intermediary.NewPreference{Intake: id, Wish: intermediary.ContactWish(a.Wish), Form: "online",
		Registrant: intermediary.Registrant{Name: a.Name, Relation: line(a.Relation), Address: a.Address, Reach: strings.TrimSpace(a.Phone + "\n" + a.Email + "\n" + a.Safe)},
		Birth:      intermediary.BirthKnown{Forename: forename, Surname: surname, Born: a.AdoptedBorn, Place: line(a.AdoptedWhere)}, Words: a.More}}
}

func ofOwnEntry(room Room, r *http.Request, p *actPage) error {
	p.Of, p.Back = r.PathValue("of"), "/register"
	if !agency.ValidID("ad", p.Of) {
		return notThere()
	}
	return nil
}

func (room Room) ofEntry(_ Room, r *http.Request, p *actPage) error {
	list, err := room.entryVersions(r)
	if err != nil {
		return err
	}
	p.Of, p.Back, p.Sheet = r.PathValue("of"), "/register/entry/"+r.PathValue("of"), list[0]
	return nil
}

func (room Room) ofPair(_ Room, r *http.Request, p *actPage) error {
	one, err := idOf(r, "one", "cp")
	if err != nil {
		return err
	}
	two, err := idOf(r, "two", "cp")
	if err != nil {
		return err
	}
	pair, err := room.Cases.RegisterPair(r.Context(), p.actor, intermediary.PreferenceID(one), intermediary.PreferenceID(two))
	if err != nil {
		return err
	}
	p.Sheet, p.Back, p.Wide = pairOf(&p.base, pair), "/register/search", true
	return nil
}

// pairFields are what is said of a pair. Whom a wish names is asked only of one
// that names somebody.
func pairFields(p *actPage) ([]field, error) {
	pair, _ := p.Sheet.(pairView)
	list := []field{hidden("was", itoa(len(pair.Words))), hidden("oneSeen", itoa(pair.One.Version)), hidden("twoSeen", itoa(pair.Two.Version)),
		{kind: "choice", name: "says", key: "casework.pair.says", options: []string{intermediary.PairSame, intermediary.PairOther, intermediary.PairAsk}, of: "casework.pairSays."}}
	if pair.One.Named != "" {
		list = append(list, field{kind: "choice", name: "names", key: "casework.pair.names", options: []string{"yes", "no", "unclear"}, of: "casework.pairNames."})
	}
	return append(list, why("casework.reasons")), nil
}

// entryFields ask for an entry: a new one of a part, or for 0 a change of the one
// that is shown, with what stands there now.
func entryFields(part int) func(*actPage) ([]field, error) {
	return func(p *actPage) ([]field, error) {
		e, of := p.entry(), part
		if part == 0 {
			of = e.Part
		}
		var wishes []string
		for _, w := range intermediary.Wishes(of) {
			wishes = append(wishes, string(w))
		}
		if part == 0 {
			wishes = append(wishes, string(intermediary.WishWithdrawn))
		}
		line := func(name, value string) field {
			return field{kind: "line", name: name, key: "casework.entry." + name, value: value}
		}
		text := func(name, value string) field {
			return field{kind: "text", name: name, key: "casework.entry." + name, value: value}
		}
		tick := func(name string, is bool) field {
			f := yesNo(name, "casework.entry."+name)
			if is {
				f.values = []string{"yes"}
			}
			return f
		}
		id := string(e.ID)
		if id == "" {
			id = string(intermediary.NewPreferenceID()) // two clicks are one
		}
		list := []field{hidden("was", itoa(e.Version)), hidden("id", id), hidden("intake", e.Intake), {kind: "choice", name: "wish", key: "casework.entry.wish", options: wishes, of: "casework.wish.", value: string(e.Wish)}}
		if of == 1 {
			list = append(list, text("named", e.Named))
		}
		list = append(list, line("name", e.Name))
		if of == 2 {
			list = append(list, line("relation", e.Relation))
		}
		on := ""
		if !e.AddressOn.IsZero() {
			on = e.AddressOn.Format(time.DateOnly)
		}
		list = append(list, text("address", e.Address), field{kind: "date", name: "addressOn", key: "casework.entry.addressOn", value: on}, text("reach", e.Reach))
		list = append(list, birthFields(e.Birth)...)
		list = append(list, tick("verified", false), tick("adult", e.Adult)) // whether this word is theirs is asked of each word
		if of == 2 {
			list = append(list, tick("related", e.Related))
		}
		if part == 0 {
			list = append(list, tick("died", e.Died))
		}
		return append(list, field{kind: "choice", name: "form", key: "casework.entry.form", options: []string{"phone", "paper", "online"}, of: "casework.entryForm.", value: e.Form},
			text("words", e.NewPreference.Words), why("casework.veto.why"), evidence()), nil
	}
}

// birthFields ask what somebody knows about the birth of the adopted person.
func birthFields(b intermediary.BirthKnown) []field {
	line := func(name, value string) field {
		return field{kind: "line", name: "birth." + name, key: "casework.birth." + name, value: value}
	}
	return []field{line("forename", b.Forename), line("surname", b.Surname), {kind: "choice", name: "birth.sex", key: "casework.birth.sex", options: []string{"f", "m"}, of: "casework.sex.", value: b.Sex},
		{kind: "date", name: "birth.born", key: "casework.birth.born", value: b.Born}, line("about", b.About), line("place", b.Place), line("motherForename", b.MotherForename),
		line("motherSurname", b.MotherSurname), line("motherOtherSurname", b.MotherOtherSurname), line("agency", b.Agency)}
}

// entryForm reads an entry.
func entryForm(form page.Form) intermediary.NewPreference {
	ticked := func(name string) bool { return form.Get(name) == "yes" }
	on, _ := dayOf(form, "addressOn")
	return intermediary.NewPreference{ID: intermediary.PreferenceID(form.Get("id")), Wish: intermediary.ContactWish(form.Get("wish")), Named: form.Get("named"),
		Registrant: intermediary.Registrant{Name: form.Get("name"), Relation: form.Get("relation"), Address: form.Get("address"), Reach: form.Get("reach")},
		Birth: intermediary.BirthKnown{Forename: form.Get("birth.forename"), Surname: form.Get("birth.surname"), Sex: form.Get("birth.sex"), Born: partly(form, "birth.born"), About: form.Get("birth.about"),
			Place: form.Get("birth.place"), MotherForename: form.Get("birth.motherForename"), MotherSurname: form.Get("birth.motherSurname"),
			MotherOtherSurname: form.Get("birth.motherOtherSurname"), Agency: form.Get("birth.agency")},
		Verified: ticked("verified"), Adult: ticked("adult"), Related: ticked("related"), Died: ticked("died"), AddressOn: on, Form: form.Get("form"), Intake: form.Get("intake"),
		Words: form.Get("words"), Why: form.Get("why"), Evidence: linesOf(form.Get("evidence"))}
}
