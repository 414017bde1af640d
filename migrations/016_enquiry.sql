set local role gatepost_owner;

-- Two agencies speak about an enquiry more than once: progress, the answer, and a newer answer when a veto comes. One reply in one row would
-- lose what was said before, and had no entry of the log that it needs.
drop function enquiry_reply(text);
alter table enquiry_in drop constraint enquiry_in_answered, drop column reply, drop column reply_statement, drop column answered_on, add column chased_on date;
revoke update (state) on enquiry_in from gatepost_staff;

create table enquiry_word (
	agency_id text not null,
	id id not null,
	version int not null check (version > 0),
	kind text not null check (kind in ('progress', 'answer')),
	due_on date,
	sealed bytea not null check (octet_length(sealed) < 1024 * 1024),
	statement bytea not null check (octet_length(statement) < 65536),
	worker_id id not null,
	leaf digest not null,
	said_on date not null default current_date,
	primary key (id, version, agency_id),
	constraint enquiry_word_day check (due_on is null or kind = 'progress'),
	foreign key (id, agency_id) references enquiry_in,
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
comment on table enquiry_word is 'what the answering agency says of an enquiry; agency_id is that agency, and due_on another day that it offers';
alter table enquiry_word enable row level security;
alter table enquiry_word force row level security;
create policy staff on enquiry_word to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency());
create policy road on enquiry_word for select to gatepost_owner using (exists (select from enquiry_in i
	where i.id = enquiry_word.id and i.agency_id = enquiry_word.agency_id and i.from_agency = agency()));
grant select, insert on enquiry_word to gatepost_staff;
grant select on enquiry_word to gatepost_backup;

-- Only a worker of this service asks, moves and calls off; the clock may remind. An answer comes once or more, and not after a call-off.
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
	if account() is null and has_role('clock') and (new.state, new.due_on, new.answered_on) is not distinct from (old.state, old.due_on, old.answered_on) and old.state = 'asked' then
		return new;
	end if;
	perform by_intermediary(account(), false);
	if old.state = 'called off' or old.state = 'answered' and new.state <> 'answered' then
		raise exception 'no such move' using errcode = '23514', constraint = 'enquiry_move';
	end if;
	return new;
end
$$;
create trigger enquiry_by_right before insert or update on enquiry for each row execute function enquiry_by_right();

create function enquiry_word_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	i enquiry_in;
begin
	perform by_intermediary(new.worker_id, false);
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
revoke all on function enquiry_by_right(), enquiry_word_by_right(), enquiry_words(text), enquiry_follows(text) from public;
grant execute on function enquiry_words(text), enquiry_follows(text) to gatepost_staff;

reset role;
