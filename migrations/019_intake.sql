set local role gatepost_owner;
-- An enquiry goes from draft to received by its writer, and from received to taken or declined by an intermediary worker: once. Who types one in is
-- an intermediary worker in their own name; taken needs the case, declined the sealed reasons.
create function intake_moves() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' then
		if new.by_worker is null then
			if new.state <> 'draft' then
				raise exception 'an enquiry begins as a draft' using errcode = '23514', constraint = 'intake_move';
			end if;
		else
			if new.state <> 'received' then
				raise exception 'an enquiry that was typed in is received' using errcode = '23514', constraint = 'intake_move';
			end if;
			perform by_intermediary(new.by_worker, false);
		end if;
		return new;
	end if;
	if old.by_worker is distinct from new.by_worker or old.id <> new.id then
		raise exception 'an enquiry stays whose it is' using errcode = '23514', constraint = 'intake_move';
	end if;
	if new.state = old.state then
		if old.state <> 'draft' then
			raise exception 'what was sent is not changed' using errcode = '23514', constraint = 'intake_move';
		end if;
		return new;
	end if;
	if old.state = 'draft' and new.state = 'received' then
		return new;
	end if;
	if old.state <> 'received' or new.state not in ('taken', 'declined') then
		raise exception 'no such move' using errcode = '23514', constraint = 'intake_move';
	end if;
	perform by_intermediary(account(), false);
	if new.state = 'taken' and not exists (select from application a where a.agency_id = new.agency_id and a.intake_id = new.id)
		or new.state = 'declined' and not exists (select from casework w where w.agency_id = new.agency_id and w.id = new.id and w.part = 'declined') then
		raise exception 'nothing says what became of it' using errcode = '23514', constraint = 'intake_became';
	end if;
	return new;
end
$$;
create trigger intake_moves before insert or update on intake for each row execute function intake_moves();
revoke all on function intake_moves() from public;

reset role;
