-- Notices by mail, the jobs that send them, and nudges to open desks.

-- What the clock does is dated as the families' dates are.
do $$
begin
	alter role gatepost_notify set timezone = 'Europe/London';
	alter role gatepost_notify set idle_in_transaction_session_timeout = '30s';
	alter role gatepost_notify set statement_timeout = '60s';
exception when insufficient_privilege then
	raise notice 'whoever may alter roles has to run once: alter role gatepost_notify set timezone = ''Europe/London''';
end
$$;

-- The queue of jobs has a schema of its own. Its tables are River's, made by River's own migrations right after these.
create schema jobs authorization gatepost_owner;

set local role gatepost_owner;

grant usage on schema jobs to gatepost_notify, gatepost_backup;

-- One switch for each person, in clear: may we send mail? Where to stands sealed in the object that the row names.
create table contact (
	agency_id text not null references agency,
	person_id id not null,
	mail bool not null,
	part text not null default 'contact' check (part = 'contact'),
	version int not null check (version > 0),
	primary key (agency_id, person_id),
	foreign key (agency_id, person_id) references person,
	constraint contact_sealed foreign key (agency_id, person_id, part, version) references object (agency_id, id, part, version) deferrable initially deferred
);
comment on column contact.mail is 'switched off, nothing is sent and nothing is forgotten: the details stay sealed where they are';

-- The outbox: something waits for this person, and the mail that says so. A row that is sent is never sent again.
-- sending: a server has been asked. What comes up from then on is a new notice, for the person may have looked in between.
create table notice (
	agency_id text not null references agency,
	id id not null,
	person_id id not null,
	state text not null default 'waiting' check (state in ('waiting', 'sending', 'sent', 'off')),
	due timestamptz not null default now(),
	created timestamptz not null default now(),
	sent_at timestamptz,
	error text check (error ~ '^[a-z]{1,20}$'),
	primary key (agency_id, id),
	constraint notice_ended check ((state in ('sent', 'off')) = (sent_at is not null)),
	foreign key (agency_id, person_id) references person
);
comment on column notice.error is 'a code of our own: the words of a mail server can quote an address';
create unique index notice_one_waiting on notice (person_id, agency_id) where state = 'waiting';
create index notice_ended on notice (sent_at) where sent_at is not null;

create function notice_moves() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
	if old.state in ('sent', 'off') or old.state = 'sending' and new.state = 'waiting' then
		raise exception 'no such move' using errcode = '23514', constraint = 'notice_move';
	end if;
	return new;
end
$$;
create trigger notice_moves before update of state on notice for each row execute function notice_moves();

-- What a desk listens for: a random word for each agency. Any role can overhear or forge it, so it says nothing and does nothing but a reload.
create table desk_topic (
	agency_id text primary key references agency,
	topic text not null check (topic ~ '^[a-z2-7]{26}$')
);

alter table object drop constraint object_kind_check;
alter table object add constraint object_kind check (kind in ('submission', 'delivery', 'reason', 'proposal', 'names', 'ownlist', 'parties', 'list',
	'decision', 'worknote', 'contact', 'referral', 'agreement', 'message'));

-- some_chance is n characters of base32, five random bits each: the id of a row that the database makes itself.
create function some_chance(n int) returns text
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	-- 122 random bits each, spread over their bytes by the hash.
	bytes bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
begin
	return (select string_agg(substr('abcdefghijklmnopqrstuvwxyz234567', (get_byte(bytes, i) & 31) + 1, 1), '') from generate_series(0, n - 1) i);
end
$$;

-- enqueue is the only way into the queue: River's tables are closed to every role but the one that works them, for whoever may
-- insert a job there may change every other. A job carries an agency and an id and nothing else, and looks everything up again.
create function enqueue(kind text, args jsonb) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if not (enqueue.kind = any (case session_user
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

-- notify_person: something waits for this person, or has changed; nobody who is suspended is told. One notice waits at a time, whatever happens meanwhile.
create function notify_person(person text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	made text;
begin
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

-- notify_side: the same for everybody on a side who has been granted its key and is no longer, or not again, on hold. In the order of their ids, so that two acts do not wait for each other.
create function notify_side(side text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	perform notify_person(m.person_id) from (select x.person_id from side_member x join person p on p.agency_id = x.agency_id and p.id = x.person_id and p.state = 'active'
		where x.agency_id = agency() and x.side_id = notify_side.side
		and exists (select from ring_grant_person g where g.agency_id = x.agency_id and g.child = 'side/' || x.side_id and g.parent = 'person/' || x.person_id)
		order by x.person_id) m;
end
$$;

-- desk_topic is the word that this agency's desks listen for, made at its first use.
create function desk_topic() returns text
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	insert into desk_topic (agency_id, topic) select agency(), some_chance(26)
	where agency() is not null and not exists (select from desk_topic t where t.agency_id = agency())
	on conflict do nothing;
	return (select t.topic from desk_topic t where t.agency_id = agency());
end
$$;

-- nudge_desk tells this agency's open desks to look again, when the act commits.
create function nudge_desk() returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	perform pg_notify('gatepost', desk_topic());
end
$$;

-- has_role as before, and the clock's own role: it moves a letter only where letter_move says so for the clock.
create or replace function has_role(wanted text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select case
		when session_user = 'gatepost_public' then wanted = 'correspondent'
		when session_user in ('gatepost_staff', 'gatepost_notify') and wanted = 'clock' then true
		when session_user = 'gatepost_staff' then exists (
			select from worker w where w.agency_id = agency() and w.id = account() and w.state = 'active' and wanted = any (w.roles))
		else false end);
end
$$;

do $$
declare
	t text;
begin
	foreach t in array array['contact', 'notice', 'desk_topic'] loop
		execute format('alter table %I enable row level security', t);
		execute format('alter table %I force row level security', t);
		execute format('create policy agency on %I to gatepost_notify, gatepost_owner using (agency_id = agency()) with check (agency_id = agency())', t);
	end loop;
end
$$;
create policy own on contact to gatepost_public using (agency_id = agency() and person_id = account()) with check (agency_id = agency() and person_id = account());
create policy own on object for select to gatepost_public using (agency_id = agency() and kind = 'contact' and id = account());
create policy state on object for insert to gatepost_public with check (agency_id = agency() and kind = 'contact' and id = account() and part = 'contact'
	and exchange_id is null and side_id is null);
create policy mail on object for select to gatepost_notify using (agency_id = agency() and kind = 'contact');
create policy agency on node for select to gatepost_notify using (agency_id = agency());

revoke all on function notice_moves(), some_chance(int), enqueue(text, jsonb), notify_person(text), notify_side(text), desk_topic(), nudge_desk() from public;
grant execute on function enqueue(text, jsonb), notify_person(text), notify_side(text) to gatepost_staff, gatepost_notify;
grant execute on function desk_topic() to gatepost_staff;
grant execute on function nudge_desk() to gatepost_public, gatepost_staff, gatepost_notify;
grant execute on function leaf_body(bytea) to gatepost_notify;

grant select, insert on contact to gatepost_public;
grant update (mail, version) on contact to gatepost_public;
grant select on contact, object, node, schema_version to gatepost_notify;
grant select, delete on notice to gatepost_notify;
grant update (state, due, sent_at, error) on notice to gatepost_notify;
grant select on contact, notice, desk_topic to gatepost_backup;

reset role;
