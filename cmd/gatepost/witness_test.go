package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// witnessed does what a second administrator does with the log of a deployment,
// and gives a call that looks at it once more. run is gatepost-verify.
func (d *deployment) witnessed(t *testing.T, log, key string, run func(...string) (string, int)) (again func() (string, string, int)) {
	t.Helper()
	own, public, state := filepath.Join(d.dir, "witness.key"), filepath.Join(d.dir, "witness.pub"), filepath.Join(d.dir, "seen")
	vkey := must(t, "", "witness", "--new", own, "--name", "witness.example/elm")
	if err := os.WriteFile(public, []byte(vkey), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := gatepost(t, "", "witness", "--new", own, "--name", "witness.example/elm"); code != failed || !strings.Contains(errs, "is not overwritten") {
		t.Errorf("a key once more: code %d, %s", code, errs)
	}
	again = func() (string, string, int) {
		return gatepost(t, "", "witness", "--log", log, "--key", key, "--state", state, "--sign", own)
	}
	for i, want := range []string{"You had seen nothing of this log", "It contains what you have seen before"} {
		out, errs, code := again()
		if code != done || !strings.Contains(out, want) || !strings.Contains(out, "Cosigned: "+filepath.Join(state, "elm.cosigned")) {
			t.Errorf("look %d: code %d, %s%s", i+1, code, out, errs)
		}
	}
	// By a proof it goes on as well; how many entries were seen stands in the checkpoint's second line.
	text, err := os.ReadFile(filepath.Join(state, "elm.checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	proof := filepath.Join(d.dir, "proof")
	if err := os.WriteFile(proof, []byte(must(t, "", "audit", "extend", strings.Split(string(text), "\n")[1], "--agency", "elm", "--config", d.config)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := must(t, "", "witness", "--proof", proof, "--key", key, "--state", state, "--sign", own); !strings.HasPrefix(out, "Remembered: ") || !strings.Contains(out, "Cosigned: ") {
		t.Errorf("by a proof: %s", out)
	}
	d.refuses(t, "the newest checkpoint does not cover 9999", "", "audit", "extend", "9999")
	if out, code := run("--log", log, "--key", key, "--seen", filepath.Join(state, "elm.cosigned"), "--witness", public); code != done || !strings.Contains(out, "witness.example/elm has said of ") {
		t.Errorf("what was cosigned: code %d, %s", code, out)
	}
	if out, code := run("--log", log, "--key", key, "--seen", filepath.Join(state, "elm.checkpoint"), "--witness", public); code != failed || !strings.Contains(out, "has not cosigned it") {
		t.Errorf("what was not: code %d, %s", code, out)
	}
	return again
}
