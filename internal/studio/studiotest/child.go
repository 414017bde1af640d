// Package studiotest lets a test program be the child of a studio, which starts its
// own program anew.
package studiotest

import (
	"os"

	"gatepost/internal/studio"
)

// Child is the first line of a TestMain: in the program that a [studio.Studio]
// started it becomes that child, and does not return.
func Child() {
	if len(os.Args) > 1 && os.Args[1] == studio.Word {
		_ = studio.Serve(os.Args[2:], os.Stdout)
		os.Exit(1)
	}
}
