package private_test

import (
	"os/exec"
	"strings"
	"testing"

	"gatepost/internal/postgres/private"
)

// A client is of the asked version or newer, and what is not there is told.
func TestClient(t *testing.T) {
	for _, name := range []string{"pg_dump", "pg_restore"} {
		path, major, err := private.Client(t.Context(), name, 15)
		if err != nil || major < 15 {
			t.Fatalf("%s: %s %d, %v", name, path, major, err)
		}
		out, err := exec.CommandContext(t.Context(), path, "--version").Output()
		if err != nil || !strings.HasPrefix(string(out), name+" (PostgreSQL) ") {
			t.Errorf("%s says %q, %v", path, out, err)
		}
	}
	for name, version := range map[string]int{"pg_dump": 19, "pg_nothing": 15} {
		if path, _, err := private.Client(t.Context(), name, version); err == nil {
			t.Errorf("%s %d: %s", name, version, path)
		}
	}
}
