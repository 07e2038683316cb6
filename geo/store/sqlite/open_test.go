package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/jobs"
	"contado/geo/store/sqlstore"
)

// openers opens the two drivers alike.
var openers = map[string]func(ctx context.Context, path string) (interface{ Close() error }, error){
	"catalog": func(ctx context.Context, path string) (interface{ Close() error }, error) {
		return OpenCatalog(ctx, path)
	},
	"jobs": func(ctx context.Context, path string) (interface{ Close() error }, error) {
		return OpenJobs(ctx, path, nil)
	},
}

func execFile(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ opener, statement string }{
		"catalog": {"catalog", "INSERT INTO schema_version_catalog (version_id, is_applied) VALUES (999, 1)"},
		"jobs":    {"jobs", "INSERT INTO schema_version_jobs (version_id, is_applied) VALUES (999, 1)"},
		"river":   {"jobs", "INSERT INTO river_migration (line, version) VALUES ('main', 999)"},
	} {
		path := filepath.Join(t.TempDir(), "x.db")
		open := openers[c.opener]
		d, err := open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		execFile(t, path, c.statement)
		if _, err := open(t.Context(), path); !fault.Is(err, fault.Unsupported) || !strings.Contains(err.Error(), "newer Contado") {
			t.Errorf("%s: %v (kind %v)", name, err, fault.KindOf(err))
		}
	}
}

func TestWrongFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, open := range openers {
		dir := t.TempDir()
		text := filepath.Join(dir, "text.db")
		if err := os.WriteFile(text, []byte(strings.Repeat("hello ", 1000)), 0o644); err != nil {
			t.Fatal(err)
		}
		foreign := filepath.Join(dir, "foreign.db")
		execFile(t, foreign, "CREATE TABLE theirs (a)")
		for path, kind := range map[string]fault.Kind{
			text: fault.Invalid, foreign: fault.Invalid, filepath.Join(dir, "no", "folder.db"): fault.NotExist,
		} {
			_, err := open(t.Context(), path)
			if !fault.Is(err, kind) || !strings.Contains(err.Error(), filepath.Base(path)) {
				t.Errorf("%s: %v (kind %v), want kind %v", name, err, fault.KindOf(err), kind)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := open(ctx, filepath.Join(dir, "new.db")); !fault.Is(err, fault.Canceled) {
			t.Errorf("%s: ended context: %v (kind %v)", name, err, fault.KindOf(err))
		}
	}
}

func TestOddPath(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b?c#d%41&e.db")
	openCatalog(t, path)
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// TestManyOpenANewFile: processes that start together migrate it once.
func TestManyOpenANewFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "catalog.db")
	var wg sync.WaitGroup
	for range 4 {
		for name, open := range openers {
			wg.Go(func() {
				d, err := open(t.Context(), path)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				if err := d.Close(); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	execFile(t, path, "SELECT 1 FROM dataset, job_state, river_job")
}

func TestPragmasReachEveryConnection(t *testing.T) {
	t.Parallel()
	c := openCatalog(t, filepath.Join(t.TempDir(), "catalog.db"))
	for name, db := range map[string]*sql.DB{"write": c.db.write, "read": c.db.read} {
		var conns []*sql.Conn
		for range db.Stats().MaxOpenConnections {
			conn, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, conn)
			for pragma, want := range map[string]string{"foreign_keys": "1", "busy_timeout": "5000", "journal_mode": "wal", "synchronous": "2", "trusted_schema": "0"} {
				var got string
				if err := conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
					t.Errorf("%s: %s = %q, %v; want %q", name, pragma, got, err, want)
				}
			}
		}
		for _, conn := range conns {
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := c.db.read.ExecContext(t.Context(), "DELETE FROM revision"); err == nil {
		t.Error("the readers can write")
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	c := openCatalog(t, filepath.Join(t.TempDir(), "catalog.db"))
	other := openCatalog(t, filepath.Join(t.TempDir(), "other.db"))
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	insert := "INSERT INTO revision (one, value) VALUES "
	_, exist := c.db.write.ExecContext(t.Context(), insert+"(1, 1)")
	_, check := c.db.write.ExecContext(t.Context(), insert+"(2, 1)")
	_, closed := other.db.write.ExecContext(t.Context(), insert+"(1, 1)")
	for name, c := range map[string]struct {
		err  error
		kind fault.Kind
	}{
		"unique": {exist, fault.Exist}, "check": {check, fault.Invalid}, "closed": {closed, fault.Other},
		"context": {context.DeadlineExceeded, fault.Canceled}, "rows": {sql.ErrTxDone, fault.Unavailable},
		"ours": {fault.Errorf("x", fault.TooLarge, "x"), fault.TooLarge}, "plain": {errors.New("x"), fault.Other},
	} {
		if c.err == nil {
			t.Errorf("%s: no error to translate", name)
		}
		if got := translate("op", c.err); !fault.Is(got, c.kind) || !errors.Is(got, c.err) {
			t.Errorf("%s: %v (kind %v), want kind %v", name, got, fault.KindOf(got), c.kind)
		}
	}
	if translate("op", nil) != nil {
		t.Error("nil became an error")
	}
}

// TestCatalogAndJobsShareAFile: as they may in a data folder.
func TestCatalogAndJobsShareAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "catalog.db")
	c, j := openCatalog(t, path), openJobs(t, path, testOptions())
	startRun(t, j, func(context.Context, json.RawMessage, jobs.Progress) (json.RawMessage, error) { return nil, nil })
	for n := range 20 {
		job, err := j.Enqueue(t.Context(), "work", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Publish(t.Context(), crashPublication("scenes", n)); err != nil {
			t.Fatal(err)
		}
		if n%5 == 0 {
			waitJob(t, j, job.ID, "final", func(j jobs.Job) bool { return j.State.Final() })
		}
	}
}

// TestStopInterruptsAfterGrace: the job goes back to the queue, and the
// attempt does not count.
func TestStopInterruptsAfterGrace(t *testing.T) {
	t.Parallel()
	o := testOptions()
	o.Grace = 50 * time.Millisecond
	path := filepath.Join(t.TempDir(), "jobs.db")
	j := openJobs(t, path, o)
	job, err := j.Enqueue(t.Context(), "work", nil)
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	stop := startRun(t, j, func(ctx context.Context, _ json.RawMessage, _ jobs.Progress) (json.RawMessage, error) {
		close(started)
		<-ctx.Done()
		return nil, fmt.Errorf("read: %w", ctx.Err())
	})
	<-started
	stop()
	got, err := j.Get(t.Context(), job.ID)
	if err != nil || got.State != jobs.Accepted || got.Attempt != 0 || got.FinishedAt != nil {
		t.Fatalf("after the stop: %+v, %v", got, err)
	}
	startRun(t, j, func(context.Context, json.RawMessage, jobs.Progress) (json.RawMessage, error) { return nil, nil })
	got = waitJob(t, j, job.ID, "final", func(j jobs.Job) bool { return j.State.Final() })
	if got.State != jobs.Successful || got.Attempt != 1 {
		t.Errorf("in the end: %+v", got)
	}
}

func TestFinishedJobsArePruned(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "jobs.db")
	j := openJobs(t, path, testOptions())
	done, err := j.Enqueue(t.Context(), "work", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Cancel(t.Context(), done.ID); err != nil {
		t.Fatal(err)
	}
	waiting, err := j.Enqueue(t.Context(), "work", nil)
	if err != nil {
		t.Fatal(err)
	}
	work := func(context.Context, json.RawMessage, jobs.Progress) (json.RawMessage, error) { return nil, nil }
	stop := startRun(t, j, work) // tidies up as it begins
	waitJob(t, j, waiting.ID, "final", func(j jobs.Job) bool { return j.State.Final() })
	stop()
	if list, err := j.List(t.Context(), 10); err != nil || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	o := testOptions()
	o.Retention = -time.Hour
	startRun(t, openJobs(t, path, o), work)
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		list, err := j.List(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("old jobs are kept: %v", list)
		}
	}
}

func TestArgsAreBounded(t *testing.T) {
	t.Parallel()
	j := openJobs(t, filepath.Join(t.TempDir(), "jobs.db"), nil)
	_, err := j.Enqueue(t.Context(), "work", json.RawMessage(`"`+strings.Repeat("x", sqlstore.MaxArgs)+`"`))
	if !fault.Is(err, fault.TooLarge) {
		t.Errorf("%v", err)
	}
	if _, err := j.Enqueue(t.Context(), "any-kind", nil); err != nil {
		t.Errorf("without a list of kinds: %v", err)
	}
}

func BenchmarkRevision(b *testing.B) {
	c := openCatalog(b, filepath.Join(b.TempDir(), "catalog.db"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Revision(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPublish(b *testing.B) {
	c := openCatalog(b, filepath.Join(b.TempDir(), "catalog.db"))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if _, err := c.Publish(b.Context(), crashPublication("scenes", n)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkItems1000(b *testing.B) {
	c := openCatalog(b, filepath.Join(b.TempDir(), "catalog.db"))
	p := catalog.Publication{Dataset: catalog.Dataset{ID: "s", Kind: catalog.Raster, Role: catalog.Imagery}}
	for i := range 1000 {
		key := fmt.Sprint("k", i)
		p.Dataset.Version.Files = append(p.Dataset.Version.Files, catalog.File{Key: key})
		p.Items = append(p.Items, catalog.Item{ID: key, File: key, Footprint: make([][2]float64, 5), Bands: make([]catalog.Band, 12)})
	}
	if _, err := c.Publish(b.Context(), p); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if items, err := c.Items(b.Context(), "s"); err != nil || len(items) != 1000 {
			b.Fatal(len(items), err)
		}
	}
}
