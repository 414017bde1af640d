package audit_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"gatepost/crypto/statement"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/audit"
	"gatepost/internal/checkpoint"
	"gatepost/internal/logbook"
	"gatepost/internal/postgres"
)

// keysOf are the keys that an inspector has on paper.
func keysOf(t *testing.T, w *accounttest.World) logbook.Keys {
	t.Helper()
	h := w.Home
	k, err := logbook.ParseKeys([]byte(logbook.Keys{Agency: h.ID}.Text(h.Log, h.Door, h.Registrar, h.System)))
	must(t, err)
	return k
}

// cover has the staff tier sign a checkpoint of all that is there.
func cover(t *testing.T, w *accounttest.World) {
	t.Helper()
	k, err := checkpoint.NewKeeper(checkpoint.Config{DB: w.StaffDB, Agencies: w.StaffAgencies.All(), Folder: filepath.Join(t.TempDir(), "state"),
		Now: func() time.Time { return noon }, Log: accounttest.Log(t)})
	must(t, err)
	must(t, k.Start(t.Context()))
}

// inspected exports the log and checks it.
func inspected(t *testing.T, w *accounttest.World, o logbook.Options) *logbook.Report {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "log")
	n, err := audit.Export(t.Context(), w.StaffDB, "oak", dir)
	must(t, err)
	x, err := logbook.OpenExport(os.DirFS(dir))
	must(t, err)
	r, err := logbook.Verify(t.Context(), x, keysOf(t, w), o)
	must(t, err)
	if r.Sound() && r.Entries != n {
		t.Errorf("%d entries were written, %d are there", n, r.Entries)
	}
	return r
}

// Eight write at once, in transactions of several statements, while checkpoints
// are made: no number is left out, none is given twice, and all of it verifies.
func TestExport_Parallel(t *testing.T) {
	w := accounttest.NewClosed(t)
	const writers, acts, each = 8, 12, 3
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			for act := range acts {
				var bodies [][]byte
				for n := range each {
					body, err := w.Door.State(statement.Statement{Event: statement.EventReceipt, Object: fmt.Sprintf("lt%d-%d", writer, act), Part: "text",
						Version: uint64(n + 1), Commit: [32]byte{1}, At: noon}, "door")
					if err != nil {
						t.Error(err)
						return
					}
					bodies = append(bodies, body)
				}
				err := w.PublicDB.Act(context.Background(), postgres.Scope{Agency: "oak"}, nil, func(b *pgx.Batch) error {
					audit.Append(b, bodies...)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	cover(t, w)
	all.Wait()
	before := inspected(t, w, logbook.Options{})
	cover(t, w)
	r := inspected(t, w, logbook.Options{})
	if !before.Sound() && before.Newest.Size > 0 || !r.Sound() || r.Uncovered != 0 || r.Events["receipt"] != writers*acts*each {
		t.Errorf("%s\n%s", before.Text(), r.Text())
	}
}

// What the stock package proves with our stored hashes, the stock package checks.
func TestHashes_Stock(t *testing.T) {
	w := accounttest.NewClosed(t)
	write(t, w, 21)
	cover(t, w)
	hashes := audit.Hashes(t.Context(), w.StaffDB, "oak")
	var bodies [][]byte
	rows, err := w.Database.Admin().Query(t.Context(), `select body from audit_body where agency_id = 'oak' order by idx`)
	must(t, err)
	bodies, err = pgx.CollectRows(rows, pgx.RowTo[[]byte])
	must(t, err)
	size := int64(len(bodies))
	root, err := tlog.TreeHash(size, hashes)
	must(t, err)
	var tree logbook.Tree
	for i, body := range bodies {
		proof, err := tlog.ProveRecord(size, int64(i), hashes)
		must(t, err)
		must(t, tlog.CheckRecord(proof, size, root, int64(i), tlog.RecordHash(body)))
		tree.Append(body)
		older, err := tlog.ProveTree(size, tree.Size(), hashes)
		must(t, err)
		must(t, tlog.CheckTree(older, size, root, tree.Size(), tree.Root()))
	}
	if _, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, size)}); err == nil {
		t.Error("a hash that is not stored was read")
	}
}

// write appends statements of the door.
func write(t *testing.T, w *accounttest.World, n int) {
	t.Helper()
	for i := range n {
		body, err := w.Door.State(statement.Statement{Event: statement.EventReceipt, Object: fmt.Sprint("lt", i), Part: "text", Version: 1, Commit: [32]byte{1}, At: noon}, "door")
		must(t, err)
		must(t, addDesk(w, body))
	}
}

// Whoever can write the database, and not only as the program does, is told by
// the number of the entry.
func TestExport_ChangedRows(t *testing.T) {
	const edit = `update audit_body set body = convert_to(replace(convert_from(body, 'UTF8'), 'object lt9', 'object lt7'), 'UTF8') where agency_id = 'oak' and idx = 9;`
	for _, c := range []struct {
		name, sql string
		want      []logbook.Finding
	}{
		{"untouched", ``, nil},
		{"edited", edit, []logbook.Finding{{Kind: logbook.Edited, From: 9, To: 9}}},
		{"edited with its hash", edit + `update audit_hash h set hashes = sha256('\x00'::bytea || b.body) || substring(h.hashes from 33) from audit_body b
			where b.agency_id = 'oak' and b.idx = 9 and h.agency_id = 'oak' and h.idx = 9`,
			[]logbook.Finding{{Kind: logbook.Changed, From: 0, To: 20}, {Kind: logbook.Unsigned, From: 9, To: 9}}},
		{"deleted", `delete from audit_body where agency_id = 'oak' and idx = 9`, []logbook.Finding{{Kind: logbook.Missing, From: 9, To: 9}}},
		{"deleted, and the others moved up", `delete from audit_body where agency_id = 'oak' and idx = 9;
			update audit_body set idx = idx + 1000 where agency_id = 'oak' and idx > 9; update audit_body set idx = idx - 1001 where agency_id = 'oak' and idx > 1000`,
			[]logbook.Finding{{Kind: logbook.Missing, From: 9, To: 9}}},
		{"inserted", `update audit_body set idx = idx + 1000 where agency_id = 'oak' and idx >= 9; update audit_body set idx = idx - 999 where agency_id = 'oak' and idx >= 1000;
			insert into audit_body (agency_id, idx, body) select 'oak', 9, convert_to(replace(convert_from(body, 'UTF8'), 'object lt', 'object lt7'), 'UTF8') from audit_body where agency_id = 'oak' and idx = 10`,
			[]logbook.Finding{{Kind: logbook.Inserted, From: 9, To: 9}}},
		{"exchanged", `update audit_body set idx = 999 where agency_id = 'oak' and idx = 9; update audit_body set idx = 9 where agency_id = 'oak' and idx = 12;
			update audit_body set idx = 12 where agency_id = 'oak' and idx = 999`,
			[]logbook.Finding{{Kind: logbook.Moved, From: 9, To: 9}, {Kind: logbook.Moved, From: 12, To: 12}}},
		{"its end deleted", `delete from audit_body where agency_id = 'oak' and idx > 15; delete from audit_hash where agency_id = 'oak' and idx > 15`,
			[]logbook.Finding{{Kind: logbook.Missing, From: 16, To: 20}}},
		{"the checkpoints deleted", `delete from audit_checkpoint`, []logbook.Finding{{Kind: logbook.Unvouched, From: 0, To: 20}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := accounttest.NewClosed(t)
			write(t, w, 21)
			cover(t, w)
			// As the superuser, past every trigger and key.
			w.Exec(t, `set session_replication_role = replica; `+c.sql+`; reset session_replication_role`)
			if r := inspected(t, w, logbook.Options{}); !slices.Equal(r.Findings, c.want) {
				t.Errorf("%v, want %v", r.Findings, c.want)
			}
		})
	}
}

// An exchange as it was opened and asked for: who did what with which key, and
// a proof of each, with the keys of those who signed.
func TestProve_Case(t *testing.T) {
	w := accounttest.NewWorld(t)
	id, birth, _ := w.OpenExchange(t)
	w.NewPerson(t, birth)
	cover(t, w)
	r := inspected(t, w, logbook.Options{Case: string(id)})
	if !r.Sound() || len(r.Case) < 10 {
		t.Fatalf("%s\n%s", r.Text(), r.CaseText(string(id)))
	}
	keys, byWorker, granted := keysOf(t, w), 0, false
	for _, e := range r.Case {
		list, err := audit.Prove(t.Context(), w.StaffDB, keys, e.Index)
		must(t, err)
		proved, err := logbook.CheckProofs(list, keys)
		must(t, err)
		last := proved[len(proved)-1]
		if last.Index != e.Index || !last.Signed || last.Statement.Object != e.Object {
			t.Errorf("entry %d: %+v", e.Index, last)
		}
		if len(list) > 1 {
			byWorker++
		}
		granted = granted || e.Event == statement.EventGrant && strings.HasPrefix(e.To, "person/")
	}
	if byWorker == 0 || !granted {
		t.Errorf("%d were signed by a worker; a person was granted their side: %v\n%s", byWorker, granted, r.CaseText(string(id)))
	}
	if _, err := audit.Prove(t.Context(), w.StaffDB, keys, r.Entries); err == nil {
		t.Error("an entry that is not there was proved")
	}
}
