package law

// Eighteen is table 8h: what happens when an adopted child reaches 18, and what
// may be asked of the agency from then on. It serves the young adult, for whom
// nothing opens by itself and whose no counts at once, proven or not. Letters on a
// thread of another child are not touched.
func Eighteen() *Table { return eighteen() }

func eighteenTable() definition {
	return definition{ID: "8h", Title: "The adopted person reaches 18",
		Key:    "one adopted person, other party and event",
		Inputs: eighteenInputs(), Rows: eighteenRows()}
}

func eighteenInputs() []Input {
	return []Input{
		choice("event", "birthday | lettersAskedByAdult | lettersAskedByAdopter | lettersAskedByRelative | wishFromRelative | bothAskContinue | adultSaysNo | *other", "What has happened or is asked."),
		derivedChoice("order", "pre | post | boundaryW | *unknown", "Which law the adoption order falls under."),
		choice("threadActive", "yes | *no", "Letters are still being passed on."),
		choice("saidNo", "*yes | no",
			"The adult has said no, to this person or to all, and has not taken it back."),
		choice("vetoOnFile", "*yes | no",
			"A veto or a provisional stop of the adopted person is on file."),
		choice("met", "yes | *no", "The adopted adult was met."),
		choice("idVerified", "yes | *no", "The adopted adult's identity is confirmed."),
		choice("linkProven", "yes | *no", "The adult is shown to be this adopted person."),
		choice("otherVerified", "yes | *no", "The other party, birth relative or adopter, is identified."),
		choice("adultConsents", "yes | *no",
			"The adopted adult's recorded consent to this request of an adopter."),
	}
}

func eighteenRows() []Row {
	return []Row{
		{ID: "h01", When: "event = birthday and threadActive = yes",
			Outcome: "END", Effects: []Effect{"noRelay", "toWorker"},
			Meaning:  "Relays to and from the adopters end for this child; all is kept; neither birth relative nor adopted person is told automatically",
			Citation: "practice",
			Reason:   "The child is 18 today: letters to and from the adopters end; keep everything, and let no message go out by itself."},
		{ID: "h07", When: "event = adultSaysNo or (saidNo = yes and event in {wishFromRelative, bothAskContinue, lettersAskedByAdopter})",
			Outcome: "WISH", Effects: []Effect{"recordWish", "noRelay"},
			Meaning:  "A no is recorded at once, also before the adult is verified; no approach, no relay",
			Citation: "ACA 61(5) by analogy; OQ6",
			Reason:   "The adopted adult has said no; write it down at once, make no approach and pass nothing on."},
		{ID: "h02", When: "event in {lettersAskedByAdult, bothAskContinue} and (met = no or idVerified = no or linkProven = no)",
			Outcome: "HOLD", Effects: []Effect{"agencyClock"},
			Meaning:  "Adult not met, identified or shown to be this person",
			Citation: "NMS 16.2",
			Reason:   "We have not met the adopted adult, or are not certain who it is; arrange it soon, because the wait is ours to end."},
		{ID: "h04a", When: "event in {lettersAskedByAdult, lettersAskedByAdopter, lettersAskedByRelative, wishFromRelative, bothAskContinue} and order in {unknown, boundaryW}",
			Outcome: "HOLD", Effects: []Effect{"correctData"},
			Meaning:  "Which law?",
			Citation: "R5",
			Reason:   "The date of the adoption order does not settle which law counts; put the record right first."},
		{ID: "h03", When: "event = lettersAskedByAdult and order = pre",
			Outcome: "GOTO", Effects: []Effect{"to8c"},
			Meaning:  "The agency's discretion; identifying parts go on to 8b or the records officer",
			Citation: "AAR83 15",
			Reason:   "Table 8c decides about these letters; parts that identify somebody go on to table 8b or the records officer."},
		{ID: "h04", When: "event = lettersAskedByAdult",
			Outcome: "GOTO", Effects: []Effect{"to8f"},
			Meaning:  "Section 61 or 62 for protected parts, 58 for the rest; letters written for the adopted person (DAIR 4) first",
			Citation: "ACA 58-62",
			Reason:   "Table 8f decides about these letters; begin with those that were written for the adopted person."},
		{ID: "h05a", When: "event in {wishFromRelative, bothAskContinue} and (order = pre or vetoOnFile = yes)",
			Outcome: "GOTO", Effects: []Effect{"to8a"},
			Meaning:  "For a pre-commencement adoption this is an intermediary service and meets the veto",
			Citation: "ISR 4, 5A, 8",
			Reason:   "This asks for an intermediary service; table 8a decides, and a veto counts there."},
		{ID: "h05", When: "event = wishFromRelative",
			Outcome: "WISH", Effects: []Effect{"recordWish", "toWorker"},
			Meaning:  "A worker considers welfare; an approach is optional; if the wish is unwelcome nothing is disclosed",
			Citation: "practice",
			Reason:   "Write the relative's wish down; a worker thinks of the adopted adult's welfare before anybody makes an approach."},
		{ID: "h06a", When: "event = bothAskContinue and otherVerified = no",
			Outcome: "HOLD", Effects: []Effect{"toWorker"},
			Meaning:  "Both must be known",
			Citation: "NMS 16 outcome",
			Reason:   "We do not know for certain who the other person is; find out first."},
		{ID: "h06", When: "event = bothAskContinue",
			Outcome: "+AGREEMENT", Effects: []Effect{"record"},
			Meaning:  "A new agreement in adult names, then 8g; adopters lose access unless the adult consents",
			Citation: "practice",
			Reason:   "Both want to go on and both are known: make a new agreement in their own names; the adopters see the letters no more unless the adult agrees."},
		{ID: "h08", When: "event = lettersAskedByAdopter and (adultConsents = no or met = no or idVerified = no or linkProven = no or otherVerified = no)",
			Outcome: "HOLD", Effects: []Effect{"toWorker"},
			Meaning:  "An adult now: own consent, given in person",
			Citation: "practice",
			Reason:   "The child is an adult now; meet the adult, have the consent in the adult's own words, and check who the adopter is."},
		{ID: "h08a", When: "event in {lettersAskedByAdopter, lettersAskedByRelative} and order = post",
			Outcome: "GOTO", Effects: []Effect{"to8f"},
			Meaning:  "As any applicant",
			Citation: "ACA 58, 61",
			Reason:   "Table 8f decides, as for anybody who asks."},
		{ID: "h08b", When: "event in {lettersAskedByAdopter, lettersAskedByRelative}",
			Outcome: "HOLD", Effects: []Effect{"toAAARecords"},
			Meaning:  "Pre-commencement: the agency's discretion, a records officer decides",
			Citation: "AAR83 15",
			Reason:   "The records officer decides what can be given from so old a record."},
		{ID: "h09", When: "anything else",
			Outcome:  "HOLD",
			Meaning:  "Default: what nobody foresaw waits",
			Citation: "default",
			Reason:   "No rule answers this; nothing is done until a worker has looked at it."},
	}
}
