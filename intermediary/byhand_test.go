package intermediary_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/internal/postgres/postgrestest"
)

// hand is a database in which somebody with the staff tier's own password tries
// a disclosure by hand: rows are laid down with the triggers off, right or
// wrong, and the attempt is made with them on.
type hand struct {
	t     *testing.T
	admin *pgx.Conn
}

// ids are the fixture's, by the names that its SQL uses.
var ids = strings.NewReplacer(
	"@w1", "wkaaaaaaaaaaaaaaaaaaaa", "@w2", "wkbbbbbbbbbbbbbbbbbbbb", "@w3", "wkcccccccccccccccccccc", "@mg", "wkmmmmmmmmmmmmmmmmmmmm",
	"@lw", "wklllllllllllllllllll2", "@gone", "wkgggggggggggggggggggg", "@elm", "wkeeeeeeeeeeeeeeeeeeee",
	"@ad2", "adbbbbbbbbbbbbbbbbbbbb", "@ap2", "apbbbbbbbbbbbbbbbbbbbb", "@sb2", "sbbbbbbbbbbbbbbbbbbbbb", "@it2", "itbbbbbbbbbbbbbbbbbbbb",
	"@sb3", "sbcccccccccccccccccccc", "@it3", "itcccccccccccccccccccc", "@pe", "peaaaaaaaaaaaaaaaaaaaa", "@pf", "pebbbbbbbbbbbbbbbbbbbb", "@en", "enaaaaaaaaaaaaaaaaaaaa",
	"@ad", "adaaaaaaaaaaaaaaaaaaaa", "@ap", "apaaaaaaaaaaaaaaaaaaaa", "@sb", "sbaaaaaaaaaaaaaaaaaaaa", "@it", "itaaaaaaaaaaaaaaaaaaaa",
	"@ev2", "evbbbbbbbbbbbbbbbbbbbb", "@ev", "evaaaaaaaaaaaaaaaaaaaa", "@dc2", "dcbbbbbbbbbbbbbbbbbbbb", "@dc", "dcaaaaaaaaaaaaaaaaaaaa",
	"@cp", "cpaaaaaaaaaaaaaaaaaaaa", "@cq", "cpbbbbbbbbbbbbbbbbbbbb", "@rc", "adcccccccccccccccccccc", "@lk", "lkaaaaaaaaaaaaaaaaaaaa",
	"@lf", "lfaaaaaaaaaaaaaaaaaaaa", "@lg", "lfbbbbbbbbbbbbbbbbbbbb", "@sh", "sgbbbbbbbbbbbbbbbbbbbb", "@st", "staaaaaaaaaaaaaaaaaaaa", "@sp", "spaaaaaaaaaaaaaaaaaaaa", "@sg", "sgaaaaaaaaaaaaaaaaaaaa")

// handTools state things as the program does, a version at a time, with a place in the log.
const handTools = `
create schema hand;
create function hand.said(what text) returns bytea language plpgsql as $$
declare
	body bytea := convert_to(rpad(E'gatepost/statement/v1\nagency ' || agency() || E'\nevent casework\n' || what, 120, '.'), 'UTF8');
begin
	perform log_append(body);
	return sha256(body);
end
$$;
-- a fact with as many workers as its value asks for, or fewer
create function hand.fact(of_id text, of_name text, new_value text, workers int default 2) returns void language plpgsql as $$
declare
	kind text := case left(of_id, 2) when 'ad' then 'adopted' when 'ap' then 'application' when 'sb' then 'subject' else 'item' end;
	n int := (select coalesce(max(f.version), 0) + 1 from fact f where f.on_id = of_id and f.name = of_name and f.agency_id = agency());
begin
	insert into fact values (agency(), of_id, kind, of_name, n, new_value, null, '@w1', now(), hand.said('fact ' || of_id || of_name || n));
	if workers > 1 and (select v.two from fact_value v where v.about = kind and v.name = of_name and v.value = new_value) then
		insert into fact values (agency(), of_id, kind, of_name, n + 1, new_value, n, '@w2', now(), hand.said('fact ' || of_id || of_name || n + 1));
	end if;
end
$$;
create function hand.consent(new_answer text, new_scope text[]) returns void language plpgsql as $$
declare
	n int := (select coalesce(max(c.version), 0) + 1 from consent c where c.subject_id = '@sb' and c.agency_id = agency());
begin
	insert into consent values (agency(), '@sb', n, new_answer, new_scope, '@w1', now(), hand.said('consent ' || n));
end
$$;
create function hand.veto(new_kind text, standing bool) returns void language plpgsql as $$
declare
	n int := (select coalesce(max(v.version), 0) + 1 from veto v where v.adopted_id = '@ad' and v.agency_id = agency());
begin
	insert into veto values (agency(), '@ad', n, new_kind, standing, '@w1', now(), hand.said('veto ' || n));
end
$$;
create function hand.words(of_item text, n int) returns void language plpgsql as $$
begin
	insert into casework (agency_id, id, part, version, kind, application_id, from_node, to_node, sealed, commit, leaf)
		values (agency(), of_item, 'item', n, 'item', '@ap', 'worker/@w1', 'case/@ap', 'x', sha256('x'), hand.said('words ' || of_item || n));
end
$$;
create function hand.signature(of_row text, of_item text, second text, until date) returns void language plpgsql as $$
begin
	insert into signature (agency_id, id, subject_id, item_id, row_id, digest, first_id, second_id, at, expires_on, leaf, second_leaf)
		values (agency(), case when exists (select from signature) then '@sh' else '@sg' end, '@sb', of_item, of_row, sha256('d'), '@w3', second, now(), until, hand.said('signed ' || (select count(*) from audit_body)), case when second is not null then sha256('t') end);
end
$$;
-- two people have read the law that an open question names
create function hand.flag(of_flag text, second text default '@mg') returns void language plpgsql as $$
begin
	insert into law_flag (agency_id, id, flag, first_id, first_at, first_leaf, second_id, second_at, second_leaf)
		values (agency(), case of_flag when 'OQ1' then '@lf' else '@lg' end, of_flag, '@w3', now(), sha256('f'), second, case when second is not null then now() end, case when second is not null then hand.said('flag ' || (select count(*) from law_flag)) end);
end
$$;
-- an approach to somebody, or a search
create function hand.step(of_subject text, of_kind text) returns void language plpgsql as $$
begin
	insert into step (agency_id, id, subject_id, kind, outcome, evaluation_id, worker_id, at, leaf)
		values (agency(), '@st', of_subject, of_kind, case of_kind when 'trace' then 'tried' else 'sent' end, case of_kind when 'approach' then '@ev2' end, '@w1', now(), hand.said('step'));
end
$$;
-- what the same applicant was given before
create function hand.given(application text, of_item text) returns void language plpgsql as $$
begin
	insert into disclosure values (agency(), '@dc2', application, '@ad', '@sb', of_item, '@ev2', 'b13', '@w1', '@w2', now(), hand.said('given'));
end
$$;
`

// handWorld is a mother's application for her adopted child, who is met and
// verified, is asked and agrees that his name is given; everything is in place.
const handWorld = `
insert into agency (id, stanza) values ('ag1', sha256('x')), ('ag2', sha256('y'));
insert into audit_gate (agency_id) values ('ag1'), ('ag2');
insert into worker (agency_id, id, state, roles, role_leaf)
	select 'ag1', id, 'active', '{intermediaryWorker}', sha256('r') from unnest(array['@w1', '@w2', '@w3']) id;
insert into worker (agency_id, id, state, roles, role_leaf) values ('ag1', '@mg', 'active', '{manager}', sha256('r')),
	('ag1', '@lw', 'active', '{letterboxWorker}', sha256('r')), ('ag1', '@gone', 'left', '{intermediaryWorker}', sha256('r')),
	('ag2', '@elm', 'active', '{intermediaryWorker}', sha256('r'));
insert into person (agency_id, id) values ('ag1', '@pe'), ('ag1', '@pf');
insert into adopted values ('ag1', '@ad', '@w1'), ('ag1', '@ad2', '@w1');
insert into application (agency_id, id, adopted_id, pair, reference, state, hear_by, opened_by) values
	('ag1', '@ap', '@ad', 'REL>AP', 'IN-AAAAA', 'open', current_date, '@w1'), ('ag1', '@ap2', '@ad2', 'REL>AP', 'IN-BBBBB', 'open', current_date, '@w1');
insert into subject values ('ag1', '@sb', '@ap', '@ad', 'open'), ('ag1', '@sb2', '@ap2', '@ad2', 'open'), ('ag1', '@sb3', '@ap', '@ad', 'open');
insert into item (agency_id, id, application_id, subject_id, kind, about, identifying, prepared_by, checked_by, check_leaf) values
	('ag1', '@it', '@ap', '@sb', 'name', 'subject', true, '@w1', '@w2', sha256('c')), ('ag1', '@it3', '@ap', '@sb', 'background', 'subject', false, '@w1', '@w2', sha256('c'));
select hand.words('@it', 1), hand.words('@it3', 1);
insert into casework (agency_id, id, part, version, kind, application_id, from_node, to_node, sealed, commit, leaf)
	values ('ag1', '@ap', 'agreement', 1, 'note', '@ap', 'worker/@w1', 'case/@ap', 'x', sha256('x'), sha256('x'));
select hand.fact(id, name, value) from (values ('@ad', 'order', 'pre'), ('@ad', 'juris', 'E'), ('@ad', 'apAge', 'ge18'), ('@ad', 'apVital', 'living'),
	('@ap', 'appAge', 'ge18'), ('@ap', 'reg11', 'passed'), ('@ap', 'met', 'inPerson'), ('@ap', 'idVerified', 'yes'), ('@ap', 'aaa', 'answered'),
	('@ap', 'vetoAnswer', 'none'), ('@ap', 'cnsl', 'yes'), ('@sb', 'subjAge', 'ge18'), ('@sb', 'subjectVital', 'living'), ('@sb', 'acr', 'checked'),
	('@sb', 'acrNoContact', 'no'), ('@sb', 'approp', 'yes'), ('@sb', 'cnsl', 'yes'), ('@it', 'jigsaw', 'safe'), ('@it3', 'jigsaw', 'safe')) f (id, name, value);
select hand.consent('yes', '{name,letters}');
`

// handOff takes triggers and foreign keys from every table but those that the
// attempt writes, so that a case may lay down what it likes. (To switch them off
// for a moment costs the server every plan that it has.)
const handOff = `
do $$
declare
	t text;
begin
	for t in select tablename from pg_tables where schemaname = 'public' and tablename not in ('casework', 'evaluation', 'disclosure', 'audit_body', 'audit_gate') loop
		execute format('alter table %I disable trigger all', t);
	end loop;
end
$$`

// handTry is the attempt, in words that a case may change; made by the worker
// @w1 through the role of the staff tier.
const handTry = `
insert into casework (agency_id, id, part, version, kind, application_id, file, from_node, to_node, sealed, commit, leaf)
	values (agency(), <pack: '@dc'>, 'pack', 1, <kind: 'pack'>, <case: '@ap'>, <file: '@ap'>, 'worker/@w1', 'side/@ap', 'x', sha256('x'), sha256(convert_to('%[1]s', 'UTF8')));
insert into evaluation (agency_id, id, application_id, subject_id, item_id, tbl, row_id, outcome, effects, digest, at, act, worker_id, leaf)
	values (agency(), '@ev', <asked in: '@ap'>, <asked of: '@sb'>, <asked for: '@it'>, <tbl: '8b'>, <row: 'b13'>, <outcome: '+DISCLOSE'>, '{record}', sha256('f'), now(),
		<act: 'disclose'>, <asked by: '@w1'>, sha256(convert_to('%[1]s', 'UTF8')));
insert into disclosure (agency_id, id, application_id, adopted_id, subject_id, item_id, evaluation_id, row_id, worker_id, second_id, at, leaf, opened_at)
	values (<agency: agency()>, '@dc', <application: '@ap'>, <adopted: '@ad'>, <subject: '@sb'>, <item: '@it'>, <evaluation: '@ev'>, <row again: 'b13'>, <by: '@w1'>, <second: '@w2'>,
		now(), <leaf: sha256(convert_to('%[1]s', 'UTF8'))>, <opened: null>);
select log_append(convert_to('%[1]s', 'UTF8'));
set constraints all immediate;
`

func newHand(t *testing.T) *hand {
	t.Helper()
	h := &hand{t: t, admin: postgrestest.New(t).Admin()}
	h.exec(h.admin, handTools)
	err := pgx.BeginFunc(context.Background(), h.admin, func(tx pgx.Tx) error {
		h.exec(tx, `set local session_replication_role = replica; set local gatepost.agency = 'ag1'`)
		h.exec(tx, handWorld)
		h.exec(tx, handOff)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

type execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

func (h *hand) exec(db execer, sql string) {
	h.t.Helper()
	if _, err := db.Exec(context.Background(), ids.Replace(sql)); err != nil {
		h.t.Fatalf("set up: %v\n%s", err, sql)
	}
}

// attempt makes a disclosure by hand after a change, and takes everything back.
// It gives the constraint that was broken, "" for none.
func (h *hand) attempt(c handCase) string {
	h.t.Helper()
	ctx := context.Background()
	tx, err := h.admin.Begin(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	defer tx.Rollback(ctx)
	return h.tried(tx, c)
}

// tried is attempt in a transaction that goes on afterwards as if nothing was.
func (h *hand) tried(tx pgx.Tx, c handCase) string {
	h.t.Helper()
	ctx := context.Background()
	before, after := "", ""
	if strings.Contains(c.change, "hand.given") || strings.Contains(c.change, "into evaluation") || strings.Contains(c.change, "audit_body set") || strings.Contains(c.change, "update casework") { // past the very gate
		before, after = `set local session_replication_role = replica;`, `set local session_replication_role = origin;`
	}
	h.exec(tx, `savepoint before; set local gatepost.agency = 'ag1';`+before+c.change+`;`+after+`
		set local gatepost.account = '@w1'; set local session authorization gatepost_staff`)
	_, err := tx.Exec(ctx, ids.Replace(c.attempt(h.t)))
	h.exec(tx, `rollback to before`)
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case err == nil:
		return ""
	case !ok:
		h.t.Fatal(err)
	case pg.ConstraintName == "":
		return pg.Code
	}
	return pg.ConstraintName
}

// handCase is one disclosure by hand. swap names words of handTry by their
// comment, and what stands there instead.
type handCase struct {
	name   string
	change string // SQL, triggers off
	swap   map[string]string
	as     string // who is signed in, for "@w1"
	want   string // the constraint that refuses; "" where the law permits
}

// handWord is a word of handTry: <its name: what stands there>.
var handWord = regexp.MustCompile(`<([a-z ]+): ([^>]*)>`)

func (c handCase) attempt(t *testing.T) string {
	t.Helper()
	sql := fmt.Sprintf(handTry, "gatepost/statement/v1\nagency ag1\nevent casework\n"+strings.Repeat("pack", 20))
	swapped := 0
	sql = handWord.ReplaceAllStringFunc(sql, func(word string) string {
		m := handWord.FindStringSubmatch(word)
		if with, ok := c.swap[m[1]]; ok {
			swapped++
			return with
		}
		return m[2]
	})
	if swapped != len(c.swap) {
		t.Fatalf("%s: a word that the attempt does not have: %v", c.name, c.swap)
	}
	if c.as != "" {
		sql = fmt.Sprintf("select set_config('gatepost.account', '%s', true);", c.as) + sql
	}
	return sql
}

// TestDisclosure_ByHand: whoever has the staff tier's own role in the database
// and inserts a disclosure by hand is refused what the law refuses.
func TestDisclosure_ByHand(t *testing.T) {
	h := newHand(t)
	for _, c := range handCases() {
		if got := h.attempt(c); got != c.want {
			t.Errorf("%s: the database said %q, want %q", c.name, got, c.want)
		}
	}
}
