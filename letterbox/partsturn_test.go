package letterbox_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"gatepost/internal/parts"
)

// One object that the store does not delete holds up no other, and neither do more of
// them than are deleted at a time. What stays is told, and goes when it can.
func TestParts_Stays(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	must(t, p.Families.DeleteDraft(ctx, p.birth, p.draftOf(2)))
	var first parts.Key
	must(t, p.Database.Admin().QueryRow(ctx, `select min(key) from part_gone`).Scan(&first))
	p.gate.Forbid("s3:DeleteObject", first)
	if err := p.Desk.DeleteParts(ctx, p.Home.ID); !errors.Is(err, parts.ErrAway) {
		t.Errorf("one does not go: %v", err)
	}
	if _, there := p.objects(1)[first]; !there {
		t.Error("another one is left")
	}
	if n := p.count(`select count(*) from part_gone`); n != 1 {
		t.Errorf("%d parts wait", n)
	}
	p.gate.Forbid("")
	p.swept()
	p.objects(0)

	p.untriggered(`insert into part_gone (agency_id, key) select '` + p.Home.ID + `', ` + fmt.Sprintf(sqlManyKeys, 50))
	var many []parts.Key
	must(t, p.Database.Admin().QueryRow(ctx, `select array_agg(key) from part_gone`).Scan(&many))
	p.gate.Forbid("s3:DeleteObject", many...)
	must(t, p.Families.DeleteDraft(ctx, p.birth, p.draftOf(1)))
	if err := p.Desk.DeleteParts(ctx, p.Home.ID); !errors.Is(err, parts.ErrAway) {
		t.Errorf("fifty do not go: %v", err)
	}
	p.objects(0)
	if n := p.count(`select count(*) from part_gone`); n != len(many) {
		t.Errorf("%d parts wait", n)
	}
}

// sqlManyKeys are so many keys of which the store has nothing.
const sqlManyKeys = `'gone' || lpad(translate(i::text, '0189', 'abcd'), 22, 'e') from generate_series(1, %d) i`

// What is put back is shown again, however many others are lost or written off, and
// while the store forbids one of them.
func TestParts_Turns(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	letter, photos := p.deskOf(1)
	place := p.placeOf(sqlPicture, photos[0].ID)
	kept, err := os.ReadFile(p.gate.Path(place.Key))
	must(t, err)
	// A hundred more, of which rows say that they lie in the store; found out before.
	lost := func(prefix string, written bool) {
		t.Helper()
		p.untriggered(fmt.Sprintf(`insert into object (agency_id, id, part, version, kind, exchange_id, side_id, from_node, to_node, sealed, commit, leaf)
			select o.agency_id, 'ph%s' || right(i.key, 16), o.part, o.version, o.kind, o.exchange_id, o.side_id, o.from_node, o.to_node,
				convert_to(E'gatepost-part/1\n%s' || i.key, 'UTF8') || '\x0000000000000005' || sha256('x'), o.commit, o.leaf
			from object o, (select lpad(translate(i::text, '0189', 'abcd'), 22, 'e') as key from generate_series(1, 100) i) i where o.id = '%s' and o.part = 'picture'`,
			prefix, prefix, photos[0].ID),
			fmt.Sprintf(`insert into part_lost (agency_id, key, looked_at, written_off_at) select agency_id, sealed_part, now() - interval '1 hour', case when %v then now() end
				from object where sealed_part like '%s%%'`, written, prefix))
	}
	gone := func() {
		t.Helper()
		must(t, os.Remove(p.gate.Path(place.Key)))
		wantFault(t, "gone", second(p.Families.SentPhoto(ctx, p.birth, letter, photos[0].ID)), "fault.part.lost")
		must(t, os.WriteFile(p.gate.Path(place.Key), kept, 0o600))
	}
	back := func(what string, rounds int, want error) {
		t.Helper()
		for range rounds {
			if err := p.Desk.FindParts(ctx, p.Home.ID); !errors.Is(err, want) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if n := p.count(`select count(*) from part_lost where key = $1`, place.Key); n != 0 {
			t.Errorf("%s: it is lost still", what)
		}
	}
	lost("wrtn", true)
	gone()
	back("behind a hundred that are written off", 1, nil)
	lost("gone", false)
	gone()
	back("behind a hundred that are lost", 2, nil)
	var first parts.Key
	must(t, p.Database.Admin().QueryRow(ctx, `select key from part_lost where written_off_at is null order by looked_at, key limit 1`).Scan(&first))
	p.gate.Forbid("s3:GetObject", first)
	gone()
	back("while one is forbidden", 2, parts.ErrAway)
	// What is written off has its turn as well.
	gone()
	p.untriggered(`update part_lost set written_off_at = now() where key = '` + string(place.Key) + `'`)
	p.gate.Forbid("")
	p.untriggered(`update part_lost set looked_at = now() - interval '2 days' where written_off_at is not null`)
	back("written off", 2, nil)
	p.gate.Stop()
	if err := p.Desk.FindParts(ctx, p.Home.ID); !errors.Is(err, parts.ErrAway) {
		t.Errorf("away: %v", err)
	}
}

// Whoever may ask whether a bucket can be this database's lists no keys by that.
func TestParts_Places(t *testing.T) {
	p := newStored(t)
	p.deskOf(4)
	p.deskOf(1)
	p.swept()
	p.objects(10)
	for most, want := range map[string]int{"3": 3, "8": 8, "1000000": 8} {
		if n, err := p.asFamily(p.birthID, `select part_places(`+most+`)`); err != nil || n != want {
			t.Errorf("of %s: %d, %v, want %d", most, n, err, want)
		}
	}
}
