set local role gatepost_owner;

-- Whoever is to be recovered is told first: by mail where they want mail, else by a letter, or not at all for a reason that stands in the row.
-- From the notice a day passes before the paper. A recovery that was agreed on before this has said nothing: it needs the letter.
alter table recovery add column notice text check (notice in ('mail', 'paper')),
	add column posted_by id, add column posted_at timestamptz, add column notice_leaf digest,
	add constraint recovery_posted check ((posted_at is null) = (posted_by is null) and (posted_at is null) = (notice_leaf is null)
		and (posted_at is null or kind = 'person' and held_back is null and posted_at >= agreed_at)),
	add constraint recovery_notice_once unique (notice_leaf, agency_id),
	add foreign key (agency_id, posted_by) references worker,
	add foreign key (agency_id, notice_leaf) references audit_body (agency_id, leaf) deferrable initially deferred;
comment on column recovery.notice is 'how the person is told; null for a worker, and where it was held back';

-- The database sets how they are told, from their own switch, and lets no paper out before they were.
create function recovery_told() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	mails bool;
begin
	if old.notice is not null and new.notice is distinct from old.notice
		or old.posted_at is not null and (new.posted_by, new.posted_at, new.notice_leaf) is distinct from (old.posted_by, old.posted_at, old.notice_leaf) then
		raise exception 'written once' using errcode = '23514', constraint = 'recovery_once';
	end if;
	if old.posted_at is null and new.posted_at is not null then
		if old.state not in ('agreed', 'printed') or new.state <> old.state or new.notice = 'mail' then
			raise exception 'no such move' using errcode = '23514', constraint = 'recovery_move';
		end if;
		if recovery_barred(new.account_id) then
			raise exception 'not this worker''s' using errcode = '23514', constraint = 'person_barred';
		end if;
		if new.posted_by is distinct from account() or not may_recover(new.posted_by, new.account_id) then
			raise exception 'not to be posted so' using errcode = '23514', constraint = 'recovery_worker';
		end if;
	end if;
	if new.kind = 'person' and new.state = 'agreed' and old.state = 'started' and new.held_back is null then
		select c.mail into mails from contact c where c.agency_id = new.agency_id and c.person_id = new.account_id for share;
		new.notice := case when mails then 'mail' else 'paper' end;
	end if;
	if new.state = 'printed' and new.printed_at is distinct from old.printed_at and new.kind = 'person' and new.held_back is null
		and new.notice is distinct from 'mail' and (new.posted_at is null or new.printed_at < new.posted_at + interval '24 hours') then
		raise exception 'not told yet' using errcode = '23514', constraint = 'recovery_notice';
	end if;
	return new;
end
$$;
create trigger recovery_told before update on recovery for each row execute function recovery_told();

-- As before, for every column that was there before: posting is no move.
drop trigger recovery_by_right on recovery;
create trigger recovery_by_right before insert or update of agency_id, id, kind, account_id, what, identity, state, started_by, started_at, start_leaf,
	agreed_by, agreed_at, agree_leaf, held_back, printed_at, redeemed_at, stopped_by, ended_at on recovery for each row execute function recovery_by_right();

-- At commit: that it was posted is the word of the worker who posted it, about this recovery, and rests on the second worker's.
create function recovery_posted_stated() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	word text := (select convert_from(b.body, 'UTF8') from audit_body b where b.agency_id = new.agency_id and b.leaf = new.notice_leaf);
begin
	if coalesce(strpos(word, E'\nobject person/' || new.account_id || E'\npart notice.' || new.what || '.' || new.id || E'\n'), 0) = 0
		or strpos(word, E'\n\u2014 ' || new.agency_id || '/worker/' || new.posted_by || ' ') = 0
		or strpos(word, E'\nrefs ' || encode(new.agree_leaf, 'base64') || E'\n') = 0 then
		raise exception 'not stated' using errcode = '23514', constraint = 'recovery_stated';
	end if;
	return null;
end
$$;
create constraint trigger recovery_posted_stated after update of notice_leaf on recovery deferrable initially deferred
	for each row when (new.notice_leaf is not null) execute function recovery_posted_stated();

revoke all on function recovery_told(), recovery_posted_stated() from public;
grant update (posted_by, posted_at, notice_leaf) on recovery to gatepost_staff;

-- What comes up while mail is off is not forgotten: one notice says so when it is on again.
alter table contact add column missed bool not null default false;
comment on column contact.missed is 'there was something to tell while mail was off. Whether it was looked at since is written down nowhere';

-- As before; and of somebody whose mail is off it is kept that there was something. That row is taken first: whoever switches mail on in the
-- same moment has a notice, or is marked before.
create or replace function notify_person(person text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	made text;
begin
	update contact c set missed = true where c.agency_id = agency() and c.person_id = notify_person.person and not c.mail and not c.missed;
	insert into notice (agency_id, id, person_id)
	select c.agency_id, 'no' || some_chance(20), c.person_id from contact c where c.agency_id = agency() and c.person_id = notify_person.person and c.mail
		and not exists (select from person p where p.agency_id = c.agency_id and p.id = c.person_id and p.state = 'suspended')
	on conflict (person_id, agency_id) where state = 'waiting' do nothing
	returning id into made;
	if made is not null then
		perform enqueue('notice', jsonb_build_object('agency', agency(), 'id', made));
	end if;
end
$$;

-- As before; a person who switches mail on gets what was missed, in the families' role. No role but those of before may call it by itself.
create or replace function enqueue(kind text, args jsonb) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if not (enqueue.kind = any (case session_user
		when 'gatepost_public' then array['notice']
		when 'gatepost_staff' then array['notice']
		when 'gatepost_notify' then array['notice', 'clock']
		else '{}'::text[] end)) then
		raise exception 'not a job of this role' using errcode = '23514', constraint = 'enqueue_kind';
	end if;
	if args - 'agency' - 'id' <> '{}' or args ->> 'agency' is distinct from agency() or coalesce(args ->> 'id', 'xx22222222222222222222') !~ '^[a-z]{2}[a-z2-7]{20}$' then
		raise exception 'a job carries an agency and an id' using errcode = '23514', constraint = 'enqueue_args';
	end if;
	-- Mail has a queue of its own: where it is off, its jobs wait.
	insert into jobs.river_job (kind, args, max_attempts, queue) values (enqueue.kind, enqueue.args, 25, case enqueue.kind when 'notice' then 'mail' else 'default' end);
end
$$;

create function contact_on() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	update contact c set missed = false where c.agency_id = new.agency_id and c.person_id = new.person_id;
	perform notify_person(new.person_id);
	return null;
end
$$;
create trigger contact_on after update of mail on contact for each row when (new.mail and not old.mail and old.missed) execute function contact_on();

revoke all on function contact_on() from public;
grant update (missed) on contact to gatepost_notify;

-- A safeguarding lead who knows the family gives no letter of theirs back, as they decide about none.
create function letter_handed_back() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if is_party(new.exchange_id) then
		raise exception 'a party to the exchange' using errcode = '23514', constraint = 'letter_connected';
	end if;
	return new;
end
$$;
create trigger letter_handed_back before update of state on letter for each row when (old.state = 'escalated' and new.state = 'received')
	execute function letter_handed_back();
revoke all on function letter_handed_back() from public;

reset role;
