-- What one pair of hands does not do alone at the desk.

set local role gatepost_owner;

-- An order of a court that stands is changed by a manager: one that permits contact holds against the agency, too. That a court has now forbidden
-- it, any worker writes down at once.
alter table exchange add column order_unseen bool not null default false;
comment on column exchange.order_unseen is 'a worker wrote down that a court forbids this contact, and no manager has written it down since';
create or replace function order_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if old.contact_order <> 'none' and new.contact_order not in (old.contact_order, 'prohibits') and not has_role('manager') then
		raise exception 'not a manager' using errcode = '23514', constraint = 'exchange_order';
	end if;
	new.order_unseen := new.contact_order = 'prohibits' and not has_role('manager') and (old.contact_order <> 'prohibits' or old.order_unseen);
	return new;
end
$$;

-- meets_forbidden: is somebody of each side of this exchange on the sides of another one, which a court forbids?
create function meets_forbidden(exchange text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from side s join side_member m on m.agency_id = s.agency_id and m.side_id = s.id
		join side_member fm on fm.agency_id = m.agency_id and fm.person_id = m.person_id
		join side fs on fs.agency_id = fm.agency_id and fs.id = fm.side_id and fs.exchange_id <> s.exchange_id
		join exchange f on f.agency_id = fs.agency_id and f.id = fs.exchange_id and f.contact_order = 'prohibits'
		join side o on o.agency_id = f.agency_id and o.exchange_id = f.id and o.id <> fs.id
		join side_member om on om.agency_id = o.agency_id and om.side_id = o.id
		join side_member tm on tm.agency_id = om.agency_id and tm.person_id = om.person_id
		join side t on t.agency_id = tm.agency_id and t.id = tm.side_id and t.exchange_id = s.exchange_id and t.id <> s.id
		where s.agency_id = agency() and s.exchange_id = meets_forbidden.exchange));
end
$$;
-- At commit: what a court forbids between two people does not go on in another exchange of theirs. An order that is written down in this moment is waited for.
create function member_not_forbidden() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform from exchange x join side s on s.agency_id = x.agency_id and s.exchange_id = x.id
		join side_member m on m.agency_id = s.agency_id and m.side_id = s.id
		where x.agency_id = new.agency_id and m.person_id = new.person_id order by x.id for share of x;
	if meets_forbidden((select s.exchange_id from side s where s.agency_id = new.agency_id and s.id = new.side_id)) then
		raise exception 'a court forbids it' using errcode = '23514', constraint = 'side_member_forbidden';
	end if;
	return null;
end
$$;
create constraint trigger member_not_forbidden after insert on side_member deferrable initially deferred for each row execute function member_not_forbidden();

-- At commit: whoever types a letter in may bar colleagues from it by naming them as helpers. Where fewer than two of the team are left who could decide,
-- it is said who helped and how, in an object of the letter.
create function helpers_leave() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if (select count(*) from letter_helper h where h.agency_id = new.agency_id and h.letter_id = new.letter_id) > 1
		and (select count(*) from letter l join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id join worker w on w.agency_id = l.agency_id
			where l.agency_id = new.agency_id and l.id = new.letter_id and w.state = 'active' and 'letterboxWorker' = any (w.roles)
				and not (x.restricted and not holds_case(w.id, x.id)) and not knows_family(w.id, x.id)
				and not exists (select from letter_helper h where h.agency_id = l.agency_id and h.letter_id = l.id and h.worker_id = w.id)) < 2
		and not exists (select from object o where o.agency_id = new.agency_id and o.id = new.letter_id and o.part = 'helping' and o.kind = 'worknote') then
		raise exception 'nobody is left' using errcode = '23514', constraint = 'letter_helper_left';
	end if;
	return null;
end
$$;
create constraint trigger helpers_leave after insert on letter_helper deferrable initially deferred for each row execute function helpers_leave();

-- What a writer was asked can be taken back by whoever may ask, or by a manager: the letter is with the agency again, with the day that it had, and its
-- writer is told that they need not answer.
alter table letter add column taken_back smallint;
comment on column letter.taken_back is 'the turn whose proposal the agency took back last; null for none';
create index letter_proposed on letter (agency_id, decided_on) where state = 'proposed';
insert into letter_move (from_state, act, to_state, role) values
	('proposed', 'unask', 'received', 'letterboxWorker'),
	('proposed', 'unask', 'received', 'manager');

-- As before; and a third way back to the desk from what its writer was asked about: the agency took it back.
create or replace function letter_moves() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	was text := '';
	wanted text;
	again bool;
	turns int;
begin
	if tg_op = 'UPDATE' then
		again := old.state in ('recalled', 'undeliverable') and new.state = 'passed';
		-- What is shown again must not be stopped by anything that still is so. What would stop it waits for this act, or this act for it.
		if again or old.stop and not new.stop then
			perform from exchange x where x.agency_id = new.agency_id and x.id = new.exchange_id for share;
			perform from side s where s.agency_id = new.agency_id and s.id = new.to_side for share;
			if new.stop or not again and not has_role('letterboxWorker')
				or exists (select from exchange x where x.agency_id = new.agency_id and x.id = new.exchange_id and x.state <> 'active')
				or exists (select from side s where s.agency_id = new.agency_id and s.id = new.to_side and s.state <> 'ready') then
				raise exception 'still to be stopped' using errcode = '23514', constraint = 'letter_stop';
			end if;
			if exists (select from exchange_child c where c.agency_id = new.agency_id and c.exchange_id = new.exchange_id and c.relays_end_on <= current_date) then
				raise exception 'a child comes of age' using errcode = '23514', constraint = 'delivery_age';
			end if;
		end if;
		if (again or old.stop and not new.stop or new.taken_back is distinct from old.taken_back or new.state <> old.state and new.state in ('held', 'escalated', 'recalled', 'undeliverable'))
			and is_party(new.exchange_id) then
			raise exception 'a party to the exchange' using errcode = '23514', constraint = 'letter_connected';
		end if;
		if new.taken_back is distinct from old.taken_back and case_closed(new.exchange_id) then
			raise exception 'not named for the case' using errcode = '23514', constraint = 'letter_restricted';
		end if;
		if (new.agreed is distinct from old.agreed or new.taken_back is distinct from old.taken_back) and not (old.state = 'proposed' and new.state = 'received') then
			raise exception 'nothing to agree to' using errcode = '23514', constraint = 'letter_proposal';
		end if;
		if new.state = old.state then
			return new;
		end if;
		was := old.state;
	end if;
	if not exists (select from letter_move m where m.from_state = was and m.to_state = new.state and has_role(m.role)) then
		raise exception 'no such move' using errcode = '23514', constraint = 'letter_move';
	end if;
	turns := (select count(*) from decision d where d.agency_id = new.agency_id and d.letter_id = new.id);
	if was = 'refused' and (old.second or not new.second) then
		raise exception 'a second opinion is asked for once' using errcode = '23514', constraint = 'letter_second';
	end if;
	if was = 'proposed' and new.state = 'received'
			and not (new.second and not old.second and new.agreed is not distinct from old.agreed)
			and not (new.second = old.second and new.agreed is not distinct from old.agreed and new.taken_back is distinct from old.taken_back and new.taken_back is not distinct from turns
				and (has_role('letterboxWorker') or has_role('manager')))
			and not (new.second = old.second and new.agreed is not distinct from turns and new.taken_back is not distinct from old.taken_back and exists (select from object o
				where o.agency_id = new.agency_id and o.id = new.id and o.part = 'text' and o.kind = 'submission' and o.version = turns + 1))
		or new.state = 'proposed' and (new.paper or not exists (select from object o
			where o.agency_id = new.agency_id and o.id = new.id and o.part = 'proposal' and o.kind = 'proposal' and o.version = turns)) then
		raise exception 'nothing proposed, or nothing agreed' using errcode = '23514', constraint = 'letter_proposal';
	end if;
	wanted := case new.state when 'returned' then 'return' when 'refused' then 'refuse' when 'keptOnFile' then 'keepOnFile' when 'proposed' then 'propose' end;
	if wanted is not null and wanted is distinct from (select d.act from decision d
			where d.agency_id = new.agency_id and d.letter_id = new.id order by d.turn desc limit 1)
		or new.state = 'passed' and not exists (select from decision d
			where d.agency_id = new.agency_id and d.letter_id = new.id and d.act = 'pass') then
		raise exception 'no decision' using errcode = '23514', constraint = 'letter_decided';
	end if;
	return new;
end
$$;

-- As before; and the day on which the agency took back what it asked is told as that.
create or replace function letter_day_added() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	says text := new.told;
begin
	if tg_op = 'UPDATE' then
		if new.state = old.state then
			return null;
		end if;
		if new.taken_back is distinct from old.taken_back then
			says := 'takenBack';
		end if;
	end if;
	insert into letter_day (agency_id, letter_id, n, state, told, on_day, hear_by)
	select new.agency_id, new.id, coalesce(max(d.n), 0) + 1, new.state, says, case tg_op when 'INSERT' then new.submitted_on else current_date end, new.hear_by
	from letter_day d where d.agency_id = new.agency_id and d.letter_id = new.id;
	return null;
end
$$;

-- As before, but that a letter which is looked at again after that is where it was: its writer does not read on which day it was put on hold or referred.
create or replace function my_days(side text) returns table (letter_id text, delivery_id text, what text, on_day date)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select h.letter_id, h.delivery_id, h.what, h.on_day from (
		select t.letter_id::text, ''::text as delivery_id, t.told as what, t.on_day, t.at, t.n from (
			select d.letter_id, d.n, d.told, d.on_day, d.at, lag(d.told) over (partition by d.letter_id order by d.n) as before
			from letter l join letter_day d on d.agency_id = l.agency_id and d.letter_id = l.id
			where l.agency_id = agency() and l.from_side = my_days.side and granted_side(l.from_side)) t
		where t.told is distinct from t.before and not (t.told = 'withUs' and t.before is not distinct from 'takenBack')
		union all
		select '', v.id, d.state, d.on_day, d.at, d.n from my_deliveries(my_days.side) v
			join delivery x on x.agency_id = agency() and x.id = v.id
			join letter_day d on d.agency_id = x.agency_id and d.letter_id = x.letter_id
		where my_days.side <> '' and d.state in ('waiting', 'keptForLater', 'opened')
			and d.n >= (select max(w.n) from letter_day w where w.agency_id = x.agency_id and w.letter_id = x.letter_id and w.state = 'waiting')) h
	order by h.on_day desc, h.at desc, h.n desc limit 2000;
end
$$;

-- As before, but that nobody is told a new day when the agency takes back what it asked.
create or replace function told_by(exchange text) returns table (letter text, again bool, on_day date, hear_by date)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select h.letter_id::text, h.n > 1, h.on_day, h.hear_by from (
		select d.letter_id, d.n, d.state, d.told, d.on_day, d.hear_by, lag(d.state) over (partition by d.letter_id order by d.n) as before
		from letter l join letter_day d on d.agency_id = l.agency_id and d.letter_id = l.id
		where l.agency_id = agency() and l.exchange_id = told_by.exchange) h
	where h.hear_by is not null and (h.n = 1 or h.state = 'received' and h.before in ('refused', 'proposed') and h.told <> 'takenBack')
	order by h.letter_id, h.n;
end
$$;

-- As before, but that anybody of the team who does not know the family makes a letter whole again where whoever cut it reads it no more. While they do, who
-- may not decide about it undoes nothing: the letter would go on whole by one other worker's word.
create or replace function letter_cut_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	l letter;
	judges bool;
begin
	select * into strict l from letter x where x.agency_id = new.agency_id and x.id = new.letter_id for update;
	if new.worker_id is distinct from account() or not has_role('letterboxWorker')
		or not exists (select from claim c where c.agency_id = l.agency_id and c.letter_id = l.id and c.worker_id = account() and c.until > now()) then
		raise exception 'not this worker''s' using errcode = '23514', constraint = 'letter_cut_worker';
	end if;
	if l.state not in ('received', 'held') or new.turn <> 1 + (select count(*) from decision d where d.agency_id = l.agency_id and d.letter_id = l.id)
		or new.n <> 1 + (select coalesce(max(c.n), 0) from letter_cut c where c.agency_id = l.agency_id and c.letter_id = l.id)
		or new.whole <> (cut_leaf(l.id) is not null)
		or not exists (select from object o where o.agency_id = l.agency_id and o.id = l.id and o.part = 'cut' and o.kind = 'worknote' and o.version = new.n and o.leaf = new.leaf) then
		raise exception 'not to be cut so' using errcode = '23514', constraint = 'letter_cut_letter';
	end if;
	if is_party(l.exchange_id) then
		raise exception 'a party to the exchange' using errcode = '23514', constraint = 'decision_party';
	end if;
	judges := not new.whole or first_reader(l.id, '') is not null;
	if judges and exists (select from letter_helper h where h.agency_id = l.agency_id and h.letter_id = l.id and h.worker_id = account()) then
		raise exception 'helped to write' using errcode = '23514', constraint = 'decision_helper';
	end if;
	if judges and decided_before(l.id, account()) then
		raise exception 'the second opinion is another worker''s' using errcode = '23514', constraint = 'decision_second';
	end if;
	if judges and translated_by(l.id) is not distinct from account() then
		raise exception 'translated by themselves' using errcode = '23514', constraint = 'decision_translator';
	end if;
	return new;
end
$$;

-- reads_one: does this worker read a letter as it was written, or what it is translated into?
create function reads_one(letter text, worker text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select 'en' in (l.language, into_language(l.language, s.language)) or 'cy' in (l.language, into_language(l.language, s.language)) and reads_welsh(reads_one.worker)
		from letter l join side s on s.agency_id = l.agency_id and s.id = l.to_side where l.agency_id = agency() and l.id = reads_one.letter);
end
$$;
-- Nobody lets a letter go on, reads it first or cuts it, of which they read neither text: a translation that nobody here reads is no reading.
create function decision_by_understanding() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if coalesce(to_jsonb(new) ->> 'act', 'pass') = 'pass' and not coalesce(reads_one(new.letter_id, new.worker_id), false) then
		raise exception 'reads neither text' using errcode = '23514', constraint = 'decision_reads_neither';
	end if;
	return new;
end
$$;
create trigger decision_by_understanding before insert on decision for each row execute function decision_by_understanding();
create trigger first_reading_by_understanding before insert on first_reading for each row execute function decision_by_understanding();
create trigger letter_cut_by_understanding before insert on letter_cut for each row when (not new.whole) execute function decision_by_understanding();

revoke all on function helpers_leave(), reads_one(text, text), decision_by_understanding(), meets_forbidden(text), member_not_forbidden() from public;
grant execute on function reads_one(text, text), meets_forbidden(text) to gatepost_staff;
grant update (taken_back) on letter to gatepost_staff;
grant select (taken_back, appealed) on letter to gatepost_public;

reset role;
