set local role gatepost_owner;

-- Which of the account's keys the wrap holds; how often a passphrase was chosen (a sign-in with the one before it does not end well);
-- and, while a new key waits for the call, the keys of the one before it, sealed to the new one.
alter table credential_person add column epoch int not null default 1 check (epoch > 0),
	add column generation int not null default 1, add column previous bytea check (octet_length(previous) < 16384);
alter table credential_worker add column epoch int not null default 1 check (epoch > 0),
	add column generation int not null default 1, add column previous bytea check (octet_length(previous) < 16384);
grant update (epoch, generation, previous) on credential_person to gatepost_public;
grant update (epoch, generation, previous) on credential_worker to gatepost_staff;

-- A recovery: two workers, a day, a code on paper (or, of a worker's second step, none), a new key, a call.
create table recovery (
	agency_id text not null references agency,
	id id not null,
	kind text not null check (kind in ('person', 'worker')),
	account_id id not null,
	what text not null check (what in ('passphrase', 'secondStep')),
	identity text not null check (identity in ('inPerson', 'callBack')),
	state text not null check (state in ('started', 'agreed', 'printed', 'redeemed', 'done', 'stopped')),
	started_by id not null,
	started_at timestamptz not null,
	start_leaf digest not null,
	agreed_by id,
	agreed_at timestamptz,
	agree_leaf digest,
	held_back text check (held_back in ('notSafe', 'notTheirs', 'othersRead')),
	printed_at timestamptz,
	redeemed_at timestamptz,
	stopped_by text,
	ended_at timestamptz,
	primary key (id, agency_id),
	constraint recovery_start_once unique (start_leaf, agency_id),
	constraint recovery_agree_once unique (agree_leaf, agency_id),
	constraint recovery_what check (kind = 'worker' or what = 'passphrase'),
	constraint recovery_two check (agreed_by <> started_by),
	constraint recovery_agreed check ((agreed_by is null) = (agreed_at is null) and (agreed_by is null) = (agree_leaf is null)
		and (agreed_by is not null or state in ('started', 'stopped'))),
	constraint recovery_day check (printed_at >= agreed_at + interval '24 hours'),
	constraint recovery_printed check (printed_at is not null or state in ('started', 'agreed', 'stopped') or state = 'done' and what = 'secondStep'),
	constraint recovery_redeemed check (redeemed_at is not null or state not in ('redeemed', 'done') or what = 'secondStep'),
	constraint recovery_ended check ((ended_at is not null) = (state in ('done', 'stopped')) and (stopped_by is not null) = (state = 'stopped')),
	constraint recovery_reset check (what <> 'secondStep' or state <> 'done' or ended_at >= agreed_at + interval '24 hours'),
	foreign key (agency_id, started_by) references worker,
	foreign key (agency_id, agreed_by) references worker,
	foreign key (agency_id, start_leaf) references audit_body (agency_id, leaf) deferrable initially deferred,
	foreign key (agency_id, agree_leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create unique index recovery_open on recovery (account_id, agency_id) where state not in ('done', 'stopped');
create index recovery_account on recovery (account_id, agency_id);

-- The recovery that a statement ends, stopped or done: a row that is put back to what it was does not begin it again.
alter table audit_body add column ends_recovery text generated always as
	(substring(encode(body, 'escape') from E'\npart (?:stop|done)[.][a-zA-Z]+[.](rc[a-z2-7]{20})\n')) stored;
create index audit_body_ends_recovery on audit_body (ends_recovery, agency_id) where ends_recovery is not null;

-- An invitation is the paper of a first key or of a new one.
alter table invitation add column purpose text not null default 'invite' check (purpose in ('invite', 'recover')), add column recovery_id id,
	add constraint invitation_recovery check ((purpose = 'recover') = (recovery_id is not null)),
	add foreign key (agency_id, recovery_id) references recovery (agency_id, id);

-- HMACs of the codes that stand in once for a lost second step.
create table recovery_code (
	agency_id text not null references agency,
	tier text not null check (tier in ('public', 'staff')),
	account_id id not null,
	hash digest not null,
	used_at timestamptz,
	primary key (account_id, hash, tier, agency_id)
);

-- Where and when an account was signed in to, for its owner: a coarse browser name and no address. Kept for twelve months.
create table sign_in (
	agency_id text not null references agency,
	tier text not null check (tier in ('public', 'staff')),
	id id not null,
	account_id id not null,
	at timestamptz not null,
	outcome text not null check (outcome in ('in', 'refused')),
	label text not null check (length(label) <= 60),
	primary key (id, agency_id)
);
create index sign_in_account on sign_in (account_id, at);
create index sign_in_at on sign_in (at);

-- may_recover: is that worker active, of a role that recovers, and not the one who is to be recovered?
create function may_recover(worker text, account text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from worker w where w.agency_id = agency() and w.id = may_recover.worker and w.state = 'active'
		and w.roles && array['manager', 'letterboxWorker'] and w.id <> may_recover.account and w.person_id is distinct from may_recover.account));
end
$$;

-- What nobody may do, whatever the program says: recover alone, oneself, without a manager, or twice over what is written once.
-- (The day in between stands in the table's constraints.)
create function recovery_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	managers int;
begin
	if tg_op = 'INSERT' then
		if new.state <> 'started' or num_nonnulls(new.agreed_by, new.agreed_at, new.agree_leaf, new.held_back, new.printed_at, new.redeemed_at) > 0
			or new.started_by is distinct from account() or not may_recover(new.started_by, new.account_id)
			or new.kind = 'worker' and not has_role('manager') then
			raise exception 'not to be started so' using errcode = '23514', constraint = 'recovery_worker';
		end if;
		if new.kind = 'person' and recovery_barred(new.account_id) then
			raise exception 'not this worker''s' using errcode = '23514', constraint = 'person_barred';
		end if;
		if not exists (select from person p where new.kind = 'person' and p.agency_id = agency() and p.id = new.account_id and p.state in ('hold', 'active')
			union all select from worker w where new.kind = 'worker' and w.agency_id = agency() and w.id = new.account_id and w.state in ('hold', 'active')) then
			raise exception 'no such account' using errcode = '23514', constraint = 'recovery_account_known';
		end if;
		return new;
	end if;
	if (new.agency_id, new.id, new.kind, new.account_id, new.what, new.identity, new.started_by, new.started_at, new.start_leaf)
			is distinct from (old.agency_id, old.id, old.kind, old.account_id, old.what, old.identity, old.started_by, old.started_at, old.start_leaf)
		or old.agreed_by is not null and (new.agreed_by, new.agreed_at, new.agree_leaf, new.held_back)
			is distinct from (old.agreed_by, old.agreed_at, old.agree_leaf, old.held_back) then
		raise exception 'written once' using errcode = '23514', constraint = 'recovery_once';
	end if;
	if (old.state, new.state) not in (('started', 'agreed'), ('agreed', 'printed'), ('printed', 'printed'), ('printed', 'redeemed'), ('redeemed', 'done'),
			('started', 'stopped'), ('agreed', 'stopped'), ('printed', 'stopped'), ('redeemed', 'stopped'))
		and not (old.state = 'agreed' and new.state = 'done' and old.what = 'secondStep')
		or new.state = 'printed' and old.what <> 'passphrase' then
		raise exception 'no such move' using errcode = '23514', constraint = 'recovery_move';
	end if;
	if new.state = 'agreed' then
		select count(*) into managers from worker w where w.agency_id = agency() and w.id in (new.started_by, new.agreed_by) and 'manager' = any (w.roles);
		if new.agreed_by is distinct from account() or not may_recover(new.agreed_by, new.account_id) or not may_recover(new.started_by, new.account_id) then
			raise exception 'not to be agreed so' using errcode = '23514', constraint = 'recovery_worker';
		end if;
		if managers = 0 then
			raise exception 'neither is a manager' using errcode = '23514', constraint = 'recovery_manager';
		end if;
	end if;
	if new.state in ('agreed', 'printed') and new.kind = 'person' and recovery_barred(new.account_id) then
		raise exception 'not this worker''s' using errcode = '23514', constraint = 'person_barred';
	end if;
	if new.state in ('printed', 'done') and session_user <> 'gatepost_staff' or new.state = 'redeemed'
		and not exists (select from invitation i where i.agency_id = agency() and i.recovery_id = new.id and i.used_at is not null) then
		raise exception 'no such move here' using errcode = '23514', constraint = 'recovery_move';
	end if;
	return new;
end
$$;
create trigger recovery_by_right before insert or update on recovery for each row execute function recovery_by_right();

-- At commit: each of the two words is its worker's, about this account and this recovery, the second rests on the first, and one at
-- least is that of a manager and the registrar.
create function recovery_stated() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	first text := (select convert_from(b.body, 'UTF8') from audit_body b where b.agency_id = new.agency_id and b.leaf = new.start_leaf);
	second text := (select convert_from(b.body, 'UTF8') from audit_body b where b.agency_id = new.agency_id and b.leaf = new.agree_leaf);
	object text := E'\nobject ' || new.kind || '/' || new.account_id || E'\npart ';
	named text := '.' || new.what || '.' || new.id || E'\n';
	signed text := E'\n\u2014 ' || new.agency_id || '/worker/';
begin
	if coalesce(strpos(first, object || 'start' || named), 0) = 0 or strpos(first, signed || new.started_by || ' ') = 0 then
		raise exception 'not stated' using errcode = '23514', constraint = 'recovery_stated';
	end if;
	if new.agree_leaf is not null and (coalesce(strpos(second, object || 'agree' || named), 0) = 0
			or strpos(second, signed || new.agreed_by || ' ') = 0 or strpos(second, E'\nrefs ' || encode(new.start_leaf, 'base64') || E'\n') = 0
			or strpos(first, E'\nevent recover\n') = 0 and strpos(second, E'\nevent recover\n') = 0)
		or new.agree_leaf is null and new.state not in ('started', 'stopped') then
		raise exception 'not stated' using errcode = '23514', constraint = 'recovery_stated';
	end if;
	return null;
end
$$;
create constraint trigger recovery_stated after insert or update of state, agree_leaf on recovery deferrable initially deferred
	for each row execute function recovery_stated();

-- The paper of a recovery is for its account and only while the recovery is at that point.
create function invitation_by_recovery() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from recovery r where r.agency_id = new.agency_id and r.id = new.recovery_id and r.kind = new.kind
		and r.account_id = new.account_id and r.state = 'printed') then
		raise exception 'no such recovery' using errcode = '23514', constraint = 'invitation_by_recovery';
	end if;
	return new;
end
$$;
create trigger invitation_by_recovery before insert on invitation for each row when (new.purpose = 'recover') execute function invitation_by_recovery();

-- own_kind: which kind of account this role's sessions are.
create function own_kind() returns text
	language plpgsql stable set search_path = public, pg_temp as $$
begin
	return case session_user when 'gatepost_public' then 'person' when 'gatepost_staff' then 'worker' end;
end
$$;

-- redeem_recovery takes the account of this request off its old key: it is on hold until somebody has rung.
create function redeem_recovery(recovery text, at timestamptz) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	moved int;
begin
	update recovery r set state = 'redeemed', redeemed_at = redeem_recovery.at
		where r.agency_id = agency() and r.id = redeem_recovery.recovery and r.account_id = account() and r.kind = own_kind() and r.state = 'printed';
	if not found then
		raise exception 'no recovery to redeem' using errcode = 'GP409';
	end if;
	if own_kind() = 'person' then
		update person p set state = 'hold' where p.agency_id = agency() and p.id = account() and p.state in ('active', 'hold');
	else
		update worker w set state = 'hold' where w.agency_id = agency() and w.id = account() and w.state in ('active', 'hold');
	end if;
	get diagnostics moved = row_count;
	if moved <> 1 then
		raise exception 'no account to recover' using errcode = 'GP409';
	end if;
	delete from recovery_code c where c.agency_id = agency() and c.account_id = account();
end
$$;

-- own_recovery: what somebody has begun about the account of this request.
create function own_recovery() returns table (id text, what text, started_at timestamptz, agreed_at timestamptz)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select r.id::text, r.what, r.started_at, r.agreed_at from recovery r
		where r.agency_id = agency() and r.account_id = account() and r.kind = own_kind() and r.state in ('started', 'agreed', 'printed');
end
$$;
-- stop_own_recovery: whoever is signed in with the key that is to be replaced can say no. The paper dies with it.
create function stop_own_recovery(recovery text, at timestamptz) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	update recovery r set state = 'stopped', stopped_by = 'self', ended_at = stop_own_recovery.at
		where r.agency_id = agency() and r.id = stop_own_recovery.recovery and r.account_id = account() and r.kind = own_kind()
			and r.state in ('started', 'agreed', 'printed');
	if not found then
		raise exception 'no recovery to stop' using errcode = 'GP409';
	end if;
	update invitation i set expires_at = stop_own_recovery.at where i.agency_id = agency() and i.account_id = account() and i.kind = own_kind()
		and i.used_at is null and i.expires_at > stop_own_recovery.at;
end
$$;

-- Whoever held somebody's paper could have written where their mail goes: a person who was recovered says it anew.
create function recovery_done() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	update contact c set mail = false where c.agency_id = new.agency_id and c.person_id = new.account_id;
	return null;
end
$$;
create trigger recovery_done after update of state on recovery for each row when (new.kind = 'person' and new.state = 'done') execute function recovery_done();

-- my_recoveries: when somebody on a side of this account got a new key, for the family to see.
create function my_recoveries() returns table (side_id text, on_day date, self bool)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select o.side_id::text, (r.ended_at at time zone 'Europe/London')::date, r.account_id = account()
	from side_member m join side_member o on o.agency_id = m.agency_id and o.side_id = m.side_id
		join recovery r on r.agency_id = o.agency_id and r.account_id = o.person_id and r.kind = 'person' and r.state = 'done'
	where m.agency_id = agency() and m.person_id = account() and granted_side(m.side_id) order by 2 desc, 1;
end
$$;

-- reset_second_step takes a worker's second step away. Their sessions end; at the next sign-in they set up a new one before anything else.
create function reset_second_step(recovery text, at timestamptz) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	of text;
begin
	if not has_role('manager') then
		raise exception 'not a manager' using errcode = 'GP403';
	end if;
	update recovery r set state = 'done', ended_at = reset_second_step.at
		where r.agency_id = agency() and r.id = reset_second_step.recovery and r.state = 'agreed' and r.what = 'secondStep' returning r.account_id into of;
	if not found or not may_recover(account(), of) then
		raise exception 'no second step to reset' using errcode = 'GP409';
	end if;
	update credential_worker c set totp_sealed = null, generation = c.generation + 1, changed_at = reset_second_step.at
		where c.agency_id = agency() and c.account_id = of;
	delete from recovery_code c where c.agency_id = agency() and c.tier = 'staff' and c.account_id = of;
	delete from session s where s.agency_id = agency() and s.tier = 'staff' and s.account_id = of;
end
$$;

-- Whoever was recovered and waits for the call has an old grant that no longer counts, and no grant counts while a person is suspended.
create or replace function granted_side(side text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from side_member m join ring_grant_person g on g.agency_id = m.agency_id and g.child = 'side/' || m.side_id
		join person p on p.agency_id = m.agency_id and p.id = m.person_id
		where m.agency_id = agency() and m.side_id = side and m.person_id = account() and g.parent = 'person/' || account() and p.state = 'active'));
end
$$;

do $$
declare
	t text;
begin
	foreach t in array array['recovery', 'recovery_code', 'sign_in'] loop
		execute format('alter table %I enable row level security', t);
		execute format('alter table %I force row level security', t);
	end loop;
	foreach t in array array['recovery_code', 'sign_in'] loop
		execute format('create policy family on %I to gatepost_public using (agency_id = agency() and tier = ''public'') with check (agency_id = agency() and tier = ''public'')', t);
		execute format('create policy staff on %I to gatepost_staff using (agency_id = agency() and tier = ''staff'') with check (agency_id = agency() and tier = ''staff'')', t);
	end loop;
end
$$;
create policy staff on recovery to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency());
create policy owner on recovery_code to gatepost_owner using (agency_id = agency());

revoke all on function may_recover(text, text), recovery_by_right(), recovery_stated(), invitation_by_recovery(), own_kind(),
	redeem_recovery(text, timestamptz), own_recovery(), stop_own_recovery(text, timestamptz), recovery_done(), my_recoveries(), reset_second_step(text, timestamptz) from public;
grant execute on function redeem_recovery(text, timestamptz), own_recovery(), stop_own_recovery(text, timestamptz) to gatepost_public, gatepost_staff;
grant execute on function my_recoveries() to gatepost_public;
grant execute on function reset_second_step(text, timestamptz) to gatepost_staff;

grant select, insert on recovery to gatepost_staff;
grant update (state, agreed_by, agreed_at, agree_leaf, held_back, printed_at, stopped_by, ended_at) on recovery to gatepost_staff;
grant select, insert, delete on recovery_code to gatepost_public, gatepost_staff;
grant update (used_at) on recovery_code to gatepost_public, gatepost_staff;
grant select, insert, delete on sign_in to gatepost_public, gatepost_staff;
grant update (outcome) on sign_in to gatepost_public, gatepost_staff;
grant select on recovery, recovery_code, sign_in to gatepost_backup;

reset role;
