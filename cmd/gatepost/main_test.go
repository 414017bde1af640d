package main

// Package main and not main_test: the tests run this program's own main in a
// process of its own, with cheap passphrases.

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"gatepost/crypto/passphrase/passphrasetest"
	"gatepost/internal/postgres/postgrestest"
)

const runMain = "GATEPOST_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		os.Exit(testProgram().main())
	}
	os.Exit(m.Run())
}

func testProgram() program {
	return program{assets: fstest.MapFS{"app.css": {}, "app.js": {}, "favicon.svg": {}}, work: passphrasetest.Fast()}
}

// gatepost runs a command to its end, in this process.
func gatepost(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	env := func(name string) string { return map[string]string{"HOME": "/nonexistent"}[name] }
	code = testProgram().run(t.Context(), args, env, strings.NewReader(stdin), &out, &errs)
	return out.String(), errs.String(), code
}

// must runs a command that has to succeed.
func must(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	out, errs, code := gatepost(t, stdin, args...)
	if code != done {
		t.Fatalf("gatepost %s: code %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// process is a gatepost in a process of its own.
type child struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string // of both streams
	ended chan struct{}
	once  sync.Once
	text  strings.Builder // every line that was looked at
}

// start runs a command beside the test; it is killed when the test ends.
func start(t *testing.T, args ...string) *child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: exec.Command(self, args...), lines: make(chan string, 1000), ended: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), runMain+"=1")
	r, w := io.Pipe()
	c.cmd.Stdout, c.cmd.Stderr = w, w
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.cmd.Wait() // how it ended is in ProcessState
		_ = w.Close()
	}()
	go func() {
		for s := bufio.NewScanner(r); s.Scan(); {
			c.lines <- s.Text()
		}
		close(c.lines)
		close(c.ended)
	}()
	t.Cleanup(func() { c.stop(syscall.SIGKILL) })
	return c
}

// until reads lines up to one that holds text, and gives that.
func (c *child) until(text string) string {
	c.t.Helper()
	for line := range c.lines {
		c.text.WriteString(line + "\n")
		if strings.Contains(line, text) {
			return line
		}
	}
	c.t.Fatalf("it ended (%v) and never said %q:\n%s", c.cmd.ProcessState, text, c.text.String())
	return ""
}

// stop signals it, waits, and gives its exit code: -1 if it was killed.
func (c *child) stop(sig syscall.Signal) int {
	c.once.Do(func() { _ = c.cmd.Process.Signal(sig) }) // it may have ended
	return c.wait()
}

func (c *child) wait() int {
	for line := range c.lines {
		c.text.WriteString(line + "\n")
	}
	<-c.ended
	return c.cmd.ProcessState.ExitCode()
}

// folder makes an empty folder that the user of the database can enter, which
// those of t.TempDir are not.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := postgrestest.MkdirTemp("gatepost-cmd-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := postgrestest.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// status asks for a page as a browser does whom a host name has led here.
func status(t *testing.T, url, host string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	code, _ := fetch(t, r)
	return code
}

func TestWrongUse(t *testing.T) {
	for _, c := range []struct {
		args string
		want string
	}{
		{"", "gatepost demo"},
		{"fly", "no such command"},
		{"keys", "no such command"},
		{"keys init", "DIR is missing"},
		{"keys init a b", `"b" is one word too many`},
		{"demo --colour red", "-colour"},
		{"demo --public 192.0.2.1:80", "no address of this machine"},
		{"demo --public 127.0.0.1", "no address of this machine"},
		{"demo code", "the person is missing"},
		{"serve --tier public", "--config FILE is missing"},
		{"bench fly", "there is no bench"},
		{"migrate", "--config FILE is missing"},
		{"witness --log a --key b", "--state DIR are needed"},
		{"witness --log a --proof c --key b --state d", "one of --log DIR and --proof FILE"},
		{"witness --new a --log b", "does nothing else"},
		{"witness --new a", "--name NAME is missing"},
		{"verify --log a --key b --witness c", "--witness says who cosigned"},
		{"agency add --config x", "the agency's ID is missing"},
	} {
		_, errs, code := gatepost(t, "", strings.Fields(c.args)...)
		if code != wrongUse || !strings.Contains(errs, c.want) {
			t.Errorf("gatepost %s: code %d, %s", c.args, code, errs)
		}
	}
	if out, _, code := gatepost(t, "", "help"); code != done || !strings.Contains(out, "gatepost serve") {
		t.Errorf("help: code %d, %s", code, out)
	}
}
