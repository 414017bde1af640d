-- A worker asks a writer to leave parts out of a letter; the writer agrees, writes anew, or asks another worker. What is left out unasked
-- takes a second worker, who passes the letter on.

set local role gatepost_owner;

alter table letter drop constraint letter_state_check,
	add constraint letter_state_check check (state in ('received', 'held', 'escalated', 'proposed', 'toTranslate', 'returned', 'replaced', 'refused', 'keptOnFile',
		'withdrawn', 'passed', 'waiting', 'keptForLater', 'opened', 'recalled', 'undeliverable', 'stoppedAt18')),
	add column agreed smallint,
	add column appealed smallint;
comment on column letter.agreed is 'the turn whose proposal its writer agreed to last: the text as agreed is version agreed + 1';
comment on column letter.appealed is 'how many decisions there were when its writer asked another worker: who made them makes no more; null for before there was a count';

-- A proposal is a decision of its turn. Four at most, so that a letter is not sent to and fro for ever, and what the agency took back is none of them; the
-- turns after them are for what ends it.
alter table decision drop constraint decision_act_check, drop constraint decision_turn_check,
	add constraint decision_act_check check (act in ('pass', 'return', 'refuse', 'keepOnFile', 'propose')),
	add constraint decision_turn_check check (turn between 1 and 32);

alter table reading_time drop constraint reading_time_act_check,
	add constraint reading_time_act_check check (act in ('pass', 'return', 'refuse', 'keepOnFile', 'propose', 'first', 'cut'));

insert into letter_move (from_state, act, to_state, role) values
	('received', 'propose', 'proposed', 'letterboxWorker'),
	('held', 'propose', 'proposed', 'letterboxWorker'),
	('proposed', 'agree', 'received', 'correspondent'),
	('proposed', 'secondOpinion', 'received', 'correspondent'),
	('proposed', 'replace', 'replaced', 'correspondent'),
	('proposed', 'withdraw', 'withdrawn', 'correspondent');

-- A worker would let a letter go on without parts that its writer was not asked about, or takes that back (whole). The newest row of a turn counts.
-- Which parts, and why, is an object of the letter.
create table letter_cut (
	agency_id text not null,
	letter_id id not null,
	n int not null check (n > 0),
	turn smallint not null,
	worker_id id not null,
	whole bool not null,
	leaf digest not null,
	primary key (agency_id, letter_id, n),
	-- With its letter alone, when an exchange that was opened in error is destroyed.
	foreign key (agency_id, letter_id) references letter on delete cascade,
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index letter_cut_worker on letter_cut (worker_id, agency_id);

-- cut_leaf: the statement of the cut with which a letter would go on now; null where none stands.
create function cut_leaf(letter text) returns bytea
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select case when not c.whole and c.turn = 1 + (select count(*) from decision d where d.agency_id = c.agency_id and d.letter_id = c.letter_id) then c.leaf end
		from letter_cut c where c.agency_id = agency() and c.letter_id = cut_leaf.letter order by c.n desc limit 1);
end
$$;

-- decided_before: is this a second opinion on what that worker decided? They stay barred from the letter, whatever it becomes; who looked at it
-- after them does not.
create function decided_before(letter text, worker text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select l.second and l.state in ('received', 'held', 'escalated') and exists (select from decision d
			where d.agency_id = l.agency_id and d.letter_id = l.id and d.worker_id = decided_before.worker and d.turn <= coalesce(l.appealed, d.turn))
		from letter l where l.agency_id = agency() and l.id = decided_before.letter);
end
$$;

-- As before; and a letter that is to go on without parts of it is read by two.
create or replace function two_readers(letter text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select x.second_reader = 'always'
			or cut_leaf(l.id) is not null
			or x.second_reader = 'new' and not exists (select from letter e join decision d on d.agency_id = e.agency_id and d.letter_id = e.id and d.act = 'pass'
				where e.agency_id = l.agency_id and e.from_side = l.from_side and e.id <> l.id)
			or exists (select from letter e join object o on o.agency_id = e.agency_id and o.id = e.id and o.kind = 'referral'
				where e.agency_id = l.agency_id and e.from_side = l.from_side and e.id <> l.id and e.state in ('escalated', 'refused', 'keptOnFile', 'withdrawn'))
		from letter l join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id
		where l.agency_id = agency() and l.id = two_readers.letter);
end
$$;

-- first_reader as before; and while a cut stands, the first of two is who made it, and nobody else.
create or replace function first_reader(letter text, besides text) returns text
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	cut bytea := cut_leaf(letter);
begin
	return (select f.worker_id from (
			select r.agency_id, r.letter_id, r.worker_id from first_reading r where r.agency_id = agency() and r.letter_id = first_reader.letter and cut is null
				and r.turn = 1 + (select count(*) from decision d where d.agency_id = r.agency_id and d.letter_id = r.letter_id)
			union all
			select c.agency_id, c.letter_id, c.worker_id from letter_cut c where c.agency_id = agency() and c.letter_id = first_reader.letter and c.leaf = cut) f
			join letter l on l.agency_id = f.agency_id and l.id = f.letter_id
			join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id
			join worker w on w.agency_id = f.agency_id and w.id = f.worker_id
		where f.worker_id <> coalesce(besides, '')
			and w.state = 'active' and 'letterboxWorker' = any (w.roles)
			and not (x.restricted and not holds_case(w.id, x.id))
			and not exists (select from connection c where c.agency_id = x.agency_id and c.exchange_id = x.id and c.worker_id = w.id)
			and not exists (select from side_member m join side s on s.agency_id = m.agency_id and s.id = m.side_id
				where m.agency_id = w.agency_id and m.person_id = w.person_id and s.exchange_id = x.id)
		order by f.worker_id limit 1);
end
$$;

-- As before, but that whoever proposed what the writer has agreed to since may read first again.
create or replace function first_reading_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	l letter;
begin
	select * into strict l from letter x where x.agency_id = new.agency_id and x.id = new.letter_id for update;
	if new.worker_id is distinct from account() or not has_role('letterboxWorker') then
		raise exception 'not a reading worker' using errcode = '23514', constraint = 'first_reading_worker';
	end if;
	if l.state not in ('received', 'held') or new.turn <> 1 + (select count(*) from decision d where d.agency_id = l.agency_id and d.letter_id = l.id)
		or not two_readers(l.id) or cut_leaf(l.id) is not null then
		raise exception 'not to be read so' using errcode = '23514', constraint = 'first_reading_letter';
	end if;
	if first_reader(l.id, '') is not null then
		raise exception 'read first already' using errcode = '23505', constraint = 'first_reading_once';
	end if;
	if is_party(l.exchange_id) then
		raise exception 'a party to the exchange' using errcode = '23514', constraint = 'decision_party';
	end if;
	if exists (select from letter_helper h where h.agency_id = new.agency_id and h.letter_id = new.letter_id and h.worker_id = new.worker_id) then
		raise exception 'helped to write' using errcode = '23514', constraint = 'decision_helper';
	end if;
	if decided_before(l.id, new.worker_id) then
		raise exception 'the second opinion is another worker''s' using errcode = '23514', constraint = 'decision_second';
	end if;
	return new;
end
$$;

-- Who cuts: an active worker in their own name with the claim of a letter that waits, no party, no helper, and not whose decision the writer asks
-- another worker about. The row is of the newest words about it, and there is something to take back. Who cut may take it back, and nothing else.
create function letter_cut_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	l letter;
begin
	select * into strict l from letter x where x.agency_id = new.agency_id and x.id = new.letter_id for update;
	if new.worker_id is distinct from account() or not has_role('letterboxWorker')
		or not exists (select from claim c where c.agency_id = l.agency_id and c.letter_id = l.id and c.worker_id = account() and c.until > now()) then
		raise exception 'not this worker''s' using errcode = '23514', constraint = 'letter_cut_worker';
	end if;
	if l.state not in ('received', 'held') or new.turn <> 1 + (select count(*) from decision d where d.agency_id = l.agency_id and d.letter_id = l.id)
		or new.n <> 1 + (select coalesce(max(c.n), 0) from letter_cut c where c.agency_id = l.agency_id and c.letter_id = l.id)
		or new.whole <> (cut_leaf(l.id) is not null)
		or not exists (select from object o where o.agency_id = l.agency_id and o.id = l.id and o.part = 'cut' and o.kind = 'worknote' and o.version = new.n and o.leaf = new.leaf) then
		raise exception 'not to be cut so' using errcode = '23514', constraint = 'letter_cut_letter';
	end if;
	if is_party(l.exchange_id) then
		raise exception 'a party to the exchange' using errcode = '23514', constraint = 'decision_party';
	end if;
	if exists (select from letter_helper h where h.agency_id = l.agency_id and h.letter_id = l.id and h.worker_id = account()) then
		raise exception 'helped to write' using errcode = '23514', constraint = 'decision_helper';
	end if;
	if decided_before(l.id, account()) then
		raise exception 'the second opinion is another worker''s' using errcode = '23514', constraint = 'decision_second';
	end if;
	return new;
end
$$;
create trigger letter_cut_by_right before insert on letter_cut for each row execute function letter_cut_by_right();
create trigger worker_stands before insert on letter_cut for each row execute function worker_stands();
create trigger letter_cut_by_key before insert on letter_cut for each row execute function decision_by_key();

create trigger count_reading after insert on letter_cut for each row when (not new.whole) execute function count_reading('cut');

-- As before; and what its writer was asked about comes back to the desk by one of two words of theirs: they agreed, and the text as agreed is there, or they
-- asked another worker.
create or replace function letter_moves() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	was text := '';
	wanted text;
	again bool;
	turns int;
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
		if new.agreed is distinct from old.agreed and not (old.state = 'proposed' and new.state = 'received') then
			raise exception 'nothing to agree to' using errcode = '23514', constraint = 'letter_proposal';
		end if;
		if new.state = old.state then
			return new;
		end if;
		was := old.state;
	end if;
	if not exists (select from letter_move m where m.from_state = was and m.to_state = new.state and has_role(m.role)) then
		raise exception 'no such move' using errcode = '23514', constraint = 'letter_move';
	end if;
	turns := (select count(*) from decision d where d.agency_id = new.agency_id and d.letter_id = new.id);
	if was = 'refused' and (old.second or not new.second) then
		raise exception 'a second opinion is asked for once' using errcode = '23514', constraint = 'letter_second';
	end if;
	if was = 'proposed' and new.state = 'received'
			and not (new.second and not old.second and new.agreed is not distinct from old.agreed)
			and not (new.second = old.second and new.agreed = turns and exists (select from object o
				where o.agency_id = new.agency_id and o.id = new.id and o.part = 'text' and o.kind = 'submission' and o.version = turns + 1))
		or new.state = 'proposed' and (new.paper or not exists (select from object o
			where o.agency_id = new.agency_id and o.id = new.id and o.part = 'proposal' and o.kind = 'proposal' and o.version = turns)) then
		raise exception 'nothing proposed, or nothing agreed' using errcode = '23514', constraint = 'letter_proposal';
	end if;
	wanted := case new.state when 'returned' then 'return' when 'refused' then 'refuse' when 'keptOnFile' then 'keepOnFile' when 'proposed' then 'propose' end;
	if wanted is not null and wanted is distinct from (select d.act from decision d
			where d.agency_id = new.agency_id and d.letter_id = new.id order by d.turn desc limit 1)
		or new.state = 'passed' and not exists (select from decision d
			where d.agency_id = new.agency_id and d.letter_id = new.id and d.act = 'pass') then
		raise exception 'no decision' using errcode = '23514', constraint = 'letter_decided';
	end if;
	return new;
end
$$;

-- As before; and there is a next turn after a proposal, once its writer has answered.
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
	-- A letter that somebody decided about is decided about again only in these three cases.
	if new.turn <> turns + 1 or l.state not in ('received', 'held', 'escalated', 'recalled', 'undeliverable') or turns > 0 and not (
			l.state in ('received', 'held', 'escalated') and exists (select from decision d
				where d.agency_id = l.agency_id and d.letter_id = l.id and d.turn = turns and (d.act = 'propose' or d.act = 'refuse' and l.second))
			or l.state in ('recalled', 'undeliverable') and new.act in ('return', 'keepOnFile'))
		or new.act = 'propose' and l.state not in ('received', 'held') then
		raise exception 'decided already' using errcode = '23505', constraint = 'decision_pkey';
	end if;
	if new.act = 'propose' and (turns > 27
			or turns - (select count(*) from letter_day t where t.agency_id = l.agency_id and t.letter_id = l.id and t.told = 'takenBack') > 3) then
		raise exception 'proposed often enough' using errcode = '23514', constraint = 'decision_proposals';
	end if;
	if decided_before(l.id, new.worker_id) then
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

-- What a writer may do while they are asked.
create or replace function withdraw_letter(letter text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from letter l where l.agency_id = agency() and l.id = withdraw_letter.letter and granted_side(l.from_side)) then
		raise exception 'no such letter' using errcode = 'GP404';
	end if;
	update letter l set state = 'withdrawn', held_until = null where l.agency_id = agency() and l.id = withdraw_letter.letter
		and l.state in ('received', 'held', 'escalated', 'proposed', 'returned');
	if not found then
		raise exception 'too late' using errcode = 'GP409';
	end if;
	delete from claim c where c.agency_id = agency() and c.letter_id = withdraw_letter.letter;
end
$$;
create or replace function second_opinion(letter text, days int) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if second_opinion.days not between 1 and 40
		or not exists (select from letter l where l.agency_id = agency() and l.id = second_opinion.letter and granted_side(l.from_side)) then
		raise exception 'no such letter' using errcode = 'GP404';
	end if;
	update letter l set state = 'received', second = true,
			appealed = (select count(*) from decision d where d.agency_id = l.agency_id and d.letter_id = l.id), hear_by = current_date + second_opinion.days, decided_on = null
		where l.agency_id = agency() and l.id = second_opinion.letter and l.state in ('refused', 'proposed') and not l.second;
	if not found then
		raise exception 'not to be asked again' using errcode = 'GP409';
	end if;
end
$$;
create or replace function replace_letter(letter text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	update letter l set state = 'replaced' where l.agency_id = agency() and l.id = replace_letter.letter
		and l.state in ('returned', 'proposed') and granted_side(l.from_side);
	if not found then
		raise exception 'not a returned letter' using errcode = 'GP409';
	end if;
end
$$;

-- The writer's yes to what they were shown, the proposal of that turn: hold_proposal locks the letter and looks whether it may be given, then the text as agreed
-- is stored, and agree_proposal moves the letter. What makes the exchange rest waits for that, or that for it.
create function hold_proposal(letter text, turn int) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	l letter;
begin
	perform from exchange x join letter e on e.agency_id = x.agency_id and e.exchange_id = x.id
		where e.agency_id = agency() and e.id = hold_proposal.letter and granted_side(e.from_side) for share of x;
	if not found then
		raise exception 'no such letter' using errcode = 'GP404';
	end if;
	select * into strict l from letter e where e.agency_id = agency() and e.id = hold_proposal.letter for update;
	if not exchange_open(l.exchange_id) then
		raise exception 'not now' using errcode = '23514', constraint = 'letter_agreed';
	end if;
	if l.state <> 'proposed' or hold_proposal.turn <> (select count(*) from decision d where d.agency_id = l.agency_id and d.letter_id = l.id) then
		raise exception 'too late' using errcode = 'GP409';
	end if;
end
$$;
create function agree_proposal(letter text, turn int, days int) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	perform hold_proposal(letter, turn);
	if agree_proposal.days not between 1 and 40 then
		raise exception 'no such letter' using errcode = 'GP404';
	end if;
	update letter l set state = 'received', agreed = agree_proposal.turn, hear_by = current_date + agree_proposal.days, decided_on = null
		where l.agency_id = agency() and l.id = agree_proposal.letter and l.state = 'proposed';
end
$$;

-- agreed_version: as which version the text goes in to which this side of a letter might agree now.
create function agreed_version(letter text, side text) returns int
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select 1 + (select count(*) from decision d where d.agency_id = l.agency_id and d.letter_id = l.id)
		from letter l where l.agency_id = agency() and l.id = agreed_version.letter and l.from_side = agreed_version.side and l.state = 'proposed');
end
$$;
create policy agree on object for insert to gatepost_public with check (agency_id = agency() and kind = 'submission' and granted_side(side_id)
	and id ~ '^lt' and part = 'text' and version > 1 and version = agreed_version(id, side_id));
-- At commit: a later text of a letter is one that its writer agreed to.
create function text_agreed() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from letter l where l.agency_id = new.agency_id and l.id = new.id and l.agreed >= new.version - 1) then
		raise exception 'nobody agreed to it' using errcode = '23514', constraint = 'letter_proposal';
	end if;
	return null;
end
$$;
create constraint trigger text_agreed after insert on object deferrable initially deferred for each row
	when (new.kind = 'submission' and new.part = 'text' and new.version > 1) execute function text_agreed();

-- As before: a writer who answered a proposal was told anew by when they hear, as one who asked for a second opinion.
drop function told_by(text);
create function told_by(exchange text) returns table (letter text, again bool, on_day date, hear_by date)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select h.letter_id::text, h.n > 1, h.on_day, h.hear_by from (
		select d.letter_id, d.n, d.state, d.on_day, d.hear_by, lag(d.state) over (partition by d.letter_id order by d.n) as before
		from letter l join letter_day d on d.agency_id = l.agency_id and d.letter_id = l.id
		where l.agency_id = agency() and l.exchange_id = told_by.exchange) h
	where h.hear_by is not null and (h.n = 1 or h.state = 'received' and h.before in ('refused', 'proposed'))
	order by h.letter_id, h.n;
end
$$;

-- As before: a writer who was asked is owed what becomes of their letter.
create or replace function destroyable(exchange text, ground text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	perform from exchange x where x.agency_id = agency() and x.id = destroyable.exchange and x.state = 'ended' for update;
	if not found then
		raise exception 'not an exchange that has ended' using errcode = '23514', constraint = 'destruction_exchange';
	end if;
	perform from side s where s.agency_id = agency() and s.exchange_id = destroyable.exchange order by s.id for update;
	if is_party(destroyable.exchange) then
		raise exception 'a party to the exchange' using errcode = '23514', constraint = 'destruction_party';
	end if;
	if destroyable.ground <> 'openedInError' then
		raise exception 'the hundred years are not known to be over' using errcode = '23514', constraint = 'destruction_retention';
	end if;
	if exists (select from letter l where l.agency_id = agency() and l.exchange_id = destroyable.exchange and (
			l.state in ('received', 'held', 'escalated', 'proposed', 'toTranslate', 'passed', 'waiting', 'keptForLater', 'opened', 'recalled', 'undeliverable', 'stoppedAt18', 'keptOnFile')
			or exists (select from delivery d where d.agency_id = l.agency_id and d.letter_id = l.id)
			or exists (select from decision d where d.agency_id = l.agency_id and d.letter_id = l.id and d.act in ('pass', 'keepOnFile'))
			or exists (select from object o where o.agency_id = l.agency_id and o.id = l.id and o.kind = 'referral'))) then
		raise exception 'letters that are to be kept' using errcode = '23514', constraint = 'destruction_kept';
	end if;
end
$$;

alter table letter_cut enable row level security;
alter table letter_cut force row level security;
create policy staff on letter_cut to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency());

revoke all on function cut_leaf(text), decided_before(text, text), letter_cut_by_right(), hold_proposal(text, int), agree_proposal(text, int, int), agreed_version(text, text), text_agreed(), told_by(text) from public;
grant execute on function cut_leaf(text), decided_before(text, text), told_by(text) to gatepost_staff;
grant execute on function hold_proposal(text, int), agree_proposal(text, int, int), agreed_version(text, text) to gatepost_public;
grant select, insert on letter_cut to gatepost_staff;
grant select on letter_cut to gatepost_backup;

reset role;
