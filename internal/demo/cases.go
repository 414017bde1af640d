package demo

import "gatepost/intermediary"

// kase is one case of the intermediary service, as it is opened. Each tells one
// story of the law; tell takes it to where whoever tries the demo goes on.
type kase struct {
	key                         string
	what                        string // the story, in a line
	pair                        string
	applicant, adopted, subject intermediary.Particulars
	words                       []string // what is written about it: reasons, answers, letters
	tell                        func(*caseDesk, *taken) error
}

// taken is a case that has been opened.
type taken struct {
	kase
	app, adopted, subject string
}

// applicants are those who have an account for their case: who they are in it
// stands in file, which is the applicant's or the subject's.
func applicants() []cast {
	return []cast{
		{key: "maureen", name: "Maureen Tolley", relation: "adopted in 1952; something lies ready for her", address: "5 Lock Cottages\nWeldbridge", phone: "07700 900131", file: "applicant"},
		{key: "callan", name: "Callan Frith", relation: "adopted in 1990; looks for his mother", address: "Flat 2, 60 Foundry Road\nNorth Carrow", phone: "07700 900172", file: "applicant"},
		{key: "yvonne", name: "Yvonne Brack", relation: "was found; letters only", address: "8 Dock View\nSaltreach", phone: "07700 900173", file: "subject", of: "callan"},
		{key: "sheila", name: "Sheila Orme", relation: "birth mother; looks for her son", address: "30 Hope Terrace\nWeldbridge", phone: "01632 960155", file: "applicant"},
		{key: "imogen", name: "Imogen Sparrow", relation: "granddaughter; looks for a cousin", address: "The Old Dairy, Fen Road\nLower Fenshaw", phone: "07700 900190", file: "applicant"},
	}
}

// cases are the stories of the intermediary service, the oldest case first.
func cases() []kase {
	return []kase{
		{key: "maureen", what: "somebody adopted before 12 November 1975 had the talk that comes first, and something lies ready for her", pair: "AP>REL",
			applicant: intermediary.Particulars{Name: "Maureen Tolley", BirthName: "Jean Skerry", Born: "1952-05-19", Relation: "the adopted person",
				Address: "5 Lock Cottages\nWeldbridge", Phone: "07700 900131", Reach: "By phone, in the morning. Her husband knows."},
			adopted: intermediary.Particulars{OrderDate: "1952-11-04", Court: "Weldbridge County Court", CourtCountry: "E", Agency: "Fernleigh Adoption", AgencyCountry: "E"},
			subject: intermediary.Particulars{Name: "Raymond Skerry", Born: "1949-02-11", Relation: "birth brother", Known: "Went to sea as a boy; a sister remembers Saltreach."},
			words:   []string{maureenTalk, maureenFound, maureenYes, maureenItem, maureenGround}, tell: interviewed},
		{key: "callan", what: "a mother who was found wants letters and nothing else", pair: "AP>REL",
			applicant: intermediary.Particulars{Name: "Callan Frith", BirthName: "Daniel Brack", Born: "1989-08-30", Relation: "the adopted person",
				Address: "Flat 2, 60 Foundry Road\nNorth Carrow", Phone: "07700 900172", Email: "callan.frith@mail.example.org"},
			adopted: intermediary.Particulars{OrderDate: "1990-04-27", Court: "North Carrow Family Proceedings Court", CourtCountry: "E", Agency: "Fernleigh Adoption", AgencyCountry: "E"},
			subject: intermediary.Particulars{Name: "Yvonne Brack", Born: "1970-01-16", Relation: "birth mother", Address: "8 Dock View\nSaltreach", Phone: "07700 900173"},
			words:   []string{callanTalk, callanFound, yvonneLetters, yvonneBeside}, tell: lettersOnly},
		{key: "sheila", what: "a birth mother meets an absolute veto, and hears nothing of it", pair: "REL>AP",
			applicant: intermediary.Particulars{Name: "Sheila Orme", Born: "1949-12-02", Relation: "birth mother", Address: "30 Hope Terrace\nWeldbridge", Phone: "01632 960155"},
			adopted:   intermediary.Particulars{OrderDate: "1968-01-30", Court: "Weldbridge County Court", CourtCountry: "E", Agency: "Fernleigh Adoption", AgencyCountry: "E"},
			subject:   intermediary.Particulars{Name: "Peter Lanyard", BirthName: "Alan Orme", Born: "1967-07-08", Relation: "the adopted person"},
			words:     []string{sheilaTalk, vetoWishes, vetoWhy}, tell: vetoed},
		{key: "bernard", what: "a qualified veto lets one thing through: news of an illness", pair: "REL>AP",
			applicant: intermediary.Particulars{Name: "Bernard Coe", Born: "1945-10-21", Relation: "birth father", Address: "17 Saddler's Yard\nEast Hallow", Phone: "01632 960181",
				Known: "His heart disease runs in the family. His daughter should be tested."},
			adopted: intermediary.Particulars{OrderDate: "1971-12-06", Court: "East Hallow County Court", CourtCountry: "E", Agency: "the adoption society in Elm Row", AgencyCountry: "E"},
			subject: intermediary.Particulars{Name: "Linda Farrow", BirthName: "Susan Coe", Born: "1971-04-17", Relation: "the adopted person", Address: "2 Priory Walk\nUpper Marling"},
			words:   []string{bernardTalk, bernardAbout, bernardAsks, elmTerms, elmFile, bernardMet, bernardFound, bernardPost}, tell: medicalNews},
		{key: "imogen", what: "a granddaughter asks, and the adopted person has to agree first", pair: "PR>REL",
			applicant: intermediary.Particulars{Name: "Imogen Sparrow", Born: "1994-03-22", Relation: "granddaughter of the adopted person",
				Address: "The Old Dairy, Fen Road\nLower Fenshaw", Phone: "07700 900190"},
			adopted: intermediary.Particulars{Name: "Dorothy Sparrow", BirthName: "Dorothy Quill", Born: "1938-03-09", OrderDate: "1939-01-17", Court: "Lower Fenshaw Juvenile Court",
				CourtCountry: "E", Agency: "Fernleigh Adoption", AgencyCountry: "E"},
			subject: intermediary.Particulars{Name: "Stanley Quill", Born: "1955-09-13", Relation: "nephew of the adopted person by birth"},
			words:   []string{imogenTalk, imogenPapers}, tell: grandchild},
		{key: "jodie", what: "somebody adopted after 2005 has a right at the agency itself, and was sent what is hers", pair: "AP>REL",
			applicant: intermediary.Particulars{Name: "Jodie Marlow", BirthName: "Jodie Dunning", Born: "2005-03-11", Relation: "the adopted person", Address: "9 Kiln Street\nSaltreach", Phone: "07700 900164"},
			adopted:   intermediary.Particulars{OrderDate: "2006-02-20", Court: "Saltreach County Court", CourtCountry: "E", Agency: "Fernleigh Adoption", AgencyCountry: "E"},
			subject:   intermediary.Particulars{Name: "Keeley Dunning", Born: "1986-06-29", Relation: "birth mother"},
			words:     []string{jodieTalk, jodieItem, jodieGround, jodieEnd, jodieLetter}, tell: agencysDuty},
		{key: "gethin", what: "the same wish as Bernard's in Wales, where the rules that we have read know no exception", pair: "REL>AP",
			applicant: intermediary.Particulars{Name: "Gethin Prosser", Born: "1979-11-05", Relation: "birth brother", Address: "Y Bwthyn, Chapel Hill\nPontwelly", Phone: "07700 900146"},
			adopted:   intermediary.Particulars{OrderDate: "1984-06-12", Court: "Pontwelly County Court", CourtCountry: "W", Agency: "Fernleigh Adoption", AgencyCountry: "E"},
			subject:   intermediary.Particulars{Name: "Mair Bevington", BirthName: "Ann Prosser", Born: "1983-10-28", Relation: "the adopted person"},
			words:     []string{gethinTalk, walesWishes, walesWhat, vetoWhy, gethinMet}, tell: inWales},
	}
}

// What is written in these cases.
const (
	maureenTalk   = "She had the talk with our counsellor on a Tuesday morning, and wanted two days to think it over. She is sure."
	maureenFound  = "Seamen's register of 1965, then the electoral roll of Saltreach. One of that name and age."
	maureenYes    = "He wept, and said that he had looked for Jean in every port. She may have his name."
	maureenItem   = "Your brother is called Raymond Skerry. He went to sea when he was sixteen, and he has looked for you, too. He would like you to know his name."
	maureenGround = "ISR 7(1): he agreed in writing to his name and to what he is to her."

	maureenNamed = "My sister, if I have one. She would be called Skerry too."
	adaName      = "Ada Fennimore"
	adaAddress   = "2 Wharf Lane\nSaltreach"
	adasWords    = "Mother told me of Jeannie on her last day. I should like to know her."

	callanTalk    = "He wants to know whether she is well. He would like to write, and does not need to meet."
	callanFound   = "Marriage index, then the electoral roll. She lives in the next county."
	yvonneLetters = "Nobody at home knows of Daniel. A letter now and then, through you, and I will write back. Please no visit and no telephone."
	yvonneBeside  = "She rang from a telephone box, and asked for Bronwen only."

	sheilaTalk  = "She lost him when she was eighteen. She wants to know that he lives, no more."
	vetoWishes  = "I do not want to be looked for by anybody from before I was adopted. I had a good life, and I want it left as it is."
	vetoWhy     = "The signed form was found on the old file. He came to this office with it, and his passport was seen."
	bernardTalk = "He is ill, and wants his daughter to have her heart looked at. He asks for nothing for himself."

	bernardAbout = "Susan Coe, born 17 April 1971, adopted through you in December 1971"
	bernardAsks  = "Her father by birth asks. A heart disease runs in his family."
	elmTerms     = "No approach by anybody, but for news of an illness that she or her children could have."
	bernardMet   = "The letter of his cardiologist names the disease and says that children should be tested: just what her veto lets through."
	bernardFound = "The roll of Upper Marling. Elm Row confirmed the married name."
	bernardPost  = "In a plain envelope, with the leaflet of the heart clinic. Nothing of a search is in it."

	imogenTalk   = "She wants to give her grandmother news of a cousin, as long as there is time."
	imogenPapers = "Three birth certificates, from Dorothy to Imogen, all seen by me."

	jodieTalk   = "She wants to read what her parents were told in the summer in which she came to them."
	jodieItem   = "What your parents were told in 2005: you were born at noon, you weighed seven pounds, and you laughed before you cried. Your first mother was nineteen, and she sang to you."
	jodieGround = "ACA 60(2)(b): what the adopters were given at the time."
	jodieEnd    = "She has what the law gives her. She may ask for more under section 61 at any time."
	jodieLetter = "Dear Jodie\n\nYou have had what your parents were given when you came to them. Our work on this is done.\n\nIf you want to ask for anything else, or to talk about it, please ring us. We are glad to help.\n\nBronwen Sayer"

	gethinTalk  = "He grew up with a photograph of her. He is a careful man, and can wait."
	walesWishes = "My brother may write to me if our mother falls ill. Nobody else, and nothing else."
	walesWhat   = "our mother by birth falls ill"
	gethinMet   = "The hospital's letter is with us: their mother has had a stroke."

	elmFile     = "We hold her record; her veto is on its first page."
	caseFactors = "We looked at this together and found nothing against it."
	caseView    = "They want us to go on, and know that it may come to nothing."
)

// caseWords lists every private text of the cases: who the people are, and what
// is written about them.
func caseWords() (list []string) {
	for _, k := range cases() {
		for _, p := range []intermediary.Particulars{k.applicant, k.adopted, k.subject} {
			for _, text := range []string{p.Name, p.BirthName, p.Born, p.OrderDate, p.Court, p.Address, p.Phone, p.Email, p.Reach, p.Known} {
				list = append(list, lines(text)...)
			}
		}
		for _, text := range k.words {
			list = append(list, lines(text)...)
		}
	}
	for _, g := range grounds() {
		list = append(list, lines(g.why)...)
	}
	for _, text := range []string{caseFactors, caseView, maureenNamed, adaName, adaAddress, adasWords} {
		list = append(list, lines(text)...)
	}
	return list
}
