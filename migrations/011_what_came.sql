set local role gatepost_owner;

-- Two letters of one day are told apart by their order, so a family's lists have it: of those it sent by when the door took them, of
-- those that came by when they came.
grant select (submitted_at) on letter to gatepost_public;
create or replace function my_deliveries(only_side text) returns table (id text, side_id text, passed_on date, opened bool, kept bool)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select d.id::text, d.side_id::text, coalesce(w.on_day, d.passed_on), l.state = 'opened', l.state = 'keptForLater'
	from side_member m join delivery d on d.agency_id = m.agency_id and d.side_id = m.side_id
		join letter l on l.agency_id = d.agency_id and l.id = d.letter_id
		left join lateral (select t.on_day, t.at from letter_day t where t.agency_id = l.agency_id and t.letter_id = l.id and t.state = 'waiting'
			order by t.n desc limit 1) w on true
	where m.agency_id = agency() and m.person_id = account() and (only_side = '' or m.side_id = only_side) and granted_side(m.side_id)
		and l.state in ('waiting', 'keptForLater', 'opened') and l.visible_on <= current_date and (l.state = 'opened' or not l.stop)
	order by 3 desc, w.at desc nulls last, 1 limit 200;
end
$$;

-- came_back: was this delivery passed on to this account's side, to be seen from that day, and is it not there any more? Not why, nor
-- since when. Of what still waits for its day, and to everybody else, it says no, as of what there is not.
create function came_back(delivery text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return exists (select from delivery d join letter_day w on w.agency_id = d.agency_id and w.letter_id = d.letter_id and w.state = 'waiting'
		where d.agency_id = agency() and d.id = came_back.delivery and granted_side(d.side_id) and delivery_state(d.id) is null);
end
$$;
revoke all on function came_back(text) from public;
grant execute on function came_back(text) to gatepost_public;

reset role;
