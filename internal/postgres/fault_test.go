package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

func constraints() postgres.Constraints {
	return postgres.Constraints{
		"named":         fault.New(fault.Gone, "fault.test.named"),
		"parcel_pkey":   fault.Field("id", "fault.test.twice"),
		"parcel_state":  fault.New(fault.Conflict, "fault.test.state"),
		"parcel_twin":   fault.New(fault.NotFound, "fault.test.twin"),
		"parcel_weight": fault.New(fault.Conflict, "fault.test.weight"),
	}
}

// Each is tried on the server; Ada Made-Up is a value that must not come out.
func TestFault(t *testing.T) {
	const ada = "Ada Made-Up"
	tests := []struct {
		name, sql string
		args      []any
		want      fault.Kind
		message   string
		field     string
	}{
		{"guard", "select refuse('GP409')", nil, fault.Conflict, "fault.conflict", ""},
		{"not there", "select refuse('GP404')", nil, fault.NotFound, "fault.notFound", ""},
		{"not allowed", "select refuse('GP403')", nil, fault.Forbidden, "fault.forbidden", ""},
		{"no right", "select * from secret", nil, fault.Forbidden, "fault.forbidden", ""},
		{"key", "insert into parcel values ('a', 'north', 'here')", nil, fault.Invalid, "fault.test.twice", "id"},
		{"check", "insert into parcel values ($1, 'north', $1)", []any{ada}, fault.Conflict, "fault.test.state", ""},
		{"reference", "insert into parcel values ($1, 'north', 'here', 1, null, $1 || 'x')", []any{ada}, fault.NotFound, "fault.test.twin", ""},
		{"key, at the commit", "update parcel set weight = 1", nil, fault.Conflict, "fault.test.weight", ""},
		{"raised as a check", "select refuse('23514')", nil, fault.Gone, "fault.test.named", ""},
		{"not a number", "select $1::text::int", []any{ada}, fault.Invalid, "fault.invalid", ""},
		{"too long", "update parcel set label = $1 where id = 'a'", []any{ada}, fault.Invalid, "fault.invalid", ""},
		{"missing", "insert into parcel values ($1, null, 'here')", []any{ada}, fault.Invalid, "fault.invalid", ""},
		{"not text", "select convert_from($1, 'UTF8')", []any{[]byte(ada + "\xff")}, fault.Invalid, "fault.invalid", ""},
		{"raised without a code", "select refuse('P0001')", nil, fault.Internal, "", ""},
		{"our mistake in SQL", "select * from no_such_table", nil, fault.Internal, "", ""},
		{"our mistake in an argument", "update parcel set weight = $1", []any{[]string{ada}}, fault.Internal, "", ""},
	}
	db := world(t).DB(postgres.RoleStaff, postgres.WithConstraints(constraints()))
	for _, tt := range tests {
		raw := db.Act(t.Context(), north, nil, queue(tt.sql, tt.args...))
		err := db.Fault(fmt.Errorf("store: %w", raw))
		if got := fault.KindOf(err); got != tt.want {
			t.Errorf("%s: got %q (%v), want %q", tt.name, got, err, tt.want)
		}
		if f, ok := errors.AsType[*fault.Error](err); ok && (f.Message != tt.message || f.Field != tt.field) {
			t.Errorf("%s: got message %q and field %q, want %q and %q", tt.name, f.Message, f.Field, tt.message, tt.field)
		}
		for _, e := range []error{raw, err} {
			if strings.Contains(e.Error(), "Ada") {
				t.Errorf("%s: the error quotes a value: %v", tt.name, e)
			}
		}
	}
}

// A callback that wraps the server's words does not carry them out either.
func TestFaultOfACallback(t *testing.T) {
	db := world(t).DB(postgres.RoleStaff)
	read := func(sql string, into any) error {
		return db.Read(t.Context(), north, func(b *pgx.Batch) {
			b.Queue(sql).QueryRow(func(row pgx.Row) error {
				if err := row.Scan(into); err != nil {
					return fmt.Errorf("load: %w", err)
				}
				return nil
			})
		})
	}
	if err := read("select refuse('22P02')", new(string)); strings.Contains(err.Error(), "Ada") {
		t.Errorf("the error quotes a value: %v", err)
	}
	if err := read("select 'Ada Made-Up'::text", new(int)); err == nil || strings.Contains(err.Error(), "Ada") {
		t.Errorf("the error quotes a value: %v", err)
	}
	if err := read("select 'Ada Made-Up'::text", picky{}); err == nil || strings.Contains(err.Error(), "Ada") {
		t.Errorf("the error quotes a value: %v", err)
	}
	if err := db.Fault(read("select id from parcel where false", new(string))); fault.KindOf(err) != fault.NotFound {
		t.Errorf("no rows: got %v, want NotFound", err)
	}
}

// picky is a type that says what it does not like.
type picky struct{}

func (picky) Scan(v any) error { return fmt.Errorf("%v is no good", v) }

// TestFaultOfADatabaseThatIsAway: what says that the database is not there now
// is Busy, keeps its cause, and is never said of an act that may be stored.
func TestFaultOfADatabaseThatIsAway(t *testing.T) {
	_, refused := pgconn.Connect(t.Context(), "host=127.0.0.1 port=1 user=nobody connect_timeout=5")
	if refused == nil {
		t.Fatal("something answers on port 1")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, cancelled := pgconn.Connect(gone, "host=127.0.0.1 port=1 user=nobody")
	for name, tt := range map[string]struct {
		err  error
		want fault.Kind
	}{
		"nobody answers":           {refused, fault.Busy},
		"the caller has gone":      {cancelled, fault.Internal},
		"the connection broke":     {&net.OpError{Op: "read", Err: errors.New("reset")}, fault.Busy},
		"the stream ended":         {io.ErrUnexpectedEOF, fault.Busy},
		"the server hung up":       {io.EOF, fault.Busy},
		"the connection is closed": {net.ErrClosed, fault.Busy},
		"it did not answer":        {context.DeadlineExceeded, fault.Busy},
		"shut down":                {&pgconn.PgError{Code: "57P01"}, fault.Busy},
		"crashed":                  {&pgconn.PgError{Code: "57P02"}, fault.Busy},
		"starting":                 {&pgconn.PgError{Code: "57P03"}, fault.Busy},
		"connection failure":       {&pgconn.PgError{Code: "08006"}, fault.Busy},
		"no room":                  {&pgconn.PgError{Code: "53300"}, fault.Busy},
		"the disk is full":         {&pgconn.PgError{Code: "53100"}, fault.Internal},
		"our mistake":              {errors.New("of somebody else"), fault.Internal},
		"nobody knows":             {fmt.Errorf("%w: %w", postgres.ErrUnknownOutcome, io.ErrUnexpectedEOF), fault.Internal},
	} {
		got := postgres.Constraints(nil).Fault(fmt.Errorf("store: %w", tt.err))
		if kind := fault.KindOf(got); kind != tt.want {
			t.Errorf("%s: %v is %q, want %q", name, got, kind, tt.want)
		}
		if !errors.Is(got, tt.err) {
			t.Errorf("%s: the cause is lost", name)
		}
	}
}

func TestFaultLeavesAlone(t *testing.T) {
	own := errors.New("of somebody else")
	for _, err := range []error{
		nil, own, fault.New(fault.Gone, "fault.gone"),
		fmt.Errorf("%w: %w", postgres.ErrUnknownOutcome, &pgconn.PgError{Code: "57P01"}),
		fmt.Errorf("%w: %w", postgres.ErrCommitted, pgx.ErrNoRows),
	} {
		if got := postgres.Constraints(nil).Fault(err); got != err {
			t.Errorf("got %v, want %v", got, err)
		}
	}
}
