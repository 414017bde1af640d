package private

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// longestSocket is the room in sockaddr_un less the closing zero.
const longestSocket = 107

const socketName = ".s.PGSQL.5432"

func (p place) remembered() string { return filepath.Join(p.dir, "socket") }

// makeSocketDir gives a folder for the socket that only the server's user (and
// root) can enter. It is DIR/run, or a random one in the temporary folder where
// that path is too long or holds what a connection string takes for a list.
// The random one is remembered in DIR/socket for Attach.
func (p place) makeSocketDir() (string, error) {
	run := filepath.Join(p.dir, "run")
	if socketFits(run) {
		if err := os.Remove(p.remembered()); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("forget an older socket: %w", err)
		}
		if err := p.owner.mkdir(run); err != nil {
			return "", err
		}
		return run, clearSocket(run)
	}
	if dir := rememberedSocket(p.dir); dir != "" && p.owner.owns(dir) {
		return dir, clearSocket(dir)
	}
	return p.makeRandomSocketDir()
}

// clearSocket removes what a killed server left. Its lock file holds a pid too,
// which may have passed to another process of the same user and would then keep
// the server from starting. What guards the cluster is postmaster.pid.
func clearSocket(dir string) error {
	for _, name := range []string{socketName, socketName + ".lock"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove the socket of a server that is gone: %w", err)
		}
	}
	return nil
}

func (p place) makeRandomSocketDir() (string, error) {
	parent := os.TempDir()
	if !socketFits(filepath.Join(parent, "gatepost-1234567890")) {
		parent = "/tmp"
	}
	// MkdirTemp makes it 0700, with a name nobody could have made before.
	dir, err := os.MkdirTemp(parent, "gatepost-")
	if err != nil {
		return "", fmt.Errorf("make a folder for the socket: %w", err)
	}
	if err := os.Lchown(dir, p.owner.uid, p.owner.gid); err != nil {
		return "", fmt.Errorf("hand over the folder for the socket: %w", err)
	}
	if err := os.WriteFile(p.remembered(), []byte(dir+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("remember the folder for the socket: %w", err)
	}
	return dir, nil
}

// forgetSocket removes a random socket folder once its server has ended. What
// a killed process leaves is used again at the next start.
func (p place) forgetSocket() error {
	if p.socket == filepath.Join(p.dir, "run") {
		return nil
	}
	return errors.Join(os.RemoveAll(p.socket), os.Remove(p.remembered()))
}

// rememberedSocket reads DIR/socket, "" if there is none.
func rememberedSocket(dir string) string {
	b, err := os.ReadFile(filepath.Join(dir, "socket"))
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(b), "\n")
}

// socketFits: short enough, and no comma, which separates hosts in a connection
// string and folders in the server's configuration.
func socketFits(dir string) bool {
	return len(filepath.Join(dir, socketName)) <= longestSocket && !strings.ContainsAny(dir, `,'"\`)
}
