set local role gatepost_owner;

-- Letters after consent: an exchange between an applicant and a subject who agreed, which closes in the transaction of whatever ends that.

-- may_meet: does the subject agree to letters now, and does nothing stand against it? An application that was closed leaves the letters be.
create function may_meet(one_application text, one_subject text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from application a join subject s on s.agency_id = a.agency_id and s.application_id = a.id
			where a.agency_id = agency() and a.id = one_application and s.id = one_subject and a.state <> 'stopped' and s.state <> 'stopped')
		and not blocked(one_application, one_subject) and fact_of(one_subject, 'subjectVital') = 'living'
		and coalesce((select c.answer in ('yes', 'lettersOnly', 'onlyThroughUs') and 'letters' = any (c.scope) from consent c
			where c.agency_id = agency() and c.subject_id = one_subject order by c.version desc limit 1), false));
end
$$;
-- mediated_closed: is this an exchange that was opened by consent, and nothing may pass now?
create function mediated_closed(one_exchange text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return coalesce((select not may_meet(m.application_id, m.subject_id) from mediated m where m.agency_id = agency() and m.exchange_id = one_exchange), false);
end
$$;

create function mediated_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	e evaluation;
	sought subject;
	asked application;
begin
	perform by_intermediary(new.worker_id, false);
	perform hold_gate(new.adopted_id, new.subject_id);
	e := answered(new.evaluation_id, new.subject_id, null, '+PROCEED');
	select * into sought from subject x where x.id = new.subject_id and x.agency_id = new.agency_id and x.state = 'open';
	select * into asked from application x where x.id = sought.application_id and x.agency_id = new.agency_id and x.state = 'open';
	if asked.id is distinct from new.application_id or e.application_id <> asked.id then
		raise exception 'not of this case' using errcode = '23514', constraint = 'gate_case';
	end if;
	perform may_go_on(asked, sought);
	if fact_of(new.application_id, 'idVerified') is distinct from 'yes' then
		raise exception 'the applicant was not met and verified' using errcode = '23514', constraint = 'gate_met';
	end if;
	if not may_meet(new.application_id, new.subject_id) then
		raise exception 'no consent to letters' using errcode = '23514', constraint = 'gate_consent';
	end if;
	-- Between these two and nobody else, about no child, and known to the workers who were named.
	if not exists (select from exchange x where x.agency_id = new.agency_id and x.id = new.exchange_id and x.opened_by = new.worker_id and x.restricted)
		or exists (select from exchange_child c where c.agency_id = new.agency_id and c.exchange_id = new.exchange_id)
		or (select count(*) from side s where s.agency_id = new.agency_id and s.exchange_id = new.exchange_id) <> 2
		or exists (select from side s where s.agency_id = new.agency_id and s.exchange_id = new.exchange_id
			and not exists (select from side_member m where m.agency_id = s.agency_id and m.side_id = s.id))
		or exists (select from side s join side_member m on m.agency_id = s.agency_id and m.side_id = s.id
			where s.agency_id = new.agency_id and s.exchange_id = new.exchange_id and not exists (select from party p where p.agency_id = s.agency_id
				and p.application_id = new.application_id and p.person_id = m.person_id and p.file = case s.place when 1 then new.application_id else new.subject_id end)) then
		raise exception 'an exchange of others' using errcode = '23514', constraint = 'mediated_sides';
	end if;
	return new;
end
$$;
create trigger mediated_by_right before insert on mediated for each row execute function mediated_by_right();

-- Nobody writes, and nothing is passed on, shown or opened, while the two may not meet. The share of the gate rows makes a veto that is on its
-- way wait for this act, or this act see it.
create or replace function exchange_open(exchange text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from exchange x where x.agency_id = agency() and x.id = exchange and x.state = 'active')
		and not exists (select from exchange_child c where c.agency_id = agency() and c.exchange_id = exchange and c.relays_end_on <= current_date)
		and not mediated_closed(exchange));
end
$$;

create function letter_mediated() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if new.stop and new.state <> 'opened' or new.state = old.state and new.stop = old.stop or new.state not in ('passed', 'waiting', 'keptForLater', 'opened') then
		return new;
	end if;
	perform from adopted a join mediated m on m.agency_id = a.agency_id and m.adopted_id = a.id where m.agency_id = new.agency_id and m.exchange_id = new.exchange_id for share of a;
	perform from subject s join mediated m on m.agency_id = s.agency_id and m.subject_id = s.id where m.agency_id = new.agency_id and m.exchange_id = new.exchange_id for share of s;
	if mediated_closed(new.exchange_id) then
		raise exception 'they may not meet now' using errcode = '23514', constraint = 'letter_mediated';
	end if;
	return new;
end
$$;
create trigger letter_mediated before update on letter for each row execute function letter_mediated();

-- Whatever makes contact stop, stops in its own transaction what was passed on and is not opened.
create function mediated_stops() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	about record;
begin
	case tg_table_name
		when 'consent' then select s.adopted_id as id into about from subject s where s.agency_id = new.agency_id and s.id = to_jsonb(new) ->> 'subject_id';
		when 'fact' then select g.adopted_person as id into about from gate_of(to_jsonb(new) ->> 'about', to_jsonb(new) ->> 'on_id') g;
		else select to_jsonb(new) ->> 'adopted_id' as id into about;
	end case;
	update letter l set stop = true from mediated m where m.agency_id = new.agency_id and m.adopted_id = about.id and l.agency_id = m.agency_id and l.exchange_id = m.exchange_id
		and l.state in ('passed', 'waiting', 'keptForLater', 'recalled', 'undeliverable') and not l.stop and mediated_closed(m.exchange_id);
	return null;
end
$$;
create trigger mediated_stops after insert on consent for each row execute function mediated_stops();
create trigger mediated_stops after insert on veto for each row execute function mediated_stops();
create trigger mediated_stops after insert on stop for each row execute function mediated_stops();
create trigger mediated_stops after insert on fact for each row execute function mediated_stops();
create trigger mediated_stops after update of state on subject for each row execute function mediated_stops();
create trigger mediated_stops after update of state on application for each row execute function mediated_stops();

revoke all on function may_meet(text, text), mediated_closed(text), mediated_by_right(), letter_mediated(), mediated_stops() from public;
grant execute on function mediated_closed(text) to gatepost_staff;

reset role;
