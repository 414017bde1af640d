package logbook

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"gatepost/crypto/cosign"
)

// Usage tells how Inspect is called.
const Usage = `  --log DIR --key FILE [--seen FILE]... [--before FILE]... [--witness FILE]
      [--case EXCHANGE] [--tree]
      check a whole log; --seen is a checkpoint that you kept, --before one that
      you kept before a restore, --witness the public key of the witness that
      has to have cosigned them, --case lists what was done in one exchange,
      --tree leaves the signatures of entries out
  --proof FILE --key FILE
      check the proof of one entry, or those of a case
`

// ErrUse: wrong use; the error around it says what.
var ErrUse = errors.New("wrong use")

// ErrUnsound: what was checked is not sound; the report has been printed.
var ErrUnsound = errors.New("the log is not sound; see the lines that begin with WRONG")

// files are the values of a flag that may be given several times.
type files []string

func (f *files) String() string         { return fmt.Sprint([]string(*f)) }
func (f *files) Set(value string) error { *f = append(*f, value); return nil }

// Inspect is the program of an inspector: it reads files and prints a report.
// The error is nil if everything is sound, ErrUnsound if not, ErrUse for wrong
// arguments.
func Inspect(ctx context.Context, args []string, out io.Writer) error {
	var o Options
	var dir, key, proof, witness string
	var seen, before files
	fs := flag.NewFlagSet("verify", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&dir, "log", "", "")
	fs.StringVar(&key, "key", "", "")
	fs.StringVar(&proof, "proof", "", "")
	fs.StringVar(&o.Case, "case", "", "")
	fs.BoolVar(&o.TreeOnly, "tree", false, "")
	fs.Var(&seen, "seen", "")
	fs.Var(&before, "before", "")
	fs.StringVar(&witness, "witness", "", "")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 {
		return fmt.Errorf("%w: %w", ErrUse, errors.Join(err, extra(fs.Args())))
	}
	if key == "" || (dir == "") == (proof == "") {
		return fmt.Errorf("%w: --key FILE and one of --log DIR and --proof FILE are needed", ErrUse)
	}
	if witness != "" && len(seen)+len(before) == 0 {
		return fmt.Errorf("%w: --witness says who cosigned what --seen or --before names; name one", ErrUse)
	}
	if o.Case != "" && o.TreeOnly {
		return fmt.Errorf("%w: --case needs the signatures that --tree leaves out", ErrUse)
	}
	text, err := ReadFile(key, MaxKeyFile)
	if err != nil {
		return err
	}
	keys, err := ParseKeys(text)
	if err != nil {
		return err
	}
	if proof != "" {
		return inspectProof(proof, keys, out)
	}
	if o.Case != "" && len(keys.Others) == 0 {
		return fmt.Errorf("%w: --case needs the keys of door, registrar and system as well; take the whole page that gatepost audit keys prints", ErrUse)
	}
	if err := o.bring(seen, before, witness); err != nil {
		return err
	}
	return inspectLog(ctx, dir, keys, o, out)
}

// read gives the checkpoints in the files.
func (f files) read() (list [][]byte, err error) {
	for _, path := range f {
		note, err := ReadFile(path, MaxCheckpoint)
		if err != nil {
			return nil, err
		}
		list = append(list, note)
	}
	return list, nil
}

// bring reads what the reader has kept.
func (o *Options) bring(seen, before files, witness string) (err error) {
	if o.Seen, err = seen.read(); err != nil {
		return err
	}
	if o.Before, err = before.read(); err != nil {
		return err
	}
	o.Witness, err = readWitness(witness)
	return err
}

// readWitness reads a witness's public key; nil for no file.
func readWitness(path string) (*cosign.Verifier, error) {
	if path == "" {
		return nil, nil
	}
	text, err := ReadFile(path, MaxKeyFile)
	if err != nil {
		return nil, err
	}
	v, err := cosign.ParseVerifier(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s is not the public key of a witness; take the line that gatepost witness --new printed", path)
	}
	return v, nil
}

func extra(words []string) error {
	if len(words) == 0 {
		return nil
	}
	return fmt.Errorf("%q is one word too many", words[0])
}

func inspectLog(ctx context.Context, dir string, keys Keys, o Options, out io.Writer) error {
	x, err := OpenExport(os.DirFS(dir))
	if err != nil {
		return err
	}
	r, err := Verify(ctx, x, keys, o)
	if err != nil {
		return err
	}
	text := r.Text()
	if o.Case != "" {
		text += "\n" + r.CaseText(o.Case)
	}
	if _, err := io.WriteString(out, text); err != nil {
		return err
	}
	if !r.Sound() {
		return ErrUnsound
	}
	return nil
}

func inspectProof(path string, keys Keys, out io.Writer) error {
	text, err := ReadFile(path, MaxProofs)
	if err != nil {
		return err
	}
	proofs, err := ParseProofs(text)
	if err != nil {
		return err
	}
	return inspectProofs(proofs, keys, out)
}
