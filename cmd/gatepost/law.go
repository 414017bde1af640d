package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"gatepost/intermediary/law"
)

// answer is what a table says of one line.
type answer struct {
	Row      law.RowID    `json:"row"`
	Outcome  law.Outcome  `json:"outcome"`
	Effects  []law.Effect `json:"effects"`
	Citation string       `json:"citation"`
	Reason   string       `json:"reason"`
}

// lawDecide answers facts that are put to a table, one JSON object a line. A
// line that cannot be read is answered with what is wrong with it, and the next
// one is read. It decides nothing for anybody: facts that were typed make no
// permit.
func lawDecide(_ context.Context, c *call) error {
	words, err := c.flags(noFlags, "the table")
	if err != nil {
		return err
	}
	table, ok := law.Lookup(words[0])
	if !ok {
		return wrong("there is no table %q; they are 8a to 8i.", words[0])
	}
	out := json.NewEncoder(c.stdout)
	out.SetEscapeHTML(false)
	lines := bufio.NewReaderSize(c.stdin, longestFacts)
	n, refused := 0, 0
	for {
		line, err := nextLine(lines)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, errLong) {
			return fmt.Errorf("read the facts: %w", err)
		}
		if err == nil && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		n++
		var said any
		if err == nil {
			said, err = decide(table, line)
		}
		if err != nil {
			refused++
			said = map[string]string{"error": err.Error()}
		}
		if err := out.Encode(said); err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
	}
	if refused > 0 {
		return fmt.Errorf("%d of %d lines could not be answered; each says why", refused, n)
	}
	return nil
}

func decide(table *law.Table, line []byte) (answer, error) {
	facts, err := table.ParseFacts(line)
	if err != nil {
		return answer{}, err
	}
	f, err := table.Decide(facts)
	if err != nil {
		return answer{}, err
	}
	return answer{f.Row(), f.Outcome(), f.Effects(), f.Citation(), f.Reason()}, nil
}

// longestFacts is how long a line may be; the facts of the largest table need a
// thirtieth of it.
const longestFacts = 64 << 10

var errLong = errors.New("the line is longer than 64 KiB")

// nextLine reads a line. One that is too long is read to its end and left out.
func nextLine(r *bufio.Reader) ([]byte, error) {
	line, long, err := r.ReadLine()
	if err != nil || !long {
		return line, err
	}
	for long && err == nil {
		_, long, err = r.ReadLine()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return nil, errLong
}

// lawPrint prints docs/law.md.
func lawPrint(_ context.Context, c *call) error {
	if _, err := c.flags(noFlags); err != nil {
		return err
	}
	_, err := io.WriteString(c.stdout, law.Document())
	return err
}
