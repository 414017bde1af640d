set local role gatepost_owner;

-- A node is a key of the ring: recipient is its public half, an age recipient or (directories) the check value of a symmetric key.
-- It counts only while a registrar-signed key statement (key_leaf) names it; a person's own node begins with a key request.
create table node (
	agency_id text not null references agency,
	id text not null check (id ~ '^(team/(letterbox|intermediary)|safeguarding|intake|notify|directory/(birth|adoptive|staff)|(worker|person|case|side)/[a-z]{2}[a-z2-7]{20})$'),
	epoch int not null check (epoch > 0),
	recipient text not null,
	verifier text check (octet_length(verifier) < 300),
	request_leaf digest,
	key_leaf digest,
	retired_at timestamptz,
	primary key (id, epoch, agency_id),
	constraint node_recipient check (case when id like 'directory/%' then octet_length(recipient) = 44
		else recipient ~ '^age1pq1[a-z0-9]+$' and octet_length(recipient) between 1900 and 2000 end),
	constraint node_stated check (request_leaf is not null or key_leaf is not null),
	foreign key (agency_id, request_leaf) references audit_body (agency_id, leaf) deferrable initially deferred,
	foreign key (agency_id, key_leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);

-- Grants: the child's private half, sealed to the parent. Two tables, so that the public role cannot even name a grant to staff.
create table ring_grant_person (
	agency_id text not null,
	child text not null check (child ~ '^side/'),
	child_epoch int not null,
	parent text not null check (parent ~ '^person/'),
	parent_epoch int not null,
	sealed bytea not null,
	leaf digest not null,
	primary key (agency_id, child, child_epoch, parent, parent_epoch),
	foreign key (agency_id, child, child_epoch) references node (agency_id, id, epoch),
	foreign key (agency_id, parent, parent_epoch) references node (agency_id, id, epoch),
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create table ring_grant_staff (
	agency_id text not null,
	child text not null,
	child_epoch int not null,
	parent text not null check (parent = 'archive' or parent ~ '^(team/|safeguarding|worker/|case/)'),
	parent_epoch int not null,
	sealed bytea not null,
	leaf digest not null,
	primary key (agency_id, child, child_epoch, parent, parent_epoch),
	foreign key (agency_id, child, child_epoch) references node (agency_id, id, epoch),
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);

create table person (
	agency_id text not null references agency,
	id id not null,
	state text not null default 'known' check (state in ('known', 'invited', 'hold', 'active', 'suspended')),
	primary key (agency_id, id)
);

create table worker (
	agency_id text not null references agency,
	id id not null,
	state text not null check (state in ('invited', 'hold', 'active', 'suspended', 'left')),
	roles text[] not null default '{}' check (roles <@ array['letterboxWorker', 'intermediaryWorker', 'safeguardingLead', 'manager', 'recordsOfficer', 'auditor']),
	role_leaf digest,
	person_id id,
	primary key (agency_id, id),
	constraint worker_role_stated check (role_leaf is not null or state in ('invited', 'hold')),
	foreign key (agency_id, person_id) references person,
	foreign key (agency_id, role_leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
comment on column worker.person_id is 'this worker is also that person of ours: the database then keeps them from deciding about letters of that person''s sides';

create table credential_person (
	agency_id text not null,
	account_id id not null,
	login_index digest not null,
	wrap bytea not null,
	pepper_version int not null,
	totp_sealed bytea,
	totp_last_step bigint not null default 0,
	changed_at timestamptz not null default now(),
	primary key (agency_id, account_id),
	constraint credential_person_login unique (login_index, agency_id),
	foreign key (agency_id, account_id) references person
);
create table credential_worker (
	agency_id text not null,
	account_id id not null,
	login_index digest not null,
	wrap bytea not null,
	pepper_version int not null,
	totp_sealed bytea,
	totp_last_step bigint not null default 0,
	changed_at timestamptz not null default now(),
	primary key (agency_id, account_id),
	constraint credential_worker_login unique (login_index, agency_id),
	foreign key (agency_id, account_id) references worker
);

-- An invitation on paper: HMACs of the code and of the agreed fact, never the things themselves.
create table invitation (
	agency_id text not null references agency,
	hash digest not null,
	kind text not null check (kind in ('person', 'worker')),
	account_id id not null,
	login_index digest not null,
	fact digest not null,
	attempts smallint not null default 0 check (attempts between 0 and 5),
	expires_at timestamptz not null,
	used_at timestamptz,
	created_at timestamptz not null default now(),
	created_by text not null,
	primary key (agency_id, hash)
);
create index invitation_account on invitation (account_id, agency_id);

-- Sessions, devices and failure counts are unlogged: never in a backup, gone after a crash, and no flush for a touch.
create unlogged table session (
	row_id digest primary key,
	id id not null,
	agency_id text not null,
	tier text not null check (tier in ('public', 'staff')),
	account_id id not null,
	box bytea not null,
	label text not null check (length(label) <= 60),
	enrolling bool not null,
	created_at timestamptz not null default now(),
	seen_at timestamptz not null,
	idle_at timestamptz not null,
	absolute_at timestamptz not null,
	second_factor_at timestamptz
);
create index session_account on session (account_id, agency_id, tier);
create unlogged table device (
	agency_id text not null,
	tier text not null check (tier in ('public', 'staff')),
	hash digest not null,
	account_id id not null,
	expires_at timestamptz not null,
	primary key (agency_id, tier, hash)
);
create unlogged table rate (
	agency_id text not null,
	tier text not null check (tier in ('public', 'staff')),
	bucket digest not null,
	failures int not null,
	since timestamptz not null,
	primary key (agency_id, tier, bucket)
);

-- Names, addresses and birth dates: sealed cells under one of three keys, read by staff only.
-- A child stands in both family books, under the name that the book's families use; workers stand in their own.
create table directory (
	agency_id text not null references agency,
	book text not null check (book in ('birth', 'adoptive', 'staff')),
	id id not null,
	epoch int not null,
	name bytea not null,
	details bytea not null,
	primary key (agency_id, book, id)
);

do $$
declare
	t text;
begin
	foreach t in array array['node', 'ring_grant_staff', 'worker', 'credential_worker', 'directory', 'person', 'credential_person',
		'ring_grant_person', 'invitation', 'session', 'device', 'rate'] loop
		execute format('alter table %I enable row level security', t);
		execute format('alter table %I force row level security', t);
		execute format('create policy staff on %I to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency())', t);
	end loop;
	-- Session cookies of one tier open nothing on the other, in the database too.
	foreach t in array array['session', 'device', 'rate'] loop
		execute format('drop policy staff on %I', t);
		execute format('create policy staff on %I to gatepost_staff using (agency_id = agency() and tier = ''staff'') with check (agency_id = agency() and tier = ''staff'')', t);
		execute format('create policy family on %I to gatepost_public using (agency_id = agency() and tier = ''public'') with check (agency_id = agency() and tier = ''public'')', t);
	end loop;
end
$$;
-- A worker's suspension of a person ends that person's sessions; staff may delete them and see nothing of them.
create function end_sessions_of_person(person text) returns bigint
	language sql volatile security definer set search_path = public, pg_temp
	as $$ with gone as (delete from session where agency_id = agency() and tier = 'public' and account_id = person returning 1) select count(*) from gone $$;
create policy owner on session to gatepost_owner using (agency_id = agency());

create policy family on node for select to gatepost_public using (agency_id = agency());
create policy enrol on node for insert to gatepost_public
	with check (agency_id = agency() and id = 'person/' || account() and key_leaf is null and request_leaf is not null and verifier is null);
create policy family on ring_grant_person for select to gatepost_public
	using (agency_id = agency() and parent = 'person/' || account());
create policy family on person for select to gatepost_public using (agency_id = agency() and id = account());
create policy enrol on person for update to gatepost_public
	using (agency_id = agency() and id = account() and state = 'invited')
	with check (agency_id = agency() and id = account() and state = 'hold');
create policy family on credential_person for select to gatepost_public using (agency_id = agency());
create policy enrol on credential_person for insert to gatepost_public with check (agency_id = agency() and account_id = account());
create policy own on credential_person for update to gatepost_public
	using (agency_id = agency() and account_id = account()) with check (agency_id = agency() and account_id = account());
create policy family on invitation to gatepost_public
	using (agency_id = agency() and kind = 'person') with check (agency_id = agency() and kind = 'person');

revoke all on function end_sessions_of_person(text) from public;
grant execute on function end_sessions_of_person(text) to gatepost_staff;
grant select on node, ring_grant_person, person, credential_person to gatepost_public;
grant insert on node, credential_person to gatepost_public;
grant update (state) on person to gatepost_public;
grant update (wrap, pepper_version, totp_sealed, totp_last_step, login_index, changed_at) on credential_person to gatepost_public;
grant select on invitation to gatepost_public;
grant update (attempts, used_at) on invitation to gatepost_public;
grant select, insert, update, delete on session, device, rate to gatepost_public, gatepost_staff;

grant select, insert on node, ring_grant_person, ring_grant_staff, person, worker, invitation, directory to gatepost_staff;
grant select, insert on credential_worker to gatepost_staff;
grant update (key_leaf, retired_at) on node to gatepost_staff;
grant delete on ring_grant_person, ring_grant_staff, credential_worker to gatepost_staff;
grant update (state) on person to gatepost_staff;
grant update (state, roles, role_leaf) on worker to gatepost_staff;
grant update (wrap, pepper_version, totp_sealed, totp_last_step, login_index, changed_at) on credential_worker to gatepost_staff;
grant update (attempts, used_at, expires_at) on invitation to gatepost_staff;
grant update (name, details, epoch) on directory to gatepost_staff;
grant select on node, ring_grant_person, ring_grant_staff, person, worker, credential_person, credential_worker, invitation, directory to gatepost_backup;

reset role;
