package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.program, "program", "bin/gatepost", "the program that is scanned")
	flag.StringVar(&o.accepted, "accepted", "scripts/scan.accepted", "findings with a reason")
	flag.StringVar(&o.dir, "dir", "", "an empty folder for worlds and reports; it stays")
	flag.BoolVar(&o.selfTest, "self-test", false, "show the scanners the weak server only")
	flag.StringVar(&o.only, "only", "", "one scanner: sqlmap, wapiti, ffuf or testssl")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := o.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// options is what the command line says.
type options struct {
	program, accepted, dir, only string
	selfTest                     bool
}

// scanner is one of the four.
type scanner struct {
	name string
	weak func(context.Context, *weakServer) ([]finding, error)
	// must are findings about the weak server without which the scanner is blind.
	must []string
	scan func(context.Context, *world) ([]finding, error)
}

// scanners are in the order in which they work: testssl asks for no page, and
// those that try passphrases come last, since the limits of the door then let
// nobody else in from this address.
func (o options) scanners(dir string) []scanner {
	all := []scanner{testssl(dir), ffuf(dir), wapiti(dir), sqlmap(dir)}
	if o.only == "" {
		return all
	}
	var one []scanner
	for _, s := range all {
		if s.name == o.only {
			one = append(one, s)
		}
	}
	return one
}

func (o options) run(ctx context.Context) error {
	if o.dir == "" {
		return errors.New("--dir names an empty folder for the reports")
	}
	list := o.scanners(o.dir)
	if len(list) == 0 {
		return fmt.Errorf("there is no scanner %q", o.only)
	}
	if err := notBlind(ctx, o.dir, list); err != nil || o.selfTest {
		return err
	}
	allowed, err := readAccepted(o.accepted)
	if err != nil {
		return err
	}
	w, err := newWorld(ctx, o.program, o.dir)
	if err != nil {
		return err
	}
	found, err := scanAll(ctx, w, list)
	err = errors.Join(err, w.stop())
	return errors.Join(err, allowed.judge(os.Stdout, found, o.only))
}

// notBlind shows each scanner the weak server.
func notBlind(ctx context.Context, dir string, list []scanner) error {
	weak, err := newWeakServer(ctx, dir)
	if err != nil {
		return err
	}
	var faults []error
	for _, s := range list {
		began := time.Now()
		found, err := s.weak(ctx, weak)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s cannot scan the weak server: %w", s.name, err))
			continue
		}
		faults = append(faults, unseen(s, found))
		fmt.Printf("%-8s sees what is wrong with the weak server: %d findings, %s\n", s.name, len(found), took(began))
	}
	return errors.Join(append(faults, weak.stop())...)
}

func scanAll(ctx context.Context, w *world, list []scanner) ([]finding, error) {
	var found []finding
	var faults []error
	for _, s := range list {
		began := time.Now()
		more, err := w.awake(ctx, func() ([]finding, error) { return s.scan(ctx, w) })
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", s.name, err))
		}
		found = append(found, more...)
		fmt.Printf("%-8s %d findings, %s\n", s.name, len(more), took(began))
	}
	return found, errors.Join(faults...)
}

func took(began time.Time) time.Duration { return time.Since(began).Round(time.Second) }
