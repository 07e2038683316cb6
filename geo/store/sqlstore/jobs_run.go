package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"contado/geo/fault"
	"contado/geo/store/jobs"
)

// Why a handler's context ends.
var (
	errDismissed = errors.New("the job was dismissed")
	errStopping  = errors.New("the program is stopping")
)

// Run implements jobs.Driver. When the context ends it takes no more jobs and
// waits for the running handlers, for JobsOptions.Grace undisturbed.
func (j *Jobs) Run(ctx context.Context, handlers map[string]jobs.Handler) error {
	const op = "sqlstore.RunJobs"
	stopping, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	w := &worker{jobs: j, handlers: maps.Clone(handlers), stopping: stopping}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, w); err != nil {
		return fault.E(op, fault.Other, err)
	}
	client, err := river.NewClient(j.b.River(j.b.Write), &river.Config{
		ID:     rand.Text(),
		Logger: j.options.Logger,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: j.options.Workers}},

		Workers:           workers,
		PollOnly:          true,
		FetchPollInterval: j.options.PollInterval,
		FetchCooldown:     min(river.FetchCooldownDefault, j.options.PollInterval),
		// Work may take hours, so River, which knows only when a job began,
		// must neither end nor rescue it: our leases do (see rescue).
		JobTimeout:           -1,
		RescueStuckJobsAfter: never,
	})
	if err != nil {
		return fault.E(op, fault.Other, err)
	}
	if err := j.rescue(ctx); err != nil {
		return j.b.Translate(ctx, op, err)
	}
	// River gets a context without an end: the end of ours is a request to
	// stop gently, not to drop the work.
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return j.b.Translate(context.WithoutCancel(ctx), op, err)
	}
	var maintenance sync.WaitGroup
	maintenance.Go(func() { j.maintain(ctx) })
	<-ctx.Done()
	maintenance.Wait()
	grace := time.AfterFunc(j.options.Grace, func() { stop(errStopping) })
	defer grace.Stop()
	return j.b.Translate(context.WithoutCancel(ctx), op, client.Stop(context.WithoutCancel(ctx)))
}

const never = 10 * 365 * 24 * time.Hour

// maintain rescues the jobs of dead workers until the context ends.
func (j *Jobs) maintain(ctx context.Context) {
	tick := time.NewTicker(max(j.options.Lease/3, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := j.rescue(ctx); err != nil && ctx.Err() == nil {
				j.options.Logger.WarnContext(ctx, "rescue of jobs did not work; it is tried again", "error", err)
			}
		}
	}
}

type orphan struct {
	id      string
	riverID int64
	attempt int
}

// rescue gives the jobs of dead workers a new row in River's queue, and cleans
// up behind them. It holds for jobs of all processes, and several processes
// may do it at once.
func (j *Jobs) rescue(ctx context.Context) error {
	return j.b.write(ctx, "rescue", func(tx tx) error {
		now := time.Now()
		lease := j.options.Lease.Milliseconds()
		var orphans []orphan
		err := each(ctx, tx, func(rows *sql.Rows) error {
			var o orphan
			err := rows.Scan(&o.id, &o.riverID, &o.attempt)
			orphans = append(orphans, o)
			return err
		}, sqlOrphanedJobs, now.UnixMilli(), lease)
		if err != nil {
			return fmt.Errorf("look for jobs of dead workers: %w", err)
		}
		for _, o := range orphans {
			if err := j.rescueOne(ctx, tx, o, now); err != nil {
				return fmt.Errorf("rescue job %s: %w", o.id, err)
			}
		}
		if _, err := tx.ExecContext(ctx, sqlDropFinishedRiverJobs, now.UnixMilli(), lease); err != nil {
			return fmt.Errorf("drop finished jobs from the queue: %w", err)
		}
		old := now.Add(-j.options.Retention)
		_, err = tx.ExecContext(ctx, sqlPruneJobs, formatTime(&old))
		return err
	})
}

func (j *Jobs) rescueOne(ctx context.Context, tx tx, o orphan, now time.Time) error {
	if _, err := tx.ExecContext(ctx, sqlDropRiverJob, o.riverID); err != nil {
		return err
	}
	if o.attempt >= MaxAttempts {
		text := fmt.Sprintf("the program died while it worked on this job, at attempt %d of %d", o.attempt, MaxAttempts)
		_, err := tx.ExecContext(ctx, sqlFailJob, o.id, text, fault.Other.String(), formatTime(&now))
		return err
	}
	row, err := j.client.InsertTx(ctx, tx.Tx, jobArgs{}, &river.InsertOpts{MaxAttempts: riverAttempts})
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, sqlRequeueJob, o.id, row.Job.ID, "the program died while it worked on this job; it begins again")
	return err
}

// worker is the one River worker: it finds our job and runs its handler.
type worker struct {
	river.WorkerDefaults[jobArgs]
	jobs     *Jobs
	handlers map[string]jobs.Handler
	stopping context.Context // ends when the grace of Run is over
}

// NextRetry implements river.Worker.
func (w *worker) NextRetry(job *river.Job[jobArgs]) time.Time {
	factor := math.Pow(4, float64(min(job.Attempt, MaxAttempts)-1))
	return time.Now().Add(time.Duration(float64(w.jobs.options.RetryDelay) * factor))
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, row *river.Job[jobArgs]) error {
	run := &running{jobs: w.jobs, riverID: row.ID}
	if err := run.begin(ctx); err != nil {
		if errors.Is(err, sql.ErrNoRows) { // dismissed, or rescued by another
			return river.JobCancel(errDismissed)
		}
		return err
	}
	handlerCtx, end := context.WithCancelCause(ctx)
	defer end(nil)
	//nolint:contextcheck // the worker's own end, beside that of the job
	unhook := context.AfterFunc(w.stopping, func() { end(context.Cause(w.stopping)) })
	defer unhook()
	kept := make(chan struct{})
	var keeper sync.WaitGroup
	keeper.Go(func() { run.keep(ctx, end, kept) })
	result, err := w.handle(handlerCtx, run)
	close(kept)
	keeper.Wait()
	return run.finish(ctx, result, err, context.Cause(handlerCtx))
}

// handle calls the handler; a panic is an error.
func (w *worker) handle(ctx context.Context, run *running) (result json.RawMessage, err error) {
	handler, ok := w.handlers[run.kind]
	if !ok {
		return nil, fault.Errorf("sqlstore.RunJobs", fault.Unsupported, "no worker knows jobs of kind %q", run.kind)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("job %s panicked: %v", run.kind, p)
		}
	}()
	result, err = handler(ctx, run.args, run.progress)
	if err == nil && result != nil && !validJSON(result) {
		return nil, fault.Errorf("sqlstore.RunJobs", fault.Unsupported, "the result of job %s is not JSON", run.kind)
	}
	return result, err
}
