set local role gatepost_owner;

-- Before an approach the database asks what table 8a asks, more coarsely, and looks for the search itself while somebody's protection is not settled.
create or replace function step_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	s subject;
	a application;
	e evaluation;
begin
	perform by_intermediary(new.worker_id, false);
	select * into s from subject x where x.id = new.subject_id and x.agency_id = new.agency_id;
	perform hold_gate(s.adopted_id, s.id);
	select * into a from application x where x.id = s.application_id and x.agency_id = s.agency_id;
	if new.outcome = 'stopPoint' then
		return new; -- it is written down whatever else is so
	end if;
	if s.state <> 'open' or a.state <> 'open' then
		raise exception 'the case has ended' using errcode = '23514', constraint = 'gate_open';
	end if;
	if blocked(a.id, s.id) then
		raise exception 'nobody may be looked for or approached' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if new.kind = 'trace' then
		return new;
	end if;
	e := answered(new.evaluation_id, new.subject_id, null, '+PROCEED');
	if e.tbl <> '8a' or e.act <> 'approach' or e.application_id <> a.id then
		raise exception 'another answer' using errcode = '23514', constraint = 'gate_asked';
	end if;
	if fact_of(s.id, 'subjectVital') = 'died'
		or (select c.answer from consent c where c.subject_id = s.id and c.agency_id = s.agency_id order by c.version desc limit 1) in ('no', 'withdrawn') then
		raise exception 'this person is not approached' using errcode = '23514', constraint = 'gate_answered';
	end if;
	if fact_of(a.adopted_id, 'order') is distinct from 'pre' or coalesce(fact_of(a.adopted_id, 'juris'), '') not in ('E', 'W') or a.pair = 'other'
		or fact_of(a.id, 'appAge') is distinct from 'ge18' or fact_of(s.id, 'subjAge') is distinct from 'ge18' or fact_of(a.adopted_id, 'apAge') is distinct from 'ge18' then
		raise exception 'somebody is under age, or may not ask' using errcode = '23514', constraint = 'gate_age';
	end if;
	if fact_of(a.id, 'reg11') is distinct from 'passed' or coalesce(fact_of(a.id, 'met'), 'no') not in ('inPerson', 'liveVideo')
		or a.pair = 'AP>REL' and fact_of(a.id, 'linkProven') is distinct from 'yes'
		or fact_of(a.id, 'repAuthority') is distinct from 'yes' and exists (select from party p where p.agency_id = a.agency_id and p.file = a.id and p.kind = 'representative') then
		raise exception 'the applicant was not met and verified' using errcode = '23514', constraint = 'gate_met';
	end if;
	if fact_of(s.id, 'approp') is distinct from 'yes' or fact_of(s.id, 'acr') is distinct from 'checked' or fact_of(s.id, 'acrNoContact') is distinct from 'no'
		and not exists (select from signature g where g.agency_id = a.agency_id and g.subject_id = s.id and g.item_id is null and g.row_id = 'a30'
			and g.second_id is not null and g.expires_on >= current_date) then
		raise exception 'nobody has decided that it is right' using errcode = '23514', constraint = 'gate_decided';
	end if;
	if coalesce(fact_of(a.id, 'aaa'), 'pending') not in ('self', 'answered', 'exhausted') then
		raise exception 'the agency of the adoption was not asked' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if a.pair in ('REL>PR', 'PR>REL') and coalesce(fact_of(a.id, 'apConsent'), '') not in ('given', 'died', 'incapable', 'untraced') then
		raise exception 'the adopted person does not let it go on' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	if a.pair <> 'AP>REL' and fact_of(a.id, 'aaa') <> 'self' and (
		coalesce(fact_of(a.id, 'vetoAnswer'), 'unknown') = 'unknown' and not exists (select from signature g where g.agency_id = a.agency_id and g.subject_id = s.id and g.row_id = 'a25'
			and g.second_id is not null and g.expires_on >= current_date)
		or fact_of(a.id, 'vetoAnswer') is not null and not exists (select from fact f where f.agency_id = a.agency_id and f.on_id = a.id and f.name = 'vetoAnswer' and f.at > now() - interval '16 days')
		or fact_of(a.id, 'vetoAnswer') = 'qualified' and judged(a.id, 'qualified') <= judged(a.id, 'vetoAnswer')
		or judged(a.id, 'vetoAnswer') <= coalesce((select max(b.idx) + 1 from step t join subject x on x.agency_id = t.agency_id and x.id = t.subject_id
			join audit_body b on b.agency_id = t.agency_id and b.leaf = t.leaf where t.agency_id = a.agency_id and t.kind = 'approach' and x.application_id = a.id), 0)
			and fact_of(a.id, 'vetoAnswer') is not null) then
		raise exception 'no fresh answer about a veto' using errcode = '23514', constraint = 'gate_fresh';
	end if;
	if a.pair <> 'AP>REL' and judged(a.id, 'qualified') <= coalesce((select b.idx + 1 from (select * from veto v where v.agency_id = a.agency_id and v.adopted_id = a.adopted_id
			order by v.version desc limit 1) v join audit_body b on b.agency_id = v.agency_id and b.leaf = v.leaf where v.in_force), -1) then
		raise exception 'a veto that nobody has judged' using errcode = '23514', constraint = 'gate_blocked';
	end if;
	return new;
end
$$;

-- Who opened the case does not sign what the law refers to people.
create or replace function signature_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' and (new.first_id is distinct from account() or new.second_id is not null)
		or tg_op = 'UPDATE' and (old.second_id is not null or new.second_id is distinct from account())
		or not has_role('manager') and not has_role('intermediaryWorker')
		or exists (select from item i where i.id = new.item_id and i.agency_id = new.agency_id and account() = i.prepared_by)
		or exists (select from subject s join application a on a.agency_id = s.agency_id and a.id = s.application_id
			where s.id = new.subject_id and s.agency_id = new.agency_id and a.opened_by = account()) then
		raise exception 'two people, neither of whom prepared it' using errcode = '23514', constraint = 'signature_worker';
	end if;
	if tg_op = 'UPDATE' and not has_role('manager') and not exists (select from worker w where w.id = new.first_id and w.agency_id = new.agency_id and 'manager' = any (w.roles)) then
		raise exception 'one of the two is a manager' using errcode = '23514', constraint = 'signature_manager';
	end if;
	return new;
end
$$;

reset role;
