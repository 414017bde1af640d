set local role gatepost_owner;

-- An agency is a tenant. What may be trusted about it (archive key, verifiers) stands in the configuration of both tiers;
-- here stands only whether both tiers have been started with the same stanza.
create table agency (
	id text primary key check (id ~ '^[a-z0-9]{2,20}$'),
	stanza digest not null,
	public_seen digest,
	staff_seen digest,
	opened_at timestamptz
);

-- Secondary indexes and unique keys begin with the column that selects: one that begins with the agency looks as good to a planner
-- without statistics, and reads the whole agency.

-- One log for each agency. The bodies are the truth; gate is the one lock, taken last in every act.
create table audit_gate (
	agency_id text primary key references agency,
	next bigint not null default 0
);

create table audit_body (
	agency_id text not null references agency,
	idx bigint not null,
	at timestamptz not null default now(),
	body bytea not null check (octet_length(body) between 100 and 8192),
	leaf bytea not null generated always as (sha256(body)) stored,
	primary key (agency_id, idx),
	constraint audit_body_leaf unique (leaf, agency_id)
);
comment on column audit_body.leaf is 'SHA-256 of the signed note: what every object, node and grant points to, known before the act commits';

create table audit_hash (
	agency_id text not null,
	idx bigint not null,
	hashes bytea not null,
	frontier bytea not null,
	primary key (agency_id, idx),
	foreign key (agency_id, idx) references audit_body
);

create table audit_checkpoint (
	agency_id text not null references agency,
	size bigint not null,
	note bytea not null,
	cosigned bytea,
	primary key (agency_id, size)
);

-- Who was refused what. Not part of the Merkle log: a refusal changes nothing, and a flood of them must not grow the log.
create table refusal (
	agency_id text not null references agency,
	at timestamptz not null default now(),
	account_id text not null,
	act text not null check (act ~ '^[a-zA-Z]{1,40}$'),
	object text not null check (object ~ '^[A-Za-z0-9._/-]{1,128}$')
);

-- log_append is the only way into the log. It takes the agency's gate, so call it last.
-- The same statement again (a second reading in the same hour) is in the log already: its index comes back.
-- The public role may append only what the door may sign; the signature itself is checked by the staff tier before a checkpoint.
create function log_append(body bytea) returns bigint
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	i bigint;
	lines text[];
begin
	lines := string_to_array(convert_from(body, 'UTF8'), E'\n');
	if lines[1] <> 'gatepost/statement/v1' or lines[2] <> 'agency ' || agency() then
		raise exception 'not a statement of this agency' using errcode = '23514', constraint = 'log_statement';
	end if;
	if session_user = 'gatepost_public' and lines[3] not in ('event receipt', 'event withdraw', 'event access', 'event keyrequest') then
		raise exception 'not an event of the door' using errcode = '42501';
	end if;
	select next into strict i from audit_gate where agency_id = agency() for update;
	update audit_gate set next = next + 1 where agency_id = agency()
		and not exists (select from audit_body b where b.agency_id = agency() and b.leaf = sha256(log_append.body));
	if not found then
		return (select b.idx from audit_body b where b.agency_id = agency() and b.leaf = sha256(log_append.body));
	end if;
	insert into audit_body (agency_id, idx, body) values (agency(), i, log_append.body);
	return i;
end
$$;

-- leaf_body gives a signed statement to whoever holds its hash, so that both tiers check signatures themselves.
create function leaf_body(leaf bytea) returns bytea
	language plpgsql stable security definer set search_path = public, pg_temp
	as $$
begin
	return (select b.body from audit_body b where b.agency_id = agency() and b.leaf = leaf_body.leaf);
end
$$;

do $$
declare
	t text;
begin
	foreach t in array array['audit_gate', 'audit_body', 'audit_hash', 'audit_checkpoint', 'refusal'] loop
		execute format('alter table %I enable row level security', t);
		execute format('alter table %I force row level security', t);
		execute format('create policy agency on %I using (agency_id = agency()) with check (agency_id = agency())', t);
	end loop;
end
$$;
alter table agency enable row level security;
alter table agency force row level security;
create policy agency on agency using (id = agency()) with check (id = agency());

revoke all on function log_append(bytea), leaf_body(bytea) from public;
grant execute on function log_append(bytea), leaf_body(bytea) to gatepost_public, gatepost_staff;
grant select, update (public_seen) on agency to gatepost_public;
grant select, insert on agency to gatepost_staff;
grant update (staff_seen, opened_at, stanza) on agency to gatepost_staff;
grant insert on audit_gate to gatepost_staff;
grant select on audit_body, audit_hash, audit_checkpoint to gatepost_staff, gatepost_audit;
grant insert on audit_hash, audit_checkpoint to gatepost_staff;
grant insert on refusal to gatepost_public, gatepost_staff;
grant select on refusal to gatepost_staff, gatepost_audit;
grant select on all tables in schema public to gatepost_backup;

reset role;
