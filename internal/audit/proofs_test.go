package audit_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"gatepost/crypto/statement"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/audit"
	"gatepost/internal/logbook"
)

// unsigned puts n rows above the newest checkpoint that the log's key did not
// sign, past the trigger that wants them to follow the tree.
func unsigned(t *testing.T, w *accounttest.World, n int) {
	t.Helper()
	w.Exec(t, fmt.Sprintf(`set session_replication_role = replica;
		insert into audit_checkpoint (agency_id, size, note) select 'oak', (select max(size) from audit_checkpoint) + i, decode(repeat('ff', 200), 'hex')
			from generate_series(1, %d) as i; reset session_replication_role`, n))
}

// about states something about an exchange, a side or a delivery.
func about(t *testing.T, w *accounttest.World, object, exchange string) []byte {
	t.Helper()
	body, err := w.Door.State(statement.Statement{Event: statement.EventReceipt, Object: object, Part: "text", Version: 1, Exchange: exchange,
		Commit: [32]byte{1}, At: noon}, "door")
	must(t, err)
	must(t, addDesk(w, body))
	return body
}

// What is about a case is found by what it says, whoever says it, and as the log
// grows.
func TestIndex_About(t *testing.T) {
	w := accounttest.NewClosed(t)
	x := audit.NewIndex(w.StaffDB, w.StaffAgencies.VerifyIn(w.StaffDB))
	const one, two, side, delivery = "exaaaaaaaaaaaaaaaaaaaa", "exbbbbbbbbbbbbbbbbbbbb", "side/sdaaaaaaaaaaaaaaaaaaaa", "dlaaaaaaaaaaaaaaaaaaaa"
	check := func(what string, want []int64, whats ...string) {
		t.Helper()
		got, err := x.About(t.Context(), "oak", whats...)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", what, got, err, want)
		}
	}
	check("an empty log", nil, one)
	body := about(t, w, "ltaaaaaaaaaaaaaaaaaaaa", one) // 0
	about(t, w, "ltbbbbbbbbbbbbbbbbbbbb", two)         // 1
	newKey(t, w, "case/"+one, 1, true)                 // 2
	newKey(t, w, side, 1, true)                        // 3
	about(t, w, delivery, "")                          // 4
	about(t, w, "ltcccccccccccccccccccc", "")          // 5: of no case
	check("letter and key of its case", []int64{0, 2}, one)
	check("the other exchange", []int64{1}, two)
	check("a side", []int64{3}, side)
	check("a delivery", []int64{4}, delivery)
	check("several, in the order of the log", []int64{0, 1, 2, 3, 4}, delivery, two, side, one, one)
	check("a letter names its exchange, and is not found by itself", nil, "ltaaaaaaaaaaaaaaaaaaaa")
	// It is not believed, so it is found: the caller verifies.
	must(t, addDesk(w, bytes.Replace(body, []byte("version 1"), []byte("version 2"), 1)))
	check("grown by a forged one", []int64{0, 2, 6}, one)
	if got, err := x.About(t.Context(), "elm", one); err != nil || len(got) != 0 {
		t.Errorf("another agency: %v, %v", got, err)
	}
}

// Each entry under the checkpoint has a proof that holds; one that is not the
// log's, or lies beyond, has none.
func TestProveAll(t *testing.T) {
	w := accounttest.NewClosed(t)
	keys := keysOf(t, w)
	write(t, w, 300) // more hashes than the database gives at once
	all := make([]int64, 303)
	for i := range all {
		all[i] = int64(i)
	}
	entries := func() []logbook.Entry {
		t.Helper()
		list, err := audit.Entries(t.Context(), w.StaffDB, "oak", all)
		must(t, err)
		return list
	}
	p, err := audit.ProveAll(t.Context(), w.StaffDB, keys, entries())
	if err != nil || p.Under.Size != 0 || len(p.Proofs) != 0 {
		t.Errorf("without a checkpoint: %d proofs under %d, %v", len(p.Proofs), p.Under.Size, err)
	}
	cover(t, w)
	about(t, w, "ltaaaaaaaaaaaaaaaaaaaa", "")
	list := entries()
	p, err = audit.ProveAll(t.Context(), w.StaffDB, keys, list)
	if err != nil || len(list) != 301 || p.Under.Size != 300 || len(p.Proofs) != 300 {
		t.Fatalf("%d entries, %d proofs under %d, %v", len(list), len(p.Proofs), p.Under.Size, err)
	}
	for index, proof := range p.Proofs {
		under, st, signed, err := proof.Check(keys)
		if err != nil || under != p.Under || !signed || proof.Index != index || st == nil {
			t.Fatalf("the proof of %d: %v", index, err)
		}
	}
	// Edited, in the place of another, and before the first.
	list[7].Body = bytes.Replace(list[7].Body, []byte("object lt7"), []byte("object lt8"), 1)
	list[11].Index = 12
	list[13].Index = -1
	p, err = audit.ProveAll(t.Context(), w.StaffDB, keys, list[:20])
	must(t, err)
	for _, index := range []int64{7, 11, 13, -1} {
		if _, ok := p.Proofs[index]; ok {
			t.Errorf("entry %d has a proof", index)
		}
	}
	if len(p.Proofs) != 17 {
		t.Errorf("%d proofs of 17", len(p.Proofs))
	}
	// A hash that is gone takes those proofs with it that need it.
	w.Exec(t, `update audit_hash set hashes = substring(hashes from 1 for 32) where agency_id = 'oak' and idx = 1`)
	p, err = audit.ProveAll(t.Context(), w.StaffDB, keys, entries())
	if _, ok := p.Proofs[2]; ok || err != nil || len(p.Proofs) != 298 {
		t.Errorf("without a hash: %d proofs, %v", len(p.Proofs), err)
	}
}

// Rows that the log's key did not sign are passed over, as long as one of the
// newest sixteen is signed.
func TestProve_UnsignedCheckpoints(t *testing.T) {
	w := accounttest.NewClosed(t)
	keys := keysOf(t, w)
	write(t, w, 9)
	cover(t, w)
	list, err := audit.Entries(t.Context(), w.StaffDB, "oak", []int64{4})
	must(t, err)
	unsigned(t, w, 15)
	proofs, err := audit.Prove(t.Context(), w.StaffDB, keys, 4)
	if err != nil || len(proofs) != 1 {
		t.Errorf("one entry: %d proofs, %v", len(proofs), err)
	}
	p, err := audit.ProveAll(t.Context(), w.StaffDB, keys, list)
	if err != nil || p.Under.Size != 9 || len(p.Proofs) != 1 {
		t.Errorf("all: %d proofs under %d, %v", len(p.Proofs), p.Under.Size, err)
	}
	unsigned(t, w, 1)
	if _, err := audit.Prove(t.Context(), w.StaffDB, keys, 4); !errors.Is(err, logbook.ErrCheckpoint) {
		t.Errorf("one entry, none signed: %v", err)
	}
	if _, err := audit.ProveAll(t.Context(), w.StaffDB, keys, list); !errors.Is(err, logbook.ErrCheckpoint) {
		t.Errorf("all, none signed: %v", err)
	}
	if _, err := audit.Extend(t.Context(), w.StaffDB, keys, 4); !errors.Is(err, logbook.ErrCheckpoint) {
		t.Errorf("going on, none signed: %v", err)
	}
}

// What a witness has seen is in the log, by a proof from the stored hashes.
func TestExtend(t *testing.T) {
	w := accounttest.NewClosed(t)
	keys := keysOf(t, w)
	if _, err := audit.Extend(t.Context(), w.StaffDB, keys, 0); !errors.Is(err, logbook.ErrExtension) {
		t.Errorf("without a checkpoint: %v", err)
	}
	write(t, w, 37)
	cover(t, w)
	list, err := audit.Entries(t.Context(), w.StaffDB, "oak", []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	must(t, err)
	var tree logbook.Tree
	for _, e := range list {
		tree.Append(e.Body)
		x, err := audit.Extend(t.Context(), w.StaffDB, keys, tree.Size())
		must(t, err)
		if now, err := x.Check(tree.Checkpoint(), keys); err != nil || now.Size != 37 {
			t.Errorf("from %d: %+v, %v", tree.Size(), now, err)
		}
	}
	if _, err := audit.Extend(t.Context(), w.StaffDB, keys, 38); !errors.Is(err, logbook.ErrExtension) {
		t.Errorf("from beyond: %v", err)
	}
}
