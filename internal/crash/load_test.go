package crash_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"gatepost/crypto/session"
	"gatepost/crypto/statement"
	"gatepost/internal/authz"
	"gatepost/internal/demo"
	"gatepost/internal/postgres"
)

// load is people who go on writing, reading and deciding while servers are
// killed or started anew under them. What a browser was not told, they try
// again, as people do.
type load struct {
	*world
	front  *front
	admin  *pgxpool.Pool
	staff  *postgres.DB // to verify the log by
	faces  map[string]*face
	ctx    context.Context // ends with the load
	cancel context.CancelCauseFunc
	hands  sync.WaitGroup

	mu       sync.Mutex // guards all below
	stories  []*story
	up       chan struct{} // closed while the database is up
	deaths   int           // of the database
	repeated map[string]int
	looked   map[string]int // acts that were done though nobody was told

	log journal

	calm map[string][]picture // what stories leave when nobody disturbs them; written before the load begins
}

// face is somebody who is signed in, and comes back when they are not any more.
type face struct {
	load   *load
	person demo.Person
	codes  sync.Mutex // held while a one-time code is on its way: it counts once

	mu  sync.Mutex // guards all below
	now visitor
}

// story is one thing that people do, act by act.
type story struct {
	kind string
	acts []act

	// The load's mu guards all below.
	objects []string       // that its statements are about
	base    map[string]int // statements about them from before
	done    int            // acts that a browser was told to be done
}

// act is one press of a button.
type act struct {
	name string
	want int // status
	do   func() (page, error)
	// after notes what an act has made, once it is done.
	after func() error
}

// picture is what a story has left after an act: statements, by their event and
// what they are about, and how its letters stand.
type picture struct {
	said   map[string]int
	states string
}

func newLoad(t *testing.T, w *world, f *front) *load {
	t.Helper()
	l := &load{world: w, front: f, faces: map[string]*face{}, up: make(chan struct{}), repeated: map[string]int{}, looked: map[string]int{},
		calm: map[string][]picture{}}
	close(l.up)
	var err error
	l.admin, err = pgxpool.New(t.Context(), w.postgres.DSN(postgres.RoleAdmin, database))
	must(t, err)
	t.Cleanup(l.admin.Close)
	l.staff, err = postgres.Open(t.Context(), w.own().dsn(postgres.RoleStaff), postgres.WithConnections(1))
	must(t, err)
	t.Cleanup(l.staff.Close)
	l.log = journal{load: l, seen: map[string]map[string]int{}}
	for _, p := range w.people {
		l.faces[p.Key] = &face{load: l, person: p, now: visitor{tier: p.Tier}}
	}
	l.ctx, l.cancel = context.WithCancelCause(t.Context())
	t.Cleanup(func() { // also where the test has failed: the next one begins with nobody at work
		l.cancel(errOver)
		l.hands.Wait()
	})
	return l
}

var errOver = errors.New("the load is over")

// await waits while the database is down.
func (l *load) await() {
	l.mu.Lock()
	up := l.up
	l.mu.Unlock()
	select {
	case <-up:
	case <-l.ctx.Done():
	}
}

// down says that the database is about to be killed, and that whoever gets no
// answer has to wait.
func (l *load) down() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deaths++
	l.up = make(chan struct{})
}

func (l *load) back() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.up)
}

// begin lets hands work until end.
func (l *load) begin(hands ...*hand) {
	for _, h := range hands {
		l.hands.Go(func() {
			for i := h.first; l.ctx.Err() == nil; i++ {
				kinds := h.kinds()
				if err := l.tell(h, kinds[i%len(kinds)]); err != nil && l.ctx.Err() == nil {
					l.cancel(err)
				}
			}
		})
	}
}

// end lets everybody finish what they do, and says what went wrong.
func (l *load) end(t *testing.T) {
	t.Helper()
	l.cancel(errOver)
	l.hands.Wait()
	l.wrong(t)
}

// wrong ends the test if somebody could not go on.
func (l *load) wrong(t *testing.T) {
	t.Helper()
	if err := context.Cause(l.ctx); err != nil && !errors.Is(err, errOver) {
		t.Fatal(err)
	}
}

// tell goes through a story. It is finished also when the load ends meanwhile.
func (l *load) tell(h *hand, kind func(*hand) (*story, error)) error {
	var s *story
	err := l.patiently(func() (err error) {
		if s, err = kind(h); err == nil {
			s.base, err = l.log.about(s.objects)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("begin a story: %w", err)
	}
	l.mu.Lock()
	l.stories = append(l.stories, s)
	l.mu.Unlock()
	for _, a := range s.acts {
		if err := l.press(s, a); err != nil {
			return fmt.Errorf("%s: %s: %w", s.kind, a.name, err)
		}
		if a.after != nil {
			if err := l.patiently(a.after); err != nil {
				return fmt.Errorf("%s: after %s: %w", s.kind, a.name, err)
			}
		}
		l.mu.Lock()
		s.done++
		l.mu.Unlock()
	}
	return nil
}

// patiently asks the database again as long as it may be down.
func (l *load) patiently(do func() error) (err error) {
	for range 10 {
		if err = do(); err == nil {
			return nil
		}
		l.await()
	}
	return err
}

// tries is how often a button is pressed again. Each time the browser was told
// nothing, or that the server is busy.
const tries = 100

// press presses until it is done. Where a try had an unknown end and the next
// one is refused, somebody looks whether it was done.
func (l *load) press(s *story, a act) error {
	unsure := false
	for n := range tries {
		if n > 0 {
			l.mu.Lock()
			l.repeated[a.name]++
			l.mu.Unlock()
			l.await()
		}
		p, err := a.do()
		switch {
		case err == nil && p.status == a.want:
			return nil
		case err != nil, p.status >= http.StatusInternalServerError:
			unsure = true
		case !unsure:
			return fmt.Errorf("%d %s %s", p.status, p.to, said(p))
		default:
			done, err := l.stands(s)
			if err != nil {
				continue
			}
			if !done {
				now, _ := l.pictureOf(s)
				return fmt.Errorf("after a try without an answer: %d, and it has left %v, want %v: %s", p.status, now, l.calm[s.kind][s.done], said(p))
			}
			l.mu.Lock()
			l.looked[a.name]++
			l.mu.Unlock()
			return nil
		}
	}
	return errors.New("never got through")
}

// stands tells whether the next act of a story has left what it leaves when
// nobody disturbs it.
func (l *load) stands(s *story) (bool, error) {
	now, err := l.pictureOf(s)
	if err != nil {
		return false, err
	}
	want := l.calm[s.kind][s.done]
	return maps.Equal(now.said, want.said) && now.states == want.states, nil
}

// pictureOf is what a story has left by now.
func (l *load) pictureOf(s *story) (picture, error) {
	l.mu.Lock()
	objects := slices.Clone(s.objects)
	l.mu.Unlock()
	said, err := l.log.about(objects)
	if err != nil {
		return picture{}, err
	}
	said = minus(said, s.base)
	rows, err := l.admin.Query(l.asking(), `select state from letter where id = any($1) order by array_position($1, id::text)`, objects)
	if err != nil {
		return picture{}, err
	}
	states, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return picture{said, strings.Join(states, " ")}, err
}

// asking is a context for the database: the test's own, since stories are
// finished after the load has ended.
func (l *load) asking() context.Context { return context.WithoutCancel(l.ctx) }

// calmly tells each story once while nobody disturbs it, and keeps the pictures.
func (l *load) calmly(t *testing.T, hands ...*hand) {
	t.Helper()
	for _, h := range hands {
		for _, kind := range h.kinds() {
			s, err := kind(h)
			must(t, err)
			if l.calm[s.kind] != nil {
				continue
			}
			s.base, err = l.log.about(s.objects)
			must(t, err)
			for _, a := range s.acts {
				p, err := a.do()
				if err != nil || p.status != a.want {
					t.Fatalf("%s: %s: %v, %d %s", s.kind, a.name, err, p.status, said(p))
				}
				if a.after != nil {
					must(t, a.after())
				}
				now, err := l.pictureOf(s)
				must(t, err)
				l.calm[s.kind] = append(l.calm[s.kind], now)
				s.done++
			}
			l.stories = append(l.stories, s)
		}
	}
}

// view is a story at one moment.
type view struct {
	*story
	objects []string
	done    int
}

func (l *load) views() []view {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]view, len(l.stories))
	for i, s := range l.stories {
		list[i] = view{s, slices.Clone(s.objects), s.done}
	}
	return list
}

// once: each act that a browser was told to be done stands exactly once, and
// none stands that nobody asked for. It is called within one snapshot of the
// database, which w.admin holds; before is what browsers had been told until then.
func (l *load) once(t *testing.T, before []view, said map[string]*statement.Statement) {
	t.Helper()
	about := map[string]map[string]int{}
	for _, st := range said {
		note(about, st)
	}
	rows, err := l.world.admin.Query(t.Context(), `select id, state from letter`)
	must(t, err)
	states, id, state := map[string]string{}, "", ""
	_, err = pgx.ForEachRow(rows, []any{&id, &state}, func() error { states[id] = state; return nil })
	must(t, err)
	after := l.views()
	latest, last := map[string]view{}, map[string]int{} // the newest story about each object
	for i, v := range before {
		if len(v.objects) == 0 {
			continue
		}
		if was, ok := latest[v.objects[0]]; ok {
			l.follows(t, was, v)
		}
		latest[v.objects[0]], last[v.objects[0]] = v, i
	}
	for i, v := range before {
		if len(v.objects) == 0 || last[v.objects[0]] != i {
			continue
		}
		l.stoodOnce(t, v, after[i].done, minus(sum(about, v.objects), v.base))
		if v.done == len(v.acts) {
			l.endsWell(t, v, states)
		}
	}
}

// stoodOnce: what the log says about a story is what it leaves up to where
// browsers were told, and at most one act more than that.
func (l *load) stoodOnce(t *testing.T, v view, told int, has map[string]int) {
	t.Helper()
	pictures := l.calm[v.kind]
	if v.done > 0 && !within(pictures[v.done-1].said, has) {
		t.Errorf("%s: told to be done up to %q, and the log has %v, want %v", v.kind, v.acts[v.done-1].name, has, pictures[v.done-1].said)
	}
	last := min(told, len(pictures)-1)
	if !within(has, pictures[last].said) {
		t.Errorf("%s: nothing asked for beyond %q, and the log has %v, want at most %v", v.kind, v.acts[last].name, has, pictures[last].said)
	}
}

// follows: a story about somebody begins where the one before it has ended.
func (l *load) follows(t *testing.T, was, next view) {
	t.Helper()
	pictures := l.calm[was.kind]
	if got := minus(next.base, was.base); !maps.Equal(got, pictures[len(pictures)-1].said) {
		t.Errorf("%s (%d acts done), then %s: it has left %v, want %v; bases %v %v", was.kind, was.done, next.kind, got, pictures[len(pictures)-1].said, was.base, next.base)
	}
}

func (l *load) endsWell(t *testing.T, v view, states map[string]string) {
	t.Helper()
	var stand []string
	for _, o := range v.objects {
		if s, ok := states[o]; ok {
			stand = append(stand, s)
		}
	}
	if got, want := strings.Join(stand, " "), l.calm[v.kind][v.done-1].states; got != want {
		t.Errorf("%s: its letters are %q, want %q", v.kind, got, want)
	}
}

// minus takes away what was there before.
func minus(has, base map[string]int) map[string]int {
	left := maps.Clone(has)
	for key, n := range base {
		if left[key] -= n; left[key] == 0 {
			delete(left, key)
		}
	}
	return left
}

// within: everything in a is in b, at most as often.
func within(a, b map[string]int) bool {
	for key, n := range a {
		if n > b[key] {
			return false
		}
	}
	return true
}

// intact looks at all that is stored in one snapshot, while everybody goes on.
func (l *load) intact(t *testing.T) {
	t.Helper()
	before := l.views()
	w := l.world
	_, err := w.admin.Exec(t.Context(), `begin isolation level repeatable read read only`)
	must(t, err)
	for what, sql := range broken() {
		var n int
		must(t, w.admin.QueryRow(t.Context(), sql).Scan(&n))
		if n > 0 {
			t.Errorf("%s: %d times", what, n)
		}
	}
	said := w.statements(t)
	w.logIntact(t, said)
	l.once(t, before, said)
	_, err = w.admin.Exec(t.Context(), `commit`)
	must(t, err)
}

// journal is the log by what its statements are about.
type journal struct {
	load *load
	mu   sync.Mutex // guards all below
	next int64
	seen map[string]map[string]int
}

// about counts the statements about objects, but for what workers read, which
// they may do as often as they like.
func (j *journal) about(objects []string) (map[string]int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	ctx := j.load.asking()
	rows, err := j.load.admin.Query(ctx, `select idx, body from audit_body where idx >= $1 order by idx`, j.next)
	if err != nil {
		return nil, err
	}
	var idx int64
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&idx, &body}, func() error {
		st, err := j.load.agency.Verify(ctx, j.load.staff, body)
		if err != nil {
			return err
		}
		note(j.seen, st)
		j.next = idx + 1
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sum(j.seen, objects), nil
}

// note counts a statement for what it is about.
func note(about map[string]map[string]int, st *statement.Statement) {
	if st.Event == statement.EventAccess && strings.HasPrefix(st.From, "worker/") {
		return
	}
	object := st.Object[strings.LastIndex(st.Object, "/")+1:]
	if about[object] == nil {
		about[object] = map[string]int{}
	}
	about[object][fmt.Sprint(st.Event, " ", object[:2], " ", recoveryID.ReplaceAllString(st.Part, ""))]++
}

// recoveryID stands in the part of a statement about a recovery.
var recoveryID = regexp.MustCompile(`\.rc[a-z0-9]{20}`)

func sum(about map[string]map[string]int, objects []string) map[string]int {
	said := map[string]int{}
	for _, o := range objects {
		for key, n := range about[o] {
			said[key] += n
		}
	}
	return said
}

// ask makes a request as somebody who signs in again when they have to. What
// was refused for that reason was not done.
func (f *face) ask(do func(visitor) (page, error)) (page, error) {
	for range tries {
		f.mu.Lock()
		now := f.now
		f.mu.Unlock()
		if now.cookie != "" {
			p, err := do(now)
			if err != nil || p.status != http.StatusUnauthorized {
				return p, err
			}
		}
		if err := f.signIn(now); err != nil {
			return page{}, err
		}
	}
	return page{}, errors.New("is asked to sign in again and again")
}

// signIn signs in by the form, unless somebody else has done it for this
// person since.
func (f *face) signIn(was visitor) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now != was {
		return nil
	}
	stranger := visitor{tier: f.person.Tier}
	asked, err := f.load.front.get(stranger, "/sign-in")
	if err != nil {
		return err
	}
	found := tokenPattern.FindStringSubmatch(asked.body)
	if found == nil {
		return fmt.Errorf("no form to sign in: %d", asked.status)
	}
	fields := []string{"form-token", found[1], "name", f.person.Login, "passphrase", f.person.Passphrase}
	if f.person.TOTP != "" {
		f.codes.Lock()
		defer f.codes.Unlock()
		digits, err := f.code()
		if err != nil {
			return err
		}
		fields = append(fields, "code", digits)
	}
	answer, err := f.load.front.ask(stranger, http.MethodPost, "/sign-in", form(fields), asked.cookie)
	if err != nil {
		return err
	}
	name := map[authz.Tier]string{authz.Public: "gp", authz.Staff: "gps"}[f.person.Tier]
	if answer.cookie[name] == "" {
		return fmt.Errorf("not signed in: %d %s", answer.status, said(answer))
	}
	token, err := session.ParseToken(answer.cookie[name])
	if err != nil {
		return err
	}
	f.now = visitorOf(f.person.Tier, token)
	return nil
}

// code is a one-time code that counts. The clock does not wait for this test:
// the administrator lets one count again that was used.
func (f *face) code() (string, error) {
	table := map[authz.Tier]string{authz.Public: "credential_person", authz.Staff: "credential_worker"}[f.person.Tier]
	if _, err := f.load.admin.Exec(f.load.asking(), `update `+table+` set totp_last_step = 0 where totp_last_step > 0`); err != nil {
		return "", err
	}
	digits, _, err := f.person.Code(time.Now())
	return digits, err
}

func (f *face) get(path string) (page, error) {
	return f.ask(func(v visitor) (page, error) { return f.load.front.get(v, path) })
}

func (f *face) post(path string, fields ...string) (page, error) {
	return f.ask(func(v visitor) (page, error) { return f.load.front.post(v, path, fields...) })
}
