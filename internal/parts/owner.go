package parts

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
)

// ErrAnother: the bucket is another deployment's. What it has is not touched.
var ErrAnother = errors.New("the bucket of [parts] is another deployment's, or was this one's before its database was restored or moved: name a bucket of its own; if no other uses it, gatepost parts take makes it this one's")

// ErrUnmarked is an ErrAnother: the bucket has no mark, and is not this deployment's as
// far as can be told.
var ErrUnmarked error = unmarked{}

type unmarked struct{}

func (unmarked) Error() string {
	return "the bucket of [parts] has no mark of ours, although parts are to be in it, and none of a few that should be: name the right one; if it is the right one, gatepost parts take marks it"
}

func (unmarked) Is(target error) bool { return target == ErrAnother }

const (
	// markName is the object that tells whose the bucket is. It is no key of a part.
	markName = "gatepost-mark"
	markSize = sha256.Size

	// lately is for how long it is believed to be ours without asking again.
	lately = time.Minute

	// PlacesAsked is how many places a bucket without a mark is tried with.
	PlacesAsked = 8
)

// Mark is what a deployment's bucket is marked with: a hash of a number that its
// database alone has and of where that database is. It names nothing, and of two
// copies of one database it is not the same.
type Mark []byte

// SQLMark asks a database for its Mark.
const SQLMark = `select part_store_mark()`

// MarkOf asks the database of conn. It has to be one of this program's.
func MarkOf(ctx context.Context, conn *pgx.Conn) (mark Mark, err error) {
	if err := conn.QueryRow(ctx, SQLMark).Scan((*[]byte)(&mark)); err != nil {
		return nil, fmt.Errorf("ask the database for the mark of its store: %w", err)
	}
	return mark, nil
}

// Places asks a database for PlacesAsked of the places that its rows name, at most; none
// where no row names one. nil asks nothing, as of a database that names none.
type Places func(context.Context) ([][]byte, error)

// SQLPlaces asks a database for its Places.
const SQLPlaces = `select part_places($1)`

// PlacesOf asks the database of conn, which is used by nobody else meanwhile.
func PlacesOf(conn *pgx.Conn) Places {
	return func(ctx context.Context) ([][]byte, error) {
		rows, err := conn.Query(ctx, SQLPlaces, PlacesAsked)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowTo[[]byte])
	}
}

// owner is the deployment that a store is opened for.
type owner struct {
	mark   Mark
	places Places

	mu   sync.Mutex // guards seen
	seen time.Time  // when the bucket was ours last
}

// For is the same store for the deployment with that mark and places: it puts, sweeps
// and moves only in a bucket that is that one's, and calls lost only what is not there.
// A nil Store stays nil.
func (s *Store) For(mark Mark, places Places) *Store {
	if s == nil {
		return nil
	}
	other := *s
	other.owner = &owner{mark: mark, places: places}
	return &other
}

// Ours is nil for a bucket that has the mark of the store's deployment, and puts that
// where there is none yet and something may be put: in one that no row names a part of,
// or that has a part which a row names. ErrAnother for another's, ErrUnmarked for one
// that is not known to be ours, ErrAway where it cannot be told.
func (s *Store) Ours(ctx context.Context) error {
	if s == nil || s.owner == nil {
		return nil
	}
	found, err := s.marked(ctx)
	switch {
	case err != nil:
		return err
	case found == nil:
		if err := s.unmarked(ctx); err != nil || s.only { // who puts nothing marks nothing
			return err
		}
		if err := s.Take(ctx); err != nil {
			return err
		}
	case !bytes.Equal(found, s.owner.mark):
		return ErrAnother
	}
	s.owner.mu.Lock()
	defer s.owner.mu.Unlock()
	s.owner.seen = time.Now()
	return nil
}

// oursLately is Ours, asked once in a while.
func (s *Store) oursLately(ctx context.Context) error {
	if s.owner == nil {
		return nil
	}
	s.owner.mu.Lock()
	fresh := time.Since(s.owner.seen) < lately
	s.owner.mu.Unlock()
	if fresh {
		return nil
	}
	return s.Ours(ctx)
}

// Another is ErrAnother for a bucket with another's mark, and ErrUnmarked as Ours. It
// changes nothing.
func (s *Store) Another(ctx context.Context) error {
	found, err := s.marked(ctx)
	switch {
	case err != nil:
		return err
	case found == nil:
		return s.unmarked(ctx)
	case !bytes.Equal(found, s.owner.mark):
		return ErrAnother
	}
	return nil
}

// unmarked tells whether a bucket without a mark may be ours: ErrUnmarked where rows name
// parts and it has none of those asked for.
func (s *Store) unmarked(ctx context.Context) error {
	if s.owner.places == nil {
		return nil
	}
	places, err := s.owner.places(ctx)
	if err != nil {
		return fmt.Errorf("%w: what is to be in it cannot be asked: %w", ErrAway, err)
	}
	if len(places) == 0 {
		return nil
	}
	for _, column := range places {
		p, placed, err := ParsePlace(column)
		if !placed || err != nil {
			continue
		}
		if _, err = s.fetch(ctx, p); !errors.Is(err, ErrLost) {
			return err
		}
	}
	return ErrUnmarked
}

// elsewhere is ErrAway, and why, where what is not there may be in another bucket.
func (s *Store) elsewhere(ctx context.Context) error {
	if s.owner == nil {
		return nil
	}
	found, err := s.marked(ctx)
	switch {
	case err != nil:
		return err
	case found == nil:
		return fmt.Errorf("%w: %w", ErrAway, ErrUnmarked)
	case !bytes.Equal(found, s.owner.mark):
		return fmt.Errorf("%w: %w", ErrAway, ErrAnother)
	}
	return nil
}

// Take marks the bucket as the deployment's, whosever it was: only where no other
// uses it, for what no row of this one names is deleted there.
func (s *Store) Take(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	_, err := s.client.PutObject(ctx, s.bucket, markName, bytes.NewReader(s.owner.mark), int64(len(s.owner.mark)),
		minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true})
	return away(err)
}

// MayMark tells whether this key may write the mark of a bucket that has it: it writes
// the same.
func (s *Store) MayMark(ctx context.Context) bool {
	found, err := s.marked(ctx)
	return err == nil && bytes.Equal(found, s.owner.mark) && s.Take(ctx) == nil
}

// marked is the mark of the bucket; nil where it has none.
func (s *Store) marked(ctx context.Context) (Mark, error) {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	o, err := s.client.GetObject(ctx, s.bucket, markName, minio.GetObjectOptions{})
	if err != nil {
		return nil, away(err)
	}
	defer func() { _ = o.Close() }() // it has said all that was asked
	mark, err := io.ReadAll(io.LimitReader(o, markSize+1))
	switch {
	case code(err) == "NoSuchKey":
		return nil, nil
	case err != nil:
		return nil, away(err)
	}
	return append(Mark{}, mark...), nil // an empty one is somebody's
}

// Own is For the database of a connection of database.owner, which acts as the owner of
// the tables from then on.
func Own(ctx context.Context, conn *pgx.Conn, store *Store) (*Store, error) {
	if err := own(ctx, conn); err != nil {
		return nil, err
	}
	mark, err := MarkOf(ctx, conn)
	if err != nil {
		return nil, err
	}
	return store.For(mark, PlacesOf(conn)), nil
}

// ErrNotLost: no row names a lost part of that key that is not written off.
var ErrNotLost = errors.New("no part of this key is known to be lost and not written off; gatepost doctor names those that are")

// WriteOff says of a lost part, over a connection of database.owner, that nobody looks
// for it any more: it is told to no manager and by no doctor, and no backup fails for
// it. ErrNotLost where there is none.
func WriteOff(ctx context.Context, conn *pgx.Conn, key Key) error {
	if err := own(ctx, conn); err != nil {
		return err
	}
	agencies, err := texts(ctx, conn, sqlAgencies)
	if err != nil {
		return err
	}
	for _, a := range agencies {
		if err := begin(ctx, conn, a); err != nil {
			return err
		}
		tag, err := conn.Exec(ctx, "update part_lost set written_off_at = now() where agency_id = agency() and key = $1 and written_off_at is null", string(key))
		if err != nil {
			return fmt.Errorf("write off a part: %w", err)
		}
		if tag.RowsAffected() > 0 {
			return nil
		}
	}
	return ErrNotLost
}
