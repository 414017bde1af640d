package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// systemd is the socket on which a service tells how it is (sd_notify(3)).
type systemd struct {
	t    *testing.T
	conn *net.UnixConn
}

// newSystemd makes the socket and names it to the processes that the test starts.
func newSystemd(t *testing.T) *systemd {
	t.Helper()
	dir, err := os.MkdirTemp("", "sd") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "150000")
	return &systemd{t, conn}
}

// until reads messages up to one that begins with want.
func (s *systemd) until(want string) {
	s.t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		s.t.Fatal(err)
	}
	b := make([]byte, 4096)
	for {
		n, err := s.conn.Read(b)
		if err != nil {
			s.t.Fatalf("systemd was never told %s: %v", want, err)
		}
		if strings.HasPrefix(string(b[:n]), want) {
			return
		}
	}
}

// opsAddress reads where a process gives its metrics; it says so after where it listens.
func opsAddress(t *testing.T, c *child) string {
	t.Helper()
	var line struct{ Address string }
	if err := json.Unmarshal([]byte(c.until(`"kind":"ops"`)), &line); err != nil {
		t.Fatal(err)
	}
	return "http://" + line.Address
}

func ask(t *testing.T, url, host, forwarded string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	if forwarded != "" {
		r.Header.Set("X-Forwarded-For", forwarded)
	}
	return fetch(t, r)
}

// awaitPage asks until the answer has text in it.
func awaitPage(t *testing.T, url, text string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		_, body := ask(t, url, "", "")
		if strings.Contains(body, text) {
			return body
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("%s never said %q: %s", url, text, body)
		}
	}
}

// watchedDeployment is one whose tiers give metrics.
func watchedDeployment(t *testing.T) *deployment {
	t.Helper()
	d := newDeployment(t)
	must(t, "", "migrate", "--config", d.config)
	must(t, "", "keys", "init", filepath.Join(d.dir, "keys"))
	d.addElm(t)
	d.text = strings.ReplaceAll(d.text, `listen = "127.0.0.1:0"`, "listen = \"127.0.0.1:0\"\nops = \"127.0.0.1:0\"\ndrain_delay = 60")
	d.write(t, "gatepost.toml", d.text)
	return d
}

// How a process tells whoever watches it: a load balancer, Prometheus, systemd,
// and who reads its log.
func TestWatched(t *testing.T) {
	d := watchedDeployment(t)
	sd := newSystemd(t)
	c := start(t, "serve", "--tier", "public", "--config", d.config)
	at := listening(t, c)
	ops := opsAddress(t, c)
	sd.until("READY=1")
	sd.until("WATCHDOG=1")
	if err := c.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	sd.until("RELOADING=1\nMONOTONIC_USEC=")
	sd.until("READY=1")

	if got := awaitPage(t, ops+"/readyz", "database ok"); !strings.Contains(got, "serving ok") {
		t.Errorf("readiness: %s", got)
	}
	if code, body := ask(t, at+"/readyz", "10.2.3.4", ""); code != http.StatusOK || body != "ok\n" {
		t.Errorf("for a load balancer: %d %q", code, body)
	}
	if code, _ := ask(t, at+"/", elmHost, "203.0.113.5"); code != http.StatusOK {
		t.Errorf("the front page: %d", code)
	}
	if code, _ := ask(t, at+"/", elmHost, "198.51.100.7"); code != http.StatusOK {
		t.Errorf("the front page: %d", code)
	}
	if code, _ := ask(t, at+"/metrics", elmHost, ""); code != http.StatusNotFound {
		t.Errorf("metrics for everybody: %d", code)
	}
	_, metrics := ask(t, ops+"/metrics", "", "")
	for _, want := range []string{`gatepost_requests_total{route="GET /{$}",status="2xx"} 2`, `gatepost_pool_max_connections{pool="public"}`, "gatepost_alarms_total 0", "gatepost_log_dropped_total 0", "gatepost_ready 1"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s:\n%s", want, metrics)
		}
	}
	if strings.Contains(metrics, "elm") {
		t.Error("the metrics name an agency")
	}

	// Told to stop, it says no and goes on; told again, it stops at once.
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	sd.until("STOPPING=1")
	if code, body := ask(t, at+"/readyz", "", ""); code != http.StatusServiceUnavailable || body != "not ready\n" {
		t.Errorf("for a load balancer, while it drains: %d %q", code, body)
	}
	if code, _ := ask(t, at+"/", elmHost, ""); code != http.StatusOK {
		t.Errorf("the front page while it drains: %d", code)
	}
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	c.wait()
	logOfStrangers(t, c.text.String())
}

// logOfStrangers looks at the log of three visits by one address that claimed to
// be others: no proxy is trusted, so it is one caller.
func logOfStrangers(t *testing.T, log string) {
	t.Helper()
	callers := map[string]bool{}
	lines := 0
	for line := range strings.Lines(log) {
		if !strings.Contains(line, `"msg":"request"`) {
			continue
		}
		lines++
		if m := regexp.MustCompile(`"caller":"([a-z2-7]{10})"`).FindStringSubmatch(line); m != nil {
			callers[m[1]] = true
		}
		for _, not := range []string{"127.0.0.1", "203.0.113.5", "198.51.100.7", elmHost} {
			if strings.Contains(line, not) {
				t.Errorf("the log says %s: %s", not, line)
			}
		}
	}
	if lines != 4 || len(callers) != 1 || strings.Contains(log, "readyz") {
		t.Errorf("%d lines and %d callers:\n%s", lines, len(callers), log)
	}
}

// Behind a trusted proxy the last address before it counts, whatever the client
// wrote in front of it; and the workers' tier says how its jobs are.
func TestWatched_BehindProxy(t *testing.T) {
	d := watchedDeployment(t)
	d.write(t, "gatepost.toml", strings.Replace(strings.ReplaceAll(d.text, "drain_delay = 60", "drain_delay = 1"), "[staff]\n", "[staff]\ntrusted_proxies = [\"127.0.0.0/8\"]\n", 1))
	c := start(t, "serve", "--tier", "staff", "--config", d.config)
	at := listening(t, c)
	ops := opsAddress(t, c)
	awaitPage(t, ops+"/readyz", "jobs ok")
	metrics := awaitPage(t, ops+"/metrics", "gatepost_promise_broken 0")
	for _, want := range []string{`pool="staff"`, `pool="notify"`, "gatepost_jobs_oldest_seconds", `gatepost_check_ok{check="jobs"} 1`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s:\n%s", want, metrics)
		}
	}
	for _, forwarded := range []string{"203.0.113.1, 198.51.100.7", "203.0.113.2, 198.51.100.7", "127.0.0.1, 198.51.100.7", "198.51.100.7", "198.51.100.8"} {
		ask(t, at+"/sign-in", elmDesk, forwarded)
	}
	if code := c.stop(syscall.SIGTERM); code != done {
		t.Errorf("SIGTERM: code %d\n%s", code, c.text.String())
	}
	var callers []string
	for _, m := range regexp.MustCompile(`"caller":"([a-z2-7]{10})"`).FindAllStringSubmatch(c.text.String(), -1) {
		callers = append(callers, m[1])
	}
	if len(callers) != 5 || callers[0] != callers[1] || callers[0] != callers[2] || callers[0] != callers[3] || callers[0] == callers[4] {
		t.Errorf("the callers were %v", callers)
	}
}
