-- What a court has said about contact between two families (ACA 2002 s.51A): kept apart from a pause that the agency made.

set local role gatepost_owner;

alter table exchange add column contact_order text not null default 'none'
	constraint exchange_contact_order check (contact_order in ('none', 'permits', 'prohibits'));
comment on column exchange.contact_order is 'a court order on contact in force between these families: none, one that permits it, one that prohibits it';
-- What a court has forbidden rests at least: every check of a pause is one of the order, too.
alter table exchange add constraint exchange_prohibited check (contact_order <> 'prohibits' or state <> 'active');

-- That a court forbids it no longer is a manager's to say.
create function order_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if old.contact_order = 'prohibits' and new.contact_order <> 'prohibits' and not has_role('manager') then
		raise exception 'not a manager' using errcode = '23514', constraint = 'exchange_order';
	end if;
	return new;
end
$$;
create trigger order_by_right before update of contact_order on exchange for each row execute function order_by_right();

drop trigger state_by_right on exchange;
create trigger state_by_right before update of state, delay_days, second_reader, contact_order on exchange for each row execute function state_by_right();

revoke all on function order_by_right() from public;
grant update (contact_order) on exchange to gatepost_staff;

reset role;
