package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// toolTime is how long one run of a scanner may take before it counts as hung.
const toolTime = 3 * time.Hour

// runTool runs a scanner to its end and gives what it says. Scanners use exit
// codes each in their own way, so the code is no error: their reports are read.
func runTool(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, toolTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	// All that the scanner starts ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		return out.String(), fmt.Errorf("%s did not come to an end: %w", name, ctx.Err())
	}
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		return "", fmt.Errorf("start %s: %w", name, err)
	}
	return out.String(), nil
}

func marshal(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return text, nil
}
