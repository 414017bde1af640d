set local role gatepost_owner;

-- The intermediary service: its tables. What is in clear here are ids, states, times, kinds and the values that the law's tables ask for;
-- names, dates and words are sealed in casework. docs/settled.md says why. The rules are in what follows: 016 the gate, 017 the families' tier,
-- 018 enquiries between agencies, 019 letters after consent, 020 copies of identity documents.

-- A first enquiry, before there is a case. While it is being filled in it is sealed under its own code; sent, it is sealed to the intake key.
create table intake (
	agency_id text not null references agency,
	id id not null,
	code digest not null,
	state text not null check (state in ('draft', 'received', 'taken', 'declined')),
	information text not null default '' check (information ~ '^[a-z0-9.-]{0,40}$'),
	sealed bytea not null check (octet_length(sealed) < 1024 * 1024),
	commit digest,
	leaf digest,
	version int not null default 1 check (version > 0),
	by_worker id,
	updated_at timestamptz not null default now(),
	sent_on date,
	hear_by date,
	expires_on date,
	primary key (id, agency_id),
	constraint intake_sent check ((state = 'draft') = (leaf is null) and (leaf is null) = (commit is null) and (leaf is null) = (sent_on is null)
		and (leaf is null) = (hear_by is null) and (state = 'draft') = (expires_on is not null)),
	foreign key (agency_id, by_worker) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
comment on column intake.code is 'a hash of the code on the person''s screen; the code opens the draft and finds what became of it';
comment on column intake.information is 'which version of the information the person was shown before they sent it';
create unique index intake_code on intake (code, agency_id);
create index intake_waits on intake (agency_id, sent_on) where state = 'received';
create index intake_expires on intake (expires_on) where state = 'draft';

-- The adopted person whom applications are about: the first gate row. A veto, a stop, a fact or a disclosure about them takes it first.
create table adopted (
	agency_id text not null references agency,
	id id not null,
	opened_by id not null,
	primary key (id, agency_id),
	foreign key (agency_id, opened_by) references worker
);

create table application (
	agency_id text not null,
	id id not null,
	adopted_id id not null,
	intake_id id,
	pair text not null check (pair in ('AP>REL', 'REL>AP', 'REL>PR', 'PR>REL', 'other')),
	reference text not null check (length(reference) between 1 and 40),
	state text not null check (state in ('open', 'stopped', 'closed')),
	-- What the applicant is told. It never says why.
	told text not null generated always as (case state when 'open' then 'inProgress' else 'ended' end) stored,
	hear_by date not null,
	opened_by id not null,
	opened_on date not null default current_date,
	ended_on date,
	primary key (id, agency_id),
	constraint application_ended check ((state = 'open') = (ended_on is null)),
	constraint application_of unique (adopted_id, id, agency_id),
	foreign key (agency_id, adopted_id) references adopted (agency_id, id),
	foreign key (agency_id, intake_id) references intake (agency_id, id),
	foreign key (agency_id, opened_by) references worker
);
create unique index application_reference on application (reference, agency_id);
create unique index application_intake on application (intake_id, agency_id);
create index application_open on application (agency_id, hear_by) where state = 'open';

-- A subject is whom the applicant looks for: the second gate row. What stops one does not stop another.
create table subject (
	agency_id text not null,
	id id not null,
	application_id id not null,
	adopted_id id not null,
	state text not null check (state in ('open', 'stopped', 'done')),
	primary key (id, agency_id),
	foreign key (agency_id, adopted_id, application_id) references application (agency_id, adopted_id, id)
);
create index subject_application on subject (application_id, agency_id);

-- A worker who is connected to somebody in a case about an adopted person does nothing in it. What was said once stays.
create table case_connection (
	agency_id text not null,
	adopted_id id not null,
	worker_id id not null,
	stated_by id not null,
	at timestamptz not null,
	leaf digest not null,
	primary key (adopted_id, worker_id, agency_id),
	foreign key (agency_id, adopted_id) references adopted (agency_id, id),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, stated_by) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index case_connection_worker on case_connection (worker_id, agency_id);

-- Who may read a file: the applicant's (named like the application) or a subject's. A key of the file is granted to nobody without this row's statement.
create table party (
	agency_id text not null,
	file id not null,
	application_id id not null,
	person_id id not null,
	kind text not null check (kind in ('applicant', 'representative', 'subject')),
	leaf digest not null,
	primary key (file, person_id, agency_id),
	foreign key (agency_id, application_id) references application (agency_id, id),
	foreign key (agency_id, person_id) references person,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index party_person on party (person_id, agency_id);
create unique index party_applicant on party (file, agency_id) where kind = 'applicant';

-- Everything sealed in a case. file is whose the text is besides the agency's: 'ap…' or 'sb…', or null for the agency alone.
create table casework (
	agency_id text not null references agency,
	id id not null,
	part text not null check (part ~ '^[a-z]{1,20}$'),
	version int not null check (version > 0),
	kind text not null check (kind in ('particulars', 'identity', 'enquiry', 'fact', 'veto', 'consent', 'item', 'note', 'trace', 'approach',
		'decision', 'message', 'letter', 'pack', 'view')),
	application_id id,
	file id,
	from_node text not null,
	to_node text not null,
	sealed bytea not null check (octet_length(sealed) < 32 * 1024 * 1024),
	commit digest not null,
	leaf digest not null,
	created date not null default current_date,
	shed_on date,
	destroyed_on date,
	destroyed_leaf digest,
	primary key (id, part, version, agency_id),
	foreign key (agency_id, application_id) references application (agency_id, id),
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred,
	foreign key (agency_id, destroyed_leaf) references audit_body (agency_id, leaf) deferrable initially deferred,
	constraint casework_identity check (kind <> 'identity' or file is null and application_id is not null and id = application_id and part in ('scan', 'scanned')),
	constraint casework_shed check ((shed_on is not null) = (kind = 'identity' and part = 'scan') and (destroyed_on is null) = (destroyed_leaf is null)
		and (destroyed_on is not null) = (octet_length(sealed) = 0) and (destroyed_on is null or shed_on is not null))
);
alter table casework alter column sealed set storage external;
create index casework_application on casework (application_id, agency_id);
create index casework_file on casework (file, agency_id) where file is not null;
create index casework_shed on casework (shed_on) where shed_on is not null;
comment on column casework.shed_on is 'identity documents only: the fact that they were seen stays';
comment on column casework.destroyed_on is 'when the clock emptied the copy of an identity document; the row, its commitment and its entry of the log stay';

-- The closed list of what a fact may say: about whom, its name, its value, and whether it counts only once a second worker has agreed.
create table fact_value (
	about text not null check (about in ('adopted', 'application', 'subject', 'item')),
	name text not null,
	value text not null,
	two bool not null,
	primary key (name, value, about)
);
insert into fact_value (about, name, value, two) values
	('adopted', 'order', 'pre', false), ('adopted', 'order', 'post', false), ('adopted', 'order', 'boundaryW', false), ('adopted', 'order', 'unknown', false),
	('adopted', 'juris', 'E', false), ('adopted', 'juris', 'W', false), ('adopted', 'juris', 'other', false), ('adopted', 'juris', 'unknown', false),
	('adopted', 'interviewRequired', 'yes', false), ('adopted', 'interviewRequired', 'no', false),
	('adopted', 'apAge', 'ge18', false), ('adopted', 'apAge', 'lt18', false), ('adopted', 'apAge', 'unknown', false),
	('adopted', 'apVital', 'living', false), ('adopted', 'apVital', 'died', false), ('adopted', 'apVital', 'incapable', false), ('adopted', 'apVital', 'unknown', false),
	('application', 'appAge', 'ge18', false), ('application', 'appAge', 'lt18', false), ('application', 'appAge', 'unknown', false),
	('application', 'reg11', 'pending', false), ('application', 'reg11', 'passed', true), ('application', 'reg11', 'failed', false),
	('application', 'linkProven', 'yes', true), ('application', 'linkProven', 'no', false),
	('application', 'met', 'no', false), ('application', 'met', 'inPerson', false), ('application', 'met', 'liveVideo', true),
	('application', 'idVerified', 'yes', true), ('application', 'idVerified', 'no', false),
	('application', 'repAuthority', 'yes', true), ('application', 'repAuthority', 'no', false),
	('application', 'aaa', 'self', true), ('application', 'aaa', 'answered', false), ('application', 'aaa', 'exhausted', true), ('application', 'aaa', 'pending', false), ('application', 'aaa', 'notFound', false),
	('application', 'vetoAnswer', 'none', false), ('application', 'vetoAnswer', 'absolute', false), ('application', 'vetoAnswer', 'qualified', false), ('application', 'vetoAnswer', 'unknown', false),
	('application', 'qualified', 'met', true), ('application', 'qualified', 'notMet', false), ('application', 'qualified', 'unclear', false),
	('application', 'apConsent', 'given', true), ('application', 'apConsent', 'refused', false), ('application', 'apConsent', 'withdrawn', false), ('application', 'apConsent', 'notSought', false),
	('application', 'apConsent', 'noReply', false), ('application', 'apConsent', 'died', true), ('application', 'apConsent', 'incapable', true), ('application', 'apConsent', 'untraced', true),
	('application', 'cnsl', 'yes', false), ('application', 'cnsl', 'no', false),
	('subject', 'subjAge', 'ge18', false), ('subject', 'subjAge', 'lt18', false), ('subject', 'subjAge', 'unknown', false),
	('subject', 'subjectVital', 'living', false), ('subject', 'subjectVital', 'died', false), ('subject', 'subjectVital', 'incapable', true), ('subject', 'subjectVital', 'untraced', false),
	('subject', 'acr', 'checked', false), ('subject', 'acr', 'notChecked', false),
	('subject', 'acrNoContact', 'yes', false), ('subject', 'acrNoContact', 'no', false),
	('subject', 'approp', 'yes', false), ('subject', 'approp', 'no', false), ('subject', 'approp', 'undecided', false),
	('subject', 'evidence', 'yes', true), ('subject', 'evidence', 'no', false),
	('subject', 'sixDecision', 'yes', true), ('subject', 'sixDecision', 'no', false),
	('subject', 'asked', 'searched', false), ('subject', 'asked', 'unknown', false),
	('subject', 'cnsl', 'yes', false), ('subject', 'cnsl', 'no', false),
	('item', 'jigsaw', 'safe', true), ('item', 'jigsaw', 'beyondScope', false), ('item', 'jigsaw', 'identifiesOther', false), ('item', 'jigsaw', 'unsure', false),
	('item', 'thirdConsent', 'yes', true), ('item', 'thirdConsent', 'no', false),
	-- what tables 8f and 8i ask beside the rest
	('application', 'req', 's60_2a', true), ('application', 'req', 's60_2b', true), ('application', 'req', 's60_4court', true), ('application', 'req', 's61_62', false),
	('application', 'orderSixty', 'inForce', false), ('application', 'orderSixty', 'applied', false), ('application', 'orderSixty', 'none', true),
	('application', 'writtenReasons', 'yes', false), ('application', 'writtenReasons', 'no', false),
	('application', 'publicPolicy', 'none', false), ('application', 'publicPolicy', 'risk', false), ('application', 'publicPolicy', 'refusedByRG', false),
	('application', 'interviewHeld', 'yes', false), ('application', 'interviewHeld', 'no', false),
	('application', 'residence', 'uk', false), ('application', 'residence', 'abroad', false),
	('application', 'rgSent', 'yes', false), ('application', 'rgSent', 'no', false),
	('subject', 'views', 'yes', false), ('subject', 'views', 'no', false),
	('subject', 'expressed', 'agree', false), ('subject', 'expressed', 'object', false), ('subject', 'expressed', 'none', false), ('subject', 'expressed', 'notFound', false),
	('subject', 'expressed', 'died', false), ('subject', 'expressed', 'incapable', true), ('subject', 'expressed', 'notAsked', false),
	('subject', 'anyChild', 'none', false), ('subject', 'anyChild', 'adoptedChild', false), ('subject', 'anyChild', 'otherChild', false), ('subject', 'anyChild', 'both', false),
	('subject', 'anyChild', 'notKnown', false),
	('subject', 'childViews', 'yes', false), ('subject', 'childViews', 'no', false),
	('subject', 'childWelfare', 'supports', true), ('subject', 'childWelfare', 'against', false), ('subject', 'childWelfare', 'undecided', false),
	('subject', 'regard', 'yes', false), ('subject', 'regard', 'no', false),
	('item', 'decision', 'disclose', true), ('item', 'decision', 'refuse', false), ('item', 'decision', 'undecided', false),
	('item', 'standstill', 'notStarted', false), ('item', 'standstill', 'running', false), ('item', 'standstill', 'notApplicable', false),
	('item', 'panel', 'notRequested', true), ('item', 'panel', 'pending', false), ('item', 'panel', 'recommendationConsidered', true);

-- What is known, version by version; nothing is changed or deleted. The sealed casework of the same id, part and version says why and on
-- what evidence, and repeats the value, so that a changed row is found out.
create table fact (
	agency_id text not null,
	on_id id not null,
	about text not null,
	name text not null,
	version int not null check (version > 0),
	value text not null,
	confirms int,
	worker_id id not null,
	at timestamptz not null,
	leaf digest not null,
	primary key (on_id, name, version, agency_id),
	foreign key (name, value, about) references fact_value,
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
comment on column fact.confirms is 'the version before, in which another worker said the same: where two are asked for, only such a row counts';

-- The adopted person's veto. One stands at a time: the newest version.
create table veto (
	agency_id text not null,
	adopted_id id not null,
	version int not null check (version > 0),
	kind text not null check (kind in ('absolute', 'qualified')),
	in_force bool not null,
	worker_id id not null,
	at timestamptz not null,
	leaf digest not null,
	primary key (adopted_id, version, agency_id),
	foreign key (agency_id, adopted_id) references adopted (agency_id, id),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);

-- A provisional stop: somebody has asked for protection, and it is not settled yet. It ends by a manager's reasons, never by time.
create table stop (
	agency_id text not null,
	id id not null,
	adopted_id id not null,
	subject_id id,
	worker_id id not null,
	at timestamptz not null,
	leaf digest not null,
	ended_by id,
	ended_at timestamptz,
	end_leaf digest,
	primary key (id, agency_id),
	constraint stop_ended check ((ended_by is null) = (ended_at is null) and (ended_by is null) = (end_leaf is null)),
	foreign key (agency_id, adopted_id) references adopted (agency_id, id),
	foreign key (agency_id, subject_id) references subject (agency_id, id),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, ended_by) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred,
	foreign key (agency_id, end_leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index stop_open on stop (adopted_id, agency_id) where ended_by is null;

-- The subject's own consent to disclosure, version by version. Contact only through us reveals no way to somebody's door. It is never the adopted person's consent to the application proceeding.
create table consent (
	agency_id text not null,
	subject_id id not null,
	version int not null check (version > 0),
	answer text not null check (answer in ('yes', 'lettersOnly', 'onlyThroughUs', 'notNow', 'no', 'withdrawn', 'noReply')),
	scope text[] not null default '{}'
		check (scope <@ array['name', 'address', 'phone', 'email', 'photo', 'occupation', 'relationship', 'medical', 'background', 'letters']),
	worker_id id not null,
	at timestamptz not null,
	leaf digest not null,
	primary key (subject_id, version, agency_id),
	constraint consent_direct check (answer = 'yes' or not scope && array['address', 'phone', 'email']),
	constraint consent_scope check (answer in ('yes', 'lettersOnly', 'onlyThroughUs') or scope = '{}'),
	foreign key (agency_id, subject_id) references subject (agency_id, id),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);

-- A question to the appropriate adoption agency, the Registrar General, a court or a local authority.
create table enquiry (
	agency_id text not null,
	id id not null,
	application_id id not null,
	whom text not null check (whom in ('AAA', 'registrarGeneral', 'court', 'localAuthority', 'contactRegister')),
	to_agency text,
	state text not null check (state in ('asked', 'answered', 'called off')),
	asked_by id not null,
	asked_on date not null default current_date,
	due_on date not null,
	chased_on date,
	answered_on date,
	heard int not null default 0 check (heard >= 0),
	leaf digest not null,
	primary key (id, agency_id),
	constraint enquiry_answered check ((state = 'answered') = (answered_on is not null)),
	foreign key (agency_id, application_id) references application (agency_id, id),
	foreign key (agency_id, asked_by) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index enquiry_application on enquiry (application_id, agency_id);
create index enquiry_due on enquiry (agency_id, due_on) where state = 'asked';
comment on column enquiry.heard is 'the last word of the other agency that a worker of ours has read into the case: an answer that nobody has read may be a veto, and stops what one would stop';

-- The same enquiry where it arrives, if the other agency is on this deployment: the only road between two agencies.
create table enquiry_in (
	agency_id text not null references agency,
	id id not null,
	from_agency text not null references agency,
	state text not null check (state in ('received', 'answered', 'called off')),
	due_on date not null,
	sealed bytea not null check (octet_length(sealed) < 1024 * 1024),
	statement bytea not null check (octet_length(statement) < 65536),
	arrived_on date not null default current_date,
	chased_on date,
	adopted_id id,
	primary key (id, agency_id),
	constraint enquiry_in_record foreign key (agency_id, adopted_id) references adopted (agency_id, id)
);
comment on column enquiry_in.statement is 'the asking agency''s signed word for what it asked, which this agency checks by that agency''s verifiers';
create index enquiry_in_adopted on enquiry_in (adopted_id, agency_id) where adopted_id is not null;
comment on column enquiry_in.adopted_id is 'the answering agency''s own: whose record the enquiry is about, once a worker has found it, so that a later veto finds its way';

create table enquiry_word (
	agency_id text not null,
	id id not null,
	version int not null check (version > 0),
	kind text not null check (kind in ('progress', 'answer')),
	due_on date,
	sealed bytea not null check (octet_length(sealed) < 1024 * 1024),
	statement bytea not null check (octet_length(statement) < 65536),
	worker_id id not null,
	leaf digest not null,
	said_on date not null default current_date,
	primary key (id, version, agency_id),
	constraint enquiry_word_day check (due_on is null or kind = 'progress'),
	foreign key (id, agency_id) references enquiry_in,
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
comment on table enquiry_word is 'what the answering agency says of an enquiry; agency_id is that agency, and due_on another day that it offers';

-- Every question to the law and its answer; refusals too.
create table evaluation (
	agency_id text not null,
	id id not null,
	application_id id not null,
	subject_id id,
	item_id id,
	tbl text not null check (tbl ~ '^8[a-i]$'),
	row_id text not null check (row_id ~ '^[a-i][0-9]{2}[a-c]?$'),
	outcome text not null,
	effects text[] not null,
	digest digest not null,
	at timestamptz not null,
	act text not null check (act in ('asked', 'proceed', 'approach', 'disclose', 'changed')),
	worker_id id,
	tx xid8 not null default pg_current_xact_id(),
	leaf digest not null,
	primary key (id, agency_id),
	foreign key (agency_id, application_id) references application (agency_id, id),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
comment on column evaluation.digest is 'of the facts it rests on';
create index evaluation_application on evaluation (application_id, agency_id);

-- A policy flag: two people, one of them a manager, say in their own names that they have read the text that an open question names. Until then,
-- and after a manager has ended it, the rows of the law that need it cannot be signed. Each setting is a row of its own.
create table law_flag (
	agency_id text not null references agency,
	id id not null,
	flag text not null check (flag in ('OQ1', 'OQ9')),
	first_id id not null,
	first_at timestamptz not null,
	first_leaf digest not null,
	second_id id,
	second_at timestamptz,
	second_leaf digest,
	ended_by id,
	ended_at timestamptz,
	end_leaf digest,
	primary key (id, agency_id),
	constraint law_flag_two check (first_id <> second_id and (second_id is null) = (second_leaf is null) and (second_id is null) = (second_at is null)),
	constraint law_flag_ended check ((ended_by is null) = (end_leaf is null) and (ended_by is null) = (ended_at is null)),
	foreign key (agency_id, first_id) references worker,
	foreign key (agency_id, second_id) references worker,
	foreign key (agency_id, ended_by) references worker,
	foreign key (agency_id, first_leaf) references audit_body (agency_id, leaf) deferrable initially deferred,
	foreign key (agency_id, second_leaf) references audit_body (agency_id, leaf) deferrable initially deferred,
	foreign key (agency_id, end_leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create unique index law_flag_once on law_flag (flag, agency_id) where ended_by is null;

-- A signature of two people on one row of the law, for these facts and until a day. It skips that row and nothing else.
create table signature (
	agency_id text not null,
	id id not null,
	subject_id id not null,
	item_id id,
	row_id text not null,
	digest digest not null,
	first_id id not null,
	second_id id,
	at timestamptz not null,
	expires_on date not null,
	leaf digest not null,
	second_leaf digest,
	primary key (id, agency_id),
	constraint signature_ends check (expires_on <= (at at time zone 'Europe/London')::date + 90),
	constraint signature_two check (first_id <> second_id and (second_id is null) = (second_leaf is null)),
	foreign key (agency_id, subject_id) references subject (agency_id, id),
	foreign key (agency_id, first_id) references worker,
	foreign key (agency_id, second_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred,
	foreign key (agency_id, second_leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);

-- One piece of information that might be given: what kind, about whom. The words are sealed casework of the same id.
create table item (
	agency_id text not null,
	id id not null,
	application_id id not null,
	subject_id id not null,
	kind text not null check (kind in ('name', 'address', 'phone', 'email', 'photo', 'occupation', 'relationship', 'medical', 'background')),
	about text not null check (about in ('subject', 'adoptedPersonNotSubject', 'thirdParty')),
	identifying bool not null,
	prepared_by id not null,
	checked_by id,
	check_leaf digest,
	version int not null default 1,
	primary key (id, agency_id),
	constraint item_identifies check (identifying or kind not in ('name', 'address', 'phone', 'email', 'photo')),
	constraint item_two check (prepared_by <> checked_by and (checked_by is null) = (check_leaf is null)),
	foreign key (agency_id, application_id) references application (agency_id, id),
	foreign key (agency_id, subject_id) references subject (agency_id, id),
	foreign key (agency_id, prepared_by) references worker,
	foreign key (agency_id, checked_by) references worker,
	foreign key (agency_id, check_leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index item_application on item (application_id, agency_id);
comment on column item.checked_by is 'the second person of the release; any new version of the words takes it away';

-- A disclosure that was made. It is never changed or deleted; once for each item.
create table disclosure (
	agency_id text not null,
	id id not null,
	application_id id not null,
	adopted_id id not null,
	subject_id id not null,
	item_id id not null,
	evaluation_id id not null,
	row_id text not null,
	worker_id id not null,
	second_id id not null,
	at timestamptz not null,
	leaf digest not null,
	part text not null default 'pack' check (part = 'pack'),
	version int not null default 1 check (version = 1),
	opened_at timestamptz,
	primary key (id, agency_id),
	constraint disclosure_once unique (item_id, agency_id),
	constraint disclosure_two check (worker_id <> second_id),
	foreign key (agency_id, subject_id) references subject (agency_id, id),
	foreign key (agency_id, item_id) references item (agency_id, id),
	foreign key (agency_id, evaluation_id) references evaluation (agency_id, id),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, second_id) references worker,
	constraint disclosure_pack foreign key (agency_id, id, part, version) references casework (agency_id, id, part, version) deferrable initially deferred,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index disclosure_application on disclosure (application_id, agency_id);

-- A step towards a subject: something tried to find them, or an approach, which rests on an answer of the law of its own transaction.
create table step (
	agency_id text not null,
	id id not null,
	subject_id id not null,
	kind text not null check (kind in ('trace', 'approach')),
	outcome text not null check (outcome in ('tried', 'traced', 'notTraced', 'stopPoint', 'sent', 'spoke', 'noAnswer', 'returned')),
	evaluation_id id,
	worker_id id not null,
	at timestamptz not null,
	leaf digest not null,
	primary key (id, agency_id),
	constraint step_kind check ((kind = 'approach') = (evaluation_id is not null) and (kind = 'trace') = (outcome in ('tried', 'traced', 'notTraced', 'stopPoint'))),
	foreign key (agency_id, subject_id) references subject (agency_id, id),
	foreign key (agency_id, evaluation_id) references evaluation (agency_id, id),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index step_subject on step (subject_id, agency_id);

-- Somebody was asked who is not approached for the applicant's sake: the adopted person, whether an application may go on (ISR 5A); or whoever protected
-- information is about, what they think of giving it (ACA 61(3), 62(3)). Their answer is believed only where it rests on such a row.
create table asking (
	agency_id text not null,
	id id not null,
	application_id id not null,
	subject_id id not null,
	item_id id,
	what text not null check (what in ('consent', 'views')),
	outcome text not null check (outcome in ('sent', 'spoke', 'noAnswer', 'returned', 'theirs')),
	evaluation_id id,
	worker_id id not null,
	at timestamptz not null,
	leaf digest not null,
	primary key (id, agency_id),
	constraint asking_leave check ((outcome = 'theirs') = (evaluation_id is null) and (what = 'views' and outcome <> 'theirs') = (item_id is not null)),
	foreign key (agency_id, application_id) references application (agency_id, id),
	foreign key (agency_id, subject_id) references subject (agency_id, id),
	foreign key (agency_id, item_id) references item (agency_id, id),
	foreign key (agency_id, evaluation_id) references evaluation (agency_id, id),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index asking_application on asking (application_id, agency_id);
comment on column asking.outcome is 'theirs: they came to us by themselves, which needs nobody''s leave';

-- What an applicant or a subject and their worker write to each other; the words are sealed casework of the same id.
create table case_message (
	agency_id text not null,
	id id not null,
	application_id id not null,
	file id not null,
	person_id id not null,
	by_worker id,
	answers id,
	sent_at timestamptz not null default now(),
	sent_on date not null default current_date,
	hear_by date,
	answered_on date,
	part text not null default 'message' check (part in ('message', 'letter')),
	version int not null default 1 check (version = 1),
	primary key (id, agency_id),
	constraint case_message_turn check ((by_worker is null) = (hear_by is not null) and (answers is null or by_worker is not null)),
	constraint case_message_answered_once unique (answers, agency_id),
	foreign key (agency_id, file, person_id) references party (agency_id, file, person_id),
	foreign key (agency_id, application_id) references application (agency_id, id),
	foreign key (agency_id, by_worker) references worker,
	foreign key (agency_id, answers) references case_message (agency_id, id),
	constraint case_message_sealed foreign key (agency_id, id, part, version) references casework (agency_id, id, part, version) deferrable initially deferred
);
create index case_message_file on case_message (file, agency_id);
create index case_message_waits on case_message (agency_id, sent_at) where by_worker is null and answered_on is null;

-- What people thought of the service, kept together and apart from their cases, whose records have their words.
create table feedback (
	agency_id text not null references agency,
	id id not null,
	part text not null default 'feedback' check (part = 'feedback'),
	version int not null default 1 check (version = 1),
	month date not null default date_trunc('month', current_date) check (extract(day from month) = 1),
	who text not null check (who in ('applicant', 'subject')),
	listened smallint check (listened between 1 and 5),
	explained smallint check (explained between 1 and 5),
	respected smallint check (respected between 1 and 5),
	primary key (id, agency_id),
	constraint feedback_sealed foreign key (agency_id, id, part, version) references casework (agency_id, id, part, version) deferrable initially deferred
);

-- An exchange of letters between an applicant and a subject who agreed to it. No foreign key to the exchange, whose record may be destroyed one day.
create table mediated (
	agency_id text not null references agency,
	exchange_id id not null,
	application_id id not null,
	adopted_id id not null,
	subject_id id not null,
	evaluation_id id not null,
	worker_id id not null,
	at timestamptz not null,
	leaf digest not null,
	primary key (exchange_id, agency_id),
	constraint mediated_once unique (subject_id, agency_id),
	foreign key (agency_id, adopted_id, application_id) references application (agency_id, adopted_id, id),
	foreign key (agency_id, subject_id) references subject (agency_id, id),
	foreign key (agency_id, evaluation_id) references evaluation (agency_id, id),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index mediated_adopted on mediated (adopted_id, agency_id);

do $$
declare
	t text;
begin
	foreach t in array array['intake', 'adopted', 'application', 'subject', 'case_connection', 'party', 'casework', 'fact', 'veto', 'stop', 'consent', 'enquiry', 'enquiry_in',
		'enquiry_word', 'evaluation', 'law_flag', 'signature', 'item', 'disclosure', 'step', 'asking', 'case_message', 'feedback', 'mediated'] loop
		execute format('alter table %I enable row level security', t);
		execute format('alter table %I force row level security', t);
		execute format('create policy staff on %I to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency())', t);
		execute format('grant select on %I to gatepost_backup', t);
	end loop;
end
$$;
grant select on fact_value to gatepost_backup;

grant select, insert on intake, adopted, subject, case_connection, party, casework, fact, veto, enquiry, enquiry_word, item, disclosure, step, asking, consent, stop, law_flag, signature, mediated to gatepost_staff;
grant select on fact_value, application, evaluation, enquiry_in, case_message, feedback to gatepost_staff;
grant insert (agency_id, id, adopted_id, intake_id, pair, reference, state, hear_by, opened_by) on application to gatepost_staff;
grant insert (agency_id, id, application_id, subject_id, item_id, tbl, row_id, outcome, effects, digest, at, act, worker_id, leaf) on evaluation to gatepost_staff;
grant insert (agency_id, id, application_id, file, person_id, by_worker, answers, part) on case_message to gatepost_staff;
grant update (state) on intake, subject to gatepost_staff;
grant update (state, hear_by, ended_on) on application to gatepost_staff;
grant update (ended_by, ended_at, end_leaf) on stop to gatepost_staff;
grant update (state, due_on, chased_on, answered_on, heard) on enquiry to gatepost_staff;
grant update (adopted_id) on enquiry_in to gatepost_staff;
grant update (second_id, second_leaf) on signature to gatepost_staff;
grant update (second_id, second_at, second_leaf, ended_by, ended_at, end_leaf) on law_flag to gatepost_staff;
grant update (prepared_by, checked_by, check_leaf, version) on item to gatepost_staff;
grant update (answered_on) on case_message to gatepost_staff;

reset role;
