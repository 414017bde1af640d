package parts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

var (
	// ErrAway: the store does not answer, or not now. Nothing is known about the part.
	ErrAway = errors.New("the store of large parts does not answer")
	// ErrLost: the store says that the part is not there, or gives something else.
	ErrLost = errors.New("a large part is lost")
	// ErrNone: the part lies in a store, and this process has none.
	ErrNone = errors.New("a part lies in a store, and none is configured")
	// ErrVersions: the bucket keeps what is deleted.
	ErrVersions = errors.New("the bucket keeps versions, so what is deleted stays; take a bucket that never had versioning")
)

// errCondition is an ErrAway of a store that does not know a condition.
var errCondition = fmt.Errorf("%w as it was asked", ErrAway)

// errNotThere is an ErrLost.
var errNotThere = fmt.Errorf("%w (NoSuchKey)", ErrLost)

const (
	// Orphan is from what age on an object that no row names is removed: no act
	// takes so long.
	Orphan = 24 * time.Hour

	// within is how long one part may take on its way, and answer how long the
	// store may take to begin.
	within = time.Minute
	answer = 15 * time.Second
	tries  = 2
)

// S3 is a bucket, as it is configured.
type S3 struct {
	Endpoint *url.URL // https, or http on loopback
	Bucket   string
	Region   string
	Access   string
	Secret   string
	ReadOnly bool // new parts stay in their rows
}

// Store is where large parts lie. A nil Store is the database: each part stands in
// the column of its row. It is safe for use by many goroutines.
type Store struct {
	client *minio.Client
	bucket string
	only   bool
	owner  *owner // nil: nobody's in particular
	// plain: the store does not know that a part goes only where nothing is.
	plain *atomic.Bool
}

// New makes a store. It asks nothing of it yet.
func New(c S3) (*Store, error) {
	// No proxy of the environment: the store is the operator's own.
	transport := &http.Transport{MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: answer,
		TLSHandshakeTimeout: answer, DisableCompression: true}
	client, err := minio.New(c.Endpoint.Host, &minio.Options{Creds: credentials.NewStaticV4(c.Access, c.Secret, ""), Secure: c.Endpoint.Scheme == "https",
		Region: c.Region, BucketLookup: minio.BucketLookupPath, Transport: transport, MaxRetries: tries})
	if err != nil {
		return nil, errors.New("parts.endpoint is no address of an S3 store; correct it")
	}
	return &Store{client: client, bucket: c.Bucket, only: c.ReadOnly, plain: new(atomic.Bool)}, nil
}

// Keeps tells whether new large parts go into the store.
func (s *Store) Keeps() bool { return s != nil && !s.only }

// Put takes in a sealed part of size bytes, which write writes, and gives what its
// row's column holds: the part itself where it is small or there is no store, else
// where it lies. A large part is not held in memory here; write is called once more
// where the store would have it without a condition. ErrAway where the store
// does not take it, ErrAnother where it is not ours; an error of write as it is.
func (s *Store) Put(ctx context.Context, size int, write func(io.Writer) error) (column []byte, err error) {
	if !s.Keeps() || size < Large {
		out := bytes.NewBuffer(make([]byte, 0, size))
		if err := write(out); err != nil {
			return nil, err
		}
		return out.Bytes(), nil
	}
	if err := s.oursLately(ctx); err != nil {
		return nil, err
	}
	p := Place{Key: newKey(), Size: size}
	var seen *digested
	digesting := func(w io.Writer) error {
		seen = newDigested()
		return write(io.MultiWriter(w, seen))
	}
	once := !s.plain.Load()
	err = s.send(ctx, p, once, digesting)
	if once && errors.Is(err, errCondition) {
		if err = s.send(ctx, p, false, digesting); err == nil {
			s.plain.Store(true)
		}
	}
	if err != nil {
		return nil, err
	}
	if seen.size != size {
		return nil, fmt.Errorf("put a part of %d bytes: it has %d", size, seen.size)
	}
	p.Digest = [32]byte(seen.sum.Sum(nil))
	return p.Column(), nil
}

// send streams what write writes into an object, once: only where nothing is. It is
// errCondition where the store does not know that.
func (s *Store) send(ctx context.Context, p Place, once bool, write func(io.Writer) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	in, out := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := write(out)
		_ = out.CloseWithError(err) // nil is the end
		written <- err
	}()
	options := minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true}
	if once {
		options.SetMatchETagExcept("*")
	}
	_, err := s.client.PutObject(ctx, s.bucket, string(p.Key), in, int64(p.Size), options)
	_ = in.CloseWithError(ErrAway) // whoever still writes stops
	if wrote := <-written; wrote != nil && !errors.Is(wrote, ErrAway) {
		return wrote
	}
	switch code(err) {
	case "NotImplemented", "InvalidRequest", "InvalidArgument":
		if once {
			return fmt.Errorf("%w (%s)", errCondition, code(err))
		}
	}
	return away(err)
}

// Restore puts a part back where it lay, whatever lies there now. ErrLost where b is not that part.
func (s *Store) Restore(ctx context.Context, p Place, b []byte) error {
	if !p.Is(b) {
		return ErrLost
	}
	return s.send(ctx, p, false, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// Get gives the sealed part whose row's column is given, checked. ErrAway, ErrLost
// and ErrNone.
func (s *Store) Get(ctx context.Context, column []byte) ([]byte, error) {
	p, placed, err := ParsePlace(column)
	switch {
	case !placed:
		return column, nil
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrLost, err)
	case s == nil:
		return nil, ErrNone
	}
	return s.Fetch(ctx, p)
}

// Fetch is Get by a place that was parsed. What is not there is lost only where the
// bucket is ours.
func (s *Store) Fetch(ctx context.Context, p Place) ([]byte, error) {
	b, err := s.fetch(ctx, p)
	if errors.Is(err, errNotThere) {
		if other := s.elsewhere(ctx); other != nil {
			return nil, other
		}
	}
	return b, err
}

func (s *Store) fetch(ctx context.Context, p Place) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	o, err := s.client.GetObject(ctx, s.bucket, string(p.Key), minio.GetObjectOptions{})
	if err != nil {
		return nil, lost(err)
	}
	defer func() { _ = o.Close() }() // it has said all that was asked
	// One that is cut off on its way ends with an error, one that is too short does not.
	b := bytes.NewBuffer(make([]byte, 0, p.Size+bytes.MinRead))
	if _, err := io.Copy(b, io.LimitReader(o, int64(p.Size))); err != nil {
		return nil, lost(err)
	}
	if !p.Is(b.Bytes()) {
		return nil, ErrLost
	}
	return b.Bytes(), nil
}

// Delete removes an object, for good. One that is not there is none. It does not ask
// whose bucket it is: see Ours.
func (s *Store) Delete(ctx context.Context, k Key) error {
	if s == nil {
		return ErrNone
	}
	if !k.Valid() {
		return errPlace
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return away(s.client.RemoveObject(ctx, s.bucket, string(k), minio.RemoveObjectOptions{}))
}

// Remove is Delete of several: it goes on behind one that does not go, while the store
// answers at all. It gives those that went, and why the first of the others did not.
func (s *Store) Remove(ctx context.Context, keys []Key) (gone []Key, err error) {
	for _, k := range keys {
		failed := s.Delete(ctx, k)
		if failed == nil {
			gone = append(gone, k)
			continue
		}
		if err == nil {
			err = failed
		}
		if s.Reach(ctx) != nil {
			break
		}
	}
	return gone, err
}

// Versions is ErrVersions where the bucket keeps, or once kept, what is deleted.
func (s *Store) Versions(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	c, err := s.client.GetBucketVersioning(ctx, s.bucket)
	switch code(err) {
	case "NotImplemented", "VersioningNotConfigured":
		return nil // a store that knows no versions
	}
	if err == nil && c.Status != "" {
		return ErrVersions
	}
	return away(err)
}

// Sweep removes objects that are older than Orphan at now and of which unknown,
// asked for some hundreds at a time, says that no row names them. It gives how many
// went; one that does not go holds up no other. What is no key of ours is left alone.
// ErrAnother where the bucket is not ours.
func (s *Store) Sweep(ctx context.Context, now time.Time, unknown func(context.Context, []Key) ([]Key, error)) (n int, err error) {
	if err := s.Ours(ctx); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing
	var some []Key
	var stay error // why one did not go
	look := func() error {
		keys, err := unknown(ctx, some)
		some = some[:0]
		if err != nil {
			return err
		}
		gone, err := s.Remove(ctx, keys)
		n += len(gone)
		if stay == nil {
			stay = err
		}
		return nil
	}
	for o := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{}) {
		if o.Err != nil {
			return n, away(o.Err)
		}
		if k := Key(o.Key); k.Valid() && now.Sub(o.LastModified) > Orphan {
			some = append(some, k)
		}
		if len(some) == atOnce {
			if err := look(); err != nil {
				return n, err
			}
		}
	}
	if len(some) > 0 {
		if err := look(); err != nil {
			return n, err
		}
	}
	return n, stay
}

const atOnce = 500

// Reach tells whether the store answers and lets us in: it asks whose the bucket is,
// and does not judge the answer.
func (s *Store) Reach(ctx context.Context) error {
	_, err := s.marked(ctx)
	return err
}

// code is what the store answered, "" for no answer.
func code(err error) string {
	if err == nil {
		return ""
	}
	return minio.ToErrorResponse(err).Code
}

// away keeps only the store's own word: its sentence holds the address.
func away(err error) error {
	switch {
	case err == nil:
		return nil
	case code(err) != "":
		return fmt.Errorf("%w (%s)", ErrAway, code(err))
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: %w", ErrAway, context.Canceled)
	}
	return ErrAway
}

// lost is away for whoever gets. That it is not there is said in these words alone: a
// key that may not ask for it, and a store that is not well, know nothing of the part.
func lost(err error) error {
	if code(err) == "NoSuchKey" {
		return errNotThere
	}
	return away(err)
}
