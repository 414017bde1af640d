package postgres

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Inside the package: these ends of a session depend on the network between,
// and over a Unix socket some of them cannot be had.
func TestCertainlyNot(t *testing.T) {
	server := func(severity, code string) error {
		return fmt.Errorf("x: %w", &pgconn.PgError{SeverityUnlocalized: severity, Code: code})
	}
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"a statement failed", server("ERROR", "23505"), true},
		{"the statement took too long", server("ERROR", "57014"), true},
		{"we kept the server waiting", server("FATAL", "25P03"), true},
		{"the server was told to stop", server("FATAL", "57P01"), false},
		{"another session crashed", server("FATAL", "57P02"), false},
		{"the server panicked", server("PANIC", "53100"), false},
		{"the connection ended", io.ErrUnexpectedEOF, false},
		{"something else", errors.New("x"), false},
	} {
		if got := certainlyNot(tt.err); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}

// Inside the package: no server of another version is at hand to ask.
func TestMajorVersion(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want int
		ok   bool
	}{
		{"15.18 (Debian 15.18-0+deb12u1)", 15, true},
		{"18beta1", 18, true},
		{"17", 17, true},
		{"9.6.24", 9, true},
		{"", 0, false},
		{"EnterpriseDB", 0, false},
		{"99999999999999999999.1", 0, false},
	} {
		got, err := majorVersion(tt.in)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%q: got %d, %v", tt.in, got, err)
		}
	}
}

func FuzzMajorVersion(f *testing.F) {
	for _, s := range []string{"15.18 (Debian)", "18beta1", "", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := majorVersion(s); n < 0 || err != nil && n != 0 {
			t.Errorf("%q: got %d, %v", s, n, err)
		}
	})
}
