set local role gatepost_owner;

-- Whoever is connected to a family says so themselves, or a manager says it of them: somebody may be away, or not say it. What a manager says
-- has its statement in the log.
alter table connection add column by_worker id, add column leaf digest,
	add constraint connection_stated check ((by_worker is null) = (leaf is null) and by_worker is distinct from worker_id),
	add foreign key (agency_id, by_worker) references worker,
	add foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred;
comment on column connection.by_worker is 'the manager who said it; null where the worker did';

-- No safeguarding lead is taken from a family without another who is there for it. The locks put what a lead is just doing with a referred
-- letter before this, or after it, and one such word after the other.
create function connection_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if session_user <> 'gatepost_staff' then
		return new;
	end if;
	perform from exchange x where x.agency_id = new.agency_id and x.id = new.exchange_id for no key update;
	perform from letter l where l.agency_id = new.agency_id and l.exchange_id = new.exchange_id and l.state = 'escalated' order by l.id for update;
	if new.by_worker is null and new.worker_id is distinct from account()
		or new.by_worker is not null and (new.by_worker is distinct from account() or not has_role('manager') or is_party(new.exchange_id)) then
		raise exception 'not this worker''s word' using errcode = '23514', constraint = 'connection_worker';
	end if;
	if new.by_worker is not null and not other_lead(new.exchange_id, new.worker_id) then
		raise exception 'nobody else to keep this family safe' using errcode = '23514', constraint = 'connection_lead';
	end if;
	return new;
end
$$;

-- other_lead: may this worker be taken from a family? A safeguarding lead only where another is active who is not connected with it.
create function other_lead(exchange text, worker text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select not exists (select from worker w where w.agency_id = agency() and w.id = other_lead.worker and 'safeguardingLead' = any (w.roles))
		or exists (select from worker w where w.agency_id = agency() and w.id <> other_lead.worker and w.state = 'active' and 'safeguardingLead' = any (w.roles)
			and not exists (select from connection c where c.agency_id = w.agency_id and c.exchange_id = other_lead.exchange and c.worker_id = w.id)
			and not exists (select from side_member m join side s on s.agency_id = m.agency_id and s.id = m.side_id
				where m.agency_id = w.agency_id and m.person_id = w.person_id and s.exchange_id = other_lead.exchange)));
end
$$;
create trigger connection_by_right before insert on connection for each row execute function connection_by_right();
revoke execute on function connection_by_right(), other_lead(text, text) from public;
grant execute on function other_lead(text, text) to gatepost_staff;
