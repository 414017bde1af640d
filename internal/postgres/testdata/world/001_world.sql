-- A small world to try trips on.
do $$
declare
	name text;
begin
	foreach name in array array['gatepost_owner', 'gatepost_public', 'gatepost_staff'] loop
		begin
			execute format('create role %I login', name);
		exception when duplicate_object or unique_violation then
			null;
		end;
	end loop;
end
$$;

create table parcel (
	id text constraint parcel_pkey primary key,
	agency_id text not null,
	state text not null constraint parcel_state check (state in ('here', 'gone')),
	weight int constraint parcel_weight unique deferrable initially deferred,
	label varchar(5),
	twin text constraint parcel_twin references parcel
);

create table secret (id text);

create function exactly_one(n bigint) returns void language plpgsql as $$
begin
	if n <> 1 then
		raise exception 'expected one row' using errcode = 'GP409';
	end if;
end
$$;

create function refuse(code text) returns void language plpgsql as $$
begin
	raise exception 'Ada Made-Up was refused' using errcode = code, detail = 'Ada Made-Up', constraint = 'named';
end
$$;

insert into parcel (id, agency_id, state) values ('a', 'north', 'here'), ('b', 'north', 'here'), ('c', 'south', 'here');
grant select, insert, update on parcel to gatepost_staff, gatepost_public;
