package private

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// place is the folder and what was found out about it.
type place struct {
	dir    string
	owner  owner
	bin    string // folder with initdb and postgres
	socket string // folder with the socket
}

func (p place) cluster() string    { return filepath.Join(p.dir, "pg") }
func (p place) unfinished() string { return filepath.Join(p.dir, "pg.new") }
func (p place) conf() string       { return filepath.Join(p.dir, "conf") }
func (p place) logFile() string    { return filepath.Join(p.dir, "pg.log") }

// takeDir makes the folder and sets its mode: the server, another user, has to
// pass through it and needs nothing else there.
func takeDir(dir string) (string, error) {
	if dir == "" || strings.ContainsAny(dir, "\n\r\x00") {
		return "", errors.New("the data folder needs a plain path")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the data folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return "", fmt.Errorf("make the data folder: %w", err)
	}
	// The server's working folder is compared by the kernel's path later on.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", fmt.Errorf("find the data folder: %w", err)
	}
	if err := checkDir(dir); err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", fmt.Errorf("set the mode of the data folder: %w", err)
	}
	return dir, nil
}

// checkDir refuses a folder that cannot be kept to ourselves.
func checkDir(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at the data folder: %w", err)
	}
	if uid := uidOf(info); uid != os.Geteuid() {
		return fmt.Errorf("the data folder %s belongs to uid %d and this program runs as %d: run it as its owner, or chown the folder", dir, uid, os.Geteuid())
	}
	if info.Mode()&os.ModeSticky != 0 || dir == "/" {
		return fmt.Errorf("%s is shared by everyone: choose a folder inside it", dir)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("look at the data folder's disk: %w", err)
	}
	return checkFilesystem(dir, int64(fs.Type))
}

// checkFilesystem refuses NFS: locks there can be lost while they are held, and
// two servers on one cluster destroy it.
func checkFilesystem(dir string, magic int64) error {
	if magic == unix.NFS_SUPER_MAGIC {
		return fmt.Errorf("%s is on a network disk (NFS), where a lock does not hold: choose a local folder", dir)
	}
	return nil
}

func uidOf(info os.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

// makeCluster runs initdb in a folder of its own and renames that: a cluster is
// whole or not there. What an interrupted run left is thrown away, after its
// initdb has been ended: it would write into our new folder, by name.
func (p place) makeCluster(ctx context.Context, fast bool) error {
	if err := endAllIn(ctx, p.unfinished(), unix.SIGKILL); err != nil {
		return err
	}
	if err := os.RemoveAll(p.unfinished()); err != nil {
		return fmt.Errorf("remove an unfinished cluster: %w", err)
	}
	if _, err := os.Lstat(p.cluster()); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := p.owner.mkdir(p.unfinished()); err != nil {
		return err
	}
	if err := p.initdb(ctx, fast); err != nil {
		return err
	}
	if err := os.Rename(p.unfinished(), p.cluster()); err != nil {
		return fmt.Errorf("put the new cluster in place: %w", err)
	}
	return syncDir(p.dir)
}

func (p place) initdb(ctx context.Context, fast bool) error {
	args := []string{
		"--pgdata=" + p.unfinished(), "--username=" + Admin,
		// What somebody gets who starts this cluster by hand, without our conf.
		"--auth-local=peer", "--auth-host=reject",
		"--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-instructions",
	}
	if fast {
		args = append(args, "--no-sync")
	}
	// Working in the folder itself, it can be found there if we are killed.
	cmd := p.owner.command(ctx, p.unfinished(), filepath.Join(p.bin, "initdb"), args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make the cluster: %w: %s", err, lastLine(out))
	}
	return nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open the data folder: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}

// checkCluster says in our words what PostgreSQL would refuse in its own: a
// wrong owner. A mode that is too open, as after a copy, is put right.
func (p place) checkCluster(log *slog.Logger) error {
	for _, name := range []string{"", "PG_VERSION", "global/pg_control"} {
		path := filepath.Join(p.cluster(), name)
		info, err := os.Lstat(path)
		if err != nil {
			return fmt.Errorf("look at the cluster: %w", err)
		}
		if uid := uidOf(info); uid != p.owner.uid {
			return fmt.Errorf("%s belongs to uid %d and the server runs as %d: chown -R %d %s", path, uid, p.owner.uid, p.owner.uid, p.cluster())
		}
		if name == "" && info.Mode().Perm() != 0o700 {
			log.Warn("the cluster's folder was open to others; closing it", "folder", path)
			if err := os.Chmod(path, 0o700); err != nil {
				return fmt.Errorf("set the mode of the cluster: %w", err)
			}
		}
	}
	return nil
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}
