package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"gatepost/internal/highwater"
	"gatepost/internal/logbook"
	"gatepost/internal/witness"
)

// witnessLook is the second administrator's command. It needs no configuration,
// no database and no network.
func witnessLook(ctx context.Context, c *call) error {
	var o witness.Order
	var key, state, sign, made, name, proof string
	_, err := c.flags(func(fs *flag.FlagSet) {
		fs.StringVar(&o.Dir, "log", "", "")
		fs.StringVar(&proof, "proof", "", "")
		fs.StringVar(&key, "key", "", "")
		fs.StringVar(&state, "state", "", "")
		fs.StringVar(&sign, "sign", "", "")
		fs.BoolVar(&o.Restored, "restored", false, "")
		fs.StringVar(&made, "new", "", "")
		fs.StringVar(&name, "name", "", "")
	})
	switch {
	case err != nil:
		return err
	case made != "" && (o.Dir != "" || proof != "" || key != "" || state != "" || sign != "" || o.Restored):
		return wrong("--new makes a key and does nothing else.")
	case made != "":
		return c.newWitness(made, name)
	case (o.Dir == "") == (proof == "") || key == "" || state == "" || name != "":
		return wrong("one of --log DIR and --proof FILE, --key FILE and --state DIR are needed; or --new KEY with --name NAME.")
	}
	if o.Proof, err = readExtension(proof); err != nil {
		return err
	}
	text, err := logbook.ReadFile(key, logbook.MaxKeyFile)
	if err != nil {
		return err
	}
	if o.Keys, err = logbook.ParseKeys(text); err != nil {
		return err
	}
	if sign != "" {
		if o.Sign, err = witness.ReadKey(sign, time.Now); err != nil {
			return err
		}
	}
	if o.State, err = highwater.Open(state); err != nil {
		return err
	}
	res, err := witness.Look(ctx, o)
	return errors.Join(err, c.witnessed(o, res, err == nil))
}

// readExtension reads what audit extend wrote; nil for no file.
func readExtension(path string) (*logbook.Extension, error) {
	if path == "" {
		return nil, nil
	}
	text, err := logbook.ReadFile(path, logbook.MaxExtension)
	if err != nil {
		return nil, err
	}
	e, err := logbook.ParseExtension(text)
	return &e, err
}

// newWitness makes a witness's key.
func (c *call) newWitness(path, name string) error {
	if name == "" {
		return wrong("--name NAME is missing: how the witness is called, such as witness.example/oak.")
	}
	vkey, err := witness.NewKey(path, name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.stdout, vkey)
	fmt.Fprintf(c.stderr, "%s is secret and stays here. The line above is public: print it, and give it to whoever checks what you cosign.\n", path)
	return err
}

// witnessed says what was found, and what became of it.
func (c *call) witnessed(o witness.Order, res witness.Result, held bool) error {
	if res.Report != nil {
		fmt.Fprint(c.stdout, res.Report.Text())
	}
	if !held {
		return nil
	}
	if res.Before.Size == 0 {
		fmt.Fprintf(c.stdout, "You had seen nothing of this log, and believe it as it is: compare its keys with those on paper.\n")
	}
	fmt.Fprintf(c.stdout, "Remembered: %d entries, %s (%s).\n", res.Now.Size, res.Now.Root, o.State.Path(o.Keys.Agency+".checkpoint"))
	if res.Cosigned != "" {
		fmt.Fprintf(c.stdout, "Cosigned: %s. Hand it out: printed, or to whoever checks the log with --seen.\n", res.Cosigned)
	}
	return nil
}
