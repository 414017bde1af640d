package main

import (
	"context"

	"gatepost/internal/darkroom"
)

// photoClean is the child that the server starts for each picture. It reads what
// to do from its parent and nothing of ours: no configuration, no key, no database.
func photoClean(_ context.Context, c *call) error {
	if _, err := c.flags(noFlags); err != nil {
		return err
	}
	return darkroom.Serve(c.stdin, c.stdout)
}
