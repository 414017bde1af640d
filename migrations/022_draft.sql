set local role gatepost_owner;

-- A draft that has run out is not found, also while nobody has begun another one since.
create or replace function intake_load(of_code bytea) returns table (id text, state text, sealed bytea, version int, information text, hear_by date)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select i.id::text, case i.state when 'draft' then 'draft' else 'received' end,
		case i.state when 'draft' then i.sealed end, i.version, i.information, i.hear_by
		from intake i where i.agency_id = agency() and i.code = of_code and (i.state <> 'draft' or i.expires_on >= current_date);
end
$$;

reset role;
