package law

import (
	"fmt"
	"strings"
)

// Document prints the law as this package has it, in Markdown: docs/law.md,
// which a test compares. It is made from the tables that decide.
func Document() string {
	var b strings.Builder
	b.WriteString(preface)
	b.WriteString("## Outcomes\n\n| outcome | means |\n|---|---|\n")
	for _, o := range Outcomes() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", o, o.Meaning())
	}
	b.WriteString("\n## Effects\n\nThey are carried out in the transaction that records the outcome, whatever the outcome is.\n\n| effect | means |\n|---|---|\n")
	for _, e := range Effects() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", e, e.Meaning())
	}
	b.WriteString("\n")
	for _, t := range Tables() {
		t.print(&b)
	}
	printIndexes(&b)
	b.WriteString("## Open questions\n\nWhere the text was not at hand, or does not say, the program takes the safe answer.\n\n| id | question | until it is answered | rows |\n|---|---|---|---|\n")
	for _, q := range OpenQuestions() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", q.ID, q.Question, q.Default, ids(q.Rows))
	}
	return b.String()
}

const preface = "# The law, as the program reads it\n\n" +
	"`gatepost law print` prints this page from the rules that decide; a test compares the two. It is no legal advice, and where the text of a law was not at hand it says so " +
	"([open questions](#open-questions)). `gatepost law decide TABLE` answers any facts that a lawyer puts to it, one JSON object a line.\n\n" +
	"## How to read a table\n\n" +
	"One evaluation is about one key: what stops one subject does not stop another. The facts are the inputs at the head, each with exactly the values listed. **The first row whose condition holds wins;** the order decides, not the number. " +
	"The last row withholds: what no row permits is not permitted.\n\n" +
	"- In a condition `and` binds tighter than `or`; `anything else` is always true. A result is an outcome with its effects.\n" +
	"- The value marked `*` is the one to give while the answer is not known or the question does not arise. It never permits more than a known answer. An input without `*` must be known first. A fact that is missing, or a value that is not listed, is an error, and nothing is permitted.\n" +
	"- *Derived* inputs are worked out from dates and records and never typed. A *set* takes any number of its values, none included.\n" +
	"- A row that forbids stands before every row that asks a manager. Only `REFER` rows named in `signed` can be signed: by two named people with that authority, neither of whom prepared the case, with reasons and a day of expiry, for that row, this key and unchanged facts. A signature skips its own row and nothing else. " +
	"a14 and a14a need the agency's flag OQ9, a15, a16, a18 and a19 its flag OQ1.\n" +
	"- Every evaluation is run again at the moment of each act, in the act's own transaction. An answer about vetoes counts only if it was given after the last act and is not too old.\n" +
	"- A person attains an age at the start of the birthday; born on 29 February, on 1 March in other years. An unknown day of birth counts as the last of its month. Dates are those of London.\n" +
	"- The applicant is told the same, whatever stands in the way: a veto, a refusal, a wish for no contact, a welfare decision, or work that goes on.\n" +
	"- *AP* is the adopted person, *REL* a relative, *PR* a person with a prescribed relationship, *AAA* the appropriate adoption agency, *RG* the Registrar General, *IA* an intermediary agency, *ASA* an adoption support agency.\n\n" +
	"## Which law applies\n\n| id | adoption order | country | law |\n|---|---|---|---|\n" +
	"| R1 | before 30 December 2005 | England | ISR |\n" +
	"| R2 | before 30 December 2005 | Wales | ISR(W) |\n" +
	"| R3 | on or after 30 December 2005 | England | ACA ss.56 to 65 and DAIR |\n" +
	"| R4 | after 30 December 2005 | Wales | ACA ss.56 to 65 and AIR(W) |\n" +
	"| R4a | 30 December 2005 itself | Wales | `boundaryW`: withheld, and a lawyer is asked (OQ9) |\n" +
	"| R5 | date or court not known | any | nothing until they are |\n" +
	"| R6 | made elsewhere, or no adoption order | other | none of these: a manager, and nothing goes on |\n\n" +
	"The country is Wales if the court, the appropriate adoption agency or the intermediary agency is Welsh, so that a veto is not weakened by asking across the border.\n\n"

// cell keeps a text from ending its cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func (t *Table) print(b *strings.Builder) {
	fmt.Fprintf(b, "## %s. %s\n\nOne evaluation: %s.\n\n| input | values | |\n|---|---|---|\n", t.id, t.title, t.key)
	for _, in := range t.inputs {
		var values []string
		for _, v := range in.Values {
			if v == in.Star {
				v = "*" + v
			}
			values = append(values, "`"+v+"`")
		}
		kind := ""
		if in.Set {
			kind = "*Set.* "
		}
		if in.Derived {
			kind += "*Derived.* "
		}
		list := strings.Join(values, " ")
		if in.Name == "caseRow" {
			list = "a row of 8a, `*a05`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s%s |\n", in.Name, list, kind, cell(in.Note))
	}
	b.WriteString("\n| row | when | result | meaning | law | what the worker reads |\n|---|---|---|---|---|---|\n")
	for _, r := range t.rows {
		fmt.Fprintf(b, "| %s | `%s` | %s | %s | %s | %s |\n", r.ID, r.When, result(r.Outcome, r.Effects), cell(r.Meaning), cell(r.Citation), cell(r.Reason))
	}
	if len(t.duties) > 0 {
		b.WriteString("\nWhatever row wins, these facts add their own effects:\n\n| when | effects |\n|---|---|\n")
		for _, d := range t.duties {
			fmt.Fprintf(b, "| `%s` | %s |\n", d.When, listed(d.Effects))
		}
	}
	b.WriteString("\n")
}

// result writes an outcome with its effects: "`HOLD` + `provisionalStop`".
func result(o Outcome, list []Effect) string {
	text := "`" + string(o) + "`"
	if len(list) > 0 {
		text += " + " + listed(list)
	}
	return text
}

func listed(list []Effect) string {
	var names []string
	for _, e := range list {
		names = append(names, "`"+string(e)+"`")
	}
	return strings.Join(names, ", ")
}

func ids(list []RowID) string {
	var names []string
	for _, id := range list {
		names = append(names, string(id))
	}
	return strings.Join(names, " ")
}

func printIndexes(b *strings.Builder) {
	b.WriteString("## Index by instrument\n\n")
	for _, in := range Instruments() {
		fmt.Fprintf(b, "### %s\n\n%s\n\n| place | rows |\n|---|---|\n", in.Short, in.Name)
		for _, e := range IndexByInstrument(in.Short) {
			place := e.Of
			if in.Short == "OQ" || in.Short == "R" {
				place = in.Short + place
			}
			fmt.Fprintf(b, "| %s | %s |\n", place, ids(e.Rows))
		}
		b.WriteString("\n")
	}
	b.WriteString("## Index by nation\n\nA row that cites the law of one country holds in the other too, unless it is named as holding there only: the program takes the safe reading of both.\n\n| nation | | rows |\n|---|---|---|\n")
	for _, n := range [][2]string{{"E", "England"}, {"W", "Wales"}} {
		for _, e := range IndexByNation(n[0]) {
			fmt.Fprintf(b, "| %s | %s | %s |\n", n[1], e.Of, ids(e.Rows))
		}
	}
	b.WriteString("\n## Index by topic\n\nThe rows whose condition asks about it.\n\n| topic | rows |\n|---|---|\n")
	for _, e := range IndexByTopic() {
		fmt.Fprintf(b, "| %s | %s |\n", e.Of, ids(e.Rows))
	}
	b.WriteString("\n")
}

// Meaning says what an outcome means, empty for one that is not in the list.
func (o Outcome) Meaning() string {
	switch o {
	case OutcomeReject:
		return "not an acceptable request under this law; the applicant is told neutrally"
	case OutcomeBlock:
		return "the law, or its safe reading, forbids it"
	case OutcomeStop:
		return "the agency decided that it is not appropriate"
	case OutcomeHold:
		return "a fact, a step or a signature is missing: wait"
	case OutcomeRefer:
		return "a manager and legal advice; not permitted until it is signed for that row, and some never"
	case OutcomeWithhold:
		return "the agency decided not to disclose; reasons are recorded"
	case OutcomeStore:
		return "kept on the child's record, not relayed"
	case OutcomeReturn:
		return "back to the writer with help; the original is kept"
	case OutcomeWish:
		return "recorded as an expressed wish, weighed in later decisions"
	case OutcomeForward:
		return "passed the same day to the body that must decide"
	case OutcomeNothing:
		return "nothing is given to anybody, not even that an entry exists"
	case OutcomeRoute:
		return "another body or another right answers this; nothing is given here"
	case OutcomeGoto:
		return "the table named in the effects decides, whatever it says; between 8c and 8f at most once"
	case OutcomeEnd:
		return "relays of the thread end; all is kept"
	case OutcomeProceed:
		return "permitted: tracing and approach"
	case OutcomeDisclose:
		return "permitted: this item to this person"
	case OutcomeRegister:
		return "permitted: a veto, its change or its end is registered"
	case OutcomeTransmit:
		return "permitted: the Registrar General's transmission"
	case OutcomeRelay:
		return "permitted: this letter to this recipient"
	case OutcomeAgreement:
		return "permitted: a new agreement between adults"
	case OutcomeInform:
		return "permitted: general information, nothing from a record"
	}
	return ""
}

// Meaning says what an effect asks for, empty for one that is not in the list.
func (e Effect) Meaning() string {
	switch e {
	case EffectProvisionalStop:
		return "no approach, disclosure or contact about that person, until what it stood for is registered or a named manager clears it with reasons"
	case EffectRecordWish:
		return "an expressed wish is recorded"
	case EffectFactor:
		return "a matter for the next decision under ISR 6 or s.61(5)"
	case EffectRecord:
		return "a disclosure record or a version of a register is written"
	case EffectNotifyOpenCases:
		return "every agency with an open enquiry is told, and 8a is asked again"
	case EffectQualifyingDetermination:
		return "notice under DAIR 15"
	case EffectOfferComplaint:
		return "the complaints procedure is offered"
	case EffectSealed:
		return "locked away from everybody but the safeguarding lead"
	case EffectSameDayReferral:
		return "to the safeguarding lead on the same day"
	case EffectToManager:
		return "a manager is told"
	case EffectToWorker:
		return "a worker is told"
	case EffectToReview:
		return "a second reviewer looks at it"
	case EffectCorrectData:
		return "the dates are checked and corrected"
	case EffectItemProtected:
		return "the item is protected information from now on"
	case EffectAgencyClock:
		return "the agency has a short configured time to end its own hold"
	case EffectWithinCircumstances:
		return "only within the circumstances that a qualified veto names"
	case EffectNoRelay:
		return "nothing is relayed"
	case EffectTo8a, EffectTo8b, EffectTo8c, EffectTo8f:
		return "table " + strings.TrimPrefix(string(e), "to") + " decides"
	case EffectToAAARecords:
		return "to the records officer of the appropriate adoption agency"
	case EffectToRG:
		return "to the Registrar General"
	case EffectToCourt:
		return "to the court that made the order"
	}
	return ""
}
