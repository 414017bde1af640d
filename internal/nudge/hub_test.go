package nudge_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/nudge"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func TestSQL(t *testing.T) { postgrestest.Prepare(t, postgrestest.New(t).Admin(), ".") }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type world struct {
	t     *testing.T
	db    *postgrestest.Database
	admin *pgx.Conn
	staff *postgres.DB
	hub   *nudge.Hub
	early string // a mark of before it listened
}

// newWorld is a running hub over two agencies.
func newWorld(t *testing.T) *world {
	w := &world{t: t, db: postgrestest.New(t)}
	w.admin, w.staff = w.db.Admin(), w.db.DB(postgres.RoleStaff)
	_, err := w.admin.Exec(t.Context(), `insert into agency (id, stanza) values ('oak', sha256('x')), ('elm', sha256('y'))`)
	must(t, err)
	w.hub = nudge.New(w.staff, w.db.DSN(postgres.RoleStaff), accounttest.Log(t))
	w.early = w.hub.Mark()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() { w.hub.Run(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	w.listener()
	return w
}

// listener waits until the hub listens and gives the process of its connection.
func (w *world) listener() (pid int) {
	w.t.Helper()
	for pid == 0 {
		must(w.t, w.admin.QueryRow(w.t.Context(), `select coalesce(max(pid), 0) from pg_stat_activity
			where datname = current_database() and application_name = 'gatepost nudges' and state = 'idle' and query = 'listen gatepost'`).Scan(&pid))
	}
	return pid
}

func (w *world) open(agency string) *nudge.Page {
	w.t.Helper()
	p, err := w.hub.Open(w.t.Context(), agency, "")
	must(w.t, err)
	w.t.Cleanup(p.Close)
	return p
}

// act nudges an agency's desks n times in one act, which commits or not.
func (w *world) act(agency string, n int, commit bool) {
	w.t.Helper()
	err := w.staff.Act(w.t.Context(), postgres.Scope{Agency: agency}, nil, func(b *pgx.Batch) error {
		for range n {
			b.Queue("select nudge_desk()")
		}
		if !commit {
			b.Queue("select 1/0")
		}
		return nil
	})
	if (err == nil) != commit {
		w.t.Fatal(err)
	}
}

// An agency's pages hear of its own acts that commit; one of many nudges waits.
func TestHub(t *testing.T) {
	w := newWorld(t)
	oak, second, elm := w.open("oak"), w.open("oak"), w.open("elm")
	w.act("oak", 1, false)
	w.act("oak", 3, true)
	w.act("oak", 1, true)
	<-oak.C()
	<-second.C()
	select {
	case <-elm.C():
		t.Error("another agency's page was nudged")
	default:
	}
	w.act("elm", 1, true) // everything before it has arrived when it arrives
	<-elm.C()
	if len(oak.C()) > 1 {
		t.Error("more than one nudge waits")
	}
}

// After a lost connection every page looks again, whatever was missed.
func TestReconnect(t *testing.T) {
	w := newWorld(t)
	oak, elm := w.open("oak"), w.open("elm")
	pid := w.listener()
	_, err := w.admin.Exec(t.Context(), `select pg_terminate_backend($1)`, pid)
	must(t, err)
	<-oak.C()
	<-elm.C()
	if again := w.listener(); again == pid {
		t.Error("the hub did not connect again")
	}
	w.act("oak", 1, true)
	<-oak.C()
}

// A page takes one nudge a second.
func TestRest(t *testing.T) {
	w := newWorld(t)
	p, now := w.open("oak"), time.Now()
	if got := p.Rest(now); got != 0 {
		t.Errorf("before the first nudge a page rests %v", got)
	}
	p.Took(now)
	for after, want := range map[time.Duration]time.Duration{0: time.Second, 400 * time.Millisecond: 600 * time.Millisecond, time.Second: 0, time.Hour: 0} {
		if got := p.Rest(now.Add(after)); got != want {
			t.Errorf("%v after a nudge a page rests %v, want %v", after, got, want)
		}
	}
}

// marked opens a page that was read at that mark and tells whether it is nudged at once.
func (w *world) marked(agency, mark string) bool {
	w.t.Helper()
	p, err := w.hub.Open(w.t.Context(), agency, mark)
	must(w.t, err)
	defer p.Close()
	return len(p.C()) > 0
}

// What happens after a page was read and before its line opens is not lost: neither
// for the first page of an agency, nor for one that another process gave.
func TestSince(t *testing.T) {
	w := newWorld(t)
	heard := w.open("oak")
	before := w.hub.Mark()
	if w.marked("elm", "") || w.marked("oak", before) {
		t.Error("a page is nudged though nothing has happened since")
	}
	w.act("oak", 1, true)
	<-heard.C()
	after := time.Now().Add(time.Millisecond) // marks are of milliseconds
	other := nudge.New(w.staff, w.db.DSN(postgres.RoleStaff), accounttest.Log(t))
	for time.Now().Before(after) {
	}
	for _, c := range []struct {
		name, agency, mark string
		want               bool
	}{
		{"read before", "oak", before, true},
		{"read after", "oak", w.hub.Mark(), false},
		{"read elsewhere, by a clock of its own", "oak", other.Mark(), true},
		{"of another agency", "elm", before, false},
		{"no mark", "oak", "", false},
		{"no moment", "oak", before[:9], false},
		{"no mark of ours", "oak", "0.0", false},
		{"far too long", "oak", before + "zzzzzzzzzz", false},
	} {
		if got := w.marked(c.agency, c.mark); got != c.want {
			t.Errorf("a page %s is nudged at once: %v", c.name, got)
		}
	}
}

// A page that was read before its hub listened, or that opens its line while or after
// it does not, looks again.
func TestSince_Deaf(t *testing.T) {
	w := newWorld(t)
	before := w.hub.Mark()
	if !w.marked("oak", w.early) {
		t.Error("what was told before the hub listened is lost")
	}
	heard, pid := w.open("elm"), w.listener()
	_, err := w.admin.Exec(t.Context(), `select pg_terminate_backend($1)`, pid)
	must(t, err)
	<-heard.C()
	if !w.marked("oak", before) {
		t.Error("what was told while the hub was away is lost")
	}
}

// The first page of an agency that a hub knows nothing of hears of what was told before.
func TestSince_First(t *testing.T) {
	w := newWorld(t)
	mark, elm := w.hub.Mark(), w.open("elm")
	w.act("oak", 1, true)
	w.act("elm", 1, true) // everything before it has arrived when it arrives
	<-elm.C()
	if !w.marked("oak", mark) {
		t.Error("the first page's nudge is lost")
	}
}

// The word is made once, by whoever asks first, and is each agency's own.
func TestTopic(t *testing.T) {
	w := newWorld(t)
	w.open("oak")
	w.open("elm")
	w.act("oak", 1, true)
	var n, words int
	must(t, w.admin.QueryRow(t.Context(), `select count(*), count(distinct topic) from desk_topic`).Scan(&n, &words))
	if n != 2 || words != 2 {
		t.Errorf("two agencies have %d rows and %d words", n, words)
	}
}
