package private

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Versions that the program is tested with; internal/postgres refuses others.
const (
	oldest = 15
	newest = 18
)

// findBinaries gives the folder that holds initdb and postgres: that of an
// existing cluster's version, else the newest from oldest to newest. Debian's
// folders come before whatever is on the PATH.
func findBinaries(ctx context.Context, cluster string) (string, error) {
	want := 0
	b, err := os.ReadFile(filepath.Join(cluster, "PG_VERSION"))
	if err == nil {
		if want, err = strconv.Atoi(strings.TrimSpace(string(b))); err != nil {
			return "", fmt.Errorf("read the version of the cluster: %w", err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the version of the cluster: %w", err)
	}
	for version := newest; version >= oldest; version-- {
		if want != 0 && version != want {
			continue
		}
		for _, bin := range candidates(version) {
			if complete(bin) && versionOf(ctx, bin) == version {
				return bin, nil
			}
		}
	}
	if want != 0 {
		return "", fmt.Errorf("%s was made by PostgreSQL %d, which is not here: apt-get install postgresql-%d", cluster, want, want)
	}
	return "", fmt.Errorf("there is no PostgreSQL %d to %d on this machine: apt-get install postgresql", oldest, newest)
}

// candidates: Debian and its like, the makers' own packages for Red Hat, PATH.
func candidates(version int) []string {
	bins := []string{
		fmt.Sprintf("/usr/lib/postgresql/%d/bin", version),
		fmt.Sprintf("/usr/pgsql-%d/bin", version),
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			bins = append(bins, filepath.Dir(path))
		}
	}
	return bins
}

func complete(bin string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(bin, name)); err != nil || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

var versionPattern = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

// versionOf asks the binary itself, since a folder's name proves nothing.
func versionOf(ctx context.Context, bin string) int {
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	m := versionPattern.FindSubmatch(out)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		return 0
	}
	return n
}
