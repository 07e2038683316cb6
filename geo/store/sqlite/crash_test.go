package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/jobs"
	"contado/geo/store/sqlstore"
)

// The tests of this file run the test binary again as another process and
// kill it: childEnv names the part to play, childPath the database.
const (
	childEnv  = "CONTADO_TEST_CHILD"
	childPath = "CONTADO_TEST_PATH"
)

func TestMain(m *testing.M) {
	var err error
	switch part := os.Getenv(childEnv); part {
	case "":
		code := m.Run()
		if code == 0 {
			if err := goleak.Find(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		}
		os.Exit(code)
	case "publish":
		err = childPublish(context.Background(), os.Getenv(childPath))
	case "append":
		err = childAppend(context.Background(), os.Getenv(childPath))
	case "work":
		err = childWork(context.Background(), os.Getenv(childPath), crashOptions().Lease)
	case "live":
		err = childWork(context.Background(), os.Getenv(childPath), liveLease)
	default:
		err = fmt.Errorf("unknown part %q", part)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// startChild runs a part; the process is killed at the end of the test.
func startChild(t *testing.T, part, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+part, childPath+"="+path)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sync.OnceFunc(func() {
		kill(t, cmd)
		if stderr.Len() > 0 {
			t.Errorf("the %s process says: %s", part, stderr.String())
		}
	}))
	return cmd
}

// kill is kill -9, and waits until the process is gone.
func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if cmd.ProcessState != nil {
		return
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // reports the kill
}

const crashItems = 40

// crashPublication is version expect+1 with crashItems items and files.
func crashPublication(id string, expect int) catalog.Publication {
	p := catalog.Publication{Expect: expect, Dataset: catalog.Dataset{
		ID: id, Kind: catalog.Raster, Role: catalog.Imagery, Version: catalog.Version{SHA256: fmt.Sprint(expect + 1)},
	}}
	for i := range crashItems {
		key := fmt.Sprintf("datasets/%s/v%d/%d.tif", id, expect+1, i)
		p.Dataset.Version.Files = append(p.Dataset.Version.Files, catalog.File{Key: key, Size: int64(i), SHA256: "x"})
		p.Items = append(p.Items, catalog.Item{ID: fmt.Sprint(i), File: key})
	}
	return p
}

// childPublish publishes versions of one dataset until it is killed.
func childPublish(ctx context.Context, path string) error {
	c, err := OpenCatalog(ctx, path)
	if err != nil {
		return err
	}
	expect := 0
	if versions, err := c.Versions(ctx, "scenes"); err == nil {
		expect = versions[0].Number
	} else if !fault.Is(err, fault.NotExist) {
		return err
	}
	for ; ; expect++ {
		if _, err := c.Publish(ctx, crashPublication("scenes", expect)); err != nil {
			return err
		}
	}
}

// TestKilledWhilePublishing: whenever the process dies, the catalog holds
// whole versions only.
func TestKilledWhilePublishing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "catalog.db")
	c := openCatalog(t, path)
	var last int64
	for round := range 10 {
		child := startChild(t, "publish", path)
		// Seeing the revision move also shows that this process notices what
		// another one publishes.
		for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
			n, err := c.Revision(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n >= last+2 {
				break
			}
			if time.Now().After(end) {
				t.Fatal("the other process publishes nothing")
			}
		}
		time.Sleep(time.Duration(round) * 700 * time.Microsecond) // hit other moments
		kill(t, child)
		last = checkWhole(t, c)
	}
}

func checkWhole(t *testing.T, c *Catalog) (versions int64) {
	t.Helper()
	var report string
	if err := c.db.read.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&report); err != nil || report != "ok" {
		t.Fatalf("integrity check: %s, %v", report, err)
	}
	list, err := c.Versions(t.Context(), "scenes")
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range list {
		if want := len(list) - i; v.Number != want || v.SHA256 != fmt.Sprint(want) || len(v.Files) != crashItems {
			t.Fatalf("version %d of %d is %+v", want, len(list), v)
		}
	}
	items, err := c.Items(t.Context(), "scenes")
	if err != nil || len(items) != crashItems || items[0].Version != len(list) {
		t.Fatalf("%d items, %v", len(items), err)
	}
	keys, err := c.Keys(t.Context())
	if err != nil || len(keys) != crashItems*len(list) {
		t.Fatalf("%d keys for %d versions, %v", len(keys), len(list), err)
	}
	n, err := c.Revision(t.Context())
	if err != nil || n != int64(len(list)) {
		t.Fatalf("revision %d after %d versions, %v", n, len(list), err)
	}
	return n
}

func crashOptions() *JobsOptions {
	return &JobsOptions{PollInterval: 20 * time.Millisecond, Lease: 2 * time.Second, RetryDelay: 10 * time.Millisecond}
}

// liveLease is that of a worker that lives: a busy machine may keep it from
// saying so for a while.
const liveLease = 6 * time.Second

// childWork takes a job and never finishes it.
func childWork(ctx context.Context, path string, lease time.Duration) error {
	o := crashOptions()
	o.Lease = lease
	j, err := OpenJobs(ctx, path, o)
	if err != nil {
		return err
	}
	return j.Run(ctx, map[string]jobs.Handler{
		"work": func(ctx context.Context, _ json.RawMessage, progress jobs.Progress) (json.RawMessage, error) {
			progress(0.5, "held by the other process")
			<-ctx.Done()
			return nil, ctx.Err()
		},
	})
}

func waitJob(t *testing.T, j *Jobs, id, what string, ok func(jobs.Job) bool) jobs.Job {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		job, err := j.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if ok(job) {
			return job
		}
		if time.Now().After(end) {
			t.Fatalf("the job did not become %s: %+v", what, job)
		}
	}
}

func held(j jobs.Job) bool {
	return j.State == jobs.Running && j.Message == "held by the other process"
}

func startRun(t *testing.T, j *Jobs, handler jobs.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- j.Run(ctx, map[string]jobs.Handler{"work": handler}) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// TestKilledWhileWorking: the job of a worker that was killed runs again.
func TestKilledWhileWorking(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "jobs.db")
	o := crashOptions()
	o.Lease = liveLease
	j := openJobs(t, path, o)
	job, err := j.Enqueue(t.Context(), "work", nil)
	if err != nil {
		t.Fatal(err)
	}
	child := startChild(t, "live", path)
	waitJob(t, j, job.ID, "running in the other process", held)
	// While the other one lives, its lease holds: nobody else takes the job.
	stop := startRun(t, j, func(context.Context, json.RawMessage, jobs.Progress) (json.RawMessage, error) {
		return json.RawMessage(`"mine"`), nil
	})
	time.Sleep(liveLease * 3 / 2)
	if got, err := j.Get(t.Context(), job.ID); err != nil || !held(got) || got.Attempt != 1 {
		t.Fatalf("while its worker lives the job is %+v, %v", got, err)
	}
	kill(t, child)
	got := waitJob(t, j, job.ID, "final", func(j jobs.Job) bool { return j.State.Final() })
	if got.State != jobs.Successful || string(got.Result) != `"mine"` || got.Attempt != 2 {
		t.Errorf("after the crash: %+v", got)
	}
	stop()
	checkNothingRuns(t, j)
}

// TestKillsEveryWorker: a job whose worker dies at each attempt fails.
func TestKillsEveryWorker(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "jobs.db")
	j := openJobs(t, path, crashOptions())
	job, err := j.Enqueue(t.Context(), "work", nil)
	if err != nil {
		t.Fatal(err)
	}
	for attempt := 1; attempt <= sqlstore.MaxAttempts; attempt++ {
		child := startChild(t, "work", path)
		waitJob(t, j, job.ID, fmt.Sprint("running for the time ", attempt), func(j jobs.Job) bool { return held(j) && j.Attempt == attempt })
		kill(t, child)
	}
	startRun(t, j, func(context.Context, json.RawMessage, jobs.Progress) (json.RawMessage, error) {
		t.Error("the job ran once more")
		return nil, nil
	})
	got := waitJob(t, j, job.ID, "final", func(j jobs.Job) bool { return j.State.Final() })
	if got.State != jobs.Failed || got.Attempt != sqlstore.MaxAttempts || got.Error == "" || got.ErrorKind != fault.Other.String() {
		t.Errorf("%+v", got)
	}
}

// TestCancelOfDeadWorkersJob: dismissed stays dismissed, nothing runs again.
func TestCancelOfDeadWorkersJob(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "jobs.db")
	j := openJobs(t, path, crashOptions())
	job, err := j.Enqueue(t.Context(), "work", nil)
	if err != nil {
		t.Fatal(err)
	}
	child := startChild(t, "work", path)
	waitJob(t, j, job.ID, "running in the other process", held)
	kill(t, child)
	if _, err := j.Cancel(t.Context(), job.ID); err != nil {
		t.Fatal(err)
	}
	stop := startRun(t, j, func(context.Context, json.RawMessage, jobs.Progress) (json.RawMessage, error) {
		t.Error("the dismissed job ran again")
		return nil, nil
	})
	for end := time.Now().Add(time.Minute); rowsRunning(t, j) > 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
	stop()
	if got, err := j.Get(t.Context(), job.ID); err != nil || got.State != jobs.Dismissed {
		t.Errorf("%+v, %v", got, err)
	}
	checkNothingRuns(t, j)
}

// checkNothingRuns: no row of River is left as running.
func checkNothingRuns(t *testing.T, j *Jobs) {
	t.Helper()
	if n := rowsRunning(t, j); n != 0 {
		t.Errorf("%d rows of River still run", n)
	}
}

func rowsRunning(t *testing.T, j *Jobs) (n int) {
	t.Helper()
	err := j.db.read.QueryRowContext(t.Context(), "SELECT count(*) FROM river_job WHERE state = 'running'").Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
