-- A letter that is back with us has a day by which its writer hears, one that was stopped has the day of it, and what the clock does to a
-- letter is done on its day and by nobody else.

set local role gatepost_owner;

-- For managers: how long a letter has been stopped. One from before this column has the day of its decision on the page.
alter table letter add column stopped_on date;
comment on column letter.stopped_on is 'the day on which it was stopped; its writer is told nothing of it';

-- has_role as before, but that the staff tier is the clock only for a letterbox worker: it shows a letter in the act that passes it on.
create or replace function has_role(wanted text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select case
		when session_user = 'gatepost_public' then wanted = 'correspondent'
		when session_user = 'gatepost_notify' then wanted = 'clock'
		when session_user = 'gatepost_staff' then exists (
			select from worker w where w.agency_id = agency() and w.id = account() and w.state = 'active'
				and case wanted when 'clock' then 'letterboxWorker' else wanted end = any (w.roles))
		else false end);
end
$$;

-- The days of a letter: what the clock does waits for its day, whoever does it, and the end at eighteen is the clock's own role's alone. A letter is
-- shown when its exchange's delay is over, a day that nobody moves afterwards. Whose letter comes back to us is told by when they hear; no other
-- day that a writer was told is moved by a worker.
create function letter_on_its_day() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if new.state <> old.state and (new.state = 'waiting' and (new.stop or new.visible_on is null or new.visible_on > current_date)
		or new.state = 'stoppedAt18' and (session_user = 'gatepost_staff' or not exists (select from exchange_child c
			where c.agency_id = new.agency_id and c.exchange_id = new.exchange_id and c.relays_end_on <= current_date))) then
		raise exception 'not on this day' using errcode = '23514', constraint = 'letter_early';
	end if;
	if session_user = 'gatepost_staff' then
		if old.state in ('received', 'held') and new.state = 'passed' then
			if new.visible_on is distinct from current_date + (select x.delay_days from exchange x where x.agency_id = new.agency_id and x.id = new.exchange_id) then
				raise exception 'not the day of display' using errcode = '23514', constraint = 'letter_early';
			end if;
		elsif new.visible_on is distinct from old.visible_on then
			raise exception 'not the day of display' using errcode = '23514', constraint = 'letter_early';
		end if;
		if new.state <> old.state and new.state in ('recalled', 'undeliverable') then
			if new.hear_by not between current_date + 1 and current_date + 40 then
				raise exception 'by when does the writer hear?' using errcode = '23514', constraint = 'letter_hear_by';
			end if;
		elsif new.hear_by <> old.hear_by then
			raise exception 'a writer was told another day' using errcode = '23514', constraint = 'letter_hear_by';
		end if;
	end if;
	if new.stop and not old.stop then
		new.stopped_on := current_date;
	elsif not new.stop then
		new.stopped_on := null;
	end if;
	return new;
end
$$;
-- Triggers of one kind fire by their names: this one after letter_moves.
create trigger letter_on_its_day before update on letter for each row execute function letter_on_its_day();
revoke all on function letter_on_its_day() from public;

-- As before. What reminds of an enquiry is the tier itself, whose acts have no account; it is no letterbox worker's clock.
create or replace function enquiry_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' then
		perform by_intermediary(new.asked_by, false);
		if new.state <> 'asked' then
			raise exception 'an enquiry begins as asked' using errcode = '23514', constraint = 'enquiry_move';
		end if;
		return new;
	end if;
	if account() is null and session_user in ('gatepost_staff', 'gatepost_notify') and (new.state, new.due_on, new.answered_on, new.heard) is not distinct from (old.state, old.due_on, old.answered_on, old.heard) and old.state = 'asked' then
		return new;
	end if;
	perform by_intermediary(account(), false);
	if old.state = 'called off' or old.state = 'answered' and new.state <> 'answered' then
		raise exception 'no such move' using errcode = '23514', constraint = 'enquiry_move';
	end if;
	if new.heard > old.heard and new.heard > coalesce((select max(w.version) from enquiry_word w where w.id = new.id and w.agency_id = new.to_agency), 0)
		or new.heard < old.heard then
		raise exception 'nobody has said that' using errcode = '23514', constraint = 'enquiry_heard';
	end if;
	return new;
end
$$;

reset role;

-- What is back with us already gets its day from now. Whoever may not see every agency's rows leaves it late.
do $$
begin
	update letter set hear_by = greatest(hear_by, current_date + 14) where state in ('recalled', 'undeliverable');
exception when insufficient_privilege then
	raise notice 'the letters that are back with us are late from now on';
end
$$;
