set local role gatepost_owner;

-- Within how many working days a writer hears is the agency's to say. Each tier notes the promise that it was started with; an agency is active only while
-- the two are one, for what the families' tier promises the workers' tier has to keep.
alter table agency add column public_promise smallint check (public_promise between 1 and 20),
	add column staff_promise smallint check (staff_promise between 1 and 20);
comment on column agency.public_promise is 'working days within which a writer hears, as the families'' tier was started';
comment on column agency.staff_promise is 'working days within which a writer hears, as the workers'' tier was started';
grant update (public_promise) on agency to gatepost_public;
grant update (staff_promise) on agency to gatepost_staff;

-- The day that a writer was told stays beside what became of the letter, so that a decision is held against it when the promise has changed since.
alter table letter_day add column hear_by date;
comment on column letter_day.hear_by is 'the day that the writer was told then; null before this was kept, when every agency promised ten working days';
create or replace function letter_day_added() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' or new.state <> old.state then
		insert into letter_day (agency_id, letter_id, n, state, told, on_day, hear_by)
		select new.agency_id, new.id, coalesce(max(d.n), 0) + 1, new.state, new.told, case tg_op when 'INSERT' then new.submitted_on else current_date end, new.hear_by
		from letter_day d where d.agency_id = new.agency_id and d.letter_id = new.id;
	end if;
	return null;
end
$$;

-- By when the writers of a case were told that they hear: when their letter came, and when they asked for a second opinion.
create function told_by(exchange text) returns table (letter text, again bool, hear_by date)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select h.letter_id::text, h.n > 1, h.hear_by from (
		select d.letter_id, d.n, d.state, d.hear_by, lag(d.state) over (partition by d.letter_id order by d.n) as before
		from letter l join letter_day d on d.agency_id = l.agency_id and d.letter_id = l.id
		where l.agency_id = agency() and l.exchange_id = told_by.exchange) h
	where h.hear_by is not null and (h.n = 1 or h.state = 'received' and h.before = 'refused');
end
$$;
revoke execute on function told_by(text) from public;
grant execute on function told_by(text) to gatepost_staff;
