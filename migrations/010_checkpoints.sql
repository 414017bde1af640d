set local role gatepost_owner;

-- The hashes of the log's tree (RFC 6962, in the order of golang.org/x/mod/sumdb/tlog): with entry idx the hash of its leaf, and of
-- each subtree that it completes, 32 bytes each, lowest level first. The right edge is read from these; it needs no column.
alter table audit_hash drop column frontier;
alter table audit_hash add constraint audit_hash_length check (octet_length(hashes) between 32 and 2048 and octet_length(hashes) % 32 = 0);
alter table audit_hash alter column hashes set storage plain;

-- A checkpoint is a note (c2sp.org/tlog-checkpoint) that the staff tier's log key signed.
alter table audit_checkpoint add column at timestamptz not null default now();
alter table audit_checkpoint add constraint audit_checkpoint_size check (size > 0);
alter table audit_checkpoint add constraint audit_checkpoint_note check (octet_length(note) between 100 and 4096);

-- Hashes and checkpoints only follow: no entry of the tree without the one before it, no checkpoint beyond the tree.
create function checkpoint_follows() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from audit_hash h where h.agency_id = new.agency_id and h.idx = new.size - 1) then
		raise exception 'a checkpoint beyond the tree' using errcode = '23514', constraint = 'audit_checkpoint_follows';
	end if;
	return new;
end
$$;
create trigger audit_checkpoint_follows before insert on audit_checkpoint for each row execute function checkpoint_follows();

-- A statement that the system was restored from a backup; there are few, and both tiers ask for them when they start.
create index audit_body_restored on audit_body (agency_id, idx) where position('\x0a6576656e7420726573746f7265640a'::bytea in substring(body from 1 for 128)) > 0;

-- The families' tier reads no log. To notice that database and log were rolled back together it needs the newest checkpoint, the
-- hashes that prove its own older one to be a part of it, and what was stated about a restore. A hash tells nothing: a body has signatures in it.
create function log_checkpoint() returns bytea
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select c.note from audit_checkpoint c where c.agency_id = agency() order by c.size desc limit 1);
end
$$;
-- level and position as tlog.SplitStoredHashIndex gives them; an unknown hash is left out.
create function log_hashes(levels int[], positions bigint[]) returns table (level int, pos bigint, hash bytea)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	if cardinality(levels) > 256 or cardinality(levels) <> cardinality(positions) then
		raise exception 'too many hashes at once' using errcode = '22023';
	end if;
	return query select w.level, w.pos, substring(h.hashes from w.level * 32 + 1 for 32)
		from unnest(levels, positions) as w (level, pos)
		join audit_hash h on h.agency_id = agency() and h.idx = ((w.pos + 1) << w.level) - 1
		where w.level between 0 and 62 and w.pos >= 0 and octet_length(h.hashes) >= (w.level + 1) * 32;
end
$$;
create function log_restored() returns table (idx bigint, body bytea)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select b.idx, b.body from audit_body b where b.agency_id = agency()
		and position('\x0a6576656e7420726573746f7265640a'::bytea in substring(b.body from 1 for 128)) > 0 order by b.idx;
end
$$;
revoke all on function log_checkpoint(), log_hashes(int[], bigint[]), log_restored(), checkpoint_follows() from public;
grant execute on function log_checkpoint(), log_hashes(int[], bigint[]), log_restored() to gatepost_public, gatepost_staff, gatepost_audit;

-- An object that holds nothing, sealed to the notifier and the archive: that it opens after a restore proves that the keys at hand are this database's.
create table canary (
	agency_id text primary key references agency,
	made_at timestamptz not null default now(),
	notify_epoch int not null check (notify_epoch > 0),
	sealed bytea not null
);
alter table canary enable row level security;
alter table canary force row level security;
create policy agency on canary using (agency_id = agency()) with check (agency_id = agency());
grant select, insert, update (made_at, notify_epoch, sealed) on canary to gatepost_staff;
-- pg_dump locks every table whose shape it writes, and a lock asks for the right to read. The rows of unlogged tables are in no backup.
grant select on canary, session, device, rate to gatepost_backup;

reset role;
