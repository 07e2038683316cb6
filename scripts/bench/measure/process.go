package main

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
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cost is what one whole process took.
type cost struct {
	wall, cpu float64 // seconds
	peak      float64 // MiB of resident memory
}

// measured runs a program to its end.
func measured(ctx context.Context, name string, args ...string) (cost, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	c := cost{wall: time.Since(began).Seconds()}
	if err != nil {
		return c, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	c.cpu = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.peak = float64(usage.Maxrss) / 1024
	}
	return c, nil
}

// server is a child process that answers on the loopback interface.
type server struct {
	url   string // without a slash at the end
	began time.Time
	cmd   *exec.Cmd
	log   *os.File
}

// The address is on the standard output of contado; TiTiler gets a free port.
const startTimeout = 60 * time.Second

// serveContado starts contado and waits for its address.
func (b *bench) serveContado(ctx context.Context, more ...string) (*server, error) {
	cmd := exec.CommandContext(ctx, b.bin, append([]string{"--data", b.data, "serve", "--addr", "127.0.0.1:0"}, more...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s, err := b.start(cmd)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), "Contado is at "); ok {
			s.url = strings.TrimRight(strings.TrimSpace(url), "/")
			go func() { _, _ = io.Copy(io.Discard, stdout) }() // ends with the process
			return s, nil
		}
	}
	return nil, errors.Join(errors.New("contado serve ended without an address"), s.failure(), s.stop())
}

// serveTiTiler starts TiTiler in as many processes as asked.
func (b *bench) serveTiTiler(ctx context.Context, workers int) (*server, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	if err := l.Close(); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, b.python(), "-m", "uvicorn", "titiler_app:app", "--app-dir", b.scripts,
		"--host", "127.0.0.1", "--port", port, "--workers", strconv.Itoa(workers), "--no-access-log", "--log-level", "warning")
	// What TiTiler's documentation recommends for local and remote COG.
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "GDAL_DISABLE_READDIR_ON_OPEN=EMPTY_DIR", "GDAL_CACHEMAX=200", "VSI_CACHE=TRUE")
	s, err := b.start(cmd)
	if err != nil {
		return nil, err
	}
	s.url = "http://127.0.0.1:" + port
	for time.Since(s.began) < startTimeout && ctx.Err() == nil {
		if _, _, err := fetch(ctx, &http.Client{}, s.url+"/"); err == nil { // 404 is an answer
			return s, nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return nil, errors.Join(errors.New("TiTiler does not answer"), s.failure(), s.stop())
}

func (b *bench) start(cmd *exec.Cmd) (*server, error) {
	log, err := os.CreateTemp(b.dir, "server-*.log")
	if err != nil {
		return nil, err
	}
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}                                // its workers end with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } //nolint:wrapcheck // as os/exec has it
	s := &server{began: time.Now(), cmd: cmd, log: log}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return s, nil
}

// failure is what the server has written to its log.
func (s *server) failure() error {
	text, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err
	}
	return fmt.Errorf("its log:\n%s", text[:min(len(text), 4000)])
}

// stop asks the process group to end, and insists after a while.
func (s *server) stop() error {
	group := -s.cmd.Process.Pid
	if err := syscall.Kill(group, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	insist := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(group, syscall.SIGKILL) })
	err := s.cmd.Wait()
	insist.Stop()
	var exit *exec.ExitError
	if errors.As(err, &exit) { // TiTiler ends by the signal
		err = nil
	}
	return errors.Join(err, s.log.Close())
}

// usage is the processor time so far and the largest resident memory of the
// process and its children together.
func (s *server) usage() (cost, error) { return usageOf(strconv.Itoa(s.cmd.Process.Pid)) }

// ticks is the unit of processor time in /proc: a hundredth of a second on
// every architecture of Linux that Go runs on.
const ticks = 100

func usageOf(pid string) (cost, error) {
	var c cost
	stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return c, err
	}
	// The name of the program, in brackets, may hold anything.
	after := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(after) < 13 {
		return c, fmt.Errorf("/proc/%s/stat is short", pid)
	}
	for _, field := range after[11:13] { // of user and system
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return c, err
		}
		c.cpu += n / ticks
	}
	status, err := os.ReadFile(filepath.Join("/proc", pid, "status"))
	if err != nil {
		return c, err
	}
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(v)[0], 64)
			if err != nil {
				return c, err
			}
			c.peak = kib / 1024
		}
	}
	tasks, err := filepath.Glob(filepath.Join("/proc", pid, "task", "*", "children"))
	if err != nil {
		return c, err
	}
	for _, t := range tasks {
		children, err := os.ReadFile(t)
		if err != nil {
			return c, err
		}
		for _, child := range strings.Fields(string(children)) {
			u, err := usageOf(child)
			if err != nil {
				return c, err
			}
			c.cpu, c.peak = c.cpu+u.cpu, c.peak+u.peak
		}
	}
	return c, nil
}

// fetch returns the status and the size of a body as it came over the wire.
func fetch(ctx context.Context, c *http.Client, url string) (int, int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Accept-Encoding", "gzip") // set by hand: the body stays as sent
	res, err := c.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	return res.StatusCode, int(n), err
}
