package private

import (
	"fmt"
	"net"
	"path/filepath"
)

// Attached is a private PostgreSQL that another process runs.
type Attached struct{ socket string }

// Attach finds the server that another process of the same OS user runs in
// dir, for commands beside it. It starts nothing, takes no lock and has nothing
// to close. The error says that nobody answers there.
func Attach(dir string) (*Attached, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the data folder: %w", err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, fmt.Errorf("find the data folder: %w", err)
	}
	socket := rememberedSocket(dir)
	if socket == "" {
		socket = filepath.Join(dir, "run")
	}
	// The server takes a connection that says nothing and goes for a port check
	// and logs nothing.
	conn, err := net.Dial("unix", filepath.Join(socket, socketName))
	if err != nil {
		return nil, fmt.Errorf("no database runs in %s; start the program there first, as the same user: %w", dir, err)
	}
	if err := conn.Close(); err != nil {
		return nil, fmt.Errorf("leave the database again: %w", err)
	}
	return &Attached{socket: socket}, nil
}

// DSN is the connection string for a role.
func (a *Attached) DSN(role, database string) string { return dsn(a.socket, role, database) }
