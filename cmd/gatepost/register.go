package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"gatepost/intermediary/register"
)

// registerMatch matches two files of entries. It opens no database and keeps
// nothing: what is printed are IDs, and whose names those are is in the files.
func registerMatch(ctx context.Context, c *call) error {
	var paths [2]string
	var keep string
	if _, err := c.flags(func(fs *flag.FlagSet) {
		fs.StringVar(&paths[0], "part1", "", "")
		fs.StringVar(&paths[1], "part2", "", "")
		fs.StringVar(&keep, "keep", "", "")
	}); err != nil {
		return err
	}
	var parts [2][]register.Entry
	for i, path := range paths {
		if path == "" {
			return wrong("--part%d FILE is missing.", i+1)
		}
		var err error
		if parts[i], err = readEntries(path, c.stderr); err != nil {
			return err
		}
	}
	tell := progress{to: c.stderr}
	opts := register.Options{Progress: tell.told}
	if keep != "" {
		found, err := openFound(keep, paths)
		if err != nil {
			return err
		}
		defer found.close()
		opts.Piece, opts.Keep = found.piece, found.keep
	}
	result, err := register.Match(ctx, parts[0], parts[1], opts)
	if errors.Is(err, context.Canceled) {
		if keep != "" {
			return errors.New("stopped; the same command goes on where it stopped")
		}
		return errors.New("stopped; nothing was printed")
	}
	if err != nil {
		return fmt.Errorf("match the two parts: %w", err)
	}
	fmt.Fprintf(c.stderr, "gatepost: %d pairs compared, %d to be looked at, model %s\n", result.Compared, len(result.Proposals), result.Model.Version())
	if err := writeProposals(c.stdout, result.Proposals); err != nil || keep == "" {
		return err
	}
	if err := os.Remove(keep); err != nil {
		return fmt.Errorf("remove %s, which is of no more use: %w", keep, err)
	}
	return nil
}

func readEntries(path string, stderr io.Writer) ([]register.Entry, error) {
	file, err := os.Open(path)
	if err != nil {
		if cause, ok := errors.AsType[*fs.PathError](err); ok {
			err = cause.Err
		}
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	entries, ignored, err := register.ParseEntries(bufio.NewReaderSize(file, 1<<20))
	if closed := file.Close(); err == nil {
		err = closed
	}
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, fmt.Errorf("%s cannot be read: %w", path, cause.Err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s, %w", path, err)
	}
	if len(ignored) > 0 {
		fmt.Fprintf(stderr, "gatepost: %s: not compared: %.200q\n", path, strings.Join(ignored, ", "))
	}
	return entries, nil
}

// progress tells every tenth part of a run.
type progress struct {
	to   io.Writer
	last int
}

func (p *progress) told(done, total int) {
	if tenth := done * 10 / max(total, 1); tenth > p.last {
		p.last = tenth
		fmt.Fprintf(p.to, "gatepost: %d of %d entries looked up\n", done, total)
	}
}

func writeProposals(out io.Writer, list []register.Proposal) error {
	w := csv.NewWriter(out)
	// Errors of single lines stay with the writer until the end.
	_ = w.Write([]string{"part1_id", "part2_id", "probability", "band", "finding"})
	for _, p := range list {
		_ = w.Write([]string{p.Part1, p.Part2, strconv.FormatFloat(p.Probability, 'f', 6, 64), string(p.Band), string(p.Finding)})
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("write the proposals: %w", err)
	}
	return nil
}
