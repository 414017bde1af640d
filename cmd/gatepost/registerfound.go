package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"gatepost/intermediary/register"
)

// found is a file of what a long run has found so far, a line of JSON for each
// piece after a line that says of which two files by which model. It holds IDs
// and what was compared, and no name. A line that was cut short by a kill is
// done again.
type found struct {
	path   string
	file   *os.File
	pieces map[int]register.Piece
}

// foundLine is a piece as the file has it.
type foundLine struct {
	N int `json:"n"`
	register.Piece
}

// openFound opens the file, or makes it, for a run over two files of entries. One
// of another run is refused: its pieces are about other people.
func openFound(path string, parts [2]string) (*found, error) {
	head, err := headOf(parts)
	if err != nil {
		return nil, err
	}
	f := &found{path: path, pieces: map[int]register.Piece{}}
	if f.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, fmt.Errorf("%s cannot be written: %w", path, err)
	}
	if err := f.read(head); err != nil {
		return nil, errors.Join(err, f.file.Close())
	}
	return f, nil
}

// headOf says which files these are and what weighs them.
func headOf(parts [2]string) (string, error) {
	hash := sha256.New()
	for _, path := range parts {
		file, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("%s cannot be read: %w", path, err)
		}
		one := sha256.New()
		_, err = io.Copy(one, file)
		if err = errors.Join(err, file.Close()); err != nil {
			return "", fmt.Errorf("%s cannot be read: %w", path, err)
		}
		hash.Write(one.Sum(nil))
	}
	return fmt.Sprintf("gatepost register match %x %s\n", hash.Sum(nil), register.Shipped().Version()), nil
}

// read takes in the whole lines that there are, and goes on after the last.
func (f *found) read(head string) error {
	r := bufio.NewReader(f.file)
	line, err := r.ReadString('\n')
	if err != nil && line == "" { // a new file
		_, err = f.file.WriteString(head)
		return err
	}
	if line != head {
		return fmt.Errorf("%s is of another run; name another file, or remove it", f.path)
	}
	whole := int64(len(head))
	for {
		line, err := r.ReadBytes('\n')
		var piece foundLine
		if err != nil || json.Unmarshal(line, &piece) != nil {
			break
		}
		f.pieces[piece.N] = piece.Piece
		whole += int64(len(line))
	}
	if err := f.file.Truncate(whole); err != nil {
		return fmt.Errorf("go on in %s: %w", f.path, err)
	}
	_, err = f.file.Seek(whole, io.SeekStart)
	return err
}

func (f *found) piece(n int) (register.Piece, bool) {
	p, ok := f.pieces[n]
	return p, ok
}

func (f *found) keep(n int, p register.Piece) error {
	line, err := json.Marshal(foundLine{n, p})
	if err == nil {
		_, err = f.file.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	return nil
}

func (f *found) close() { _ = f.file.Close() } // every line was written
