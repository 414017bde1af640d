package crash_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gatepost/internal/authz"
	"gatepost/internal/demo"
)

// MiB is what memory is counted in.
const mib = 1 << 20

// memory reads a line of a process's status, in bytes (proc(5)).
func (s *running) memory(t *testing.T, name string) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	must(t, err)
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kib, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			must(t, err)
			return kib << 10
		}
	}
	t.Fatalf("no %s", name)
	return 0
}

// peak starts to measure the most memory that a server holds, and gives a
// function that tells it, and fails if it grew by more than that.
func (s *running) peak(t *testing.T, grows int) func() {
	t.Helper()
	must(t, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid), []byte("5"), 0))
	before := s.memory(t, "VmRSS")
	return func() {
		t.Helper()
		most := s.memory(t, "VmHWM")
		t.Logf("memory: %d MiB before, %d MiB at most", before/mib, most/mib)
		if most > before+grows {
			t.Errorf("%s held %d MiB, and %d before: more than %d were added", s.Name, most/mib, before/mib, grows/mib)
		}
	}
}

// unhurt: the server has not failed at anything.
func (s *running) unhurt(t *testing.T) {
	t.Helper()
	select {
	case <-s.ended:
		t.Fatalf("%s has ended", s.Name)
	default:
	}
	for _, bad := range []string{"panic", "status=500", "goroutine "} {
		if strings.Contains(s.said(), bad) {
			t.Errorf("the log of %s has %q", s.Name, bad)
		}
	}
}

// serves: somebody at another address gets a page.
func (s *running) serves(t *testing.T, side authz.Tier) {
	t.Helper()
	conn := s.dial(t, side, "127.0.9.9")
	defer conn.Close()
	if got := talk(t, conn, "GET /sign-in HTTP/1.1\r\nHost: "+hostOn(side)+"\r\n\r\n"); got != http.StatusOK {
		t.Errorf("somebody else gets %d", got)
	}
}

func hostOn(side authz.Tier) string {
	if side == authz.Staff {
		return demo.StaffHost
	}
	return demo.PublicHost
}

// patience is how long a test waits for something that has to come.
const patience = 2 * time.Minute

// dial connects from an address of this machine.
func (s *running) dial(t *testing.T, side authz.Tier, from string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := d.DialContext(t.Context(), "tcp", s.addresses[side])
	must(t, err)
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	return conn
}

// talk says something and gives the status of the first answer that is not
// "go on" (100), or 0 where the connection was closed without one.
func talk(t *testing.T, conn net.Conn, said string) int {
	t.Helper()
	// Who is refused half-way has the answer before all is said.
	go func() { _, _ = io.WriteString(conn, said) }()
	return status(t, bufio.NewReader(conn))
}

func status(t *testing.T, r *bufio.Reader) int {
	t.Helper()
	for {
		answer, err := http.ReadResponse(r, nil)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("there is no answer: %v", err)
		}
		if err != nil {
			return 0
		}
		_, _ = io.Copy(io.Discard, answer.Body) // the status is what counts
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusContinue {
			return answer.StatusCode
		}
	}
}

// A hundred people sign in at once, by names that nobody has, which costs as
// much as any. As many passphrases are tried at once as there are processors,
// each in 128 MiB; the others wait, and are sent away with a time to come back.
// Pages are served meanwhile.
func TestAbuse_SignIns(t *testing.T) {
	w := theWorld(t)
	s := w.startAs(t, settings{Tiers: []authz.Tier{authz.Public}, Proxied: true, Costly: true})
	asked, err := s.get(visitor{tier: authz.Public}, "/sign-in")
	must(t, err)
	token := tokenPattern.FindStringSubmatch(asked.body)[1]
	// One run a processor, and something for a hundred requests.
	check := s.peak(t, runtime.NumCPU()*128*mib+96*mib)
	var all sync.WaitGroup
	var mu sync.Mutex
	got := map[string]int{}
	for i := range 100 {
		all.Go(func() {
			p, err := s.ask(visitor{tier: authz.Public}, http.MethodPost, "/sign-in", form([]string{"form-token", token, "name", fmt.Sprintf("nobody %d", i),
				"passphrase", "correct horse battery staple"}), asked.cookie)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				got[err.Error()]++
			} else {
				got[fmt.Sprint(p.status, " ", p.retry)]++
			}
		})
	}
	for range 20 {
		s.serves(t, authz.Public)
	}
	all.Wait()
	t.Logf("answers: %v", got)
	if got["422 "] == 0 || got["503 30"] == 0 || got["422 "]+got["503 30"] != 100 {
		t.Errorf("answers %v, want 422 and 503 with Retry-After", got)
	}
	check()
	s.unhurt(t)
}

// Clients that are slow at each part of a request hold their connection and no
// more, and lose it. Everybody else is served.
func TestAbuse_Slow(t *testing.T) {
	w := theWorld(t)
	s := w.start(t)
	check := s.peak(t, 160*mib)
	const each = 150
	var heads, bodies, readers []net.Conn
	for i := range each {
		from := fmt.Sprintf("127.0.2.%d", 1+i%5)
		head := s.dial(t, authz.Public, from)
		_, err := io.WriteString(head, "GET / HTTP/1.1\r\nHost: "+demo.PublicHost+"\r\nX-A: ")
		must(t, err)
		body := s.dial(t, authz.Public, from)
		_, err = io.WriteString(body, "POST /sign-in HTTP/1.1\r\nHost: "+demo.PublicHost+"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9000\r\n\r\nname=")
		must(t, err)
		reader := s.dial(t, authz.Public, from)
		must(t, reader.(*net.TCPConn).SetReadBuffer(1024))
		_, err = io.WriteString(reader, strings.Repeat("GET /sign-in HTTP/1.1\r\nHost: "+demo.PublicHost+"\r\n\r\n", 20))
		must(t, err)
		heads, bodies, readers = append(heads, head), append(bodies, body), append(readers, reader)
	}
	for range 20 {
		s.serves(t, authz.Public)
		s.serves(t, authz.Staff)
	}
	// A header has ten seconds; what is dribbled meanwhile gains nothing.
	for _, conn := range heads {
		_, _ = io.WriteString(conn, "b") // it may be closed by now
		if got := status(t, bufio.NewReader(conn)); got != 0 && got != http.StatusRequestTimeout && got != http.StatusBadRequest {
			t.Errorf("a header that never ends gets %d", got)
		}
	}
	s.serves(t, authz.Public)
	for _, list := range [][]net.Conn{heads, bodies, readers} {
		for _, conn := range list {
			_ = conn.Close() // the other end may have closed it
		}
	}
	check()
	s.unhurt(t)
}

// Ten thousand connections that say nothing, from many addresses and from one,
// shut nobody out: the next page still comes.
func TestAbuse_Connections(t *testing.T) {
	w := theWorld(t)
	s := w.start(t)
	check := s.peak(t, 160*mib)
	var open []net.Conn
	defer func() {
		for _, conn := range open {
			_ = conn.Close()
		}
	}()
	for i := range 10000 {
		from := fmt.Sprintf("127.0.3.%d", 1+i%20)
		if i%5 == 0 {
			from = "127.0.4.1"
		}
		open = append(open, s.dial(t, authz.Public, from))
		if i%1000 == 999 {
			s.serves(t, authz.Public)
		}
	}
	s.serves(t, authz.Public)
	s.serves(t, authz.Staff)
	check()
	s.unhurt(t)
}

// bomb is one request that nobody needs. Every status below 500 will do, and
// 503, and a connection that is closed without an answer.
type bomb struct {
	name string
	side authz.Tier
	said string
	want int // 0: any of these
}

func bombs() []bomb {
	get := func(path, headers string) string {
		return "GET " + path + " HTTP/1.1\r\nHost: " + demo.PublicHost + "\r\n" + headers + "\r\n"
	}
	post := func(path, headers, body string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: " + demo.PublicHost + "\r\nSec-Fetch-Site: same-origin\r\n" + headers + "\r\n" + body
	}
	formed := func(path, body string) string {
		return post(path, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n", body)
	}
	parts := func(body string) string {
		return strings.Replace(post("/exchange/ex00000000000000000000/paper", "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n", body),
			demo.PublicHost, demo.StaffHost, 1)
	}
	part := "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n"
	write := "/write/sd00000000000000000000"
	const large, fields, many = http.StatusRequestHeaderFieldsTooLarge, http.StatusBadRequest, http.StatusRequestEntityTooLarge
	return []bomb{
		{"a header of 1 MB", authz.Public, get("/", "X: "+strings.Repeat("x", mib)+"\r\n"), large},
		{"10,000 headers", authz.Public, get("/", strings.Repeat("X: y\r\n", 10000)), large},
		{"a name of 1 MB", authz.Public, get("/", strings.Repeat("x", mib)+": y\r\n"), large},
		{"a cookie of 100 kB", authz.Public, get("/letters", "Cookie: gp="+strings.Repeat("x", 100000)+"\r\n"), large},
		{"500 cookies", authz.Public, get("/letters", "Cookie: "+strings.Repeat("gp=xxxx; ", 500)+"\r\n"), 0},
		{"500 cookie headers", authz.Public, get("/letters", strings.Repeat("Cookie: gp=xxxx\r\n", 500)), 0},
		{"an address of 1 MB", authz.Public, get("/"+strings.Repeat("x", mib), ""), large},
		{"a query of 10,000 fields", authz.Public, get("/sign-in?"+strings.Repeat("a&", 10000), ""), 0},
		{"deep folders", authz.Public, get(strings.Repeat("/a", 10000), ""), 0},
		{"a path that climbs", authz.Public, get("/assets/../../../../etc/passwd", ""), 0},
		{"a NUL", authz.Public, get("/letter/%00", ""), http.StatusNotFound},
		{"no UTF-8", authz.Public, get("/sign-in?a=%ff", ""), http.StatusBadRequest},
		{"a header with a NUL", authz.Public, get("/", "X: a\x00b\r\n"), http.StatusBadRequest},
		{"no host", authz.Public, "GET / HTTP/1.1\r\n\r\n", http.StatusBadRequest},
		{"another host", authz.Public, "GET / HTTP/1.1\r\nHost: " + strings.Repeat("a.", 5000) + "\r\n\r\n", 0},
		{"HTTP/1.0", authz.Public, "GET / HTTP/1.0\r\n\r\n", 0},
		{"HTTP/9.9", authz.Public, "GET / HTTP/9.9\r\n\r\n", http.StatusHTTPVersionNotSupported},
		{"HTTP/2 unasked", authz.Public, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0},
		{"TLS", authz.Public, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("a", 512) + "\r\n\r\n", http.StatusBadRequest},
		{"a method of 100 kB", authz.Public, strings.Repeat("A", 100000) + " / HTTP/1.1\r\nHost: h\r\n\r\n", 0},
		{"what it was not asked for", authz.Public, get("/sign-in", "Expect: the-unexpected\r\n"), http.StatusExpectationFailed},
		{"ranges", authz.Public, get("/assets/app.css", "Range: bytes="+strings.Repeat("0-0,", 5000)+"0-0\r\n"), 0},
		{"100,000 fields", authz.Public, formed("/sign-in", strings.Repeat("a=1&", 100000)), fields},
		{"100,000 fields, signed out", authz.Public, formed("/sign-out", strings.Repeat("a=1&", 100000)), many},
		{"100,000 fields in a letter", authz.Public, formed(write, strings.Repeat("a=1&", 100000)), fields},
		{"one field 5,000 times", authz.Public, formed(write, strings.Repeat("text=1&", 5000)), fields},
		{"a letter of 2 MB", authz.Public, formed(write, "text="+strings.Repeat("x", 2*mib)), many},
		{"10,000 parts", authz.Staff, parts(strings.Repeat(part, 10000) + "--b--\r\n"), fields},
		{"a part with 10,000 headers", authz.Staff, parts("--b\r\n" + strings.Repeat("X: y\r\n", 100000) + "\r\n1\r\n--b--\r\n"), fields},
		{"parts in parts", authz.Staff, parts(strings.Repeat("--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", 5000)), fields},
		{"a part without end", authz.Staff, parts(part[:len(part)-3] + strings.Repeat("x", 5*mib)), 0},
		{"a boundary of 20 kB", authz.Staff, strings.Replace(parts(part), "boundary=b", "boundary="+strings.Repeat("b", 20000), 1), 0},
		{"JSON, deeply nested", authz.Public, post(write, "Content-Type: application/json\r\nContent-Length: 100000\r\n", strings.Repeat("[", 100000)), http.StatusUnsupportedMediaType},
		{"two lengths", authz.Public, post("/sign-in", "Content-Length: 5\r\nContent-Length: 6\r\n", "a=123"), http.StatusBadRequest},
		{"a length below nothing", authz.Public, post("/sign-in", "Content-Length: -1\r\n", ""), http.StatusBadRequest},
		{"a length beyond everything", authz.Public, post("/sign-in", "Content-Length: 99999999999999999999\r\n", ""), http.StatusBadRequest},
		{"a length of 1 TB", authz.Public, post("/sign-in", "Content-Length: 1099511627776\r\n", "a=1"), many},
		{"a length of 1 TB, asked first", authz.Public, post("/sign-in", "Expect: 100-continue\r\nContent-Length: 1099511627776\r\n", ""), many},
		{"a length beside chunks", authz.Public, post("/sign-in", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "5\r\na=123\r\n0\r\n\r\n"), 0},
		{"chunks that are no chunks", authz.Public, post("/sign-in", "Transfer-Encoding: chunked\r\n", "zz\r\nhello\r\n"), 0},
		{"a chunk larger than memory", authz.Public, post("/sign-in", "Transfer-Encoding: chunked\r\n", "7fffffffffffffff\r\nhello"+strings.Repeat("x", mib)), many},
		{"a chunk with a comment of 1 MB", authz.Public, post("/sign-in", "Transfer-Encoding: chunked\r\n", "1;"+strings.Repeat("x", mib)+"\r\na\r\n0\r\n\r\n"), 0},
		{"chunks inside chunks", authz.Public, post("/sign-in", "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), http.StatusNotImplemented},
		{"a line to a stranger", authz.Staff, strings.Replace(get("/live", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: http://"+demo.StaffHost+"\r\n"),
			demo.PublicHost, demo.StaffHost, 1), 0},
	}
}

// Requests that nobody needs are refused, or the connection is closed, and
// nothing falls. The next page still comes.
func TestAbuse_Bombs(t *testing.T) {
	w := theWorld(t)
	s := w.startAs(t, settings{Tiers: []authz.Tier{authz.Public, authz.Staff}, Beside: true})
	check := s.peak(t, 96*mib)
	for _, b := range bombs() {
		t.Run(b.name, func(t *testing.T) {
			for range 5 {
				conn := s.dial(t, b.side, "127.0.5.1")
				got := talk(t, conn, b.said)
				must(t, conn.Close())
				if b.want > 0 && got != b.want || got >= http.StatusInternalServerError && got != b.want && got != http.StatusServiceUnavailable {
					t.Fatalf("got %d, want %d", got, b.want)
				}
			}
			s.serves(t, b.side)
		})
	}
	check()
	s.unhurt(t)
}

// A body without end is cut off at the limit of its form, a body that is
// shorter than it says is refused, and requests one after the other on one
// connection are answered in turn.
func TestAbuse_Streams(t *testing.T) {
	w := theWorld(t)
	s := w.start(t)
	check := s.peak(t, 96*mib)
	for _, c := range []struct {
		name, head string
		side       authz.Tier
		most       int // MiB that may be taken before the end
	}{
		{"a form", "POST /sign-in HTTP/1.1\r\nHost: " + demo.PublicHost + "\r\nTransfer-Encoding: chunked\r\n\r\n", authz.Public, 4},
		{"a form with a file", "POST /exchange/ex00000000000000000000/paper HTTP/1.1\r\nHost: " + demo.StaffHost +
			"\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n", authz.Staff, 32},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := s.dial(t, c.side, "127.0.6.1")
			defer conn.Close()
			answered := make(chan int, 1)
			go func() { answered <- status(t, bufio.NewReader(conn)) }()
			_, err := io.WriteString(conn, c.head)
			must(t, err)
			chunk := []byte("10000\r\n" + strings.Repeat("x", 0x10000) + "\r\n")
			sent := 0
			for err == nil && sent <= c.most*mib*2 {
				_, err = conn.Write(chunk)
				sent += len(chunk)
			}
			if err == nil {
				t.Errorf("%d MiB were taken", sent/mib)
			}
			if got := <-answered; got >= http.StatusInternalServerError {
				t.Errorf("got %d", got)
			}
		})
	}
	t.Run("less than it says", func(t *testing.T) {
		conn := s.dial(t, authz.Public, "127.0.6.2")
		defer conn.Close()
		_, err := io.WriteString(conn, "POST /sign-in HTTP/1.1\r\nHost: "+demo.PublicHost+"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\na=1")
		must(t, err)
		must(t, conn.(*net.TCPConn).CloseWrite())
		if got := status(t, bufio.NewReader(conn)); got >= http.StatusInternalServerError {
			t.Errorf("got %d", got)
		}
	})
	t.Run("one after the other", func(t *testing.T) {
		conn := s.dial(t, authz.Public, "127.0.6.3")
		defer conn.Close()
		const n = 200
		go func() {
			_, _ = io.Copy(conn, bytes.NewReader(bytes.Repeat([]byte("GET /sign-in HTTP/1.1\r\nHost: "+demo.PublicHost+"\r\n\r\n"), n)))
		}()
		r := bufio.NewReader(conn)
		for i := range n {
			if got := status(t, r); got != http.StatusOK {
				t.Fatalf("page %d: %d", i, got)
			}
		}
	})
	s.serves(t, authz.Public)
	check()
	s.unhurt(t)
}

// A flood of strangers who want a line to the desk gets none, and holds nothing.
func TestAbuse_Lines(t *testing.T) {
	w := theWorld(t)
	s := w.startAs(t, settings{Tiers: []authz.Tier{authz.Staff}, Beside: true})
	check := s.peak(t, 64*mib)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			for range 25 {
				if ctx.Err() != nil {
					return
				}
				r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addresses[authz.Staff]+"/live", nil)
				if err != nil {
					t.Error(err)
					return
				}
				r.Host = demo.StaffHost
				for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
					"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Origin": "http://" + demo.StaffHost} {
					r.Header.Set(name, value)
				}
				if i%2 == 0 {
					r.AddCookie(&http.Cookie{Name: "gps", Value: w.worker.cookie[:len(w.worker.cookie)-4] + "0000"})
				}
				if p, err := fetch(r); err != nil || p.status < 400 || p.status >= 500 {
					t.Errorf("a stranger's line: %v, %d", err, p.status)
				}
			}
		})
	}
	all.Wait()
	s.serves(t, authz.Staff)
	check()
	s.unhurt(t)
}
