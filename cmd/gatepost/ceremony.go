package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"filippo.io/age"

	"gatepost/internal/ceremony"
)

// ceremonyMake makes an archive key with its three officers.
func ceremonyMake(ctx context.Context, c *call) error {
	var p ceremony.Plan
	shm := ""
	words, err := c.flags(func(fs *flag.FlagSet) {
		fs.StringVar(&p.Agency, "agency", "", "")
		fs.BoolVar(&p.Practice, "practice", false, "")
		fs.StringVar(&shm, "print", memory, "")
	}, "DIR, a new folder,")
	if err != nil {
		return err
	}
	p.Dir = words[0]
	return c.inRoom(ctx, shm, func(ctx context.Context, room *ceremony.Room) error {
		if err := agencyName(ctx, room, &p); err != nil {
			return err
		}
		return ceremony.Make(ctx, room, p)
	})
}

// ceremonyOfficer gives an officer's place to somebody else.
func ceremonyOfficer(ctx context.Context, c *call) error {
	var p ceremony.Plan
	var leaves, shm string
	words, err := c.flags(func(fs *flag.FlagSet) {
		fs.StringVar(&p.Agency, "agency", "", "")
		fs.StringVar(&p.Dir, "into", "", "")
		fs.StringVar(&leaves, "leaves", "", "")
		fs.BoolVar(&p.Practice, "practice", false, "")
		fs.StringVar(&shm, "print", memory, "")
	}, "DIR, the ceremony's folder,")
	if err != nil {
		return err
	}
	if p.Dir == "" {
		return wrong("--into, a new folder for the changed files, is missing.")
	}
	return c.inRoom(ctx, shm, func(ctx context.Context, room *ceremony.Room) error {
		if err := agencyName(ctx, room, &p); err != nil {
			return err
		}
		return ceremony.ChangeOfficer(ctx, room, words[0], leaves, p)
	})
}

// ceremonyDrill opens a new canary with a pair of sheets.
func ceremonyDrill(ctx context.Context, c *call) error {
	var d ceremony.Trial
	words, err := c.flags(func(fs *flag.FlagSet) {
		fs.StringVar(&d.Pair, "pair", "", "")
		fs.StringVar(&d.Object, "object", "", "")
		fs.BoolVar(&d.Practice, "practice", false, "")
	}, "DIR, the ceremony's folder,")
	if err != nil {
		return err
	}
	d.Dir = words[0]
	return c.inRoom(ctx, "", func(ctx context.Context, room *ceremony.Room) error {
		return ceremony.Drill(ctx, room, d)
	})
}

// ceremonyRead turns what was typed in from a sheet into the line that age reads.
func ceremonyRead(_ context.Context, c *call) error {
	if _, err := c.flags(noFlags); err != nil {
		return err
	}
	if err := harden(); err != nil {
		return err
	}
	typed, err := io.ReadAll(io.LimitReader(c.stdin, maxTyped))
	if err != nil {
		return fmt.Errorf("read what was typed: %w", err)
	}
	id, err := ceremony.ParseSheet(string(typed))
	if slip, ok := errors.AsType[*ceremony.Slip](err); ok {
		for i, check := range slip.Checks {
			fmt.Fprintf(c.stderr, "row %d: check %s\n", i+1, check)
		}
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, id)
	return nil
}

// showArchive prints an archive's fingerprint, to be compared with the officers'
// sheets: whoever exchanges the public line on its way here reads everything.
func (c *call) showArchive(recipient string) error {
	archive, err := age.ParseHybridRecipient(recipient)
	if err != nil {
		return errors.New("the archive's recipient is no age1pq1 string; take the line of archive.pub")
	}
	fmt.Fprintf(c.stderr, "The archive's fingerprint is\n  %s\n  %s\nCompare both lines with an officer's sheet or the ceremony's form before you go on.\n",
		ceremony.Words(archive), ceremony.Fingerprint(archive))
	return nil
}

const (
	memory   = "/dev/shm" // in memory on every Linux
	maxTyped = 8 << 10
)

func agencyName(ctx context.Context, room *ceremony.Room, p *ceremony.Plan) (err error) {
	if p.Agency == "" {
		p.Agency, err = room.Ask(ctx, "The agency's name, as it should stand on the sheets: ")
	}
	return err
}

// inRoom leads the people at this keyboard. A sheet that waits to be printed is
// removed however this ends, but for kill -9; then it is gone with the power.
func (c *call) inRoom(ctx context.Context, shm string, lead func(context.Context, *ceremony.Room) error) (err error) {
	if err := harden(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP) // the window was closed
	defer stop()
	room := &ceremony.Room{
		Say:    func(text string) { fmt.Fprint(c.stdout, text) },
		Ask:    c.lines(),
		Faults: ceremony.Faults,
		Now:    time.Now,
	}
	if shm != "" {
		dir, remove, failed := ceremony.MemoryFolder(filepath.Clean(shm))
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, remove()) }()
		room.Print = dir
	}
	err = lead(ctx, room)
	if errors.Is(err, context.Canceled) {
		return errors.New("stopped, and nothing was made; burn what was printed")
	}
	return err
}

// lines asks at the keyboard. Reading cannot be interrupted, so it is done
// beside, and whoever asks goes when it is time to go.
func (c *call) lines() func(context.Context, string) (string, error) {
	asked, typed := make(chan struct{}), make(chan string)
	go func() {
		defer close(typed)
		in := bufio.NewScanner(io.LimitReader(c.stdin, maxSession))
		for range asked {
			if !in.Scan() {
				return
			}
			typed <- in.Text()
		}
	}()
	return func(ctx context.Context, question string) (string, error) {
		fmt.Fprint(c.stdout, question)
		select {
		case asked <- struct{}{}:
		case <-ctx.Done():
			return "", ctx.Err()
		}
		select {
		case line, ok := <-typed:
			if !ok {
				return "", errors.New("nothing more was typed, so nothing was made; burn what was printed and begin again")
			}
			return line, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// maxSession is more than anybody types in an afternoon.
const maxSession = 1 << 20
