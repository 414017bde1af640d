-- A letter that is written again, while somebody of the same side answers about the first one: the words stay, and become a letter of their own.

set local role gatepost_owner;

-- A rewrite begins in the language of its letter, which its writer's side may know.
grant select (language) on letter to gatepost_public;

-- A rewrite is begun of a letter of the same side that waits for one. After the index: who begins one holds their draft before they look at the letter, as who sends one does.
create function draft_rewrites() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform from letter l where l.agency_id = new.agency_id and l.id = new.replaces and l.from_side = new.side_id and l.state in ('returned', 'proposed') for share;
	if not found then
		raise exception 'not a letter to write again' using errcode = '23514', constraint = 'draft_rewrites';
	end if;
	return null;
end
$$;
create trigger draft_rewrites after insert on draft for each row when (new.replaces is not null) execute function draft_rewrites();

-- free_draft makes of a rewrite a letter of its own, once its letter does not wait for it any more: somebody of the side has agreed, asked another worker, or taken it back.
create function free_draft(draft text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	perform from draft d where d.agency_id = agency() and d.id = free_draft.draft
		and my_side(d.side_id) and (d.author = account() or d.shared and granted_side(d.side_id)) for update;
	if not found then
		raise exception 'no such draft' using errcode = 'GP404';
	end if;
	update draft d set replaces = null from letter l where d.agency_id = agency() and d.id = free_draft.draft
		and l.agency_id = d.agency_id and l.id = d.replaces and l.state not in ('returned', 'proposed');
	if not found then
		raise exception 'its letter waits for it' using errcode = 'GP409';
	end if;
end
$$;

revoke all on function draft_rewrites(), free_draft(text) from public;
grant execute on function free_draft(text) to gatepost_public;

reset role;
