set local role gatepost_owner;

-- Two agencies of one deployment speak about an enquiry: the question, progress, the answer, and a newer answer when a veto comes. Nothing else crosses.

create function enquiry_arrives(enquiry_id text, other text, due date, new_sealed bytea, said bytea) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from enquiry e where e.id = enquiry_id and e.agency_id = agency() and e.to_agency = other and e.state = 'asked' and e.asked_by = account()) then
		raise exception 'no such enquiry' using errcode = '23514', constraint = 'enquiry_road';
	end if;
	insert into enquiry_in (agency_id, id, from_agency, state, due_on, sealed, statement) values (other, enquiry_id, agency(), 'received', due, new_sealed, said);
end
$$;

-- Only a worker of this service asks, moves and calls off; the clock may remind. An answer comes once or more, and not after a call-off. Heard is
-- what was said, and answered is what has an answer.
create function enquiry_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' then
		perform by_intermediary(new.asked_by, false);
		if new.state <> 'asked' then
			raise exception 'an enquiry begins as asked' using errcode = '23514', constraint = 'enquiry_move';
		end if;
		return new;
	end if;
	if account() is null and has_role('clock') and (new.state, new.due_on, new.answered_on, new.heard) is not distinct from (old.state, old.due_on, old.answered_on, old.heard) and old.state = 'asked' then
		return new;
	end if;
	perform by_intermediary(account(), false);
	if old.state = 'called off' or old.state = 'answered' and new.state <> 'answered' then
		raise exception 'no such move' using errcode = '23514', constraint = 'enquiry_move';
	end if;
	if new.heard > old.heard and new.heard > coalesce((select max(w.version) from enquiry_word w where w.id = new.id and w.agency_id = new.to_agency), 0)
		or new.heard < old.heard then
		raise exception 'nobody has said that' using errcode = '23514', constraint = 'enquiry_heard';
	end if;
	return new;
end
$$;
create trigger enquiry_by_right before insert or update on enquiry for each row execute function enquiry_by_right();
create function enquiry_has_answer() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from casework w where w.agency_id = new.agency_id and w.id = new.id and w.part in ('answer', 'word')) then
		raise exception 'no answer' using errcode = '23514', constraint = 'enquiry_heard';
	end if;
	return null;
end
$$;
create constraint trigger enquiry_has_answer after update on enquiry deferrable initially deferred
	for each row when (new.state = 'answered' and old.state <> 'answered') execute function enquiry_has_answer();

create function enquiry_word_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	i enquiry_in;
begin
	perform by_intermediary(new.worker_id, true); -- a manager who ends a veto or asks for a stop tells who asked
	select * into i from enquiry_in x where x.id = new.id and x.agency_id = new.agency_id for update;
	if not found then
		raise exception 'no such enquiry' using errcode = '23514', constraint = 'enquiry_road';
	end if;
	if i.state = 'called off' then
		raise exception 'nobody asks any more' using errcode = '23514', constraint = 'enquiry_off';
	end if;
	if i.state = 'answered' and new.kind <> 'answer' then
		raise exception 'this was answered' using errcode = '23514', constraint = 'enquiry_answered';
	end if;
	if new.version <> (select coalesce(max(w.version), 0) + 1 from enquiry_word w where w.id = new.id and w.agency_id = new.agency_id) then
		raise exception 'a newer version' using errcode = '23505', constraint = 'enquiry_word_version';
	end if;
	if new.kind = 'answer' then
		update enquiry_in set state = 'answered' where id = new.id and agency_id = new.agency_id;
	end if;
	return new;
end
$$;
create trigger enquiry_word_by_right before insert on enquiry_word for each row execute function enquiry_word_by_right();

-- enquiry_words is what the other agency has said of our enquiry; enquiry_follows tells it our new day, our reminder or that we ask no more.
create function enquiry_words(enquiry_id text) returns table (version int, kind text, due_on date, sealed bytea, statement bytea, said_on date)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select w.version, w.kind, w.due_on, w.sealed, w.statement, w.said_on
		from enquiry e join enquiry_in i on i.id = e.id and i.agency_id = e.to_agency and i.from_agency = e.agency_id
		join enquiry_word w on w.id = i.id and w.agency_id = i.agency_id
		where e.id = enquiry_id and e.agency_id = agency() order by w.version;
end
$$;
create function enquiry_follows(enquiry_id text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	e enquiry;
	i enquiry_in;
begin
	select * into e from enquiry x where x.id = enquiry_id and x.agency_id = agency();
	if e.to_agency is null then
		return; -- it went by post
	end if;
	select * into i from enquiry_in x where x.id = e.id and x.agency_id = e.to_agency and x.from_agency = e.agency_id for update;
	if not found then
		raise exception 'no such enquiry' using errcode = '23514', constraint = 'enquiry_road';
	end if;
	if e.state = 'called off' and i.state = 'answered' then
		raise exception 'an answer has come' using errcode = '23514', constraint = 'enquiry_answered';
	end if;
	update enquiry_in set due_on = e.due_on, chased_on = e.chased_on, state = case e.state when 'called off' then 'called off' else i.state end
		where id = i.id and agency_id = i.agency_id;
end
$$;

-- The definer functions of the one road between agencies write and read the other agency's row.
create policy road on enquiry_in to gatepost_owner using (from_agency = agency()) with check (from_agency = agency());
create policy road on enquiry_word for select to gatepost_owner using (exists (select from enquiry_in i
	where i.id = enquiry_word.id and i.agency_id = enquiry_word.agency_id and i.from_agency = agency()));

revoke all on function enquiry_arrives(text, text, date, bytea, bytea), enquiry_by_right(), enquiry_has_answer(), enquiry_word_by_right(), enquiry_words(text), enquiry_follows(text) from public;
grant execute on function enquiry_arrives(text, text, date, bytea, bytea), enquiry_words(text), enquiry_follows(text) to gatepost_staff;

reset role;
