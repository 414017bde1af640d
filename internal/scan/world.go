package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"gatepost/internal/config"
	"gatepost/internal/demo"
	"gatepost/web/page"
)

const (
	startTime = 5 * time.Minute  // for the demo to move in
	stopTime  = 40 * time.Second // for a process to end
)

// site is one tier of the deployment under test.
type site struct {
	tier       page.Tier
	plain, tls string // base addresses without a slash at the end
	table      *table
	people     []*person
	targets    []target
}

// world is a demo and the same with TLS, with people signed in.
type world struct {
	dir       string
	folder    demo.Folder
	authority string // PEM file of who signed the certificate
	sites     []*site
	running   []*process
	ear       *ear
}

// process is a program that this one started.
type process struct {
	cmd  *exec.Cmd
	name string
}

func start(name string, cmd *exec.Cmd) (*process, error) {
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return &process{cmd, name}, nil
}

// stop tells a process to end, by its id, and waits for it.
func (p *process) stop() error {
	// Has it ended already, Wait says how.
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.cmd.WaitDelay = stopTime
	timer := time.AfterFunc(stopTime, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	return nil
}

// newWorld starts both deployments and reads their pages.
func newWorld(ctx context.Context, program, dir string) (w *world, err error) {
	w = &world{dir: dir, folder: demo.At(filepath.Join(dir, "world"))}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.stop())
		}
	}()
	began := time.Now()
	if err := w.startDemo(ctx, program); err != nil {
		return w, err
	}
	if err := w.startTLS(ctx, program); err != nil {
		return w, err
	}
	if w.ear, err = newEar(); err != nil {
		return w, err
	}
	fmt.Printf("the demo and its TLS are up, %s\n", took(began))
	began = time.Now()
	for _, s := range w.sites {
		if err := w.visit(ctx, s); err != nil {
			return w, err
		}
		fmt.Printf("%-8s %d routes, %d targets, of which %d by the page's own form or link\n", s.tier, len(s.table.routes), len(s.targets), count(s.targets, target.real))
	}
	fmt.Printf("people are signed in and every page was read, %s\n", took(began))
	return w, nil
}

func count[T any](list []T, is func(T) bool) (n int) {
	for _, one := range list {
		if is(one) {
			n++
		}
	}
	return n
}

func (w *world) stop() error {
	var faults []error
	if w.ear != nil {
		faults = append(faults, w.ear.stop())
	}
	for i := len(w.running) - 1; i >= 0; i-- {
		faults = append(faults, w.running[i].stop())
	}
	w.running = nil
	return errors.Join(faults...)
}

// startDemo starts the demo and waits until its people have moved in.
func (w *world) startDemo(ctx context.Context, program string) error {
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	for i, tier := range []page.Tier{page.Public, page.Staff} {
		t, err := newTable(tier)
		if err != nil {
			return err
		}
		w.sites = append(w.sites, &site{tier: tier, plain: "http://" + ports[i], table: t})
	}
	// Not CommandContext: it is told to end by us, after the database is let go.
	cmd := exec.Command(program, "demo", "--data", w.folder.Path(""), "--public", ports[0], "--staff", ports[1])
	log, err := os.Create(filepath.Join(w.dir, "demo.log"))
	if err != nil {
		return fmt.Errorf("make a log: %w", err)
	}
	defer log.Close() // the child has its own
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us first
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("listen to the demo: %w", err)
	}
	p, err := start("the demo", cmd)
	if err != nil {
		return err
	}
	w.running = append(w.running, p)
	return within(ctx, startTime, func() error { return untilSaid(out, "What to try first") })
}

// untilSaid reads until a line begins with the words, and goes on reading so
// that the speaker never waits.
func untilSaid(r io.Reader, words string) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), words) {
			go func() { _, _ = io.Copy(io.Discard, r) }()
			return nil
		}
	}
	return errors.New("the demo ended before its people had moved in")
}

// within gives up on do after the time, or when ctx ends.
func within(ctx context.Context, most time.Duration, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// startTLS serves the demo's database with certificates, as a deployment of its
// own with its own state.
func (w *world) startTLS(ctx context.Context, program string) error {
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	pair, err := newCertificates(w.dir, demo.PublicHost, demo.StaffHost)
	if err != nil {
		return err
	}
	w.authority = pair.authority
	cfg, err := config.Load(w.folder.Path("gatepost.toml"))
	if err != nil {
		return fmt.Errorf("read the demo's configuration: %w", err)
	}
	cfg.Public.Ops, cfg.Staff.Ops, cfg.Mail.Off = "", "", true
	for i, door := range []*config.Door{&cfg.Public, &cfg.Staff} {
		door.Listen, door.Certificate, door.CertificateKey = ports[i], pair.certificate, pair.key
		door.State = filepath.Join(w.dir, "tls-state", string(w.sites[i].tier))
		if err := os.MkdirAll(door.State, 0o700); err != nil {
			return fmt.Errorf("make a folder for the state: %w", err)
		}
		w.sites[i].tls = "https://" + ports[i]
	}
	text, err := cfg.Text()
	if err != nil {
		return err
	}
	path := filepath.Join(w.dir, "tls.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write the configuration with TLS: %w", err)
	}
	log, err := os.Create(filepath.Join(w.dir, "tls.log"))
	if err != nil {
		return fmt.Errorf("make a log: %w", err)
	}
	defer log.Close() // the child has its own
	cmd := exec.Command(program, "serve", "--tier", "both", "--config", path)
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p, err := start("the deployment with TLS", cmd)
	if err != nil {
		return err
	}
	w.running = append(w.running, p)
	return w.untilUp(ctx)
}

// untilUp asks until the pages answer.
func (w *world) untilUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client := newClient()
	for _, s := range w.sites {
		for {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.tls+"/sign-in", nil)
			if err != nil {
				return fmt.Errorf("ask for a page: %w", err)
			}
			a, err := client.Do(r)
			if err == nil {
				a.Body.Close()
				if a.StatusCode == http.StatusOK {
					break
				}
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("the deployment with TLS does not answer; see %s", filepath.Join(w.dir, "tls.log"))
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
	return nil
}

// newClient follows no redirect, and takes any certificate: it talks to this
// machine only, and testssl judges the certificate.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
}

// freePorts gives addresses of this machine that nobody listens on.
func freePorts(n int) ([]string, error) {
	var list []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close() // all at the end, so that they differ
		list = append(list, l.Addr().String())
	}
	return list, nil
}
