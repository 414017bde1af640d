package law

// Relay is table 8g: one letter of a letterbox exchange, and one recipient. It
// serves the child for whom the letters are kept, and asks before each letter is
// passed on. There is little statute; most rows are what agencies do. A finding of
// the reader (M01 to M16) starts its own duty whatever row wins. Scanning by a
// program may add a finding; it never removes one, clears a letter or stands as a
// reader.
func Relay() *Table { return relay() }

func relayTable() definition {
	return definition{ID: "8g", Title: "Passing a letter on",
		Key:    "one letter and one recipient, at the moment of relay",
		Inputs: relayInputs(), Rows: relayRows(), Duties: relayDuties()}
}

func relayInputs() []Input {
	return []Input{
		choice("order51A", "*prohibits | permits | none", "Any court order on contact in force between these people."),
		choice("agreement", "active | paused | ended | *none", "How the agreement of the exchange stands."),
		choice("sender", "namedParty | *other", "The writer is a party whom the agreement names."),
		choice("directionAllowed", "yes | *no", "The agreement lets letters go in this direction."),
		derivedChoice("childAge18", "yes | no | *unknown",
			"The child for whom the letter is kept is 18, worked out now from the date of birth and never read from a mark that a clock sets."),
		choice("recipient", "ready | *declined | addressUnconfirmed | deceased | over18child", "How the recipient stands."),
		choiceOfMany("findings", "M01 | M02 | M03 | M04 | M05 | M06 | M07 | M08 | M09a | M09b | M10 | M11 | M12 | M13 | M14 | M15 | M16 | *notChecked",
			"What the reader found: M01 surname; M02 address, telephone or account; M03 places; M04 new first name; M05 how a parent signs; M06 photographs; M07 gifts or money; M08 blame or distress; M09a the child is gravely ill; M09b news that the child needs (heredity, birth, death); M10 threat or attempt to find; M11 abuse or self-harm; M12 data of others; M13 another child's adoptive identity; M14 unreadable or another language; M15 hidden data; M16 a child's own letter that identifies. Empty: checked, and nothing found."),
		choice("translation", "done | *needed", "Translated or copied out; done also where none is needed."),
		choice("reviewersNeeded", "one | *two",
			"two after an earlier safeguarding finding, or with a new correspondent."),
		choice("reviewers", "*none | one | two", "How many have read it."),
		choice("approver", "named | *none", "A named person with an active account approves this version."),
		choice("approverIsHelper", "*yes | no", "The approver wrote it, took it down or helped to write it."),
		choice("warned", "yes | *no", "Only for M09b: a worker has warned the adopters."),
	}
}

func relayRows() []Row {
	return []Row{
		{ID: "g02", When: "findings has any of {M10, M11}",
			Outcome: "HOLD", Effects: []Effect{"sealed", "sameDayReferral", "noRelay"},
			Meaning:  "Safeguarding comes before everything, a prohibiting order included; the writer is not told why",
			Citation: "Working Together; ACA 1, 51A",
			Reason:   "The letter may mean that somebody is in danger; lock it, tell the safeguarding lead today, and do not tell the writer why."},
		{ID: "g01", When: "order51A = prohibits",
			Outcome: "BLOCK", Effects: []Effect{"toManager", "noRelay"},
			Meaning:  "A court order prohibits it",
			Citation: "ACA 51A",
			Reason:   "A court has forbidden this contact; pass nothing on, and tell a manager."},
		{ID: "g03", When: "sender = other or directionAllowed = no",
			Outcome: "HOLD", Effects: []Effect{"toWorker"},
			Meaning:  "Not a named party, or not this way; do not acknowledge that an arrangement exists",
			Citation: "design",
			Reason:   "The agreement expects no letter from this person this way; a worker looks, and nobody says that an arrangement exists."},
		{ID: "g06", When: "childAge18 != no or recipient = over18child",
			Outcome: "STORE", Effects: []Effect{"toWorker"},
			Meaning:  "The child is 18 or of unknown age: nothing is relayed, to the adopters neither; tables 8h and 8f or 8b apply",
			Citation: "practice",
			Reason:   "The child is grown up, or we do not know the age; keep the letter safe, and a worker looks at what comes next."},
		{ID: "g04a", When: "order51A = permits and agreement != active",
			Outcome: "REFER", Effects: []Effect{"toManager"},
			Meaning:  "Same day: an agreement cannot silently defeat an order; not signable",
			Citation: "ACA 51A; OQ15",
			Reason:   "A court allows this contact but the agreement is not active; a manager decides today what to do."},
		{ID: "g04", When: "agreement in {none, ended}",
			Outcome:  "STORE",
			Meaning:  "Kept for the child",
			Citation: "practice",
			Reason:   "No agreement is in force; keep the letter for the child."},
		{ID: "g05", When: "agreement = paused",
			Outcome:  "STORE",
			Meaning:  "Kept for the child",
			Citation: "practice",
			Reason:   "The exchange rests for now; keep the letter for the child."},
		{ID: "g07", When: "recipient = deceased",
			Outcome: "STORE", Effects: []Effect{"toWorker"},
			Meaning:  "Led by a worker",
			Citation: "practice",
			Reason:   "The person whom the letter is for has died; keep it, and a worker thinks about how to tell the writer."},
		{ID: "g08a", When: "findings has M13",
			Outcome: "HOLD", Effects: []Effect{"toManager"},
			Meaning:  "The writer knows another child's adoptive identity",
			Citation: "practice",
			Reason:   "The letter tells who or where another adopted child is now; a manager looks, because the writer knows it."},
		{ID: "g08", When: "findings has M09a",
			Outcome: "HOLD", Effects: []Effect{"toWorker"},
			Meaning:  "Planned telling",
			Citation: "practice",
			Reason:   "The letter says that the child is very ill or badly hurt; a worker plans first how to tell the birth family."},
		{ID: "g08b", When: "findings has notChecked",
			Outcome: "HOLD", Effects: []Effect{"toReview"},
			Meaning:  "Not checked is not the same as nothing found",
			Citation: "practice",
			Reason:   "Nobody has checked this letter; read it, and write down what was found or that nothing was."},
		{ID: "g09", When: "translation = needed or findings has M14",
			Outcome: "HOLD", Effects: []Effect{"toReview"},
			Meaning:  "Copied out or translated, then checked again",
			Citation: "practice",
			Reason:   "The letter must be copied out or translated first; then check it again."},
		{ID: "g10", When: "findings has any of {M01, M02, M03, M04, M05, M06, M07, M08, M12, M15, M16}",
			Outcome: "RETURN", Effects: []Effect{"toWorker"},
			Meaning:  "Explanation and help; the original is kept; a redacted relay only as a new version with the writer's recorded agreement",
			Citation: "practice",
			Reason:   "Something in the letter must change before it can go; send it back kindly, say what and why, and offer help."},
		{ID: "g11", When: "approver = none or approverIsHelper = yes or reviewers = none or (reviewersNeeded = two and reviewers = one)",
			Outcome: "HOLD", Effects: []Effect{"toReview"},
			Meaning:  "Readers, or a named approver who did not help to write it, are missing",
			Citation: "practice",
			Reason:   "The letter needs enough readers, and a named person to approve it who did not help to write it; find them."},
		{ID: "g12", When: "recipient = declined",
			Outcome:  "STORE",
			Meaning:  "Declined: stored",
			Citation: "practice",
			Reason:   "The person whom the letter is for does not want letters now; keep it for the child, and do not tell the writer why."},
		{ID: "g13", When: "recipient = addressUnconfirmed",
			Outcome: "STORE", Effects: []Effect{"toWorker"},
			Meaning:  "Until confirmed",
			Citation: "practice",
			Reason:   "The address of the person whom the letter is for is not confirmed; keep the letter until it is."},
		{ID: "g14a", When: "findings has M09b and warned = no",
			Outcome: "HOLD", Effects: []Effect{"toWorker"},
			Meaning:  "Wanted content, but the adopters are warned first",
			Citation: "practice",
			Reason:   "The letter brings news that the family needs but may find hard; a worker warns the adopters first."},
		{ID: "g14", When: "agreement = active and recipient = ready",
			Outcome: "+RELAY", Effects: []Effect{"record"},
			Meaning:  "Copy on the child's record; a notice with no content by e-mail or text message",
			Citation: "practice",
			Reason:   "Everything is in place; pass it on, keep a copy on the child's record, and put nothing of it in an e-mail or text message."},
		{ID: "g15", When: "anything else",
			Outcome: "HOLD", Effects: []Effect{"toManager"},
			Meaning:  "Guard, never reached",
			Citation: "default",
			Reason:   "No rule fits these facts; nothing is done, and a worker looks for the mistake in them."},
	}
}

// relayDuties: each finding starts its own duty, whatever row wins. A letter
// that will only be stored is read too.
func relayDuties() []duty {
	return []duty{
		{When: "findings has any of {M10, M11}", Effects: []Effect{"sealed", "sameDayReferral"}},
		{When: "findings has M13", Effects: []Effect{"toManager"}},
		{When: "findings has any of {M09a, M09b}", Effects: []Effect{"toWorker"}},
		{When: "findings has notChecked", Effects: []Effect{"toReview"}},
	}
}
