-- Large parts may lie in a store beside the database: a column that holds a sealed part then holds where it lies.

set local role gatepost_owner;

-- part_key is the key under which the part of a column lies in the store, null for a part that stands in its column (internal/parts, Place).
create function part_key(sealed bytea) returns text
	language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
	select case when octet_length(sealed) = 82 and substring(sealed from 1 for 16) = '\x67617465706f73742d706172742f310a'::bytea
		then encode(substring(sealed from 17 for 26), 'escape') end
$$;

-- What lay in the store and is no row's any more, until it is deleted there. Written by the triggers alone.
create table part_gone (
	agency_id text not null references agency,
	key text not null,
	destruction_id id,
	gone_at timestamptz not null default now(),
	primary key (agency_id, key),
	foreign key (destruction_id, agency_id) references destruction
);
comment on column part_gone.destruction_id is 'the destruction that it is part of: told as done once the store has it no more';
create index part_gone_destruction on part_gone (destruction_id, agency_id) where destruction_id is not null;

-- What may lie in the store: the columns with a trigger part_goes. Beside each stands the key, for an index: row-level security lets no index answer
-- for a function that is not known to keep what it is given to itself.
alter table object add column sealed_part text generated always as (part_key(sealed)) stored;
alter table draft_photo add column sealed_part text generated always as (part_key(sealed)) stored,
	add column original_part text generated always as (part_key(original)) stored;
alter table draft_recording add column sealed_part text generated always as (part_key(sealed)) stored,
	add column original_part text generated always as (part_key(original)) stored;
create index object_part on object (agency_id, sealed_part) where sealed_part is not null;
create index draft_photo_part on draft_photo (agency_id, sealed_part) where sealed_part is not null;
create index draft_photo_part_original on draft_photo (agency_id, original_part) where original_part is not null;
create index draft_recording_part on draft_recording (agency_id, sealed_part) where sealed_part is not null;
create index draft_recording_part_original on draft_recording (agency_id, original_part) where original_part is not null;

-- part_used: does a row of this agency name the part? part_here: does one name any?
create function part_used(key text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	c record;
	used bool;
begin
	for c in select t.tgrelid::regclass::text as tbl, rtrim(encode(t.tgargs, 'escape'), '\0') as col from pg_trigger t where t.tgfoid = 'part_goes()'::regprocedure loop
		execute format('select exists (select from %s where agency_id = agency() and %I = $1)', c.tbl, c.col || '_part') into used using part_used.key;
		if used then
			return true;
		end if;
	end loop;
	return false;
end
$$;
create function part_here() returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	c record;
	used bool;
begin
	for c in select t.tgrelid::regclass::text as tbl, rtrim(encode(t.tgargs, 'escape'), '\0') as col from pg_trigger t where t.tgfoid = 'part_goes()'::regprocedure loop
		execute format('select exists (select from %s where agency_id = agency() and %I is not null)', c.tbl, c.col || '_part') into used;
		if used then
			return true;
		end if;
	end loop;
	return false;
end
$$;

-- A row that goes, or has another part now, leaves the key behind, unless another row has taken it over.
create function part_goes() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	gone text;
begin
	execute format('select part_key(($1).%I)', tg_argv[0]) into gone using old;
	if not part_used(gone) then
		insert into part_gone (agency_id, key, destruction_id) values (old.agency_id, gone, nullif(current_setting('gatepost.destruction', true), ''))
			on conflict do nothing;
	end if;
	return null;
end
$$;

create trigger part_goes after delete or update of sealed on object for each row when (part_key(old.sealed) is not null) execute function part_goes('sealed');
create trigger part_goes_picture after delete or update of sealed on draft_photo for each row when (part_key(old.sealed) is not null) execute function part_goes('sealed');
create trigger part_goes_original after delete or update of original on draft_photo for each row when (part_key(old.original) is not null) execute function part_goes('original');
create trigger part_goes_sound after delete or update of sealed on draft_recording for each row when (part_key(old.sealed) is not null) execute function part_goes('sealed');
create trigger part_goes_original after delete or update of original on draft_recording for each row when (part_key(old.original) is not null) execute function part_goes('original');

-- The rows of a destruction go in its own transaction, after it says so.
create function part_destroyed() returns trigger
	language plpgsql set search_path = public, pg_temp as $$
begin
	perform set_config('gatepost.destruction', new.id, true);
	return null;
end
$$;
create trigger part_destroyed after update of state on destruction for each row when (new.state = 'destroyed') execute function part_destroyed();

-- parts_unknown are those of the keys that no row of any agency names. What waits to be deleted is known.
create function parts_unknown(keys text[]) returns setof text
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	here text := agency();
	a text;
	k text;
	known text[] := '{}';
begin
	for a in select x.id from agency x loop
		perform set_config('gatepost.agency', a, true);
		foreach k in array keys loop
			if part_used(k) or exists (select from part_gone g where g.agency_id = a and g.key = k) then
				known := known || k;
			end if;
		end loop;
	end loop;
	perform set_config('gatepost.agency', coalesce(here, ''), true);
	return query select u from unnest(keys) u where u <> all (known);
end
$$;
-- For that: who owns the tables may know which agencies there are. No function tells it on.
create policy all_agencies on agency for select to gatepost_owner using (true);

alter table part_gone enable row level security;
alter table part_gone force row level security;
create policy staff on part_gone to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency());

revoke all on function part_key(bytea), part_used(text), part_here(), part_goes(), part_destroyed(), parts_unknown(text[]) from public;
grant execute on function part_key(bytea) to gatepost_public, gatepost_staff, gatepost_backup;
grant execute on function part_used(text), part_here(), parts_unknown(text[]) to gatepost_staff;
grant select, delete on part_gone to gatepost_staff;
grant select on part_gone to gatepost_backup;

reset role;
