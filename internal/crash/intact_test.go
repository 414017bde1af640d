package crash_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
)

// broken are questions whose answer is a number that has to be 0.
func broken() map[string]string {
	return map[string]string{
		"a gap in the log": `select count(*) from audit_gate g where g.next <> (select count(*) from audit_body b where b.agency_id = g.agency_id)
			or g.next <> (select coalesce(max(b.idx) + 1, 0) from audit_body b where b.agency_id = g.agency_id)`,
		"a letter without its text": `select count(*) from letter l
			where (select count(*) from object o where o.id = l.id and o.part = 'text' and o.kind = 'submission' and o.version = 1) <> 1`,
		"a text without its letter": `select count(*) from object o where o.kind = 'submission'
			and not exists (select from letter l where l.id = o.id)`,
		"a draft beside its letter": `select count(*) from draft d join letter l on substr(l.id, 3) = substr(d.id, 3)`,
		// A second opinion is asked for after a refusal or a proposal, and a proposal ends nothing; a letter can be withdrawn before or after a decision.
		"a letter neither with the desk nor decided": `select count(*) from letter l
			where case when l.state in ('received', 'held', 'escalated', 'toTranslate') then
					exists (select from decision d where d.letter_id = l.id and (l.second or d.act <> 'propose')) <> l.second
				when l.state = 'withdrawn' then false else not exists (select from decision d where d.letter_id = l.id) end`,
		// What came back after it was passed on keeps its delivery, which nobody sees.
		"a letter passed on and not delivered, or the other way": `select count(*) from letter l
			where (l.state in ('passed', 'waiting', 'keptForLater', 'opened', 'recalled', 'undeliverable', 'stoppedAt18'))
				and not exists (select from delivery d where d.letter_id = l.id)
			or l.state in ('received', 'held', 'escalated', 'toTranslate', 'proposed', 'refused') and exists (select from delivery d where d.letter_id = l.id)
			or exists (select from delivery d where d.letter_id = l.id) <> exists (select from decision d where d.letter_id = l.id and d.act = 'pass')`,
		"a letter delivered twice":      `select count(*) from (select letter_id from delivery group by letter_id having count(*) > 1) twice`,
		"a delivery without its text":   `select count(*) from delivery d where not exists (select from object o where o.id = d.id and o.kind = 'delivery' and o.side_id = d.side_id)`,
		"a text without its delivery":   `select count(*) from object o where o.kind = 'delivery' and not exists (select from delivery d where d.id = o.id)`,
		"a decision without its object": `select count(*) from decision d where not exists (select from object o where o.id = d.letter_id and o.kind = 'decision' and o.leaf = d.leaf)`,
		"an object without a decision":  `select count(*) from object o where o.kind = 'decision' and not exists (select from decision d where d.letter_id = o.id)`,
		"a letter returned or refused without a reason, or the other way": `select count(*) from letter l
			where exists (select from decision d where d.letter_id = l.id and d.act in ('return', 'refuse')) <> exists (select from object o where o.id = l.id and o.kind = 'reason')`,
		"a claim on a letter that is decided": `select count(*) from claim c join letter l on l.id = c.letter_id
			where l.state not in ('received', 'held', 'toTranslate', 'recalled', 'undeliverable') and not l.stop`,
		"a letter that stopped on its way": `select count(*) from letter where state = 'passed' and visible_on <= current_date and not stop`,
		// Whose day has come, or who passes it on sooner, claims it again.
		"a letter on hold without a day": `select count(*) from letter l where l.state = 'held' and l.held_until is null`,
		"something given twice":          `select count(*) from (select item_id from disclosure group by item_id having count(*) > 1) twice`,
		"something given without its pack": `select count(*) from disclosure d where not exists (select from casework p
			where p.id = d.id and p.part = 'pack' and p.kind = 'pack' and p.file = d.application_id and p.leaf = d.leaf)`,
		"a pack that nobody gave":            `select count(*) from casework p where p.kind = 'pack' and not exists (select from disclosure d where d.id = p.id)`,
		"something given and not in the log": `select count(*) from disclosure d where not exists (select from audit_body b where b.leaf = d.leaf)`,
		"something given without the law's answer": `select count(*) from disclosure d where not exists (select from evaluation e join audit_body b on b.leaf = e.leaf
			where e.id = d.evaluation_id and e.act = 'disclose' and e.item_id = d.item_id)`,
		"the law's answer to what was not given": `select count(*) from evaluation e where e.act = 'disclose' and not exists (select from disclosure d where d.evaluation_id = e.id)`,
	}
}

// intact looks at everything that is stored, as the administrator.
func (w *world) intact(t *testing.T) {
	t.Helper()
	for what, sql := range broken() {
		var n int
		must(t, w.admin.QueryRow(t.Context(), sql).Scan(&n))
		if n > 0 {
			t.Errorf("%s: %d times", what, n)
		}
	}
	w.logIntact(t, w.statements(t))
	for _, l := range w.letters {
		l.stands(t)
	}
}

// statements reads the log, each verified, by leaf. What was in it before has to be still.
func (w *world) statements(t *testing.T) map[string]*statement.Statement {
	t.Helper()
	rows, err := w.admin.Query(t.Context(), `select body from audit_body order by idx`)
	must(t, err)
	bodies, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	must(t, err)
	said := map[string]*statement.Statement{}
	var leaves [][]byte
	for i, body := range bodies {
		leaf := statement.Leaf(body)
		leaves = append(leaves, leaf[:])
		// Verify knows a worker's key by the registrar's statement only, and
		// refuses a statement without a signer that its event requires. The same
		// bytes are verified once: a leaf is their hash.
		if w.known[leaf] == nil {
			if w.known[leaf], err = w.agency.Verify(t.Context(), w.staff, body); err != nil {
				t.Fatalf("leaf %d: %v", i, err)
			}
		}
		said[string(leaf[:])] = w.known[leaf]
	}
	if len(said) != len(bodies) {
		t.Errorf("the log says something twice: %d leaves, %d statements", len(bodies), len(said))
	}
	for i, leaf := range w.log {
		if i >= len(leaves) || !bytes.Equal(leaf, leaves[i]) {
			t.Fatalf("leaf %d of the log was lost or changed", i)
		}
	}
	w.log = leaves
	return said
}

type storedObject struct {
	ID      string
	Part    string
	Version uint64
	Commit  []byte
	Leaf    []byte
}

// logIntact: each object has the statement that it points to, and each
// statement about an act has what the act has stored.
func (w *world) logIntact(t *testing.T, said map[string]*statement.Statement) {
	t.Helper()
	rows, err := w.admin.Query(t.Context(), `select id, part, version, commit, leaf from object`)
	must(t, err)
	objects, err := pgx.CollectRows(rows, pgx.RowToStructByName[storedObject])
	must(t, err)
	stored := map[string]bool{}
	for _, o := range objects {
		st := said[string(o.Leaf)]
		if st == nil || st.Object != o.ID || st.Part != o.Part || st.Version != o.Version || !bytes.Equal(st.Commit[:], o.Commit) {
			t.Errorf("object %s/%s has no statement of its own", o.ID, o.Part)
		}
		stored[string(o.Leaf)] = true
	}
	w.packsIntact(t, said)
	access := map[string]bool{} // deliveries that somebody has opened, by the log
	for leaf, st := range said {
		switch st.Event {
		case statement.EventReceipt, statement.EventApprove, statement.EventReturn, statement.EventRefuse, statement.EventKeep, statement.EventDeliver:
			// To ask for a second opinion stores nothing sealed.
			if !stored[leaf] && st.Part != "second" {
				t.Errorf("the log has %s of %s, and nothing is stored with it", st.Event, st.Object)
			}
		case statement.EventAccess:
			if strings.HasPrefix(st.From, "person/") {
				access[st.Object] = true
			}
		}
	}
	w.openedIntact(t, access)
}

// packsIntact: what was given has its statement, and each statement that
// something was given has its pack.
func (w *world) packsIntact(t *testing.T, said map[string]*statement.Statement) {
	t.Helper()
	rows, err := w.admin.Query(t.Context(), `select p.id, p.part, p.version, p.commit, p.leaf from casework p join disclosure d on d.id = p.id where p.part = 'pack'`)
	must(t, err)
	packs, err := pgx.CollectRows(rows, pgx.RowToStructByName[storedObject])
	must(t, err)
	stored := map[string]bool{}
	for _, p := range packs {
		st := said[string(p.Leaf)]
		if st == nil || st.Event != statement.EventCasework || st.Object != p.ID || st.Part != p.Part || st.Version != p.Version || !bytes.Equal(st.Commit[:], p.Commit) {
			t.Errorf("pack %s has no statement of its own", p.ID)
		}
		stored[string(p.Leaf)] = true
	}
	for leaf, st := range said {
		if st.Event == statement.EventCasework && st.Part == "pack" && !stored[leaf] {
			t.Errorf("the log says that %s was given, and it was not", st.Object)
		}
	}
}

// openedIntact: a letter is open if, and only if, the log says that its recipient has opened it.
func (w *world) openedIntact(t *testing.T, access map[string]bool) {
	t.Helper()
	rows, err := w.admin.Query(t.Context(), `select d.id, l.state from delivery d join letter l on l.id = d.letter_id`)
	must(t, err)
	var id, state string
	_, err = pgx.ForEachRow(rows, []any{&id, &state}, func() error {
		if (state == "opened") != access[id] {
			t.Errorf("delivery %s is %s, and the log says opened: %v", id, state, access[id])
		}
		return nil
	})
	must(t, err)
}
