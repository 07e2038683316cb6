// Package jobstest is the suite that every jobs.Driver passes.
package jobstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"contado/geo/fault"
	"contado/geo/store/jobs"
)

// Kinds are those that the drivers of the suite must accept, and no others.
var Kinds = []string{"work", "other"}

// Queue makes an empty queue. Each call of the function it returns opens
// another driver on that queue, as another process would; drivers are closed
// by their own t.Cleanup. Drivers should poll often and retry soon: the suite
// waits for them.
type Queue func(t *testing.T) (open func(t *testing.T) jobs.Driver)

// RunSuite runs every test, each on a queue of its own.
func RunSuite(t *testing.T, queue Queue) {
	for name, test := range map[string]func(*testing.T, func(*testing.T) jobs.Driver){
		"Enqueue":        testEnqueue,
		"Refused":        testRefused,
		"List":           testList,
		"Success":        testSuccess,
		"NoResult":       testNoResult,
		"Progress":       testProgress,
		"FinalErrors":    testFinalErrors,
		"Retry":          testRetry,
		"GivesUp":        testGivesUp,
		"Panic":          testPanic,
		"BadResult":      testBadResult,
		"UnknownByAll":   testUnknownByAll,
		"CancelWaiting":  testCancelWaiting,
		"CancelRunning":  testCancelRunning,
		"CancelStubborn": testCancelStubborn,
		"CancelFinished": testCancelFinished,
		"StopWaits":      testStopWaits,
		"OnceEach":       testOnceEach,
		"LaterProcess":   testLaterProcess,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, queue(t))
		})
	}
}

// patience bounds every wait of the suite; no test is about speed.
const patience = 60 * time.Second

func wantKind(t testing.TB, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: %v (kind %v), want kind %v", what, err, fault.KindOf(err), kind)
	}
}

func enqueue(t testing.TB, d jobs.Driver, args string) jobs.Job {
	t.Helper()
	job, err := d.Enqueue(t.Context(), "work", json.RawMessage(args))
	if err != nil {
		t.Fatalf("Enqueue: %v", err)
	}
	return job
}

func get(t testing.TB, d jobs.Driver, id string) jobs.Job {
	t.Helper()
	job, err := d.Get(t.Context(), id)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return job
}

// until polls a job until it is as wanted.
func until(t testing.TB, d jobs.Driver, id, what string, ok func(jobs.Job) bool) jobs.Job {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		job := get(t, d, id)
		if ok(job) {
			return job
		}
		if time.Now().After(end) {
			t.Fatalf("the job did not become %s: %+v", what, job)
		}
	}
}

func untilFinal(t testing.TB, d jobs.Driver, id string) jobs.Job {
	t.Helper()
	return until(t, d, id, "final", func(j jobs.Job) bool { return j.State.Final() })
}

// run starts Run and returns a function that stops it and waits.
func run(t testing.TB, d jobs.Driver, work jobs.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx, map[string]jobs.Handler{"work": work}) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run did not return")
		}
	})
	t.Cleanup(stop)
	return stop
}

func testEnqueue(t *testing.T, open func(*testing.T) jobs.Driver) {
	d := open(t)
	before := time.Now().Add(-time.Second)
	job := enqueue(t, d, `{"a": [1, 2], "b": "è"}`)
	if job.ID == "" || job.Kind != "work" || job.State != jobs.Accepted || job.Attempt != 0 || job.Progress != 0 ||
		job.CreatedAt.Before(before) || job.CreatedAt.After(time.Now().Add(time.Second)) || job.StartedAt != nil || job.FinishedAt != nil {
		t.Errorf("%+v", job)
	}
	for _, d := range []jobs.Driver{d, open(t)} {
		got := get(t, d, job.ID)
		if got.ID != job.ID || got.State != jobs.Accepted || string(got.Args) != `{"a": [1, 2], "b": "è"}` || !got.CreatedAt.Equal(job.CreatedAt) {
			t.Errorf("as enqueued %+v, as read %+v", job, got)
		}
	}
	nothing, err := d.Enqueue(t.Context(), "other", nil)
	if err != nil || string(nothing.Args) != "null" || nothing.ID == job.ID {
		t.Errorf("without args: %+v, %v", nothing, err)
	}
}

func testRefused(t *testing.T, open func(*testing.T) jobs.Driver) {
	d := open(t)
	for _, c := range []struct{ kind, args string }{{"unknown", "{}"}, {"", "{}"}, {"Not a kind", "{}"}, {"work", "{"}, {"work", ""}} {
		_, err := d.Enqueue(t.Context(), c.kind, json.RawMessage(c.args))
		wantKind(t, fmt.Sprintf("%q %q", c.kind, c.args), err, fault.Invalid)
	}
	_, err := d.Get(t.Context(), "none")
	wantKind(t, "Get", err, fault.NotExist)
	_, err = d.Cancel(t.Context(), "none")
	wantKind(t, "Cancel", err, fault.NotExist)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = d.Enqueue(ctx, "work", nil)
	wantKind(t, "Enqueue after the end", err, fault.Canceled)
	if list, err := d.List(t.Context(), 10); err != nil || len(list) != 0 {
		t.Errorf("List = %v, %v", list, err)
	}
}

func testList(t *testing.T, open func(*testing.T) jobs.Driver) {
	d := open(t)
	var ids []string
	for range 5 {
		ids = append(ids, enqueue(t, d, "1").ID)
	}
	for limit, want := range map[int]int{3: 3, 100: 5, 0: 0, -1: 0} {
		list, err := d.List(t.Context(), limit)
		if err != nil || len(list) != want {
			t.Errorf("List(%d): %d jobs, %v; want %d", limit, len(list), err, want)
		}
		for i, j := range list {
			if j.ID != ids[4-i] {
				t.Errorf("List(%d)[%d] is not the newest but %d", limit, i, i)
			}
		}
	}
}

func testSuccess(t *testing.T, open func(*testing.T) jobs.Driver) {
	d := open(t)
	run(t, d, func(_ context.Context, args json.RawMessage, _ jobs.Progress) (json.RawMessage, error) {
		return json.RawMessage(`{"twice": ` + string(args) + string(args) + `}`), nil
	})
	job := untilFinal(t, d, enqueue(t, d, "21").ID)
	if job.State != jobs.Successful || string(job.Result) != `{"twice": 2121}` || job.Progress != 100 || job.Error != "" || job.Attempt != 1 {
		t.Errorf("%+v, result %s", job, job.Result)
	}
	if job.StartedAt == nil || job.FinishedAt == nil || job.StartedAt.Before(job.CreatedAt) || job.FinishedAt.Before(*job.StartedAt) {
		t.Errorf("times %v, %v, %v", job.CreatedAt, job.StartedAt, job.FinishedAt)
	}
}

func testNoResult(t *testing.T, open func(*testing.T) jobs.Driver) {
	d := open(t)
	run(t, d, func(context.Context, json.RawMessage, jobs.Progress) (json.RawMessage, error) { return nil, nil })
	if job := untilFinal(t, d, enqueue(t, d, "1").ID); job.State != jobs.Successful || job.Result != nil {
		t.Errorf("%+v", job)
	}
}

func testProgress(t *testing.T, open func(*testing.T) jobs.Driver) {
	d, other := open(t), open(t)
	release := make(chan struct{})
	run(t, d, func(ctx context.Context, _ json.RawMessage, progress jobs.Progress) (json.RawMessage, error) {
		for _, odd := range []float64{-1, 2, 0.1} {
			progress(odd, "odd")
		}
		progress(0.425, "half way")
		<-release
		progress(0.9, "almost")
		return nil, nil
	})
	id := enqueue(t, d, "1").ID
	job := until(t, other, id, "half done", func(j jobs.Job) bool { return j.Message == "half way" })
	if job.Progress != 42 || job.State != jobs.Running || job.Attempt != 1 || job.StartedAt == nil {
		t.Errorf("%+v", job)
	}
	close(release)
	if job := untilFinal(t, other, id); job.Progress != 100 || job.Message != "almost" {
		t.Errorf("in the end: %+v", job)
	}
}

func testFinalErrors(t *testing.T, open func(*testing.T) jobs.Driver) {
	d := open(t)
	kinds := []fault.Kind{fault.Invalid, fault.NotExist, fault.TooLarge, fault.Unsupported}
	run(t, d, func(_ context.Context, args json.RawMessage, _ jobs.Progress) (json.RawMessage, error) {
		var i int
		if err := json.Unmarshal(args, &i); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("work: %w", fault.Errorf("test", kinds[i], "told so"))
	})
	for i, kind := range kinds {
		job := untilFinal(t, d, enqueue(t, d, fmt.Sprint(i)).ID)
		if job.State != jobs.Failed || job.Attempt != 1 || job.ErrorKind != kind.String() || !strings.Contains(job.Error, "told so") ||
			job.FinishedAt == nil || job.Result != nil {
			t.Errorf("%v: %+v", kind, job)
		}
	}
}

func testRetry(t *testing.T, open func(*testing.T) jobs.Driver) {
	d := open(t)
	var calls atomic.Int32
	run(t, d, func(context.Context, json.RawMessage, jobs.Progress) (json.RawMessage, error) {
		if calls.Add(1) < 3 {
			return nil, errors.New("the disk was busy")
		}
		return json.RawMessage("3"), nil
	})
	job := untilFinal(t, d, enqueue(t, d, "1").ID)
	if job.State != jobs.Successful || job.Attempt != 3 || calls.Load() != 3 || job.Error != "" || job.ErrorKind != "" {
		t.Errorf("%d calls: %+v", calls.Load(), job)
	}
}

func testGivesUp(t *testing.T, open func(*testing.T) jobs.Driver) {
	d := open(t)
	var calls atomic.Int32
	run(t, d, func(context.Context, json.RawMessage, jobs.Progress) (json.RawMessage, error) {
		calls.Add(1)
		return nil, fault.Errorf("test", fault.Unavailable, "always busy")
	})
	job := untilFinal(t, d, enqueue(t, d, "1").ID)
	if job.State != jobs.Failed || job.Attempt != 3 || calls.Load() != 3 || job.ErrorKind != fault.Unavailable.String() || job.Error != "always busy" {
		t.Errorf("%d calls: %+v", calls.Load(), job)
	}
}

func testPanic(t *testing.T, open func(*testing.T) jobs.Driver) {
	d := open(t)
	run(t, d, func(_ context.Context, args json.RawMessage, _ jobs.Progress) (json.RawMessage, error) {
		if string(args) == "1" {
			panic("out of range")
		}
		return nil, nil
	})
	job := untilFinal(t, d, enqueue(t, d, "1").ID)
	if job.State != jobs.Failed || !strings.Contains(job.Error, "out of range") {
		t.Errorf("%+v", job)
	}
	if job := untilFinal(t, d, enqueue(t, d, "2").ID); job.State != jobs.Successful {
		t.Errorf("the job after it: %+v", job)
	}
}

func testBadResult(t *testing.T, open func(*testing.T) jobs.Driver) {
	d := open(t)
	run(t, d, func(context.Context, json.RawMessage, jobs.Progress) (json.RawMessage, error) {
		return json.RawMessage("{"), nil
	})
	if job := untilFinal(t, d, enqueue(t, d, "1").ID); job.State != jobs.Failed || job.Result != nil {
		t.Errorf("%+v", job)
	}
}

// testUnknownByAll: a kind that may be enqueued and that no worker has.
func testUnknownByAll(t *testing.T, open func(*testing.T) jobs.Driver) {
	d := open(t)
	run(t, d, func(context.Context, json.RawMessage, jobs.Progress) (json.RawMessage, error) { return nil, nil })
	job, err := d.Enqueue(t.Context(), "other", nil)
	if err != nil {
		t.Fatal(err)
	}
	if job := untilFinal(t, d, job.ID); job.State != jobs.Failed || !strings.Contains(job.Error, "other") {
		t.Errorf("%+v", job)
	}
}

// testOnceEach: two workers share a queue and no job runs twice.
func testOnceEach(t *testing.T, open func(*testing.T) jobs.Driver) {
	const n = 30
	a, b := open(t), open(t)
	var mu sync.Mutex
	calls := map[string]int{}
	count := func(_ context.Context, args json.RawMessage, _ jobs.Progress) (json.RawMessage, error) {
		mu.Lock()
		defer mu.Unlock()
		calls[string(args)]++
		return nil, nil
	}
	run(t, a, count)
	run(t, b, count)
	var ids []string
	for i := range n {
		ids = append(ids, enqueue(t, []jobs.Driver{a, b}[i%2], fmt.Sprint(i)).ID)
	}
	for _, id := range ids {
		if job := untilFinal(t, a, id); job.State != jobs.Successful || job.Attempt != 1 {
			t.Errorf("%+v", job)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for args, c := range calls {
		if c != 1 {
			t.Errorf("job %s ran %d times", args, c)
		}
	}
	if len(calls) != n {
		t.Errorf("%d of %d jobs ran", len(calls), n)
	}
}

// testLaterProcess: jobs wait until somebody runs them.
func testLaterProcess(t *testing.T, open func(*testing.T) jobs.Driver) {
	first := open(t)
	id := enqueue(t, first, "1").ID
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	d := open(t)
	if job := get(t, d, id); job.State != jobs.Accepted {
		t.Errorf("%+v", job)
	}
	run(t, d, func(context.Context, json.RawMessage, jobs.Progress) (json.RawMessage, error) { return nil, nil })
	if job := untilFinal(t, d, id); job.State != jobs.Successful {
		t.Errorf("%+v", job)
	}
}

func await(t testing.TB, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
	}
}
