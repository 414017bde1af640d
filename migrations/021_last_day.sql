set local role gatepost_owner;

-- The last day of an account whose one role is auditor: an inspector comes for a visit. It stands in the statement of the role as well.
-- An auditor whom an older version made has none, and signs in again when a manager has given one.
alter table worker add column ends_on date;
alter table worker add constraint worker_ends_auditor check (ends_on is null or roles = '{auditor}' and role_leaf is not null);
comment on column worker.ends_on is 'the last day on which an auditor may sign in';
grant update (ends_on) on worker to gatepost_staff;

-- As before, and the last day is the statement's "to": nobody but an auditor has one, and a new one ends within 90 days of its statement.
create or replace function worker_stated() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	body text := (select convert_from(b.body, 'UTF8') from audit_body b where b.agency_id = new.agency_id and b.leaf = new.role_leaf);
	part text := case when new.state = 'left' then 'left' else array_to_string(new.roles, '.') end;
	said date;
begin
	if session_user <> 'gatepost_staff' then
		return null;
	end if;
	if coalesce(strpos(body, E'\nevent role\nobject worker/' || new.id || E'\npart ' || part || E'\n'), 0) = 0
		or strpos(body, E'\nto ' || coalesce(to_char(new.ends_on, 'YYYY-MM-DD'), '-') || E'\n') = 0
		or new.role_leaf is distinct from old.role_leaf and strpos(body, E'\n\u2014 ' || new.agency_id || '/worker/' || account() || ' ') = 0 then
		raise exception 'not stated' using errcode = '23514', constraint = 'worker_stated';
	end if;
	if new.roles = '{auditor}' and new.role_leaf is distinct from old.role_leaf then
		said := (substring(body from E'\nat ([0-9TZ:-]+)\n')::timestamptz at time zone 'Europe/London')::date;
		if coalesce(new.ends_on not between said and said + 90, true) then
			raise exception 'no last day, or not within 90 days' using errcode = '23514', constraint = 'worker_ends';
		end if;
	end if;
	return null;
end
$$;

-- No session of theirs begins or goes on after that day.
create function session_ends() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if exists (select from worker w where w.agency_id = new.agency_id and w.id = new.account_id and w.state = 'active' and w.roles = '{auditor}'
			and coalesce(w.ends_on, '-infinity') < (new.seen_at at time zone 'Europe/London')::date) then
		raise exception 'the last day is over' using errcode = '23514', constraint = 'session_ends';
	end if;
	return new;
end
$$;
create trigger session_ends before insert or update of seen_at on session for each row
	when (new.tier = 'staff' and not new.enrolling) execute function session_ends();
revoke all on function session_ends() from public;
reset role;
