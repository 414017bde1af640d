-- Photos in letters: as each side's agreement allows, cleaned before they are stored, looked at one by one before they are passed on.

set local role gatepost_owner;

alter table side add column photos text not null default 'none'
	constraint side_photos check (photos in ('none', 'viewOnlyInOffice', 'digitalViewNoDownload', 'permitted'));
comment on column side.photos is 'whether this side may send photos, and how the other side sees them';
create trigger photos_by_right before update of photos on side for each row execute function state_by_right();

-- A photo of a draft: nobody's business but the writer's side, and gone with the draft. The original is sealed to the case and the archive alone;
-- of a rewrite it is with the letter that came back.
create table draft_photo (
	agency_id text not null,
	id id not null check (id ~ '^ph'),
	draft_id id not null,
	place smallint not null check (place between 1 and 4),
	sealed bytea not null check (octet_length(sealed) < 8 * 1024 * 1024),
	mac digest not null,
	original bytea check (octet_length(original) < 32 * 1024 * 1024),
	original_commit digest,
	original_mac digest,
	original_of id check (original_of ~ '^ph'),
	primary key (agency_id, id),
	constraint draft_photo_place unique (draft_id, place, agency_id),
	constraint draft_photo_original check ((original is null) = (original_of is not null)
		and (original is null) = (original_commit is null) and (original is null) = (original_mac is null)),
	foreign key (agency_id, draft_id) references draft on delete cascade
);
alter table draft_photo alter column sealed set storage external, alter column original set storage external;
comment on column draft_photo.mac is 'as draft.mac, about the picture; original_mac is the same about the original, which its sender cannot open';

-- A photo of a letter. Its objects are its own: picture (as cleaned), original, edit (as a worker cut it), answers, reason.
create table letter_photo (
	agency_id text not null,
	id id not null check (id ~ '^ph'),
	letter_id id not null,
	place smallint not null check (place between 1 and 4),
	original_of id,
	primary key (agency_id, id),
	constraint letter_photo_place unique (letter_id, place, agency_id),
	foreign key (agency_id, letter_id) references letter on delete cascade,
	foreign key (agency_id, original_of) references letter_photo on delete cascade
);

-- Who had which version of a photo on their page: 0 is the picture as it came, n what was cut the n-th time.
create table photo_look (
	agency_id text not null,
	photo_id id not null,
	worker_id id not null,
	picture int not null check (picture >= 0),
	primary key (agency_id, photo_id, worker_id, picture),
	foreign key (agency_id, photo_id) references letter_photo on delete cascade,
	foreign key (agency_id, worker_id) references worker
);
-- What a worker said about a photo; the newest word counts. The answers themselves are sealed.
create table photo_word (
	agency_id text not null,
	photo_id id not null,
	n int not null check (n > 0),
	worker_id id not null,
	picture int not null check (picture >= 0),
	goes bool not null,
	leaf digest not null,
	primary key (agency_id, photo_id, n),
	foreign key (agency_id, photo_id) references letter_photo on delete cascade,
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
-- A photo that was passed on, under an id of the recipient's side.
create table delivery_photo (
	agency_id text not null,
	id id not null check (id ~ '^pd'),
	delivery_id id not null,
	photo_id id not null,
	place smallint not null check (place between 1 and 4),
	part text not null default 'picture' check (part = 'picture'),
	version int not null default 1 check (version = 1),
	primary key (agency_id, id),
	constraint delivery_photo_once unique (photo_id, agency_id),
	constraint delivery_photo_place unique (delivery_id, place, agency_id),
	foreign key (agency_id, delivery_id) references delivery on delete cascade,
	foreign key (agency_id, photo_id) references letter_photo on delete cascade,
	foreign key (agency_id, id, part, version) references object (agency_id, id, part, version) deferrable initially deferred
);

-- photos_agreed: may this side send photos? No more is told to the public role.
create function photos_agreed(side text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from side s where s.agency_id = agency() and s.id = photos_agreed.side and s.photos <> 'none' and my_side(s.id)));
end
$$;

-- A draft takes photos only where they are agreed on; a rewrite, only those of the letter that came back.
create function draft_photo_agreed() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	d draft;
begin
	select * into strict d from draft x where x.agency_id = new.agency_id and x.id = new.draft_id for update;
	if not exists (select from side s where s.agency_id = d.agency_id and s.id = d.side_id and s.photos <> 'none') then
		raise exception 'photos are not agreed on' using errcode = '23514', constraint = 'photo_agreed';
	end if;
	if new.original_of is not null and not exists (select from letter_photo p join letter l on l.agency_id = p.agency_id and l.id = p.letter_id
			where p.agency_id = new.agency_id and p.id = new.original_of and l.from_side = d.side_id) then
		raise exception 'the photo of another side' using errcode = '23514', constraint = 'photo_original';
	end if;
	return new;
end
$$;
create trigger draft_photo_agreed before insert on draft_photo for each row execute function draft_photo_agreed();

-- A letter's photos come in with it, in one transaction, and never later.
create function letter_photo_agreed() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	l letter;
begin
	select * into strict l from letter x where x.agency_id = new.agency_id and x.id = new.letter_id for update;
	if l.state <> 'received' or l.submitted_at <> now() then
		raise exception 'photos come with their letter' using errcode = '23514', constraint = 'photo_late';
	end if;
	if not exists (select from side s where s.agency_id = l.agency_id and s.id = l.from_side and s.photos <> 'none') then
		raise exception 'photos are not agreed on' using errcode = '23514', constraint = 'photo_agreed';
	end if;
	if new.original_of is not null and not exists (select from letter_photo p join letter e on e.agency_id = p.agency_id and e.id = p.letter_id
			where p.agency_id = new.agency_id and p.id = new.original_of and e.from_side = l.from_side) then
		raise exception 'the photo of another side' using errcode = '23514', constraint = 'photo_original';
	end if;
	return new;
end
$$;
create trigger letter_photo_agreed before insert on letter_photo for each row execute function letter_photo_agreed();

-- photo_now is the newest version of a photo.
create function photo_now(photo text) returns int
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select coalesce(max(o.version), 0) from object o where o.agency_id = agency() and o.id = photo and o.part = 'edit');
end
$$;

-- Who says something about a photo looked at it as it is now, may decide, and holds the claim of its letter, which is not decided.
create function photo_word_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	l letter;
begin
	select x.* into strict l from letter x join letter_photo p on p.agency_id = x.agency_id and p.letter_id = x.id
		where p.agency_id = new.agency_id and p.id = new.photo_id for update of x;
	if new.worker_id is distinct from account() or not has_role('letterboxWorker') or is_party(l.exchange_id)
		or not exists (select from claim c where c.agency_id = l.agency_id and c.letter_id = l.id and c.worker_id = account() and c.until > now()) then
		raise exception 'not this worker''s' using errcode = '23514', constraint = 'photo_worker';
	end if;
	if l.state not in ('received', 'held') then
		raise exception 'decided' using errcode = '23514', constraint = 'photo_decided';
	end if;
	if new.picture <> photo_now(new.photo_id) or not exists (select from photo_look k where k.agency_id = new.agency_id and k.photo_id = new.photo_id
			and k.worker_id = account() and k.picture = new.picture) then
		raise exception 'not looked at' using errcode = '23514', constraint = 'photo_looked';
	end if;
	return new;
end
$$;
create trigger photo_word_by_right before insert on photo_word for each row execute function photo_word_by_right();

-- At commit: whoever passes a letter on has said of each of its photos, as it is now, whether it goes, and what goes is there.
create function delivery_photos() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if exists (select from letter_photo p
			left join lateral (select w.* from photo_word w where w.agency_id = p.agency_id and w.photo_id = p.id order by w.n desc limit 1) w on true
			join decision d on d.agency_id = p.agency_id and d.letter_id = p.letter_id and d.act = 'pass'
			where p.agency_id = new.agency_id and p.letter_id = new.letter_id and (w.photo_id is null or w.worker_id <> d.worker_id or w.picture <> photo_now(p.id)
				or w.goes <> exists (select from delivery_photo g where g.agency_id = p.agency_id and g.photo_id = p.id and g.delivery_id = new.id))) then
		raise exception 'a photo without an answer' using errcode = '23514', constraint = 'photo_answered';
	end if;
	return null;
end
$$;
create constraint trigger delivery_photos after insert on delivery deferrable initially deferred for each row execute function delivery_photos();

-- A photo goes with its own letter's delivery, in its transaction, where photos are agreed on.
create function delivery_photo_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from delivery d join letter_photo p on p.agency_id = d.agency_id and p.letter_id = d.letter_id
			join letter l on l.agency_id = d.agency_id and l.id = d.letter_id
			where d.agency_id = new.agency_id and d.id = new.delivery_id and p.id = new.photo_id and p.place = new.place and l.state in ('received', 'held')) then
		raise exception 'the photo of another letter' using errcode = '23514', constraint = 'photo_late';
	end if;
	if not exists (select from letter_photo p join letter l on l.agency_id = p.agency_id and l.id = p.letter_id
			join side s on s.agency_id = l.agency_id and s.id = l.from_side
			where p.agency_id = new.agency_id and p.id = new.photo_id and s.photos <> 'none') then
		raise exception 'photos are not agreed on' using errcode = '23514', constraint = 'photo_agreed';
	end if;
	return new;
end
$$;
create trigger delivery_photo_by_right before insert on delivery_photo for each row execute function delivery_photo_by_right();

-- What a recipient may know: which photos came with an open letter, and whether they may see and keep them. What is agreed on today counts.
create function photos_came(delivery text) returns table (id text, place int, may text)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select p.id::text, p.place::int, s.photos from delivery d
		join delivery_photo p on p.agency_id = d.agency_id and p.delivery_id = d.id
		join letter l on l.agency_id = d.agency_id and l.id = d.letter_id
		join side s on s.agency_id = l.agency_id and s.id = l.from_side
	where d.agency_id = agency() and d.id = photos_came.delivery and granted_side(d.side_id) and delivery_state(d.id) = 'opened' order by p.place;
end
$$;
create function photo_shown(photo text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from delivery_photo p, photos_came(p.delivery_id) c where p.agency_id = agency() and p.id = photo_shown.photo
		and c.id = p.id and c.may in ('digitalViewNoDownload', 'permitted')));
end
$$;
-- photo_sent: is this a photo of a letter that this account sends in this transaction?
create function photo_sent(photo text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from letter_photo p join letter l on l.agency_id = p.agency_id and l.id = p.letter_id
		where p.agency_id = agency() and p.id = photo_sent.photo and l.author = account() and l.submitted_at = now() and granted_side(l.from_side)));
end
$$;

do $$
declare
	t text;
begin
	foreach t in array array['draft_photo', 'letter_photo', 'photo_look', 'photo_word', 'delivery_photo'] loop
		execute format('alter table %I enable row level security', t);
		execute format('alter table %I force row level security', t);
		execute format('create policy staff on %I to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency())', t);
	end loop;
end
$$;
-- Whoever sees a draft or a letter sees its photos.
create policy family on draft_photo to gatepost_public using (agency_id = agency() and exists (select from draft d where d.agency_id = draft_photo.agency_id and d.id = draft_photo.draft_id and d.shared))
	with check (agency_id = agency() and exists (select from draft d where d.agency_id = draft_photo.agency_id and d.id = draft_photo.draft_id and d.shared));
create policy family on letter_photo to gatepost_public using (agency_id = agency() and exists (select from letter l where l.agency_id = letter_photo.agency_id and l.id = letter_photo.letter_id))
	with check (agency_id = agency() and exists (select from letter l where l.agency_id = letter_photo.agency_id and l.id = letter_photo.letter_id and l.author = account()));
create policy picture on object for select to gatepost_public using (agency_id = agency() and kind = 'delivery' and part = 'picture' and photo_shown(id));
create policy photo on object for insert to gatepost_public with check (agency_id = agency() and kind = 'submission' and id ~ '^ph' and version = 1 and photo_sent(id)
	and (part = 'picture' and granted_side(side_id) or part = 'original' and side_id is null));

revoke all on function photos_agreed(text), draft_photo_agreed(), letter_photo_agreed(), photo_now(text), photo_word_by_right(), delivery_photos(), delivery_photo_by_right(),
	photos_came(text), photo_shown(text), photo_sent(text) from public;
grant execute on function photos_agreed(text), photos_came(text), photo_shown(text), photo_sent(text) to gatepost_public;
grant execute on function photo_now(text) to gatepost_staff;
grant select, insert, delete on draft_photo to gatepost_public;
grant select, insert on letter_photo to gatepost_public;
grant update (photos) on side to gatepost_staff;
grant select on letter_photo to gatepost_staff;
grant select, insert on photo_look, photo_word, delivery_photo to gatepost_staff;
grant select on draft_photo, letter_photo, photo_look, photo_word, delivery_photo to gatepost_backup;

reset role;
