// Package darkroomtest lets a test program be the child of a darkroom, which
// starts its own program anew.
package darkroomtest

import (
	"os"

	"gatepost/internal/darkroom"
)

// Child is the first line of a TestMain: in the program that a [darkroom.Room]
// started it is that child, and does not return.
func Child() {
	if len(os.Args) == 2 && os.Args[1] == darkroom.Word {
		if err := darkroom.Serve(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
}
