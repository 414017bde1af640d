-- What one pair of hands does not do alone at the desk.

set local role gatepost_owner;

-- An order of a court that stands is changed by a manager, whichever way: one that permits contact holds against the agency, too.
create or replace function order_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if old.contact_order <> 'none' and new.contact_order <> old.contact_order and not has_role('manager') then
		raise exception 'not a manager' using errcode = '23514', constraint = 'exchange_order';
	end if;
	return new;
end
$$;

reset role;
