set local role gatepost_owner;

-- As before, but a notice that was taken back and sent again counts from the second one.
-- post_given raises unless the Act of 2002 lets the appropriate agency give an item that is protected.
create or replace function post_given(i item, a application) returns void
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	young text := fact_of(i.subject_id, 'anyChild');
	said text := fact_of(i.subject_id, 'expressed');
	req text := fact_of(a.id, 'req');
begin
	if req in ('s60_2a', 's60_2b') then
		if a.pair <> 'AP>REL' or fact_of(a.id, 'appAge') is distinct from 'ge18' or req = 's60_2a' and fact_of(a.id, 'orderSixty') is distinct from 'none' then
			raise exception 'no right to this' using errcode = '23514', constraint = 'gate_post';
		end if;
		return;
	end if;
	if req is distinct from 's61_62' or i.about <> 'subject' or fact_of(a.id, 'writtenReasons') is distinct from 'yes' or fact_of(i.subject_id, 'approp') is distinct from 'yes'
		or fact_of(i.subject_id, 'views') is distinct from 'yes' or coalesce(said, 'notAsked') = 'notAsked' or coalesce(young, 'notKnown') = 'notKnown'
		or young <> 'none' and fact_of(i.subject_id, 'childViews') is distinct from 'yes'
		or young in ('adoptedChild', 'both') and fact_of(i.subject_id, 'childWelfare') is distinct from 'supports'
		or young in ('otherChild', 'both') and fact_of(i.subject_id, 'regard') is distinct from 'yes'
		or fact_of(i.id, 'decision') is distinct from 'disclose' or judged(i.id, 'decision') <= worded(i.id) then
		raise exception 'nothing opens this' using errcode = '23514', constraint = 'gate_post';
	end if;
	if said <> 'object' then
		return;
	end if;
	-- Forty working days are never fewer than fifty-six days.
	if young = 'none' and fact_of(a.adopted_id, 'juris') = 'E' then
		if coalesce(fact_of(i.id, 'panel'), 'pending') = 'pending' or fact_of(i.id, 'standstill') is distinct from 'running'
			or (select f.at from fact f where f.agency_id = agency() and f.on_id = i.id and f.name = 'standstill' order by f.version desc limit 1) > now() - interval '56 days' then
			raise exception 'who objects has been told, and the time is not over' using errcode = '23514', constraint = 'gate_post';
		end if;
	elsif not exists (select from signature g where g.agency_id = agency() and g.item_id = i.id and g.row_id = 'f27' and g.second_id is not null and g.expires_on >= current_date) then
		raise exception 'two people sign against an objection' using errcode = '23514', constraint = 'gate_post';
	end if;
end
$$;

-- Nothing is given before the applicant has agreed in writing to keep confidential what they learn of others (NMS 27.3).
create function disclosure_agreed() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from casework w where w.agency_id = new.agency_id and w.id = new.application_id and w.part = 'agreement' and w.kind = 'note') then
		raise exception 'no confidentiality agreement' using errcode = '23514', constraint = 'gate_agreement';
	end if;
	return new;
end
$$;
create trigger disclosure_agreed before insert on disclosure for each row execute function disclosure_agreed();
revoke all on function disclosure_agreed() from public;

-- Who is a party of a case of the intermediary service is that service's: its workers let them come back after a forgotten passphrase and keep
-- them out, and the letterbox's do the same for who is on a side. Somebody may be both.
create function is_theirs(worker_roles text[], account text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return 'manager' = any (worker_roles)
		or 'letterboxWorker' = any (worker_roles) and (exists (select from side_member m where m.agency_id = agency() and m.person_id = account)
			or not exists (select from party p where p.agency_id = agency() and p.person_id = account))
		or 'intermediaryWorker' = any (worker_roles) and exists (select from party p where p.agency_id = agency() and p.person_id = account);
end
$$;
create or replace function may_recover(worker text, account text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from worker w where w.agency_id = agency() and w.id = may_recover.worker and w.state = 'active'
		and is_theirs(w.roles, may_recover.account) and w.id <> may_recover.account and w.person_id is distinct from may_recover.account));
end
$$;
create or replace function person_by_right() returns trigger
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
	if not exists (select from worker w where w.agency_id = new.agency_id and w.id = account() and w.state = 'active' and is_theirs(w.roles, new.id)) then
		raise exception 'not who suspends' using errcode = '23514', constraint = 'person_suspender';
	end if;
	if exists (select from worker w where w.agency_id = new.agency_id and w.id = account() and w.person_id = new.id) then
		raise exception 'oneself' using errcode = '23514', constraint = 'person_self';
	end if;
	return new;
end
$$;
revoke all on function is_theirs(text[], text) from public;

reset role;
