set local role gatepost_owner;

-- The agency's own contact register: what adopted people (Part 1) and relatives (Part 2) wish for, and which two a worker thinks belong
-- together. It is not the Registrar General's register, whose answers are enquiries. Names, addresses and words are sealed in casework.
alter table casework drop constraint casework_kind_check;
alter table casework add constraint casework_kind_check check (kind in ('particulars', 'identity', 'enquiry', 'fact', 'veto', 'consent', 'item', 'note', 'trace',
	'approach', 'decision', 'message', 'letter', 'pack', 'view', 'preference'));

create index casework_record on casework (to_node, agency_id) where part in ('became', 'connection');

-- An entry, version by version. Each stands on a record of an adopted person: one of Part 1 on their own, one of Part 2 on a record of its own,
-- which says what the relative knows about the child. That two records are about one person is a link's word (register_word).
create table preference (
	agency_id text not null,
	id id not null,
	version int not null check (version > 0),
	adopted_id id not null,
	part int not null check (part in (1, 2)),
	wish text not null check (wish in ('contactAll', 'contactNamed', 'contactAllExcept', 'noContactNamed', 'noContactAll', 'contact', 'noContact', 'withdrawn')),
	verified bool not null,
	adult bool not null,
	related bool not null,
	living bool not null,
	address_on date,
	form text not null check (form in ('online', 'phone', 'paper')),
	worker_id id not null,
	at timestamptz not null,
	leaf digest not null,
	primary key (id, version, agency_id),
	constraint preference_wish check (wish = 'withdrawn' or (wish in ('contact', 'noContact')) = (part = 2)),
	foreign key (agency_id, adopted_id) references adopted (agency_id, id),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index preference_adopted on preference (adopted_id, agency_id);
comment on column preference.verified is 'whoever wished it was met, or otherwise verified, and is who they say';
comment on column preference.related is 'Part 2: that they are a relative was shown, and not only declared';
comment on column preference.address_on is 'when their address was last confirmed';

-- When somebody was asked whether their address is still right. A letter that says nothing else.
create table preference_prompt (
	agency_id text not null,
	preference_id id not null,
	version int not null,
	asked_on date not null default current_date,
	worker_id id not null,
	primary key (preference_id, asked_on, agency_id),
	foreign key (agency_id, preference_id, version) references preference (agency_id, id, version),
	foreign key (agency_id, worker_id) references worker
);

-- What a worker says about a pair of entries that the matcher proposed: that both are about one child, that they are not, or that more has to be
-- asked first. It holds for the versions of the entries that were looked at. The evidence is sealed; what weighed it is named.
create table register_word (
	agency_id text not null,
	id id not null,
	version int not null check (version > 0),
	part1_id id not null,
	part1_version int not null,
	part2_id id not null,
	part2_version int not null,
	says text not null check (says in ('same', 'other', 'ask')),
	model text not null check (model ~ '^[a-z0-9.-]{1,60}$'),
	worker_id id not null,
	at timestamptz not null,
	leaf digest not null,
	primary key (id, version, agency_id),
	foreign key (agency_id, part1_id, part1_version) references preference (agency_id, id, version),
	foreign key (agency_id, part2_id, part2_version) references preference (agency_id, id, version),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index register_word_part1 on register_word (part1_id, agency_id);
create index register_word_part2 on register_word (part2_id, agency_id);

-- linked: have two workers said of these versions that they are about one child, and nobody otherwise since?
create function linked(pair text, one int, two int) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	since int := coalesce((select max(w.version) from register_word w where w.agency_id = agency() and w.id = pair and w.says <> 'same'), 0);
begin
	return (select count(distinct w.worker_id) >= 2 from register_word w where w.agency_id = agency() and w.id = pair and w.version > since
		and w.part1_version = one and w.part2_version = two);
end
$$;

-- An entry keeps its record and its part. What was wished is taken back, or made weaker, on a verified word only: an unverified one may protect and
-- never open.
create function preference_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	was preference;
begin
	perform by_intermediary(new.worker_id, true);
	perform hold_gate(new.adopted_id, null);
	select * into was from preference p where p.id = new.id and p.agency_id = new.agency_id order by p.version desc limit 1;
	if new.version <> coalesce(was.version, 0) + 1 then
		raise exception 'a newer version' using errcode = '23505', constraint = 'preference_version';
	end if;
	if was.id is null then
		if new.wish = 'withdrawn' then
			raise exception 'an entry begins with a wish' using errcode = '23514', constraint = 'preference_begins';
		end if;
		if exists (select from preference p where p.adopted_id = new.adopted_id and p.agency_id = new.agency_id) then
			raise exception 'the record has an entry' using errcode = '23505', constraint = 'preference_once';
		end if;
		if new.part = 2 and (exists (select from application a where a.adopted_id = new.adopted_id and a.agency_id = new.agency_id)
				or exists (select from veto v where v.adopted_id = new.adopted_id and v.agency_id = new.agency_id)) then
			raise exception 'a record of its own' using errcode = '23514', constraint = 'preference_record';
		end if;
	elsif was.adopted_id <> new.adopted_id or was.part <> new.part then
		raise exception 'an entry stays where it is' using errcode = '23514', constraint = 'preference_stays';
	elsif not new.verified and new.wish not in ('noContactAll', 'noContact') and (was.wish <> 'contactAll' or new.wish = 'withdrawn') then
		raise exception 'not on an unverified word' using errcode = '23514', constraint = 'preference_verified';
	end if;
	return new;
end
$$;
create trigger preference_by_right before insert on preference for each row execute function preference_by_right();

-- What a relative knows about a child is no record that a case, a veto or an answer to another agency may stand on: a veto on the person's own record
-- would not be seen there.
create function record_not_of_entry() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform from adopted a where a.id = new.adopted_id and a.agency_id = new.agency_id for update; -- after an entry that is just being made, or before
	if exists (select from preference p where p.adopted_id = new.adopted_id and p.agency_id = new.agency_id and p.part = 2) then
		raise exception 'a record of its own' using errcode = '23514', constraint = 'preference_record';
	end if;
	return new;
end
$$;
create trigger record_not_of_entry before insert on application for each row execute function record_not_of_entry();
create trigger record_not_of_entry before insert on veto for each row execute function record_not_of_entry();
create trigger record_not_of_entry before insert on stop for each row execute function record_not_of_entry();
create trigger record_not_of_entry before update of adopted_id on enquiry_in for each row when (new.adopted_id is not null) execute function record_not_of_entry();

-- A word about a pair: of entries as they stand now, one of each part, by a worker who knows neither. Who said last that they are the same does not
-- agree with themselves.
create function register_word_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	one preference;
	two preference;
	was register_word;
begin
	perform by_intermediary(new.worker_id, true);
	select * into one from preference p where p.id = new.part1_id and p.agency_id = new.agency_id order by p.version desc limit 1;
	select * into two from preference p where p.id = new.part2_id and p.agency_id = new.agency_id order by p.version desc limit 1;
	if one.part is distinct from 1 or two.part is distinct from 2 or one.adopted_id = two.adopted_id then
		raise exception 'one of each part' using errcode = '23514', constraint = 'register_pair';
	end if;
	perform hold_gate(least(one.adopted_id, two.adopted_id), null);
	perform hold_gate(greatest(one.adopted_id, two.adopted_id), null);
	-- again, for a newer version may have come before the gates were held
	if exists (select from preference p where p.agency_id = new.agency_id and (p.id = one.id and p.version > new.part1_version or p.id = two.id and p.version > new.part2_version)) then
		raise exception 'a newer entry' using errcode = '23505', constraint = 'register_newer';
	end if;
	select * into was from register_word w where w.id = new.id and w.agency_id = new.agency_id order by w.version desc limit 1;
	if new.version <> coalesce(was.version, 0) + 1 or was.id is not null and (was.part1_id <> new.part1_id or was.part2_id <> new.part2_id) then
		raise exception 'a newer word' using errcode = '23505', constraint = 'register_version';
	end if;
	if was.says = 'same' and new.says = 'same' and was.worker_id = new.worker_id and was.part1_version = new.part1_version and was.part2_version = new.part2_version then
		raise exception 'a second worker' using errcode = '23514', constraint = 'register_second';
	end if;
	return new;
end
$$;
create trigger register_word_by_right before insert on register_word for each row execute function register_word_by_right();

create function preference_prompt_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform by_intermediary(new.worker_id, true);
	perform unconnected((select p.adopted_id from preference p where p.id = new.preference_id and p.version = new.version and p.agency_id = new.agency_id));
	return new;
end
$$;
create trigger preference_prompt_by_right before insert on preference_prompt for each row execute function preference_prompt_by_right();

do $$
declare
	t text;
begin
	foreach t in array array['preference', 'preference_prompt', 'register_word'] loop
		execute format('alter table %I enable row level security', t);
		execute format('alter table %I force row level security', t);
		execute format('create policy staff on %I to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency())', t);
		execute format('grant select on %I to gatepost_backup', t);
		execute format('grant select, insert on %I to gatepost_staff', t);
	end loop;
end
$$;

-- What a first enquiry is for: a search, a veto, or a wish about contact. It stands in clear, since somebody who asks for protection is read first.
alter table intake add column purpose text not null default 'search' check (purpose in ('search', 'veto', 'wish'));
comment on column intake.purpose is 'veto: until somebody has read it, nobody is approached and nothing is disclosed at this agency, for it may be about them';
create index intake_protects on intake (agency_id) where state = 'received' and purpose = 'veto';

drop function intake_send(bytea, text, int, bytea, bytea, bytea, text, date);
create function intake_send(of_code bytea, of_id text, was int, new_sealed bytea, new_commit bytea, new_leaf bytea, shown text, hear date, for_what text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	update intake i set state = 'received', sealed = new_sealed, commit = new_commit, leaf = new_leaf, version = i.version + 1,
		information = shown, sent_on = current_date, hear_by = hear, purpose = for_what, expires_on = null, updated_at = now()
		where i.agency_id = agency() and i.code = of_code and i.id = of_id and i.state = 'draft' and i.version = was;
	if not found then
		raise exception 'saved by somebody else, or sent' using errcode = 'GP409';
	end if;
	perform nudge_desk();
end
$$;

-- As before, and: what it became may be a record without a case, as the sealed word "became" says; who asks for a veto or states a wish gets no case
-- by that. Only a manager sends somebody away who asks for protection.
create or replace function intake_moves() returns trigger
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
	if old.state <> 'received' or new.state not in ('taken', 'declined') or new.purpose <> old.purpose then
		raise exception 'no such move' using errcode = '23514', constraint = 'intake_move';
	end if;
	perform by_intermediary(account(), new.purpose = 'veto');
	if new.purpose = 'veto' and new.state = 'declined' and not has_role('manager') then
		raise exception 'a manager sends away who asks for protection' using errcode = '23514', constraint = 'intake_manager';
	end if;
	if new.state = 'taken' and not (new.purpose = 'search' and exists (select from application a where a.agency_id = new.agency_id and a.intake_id = new.id))
			and not exists (select from casework w where w.agency_id = new.agency_id and w.id = new.id and w.part = 'became')
		or new.state = 'declined' and not exists (select from casework w where w.agency_id = new.agency_id and w.id = new.id and w.part = 'declined') then
		raise exception 'nothing says what became of it' using errcode = '23514', constraint = 'intake_became';
	end if;
	if new.state = 'taken' and new.purpose = 'veto' and not exists (select from casework w join stop p on p.agency_id = w.agency_id and 'case/' || p.adopted_id = w.to_node
			where w.agency_id = new.agency_id and w.id = new.id and w.part = 'became' and p.ended_by is null) then
		raise exception 'what protected everybody ends with a stop' using errcode = '23514', constraint = 'intake_became';
	end if;
	return new;
end
$$;

-- Somebody has asked for protection and nobody has read it yet: it may be about anybody, so nobody is approached and nothing is given.
create function protection_read() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if exists (select from intake i where i.agency_id = new.agency_id and i.state = 'received' and i.purpose = 'veto') then
		raise exception 'somebody asks for protection' using errcode = '23514', constraint = 'intake_protects';
	end if;
	return new;
end
$$;

-- As before, and: not while somebody asks for protection whom nobody has read. It is asked before somebody is invited to a subject's file, or written to there.
create or replace function may_touch(of_file text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if exists (select from subject s join application a on a.agency_id = s.agency_id and a.id = s.application_id
		where s.agency_id = agency() and s.id = of_file and (s.state <> 'open' or blocked(a.id, s.id) and not veto_lifted(a, s))) then
		raise exception 'nobody may be approached' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if exists (select from subject s join intake i on i.agency_id = s.agency_id and i.state = 'received' and i.purpose = 'veto'
		where s.agency_id = agency() and s.id = of_file) then
		raise exception 'somebody asks for protection' using errcode = '23514', constraint = 'intake_protects';
	end if;
end
$$;
create trigger protection_read before insert on step for each row when (new.kind = 'approach') execute function protection_read();
create trigger protection_read before insert on asking for each row when (new.outcome <> 'theirs') execute function protection_read();
create trigger protection_read before insert on disclosure for each row execute function protection_read();
create trigger protection_read before insert on mediated for each row execute function protection_read();

revoke all on function linked(text, int, int), preference_by_right(), register_word_by_right(), preference_prompt_by_right(), record_not_of_entry(), protection_read(),
	intake_send(bytea, text, int, bytea, bytea, bytea, text, date, text) from public;
grant execute on function linked(text, int, int) to gatepost_staff;
grant execute on function intake_send(bytea, text, int, bytea, bytea, bytea, text, date, text) to gatepost_public;

reset role;
