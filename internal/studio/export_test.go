package studio

import (
	"io"
	"os"
)

// NewWith makes a studio whose child is this test itself, told by its environment
// what to be, with its errors on stderr.
func NewWith(limits Limits, stderr io.Writer, env ...string) *Studio {
	return &Studio{limits: limits, places: make(chan struct{}, 1), work: make(chan struct{}, 1), of: make(map[string]int), command: []string{os.Args[0], Word}, env: env, stderr: stderr}
}

// Confine shuts this thread in as a child is.
func Confine(memory, seconds uint64) error { return confine(memory, seconds) }
