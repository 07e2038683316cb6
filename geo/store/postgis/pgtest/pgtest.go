// Package pgtest gives tests a private PostgreSQL server with PostGIS: one for
// a test binary, started at first use, with a database of its own for every
// test. The server and its files go away with the test binary, however that
// ends.
package pgtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver of the server's own connections
)

// User is the superuser of the server.
const User = "contado"

const template = "template_postgis"

// shared is the server of this test binary.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Start gives the URL of a fresh database with PostGIS on the server of this
// test binary, which it starts when it does not run yet. The user is a
// superuser with a password, the address a loopback one; the database is
// dropped when the test ends. The test is skipped when this machine has no
// PostgreSQL with PostGIS.
func Start(t testing.TB) string {
	t.Helper()
	return Shared(t).Database(t)
}

// Shared is the server of this test binary: tests of others use it too, so it
// is not for stopping.
func Shared(t testing.TB) *Server {
	t.Helper()
	shared.once.Do(func() { shared.server, shared.err = newServer(t.Context()) })
	check(t, shared.err)
	return shared.server
}

// Own is a server for one test, which may stop and start it.
func Own(t testing.TB) *Server {
	t.Helper()
	s, err := newServer(t.Context())
	check(t, err)
	t.Cleanup(s.end)
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, errAbsent) {
		t.Skipf("this test needs PostgreSQL with PostGIS, as scripts/setup installs them: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Database makes a fresh database with PostGIS and gives its URL (see Start).
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := "t_" + strings.ToLower(rand.Text()[:12])
	// A template may have one reader at a time.
	s.mu.Lock()
	err := s.exec(t.Context(), "postgres", "CREATE DATABASE "+name+" TEMPLATE "+template)
	s.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := s.exec(ctx, "postgres", "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Logf("the database of the test stays until its server ends: %v", err)
		}
	})
	return s.url(User, s.password, name)
}

// As is a database's URL for another user.
func As(t testing.TB, rawURL, user, password string) string {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, password)
	return u.String()
}

// Exec runs statements on a database, each text as one implicit transaction.
func Exec(t testing.TB, rawURL string, statements ...string) {
	t.Helper()
	if err := execURL(t.Context(), rawURL, statements...); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) url(user, password, database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(user, password),
		Host: fmt.Sprintf("127.0.0.1:%d", s.port), Path: "/" + database,
		RawQuery: "sslmode=disable&connect_timeout=10",
	}
	return u.String()
}

func (s *Server) exec(ctx context.Context, database string, statements ...string) error {
	return execURL(ctx, s.url(User, s.password, database), statements...)
}

func execURL(ctx context.Context, rawURL string, statements ...string) error {
	db, err := sql.Open("postgres", rawURL)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, text := range statements {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%.300s: %w", text, err)
		}
	}
	return nil
}
