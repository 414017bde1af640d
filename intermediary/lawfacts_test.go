package intermediary

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/intermediary/law"
)

// These tests are inside the package: rows go in, a finding comes out, and no
// page or service stands between. TestAsk holds that the rows are read so.

const (
	anAdopted = "adaaaaaaaaaaaaaaa"
	anApp     = "apaaaaaaaaaaaaaaa"
	aSubject  = "sbaaaaaaaaaaaaaaa"
	anItem    = "itaaaaaaaaaaaaaaa"
)

func day(d int) time.Time { return time.Date(2026, 6, d, 12, 0, 0, 0, time.UTC) }

// known is a gate being written down for a test; each row has the next place.
type known struct {
	grounds
	place int64
}

func (k *known) next() int64 { k.place++; return k.place }

// say states a fact that counts: by two where two are asked for.
func (k *known) say(on, name, value string) *known { return k.said(on, name, value, day(10)) }

func (k *known) said(on, name, value string, at time.Time) *known {
	v := uint64(1)
	for _, f := range k.facts {
		if f.OnID == on && f.Name == name {
			v = f.Version + 1
		}
	}
	k.facts = append(k.facts, gateFact{OnID: on, Name: name, Version: v, Value: value, At: at, Leaf: leafOf(k.place), Place: k.next()})
	return k
}

// proposed states a fact that waits for its second worker; agreed is the second's word.
func (k *known) proposed(on, name, value string) *known {
	k.say(on, name, value)
	k.facts[len(k.facts)-1].Two = true
	return k
}

func (k *known) agreed(on, name, value string) *known {
	k.proposed(on, name, value)
	f := &k.facts[len(k.facts)-1]
	was := int64(f.Version - 1)
	f.Confirms = &was
	return k
}

func (k *known) record(kind string, inForce bool) *known {
	k.vetoes = append(k.vetoes, gateVeto{Version: uint64(len(k.vetoes) + 1), Kind: kind, InForce: inForce, Leaf: leafOf(k.place), Place: k.next()})
	return k
}

func (k *known) answer(answer string, scope ...string) *known {
	k.consents = append(k.consents, gateConsent{Version: uint64(len(k.consents) + 1), Answer: answer, Scope: scope, Leaf: leafOf(k.place), Place: k.next()})
	return k
}

// acted writes down an approach on a day.
func (k *known) acted(on time.Time) *known {
	k.last = gateAct{Place: k.next(), On: &on}
	return k
}

func (k *known) enquired(answered time.Time) *known {
	k.enquiries = append(k.enquiries, gateEnquiry{ID: "enaaaaaaaaaaaaaaa", Whom: "AAA", State: "answered", AnsweredOn: &answered, Place: k.next()})
	return k
}

func leafOf(n int64) []byte { return append(make([]byte, 31), byte(n+1)) }

// ready is a case that may proceed: everything said that the pair asks for.
func ready(pair string) *known {
	k := &known{grounds: grounds{head: gateHead{ApplicationID: anApp, AdoptedID: anAdopted, SubjectID: aSubject, Pair: pair, State: "open", SubjectState: "open", Looked: true},
		registered: true, now: day(15)}}
	for _, f := range [][3]string{{anAdopted, "order", "pre"}, {anAdopted, "juris", "E"}, {anAdopted, "apAge", "ge18"}, {anAdopted, "apVital", "living"},
		{anApp, "appAge", "ge18"}, {anApp, "reg11", "passed"}, {anApp, "linkProven", "yes"}, {anApp, "met", "inPerson"}, {anApp, "idVerified", "yes"},
		{anApp, "aaa", "self"}, {anApp, "cnsl", "yes"},
		{aSubject, "subjAge", "ge18"}, {aSubject, "subjectVital", "living"}, {aSubject, "acr", "checked"}, {aSubject, "acrNoContact", "no"},
		{aSubject, "approp", "yes"}, {aSubject, "cnsl", "yes"}} {
		k.say(f[0], f[1], f[2])
	}
	if k.prescribed() {
		k.say(anApp, "apConsent", "given")
	}
	return k
}

// elsewhere is ready with another agency as the appropriate one, which has
// answered that there is no veto.
func elsewhere(pair string) *known {
	return ready(pair).say(anApp, "aaa", "answered").enquired(day(10)).say(anApp, "vetoAnswer", "none")
}

// offered is ready with an item about the subject that two people have checked.
func offered(pair string) *known {
	k := ready(pair)
	second := "wkbbbbbbbbbbbbbbb"
	k.item = &gateItem{ID: anItem, Kind: "name", About: "subject", Identifying: true, PreparedBy: "wkaaaaaaaaaaaaaaa", CheckedBy: &second, Version: 1, Place: k.next()}
	return k.answer("yes", "name", "relationship").proposed(anItem, "jigsaw", "safe").agreed(anItem, "jigsaw", "safe")
}

func (k *known) rowOf(t *testing.T, table *law.Table, facts func() (law.Facts, error)) string {
	t.Helper()
	f, err := facts()
	if err != nil {
		t.Fatal(err)
	}
	finding, err := table.Decide(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(finding.Row())
}

func (k *known) proceeds(t *testing.T) string {
	return k.rowOf(t, law.Proceed(), k.proceedFacts)
}

func (k *known) identifies(t *testing.T) string {
	return k.rowOf(t, law.Identifying(), k.identifyingFacts)
}

func (k *known) informs(t *testing.T) string {
	return k.rowOf(t, law.Background(), func() (law.Facts, error) { return k.backgroundFacts(false) })
}

func TestProceedFacts(t *testing.T) {
	tests := map[string]struct {
		k    *known
		want string
	}{
		"ISR 5(1)(a), all is known":                         {ready("AP>REL"), "a31"},
		"ISR 5(1)(b)(i)":                                    {ready("REL>AP"), "a32"},
		"ISR 5A(2)":                                         {ready("REL>PR"), "a34"},
		"ISR 5A(3)":                                         {ready("PR>REL"), "a36"},
		"ISR 5(1), another pair":                            {ready("other"), "a05"},
		"ISR 2, after commencement":                         {ready("AP>REL").say(anAdopted, "order", "post"), "a01"},
		"ISR 5(3), the applicant's age":                     {ready("AP>REL").say(anApp, "appAge", "lt18"), "a06"},
		"ISR 6(4), the subject's age":                       {ready("AP>REL").say(aSubject, "subjAge", "lt18"), "a07"},
		"ISR 11, nobody agreed yet":                         {ready("AP>REL").say(anApp, "reg11", "pending").proposed(anApp, "reg11", "passed"), "a21"},
		"ISR 11, and then somebody did":                     {ready("AP>REL").say(anApp, "reg11", "pending").proposed(anApp, "reg11", "passed").agreed(anApp, "reg11", "passed"), "a31"},
		"ISR 11, the link is not shown":                     {ready("AP>REL").say(anApp, "linkProven", "no"), "a21a"},
		"NMS 16.2, not met":                                 {ready("AP>REL").say(anApp, "met", "no"), "a22"},
		"OQ7, video that no manager agreed to":              {ready("AP>REL").say(anApp, "met", "no").proposed(anApp, "met", "liveVideo"), "a22"},
		"ISR 6, not decided":                                {ready("AP>REL").say(aSubject, "approp", "undecided"), "a29"},
		"ISR 6(1), decided against":                         {ready("AP>REL").say(aSubject, "approp", "no"), "a10"},
		"ISR 6(2)(c), the register was not looked at":       {ready("AP>REL").say(aSubject, "acr", "notChecked"), "a28"},
		"ISR 6(2)(c), a wish for no contact":                {ready("AP>REL").say(aSubject, "acrNoContact", "yes"), "a30"},
		"ISR 8(1)(b)(i), its own record":                    {ready("REL>AP").record("absolute", true), "a11"},
		"ISR 8, withdrawn":                                  {ready("REL>AP").record("absolute", true).record("absolute", false), "a32"},
		"ISR 5A(1), her own veto does not stop her":         {ready("AP>REL").record("absolute", true), "a31"},
		"ISR 8(1)(b)(ii), nobody has judged":                {ready("REL>AP").record("qualified", true), "a13"},
		"ISR 8(1)(b)(ii), one has judged":                   {ready("REL>AP").record("qualified", true).proposed(anApp, "qualified", "met"), "a13"},
		"ISR 8(1)(b)(ii), met":                              {ready("REL>AP").record("qualified", true).proposed(anApp, "qualified", "met").agreed(anApp, "qualified", "met"), "a33"},
		"ISR 8(1)(b)(ii), not met":                          {ready("REL>AP").record("qualified", true).say(anApp, "qualified", "notMet"), "a12"},
		"OQ4, judged before it was amended":                 {ready("REL>AP").record("qualified", true).proposed(anApp, "qualified", "met").agreed(anApp, "qualified", "met").record("qualified", true), "a13"},
		"OQ4, the first judged the one before":              {ready("REL>AP").record("qualified", true).proposed(anApp, "qualified", "met").record("qualified", true).agreed(anApp, "qualified", "met"), "a13"},
		"OQ9, met in Wales":                                 {ready("REL>AP").say(anAdopted, "juris", "W").record("qualified", true).proposed(anApp, "qualified", "met").agreed(anApp, "qualified", "met"), "a14"},
		"ISR 12, answered: none":                            {elsewhere("REL>AP"), "a32"},
		"ISR 12, answered: absolute":                        {elsewhere("REL>AP").say(anApp, "vetoAnswer", "absolute"), "a11"},
		"ISR 12, answered: unknown":                         {elsewhere("REL>AP").say(anApp, "vetoAnswer", "unknown"), "a26"},
		"ISR 12, nobody answered":                           {ready("REL>AP").say(anApp, "aaa", "pending"), "a23"},
		"ISR 8, the other knows nothing of the record here": {elsewhere("REL>AP").record("absolute", true), "a11"},
		"ISR 8(2), 14 days":                                 {ready("REL>AP").say(anApp, "aaa", "answered").enquired(day(1)).said(anApp, "vetoAnswer", "none", day(1)), "a32"},
		"ISR 8(2), 15 days": {func() *known {
			k := ready("REL>AP").say(anApp, "aaa", "answered").enquired(day(1)).said(anApp, "vetoAnswer", "none", day(1))
			k.now = day(16)
			return k
		}(), "a26"},
		"rule 9, an old answer typed anew": {func() *known {
			k := ready("REL>AP").say(anApp, "aaa", "answered").enquired(day(1)).said(anApp, "vetoAnswer", "none", day(16))
			k.now = day(16)
			return k
		}(), "a26"},
		"rule 9, an answer to no question":                {ready("REL>AP").say(anApp, "aaa", "answered").say(anApp, "vetoAnswer", "none"), "a26"},
		"rule 9, older than the last act":                 {elsewhere("REL>AP").acted(day(12)), "a26"},
		"rule 9, said again about the same question":      {elsewhere("REL>AP").acted(day(12)).say(anApp, "vetoAnswer", "none"), "a26"},
		"rule 9, answered earlier on the day of the act":  {elsewhere("REL>AP").enquired(day(12)).acted(day(12)), "a26"},
		"rule 9, asked again":                             {elsewhere("REL>AP").acted(day(12)).enquired(day(13)).say(anApp, "vetoAnswer", "none"), "a32"},
		"rule 9, her own application needs none":          {elsewhere("AP>REL").acted(day(12)), "a31"},
		"8.0 rule 10, she died, and how old is not known": {ready("REL>PR").say(anAdopted, "apVital", "died"), "a20"},
		"8.0 rule 10, died, aged as of today":             {ready("AP>REL").say(aSubject, "subjectVital", "died"), "a20"},
		"ISR 5A(2), one says she cannot decide now":       {ready("REL>PR").proposed(anApp, "apConsent", "incapable"), "a27"},
		"ISR 5A, answered to another application":         {ready("REL>AP").say("apbbbbbbbbbbbbbbbbbb", "vetoAnswer", "absolute"), "a11"},
		"ISR 5A, answered to another before":              {ready("REL>AP").say("apbbbbbbbbbbbbbbbbbb", "vetoAnswer", "absolute").say(anApp, "vetoAnswer", "none"), "a11"},
		"ISR 6, unknown to another application since":     {elsewhere("REL>AP").say("apbbbbbbbbbbbbbbbbbb", "vetoAnswer", "unknown"), "a26"},
		"ISR 6, unknown to another application before": {func() *known {
			k := ready("REL>AP").say("apbbbbbbbbbbbbbbbbbb", "vetoAnswer", "unknown")
			return k.say(anApp, "aaa", "answered").enquired(day(10)).say(anApp, "vetoAnswer", "none")
		}(), "a32"},
		"ISR 6, another's answer that nobody has read": {func() *known { k := elsewhere("REL>AP"); k.unheard = true; return k }(), "a26"},
		"OQ2, nobody can be named":                     {ready("REL>AP").say(anApp, "aaa", "exhausted"), "a26"},
		"NMS 16.2, somebody asks for protection":       {func() *known { k := ready("REL>AP"); k.stops = []gateStop{{ID: "spaaaaaaaaaaaaaaa"}}; return k }(), "a26a"},
		"ISR 5A(2)(b), not asked":                      {ready("REL>PR").say(anApp, "apConsent", "notSought"), "a27"},
		"ISR 5A(2)(b), refused":                        {ready("REL>PR").say(anApp, "apConsent", "refused"), "a17"},
		"OQ11, refused in life":                        {ready("REL>PR").say(anApp, "apConsent", "refused").proposed(anApp, "apConsent", "died").agreed(anApp, "apConsent", "died"), "a17"},
		"OQ11, refused and then silent":                {ready("REL>PR").say(anApp, "apConsent", "withdrawn").say(anApp, "apConsent", "noReply"), "a17"},
		"ISR 5A(2)(b), refused and then agreed":        {ready("REL>PR").say(anApp, "apConsent", "refused").proposed(anApp, "apConsent", "given").agreed(anApp, "apConsent", "given"), "a34"},
		"OQ1, agreed and then died":                    {ready("REL>PR").say(anAdopted, "apVital", "died").say(anAdopted, "apAge", "ge18"), "a18"},
		"ISR 3(1)":                                     {func() *known { k := ready("AP>REL"); k.registered = false; return k }(), "a04"},
		"ISR 11, a representative without authority":   {func() *known { k := ready("AP>REL"); k.head.Represented = true; return k }(), "a21"},
		"ISR 11, and with it": {func() *known {
			k := ready("AP>REL").say(anApp, "repAuthority", "yes")
			k.head.Represented = true
			return k
		}(), "a31"},
	}
	for name, tt := range tests {
		if got := tt.k.proceeds(t); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// Whatever one fact is missing or doubted, nothing is permitted that was not
// before, and nothing of what permits can be missing.
func TestProceedFacts_Missing(t *testing.T) {
	for _, pair := range []string{"AP>REL", "REL>AP", "REL>PR", "PR>REL"} {
		all := ready(pair)
		for i, f := range all.facts {
			without := ready(pair)
			without.facts = slices.Delete(without.facts, i, i+1)
			doubted := ready(pair)
			doubted.doubted = map[[32]byte]bool{[32]byte(f.Leaf): true}
			a, b := without.proceeds(t), doubted.proceeds(t)
			if a != b {
				t.Errorf("%s: %s is missing: %s, and doubted: %s", pair, f.Name, a, b)
			}
			switch f.Name {
			case "idVerified", "cnsl", "subjectVital", "apVital", "linkProven": // 8a asks for none of them, the last for AP>REL alone
				continue
			}
			if finding := a; strings.HasPrefix(finding, "a3") && finding != "a30" {
				t.Errorf("%s without %s: %s", pair, f.Name, finding)
			}
		}
	}
	if got := ready("REL>AP").record("absolute", true); got.doubt(got.vetoes[0].Leaf).proceeds(t) != "a11" {
		t.Error("a veto whose text does not open stopped nothing")
	}
	forged := ready("REL>AP").record("absolute", true).record("absolute", false)
	if got := forged.doubt(forged.vetoes[1].Leaf).proceeds(t); got != "a11" {
		t.Errorf("a withdrawal that nobody sealed: %s", got)
	}
}

func (k *known) doubt(leaf []byte) *known {
	k.doubted = map[[32]byte]bool{[32]byte(leaf): true}
	return k
}

func TestIdentifyingFacts(t *testing.T) {
	dead := func(k *known) *known {
		return k.say(aSubject, "subjectVital", "died").say(aSubject, "subjAge", "ge18").say(aSubject, "evidence", "yes").say(aSubject, "sixDecision", "yes").say(aSubject, "asked", "searched")
	}
	unasked := func() *known { k := offered("REL>AP"); k.consents = nil; return k }
	about := func(whom string) *known { k := offered("REL>AP"); k.item.About = whom; return k }
	tests := map[string]struct {
		k    *known
		want string
	}{
		"ISR 7(1), agreed":                               {offered("REL>AP"), "b13"},
		"ISR 7(1), her own search":                       {offered("AP>REL"), "b13"},
		"ISR 7(1), another kind":                         {func() *known { k := offered("REL>AP"); k.item.Kind = "address"; return k }(), "b11"},
		"ISR 7(1), refused":                              {offered("REL>AP").answer("no"), "b09"},
		"ISR 7(1), not now is no":                        {offered("REL>AP").answer("notNow"), "b09"},
		"ISR 7(1), withdrawn":                            {offered("REL>AP").answer("withdrawn"), "b09"},
		"ISR 7(1), never asked":                          {unasked(), "b10a"},
		"ISR 7(1), never asked, and looked for":          {unasked().say(aSubject, "asked", "searched"), "b10"},
		"ISR 7(1), silence":                              {unasked().say(aSubject, "asked", "searched").answer("noReply"), "b10"},
		"ISR 7(1), silence is no way round a refusal":    {offered("REL>AP").answer("no").answer("noReply"), "b09"},
		"ISR 7(1), agreed once and silent now":           {offered("REL>AP").say(aSubject, "asked", "searched").answer("noReply"), "b10"},
		"ISR 7(2), died":                                 {dead(unasked()), "b14"},
		"ISR 7(2), incapable":                            {dead(unasked()).say(aSubject, "subjectVital", "incapable"), "b15"},
		"ISR 7(2), no proof":                             {dead(unasked()).say(aSubject, "evidence", "no"), "b16"},
		"ISR 7(2), nobody looked for a refusal":          {dead(unasked()).say(aSubject, "asked", "unknown"), "b10a"},
		"OQ11, a refusal binds after death":              {dead(offered("REL>AP").answer("no")), "b09"},
		"OQ11, a limit binds after death":                {dead(offered("REL>AP").answer("lettersOnly", "letters")), "b11"},
		"OQ11, a limit binds through silence":            {dead(offered("REL>AP").answer("lettersOnly", "letters").answer("noReply")), "b11"},
		"ISR 7(2), one says that she cannot decide":      {offered("AP>REL").proposed(aSubject, "subjectVital", "incapable"), "b10"},
		"ISR 7(1), she is the adopted person, who died":  {offered("REL>AP").say(anAdopted, "apVital", "died"), "b07"},
		"ISR 7(1), agreed after they died":               {dead(offered("AP>REL").answer("no")).answer("yes", "name"), "b09"},
		"ISR 11, a representative without authority":     {func() *known { k := offered("REL>AP"); k.head.Represented = true; return k }(), "b02a"},
		"NMS 16.2, not met":                              {offered("REL>AP").say(anApp, "met", "no"), "b05"},
		"NMS 16.2, not verified":                         {offered("REL>AP").say(anApp, "idVerified", "no"), "b05"},
		"ISR 8, a veto":                                  {offered("REL>AP").record("absolute", true), "b06"},
		"ISR 8, a stop":                                  {func() *known { k := offered("REL>AP"); k.stops = []gateStop{{ID: "spaaaaaaaaaaaaaaa"}}; return k }(), "b06"},
		"ISR 8, an answer that is not fresh":             {offered("REL>AP").say(anApp, "aaa", "answered").say(anApp, "vetoAnswer", "none"), "b06"},
		"ISR 6, the case may not proceed":                {offered("REL>AP").say(aSubject, "approp", "no"), "b07"},
		"ISR 7(4), one looked at what it gives away":     {offered("REL>AP").say(anItem, "jigsaw", "unsure").proposed(anItem, "jigsaw", "safe"), "b12a"},
		"ISR 7(4), more was given since":                 {func() *known { k := offered("REL>AP"); k.given.Place = k.next(); return k }(), "b12a"},
		"ISR 7(4), other words since":                    {func() *known { k := offered("REL>AP"); k.item.Place = k.next(); return k }(), "b12a"},
		"ISR 10, the subject was told of no counselling": {offered("REL>AP").say(aSubject, "cnsl", "no"), "b12b"},
		"NMS 27, nobody checked":                         {func() *known { k := offered("REL>AP"); k.item.CheckedBy = nil; return k }(), "b12c"},
		"OQ10, about another, who was not asked":         {about("thirdParty"), "b04a"},
		"OQ10, about another, who agreed":                {about("thirdParty").say(anItem, "thirdConsent", "yes"), "b04b"},
		"OQ10, about the adopted person":                 {about("adoptedPersonNotSubject").say(anItem, "thirdConsent", "yes"), "b08b"},
		"R5, the country is not known":                   {offered("REL>AP").say(anAdopted, "juris", "unknown"), "b07"},
	}
	for name, tt := range tests {
		if got := tt.k.identifies(t); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	k := offered("REL>AP")
	if got := k.doubt(k.consents[0].Leaf).identifies(t); got != "b10a" {
		t.Errorf("a consent that nobody sealed: %s", got)
	}
}

func TestBackgroundFacts(t *testing.T) {
	plain := func() *known { k := offered("REL>AP"); k.item.Kind, k.item.Identifying = "background", false; return k }
	unasked := func() *known { k := plain(); k.consents = nil; return k }
	tests := map[string]struct {
		k    *known
		want string
	}{
		"ISR 9, agreed":                {plain(), "c07"},
		"ISR 9, refused":               {plain().answer("no"), "c07"},
		"ISR 9, a veto":                {unasked().record("absolute", true), "c07"},
		"ISR 9, not asked yet":         {unasked(), "c06"},
		"ISR 9, died":                  {unasked().say(aSubject, "subjectVital", "died"), "c07"},
		"ISR 9, not found":             {unasked().say(aSubject, "subjectVital", "untraced"), "c07"},
		"ISR 7(4), it identifies":      {plain().say(anItem, "jigsaw", "identifiesOther"), "c01"},
		"NMS 16.2, not met":            {plain().say(anApp, "met", "no"), "c05"},
		"ISR 5(1), an unlawful pair":   {func() *known { k := plain(); k.head.Pair = "other"; return k }(), "c05b"},
		"ISR 9, not appropriate":       {plain().say(aSubject, "approp", "no"), "c03"},
		"NMS 27, nobody checked":       {func() *known { k := plain(); k.item.CheckedBy = nil; return k }(), "c06a"},
		"rule 5, somebody is not safe": {func() *known { k := plain(); k.stops = []gateStop{{ID: "spaaaaaaaaaaaaaaa"}}; return k }(), "c04"},
		"ACA 58, after commencement":   {plain().say(anAdopted, "order", "post"), "c09"},
		"ACA 58, another agency's":     {plain().say(anAdopted, "order", "post").say(anApp, "aaa", "answered"), "c11"},
	}
	for name, tt := range tests {
		if got := tt.k.informs(t); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestPostCommencementFacts(t *testing.T) {
	of := func(k *known, redirected bool) string {
		return k.rowOf(t, law.PostCommencement(), func() (law.Facts, error) { return k.postCommencementFacts(redirected) })
	}
	post := func() *known { return offered("AP>REL").say(anAdopted, "order", "post") }
	plain := func() *known { k := post(); k.item.Identifying = false; return k }
	for61 := func() *known {
		return post().say(anApp, "req", "s61_62").say(anApp, "writtenReasons", "yes").say(aSubject, "views", "yes").say(aSubject, "expressed", "agree").
			say(aSubject, "anyChild", "none").say(anItem, "decision", "disclose")
	}
	object := func(noticed, now time.Time) *known {
		k := for61().say(aSubject, "expressed", "object").say(anItem, "panel", "notRequested").said(anItem, "standstill", "running", noticed)
		k.now = now
		return k
	}
	march := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		got, want string
	}{
		"ISR 2, before commencement":                  {of(offered("AP>REL"), false), "f00"},
		"DAIR 13, not identified":                     {of(post().say(anApp, "idVerified", "no"), false), "f02"},
		"ACA 57, nobody has said what is asked":       {of(post(), false), "f15a"},
		"DAIR 12, not in writing":                     {of(post().say(anApp, "req", "s61_62"), false), "f15"},
		"ACA 58, not protected":                       {of(plain(), false), "f09"},
		"ACA 57(4), it came from table 8c":            {of(plain().say(anApp, "req", "s61_62"), true), "f15"},
		"ACA 60(2)(a), the right":                     {of(post().say(anApp, "req", "s60_2a").say(anApp, "orderSixty", "none"), false), "f05"},
		"ACA 60(3), the court was asked":              {of(post().say(anApp, "req", "s60_2a"), false), "f04"},
		"ACA 61, they agree":                          {of(for61(), false), "f29"},
		"ACA 61, the words are others since":          {of(func() *known { k := for61(); k.item.Place = k.next(); return k }(), false), "f22"},
		"ACA 61(3), nobody has asked":                 {of(for61().say(aSubject, "expressed", "notAsked"), false), "f18"},
		"ACA 61(3), an objection in life":             {of(for61().say(aSubject, "expressed", "object").say(aSubject, "expressed", "died"), false), "f25"},
		"ACA 61(3), objected, then not found":         {of(for61().say(aSubject, "expressed", "object").say(aSubject, "expressed", "notFound"), false), "f25"},
		"ACA 61(3), objected, and agreed since":       {of(for61().say(aSubject, "expressed", "object").say(aSubject, "expressed", "agree"), false), "f29"},
		"ACA 61(3), one says they cannot decide":      {of(for61().proposed(aSubject, "expressed", "incapable"), false), "f18"},
		"ACA 62(3), born less than 18 years ago":      {of(for61().say(aSubject, "subjAge", "lt18"), false), "f20"},
		"ACA 62(3), nobody knows when":                {of(for61().say(aSubject, "subjAge", "unknown"), false), "f18"},
		"ACA 61(3), about somebody else":              {of(func() *known { k := for61(); k.item.About = "thirdParty"; return k }(), false), "f18"},
		"ACA 60(2)(b), another's address":             {of(func() *known { k := post().say(anApp, "req", "s60_2b"); k.item.Kind = "address"; return k }(), false), "f15a"},
		"DAIR 13, a representative without authority": {of(func() *known { k := for61(); k.head.Represented = true; return k }(), false), "f02"},
		"ACA 62(3), two children":                     {of(for61().say(aSubject, "anyChild", "both"), false), "f20"},
		"ACA 62(6)(a), an adopted child":              {of(for61().say(aSubject, "anyChild", "adoptedChild").say(aSubject, "childViews", "yes").say(aSubject, "childWelfare", "against"), false), "f19"},
		"ACA 62(6)(b), another child":                 {of(for61().say(aSubject, "anyChild", "otherChild").say(aSubject, "childViews", "yes"), false), "f21"},
		"DAIR 15(1)(b), no notice":                    {of(for61().say(aSubject, "expressed", "object"), false), "f25"},
		"DAIR 15(3), on the fortieth day":             {of(object(march, time.Date(2026, 4, 29, 22, 0, 0, 0, time.UTC)), false), "f25"},
		"DAIR 15(3), on the next":                     {of(object(march, time.Date(2026, 4, 30, 8, 0, 0, 0, time.UTC)), false), "f26"},
	}
	for name, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", name, tt.got, tt.want)
		}
	}
}

// What two people signed for is these words, and what was said when they signed:
// none of it comes back with the same values.
func TestBehind(t *testing.T) {
	digest := func(f law.Facts, err error, k *known) [32]byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		d, err := f.Digest(k.behind()...)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	words := func(change func(k *known)) [32]byte {
		k := offered("AP>REL").say(anItem, "thirdConsent", "yes")
		k.item.About = "thirdParty"
		change(k)
		f, err := k.identifyingFacts()
		return digest(f, err, k)
	}
	signed := words(func(*known) {})
	if words(func(k *known) { k.item.Version++ }) == signed {
		t.Error("ISR 7(4): a signature for the older words opens the new ones")
	}
	if words(func(k *known) { k.say(anItem, "thirdConsent", "no").say(anItem, "thirdConsent", "yes") }) == signed {
		t.Error("OQ10: a consent that was taken back and given anew is the old one")
	}
	answers := func(since ...string) [32]byte {
		k := elsewhere("REL>AP").say(anApp, "vetoAnswer", "unknown")
		for _, v := range since {
			k.say(anApp, "vetoAnswer", v)
		}
		f, err := k.proceedFacts()
		return digest(f, err, k)
	}
	if answers() == answers("absolute", "unknown") {
		t.Error("8.0 rule 6: a signature comes back after a veto was answered and is unknown again")
	}
}

func TestBirthRecordFacts(t *testing.T) {
	of := func(k *known) string { return k.rowOf(t, law.BirthRecord(), k.birthRecordFacts) }
	tests := map[string]struct {
		got, want string
	}{
		"only the adopted person":        {of(ready("REL>AP")), "i04"},
		"18 or over":                     {of(ready("AP>REL").say(anApp, "appAge", "unknown")), "i03"},
		"ACA 60, after commencement":     {of(ready("AP>REL").say(anAdopted, "order", "post")), "i06"},
		"NMS 16.2, not met":              {of(ready("AP>REL").say(anApp, "met", "no")), "i08"},
		"ex p Smith, nobody has thought": {of(ready("AP>REL")), "i07"},
		"Sch 2 para 4, the interview":    {of(ready("AP>REL").say(anApp, "publicPolicy", "none")), "i10"},
	}
	for name, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", name, tt.got, tt.want)
		}
	}
}

// A signature counts for its row, these facts, this item, two names and until
// its day; after any of them has changed it counts for nothing.
func TestSigned(t *testing.T) {
	second := "wkbbbbbbbbbbbbbbb"
	sign := func(k *known, row string, facts law.Facts, item *string) *known {
		digest, err := facts.Digest(k.behind()...)
		if err != nil {
			t.Fatal(err)
		}
		k.signatures = []gateSignature{{ID: "sgaaaaaaaaaaaaaaa", ItemID: item, RowID: row, Digest: digest[:], FirstID: "wkaaaaaaaaaaaaaaa", SecondID: &second,
			ExpiresOn: day(15), Leaf: leafOf(200), Second: leafOf(201)}}
		return k
	}
	wished := func() *known {
		k := ready("REL>AP").say(aSubject, "acrNoContact", "yes")
		f, err := k.proceedAnswers()
		if err != nil {
			t.Fatal(err)
		}
		return sign(k, "a30", f, nil)
	}
	it := anItem
	tests := map[string]struct {
		change func(k *known)
		want   string
	}{
		"as signed":            {func(*known) {}, "a32"},
		"one name":             {func(k *known) { k.signatures[0].SecondID = nil }, "a30"},
		"expired":              {func(k *known) { k.now = day(16) }, "a30"},
		"another item's":       {func(k *known) { k.signatures[0].ItemID = &it }, "a30"},
		"another row's":        {func(k *known) { k.signatures[0].RowID = "a25" }, "a30"},
		"a row of table 8b":    {func(k *known) { k.signatures[0].RowID = "b04b" }, "a30"},
		"the wish was renewed": {func(k *known) { k.say(aSubject, "acrNoContact", "yes") }, "a30"},
		"a veto behind it":     {func(k *known) { k.record("absolute", true).record("absolute", false) }, "a30"},
		"a consent behind it":  {func(k *known) { k.answer("yes", "name") }, "a30"},
		"another fact":         {func(k *known) { k.say(anApp, "aaa", "answered").enquired(day(10)).say(anApp, "vetoAnswer", "none") }, "a30"},
		"nobody stated it":     {func(k *known) { k.doubt(k.signatures[0].Leaf) }, "a30"},
		"the same said again":  {func(k *known) { k.say(anApp, "met", "inPerson") }, "a32"},
	}
	for name, tt := range tests {
		k := wished()
		tt.change(k)
		if got := k.proceeds(t); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	k := ready("REL>AP").say(anAdopted, "juris", "W").record("qualified", true).proposed(anApp, "qualified", "met").agreed(anApp, "qualified", "met")
	f, err := k.proceedAnswers()
	if err != nil {
		t.Fatal(err)
	}
	if got := sign(k, "a14", f, nil).proceeds(t); got != "a14" {
		t.Errorf("signed without the flag OQ9: %s", got)
	}
}
