package pgtest_test

import (
	"bufio"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"contado/geo/store/postgis/pgtest"
)

func query(t *testing.T, url, text string) string {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out string
	if err := db.QueryRowContext(t.Context(), text).Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDatabases(t *testing.T) {
	t.Parallel()
	a, b := pgtest.Start(t), pgtest.Start(t)
	if a == b {
		t.Fatal("two databases have one URL")
	}
	pgtest.Exec(t, a, "CREATE TABLE place (id int PRIMARY KEY, g geometry)", "INSERT INTO place VALUES (1, 'POINT(1 2)')")
	if got := query(t, a, "SELECT ST_AsText(g) FROM place"); got != "POINT(1 2)" {
		t.Errorf("geometry %s", got)
	}
	if got := query(t, b, "SELECT count(*) FROM pg_tables WHERE tablename = 'place'"); got != "0" {
		t.Errorf("the other database sees %s tables of the first", got)
	}
}

func TestPasswordIsAsked(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("postgres", pgtest.As(t, pgtest.Start(t), pgtest.User, "wrong"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("a wrong password opened the database")
	}
}

func TestStopAndStart(t *testing.T) {
	t.Parallel()
	s := pgtest.Own(t)
	url := s.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE kept (i int)", "INSERT INTO kept VALUES (7)", "CHECKPOINT")
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := query(t, url, "SELECT i FROM kept"); got != "7" {
		t.Errorf("kept %s", got)
	}
}

// TestGoesWithTheBinary kills a test binary that has a server.
func TestGoesWithTheBinary(t *testing.T) {
	if os.Getenv("PGTEST_CHILD") != "" {
		url := pgtest.Own(t).Database(t)
		dir := query(t, url, "SHOW unix_socket_directories")
		if _, err := os.Stdout.WriteString("dir " + dir + "\n"); err != nil {
			t.Fatal(err)
		}
		select {} // until killed
	}
	t.Parallel()
	pgtest.Shared(t) // skips
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestGoesWithTheBinary$", "-test.timeout=0")
	cmd.Env = append(os.Environ(), "PGTEST_CHILD=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dir := ""
	for lines := bufio.NewScanner(out); dir == "" && lines.Scan(); {
		dir, _ = strings.CutPrefix(lines.Text(), "dir ")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // killed
	if dir == "" {
		t.Fatal("the child told no directory")
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the server's files in %s outlived the killed test binary", dir)
		}
	}
}
