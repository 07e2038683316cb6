package pgtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

var errAbsent = errors.New("not installed")

// Server is a private PostgreSQL server.
type Server struct {
	mu       sync.Mutex // of the template
	bin      string
	dir      string // data, socket and log; unreadable to others
	port     int
	password string
	owner    *syscall.Credential // nil = this user

	keeper *exec.Cmd // the shell that ends the server and removes dir
	life   *os.File  // the server lives as long as this end of a pipe is open
}

// patience bounds the start and the stop of a server on a busy machine.
const patience = 90 * time.Second

// keeperScript runs the server until its standard input ends: it does so too
// when the test binary is killed. "keep" as last line leaves the files.
const keeperScript = `
"$1/postgres" -D "$2/data" >>"$2/log" 2>&1 </dev/null &
server=$!
last=
while read -r line; do last=$line; done
kill -QUIT $server
wait $server
[ "$last" = keep ] || rm -rf "$2"
`

func newServer(ctx context.Context) (*Server, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, password: rand.Text()}
	if s.owner, err = unprivileged(); err != nil {
		return nil, err
	}
	// Short, because a socket's path may have 107 bytes, and where any user can reach.
	if s.dir, err = os.MkdirTemp("/tmp", "contado-pg-"); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	if err := s.Start(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	err = s.exec(ctx, "postgres", "CREATE DATABASE "+template)
	if err == nil {
		err = s.exec(ctx, template, "CREATE EXTENSION postgis")
	}
	if err != nil {
		s.end()
		return nil, fmt.Errorf("make the template database: %w", err)
	}
	return s, nil
}

// findBinaries is the newest PostgreSQL of this machine that has PostGIS.
func findBinaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))) // 0: none we know
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	for _, path := range found {
		control := fmt.Sprintf("/usr/share/postgresql/%d/extension/postgis.control", version(path))
		if _, err := os.Stat(control); err == nil {
			return filepath.Dir(path), nil
		}
	}
	return "", fmt.Errorf("no /usr/lib/postgresql/*/bin/postgres with the extension postgis: %w", errAbsent)
}

// unprivileged is the user to run the server as when this is root, whom
// PostgreSQL refuses.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errU := strconv.ParseUint(u.Uid, 10, 32)
		gid, errG := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(errU, errG); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), NoSetGroups: false}, nil
	}
	return nil, errors.New("this is root, for whom PostgreSQL does not start, and there is no user postgres or nobody")
}

// settings suit tests: nothing survives a crash of the machine, and the time
// zone is one that a wrong conversion shows.
const settings = `
listen_addresses = '127.0.0.1'
max_connections = 200
shared_buffers = 128MB
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
autovacuum = off
jit = off
timezone = 'Asia/Kathmandu'
log_timezone = 'UTC'
`

func (s *Server) prepare(ctx context.Context) error {
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(s.password), 0o600); err != nil {
		return err
	}
	if s.owner != nil {
		for _, path := range []string{s.dir, secret} {
			if err := os.Chown(path, int(s.owner.Uid), int(s.owner.Gid)); err != nil {
				return err
			}
		}
	}
	data := filepath.Join(s.dir, "data")
	cmd := s.command(ctx, filepath.Join(s.bin, "initdb"), "-D", data, "-U", User, "--pwfile", secret,
		"--auth-host=scram-sha-256", "--auth-local=scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	if err := os.Remove(secret); err != nil {
		return err
	}
	port, err := FreePort(ctx)
	if err != nil {
		return err
	}
	s.port = port
	text := fmt.Sprintf("%s\nport = %d\nunix_socket_directories = '%s'\n", settings, s.port, s.dir)
	conf, err := os.OpenFile(filepath.Join(data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = conf.WriteString(text)
	return errors.Join(err, conf.Close())
}

// FreePort is a loopback port for a program that cannot say which one the
// system gave it. It lies below those that systems give away, so that it is
// still free a moment later, however many others ask for any port.
func FreePort(ctx context.Context) (int, error) {
	const lowest, highest = 12_000, 32_000
	var config net.ListenConfig
	var last error
	for range 100 {
		port := lowest + mathrand.IntN(highest-lowest)
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
		last = err
	}
	return 0, last
}

func (s *Server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = s.dir
	// A session of its own: an interrupt from the terminal is not for the server.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner, Setsid: true}
	return cmd
}

// Start starts the server again after Stop and waits until it answers.
func (s *Server) Start(ctx context.Context) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	// Its life is the pipe's, not the context's.
	keeper := s.command(context.WithoutCancel(ctx), "/bin/sh", "-c", keeperScript, "sh", s.bin, s.dir)
	keeper.Stdin = r
	if err := keeper.Start(); err != nil {
		return errors.Join(err, r.Close(), w.Close())
	}
	s.keeper, s.life = keeper, w
	if err := r.Close(); err != nil {
		return err
	}
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := s.exec(ctx, "postgres", "SELECT 1")
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || time.Now().After(end) {
			log, _ := os.ReadFile(filepath.Join(s.dir, "log")) // best effort, for the message
			s.end()
			return fmt.Errorf("the server does not answer: %w\n%s", err, log)
		}
	}
}

// Stop ends the server at once, as a crash would, and keeps its files.
func (s *Server) Stop() error {
	_, err := s.life.WriteString("keep\n")
	return errors.Join(err, s.life.Close(), s.keeper.Wait())
}

// end stops the server and removes its files.
func (s *Server) end() {
	// Closed already after Stop: then only the files are left.
	_ = s.life.Close()
	_ = s.keeper.Wait()
	_ = os.RemoveAll(s.dir)
}
