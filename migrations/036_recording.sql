-- Recordings in letters: a voice in place of writing, or beside it. As each side's agreement allows, made anew before they are
-- stored, listened to before they are passed on.

set local role gatepost_owner;

alter table side add column recordings text not null default 'none'
	constraint side_recordings check (recordings in ('none', 'permitted'));
comment on column side.recordings is 'whether this side may send its voice: an agreement of its own, for a voice tells who somebody is';
create trigger recordings_by_right before update of recordings on side for each row execute function state_by_right();

-- The recording of a draft: nobody's business but the writer's side, and gone with the draft. The original is sealed to the case and the archive
-- alone; of a rewrite it is with the letter that came back.
create table draft_recording (
	agency_id text not null,
	id id not null check (id ~ '^au'),
	draft_id id not null,
	sealed bytea not null check (octet_length(sealed) < 8 * 1024 * 1024),
	mac digest not null,
	original bytea check (octet_length(original) < 32 * 1024 * 1024),
	original_commit digest,
	original_mac digest,
	original_of id check (original_of ~ '^au'),
	primary key (agency_id, id),
	constraint draft_recording_one unique (draft_id, agency_id),
	constraint draft_recording_original check ((original is null) = (original_of is not null)
		and (original is null) = (original_commit is null) and (original is null) = (original_mac is null)),
	foreign key (agency_id, draft_id) references draft on delete cascade
);
alter table draft_recording alter column sealed set storage external, alter column original set storage external;
comment on column draft_recording.mac is 'as draft.mac, about the sound; original_mac is the same about the original, which its sender cannot open';

-- The recording of a letter. Its objects are its own: sound (as made anew), original, answers, reason, transcript (as its writer is shown it).
create table letter_recording (
	agency_id text not null,
	id id not null check (id ~ '^au'),
	letter_id id not null,
	original_of id,
	primary key (agency_id, id),
	constraint letter_recording_one unique (letter_id, agency_id),
	foreign key (agency_id, letter_id) references letter on delete cascade,
	foreign key (agency_id, original_of) references letter_recording on delete cascade
);

-- Who was given a recording to listen to.
create table recording_heard (
	agency_id text not null,
	recording_id id not null,
	worker_id id not null,
	primary key (agency_id, recording_id, worker_id),
	foreign key (agency_id, recording_id) references letter_recording on delete cascade,
	foreign key (agency_id, worker_id) references worker
);
-- What a worker said about a recording; the newest word counts. What they wrote down of it is sealed with their answer.
create table recording_word (
	agency_id text not null,
	recording_id id not null,
	n int not null check (n > 0),
	worker_id id not null,
	goes bool not null,
	leaf digest not null,
	primary key (agency_id, recording_id, n),
	foreign key (agency_id, recording_id) references letter_recording on delete cascade,
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
-- A recording that was passed on, under an id of the recipient's side.
create table delivery_recording (
	agency_id text not null,
	id id not null check (id ~ '^ac'),
	delivery_id id not null,
	recording_id id not null,
	part text not null default 'sound' check (part = 'sound'),
	version int not null default 1 check (version = 1),
	primary key (agency_id, id),
	constraint delivery_recording_once unique (recording_id, agency_id),
	constraint delivery_recording_one unique (delivery_id, agency_id),
	foreign key (agency_id, delivery_id) references delivery on delete cascade,
	foreign key (agency_id, recording_id) references letter_recording on delete cascade,
	foreign key (agency_id, id, part, version) references object (agency_id, id, part, version) deferrable initially deferred
);

-- recordings_agreed: may this side send recordings? No more is told to the public role.
create function recordings_agreed(side text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from side s where s.agency_id = agency() and s.id = recordings_agreed.side and s.recordings <> 'none' and my_side(s.id)));
end
$$;

-- A draft takes a recording only where that is agreed on; a rewrite, only that of the letter that came back.
create function draft_recording_agreed() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	d draft;
begin
	select * into strict d from draft x where x.agency_id = new.agency_id and x.id = new.draft_id for update;
	if not exists (select from side s where s.agency_id = d.agency_id and s.id = d.side_id and s.recordings <> 'none') then
		raise exception 'recordings are not agreed on' using errcode = '23514', constraint = 'recording_agreed';
	end if;
	if new.original_of is not null and not exists (select from letter_recording p join letter l on l.agency_id = p.agency_id and l.id = p.letter_id
			where p.agency_id = new.agency_id and p.id = new.original_of and l.from_side = d.side_id) then
		raise exception 'the recording of another side' using errcode = '23514', constraint = 'recording_original';
	end if;
	return new;
end
$$;
create trigger draft_recording_agreed before insert on draft_recording for each row execute function draft_recording_agreed();

-- A letter's recording comes in with it, in one transaction, and never later.
create function letter_recording_agreed() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	l letter;
begin
	select * into strict l from letter x where x.agency_id = new.agency_id and x.id = new.letter_id for update;
	if l.state <> 'received' or l.submitted_at <> now() then
		raise exception 'a recording comes with its letter' using errcode = '23514', constraint = 'recording_late';
	end if;
	if not exists (select from side s where s.agency_id = l.agency_id and s.id = l.from_side and s.recordings <> 'none') then
		raise exception 'recordings are not agreed on' using errcode = '23514', constraint = 'recording_agreed';
	end if;
	if new.original_of is not null and not exists (select from letter_recording p join letter e on e.agency_id = p.agency_id and e.id = p.letter_id
			where p.agency_id = new.agency_id and p.id = new.original_of and e.from_side = l.from_side) then
		raise exception 'the recording of another side' using errcode = '23514', constraint = 'recording_original';
	end if;
	return new;
end
$$;
create trigger letter_recording_agreed before insert on letter_recording for each row execute function letter_recording_agreed();

-- Who says something about a recording was given it, may decide, and holds the claim of its letter, which is not decided.
create function recording_word_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	l letter;
begin
	select x.* into strict l from letter x join letter_recording p on p.agency_id = x.agency_id and p.letter_id = x.id
		where p.agency_id = new.agency_id and p.id = new.recording_id for update of x;
	if new.worker_id is distinct from account() or not has_role('letterboxWorker') or is_party(l.exchange_id)
		or not exists (select from claim c where c.agency_id = l.agency_id and c.letter_id = l.id and c.worker_id = account() and c.until > now()) then
		raise exception 'not this worker''s' using errcode = '23514', constraint = 'recording_worker';
	end if;
	if l.state not in ('received', 'held') then
		raise exception 'decided' using errcode = '23514', constraint = 'recording_decided';
	end if;
	if not exists (select from recording_heard h where h.agency_id = new.agency_id and h.recording_id = new.recording_id and h.worker_id = account()) then
		raise exception 'not listened to' using errcode = '23514', constraint = 'recording_heard_first';
	end if;
	return new;
end
$$;
create trigger recording_word_by_right before insert on recording_word for each row execute function recording_word_by_right();

-- At commit: whoever passes a letter on has said of its recording whether it goes, and what goes is there.
create function delivery_recordings() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if exists (select from letter_recording p
			left join lateral (select w.* from recording_word w where w.agency_id = p.agency_id and w.recording_id = p.id order by w.n desc limit 1) w on true
			join decision d on d.agency_id = p.agency_id and d.letter_id = p.letter_id and d.act = 'pass'
			where p.agency_id = new.agency_id and p.letter_id = new.letter_id and (w.recording_id is null or w.worker_id <> d.worker_id
				or w.goes <> exists (select from delivery_recording g where g.agency_id = p.agency_id and g.recording_id = p.id and g.delivery_id = new.id))) then
		raise exception 'a recording without an answer' using errcode = '23514', constraint = 'recording_answered';
	end if;
	return null;
end
$$;
create constraint trigger delivery_recordings after insert on delivery deferrable initially deferred for each row execute function delivery_recordings();

-- A recording goes with its own letter's delivery, in its transaction, where that is agreed on.
create function delivery_recording_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from delivery d join letter_recording p on p.agency_id = d.agency_id and p.letter_id = d.letter_id
			join letter l on l.agency_id = d.agency_id and l.id = d.letter_id
			where d.agency_id = new.agency_id and d.id = new.delivery_id and p.id = new.recording_id and l.state in ('received', 'held')) then
		raise exception 'the recording of another letter' using errcode = '23514', constraint = 'recording_late';
	end if;
	if not exists (select from letter_recording p join letter l on l.agency_id = p.agency_id and l.id = p.letter_id
			join side s on s.agency_id = l.agency_id and s.id = l.from_side
			where p.agency_id = new.agency_id and p.id = new.recording_id and s.recordings <> 'none') then
		raise exception 'recordings are not agreed on' using errcode = '23514', constraint = 'recording_agreed';
	end if;
	return new;
end
$$;
create trigger delivery_recording_by_right before insert on delivery_recording for each row execute function delivery_recording_by_right();

-- What a recipient may know: which recording came with an open letter, and whether they may hear it. What is agreed on today counts.
create function recording_came(delivery text) returns table (id text, may bool)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select p.id::text, s.recordings <> 'none' from delivery d
		join delivery_recording p on p.agency_id = d.agency_id and p.delivery_id = d.id
		join letter l on l.agency_id = d.agency_id and l.id = d.letter_id
		join side s on s.agency_id = l.agency_id and s.id = l.from_side
	where d.agency_id = agency() and d.id = recording_came.delivery and granted_side(d.side_id) and delivery_state(d.id) = 'opened';
end
$$;
create function recording_played(recording text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from delivery_recording p, recording_came(p.delivery_id) c where p.agency_id = agency() and p.id = recording_played.recording
		and c.id = p.id and c.may));
end
$$;
-- recording_sent: is this the recording of a letter that this account sends in this transaction?
create function recording_sent(recording text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from letter_recording p join letter l on l.agency_id = p.agency_id and l.id = p.letter_id
		where p.agency_id = agency() and p.id = recording_sent.recording and l.author = account() and l.submitted_at = now() and granted_side(l.from_side)));
end
$$;

do $$
declare
	t text;
begin
	foreach t in array array['draft_recording', 'letter_recording', 'recording_heard', 'recording_word', 'delivery_recording'] loop
		execute format('alter table %I enable row level security', t);
		execute format('alter table %I force row level security', t);
		execute format('create policy staff on %I to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency())', t);
	end loop;
end
$$;
-- Whoever sees a draft or a letter sees its recording.
create policy family on draft_recording to gatepost_public using (agency_id = agency() and exists (select from draft d where d.agency_id = draft_recording.agency_id and d.id = draft_recording.draft_id and d.shared))
	with check (agency_id = agency() and exists (select from draft d where d.agency_id = draft_recording.agency_id and d.id = draft_recording.draft_id and d.shared));
create policy family on letter_recording to gatepost_public using (agency_id = agency() and exists (select from letter l where l.agency_id = letter_recording.agency_id and l.id = letter_recording.letter_id))
	with check (agency_id = agency() and exists (select from letter l where l.agency_id = letter_recording.agency_id and l.id = letter_recording.letter_id and l.author = account()));
create policy recording on object for select to gatepost_public using (agency_id = agency() and kind = 'delivery' and part in ('sound', 'transcript') and recording_played(id));
create policy sound on object for insert to gatepost_public with check (agency_id = agency() and kind = 'submission' and id ~ '^au' and version = 1 and recording_sent(id)
	and (part = 'sound' and granted_side(side_id) or part = 'original' and side_id is null));

revoke all on function recordings_agreed(text), draft_recording_agreed(), letter_recording_agreed(), recording_word_by_right(), delivery_recordings(), delivery_recording_by_right(),
	recording_came(text), recording_played(text), recording_sent(text) from public;
grant execute on function recordings_agreed(text), recording_came(text), recording_played(text), recording_sent(text) to gatepost_public;
grant select, insert, delete on draft_recording to gatepost_public;
grant select, insert on letter_recording to gatepost_public;
grant update (recordings) on side to gatepost_staff;
grant select on letter_recording to gatepost_staff;
grant select, insert on recording_heard, recording_word, delivery_recording to gatepost_staff;
grant select on draft_recording, letter_recording, recording_heard, recording_word, delivery_recording to gatepost_backup;

reset role;
