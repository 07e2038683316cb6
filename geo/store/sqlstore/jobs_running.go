package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/riverqueue/river"

	"contado/geo/fault"
	"contado/geo/store/jobs"
)

// running is one attempt at a job. Every write is made on the condition that
// the job is still ours, so a worker that was suspended for longer than its
// lease cannot disturb the one that took over.
type running struct {
	jobs    *Jobs
	riverID int64
	kind    string
	args    json.RawMessage
	attempt int

	mu      sync.Mutex
	percent int
	message string
	changed bool
}

func (r *running) lease() int64 { return time.Now().Add(r.jobs.options.Lease).UnixMilli() }

// begin takes the job; sql.ErrNoRows means that there is nothing to do.
func (r *running) begin(ctx context.Context) error {
	now := time.Now()
	var args string
	err := r.jobs.b.writer().QueryRowContext(ctx, sqlBeginJob, r.riverID, r.lease(), formatTime(&now)).
		Scan(&r.kind, &args, &r.attempt)
	r.args = json.RawMessage(args)
	return err
}

// progress implements jobs.Progress: it only notes, keep writes.
func (r *running) progress(done float64, message string) {
	percent, message := 0, plain(message)
	if done > 0 { // also not NaN
		percent = int(math.Min(done, 1) * 100)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if percent != r.percent || message != r.message {
		r.percent, r.message, r.changed = percent, message, true
	}
}

// keep renews the lease, writes progress, and ends the handler's context when
// the job is no longer ours, until the handler is done.
func (r *running) keep(ctx context.Context, end context.CancelCauseFunc, done <-chan struct{}) {
	tick := time.NewTicker(r.jobs.options.PollInterval)
	defer tick.Stop()
	renewed := time.Now()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		r.mu.Lock()
		percent, message, changed := r.percent, r.message, r.changed
		r.changed = false
		r.mu.Unlock()
		due := time.Since(renewed) >= r.jobs.options.Lease/3
		ours, err := r.touch(ctx, changed || due, percent, message)
		switch {
		case err != nil:
			// The next tick tries again; the lease outlasts a few failures.
			r.mu.Lock()
			r.changed = r.changed || changed
			r.mu.Unlock()
		case !ours:
			end(errDismissed)
			return
		case changed || due:
			renewed = time.Now()
		}
	}
}

// touch writes, or only looks, which costs no fsync.
func (r *running) touch(ctx context.Context, write bool, percent int, message string) (ours bool, err error) {
	if !write {
		var n int
		err := r.jobs.b.reader().QueryRowContext(ctx, sqlOwnsJob, r.riverID).Scan(&n)
		return n > 0, err
	}
	res, err := r.jobs.b.writer().ExecContext(ctx, sqlKeepJob, r.riverID, r.lease(), percent, message)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// finish writes the outcome, and tells River by its error what comes next.
func (r *running) finish(ctx context.Context, result json.RawMessage, err, cause error) error {
	ctx = context.WithoutCancel(ctx)
	now := time.Now()
	r.mu.Lock()
	percent, noted := r.percent, r.message
	r.mu.Unlock()
	switch {
	case err == nil:
		text := sql.NullString{String: string(result), Valid: result != nil}
		return r.write(ctx, sqlFinishJob, jobs.Successful, text, "", "", formatTime(&now), percent, noted)
	case errors.Is(cause, errStopping):
		if err := r.write(ctx, sqlReturnJob, 1, "interrupted by a stop of the program", r.lease()); err != nil {
			return err
		}
		return river.JobSnooze(0)
	case !final(fault.KindOf(err)) && r.attempt < MaxAttempts:
		message := plain(fmt.Sprintf("attempt %d of %d: %v", r.attempt, MaxAttempts, err))
		if err := r.write(ctx, sqlReturnJob, 0, message, r.lease()); err != nil {
			return err
		}
		return err
	}
	kind := fault.KindOf(err).String()
	if err := r.write(ctx, sqlFinishJob, jobs.Failed, sql.NullString{}, plain(err.Error()), kind, formatTime(&now), percent, noted); err != nil {
		return err
	}
	return river.JobCancel(err)
}

// final are the kinds that another attempt cannot cure.
func final(k fault.Kind) bool {
	switch k {
	case fault.Invalid, fault.NotExist, fault.TooLarge, fault.Unsupported:
		return true
	}
	return false
}

// maxWriteTries: the outcome of hours of work is worth some patience.
const maxWriteTries = 5

// write makes one of the closing updates; river.JobCancel when the job is no
// longer ours.
func (r *running) write(ctx context.Context, query string, args ...any) error {
	for try := 1; ; try++ {
		res, err := r.jobs.b.writer().ExecContext(ctx, query, append([]any{r.riverID}, args...)...)
		if err == nil {
			n, err := res.RowsAffected()
			if err == nil && n == 0 {
				return river.JobCancel(errDismissed)
			}
			return err
		}
		if try == maxWriteTries {
			return fmt.Errorf("write the outcome of job %s: %w", r.kind, err)
		}
		time.Sleep(time.Duration(try) * r.jobs.options.PollInterval)
	}
}

// plain is text that every database takes.
func plain(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\x00", "�")
}

// validJSON reports whether every database takes it for JSON.
func validJSON(b []byte) bool { return json.Valid(b) && utf8.Valid(b) }
