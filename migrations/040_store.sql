-- A part that the store has lost is known until it is there again or written off, and its letter goes its way without it. A store is one database's.

set local role gatepost_owner;

-- What a row names and the store does not have as it was put there. Gone when the part is there again, or its row is not.
create table part_lost (
	agency_id text not null references agency,
	key text not null,
	found_at timestamptz not null default now(),
	looked_at timestamptz not null default now(),
	written_off_at timestamptz,
	primary key (agency_id, key)
);
comment on column part_lost.looked_at is 'when it was last looked for: whoever waited longest is next';
comment on column part_lost.written_off_at is 'since when nobody looks for it any more: no backup that is kept has it';

-- part_missed notes that the store has lost a part, if a row names it. part_known_lost: is that known?
create function part_missed(key text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if part_used(part_missed.key) then
		insert into part_lost (agency_id, key) values (agency(), part_missed.key) on conflict do nothing;
	end if;
end
$$;
create function part_known_lost(key text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from part_lost l where l.agency_id = agency() and l.key = part_known_lost.key));
end
$$;
-- parts_lost are those that are known to be lost, so many of those that were not looked for the longest, with what their rows say of where they lie;
-- null where no row names one any more. What is written off waits a day longer, so that it holds up nothing else and is looked for all the same.
create function parts_lost(most int) returns table (key text, place bytea)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	c record;
	l record;
begin
	for l in select p.key from part_lost p where p.agency_id = agency()
		order by p.looked_at + case when p.written_off_at is null then interval '0' else interval '1 day' end, p.key limit most loop
		key := l.key;
		place := null;
		for c in select t.tgrelid::regclass::text as tbl, rtrim(encode(t.tgargs, 'escape'), '\0') as col from pg_trigger t where t.tgfoid = 'part_goes()'::regprocedure loop
			if place is null then
				execute format('select %I from %s where agency_id = agency() and %I = $1 limit 1', c.col, c.tbl, c.col || '_part') into place using l.key;
			end if;
		end loop;
		return next;
	end loop;
end
$$;

-- As before; of a recording that is lost, somebody who cannot listen may say that it does not go.
create or replace function recording_word_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	l letter;
begin
	select x.* into strict l from letter x join letter_recording p on p.agency_id = x.agency_id and p.letter_id = x.id
		where p.agency_id = new.agency_id and p.id = new.recording_id for update of x;
	if new.worker_id is distinct from account() or not has_role('letterboxWorker') or is_party(l.exchange_id)
		or not exists (select from claim c where c.agency_id = l.agency_id and c.letter_id = l.id and c.worker_id = account() and c.until > now()) then
		raise exception 'not this worker''s' using errcode = '23514', constraint = 'recording_worker';
	end if;
	if l.state not in ('received', 'held') then
		raise exception 'decided' using errcode = '23514', constraint = 'recording_decided';
	end if;
	if not exists (select from recording_heard h where h.agency_id = new.agency_id and h.recording_id = new.recording_id and h.worker_id = account())
		and (new.goes or not exists (select from object o join part_lost p on p.agency_id = o.agency_id and p.key = o.sealed_part
			where o.agency_id = new.agency_id and o.id = new.recording_id and o.part = 'sound' and o.kind = 'submission')) then
		raise exception 'not listened to' using errcode = '23514', constraint = 'recording_heard_first';
	end if;
	return new;
end
$$;

-- Whose the store is: a number of this database alone. With where the database is, it makes the mark that its bucket has, so that two copies of a
-- database do not take each other's parts for their own.
create table part_store (
	one bool primary key default true constraint part_store_one check (one),
	number bytea not null check (octet_length(number) = 32)
);
insert into part_store (number) values (sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));
create function part_store_mark() returns bytea
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select sha256(s.number || convert_to('gatepost store ' || c.system_identifier || ' ' || d.oid, 'UTF8'))
		from part_store s, pg_control_system() c, pg_database d where d.datname = current_database());
end
$$;

-- part_places are some of the places that rows of any agency name, so many at most and never more than eight, for whoever may ask is not to list them: a bucket without a mark that has none of them is not this database's.
create function part_places(most int) returns setof bytea
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	here text := agency();
	a text;
	c record;
	place bytea;
	n int := 0;
begin
	for a in select x.id from agency x loop
		perform set_config('gatepost.agency', a, true);
		for c in select t.tgrelid::regclass::text as tbl, rtrim(encode(t.tgargs, 'escape'), '\0') as col from pg_trigger t where t.tgfoid = 'part_goes()'::regprocedure loop
			for place in execute format('select %I from %s where agency_id = agency() and %I is not null limit $1', c.col, c.tbl, c.col || '_part') using least(most, 8) - n loop
				n := n + 1;
				return next place;
			end loop;
		end loop;
	end loop;
	perform set_config('gatepost.agency', coalesce(here, ''), true);
end
$$;

alter table part_lost enable row level security;
alter table part_lost force row level security;
create policy staff on part_lost to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency());
alter table part_store enable row level security;
alter table part_store force row level security;
create policy owner on part_store to gatepost_owner using (true);

revoke all on function part_missed(text), part_known_lost(text), parts_lost(int), part_store_mark(), part_places(int) from public;
grant execute on function part_missed(text) to gatepost_public, gatepost_staff, gatepost_backup;
grant execute on function part_known_lost(text), part_store_mark(), part_places(int) to gatepost_public, gatepost_staff;
grant execute on function parts_lost(int) to gatepost_staff;
grant select, delete, update (looked_at) on part_lost to gatepost_staff;
grant select on part_lost, part_store to gatepost_backup;

reset role;
