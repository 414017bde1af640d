package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"gatepost/crypto/seal"
	"gatepost/crypto/session"
	"gatepost/internal/account"
	"gatepost/internal/authz"
	"gatepost/internal/tier"
	"gatepost/web"
	"gatepost/web/assets"
)

// onDesk is how many letters wait on the measured desk, and inboxSides on how
// many exchanges the measured person is.
const (
	onDesk     = 20
	inboxSides = 2
	pageRounds = 600
)

func measurePages(ctx context.Context, print func(Result) error) error {
	files, err := assets.Load(assets.FS())
	if err != nil {
		return err
	}
	return pages(ctx, files, pageRounds, print)
}

// pages measures the two pages that everybody sees most: a person's inbox and
// a worker's desk. The floor is a page too: HTTP, the session touch, one trip
// to the database for the rows, the same openings, and the same bytes written;
// no rule, no row turned into a line, no template.
// Each is asked for rounds times.
func pages(ctx context.Context, files *assets.Set, rounds int, print func(Result) error) (err error) {
	w, err := newWorld(ctx, 1, inboxSides)
	if err != nil {
		return fmt.Errorf("make the bench's world: %w", err)
	}
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	r, err := w.newRelay(ctx, 2<<10)
	if err != nil {
		return err
	}
	if err := r.fillDesk(ctx); err != nil {
		return err
	}
	for _, p := range []struct {
		name, path, cookie string
		tier               *tier.Tier
		at                 tier.Services
		token              session.Token
		make               func(web.Config) (http.Handler, error)
		open               func(context.Context) error
	}{
		{"pages inbox", "/letters", "gp", w.public, w.doors, w.couples[0].writer, family, r.openInbox},
		{"pages desk", "/desk", "gps", w.staff, w.desk, w.worker, desk, r.openDesk},
	} {
		handler, err := p.make(web.Config{Accounts: p.at.Accounts, Letters: p.at.Letters, Cases: p.at.Cases, Notices: p.at.Notices, Agencies: p.tier.Agencies, Now: w.now,
			Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Assets: files, Address: func(string, authz.Tier) string { return "" }})
		if err != nil {
			return err
		}
		real := &reader{path: p.path, cookie: &http.Cookie{Name: p.cookie, Value: p.token.Cookie()}}
		page, err := real.start(handler)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		floor := &reader{path: p.path, cookie: real.cookie}
		if _, err := floor.start(r.bare(p.at.Accounts, p.token, page, p.open)); err != nil {
			return err
		}
		result, err := w.beside(ctx, p.name, rounds, real.get, floor.get)
		if err := errors.Join(err, real.server.Close(), floor.server.Close()); err != nil {
			return err
		}
		if err := print(result); err != nil {
			return err
		}
	}
	return nil
}

func family(c web.Config) (http.Handler, error) { return web.Public(c) }
func desk(c web.Config) (http.Handler, error)   { return web.Staff(c) }

// reader asks a server on loopback for one page, again and again.
type reader struct {
	path   string
	cookie *http.Cookie
	server *http.Server
	client *http.Client
	base   string
	size   int
}

// start serves a handler and reads the page once: 200, or it is no page.
func (r *reader) start(h http.Handler) ([]byte, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r.base = "http://" + listener.Addr().String()
	r.server = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(listener) }() // ends when the bench closes it
	r.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	page, err := r.read(context.Background())
	r.size = len(page)
	return page, err
}

func (r *reader) get(ctx context.Context) error {
	page, err := r.read(ctx)
	if err == nil && len(page) < r.size*9/10 {
		err = errors.New("a page came short")
	}
	return err
}

func (r *reader) read(ctx context.Context) (page []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+r.path, nil)
	if err != nil {
		return nil, err
	}
	req.AddCookie(r.cookie)
	res, err := r.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the page answers %d", res.StatusCode)
	}
	return io.ReadAll(res.Body)
}

// bare is the floor's page.
func (r *relaying) bare(door *account.Service, token session.Token, page []byte, open func(context.Context) error) http.Handler {
	return http.HandlerFunc(func(res http.ResponseWriter, req *http.Request) {
		_, err := r.load(req.Context(), door, token)
		if err == nil {
			err = open(req.Context())
		}
		if err != nil {
			http.Error(res, "the floor fell", http.StatusInternalServerError)
			return
		}
		if _, err := res.Write(page); err != nil {
			return // the reader has gone
		}
	})
}

// What the floor's pages read: the rows that the real ones show, plainly joined.
const (
	sqlFloorLetters = `select l.id, x.reference, l.from_side, l.submitted_on, l.hear_by, c.worker_id from letter l
		join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id left join claim c on c.agency_id = l.agency_id and c.letter_id = l.id
		where l.agency_id = agency() and l.state = 'received' order by l.submitted_at`
	sqlFloorPeople = `select s.id, r.name from letter l join side s on s.agency_id = l.agency_id and s.exchange_id = l.exchange_id
		join side_member m on m.agency_id = s.agency_id and m.side_id = s.id join directory r on r.agency_id = m.agency_id and r.id = m.person_id
		where l.agency_id = agency() and l.state = 'received'`
	sqlFloorChildren = `select s.id, r.name from letter l join side s on s.agency_id = l.agency_id and s.id = l.from_side
		join exchange_child e on e.agency_id = s.agency_id and e.exchange_id = s.exchange_id join directory r on r.agency_id = e.agency_id and r.id = e.child_id and r.book = s.book
		where l.agency_id = agency() and l.state = 'received'`
	sqlFloorSides = `select s.id, s.may_send from side_member m join side s on s.agency_id = m.agency_id and s.id = m.side_id
		where m.agency_id = agency() and m.person_id = account()`
	sqlFloorNames = `select o.id, o.sealed, leaf_body(o.leaf) from side_member m join object o on o.agency_id = m.agency_id and o.id = m.side_id and o.part = 'names'
		where m.agency_id = agency() and m.person_id = account()`
	sqlFloorSent = `select l.id, l.submitted_on, l.told, l.hear_by from side_member m join letter l on l.agency_id = m.agency_id and l.from_side = m.side_id
		where m.agency_id = agency() and m.person_id = account() order by l.submitted_on desc`
	sqlFloorCame = `select id, passed_on, opened from my_deliveries('')`
)

// reads runs a page's statements in one trip, as the tier's role with its
// agency and account set, and throws the rows away.
func (r *relaying) reads(ctx context.Context, pool *pgxpool.Pool, account string, statements ...string) error {
	batch := &pgx.Batch{}
	batch.Queue("begin isolation level repeatable read read only")
	batch.Queue("select set_config('gatepost.agency', $1, true), set_config('gatepost.account', $2, true)", home, account)
	for _, sql := range statements {
		batch.Queue(sql)
	}
	batch.Queue("commit")
	return pool.SendBatch(ctx, batch).Close()
}

// fillDesk lets letters wait, one in each of as many exchanges.
func (r *relaying) fillDesk(ctx context.Context) error {
	families := r.world.letters(r.doors.Letters)
	actor, err := r.load(ctx, r.doors.Accounts, r.couples[0].writer)
	if err != nil {
		return err
	}
	for i := range onDesk {
		draft, err := families.NewDraft(ctx, actor, r.couples[0].sides[i%inboxSides].from, r.text)
		if err != nil {
			return err
		}
		if _, err := families.Send(ctx, actor, draft, 1); err != nil {
			return err
		}
	}
	return nil
}

// openInbox reads what the inbox reads and opens what it opens: the names of
// every side, each with its own key.
func (r *relaying) openInbox(ctx context.Context) error {
	err := r.reads(ctx, r.base.public, r.couples[0].writerID, sqlFloorSides, sqlFloorNames, sqlFloorSent, sqlFloorCame)
	for range inboxSides {
		err = errors.Join(err, r.base.parse(r.base.side), r.base.open(r.base.named, seal.KindNames, r.base.side, 1))
	}
	return err
}

// openDesk reads what the desk reads and opens what it opens: two names a
// letter, each one cell.
func (r *relaying) openDesk(ctx context.Context) error {
	err := r.reads(ctx, r.base.staff, r.workerID, sqlFloorLetters, sqlFloorPeople, sqlFloorChildren)
	for range 2 * onDesk {
		if _, open := r.base.directory.OpenField("directory/birth", "name", r.couples[0].writerID, r.base.cell); open != nil {
			err = errors.Join(err, open)
		}
	}
	return err
}
