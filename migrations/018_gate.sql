set local role gatepost_owner;

-- What tables 8f and 8i ask beside the rest.
insert into fact_value (about, name, value, two) values
	('application', 'req', 's60_2a', false), ('application', 'req', 's60_2b', false), ('application', 'req', 's60_4court', false), ('application', 'req', 's61_62', false),
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

-- judged is where in the log the value of a fact that counts was first said, 0 for never: the log is written last in every act, so its order
-- is the order in which acts took effect. Where two judge it is the first one's word, which the second agreed to.
create function judged(of_id text, of_name text) returns bigint
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return coalesce((select b.idx + 1 from (select f.* from fact f join fact_value v on v.about = f.about and v.name = f.name and v.value = f.value
			where f.on_id = of_id and f.name = of_name and f.agency_id = agency() and (not v.two or f.confirms is not null) order by f.version desc limit 1) f
		join fact o on o.agency_id = f.agency_id and o.on_id = f.on_id and o.name = f.name and o.version = coalesce(f.confirms, f.version)
		join audit_body b on b.agency_id = o.agency_id and b.leaf = o.leaf), 0);
end
$$;

-- worded is where the newest words of an item stand in the log, given the last thing that whoever reads the applicant's file was given in whatever case.
create function worded(of_item text) returns bigint
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return coalesce((select max(b.idx) + 1 from casework w join audit_body b on b.agency_id = w.agency_id and b.leaf = w.leaf
		where w.agency_id = agency() and w.id = of_item and w.kind = 'item'), 0);
end
$$;
create function given(one_application text) returns bigint
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return coalesce((select max(b.idx) + 1 from disclosure d join audit_body b on b.agency_id = d.agency_id and b.leaf = d.leaf
		where d.agency_id = agency() and (d.application_id = one_application or d.application_id in (
			select o.application_id from party p join party o on o.agency_id = p.agency_id and o.person_id = p.person_id and o.kind <> 'subject'
				where p.agency_id = agency() and p.file = one_application and p.kind <> 'subject'))), 0);
end
$$;

-- agreed_to raises unless the subject consents to this kind of thing, or two people decided for one who has died or cannot decide. What was
-- said in life stays: a letter that nobody answers takes back neither a refusal nor a limit.
create function agreed_to(one_subject text, wanted text) returns void
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	newest consent;
	said consent;
begin
	select * into newest from consent c where c.subject_id = one_subject and c.agency_id = agency() order by c.version desc limit 1;
	select * into said from consent c where c.subject_id = one_subject and c.agency_id = agency() and c.answer <> 'noReply' order by c.version desc limit 1;
	if said.answer is not null and (said.answer not in ('yes', 'lettersOnly', 'onlyThroughUs') or not wanted = any (said.scope)) then
		raise exception 'no consent to this' using errcode = '23514', constraint = 'gate_consent';
	end if;
	case fact_of(one_subject, 'subjectVital')
		when 'living' then
			if newest.answer is null or newest.answer = 'noReply' then
				raise exception 'silence is no consent' using errcode = '23514', constraint = 'gate_consent';
			end if;
		when 'died', 'incapable' then
			if said.answer is null and fact_of(one_subject, 'asked') is distinct from 'searched'
				or fact_of(one_subject, 'evidence') is distinct from 'yes' or fact_of(one_subject, 'sixDecision') is distinct from 'yes' then
				raise exception 'no ground for this' using errcode = '23514', constraint = 'gate_consent';
			end if;
		else
			raise exception 'nobody was asked' using errcode = '23514', constraint = 'gate_consent';
	end case;
end
$$;

-- post_given raises unless the Act of 2002 lets the appropriate agency give an item that is protected.
create function post_given(i item, a application) returns void
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	young text := fact_of(i.subject_id, 'anyChild');
	said text := fact_of(i.subject_id, 'expressed');
	req text := fact_of(a.id, 'req');
begin
	if req in ('s60_2a', 's60_2b') then
		if a.pair <> 'AP>REL' or fact_of(a.id, 'appAge') is distinct from 'ge18' or req = 's60_2a' and fact_of(a.id, 'orderSixty') is distinct from 'none' then
			raise exception 'no right to this' using errcode = '23514', constraint = 'gate_post';
		end if;
		return;
	end if;
	if req is distinct from 's61_62' or i.about <> 'subject' or fact_of(a.id, 'writtenReasons') is distinct from 'yes' or fact_of(i.subject_id, 'approp') is distinct from 'yes'
		or fact_of(i.subject_id, 'views') is distinct from 'yes' or coalesce(said, 'notAsked') = 'notAsked' or coalesce(young, 'notKnown') = 'notKnown'
		or young <> 'none' and fact_of(i.subject_id, 'childViews') is distinct from 'yes'
		or young in ('adoptedChild', 'both') and fact_of(i.subject_id, 'childWelfare') is distinct from 'supports'
		or young in ('otherChild', 'both') and fact_of(i.subject_id, 'regard') is distinct from 'yes'
		or fact_of(i.id, 'decision') is distinct from 'disclose' or judged(i.id, 'decision') <= worded(i.id) then
		raise exception 'nothing opens this' using errcode = '23514', constraint = 'gate_post';
	end if;
	if said <> 'object' then
		return;
	end if;
	-- Forty working days are never fewer than fifty-six days.
	if young = 'none' and fact_of(a.adopted_id, 'juris') = 'E' then
		if coalesce(fact_of(i.id, 'panel'), 'pending') = 'pending' or fact_of(i.id, 'standstill') is distinct from 'running'
			or not exists (select from fact f where f.agency_id = agency() and f.on_id = i.id and f.name = 'standstill' and f.value = 'running' and f.at < now() - interval '56 days') then
			raise exception 'who objects has been told, and the time is not over' using errcode = '23514', constraint = 'gate_post';
		end if;
	elsif not exists (select from signature g where g.agency_id = agency() and g.item_id = i.id and g.row_id = 'f27' and g.second_id is not null and g.expires_on >= current_date) then
		raise exception 'two people sign against an objection' using errcode = '23514', constraint = 'gate_post';
	end if;
end
$$;

create or replace function disclosure_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	i item;
	a application;
	s subject;
	e evaluation;
	regime text;
	right_of_60 bool;
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
	if new.opened_at is not null or not exists (select from casework w where w.agency_id = new.agency_id and w.id = new.id and w.part = 'pack' and w.kind = 'pack'
		and w.application_id = a.id and w.file = a.id and w.leaf = new.leaf) then
		raise exception 'no pack in the applicant''s file' using errcode = '23514', constraint = 'gate_pack';
	end if;
	e := answered(new.evaluation_id, new.subject_id, new.item_id, '+DISCLOSE');
	if e.row_id <> new.row_id or e.application_id <> a.id or e.act <> 'disclose' then
		raise exception 'another answer' using errcode = '23514', constraint = 'gate_asked';
	end if;
	if a.state <> 'open' or s.state = 'done' or s.state <> 'open' and i.identifying then
		raise exception 'the case has ended' using errcode = '23514', constraint = 'gate_open';
	end if;
	if i.checked_by is null or i.checked_by is distinct from new.second_id or not exists (select from worker w where w.id = new.second_id
		and w.agency_id = new.agency_id and w.state = 'active') then
		raise exception 'a second person has to check' using errcode = '23514', constraint = 'gate_two';
	end if;
	if coalesce(fact_of(a.id, 'met'), 'no') not in ('inPerson', 'liveVideo') or fact_of(a.id, 'idVerified') is distinct from 'yes'
		or a.pair = 'AP>REL' and fact_of(a.id, 'linkProven') is distinct from 'yes'
		or fact_of(a.id, 'repAuthority') is distinct from 'yes' and exists (select from party p where p.agency_id = new.agency_id and p.file = a.id and p.kind = 'representative') then
		raise exception 'the applicant was not met and verified' using errcode = '23514', constraint = 'gate_met';
	end if;
	if fact_of(i.id, 'jigsaw') is distinct from 'safe' or judged(i.id, 'jigsaw') <= greatest(worded(i.id), given(a.id)) then
		raise exception 'nobody has looked what it gives away together with the rest' using errcode = '23514', constraint = 'gate_jigsaw';
	end if;
	if exists (select from stop x where x.agency_id = new.agency_id and x.adopted_id = a.adopted_id and x.ended_by is null and (x.subject_id is null or x.subject_id = s.id)) then
		raise exception 'a stop' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	regime := fact_of(a.adopted_id, 'order');
	right_of_60 := regime = 'post' and coalesce(fact_of(a.id, 'req'), '') in ('s60_2a', 's60_2b');
	if regime is null or regime not in ('pre', 'post') or coalesce(fact_of(a.adopted_id, 'juris'), '') not in ('E', 'W')
		or e.tbl not in ('8c', '8f') and not i.identifying or e.tbl <> '8f' and i.identifying and regime = 'post' or e.tbl <> '8b' and i.identifying and regime = 'pre' or e.tbl = '8f' and regime = 'pre' then
		raise exception 'another table answers' using errcode = '23514', constraint = 'gate_table';
	end if;
	if fact_of(s.id, 'approp') is distinct from 'yes' and not right_of_60 then
		raise exception 'nobody has decided that it is right' using errcode = '23514', constraint = 'gate_decided';
	end if;
	if regime = 'pre' and ('lt18' in (coalesce(fact_of(a.id, 'appAge'), ''), coalesce(fact_of(s.id, 'subjAge'), ''), coalesce(fact_of(a.adopted_id, 'apAge'), '')) or a.pair = 'other'
		or i.identifying and (fact_of(a.id, 'appAge') is distinct from 'ge18' or fact_of(s.id, 'subjAge') is distinct from 'ge18' or fact_of(a.adopted_id, 'apAge') is distinct from 'ge18')) then
		raise exception 'somebody is under age, or may not ask' using errcode = '23514', constraint = 'gate_age';
	end if;
	if i.identifying and (fact_of(a.id, 'cnsl') is distinct from 'yes' or fact_of(s.id, 'subjectVital') = 'living' and fact_of(s.id, 'cnsl') is distinct from 'yes') then
		raise exception 'nobody was told of counselling' using errcode = '23514', constraint = 'gate_counselling';
	end if;
	if e.tbl = '8f' then
		perform post_given(i, a);
		return new;
	end if;
	if not i.identifying then
		if regime = 'pre' and coalesce(fact_of(s.id, 'subjectVital'), '') not in ('died', 'incapable', 'untraced') and not blocked(a.id, s.id)
			and not exists (select from consent c where c.agency_id = new.agency_id and c.subject_id = s.id) then
			raise exception 'whom it is about was not asked' using errcode = '23514', constraint = 'gate_consent';
		end if;
		return new;
	end if;
	if blocked(a.id, s.id) or a.pair <> 'AP>REL' and (
		fact_of(a.id, 'aaa') is distinct from 'self' and coalesce(fact_of(a.id, 'vetoAnswer'), 'unknown') = 'unknown'
		or judged(a.id, 'qualified') <= coalesce((select b.idx + 1 from (select * from veto v where v.agency_id = new.agency_id and v.adopted_id = a.adopted_id order by v.version desc limit 1) v
			join audit_body b on b.agency_id = v.agency_id and b.leaf = v.leaf where v.in_force), -1)
		or fact_of(a.id, 'vetoAnswer') = 'qualified' and judged(a.id, 'qualified') <= judged(a.id, 'vetoAnswer')) then
		raise exception 'a veto, or no answer about one' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if a.pair in ('REL>PR', 'PR>REL') and coalesce(fact_of(a.id, 'apConsent'), '') not in ('given', 'died', 'incapable', 'untraced') then
		raise exception 'the adopted person does not let it go on' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if i.about <> 'subject' then
		if fact_of(i.id, 'thirdConsent') is distinct from 'yes' or judged(i.id, 'thirdConsent') <= worded(i.id) or not exists (select from signature g where g.agency_id = new.agency_id and g.item_id = i.id
			and g.row_id = case i.about when 'thirdParty' then 'b04b' else 'b08b' end and g.second_id is not null and g.expires_on >= current_date) then
			raise exception 'no consent of whom it is about' using errcode = '23514', constraint = 'gate_consent';
		end if;
		return new;
	end if;
	perform agreed_to(s.id, i.kind);
	return new;
end
$$;

-- Who prepared an item is who wrote its newest words.
create or replace function item_by_right() returns trigger
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
	elsif new.prepared_by <> old.prepared_by then
		raise exception 'whoever wrote the words prepared it' using errcode = '23514', constraint = 'item_two';
	elsif new.checked_by is not null then
		perform by_intermediary(new.checked_by, true);
	end if;
	return new;
end
$$;
revoke all on function judged(text, text), worded(text), given(text), agreed_to(text, text), post_given(item, application) from public;

reset role;
