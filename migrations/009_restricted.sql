set local role gatepost_owner;

-- A restricted case is granted to named workers and the archive, and to no team. It is so by its keys; what follows keeps rows from
-- saying otherwise.

-- holds_case: has this worker a key of that case, of their own or by a team of theirs?
create function holds_case(worker text, exchange text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from ring_grant_staff g where g.agency_id = agency() and g.child = 'case/' || holds_case.exchange
		and (g.parent = 'worker/' || holds_case.worker or g.parent ~ '^team/' and exists (select from ring_grant_staff t
			where t.agency_id = g.agency_id and t.child = g.parent and t.parent = 'worker/' || holds_case.worker))));
end
$$;

-- case_closed: whether the worker who asks is to see no names of this exchange.
create function case_closed(exchange text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from exchange x where x.agency_id = agency() and x.id = case_closed.exchange and x.restricted
		and not holds_case(account(), x.id)));
end
$$;

-- person_closed: whether the worker who asks is to see no name of this person: they are on a side of an exchange that is closed to the
-- worker, and on none that is open to them.
create function person_closed(person text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select coalesce(bool_and(case_closed(s.exchange_id)), false) from side_member m
		join side s on s.agency_id = m.agency_id and s.id = m.side_id
		where m.agency_id = agency() and m.person_id = person_closed.person);
end
$$;

-- person_connected: whether the worker who asks is connected to any family that this person belongs to.
create function person_connected(person text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from side_member m join side s on s.agency_id = m.agency_id and s.id = m.side_id
		join connection c on c.agency_id = s.agency_id and c.exchange_id = s.exchange_id
		where m.agency_id = agency() and m.person_id = person_connected.person and c.worker_id = account()));
end
$$;
-- person_barred: whether the worker who asks is to keep away from this person's account: connected to them, or not named in their cases.
create function person_barred(person text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return person_connected(person) or person_closed(person);
end
$$;
-- recovery_barred: the same for a recovery, but that of somebody in restricted cases only needs a manager, named or not.
create function recovery_barred(person text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return person_connected(person) or person_closed(person) and not has_role('manager');
end
$$;

-- Nobody claims a letter of a restricted case, or decides about it, without a key of it. What the safeguarding lead decides about was
-- sealed to them on its own.
create function claim_by_key() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if exists (select from letter l join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id
			where l.agency_id = new.agency_id and l.id = new.letter_id and x.restricted and not holds_case(new.worker_id, x.id)) then
		raise exception 'the case is restricted' using errcode = '23514', constraint = 'claim_restricted';
	end if;
	return new;
end
$$;
create trigger claim_by_key before insert or update of worker_id on claim for each row execute function claim_by_key();
create function decision_by_key() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if exists (select from letter l join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id
			where l.agency_id = new.agency_id and l.id = new.letter_id and l.state <> 'escalated' and x.restricted and not holds_case(new.worker_id, x.id)) then
		raise exception 'the case is restricted' using errcode = '23514', constraint = 'decision_restricted';
	end if;
	return new;
end
$$;
create trigger decision_by_key before insert on decision for each row execute function decision_by_key();

-- The key of no case goes to a worker who is connected to its families. (That of a restricted one to no team: grant_stands.) The lock makes
-- a grant that is on its way wait for the act that says so, or be seen by it.
create function grant_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform from exchange x where x.agency_id = new.agency_id and x.id = substr(new.child, 6) for share;
	if exists (select from connection c where c.agency_id = new.agency_id and c.exchange_id = substr(new.child, 6) and 'worker/' || c.worker_id = new.parent) then
		raise exception 'connected to the family' using errcode = '23514', constraint = 'grant_connected';
	end if;
	return new;
end
$$;
create trigger grant_by_right before insert on ring_grant_staff for each row
	when (new.child like 'case/%' and new.parent like 'worker/%') execute function grant_by_right();

-- At commit: what was restricted stays so, is granted to no team, and its newest key to two workers or more.
create function exchange_by_key() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if old.restricted and not new.restricted
		or new.restricted and exists (select from ring_grant_staff g where g.agency_id = new.agency_id and g.child = 'case/' || new.id and g.parent ~ '^team/')
		or new.restricted and (select count(distinct g.parent) from ring_grant_staff g where g.agency_id = new.agency_id and g.child = 'case/' || new.id
			and g.parent ~ '^worker/' and g.child_epoch = (select max(n.epoch) from node n where n.agency_id = new.agency_id and n.id = 'case/' || new.id)) < 2 then
		raise exception 'restricted by its keys or not at all' using errcode = '23514', constraint = 'exchange_restricted';
	end if;
	return null;
end
$$;
create constraint trigger exchange_by_key after update of restricted on exchange deferrable initially deferred
	for each row execute function exchange_by_key();

-- Who lets an exchange rest or says how a side stands: no party, and for a restricted case somebody with a key of it.
create function state_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	x text := case when tg_table_name = 'exchange' then to_jsonb(new) ->> 'id' else to_jsonb(new) ->> 'exchange_id' end;
begin
	if case_closed(x) or exists (select from connection c where c.agency_id = new.agency_id and c.exchange_id = x and c.worker_id = account()) then
		raise exception 'not this worker''s' using errcode = '23514', constraint = 'state_worker';
	end if;
	return new;
end
$$;
create trigger state_by_right before update of state, delay_days on exchange for each row execute function state_by_right();
create trigger state_by_right before update of state on side for each row execute function state_by_right();

revoke all on function holds_case(text, text), case_closed(text), person_closed(text), person_connected(text),
	person_barred(text), recovery_barred(text), claim_by_key(), decision_by_key(), grant_by_right(),
	exchange_by_key(), state_by_right() from public;
grant execute on function holds_case(text, text), case_closed(text), person_closed(text), person_barred(text), recovery_barred(text) to gatepost_staff;

reset role;
