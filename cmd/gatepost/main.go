package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	// The agency's own time, also on a machine without a time zone database.
	_ "time/tzdata"

	"gatepost/crypto/passphrase"
	"gatepost/internal/config"
	"gatepost/internal/darkroom"
	"gatepost/internal/fault"
	"gatepost/internal/postgres/private"
	"gatepost/internal/studio"
	"gatepost/web/assets"
	"gatepost/web/words"
)

func main() {
	os.Exit(program{assets: assets.FS(), work: passphrase.Standard()}.main())
}

// Exit codes.
const (
	done     = 0
	failed   = 1
	wrongUse = 2
	lacks    = 3 // a backup that is whole, but for what the store has lost
)

// program is what the tests of this package exchange: page assets that were
// not built, and passphrase work that would cost them minutes.
type program struct {
	assets fs.FS
	work   *passphrase.Work
}

// main runs the program with the process's own arguments and signals.
func (p program) main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Once told to stop, a second Ctrl-C stops at once.
	context.AfterFunc(ctx, stop)
	return p.run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
}

// call is one use of the program.
type call struct {
	program
	args   []string
	env    func(string) string
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

type command struct {
	words []string
	run   func(context.Context, *call) error
}

// commands lists every command; longer names come before their beginnings.
func commands() []command {
	return []command{
		{[]string{"demo", "code"}, demoCode},
		{[]string{"demo"}, demoRun},
		{[]string{"serve"}, serve},
		{[]string{"migrate"}, migrate},
		{[]string{"doctor"}, examine},
		{[]string{"ceremony", "read"}, ceremonyRead},
		{[]string{"ceremony", "drill"}, ceremonyDrill},
		{[]string{"ceremony", "officer"}, ceremonyOfficer},
		{[]string{"ceremony"}, ceremonyMake},
		{[]string{"keys", "init"}, keysInit},
		{[]string{"keys", "seal"}, keysSeal},
		{[]string{"agency", "add"}, agencyAdd},
		{[]string{"agency", "open"}, agencyOpen},
		{[]string{"agency", "list"}, agencyList},
		{[]string{"worker", "invite"}, workerInvite},
		{[]string{"worker", "list"}, workerList},
		{[]string{"worker", "suspend"}, workerSuspend},
		{[]string{"worker", "leave"}, workerLeave},
		{[]string{"audit", "restored"}, auditRestored},
		{[]string{"audit", "export"}, auditExport},
		{[]string{"audit", "keys"}, auditKeys},
		{[]string{"audit", "prove"}, auditProve},
		{[]string{"audit", "extend"}, auditExtend},
		{[]string{"verify"}, verify},
		{[]string{"witness"}, witnessLook},
		{[]string{"parts", "move"}, partsMove},
		{[]string{"parts", "take"}, partsTake},
		{[]string{"parts", "write-off"}, partsWriteOff},
		{[]string{"backup"}, backupWrite},
		{[]string{"restore"}, backupRestore},
		{[]string{"law", "decide"}, lawDecide},
		{[]string{"law", "print"}, lawPrint},
		{[]string{"register", "match"}, registerMatch},
		{[]string{"screen"}, screenLetters},
		{[]string{"bench"}, runBench},
		{[]string{darkroom.Word}, photoClean}, // for the program itself, and not in its help
		{[]string{studio.Word}, soundClean},   // so is this
	}
}

const usage = `Gatepost relays letters between families through a worker who reads each one.

  gatepost demo [--data DIR] [--public ADDR] [--staff ADDR]
      a private database, a made-up agency and both tiers, on this machine only
  gatepost demo code PERSON [--data DIR]
      that demo person's current one-time code

  gatepost ceremony DIR [--agency NAME] [--print FOLDER] [--practice]
      an archive key for three officers, of whom any two open it; no network,
      no configuration. Sheets wait for the printer in FOLDER, in memory
  gatepost ceremony drill DIR --pair AB [--object FILE] [--practice]
      the yearly proof: two typed sheets open the canary and a new one, and an
      object of the running service
  gatepost ceremony officer DIR --leaves A --into NEWDIR [--agency NAME] [--practice]
      an officer's place goes to another; the archive's key stays
  gatepost ceremony read
      a sheet that is typed in, as the one line that age -i reads

  gatepost serve --config FILE --tier public|staff|both
  gatepost migrate --config FILE
  gatepost doctor --config FILE [--tier public|staff] [--whole]
      what is wrong and what to do, a line each; 0 only if nothing is. Beside a
      running server, and changes nothing; --whole verifies every signature
  gatepost keys init DIR
  gatepost keys seal DIR OUT --config FILE
      a copy of all key files, sealed to backup.recipient
  gatepost agency add ID --name NAME --archive AGE1PQ1... --keys DIR --config FILE
      [--phone NUMBER] [--hours TEXT] [--public-host NAME] [--staff-host NAME]
  gatepost agency open ID --config FILE
  gatepost agency list --config FILE
  gatepost worker invite --config FILE --agency ID
  gatepost worker list --config FILE --agency ID
  gatepost worker suspend WORKER --config FILE --agency ID
  gatepost worker leave WORKER --config FILE --agency ID
      with a manager at the keyboard, whose session grants every case anew

  gatepost audit restored --config FILE [--agency ID] [--seen FILE]...
      states that an older backup was restored on purpose; else both tiers
      refuse a log that is behind what they have seen

  gatepost audit export DIR --config FILE [--agency ID]
      the whole log for an inspector: no names and no letters are in it
  gatepost audit keys --config FILE [--agency ID]
      the keys that it is checked with, to be printed and kept apart
  gatepost audit prove NUMBER --config FILE [--agency ID]
      one entry with the proof that the log has it (c2sp.org/tlog-proof)
  gatepost audit extend ENTRIES --config FILE [--agency ID]
      for a witness who has seen so many: the proof that the log goes on from there
  gatepost verify --log DIR --key FILE [--seen FILE]... [--witness FILE]
      [--case EXCHANGE] [--tree]
  gatepost verify --proof FILE --key FILE
      checks what audit export or audit prove wrote; gatepost-verify is the same
      without everything else
  gatepost witness --log DIR --key FILE --state DIR [--sign KEY] [--restored]
  gatepost witness --proof FILE --key FILE --state DIR [--sign KEY]
      for somebody outside: remembers in DIR how far the log went, and refuses
      one that does not go on from there; KEY cosigns (c2sp.org/tlog-cosignature)
  gatepost witness --new KEY --name NAME
      that key, and its public line to be printed

  gatepost parts move store|database --config FILE
      photos, recordings and scans from the database into the store of [parts],
      or back; beside running tiers, and to be begun again when it was stopped
  gatepost parts take --config FILE
      the bucket of [parts] is this deployment's from now on: after a restore or
      a move of the database, and only where no other deployment uses it
  gatepost parts write-off KEY --config FILE
      a part that the store has lost, and no backup has, is looked for no more
  gatepost backup FILE --config FILE [--keep DAYS]
      the database, sealed to backup.recipient; those that it wrote into
      backup.folder are deleted after 35 days, or DAYS. It ends with 3 where it
      is whole but for parts that the store has lost
  gatepost restore FILE --config FILE --identity KEYFILE [--seen FILE]...
      into an empty database, with proofs; --worker: a worker signs in here and
      a letter opens; --check: all of it in a database beside that is dropped;
      --missing NUMBER: without so many parts that the backup does not have

  gatepost law decide TABLE < FACTS
      what the law says: one JSON object of facts a line, TABLE 8a to 8i as in
      docs/law.md; a line that cannot be answered says why
  gatepost law print
      the law as Markdown, the page docs/law.md

  gatepost register match --part1 FILE --part2 FILE [--keep FILE]
      who of two lists of a contact register may be the same child: CSV with a
      header (id, forename, surname, dob, mother_forename, mother_surname,
      place; sex, agency, mother_other_surname, dob_text where they are known)

  gatepost screen --protected FILE < LETTERS
      what in letters could tell who or where somebody is, for a worker to look
      at: {"id", "text"} a line; FILE is a JSON list of {"kind", "value"}, with
      the kinds in docs/screening.md. No finding does not mean that there is none

  gatepost bench relay|pages|live|audit|law|register|screen|growth [--json]
      how fast it is here, beside a floor that does the same cryptography and
      the same commits and nothing else; growth stores a million letters first
      and takes a while and 15 GB. register, beside a naive scorer, with a Part 1
      of a million made-up entries, or --rows NUMBER
  gatepost bench performance
      all of them, as the page docs/performance.md
`

// run finds the command, runs it, and says what went wrong.
func (p program) run(ctx context.Context, args []string, env func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 && (args[0] == "help" || args[0] == "--help" || args[0] == "-h") {
		fmt.Fprint(stdout, usage)
		return done
	}
	for _, c := range commands() {
		if rest, ok := cut(args, c.words); ok {
			err := c.run(ctx, &call{p, rest, env, stdin, stdout, stderr})
			return report(stderr, err)
		}
	}
	if len(args) > 0 {
		fmt.Fprintf(stderr, "gatepost: there is no such command.\n\n")
	}
	fmt.Fprint(stderr, usage)
	return wrongUse
}

func cut(args, words []string) ([]string, bool) {
	if len(args) < len(words) {
		return nil, false
	}
	for i, word := range words {
		if args[i] != word {
			return nil, false
		}
	}
	return args[len(words):], true
}

// misuse is an error of the person at the keyboard.
type misuse struct{ text string }

func (m misuse) Error() string { return m.text }

func wrong(format string, args ...any) error { return misuse{fmt.Sprintf(format, args...)} }

// report prints an error, one line for each problem, and gives the exit code.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return done
	}
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, usage)
		return done
	}
	for line := range strings.SplitSeq(explain(err), "\n") {
		fmt.Fprintf(stderr, "gatepost: %s\n", line)
	}
	if _, ok := errors.AsType[misuse](err); ok {
		fmt.Fprintln(stderr, "gatepost: gatepost help lists the commands.")
		return wrongUse
	}
	if _, ok := errors.AsType[lacking](err); ok {
		return lacks
	}
	return failed
}

// explain gives an error in words for the person at the keyboard.
func explain(err error) string {
	if inUse, ok := errors.AsType[*private.ErrInUse](err); ok {
		return fmt.Sprintf("%s is in use by pid %d; stop that one first, or choose another folder with --data.", filepath.Dir(inUse.Dir), inUse.PID)
	}
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind != fault.Internal {
		if catalogue, err := words.Load(); err == nil {
			return catalogue.In("en").T(f.Message)
		}
	}
	return err.Error()
}

// flags reads flags and other words in any order: "demo code kelly --data DIR".
// names say what the other words are; each must be there.
func (c *call) flags(define func(*flag.FlagSet), names ...string) ([]string, error) {
	fs := flag.NewFlagSet("gatepost", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	define(fs)
	var words []string
	for rest := c.args; ; {
		if err := fs.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, wrong("%v.", err)
		}
		if rest = fs.Args(); len(rest) == 0 {
			break
		}
		words, rest = append(words, rest[0]), rest[1:]
	}
	if len(words) < len(names) {
		return nil, wrong("%s is missing.", names[len(words)])
	}
	if len(words) > len(names) {
		return nil, wrong("%q is one word too many.", words[len(names)])
	}
	return words, nil
}

// configured adds --config and, after reading the flags, loads the file.
func (c *call) configured(define func(*flag.FlagSet), names ...string) (*config.Config, []string, error) {
	var path string
	words, err := c.flags(func(fs *flag.FlagSet) {
		fs.StringVar(&path, "config", "", "")
		define(fs)
	}, names...)
	if err != nil {
		return nil, nil, err
	}
	if path == "" {
		return nil, nil, wrong("--config FILE is missing.")
	}
	loaded, err := config.Load(path)
	return loaded, words, err
}

func noFlags(*flag.FlagSet) {}
