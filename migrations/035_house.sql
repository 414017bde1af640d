-- Whose letters two workers read in the exchanges that an agency opens from now on is the agency's to say. Each tier notes what it was started with, as with
-- the promise; an agency is active only while the two are one.

set local role gatepost_owner;

alter table agency add column public_readers text constraint agency_public_readers check (public_readers in ('risk', 'new', 'always')),
	add column staff_readers text constraint agency_staff_readers check (staff_readers in ('risk', 'new', 'always'));
comment on column agency.public_readers is 'whose letters two workers read in a new exchange, as the families'' tier was started';
comment on column agency.staff_readers is 'whose letters two workers read in a new exchange, as the workers'' tier was started';
grant update (public_readers) on agency to gatepost_public;
grant update (staff_readers) on agency to gatepost_staff;

-- An exchange begins with no fewer readers than the agency asks for. Fewer are a manager's to say, afterwards.
create function readers_at_first() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	often text[] := array['risk', 'new', 'always'];
begin
	if array_position(often, new.second_reader) < (select array_position(often, coalesce(a.staff_readers, 'risk')) from agency a where a.id = new.agency_id) then
		raise exception 'fewer readers than the agency asks for' using errcode = '23514', constraint = 'exchange_readers';
	end if;
	return new;
end
$$;
create trigger readers_at_first before insert on exchange for each row execute function readers_at_first();

-- Who helped to write a letter is named when it comes in, and by nobody later: to name a colleague afterwards would keep them from deciding.
create function helper_with_letter() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from letter l where l.agency_id = new.agency_id and l.id = new.letter_id and l.submitted_at = now()) then
		raise exception 'the letter is there already' using errcode = '23514', constraint = 'letter_helper_late';
	end if;
	return null;
end
$$;
create constraint trigger helper_with_letter after insert on letter_helper deferrable initially deferred
	for each row when (session_user = 'gatepost_staff') execute function helper_with_letter();

revoke all on function readers_at_first(), helper_with_letter() from public;

reset role;
