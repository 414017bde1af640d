set local role gatepost_owner;

-- How long letters are read before they are decided about: from the first logged look of a claim to the decision. Counts of an agency's week,
-- which say nothing of who read or of which letter, and go after twelve weeks.
alter table claim add column read_at timestamptz;
comment on column claim.read_at is 'when the claim''s worker first looked at the letter; null before, and for each new claim';

create table reading_time (
	agency_id text not null references agency,
	week date not null constraint reading_time_week check (extract(isodow from week) = 1),
	act text not null check (act in ('pass', 'return', 'refuse', 'keepOnFile', 'first')),
	bucket smallint not null constraint reading_time_bucket check (bucket between 0 and 7),
	count int not null check (count > 0),
	primary key (agency_id, week, act, bucket)
);
comment on column reading_time.week is 'its Monday';
comment on column reading_time.bucket is 'the number of these that it took at least: 30 seconds, 1, 2, 5, 10, 20 and 30 minutes';

-- A decision counts itself, in its own transaction; nobody gives a number. The claim is its worker's still: it ends with the act, after this.
create function count_reading() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	monday date := date_trunc('week', current_date)::date;
	began timestamptz;
begin
	select c.read_at into began from claim c
		where c.agency_id = new.agency_id and c.letter_id = new.letter_id and c.worker_id = new.worker_id and c.until > now();
	if began is null then
		return null; -- the safeguarding lead decides without a claim
	end if;
	delete from reading_time where agency_id = new.agency_id and week < monday - 77;
	insert into reading_time as r (agency_id, week, act, bucket, count)
		values (new.agency_id, monday, coalesce(tg_argv[0], to_jsonb(new) ->> 'act'),
			width_bucket(extract(epoch from clock_timestamp() - began), array[30, 60, 120, 300, 600, 1200, 1800]::numeric[]), 1)
		on conflict (agency_id, week, act, bucket) do update set count = r.count + 1;
	return null;
end
$$;
create trigger count_reading after insert on decision for each row execute function count_reading();
create trigger count_reading after insert on first_reading for each row execute function count_reading('first');

alter table reading_time enable row level security;
alter table reading_time force row level security;
create policy staff on reading_time for select to gatepost_staff using (agency_id = agency() and has_role('manager'));
create policy owner on reading_time to gatepost_owner using (agency_id = agency()) with check (agency_id = agency());

revoke all on function count_reading() from public;
grant select on reading_time to gatepost_staff, gatepost_backup;
grant update (read_at) on claim to gatepost_staff;

reset role;
