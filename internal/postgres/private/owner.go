package private

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// owner is the OS user that the server runs as.
type owner struct {
	uid, gid int
	self     bool // it is the user that we run as: nothing to switch
}

// chooseOwner picks the user: whoever owns the cluster if there is one; else,
// if we are root, the configured user, postgres, gatepost or nobody; else
// ourselves. PostgreSQL refuses to run as root.
func chooseOwner(cluster, configured string) (owner, error) {
	self := os.Geteuid()
	if info, err := os.Lstat(cluster); err == nil {
		return ownerOf(cluster, info, self)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return owner{}, fmt.Errorf("look at the cluster: %w", err)
	}
	if self != 0 {
		if _, err := user.LookupId(strconv.Itoa(self)); err != nil {
			return owner{}, fmt.Errorf("uid %d has no name on this machine and PostgreSQL needs one: useradd --system --uid %d gatepost", self, self)
		}
		return owner{uid: self, gid: os.Getegid(), self: true}, nil
	}
	if configured != "" {
		return lookUp(configured)
	}
	for _, name := range []string{"postgres", "gatepost", "nobody"} {
		if o, err := lookUp(name); err == nil {
			return o, nil
		}
	}
	return owner{}, errors.New("PostgreSQL does not run as root and there is no other user: useradd --system gatepost")
}

// ownerOf takes over the owner of an existing cluster. A server runs without a
// name in the password file, so only its uid counts.
func ownerOf(cluster string, info fs.FileInfo, self int) (owner, error) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() {
		return owner{}, fmt.Errorf("%s is not a folder", cluster)
	}
	o := owner{uid: int(st.Uid), gid: int(st.Gid), self: int(st.Uid) == self}
	switch {
	case o.uid == 0:
		return owner{}, fmt.Errorf("%s belongs to root and PostgreSQL does not run as root: chown -R it to the user that the server ran as", cluster)
	case self != 0 && !o.self:
		return owner{}, fmt.Errorf("%s belongs to uid %d: run this program as that user or as root", cluster, o.uid)
	}
	return o, nil
}

func lookUp(name string) (owner, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return owner{}, fmt.Errorf("there is no user %s to run the database as: useradd --system %s", name, name)
	}
	uid, errU := strconv.Atoi(u.Uid)
	gid, errG := strconv.Atoi(u.Gid)
	if err := errors.Join(errU, errG); err != nil {
		return owner{}, fmt.Errorf("read the ids of user %s: %w", name, err)
	}
	if uid == 0 {
		return owner{}, fmt.Errorf("user %s is root and PostgreSQL does not run as root: configure another", name)
	}
	return owner{uid: uid, gid: gid}, nil
}

// command prepares a program run as the owner, with a clean environment and no
// groups but the owner's own. The kernel enters dir as the owner too.
func (o owner) command(ctx context.Context, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if !o.self {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}
	}
	return cmd
}

// canEnter proves that the owner can pass through every folder above dir and
// run the server's binary, by doing it, so that access lists count too.
func (o owner) canEnter(ctx context.Context, dir, bin string) error {
	program := filepath.Join(bin, "postgres")
	err := o.command(ctx, dir, program, "--version").Run()
	if err == nil {
		return nil
	}
	for _, folder := range append(parents(dir), parents(bin)...) {
		run := o.command(ctx, folder, "/bin/true").Run()
		if errors.Is(run, fs.ErrPermission) {
			return fmt.Errorf("the user of the database (uid %d) cannot enter %s: chmod o+x it, or choose another data folder", o.uid, folder)
		}
	}
	return fmt.Errorf("run %s as uid %d: %w", program, o.uid, err)
}

// parents lists dir and what is above it, the root first.
func parents(dir string) []string {
	if up := filepath.Dir(dir); up != dir {
		return append(parents(up), dir)
	}
	return []string{dir}
}

// mkdir makes a folder that only the owner can enter, or makes an existing one
// so. A link in its place is refused, since we may be root.
func (o owner) mkdir(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make a folder for the server: %w", err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("look at a folder of the server: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder: remove it", path)
	}
	if err := errors.Join(os.Chmod(path, 0o700), os.Lchown(path, o.uid, o.gid)); err != nil {
		return fmt.Errorf("hand a folder to the server: %w", err)
	}
	return nil
}

// owns reports whether path is a folder that nobody but the owner can enter.
func (o owner) owns(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir() && info.Mode().Perm() == 0o700 && uidOf(info) == o.uid
}
