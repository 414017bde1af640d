package demo

import "context"

// InTurns is inTurns.
func InTurns(width int, acts []func() error) error { return inTurns(width, acts) }

// Patiently is patiently.
func Patiently(ctx context.Context, act func() error) error { return patiently(ctx, act) }
