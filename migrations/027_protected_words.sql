set local role gatepost_owner;

-- The protected words of an exchange: its list is for workers alone, and each side's own list is what that side told us. Families select
-- their own side's (policy family on object) and write neither.
create function list_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if new.from_node <> 'worker/' || account() or not has_role('letterboxWorker') or is_party(new.exchange_id) or case_closed(new.exchange_id) then
		raise exception 'not this worker''s' using errcode = '23514', constraint = 'list_worker';
	end if;
	if new.exchange_id is null or new.part <> new.kind
		or new.kind = 'list' and (new.id <> new.exchange_id or new.side_id is not null or new.to_node <> 'case/' || new.id)
		or new.kind = 'ownlist' and (new.id is distinct from new.side_id or new.to_node <> 'side/' || new.id
			or not exists (select from side s where s.agency_id = new.agency_id and s.id = new.side_id and s.exchange_id = new.exchange_id))
		or new.version <> 1 + (select coalesce(max(o.version), 0) from object o where o.agency_id = new.agency_id and o.id = new.id and o.part = new.part) then
		raise exception 'no place for a list' using errcode = '23514', constraint = 'list_place';
	end if;
	return new;
end
$$;
create trigger list_by_right before insert on object for each row when (new.kind in ('list', 'ownlist') or new.part in ('list', 'ownlist'))
	execute function list_by_right();
revoke all on function list_by_right() from public;

reset role;
