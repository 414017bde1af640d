package law

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Instrument is a source that rows cite.
type Instrument struct {
	Short string
	Name  string
	// Nation is "E" or "W" for what is law in one country only, "" for both.
	Nation string
}

// Instruments lists every source that rows may cite.
func Instruments() []Instrument {
	return []Instrument{
		{"ACA", "Adoption and Children Act 2002", ""},
		{"ISR", "Adoption Information and Intermediary Services (Pre-Commencement Adoptions) Regulations 2005, SI 2005/890, as amended", "E"},
		{"ISR(W)", "Adoption Information and Intermediary Services (Pre-Commencement Adoptions) (Wales) Regulations 2005, SI 2005/2701 (W.198)", "W"},
		{"DAIR", "Disclosure of Adoption Information (Post-Commencement Adoptions) Regulations 2005, SI 2005/888", "E"},
		{"AIR(W)", "Access to Information (Post-Commencement Adoptions) (Wales) Regulations 2005, SI 2005/2689 (W.189)", "W"},
		{"ACCR", "Adopted Children and Adoption Contact Registers Regulations 2005, SI 2005/924", ""},
		{"AAR83", "Adoption Agencies Regulations 1983, SI 1983/1964", ""},
		{"NMS", "Adoption: national minimum standards, 2011, revised 2014", "E"},
		{"SI 2005/1514", "Adoption Support Agencies (Wales) Regulations 2005, SI 2005/1514, as made", "W"},
		{"CSA 2000", "Care Standards Act 2000", ""},
		{"RISCA 2016", "Regulation and Inspection of Social Care (Wales) Act 2016", "W"},
		{"FPR", "Family Procedure Rules 2010, SI 2010/2955", ""},
		{"UK GDPR", "UK General Data Protection Regulation", ""},
		{"DPA", "Data Protection Act 2018", ""},
		{"Working Together", "Working Together to Safeguard Children, statutory guidance", "E"},
		{"R v Registrar General ex p Smith", "[1991] 1 FLR 255", ""},
		{"design", "a consequence that this program draws, no text of law", ""},
		{"practice", "what named agencies do, no text of law", ""},
		{"default", "what no row permits is not permitted", ""},
		{"OQ", "open questions, below", ""},
		{"R", "rows of the table of laws, above", ""},
	}
}

// Provision is one place of an instrument, as "ISR" "5A(2)(b)". Place is empty
// where the whole is cited.
type Provision struct{ Instrument, Place string }

// Citations takes a row's citation apart. A part that names no instrument of the
// list comes back with an empty Instrument; a test holds that there is none.
func (r Row) Citations() []Provision {
	var list []Provision
	for part := range strings.SplitSeq(r.Citation, ";") {
		part = strings.TrimSpace(part)
		name := instrumentOf(part)
		rest := strings.TrimSpace(strings.TrimPrefix(part, name))
		for _, open := range []string{"OQ", "R"} { // "R5, R6"
			if name == open {
				rest = strings.ReplaceAll(rest, open, "")
			}
		}
		list = append(list, provisions(name, rest)...)
	}
	return list
}

// instrumentOf finds the longest name of an instrument with which a part begins.
func instrumentOf(part string) string {
	best := ""
	for _, in := range Instruments() {
		rest, ok := strings.CutPrefix(part, in.Short)
		if !ok || len(in.Short) < len(best) {
			continue
		}
		if in.Short == "R" || in.Short == "OQ" {
			if rest == "" || !unicode.IsDigit(rune(rest[0])) {
				continue
			}
		} else if rest != "" && rest[0] != ' ' && rest[0] != ',' {
			continue
		}
		best = in.Short
	}
	return best
}

// provisions splits "5A(2)(b), (3), 12-15" into its places.
func provisions(instrument, rest string) []Provision {
	for _, remark := range []string{" by analogy", " read strictly"} {
		rest = strings.TrimSuffix(rest, remark)
	}
	if rest == "" {
		return []Provision{{Instrument: instrument}}
	}
	var list []Provision
	last := ""
	for place := range strings.SplitSeq(rest, ",") {
		place = strings.TrimSpace(place)
		if strings.HasPrefix(place, "(") { // "15(1)(b), (3)"
			head, _, _ := strings.Cut(last, "(")
			place = head + place
		} else if head, _, ok := strings.Cut(last, " para "); ok && !strings.Contains(place, " ") { // "Sch 2 paras 2, 4"
			place = head + " para " + place
		}
		place = strings.Replace(place, " paras ", " para ", 1)
		last = place
		from, to, ok := strings.Cut(place, "-")
		first, err1 := strconv.Atoi(from)
		end, err2 := strconv.Atoi(to)
		if !ok || err1 != nil || err2 != nil {
			list = append(list, Provision{instrument, place})
			continue
		}
		for n := first; n <= end; n++ {
			list = append(list, Provision{instrument, strconv.Itoa(n)})
		}
	}
	return list
}

// comparePlaces orders "5(1)", "5A", "7", "12" as a lawyer would.
func comparePlaces(a, b string) int {
	number := func(s string) (int, string) {
		end := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsDigit(r) })
		if end < 0 {
			end = len(s)
		}
		n, _ := strconv.Atoi(s[:end]) // no number: 0, and in front
		return n, s[end:]
	}
	n, rest := number(a)
	m, more := number(b)
	return cmp.Or(cmp.Compare(n, m), strings.Compare(rest, more))
}

// IndexEntry is one line of an index: what it is about, and the rows.
type IndexEntry struct {
	Of   string
	Rows []RowID
}

// IndexByInstrument gives the places of one instrument with the rows that cite
// them, in the order of the instrument.
func IndexByInstrument(short string) []IndexEntry {
	found := map[string][]RowID{}
	for _, t := range Tables() {
		for _, r := range t.rows {
			for _, p := range r.Citations() {
				if p.Instrument == short && !slices.Contains(found[p.Place], r.ID) {
					found[p.Place] = append(found[p.Place], r.ID)
				}
			}
		}
	}
	var list []IndexEntry
	for place, rows := range found {
		list = append(list, IndexEntry{place, rows})
	}
	slices.SortFunc(list, func(a, b IndexEntry) int { return comparePlaces(a.Of, b.Of) })
	return list
}

// Nation says where a row can hold, from what its condition says of juris: "E"
// or "W" where it holds in that country only, "" otherwise. The country of a row
// is the country that the facts say, so that the stricter law counts across the
// border.
func (t *Table) Nation(row RowID) string {
	in := t.input("juris")
	if in < 0 {
		return ""
	}
	for i := range t.rows {
		if t.rows[i].ID != row {
			continue
		}
		switch t.possible(&t.rules[i], in) {
		case "E":
			return "E"
		case "W":
			return "W"
		}
	}
	return ""
}

// possible lists the values of an input with which a row can hold.
func (t *Table) possible(rule *compiled, input int) string {
	at := t.slots[input]
	var mask uint64
	for _, term := range rule.terms {
		of := at.mask
		for _, a := range term {
			switch {
			case a.input != input:
			case a.not:
				of &^= a.mask
			default:
				of &= a.mask
			}
		}
		mask |= of
	}
	var list []string
	for i, v := range t.inputs[input].Values {
		if mask&(1<<(at.shift+i)) != 0 {
			list = append(list, v)
		}
	}
	return strings.Join(list, " ")
}

// IndexByNation gives the rows that hold in one country only, or cite an
// instrument of one country.
func IndexByNation(nation string) []IndexEntry {
	only := IndexEntry{Of: "can hold there only"}
	cites := IndexEntry{Of: "cite its own law or standards"}
	for _, t := range Tables() {
		for _, r := range t.rows {
			if t.Nation(r.ID) == nation {
				only.Rows = append(only.Rows, r.ID)
			}
			if slices.ContainsFunc(r.Citations(), func(p Provision) bool { return nationOf(p.Instrument) == nation }) {
				cites.Rows = append(cites.Rows, r.ID)
			}
		}
	}
	return []IndexEntry{only, cites}
}

func nationOf(instrument string) string {
	for _, in := range Instruments() {
		if in.Short == instrument {
			return in.Nation
		}
	}
	return ""
}

// topics groups the questions of all tables by what they are about.
func topics() []struct{ name, inputs string } {
	return []struct{ name, inputs string }{
		{"date and country", "order regime juris"},
		{"who asks, for whom, who acts", "agency pair who to applicant registrant recipient repAuthority authority capacity actor initiatedBy sender residence"},
		{"identity, meeting, link", "reg11 linkProven met idVerified metVerified personMet addresseeConfirmed addressConfirmed otherVerified powerVerified counsellorVerified researchAuthority link rel"},
		{"age", "appAge subjAge apAge age18 childAge18"},
		{"veto and protection", "veto vetoFresh vetoNow provisionalStop vetoOnFile kind circumstances op direction form addressee saidNo"},
		{"consent and views", "apConsent consent thirdConsent adultConsents views expressed childViews"},
		{"death, incapacity, not found", "subjectVital evidence deceased"},
		{"Adoption Contact Register", "acr acrNoContact p1 p2"},
		{"a child's welfare", "anyChild childWelfare regard"},
		{"what is asked, and about whom", "req purpose about item jigsaw reason event writtenReasons redirected"},
		{"enquiries", "aaa rgSent"},
		{"decisions, second persons, signatures", "approp proceed sixDecision decision decisionMaker twoPerson signoff signed caseRow gate"},
		{"information and counselling", "cnsl info counsellingTold interviewRequired interviewHeld"},
		{"courts, notices, public policy", "order60_3 order51A standstill panel publicPolicy"},
		{"agreements", "agreement agreementWritten directionAllowed threadActive"},
		{"reading a letter", "findings translation warned reviewersNeeded reviewers approver approverIsHelper"},
	}
}

// IndexByTopic gives the rows whose condition asks about each topic.
func IndexByTopic() []IndexEntry {
	var list []IndexEntry
	for _, topic := range topics() {
		e := IndexEntry{Of: topic.name}
		names := strings.Fields(topic.inputs)
		for _, t := range Tables() {
			for i := range t.rules {
				if slices.ContainsFunc(t.rules[i].terms, func(of term) bool {
					return slices.ContainsFunc(of, func(a atom) bool { return slices.Contains(names, t.inputs[a.input].Name) })
				}) {
					e.Rows = append(e.Rows, t.rows[i].ID)
				}
			}
		}
		list = append(list, e)
	}
	return list
}
