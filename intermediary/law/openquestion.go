package law

// OpenQuestion is a point on which the text of the law was not at hand, or does
// not say. The tables take the default until somebody answers it.
type OpenQuestion struct {
	ID       string // "OQ1"
	Question string
	Default  string  // what the program does meanwhile
	Rows     []RowID // those that cite it; none where a table is not concerned
}

// OpenQuestions lists them, in order. Ids do not change.
func OpenQuestions() []OpenQuestion {
	return []OpenQuestion{
		{"OQ1", "ISR 5A(4) to (6): when is the adopted person's consent not needed (death, incapacity, not to be found), and does a veto or refusal made in life outlast it? Only the first words of 5A(4) were seen.",
			"Referred. Signable only under the flag OQ1, which an agency sets after two named people have read regulation 5A. A consent given before death or incapacity counts as died or incapable; a refusal in life stays a bar under any flag.",
			[]RowID{"a15", "a16", "a18", "a19"}},
		{"OQ2", "No appropriate adoption agency can be named (a private adoption, lost records), so nobody can say whether there is a veto.",
			"Wait for the Registrar General and the court, in Wales for the local authority too; then referred, and signable by two people.", []RowID{"a25"}},
		{"OQ3", "Adopted on 12 November 1975 itself: the statute says before, a leaflet of the General Register Office on or before. And is the day that of the order?",
			"The interview is required for orders of that day; the Welsh priority is strictly before it. The day is that of the order.", []RowID{"i10"}},
		{"OQ4", "A qualified veto that is unclear, or silent about this applicant.",
			"Not met: forbidden until the adopted person has been asked. An amendment of unclear direction stops everything.", []RowID{"a13", "d08c"}},
		{"OQ5", "Can a descendant of the adopted person enter Part 2 of the Adoption Contact Register?",
			"No; only by way of an intermediary agency.", nil},
		{"OQ6", "There is no veto for post-commencement adoptions, though agencies speak of one.",
			"Recorded as an expressed wish and weighed strongly; a manager signs before anything is disclosed against it.", []RowID{"d01", "f26a", "h07"}},
		{"OQ7", "Does a live video call count as meeting somebody (NMS 16.2)?",
			"In person, unless a manager records reasons; sending documents alone never does. For section 60 a live video call is enough, and the wait is on the agency's clock.", []RowID{"f02a"}},
		{"OQ8", "How long are case files of intermediary agencies kept?",
			"100 years from the order or the last entry, whichever is later.", nil},
		{"OQ9", "ISR(W) as amended by SI 2015/1802 (a qualified veto's exception, priority, the adopted person's consent), and the Welsh regulations of 2026: text not seen.",
			"Every Welsh veto counts as absolute, the prescribed pairs are referred, so are an order of exactly 30 December 2005 and a relative's veto. The flag OQ9 opens a14 and a14a only. The Welsh rule counts as soon as court, agency or intermediary agency is Welsh.",
			[]RowID{"a01a", "a14", "a14a", "d02a", "f00a"}},
		{"OQ10", "Identifying information about somebody who is not the subject: ISR 7 speaks of the subject only.",
			"Nothing without that person's own written consent and the signatures of two.", []RowID{"b04a", "b04b", "b08a", "b08b", "b12a", "b13a"}},
		{"OQ11", "Who may register or withdraw for somebody who cannot decide, and does a refusal made in life bind after death?",
			"An attorney or deputy may strengthen protection, by signature, and never weaken it. A refusal, withdrawal or limit made in life decides; a consent in life followed by death goes by ISR 7(2) with evidence and a decision.",
			[]RowID{"b09", "b10a", "d04", "d04a", "d08b"}},
		{"OQ12", "What is prescribed information under s.60(2)(b), and how does it overlap with protected information about others?",
			"A person checks each document; the right stands, and only what is no prescribed information is taken out.", []RowID{"f06"}},
		{"OQ13", "The time limit and standstill of DAIR 15, and whether the rules of 2009 changed them.",
			"40 working days; the end of the clock releases nothing by itself.", nil},
		{"OQ14", "From when does the Data (Use and Access) Act 2025 ask for a complaints procedure?", "There is one.", nil},
		{"OQ15", "How does an order under s.51A that is made after the adoption meet an agreement that exists already?",
			"The order wins: a prohibition blocks, a permission against a paused or ended agreement goes to a manager the same day; safeguarding comes before both.", []RowID{"g04a"}},
		{"OQ16", "Whose is a copy of a letter that another body keeps for the agency?",
			"The agency is controller; whoever keeps it is its processor, and everything can be exported.", nil},
		{"OQ17", "How long are adopters' records kept?", "100 years; never deleted by a clock.", nil},
		{"OQ18", "What does the Adoption Contact Register cost today?", "A setting; nothing is shown until it is set.", nil},
		{"OQ19", "When is somebody born on 29 February 18, in a year without that day?", "On 1 March.", nil},
		{"OQ20", "ss.61 and 62: is somebody a child at the application, or at the disclosure?",
			"Whoever is a child at either gets the steps of s.62; whoever has turned 18 since is asked themselves.", nil},
		{"OQ21", "When is a notice under DAIR 15 taken to be served, and do bank holidays count?",
			"Bank holidays do not count; the days for service are a setting.", nil},
		{"OQ22", "An adopted adult and a birth relative of a pre-commencement adoption both ask to go on by letterbox: is that an intermediary service?",
			"Yes: table 8a comes first.", nil},
	}
}
