package postgis

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/jobs"
	"contado/geo/store/postgis/pgtest"
	"contado/geo/store/sqlstore"
)

// The tests of this file run the test binary again as another process and
// kill it: childEnv names the part to play, childURL the database.
const (
	childEnv = "CONTADO_TEST_CHILD"
	childURL = "CONTADO_TEST_URL"
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
		err = childPublish(context.Background(), os.Getenv(childURL))
	case "work":
		err = childWork(context.Background(), os.Getenv(childURL), crashOptions().Lease)
	case "live":
		err = childWork(context.Background(), os.Getenv(childURL), liveLease)
	default:
		err = fmt.Errorf("unknown part %q", part)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// startChild runs a part; the process is killed at the end of the test.
func startChild(t *testing.T, part, url string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+part, childURL+"="+url)
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
func crashPublication(expect int) catalog.Publication {
	p := catalog.Publication{Expect: expect, Dataset: catalog.Dataset{
		ID: "scenes", Kind: catalog.Raster, Role: catalog.Imagery, Version: catalog.Version{SHA256: fmt.Sprint(expect + 1)},
	}}
	for i := range crashItems {
		key := fmt.Sprintf("datasets/scenes/v%d/%d.tif", expect+1, i)
		p.Dataset.Version.Files = append(p.Dataset.Version.Files, catalog.File{Key: key, Size: 1})
		p.Items = append(p.Items, catalog.Item{ID: fmt.Sprint(i), File: key})
	}
	return p
}

// childPublish publishes versions of one dataset until it is killed.
func childPublish(ctx context.Context, url string) error {
	c, err := ParseConnection(url)
	if err != nil {
		return err
	}
	cat, err := OpenCatalog(ctx, c, nil)
	if err != nil {
		return err
	}
	expect := 0
	if versions, err := cat.Versions(ctx, "scenes"); err == nil {
		expect = versions[0].Number
	} else if !fault.Is(err, fault.NotExist) {
		return err
	}
	for ; ; expect++ {
		if _, err := cat.Publish(ctx, crashPublication(expect)); err != nil {
			return err
		}
	}
}

// TestKilledWhilePublishing: whenever the process dies, the catalog holds
// whole versions only.
func TestKilledWhilePublishing(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	c := openCatalog(t, url, nil)
	var last int64
	for range 4 {
		child := startChild(t, "publish", url)
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
		kill(t, child)
		last = checkWhole(t, c, url)
	}
}

func checkWhole(t *testing.T, c *Catalog, url string) (versions int64) {
	t.Helper()
	untilAlone(t, url)
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
	n, err := c.Revision(t.Context())
	if err != nil || n != int64(len(list)) {
		t.Fatalf("revision %d after %d versions, %v", n, len(list), err)
	}
	return n
}

// untilAlone waits until the server has ended what the dead process began.
func untilAlone(t *testing.T, url string) {
	t.Helper()
	db := testDB(t, url)
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var n int
		err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'").Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the dead process's session goes on")
		}
	}
}

func crashOptions() *JobsOptions {
	return &JobsOptions{PollInterval: 20 * time.Millisecond, Lease: 2 * time.Second, RetryDelay: 10 * time.Millisecond}
}

// liveLease is that of a worker that lives: a busy machine may keep it from
// saying so for a while.
const liveLease = 6 * time.Second

// childWork takes a job and never finishes it.
func childWork(ctx context.Context, url string, lease time.Duration) error {
	o := crashOptions()
	o.Lease = lease
	c, err := ParseConnection(url)
	if err != nil {
		return err
	}
	j, err := OpenJobs(ctx, c, nil, o)
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
	url := pgtest.Start(t)
	o := crashOptions()
	o.Lease = liveLease
	j := openJobs(t, url, nil, o)
	job, err := j.Enqueue(t.Context(), "work", nil)
	if err != nil {
		t.Fatal(err)
	}
	child := startChild(t, "live", url)
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
	var n int
	err = testDB(t, url).QueryRowContext(t.Context(), "SELECT count(*) FROM contado.river_job WHERE state = 'running'").Scan(&n)
	if err != nil || n != 0 {
		t.Errorf("%d rows of River still run, %v", n, err)
	}
}

// TestKillsEveryWorker: a job whose worker dies at each attempt fails.
func TestKillsEveryWorker(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	j := openJobs(t, url, nil, crashOptions())
	job, err := j.Enqueue(t.Context(), "work", nil)
	if err != nil {
		t.Fatal(err)
	}
	for attempt := 1; attempt <= sqlstore.MaxAttempts; attempt++ {
		child := startChild(t, "work", url)
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
