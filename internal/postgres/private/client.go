package private

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// Client finds one of PostgreSQL's own client programs, pg_dump or pg_restore,
// of the oldest major version from atLeast on that is on this machine: pg_dump
// refuses a server that is newer than itself, and a newer one than needed writes
// what an older server may not read. It gives the path and the major version. The
// error says what to install.
func Client(ctx context.Context, name string, atLeast int) (path string, major int, err error) {
	for version := max(atLeast, oldest); version <= newest; version++ {
		paths := []string{
			fmt.Sprintf("/usr/lib/postgresql/%d/bin/%s", version, name),
			fmt.Sprintf("/usr/pgsql-%d/bin/%s", version, name),
		}
		// Not with links followed: Debian's /usr/bin/pg_dump asks for its own name.
		if found, err := exec.LookPath(name); err == nil && filepath.IsAbs(found) {
			paths = append(paths, found)
		}
		for _, path := range paths {
			if clientVersion(ctx, path) == version {
				return path, version, nil
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return "", 0, err
	}
	if atLeast > newest {
		return "", 0, errors.New("that PostgreSQL is newer than this program knows; start a newer program")
	}
	return "", 0, fmt.Errorf("there is no %s of PostgreSQL %d or newer on this machine: apt-get install postgresql-client-%d", name, atLeast, atLeast)
}

var clientPattern = regexp.MustCompile(`^[a-z_]+ \(PostgreSQL\) (\d+)`)

// clientVersion asks the program itself; 0 if it is not there or says something else.
func clientVersion(ctx context.Context, path string) int {
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return 0
	}
	m := clientPattern.FindSubmatch(out)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		return 0
	}
	return n
}
