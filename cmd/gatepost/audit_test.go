package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// inspect does what an inspector does with the log of a deployment that runs,
// with the program and with the small one that is handed out.
func (d *deployment) inspect(t *testing.T) {
	t.Helper()
	small := filepath.Join(t.TempDir(), "gatepost-verify")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", small, "../gatepost-verify").CombinedOutput(); err != nil {
		t.Fatalf("build gatepost-verify: %v\n%s", err, out)
	}
	run := func(args ...string) (string, int) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), small, args...)
		out, err := cmd.CombinedOutput()
		if err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	key, log := filepath.Join(d.dir, "keys.txt"), filepath.Join(d.dir, "log")
	if err := os.WriteFile(key, []byte(must(t, "", "audit", "keys", "--config", d.config)), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "", "audit", "export", log, "--agency", "elm", "--config", d.config)
	d.refuses(t, "is there already", "", "audit", "export", log)
	want := regexp.MustCompile(`^The log of elm: \d+ entries.*\n\d+ checkpoints? held`)
	if out := must(t, "", "verify", "--log", log, "--key", key); !want.MatchString(out) || !strings.Contains(out, "Nothing is wrong") || !strings.Contains(out, "role 1") {
		t.Errorf("verify: %s", out)
	}
	if out, code := run("--log", log, "--key", key); code != done || !want.MatchString(out) {
		t.Errorf("gatepost-verify: code %d, %s", code, out)
	}

	again := d.witnessed(t, log, key, run)
	proof := filepath.Join(d.dir, "0.tlog-proof")
	if err := os.WriteFile(proof, []byte(must(t, "", "audit", "prove", "0", "--config", d.config)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := run("--proof", proof, "--key", key); code != done || !strings.HasPrefix(out, "1 entry stands in the log of elm") || !strings.Contains(out, "Nothing is wrong.") {
		t.Errorf("a proof: code %d, %s", code, out)
	}
	d.refuses(t, "no entry 9999", "", "audit", "prove", "9999")

	entries := filepath.Join(log, "entries-0000000000.txt")
	text, err := os.ReadFile(entries)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(entries, bytes.Replace(text, []byte("\nevent role\n"), []byte("\nevent rule\n"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := run("--log", log, "--key", key); code != failed || !regexp.MustCompile(`WRONG: entry \d+ is not what the log had there`).MatchString(out) {
		t.Errorf("an edited entry: code %d, %s", code, out)
	}
	if out, errs, code := again(); code != failed || !strings.Contains(out, "is not what the log had there") || !strings.Contains(errs, "nothing was remembered or signed") {
		t.Errorf("the witness looks at an edited entry: code %d, %s%s", code, out, errs)
	}
	for _, args := range [][]string{{}, {"--log", log}, {"--key", key}, {"--log", log, "--proof", proof, "--key", key}, {"--log", log, "--key", key, "--case", "ex1", "--tree"}} {
		if out, code := run(args...); code != wrongUse || !strings.Contains(out, "--log DIR") {
			t.Errorf("%v: code %d, %s", args, code, out)
		}
		if _, errs, code := gatepost(t, "", append([]string{"verify"}, args...)...); code != wrongUse || !strings.Contains(errs, "wrong use") {
			t.Errorf("verify %v: code %d, %s", args, code, errs)
		}
	}
}
