package postgis

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"contado/geo/fault"
	"contado/geo/store/postgis/pgtest"
)

// bouncer starts a PgBouncer in transaction mode before a database, and gives
// the database's address behind it.
func bouncer(t *testing.T, rawURL, settings string) string {
	t.Helper()
	binary, err := exec.LookPath("pgbouncer")
	if err != nil {
		if binary = "/usr/sbin/pgbouncer"; !exists(binary) {
			t.Skip("pgbouncer is not installed (scripts/setup installs it)")
		}
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := pgtest.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir: the user that it becomes must get there.
	dir, err := os.MkdirTemp("", "pgbouncer-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	password, _ := u.User.Password()
	name := strings.TrimPrefix(u.Path, "/")
	config := fmt.Sprintf("[databases]\n%s = host=%s port=%s user=%s password=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n%s\n",
		name, u.Hostname(), u.Port(), u.User.Username(), password, port, settings)
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil { //nolint:gosec // of a test
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // of a test
		t.Fatal(err)
	}
	args := []string{file}
	if os.Geteuid() == 0 {
		if _, err := user.Lookup("postgres"); err != nil {
			t.Skip("this is root, for whom PgBouncer does not start, and there is no user postgres")
		}
		args = []string{"-u", "postgres", file}
	}
	cmd := exec.CommandContext(t.Context(), binary, args...)
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	u.Host = fmt.Sprintf("127.0.0.1:%d", port)
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.DialTimeout("tcp", u.Host, time.Second)
		if err == nil {
			_ = c.Close()
			return u.String()
		}
		if time.Now().After(end) {
			t.Fatalf("PgBouncer does not answer: %v\n%s", err, log.String())
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// A pooler that shares sessions is refused with words that say what to do:
// whether it refuses the settings of sessions, or drops them silently.
func TestPoolerIsRefused(t *testing.T) {
	t.Parallel()
	direct := pgtest.Start(t)
	for name, settings := range map[string]string{
		"refuses": "",
		"drops":   "ignore_startup_parameters = extra_float_digits,search_path,intervalstyle,statement_timeout,idle_in_transaction_session_timeout,default_transaction_read_only",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := bouncer(t, direct, settings)
			_, err := OpenCatalog(t.Context(), connection(t, address), freshSchema())
			var hinted *fault.Error
			if !fault.Is(err, fault.Invalid) || !errors.As(err, &hinted) || !strings.Contains(hinted.Hint, "PgBouncer") {
				t.Errorf("%v, %+v", err, hinted)
			}
		})
	}
}
