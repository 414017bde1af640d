package law

// BirthRecord is table 8i: general information for anybody, and the birth record
// of an adopted adult through the Registrar General (Adoption and Children Act 2002
// Schedule 2). It serves the adopted adult, and never stands before table 8a: the
// intermediary service and the birth record can be asked for side by side. The
// Registrar General gives the information; the agency informs, counsels, holds the
// interview and hands over only what the Registrar General has sent for this
// person. The agency's own record is table 8c, row c08. A fee is no input of any
// table.
func BirthRecord() *Table { return birthRecord() }

func birthRecordTable() definition {
	return definition{ID: "8i", Title: "Birth record, its counselling, and information before anything",
		Key:    "one request",
		Inputs: birthRecordInputs(), Rows: birthRecordRows()}
}

func birthRecordInputs() []Input {
	return []Input{
		choice("req", "information | birthRecord | *other",
			"information is what NMS 16.1 and 15.3 promise everybody: the service, the register, wishes, vetoes, benefits and disadvantages, fees."),
		derivedChoice("regime", "pre | post | boundaryW | *unknown", "Which law the adoption order falls under."),
		choice("applicant", "adoptedAdult | adoptedChild | *other", "Who asks."),
		choice("metVerified", "yes | *no", "The applicant was met and the identity confirmed."),
		choice("linkProven", "yes | *no", "The applicant is shown to be this adopted person."),
		choice("publicPolicy", "none | *risk | refusedByRG",
			"A known real risk of serious crime, or the Registrar General has refused."),
		derivedChoice("interviewRequired", "*yes | no",
			"An interview must come first: InterviewRequired of the date of the order."),
		choice("interviewHeld", "yes | *no", "The applicant has attended an interview with a counsellor."),
		choice("residence", "*uk | abroad", "Where the applicant lives."),
		choice("counsellingTold", "yes | *no", "The applicant was told that there is counselling, and where."),
		choice("rgSent", "yes | *no",
			"The Registrar General has sent this body the information for this applicant."),
	}
}

func birthRecordRows() []Row {
	return []Row{
		{ID: "i01", When: "req = information",
			Outcome: "+INFORM", Effects: []Effect{"record"},
			Meaning:  "To anybody, on paper or screen, versioned, with proof of issue; nothing from any record",
			Citation: "NMS 15.3, 16.1",
			Reason:   "Anybody may have this: give the information, and write down which version and when; nothing comes from a record."},
		{ID: "i02", When: "req = other",
			Outcome: "HOLD", Effects: []Effect{"toWorker"},
			Meaning:  "Ask what is wanted",
			Citation: "default",
			Reason:   "We do not know yet what is wanted; a worker asks."},
		{ID: "i03", When: "applicant = adoptedChild",
			Outcome: "REJECT", Effects: []Effect{"toWorker"},
			Meaning:  "18 or over",
			Citation: "ACA Sch 2 para 1",
			Reason:   "Somebody must be 18 to ask for this; a worker explains kindly what is possible until then."},
		{ID: "i04", When: "applicant = other",
			Outcome:  "REJECT",
			Meaning:  "Only the adopted person",
			Citation: "ACA Sch 2 para 1",
			Reason:   "Only the adopted person can ask for this; say so kindly."},
		{ID: "i05", When: "publicPolicy = refusedByRG",
			Outcome:  "BLOCK",
			Meaning:  "The Registrar General has refused",
			Citation: "R v Registrar General ex p Smith [1991] 1 FLR 255",
			Reason:   "The Registrar General has refused, so nothing is given; answer in the usual words."},
		{ID: "i06", When: "regime = post",
			Outcome: "GOTO", Effects: []Effect{"to8f"},
			Meaning:  "Section 60(2)(a) through the appropriate adoption agency",
			Citation: "ACA 60, 79(5)",
			Reason:   "The adoption order was made on or after 30 December 2005; table 8f answers, and there may be a right."},
		{ID: "i06a", When: "regime in {unknown, boundaryW}",
			Outcome: "HOLD", Effects: []Effect{"toRG"},
			Meaning:  "Establish the date",
			Citation: "R5",
			Reason:   "The date of the adoption order does not settle which law counts; ask the Registrar General."},
		{ID: "i08", When: "metVerified = no or linkProven = no",
			Outcome:  "HOLD",
			Meaning:  "Not met, or not shown to be this adopted person",
			Citation: "NMS 16.2",
			Reason:   "We have not met the applicant, or it is not shown that this is the adopted person; do that first."},
		{ID: "i07", When: "publicPolicy = risk",
			Outcome: "REFER", Effects: []Effect{"toManager", "toRG"},
			Meaning:  "The refusal is the Registrar General's; not signable",
			Citation: "R v Registrar General ex p Smith [1991] 1 FLR 255",
			Reason:   "Somebody may be in danger; a manager takes it to the Registrar General, and nothing is given until there is an answer."},
		{ID: "i09", When: "interviewRequired = yes and interviewHeld = no and residence = abroad",
			Outcome: "ROUTE", Effects: []Effect{"toRG"},
			Meaning:  "To a suitable body abroad that has said it will counsel",
			Citation: "ACA Sch 2 para 4",
			Reason:   "An interview must come first and the applicant lives abroad; the Registrar General can send the information to a body there that will hold it."},
		{ID: "i10", When: "interviewRequired = yes and interviewHeld = no",
			Outcome: "HOLD", Effects: []Effect{"agencyClock"},
			Meaning:  "The interview first: no birth record information before it, from whatever record",
			Citation: "ACA Sch 2 para 4; OQ3",
			Reason:   "An interview with a counsellor must come first; offer a day soon, because the wait is ours to end."},
		{ID: "i11", When: "counsellingTold = no",
			Outcome: "HOLD", Effects: []Effect{"agencyClock"},
			Meaning:  "Offered, not compulsory where no interview is required",
			Citation: "ACA Sch 2 para 2",
			Reason:   "Tell the applicant that there is counselling, and where; nobody has to take it."},
		{ID: "i12", When: "rgSent = no",
			Outcome: "ROUTE", Effects: []Effect{"toRG"},
			Meaning:  "Application to the Registrar General, who charges nothing",
			Citation: "ACA Sch 2 para 1",
			Reason:   "The Registrar General has not sent anything for this applicant yet; help to apply there, which costs nothing."},
		{ID: "i13", When: "rgSent = yes",
			Outcome: "+DISCLOSE", Effects: []Effect{"record"},
			Meaning:  "To the applicant in person",
			Citation: "ACA Sch 2 paras 2, 4",
			Reason:   "Everything is in place; give what the Registrar General sent to the applicant, and to nobody else."},
		{ID: "i14", When: "anything else",
			Outcome: "HOLD", Effects: []Effect{"toManager"},
			Meaning:  "Guard, never reached",
			Citation: "default",
			Reason:   "No rule fits these facts; nothing is done, and a worker looks for the mistake in them."},
	}
}
