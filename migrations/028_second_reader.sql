-- Two readers, held here: whose letters need a second worker, and the word of the first that a letter may go on.

set local role gatepost_owner;

alter table exchange add column second_reader text not null default 'risk'
	constraint exchange_second_reader check (second_reader in ('risk', 'new', 'always'));
comment on column exchange.second_reader is 'whose letters two workers read: those of a side about whose letters there was a worry (risk), each side''s first one too (new), or all (always)';

-- A worker has read a letter and would let it go on; another one decides. What they said of it is an object of the letter.
create table first_reading (
	agency_id text not null,
	letter_id id not null,
	turn smallint not null,
	worker_id id not null,
	leaf digest not null,
	primary key (agency_id, letter_id, turn, worker_id),
	-- With its letter alone, when an exchange that was opened in error is destroyed.
	foreign key (agency_id, letter_id) references letter on delete cascade,
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index first_reading_worker on first_reading (worker_id, agency_id);

-- two_readers: does this letter need a second reader? A worry counts unless the safeguarding lead gave the letter back to the desk.
create function two_readers(letter text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select x.second_reader = 'always'
			or x.second_reader = 'new' and not exists (select from letter e join decision d on d.agency_id = e.agency_id and d.letter_id = e.id and d.act = 'pass'
				where e.agency_id = l.agency_id and e.from_side = l.from_side and e.id <> l.id)
			or exists (select from letter e join object o on o.agency_id = e.agency_id and o.id = e.id and o.kind = 'referral'
				where e.agency_id = l.agency_id and e.from_side = l.from_side and e.id <> l.id and e.state in ('escalated', 'refused', 'keptOnFile', 'withdrawn'))
		from letter l join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id
		where l.agency_id = agency() and l.id = two_readers.letter);
end
$$;

-- first_reader: whose word counts as the first of two for the decision that comes next, besides one worker; null for nobody's. Whoever left, knows the
-- family by now, or lost the case has no word any more, and somebody else may be first.
create function first_reader(letter text, besides text) returns text
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select f.worker_id from first_reading f
			join letter l on l.agency_id = f.agency_id and l.id = f.letter_id
			join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id
			join worker w on w.agency_id = f.agency_id and w.id = f.worker_id
		where f.agency_id = agency() and f.letter_id = first_reader.letter and f.worker_id <> coalesce(besides, '')
			and f.turn = 1 + (select count(*) from decision d where d.agency_id = l.agency_id and d.letter_id = l.id)
			and w.state = 'active' and 'letterboxWorker' = any (w.roles)
			and not (x.restricted and not holds_case(w.id, x.id))
			and not exists (select from connection c where c.agency_id = x.agency_id and c.exchange_id = x.id and c.worker_id = w.id)
			and not exists (select from side_member m join side s on s.agency_id = m.agency_id and s.id = m.side_id
				where m.agency_id = w.agency_id and m.person_id = w.person_id and s.exchange_id = x.id)
		order by f.worker_id limit 1);
end
$$;

-- Who is first: an active worker in their own name, about a letter that waits, of people whom they do not know, and that they did not help to write
-- or refuse before. Once in a turn.
create function first_reading_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	l letter;
begin
	select * into strict l from letter x where x.agency_id = new.agency_id and x.id = new.letter_id for update;
	if new.worker_id is distinct from account() or not has_role('letterboxWorker') then
		raise exception 'not a reading worker' using errcode = '23514', constraint = 'first_reading_worker';
	end if;
	if l.state not in ('received', 'held') or new.turn <> 1 + (select count(*) from decision d where d.agency_id = l.agency_id and d.letter_id = l.id)
		or not two_readers(l.id) then
		raise exception 'not to be read so' using errcode = '23514', constraint = 'first_reading_letter';
	end if;
	if first_reader(l.id, '') is not null then
		raise exception 'read first already' using errcode = '23505', constraint = 'first_reading_once';
	end if;
	if is_party(l.exchange_id) then
		raise exception 'a party to the exchange' using errcode = '23514', constraint = 'decision_party';
	end if;
	if exists (select from letter_helper h where h.agency_id = new.agency_id and h.letter_id = new.letter_id and h.worker_id = new.worker_id) then
		raise exception 'helped to write' using errcode = '23514', constraint = 'decision_helper';
	end if;
	if exists (select from decision d where d.agency_id = l.agency_id and d.letter_id = l.id and d.worker_id = new.worker_id) then
		raise exception 'the second opinion is another worker''s' using errcode = '23514', constraint = 'decision_second';
	end if;
	return new;
end
$$;
create trigger first_reading_by_right before insert on first_reading for each row execute function first_reading_by_right();
create trigger worker_stands before insert on first_reading for each row execute function worker_stands();
create trigger first_reading_by_key before insert on first_reading for each row execute function decision_by_key();

-- A letter that needs two readers is passed on by the second. Triggers of one kind fire by their names: this one after decision_by_right.
create function decision_by_second() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	-- What asks for two readers waits for this act, or this act for it.
	perform from exchange x join letter l on l.agency_id = x.agency_id and l.exchange_id = x.id
		where l.agency_id = new.agency_id and l.id = new.letter_id for share of x;
	if two_readers(new.letter_id) and first_reader(new.letter_id, new.worker_id) is null then
		raise exception 'no other reader' using errcode = '23514', constraint = 'decision_readers';
	end if;
	return new;
end
$$;
create trigger decision_by_second before insert on decision for each row when (new.act = 'pass') execute function decision_by_second();

-- That fewer letters are read twice is a manager's to say.
create function readers_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	often text[] := array['risk', 'new', 'always'];
begin
	if array_position(often, new.second_reader) < array_position(often, old.second_reader) and not has_role('manager') then
		raise exception 'not a manager' using errcode = '23514', constraint = 'exchange_readers';
	end if;
	return new;
end
$$;
create trigger readers_by_right before update of second_reader on exchange for each row execute function readers_by_right();

drop trigger state_by_right on exchange;
create trigger state_by_right before update of state, delay_days, second_reader on exchange for each row execute function state_by_right();

alter table first_reading enable row level security;
alter table first_reading force row level security;
create policy staff on first_reading to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency());

revoke all on function two_readers(text), first_reader(text, text), first_reading_by_right(), decision_by_second(), readers_by_right() from public;
grant execute on function two_readers(text), first_reader(text, text) to gatepost_staff;
grant select, insert on first_reading to gatepost_staff;
grant update (second_reader) on exchange to gatepost_staff;
grant select on first_reading to gatepost_backup;

reset role;
