set local role gatepost_owner;

-- The end of one exchange and of everything about it: a records officer orders it, a day goes by, a manager agrees, and in that moment it
-- is done. What stays is this row, the signed statements, and the people.
create table destruction (
	agency_id text not null references agency,
	id id not null,
	exchange_id id not null,
	reference text not null,
	ground text not null check (ground in ('openedInError', 'retentionEnded')),
	reason bytea not null check (octet_length(reason) < 65536),
	reason_commit bytea not null check (octet_length(reason_commit) = 32),
	state text not null check (state in ('ordered', 'destroyed', 'stopped')),
	ordered_by id not null,
	ordered_at timestamptz not null,
	order_leaf digest not null,
	agreed_by id,
	agreed_at timestamptz,
	agree_leaf digest,
	stopped_by id,
	ended_at timestamptz,
	end_leaf digest,
	primary key (id, agency_id),
	constraint destruction_two check (agreed_by <> ordered_by),
	constraint destruction_day check (agreed_at >= ordered_at + interval '24 hours'),
	constraint destruction_agreed check ((agreed_by is not null) = (state = 'destroyed') and (agreed_by is null) = (agreed_at is null)
		and (agreed_by is null) = (agree_leaf is null)),
	constraint destruction_ended check ((ended_at is null) = (state = 'ordered') and (ended_at is null) = (end_leaf is null)
		and (stopped_by is not null) = (state = 'stopped')),
	constraint destruction_order_once unique (order_leaf, agency_id),
	constraint destruction_agree_once unique (agree_leaf, agency_id),
	constraint destruction_end_once unique (end_leaf, agency_id),
	foreign key (agency_id, ordered_by) references worker,
	foreign key (agency_id, agreed_by) references worker,
	foreign key (agency_id, stopped_by) references worker,
	foreign key (agency_id, order_leaf) references audit_body (agency_id, leaf) deferrable initially deferred,
	foreign key (agency_id, agree_leaf) references audit_body (agency_id, leaf) deferrable initially deferred,
	foreign key (agency_id, end_leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
comment on column destruction.exchange_id is 'no foreign key: the exchange is gone and this row stays';
comment on column destruction.reason is 'in the records officer''s words, sealed to the archive alone';
create unique index destruction_open on destruction (exchange_id, agency_id) where state = 'ordered';
create index destruction_listed on destruction (agency_id, ordered_at);

-- destroyable raises unless this exchange may be destroyed on this ground. It holds the exchange and its sides until the act ends, so
-- nothing comes in meanwhile.
-- The dates of adoption orders are not recorded, so nobody knows of any record that its hundred years are over.
create function destroyable(exchange text, ground text) returns void
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
			l.state in ('received', 'held', 'escalated', 'passed', 'waiting', 'keptForLater', 'opened', 'recalled', 'undeliverable', 'stoppedAt18', 'keptOnFile')
			or exists (select from delivery d where d.agency_id = l.agency_id and d.letter_id = l.id)
			or exists (select from decision d where d.agency_id = l.agency_id and d.letter_id = l.id and d.act in ('pass', 'keepOnFile'))
			or exists (select from object o where o.agency_id = l.agency_id and o.id = l.id and o.kind = 'referral'))) then
		raise exception 'letters that are to be kept' using errcode = '23514', constraint = 'destruction_kept';
	end if;
end
$$;

-- What nobody may do, whatever the program says: order in another's name, say twice what is written once, or end what has ended.
create function destruction_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' then
		if new.state <> 'ordered' or new.ordered_by is distinct from account() or not has_role('recordsOfficer') then
			raise exception 'not to be ordered so' using errcode = '23514', constraint = 'destruction_worker';
		end if;
		perform destroyable(new.exchange_id, new.ground);
		if not exists (select from exchange x where x.agency_id = new.agency_id and x.id = new.exchange_id and x.reference = new.reference) then
			raise exception 'not its reference' using errcode = '23514', constraint = 'destruction_exchange';
		end if;
		return new;
	end if;
	if (new.agency_id, new.id, new.exchange_id, new.reference, new.ground, new.reason, new.reason_commit, new.ordered_by, new.ordered_at, new.order_leaf)
			is distinct from (old.agency_id, old.id, old.exchange_id, old.reference, old.ground, old.reason, old.reason_commit, old.ordered_by, old.ordered_at, old.order_leaf)
		or old.state <> 'ordered' then
		raise exception 'written once' using errcode = '23514', constraint = 'destruction_once';
	end if;
	if new.state = 'stopped' and (new.stopped_by is distinct from account() or not (has_role('recordsOfficer') or has_role('manager'))) then
		raise exception 'not this worker''s' using errcode = '23514', constraint = 'destruction_worker';
	end if;
	return new;
end
$$;
create trigger destruction_by_right before insert or update on destruction for each row execute function destruction_by_right();

-- destruction_said: is there a statement with this leaf, of this event, about this, at that time, resting on that, and signed by that key?
create function destruction_said(leaf bytea, event text, refs text, at timestamptz, signer text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	body text := (select convert_from(b.body, 'UTF8') from audit_body b where b.agency_id = agency() and b.leaf = destruction_said.leaf);
begin
	return coalesce(strpos(body, E'\nevent ' || destruction_said.event || E'\n') > 0
		and strpos(body, E'\nrefs ' || destruction_said.refs || E'\nat ' || to_char(destruction_said.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || E'\n') > 0
		and strpos(body, E'\n\u2014 ' || agency() || '/' || destruction_said.signer || ' ') > 0, false);
end
$$;

-- At commit: each word is its worker's, about this exchange and on this ground, each rests on the one before, and what was destroyed is
-- stated by the registrar.
create function destruction_stated() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	about text := E'\nversion 1\nexchange ' || new.exchange_id;
	ordered text := replace(encode(new.order_leaf, 'base64'), E'\n', '');
begin
	if not destruction_said(new.order_leaf, 'casework' || E'\nobject ' || new.id || E'\npart ' || new.ground || about || E'\nfrom worker/' || new.ordered_by
			|| E'\nto archive\ncommit ' || encode(new.reason_commit, 'base64'), '-', new.ordered_at, 'worker/' || new.ordered_by)
		or new.state = 'stopped' and not destruction_said(new.end_leaf, 'casework' || E'\nobject ' || new.id || E'\npart stop' || about,
			ordered, new.ended_at, 'worker/' || new.stopped_by)
		or new.state = 'destroyed' and not (
			destruction_said(new.agree_leaf, 'casework' || E'\nobject ' || new.id || E'\npart agree' || about, ordered, new.agreed_at, 'worker/' || new.agreed_by)
			and destruction_said(new.end_leaf, 'destroy' || E'\nobject ' || new.exchange_id || E'\npart ' || new.ground || about,
				ordered || ',' || encode(new.agree_leaf, 'base64'), new.ended_at, 'registrar')) then
		raise exception 'not stated' using errcode = '23514', constraint = 'destruction_stated';
	end if;
	return null;
end
$$;
create constraint trigger destruction_stated after insert or update on destruction deferrable initially deferred
	for each row execute function destruction_stated();

-- destroy_exchange is the second person's word and what follows from it. It is the only way to delete a letter.
create function destroy_exchange(destruction text, at timestamptz, agree_leaf bytea, destroy_leaf bytea) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
	d record;
	sides text[];
	nodes text[];
	things text[];
	children text[];
	people text[];
begin
	select r.id, r.exchange_id, r.ground, r.ordered_by into d from destruction r
		where r.agency_id = agency() and r.id = destroy_exchange.destruction and r.state = 'ordered' for update;
	if not found then
		raise exception 'not ordered' using errcode = '23514', constraint = 'destruction_move';
	end if;
	if not has_role('manager') or not exists (select from worker w where w.agency_id = agency() and w.id = d.ordered_by and w.state = 'active'
			and 'recordsOfficer' = any (w.roles)) then
		raise exception 'not to be agreed so' using errcode = '23514', constraint = 'destruction_worker';
	end if;
	perform destroyable(d.exchange_id, d.ground);
	update destruction r set state = 'destroyed', agreed_by = account(), agreed_at = destroy_exchange.at, agree_leaf = destroy_exchange.agree_leaf,
		ended_at = destroy_exchange.at, end_leaf = destroy_exchange.destroy_leaf where r.agency_id = agency() and r.id = d.id;

	sides := array(select s.id::text from side s where s.agency_id = agency() and s.exchange_id = d.exchange_id);
	nodes := array(select 'side/' || s from unnest(sides) s) || ('case/' || d.exchange_id);
	things := array(select l.id::text from letter l where l.agency_id = agency() and l.exchange_id = d.exchange_id);
	-- The keys of the sides stand in the sessions of their people, too.
	people := array(select distinct m.person_id::text from side_member m where m.agency_id = agency() and m.side_id = any (sides));
	perform end_sessions_of_person(p) from unnest(people) p;
	delete from ring_grant_person g where g.agency_id = agency() and g.child = any (nodes);
	delete from ring_grant_staff g where g.agency_id = agency() and (g.child = any (nodes) or g.parent = any (nodes));
	delete from node n where n.agency_id = agency() and n.id = any (nodes);
	delete from letter_day t where t.agency_id = agency() and t.letter_id = any (things);
	delete from letter_helper t where t.agency_id = agency() and t.letter_id = any (things);
	delete from claim t where t.agency_id = agency() and t.letter_id = any (things);
	delete from takeover t where t.agency_id = agency() and t.letter_id = any (things);
	delete from decision t where t.agency_id = agency() and t.letter_id = any (things);
	delete from delivery t where t.agency_id = agency() and t.letter_id = any (things);
	delete from letter t where t.agency_id = agency() and t.exchange_id = d.exchange_id;
	delete from message t where t.agency_id = agency() and t.exchange_id = d.exchange_id;
	delete from draft t where t.agency_id = agency() and t.exchange_id = d.exchange_id;
	delete from object o where o.agency_id = agency() and (o.exchange_id = d.exchange_id or o.side_id = any (sides) or o.id = any (things));
	delete from connection t where t.agency_id = agency() and t.exchange_id = d.exchange_id;
	with gone as (delete from exchange_child t where t.agency_id = agency() and t.exchange_id = d.exchange_id returning t.child_id)
		select array_agg(g.child_id::text) into children from gone g;
	delete from side_member t where t.agency_id = agency() and t.side_id = any (sides);
	-- No mail about what is not there: to nobody who is on no other side.
	delete from notice n where n.agency_id = agency() and n.state = 'waiting' and n.person_id = any (people)
		and not exists (select from side_member m where m.agency_id = n.agency_id and m.person_id = n.person_id);
	delete from side t where t.agency_id = agency() and t.exchange_id = d.exchange_id;
	delete from exchange t where t.agency_id = agency() and t.id = d.exchange_id;
	-- A child who is in no other exchange is not known to the agency any more. Adults have accounts, and stay.
	children := array(select c from unnest(children) c where not exists (select from exchange_child t where t.agency_id = agency() and t.child_id = c));
	delete from directory r where r.agency_id = agency() and r.id = any (children);
	delete from child t where t.agency_id = agency() and t.id = any (children);
end
$$;

alter table destruction enable row level security;
alter table destruction force row level security;
create policy staff on destruction to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency());

revoke all on function destroyable(text, text), destruction_by_right(), destruction_said(bytea, text, text, timestamptz, text), destruction_stated(),
	destroy_exchange(text, timestamptz, bytea, bytea) from public;
grant execute on function destroy_exchange(text, timestamptz, bytea, bytea) to gatepost_staff;
grant select, insert on destruction to gatepost_staff;
grant update (state, stopped_by, ended_at, end_leaf) on destruction to gatepost_staff;
grant select on destruction to gatepost_backup;

reset role;
