package intermediary_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/internal/postgres/postgrestest"
)

// rowCase is one statement by hand, with every trigger on. The change before it
// goes past them.
type rowCase struct {
	name   string
	change string
	as     string // who is signed in
	sql    string
	want   string // the constraint that refuses, or the code; "" where it may
}

// Statements of the attempts, whose last words a case may change.
const (
	handCasework = `insert into casework (agency_id, id, part, version, kind, application_id, from_node, to_node, sealed, commit, leaf) values ('ag1', '@ap', 'note', 1, 'note', '@ap', 'worker/@w1', 'case/@ap', 'x', sha256('x'), sha256('x'))`
	handParty    = `insert into party (agency_id, file, application_id, person_id, kind, leaf) values ('ag1', `
	handSigns    = `insert into signature (agency_id, id, subject_id, item_id, row_id, digest, first_id, at, expires_on, leaf) values ('ag1', '@sg', `
	handConnects = `insert into case_connection (agency_id, adopted_id, worker_id, stated_by, at, leaf) values ('ag1', '@ad', `
	handConnect  = handConnects + `'@w1', '@w2', now(), sha256('x'));`
	handItem     = `insert into item (agency_id, id, application_id, subject_id, kind, about, identifying, prepared_by) values ('ag1', '@it2', '@ap', '@sb', `
	handConsents = `insert into consent (agency_id, subject_id, version, answer, scope, worker_id, at, leaf) values ('ag1', '@sb', 2, `
	handEnquiry  = `insert into enquiry (agency_id, id, application_id, whom, to_agency, state, asked_by, due_on, leaf) values ('ag1', '@en', '@ap', 'AAA', 'ag2', 'asked', '@w1', current_date, sha256('e'));
		insert into enquiry_in (agency_id, id, from_agency, state, due_on, sealed, statement) values ('ag2', '@en', 'ag1', 'answered', current_date, 'x', 'x');
		insert into enquiry_word (agency_id, id, version, kind, sealed, statement, worker_id, leaf) values ('ag2', '@en', 1, 'answer', 'x', 'x', '@elm', sha256('w'));`
	handLetter  = `insert into casework (agency_id, id, part, version, kind, application_id, from_node, to_node, sealed, commit, leaf, file) values ('ag1', '@sp', 'letter', 1, 'letter', '@ap', 'worker/@w1', 'side/@sb', 'x', sha256('x'), sha256('x'), `
	handLaw     = `insert into fact (agency_id, on_id, about, name, version, value, worker_id, at, leaf) select 'ag1', '@ad', 'adopted', f.name, max(f.version) + 1, `
	handLawOf   = `, account(), now(), sha256('x') from fact f where f.on_id = '@ad' and f.name = 'order' group by f.name`
	handWish    = `insert into fact (agency_id, on_id, about, name, version, value, worker_id, at, leaf) values ('ag1', '@sb', 'subject', 'acrNoContact', 3, 'no', '@w1', now(), sha256('x'))`
	handFlagged = `insert into law_flag (agency_id, id, flag, first_id, first_at, first_leaf) values ('ag1', '@lf', 'OQ1', '@w1', now(), sha256('f'));`
)

func rowCases() []rowCase {
	return []rowCase{
		// Only this service's workers, in their own name.
		{name: "a record, by a letterbox worker", as: "@lw", sql: `insert into adopted (agency_id, id, opened_by) values ('ag1', '@sp', '@lw')`, want: "casework_worker"},
		{name: "a record, in a colleague's name", as: "@w1", sql: `insert into adopted (agency_id, id, opened_by) values ('ag1', '@sp', '@w2')`, want: "casework_worker"},
		{name: "a record", as: "@w1", sql: `insert into adopted (agency_id, id, opened_by) values ('ag1', '@sp', '@w1')`},
		{name: "a case, by a letterbox worker", as: "@lw", sql: `insert into application (agency_id, id, adopted_id, pair, reference, state, hear_by, opened_by) values ('ag1', '@sp', '@ad', 'REL>AP', 'IN-C', 'open', current_date, '@lw')`, want: "casework_worker"},
		{name: "a case that another service's worker closes", as: "@lw", sql: `update application set state = 'closed', ended_on = current_date where id = '@ap'`, want: "casework_worker"},
		{name: "a case that its worker closes", as: "@w2", sql: `update application set state = 'closed', ended_on = current_date where id = '@ap'`},
		{name: "a day to hear by, of another service's worker", as: "@lw", sql: `update application set hear_by = current_date + 1 where id = '@ap'`, want: "casework_worker"},
		{name: "another relationship", as: "@w1", sql: `update application set pair = 'AP>REL' where id = '@ap'`, want: "42501"},
		{name: "a subject, by a letterbox worker", as: "@lw", sql: `insert into subject (agency_id, id, application_id, adopted_id, state) values ('ag1', '@sp', '@ap', '@ad', 'open')`, want: "casework_worker"},
		{name: "sealed words, by a letterbox worker", as: "@lw", sql: handCasework, want: "casework_worker"},
		{name: "sealed words", as: "@w1", sql: handCasework},
		{name: "an answer of the law in a colleague's name", as: "@w1", sql: `insert into evaluation (agency_id, id, application_id, tbl, row_id, outcome, effects, digest, at, act, worker_id, leaf) values ('ag1', '@ev', '@ap', '8a', 'a32', '+PROCEED', '{}', sha256('f'), now(), 'asked', '@w2', sha256('x'))`, want: "casework_worker"},
		{name: "an item that nobody has checked, by a letterbox worker", as: "@lw", sql: `update item set checked_by = null, check_leaf = null where id = '@it'`, want: "casework_worker"},

		// What an item is
		{name: "a name that names nobody", as: "@w1", sql: handItem + `'name', 'subject', false, '@w1')`, want: "item_identifies"},
		{name: "an address that names nobody", as: "@w1", sql: handItem + `'address', 'subject', false, '@w1')`, want: "item_identifies"},
		{name: "background that names nobody", as: "@w1", sql: handItem + `'background', 'subject', false, '@w1')`},

		// Which law a case is under
		{name: "another law, by a worker", as: "@w2", sql: handLaw + `'post'` + handLawOf, want: "fact_law"},
		{name: "the same law", as: "@w2", sql: handLaw + `'pre'` + handLawOf},
		{name: "a law in doubt", as: "@w2", sql: handLaw + `'unknown'` + handLawOf},
		{name: "another law, by a manager", as: "@mg", sql: handLaw + `'post'` + handLawOf},
		{name: "another law, by the manager who wrote the last", change: `update fact set worker_id = '@mg' where on_id = '@ad' and name = 'order'`, as: "@mg", sql: handLaw + `'post'` + handLawOf, want: "fact_law"},

		// Who is of a case
		{name: "a subject in the applicant's file", as: "@w1", sql: handParty + `'@ap', '@ap', '@pe', 'subject', sha256('x'))`, want: "party_case"},
		{name: "an applicant in the subject's file", as: "@w1", sql: handParty + `'@sb', '@ap', '@pe', 'applicant', sha256('x'))`, want: "party_case"},
		{name: "a subject of another case", as: "@w1", sql: handParty + `'@sb2', '@ap', '@pe', 'subject', sha256('x'))`, want: "party_case"},
		{name: "a representative without authority", as: "@w1", sql: handParty + `'@ap', '@ap', '@pe', 'representative', sha256('x'))`, want: "party_authority"},
		{name: "a representative with authority", change: `select hand.fact('@ap', 'repAuthority', 'yes')`, as: "@w1", sql: handParty + `'@ap', '@ap', '@pe', 'representative', sha256('x'))`},
		{name: "an applicant", as: "@w1", sql: handParty + `'@ap', '@ap', '@pe', 'applicant', sha256('x'))`},
		{name: "a second applicant", change: handParty + `'@ap', '@ap', '@pf', 'applicant', sha256('x'))`, as: "@w1", sql: handParty + `'@ap', '@ap', '@pe', 'applicant', sha256('x'))`, want: "party_applicant"},
		{name: "an applicant, by a letterbox worker", as: "@lw", sql: handParty + `'@ap', '@ap', '@pe', 'applicant', sha256('x'))`, want: "casework_worker"},

		// Nobody is written to, or invited, in a veto
		{name: "a subject", as: "@w1", sql: handParty + `'@sb', '@ap', '@pe', 'subject', sha256('x'))`},
		{name: "a subject, in a veto", change: `select hand.veto('absolute', true)`, as: "@w1", sql: handParty + `'@sb', '@ap', '@pe', 'subject', sha256('x'))`, want: "gate_blocked"},
		{name: "a letter to a subject", as: "@w1", sql: handLetter + `'@sb')`},
		{name: "a letter to a subject, in a veto", change: `select hand.veto('absolute', true)`, as: "@w1", sql: handLetter + `'@sb')`, want: "gate_blocked"},
		{name: "a letter to a subject who was stopped", change: `update subject set state = 'stopped' where id = '@sb'`, as: "@w1", sql: handLetter + `'@sb')`, want: "gate_blocked"},
		{name: "a letter to a subject, in a stop", change: `insert into stop values ('ag1', '@sp', '@ad', '@sb', '@w1', now(), sha256('s'))`, as: "@w1", sql: handLetter + `'@sb')`, want: "gate_blocked"},
		{name: "a letter to the applicant, in a veto", change: `select hand.veto('absolute', true)`, as: "@w1", sql: handLetter + `'@ap')`},

		// Signatures
		{name: "a signature until the next century", as: "@w2", sql: handSigns + `'@sb', null, 'a30', sha256('d'), '@w2', now(), '2100-01-01', sha256('x'))`, want: "signature_ends"},
		{name: "a signature for three months", as: "@w2", sql: handSigns + `'@sb', null, 'a30', sha256('d'), '@w2', now(), current_date + 89, sha256('x'))`},
		{name: "a signature by who opened the case", as: "@w1", sql: handSigns + `'@sb', null, 'a30', sha256('d'), '@w1', now(), current_date, sha256('x'))`, want: "signature_worker"},
		{name: "a signature for an item of somebody else", as: "@w2", sql: handSigns + `'@sb3', '@it', 'b04b', sha256('d'), '@w2', now(), current_date, sha256('x'))`, want: "gate_case"},
		{name: "a signature by a letterbox worker", as: "@lw", sql: handSigns + `'@sb', null, 'a30', sha256('d'), '@lw', now(), current_date, sha256('x'))`, want: "casework_worker"},
		{name: "a signature under law that nobody has read", as: "@w2", sql: handSigns + `'@sb', null, 'a18', sha256('d'), '@w2', now(), current_date, sha256('x'))`, want: "signature_flag"},
		{name: "a signature under law that two have read", change: `select hand.flag('OQ1')`, as: "@w2", sql: handSigns + `'@sb', null, 'a18', sha256('d'), '@w2', now(), current_date, sha256('x'))`},
		{name: "a flag that one sets alone", as: "@w1", sql: `insert into law_flag (agency_id, id, flag, first_id, first_at, first_leaf, second_id, second_at, second_leaf) values ('ag1', '@lf', 'OQ1', '@w1', now(), sha256('f'), '@mg', now(), sha256('g'))`, want: "casework_worker"},
		{name: "a flag, by a letterbox worker", as: "@lw", sql: `insert into law_flag (agency_id, id, flag, first_id, first_at, first_leaf) values ('ag1', '@lf', 'OQ1', '@lw', now(), sha256('f'))`, want: "casework_worker"},
		{name: "a flag agreed to by who set it", change: handFlagged, as: "@w1", sql: `update law_flag set second_id = '@w1', second_at = now(), second_leaf = sha256('g')`, want: "signature_manager"},
		{name: "a flag of two workers", change: handFlagged, as: "@w2", sql: `update law_flag set second_id = '@w2', second_at = now(), second_leaf = sha256('g')`, want: "signature_manager"},
		{name: "a flag of a worker and a manager", change: handFlagged, as: "@mg", sql: `update law_flag set second_id = '@mg', second_at = now(), second_leaf = sha256('g')`},
		{name: "a flag that a worker ends", change: handFlagged, as: "@w1", sql: `update law_flag set ended_by = '@w1', ended_at = now(), end_leaf = sha256('g')`, want: "law_flag_manager"},

		// A veto protects by one word and ends by two
		{name: "a veto ended by who wrote it down", change: `select hand.veto('absolute', true)`, as: "@w1", sql: vetoed("'@w1'", "absolute", "false"), want: "veto_manager"},
		{name: "a veto ended by a colleague", change: `select hand.veto('absolute', true)`, as: "@w2", sql: vetoed("'@w2'", "absolute", "false"), want: "veto_manager"},
		{name: "a veto ended by a manager", change: `select hand.veto('absolute', true)`, as: "@mg", sql: vetoed("'@mg'", "absolute", "false")},
		{name: "a veto ended by the manager who wrote it down", change: `select hand.veto('absolute', true); update veto set worker_id = '@mg'`, as: "@mg", sql: vetoed("'@mg'", "absolute", "false"), want: "veto_manager"},
		{name: "an absolute veto made qualified by a worker", change: `select hand.veto('absolute', true)`, as: "@w2", sql: vetoed("'@w2'", "qualified", "true"), want: "veto_manager"},
		{name: "a qualified veto made absolute by a worker", change: `select hand.veto('qualified', true)`, as: "@w1", sql: vetoed("'@w1'", "absolute", "true")},
		{name: "a veto in a colleague's name", change: `select hand.veto('absolute', true)`, as: "@w1", sql: vetoed("'@mg'", "absolute", "false"), want: "casework_worker"},

		// Consent
		{name: "consent of the dead", change: `select hand.fact('@sb', 'subjectVital', 'died')`, as: "@w1", sql: handConsents + `'yes', '{name}', '@w1', now(), sha256('x'))`, want: "consent_living"},
		{name: "a refusal that was found after a death", change: `select hand.fact('@sb', 'subjectVital', 'died')`, as: "@w1", sql: handConsents + `'no', '{}', '@w1', now(), sha256('x'))`},
		{name: "letters only, and an address", as: "@w1", sql: handConsents + `'lettersOnly', '{address}', '@w1', now(), sha256('x'))`, want: "consent_direct"},
		{name: "yes, and an address", as: "@w1", sql: handConsents + `'yes', '{address}', '@w1', now(), sha256('x'))`},

		// What the Contact Register said
		{name: "a wish that a worker waves away", change: `select hand.fact('@sb', 'acrNoContact', 'yes')`, as: "@w1", sql: handWish, want: "fact_wish"},
		{name: "a wish that the Register has answered anew", change: `select hand.fact('@sb', 'acrNoContact', 'yes'); insert into enquiry (agency_id, id, application_id, whom, state, asked_by, due_on, answered_on, leaf) values ('ag1', '@en', '@ap', 'contactRegister', 'answered', '@w1', current_date, current_date, sha256('e'))`, as: "@w1", sql: handWish},
		{name: "a qualified veto that its writer widens", change: `select hand.veto('qualified', true)`, as: "@w1", sql: vetoed("'@w1'", "qualified", "true"), want: "veto_manager"},

		// Whoever is connected does nothing in the case
		{name: "connected: a fact", change: handConnect, as: "@w1", sql: `insert into fact (agency_id, on_id, about, name, version, value, worker_id, at, leaf) values ('ag1', '@ap', 'application', 'writtenReasons', 1, 'yes', '@w1', now(), sha256('x'))`, want: "casework_connected"},
		{name: "connected: consent", change: handConnect, as: "@w1", sql: handConsents + `'yes', '{name}', '@w1', now(), sha256('x'))`, want: "casework_connected"},
		{name: "connected: an item", change: handConnect, as: "@w1", sql: handItem + `'background', 'subject', false, '@w1')`, want: "casework_connected"},
		{name: "connected: sealed words", change: handConnect, as: "@w1", sql: handCasework, want: "casework_connected"},
		{name: "connected: the law", change: handConnect, as: "@w1", sql: `insert into evaluation (agency_id, id, application_id, tbl, row_id, outcome, effects, digest, at, act, worker_id, leaf) values ('ag1', '@ev', '@ap', '8a', 'a32', '+PROCEED', '{}', sha256('f'), now(), 'asked', '@w1', sha256('x'))`, want: "casework_connected"},
		{name: "connected: a party", change: handConnect, as: "@w1", sql: handParty + `'@ap', '@ap', '@pe', 'applicant', sha256('x'))`, want: "casework_connected"},
		{name: "connected: the case", change: handConnect, as: "@w1", sql: `update application set state = 'stopped', ended_on = current_date where id = '@ap'`, want: "casework_connected"},
		{name: "connected to another case", change: handConnect, as: "@w2", sql: handItem + `'background', 'subject', false, '@w2')`},
		{name: "a party of the case: a fact", change: `update worker set person_id = '@pe' where id = '@w1'; ` + handParty + `'@sb', '@ap', '@pe', 'subject', sha256('x'))`, as: "@w1",
			sql: `insert into fact (agency_id, on_id, about, name, version, value, worker_id, at, leaf) values ('ag1', '@ap', 'application', 'writtenReasons', 1, 'yes', '@w1', now(), sha256('x'))`, want: "casework_connected"},
		{name: "connected, as somebody else is made to say", as: "@w1", sql: handConnects + `'@w1', '@w2', now(), sha256('x'))`, want: "casework_worker"},
		{name: "connected, as they say", as: "@w1", sql: handConnects + `'@w1', '@w1', now(), sha256('x'))`},
		{name: "connected, as a colleague says", as: "@w2", sql: handConnect},
		{name: "connected no more", change: handConnect, as: "@w1", sql: `delete from case_connection`, want: "42501"},

		{name: "a subject, while somebody asks for protection", change: handUnread, as: "@w1", sql: handParty + `'@sb', '@ap', '@pe', 'subject', sha256('x'))`, want: "intake_protects"},
		{name: "a letter to a subject, while somebody asks for protection", change: handUnread, as: "@w1", sql: handLetter + `'@sb')`, want: "intake_protects"},
		{name: "an applicant, while somebody asks for protection", change: handUnread, as: "@w1", sql: handParty + `'@ap', '@ap', '@pe', 'applicant', sha256('x'))`},

		// The contact register
		{name: "an entry", as: "@w1", sql: handEntry("@cp", 1, "@ad", 1, "contactAll", true, "@w1")},
		{name: "an entry, by a letterbox worker", as: "@lw", sql: handEntry("@cp", 1, "@ad", 1, "contactAll", true, "@lw"), want: "casework_worker"},
		{name: "an entry in a colleague's name", as: "@w1", sql: handEntry("@cp", 1, "@ad", 1, "contactAll", true, "@w2"), want: "casework_worker"},
		{name: "connected: an entry", change: handConnect, as: "@w1", sql: handEntry("@cp", 1, "@ad", 1, "contactAll", true, "@w1"), want: "casework_connected"},
		{name: "a relative's wish in Part 1", as: "@w1", sql: handEntry("@cp", 1, "@ad", 1, "contact", true, "@w1"), want: "preference_wish"},
		{name: "a relative's entry on a record with a case", as: "@w1", sql: handEntry("@cp", 1, "@ad", 2, "contact", true, "@w1"), want: "preference_record"},
		{name: "an entry that begins withdrawn", as: "@w1", sql: handEntry("@cp", 1, "@ad", 1, "withdrawn", true, "@w1"), want: "preference_begins"},
		{name: "a second entry of one person", change: handEntry("@cp", 1, "@ad", 1, "contactAll", true, "@w1"), as: "@w1", sql: handEntry("@cq", 1, "@ad", 1, "contactAll", true, "@w1"), want: "preference_once"},
		{name: "a version that leaves one out", change: handEntry("@cp", 1, "@ad", 1, "contactAll", true, "@w1"), as: "@w1", sql: handEntry("@cp", 3, "@ad", 1, "contactAll", true, "@w1"), want: "preference_version"},
		{name: "an entry that goes to another record", change: handEntry("@cp", 1, "@ad", 1, "contactAll", true, "@w1") + handRecord, as: "@w1", sql: handEntry("@cp", 2, "@rc", 1, "contactAll", true, "@w1"), want: "preference_stays"},
		{name: "contact on an unverified word", change: handEntry("@cp", 1, "@ad", 1, "noContactAll", true, "@w1"), as: "@w2", sql: handEntry("@cp", 2, "@ad", 1, "contactAll", false, "@w2"), want: "preference_verified"},
		{name: "taken back on an unverified word", change: handEntry("@cp", 1, "@ad", 1, "noContactAll", true, "@w1"), as: "@w2", sql: handEntry("@cp", 2, "@ad", 1, "withdrawn", false, "@w2"), want: "preference_verified"},
		{name: "no contact on an unverified word", change: handEntry("@cp", 1, "@ad", 1, "contactAll", true, "@w1"), as: "@w2", sql: handEntry("@cp", 2, "@ad", 1, "noContactAll", false, "@w2")},
		{name: "less contact on an unverified word", change: handEntry("@cp", 1, "@ad", 1, "contactAll", true, "@w1"), as: "@w2", sql: handEntry("@cp", 2, "@ad", 1, "noContactNamed", false, "@w2")},
		{name: "a stop on a relative's record", change: handTwo, as: "@w1", sql: `insert into stop (agency_id, id, adopted_id, worker_id, at, leaf) values ('ag1', '@sp', '@rc', '@w1', now(), sha256('x'))`, want: "preference_record"},
		{name: "a request for a veto that is taken without a stop", change: handUnread + handBecame, as: "@w2", sql: `update intake set state = 'taken'`, want: "intake_became"},
		{name: "a request for a veto that is taken with a stop, by a second worker", change: handUnread + handBecame + handStop, as: "@w2", sql: `update intake set state = 'taken'`},
		{name: "a request for a veto that is taken by who put it on a record", change: handUnread + handBecame + handStop, as: "@w1", sql: `update intake set state = 'taken'`, want: "intake_second"},
		{name: "a request for a veto that a second worker put on another record", change: handRecord + handUnread + handBecame + handStop + strings.NewReplacer("'became', 1", "'became', 2", "@w1", "@w2", "case/@ad", "case/@rc").Replace(handBecame), as: "@w1", sql: `update intake set state = 'taken'`, want: "intake_became"},
		{name: "a look through the register", as: "@w1", sql: handLook},
		{name: "a look in a colleague's name", as: "@w2", sql: handLook, want: "casework_worker"},
		{name: "a look by who knows somebody there", change: handConnect, as: "@w1", sql: handLook, want: "casework_connected"},
		{name: "a word about an older wish", change: handTwo + handEntry("@cq", 2, "@rc", 2, "noContact", true, "@w1"), as: "@w1", sql: handWishWord(1, 1, "other", "@w1"), want: "register_newer"},
		{name: "a second word by the same worker", change: handTwo + handWishWord(1, 1, "other", "@w1"), as: "@w1", sql: handWishWord(2, 1, "other", "@w1"), want: "register_second"},
		{name: "a second word by another", change: handTwo + handWishWord(1, 1, "other", "@w1"), as: "@w2", sql: handWishWord(2, 1, "other", "@w2")},
		{name: "a word that leaves one out", change: handTwo, as: "@w1", sql: handWishWord(2, 1, "other", "@w1"), want: "register_version"},
		{name: "asking for an address that nobody signed", change: handTwo, as: "@w1", sql: `insert into preference_prompt (agency_id, preference_id, version, worker_id) values ('ag1', '@cq', 1, '@w1');`, want: "preference_prompt_signed"},
		{name: "an entry changed", change: handEntry("@cp", 1, "@ad", 1, "contactAll", true, "@w1"), as: "@w1", sql: `update preference set wish = 'noContactAll'`, want: "42501"},
		{name: "a case on a relative's record", change: handTwo, as: "@w1", sql: `insert into application (agency_id, id, adopted_id, pair, reference, state, hear_by, opened_by) values ('ag1', '@sp', '@rc', 'REL>AP', 'IN-C', 'open', current_date, '@w1')`, want: "preference_record"},
		{name: "a veto on a relative's record", change: handTwo, as: "@w1", sql: `insert into veto (agency_id, adopted_id, version, kind, in_force, worker_id, at, leaf) values ('ag1', '@rc', 1, 'absolute', true, '@w1', now(), sha256('x'))`, want: "preference_record"},
		{name: "an answer to another agency from a relative's record", change: handTwo + handEnquiryIn, as: "@w1", sql: `update enquiry_in set adopted_id = '@rc'`, want: "preference_record"},
		{name: "an answer to another agency from a record", change: handTwo + handEnquiryIn, as: "@w1", sql: `update enquiry_in set adopted_id = '@ad'`},
		{name: "a word about a pair", change: handTwo, as: "@w1", sql: handPaired(1, "@cp", "@cq", 1, "same", "@w1")},
		{name: "a word about a pair, the wrong way round", change: handTwo, as: "@w1", sql: handPaired(1, "@cq", "@cp", 1, "same", "@w1"), want: "register_pair"},
		{name: "a word in a colleague's name", change: handTwo, as: "@w1", sql: handPaired(1, "@cp", "@cq", 1, "same", "@w2"), want: "casework_worker"},
		{name: "connected to one of the two: a word", change: handTwo + handConnect, as: "@w1", sql: handPaired(1, "@cp", "@cq", 1, "same", "@w1"), want: "casework_connected"},
		{name: "the same word by the same worker", change: handTwo + handPaired(1, "@cp", "@cq", 1, "same", "@w1"), as: "@w1", sql: handPaired(2, "@cp", "@cq", 1, "same", "@w1"), want: "register_second"},
		{name: "the same word by a colleague", change: handTwo + handPaired(1, "@cp", "@cq", 1, "same", "@w1"), as: "@w2", sql: handPaired(2, "@cp", "@cq", 1, "same", "@w2")},
		{name: "a word of an earlier entry", change: handTwo + handEntry("@cq", 2, "@rc", 2, "noContact", true, "@w1"), as: "@w1", sql: handPaired(1, "@cp", "@cq", 1, "same", "@w1"), want: "register_newer"},
		{name: "a word that leaves one out", change: handTwo, as: "@w1", sql: handPaired(2, "@cp", "@cq", 1, "same", "@w1"), want: "register_version"},
		{name: "a word taken back", change: handTwo + handPaired(1, "@cp", "@cq", 1, "same", "@w1"), as: "@w1", sql: `delete from register_word`, want: "42501"},
		{name: "somebody asked about their address, by a letterbox worker", change: handTwo, as: "@lw", sql: `insert into preference_prompt (agency_id, preference_id, version, worker_id) values ('ag1', '@cp', 1, '@lw')`, want: "casework_worker"},
		{name: "somebody asked about their address", change: handTwo, as: "@w1", sql: `insert into preference_prompt (agency_id, preference_id, version, worker_id, leaf) values ('ag1', '@cp', 1, '@w1', sha256('x'))`},

		// What another agency said
		{name: "heard what nobody has said", change: handEnquiry, as: "@w1", sql: `update enquiry set heard = 1000`, want: "enquiry_heard"},
		{name: "heard what was said", change: handEnquiry, as: "@w1", sql: `update enquiry set heard = 1`},
		{name: "heard less than before", change: handEnquiry + `update enquiry set heard = 1`, as: "@w1", sql: `update enquiry set heard = 0`, want: "enquiry_heard"},
		{name: "answered by nobody", change: handEnquiry, as: "@w1", sql: `update enquiry set state = 'answered', answered_on = current_date`, want: "enquiry_heard"},
		{name: "answered", change: handEnquiry, as: "@w1", sql: `update enquiry set state = 'answered', answered_on = current_date;` +
			`insert into casework (agency_id, id, part, version, kind, application_id, from_node, to_node, sealed, commit, leaf) values ('ag1', '@en', 'answer', 1, 'enquiry', '@ap', 'worker/@w1', 'case/@ap', 'x', sha256('x'), sha256('x'))`},
	}
}

// handUnread is an enquiry that asks for a veto and that nobody has read.
const handUnread = `insert into intake (agency_id, id, code, state, purpose, sealed, commit, leaf, sent_on, hear_by) values
	('ag1', '@sp', sha256('c'), 'received', 'veto', 'x', sha256('x'), sha256('x'), current_date, current_date);`

// handEnquiryIn is an enquiry that another agency has sent.
const handEnquiryIn = `insert into enquiry_in (agency_id, id, from_agency, state, due_on, sealed, statement) values ('ag1', '@en', 'ag2', 'received', current_date, 'x', 'x');`

// handBecame says of that enquiry that it became a record.
const handBecame = `insert into casework (agency_id, id, part, version, kind, from_node, to_node, sealed, commit, leaf) values ('ag1', '@sp', 'became', 1, 'note', 'worker/@w1', 'case/@ad', 'x', sha256('x'), sha256('x'));`

// handStop is a stop on the record, handLook a look through the register for the
// subject, and handWishWord what is said of the relative's entry and them.
const (
	handStop = `insert into stop (agency_id, id, adopted_id, worker_id, at, leaf) values ('ag1', '@st', '@ad', '@w1', now(), sha256('x'));`
	handLook = `insert into register_look (agency_id, id, subject_id, worker_id, at, leaf) values ('ag1', '@lk', '@sb', '@w1', now(), sha256('x'));`
)

func handWishWord(version, seen int, says, by string) string {
	return fmt.Sprintf(`insert into wish_word (agency_id, id, version, subject_id, preference_id, preference_version, says, worker_id, at, leaf)
		values ('ag1', '@lk', %d, '@sb', '@cq', %d, '%s', '%s', now(), sha256('x'));`, version, seen, says, by)
}

// handRecord is a record without a case, and handTwo an entry of each part.
const handRecord = `insert into adopted (agency_id, id, opened_by) values ('ag1', '@rc', '@w1');`

var handTwo = handRecord + handEntry("@cp", 1, "@ad", 1, "contactAll", true, "@w1") + handEntry("@cq", 1, "@rc", 2, "contact", true, "@w1")

// handEntry inserts a version of an entry.
func handEntry(id string, version int, record string, part int, wish string, verified bool, by string) string {
	return fmt.Sprintf(`insert into preference (agency_id, id, version, adopted_id, part, wish, verified, adult, related, living, form, worker_id, at, leaf)
		values ('ag1', '%s', %d, '%s', %d, '%s', %t, true, true, true, 'phone', '%s', now(), sha256('x'));`, id, version, record, part, wish, verified, by)
}

// handPaired inserts a word about a pair.
func handPaired(version int, one, two string, seen int, says, by string) string {
	return fmt.Sprintf(`insert into register_word (agency_id, id, version, part1_id, part1_version, part2_id, part2_version, says, model, worker_id, at, leaf)
		values ('ag1', '@lk', %d, '%s', 1, '%s', %d, '%s', 'acr-1', '%s', now(), sha256('x'));`, version, one, two, seen, says, by)
}

// vetoed inserts the second version of a veto.
func vetoed(by, kind, inForce string) string {
	return `insert into veto (agency_id, adopted_id, version, kind, in_force, worker_id, at, leaf) values ('ag1', '@ad', 2, '` + kind + `', ` + inForce + `, ` + by + `, now(), sha256('x'))`
}

// TestRows_ByHand: what the program's own role writes past the program is held to
// who may write it, in their own name, and to what it may say.
func TestRows_ByHand(t *testing.T) {
	h := &hand{t: t, admin: postgrestest.New(t).Admin()}
	h.exec(h.admin, handTools)
	ctx := t.Context()
	for _, c := range rowCases() {
		tx, err := h.admin.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		h.exec(tx, `set local session_replication_role = replica; set local gatepost.agency = 'ag1';`+handWorld+c.change)
		h.exec(tx, `set local session_replication_role = origin; set local gatepost.account = '`+c.as+`'; set local session authorization gatepost_staff`)
		_, err = tx.Exec(ctx, ids.Replace(c.sql))
		if err == nil {
			_, err = tx.Exec(ctx, `set constraints enquiry_has_answer, fact_wish immediate`)
		}
		got := ""
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
			if got = pg.ConstraintName; got == "" {
				got = pg.Code
			}
		} else if err != nil {
			t.Fatal(err)
		}
		if got != c.want {
			t.Errorf("%s: the database said %q (%v), want %q", c.name, got, err, c.want)
		}
		if err := tx.Rollback(ctx); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
			t.Fatal(err)
		}
	}
}
