package main

import (
	"context"

	"gatepost/internal/studio"
)

// soundClean is the child that the server starts for each recording. It becomes
// ffmpeg, and brings nothing of ours along: no configuration, no key, no database.
func soundClean(_ context.Context, c *call) error {
	words, err := c.flags(noFlags, "the kind", "the program", "the memory", "the time")
	if err != nil {
		return err
	}
	return studio.Serve(words, c.stdout)
}
