set local role gatepost_owner;

-- The gate of the intermediary service: what the database looks at again whatever the program says. docs/settled.md says why twice.

-- fact_of is the value that counts now: the newest that needs no second worker or has one. Null where nobody has said anything.
create function fact_of(of_id text, of_name text) returns text
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select f.value from fact f join fact_value v on v.about = f.about and v.name = f.name and v.value = f.value
		where f.on_id = of_id and f.name = of_name and f.agency_id = agency() and (not v.two or f.confirms is not null)
		order by f.version desc limit 1);
end
$$;

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

-- flag_of names the flag that a row of the law needs before anybody can sign it; null for none.
create function flag_of(of_row text) returns text
	language sql immutable set search_path = public, pg_temp
	as $$ select case when of_row in ('a14', 'a14a') then 'OQ9' when of_row in ('a15', 'a16', 'a18', 'a19') then 'OQ1' end $$;
-- flag_set: is it set now? It holds the row, so that a manager who ends it waits for whoever acts under it, or they are refused.
create function flag_set(of_flag text) returns bool
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	perform from law_flag l where l.agency_id = agency() and l.flag = of_flag and l.second_id is not null and l.ended_by is null for share;
	return found;
end
$$;

-- signed_off: have two people signed that row of the law for a subject, or for the words of an item as they stand, until today or later, and under the
-- flag that is set now, if the row needs one?
create function signed_off(one_subject text, one_item text, of_row text) returns bool
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	return (flag_of(of_row) is null or flag_set(flag_of(of_row))) and exists (select from signature g join audit_body b on b.agency_id = g.agency_id and b.leaf = g.leaf
		where g.agency_id = agency() and g.subject_id = one_subject and g.item_id is not distinct from one_item and g.row_id = of_row
			and g.second_id is not null and g.expires_on >= current_date and b.idx >= worded(one_item)
			and b.idx > coalesce((select f.idx from law_flag l join audit_body f on f.agency_id = l.agency_id and f.leaf = l.second_leaf
				where l.agency_id = agency() and l.flag = flag_of(of_row) and l.ended_by is null), -1));
end
$$;

-- vetoed is where in the log the veto in force stands, -1 for none; approached where the last approach in an application does, 0 for none.
create function vetoed(adopted_person text) returns bigint
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return coalesce((select b.idx + 1 from (select * from veto v where v.agency_id = agency() and v.adopted_id = adopted_person order by v.version desc limit 1) v
		join audit_body b on b.agency_id = v.agency_id and b.leaf = v.leaf where v.in_force), -1);
end
$$;
create function approached(one_application text) returns bigint
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return coalesce((select max(b.idx) + 1 from step t join subject s on s.agency_id = t.agency_id and s.id = t.subject_id
		join audit_body b on b.agency_id = t.agency_id and b.leaf = t.leaf where t.agency_id = agency() and t.kind = 'approach' and s.application_id = one_application), 0);
end
$$;

-- connected: is the worker of this request connected to, or a party of, a case about that adopted person? They do nothing in it.
create function connected(adopted_person text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from case_connection c where c.agency_id = agency() and c.adopted_id = adopted_person and c.worker_id = account())
		or exists (select from worker w join party p on p.agency_id = w.agency_id and p.person_id = w.person_id
			join application a on a.agency_id = p.agency_id and a.id = p.application_id
			where w.agency_id = agency() and w.id = account() and a.adopted_id = adopted_person));
end
$$;

-- unconnected raises where connected says so.
create function unconnected(adopted_person text) returns void
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	if connected(adopted_person) then
		raise exception 'a party of the case' using errcode = '23514', constraint = 'casework_connected';
	end if;
end
$$;

-- hold_gate takes the gate rows in their order: the adopted person, then the subject. Whoever changes what a disclosure rests on takes them first,
-- and whoever is connected takes none.
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
	perform unconnected(adopted_person);
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

create function law_flag_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform by_intermediary(account(), true);
	if tg_op = 'INSERT' then
		if new.first_id is distinct from account() or new.second_id is not null or new.ended_by is not null then
			raise exception 'in one''s own name' using errcode = '23514', constraint = 'casework_worker';
		end if;
		return new;
	end if;
	if old.ended_by is not null or to_jsonb(new) - array['second_id', 'second_at', 'second_leaf', 'ended_by', 'ended_at', 'end_leaf']
			<> to_jsonb(old) - array['second_id', 'second_at', 'second_leaf', 'ended_by', 'ended_at', 'end_leaf'] then
		raise exception 'it has ended' using errcode = '23514', constraint = 'law_flag_move';
	end if;
	if new.ended_by is not null then
		if new.ended_by is distinct from account() or not has_role('manager') or (new.second_id, new.second_at, new.second_leaf) is distinct from (old.second_id, old.second_at, old.second_leaf) then
			raise exception 'a manager ends it' using errcode = '23514', constraint = 'law_flag_manager';
		end if;
		return new;
	end if;
	if old.second_id is not null or new.second_id is distinct from account() then
		raise exception 'in one''s own name' using errcode = '23514', constraint = 'casework_worker';
	end if;
	if not has_role('manager') and not exists (select from worker w where w.id = new.first_id and w.agency_id = new.agency_id and 'manager' = any (w.roles)) then
		raise exception 'one of the two is a manager' using errcode = '23514', constraint = 'signature_manager';
	end if;
	return new;
end
$$;
create trigger law_flag_by_right before insert or update on law_flag for each row execute function law_flag_by_right();

-- Only this service's workers open, move and end a case, in their own name.
create function case_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if session_user <> 'gatepost_staff' then
		return new;
	end if;
	perform by_intermediary(account(), true);
	if tg_op = 'INSERT' and tg_table_name <> 'subject' and to_jsonb(new) ->> 'opened_by' is distinct from account() then
		raise exception 'in one''s own name' using errcode = '23514', constraint = 'casework_worker';
	end if;
	perform unconnected(coalesce(to_jsonb(new) ->> 'adopted_id', new.id));
	return new;
end
$$;
create trigger case_by_right before insert or update on adopted for each row execute function case_by_right();
create trigger case_by_right before insert or update on application for each row execute function case_by_right();
create trigger case_by_right before insert or update on subject for each row execute function case_by_right();

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

-- Whoever is connected says so themselves, or a colleague says it of them.
create function case_connection_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform by_intermediary(new.stated_by, true);
	perform from adopted a where a.id = new.adopted_id and a.agency_id = new.agency_id for update; -- after what the worker is just doing in it, or before
	if new.stated_by <> new.worker_id then
		perform unconnected(new.adopted_id);
	end if;
	return new;
end
$$;
create trigger case_connection_by_right before insert on case_connection for each row execute function case_connection_by_right();

-- may_touch raises where a file is a subject's who is not to be written to, or invited, now.
create function may_touch(of_file text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if exists (select from subject s join application a on a.agency_id = s.agency_id and a.id = s.application_id
		where s.agency_id = agency() and s.id = of_file and (s.state <> 'open' or blocked(a.id, s.id) and not veto_lifted(a, s))) then
		raise exception 'nobody may be approached' using errcode = '23514', constraint = 'gate_blocked';
	end if;
end
$$;

create function casework_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform by_intermediary(account(), true);
	if new.kind = 'letter' then
		perform may_touch(new.file);
	end if;
	if new.part <> 'connection' then
		perform unconnected(coalesce((select a.adopted_id::text from application a where a.id = new.application_id and a.agency_id = new.agency_id), substr(new.to_node, 6)));
	end if;
	return new;
end
$$;
create trigger casework_by_right before insert on casework for each row when (session_user = 'gatepost_staff') execute function casework_by_right();

-- A party is of this case, and somebody who acts for the applicant has shown their authority first.
create function party_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform by_intermediary(account(), true);
	perform unconnected((select a.adopted_id from application a where a.id = new.application_id and a.agency_id = new.agency_id));
	if (new.kind = 'subject') = (new.file = new.application_id)
		or new.file <> new.application_id and not exists (select from subject s where s.id = new.file and s.application_id = new.application_id and s.agency_id = new.agency_id) then
		raise exception 'not of this case' using errcode = '23514', constraint = 'party_case';
	end if;
	perform may_touch(new.file);
	if new.kind = 'representative' and fact_of(new.application_id, 'repAuthority') is distinct from 'yes' then
		raise exception 'no authority was shown' using errcode = '23514', constraint = 'party_authority';
	end if;
	return new;
end
$$;
create trigger party_by_right before insert on party for each row when (session_user = 'gatepost_staff') execute function party_by_right();

create function fact_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	g record;
	newest fact;
	known fact;
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
	-- What puts a case under another law is a manager's word, and not of who said what was last known.
	if new.name in ('order', 'juris') and new.value <> 'unknown' then
		select * into known from fact f where f.on_id = new.on_id and f.name = new.name and f.agency_id = new.agency_id and f.value <> 'unknown'
			order by f.version desc limit 1;
		if known.value <> new.value and (known.worker_id = new.worker_id or not has_role('manager')) then
			raise exception 'another law' using errcode = '23514', constraint = 'fact_law';
		end if;
	end if;
	if new.confirms is not null and new.value = 'liveVideo' and not has_role('manager') then
		raise exception 'a manager accepts a meeting by video' using errcode = '23514', constraint = 'fact_manager';
	end if;
	return new;
end
$$;
create trigger fact_by_right before insert on fact for each row execute function fact_by_right();

-- A wish for no contact is taken back by the Contact Register's answer, and by no worker's word.
create function fact_wish() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if exists (select from fact f where f.agency_id = new.agency_id and f.on_id = new.on_id and f.name = new.name and f.version = new.version - 1 and f.value = 'yes')
		and not exists (select from enquiry e join subject s on s.agency_id = e.agency_id and s.application_id = e.application_id
			where s.agency_id = new.agency_id and s.id = new.on_id and e.whom = 'contactRegister' and e.state = 'answered') then
		raise exception 'the Register said otherwise' using errcode = '23514', constraint = 'fact_wish';
	end if;
	return null;
end
$$;
create constraint trigger fact_wish after insert on fact deferrable initially deferred
	for each row when (new.name = 'acrNoContact' and new.value = 'no') execute function fact_wish();

-- What protects needs one person; what ends a veto, or may make it weaker, is a manager's act who did not write down the veto that it ends.
create function veto_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	was veto;
begin
	perform by_intermediary(new.worker_id, true);
	perform hold_gate(new.adopted_id, null);
	select * into was from veto v where v.adopted_id = new.adopted_id and v.agency_id = new.agency_id order by v.version desc limit 1;
	if new.version <> coalesce(was.version, 0) + 1 then
		raise exception 'a newer version' using errcode = '23505', constraint = 'veto_version';
	end if;
	if was.in_force and (not new.in_force or new.kind = 'qualified') and (not has_role('manager') or was.worker_id = new.worker_id) then
		raise exception 'a manager, and another than who wrote it down' using errcode = '23514', constraint = 'veto_manager';
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

-- Nobody agrees to anything who has died, cannot decide or was not found.
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
	if new.answer in ('yes', 'lettersOnly', 'onlyThroughUs') and fact_of(new.subject_id, 'subjectVital') is distinct from 'living' then
		raise exception 'nobody who could agree' using errcode = '23514', constraint = 'consent_living';
	end if;
	return new;
end
$$;
create trigger consent_by_right before insert on consent for each row execute function consent_by_right();

-- Who prepared an item is who wrote its newest words.
create function item_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if session_user = 'gatepost_staff' then
		perform by_intermediary(account(), true);
		perform unconnected((select a.adopted_id from application a where a.id = new.application_id and a.agency_id = new.agency_id));
	end if;
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
create trigger item_by_right before insert or update on item for each row execute function item_by_right();

-- Two people of this service sign, one of them a manager, and neither prepared the item or opened the case.
create function signature_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform by_intermediary(account(), true);
	if new.item_id is not null and not exists (select from item i where i.id = new.item_id and i.agency_id = new.agency_id and i.subject_id = new.subject_id) then
		raise exception 'not of this case' using errcode = '23514', constraint = 'gate_case';
	end if;
	perform unconnected((select s.adopted_id from subject s where s.id = new.subject_id and s.agency_id = new.agency_id));
	if flag_of(new.row_id) is not null and not flag_set(flag_of(new.row_id)) then
		raise exception 'nobody has read that law yet' using errcode = '23514', constraint = 'signature_flag';
	end if;
	if tg_op = 'INSERT' and (new.first_id is distinct from account() or new.second_id is not null)
		or tg_op = 'UPDATE' and (old.second_id is not null or new.second_id is distinct from account())
		or exists (select from item i where i.id = new.item_id and i.agency_id = new.agency_id and account() = i.prepared_by)
		or exists (select from subject s join application a on a.agency_id = s.agency_id and a.id = s.application_id
			where s.id = new.subject_id and s.agency_id = new.agency_id and a.opened_by = account()) then
		raise exception 'two people, neither of whom prepared it' using errcode = '23514', constraint = 'signature_worker';
	end if;
	if tg_op = 'UPDATE' and not has_role('manager') and not exists (select from worker w where w.id = new.first_id and w.agency_id = new.agency_id and 'manager' = any (w.roles)) then
		raise exception 'one of the two is a manager' using errcode = '23514', constraint = 'signature_manager';
	end if;
	return new;
end
$$;
create trigger signature_by_right before insert or update on signature for each row execute function signature_by_right();

create function evaluation_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform by_intermediary(new.worker_id, true);
	perform unconnected((select a.adopted_id from application a where a.id = new.application_id and a.agency_id = new.agency_id));
	return new;
end
$$;
create trigger evaluation_by_right before insert on evaluation for each row execute function evaluation_by_right();

create function unheard(one_application text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from enquiry e join enquiry_word w on w.id = e.id and w.agency_id = e.to_agency
		where e.agency_id = agency() and e.application_id = one_application and w.kind = 'answer' and w.version > e.heard));
end
$$;

-- blocked tells whether something about the adopted person or the subject forbids what identifies somebody to be given, or anybody to be
-- approached: a stop; and, unless they search themselves, a veto in force that was not found to allow it. A veto is the adopted person's: the
-- answer to one application about them stands against every other.
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
		or exists (select from application x where x.agency_id = agency() and x.adopted_id = a.adopted_id and (unheard(x.id)
			or fact_of(x.id, 'vetoAnswer') = 'absolute' or fact_of(x.id, 'vetoAnswer') = 'qualified' and fact_of(a.id, 'qualified') is distinct from 'met'));
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

-- veto_lifted: somebody with a prescribed relationship looks for a relative, and the adopted person's veto of being approached themselves
-- (a15 absolute, a16 qualified) was signed. Never while somebody asked for protection, or an answer is unheard.
create function veto_lifted(a application, s subject) returns bool
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	own text := (select case when v.in_force then v.kind end from (select * from veto v where v.agency_id = a.agency_id and v.adopted_id = a.adopted_id order by v.version desc limit 1) v);
	said text := fact_of(a.id, 'vetoAnswer');
begin
	return a.pair = 'PR>REL' and not exists (select from stop p where p.agency_id = a.agency_id and p.adopted_id = a.adopted_id and p.ended_by is null and (p.subject_id is null or p.subject_id = s.id))
		and not exists (select from application x where x.agency_id = a.agency_id and x.adopted_id = a.adopted_id and (unheard(x.id) or x.id <> a.id and fact_of(x.id, 'vetoAnswer') in ('absolute', 'qualified')))
		and (coalesce('absolute' in (own, said), false) and signed_off(s.id, null, 'a15') or not coalesce('absolute' in (own, said), false) and signed_off(s.id, null, 'a16'));
end
$$;

-- may_go_on raises unless the case stands where table 8a lets it go on, as far as the database can tell: the one bar of approaches and, before
-- 30 December 2005, of disclosures. What an open question forbids is refused unless two have signed it under the agency's flag.
create function may_go_on(a application, s subject) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if fact_of(a.adopted_id, 'order') is distinct from 'pre' or coalesce(fact_of(a.adopted_id, 'juris'), '') not in ('E', 'W') or a.pair = 'other'
		or fact_of(a.id, 'appAge') is distinct from 'ge18' or fact_of(s.id, 'subjAge') is distinct from 'ge18' or fact_of(a.adopted_id, 'apAge') is distinct from 'ge18' then
		raise exception 'somebody is under age, or may not ask' using errcode = '23514', constraint = 'gate_age';
	end if;
	if fact_of(a.id, 'reg11') is distinct from 'passed' or coalesce(fact_of(a.id, 'met'), 'no') not in ('inPerson', 'liveVideo')
		or a.pair = 'AP>REL' and fact_of(a.id, 'linkProven') is distinct from 'yes'
		or fact_of(a.id, 'repAuthority') is distinct from 'yes' and exists (select from party p where p.agency_id = a.agency_id and p.file = a.id and p.kind = 'representative') then
		raise exception 'the applicant was not met and verified' using errcode = '23514', constraint = 'gate_met';
	end if;
	if fact_of(s.id, 'approp') is distinct from 'yes' then
		raise exception 'nobody has decided that it is right' using errcode = '23514', constraint = 'gate_decided';
	end if;
	if fact_of(s.id, 'acr') is distinct from 'checked' or fact_of(s.id, 'acrNoContact') is distinct from 'no'
		and not signed_off(s.id, null, 'a30') then
		raise exception 'nobody has decided that it is right' using errcode = '23514', constraint = 'gate_decided';
	end if;
	if coalesce(fact_of(a.id, 'aaa'), 'pending') not in ('self', 'answered', 'exhausted') then
		raise exception 'the agency of the adoption was not asked' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if a.pair in ('REL>PR', 'PR>REL') and (coalesce(fact_of(a.id, 'apConsent'), '') not in ('given', 'died', 'incapable', 'untraced')
		or (fact_of(a.id, 'apConsent') <> 'given' or fact_of(a.adopted_id, 'apVital') in ('died', 'incapable')) and (not signed_off(s.id, null, case a.pair when 'REL>PR' then 'a18' else 'a19' end)
			or exists (select from fact f where f.agency_id = a.agency_id and f.on_id = a.id and f.name = 'apConsent' and f.value in ('refused', 'withdrawn')
				and f.version > coalesce((select max(o.version) from fact o where o.agency_id = f.agency_id and o.on_id = f.on_id and o.name = f.name and o.value = 'given' and o.confirms is not null), 0)))
		or fact_of(a.adopted_id, 'juris') = 'W' and not signed_off(s.id, null, 'a14a')) then
		raise exception 'the adopted person does not let it go on' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if a.pair = 'AP>REL' then
		return;
	end if;
	if (fact_of(a.id, 'vetoAnswer') in ('qualified', 'absolute') or vetoed(a.adopted_id) > 0) and (a.pair = 'PR>REL' and not veto_lifted(a, s)
		or a.pair <> 'PR>REL' and fact_of(a.adopted_id, 'juris') = 'W' and not signed_off(s.id, null, 'a14')) then
		raise exception 'a veto that only two may sign for, by law that was read' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if a.pair <> 'PR>REL' and (judged(a.id, 'qualified') <= vetoed(a.adopted_id) or fact_of(a.id, 'vetoAnswer') = 'qualified' and judged(a.id, 'qualified') <= judged(a.id, 'vetoAnswer')) then
		raise exception 'a veto that nobody has judged' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if fact_of(a.id, 'aaa') = 'self' then
		return;
	end if;
	if coalesce(fact_of(a.id, 'vetoAnswer'), 'unknown') = 'unknown' and not signed_off(s.id, null, 'a25')
		or fact_of(a.id, 'vetoAnswer') is not null and (not exists (select from fact f join audit_body b on b.agency_id = f.agency_id and b.leaf = f.leaf
				where f.agency_id = a.agency_id and f.on_id = a.id and f.name = 'vetoAnswer' and b.at > now() - interval '16 days')
			or judged(a.id, 'vetoAnswer') <= approached(a.id)) then
		raise exception 'no fresh answer about a veto' using errcode = '23514', constraint = 'gate_fresh';
	end if;
end
$$;

-- Before somebody is looked for or approached.
create function step_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	s subject;
	a application;
	e evaluation;
begin
	perform by_intermediary(new.worker_id, false);
	select * into s from subject x where x.id = new.subject_id and x.agency_id = new.agency_id;
	perform hold_gate(s.adopted_id, s.id);
	select * into a from application x where x.id = s.application_id and x.agency_id = s.agency_id;
	if new.outcome = 'stopPoint' then
		return new; -- it is written down whatever else is so
	end if;
	if s.state <> 'open' or a.state <> 'open' then
		raise exception 'the case has ended' using errcode = '23514', constraint = 'gate_open';
	end if;
	if blocked(a.id, s.id) and not (new.kind = 'approach' and veto_lifted(a, s)) then
		raise exception 'nobody may be looked for or approached' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if new.kind = 'trace' then
		return new;
	end if;
	e := answered(new.evaluation_id, new.subject_id, null, '+PROCEED');
	if e.tbl <> '8a' or e.act <> 'approach' or e.application_id <> a.id then
		raise exception 'another answer' using errcode = '23514', constraint = 'gate_asked';
	end if;
	if fact_of(s.id, 'subjectVital') = 'died'
		or (select c.answer from consent c where c.subject_id = s.id and c.agency_id = s.agency_id and c.answer <> 'noReply' order by c.version desc limit 1) in ('no', 'withdrawn') then
		raise exception 'this person is not approached' using errcode = '23514', constraint = 'gate_answered';
	end if;
	perform may_go_on(a, s);
	return new;
end
$$;
create trigger step_by_right before insert on step for each row execute function step_by_right();

-- Before somebody is asked who is not approached for the applicant's sake.
create function asking_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	s subject;
	a application;
	e evaluation;
begin
	perform by_intermediary(new.worker_id, false);
	select * into s from subject x where x.id = new.subject_id and x.agency_id = new.agency_id;
	perform hold_gate(s.adopted_id, s.id);
	select * into a from application x where x.id = s.application_id and x.agency_id = s.agency_id;
	if a.id is distinct from new.application_id or new.what = 'consent' and a.pair not in ('REL>PR', 'PR>REL') then
		raise exception 'not of this case' using errcode = '23514', constraint = 'gate_case';
	end if;
	if new.outcome = 'theirs' then
		return new; -- it is written down whatever else is so
	end if;
	if s.state <> 'open' or a.state <> 'open' then
		raise exception 'the case has ended' using errcode = '23514', constraint = 'gate_open';
	end if;
	if blocked(a.id, s.id) then
		raise exception 'nobody may be asked' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	e := answered(new.evaluation_id, new.subject_id, new.item_id, 'HOLD');
	if e.act <> 'approach' or e.application_id <> a.id or e.tbl <> (case new.what when 'consent' then '8a' else '8f' end)
		or e.row_id <> (case new.what when 'consent' then 'a27' else 'f18' end) then
		raise exception 'another answer' using errcode = '23514', constraint = 'gate_asked';
	end if;
	if new.what = 'consent' then
		if fact_of(a.adopted_id, 'order') is distinct from 'pre' or fact_of(a.adopted_id, 'apAge') is distinct from 'ge18' then
			raise exception 'somebody is under age, or may not ask' using errcode = '23514', constraint = 'gate_age';
		end if;
		if coalesce(fact_of(a.adopted_id, 'apVital'), '') in ('died', 'incapable') or coalesce(fact_of(a.id, 'apConsent'), '') in ('refused', 'withdrawn', 'given') then
			raise exception 'this person is not asked' using errcode = '23514', constraint = 'gate_answered';
		end if;
		return new;
	end if;
	if fact_of(a.adopted_id, 'order') is distinct from 'post' or fact_of(s.id, 'approp') is distinct from 'yes' then
		raise exception 'nobody has decided that it is right' using errcode = '23514', constraint = 'gate_decided';
	end if;
	if coalesce(fact_of(s.id, 'subjectVital'), '') in ('died', 'incapable') or coalesce(fact_of(s.id, 'expressed'), '') in ('agree', 'object') then
		raise exception 'this person is not asked' using errcode = '23514', constraint = 'gate_answered';
	end if;
	return new;
end
$$;
create trigger asking_by_right before insert on asking for each row execute function asking_by_right();

-- What somebody said rests on their having been asked, or having come.
create function fact_asked() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if new.name = 'apConsent' and new.value in ('given', 'refused', 'withdrawn', 'noReply') and not exists (select from asking k
			where k.agency_id = new.agency_id and k.application_id = new.on_id and k.what = 'consent' and (new.value <> 'noReply' or k.outcome <> 'theirs'))
		or new.name = 'expressed' and new.value in ('agree', 'object', 'none') and not exists (select from asking k
			where k.agency_id = new.agency_id and k.subject_id = new.on_id and k.what = 'views' and (new.value <> 'none' or k.outcome <> 'theirs')) then
		raise exception 'nobody was asked' using errcode = '23514', constraint = 'fact_asked';
	end if;
	return new;
end
$$;
create trigger fact_asked before insert on fact for each row execute function fact_asked();

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

-- post_given raises unless the Act of 2002 lets the appropriate agency give an item that is protected. Section 60 is about the adopted adult's own
-- record and opens nobody's address. A notice that was taken back and sent again counts from the second one.
create function post_given(i item, a application) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	young text := fact_of(i.subject_id, 'anyChild');
	said text := fact_of(i.subject_id, 'expressed');
	req text := fact_of(a.id, 'req');
	objected bool;
begin
	if req in ('s60_2a', 's60_2b') then
		if i.identifying and (i.about <> 'subject' or i.kind in ('address', 'phone', 'email', 'photo')) or a.pair <> 'AP>REL' or fact_of(a.id, 'appAge') is distinct from 'ge18' or req = 's60_2a' and fact_of(a.id, 'orderSixty') is distinct from 'none' then
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
	-- An objection ends by the same person's agreement and by nothing else; a child among those it is about is one, whatever was typed.
	objected := exists (select from fact f where f.agency_id = agency() and f.on_id = i.subject_id and f.name = 'expressed' and f.value = 'object'
		and f.version > coalesce((select max(o.version) from fact o where o.agency_id = f.agency_id and o.on_id = f.on_id and o.name = f.name and o.value = 'agree'), 0));
	if i.identifying and (objected and said <> 'object' or young = 'none' and fact_of(i.subject_id, 'subjAge') is distinct from 'ge18') then
		raise exception 'nothing opens this' using errcode = '23514', constraint = 'gate_post';
	end if;
	if said <> 'object' then
		return;
	end if;
	-- Forty working days are never fewer than fifty-six days.
	if young = 'none' and fact_of(a.adopted_id, 'juris') = 'E' then
		if coalesce(fact_of(i.id, 'panel'), 'pending') = 'pending' or fact_of(i.id, 'standstill') is distinct from 'running'
			or (select f.at from fact f where f.agency_id = agency() and f.on_id = i.id and f.name = 'standstill' order by f.version desc limit 1) > now() - interval '56 days' then
			raise exception 'who objects has been told, and the time is not over' using errcode = '23514', constraint = 'gate_post';
		end if;
	elsif not signed_off(i.subject_id, i.id, 'f27') then
		raise exception 'two people sign against an objection' using errcode = '23514', constraint = 'gate_post';
	end if;
end
$$;

-- The last bar before a disclosure: whatever the program says, the database looks again, with the gate rows held.
create function disclosure_by_right() returns trigger
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
	if i.checked_by is distinct from new.second_id or not exists (select from worker w where w.id = new.second_id
		and w.agency_id = new.agency_id and w.state = 'active' and w.roles && array['intermediaryWorker', 'manager']) then
		raise exception 'a second person has to check' using errcode = '23514', constraint = 'gate_two';
	end if;
	if not exists (select from casework w where w.agency_id = new.agency_id and w.id = a.id and w.part = 'agreement' and w.kind = 'note') then
		raise exception 'no confidentiality agreement' using errcode = '23514', constraint = 'gate_agreement';
	end if;
	if coalesce(fact_of(a.id, 'met'), 'no') not in ('inPerson', 'liveVideo') or fact_of(a.id, 'idVerified') is distinct from 'yes'
		or a.pair = 'AP>REL' and fact_of(a.id, 'linkProven') is distinct from 'yes'
		or fact_of(a.id, 'repAuthority') is distinct from 'yes' and exists (select from party p where p.agency_id = new.agency_id and p.file = a.id and p.kind = 'representative') then
		raise exception 'the applicant was not met and verified' using errcode = '23514', constraint = 'gate_met';
	end if;
	-- Two cases of one applicant give in turn, or neither would see what the other gave.
	perform from person r join party p on p.agency_id = r.agency_id and p.person_id = r.id
		where r.agency_id = new.agency_id and p.file = new.application_id and p.kind <> 'subject' order by r.id for update of r;
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
	if regime = 'pre' and fact_of(a.id, 'reg11') is distinct from 'passed' then
		raise exception 'the applicant was not met and verified' using errcode = '23514', constraint = 'gate_met';
	end if;
	if regime = 'pre' and ('lt18' in (coalesce(fact_of(a.id, 'appAge'), ''), coalesce(fact_of(s.id, 'subjAge'), ''), coalesce(fact_of(a.adopted_id, 'apAge'), '')) or a.pair = 'other') then
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
	if blocked(a.id, s.id) or a.pair <> 'AP>REL' and fact_of(a.id, 'aaa') is distinct from 'self' and coalesce(fact_of(a.id, 'vetoAnswer'), 'unknown') = 'unknown' then
		raise exception 'a veto, or no answer about one' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	perform may_go_on(a, s);
	-- Whom a relative of the adopted person looks for is the adopted person: what is known of the one is known of the other.
	if a.pair = 'REL>AP' and fact_of(a.adopted_id, 'apVital') in ('died', 'incapable') and fact_of(s.id, 'subjectVital') is distinct from fact_of(a.adopted_id, 'apVital') then
		raise exception 'two words about one life' using errcode = '23514', constraint = 'gate_consent';
	end if;
	if i.about <> 'subject' then
		if fact_of(i.id, 'thirdConsent') is distinct from 'yes' or judged(i.id, 'thirdConsent') <= worded(i.id) 
			or not signed_off(s.id, i.id, case i.about when 'thirdParty' then 'b04b' else 'b08b' end) then
			raise exception 'no consent of whom it is about' using errcode = '23514', constraint = 'gate_consent';
		end if;
		return new;
	end if;
	perform agreed_to(s.id, i.kind);
	return new;
end
$$;
create trigger disclosure_by_right before insert on disclosure for each row execute function disclosure_by_right();

revoke all on function fact_of(text, text), judged(text, text), worded(text), given(text), flag_set(text), flag_of(text), law_flag_by_right(), signed_off(text, text, text), veto_lifted(application, subject), asking_by_right(), fact_asked(), fact_wish(), vetoed(text), approached(text), connected(text), unconnected(text),
	hold_gate(text, text), gate_of(text, text), by_intermediary(text, bool), case_by_right(), case_moves(), case_connection_by_right(), may_touch(text), casework_by_right(), party_by_right(), fact_by_right(),
	veto_by_right(), stop_by_right(), consent_by_right(), item_by_right(), signature_by_right(), evaluation_by_right(), unheard(text), blocked(text, text),
	answered(text, text, text, text), may_go_on(application, subject), step_by_right(), agreed_to(text, text), post_given(item, application), disclosure_by_right() from public;
grant execute on function flag_of(text), fact_of(text, text), hold_gate(text, text), connected(text), unheard(text), blocked(text, text) to gatepost_staff;

reset role;
