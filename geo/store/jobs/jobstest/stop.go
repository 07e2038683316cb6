package jobstest

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"contado/geo/store/jobs"
)

func testCancelWaiting(t *testing.T, open func(*testing.T) jobs.Driver) {
	d := open(t)
	id := enqueue(t, d, "1").ID
	job, err := d.Cancel(t.Context(), id)
	if err != nil || job.State != jobs.Dismissed || job.FinishedAt == nil {
		t.Fatalf("%+v, %v", job, err)
	}
	var ran atomic.Bool
	run(t, d, func(_ context.Context, args json.RawMessage, _ jobs.Progress) (json.RawMessage, error) {
		if string(args) == "1" {
			ran.Store(true)
		}
		return nil, nil
	})
	untilFinal(t, d, enqueue(t, d, "2").ID)
	if job := get(t, d, id); ran.Load() || job.State != jobs.Dismissed || job.Attempt != 0 {
		t.Errorf("ran: %t, %+v", ran.Load(), job)
	}
}

// testCancelRunning cancels through another driver, as the API of another
// process would.
func testCancelRunning(t *testing.T, open func(*testing.T) jobs.Driver) {
	d, other := open(t), open(t)
	started, ended := make(chan struct{}), make(chan error, 10)
	run(t, d, func(ctx context.Context, args json.RawMessage, _ jobs.Progress) (json.RawMessage, error) {
		if string(args) == "2" {
			return nil, nil
		}
		close(started)
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	})
	id := enqueue(t, d, "1").ID
	await(t, "the handler to start", started)
	job, err := other.Cancel(t.Context(), id)
	if err != nil || job.State != jobs.Dismissed || job.FinishedAt == nil {
		t.Fatalf("%+v, %v", job, err)
	}
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the handler saw %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the handler's context did not end")
	}
	untilFinal(t, d, enqueue(t, d, "2").ID)
	if job := get(t, d, id); job.State != jobs.Dismissed || job.Attempt != 1 || job.Error != "" {
		t.Errorf("in the end: %+v", job)
	}
}

// testCancelStubborn: a handler that finishes all the same changes nothing.
func testCancelStubborn(t *testing.T, open func(*testing.T) jobs.Driver) {
	d := open(t)
	started, release := make(chan struct{}), make(chan struct{})
	stop := run(t, d, func(context.Context, json.RawMessage, jobs.Progress) (json.RawMessage, error) {
		close(started)
		<-release
		return json.RawMessage("1"), nil
	})
	id := enqueue(t, d, "1").ID
	await(t, "the handler to start", started)
	if _, err := d.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	close(release)
	stop()
	if job := get(t, d, id); job.State != jobs.Dismissed || job.Result != nil {
		t.Errorf("%+v", job)
	}
}

func testCancelFinished(t *testing.T, open func(*testing.T) jobs.Driver) {
	d := open(t)
	run(t, d, func(context.Context, json.RawMessage, jobs.Progress) (json.RawMessage, error) {
		return json.RawMessage("1"), nil
	})
	id := enqueue(t, d, "1").ID
	untilFinal(t, d, id)
	job, err := d.Cancel(t.Context(), id)
	if err != nil || job.State != jobs.Successful || string(job.Result) != "1" {
		t.Errorf("%+v, %v", job, err)
	}
}

func testStopWaits(t *testing.T, open func(*testing.T) jobs.Driver) {
	d := open(t)
	started, release := make(chan struct{}), make(chan struct{})
	var finished atomic.Bool
	ctx, cancel := context.WithCancel(context.Background())
	returned := make(chan error, 1)
	go func() {
		returned <- d.Run(ctx, map[string]jobs.Handler{"work": func(ctx context.Context, _ json.RawMessage, _ jobs.Progress) (json.RawMessage, error) {
			close(started)
			<-release
			finished.Store(true)
			return json.RawMessage("1"), ctx.Err()
		}})
	}()
	id := enqueue(t, d, "1").ID
	await(t, "the handler to start", started)
	cancel()
	select {
	case err := <-returned:
		t.Fatalf("Run returned before its handler: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(release)
	select {
	case err := <-returned:
		if err != nil || !finished.Load() {
			t.Errorf("Run: %v, handler finished: %t", err, finished.Load())
		}
	case <-time.After(patience):
		t.Fatal("Run did not return")
	}
	if job := get(t, d, id); job.State != jobs.Successful || string(job.Result) != "1" {
		t.Errorf("%+v", job)
	}
}
