package doctor

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"gatepost/internal/authz"
	"gatepost/internal/backup"
	"gatepost/internal/server"
	"gatepost/internal/studio"
)

const (
	sqlDataFolder = `select setting from pg_settings where name = 'data_directory' and (inet_server_addr() is null or inet_server_addr() <<= '127.0.0.0/8' or inet_server_addr() = '::1')`

	soonExpires = 30 * 24 * time.Hour
	maxBackup   = 26 * time.Hour // a night and two hours

	// A disk with less is full before somebody has read this twice.
	leastData  = 1 << 30
	leastState = 64 << 20
)

// Space gives the bytes that are free on the disk of a folder, and all of them.
func Space(folder string) (free, all uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, 0, err
	}
	return s.Bavail * uint64(s.Bsize), s.Blocks * uint64(s.Bsize), nil
}

// certificate looks at a tier's certificate, where TLS ends here.
func (e *examination) certificate(t authz.Tier) {
	about := "certificate of the " + string(t) + " tier"
	door := e.Config.Config.Door(t)
	if door.Certificate == "" || door.CertificateKey == "" {
		return
	}
	leaf, err := server.Leaf(door.Certificate)
	if err != nil {
		e.say(Wrong, about, "it cannot be read; name the PEM file with the chain, readable by the service's user")
		return
	}
	sound := true
	if _, err := server.NewCertificate(door.Certificate, door.CertificateKey, e.Now, slog.New(slog.DiscardHandler)); err != nil {
		e.say(Wrong, about, "it cannot be used with its key; name the key that it was made for, readable by the service's user")
		sound = false
	}
	for _, a := range e.Config.Config.Agencies {
		host := a.PublicHost
		if t == authz.Staff {
			host = a.StaffHost
		}
		if leaf.VerifyHostname(host) != nil {
			e.say(Wrong, about, "it is not for the host of agency %s; order one that names it", a.ID)
			sound = false
		}
	}
	left := leaf.NotAfter.Sub(e.Now())
	switch {
	case left <= 0:
		e.say(Wrong, about, "it ended on %s; renew it, and the running tier takes it up within seconds", leaf.NotAfter.Format("2 January 2006"))
	case e.Now().Before(leaf.NotBefore):
		e.say(Wrong, about, "it begins on %s; check this host's clock", leaf.NotBefore.Format("2 January 2006"))
	case left < soonExpires:
		e.say(Look, about, "it ends on %s; renew it", leaf.NotAfter.Format("2 January 2006"))
	case sound:
		e.say(OK, about, "it holds until %s", leaf.NotAfter.Format("2 January 2006"))
	}
}

// recordings looks whether families can send a recording from here.
func (e *examination) recordings() {
	const about = "recordings"
	if !e.here(authz.Public) {
		return
	}
	if _, err := studio.Program(); err != nil {
		e.say(Look, about, "ffmpeg is not on this host, so nobody can send one; install it (Debian: apt install ffmpeg), and nothing has to be restarted")
		return
	}
	e.say(OK, about, "ffmpeg is there to make them anew")
}

// disks looks at the folders of state, of backups, and of a PostgreSQL on this host.
func (e *examination) disks(ctx context.Context) {
	for _, t := range e.Tiers {
		e.state(t)
	}
	if folder := e.dataFolder(ctx); folder != "" {
		e.space("disk of PostgreSQL", folder, leastData)
	}
	if folder := e.Config.Config.Backup.Folder; folder != "" && e.here(authz.Staff) {
		if _, err := os.Stat(folder); err == nil {
			e.space("disk of the backups", folder, leastData)
		}
	}
}

func (e *examination) state(t authz.Tier) {
	about := "folder of state of the " + string(t) + " tier"
	folder := e.Config.Config.Door(t).State
	if folder == "" {
		return
	}
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.say(Wrong, about, "it is not there; start the tier, which makes it, and look why it was gone")
	case err != nil || !info.IsDir():
		e.say(Wrong, about, "it cannot be read; run gatepost doctor as the service's user, or correct %s.state", t)
	case info.Mode().Perm()&0o022 != 0:
		e.say(Wrong, about, "it can be written by others; chmod 700 it, and look who was there")
	default:
		e.space(about, folder, leastState)
	}
}

func (e *examination) space(about, folder string, least uint64) {
	free, all, err := e.Space(folder)
	switch {
	case err != nil:
		e.say(Look, about, "how full its disk is cannot be told from here; look on its host")
	case free < least:
		e.say(Wrong, about, "%d MB are free; make room, or acts are refused", free>>20)
	case free < all/10:
		e.say(Look, about, "less than a tenth of its disk is free (%d MB); make room", free>>20)
	default:
		e.say(OK, about, "%d MB are free", free>>20)
	}
}

// dataFolder is where a PostgreSQL on this host keeps its data: as it says to
// the owner, or beside the socket of a private one. "" where that is not known.
func (e *examination) dataFolder(ctx context.Context) string {
	conn := e.first()
	if conn == nil {
		return ""
	}
	if beside := filepath.Join(filepath.Dir(conn.Config().Host), "pg"); filepath.IsAbs(conn.Config().Host) {
		if _, err := os.Stat(beside); err == nil {
			return beside
		}
	}
	if e.dsn("owner") == "" {
		return ""
	}
	owner, err := connect(ctx, e.dsn("owner"))
	if err != nil {
		return "" // only migrations need it
	}
	defer owner.Close(context.WithoutCancel(ctx))
	var folder string
	if owner.QueryRow(ctx, sqlDataFolder).Scan(&folder) != nil {
		return ""
	}
	return folder
}

// backup looks at the newest one.
func (e *examination) backup() {
	const about = "backups"
	folder := e.Config.Config.Backup.Folder
	if folder == "" {
		e.say(Look, about, "backup.folder is not named here, so nobody can tell whether there is one; name it where backups are made")
		return
	}
	at, err := backup.Newest(folder)
	switch {
	case errors.Is(err, backup.ErrNoBackup):
		e.say(Wrong, about, "there is none in backup.folder; run gatepost backup, and look at gatepost-backup.timer")
	case err != nil:
		e.say(Wrong, about, "%v", err)
	case e.Now().Sub(at) > maxBackup:
		e.say(Wrong, about, "the newest is %d hours old; run gatepost backup, and look at gatepost-backup.timer", int(e.Now().Sub(at).Hours()))
	default:
		e.say(OK, about, "the newest is %d hours old", int(e.Now().Sub(at).Hours()))
	}
}
