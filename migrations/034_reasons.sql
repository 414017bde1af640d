-- The agency's own list of reasons for returning and refusing a letter, and for leaving out a photo or a recording. It names nobody and stands in clear; a signed
-- statement carries the digest of each version, and what a writer was told is sealed with the act itself.

set local role gatepost_owner;

create table reason_list (
	agency_id text not null references agency,
	version int not null constraint reason_list_version check (version > 0),
	worker_id id not null,
	list text not null constraint reason_list_size check (octet_length(list) between 1 and 262144),
	leaf digest not null,
	primary key (agency_id, version),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
comment on column reason_list.list is 'the whole list of this version, as JSON; its digest is in the statement';
create index reason_list_worker on reason_list (worker_id, agency_id);

-- A manager writes the next version in their own name. What is said of names, places, contact details and other children is no agency's to change: its
-- entry is in every list, switched on and without words of its own, and so is the one that leaves all words to the worker.
create function reason_list_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	part text;
	fixed text;
begin
	if new.worker_id is distinct from account() or not has_role('manager') then
		raise exception 'not a manager' using errcode = '23514', constraint = 'reason_list_manager';
	end if;
	if new.version <> 1 + (select coalesce(max(r.version), 0) from reason_list r where r.agency_id = new.agency_id) then
		raise exception 'not the next version' using errcode = '23505', constraint = 'reason_list_next';
	end if;
	foreach part in array array['letter', 'photo', 'recording'] loop
		foreach fixed in array array['identifying', 'other'] loop
			if (select count(*) filter (where e - 'id' = '{}'::jsonb) <> 1 or count(*) <> 1
				from jsonb_array_elements(new.list::jsonb -> part) e where e ->> 'id' = fixed) then
				raise exception 'a fixed reason was changed' using errcode = '23514', constraint = 'reason_list_fixed';
			end if;
		end loop;
	end loop;
	return new;
end
$$;
create trigger reason_list_by_right before insert on reason_list for each row execute function reason_list_by_right();
create trigger worker_stands before insert on reason_list for each row execute function worker_stands();

alter table reason_list enable row level security;
alter table reason_list force row level security;
create policy staff on reason_list to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency());

revoke all on function reason_list_by_right() from public;
grant select, insert on reason_list to gatepost_staff;
grant select on reason_list to gatepost_backup;

reset role;
