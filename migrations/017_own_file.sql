set local role gatepost_owner;

-- What the families' tier reaches of the intermediary service: an enquiry by its code, a person's own file, and what they thought of it.

-- my_file: is this account a party of that file? granted_file: and has it the file's key?
create function my_file(of_file text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from party p where p.agency_id = agency() and p.file = of_file and p.person_id = account()));
end
$$;
create function granted_file(of_file text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from party p join ring_grant_person g on g.agency_id = p.agency_id and g.child = 'side/' || p.file
		where p.agency_id = agency() and p.file = of_file and p.person_id = account() and g.parent = 'person/' || account()));
end
$$;

-- my_packs lists what was disclosed to this account: the applicant's, or who acts for them with authority now; open_pack opens one, once and for all.
-- The text can be selected from then on.
create function my_packs() returns table (id text, file text, on_day date, opened bool)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select d.id::text, c.file::text, (d.at at time zone 'Europe/London')::date, d.opened_at is not null
		from party p join casework c on c.agency_id = p.agency_id and c.file = p.file and c.kind = 'pack'
		join disclosure d on d.agency_id = c.agency_id and d.id = c.id
		where p.agency_id = agency() and p.person_id = account() and granted_file(p.file)
			and (p.kind = 'applicant' or p.kind = 'representative' and fact_of(p.application_id, 'repAuthority') = 'yes') order by d.at, d.id;
end
$$;
create function open_pack(disclosure_id text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from my_packs() m where m.id = disclosure_id) then
		raise exception 'no such pack' using errcode = 'GP404';
	end if;
	update disclosure d set opened_at = now() where d.agency_id = agency() and d.id = disclosure_id and d.opened_at is null;
end
$$;
create function pack_opened(disclosure_id text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select d.opened_at is not null from disclosure d where d.agency_id = agency() and d.id = disclosure_id);
end
$$;

-- The families' tier reaches an intake by the hash of its code alone. Not knowing it, there being none, and a draft that has run out are the same.
create function intake_load(of_code bytea) returns table (id text, state text, sealed bytea, version int, information text, hear_by date)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select i.id::text, case i.state when 'draft' then 'draft' else 'received' end,
		case i.state when 'draft' then i.sealed end, i.version, i.information, i.hear_by
		from intake i where i.agency_id = agency() and i.code = of_code and (i.state <> 'draft' or i.expires_on >= current_date);
end
$$;
create function intake_save(of_code bytea, new_id text, new_sealed bytea, was int, days int) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	delete from intake i where i.agency_id = agency() and i.state = 'draft' and i.expires_on < current_date; -- nobody came back for these
	if was = 0 then
		if (select count(*) from intake i where i.agency_id = agency() and i.state = 'draft') >= 20000 then
			raise exception 'too many drafts' using errcode = '53400', constraint = 'intake_full';
		end if;
		insert into intake (agency_id, id, code, state, sealed, expires_on) values (agency(), new_id, of_code, 'draft', new_sealed, current_date + least(days, 90));
		return;
	end if;
	update intake i set sealed = new_sealed, version = i.version + 1, updated_at = now(), expires_on = current_date + least(days, 90)
		where i.agency_id = agency() and i.code = of_code and i.id = new_id and i.state = 'draft' and i.version = was;
	if not found then
		raise exception 'saved by somebody else, or sent' using errcode = 'GP409';
	end if;
end
$$;
create function intake_send(of_code bytea, of_id text, was int, new_sealed bytea, new_commit bytea, new_leaf bytea, shown text, hear date) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	update intake i set state = 'received', sealed = new_sealed, commit = new_commit, leaf = new_leaf, version = i.version + 1,
		information = shown, sent_on = current_date, hear_by = hear, expires_on = null, updated_at = now()
		where i.agency_id = agency() and i.code = of_code and i.id = of_id and i.state = 'draft' and i.version = was;
	if not found then
		raise exception 'saved by somebody else, or sent' using errcode = 'GP409';
	end if;
	perform nudge_desk();
end
$$;

-- An enquiry goes from draft to received by its writer, and from received to taken or declined by an intermediary worker: once. Who types one in is
-- an intermediary worker in their own name; taken needs the case, declined the sealed reasons.
create function intake_moves() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' then
		if new.by_worker is null then
			if new.state <> 'draft' then
				raise exception 'an enquiry begins as a draft' using errcode = '23514', constraint = 'intake_move';
			end if;
		else
			if new.state <> 'received' then
				raise exception 'an enquiry that was typed in is received' using errcode = '23514', constraint = 'intake_move';
			end if;
			perform by_intermediary(new.by_worker, false);
		end if;
		return new;
	end if;
	if old.by_worker is distinct from new.by_worker or old.id <> new.id then
		raise exception 'an enquiry stays whose it is' using errcode = '23514', constraint = 'intake_move';
	end if;
	if new.state = old.state then
		if old.state <> 'draft' then
			raise exception 'what was sent is not changed' using errcode = '23514', constraint = 'intake_move';
		end if;
		return new;
	end if;
	if old.state = 'draft' and new.state = 'received' then
		return new;
	end if;
	if old.state <> 'received' or new.state not in ('taken', 'declined') then
		raise exception 'no such move' using errcode = '23514', constraint = 'intake_move';
	end if;
	perform by_intermediary(account(), false);
	if new.state = 'taken' and not exists (select from application a where a.agency_id = new.agency_id and a.intake_id = new.id)
		or new.state = 'declined' and not exists (select from casework w where w.agency_id = new.agency_id and w.id = new.id and w.part = 'declined') then
		raise exception 'nothing says what became of it' using errcode = '23514', constraint = 'intake_became';
	end if;
	return new;
end
$$;
create trigger intake_moves before insert or update on intake for each row execute function intake_moves();

create function feedback_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if new.month <> date_trunc('month', current_date) or not exists (select from casework w join party p on p.agency_id = w.agency_id and p.file = w.file and p.person_id = account()
			where w.agency_id = new.agency_id and w.id = new.id and w.part = 'feedback' and w.kind = 'view' and w.from_node = 'person/' || account()
			and (new.who = 'subject') = (p.kind = 'subject')) then
		raise exception 'feedback is the words of one''s own' using errcode = '23514', constraint = 'feedback_own';
	end if;
	return new;
end
$$;
create trigger feedback_by_right before insert on feedback for each row execute function feedback_by_right();

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
create or replace function person_connected(person text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from side_member m join side s on s.agency_id = m.agency_id and s.id = m.side_id
			join connection c on c.agency_id = s.agency_id and c.exchange_id = s.exchange_id
			where m.agency_id = agency() and m.person_id = person_connected.person and c.worker_id = account())
		or exists (select from party p join application a on a.agency_id = p.agency_id and a.id = p.application_id
			where p.agency_id = agency() and p.person_id = person_connected.person and connected(a.adopted_id)));
end
$$;

-- not_invited: is that person known to us only as somebody who is looked for, in cases that may bring them nothing now?
create function not_invited(person text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from party p where p.agency_id = agency() and p.person_id = not_invited.person)
		and not exists (select from side_member m where m.agency_id = agency() and m.person_id = not_invited.person)
		and not exists (select from party p where p.agency_id = agency() and p.person_id = not_invited.person and (p.kind <> 'subject'
			or exists (select from subject s join application a on a.agency_id = s.agency_id and a.id = s.application_id
				where s.agency_id = p.agency_id and s.id = p.file and s.state = 'open' and a.state = 'open' and not blocked(a.id, s.id)))));
end
$$;
create function invitation_by_law() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	-- with the gate rows held, in their order: what forbids it is seen, or waits
	perform from adopted d where d.agency_id = new.agency_id and d.id in (select a.adopted_id from party p join application a on a.agency_id = p.agency_id and a.id = p.application_id
		where p.agency_id = new.agency_id and p.person_id = new.account_id and p.kind = 'subject') order by d.id for update;
	if not_invited(new.account_id) then
		raise exception 'this person is not approached' using errcode = '23514', constraint = 'invitation_law';
	end if;
	return new;
end
$$;
create trigger invitation_by_law before insert on invitation for each row when (new.kind = 'person' and session_user = 'gatepost_staff') execute function invitation_by_law();

create policy family on application for select to gatepost_public using (agency_id = agency() and my_file(id));
create policy family on party for select to gatepost_public using (agency_id = agency() and person_id = account());

-- What somebody thinks of a decision about them, and of the service once their case has ended, is theirs to write down, in a case that is theirs.
create policy family on casework for select to gatepost_public using (agency_id = agency() and granted_file(file)
	and (kind in ('message', 'letter') or kind = 'view' and part in ('said', 'feedback') or kind = 'pack' and pack_opened(id)));
create policy write on casework for insert to gatepost_public with check (agency_id = agency() and granted_file(file)
	and (kind = 'message' and part = 'message' or kind = 'view' and part in ('said', 'feedback'))
	and exists (select from party p where p.agency_id = casework.agency_id and p.file = casework.file and p.application_id = casework.application_id and p.person_id = account()));

create policy family on case_message for select to gatepost_public using (agency_id = agency() and person_id = account() and granted_file(file));
create policy write on case_message for insert to gatepost_public
	with check (agency_id = agency() and person_id = account() and granted_file(file) and by_worker is null and hear_by >= current_date
		and exists (select from party p where p.agency_id = case_message.agency_id and p.file = case_message.file and p.application_id = case_message.application_id and p.person_id = account()));
create policy write on feedback for insert to gatepost_public with check (agency_id = agency());

-- How many cases and files there are is nobody's business: an account sees the keys of its own.
drop policy family on node;
create policy family on node for select to gatepost_public using (agency_id = agency() and (id !~ '^(case/(ap|ad)|side/(ap|sb))'
	or exists (select from party p where p.agency_id = node.agency_id and p.person_id = account() and node.id in ('side/' || p.file, 'case/' || p.application_id))));

revoke all on function my_file(text), granted_file(text), my_packs(), open_pack(text), pack_opened(text), intake_load(bytea), intake_save(bytea, text, bytea, int, int),
	intake_send(bytea, text, int, bytea, bytea, bytea, text, date), intake_moves(), feedback_by_right(), is_theirs(text[], text), not_invited(text), invitation_by_law() from public;
grant execute on function not_invited(text) to gatepost_staff;
grant execute on function my_file(text), granted_file(text), my_packs(), open_pack(text), pack_opened(text), intake_load(bytea),
	intake_save(bytea, text, bytea, int, int), intake_send(bytea, text, int, bytea, bytea, bytea, text, date) to gatepost_public;
grant select (agency_id, id, told, hear_by, opened_on, ended_on) on application to gatepost_public;
grant select on party to gatepost_public;
grant select, insert on casework to gatepost_public;
grant select (agency_id, id, application_id, file, person_id, by_worker, answers, sent_at, sent_on, hear_by, answered_on) on case_message to gatepost_public;
grant insert (agency_id, id, application_id, file, person_id, hear_by) on case_message to gatepost_public;
grant insert on feedback to gatepost_public;

reset role;
