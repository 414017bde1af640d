set local role gatepost_owner;

-- The intermediary service. What is in clear here are ids, states, times, kinds and the values that the law's tables ask for; names, dates
-- and words are sealed in casework. docs/settled.md says why.

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
	primary key (id, part, version, agency_id),
	foreign key (agency_id, application_id) references application (agency_id, id),
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
alter table casework alter column sealed set storage external;
create index casework_application on casework (application_id, agency_id);
create index casework_file on casework (file, agency_id) where file is not null;
create index casework_shed on casework (shed_on) where shed_on is not null;
comment on column casework.shed_on is 'identity documents only: the fact that they were seen stays';

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
	('application', 'aaa', 'self', false), ('application', 'aaa', 'answered', false), ('application', 'aaa', 'exhausted', true), ('application', 'aaa', 'pending', false), ('application', 'aaa', 'notFound', false),
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
	('item', 'thirdConsent', 'yes', true), ('item', 'thirdConsent', 'no', false);

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

-- The subject's own consent to disclosure, version by version. It is never the adopted person's consent to the application proceeding.
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
	leaf digest not null,
	primary key (id, agency_id),
	constraint enquiry_answered check ((state = 'answered') = (answered_on is not null)),
	foreign key (agency_id, application_id) references application (agency_id, id),
	foreign key (agency_id, asked_by) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index enquiry_application on enquiry (application_id, agency_id);
create index enquiry_due on enquiry (agency_id, due_on) where state = 'asked';

-- The same enquiry where it arrives, if the other agency is on this deployment: the only road between two agencies.
create table enquiry_in (
	agency_id text not null references agency,
	id id not null,
	from_agency text not null references agency,
	state text not null check (state in ('received', 'answered', 'called off')),
	due_on date not null,
	sealed bytea not null check (octet_length(sealed) < 1024 * 1024),
	reply bytea check (octet_length(reply) < 1024 * 1024),
	statement bytea not null check (octet_length(statement) < 65536),
	reply_statement bytea check (octet_length(reply_statement) < 65536),
	arrived_on date not null default current_date,
	answered_on date,
	primary key (id, agency_id),
	constraint enquiry_in_answered check ((state = 'answered') = (reply is not null) and (reply is null) = (reply_statement is null) and (reply is null) = (answered_on is null))
);
comment on column enquiry_in.statement is 'the asking agency''s signed word for what it asked, which this agency checks by that agency''s verifiers';

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

-- fact_of is the value that counts now: the newest that needs no second worker or has one. Null where nobody has said anything.
create function fact_of(of_id text, of_name text) returns text
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select f.value from fact f join fact_value v on v.about = f.about and v.name = f.name and v.value = f.value
		where f.on_id = of_id and f.name = of_name and f.agency_id = agency() and (not v.two or f.confirms is not null)
		order by f.version desc limit 1);
end
$$;

-- hold_gate takes the gate rows in their order: the adopted person, then the subject. Whoever changes what a disclosure rests on takes them first.
create function hold_gate(adopted_person text, one_subject text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	perform from adopted a where a.id = adopted_person and a.agency_id = agency() for update;
	if not found then
		raise exception 'no such adopted person' using errcode = '23503', constraint = 'gate_adopted';
	end if;
	if one_subject is not null then
		perform from subject s where s.id = one_subject and s.agency_id = agency() and s.adopted_id = adopted_person for update;
		if not found then
			raise exception 'no such subject' using errcode = '23503', constraint = 'gate_subject';
		end if;
	end if;
end
$$;

-- gate_of finds the gate rows of whatever a fact is about.
create function gate_of(about text, of_id text, out adopted_person text, out one_subject text)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	case about
		when 'adopted' then adopted_person := of_id;
		when 'application' then select a.adopted_id into adopted_person from application a where a.id = of_id and a.agency_id = agency();
		when 'subject' then select s.adopted_id, s.id into adopted_person, one_subject from subject s where s.id = of_id and s.agency_id = agency();
		when 'item' then select s.adopted_id, s.id into adopted_person, one_subject from item i join subject s on s.agency_id = i.agency_id and s.id = i.subject_id
			where i.id = of_id and i.agency_id = agency();
		else null;
	end case;
end
$$;

-- by_intermediary raises unless this session is an active intermediary worker (or, where it may be one, a manager) in their own name.
create function by_intermediary(worker text, or_manager bool) returns void
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	if worker is distinct from account() or not (has_role('intermediaryWorker') or or_manager and has_role('manager')) then
		raise exception 'not a worker of this service' using errcode = '23514', constraint = 'casework_worker';
	end if;
end
$$;

create function fact_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	g record;
	newest fact;
begin
	perform by_intermediary(new.worker_id, true);
	select * into g from gate_of(new.about, new.on_id);
	perform hold_gate(g.adopted_person, g.one_subject);
	select * into newest from fact f where f.on_id = new.on_id and f.name = new.name and f.agency_id = new.agency_id order by f.version desc limit 1;
	if new.version <> coalesce(newest.version, 0) + 1 then
		raise exception 'a newer version' using errcode = '23505', constraint = 'fact_version';
	end if;
	if new.confirms is not null and (new.confirms is distinct from newest.version or newest.value <> new.value or newest.worker_id = new.worker_id
		or newest.confirms is not null or not exists (select from fact_value v where v.about = new.about and v.name = new.name and v.value = new.value and v.two)) then
		raise exception 'nothing that a second worker can agree to' using errcode = '23514', constraint = 'fact_confirms';
	end if;
	if new.confirms is not null and new.value = 'liveVideo' and not has_role('manager') then
		raise exception 'a manager accepts a meeting by video' using errcode = '23514', constraint = 'fact_manager';
	end if;
	return new;
end
$$;
create trigger fact_by_right before insert on fact for each row execute function fact_by_right();

create function veto_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform by_intermediary(new.worker_id, false);
	perform hold_gate(new.adopted_id, null);
	if new.version <> (select coalesce(max(v.version), 0) + 1 from veto v where v.adopted_id = new.adopted_id and v.agency_id = new.agency_id) then
		raise exception 'a newer version' using errcode = '23505', constraint = 'veto_version';
	end if;
	return new;
end
$$;
create trigger veto_by_right before insert on veto for each row execute function veto_by_right();

-- Anybody of the service may ask for protection at once; only a manager ends it, and who asked for it does not.
create function stop_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform hold_gate(new.adopted_id, new.subject_id);
	if tg_op = 'INSERT' then
		perform by_intermediary(new.worker_id, true);
		if new.ended_by is not null then
			raise exception 'a stop begins before it ends' using errcode = '23514', constraint = 'stop_begins';
		end if;
	elsif old.ended_by is not null or new.ended_by is distinct from account() or not has_role('manager') or new.ended_by = new.worker_id then
		raise exception 'another person, a manager, ends a stop' using errcode = '23514', constraint = 'stop_manager';
	end if;
	return new;
end
$$;
create trigger stop_by_right before insert or update on stop for each row execute function stop_by_right();

create function consent_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	of text;
begin
	perform by_intermediary(new.worker_id, false);
	select s.adopted_id into of from subject s where s.id = new.subject_id and s.agency_id = new.agency_id;
	perform hold_gate(of, new.subject_id);
	if new.version <> (select coalesce(max(c.version), 0) + 1 from consent c where c.subject_id = new.subject_id and c.agency_id = new.agency_id) then
		raise exception 'a newer version' using errcode = '23505', constraint = 'consent_version';
	end if;
	return new;
end
$$;
create trigger consent_by_right before insert on consent for each row execute function consent_by_right();

-- An application and its subjects open, and end; only a manager opens one again that was stopped. Closed is the end.
create function case_moves() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' then
		if new.state <> 'open' then
			raise exception 'a case begins open' using errcode = '23514', constraint = 'case_move';
		end if;
		return new;
	end if;
	perform hold_gate(old.adopted_id, null);
	if new.state = old.state then
		return new;
	end if;
	if old.state in ('closed', 'done') or old.state = 'stopped' and new.state = 'open' and not has_role('manager') then
		raise exception 'no such move' using errcode = '23514', constraint = 'case_move';
	end if;
	return new;
end
$$;
create trigger application_moves before insert or update on application for each row execute function case_moves();
create trigger subject_moves before insert or update on subject for each row execute function case_moves();

create function item_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' then
		perform by_intermediary(new.prepared_by, false);
		if new.checked_by is not null then
			raise exception 'a second person checks' using errcode = '23514', constraint = 'item_two';
		end if;
		return new;
	end if;
	if exists (select from disclosure d where d.item_id = new.id and d.agency_id = new.agency_id) then
		raise exception 'this was given' using errcode = '23514', constraint = 'item_given';
	end if;
	if new.version <> old.version then -- new words: whoever wrote them prepares, and nobody has checked them
		perform by_intermediary(new.prepared_by, false);
		if new.version <> old.version + 1 or new.checked_by is not null then
			raise exception 'a newer version' using errcode = '23505', constraint = 'item_version';
		end if;
	elsif new.checked_by is not null then
		perform by_intermediary(new.checked_by, true);
	end if;
	return new;
end
$$;
create trigger item_by_right before insert or update on item for each row execute function item_by_right();

create function signature_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' and (new.first_id is distinct from account() or new.second_id is not null)
		or tg_op = 'UPDATE' and (old.second_id is not null or new.second_id is distinct from account())
		or not has_role('manager') and not has_role('intermediaryWorker')
		or exists (select from item i where i.id = new.item_id and i.agency_id = new.agency_id and account() = i.prepared_by) then
		raise exception 'two people, neither of whom prepared it' using errcode = '23514', constraint = 'signature_worker';
	end if;
	if tg_op = 'UPDATE' and not has_role('manager') and not exists (select from worker w where w.id = new.first_id and w.agency_id = new.agency_id and 'manager' = any (w.roles)) then
		raise exception 'one of the two is a manager' using errcode = '23514', constraint = 'signature_manager';
	end if;
	return new;
end
$$;
create trigger signature_by_right before insert or update on signature for each row execute function signature_by_right();

-- blocked tells whether something about the adopted person or the subject forbids what identifies somebody to be given, or anybody to be
-- approached: a stop; and, unless they search themselves, a veto in force that was not found to allow it.
create function blocked(one_application text, one_subject text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	a application;
begin
	select * into a from application x where x.id = one_application and x.agency_id = agency();
	if not found or exists (select from stop s where s.agency_id = agency() and s.adopted_id = a.adopted_id and s.ended_by is null
		and (s.subject_id is null or s.subject_id = one_subject)) then
		return true;
	end if;
	if a.pair = 'AP>REL' then
		return false;
	end if;
	return coalesce((select case when v.kind = 'absolute' then true else fact_of(a.id, 'qualified') is distinct from 'met' end
			from (select * from veto v where v.agency_id = agency() and v.adopted_id = a.adopted_id order by v.version desc limit 1) v where v.in_force), false)
		or fact_of(a.id, 'vetoAnswer') = 'absolute'
		or fact_of(a.id, 'vetoAnswer') = 'qualified' and fact_of(a.id, 'qualified') is distinct from 'met';
end
$$;

-- answered raises unless the law was asked in this very transaction about this case, and permitted it.
create function answered(evaluation text, one_subject text, one_item text, wanted text) returns evaluation
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	e evaluation;
begin
	select * into e from evaluation x where x.id = evaluation and x.agency_id = agency();
	if not found or e.tx is distinct from pg_current_xact_id() or e.outcome <> wanted or e.subject_id is distinct from one_subject
		or e.item_id is distinct from one_item or e.worker_id is distinct from account() then
		raise exception 'the law was not asked' using errcode = '23514', constraint = 'gate_asked';
	end if;
	return e;
end
$$;

create function step_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	s subject;
	e evaluation;
begin
	perform by_intermediary(new.worker_id, false);
	select * into s from subject x where x.id = new.subject_id and x.agency_id = new.agency_id;
	perform hold_gate(s.adopted_id, s.id);
	if new.kind = 'approach' then
		e := answered(new.evaluation_id, new.subject_id, null, '+PROCEED');
		if s.state <> 'open' or not exists (select from application a where a.id = s.application_id and a.agency_id = s.agency_id and a.state = 'open') then
			raise exception 'the case has ended' using errcode = '23514', constraint = 'gate_open';
		end if;
		if blocked(s.application_id, s.id) then
			raise exception 'nobody may be approached' using errcode = '23514', constraint = 'gate_blocked';
		end if;
		if fact_of(s.id, 'subjectVital') = 'died' or fact_of(s.id, 'subjAge') is distinct from 'ge18'
			or (select c.answer from consent c where c.subject_id = s.id and c.agency_id = s.agency_id order by c.version desc limit 1) in ('no', 'withdrawn') then
			raise exception 'this person is not approached' using errcode = '23514', constraint = 'gate_answered';
		end if;
	end if;
	return new;
end
$$;
create trigger step_by_right before insert on step for each row execute function step_by_right();

-- The last bar before a disclosure: whatever the program says, the database looks again, with the gate rows held.
create function disclosure_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	i item;
	a application;
	s subject;
	e evaluation;
	c consent;
	regime text;
begin
	perform by_intermediary(new.worker_id, false);
	perform hold_gate(new.adopted_id, new.subject_id);
	select * into i from item x where x.id = new.item_id and x.agency_id = new.agency_id for update;
	select * into a from application x where x.id = new.application_id and x.agency_id = new.agency_id;
	select * into s from subject x where x.id = new.subject_id and x.agency_id = new.agency_id;
	if i.subject_id is distinct from new.subject_id or i.application_id is distinct from new.application_id or s.application_id is distinct from a.id
		or a.adopted_id is distinct from new.adopted_id then
		raise exception 'not of this case' using errcode = '23514', constraint = 'gate_case';
	end if;
	e := answered(new.evaluation_id, new.subject_id, new.item_id, '+DISCLOSE');
	if e.row_id <> new.row_id or e.application_id <> a.id then
		raise exception 'another answer' using errcode = '23514', constraint = 'gate_asked';
	end if;
	if a.state <> 'open' or s.state <> 'open' then
		raise exception 'the case has ended' using errcode = '23514', constraint = 'gate_open';
	end if;
	if i.checked_by is null or i.checked_by is distinct from new.second_id or not exists (select from worker w where w.id = new.second_id
		and w.agency_id = new.agency_id and w.state = 'active') then
		raise exception 'a second person has to check' using errcode = '23514', constraint = 'gate_two';
	end if;
	if coalesce(fact_of(a.id, 'met'), 'no') not in ('inPerson', 'liveVideo') or fact_of(a.id, 'idVerified') is distinct from 'yes' then
		raise exception 'the applicant was not met and verified' using errcode = '23514', constraint = 'gate_met';
	end if;
	if fact_of(i.id, 'jigsaw') is distinct from 'safe' then
		raise exception 'nobody has looked what it gives away together with the rest' using errcode = '23514', constraint = 'gate_jigsaw';
	end if;
	regime := fact_of(a.adopted_id, 'order');
	if not i.identifying then
		if e.tbl not in ('8c', '8f') then
			raise exception 'another table answers' using errcode = '23514', constraint = 'gate_table';
		end if;
		return new;
	end if;
	if regime = 'post' then
		if e.tbl <> '8f' then
			raise exception 'another table answers' using errcode = '23514', constraint = 'gate_table';
		end if;
		return new;
	end if;
	if regime is distinct from 'pre' or e.tbl <> '8b' then
		raise exception 'another table answers' using errcode = '23514', constraint = 'gate_table';
	end if;
	if blocked(a.id, s.id) then
		raise exception 'a veto or a stop' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if i.about <> 'subject' then
		if fact_of(i.id, 'thirdConsent') is distinct from 'yes' or not exists (select from signature g where g.agency_id = new.agency_id and g.item_id = i.id
			and g.row_id in ('b04b', 'b08b') and g.second_id is not null and g.expires_on >= current_date) then
			raise exception 'no consent of whom it is about' using errcode = '23514', constraint = 'gate_consent';
		end if;
		return new;
	end if;
	select * into c from consent x where x.subject_id = s.id and x.agency_id = s.agency_id order by x.version desc limit 1;
	case fact_of(s.id, 'subjectVital')
		when 'living' then
			if c.answer is null or c.answer not in ('yes', 'lettersOnly', 'onlyThroughUs') or not i.kind = any (c.scope) then
				raise exception 'no consent to this' using errcode = '23514', constraint = 'gate_consent';
			end if;
		when 'died', 'incapable' then
			if coalesce(c.answer, 'noReply') <> 'noReply' or fact_of(s.id, 'asked') is distinct from 'searched'
				or fact_of(s.id, 'evidence') is distinct from 'yes' or fact_of(s.id, 'sixDecision') is distinct from 'yes' then
				raise exception 'no ground for this' using errcode = '23514', constraint = 'gate_consent';
			end if;
		else
			raise exception 'nobody was asked' using errcode = '23514', constraint = 'gate_consent';
	end case;
	return new;
end
$$;
create trigger disclosure_by_right before insert on disclosure for each row execute function disclosure_by_right();

-- my_file: is this account a party of that file? granted_file: and has it the file's key?
create function my_file(of_file text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from party p where p.agency_id = agency() and p.file = of_file and p.person_id = account()));
end
$$;
create function granted_file(of_file text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from party p join ring_grant_person g on g.agency_id = p.agency_id and g.child = 'side/' || p.file
		where p.agency_id = agency() and p.file = of_file and p.person_id = account() and g.parent = 'person/' || account()));
end
$$;

-- my_packs lists what was disclosed to this account; open_pack opens one, once and for all. The text can be selected from then on.
create function my_packs() returns table (id text, file text, on_day date, opened bool)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select d.id::text, c.file::text, (d.at at time zone 'Europe/London')::date, d.opened_at is not null
		from party p join casework c on c.agency_id = p.agency_id and c.file = p.file and c.kind = 'pack'
		join disclosure d on d.agency_id = c.agency_id and d.id = c.id
		where p.agency_id = agency() and p.person_id = account() and p.kind <> 'subject' and granted_file(p.file) order by d.at, d.id;
end
$$;
create function open_pack(disclosure_id text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from my_packs() m where m.id = disclosure_id) then
		raise exception 'no such pack' using errcode = 'GP404';
	end if;
	update disclosure d set opened_at = now() where d.agency_id = agency() and d.id = disclosure_id and d.opened_at is null;
end
$$;
create function pack_opened(disclosure_id text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select d.opened_at is not null from disclosure d where d.agency_id = agency() and d.id = disclosure_id);
end
$$;

-- The families' tier reaches an intake by the hash of its code alone. Not knowing it, and there being none, is the same.
create function intake_load(of_code bytea) returns table (id text, state text, sealed bytea, version int, information text, hear_by date)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select i.id::text, case i.state when 'draft' then 'draft' else 'received' end,
		case i.state when 'draft' then i.sealed end, i.version, i.information, i.hear_by
		from intake i where i.agency_id = agency() and i.code = of_code;
end
$$;
create function intake_save(of_code bytea, new_id text, new_sealed bytea, was int, days int) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	delete from intake i where i.agency_id = agency() and i.state = 'draft' and i.expires_on < current_date; -- nobody came back for these
	if was = 0 then
		if (select count(*) from intake i where i.agency_id = agency() and i.state = 'draft') >= 20000 then
			raise exception 'too many drafts' using errcode = '53400', constraint = 'intake_full';
		end if;
		insert into intake (agency_id, id, code, state, sealed, expires_on) values (agency(), new_id, of_code, 'draft', new_sealed, current_date + least(days, 90));
		return;
	end if;
	update intake i set sealed = new_sealed, version = i.version + 1, updated_at = now(), expires_on = current_date + least(days, 90)
		where i.agency_id = agency() and i.code = of_code and i.id = new_id and i.state = 'draft' and i.version = was;
	if not found then
		raise exception 'saved by somebody else, or sent' using errcode = 'GP409';
	end if;
end
$$;
create function intake_send(of_code bytea, of_id text, was int, new_sealed bytea, new_commit bytea, new_leaf bytea, shown text, hear date) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	update intake i set state = 'received', sealed = new_sealed, commit = new_commit, leaf = new_leaf, version = i.version + 1,
		information = shown, sent_on = current_date, hear_by = hear, expires_on = null, updated_at = now()
		where i.agency_id = agency() and i.code = of_code and i.id = of_id and i.state = 'draft' and i.version = was;
	if not found then
		raise exception 'saved by somebody else, or sent' using errcode = 'GP409';
	end if;
	perform nudge_desk();
end
$$;

-- An enquiry goes to another agency of this deployment, and its answer comes back: nothing else crosses.
create function enquiry_arrives(enquiry_id text, other text, due date, new_sealed bytea, said bytea) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from enquiry e where e.id = enquiry_id and e.agency_id = agency() and e.to_agency = other and e.state = 'asked' and e.asked_by = account()) then
		raise exception 'no such enquiry' using errcode = '23514', constraint = 'enquiry_road';
	end if;
	insert into enquiry_in (agency_id, id, from_agency, state, due_on, sealed, statement) values (other, enquiry_id, agency(), 'received', due, new_sealed, said);
end
$$;
create function enquiry_reply(enquiry_id text) returns table (reply bytea, statement bytea, on_day date)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select i.reply, i.reply_statement, i.answered_on from enquiry e join enquiry_in i on i.id = e.id and i.agency_id = e.to_agency and i.from_agency = e.agency_id
		where e.id = enquiry_id and e.agency_id = agency() and i.state = 'answered';
end
$$;

do $$
declare
	t text;
begin
	foreach t in array array['intake', 'adopted', 'application', 'subject', 'party', 'casework', 'fact', 'veto', 'stop', 'consent', 'enquiry', 'enquiry_in',
		'evaluation', 'signature', 'item', 'disclosure', 'step', 'case_message'] loop
		execute format('alter table %I enable row level security', t);
		execute format('alter table %I force row level security', t);
		execute format('create policy staff on %I to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency())', t);
		execute format('grant select on %I to gatepost_backup', t);
	end loop;
end
$$;
-- The definer functions of the one road between agencies write and read the other agency's row.
create policy road on enquiry_in to gatepost_owner using (from_agency = agency()) with check (from_agency = agency());

create policy family on application for select to gatepost_public using (agency_id = agency() and my_file(id));
create policy family on party for select to gatepost_public using (agency_id = agency() and person_id = account());
create policy family on casework for select to gatepost_public using (agency_id = agency() and granted_file(file)
	and (kind in ('message', 'letter') or kind = 'pack' and pack_opened(id)));
create policy write on casework for insert to gatepost_public with check (agency_id = agency() and kind = 'message' and part = 'message' and granted_file(file));
create policy family on case_message for select to gatepost_public using (agency_id = agency() and person_id = account() and granted_file(file));
create policy write on case_message for insert to gatepost_public
	with check (agency_id = agency() and person_id = account() and granted_file(file) and by_worker is null);

revoke all on function fact_of(text, text), hold_gate(text, text), gate_of(text, text), by_intermediary(text, bool), fact_by_right(), veto_by_right(), stop_by_right(),
	consent_by_right(), case_moves(), item_by_right(), signature_by_right(), blocked(text, text), answered(text, text, text, text), step_by_right(), disclosure_by_right(),
	my_file(text), granted_file(text), my_packs(), open_pack(text), pack_opened(text), intake_load(bytea), intake_save(bytea, text, bytea, int, int),
	intake_send(bytea, text, int, bytea, bytea, bytea, text, date), enquiry_arrives(text, text, date, bytea, bytea), enquiry_reply(text) from public;
grant execute on function my_file(text), granted_file(text), my_packs(), open_pack(text), pack_opened(text), intake_load(bytea),
	intake_save(bytea, text, bytea, int, int), intake_send(bytea, text, int, bytea, bytea, bytea, text, date) to gatepost_public;
grant execute on function fact_of(text, text), hold_gate(text, text), blocked(text, text), enquiry_arrives(text, text, date, bytea, bytea), enquiry_reply(text) to gatepost_staff;

grant select (agency_id, id, told, hear_by, opened_on, ended_on) on application to gatepost_public;
grant select on party to gatepost_public;
grant select, insert on casework to gatepost_public;
grant select (agency_id, id, application_id, file, person_id, by_worker, answers, sent_at, sent_on, hear_by, answered_on) on case_message to gatepost_public;
grant insert (agency_id, id, application_id, file, person_id, hear_by) on case_message to gatepost_public;

grant select, insert on intake, adopted, subject, party, casework, fact, veto, enquiry, item, disclosure, step, consent, stop, signature to gatepost_staff;
grant select on fact_value, application, evaluation, enquiry_in, case_message to gatepost_staff;
grant select on fact_value to gatepost_backup;
grant insert (agency_id, id, adopted_id, intake_id, pair, reference, state, hear_by, opened_by) on application to gatepost_staff;
grant insert (agency_id, id, application_id, subject_id, item_id, tbl, row_id, outcome, effects, digest, at, act, worker_id, leaf) on evaluation to gatepost_staff;
grant insert (agency_id, id, application_id, file, person_id, by_worker, answers, part) on case_message to gatepost_staff;
grant update (state) on intake to gatepost_staff;
grant update (state, hear_by, ended_on, pair) on application to gatepost_staff;
grant update (state) on subject to gatepost_staff;
grant update (ended_by, ended_at, end_leaf) on stop to gatepost_staff;
grant update (state, due_on, chased_on, answered_on) on enquiry to gatepost_staff;
grant update (state, reply, reply_statement, answered_on) on enquiry_in to gatepost_staff;
grant update (second_id, second_leaf) on signature to gatepost_staff;
grant update (prepared_by, checked_by, check_leaf, version) on item to gatepost_staff;
grant update (answered_on) on case_message to gatepost_staff;

reset role;
