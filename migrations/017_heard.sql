set local role gatepost_owner;

-- adopted_id is the answering agency's own: whose record the enquiry is about, once a worker has found it, so that a later veto finds its way.
alter table enquiry_in add column adopted_id id,
	add constraint enquiry_in_record foreign key (agency_id, adopted_id) references adopted (agency_id, id);
create index enquiry_in_adopted on enquiry_in (adopted_id, agency_id) where adopted_id is not null;
grant update (adopted_id) on enquiry_in to gatepost_staff;

-- heard is the last word of the other agency that a worker of ours has read into the case. An answer that nobody has read may be a veto:
-- until it is read, it stops what a veto would stop.
alter table enquiry add column heard int not null default 0 check (heard >= 0);
grant update (heard) on enquiry to gatepost_staff;
create function unheard(one_application text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from enquiry e join enquiry_word w on w.id = e.id and w.agency_id = e.to_agency
		where e.agency_id = agency() and e.application_id = one_application and w.kind = 'answer' and w.version > e.heard));
end
$$;
create or replace function blocked(one_application text, one_subject text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	a application;
begin
	select * into a from application x where x.id = one_application and x.agency_id = agency();
	if not found or exists (select from stop s where s.agency_id = agency() and s.adopted_id = a.adopted_id and s.ended_by is null
		and (s.subject_id is null or s.subject_id = one_subject)) then
		return true;
	end if;
	if a.pair = 'AP>REL' then
		return false;
	end if;
	return unheard(a.id)
		or coalesce((select case when v.kind = 'absolute' then true else fact_of(a.id, 'qualified') is distinct from 'met' end
			from (select * from veto v where v.agency_id = agency() and v.adopted_id = a.adopted_id order by v.version desc limit 1) v where v.in_force), false)
		or fact_of(a.id, 'vetoAnswer') = 'absolute'
		or fact_of(a.id, 'vetoAnswer') = 'qualified' and fact_of(a.id, 'qualified') is distinct from 'met';
end
$$;
revoke all on function unheard(text) from public;
grant execute on function unheard(text) to gatepost_staff;

reset role;
