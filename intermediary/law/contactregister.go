package law

// ContactRegister is table 8e: two entries of the Adoption Contact Register, one
// of Part 1 (the adopted person) and one of Part 2 (a relative). It serves two
// people who both wish to be found. Only the Registrar General transmits, only
// from the relative to the adopted person, once for each pair of versions; the
// table is asked again on every new or changed entry. An agency asks it to see
// whether its own list would match.
func ContactRegister() *Table { return contactRegister() }

func contactRegisterTable() definition {
	return definition{ID: "8e", Title: "Adoption Contact Register: what is sent on a match",
		Key:    "one Part 1 entry and one Part 2 entry; several relatives one by one, never grouped",
		Inputs: contactRegisterInputs(), Rows: contactRegisterRows()}
}

func contactRegisterInputs() []Input {
	return []Input{
		choice("actor", "RG | *agency",
			"Who asks: the Registrar General, or an agency for its own list."),
		choice("p1", "contactAll | contactNamedThis | contactAllExceptOther | contactNamedOther | noContactOther | contactAllExceptThis | noContactAll | noContactThis | withdrawn | under18 | *absent",
			"The adopted person's wish as it stands towards this relative: a default and its exceptions, read for this one."),
		choice("p2", "contact | noContact | withdrawn | under18 | *absent", "The relative's wish."),
		choice("link", "yes | *no", "Both entries are proven to be about the same adopted person."),
		choice("rel", "yes | *no",
			"The relative is one in law (section 81), which a declaration alone does not show."),
		choice("addressConfirmed", "yes | *no", "The relative's address is confirmed and current."),
		choice("deceased", "none | p1 | p2 | *unknown", "Whether one of the two has died."),
	}
}

func contactRegisterRows() []Row {
	return []Row{
		{ID: "e03", When: "p1 in {noContactAll, noContactThis, contactAllExceptThis}",
			Outcome: "NOTHING", Effects: []Effect{"factor"},
			Meaning:  "A wish for no contact covers this relative: nothing to either, and a factor later, also without a Part 2 entry",
			Citation: "ISR 6",
			Reason:   "The adopted person has asked for no contact with this relative, so nothing goes to either of them; weigh the wish in every later decision."},
		{ID: "e04", When: "p2 = noContact",
			Outcome: "NOTHING", Effects: []Effect{"factor"},
			Meaning:  "The relative wishes no contact: nothing to the adopted person, and a factor later, also without a Part 1 entry",
			Citation: "ISR 6",
			Reason:   "The relative has asked for no contact, so nothing goes to the adopted person; weigh the wish in every later decision."},
		{ID: "e01a", When: "deceased != none",
			Outcome: "NOTHING", Effects: []Effect{"toWorker"},
			Meaning:  "A wish for contact ends with death; news of a death is led by a worker",
			Citation: "ACA 80; design",
			Reason:   "One of the two has died, or nobody knows whether both are alive, so nothing is sent; a worker finds out and thinks about how to tell it."},
		{ID: "e01", When: "p1 in {absent, withdrawn, under18} or p2 in {absent, withdrawn, under18}",
			Outcome:  "NOTHING",
			Meaning:  "There are not two entries that count",
			Citation: "ACA 80(3), (5)",
			Reason:   "One of the two entries is missing, was taken back, or was made by somebody under 18, so there is no match."},
		{ID: "e02", When: "link = no or rel = no",
			Outcome:  "NOTHING",
			Meaning:  "Same adopted person, or relationship, not proven",
			Citation: "ACA 80(5)(b)",
			Reason:   "It is not proven that both entries are about the same adopted person, or that this is a relative; nothing is sent until it is."},
		{ID: "e05", When: "p1 in {contactNamedOther, noContactOther}",
			Outcome:  "NOTHING",
			Meaning:  "No wish for contact with this relative",
			Citation: "ACCR 6, 8",
			Reason:   "The adopted person has not asked for contact with this relative, so nothing is sent."},
		{ID: "e06a", When: "addressConfirmed = no",
			Outcome: "HOLD", Effects: []Effect{"toWorker"},
			Meaning:  "Relative's address not confirmed",
			Citation: "design",
			Reason:   "The relative's address is not confirmed; a worker confirms it, then ask again."},
		{ID: "e06b", When: "actor = agency",
			Outcome: "HOLD", Effects: []Effect{"toWorker"},
			Meaning:  "The power is the Registrar General's; an agency's own list needs both people's consent and table 8b or 8f",
			Citation: "ACA 80-81",
			Reason:   "Only the Registrar General may send details from the register; an agency needs both people's consent and asks table 8b or 8f."},
		{ID: "e06", When: "p1 in {contactAll, contactNamedThis, contactAllExceptOther} and p2 = contact",
			Outcome: "+TRANSMIT", Effects: []Effect{"record"},
			Meaning:  "The relative's name and address to the adopted person only; the relative may at most be told that details were passed on",
			Citation: "ACCR 8; ACA 80(6)(a)",
			Reason:   "Both wish for contact with each other: send the relative's name and address to the adopted person, and nothing about the adopted person to the relative."},
		{ID: "e08", When: "anything else",
			Outcome:  "NOTHING",
			Meaning:  "Guard, never reached",
			Citation: "default",
			Reason:   "No rule fits these facts; nothing is done, and a worker looks for the mistake in them."},
	}
}
