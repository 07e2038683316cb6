package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// built is the program under test, built once as users get it.
var built string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "contado-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built = filepath.Join(dir, "contado")
	// With the flags of scripts/build, so that nothing is compiled twice.
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", built, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// house is one data folder that a test works on with the built program.
type house struct {
	t    testing.TB
	data string
	env  []string // settings besides those of the test's own process
}

func newHouse(t testing.TB) *house {
	t.Helper()
	return &house{t: t, data: filepath.Join(t.TempDir(), "data")}
}

// run runs a command and returns what it printed and its exit code.
func (h *house) run(args ...string) (stdout, stderr string, code int) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, built, append([]string{"--data", h.data}, args...)...)
	cmd.Env = append(os.Environ(), h.env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.t.Fatalf("contado %s: %v", strings.Join(args, " "), err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// must runs a command that has to succeed.
func (h *house) must(args ...string) string {
	h.t.Helper()
	out, errs, code := h.run(args...)
	if code != 0 {
		h.t.Fatalf("contado %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// refuse runs a command that has to fail and returns its message.
func (h *house) refuse(wantCode int, args ...string) string {
	h.t.Helper()
	out, errs, code := h.run(args...)
	if code != wantCode {
		h.t.Fatalf("contado %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, wantCode, out, errs)
	}
	return errs
}

// server is a running contado serve.
type server struct {
	t   testing.TB
	url string
	cmd *exec.Cmd
}

// serve starts the server on a free port and stops it with the test, which
// fails if the server does not stop gracefully.
func (h *house) serve(args ...string) *server {
	h.t.Helper()
	cmd := exec.Command(built, append([]string{"--data", h.data, "serve", "--addr", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(os.Environ(), h.env...)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	s := &server{t: h.t, cmd: cmd}
	h.t.Cleanup(func() {
		if cmd.ProcessState != nil {
			return
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			h.t.Errorf("stop the server: %v", err)
		}
		stopped := make(chan error, 1)
		go func() { stopped <- cmd.Wait() }()
		select {
		case err := <-stopped:
			if err != nil {
				h.t.Errorf("server did not stop gracefully: %v\n%s", err, errs.String())
			}
		case <-time.After(2 * time.Minute):
			_ = cmd.Process.Kill()
			h.t.Errorf("server did not stop\n%s", errs.String())
		}
	})
	line := make([]byte, 256)
	n, err := pipe.Read(line)
	if err != nil {
		h.t.Fatalf("server said nothing: %v\n%s", err, errs.String())
	}
	go func() { _, _ = io.Copy(io.Discard, pipe) }()
	_, url, ok := strings.Cut(strings.TrimSpace(string(line[:n])), "http://")
	if !ok {
		h.t.Fatalf("no address in %q", line[:n])
	}
	s.url = "http://" + strings.TrimSuffix(url, "/")
	return s
}

// get fetches a path and returns status, headers and body.
func (s *server) get(path string, header ...string) (*http.Response, []byte) {
	s.t.Helper()
	return s.do(http.MethodGet, path, nil, header...)
}

func (s *server) do(method, path string, body io.Reader, header ...string) (*http.Response, []byte) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return res, b
}

// json fetches a path that has to answer 200 with JSON.
func (s *server) json(path string, into any) *http.Response {
	s.t.Helper()
	res, body := s.get(path)
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: %s\n%s", path, res.Status, body)
	}
	decode(s.t, body, into)
	return res
}

// execute runs a process synchronously.
func (s *server) execute(id string, inputs, into any) {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"inputs": inputs})
	if err != nil {
		s.t.Fatal(err)
	}
	res, out := s.do(http.MethodPost, "/processes/"+id+"/execution", bytes.NewReader(body), "Content-Type", "application/json")
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("process %s: %s\n%s", id, res.Status, out)
	}
	decode(s.t, out, into)
}

func decode(t testing.TB, body []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("not the JSON that was expected: %v\n%.500s", err, body)
	}
}
