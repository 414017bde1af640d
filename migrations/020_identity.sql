set local role gatepost_owner;

-- Copies of identity documents: sealed to the case, and destroyed by rule.

-- scan_goes_on is the day on which the copy of an identity document is destroyed: 28 days after two workers had settled who the applicant is,
-- 28 days after the case ended, and at the latest on its own last day, whichever comes first. Days are London's.
create function scan_goes_on(of_application text, added date, latest date) returns date
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	settled date;
	ended date;
begin
	if fact_of(of_application, 'idVerified') = 'yes' then
		select max((b.at at time zone 'Europe/London')::date) into settled from fact f join audit_body b on b.agency_id = f.agency_id and b.leaf = f.leaf
			where f.agency_id = agency() and f.on_id = of_application and f.name = 'idVerified' and f.value = 'yes' and f.confirms is not null;
	end if;
	select a.ended_on into ended from application a where a.agency_id = agency() and a.id = of_application;
	return least(latest, case when settled is not null then greatest(settled, added) + 28 end, case when ended is not null then greatest(ended, added) + 28 end);
end
$$;

-- scan_before: nobody keeps one longer than 180 days, and no more than forty of a case.
create function scan_before() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if new.created <> current_date or new.shed_on > new.created + 180 or new.destroyed_on is not null then
		raise exception 'kept too long' using errcode = '23514', constraint = 'scan_days';
	end if;
	if new.version > 40 then
		raise exception 'too many' using errcode = '23514', constraint = 'scan_many';
	end if;
	if not exists (select from application a where a.id = new.id and a.agency_id = new.agency_id and a.state = 'open') then
		raise exception 'the case has ended' using errcode = '23514', constraint = 'gate_open';
	end if;
	return new;
end
$$;
create trigger scan_before before insert on casework for each row when (new.kind = 'identity' and new.part = 'scan') execute function scan_before();

-- shed_scan empties one copy whose day has come. It is the only way in which anything sealed of a case is destroyed.
create function shed_scan(of_id text, of_version int, said bytea) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	update casework w set sealed = ''::bytea, destroyed_on = current_date, destroyed_leaf = said
		where w.agency_id = agency() and w.id = of_id and w.part = 'scan' and w.version = of_version and w.kind = 'identity'
			and w.destroyed_on is null and scan_goes_on(w.application_id, w.created, w.shed_on) <= current_date;
	if not found then
		raise exception 'not yet, or not any more' using errcode = 'GP409';
	end if;
end
$$;
-- sheds_by_clock: a row of casework changes in that one way.
create function casework_stays() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if old.destroyed_on is not null or new.destroyed_on is null
		or to_jsonb(new) - array['sealed', 'destroyed_on', 'destroyed_leaf'] <> to_jsonb(old) - array['sealed', 'destroyed_on', 'destroyed_leaf'] then
		raise exception 'casework is never changed' using errcode = '23514', constraint = 'casework_stays';
	end if;
	return new;
end
$$;
create trigger casework_stays before update on casework for each row when (session_user = 'gatepost_staff') execute function casework_stays();

revoke all on function scan_goes_on(text, date, date), scan_before(), shed_scan(text, int, bytea), casework_stays() from public;
grant execute on function scan_goes_on(text, date, date), shed_scan(text, int, bytea) to gatepost_staff;

reset role;
