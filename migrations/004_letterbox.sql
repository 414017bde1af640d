set local role gatepost_owner;

-- An exchange is a standing relation between two sides about one or more children of one home.
create table exchange (
	agency_id text not null references agency,
	id id not null,
	reference text not null check (reference ~ '^LB-[0-9A-Z]{5}$'),
	state text not null default 'active' check (state in ('active', 'paused', 'ended')),
	restricted bool not null default false,
	opened_by id not null,
	opened_at timestamptz not null default now(),
	primary key (agency_id, id),
	constraint exchange_reference unique (reference, agency_id),
	foreign key (agency_id, opened_by) references worker
);

-- A side is one household's end of one exchange.
create table side (
	agency_id text not null,
	id id not null,
	exchange_id id not null,
	place smallint not null check (place in (1, 2)),
	book text not null check (book in ('birth', 'adoptive')),
	state text not null default 'ready' check (state in ('ready', 'declined', 'addressUnconfirmed', 'deceased')),
	may_send text[] not null default '{}' check (may_send <@ array['letter', 'card', 'photo', 'audio']),
	times_a_year smallint not null default 1 check (times_a_year between 0 and 12),
	months smallint[] not null default '{}' check (months <@ array[1,2,3,4,5,6,7,8,9,10,11,12]::smallint[]),
	primary key (agency_id, id),
	constraint side_two unique (exchange_id, place, agency_id),
	constraint side_exchange unique (exchange_id, id, agency_id),
	foreign key (agency_id, exchange_id) references exchange
);
create table side_member (
	agency_id text not null,
	side_id id not null,
	person_id id not null,
	since date not null default current_date,
	leaf digest not null,
	primary key (agency_id, side_id, person_id),
	foreign key (agency_id, side_id) references side,
	foreign key (agency_id, person_id) references person,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
comment on column side_member.leaf is 'the worker''s statement that this person is on this side: no key of the side is granted without it';
create index side_member_person on side_member (person_id, agency_id);

create table child (
	agency_id text not null references agency,
	id id not null,
	primary key (agency_id, id)
);
create table exchange_child (
	agency_id text not null,
	exchange_id id not null,
	child_id id not null,
	relays_end_on date not null check (extract(day from relays_end_on) = 1),
	primary key (agency_id, exchange_id, child_id),
	foreign key (agency_id, exchange_id) references exchange,
	foreign key (agency_id, child_id) references child
);
comment on column exchange_child.relays_end_on is 'first of the month before the month of the eighteenth birthday: late enough to serve, too coarse to be a birth date';

-- A worker who is connected to a family decides nothing about its letters.
create table connection (
	agency_id text not null,
	exchange_id id not null,
	worker_id id not null,
	declared_at timestamptz not null default now(),
	primary key (agency_id, exchange_id, worker_id),
	foreign key (agency_id, exchange_id) references exchange,
	foreign key (agency_id, worker_id) references worker
);

-- Everything sealed. Rows are written once; a new version is a new row. No object without its signed leaf.
create table object (
	agency_id text not null references agency,
	id id not null,
	part text not null check (part ~ '^[a-z]{1,20}$'),
	version int not null check (version > 0),
	kind text not null check (kind in ('submission', 'delivery', 'reason', 'proposal', 'names', 'ownlist', 'parties', 'list', 'decision', 'worknote')),
	exchange_id id,
	side_id id,
	from_node text not null,
	to_node text not null,
	sealed bytea not null check (octet_length(sealed) < 32 * 1024 * 1024),
	commit bytea not null check (octet_length(commit) = 32),
	leaf digest not null,
	created date not null default current_date,
	retain_until date,
	primary key (id, part, version, agency_id),
	foreign key (agency_id, exchange_id) references exchange,
	foreign key (agency_id, side_id) references side,
	constraint object_leaf foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
alter table object alter column sealed set storage external;
create index object_exchange on object (exchange_id, agency_id);

-- A draft is nobody's business but the writer's side: no leaf, and gone after 90 days.
create table draft (
	agency_id text not null,
	id id not null,
	exchange_id id not null,
	side_id id not null,
	author id not null,
	replaces id,
	shared bool not null,
	sealed bytea not null check (octet_length(sealed) < 4 * 1024 * 1024),
	mac digest not null,
	version int not null check (version > 0),
	updated_at timestamptz not null default now(),
	expires_on date not null,
	primary key (agency_id, id),
	foreign key (agency_id, exchange_id, side_id) references side (agency_id, exchange_id, id),
	foreign key (agency_id, author) references person
);
comment on column draft.mac is 'anybody can seal to a public key; only who holds the side''s or the writer''s own key can make this';
comment on column draft.id is 'the letter that it becomes has the same twenty characters behind its prefix: two clicks on send make one letter';
create index draft_side on draft (side_id, agency_id);
create unique index draft_replaces on draft (replaces, agency_id);

create table letter (
	agency_id text not null,
	id id not null,
	exchange_id id not null,
	from_side id not null,
	to_side id not null,
	author id not null,
	state text not null check (state in ('received', 'held', 'escalated', 'returned', 'replaced', 'refused', 'keptOnFile',
		'withdrawn', 'passed', 'waiting', 'keptForLater', 'opened', 'recalled', 'undeliverable', 'stoppedAt18')),
	-- What the writer is told. It never says that the letter was opened, nor that a safeguarding lead has it.
	told text not null generated always as (case
		when state in ('received', 'held', 'escalated') then 'withUs'
		when state in ('passed', 'waiting', 'keptForLater', 'opened') then 'passedOn'
		when state in ('recalled', 'undeliverable') then 'backWithUs'
		when state = 'stoppedAt18' then 'keptOnFile'
		else state end) stored,
	submitted_at timestamptz not null default now(),
	submitted_on date not null default current_date,
	hear_by date not null,
	replaces id,
	stop bool not null default false,
	visible_on date,
	decided_on date,
	primary key (agency_id, id),
	constraint letter_two_sides check (from_side <> to_side),
	constraint letter_replaces_once unique (replaces, agency_id),
	foreign key (agency_id, exchange_id, from_side) references side (agency_id, exchange_id, id),
	foreign key (agency_id, exchange_id, to_side) references side (agency_id, exchange_id, id),
	foreign key (agency_id, replaces) references letter,
	foreign key (agency_id, author) references person
);
create index letter_queue on letter (agency_id, submitted_at) where state in ('received', 'held', 'recalled', 'undeliverable');
create index letter_exchange on letter (exchange_id, submitted_at);
create index letter_from on letter (from_side, submitted_on);
create index letter_author on letter (author, submitted_on);

create table letter_helper (
	agency_id text not null,
	letter_id id not null,
	worker_id id not null,
	primary key (agency_id, letter_id, worker_id),
	foreign key (agency_id, letter_id) references letter,
	foreign key (agency_id, worker_id) references worker
);
create table claim (
	agency_id text not null,
	letter_id id not null,
	worker_id id not null,
	until timestamptz not null,
	primary key (agency_id, letter_id),
	foreign key (agency_id, letter_id) references letter,
	foreign key (agency_id, worker_id) references worker
);
create index claim_worker on claim (worker_id, agency_id);

-- The final decision about a letter: one, by one worker.
create table decision (
	agency_id text not null,
	letter_id id not null,
	worker_id id not null,
	act text not null check (act in ('pass', 'return', 'refuse', 'keepOnFile')),
	decided_at timestamptz not null default now(),
	leaf digest not null,
	primary key (agency_id, letter_id),
	foreign key (agency_id, letter_id) references letter,
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);

create table delivery (
	agency_id text not null,
	id id not null,
	letter_id id not null,
	side_id id not null,
	part text not null default 'text' check (part = 'text'),
	version int not null default 1 check (version = 1),
	passed_on date not null default current_date,
	primary key (agency_id, id),
	constraint delivery_once unique (letter_id, agency_id),
	foreign key (agency_id, letter_id) references letter,
	foreign key (agency_id, side_id) references side,
	foreign key (agency_id, id, part, version) references object (agency_id, id, part, version) deferrable initially deferred
);
create index delivery_side on delivery (side_id, passed_on);

-- The moves of a letter. The same table stands in Go and in the printed diagram; a test compares the three.
create table letter_move (
	from_state text not null,
	act text not null,
	to_state text not null,
	role text not null check (role in ('correspondent', 'letterboxWorker', 'safeguardingLead', 'manager', 'clock')),
	primary key (from_state, act, role)
);
insert into letter_move (from_state, act, to_state, role) values
	('', 'submit', 'received', 'correspondent'),
	('received', 'pass', 'passed', 'letterboxWorker'),
	('received', 'return', 'returned', 'letterboxWorker'),
	('returned', 'replace', 'replaced', 'correspondent'),
	('passed', 'show', 'waiting', 'clock'),
	('waiting', 'open', 'opened', 'correspondent');

-- The functions below are plpgsql on purpose: it keeps a plan for the session, where SQL that is not inlined is planned at every use.

-- has_role: may this session move a letter in that role? A worker's roles are read from their row, not taken from the program.
create function has_role(wanted text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select case
		when session_user = 'gatepost_public' then wanted = 'correspondent'
		when session_user = 'gatepost_staff' and wanted = 'clock' then true
		when session_user = 'gatepost_staff' then exists (
			select from worker w where w.agency_id = agency() and w.id = account() and w.state = 'active' and wanted = any (w.roles))
		else false end);
end
$$;

-- my_side: is the account of this request on that side?
create function my_side(side text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from side_member m where m.agency_id = agency() and m.side_id = side and m.person_id = account()));
end
$$;

-- granted_side: is the account on that side, and has a worker granted it the side's key after a call? Somebody on hold is on a side
-- and has no key; they see nothing of it but their own drafts.
create function granted_side(side text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from side_member m join ring_grant_person g on g.agency_id = m.agency_id and g.child = 'side/' || m.side_id
		where m.agency_id = agency() and m.side_id = side and m.person_id = account() and g.parent = 'person/' || account()));
end
$$;

create function letter_moves() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	was text := '';
begin
	if tg_op = 'UPDATE' then
		if new.state = old.state then
			return new;
		end if;
		was := old.state;
	end if;
	if not exists (select from letter_move m where m.from_state = was and m.to_state = new.state and has_role(m.role)) then
		raise exception 'no such move' using errcode = '23514', constraint = 'letter_move';
	end if;
	if new.state in ('passed', 'returned') and not exists (
		select from decision d where d.agency_id = new.agency_id and d.letter_id = new.id
			and d.act = case new.state when 'passed' then 'pass' else 'return' end) then
		raise exception 'no decision' using errcode = '23514', constraint = 'letter_decided';
	end if;
	return new;
end
$$;
create trigger letter_moves before insert or update on letter for each row execute function letter_moves();

-- Who decides: an active worker of this agency with the role, in their own name, no party to the exchange and no helper of the writer.
create function decision_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	x text;
begin
	select l.exchange_id into strict x from letter l where l.agency_id = new.agency_id and l.id = new.letter_id for update;
	if new.worker_id is distinct from account() or not has_role('letterboxWorker') then
		raise exception 'not a deciding worker' using errcode = '23514', constraint = 'decision_worker';
	end if;
	if exists (select from connection c where c.agency_id = new.agency_id and c.exchange_id = x and c.worker_id = new.worker_id)
		or exists (select from worker w join side_member m on m.agency_id = w.agency_id and m.person_id = w.person_id
			join side s on s.agency_id = m.agency_id and s.id = m.side_id
			where w.agency_id = new.agency_id and w.id = new.worker_id and s.exchange_id = x) then
		raise exception 'a party to the exchange' using errcode = '23514', constraint = 'decision_party';
	end if;
	if exists (select from letter_helper h where h.agency_id = new.agency_id and h.letter_id = new.letter_id and h.worker_id = new.worker_id) then
		raise exception 'helped to write' using errcode = '23514', constraint = 'decision_helper';
	end if;
	return new;
end
$$;
create trigger decision_by_right before insert on decision for each row execute function decision_by_right();

-- A delivery rests on exactly one pass decision, goes to the other side of the same exchange, and only while its children are under age.
create function delivery_by_decision() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	l letter;
begin
	select * into strict l from letter where agency_id = new.agency_id and id = new.letter_id for update;
	if (select count(*) from decision d where d.agency_id = new.agency_id and d.letter_id = new.letter_id and d.act = 'pass') <> 1 then
		raise exception 'no pass decision' using errcode = '23514', constraint = 'delivery_decision';
	end if;
	if new.side_id <> l.to_side then
		raise exception 'not the other side' using errcode = '23514', constraint = 'delivery_side';
	end if;
	if exists (select from exchange x where x.agency_id = l.agency_id and x.id = l.exchange_id and x.state <> 'active')
		or exists (select from side s where s.agency_id = l.agency_id and s.id = l.to_side and s.state <> 'ready')
		or l.stop then
		raise exception 'not to be passed on now' using errcode = '23514', constraint = 'delivery_open';
	end if;
	if exists (select from exchange_child c where c.agency_id = l.agency_id and c.exchange_id = l.exchange_id and c.relays_end_on <= current_date) then
		raise exception 'a child comes of age' using errcode = '23514', constraint = 'delivery_age';
	end if;
	return new;
end
$$;
create trigger delivery_by_decision before insert on delivery for each row execute function delivery_by_decision();

-- At commit: a letter that was passed on has its delivery.
create function letter_delivered() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if new.state in ('passed', 'waiting', 'keptForLater', 'opened')
		and not exists (select from delivery d where d.agency_id = new.agency_id and d.letter_id = new.id) then
		raise exception 'passed without a delivery' using errcode = '23514', constraint = 'letter_delivery';
	end if;
	return null;
end
$$;
create constraint trigger letter_delivered after insert or update of state on letter deferrable initially deferred
	for each row execute function letter_delivered();

-- What a recipient may know of a letter: that it waits, once it may be seen.
create function delivery_state(delivery text) returns text
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select case when l.state in ('waiting', 'keptForLater', 'opened') and l.visible_on <= current_date
			and (l.state = 'opened' or not l.stop) then l.state end
	from delivery d join letter l on l.agency_id = d.agency_id and l.id = d.letter_id
	where d.agency_id = agency() and d.id = delivery);
end
$$;

-- my_deliveries lists what has come to the sides of this account, or to one of them: delivery_state for a whole page.
create function my_deliveries(only_side text) returns table (id text, side_id text, passed_on date, opened bool)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select d.id::text, d.side_id::text, d.passed_on, l.state = 'opened'
	from side_member m join delivery d on d.agency_id = m.agency_id and d.side_id = m.side_id
		join letter l on l.agency_id = d.agency_id and l.id = d.letter_id
	where m.agency_id = agency() and m.person_id = account() and (only_side = '' or m.side_id = only_side) and granted_side(m.side_id)
		and l.state in ('waiting', 'keptForLater', 'opened') and l.visible_on <= current_date and (l.state = 'opened' or not l.stop)
	order by d.passed_on desc, d.id limit 200;
end
$$;

-- open_delivery is a recipient's one move: flag, date and age are looked at in the UPDATE that opens. Opening twice is reading again.
create function open_delivery(delivery text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	d delivery;
begin
	select * into d from delivery x where x.agency_id = agency() and x.id = open_delivery.delivery and granted_side(x.side_id);
	if not found or delivery_state(delivery) is null then
		raise exception 'no such letter' using errcode = 'GP404';
	end if;
	update letter l set state = 'opened' where l.agency_id = d.agency_id and l.id = d.letter_id
		and l.state in ('waiting', 'keptForLater') and not l.stop and l.visible_on <= current_date
		and not exists (select from exchange_child c where c.agency_id = l.agency_id and c.exchange_id = l.exchange_id and c.relays_end_on <= current_date);
	if not found and not exists (select from letter l where l.agency_id = d.agency_id and l.id = d.letter_id and l.state = 'opened') then
		raise exception 'not to be opened now' using errcode = 'GP410';
	end if;
end
$$;

-- replace_letter ends a returned letter when its rewrite goes in.
create function replace_letter(letter text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	update letter l set state = 'replaced' where l.agency_id = agency() and l.id = replace_letter.letter
		and l.state = 'returned' and granted_side(l.from_side);
	if not found then
		raise exception 'not a returned letter' using errcode = 'GP409';
	end if;
end
$$;

-- letters_today counts what this account has sent today, to a hundred.
create function letters_today() returns int
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select count(*) from (select from letter l where l.agency_id = agency() and l.author = account() and l.submitted_on = current_date limit 100) t);
end
$$;

-- exchange_open: may this side write now? No more is told to the public role about the exchange.
create function exchange_open(exchange text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from exchange x where x.agency_id = agency() and x.id = exchange and x.state = 'active')
		and not exists (select from exchange_child c where c.agency_id = agency() and c.exchange_id = exchange and c.relays_end_on <= current_date));
end
$$;
-- other_side: where a letter from this side goes.
create function other_side(side text) returns text
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select o.id from side s join side o on o.agency_id = s.agency_id and o.exchange_id = s.exchange_id and o.id <> s.id
	where s.agency_id = agency() and s.id = side and my_side(s.id));
end
$$;
create function letter_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if not exchange_open(new.exchange_id)
		or not exists (select from side s where s.agency_id = new.agency_id and s.id = new.from_side and 'letter' = any (s.may_send)) then
		raise exception 'this side may not write now' using errcode = '23514', constraint = 'letter_agreed';
	end if;
	if not exists (select from side_member m where m.agency_id = new.agency_id and m.side_id = new.from_side and m.person_id = new.author) then
		raise exception 'the author is not on this side' using errcode = '23514', constraint = 'letter_author';
	end if;
	return new;
end
$$;
create trigger letter_by_right before insert on letter for each row execute function letter_by_right();

do $$
declare
	t text;
begin
	foreach t in array array['exchange', 'side', 'side_member', 'child', 'exchange_child', 'connection', 'object', 'draft', 'letter',
		'letter_helper', 'claim', 'decision', 'delivery'] loop
		execute format('alter table %I enable row level security', t);
		execute format('alter table %I force row level security', t);
		execute format('create policy staff on %I to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency())', t);
	end loop;
end
$$;
create policy family on side for select to gatepost_public using (agency_id = agency() and my_side(id));
create policy family on side_member for select to gatepost_public using (agency_id = agency() and person_id = account());
create policy family on draft to gatepost_public using (agency_id = agency() and my_side(side_id) and (author = account() or shared and granted_side(side_id)))
	with check (agency_id = agency() and my_side(side_id) and (author = account() or shared and granted_side(side_id)));
create policy family on letter for select to gatepost_public using (agency_id = agency() and granted_side(from_side));
create policy write on letter for insert to gatepost_public
	with check (agency_id = agency() and granted_side(from_side) and author = account() and state = 'received' and to_side = other_side(from_side) and not stop and visible_on is null);
create policy family on delivery for select to gatepost_public using (agency_id = agency() and granted_side(side_id) and delivery_state(id) is not null);
create policy family on object for select to gatepost_public using (agency_id = agency() and granted_side(side_id)
	and (kind in ('submission', 'reason', 'proposal', 'names', 'ownlist') or (kind = 'delivery' and delivery_state(id) = 'opened')));
create policy write on object for insert to gatepost_public with check (agency_id = agency() and kind = 'submission' and granted_side(side_id));

-- A trigger fires for whoever may write its table; nobody calls its function.
revoke all on function letter_moves(), decision_by_right(), delivery_by_decision(), letter_delivered(), letter_by_right() from public;
revoke all on function has_role(text), granted_side(text), my_side(text), delivery_state(text), my_deliveries(text), letters_today(), open_delivery(text), replace_letter(text), exchange_open(text), other_side(text) from public;
grant execute on function my_side(text), granted_side(text), delivery_state(text), my_deliveries(text), letters_today(), open_delivery(text), replace_letter(text), exchange_open(text), other_side(text) to gatepost_public;
grant execute on function has_role(text), my_side(text), delivery_state(text), exchange_open(text), other_side(text) to gatepost_staff;

grant select (agency_id, id, exchange_id, place, may_send, times_a_year, months) on side to gatepost_public;
grant select on side_member to gatepost_public;
grant select, insert, delete on draft to gatepost_public;
grant update (shared, sealed, mac, version, updated_at, expires_on) on draft to gatepost_public;
grant select (agency_id, id, exchange_id, from_side, author, told, submitted_on, hear_by, replaces, decided_on) on letter to gatepost_public;
grant insert (agency_id, id, exchange_id, from_side, to_side, author, state, hear_by, replaces) on letter to gatepost_public;
grant select (agency_id, id, side_id, passed_on) on delivery to gatepost_public;
grant select, insert on object to gatepost_public;

grant select, insert on exchange, side, side_member, child, exchange_child, connection, object, letter, letter_helper, claim, decision, delivery, letter_move to gatepost_staff;
grant select on letter_move to gatepost_public;
grant update (state, restricted) on exchange to gatepost_staff;
grant update (state, may_send, times_a_year, months) on side to gatepost_staff;
grant update (state, stop, visible_on, decided_on, hear_by) on letter to gatepost_staff;
grant update (worker_id, until), delete on claim to gatepost_staff;
grant delete on draft to gatepost_retention;
grant select on exchange, side, side_member, child, exchange_child, connection, object, draft, letter, letter_helper, claim, decision, delivery, letter_move to gatepost_backup;

reset role;
