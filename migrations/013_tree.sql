set local role gatepost_owner;

-- The tree's hashes follow from the bodies (RFC 6962, 2.1): the leaf's, then that of each subtree which the entry completes. Who may add a
-- row may add only the true one; a false one would stop both tiers and could not be taken away.
create function hashes_follow() returns trigger
	language plpgsql set search_path = public, pg_temp as $$
declare
	h bytea := (select sha256('\x00'::bytea || b.body) from audit_body b where b.agency_id = new.agency_id and b.idx = new.idx);
	list bytea := h;
	pos bigint := new.idx;
	level int := 0;
begin
	while pos % 2 = 1 loop
		h := (select sha256('\x01'::bytea || substring(l.hashes from level * 32 + 1 for 32) || h)
			from audit_hash l where l.agency_id = new.agency_id and l.idx = (pos << level) - 1);
		list := list || h;
		pos := pos >> 1;
		level := level + 1;
	end loop;
	if new.hashes is distinct from list then
		raise exception 'hashes that are not those of the tree' using errcode = '23514', constraint = 'audit_hash_follows';
	end if;
	return new;
end
$$;
create trigger audit_hash_follows before insert on audit_hash for each row execute function hashes_follow();

-- The newest few: whether one is signed by the log's key only a tier can tell, and one that is not must not hide those that are.
drop function log_checkpoint();
create function log_checkpoint() returns setof bytea
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select c.note from audit_checkpoint c where c.agency_id = agency() order by c.size desc limit 16;
end
$$;
revoke all on function log_checkpoint(), hashes_follow() from public;
grant execute on function log_checkpoint() to gatepost_public, gatepost_staff, gatepost_audit;

reset role;
