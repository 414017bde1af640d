package postgres

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/tern/v2/migrate"
)

// Pool is how a pool of connections stands.
type Pool struct {
	Max, Open, Used int           // connections
	Waits           int64         // how often somebody had to wait for one, since the start
	Waited          time.Duration // for how long, all together
}

// Pool tells how the pool stands now.
func (db *DB) Pool() Pool {
	s := db.pool.Stat()
	return Pool{Max: int(s.MaxConns()), Open: int(s.TotalConns()), Used: int(s.AcquiredConns()), Waits: s.EmptyAcquireCount(), Waited: s.EmptyAcquireWaitTime()}
}

// Check asks the database, in one trip, whether it has exactly the migrations of
// files; an error around ErrVersion says that it has not, any other that it does
// not answer.
func (db *DB) Check(ctx context.Context, files fs.FS) error {
	names, err := migrate.FindMigrations(files)
	if err != nil {
		return fmt.Errorf("list the migrations: %w", err)
	}
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("get a database connection: %w", clean(err))
	}
	defer conn.Release()
	have, err := schemaVersion(ctx, conn.Conn())
	if err != nil {
		return err
	}
	if have != len(names) {
		return ErrVersion
	}
	return nil
}
