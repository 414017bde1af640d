package backup_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatepost/internal/backup"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
)

// Only what this program wrote there, and only when it is old, is deleted.
func TestKeep(t *testing.T) {
	db, dir, key := postgrestest.New(t), folder(t), newKey(t)
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	write := func(name string) backup.Written {
		t.Helper()
		done, err := backup.Write(t.Context(), backup.Order{DSN: db.DSN(postgres.RoleBackup), To: key.Recipient(), File: filepath.Join(dir, name),
			Folder: dir, Keep: backup.MaxAge, Now: func() time.Time { return now }})
		must(t, err)
		return done
	}
	write("first one.age")
	write("second.age")
	write("exchanged.age")
	write("removed.age")
	must(t, os.Remove(filepath.Join(dir, "removed.age")))
	must(t, os.WriteFile(filepath.Join(dir, "exchanged.age"), []byte(strings.Repeat("something else ", 1000)), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "secrets.age"), []byte("not ours"), 0o600))
	now = now.Add(backup.MaxAge - time.Hour)
	if done := write("third.age"); len(done.Deleted) != 0 || !done.Listed {
		t.Errorf("a day too early: %+v", done)
	}
	now = now.Add(2 * time.Hour)
	done := write("fourth.age")
	if fmt.Sprint(done.Deleted, done.Kept) != "[first one.age second.age] [exchanged.age]" {
		t.Errorf("deleted %v, kept %v", done.Deleted, done.Kept)
	}
	if got := names(t, dir, "*.age"); got != "[exchanged.age fourth.age secrets.age third.age]" {
		t.Errorf("there are %s", got)
	}
	elsewhere, err := backup.Write(t.Context(), backup.Order{DSN: db.DSN(postgres.RoleBackup), To: key.Recipient(), File: filepath.Join(folder(t), "x.age"),
		Folder: dir, Keep: backup.MaxAge, Now: func() time.Time { return now.AddDate(1, 0, 0) }})
	if err != nil || elsewhere.Listed || len(elsewhere.Deleted) != 0 {
		t.Errorf("elsewhere: %+v, %v", elsewhere, err)
	}
	must(t, os.WriteFile(filepath.Join(dir, backup.ListFile), []byte("2026-11-22T03:00:00Z ff ../../etc/passwd\n"), 0o600))
	_, err = backup.Write(t.Context(), backup.Order{DSN: db.DSN(postgres.RoleBackup), To: key.Recipient(), File: filepath.Join(dir, "fifth.age"),
		Folder: dir, Keep: backup.MaxAge, Now: func() time.Time { return now }})
	refused(t, err, "line 1 of "+backup.ListFile)
}

// What killed runs left goes after a day, and what is no backup of ours stays;
// a whole backup that did not get its name goes with its line.
func TestKeep_Unfinished(t *testing.T) {
	db, dir, key := postgrestest.New(t), folder(t), newKey(t)
	now := time.Now().Add(time.Hour)
	o := backup.Order{DSN: db.DSN(postgres.RoleBackup), To: key.Recipient(), Folder: dir, Keep: 24 * time.Hour, Now: func() time.Time { return now }}
	write := func(name string) (backup.Written, error) {
		t.Helper()
		o.File = filepath.Join(dir, name)
		return backup.Write(t.Context(), o)
	}
	_, err := write("unnamed.age")
	must(t, err)
	must(t, os.Rename(filepath.Join(dir, "unnamed.age"), filepath.Join(dir, "unnamed.age.part")))
	put := func(name, text string, age time.Duration) string {
		t.Helper()
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		must(t, os.Chtimes(path, now.Add(-age), now.Add(-age)))
		return path
	}
	const begins = "age-encryption.org/v1\n-> mlkem768x25519"
	put("old.age.part", begins, 25*time.Hour)
	put("empty.age.part", "", 25*time.Hour)
	put("young.age.part", begins, 23*time.Hour)
	put("letter.part", "not ours", 25*time.Hour)
	put("target", begins, 25*time.Hour)
	must(t, os.Symlink("target", filepath.Join(dir, "link.part")))
	must(t, os.Mkdir(filepath.Join(dir, "folder.part"), 0o700))
	held, err := os.Open(put("held.age.part", begins, 25*time.Hour))
	must(t, err)
	must(t, syscall.Flock(int(held.Fd()), syscall.LOCK_EX))

	done, err := write("next.age")
	must(t, err)
	if fmt.Sprint(done.Unfinished) != "[empty.age.part old.age.part]" {
		t.Errorf("deleted %v", done.Unfinished)
	}
	must(t, held.Close())
	now = now.Add(24*time.Hour + time.Minute) // the first is past its time, and not a day old by its file's
	must(t, os.Chtimes(filepath.Join(dir, "unnamed.age.part"), now, now.Add(-time.Hour)))
	done, err = write("last.age")
	must(t, err)
	if fmt.Sprint(done.Unfinished) != "[unnamed.age.part held.age.part young.age.part]" {
		t.Errorf("then deleted %v", done.Unfinished)
	}
	if got := names(t, dir, "*.part"); got != "[folder.part letter.part link.part]" {
		t.Errorf("there are %s", got)
	}
}

// Also when no backup can be written, what is too old to be restored goes, and
// nothing else does.
func TestKeep_Failed(t *testing.T) {
	db, dir, key := postgrestest.New(t), folder(t), newKey(t)
	now := time.Now()
	o := backup.Order{DSN: db.DSN(postgres.RoleBackup), To: key.Recipient(), File: filepath.Join(dir, "first.age"), Folder: dir, Keep: 24 * time.Hour,
		Now: func() time.Time { return now }}
	_, err := backup.Write(t.Context(), o)
	must(t, err)
	o.DSN, o.File = "host=127.0.0.1 port=1 user=nobody", filepath.Join(dir, "second.age")
	now = now.Add(backup.MaxAge - time.Hour)
	if done, err := backup.Write(t.Context(), o); err == nil || len(done.Deleted) != 0 {
		t.Errorf("one that may be restored: %v, %v", done.Deleted, err)
	}
	now = now.Add(2 * time.Hour)
	if done, err := backup.Write(t.Context(), o); err == nil || fmt.Sprint(done.Deleted) != "[first.age]" {
		t.Errorf("deleted %v, %v", done.Deleted, err)
	}
	if got := names(t, dir, "*.age"); got != "[]" {
		t.Errorf("there are %s", got)
	}
}

// Whatever stands in the list, no line names a file elsewhere, and what is read
// is what is written again.
func FuzzList(f *testing.F) {
	f.Add("2026-11-22T03:00:00Z " + strings.Repeat("0f", 32) + " a b.age\n")
	f.Add("2026-11-22T03:00:00+01:00 " + strings.Repeat("0f", 32) + " ..\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := backup.ParseList(text)
		if err != nil {
			return
		}
		if got := strings.Join(lines, "\n"); got != strings.TrimSuffix(text, "\n") {
			t.Errorf("%q was read as %q", text, got)
		}
		for _, line := range lines {
			if name := strings.SplitN(line, " ", 3)[2]; filepath.Base(name) != name || name == ".." || name == "." {
				t.Errorf("%q leads elsewhere", name)
			}
		}
	})
}

// Whatever is sealed, the manifest is whole or an error.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(manifest))
	f.Add([]byte(`{"format":3}`))
	f.Add([]byte(strings.NewReplacer("behind them is", "behind them are part_bytes of large parts, and behind those", `"format":1`, `"format":2,"parts":1,"part_bytes":300000`).Replace(manifest)))
	f.Add([]byte(strings.Replace(manifest, `"format":1`, `"format":1,"parts":1,"part_bytes":300000`, 1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := backup.ParseManifestText(text)
		if err == nil && (m.Format < 1 || m.Format > backup.Format || (m.Parts > 0) != (m.Format == 2) || (m.Parts > 0) != (m.PartBytes > 0) || m.Schema < 1 || m.Server < 1 || m.Dump < 1 || len(m.Rows) == 0) {
			t.Errorf("read %+v", m)
		}
	})
}

const manifest = `{"about":"Gatepost backup. These 1048576 bytes say what it is; behind them is a dump of PostgreSQL in its custom format, for pg_restore.",
	"format":1,"at":"2026-11-22T03:00:00Z","postgresql":15,"pg_dump":15,"schema":10,"rows":{"public.letter":3},"logs":[]}`

// One block is read and nothing after it.
func TestParseManifest(t *testing.T) {
	in := strings.NewReader(manifest + strings.Repeat("\n", backup.Block-len(manifest)) + "dump")
	m, err := backup.ParseManifest(in)
	if err != nil || m.Rows["public.letter"] != 3 || in.Len() != 4 {
		t.Errorf("%+v, %d bytes left, %v", m, in.Len(), err)
	}
	if _, err := backup.ParseManifest(strings.NewReader(manifest)); !errors.Is(err, backup.ErrManifest) {
		t.Errorf("a short block: %v", err)
	}
}
