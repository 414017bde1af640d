package partstest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"gatepost/internal/parts"
)

const (
	bucket = "gatepost-parts"
	region = "eu-west-2"
	root   = "operator"
	secret = "not-a-secret-of-anybody"

	// What docs/operations.md tells an operator to allow each tier.
	policy = `{"Version": "2012-10-17", "Statement": [%s
		{"Effect": "Allow", "Principal": {"AWS": ["families", "staff"]}, "Action": ["s3:PutObject", "s3:GetObject"], "Resource": "arn:aws:s3:::gatepost-parts/*"},
		{"Effect": "Deny", "Principal": {"AWS": ["families"]}, "Action": ["s3:PutObject"], "Resource": "arn:aws:s3:::gatepost-parts/gatepost-mark"},
		{"Effect": "Allow", "Principal": {"AWS": ["staff"]}, "Action": ["s3:DeleteObject"], "Resource": "arn:aws:s3:::gatepost-parts/*"},
		{"Effect": "Allow", "Principal": {"AWS": ["staff"]}, "Action": ["s3:ListBucket", "s3:GetBucketVersioning"], "Resource": "arn:aws:s3:::gatepost-parts"}]}`
	// What Forbid adds to it.
	forbidden = `
		{"Effect": "Deny", "Principal": {"AWS": ["families", "staff"]}, "Action": ["%s"], "Resource": "arn:aws:s3:::gatepost-parts/%s"},`
)

// Gateway is the store of one test. It ends with the test.
type Gateway struct {
	Families parts.S3 // may put and get
	Staff    parts.S3 // may delete and list, too
	Folder   string   // where the objects lie, each a file of its key's name

	t        testing.TB
	program  string
	dir      string
	address  string
	versions bool
	process  *exec.Cmd
	operator *minio.Client
}

// New starts a store with one bucket.
func New(t testing.TB) *Gateway { return start(t, false) }

// Versioned starts one whose bucket keeps what is deleted.
func Versioned(t testing.TB) *Gateway { return start(t, true) }

func start(t testing.TB, versions bool) *Gateway {
	t.Helper()
	g := &Gateway{t: t, program: build(t), dir: t.TempDir(), versions: versions}
	for _, name := range []string{"objects", "about", "people", "versions"} {
		must(t, os.Mkdir(filepath.Join(g.dir, name), 0o700))
	}
	g.Folder = filepath.Join(g.dir, "objects", bucket)
	g.address = free(t)
	g.Start()
	t.Cleanup(g.Stop)
	at := &url.URL{Scheme: "http", Host: g.address}
	g.Families = parts.S3{Endpoint: at, Bucket: bucket, Region: region, Access: "families", Secret: secret}
	g.Staff = g.Families
	g.Staff.Access = "staff"
	var err error
	g.operator, err = minio.New(g.address, &minio.Options{Creds: credentials.NewStaticV4(root, secret, ""), Region: region})
	must(t, err)
	must(t, g.operator.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}))
	if versions {
		must(t, g.operator.EnableVersioning(t.Context(), bucket))
	}
	for _, name := range []string{"families", "staff"} {
		g.admin("create-user", "--access", name, "--secret", secret, "--role", "user")
	}
	g.Forbid("")
	return g
}

// Forbid takes the right to act, such as s3:GetObject, on some objects from both
// tiers, in the place of what it took before.
func (g *Gateway) Forbid(act string, keys ...parts.Key) {
	g.t.Helper()
	var deny strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&deny, forbidden, act, k)
	}
	must(g.t, g.operator.SetBucketPolicy(g.t.Context(), bucket, fmt.Sprintf(policy, deny.String())))
}

// Start starts the store again after Stop, with what it had.
func (g *Gateway) Start() {
	g.t.Helper()
	args := []string{"--access", root, "--secret", secret, "--region", region, "--port", g.address, "--quiet", "--iam-dir", filepath.Join(g.dir, "people"),
		"--health", "/health", "posix", "--sidecar", filepath.Join(g.dir, "about")}
	if g.versions {
		args = append(args, "--versioning-dir", filepath.Join(g.dir, "versions"))
	}
	g.process = exec.Command(g.program, append(args, filepath.Join(g.dir, "objects"))...)
	g.process.Env = []string{"PATH=" + os.Getenv("PATH")}
	// The death signal follows the thread that starts the program.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	g.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(g.t, g.process.Start())
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", g.address)
		if err == nil {
			must(g.t, conn.Close())
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			g.t.Fatal("the test's store does not answer")
		}
	}
}

// Stop makes the store go away. What it has stays. A second time does nothing.
func (g *Gateway) Stop() {
	if g.process == nil {
		return
	}
	_ = g.process.Process.Kill() // may be gone by itself
	_ = g.process.Wait()         // killed
	g.process = nil
}

// Open is a store in the bucket as one of the tiers.
func (g *Gateway) Open(as parts.S3) *parts.Store {
	g.t.Helper()
	s, err := parts.New(as)
	must(g.t, err)
	return s
}

// Objects are the bytes of all objects, as a thief of the bucket has them.
func (g *Gateway) Objects() map[parts.Key][]byte {
	g.t.Helper()
	entries, err := os.ReadDir(g.Folder)
	must(g.t, err)
	all := map[parts.Key][]byte{}
	for _, e := range entries {
		if key := parts.Key(e.Name()); key.Valid() {
			all[key], err = os.ReadFile(filepath.Join(g.Folder, e.Name()))
			must(g.t, err)
		}
	}
	return all
}

// Path is the file of an object.
func (g *Gateway) Path(key parts.Key) string { return filepath.Join(g.Folder, string(key)) }

// Date makes an object look as if it had come then.
func (g *Gateway) Date(key parts.Key, then time.Time) {
	g.t.Helper()
	must(g.t, os.Chtimes(g.Path(key), then, then))
}

func (g *Gateway) admin(args ...string) {
	g.t.Helper()
	out, err := exec.Command(g.program, append([]string{"admin", "--access", root, "--secret", secret, "--region", region, "--endpoint-url", "http://" + g.address}, args...)...).CombinedOutput()
	if err != nil {
		g.t.Fatalf("the test's store: %v: %s", err, out)
	}
}

var built struct {
	once sync.Once
	path string
	err  error
}

// build lets the go command build the program, once a binary of tests; it keeps it
// in its cache.
func build(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		module, err := exec.Command("go", "env", "GOMOD").Output()
		if err != nil {
			built.err = fmt.Errorf("find this module: %w", err)
			return
		}
		cmd := exec.Command("go", "tool", "-n", "versitygw")
		cmd.Dir = filepath.Join(filepath.Dir(strings.TrimSpace(string(module))), "internal", "parts", "versitygw")
		cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0")
		var said bytes.Buffer
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil {
			built.err = fmt.Errorf("build versitygw: %w: %s", err, said.String())
			return
		}
		built.path = strings.TrimSpace(string(out))
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// free is a loopback address on which nothing listens.
func free(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { must(t, l.Close()) }()
	return l.Addr().String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
