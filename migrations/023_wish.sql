set local role gatepost_owner;

-- Wishes for no contact reach a case (table 8a, acrNoContact): the adopted person's own, and those of our register that a worker finds when they look
-- through it for one subject. Names are sealed, so what the matcher finds is written down as an id, in the act of looking.

-- A worker has looked through our register for a subject. Sealed: which entries there were.
create table register_look (
	agency_id text not null,
	id id not null,
	subject_id id not null,
	worker_id id not null,
	at timestamptz not null,
	leaf digest not null,
	primary key (id, agency_id),
	foreign key (agency_id, subject_id) references subject (agency_id, id),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index register_look_subject on register_look (subject_id, agency_id);

-- What is said of an entry's wish for no contact and a subject: that a look found it, that it concerns this case, that it does not. It counts against
-- the case until two workers, one after the other, have said of the wish as it stands that it does not.
create table wish_word (
	agency_id text not null,
	id id not null,
	version int not null check (version > 0),
	subject_id id not null,
	preference_id id not null,
	preference_version int not null,
	says text not null check (says in ('found', 'concerns', 'other')),
	worker_id id not null,
	at timestamptz not null,
	leaf digest not null,
	primary key (id, version, agency_id),
	unique (subject_id, preference_id, version, agency_id),
	foreign key (agency_id, subject_id) references subject (agency_id, id),
	foreign key (agency_id, preference_id, preference_version) references preference (agency_id, id, version),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);

create function no_contact(wish text) returns bool language sql immutable set search_path = public, pg_temp as $$
	select wish in ('noContactAll', 'noContactNamed', 'contactAllExcept', 'noContact');
$$;

-- wishes gives the newest version of every entry that may stand against a subject's case: the adopted person's own, those that two workers put beside
-- it, and those that a look has found.
create function wishes(one_subject text) returns setof preference
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	record_of text := (select s.adopted_id from subject s where s.id = one_subject and s.agency_id = agency());
begin
	return query select distinct on (p.id) p.* from preference p where p.agency_id = agency() and p.id = any(array(
			select o.id::text from preference o where o.adopted_id = record_of and o.agency_id = agency()
			union select w.part2_id from register_word w join preference o on o.agency_id = w.agency_id and o.id = w.part1_id
				where w.agency_id = agency() and o.adopted_id = record_of and linked(w.id, w.part1_version, w.part2_version)
			union select w.preference_id from wish_word w where w.subject_id = one_subject and w.agency_id = agency()))
		order by p.id, p.version desc;
end
$$;

-- wished: does a wish for no contact stand against this subject's case, as far as our register knows?
create function wished(one_subject text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return exists (select from wishes(one_subject) p where no_contact(p.wish) and (select count(distinct w.worker_id) from wish_word w
		where w.agency_id = p.agency_id and w.subject_id = one_subject and w.preference_id = p.id and w.says = 'other' and w.preference_version = p.version
			and w.version > coalesce((select max(o.version) from wish_word o where o.agency_id = w.agency_id and o.subject_id = w.subject_id
				and o.preference_id = w.preference_id and (o.says <> 'other' or o.preference_version <> p.version)), 0)) < 2);
end
$$;

-- wish_signed: have two people signed for the wishes of our register as they stand (row a30), after the newest of them?
create function wish_signed(one_subject text) returns bool
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	return signed_off(one_subject, null, 'a30') and exists (select from signature g join audit_body b on b.agency_id = g.agency_id and b.leaf = g.leaf
		where g.agency_id = agency() and g.subject_id = one_subject and g.item_id is null and g.row_id = 'a30' and g.second_id is not null and g.expires_on >= current_date
			and b.idx > coalesce((select max(x.idx) from wishes(one_subject) p join audit_body x on x.agency_id = p.agency_id and x.leaf = p.leaf where no_contact(p.wish)), -1));
end
$$;

-- looked: has somebody looked through the register for this subject since the newest wish for no contact came into it that is not known to the case,
-- and since what is known of the birth was written down last?
create function looked(one_subject text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	since bigint := coalesce((select max(b.idx) from register_look l join audit_body b on b.agency_id = l.agency_id and b.leaf = l.leaf
		where l.subject_id = one_subject and l.agency_id = agency()), -1);
	record_of text := (select s.adopted_id from subject s where s.id = one_subject and s.agency_id = agency());
	changed bigint := coalesce((select max(b.idx) from audit_body b where b.agency_id = agency() and b.leaf in (
		select w.leaf from casework w where w.id = record_of and w.part = 'particulars' and w.agency_id = agency()
		union all select p.leaf from preference p where p.adopted_id = record_of and p.agency_id = agency())), -1);
begin
	return not exists (select from preference p join audit_body b on b.agency_id = p.agency_id and b.leaf = p.leaf
		where p.agency_id = agency() and no_contact(p.wish) and greatest(b.idx, changed) > since
			and not exists (select from preference n where n.id = p.id and n.agency_id = p.agency_id and n.version > p.version)
			and p.id not in (select k.id from wishes(one_subject) k));
end
$$;

-- hold_register makes a new wish for no contact wait for whoever looks through the register or approaches somebody, and these for it, so that what comes
-- first in the log was there for what comes after. It is taken after the gates.
create function hold_register(alone bool) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if alone then
		perform pg_advisory_xact_lock(hashtextextended('gatepost register ' || agency(), 0));
	else
		perform pg_advisory_xact_lock_shared(hashtextextended('gatepost register ' || agency(), 0));
	end if;
end
$$;

-- As before, and: it waits for those who look.
create or replace function preference_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	was preference;
begin
	perform by_intermediary(new.worker_id, true);
	perform hold_gate(new.adopted_id, null);
	if no_contact(new.wish) then
		perform hold_register(true);
	end if;
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

create function register_look_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform by_intermediary(new.worker_id, true);
	perform hold_gate((select s.adopted_id from subject s where s.id = new.subject_id and s.agency_id = new.agency_id), new.subject_id);
	perform hold_register(true);
	return new;
end
$$;
create trigger register_look_by_right before insert on register_look for each row execute function register_look_by_right();

create function wish_word_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	entry preference;
	was wish_word;
begin
	perform by_intermediary(new.worker_id, true);
	perform hold_gate((select s.adopted_id from subject s where s.id = new.subject_id and s.agency_id = new.agency_id), new.subject_id);
	select * into entry from preference p where p.id = new.preference_id and p.agency_id = new.agency_id order by p.version desc limit 1;
	if new.preference_version is distinct from entry.version then
		raise exception 'a newer entry' using errcode = '23505', constraint = 'register_newer';
	end if;
	select * into was from wish_word w where w.subject_id = new.subject_id and w.preference_id = new.preference_id and w.agency_id = new.agency_id order by w.version desc limit 1;
	if new.version <> coalesce(was.version, 0) + 1 or was.id is not null and was.id <> new.id then
		raise exception 'a newer word' using errcode = '23505', constraint = 'register_version';
	end if;
	if was.says = 'other' and new.says = 'other' and was.worker_id = new.worker_id and was.preference_version = new.preference_version then
		raise exception 'a second worker' using errcode = '23514', constraint = 'register_second';
	end if;
	if new.says = 'other' then -- whoever knows somebody there takes no protection away
		perform unconnected(entry.adopted_id);
		-- Their own, and a relative's of theirs, concerns every case about them: two sign for it, one of them a manager.
		if exists (select from subject s where s.id = new.subject_id and s.agency_id = new.agency_id and (s.adopted_id = entry.adopted_id
				or exists (select from register_word w join preference o on o.agency_id = w.agency_id and o.id = w.part1_id
					where w.agency_id = s.agency_id and w.part2_id = entry.id and o.adopted_id = s.adopted_id and linked(w.id, w.part1_version, w.part2_version)))) then
			raise exception 'a wish of this very case' using errcode = '23514', constraint = 'wish_own';
		end if;
	end if;
	return new;
end
$$;
create trigger wish_word_by_right before insert on wish_word for each row execute function wish_word_by_right();

-- As before, and: our own register was looked through, and no wish there stands against the case unless two have signed it.
create or replace function may_go_on(a application, s subject) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	perform hold_register(false);
	if fact_of(a.adopted_id, 'order') is distinct from 'pre' or coalesce(fact_of(a.adopted_id, 'juris'), '') not in ('E', 'W') or a.pair = 'other'
		or fact_of(a.id, 'appAge') is distinct from 'ge18' or fact_of(s.id, 'subjAge') is distinct from 'ge18' or fact_of(a.adopted_id, 'apAge') is distinct from 'ge18' then
		raise exception 'somebody is under age, or may not ask' using errcode = '23514', constraint = 'gate_age';
	end if;
	if fact_of(a.id, 'reg11') is distinct from 'passed' or coalesce(fact_of(a.id, 'met'), 'no') not in ('inPerson', 'liveVideo')
		or a.pair = 'AP>REL' and fact_of(a.id, 'linkProven') is distinct from 'yes'
		or fact_of(a.id, 'repAuthority') is distinct from 'yes' and exists (select from party p where p.agency_id = a.agency_id and p.file = a.id and p.kind = 'representative') then
		raise exception 'the applicant was not met and verified' using errcode = '23514', constraint = 'gate_met';
	end if;
	if fact_of(s.id, 'approp') is distinct from 'yes' then
		raise exception 'nobody has decided that it is right' using errcode = '23514', constraint = 'gate_decided';
	end if;
	if fact_of(s.id, 'acr') is distinct from 'checked' or not looked(s.id)
		or fact_of(s.id, 'acrNoContact') is distinct from 'no' and not signed_off(s.id, null, 'a30') or wished(s.id) and not wish_signed(s.id) then
		raise exception 'nobody has decided that it is right' using errcode = '23514', constraint = 'gate_decided';
	end if;
	if coalesce(fact_of(a.id, 'aaa'), 'pending') not in ('self', 'answered', 'exhausted') then
		raise exception 'the agency of the adoption was not asked' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if a.pair in ('REL>PR', 'PR>REL') and (coalesce(fact_of(a.id, 'apConsent'), '') not in ('given', 'died', 'incapable', 'untraced')
		or (fact_of(a.id, 'apConsent') <> 'given' or fact_of(a.adopted_id, 'apVital') in ('died', 'incapable')) and (not signed_off(s.id, null, case a.pair when 'REL>PR' then 'a18' else 'a19' end)
			or exists (select from fact f where f.agency_id = a.agency_id and f.on_id = a.id and f.name = 'apConsent' and f.value in ('refused', 'withdrawn')
				and f.version > coalesce((select max(o.version) from fact o where o.agency_id = f.agency_id and o.on_id = f.on_id and o.name = f.name and o.value = 'given' and o.confirms is not null), 0)))
		or fact_of(a.adopted_id, 'juris') = 'W' and not signed_off(s.id, null, 'a14a')) then
		raise exception 'the adopted person does not let it go on' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if a.pair = 'AP>REL' then
		return;
	end if;
	if (fact_of(a.id, 'vetoAnswer') in ('qualified', 'absolute') or vetoed(a.adopted_id) > 0) and (a.pair = 'PR>REL' and not veto_lifted(a, s)
		or a.pair <> 'PR>REL' and fact_of(a.adopted_id, 'juris') = 'W' and not signed_off(s.id, null, 'a14')) then
		raise exception 'a veto that only two may sign for, by law that was read' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if a.pair <> 'PR>REL' and (judged(a.id, 'qualified') <= vetoed(a.adopted_id) or fact_of(a.id, 'vetoAnswer') = 'qualified' and judged(a.id, 'qualified') <= judged(a.id, 'vetoAnswer')) then
		raise exception 'a veto that nobody has judged' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if fact_of(a.id, 'aaa') = 'self' then
		return;
	end if;
	if coalesce(fact_of(a.id, 'vetoAnswer'), 'unknown') = 'unknown' and not signed_off(s.id, null, 'a25')
		or fact_of(a.id, 'vetoAnswer') is not null and (not exists (select from fact f join audit_body b on b.agency_id = f.agency_id and b.leaf = f.leaf
				where f.agency_id = a.agency_id and f.on_id = a.id and f.name = 'vetoAnswer' and b.at > now() - interval '16 days')
			or judged(a.id, 'vetoAnswer') <= approached(a.id)) then
		raise exception 'no fresh answer about a veto' using errcode = '23514', constraint = 'gate_fresh';
	end if;
end
$$;

-- An adopted person who wants no contact with anybody is not asked to consent to it, whoever signs: they say so themselves if they think otherwise.
create function asking_wished() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform hold_register(false); -- the gates are held: triggers fire by their names
	if exists (select from subject s join preference p on p.agency_id = s.agency_id and p.adopted_id = s.adopted_id where s.id = new.subject_id and s.agency_id = new.agency_id
			and p.wish = 'noContactAll' and not exists (select from preference n where n.agency_id = p.agency_id and n.id = p.id and n.version > p.version)) then
		raise exception 'they want no contact' using errcode = '23514', constraint = 'asking_wished';
	end if;
	return new;
end
$$;
create trigger asking_wished before insert on asking for each row when (new.outcome <> 'theirs' and new.what = 'consent') execute function asking_wished();

-- As before, and: letters after consent rest while a wish for no contact stands that came after they began, unless two have signed for it.
create or replace function mediated_closed(one_exchange text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return coalesce((select not may_meet(m.application_id, m.subject_id) or wished(m.subject_id) and not wish_signed(m.subject_id)
			and exists (select from wishes(m.subject_id) p join audit_body b on b.agency_id = p.agency_id and b.leaf = p.leaf
				join audit_body o on o.agency_id = m.agency_id and o.leaf = m.leaf where no_contact(p.wish) and b.idx > o.idx)
		from mediated m where m.agency_id = agency() and m.exchange_id = one_exchange), false);
end
$$;
create function wish_stops() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	update letter l set stop = true from mediated m where m.agency_id = new.agency_id and l.agency_id = m.agency_id and l.exchange_id = m.exchange_id
		and (m.subject_id = to_jsonb(new) ->> 'subject_id' or to_jsonb(new) ->> 'wish' is not null and exists (select from wishes(m.subject_id) k where k.id = new.id))
		and l.state in ('passed', 'waiting', 'keptForLater', 'recalled', 'undeliverable') and not l.stop and mediated_closed(m.exchange_id);
	return null;
end
$$;
create constraint trigger wish_stops after insert on preference deferrable initially deferred for each row when (no_contact(new.wish)) execute function wish_stops();
create constraint trigger wish_stops after insert on wish_word deferrable initially deferred for each row when (new.says <> 'other') execute function wish_stops();

-- Whoever knows somebody in one of two records that are about one child knows them in the other.
create function connected_here(adopted_person text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from case_connection c where c.agency_id = agency() and c.adopted_id = adopted_person and c.worker_id = account())
		or exists (select from worker w join party p on p.agency_id = w.agency_id and p.person_id = w.person_id
			join application a on a.agency_id = p.agency_id and a.id = p.application_id
			where w.agency_id = agency() and w.id = account() and a.adopted_id = adopted_person));
end
$$;
create or replace function connected(adopted_person text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return connected_here(adopted_person) or exists (select from preference p join register_word w on w.agency_id = p.agency_id and p.id in (w.part1_id, w.part2_id)
			join preference o on o.agency_id = w.agency_id and o.id in (w.part1_id, w.part2_id) and o.adopted_id <> p.adopted_id
		where p.adopted_id = adopted_person and p.agency_id = agency() and connected_here(o.adopted_id) and linked(w.id, w.part1_version, w.part2_version));
end
$$;

-- That somebody was asked about their address is a worker's signed word too.
alter table preference_prompt add column leaf digest,
	add foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred;
create or replace function preference_prompt_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform by_intermediary(new.worker_id, true);
	perform unconnected((select p.adopted_id from preference p where p.id = new.preference_id and p.version = new.version and p.agency_id = new.agency_id));
	if new.leaf is null then
		raise exception 'nobody signed it' using errcode = '23514', constraint = 'preference_prompt_signed';
	end if;
	return new;
end
$$;

-- As before, and: who asks for protection is protected by everybody's waiting until a second person has looked whose record it was put on. One person
-- names the record, and a stop begins there at once; another says that it is right, and then it is taken.
create or replace function intake_moves() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	became casework;
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
	select * into became from casework w where w.agency_id = new.agency_id and w.id = new.id and w.part = 'became' order by w.version desc limit 1;
	if new.state = 'taken' and became.id is null and not (new.purpose = 'search' and exists (select from application a where a.agency_id = new.agency_id and a.intake_id = new.id))
		or new.state = 'declined' and not exists (select from casework w where w.agency_id = new.agency_id and w.id = new.id and w.part = 'declined') then
		raise exception 'nothing says what became of it' using errcode = '23514', constraint = 'intake_became';
	end if;
	if new.state = 'taken' and new.purpose = 'veto' then
		if not exists (select from stop p where p.agency_id = new.agency_id and 'case/' || p.adopted_id = became.to_node and p.ended_by is null) then
			raise exception 'what protected everybody ends with a stop' using errcode = '23514', constraint = 'intake_became';
		end if;
		if became.from_node = 'worker/' || account() then
			raise exception 'a second person looks whose it is' using errcode = '23514', constraint = 'intake_second';
		end if;
	end if;
	return new;
end
$$;

do $$
declare
	t text;
begin
	foreach t in array array['register_look', 'wish_word'] loop
		execute format('alter table %I enable row level security', t);
		execute format('alter table %I force row level security', t);
		execute format('create policy staff on %I to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency())', t);
		execute format('grant select on %I to gatepost_backup', t);
		execute format('grant select, insert on %I to gatepost_staff', t);
	end loop;
end
$$;

revoke all on function no_contact(text), wishes(text), wished(text), wish_signed(text), looked(text), hold_register(bool), asking_wished(), wish_stops(), register_look_by_right(), wish_word_by_right(), connected_here(text) from public;
grant execute on function no_contact(text), wishes(text), wished(text), looked(text), hold_register(bool) to gatepost_staff;

reset role;
