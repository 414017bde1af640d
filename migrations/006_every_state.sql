set local role gatepost_owner;

-- A letter on hold has a day on which it is looked at again. A second opinion is asked for once. A letter on paper was typed in by a worker.
alter table letter
	add column held_until date,
	add column second bool not null default false,
	add column paper bool not null default false,
	add constraint letter_held check ((state = 'held') = (held_until is not null));
-- At eighteen what the writer was told stays as it was: anything else would say of a letter whether it had been opened. Only what was back
-- with us by then, which can be told, is kept on file.
alter table letter add column back bool not null default false;
alter table letter drop column told;
alter table letter add column told text not null generated always as (case
	when state in ('received', 'held', 'escalated') then 'withUs'
	when state in ('recalled', 'undeliverable') then 'backWithUs'
	when state = 'stoppedAt18' and back then 'keptOnFile'
	when state in ('passed', 'waiting', 'keptForLater', 'opened', 'stoppedAt18') then 'passedOn'
	else state end) stored;
comment on column letter.back is 'it was recalled or could not be delivered when a child came of age';
grant select (told) on letter to gatepost_public;
alter table exchange add column delay_days smallint not null default 0 constraint exchange_delay check (delay_days between 0 and 14);
comment on column exchange.delay_days is 'for so many days a letter that was passed on is not shown yet, so that anything new can stop it';
alter table delivery add column posted_on date;
create index letter_stopped on letter (agency_id, submitted_at) where stop and state in ('passed', 'waiting', 'keptForLater');
create index letter_due on letter (agency_id, visible_on) where state = 'passed';

-- A final decision is given once in each turn. There is a next turn only after a refusal with a second opinion, or when a letter that
-- was passed on is back with the agency; passing on happens once in all.
alter table decision drop constraint decision_pkey;
alter table decision
	add column turn smallint not null default 1 check (turn between 1 and 4),
	add constraint decision_pkey primary key (agency_id, letter_id, turn);
create unique index decision_passes_once on decision (letter_id, agency_id) where act = 'pass';

delete from letter_move;
insert into letter_move (from_state, act, to_state, role) values
	('', 'submit', 'received', 'correspondent'),
	('', 'record', 'received', 'letterboxWorker'),
	('received', 'pass', 'passed', 'letterboxWorker'),
	('received', 'return', 'returned', 'letterboxWorker'),
	('received', 'refuse', 'refused', 'letterboxWorker'),
	('received', 'keepOnFile', 'keptOnFile', 'letterboxWorker'),
	('received', 'hold', 'held', 'letterboxWorker'),
	('received', 'escalate', 'escalated', 'letterboxWorker'),
	('received', 'withdraw', 'withdrawn', 'correspondent'),
	('held', 'pass', 'passed', 'letterboxWorker'),
	('held', 'return', 'returned', 'letterboxWorker'),
	('held', 'refuse', 'refused', 'letterboxWorker'),
	('held', 'keepOnFile', 'keptOnFile', 'letterboxWorker'),
	('held', 'escalate', 'escalated', 'letterboxWorker'),
	('held', 'withdraw', 'withdrawn', 'correspondent'),
	('escalated', 'handBack', 'received', 'safeguardingLead'),
	('escalated', 'keepOnFile', 'keptOnFile', 'safeguardingLead'),
	('escalated', 'refuse', 'refused', 'safeguardingLead'),
	('escalated', 'withdraw', 'withdrawn', 'correspondent'),
	('returned', 'replace', 'replaced', 'correspondent'),
	('returned', 'withdraw', 'withdrawn', 'correspondent'),
	('refused', 'secondOpinion', 'received', 'correspondent'),
	('passed', 'show', 'waiting', 'clock'),
	('passed', 'recall', 'recalled', 'letterboxWorker'),
	('passed', 'undeliverable', 'undeliverable', 'letterboxWorker'),
	('passed', 'stopAt18', 'stoppedAt18', 'clock'),
	('waiting', 'open', 'opened', 'correspondent'),
	('waiting', 'keepForLater', 'keptForLater', 'correspondent'),
	('waiting', 'recall', 'recalled', 'letterboxWorker'),
	('waiting', 'undeliverable', 'undeliverable', 'letterboxWorker'),
	('waiting', 'stopAt18', 'stoppedAt18', 'clock'),
	('keptForLater', 'open', 'opened', 'correspondent'),
	('keptForLater', 'recall', 'recalled', 'letterboxWorker'),
	('keptForLater', 'undeliverable', 'undeliverable', 'letterboxWorker'),
	('keptForLater', 'stopAt18', 'stoppedAt18', 'clock'),
	('recalled', 'restore', 'passed', 'letterboxWorker'),
	('recalled', 'return', 'returned', 'letterboxWorker'),
	('recalled', 'keepOnFile', 'keptOnFile', 'letterboxWorker'),
	('recalled', 'stopAt18', 'stoppedAt18', 'clock'),
	('undeliverable', 'restore', 'passed', 'letterboxWorker'),
	('undeliverable', 'return', 'returned', 'letterboxWorker'),
	('undeliverable', 'keepOnFile', 'keptOnFile', 'letterboxWorker'),
	('undeliverable', 'stopAt18', 'stoppedAt18', 'clock');

-- is_party: is the worker of this request connected with the families of an exchange, by their own word or as one of its people?
create function is_party(exchange text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from connection c where c.agency_id = agency() and c.exchange_id = is_party.exchange and c.worker_id = account())
		or exists (select from worker w join side_member m on m.agency_id = w.agency_id and m.person_id = w.person_id
			join side s on s.agency_id = m.agency_id and s.id = m.side_id
			where w.agency_id = agency() and w.id = account() and s.exchange_id = is_party.exchange));
end
$$;

-- The newest decision about a letter is what its state rests on.
create or replace function letter_moves() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	was text := '';
	wanted text;
	again bool;
begin
	if tg_op = 'UPDATE' then
		again := old.state in ('recalled', 'undeliverable') and new.state = 'passed';
		-- What is shown again must not be stopped by anything that still is so. What would stop it waits for this act, or this act for it.
		if again or old.stop and not new.stop then
			perform from exchange x where x.agency_id = new.agency_id and x.id = new.exchange_id for share;
			perform from side s where s.agency_id = new.agency_id and s.id = new.to_side for share;
			if new.stop or not again and not has_role('letterboxWorker')
				or exists (select from exchange x where x.agency_id = new.agency_id and x.id = new.exchange_id and x.state <> 'active')
				or exists (select from side s where s.agency_id = new.agency_id and s.id = new.to_side and s.state <> 'ready') then
				raise exception 'still to be stopped' using errcode = '23514', constraint = 'letter_stop';
			end if;
			if exists (select from exchange_child c where c.agency_id = new.agency_id and c.exchange_id = new.exchange_id and c.relays_end_on <= current_date) then
				raise exception 'a child comes of age' using errcode = '23514', constraint = 'delivery_age';
			end if;
		end if;
		if (again or old.stop and not new.stop or new.state <> old.state and new.state in ('held', 'escalated', 'recalled', 'undeliverable')) and is_party(new.exchange_id) then
			raise exception 'a party to the exchange' using errcode = '23514', constraint = 'letter_connected';
		end if;
		if new.state = old.state then
			return new;
		end if;
		was := old.state;
	end if;
	if not exists (select from letter_move m where m.from_state = was and m.to_state = new.state and has_role(m.role)) then
		raise exception 'no such move' using errcode = '23514', constraint = 'letter_move';
	end if;
	if was = 'refused' and (old.second or not new.second) then
		raise exception 'a second opinion is asked for once' using errcode = '23514', constraint = 'letter_second';
	end if;
	wanted := case new.state when 'returned' then 'return' when 'refused' then 'refuse' when 'keptOnFile' then 'keepOnFile' end;
	if wanted is not null and wanted is distinct from (select d.act from decision d
			where d.agency_id = new.agency_id and d.letter_id = new.id order by d.turn desc limit 1)
		or new.state = 'passed' and not exists (select from decision d
			where d.agency_id = new.agency_id and d.letter_id = new.id and d.act = 'pass') then
		raise exception 'no decision' using errcode = '23514', constraint = 'letter_decided';
	end if;
	return new;
end
$$;

-- Who decides: an active worker of this agency with the role, in their own name, no party to the exchange, no helper of the writer, and
-- for a second opinion not the one who refused. What is in the safeguarding tray is the lead's, who passes nothing on.
create or replace function decision_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	l letter;
	turns int;
begin
	select * into strict l from letter x where x.agency_id = new.agency_id and x.id = new.letter_id for update;
	select count(*) into turns from decision d where d.agency_id = new.agency_id and d.letter_id = new.letter_id;
	if new.worker_id is distinct from account()
		or not has_role(case when l.state = 'escalated' then 'safeguardingLead' else 'letterboxWorker' end)
		or l.state = 'escalated' and new.act not in ('keepOnFile', 'refuse') then
		raise exception 'not a deciding worker' using errcode = '23514', constraint = 'decision_worker';
	end if;
	-- A letter that somebody decided about is decided about again only in these two cases.
	if new.turn <> turns + 1 or l.state not in ('received', 'held', 'escalated', 'recalled', 'undeliverable') or turns > 0 and not (l.second and l.state in ('received', 'held', 'escalated') and not exists (
			select from decision d where d.agency_id = l.agency_id and d.letter_id = l.id and d.act <> 'refuse')
		or l.state in ('recalled', 'undeliverable') and new.act in ('return', 'keepOnFile')) then
		raise exception 'decided already' using errcode = '23505', constraint = 'decision_pkey';
	end if;
	if l.second and l.state in ('received', 'held', 'escalated') and exists (select from decision d
		where d.agency_id = l.agency_id and d.letter_id = l.id and d.worker_id = new.worker_id) then
		raise exception 'the second opinion is another worker''s' using errcode = '23514', constraint = 'decision_second';
	end if;
	if is_party(l.exchange_id) then
		raise exception 'a party to the exchange' using errcode = '23514', constraint = 'decision_party';
	end if;
	if exists (select from letter_helper h where h.agency_id = new.agency_id and h.letter_id = new.letter_id and h.worker_id = new.worker_id) then
		raise exception 'helped to write' using errcode = '23514', constraint = 'decision_helper';
	end if;
	return new;
end
$$;

-- As before; and whatever would stop the letter waits for its delivery, or its delivery for that. Without these locks neither would see the other.
create function delivery_waits() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform from exchange x join letter l on l.agency_id = x.agency_id and l.exchange_id = x.id
		where l.agency_id = new.agency_id and l.id = new.letter_id for share of x;
	perform from side s where s.agency_id = new.agency_id and s.id = new.side_id for share;
	return new;
end
$$;
-- Triggers of one kind fire by their names: this one before delivery_by_decision.
create trigger delivery_amid before insert on delivery for each row execute function delivery_waits();

-- Anything that makes an exchange rest, or a recipient unsure, stops in its own transaction what was passed on and is not opened,
-- and what is back with the agency and might be shown again.
create function exchange_stops() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if new.state <> 'active' then
		update letter l set stop = true where l.agency_id = new.agency_id and l.exchange_id = new.id
			and l.state in ('passed', 'waiting', 'keptForLater', 'recalled', 'undeliverable') and not l.stop;
	end if;
	return null;
end
$$;
create trigger exchange_stops after update of state on exchange for each row execute function exchange_stops();
create function side_stops() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if new.state <> 'ready' then
		update letter l set stop = true where l.agency_id = new.agency_id and l.exchange_id = new.exchange_id and l.to_side = new.id
			and l.state in ('passed', 'waiting', 'keptForLater', 'recalled', 'undeliverable') and not l.stop;
	end if;
	return null;
end
$$;
create trigger side_stops after update of state on side for each row execute function side_stops();

-- came_on is the day on which a delivery to this account came, or came again: what was taken back in between is the agency's to know.
-- A letter from before there were days has that of its decision.
create function came_on(delivery text) returns date
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select coalesce((select w.on_day from letter_day w where w.agency_id = d.agency_id and w.letter_id = d.letter_id and w.state = 'waiting'
			order by w.n desc limit 1), d.passed_on)
		from delivery d where d.agency_id = agency() and d.id = came_on.delivery and granted_side(d.side_id) and delivery_state(d.id) is not null);
end
$$;

-- my_deliveries also says what somebody wants to read another day. passed_on is what came_on says.
drop function my_deliveries(text);
create function my_deliveries(only_side text) returns table (id text, side_id text, passed_on date, opened bool, kept bool)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select d.id::text, d.side_id::text, coalesce(w.on_day, d.passed_on), l.state = 'opened', l.state = 'keptForLater'
	from side_member m join delivery d on d.agency_id = m.agency_id and d.side_id = m.side_id
		join letter l on l.agency_id = d.agency_id and l.id = d.letter_id
		left join lateral (select t.on_day from letter_day t where t.agency_id = l.agency_id and t.letter_id = l.id and t.state = 'waiting'
			order by t.n desc limit 1) w on true
	where m.agency_id = agency() and m.person_id = account() and (only_side = '' or m.side_id = only_side) and granted_side(m.side_id)
		and l.state in ('waiting', 'keptForLater', 'opened') and l.visible_on <= current_date and (l.state = 'opened' or not l.stop)
	order by 3 desc, 1 limit 200;
end
$$;

-- What a family may do to a letter, each with its checks inside the UPDATE. A letter of another side is not there.
create function withdraw_letter(letter text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from letter l where l.agency_id = agency() and l.id = withdraw_letter.letter and granted_side(l.from_side)) then
		raise exception 'no such letter' using errcode = 'GP404';
	end if;
	update letter l set state = 'withdrawn', held_until = null where l.agency_id = agency() and l.id = withdraw_letter.letter
		and l.state in ('received', 'held', 'escalated', 'returned');
	if not found then
		raise exception 'too late' using errcode = 'GP409';
	end if;
	delete from claim c where c.agency_id = agency() and c.letter_id = withdraw_letter.letter;
end
$$;
create function keep_for_later(delivery text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	d delivery;
begin
	select * into d from delivery x where x.agency_id = agency() and x.id = keep_for_later.delivery and granted_side(x.side_id);
	if not found or delivery_state(delivery) is null then
		raise exception 'no such letter' using errcode = 'GP404';
	end if;
	update letter l set state = 'keptForLater' where l.agency_id = d.agency_id and l.id = d.letter_id and l.state = 'waiting' and not l.stop;
	if not found and not exists (select from letter l where l.agency_id = d.agency_id and l.id = d.letter_id and l.state = 'keptForLater') then
		raise exception 'opened already' using errcode = 'GP409';
	end if;
end
$$;
create function second_opinion(letter text, days int) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if second_opinion.days not between 1 and 40
		or not exists (select from letter l where l.agency_id = agency() and l.id = second_opinion.letter and granted_side(l.from_side)) then
		raise exception 'no such letter' using errcode = 'GP404';
	end if;
	update letter l set state = 'received', second = true, hear_by = current_date + second_opinion.days, decided_on = null
		where l.agency_id = agency() and l.id = second_opinion.letter and l.state = 'refused' and not l.second;
	if not found then
		raise exception 'not to be asked again' using errcode = 'GP409';
	end if;
end
$$;

-- What the clock does, for one agency at a time. Neither decides anything: the one shows what a worker passed on, on its day; the other
-- stops what a birthday has overtaken.
create function show_due() returns bigint
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	l record;
	n bigint := 0;
begin
	for l in update letter x set state = 'waiting' where x.agency_id = agency() and x.state = 'passed' and not x.stop and x.visible_on <= current_date
			returning x.to_side loop
		perform notify_side(l.to_side);
		n := n + 1;
	end loop;
	return n;
end
$$;
create function stop_at_18() returns bigint
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	l record;
	n bigint := 0;
begin
	for l in update letter x set state = 'stoppedAt18', back = x.state in ('recalled', 'undeliverable') where x.agency_id = agency() and x.state in ('passed', 'waiting', 'keptForLater', 'recalled', 'undeliverable')
			and exists (select from exchange_child c where c.agency_id = x.agency_id and c.exchange_id = x.exchange_id and c.relays_end_on <= current_date)
			returning x.from_side, x.back loop
		if l.back then -- the others stay what they were to their writers
			perform notify_side(l.from_side);
		end if;
		n := n + 1;
	end loop;
	return n;
end
$$;

-- A message is between one person and the agency, apart from letters; nobody else of the household has its key.
create table message (
	agency_id text not null,
	id id not null,
	exchange_id id not null,
	person_id id not null,
	by_worker id,
	answers id,
	sent_at timestamptz not null default now(),
	sent_on date not null default current_date,
	hear_by date,
	answered_on date,
	part text not null default 'text' check (part = 'text'),
	version int not null default 1 check (version = 1),
	primary key (agency_id, id),
	constraint message_turn check ((by_worker is null) = (hear_by is not null) and (by_worker is null) = (answers is null)),
	constraint message_answered_once unique (answers, agency_id),
	foreign key (agency_id, exchange_id) references exchange,
	foreign key (agency_id, person_id) references person,
	foreign key (agency_id, by_worker) references worker,
	foreign key (agency_id, answers) references message,
	constraint message_sealed foreign key (agency_id, id, part, version) references object (agency_id, id, part, version) deferrable initially deferred
);
create index message_person on message (person_id, sent_at);
create index message_waits on message (agency_id, sent_at) where by_worker is null and answered_on is null;
create index message_exchange on message (exchange_id, sent_at);

-- A person is on a side of the exchange that they write about; an answer answers that person's message, by an active worker who is no party.
create function message_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from side s join side_member m on m.agency_id = s.agency_id and m.side_id = s.id
		where s.agency_id = new.agency_id and s.exchange_id = new.exchange_id and m.person_id = new.person_id) then
		raise exception 'not a person of this exchange' using errcode = '23514', constraint = 'message_person';
	end if;
	if new.by_worker is null then
		return new;
	end if;
	if new.by_worker is distinct from account() or not has_role('letterboxWorker')
		or exists (select from connection c where c.agency_id = new.agency_id and c.exchange_id = new.exchange_id and c.worker_id = new.by_worker)
		or exists (select from worker w join side_member m on m.agency_id = w.agency_id and m.person_id = w.person_id
			join side s on s.agency_id = m.agency_id and s.id = m.side_id
			where w.agency_id = new.agency_id and w.id = new.by_worker and s.exchange_id = new.exchange_id) then
		raise exception 'not an answering worker' using errcode = '23514', constraint = 'message_worker';
	end if;
	if not exists (select from message q where q.agency_id = new.agency_id and q.id = new.answers and q.by_worker is null
		and q.exchange_id = new.exchange_id and q.person_id = new.person_id) then
		raise exception 'an answer to nothing' using errcode = '23514', constraint = 'message_answers';
	end if;
	return new;
end
$$;
create trigger message_by_right before insert on message for each row execute function message_by_right();

-- messages_today counts what this account has told the agency today, to a hundred.
create function messages_today() returns int
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select count(*) from (select from message m where m.agency_id = agency() and m.person_id = account() and m.by_worker is null
		and m.sent_on = current_date limit 100) t);
end
$$;

-- What became of a letter, day by day: the timelines of both sides rest on it. No family reads the table: my_days tells each side its own half.
create table letter_day (
	agency_id text not null,
	letter_id id not null,
	n int not null check (n > 0),
	state text not null,
	told text not null,
	on_day date not null default current_date,
	at timestamptz not null default now(),
	primary key (letter_id, n, agency_id),
	foreign key (agency_id, letter_id) references letter
);
create function letter_day_added() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' or new.state <> old.state then
		insert into letter_day (agency_id, letter_id, n, state, told, on_day)
		select new.agency_id, new.id, coalesce(max(d.n), 0) + 1, new.state, new.told, case tg_op when 'INSERT' then new.submitted_on else current_date end
		from letter_day d where d.agency_id = new.agency_id and d.letter_id = new.id;
	end if;
	return null;
end
$$;
create trigger letter_day_added after insert or update of state on letter for each row execute function letter_day_added();

-- my_days is what one side of this account may know of its letters' days: of those it sent, when what it is told changed; of those that
-- came, when they came and what this side did with them. Neither half has an id or a day of the other, nor the number of a step that it
-- may not know of. Newest first.
create function my_days(side text) returns table (letter_id text, delivery_id text, what text, on_day date)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select h.letter_id, h.delivery_id, h.what, h.on_day from (
		select t.letter_id::text, ''::text as delivery_id, t.told as what, t.on_day, t.at, t.n from (
			select d.letter_id, d.n, d.told, d.on_day, d.at, lag(d.told) over (partition by d.letter_id order by d.n) as before
			from letter l join letter_day d on d.agency_id = l.agency_id and d.letter_id = l.id
			where l.agency_id = agency() and l.from_side = my_days.side and granted_side(l.from_side)) t
		where t.told is distinct from t.before
		union all
		select '', v.id, d.state, d.on_day, d.at, d.n from my_deliveries(my_days.side) v
			join delivery x on x.agency_id = agency() and x.id = v.id
			join letter_day d on d.agency_id = x.agency_id and d.letter_id = x.letter_id
		where my_days.side <> '' and d.state in ('waiting', 'keptForLater', 'opened')
			and d.n >= (select max(w.n) from letter_day w where w.agency_id = x.agency_id and w.letter_id = x.letter_id and w.state = 'waiting')) h
	order by h.on_day desc, h.at desc, h.n desc limit 2000;
end
$$;

-- A letter that was there for its recipients and is so no more takes its notice with it: a mail about nothing would tell that there was something.
-- The notice stays where it may be about anything else: one from before this letter, or one that something new for the person has joined.
create function notice_goes() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	shown timestamptz;
begin
	shown := (select max(d.at) from letter_day d where d.agency_id = new.agency_id and d.letter_id = new.id and d.state = 'waiting');
	delete from notice n using side_member m
	where m.agency_id = new.agency_id and m.side_id = new.to_side and n.agency_id = m.agency_id and n.person_id = m.person_id
		and n.state = 'waiting' and n.created >= shown
		and not exists (select from side_member o join letter l on l.agency_id = o.agency_id and l.to_side = o.side_id
			where o.agency_id = n.agency_id and o.person_id = n.person_id and l.id <> new.id
				and l.state in ('waiting', 'keptForLater') and not l.stop and l.visible_on <= current_date)
		and not exists (select from side_member o join letter l on l.agency_id = o.agency_id and l.from_side = o.side_id
			join letter_day d on d.agency_id = l.agency_id and d.letter_id = l.id and d.at >= n.created and d.n > 1
			where o.agency_id = n.agency_id and o.person_id = n.person_id)
		and not exists (select from message a where a.agency_id = n.agency_id and a.person_id = n.person_id and a.by_worker is not null and a.sent_at >= n.created)
		and not exists (select from recovery r where r.agency_id = n.agency_id and r.kind = 'person' and r.account_id = n.person_id
			and r.state in ('started', 'agreed', 'printed'));
	return null;
end
$$;
create trigger notice_goes after update of state, stop on letter for each row
	when (old.state in ('waiting', 'keptForLater') and not old.stop and (new.stop or new.state in ('recalled', 'undeliverable', 'stoppedAt18')))
	execute function notice_goes();

-- Who types in a letter that came on paper has helped to write it: another worker decides. That is the only way in which the staff put a letter in.
create function letter_on_paper() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if session_user = 'gatepost_staff' and not new.paper or not exists (select from letter_helper h
		where h.agency_id = new.agency_id and h.letter_id = new.id and (session_user <> 'gatepost_staff' or h.worker_id = account())) then
		raise exception 'typed in by nobody' using errcode = '23514', constraint = 'letter_paper';
	end if;
	return null;
end
$$;
create constraint trigger letter_on_paper after insert on letter deferrable initially deferred
	for each row when (new.paper or session_user = 'gatepost_staff') execute function letter_on_paper();

alter table letter_day enable row level security;
alter table letter_day force row level security;
create policy owner on letter_day to gatepost_owner using (agency_id = agency()) with check (agency_id = agency());

alter table message enable row level security;
alter table message force row level security;
create policy staff on message to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency());
create policy family on message for select to gatepost_public using (agency_id = agency() and person_id = account());
create policy write on message for insert to gatepost_public with check (agency_id = agency() and person_id = account() and by_worker is null);
create policy message on object for select to gatepost_public using (agency_id = agency() and kind = 'message'
	and exists (select from message m where m.agency_id = object.agency_id and m.id = object.id and m.person_id = account()));
-- A family puts in the text of a letter or of a message and nothing else: what stands in any other place, a worker's act finds taken.
create policy tell on object for insert to gatepost_public with check (agency_id = agency() and kind = 'message' and side_id is null and from_node = 'person/' || account()
	and id ~ '^ms' and part = 'text' and version = 1);
drop policy write on object;
create policy write on object for insert to gatepost_public with check (agency_id = agency() and kind = 'submission' and granted_side(side_id)
	and id ~ '^lt' and part = 'text' and version = 1);

revoke all on function exchange_stops(), side_stops(), delivery_waits(), is_party(text), message_by_right(), my_deliveries(text), came_on(text), notice_goes(), withdraw_letter(text), keep_for_later(text),
	second_opinion(text, int), show_due(), stop_at_18(), messages_today(), letter_day_added(), my_days(text), letter_on_paper() from public;
grant execute on function my_deliveries(text), came_on(text), withdraw_letter(text), keep_for_later(text), second_opinion(text, int), messages_today(), my_days(text) to gatepost_public;
grant execute on function is_party(text) to gatepost_staff;
grant execute on function show_due(), stop_at_18() to gatepost_notify;
-- The day of the decision would tell a recipient how long a letter was held back.
revoke select (passed_on) on delivery from gatepost_public;
grant select (agency_id, id, exchange_id, person_id, by_worker, answers, sent_at, sent_on, hear_by, answered_on) on message to gatepost_public;
grant insert (agency_id, id, exchange_id, person_id, hear_by) on message to gatepost_public;
grant select, insert on message to gatepost_staff;
grant update (answered_on) on message to gatepost_staff;
grant update (held_until) on letter to gatepost_staff;
-- The writer's own asking, and how the letter came: nothing of what the agency thinks about it.
grant select (second, paper) on letter to gatepost_public;
grant update (posted_on) on delivery to gatepost_staff;
grant update (delay_days) on exchange to gatepost_staff;
grant select on message, letter_day to gatepost_backup;

reset role;

-- Letters from before this table have their days from what is known of them. Whoever may not see every agency's rows leaves them as they are.
do $$
begin
	insert into letter_day (agency_id, letter_id, n, state, told, on_day) select agency_id, id, 1, 'received', 'withUs', submitted_on from letter;
	insert into letter_day (agency_id, letter_id, n, state, told, on_day)
	select agency_id, id, 2, case state when 'opened' then 'waiting' else state end, told, coalesce(decided_on, submitted_on) from letter where state <> 'received';
exception when insufficient_privilege then
	raise notice 'the timelines begin with the letters from now on';
end
$$;
