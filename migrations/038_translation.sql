-- Letters in Welsh and other languages: what language a letter is in, who reads which, and translators, who see the text given to them and
-- nothing else of a case. No letter goes on that its recipients, or a worker who decides about it, could not read.

set local role gatepost_owner;

alter table worker drop constraint worker_roles_check;
alter table worker add constraint worker_roles_check
	check (roles <@ array['letterboxWorker', 'intermediaryWorker', 'safeguardingLead', 'manager', 'recordsOfficer', 'auditor', 'translator']);

-- A letter that a translator has is with us, and on the desk.
alter table letter drop column told;
alter table letter add column told text not null generated always as (case
	when state in ('received', 'held', 'escalated', 'toTranslate') then 'withUs'
	when state in ('recalled', 'undeliverable') then 'backWithUs'
	when state = 'stoppedAt18' and back then 'keptOnFile'
	when state in ('passed', 'waiting', 'keptForLater', 'opened', 'stoppedAt18') then 'passedOn'
	else state end) stored;
grant select (told) on letter to gatepost_public;
drop index letter_queue;
create index letter_queue on letter (agency_id, submitted_at) where state in ('received', 'held', 'toTranslate', 'recalled', 'undeliverable');

alter table letter_move drop constraint letter_move_role_check;
alter table letter_move add constraint letter_move_role_check check (role in ('correspondent', 'letterboxWorker', 'safeguardingLead', 'manager', 'translator', 'clock'));
insert into letter_move (from_state, act, to_state, role) values
	('received', 'translate', 'toTranslate', 'letterboxWorker'),
	('held', 'translate', 'toTranslate', 'letterboxWorker'),
	('toTranslate', 'handIn', 'received', 'translator'),
	('toTranslate', 'giveBack', 'received', 'translator'),
	('toTranslate', 'takeBack', 'received', 'letterboxWorker'),
	('toTranslate', 'takeBack', 'received', 'manager'),
	('toTranslate', 'withdraw', 'withdrawn', 'correspondent');

-- A translation is a kind of its own; whatever kinds there are stay.
do $$
declare
	was text := (select pg_get_constraintdef(oid) from pg_constraint where conname = 'object_kind' and conrelid = 'object'::regclass);
begin
	alter table object drop constraint object_kind;
	execute 'alter table object add constraint object_kind check (kind = ''translation'' or ' || substring(was from '^CHECK (.*)$') || ')';
end
$$;

alter table letter add column language text not null default 'en' constraint letter_language check (language in ('en', 'cy', 'other'));
comment on column letter.language is 'the language that the letter is in, as its writer or a worker said: English, Welsh or another';
alter table draft add column language text not null default 'en' constraint draft_language check (language in ('en', 'cy', 'other'));
comment on column draft.language is 'what its writer says that it is in';
-- What a writer says stands in an object of the letter that the door states; of one in English nothing is said.
create policy language on object for insert to gatepost_public with check (agency_id = agency() and kind = 'submission' and granted_side(side_id)
	and part = 'language' and version = 1 and exists (select from letter l where l.agency_id = agency() and l.id = object.id and l.from_side = object.side_id and l.author = account()));
alter table side add column language text not null default 'en' constraint side_language check (language in ('en', 'cy', 'both', 'other'));
comment on column side.language is 'what this side reads: English, Welsh, both, or neither';
create trigger language_by_right before update of language on side for each row execute function state_by_right();

-- Whether a worker reads Welsh, as a manager said last. English everybody reads.
create table worker_reads (
	agency_id text not null,
	worker_id id not null,
	n int not null check (n > 0),
	welsh bool not null,
	by_worker id not null,
	leaf digest not null,
	primary key (agency_id, worker_id, n),
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, by_worker) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create index worker_reads_by on worker_reads (by_worker, agency_id);
create function reads_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if new.by_worker is distinct from account() or not has_role('manager') then
		raise exception 'not a manager' using errcode = '23514', constraint = 'reads_manager';
	end if;
	if new.n <> 1 + (select coalesce(max(r.n), 0) from worker_reads r where r.agency_id = new.agency_id and r.worker_id = new.worker_id) then
		raise exception 'said in this moment' using errcode = '23505', constraint = 'worker_reads_pkey';
	end if;
	return new;
end
$$;
create trigger reads_by_right before insert on worker_reads for each row execute function reads_by_right();

create function reads_welsh(worker text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return coalesce((select r.welsh from worker_reads r where r.agency_id = agency() and r.worker_id = reads_welsh.worker order by r.n desc limit 1), false);
end
$$;

-- side_reads: does a side read a letter as it was written? "Another language" is no one language: such a letter is never taken for theirs.
create function side_reads(side text, letter text) returns bool
	language sql immutable as $$ select letter = 'en' and side in ('en', 'both') or letter = 'cy' and side in ('cy', 'both') $$;
-- into_language: into which language a letter is translated for a side: one that they read; where they read it as it is, English, for workers.
create function into_language(letter text, side text) returns text
	language sql immutable as $$ select case when side in ('en', 'both') then 'en' when side = 'other' then 'other' when letter = 'cy' then 'en' else 'cy' end $$;

-- text_version: as which version a letter's text stands now. One that its writer agreed to is a later one.
create function text_version(letter text) returns int
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select coalesce(max(o.version), 0) from object o where o.agency_id = agency() and o.id = text_version.letter and o.part = 'text' and o.kind = 'submission');
end
$$;

-- A letter's text with a translator, and what came of it; or, handed in at once, what a worker who reads the language wrote themselves. The
-- draft is sealed to the translator alone, and gone with their turn. text_version and cut say which words it is of: those that would have gone then.
create table translation (
	agency_id text not null,
	letter_id id not null,
	n smallint not null check (n > 0),
	worker_id id not null,
	given_by id not null,
	language text not null,
	into_language text not null,
	text_version int not null,
	cut digest,
	given_on date not null default current_date,
	state text not null check (state in ('given', 'handedIn', 'givenBack', 'takenBack', 'over')),
	leaf digest not null,
	done_leaf digest,
	draft bytea check (octet_length(draft) < 1024 * 1024),
	draft_mac digest,
	draft_version int not null default 0 check (draft_version >= 0),
	primary key (agency_id, letter_id, n),
	constraint translation_done check ((state = 'handedIn') = (done_leaf is not null)),
	constraint translation_draft check ((draft is null) = (draft_mac is null) and (draft is null or state = 'given')),
	-- With its letter alone, when an exchange that was opened in error is destroyed.
	foreign key (agency_id, letter_id) references letter on delete cascade,
	foreign key (agency_id, worker_id) references worker,
	foreign key (agency_id, given_by) references worker,
	foreign key (agency_id, leaf) references audit_body (agency_id, leaf) deferrable initially deferred,
	foreign key (agency_id, done_leaf) references audit_body (agency_id, leaf) deferrable initially deferred
);
create unique index translation_once on translation (letter_id, agency_id) where state = 'given';
create index translation_worker on translation (worker_id, agency_id);
create index translation_given_by on translation (given_by, agency_id);
comment on column translation.draft is 'sealed to the translator alone; draft_mac is what only their own key can make';

-- knows_family: is this worker connected with the families of an exchange, or one of their people?
create function knows_family(worker text, exchange text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select exists (select from connection c where c.agency_id = agency() and c.exchange_id = knows_family.exchange and c.worker_id = knows_family.worker)
		or exists (select from worker w join side_member m on m.agency_id = w.agency_id and m.person_id = w.person_id
			join side s on s.agency_id = m.agency_id and s.id = m.side_id
			where w.agency_id = agency() and w.id = knows_family.worker and s.exchange_id = knows_family.exchange));
end
$$;

-- Who gives a letter to whom: the worker who has claimed it, to an active translator who does not know the family. Who writes a translation
-- themselves reads the language, by a manager's word.
create function translation_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	l letter;
begin
	select * into strict l from letter x where x.agency_id = new.agency_id and x.id = new.letter_id for update;
	if tg_op = 'UPDATE' then
		if (new.agency_id, new.letter_id, new.n, new.worker_id, new.given_by, new.language, new.into_language, new.text_version, new.cut, new.given_on, new.leaf)
			is distinct from (old.agency_id, old.letter_id, old.n, old.worker_id, old.given_by, old.language, old.into_language, old.text_version, old.cut, old.given_on, old.leaf)
			or old.state <> 'given' then
			raise exception 'written once' using errcode = '23514', constraint = 'translation_moved';
		end if;
		if new.state = 'over' and l.state <> 'toTranslate' then
			return new; -- the letter went elsewhere
		end if;
		if l.state <> 'toTranslate' then
			raise exception 'not with a translator' using errcode = '23514', constraint = 'translation_moved';
		end if;
		if new.state in ('given', 'handedIn', 'givenBack') and not (new.worker_id is not distinct from account() and has_role('translator'))
			or new.state in ('handedIn', 'given') and knows_family(new.worker_id, l.exchange_id)
			or new.state = 'takenBack' and (not (has_role('letterboxWorker') or has_role('manager')) or is_party(l.exchange_id))
			or new.state = 'over' then
			raise exception 'not this worker''s' using errcode = '23514', constraint = 'translation_worker';
		end if;
		return new;
	end if;
	if new.given_by is distinct from account() or not has_role('letterboxWorker') or is_party(l.exchange_id)
		or not exists (select from claim c where c.agency_id = l.agency_id and c.letter_id = l.id and c.worker_id = account() and c.until > now())
		or exists (select from letter_helper h where h.agency_id = l.agency_id and h.letter_id = l.id and h.worker_id = new.worker_id)
		or exists (select from decision d where d.agency_id = l.agency_id and d.letter_id = l.id and d.worker_id = new.worker_id)
		or exists (select from letter_cut c where c.agency_id = l.agency_id and c.letter_id = l.id and c.leaf = cut_leaf(l.id) and c.worker_id = new.worker_id)
		or knows_family(new.worker_id, l.exchange_id) then
		raise exception 'not this worker''s' using errcode = '23514', constraint = 'translation_worker';
	end if;
	if l.state not in ('received', 'held') or new.n <> 1 + (select coalesce(max(t.n), 0) from translation t where t.agency_id = l.agency_id and t.letter_id = l.id)
		or new.language <> l.language or new.into_language <> (select into_language(l.language, s.language) from side s where s.agency_id = l.agency_id and s.id = l.to_side)
		or new.language <> 'other' and new.language = new.into_language or new.draft is not null
		or new.text_version <> text_version(l.id) or new.cut is distinct from cut_leaf(l.id) then
		raise exception 'not to be given so' using errcode = '23514', constraint = 'translation_letter';
	end if;
	-- Their leaving waits for this act, or this act for it.
	perform from worker w where w.agency_id = new.agency_id and w.id = new.worker_id and w.state = 'active'
		and case new.state when 'given' then 'translator' else 'letterboxWorker' end = any (w.roles) for share;
	if not found or new.state not in ('given', 'handedIn')
		or new.state = 'handedIn' and (new.worker_id <> account() or 'other' in (new.language, new.into_language) or not reads_welsh(new.worker_id)) then
		raise exception 'nobody who translates' using errcode = '23514', constraint = 'translation_translator';
	end if;
	return new;
end
$$;
create trigger translation_by_right before insert or update on translation for each row execute function translation_by_right();

-- A letter that leaves its translator, whichever way, is theirs no more, and their draft is gone.
create function translation_ends() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	update translation t set state = 'over', draft = null, draft_mac = null where t.agency_id = new.agency_id and t.letter_id = new.id and t.state = 'given';
	return null;
end
$$;
create trigger translation_ends after update of state on letter for each row when (old.state = 'toTranslate' and new.state <> 'toTranslate') execute function translation_ends();
-- At commit: a letter that is with a translator was given to one.
create function letter_with_translator() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if exists (select from letter l where l.agency_id = new.agency_id and l.id = new.id and l.state = 'toTranslate')
		and not exists (select from translation t where t.agency_id = new.agency_id and t.letter_id = new.id and t.state = 'given') then
		raise exception 'given to nobody' using errcode = '23514', constraint = 'letter_translator';
	end if;
	return null;
end
$$;
create constraint trigger letter_with_translator after insert or update of state on letter deferrable initially deferred
	for each row when (new.state = 'toTranslate') execute function letter_with_translator();

-- The letters of a translator who leaves, is kept out for a while, or is none any more, come back to the desk in the same act. (It is a manager's.
-- Whom the operator keeps out at the command line, keeps them: nobody acts there for whom a letter moves.)
create function translator_leaves() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	update letter l set state = 'received' where l.agency_id = new.agency_id and l.state = 'toTranslate' and exists (select from translation t
		where t.agency_id = l.agency_id and t.letter_id = l.id and t.state = 'given' and t.worker_id = new.id);
	return null;
end
$$;
create trigger translator_leaves after update of state, roles on worker for each row
	when ('translator' = any (old.roles) and (new.state = 'left' or new.state = 'suspended' and account() is not null or not 'translator' = any (new.roles))) execute function translator_leaves();
-- So do those of a family that they turn out to know, whoever says so: at commit, after the one that they give back with that word.
create function translator_may_not() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	update letter l set state = 'received' where l.agency_id = new.agency_id and l.exchange_id = new.exchange_id and l.state = 'toTranslate' and exists (select from translation t
		where t.agency_id = l.agency_id and t.letter_id = l.id and t.state = 'given' and t.worker_id = new.worker_id);
	return null;
end
$$;
create constraint trigger translator_may_not after insert on connection deferrable initially deferred for each row execute function translator_may_not();

-- What language a letter is in says the worker who has claimed it, while it waits.
create function language_by_right() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if not has_role('letterboxWorker') or is_party(new.exchange_id)
		or not exists (select from claim c where c.agency_id = new.agency_id and c.letter_id = new.id and c.worker_id = account() and c.until > now()) then
		raise exception 'not this worker''s' using errcode = '23514', constraint = 'language_worker';
	end if;
	if old.state not in ('received', 'held') or new.state <> old.state then
		raise exception 'decided' using errcode = '23514', constraint = 'language_decided';
	end if;
	return new;
end
$$;
create trigger language_by_right before update of language on letter for each row execute function language_by_right();

-- as_written: do a letter's recipients and this worker read it as it was written? Of nobody, null.
create function as_written(letter text, worker text) returns bool
	language plpgsql stable strict security definer set search_path = public, pg_temp as $$
begin
	return (select side_reads(s.language, l.language) and (l.language = 'en' or l.language = 'cy' and reads_welsh(as_written.worker))
		from letter l join side s on s.agency_id = l.agency_id and s.id = l.to_side where l.agency_id = agency() and l.id = as_written.letter);
end
$$;
-- translation_counts: is the newest translation of a letter of the words that would go now, all of them and no other, and into the language that is asked for?
create function translation_counts(letter text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return coalesce((select t.done_leaf is not null and t.language = l.language and t.into_language = into_language(l.language, s.language)
			and t.text_version = text_version(l.id) and t.cut is not distinct from cut_leaf(l.id)
			and exists (select from object o where o.agency_id = t.agency_id and o.id = t.letter_id and o.part = 'translation' and o.kind = 'translation' and o.leaf = t.done_leaf)
		from letter l join side s on s.agency_id = l.agency_id and s.id = l.to_side
		join translation t on t.agency_id = l.agency_id and t.letter_id = l.id and t.state = 'handedIn'
		where l.agency_id = agency() and l.id = translation_counts.letter order by t.n desc limit 1), false);
end
$$;
-- recording_goes: is the recording of a letter to go with it, by the newest word?
create function recording_goes(letter text) returns bool
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return coalesce((select w.goes from letter_recording p join recording_word w on w.agency_id = p.agency_id and w.recording_id = p.id
		where p.agency_id = agency() and p.letter_id = recording_goes.letter order by w.n desc limit 1), false);
end
$$;
-- untranslated: is a letter still to be translated before this worker lets it go on? It needs nothing where its recipients and the worker read it.
-- Nobody translates a recording: with one that goes it is never translated. Of nobody, null.
create function untranslated(letter text, worker text) returns bool
	language plpgsql stable strict security definer set search_path = public, pg_temp as $$
begin
	return not as_written(letter, worker) and (recording_goes(letter) or not translation_counts(letter));
end
$$;
-- translated_by: who wrote the translation that a letter has; null for nobody.
create function translated_by(letter text) returns text
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select t.worker_id from translation t where t.agency_id = agency() and t.letter_id = translated_by.letter and t.state = 'handedIn' order by t.n desc limit 1);
end
$$;

-- A first reading is of a letter with the translation that it had, or none: with another one it is to be read again.
create function translations(letter text) returns int
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return (select count(*) from translation t where t.agency_id = agency() and t.letter_id = translations.letter and t.state = 'handedIn');
end
$$;
alter table first_reading add column translated int not null default 0, drop constraint first_reading_pkey, add primary key (agency_id, letter_id, turn, translated, worker_id);
comment on column first_reading.translated is 'how many translations of the letter had been handed in: it counts while there are as many';
create function first_reading_translated() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	new.translated := translations(new.letter_id);
	return new;
end
$$;
create trigger first_reading_translated before insert on first_reading for each row execute function first_reading_translated();
create or replace function first_reader(letter text, besides text) returns text
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	cut bytea := cut_leaf(letter);
begin
	return (select f.worker_id from (
			select r.agency_id, r.letter_id, r.worker_id from first_reading r where r.agency_id = agency() and r.letter_id = first_reader.letter and cut is null
				and r.turn = 1 + (select count(*) from decision d where d.agency_id = r.agency_id and d.letter_id = r.letter_id) and r.translated = translations(letter)
			union all
			select c.agency_id, c.letter_id, c.worker_id from letter_cut c where c.agency_id = agency() and c.letter_id = first_reader.letter and c.leaf = cut) f
			join letter l on l.agency_id = f.agency_id and l.id = f.letter_id
			join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id
			join worker w on w.agency_id = f.agency_id and w.id = f.worker_id
		where f.worker_id <> coalesce(besides, '')
			and w.state = 'active' and 'letterboxWorker' = any (w.roles)
			and not (x.restricted and not holds_case(w.id, x.id))
			and not knows_family(w.id, x.id)
		order by f.worker_id limit 1);
end
$$;

-- Nobody lets a letter go on untranslated, and nobody decides about what they translated themselves. Triggers of one kind fire by their names:
-- this one last.
create function decision_by_translation() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if translated_by(new.letter_id) is not distinct from new.worker_id then
		raise exception 'translated by themselves' using errcode = '23514', constraint = 'decision_translator';
	end if;
	if coalesce(to_jsonb(new) ->> 'act', 'pass') = 'pass' then
		-- What this side reads waits for this act, or this act for it.
		perform from side s join letter l on l.agency_id = s.agency_id and l.to_side = s.id where l.agency_id = new.agency_id and l.id = new.letter_id for share of s;
		if untranslated(new.letter_id, new.worker_id) or coalesce(untranslated(new.letter_id, first_reader(new.letter_id, new.worker_id)), false) then
			raise exception 'not translated' using errcode = '23514', constraint = 'decision_translation';
		end if;
	end if;
	return new;
end
$$;
create trigger decision_by_translation before insert on decision for each row execute function decision_by_translation();
create trigger first_reading_by_translation before insert on first_reading for each row execute function decision_by_translation();

-- Who cuts a letter has read what they cut: as it was written, or its translation. (They are the first of its two readers.)
create function letter_cut_by_translation() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if translated_by(new.letter_id) is not distinct from new.worker_id then
		raise exception 'translated by themselves' using errcode = '23514', constraint = 'decision_translator';
	end if;
	if not exists (select from letter l where l.agency_id = new.agency_id and l.id = new.letter_id
			and (l.language = 'en' or l.language = 'cy' and reads_welsh(new.worker_id) or translation_counts(l.id))) then
		raise exception 'not read' using errcode = '23514', constraint = 'decision_translation';
	end if;
	return new;
end
$$;
create trigger letter_cut_by_translation before insert on letter_cut for each row when (not new.whole) execute function letter_cut_by_translation();

-- A recording goes where what is said in it needs no translation, for its recipients and for both of two readers.
create function delivery_recording_by_language() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	l text := (select d.letter_id from delivery d where d.agency_id = new.agency_id and d.id = new.delivery_id);
begin
	if not coalesce(as_written(l, account()), false) or not coalesce(as_written(l, first_reader(l, account())), true) then
		raise exception 'in a language that not all of them read' using errcode = '23514', constraint = 'recording_language';
	end if;
	return new;
end
$$;
create trigger delivery_recording_by_language before insert on delivery_recording for each row execute function delivery_recording_by_language();

-- At commit: what goes to somebody who does not read it goes with its translation.
create function delivery_translated() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if exists (select from letter l join side s on s.agency_id = l.agency_id and s.id = l.to_side
			where l.agency_id = new.agency_id and l.id = new.letter_id and not side_reads(s.language, l.language))
		and not exists (select from object o where o.agency_id = new.agency_id and o.id = new.id and o.part = 'translation' and o.kind = 'delivery' and o.side_id = new.side_id) then
		raise exception 'delivered without its translation' using errcode = '23514', constraint = 'delivery_translation';
	end if;
	return null;
end
$$;
create constraint trigger delivery_translated after insert on delivery deferrable initially deferred for each row execute function delivery_translated();

-- What came back, or was stopped, goes on again only to somebody who reads what was delivered.
create function delivery_stays_translated() returns trigger
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if exists (select from side s where s.agency_id = new.agency_id and s.id = new.to_side and not side_reads(s.language, new.language)
			and not exists (select from delivery d join object o on o.agency_id = d.agency_id and o.id = d.id and o.part = 'translation' and o.kind = 'delivery'
					join translation t on t.agency_id = d.agency_id and t.letter_id = d.letter_id and t.state = 'handedIn' and t.into_language = into_language(new.language, s.language)
				where d.agency_id = new.agency_id and d.letter_id = new.id)) then
		raise exception 'delivered in another language' using errcode = '23514', constraint = 'letter_language_shown';
	end if;
	return new;
end
$$;
create trigger delivery_stays_translated before update of state, stop on letter for each row
	when (old.state in ('recalled', 'undeliverable') and new.state in ('passed', 'waiting', 'keptForLater') or old.stop and not new.stop)
	execute function delivery_stays_translated();

-- As before, and a letter that is with a translator can be taken back like any other that is with us.
create or replace function withdraw_letter(letter text) returns void
	language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from letter l where l.agency_id = agency() and l.id = withdraw_letter.letter and granted_side(l.from_side)) then
		raise exception 'no such letter' using errcode = 'GP404';
	end if;
	update letter l set state = 'withdrawn', held_until = null where l.agency_id = agency() and l.id = withdraw_letter.letter
		and l.state in ('received', 'held', 'escalated', 'proposed', 'toTranslate', 'returned');
	if not found then
		raise exception 'too late' using errcode = 'GP409';
	end if;
	delete from claim c where c.agency_id = agency() and c.letter_id = withdraw_letter.letter;
end
$$;

do $$
declare
	t text;
begin
	foreach t in array array['worker_reads', 'translation'] loop
		execute format('alter table %I enable row level security', t);
		execute format('alter table %I force row level security', t);
		execute format('create policy staff on %I to gatepost_staff, gatepost_owner using (agency_id = agency()) with check (agency_id = agency())', t);
	end loop;
end
$$;

revoke all on function reads_by_right(), reads_welsh(text), side_reads(text, text), into_language(text, text), knows_family(text, text), translation_by_right(), translation_ends(),
	letter_with_translator(), translator_leaves(), language_by_right(), text_version(text), as_written(text, text), translation_counts(text), recording_goes(text), untranslated(text, text), translated_by(text),
	decision_by_translation(), letter_cut_by_translation(), delivery_recording_by_language(), delivery_translated(), delivery_stays_translated(), translator_may_not(), first_reading_translated(), translations(text) from public;
grant execute on function reads_welsh(text), into_language(text, text), knows_family(text, text), untranslated(text, text), translated_by(text) to gatepost_staff;
grant select, insert on worker_reads, translation to gatepost_staff;
grant update (state, done_leaf, draft, draft_mac, draft_version) on translation to gatepost_staff;
grant update (language) on draft to gatepost_public;
grant insert (language) on letter to gatepost_public;
grant update (language) on letter to gatepost_staff;
grant update (language) on side to gatepost_staff;
grant select on worker_reads, translation to gatepost_backup;

reset role;
