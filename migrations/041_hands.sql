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

-- At commit: whoever types a letter in may bar colleagues from it by naming them as helpers. Where fewer than two of the team are left who could decide,
-- it is said who helped and how, in an object of the letter.
create function helpers_leave() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if (select count(*) from letter_helper h where h.agency_id = new.agency_id and h.letter_id = new.letter_id) > 1
		and (select count(*) from letter l join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id join worker w on w.agency_id = l.agency_id
			where l.agency_id = new.agency_id and l.id = new.letter_id and w.state = 'active' and 'letterboxWorker' = any (w.roles)
				and not (x.restricted and not holds_case(w.id, x.id)) and not knows_family(w.id, x.id)
				and not exists (select from letter_helper h where h.agency_id = l.agency_id and h.letter_id = l.id and h.worker_id = w.id)) < 2
		and not exists (select from object o where o.agency_id = new.agency_id and o.id = new.letter_id and o.part = 'helping' and o.kind = 'worknote') then
		raise exception 'nobody is left' using errcode = '23514', constraint = 'letter_helper_left';
	end if;
	return null;
end
$$;
create constraint trigger helpers_leave after insert on letter_helper deferrable initially deferred for each row execute function helpers_leave();
revoke all on function helpers_leave() from public;

reset role;
