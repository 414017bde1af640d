package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"gatepost/internal/account"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/backup"
	"gatepost/internal/checkpoint"
	"gatepost/internal/config"
	"gatepost/internal/fault"
	"gatepost/internal/keyfile"
	"gatepost/internal/notice"
	"gatepost/internal/parts"
	"gatepost/internal/postgres"
)

// recipient is the one that backups are sealed to.
func recipient(cfg *config.Config) (*age.HybridRecipient, error) {
	if cfg.Backup.Recipient == "" {
		return nil, errors.New("backup.recipient is missing; make a key with age-keygen -pq where the hosts are not, and name its public line (docs/running.md)")
	}
	to, err := age.ParseHybridRecipient(cfg.Backup.Recipient)
	if err != nil {
		return nil, errors.New("backup.recipient is no age1pq1 string; take the public line of a key that age-keygen -pq made")
	}
	for _, s := range cfg.Stanzas() {
		if s.Archive == cfg.Backup.Recipient {
			return nil, errors.New("backup.recipient is the archive's, whose key lies in two safes; make a key for backups alone")
		}
	}
	return to, nil
}

func backupWrite(ctx context.Context, c *call) error {
	days := 0
	cfg, words, err := c.configured(func(fs *flag.FlagSet) { fs.IntVar(&days, "keep", 35, "") }, "FILE")
	if err != nil {
		return err
	}
	if days < 1 || days > 35 {
		return wrong("--keep is for 1 to 35 days: what is destroyed has to be gone from the backups too.")
	}
	if err := cfg.Connects("backup"); err != nil {
		return err
	}
	to, err := recipient(cfg)
	if err != nil {
		return err
	}
	logs := map[string]string{}
	for _, s := range cfg.Stanzas() {
		logs[s.ID] = s.Log
	}
	store, err := cfg.Parts.Store(authz.Staff)
	if err != nil {
		return err
	}
	done, err := backup.Write(ctx, backup.Order{DSN: cfg.Database.Backup, Parts: store, To: to, File: words[0], Folder: cfg.Backup.Folder,
		Keep: time.Duration(days) * 24 * time.Hour, Now: time.Now, Verifiers: logs})
	if done.Size > 0 {
		var rows int64
		for _, n := range done.Rows {
			rows += n
		}
		fmt.Fprintf(c.stdout, "%s is whole and on the disk: %d rows of %d tables, %d bytes.\n", words[0], rows, len(done.Rows), done.Size)
		if done.Parts > 0 {
			fmt.Fprintf(c.stdout, "It holds %d large parts of the store as well.\n", done.Parts)
		}
		if !done.Listed {
			fmt.Fprintf(c.stdout, "It does not lie in backup.folder, where old ones are deleted. Delete it, and every copy, by %s.\n", done.At.Add(backup.MaxAge).Format("2 January 2006"))
		}
	}
	if err == nil && done.Missing > 0 {
		err = c.missing(ctx, cfg, done)
	}
	for _, l := range done.Logs {
		switch {
		case logs[l.Agency] == "":
			fmt.Fprintf(c.stdout, "The configuration has no agency %s, so no checkpoint of its log counted; put its stanza there.\n", l.Agency)
		case l.Unsigned > 0:
			fmt.Fprintf(c.stdout, "%d of the newest checkpoints of the agency %s are not signed by its log's key and did not count; run gatepost doctor, which says what to do.\n", l.Unsigned, l.Agency)
		}
	}
	for _, name := range done.Deleted {
		fmt.Fprintf(c.stdout, "%s was too old and is deleted.\n", name)
	}
	for _, name := range done.Kept {
		fmt.Fprintf(c.stdout, "%s is not what was written there and stays; look after it.\n", name)
	}
	for _, name := range done.Unfinished {
		fmt.Fprintf(c.stdout, "%s was left by a backup that was cut off and is deleted.\n", name)
	}
	return err
}

// lacking is the end of a backup that is whole but for what the store has lost.
type lacking struct{ text string }

func (l lacking) Error() string { return l.text }

// missing tells of what the store has lost, here and in the database. It is no error
// where all of it is written off.
func (c *call) missing(ctx context.Context, cfg *config.Config, done backup.Written) error {
	open, err := done.Tell(ctx, cfg.Database.Backup)
	fmt.Fprintf(c.stdout, "%d large parts are not in it, for the store has lost them; restore it with --missing %d.\n", done.Missing, done.Missing)
	if err == nil && open == 0 {
		return nil
	}
	return errors.Join(err, lacking{fmt.Sprintf("THE STORE HAS LOST %d LARGE PARTS that nobody has written off. The backup is whole but for them. Older backups may have them, and are deleted in their time: run gatepost doctor, which names them, and see docs/operations.md.", open)})
}

// restoring is one call of the command.
type restoring struct {
	*call
	cfg          *config.Config
	identity     string
	seen         list
	check, signs bool
	missing      int
	keys         *keyfile.Keys // of the staff tier
}

func backupRestore(ctx context.Context, c *call) (err error) {
	r := &restoring{call: c}
	var words []string
	r.cfg, words, err = c.configured(func(fs *flag.FlagSet) {
		fs.StringVar(&r.identity, "identity", "", "")
		fs.Var(&r.seen, "seen", "")
		fs.BoolVar(&r.check, "check", false, "")
		fs.BoolVar(&r.signs, "worker", false, "")
		fs.IntVar(&r.missing, "missing", 0, "")
	}, "FILE")
	if err != nil {
		return err
	}
	if r.identity == "" {
		return wrong("--identity KEYFILE is missing; it is the private half of backup.recipient.")
	}
	if r.check && len(r.seen) > 0 {
		return wrong("--seen is for a real restore; --check gives nothing up.")
	}
	for _, role := range []string{"owner", "backup", "staff"} {
		if err := r.cfg.Connects(role); err != nil {
			return err
		}
	}
	identity, err := readIdentity(r.identity)
	if err != nil {
		return err
	}
	store, err := r.cfg.Parts.Store(authz.Staff)
	if err != nil {
		return err
	}
	if r.keys, err = keyfile.Load(r.cfg.Staff.Keys, authz.Staff); err != nil {
		return err
	}
	job := backup.Restore{File: words[0], Identity: identity, Owner: r.cfg.Database.Owner, Backup: r.cfg.Database.Backup, Parts: store, Missing: r.missing, Check: r.check,
		Verifiers: map[string]string{}, Prove: r.canaries, After: r.after, Say: r.say, Now: time.Now}
	if r.cfg.Staff.State == "" && !r.check {
		return errors.New("staff.state is missing; name the folder in which the staff tier keeps what it has seen")
	}
	for _, s := range r.cfg.Stanzas() {
		if _, err := r.keys.Agency(s); err != nil {
			return err // before anything is restored
		}
		job.Verifiers[s.ID] = s.Log
	}
	m, err := backup.Read(ctx, job)
	if err != nil {
		return err
	}
	if r.check {
		fmt.Fprintf(c.stdout, "The backup of %s is good. Nothing else was touched.\n", m.At.Format("2 January 2006"))
		return nil
	}
	if err := r.marked(ctx, store); err != nil {
		return fmt.Errorf("the database is restored and proved, but its tiers will not start: %w", err)
	}
	fmt.Fprint(c.stdout, "The database is restored. Start both tiers; everybody signs in again.\n")
	return nil
}

// marked marks the bucket for the database that was restored, where nobody's mark is;
// parts.ErrAnother where somebody's is. What cannot be told now the tiers ask again.
func (r *restoring) marked(ctx context.Context, store *parts.Store) (err error) {
	if store == nil {
		return nil
	}
	conn, err := owned(ctx, r.cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	store, err = parts.Own(ctx, conn, store)
	if err != nil {
		return err
	}
	if err := store.Ours(ctx); errors.Is(err, parts.ErrAnother) {
		return err
	}
	return nil
}

func (r *restoring) say(what string, took time.Duration) {
	fmt.Fprintf(r.stdout, "proved in %6.2f s: %s\n", took.Seconds(), what)
}

// readIdentity reads an age key file with one post-quantum hybrid key.
func readIdentity(path string) (_ *age.HybridIdentity, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there; name the file of the backups' key", path)
	}
	if err != nil {
		return nil, fmt.Errorf("look at the key of backups: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o037 != 0 {
		return nil, fmt.Errorf("%s can be read by others on this machine; chmod 600 it", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the key of backups: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	list, err := age.ParseIdentities(f)
	if err == nil && len(list) == 1 {
		if id, ok := list[0].(*age.HybridIdentity); ok {
			return id, nil
		}
	}
	return nil, fmt.Errorf("%s is not one key that age-keygen -pq made; name the file of the backups' key", path)
}

// canaries opens each agency's canary: the keys here are this database's.
func (r *restoring) canaries(ctx context.Context, database string, m backup.Manifest) error {
	dsn, err := backup.Database(r.cfg.Database.Backup, database)
	if err != nil {
		return err
	}
	db, err := postgres.Open(ctx, dsn, postgres.WithConnections(1))
	if err != nil {
		return err
	}
	defer db.Close()
	for _, l := range m.Logs {
		began := time.Now()
		_, err := notice.OpenCanary(ctx, db, l.Agency, r.keys.Notify)
		switch {
		case errors.Is(err, notice.ErrNoCanary):
			fmt.Fprintf(r.stdout, "not proved: the agency %s has no canary, for no staff tier was ever started there\n", l.Agency)
		case err != nil:
			return fmt.Errorf("the canary of the agency %s does not open: the keys in %s are another deployment's; copy the right ones there", l.Agency, r.cfg.Staff.Keys)
		default:
			r.say("the canary of "+l.Agency+" opens with the staff tier's key", time.Since(began))
		}
	}
	return nil
}

// after gives up what the restore has lost, and lets a worker try a letter.
func (r *restoring) after(ctx context.Context, database string, m backup.Manifest) (err error) {
	here := *r.cfg
	if here.Database.Staff, err = backup.Database(here.Database.Staff, database); err != nil {
		return err
	}
	if r.check {
		// What a drill sees of a log is nothing that a tier should remember.
		if here.Staff.State, err = os.MkdirTemp("", "gatepost-check-"); err != nil {
			return fmt.Errorf("make a folder for the drill: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(here.Staff.State)) }()
	} else if err := r.giveUp(ctx, &here, m); err != nil {
		return fmt.Errorf("the database is restored and proved, but the tiers will refuse it: %w; then: gatepost audit restored", err)
	}
	if r.signs {
		return r.letter(ctx, &here)
	}
	return nil
}

// giveUp states for each agency what was seen of its log beyond the backup.
func (r *restoring) giveUp(ctx context.Context, cfg *config.Config, m backup.Manifest) error {
	db, err := postgres.Open(ctx, cfg.Database.Staff, postgres.WithConnections(4))
	if err != nil {
		return err
	}
	defer db.Close()
	for _, s := range cfg.Stanzas() {
		a, err := r.keys.Agency(s)
		if err != nil {
			return err
		}
		handed, err := r.handed(a)
		if err != nil {
			return err
		}
		began := time.Now()
		given, err := checkpoint.Restored(ctx, checkpoint.Config{DB: db, Agencies: []*agency.Agency{a}, Folder: cfg.Staff.State, Now: time.Now, Log: slog.New(plainLog(r.stderr, slog.LevelError))}, a, handed...)
		if err != nil {
			return err
		}
		if given.Lost > 0 {
			r.say(fmt.Sprintf("the log of %s states that it was restored: %d entries are kept, and those up to %d that were seen are given up", a.ID, given.Kept, given.Lost), time.Since(began))
		} else {
			r.say(fmt.Sprintf("nothing that was seen of the log of %s is lost", a.ID), time.Since(began))
		}
	}
	return nil
}

// handed are the checkpoints of an agency that the operator names, and the
// families' tier's if that one is on this host.
func (r *restoring) handed(a *agency.Agency) (list [][]byte, err error) {
	files := r.seen
	if r.cfg.Public.State != "" {
		files = append(files, filepath.Join(r.cfg.Public.State, a.ID+".checkpoint"))
	}
	for i, path := range files {
		text, err := os.ReadFile(path)
		switch {
		case i >= len(r.seen) && errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("a checkpoint that was seen cannot be read: %w", err)
		case strings.HasPrefix(string(text), a.ID+"/"): // of several agencies each gets its own
			list = append(list, text)
		}
	}
	return list, nil
}

// letter signs a worker in, and opens a letter that they may open.
func (r *restoring) letter(ctx context.Context, cfg *config.Config) error {
	list := cfg.Stanzas()
	if len(list) == 0 {
		return errors.New("the configuration has no agency, so no worker can sign in; put its stanza there")
	}
	id := list[0].ID
	var questions []question
	if len(list) > 1 {
		questions = append(questions, question{"Agency: ", false})
	}
	answers, err := r.ask(append(questions, question{"Worker's log-in name: ", false}, question{"Passphrase (not shown): ", true}, question{"One-time code: ", false})...)
	if err != nil {
		return err
	}
	if len(list) > 1 {
		id, answers = answers[0], answers[1:]
	}
	began := time.Now()
	t, err := r.staffTier(ctx, cfg, id)
	if err != nil {
		return err
	}
	defer t.Close()
	token, err := t.Accounts.SignIn(ctx, id, account.SignIn{Name: answers[0], Passphrase: answers[1], Code: answers[2], From: netip.IPv6Loopback(), Browser: "gatepost restore"})
	if err != nil {
		return err
	}
	defer func() { _ = t.Accounts.SignOut(context.WithoutCancel(ctx), id, token) }() // it ends by itself too
	actor, err := t.Accounts.Load(ctx, id, token, account.Short)
	if err != nil {
		return err
	}
	r.say("a worker signs in", time.Since(began))
	began = time.Now()
	_, err = t.Letters.TryOut(ctx, actor)
	if fault.KindOf(err) == fault.NotFound {
		return errors.New("there is no letter that this worker may open; let another worker sign in")
	}
	if err != nil {
		return err
	}
	r.say("a letter opens", time.Since(began))
	return nil
}

// keysSeal seals a copy of all key files to the key of backups.
func keysSeal(_ context.Context, c *call) error {
	cfg, words, err := c.configured(noFlags, "DIR", "OUT")
	if err != nil {
		return err
	}
	to, err := recipient(cfg)
	if err != nil {
		return err
	}
	n, err := keyfile.Copy(words[0], words[1], to)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%s holds %d key files. Keep it where no backup lies: who has both and the key of backups can guess at passphrases.\n", words[1], n)
	return nil
}
