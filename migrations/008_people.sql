set local role gatepost_owner;

-- What a worker was granted, and which cases a team's key opens, is asked for by the parent.
create index ring_grant_staff_parent on ring_grant_staff (parent, parent_epoch, agency_id);

-- Somebody who left before they were confirmed never had a role.
alter table worker drop constraint worker_role_stated;
alter table worker add constraint worker_role_stated check (role_leaf is not null or state in ('invited', 'hold', 'left'));

-- What an account was before it was suspended, for the day on which that ends.
create table suspension (
	agency_id text not null references agency,
	account_id id not null,
	was text not null check (was in ('hold', 'active')),
	at timestamptz not null,
	by_worker id,
	primary key (agency_id, account_id),
	foreign key (agency_id, by_worker) references worker
);
comment on column suspension.by_worker is 'null: the operator, at the command line';

-- A rotation grants every case anew, from the older keys of a team to its newest.
create table rotation (
	agency_id text not null references agency,
	id id not null,
	team text not null check (team in ('team/letterbox', 'team/intermediary', 'safeguarding')),
	from_epoch int not null,
	to_epoch int not null,
	worker_id id not null,
	by_worker id not null,
	done int not null default 0,
	total int not null,
	state text not null default 'running' check (state in ('running', 'stopped', 'done', 'replaced')),
	began_at timestamptz not null,
	ended_at timestamptz,
	primary key (agency_id, id),
	constraint rotation_count check (done between 0 and total),
	constraint rotation_epochs check (from_epoch < to_epoch),
	constraint rotation_end check ((ended_at is not null) = (state in ('done', 'replaced'))),
	constraint rotation_from foreign key (agency_id, team, from_epoch) references node (agency_id, id, epoch),
	constraint rotation_to foreign key (agency_id, team, to_epoch) references node (agency_id, id, epoch),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, by_worker) references worker
);
comment on column rotation.worker_id is 'who left, or lost the role, and had the older keys';
create unique index rotation_one on rotation (team, agency_id) where state in ('running', 'stopped');

-- A claim that a manager took away, until its worker takes the letter again: so that they are told, and told what happened.
create table takeover (
	agency_id text not null,
	letter_id id not null,
	worker_id id not null,
	at timestamptz not null default now(),
	primary key (agency_id, letter_id, worker_id),
	foreign key (agency_id, letter_id) references letter,
	foreign key (agency_id, worker_id) references worker
);
create index takeover_worker on takeover (worker_id, agency_id);

-- Who makes a worker, gives them roles and ends their work: a manager, never for themselves. By themselves somebody goes on hold, when they
-- enrol or are recovered. The operator, who has no account, invites the first manager, who opens the agency, and may suspend, nothing else.
-- An agency keeps a manager who can sign in.
create function worker_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	own bool := tg_op = 'UPDATE' and new.id is not distinct from account();
begin
	if session_user <> 'gatepost_staff' then
		return new;
	end if;
	if tg_op = 'INSERT' then
		if new.state <> 'invited' or new.roles <> '{}' or new.role_leaf is not null then
			raise exception 'not to be made so' using errcode = '23514', constraint = 'worker_invited';
		end if;
		if not has_role('manager') and (account() is not null or exists (select from worker w
				where w.agency_id = new.agency_id and w.state = 'active' and 'manager' = any (w.roles))) then
			raise exception 'not a manager' using errcode = '23514', constraint = 'worker_manager';
		end if;
		return new;
	end if;
	if new.state = old.state and new.roles = old.roles and new.role_leaf is not distinct from old.role_leaf then
		return new;
	end if;
	if old.state = 'left' then
		raise exception 'somebody who left' using errcode = '23514', constraint = 'worker_left';
	end if;
	if own and new.state = 'hold' and new.roles = old.roles and new.role_leaf is not distinct from old.role_leaf and (old.state = 'invited'
			or exists (select from recovery r where r.agency_id = new.agency_id and r.kind = 'worker' and r.account_id = new.id and r.state = 'redeemed'))
		or own and old.state = 'hold' and new.state = 'active' and not exists (select from worker w
			where w.agency_id = new.agency_id and 'manager' = any (w.roles)) then
		null;
	elsif own then
		raise exception 'oneself' using errcode = '23514', constraint = 'worker_self';
	elsif not has_role('manager') and not (account() is null and new.state = 'suspended' and new.roles = old.roles
			and new.role_leaf is not distinct from old.role_leaf) then
		raise exception 'not a manager' using errcode = '23514', constraint = 'worker_manager';
	end if;
	if old.state = 'active' and 'manager' = any (old.roles) and not (new.state = 'active' and 'manager' = any (new.roles)) then
		perform from worker w where w.agency_id = new.agency_id and w.id <> new.id and w.state = 'active' and 'manager' = any (w.roles)
			order by w.id for no key update;
		if not found then
			raise exception 'the last manager' using errcode = '23514', constraint = 'worker_last_manager';
		end if;
	end if;
	return new;
end
$$;
create trigger worker_by_right before insert or update on worker for each row execute function worker_by_right();

-- At commit: the roles of a worker are those of the statement, which is about them and signed by whoever gave them.
create function worker_stated() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	body text := (select convert_from(b.body, 'UTF8') from audit_body b where b.agency_id = new.agency_id and b.leaf = new.role_leaf);
	part text := case when new.state = 'left' then 'left' else array_to_string(new.roles, '.') end;
begin
	if session_user = 'gatepost_staff' and (coalesce(strpos(body, E'\nevent role\nobject worker/' || new.id || E'\npart ' || part || E'\n'), 0) = 0
			or new.role_leaf is distinct from old.role_leaf and strpos(body, E'\n\u2014 ' || new.agency_id || '/worker/' || account() || ' ') = 0) then
		raise exception 'not stated' using errcode = '23514', constraint = 'worker_stated';
	end if;
	return null;
end
$$;
create constraint trigger worker_stated after update on worker deferrable initially deferred
	for each row when (new.role_leaf is not null) execute function worker_stated();

create function person_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if new.state = old.state or session_user <> 'gatepost_staff' then
		return new;
	end if;
	if person_barred(new.id) then
		raise exception 'not this worker''s' using errcode = '23514', constraint = 'person_barred';
	end if;
	if 'suspended' not in (new.state, old.state) then
		return new;
	end if;
	if not (has_role('letterboxWorker') or has_role('manager')) then
		raise exception 'not who suspends' using errcode = '23514', constraint = 'person_suspender';
	end if;
	if exists (select from worker w where w.agency_id = new.agency_id and w.id = account() and w.person_id = new.id) then
		raise exception 'oneself' using errcode = '23514', constraint = 'person_self';
	end if;
	return new;
end
$$;
create trigger person_by_right before update on person for each row execute function person_by_right();

-- Whoever holds a letter or decides about one is an active worker until the act commits: the lock makes somebody's leaving wait
-- for it, or it for the leaving.
create function worker_stands() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if session_user <> 'gatepost_staff' then
		return new;
	end if;
	perform from worker w where w.agency_id = new.agency_id and w.id = new.worker_id and w.state = 'active' for share;
	if not found then
		raise exception 'not an active worker' using errcode = '23514', constraint = 'worker_stands';
	end if;
	return new;
end
$$;
create trigger worker_stands before insert or update on claim for each row execute function worker_stands();
create trigger worker_stands before insert on decision for each row execute function worker_stands();

create function claim_again() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	delete from takeover t where t.agency_id = new.agency_id and t.letter_id = new.letter_id and t.worker_id = new.worker_id;
	return null;
end
$$;
create trigger claim_again after insert or update on claim for each row execute function claim_again();

-- A new key of a team waits for the acts that are granting the one before, and they for it.
create function node_supersedes() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if session_user = 'gatepost_staff' and not has_role('manager') then
		raise exception 'not a manager' using errcode = '23514', constraint = 'node_manager';
	end if;
	perform from node n where n.agency_id = new.agency_id and n.id = new.id and n.epoch < new.epoch order by n.epoch for no key update;
	return new;
end
$$;
create trigger node_supersedes before insert on node for each row
	when (new.epoch > 1 and (new.id like 'team/%' or new.id = 'safeguarding')) execute function node_supersedes();

-- current_key: is this the newest key of its team? It holds off a newer one until the act ends.
create function current_key(agency text, node_id text, node_epoch int) returns bool
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	perform from node n where n.agency_id = agency and n.id = node_id and n.epoch = node_epoch for share;
	return not exists (select from node n where n.agency_id = agency and n.id = node_id and n.epoch > node_epoch);
end
$$;

-- Nothing is granted to a key that somebody took with them, no restricted case to a team, and nothing to somebody who is gone.
create function grant_stands() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if session_user <> 'gatepost_staff' then
		return new;
	end if;
	if new.parent like 'team/%' or new.parent = 'safeguarding' then
		if not current_key(new.agency_id, new.parent, new.parent_epoch) then
			raise exception 'there is a newer key' using errcode = '23514', constraint = 'grant_superseded';
		end if;
		perform from exchange x where x.agency_id = new.agency_id and x.id = substr(new.child, 6) for share;
		if found and exists (select from exchange x where x.agency_id = new.agency_id and x.id = substr(new.child, 6) and x.restricted)
			and new.parent like 'team/%' then
			raise exception 'a case of named workers' using errcode = '23514', constraint = 'grant_restricted';
		end if;
	elsif new.parent like 'worker/%' then
		if (new.child like 'team/%' or new.child = 'safeguarding') and not current_key(new.agency_id, new.child, new.child_epoch) then
			raise exception 'there is a newer key' using errcode = '23514', constraint = 'grant_superseded';
		end if;
		perform from worker w where w.agency_id = new.agency_id and w.id = substr(new.parent, 8)
			and w.state in ('hold', 'active') for share;
		if not found then
			raise exception 'nobody who may hold a key' using errcode = '23514', constraint = 'grant_worker';
		end if;
	end if;
	return new;
end
$$;
create trigger grant_stands before insert on ring_grant_staff for each row execute function grant_stands();

-- A rotation is a manager's, and over only when no case is open to an older key.
create function rotation_moves() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if session_user = 'gatepost_staff' and not has_role('manager') then
		raise exception 'not a manager' using errcode = '23514', constraint = 'rotation_manager';
	end if;
	if tg_op = 'INSERT' and new.state <> 'running'
		or tg_op = 'UPDATE' and new.state <> old.state and (old.state, new.state) not in
			(('running', 'stopped'), ('stopped', 'running'), ('running', 'done'), ('running', 'replaced'), ('stopped', 'replaced')) then
		raise exception 'no such move' using errcode = '23514', constraint = 'rotation_move';
	end if;
	if new.state = 'done' and exists (select from ring_grant_staff g
		where g.agency_id = new.agency_id and g.parent = new.team and g.parent_epoch < new.to_epoch) then
		raise exception 'not every case is granted' using errcode = '23514', constraint = 'rotation_done';
	end if;
	return new;
end
$$;
create trigger rotation_moves before insert or update on rotation for each row execute function rotation_moves();

do $$
declare
	t text;
begin
	foreach t in array array['suspension', 'rotation', 'takeover'] loop
		execute format('alter table %I enable row level security', t);
		execute format('alter table %I force row level security', t);
		execute format('create policy staff on %I to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency())', t);
	end loop;
end
$$;
-- Only a manager takes a letter away.
drop policy staff on takeover;
create policy staff on takeover to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency() and has_role('manager'));

revoke all on function worker_by_right(), worker_stated(), person_by_right(), worker_stands(), claim_again(), node_supersedes(), grant_stands(), rotation_moves(),
	current_key(text, text, int) from public;
grant select, insert, delete on suspension to gatepost_staff;
grant select, insert on rotation, takeover to gatepost_staff;
grant update (done, state, ended_at) on rotation to gatepost_staff;
grant update (at) on takeover to gatepost_staff;
grant delete on credential_worker to gatepost_staff;
grant select on suspension, rotation, takeover to gatepost_backup;

reset role;
