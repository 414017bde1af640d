package intermediary_test

// Changes that other cases build on.
const (
	// The relative has died, after they were asked and did not answer; two people decided.
	handDied = `delete from consent; select hand.fact('@sb', 'subjectVital', 'died'), hand.fact('@sb', 'asked', 'searched'), hand.fact('@sb', 'evidence', 'yes'), hand.fact('@sb', 'sixDecision', 'yes');`
	// The item is about somebody else, who agreed in writing; two have signed.
	handThird = `update item set about = 'thirdParty' where id = '@it'; select hand.fact('@it', 'thirdConsent', 'yes'), hand.signature('b04b', '@it', '@mg', current_date);`
	// The adopted person applies.
	handOwn = `update application set pair = 'AP>REL' where id = '@ap'; select hand.fact('@ap', 'linkProven', 'yes');`
	// The law was asked before, in another transaction.
	handAsked = `insert into evaluation values ('ag1', '@ev2', '@ap', '@sb', '@it', '8b', 'b13', '+DISCLOSE', '{}', sha256('f'), now(), 'disclose', '@w1', '3', hand.said('asked before'));`
	// Another application about the same adopted person.
	handOther = `update application set adopted_id = '@ad' where id = '@ap2';`
	// A grandmother looks for her daughter's daughter, whose mother was adopted and has died.
	handMotherDied = `update application set pair = 'REL>PR' where id = '@ap'; select hand.fact('@ap', 'apConsent', 'died');`
	// A qualified veto whose circumstances are met.
	handQualified = `select hand.veto('qualified', true); select hand.fact('@ap', 'qualified', 'met');`
	// An answer of the other agency that nobody of this one has read.
	handUnheard = `insert into enquiry (agency_id, id, application_id, whom, to_agency, state, asked_by, due_on, answered_on, leaf)
			values ('ag1', '@en', '@ap', 'AAA', 'ag2', 'answered', '@w1', current_date, current_date, sha256('e'));
		insert into enquiry_in (agency_id, id, from_agency, state, due_on, sealed, statement) values ('ag2', '@en', 'ag1', 'answered', current_date, 'x', 'x');
		insert into enquiry_word (agency_id, id, version, kind, sealed, statement, worker_id, leaf) values ('ag2', '@en', 1, 'answer', 'x', 'x', '@elm', sha256('w'));`
	// An adoption of today's law, and an application under section 61.
	handPost = `select hand.fact('@ad', 'order', 'post'), hand.fact('@ap', 'req', 's61_62'), hand.fact('@ap', 'writtenReasons', 'yes'), hand.fact('@sb', 'views', 'yes'),
		hand.fact('@sb', 'expressed', 'agree'), hand.fact('@sb', 'anyChild', 'none'), hand.fact('@it', 'decision', 'disclose');`
	// An objection of an adult in England: notice given, and the time is over.
	handObject = handPost + `select hand.fact('@sb', 'expressed', 'object'), hand.fact('@it', 'panel', 'notRequested'), hand.fact('@it', 'standstill', 'running');
		update fact set at = now() - interval '57 days' where name = 'standstill';`
	// An objection in Wales: two have signed.
	handObjectWales = handPost + `select hand.fact('@sb', 'expressed', 'object'), hand.fact('@ad', 'juris', 'W'), hand.signature('f27', '@it', '@mg', current_date);`
	// The adopted adult's right under section 60.
	handRight = handOwn + `select hand.fact('@ad', 'order', 'post'), hand.fact('@ap', 'req', 's60_2a'), hand.fact('@ap', 'orderSixty', 'none'), hand.fact('@sb', 'approp', 'undecided');`
	// Somebody with a prescribed relationship applies, and the adopted person agrees.
	handPrescribed = `update application set pair = 'PR>REL' where id = '@ap'; select hand.fact('@ap', 'apConsent', 'given');`
)

func background() map[string]string {
	return map[string]string{"item": "'@it3'", "asked for": "'@it3'", "tbl": "'8c'", "row": "'c07'", "row again": "'c07'"}
}

func post() map[string]string {
	return map[string]string{"tbl": "'8f'", "row": "'f29'", "row again": "'f29'"}
}

// unnamed is an item that tells nobody's name, by the table of the Act of 2002.
func unnamed() map[string]string {
	return with(background(), "tbl", "'8f'")
}

func with(m map[string]string, name, value string) map[string]string {
	m[name] = value
	return m
}

// handCases are what may be given and, each a step away from it, what may not.
func handCases() []handCase {
	swap := func(pairs ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	list := []handCase{
		{name: "consented to, met and checked", want: ""},

		// NMS 16.2, ISR 11
		{name: "not met", change: `select hand.fact('@ap', 'met', 'no')`, want: "gate_met"},
		{name: "nobody has said whether met", change: `delete from fact where name = 'met'`, want: "gate_met"},
		{name: "met by video", change: `select hand.fact('@ap', 'met', 'liveVideo')`, want: ""},
		{name: "met by video, which no manager accepted", change: `delete from fact where name = 'met'; select hand.fact('@ap', 'met', 'liveVideo', 1)`, want: "gate_met"},
		{name: "not verified", change: `select hand.fact('@ap', 'idVerified', 'no')`, want: "gate_met"},
		{name: "verified by one alone", change: `delete from fact where name = 'idVerified'; select hand.fact('@ap', 'idVerified', 'yes', 1)`, want: "gate_met"},
		{name: "a representative with authority", change: `insert into party values ('ag1', '@ap', '@ap', '@pe', 'representative', sha256('p')); select hand.fact('@ap', 'repAuthority', 'yes')`, want: ""},
		{name: "a representative without authority", change: `insert into party values ('ag1', '@ap', '@ap', '@pe', 'representative', sha256('p'))`, want: "gate_met"},
		{name: "a representative in another application", change: `insert into party values ('ag1', '@ap2', '@ap2', '@pe', 'representative', sha256('p'))`, want: ""},
		{name: "the adopted person applies", change: handOwn, want: ""},
		{name: "not shown to be the adopted person", change: handOwn + `select hand.fact('@ap', 'linkProven', 'no')`, want: "gate_met"},

		// ISR 7(1)
		{name: "no consent", change: `delete from consent`, want: "gate_consent"},
		{name: "consent to something else", change: `select hand.consent('yes', '{letters,medical}')`, want: "gate_consent"},
		{name: "letters only, and the name", change: `select hand.consent('lettersOnly', '{letters,name}')`, want: ""},
		{name: "only through us, and the name", change: `select hand.consent('onlyThroughUs', '{name}')`, want: ""},
		{name: "not now", change: `select hand.consent('notNow', '{}')`, want: "gate_consent"},
		{name: "refused", change: `select hand.consent('no', '{}')`, want: "gate_consent"},
		{name: "withdrawn", change: `select hand.consent('withdrawn', '{}')`, want: "gate_consent"},
		{name: "no reply", change: `delete from consent; select hand.consent('noReply', '{}')`, want: "gate_consent"},
		{name: "agreed once, and no reply when asked again", change: `select hand.consent('noReply', '{}')`, want: "gate_consent"},
		{name: "another subject was asked in vain", change: `insert into consent values ('ag1', '@sb3', 9, 'noReply', '{}', '@w1', now(), hand.said('consent'))`, want: ""},
		{name: "another subject has refused", change: `insert into consent values ('ag1', '@sb3', 9, 'no', '{}', '@w1', now(), hand.said('consent'))`, want: ""},
		{name: "withdrawn, and given again", change: `select hand.consent('withdrawn', '{}'), hand.consent('yes', '{name}')`, want: ""},
		{name: "not traced", change: `select hand.fact('@sb', 'subjectVital', 'untraced')`, want: "gate_consent"},
		{name: "nobody has said whether they live", change: `delete from fact where name = 'subjectVital'`, want: "gate_consent"},

		// ISR 7(2)
		{name: "dead, with evidence and decided", change: handDied, want: ""},
		{name: "dead without evidence", change: handDied + `select hand.fact('@sb', 'evidence', 'no')`, want: "gate_consent"},
		{name: "dead, and did not answer", change: handDied + `select hand.consent('noReply', '{}')`, want: ""},
		{name: "dead, with evidence that one person saw", change: handDied + `delete from fact where name = 'evidence'; select hand.fact('@sb', 'evidence', 'yes', 1)`, want: "gate_consent"},
		{name: "dead, and not decided by two", change: handDied + `select hand.fact('@sb', 'sixDecision', 'no')`, want: "gate_consent"},
		{name: "dead, and nobody has looked for a refusal", change: handDied + `select hand.fact('@sb', 'asked', 'unknown')`, want: "gate_consent"},
		{name: "dead after a refusal", change: handDied + `select hand.consent('no', '{}')`, want: "gate_consent"},
		{name: "dead after a refusal and a letter that nobody answered", change: handDied + `select hand.consent('no', '{}'), hand.consent('noReply', '{}')`, want: "gate_consent"},
		{name: "dead after a yes to this", change: handDied + `select hand.consent('yes', '{name}'), hand.fact('@sb', 'asked', 'unknown')`, want: ""},
		{name: "dead after a yes to something else", change: handDied + `select hand.consent('yes', '{medical}')`, want: "gate_consent"},
		{name: "cannot decide, with evidence and decided", change: handDied + `select hand.fact('@sb', 'subjectVital', 'incapable')`, want: ""},
		{name: "cannot decide, as one person thinks", change: `delete from consent; select hand.fact('@sb', 'asked', 'searched'), hand.fact('@sb', 'evidence', 'yes'), hand.fact('@sb', 'sixDecision', 'yes'), hand.fact('@sb', 'subjectVital', 'incapable', 1)`, want: "gate_consent"},

		// ISR 5A, 8
		{name: "an absolute veto", change: `select hand.veto('absolute', true)`, want: "gate_blocked"},
		{name: "an absolute veto that was taken back", change: `select hand.veto('absolute', true), hand.veto('absolute', false)`, want: ""},
		{name: "a qualified veto that nobody looked at", change: `select hand.veto('qualified', true)`, want: "gate_blocked"},
		{name: "a qualified veto, not met", change: `select hand.veto('qualified', true), hand.fact('@ap', 'qualified', 'notMet')`, want: "gate_blocked"},
		{name: "a qualified veto, met", change: handQualified, want: ""},
		{name: "a qualified veto, met as one person thinks", change: `select hand.veto('qualified', true), hand.fact('@ap', 'qualified', 'met', 1)`, want: "gate_blocked"},
		{name: "a qualified veto, met in its older words", change: handQualified + `select hand.veto('qualified', true)`, want: "gate_blocked"},
		{name: "a qualified veto, met, and a newer one of another adopted person", change: handQualified + `insert into veto values ('ag1', '@ad2', 9, 'qualified', true, '@w1', now(), hand.said('veto'))`, want: ""},
		{name: "another adopted person's veto", change: `insert into veto values ('ag1', '@ad2', 9, 'absolute', true, '@w1', now(), hand.said('veto'))`, want: ""},
		{name: "the agency answers: absolute", change: `select hand.fact('@ap', 'vetoAnswer', 'absolute')`, want: "gate_blocked"},
		{name: "the agency answers: qualified", change: `select hand.fact('@ap', 'vetoAnswer', 'qualified')`, want: "gate_blocked"},
		{name: "the agency answers: qualified, and it is met", change: `select hand.fact('@ap', 'vetoAnswer', 'qualified'); select hand.fact('@ap', 'qualified', 'met')`, want: ""},
		{name: "the agency answers: qualified, and it is not met", change: `select hand.fact('@ap', 'vetoAnswer', 'qualified'); select hand.fact('@ap', 'qualified', 'notMet')`, want: "gate_blocked"},
		{name: "the agency has answered anew, and nobody has read it", change: handUnheard, want: "gate_blocked"},
		{name: "the agency has answered anew, and it was read", change: handUnheard + `update enquiry set heard = 1`, want: ""},
		{name: "the agency answers anew: qualified, met before", change: `select hand.fact('@ap', 'qualified', 'met'); select hand.fact('@ap', 'vetoAnswer', 'qualified')`, want: "gate_blocked"},
		{name: "the agency does not know", change: `select hand.fact('@ap', 'vetoAnswer', 'unknown')`, want: "gate_blocked"},
		{name: "the agency has not answered", change: `delete from fact where name = 'vetoAnswer'`, want: "gate_blocked"},
		{name: "we are the agency, and our record has no veto", change: `delete from fact where name = 'vetoAnswer'; select hand.fact('@ap', 'aaa', 'self')`, want: ""},
		{name: "an adopted person's own veto is no bar to her own search", change: handOwn + `select hand.veto('absolute', true)`, want: ""},
		{name: "a stop about the adopted person", change: `insert into stop values ('ag1', '@sp', '@ad', null, '@w1', now(), sha256('s'))`, want: "gate_blocked"},
		{name: "a stop about the subject", change: `insert into stop values ('ag1', '@sp', '@ad', '@sb', '@w1', now(), sha256('s'))`, want: "gate_blocked"},
		{name: "a stop about another subject", change: `insert into stop values ('ag1', '@sp', '@ad', '@sb3', '@w1', now(), sha256('s'))`, want: ""},
		{name: "a stop about another adopted person", change: `insert into stop values ('ag1', '@sp', '@ad2', null, '@w1', now(), sha256('s'))`, want: ""},
		{name: "a stop that was ended", change: `insert into stop values ('ag1', '@sp', '@ad', null, '@w1', now(), sha256('s'), '@mg', now(), sha256('e'))`, want: ""},
		{name: "a stop, while she searches herself", change: handOwn + `insert into stop values ('ag1', '@sp', '@ad', null, '@w1', now(), sha256('s'))`, want: "gate_blocked"},
		{name: "a prescribed relationship, and the adopted person agrees", change: handPrescribed, want: ""},
		{name: "a prescribed relationship, and nobody has asked", change: handPrescribed + `select hand.fact('@ap', 'apConsent', 'notSought')`, want: "gate_blocked"},
		{name: "a prescribed relationship, refused", change: handPrescribed + `select hand.fact('@ap', 'apConsent', 'refused')`, want: "gate_blocked"},
		{name: "from a relative to their child's child, and the adopted person has not agreed", change: `update application set pair = 'REL>PR' where id = '@ap'`, want: "gate_blocked"},

		// ISR 5, 6, 10
		{name: "the application was stopped", change: `update application set state = 'stopped', ended_on = current_date where id = '@ap'`, want: "gate_open"},
		{name: "the application is closed", change: `update application set state = 'closed', ended_on = current_date where id = '@ap'`, want: "gate_open"},
		{name: "the subject was stopped", change: `update subject set state = 'stopped' where id = '@sb'`, want: "gate_open"},
		{name: "the subject is done", change: `update subject set state = 'done' where id = '@sb'`, want: "gate_open"},
		{name: "nobody decided that it is right", change: `select hand.fact('@sb', 'approp', 'undecided')`, want: "gate_decided"},
		{name: "decided that it is not right", change: `select hand.fact('@sb', 'approp', 'no')`, want: "gate_decided"},
		{name: "an applicant under 18", change: `select hand.fact('@ap', 'appAge', 'lt18')`, want: "gate_age"},
		{name: "a subject under 18", change: `select hand.fact('@sb', 'subjAge', 'lt18')`, want: "gate_age"},
		{name: "an adopted person under 18", change: `select hand.fact('@ad', 'apAge', 'lt18')`, want: "gate_age"},
		{name: "an applicant of unknown age", change: `select hand.fact('@ap', 'appAge', 'unknown')`, want: "gate_age"},
		{name: "a subject of unknown age", change: `select hand.fact('@sb', 'subjAge', 'unknown')`, want: "gate_age"},
		{name: "an adopted person of unknown age", change: `select hand.fact('@ad', 'apAge', 'unknown')`, want: "gate_age"},
		{name: "somebody who may not ask", change: `update application set pair = 'other' where id = '@ap'`, want: "gate_age"},
		{name: "the applicant was not told of counselling", change: `select hand.fact('@ap', 'cnsl', 'no')`, want: "gate_counselling"},
		{name: "the subject was not told of counselling", change: `select hand.fact('@sb', 'cnsl', 'no')`, want: "gate_counselling"},
		{name: "the subject was not told of counselling, and has died", change: handDied + `select hand.fact('@sb', 'cnsl', 'no')`, want: ""},

		// ISR 5, 6, 7, 8: where the case stands
		{name: "nobody has settled who the applicant is", change: `delete from fact where name = 'reg11'`, want: "gate_met"},
		{name: "it failed to settle who the applicant is", change: `select hand.fact('@ap', 'reg11', 'failed')`, want: "gate_met"},
		{name: "one worker has settled who the applicant is", change: `delete from fact where name = 'reg11'; select hand.fact('@ap', 'reg11', 'passed', 1)`, want: "gate_met"},
		{name: "nobody asked the Contact Register", change: `select hand.fact('@sb', 'acr', 'notChecked')`, want: "gate_decided"},
		{name: "the Register says that they want no contact", change: `select hand.fact('@sb', 'acrNoContact', 'yes')`, want: "gate_decided"},
		{name: "they want no contact, and two have signed", change: `select hand.fact('@sb', 'acrNoContact', 'yes'), hand.signature('a30', null, '@mg', current_date)`, want: ""},
		{name: "they want no contact, and one has signed", change: `select hand.fact('@sb', 'acrNoContact', 'yes'), hand.signature('a30', null, null, current_date)`, want: "gate_decided"},
		{name: "they want no contact, and two had signed until yesterday", change: `select hand.fact('@sb', 'acrNoContact', 'yes'), hand.signature('a30', null, '@mg', current_date - 1)`, want: "gate_decided"},
		{name: "they want no contact, and two have signed for an item", change: `select hand.fact('@sb', 'acrNoContact', 'yes'), hand.signature('a30', '@it', '@mg', current_date)`, want: "gate_decided"},
		{name: "another subject wants no contact, and two have signed that", change: `select hand.fact('@sb', 'acrNoContact', 'yes'), hand.signature('a30', null, '@mg', current_date); update signature set subject_id = '@sb3'`, want: "gate_decided"},
		{name: "the adopted person told us that they want no contact", change: `insert into preference (agency_id, id, version, adopted_id, part, wish, verified, adult, related, living, form, worker_id, at, leaf) values (agency(), '@cp', 1, '@ad', 1, 'noContactAll', true, true, true, true, 'phone', '@w1', now(), hand.said('wish'))`, want: "gate_decided"},
		{name: "they told us so, and two have signed", change: `insert into preference (agency_id, id, version, adopted_id, part, wish, verified, adult, related, living, form, worker_id, at, leaf) values (agency(), '@cp', 1, '@ad', 1, 'noContactAll', true, true, true, true, 'phone', '@w1', now(), hand.said('wish')); select hand.signature('a30', null, '@mg', current_date)`, want: ""},
		{name: "they told us that they want contact", change: `insert into preference (agency_id, id, version, adopted_id, part, wish, verified, adult, related, living, form, worker_id, at, leaf) values (agency(), '@cp', 1, '@ad', 1, 'contactAll', true, true, true, true, 'phone', '@w1', now(), hand.said('wish'))`, want: ""},
		{name: "somebody told us that they want no contact, and nobody has looked whom it concerns", change: `insert into preference (agency_id, id, version, adopted_id, part, wish, verified, adult, related, living, form, worker_id, at, leaf) values (agency(), '@cp', 1, '@ad2', 2, 'noContact', true, true, true, true, 'phone', '@w1', now(), hand.said('wish'))`, want: "gate_decided"},
		{name: "the agency of the adoption has not answered", change: `select hand.fact('@ap', 'aaa', 'pending')`, want: "gate_blocked"},
		{name: "nobody knows which agency it was", change: `delete from fact where name = 'aaa'`, want: "gate_blocked"},
		{name: "nobody is left to ask", change: `select hand.fact('@ap', 'aaa', 'exhausted')`, want: ""},
		{name: "we are that agency", change: `select hand.fact('@ap', 'aaa', 'self'); delete from fact where name = 'vetoAnswer'`, want: ""},
		{name: "we are that agency, as one worker says", change: `delete from fact where name in ('aaa', 'vetoAnswer'); select hand.fact('@ap', 'aaa', 'self', 1)`, want: "gate_blocked"},
		{name: "an answer of three weeks ago", change: `update audit_body set at = now() - interval '17 days' where leaf in (select leaf from fact where name = 'vetoAnswer')`, want: "gate_fresh"},
		{name: "an answer of three weeks ago, to ourselves", change: `select hand.fact('@ap', 'aaa', 'self'); update audit_body set at = now() - interval '17 days' where leaf in (select leaf from fact where name = 'vetoAnswer')`, want: ""},
		{name: "an answer of last week", change: `update audit_body set at = now() - interval '15 days' where leaf in (select leaf from fact where name = 'vetoAnswer')`, want: ""},
		{name: "another fact of today, and an answer of three weeks ago", change: `update audit_body set at = now() - interval '17 days' where leaf in (select leaf from fact where name = 'vetoAnswer'); select hand.fact('@ap', 'cnsl', 'yes'), hand.fact('@ap2', 'vetoAnswer', 'none')`, want: "gate_fresh"},
		{name: "an answer from before the approach", change: `select hand.step('@sb', 'approach')`, want: "gate_fresh"},
		{name: "an answer from before the approach, and a new one", change: `select hand.step('@sb', 'approach'), hand.fact('@ap', 'vetoAnswer', 'none')`, want: ""},
		{name: "an answer from before a search", change: `select hand.step('@sb', 'trace')`, want: ""},
		{name: "an answer from before an approach in another case", change: `select hand.step('@sb2', 'approach')`, want: ""},
		{name: "the adopted person searches, and nobody was asked about a veto", change: handOwn + `delete from fact where name = 'vetoAnswer'; select hand.step('@sb', 'approach')`, want: ""},

		// ISR 5A, 8: a veto is the adopted person's
		{name: "an absolute veto, as another application heard", change: handOther + `select hand.fact('@ap2', 'vetoAnswer', 'absolute')`, want: "gate_blocked"},
		{name: "an absolute veto of somebody else", change: `select hand.fact('@ap2', 'vetoAnswer', 'absolute')`, want: ""},
		{name: "a qualified veto, as another application heard", change: handOther + `select hand.fact('@ap2', 'vetoAnswer', 'qualified')`, want: "gate_blocked"},
		{name: "a qualified veto, as another application heard, and this one is met", change: handOther + `select hand.fact('@ap2', 'vetoAnswer', 'qualified'), hand.fact('@ap', 'qualified', 'met')`, want: ""},
		{name: "an answer to another application that nobody has read", change: handOther + handUnheard + `update enquiry set application_id = '@ap2'`, want: "gate_blocked"},
		{name: "Wales, and a qualified veto that is met", change: handQualified + `select hand.fact('@ad', 'juris', 'W')`, want: "gate_blocked"},
		{name: "Wales, and a qualified veto elsewhere that is met", change: `select hand.fact('@ad', 'juris', 'W'), hand.fact('@ap', 'vetoAnswer', 'qualified'); select hand.fact('@ap', 'qualified', 'met')`, want: "gate_blocked"},
		{name: "Wales, a qualified veto, the law read and signed", change: handQualified + `select hand.fact('@ad', 'juris', 'W'); select hand.flag('OQ9'); select hand.signature('a14', null, '@mg', current_date)`, want: ""},
		{name: "Wales, a qualified veto elsewhere, the law read and signed", change: `select hand.fact('@ad', 'juris', 'W'), hand.fact('@ap', 'vetoAnswer', 'qualified'); select hand.fact('@ap', 'qualified', 'met'); select hand.flag('OQ9'); select hand.signature('a14', null, '@mg', current_date)`, want: ""},
		{name: "Wales, a qualified veto, the law not read", change: handQualified + `select hand.fact('@ad', 'juris', 'W'), hand.signature('a14', null, '@mg', current_date)`, want: "gate_blocked"},
		{name: "Wales, a qualified veto, other law read", change: handQualified + `select hand.fact('@ad', 'juris', 'W'); select hand.flag('OQ1'); select hand.signature('a14', null, '@mg', current_date)`, want: "gate_blocked"},
		{name: "Wales, a qualified veto, the law read by one", change: handQualified + `select hand.fact('@ad', 'juris', 'W'); select hand.flag('OQ9', null); select hand.signature('a14', null, '@mg', current_date)`, want: "gate_blocked"},
		{name: "Wales, a qualified veto, signed before the law was read", change: handQualified + `select hand.fact('@ad', 'juris', 'W'); select hand.signature('a14', null, '@mg', current_date); select hand.flag('OQ9')`, want: "gate_blocked"},
		{name: "Wales, a qualified veto, a flag that has ended", change: handQualified + `select hand.fact('@ad', 'juris', 'W'); select hand.flag('OQ9'); select hand.signature('a14', null, '@mg', current_date); update law_flag set ended_by = '@mg', ended_at = now(), end_leaf = sha256('e')`, want: "gate_blocked"},
		{name: "Wales, signed under a flag that ended, set again since", change: handQualified + `select hand.fact('@ad', 'juris', 'W'); select hand.flag('OQ9'); select hand.signature('a14', null, '@mg', current_date);
			update law_flag set id = '@sp', ended_by = '@mg', ended_at = now(), end_leaf = sha256('e'); select hand.flag('OQ9')`, want: "gate_blocked"},
		{name: "Wales, signed for another row", change: handQualified + `select hand.fact('@ad', 'juris', 'W'); select hand.flag('OQ9'); select hand.signature('a14a', null, '@mg', current_date)`, want: "gate_blocked"},
		{name: "Wales, a prescribed relationship", change: handPrescribed + `select hand.fact('@ad', 'juris', 'W')`, want: "gate_blocked"},
		{name: "Wales, a prescribed relationship, the law read and signed", change: handPrescribed + `select hand.fact('@ad', 'juris', 'W'); select hand.flag('OQ9'); select hand.signature('a14a', null, '@mg', current_date)`, want: ""},
		{name: "the adopted person has died before anybody asked", change: handMotherDied, want: "gate_blocked"},
		{name: "the adopted person has died, the law read and signed", change: handMotherDied + `select hand.flag('OQ1'); select hand.signature('a18', null, '@mg', current_date)`, want: ""},
		{name: "the adopted person has died, signed for the other pair", change: handMotherDied + `select hand.flag('OQ1'); select hand.signature('a19', null, '@mg', current_date)`, want: "gate_blocked"},
		{name: "the adopted person has died, the other pair, signed", change: handMotherDied + `update application set pair = 'PR>REL' where id = '@ap'; select hand.flag('OQ1'); select hand.signature('a19', null, '@mg', current_date)`, want: ""},
		{name: "the adopted person has died after a refusal", change: `select hand.fact('@ap', 'apConsent', 'refused');` + handMotherDied + `select hand.flag('OQ1'); select hand.signature('a18', null, '@mg', current_date)`, want: "gate_blocked"},
		{name: "the adopted person has died after taking back their yes", change: `select hand.fact('@ap', 'apConsent', 'given'), hand.fact('@ap', 'apConsent', 'withdrawn');` + handMotherDied + `select hand.flag('OQ1'); select hand.signature('a18', null, '@mg', current_date)`, want: "gate_blocked"},
		{name: "the adopted person has died after a refusal and a later yes", change: `select hand.fact('@ap', 'apConsent', 'refused'), hand.fact('@ap', 'apConsent', 'given');` + handMotherDied + `select hand.flag('OQ1'); select hand.signature('a18', null, '@mg', current_date)`, want: ""},
		{name: "the adopted person has died after a refusal, and one worker says that there was a yes", change: `select hand.fact('@ap', 'apConsent', 'refused'), hand.fact('@ap', 'apConsent', 'given', 1);` + handMotherDied + `select hand.flag('OQ1'); select hand.signature('a18', null, '@mg', current_date)`, want: "gate_blocked"},
		{name: "the adopted person said yes, and has died since", change: handPrescribed + `select hand.fact('@ad', 'apVital', 'died')`, want: "gate_blocked"},
		{name: "the adopted person said yes, and has died since, signed", change: handPrescribed + `select hand.fact('@ad', 'apVital', 'died'); select hand.flag('OQ1'); select hand.signature('a19', null, '@mg', current_date)`, want: ""},
		{name: "the adopted person has died after refusing another application", change: `select hand.fact('@ap2', 'apConsent', 'refused');` + handMotherDied + `select hand.flag('OQ1'); select hand.signature('a18', null, '@mg', current_date)`, want: ""},
		{name: "the adopted person has died after a refusal, and a yes to another application", change: `select hand.fact('@ap', 'apConsent', 'refused'), hand.fact('@ap2', 'apConsent', 'given');` + handMotherDied + `select hand.flag('OQ1'); select hand.signature('a18', null, '@mg', current_date)`, want: "gate_blocked"},
		{name: "the adopted person has died, signed, and other law read since", change: handMotherDied + `select hand.flag('OQ1'); select hand.signature('a18', null, '@mg', current_date); select hand.flag('OQ9')`, want: ""},
		{name: "a prescribed relationship, and a qualified veto that is met", change: handPrescribed + handQualified, want: "gate_blocked"},
		{name: "a prescribed relationship, and a qualified veto elsewhere that is met", change: handPrescribed + `select hand.fact('@ap', 'vetoAnswer', 'qualified'); select hand.fact('@ap', 'qualified', 'met')`, want: "gate_blocked"},
		{name: "a prescribed relationship, a qualified veto, the law read and signed", change: handPrescribed + handQualified + `select hand.flag('OQ1'); select hand.signature('a16', null, '@mg', current_date)`, want: ""},
		{name: "a prescribed relationship, a qualified veto after it was judged, the law read and signed", change: handPrescribed + `select hand.fact('@ap', 'qualified', 'met'); select hand.veto('qualified', true), hand.flag('OQ1'); select hand.signature('a16', null, '@mg', current_date)`, want: ""},
		{name: "a prescribed relationship in Wales, a qualified veto, all law read and signed", change: handPrescribed + handQualified + `select hand.fact('@ad', 'juris', 'W'); select hand.flag('OQ1'), hand.flag('OQ9'); select hand.signature('a16', null, '@mg', current_date); select hand.signature('a14a', null, '@mg', current_date)`, want: ""},
		{name: "the adopted person was not asked", change: handPrescribed + `select hand.fact('@ap', 'apConsent', 'notSought'); select hand.flag('OQ1'); select hand.signature('a19', null, '@mg', current_date)`, want: "gate_blocked"},
		{name: "the adopted person has died, and is sought as one who lives", change: `select hand.fact('@ad', 'apVital', 'died')`, want: "gate_consent"},
		{name: "the adopted person has died, and so has whom the mother looks for", change: handDied + `select hand.fact('@ad', 'apVital', 'died')`, want: ""},
		{name: "the adopted person has died, and looks for nobody", change: handOwn + `select hand.fact('@ad', 'apVital', 'died')`, want: ""},

		// Two people
		{name: "nobody has checked", change: `update item set checked_by = null, check_leaf = null`, want: "gate_two"},
		{name: "somebody else has checked", swap: swap("second", "'@w3'"), want: "gate_two"},
		{name: "checked by somebody who has left", change: `update item set checked_by = '@gone' where id = '@it'`, swap: swap("second", "'@gone'"), want: "gate_two"},
		{name: "who checked gives it", change: `update item set prepared_by = '@w2', checked_by = '@w1' where id = '@it'`, swap: swap("second", "'@w1'"), want: "disclosure_two"},
		{name: "who prepared it gives it", change: `update item set prepared_by = '@w1'`, want: ""},
		{name: "in somebody else's name", swap: swap("by", "'@w3'"), want: "casework_worker"},
		{name: "a letterbox worker", as: "@lw", swap: swap("by", "'@lw'", "asked by", "'@lw'"), want: "casework_worker"},
		{name: "a manager alone", as: "@mg", swap: swap("by", "'@mg'", "asked by", "'@mg'"), want: "casework_worker"},
		{name: "somebody who has left", as: "@gone", swap: swap("by", "'@gone'", "asked by", "'@gone'"), want: "casework_worker"},
		{name: "another agency's worker", as: "@elm", swap: swap("by", "'@elm'", "asked by", "'@elm'"), want: "casework_worker"},
		{name: "checked by somebody who works for the letterbox now", change: `update worker set roles = '{letterboxWorker}' where id = '@w2'`, want: "gate_two"},
		{name: "checked by a manager", change: `update item set checked_by = '@mg' where id = '@it'`, swap: swap("second", "'@mg'"), want: ""},

		// The law's answer
		{name: "the law was not asked", swap: swap("evaluation", "'@ev2'"), want: "gate_asked"},
		{name: "the law was asked in another transaction", change: handAsked,
			swap: swap("evaluation", "'@ev2'"), want: "gate_asked"},
		{name: "asked for another item", swap: swap("asked for", "'@it3'"), want: "gate_asked"},
		{name: "asked for no item", swap: swap("asked for", "null"), want: "gate_asked"},
		{name: "asked of another subject", swap: swap("asked of", "'@sb3'"), want: "gate_asked"},
		{name: "asked of another application", swap: swap("asked in", "'@ap2'"), want: "gate_asked"},
		{name: "asked in somebody else's name", swap: swap("asked by", "'@w2'"), want: "casework_worker"},
		{name: "asked by somebody else", change: handAsked + `update evaluation set worker_id = '@w2', tx = pg_current_xact_id() where id = '@ev2'`, swap: swap("evaluation", "'@ev2'"), want: "gate_asked"},
		{name: "the law said no", swap: swap("outcome", "'BLOCK'"), want: "gate_asked"},
		{name: "the law said that it may proceed", swap: swap("outcome", "'+PROCEED'"), want: "gate_asked"},
		{name: "another row", swap: swap("row", "'b14'"), want: "gate_asked"},
		{name: "asked for a look", swap: swap("act", "'asked'"), want: "gate_asked"},
		{name: "the table of background", swap: swap("tbl", "'8c'"), want: "gate_table"},
		{name: "the table of the Act of 2002", swap: swap("tbl", "'8f'"), want: "gate_table"},
		{name: "whether to proceed", swap: swap("tbl", "'8a'"), want: "gate_table"},
		{name: "an order of the other law", change: `select hand.fact('@ad', 'order', 'post')`, want: "gate_table"},
		{name: "an order of 30 December 2005 in Wales", change: `select hand.fact('@ad', 'order', 'boundaryW')`, want: "gate_table"},
		{name: "an order of unknown date", change: `select hand.fact('@ad', 'order', 'unknown')`, want: "gate_table"},
		{name: "nobody has said when the order was", change: `delete from fact where name = 'order'`, want: "gate_table"},
		{name: "Scotland", change: `select hand.fact('@ad', 'juris', 'other')`, want: "gate_table"},
		{name: "Wales", change: `select hand.fact('@ad', 'juris', 'W')`, want: ""},

		// The case
		{name: "another application", swap: swap("application", "'@ap2'"), want: "gate_case"},
		{name: "another adopted person", swap: swap("adopted", "'@ad2'"), want: "gate_subject"},
		{name: "another adopted person, who has a subject of that name", change: `update subject set adopted_id = '@ad2' where id = '@sb'`, swap: swap("adopted", "'@ad2'"), want: "gate_case"},
		{name: "another subject", swap: swap("subject", "'@sb3'"), want: "gate_case"},
		{name: "a subject of another application", change: `update subject set application_id = '@ap2' where id = '@sb'`, want: "gate_case"},
		{name: "an item of another application", change: `update item set application_id = '@ap2' where id = '@it'`, want: "gate_case"},
		{name: "an item that there is not", swap: swap("item", "'@it2'"), want: "gate_case"},
		{name: "another agency's item", change: `insert into item select 'ag2', '@it2', application_id, subject_id, kind, about, identifying, prepared_by, checked_by, check_leaf, version from item where id = '@it'`,
			swap: swap("item", "'@it2'", "asked for", "'@it2'"), want: "gate_case"},
		{name: "into another agency", swap: swap("agency", "'ag2'"), want: "gate_case"},
		{name: "twice", change: `select hand.given('@ap', '@it'), hand.fact('@it', 'jigsaw', 'safe')`, want: "disclosure_once"},
		{name: "a pack in the subject's file", swap: swap("file", "'@sb'"), want: "gate_pack"},
		{name: "a pack for the agency alone", swap: swap("file", "null"), want: "gate_pack"},
		{name: "a pack of another application", swap: swap("case", "'@ap2'"), want: "gate_pack"},
		{name: "a letter for a pack", swap: swap("kind", "'letter'"), want: "gate_pack"},
		{name: "no pack", swap: swap("pack", "'@dc2'"), want: "gate_pack"},
		{name: "a pack of another statement", swap: swap("leaf", "(select leaf from audit_body where idx = 1)"), want: "gate_pack"},
		{name: "a pack that is open already", swap: swap("opened", "now()"), want: "gate_pack"},

		// NMS 27.3
		{name: "no confidentiality agreement", change: `delete from casework where part = 'agreement'`, want: "gate_agreement"},
		{name: "a note that is no agreement", change: `update casework set part = 'note' where part = 'agreement'`, want: "gate_agreement"},
		{name: "an agreement of another kind", change: `update casework set kind = 'letter' where part = 'agreement'`, want: "gate_agreement"},
		{name: "an agreement of another application", change: `update casework set id = '@ap2' where part = 'agreement'`, want: "gate_agreement"},

		// ISR 7(4): what it gives away with the rest
		{name: "it tells of more than was agreed", change: `select hand.fact('@it', 'jigsaw', 'beyondScope')`, want: "gate_jigsaw"},
		{name: "it tells of somebody else", change: `select hand.fact('@it', 'jigsaw', 'identifiesOther')`, want: "gate_jigsaw"},
		{name: "nobody is sure what it tells", change: `select hand.fact('@it', 'jigsaw', 'unsure')`, want: "gate_jigsaw"},
		{name: "nobody has looked what it tells", change: `delete from fact where name = 'jigsaw'`, want: "gate_jigsaw"},
		{name: "one person has looked what it tells", change: `delete from fact where name = 'jigsaw'; select hand.fact('@it', 'jigsaw', 'safe', 1)`, want: "gate_jigsaw"},
		{name: "safe in its older words", change: `select hand.words('@it', 2); update item set version = 2 where id = '@it'`, want: "gate_jigsaw"},
		{name: "safe in its older words, and one person has looked since", change: `select hand.words('@it', 2); update item set version = 2 where id = '@it'; select hand.fact('@it', 'jigsaw', 'safe', 1)`, want: "gate_jigsaw"},
		{name: "safe in its older words, and another item was looked at since", change: `select hand.words('@it', 2); update item set version = 2 where id = '@it'; select hand.fact('@it3', 'jigsaw', 'safe')`, want: "gate_jigsaw"},
		{name: "another item got new words", change: `select hand.words('@it3', 2); update item set version = 2 where id = '@it3'`, want: ""},
		{name: "something else was written about the item", change: `insert into casework (agency_id, id, part, version, kind, application_id, from_node, to_node, sealed, commit, leaf)
			values ('ag1', '@it', 'refusal', 1, 'decision', '@ap', 'worker/@w1', 'case/@ap', 'x', sha256('x'), hand.said('refusal'))`, want: ""},
		{name: "safe before something else was given", change: `select hand.given('@ap', '@it3')`, want: "gate_jigsaw"},
		{name: "safe, looked at again since", change: `select hand.given('@ap', '@it3'); select hand.fact('@it', 'jigsaw', 'safe')`, want: ""},
		{name: "first looked at before something else was given, and agreed to since", change: `delete from fact where name = 'jigsaw'; select hand.fact('@it', 'jigsaw', 'safe', 1); select hand.given('@ap', '@it3');
			insert into fact values ('ag1', '@it', 'item', 'jigsaw', 2, 'safe', 1, '@w2', now(), hand.said('agreed'))`, want: "gate_jigsaw"},
		{name: "safe before something was given in another case of the same applicant", change: `insert into party values ('ag1', '@ap', '@ap', '@pe', 'applicant', sha256('p')), ('ag1', '@ap2', '@ap2', '@pe', 'applicant', sha256('p'));
			select hand.given('@ap2', '@it3')`, want: "gate_jigsaw"},
		{name: "something was given in a case in which the applicant is sought", change: `insert into party values ('ag1', '@ap', '@ap', '@pe', 'applicant', sha256('p')), ('ag1', '@sb2', '@ap2', '@pe', 'subject', sha256('p'));
			select hand.given('@ap2', '@it3')`, want: ""},
		{name: "somebody else was given something in their own case", change: `insert into party values ('ag1', '@ap', '@ap', '@pe', 'applicant', sha256('p')), ('ag1', '@ap2', '@ap2', '@pf', 'applicant', sha256('p'));
			select hand.given('@ap2', '@it3')`, want: ""},
		{name: "who reads the file as a subject was given something in their own case", change: `insert into party values ('ag1', '@ap', '@ap', '@pe', 'subject', sha256('p')), ('ag1', '@ap2', '@ap2', '@pe', 'applicant', sha256('p'));
			select hand.given('@ap2', '@it3')`, want: ""},

		// About somebody else
		{name: "about somebody else, who agreed, signed by two", change: handThird, want: ""},
		{name: "about somebody else, who has not agreed", change: handThird + `select hand.fact('@it', 'thirdConsent', 'no')`, want: "gate_consent"},
		{name: "about somebody else, who agreed as one person says", change: handThird + `delete from fact where name = 'thirdConsent'; select hand.fact('@it', 'thirdConsent', 'yes', 1)`, want: "gate_consent"},
		{name: "about somebody else, who agreed to older words", change: handThird + `select hand.words('@it', 2); update item set version = 2 where id = '@it'; select hand.fact('@it', 'jigsaw', 'safe')`, want: "gate_consent"},
		{name: "about somebody else, who agreed to older words, signed for the new", change: handThird + `select hand.words('@it', 2); update item set version = 2 where id = '@it'; select hand.fact('@it', 'jigsaw', 'safe'); delete from signature; select hand.signature('b04b', '@it', '@mg', current_date)`, want: "gate_consent"},
		{name: "about somebody else, signed for older words", change: handThird + `select hand.words('@it', 2); update item set version = 2 where id = '@it'; select hand.fact('@it', 'jigsaw', 'safe'), hand.fact('@it', 'thirdConsent', 'yes')`, want: "gate_consent"},
		{name: "about somebody else, not signed", change: handThird + `delete from signature`, want: "gate_consent"},
		{name: "about somebody else, signed by one", change: handThird + `update signature set second_id = null, second_leaf = null`, want: "gate_consent"},
		{name: "about somebody else, signed until yesterday", change: handThird + `update signature set expires_on = current_date - 1`, want: "gate_consent"},
		{name: "about somebody else, signed for another item", change: handThird + `update signature set item_id = '@it3'`, want: "gate_consent"},
		{name: "about somebody else, signed for another row", change: handThird + `update signature set row_id = 'b08b'`, want: "gate_consent"},
		{name: "about the adopted person, who agreed, signed by two", change: handThird + `update item set about = 'adoptedPersonNotSubject' where id = '@it'; update signature set row_id = 'b08b'`, want: ""},
		{name: "about the adopted person, signed for another row", change: handThird + `update item set about = 'adoptedPersonNotSubject' where id = '@it'`, want: "gate_consent"},

		// ISR 9: what tells nobody who anybody is
		{name: "background", swap: background(), want: ""},
		{name: "background, refused", change: `select hand.consent('no', '{}')`, swap: background(), want: ""},
		{name: "background after a veto has stopped the subject", change: `select hand.veto('absolute', true); update subject set state = 'stopped' where id = '@sb'`, swap: background(), want: ""},
		{name: "background in a veto, before anybody was asked", change: `delete from consent; select hand.veto('absolute', true)`, swap: background(), want: ""},
		{name: "background, and nobody was asked", change: `delete from consent`, swap: background(), want: "gate_consent"},
		{name: "background, and another subject was asked", change: `delete from consent; insert into consent values ('ag1', '@sb3', 1, 'no', '{}', '@w1', now(), hand.said('consent'))`, swap: background(), want: "gate_consent"},
		{name: "background, a subject of unknown age", change: `select hand.fact('@sb', 'subjAge', 'unknown')`, swap: background(), want: ""},
		{name: "background, nobody was told of counselling", change: `select hand.fact('@ap', 'cnsl', 'no')`, swap: background(), want: ""},
		{name: "background, the subject has died", change: handDied, swap: background(), want: ""},
		{name: "background, the subject is done", change: `update subject set state = 'done' where id = '@sb'`, swap: background(), want: "gate_open"},
		{name: "background, the application was stopped", change: `update application set state = 'stopped', ended_on = current_date where id = '@ap'`, swap: background(), want: "gate_open"},
		{name: "background, a stop", change: `insert into stop values ('ag1', '@sp', '@ad', '@sb', '@w1', now(), sha256('s'))`, swap: background(), want: "gate_blocked"},
		{name: "background, not met", change: `select hand.fact('@ap', 'met', 'no')`, swap: background(), want: "gate_met"},
		{name: "background, a representative without authority", change: `insert into party values ('ag1', '@ap', '@ap', '@pe', 'representative', sha256('p'))`, swap: background(), want: "gate_met"},
		{name: "background, and it failed to settle who the applicant is", change: `select hand.fact('@ap', 'reg11', 'failed')`, swap: background(), want: "gate_met"},
		{name: "background of today's law, and nobody has settled who the applicant is", change: `select hand.fact('@ad', 'order', 'post'), hand.fact('@ap', 'reg11', 'pending')`, swap: background(), want: ""},
		{name: "background, unsure what it tells", change: `select hand.fact('@it3', 'jigsaw', 'unsure')`, swap: background(), want: "gate_jigsaw"},
		{name: "background, not decided", change: `select hand.fact('@sb', 'approp', 'undecided')`, swap: background(), want: "gate_decided"},
		{name: "background, not checked", change: `update item set checked_by = null, check_leaf = null`, swap: background(), want: "gate_two"},
		{name: "background, a subject under 18", change: `select hand.fact('@sb', 'subjAge', 'lt18')`, swap: background(), want: "gate_age"},
		{name: "background, somebody who may not ask", change: `update application set pair = 'other' where id = '@ap'`, swap: background(), want: "gate_age"},
		{name: "background by the table of names", swap: with(background(), "tbl", "'8b'"), want: "gate_table"},
		{name: "background of the other law by table 8f", swap: with(background(), "tbl", "'8f'"), want: "gate_table"},
		{name: "background, today's law", change: `select hand.fact('@ad', 'order', 'post')`, swap: background(), want: ""},
		{name: "background, today's law, and nobody was asked", change: `delete from consent; select hand.fact('@ad', 'order', 'post')`, swap: background(), want: ""},
		{name: "background, an order of unknown date", change: `select hand.fact('@ad', 'order', 'unknown')`, swap: background(), want: "gate_table"},

		// ACA 2002 sections 60 to 62
		{name: "today's law, agreed and decided", change: handPost, swap: post(), want: ""},
		{name: "today's law, by the table of the old", change: handPost, want: "gate_table"},
		{name: "today's law, by the table of background", change: handPost, swap: with(post(), "tbl", "'8c'"), want: "gate_table"},
		{name: "today's law, not in writing", change: handPost + `select hand.fact('@ap', 'writtenReasons', 'no')`, swap: post(), want: "gate_post"},
		{name: "today's law, under no section", change: handPost + `delete from fact where name = 'req'`, swap: post(), want: "gate_post"},
		{name: "today's law, the court answers", change: handPost + `select hand.fact('@ap', 'req', 's60_4court')`, swap: post(), want: "gate_post"},
		{name: "today's law, not appropriate", change: handPost + `select hand.fact('@sb', 'approp', 'no')`, swap: post(), want: "gate_decided"},
		{name: "today's law, views not sought", change: handPost + `select hand.fact('@sb', 'views', 'no')`, swap: post(), want: "gate_post"},
		{name: "today's law, not asked", change: handPost + `select hand.fact('@sb', 'expressed', 'notAsked')`, swap: post(), want: "gate_post"},
		{name: "today's law, not known who is a child", change: handPost + `select hand.fact('@sb', 'anyChild', 'notKnown')`, swap: post(), want: "gate_post"},
		{name: "today's law, not known who is a child, and their views", change: handPost + `select hand.fact('@sb', 'anyChild', 'notKnown'), hand.fact('@sb', 'childViews', 'yes')`, swap: post(), want: "gate_post"},
		{name: "today's law, the adopted person is a child", change: handPost + `select hand.fact('@ad', 'apAge', 'lt18'), hand.fact('@sb', 'subjAge', 'lt18'), hand.fact('@sb', 'anyChild', 'adoptedChild'), hand.fact('@sb', 'childViews', 'yes'), hand.fact('@sb', 'childWelfare', 'supports')`, swap: post(), want: ""},
		{name: "today's law, a child whose views nobody sought", change: handPost + `select hand.fact('@sb', 'anyChild', 'otherChild'), hand.fact('@sb', 'regard', 'yes')`, swap: post(), want: "gate_post"},
		{name: "today's law, another child, with regard", change: handPost + `select hand.fact('@sb', 'anyChild', 'otherChild'), hand.fact('@sb', 'childViews', 'yes'), hand.fact('@sb', 'regard', 'yes')`, swap: post(), want: ""},
		{name: "today's law, another child, without regard", change: handPost + `select hand.fact('@sb', 'anyChild', 'otherChild'), hand.fact('@sb', 'childViews', 'yes')`, swap: post(), want: "gate_post"},
		{name: "today's law, the adopted child, whose welfare it serves", change: handPost + `select hand.fact('@sb', 'anyChild', 'adoptedChild'), hand.fact('@sb', 'childViews', 'yes'), hand.fact('@sb', 'childWelfare', 'supports')`, swap: post(), want: ""},
		{name: "today's law, against the adopted child's welfare", change: handPost + `select hand.fact('@sb', 'anyChild', 'adoptedChild'), hand.fact('@sb', 'childViews', 'yes'), hand.fact('@sb', 'childWelfare', 'against')`, swap: post(), want: "gate_post"},
		{name: "today's law, two children, one not regarded", change: handPost + `select hand.fact('@sb', 'anyChild', 'both'), hand.fact('@sb', 'childViews', 'yes'), hand.fact('@sb', 'childWelfare', 'supports')`, swap: post(), want: "gate_post"},
		{name: "today's law, two children, one against welfare", change: handPost + `select hand.fact('@sb', 'anyChild', 'both'), hand.fact('@sb', 'childViews', 'yes'), hand.fact('@sb', 'regard', 'yes')`, swap: post(), want: "gate_post"},
		{name: "today's law, not decided", change: handPost + `select hand.fact('@it', 'decision', 'undecided')`, swap: post(), want: "gate_post"},
		{name: "today's law, decided about older words", change: handPost + `select hand.words('@it', 2); update item set version = 2 where id = '@it'; select hand.fact('@it', 'jigsaw', 'safe')`, swap: post(), want: "gate_post"},
		{name: "today's law, about somebody else", change: handPost + `update item set about = 'thirdParty' where id = '@it'`, swap: post(), want: "gate_post"},
		{name: "today's law, no counselling", change: handPost + `select hand.fact('@ap', 'cnsl', 'no')`, swap: post(), want: "gate_counselling"},
		{name: "today's law, a stop", change: handPost + `insert into stop values ('ag1', '@sp', '@ad', null, '@w1', now(), sha256('s'))`, swap: post(), want: "gate_blocked"},
		{name: "an objection, and the forty days are over", change: handObject, swap: post(), want: ""},
		{name: "an objection in life, and they have died", change: handObject + `select hand.fact('@sb', 'expressed', 'died')`, swap: post(), want: "gate_post"},
		{name: "an objection that was taken back", change: handObject + `select hand.fact('@sb', 'expressed', 'agree')`, swap: post(), want: ""},
		{name: "an objection that was taken back, and they have died", change: handObject + `select hand.fact('@sb', 'expressed', 'agree'), hand.fact('@sb', 'expressed', 'died')`, swap: post(), want: ""},
		{name: "an objection of another subject, and this one has died", change: handPost + `select hand.fact('@sb3', 'expressed', 'object'), hand.fact('@sb', 'expressed', 'died')`, swap: post(), want: ""},
		{name: "an objection in life, they have died, and nobody is named", change: handObject + `select hand.fact('@sb', 'expressed', 'died'), hand.fact('@it3', 'decision', 'disclose')`, swap: unnamed(), want: ""},
		{name: "a yes to another subject after an objection, and they have died", change: handObject + `select hand.fact('@sb3', 'expressed', 'object'), hand.fact('@sb3', 'expressed', 'object'), hand.fact('@sb3', 'expressed', 'agree'), hand.fact('@sb', 'expressed', 'died')`, swap: post(), want: "gate_post"},
		{name: "today's law, a subject under 18 and no child", change: handPost + `select hand.fact('@sb', 'subjAge', 'lt18')`, swap: post(), want: "gate_post"},
		{name: "today's law, a subject of unknown age and no child", change: handPost + `select hand.fact('@sb', 'subjAge', 'unknown')`, swap: post(), want: "gate_post"},
		{name: "an objection, and no notice", change: handObject + `delete from fact where name = 'standstill'`, swap: post(), want: "gate_post"},
		{name: "an objection, and a notice about another item", change: handObject + `select hand.fact('@it3', 'standstill', 'running'); select hand.fact('@it3', 'standstill', 'running')`, swap: post(), want: ""},
		{name: "an objection, and the forty days run", change: handObject + `update fact set at = now() - interval '55 days' where name = 'standstill'`, swap: post(), want: "gate_post"},
		{name: "an objection, and the notice was taken back", change: handObject + `select hand.fact('@it', 'standstill', 'notStarted')`, swap: post(), want: "gate_post"},
		{name: "an objection, a notice taken back and sent again", change: handObject + `select hand.fact('@it', 'standstill', 'notStarted'), hand.fact('@it', 'standstill', 'running')`, swap: post(), want: "gate_post"},
		{name: "an objection, and a panel sits", change: handObject + `select hand.fact('@it', 'panel', 'pending')`, swap: post(), want: "gate_post"},
		{name: "an objection, and nobody asked about a panel", change: handObject + `delete from fact where name = 'panel'`, swap: post(), want: "gate_post"},
		{name: "an objection in Wales, signed by two", change: handObjectWales, swap: post(), want: ""},
		{name: "an objection in Wales, not signed", change: handObjectWales + `delete from signature`, swap: post(), want: "gate_post"},
		{name: "an objection in Wales, signed by one", change: handObjectWales + `update signature set second_id = null, second_leaf = null`, swap: post(), want: "gate_post"},
		{name: "an objection in Wales, signed until yesterday", change: handObjectWales + `update signature set expires_on = current_date - 1`, swap: post(), want: "gate_post"},
		{name: "an objection in Wales, signed for another row", change: handObjectWales + `update signature set row_id = 'f01a'`, swap: post(), want: "gate_post"},
		{name: "an objection in Wales, signed for another item", change: handObjectWales + `update signature set item_id = '@it3'`, swap: post(), want: "gate_post"},
		{name: "an objection about a child, not signed", change: handObject + `select hand.fact('@sb', 'anyChild', 'otherChild'), hand.fact('@sb', 'childViews', 'yes'), hand.fact('@sb', 'regard', 'yes')`, swap: post(), want: "gate_post"},
		{name: "the right of section 60", change: handRight, swap: post(), want: ""},
		{name: "the right of section 60, and an address", change: handRight + `update item set kind = 'address' where id = '@it'`, swap: post(), want: "gate_post"},
		{name: "the right of section 60, about somebody else", change: handRight + `update item set about = 'thirdParty' where id = '@it'`, swap: post(), want: "gate_post"},
		{name: "the right of section 60, about somebody else whom it does not name", change: handRight + `update item set about = 'thirdParty' where id = '@it3'`, swap: unnamed(), want: ""},
		{name: "the right of section 60, in a court's order", change: handRight + `select hand.fact('@ap', 'orderSixty', 'inForce')`, swap: post(), want: "gate_post"},
		{name: "the right of section 60, nobody has asked for an order", change: handRight + `delete from fact where name = 'orderSixty'`, swap: post(), want: "gate_post"},
		{name: "what the adopters were given, in a court's order about something else", change: handRight + `select hand.fact('@ap', 'req', 's60_2b'), hand.fact('@ap', 'orderSixty', 'inForce')`, swap: post(), want: ""},
		{name: "the right of section 60, of somebody else", change: handRight + `update application set pair = 'REL>AP' where id = '@ap'`, swap: post(), want: "gate_post"},
		{name: "the right of section 60, of a child", change: handRight + `select hand.fact('@ap', 'appAge', 'lt18')`, swap: post(), want: "gate_post"},
		{name: "the right of section 60, not shown to be that person", change: handRight + `select hand.fact('@ap', 'linkProven', 'no')`, swap: post(), want: "gate_met"},
	}
	return list
}
