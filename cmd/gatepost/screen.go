package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"unicode/utf8"

	"gatepost/letterbox/screening"
)

const (
	// longestLetter is a line of the letters; one is a few thousand bytes long.
	longestLetter = 8 << 20
	// longestList is what the protected list may have in bytes: a thousand entries
	// are a fifth of it.
	longestList = 1 << 20
)

// screened is what is printed for a letter; offsets are Unicode code points.
type screened struct {
	ID       json.RawMessage `json:"id"`
	Findings []marked        `json:"findings"`
}

type marked struct {
	Start    int                `json:"start"`
	End      int                `json:"end"`
	Category screening.Category `json:"category"`
	Severity screening.Severity `json:"severity"`
	Rule     string             `json:"rule"`
}

// screenLetters screens letters, one JSON object a line. It opens no database and
// keeps nothing. A line that cannot be read ends it: a letter that was left out
// would look like one in which nothing was found. The rule says how something was
// found and never what of the list it is.
func screenLetters(ctx context.Context, c *call) error {
	var path string
	if _, err := c.flags(func(fs *flag.FlagSet) { fs.StringVar(&path, "protected", "", "") }); err != nil {
		return err
	}
	if path == "" {
		return wrong("--protected FILE is missing.")
	}
	screen, err := readProtected(path)
	if err != nil {
		return err
	}
	lines := bufio.NewReaderSize(c.stdin, 64<<10)
	out := bufio.NewWriter(c.stdout)
	err = screenLines(ctx, screen, lines, out)
	if flushed := out.Flush(); err == nil && flushed != nil {
		err = fmt.Errorf("write the findings: %w", flushed)
	}
	return err
}

func readProtected(path string) (*screening.Screen, error) {
	file, err := os.Open(path)
	if err != nil {
		if cause, ok := errors.AsType[*fs.PathError](err); ok {
			err = cause.Err
		}
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	text, err := io.ReadAll(io.LimitReader(file, longestList+1))
	if closed := file.Close(); err == nil {
		err = closed
	}
	switch cause, ok := errors.AsType[*fs.PathError](err); {
	case ok:
		return nil, fmt.Errorf("%s cannot be read: %w", path, cause.Err)
	case err != nil:
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	case len(text) > longestList:
		return nil, fmt.Errorf("%s is longer than 1 MiB, which is no protected list", path)
	}
	list, err := screening.ParseList(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	screen, err := screening.Compile(list)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return screen, nil
}

func screenLines(ctx context.Context, screen *screening.Screen, lines *bufio.Reader, out io.Writer) error {
	answers := json.NewEncoder(out)
	answers.SetEscapeHTML(false)
	for n := 1; ; n++ {
		if ctx.Err() != nil {
			return errors.New("stopped; the letters above were screened")
		}
		line, err := wholeLine(lines)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var id json.RawMessage
		var text string
		if err == nil {
			id, text, err = parseLetter(line)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if err := answers.Encode(screened{id, inPoints(text, screen.Scan(text))}); err != nil {
			return fmt.Errorf("write the findings: %w", err)
		}
	}
}

// wholeLine reads a line of any length up to the longest.
func wholeLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if line = append(line, part...); len(line) > longestLetter {
			return nil, errors.New("it is longer than 8 MiB")
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) > 0, err == nil:
			return line, nil
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		}
		return nil, fmt.Errorf("read the letters: %w", err)
	}
}

// parseLetter reads {"id", "text"}; what else the object has is not read. An error
// is the rest of a sentence and repeats nothing of the line.
func parseLetter(line []byte) (id json.RawMessage, text string, err error) {
	var raw struct {
		ID   json.RawMessage `json:"id"`
		Text *string         `json:"text"`
	}
	if !utf8.Valid(line) {
		return nil, "", errors.New("it is not UTF-8 text")
	}
	if err := json.Unmarshal(line, &raw); err != nil {
		return nil, "", errors.New(`it is not a JSON object {"id", "text"} with a text that is text`)
	}
	switch {
	case len(raw.ID) == 0 || raw.ID[0] != '"' && raw.ID[0] != '-' && (raw.ID[0] < '0' || raw.ID[0] > '9'):
		return nil, "", errors.New("its id is missing, or neither a text nor a number")
	case raw.Text == nil:
		return nil, "", errors.New("its text is missing")
	}
	return raw.ID, *raw.Text, nil
}

// inPoints gives findings with offsets in code points.
func inPoints(text string, found []screening.Finding) []marked {
	list := make([]marked, 0, len(found))
	if len(found) == 0 {
		return list
	}
	points, n := make([]int32, len(text)+1), int32(0)
	for i := range text {
		points[i] = n
		n++
	}
	points[len(text)] = n
	for _, f := range found {
		list = append(list, marked{int(points[f.Start]), int(points[f.End]), f.Category, f.Severity, f.Rule})
	}
	return list
}
