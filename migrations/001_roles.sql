-- Roles, and the functions that every later table leans on.
-- Run once by whoever may create roles; everything after it runs as gatepost_owner.
-- Roles live in the cluster, not in the database: a second database finds them there, and four migrators at once may race.
do $$
declare
	name text;
begin
	foreach name in array array['gatepost_owner', 'gatepost_public', 'gatepost_staff', 'gatepost_notify', 'gatepost_audit', 'gatepost_retention', 'gatepost_backup'] loop
		if not exists (select from pg_roles where rolname = name) then
			begin
				execute format('create role %I login', name);
			exception when duplicate_object or unique_violation then
				null;
			end;
		end if;
	end loop;
end
$$;

-- A program that hangs in the middle of an act must not hold an agency's log.
alter role gatepost_public set idle_in_transaction_session_timeout = '10s';
alter role gatepost_public set statement_timeout = '30s';
alter role gatepost_staff set idle_in_transaction_session_timeout = '30s';
alter role gatepost_staff set statement_timeout = '60s';
-- current_date is the families' date, whoever connects and however.
alter role gatepost_public set timezone = 'Europe/London';
alter role gatepost_staff set timezone = 'Europe/London';
-- Every statement is a handful of index look-ups, for any agency and any person: planning it for each value again costs more than running it.
alter role gatepost_public set plan_cache_mode = force_generic_plan;
alter role gatepost_staff set plan_cache_mode = force_generic_plan;
alter role gatepost_public set jit = off;
alter role gatepost_staff set jit = off;
-- A backup that row-level security thins out would be found at the restore only. Where the one who migrates is no superuser,
-- whoever is says this once.
do $$
begin
	alter role gatepost_backup bypassrls;
exception when insufficient_privilege then
	raise notice 'a superuser has to run once: alter role gatepost_backup bypassrls';
end
$$;

-- No role needs tables of its own beside the schema.
do $$ begin execute format('revoke temporary on database %I from public', current_database()); end $$;
revoke all on schema public from public;
alter schema public owner to gatepost_owner;
alter table schema_version owner to gatepost_owner;
grant usage on schema public to gatepost_public, gatepost_staff, gatepost_notify, gatepost_audit, gatepost_retention, gatepost_backup;

set local role gatepost_owner;

grant select on schema_version to gatepost_public, gatepost_staff, gatepost_audit, gatepost_backup;

-- The agency and the account of the request. STABLE on purpose: an IMMUTABLE wrapper is folded into the
-- cached plan and shows the next agency the last one's rows. nullif: after one SET LOCAL the setting is '', not null.
create function agency() returns text language sql stable parallel safe
	as $$ select nullif(current_setting('gatepost.agency', true), '') $$;
create function account() returns text language sql stable parallel safe
	as $$ select nullif(current_setting('gatepost.account', true), '') $$;

-- The guard of a guarded update: a move that found anything but one row must not commit.
create function exactly_one(n bigint) returns void language plpgsql as $$
begin
	if n <> 1 then
		raise exception 'expected one row' using errcode = 'GP409';
	end if;
end
$$;

-- Ids: two letters that say what it is, and 96 bits of chance.
create domain id as text check (value ~ '^[a-z]{2}[a-z2-7]{20}$');
create domain digest as bytea check (octet_length(value) = 32);

reset role;
