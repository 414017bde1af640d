package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/internal/fault"
)

// Constraints says, by a constraint's name, which fault it is to break it. The
// faults in it are patterns: Fault copies their kind, message and field. It
// must not change once a DB holds it.
type Constraints map[string]*fault.Error

// Fault turns an error of the database into the fault that a person can do
// something about, with the constraints that the DB was opened with. See
// Constraints.Fault.
func (db *DB) Fault(err error) error { return db.constraints.Fault(err) }

// Fault turns an error of the database into a fault. An error that is a fault
// already, and one that says nothing to a person (a constraint that is not in
// the map, ErrUnknownOutcome, ErrCommitted, the end of the caller's context),
// comes back as it is and so counts as Internal. A database that cannot be
// reached, ends our connection or has no room for it is Busy: the same request
// may work soon, and the act is not stored. nil stays nil. A nil map is good.
//
//	GP409                     Conflict   fault.conflict
//	GP404, no rows            NotFound   fault.notFound
//	GP410                     Gone       fault.gone
//	GP403, 42501              Forbidden  fault.forbidden
//	23505, 23503, 23514, 23P01, 53400  by the constraint's name
//	22P02, 22001, 22021, 23502  Invalid    fault.invalid
//	40P01, 55P03, 57014         Busy       fault.busy
//	08…, 53300, 57P01 to 57P05  Busy       fault.busy
//	no connection, a lost one   Busy       fault.busy
func (c Constraints) Fault(err error) error {
	if err == nil || errors.Is(err, ErrUnknownOutcome) || errors.Is(err, ErrCommitted) {
		return err
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.Wrap(fault.NotFound, "fault.notFound", err)
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok && away(err) {
		return fault.Wrap(fault.Busy, "fault.busy", err)
	}
	if !ok {
		return err
	}
	cause := clean(err)
	if pattern := c.pattern(pg); pattern != nil {
		f := fault.Wrap(pattern.Kind, pattern.Message, cause)
		f.Field = pattern.Field
		return f
	}
	return cause
}

// pattern gives the kind and message for a server error, or nil.
func (c Constraints) pattern(pg *pgconn.PgError) *fault.Error {
	switch pg.Code {
	case "GP409":
		return fault.New(fault.Conflict, "fault.conflict")
	case "GP404":
		return fault.New(fault.NotFound, "fault.notFound")
	case "GP410":
		return fault.New(fault.Gone, "fault.gone")
	case "GP403", "42501":
		return fault.New(fault.Forbidden, "fault.forbidden")
	case "23505", "23503", "23514", "23P01", "53400":
		return c[pg.ConstraintName]
	case "22P02", "22001", "22021", "23502":
		return fault.New(fault.Invalid, "fault.invalid")
	case "40P01", "55P03", "57014", "53300", "57P01", "57P02", "57P03", "57P04", "57P05":
		return fault.New(fault.Busy, "fault.busy")
	}
	if strings.HasPrefix(pg.Code, "08") { // class 08, connection exception
		return fault.New(fault.Busy, "fault.busy")
	}
	return nil
}

// away tells whether err says that the database is not there: it could not be
// dialled, or the connection broke. A caller who has gone is something else.
func away(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// serverError is an error of the server without what it may quote. The chain
// below stays for errors.Is and errors.As; only the words are replaced.
type serverError struct {
	pg    *pgconn.PgError
	chain error
}

func (e *serverError) Error() string {
	s := "database: SQLSTATE " + e.pg.Code
	if e.pg.ConstraintName != "" {
		s += ", constraint " + e.pg.ConstraintName
	}
	if e.pg.TableName != "" {
		s += ", table " + e.pg.TableName
	}
	if e.pg.ColumnName != "" {
		s += ", column " + e.pg.ColumnName
	}
	if messageIsSafe(e.pg.Code) {
		s += ": " + e.pg.Message
	}
	return s
}

func (e *serverError) Unwrap() error { return e.chain }

// messageIsSafe lists the classes whose messages name tables, functions and
// limits, and never a value of a row: lost connections, features, transaction
// state, log-in, rollback, syntax and rights, resources, state, operator.
// Classes 22 and 23 quote values, and a raised one (P0, GP) may hold anything.
func messageIsSafe(code string) bool {
	if len(code) != 5 {
		return false
	}
	switch code[:2] {
	case "08", "0A", "25", "28", "3D", "40", "42", "53", "55", "57":
		return true
	}
	return false
}

// clean replaces the words of a server error and of an argument that could not
// be encoded, both of which may quote a value. Known outcomes stay readable.
func clean(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*serverError](err); ok {
		return err
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	plain := err
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		plain = &serverError{pg: pg, chain: err}
	} else if build, ok := errors.AsType[pgx.ErrPreprocessingBatch](err); ok && !lost(build) {
		plain = &argumentError{chain: build}
	} else if scan, ok := errors.AsType[pgx.ScanArgError](err); ok {
		plain = &columnError{column: scan.FieldName, chain: err}
	} else {
		return err
	}
	for _, known := range []error{ErrUnknownOutcome, ErrCommitted} {
		if errors.Is(err, known) {
			return fmt.Errorf("%w: %w", known, plain)
		}
	}
	return plain
}

// lost reports whether the connection broke while statements were prepared: no
// value is sent then, and what is not the server's error is the network's. The
// operator has to see it. pgx tells the two steps apart by its words only;
// should they change, the error hides too much and never too little.
func lost(err pgx.ErrPreprocessingBatch) bool {
	return strings.HasPrefix(err.Error(), "error preprocessing batch (prepare): ")
}

// argumentError: an argument does not fit its parameter. pgx quotes the value.
type argumentError struct{ chain error }

func (e *argumentError) Error() string {
	return "database: an argument does not fit its parameter, or the statement cannot be prepared"
}
func (e *argumentError) Unwrap() error { return e.chain }

// columnError: a column does not fit where it is read to. pgx may quote it.
type columnError struct {
	column string
	chain  error
}

func (e *columnError) Error() string {
	return "database: the column " + e.column + " does not fit where it is read to"
}
func (e *columnError) Unwrap() error { return e.chain }
