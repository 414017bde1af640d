package demo

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Planted lists every private thing that stands in the made-up world before
// anybody has signed in: names, addresses, numbers, what was agreed by
// telephone, the lines of each letter, reasons and notes. A search of what is
// stored must find none of them.
func Planted() ([]string, error) {
	list := []string{fact}
	for _, c := range slices.Concat(workers(), families(), applicants()) {
		list = append(list, c.name, c.phone)
		list = append(list, strings.Split(c.address, "\n")...)
	}
	for _, c := range children() {
		list = append(list, c.birth, c.adoptive)
	}
	for _, r := range relations() {
		for _, side := range r.sides {
			list = append(list, side.names.Self, side.names.Other)
		}
	}
	for _, step := range script() {
		list = append(list, lines(step.words)...)
		list = append(list, lines(step.note)...)
	}
	for _, text := range said() {
		list = append(list, lines(text)...)
	}
	list = append(list, caseWords()...)
	err := fs.WalkDir(letters, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := letters.ReadFile(path)
		list = append(list, lines(string(text))...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the letters of the demo: %w", err)
	}
	kept := list[:0]
	for _, one := range list {
		// "Elsie" alone stands in a hexadecimal text by chance.
		if len(one) >= 7 {
			kept = append(kept, one)
		}
	}
	return kept, nil
}

// lines gives pieces of a text of the length of a name, so that half a
// sentence is found too.
func lines(text string) (list []string) {
	const piece = 24
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, "@") { // an address is one piece
			list, line = append(list, line), ""
		}
		for len(line) >= piece {
			list, line = append(list, line[:piece]), line[piece:]
		}
	}
	return list
}
