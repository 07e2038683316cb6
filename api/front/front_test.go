package front_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"contado/api/front"
)

// served is a server with a front that answers what lies under /ready, and
// panics under /ready/panic. Both say in the body who answered what.
type served struct {
	addr    string
	srv     *http.Server
	l       net.Listener
	quick   atomic.Int64
	slow    atomic.Int64
	release chan struct{} // of /ready/wait and /other/hold
	held    chan struct{} // /other/hold has begun
	left    chan struct{} // its client has left
}

func serve(t testing.TB, timeouts front.Timeouts) *served {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &served{addr: l.Addr().String(), release: make(chan struct{}), held: make(chan struct{}, 1), left: make(chan struct{}, 1)}
	s.srv = &http.Server{
		ReadHeaderTimeout: timeouts.Header, WriteTimeout: timeouts.Write, IdleTimeout: timeouts.Idle,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.slow.Add(1)
			if r.URL.Path == "/other/hold" {
				s.held <- struct{}{}
				select {
				case <-s.release:
				case <-r.Context().Done():
					s.left <- struct{}{}
				}
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.URL, body) // the client may have left
		}),
	}
	ended := make(chan error, 1)
	s.l = front.Listen(l, s.answer, timeouts)
	go func() { ended <- s.srv.Serve(s.l) }()
	t.Cleanup(func() {
		if err := s.srv.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

func (s *served) answer(r front.Request, send front.Send) bool {
	switch {
	case r.Path == "/ready/panic":
		panic("not ready at all")
	case r.Path == "/ready/wait":
		<-s.release
	case !strings.HasPrefix(r.Path, "/ready"):
		return false
	}
	s.quick.Add(1)
	u := r.Path
	if r.Query != "" {
		u += "?" + r.Query
	}
	body := "GET " + u + " "
	_ = send(fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(body)), []byte(body)) // as above
	return true
}

func dial(t testing.TB, s *served) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// ask sends text and reads one answer.
func ask(t testing.TB, c net.Conn, text string) string {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n" }

// On one connection both answer, each what is its own.
func TestInTurn(t *testing.T) {
	t.Parallel()
	s := serve(t, front.Timeouts{Header: time.Minute, Write: time.Minute, Idle: time.Minute})
	c := dial(t, s)
	for i, path := range []string{"/ready/1", "/ready/2?v=1", "/other", "/ready/3", "/ready/panic", "/other?a=1&b=2", "/ready/4"} {
		if got, want := ask(t, c, get(path)), "GET "+path+" "; got != want {
			t.Errorf("%d: %q, want %q", i, got, want)
		}
	}
	if s.quick.Load() != 4 || s.slow.Load() != 3 {
		t.Errorf("%d from the front, %d behind it", s.quick.Load(), s.slow.Load())
	}
	// After a body it is not known where requests begin.
	if got := ask(t, c, "POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"); got != "POST /other abc" {
		t.Errorf("%q", got)
	}
	if got := ask(t, c, get("/ready/5")); got != "GET /ready/5 " || s.quick.Load() != 4 {
		t.Errorf("%q, %d from the front", got, s.quick.Load())
	}
}

// However requests come, together or in pieces, with bodies that look like
// requests or without, the answers are those of net/http.
func TestAnyOrderAndPieces(t *testing.T) {
	t.Parallel()
	s := serve(t, front.Timeouts{})
	rapid.Check(t, func(r *rapid.T) {
		var text bytes.Buffer
		var want []string
		for i := range rapid.IntRange(1, 6).Draw(r, "requests") {
			path := fmt.Sprintf("/%s/%d", rapid.SampledFrom([]string{"ready", "other"}).Draw(r, "whose"), i)
			method := rapid.SampledFrom([]string{"GET", "GET", "GET", "POST"}).Draw(r, "method")
			extra := rapid.SampledFrom([]string{"", "Accept: a\r\n", "X-Other: 1\r\n", "content-LENGTH: %d\r\n", "Transfer-Encoding: chunked\r\n"}).Draw(r, "field")
			body := ""
			if strings.Contains(extra, "ength") || strings.Contains(extra, "chunked") {
				body = rapid.SampledFrom([]string{"", "x", get("/ready/body"), get("/other/body")}).Draw(r, "body")
			}
			want = append(want, method+" "+path+" "+body)
			if strings.Contains(extra, "chunked") {
				if body != "" {
					body = fmt.Sprintf("%x\r\n%s\r\n", len(body), body)
				}
				body += "0\r\n\r\n"
			}
			extra = strings.Replace(extra, "%d", fmt.Sprint(len(body)), 1)
			fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n%s", method, path, extra, body)
		}
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			r.Fatal(err)
		}
		defer c.Close()
		for b := text.Bytes(); len(b) > 0; {
			n := min(len(b), rapid.SampledFrom([]int{1, 7, 40, 200, 5000}).Draw(r, "piece"))
			if _, err := c.Write(b[:n]); err != nil {
				r.Fatal(err)
			}
			b = b[n:]
		}
		in := bufio.NewReader(c)
		for i, w := range want {
			res, err := http.ReadResponse(in, nil)
			if err != nil {
				r.Fatalf("answer %d of %q: %v", i, text.String(), err)
			}
			if b, err := io.ReadAll(res.Body); err != nil || string(b) != w {
				r.Fatalf("answer %d is %q, want %q (%v)", i, b, w, err)
			}
		}
	})
}

// net/http learns that a client leaves while it answers, and a request that
// comes meanwhile is answered in its turn.
func TestWhileNetHTTPAnswers(t *testing.T) {
	t.Parallel()
	s := serve(t, front.Timeouts{Header: time.Minute, Write: time.Minute, Idle: time.Minute})
	c := dial(t, s)
	if _, err := io.WriteString(c, get("/other/hold")); err != nil {
		t.Fatal(err)
	}
	<-s.held
	if _, err := io.WriteString(c, get("/ready/1")); err != nil {
		t.Fatal(err)
	}
	close(s.release)
	in := bufio.NewReader(c)
	for _, want := range []string{"GET /other/hold ", "GET /ready/1 "} {
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r.Body); err != nil || string(b) != want {
			t.Errorf("%q, %v", b, err)
		}
	}
	if s.quick.Load() != 1 {
		t.Errorf("%d answers from the front", s.quick.Load())
	}
	s = serve(t, front.Timeouts{Header: time.Minute, Write: time.Minute, Idle: time.Minute})
	c = dial(t, s)
	if _, err := io.WriteString(c, get("/other/hold")); err != nil {
		t.Fatal(err)
	}
	<-s.held
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	<-s.left
}

// An answer that is under way when the server ends comes to its end.
func TestEnd(t *testing.T) {
	t.Parallel()
	s := serve(t, front.Timeouts{})
	c := dial(t, s)
	if got := ask(t, c, get("/other")); got != "GET /other " { // idle from then on
		t.Fatal(got)
	}
	if _, err := io.WriteString(c, get("/ready/wait")); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.srv.Close() }()
	close(s.release)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil { // the server may have ended before the request came
		if s.quick.Load() > 0 {
			t.Fatalf("an answer was cut off: %v", err)
		}
		<-ended
		return
	}
	if b, err := io.ReadAll(r.Body); err != nil || string(b) != "GET /ready/wait " {
		t.Errorf("%q, %v", b, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Connections that net/http has never heard of end with the listener; those
// that it knows it ends itself.
func TestListenerEnds(t *testing.T) {
	t.Parallel()
	s := serve(t, front.Timeouts{})
	ours, theirs := dial(t, s), dial(t, s)
	ask(t, ours, get("/ready/1"))
	ask(t, theirs, get("/ready/2"))
	ask(t, theirs, get("/other"))
	if err := s.l.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := ours.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if got := ask(t, theirs, get("/other")); got != "GET /other " {
		t.Errorf("%q", got)
	}
}

// Connections that say nothing more are closed, also after answers.
func TestIdle(t *testing.T) {
	t.Parallel()
	s := serve(t, front.Timeouts{Header: time.Minute, Write: time.Minute, Idle: 50 * time.Millisecond})
	for _, path := range []string{"/ready/1", "/other"} {
		c := dial(t, s)
		ask(t, c, get(path))
		if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("after %s: %d bytes, %v", path, n, err)
		}
	}
	s = serve(t, front.Timeouts{Header: 50 * time.Millisecond, Write: time.Minute, Idle: time.Minute})
	c := dial(t, s)
	ask(t, c, get("/ready/1"))
	if _, err := io.WriteString(c, "GET /ready/2 HT"); err != nil { // and no more
		t.Fatal(err)
	}
	if b, err := io.ReadAll(c); err != nil || bytes.Contains(b, []byte("200 OK")) {
		t.Errorf("%q, %v", b, err)
	}
}
